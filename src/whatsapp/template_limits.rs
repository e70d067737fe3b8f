//! Why Meta refuses a new template: how long its parts may be, and how many (section 5.6), what its words and gaps must be (section 6).
//! The numbers are in template_limits.toml.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::templates::{api_language, gaps, is_of};
use crate::domain::embedded;

/// Meta's subcode for words that are too long (section 6).
pub const TOO_LONG: i64 = 2_388_040;

/// What a template may hold; template_limits.toml explains each.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Limits {
    pub name: usize,
    pub header: usize,
    pub header_gaps: usize,
    pub body: usize,
    pub footer: usize,
    pub buttons: usize,
    pub label: usize,
    pub quick_replies: usize,
    pub urls: usize,
    pub url: usize,
    pub phones: usize,
    pub phone: usize,
    pub codes: usize,
    pub code: usize,
}

/// The limits of today.
pub static LIMITS: LazyLock<Limits> =
    LazyLock::new(|| embedded("template_limits.toml", include_str!("template_limits.toml")));

/// How long a text is, in UTF-16 units.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Why a call is refused: Meta's subcode, where it is known, and words.
pub type Refused = (Option<i64>, String);

/// Why Meta refuses a new template at once (section 6: code 100 with a subcode).
pub fn refusal(call: &Value) -> Option<Refused> {
    let name = call["name"].as_str().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > LIMITS.name || !name.chars().all(is_name) {
        return Some((None, format!("a name has small letters, digits and `_`, {} at most", LIMITS.name)));
    }
    if !matches!(call["category"].as_str(), Some("MARKETING" | "UTILITY" | "AUTHENTICATION")) {
        return Some((None, "the category is MARKETING, UTILITY or AUTHENTICATION".into()));
    }
    let Some(language) = call["language"].as_str().filter(|language| !language.is_empty()) else {
        return Some((None, "the language is missing".into()));
    };
    if !is_language(language) {
        return Some((None, format!("{language} is no language: write a code such as en or pt_BR")));
    }
    let parts = call["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(body) = parts.iter().find(|part| is_of(part, "BODY")) else {
        return Some((Some(2_388_043), "a body is missing".into()));
    };
    let is_named = call["parameter_format"].as_str().is_some_and(|format| format.eq_ignore_ascii_case("NAMED"));
    body_refusal(body, is_named).or_else(|| around_body(parts))
}

fn body_refusal(body: &Value, is_named: bool) -> Option<Refused> {
    let refused = |subcode: i64, words: &str| Some((Some(subcode), words.to_owned()));
    let text = body["text"].as_str().unwrap_or_default().trim();
    let gaps = gaps(text);
    let is_name = |gap: &&str| gap.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let in_order = match is_named {
        true => gaps.iter().all(is_name),
        false => (1..=gaps.len()).all(|number| gaps.contains(number.to_string().as_str())),
    };
    let example = &body["example"];
    let examples = if is_named { &example["body_text_named_params"] } else { &example["body_text"][0] };
    let examples = examples.as_array().map_or(0, Vec::len);
    // What is left of the words without the gaps, in which languages that write no spaces count each character.
    let words = text.split("{{").flat_map(|part| part.rsplit("}}").next()).flat_map(str::chars);
    let words = words.filter(|c| c.is_alphanumeric()).count();
    match () {
        () if text.is_empty() => refused(2_388_043, "the body has no words"),
        () if length(text) > LIMITS.body => {
            refused(TOO_LONG, &format!("the body has more than {} characters", LIMITS.body))
        }
        () if text.starts_with("{{") || text.ends_with("}}") => {
            refused(2_388_299, "the body begins or ends with a gap: words must stand before and behind")
        }
        () if !in_order => refused(
            2_388_072,
            "gaps are numbered {{1}}, {{2}} and so on, or have names of small letters, digits and `_`",
        ),
        () if gaps.len() != examples => refused(2_388_043, "every gap needs an example"),
        () if words < 3 * gaps.len() => refused(2_388_293, "there are too many gaps for so few words"),
        () => None,
    }
}

/// Whether a language is written as Meta writes them: two or three small letters, perhaps with the two large ones of a country.
fn is_language(code: &str) -> bool {
    let code = api_language(code);
    let (language, country) = code.split_once('_').unwrap_or((&code, "XX"));
    let small = (2..=3).contains(&language.len()) && language.bytes().all(|letter| letter.is_ascii_lowercase());
    small && country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// Why Meta refuses the parts around a template's body.
fn around_body(parts: &[Value]) -> Option<Refused> {
    let of = |kind: &'static str| parts.iter().filter(move |part| is_of(part, kind));
    let text = |part: &Value| part["text"].as_str().unwrap_or_default().to_owned();
    let mut headers = of("HEADER").map(text);
    let mut footers = of("FOOTER").map(text);
    let lists = of("BUTTONS").map(|part| part["buttons"].as_array().map(Vec::as_slice).unwrap_or_default());
    headers
        .find_map(|header| {
            let too_many = gaps(&header).len() > LIMITS.header_gaps;
            let refused = || (None, format!("the header has more than {} gap", LIMITS.header_gaps));
            too_long("the header", &header, LIMITS.header).or_else(|| too_many.then(refused))
        })
        .or_else(|| footers.find_map(|footer| too_long("the footer", &footer, LIMITS.footer)))
        .or_else(|| lists.into_iter().find_map(buttons))
}

fn buttons(buttons: &[Value]) -> Option<Refused> {
    let count = |kind: &str| buttons.iter().filter(|button| is_of(button, kind)).count();
    let too_many = |what: &str, count: usize, most: usize| {
        (count > most).then(|| (None, format!("there are more than {most} {what}")))
    };
    let counts = [
        ("buttons", buttons.len(), LIMITS.buttons),
        ("quick replies", count("QUICK_REPLY"), LIMITS.quick_replies),
        ("buttons that open an address", count("URL"), LIMITS.urls),
        ("buttons that call", count("PHONE_NUMBER"), LIMITS.phones),
        ("codes to copy", count("COPY_CODE"), LIMITS.codes),
    ];
    let lengths = [
        ("a button's words", "text", LIMITS.label),
        ("a button's address", "url", LIMITS.url),
        ("a button's phone number", "phone_number", LIMITS.phone),
        ("the code to copy", "example", LIMITS.code),
    ];
    let length = |button: &Value| {
        let of_code = |name: &str| name != "example" || is_of(button, "COPY_CODE");
        let mut own = lengths.into_iter().filter(|(_, name, _)| of_code(name));
        own.find_map(|(what, name, most)| too_long(what, button[name].as_str().unwrap_or_default(), most))
    };
    // Quick replies stand in one row, not between the others.
    let runs = buttons.chunk_by(|one, next| is_of(one, "QUICK_REPLY") == is_of(next, "QUICK_REPLY"));
    let runs = runs.filter(|run| is_of(&run[0], "QUICK_REPLY")).count();
    let mut counts = counts.into_iter();
    counts
        .find_map(|(what, count, most)| too_many(what, count, most))
        .or_else(|| (runs > 1).then(|| (None, "quick replies stand apart from each other".into())))
        .or_else(|| buttons.iter().find_map(length))
}

fn too_long(what: &str, text: &str, most: usize) -> Option<Refused> {
    (length(text) > most).then(|| (Some(TOO_LONG), format!("{what}: more than {most} characters")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::whatsapp::templates::Draft;

    #[test]
    fn the_limits_are_readable() {
        assert_eq!(LIMITS.body, 1_024);
    }

    #[test]
    fn what_is_too_long_or_too_many_is_refused() {
        let x = |count: usize| "x".repeat(count);
        let button = |kind: &str, field: &str, value: String| json!({ "type": kind, "text": "B", field: value });
        let reply = || button("QUICK_REPLY", "text", "Yes".into());
        let url = || button("URL", "url", "https://x.example".into());
        let with = |buttons: Vec<Value>| json!({ "type": "BUTTONS", "buttons": buttons });
        let cases = [
            (json!({ "type": "HEADER", "format": "TEXT", "text": x(60) }), None),
            (json!({ "type": "HEADER", "format": "TEXT", "text": x(61) }), Some(Some(TOO_LONG))),
            (json!({ "type": "HEADER", "format": "TEXT", "text": "{{1}} and {{2}}" }), Some(None)),
            (json!({ "type": "FOOTER", "text": x(60) }), None),
            (json!({ "type": "FOOTER", "text": x(61) }), Some(Some(TOO_LONG))),
            (with(vec![reply(); 10]), None),
            (with(vec![reply(); 11]), Some(None)),
            (with(vec![reply(), url(), reply()]), Some(None)),
            (with(vec![reply(), reply(), url(), url()]), None),
            (with(vec![url(); 3]), Some(None)),
            (with(vec![button("QUICK_REPLY", "text", x(26))]), Some(Some(TOO_LONG))),
            (with(vec![button("URL", "url", x(2_001))]), Some(Some(TOO_LONG))),
            (with(vec![button("PHONE_NUMBER", "phone_number", x(21))]), Some(Some(TOO_LONG))),
            (with(vec![button("PHONE_NUMBER", "phone_number", "+1".into()); 2]), Some(None)),
            (with(vec![button("COPY_CODE", "example", x(20))]), None),
            (with(vec![button("COPY_CODE", "example", x(21))]), Some(Some(TOO_LONG))),
        ];
        for (part, wanted) in cases {
            let refused = around_body(std::slice::from_ref(&part));
            assert_eq!(refused.as_ref().map(|(subcode, _)| *subcode), wanted, "{refused:?} {part}");
        }
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
