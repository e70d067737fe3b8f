//! Trying rules: signals are counted, conditions looked at, and what holds is carried out.

use super::change::Change;
use super::facts::Facts;
use super::holding::{holds, passes, since_first};
use super::kept::HeldTag;
use super::recount::recount;
use super::rule::{Life, Rule};
use super::signal::Signal;
use super::{
    Occurrence, Rulebook, calendar, crossed, dates, effects, figures, look, orders, purchases, region, review, rise,
    rounds, sequences, signals, sweep, timers, undo,
};
use crate::domain::{Consequence, Contact, EventBody, Timestamp};

/// See [`Rulebook::step`].
pub(super) fn step(
    rulebook: &Rulebook,
    facts: &mut Facts,
    contact: &Contact,
    what: Occurrence<'_>,
    now: Timestamp,
    out: &mut Vec<Consequence>,
) {
    sweep::sweep(rulebook, facts, now);
    if matches!(&what, Occurrence::Seen(sighting) if sighting.moved_away) {
        facts.calendar = None;
        rounds::forget_weekly(rulebook, facts);
    }
    let mut change = Change::new(rulebook, facts, contact, now, out);
    let mut signals = match &what {
        Occurrence::Event { event, reading } => {
            // What everybody begins with comes before what a person says.
            if matches!(event.body, EventBody::Agent(_)) {
                let first = signals::first_contact(change.facts, contact, event);
                take_in(&mut change, first.as_slice());
            }
            match &event.body {
                EventBody::Agent(agent) => change.by_person(agent, event),
                EventBody::Campaign(campaign) => change.by_campaign(campaign, event),
                _ => {}
            }
            signals::of_event(change.facts, contact, event, *reading, rulebook)
        }
        Occurrence::Sent(message) => signals::of_sent(change.facts, contact, message, rulebook),
        Occurrence::HandedOff => vec![Signal::of_moment("handoff", now, 0)],
        Occurrence::Seen(sighting) => region::signals(sighting, contact, change.facts.marks.get("place").copied()),
        Occurrence::Habit { habit, event } => vec![signals::of_habit(habit, event)],
        Occurrence::Clock => {
            change.clock();
            let due = |rule: &&Rule, facts: &Facts| timers::absence_due(rule, facts).is_some_and(|due| due <= now);
            let rules = rulebook.absences.iter().map(|index| &rulebook.rules[*index]);
            let due: Vec<&Rule> = rules.filter(|rule| due(rule, change.facts)).collect();
            for rule in due {
                absence(&mut change, rule);
            }
            Vec::new()
        }
    };
    signals.extend(calendar::begun(rulebook, change.facts, contact, now));
    take_in(&mut change, &signals);
    orders::look(&mut change, &signals);
    review::begin(&mut change);
    review::look(&mut change);
    dates::look(&mut change, &signals);
    look::look(&mut change);
    change.shade();
    rounds::look(&mut change);
    sequences::look(&mut change);
}

/// Tries the rules with each signal. Rules see a signal before it is marked as seen, so that "never before" can be asked.
fn take_in(change: &mut Change<'_>, signals: &[Signal]) {
    let mut before: Option<undo::Before> = None;
    for signal in signals {
        if matches!(signal.name, "bought" | "purchase") {
            before.get_or_insert_with(|| undo::Before::of(change.facts));
        }
        if signal.name == "won" {
            change.forget_reds();
        }
        if signal.name == "interaction" {
            rise::note(change.rulebook, change.facts, signal.at, change.now);
        }
        if signal.name == "message" {
            change.live_by_trade(signal);
        }
        crossed::note(change.rulebook, change.facts, signal, change.now);
        let mut latest = false;
        for index in change.rulebook.by_signal.get(signal.name).into_iter().flatten() {
            let rule = &change.rulebook.rules[*index];
            try_rule(change, rule, signal);
            latest |= rule.written.latest;
        }
        if latest {
            change.only_latest(signal);
        }
        sequences::end(change, signal);
        mark(change, signal);
        match signal.name {
            "undone" => undone(change, signal),
            "purchase" if signal.field("filled").is_some() => recount_filled(change, signal.at),
            "purchase" if is_told_late(change, signal) => recount(change, Vec::new(), Some(signal.at)),
            _ => {}
        }
        match signal.name {
            "undone" => seasons(change, None),
            "purchase" if signal.at < change.now => seasons(change, Some(signal.at)),
            _ => {}
        }
    }
    if let (Some(before), Some(won)) = (before, signals.iter().find(|signal| signal.name == "won")) {
        before.remember(change, won.field("order").unwrap_or_default(), won.at);
    }
}

/// An order that was paid for before tells more of itself only now. What was to be sent by then for it has been sent.
fn recount_filled(change: &mut Change<'_>, paid: Timestamp) {
    let told = change.out.len();
    recount(change, Vec::new(), Some(paid));
    let anew = change.out.split_off(told);
    let now = change.now;
    let is_past = |what: &Consequence| matches!(what, Consequence::FollowUp(plan) if plan.not_before <= now);
    change.out.extend(anew.into_iter().filter(|what| !is_past(what)));
}

/// Whether something was bought, or decided over purchases by a review or the end of a tier, after a purchase that is told now.
fn is_told_late(change: &Change<'_>, signal: &Signal) -> bool {
    let facts = &change.facts;
    let is_by_orders = |held: &HeldTag| effects::is_by_orders(change.rulebook, &held.by);
    facts.orders.iter().any(|order| order.is_purchase() && order.paid > Some(signal.at))
        || facts.reviews.as_ref().is_some_and(|reviews| reviews.last > Some(signal.at))
        || facts.tags.values().any(|held| held.since > signal.at && is_by_orders(held))
}

/// What is bought, or is not any more, is known later than a season began that it was asked for in: it is asked anew.
fn seasons(change: &mut Change<'_>, bought: Option<Timestamp>) {
    let rulebook = change.rulebook;
    let rules = rulebook.by_signal.get("calendar").into_iter().flatten().map(|index| &rulebook.rules[*index]);
    let asked: Vec<&Rule> = rules.filter(|rule| !rule.written.holds.bought.is_empty()).collect();
    if asked.is_empty() {
        return;
    }
    for season in calendar::on(rulebook, change.contact, change.now).iter().filter(|season| Some(season.at) > bought) {
        asked.iter().for_each(|rule| try_rule(change, rule, season));
    }
}

/// An order that was undone is out of what is counted by order; what purchases gave is worked out anew.
fn undone(change: &mut Change<'_>, signal: &Signal) {
    let Some(order) = signal.field("order") else { return };
    let rulebook = change.rulebook;
    for rule in rulebook.rules.iter().filter(|rule| rule.written.count.is_some()) {
        let Some(groups) = change.facts.counters.get_mut(&*rule.name) else { continue };
        let mut counted = false;
        for entries in groups.values_mut() {
            let before = entries.len();
            entries.retain(|entry| entry.value != order);
            counted |= entries.len() < before;
        }
        let least = rule.written.count.as_ref().map_or(0, |count| count.at_least);
        if counted && rule.life == Life::While && !groups.values().any(|entries| entries.len() >= least) {
            change.take_back(rule, "an order was cancelled or returned");
        }
    }
    undo::not_won(change.facts, order);
    let paid = change.facts.orders.iter().find(|other| other.order == order).and_then(|order| order.paid);
    let mut back = undo::give_back(change, order);
    recount(change, Vec::new(), Some(paid.unwrap_or(signal.at)));
    undo::replaced_since(change, &mut back);
    undo::no_longer_ended(change, &mut back);
    undo::end_since(change, &back);
    undo::let_go(change, order);
}

/// Notes when a signal was seen.
fn mark(change: &mut Change<'_>, signal: &Signal) {
    timers::wait(change.rulebook, change.facts, signal);
    // An order that is undone does not open a deal again that a person said is closed.
    let by_person = (signal.name == "won" && signal.field("order").is_none()).then_some(undo::WON_BY_PERSON);
    for name in [signal.name].into_iter().chain(by_person) {
        match change.facts.marks.get_mut(name) {
            Some(last) => *last = signal.at.max(*last),
            None => drop(change.facts.marks.insert(name.to_owned(), signal.at)),
        }
    }
}

fn absence(change: &mut Change<'_>, rule: &Rule) {
    if timers::absence_due(rule, change.facts).is_some_and(|due| due <= change.now)
        && !timers::is_held_up(rule, change.facts)
    {
        if let Some(began) = timers::began(rule, change.facts) {
            change.facts.waited.insert(rule.name.to_string(), began);
        }
        if holds(rule, change.facts, None) {
            change.apply(rule, None, &format_args!("more than {} without {}", rule.absent_for, absent_of(rule)), &[]);
        }
    }
}

fn absent_of(rule: &Rule) -> String {
    rule.written.absent.iter().flat_map(|absent| absent.of.iter()).collect::<Vec<_>>().join(" or ")
}

fn try_rule(change: &mut Change<'_>, rule: &Rule, signal: &Signal) {
    if !passes(rule, signal, &change.rulebook.rates) || !since_first(rule, signal, change.facts) {
        figures::correct(change.facts, rule, signal);
        return;
    }
    let Some(season) = calendar::allows(change.rulebook, rule, change.contact, signal.at) else { return };
    // Counted also while other conditions do not hold: they may hold when the last one comes.
    let book = (&change.rulebook.rates, &change.bought);
    let figure = figures::counted(change.facts, rule, signal, book, change.now);
    let Some(figure) = figure else {
        if rule.life == Life::While && purchases::has_ceiling(rule) {
            change.take_back(rule, "with this purchase it is so no more");
        }
        return;
    };
    if holds(rule, change.facts, Some(signal)) {
        let until = figure.until.into_iter().chain(signal.until).chain(season).min();
        (change.while_until, change.at) = (until, figure.newest);
        change.apply(rule, Some(&figure.told(signal)), &figure.text, &figure.events);
        (change.while_until, change.at) = (None, change.now);
    }
}
