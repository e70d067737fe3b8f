//! What a rule wants to be sent: from when until when, and what it is about.

use super::change::Change;
use super::rule::Rule;
use super::signal::Signal;
use super::written::FollowUp;
use crate::domain::{Consequence, Duration, FollowUpRequest, Money, Timestamp};

impl Change<'_> {
    /// Plans what a rule wants to be sent, counted from when the rule came to hold.
    pub(super) fn plan(&mut self, rule: &Rule, signal: Option<&Signal>) {
        let follow_up = rule.written.follow_up.as_ref();
        if let Some((follow_up, (from, until))) =
            follow_up.and_then(|plan| Some((plan, self.times_of(rule, plan, signal)?)))
        {
            let of_signal = |field| signal.and_then(|signal| signal.field(field)).map(str::to_owned);
            // What is told late is late for what follows from it, too.
            let request = request(rule, follow_up, self.now.max(from), until);
            self.out.push(Consequence::FollowUp(FollowUpRequest {
                product: request.product.clone().or_else(|| of_signal("product")),
                category: of_signal("category"),
                orders: orders_of(rule, signal),
                rest: rest_of(rule, signal),
                ..request
            }));
        }
    }

    /// From when and until when a planned message may go; `None` where that is over.
    fn times_of(&self, rule: &Rule, follow_up: &FollowUp, signal: Option<&Signal>) -> Option<(Timestamp, Timestamp)> {
        let next = signal.and_then(|signal| signal.numbers.iter().find(|(name, _)| *name == "gap"));
        let after = match (rule.follow_before, next) {
            (Some(before), Some((_, gap))) => Duration::millis(*gap - before.0),
            _ => rule.follow_after,
        };
        let (from, until) = match &follow_up.at {
            Some(_) => self.rulebook.window_of(&rule.name, self.contact, self.at)?,
            None => (self.at + after, self.at + rule.follow_latest),
        };
        (until >= self.now).then_some((from, until))
    }
}

/// What a rule asks to be sent, before it is known what it is about.
pub(super) fn request(
    rule: &Rule,
    follow_up: &FollowUp,
    not_before: Timestamp,
    not_after: Timestamp,
) -> FollowUpRequest {
    FollowUpRequest {
        rule: rule.name.clone(),
        catalogue: rule.written.catalogue.clone(),
        kind: follow_up.kind,
        template: follow_up.template.clone(),
        product: follow_up.product.clone(),
        category: None,
        campaign: None,
        orders: Vec::new(),
        rest: None,
        at: None,
        not_before,
        not_after,
    }
}

/// The orders that a message is about, where its rule keeps them apart.
fn orders_of(rule: &Rule, signal: Option<&Signal>) -> Vec<String> {
    let keeps_apart = |_: &&Signal| rule.written.about.as_deref() == Some("order");
    signal.filter(keeps_apart).into_iter().flat_map(|signal| signal.about(rule)).map(str::to_owned).collect()
}

/// What is missing to the next tier, where the rule is about that.
fn rest_of(rule: &Rule, signal: Option<&Signal>) -> Option<Money> {
    let amount = signal?.field("rest")?.parse().ok()?;
    let of_sum = rule.written.sum.as_ref().map(|sum| sum.currency);
    let currency = of_sum.or_else(|| rule.written.worth.as_ref().map(|worth| worth.currency))?;
    Some(Money { amount, currency })
}
