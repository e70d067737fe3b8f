//! Whether the body of a call is one that Meta takes (sections 4.1, 4.2 and 5.6): first what must be there, then kinds, lengths,
//! counts and values (section 9, point 6). What is asked for is data, in messages.toml; here is how it is read.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::embedded;

/// A part is of another kind of JSON than it must be.
const KIND: i64 = 100;
/// A part that must be there is not.
const MISSING: i64 = 131_008;
/// A part is too long, too many or not one of those that are allowed.
const VALUE: i64 = 131_009;
/// There is no such type of message.
const UNSUPPORTED: i64 = 131_051;

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Meta's code.
    pub(super) code: i64,
    /// What is wrong, for `error_data.details`.
    pub(super) details: String,
}

fn refusal(code: i64, details: String) -> Refusal {
    Refusal { code, details }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    every: Vec<Rule>,
    read: Vec<Rule>,
    every_interactive: Vec<Rule>,
    message: HashMap<String, Vec<Rule>>,
    interactive: HashMap<String, Vec<Rule>>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| embedded("messages.toml", include_str!("messages.toml")));

/// What is asked of one part; messages.toml explains the fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    at: Path,
    #[serde(default)]
    is: Kind,
    #[serde(default)]
    need: bool,
    #[serde(default)]
    need_among_several: bool,
    #[serde(default)]
    may_be_empty: bool,
    #[serde(default)]
    one_of: Vec<String>,
    least: Option<usize>,
    most: Option<usize>,
    most_in_all: Option<usize>,
    between: Option<[f64; 2]>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    unique: bool,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Text,
    Url,
    Number,
    Id,
    List,
    Object,
    Anything,
}

/// Where a part stands.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Path {
    shown: String,
    steps: Vec<Step>,
}

struct Step {
    key: Key,
    /// All behind it may be absent with it.
    optional: bool,
    /// A list, of which each element is meant.
    each: bool,
}

enum Key {
    Named(String),
    /// As the `type` beside it says.
    ByType,
}

impl From<String> for Path {
    fn from(written: String) -> Self {
        let step = |part: &str| {
            let (part, each) = part.strip_suffix("[]").map_or((part, false), |part| (part, true));
            let (part, optional) = part.strip_suffix('?').map_or((part, false), |part| (part, true));
            Step { key: if part == "<type>" { Key::ByType } else { Key::Named(part.to_owned()) }, optional, each }
        };
        Self { steps: written.split('.').map(step).collect(), shown: written.replace('?', "") }
    }
}

/// What a path leads to.
struct Found<'a> {
    part: Option<&'a Value>,
    /// The list that it stands in has others.
    among_several: bool,
}

impl Path {
    fn find<'a>(&self, body: &'a Value) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        follow(&self.steps, body, false, &mut found);
        found
    }
}

fn follow<'a>(steps: &[Step], value: &'a Value, among_several: bool, found: &mut Vec<Found<'a>>) {
    let Some((step, rest)) = steps.split_first() else {
        return found.push(Found { part: Some(value), among_several });
    };
    let key = match &step.key {
        Key::Named(name) => Some(name.as_str()),
        Key::ByType => value["type"].as_str(),
    };
    match key.and_then(|key| value.get(key)).filter(|next| !next.is_null()) {
        Some(Value::Array(all)) if step.each => {
            all.iter().for_each(|one| follow(rest, one, all.len() > 1, found));
        }
        // That it must be a list, or there, is a rule of its own.
        _ if step.each => {}
        Some(next) => follow(rest, next, among_several, found),
        None if step.optional => {}
        None => found.push(Found { part: None, among_several }),
    }
}

/// Whether Meta takes a message, before it looks at the recipient and the template.
pub(super) fn message(body: &Value) -> Result<(), Refusal> {
    let kind = match &body["type"] {
        Value::Null => "text",
        Value::String(kind) => kind.as_str(),
        _ => return Err(refusal(KIND, "type must be a text".into())),
    };
    let unknown = || refusal(UNSUPPORTED, format!("{kind} is not a supported message type"));
    let rules = RULES.message.get(kind).ok_or_else(unknown)?;
    check(RULES.every.iter().chain(rules), body)?;
    if kind != "interactive" {
        return Ok(());
    }
    let kind = body["interactive"]["type"].as_str().unwrap_or_default();
    let unknown = || refusal(VALUE, format!("{kind} is not a type of interactive message"));
    let rules = RULES.interactive.get(kind).ok_or_else(unknown)?;
    check(RULES.every_interactive.iter().chain(rules), body)
}

/// Whether Meta takes a mark that a message was read.
pub(super) fn read_mark(body: &Value) -> Result<(), Refusal> {
    check(RULES.read.iter(), body)
}

fn check<'a>(mut rules: impl Iterator<Item = &'a Rule> + Clone, body: &Value) -> Result<(), Refusal> {
    rules.clone().try_for_each(|rule| rule.is_there(body))?;
    rules.try_for_each(|rule| rule.fits(body))
}

impl Rule {
    fn is_there(&self, body: &Value) -> Result<(), Refusal> {
        let at = &self.at.shown;
        for Found { part, among_several } in self.at.find(body) {
            let is_missing = part.is_none_or(|part| part == "" && !self.may_be_empty);
            if is_missing && (self.need || (self.need_among_several && among_several)) {
                return Err(refusal(MISSING, format!("{at} is required")));
            }
            let has = |name: &String| part.is_some_and(|part| !matches!(&part[name], Value::Null) && part[name] != "");
            if part.is_some() && !self.any.is_empty() && !self.any.iter().any(has) {
                return Err(refusal(MISSING, format!("{at}: one of {} is required", self.any.join(", "))));
            }
        }
        Ok(())
    }

    fn fits(&self, body: &Value) -> Result<(), Refusal> {
        let (at, parts) = (&self.at.shown, self.at.find(body));
        let parts: Vec<&Value> = parts.into_iter().filter_map(|found| found.part).collect();
        if let Some(most) = self.most_in_all.filter(|most| parts.len() > *most) {
            return Err(refusal(VALUE, format!("{at}: at most {most} are allowed in total")));
        }
        let mut seen = HashSet::new();
        if self.unique && !parts.iter().all(|part| seen.insert(part.as_str())) {
            return Err(refusal(VALUE, format!("{at} must be unique")));
        }
        parts.into_iter().try_for_each(|part| self.takes(part))
    }

    fn takes(&self, part: &Value) -> Result<(), Refusal> {
        let at = &self.at.shown;
        let kind = |what: &str| refusal(KIND, format!("{at} must be {what}"));
        match self.is {
            Kind::Text | Kind::Url => self.takes_text(part.as_str().ok_or_else(|| kind("a text"))?),
            Kind::Number => {
                let number = part.as_f64().or_else(|| part.as_str()?.trim().parse().ok());
                let fits = |number| self.between.is_none_or(|[low, high]| (low..=high).contains(&number));
                number.is_some_and(fits).then_some(()).ok_or_else(|| refusal(VALUE, format!("{at} is out of range")))
            }
            Kind::List => {
                let count = part.as_array().ok_or_else(|| kind("a list"))?.len();
                let (least, most) = (self.least.unwrap_or(1), self.most.unwrap_or(usize::MAX));
                let wrong = || refusal(VALUE, format!("{at} has {count} elements; at least {least}, at most {most}"));
                (least..=most).contains(&count).then_some(()).ok_or_else(wrong)
            }
            Kind::Object => part.is_object().then_some(()).ok_or_else(|| kind("an object")),
            Kind::Id => (part.is_string() || part.is_number()).then_some(()).ok_or_else(|| kind("an id")),
            Kind::Anything => Ok(()),
        }
    }

    fn takes_text(&self, text: &str) -> Result<(), Refusal> {
        let at = &self.at.shown;
        let is_address = |text: &str| {
            reqwest::Url::parse(text).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
        };
        if let Some(most) = self.most.filter(|most| text.encode_utf16().count() > *most) {
            return Err(refusal(VALUE, format!("{at} is longer than {most} characters")));
        }
        if !self.one_of.is_empty() && !self.one_of.iter().any(|one| one.eq_ignore_ascii_case(text)) {
            return Err(refusal(VALUE, format!("{at} must be one of {}", self.one_of.join(", "))));
        }
        if matches!(self.is, Kind::Url) && !is_address(text) {
            return Err(refusal(VALUE, format!("{at} is not an address")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(checked: &Result<(), Refusal>) -> i64 {
        checked.as_ref().err().map_or(0, |refusal| refusal.code)
    }

    fn x(count: usize) -> String {
        "x".repeat(count)
    }

    /// A message of that type with this in it.
    fn of(kind: &str, part: Value) -> Value {
        json!({ "type": kind, kind: part })
    }

    #[track_caller]
    fn all(cases: impl IntoIterator<Item = (Value, i64)>) {
        for (body, wanted) in cases {
            let checked = message(&body);
            assert_eq!(code(&checked), wanted, "{checked:?}\n{body}");
        }
    }

    #[test]
    fn the_rules_are_readable() {
        assert_eq!((RULES.message.len(), RULES.read.len()), (11, 3));
    }

    #[test]
    fn what_is_missing_is_told_before_what_is_wrong() {
        let two = json!({ "type": "list", "header": { "type": "image" }, "body": { "text": x(9_999) }, "action": {} });
        all([(of("interactive", two), MISSING)]);
    }

    #[test]
    fn messages_of_each_type_have_what_meta_asks_for() {
        let media = |kind: &str, empty: i64| {
            [
                (of(kind, json!({ "id": "1" })), 0),
                (of(kind, json!({ "link": "https://x.example/a" })), 0),
                (of(kind, json!({})), empty),
                (json!({ "type": kind }), empty),
                (of(kind, json!({ "link": "notaurl" })), VALUE),
                (of(kind, json!({ "id": [] })), KIND),
            ]
        };
        all(["image", "video", "audio", "document", "sticker"].into_iter().flat_map(|kind| media(kind, MISSING)));
        let captioned = |count: usize| json!({ "id": "1", "caption": x(count) });
        for kind in ["image", "video", "document"] {
            all([(of(kind, captioned(1_024)), 0), (of(kind, captioned(1_025)), VALUE)]);
        }
        let person = json!({ "name": { "formatted_name": "A" } });
        let people = |count: usize| vec![person.clone(); count].into();
        all([
            (json!({ "text": { "body": "no type is text" } }), 0),
            (of("text", json!({ "body": x(4_096) })), 0),
            (of("text", json!({ "body": x(4_097) })), VALUE),
            (of("text", json!({ "body": "" })), MISSING),
            (of("text", json!({ "body": 5 })), KIND),
            (of("text", "hello".into()), MISSING),
            (json!({ "type": 5 }), KIND),
            (json!({ "type": "poll" }), UNSUPPORTED),
            (of("location", json!({ "latitude": "40.7", "longitude": -73.9 })), 0),
            (of("location", json!({})), MISSING),
            (of("location", json!({ "latitude": 999, "longitude": 1 })), VALUE),
            (of("location", json!({ "latitude": 1, "longitude": "a" })), VALUE),
            (of("contacts", people(257)), 0),
            (of("contacts", people(258)), VALUE),
            (of("contacts", people(0)), VALUE),
            (of("contacts", json!([{}])), MISSING),
            (json!({ "type": "contacts" }), MISSING),
            (of("reaction", json!({ "message_id": "wamid.A", "emoji": "👍" })), 0),
            (of("reaction", json!({ "message_id": "wamid.A", "emoji": "" })), 0),
            (of("reaction", json!({ "emoji": "👍" })), MISSING),
            (of("reaction", json!({ "message_id": "wamid.A" })), MISSING),
            (of("template", json!({ "name": "a", "language": { "code": "en" } })), 0),
            (of("template", json!({ "name": "a" })), MISSING),
            (
                of("template", json!({ "name": "a", "language": { "code": "en" }, "components": [{ "type": "zzz" }] })),
                VALUE,
            ),
        ]);
        let bare = json!({ "type": "body", "parameters": [{ "text": "x" }] });
        let template = json!({ "name": "a", "language": { "code": "en" }, "components": [bare] });
        all([(of("template", template), MISSING)]);
    }

    #[test]
    fn every_message_may_carry_so_much() {
        let with = |name: &str, part: Value| json!({ "text": { "body": "a" }, name: part });
        all([
            (with("biz_opaque_callback_data", x(512).into()), 0),
            (with("biz_opaque_callback_data", x(513).into()), VALUE),
            (with("recipient_type", "individual".into()), 0),
            (with("recipient_type", "nonsense".into()), VALUE),
            (with("context", json!({ "message_id": "wamid.A" })), 0),
            (with("context", json!({})), MISSING),
        ]);
    }

    /// An interactive message that is right, with one part of it changed.
    fn interactive(kind: &str, pointer: &str, part: Value) -> Value {
        let action = match kind {
            "button" => json!({ "buttons": [
                { "type": "reply", "reply": { "id": "a", "title": "A" } },
                { "type": "reply", "reply": { "id": "b", "title": "B" } },
            ] }),
            "list" => json!({ "button": "Go", "sections": [
                { "title": "One", "rows": [{ "id": "a", "title": "A", "description": "" }] },
                { "title": "Two", "rows": [{ "id": "b", "title": "B" }] },
            ] }),
            "cta_url" => {
                json!({ "name": "cta_url", "parameters": { "display_text": "Open", "url": "https://x.example" } })
            }
            "location_request_message" => json!({ "name": "send_location" }),
            "flow" => {
                let parameters = json!({ "flow_message_version": "3", "flow_id": "1", "flow_cta": "Start" });
                json!({ "name": "flow", "parameters": parameters })
            }
            "product" => json!({ "catalog_id": "1", "product_retailer_id": "2" }),
            "product_list" => json!({ "catalog_id": "1", "sections": [
                { "title": "A", "product_items": [{ "product_retailer_id": "2" }] },
            ] }),
            "catalog_message" => json!({ "name": "catalog_message" }),
            "contact_request" => json!({ "name": "request_contact_info" }),
            _ => json!({}),
        };
        let header = json!({ "type": "text", "text": "Hello" });
        let mut body = of(
            "interactive",
            json!({ "type": kind, "header": header, "body": { "text": "b" }, "footer": { "text": "f" }, "action": action }),
        );
        if let Some(changed) = body["interactive"].pointer_mut(pointer).filter(|_| !pointer.is_empty()) {
            *changed = part;
        }
        body
    }

    #[test]
    fn interactive_messages_keep_their_lengths_and_counts() {
        let kinds = ["button", "list", "cta_url", "location_request_message", "flow", "product", "product_list"];
        let kinds = kinds.into_iter().chain(["catalog_message", "contact_request"]);
        for kind in kinds {
            all([
                (interactive(kind, "", Value::Null), 0),
                (interactive(kind, "/action", Value::Null), MISSING),
                (of("interactive", json!({ "type": kind })), MISSING),
                (interactive(kind, "/header/text", x(61).into()), VALUE),
                (interactive(kind, "/footer/text", x(61).into()), VALUE),
            ]);
            if kind != "list" {
                all([(interactive(kind, "/body/text", x(1_025).into()), VALUE)]);
            }
        }
        let picture = json!({ "type": "image", "image": { "link": "https://x.example/a.jpg" } });
        let row = |n: usize| json!({ "id": n.to_string(), "title": "T" });
        let rows = |count: usize| json!((0..count).map(row).collect::<Vec<_>>());
        let section = json!({ "title": "S", "rows": [row(1)] });
        let products = json!(vec![json!({ "product_retailer_id": "2" }); 31]);
        let cases = [
            ("zzz", "", Value::Null, VALUE),
            ("button", "/header", picture.clone(), 0),
            ("button", "/header", json!({ "type": "image", "image": {} }), MISSING),
            ("button", "/header", Value::Null, 0),
            ("button", "/body", Value::Null, MISSING),
            ("button", "/action/buttons", json!([]), VALUE),
            ("button", "/action/buttons", json!(vec![json!({ "type": "reply", "reply": {} }); 1]), MISSING),
            ("button", "/action/buttons/0/type", Value::Null, MISSING),
            ("button", "/action/buttons/0/reply/id", Value::Null, MISSING),
            ("button", "/action/buttons/0/reply/id", x(256).into(), 0),
            ("button", "/action/buttons/0/reply/id", x(257).into(), VALUE),
            ("button", "/action/buttons/0/reply/title", x(21).into(), VALUE),
            ("button", "/action/buttons/0/reply/id", "b".into(), VALUE),
            ("button", "/action/buttons/0/reply/title", "B".into(), VALUE),
            ("list", "/header", picture, VALUE),
            ("list", "/body/text", x(4_096).into(), 0),
            ("list", "/body/text", x(4_097).into(), VALUE),
            ("list", "/action/button", x(21).into(), VALUE),
            ("list", "/action/sections", json!(vec![section; 11]), VALUE),
            ("list", "/action/sections/0/title", Value::Null, MISSING),
            ("list", "/action/sections/0/title", x(25).into(), VALUE),
            ("list", "/action/sections/0/rows", json!([]), VALUE),
            ("list", "/action/sections/0/rows", rows(9), 0),
            ("list", "/action/sections/0/rows", rows(10), VALUE),
            ("list", "/action/sections/0/rows/0/id", Value::Null, MISSING),
            ("list", "/action/sections/0/rows/0/id", "b".into(), VALUE),
            ("list", "/action/sections/0/rows/0/id", x(201).into(), VALUE),
            ("list", "/action/sections/0/rows/0/title", x(25).into(), VALUE),
            ("list", "/action/sections/0/rows/0/description", x(73).into(), VALUE),
            ("cta_url", "/action/parameters/display_text", x(21).into(), VALUE),
            ("cta_url", "/action/parameters/url", Value::Null, MISSING),
            ("cta_url", "/action/parameters/url", "x.example".into(), VALUE),
            ("flow", "/action/parameters/flow_id", Value::Null, MISSING),
            ("product_list", "/header", Value::Null, MISSING),
            ("product_list", "/action/sections/0/product_items", products, VALUE),
        ];
        all(cases.map(|(kind, pointer, part, code)| (interactive(kind, pointer, part), code)));
        let untitled = json!([{ "rows": [row(1)] }]);
        all([(interactive("list", "/action/sections", untitled), 0)]);
    }

    #[test]
    fn a_read_mark_names_a_message() {
        let cases = [
            (json!({ "status": "read", "message_id": "wamid.A" }), 0),
            (json!({ "status": "read", "message_id": "wamid.A", "typing_indicator": { "type": "text" } }), 0),
            (json!({ "status": "read", "message_id": "wamid.A", "typing_indicator": { "type": "zzz" } }), VALUE),
            (json!({ "status": "read" }), MISSING),
            (json!({ "status": "seen", "message_id": "wamid.A" }), VALUE),
        ];
        for (body, wanted) in cases {
            assert_eq!(code(&read_mark(&body)), wanted, "{body}");
        }
    }
}
