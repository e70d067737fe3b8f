//! From rows to what pages show: contacts, tags with their evidence, times in words.

use chrono_tz::Tz;
use minijinja::{Value, context};

use super::people::{self, People};
use crate::dialogue::grouped;
use crate::domain::{Budget, Duration, Event, EventBody, Evidence, Timestamp};
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::State;
use crate::engine::processing::summary::Row;
use crate::engine::sending::outlook::{self, Stopped};
use crate::engine::tags::Faces;
use crate::outreach::{Planned, Verdict};
use crate::store::{InboxRow, LedgerLine, LedgerMove};

/// Tags that a row of the inbox shows; the rest is a number.
const TAGS_SHOWN: usize = 3;

/// From here on it is told louder that the service window closes.
const LAST_HOUR: Duration = Duration::hours(1);

/// From here on a row tells that the service window closes, where a person is to answer.
const LAST_HOURS: Duration = Duration::hours(3);

/// What is known of rows beside their contacts: where the signed-in person left a draft, and where a reply reached nobody.
pub(crate) struct Marks {
    pub(crate) drafted: Vec<i64>,
    pub(crate) unsent: Vec<i64>,
}

/// A row of the inbox.
pub(crate) fn row(row: &InboxRow, faces: &Faces, people: &People, marks: &Marks, now: Timestamp) -> Value {
    let summary: Row = serde_json::from_str(&row.summary).unwrap_or_default();
    let more = summary.tags.len().saturating_sub(TAGS_SHOWN);
    let tags: Vec<Value> = summary.tags.iter().take(TAGS_SHOWN).map(|tag| face(faces, tag)).collect();
    let window = summary.window_ends.filter(|ends| row.handoff != "none" && *ends > now && *ends < now + LAST_HOURS);
    context! {
        id => row.contact.0, name => people::customer(&summary, row.contact.0), preview => &summary.preview, unread => row.unread,
        window => window.map(|ends| left(ends, now)), unsent => marks.unsent.contains(&row.contact.0),
        colour => summary.colour.clone(), heat => summary.heat.clone(), tags, more,
        handoff => &row.handoff, agent => row.agent.as_deref().map(|login| people.name(login)), opted_out => summary.opted_out,
        ago => row.last_inbound_at.map(|at| ago(at, now)),
        snoozed => snoozed(&summary, now), country => summary.country.clone(), draft => marks.drafted.contains(&row.contact.0), ..waiting(row, &summary, now)
    }
}

/// How long a conversation is still put aside.
fn snoozed(summary: &Row, now: Timestamp) -> Option<String> {
    summary.snoozed_until.filter(|until| *until > now).map(|until| left(until, now))
}

/// Why somebody waits for a person, all of it, and until when; or for how long already, where the promise was missed.
fn waiting(row: &InboxRow, summary: &Row, now: Timestamp) -> Value {
    let due = match summary.missed_since {
        Some(since) if summary.given_up => Some(format!("waits {}", length(((now - since).0 / 1000).max(60)))),
        Some(since) => Some(format!("promise missed, waits {}", length(((now - since).0 / 1000).max(60)))),
        None => row.promise_due.map(|due| countdown(due, now)),
    };
    let reasons: Vec<String> = summary.reason.iter().chain(&summary.also).cloned().collect();
    let overdue = summary.missed_since.is_some() || row.promise_due.is_some_and(|due| due < now);
    context! { reasons, due, overdue, given_up => summary.given_up }
}

/// A budget as it was understood: with its currency, where one is known.
fn budget(budget: &Budget) -> String {
    let currency = budget.currency.map(|currency| format!(" {}", currency.code())).unwrap_or_default();
    let sum = match (budget.min, budget.max) {
        (Some(min), Some(max)) if min == max => grouped(min),
        (Some(min), Some(max)) => format!("{} to {}", grouped(min), grouped(max)),
        (Some(min), None) => format!("from {}", grouped(min)),
        (None, Some(max)) => format!("up to {}", grouped(max)),
        (None, None) => return "none".into(),
    };
    let about = if budget.about { "about " } else { "" };
    format!("{about}{sum}{currency}")
}

/// What a tag is called and drawn in.
pub(crate) fn face(faces: &Faces, tag: &str) -> Value {
    context! { tag, label => faces.label(tag), colour => faces.colour(tag) }
}

/// Labels of tags that may be given: the core set and what people made.
pub(crate) fn known_tags(faces: &Faces) -> Vec<String> {
    faces.offered().map(|tag| faces.label(tag)).collect()
}

/// What the panel says of a contact.
pub(crate) fn contact(row: &InboxRow, state: &State, people: &People, now: Timestamp, shop_zone: Tz) -> Value {
    let summary: Row = serde_json::from_str(&row.summary).unwrap_or_default();
    let zone = state.contact.zone.unwrap_or(shop_zone);
    let window = state.contact.window_ends().filter(|ends| *ends > now);
    context! {
        id => row.contact.0, name => people::customer(&summary, row.contact.0),
        number => summary.wa_id.as_ref().map(|digits| format!("+{digits}")),
        country => summary.country.clone(), language => summary.language.clone(), local_time => clock(now, zone),
        zone => zone.name(), colour => summary.colour.clone(), heat => summary.heat.clone(), stage => &summary.stage,
        budget => state.memory.budget().map(budget).or_else(|| summary.budget.as_ref().map(|tag| tag.replace("budget/", ""))),
        product => summary.product.clone(), opted_out => summary.opted_out,
        marketing_out => state.contact.marketing_out, snoozed => snoozed(&summary, now),
        handoff => &row.handoff, agent => row.agent.as_deref().map(|login| people.name(login)),
        window_open => window.is_some(), window => window.map(|ends| left(ends, now)),
        window_closes => window.is_some_and(|ends| ends < now + LAST_HOUR),
        ..waiting(row, &summary, now)
    }
}

/// A moment as a thread shows it: the time of day, and all of it for who looks closer.
pub(crate) fn moment(at: Timestamp, zone: Tz) -> Value {
    let whole = format!("{} {}", at.utc().with_timezone(&zone).format("%-d %b %Y, %H:%M"), zone.name());
    context! { clock => clock(at, zone), whole, instant => at.rfc3339() }
}

/// What is planned for a contact: for when, and what the gate would say of it now.
pub(crate) fn planned(state: &State, knowledge: &Knowledge, stopped: &Stopped, now: Timestamp) -> Vec<Value> {
    let mut plans = knowledge.planned(state, now);
    plans.retain(|(plan, _)| stopped.wants(plan));
    plans.sort_by_key(|(plan, _)| plan.due());
    let shown = |(plan, verdict): &(&Planned, Verdict)| {
        let says = outlook::says(plan, verdict, stopped);
        let (due, kind) = (plan.due(), plan.kind.name().replace('_', " "));
        let within = (due > now).then(|| left(due, now));
        context! { kind, template => &plan.template, rule => &*plan.rule, product => plan.product.clone(), within, says }
    };
    plans.iter().map(shown).collect()
}

/// Tags that hold, with why: the rule, the figure, the words in the message.
pub(crate) fn tags(
    state: &State,
    ledger: &[LedgerLine],
    events: &[Event],
    faces: &Faces,
    verdicts: &[(String, Timestamp, bool)],
    now: Timestamp,
) -> Vec<Value> {
    let held = state.facts.tags();
    held.map(|(tag, held)| {
        let line = ledger.iter().find(|line| line.tag == tag.as_str() && line.change == LedgerMove::Set);
        let said = verdicts.iter().find(|(other, since, _)| other == tag.as_str() && *since == held.since);
        let said = said.map(|(.., correct)| if *correct { "right" } else { "wrong" });
        let evidence = line.map(|line| line.evidence.clone()).unwrap_or_default();
        let message = evidence.events.iter().rev().find_map(|seq| {
            let event = events.iter().find(|event| event.seq == *seq)?;
            let EventBody::Message(message) = &event.body else { return None };
            Some(highlighted(message.words(), &evidence))
        });
        context! {
            tag => tag.as_str(), label => faces.label(tag.as_str()), colour => faces.colour(tag.as_str()), said, since => ago(held.since, now),
            until => held.expires.filter(|expires| *expires > now).map(|expires| left(expires, now)),
            rule => &held.by, version => &evidence.version, catalogue => evidence.catalogue.join(", "), figure => &evidence.figure,
            message,
        }
    })
    .collect()
}

/// The words of a message in pieces, those that count marked.
fn highlighted(text: &str, evidence: &Evidence) -> Vec<Value> {
    let mut pieces = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut spans = evidence.spans.clone();
    spans.sort();
    for span in spans {
        let (start, end) = (span.start as usize, (span.end as usize).min(chars.len()));
        if start < at || start >= end {
            continue;
        }
        pieces.push(context! { text => chars[at..start].iter().collect::<String>(), marked => false });
        pieces.push(context! { text => chars[start..end].iter().collect::<String>(), marked => true });
        at = end;
    }
    pieces.push(context! { text => chars[at..].iter().collect::<String>(), marked => false });
    pieces
}

/// Time of day where somebody is.
pub(crate) fn clock(at: Timestamp, zone: Tz) -> String {
    at.utc().with_timezone(&zone).format("%H:%M").to_string()
}

/// How long ago, in the largest unit.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    match (now - at).0 / 1000 {
        seconds if seconds < 60 => "now".into(),
        seconds => length(seconds),
    }
}

/// What is left until a moment, in hours up to two days: of one day and 23 hours “1 d” would hide the half.
fn left(at: Timestamp, now: Timestamp) -> String {
    match (at - now).0 / 1000 {
        seconds if (86_400..2 * 86_400).contains(&seconds) => format!("{} h", seconds / 3_600),
        seconds => length(seconds.max(60)),
    }
}

/// A promise on the clock.
fn countdown(due: Timestamp, now: Timestamp) -> String {
    match (due - now).0 / 1000 {
        seconds if seconds < 0 => format!("{} late", length((-seconds).max(60))),
        _ => format!("answer within {}", left(due, now)),
    }
}

fn length(seconds: i64) -> String {
    match seconds {
        seconds if seconds < 3_600 => format!("{} min", seconds / 60),
        seconds if seconds < 86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// The beginning of a text.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let mut kept: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_as_something_to_do_and_hides_no_hours() {
        let now = Timestamp(1_790_000_000_000);
        let minutes = |minutes| countdown(now + Duration::minutes(minutes), now);
        assert_eq!(minutes(5), "answer within 5 min");
        assert_eq!(minutes(29 * 60 + 50), "answer within 29 h");
        assert_eq!(minutes(47 * 60 + 59), "answer within 47 h");
        assert_eq!(minutes(48 * 60), "answer within 2 d");
        assert_eq!(minutes(-3), "3 min late");
    }

    #[test]
    fn a_moment_of_a_thread_tells_its_day_and_zone_to_who_looks_closer() {
        let told = moment(Timestamp(1_790_000_000_000), chrono_tz::Asia::Hong_Kong);
        let part = |name| told.get_attr(name).unwrap_or_default().to_string();
        assert_eq!(part("clock"), "22:13");
        assert_eq!(part("whole"), "21 Sep 2026, 22:13 Asia/Hong_Kong");
        assert!(part("instant").starts_with("2026-09-21T14:13:20"), "{told}");
    }
}
