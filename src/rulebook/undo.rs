//! What an order put an end to that orders had not given: a win-back tag, the colour, a wait for a purchase. It is remembered for
//! a while and comes back when the order is cancelled or returned, as if it had never been.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::effects::{Change, came_to_hold, is_like};
use super::facts::{ColourState, Facts, HeldTag, OrderFacts};
use super::{Rulebook, evaluate, figures, orders, packing_tags};
use crate::domain::{Duration, TagKey, Timestamp};

/// How long it is remembered: orders are seldom undone later.
const REMEMBERED: Duration = Duration::days(90);
/// Of how many orders.
const ORDERS: usize = 6;

/// What one order ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ended {
    at: Timestamp,
    #[serde(with = "packing_tags", skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<TagKey, HeldTag>,
    /// Rules that waited for a purchase, and since when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waits: Vec<(String, Timestamp)>,
    /// The colour before, and since when the one stands that the order gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<(ColourState, Timestamp)>,
}

/// What held before an order was taken in.
pub(super) struct Before {
    tags: BTreeMap<TagKey, HeldTag>,
    waits: BTreeMap<String, Timestamp>,
    colour: Option<ColourState>,
}

impl Before {
    pub(super) fn of(facts: &Facts) -> Self {
        Self { tags: facts.tags.clone(), waits: facts.waits.clone(), colour: facts.colour.clone() }
    }

    /// Remembers under the order's number what does not hold any more.
    pub(super) fn remember(self, change: &mut Change<'_>, order: &str, at: Timestamp) {
        let facts = &mut *change.facts;
        let mut ended = Ended { at, ..Ended::default() };
        let gone = |tag: &TagKey| !facts.tags.contains_key(tag);
        let lasts = |held: &HeldTag| !is_of_orders(change.rulebook, &held.by);
        ended.tags.extend(self.tags.into_iter().filter(|(tag, held)| gone(tag) && lasts(held) && !shows_a_state(tag)));
        ended.waits.extend(self.waits.into_iter().filter(|(rule, _)| !facts.waits.contains_key(rule)));
        if let (Some(before), Some(now)) = (self.colour, &facts.colour)
            && before.colour != now.colour
        {
            ended.colour = Some((before, now.since));
        }
        if ended == (Ended { at, ..Ended::default() }) {
            return;
        }
        facts.ended.insert(order.to_owned(), ended);
        if facts.ended.len() > ORDERS {
            let oldest = facts.ended.iter().min_by_key(|(_, ended)| ended.at).map(|(order, _)| order.clone());
            oldest.and_then(|order| facts.ended.remove(&order));
        }
    }
}

/// An order was undone: what it ended holds again. Where a purchase came after it, that one has ended it as well.
pub(super) fn give_back(change: &mut Change<'_>, order: &str) {
    let Some(ended) = change.facts.ended.remove(order) else { return wait_anew(change, order) };
    let later = |other: &&OrderFacts| other.is_purchase() && other.paid > Some(ended.at);
    let next = change.facts.orders.iter().filter(later).min_by_key(|order| order.paid);
    if let Some(next) = next.map(|next| next.order.clone()) {
        let taken = change.facts.ended.entry(next).or_insert_with(|| Ended { at: ended.at, ..Ended::default() });
        for (tag, held) in ended.tags {
            taken.tags.entry(tag).or_insert(held);
        }
        taken.waits.extend(ended.waits);
        if taken.colour.is_none() {
            taken.colour = ended.colour;
        }
        return;
    }
    // A purchase before it that was told after it found nothing to end any more.
    let purchases = change.facts.orders.iter().filter(|order| order.is_purchase());
    let mut before: Vec<OrderFacts> = purchases.filter(|order| order.paid <= Some(ended.at)).cloned().collect();
    before.sort_by_key(|order| order.paid);
    let since = |moment: Timestamp| before.iter().filter(move |order| order.paid > Some(moment));
    let now = change.now;
    change.facts.waits.extend(ended.waits.into_iter().filter(|(_, waited)| since(*waited).next().is_none()));
    for (tag, held) in ended.tags.into_iter().filter(|(_, held)| held.expires.is_none_or(|expires| expires > now)) {
        let came = came_to_hold(change.rulebook, change.facts, &held);
        if let Some(order) = since(came).find(|order| ends(change, order, &tag, &held)) {
            ended_by(change.facts, order).tags.insert(tag, held);
            continue;
        }
        let rule = change.rulebook.rules.iter().find(|rule| *rule.name == *held.by);
        match rule {
            Some(rule) if !change.facts.holds(tag.as_str()) => change.come_back(tag, held, rule),
            _ => {}
        }
    }
    let Some((colour, given)) = ended.colour.filter(|(_, since)| change.facts.colour_since() == Some(*since)) else {
        return;
    };
    match since(colour.since).next() {
        Some(order) => drop(ended_by(change.facts, order).colour.get_or_insert((colour, given))),
        None => change.colour_before(colour),
    }
}

/// What the order ended is known no more: who has waited in vain for a purchase since the one before it does so anew.
fn wait_anew(change: &mut Change<'_>, order: &str) {
    let long_ago = |other: &&OrderFacts| other.paid.is_some_and(|paid| paid < change.now - REMEMBERED);
    if !change.facts.orders.iter().filter(long_ago).any(|other| other.order == order) {
        return;
    }
    for rule in change.rulebook.absences.iter().map(|index| &change.rulebook.rules[*index]) {
        let absent =
            rule.written.absent.as_ref().filter(|absent| absent.after.is_none() && absent.after_last.is_none());
        if absent.is_some_and(|absent| absent.of.iter().any(|of| matches!(of, "purchase" | "bought"))) {
            change.facts.waited.remove(&*rule.name);
        }
    }
}

/// What a purchase ended.
fn ended_by<'f>(facts: &'f mut Facts, order: &OrderFacts) -> &'f mut Ended {
    let at = order.paid.unwrap_or_default();
    facts.ended.entry(order.order.clone()).or_insert_with(|| Ended { at, ..Ended::default() })
}

/// Whether a rule about purchases takes such a tag away with that one.
fn ends(change: &Change<'_>, order: &OrderFacts, tag: &TagKey, held: &HeldTag) -> bool {
    let rulebook = change.rulebook;
    orders::signals(order, None).iter().any(|signal| {
        let rules = rulebook.by_signal.get(signal.name).into_iter().flatten().map(|index| &rulebook.rules[*index]);
        rules.filter(|rule| evaluate::passes(rule, signal, &rulebook.rates)).any(|rule| {
            let about = change.about(rule, signal);
            let is_it = |pattern: &String| change.filled(pattern, Some(signal)).is_some_and(|name| is_like(tag, &name));
            about.as_ref().is_none_or(|about| held.about.iter().all(|other| other == about))
                && rule.written.removes.iter().any(is_it)
        })
    })
}

/// Forgets what was ended long ago, and what would be over by now if it came back.
pub(super) fn forget(facts: &mut Facts, now: Timestamp) {
    facts.ended.retain(|_, ended| ended.at >= now - REMEMBERED);
    for ended in facts.ended.values_mut() {
        ended.tags.retain(|_, held| held.expires.is_none_or(|expires| expires > now));
    }
}

fn is_of_orders(rulebook: &Rulebook, rule: &str) -> bool {
    rulebook.rules.iter().any(|other| *other.name == *rule && figures::is_of_orders(other))
}

/// Colour, heat and stage have tags that only show them.
pub(super) fn shows_a_state(tag: &TagKey) -> bool {
    matches!(tag.group(), "color" | "heat")
        || tag.as_str().strip_prefix("stage/").is_some_and(|rest| rest.parse::<u8>().is_ok())
}
