//! Meta's templates on the wire (sections 2.9 and 4.4): entries of its list, webhooks about them, and new ones.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::outreach::Listed;

/// Longest body of a template (section 5.6).
const LONGEST_BODY: usize = 1_024;
/// Longest name (section 5.6).
const LONGEST_NAME: usize = 512;

/// What one entry of Meta's list says; `None` where it has no name or language.
pub fn read(entry: &Value) -> Option<Listed> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parts = entry["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (body, rest): (Vec<&Value>, Vec<&Value>) = parts.iter().partition(|part| is_body(part));
    let is_named = entry["parameter_format"].as_str().is_some_and(|format| format.eq_ignore_ascii_case("NAMED"));
    let body = body.first().map(|body| text(&body["text"])).unwrap_or_default();
    let reason = text(&entry["rejected_reason"]);
    Some(Listed {
        name: entry["name"].as_str()?.to_owned(),
        language: api_language(entry["language"].as_str()?),
        status: text(&entry["status"]),
        category: text(&entry["category"]),
        quality: text(&entry["quality_score"]["score"]),
        variables: (!parts.is_empty()).then(|| gaps(&body).len()),
        others: is_named || rest.into_iter().any(is_to_fill),
        body,
        reason: if reason == "NONE" { String::new() } else { reason },
        becomes: String::new(),
    })
}

fn is_body(part: &Value) -> bool {
    part["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("BODY"))
}

/// Parts and buttons that are always to be filled in: cards, the end of an offer, codes, products.
const ALWAYS_TO_FILL: [&str; 6] = ["CAROUSEL", "LIMITED_TIME_OFFER", "COPY_CODE", "OTP", "MPM", "SPM"];

/// A header, buttons or cards that want something from us.
fn is_to_fill(part: &Value) -> bool {
    let buttons = part["buttons"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_media = part["format"].as_str().is_some_and(|format| !format.eq_ignore_ascii_case("TEXT"));
    let has_gap = |value: &Value| value.as_str().is_some_and(|text| !gaps(text).is_empty());
    let is_always = |part: &Value| part["type"].as_str().is_some_and(|kind| ALWAYS_TO_FILL.contains(&kind));
    let wants = |button: &Value| is_always(button) || has_gap(&button["url"]);
    is_media || is_always(part) || has_gap(&part["text"]) || buttons.iter().any(wants)
}

/// The different gaps of a text: `{{1}}` twice is one.
pub fn gaps(text: &str) -> BTreeSet<&str> {
    text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim())).collect()
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

/// Why a call is refused: Meta's subcode, where it is known, and words.
pub type Refused = (Option<i64>, &'static str);

/// Why Meta refuses a new template at once (section 6: code 100 with a subcode).
pub fn refusal(call: &Value) -> Option<Refused> {
    let name = call["name"].as_str().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_name) {
        return Some((None, "a name has small letters, digits and `_`, 512 at most"));
    }
    if !matches!(call["category"].as_str(), Some("MARKETING" | "UTILITY" | "AUTHENTICATION")) {
        return Some((None, "the category is MARKETING, UTILITY or AUTHENTICATION"));
    }
    if call["language"].as_str().is_none_or(str::is_empty) {
        return Some((None, "the language is missing"));
    }
    let parts = call["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(body) = parts.iter().find(|part| is_body(part)) else {
        return Some((Some(2_388_043), "a body is missing"));
    };
    body_refusal(body)
}

fn body_refusal(body: &Value) -> Option<Refused> {
    let refused = |subcode: i64, words: &'static str| Some((Some(subcode), words));
    let text = body["text"].as_str().unwrap_or_default().trim();
    let gaps = gaps(text);
    let in_order = (1..=gaps.len()).all(|number| gaps.contains(number.to_string().as_str()));
    let examples = body["example"]["body_text"][0].as_array().map_or(0, Vec::len);
    // What is left of the words without the gaps, in which languages that write no spaces count each character.
    let words = text.split("{{").flat_map(|part| part.rsplit("}}").next()).flat_map(str::chars);
    let words = words.filter(|c| c.is_alphanumeric()).count();
    match () {
        () if text.is_empty() => refused(2_388_043, "the body has no words"),
        () if text.encode_utf16().count() > LONGEST_BODY => {
            refused(2_388_040, "the body has more than 1,024 characters")
        }
        () if text.starts_with("{{") || text.ends_with("}}") => {
            refused(2_388_299, "the body begins or ends with a gap: words must stand before and behind")
        }
        () if !in_order => refused(2_388_072, "gaps are numbered {{1}}, {{2}} and so on"),
        () if gaps.len() != examples => refused(2_388_043, "every gap needs an example"),
        () if words < 3 * gaps.len() => refused(2_388_293, "there are too many gaps for so few words"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_list_tells_its_gaps_and_what_else_is_to_be_filled_in() {
        let entry = json!({ "name": "offer", "language": "en_US", "status": "APPROVED", "category": "MARKETING",
            "quality_score": { "score": "GREEN" }, "rejected_reason": "NONE",
            "components": [{ "type": "BODY", "text": "Hi {{1}}, and again {{1}}, {{ 2 }} off." }, { "type": "FOOTER", "text": "Bye" }] });
        let listed = read(&entry).unwrap_or_default();
        assert_eq!((listed.variables, listed.others, listed.reason.as_str()), (Some(2), false, ""));
        for part in [
            json!({ "type": "BUTTONS", "buttons": [{ "type": "URL", "url": "https://x.example/{{1}}" }] }),
            json!({ "type": "BUTTONS", "buttons": [{ "type": "COPY_CODE", "example": "SPRING" }] }),
            json!({ "type": "HEADER", "format": "IMAGE" }),
            json!({ "type": "HEADER", "format": "TEXT", "text": "For {{1}}" }),
        ] {
            let entry = json!({ "name": "b", "language": "it", "components": [{ "type": "BODY", "text": "x" }, part] });
            assert!(read(&entry).is_some_and(|listed| listed.others && listed.variables == Some(0)), "{entry}");
        }
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

    #[test]
    fn what_meta_refuses_at_once_is_told_before() {
        let draft = |body: &str, examples: usize| Draft {
            name: "offer".into(),
            language: "en_US".into(),
            category: "MARKETING",
            body: body.into(),
            examples: vec!["Ada".into(); examples],
        };
        let subcode = |draft: Draft| refusal(&draft.call()).map(|(subcode, _)| subcode.unwrap_or_default());
        assert_eq!(subcode(draft("Hi {{1}}, an offer for you.", 1)), None);
        assert_eq!(subcode(draft("No gap at all", 0)), None);
        assert_eq!(subcode(draft("{{1}}, an offer for you", 1)), Some(2_388_299));
        assert_eq!(subcode(draft("An offer for {{1}}", 1)), Some(2_388_299));
        assert_eq!(subcode(draft("Hi {{2}}, an offer.", 1)), Some(2_388_072));
        assert_eq!(subcode(draft("Hi {{1}}, an offer.", 0)), Some(2_388_043));
        assert_eq!(subcode(draft("a {{1}} {{2}} b", 2)), Some(2_388_293));
        assert_eq!(subcode(Draft { name: "Offer!".into(), ..draft("Hi there.", 0) }), Some(0));
    }
}
