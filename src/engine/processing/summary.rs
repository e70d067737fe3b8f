//! What lists show of a contact, made from its state so that a list never reads one.

use serde::{Deserialize, Serialize};

use crate::domain::{Event, EventBody, InboundMessage, Timestamp};
use crate::engine::fold::state::State;
use crate::store::Summary;

/// Longest preview, in characters.
const PREVIEW: usize = 90;

/// What a row of the inbox shows beside the columns that lists sort by.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Row {
    pub name: Option<String>,
    pub wa_id: Option<String>,
    pub country: Option<String>,
    pub language: Option<String>,
    pub zone: Option<String>,
    pub preview: String,
    pub tags: Vec<String>,
    pub colour: Option<String>,
    pub heat: Option<String>,
    pub stage: String,
    pub reason: Option<String>,
    pub also: Vec<String>,
    pub missed_since: Option<Timestamp>,
    pub given_up: bool,
    pub snoozed_until: Option<Timestamp>,
    pub budget: Option<String>,
    pub product: Option<String>,
    pub window_ends: Option<Timestamp>,
    pub opted_out: bool,
}

/// Summarises a state after `events`; a preview stays as it was where they hold no message.
pub(crate) fn summarise(state: &State, events: &[Event], before: Option<&str>) -> Summary {
    let contact = &state.contact;
    let old: Row = before.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let said = events.iter().rev().find_map(preview);
    let tags = || state.facts.tags().map(|(tag, _)| tag.as_str());
    let row = Row {
        name: contact.name.clone(),
        wa_id: contact.address.wa_id.clone(),
        country: contact.country.map(|country| country.code().to_owned()),
        language: contact.language.as_ref().map(|language| language.tag().to_owned()),
        zone: contact.zone.map(|zone| zone.name().to_owned()),
        preview: said.unwrap_or(old.preview),
        tags: telling(tags()),
        colour: state.facts.colour().map(|colour| colour.name().to_owned()),
        heat: state.facts.heat().map(|heat| heat.name().to_owned()),
        stage: state.facts.stage().name().to_owned(),
        reason: state.desk.reason().map(str::to_owned),
        also: state.desk.other_reasons().to_vec(),
        missed_since: state.desk.missed_since(),
        given_up: state.desk.is_given_up(),
        snoozed_until: state.desk.snoozed(),
        budget: tags().find(|tag| tag.starts_with("budget/")).map(str::to_owned),
        product: state.memory.product().map(str::to_owned),
        window_ends: contact.window_ends(),
        opted_out: contact.opted_out,
    };
    Summary {
        json: serde_json::to_string(&row).unwrap_or_else(|_| "{}".into()),
        last_at: events.last().map(|event| event.received),
        last_inbound_at: contact.last_inbound,
        colour: state.facts.colour().map_or(-1, |colour| colour as i64),
        heat: state.facts.heat().map_or(-1, |heat| heat as i64),
        handoff: state.desk.standing().name(),
        promise_due: state.desk.due(),
        agent: state.desk.agent().map(str::to_owned),
        snoozed_until: state.desk.snoozed(),
    }
}

/// Tags that say something of this customer, those first that say most: a row has room for a few.
fn telling<'t>(tags: impl Iterator<Item = &'t str>) -> Vec<String> {
    fn group(tag: &str) -> &str {
        tag.split('/').next().unwrap_or_default()
    }
    // Where the customer stands is shown by itself; nearly everybody is active and has hours.
    let is_elsewhere = |group: &str| {
        ["color", "heat", "stage", "lang", "region", "activity", "matrix", "tz", "slot"].contains(&group)
            || group.starts_with("slot-")
    };
    let names: Vec<&str> = tags.filter(|tag| !is_elsewhere(group(tag))).collect();
    // Of a phone it is known that it is electronics.
    let is_over = |tag: &str, name: &str| name.strip_prefix(tag).is_some_and(|rest| rest.starts_with('/'));
    let mut tags: Vec<&str> =
        names.iter().copied().filter(|tag| !names.iter().any(|name| is_over(tag, name))).collect();
    let first = ["category", "need", "budget"];
    tags.sort_by_key(|tag| first.iter().position(|name| *name == group(tag)).unwrap_or(first.len()));
    tags.into_iter().map(str::to_owned).collect()
}

fn preview(event: &Event) -> Option<String> {
    match &event.body {
        EventBody::Message(message) => Some(words(message)),
        EventBody::Location(_) => Some("[location]".into()),
        _ => None,
    }
}

fn words(message: &InboundMessage) -> String {
    let words: String = message.words().split_whitespace().collect::<Vec<_>>().join(" ");
    match (&message.media, words.is_empty()) {
        (Some(media), true) => format!("[{media}]"),
        (Some(media), false) => format!("[{media}] {}", cut(&words)),
        (None, _) => cut(&words),
    }
}

fn cut(text: &str) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    let mut graphemes = text.graphemes(true);
    let mut kept: String = graphemes.by_ref().take(PREVIEW).collect();
    if graphemes.next().is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_first_what_somebody_looks_for() {
        let held = [
            "activity/active-7d",
            "band/high",
            "budget/500",
            "category/electronics",
            "category/electronics/phone",
            "heat/medium",
            "life/new",
            "matrix/nurture",
            "need/waterproof",
            "slot-kind/work",
            "slot/thu-evening",
            "tz/gmt+8",
        ];
        let told = telling(held.into_iter());
        assert_eq!(told, ["category/electronics/phone", "need/waterproof", "budget/500", "band/high", "life/new"]);
    }
}
