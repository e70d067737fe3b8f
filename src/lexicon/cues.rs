//! Cues: words that say something together. "where" and "parcel" in one sentence ask for an order, in whatever order and form
//! they stand; `intents/*.toml` lists which cues make an intent, `cues/*.toml` the words of each cue.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::dictionary::meanings::{Kind, Meaning};
use crate::search::matcher::Hit;
use hotline_domain::Intent;

/// More cues than this have no place in a set.
pub(crate) const MOST_CUES: usize = 120;
/// Cues of one rule lie within so many characters…
const REACH: usize = 64;
/// …and in scripts without spaces, whose words are shorter, within so many.
const REACH_SPACELESS: usize = 24;

/// A set of cues, one bit for each, and what is no word of a dictionary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Set(u128);

impl Set {
    const SIZE: usize = u128::BITS as usize;
    /// The sentence asks something.
    pub(crate) const QUESTION: Self = Self(1 << 120);
    /// A product, a property or a brand.
    pub(crate) const THING: Self = Self(1 << 121);
    /// A sum of money.
    pub(crate) const SUM: Self = Self(1 << 122);
    /// Digits that are no sum.
    pub(crate) const NUMBER: Self = Self(1 << 123);

    pub(crate) fn of(cue: u8) -> Self {
        Self(1 << cue)
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The places of its bits.
    fn list(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = (left != 0).then_some(left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            next
        })
    }
}

/// Something in a text that cues are made of, in folded characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) cues: Set,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What the clauses before it keep it apart from the beginning, like so many characters.
    pub(crate) apart: usize,
}

/// Cues that make an intent together.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Rule {
    intent: Intent,
    wanted: Set,
    unwanted: Set,
    /// Of the wanted ones, those that stand at a place; the others hold for the sentence.
    placed: Set,
    /// Cues that must stand in this order; empty where the order says nothing.
    order: Vec<Set>,
    /// It says "not" itself, so that a negation does not take it back.
    negates: bool,
    /// It only looks like the intent.
    against: bool,
}

/// Where a rule holds.
pub(crate) struct Together {
    pub(crate) intent: Intent,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) negates: bool,
    /// Whether it only looks like the intent.
    pub(crate) against: bool,
}

/// Which cues make which intent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cues {
    /// Each stands under one of the cues that it wants: where that is missing, it is not looked at.
    rules: Vec<Vec<Rule>>,
    /// The cue whose words ask something.
    asks: Set,
    /// Intents, and what explains them away.
    unless: Vec<(Intent, Other)>,
    /// Intents, and the cues that a question about them has.
    asked: Vec<(Intent, Set)>,
    /// What phrases of an intent are about, and what makes them another matter's.
    matters: Vec<Matter>,
}

/// What explains an intent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Other {
    /// Another intent in the message.
    Intent(Intent),
    /// What can be spent: who says so wants something, and complains of nothing.
    Budget,
}

impl Other {
    const BUDGET: &str = "budget";

    pub(crate) fn from_key(key: &str) -> Option<Self> {
        if key == Self::BUDGET { Some(Self::Budget) } else { Intent::from_key(key).map(Self::Intent) }
    }
}

/// Of "have you got any offers" the offers are the matter, and not what is in stock.
#[derive(Serialize, Deserialize)]
pub(crate) struct Matter {
    intent: Intent,
    others: Set,
    own: Set,
}

impl Matter {
    /// Whether a phrase speaks of another matter: in its clause a cue of that stands nearer than one of its own. What the phrase
    /// itself says counts for what it is.
    pub(crate) fn is_another(&self, phrase: &Range<usize>, clause: &Range<usize>, marks: &[Mark]) -> bool {
        let nearest = |cues: Set| {
            let first = marks.partition_point(|mark| mark.end <= clause.start);
            let near = marks[first..].iter().take_while(|mark| mark.end <= clause.end);
            // What touches the phrase is beside it, as words mostly are in Chinese: only what is inside has no distance.
            let distance = |mark: &Mark| match mark.end <= phrase.start {
                true => phrase.start - mark.end + 1,
                false if mark.start >= phrase.end => mark.start - phrase.end + 1,
                false => 0,
            };
            near.filter(|mark| mark.cues.has_any(cues)).map(distance).min()
        };
        let outside = |other: usize| nearest(self.own).is_none_or(|own| other < own);
        nearest(self.others).is_some_and(|other| other > 0 && outside(other))
    }
}

impl Cues {
    /// `names` are those of all cues, in the order of their numbers; of each pair in `unless` the second explains the first away.
    pub(crate) fn new(names: &[String], unless: Vec<(Intent, Other)>) -> Self {
        let asks = names.iter().position(|name| name == "asks").map_or(Set::default(), |cue| Set::of(cue as u8));
        Self { rules: vec![Vec::new(); Set::SIZE], asks, unless, asked: Vec::new(), matters: Vec::new() }
    }

    /// Whether one of the others explains an intent away.
    pub(crate) fn explained_away(&self, intent: Intent, others: &[Other]) -> bool {
        self.unless.iter().any(|(explained, by)| *explained == intent && others.contains(by))
    }

    /// Takes in which cues make a phrase of an intent another matter's, and which keep it.
    ///
    /// # Errors
    /// The name that is no cue.
    pub(crate) fn add_matter(
        &mut self,
        intent: Intent,
        others: &[String],
        own: &[String],
        names: &[String],
    ) -> Result<(), String> {
        self.matters.push(Matter { intent, others: set(others, names)?, own: set(own, names)? });
        Ok(())
    }

    /// Takes in which cues a question about an intent has.
    ///
    /// # Errors
    /// The name that is no cue.
    pub(crate) fn add_asked(&mut self, intent: Intent, asked: &[String], names: &[String]) -> Result<(), String> {
        self.asked.push((intent, set(asked, names)?));
        Ok(())
    }

    /// Whether a cue is one that a question about an intent has.
    pub(crate) fn is_asked(&self, intent: Intent, cue: Set) -> bool {
        self.asked.iter().any(|(about, cues)| *about == intent && cue.has_any(*cues))
    }

    /// Whether the words of a cue ask something.
    pub(crate) fn asks(&self, cue: Set) -> bool {
        cue.has_any(self.asks)
    }

    /// What phrases of an intent are about, where any of the marks may make them another matter's.
    pub(crate) fn matter(&self, intent: Intent, marks: &[Mark]) -> Option<&Matter> {
        let matter = self.matters.iter().find(|matter| matter.intent == intent)?;
        marks.iter().any(|mark| mark.cues.has_any(matter.others)).then_some(matter)
    }

    /// Takes in a rule as it is written: `where + order`, `have + thing + ? - order`, `thing > than > thing + ?`. One that is
    /// `against` the intent tells what only looks like it.
    ///
    /// # Errors
    /// The name that is no cue.
    pub(crate) fn add(&mut self, intent: Intent, written: &str, against: bool, names: &[String]) -> Result<(), String> {
        let (mut wanted, mut unwanted, mut without, mut negates) = (Set::default(), Set::default(), false, against);
        let (mut order, mut ordered) = (Vec::new(), written.contains('>'));
        for word in written.split_whitespace() {
            match word {
                ">" => without = false,
                "+" => (without, ordered) = (false, false),
                "-" => (without, ordered) = (true, false),
                _ => {
                    let cue = named(word, names).ok_or_else(|| word.to_owned())?;
                    negates |= word == "not" && !without;
                    let set = if without { &mut unwanted } else { &mut wanted };
                    *set = set.and(cue);
                    order.extend(ordered.then_some(cue));
                }
            }
        }
        let placed = wanted.without(Set::QUESTION);
        if placed == Set::default() {
            return Err(written.to_owned());
        }
        // The cue that fewest rules stand under is a rare one.
        if let Some(under) = placed.list().min_by_key(|cue| self.rules[*cue].len()) {
            self.rules[under].push(Rule { intent, wanted, unwanted, placed, order, negates, against });
        }
        Ok(())
    }

    /// Every rule that holds in a sentence whose marks these are, which stand in order. `asks` tells of a question mark, `negated` whether a
    /// negator takes back what a mark says of an intent.
    pub(crate) fn find(
        &self,
        marks: &[Mark],
        (asks, spaceless): (bool, bool),
        negated: impl Fn(Intent, &Mark) -> bool,
        mut found: impl FnMut(Together),
    ) {
        let mut all = marks.iter().fold(Set::default(), |all, mark| all.and(mark.cues));
        if asks || all.has_any(self.asks) {
            all = all.and(Set::QUESTION);
        }
        let reach = if spaceless { REACH_SPACELESS } else { REACH };
        for rule in all.list().flat_map(|cue| &self.rules[cue]) {
            if !all.has_all(rule.wanted) || all.has_any(rule.unwanted) {
                continue;
            }
            let Rule { intent, negates, against, .. } = *rule;
            // A number is near to what it numbers.
            let reach = if rule.wanted.has_any(Set::NUMBER) { reach / 2 } else { reach };
            let stands = |(start, end): &(usize, usize)| {
                let serving = marks.iter().filter(|mark| *start <= mark.start && mark.end <= *end);
                negates || !serving.filter(|mark| mark.cues.has_any(rule.placed)).any(|mark| negated(intent, mark))
            };
            let mut places = (0..marks.len()).filter_map(|at| match rule.order.is_empty() {
                true => narrowest(&marks[..=at], rule.placed, reach),
                false => in_order(&marks[at..], &rule.order, reach),
            });
            let place = places.find(stands);
            if let Some((start, end)) = place {
                found(Together { intent, start, end, negates, against });
            }
        }
    }
}

/// The stretch before the end of the last mark in which all cues stand, if it is short enough. No word serves two cues.
fn narrowest(marks: &[Mark], cues: Set, reach: usize) -> Option<(usize, usize)> {
    let last = marks.last()?;
    let (mut left, mut start) = (cues, last.end);
    for mark in marks.iter().rev() {
        if (last.end + last.apart).saturating_sub(mark.start + mark.apart) > reach {
            return None;
        }
        if mark.end <= start && mark.cues.has_any(left) {
            left = left.without(mark.cues);
            start = mark.start;
        } else if start == last.end {
            // Whatever ends before the last mark was looked at already.
            return None;
        }
        if left == Set::default() {
            return Some((start, last.end));
        }
    }
    None
}

/// Where cues stand one behind the other from the first mark on, if they are near enough.
fn in_order(marks: &[Mark], order: &[Set], reach: usize) -> Option<(usize, usize)> {
    let (first, mut left) = (marks.first()?, order.iter());
    let mut wanted = *left.next()?;
    let mut last = first;
    if !first.cues.has_any(wanted) {
        return None;
    }
    for mark in marks {
        // Looked at first: a long text is not searched to its end from each of its words.
        if (mark.end + mark.apart).saturating_sub(first.start + first.apart) > reach {
            return None;
        }
        let follows = std::ptr::eq(mark, first) || mark.start >= last.end;
        if !follows || !mark.cues.has_any(wanted) {
            continue;
        }
        last = mark;
        match left.next() {
            Some(next) => wanted = *next,
            None => return Some((first.start, mark.end)),
        }
    }
    None
}

/// # Errors
/// The name that is no cue.
fn set(cues: &[String], names: &[String]) -> Result<Set, String> {
    cues.iter().try_fold(Set::default(), |all, cue| named(cue, names).map(|one| all.and(one)).ok_or(cue.clone()))
}

fn named(word: &str, names: &[String]) -> Option<Set> {
    Some(match word {
        "?" => Set::QUESTION,
        "thing" => Set::THING,
        "sum" => Set::SUM,
        "number" => Set::NUMBER,
        _ => Set::of(names.iter().position(|name| name == word)? as u8),
    })
}

/// The cue that a hit is of.
pub(crate) fn cue(hit: &Hit<'_>) -> Option<Set> {
    match (hit.kind, hit.meaning) {
        (Kind::Cue, Meaning::Cue { number, .. }) => Some(Set::of(*number)),
        _ => None,
    }
}
