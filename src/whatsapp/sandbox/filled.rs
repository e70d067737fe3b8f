//! What a call fills into a template's header, body and buttons, held against what the template asks for (section 4.1).

use serde_json::Value;

use crate::whatsapp::templates::{gaps, is_of};

/// Too few or too many gaps are filled in.
const COUNT: i64 = 132_000;
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
    lines.push(words(format, body, parameters("BODY"))?);
    let buttons = part("BUTTONS").and_then(|part| part["buttons"].as_array()).map(Vec::as_slice).unwrap_or_default();
    let pressed: Vec<&Value> = given.iter().filter(|part| is_of(part, "BUTTON")).collect();
    let place = |part: &Value| match &part["index"] {
        Value::String(index) => index.parse().ok(),
        index => index.as_u64(),
    };
    if pressed.iter().any(|part| place(part).is_none_or(|place| place >= buttons.len() as u64)) {
        return Err(FORM);
    }
    for (button, index) in buttons.iter().zip(0..) {
        let given = pressed.iter().find(|part| place(part) == Some(index));
        lines.extend(press(button, given.copied())?);
    }
    Ok(lines.join("\n"))
}

/// A header's words, or the address of what stands above the body.
fn above(format: &str, header: &Value, parameters: &[Value]) -> Result<Option<String>, i64> {
    let kind = header["format"].as_str().unwrap_or("TEXT").to_ascii_lowercase();
    if kind == "text" {
        return words(format, header["text"].as_str().unwrap_or_default(), parameters).map(Some);
    }
    let [parameter] = parameters else { return Err(COUNT) };
    if parameter["type"] != kind.as_str() {
        return Err(FORM);
    }
    let address = parameter[&kind]["link"].as_str().filter(|link| link.starts_with("http"));
    match address.or(parameter[&kind]["id"].as_str()) {
        Some(address) => Ok(Some(address.to_owned())),
        None => Err(FORM),
    }
}

fn words(format: &str, text: &str, parameters: &[Value]) -> Result<String, i64> {
    if parameters.len() != gaps(text).len() {
        return Err(COUNT);
    }
    let mut words = text.to_owned();
    for (parameter, number) in parameters.iter().zip(1..) {
        let filled = parameter["text"].as_str().unwrap_or_default();
        let number = number.to_string();
        let gap = if format == "NAMED" { parameter["parameter_name"].as_str().unwrap_or_default() } else { &number };
        // No line breaks, no tabs, no more than four spaces in a row (section 4.1).
        let is_wrong = filled.is_empty() || filled.contains(['\n', '\t']) || filled.contains("     ");
        if is_wrong || !gaps(text).contains(gap) {
            return Err(FORM);
        }
        words = words.replace(&format!("{{{{{gap}}}}}"), filled);
    }
    Ok(words)
}

/// Where a button leads; one that asks for the end of its address must get it.
fn press(button: &Value, given: Option<&Value>) -> Result<Option<String>, i64> {
    let parameter = given.map(|given| &given["parameters"][0]);
    let Some(url) = button["url"].as_str() else {
        let is_reply = given.is_none_or(|given| given["sub_type"] == "quick_reply");
        return if is_reply { Ok(None) } else { Err(FORM) };
    };
    let Some((before, _)) = url.split_once("{{") else {
        return if given.is_none() { Ok(Some(url.to_owned())) } else { Err(FORM) };
    };
    let end = parameter.and_then(|parameter| parameter["text"].as_str()).filter(|end| !end.is_empty());
    match end {
        Some(end) if given.is_some_and(|given| given["sub_type"] == "url") => Ok(Some(format!("{before}{end}"))),
        _ => Err(MISSING),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
}
