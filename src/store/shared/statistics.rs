//! Aggregates over all contacts. The database sorts and groups; what comes out of it is small, or a page of it.

use sqlx::{QueryBuilder, Row};

use super::segments::{LAST, converted};
use super::{Connection, Database, ROUNDED_SUM, run};
use crate::domain::Timestamp;
use crate::statistics::regions::Region;
use crate::statistics::{Bins, Pair, Purchases, Standing};
use crate::store::{AdSpend, Bought, TagRevenue};

type Query = QueryBuilder<Database>;

/// How many customers bought something that counts.
pub(in crate::store) async fn count_buyers(
    connection: &mut Connection,
    bought: &Bought<'_>,
) -> Result<i64, sqlx::Error> {
    let mut query = Query::new("select count(distinct o.contact_id) from orders o where ");
    counts(&mut query, bought);
    query.build_query_scalar().persistent(false).fetch_one(connection).await
}

/// The figures at these places of the rising order.
pub(in crate::store) async fn figures_at(
    connection: &mut Connection,
    bought: &Bought<'_>,
    figure: Standing,
    places: &[i64],
) -> Result<Vec<i64>, sqlx::Error> {
    let column = match figure {
        Standing::Sum => "sum",
        Standing::Count => "count",
        Standing::Last => "last",
    };
    let mut query =
        Query::new("select figure from (select figure, row_number() over (order by figure) - 1 as place from (select ");
    query.push("b.").push(column).push(" as figure from (");
    purchases(&mut query, bought);
    query.push(" where o.paid_at is not null group by o.contact_id) as b where b.count > 0) as figures) as placed where place in (");
    list(&mut query, places);
    query.push(") order by place");
    query.build_query_scalar().persistent(false).fetch_all(connection).await
}

/// A page of customers who ever bought something after `reach`, with what counts of it.
pub(in crate::store) async fn buyers(
    connection: &mut Connection,
    bought: &Bought<'_>,
    reach: Timestamp,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Purchases)>, sqlx::Error> {
    let mut query = Query::new("select b.contact, b.count, b.sum, b.last from (");
    purchases(&mut query, bought);
    query.push(" where o.paid_at is not null and o.contact_id > ").push_bind(after);
    query.push(" group by o.contact_id having max(o.paid_at) >= ").push_bind(reach.0);
    query.push(" order by o.contact_id limit ").push_bind(limit).push(") as b order by b.contact");
    let rows = query.build().persistent(false).fetch_all(connection).await?;
    let read = |row: &_| {
        let (count, sum, last) = (Row::try_get(row, 1)?, Row::try_get(row, 2)?, Row::try_get(row, 3)?);
        Ok((Row::try_get(row, 0)?, Purchases { count, sum, last }))
    };
    rows.iter().map(read).collect()
}

/// How many customers bought for more than that, and for how much together.
pub(in crate::store) async fn revenue_above(
    connection: &mut Connection,
    bought: &Bought<'_>,
    cut: i64,
) -> Result<(i64, i64), sqlx::Error> {
    let mut query = Query::new(concat!("select count(*), ", sum_of!("b.sum"), " from ("));
    purchases(&mut query, bought);
    query
        .push(" where o.paid_at is not null group by o.contact_id) as b where b.count > 0 and b.sum > ")
        .push_bind(cut);
    query.build_query_as().persistent(false).fetch_one(connection).await
}

/// What the holders of each tag that begins like this bought.
pub(in crate::store) async fn revenue_by_tag(
    connection: &mut Connection,
    bought: &Bought<'_>,
    start: &str,
) -> Result<Vec<TagRevenue>, sqlx::Error> {
    let mut query = Query::new(concat!("select t.tag, count(*), ", sum_of!("b.sum"), " from ("));
    purchases(&mut query, bought);
    query
        .push(" where o.paid_at is not null group by o.contact_id) as b join held_tags t on t.contact_id = b.contact ");
    query.push("where b.count > 0 and t.tag >= ").push_bind(start.to_owned());
    query.push(" and t.tag < ").push_bind(format!("{start}{LAST}")).push(" group by t.tag order by t.tag");
    let rows = query.build().persistent(false).fetch_all(connection).await?;
    let read = |row: &_| {
        Ok(TagRevenue { tag: Row::try_get(row, 0)?, customers: Row::try_get(row, 1)?, sum: Row::try_get(row, 2)? })
    };
    rows.iter().map(read).collect()
}

/// How many orders count.
pub(in crate::store) async fn count_orders(
    connection: &mut Connection,
    bought: &Bought<'_>,
) -> Result<i64, sqlx::Error> {
    let mut query = Query::new("select count(*) from orders o where o.total is not null and ");
    counts(&mut query, bought);
    query.build_query_scalar().persistent(false).fetch_one(connection).await
}

/// Amounts of orders at these places of the rising order.
pub(in crate::store) async fn amounts_at(
    connection: &mut Connection,
    bought: &Bought<'_>,
    places: &[i64],
) -> Result<Vec<i64>, sqlx::Error> {
    let mut query =
        Query::new("select amount from (select amount, row_number() over (order by amount) - 1 as place from (");
    amounts(&mut query, bought);
    query.push(") as amounts) as placed where place in (");
    list(&mut query, places);
    query.push(") order by place");
    query.build_query_scalar().persistent(false).fetch_all(connection).await
}

/// How many orders lie in each bin; what is dearer than all bins lies in the last.
pub(in crate::store) async fn orders_in_bins(
    connection: &mut Connection,
    bought: &Bought<'_>,
    bins: Bins,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let mut query = Query::new("select bin, count(*) from (select case when (amount - ");
    query.push_bind(bins.from).push(") / ").push_bind(bins.width).push(" < ").push_bind(bins.count);
    query.push(" then (amount - ").push_bind(bins.from).push(") / ").push_bind(bins.width);
    query.push(" else ").push_bind(bins.count - 1).push(" end as bin from (");
    amounts(&mut query, bought);
    query.push(") as amounts) as binned group by bin order by bin");
    query.build_query_as().persistent(false).fetch_all(connection).await
}

/// Amounts of the orders that count, in the shop's currency.
fn amounts(query: &mut Query, bought: &Bought<'_>) {
    query.push("select amount from (select cast(round(");
    converted(query, bought.currency, bought.rates);
    query.push(") as bigint) as amount from orders o where ");
    counts(query, bought);
    query.push(") as each where amount is not null");
}

fn list(query: &mut Query, places: &[i64]) {
    for (index, place) in places.iter().enumerate() {
        query.push(if index > 0 { ", " } else { "" }).push_bind(*place);
    }
}

/// Pairs of product keys: only keys that enough customers bought at all are paired. A product whose name has a slash, such as
/// `shampoo 2/1`, is no key: it would be bought together with its own.
pub(in crate::store) async fn pairs(
    connection: &mut Connection,
    from: Timestamp,
    until: Timestamp,
    least: i64,
) -> Result<Vec<Pair>, sqlx::Error> {
    let select = "with bought_once as (select distinct contact_id, item from bought \
                  where bought_at >= $1 and bought_at < $2 and item like '%/%' and item not like '% %'), \
                  often as (select item, count(*) as buyers from bought_once group by item having count(*) >= $3), \
                  kept as (select b.contact_id, b.item, f.buyers from bought_once b join often f on f.item = b.item) \
                  select a.item, b.item, a.buyers, b.buyers, count(*) from kept a \
                  join kept b on b.contact_id = a.contact_id and b.item > a.item \
                  group by a.item, b.item, a.buyers, b.buyers having count(*) >= $3 order by a.item, b.item";
    let rows = sqlx::query(select).bind(from.0).bind(until.0).bind(least).fetch_all(connection).await?;
    let read = |row: &_| {
        Ok(Pair {
            first: Row::try_get(row, 0)?,
            second: Row::try_get(row, 1)?,
            bought_first: Row::try_get(row, 2)?,
            bought_second: Row::try_get(row, 3)?,
            bought_both: Row::try_get(row, 4)?,
        })
    };
    rows.iter().map(read).collect()
}

/// The tags that tell where somebody lives; what a region is called stands behind them.
const REGION: &str = "region/";
/// What a tag of that group says that is no region.
const NO_REGION: &str = "region/high-value";

/// What is known of each region: its contacts, and their purchases in the window and in the time before it.
pub(in crate::store) async fn regions(
    connection: &mut Connection,
    bought: &Bought<'_>,
    before: Timestamp,
) -> Result<Vec<Region>, sqlx::Error> {
    let earlier = Bought { from: before, until: bought.from, ..*bought };
    let mut query = Query::new(concat!(
        "select t.tag, count(*), count(b.contact), cast(coalesce(sum(b.count), 0) as bigint), ",
        sum_of!("b.sum"),
        ", "
    ));
    query.push("cast(coalesce(sum(e.count), 0) as bigint) from held_tags t left join (");
    let grouped = |query: &mut Query, bought: &Bought<'_>| {
        query.push("select * from (");
        purchases(query, bought);
        query.push(" where o.paid_at is not null group by o.contact_id) as p where p.count > 0");
    };
    grouped(&mut query, bought);
    query.push(") as b on b.contact = t.contact_id left join (");
    grouped(&mut query, &earlier);
    query.push(") as e on e.contact = t.contact_id where t.tag >= ").push_bind(REGION);
    query.push(" and t.tag < ").push_bind(format!("{REGION}{LAST}")).push(" and t.tag <> ").push_bind(NO_REGION);
    query.push(" group by t.tag order by t.tag");
    let rows = query.build().persistent(false).fetch_all(connection).await?;
    let read = |row: &_| {
        let tag: String = Row::try_get(row, 0)?;
        Ok(Region {
            name: tag.strip_prefix(REGION).unwrap_or_default().to_owned(),
            contacts: Row::try_get(row, 1)?,
            buyers: Row::try_get(row, 2)?,
            orders: Row::try_get(row, 3)?,
            sum: Row::try_get(row, 4)?,
            orders_before: Row::try_get(row, 5)?,
        })
    };
    rows.iter().map(read).collect()
}

/// A page of contacts that hold a region's tag, with the regions.
pub(in crate::store) async fn contacts_of_regions(
    connection: &mut Connection,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Vec<String>)>, sqlx::Error> {
    let select = "select contact_id, tag from held_tags where tag >= $1 and tag < $2 and tag <> $3 and contact_id in \
                  (select contact_id from held_tags where tag >= $1 and tag < $2 and tag <> $3 and contact_id > $4 \
                  group by contact_id order by contact_id limit $5) order by contact_id, tag";
    let query = sqlx::query(select).bind(REGION).bind(format!("{REGION}{LAST}")).bind(NO_REGION);
    let mut contacts: Vec<(i64, Vec<String>)> = Vec::new();
    for row in query.bind(after).bind(limit).fetch_all(connection).await? {
        let (contact, tag): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let region = tag.strip_prefix(REGION).unwrap_or_default().to_owned();
        match contacts.last_mut() {
            Some((last, regions)) if *last == contact => regions.push(region),
            _ => contacts.push((contact, vec![region])),
        }
    }
    Ok(contacts)
}

/// Purchases on each day of the time in Greenwich.
pub(in crate::store) async fn purchases_by_day(
    connection: &mut Connection,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let select = "select paid_at / 86400000 as day, count(*) from orders where paid_at is not null and rank < 5 \
                  and paid_at >= $1 and paid_at < $2 group by paid_at / 86400000 order by 1";
    sqlx::query_as(select).bind(from.0).bind(until.0).fetch_all(connection).await
}

/// What was paid for advertising, by source and currency.
pub(in crate::store) async fn ad_spend(
    connection: &mut Connection,
    first: &str,
    end: &str,
) -> Result<Vec<(String, String, i64)>, sqlx::Error> {
    let select = concat!(
        "select source, currency, ",
        sum_of!("amount"),
        " from ad_spend where day >= $1 and day < $2 group by source, currency order by source, currency"
    );
    sqlx::query_as(select).bind(first).bind(end).fetch_all(connection).await
}

/// Notes what was paid for advertising, in place of what was noted for the day before.
pub(in crate::store) async fn note_ad_spend(connection: &mut Connection, spent: &[AdSpend]) -> Result<(), sqlx::Error> {
    let rows: Vec<_> =
        spent.iter().map(|spent| (&spent.source, &spent.day, spent.currency.code(), spent.amount)).collect();
    let upsert = concat!(
        "insert into ad_spend (source, day, currency, amount) select value->>0, value->>1, value->>2, ",
        "cast(value->>3 as bigint) from ",
        rows!("$1"),
        " where true on conflict (source, day, currency) do update set amount = excluded.amount"
    );
    run(connection, upsert, &rows).await
}

/// Whether an order `o` is a purchase of the window: paid for, and not taken back.
fn counts(query: &mut Query, bought: &Bought<'_>) {
    query.push("o.paid_at is not null and o.rank < 5 and o.paid_at >= ").push_bind(bought.from.0);
    query.push(" and o.paid_at < ").push_bind(bought.until.0);
}

/// What counts of each customer's orders; what restricts and groups them follows.
fn purchases(query: &mut Query, bought: &Bought<'_>) {
    query.push("select o.contact_id as contact, sum(case when ");
    counts(query, bought);
    query.push(" then 1 else 0 end) as count, ").push(ROUNDED_SUM[0]).push("case when ");
    counts(query, bought);
    query.push(" then ");
    converted(query, bought.currency, bought.rates);
    query.push(" end").push(ROUNDED_SUM[1]).push(" as sum, coalesce(max(case when ");
    counts(query, bought);
    query.push(" then o.paid_at end), 0) as last from orders o");
}
