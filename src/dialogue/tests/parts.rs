//! Parts and figures of what they see, and what stands beside it.

use super::*;

#[test]
fn a_part_of_what_they_see_is_told_where_it_is_known() {
    let mut talk = Talk::new("US");
    for (country, language, said, told) in [
        ("US", "en", "screen?", "6.6 inch"),
        ("ES", "es", "pantalla?", "6.6 pulgadas"),
        ("HK", "zh-Hant", "螢幕呢?", "6.6吋"),
        ("TR", "tr", "ekranı kaç inç", "6,6 inç"),
        ("DE", "de", "und der akku?", "zwei Tage Akku"),
        ("RU", "ru", "какой экран", "6,6 дюйма"),
    ] {
        talk.another(country, &[]);
        talk.contact.language = Some(Language(language.into()));
        talk.sends("Nova S5");
        expect(&talk.sends(said), &[told, "[person"], &[]);
    }
    // Of what nothing is told of, nothing is known here.
    talk.another("US", &[]);
    talk.sends("coffee machine");
    expect(&talk.sends("voltage 220?"), &["all I know", "[person"], &["Crema"]);
    assert_eq!(talk.memory.budget(), None);
}

#[test]
fn the_same_list_is_no_answer_to_a_part_of_them() {
    let mut talk = Talk::new("US");
    for (country, list, said) in [
        ("ES", "celular hasta 500", "con buena cámara"),
        ("DE", "handy bis 500", "mit guter kamera"),
        ("BR", "celular até 500", "com boa câmera"),
        ("IT", "telefono fino a 500", "con una buona fotocamera"),
        ("RU", "телефон до 40000", "с хорошей камерой"),
        ("CN", "手机500美元以内", "拍照好的"),
    ] {
        talk.another(country, &[]);
        expect(&talk.sends(list), &["Nova S5"], &[]);
        let answer = talk.sends(said);
        expect(&answer, &["[person"], &["product:"]);
        assert_eq!(reason(&answer), None, "{said}");
    }
}

#[test]
fn the_larger_one_of_a_list_has_the_larger_figure() {
    let mut talk = Talk::new("US");
    for (country, list, said, name) in [
        ("US", "air purifier", "the big one", "Breeze 60"),
        ("DE", "luftreiniger", "der kleine", "Breeze 30"),
        ("BR", "purificador de ar", "o grande", "Breeze 60"),
        ("US", "laptop", "the bigger one", "Aero 16"),
    ] {
        talk.another(country, &[]);
        talk.sends(list);
        expect(&talk.sends(said), &[name, "[buy:"], &["other words"]);
    }
    // Where no figure tells, they are asked which.
    talk.another("US", &[]);
    talk.sends("coffee machine");
    expect(&talk.sends("the big one"), &["Crema One", "Crema Bean"], &["other words"]);
}

#[test]
fn what_goes_with_it_has_no_price_here() {
    let mut talk = Talk::new("US");
    for (country, said) in
        [("US", "how much is a filter"), ("DE", "was kostet ein filter"), ("ES", "cuánto cuesta el filtro")]
    {
        talk.another(country, &[]);
        talk.sends("Breeze 30");
        expect(&talk.sends(said), &["[person"], &["149"]);
    }
}

#[test]
fn where_it_shall_be_is_no_other_category() {
    let mut talk = Talk::new("US");
    talk.sends("i need a desk");
    talk.sends("and a chair");
    expect(&talk.sends("for my home office"), &["[person"], &["kind:home"]);
}

#[test]
fn a_backpack_that_keeps_dry_is_not_said_to_get_wet() {
    let mut talk = Talk::new("RU");
    talk.sends("рюкзак");
    expect(&talk.sends("промокает?"), &["Trail 30: 30 литров", "водонепроницаемость"], &["Да,"]);
}

#[test]
fn what_a_sum_buys_is_shown_to_who_asks_what_there_is() {
    let mut talk = Talk::new("DE");
    expect(&talk.sends("was gibt's unter 30 Euro?"), &["product:"], &["category:"]);
    talk.another("US", &[]);
    expect(&talk.sends("what do you have under 40 dollars"), &["product:"], &["category:"]);
}

#[test]
fn a_kind_in_other_words_counts_beside_a_sum() {
    let mut talk = Talk::new("DE");
    expect(&talk.sends("6 Stühle, max. 600"), &["Poise Ergo"], &["category:"]);
    talk.another("HK", &[]);
    expect(&talk.sends("3500以內電話"), &["Nova S5"], &["category:"]);
    talk.another("HK", &[]);
    expect(&talk.sends("電話3500以內"), &["Nova S5"], &["category:"]);
}

#[test]
fn of_the_kind_that_they_see_a_cheaper_one_is_asked_for() {
    let mut talk = Talk::new("US");
    for (country, product, said) in [
        ("US", "Nova S7 Pro", "do you have a cheaper phone"),
        ("TR", "Nova S7 Pro", "daha ucuz telefon var mı"),
        ("RU", "Nova S7 Pro", "а подешевле телефон"),
    ] {
        talk.another(country, &[]);
        talk.sends(product);
        expect(&talk.sends(said), &["Nova S5", "Tera Rugged"], &["Lumen Fold"]);
    }
}

#[test]
fn one_or_the_other_is_asked_which_though_one_is_a_part_of_the_other() {
    let mut talk = Talk::new("MY");
    talk.sends("nak tengok charger");
    talk.another("MY", &[]);
    expect(&talk.sends("nak ambil telefon ke tablet?"), &["kind:electronics/phone", "kind:electronics/tablet"], &[]);
}

#[test]
fn who_says_all_right_and_this_one_takes_it() {
    let mut talk = Talk::new("BR");
    for said in ["beleza, esse mesmo", "blz, esse mesmo", "beleza esse"] {
        talk.another("BR", &[]);
        talk.sends("Nova S5");
        assert_eq!(reason(&talk.sends(said)), Some(HandoffRequest::READY_TO_BUY), "{said}");
    }
    talk.another("FR", &[]);
    talk.contact.language = Some(Language("fr".into()));
    talk.sends("Morning Blend");
    expect(&talk.sends("morning blend"), &["Morning Blend"], &["Très bien"]);
    assert_eq!(reason(&talk.sends("2 sacs")), Some(HandoffRequest::READY_TO_BUY));
}

#[test]
fn other_lists_in_the_same_words_are_no_repetition() {
    let mut talk = Talk::new("US");
    for (said, name) in [
        ("do you have phones", "Nova S5"),
        ("do you have laptops", "Aero 14"),
        ("do you have earbuds", "Pebble"),
        ("do you have robot vacuums", "Rondo"),
    ] {
        let answer = talk.sends(said);
        expect(&answer, &[name], &["all I know"]);
        assert_eq!(reason(&answer), None, "{said}");
    }
}

#[test]
fn a_part_for_a_whole_is_what_they_want() {
    let mut talk = Talk::new("US");
    talk.sends("i need a mattress for a 160 bed");
    assert_eq!(talk.memory.kinds.len(), 0);
    expect(&talk.sends("i need a charger for my phone"), &[], &["Nova S5"]);
}

#[test]
fn what_is_told_of_it_answers_whether_it_has_that() {
    let mut talk = Talk::new("US");
    for (country, product, said, told) in [("HK", "Slate 11", "有筆嗎", "附"), ("CN", "Slate 11", "有笔吗", "笔")]
    {
        talk.another(country, &[]);
        let language = if country == "HK" { "zh-Hant" } else { "zh-Hans" };
        talk.contact.language = Some(Language(language.into()));
        talk.sends(product);
        expect(&talk.sends(said), &[told], &["category:"]);
    }
}

#[test]
fn what_is_asked_is_answered_once_and_alone() {
    let mut talk = Talk::new("IT");
    talk.sends("tappetino yoga");
    expect(&talk.sends("di che colore è"), &["colore", "[person"], &["Flow Mat: 29"]);
    expect(&talk.sends("fate il pacchetto regalo?"), &["[person"], &["Flow Mat"]);
    talk.another("FR", &[]);
    talk.sends("poussette");
    expect(&talk.sends("c'est quoi la différence avec l'autre"), &["Comparatif"], &["Voici notre rayon"]);
    talk.another("BR", &[]);
    talk.sends("vcs tem fone bluetooth?");
    let answer = talk.sends("o pro tem cancelamento?");
    expect(&answer, &["Pebble Pro ANC"], &[]);
    assert_eq!(reason(&answer), None);
    // Of the few that they see nothing else is known, whichever is good.
    talk.another("CN", &[]);
    talk.sends("扫地机器人");
    expect(&talk.sends("哪个好"), &["Rondo R1", "Rondo R3 Mop"], &["换个说法"]);
}
