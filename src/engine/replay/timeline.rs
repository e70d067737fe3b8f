//! Timelines: files of JSON lines, each an event or an expectation. The README documents the format.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{Colour, ContactRef, Duration, EventBody, Heat, MessageKind, Stage, Timestamp, mended};

/// Kinds of events that are told by other programs and by timelines.
const KINDS: [&str; 16] = [
    "message", "location", "profile", "sent", "status", "click", "page", "cart", "order", "quote", "case", "agent",
    "opt", "campaign", "weather", "product",
];
/// Kinds that WhatsApp alone tells of.
const OF_WHATSAPP: [&str; 4] = ["reaction", "identity", "account", "unknown"];

/// One line that says something.
#[derive(Clone, Debug)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// When it happened, or the moment that is looked at.
    pub at: Timestamp,
    /// When it reached us: the clock.
    pub received: Timestamp,
    /// Whose; `None` is shop-wide.
    pub contact: Option<ContactRef>,
    /// What it says.
    pub what: What,
}

impl Line {
    /// Whether it expects something of alerts.
    pub fn looks_at_alerts(&self) -> bool {
        matches!(&self.what, What::Expect(expected) if expected.alerts.is_some() || expected.not_alerts.is_some())
    }
}

/// Event or expectation.
#[derive(Clone, Debug)]
pub enum What {
    /// Something happened.
    Event {
        /// The same id twice counts once.
        id: Option<String>,
        /// What.
        body: Box<EventBody>,
    },
    /// Something must hold.
    Expect(Box<Expectation>),
}

/// What must hold at that moment. Absent fields are not looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named and explained by the timeline format")]
pub struct Expectation {
    pub tags: Option<Vec<String>>,
    pub not_tags: Option<Vec<String>>,
    pub colour: Option<String>,
    pub heat: Option<String>,
    pub stage: Option<String>,
    pub handoff: Option<String>,
    pub reply_within: Option<String>,
    pub planned: Option<Vec<ExpectedPlan>>,
    pub sent: Option<Vec<ExpectedSend>>,
    pub not_sent: Option<Vec<String>>,
    pub alerts: Option<Vec<String>>,
    pub not_alerts: Option<Vec<String>>,
}

impl Expectation {
    /// Whether it looks at anything but the alerts of the whole shop.
    fn is_of_a_contact(&self) -> bool {
        let Self { tags, not_tags, colour, heat, stage, handoff, reply_within, planned, sent, not_sent, .. } = self;
        let lists = [tags, not_tags, not_sent].into_iter().any(Option::is_some);
        let words = [colour, heat, stage, handoff, reply_within].into_iter().any(Option::is_some);
        lists || words || planned.is_some() || sent.is_some()
    }

    /// A word that stands for nothing would be expected in vain, or hold whatever happens.
    fn check(&self) -> Result<(), String> {
        let kind = |name: &str| MessageKind::from_name(name).is_some();
        let kinds = "reply, product, promotion, service, case_study, tutorial, reminder";
        let planned = || self.planned.iter().flatten();
        let one = |word: &Option<String>| word.iter().cloned().collect::<Vec<_>>();
        let is_colour = |name: &str| name == "none" || Colour::from_name(name).is_some();
        let is_heat = |name: &str| name == "none" || Heat::from_name(name).is_some();
        let is_promise = |length: &str| length == "none" || Duration::parse(length).is_some();
        check_words(
            "colour",
            one(&self.colour),
            is_colour,
            "red, orange, yellow, green, dark-green, light-green, grey, none",
        )?;
        check_words("heat", one(&self.heat), is_heat, "extreme, high, medium, low, none")?;
        let is_stage = |name: &str| Stage::from_name(name).is_some();
        check_words(
            "stage",
            one(&self.stage),
            is_stage,
            "first-contact, considering, about-to-buy, first-purchase, loyal",
        )?;
        check_words(
            "handoff",
            one(&self.handoff),
            |name| ["none", "open", "accepted"].contains(&name),
            "none, open, accepted",
        )?;
        check_words("reply_within", one(&self.reply_within), is_promise, "lengths of time such as 5m, 2h, and none")?;
        check_words("planned.kind", planned().map(|plan| plan.kind.clone()), kind, kinds)?;
        check_words("sent.kind", self.sent.iter().flatten().map(|send| send.kind.clone()), kind, kinds)?;
        check_words("not_sent", self.not_sent.iter().flatten().cloned(), kind, kinds)?;
        let is_time = |time: &str| Timestamp::parse_rfc3339(time).is_some();
        let times = planned().flat_map(|plan| [&plan.not_before, &plan.not_after]).flatten().cloned();
        check_words("planned", times, is_time, "RFC 3339 times with offset")
    }
}

fn check_words(
    field: &str,
    words: impl IntoIterator<Item = String>,
    is_one: impl Fn(&str) -> bool,
    all: &str,
) -> Result<(), String> {
    match words.into_iter().find(|word| !is_one(word)) {
        Some(word) => Err(format!("`{field}` cannot be `{word}`: there are {all}")),
        None => Ok(()),
    }
}

/// A follow-up that must be planned.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named and explained by the timeline format")]
pub struct ExpectedPlan {
    pub kind: String,
    pub product: Option<String>,
    pub not_before: Option<String>,
    pub not_after: Option<String>,
}

impl fmt::Display for ExpectedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        let details = [("of", &self.product), ("not before", &self.not_before), ("not after", &self.not_after)];
        details.into_iter().try_for_each(|(word, detail)| match detail {
            Some(detail) => write!(f, " {word} {detail}"),
            None => Ok(()),
        })
    }
}

/// A message that must have been sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named and explained by the timeline format")]
pub struct ExpectedSend {
    pub kind: String,
}

/// A line that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads the timeline that a file holds. What is no text in it stands as U+FFFD.
///
/// # Errors
/// The file cannot be read, or see [`parse`]; with its name.
pub fn read(path: &Path) -> Result<Vec<Line>, String> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    parse(&String::from_utf8_lossy(&bytes)).map_err(|error| format!("{name}: {error}"))
}

/// Reads a whole timeline.
///
/// # Errors
/// The first line that is neither an event, an expectation nor a comment, or that stands out of order.
pub fn parse(text: &str) -> Result<Vec<Line>, BadLine> {
    let mut lines: Vec<Line> = Vec::new();
    // Some editors begin a file with a mark of its encoding.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, text) in text.lines().enumerate() {
        let number = index + 1;
        let bad = |reason: String| BadLine { line: number, reason };
        if text.trim().is_empty() {
            continue;
        }
        let text = mended(text.as_bytes());
        let value: Value = serde_json::from_slice(&text).map_err(|error| bad(format!("not valid JSON: {error}")))?;
        let Some(line) = parse_line(number, value).map_err(bad)? else { continue };
        if let Some(before) = lines.last().filter(|before| before.received > line.received) {
            let reason = format!("{} comes after {} of line {}", line.received, before.received, before.number);
            return Err(bad(format!("lines stand in order of time, but {reason}")));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn parse_line(number: usize, mut value: Value) -> Result<Option<Line>, String> {
    let Some(fields) = value.as_object_mut() else { return Err("a line is a JSON object".into()) };
    let only_comment = fields.len() == 1 && fields.contains_key("comment");
    if only_comment {
        return Ok(None);
    }
    fields.remove("comment");
    let Head { at, received, contact, id } = take_head(fields)?;
    let at = at.ok_or("`at` is missing: RFC 3339 with offset")?;
    let received = received.unwrap_or(at);
    if let Some(expect) = fields.remove("expect") {
        if fields.contains_key("event") {
            return Err("a line is an event or an expectation: write two lines".into());
        }
        let expectation: Expectation = serde_json::from_value(expect).map_err(|error| format!("`expect`: {error}"))?;
        if contact.is_none() && expectation.is_of_a_contact() {
            return Err("`contact` is missing: without it only `alerts` and `not_alerts` can be expected".into());
        }
        expectation.check()?;
        let what = What::Expect(Box::new(expectation));
        return Ok(Some(Line { number, at, received: at, contact, what }));
    }
    let body = event_body(value)?;
    check_contact(contact.as_ref(), &body)?;
    Ok(Some(Line { number, at, received, contact, what: What::Event { id, body: Box::new(body) } }))
}

/// What every event says beside its own fields.
pub struct Head {
    /// When it happened.
    pub at: Option<Timestamp>,
    /// When it reached us.
    pub received: Option<Timestamp>,
    /// Whose.
    pub contact: Option<ContactRef>,
    /// The same id twice counts once.
    pub id: Option<String>,
}

/// Takes the common fields out of an event, as they stand in a timeline or in the body of the events API.
///
/// # Errors
/// Which field is wrong.
pub fn take_head(fields: &mut serde_json::Map<String, Value>) -> Result<Head, String> {
    let contact = match fields.remove("contact") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.parse::<ContactRef>()?),
        Some(_) => return Err("`contact` must be text: +85251234567 or bsuid:US.9001".into()),
    };
    let id = match fields.remove("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id),
        // An order's number may come as a number: it means the same event each time.
        Some(Value::Number(id)) => Some(id.to_string()),
        Some(_) => return Err("`id` must be text, in quotes".into()),
    };
    Ok(Head { at: take_time(fields, "at")?, received: take_time(fields, "received")?, contact, id })
}

/// Reads the event's own fields, as they stand in a timeline or in the body of the events API.
///
/// # Errors
/// Which field is missing or wrong.
pub fn event_body(value: Value) -> Result<EventBody, String> {
    match value.get("event").and_then(Value::as_str) {
        None => return Err("`event` (or `expect`) is missing".into()),
        // They are counted here, and nobody else's word is taken for them.
        Some("figures") => return Err("`figures` are Hotline's own: they are counted from the other events".into()),
        Some("unsent") => return Err("`unsent` is Hotline's own: it tells what became of its own messages".into()),
        Some(kind) if KINDS.contains(&kind) || OF_WHATSAPP.contains(&kind) => {}
        Some(kind) => {
            return Err(format!("`event` is `{kind}`, and there is no such kind: it is one of {}", KINDS.join(", ")));
        }
    }
    let body: EventBody = serde_json::from_value(value).map_err(|error| error.to_string())?;
    body.check_sums()?;
    body.check_words()?;
    Ok(body)
}

/// Most events happen to somebody; some are of the whole shop.
///
/// # Errors
/// That the contact is missing.
pub fn check_contact(contact: Option<&ContactRef>, body: &EventBody) -> Result<(), String> {
    let is_of_all = match body {
        EventBody::Weather(_) | EventBody::Product(_) => true,
        EventBody::Campaign(campaign) => !["recipient", "response", "cancel"].contains(&campaign.action.as_str()),
        _ => false,
    };
    match contact {
        None if !is_of_all => Err(format!("`contact` is missing: a {} event happens to somebody", body.kind())),
        _ => Ok(()),
    }
}

fn take_time(fields: &mut serde_json::Map<String, Value>, name: &str) -> Result<Option<Timestamp>, String> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => match Timestamp::parse_rfc3339(&text) {
            Some(at) => Ok(Some(at)),
            None => Err(format!("`{name}` is `{text}`, which is no RFC 3339 time with offset")),
        },
        Some(_) => Err(format!("`{name}` must be text: RFC 3339 with offset")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn an_expected_plan_is_told_in_words() {
        let plan: ExpectedPlan =
            serde_json::from_str("{\"kind\": \"reminder\", \"not_after\": \"2026-03-02T11:00:00+08:00\"}").unwrap();
        assert_eq!(plan.to_string(), "reminder not after 2026-03-02T11:00:00+08:00");
    }

    #[test]
    fn events_expectations_and_comments_are_told_apart() {
        let lines = parse(
            "{\"comment\": \"about\"}\n\
             {\"at\": \"2026-03-02T10:00:00+08:00\", \"contact\": \"+85251234567\", \"event\": \"message\", \"text\": \"hi\"}\n\
             \n\
             {\"at\": \"2026-03-02T10:00:05+08:00\", \"contact\": \"+85251234567\", \"expect\": {\"tags\": []}}",
        )
        .unwrap();
        assert_eq!(lines.len(), 2);
        assert!(matches!(lines[0].what, What::Event { .. }));
        assert!(matches!(lines[1].what, What::Expect(_)));
    }

    #[test]
    fn halves_of_characters_and_fractions_of_seconds_lose_no_line() {
        let head = "{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"+85251234567\", \"event\"";
        let text = format!(
            "{head}: \"message\", \"text\": \"half \\ud83d\"}}\n\
             {head}: \"page\", \"page\": \"product\", \"seconds\": 12, \"visit_seconds\": 480.5}}"
        );
        let lines = parse(&text).unwrap();
        let bodies: Vec<_> = lines
            .iter()
            .filter_map(|line| match &line.what {
                What::Event { body, .. } => Some(&**body),
                What::Expect(_) => None,
            })
            .collect();
        assert!(matches!(bodies[0], EventBody::Message(message) if message.words() == "half \u{fffd}"));
        assert!(matches!(bodies[1], EventBody::Page(page) if (page.seconds, page.visit_seconds) == (12, Some(480))));
    }

    #[test]
    fn a_bad_line_is_told_with_its_number_and_what_is_wrong() {
        for (text, said) in [
            ("{\"at\": \"now\", \"event\": \"message\"}", "no RFC 3339 time"),
            ("{\"at\": \"2026-03-02T10:00:00Z\"}", "`event` (or `expect`) is missing"),
            ("{\"at\": \"2026-03-02T10:00:00Z\", \"event\": \"dance\"}", "dance"),
            ("{\"at\": \"2026-03-02T10:00:00Z\", \"event\": \"figures\", \"job\": \"customers\"}", "Hotline's own"),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"+85251234567\", \"expect\": {\"colour\": \"purple\"}}",
                "`colour` cannot be `purple`: there are red, orange",
            ),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"+85251234567\", \"expect\": {\"reply_within\": \"15 minutes\"}}",
                "`reply_within` cannot be `15 minutes`",
            ),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"+85251234567\", \"expect\": {\"not_sent\": [\"replies\"]}}",
                "`not_sent` cannot be `replies`: there are reply, product",
            ),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"+85251234567\", \"expect\": {\"planned\": [{\"kind\": \"reminder\", \"not_after\": \"2026-03-02 10:01\"}]}}",
                "`planned` cannot be `2026-03-02 10:01`: there are RFC 3339 times",
            ),
            ("{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"852\", \"event\": \"message\"}", "names no contact"),
            ("{\"at\": \"2026-03-02T10:00:00Z\", \"expect\": {\"tagz\": []}}", "tagz"),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"id\": true, \"event\": \"message\"}",
                "`id` must be text, in quotes",
            ),
            ("{\"at\": \"2026-03-02T10:00:00Z\", \"event\": \"message\", \"text\": \"hi\"}", "`contact` is missing"),
            ("{\"at\": \"2026-03-02T10:00:00Z\", \"expect\": {\"tags\": []}}", "`contact` is missing"),
            ("{\"at\": \"2026-03-02T10:00:00Z\", \"event\": \"message\", \"expect\": {}}", "write two lines"),
            ("nonsense", "not valid JSON"),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"event\": \"weather\", \"place\": \"HK\", \"date\": \"2026-13-01\", \"max_c\": 3}",
                "`date` is `2026-13-01`, which is no day",
            ),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"+85251234567\", \"event\": \"page\", \"page\": \"product\", \"seconds\": -5}",
                "`seconds` is -5",
            ),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"+85251234567\", \"event\": \"order\", \"order\": \"1\", \"state\": \"paid\", \"total\": -500}",
                "`total` is -500: no sum is less than nothing",
            ),
            (
                "{\"at\": \"2026-03-02T10:00:00Z\", \"contact\": \"+85251234567\", \"event\": \"location\", \"latitude\": 120, \"longitude\": 7}",
                "`latitude` is 120: degrees go from -90 to 90",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
