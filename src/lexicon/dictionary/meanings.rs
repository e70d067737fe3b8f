//! What the words of the dictionaries stand for, and in which languages.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::phrases::Around;
use hotline_domain::Intent;

/// What a word stands for. Keys are shared: a match copies no text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Meaning {
    Product(Arc<str>),
    Attribute(Arc<str>),
    /// A wish of its own beside what is sold: delivery at the weekend, an invoice.
    Request(Arc<str>),
    /// A phrase in which no word names anything that is sold: "of course".
    NoThing,
    /// Brand, what it implies, budget level, whether it needs company.
    Brand {
        key: Arc<str>,
        /// The category whose brands it stands among.
        category: Arc<str>,
        implies: Option<Arc<str>>,
        level: Option<u8>,
        needs_company: bool,
    },
    Intent(Intent),
    /// What looks like this intent but is not.
    NotIntent(Intent),
    /// First part of phrases with a gap, by its number: what begins alike in one language is one part of all those phrases.
    GapStart(u32),
    GapEnd {
        /// The number of the first part.
        first: u32,
        intent: Intent,
        /// The phrase only looks like the intent.
        against: bool,
        /// What stands around and between: "for # i take it".
        around: Around,
    },
    /// A phrase with a number beside it: "order #", "can you do #".
    BesideNumber {
        intent: Intent,
        /// The phrase only looks like the intent.
        against: bool,
        around: Around,
    },
    /// A phrase that counts only where its clause ends with it: "don't want .", which is no "don't want leather".
    ClauseEnd {
        intent: Intent,
        /// The phrase only looks like the intent.
        against: bool,
        /// The clause begins with it too.
        alone: bool,
    },
    /// An "or" between two things makes a question this intent.
    Or(Intent),
    /// A word that says a property together with others or of some things, by the number of its kind.
    Touch(u8),
    /// A word that says something together with others.
    Cue {
        number: u8,
        name: Arc<str>,
    },
}

impl Meaning {
    /// The key of the product or property that a word names.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Product(key) | Self::Attribute(key) => Some(key),
            _ => None,
        }
    }

    /// The kind of a meaning, and what it stands for.
    pub(crate) fn kind_and_key(&self) -> (&'static str, String) {
        match self {
            Self::Product(key) => ("product", key.to_string()),
            Self::Attribute(key) => ("attribute", key.to_string()),
            Self::Request(key) => ("request", key.to_string()),
            Self::NoThing => ("no thing", String::new()),
            Self::Brand { key, .. } => ("brand", key.to_string()),
            Self::Intent(intent) => ("intent", intent.key().to_owned()),
            Self::NotIntent(intent) => ("no intent", intent.key().to_owned()),
            Self::GapStart(number) => ("beginning of a phrase", format!("beginning {number}")),
            Self::GapEnd { intent, .. } => ("phrase with a gap", intent.key().to_owned()),
            Self::BesideNumber { intent, .. } => ("phrase with a number", intent.key().to_owned()),
            Self::ClauseEnd { intent, .. } => ("phrase that ends a clause", intent.key().to_owned()),
            Self::Or(intent) => ("or", intent.key().to_owned()),
            Self::Touch(number) => ("part of a description", format!("kind {number}")),
            Self::Cue { name, .. } => ("cue", name.to_string()),
        }
    }
}

/// A set of languages, one bit for each in the order of `files::LANGUAGES`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Langs(pub(crate) u16);

impl Langs {
    pub(crate) const ALL: Self = Self(u16::MAX);

    pub(crate) fn one(index: usize) -> Self {
        Self(1 << index)
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    pub(crate) fn list(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = (left != 0).then_some(left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            next
        })
    }
}

/// What a word stands for in some languages.
#[derive(Clone, Debug)]
pub(crate) struct Sense {
    pub(crate) meaning: Arc<Meaning>,
    /// Languages in whose lists it stands.
    pub(crate) langs: Langs,
    /// Languages of messages in which it counts: all, unless the word is an everyday one in another language.
    pub(crate) counts_in: Langs,
    /// Which of the listed words it is.
    pub(crate) word: u32,
}

/// What kind of thing a word stands for. It is kept beside the meaning, which would have to be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Product,
    Attribute,
    Request,
    NoThing,
    Brand,
    Intent,
    NotIntent,
    ClauseEnd,
    GapStart,
    GapEnd,
    BesideNumber,
    Or,
    Touch,
    Cue,
}

impl Kind {
    pub(crate) fn of(meaning: &Meaning) -> Self {
        match meaning {
            Meaning::Product(_) => Self::Product,
            Meaning::Attribute(_) => Self::Attribute,
            Meaning::Request(_) => Self::Request,
            Meaning::NoThing => Self::NoThing,
            Meaning::Brand { .. } => Self::Brand,
            Meaning::Intent(_) => Self::Intent,
            Meaning::NotIntent(_) => Self::NotIntent,
            Meaning::ClauseEnd { .. } => Self::ClauseEnd,
            Meaning::GapStart(_) => Self::GapStart,
            Meaning::GapEnd { .. } => Self::GapEnd,
            Meaning::BesideNumber { .. } => Self::BesideNumber,
            Meaning::Or(_) => Self::Or,
            Meaning::Touch(_) => Self::Touch,
            Meaning::Cue { .. } => Self::Cue,
        }
    }

    /// A cue, or one side of a phrase with a gap or a number: alone it says nothing.
    pub(crate) fn is_half(self) -> bool {
        matches!(self, Self::GapStart | Self::GapEnd | Self::BesideNumber | Self::Or | Self::Touch | Self::Cue)
    }

    /// A product or a property: its meaning has a name.
    pub(crate) fn is_name(self) -> bool {
        matches!(self, Self::Product | Self::Attribute)
    }
}
