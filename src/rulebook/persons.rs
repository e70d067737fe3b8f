//! What people say of tags, of the colour and of how a deal ended. It stands as theirs; what is told late does not undo what came
//! after it.

use super::counting::{fingerprint, forget, is_latest_word};
use super::effects::Change;
use super::facts::{Facts, HeldTag};
use super::signals::{Signal, hyphens, slug};
use super::timers::STEP;
use crate::domain::{AgentAction, AgentEvent, Colour, Event, Evidence, Mention, Reading, TagKey, TagMove, Timestamp};

/// When somebody did it, where that is told late.
fn told_late(event: &Event) -> Option<Timestamp> {
    (event.at < event.received).then_some(event.at)
}

impl Change<'_> {
    /// What a person says of tags and colour stands as theirs.
    pub(super) fn by_person(&mut self, agent: &AgentEvent, event: &Event) {
        let evidence =
            Evidence { by: format!("agent:{}", agent.agent), events: vec![event.seq], ..Evidence::default() };
        let late = told_late(event);
        let at = late.unwrap_or(self.now);
        // A name that no tag may have is refused where it is typed; what comes from elsewhere does nothing.
        let tag = || agent.tag.as_ref().and_then(|tag| tag.parse::<TagKey>().ok());
        match (agent.action, agent.colour) {
            (AgentAction::TagAdd, _) => {
                let Some(tag) = tag().filter(|tag| !self.is_overtaken(tag, late)) else { return };
                // Who gives the tag of a colour gives the colour: only one is held.
                if let Some(colour) = shown_colour(&tag) {
                    let given = AgentEvent { action: AgentAction::Colour, colour: Some(colour), ..agent.clone() };
                    return self.by_person(&given, event);
                }
                let lives = &self.rulebook.lives_by_person;
                let life = lives.get(tag.as_str()).or_else(|| lives.get(tag.group()));
                let expires = life.map(|life| at + *life + STEP);
                if expires.is_some_and(|expires| expires <= self.now) {
                    return;
                }
                let held = HeldTag { since: at, expires, by: evidence.by.clone(), about: Vec::new() };
                self.facts.tags.insert(tag.clone(), held);
                self.told(tag, TagMove::Set, expires, &&evidence);
            }
            (AgentAction::TagRemove, _) => {
                let Some(tag) = tag().filter(|tag| shown_colour(tag).is_none()) else { return };
                self.facts.taken_away.push((fingerprint(tag.as_str().bytes()), at));
                forget(&mut self.facts.taken_away);
                let came_later = |held: &HeldTag| late.is_some_and(|at| held.since > at);
                if self.facts.tags.get(&tag).is_some_and(|held| !came_later(held)) {
                    self.facts.tags.remove(&tag);
                    self.told(tag, TagMove::Removed, None, &&evidence);
                }
            }
            (AgentAction::Colour, Some(colour)) => self.paint_by_person(colour, at, &&evidence),
            _ => {}
        }
    }

    /// Whether a person gave that tag once more, or took it away, after it was given: that is told already.
    fn is_overtaken(&self, tag: &TagKey, late: Option<Timestamp>) -> bool {
        let Some(at) = late else { return false };
        let again = |held: &HeldTag| held.by.starts_with("agent:") && held.since > at;
        was_taken_away(self.facts, tag, at) || self.facts.tags.get(tag).is_some_and(again)
    }
}

/// Whether a person took a tag away after it was given: what gave it gives it no more, however late it is told or counted anew.
pub(super) fn was_taken_away(facts: &Facts, tag: &TagKey, given: Timestamp) -> bool {
    if facts.taken_away.is_empty() {
        return false;
    }
    let name = fingerprint(tag.as_str().bytes());
    facts.taken_away.iter().any(|(other, taken)| *other == name && *taken > given)
}

/// The colour that a tag only shows.
fn shown_colour(tag: &TagKey) -> Option<Colour> {
    tag.as_str().strip_prefix("color/").and_then(Colour::from_name)
}

/// The signals of a note: a field and its value, and what the customer is said to want.
pub(super) fn of_note(
    facts: &mut Facts,
    event: &Event,
    agent: &AgentEvent,
    reading: Option<&Reading>,
    signals: &mut Vec<Signal>,
) {
    let note = || Signal::new("note", event, None);
    let text = agent.text.as_deref().unwrap_or_default();
    match text.split_once([':', '：']) {
        Some((field, value)) => {
            let field = slug(field);
            // Of the fields of a profile each is one word; other notes may have a colon, too.
            if field.len() <= 16 && !field.contains('-') && is_latest_word(facts, &field, event.at) {
                signals.push(note().with("field", field).with("value", slug(value)));
            }
        }
        None => signals.push(note().with("field", "occupation").with("value", slug(text)).with("bare", "yes")),
    }
    let wants = |mention: &Mention| {
        let wanted = if mention.negated { "no" } else { "yes" };
        note().with("request", hyphens(&mention.key)).with("wanted", wanted)
    };
    signals.extend(reading.iter().flat_map(|reading| &reading.requests).map(wants));
}

/// Whether word of how a deal ended is told after something that came later: it ended otherwise, or a person gave a colour.
pub(super) fn is_settled_since(facts: &Facts, event: &Event, otherwise: &str) -> bool {
    let Some(at) = told_late(event) else { return false };
    let by_person = facts.colour.as_ref().filter(|state| state.by.starts_with("agent:"));
    facts.marks.get(otherwise).is_some_and(|last| *last > at) || by_person.is_some_and(|state| state.since > at)
}
