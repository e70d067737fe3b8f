//! The tables of hours in which a message is welcome: by country, kind and group, and the parts of the day that habits are named by.

use chrono::Weekday;
use serde::{Deserialize, Deserializer, Serialize};

use super::Planned;
use super::hours::{Hours, weekday};
use crate::domain::{Country, Duration, MessageKind, duration, duration_if_any};

/// Something that a habit shows itself by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Of {
    Read,
    Message,
}

/// `keywords/slots.toml`, which explains each figure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slots {
    pub(super) default: Fallback,
    pub(super) personal: Personal,
    pub(super) country: Vec<CountryRow>,
    pub(super) group: Vec<GroupRow>,
    pub(super) kind: Vec<KindRow>,
    pub(super) shift: Vec<Shift>,
    pub(super) habit: Vec<HabitRow>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fallback {
    pub(super) slot: Hours,
}

/// When a customer's own hours count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Personal {
    /// Reads and messages on such days before the map tells anything.
    pub(super) least: u32,
    /// Per cent of them that lie in the best hours.
    pub(super) share: u32,
    /// How long the best stretch is.
    pub(super) hours: u32,
    /// Weeks in a row that make a habit.
    pub(super) weeks: u8,
    /// How often the map is looked at afresh; what is older counts half.
    #[serde(deserialize_with = "duration")]
    pub(super) afresh: Duration,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountryRow {
    pub(super) country: Country,
    pub(super) workday: Hours,
    #[serde(default)]
    pub(super) weekend: Option<Hours>,
    #[serde(default)]
    pub(super) best: Option<Hours>,
    #[serde(default)]
    pub(super) worst: Option<Hours>,
    #[serde(default)]
    pub(super) quiet: Option<Hours>,
    #[serde(default = "saturday_and_sunday", deserialize_with = "days")]
    pub(super) weekend_days: Vec<Weekday>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupRow {
    pub(super) tag: String,
    pub(super) slot: Hours,
    #[serde(default)]
    pub(super) kinds: Vec<MessageKind>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindRow {
    pub(super) slots: Vec<Hours>,
    #[serde(default, deserialize_with = "days")]
    pub(super) days: Vec<Weekday>,
    #[serde(default)]
    pub(super) templates: Vec<String>,
    /// Categories, or keys of single products, with hyphens.
    #[serde(default)]
    pub(super) categories: Vec<String>,
}

impl KindRow {
    /// Whether a message is one of that kind: by its template, or by what it is about.
    pub(super) fn is_of(&self, planned: &Planned) -> bool {
        let about = planned.category.as_deref().map(|category| match &planned.product {
            Some(product) if !category.contains('/') => format!("{category}/{product}"),
            _ => category.to_owned(),
        });
        let about = about.unwrap_or_default().replace('_', "-");
        let category = about.split('/').next().unwrap_or_default();
        self.templates.contains(&planned.template) || self.categories.iter().any(|own| *own == about || own == category)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shift {
    pub(super) tag: String,
    #[serde(default, deserialize_with = "duration_if_any")]
    pub(super) later: Option<Duration>,
    #[serde(default)]
    pub(super) also: Option<Hours>,
}

/// A part of the day that a habit of reading or writing is named by.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HabitRow {
    of: Of,
    pub(super) name: String,
    pub(super) hours: Hours,
}

fn saturday_and_sunday() -> Vec<Weekday> {
    vec![Weekday::Sat, Weekday::Sun]
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Weekday>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let wrong = |name: &str| serde::de::Error::custom(format!("`{name}` is no day: mon, tue, wed, thu, fri, sat, sun"));
    names.iter().map(|name| weekday(name).ok_or_else(|| wrong(name))).collect()
}

impl Slots {
    pub(super) fn row(&self, country: Option<Country>) -> Option<&CountryRow> {
        let country = country?;
        self.country.iter().find(|row| row.country == country)
    }

    /// The hours in which nothing goes out where that customer lives, if the country has hours of its own.
    pub(super) fn quiet(&self, country: Option<Country>) -> Option<Hours> {
        self.row(country)?.quiet
    }

    /// The country's worst hours (SEND-2).
    pub(super) fn worst(&self, country: Option<Country>) -> Hours {
        self.row(country).and_then(|row| row.worst).unwrap_or(Hours::NONE)
    }

    /// Whether a day is part of the weekend there.
    pub(super) fn is_weekend(&self, country: Option<Country>, day: Weekday) -> bool {
        let days = self.row(country).map_or([Weekday::Sat, Weekday::Sun].as_slice(), |row| row.weekend_days.as_slice());
        days.contains(&day)
    }

    /// Parts of the day for that kind of habit.
    pub(super) fn of(&self, of: Of) -> impl Iterator<Item = &HabitRow> {
        self.habit.iter().filter(move |row| row.of == of)
    }
}
