//! What a message says otherwise within a talk than alone.

use super::*;

#[test]
fn what_was_ordered_before_is_not_sold_again() {
    let mut talk = Talk::new("US");
    for (country, said, order) in [
        ("US", "i ordered a desk last week", "order number"),
        ("DE", "ich habe letzte woche einen schreibtisch bestellt", "Bestellnummer"),
        ("FR", "j'ai commandé un bureau la semaine dernière", "numéro de commande"),
        ("TR", "geçen hafta masa sipariş etmiştim", "Sipariş numara"),
        ("CN", "我上周订了一张桌子", "订单号"),
    ] {
        talk.another(country, &[]);
        expect(&talk.sends(said), &[order], &["359", "[buy:"]);
    }
    talk.another("US", &[]);
    talk.sends("i ordered a desk last week");
    expect(&talk.sends("where is it"), &[], &["other words", "359"]);
}

#[test]
fn a_sum_that_comes_to_what_they_can_spend_raises_it() {
    let mut talk = Talk::new("US");
    for (country, first, said, most) in [
        ("US", "phone up to 300", "i could add 100", 400),
        ("US", "phone up to 300", "100 more?", 400),
        ("CN", "想买个手机，预算2000", "再加500预算呢", 2500),
        ("DE", "handy bis 300", "und mit 100 mehr?", 400),
    ] {
        talk.another(country, &[]);
        talk.sends(first);
        talk.sends(said);
        assert_eq!(talk.memory.budget().and_then(|budget| budget.max), Some(most.into()), "{said}");
    }
    // A limit that is named anew is no more than that.
    talk.another("US", &[]);
    talk.sends("phone up to 300");
    talk.sends("more like 500");
    assert_eq!(talk.memory.budget().and_then(|budget| budget.max), Some(500.into()));
}

#[test]
fn another_limit_haggles_over_nothing() {
    let mut talk = Talk::new("AE");
    talk.sends("ابي جوال بحدود 1000");
    expect(&talk.sends("لا خليها 1500"), &["1\u{202f}500"], &["بخصم"]);
}

#[test]
fn who_wants_the_link_gets_it_and_no_person() {
    let mut talk = Talk::new("US");
    for (country, said) in
        [("US", "ok send me the link"), ("US", "great, send me the link please"), ("ES", "ok mándame el link")]
    {
        talk.another(country, &[]);
        talk.sends("Nova S5");
        let answer = talk.sends(said);
        assert_eq!(reason(&answer), None, "{said}");
        expect(&answer, &["Nova S5: "], &[]);
        assert_eq!(answer.unwrap().links.len(), 1, "{said}");
    }
}

#[test]
fn what_came_broken_and_is_to_be_paid_back_is_a_complaint() {
    let mut talk = Talk::new("CN");
    for said in ["蛋糕坏了，我要退款", "手机坏了，我要退款"] {
        talk.another("CN", &[]);
        assert!(reason(&talk.sends(said)).is_some(), "{said}");
    }
    talk.another("CN", &[]);
    assert_eq!(reason(&talk.sends("如果坏了可以退款吗？")), None);
}

#[test]
fn a_sum_for_all_of_it_is_what_they_can_spend() {
    let mut talk = Talk::new("US");
    talk.sends("need a phone and earbuds");
    expect(&talk.sends("600 total"), &["600"], &["other words"]);
}

#[test]
fn an_address_after_the_one_that_they_see_is_where_it_goes() {
    let mut talk = Talk::new("US");
    for (country, product, said) in [
        ("US", "Morning Blend", "My address is 12 Main Street, Springfield 62701"),
        ("TR", "Crema One", "adresim Bağdat Caddesi 20, İstanbul"),
        ("ES", "Crema One", "mi dirección es calle 5 de mayo 22"),
    ] {
        talk.another(country, &[]);
        talk.sends(product);
        assert_eq!(reason(&talk.sends(said)), Some(HandoffRequest::READY_TO_BUY), "{said}");
    }
    talk.another("US", &[]);
    talk.sends("phone up to 500");
    expect(&talk.sends("my address is 12 Main Street"), &[], &["Lumen", "Nova"]);
}

#[test]
fn a_thing_that_is_named_beside_it_is_no_call() {
    let mut talk = Talk::new("TR");
    assert_eq!(reason(&talk.sends("kulaklık telefonla birlikte geliyor mu?")), None);
    talk.another("TR", &[]);
    assert_eq!(reason(&talk.sends("telefonla görüşmek istiyorum")), Some(HandoffRequest::HUMAN));
}

#[test]
fn what_would_be_if_it_broke_is_no_trouble_yet() {
    let mut talk = Talk::new("US");
    for (country, product, said, told) in [
        ("US", "Crema One", "what if it breaks", "guarantee"),
        ("ID", "mesin kopi", "kalau rusak gimana", "Garansi"),
        ("RU", "кофемашина", "а если сломается", "Гарантия"),
        ("ES", "una cafetera", "si llega roto qué hago", "garantía"),
    ] {
        talk.another(country, &[]);
        talk.sends(product);
        let answer = talk.sends(said);
        expect(&answer, &[told], &[]);
        assert_eq!(reason(&answer), None, "{said}");
    }
}

#[test]
fn a_part_asks_for_no_price_and_no_other_thing() {
    let mut talk = Talk::new("ID");
    talk.sends("mesin kopi");
    talk.sends("yang pertama");
    expect(&talk.sends("berapa watt"), &["[person"], &["179"]);
    talk.another("RU", &[]);
    talk.sends("робот-пылесос до 30000");
    expect(&talk.sends("сколько работает от зарядки"), &["120 минут"], &["зарядное"]);
}
