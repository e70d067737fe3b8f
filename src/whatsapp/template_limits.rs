//! How long the parts of a template may be, and how many (section 5.6): the numbers are in template_limits.toml.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::templates::{Refused, gaps, is_of};

/// Meta's subcode for words that are too long (section 6).
pub const TOO_LONG: i64 = 2_388_040;

/// What a template may hold; template_limits.toml explains each.
#[derive(Debug, Default, Deserialize)]
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
    LazyLock::new(|| toml::from_str(include_str!("template_limits.toml")).unwrap_or_default());

/// How long a text is, in UTF-16 units.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Why Meta refuses the parts around a template's body.
pub(super) fn around_body(parts: &[Value]) -> Option<Refused> {
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

    #[test]
    fn the_limits_are_readable() {
        let limits: Result<Limits, _> = toml::from_str(include_str!("template_limits.toml"));
        assert_eq!(limits.map(|limits| limits.body).map_err(|error| error.to_string()), Ok(1_024));
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
}
