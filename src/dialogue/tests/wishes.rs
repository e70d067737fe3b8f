//! What customers look for when they do not name it as the dictionaries do.

use super::*;

#[test]
fn who_names_a_category_sees_what_there_is_of_it() {
    let mut talk = Talk::new("US");
    expect(&talk.write("do you have any furniture?"), &["kind:home/sofa"], &["category:electronics"]);
    let mut talk = Talk::new("ID");
    let words = "kak ada skincare buat kulit berminyak budget 150rb";
    expect(&talk.write(words), &["kind:beauty/serum"], &["category:electronics"]);
}

#[test]
fn who_asks_for_what_nobody_knows_here_sees_what_there_is_and_is_not_asked_for_it_again() {
    let mut talk = Talk::new("GB");
    let answer = talk.write("do you sell bikes");
    expect(
        &answer,
        &["Here is what we have", "a colleague can look", "category:electronics"],
        &["What are you looking"],
    );
}

#[test]
fn who_greets_and_tells_what_they_can_spend_is_heard_in_any_currency() {
    let mut talk = Talk::new("US");
    let words = "Hi! looking for a birthday present for my dad, around $100";
    expect(&talk.write(words), &["Harbour Goods", "100\u{a0}USD, noted. What product"], &["your budget"]);
    talk.another("IT", &[]);
    let words = "buongiorno, cerco un regalo per la mia ragazza sui 80 euro";
    expect(&talk.write(words), &["Budget di 80\u{a0}EUR"], &["il budget"]);
}

#[test]
fn what_it_is_bought_for_is_nothing_that_a_product_lacks() {
    let mut talk = Talk::new("US");
    expect(&talk.write("a bluetooth speaker as a gift for my wife"), &["Boom Mini: 45"], &["I have none"]);
    // Nor are the same words said again to who tells what suits.
    expect(&talk.write("she wants it waterproof"), &["Yes, Boom Mini: waterproof"], &["in stock"]);
    talk.another("US", &[]);
    expect(&talk.write("I need 10 office chairs for our company"), &["Poise Ergo: 269"], &["I have none"]);
}

#[test]
fn who_has_trouble_with_what_they_bought_is_sold_nothing() {
    let mut talk = Talk::new("US");
    let words = "Hi I bought headphones from you last week and they stopped working";
    expect(&talk.write(words), &["within 30 days"], &["Hush 700"]);
    let answer = talk.write("what should I do");
    expect(&answer, &["A colleague"], &["Hush 700", "looking for"]);
    assert!(answer.unwrap().handoff.is_some());
    talk.another("US", &[]);
    expect(&talk.write("I want to return the sandals I bought"), &["within 30 days"], &["Stride"]);
    expect(&talk.write("can I swap them for a bigger size instead?"), &["A colleague takes over"], &["within 30 days"]);
    talk.another("US", &[]);
    expect(&talk.write("what is your return policy?"), &["within 30 days"], &[]);
    expect(&talk.write("ok, do you have headphones?"), &["Hush 700"], &["A colleague takes over"]);
    // The guarantee of what they see is a question like others; days later it is of what they bought.
    expect(&talk.write("and the guarantee?"), &["two years"], &[]);
    expect(&talk.write("does it work with Alexa?"), &["Hush 700"], &["A colleague takes over"]);
    talk.now = talk.now + crate::domain::Duration::days(6);
    expect(&talk.write("Hello, the headphones stopped working"), &["two years"], &["Hush 700"]);
    expect(&talk.write("so what now?"), &["A colleague takes over"], &["Hush 700"]);
    // What a person took care of is no trouble any more when the bot is back.
    talk.hear(InboundMessage { text: Some("it is broken".into()), ..InboundMessage::default() });
    assert_eq!(talk.answer(Standing::Person), None);
    expect(&talk.write("ok"), &[], &["A colleague takes over"]);
    expect(&talk.write("the headphones stopped working again"), &["two years"], &["Hush 700"]);
}

#[test]
fn a_product_is_known_by_its_short_name_where_its_kind_is_talked_of() {
    let mut talk = Talk::new("US");
    expect(&talk.write("do you have the Nova S5?"), &["Nova S5: 199"], &[]);
    let compared = talk.write("whats the difference with the S7 pro");
    expect(&compared, &["Side by side", "Nova S7 Pro: 449", "Nova S5: 199"], &["Lumen Lite"]);
    talk.another("US", &[]);
    expect(&talk.write("something waterproof"), &["Boom Mini", "Tera Rugged"], &[]);
    expect(&talk.write("tell me about the boom one"), &["Boom Mini: 45"], &["Tera Rugged"]);
    talk.another("US", &[]);
    expect(&talk.write("something waterproof"), &["Boom Mini", "Stride Summer"], &[]);
    expect(&talk.write("the cheapest please"), &["Stride Summer: 39"], &["Boom Mini"]);
}

#[test]
fn who_names_no_product_sees_what_has_what_they_need_or_what_they_can_spend_buys() {
    let mut talk = Talk::new("US");
    expect(&talk.write("I have sensitive skin, what do you recommend?"), &["Dew"], &["What are you looking for"]);
    talk.another("US", &[]);
    expect(&talk.write("hello"), &["What are you looking for"], &[]);
    expect(&talk.write("my budget is 50"), &["50\u{a0}USD, noted"], &[]);
    expect(&talk.write("what's your best seller?"), &["your budget of 50\u{a0}USD", "Boom Mini"], &["looking for"]);
    expect(&talk.write("good evening"), &[], &["Boom Mini: 45"]);
}

#[test]
fn what_is_not_known_of_the_one_thing_that_they_see_is_said_to_be_so() {
    let mut talk = Talk::new("US");
    expect(&talk.tap("product:P-102"), &["Nova S7 Pro"], &["all I know"]);
    expect(&talk.write("does it work with Alexa?"), &["Nova S7 Pro: 449", "all I know", "[person |"], &[]);
}

#[test]
fn who_answers_with_their_budget_is_asked_for_the_product_and_hears_that_it_was_understood() {
    let mut talk = Talk::new("US");
    expect(&talk.write("hi there"), &["What are you looking for"], &[]);
    expect(&talk.write("my budget is 500"), &["500\u{a0}USD, noted. What product"], &["understood"]);
    expect(&talk.write("actually 300 max"), &["300\u{a0}USD, noted. What product"], &["understood"]);
    expect(&talk.write("a sofa then"), &["nothing in stock for 300"], &["noted"]);
}

#[test]
fn who_returns_something_and_says_what_it_is_is_not_sold_it_again() {
    let mut talk = Talk::new("US");
    for (country, trouble, product) in [
        ("US", "I'd like to return something", "the sandals"),
        ("US", "I want to return something", "the Boom Mini"),
        ("BR", "quero devolver um produto", "a cafeteira"),
        ("DE", "Ich möchte etwas zurückgeben", "die Kaffeemaschine"),
    ] {
        talk.another(country, &[]);
        assert_eq!(talk.write(trouble).and_then(|answer| answer.handoff), None, "{trouble}");
        let answer = talk.write(product);
        assert!(answer.as_ref().is_none_or(|answer| answer.handoff.is_some()), "{product}: {}", seen(&answer));
    }
    // What they look for beside it is shown.
    talk.another("US", &[]);
    expect(&talk.write("I'd like to return something"), &["within 30 days"], &[]);
    expect(&talk.write("and how much are the sandals?"), &["Stride Summer: 39"], &["A colleague takes over"]);
}

#[test]
fn who_asks_a_fact_beside_their_wish_hears_it_and_is_shown_what_they_wish_for() {
    let mut talk = Talk::new("US");
    for (country, said, fact, wish) in [
        ("US", "I want headphones, what are your opening hours?", "Opening hours", "Hush 700: 159"),
        ("US", "do you deliver to Canada? I need a tent for 2", "ship worldwide", "Dome 2: 149"),
        (
            "US",
            "want to buy 30 yoga mats for our studio, how long does delivery take",
            "ship worldwide",
            "Flow Mat: 29",
        ),
        ("IT", "vorrei delle cuffie, quanto costa la spedizione?", "Spediamo", "Hush 700: 159"),
        ("DE", "Ich suche Kopfhörer, kann ich auf Rechnung zahlen?", "Nachnahme", "Hush 700: 159"),
        ("BR", "quero um fone, vocês entregam em Curitiba?", "Enviamos", "Hush 700: 159"),
        ("ES", "quiero unos auriculares, hacen envíos a Sevilla?", "Enviamos", "Hush 700: 159"),
        ("CN", "想买耳机 多久能到", "发货", "Hush 700：159"),
        ("RU", "нужны наушники, доставка в Казань есть?", "Доставляем", "Hush 700: 159"),
        ("US", "a phone under 300, can i pay in installments", "instalments", "[product:P-101"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(said), &[fact, wish], &[]);
    }
    // What was shown before is not shown again for a fact of it.
    talk.another("US", &[]);
    talk.write("phone up to 340 dollars");
    expect(&talk.write("how long does delivery of the phone take?"), &["ship worldwide"], &["[product:"]);
}

#[test]
fn who_names_two_kinds_at_once_is_asked_which_comes_first() {
    let mut talk = Talk::new("US");
    let answer = talk.write("i'd like to buy a phone for my wife and a stroller for our baby");
    expect(&answer, &["phone, stroller", "first?", "[kind:electronics/phone |", "[kind:maternity/stroller |"], &[]);
    expect(&talk.tap("kind:electronics/phone"), &["What would you like to spend"], &["first?"]);
    talk.another("FR", &[]);
    expect(&talk.write("un jouet ou une poussette"), &["Roam Fold"], &["commençons-nous"]);
}

#[test]
fn a_brand_that_is_not_had_is_told_at_once() {
    let mut talk = Talk::new("US");
    expect(&talk.write("i want a samsung phone"), &["do not carry that brand", "[product:P-101"], &["spend at most"]);
}

#[test]
fn cheaper_than_things_of_several_kinds_is_looked_for_among_all() {
    let mut talk = Talk::new("US");
    talk.write("hello");
    talk.write("my budget is 50");
    expect(&talk.write("what do you recommend?"), &["Boom Mini", "Stack Box"], &[]);
    let cheaper = talk.write("cheaper please");
    expect(&cheaper, &["cost less", "Daylight SPF50 | 18"], &["Stack Box", "least expensive"]);
}

#[test]
fn of_a_picture_it_is_said_that_it_cannot_be_seen() {
    let mut talk = Talk::new("US");
    let picture = |talk: &mut Talk, caption: &str| {
        talk.another("US", &[]);
        let (media, caption) = (Some("image".into()), Some(caption.into()));
        talk.hear(InboundMessage { media, caption, ..InboundMessage::default() });
        talk.answer(Standing::Bot)
    };
    expect(&picture(&mut talk, "do you have this one?"), &["cannot look", "[person |"], &["category:electronics"]);
    expect(&picture(&mut talk, "do you have such headphones?"), &["cannot look", "Hush 700: 159"], &[]);
}

#[test]
fn colours_and_sizes_of_what_was_shown_are_a_persons_matter() {
    let mut talk = Talk::new("GB");
    talk.write("do you have running shoes?");
    expect(&talk.write("size 9 uk"), &["certain colour or size", "[person |"], &["understood"]);
    talk.another("ID", &[]);
    talk.write("ada sepatu lari cowok ukuran 42?");
    expect(&talk.write("yg warna hitam"), &["warna atau ukuran"], &["kurang paham"]);
    // The middle one of three is none of them.
    talk.another("US", &[]);
    talk.write("phone up to 340 dollars");
    expect(&talk.write("the middle one"), &["Nova S5: 199"], &["Lumen Lite: 129"]);
}

#[test]
fn who_looks_for_a_gift_is_helped_to_choose() {
    let mut talk = Talk::new("US");
    expect(&talk.write("i need a gift"), &["A gift", "category:electronics"], &["What are you looking for"]);
    expect(&talk.write("for my boyfriend"), &["some ideas", "[product:"], &["understood"]);
    talk.write("he likes running");
    expect(&talk.write("75 max"), &["your budget of 75\u{a0}USD", "[product:"], &["A colleague"]);
    talk.another("US", &[]);
    expect(&talk.write("something for my dad's birthday"), &["A gift"], &[]);
    expect(&talk.write("he's 60, likes coffee"), &["Crema One", "Morning Blend"], &["understood"]);
    expect(&talk.write("150"), &["your budget of 150\u{a0}USD", "[product:"], &["understood"]);
    // Nothing is proposed that is dearer than they said.
    talk.another("ES", &[]);
    talk.write("hola, regalo para mi novia, unos 60 euros");
    expect(&talk.write("le gusta el deporte"), &["60\u{a0}EUR", "Flow Mat"], &["algunas ideas", "Roam Safe"]);
}

#[test]
fn who_asks_for_the_terms_before_buying_can_shop() {
    let mut talk = Talk::new("US");
    for (country, question, wish, holds) in [
        ("US", "do you have a warranty?", "earbuds", "[product:P-120"),
        ("US", "can I return something if I dont like it?", "great. I am looking for a laptop", "[product:P-110"),
        ("CN", "可以退货吗", "有耳机吗", "Hush 700"),
        ("DE", "Kann man etwas zurückgeben?", "ein Zelt", "Dome 2"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(question), &["[person |"], &[]);
        expect(&talk.write(wish), &[holds], &[]);
    }
    talk.another("CN", &[]);
    talk.write("可以退货吗");
    assert!(talk.write("有保修吗").is_some_and(|answer| answer.handoff.is_none()));
}

#[test]
fn trouble_ends_when_it_is_settled_or_they_look_for_something() {
    let mut talk = Talk::new("US");
    for words in ["found it, thanks", "ah it just came"] {
        talk.another("US", &[]);
        expect(&talk.write("where is my order?"), &["cannot see an order"], &[]);
        expect(&talk.write(words), &["I am here if you need anything else"], &["understood"]);
        expect(&talk.write("a tent"), &["Dome 2: 149"], &["A colleague takes over"]);
    }
    talk.another("US", &[]);
    talk.write("where is my order?");
    expect(&talk.write("ok, I am looking for a tent too"), &["Dome 2: 149"], &["A colleague takes over"]);
    // What they say of what they have is trouble still.
    talk.another("US", &[]);
    talk.write("can I return the tent? it is broken");
    expect(&talk.write("what now"), &["A colleague takes over"], &["Dome 2"]);
}

#[test]
fn thanks_beside_a_wish_are_no_end_and_praise_is_no_wish() {
    let mut talk = Talk::new("US");
    expect(&talk.write("a tent please, thanks"), &["Dome 2: 149"], &["You are welcome"]);
    expect(&talk.write("thanks"), &["You are welcome"], &[]);
    expect(&talk.write("headphones please, thanks"), &["Hush 700: 159"], &["You are welcome"]);
    talk.another("US", &[]);
    expect(&talk.write("I love my new tent, thank you!"), &["You are welcome"], &["Dome 2"]);
}

#[test]
fn a_name_in_a_greeting_is_one() {
    let mut talk = Talk::new("US");
    for (name, greeting) in [
        ("Mr. Bean", "Hi Bean,"),
        ("Dr. *Anna* Lee", "Hi Anna,"),
        ("+1 415 555", "Hi, welcome"),
        ("J", "Hi, welcome"),
        ("Mr", "Hi, welcome"),
        ("🌸Zoé🌸", "Hi Zoé,"),
        ("李明", "Hi 李明,"),
    ] {
        talk.another("US", &[]);
        talk.contact.name = Some(name.into());
        expect(&talk.write("hello"), &[greeting], &[]);
    }
}

#[test]
fn what_is_no_name_is_nobodys() {
    let mut talk = Talk::new("US");
    for (name, greeting) in [
        ("<b>Bob</b>", "Hi, welcome"),
        ("{{1}} Bob", "Hi Bob,"),
        ("bob@shop.example", "Hi, welcome"),
        ("Jean-Luc", "Hi Jean-Luc,"),
        ("O'Brien", "Hi O'Brien,"),
        ("अनिता", "Hi अनिता,"),
    ] {
        talk.another("US", &[]);
        talk.contact.name = Some(name.into());
        expect(&talk.write("hello"), &[greeting], &[]);
    }
}

#[test]
fn hours_tell_by_which_time_they_are_where_the_customer_lives_by_another() {
    let mut talk = Talk::new("US");
    expect(&talk.write("what are your opening hours?"), &["09:00–18:00"], &["(UTC"]);
    talk.another("US", &[]);
    talk.contact.zone = Some(chrono_tz::Asia::Kolkata);
    talk.shop.zone = chrono_tz::Asia::Hong_Kong;
    expect(&talk.write("what are your opening hours?"), &["09:00–18:00 (UTC+8)"], &[]);
}

#[test]
fn the_first_list_is_cut_between_words() {
    let mut talk = Talk::new("US");
    expect(&talk.write("hello"), &["earbuds, headphones, power bank…]"], &["smartwat"]);
}
