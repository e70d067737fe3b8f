//! What a rule asks for, one condition after the other, and how far a contact is from it.

use std::cell::OnceCell;
use std::fmt::Write;

use rust_decimal::Decimal;

use super::asked::{value, what};
use super::condition::{Condition, Fields, Mirrored};
use super::facts::Facts;
use super::holding::passes;
use super::kept::Entry;
use super::purchases::{self, Book};
use super::rule::{Life, Rule};
use super::signal;
use super::written_when::{Absent, Gap, Mean, ShareOfOrders, Sum, Words};
use super::{Rulebook, STEP, calendar, crossed, dates, figures, orders, responses, rise, timers};
use crate::domain::{Colour, Contact, Duration, Every, Timestamp};

/// What is looked at.
pub(super) struct View<'a> {
    pub(super) rulebook: &'a Rulebook,
    pub(super) facts: &'a Facts,
    pub(super) contact: &'a Contact,
    pub(super) now: Timestamp,
}

/// Whether a signal with these fields could be one that the rule asks for.
pub(super) fn could_be(rule: &Rule, fields: &Fields) -> bool {
    let is = |wanted: &Words, value: &str| wanted.iter().any(|wanted| wanted == "*" || wanted == value);
    let is_country = |code: &str| code.len() == 2;
    value(fields, "country").is_none_or(is_country)
        && rule.written.filter.iter().all(|(field, wanted)| value(fields, field).is_none_or(|value| is(wanted, value)))
}

/// All conditions of a rule. `fields` is what the tag's name tells of the signal; `mirrored` is the state that is asked about.
pub(super) fn list(see: &View<'_>, rule: &Rule, fields: &Fields, mirrored: Option<Mirrored>) -> Vec<Condition> {
    let mut all = Vec::new();
    match (&rule.written.absent, &rule.written.any_order, &rule.written.on_date) {
        (Some(absent), ..) => all.push(absence(see, rule, absent)),
        (_, Some(_), _) => all.push(states_of_orders(see, rule)),
        (.., Some(_)) => all.push(on_date(see, rule)),
        _ if !rule.crossed.is_empty() => all.extend(crossed::conditions(rule, see.facts, see.now)),
        _ if rule.written.responses.is_some() => {
            all.extend(responses::conditions(see.rulebook, rule, see.facts, see.now));
        }
        _ if rule.rise.is_some() => all.push(rise::condition(rule, see.facts, see.now)),
        _ => figure(see, rule, fields, &mut all),
    }
    if let Some(windows) = &rule.written.during {
        let holds = calendar::allows(see.rulebook, rule, see.contact, see.now).is_some();
        let windows: Vec<&str> = windows.iter().collect();
        all.push(Condition::is(holds, format!("during {}, where the contact is", windows.join(" or "))));
    }
    reviewed(see, rule, &mut all);
    of_the_contact(see, rule, fields, &mut all);
    since_first(see, rule, &mut all);
    holds(see, rule, &mut all);
    state(see, rule, mirrored, &mut all);
    all
}

/// What is counted, scored or summed; of a rule without a figure, what must happen.
fn figure(see: &View<'_>, rule: &Rule, fields: &Fields, all: &mut Vec<Condition>) {
    let what = what(rule, fields);
    let before = all.len();
    let (written, window) = (&rule.written, rule.window);
    if let Some(count) = &written.count {
        let entries = best(see, rule, (&count.per, fields, count.distinct.as_deref()), window);
        let entries = match count.in_conversation {
            true => figures::of_conversation(&entries, &figures::Heard::of(see.facts), see.now),
            false => &entries,
        };
        let unit = count.distinct.as_ref().map_or_else(|| "times".into(), |field| format!("different {field}s"));
        if written.review.is_some() {
            // Counted once, when a period is over; what it came to then is not kept.
            let text = format!("{} {unit} at least in the period that is over: {what}", count.at_least);
            all.push(Condition::moment(text));
            return of_purchases(see, rule, fields, &what, all);
        }
        let needs = Needs { amount: count.at_least.into(), over: false };
        let mut condition = so_many(entries, (entries.len().into(), needs), &unit, window, &what);
        if let Some(most) = count.at_most {
            if count.at_least == 0 {
                condition.text = format!("{} {unit} within {window}: {what}", entries.len());
                condition.needs = None;
            }
            let _infallible = write!(condition.text, "; {most} at most");
            condition.holds = Some((count.at_least..=most).contains(&entries.len()));
        }
        all.push(condition);
        if let Some(wanted) = value(fields, "values") {
            let found = figures::values_of(entries);
            all.push(Condition::is(found == wanted, format!("the values are {wanted}: they are {found}")));
        }
        if count.in_conversation {
            all.push(Condition::moment("all of it in one conversation"));
        }
    }
    if let Some(score) = &written.score {
        let entries = best(see, rule, (&score.per, fields, None), window);
        let have = Decimal::new(entries.iter().map(|entry| entry.weight).sum(), 2);
        let over = score.more_than > score.at_least;
        let amount = Decimal::try_from(score.at_least.max(score.more_than)).unwrap_or_default();
        let weights: Vec<_> = score.weights.iter().map(|(signal, points)| format!("{signal} {points}")).collect();
        all.push(so_many(&entries, (have, Needs { amount, over }), "points", window, &weights.join(", ")));
    }
    of_purchases(see, rule, fields, &what, all);
    if all.len() == before {
        all.push(happens(see, rule, &what));
    }
}

/// What must happen, and when it did last.
fn happens(see: &View<'_>, rule: &Rule, what: &str) -> Condition {
    match rule.signals.iter().filter_map(|name| see.facts.marks.get(*name)).max() {
        Some(last) => {
            // Which fields that one had is not remembered.
            let whatever = if what.ends_with(')') { ", whatever it was about," } else { "" };
            Condition::moment(format!("{what}{}; the last one{whatever} was at {last}", largest(see, rule)))
        }
        None => Condition::is(false, format!("{what}; never so far")),
    }
}

/// What a rule is tried with of which all holds now, and which gives its tag when that happens next.
pub(super) fn tried_with(see: &View<'_>, rule: &Rule, fields: &Fields) -> Option<Condition> {
    (!rule.signals.is_empty()).then(|| {
        let happens = happens(see, rule, &what(rule, fields));
        Condition { text: format!("judged when {}", happens.text), ..happens }
    })
}

/// What only rules about purchases ask for.
fn of_purchases(see: &View<'_>, rule: &Rule, fields: &Fields, what: &str, all: &mut Vec<Condition>) {
    let written = &rule.written;
    if let Some(sum) = &written.sum {
        all.push(of_sum(see, rule, sum, what));
        if let Some(wanted) = value(fields, "category").filter(|_| sum.times_mean.is_some()) {
            let most = with_book(see, |book| purchases::main_category(book, rule, sum.currency)).unwrap_or_default();
            all.push(Condition::is(most == wanted, format!("most was spent on {wanted}: it was on {most}")));
        }
    }
    all.extend(written.mean.as_ref().map(|mean| of_mean(see, rule, mean)));
    all.extend(written.share_of_orders.as_ref().map(|share| of_share(see, share)));
    all.extend(written.gap.as_ref().map(|gap| of_gap(see, rule, fields, gap)));
}

/// Whether so much was spent, at once or together.
fn of_sum(see: &View<'_>, rule: &Rule, sum: &Sum, what: &str) -> Condition {
    let entries = best(see, rule, (&[], &Fields::new(), None), rule.sum_window);
    let largest = entries.iter().map(|entry| entry.weight).max().unwrap_or_default();
    let spent = if sum.single { largest } else { purchases::total(&entries) };
    let have = Decimal::new(spent, 2);
    let bounds = [Some(sum.at_least.max(sum.more_than)).filter(|bound| !bound.is_zero()), sum.less_than, sum.at_most];
    let bound = bounds.into_iter().flatten().next().unwrap_or_default();
    let usual = sum.times_mean.as_ref().map(|times| (usual(see, rule), times.at_least));
    let bound = usual.map_or(bound, |(usual, times)| usual * Decimal::from(times));
    let needs = Needs { amount: bound, over: usual.is_none() && sum.more_than > sum.at_least };
    let unit = if sum.single { format!("{} at once", sum.currency) } else { sum.currency.code().to_owned() };
    let mut condition = so_many(&entries, (have, needs), &unit, rule.sum_window, what);
    let reached = purchases::reaches(spent, sum);
    condition.holds = Some(reached && usual.is_none_or(|(usual, _)| !usual.is_zero() && have >= bound));
    if let Some((usual, times)) = usual {
        let usual = usual.round_dp(2).normalize();
        let _infallible =
            write!(condition.text, "; {times} times the usual {usual} of the {} before", rule.mean_window);
    }
    condition
}

/// Whether the orders are so large on average.
fn of_mean(see: &View<'_>, rule: &Rule, mean: &Mean) -> Condition {
    let entries = best(see, rule, (&[], &Fields::new(), None), rule.mean_window);
    let average = purchases::average(&entries);
    let said = average.map_or_else(
        || "there was none".into(),
        |average| format!("it is {} {}", average.round_dp(2).normalize(), mean.currency),
    );
    let limits = [("at least", mean.at_least), ("at most", mean.at_most)];
    let limits = limits.into_iter().filter_map(|(words, limit)| Some(format!("{words} {}", limit?.normalize())));
    let limits = limits.collect::<Vec<_>>().join(" and ");
    let text = format!("the mean of the orders in {} is {limits}: {said}", rule.mean_window);
    Condition::is(average.is_some_and(|average| mean.holds(average)), text)
}

/// Whether so many of the orders hold something.
fn of_share(see: &View<'_>, share: &ShareOfOrders) -> Condition {
    let (with, orders) = purchases::orders_with(&see.facts.orders, share);
    let text = format!(
        "{} % of {} orders or more hold {}: {with} of {orders} do",
        share.at_least,
        share.of,
        share.with.join(" or ")
    );
    Condition::is(orders >= share.of && with * 100 >= share.at_least * orders, text)
}

/// Whether so much time passes between purchases as a rule.
fn of_gap(see: &View<'_>, rule: &Rule, fields: &Fields, gap: &Gap) -> Condition {
    let visits = best(see, rule, (&gap.per, fields, None), Duration::millis(see.now.0));
    let usual = purchases::usual_gap(&visits, gap);
    let (at_least, at_most) = rule.gap;
    let said = usual.map_or_else(
        || "too few purchases to tell".into(),
        |usual| format!("it is {}d", usual.0 / Duration::days(1).0),
    );
    let text = format!("the usual time between {} purchases or more is {at_least} to {at_most}: {said}", gap.purchases);
    Condition::is(usual.is_some_and(|usual| (at_least..=at_most).contains(&usual)), text)
}

/// What was spent on average in stretches as long as the rule's window, before that window (SPEND-28).
fn usual(see: &View<'_>, rule: &Rule) -> Decimal {
    let both = Duration::millis(rule.sum_window.0 + rule.mean_window.0);
    let all = best(see, rule, (&[], &Fields::new(), None), both);
    with_book(see, |book| purchases::mean_before(&all, book, rule)).unwrap_or_default() / Decimal::ONE_HUNDRED
}

/// Asks the order book as it stands.
fn with_book<T>(see: &View<'_>, ask: impl FnOnce(&Book<'_>) -> T) -> T {
    let (orders, rates, bought) = (&*see.facts.orders, &see.rulebook.rates, &OnceCell::new());
    ask(&Book { orders, bought, rates, at: see.now, forgotten: orders::forgotten_until(orders), since: None })
}

/// A rule that is judged at the end of a period holds from then on.
fn reviewed(see: &View<'_>, rule: &Rule, all: &mut Vec<Condition>) {
    let Some(every) = rule.review else { return };
    let next = every.next_end(see.now, see.rulebook.zone);
    let name = if every == Every::Month { "month" } else { "quarter" };
    all.push(Condition::moment(format!("judged at the end of each {name}, next at {next}")));
}

fn on_date(see: &View<'_>, rule: &Rule) -> Condition {
    let of = rule.written.on_date.iter().flat_map(|date| date.of.iter()).collect::<Vec<_>>().join(" or ");
    match dates::stretch(rule, see.facts, see.now, see.contact.zone.unwrap_or(see.rulebook.zone)) {
        Some((from, until)) => {
            let text = format!("around the day that they told ({of}): from {from} to {until}");
            Condition { until: Some(until), ..Condition::is((from..until).contains(&see.now), text) }
        }
        None => Condition::is(false, format!("around a day that they told ({of}): none was told")),
    }
}

/// The largest purchase so far, where a rule asks what one is worth.
fn largest(see: &View<'_>, rule: &Rule) -> String {
    let Some(worth) = rule.written.worth.as_ref().filter(|_| signal::is_of_orders(rule)) else { return String::new() };
    let rates = &see.rulebook.rates;
    let purchases = see.facts.orders.iter().filter(|order| order.is_purchase());
    let signals = purchases.flat_map(|order| orders::signals(order, None));
    let largest = signals.filter(|signal| rule.signals.contains(&signal.name));
    let largest = largest.filter_map(|signal| rates.convert(signal.money?, worth.currency)).max();
    largest
        .map(|most| format!("; the largest so far {} {}", most.round_dp(2).normalize(), worth.currency))
        .unwrap_or_default()
}

/// How much it takes.
#[derive(Clone, Copy)]
struct Needs {
    amount: Decimal,
    /// Just that much is not enough.
    over: bool,
}

impl Needs {
    /// An amount with what else is to be said of it.
    fn say(self, amount: Decimal) -> String {
        format!("{}{}", if self.over { "more than " } else { "" }, amount.normalize())
    }
}

fn so_many(entries: &[Entry], (have, needs): (Decimal, Needs), unit: &str, window: Duration, what: &str) -> Condition {
    let mut text = format!("{} of {} {unit} within {window}: {what}", have.normalize(), needs.say(needs.amount));
    let holds = if needs.over { have > needs.amount } else { have >= needs.amount };
    if !holds {
        let _infallible = write!(text, "; {} missing", needs.say(needs.amount - have));
    }
    if let Some(oldest) = entries.first() {
        let _infallible = write!(text, "; the oldest counts until {}", oldest.at + window);
    }
    let until = entries.first().map(|oldest| oldest.at + window + STEP);
    let events = entries.iter().map(|entry| entry.seq).filter(|seq| *seq > 0).collect();
    Condition { text, holds: Some(holds), have: Some(have), needs: Some(needs.amount), events, until }
}

/// What is counted apart, the fields that the tag tells, and what is told apart.
type Wanted<'a> = (&'a [String], &'a Fields, Option<&'a str>);

/// What counts now for the group of the rule's counter that is furthest, of those that the tag could be about.
fn best(see: &View<'_>, rule: &Rule, (per, fields, distinct): Wanted<'_>, window: Duration) -> Vec<Entry> {
    let oldest = see.now - window;
    let is_group = |group: &str| {
        per.iter().zip(group.split('|')).all(|(field, own)| value(fields, field).is_none_or(|wanted| wanted == own))
    };
    let groups = match signal::is_of_orders(rule) {
        true => of_orders(see, rule, (per, fields, distinct)),
        false => {
            let counted = see.facts.counters.get(&*rule.name).into_iter().flatten();
            let since = |group: &str| figures::begins_anew(see.facts, rule.written.count.as_ref()?, group, oldest);
            let still = |(group, entries): (&String, &Vec<Entry>)| {
                let since = since(group);
                entries.iter().filter(|entry| since.is_none_or(|since| entry.at > since)).cloned().collect()
            };
            counted.filter(|(group, _)| is_group(group)).map(still).collect()
        }
    };
    let furthest = |entries: &Vec<Entry>| (entries.iter().map(|entry| entry.weight).sum::<i64>(), entries.len());
    let in_window = groups.into_iter().map(|mut entries| {
        entries.retain(|entry| entry.at >= oldest);
        entries
    });
    in_window.max_by_key(furthest).unwrap_or_default()
}

fn of_orders(see: &View<'_>, rule: &Rule, (per, fields, distinct): Wanted<'_>) -> Vec<Vec<Entry>> {
    let rates = &see.rulebook.rates;
    let currency = rule.written.sum.as_ref().map(|sum| sum.currency);
    let currency = currency.or_else(|| rule.written.mean.as_ref().map(|mean| mean.currency));
    let purchases =
        see.facts.orders.iter().filter(|order| order.is_purchase()).flat_map(|order| orders::signals(order, None));
    let could = purchases.filter(|signal| {
        let same = |(field, wanted): &(String, String)| signal.field(field).is_none_or(|own| own == wanted);
        rule.signals.contains(&signal.name) && passes(rule, signal, rates) && fields.iter().all(same)
    });
    let entries = |book: &Book<'_>| {
        could.filter_map(|signal| book.entries(rule, per, distinct.unwrap_or("order"), &signal, currency)).collect()
    };
    with_book(see, entries)
}

fn absence(see: &View<'_>, rule: &Rule, absent: &Absent) -> Condition {
    let facts = see.facts;
    let of = absent.of.iter().collect::<Vec<_>>().join(" or ");
    let nothing = format!("more than {} without {of}", rule.absent_for);
    if let Some(due) = timers::absence_due(rule, facts) {
        let since = timers::absence_base(rule, due);
        let text = format!("{nothing}, since {since}: due at {due}");
        return Condition { until: Some(due), ..Condition::is(due <= see.now, text) };
    }
    let told = facts.waited.get(&*rule.name);
    let text = match (&absent.after, &absent.after_last) {
        (Some(after), _) if !facts.waits.contains_key(&*rule.name) => {
            let after = after.iter().collect::<Vec<_>>().join(" or ");
            format!("{nothing}: its clock has not started, no {after} since the last {of}")
        }
        (None, Some(after)) if !facts.marks.contains_key(after) => format!("{nothing}: no {after} so far"),
        (None, Some(after)) if told.is_none() => format!("{nothing}: {of} came after the last {after}"),
        (None, None) if told.is_none() => format!("{nothing}: no {of} so far"),
        _ => format!("{nothing}: it told of this silence already"),
    };
    Condition::is(false, text)
}

fn states_of_orders(see: &View<'_>, rule: &Rule) -> Condition {
    let text = orders::states_text(rule);
    let mut there: Vec<_> =
        see.facts.orders.iter().filter_map(|order| Some((orders::due(rule, order)?, order))).collect();
    there.sort_by_key(|(due, _)| *due);
    // What an order gives for a while it does not give any more.
    let over = |due: &Timestamp| matches!(rule.life, Life::For(length) if *due + length < see.now);
    match there.iter().find(|(due, _)| !over(due)).or(there.last()) {
        Some((due, order)) => {
            let (text, events) = (format!("{text}: order {}, from {due}", order.order), vec![order.seq]);
            if over(due) {
                return Condition { events, ..Condition::is(false, format!("{text}, and what it gave is over")) };
            }
            Condition { until: Some(*due), events, ..Condition::is(*due <= see.now, text) }
        }
        None => Condition::is(false, format!("{text}: none is")),
    }
}

/// Fields that come from the contact and not from what happens.
fn of_the_contact(see: &View<'_>, rule: &Rule, fields: &Fields, all: &mut Vec<Condition>) {
    let country = see.contact.country.map(|country| country.code().to_lowercase());
    let language = see.contact.language.as_ref().map(|language| language.tag().to_lowercase());
    // A message has the country and language of its customer; a place has a country of its own.
    let of_message = rule.signals.iter().all(|signal| *signal == "message");
    for (name, own) in [("country", country), ("language", language)] {
        let asked = rule.written.filter.get(name).filter(|_| of_message);
        let told = value(fields, name).into_iter().chain(asked.into_iter().flat_map(Words::iter));
        let wanted: Vec<&str> = told.filter(|wanted| *wanted != "*").collect();
        if wanted.is_empty() {
            continue;
        }
        let is = own.as_deref().is_some_and(|own| wanted.contains(&own));
        let text = format!("their {name} is {}: it is {}", wanted.join(" or "), own.as_deref().unwrap_or("unknown"));
        all.push(Condition::is(is, text));
    }
}

fn since_first(see: &View<'_>, rule: &Rule, all: &mut Vec<Condition>) {
    let Some((at_least, at_most)) = rule.since_first else { return };
    let text = format!("{at_least} to {at_most} after their first message or click");
    all.push(match see.facts.first_interaction {
        Some(first) => {
            let (from, to) = (first + at_least, first + at_most);
            let text = format!("{text}: from {from} to {to}");
            Condition { until: Some(to), ..Condition::is((from..=to).contains(&see.now), text) }
        }
        None => Condition::is(false, format!("{text}: there was none")),
    });
}

/// What must be true of the contact besides.
fn holds(see: &View<'_>, rule: &Rule, all: &mut Vec<Condition>) {
    let (facts, holds) = (see.facts, &rule.written.holds);
    // Of tags about single orders those of one and the same count.
    let about = super::holding::holds_of(rule, facts).next();
    let held = |pattern| facts.like(pattern).find(|(_, held)| held.is_about(about)).map(|(tag, _)| tag);
    for pattern in &holds.tags {
        all.push(Condition::is(held(pattern).is_some(), format!("holds {pattern}")));
    }
    if !holds.any_tags.is_empty() {
        let any = holds.any_tags.iter().find_map(|pattern| held(pattern));
        let text = format!("holds one of {}", holds.any_tags.join(", "));
        all.push(Condition::is(any.is_some(), any.map_or(text.clone(), |any| format!("{text}: {any}"))));
    }
    for pattern in &holds.not_tags {
        let text = format!("does not hold {pattern}");
        all.push(match held(pattern) {
            Some(tag) => Condition::is(false, format!("{text}, but holds {tag}")),
            None => Condition::is(true, text),
        });
    }
    let colour = facts.colour();
    let name = colour.map_or("none", Colour::name);
    if !holds.colour.is_empty() {
        let is = |wanted: &String| {
            colour == Colour::from_name(wanted) || (wanted == "green" && colour.is_some_and(Colour::is_green))
        };
        let text = format!("the colour is {}: it is {name}", holds.colour.join(" or "));
        all.push(Condition::is(colour.is_some() && holds.colour.iter().any(is), text));
    }
    if let Some(by) = &holds.colour_by {
        let is = facts.colour.as_ref().map(|state| state.by.as_str());
        let text = format!("the colour was given by {by}: it was by {}", is.unwrap_or("nobody"));
        all.push(Condition::is(is == Some(by), text));
    }
    if holds.colour_given {
        let given = facts.colour.as_ref().is_some_and(|state| !state.fallen);
        all.push(Condition::is(given, "the colour was given, and not fallen to when the time of another was over"));
    }
    for signal in &holds.ever {
        all.push(Condition::is(facts.marks.contains_key(signal), format!("once at least {signal}")));
    }
    for signal in &holds.never {
        all.push(match facts.marks.get(signal) {
            Some(last) => Condition::is(false, format!("never before {signal}, but it was at {last}")),
            None => Condition::is(true, format!("never before {signal}")),
        });
    }
    if !holds.bought.is_empty() {
        let mut text = format!("bought something of {}", holds.bought.join(", "));
        if let Some((at_least, at_most)) = rule.bought_ago {
            text.push_str(&format!(", {at_least} to {at_most} ago"));
        }
        all.push(Condition::is(super::holding::has_bought(rule, &facts.orders, None, Some(see.now)), text));
    }
}

/// What a colour or heat asks of the one that is there.
fn state(see: &View<'_>, rule: &Rule, mirrored: Option<Mirrored>, all: &mut Vec<Condition>) {
    match (mirrored, &rule.painting) {
        (Some(Mirrored::Colour(_)), Some(painting)) => {
            let now = see.facts.colour();
            let name = now.map_or("none", Colour::name);
            if let Some(from) = painting.from.as_ref().filter(|_| !painting.from_any) {
                let names: Vec<_> = from.iter().map(|colour| colour.name()).collect();
                let text = format!("the colour before is {}: it is {name}", names.join(" or "));
                all.push(Condition::is(now.is_some_and(|now| from.contains(&now)), text));
            } else if !painting.from_any {
                let text = format!("the colour before is no more urgent: it is {name}");
                all.push(Condition::is(now.is_none_or(|now| now <= painting.to), text));
            }
        }
        (Some(Mirrored::Heat(heat)), _) => {
            let now = see.facts.heat();
            let text = format!("no higher tier is held: it is {}", now.map_or("none", |heat| heat.name()));
            all.push(Condition::is(now.is_none_or(|now| now <= heat), text));
        }
        (Some(Mirrored::Stage(stage)), _) => {
            let now = see.facts.stage();
            all.push(Condition::is(now <= stage, format!("no further stage was reached: it is {}", now.name())));
        }
        _ => {}
    }
}
