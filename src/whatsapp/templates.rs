//! Meta's templates on the wire (sections 2.9 and 4.4): entries of its list, webhooks about them, and new ones.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::outreach::{Above, Asks, Listed};

/// What one entry of Meta's list says; `None` where it has no name or language.
pub fn read(entry: &Value) -> Option<Listed> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parts = entry["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_named = entry["parameter_format"].as_str().is_some_and(|format| format.eq_ignore_ascii_case("NAMED"));
    let body = parts.iter().find(|part| is_of(part, "BODY")).map(|body| text(&body["text"])).unwrap_or_default();
    let reason = text(&entry["rejected_reason"]);
    let mut asks = asks(parts);
    if is_named {
        asks.names = in_order(&body);
    }
    Some(Listed {
        name: entry["name"].as_str()?.to_owned(),
        language: api_language(entry["language"].as_str()?),
        status: text(&entry["status"]),
        category: text(&entry["category"]),
        quality: text(&entry["quality_score"]["score"]),
        variables: (!parts.is_empty()).then(|| gaps(&body).len()),
        asks,
        body,
        reason: if reason == "NONE" { String::new() } else { reason },
        becomes: String::new(),
    })
}

/// Whether a part of a template is of that kind, however it is written.
pub fn is_of(part: &Value, kind: &str) -> bool {
    part["type"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(kind))
}

/// Parts and buttons that want something which nobody fills in, and what that is.
const NOT_FILLED: [(&str, &str); 6] = [
    ("CAROUSEL", "cards"),
    ("LIMITED_TIME_OFFER", "the end of an offer"),
    ("COPY_CODE", "a code to copy"),
    ("OTP", "a one-time code"),
    ("MPM", "products of a catalogue"),
    ("SPM", "a product of a catalogue"),
];

/// What header and buttons ask for.
fn asks(parts: &[Value]) -> Asks {
    let mut asks = Asks::default();
    let buttons: Vec<&Value> = parts.iter().filter_map(|part| part["buttons"].as_array()).flatten().collect();
    let kind = |part: &Value| part["type"].as_str().unwrap_or_default().to_ascii_uppercase();
    let cannot = |part: &Value| NOT_FILLED.iter().find(|(name, _)| kind(part) == *name).map(|(_, what)| *what);
    let mut not_filled = parts.iter().chain(buttons.iter().copied()).find_map(cannot);
    for header in parts.iter().filter(|part| is_of(part, "HEADER")) {
        let words = header["text"].as_str().unwrap_or_default();
        asks.header = match header["format"].as_str().unwrap_or("TEXT").to_ascii_uppercase().as_str() {
            "TEXT" => in_order(words).pop().map(Above::Gap),
            "IMAGE" => Some(Above::Image),
            "VIDEO" => Some(Above::Video),
            "DOCUMENT" => Some(Above::Document),
            _ => {
                not_filled = not_filled.or(Some("a place above its words"));
                None
            }
        };
    }
    for (place, button) in buttons.into_iter().enumerate() {
        let text = |name: &str| button[name].as_str().unwrap_or_default();
        if let Some((before, _)) = text("url").split_once("{{") {
            asks.urls.push((place, before.to_owned()));
        } else if kind(button) == "QUICK_REPLY" {
            asks.replies.push((place, text("text").to_owned()));
        }
    }
    asks.cannot = not_filled.map(str::to_owned);
    asks
}

/// The different gaps of a text in the order in which they stand there.
fn in_order(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in all_gaps(text) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn all_gaps(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

/// The different gaps of a text: `{{1}}` twice is one.
pub fn gaps(text: &str) -> BTreeSet<&str> {
    all_gaps(text).collect()
}

/// Webhooks write `en-US` where the API writes `en_US`.
pub fn api_language(code: &str) -> String {
    code.replace('-', "_")
}

/// What a webhook changes of a template in one language. What it does not tell stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Listed`")]
pub struct News {
    pub name: String,
    pub language: String,
    pub status: Option<String>,
    pub category: Option<String>,
    pub quality: Option<String>,
    pub body: Option<String>,
    pub reason: Option<String>,
    pub becomes: Option<String>,
}

/// What a webhook tells of a template. Fields are told apart by their keys: Meta's own example of a quality update carries the name
/// of another field.
pub fn news(field: &str, value: &Value) -> Option<News> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let mut news = News {
        name: text("message_template_name")?,
        language: api_language(&text("message_template_language")?),
        ..News::default()
    };
    match field {
        _ if value["new_quality_score"].is_string() => news.quality = text("new_quality_score"),
        // Its category is left alone: webhooks come in no order, and this one may be older than one that tells of a change.
        "message_template_status_update" => {
            let title = value["other_info"]["title"].as_str().unwrap_or_default();
            let is_back = title == "UNPAUSE" || matches!(value["event"].as_str()?, "REINSTATED" | "UNARCHIVED");
            news.status = if is_back { Some("APPROVED".into()) } else { text("event") };
            let reasons = [title, value["reason"].as_str().unwrap_or_default()];
            let reason = reasons.into_iter().find(|reason| !matches!(*reason, "" | "NONE" | "UNPAUSE"));
            news.reason = Some(reason.unwrap_or_default().to_owned());
        }
        // Announced: what it is now, and what it will be. Done: what it was, and what it is.
        "template_category_update" => {
            news.becomes = Some(text("correct_category").unwrap_or_default());
            news.category = text("new_category");
        }
        "message_template_components_update" => news.body = text("message_template_element"),
        _ => return None,
    }
    Some(news)
}

impl News {
    /// The template as it is after this.
    pub fn apply(self, template: &mut Listed) {
        let News { name, language, status, category, quality, body, reason, becomes } = self;
        (template.name, template.language) = (name, language);
        let set = |field: &mut String, told: Option<String>| *field = told.unwrap_or_else(|| std::mem::take(field));
        set(&mut template.status, status);
        set(&mut template.category, category);
        set(&mut template.quality, quality);
        set(&mut template.reason, reason);
        set(&mut template.becomes, becomes);
        if let Some(body) = body {
            template.variables = Some(gaps(&body).len());
            let names = in_order(&body);
            template.asks.names = if names.iter().any(|name| name.parse::<u8>().is_err()) { names } else { Vec::new() };
            template.body = body;
        }
    }
}

/// A template that Meta is to approve.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Draft {
    /// What rules and campaigns call it.
    pub name: String,
    /// As Meta's API writes it.
    pub language: String,
    /// `MARKETING` or `UTILITY`.
    pub category: &'static str,
    /// Its words, with gaps `{{1}}`, `{{2}}`.
    pub body: String,
    /// What could stand in the gaps: Meta wants to see one of each.
    pub examples: Vec<String>,
}

impl Draft {
    /// The call that makes it.
    pub fn call(&self) -> Value {
        let mut body = json!({ "type": "BODY", "text": self.body });
        if !self.examples.is_empty() {
            body["example"] = json!({ "body_text": [self.examples] });
        }
        json!({ "name": self.name, "language": self.language, "category": self.category, "parameter_format": "POSITIONAL",
            "components": [body] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_list_tells_what_it_asks_for() {
        let entry = json!({ "name": "offer", "language": "en_US", "status": "APPROVED", "category": "MARKETING",
            "quality_score": { "score": "GREEN" }, "rejected_reason": "NONE",
            "components": [{ "type": "BODY", "text": "Hi {{1}}, and again {{1}}, {{ 2 }} off." }, { "type": "FOOTER", "text": "Bye" }] });
        let listed = read(&entry).unwrap_or_default();
        assert_eq!((listed.variables, &listed.asks, listed.reason.as_str()), (Some(2), &Asks::default(), ""));
        let asks = |part: Value| {
            let body = json!({ "type": "BODY", "text": "for {{what}}, {{name}}: {{what}}" });
            let entry =
                json!({ "name": "b", "language": "it", "parameter_format": "NAMED", "components": [body, part] });
            read(&entry).unwrap_or_default().asks
        };
        let plain = Asks { names: vec!["what".into(), "name".into()], ..Asks::default() };
        let header = |header| Asks { header: Some(header), ..plain.clone() };
        let above = |format: &str| asks(json!({ "type": "HEADER", "format": format, "text": "For {{1}}" }));
        assert_eq!([above("TEXT"), above("IMAGE")], [header(Above::Gap("1".into())), header(Above::Image)]);
        assert_eq!([above("VIDEO"), above("DOCUMENT")], [header(Above::Video), header(Above::Document)]);
        assert_eq!(above("LOCATION").cannot.as_deref(), Some("a place above its words"));
        let buttons = asks(json!({ "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "Stop" },
            { "type": "URL", "url": "https://x.example/{{1}}" }, { "type": "URL", "url": "https://x.example/" }] }));
        let urls = vec![(1, "https://x.example/".into())];
        assert_eq!(buttons, Asks { urls, replies: vec![(0, "Stop".into())], ..plain.clone() });
        let code = asks(json!({ "type": "BUTTONS", "buttons": [{ "type": "COPY_CODE", "example": "SPRING" }] }));
        assert_eq!(code.cannot.as_deref(), Some("a code to copy"));
        assert_eq!(asks(json!({ "type": "carousel", "cards": [] })).cannot.as_deref(), Some("cards"));
    }

    #[test]
    fn webhooks_change_what_they_tell_of_and_leave_the_rest() {
        let mut offer = Listed { category: "UTILITY".into(), variables: Some(1), ..Listed::default() };
        let mut tell = |field: &str, mut value: Value| {
            value["message_template_name"] = "offer".into();
            value["message_template_language"] = "en-US".into();
            news(field, &value).map(|news| news.apply(&mut offer)).map(|()| offer.clone())
        };
        let paused = json!({ "event": "PAUSED", "reason": "NONE", "other_info": { "title": "FIRST_PAUSE" } });
        let told = tell("message_template_status_update", paused).unwrap_or_default();
        assert_eq!(
            (told.language.as_str(), told.status.as_str(), told.reason.as_str()),
            ("en_US", "PAUSED", "FIRST_PAUSE")
        );
        let back = json!({ "event": "PAUSED", "other_info": { "title": "UNPAUSE" } });
        let told = tell("message_template_status_update", back).unwrap_or_default();
        assert_eq!((told.status.as_str(), told.reason.as_str()), ("APPROVED", ""));
        let announced = json!({ "correct_category": "MARKETING", "new_category": "UTILITY" });
        let told = tell("template_category_update", announced).unwrap_or_default();
        assert_eq!((told.category.as_str(), told.becomes.as_str()), ("UTILITY", "MARKETING"));
        let done = json!({ "previous_category": "UTILITY", "new_category": "MARKETING" });
        let told = tell("template_category_update", done).unwrap_or_default();
        assert_eq!((told.category.as_str(), told.becomes.as_str()), ("MARKETING", ""));
        let quality = json!({ "previous_quality_score": "GREEN", "new_quality_score": "YELLOW" });
        // As Meta's own example has it: under the name of another field.
        let told = tell("message_template_status_update", quality).unwrap_or_default();
        assert_eq!((told.quality.as_str(), told.status.as_str()), ("YELLOW", "APPROVED"));
        let words = json!({ "message_template_element": "Hi {{1}}, {{2}} off." });
        assert_eq!(tell("message_template_components_update", words).unwrap_or_default().variables, Some(2));
    }
}
