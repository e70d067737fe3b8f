//! Every webhook of the reference, where it stands beside the checkout, and what it must cause.

use std::collections::HashSet;

use hotline::domain::{EventBody, Timestamp};
use hotline::whatsapp::webhook::{Arrival, parse};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_793_600_000_000);

fn samples() -> Vec<(String, Vec<u8>)> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/webhook-samples.jsonl");
    let path = std::env::var("HOTLINE_TEST_SAMPLES").unwrap_or_else(|_| beside.into());
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("*** {path} is not there: the reference's webhooks are NOT tested. ***");
        return Vec::new();
    };
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        (line["name"].as_str().unwrap().to_owned(), line["payload"].to_string().into_bytes())
    };
    text.lines().map(line).collect()
}

/// What the name of a sample promises of its events.
fn expected(name: &str, arrivals: &[Arrival]) -> Result<(), String> {
    let count = |wanted: &str| arrivals.iter().filter(|arrival| arrival.body.kind() == wanted).count();
    let only = |wanted: &str| match arrivals.iter().all(|arrival| arrival.body.kind() == wanted) && !arrivals.is_empty()
    {
        true => Ok(()),
        false => Err(format!("must be {wanted} alone")),
    };
    let need = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    let silent = || {
        let loud = |arrival: &Arrival| matches!(&arrival.body, EventBody::Message(message) if !message.silent);
        need(!arrivals.iter().any(loud), "must not be answered")
    };
    let named = || need(arrivals.iter().all(|arrival| !arrival.contacts.is_empty()), "must name its contact");
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    match name {
        "empty_entry_list"
        | "entry_with_empty_changes"
        | "entry_without_changes_key"
        | "value_with_empty_arrays"
        | "value_only_metadata" => need(arrivals.is_empty(), "must cause nothing"),
        "batch_three_messages_two_users" => need(count("message") == 3, "must be three messages"),
        "batch_100_statuses" => need(count("status") == 100, "must be a hundred statuses"),
        "batch_messages_and_statuses_same_value" => need(count("message") > 0 && count("status") > 0, "must hold both"),
        "button_template_unsubscribe" | "bsuid_only_button_stop" => {
            need(count("opt") == 1 && count("message") == 1, "must stop")
        }
        "preference_stop" | "preference_resume" | "preference_stop_bsuid_only" | "preference_signup" => {
            only("opt").and_then(|()| named())
        }
        "status_unknown_value" | "status_deleted_legacy_value" | "status_call_ringing" | "revoke_coexistence" => {
            only("unknown")
        }
        "system_identity_changed_legacy" => only("unknown"),
        "group_text" | "edit_text_coexistence" | "history_chunk" => silent(),
        "reaction_add" | "reaction_removed_key_missing" | "reaction_removed_empty_string" => only("reaction"),
        "location_named_place" | "location_reply_to_request" => only("location"),
        "echo_text_typed_on_phone" => only("sent"),
        "unknown_field" | "user_id_update_withdrawn_field" => only("account"),
        _ if starts(&["system_user_changed"]) => only("identity").and_then(|()| named()),
        _ if starts(&["standby", "echo_"]) => silent(),
        _ if starts(&["status_"]) => only("status"),
        _ if starts(&["value_error"]) => need(!arrivals.is_empty(), "must be kept"),
        _ if starts(&[
            "template_",
            "phone_",
            "business_",
            "account_",
            "security_",
            "call_",
            "group_created",
            "messaging_handover",
            "app_state",
            "history_declined",
        ]) =>
        {
            only("account")
        }
        // The customer is asked to send it again.
        "unsupported_message_unavailable_131060" | "media_download_failed_131052" => {
            let lost = |arrival: &Arrival| matches!(&arrival.body, EventBody::Message(message) if message.media.as_deref() == Some("unavailable"));
            need(arrivals.iter().all(lost), "must be a message that did not arrive")
        }
        _ if starts(&[
            "text_",
            "image_",
            "video_",
            "audio_",
            "document_",
            "sticker_",
            "interactive_",
            "button_",
            "contacts_",
            "order_",
            "request_welcome",
            "unsupported_",
            "media_",
            "unknown_future",
            "bsuid_",
            "wa_id_",
            "timestamp_",
            "display_number",
            "unknown_phone",
        ]) =>
        {
            only("message").and_then(|()| named())
        }
        _ => need(!arrivals.is_empty(), "must cause something"),
    }
}

#[test]
fn every_webhook_of_the_reference_causes_what_it_must() {
    let (mut wrong, mut keys) = (Vec::new(), HashSet::new());
    let samples = samples();
    for (name, body) in &samples {
        let arrivals = match parse(body, NOW) {
            Ok(arrivals) => arrivals,
            Err(_) if name == "object_not_whatsapp" => continue,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        if let Err(error) = expected(name, &arrivals) {
            let kinds: Vec<_> = arrivals.iter().map(|arrival| arrival.body.kind()).collect();
            wrong.push(format!("{name}: {error}, it is {kinds:?}"));
        }
        let again = arrivals.iter().filter(|arrival| !keys.insert(arrival.key.clone())).count();
        let duplicates = name.starts_with("duplicate_delivery_second") || name == "duplicate_wamid_twice_in_one_body";
        if duplicates && again == 0 {
            wrong.push(format!("{name}: counts twice"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(samples.is_empty() || samples.len() > 180);
}

proptest::proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let _any = parse(&body, NOW);
    }
}

/// Names of fields that hold an id or a time.
const IDS: [&str; 14] = [
    "id",
    "wa_id",
    "new_wa_id",
    "from",
    "to",
    "recipient_id",
    "recipient_participant_id",
    "timestamp",
    "time",
    "phone_number_id",
    "message_id",
    "product_retailer_id",
    "latitude",
    "longitude",
];

/// Every place in a body, by its pointer, and the name of the field that it is or is an element of.
fn places(value: &Value, at: &str, field: &str, found: &mut Vec<(String, String)>) {
    found.push((at.to_owned(), field.to_owned()));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| {
            places(inner, &format!("{at}/{name}"), name, found);
        }),
        Value::Array(elements) => elements.iter().enumerate().for_each(|(index, inner)| {
            places(inner, &format!("{at}/{index}"), field, found);
        }),
        _ => {}
    }
}

/// Each sample with one of its places changed, and what the changed place was.
fn changed(change: impl Fn(&Value, &str) -> Option<Value>, mut look: impl FnMut(&str, &str, &[Arrival], &[Arrival])) {
    for (name, body) in samples() {
        let Ok(before) = parse(&body, NOW) else { continue };
        let whole: Value = serde_json::from_slice(&body).unwrap();
        let mut all = Vec::new();
        places(&whole, "", "", &mut all);
        for (place, field) in all {
            let Some(other) = change(whole.pointer(&place).unwrap(), &field) else { continue };
            let mut body = whole.clone();
            *body.pointer_mut(&place).unwrap() = other;
            let after = parse(body.to_string().as_bytes(), NOW);
            let after = after.unwrap_or_else(|error| panic!("{name} {place}: {error}"));
            look(&name, &place, &before, &after);
        }
    }
}

/// What is kept as it came holds the change itself: only that it is kept can be compared.
fn is_raw(arrival: &Arrival) -> bool {
    matches!(arrival.body, EventBody::Account { .. } | EventBody::Unknown { .. })
}

#[test]
fn ids_and_times_mean_the_same_as_numbers_and_as_texts() {
    let other_form = |value: &Value, field: &str| match value {
        _ if !IDS.contains(&field) => None,
        Value::String(text) => {
            let number: u64 = text.parse().ok()?;
            (number.to_string() == *text).then(|| number.into())
        }
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    };
    let mut count = 0;
    changed(other_form, |name, place, before, after| {
        count += 1;
        assert_eq!(before.len(), after.len(), "{name} {place}");
        for (before, after) in before.iter().zip(after) {
            assert_eq!((&before.contacts, before.at), (&after.contacts, after.at), "{name} {place}");
            match is_raw(before) {
                true => assert_eq!(before.body.kind(), after.body.kind(), "{name} {place}"),
                false => assert_eq!(before, after, "{name} {place}"),
            }
        }
    });
    assert!(count == 0 || count > 500, "{count}");
}

#[test]
fn a_list_that_is_null_is_an_empty_one_and_takes_nothing_from_what_stands_beside_it() {
    let mut count = 0;
    changed(
        |value, _| value.is_array().then_some(Value::Null),
        |name, place, before, after| {
            count += 1;
            let unknown =
                |arrivals: &[Arrival]| arrivals.iter().filter(|arrival| arrival.body.kind() == "unknown").count();
            assert!(unknown(after) <= unknown(before), "{name} {place}: nothing is broken");
            let known: HashSet<_> = before.iter().map(|arrival| &arrival.key).collect();
            let new = after.iter().filter(|arrival| !is_raw(arrival) && !known.contains(&arrival.key)).count();
            assert_eq!(new, 0, "{name} {place}");
            // Lists that carry no events of their own change not how many there are.
            let carries = [
                "entry",
                "changes",
                "messages",
                "statuses",
                "message_echoes",
                "user_preferences",
                "history",
                "threads",
                "calls",
                "errors",
            ];
            if !carries.iter().any(|list| place.ends_with(&format!("/{list}"))) {
                assert_eq!(before.len(), after.len(), "{name} {place}");
            }
        },
    );
    assert!(count == 0 || count > 500, "{count}");
}

#[test]
fn a_broken_element_is_kept_and_the_rest_works() {
    for broken in [Value::Null, json!(7), json!("x"), json!([]), json!({})] {
        changed(
            |value, field| {
                let list = value.as_array()?;
                let is_one = ["contacts", "messages", "statuses", "message_echoes"].contains(&field);
                (is_one && !list.is_empty()).then(|| [&[broken.clone()][..], list].concat().into())
            },
            |name, place, before, after| {
                let kept: HashSet<_> = after.iter().map(|arrival| &arrival.key).collect();
                let lost = before.iter().filter(|arrival| !is_raw(arrival) && !kept.contains(&arrival.key)).count();
                assert_eq!(lost, 0, "{name} {place} {broken}");
                // What tells of the account, or of a call, is kept whole.
                let whole = after.iter().any(|arrival| arrival.body.kind() == "account");
                let inner = place.matches("/messages/").count() > 0;
                assert!(inner || whole || after.len() > before.len(), "{name} {place} {broken}: it is kept");
            },
        );
    }
}
