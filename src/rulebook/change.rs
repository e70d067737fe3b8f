//! One step in progress: what a rule looks at and changes while it is carried out.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Deref;

use super::Rulebook;
use super::facts::Facts;
use super::signal::Signal;
use crate::domain::{Consequence, Contact, Evidence, TagChange, TagKey, TagMove, Timestamp};

/// Why something changes, written down only where it does. Where it is written already, `&&evidence` is one.
pub(super) type Why<'a> = &'a dyn Deref<Target = Evidence>;

/// One step in progress: the facts that change and the consequences so far.
pub(super) struct Change<'a> {
    pub(super) rulebook: &'a Rulebook,
    pub(super) facts: &'a mut Facts,
    pub(super) contact: &'a Contact,
    pub(super) now: Timestamp,
    /// When what is being applied came to hold: late events count from their own time.
    pub(super) at: Timestamp,
    /// When the count of the rule that is being applied ceases to hold.
    pub(super) while_until: Option<Timestamp>,
    /// The signals of all purchases, made when a rule first looks at them: orders move only before rules are tried.
    pub(super) bought: OnceCell<Vec<Signal>>,
    /// Tags of the latest signal that it gave, see [`Change::only_latest`].
    pub(super) given: Vec<TagKey>,
    pub(super) out: &'a mut Vec<Consequence>,
}

impl<'a> Change<'a> {
    pub(super) fn new(
        rulebook: &'a Rulebook,
        facts: &'a mut Facts,
        contact: &'a Contact,
        now: Timestamp,
        out: &'a mut Vec<Consequence>,
    ) -> Self {
        let (bought, given) = (OnceCell::new(), Vec::new());
        Self { rulebook, facts, contact, now, at: now, while_until: None, bought, given, out }
    }

    /// A tag's name with its parameters filled in; `None` where the signal lacks one of them.
    pub(super) fn filled<'p>(&self, pattern: &'p str, signal: Option<&Signal>) -> Option<Cow<'p, str>> {
        if !pattern.contains('{') {
            return Some(pattern.into());
        }
        let mut name = String::with_capacity(pattern.len() + 16);
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            let (field, behind) = after.split_once('}')?;
            name.push_str(before);
            // What the signal says of itself comes first: a place may lie in another country than the number.
            match (signal.and_then(|signal| signal.field(field)), field) {
                (Some(value), _) => name.push_str(value),
                (None, "country") => name.push_str(&self.contact.country?.code().to_lowercase()),
                (None, "language") => name.push_str(&self.contact.language.as_ref()?.tag().to_lowercase()),
                (None, "date") => name.push_str(&self.at.date_in(self.contact.zone.unwrap_or(self.rulebook.zone))),
                _ => return None,
            }
            rest = behind;
        }
        name.push_str(rest);
        Some(name.into())
    }

    pub(super) fn told(&mut self, tag: TagKey, change: TagMove, expires: Option<Timestamp>, evidence: Why<'_>) {
        let change = TagChange { tag, change, at: self.now, expires, evidence: Evidence::clone(evidence) };
        self.out.push(Consequence::Tag(change));
    }
}
