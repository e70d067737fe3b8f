//! What other dictionaries or rules would have made of what happened: two folds over one journal, contact by contact, compared.
//! Nothing is changed.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;

use serde::Serialize;

use super::World;
use super::timeline::{Line, What};
use crate::domain::{Consequence, Duration, Event, EventBody, Evidence, Span, TagMove, Timestamp, in_order};
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::{Effect, State};
use crate::handoff::DeskMove;
use crate::rulebook::rfc3339;
use crate::store::{History, Store, StoreError};

/// Contacts that are in memory together.
const PAGE: i64 = 64;
/// Examples of each tag and each direction.
const EXAMPLES: usize = 3;
/// Longest example, in characters.
const LONGEST: usize = 160;

/// The dictionaries and rules in force, and the others.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    /// What is in force.
    pub old: &'a Knowledge,
    /// What is tried.
    pub new: &'a Knowledge,
}

/// The stretch of time that is compared; what happened before it counts for it.
#[derive(Clone, Copy)]
pub struct Stretch {
    /// From then on.
    pub since: Timestamp,
    /// Until then.
    pub until: Timestamp,
}

/// What would be different.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Contacts that were looked at.
    pub contacts: usize,
    /// Their events.
    pub events: usize,
    /// Contacts of whom anything is different.
    pub different: usize,
    /// By tag: how many contacts held it at any time, by one side alone.
    pub tags: BTreeMap<String, Difference>,
    /// By tag: how many contacts held it with both, and hold it at the end with one side alone.
    pub held: BTreeMap<String, Difference>,
    /// By reason: how many hand-offs were opened by one side alone.
    pub handoffs: BTreeMap<String, Difference>,
    /// By template and rule: how many follow-ups were planned by one side alone.
    pub follow_ups: BTreeMap<String, Difference>,
    /// By reason: from what to what the promise of the last hand-off would change.
    pub promises: BTreeMap<String, usize>,
    /// By tag: how many contacts lost it with both, later or earlier with the new.
    pub ends: BTreeMap<String, usize>,
    /// From what to what the colour at the end would change.
    pub colours: BTreeMap<String, usize>,
    /// The same of heat.
    pub heats: BTreeMap<String, usize>,
    /// The same of stages.
    pub stages: BTreeMap<String, usize>,
}

/// What one side has and the other has not.
#[derive(Debug, Default, Serialize)]
pub struct Difference {
    /// With the new, and not with the old.
    pub gained: usize,
    /// With the old, and not with the new.
    pub lost: usize,
    /// A few of what was gained.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gained_by: Vec<Example>,
    /// A few of what was lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost_by: Vec<Example>,
}

/// Why one of them has it.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// The contact's number; of a timeline, its name.
    pub contact: String,
    /// The rule.
    pub rule: String,
    /// The figure that held.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub figure: String,
    /// The last event behind it…
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// …and what it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where the words stand that counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

/// What one side made of a contact.
struct Outcome {
    /// Tags that were held at any time of the stretch: when they were set, and why.
    tags: BTreeMap<String, (Timestamp, Evidence)>,
    /// When the last of them ended.
    ends: BTreeMap<String, Timestamp>,
    /// Hand-offs that were opened, and when and why the last one.
    handoffs: Counted,
    /// What the last one promised, by reason.
    promises: BTreeMap<String, Duration>,
    /// Follow-ups that were planned.
    follow_ups: Counted,
    state: State,
}

/// How often something was decided, and when and why it was last.
type Counted = BTreeMap<String, (usize, (Timestamp, Evidence))>;

fn count(counted: &mut Counted, name: String, at: Timestamp, evidence: Evidence) {
    let known = counted.entry(name).or_default();
    *known = (known.0 + 1, (at, evidence));
}

impl Outcome {
    fn of(effects: &[Effect], state: State, stretch: Stretch) -> Self {
        let (tags, ends, handoffs, promises, follow_ups) = Default::default();
        let mut outcome = Self { tags, ends, handoffs, promises, follow_ups, state };
        for effect in effects {
            outcome.add(effect, stretch);
        }
        outcome
    }

    fn add(&mut self, effect: &Effect, stretch: Stretch) {
        match effect {
            Effect::Decided(at, Consequence::Tag(change)) => match change.change {
                TagMove::Set => drop(self.tags.insert(change.tag.to_string(), (*at, change.evidence.clone()))),
                TagMove::Removed | TagMove::Expired if *at < stretch.since => {
                    drop(self.tags.remove(change.tag.as_str()));
                }
                TagMove::Removed | TagMove::Expired => drop(self.ends.insert(change.tag.to_string(), *at)),
            },
            Effect::Decided(at, Consequence::FollowUp(planned)) if *at >= stretch.since => {
                let evidence = Evidence { by: planned.rule.to_string(), ..Evidence::default() };
                count(&mut self.follow_ups, format!("{} [{}]", planned.template, planned.rule), *at, evidence);
            }
            Effect::Desk(at, DeskMove::Opened { reason, promise, evidence, .. }) if *at >= stretch.since => {
                count(&mut self.handoffs, reason.clone(), *at, evidence.clone());
                self.promises.insert(reason.clone(), *promise);
            }
            _ => {}
        }
    }
}

/// Folds one contact's events up to the end of the stretch.
fn play(knowledge: &Knowledge, history: &History, stretch: Stretch) -> Outcome {
    let mut state = State::new(history.contact, &history.names, &knowledge.places);
    let mut effects = Vec::new();
    for event in in_order(&history.events) {
        effects.extend(knowledge.fold(&mut state, event));
    }
    effects.extend(knowledge.advance(&mut state, stretch.until));
    Outcome::of(&effects, state, stretch)
}

impl Report {
    /// Adds what is different of one contact.
    fn compare(&mut self, contact: &str, old: &Outcome, new: &Outcome, events: &[Event]) {
        let before = self.count();
        let example = |(at, evidence): &(Timestamp, Evidence)| example(contact, *at, evidence, events);
        let all: BTreeSet<&String> = old.tags.keys().chain(new.tags.keys()).collect();
        for tag in all {
            match (old.tags.get(tag), new.tags.get(tag)) {
                (None, Some(evidence)) => self.tags.entry(tag.clone()).or_default().gain(1, || example(evidence)),
                (Some(evidence), None) => self.tags.entry(tag.clone()).or_default().lose(1, || example(evidence)),
                (Some(was), Some(is)) => match (old.state.facts.holds(tag), new.state.facts.holds(tag)) {
                    (false, true) => self.held.entry(tag.clone()).or_default().gain(1, || example(is)),
                    (true, false) => self.held.entry(tag.clone()).or_default().lose(1, || example(was)),
                    _ => {}
                },
                (None, None) => {}
            }
        }
        counted(&mut self.handoffs, &old.handoffs, &new.handoffs, example);
        counted(&mut self.follow_ups, &old.follow_ups, &new.follow_ups, example);
        for (reason, was) in &old.promises {
            if let Some(is) = new.promises.get(reason).filter(|is| *is != was) {
                *self.promises.entry(format!("{reason}: {was} -> {is}")).or_default() += 1;
            }
        }
        for (tag, was) in old.ends.iter().filter(|(tag, _)| !old.state.facts.holds(tag) && !new.state.facts.holds(tag))
        {
            let sooner = |is: &Timestamp| if is < was { "earlier" } else { "later" };
            if let Some(when) = new.ends.get(tag).filter(|is| *is != was).map(sooner) {
                *self.ends.entry(format!("{tag}: {when}")).or_default() += 1;
            }
        }
        let (was, is) = (&old.state.facts, &new.state.facts);
        let name = |name: Option<&'static str>| name.unwrap_or("none");
        let colour = |facts: &crate::rulebook::Facts| name(facts.colour().map(|colour| colour.name()));
        let heat = |facts: &crate::rulebook::Facts| name(facts.heat().map(|heat| heat.name()));
        moved(&mut self.colours, colour(was), colour(is));
        moved(&mut self.heats, heat(was), heat(is));
        moved(&mut self.stages, was.stage().name(), is.stage().name());
        self.contacts += 1;
        self.events += events.len();
        self.different += usize::from(self.count() > before);
    }

    fn count(&self) -> usize {
        let of = |differences: &BTreeMap<String, Difference>| -> usize {
            differences.values().map(|difference| difference.gained + difference.lost).sum()
        };
        let others = [&self.promises, &self.ends, &self.colours, &self.heats, &self.stages];
        let others = others.into_iter().flat_map(BTreeMap::values);
        [&self.tags, &self.held, &self.handoffs, &self.follow_ups].into_iter().map(of).sum::<usize>()
            + others.sum::<usize>()
    }

    /// Adds what another thread found.
    fn join(&mut self, other: Self) {
        self.contacts += other.contacts;
        self.events += other.events;
        self.different += other.different;
        let differences = [
            (&mut self.tags, other.tags),
            (&mut self.held, other.held),
            (&mut self.handoffs, other.handoffs),
            (&mut self.follow_ups, other.follow_ups),
        ];
        for (mine, theirs) in differences {
            for (name, difference) in theirs {
                mine.entry(name).or_default().join(difference);
            }
        }
        let others = [
            (&mut self.promises, other.promises),
            (&mut self.ends, other.ends),
            (&mut self.colours, other.colours),
            (&mut self.heats, other.heats),
            (&mut self.stages, other.stages),
        ];
        for (mine, theirs) in others {
            theirs.into_iter().for_each(|(name, count)| *mine.entry(name).or_default() += count);
        }
    }
}

impl Difference {
    fn gain(&mut self, count: usize, example: impl FnOnce() -> Example) {
        self.gained += count;
        if self.gained_by.len() < EXAMPLES {
            self.gained_by.push(example());
        }
    }

    fn lose(&mut self, count: usize, example: impl FnOnce() -> Example) {
        self.lost += count;
        if self.lost_by.len() < EXAMPLES {
            self.lost_by.push(example());
        }
    }

    fn join(&mut self, other: Self) {
        self.gained += other.gained;
        self.lost += other.lost;
        for (mine, theirs) in [(&mut self.gained_by, other.gained_by), (&mut self.lost_by, other.lost_by)] {
            let room = EXAMPLES.saturating_sub(mine.len());
            mine.extend(theirs.into_iter().take(room));
        }
    }
}

/// Adds what one side decided more often.
fn counted(
    differences: &mut BTreeMap<String, Difference>,
    old: &Counted,
    new: &Counted,
    example: impl Fn(&(Timestamp, Evidence)) -> Example,
) {
    let nothing = Default::default();
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in all {
        let (was, is) = (old.get(name).unwrap_or(&nothing), new.get(name).unwrap_or(&nothing));
        match was.0.cmp(&is.0) {
            Ordering::Less => differences.entry(name.clone()).or_default().gain(is.0 - was.0, || example(&is.1)),
            Ordering::Greater => differences.entry(name.clone()).or_default().lose(was.0 - is.0, || example(&was.1)),
            Ordering::Equal => {}
        }
    }
}

fn moved(moves: &mut BTreeMap<String, usize>, from: &str, to: &str) {
    if from != to {
        *moves.entry(format!("{from} -> {to}")).or_default() += 1;
    }
}

/// Where no event stands behind it, it is told when it was decided.
fn example(contact: &str, at: Timestamp, evidence: &Evidence, events: &[Event]) -> Example {
    let event = evidence.events.last().and_then(|seq| events.iter().find(|event| event.seq == *seq));
    let text = event.and_then(|event| match &event.body {
        EventBody::Message(message) => Some(message.words().chars().take(LONGEST).collect::<String>()),
        _ => None,
    });
    Example {
        contact: contact.to_owned(),
        rule: evidence.by.clone(),
        figure: evidence.figure.clone(),
        at: event.map_or(at, |event| event.at),
        text: text.filter(|text| !text.is_empty()),
        spans: evidence.spans.clone(),
    }
}

/// Compares everybody in the database, a page after the other, on all processors. `progress` is told how many were done.
///
/// # Errors
/// The database does not answer.
pub async fn of_database(
    store: &Store,
    pair: Pair<'_>,
    stretch: Stretch,
    mut progress: impl FnMut(usize),
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut after = Default::default();
    loop {
        let page = store.journals(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(report) };
        after = last.contact;
        let found = tokio::task::block_in_place(|| of_page(&page, pair, stretch));
        found.into_iter().for_each(|found| report.join(found));
        progress(report.contacts);
    }
}

fn of_page(page: &[History], pair: Pair<'_>, stretch: Stretch) -> Vec<Report> {
    in_shares(page, |contacts| {
        let mut report = Report::default();
        for history in contacts {
            let (old, new) = (play(pair.old, history, stretch), play(pair.new, history, stretch));
            report.compare(&history.contact.to_string(), &old, &new, &history.events);
        }
        report
    })
}

/// Does it on every processor. What fails ends the whole: a report without some of its contacts would pass for a report.
fn in_shares<T: Sync, R: Send>(all: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = all.len().div_ceil(threads).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let works: Vec<_> = all.chunks(share).map(|share| scope.spawn(move || work(share))).collect();
        works.into_iter().map(|work| work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Compares the contacts of a timeline.
pub fn of_timeline(lines: &[Line], pair: Pair<'_>, since: Timestamp) -> Report {
    let until = lines.last().map(|line| line.received.max(line.at)).unwrap_or_default();
    let stretch = Stretch { since, until };
    let mut sides = [pair.old, pair.new].map(|knowledge| {
        let mut world = World::recorded(knowledge);
        let _expectations = world.play(lines);
        world.pass(until);
        let record = world.take_record();
        (world, record)
    });
    let mut contacts: Vec<_> = lines.iter().filter_map(|line| line.contact.clone()).collect();
    contacts.sort();
    contacts.dedup();
    let mut report = Report::default();
    for contact in contacts {
        let events: Vec<Event> =
            lines.iter().filter(|line| line.contact.as_ref() == Some(&contact)).filter_map(event).collect();
        let outcomes = sides.each_mut().map(|(world, record)| {
            let own: Vec<Effect> =
                record.extract_if(.., |(other, _)| *other == contact).map(|(_, effect)| effect).collect();
            world.state(&contact).map(|state| Outcome::of(&own, state.clone(), stretch))
        });
        if let [Some(old), Some(new)] = outcomes {
            report.compare(&contact.to_string(), &old, &new, &events);
        }
    }
    report
}

/// The event that a line tells of.
fn event(line: &Line) -> Option<Event> {
    let What::Event { body, .. } = &line.what else { return None };
    Some(Event { seq: line.number as i64, at: line.at, received: line.received, body: (**body).clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_is_reported() {
        let all: Vec<u32> = (0..100).collect();
        let sums = in_shares(&all, |share| share.iter().sum::<u32>());
        assert_eq!(sums.iter().sum::<u32>(), 4_950);
    }

    #[test]
    #[should_panic(expected = "cannot be played")]
    fn a_contact_that_cannot_be_played_is_not_left_out_of_the_report() {
        in_shares(&[1, 2, 3], |share| assert!(!share.contains(&2), "cannot be played"));
    }
}
