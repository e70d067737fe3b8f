//! Which language a customer is answered in.

use super::*;

/// What they write one after the other, and the language that they are answered in after the last of it.
#[track_caller]
fn speaks(talk: &mut Talk, country: &str, said: &[&str], language: &str) {
    talk.another(country, &[]);
    for words in said {
        talk.write(words);
    }
    assert_eq!(talk.contact.language.as_ref().map(Language::tag), Some(language), "{said:?}");
}

#[test]
fn a_word_or_two_change_no_language() {
    let mut talk = Talk::new("US");
    for (country, said, language) in [
        ("US", ["do you have headphones", "what's your best price?", "ok deal"], "en"),
        ("US", ["hi, i need a laptop", "max 1200", "no wait, actually a tablet"], "en"),
        ("IT", ["avete scarpe da corsa?", "quanto costano?", "running shoes"], "it"),
        ("DE", ["haben Sie Handys?", "und wie teuer sind die?", "ok super, deal"], "de"),
    ] {
        speaks(&mut talk, country, &said, language);
    }
}

#[test]
fn one_plain_sentence_changes_it_and_so_does_the_same_language_twice() {
    let mut talk = Talk::new("US");
    for (said, language) in [
        ("hola, busco zapatillas", "es"),
        ("Bonjour, je cherche un téléphone", "fr"),
        ("ciao, avete delle cuffie?", "it"),
        ("Ich suche eine Kaffeemaschine", "de"),
        ("oi, quero um celular bom", "pt"),
        ("kulaklık var mı, ne kadar?", "tr"),
        ("kak, ada sepatu lari gak?", "id"),
        ("bhai phone dikhao, kitne ka hai?", "hi"),
        ("有耳机吗", "zh-Hans"),
        ("нужен телефон", "ru"),
        ("كم التوصيل؟", "ar"),
        ("मुझे फ़ोन चाहिए", "hi"),
    ] {
        speaks(&mut talk, "US", &["hello, what do you have?", said], language);
    }
    speaks(&mut talk, "US", &["hello, what do you have?", "bonjour", "merci"], "fr");
    speaks(&mut talk, "ES", &["hola, busco zapatillas", "do you speak english? i need running shoes"], "en");
}

#[test]
fn what_is_tapped_is_no_language_of_theirs() {
    let mut talk = Talk::new("US");
    talk.write("do you have coffee machines");
    for (id, title) in [("compare:P-205", "Compare"), ("kind:home/sofa", "sofa"), ("any:budget", "Any is fine")] {
        for _ in 0..2 {
            let (text, choice) = (Some(title.into()), Some(id.into()));
            talk.hear(InboundMessage { text, choice, ..InboundMessage::default() });
            talk.answer(Standing::Bot);
        }
        assert_eq!(talk.contact.language.as_ref().map(Language::tag), Some("en"), "{title}");
    }
}

#[test]
fn a_word_that_is_the_same_in_many_languages_tells_none() {
    let mut talk = Talk::new("DE");
    for word in ["STOP", "START"] {
        talk.another("DE", &[]);
        talk.write(word);
        assert_eq!(talk.contact.language, None, "{word}");
    }
    speaks(&mut talk, "DE", &["STOP", "haben Sie Handys?"], "de");
    speaks(&mut talk, "US", &["please stop sending me messages"], "en");
}
