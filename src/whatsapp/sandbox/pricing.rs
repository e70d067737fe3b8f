//! What Meta charges for a message, as its statuses tell it (sections 2.7, 3 and 5.1).

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{Contact, Duration, Timestamp, embedded};

/// Everything is free for so long after the business answered who came from an ad (section 5.1).
const FREE_ENTRY: Duration = Duration::hours(72);

#[derive(Deserialize)]
struct Rates {
    service_charged_from: NaiveDate,
    free_service_messages: u32,
}

static RATES: LazyLock<Rates> = LazyLock::new(|| embedded("pricing.toml", include_str!("pricing.toml")));

/// Service messages of a month that are free, unless the settings say otherwise.
pub fn free_service_messages() -> u32 {
    RATES.free_service_messages
}

/// What statuses tell of a message's price.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Price {
    /// The object `pricing`.
    pub(super) pricing: Value,
    /// The object `conversation`, which is told only of a free entry.
    pub(super) conversation: Option<Value>,
}

/// What was used of what is free.
#[derive(Debug, Default)]
pub(super) struct Prices {
    month: (i32, u32),
    free_used: u32,
    entries: HashMap<String, Entry>,
}

/// A customer who came from an ad.
#[derive(Debug)]
struct Entry {
    came: Timestamp,
    /// Since the business answered: until when all is free, and the conversation's id.
    free: Option<(Timestamp, String)>,
}

impl Prices {
    /// A customer came from an ad.
    pub(super) fn came_from_ad(&mut self, person: &str, now: Timestamp) {
        self.entries.entry(person.to_owned()).or_insert(Entry { came: now, free: None });
    }

    /// The price of a message that arrives: of a template's `category`, or of service.
    pub(super) fn of(&mut self, person: &str, category: Option<&str>, open: bool, free: u32, now: Timestamp) -> Price {
        let (charged, kind, category) = match self.entry(person, now) {
            Some((until, id)) => {
                let conversation = json!({ "id": id, "expiration_timestamp": (until.0 / 1000).to_string(),
                    "origin": { "type": "referral_conversion" } });
                let pricing = pricing(false, "free_entry_point", "referral_conversion");
                return Price { pricing, conversation: Some(conversation) };
            }
            None => {
                let since = now.utc().date_naive() >= RATES.service_charged_from;
                let category = category.map(str::to_ascii_lowercase).unwrap_or_else(|| "service".into());
                let charged = match category.as_str() {
                    "service" => since && !self.is_free(free, now),
                    "utility" => since || !open,
                    _ => true,
                };
                (charged, if charged { "regular" } else { "free_customer_service" }, category)
            }
        };
        Price { pricing: pricing(charged, kind, &category), conversation: None }
    }

    /// Uses one of the month's free messages, if one is left.
    fn is_free(&mut self, free: u32, now: Timestamp) -> bool {
        let today = now.utc();
        let month = (today.year(), today.month());
        if self.month != month {
            (self.month, self.free_used) = (month, 0);
        }
        let is_free = self.free_used < free;
        self.free_used += u32::from(is_free);
        is_free
    }

    /// The free entry that a message to this customer is part of. The answer within the service window begins it.
    fn entry(&mut self, person: &str, now: Timestamp) -> Option<(Timestamp, String)> {
        let entry = self.entries.get_mut(person)?;
        if entry.free.is_none() && now - entry.came <= Contact::SERVICE_WINDOW {
            entry.free = Some((now + FREE_ENTRY, uuid::Uuid::now_v7().simple().to_string()));
        }
        let free = entry.free.clone().filter(|(until, _)| now < *until);
        if free.is_none() {
            self.entries.remove(person);
        }
        free
    }
}

fn pricing(billable: bool, kind: &str, category: &str) -> Value {
    json!({ "billable": billable, "pricing_model": "PMP", "type": kind, "category": category })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap_or_default()
    }

    #[test]
    fn what_is_charged_changed_in_october_2026() {
        let (before, since) = (at("2026-09-30T23:59:59Z"), at("2026-10-01T00:00:00Z"));
        for (category, open, now, free, charged) in [
            (None, true, before, 0, false),
            (None, true, since, 0, true),
            (None, true, since, 1, false),
            (Some("UTILITY"), true, before, 0, false),
            (Some("UTILITY"), false, before, 0, true),
            (Some("UTILITY"), true, since, 1, true),
            (Some("MARKETING"), true, before, 1, true),
            (Some("AUTHENTICATION"), false, since, 1, true),
        ] {
            let price = Prices::default().of("1", category, open, free, now).pricing;
            assert_eq!(price["billable"], charged, "{category:?} {open} {now}");
            assert_eq!(price["type"], if charged { "regular" } else { "free_customer_service" });
            assert_eq!(price["category"], category.map_or("service".into(), str::to_ascii_lowercase));
        }
        assert_eq!(free_service_messages(), 1_000);
    }

    #[test]
    fn a_month_has_its_own_free_messages() {
        let mut prices = Prices::default();
        let mut charged = |text: &str| prices.of("1", None, true, 2, at(text)).pricing["billable"] == true;
        let days = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"];
        assert_eq!(days.map(&mut charged), [false, false, true, false]);
    }

    #[test]
    fn who_came_from_an_ad_is_free_for_72_hours_after_an_answer_within_a_day() {
        let mut prices = Prices::default();
        let start = at("2026-11-01T00:00:00Z");
        let kind = |price: Price| (price.pricing["type"].clone(), price.conversation.is_some());
        prices.came_from_ad("1", start);
        prices.came_from_ad("2", start);
        let mut of = |person: &str, hours: i64| {
            kind(prices.of(person, Some("MARKETING"), false, 0, start + Duration::hours(hours)))
        };
        assert_eq!(of("1", 23), (json!("free_entry_point"), true));
        assert_eq!(of("1", 23 + 71), (json!("free_entry_point"), true));
        assert_eq!(of("1", 23 + 72), (json!("regular"), false));
        assert_eq!(of("2", 25), (json!("regular"), false), "answered too late");
    }
}
