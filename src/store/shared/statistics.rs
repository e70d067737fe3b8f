//! Aggregates over all contacts. The database sorts and groups; what comes out of it is small, or a page of it.

use sqlx::{QueryBuilder, Row};

use super::segments::{LAST, converted};
use super::{Connection, Database};
use crate::domain::Timestamp;
use crate::statistics::{Purchases, Standing};
use crate::store::{Bought, TagRevenue};

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
    for (index, place) in places.iter().enumerate() {
        query.push(if index > 0 { ", " } else { "" }).push_bind(*place);
    }
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
    let mut query = Query::new("select count(*), cast(coalesce(sum(b.sum), 0) as bigint) from (");
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
    let mut query = Query::new("select t.tag, count(*), cast(coalesce(sum(b.sum), 0) as bigint) from (");
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

/// Whether an order `o` is a purchase of the window: paid for, and not taken back.
fn counts(query: &mut Query, bought: &Bought<'_>) {
    query.push("o.paid_at is not null and o.rank < 5 and o.paid_at >= ").push_bind(bought.from.0);
    query.push(" and o.paid_at < ").push_bind(bought.until.0);
}

/// What counts of each customer's orders; what restricts and groups them follows.
fn purchases(query: &mut Query, bought: &Bought<'_>) {
    query.push("select o.contact_id as contact, sum(case when ");
    counts(query, bought);
    query.push(" then 1 else 0 end) as count, cast(round(coalesce(sum(case when ");
    counts(query, bought);
    query.push(" then ");
    converted(query, bought.currency, bought.rates);
    query.push(" end), 0)) as bigint) as sum, coalesce(max(case when ");
    counts(query, bought);
    query.push(" then o.paid_at end), 0) as last from orders o");
}
