//! What customers can spend, and how it changes.

use super::*;

#[test]
fn a_range_shows_what_lies_in_it_and_what_costs_less_only_where_nothing_does() {
    let mut talk = Talk::new("US");
    let range = talk.write("a phone between 300 and 500");
    expect(&range, &["[product:P-105", "[product:P-102"], &["Nova S5", "Lumen Lite"]);
    talk.another("US", &[]);
    expect(&talk.write("a phone between 500 and 800"), &["[product:P-102"], &["Lumen Fold", "to be honest"]);
}

#[test]
fn another_sum_is_of_the_currency_that_was_named() {
    let mut talk = Talk::new("US");
    for (country, first, then, holds) in [
        ("AE", "phone, budget $900", "actually make it 700 max", "700\u{a0}USD"),
        ("ID", "hp di bawah 500 dolar", "kalau 300?", "300\u{a0}USD"),
        ("CN", "500美元以下的手机", "300呢", "300\u{a0}USD"),
    ] {
        talk.another(country, &[]);
        talk.write(first);
        expect(&talk.write(then), &[holds, "Nova S5"], &["Lumen Fold"]);
    }
    // Their own currency is one that can be named, too.
    talk.another("AE", &[]);
    talk.write("phone, budget $900");
    expect(&talk.write("no, 1500 dirham"), &["1\u{202f}500\u{a0}AED"], &[]);
    // A place in the list is no sum.
    talk.another("US", &[]);
    talk.write("phones under 500");
    let second = talk.memory.shown[1].clone();
    talk.write("2");
    assert_eq!(talk.memory.shown, [second]);
}

#[test]
fn who_answers_with_a_number_or_asks_for_a_language_has_not_said_that_any_price_will_do() {
    let mut talk = Talk::new("US");
    for words in ["my budget was 500 but now its 200", "english please"] {
        talk.another("US", &[]);
        expect(&talk.write("a phone"), &["spend at most"], &[]);
        talk.write(words);
        assert_eq!(talk.memory.open, [], "{words}");
    }
    talk.another("US", &[]);
    talk.write("a phone");
    expect(&talk.write("no idea"), &[], &["spend at most"]);
}

#[test]
fn what_holds_for_all_answers_is_told_once() {
    let mut talk = Talk::new("GB");
    expect(&talk.write("a phone under 300 pounds"), &["prices are in USD"], &[]);
    expect(&talk.write("a laptop under 900 pounds"), &["Aero 14: 649"], &["prices are in"]);
    expect(&talk.write("do you have the iphone 15?"), &["do not carry that brand"], &[]);
    expect(&talk.write("up to 400 pounds"), &["[product:"], &["do not carry", "prices are in"]);
    expect(&talk.write("do you have samsung phones?"), &["do not carry that brand"], &[]);
}

#[test]
fn who_names_a_gift_and_what_it_may_cost_sees_what_there_is_for_that() {
    let mut talk = Talk::new("US");
    let answer = talk.write("a gift for my mom, around 60 dollars");
    expect(&answer, &["60\u{a0}USD, noted", "[product:P-126"], &["category:", "[product:P-101"]);
    talk.another("US", &[]);
    expect(&talk.write("do you gift wrap?"), &["do not have that information", "[person |"], &["A gift"]);
    expect(&talk.write("a tent"), &["Dome 2"], &[]);
    // A box of presents is something that shops sell.
    for (country, words) in [("US", "how much is the coffee gift box?"), ("CN", "咖啡豆礼盒多少钱")] {
        talk.another(country, &[]);
        expect(&talk.write(words), &["Morning Blend"], &["do not have that information", "没有资料"]);
    }
}
