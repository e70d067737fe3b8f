//! Colours, sizes and numbers of pieces, and the numbers in names.

use super::*;

#[test]
fn a_colour_or_a_size_beside_what_is_named_is_answered() {
    let mut talk = Talk::new("US");
    for (country, words, holds) in [
        ("US", "do you have the trail 30 in black?", ["Trail 30: 79", "a colleague can look"]),
        ("US", "does the stride run come in size 48", ["Stride Run: 75", "a colleague can look"]),
        ("US", "stride run in 48?", ["Stride Run: 75", "a colleague can look"]),
        ("US", "white sneakers 42", ["Stride Run: 75", "a colleague can look"]),
        ("ES", "teneis la trail 30 en negro?", ["Trail 30: 79", "talla"]),
        ("DE", "gibts den trail 30 in schwarz?", ["Trail 30: 79", "Größe"]),
        ("BR", "tem o trail 30 preto?", ["Trail 30: 79", "tamanho"]),
        (
            "US",
            "is the trail 30 waterproof, what colors, and do u ship to alaska?",
            ["We ship", "a colleague can look"],
        ),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &holds, &[]);
        assert_eq!(talk.memory.budget, None, "{words}");
    }
    talk.another("US", &[]);
    expect(&talk.write("do you have the trail 30?"), &["Trail 30: 79"], &["a colleague can look"]);
}

#[test]
fn a_number_after_shoes_is_a_size() {
    let mut talk = Talk::new("US");
    for (country, wish, size) in [
        ("US", "sneakers?", "what about 45"),
        ("US", "sneakers?", "45?"),
        ("RU", "кроссовки", "44 есть?"),
        ("TR", "spor ayakkabı var mı", "44 var mı"),
        ("DE", "turnschuhe?", "in 44?"),
        ("IT", "scarpe da corsa", "il 44?"),
        ("ES", "zapatillas para correr", "y en la 44?"),
    ] {
        talk.another(country, &[]);
        talk.write(wish);
        let answer = talk.write(size);
        expect(&answer, &["[person |"], &["Stride Summer"]);
        assert_eq!((&talk.memory.budget, talk.memory.lost), (&None, 0), "{size}: {}", seen(&answer));
    }
    // What they can spend they say in other words.
    talk.another("US", &[]);
    talk.write("sneakers?");
    talk.write("under 45");
    assert!(talk.memory.budget.is_some());
    talk.another("US", &[]);
    talk.write("power banks?");
    talk.write("what about 45");
    assert!(talk.memory.budget.is_some());
}

#[test]
fn the_number_in_a_name_is_no_sum() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "alright ill take the aero 14"),
        ("US", "how about the breeze 60"),
        ("RU", "беру trail 30"),
        ("FR", "je prends le trail 30"),
        ("ID", "aku ambil breeze 30"),
        ("TR", "breeze 60 alıyorum"),
        ("AE", "عندي 3 اسئله: trail 30 ضد المويه؟"),
    ] {
        talk.another(country, &[]);
        let reading = talk.dialogue.read(talk.lexicon, &talk.contact, &talk.memory, words);
        assert_eq!(
            (reading.budget, reading.tags.iter().find(|tag| tag.starts_with("budget/"))),
            (None, None),
            "{words}"
        );
    }
    let reading = talk.dialogue.read(talk.lexicon, &talk.contact, &talk.memory, "the aero 14 for max 600 usd");
    assert_eq!(reading.budget.and_then(|budget| budget.max), Some(600.into()));
}

#[test]
fn so_many_of_the_one_thing_that_they_see_are_an_order() {
    let mut talk = Talk::new("US");
    for (country, wish, words) in [
        ("US", "coffee beans", "cool i want 6"),
        ("US", "coffee beans", "6 please"),
        ("BR", "café em grãos", "então quero 6"),
        ("ID", "biji kopi", "oke mau 6"),
        ("IN", "coffee beans kitne ki", "thik hai 6 chahiye"),
        ("AE", "حبوب القهوه بكم", "تمام ابي 6"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(wish), &["Morning Blend"], &[]);
        let answer = talk.write(words);
        let reason = answer.as_ref().and_then(|answer| answer.handoff.as_ref()).map(|request| &*request.reason);
        assert_eq!(reason, Some("ready-to-buy"), "{words}: {}", seen(&answer));
    }
}

#[test]
fn who_takes_one_of_several_is_asked_which() {
    let mut talk = Talk::new("US");
    for (country, wish, words) in [
        ("FR", "poussettes", "ok je la prends"),
        ("ES", "cafeteras?", "vale me las quedo"),
        ("US", "coffee machines?", "ok i'll take it"),
    ] {
        talk.another(country, &[]);
        let shown = talk.write(wish);
        expect(&shown, &["[product:P-"], &[]);
        let answer = talk.write(words);
        expect(&answer, &["[product:P-"], &[]);
        assert_ne!(seen(&shown), seen(&answer), "{words}");
    }
}

#[test]
fn both_are_of_the_list_from_which_one_was_opened() {
    let mut talk = Talk::new("US");
    expect(&talk.write("robot vacuums?"), &["[product:P-201", "[product:P-202"], &[]);
    talk.tap("product:P-201");
    let answer = talk.write("both");
    assert_eq!(answer.unwrap().handoff.unwrap().reason, "ready-to-buy");
}

#[test]
fn a_yes_word_before_a_number_or_a_colour_calls_nobody() {
    let mut talk = Talk::new("BR");
    for (country, wish, words) in [
        ("BR", "tem tênis de corrida 38?", ["tem no 40?", "quero um 40", "quero o preto"]),
        ("ID", "ada sepatu lari?", ["ada ukuran 40?", "mau yang hitam", "mau yang 40"]),
    ] {
        talk.another(country, &[]);
        talk.write(wish);
        for words in words {
            let answer = talk.write(words);
            let reason = answer.as_ref().and_then(|answer| answer.handoff.as_ref()).map(|request| &*request.reason);
            assert_ne!(reason, Some("human"), "{words}");
        }
    }
}

#[test]
fn coffee_alone_is_coffee_beans_where_nothing_else_is_named() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "coffee"),
        ("US", "do you sell coffee"),
        ("IT", "caffè"),
        ("BR", "tem café?"),
        ("RU", "а кофе есть"),
        ("CN", "有咖啡吗"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &["Morning Blend"], &[]);
    }
}

#[test]
fn a_chair_alone_is_the_office_chair() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "chair"),
        ("DE", "Stuhl"),
        ("ES", "silla"),
        ("FR", "vous avez des chaises ?"),
        ("IT", "sedia"),
        ("BR", "tem cadeira?"),
        ("RU", "кресло"),
        ("CN", "有椅子吗"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &["Poise Ergo"], &[]);
    }
    talk.another("ES", &[]);
    expect(&talk.write("silla de ruedas"), &[], &["Poise Ergo"]);
}

#[test]
fn the_cheapest_is_one_and_compares_nothing() {
    let mut talk = Talk::new("US");
    for (country, wish, words) in [
        ("ES", "teneis cafeteras?", "cual es la mas barata"),
        ("IT", "avete macchine da caffè?", "qual è la più economica"),
        ("ID", "ada mesin kopi?", "yang mana paling murah"),
        ("BR", "tem cafeteira?", "qual o mais barato"),
        ("HK", "有冇咖啡機", "邊隻最平"),
    ] {
        talk.another(country, &[]);
        talk.write(wish);
        let reading = talk.dialogue.read(talk.lexicon, &talk.contact, &talk.memory, words);
        assert!(!reading.wants(Intent::Compare), "{words}");
        expect(&talk.write(words), &["Crema One", "buy:P-205"], &["Crema Bean"]);
    }
}

#[test]
fn what_the_shop_lacks_is_no_measure_of_the_next_wish() {
    let mut talk = Talk::new("US");
    expect(&talk.write("do you have a TV"), &["nothing of that kind in stock just now (TV)"], &[]);
    expect(&talk.write("what do you have under 30"), &["[product:P-"], &["(TV)", "nothing of that kind"]);
    talk.another("US", &[]);
    talk.write("do you have a TV");
    expect(&talk.write("anything blorpish"), &[], &["(TV)"]);
}

#[test]
fn no_limit_takes_back_the_one_before() {
    let mut talk = Talk::new("US");
    expect(&talk.write("phone under 200"), &["200"], &[]);
    expect(&talk.write("actually no budget limit, whats your best phone"), &["must have"], &["200\u{a0}USD"]);
    assert_eq!(talk.memory.budget, None);
}
