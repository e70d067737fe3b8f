//! What a word about money stands for: the values it may have, and marks for all else.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::money_file::Bound;
use hotline_domain::Currency;

/// What stands before a number as part of its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Lead {
    #[default]
    None,
    /// "And", in one word with the number.
    Joint,
    /// "To", in one word with the number.
    Range,
}

/// Everything that one written word may stand for in a message of one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Word {
    /// A number that adds up with others.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub(super) unit: Option<Decimal>,
    #[serde(with = "rust_decimal::serde::str_option")]
    pub(super) multiplier: Option<Decimal>,
    #[serde(with = "rust_decimal::serde::str_option")]
    pub(super) added_to_next: Option<Decimal>,
    pub(super) lead: Lead,
    pub(super) code: Option<Currency>,
    /// Place in [`AllWords::signs`].
    pub(super) sign: Option<u16>,
    pub(super) minor: Option<Coin>,
    pub(super) before: Option<Bound>,
    pub(super) after: Option<Bound>,
    pub(super) marks: Marks,
}

/// A small coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Coin {
    /// The place of what it is a part of, see [`Word::sign`].
    pub(super) of: u16,
    /// Which part of it.
    #[serde(with = "rust_decimal::serde::str")]
    pub(super) part: Decimal,
}

/// Roles that carry no value, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Marks(u64);

impl Marks {
    pub(super) const ALONE: Self = Self(1);
    pub(super) const WEAK: Self = Self(1 << 1);
    pub(super) const INVERTED: Self = Self(1 << 2);
    pub(super) const JOINT: Self = Self(1 << 3);
    pub(super) const RANGE: Self = Self(1 << 4);
    pub(super) const RANGE_START: Self = Self(1 << 5);
    pub(super) const FILLER: Self = Self(1 << 6);
    pub(super) const NOT_AFTER: Self = Self(1 << 7);
    pub(super) const NOT_BEFORE: Self = Self(1 << 8);
    pub(super) const TRAP: Self = Self(1 << 9);
    pub(super) const BUDGET: Self = Self(1 << 10);
    pub(super) const NOT_BUDGET: Self = Self(1 << 11);
    pub(super) const PREFIX: Self = Self(1 << 12);
    pub(super) const SUFFIX: Self = Self(1 << 13);
    /// A code that is a word too.
    pub(super) const WORD_CODE: Self = Self(1 << 14);
    /// Stands for money only behind a number.
    pub(super) const LOCAL: Self = Self(1 << 15);
    pub(super) const PRICE: Self = Self(1 << 16);
    pub(super) const PRICE_AT: Self = Self(1 << 17);
    pub(super) const NOTE: Self = Self(1 << 18);
    pub(super) const POINT: Self = Self(1 << 19);
    pub(super) const SPREAD: Self = Self(1 << 20);
    pub(super) const CORRECTION: Self = Self(1 << 21);
    pub(super) const MONTH: Self = Self(1 << 22);
    pub(super) const EITHER: Self = Self(1 << 23);
    pub(super) const REFUSED: Self = Self(1 << 24);
    pub(super) const ROUGH: Self = Self(1 << 25);
    pub(super) const PRONOUN: Self = Self(1 << 26);
    /// "Between": an "and" joins the ends of the range.
    pub(super) const BETWEEN: Self = Self(1 << 27);
    /// "And" before the second end of a range, where "between" stands behind it.
    pub(super) const BETWEEN_AND: Self = Self(1 << 28);
    /// In front of a sum in a question, or right behind it: is that the price?
    pub(super) const ASKED_BEFORE: Self = Self(1 << 29);
    pub(super) const ASKED_AFTER: Self = Self(1 << 30);
    /// "Instead of": behind an offer, and before the price.
    pub(super) const INSTEAD: Self = Self(1 << 31);
    /// "Don't show me", said of what a bound names.
    pub(super) const UNWANTED: Self = Self(1 << 32);
    /// What could be spent before, and what can be now.
    pub(super) const WAS: Self = Self(1 << 33);
    pub(super) const NOW: Self = Self(1 << 34);
    /// Before a sum, behind it, or on both sides: it points at a thing.
    pub(super) const POINTED_BEFORE: Self = Self(1 << 35);
    pub(super) const POINTED_AFTER: Self = Self(1 << 36);
    pub(super) const POINTED_FROM: Self = Self(1 << 37);
    pub(super) const POINTED_TO: Self = Self(1 << 38);
    /// On what condition more can be spent: "if it is really good".
    pub(super) const IF_GOOD: Self = Self(1 << 39);
    /// A lower bound that a denial behind it turns: "more than".
    pub(super) const MORE: Self = Self(1 << 42);
    /// One sum is put to another: "and I put in 100".
    pub(super) const ADDS: Self = Self(1 << 40);
    /// Half of the sum before it.
    pub(super) const HALF: Self = Self(1 << 41);
    /// A multiplier beside money alone, one beside a bound too, and a number that counts before a currency.
    pub(super) const SIGNED: Self = Self(1 << 43);
    pub(super) const CUED: Self = Self(1 << 44);
    pub(super) const BEFORE_MONEY: Self = Self(1 << 45);
    /// A multiplier, but not in every country.
    pub(super) const ELSEWHERE: Self = Self(1 << 46);
    /// Before the number of a telephone.
    pub(super) const LONG_BEFORE: Self = Self(1 << 47);

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(super) fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }
}

impl Word {
    pub(super) fn is(&self, mark: Marks) -> bool {
        self.marks.has(mark)
    }

    pub(super) fn is_number(&self) -> bool {
        self.unit.is_some() || self.multiplier.is_some() || self.added_to_next.is_some()
    }
}
