//! What counts as one (decisions, "Counting"): bursts of messages, conversations, clicks that are repeated, receipts, and the
//! states of an order. What arrives late takes its own place and does not disturb what is under way.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::facts::{Facts, OrderFacts};
use crate::domain::{CaseEvent, ClickEvent, Duration, Money, OrderEvent, OrderState, Rates, Timestamp};

/// Messages this close behind each other are one burst…
const BURST_GAP: Duration = Duration::seconds(60);
/// …of at most this length.
const BURST_LENGTH: Duration = Duration::minutes(5);
/// Clicks on one link this close behind each other are one.
const CLICK_GAP: Duration = Duration::seconds(60);
/// A conversation ends after this silence (G-5).
pub(super) const CONVERSATION_GAP: Duration = Duration::hours(6);
/// Orders, links and receipts that are remembered; older ones no longer move.
const REMEMBERED: usize = 24;

/// The burst that a message belongs to, by where it began, and whether the message is its first.
pub(super) fn burst(facts: &mut Facts, at: Timestamp) -> (Timestamp, bool) {
    match facts.burst {
        Some((start, last)) if at >= start && at - last < BURST_GAP && at - start <= BURST_LENGTH => {
            facts.burst = Some((start, last.max(at)));
            (start, false)
        }
        Some((start, _)) if at < start => match start - at < BURST_GAP {
            true => (start, false),
            false => (at, true),
        },
        _ => {
            facts.burst = Some((at, at));
            (at, true)
        }
    }
}

/// Takes a message into its conversation; whether it begins one.
pub(super) fn begins_conversation(facts: &mut Facts, at: Timestamp) -> bool {
    match facts.conversation {
        Some((begun, last)) if at >= begun && at - last <= CONVERSATION_GAP => {
            facts.conversation = Some((begun, last.max(at)));
            false
        }
        Some((begun, last)) if at < begun => {
            let joins = begun - at <= CONVERSATION_GAP;
            if joins {
                facts.conversation = Some((at, last));
            }
            !joins
        }
        _ => {
            facts.conversation = Some((at, at));
            true
        }
    }
}

/// Whether a click counts: the same link within a minute of the last time that it did is the same click.
pub(super) fn is_new_click(facts: &mut Facts, click: &ClickEvent, at: Timestamp) -> bool {
    let parts =
        [Some(click.link.as_str()), click.product.as_deref(), click.category.as_deref(), click.quote.as_deref()];
    let link = fingerprint(parts.into_iter().flat_map(|part| part.unwrap_or("-").bytes().chain([0])));
    let near = |(other, last): &(u32, Timestamp)| *other == link && (at - *last).max(*last - at) <= CLICK_GAP;
    if facts.opened.iter().any(near) {
        return false;
    }
    facts.opened.push((link, at));
    forget(&mut facts.opened);
    true
}

/// Whether a receipt counts: a message is read once.
pub(super) fn is_first_read(facts: &mut Facts, message: &str) -> bool {
    let message = fingerprint(message.bytes());
    if facts.read.contains(&message) {
        return false;
    }
    facts.read.push(message);
    forget(&mut facts.read);
    true
}

/// What is new about an order.
pub(super) struct OrderMove {
    /// The order as it is known by now, also where this state came without total and lines.
    pub(super) order: OrderFacts,
    /// It is paid for, and was not known to be before.
    pub(super) won: bool,
    /// By how many per cent it exceeds the largest order before; none for a first order (G-10).
    pub(super) over_record: Option<i64>,
}

/// Takes in a state of an order. `None` if the order got further already: an older state that arrives later changes nothing.
pub(super) fn order_moves(facts: &mut Facts, event: &OrderEvent, rates: &Rates) -> Option<OrderMove> {
    let place = facts.orders.iter().position(|order| order.order == event.order);
    let mut order = match place {
        Some(place) => facts.orders.remove(place),
        None => OrderFacts { order: event.order.clone(), ..OrderFacts::default() },
    };
    if order.lines.is_empty() {
        order.lines = event.lines.iter().map(|line| (line.category.clone(), line.price)).collect();
    }
    let total = event.total.zip(event.currency).map(|(amount, currency)| Money { amount, currency });
    order.total = order.total.or(total);
    order.coupon = order.coupon.or_else(|| event.coupon.clone());
    let (before, rank) = (order.rank, rank(event.state));
    let moves = rank > before;
    order.rank = before.max(rank);
    let paid = (PAID..CANCELLED).contains(&rank) && before < PAID;
    let over_record = order.total.filter(|_| paid).and_then(|total| beats_record(facts, total, rates));
    let moved = moves.then(|| OrderMove { order: order.clone(), won: paid, over_record });
    facts.orders.push(order);
    forget(&mut facts.orders);
    moved
}

/// By how many per cent an order exceeds the record, which it then is.
fn beats_record(facts: &mut Facts, total: Money, rates: &Rates) -> Option<i64> {
    let Some(record) = facts.record else {
        facts.record = Some(total);
        return None;
    };
    let amount = rates.convert(total, record.currency)?;
    if amount <= record.amount || record.amount <= Decimal::ZERO {
        return None;
    }
    facts.record = Some(total);
    ((amount - record.amount) * Decimal::ONE_HUNDRED / record.amount).floor().to_i64()
}

/// Takes in a case; how many of its kind are open then.
pub(super) fn open_cases(facts: &mut Facts, event: &CaseEvent) -> usize {
    facts.cases.retain(|(kind, case)| (kind, case) != (&event.kind, &event.case));
    if event.action == "opened" {
        facts.cases.push((event.kind.clone(), event.case.clone()));
        forget(&mut facts.cases);
    }
    facts.cases.iter().filter(|(kind, _)| *kind == event.kind).count()
}

const PAID: u8 = 2;
const CANCELLED: u8 = 6;

/// How far a state is along the way of an order; 0 is none.
fn rank(state: OrderState) -> u8 {
    match state {
        OrderState::Placed => 1,
        OrderState::Paid => PAID,
        OrderState::Shipped => 3,
        OrderState::Delivered => 4,
        OrderState::Completed => 5,
        OrderState::Cancelled => CANCELLED,
        OrderState::Returned => 7,
    }
}

fn forget<T>(list: &mut Vec<T>) {
    let excess = list.len().saturating_sub(REMEMBERED);
    list.drain(..excess);
}

/// FNV-1a, 32 bits: the same on every machine, and short to store.
fn fingerprint(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
