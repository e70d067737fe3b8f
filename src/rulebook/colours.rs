//! The follow-up colour: how rules and persons give it, how it falls, which green it is, and what red starts.

use super::STEP;
use super::change::{Change, Why};
use super::effects::{came_to_hold, evidence_of};
use super::holding::holds;
use super::kept::{ColourState, HeldTag};
use super::rule::{Painting, Rule};
use crate::domain::{Colour, Consequence, Duration, Evidence, HandoffRequest, Timestamp};

/// Under this mark stands when red last ended.
const RED_ENDED: &str = "red_ended";
/// Who was red too often, and is orange instead.
pub(super) const RED_EXHAUSTED: &str = "color/red-exhausted";
/// From green to red.
const SUDDEN_NEED: &str = "color/sudden-need";
/// Tags that follow from the colour by no rule.
pub(super) const BY_COLOUR: [&str; 2] = [RED_EXHAUSTED, SUDDEN_NEED];
/// Under this one, when a person last gave a colour.
const BY_PERSON: &str = "colour_by_person";

/// Whether somebody of the shop gave it.
fn is_person(by: &str) -> bool {
    by.starts_with("agent:")
}

impl<'a> Change<'a> {
    pub(super) fn paint(&mut self, painting: &Painting, evidence: Why<'_>) {
        let now = self.facts.colour();
        let allowed = match (&painting.from, now) {
            _ if painting.from_any => true,
            (Some(from), Some(now)) => from.contains(&now),
            (Some(_), None) => false,
            // The same once more stands anew.
            (None, Some(now)) => painting.to >= now,
            (None, None) => true,
        };
        if !allowed || self.is_settled_since(painting.to) {
            return;
        }
        if let Some((wrote, word)) = self.word_since(painting, evidence) {
            return self.paint_at(wrote, word, &&evidence_of(word, &"they wrote after what is told late"));
        }
        let from = match painting.from_first {
            true => self.facts.first_interaction.unwrap_or(self.at),
            false => self.at,
        };
        match (painting.stands.map(|stands| from + stands + STEP), painting.then) {
            // Its time is over: what it would have fallen to, where there is nothing yet or what there was ended with this.
            (Some(until), Some(then)) if until <= self.now => {
                if now.is_none() || painting.from.is_some() || painting.from_first {
                    self.set_colour(then, None, None, evidence);
                }
            }
            (until, then) => self.set_colour(painting.to, until, then, evidence),
        }
    }

    /// A person's colour, from when it was given.
    pub(super) fn paint_by_person(&mut self, to: Colour, at: Timestamp, evidence: Why<'_>) {
        self.at = at;
        self.paint(&Painting { to, from: None, from_any: true, stands: None, from_first: false, then: None }, evidence);
        self.at = self.now;
        let last = self.facts.marks.entry(BY_PERSON.into()).or_insert(at);
        *last = at.max(*last);
    }

    /// Whether a person or a deal decided on the colour after what is being applied happened, or the colour that is held was given
    /// by something that came after it and would have given it over this one as well: what is told late overturns nothing that was
    /// decided since.
    fn is_settled_since(&self, late: Colour) -> bool {
        let Some(state) = self.facts.colour.as_ref().filter(|_| self.at < self.now) else { return false };
        let decides = |rule: &&Rule| {
            rule.written.filter.is_empty() && rule.painting.as_ref().is_some_and(|painting| painting.from_any)
        };
        let deals = self.rulebook.rules.iter().filter(decides).flat_map(|rule| rule.signals.iter().copied());
        if deals.chain([BY_PERSON]).filter_map(|name| self.facts.marks.get(name)).any(|last| *last > self.at) {
            return true;
        }
        // One that stands for an absence came when that began, unless what is told late is no end of it.
        let held = HeldTag::new(state.given(), None, state.by.as_str(), Vec::new());
        let came = match self.is_absent_still(&held) {
            true => held.since,
            false => came_to_hold(self.rulebook, self.facts, &held),
        };
        if came <= self.at {
            return false;
        }
        let late = self.used(late);
        let over_it = |painting: &Painting| match &painting.from {
            _ if painting.from_any => true,
            Some(from) => from.contains(&late),
            None => painting.to >= late,
        };
        let painting = self.rulebook.rule(&state.by).and_then(|rule| rule.painting.as_ref());
        painting.is_some_and(over_it)
    }

    /// Whether what a colour waited for in vain is absent all the same: who bought has not written.
    fn is_absent_still(&self, held: &HeldTag) -> bool {
        let Some(rule) = self.rulebook.rule(&held.by).filter(|rule| rule.written.absent.is_some()) else {
            return false;
        };
        let absent =
            rule.written.absent.as_ref().filter(|absent| absent.after.is_none() && absent.after_last.is_none());
        let began = held.since - rule.absent_for - STEP;
        let came = |signal: &str| self.facts.marks.get(signal).is_some_and(|last| *last > began);
        let came_ever = |signal: &String| self.facts.marks.contains_key(signal);
        absent.is_some_and(|absent| !absent.of.iter().any(came)) && !rule.written.holds.never.iter().any(came_ever)
    }

    /// A word of the customer since then, that puts an end to a colour which is told late.
    fn word_since(&mut self, late: &Painting, evidence: Why<'_>) -> Option<(Timestamp, &'a Rule)> {
        let wrote = self.facts.marks.get("message").copied().filter(|wrote| self.at < self.now && *wrote > self.at)?;
        let (colour, since, by) = (self.used(late.to), self.at, evidence.by.clone());
        let state = ColourState {
            colour,
            since,
            until: None,
            then: None,
            by,
            fallen: false,
            by_eye: false,
            given: Duration::default(),
        };
        Some((wrote, self.ends_with_a_word(&state)?))
    }

    /// What a word of the customer gave at its time, whatever the colour is by now.
    fn paint_at(&mut self, wrote: Timestamp, rule: &Rule, evidence: Why<'_>) {
        let Some(painting) = &rule.painting else { return };
        let at = std::mem::replace(&mut self.at, wrote);
        self.paint(&Painting { from_any: true, ..painting.clone() }, evidence);
        self.at = at;
    }

    pub(super) fn set_colour(
        &mut self,
        colour: Colour,
        until: Option<Timestamp>,
        then: Option<Colour>,
        evidence: Why<'_>,
    ) {
        let held = self.facts.colour();
        match self.change_colour(colour, until, then, evidence) {
            Some((from, to)) => self.coloured(from, to, evidence),
            // Whom a person has let go of needs one anew; while one is asked for or in charge it changes nothing.
            None if (held, self.facts.colour()) == (Some(Colour::Red), Some(Colour::Red)) => {
                self.coloured(held, Colour::Red, evidence);
            }
            None => {}
        }
    }

    /// The same without what a change starts: from which colour to which, where it is one.
    fn change_colour(
        &mut self,
        colour: Colour,
        until: Option<Timestamp>,
        then: Option<Colour>,
        evidence: Why<'_>,
    ) -> Option<(Option<Colour>, Colour)> {
        if !matches!(colour, Colour::Red | Colour::Orange) {
            self.rested("another colour came between");
        }
        let (meant, colour) = (colour, self.used(colour));
        // What stands for another one lasts as long as when it is given itself.
        let (until, then) = match until {
            None if colour != meant && !is_person(&evidence.by) => self.lasts(colour),
            _ => (until, then),
        };
        let from = self.facts.colour();
        // A person may see a dark green customer in anyone; who is one by what they spend stays one when a person says green.
        let is_dark = colour == Colour::DarkGreen && is_person(&evidence.by);
        let colour = if colour.is_green() && !is_dark { self.green() } else { colour };
        if from == Some(colour) {
            self.confirm_colour(until, then, evidence);
            self.facts.colour.iter_mut().for_each(|state| state.by_eye = is_dark);
            return None;
        }
        if colour == Colour::Red && self.red_is_worn(evidence) {
            return self.change_colour(Colour::Orange, None, None, evidence);
        }
        if from == Some(Colour::Red) {
            self.facts.marks.insert(RED_ENDED.into(), self.now);
        }
        let by = evidence.by.clone();
        let mut state = ColourState {
            colour,
            since: self.now,
            until,
            then,
            by,
            fallen: false,
            by_eye: is_dark,
            given: Duration::default(),
        };
        state.give(self.at);
        self.facts.colour = Some(state);
        let tag = |colour: Colour| format!("color/{}", colour.name());
        self.mirror(from.map(tag), Some(tag(colour)), until, evidence);
        self.out.push(Consequence::Colour { from, to: colour, evidence: Evidence::clone(evidence) });
        Some((from, colour))
    }

    /// The colour is given once more: it stands as long as either says, and is the later one's; a person's word stands alone.
    fn confirm_colour(&mut self, until: Option<Timestamp>, then: Option<Colour>, evidence: &Evidence) {
        let at = self.at;
        let Some(state) = &mut self.facts.colour else { return };
        (state.until, state.then) = match (state.until, until) {
            _ if is_person(&evidence.by) => (None, None),
            (Some(held), Some(until)) => (Some(until.max(held)), then),
            (None, until) if state.fallen || is_person(&state.by) => (until, then),
            _ => (None, None),
        };
        (state.by, state.fallen) = (evidence.by.clone(), false);
        state.give(at.max(state.given()));
    }

    /// The fourth stretch of red in a row is refused (COLOR-7, G-6); otherwise it is counted.
    fn red_is_worn(&mut self, evidence: &Evidence) -> bool {
        let table = &self.rulebook.heat;
        let ended = self.facts.marks.get(RED_ENDED).copied();
        if ended.is_some_and(|ended| self.now - ended >= table.reds_reset) {
            self.forget_reds();
        }
        if self.facts.reds.len() < table.reds {
            self.facts.reds.push(self.now);
            return false;
        }
        let mut evidence = evidence.clone();
        evidence.catalogue = vec!["COLOR-7".into()];
        evidence.figure =
            format!("{} stretches of red without an order (at most {})", self.facts.reds.len(), table.reds);
        if let Ok(tag) = RED_EXHAUSTED.parse() {
            self.set(tag, None, Vec::new(), &&evidence);
        }
        true
    }

    /// An order, or a month without red, and stretches of red count anew (COLOR-7, G-6).
    pub(super) fn forget_reds(&mut self) {
        self.facts.reds.clear();
        self.rested("an order, or a month without red");
    }

    /// Who was red too often is so until another colour comes between, other than the orange that red was refused for.
    fn rested(&mut self, figure: &str) {
        if !self.facts.holds(RED_EXHAUSTED) {
            return;
        }
        let (by, catalogue) = ("red-exhausted".into(), vec!["COLOR-7".into()]);
        let evidence = Evidence { by, catalogue, figure: figure.into(), ..Evidence::default() };
        self.remove_like(RED_EXHAUSTED, (None, None), |_, _| true, &&evidence);
    }

    /// What a change of colour itself starts: red needs a person, and from green it is a sudden need (COLOR-1, 20).
    fn coloured(&mut self, from: Option<Colour>, to: Colour, evidence: &Evidence) {
        if to != Colour::Red {
            return;
        }
        let sudden = from.is_some_and(Colour::is_green);
        let (reason, promise, catalogue) = match sudden {
            true => (HandoffRequest::SUDDEN_NEED, Duration::hours(1), "COLOR-20"),
            false => (HandoffRequest::RED, Duration::hours(2), "COLOR-1"),
        };
        let mut evidence = evidence.clone();
        evidence.catalogue.push(catalogue.into());
        if sudden && let Ok(tag) = SUDDEN_NEED.parse() {
            self.set(tag, Some(self.at + Duration::hours(72) + STEP), Vec::new(), &&evidence);
        }
        self.out.push(Consequence::Handoff(HandoffRequest { reason: reason.into(), promise, evidence }));
    }

    /// The colour is again what it was before an order that was undone, or what that has become since: by its own time, or because
    /// the customer has written.
    pub(super) fn colour_before(&mut self, before: ColourState, ended: Timestamp) {
        let wrote = self.facts.marks.get("message").copied().filter(|wrote| *wrote > ended);
        if let Some((wrote, rule)) = wrote.and_then(|wrote| Some((wrote, self.ends_with_a_word(&before)?))) {
            let evidence = evidence_of(rule, &"they wrote after the order that was cancelled or returned");
            return self.paint_at(wrote, rule, &&evidence);
        }
        let figure = "the order that ended it was cancelled or returned".into();
        let evidence = Evidence { by: before.by.clone(), figure, ..Evidence::default() };
        match before.until.filter(|until| *until <= self.now) {
            Some(_) => self.fall(&before),
            // What it starts was started when it was given first.
            None => drop(self.change_colour(before.colour, before.until, before.then, &&evidence)),
        }
        if let Some(state) = &mut self.facts.colour {
            // What nobody gave is given by nobody now.
            state.fallen |= before.fallen && state.colour == before.colour;
            state.give(before.given());
        }
    }

    /// The rule by which a word of the customer puts an end to a colour.
    fn ends_with_a_word(&mut self, before: &ColourState) -> Option<&'a Rule> {
        let rulebook = self.rulebook;
        let now = self.facts.colour.replace(before.clone());
        let from = |rule: &Rule| rule.painting.as_ref().and_then(|painting| painting.from.clone()).unwrap_or_default();
        let rules = ["message", "replied"].into_iter().filter_map(|name| rulebook.by_signal.get(name)).flatten();
        let found = rules.map(|index| &rulebook.rules[*index]).find(|rule| {
            from(rule).contains(&before.colour) && rule.written.filter.is_empty() && holds(rule, self.facts, None)
        });
        self.facts.colour = now;
        found
    }

    /// The time of a colour is over.
    pub(super) fn fall(&mut self, state: &ColourState) {
        let evidence = Evidence { by: state.by.clone(), figure: "its time is over".into(), ..Evidence::default() };
        self.set_colour(state.then.unwrap_or(Colour::LightGreen), None, None, &&evidence);
        if let Some(now) = &mut self.facts.colour {
            now.fallen = true;
            now.give(state.given());
        }
    }

    /// The colour itself, or what takes its place in this shop (COLOR-27).
    fn used(&self, colour: Colour) -> Colour {
        let replaced = self.rulebook.scheme.iter().find(|(unused, _)| *unused == colour);
        replaced.map_or(colour, |(_, instead)| *instead)
    }

    /// Until when a colour stands that is given now, and what it falls to, by the rule that says so.
    fn lasts(&self, colour: Colour) -> (Option<Timestamp>, Option<Colour>) {
        let paintings = self.rulebook.rules.iter().filter_map(|rule| rule.painting.as_ref());
        let mut of_it = paintings.filter(|painting| painting.to == colour && !painting.from_first);
        let lasting = of_it.find_map(|painting| painting.stands.zip(painting.then));
        lasting.map_or((None, None), |(stands, then)| (Some(self.at + stands + STEP), Some(then)))
    }

    /// Which green a contact is (COLOR-14, 15).
    fn green(&self) -> Colour {
        match &self.rulebook.dark_green {
            Some(tag) if self.facts.holds(tag) => Colour::DarkGreen,
            _ => Colour::LightGreen,
        }
    }

    /// A green contact changes its shade with the tag that makes it dark; one that a person saw stays.
    pub(super) fn shade(&mut self) {
        let Some(state) = self.facts.colour.clone().filter(|state| state.colour.is_green()) else { return };
        let green = self.green();
        if state.colour == green || state.by_eye {
            return;
        }
        let figure = "what they spend in a year".into();
        self.set_colour(green, state.until, state.then, &&Evidence { by: state.by, figure, ..Evidence::default() });
        if let Some(now) = &mut self.facts.colour {
            (now.since, now.fallen, now.by_eye, now.given) = (state.since, state.fallen, false, state.given);
        }
    }
}
