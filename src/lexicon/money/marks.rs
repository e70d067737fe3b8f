//! What a word about money stands for: the values it may have, and marks for all else.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::file::Bound;
use hotline_domain::Currency;

/// What stands before a number as part of its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Lead {
    #[default]
    None,
    /// "And", in one word with the number.
    Joint,
    /// "To", in one word with the number.
    Range,
}

/// Everything that one written word may stand for in a message of one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Word {
    /// A number that adds up with others.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub(crate) unit: Option<Decimal>,
    #[serde(with = "rust_decimal::serde::str_option")]
    pub(crate) multiplier: Option<Decimal>,
    #[serde(with = "rust_decimal::serde::str_option")]
    pub(crate) added_to_next: Option<Decimal>,
    pub(crate) lead: Lead,
    pub(crate) code: Option<Currency>,
    /// Place in [`AllWords::signs`].
    pub(crate) sign: Option<u16>,
    pub(crate) minor: Option<Coin>,
    pub(crate) before: Option<Bound>,
    pub(crate) after: Option<Bound>,
    pub(crate) marks: Marks,
}

/// A small coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Coin {
    /// The place of what it is a part of, see [`Word::sign`].
    pub(crate) of: u16,
    /// Which part of it.
    #[serde(with = "rust_decimal::serde::str")]
    pub(crate) part: Decimal,
}

/// Roles that carry no value, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Marks(u64);

impl Marks {
    pub(crate) const ALONE: Self = Self(1);
    pub(crate) const WEAK: Self = Self(1 << 1);
    pub(crate) const INVERTED: Self = Self(1 << 2);
    pub(crate) const JOINT: Self = Self(1 << 3);
    pub(crate) const RANGE: Self = Self(1 << 4);
    pub(crate) const RANGE_START: Self = Self(1 << 5);
    pub(crate) const FILLER: Self = Self(1 << 6);
    pub(crate) const NOT_AFTER: Self = Self(1 << 7);
    pub(crate) const NOT_BEFORE: Self = Self(1 << 8);
    pub(crate) const TRAP: Self = Self(1 << 9);
    pub(crate) const BUDGET: Self = Self(1 << 10);
    pub(crate) const NOT_BUDGET: Self = Self(1 << 11);
    pub(crate) const PREFIX: Self = Self(1 << 12);
    pub(crate) const SUFFIX: Self = Self(1 << 13);
    /// A code that is a word too.
    pub(crate) const WORD_CODE: Self = Self(1 << 14);
    /// Stands for money only behind a number.
    pub(crate) const LOCAL: Self = Self(1 << 15);
    pub(crate) const PRICE: Self = Self(1 << 16);
    pub(crate) const PRICE_AT: Self = Self(1 << 17);
    pub(crate) const NOTE: Self = Self(1 << 18);
    pub(crate) const POINT: Self = Self(1 << 19);
    pub(crate) const SPREAD: Self = Self(1 << 20);
    pub(crate) const CORRECTION: Self = Self(1 << 21);
    pub(crate) const MONTH: Self = Self(1 << 22);
    pub(crate) const EITHER: Self = Self(1 << 23);
    pub(crate) const REFUSED: Self = Self(1 << 24);
    pub(crate) const ROUGH: Self = Self(1 << 25);
    pub(crate) const PRONOUN: Self = Self(1 << 26);
    /// "Between": an "and" joins the ends of the range.
    pub(crate) const BETWEEN: Self = Self(1 << 27);
    /// "And" before the second end of a range, where "between" stands behind it.
    pub(crate) const BETWEEN_AND: Self = Self(1 << 28);
    /// In front of a sum in a question, or right behind it: is that the price?
    pub(crate) const ASKED_BEFORE: Self = Self(1 << 29);
    pub(crate) const ASKED_AFTER: Self = Self(1 << 30);
    /// "Instead of": behind an offer, and before the price.
    pub(crate) const INSTEAD: Self = Self(1 << 31);
    /// "Don't show me", said of what a bound names.
    pub(crate) const UNWANTED: Self = Self(1 << 32);
    /// What could be spent before, and what can be now.
    pub(crate) const WAS: Self = Self(1 << 33);
    pub(crate) const NOW: Self = Self(1 << 34);
    /// Before a sum, behind it, or on both sides: it points at a thing.
    pub(crate) const POINTED_BEFORE: Self = Self(1 << 35);
    pub(crate) const POINTED_AFTER: Self = Self(1 << 36);
    pub(crate) const POINTED_FROM: Self = Self(1 << 37);
    pub(crate) const POINTED_TO: Self = Self(1 << 38);
    /// On what condition more can be spent: "if it is really good".
    pub(crate) const IF_GOOD: Self = Self(1 << 39);
    /// A lower bound that a denial behind it turns: "more than".
    pub(crate) const MORE: Self = Self(1 << 42);
    /// One sum is put to another: "and I put in 100".
    pub(crate) const ADDS: Self = Self(1 << 40);
    /// Half of the sum before it.
    pub(crate) const HALF: Self = Self(1 << 41);
    /// A multiplier beside money alone, one beside a bound too, and a number that counts before a currency.
    pub(crate) const SIGNED: Self = Self(1 << 43);
    pub(crate) const CUED: Self = Self(1 << 44);
    pub(crate) const BEFORE_MONEY: Self = Self(1 << 45);
    /// A multiplier, but not in every country.
    pub(crate) const ELSEWHERE: Self = Self(1 << 46);
    /// Before the number of a telephone.
    pub(crate) const LONG_BEFORE: Self = Self(1 << 47);
    /// Between a sum and a thing: "200 per chair".
    pub(crate) const PER: Self = Self(1 << 49);
    /// In the clause before a sum: it is the most.
    pub(crate) const LIMIT: Self = Self(1 << 48);

    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }
}

impl Word {
    pub(crate) fn is(&self, mark: Marks) -> bool {
        self.marks.has(mark)
    }

    pub(crate) fn is_number(&self) -> bool {
        self.unit.is_some() || self.multiplier.is_some() || self.added_to_next.is_some()
    }
}
