//! What Meta tells of our own account, numbers and templates (sections 2.9 and 2.10): what of it concerns sending.

use serde_json::Value;

use super::graph::Quality;
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
        /// Until when, if Meta tells.
        until: Option<Timestamp>,
        /// In words.
        why: String,
    },
    /// What was held may be sent again.
    Lift {
        /// Which.
        what: Subject,
        /// In words.
        why: String,
    },
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
        "account_update" => account(value, &event),
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

/// What stands in a template's way, its status tells. A hold because of an error ends when Meta says that it may go; one whose
/// quality is red rests before Meta pauses it.
fn template(field: &str, value: &Value, at: Timestamp) -> Vec<Signal> {
    let Some(news) = templates::news(field, value) else { return Vec::new() };
    let what = Subject::Template(news.name.clone());
    let more = match (news.status.as_deref(), news.quality.as_deref()) {
        (Some("APPROVED"), _) => Some(Signal::Lift { what, why: "Meta: APPROVED".into() }),
        (_, Some("RED")) => {
            let why = "Meta calls the template's quality RED".into();
            Some(Signal::Hold { what, until: Some(at + Duration::hours(24)), why })
        }
        _ => None,
    };
    more.into_iter().chain([Signal::Template(news)]).collect()
}

fn account(value: &Value, event: &str) -> Vec<Signal> {
    let hold = |until, why: String| vec![Signal::Hold { what: Subject::Account, until, why }];
    match event {
        "ACCOUNT_RESTRICTION" => {
            let restrictions = value["restriction_info"].as_array().into_iter().flatten();
            let of_ours = restrictions.filter(|restriction| {
                let kind = restriction["restriction_type"].as_str().unwrap_or_default();
                kind.contains("BIZ_INITIATED_MESSAGING") || kind.contains("UTILITY_TEMPLATES")
            });
            of_ours
                .flat_map(|restriction| {
                    let until = restriction["expiration"].as_i64().map(|seconds| Timestamp(seconds * 1_000));
                    hold(until, format!("Meta: {}", restriction["restriction_type"].as_str().unwrap_or_default()))
                })
                .collect()
        }
        "ACCOUNT_VIOLATION" => {
            let kind = value["violation_info"]["violation_type"].as_str().unwrap_or("unknown");
            hold(None, format!("Meta: violation of its policy, {kind}"))
        }
        "DISABLED_UPDATE" => match value["ban_info"]["waba_ban_state"].as_str() {
            Some("REINSTATE") => vec![Signal::Lift { what: Subject::Account, why: "Meta: REINSTATE".into() }],
            state => hold(None, format!("Meta: {}", state.unwrap_or("DISABLE"))),
        },
        "ACCOUNT_DELETED" | "ACCOUNT_OFFBOARDED" => hold(None, format!("Meta: {event}")),
        "ACCOUNT_RECONNECTED" => vec![Signal::Lift { what: Subject::Account, why: format!("Meta: {event}") }],
        _ => Vec::new(),
    }
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
        assert!(told.contains(&Signal::Lift { what: what.clone(), why: "Meta: APPROVED".into() }), "{told:?}");
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
        assert_eq!(read("account_update", &restricted, now), [Signal::Hold { what: Subject::Account, until, why }]);
        assert!(read("account_update", &json!({ "event": "PARTNER_ADDED" }), now).is_empty());
        let upgraded = json!({ "display_phone_number": "+1 312-555-0100", "event": "THROUGHPUT_UPGRADE",
            "max_daily_conversations_per_business": "TIER_UNLIMITED" });
        let faster = Signal::Faster { number: "13125550100".into() };
        assert_eq!(read("phone_number_quality_update", &upgraded, now), [Signal::Portfolio(None), faster]);
        let flagged = json!({ "display_phone_number": "13125550100", "event": "FLAGGED", "current_limit": "TIER_2K" });
        let quality = Signal::Quality { number: "13125550100".into(), quality: Quality::Red };
        assert_eq!(read("phone_number_quality_update", &flagged, now), [Signal::Portfolio(Some(2_000)), quality]);
    }
}
