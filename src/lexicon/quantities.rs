//! How many of a product are wanted, where that is a property of its own: "40 chairs" are bulk.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::budget::{Verdict, is_exact};
use crate::dictionary::files::read;
use crate::dictionary::meanings::{Kind, Langs, Meaning};
use crate::money::{Found, Priced};
use crate::reading::Reader;
use crate::search::folding::{is_spaceless, is_word};
use crate::search::matcher::Hit;
use hotline_domain::{Mention, Problem, Reading, SourceFile};

/// More digits than this are no quantity.
const MOST_DIGITS: usize = 4;
/// What says of a number in words that so many are wanted (`cues.toml`).
const WANT: &str = "want";
/// What is counted where no product is named: pieces, units (`cues.toml`).
const PIECES: &str = "pieces";
/// Before a Chinese number it makes it an ordinal.
const ORDINAL: char = '第';
/// Shorter words behind a number are no things.
const LEAST_THING: usize = 4;

/// `quantities.toml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Quantities(Vec<(Arc<str>, Quantity)>);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quantity {
    least: u32,
    /// Beginnings of the keys of products that come in sizes, and up to which number that may be one.
    #[serde(default)]
    sized: BTreeMap<String, u32>,
}

impl Quantities {
    pub(crate) fn parse(file: &SourceFile) -> Result<Self, Problem> {
        let written: BTreeMap<String, Quantity> = read(file)?;
        Ok(Self(written.into_iter().map(|(name, quantity)| (name.into(), quantity)).collect()))
    }
}

impl Quantity {
    fn is_reached(&self, number: u32, product: &str) -> bool {
        let size = self.sized.iter().any(|(key, most)| product.starts_with(key.as_str()) && number <= *most);
        number >= self.least && !size
    }
}

impl Reader<'_> {
    /// Adds what the numbers before products and pieces say, where no word says it.
    pub(crate) fn quantities(
        &self,
        hits: &[Hit<'_>],
        products: &[&Hit<'_>],
        sums: &[(Found, Verdict)],
        reading: &mut Reading,
    ) {
        for hit in products {
            let span = self.span(hit.start, hit.end);
            let place = reading.products.partition_point(|mention| mention.span.start < span.start);
            let counts = reading.products.get(place).is_some_and(|mention| mention.span == span);
            if let (Meaning::Product(product), true) = (hit.meaning, counts) {
                self.quantity(hit, product, sums, reading);
            }
        }
        // Pieces of a product are as often what is in a pack of it.
        if !products.is_empty() || !reading.brands.is_empty() {
            return;
        }
        // 75个月 counts no pieces: in Chinese a word goes on without a space.
        let ends = |hit: &Hit<'_>| !self.folded.chars.get(hit.end).is_some_and(|c| c.is_alphanumeric());
        let counts = |hit: &Hit<'_>| matches!(hit.meaning, Meaning::Cue { name, .. } if **name == *PIECES);
        for hit in hits.iter().filter(|hit| hit.kind == Kind::Cue && counts(hit) && ends(hit)) {
            self.quantity(hit, "", sums, reading);
        }
    }

    /// Adds what the number before a product, or a word for pieces, says.
    fn quantity(&self, hit: &Hit<'_>, product: &str, sums: &[(Found, Verdict)], reading: &mut Reading) {
        let Some((start, number)) = self.number_before(hit.start, sums) else { return };
        for (key, quantity) in &self.lexicon.quantities.0 {
            let told = reading.attributes.iter().any(|mention| mention.key == *key);
            if told || !quantity.is_reached(number, product) || self.is_negated(hit.start) {
                continue;
            }
            // Mentions stand in the order of the text.
            let span = self.span(start, hit.end);
            let place = reading.attributes.partition_point(|mention| mention.span.start < span.start);
            let mention = Mention { key: key.clone(), span, implies: None, level: None, negated: false };
            reading.attributes.insert(place, mention);
        }
    }

    /// "I need two thousand forks": who wants so many of something in words that no list knows names no sum.
    pub(crate) fn is_of_things(&self, sum: &Found, hits: &[Hit<'_>]) -> bool {
        let chars = &self.folded.chars;
        let named = sum.amount.currency.is_some() && !sum.amount.currency_inferred;
        let behind = sum.end + 1;
        let is_letter = |c: &&char| is_word(**c) && !c.is_ascii_digit();
        let length = chars.get(behind..).map_or(0, |rest| rest.iter().take_while(is_letter).count());
        // "İki bin balon istiyorum": the verb stands behind the thing, or before the number.
        let wanted = |hit: &Hit<'_>| {
            let beside = hit.end + 1 == sum.start || hit.start == behind + length + 1;
            beside && matches!(hit.meaning, Meaning::Cue { name, .. } if **name == *WANT)
        };
        let is_thing = || {
            let known = hits.iter().any(|hit| hit.start == behind && hit.kind != Kind::Product);
            let letters = chars[behind..behind + length].iter().copied();
            let everyday = self.lexicon.languages.everyday_letters(letters);
            !known && everyday == Langs(0) && !self.scan.has_part_at(self.lexicon, behind)
        };
        let in_words = !chars[sum.start..sum.end].iter().any(char::is_ascii_digit);
        in_words
            && !named
            && sum.priced == Priced::Not
            && is_exact(sum)
            && chars.get(sum.end) == Some(&' ')
            && length >= LEAST_THING
            && hits.iter().any(wanted)
            && is_thing()
    }

    /// The whole number right before a place, and where it begins, if it is no sum of money.
    fn number_before(&self, end: usize, sums: &[(Found, Verdict)]) -> Option<(usize, u32)> {
        let chars = &self.folded.chars;
        let end = if end > 0 && chars[end - 1] == ' ' { end - 1 } else { end };
        let digits = chars[..end].iter().rev().take(MOST_DIGITS + 1).take_while(|c| c.is_ascii_digit()).count();
        let start = end - digits;
        // 要75个, and no 第75个.
        let free = |c: char| matches!(c, ' ' | ':' | '(') || is_spaceless(c) && c != ORDINAL;
        let free = start == 0 || free(chars[start - 1]);
        let is_sum =
            |(sum, verdict): &(Found, Verdict)| *verdict != Verdict::NoSum && sum.start < end && start < sum.end;
        if digits == 0 || digits > MOST_DIGITS || !free || sums.iter().any(is_sum) {
            return None;
        }
        let figure = |all: u32, c: &char| all * 10 + c.to_digit(10).unwrap_or(0);
        Some((start, chars[start..end].iter().fold(0, figure)))
    }
}
