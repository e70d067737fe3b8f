//! How the order book is written: dozens of orders in a few currencies, of a few kinds of things. Each currency and kind stands once,
//! and times count from the first of all.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::kept::OrderFacts;
use crate::domain::{Currency, Duration, Money, Timestamp, plain_number};

/// The order's number, how far it got, when it was paid for, the event that told so; its total and the number of its currency;
/// the numbers of what was bought, and what one piece of each costs (nothing where that is not known any more); when it reached
/// which rank.
#[derive(Deserialize)]
struct Row(
    String,
    u8,
    Option<Duration>,
    i64,
    Total,
    usize,
    Vec<usize>,
    #[serde(default)] Vec<Decimal>,
    #[serde(default)] Vec<(u8, Duration)>,
);

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct Total(#[serde(serialize_with = "plain_number")] Option<Decimal>);

impl Serialize for Row {
    /// Most orders are of long ago, and nothing is known of them at the end: it is left out.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(order, rank, paid, seq, amount, currency, lines, prices, reached) = self;
        match (prices.is_empty(), reached.is_empty()) {
            (true, true) => (order, rank, paid, seq, amount, currency, lines).serialize(serializer),
            (false, true) => (order, rank, paid, seq, amount, currency, lines, prices).serialize(serializer),
            (_, false) => (order, rank, paid, seq, amount, currency, lines, prices, reached).serialize(serializer),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Packed {
    /// The first moment of all.
    f: Timestamp,
    /// Currencies.
    c: Vec<Currency>,
    /// What was bought.
    w: Vec<String>,
    o: Vec<Row>,
    /// Coupons, with the place of their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    p: Vec<(usize, String)>,
    /// How many pieces beyond one of each line, of orders that may be changed, with the place of their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    q: Vec<(usize, u64)>,
}

/// Reads a book as it is written now, or as it was before: a plain list.
struct Book;

impl<'de> Visitor<'de> for Book {
    type Value = Vec<OrderFacts>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an order book")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Packed::deserialize(MapAccessDeserializer::new(map)).map(unpacked)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list))
    }
}

/// The place of something in a list to which it is added where it is new.
fn place<T: PartialEq>(list: &mut Vec<T>, wanted: &T, make: impl Fn(&T) -> T) -> usize {
    list.iter().position(|known| known == wanted).unwrap_or_else(|| {
        list.push(make(wanted));
        list.len() - 1
    })
}

pub(super) fn serialize<S: Serializer>(orders: &[OrderFacts], serializer: S) -> Result<S::Ok, S::Error> {
    let moments = orders.iter().flat_map(|order| order.reached.iter().map(|(_, at)| *at).chain(order.paid));
    let f = moments.min().unwrap_or_default();
    let (mut c, mut w, mut o) = (Vec::new(), Vec::new(), Vec::with_capacity(orders.len()));
    let (mut p, mut q) = (Vec::new(), Vec::new());
    for (number, order) in orders.iter().enumerate() {
        p.extend(order.coupon.clone().map(|coupon| (number, coupon)));
        q.extend((order.more != 0).then_some((number, order.more)));
        let currency = order.total.map_or(0, |total| place(&mut c, &total.currency, |currency| *currency));
        let lines = order.lines.iter().map(|(line, _)| place(&mut w, line, String::clone)).collect();
        let known = order.lines.iter().any(|(_, price)| !price.is_zero());
        let prices = order.lines.iter().filter(|_| known).map(|(_, price)| *price).collect();
        o.push(Row(
            order.order.clone(),
            order.rank,
            order.paid.map(|paid| paid - f),
            order.seq,
            Total(order.total.map(|total| total.amount)),
            currency,
            lines,
            prices,
            order.reached.iter().map(|(rank, at)| (*rank, *at - f)).collect(),
        ));
    }
    Packed { f, c, w, o, p, q }.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<OrderFacts>, D::Error> {
    deserializer.deserialize_any(Book)
}

fn unpacked(packed: Packed) -> Vec<OrderFacts> {
    let Packed { f, c, w, o, p, q } = packed;
    let order = |Row(order, rank, paid, seq, Total(amount), currency, lines, prices, reached): Row| {
        let total = amount.zip(c.get(currency)).map(|(amount, currency)| Money { amount, currency: *currency });
        let line = |(place, line): (usize, &usize)| {
            Some((w.get(*line)?.clone(), prices.get(place).copied().unwrap_or_default()))
        };
        OrderFacts {
            order,
            rank,
            paid: paid.map(|paid| f + paid),
            seq,
            total,
            lines: lines.iter().enumerate().filter_map(line).collect(),
            more: 0,
            coupon: None,
            reached: reached.into_iter().map(|(rank, at)| (rank, f + at)).collect(),
        }
    };
    let mut orders: Vec<OrderFacts> = o.into_iter().map(order).collect();
    for (place, coupon) in p {
        if let Some(order) = orders.get_mut(place) {
            order.coupon = Some(coupon);
        }
    }
    for (place, more) in q {
        if let Some(order) = orders.get_mut(place) {
            order.more = more;
        }
    }
    orders
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::rulebook::Facts;

    #[test]
    fn orders_come_back_as_they_were_written() {
        let total = |amount: &str, currency| Some(Money { amount: amount.parse().unwrap(), currency });
        let line = |key: &str, price: &str| (key.to_owned(), price.parse::<Decimal>().unwrap());
        let orders = vec![
            OrderFacts {
                order: "A-1".into(),
                rank: 4,
                paid: Some(Timestamp(1_772_000_000_000)),
                seq: 7,
                total: total("12.50", Currency::USD),
                lines: vec![line("food", "0")],
                ..OrderFacts::default()
            },
            OrderFacts {
                order: "A-2".into(),
                rank: 1,
                paid: Some(Timestamp(1_772_000_500_000)),
                seq: 9,
                total: total("300", "CNY".parse().unwrap()),
                lines: vec![line("food/tea", "100"), line("food", "200")],
                coupon: Some("SPRING".into()),
                reached: vec![(0, Timestamp(1_771_999_000_000)), (1, Timestamp(1_772_000_500_000))],
                ..OrderFacts::default()
            },
            OrderFacts { order: "A-3".into(), ..OrderFacts::default() },
            OrderFacts { order: "A-4".into(), more: 12, ..OrderFacts::default() },
        ];
        let facts = Facts { orders: orders.clone(), ..Facts::default() };
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(json.matches("\"food\"").count(), 1, "each kind stands once: {json}");
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
        // As it was written before.
        let plain = format!(r#"{{"orders":{}}}"#, serde_json::to_string(&orders[..3]).unwrap());
        assert_eq!(serde_json::from_str::<Facts>(&plain).unwrap().orders, orders[..3]);
    }
}
