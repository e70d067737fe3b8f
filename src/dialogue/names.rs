//! Which products customers name, by name or number. A shop may sell thousands: all are looked for in one pass.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::phrases::Phrases;
use super::plain::{Plain, plain};
use super::pointing::stands_in;
use crate::domain::{Product, Shop};

/// Shorter names and numbers stand in too many words.
const SHORTEST: usize = 3;
/// Letters of a first word that names a product by itself.
const LONG: usize = 5;
/// How words end of which there are more.
const MANY: [&str; 5] = ["", "s", "es", "n", "en"];
/// Letters of a word within a name that tells things of one kind apart: "Lund" of "Sofa Lund".
const SHORTEST_APART: usize = 4;
/// Letters of a name without spaces that stand for all of it.
const SHORTEST_BEGINNING: usize = 4;

/// Names and numbers of a shop's products, as [`plain`] letters, and what they are called for short.
pub(super) struct Names(Option<Phrases<Called>>);

/// What a name stands for.
#[derive(Clone, Copy)]
struct Called {
    /// The product's place in the shop.
    place: u32,
    /// It is a part such as "S7 Pro", which others may be called, too; or a word that nothing else of its kind has in its name.
    part: bool,
}

/// A product that stands in words: from where to where, and which.
type Hit = (usize, usize, Called);

impl Names {
    pub(super) fn of(products: &[Product]) -> Self {
        // Of two products with one name the first is meant; what is short for two is short for none.
        let mut names: BTreeMap<String, Option<Called>> = BTreeMap::new();
        for (place, product) in (0..).zip(products) {
            for name in [&product.name, &product.sku].map(|name| plain(name)) {
                if name.chars().count() >= SHORTEST {
                    names.entry(name).or_insert(Some(Called { place, part: false }));
                }
            }
        }
        let mut short: BTreeMap<String, Option<Called>> = BTreeMap::new();
        for (place, product) in (0..).zip(products) {
            let name = plain(&product.name);
            for (name, part) in short_names(&name).into_iter().chain(beginnings(&name)) {
                let seen = short.entry(name).or_insert(Some(Called { place, part }));
                *seen = seen.filter(|called| called.place == place);
            }
        }
        for (name, called) in short {
            names.entry(name).or_insert(called);
        }
        Self::build(names.into_iter().filter_map(|(name, called)| Some((name, called?))))
    }

    /// Some words of the names, which are other words, too: they count where nothing else is named. Single words within a name count of
    /// the kind that is talked of, unless they are as common as the names of kinds.
    pub(super) fn loosely(products: &[Product], is_common: impl Fn(&str) -> bool) -> Self {
        let mut names: BTreeMap<String, Option<Called>> = BTreeMap::new();
        let mut apart: BTreeMap<(String, &str), Option<Called>> = BTreeMap::new();
        for (place, product) in (0..).zip(products) {
            for name in some_words(product) {
                let seen = names.entry(name).or_insert(Some(Called { place, part: false }));
                *seen = seen.filter(|called| called.place == place);
            }
            for word in words_within(&product.name).filter(|word| !is_common(word)) {
                let seen = apart.entry((word, &product.key)).or_insert(Some(Called { place, part: true }));
                *seen = seen.filter(|called| called.place == place);
            }
        }
        let apart = apart.into_iter().filter_map(|((word, _), called)| Some((word, called?)));
        let apart: Vec<_> = apart.filter(|(word, _)| !names.contains_key(word)).collect();
        Self::build(names.into_iter().filter_map(|(name, called)| Some((name, called?))).chain(apart))
    }

    fn build(names: impl IntoIterator<Item = (String, Called)>) -> Self {
        Self(Phrases::of(names).ok())
    }

    /// Products whose name or number stands in words in small letters, in their order; the longest name wins ("Aero 16" is not
    /// "Aero 1"). Parts of names count for those products that `may_be` meant.
    pub(super) fn in_words<'a>(
        &self,
        words: &str,
        shop: &'a Shop,
        may_be: impl Fn(&Product) -> bool,
    ) -> Vec<&'a Product> {
        let counts = |called: Called| {
            shop.products.get(called.place as usize).is_some_and(|product| !called.part || may_be(product))
        };
        self.found(words, counts).into_iter().filter_map(|place| shop.products.get(place)).collect()
    }

    /// Each product that is named, with the words that name it; words within a name count for those products that `may_be` meant.
    pub(super) fn with_words<'a, 'w>(
        &self,
        words: &'w str,
        shop: &'a Shop,
        may_be: impl Fn(&Product) -> bool,
    ) -> Vec<(&'a Product, &'w str)> {
        let counts = |called: Called| {
            shop.products.get(called.place as usize).is_some_and(|product| !called.part || may_be(product))
        };
        let hits = self.hits(words, counts).into_iter();
        let named = hits.map(|(start, end, called)| (shop.products.get(called.place as usize), &words[start..end]));
        named.filter_map(|(product, name)| Some((product?, name))).collect()
    }

    /// Where names and numbers of products stand in words in small letters, parts of names among them: bytes, `[start, end)`.
    pub(super) fn places(&self, words: &str) -> Vec<(usize, usize)> {
        self.hits(words, |_| true).into_iter().map(|(start, end, _)| (start, end)).collect()
    }

    fn found(&self, words: &str, counts: impl Fn(Called) -> bool) -> Vec<usize> {
        self.hits(words, counts).into_iter().map(|(_, _, called)| called.place as usize).collect()
    }

    fn hits(&self, words: &str, counts: impl Fn(Called) -> bool) -> Vec<Hit> {
        let Some(names) = &self.0 else { return Vec::new() };
        let words = Plain::of(words);
        let all = names.in_words(words.text());
        let all = all.flat_map(|(start, end, called)| called.iter().map(move |called| (start, end, *called)));
        let mut hits: Vec<Hit> = all.filter(|(_, _, called)| counts(*called)).collect();
        hits.sort_by_key(|(start, end, _)| (Reverse(end - start), *start));
        let mut kept: Vec<Hit> = Vec::new();
        for hit in hits {
            let within = |other: &Hit| hit.0 >= other.0 && hit.1 <= other.1;
            if !kept.iter().any(|other| within(other) || other.2.place == hit.2.place) {
                kept.push(hit);
            }
        }
        kept.sort_unstable_by_key(|(start, end, called)| (*start, *end, called.place));
        kept.into_iter().map(|(start, end, called)| (words.stood_at(start), words.stood_at(end), called)).collect()
    }
}

/// What a product is called for short: the first words of its name with a number ("Aero 16" of "Aero 16 Studio"), and parts of it with
/// a word of letters and digits ("S7 Pro" of "Nova S7 Pro"). Without any they may be the name of its kind: "Coffee machine Deluxe".
fn short_names(name: &str) -> Vec<(String, bool)> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_model = |word: &&str| word.contains(|c: char| c.is_ascii_digit()) && word.contains(char::is_alphabetic);
    let first = (2..words.len()).map(|end| words[..end].join(" "));
    let numbered = first.filter(|first| first.contains(|c: char| c.is_ascii_digit()));
    let mut short: Vec<(String, bool)> = numbered.map(|first| (first, false)).collect();
    for start in 1..words.len() {
        let parts = (start + 1..=words.len()).map(|end| &words[start..end]);
        short.extend(parts.filter(|part| part.iter().any(is_model)).map(|part| (part.join(" "), true)));
    }
    short
}

/// How a name without spaces begins: "奥斯陆三人" of "奥斯陆三人布艺沙发".
fn beginnings(name: &str) -> impl Iterator<Item = (String, bool)> {
    let is_dense = |letter: &char| ('\u{2e80}'..='\u{9fff}').contains(letter);
    let dense: Vec<char> = name.chars().take_while(is_dense).collect();
    (SHORTEST_BEGINNING..dense.len()).map(move |end| (dense[..end].iter().collect(), true))
}

/// Two or more words within a name ("tres leches" of "Pastel Tres Leches"), and its first word, also of more than one ("conchas" of
/// "Concha de vainilla"), unless it is a brand.
fn some_words(product: &Product) -> Vec<String> {
    let name = plain(&product.name);
    let words: Vec<&str> = name.split_whitespace().collect();
    let mut found = runs(&words);
    // "Leite Nutri" of "Leite em Pó Nutri 1".
    let full: Vec<&str> = words.iter().copied().filter(|word| word.chars().count() >= SHORTEST_APART).collect();
    if full.len() < words.len() {
        found.extend(runs(&full));
    }

    let is_long = |first: &&&str| is_word(first) && first.chars().count() >= LONG;
    if let Some(first) = words.first().filter(is_long) {
        let is_brand = product.brand.as_deref().is_some_and(|brand| plain(brand) == **first);
        let endings = if is_brand { &MANY[..1] } else { &MANY[..] };
        found.extend(endings.iter().map(|ending| format!("{first}{ending}")));
    }
    found
}

/// Two or more words that follow one another.
fn runs(words: &[&str]) -> Vec<String> {
    let all = (0..words.len()).flat_map(|start| (start + 2..=words.len()).map(move |end| &words[start..end]));
    let named = all.filter(|run| run.iter().all(is_word) && run[0].chars().count() >= SHORTEST);
    named.map(|run| run.join(" ")).collect()
}

fn is_word(word: &&str) -> bool {
    word.chars().all(char::is_alphabetic)
}

/// Words of a name by which a thing may be told from others of its kind: a long first one names it anyhow.
fn words_within(name: &str) -> impl Iterator<Item = String> {
    let name = plain(name);
    let words: Vec<String> = name.split_whitespace().map(str::to_owned).collect();
    let counts = |(place, word): &(usize, String)| {
        let letters = word.chars().count();
        is_word(&word.as_str()) && letters >= SHORTEST_APART && (*place > 0 || letters < LONG)
    };
    words.into_iter().enumerate().filter(counts).map(|(_, word)| word)
}

/// Whether a word, as customers write it, is one by which a thing may be told from others of its kind.
pub(super) fn is_within(product: &Product, word: &str) -> bool {
    let word = plain(word);
    words_within(&product.name).any(|other| other == word)
}

/// Letters of a word of a name that is one by itself.
pub(super) const SHORTEST_NAME: usize = 3;

/// "The Boom one", "the pro": those whose name begins with a word that stands in the message, else the one that has such a word.
pub(super) fn by_word_of_name<'a>(
    products: &[&'a Product],
    words: &str,
    counts: impl Fn(&str) -> bool,
) -> Vec<&'a Product> {
    let said = plain(words);
    let by_first: Vec<_> = products.iter().copied().filter(|product| has_first_word(product, &said)).collect();
    if !by_first.is_empty() {
        return by_first;
    }
    let is_called = |product: &Product| {
        let name = product.name.to_lowercase();
        name.split_whitespace().skip(1).any(|word| is_name(word) && stands_in(&said, &plain(word)) && counts(word))
    };
    let by_other: Vec<_> = products.iter().copied().filter(|product| is_called(product)).collect();
    if by_other.len() == 1 { by_other } else { by_letters(products, words) }
}

/// Names without spaces: those that share the longest run of letters with the message, where others share less.
fn by_letters<'a>(products: &[&'a Product], words: &str) -> Vec<&'a Product> {
    let is_dense = |letter: char| ('\u{2e80}'..='\u{9fff}').contains(&letter);
    let shared = |product: &&Product| {
        let name: Vec<char> = product.name.to_lowercase().chars().collect();
        let runs = (0..name.len()).flat_map(|start| (start + 2..=name.len()).map(move |end| (start, end)));
        let runs = runs.map(|(start, end)| name[start..end].iter().collect::<String>());
        let stands = runs.filter(|run| run.contains(is_dense) && words.contains(run.as_str()));
        stands.map(|run| run.chars().count()).max().unwrap_or_default()
    };
    let most = products.iter().map(shared).max().unwrap_or_default();
    let found: Vec<_> = products.iter().copied().filter(|product| most > 0 && shared(product) == most).collect();
    if found.len() < products.len() { found } else { Vec::new() }
}

/// Whether a word of a name is one: a number stands for much else.
pub(super) fn is_name(word: &str) -> bool {
    word.chars().count() >= SHORTEST_NAME && word.chars().all(char::is_alphabetic)
}

/// Whether a name's first word stands in words in [`plain`] letters.
pub(super) fn has_first_word(product: &Product, said: &str) -> bool {
    let name = plain(&product.name);
    name.split_whitespace().next().is_some_and(|first| stands_in(said, first))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn the_longest_name_wins_and_each_product_is_named_once() {
        let product = |(sku, name): (&str, &str)| -> Product {
            let written =
                serde_json::json!({ "sku": sku, "name": name, "key": "electronics/laptop", "price": 1, "stock": 1 });
            serde_json::from_value(written).unwrap()
        };
        let sold = [("L-1", "Aero 1"), ("L-16", "Aero 16"), ("P-5", "Nova S5"), ("TV", "TV"), ("X-9", "Nova S5")];
        let products: Vec<Product> = sold.map(product).into();
        let names = Names::of(&products);
        let found = |words| {
            names.found(words, |called| !called.part).into_iter().map(|place| sold[place].0).collect::<Vec<_>>()
        };
        assert_eq!(found("nova s5 or aero 16?"), ["P-5", "L-16"]);
        assert_eq!(found("aero 1 (l-1), not the x-9"), ["L-1", "X-9"]);
        assert_eq!(found("aero 160, supernova s5, tv"), [""; 0]);
        assert_eq!(found("我想买nova s5手机"), ["P-5"]);
        assert!(Names::of(&[]).found("nova s5", |_| true).is_empty());
    }

    #[test]
    fn what_is_short_for_one_product_alone_is_its_name_too() {
        let names: Vec<String> =
            short_names("nova s7 pro").into_iter().map(|(name, part)| format!("{name} {part}")).collect();
        assert_eq!(names, ["nova s7 false", "s7 true", "s7 pro true"]);
        let product = |name: &str| -> Product {
            let written =
                serde_json::json!({ "sku": name, "name": name, "key": "electronics/phone", "price": 1, "stock": 1 });
            serde_json::from_value(written).unwrap()
        };
        let sold = ["Nova S7 Pro", "Nova S7 Max", "Aero 16 Studio", "Nova S5"];
        let names = Names::of(&sold.map(product));
        let found = |words| names.found(words, |_| true).into_iter().map(|place| sold[place]).collect::<Vec<_>>();
        assert_eq!(found("the s7 pro or the s5?"), ["Nova S7 Pro", "Nova S5"]);
        assert_eq!(found("aero 16, please"), ["Aero 16 Studio"]);
        assert_eq!(found("the nova s7, the s7, 16, studio"), [""; 0]);
        assert!(short_names("coffee machine deluxe").is_empty());
    }
}
