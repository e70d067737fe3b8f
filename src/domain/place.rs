//! Where a customer is, as far as it is known, and by what.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Duration, Timestamp};

/// ISO 3166-1 alpha-2, two upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The code as text, upper case.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XX")
    }
}

impl FromStr for Country {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(format!("`{text}` is not an ISO 3166-1 code of two letters such as HK")),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Country {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// By what a place is known, the weakest first: a number may have been taken along from another country, a click may come
/// through a gateway elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceEvidence {
    /// The number's country.
    #[default]
    Number,
    /// Where a tracked link was opened.
    Click,
    /// Words of a message.
    Said,
    /// An answer to a question, or an address.
    Profile,
    /// A position that they shared. It is closer than an answer, and no truer: what is newer counts.
    Location,
}

impl PlaceEvidence {
    fn is_as_good_as(self, other: Self) -> bool {
        self == other || self.min(other) == Self::Profile
    }
}

/// Where a customer is. The country stands with the contact. Part of the fold's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Whereabouts {
    /// State, province or the like, as the gazetteer calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// City, as the gazetteer calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Part of the city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// By what it is known.
    pub by: PlaceEvidence,
    /// When that came.
    pub at: Timestamp,
    /// When tables were last looked at for it.
    pub looked_up: Timestamp,
}

impl Whereabouts {
    /// Region tags are worked out anew after this long; older evidence stands in nobody's way (REG-36).
    pub const REFRESH: Duration = Duration::days(90);

    /// Whether other evidence takes its place: better, or as good and newer; and any where this is old.
    pub fn yields_to(&self, by: PlaceEvidence, at: Timestamp) -> bool {
        let old = |earlier: Timestamp, later: Timestamp| later - earlier > Self::REFRESH;
        let as_good = by.is_as_good_as(self.by);
        old(self.at, at) || (as_good && at >= self.at) || (!as_good && by > self.by && !old(at, self.at))
    }

    /// When the tables are to be looked at again.
    pub fn refresh_due(&self) -> Timestamp {
        self.looked_up + Self::REFRESH
    }
}

/// A position that a customer shared, kept to tell how fast they move until the next one comes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedPosition {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// When.
    pub at: Timestamp,
}

/// What the tables say of a place: what rules about regions look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The country.
    pub country: Country,
    /// State, province or the like.
    pub division: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Part of the city.
    pub district: Option<String>,
    /// Tier of the city, where the country ranks its cities.
    pub tier: Option<String>,
    /// `hot` or `cold`, where it is so all year.
    pub climate: Option<String>,
    /// Shipping zone, where sending there is special.
    pub zone: Option<String>,
    /// What sending there costs, in per cent of an order's value, where that is known.
    pub shipping_share: Option<i64>,
    /// Days that parcels stand at customs.
    pub customs_days: Option<i64>,
    /// Mean temperature of the coldest month in °C, rounded up.
    pub winter: Option<i64>,
    /// Relative humidity of summer in per cent, rounded up.
    pub summer_humidity: Option<i64>,
}

/// What a shared position tells beside the place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// An airport that is near.
    pub poi: Option<String>,
    /// Since the position before: km/h, and how many minutes lie between.
    pub moved: Option<(i64, i64)>,
}

/// What became known of where a customer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub at: Timestamp,
    /// The event that told; 0 is the clock.
    pub seq: i64,
    /// The place, where it is another one than before or was looked up anew.
    pub region: Option<Region>,
    /// The position, where one was shared.
    pub position: Option<Position>,
    /// Whether country or time zone are others than before.
    pub moved_away: bool,
    /// Whether the city is another one than before, or none.
    pub left_city: bool,
}

/// What sending to a customer's place means for them, beyond what the shop says of shipping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Per cent that it costs more.
    pub surcharge: u32,
    /// Days that it takes longer, at least and at most.
    pub days: Option<(u32, u32)>,
    /// How many of them at customs.
    pub customs_days: u32,
}
