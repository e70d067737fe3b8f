//! What a message says otherwise within a talk than it does alone: a sum that comes to what they can spend, an order of before.

use rust_decimal::Decimal;

use super::pointing::{Cue, is_whole};
use super::words::is_question;
use super::{Dialogue, Memory, is_small_talk};
use crate::domain::{Amount, Budget, Intent, Reading, Span};
use crate::lexicon::{Hints, Lexicon};

/// "Ok, send me the link."
const SHORT: usize = 6;

/// Where a whole message stands.
fn all_of(words: &str) -> Span {
    Span { start: 0, end: words.chars().count() as u32 }
}

impl Dialogue {
    /// Takes a message as it is meant within the talk.
    pub(super) fn read_again(
        &self,
        lexicon: &Lexicon,
        memory: &Memory,
        (words, hints): (&str, &Hints<'_>),
        language: Option<&str>,
        reading: &mut Reading,
    ) {
        // The number of a house is no sum, whatever was asked before.
        if hints.asked_budget && reading.wants(Intent::Location) && reading.budget.is_some() {
            let plain = lexicon.read(words, &Hints { asked_budget: false, ..*hints });
            (reading.budget, reading.amounts, reading.tags) = (plain.budget, plain.amounts, plain.tags);
        }
        self.hear_raise(memory, words, language, reading);
        self.hear_other_limit(lexicon, memory, (words, hints), reading);
        self.hear_what_was_ordered(memory, words, language, reading);
        self.hear_link(words, language, reading);
        self.hear_thing_beside_call(words, language, reading);
        self.hear_part_asked_for(lexicon, memory, (words, hints), reading);
        let says = |cue| self.pointings.says(cue, words, language);
        if says(Cue::WhatIf) {
            reading.without(Intent::Complaint);
            reading.without(Intent::OrderStatus);
            return reading.with(Intent::Warranty, all_of(words));
        }
        // What came broken and is to be paid back is a complaint in every language.
        if reading.wants(Intent::ReturnRefund) && says(Cue::Broken) && says(Cue::Owned) && !words.contains(is_question)
        {
            reading.with(Intent::Complaint, all_of(words));
        }
    }

    /// "How many watts?", of what they see, asks for no price, and "how long from one charge" for no charger.
    fn hear_part_asked_for(
        &self,
        lexicon: &Lexicon,
        memory: &Memory,
        (words, hints): (&str, &Hints<'_>),
        reading: &mut Reading,
    ) {
        if memory.shown.is_empty() || reading.budget.is_some() {
            return;
        }
        let Some(rest) = self.parts.beside(words) else { return };
        let letters: Vec<(char, char)> = words.chars().zip(rest.chars()).collect();
        let is_asked = |pair: &&(char, char)| pair.0.is_alphanumeric() && pair.1 == ' ';
        let is_word = |pair: &&(char, char)| pair.0.is_alphanumeric();
        // A word by itself is a thing that may be wished for.
        let is_gone = |span: Span| {
            let (start, end) = (span.start as usize, (span.end as usize).min(letters.len()));
            let beside = [letters[..start.min(end)].iter().rev().find(is_word), letters[end..].iter().find(is_word)];
            letters[start.min(end)..end].iter().filter(is_word).all(|pair| pair.1 == ' ')
                && beside.into_iter().flatten().any(|pair| is_asked(&pair))
        };
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut reading.products).into_iter().partition(|thing| is_gone(thing.span));
        reading.products = kept;
        for thing in gone.iter().filter(|thing| !reading.products.iter().any(|other| other.key == thing.key)) {
            let tag = format!("category/{}", thing.key.replace('_', "-"));
            reading.tags.retain(|other| *other != tag);
        }
        if reading.wants(Intent::Price) && !lexicon.read(&rest, hints).wants(Intent::Price) {
            reading.without(Intent::Price);
            reading.with(Intent::ProductInquiry, all_of(words));
        }
    }

    /// "500 more": what they can spend is so much more than they named before.
    fn hear_raise(&self, memory: &Memory, words: &str, language: Option<&str>, reading: &mut Reading) {
        let (Some(before), Some(sum)) = (&memory.budget, &reading.budget) else { return };
        let (Some(most), Some(more)) = (before.max, sum.max) else { return };
        let is_sum =
            sum.min == sum.max && (sum.currency_inferred || sum.currency.is_none() || sum.currency == before.currency);
        let stands_beside = |sum: &&Amount| {
            let byte = |place: u32| words.char_indices().nth(place as usize).map_or(words.len(), |(at, _)| at);
            let (before, after) = (words[..byte(sum.span.start)].trim_end(), words[byte(sum.span.end)..].trim_start());
            let ends = |phrase: &String| {
                before.ends_with(phrase.as_str()) && is_whole(before, before.len() - phrase.len(), before.len())
            };
            let begins = |phrase: &String| after.starts_with(phrase.as_str()) && is_whole(after, 0, phrase.len());
            self.pointings.phrases(Cue::Raises, language).any(|phrase| ends(phrase) || begins(phrase))
        };
        if !is_sum || !reading.amounts.iter().any(|sum| stands_beside(&sum)) {
            return;
        }
        let Some(raised) = most.checked_add(more) else { return };
        let min = before.min.filter(|_| before.min == before.max).map(|_| raised).or(before.min);
        let budget = Budget { min, max: Some(raised), ..before.clone() };
        // The sum in the message is no limit by itself.
        reading.tags.retain(|tag| !tag.starts_with("budget/"));
        let text = |sum: Decimal| sum.normalize().to_string();
        let tag = match budget.min {
            Some(min) if min == raised => format!("budget/{}", text(raised)),
            min => format!("budget/{}-{}", text(min.unwrap_or_default()), text(raised)),
        };
        let place = reading.tags.binary_search(&tag).unwrap_or_else(|place| place);
        reading.tags.insert(place, tag);
        reading.budget = Some(budget);
    }

    /// "Make it 1500", from who named another limit before and sees several things, haggles over none of them.
    fn hear_other_limit(
        &self,
        lexicon: &Lexicon,
        memory: &Memory,
        (words, hints): (&str, &Hints<'_>),
        reading: &mut Reading,
    ) {
        let sum = reading.budget.as_ref().and_then(|budget| budget.max);
        let costs_less = |sku: &String| self.priced.get(sku).is_some_and(|(price, _)| Some(*price) < sum);
        // Nobody haggles for more than anything costs.
        let is_limit = memory.budget.is_some() || memory.shown.len() > 1 && memory.shown.iter().all(costs_less);
        if !is_limit || memory.shown.len() == 1 || sum.is_none() || !reading.wants(Intent::Discount) {
            return;
        }
        let is_sum = |at: u32| reading.amounts.iter().any(|sum| (sum.span.start..sum.span.end).contains(&at));
        let rest: String = (0..).zip(words.chars()).map(|(at, letter)| if is_sum(at) { ' ' } else { letter }).collect();
        if !lexicon.read(&rest, hints).wants(Intent::Discount) {
            reading.without(Intent::Discount);
        }
    }

    /// "I ordered a desk last week" asks after that order, and for no other desk.
    fn hear_what_was_ordered(&self, memory: &Memory, words: &str, language: Option<&str>, reading: &mut Reading) {
        let says = |cue| self.pointings.says(cue, words, language);
        let is_plain = reading.intents.iter().all(|intent| is_small_talk(*intent)) && reading.budget.is_none();
        if is_plain && says(Cue::Ordered) && !says(Cue::Looking) && !says(Cue::If) {
            reading.with(Intent::OrderStatus, all_of(words));
        }
        // Who told of trouble with an order, and asks where it is, asks after that.
        let is_short = words.split_whitespace().count() <= SHORT;
        if memory.trouble && is_short && reading.intents.is_empty() && reading.products.is_empty() && says(Cue::Where) {
            reading.with(Intent::OrderStatus, all_of(words));
        }
    }

    /// "Ok, send me the link" wants the link, and says no more.
    fn hear_link(&self, words: &str, language: Option<&str>, reading: &mut Reading) {
        let is_short = words.split_whitespace().count() <= SHORT;
        let of_link =
            |intent: &Intent| is_small_talk(*intent) || matches!(intent, Intent::Buy | Intent::ProductInquiry);
        if is_short
            && reading.wants(Intent::Buy)
            && reading.intents.iter().all(of_link)
            && self.pointings.says_shortly(Cue::Link, words, language)
            && !self.pointings.says(Cue::Paid, words, language)
        {
            reading.without(Intent::Buy);
        }
    }

    /// "Does it come with the phone?" names the thing, and asks for no call.
    fn hear_thing_beside_call(&self, words: &str, language: Option<&str>, reading: &mut Reading) {
        let Some(at) = reading.intents.iter().position(|intent| *intent == Intent::Human) else { return };
        let asks = self.pointings.says(Cue::Included, words, language)
            || self.pointings.says(Cue::Compatible, words, language);
        let Some(said) = reading.intent_spans.get(at).copied() else { return };
        let is_thing = reading.products.iter().any(|thing| thing.span.start < said.end && said.start < thing.span.end);
        if asks && is_thing && words.contains(is_question) {
            reading.without(Intent::Human);
        }
    }
}
