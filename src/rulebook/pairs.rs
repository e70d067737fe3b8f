//! Which property is asked of which product, where a message names several of both.

use std::sync::Arc;

use crate::domain::{Mention, Reading, Span};

/// A product or a property, where it stands.
#[derive(Clone, Copy)]
enum Named<'r> {
    Product(&'r Arc<str>),
    Property(&'r Mention),
}

/// Properties that are wanted, each with the products that it is asked of: those of its own sentence, or all where that names none.
/// Where the two take turns in a sentence each property belongs to its neighbour: noise-cancelling headphones and a waterproof
/// tent.
pub(super) fn pairs<'r>(reading: &'r Reading, words: &str) -> Vec<(&'r Mention, Vec<&'r Arc<str>>)> {
    let ends = sentence_ends(words);
    let sentence = |span: Span| ends.partition_point(|end| *end <= span.start);
    let mut sentences: Vec<Vec<Named<'r>>> = vec![Vec::new(); ends.len() + 1];
    for (span, named) in in_text_order(reading) {
        let of_sentence = &mut sentences[sentence(span)];
        // A brand beside its product is the same thing.
        let is_repeated = match (of_sentence.last(), named) {
            (Some(Named::Product(last)), Named::Product(product)) => **last == *product,
            _ => false,
        };
        if !is_repeated {
            of_sentence.push(named);
        }
    }
    let all = products(sentences.iter().flatten());
    let mut pairs = Vec::new();
    for named in &sentences {
        let own = products(named.iter());
        for (index, property) in named.iter().enumerate() {
            let Named::Property(mention) = property else { continue };
            let of = match named.get(index ^ 1) {
                Some(Named::Product(neighbour)) if takes_turns(named) => vec![*neighbour],
                _ if own.is_empty() => all.clone(),
                _ => own.clone(),
            };
            pairs.push((*mention, of));
        }
    }
    pairs
}

/// What is wanted of products and properties.
fn in_text_order(reading: &Reading) -> Vec<(Span, Named<'_>)> {
    let wanted = |mention: &&Mention| !mention.negated;
    let products = reading.products.iter().filter(wanted).map(|product| (product.span, Named::Product(&product.key)));
    let brands = reading.brands.iter().filter(wanted);
    let implied = brands.filter_map(|brand| Some((brand.span, Named::Product(brand.implies.as_ref()?))));
    let properties = reading.attributes.iter().filter(wanted).map(|mention| (mention.span, Named::Property(mention)));
    let mut named: Vec<_> = products.chain(implied).chain(properties).collect();
    named.sort_by_key(|(span, _)| *span);
    named
}

/// Each product once.
fn products<'n, 'r: 'n>(named: impl Iterator<Item = &'n Named<'r>>) -> Vec<&'r Arc<str>> {
    let mut products = Vec::new();
    for named in named {
        if let Named::Product(product) = named
            && !products.contains(product)
        {
            products.push(*product);
        }
    }
    products
}

/// Whether a sentence names a product and a property, and another product and another property, and so on.
fn takes_turns(named: &[Named<'_>]) -> bool {
    let is_product = |named: &Named<'_>| matches!(named, Named::Product(_));
    let begins = named.first().is_some_and(is_product);
    let in_turn = named.iter().enumerate().all(|(index, named)| is_product(named) == (begins == (index % 2 == 0)));
    named.len() >= 4 && named.len().is_multiple_of(2) && in_turn
}

/// Where sentences end, in characters. A point within a number ends none.
fn sentence_ends(words: &str) -> Vec<u32> {
    let mut ends = Vec::new();
    let mut text = words.chars().enumerate().peekable();
    while let Some((index, c)) = text.next() {
        let is_end = match c {
            '.' => text.peek().is_none_or(|(_, next)| next.is_whitespace()),
            _ => matches!(c, '?' | '!' | '\n' | '。' | '？' | '！' | '؟' | '।'),
        };
        if is_end {
            ends.push(index as u32 + 1);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reading in which words that begin with a capital are products, and those that end in `*` are properties.
    fn told(words: &str) -> Vec<String> {
        let mut reading = Reading::default();
        let mut start = 0;
        for word in words.split_inclusive([' ', '\n']) {
            let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '*');
            let length = word.chars().count() as u32;
            let span = Span { start, end: start + bare.chars().count() as u32 };
            let mention = |key: &str| Mention { key: key.into(), span, implies: None, level: None, negated: false };
            match bare.strip_suffix('*') {
                Some(property) => reading.attributes.push(mention(property)),
                None if bare.starts_with(char::is_uppercase) => reading.products.push(mention(bare)),
                None => {}
            }
            start += length;
        }
        let pairs = pairs(&reading, words);
        let said = |(property, products): &(&Mention, Vec<&Arc<str>>)| {
            products.iter().map(|product| format!("{} {}", property.key, product)).collect::<Vec<_>>()
        };
        pairs.iter().flat_map(said).collect()
    }

    #[test]
    fn a_property_is_asked_of_the_products_beside_it() {
        for (words, wanted) in [
            ("is the Tent wet*", vec!["wet Tent"]),
            ("have the Phones quiet*? and is the Tent wet*?", vec!["quiet Phones", "wet Tent"]),
            ("quiet* Phones and a wet* Tent", vec!["quiet Phones", "wet Tent"]),
            ("Phones quiet* and a Tent wet*", vec!["quiet Phones", "wet Tent"]),
            ("are the Phones and the Tent wet*", vec!["wet Phones", "wet Tent"]),
            ("the Tent costs 3.5 more. is it wet*", vec!["wet Tent"]),
            ("are Phones and Tent wet* and quiet*", vec!["wet Phones", "wet Tent", "quiet Phones", "quiet Tent"]),
            ("a wet*, quiet* Tent", vec!["wet Tent", "quiet Tent"]),
            ("is it wet*", vec![]),
        ] {
            assert_eq!(told(words), wanted, "{words}");
        }
    }
}
