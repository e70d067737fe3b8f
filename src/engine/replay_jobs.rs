//! The jobs over all contacts in the world of a timeline: its contacts are all that there are. They are due when they are due
//! live, in the shop's time zone.

use std::collections::BTreeMap;

use super::fold::Knowledge;
use super::jobs::distribute;
use crate::domain::{Duration, Event, EventBody, Every, Money, Period, Timestamp};
use crate::statistics::{Cuts, Purchases, cut_place};
use crate::store::{OrderRow, UNIT, orders, scaled};

/// Live, a job begins within this time of the end of its period.
pub(super) const DELAY: Duration = Duration::seconds(1);

/// When the next jobs are due that tell contacts something.
pub(super) fn next(after: Timestamp, knowledge: &Knowledge) -> Timestamp {
    Every::Quarter.next_end(after, knowledge.shop.zone)
}

/// What is known of one contact of the world.
pub(super) struct Known<'a> {
    pub(super) orders: &'a [Event],
}

/// What the jobs that are due at that moment tell each of the contacts, in their order.
pub(super) fn count(knowledge: &Knowledge, due: Timestamp, contacts: &[Known<'_>]) -> Vec<Vec<EventBody>> {
    let period = Every::Quarter.last_ended(due, knowledge.shop.zone);
    let told = customers(knowledge, &period, contacts).into_iter();
    let event = |values| distribute::figures("customers", &period, values);
    told.map(|values| values.map(event).into_iter().collect()).collect()
}

/// The job `customers`. What was told a quarter ago is made up for: who fell out since hears of it.
fn customers(knowledge: &Knowledge, period: &Period, contacts: &[Known<'_>]) -> Vec<Option<BTreeMap<String, String>>> {
    let parameters = &knowledge.statistics.customers;
    let bought: Vec<Option<Purchases>> = contacts
        .iter()
        .map(|contact| purchases(knowledge, period, &orders(contact.orders.iter()), parameters.window))
        .collect();
    let buyers: Vec<&Purchases> = bought.iter().flatten().filter(|bought| bought.count > 0).collect();
    let total = buyers.len() as i64;
    if total < parameters.least {
        return contacts.iter().map(|_| None).collect();
    }
    let cuts = Cuts::wanted(parameters).map(|(figure, shares)| {
        let mut sorted: Vec<i64> = buyers.iter().map(|bought| figure.of(bought)).collect();
        sorted.sort_unstable();
        let place = |share: &i64| sorted.get(usize::try_from(cut_place(*share, total)?).ok()?).copied();
        shares.iter().filter_map(place).collect()
    });
    let cuts = Cuts::new(cuts);
    bought.iter().map(|bought| Some(cuts.figures(bought.as_ref()?, parameters))).collect()
}

/// What counts of a contact's orders; `None` for who bought nothing since the window of the quarter before.
fn purchases(knowledge: &Knowledge, period: &Period, orders: &[OrderRow], window: Duration) -> Option<Purchases> {
    let reach = period.from - window;
    orders.iter().filter_map(|order| order.paid_at).max().filter(|paid| *paid >= reach)?;
    let mut bought = Purchases::default();
    for order in orders.iter().filter(|order| order.is_purchase()) {
        let Some(paid) = order.paid_at.filter(|paid| *paid >= period.until - window && *paid < period.until) else {
            continue;
        };
        bought.count += 1;
        bought.last = bought.last.max(paid.0);
        bought.sum += in_shops_currency(knowledge, order).unwrap_or(0);
    }
    Some(bought)
}

fn in_shops_currency(knowledge: &Knowledge, order: &OrderRow) -> Option<i64> {
    let amount = rust_decimal::Decimal::from(order.total?) / rust_decimal::Decimal::from(UNIT);
    let sum = Money { amount, currency: order.currency.as_deref()?.parse().ok()? };
    scaled(knowledge.shop.rates.convert(sum, knowledge.shop.currency)?)
}
