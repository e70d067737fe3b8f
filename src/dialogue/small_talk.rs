//! What is said around wishes and facts: yes and no to the offer of a person, all right, who answers here, what cannot be seen.

use minijinja::context;

use super::answer::{Call, Reply};
use super::hearing::Heard;
use super::is_small_talk;
use super::listening::is_bare;
use super::memory::Slot;
use super::pointing::Cue;
use super::short_answers::ShortAnswer;
use super::words::is_question;
use crate::domain::Intent;

impl Reply<'_> {
    /// Whether they only say all right, or thank once more, after an answer that left nothing open.
    pub(super) fn wants_nothing(&self, heard: &Heard) -> bool {
        let is_thanks = heard.wants == [Intent::Thanks] && heard.says_nothing_beside();
        let is_noted = !is_understood(heard) && self.dialogue.short_answers.is_noted(&heard.words);
        let after_all = self.memory.closed || is_noted && self.was_asked(Slot::Product);
        heard.choice.is_none() && self.memory.offered.is_none() && after_all && (is_thanks || is_noted)
    }

    /// Whether they greet once more after an answer, and ask for nothing.
    pub(super) fn greets_again(&self, heard: &Heard) -> bool {
        let shown = !self.memory.shown.is_empty() && heard.meant.is_none();
        let after_all = shown && self.memory.asked.is_none() && !self.memory.trouble;
        let is_plain = heard.wants == [Intent::Greeting] && heard.media.is_none() && heard.says_nothing_beside();
        // "Morning Blend" greets nobody.
        let names_one = || !self.dialogue.names.places(&heard.words).is_empty();
        after_all && is_plain && !names_one() && self.dialogue.short_answers.language_asked_for(&heard.words).is_none()
    }

    /// What they answer to the offer of a person, or where nothing is open. Whether that is all there is to say.
    pub(super) fn short_answer(&mut self, heard: &Heard) -> bool {
        let is_talk = heard.wants.iter().all(|want| is_small_talk(*want) || *want == Intent::Reject);
        if heard.choice.is_some() || !is_talk || heard.refined {
            return false;
        }
        let will_ask = || {
            let rest = self.dialogue.pointings.beside(Cue::WillAsk, &heard.words, Some(&self.language));
            let is_little = is_bare(&rest) && !rest.contains(char::is_numeric) && !rest.contains(is_question);
            is_little && heard.named_needs.is_empty() && rest != heard.words
        };
        if self.memory.greeted && !heard.understood && (self.says(Cue::Settled, heard) || will_ask()) {
            self.say("noted", context! {});
            return true;
        }
        let said = self.dialogue.short_answers.read(&heard.words);
        // "I want one in 40" begins as a yes does.
        let chooses = || heard.words.contains(char::is_numeric) || self.names_variant(heard);
        let begins = || self.dialogue.short_answers.begins_with_yes(&heard.words, &self.language) && !chooses();
        let asked = self.memory.offered == Some(true);
        let is_open = self.was_asked(Slot::Budget) || self.was_asked(Slot::Need);
        let goes_on = self.memory.greeted && !is_open && !is_understood(heard);
        match (said, self.memory.offered) {
            (Some(ShortAnswer::No), Some(_)) => self.say("reject", context! {}),
            (Some(ShortAnswer::Yes), Some(_)) => self.call = Some(Call::Human),
            (Some(ShortAnswer::Noted), _) if asked => self.call = Some(Call::Human),
            (None, Some(_)) if begins() && !heard.understood => self.call = Some(Call::Human),
            (Some(ShortAnswer::Yes | ShortAnswer::Noted), _) if goes_on => self.say("noted", context! {}),
            _ => return false,
        }
        true
    }

    /// Whether what is said comes to no more than that we are here.
    pub(super) fn closes(&self) -> bool {
        let [one] = self.paragraphs.as_slice() else { return false };
        let mut closing = ["thanks", "noted", "later", "reject"].into_iter();
        self.rows.is_empty()
            && self.buttons.is_empty()
            && closing.any(|section| self.render(section, context! {}) == *one)
    }

    /// What was sent cannot be looked at, whatever was written under it.
    pub(super) fn unseen(&mut self, heard: &Heard) {
        let is_sent = |media: &str| matches!(media, "image" | "video" | "audio" | "document");
        if heard.understood && heard.media.as_deref().is_some_and(is_sent) {
            self.say("picture", context! {});
            self.offer("person", "button_person");
        }
    }

    /// How presents are wrapped, a person knows. Whether nothing else is asked.
    pub(super) fn wrapping(&mut self, heard: &Heard) -> bool {
        let asks =
            |want: &Intent| is_small_talk(*want) || matches!(want, Intent::Availability | Intent::ProductInquiry);
        let is_asked = self.says(Cue::Wrapping, heard) && heard.choice.is_none();
        if is_asked {
            self.say("no_fact", context! {});
            self.offer("person", "button_person");
        }
        is_asked && heard.says_nothing_beside() && !heard.wants.is_empty() && heard.wants.iter().all(asks)
    }

    /// Who asks whether the shop is one to trust hears where it is, what they can send back, and that there are people. Whether they do.
    pub(super) fn trust(&mut self, heard: &Heard) -> bool {
        let language = Some(self.language.as_str());
        let asks = self.dialogue.asks_of_trust(self.memory, &heard.words, language, &heard.wants);
        if !asks || heard.refined || heard.choice.is_some() {
            return false;
        }
        let shop = self.shop;
        self.hours();
        self.shop_text("returns", &shop.returns);
        self.say("assistant", context! {});
        self.offer("person", "button_person");
        self.memory.lost = 0;
        true
    }

    /// Who asks for a picture of what they see or name hears where there is one, and that a person can send some. Whether they do.
    pub(super) fn photo(&mut self, heard: &Heard) -> bool {
        let asks =
            |want: &Intent| is_small_talk(*want) || matches!(want, Intent::Availability | Intent::ProductInquiry);
        let language = Some(self.language.as_str());
        let is_asked = self.dialogue.pointings.says_shortly(Cue::Photo, &heard.words, language);
        let is_plain = !self.memory.trouble
            && !heard.refined
            && heard.choice.is_none()
            && heard.named_needs.is_empty()
            && heard.media.is_none();
        if !is_asked || !is_plain || !heard.wants.iter().all(asks) {
            return false;
        }
        let named = self.dialogue.names.in_words(&heard.words, self.shop, |one| self.memory.talks_of(one));
        let of = if named.is_empty() { self.shown() } else { named };
        let url = match of.as_slice() {
            [one] => {
                self.memory.open(one);
                self.page_of(one)
            }
            _ => None,
        };
        self.say("photo", context! { url });
        self.offer("person", "button_person");
        self.memory.lost = 0;
        true
    }

    /// Who asks for the link of what they see or name gets that of its page; of several they are asked which. Whether they do.
    pub(super) fn link(&mut self, heard: &Heard) -> bool {
        let asks = |want: &Intent| is_small_talk(*want) || matches!(want, Intent::ProductInquiry);
        let is_plain = !self.memory.trouble
            && heard.says_nothing_beside()
            && heard.media.is_none()
            && heard.wants.iter().all(asks);
        let language = Some(self.language.as_str());
        if !is_plain || !self.dialogue.pointings.says_shortly(Cue::Link, &heard.words, language) {
            return false;
        }
        let named = self.dialogue.names.in_words(&heard.words, self.shop, |one| self.memory.talks_of(one));
        let of = if named.is_empty() { self.shown() } else { named };
        match of.as_slice() {
            [] => return false,
            [one] => {
                self.memory.open(one);
                match self.page_of(one) {
                    Some(url) => self.say("link", context! { product => &one.name, url }),
                    None => self.say("no_fact", context! {}),
                }
                self.offer(&format!("buy:{}", one.sku), "button_buy");
                self.offer("person", "button_person");
            }
            several => self.ask_which_of(several),
        }
        self.memory.lost = 0;
        true
    }

    /// Who asks for prices in other money hears in which they are. Whether they do.
    pub(super) fn other_money(&mut self, heard: &Heard) -> bool {
        let asks = |want: &Intent| is_small_talk(*want) || matches!(want, Intent::Price | Intent::Payment);
        let is_plain = !self.memory.trouble
            && heard.says_nothing_beside()
            && !self.memory.shown.is_empty()
            && heard.wants.iter().all(asks);
        let language = Some(self.language.as_str());
        if !is_plain || !self.dialogue.pointings.says_shortly(Cue::OtherMoney, &heard.words, language) {
            return false;
        }
        if heard.wants.contains(&Intent::Price) {
            let rows: Vec<_> = self.shown().iter().map(|product| self.product_values(product)).collect();
            self.say("prices", context! { rows });
        }
        self.say("other_currency", context! {});
        self.memory.lost = 0;
        true
    }

    /// Who asks whether a program answers hears that one does, and that a person can.
    pub(super) fn what_we_are(&mut self, heard: &Heard) {
        if self.dialogue.short_answers.asks_what_we_are(&heard.words) {
            self.say("assistant", context! {});
            self.offer("person", "button_person");
        }
    }
}

/// Whether more was understood than a greeting or a category: "blz" is a greeting in Portuguese, and as often all right.
fn is_understood(heard: &Heard) -> bool {
    let is_little = heard.wants == [Intent::Greeting] || heard.wants.is_empty() && heard.category.is_some();
    heard.understood && !(is_little && heard.named_needs.is_empty())
}
