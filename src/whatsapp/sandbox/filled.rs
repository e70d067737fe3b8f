//! What a call fills into a template's header, body and buttons, held against what the template asks for (section 4.1).

use serde_json::{Value, json};

use crate::whatsapp::template_limits::{LIMITS, length};
use crate::whatsapp::templates::{gaps, is_of};

/// Too few or too many gaps are filled in.
const COUNT: i64 = 132_000;
/// With what is filled in it is too long.
const LONG: i64 = 132_005;
/// What is filled in has another form than is asked for.
const FORM: i64 = 132_012;
/// Something is asked for and is not there.
const MISSING: i64 = 131_008;

/// The words that the customer sees, with a line for each button that leads somewhere, or the code of the refusal.
pub(super) fn fill(format: &str, asked: &Value, given: &Value) -> Result<String, i64> {
    let [asked, given] = [asked, given].map(|parts| parts.as_array().map(Vec::as_slice).unwrap_or_default());
    let part = |kind: &str| asked.iter().find(|part| is_of(part, kind));
    let parameters = |kind: &str| {
        let part = given.iter().find(|part| is_of(part, kind));
        part.and_then(|part| part["parameters"].as_array()).map(Vec::as_slice).unwrap_or_default()
    };
    let mut lines = Vec::new();
    match part("HEADER") {
        Some(header) => lines.extend(above(format, header, parameters("HEADER"))?),
        None if !parameters("HEADER").is_empty() => return Err(COUNT),
        None => {}
    }
    let body = part("BODY").and_then(|body| body["text"].as_str()).unwrap_or_default();
    lines.push(words(format, body, parameters("BODY"), LIMITS.body)?);
    let buttons = part("BUTTONS").and_then(|part| part["buttons"].as_array()).map(Vec::as_slice).unwrap_or_default();
    let pressed: Vec<&Value> = given.iter().filter(|part| is_of(part, "BUTTON")).collect();
    if pressed.iter().any(|part| place(part).is_none_or(|place| place >= buttons.len() as u64)) {
        return Err(FORM);
    }
    for (button, index) in buttons.iter().zip(0..) {
        let given = pressed.iter().find(|part| place(part) == Some(index));
        lines.extend(press(button, given.copied())?);
    }
    Ok(lines.join("\n"))
}

/// The buttons that the customer sees under a template which was filled in: what is written on each, and what it does.
pub(super) fn buttons(asked: &Value, given: &Value) -> Vec<Value> {
    let [asked, given] = [asked, given].map(|parts| parts.as_array().map(Vec::as_slice).unwrap_or_default());
    let all = asked.iter().find(|part| is_of(part, "BUTTONS")).and_then(|part| part["buttons"].as_array());
    let shown = |(button, index): (&Value, u64)| {
        let given = given.iter().find(|part| is_of(part, "BUTTON") && place(part) == Some(index));
        let mut shown = json!({ "type": button["type"], "text": button["text"] });
        if is_of(button, "QUICK_REPLY") {
            // What the call gave it to tell, else what is written on it (section 2.2).
            let payload = given.map(|given| &given["parameters"][0]["payload"]).filter(|payload| payload.is_string());
            shown["payload"] = payload.unwrap_or(&button["text"]).clone();
        } else if let Some(Ok(url)) = button["url"].as_str().map(|url| open(url, given)) {
            shown["url"] = url.into();
        }
        shown
    };
    all.map(Vec::as_slice).unwrap_or_default().iter().zip(0..).map(shown).collect()
}

/// Of which button a call tells.
fn place(part: &Value) -> Option<u64> {
    match &part["index"] {
        Value::String(index) => index.parse().ok(),
        index => index.as_u64(),
    }
}

/// A header's words, or the address of what stands above the body.
fn above(format: &str, header: &Value, parameters: &[Value]) -> Result<Option<String>, i64> {
    let kind = header["format"].as_str().unwrap_or("TEXT").to_ascii_lowercase();
    if kind == "text" {
        return words(format, header["text"].as_str().unwrap_or_default(), parameters, LIMITS.header).map(Some);
    }
    let [parameter] = parameters else { return Err(COUNT) };
    if parameter["type"] != kind.as_str() {
        return Err(FORM);
    }
    let filled = &parameter[&kind];
    if kind == "location" {
        let is_there = ["latitude", "longitude"].iter().all(|degrees| !filled[degrees].is_null());
        return is_there.then(|| Some(format!("📍 {}", filled["name"].as_str().unwrap_or_default()))).ok_or(FORM);
    }
    let address = filled["link"].as_str().filter(|link| link.starts_with("http"));
    match address.or(filled["id"].as_str()) {
        Some(address) => Ok(Some(address.to_owned())),
        None => Err(FORM),
    }
}

/// What a parameter puts into words: a text, or how a sum or a time is written.
fn said(parameter: &Value) -> Option<&str> {
    let written = |of: &str| parameter[of]["fallback_value"].as_str();
    match parameter["type"].as_str()? {
        "text" => parameter["text"].as_str(),
        "currency" => {
            let sum = &parameter["currency"];
            written("currency").filter(|_| sum["code"].is_string() && sum["amount_1000"].is_number())
        }
        "date_time" => written("date_time"),
        _ => None,
    }
}

fn words(format: &str, text: &str, parameters: &[Value], most: usize) -> Result<String, i64> {
    if parameters.len() != gaps(text).len() {
        return Err(COUNT);
    }
    let mut words = text.to_owned();
    for (parameter, number) in parameters.iter().zip(1..) {
        let filled = said(parameter).unwrap_or_default();
        let number = number.to_string();
        let gap = if format == "NAMED" { parameter["parameter_name"].as_str().unwrap_or_default() } else { &number };
        // No line breaks, no tabs, no more than four spaces in a row (section 4.1).
        let is_wrong = filled.is_empty() || filled.contains(['\n', '\t']) || filled.contains("     ");
        if is_wrong || !gaps(text).contains(gap) {
            return Err(FORM);
        }
        words = words.replace(&format!("{{{{{gap}}}}}"), filled);
    }
    if length(&words) > most { Err(LONG) } else { Ok(words) }
}

/// How a button that opens no address is filled in.
struct Press {
    button: &'static str,
    sub_type: &'static str,
    parameter: &'static str,
    is_needed: bool,
}

const fn press_of(button: &'static str, sub_type: &'static str, parameter: &'static str, is_needed: bool) -> Press {
    Press { button, sub_type, parameter, is_needed }
}

const PRESSES: [Press; 6] = [
    press_of("QUICK_REPLY", "quick_reply", "payload", false),
    press_of("COPY_CODE", "copy_code", "coupon_code", true),
    press_of("OTP", "url", "text", true),
    press_of("FLOW", "flow", "action", false),
    press_of("CATALOG", "catalog", "action", false),
    press_of("MPM", "mpm", "action", true),
];

/// Where a button leads, if to an address, and whether it is filled in as it must be.
fn press(button: &Value, given: Option<&Value>) -> Result<Option<String>, i64> {
    if let Some(url) = button["url"].as_str() {
        return open(url, given).map(Some);
    }
    let known = PRESSES.iter().find(|press| is_of(button, press.button));
    match (known, given) {
        (Some(press), None) if press.is_needed => Err(MISSING),
        (_, None) => Ok(None),
        (Some(press), Some(given)) => press.takes(given).map(|()| None),
        (None, Some(_)) => Err(FORM),
    }
}

impl Press {
    fn takes(&self, given: &Value) -> Result<(), i64> {
        let parameter = &given["parameters"][0];
        let fits = match &parameter[self.parameter] {
            Value::String(text) => !text.is_empty() && (self.button != "COPY_CODE" || length(text) <= LIMITS.code),
            Value::Object(_) => self.parameter == "action",
            _ => false,
        };
        match () {
            () if given["sub_type"] != self.sub_type => Err(FORM),
            () if parameter.is_null() => Err(MISSING),
            () if parameter["type"] != self.parameter || !fits => Err(FORM),
            () => Ok(()),
        }
    }
}

/// An address that asks for its end must get it.
fn open(url: &str, given: Option<&Value>) -> Result<String, i64> {
    let Some((before, _)) = url.split_once("{{") else {
        return if given.is_none() { Ok(url.to_owned()) } else { Err(FORM) };
    };
    let given = given.filter(|given| given["sub_type"] == "url").ok_or(MISSING)?;
    let parameter = &given["parameters"][0];
    let end = parameter["text"].as_str().filter(|end| !end.is_empty() && parameter["type"] == "text").ok_or(MISSING)?;
    let whole = format!("{before}{end}");
    if length(&whole) > LIMITS.url { Err(LONG) } else { Ok(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Value {
        json!([
            { "type": "HEADER", "format": "IMAGE" },
            { "type": "BODY", "text": "Hi {{name}}, {{what}} is here." },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Stop" }, { "type": "URL", "url": "https://x.example/l/{{1}}" },
            ] },
        ])
    }

    fn given() -> [Value; 3] {
        let text = |name: &str, text: &str| json!({ "type": "text", "parameter_name": name, "text": text });
        let picture = json!({ "type": "image", "image": { "link": "https://x.example/a.jpg" } });
        let end = json!({ "type": "text", "text": "Ab3" });
        [
            json!({ "type": "header", "parameters": [picture] }),
            json!({ "type": "body", "parameters": [text("what", "S5"), text("name", "Ada")] }),
            json!({ "type": "button", "sub_type": "url", "index": "1", "parameters": [end] }),
        ]
    }

    #[test]
    fn all_that_is_asked_for_makes_the_words_on_the_phone() {
        let shown = fill("NAMED", &asked(), &given().to_vec().into());
        assert_eq!(shown.unwrap_or_default(), "https://x.example/a.jpg\nHi Ada, S5 is here.\nhttps://x.example/l/Ab3");
    }

    #[test]
    fn buttons_tell_what_the_call_gave_them_else_what_is_written_on_them() {
        let with = |pressed: Value| buttons(&asked(), &json!([given()[2], pressed]));
        let payload = json!({ "type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{ "type": "payload", "payload": "OUT" }] });
        let url = json!({ "type": "URL", "text": null, "url": "https://x.example/l/Ab3" });
        let reply = |payload: &str| json!({ "type": "QUICK_REPLY", "text": "Stop", "payload": payload });
        assert_eq!(with(payload), [reply("OUT"), url.clone()]);
        assert_eq!(with(Value::Null), [reply("Stop"), url]);
        assert!(buttons(&json!([{ "type": "BODY", "text": "Hi." }]), &Value::Null).is_empty());
    }

    #[test]
    fn what_is_missing_or_of_another_form_has_its_code() {
        let without = |place: usize| {
            let mut given = given().to_vec();
            given.remove(place);
            fill("NAMED", &asked(), &given.into()).err()
        };
        assert_eq!([without(0), without(1), without(2)], [Some(COUNT), Some(COUNT), Some(MISSING)]);
        let changed = |place: usize, pointer: &str, value: &str| {
            let mut given = given();
            if let Some(changed) = given[place].pointer_mut(pointer) {
                *changed = value.into();
            }
            fill("NAMED", &asked(), &given.to_vec().into()).err()
        };
        assert_eq!(changed(0, "/parameters/0/type", "video"), Some(FORM));
        assert_eq!(changed(1, "/parameters/0/parameter_name", "price"), Some(FORM));
        assert_eq!(changed(1, "/parameters/0/text", "two\nlines"), Some(FORM));
        assert_eq!(changed(2, "/index", "0"), Some(FORM), "a reply button opens nothing");
        assert_eq!(changed(2, "/index", "5"), Some(FORM));
        let bare = json!([{ "type": "BODY", "text": "Hi." }]);
        assert_eq!(fill("POSITIONAL", &bare, &json!([given()[0]])).err(), Some(COUNT), "it has no header");
    }

    /// What becomes of one template with one call's components: the words, or the code.
    fn filled(part: &Value, given: &Value) -> Result<String, i64> {
        let body = json!({ "type": "BODY", "text": "Here." });
        fill("POSITIONAL", &json!([part, body]), &json!([given]))
    }

    #[test]
    fn sums_times_places_codes_and_presses_are_filled_in() {
        let body = |text: &str| json!({ "type": "BODY", "text": text });
        let says = |parameter: Value| {
            let given = json!([{ "type": "body", "parameters": [parameter] }]);
            fill("POSITIONAL", &json!([body("Total {{1}} today.")]), &given)
        };
        let sum = json!({ "fallback_value": "$5", "code": "USD", "amount_1000": 5_000 });
        assert_eq!(says(json!({ "type": "currency", "currency": sum })), Ok("Total $5 today.".into()));
        assert_eq!(says(json!({ "type": "currency", "currency": { "fallback_value": "$5" } })), Err(FORM));
        let time = json!({ "type": "date_time", "date_time": { "fallback_value": "Monday" } });
        assert_eq!(says(time), Ok("Total Monday today.".into()));
        assert_eq!(says(json!({ "text": "no type" })), Err(FORM));
        assert_eq!(says(json!({ "type": "image", "image": { "link": "https://x.example" } })), Err(FORM));

        let place = json!({ "type": "HEADER", "format": "LOCATION" });
        let at = |place: Value| json!({ "type": "header", "parameters": [{ "type": "location", "location": place }] });
        assert_eq!(
            filled(&place, &at(json!({ "latitude": "1", "longitude": "2", "name": "Shop" }))),
            Ok("📍 Shop\nHere.".into())
        );
        assert_eq!(filled(&place, &at(json!({ "name": "Shop" }))), Err(FORM));

        let pressed = |sub_type: &str, parameter: Value| json!({ "type": "button", "sub_type": sub_type, "index": "0", "parameters": [parameter] });
        let code = |code: &str| pressed("copy_code", json!({ "type": "coupon_code", "coupon_code": code }));
        let payload = || pressed("quick_reply", json!({ "type": "payload", "payload": "STOP" }));
        let none = json!({ "type": "body", "parameters": [] });
        let cases = [
            ("COPY_CODE", code("ABC"), Ok(())),
            ("COPY_CODE", code(&"x".repeat(21)), Err(FORM)),
            ("COPY_CODE", none.clone(), Err(MISSING)),
            ("COPY_CODE", payload(), Err(FORM)),
            ("QUICK_REPLY", payload(), Ok(())),
            ("QUICK_REPLY", none.clone(), Ok(())),
            ("QUICK_REPLY", pressed("quick_reply", json!({ "type": "text", "text": "STOP" })), Err(FORM)),
            ("OTP", pressed("url", json!({ "type": "text", "text": "1234" })), Ok(())),
            ("FLOW", pressed("flow", json!({ "type": "action", "action": { "flow_token": "t" } })), Ok(())),
            ("CATALOG", none.clone(), Ok(())),
            ("MPM", none.clone(), Err(MISSING)),
            ("PHONE_NUMBER", none, Ok(())),
            ("PHONE_NUMBER", payload(), Err(FORM)),
        ];
        for (kind, given, wanted) in cases {
            let buttons = json!({ "type": "BUTTONS", "buttons": [{ "type": kind, "text": "B" }] });
            assert_eq!(filled(&buttons, &given).map(|_| ()), wanted, "{kind} {given}");
        }
    }

    #[test]
    fn what_is_too_long_with_its_parameters_is_refused() {
        let with = |kind: &str, count: usize| {
            let text = json!({ "type": "text", "text": "x".repeat(count) });
            let part = json!({ "type": kind, "text": "{{1}}, hello" });
            fill("POSITIONAL", &json!([part]), &json!([{ "type": kind, "parameters": [text] }])).err()
        };
        assert_eq!([with("BODY", 1_024 - 7), with("BODY", 1_024 - 6)], [None, Some(LONG)]);
        assert_eq!([with("HEADER", 60 - 7), with("HEADER", 60 - 6)], [None, Some(LONG)]);
    }
}
