//! Carts that customers send.

use super::*;
use crate::domain::CartLine;

fn line(product: &str, quantity: u32, price: Option<i64>, currency: &str) -> CartLine {
    let (price, currency) = (price.map(Into::into), currency.parse().ok());
    CartLine { product: product.into(), quantity, price, currency }
}

#[test]
fn a_cart_is_named_and_a_person_takes_over_in_every_language() {
    for language in ["en", "zh-Hans", "zh-Hant", "ru", "it", "pt", "es", "fr", "de", "tr", "id", "ms", "hi", "ar"] {
        let mut talk = Talk::new("US");
        talk.contact.language = Some(Language(language.into()));
        let items = vec![line("P-122", 2, Some(159), "USD"), line("P-123", 1, Some(35), "USD")];
        talk.hear(InboundMessage { media: Some("order".into()), items, ..InboundMessage::default() });
        let answer = talk.answer(Standing::Bot).unwrap();
        let (text, handoff) = (answer.content.text(), answer.handoff.unwrap());
        assert!(
            text.starts_with("2 × Hush 700: 318\u{a0}USD\n1 × Brick 20000: 35\u{a0}USD\n= 353\u{a0}USD\n\n"),
            "{text}"
        );
        assert!(text.lines().count() == 5, "{language}: a person takes over: {text}");
        assert_eq!(handoff.reason, HandoffRequest::READY_TO_BUY);
        assert!(handoff.evidence.figure.contains("2 × Hush 700"), "{}", handoff.evidence.figure);
        assert_eq!(talk.memory.shown, ["P-122", "P-123"]);
    }
}

#[test]
fn a_cart_in_words_tells_only_what_is_known() {
    let shop = Talk::new("US").shop;
    let told = |items: &[CartLine]| cart_in_words(items, &shop, ".").join("; ").replace('\u{a0}', " ");
    assert_eq!(told(&[]), "");
    assert_eq!(told(&[line("SKU-9", 3, None, "")]), "3 × SKU-9");
    // The shop's own currency where none is told; no sum of two currencies.
    assert_eq!(
        told(&[line("P-122", 1, Some(159), ""), line("P-123", 2, Some(30), "EUR")]),
        "1 × Hush 700: 159 USD; 2 × Brick 20000: 60 EUR"
    );
    assert_eq!(
        told(&[line("P-122", 1, Some(1), ""), line("P-123", 1, None, "")]),
        "1 × Hush 700: 1 USD; 1 × Brick 20000"
    );
    let many: Vec<_> = (0..50).map(|n| line(&format!("S-{n}"), 1, Some(2), "USD")).collect();
    assert!(told(&many).ends_with("1 × S-19: 2 USD; …; = 100 USD"), "{}", told(&many));
    let dear = CartLine { price: Some(rust_decimal::Decimal::MAX), ..line("S", u32::MAX, None, "USD") };
    assert_eq!(told(&[dear]), format!("{} × S", u32::MAX));
}
