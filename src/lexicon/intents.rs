//! What the customer wants: phrases, words that say something together, and questions about things.

use std::ops::Range;

use crate::budget::LEAST_AT;
use crate::cues::{self, Mark, Other, Set, Together};
use crate::dictionary::meanings::{Kind, Meaning};
use crate::dictionary::phrases::Around;
use crate::money::Found as Sum;
use crate::negation;
use crate::reading::{Reader, longest, whole};
use crate::search::folding::{Folded, is_spaceless};
use crate::search::matcher::{Found, Hit};
use hotline_domain::{Intent, Reading, Span};

/// A phrase with a gap leaves at most this many characters between its parts.
const GAP_CHARS: usize = 28;
/// In scripts without spaces.
const GAP_SPACELESS: usize = 10;
/// A clause between two cues keeps them apart like so many characters.
const CLAUSE_APART: usize = 8;
/// So near to a phrase stands what it is about.
const NEAR: usize = 40;
/// Between an "or" and each of the two things.
const CHOICE_CHARS: u32 = 14;
/// Spaces and signs between a phrase and its number.
const SIGNS: usize = 4;
/// Letters of a unit or of what is counted that may stand with the number in a phrase: "for 2 kg i pay".
const MOST_BESIDE_NUMBER: usize = 4;
/// No phrase is longer, gap and all.
const LONGEST_PHRASE: usize = 200;
/// A longer question, in characters, mostly wants something besides.
const SHORT_QUESTION: usize = 50;
/// Mentions that may cover the same word.
const MOST_AT_ONE_PLACE: usize = 8;
/// The cue of words that only address the other (`cues.toml`).
const ADDRESSED: &str = "addressed";
/// …and of those that close a question where no mark is written.
const ENDS_QUESTION: &str = "ends_question";
/// …and of those that open one: "est-ce que", "is the", 会不会.
const OPENS_QUESTION: &str = "opens_question";

impl Reader<'_> {
    /// Notes what the customer wants, each intent once, with the words that say it. Tells what words only look like together.
    pub(crate) fn intents(&self, hits: &[Hit<'_>], sums: &[Sum], reading: &mut Reading) -> Vec<Intent> {
        let (mut found, mut against): (Vec<(Intent, usize, usize)>, Vec<_>) = (Vec::new(), Vec::new());
        let begun = beginnings(hits);
        let marks = self.marks(hits, sums);
        for hit in hits.iter().filter(|hit| may_say(hit.kind)) {
            let said = self.said_by(hit, hits, &begun, sums, reading);
            let said = said.filter(|(intent, only_looks_like_it, start)| {
                *only_looks_like_it || !self.is_of_another(*intent, *start..hit.end, &marks)
            });
            if let Some((intent, only_looks_like_it, start)) = said {
                let list = if only_looks_like_it { &mut against } else { &mut found };
                list.push((intent, start, hit.end));
            }
        }
        let (mut negating, mut unlike) = (Vec::new(), Vec::new());
        let in_clause =
            |start: usize, end: usize| !(start..end).any(|at| negation::is_border_at(&self.folded.chars, at));
        self.together(&marks, |Together { intent, start, end, negates, against: only_looks_like_it }| {
            match (only_looks_like_it, negates) {
                (true, _) if in_clause(start, end) => {
                    unlike.push(intent);
                    against.push((intent, start, end));
                }
                (true, _) => {}
                (false, true) => negating.push((intent, start, end)),
                (false, false) => found.push((intent, start, end)),
            }
        });
        if found.is_empty() && negating.is_empty() {
            return unlike;
        }
        self.leave_bounds(hits, sums, &mut found);
        against.sort_by_key(|(_, start, _)| *start);
        let cancelled = |intent: Intent, start: usize, end: usize| {
            let first = against.partition_point(|(_, from, _)| from + LONGEST_PHRASE < start);
            let near = against[first..].iter().take_while(|(_, from, _)| *from < end);
            near.into_iter().any(|(other, _, to)| *other == intent && start < *to)
        };
        self.leave_parts_of_names(reading, &mut found);
        let is_cancelled = |(intent, start, end): &&(Intent, usize, usize)| cancelled(*intent, *start, *end);
        unlike.extend(found.iter().filter(is_cancelled).map(|(intent, ..)| *intent));
        let negatable = &self.lexicon.negation.intents;
        found.retain(|(intent, start, end)| {
            // "Non chiamatemi e non scrivetemi" refuses both.
            let refuses = *intent == Intent::OptOut && self.negated.ends_within(*start, *end);
            let negated = negatable.contains(intent) && self.is_negated(*start) && !refuses;
            !negated && !cancelled(*intent, *start, *end)
        });
        found.extend(negating.into_iter().filter(|(intent, start, end)| !cancelled(*intent, *start, *end)));
        found.sort_by_key(|(intent, start, end)| (*intent, *start, std::cmp::Reverse(*end)));
        found.dedup_by_key(|(intent, ..)| *intent);
        let all: Vec<Other> = found.iter().map(|(intent, ..)| Other::Intent(*intent)).collect();
        let said: Vec<(Intent, usize)> = found.iter().map(|(intent, start, _)| (*intent, *start)).collect();
        found.retain(|(intent, ..)| {
            !self.lexicon.cues.explained_away(*intent, &all) || self.asks_apart(hits, *intent, &said)
        });
        reading.intents.reserve_exact(found.len());
        reading.intent_spans.reserve_exact(found.len());
        // Greeting words open many a message that wants something; both stay, as the contract lists them.
        for (intent, start, end) in found {
            reading.intents.push(intent);
            reading.intent_spans.push(self.span(start, end));
        }
        unlike
    }

    /// The intent that a word or phrase says, whether it only looks like it, and where that begins.
    fn said_by(
        &self,
        hit: &Hit<'_>,
        hits: &[Hit<'_>],
        begun: &[Beginning],
        sums: &[Sum],
        reading: &Reading,
    ) -> Option<(Intent, bool, usize)> {
        match hit.meaning {
            Meaning::Intent(intent) => Some((*intent, false, hit.start)),
            // What only looks like an intent is meant to the letter.
            Meaning::NotIntent(intent) => (hit.found == Found::Listed).then_some((*intent, true, hit.start)),
            Meaning::GapEnd { first, intent, against, around } => {
                let start = self.begins(hits, begun, *first, hit, *around, sums);
                start.map(|start| (*intent, *against, start))
            }
            Meaning::ClauseEnd { intent, against, alone } => {
                let ends = match alone {
                    true => self.is_whole(hits, hit.start, hit.end),
                    false => self.ends_clause(hits, hit.end),
                };
                // "cancelleria" is no form of "cancel": such a word is one of many alike, and is typed as it is.
                let is_meant = hit.found != Found::Form || self.folded.chars[hit.start..hit.end].contains(&' ');
                (ends && is_meant).then_some((*intent, *against, hit.start))
            }
            Meaning::BesideNumber { intent, against, around } => {
                let beside = self.stands_so(hits, hit.start, hit.end, *around, sums);
                beside.then_some((*intent, *against, hit.start))
            }
            Meaning::Or(intent) => self.chooses(hit, reading).then_some((*intent, false, hit.start)),
            _ => None,
        }
    }

    /// "Robot vacuum" asks for no human, though "are you a robot" does.
    fn leave_parts_of_names(&self, reading: &Reading, found: &mut Vec<(Intent, usize, usize)>) {
        let mentions = reading.products.iter().chain(&reading.attributes).map(|mention| mention.span);
        let mut mentions: Vec<Span> = mentions.chain(reading.brands.iter().map(|mention| mention.span)).collect();
        mentions.sort();
        found.retain(|(_, start, end)| {
            let span = self.span(*start, *end);
            let before = mentions.partition_point(|mention| mention.start <= span.start);
            let near = mentions[..before].iter().rev().take(MOST_AT_ONE_PLACE);
            let is_part =
                |mention: &Span| span.end <= mention.end || mention.start < span.start && span.start < mention.end;
            !near.into_iter().any(|mention| is_part(mention) && *mention != span)
        });
    }

    /// "Cheaper than 300" compares nothing and asks for no price: it says how much may be spent.
    fn leave_bounds(&self, hits: &[Hit<'_>], sums: &[Sum], found: &mut Vec<(Intent, usize, usize)>) {
        let bounds = |start: usize, end: usize| sums.iter().any(|sum| is_bound(sum) && self.touches(sum, start, end));
        let names = |hit: &Hit<'_>| hit.kind.is_name() || hit.kind == Kind::Brand;
        let with_things =
            |start: usize, end: usize| hits.iter().any(|hit| names(hit) && start < hit.end && hit.start < end);
        let is_bound = |(intent, start, end): &&(Intent, usize, usize)| {
            *intent == Intent::Compare && bounds(*start, *end) && !with_things(*start, *end)
        };
        let said: Vec<(usize, usize)> = found.iter().filter(is_bound).map(|(_, start, end)| (*start, *end)).collect();
        let may = |intent: Intent| matches!(intent, Intent::Compare | Intent::Price);
        found.retain(|(intent, start, end)| !may(*intent) || !said.contains(&(*start, *end)));
    }

    /// Whether a sum stands in a phrase, or right beside it in its clause.
    fn touches(&self, sum: &Sum, start: usize, end: usize) -> bool {
        let chars = &self.folded.chars;
        let apart = |at: usize| chars[at].is_alphanumeric() || negation::is_border_at(chars, at);
        let near = |from: usize, to: usize| to <= from || to - from <= SIGNS && !(from..to).any(apart);
        start < sum.end && near(end, sum.start) || end > sum.start && near(sum.end, start)
    }

    /// Takes back what a budget explains away, unless it is asked: "phone under 300, and what's the warranty?"
    pub(crate) fn heed_budget(&self, hits: &[Hit<'_>], reading: &mut Reading) {
        if reading.budget.is_none() {
            return;
        }
        let known = &self.lexicon.cues;
        let is_asked = |intent: Intent| self.asks_apart(hits, intent, &[]);
        let stays = |intent: &Intent| !known.explained_away(*intent, &[Other::Budget]) || is_asked(*intent);
        let both = reading.intents.iter().copied().zip(reading.intent_spans.iter().copied());
        (reading.intents, reading.intent_spans) = both.filter(|(intent, _)| stays(intent)).unzip();
    }

    /// Whether a clause asks for what an intent is about, by its mark or by a word, and holds none of those that explain the intent away:
    /// "how long is delivery, and can I return it?"
    fn asks_apart(&self, hits: &[Hit<'_>], intent: Intent, said: &[(Intent, usize)]) -> bool {
        let (known, chars) = (&self.lexicon.cues, &self.folded.chars);
        let mut about = hits.iter().filter(|hit| cues::cue(hit).is_some_and(|cue| known.is_asked(intent, cue)));
        about.any(|hit| {
            let ends = |at: &usize| negation::is_border_at(chars, *at);
            let begin = (0..hit.start).rev().find(ends).map_or(0, |at| at + 1);
            let end = (hit.start..chars.len()).find(ends).unwrap_or(chars.len());
            let is_here = |place: usize| (begin..end).contains(&place);
            let asks = |hit: &Hit<'_>| is_here(hit.start) && cues::cue(hit).is_some_and(|cue| known.asks(cue));
            let explains = |(other, start): &(Intent, usize)| {
                is_here(*start) && known.explained_away(intent, &[Other::Intent(*other)])
            };
            (chars.get(end) == Some(&'?') || hits.iter().any(asks)) && !said.iter().any(explains)
        })
    }

    /// What words say something together with others, things, sums and other numbers, in the order of their ends.
    fn marks(&self, hits: &[Hit<'_>], sums: &[Sum]) -> Vec<Mark> {
        let chars = &self.folded.chars;
        let things = longest(hits, |hit| hit.kind.is_name() || hit.kind == Kind::Brand);
        let mark = |cues, start, end| Mark { cues, start, end, apart: 0 };
        let of_things = things.iter().map(|hit| mark(Set::THING, hit.start, hit.end));
        let of_sums = sums.iter().map(|sum| mark(Set::SUM, sum.start, sum.end));
        let words = hits.iter().filter_map(|hit| Some((cues::cue(hit)?, hit)));
        let words = words.filter(|(_, hit)| whole(hit, &things).is_none());
        let of_words = words.map(|(cue, hit)| mark(cue, hit.start, hit.end));
        let mut marks = Vec::with_capacity(hits.len() + sums.len());
        marks.extend(of_words);
        marks.extend(of_things);
        marks.extend(of_sums);
        if !marks.is_empty() {
            let is_sum = |start: usize, end: usize| {
                let sum = sums.get(sums.partition_point(|sum| sum.end <= start));
                sum.is_some_and(|sum| sum.start < end)
            };
            let numbers = digits(self.folded).filter(|(start, end)| !is_sum(*start, *end));
            marks.extend(numbers.map(|(start, end)| mark(Set::NUMBER, start, end)));
        }
        marks.sort_by_key(|mark| (mark.end, std::cmp::Reverse(mark.start)));
        let (mut borders, mut at) = (0, 0);
        for mark in &mut marks {
            if is_spaceless(chars[mark.start]) {
                borders += (at..mark.start).filter(|at| negation::is_border_at(chars, *at)).count();
                at = at.max(mark.start);
                mark.apart = borders * CLAUSE_APART;
            }
        }
        marks
    }

    /// What words say together, sentence by sentence.
    fn together(&self, mut marks: &[Mark], mut found: impl FnMut(Together)) {
        let chars = &self.folded.chars;
        while let Some(first) = marks.first() {
            let end = (first.end..chars.len()).find(|at| negation::is_end_at(chars, *at)).unwrap_or(chars.len());
            let (sentence, rest) = marks.split_at(marks.partition_point(|mark| mark.end <= end).max(1));
            let asks = chars.get(end) == Some(&'?');
            let negatable = &self.lexicon.negation.by_any_word;
            let negated = |intent, mark: &Mark| negatable.contains(&intent) && self.is_negated(mark.start);
            self.lexicon.cues.find(sentence, (asks, is_spaceless(chars[first.start])), negated, &mut found);
            marks = rest;
        }
    }

    /// Whether a phrase of an intent speaks of another matter, by what stands near it in its clause.
    fn is_of_another(&self, intent: Intent, phrase: Range<usize>, marks: &[Mark]) -> bool {
        let Some(matter) = self.lexicon.cues.matter(intent, marks) else { return false };
        let chars = &self.folded.chars;
        let border = |at: &usize| negation::is_border_at(chars, *at);
        let begin = phrase.start.saturating_sub(NEAR);
        let begin = (begin..phrase.start).rev().find(border).unwrap_or(begin);
        let most = chars.len().min(phrase.end + NEAR);
        let end = (phrase.end..most).find(border).unwrap_or(most);
        matter.is_another(&phrase, &(begin..end), marks)
    }

    /// Whether nothing of the clause follows but how the other is addressed.
    fn ends_clause(&self, hits: &[Hit<'_>], end: usize) -> bool {
        let end = self.over_address(hits, end);
        self.folded.chars[end..].iter().find(|c| **c != ' ').is_none_or(|c| !c.is_alphanumeric())
    }

    /// Whether a phrase is a whole sentence, a comma before it apart: "hm, no" refuses, and "no, the other one" does not.
    fn is_whole(&self, hits: &[Hit<'_>], start: usize, end: usize) -> bool {
        let chars = &self.folded.chars;
        let end = self.over_address(hits, end);
        let says_more = |c: &&char| c.is_alphanumeric() || **c == ',';
        let before = chars[..start].iter().rev().take_while(|c| !negation::is_end(**c)).find(says_more);
        let behind = chars[end..].iter().take_while(|c| !negation::is_end(**c)).find(says_more);
        before.is_none_or(|c| *c == ',') && behind.is_none()
    }

    /// Over words that only address the other: "no quiero, hermano".
    fn over_address(&self, hits: &[Hit<'_>], mut end: usize) -> usize {
        let addresses = |hit: &&Hit<'_>| matches!(hit.meaning, Meaning::Cue { name, .. } if **name == *ADDRESSED);
        loop {
            let at = end + self.folded.chars[end..].iter().take_while(|c| matches!(c, ' ' | ',')).count();
            let first = hits.partition_point(|hit| hit.start < at);
            match hits[first..].iter().take_while(|hit| hit.start == at).find(addresses) {
                Some(hit) => end = hit.end,
                None => return end,
            }
        }
    }

    /// Whether an "or" in a question stands between two things that the shop sells.
    fn chooses(&self, or: &Hit<'_>, reading: &Reading) -> bool {
        let (start, end) = (self.folded.origin(or.start), self.folded.origin_end(or.end));
        let things = || reading.products.iter().chain(&reading.brands).chain(&reading.attributes);
        let before = things().any(|thing| thing.span.end <= start && start - thing.span.end <= CHOICE_CHARS);
        let after = things().any(|thing| thing.span.start >= end && thing.span.start - end <= CHOICE_CHARS);
        before && after && self.folded.chars.contains(&'?')
    }

    /// Where a phrase begins whose second part is here, if its first stands near enough, with its numbers.
    fn begins(
        &self,
        hits: &[Hit<'_>],
        begun: &[Beginning],
        first: u32,
        hit: &Hit<'_>,
        around: Around,
        sums: &[Sum],
    ) -> Option<usize> {
        let before = begun.partition_point(|(other, start, _)| (*other, *start) < (first, hit.start));
        let (_, start, end) = *begun[..before].last().filter(|(other, ..)| *other == first)?;
        let gap = spans_gap(&self.folded.chars, end, hit.start);
        let holds = !around.inside || self.is_number(end, hit.start, sums);
        (gap && holds && self.stands_so(hits, start, hit.end, around, sums)).then_some(start)
    }

    /// Whether a number, with its currency, is all that stands from one place to another.
    fn is_number(&self, start: usize, end: usize, sums: &[Sum]) -> bool {
        let chars = &self.folded.chars;
        let sum = sums.iter().find(|sum| start <= sum.start && sum.end <= end).map(|sum| (sum.start, sum.end));
        let all = || digits(self.folded).find(|(first, last)| start <= *first && *last <= end);
        let Some((first, last)) = sum.or_else(all) else { return false };
        let letters = |range: Range<usize>| chars[range].iter().filter(|c| c.is_alphanumeric()).count();
        letters(start..first) + letters(last..end) <= MOST_BESIDE_NUMBER
    }

    /// Whether digits or a sum stand right beside the words where they must, signs left out, and the clause ends where it must.
    fn stands_so(&self, hits: &[Hit<'_>], start: usize, end: usize, around: Around, sums: &[Sum]) -> bool {
        let chars = &self.folded.chars;
        let skipped = |c: &&char| !c.is_alphanumeric() && !negation::is_end(**c);
        let behind = || {
            let at = end + chars[end..].iter().take(SIGNS).take_while(skipped).count();
            chars.get(at).is_some_and(char::is_ascii_digit) || sums.iter().any(|sum| (end..=at).contains(&sum.start))
        };
        let before = || {
            let at = start - chars[..start].iter().rev().take(SIGNS).take_while(skipped).count();
            at > 0 && chars[at - 1].is_ascii_digit() || sums.iter().any(|sum| (at..=start).contains(&sum.end))
        };
        (!around.before || before()) && (!around.behind || behind()) && (!around.ends || self.ends_clause(hits, end))
    }

    /// A question about a property, where nothing else is asked, is about the thing itself: "is the tent waterproof?". Beside a sum
    /// it mostly asks for the price. A short one about a thing, in words that no list knows, asks how the thing is.
    pub(crate) fn question(&self, hits: &[Hit<'_>], reading: &mut Reading) {
        use Intent::{Greeting, Location, ProductInquiry, Thanks};
        let beside = [Greeting, Thanks, Location];
        let chars = &self.folded.chars;
        // Where a word closes it, 防水吗, "su geçirmez mi", or opens it, "est-ce que la tente est imperméable", no mark is needed.
        let asks = |hit: &Hit<'_>| match hit.meaning {
            Meaning::Cue { name, .. } if **name == *ENDS_QUESTION => self.ends_clause(hits, hit.end),
            Meaning::Cue { name, .. } => **name == *OPENS_QUESTION,
            _ => false,
        };
        let unmarked = || hits.iter().any(asks).then_some(chars.len());
        let marked = if self.folded.asks { chars.iter().position(|c| *c == '?') } else { None };
        let Some(mark) = marked.or_else(unmarked) else { return };
        // What is asked, or offered to be spent, in this sentence is what the question is about.
        // Who pauses ("...") goes on with the same sentence.
        let pauses =
            |at: usize| chars[at] == '.' && (chars.get(at + 1) == Some(&'.') || at > 0 && chars[at - 1] == '.');
        let ends = |at: &usize| negation::is_end_at(chars, *at) && !pauses(*at);
        let begin = (0..mark).rev().find(ends).map_or(0, |at| at + 1);
        let sentence = self.span(begin, mark);
        let overlaps = |span: &Span| span.start < sentence.end && sentence.start < span.end;
        let asked = reading.intents.iter().zip(&reading.intent_spans);
        if asked.into_iter().any(|(intent, span)| !beside.contains(intent) && overlaps(span)) {
            return;
        }
        let priced = reading.amounts.iter().any(|amount| overlaps(&amount.span));
        if priced || reading.intents.contains(&ProductInquiry) {
            return;
        }
        let mut asked = reading.attributes.iter().filter(|mention| !mention.negated && overlaps(&mention.span));
        let mut things = reading.products.iter().filter(|mention| !mention.negated && overlaps(&mention.span));
        let alone = mark - begin < SHORT_QUESTION
            && reading.budget.is_none()
            && reading.intents.iter().all(|intent| beside.contains(intent));
        let Some(span) = asked.next().or_else(|| things.next().filter(|_| alone)).map(|mention| mention.span) else {
            return;
        };
        let place = reading.intents.partition_point(|intent| *intent < ProductInquiry);
        reading.intents.insert(place, ProductInquiry);
        reading.intent_spans.insert(place, span);
    }
}

/// The first part of phrases with a gap: its number, and where it begins and ends.
type Beginning = (u32, usize, usize);

/// Whether a sum says from where or to where: a number so small is as likely a model, as in "cheaper than 16".
fn is_bound(sum: &Sum) -> bool {
    let amount = &sum.amount;
    let limit = amount.max.or(amount.min).filter(|_| amount.min.is_some() != amount.max.is_some());
    limit.is_some_and(|limit| amount.currency.is_some() && !amount.currency_inferred || limit >= LEAST_AT.into())
}

/// What says an intent, or may say it with what stands around it.
fn may_say(kind: Kind) -> bool {
    use Kind::{BesideNumber, ClauseEnd, GapEnd, Intent, NotIntent, Or};
    matches!(kind, Intent | NotIntent | ClauseEnd | GapEnd | BesideNumber | Or)
}

/// First parts of phrases with a gap, by number and place, where a second part stands too.
fn beginnings(hits: &[Hit<'_>]) -> Vec<Beginning> {
    if !hits.iter().any(|hit| hit.kind == Kind::GapEnd) {
        return Vec::new();
    }
    let begins = |hit: &Hit<'_>| match (hit.kind, hit.meaning) {
        (Kind::GapStart, Meaning::GapStart(number)) => Some((*number, hit.start, hit.end)),
        _ => None,
    };
    let mut begun: Vec<Beginning> = hits.iter().filter_map(begins).collect();
    begun.sort_unstable();
    begun
}

/// Where digits stand one behind the other.
fn digits(folded: &Folded) -> impl Iterator<Item = (usize, usize)> {
    let chars = if folded.has_digits { &folded.chars[..] } else { &[] };
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + chars[at..].iter().position(char::is_ascii_digit)?;
        at = start + chars[start..].iter().take_while(|c| c.is_ascii_digit()).count();
        Some((start, at))
    })
}

/// Whether the gap of a phrase may reach from one place to another: a few words, and no end of a sentence, in scripts
/// without spaces none of a clause.
pub(crate) fn spans_gap(chars: &[char], start: usize, end: usize) -> bool {
    let spaceless = start > 0 && start <= chars.len() && is_spaceless(chars[start - 1]);
    if start > end || end - start > if spaceless { GAP_SPACELESS } else { GAP_CHARS } {
        return false;
    }
    !(start..end).any(|at| negation::is_end_at(chars, at) || spaceless && negation::is_border_at(chars, at))
}
