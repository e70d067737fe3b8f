//! How a message is read within a talk, and what it tells of the customer's language.

use super::{Dialogue, Memory, answer};
use crate::domain::{Budget, Contact, Event, EventBody, Intent, Language, Reading};
use crate::lexicon::{Hints, Lexicon};

impl Dialogue {
    /// Reads a message of somebody who was talked with. Who asks who answers, or whether it speaks their language, is told so: they
    /// want a person if they say so besides.
    pub fn read(&self, lexicon: &Lexicon, contact: &Contact, memory: &Memory, words: &str) -> Reading {
        let small = words.to_lowercase();
        let asked = self.short_answers.language_asked_for(&small);
        let hints = Hints {
            lang: asked.or(contact.language.as_ref()).map(Language::tag),
            country: contact.country,
            // "2" of a list is its second product.
            asked_budget: memory.asked_budget() && (memory.shown.len() < 2 || self.pointings.read(&small).is_empty()),
        };
        let mut reading = lexicon.read(words, &hints);
        self.keep_currency(lexicon, memory, (words, &hints), &mut reading);
        if reading.wants(Intent::Human)
            && let Some(rest) = self.short_answers.beside_questions_of_us(&small)
            && !lexicon.read(&rest, &hints).wants(Intent::Human)
        {
            reading.without(Intent::Human);
        }
        if !reading.comes_back() {
            reading.without(Intent::OptIn);
        }
        reading
    }

    /// Who named the currency of what they can spend, and then another sum without any, means the same: nothing is made of the sum that
    /// would be done to one of their country's.
    fn keep_currency(
        &self,
        lexicon: &Lexicon,
        memory: &Memory,
        (words, hints): (&str, &Hints<'_>),
        reading: &mut Reading,
    ) {
        let Some(named) = memory.named_currency() else { return };
        let is_bare = |budget: &&mut Budget| budget.currency_inferred || budget.currency.is_none();
        let Some(budget) = reading.budget.as_mut().filter(is_bare) else { return };
        if budget.currency != Some(named)
            && let Some(bare) = lexicon.read(words, &Hints { country: None, ..*hints }).budget
        {
            (budget.min, budget.max) = (bare.min, bare.max);
        }
        (budget.currency, budget.currency_inferred) = (Some(named), false);
    }

    /// What a message tells of the language that they are to be answered in.
    pub fn learn_language(&self, contact: &mut Contact, event: &Event, reading: &Reading) {
        let EventBody::Message(message) = &event.body else { return };
        if let Some(asked) = self.short_answers.language_asked_for(&message.words().to_lowercase()) {
            return contact.hear_language(asked, true);
        }
        // Words such as START and STOP are the same in many languages.
        let of_consent = reading.wants(Intent::OptOut) || reading.wants(Intent::OptIn);
        // What was written before the last message is not in their language of now.
        let is_last = contact.last_inbound.is_none_or(|last| last <= event.at);
        let tells = contact.language.is_none() || is_last && !of_consent && message.choice.is_none();
        if let Some(language) = reading.lang.as_ref().filter(|_| tells && !self.is_own_tap(event)) {
            contact.hear_language(language, reading.is_plain);
        }
    }

    /// Whether an event is a tap on a button or a row of an answer of ours: its words are ours, in the language that we spoke.
    pub fn is_own_tap(&self, event: &Event) -> bool {
        let EventBody::Message(message) = &event.body else { return false };
        message.choice.as_deref().is_some_and(answer::is_own_choice)
    }
}
