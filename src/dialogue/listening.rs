//! How a message is read within a talk, and what it tells of the customer's language.

use rust_decimal::Decimal;

use super::memory::Slot;
use super::pointing::{Cue, Pointing, stands_in};
use super::words::is_question;
use super::{Dialogue, Memory, answer, is_small_talk};
use crate::domain::{Amount, Budget, Contact, Event, EventBody, Intent, Language, Reading, Span};
use crate::lexicon::{Hints, Lexicon};

/// What "the cheapest" seems to want; "the cheaper one" of a list seems to want the others, too.
const EXTREME: [Intent; 3] = [Intent::Compare, Intent::Reject, Intent::Discount];
/// A number beyond this is no budget of anybody.
const MOST_SPENT: Decimal = Decimal::from_parts(99_999_999, 0, 0, false, 0);
/// "Any chance of 400 for it, my friend?"
const SHORT_OFFER: usize = 8;
/// What may be read where they only speak ill of something.
const TROUBLES: [Intent; 3] = [Intent::Complaint, Intent::OrderStatus, Intent::Warranty];
/// "Which is", "qual è, per favore", 哪个: beside what else is said, these ask for nothing.
const BARE_WORDS: usize = 3;
const BARE_LETTERS: usize = 3;
/// More than so many are no pieces of one thing.
const MOST_PIECES: Decimal = Decimal::from_parts(20, 0, 0, false, 0);

impl Dialogue {
    /// Reads a message of somebody who was talked with. Who asks who answers, or whether it speaks their language, is told so: they
    /// want a person if they say so besides.
    pub fn read(&self, lexicon: &Lexicon, contact: &Contact, memory: &Memory, words: &str) -> Reading {
        let small = words.to_lowercase();
        let asked = self.short_answers.language_asked_for(&small);
        let spoken = asked.or(contact.language.as_ref()).map(Language::tag);
        let hints = Hints {
            lang: spoken,
            country: contact.country,
            // "2" of a list is its second product.
            asked_budget: (memory.asked_budget() || self.may_be_budget(memory, &small, spoken))
                && (memory.shown.len() < 2 || self.pointings.read(&small).is_empty()),
        };
        let mut reading = lexicon.read(words, &hints);
        let language = reading.lang.clone();
        let language = language.as_ref().map(Language::tag).or(hints.lang);
        let offered = self.offered(memory, (words, &small), language, &reading);
        let sums_only = self.without_other_numbers(memory, (words, &small), &reading, offered);
        if let Some(sums_only) = &sums_only {
            let read = lexicon.read(sums_only, &hints);
            // What a sum explained away is meant where it is none: "I'll take the Breeze 30".
            for (intent, span) in read.intents.iter().zip(&read.intent_spans) {
                reading.with(*intent, *span);
            }
            (reading.budget, reading.amounts, reading.tags) = (read.budget, read.amounts, read.tags);
        }
        if let Some(offered) = offered.filter(|_| !reading.wants(Intent::Buy)) {
            [Intent::Availability, Intent::Price, Intent::Compare].into_iter().for_each(|asked| reading.without(asked));
            reading.with(Intent::Discount, offered);
        }
        self.keep_currency(lexicon, memory, (sums_only.as_deref().unwrap_or(words), &hints), &mut reading);
        if reading.wants(Intent::Human)
            && let Some(rest) = self.short_answers.beside_questions_of_us(&small)
            && !lexicon.read(&rest, &hints).wants(Intent::Human)
        {
            reading.without(Intent::Human);
        }
        if !reading.comes_back() {
            reading.without(Intent::OptIn);
        }
        if self.asks_of_trust(memory, &small, language, &reading.intents) {
            reading.without(Intent::Complaint);
            reading.without(Intent::Thanks);
        }
        self.hear_extremes(lexicon, memory, (&small, &hints), &mut reading);
        // "If I order today, when is it here?" asks after no order of theirs.
        let says = |cue| self.pointings.says(cue, &small, language);
        if reading.wants(Intent::Shipping) && memory.order.is_none() && says(Cue::If) && !says(Cue::Owned) {
            reading.without(Intent::OrderStatus);
        }
        // "Do I need to buy beans separately?" buys none.
        let is_extra = matches!(reading.product_keys().as_slice(), [key] if memory.product() != Some(&**key))
            && !memory.shown.is_empty();
        if is_extra && says(Cue::Included) && !says(Cue::Looking) {
            reading.without(Intent::Buy);
        }
        self.read_again(lexicon, memory, (&small, &hints), language, &mut reading);
        self.hear_part(memory, &small, language, &mut reading);
        self.hear_pieces(memory, &small, language, &mut reading);
        self.hear_orders(lexicon, memory, (&small, &hints), language, &mut reading);
        if self.wishes_all_the_same(memory, &small, language, &reading) {
            TROUBLES.into_iter().for_each(|trouble| reading.without(trouble));
        }
        reading
    }

    /// "Which is the cheapest?" puts nothing side by side, and "the dearer one" of a list turns nothing down.
    fn hear_extremes(
        &self,
        lexicon: &Lexicon,
        memory: &Memory,
        (words, hints): (&str, &Hints<'_>),
        reading: &mut Reading,
    ) {
        let sees_list = memory.list().len() > 1;
        let of_list = |at: [Pointing; 2]| sees_list.then(|| self.pointings.beside_one(words, at)).flatten();
        let extreme = [
            (self.pointings.beside_one(words, [Pointing::Cheapest, Pointing::Dearest]), &EXTREME[..1]),
            (of_list([Pointing::CheaperOne, Pointing::DearerOne]), &EXTREME),
        ];
        for (rest, intents) in extreme {
            let Some(rest) = rest.filter(|_| intents.iter().any(|intent| reading.wants(*intent))) else { continue };
            // "Which is", and no more, puts nothing side by side.
            let beside = if is_bare(&rest) { Reading::default() } else { lexicon.read(&rest, hints) };
            intents.iter().filter(|intent| !beside.wants(**intent)).for_each(|intent| reading.without(*intent));
        }
    }

    /// "With a good camera", of phones that they see, asks after a part of them, unless the shop sells such parts.
    fn hear_part(&self, memory: &Memory, words: &str, language: Option<&str>, reading: &mut Reading) {
        let keys = reading.product_keys();
        let ([part], Some(whole)) = (keys.as_slice(), memory.product()) else { return };
        let is_plain = reading.brands.is_empty()
            && reading.budget.is_none()
            && reading.intents.iter().all(|intent| is_small_talk(*intent))
            && !memory.shown.is_empty()
            && !self.pointings.says(Cue::Looking, words, language);
        let span = reading.products.first().map(|product| product.span);
        let is_part = self.pointings.is_part(part, whole);
        let is_sold = self.prices.contains_key(&**part);
        if let Some(span) = span
            && is_plain
            && is_part
            && !is_sold
        {
            reading.with(Intent::ProductInquiry, span);
        }
        // "And the single bed?", of a sofa, asks for one where there are beds.
        let says = |cue| self.pointings.says(cue, words, language);
        let of_shown = || says(Cue::Included) || says(Cue::It) || says(Cue::WhichOne) || says(Cue::Asks);
        if is_part && is_sold && reading.intents == [Intent::ProductInquiry] && !of_shown() {
            reading.without(Intent::ProductInquiry);
        }
    }

    /// "3 bags", of the coffee that they see, is how much of it they take, and no wish for bags.
    fn hear_pieces(&self, memory: &Memory, words: &str, language: Option<&str>, reading: &mut Reading) {
        let [thing] = reading.products.as_slice() else { return };
        let (span, key) = (thing.span, thing.key.clone());
        let byte = |place: u32| words.char_indices().nth(place as usize).map_or(words.len(), |(at, _)| at);
        let (before, named) = (&words[..byte(span.start)], &words[byte(span.start)..byte(span.end)]);
        let is_counted = before.trim_end().ends_with(|letter: char| letter.is_numeric());
        let is_open = memory.shown.len() == 1 && memory.product() != Some(&*key) && reading.brands.is_empty();
        let asks = [Intent::Price, Intent::Availability, Intent::Compare].iter().any(|want| reading.wants(*want));
        if !is_open || !is_counted || asks || words.contains(is_question) {
            return;
        }
        if self.pointings.phrases(Cue::Takes, language).any(|phrase| phrase == named) {
            reading.products.clear();
            let tag = format!("category/{}", key.replace('_', "-"));
            reading.tags.retain(|other| *other != tag);
            reading.with(Intent::Buy, span);
        }
    }

    /// Who writes down what they order, "Order: 2 Pebble Air, address …", asks after no order that there is.
    fn hear_orders(
        &self,
        lexicon: &Lexicon,
        memory: &Memory,
        (words, hints): (&str, &Hints<'_>),
        language: Option<&str>,
        reading: &mut Reading,
    ) {
        let says = |cue| self.pointings.says(cue, words, language);
        let named = self.names.places(words).into_iter().next();
        let is_shown = memory.order.is_none() && memory.shown.len() == 1;
        if !says(Cue::Orders) || says(Cue::Where) || words.contains(is_question) || named.is_none() && !is_shown {
            return;
        }
        let rest = lexicon.read(&self.pointings.beside(Cue::Orders, words, language), hints);
        if rest.wants(Intent::OrderStatus) || rest.wants(Intent::Complaint) || rest.wants(Intent::ReturnRefund) {
            return;
        }
        let at = |byte: usize| words.get(..byte).map_or(0, |before| before.chars().count() as u32);
        let (start, end) = named.unwrap_or_default();
        reading.without(Intent::OrderStatus);
        reading.without(Intent::Complaint);
        reading.with(Intent::Buy, Span { start: at(start), end: at(end) });
    }

    /// Whether they speak ill of something that is not from us, or has broken, and look for another: the wish is what they write for.
    fn wishes_all_the_same(&self, memory: &Memory, words: &str, language: Option<&str>, reading: &Reading) -> bool {
        let says = |cue| self.pointings.says(cue, words, language);
        let wants = |intents: &[Intent]| intents.iter().any(|intent| reading.wants(*intent));
        let has_nothing = memory.order.is_none() && !memory.trouble && !wants(&[Intent::ReturnRefund, Intent::Human]);
        let is_trouble = wants(&[Intent::Complaint, Intent::OrderStatus])
            || reading.wants(Intent::Warranty) && says(Cue::Broken) && !wants(&[Intent::ProductInquiry]);
        let names = !reading.products.is_empty() || !reading.brands.is_empty() || !self.names.places(words).is_empty();
        let names = names || says(Cue::Renews) || self.pointings.loosely(words).is_some();
        let looks =
            || says(Cue::Looking) || says(Cue::Renews) || wants(&[Intent::Availability, Intent::ProductInquiry]);
        is_trouble && has_nothing && names && looks() && !says(Cue::Ours)
    }

    /// The sum that they would pay for the one thing that they see or call by name, which costs more: no limit for others.
    fn offered(
        &self,
        memory: &Memory,
        (words, small): (&str, &str),
        language: Option<&str>,
        reading: &Reading,
    ) -> Option<Span> {
        let offers = self.pointings.says(Cue::Offers, small, language)
            || reading.wants(Intent::Discount) && small.split_whitespace().count() <= SHORT_OFFER;
        let of_shown = reading.product_keys().iter().all(|key| memory.product() == Some(&**key));
        if !offers || !of_shown || matches!(memory.asked, Some((Slot::Budget, _))) {
            return None;
        }
        let is_limit =
            |sum: &&Amount, limit: &Budget| sum.max.is_some() && (sum.min, sum.max) == (limit.min, limit.max);
        let sum = match (&reading.budget, reading.amounts.as_slice()) {
            (Some(limit), sums) => sums.iter().find(|sum| is_limit(sum, limit))?,
            (None, [one]) => one,
            (None, _) => return None,
        };
        let span = sum.span;
        // As it is written: thousands may be left unsaid elsewhere.
        let letters = words.chars().skip(span.start as usize).take((span.end - span.start) as usize);
        let number: Decimal = letters.filter_map(|letter| letter.to_digit(10)).fold(None, |number, digit| {
            number.unwrap_or(Decimal::ZERO).checked_mul(Decimal::TEN)?.checked_add(digit.into())
        })?;
        let is_alone = memory.shown.len() == 1;
        let costs_more = |sku: &String| {
            let (price, name) = self.priced.get(sku)?;
            let is_called = is_alone || name.split(' ').any(|word| word.len() > 2 && stands_in(small, word));
            (is_called && number < *price && number * Decimal::TWO >= *price).then_some(())
        };
        memory.list().iter().find_map(costs_more).map(|()| span)
    }

    /// Whether a message that is a number alone may be what they can spend: on the kind that is talked of, or on what they were asked to
    /// name together with it. Of the one thing that they see a small number may be how many. Sums of other money are greater, and round.
    fn may_be_budget(&self, memory: &Memory, words: &str, language: Option<&str>) -> bool {
        let rest = self.pointings.beside(Cue::Together, words, language);
        // "600 in total", of several things.
        let of_all = rest != words && memory.shown.len() != 1;
        let words = rest.trim().trim_end_matches(['.', '!', '?']).trim();
        let Ok(number) = words.replace([' ', '\u{a0}', '\u{202f}'], "").parse::<Decimal>() else { return false };
        let is_sum = (Decimal::TEN..=MOST_SPENT).contains(&number);
        let is_round = is_sum && number % Decimal::ONE_HUNDRED == Decimal::ZERO;
        let was_asked = matches!(memory.asked, Some((Slot::Product, _)));
        // What follows on trouble or delivery may be the number of an order or of a place.
        let is_other = memory.trouble || memory.told_delivery;
        let sees_one = memory.shown.len() == 1;
        if of_all && (memory.product().is_some() || !memory.shown.is_empty()) {
            return is_sum && !is_other;
        }
        if memory.product().is_none() && memory.shown.is_empty() {
            return was_asked && is_sum && !is_other;
        }
        let prices =
            memory.product().filter(|_| memory.budget.is_none() || sees_one).and_then(|kind| self.prices.get(kind));
        let Some((least, most)) = prices else { return false };
        let fits = is_sum && number * Decimal::TWO >= *least && number <= *most * Decimal::TWO;
        if sees_one { (fits || is_round) && number > MOST_PIECES && !is_other } else { fits }
    }

    /// Whether they ask if the shop is one to trust: words of deceit in a question, from who has nothing yet.
    pub(super) fn asks_of_trust(&self, memory: &Memory, words: &str, language: Option<&str>, wants: &[Intent]) -> bool {
        let says = |cue| self.pointings.says(cue, words, language);
        let asks = || words.contains(is_question) || says(Cue::Asks) || says(Cue::Trusted);
        let of_theirs =
            [Intent::OrderStatus, Intent::ReturnRefund, Intent::Warranty].iter().any(|want| wants.contains(want));
        let has_nothing = memory.order.is_none() && !memory.trouble && !of_theirs;
        has_nothing && says(Cue::Fraud) && asks() && !says(Cue::Owned)
    }

    /// A message of which a number was taken for a sum, without those numbers that are none: in the name of a product of ours, or the
    /// size of what they look for, or what they offer for what they see.
    fn without_other_numbers(
        &self,
        memory: &Memory,
        (words, small): (&str, &str),
        reading: &Reading,
        offered: Option<Span>,
    ) -> Option<String> {
        reading.budget.as_ref()?;
        let at = |byte: usize| small.get(..byte).map_or(0, |before| before.chars().count() as u32);
        let named = self.names.places(small).into_iter().map(|(start, end)| Span { start: at(start), end: at(end) });
        let named: Vec<Span> = named.collect();
        let is_none = |sum: &&Amount| {
            offered == Some(sum.span)
                || (sum.currency.is_none() || sum.currency_inferred)
                    && (named.iter().any(|name| name.covers(sum.span)) || self.is_size(memory, small, reading, sum))
        };
        let others: Vec<Span> = reading.amounts.iter().filter(is_none).map(|sum| sum.span).collect();
        let is_other = |at: u32| others.iter().any(|span| (span.start..span.end).contains(&at));
        let kept = (0..).zip(words.chars()).map(|(at, letter)| if is_other(at) { ' ' } else { letter });
        (!others.is_empty()).then(|| kept.collect())
    }

    /// Whether a bare sum is the size of what they look for: they ask for it, or write nothing else, and were not asked what they can
    /// spend.
    fn is_size(&self, memory: &Memory, words: &str, reading: &Reading, sum: &Amount) -> bool {
        let keys = reading.product_keys();
        let kind = keys.last().map(|key| &**key).or(memory.product());
        let asks = words.contains(is_question) || reading.wants(Intent::Availability) || sum.about;
        let was_asked = matches!(memory.asked, Some((Slot::Budget, _)));
        let number = sum.max.filter(|_| sum.min == sum.max).map(|number| number.to_string());
        let is_number = number.zip(kind).is_some_and(|(number, kind)| self.pointings.is_size(kind, &number));
        is_number && !was_asked && (asks || !words.contains(char::is_alphabetic))
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
        let is_one_word = message.words().split_whitespace().nth(1).is_none();
        let tells = match contact.language {
            None => !(of_consent && is_one_word),
            Some(_) => is_last && !of_consent && message.choice.is_none(),
        };
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

/// Whether what is said beside something else is too little to ask for anything.
pub(super) fn is_bare(words: &str) -> bool {
    let is_dense = |letter: &char| ('\u{2e80}'..='\u{9fff}').contains(letter);
    words.split_whitespace().count() <= BARE_WORDS && words.chars().filter(is_dense).count() <= BARE_LETTERS
}
