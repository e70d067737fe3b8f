//! The order book: how far each order of a customer got. Every figure over purchases is counted from it, so that an order that
//! is cancelled or returned is out of all of them; rules about the states of orders look at each order for itself.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::change::Change;
use super::facts::Facts;
use super::holding::{as_pattern, holds};
use super::kept::{NAMED, OrderFacts};
use super::rule::{Life, Ranks, Rule};
use super::signal::{Signal, slug};
use super::{Rulebook, STEP};
use crate::domain::{Consequence, Duration, Event, Money, OrderEvent, OrderLine, PageEvent, Rates, Timestamp};

/// Orders that are remembered with prices and times…
const WHOLE: usize = 24;
/// …and those of which only day, total and what was bought are; older ones are forgotten.
const REMEMBERED: usize = 96;

/// What is new about an order.
pub(super) struct OrderMove {
    /// The order as it is known by now, also where this state came without total and lines.
    pub(super) order: OrderFacts,
    /// It got further than it was known to be.
    pub(super) is_further: bool,
    /// It is paid for, and was not known to be before.
    pub(super) won: bool,
    /// It was known to be paid for, and its total or its coupon is told only now…
    pub(super) filled: bool,
    /// …or what was bought.
    pub(super) lines_filled: bool,
    /// By how many per cent it exceeds the largest order before; none for a first order (G-10).
    pub(super) over_record: Option<i64>,
}

/// Takes in a state of an order. `None` if the order got further already, and nothing was missing of it: an older state that arrives
/// later moves nothing.
pub(super) fn take_in(rulebook: &Rulebook, facts: &mut Facts, event: &Event, told: &OrderEvent) -> Option<OrderMove> {
    let place = facts.orders.iter().position(|order| order.order == told.order);
    let mut order = match place {
        Some(place) => facts.orders.remove(place),
        None => OrderFacts { order: told.order.clone(), ..OrderFacts::default() },
    };
    let (had_lines, had) = (!order.lines.is_empty(), (order.total.is_some(), order.coupon.is_some()));
    fill(rulebook, &mut order, event, told);
    let (before, rank) = (order.rank, told.state.rank());
    let won = told.state.is_paid() && order.paid.is_none();
    let was_paid = order.paid.is_some();
    if told.state.is_paid() && order.paid.is_none_or(|paid| event.at < paid) {
        (order.paid, order.seq) = (Some(event.at), event.seq);
    }
    if order.paid.is_some() || told.state.is_undone() {
        order.more = 0;
    }
    if !order.reached.iter().any(|(known, _)| *known == rank) {
        order.reached.push((rank, event.at));
    }
    order.rank = before.max(rank);
    let was_purchase = was_paid && order.is_purchase();
    let filled = was_purchase && had != (order.total.is_some(), order.coupon.is_some());
    let lines_filled = was_purchase && !had_lines && !order.lines.is_empty();
    let others = facts.orders.iter().filter(|other| other.is_purchase());
    let over_record = if won || filled && !had.0 { over_record(others, &order, &rulebook.rates) } else { None };
    let (is_further, won) = (rank > before, won && order.is_purchase());
    let moves = is_further || filled || lines_filled;
    let moved = moves.then(|| OrderMove { order: order.clone(), is_further, won, filled, lines_filled, over_record });
    facts.orders.push(order);
    forget(&mut facts.orders);
    moved
}

/// Takes in what a state of an order tells of its total, its lines and its coupon.
fn fill(rulebook: &Rulebook, order: &mut OrderFacts, event: &Event, told: &OrderEvent) {
    // Until it is paid for it may be changed; what it held then stands.
    let is_last = order.paid.is_none() && order.reached.iter().all(|(_, at)| *at <= event.at);
    let (lines, more) = (bought(rulebook, &told.lines), more(&told.lines));
    let is_changed =
        is_last && !lines.is_empty() && !order.lines.is_empty() && (lines != order.lines || more != order.more);
    let known = order.total.filter(|_| !is_changed);
    // A state that comes later without a currency is in the one of the order.
    let currency = told.currency.or(order.total.map(|total| total.currency));
    let total = Money::told(told.total, currency, rulebook.currency);
    // Nothing, where something was told before, is a field that was left empty.
    let total = total.filter(|total| !total.amount.is_zero() || known.is_none());
    order.total = if is_last { total.or(known) } else { known.or(total) };
    order.total = order.total.or(Money::told(total_of(&told.lines), currency, rulebook.currency));
    if is_changed || order.lines.is_empty() {
        (order.lines, order.more) = (lines, more);
    }
    order.coupon = order.coupon.take().or_else(|| told.coupon.clone());
}

/// What was ordered, each thing once, and what one piece costs, the dearest where there are several prices: by product key, or by
/// category and name where no key is told and the shop knows none.
fn bought(rulebook: &Rulebook, lines: &[OrderLine]) -> Vec<(String, Decimal)> {
    let is_same = |one: &OrderLine, other: &OrderLine| one.category == other.category && one.product == other.product;
    let key = |line: &OrderLine| match (rulebook.known_key(&line.product, Some(&line.category)), slug(&line.product)) {
        (Some(key), _) => key.to_owned(),
        (None, name) if !name.is_empty() && !line.category.contains('/') => format!("{}/{NAMED}{name}", line.category),
        _ => line.category.clone(),
    };
    let mut things: Vec<(&OrderLine, Decimal)> = Vec::with_capacity(lines.len());
    for line in lines {
        match things.iter_mut().find(|(known, _)| is_same(known, line)) {
            Some((_, price)) => *price = line.price.max(*price),
            None => things.push((line, line.price)),
        }
    }
    things.into_iter().map(|(line, price)| (key(line), price)).collect()
}

/// What came of a page while it was viewed, and of the visit: a payment is told before the page is left that led to it, and says
/// that whoever lingered there has decided.
pub(super) fn meanwhile(orders: &[OrderFacts], page: &PageEvent, seen: Signal) -> Signal {
    let visit = page.visit_seconds.unwrap_or(0).max(page.seconds);
    let within = |at: Timestamp, seconds: i64| (seen.at - Duration::seconds(seconds)..=seen.at).contains(&at);
    let placed = |order: &OrderFacts| order.reached.first().map(|(_, at)| *at);
    let is_near = |order: &&OrderFacts| [order.paid, placed(order)].iter().flatten().any(|at| within(*at, visit));
    // Of many orders hardly one is of this visit.
    let near: Vec<&OrderFacts> = orders.iter().filter(is_near).collect();
    let paid = |seconds: i64| {
        let purchases = near.iter().filter(|order| order.is_purchase());
        purchases.filter(move |order| order.paid.is_some_and(|paid| within(paid, seconds)))
    };
    let is_it = |(line, _): &(String, Decimal)| {
        let thing = as_pattern(line).split_once('/').map(|(_, product)| product.to_owned());
        thing.is_some() && thing.as_deref() == seen.field("product")
    };
    let mut fields = Vec::new();
    if paid(page.seconds).next().is_some() {
        fields.push(("ordered", "paid"));
    } else if near.iter().any(|order| placed(order).is_some_and(|at| within(at, page.seconds))) {
        fields.push(("ordered", "placed"));
    }
    // What an order without lines holds is not known.
    if paid(page.seconds).any(|order| order.lines.is_empty() || order.lines.iter().any(is_it)) {
        fields.push(("bought", "yes"));
    }
    if paid(visit).next().is_some() {
        fields.push(("visit", "bought"));
    }
    fields.into_iter().fold(seen, |seen, (field, value)| seen.with(field, value))
}

/// How many pieces there are beyond one of each line.
fn more(lines: &[OrderLine]) -> u64 {
    let beyond = |line: &OrderLine| pieces(line).ceil().to_u64().unwrap_or(u64::MAX).saturating_sub(1);
    lines.iter().map(beyond).fold(0, u64::saturating_add)
}

/// How much there is of a line: pieces, or by weight.
fn pieces(line: &OrderLine) -> Decimal {
    line.quantity.unwrap_or(Decimal::ONE)
}

/// What the lines of an order come to, where its total is not told. Prices of nothing are not known.
fn total_of(lines: &[OrderLine]) -> Option<Decimal> {
    let price = |line: &OrderLine| line.price.checked_mul(pieces(line));
    let total = lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(price(line)?))?;
    Some(total).filter(|total| !total.is_zero())
}

/// Keeps the book small: of older orders less is known.
fn forget(orders: &mut Vec<OrderFacts>) {
    let excess = orders.len().saturating_sub(REMEMBERED);
    orders.drain(..excess);
    let old = orders.len().saturating_sub(WHOLE);
    for order in orders[..old].iter_mut().filter(|order| !is_half_forgotten(order)) {
        order.reached.clear();
        for (_, price) in &mut order.lines {
            *price = Decimal::ZERO;
        }
        order.lines.dedup();
    }
}

/// Whether the times of an order and the prices of what was bought are known no more.
pub(super) fn is_half_forgotten(order: &OrderFacts) -> bool {
    order.reached.is_empty()
}

/// Until when purchases may be forgotten altogether.
pub(super) fn forgotten_until(orders: &[OrderFacts]) -> Option<Timestamp> {
    orders.first().filter(|_| orders.len() >= REMEMBERED)?.paid
}

/// Those whose times are known.
pub(super) fn newest(orders: &[OrderFacts]) -> &[OrderFacts] {
    &orders[orders.len().saturating_sub(WHOLE)..]
}

/// By how many per cent an order exceeds the largest of the others.
pub(super) fn over_record<'o>(
    others: impl Iterator<Item = &'o OrderFacts>,
    order: &OrderFacts,
    rates: &Rates,
) -> Option<i64> {
    let total = order.total?;
    let in_its_currency = |other: &OrderFacts| rates.convert(other.total?, total.currency);
    let record = others.filter_map(in_its_currency).max().filter(|record| *record > Decimal::ZERO)?;
    let over = total.amount.checked_sub(record)?.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(record)?;
    (over > Decimal::ZERO).then(|| over.floor().to_i64())?
}

/// The signals of a purchase: its lines, and the order.
pub(super) fn signals(order: &OrderFacts, over_record: Option<i64>) -> Vec<Signal> {
    let at = order.paid.unwrap_or_default();
    let signal = |name| Signal::of_moment(name, at, order.seq).with("order", order.order.as_str());
    let mut signals: Vec<Signal> = Vec::with_capacity(order.lines.len() + 1);
    for (index, (line, price)) in order.lines.iter().enumerate() {
        let before = order.lines[..index].iter().filter(|(other, _)| other == line).count();
        let mut bought = of_line(signal("bought"), line);
        // Of one product key those are several things that have several names.
        if let Some(thing) = bought.field("product").map(|product| format!("{product} {before}")) {
            bought = bought.with("thing", thing);
        }
        bought.money = order.total.map(|total| Money { amount: *price, ..total });
        signals.push(bought);
    }
    let mut purchase = signal("purchase");
    purchase.money = order.total;
    purchase.numbers.extend(over_record.map(|percent| ("over_record", percent)));
    if order.lines.is_empty() {
        purchase = purchase.with("lines", "none");
    }
    signals.push(match &order.coupon {
        Some(coupon) => purchase.with("coupon", coupon.as_str()),
        None => purchase,
    });
    signals
}

/// A signal about a line of an order.
pub(super) fn of_line(signal: Signal, line: &str) -> Signal {
    match line.split_once('/').and_then(|(category, product)| Some((category, product.strip_prefix(NAMED)?))) {
        Some((category, name)) => signal.of(category).with("product", name).with("named", "yes"),
        None => signal.of(line),
    }
}

/// Whether a field of the signal of a purchase, or of one line of it, has a value: what [`signals`] makes, without making them.
pub(super) fn has(order: &OrderFacts, line: Option<&str>, field: &str, value: &str) -> bool {
    let (category, product) = line.map(|line| line.split_once('/').unwrap_or((line, ""))).unwrap_or_default();
    let product = product.strip_prefix(NAMED).unwrap_or(product);
    let hyphened = |byte: u8| if byte == b'_' { b'-' } else { byte };
    let is_hyphened = |text: &str| text.bytes().map(hyphened).eq(value.bytes());
    match field {
        "order" => order.order == value,
        "category" => line.is_some() && is_hyphened(category),
        "product" => !product.is_empty() && is_hyphened(product),
        "coupon" => line.is_none() && order.coupon.as_deref() == Some(value),
        _ => false,
    }
}

/// Since when an order stands where a rule about states wants it, and has done so for long enough.
pub(super) fn due(rule: &Rule, order: &OrderFacts) -> Option<Timestamp> {
    if !rule.order_ranks.contains(order.rank) {
        return None;
    }
    let reached = order.reached.iter().filter(|(rank, _)| rule.order_ranks.contains(*rank)).map(|(_, at)| *at).min()?;
    let waits = rule.written.any_order.as_ref().is_some_and(|any| any.longer_than.is_some());
    Some(if waits { reached + rule.order_for + STEP } else { reached })
}

/// Where orders stand: most rules want none of that, and need not look at each order.
fn ranks(orders: &[OrderFacts]) -> Ranks {
    newest(orders).iter().map(|order| order.rank).collect()
}

/// When the next order will have stood somewhere for long enough.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    let ranks = ranks(&facts.orders);
    let rules = rulebook.of_orders.iter().map(|index| &rulebook.rules[*index]);
    rules
        .filter(|rule| rule.order_ranks.meet(ranks))
        .flat_map(|rule| {
            let told = facts.waited.get(&*rule.name).copied();
            newest(&facts.orders)
                .iter()
                .filter_map(|order| due(rule, order))
                .filter(move |due| told.is_none_or(|told| *due > told))
        })
        .min()
}

/// An order that stands where a rule wants it: since when for long enough, the event that it was paid with, and its number.
type Standing = (Timestamp, i64, String);

/// Looks at all orders with the rules about their states. A rule tells once of an order; its tag goes when no order is there
/// any more, what it planned without one when that order is not. `signals` are those of the event.
pub(super) fn look(change: &mut Change<'_>, signals: &[Signal]) {
    if change.facts.orders.is_empty() {
        return;
    }
    let rulebook = change.rulebook;
    let moved = signals.iter().find(|signal| signal.name == "order").and_then(|signal| signal.field("order"));
    if moved.is_some() {
        forget_old(rulebook, change.facts);
    }
    let ranks = ranks(&change.facts.orders);
    for rule in rulebook.of_orders.iter().map(|index| &rulebook.rules[*index]) {
        // Of most rules no order is there, nor was.
        if moved.is_none() && !rule.order_ranks.meet(ranks) && !told_of_any(rule, change.facts) {
            continue;
        }
        let told = change.facts.waited.get(&*rule.name).copied();
        let (newest, mut news) = match rule.order_ranks.meet(ranks) {
            true => standing(rule, change.facts, told, change.now),
            false => (None, Vec::new()),
        };
        if news.is_empty() {
            news.extend(told_late(rule, change.facts, moved).filter(|(due, ..)| told >= Some(*due)));
        }
        if rule.written.about.is_some() {
            let_go(change, rule, moved);
        } else {
            // What is not kept apart is told of the newest.
            news.drain(..news.len().saturating_sub(1));
        }
        if let Some((due, ..)) = news.last() {
            change.facts.waited.insert(rule.name.to_string(), told.max(Some(*due)).unwrap_or(*due));
        } else if rule.written.about.is_none() {
            match newest {
                None => change.take_back(rule, "no order of theirs is there any more"),
                Some(newest) if moved.is_some() => lives_from(change, rule, newest),
                Some(_) => {}
            }
            if let Some(told) = told.filter(|_| rule.written.tag.is_none()) {
                unplan_of_gone(change, rule, told, newest);
            }
        }
        for (due, seq, order) in news {
            let signal = Signal::of_moment("order", due, seq).with("order", order);
            if holds(rule, change.facts, Some(&signal)) {
                change.at = due;
                change.apply(rule, Some(&signal), &states_text(rule), &[seq]);
                change.at = change.now;
            }
        }
    }
}

/// Whether a rule holds a tag, or where it gives none has told, of an order.
fn told_of_any(rule: &Rule, facts: &Facts) -> bool {
    match &rule.written.tag {
        Some(tag) => facts.tags.get(tag.get_ref().as_str()).is_some_and(|held| held.by == *rule.name),
        None => facts.waited.contains_key(&*rule.name),
    }
}

/// Since when the newest order stands where a rule wants it, and all that came to stand there since the rule told last, in order of time.
fn standing(rule: &Rule, facts: &Facts, told: Option<Timestamp>, now: Timestamp) -> (Option<Timestamp>, Vec<Standing>) {
    let (mut last, mut news) = (None, Vec::new());
    for order in newest(&facts.orders) {
        let Some(due) = due(rule, order).filter(|due| *due <= now) else { continue };
        last = last.max(Some(due));
        if told.is_none_or(|told| due > told) {
            news.push((due, order.seq, order.order.clone()));
        }
    }
    news.sort();
    (last, news)
}

/// A rule's tag lives no longer than by the newest order that is there: the one that gave it last may be there no more.
fn lives_from(change: &mut Change<'_>, rule: &Rule, newest: Timestamp) {
    let Life::For(length) = rule.life else { return };
    let own = rule.written.tag.as_ref().and_then(|tag| change.facts.tags.get_mut(tag.get_ref().as_str()));
    let until = Some(newest + length + STEP);
    if let Some(held) = own.filter(|held| held.by == *rule.name && held.expires > until) {
        held.expires = until;
    }
}

/// Of a tag that is kept for each order and not taken from any of them, the latest are enough.
fn forget_old(rulebook: &Rulebook, facts: &mut Facts) {
    let of_order = |rule: &&Rule| rule.written.about.as_deref() == Some("order");
    for held in facts.tags.values_mut().filter(|held| held.about.len() > WHOLE) {
        if rulebook.rules.iter().filter(of_order).any(|rule| *rule.name == *held.by) {
            held.about.drain(..held.about.len() - WHOLE);
        }
    }
}

/// Of a rule that keeps orders apart: its tag is not about those any more that are not there, or have been for as long as the tag
/// lives, and what it planned for the one that moved away just now is not wanted.
fn let_go(change: &mut Change<'_>, rule: &Rule, moved: Option<&str>) {
    let now = change.now;
    let Facts { orders, tags, .. } = &mut *change.facts;
    let since = |number: &str| {
        let order = newest(orders).iter().rev().find(|order| order.order == number)?;
        due(rule, order)
    };
    let lives = |since: Timestamp| !matches!(rule.life, Life::For(length) if since + length < now);
    let own = rule.written.tag.as_ref().and_then(|tag| tags.get_mut(tag.get_ref().as_str()));
    let mut is_over = false;
    if let Some(held) = own.filter(|held| held.by == *rule.name && !held.about.is_empty()) {
        let mut last = None;
        held.about.retain(|order| {
            let since = since(order).filter(|since| lives(*since));
            last = last.max(since);
            since.is_some()
        });
        is_over = held.about.is_empty();
        if let (Life::For(length), Some(last)) = (rule.life, last) {
            held.expires = Some(last + length + STEP);
        }
    }
    let stood = |order: &&OrderFacts| order.reached.iter().any(|(rank, _)| rule.order_ranks.contains(*rank));
    let gone = orders.last().filter(|order| Some(&*order.order) == moved && since(&order.order).is_none());
    let gone = gone.filter(stood).map(|order| order.order.clone()).filter(|_| rule.written.follow_up.is_some());
    if let Some(order) = gone {
        change.out.push(Consequence::CancelFollowUps { rule: rule.name.clone(), order: Some(order) });
    }
    if is_over {
        change.take_back(rule, "no order of theirs is there any more");
    }
}

/// The order that moved just now, if it stands where a rule wants it since then, and does so for long enough.
fn told_late(rule: &Rule, facts: &Facts, moved: Option<&str>) -> Option<Standing> {
    let order = facts.orders.last().filter(|order| Some(&*order.order) == moved)?;
    let is_new = order.reached.iter().filter(|(rank, _)| rule.order_ranks.contains(*rank)).count() == 1;
    Some((due(rule, order).filter(|_| is_new)?, order.seq, order.order.clone()))
}

/// What a rule without a tag planned is not wanted when the order that it told of last is there no more: no word about what was
/// sent back.
fn unplan_of_gone(change: &mut Change<'_>, rule: &Rule, told: Timestamp, newest: Option<Timestamp>) {
    if newest == Some(told) {
        return;
    }
    change.unplan(&rule.name);
    match newest {
        Some(newest) => change.facts.waited.insert(rule.name.to_string(), newest),
        None => change.facts.waited.remove(&*rule.name),
    };
}

pub(super) fn states_text(rule: &Rule) -> String {
    let states = rule.written.any_order.iter().flat_map(|any| any.state.iter()).collect::<Vec<_>>().join(" or ");
    match rule.order_for.0 {
        0 => format!("an order is {states}"),
        _ => format!("an order is {states} for more than {}", rule.order_for),
    }
}
