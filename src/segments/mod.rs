//! Segments: which contacts a list, an export or a message is for. AND, OR and NOT over tags, fields, windows and orders, as
//! a text that people write and as JSON for programs; both say the same.
//!
//! ```text
//! tag:source/ig-ad and bought:shoes and not purchase within 90d
//! ```
//!
//! Pure language: what it costs to ask it of 100,000 contacts is the store's affair.

mod everybody;
mod json;
mod known;
pub mod lists;
mod text;

use rust_decimal::Decimal;

use crate::domain::{Colour, Currency, Duration, Heat, Stage};

pub use json::JsonError;
pub use known::Knows;
pub use text::TextError;

/// Deepest nesting, and most conditions: far more than people write, few enough for a database.
const DEEPEST: usize = 32;
const MOST_CONDITIONS: usize = 100;

/// A set of contacts, said by what holds of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// Everybody.
    Everyone,
    /// All of these hold.
    All(Vec<Segment>),
    /// At least one of these holds.
    Any(Vec<Segment>),
    /// This does not hold.
    Not(Box<Segment>),
    /// One condition.
    Is(Condition),
}

/// One thing that holds of a contact or does not.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Holds a tag, or any that begins like this.
    Tag {
        /// A tag's key; with `*` at its end, its beginning.
        pattern: String,
        /// Set within that time, and held ever since.
        within: Option<Duration>,
    },
    /// A field has one of these values.
    Field {
        /// Which.
        field: Field,
        /// As they are spelt in tags, lower case.
        values: Vec<String>,
    },
    /// Something happened within that time.
    Seen {
        /// What.
        moment: Moment,
        /// How long ago at most.
        within: Duration,
    },
    /// Wants no messages.
    OptedOut,
    /// Bought anything.
    Purchase {
        /// How long ago at most.
        within: Option<Duration>,
    },
    /// Bought this: a product, a product key, its category or its last part.
    Bought {
        /// Lower case.
        item: String,
        /// How long ago at most.
        within: Option<Duration>,
    },
    /// A figure over the purchases.
    Orders {
        /// Which.
        figure: Figure,
        /// How it is compared.
        compare: Compare,
        /// With what.
        amount: Decimal,
        /// In which currency, where it is money; none is the shop's.
        currency: Option<Currency>,
        /// Over purchases of that time.
        within: Option<Duration>,
    },
}

/// What is known of a contact beside its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// ISO 3166-1 code.
    Country,
    /// BCP 47 tag.
    Language,
    /// The follow-up colour.
    Colour,
    /// The heat tier; `none` is a tier too.
    Heat,
    /// The purchase stage.
    Stage,
}

/// A moment that is kept of every contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The first event of any kind.
    First,
    /// The last message or click (G-5).
    Interaction,
    /// The last message.
    Message,
    /// The first purchase of those that count.
    FirstPurchase,
}

/// A figure over a contact's purchases: paid for, and not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// How many.
    Count,
    /// Their sum.
    Sum,
    /// The mean of them.
    Average,
    /// The latest one's sum.
    Last,
}

/// How two figures are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Compare {
    const ALL: [Self; 5] = [Self::Less, Self::AtMost, Self::Equal, Self::AtLeast, Self::More];

    /// As it is written, also in SQL.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::AtLeast => ">=",
            Self::More => ">",
        }
    }

    /// The word for it in JSON.
    fn word(self) -> &'static str {
        match self {
            Self::Less => "less_than",
            Self::AtMost => "at_most",
            Self::Equal => "exactly",
            Self::AtLeast => "at_least",
            Self::More => "more_than",
        }
    }

    /// Whether it holds.
    pub fn holds(self, one: Decimal, other: Decimal) -> bool {
        match self {
            Self::Less => one < other,
            Self::AtMost => one <= other,
            Self::Equal => one == other,
            Self::AtLeast => one >= other,
            Self::More => one > other,
        }
    }
}

impl Field {
    const ALL: [Self; 5] = [Self::Country, Self::Language, Self::Colour, Self::Heat, Self::Stage];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Language => "language",
            Self::Colour => "colour",
            Self::Heat => "heat",
            Self::Stage => "stage",
        }
    }

    /// Values of a field that has an order, lowest first.
    fn scale(self) -> Option<Vec<&'static str>> {
        const STAGES: [Stage; 5] =
            [Stage::FirstContact, Stage::Considering, Stage::AboutToBuy, Stage::FirstPurchase, Stage::Loyal];
        const HEATS: [Heat; 4] = [Heat::Low, Heat::Medium, Heat::High, Heat::Extreme];
        const COLOURS: [Colour; 6] =
            [Colour::Grey, Colour::LightGreen, Colour::DarkGreen, Colour::Yellow, Colour::Orange, Colour::Red];
        let none = std::iter::once("none");
        match self {
            Self::Country | Self::Language => None,
            Self::Colour => Some(none.chain(COLOURS.map(Colour::name)).collect()),
            Self::Heat => Some(none.chain(HEATS.map(Heat::name)).collect()),
            Self::Stage => Some(STAGES.map(Stage::name).to_vec()),
        }
    }

    /// The number by which an ordered field is stored; -1 is none.
    pub fn rank(self, value: &str) -> Option<i64> {
        let place = self.scale()?.iter().position(|name| *name == value)? as i64;
        Some(if self == Self::Stage { place } else { place - 1 })
    }

    /// The value that is stored by that number; the other way round than [`Field::rank`].
    pub fn value(self, rank: i64) -> String {
        let place = if self == Self::Stage { rank } else { rank + 1 };
        let scale = self.scale().unwrap_or_default();
        usize::try_from(place).ok().and_then(|place| scale.get(place)).copied().unwrap_or_default().to_owned()
    }

    /// The values that a word means: `green` is both shades; of country and language any code.
    ///
    /// # Errors
    /// What may stand there.
    fn values(self, word: &str) -> Result<Vec<String>, String> {
        let word = word.to_lowercase();
        if self == Self::Colour && word == "green" {
            return Ok(vec![Colour::LightGreen.name().into(), Colour::DarkGreen.name().into()]);
        }
        match self.scale() {
            Some(scale) if !scale.contains(&word.as_str()) => Err(format!("one of {}", scale.join(", "))),
            None if self == Self::Country && word.len() != 2 => Err("a country's two letters, such as hk".into()),
            _ => Ok(vec![word]),
        }
    }

    /// The values of an ordered field that compare so with one of them.
    ///
    /// # Errors
    /// What may stand there.
    fn compared(self, compare: Compare, word: &str) -> Result<Vec<String>, String> {
        let scale = self.scale().ok_or_else(|| format!("`:`, since a {} is not larger or smaller", self.name()))?;
        let place = scale.iter().position(|name| *name == word.to_lowercase());
        let place = Decimal::from(place.ok_or_else(|| format!("one of {}", scale.join(", ")))?);
        let fits = |(at, _): &(usize, &&str)| compare.holds(Decimal::from(*at), place);
        let values: Vec<String> = scale.iter().enumerate().filter(fits).map(|(_, name)| (*name).to_owned()).collect();
        if values.is_empty() { Err("a value that others are beyond".into()) } else { Ok(values) }
    }
}

impl Moment {
    const ALL: [Self; 4] = [Self::First, Self::Interaction, Self::Message, Self::FirstPurchase];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first-seen",
            Self::Interaction => "interaction",
            Self::Message => "message",
            Self::FirstPurchase => "first-purchase",
        }
    }
}

impl Figure {
    const ALL: [Self; 4] = [Self::Count, Self::Sum, Self::Average, Self::Last];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "orders",
            Self::Sum => "spent",
            Self::Average => "average",
            Self::Last => "last-order",
        }
    }

    /// Whether it is a sum of money.
    pub fn is_money(self) -> bool {
        self != Self::Count
    }
}

impl Segment {
    /// Every tag, or beginning of one, that this segment asks for: they were used to filter.
    pub fn tags(&self) -> Vec<&str> {
        let mut tags = Vec::new();
        self.conditions(&mut |condition| {
            if let Condition::Tag { pattern, .. } = condition {
                tags.push(pattern.as_str());
            }
        });
        tags
    }

    fn conditions<'a>(&'a self, visit: &mut impl FnMut(&'a Condition)) {
        match self {
            Self::Everyone => {}
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.conditions(visit)),
            Self::Not(part) => part.conditions(visit),
            Self::Is(condition) => visit(condition),
        }
    }
}

/// A tag's key, or the beginning of one with `*`.
///
/// # Errors
/// What may stand there.
fn pattern(word: &str) -> Result<String, String> {
    let (start, starred) = word.strip_suffix('*').map_or((word, false), |start| (start, true));
    let bad = start.chars().any(|c| c == '*' || c == '_' || c.is_whitespace() || c.is_uppercase() || c.is_control());
    if bad {
        return Err("a tag in lower case with hyphens, such as source/ig-ad; `*` may stand at its end".into());
    }
    if !starred {
        start.parse::<crate::domain::TagKey>().map_err(|error| format!("a tag ({error})"))?;
    }
    Ok(word.to_owned())
}
