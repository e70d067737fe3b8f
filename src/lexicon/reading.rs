//! Deciding over what was found: what wins, what is negated, which sum is the budget, which tags the words earn.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::budget::Verdict;
use crate::dictionary::files::LANGUAGES;
use crate::dictionary::meanings::{Kind, Meaning};
use crate::money::mixed;
use crate::money::unsaid;
use crate::money::words::MoneyWords;
use crate::money::{self, Found, Sums};
use crate::negation::Reach;
use crate::search::folding::Folded;
use crate::search::language;
use crate::search::matcher::Hit;
use crate::search::scan::Scan;
use crate::{Hints, Lexicon};
use hotline_domain::{Intent, Mention, Reading, Span};

/// Phrases of these intents name things that are meant; in those of others a word of theirs is none: "gift card code".
const ABOUT_THINGS: [Intent; 4] = [Intent::ProductInquiry, Intent::Availability, Intent::Compare, Intent::Warranty];

/// See [`Lexicon::read`].
pub(crate) fn read(lexicon: &Lexicon, text: &str, hints: &Hints<'_>) -> Reading {
    let mut scan = Scan::new(lexicon, text, hints);
    scan.settle(lexicon);
    decide(lexicon, &scan, hints).0
}

/// What all that counts of a text comes to, and what each of its numbers is.
pub(crate) fn decide(lexicon: &Lexicon, scan: &Scan<'_>, hints: &Hints<'_>) -> (Reading, Vec<(Found, Verdict)>) {
    finish(begin(lexicon, scan, hints), hints)
}

/// A reading that has all but what its numbers are, and what follows from that.
pub(crate) struct Begun<'a> {
    pub(crate) reader: Reader<'a>,
    products: Vec<&'a Hit<'a>>,
    pub(crate) sums: Sums,
    pub(crate) reading: Reading,
    /// What words only look like together.
    unlike: Vec<Intent>,
}

pub(crate) fn begin<'a>(lexicon: &'a Lexicon, scan: &'a Scan<'a>, hints: &Hints<'_>) -> Begun<'a> {
    let Scan { folded, hits, lang, is_plain, .. } = scan;
    let lang = *lang;
    let names = longest(hits, |hit| hit.kind.is_name());
    let negated = lexicon.negation.reach(folded, lang, names.iter().map(|hit| (hit.start, hit.end)));
    let sums_in = |money: MoneyWords<'_>, lang: Option<usize>| {
        money::find(money, folded, lang.map(|lang| LANGUAGES[lang]), hints, &negated).outside(&names)
    };
    let mut sums = mixed::sums(lexicon, scan, hints, &names, sums_in);
    let reader = Reader { lexicon, scan, folded, negated };
    let mut reading = Reading { lang: lang.map(language::named), is_plain: *is_plain, ..Reading::default() };
    let products = longest(hits, |hit| hit.kind == Kind::Product);
    reader.products(hits, &products, &mut reading);
    reader.brands(hits, &mut reading);
    reader.requests(hits, &mut reading);
    let unlike = reader.intents(hits, &sums.found, &mut reading);
    reader.descriptions(hits, &products, &mut reading);
    unsaid::by_product(&mut sums, &reading, &lexicon.money.of(None));
    Begun { reader, products, sums, reading, unlike }
}

fn finish(begun: Begun<'_>, hints: &Hints<'_>) -> (Reading, Vec<(Found, Verdict)>) {
    let (lexicon, scan) = (begun.reader.lexicon, begun.reader.scan);
    let unlike = begun.unlike.clone();
    let (mut reading, judged) = said(begun, hints);
    lexicon.heed_words(scan, &unlike, &mut reading);
    reading.tags = tags(&reading);
    (reading, judged)
}

/// What phrases, cues and numbers say, before all words are weighed.
pub(crate) fn said(begun: Begun<'_>, hints: &Hints<'_>) -> (Reading, Vec<(Found, Verdict)>) {
    let Begun { reader, products, sums, mut reading, .. } = begun;
    let scan = reader.scan;
    let judged = reader.amounts(&scan.hits, &sums, hints, &mut reading);
    reader.heed_budget(&scan.hits, &mut reading);
    reader.question(&scan.hits, &mut reading);
    reader.quantities(&scan.hits, &products, &judged, &mut reading);
    (reading, judged)
}

/// What the parts of a reading are decided from.
pub(crate) struct Reader<'a> {
    pub(crate) lexicon: &'a Lexicon,
    pub(crate) scan: &'a Scan<'a>,
    pub(crate) folded: &'a Folded,
    pub(crate) negated: Reach,
}

/// Of hits that overlap, the longest; of equals, the first. Hits stand in order of their start, longer ones first.
pub(crate) fn longest<'h, 'a>(hits: &'h [Hit<'a>], wanted: impl Fn(&Hit<'_>) -> bool) -> Vec<&'h Hit<'a>> {
    let mut kept: Vec<&Hit<'a>> = Vec::new();
    for hit in hits.iter().filter(|hit| wanted(hit)) {
        match kept.last() {
            Some(last) if hit.start < last.end => {
                if hit.end - hit.start > last.end - last.start {
                    kept.pop();
                    kept.push(hit);
                }
            }
            _ => kept.push(hit),
        }
    }
    kept
}

/// The longer word that this one is a part of: "no perfume" of "perfume". The longer ones stand in order and do not overlap.
pub(crate) fn whole<'h, 'a>(hit: &Hit<'_>, longer: &[&'h Hit<'a>]) -> Option<&'h Hit<'a>> {
    let behind = longer.partition_point(|other| other.start <= hit.start);
    let other = *longer[..behind].last()?;
    (hit.end <= other.end && hit.end - hit.start < other.end - other.start).then_some(other)
}

/// Whether a longer word says what it means without this part of it too: "5G phone" is 5G and a phone, and "no perfume" is no
/// perfume.
fn says_without(longer: &Hit<'_>, part: &Hit<'_>, hits: &[Hit<'_>]) -> bool {
    let beside = |other: &&Hit<'_>| {
        longer.start <= other.start
            && other.end <= longer.end
            && (other.end <= part.start || part.end <= other.start)
            && other.meaning == longer.meaning
    };
    hits.iter().any(|other| beside(&other))
}

/// Whether a product's name says the property, so that it is no wish of its own: gaming of gaming_laptop.
fn is_said_by(attribute: &str, product: &Hit<'_>) -> bool {
    let name = product.meaning.name().and_then(|key| key.rsplit('/').next());
    name.and_then(|name| name.strip_prefix(attribute)).is_some_and(|rest| rest.starts_with('_'))
}

impl Reader<'_> {
    fn mention(&self, hit: &Hit<'_>, key: &Arc<str>) -> Mention {
        let span = self.span(hit.start, hit.end);
        Mention { key: key.clone(), span, implies: None, level: None, negated: self.is_negated(hit.start) }
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        self.folded.span(start, end)
    }

    fn products(&self, hits: &[Hit<'_>], products: &[&Hit<'_>], reading: &mut Reading) {
        let attributes = longest(hits, |hit| hit.kind == Kind::Attribute);
        let is_talk = |hit: &Hit<'_>| match (hit.kind, hit.meaning) {
            (Kind::Intent, Meaning::Intent(intent)) => !ABOUT_THINGS.contains(intent),
            _ => false,
        };
        let talk = if products.is_empty() { Vec::new() } else { longest(hits, is_talk) };
        for hit in products {
            if let Meaning::Product(key) = hit.meaning
                && whole(hit, &attributes).is_none_or(|longer| says_without(longer, hit, hits))
                && whole(hit, &talk).is_none()
            {
                reading.products.push(self.mention(hit, key));
            }
        }
        for hit in &attributes {
            if let Meaning::Attribute(key) = hit.meaning
                && !whole(hit, products).is_some_and(|product| is_said_by(key, product))
            {
                reading.attributes.push(self.mention(hit, key));
            }
        }
    }

    fn requests(&self, hits: &[Hit<'_>], reading: &mut Reading) {
        for hit in longest(hits, |hit| hit.kind == Kind::Request) {
            if let Meaning::Request(key) = hit.meaning {
                reading.requests.push(self.mention(hit, key));
            }
        }
    }

    fn brands(&self, hits: &[Hit<'_>], reading: &mut Reading) {
        let brands = longest(hits, |hit| hit.kind == Kind::Brand);
        for hit in &brands {
            let Meaning::Brand { key, category, implies, level, needs_company } = hit.meaning else { continue };
            // A common word is a brand only beside a product of its kind or another brand: no apple pie, no orange dress.
            let of_its_kind = |mention: &Mention| mention.key.split('/').next() == Some(&**category);
            let company =
                reading.products.iter().any(of_its_kind) || brands.iter().any(|other| other.start != hit.start);
            if *needs_company && !company {
                continue;
            }
            let end = self.model_end(hit.end);
            let mut mention = self.mention(hit, key);
            mention.span = self.span(hit.start, if implies.is_some() { end } else { hit.end });
            (mention.implies, mention.level) = (implies.clone(), *level);
            reading.brands.push(mention);
        }
    }

    /// A model's number and grade belong to its name: "iPhone 15 Pro".
    fn model_end(&self, end: usize) -> usize {
        let chars = &self.folded.chars;
        let mut at = end;
        loop {
            let from = if chars.get(at) == Some(&' ') { at + 1 } else { at };
            let word = chars[from.min(chars.len())..].iter().take_while(|c| c.is_ascii_alphanumeric()).count();
            let text: String = chars[from.min(chars.len())..].iter().take(word).collect();
            let number = word > 0 && word <= 4 && text.starts_with(|c: char| c.is_ascii_digit()) && text.len() <= 3;
            if !number && !["pro", "max", "plus", "mini", "ultra", "air", "se"].contains(&text.as_str()) {
                return at;
            }
            at = from + word;
        }
    }

    pub(crate) fn is_negated(&self, start: usize) -> bool {
        self.negated.has(start)
    }
}

/// Tags that the words alone earn (INT-4, INT-5, PREF-1..4), sorted.
fn tags(reading: &Reading) -> Vec<String> {
    let hyphened = |kind: &str, key: &str| {
        let mut tag = String::with_capacity(kind.len() + key.len());
        tag.push_str(kind);
        for (place, word) in key.split('_').enumerate() {
            tag.push_str(if place > 0 { "-" } else { "" });
            tag.push_str(word);
        }
        tag
    };
    let mut tags: Vec<String> = reading.product_keys().iter().map(|key| hyphened("category/", key)).collect();
    let needs = reading.attributes.iter().filter(|mention| !mention.negated);
    tags.extend(needs.map(|mention| hyphened("need/", &mention.key)));
    let levels = reading.brands.iter().filter(|mention| !mention.negated).filter_map(|mention| mention.level);
    tags.extend(levels.map(|level| format!("budget-level/{level}")));
    if let Some(budget) = &reading.budget {
        let text = |sum: Decimal| sum.normalize().to_string();
        tags.push(match (budget.min, budget.max) {
            (Some(min), Some(max)) if min == max => format!("budget/{}", text(min)),
            (min, Some(max)) => format!("budget/{}-{}", text(min.unwrap_or_default()), text(max)),
            (Some(min), None) => format!("budget/{}-up", text(min)),
            (None, None) => return in_order(tags),
        });
    }
    in_order(tags)
}

fn in_order(mut tags: Vec<String>) -> Vec<String> {
    tags.sort();
    tags.dedup();
    tags
}
