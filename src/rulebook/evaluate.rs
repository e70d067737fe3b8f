//! Trying rules: signals are counted, conditions looked at, and what holds is carried out.

use super::effects::{Change, is_like_text};
use super::facts::{Facts, HeldTag, OrderFacts};
use super::recount::recount;
use super::rule::{Life, Rule};
use super::signals::{self, Signal};
use super::written::Words;
use super::{
    Occurrence, Rulebook, calendar, crossed, dates, figures, look, orders, purchases, region, review, rise, rounds,
    sequences, sweep, timers, undo,
};
use crate::domain::{Colour, Consequence, Contact, Rates, Timestamp};

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
            if let crate::domain::EventBody::Agent(agent) = &event.body {
                // What everybody begins with comes before what a person says.
                let first = signals::first_contact(change.facts, contact, event);
                take_in(&mut change, first.as_slice());
                change.by_person(agent, event);
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

/// Whether something was bought, or decided over purchases by a review or the end of a tier, after a purchase that is told now.
fn is_told_late(change: &Change<'_>, signal: &Signal) -> bool {
    let facts = &change.facts;
    let is_by_orders = |held: &HeldTag| undo::is_of_orders(change.rulebook, &held.by);
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

/// Whether a signal is what the rule asks for: its fields, its figures, its sum of money.
pub(super) fn passes(rule: &Rule, signal: &Signal, rates: &Rates) -> bool {
    let written = &rule.written;
    let is = |(field, wanted): (&String, &Words)| {
        let value = signal.field(field);
        let any = |value: &str| !value.is_empty();
        wanted.iter().any(|wanted| if wanted == "*" { value.is_some_and(any) } else { value == Some(wanted) })
    };
    let fields = written.filter.iter().all(is) && !written.unless.iter().any(|fields| fields.iter().all(is));
    let figure =
        |name: &str| signal.numbers.iter().find(|(number, _)| *number == name).map_or(0, |(_, figure)| *figure);
    let figures = || {
        written.more_than.iter().all(|(name, least)| figure(name) > *least)
            && written.at_most.iter().all(|(name, most)| figure(name) <= *most)
    };
    fields && figures() && is_worth(rule, signal, rates)
}

/// Whether the signal's own sum of money is what the rule asks for.
fn is_worth(rule: &Rule, signal: &Signal, rates: &Rates) -> bool {
    let Some(worth) = &rule.written.worth else { return true };
    let Some(amount) = signal.money.and_then(|money| rates.convert(money, worth.currency)) else { return false };
    worth.at_least.is_none_or(|least| amount >= least)
        && worth.more_than.is_none_or(|limit| amount > limit)
        && worth.at_most.is_none_or(|most| amount <= most)
        && worth.less_than.is_none_or(|limit| amount < limit)
}

pub(super) fn since_first(rule: &Rule, signal: &Signal, facts: &Facts) -> bool {
    let Some((at_least, at_most)) = rule.since_first else { return true };
    facts.first_interaction.is_some_and(|first| (at_least..=at_most).contains(&(signal.at - first)))
}

/// Whether the contact has the colour of that name; green is either green.
pub(super) fn is_coloured(facts: &Facts, name: &str) -> bool {
    facts.colour().is_some_and(|now| Colour::from_name(name) == Some(now) || (name == "green" && now.is_green()))
}

/// Whether what the rule asks of the contact holds. Of tags about single things those count that are about what the signal is about;
/// without a signal, all must be about one and the same.
pub(super) fn holds(rule: &Rule, facts: &Facts, signal: Option<&Signal>) -> bool {
    let of_one = signal.is_none() && are_about(rule, facts).next().is_some();
    let about = signal.and_then(|signal| signal.about(rule).next());
    (if of_one { holds_of(rule, facts).next().is_some() } else { holds_tags(rule, facts, about) })
        && holds_besides(rule, facts, signal)
}

/// What the tags are about that a rule asks for, where it keeps such things apart.
fn are_about<'f>(rule: &'f Rule, facts: &'f Facts) -> impl Iterator<Item = &'f str> {
    let tags = rule.written.holds.tags.iter().filter(|_| rule.written.about.is_some());
    tags.flat_map(|tag| facts.like(tag)).flat_map(|(_, held)| held.about.iter().map(String::as_str))
}

/// Those of them of which all holds that the rule asks of tags.
pub(super) fn holds_of<'f>(rule: &'f Rule, facts: &'f Facts) -> impl Iterator<Item = &'f str> {
    are_about(rule, facts).filter(|about| holds_tags(rule, facts, Some(about)))
}

fn holds_tags(rule: &Rule, facts: &Facts, about: Option<&str>) -> bool {
    let holds = &rule.written.holds;
    let is_held = |tag: &String| facts.like(tag).any(|(_, held)| held.is_about(about));
    holds.tags.iter().all(is_held)
        && (holds.any_tags.is_empty() || holds.any_tags.iter().any(is_held))
        && !holds.not_tags.iter().any(is_held)
}

fn holds_besides(rule: &Rule, facts: &Facts, signal: Option<&Signal>) -> bool {
    let holds = &rule.written.holds;
    let colour = || holds.colour.is_empty() || holds.colour.iter().any(|name| is_coloured(facts, name));
    colour()
        && holds.colour_by.as_ref().is_none_or(|by| facts.colour.as_ref().is_some_and(|state| state.by == *by))
        && (!holds.colour_given || facts.colour.as_ref().is_some_and(|state| !state.fallen))
        && !holds.never.iter().any(|signal| facts.marks.contains_key(signal))
        && holds.ever.iter().all(|signal| facts.marks.contains_key(signal))
        && has_bought(rule, &facts.orders, signal, signal.map(|signal| signal.at))
}

/// Whether a product's key is what a rule asks to have been bought.
fn is_line(line: &str, pattern: &str) -> bool {
    match pattern.strip_prefix("*/") {
        Some(product) => line.split_once('/').is_some_and(|(_, name)| is_like_text(name, product)),
        None => is_like_text(line, pattern),
    }
}

/// Whether an order holds something that the rule asks to have been bought.
pub(super) fn has_lines(rule: &Rule, order: &OrderFacts) -> bool {
    let wanted = &rule.written.holds.bought;
    let fits = |line: &str| wanted.iter().any(|pattern| is_line(line, pattern));
    order.lines.iter().any(|(line, _)| fits(&orders::as_pattern(line)))
}

/// Whether something was bought that the rule asks for, other than what the signal is about, and as long before a moment as it asks.
pub(super) fn has_bought(rule: &Rule, orders: &[OrderFacts], signal: Option<&Signal>, now: Option<Timestamp>) -> bool {
    let wanted = &rule.written.holds.bought;
    let in_time = |order: &&OrderFacts| {
        let Some((at_least, at_most)) = rule.bought_ago else { return true };
        now.zip(order.paid).is_some_and(|(now, paid)| (at_least..=at_most).contains(&(now - paid)))
    };
    let own = signal.and_then(|signal| Some(format!("{}/{}", signal.field("category")?, signal.field("product")?)));
    let fits = |line: &str| wanted.iter().any(|pattern| is_line(line, pattern)) && own.as_deref() != Some(line);
    wanted.is_empty()
        || orders
            .iter()
            .filter(|order| order.is_purchase())
            .filter(in_time)
            .any(|order| order.lines.iter().any(|(line, _)| fits(&orders::as_pattern(line))))
}
