//! Whether what a rule asks for is so: of a signal, and of the contact besides what is counted.

use super::facts::{Facts, is_like_text};
use super::kept::{NAMED, OrderFacts};
use super::rule::Rule;
use super::signal::{Signal, hyphens};
use super::written_when::Words;
use crate::domain::{Colour, Rates, Timestamp};

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
    let of_one = signal.is_none() && rule.written.about.is_some() && are_about(rule, facts).next().is_some();
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
    // Most name one tag, which is found sooner than all that begin alike.
    let is_held = |tag: &String| match tag.ends_with('*') {
        true => facts.like(tag).any(|(_, held)| held.is_about(about)),
        false => facts.tags.get(tag.as_str()).is_some_and(|held| held.is_about(about)),
    };
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
    order.lines.iter().any(|(line, _)| fits(&as_pattern(line)))
}

/// Whether something was bought that the rule asks for, other than what the signal is about, and as long before a moment as it asks.
pub(super) fn has_bought(rule: &Rule, orders: &[OrderFacts], signal: Option<&Signal>, now: Option<Timestamp>) -> bool {
    let wanted = &rule.written.holds.bought;
    if wanted.is_empty() {
        return true;
    }
    let in_time = |order: &&OrderFacts| {
        let Some((at_least, at_most)) = rule.bought_ago else { return true };
        now.zip(order.paid).is_some_and(|(now, paid)| (at_least..=at_most).contains(&(now - paid)))
    };
    let own = signal.and_then(|signal| Some(format!("{}/{}", signal.field("category")?, signal.field("product")?)));
    let fits = |line: &str| wanted.iter().any(|pattern| is_line(line, pattern)) && own.as_deref() != Some(line);
    let mut bought = orders.iter().filter(|order| order.is_purchase()).filter(in_time);
    bought.any(|order| order.lines.iter().any(|(line, _)| fits(&as_pattern(line))))
}

/// A line as the patterns of rules write it.
pub(super) fn as_pattern(line: &str) -> String {
    hyphens(&line.replacen(&format!("/{NAMED}"), "/", 1))
}
