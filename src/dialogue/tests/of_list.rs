//! What is asked of a list or of two that were seen, in the languages that customers write: the dearer one, which of them are light.

use super::*;

impl Talk {
    /// Writes, and our answer leaves: it can be meant later.
    pub(super) fn sends(&mut self, text: &str) -> Option<Answer> {
        let answer = self.write(text);
        if let Some(answer) = &answer {
            let message = crate::domain::Outgoing {
                number: self.now.0,
                ..crate::domain::Outgoing::of_bot(MessageKind::Reply, answer.content.clone(), self.now, self.now)
            };
            self.dialogue.note_sent(&mut self.memory, crate::domain::ContactId(7), &message, &self.shop);
        }
        answer
    }
}

#[test]
fn the_cheaper_and_the_dearer_of_a_list_are_shown() {
    let mut talk = Talk::new("US");
    let (cheaper, dearer) = ("[buy:P-201", "[buy:P-202");
    for (country, list, said, holds) in [
        ("US", "robot vacuum", "what about the cheaper one", cheaper),
        ("US", "robot vacuum", "i want the more expensive one", dearer),
        ("US", "robot vacuum", "more expensive ones", dearer),
        ("DE", "saugroboter", "den günstigeren bitte", cheaper),
        ("DE", "saugroboter", "den teureren", dearer),
        ("IT", "robot aspirapolvere", "quello più economico", cheaper),
        ("IT", "robot aspirapolvere", "quello più caro", dearer),
        ("ES", "robot aspirador", "el que cuesta menos", cheaper),
        ("FR", "aspirateur robot", "celui qui coûte plus", dearer),
        ("BR", "robô aspirador", "o que custa mais", dearer),
        ("ID", "robot vacuum", "yang lebih murah", cheaper),
        ("ID", "robot vacuum", "yang lebih mahal", dearer),
        ("MY", "robot vacuum", "yang lebih mahal", dearer),
        ("TR", "robot süpürge", "ucuz olan", cheaper),
        ("TR", "robot süpürge", "daha pahalı olanı", dearer),
        ("CN", "扫地机器人", "便宜的那个", cheaper),
        ("HK", "掃地機械人", "平啲嗰部", cheaper),
        ("RU", "робот пылесос", "тот что дороже", dearer),
        ("RU", "робот пылесос", "который дешевле", cheaper),
        ("IN", "robot vacuum", "महंगा वाला", dearer),
        ("AE", "مكنسة روبوت", "اللي أغلى", dearer),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(list), &["[product:P-201", "[product:P-202"], &[]);
        let answer = talk.write(said);
        expect(&answer, &[holds], &[]);
        assert!(answer.unwrap().handoff.is_none(), "{said}");
    }
    // Of one that is too dear something cheaper is shown, and of a list that costs little what costs more.
    talk.another("US", &[]);
    talk.write("nova s5");
    expect(&talk.write("too expensive"), &["Lumen Lite: 129"], &[]);
    talk.another("US", &[]);
    talk.write("phone under 200");
    expect(&talk.write("something more expensive"), &["[product:P-105", "[product:P-102"], &["[product:P-104"]);
}

#[test]
fn the_other_of_two_is_the_one_that_they_do_not_see() {
    let mut talk = Talk::new("US");
    talk.sends("coffee machine");
    expect(&talk.sends("the other one"), &["Which one is it?", "[product:P-205", "[product:P-206"], &[]);
    talk.sends("the first one");
    let first = talk.memory.shown.clone();
    talk.sends("and the other one?");
    assert!(talk.memory.shown != first && talk.memory.shown.len() == 1, "{:?}", talk.memory.shown);
}

#[test]
fn two_that_were_seen_one_after_the_other_are_compared_and_taken_together() {
    let mut talk = Talk::new("US");
    for (country, one, other, said) in [
        ("US", "how much is the nova s5", "and the nova s7 pro", "whats the difference"),
        ("US", "nova s5", "nova s7 pro", "ok which one do you recommend"),
        ("ES", "precio del nova s5", "y el nova s7 pro?", "cual es la diferencia"),
        ("DE", "nova s5", "und das nova s7 pro?", "was ist der unterschied"),
    ] {
        talk.another(country, &[]);
        talk.sends(one);
        talk.sends(other);
        expect(&talk.sends(said), &["[product:P-101", "[product:P-102"], &["P-105", "P-104"]);
    }
    talk.another("US", &[]);
    talk.sends("compare nova s5 and lumen lite");
    expect(&talk.sends("which one is waterproof"), &["[product:P-105"], &["Dome 2", "Pace 2"]);
    for said in ["both", "los dos", "ok les deux", "两个都要"] {
        talk.another("US", &[]);
        talk.sends("dew calm cream");
        talk.sends("daylight spf50");
        assert_eq!(talk.sends(said).unwrap().handoff.unwrap().reason, HandoffRequest::READY_TO_BUY, "{said}");
        assert_eq!(talk.memory.shown, ["P-303", "P-301"]);
    }
}

#[test]
fn of_what_is_near_their_budget_a_property_is_answered_and_no_list_comes_again() {
    let mut talk = Talk::new("US");
    for (country, list, asked) in [
        ("US", "laptop under 300", "how is the battery"),
        ("RU", "ноут до 20к", "легкий нужен"),
        ("DE", "laptop bis 300", "ist der leicht"),
        ("FR", "ordinateur portable max 300", "il est léger ?"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(list), &["[product:P-110", "[product:P-111"], &[]);
        expect(&talk.write(asked), &["Aero 14", "[buy:P-110"], &["300", "20 000", "[product:"]);
    }
    talk.another("DE", &[]);
    talk.write("laptop bis 300");
    talk.write("ist der leicht");
    expect(&talk.write("mit großem bildschirm"), &["Aero 16 Studio"], &["300"]);
    talk.another("FR", &[]);
    talk.write("poussette max 100");
    expect(&talk.write("elle est légère ?"), &["Roam Fold"], &["100", "[product:"]);
    expect(&talk.write("pliable ?"), &["Roam Fold"], &["100", "[product:"]);
    // What the list does not tell is not told by the same list.
    talk.another("US", &[]);
    talk.write("robot vacuum");
    expect(&talk.write("how big"), &["all I know"], &["[product:"]);
}

#[test]
fn of_a_gift_it_counts_what_they_like_and_the_same_list_does_not_come_again() {
    let mut talk = Talk::new("US");
    for (country, gift, likes, holds) in [
        ("US", "gift for my sister under 60", "she does yoga", "Flow Mat"),
        ("US", "gift for my brother under 60", "he loves coffee", "Morning Blend"),
        ("DE", "geschenk für meine schwester bis 60", "sie macht yoga", "Flow Mat"),
        ("ES", "regalo para mi hermana hasta 60", "hace yoga", "Flow Mat"),
        ("FR", "cadeau pour ma soeur moins de 60", "elle fait du yoga", "Flow Mat"),
        ("RU", "подарок сестре до 6000", "она любит кофе", "Morning Blend"),
        ("BR", "presente para minha irmã até 300", "ela gosta de café", "Morning Blend"),
        ("AE", "هدية لأخوي تحت 300", "يحب الرياضة", "Stride Run"),
        ("CN", "送姐姐的礼物 500以内", "她皮肤比较干", "Dew Calm Cream"),
    ] {
        talk.another(country, &[]);
        talk.write(gift);
        expect(&talk.write(likes), &[holds], &["Boom Mini"]);
    }
    talk.another("US", &[]);
    let list = |answer: &Option<Answer>| seen(answer).lines().filter(|line| line.contains("[product:")).count();
    assert_eq!(list(&talk.write("gift under 100")), 8);
    let told = talk.write("for my mom");
    expect(&told, &["What do they like?"], &["[product:"]);
    for said in ["no not those", "other ideas?"] {
        let before = talk.memory.shown.clone();
        talk.write(said);
        assert_ne!(talk.memory.shown, before, "{said}");
    }
    // Of different things no one kind is named.
    talk.another("DE", &[]);
    talk.write("geschenk bis 100");
    expect(&talk.write("ich nehme es"), &["Das haben wir.", "[product:"], &["Bereich"]);
}

#[test]
fn little_words_of_what_was_told_name_no_product() {
    let mut talk = Talk::new("US");
    for (country, list, said) in [
        ("US", "phone under 500", "for my mom"),
        ("ES", "celular hasta 500", "para mi mama"),
        ("BR", "celular até 3000", "para minha mãe"),
        ("TR", "20000 liraya kadar telefon", "annem için"),
        ("ID", "hp 8 juta", "untuk ibu saya"),
        ("MY", "telefon bawah 2000", "untuk mak saya"),
    ] {
        talk.another(country, &[]);
        talk.write(list);
        expect(&talk.write(said), &["[need:", "[any:need"], &["[product:", "[buy:"]);
        // Whatever they answer, the list is theirs again.
        expect(&talk.tap("any:need"), &["[product:P-101"], &[]);
    }
    talk.another("US", &[]);
    for said in ["the one with milk froth", "i like the one with the froth, how much is it"] {
        talk.another("US", &[]);
        talk.write("coffee machine");
        expect(&talk.write(said), &["Crema Bean: 429"], &["Crema One"]);
    }
    talk.another("US", &[]);
    talk.write("earbuds");
    expect(&talk.write("is there one for air travel"), &[], &["Pebble Air: 39"]);
}

#[test]
fn kinds_that_follow_each_other_in_a_burst_are_all_wanted() {
    let mut talk = Talk::new("US");
    for (country, said) in [
        ("US", ["i want", "a tent", "and a backpack"]),
        ("DE", ["ich suche", "ein zelt", "und einen rucksack"]),
        ("RU", ["мне нужна", "палатка", "и рюкзак"]),
    ] {
        talk.another(country, &[]);
        for text in said {
            talk.hear(InboundMessage { text: Some(text.into()), ..InboundMessage::default() });
        }
        expect(&talk.answer(Standing::Bot), &["[kind:outdoor/tent", "[kind:outdoor/backpack"], &[]);
    }
    // What was answered between is no burst.
    talk.another("US", &[]);
    talk.write("a tent");
    expect(&talk.write("and a backpack"), &["Trail 30"], &["[kind:"]);
}
