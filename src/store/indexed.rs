//! What the fold's transaction keeps beside the state, so that segments are counted without reading one.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::{Currency, Event, EventBody, MOST_OF_A_SUM, Money, OrderEvent, OrderLine, OrderState, Timestamp};

/// What one fold changed of what segments ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Indexed {
    /// The state was made anew: `tags` are all that are held, whatever stood there before.
    pub anew: bool,
    /// Tags that are held now and were not before, or since another time.
    pub tags: Vec<(String, Timestamp)>,
    /// Tags that are not held any more.
    pub gone: Vec<String>,
    /// Fields, where one of them changed.
    pub profile: Option<Profile>,
    /// Orders that were told of.
    pub orders: Vec<OrderRow>,
}

/// Fields of a contact. 0 is never, empty is unknown, -1 is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table of profiles")]
pub struct Profile {
    pub country: String,
    pub language: String,
    pub colour: i64,
    pub heat: i64,
    pub stage: i64,
    pub first_at: i64,
    pub interaction_at: i64,
    pub inbound_at: i64,
    pub opted_out: bool,
    pub opted_out_at: i64,
    /// Messages that are planned, and when the first of them is looked at.
    pub planned: i64,
    pub plan_at: i64,
}

/// An order as far as these events tell of it; the table keeps the furthest state, and what was told first of sum and lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table of orders")]
pub struct OrderRow {
    pub number: String,
    pub rank: i64,
    pub placed_at: Timestamp,
    /// When it was first told that it was made; what is told only of its later way makes none.
    pub ordered_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    pub total: Option<i64>,
    pub currency: Option<String>,
    pub items: Vec<String>,
}

impl OrderRow {
    /// Whether it was paid for and not taken back.
    pub fn is_purchase(&self) -> bool {
        self.paid_at.is_some() && self.rank < OrderState::Cancelled as i64
    }
}

/// Sums are stored in ten-thousandths of the main unit: exact, and no sum of them is rounded.
pub const UNIT: i64 = 10_000;

/// The orders that these events tell of, each once. Sums that name no currency are in the shop's.
pub fn orders<'a>(events: impl Iterator<Item = &'a Event>, currency: Currency) -> Vec<OrderRow> {
    let mut rows: Vec<OrderRow> = Vec::new();
    for event in events {
        let EventBody::Order(order) = &event.body else { continue };
        let row = row(order, event.at, currency);
        match rows.iter_mut().find(|known| known.number == row.number) {
            Some(known) => join(known, row),
            None => rows.push(row),
        }
    }
    rows
}

fn row(order: &OrderEvent, at: Timestamp, currency: Currency) -> OrderRow {
    let sum = Money::told(order.total, order.currency, currency);
    let mut items: Vec<String> = order.lines.iter().flat_map(names).collect();
    items.sort_unstable();
    items.dedup();
    OrderRow {
        number: order.order.clone(),
        rank: order.state as i64,
        placed_at: at,
        ordered_at: matches!(order.state, OrderState::Placed | OrderState::Paid | OrderState::Completed).then_some(at),
        paid_at: order.state.is_paid().then_some(at),
        total: sum.and_then(|sum| scaled(sum.amount)),
        currency: sum.map(|sum| sum.currency.code().to_owned()),
        items,
    }
}

/// The same order told of twice; the table joins rows in the same way.
fn join(known: &mut OrderRow, row: OrderRow) {
    known.rank = known.rank.max(row.rank);
    known.placed_at = known.placed_at.min(row.placed_at);
    known.ordered_at = known.ordered_at.into_iter().chain(row.ordered_at).min();
    known.paid_at = known.paid_at.into_iter().chain(row.paid_at).min();
    // As in the rules' order book: what was told first of sum and lines stands.
    if known.total.is_none() {
        (known.total, known.currency) = (row.total, row.currency);
    }
    if known.items.is_empty() {
        known.items = row.items;
    }
}

/// Names under which a line can be asked for: product, product key, its category and its last part.
fn names(line: &OrderLine) -> Vec<String> {
    // A rule's tag has hyphens for underscores; whoever asks may write either.
    let key = line.category.to_lowercase().replace('_', "-");
    let mut names = vec![line.product.to_lowercase(), key.clone()];
    names.extend(key.split('/').map(str::to_owned));
    names.retain(|name| !name.is_empty());
    names
}

/// A sum in ten-thousandths; `None` if it is beyond all money. What is larger than any sum is taken today is as much as the largest, so
/// that adding up stays in reach.
pub fn scaled(amount: Decimal) -> Option<i64> {
    let most = MOST_OF_A_SUM * UNIT;
    Some(amount.checked_mul(Decimal::from(UNIT))?.round().to_i64()?.clamp(-most, most))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn an_order_told_of_in_pieces_is_one_row() {
        let event = |at: i64, json: &str| Event {
            seq: at,
            at: Timestamp(at),
            received: Timestamp(at),
            body: serde_json::from_str(json).unwrap(),
        };
        let events = [
            event(
                10,
                r#"{"event":"order","order":"1","state":"placed","total":49.9,"currency":"USD",
                "lines":[{"product":"P-1","category":"electronics/coffee_machine","price":49.9}]}"#,
            ),
            event(20, r#"{"event":"order","order":"1","state":"shipped"}"#),
            event(15, r#"{"event":"order","order":"1","state":"paid"}"#),
        ];
        let rows = orders(events.iter(), Currency::USD);
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!((row.rank, row.placed_at.0, row.paid_at.unwrap().0, row.total), (2, 10, 15, Some(499_000)));
        assert_eq!(row.items, ["coffee-machine", "electronics", "electronics/coffee-machine", "p-1"]);
    }
}
