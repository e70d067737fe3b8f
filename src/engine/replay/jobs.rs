//! The jobs over all contacts in the world of a timeline: its contacts are all that there are. They are due when they are due
//! live, in the shop's time zone.

use std::collections::BTreeMap;

use crate::domain::{Duration, Event, EventBody, Every, Money, Period, Timestamp};
use crate::engine::fold::Knowledge;
use crate::engine::jobs::distribute;
use crate::rulebook::Facts;
use crate::statistics::regions::{Region, judge, told};
use crate::statistics::{Cuts, Purchases, cut_place};
use crate::store::{OrderRow, UNIT, orders, scaled};

/// Live, a job begins within this time of the end of its period.
pub(crate) const DELAY: Duration = Duration::seconds(1);

/// When the next jobs are due that tell contacts something.
pub(crate) fn next(after: Timestamp, knowledge: &Knowledge) -> Timestamp {
    Every::Quarter.next_end(after, knowledge.shop.zone)
}

/// What is known of one contact of the world.
pub(crate) struct Known<'a> {
    pub(crate) orders: &'a [Event],
    /// Where they live, by the ends of their tags.
    pub(crate) regions: Vec<String>,
}

/// The ends of the tags that tell where somebody lives.
pub(crate) fn regions_of(facts: &Facts) -> Vec<String> {
    let ends = facts.tags().filter_map(|(tag, _)| tag.as_str().strip_prefix("region/"));
    ends.filter(|end| *end != "high-value").map(str::to_owned).collect()
}

/// What the jobs that are due at that moment tell each of the contacts, in their order.
pub(crate) fn count(knowledge: &Knowledge, due: Timestamp, contacts: &[Known<'_>]) -> Vec<Vec<EventBody>> {
    let period = Every::Quarter.last_ended(due, knowledge.shop.zone);
    let of_customers = customers(knowledge, &period, contacts);
    let of_regions = regions(knowledge, &period, contacts);
    let event = |job, values: Option<_>| values.map(|values| distribute::figures(job, &period, values));
    let both = of_customers.into_iter().zip(of_regions);
    both.map(|(customers, regions)| {
        event("customers", customers).into_iter().chain(event("regions", regions)).collect()
    })
    .collect()
}

/// The job `regions`.
fn regions(knowledge: &Knowledge, period: &Period, contacts: &[Known<'_>]) -> Vec<Option<BTreeMap<String, String>>> {
    let parameters = &knowledge.statistics.regions;
    let (until, window) = (period.until, parameters.window);
    let mut known: BTreeMap<&str, Region> = BTreeMap::new();
    for contact in contacts {
        let orders = orders(contact.orders.iter(), knowledge.shop.currency);
        let bought = purchases(knowledge, &orders, until - window, until);
        let before = purchases(knowledge, &orders, until - window - window, until - window);
        for name in &contact.regions {
            let region = known.entry(name).or_default();
            region.contacts += 1;
            region.buyers += i64::from(bought.count > 0);
            region.orders += bought.count;
            region.sum = region.sum.saturating_add(bought.sum);
            region.orders_before += before.count;
        }
    }
    let named = known.into_iter().map(|(name, region)| Region { name: name.to_owned(), ..region }).collect();
    let judged = judge(named, &knowledge.statistics.people, parameters);
    contacts.iter().map(|contact| told(&judged, &contact.regions)).collect()
}

/// The job `customers`.
fn customers(knowledge: &Knowledge, period: &Period, contacts: &[Known<'_>]) -> Vec<Option<BTreeMap<String, String>>> {
    let parameters = &knowledge.statistics.customers;
    let window = parameters.window;
    // Also who had something left in the window a quarter ago, and has nothing now: they hear that.
    let bought = |contact: &Known<'_>| {
        let orders = orders(contact.orders.iter(), knowledge.shop.currency);
        orders.iter().filter_map(|order| order.paid_at).max().filter(|paid| *paid >= period.from - window)?;
        Some(purchases(knowledge, &orders, period.until - window, period.until))
    };
    let bought: Vec<Option<Purchases>> = contacts.iter().map(bought).collect();
    let buyers: Vec<&Purchases> = bought.iter().flatten().filter(|bought| bought.count > 0).collect();
    let total = buyers.len() as i64;
    if total < parameters.least {
        return bought.iter().map(|bought| bought.as_ref().map(Cuts::none)).collect();
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

/// What counts of a contact's orders.
fn purchases(knowledge: &Knowledge, orders: &[OrderRow], from: Timestamp, until: Timestamp) -> Purchases {
    let mut bought = Purchases::default();
    for order in orders.iter().filter(|order| order.is_purchase()) {
        let Some(paid) = order.paid_at.filter(|paid| *paid >= from && *paid < until) else { continue };
        bought.count += 1;
        bought.last = bought.last.max(paid.0);
        bought.sum = bought.sum.saturating_add(in_shops_currency(knowledge, order).unwrap_or(0));
    }
    bought
}

fn in_shops_currency(knowledge: &Knowledge, order: &OrderRow) -> Option<i64> {
    let amount = rust_decimal::Decimal::from(order.total?) / rust_decimal::Decimal::from(UNIT);
    let sum = Money { amount, currency: order.currency.as_deref()?.parse().ok()? };
    scaled(knowledge.shop.rates.convert(sum, knowledge.shop.currency)?)
}
