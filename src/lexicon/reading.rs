//! Deciding over what was found: what wins, what is negated, which sum is the budget, which tags the words earn.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::cues::{self, Mark, Set, Together};
use super::files::LANGUAGES;
use super::folding::{Folded, is_spaceless, is_word};
use super::matcher::{self, Hit, Meaning};
use super::money::{self, Found};
use super::negation::{self, Reach};
use super::scan::Scan;
use super::{Hints, Lexicon, language};
use crate::domain::{Intent, Mention, Reading, Span};

/// A phrase with a gap leaves at most this many characters between its parts.
const GAP_CHARS: usize = 28;
/// A question of fewer words beside the things in it only names them: "red dress?"
const LEAST_OF_A_QUESTION: usize = 2;
/// Between an "or" and each of the two things.
const CHOICE_CHARS: u32 = 14;
/// Spaces and signs between a phrase and its number.
const SIGNS: usize = 4;
/// Phrases of these intents name things that are meant; in those of others a word of theirs is none: "gift card code".
const ABOUT_THINGS: [Intent; 4] = [Intent::ProductInquiry, Intent::Availability, Intent::Compare, Intent::Warranty];
/// No phrase is longer, gap and all.
const LONGEST_PHRASE: usize = 200;
/// Mentions that may cover the same word.
const MOST_AT_ONE_PLACE: usize = 8;

/// See [`Lexicon::read`].
pub(super) fn read(lexicon: &Lexicon, text: &str, hints: &Hints<'_>) -> Reading {
    let mut scan = Scan::new(lexicon, text, hints);
    scan.settle(lexicon);
    decide(lexicon, &scan, hints)
}

/// What all that counts of a text comes to.
pub(super) fn decide(lexicon: &Lexicon, scan: &Scan<'_>, hints: &Hints<'_>) -> Reading {
    let Scan { folded, hits, lang, country } = scan;
    let (lang, country) = (*lang, *country);
    // "5jt" alone tells no language, but whoever writes from Jakarta means five million.
    let money = lexicon.money.of(lang.or(country));
    let sums = money::find(money, folded, lang.map(|lang| LANGUAGES[lang]), hints);
    let names = |hit: &&Hit<'_>| matches!(hit.meaning, Meaning::Product(_) | Meaning::Attribute(_));
    let names = hits.iter().filter(names).map(|hit| (hit.start, hit.end));
    let negated = lexicon.negation.reach(folded, lang, names);
    let reader = Reader { lexicon, folded, negated };
    let mut reading = Reading { lang: lang.map(language::named), ..Reading::default() };
    reader.products(hits, &mut reading);
    reader.brands(hits, &mut reading);
    reader.intents(hits, &sums.found, &mut reading);
    reader.amounts(hits, sums, hints, &mut reading);
    reader.question(&mut reading);
    reading.tags = tags(&reading);
    reading
}

/// What the parts of a reading are decided from.
pub(super) struct Reader<'a> {
    lexicon: &'a Lexicon,
    pub(super) folded: &'a Folded,
    negated: Reach,
}

/// Of hits that overlap, the longest; of equals, the first. Hits stand in order of their start, longer ones first.
fn longest<'h, 'a>(hits: &'h [Hit<'a>], wanted: impl Fn(&Meaning) -> bool) -> Vec<&'h Hit<'a>> {
    let mut kept: Vec<&Hit<'a>> = Vec::new();
    for hit in hits.iter().filter(|hit| wanted(hit.meaning)) {
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
fn whole<'h, 'a>(hit: &Hit<'_>, longer: &[&'h Hit<'a>]) -> Option<&'h Hit<'a>> {
    let behind = longer.partition_point(|other| other.start <= hit.start);
    let other = *longer[..behind].last()?;
    (hit.end <= other.end && hit.end - hit.start < other.end - other.start).then_some(other)
}

/// Whether a longer word says what it means without this part of it too: "5G phone" is 5G and a phone, and "no perfume" is no
/// perfume.
fn says_without(longer: &Hit<'_>, part: &Hit<'_>, hits: &[Hit<'_>]) -> bool {
    let beside = |other: &&Hit<'_>| {
        other.meaning == longer.meaning
            && longer.start <= other.start
            && other.end <= longer.end
            && (other.end <= part.start || part.end <= other.start)
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

    fn span(&self, start: usize, end: usize) -> Span {
        Span { start: self.folded.origin(start), end: self.folded.origin_end(end) }
    }

    fn products(&self, hits: &[Hit<'_>], reading: &mut Reading) {
        let products = longest(hits, |meaning| matches!(meaning, Meaning::Product(_)));
        let attributes = longest(hits, |meaning| matches!(meaning, Meaning::Attribute(_)));
        let talk =
            longest(hits, |meaning| matches!(meaning, Meaning::Intent(intent) if !ABOUT_THINGS.contains(intent)));
        for hit in &products {
            if let Meaning::Product(key) = hit.meaning
                && whole(hit, &attributes).is_none_or(|longer| says_without(longer, hit, hits))
                && whole(hit, &talk).is_none()
            {
                reading.products.push(self.mention(hit, key));
            }
        }
        for hit in &attributes {
            if let Meaning::Attribute(key) = hit.meaning
                && !whole(hit, &products).is_some_and(|product| is_said_by(key, product))
            {
                reading.attributes.push(self.mention(hit, key));
            }
        }
    }

    fn brands(&self, hits: &[Hit<'_>], reading: &mut Reading) {
        let brands = longest(hits, |meaning| matches!(meaning, Meaning::Brand { .. }));
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

    fn intents(&self, hits: &[Hit<'_>], sums: &[Found], reading: &mut Reading) {
        let (mut found, mut against): (Vec<(Intent, usize, usize)>, Vec<_>) = (Vec::new(), Vec::new());
        // First parts of phrases with a gap, by phrase and place.
        let mut begun: Vec<(u32, usize, usize)> = hits
            .iter()
            .filter_map(|hit| match hit.meaning {
                Meaning::GapStart(phrase) => Some((*phrase, hit.start, hit.end)),
                _ => None,
            })
            .collect();
        begun.sort_unstable();
        for hit in hits {
            match hit.meaning {
                Meaning::Intent(intent) => found.push((*intent, hit.start, hit.end)),
                // What only looks like an intent is meant to the letter.
                Meaning::NotIntent(intent) if hit.found == matcher::Found::Listed => {
                    against.push((*intent, hit.start, hit.end));
                }
                Meaning::GapEnd { phrase, intent, against: only_looks_like_it } => {
                    let before = begun.partition_point(|(other, start, _)| (*other, *start) < (*phrase, hit.start));
                    let last = before.checked_sub(1).map(|last| begun[last]);
                    let Some((_, start, _)) =
                        last.filter(|(other, _, end)| other == phrase && self.spans_gap(*end, hit.start))
                    else {
                        continue;
                    };
                    let list = if *only_looks_like_it { &mut against } else { &mut found };
                    list.push((*intent, start, hit.end));
                }
                Meaning::ClauseEnd { intent, against: only_looks_like_it, alone } => {
                    if self.ends_clause(hit.end) && (!alone || self.begins_clause(hit.start)) {
                        let list = if *only_looks_like_it { &mut against } else { &mut found };
                        list.push((*intent, hit.start, hit.end));
                    }
                }
                Meaning::Or(intent) if self.chooses(hit, reading) => found.push((*intent, hit.start, hit.end)),
                Meaning::BesideNumber { intent, against: only_looks_like_it, behind } => {
                    if self.number_beside(hit, *behind, sums) {
                        let list = if *only_looks_like_it { &mut against } else { &mut found };
                        list.push((*intent, hit.start, hit.end));
                    }
                }
                _ => {}
            }
        }
        let mut negating = Vec::new();
        self.together(hits, sums, |rule| match rule.negates {
            true => negating.push((rule.intent, rule.start, rule.end)),
            false => found.push((rule.intent, rule.start, rule.end)),
        });
        against.sort_by_key(|(_, start, _)| *start);
        let cancelled = |intent: Intent, start: usize, end: usize| {
            let first = against.partition_point(|(_, from, _)| from + LONGEST_PHRASE < start);
            let near = against[first..].iter().take_while(|(_, from, _)| *from < end);
            near.into_iter().any(|(other, _, to)| *other == intent && start < *to)
        };
        // "robot vacuum" asks for no human, though "are you a robot" does.
        let mentions = reading.products.iter().chain(&reading.attributes).map(|mention| mention.span);
        let mut mentions: Vec<Span> = mentions.chain(reading.brands.iter().map(|mention| mention.span)).collect();
        mentions.sort();
        found.retain(|(_, start, end)| {
            let span = self.span(*start, *end);
            let before = mentions.partition_point(|mention| mention.start <= span.start);
            let near = mentions[..before].iter().rev().take(MOST_AT_ONE_PLACE);
            !near.into_iter().any(|mention| span.end <= mention.end && *mention != span)
        });
        let negatable = &self.lexicon.negation.intents;
        found.retain(|(intent, start, end)| {
            let negated = negatable.contains(intent) && self.is_negated(*start);
            !negated && !cancelled(*intent, *start, *end)
        });
        found.extend(negating.into_iter().filter(|(intent, start, end)| !cancelled(*intent, *start, *end)));
        found.sort_by_key(|(intent, start, end)| (*intent, *start, std::cmp::Reverse(*end)));
        found.dedup_by_key(|(intent, ..)| *intent);
        // Greeting words open many a message that wants something; both stay, as the contract lists them.
        for (intent, start, end) in found {
            reading.intents.push(intent);
            reading.intent_spans.push(self.span(start, end));
        }
    }

    /// What words say together, sentence by sentence.
    fn together(&self, hits: &[Hit<'_>], sums: &[Found], mut found: impl FnMut(Together)) {
        let things = longest(hits, |meaning| {
            matches!(meaning, Meaning::Product(_) | Meaning::Attribute(_) | Meaning::Brand { .. })
        });
        let of_things = things.iter().map(|hit| Mark { cues: Set::THING, start: hit.start, end: hit.end });
        let of_sums = sums.iter().map(|sum| Mark { cues: Set::SUM, start: sum.start, end: sum.end });
        let words = hits.iter().filter(|hit| whole(hit, &things).is_none());
        let of_words = words.filter_map(|hit| Some(Mark { cues: cues::cue(hit)?, start: hit.start, end: hit.end }));
        let mut marks: Vec<Mark> = of_words.chain(of_things).chain(of_sums).collect();
        marks.sort_by_key(|mark| (mark.end, std::cmp::Reverse(mark.start)));
        let chars = &self.folded.chars;
        while let Some(first) = marks.first() {
            let end = first.end + chars[first.end..].iter().take_while(|c| !negation::is_end(**c)).count();
            let of_sentence = marks.partition_point(|mark| mark.end <= end).max(1);
            let asks = chars.get(end) == Some(&'?');
            self.lexicon.cues.find(&marks[..of_sentence], asks, is_spaceless(chars[first.start]), &mut found);
            marks.drain(..of_sentence);
        }
    }

    /// Whether nothing of the clause follows.
    fn ends_clause(&self, end: usize) -> bool {
        self.folded.chars[end..].iter().find(|c| **c != ' ').is_none_or(|c| !c.is_alphanumeric())
    }

    /// Whether nothing of the clause stands before.
    fn begins_clause(&self, start: usize) -> bool {
        self.folded.chars[..start].iter().rev().find(|c| **c != ' ').is_none_or(|c| !c.is_alphanumeric())
    }

    /// Whether an "or" in a question stands between two things that the shop sells.
    fn chooses(&self, or: &Hit<'_>, reading: &Reading) -> bool {
        let (start, end) = (self.folded.origin(or.start), self.folded.origin_end(or.end));
        let things = || reading.products.iter().chain(&reading.brands).chain(&reading.attributes);
        let before = things().any(|thing| thing.span.end <= start && start - thing.span.end <= CHOICE_CHARS);
        let after = things().any(|thing| thing.span.start >= end && thing.span.start - end <= CHOICE_CHARS);
        before && after && self.folded.chars.contains(&'?')
    }

    /// Whether digits or a sum stand right behind the words, or in front of them, signs left out.
    fn number_beside(&self, hit: &Hit<'_>, behind: bool, sums: &[Found]) -> bool {
        let chars = &self.folded.chars;
        let skipped = |c: &char| !c.is_alphanumeric() && !negation::is_end(*c);
        if behind {
            let at = hit.end + chars[hit.end..].iter().take(SIGNS).take_while(|c| skipped(c)).count();
            chars.get(at).is_some_and(char::is_ascii_digit)
                || sums.iter().any(|sum| (hit.end..=at).contains(&sum.start))
        } else {
            let at = hit.start - chars[..hit.start].iter().rev().take(SIGNS).take_while(|c| skipped(c)).count();
            at > 0 && chars[at - 1].is_ascii_digit() || sums.iter().any(|sum| (at..=hit.start).contains(&sum.end))
        }
    }

    /// Whether the gap of a phrase may reach from one place to another: a few words, and no end of a sentence.
    fn spans_gap(&self, start: usize, end: usize) -> bool {
        start <= end && end - start <= GAP_CHARS && !self.folded.chars[start..end].iter().any(|c| negation::is_end(*c))
    }

    /// A question about something that the shop sells, where nothing else is asked, is about the thing itself: "is the tent
    /// waterproof?", "does the Roomba climb carpets?". A wish with a question mark names what it wants and no more.
    fn question(&self, reading: &mut Reading) {
        use Intent::{Greeting, Location, ProductInquiry, Thanks};
        let beside = [Greeting, Thanks, Location];
        if reading.budget.is_some() || reading.intents.iter().any(|intent| !beside.contains(intent)) {
            return;
        }
        let Some(mark) = self.folded.chars.iter().position(|c| *c == '?') else { return };
        let things = reading.attributes.iter().chain(&reading.products).chain(&reading.brands);
        let Some(thing) = things.filter(|mention| !mention.negated).min_by_key(|mention| mention.span) else { return };
        let span = thing.span;
        let others = self.words_beside(mark, reading);
        if others < LEAST_OF_A_QUESTION && reading.attributes.is_empty() {
            return;
        }
        let place = reading.intents.partition_point(|intent| *intent < ProductInquiry);
        reading.intents.insert(place, ProductInquiry);
        reading.intent_spans.insert(place, span);
    }

    /// How many words stand before a question mark beside the things that it is about; of scripts without spaces, half as
    /// many as characters.
    fn words_beside(&self, mark: usize, reading: &Reading) -> usize {
        let things = reading.attributes.iter().chain(&reading.products).chain(&reading.brands);
        let named: Vec<Span> = things.map(|mention| mention.span).collect();
        let chars = &self.folded.chars[..mark];
        let free = |at: usize| !named.iter().any(|span| (span.start..span.end).contains(&self.folded.origin(at)));
        let spaceless = (0..chars.len()).filter(|at| is_spaceless(chars[*at]) && free(*at)).count();
        let begins = |at: usize| is_word(chars[at]) && (at == 0 || !is_word(chars[at - 1])) && free(at);
        (0..chars.len()).filter(|at| begins(*at)).count() + spaceless / 2
    }

    pub(super) fn is_negated(&self, start: usize) -> bool {
        self.negated.has(start)
    }
}

/// Tags that the words alone earn (INT-4, INT-5, PREF-1..4), sorted.
fn tags(reading: &Reading) -> Vec<String> {
    let hyphens = |key: &str| key.replace('_', "-");
    let mut tags: Vec<String> = reading.product_keys().iter().map(|key| format!("category/{}", hyphens(key))).collect();
    let needs = reading.attributes.iter().filter(|mention| !mention.negated);
    tags.extend(needs.map(|mention| format!("need/{}", hyphens(&mention.key))));
    let levels = reading.brands.iter().filter(|mention| !mention.negated).filter_map(|mention| mention.level);
    tags.extend(levels.map(|level| format!("budget-level/{level}")));
    if let Some(budget) = &reading.budget {
        let text = |sum: Decimal| sum.normalize().to_string();
        tags.push(match (budget.min, budget.max) {
            (Some(min), Some(max)) if min == max => format!("budget/{}", text(min)),
            (min, Some(max)) => format!("budget/{}-{}", text(min.unwrap_or_default()), text(max)),
            (Some(min), None) => format!("budget/{}-up", text(min)),
            (None, None) => return finish(tags),
        });
    }
    finish(tags)
}

fn finish(mut tags: Vec<String>) -> Vec<String> {
    tags.sort();
    tags.dedup();
    tags
}
