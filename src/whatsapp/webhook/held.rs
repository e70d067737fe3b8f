//! What messages hold beside words, for the people of the shop to read.

use serde_json::{Map, Value};

use super::shape::{id, text};

/// Characters that are kept of it.
const LONGEST: usize = 2_000;

/// A filled-in form: `response_json` is JSON in a text, and need not be an object (section 2.2). The token is for programs.
pub(super) fn form(message: &Value) -> Option<String> {
    let told = text(message, "/interactive/nfm_reply/response_json")?;
    let mut lines = Vec::new();
    match serde_json::from_str(&told) {
        Ok(Value::Object(fields)) => answers(&fields, "", &mut lines),
        _ => lines.push(told),
    }
    kept(lines)
}

/// Each answer with what it is called; those within another one behind its name.
fn answers(fields: &Map<String, Value>, within: &str, lines: &mut Vec<String>) {
    for (name, value) in fields.iter().filter(|(name, _)| *name != "flow_token") {
        match value {
            Value::Null => {}
            Value::Object(inner) => answers(inner, &format!("{within}{name} "), lines),
            Value::Array(several) => {
                lines.push(format!("{within}{name}: {}", several.iter().map(plain).collect::<Vec<_>>().join(", ")))
            }
            one => lines.push(format!("{within}{name}: {}", plain(one))),
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Contacts that were shared: who it is, and how to reach them.
pub(super) fn contacts(message: &Value) -> Option<String> {
    let shared = message["contacts"].as_array()?.iter();
    kept(shared.map(|contact| {
        let name = id(contact, "/name/formatted_name").or_else(|| id(contact, "/name/first_name"));
        let of = |list: &str, field: &str| -> Vec<String> {
            let all = contact[list].as_array().into_iter().flatten();
            all.filter_map(|one| id(one, field)).collect()
        };
        let reached = [of("phones", "/phone"), of("emails", "/email")].concat();
        name.into_iter().chain(id(contact, "/org/company")).chain(reached).collect::<Vec<_>>().join(", ")
    }))
}

fn kept(lines: impl IntoIterator<Item = String>) -> Option<String> {
    let lines: Vec<String> = lines.into_iter().filter(|line| !line.trim().is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join("\n").chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_is_told_answer_by_answer_whatever_it_holds() {
        let told = |response: &str| form(&json!({ "interactive": { "nfm_reply": { "response_json": response } } }));
        let flow = r#"{"flow_token":"ft-1","name":"Zoé","agree":true,"size":[38,39],"home":{"city":"Rome","no":null}}"#;
        assert_eq!(told(flow).as_deref(), Some("agree: true\nhome city: Rome\nname: Zoé\nsize: 38, 39"));
        assert_eq!(told("[1,2,3]").as_deref(), Some("[1,2,3]"), "it need not be an object");
        assert_eq!(told("half {").as_deref(), Some("half {"));
        assert_eq!((told("{}"), form(&json!({}))), (None, None));
        assert_eq!(told(&"x".repeat(90_000)).map(|told| told.len()), Some(LONGEST));
    }

    #[test]
    fn shared_contacts_are_told_with_how_to_reach_them() {
        let robin = json!({ "name": { "formatted_name": "Robin" }, "phones": [{ "phone": "+44 7700 900456" }, 7], "emails": null });
        let told = contacts(&json!({ "contacts": [robin, "broken", { "phones": [{ "phone": 12125550149_i64 }] }] }));
        assert_eq!(told.as_deref(), Some("Robin, +44 7700 900456\n12125550149"));
        assert_eq!(contacts(&json!({ "contacts": null })), None);
    }
}
