//! What the purchases that are left give, when one is undone, when one is told late, or when a tier ends: the tags of orders are
//! worked out anew from the order book, in the order in which the purchases were made.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use super::change::Change;
use super::effects::{self, came_to_hold, is_by_orders, sends_each_time};
use super::facts::is_like;
use super::kept::{HeldTag, OrderFacts};
use super::purchases::{self, Book};
use super::rule::{Life, Rule};
use super::signal::{self, Signal};
use super::written_when::Words;
use super::{STEP, calendar, dates, holding, orders, review, timers, undo};
use crate::domain::{Stage, TagKey, Timestamp};

/// A tag that the purchases give, and the rule that does.
struct Given<'a> {
    held: HeldTag,
    rule: &'a Rule,
    /// What it was given for, where the rule plans a message: for the first time, or each time.
    signal: Option<Signal>,
}

/// What all purchases together give.
#[derive(Default)]
struct Tally<'a> {
    tags: BTreeMap<TagKey, Given<'a>>,
    /// Signals of purchases that came already, for "never before".
    seen: HashSet<&'static str>,
    stages: BTreeMap<Stage, Timestamp>,
}

impl Tally<'_> {
    /// What was over by then says nothing of what came after it.
    fn forget_ended(&mut self, at: Timestamp) {
        self.tags.retain(|_, given| given.held.expires.is_none_or(|expires| expires > at));
    }
}

/// Puts the tags right that purchases gave. `ended` are tags that ended just now: what they stood in the way of comes back. `moved` is
/// when the order was paid for that was undone or told late; without one the clock alone is the reason.
pub(super) fn recount(change: &mut Change<'_>, ended: Vec<(TagKey, String)>, moved: Option<Timestamp>) {
    let mut purchases: Vec<OrderFacts> =
        change.facts.orders.iter().filter(|order| order.is_purchase()).cloned().collect();
    purchases.sort_by_key(|order| order.paid);
    let mut tally = all(change, &purchases);
    let mut gone = ended;
    forget_replaced(change, &tally, &mut gone);
    tally.tags.retain(|tag, given| !is_superseded(change, tag, &given.held));
    judge_held(change, &purchases, &tally, moved, &mut gone);
    for (tag, given) in tally.tags {
        let stood_in_its_way = |(gone, by): &(TagKey, String)| {
            let of = rule_of(change, by).and_then(|rule| rule.written.exclusive.as_ref());
            let own = given.rule.written.exclusive.as_ref();
            of.into_iter().flat_map(Words::iter).any(|pattern| is_like(&tag, pattern))
                || own.into_iter().flat_map(Words::iter).any(|pattern| is_like(gone, pattern))
                || given.rule.written.holds.not_tags.iter().any(|pattern| is_like(gone, pattern))
        };
        // The clock gives nothing that no purchase gave at its time, and an order that moved nothing to those before it.
        let by_purchase = moved.filter(|_| given.held.since < change.now);
        let is_after = by_purchase.is_some_and(|moved| given.held.since > moved);
        let may_be_anew = by_purchase.is_some() && purchases::has_ceiling(given.rule)
            || is_after && purchases::looks_before(given.rule);
        let by_order = by_purchase.is_some() && (is_of_first(given.rule) || purchases::may_end(change.rulebook, &tag));
        if !change.facts.holds(tag.as_str()) && (may_be_anew || by_order || gone.iter().any(stood_in_its_way)) {
            let signal = given.signal.filter(|_| by_order);
            change.give_back(tag, given.held, given.rule, signal.as_ref());
        }
    }
    mark_last(change, purchases.last().and_then(|order| order.paid));
    change.stages_of_purchases(&tally.stages);
}

/// Confirms the tags that purchases still give, and takes back those that they do not give any more.
fn judge_held(
    change: &mut Change<'_>,
    purchases: &[OrderFacts],
    tally: &Tally<'_>,
    moved: Option<Timestamp>,
    gone: &mut Vec<(TagKey, String)>,
) {
    let half_forgotten = purchases.iter().filter(|order| orders::is_half_forgotten(order));
    let priceless = half_forgotten.filter_map(|order| order.paid).max();
    let forgotten = orders::forgotten_until(&change.facts.orders);
    let figure = match moved {
        Some(_) => "an order was cancelled, returned or told late",
        None => "the purchases do not give it any more",
    };
    for (tag, held) in change.facts.tags.clone().into_iter().filter(|(tag, _)| !undo::shows_a_state(tag)) {
        let Some(rule) = rule_of(change, &held.by).filter(|rule| signal::is_of_orders(rule)) else {
            if forgotten.is_none() {
                lives_by_orders_left(change, &tag, &held, tally, figure);
            }
            continue;
        };
        match tally.tags.get(&tag) {
            // It was given anew by what is no purchase any more, and something was planned for it.
            Some(given) if moved.is_some() && is_planned_anew(change, &tag, &held, given) => {
                change.take_back_one(&tag, rule, figure);
                gone.push((tag, held.by));
            }
            Some(given) => change.confirm(&tag, &given.held, given.rule, given.signal.as_ref()),
            // By orders, or prices, that are known no more: nothing speaks against it.
            None if rule.life != Life::While && Some(held.since) <= forgotten => {}
            None if by_price(rule) && Some(held.since) <= priceless => {}
            None => {
                change.take_back_one(&tag, rule, figure);
                gone.push((tag, held.by));
            }
        }
    }
}

/// Notes when the last purchase was.
fn mark_last(change: &mut Change<'_>, last: Option<Timestamp>) {
    for name in ["purchase", "bought"] {
        match last {
            Some(last) if change.facts.marks.contains_key(name) => drop(change.facts.marks.insert(name.into(), last)),
            _ => drop(change.facts.marks.remove(name)),
        }
    }
    if last.is_none() {
        forget_absences(change);
    }
}

/// What all purchases together give, and the reviews between them.
fn all<'a>(change: &mut Change<'a>, purchases: &[OrderFacts]) -> Tally<'a> {
    let mut tally = Tally::default();
    let mut reviews = review::that_count(change.rulebook, change.facts).into_iter().peekable();
    for (index, order) in purchases.iter().enumerate() {
        while let Some(at) = reviews.next_if(|at| Some(*at) <= order.paid) {
            review(change, at, &purchases[..index], &mut tally);
        }
        purchase(change, &purchases[..=index], &mut tally);
    }
    reviews.for_each(|at| review(change, at, purchases, &mut tally));
    change.at = change.now;
    tally.forget_ended(change.now);
    still(change, purchases, &mut tally);
    tally
}

impl Change<'_> {
    /// Keeps apart how long a tag holds by orders and by other things, before it is given again: the orders may be undone, and what
    /// holds by something else as well does not go with them.
    pub(super) fn keep_apart(&mut self, rule: &Rule, tag: &TagKey, expires: Option<Timestamp>) {
        let rulebook = self.rulebook;
        let Some(held) = self.facts.tags.get_mut(tag).filter(|held| !held.by.starts_with("agent:")) else { return };
        let by_another = *held.by != *rule.name;
        let is_longer = |expires: Option<Timestamp>, than: Option<Timestamp>| {
            than.is_some_and(|than| expires.is_none_or(|expires| expires > than))
        };
        if signal::is_of_orders(rule) {
            if by_another && is_longer(expires, held.expires) && !is_by_orders(rulebook, &held.by) {
                held.own_end = held.own_end.or(held.expires);
            }
        } else if by_another && is_by_orders(rulebook, &held.by) {
            held.by = rule.name.to_string();
            held.own_end = expires.filter(|_| is_longer(held.expires, expires));
        } else if let Some(own_end) = held.own_end {
            held.own_end = expires.map(|expires| expires.max(own_end));
        }
    }
}

/// A tag that something else than orders gave lives as long as by itself, or by the purchases that are left.
fn lives_by_orders_left(change: &mut Change<'_>, tag: &TagKey, held: &HeldTag, tally: &Tally<'_>, figure: &str) {
    let Some(own_end) = held.own_end else { return };
    let by_orders = tally.tags.get(tag).map_or(Some(own_end), |given| given.held.expires);
    let expires = by_orders.map(|by_orders| by_orders.max(own_end));
    if expires.is_some_and(|expires| expires <= change.now) {
        if let Some(rule) = rule_of(change, &held.by) {
            change.take_back_one(tag, rule, figure);
        }
    } else if let Some(held) = change.facts.tags.get_mut(tag) {
        held.expires = expires;
        held.own_end = Some(own_end).filter(|_| expires != Some(own_end));
    }
}

/// Whether what a tag planned counts from an earlier purchase now, and is still to come by that one.
fn is_planned_anew(change: &Change<'_>, tag: &TagKey, held: &HeldTag, given: &Given<'_>) -> bool {
    given.signal.is_some()
        && held.since > given.held.since
        && given.held.since + given.rule.follow_after > change.now
        && purchases::may_end(change.rulebook, tag)
}

/// Who has bought nothing, since every order was undone, has not ceased to buy.
fn forget_absences(change: &mut Change<'_>) {
    let rulebook = change.rulebook;
    for rule in rulebook.absences.iter().map(|index| &rulebook.rules[*index]) {
        if is_of_all_purchases(rule) {
            change.take_back(rule, "nothing is left that was bought");
        }
    }
}

/// Whether a rule waits for any purchase since the last one.
fn is_of_all_purchases(rule: &Rule) -> bool {
    let since_last = rule.written.absent.as_ref().filter(|absent| absent.after.is_none());
    since_last.is_some_and(|absent| absent.of.iter().all(signal::is_of_purchases))
}

/// What took the place of a tag that no purchase is left to give goes with it: who never was a VIP is not won back.
fn forget_replaced(change: &mut Change<'_>, tally: &Tally<'_>, gone: &mut Vec<(TagKey, String)>) {
    let rulebook = change.rulebook;
    let by_orders = |pattern: &str| {
        let gives = |rule: &&Rule| rule.written.tag.as_ref().is_some_and(|tag| tag.get_ref() == pattern);
        rulebook.rules.iter().filter(gives).any(signal::is_of_orders)
    };
    for rule in rulebook.absences.iter().map(|index| &rulebook.rules[*index]) {
        let Some(tag) = rule.written.tag.as_ref().and_then(|tag| tag.get_ref().parse::<TagKey>().ok()) else {
            continue;
        };
        if tally.tags.contains_key(&tag) || change.facts.tags.get(&tag).is_none_or(|held| *held.by != *rule.name) {
            continue;
        }
        let is_left = |pattern: &String| {
            !by_orders(pattern) || change.facts.holds(pattern) || tally.tags.keys().any(|tag| is_like(tag, pattern))
        };
        if !rule.written.holds.tags.iter().all(is_left) {
            change.take_back_one(&tag, rule, "nothing is left that was bought for it");
            gone.push((tag, rule.name.to_string()));
        }
    }
}

/// Whether a rule is about the first purchase: that may be another one now.
fn is_of_first(rule: &Rule) -> bool {
    rule.written.holds.never.iter().any(|signal| signal::is_of_purchases(signal))
}

/// Whether something that orders do not give has taken the tag's place since: who bought nothing for long is a VIP no more.
fn is_superseded(change: &Change<'_>, tag: &TagKey, given: &HeldTag) -> bool {
    let takes_its_place = |held: &HeldTag| {
        let rule = rule_of(change, &held.by).filter(|rule| !signal::is_of_orders(rule));
        rule.is_some_and(|rule| {
            let exclusive = rule.written.exclusive.iter().flat_map(Words::iter);
            let mut patterns = exclusive.chain(rule.written.removes.iter().map(String::as_str));
            // A purchase interrupts the absence of purchases, not that of other things.
            let mut of = rule.written.absent.iter().flat_map(|absent| absent.of.iter());
            let since = match of.all(signal::is_of_purchases) {
                true => came_to_hold(change.rulebook, change.facts, held),
                false => held.since,
            };
            patterns.any(|pattern| is_like(tag, pattern)) && since >= given.since
        })
    };
    change.facts.tags.iter().any(|(other, held)| other != tag && takes_its_place(held))
}

fn rule_of<'a>(change: &Change<'a>, name: &str) -> Option<&'a Rule> {
    change.rulebook.rule(name)
}

/// Whether a rule looks at what single things cost.
fn by_price(rule: &Rule) -> bool {
    rule.signals.contains(&"bought") && (rule.written.worth.is_some() || rule.written.sum.is_some())
}

/// The last of the purchases gives what it gives, after all those before it.
fn purchase<'a>(change: &mut Change<'a>, purchases: &[OrderFacts], tally: &mut Tally<'a>) {
    let Some((order, before)) = purchases.split_last() else { return };
    let (rulebook, bought) = (change.rulebook, OnceCell::new());
    let at = order.paid.unwrap_or_default();
    absences(change, before, at, tally);
    change.at = at;
    tally.forget_ended(change.at);
    for signal in orders::signals(order, orders::over_record(before.iter(), order, &rulebook.rates)) {
        for rule in rulebook.by_signal.get(signal.name).into_iter().flatten().map(|index| &rulebook.rules[*index]) {
            if signal::is_of_orders(rule) && holding::passes(rule, &signal, &rulebook.rates) {
                give(change, rule, &signal, (purchases, &bought, None), tally);
            }
        }
        tally.seen.insert(signal.name);
    }
}

/// What was taken away until a purchase because there was none for so long since the one before it: who bought again was a VIP no more.
fn absences<'a>(change: &mut Change<'a>, before: &[OrderFacts], until: Timestamp, tally: &mut Tally<'a>) {
    let Some(last) = before.last().and_then(|order| order.paid) else { return };
    let rulebook = change.rulebook;
    for rule in rulebook.absences.iter().map(|index| &rulebook.rules[*index]) {
        let due = last + rule.absent_for + STEP;
        if due > until || !is_of_all_purchases(rule) || rule.written.removes.is_empty() {
            continue;
        }
        change.at = due;
        tally.forget_ended(due);
        if holds(change, rule, &Signal::of_moment("purchase", due, 0), before, tally) {
            tally.tags.retain(|tag, _| !rule.written.removes.iter().any(|pattern| is_like(tag, pattern)));
        }
    }
}

/// What a review gives, by the purchases before it that are left.
fn review<'a>(change: &mut Change<'a>, at: Timestamp, purchases: &[OrderFacts], tally: &mut Tally<'a>) {
    let (rulebook, bought) = (change.rulebook, OnceCell::new());
    change.at = at;
    tally.forget_ended(at);
    for (rule, since) in review::due_at(rulebook, at) {
        for signal in review::subjects(change.facts, rule, rulebook, at) {
            give(change, rule, &signal, (purchases, &bought, Some(since)), tally);
        }
    }
}

/// What the last purchase would give today: where the time of a tier is over, the one below it.
fn still<'a>(change: &mut Change<'a>, purchases: &[OrderFacts], tally: &mut Tally<'a>) {
    let Some(last) = purchases.last() else { return };
    let (rulebook, bought) = (change.rulebook, OnceCell::new());
    for signal in orders::signals(last, None) {
        let rules = rulebook.by_signal.get(signal.name).into_iter().flatten().map(|index| &rulebook.rules[*index]);
        for rule in rules.filter(|rule| rule.life == Life::While && signal::is_of_orders(rule)) {
            if holding::passes(rule, &signal, &rulebook.rates) {
                give(change, rule, &signal, (purchases, &bought, None), tally);
            }
        }
    }
}

/// `purchases` are those so far; in a review the period goes with them.
fn give<'a>(
    change: &mut Change<'a>,
    rule: &'a Rule,
    signal: &Signal,
    (purchases, bought, since): (&[OrderFacts], &OnceCell<Vec<Signal>>, Option<Timestamp>),
    tally: &mut Tally<'a>,
) {
    let (rates, forgotten) = (&change.rulebook.rates, orders::forgotten_until(&change.facts.orders));
    let book = Book { orders: purchases, bought, rates, at: change.at, forgotten, since };
    let Some(figure) = purchases::figure(&book, rule, signal) else {
        if rule.life == Life::While && purchases::has_ceiling(rule) {
            tally.tags.retain(|_, given| given.rule.name != rule.name);
        }
        return;
    };
    let signal = &*figure.told(signal);
    let season = calendar::allows(change.rulebook, rule, change.contact, signal.at);
    let Some(season) = season.filter(|_| holds(change, rule, signal, purchases, tally)) else { return };
    let about = signal.about(rule).next().map(str::to_owned);
    for pattern in rule.written.removes.iter().filter_map(|pattern| change.filled(pattern, Some(signal))) {
        tally.tags.retain(|tag, _| !is_like(tag, &pattern));
    }
    if let Some(stage) = rule.stage {
        let lasts = figure.until.filter(|_| timers::lasts_with_tag(rule, stage));
        let last = tally.stages.entry(stage).or_default();
        *last = lasts.map_or(change.at, |until| until.min(change.now)).max(*last);
    }
    let Some(tag) = rule.written.tag.as_ref().and_then(|tag| named(change, rule, tag.get_ref(), signal)) else {
        return;
    };
    for pattern in rule.written.exclusive.iter().flat_map(Words::iter) {
        tally.tags.retain(|other, _| *other == tag || !is_like(other, pattern));
    }
    // A person took it away since; another purchase, or a review, may have given it again.
    let given = since.map_or(signal.at, |_| change.at);
    if effects::was_taken_away(change.facts, &tag, given) {
        return;
    }
    let expires = match rule.life {
        Life::Kept => None,
        Life::For(length) => Some(change.at + length + STEP),
        Life::While => figure.until.into_iter().chain(season).min(),
    };
    let new = HeldTag::new(change.at, expires, &*rule.name, about.into_iter().collect());
    let signal = || rule.written.follow_up.is_some().then(|| signal.clone());
    let given = tally.tags.entry(tag).or_insert_with(|| Given { held: new.clone(), rule, signal: signal() });
    given.held.give(change.at);
    if given.held.expires.is_some_and(|held| expires.is_none_or(|expires| expires > held)) {
        (given.held.expires, given.held.by, given.rule) = (expires, new.by, rule);
        if sends_each_time(rule) {
            given.signal = signal();
        }
    }
}

/// The tag that a rule gives for a purchase. The day in a name is that of where the customer was then: a tag that is held has it.
fn named(change: &Change<'_>, rule: &Rule, pattern: &str, signal: &Signal) -> Option<TagKey> {
    let tag: TagKey = change.filled(pattern, Some(signal))?.parse().ok()?;
    let Some((before, behind)) = pattern.split_once("{date}") else { return Some(tag) };
    let (before, behind) = (change.filled(before, Some(signal))?, change.filled(behind, Some(signal))?);
    let is_it = |(name, held): &(&TagKey, &HeldTag)| {
        let name = name.as_str();
        *held.by == *rule.name
            && held.since == change.at
            && (name.len(), name.starts_with(&*before), name.ends_with(&*behind)) == (tag.as_str().len(), true, true)
    };
    Some(change.facts.tags.iter().find(is_it).map_or(tag, |(held, _)| held.clone()))
}

/// Whether what the rule asks of the contact held by what purchases before gave, and by the days that they told; of other things by
/// what holds now, and did then.
fn holds(change: &Change<'_>, rule: &Rule, signal: &Signal, purchases: &[OrderFacts], tally: &Tally<'_>) -> bool {
    let holds = &rule.written.holds;
    let knows = |rule: &Rule| signal::is_of_orders(rule) || rule.written.on_date.is_some();
    let stood = |held: &HeldTag| held.since <= change.at && !rule_of(change, &held.by).is_some_and(knows);
    let like = |pattern: &String| {
        let fits = |tag: &TagKey| is_like(tag, pattern);
        tally.tags.keys().any(fits)
            || dates::gave(change.rulebook, change.facts, change.contact, change.at, pattern)
            || change.facts.tags.iter().any(|(tag, held)| fits(tag) && stood(held))
    };
    let never = |name: &String| match name.as_str() {
        "purchase" | "bought" => !tally.seen.contains(name.as_str()),
        other => !change.facts.marks.contains_key(other),
    };
    holds.tags.iter().all(like)
        && (holds.any_tags.is_empty() || holds.any_tags.iter().any(like))
        && !holds.not_tags.iter().any(like)
        && holds.never.iter().all(never)
        && holding::has_bought(rule, purchases, Some(signal), Some(signal.at))
}
