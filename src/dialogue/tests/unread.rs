//! What nothing has read beside what was: things that no dictionary knows, and products by parts of their names.

use super::*;

#[test]
fn a_property_of_something_unknown_is_no_wish_for_all_that_has_it() {
    let mut talk = Talk::new("US");
    for (country, said) in [
        ("US", "leather wallet"),
        ("US", "quiet fan"),
        ("US", "wireless keyboard"),
        ("US", "lightweight suitcase"),
        ("ES", "ventilador silencioso"),
        ("ES", "mesa plegable"),
        ("FR", "table pliante"),
        ("RU", "складной стол"),
        ("CN", "折叠桌"),
        ("ID", "meja lipat"),
        ("MY", "kipas senyap"),
        ("AE", "طاولة قابلة للطي"),
        ("IN", "फोल्डेबल टेबल"),
        ("US", "kettle"),
        ("US", "i need a kettle"),
        ("US", "how much is a kettle"),
        ("US", "kettle under 50"),
        ("ES", "tetera hasta 50"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(said);
        let assortment = talk.dialogue.templates.render(
            talk.contact.language.as_ref().map_or("en", Language::tag),
            "assortment",
            minijinja::context! {},
        );
        expect(&answer, &[&assortment, "[category:", "[person"], &["[product:"]);
    }
    for (country, said) in
        [("US", "something waterproof"), ("CN", "有没有防水的"), ("US", "anything lightweight please")]
    {
        talk.another(country, &[]);
        expect(&talk.write(said), &["[product:P-604"], &[]);
    }
    for said in ["around 300", "maximum 300 dollars", "my budget is 300"] {
        talk.another("US", &[]);
        expect(&talk.write(said), &["300", "What product are you looking for?"], &[]);
    }
    talk.another("US", &[]);
    expect(&talk.write("waterproof mascara"), &["beauty"], &["[product:"]);
}

#[test]
fn a_watch_with_a_property_is_a_watch() {
    let mut talk = Talk::new("US");
    for (country, said) in [
        ("US", "waterproof watch"),
        ("US", "watch for swimming"),
        ("US", "i want to buy a watch for swimming"),
        ("DE", "wasserdichte Uhr"),
        ("IT", "orologio impermeabile"),
        ("RU", "водонепроницаемые часы"),
    ] {
        talk.another(country, &[]);
        expect(&talk.write(said), &["Pace 2"], &["[product:"]);
    }
}

#[test]
fn a_part_of_a_name_that_one_product_has_names_it_from_the_start() {
    let mut talk = Talk::new("US");
    for said in ["price of s7 pro", "do you have the s7 pro in stock", "s7 pro?"] {
        talk.another("US", &[]);
        expect(&talk.write(said), &["Nova S7 Pro: 449"], &[]);
    }
    for said in ["I want the pebble pro", "is the pebble pro ready stock?"] {
        talk.another("US", &[]);
        expect(&talk.write(said), &["Pebble Pro ANC: 89"], &[]);
    }
    talk.another("US", &[]);
    expect(&talk.write("samsung s7 pro"), &["do not carry that brand"], &[]);
    // Names with a weight.
    let of = |index: usize, name: &str| Product { name: name.into(), ..talk.shop.products[index].clone() };
    let products = vec![of(0, "Feed Viva Adult 15 kg"), of(1, "Feed Viva Puppy 3 kg")];
    let (dialogue, _) = Dialogue::compile(&files("templates"), &files("keywords"), &products);
    (talk.dialogue, talk.shop.products) = (dialogue.unwrap(), products);
    talk.another("US", &[]);
    expect(&talk.write("how much is the viva 15kg"), &["Feed Viva Adult 15 kg: "], &["Puppy"]);
    expect(&talk.write("and the 3 kg one?"), &["Feed Viva Puppy 3 kg: "], &["Adult"]);
}

#[test]
fn another_category_is_another_wish() {
    let mut talk = Talk::new("US");
    talk.write("a tent");
    expect(&talk.write("and what about skin care?"), &["[kind:beauty/"], &["Dome 2"]);
    // An hour is no watch.
    talk.another("DE", &[]);
    expect(&talk.write("Wann macht ihr auf, 18 Uhr?"), &["Öffnungszeiten"], &["Pace 2"]);
}
