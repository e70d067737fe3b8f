//! What an order put an end to that orders had not given: a win-back tag, the colour, a wait for a purchase. It is remembered for
//! a while and comes back when the order is cancelled or returned, as if it had never been.

use std::collections::BTreeMap;

use super::change::Change;
use super::colours::RED_EXHAUSTED;
use super::effects::{self, came_to_hold, is_by_orders};
use super::facts::{Ended, Facts, is_like};
use super::kept::{ColourState, HeldTag, OrderFacts};
use super::rule::Rule;
use super::signal::{self, Signal};
use super::written_when::Words;
use super::{calendar, counting, holding, orders, persons};
use crate::domain::{Duration, OrderState, TagKey, Timestamp};

/// How long it is remembered: orders are seldom undone later.
const REMEMBERED: Duration = Duration::days(90);
/// Of how many orders.
const ORDERS: usize = 6;

/// What held before an order was taken in.
pub(super) struct Before {
    tags: BTreeMap<TagKey, HeldTag>,
    waits: BTreeMap<String, Timestamp>,
    colour: Option<ColourState>,
    reds: Vec<Timestamp>,
}

impl Before {
    pub(super) fn of(facts: &Facts) -> Self {
        let (tags, waits) = (facts.tags.clone(), facts.waits.clone());
        Self { tags, waits, colour: facts.colour.clone(), reds: facts.reds.clone() }
    }

    /// Remembers under the order's number what does not hold any more.
    pub(super) fn remember(self, change: &mut Change<'_>, order: &str, at: Timestamp) {
        let facts = &mut *change.facts;
        let mut ended = Ended { at, ..Ended::default() };
        let gone = |tag: &TagKey| !facts.tags.contains_key(tag);
        let lasts = |held: &HeldTag| !is_by_orders(change.rulebook, &held.by);
        ended.tags.extend(self.tags.into_iter().filter(|(tag, held)| gone(tag) && lasts(held) && !shows_a_state(tag)));
        ended.waits.extend(self.waits.into_iter().filter(|(rule, since)| facts.waits.get(rule) != Some(since)));
        if let (Some(before), Some(now)) = (self.colour, &facts.colour)
            && before.colour != now.colour
        {
            ended.colour = Some((before, now.since));
        }
        if facts.reds.is_empty() {
            ended.reds = self.reds;
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

/// Tags that came back, and when the order was paid for that had ended them.
pub(super) type Back = Vec<(TagKey, Timestamp)>;

/// An order was undone: what it ended holds again. Where a purchase came after it, that one has ended it as well.
pub(super) fn give_back(change: &mut Change<'_>, order: &str) -> Back {
    let mut back = Back::new();
    wait_anew(change, order);
    let Some(mut ended) = change.facts.ended.remove(order) else { return back };
    if had_left(change.facts, order) {
        let gone = change.rulebook.rules.iter().filter(|rule| rule.written.for_good);
        let gone =
            |tag: &TagKey| gone.clone().any(|rule| rule.written.removes.iter().any(|pattern| is_like(tag, pattern)));
        ended.tags.retain(|tag, _| !gone(tag));
    }
    let later = |other: &&OrderFacts| other.is_purchase() && other.paid > Some(ended.at);
    let next = change.facts.orders.iter().filter(later).min_by_key(|order| order.paid);
    if let Some(next) = next.map(|next| next.order.clone()) {
        hand_on(change.facts, ended, next);
        return back;
    }
    // A purchase before it that was told after it found nothing to end any more.
    let purchases = change.facts.orders.iter().filter(|order| order.is_purchase());
    let mut before: Vec<OrderFacts> = purchases.filter(|order| order.paid <= Some(ended.at)).cloned().collect();
    before.sort_by_key(|order| order.paid);
    let since = |moment: Timestamp| before.iter().filter(move |order| order.paid > Some(moment));
    let now = change.now;
    change.facts.waits.extend(ended.waits.into_iter().filter(|(_, waited)| since(*waited).next().is_none()));
    // What a person said since of the deal or of the colour stands.
    let won_again = change.facts.marks.get("won").is_some_and(|won| *won > ended.at);
    let stands = |state: &ColourState, since: Timestamp| state.since == since && !state.by.starts_with("agent:");
    let of_order = |since: Timestamp| change.facts.colour.as_ref().is_some_and(|state| stands(state, since));
    let colour = ended.colour.filter(|(_, since)| !won_again && of_order(*since));
    // Who was red too often is so with the colour of then.
    if colour.as_ref().is_none_or(|(colour, _)| since(colour.since).next().is_some()) {
        ended.tags.remove(RED_EXHAUSTED);
    }
    for (tag, held) in ended.tags.into_iter().filter(|(_, held)| held.expires.is_none_or(|expires| expires > now)) {
        let came = came_to_hold(change.rulebook, change.facts, &held);
        if let Some(order) = since(came).find(|order| ends(change, order, &tag, &held)) {
            ended_by(change.facts, order).tags.insert(tag, held);
            continue;
        }
        let taken_away = effects::was_taken_away(change.facts, &tag, held.given());
        match change.rulebook.rule(&held.by).filter(|_| !taken_away) {
            Some(rule) if !change.facts.holds(tag.as_str()) => {
                back.push((tag.clone(), ended.at));
                change.come_back(tag, held, rule, ended.at);
            }
            _ => {}
        }
    }
    if !won_again {
        colour_back(change, (colour, ended.reds), ended.at, &before);
    }
    back
}

/// The colour that an order ended comes back, unless an order before it would have ended it as well; and the reds that it ended.
fn colour_back(
    change: &mut Change<'_>,
    (colour, reds): (Option<(ColourState, Timestamp)>, Vec<Timestamp>),
    ended: Timestamp,
    before: &[OrderFacts],
) {
    let later = std::mem::take(&mut change.facts.reds);
    let since = |moment: Timestamp| before.iter().find(move |order| order.paid > Some(moment));
    if let Some((colour, given)) = colour {
        match since(colour.since) {
            Some(order) => drop(ended_by(change.facts, order).colour.get_or_insert((colour, given))),
            None => change.colour_before(colour, ended),
        }
    }
    // A red that came back is a stretch that was counted before; those that a purchase was behind count no more.
    let reds: Vec<Timestamp> = reds.into_iter().filter(|red| since(*red).is_none()).collect();
    if !reds.is_empty() {
        change.facts.reds = reds;
    }
    change.facts.reds.extend(later);
}

/// What one order ended was ended by a later one as well.
fn hand_on(facts: &mut Facts, ended: Ended, next: String) {
    let taken = facts.ended.entry(next).or_insert_with(|| Ended { at: ended.at, ..Ended::default() });
    for (tag, held) in ended.tags {
        taken.tags.entry(tag).or_insert(held);
    }
    taken.waits.extend(ended.waits);
    if taken.colour.is_none() {
        taken.colour = ended.colour;
    }
    if taken.reds.is_empty() {
        taken.reds = ended.reds;
    }
}

/// Whether an order that is undone was on its way to the customer before, or with them.
fn had_left(facts: &Facts, order: &str) -> bool {
    let left = |rank: u8| (OrderState::Shipped.rank()..OrderState::Cancelled.rank()).contains(&rank);
    let order = facts.orders.iter().find(|other| other.order == order);
    order.is_some_and(|order| {
        order.rank == OrderState::Returned.rank() || order.reached.iter().any(|(rank, _)| left(*rank))
    })
}

/// What purchases ended that are left, and do not end any more by themselves: who bought for the second time is new again when
/// the first order is undone.
pub(super) fn no_longer_ended(change: &mut Change<'_>, back: &mut Back) {
    let rulebook = change.rulebook;
    for order in change.facts.orders.clone().iter().filter(|order| order.is_purchase()) {
        let Some(ended) = change.facts.ended.get(&order.order) else { continue };
        let at = ended.at;
        let still = |(tag, held): &(&TagKey, &HeldTag)| {
            // That who was red too often may be red again ends with every purchase, by no rule.
            tag.as_str() == RED_EXHAUSTED
                || ends(change, order, tag, held)
                || change.facts.holds(tag.as_str())
                || is_excluded(change, tag, None)
        };
        let free: Vec<TagKey> = ended.tags.iter().filter(|ended| !still(ended)).map(|(tag, _)| tag.clone()).collect();
        for tag in free {
            let held = change.facts.ended.get_mut(&order.order).and_then(|ended| ended.tags.remove(&tag));
            let stands = |held: &HeldTag| {
                held.expires.is_none_or(|expires| expires > change.now)
                    && !effects::was_taken_away(change.facts, &tag, held.given())
            };
            let Some(held) = held.filter(stands) else { continue };
            if let Some(rule) = rulebook.rule(&held.by) {
                back.push((tag.clone(), at));
                change.come_back(tag, held, rule, at);
            }
        }
    }
}

/// What came back goes again where another one has taken its place after the order, and stands without it: a review did.
pub(super) fn replaced_since(change: &mut Change<'_>, back: &mut Back) {
    let rulebook = change.rulebook;
    back.retain(|(tag, ended)| {
        let held = change.facts.tags.get(tag).filter(|_| is_excluded(change, tag, Some(*ended)));
        let rule = held.and_then(|held| rulebook.rule(&held.by));
        if let Some(rule) = rule {
            change.take_back_one(tag, rule, "another one took its place since");
        }
        rule.is_none()
    });
}

/// Whether a tag is held, set after a moment, that stands in the place of this one.
fn is_excluded(change: &Change<'_>, tag: &TagKey, after: Option<Timestamp>) -> bool {
    let stands = |(other, held): &(&TagKey, &HeldTag)| *other != tag && Some(held.since) > after;
    change.facts.tags.iter().filter(stands).any(|(_, held)| {
        let exclusive = change.rulebook.rule(&held.by).and_then(|rule| rule.written.exclusive.as_ref());
        exclusive.into_iter().flat_map(Words::iter).any(|pattern| is_like(tag, pattern))
    })
}

/// What came back may have ended since by what the customer did: who wrote after the order is dormant no more, and of a cart that
/// was emptied nothing is unpaid.
pub(super) fn end_since(change: &mut Change<'_>, back: &Back) {
    if back.is_empty() {
        return;
    }
    let rulebook = change.rulebook;
    for signal in done_last(change.facts) {
        for rule in rulebook.by_signal.get(signal.name).into_iter().flatten().map(|index| &rulebook.rules[*index]) {
            let exclusive = rule.written.exclusive.iter().flat_map(Words::iter);
            let patterns: Vec<&str> = exclusive.chain(rule.written.removes.iter().map(String::as_str)).collect();
            let is_over = |(tag, ended): &(TagKey, Timestamp)| {
                signal.at > *ended
                    && change.facts.holds(tag.as_str())
                    && patterns.iter().any(|pattern| is_like(tag, pattern))
            };
            if rule.written.count.is_none()
                && back.iter().any(is_over)
                && holding::passes(rule, &signal, &rulebook.rates)
                && holding::since_first(rule, &signal, change.facts)
                && holding::holds(rule, change.facts, Some(&signal))
            {
                change.at = signal.at;
                change.apply(rule, Some(&signal), &"it came after the order that was undone", &[]);
                change.at = change.now;
            }
        }
    }
}

/// What the customer did last of what puts an end to tags, as far as that is known without looking back.
fn done_last(facts: &Facts) -> Vec<Signal> {
    let last = |name: &'static str| facts.marks.get(name).map(|at| Signal::of_moment(name, *at, 0));
    let left = counting::left_in_cart(facts);
    let action = if left == 0 { "remove" } else { "add" };
    let cart = last("cart").map(|cart| cart.with("action", action).with("left", left.to_string()));
    ["message", "interaction", "replied"].into_iter().filter_map(last).chain(cart).collect()
}

/// What rests on the purchase that was undone goes with it: a tag that the beginning of a season gave for it, and what was planned
/// for it without a tag. What another purchase gives as well stays.
pub(super) fn let_go(change: &mut Change<'_>, order: &str) {
    let Some(order) = change.facts.orders.iter().find(|other| other.order == order).cloned() else { return };
    let rulebook = change.rulebook;
    let rests = |rule: &&Rule| !signal::is_of_orders(rule) && holding::has_lines(rule, &order);
    for rule in rulebook.rules.iter().filter(rests) {
        let held = rule.written.tag.as_ref().and_then(|tag| change.facts.tags.get(tag.get_ref().as_str()));
        let since = held.filter(|held| held.by == *rule.name).map(|held| held.since);
        if since.is_some_and(|since| !holding::has_bought(rule, &change.facts.orders, None, Some(since))) {
            change.take_back(rule, "the order that it rests on was cancelled or returned");
        }
    }
    let plans =
        |rule: &&Rule| rule.written.follow_up.is_some() && rule.written.tag.is_none() && signal::is_of_orders(rule);
    let gives = |rule: &Rule, order: &OrderFacts| {
        let fits = |signal: &Signal| {
            rule.signals.contains(&signal.name)
                && holding::passes(rule, signal, &rulebook.rates)
                && calendar::allows(rulebook, rule, change.contact, signal.at).is_some()
        };
        orders::signals(order, None).iter().any(fits)
    };
    let is_left = |rule: &Rule| change.facts.orders.iter().any(|other| other.is_purchase() && gives(rule, other));
    let gone: Vec<&Rule> =
        rulebook.rules.iter().filter(plans).filter(|rule| gives(rule, &order) && !is_left(rule)).collect();
    for rule in gone {
        change.unplan(&rule.name);
    }
}

/// Under this mark stands when a person last said that a deal is closed.
pub(super) const WON_BY_PERSON: &str = "won_by_person";

/// A deal that was closed by an order that is undone is not closed: the one before counts, or what a person said.
pub(super) fn not_won(facts: &mut Facts, order: &str) {
    let paid = facts.orders.iter().find(|other| other.order == order).and_then(|order| order.paid);
    if paid.is_none() || facts.marks.get("won").copied() != paid {
        return;
    }
    let by_person = facts.marks.get(WON_BY_PERSON).copied();
    match counting::last_paid(facts).max(by_person) {
        Some(last) => drop(facts.marks.insert("won".into(), last)),
        None => drop(facts.marks.remove("won")),
    }
}

/// The tags that the order ended are known no more: who has waited in vain for a purchase since the one before it does so anew.
fn wait_anew(change: &mut Change<'_>, order: &str) {
    let long_ago = |other: &&OrderFacts| other.paid.is_some_and(|paid| paid < change.now - REMEMBERED);
    if !change.facts.orders.iter().filter(long_ago).any(|other| other.order == order) {
        return;
    }
    for rule in change.rulebook.absences.iter().map(|index| &change.rulebook.rules[*index]) {
        let absent = rule.written.absent.as_ref().filter(|absent| absent.after_last.is_none());
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
        rules.filter(|rule| holding::passes(rule, signal, &rulebook.rates)).any(|rule| {
            let about = signal.about(rule).next();
            let is_it = |pattern: &String| change.filled(pattern, Some(signal)).is_some_and(|name| is_like(tag, &name));
            about.is_none_or(|about| held.about.iter().all(|other| other == about))
                && rule.written.removes.iter().any(is_it)
        })
    })
}

/// Forgets what was ended long ago, and what would be over by now if it came back.
pub(super) fn forget(facts: &mut Facts, now: Timestamp) {
    for ended in facts.ended.values_mut() {
        if ended.at < now - REMEMBERED {
            *ended = Ended { at: ended.at, waits: std::mem::take(&mut ended.waits), ..Ended::default() };
        }
        ended.tags.retain(|_, held| held.expires.is_none_or(|expires| expires > now));
    }
    // The last purchase put an end to a wait that goes on, however late it is undone.
    let last = counting::last_paid(facts);
    let waits = |ended: &Ended| !ended.waits.is_empty() && last <= Some(ended.at);
    facts.ended.retain(|_, ended| ended.at >= now - REMEMBERED || waits(ended));
}

/// Colour, heat and stage have tags that only show them.
pub(super) fn shows_a_state(tag: &TagKey) -> bool {
    persons::shown(tag).is_some()
}
