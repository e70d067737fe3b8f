//! Why a contact holds a tag, or why not: what the rules say (`rulebook::explain`), with the history of the tag and the words
//! behind it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{ContactId, Event, EventBody, Span, Timestamp};
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::{Effect, State};
use crate::engine::processing::processor::ledger_line;
use crate::rulebook::{Explanation, maybe_rfc3339, rfc3339};
use crate::store::{LedgerLine, LedgerMove, Store, StoreError};

/// Changes of a tag that are told; older ones are left out.
const CHANGES: i64 = 20;

/// The answer.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    /// What the rules say.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// When it was set and when it ended, the newest change first.
    pub history: Vec<Past>,
    /// The events that the rules' figures and the history name.
    pub events: BTreeMap<i64, Seen>,
}

/// A change of the tag.
#[derive(Clone, Debug, Serialize)]
pub struct Past {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// What happened to it.
    pub change: LedgerMove,
    /// The rule, or `agent:NAME`.
    pub by: String,
    /// The rule's version then.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The catalogue's entries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catalogue: Vec<String>,
    /// What figure against which threshold.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub figure: String,
    /// Numbers of the events behind it.
    pub events: Vec<i64>,
    /// Where the words stand in the last of them, in Unicode scalar values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

/// An event as a person knows it again.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Seen {
    /// When it happened.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub at: Option<Timestamp>,
    /// What.
    pub kind: &'static str,
    /// The words of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Puts the answer together. `ledger` are changes of tags, the newest first.
fn put_together(explanation: Explanation, ledger: &[LedgerLine]) -> Why {
    let history = ledger.iter().filter(|line| line.tag == explanation.tag).map(|line| {
        let evidence = line.evidence.clone();
        Past {
            at: line.at,
            change: line.change,
            by: evidence.by,
            version: evidence.version,
            catalogue: evidence.catalogue,
            figure: evidence.figure,
            events: evidence.events,
            spans: evidence.spans,
        }
    });
    Why { history: history.collect(), explanation, events: BTreeMap::new() }
}

impl Why {
    /// The numbers of all events that it names.
    fn named(&self) -> Vec<i64> {
        let of_rules = self.explanation.rules.iter().flat_map(|rule| &rule.conditions).flat_map(|one| &one.events);
        let of_history = self.history.iter().flat_map(|past| &past.events);
        let mut named: Vec<i64> = of_rules.chain(of_history).copied().collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    fn tell_of<'e>(&mut self, events: impl Iterator<Item = &'e Event>) {
        self.events = events.map(|event| (event.seq, seen(event))).collect();
    }
}

fn seen(event: &Event) -> Seen {
    let text = match &event.body {
        EventBody::Message(message) => Some(message.words().to_owned()).filter(|words| !words.is_empty()),
        _ => None,
    };
    Seen { at: Some(event.at), kind: event.body.kind(), text }
}

/// Of a contact in the database. `None` where nobody has that number, or nothing was folded yet.
///
/// # Errors
/// The database does not answer.
pub async fn of_contact(
    store: &Store,
    knowledge: &Knowledge,
    contact: ContactId,
    tag: &str,
    now: Timestamp,
) -> Result<Option<Why>, StoreError> {
    let Some((row, state)) = store.contact(contact).await? else { return Ok(None) };
    let Some(state) = state.and_then(|state| State::unpacked(&state).ok()) else { return Ok(None) };
    let explanation = knowledge.rulebook.explain(&state.facts, &state.contact, tag, now);
    let ledger = store.ledger_of(row.contact, &explanation.tag, CHANGES).await?;
    let mut why = put_together(explanation, &ledger);
    let events = store.events(row.contact, &why.named()).await?;
    why.tell_of(events.iter());
    Ok(Some(why))
}

/// Of a contact of a timeline, at its end; `ledger` are all changes of their tags, the newest first.
pub fn of_timeline(
    knowledge: &Knowledge,
    state: &State,
    ledger: &[LedgerLine],
    events: &[Event],
    tag: &str,
    now: Timestamp,
) -> Why {
    let explanation = knowledge.rulebook.explain(&state.facts, &state.contact, tag, now);
    let mut why = put_together(explanation, ledger);
    let named = why.named();
    why.tell_of(events.iter().filter(|event| named.contains(&event.seq)));
    why
}

/// What the ledger would say of an effect.
pub fn told(effect: Effect) -> Option<LedgerLine> {
    match effect {
        Effect::Decided(at, consequence) => ledger_line(at, consequence),
        _ => None,
    }
}

/// The words of a message with what counts between brackets.
pub fn marked(text: &str, spans: &[Span]) -> String {
    let mut out = String::with_capacity(text.len() + spans.len() * 2);
    for (index, c) in text.chars().enumerate() {
        let index = index as u32;
        let times =
            |of: fn(&Span) -> u32| spans.iter().filter(|span| of(span) == index && span.start < span.end).count();
        out.extend(std::iter::repeat_n(']', times(|span| span.end)));
        out.extend(std::iter::repeat_n('[', times(|span| span.start)));
        out.push(c);
    }
    let length = text.chars().count() as u32;
    out.extend(std::iter::repeat_n(
        ']',
        spans.iter().filter(|span| span.end == length && span.start < span.end).count(),
    ));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_count_stand_between_brackets() {
        let span = |start, end| Span { start, end };
        assert_eq!(marked("预算500 phone", &[span(2, 5), span(6, 11)]), "预算[500] [phone]");
        assert_eq!(marked("", &[span(0, 0)]), "");
    }
}
