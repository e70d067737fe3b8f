//! What Meta tells of our own account, numbers and templates (sections 2.9 and 2.10): what of it concerns sending.

use serde_json::Value;

use super::quality::Quality;
use super::templates::{self, News};
use crate::domain::{Duration, Timestamp};

/// What one webhook says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Different customers in 24 hours for all numbers together; `None` is unlimited.
    Portfolio(Option<u32>),
    /// The quality of a number, by its digits.
    Quality {
        /// Digits, as far as they are told.
        number: String,
        /// How good.
        quality: Quality,
    },
    /// Meta lets a number send faster.
    Faster {
        /// Digits, as far as they are told.
        number: String,
    },
    /// A template is told of.
    Template(News),
    /// Something must not be sent: the account or a template.
    Hold {
        /// Which.
        what: Subject,
        /// Which of Meta's reasons holds it.
        source: &'static str,
        /// Until when, if Meta tells.
        until: Option<Timestamp>,
        /// In words.
        why: String,
    },
    /// Meta looked at the account: whether it may send.
    Reviewed {
        /// It may.
        approved: bool,
    },
    /// Something of the account that a person should look at.
    Told {
        /// Meta's name of it.
        kind: String,
        /// In words; `None` when it is over.
        said: Option<String>,
    },
    /// An error of the account or a number that stands beside messages (section 2.8).
    Error {
        /// Meta's code.
        code: i64,
        /// The number, by Meta's id of it, where it is told.
        channel: Option<String>,
    },
    /// What was held may be sent again, as far as it was for these reasons.
    Lift {
        /// Which.
        what: Subject,
        /// Which of Meta's reasons are over.
        sources: Vec<String>,
        /// In words.
        why: String,
    },
}

/// Meta's reasons to hold something. Each ends by its own news, whatever else is held: how good a number or template is, what the account
/// may not do until its time is over, that it is disabled or deleted, how a number stands, and the look at the account.
pub const QUALITY: &str = "meta quality";
#[expect(missing_docs, reason = "said above")]
pub const RESTRICTION: &str = "meta restriction";
#[expect(missing_docs, reason = "said above")]
pub const BAN: &str = "meta ban";
#[expect(missing_docs, reason = "said above")]
pub const DELETED: &str = "meta deleted";
#[expect(missing_docs, reason = "said above")]
pub const STATUS: &str = "meta status";
#[expect(missing_docs, reason = "said above")]
pub const REVIEW: &str = "meta review";
/// How the reason begins that an error of a call or a status is, before its code.
const ERROR: &str = "meta error ";
/// A restriction lasts no longer (Meta's own go up to 30 days), where its end cannot be read.
const LONGEST_RESTRICTION: Duration = Duration::days(30);

/// The reason that an error is.
pub fn source_of(code: i64) -> String {
    format!("{ERROR}{code}")
}

/// The error that is the reason, if one is.
pub fn code_of(source: &str) -> Option<i64> {
    source.strip_prefix(ERROR)?.parse().ok()
}

/// What a hold is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Everything unasked, from all numbers.
    Account,
    /// Everything unasked from this number, by Meta's id of it.
    Number(String),
    /// A template, in all languages.
    Template(String),
}

impl Subject {
    /// As it stands in the database: `account`, `number:880…`, `template:weekly_offer`.
    pub fn key(&self) -> String {
        match self {
            Self::Account => "account".into(),
            Self::Number(id) => format!("number:{id}"),
            Self::Template(name) => format!("template:{name}"),
        }
    }
}

/// What an account event says, as far as it concerns sending.
pub fn read(field: &str, value: &Value, at: Timestamp) -> Vec<Signal> {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let event = text("event");
    match field {
        "phone_number_quality_update" => {
            let tier = [&value["max_daily_conversations_per_business"], &value["current_limit"]];
            let mut signals: Vec<_> = tier.into_iter().find_map(portfolio).into_iter().collect();
            let quality = match event.as_str() {
                "FLAGGED" => Some(Quality::Red),
                "UNFLAGGED" => Some(Quality::Green),
                _ => None,
            };
            let number: String = text("display_phone_number").chars().filter(char::is_ascii_digit).collect();
            if event == "THROUGHPUT_UPGRADE" {
                signals.push(Signal::Faster { number: number.clone() });
            }
            signals.extend(quality.map(|quality| Signal::Quality { number, quality }));
            signals
        }
        "business_capability_update" => portfolio(&value["max_daily_conversations_per_business"]).into_iter().collect(),
        _ if !value["message_template_name"].is_null() => template(field, value, at),
        "account_update" => account(value, &event, at),
        "account_review_update" => match value["decision"].as_str() {
            Some("REJECTED") => vec![Signal::Reviewed { approved: false }],
            Some("APPROVED") => vec![Signal::Reviewed { approved: true }],
            _ => Vec::new(),
        },
        "errors" => error(value).into_iter().collect(),
        "account_alerts" => alert(&value["alert_info"]).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// A tier as numbers and names write it: 2000, "TIER_2K", -1.
pub fn portfolio(value: &Value) -> Option<Signal> {
    let name = value.as_str().unwrap_or_default();
    let most = match name.strip_prefix("TIER_").unwrap_or(name) {
        "UNLIMITED" => None,
        tier => match (value.as_i64(), tier.strip_suffix('K')) {
            (Some(-1), _) => None,
            (Some(most), _) => Some(u32::try_from(most).ok()?),
            (None, Some(thousands)) => Some(thousands.parse::<u32>().ok()?.checked_mul(1_000)?),
            (None, None) => Some(tier.parse().ok()?),
        },
    };
    Some(Signal::Portfolio(most))
}

/// The throughput of a number as its node tells it. One that is used in the WhatsApp Business app as well has a pace of its own,
/// whatever its level (section 5.3).
pub fn throughput(number: &Value) -> &str {
    match number["is_on_biz_app"].as_bool() {
        Some(true) => "BUSINESS_APP",
        _ => number["throughput"]["level"].as_str().unwrap_or_default(),
    }
}

/// How a number stands, in Meta's word: its own status, or `BLOCKED` where only its health tells that it may not send.
pub fn status(number: &Value) -> &str {
    let status = number["status"].as_str().unwrap_or_default();
    match number["health_status"]["can_send_message"].as_str() {
        Some(BLOCKED) if !is_stopped(status) => BLOCKED,
        _ => status,
    }
}

/// Whether a number that stands so sends nothing.
pub fn is_stopped(status: &str) -> bool {
    [BLOCKED, "BANNED", "DELETED", "DISCONNECTED", "MIGRATED", "RATE_LIMITED", "RESTRICTED"].contains(&status)
}

/// Whether a number may send only in part.
pub fn is_limited(number: &Value) -> bool {
    number["health_status"]["can_send_message"] == "LIMITED"
}

/// What Meta says is wrong with a number's health, and what helps; empty where it says nothing.
pub fn ailment(number: &Value) -> String {
    let entities = number["health_status"]["entities"].as_array().into_iter().flatten();
    let errors = entities.filter_map(|entity| entity["errors"].as_array()).flatten();
    let said = errors.flat_map(|error| [&error["error_description"], &error["possible_solution"]]);
    said.filter_map(Value::as_str).filter(|said| !said.is_empty()).collect::<Vec<_>>().join(" ")
}

fn error(value: &Value) -> Option<Signal> {
    let code = &value["code"];
    let code = code.as_i64().or_else(|| code.as_str()?.parse().ok())?;
    let channel = value["metadata"]["phone_number_id"].as_str().map(str::to_owned);
    Some(Signal::Error { code, channel })
}

const BLOCKED: &str = "BLOCKED";

/// Replies are refused as well, not only what nobody asked for.
pub const NO_REPLIES: &str = "RESTRICTED_CUSTOMER_INITIATED_MESSAGING";

/// What stands for people to see; what is only for their information is no alert.
fn alert(info: &Value) -> Option<Signal> {
    let kind = info["alert_type"].as_str()?.to_owned();
    if info["alert_status"] == "NONE" {
        return Some(Signal::Told { kind, said: None });
    }
    let described = info["alert_description"].as_str().filter(|said| !said.is_empty());
    let said = described.map_or_else(|| kind.clone(), |said| format!("{kind}: {said}"));
    (info["alert_severity"] != "INFORMATIONAL").then_some(Signal::Told { kind, said: Some(said) })
}

/// What stands in a template's way, its status tells. A hold because of an error ends when Meta says that it may go; one whose
/// quality is red rests before Meta pauses it, until it is better.
fn template(field: &str, value: &Value, at: Timestamp) -> Vec<Signal> {
    let Some(news) = templates::news(field, value) else { return Vec::new() };
    let what = Subject::Template(news.name.clone());
    let more = match (news.status.as_deref(), news.quality.as_deref()) {
        (Some("APPROVED"), _) => {
            // Paused, and disabled.
            let sources = [132_015, 132_016].map(source_of).into();
            Some(Signal::Lift { what, sources, why: "Meta: APPROVED".into() })
        }
        (_, Some(quality @ ("GREEN" | "YELLOW"))) => {
            let sources = vec![QUALITY.into()];
            Some(Signal::Lift { what, sources, why: format!("Meta calls the template's quality {quality}") })
        }
        (_, Some("RED")) => {
            let why = "Meta calls the template's quality RED".into();
            Some(Signal::Hold { what, source: QUALITY, until: Some(at + Duration::hours(24)), why })
        }
        _ => None,
    };
    more.into_iter().chain([Signal::Template(news)]).collect()
}

fn account(value: &Value, event: &str, at: Timestamp) -> Vec<Signal> {
    let hold = |source, until, why: String| vec![Signal::Hold { what: Subject::Account, source, until, why }];
    let lift = |sources, why: String| vec![Signal::Lift { what: Subject::Account, sources, why }];
    match event {
        "ACCOUNT_RESTRICTION" => {
            let restrictions = value["restriction_info"].as_array().into_iter().flatten();
            let kind = |restriction: &Value| restriction["restriction_type"].as_str().unwrap_or_default().to_owned();
            let is_ours = |restriction: &&Value| {
                let ours = ["BIZ_INITIATED_MESSAGING", "UTILITY_TEMPLATES", NO_REPLIES];
                ours.iter().any(|ours| kind(restriction).contains(ours))
            };
            let of_ours: Vec<&Value> = restrictions.filter(is_ours).collect();
            if of_ours.is_empty() {
                return Vec::new();
            }
            // One without an end has none; else the last one counts.
            let ends: Option<Vec<_>> = of_ours.iter().map(|restriction| end(&restriction["expiration"], at)).collect();
            let until = ends.and_then(|ends| ends.into_iter().max());
            let kinds: Vec<_> = of_ours.into_iter().map(kind).collect();
            hold(RESTRICTION, until, format!("Meta: {}", kinds.join(", ")))
        }
        "ACCOUNT_VIOLATION" => {
            let kind = value["violation_info"]["violation_type"].as_str().unwrap_or("unknown");
            hold(BAN, None, format!("Meta: violation of its policy, {kind}"))
        }
        "DISABLED_UPDATE" => match value["ban_info"]["waba_ban_state"].as_str() {
            Some("REINSTATE") => {
                // With what calls were told of it: restricted, and locked.
                let told = [368, 131_031].map(source_of);
                lift(told.into_iter().chain([BAN.into()]).collect(), "Meta: REINSTATE".into())
            }
            Some("SCHEDULE_FOR_DISABLE") => {
                hold(BAN, None, "Meta will disable the account: appeal in WhatsApp Manager".into())
            }
            state => hold(BAN, None, format!("Meta has disabled the account ({})", state.unwrap_or("DISABLE"))),
        },
        "ACCOUNT_DELETED" | "ACCOUNT_OFFBOARDED" => hold(DELETED, None, format!("Meta: {event}")),
        "ACCOUNT_RECONNECTED" => lift(vec![DELETED.into()], format!("Meta: {event}")),
        _ => Vec::new(),
    }
}

/// When a restriction ends, in Unix seconds as a number or a text; `None` where no end is told.
fn end(told: &Value, at: Timestamp) -> Option<Timestamp> {
    if told.is_null() {
        return None;
    }
    let seconds = told.as_i64().or_else(|| told.as_str()?.trim().parse().ok());
    let until = seconds.and_then(|seconds| seconds.checked_mul(1_000)).map(Timestamp);
    Some(until.unwrap_or(at + LONGEST_RESTRICTION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tiers_are_read_in_all_their_spellings() {
        for (value, most) in [
            (json!(2_000), Some(2_000)),
            (json!("TIER_2K"), Some(2_000)),
            (json!("TIER_100K"), Some(100_000)),
            (json!("TIER_250"), Some(250)),
            (json!(-1), None),
            (json!("TIER_UNLIMITED"), None),
        ] {
            assert_eq!(portfolio(&value), Some(Signal::Portfolio(most)), "{value}");
        }
        for value in [json!("TIER_NOT_SET"), json!(null), json!("")] {
            assert_eq!(portfolio(&value), None, "{value}");
        }
    }

    #[test]
    fn what_metas_webhooks_say_of_sending() {
        let now = Timestamp(0);
        let paused = json!({
            "event": "PAUSED", "message_template_name": "offer", "message_template_language": "en-US", "reason": "NONE",
            "other_info": { "title": "FIRST_PAUSE", "description": "" },
        });
        let what = Subject::Template("offer".into());
        let told = read("message_template_status_update", &paused, now);
        assert!(
            matches!(told.as_slice(), [Signal::Template(news)] if news.status.as_deref() == Some("PAUSED")),
            "{told:?}"
        );
        let approved =
            json!({ "event": "APPROVED", "message_template_name": "offer", "message_template_language": "it" });
        let told = read("message_template_status_update", &approved, now);
        let sources = vec!["meta error 132015".into(), "meta error 132016".into()];
        assert!(told.contains(&Signal::Lift { what: what.clone(), sources, why: "Meta: APPROVED".into() }), "{told:?}");
        let red =
            json!({ "new_quality_score": "RED", "message_template_name": "offer", "message_template_language": "it" });
        let told = read("message_template_quality_update", &red, now);
        assert!(
            matches!(told.as_slice(), [Signal::Hold { what: held, .. }, Signal::Template(_)] if *held == what),
            "{told:?}"
        );
        let restricted = json!({
            "event": "ACCOUNT_RESTRICTION", "restriction_info": [
                { "restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": 5 },
                { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_790_259_200 },
            ],
        });
        let why = "Meta: RESTRICTED_BIZ_INITIATED_MESSAGING".to_owned();
        let until = Some(Timestamp(1_790_259_200_000));
        let source = RESTRICTION;
        let held = Signal::Hold { what: Subject::Account, source, until, why };
        assert_eq!(read("account_update", &restricted, now), [held]);
        let no_replies =
            json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [{ "restriction_type": NO_REPLIES }] });
        let why = format!("Meta: {NO_REPLIES}");
        let held = Signal::Hold { what: Subject::Account, source, until: None, why };
        assert_eq!(read("account_update", &no_replies, now), [held]);
        for (told, code) in
            [(json!({ "code": 130_429, "title": "Rate limit hit" }), 130_429), (json!({ "code": "0" }), 0)]
        {
            assert_eq!(read("errors", &told, now), [Signal::Error { code, channel: None }]);
        }
        assert!(read("errors", &json!("gone"), now).is_empty());
        assert!(read("account_update", &json!({ "event": "PARTNER_ADDED" }), now).is_empty());
        let better = json!({ "new_quality_score": "GREEN", "message_template_name": "offer", "message_template_language": "it" });
        let told = read("message_template_quality_update", &better, now);
        assert!(matches!(told.as_slice(), [Signal::Lift { what: lifted, .. }, _] if *lifted == what), "{told:?}");
        let refused = read("account_review_update", &json!({ "decision": "REJECTED" }), now);
        assert_eq!(refused, [Signal::Reviewed { approved: false }]);
        let upgraded = json!({ "display_phone_number": "+1 312-555-0100", "event": "THROUGHPUT_UPGRADE",
            "max_daily_conversations_per_business": "TIER_UNLIMITED" });
        let faster = Signal::Faster { number: "13125550100".into() };
        assert_eq!(read("phone_number_quality_update", &upgraded, now), [Signal::Portfolio(None), faster]);
        let flagged = json!({ "display_phone_number": "13125550100", "event": "FLAGGED", "current_limit": "TIER_2K" });
        let quality = Signal::Quality { number: "13125550100".into(), quality: Quality::Red };
        assert_eq!(read("phone_number_quality_update", &flagged, now), [Signal::Portfolio(Some(2_000)), quality]);
    }

    #[test]
    fn the_end_of_a_restriction_is_read_in_all_its_spellings_and_a_good_word_is_of_its_own_kind() {
        let at = Timestamp(1_790_000_000_000);
        let ends = |expiration: Value| {
            let of = json!([{ "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": expiration }]);
            let told = json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": of });
            match read("account_update", &told, at).remove(0) {
                Signal::Hold { until, .. } => until,
                other => panic!("{other:?}"),
            }
        };
        let told = Some(Timestamp(1_790_259_200_000));
        assert_eq!((ends(json!(1_790_259_200)), ends(json!("1790259200"))), (told, told));
        for unreadable in [json!("in a month"), json!(i64::MAX), json!(-1.5), json!({})] {
            assert_eq!(ends(unreadable), Some(at + Duration::days(30)));
        }
        assert_eq!(ends(json!(null)), None);
        let lifted = |value: Value| match read("account_update", &value, at).remove(0) {
            Signal::Lift { sources, .. } => sources,
            other => panic!("{other:?}"),
        };
        assert_eq!(lifted(json!({ "event": "ACCOUNT_RECONNECTED" })), [DELETED]);
        let reinstated = json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": "REINSTATE" } });
        assert_eq!(lifted(reinstated), ["meta error 368", "meta error 131031", BAN]);
        assert_eq!((code_of("meta error 131048"), code_of(BAN)), (Some(131_048), None));
    }

    #[test]
    fn a_number_that_may_not_send_is_told_by_its_status_or_by_its_health() {
        let ill = json!({ "status": "CONNECTED", "health_status": { "can_send_message": "BLOCKED", "entities": [
            { "entity_type": "WABA", "errors": [{ "error_description": "No card.", "possible_solution": "Add one." }] },
        ]}});
        assert_eq!((status(&ill), ailment(&ill).as_str()), ("BLOCKED", "No card. Add one."));
        let banned = json!({ "status": "BANNED", "health_status": { "can_send_message": "BLOCKED" } });
        assert_eq!(status(&banned), "BANNED");
        let limited = json!({ "status": "CONNECTED", "health_status": { "can_send_message": "LIMITED" } });
        assert_eq!((status(&limited), is_stopped("CONNECTED")), ("CONNECTED", false));
    }

    #[test]
    fn what_a_person_should_look_at_stands_until_it_is_over() {
        let told = |severity: &str, status: &str| {
            let info = json!({ "alert_severity": severity, "alert_status": status, "alert_type": "OBA_REJECTED",
                "alert_description": "Not yet." });
            read("account_alerts", &json!({ "entity_type": "BUSINESS", "alert_info": info }), Timestamp(0))
        };
        let kind = || "OBA_REJECTED".to_owned();
        let stands = Signal::Told { kind: kind(), said: Some("OBA_REJECTED: Not yet.".into()) };
        assert_eq!(told("WARNING", "ACTIVE"), [stands]);
        assert_eq!(told("WARNING", "NONE"), [Signal::Told { kind: kind(), said: None }]);
        assert_eq!(told("INFORMATIONAL", "ACTIVE"), []);
    }
}
