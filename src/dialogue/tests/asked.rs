//! What is asked of what they see: whether it is loud, something cheaper, more of it, what goes with it; and budgets and needs that come
//! a message later.

use super::*;

/// Writes one after the other, and gives the last answer.
fn talk_on(talk: &mut Talk, country: &str, messages: &[&str]) -> Option<Answer> {
    talk.another(country, &[]);
    messages.iter().map(|words| talk.write(words)).last().flatten()
}

#[test]
fn who_asks_whether_it_is_loud_or_how_heavy_hears_no_yes() {
    let mut talk = Talk::new("US");
    for (country, words, yes) in [
        ("US", "is it loud?", "Yes"),
        ("DE", "ist der laut?", "Ja"),
        ("RU", "он шумный?", "Да"),
        ("ES", "¿hace ruido?", "Sí"),
        ("ES", "¿cuánto ruido hace?", "Sí"),
        ("IT", "è rumoroso?", "Sì"),
        ("BR", "faz barulho?", "Sim"),
        ("FR", "il est bruyant ?", "Oui"),
        ("TR", "gürültülü mü?", "Evet"),
        ("ID", "berisik gak?", "Ya,"),
        ("MY", "bising tak?", "Ya,"),
        ("SA", "صوته عالي؟", "نعم"),
        ("CN", "声音大吗", "有的"),
        ("HK", "嘈唔嘈", "有，"),
    ] {
        let answer = talk_on(&mut talk, country, &["Rondo R1", words]);
        expect(&answer, &["Rondo R1", "[buy:"], &[yes]);
    }
    for (country, words, yes) in [
        ("US", "how heavy is it?", "Yes"),
        ("US", "how much does it weigh", "Yes"),
        ("US", "is it heavy?", "Yes"),
        ("ES", "¿pesa mucho?", "Sí"),
    ] {
        expect(&talk_on(&mut talk, country, &["Aero 14", words]), &["Aero 14", " kg"], &[yes]);
    }
    // What is not known to be quiet is not called loud.
    expect(
        &talk_on(&mut talk, "US", &["Hush 700", "are they loud?"]),
        &["do not have that"],
        &["Yes", "does not have"],
    );
    expect(&talk_on(&mut talk, "US", &["Rondo R1", "is it quiet?"]), &["Yes, Rondo R1: quiet"], &[]);
}

#[test]
fn a_bare_number_is_the_budget_after_the_question_and_after_a_card() {
    let mut talk = Talk::new("US");
    for (country, hello, sum, seen) in [
        ("US", "hi", "500", "500"),
        ("RU", "привет", "15000", "15"),
        ("ES", "hola", "300", "300"),
        ("BR", "oi", "1500", "1"),
        ("CN", "你好", "2000", "2"),
    ] {
        let answer = talk_on(&mut talk, country, &[hello, sum]);
        assert!(talk.memory.budget.is_some(), "{sum}");
        expect(&answer, &[seen], &["understood"]);
    }
    expect(
        &talk_on(&mut talk, "US", &["hi", "500", "a phone"]),
        &["500\u{a0}USD", "[product:P-101"],
        &["spend at most"],
    );
    expect(&talk_on(&mut talk, "US", &["sofa", "1000"]), &["Nest Two: 549"], &["understood"]);
    // A size is none, and neither is a place in a list.
    talk_on(&mut talk, "US", &["Stride Run", "42"]);
    assert_eq!(talk.memory.budget, None);
}

#[test]
fn something_cheaper_is_heard_in_all_its_forms() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "cheaper ones?"),
        ("ES", "¿más baratos?"),
        ("ES", "hay otros más económicos?"),
        ("BR", "tem mais baratos?"),
        ("IT", "ne avete di più economiche?"),
        ("IT", "meno care?"),
        ("FR", "vous en avez des moins chers ?"),
        ("FR", "plus abordables ?"),
        ("RU", "есть более дешёвые?"),
        ("RU", "а бюджетнее?"),
        ("SA", "هل عندكم أرخص منها؟"),
        ("TR", "daha ucuzu var mı"),
        ("TR", "daha uygunu yok mu"),
        ("CN", "有便宜一点吗"),
        ("CN", "还有更实惠的吗"),
        ("HK", "平啲有冇"),
        ("HK", "有冇平少少"),
        ("DE", "gibt es günstigere?"),
        ("ID", "ada yang lebih murah?"),
        ("MY", "ada yang lebih murah?"),
        ("IN", "और सस्ता दिखाओ"),
    ] {
        expect(&talk_on(&mut talk, country, &["Hush 700", words]), &["Pebble Pro ANC"], &[]);
    }
}

#[test]
fn a_person_who_comes_is_told_of_without_a_question() {
    let mut talk = Talk::new("US");
    talk.write("phone up to 500");
    talk.hear(InboundMessage { text: Some("ok i'll take it".into()), ..InboundMessage::default() });
    talk.dialogue.person_asked_for(&mut talk.memory, talk.now);
    let due = talk.now + crate::domain::Duration::minutes(5);
    let answer = talk.answer(Standing::Waiting { due, missed: false });
    expect(&answer, &["A colleague takes over"], &["Which one", "?", "Open the list"]);
}

#[test]
fn one_word_shows_more() {
    let mut talk = Talk::new("US");
    for (country, words, more) in [
        ("US", "looking for a gift under 200", "more"),
        ("US", "looking for a gift under 200", "More!"),
        ("ES", "busco un regalo por menos de 200 dólares", "más"),
        ("RU", "ищу подарок до 200 долларов", "ещё"),
        ("CN", "找礼物，200美元以内", "更多"),
        ("DE", "suche ein geschenk bis 200 dollar", "mehr"),
        ("BR", "procuro um presente até 200 dólares", "mais"),
        ("ID", "cari kado di bawah 200 dolar", "lagi"),
        ("FR", "je cherche un cadeau à moins de 200 dollars", "plus"),
    ] {
        talk.another(country, &[]);
        talk.write(words);
        let before = talk.memory.shown.clone();
        assert!(!before.is_empty(), "{words}");
        let answer = talk.write(more);
        assert!(talk.memory.shown.iter().all(|sku| !before.contains(sku)), "{more}: {}", seen(&answer));
    }
}

#[test]
fn what_they_need_after_a_gift_or_before_a_budget_narrows_what_is_shown() {
    let mut talk = Talk::new("US");
    for (country, gift, need) in [
        ("DE", "Geschenk für meine Frau, max 60", "etwas für trockene Haut"),
        ("US", "a gift for my wife, max 60", "something for dry skin"),
    ] {
        let answer = talk_on(&mut talk, country, &[gift, need]);
        expect(&answer, &["Dew Calm Cream"], &["Silk 1800", "Brick 20000", "Stride Summer"]);
    }
    let answer = talk_on(&mut talk, "US", &["I need something for dry skin", "under 40"]);
    expect(&answer, &["[product:P-30", "40\u{a0}USD"], &["What product", "What are you looking for", "Pebble Air"]);
    // Another wish ends it.
    expect(
        &talk_on(&mut talk, "US", &["something for dry skin", "do you have headphones?"]),
        &["Hush 700"],
        &["dry skin"],
    );
}

#[test]
fn a_question_about_a_named_product_is_answered() {
    let mut talk = Talk::new("US");
    for (country, words, holds) in [
        ("US", "is the North Puff waterproof?", "North Puff does not have this"),
        ("DE", "Ist die North Puff wasserdicht?", "hat North Puff das nicht"),
        ("ES", "¿La North Puff es impermeable?", "North Puff no tiene esto"),
        ("US", "is the Trail 30 waterproof?", "Yes, Trail 30: waterproof"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &["[buy:", holds], &[]);
    }
    talk.another("US", &[]);
    expect(&talk.write("does the Nova S5 have fast charging"), &["Nova S5: 199", "does not have this"], &[]);
}

#[test]
fn a_product_is_found_by_a_part_of_its_name() {
    let mut talk = Talk::new("US");
    for (words, holds) in [
        ("how much is the pebble pro?", "Pebble Pro ANC: 89"),
        ("how much is the iron pair", "Iron Pair 2x10: 65"),
        ("how much is the brick", "Brick 20000: 35"),
        ("whats the price of the breeze", "Breeze 30"),
    ] {
        talk.another("US", &[]);
        expect(&talk.write(words), &[holds], &["What are you looking for"]);
    }
    talk.another("DE", &[]);
    expect(&talk.write("Was kostet das Pebble Pro?"), &["Pebble Pro ANC: 89"], &[]);
    talk.another("US", &[]);
    expect(&talk.write("how much is delivery to the north?"), &["We ship"], &["North Puff"]);
}

#[test]
fn what_is_named_beside_what_they_see_is_compared_with_it_alone() {
    let mut talk = Talk::new("US");
    for words in ["compare with the S7 Pro", "whats the difference to the S7 pro"] {
        let answer = talk_on(&mut talk, "US", &["Nova S5", words]);
        expect(&answer, &["Side by side", "Nova S5", "Nova S7 Pro"], &["Tera Rugged", "Lumen"]);
    }
}

#[test]
fn a_question_that_they_went_past_is_none_any_more() {
    let mut talk = Talk::new("US");
    for (country, kind, words) in [("US", "phone", "ok"), ("US", "phone", "cool"), ("DE", "Handy", "ok")] {
        let answer = talk_on(&mut talk, country, &[kind, "Nova S5", words]);
        expect(&answer, &[], &["must have", "[need:", "[product:"]);
    }
}

#[test]
fn what_goes_with_it_is_another_thing() {
    let mut talk = Talk::new("US");
    for (country, card, words) in [
        ("US", "Roam City", "do you have a rain cover for it?"),
        ("US", "Roam City", "do you have a rain cover for it"),
        ("ES", "Roam City", "¿tienen cubierta de lluvia para ese?"),
    ] {
        expect(&talk_on(&mut talk, country, &[card, words]), &["[category:"], &["Roam City: 4"]);
    }
    expect(&talk_on(&mut talk, "US", &["Roam City", "do you have it in stock?"]), &["Roam City: 4"], &[]);
}

#[test]
fn what_was_told_of_one_names_it() {
    let mut talk = Talk::new("US");
    for (kind, words, holds, lacks) in [
        ("laptop", "the 16 inch one", "Aero 16 Studio: ", "Aero 14"),
        ("laptop", "which has 32 GB?", "Aero 16 Studio: ", "Aero 14"),
        ("robot vacuum", "which one mops?", "Rondo R3 Mop: 399", "Rondo R1"),
        ("phone up to 500", "which one has 256 GB?", "Nova S7 Pro: 449", "Nova S5"),
        ("phone up to 500", "the 329 one", "Tera Rugged: 329", "Nova S5"),
    ] {
        expect(&talk_on(&mut talk, "US", &[kind, words]), &[holds], &[lacks, "understood"]);
    }
}

#[test]
fn who_has_it_already_is_not_sold_it() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "How do I set up my Rondo R1?"),
        ("DE", "Wie richte ich meinen Rondo R1 ein?"),
        ("ES", "¿cómo configuro mi Rondo R1?"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &["[person |"], &["219", "[buy:"]);
    }
    for words in ["happy customer here, love my Hush 700!", "my Hush 700 arrived, thanks!"] {
        talk.another("US", &[]);
        expect(&talk.write(words), &["You are welcome"], &["159", "[buy:"]);
    }
    for (country, words) in [
        ("US", "my robot vacuum does not charge anymore"),
        ("AE", "مكنستي الروبوت ما عادت تشحن"),
        ("IN", "मेरा रोबोट वैक्यूम चार्ज नहीं हो रहा"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(words), &[], &["Rondo", "[product:"]);
    }
}

#[test]
fn who_asks_for_the_sizes_hears_no_number_of_pieces() {
    let mut talk = Talk::new("US");
    let answer = talk_on(&mut talk, "US", &["Stride Run", "what sizes do you have"]);
    expect(&answer, &["36", "a colleague can look"], &["Stride Run: 35", "In stock"]);
}

#[test]
fn who_names_a_budget_and_asks_for_the_guarantee_wants_to_buy() {
    let mut talk = Talk::new("US");
    for (country, words, guarantee) in [
        ("US", "phone under 300 and what's the warranty?", "guarantee"),
        ("DE", "Handy bis 300, wie lange ist die Garantie?", "Garantie"),
        ("ES", "móvil hasta 300, ¿qué garantía tiene?", "garantía"),
        ("RU", "телефон до 300 долларов, какая гарантия?", "Гарантия"),
        ("CN", "手机2000以内，保修多久？", "质保"),
    ] {
        expect(&talk_on(&mut talk, country, &[words]), &["Lumen Lite", guarantee], &[]);
    }
    // What they have is no wish.
    expect(&talk_on(&mut talk, "US", &["my phone broke, what's the warranty?"]), &[], &["Lumen Lite"]);
}
