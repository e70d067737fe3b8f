//! What people say of tags, of the colour and of how a deal ended. It stands as theirs; what is told late does not undo what came
//! after it.

use super::STEP;
use super::answers::Answers;
use super::change::Change;
use super::counting::{fingerprint, forget, is_latest_word};
use super::effects::was_taken_away;
use super::facts::{Facts, is_like};
use super::kept::HeldTag;
use super::rule::Rule;
use super::signal::{Signal, hyphens, slug};
use super::written_when::Words;
use crate::domain::{
    AgentAction, AgentEvent, CampaignEvent, Colour, Event, Evidence, Heat, Mention, Reading, Stage, TagKey, TagMove,
    Timestamp,
};

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
                let may =
                    |tag: &TagKey| self.rulebook.is_no_state(tag.as_str()).is_none() && !self.is_overtaken(tag, late);
                let Some(tag) = tag().filter(may) else { return };
                // Who gives the tag of a colour gives the colour, and so with the stage: only one is held.
                match shown(&tag) {
                    Some(Shown::Colour(colour)) => return self.paint_by_person(colour, at, &&evidence),
                    Some(Shown::Stage(stage)) => return self.reach_by_person(stage, at, &&evidence),
                    Some(Shown::Heat(heat)) if self.facts.heat() == Some(heat) => return,
                    Some(Shown::Heat(_)) | None => {}
                }
                let lives = &self.rulebook.lives_by_person;
                let life = lives.get(tag.as_str()).or_else(|| lives.get(tag.group()));
                let expires = life.map(|life| at + *life + STEP);
                if expires.is_some_and(|expires| expires <= self.now) {
                    return;
                }
                if is_persons(&evidence.by) {
                    self.take_the_place(&tag, &evidence);
                }
                let held = HeldTag::new(at, expires, evidence.by.as_str(), Vec::new());
                self.facts.tags.insert(tag.clone(), held);
                self.told(tag, TagMove::Set, expires, &&evidence);
            }
            (AgentAction::TagRemove, _) => {
                let Some(tag) = tag().filter(|tag| stays(self.facts, tag).is_none()) else { return };
                self.facts.taken_away.push((fingerprint(tag.as_str().bytes()), at));
                forget(&mut self.facts.taken_away);
                let came_later = |held: &HeldTag| late.is_some_and(|at| held.given() > at);
                if self.facts.tags.get(&tag).is_some_and(|held| !came_later(held)) {
                    self.facts.tags.remove(&tag);
                    self.told(tag, TagMove::Removed, None, &&evidence);
                }
            }
            (AgentAction::Colour, Some(colour)) => self.paint_by_person(colour, at, &&evidence),
            _ => {}
        }
    }

    /// Of an exclusive group one tag is held: who gives another one says that what a rule had set is not so.
    fn take_the_place(&mut self, tag: &TagKey, evidence: &Evidence) {
        let rulebook = self.rulebook;
        let is_other = |(other, held): &(&TagKey, &HeldTag)| {
            let rule = rulebook.rule(&held.by).filter(|_| *other != tag);
            rule.is_some_and(|rule| group_of(rule).any(|pattern| is_like(tag, pattern)))
        };
        let gone: Vec<TagKey> = self.facts.tags.iter().filter(is_other).map(|(other, _)| other.clone()).collect();
        for other in gone {
            self.remove(&other, &evidence);
        }
    }

    /// Whom a campaign reaches has its tags, until they become one (GOV-5). Those that rules give are what it was aimed by.
    pub(super) fn by_campaign(&mut self, campaign: &CampaignEvent, event: &Event) {
        let reaches = ["recipient", "response"].contains(&campaign.action.as_str());
        for tag in campaign.tags.iter().filter(|tag| reaches && !self.rulebook.gives(tag)) {
            let given = AgentEvent::new(&*campaign.rule(), AgentAction::TagAdd);
            self.by_person(&AgentEvent { tag: Some(tag.clone()), ..given }, event);
        }
    }

    /// Whether a person gave that tag once more, or took it away, after it was given: that is told already.
    fn is_overtaken(&self, tag: &TagKey, late: Option<Timestamp>) -> bool {
        let Some(at) = late else { return false };
        let again = |held: &HeldTag| held.by.starts_with("agent:") && held.since > at;
        was_taken_away(self.facts, tag, at) || self.facts.tags.get(tag).is_some_and(again)
    }
}

/// The tag of a person that stands in the way of a rule's: of an exclusive group one is held, and what people say stands until they
/// take it away (N-26).
pub(super) fn overruling<'f>(facts: &'f Facts, rule: &'f Rule, tag: &str) -> Option<&'f TagKey> {
    let by_person = |(other, held): &(&TagKey, &HeldTag)| other.as_str() != tag && is_persons(&held.by);
    group_of(rule).flat_map(|pattern| facts.like(pattern)).find(by_person).map(|(other, _)| other)
}

/// Whether a person gave it, and no campaign did in the name of one.
fn is_persons(by: &str) -> bool {
    by.strip_prefix("agent:").is_some_and(|agent| !agent.starts_with("campaign:"))
}

/// The tags of which a rule lets one be held. Of those about several things, such as a budget for each product, a person gives
/// one more.
fn group_of(rule: &Rule) -> impl Iterator<Item = &str> {
    rule.written.exclusive.iter().filter(|_| rule.written.about.is_none()).flat_map(Words::iter)
}

/// What a tag only shows.
pub(super) enum Shown {
    Colour(Colour),
    Heat(Heat),
    Stage(Stage),
}

pub(super) fn shown(tag: &TagKey) -> Option<Shown> {
    let (group, name) = tag.as_str().split_once('/')?;
    match group {
        "color" => Colour::from_name(name).map(Shown::Colour),
        "heat" => Heat::from_name(name).map(Shown::Heat),
        "stage" => name.parse().ok().and_then(Stage::from_number).map(Shown::Stage),
        _ => None,
    }
}

/// Why nobody takes a tag away that only shows the colour, the heat or the stage of a contact, and what to do instead.
pub(super) fn stays(facts: &Facts, tag: &TagKey) -> Option<&'static str> {
    match shown(tag)? {
        Shown::Colour(_) => Some("it shows the colour, and one is always held. Give another colour instead"),
        Shown::Heat(heat) => {
            (facts.heat() == Some(heat)).then_some("it shows how warm the contact is, and cools by itself")
        }
        Shown::Stage(_) => Some("it shows the stage, and ends by itself 90 days after the last sign of it"),
    }
}

/// Why nobody gives a tag that follows from what a contact does, and what to do instead.
pub(super) fn follows(tag: &TagKey) -> Option<&'static str> {
    let is_heat = matches!(shown(tag)?, Shown::Heat(_));
    is_heat.then_some("it shows how warm the contact is by what they do. Give a colour instead: red is seen to first")
}

/// The signals of a note: a field and its value, and what the customer is said to want.
pub(super) fn of_note(
    facts: &mut Facts,
    event: &Event,
    (agent, reading): (&AgentEvent, Option<&Reading>),
    answers: &Answers,
    signals: &mut Vec<Signal>,
) {
    let note = || Signal::new("note", event, None);
    let bare = |value: String| note().with("field", "occupation").with("value", value).with("bare", "yes");
    let text = agent.text.as_deref().unwrap_or_default();
    match text.split_once([':', '：']) {
        Some((field, value)) => {
            let field = slug(field);
            // Of the fields of a profile each is one word; other notes may have a colon, too.
            if field.len() <= 16 && !field.contains('-') && is_latest_word(facts, &field, event.at) {
                signals.push(answers.told(note().with("field", field), value));
            }
        }
        None => signals.push(bare(slug(text))),
    }
    // “Customer is a student, wants to pay later”: a value stands alone behind such words, “not a student” is none.
    for clause in text.split(|c: char| c.is_control() || ".,;!?，。；！？؟،।".contains(c)).map(slug) {
        let values = answers.notes_begin.iter().filter_map(|begin| clause.strip_prefix(begin.as_str()));
        signals.extend(values.map(|value| bare(value.trim_start_matches('-').to_owned())));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::Rulebook;
    use crate::rulebook::kept::HeatState;

    #[test]
    fn what_only_shows_a_state_is_not_taken_away() {
        let facts = Facts { heat: Some(HeatState { heat: Heat::Low, since: None, until: None }), ..Facts::default() };
        let stays = |tag: &str| Rulebook::stays(&facts, tag);
        for (tag, why) in [("color/dark-green", "another colour"), ("heat/low", "by itself"), ("stage/5", "90 days")] {
            assert!(stays(tag).is_some_and(|said| said.contains(why)), "{tag}");
        }
        for tag in ["heat/high", "heat/hesitating", "stage/loyal", "stage/6", "color/sudden-need", "need/quiet"] {
            assert_eq!(stays(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_tier_of_heat_follows_from_what_they_do() {
        assert!(Rulebook::follows("heat/extreme").is_some());
        for tag in ["heat/hesitating", "color/red", "stage/2", "need/quiet"] {
            assert_eq!(Rulebook::follows(tag), None, "{tag}");
        }
    }
}
