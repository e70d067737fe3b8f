//! Yes, no and all right; who answers, and in which language.

use super::*;

/// Whether a person is called.
#[track_caller]
fn calls(answer: &Option<Answer>, reason: &str) {
    let called = answer.as_ref().and_then(|answer| answer.handoff.as_ref());
    assert_eq!(called.map(|request| request.reason.as_str()), Some(reason), "{}", seen(answer));
}

#[test]
fn a_yes_to_the_offer_of_a_person_calls_one_in_every_language() {
    let mut talk = Talk::new("US");
    for (country, asked, yes) in [
        ("US", "do you have a fridge", "yes please"),
        ("US", "do you have a fridge", "sure"),
        ("US", "do you have a fridge", "ok 👍"),
        ("US", "any discount on the hush 700?", "yes please check with colleague"),
        ("IT", "avete un frigorifero?", "sì grazie"),
        ("DE", "Haben Sie einen Kühlschrank?", "ja bitte"),
        ("CN", "有冰箱吗", "好的"),
        ("HK", "有冇雪櫃？", "好呀唔該"),
        ("ES", "tienen nevera?", "sí por favor"),
        ("BR", "tem geladeira?", "sim, por favor"),
        ("RU", "есть холодильник?", "да, пожалуйста"),
        ("FR", "vous avez un frigo ?", "oui"),
        ("TR", "buzdolabı var mı", "evet"),
        ("ID", "ada kulkas?", "boleh kak"),
        ("MY", "ada peti sejuk tak?", "nak, tolong"),
        ("IN", "kya aapke paas fridge hai?", "haan ji"),
        ("SA", "عندكم ثلاجة؟", "نعم من فضلك"),
    ] {
        talk.another(country, &[]);
        let offered = talk.write(asked);
        assert!(offered.is_some_and(|answer| answer.handoff.is_none()), "{asked}");
        calls(&talk.write(yes), "human");
    }
}

#[test]
fn a_no_to_it_ends_politely_and_another_wish_is_heard() {
    let mut talk = Talk::new("US");
    for no in ["no", "no thanks", "nope 👎"] {
        talk.another("US", &[]);
        talk.write("do you have a fridge");
        expect(&talk.write(no), &["No problem"], &["colleague", "understood"]);
    }
    talk.another("US", &[]);
    talk.write("do you have a fridge");
    expect(&talk.write("yes but do you have headphones?"), &["Hush 700: 159"], &["A colleague takes over"]);
}

#[test]
fn all_right_is_understood_and_calls_nobody() {
    let mut talk = Talk::new("US");
    for (country, fact, noted) in [
        ("US", "how long is shipping?", ["ok", "great", "👍"]),
        ("DE", "Wie lange dauert der Versand?", ["ok", "super", "alles klar"]),
        ("IT", "quanto costa la spedizione?", ["ok", "va bene", "👌"]),
        ("CN", "运费多少", ["好的", "嗯", "知道了"]),
        ("HK", "運費幾多", ["好嘅", "明白", "OK"]),
        ("ES", "cuánto cuesta el envío?", ["vale", "ok", "bueno"]),
        ("BR", "qual o frete?", ["blz", "ok", "entendi"]),
        ("RU", "сколько стоит доставка?", ["ок", "понятно", "хорошо"]),
        ("FR", "la livraison coûte combien ?", ["d'accord", "ok", "très bien"]),
        ("ID", "ongkir berapa?", ["oke", "ok", "baik"]),
        ("MY", "berapa kos penghantaran?", ["ok", "baik", "faham"]),
        ("SA", "كم التوصيل؟", ["تمام", "اوك", "طيب"]),
        ("TR", "kargo ne kadar", ["tamam", "ok", "anladım"]),
        ("IN", "delivery charge kitna hai", ["ok", "accha", "theek hai"]),
    ] {
        talk.another(country, &[]);
        talk.write(fact);
        for words in noted {
            let answer = talk.write(words);
            let said = seen(&answer);
            assert!(answer.is_none_or(|answer| answer.handoff.is_none()), "{words}: {said}");
            assert!(!said.contains("[person |"), "{words}: {said}");
        }
        assert_eq!(talk.write(noted[0]), None, "{country}: one line is enough");
    }
    talk.another("US", &[]);
    expect(&talk.write("👍"), &["What are you looking for"], &[]);
    assert_eq!(talk.write("👍👍"), None);
    assert_eq!(talk.write("ok"), None);
    expect(&talk.write("a tent"), &["Dome 2: 149"], &[]);
    expect(&talk.write("qwrtz blorp?"), &["understood"], &[]);
}

#[test]
fn who_asks_what_answers_is_told_and_a_person_is_called_only_when_one_is_wanted() {
    let mut talk = Talk::new("US");
    expect(&talk.write("lol are you a robot"), &["a program", "[person |"], &["A colleague takes over"]);
    expect(&talk.write("ok seriously i need a tent for 2"), &["Dome 2: 149"], &["a program"]);
    for (country, words) in [
        ("DE", "bist du ein Bot?"),
        ("BR", "vc é um robô?"),
        ("CN", "你是机器人吗"),
        ("TR", "robot musun"),
        ("RU", "вы робот?"),
        ("FR", "vous êtes un robot ?"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(words);
        expect(&answer, &["[person |"], &[]);
        assert!(answer.unwrap().handoff.is_none(), "{words}");
    }
    talk.another("US", &[]);
    calls(&talk.write("are you a bot? I need a human"), "human");
}

#[test]
fn who_asks_for_a_language_is_answered_in_it() {
    let mut talk = Talk::new("US");
    talk.write("hello");
    expect(
        &talk.write("can i speak spanish? hola, busco zapatillas"),
        &["Stride Run: 75", "Disponibles"],
        &["colleague"],
    );
    expect(&talk.write("english please"), &[], &["Creo que", "understood"]);
    expect(&talk.write("a tent"), &["Dome 2: 149", "in stock"], &[]);
    talk.another("US", &[]);
    talk.write("hi");
    expect(&talk.write("por favor en español"), &["¿Qué producto sería?"], &["entendí"]);
}

#[test]
fn who_opens_a_chat_that_goes_on_has_said_nothing() {
    let mut talk = Talk::new("US");
    let opens = |talk: &mut Talk| {
        talk.hear(InboundMessage { media: Some("request_welcome".into()), ..InboundMessage::default() });
        talk.answer(Standing::Bot)
    };
    expect(&opens(&mut talk), &["What are you looking for"], &[]);
    talk.write("do you have headphones?");
    assert_eq!(opens(&mut talk), None);
    talk.now = talk.now + crate::domain::Duration::days(2);
    expect(&opens(&mut talk), &["Harbour Goods"], &["understood"]);
}

#[test]
fn a_yes_is_one_of_their_language_and_asks_nothing() {
    let mut talk = Talk::new("US");
    for (country, asked, words) in [
        ("ES", "tienen nevera?", "¿y la 45?"),
        ("ES", "tienen nevera?", "y la 45"),
        ("CN", "有冰箱吗", "好的，我想看看笔记本电脑"),
        ("US", "do you have a fridge", "sure about that?"),
    ] {
        talk.another(country, &[]);
        talk.write(asked);
        let answer = talk.write(words);
        assert!(answer.as_ref().is_none_or(|answer| answer.handoff.is_none()), "{words}: {}", seen(&answer));
    }
}
