//! Lists that products are opened from, what is called by a word of its name, and what is asked for beside them.

use super::*;

#[test]
fn of_a_list_the_others_stay_in_reach_when_one_is_opened() {
    let mut talk = Talk::new("US");
    expect(&talk.write("phones under 500"), &["[product:P-101", "[product:P-105"], &[]);
    let list = talk.memory.shown.clone();
    let name = |sku: &str| talk.shop.products.iter().find(|product| product.sku == sku).unwrap().name.clone();
    let names: Vec<String> = list.iter().map(|sku| name(sku)).collect();
    expect(&talk.write("the second one"), &[&format!("{}: ", names[1])], &[]);
    expect(&talk.write("how long is delivery?"), &["ship worldwide"], &[]);
    expect(&talk.write("and the first one?"), &[&format!("{}: ", names[0])], &[&format!("{}: ", names[1])]);
    assert_eq!(talk.write("I take the third one").unwrap().handoff.unwrap().reason, "ready-to-buy");
    assert_eq!(talk.memory.shown, list[2..3]);
    // Another kind has a list of its own.
    expect(&talk.write("a tent"), &["Dome 2"], &[]);
    expect(&talk.write("the second one?"), &[], &[&format!("{}: ", names[1])]);
}

#[test]
fn what_is_listed_is_called_by_a_word_of_its_name_and_what_is_not_by_its_brand() {
    let mut talk = Talk::new("US");
    expect(&talk.write("earbuds"), &["Pebble Air", "Pebble Pro ANC"], &[]);
    expect(&talk.write("the pro"), &["Pebble Pro ANC: 89"], &["Pebble Air: 39"]);
    expect(&talk.write("and the air?"), &["Pebble Air: 39"], &["Pebble Pro ANC: 89"]);
    talk.another("US", &[]);
    talk.write("phone");
    expect(&talk.write("what about lumen?"), &["Lumen Lite: 129", "Lumen Fold: 899"], &["Nova"]);
}

#[test]
fn the_shops_own_brands_are_brands() {
    let mut talk = Talk::new("US");
    expect(&talk.write("lumen phone"), &["Lumen Lite", "Lumen Fold"], &["Nova", "do not carry"]);
    talk.another("US", &[]);
    expect(&talk.write("anything from Dew?"), &["Dew C15", "Dew Calm Cream", "Dew Soft Wash"], &["category:"]);
    talk.another("US", &[]);
    talk.write("a phone but not nova");
    assert!(talk.memory.brands.is_empty());
    // A word that is a brand is more often none.
    talk.another("US", &[]);
    expect(&talk.write("a silk dress"), &["Linea Midi"], &["do not carry", "Silk 1800"]);
}

#[test]
fn the_cheapest_and_the_dearest_are_known() {
    let mut talk = Talk::new("US");
    for (country, said, holds) in [
        ("US", "cheapest phone", "Lumen Lite: 129"),
        ("US", "what is the most expensive laptop?", "Aero 16 Studio: 1"),
        ("US", "I want the cheapest waterproof phone", "Tera Rugged: 329"),
        ("DE", "das billigste Handy", "Lumen Lite: 129"),
        ("CN", "最贵的手机", "Lumen Fold：899"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(said);
        expect(&answer, &[holds], &[]);
        assert!(answer.unwrap().handoff.is_none(), "{said}");
    }
    talk.another("US", &[]);
    talk.write("phones under 500");
    expect(&talk.write("and the most expensive one"), &["Nova S7 Pro: 449"], &["Lumen"]);
}

#[test]
fn two_that_are_shown_can_be_bought_together() {
    let mut talk = Talk::new("US");
    for words in ["I want both", "order both please"] {
        talk.another("US", &[]);
        talk.write("earbuds");
        assert_eq!(talk.write(words).unwrap().handoff.unwrap().reason, "ready-to-buy", "{words}");
        assert_eq!(talk.memory.shown.len(), 2);
    }
    talk.another("US", &[]);
    talk.write("earbuds");
    expect(&talk.write("can you compare both?"), &["Side by side"], &[]);
}

#[test]
fn who_asks_for_what_is_not_sold_is_not_told_of_what_was_shown() {
    let mut talk = Talk::new("US");
    for (country, list, other) in [
        ("US", "phones under 500 dollars", "do you sell bicycles?"),
        ("DE", "Handys bis 500 Dollar", "verkauft ihr Fahrräder?"),
        ("ES", "teléfono hasta 500 dólares", "¿venden bicicletas?"),
        ("FR", "téléphone à moins de 500 dollars", "vous vendez des vélos ?"),
        ("CN", "500美元以下的手机", "有自行车吗"),
        ("TR", "500 dolara kadar telefon", "bisiklet var mı?"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(list), &["[product:P-101"], &[]);
        expect(&talk.write(other), &["category:electronics"], &["Nova S5"]);
    }
    for (country, list, same) in [
        ("US", "phones under 500 dollars", "do you have them in stock?"),
        ("DE", "Handys bis 500 Dollar", "habt ihr die auf Lager?"),
        ("CN", "500美元以下的手机", "有现货吗"),
        ("FR", "téléphone à moins de 500 dollars", "vous avez du 43 ?"),
    ] {
        talk.another(country, &[]);
        talk.write(list);
        expect(&talk.write(same), &["Nova S5"], &["category:electronics"]);
    }
    talk.another("US", &[]);
    talk.write("a gift for my wife, up to 50 dollars");
    expect(&talk.write("do you sell bicycles?"), &["category:electronics"], &["[product:"]);
}

#[test]
fn what_stands_on_the_shelf_under_another_kind_is_shown() {
    let mut talk = Talk::new("US");
    for (said, holds) in [
        ("do you have shoes?", ["[product:P-501", "[product:P-603"]),
        ("a jacket", ["North Puff: 139", "closest to jacket"]),
        ("a bag", ["Trail 30: 79", "closest to bag"]),
        ("headphones under 100", ["Pebble Air", "Pebble Pro ANC"]),
    ] {
        talk.another("US", &[]);
        expect(&talk.write(said), &holds, &["nothing in stock"]);
    }
    talk.another("US", &[]);
    expect(&talk.write("do you have headphones?"), &["Hush 700: 159"], &["closest"]);
    expect(&talk.write("something cheaper"), &["Pebble"], &["least expensive"]);
}

/// Sells one thing of each of so many kinds of a category, and nothing else.
fn sell_kinds(talk: &mut Talk, category: &str, count: usize) {
    let like = talk.shop.products[0].clone();
    let product = |number: usize| crate::domain::Product {
        sku: format!("K-{number:02}"),
        name: format!("Thing {number:02}"),
        key: format!("{category}/kind-{number:02}"),
        ..like.clone()
    };
    talk.shop.products = (1..=count).map(product).collect();
}

#[test]
fn every_kind_of_a_large_category_is_in_reach() {
    let mut talk = Talk::new("US");
    sell_kinds(&mut talk, "home", 20);
    expect(&talk.tap("category:home"), &["[kind:home/kind-08", "[more:home:8 | See more", "[person |"], &["kind-09"]);
    expect(&talk.tap("more:home:8"), &["[kind:home/kind-09", "[more:home:16 |", "[person |"], &["kind-08", "kind-17"]);
    expect(&talk.tap("more:home:16"), &["[kind:home/kind-17", "[kind:home/kind-20"], &["kind-16", "more:"]);
    // The shop sells less by now.
    sell_kinds(&mut talk, "home", 9);
    expect(&talk.tap("more:home:16"), &["[kind:home/kind-01", "[kind:home/kind-09"], &["more:"]);
    // Nor do categories end with what one list takes.
    for (number, product) in talk.shop.products.iter_mut().enumerate() {
        product.key = format!("place-{number}/kind");
    }
    talk.shop.products.extend(Talk::new("US").shop.products);
    talk.another("US", &[]);
    expect(&talk.write("hi"), &["[category:place-7", "[more::8 |"], &["category:place-8"]);
    expect(&talk.tap("more::8"), &["[category:place-8", "[category:electronics"], &["category:place-7"]);
}

#[test]
fn what_is_not_had_leads_to_what_there_is_of_its_category() {
    let mut talk = Talk::new("US");
    sell_kinds(&mut talk, "home", 2);
    expect(&talk.write("do you have bookshelves?"), &["nothing of that kind", "[kind:home/kind-01", "[person |"], &[]);
    expect(&talk.write("do you have a phone?"), &["nothing of that kind", "[person |"], &["kind:"]);
}

#[test]
fn who_sells_of_few_categories_has_ideas_of_all_kinds() {
    let mut talk = Talk::new("US");
    sell_kinds(&mut talk, "home", 4);
    talk.write("I need a gift for my sister");
    expect(&talk.write("she likes reading"), &["Thing 01", "Thing 02", "Thing 03", "Thing 04"], &[]);
}

#[test]
fn what_costs_less_and_has_not_what_they_need_is_told_to_be_so() {
    let mut talk = Talk::new("US");
    talk.write("a foldable phone");
    expect(
        &talk.write("anything cheaper?"),
        &["everything you asked for (foldable)", "[product:P-102"],
        &["These cost less"],
    );
    talk.another("US", &[]);
    talk.write("a waterproof phone");
    talk.write("nova s7 pro");
    expect(&talk.write("something cheaper"), &["Tera Rugged: 329"], &["everything you asked for"]);
}

#[test]
fn a_budget_narrows_a_list_of_several_kinds() {
    let mut talk = Talk::new("ES");
    expect(&talk.write("qué me recomiendas para regalar a mi novio, le gusta correr"), &["Stride Run"], &[]);
    expect(&talk.write("unos 70 dólares"), &["Iron Pair"], &["category:", "P-110"]);
}

#[test]
fn which_is_the_cheapest_puts_nothing_side_by_side() {
    let mut talk = Talk::new("FR");
    for (country, list, words) in [
        ("FR", "téléphone à moins de 500 dollars", "lequel est le moins cher"),
        ("IT", "telefono sotto i 500 dollari", "qual è il più economico"),
        ("ES", "teléfono hasta 500 dólares", "cuál es el más barato"),
        ("ID", "hp di bawah 500 dolar", "yang mana paling murah"),
        ("IN", "phone 500 dollar tak", "sabse sasta kaun sa hai"),
    ] {
        talk.another(country, &[]);
        talk.write(list);
        talk.hear(InboundMessage { text: Some(words.into()), ..InboundMessage::default() });
        assert!(!talk.memory.wants.contains(&Intent::Compare), "{words}");
        expect(&talk.answer(Standing::Bot), &["Lumen Lite", "129"], &["Nova S5"]);
        talk.now = talk.now + crate::domain::Duration::minutes(5);
    }
}

#[test]
fn who_says_that_it_is_much_and_no_more_sees_what_costs_less() {
    let mut talk = Talk::new("US");
    for (country, list, words) in [
        ("US", "nova s5", "hmm that's a lot"),
        ("IT", "ciao, quanto costa il nova s5?", "troppo"),
        ("FR", "bonjour, combien coûte le nova s5 ?", "c'est trop"),
        ("ID", "halo kak, nova s5 berapa harganya?", "kemahalan"),
    ] {
        talk.another(country, &[]);
        talk.write(list);
        expect(&talk.write(words), &["Lumen Lite", "129"], &[]);
    }
    talk.another("TR", &[]);
    talk.write("nova s5 ne kadar");
    expect(&talk.write("çok güzel"), &[], &["Lumen"]);
    // "Which is the cheapest?" takes nothing.
    talk.another("CN", &[]);
    talk.write("有没有降噪耳机");
    assert_eq!(reason(&talk.write("哪个最便宜")), None);
}
