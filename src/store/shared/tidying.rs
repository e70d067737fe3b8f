//! What is counted to tidy the set of tags, and what tidying changed.

use sqlx::Row;

use super::{Connection, json};
use crate::domain::{ContactId, EventBody, Period, Timestamp};
use crate::governance::Overlap;
use crate::store::{OrdersTagged, Tidied};

/// For each two of these tags that somebody holds together, how many do.
pub(in crate::store) async fn overlaps(
    connection: &mut Connection,
    tags: &[&str],
) -> Result<Vec<Overlap>, sqlx::Error> {
    let select = concat!(
        "with names as (select value->>0 as tag from ",
        rows!("$1"),
        ") select a.tag, b.tag, count(*) from held_tags a join held_tags b on b.contact_id = a.contact_id and b.tag > a.tag ",
        "where a.tag in (select tag from names) and b.tag in (select tag from names) group by a.tag, b.tag order by a.tag, b.tag"
    );
    let rows: Vec<_> = tags.iter().map(|tag| [tag]).collect();
    let read =
        |row: &_| Ok(Overlap { one: Row::try_get(row, 0)?, other: Row::try_get(row, 1)?, both: Row::try_get(row, 2)? });
    sqlx::query(select).bind(json(&rows)).fetch_all(connection).await?.iter().map(read).collect()
}

/// Events of campaigns as a whole.
pub(in crate::store) async fn campaigns(
    connection: &mut Connection,
    since: Timestamp,
) -> Result<Vec<(Timestamp, EventBody)>, sqlx::Error> {
    let select =
        "select at, body from journal where contact_id is null and kind = 'campaign' and at >= $1 order by seq";
    let read = |row: &_| {
        let body: String = Row::try_get(row, 1)?;
        let body = serde_json::from_str(&body).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok((Timestamp(Row::try_get(row, 0)?), body))
    };
    sqlx::query(select).bind(since.0).fetch_all(connection).await?.iter().map(read).collect()
}

/// The next contacts that hold a tag, and whether they hold the other one.
pub(in crate::store) async fn holders(
    connection: &mut Connection,
    tag: &str,
    other: Option<&str>,
    after: ContactId,
    limit: i64,
) -> Result<Vec<(ContactId, bool)>, sqlx::Error> {
    let select = "select h.contact_id, o.tag from held_tags h left join held_tags o on o.contact_id = h.contact_id \
                  and o.tag = $2 where h.tag = $1 and h.contact_id > $3 order by h.contact_id limit $4";
    let query = sqlx::query(select).bind(tag).bind(other.unwrap_or_default()).bind(after.0).bind(limit);
    let read = |row: &_| {
        let other: Option<String> = Row::try_get(row, 1)?;
        Ok((ContactId(Row::try_get(row, 0)?), other.is_some()))
    };
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// Keeps what a line of the log changes.
pub(in crate::store) async fn keep(
    connection: &mut Connection,
    log: i64,
    changes: &[Tidied],
) -> Result<(), sqlx::Error> {
    let name = |set| if set { "set" } else { "removed" };
    let rows: Vec<_> = changes.iter().map(|change| (log, change.contact.0, &change.tag, name(change.set))).collect();
    // A contact that holds several of the tags gets the new one once.
    let insert = concat!(
        "insert into tidied (log_id, contact_id, tag, change) select cast(value->>0 as bigint), cast(value->>1 as bigint), ",
        "value->>2, value->>3 from ",
        rows!("$1"),
        " where true on conflict (log_id, contact_id, tag) do nothing"
    );
    sqlx::query(insert).bind(json(&rows)).execute(connection).await?;
    Ok(())
}

/// What a line of the log changed, the next ones behind a place.
pub(in crate::store) async fn kept(
    connection: &mut Connection,
    log: i64,
    (contact, tag): &(ContactId, String),
    limit: i64,
) -> Result<Vec<Tidied>, sqlx::Error> {
    let select = "select contact_id, tag, change from tidied where log_id = $1 and (contact_id, tag) > ($2, $3) \
                  order by contact_id, tag limit $4";
    let query = sqlx::query(select).bind(log).bind(contact.0).bind(tag).bind(limit);
    let read = |row: &_| {
        let change: String = Row::try_get(row, 2)?;
        Ok(Tidied { contact: ContactId(Row::try_get(row, 0)?), tag: Row::try_get(row, 1)?, set: change == "set" })
    };
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// How many contacts were seen before a moment.
pub(in crate::store) async fn contacts_before(connection: &mut Connection, end: Timestamp) -> Result<i64, sqlx::Error> {
    let select = "select count(*) from profiles where first_at < $1";
    sqlx::query_scalar(select).bind(end.0).fetch_one(connection).await
}

/// Contacts that were seen before a moment, in order.
pub(in crate::store) async fn contact_ids(
    connection: &mut Connection,
    end: Timestamp,
    after: ContactId,
    limit: i64,
) -> Result<Vec<ContactId>, sqlx::Error> {
    let select = "select contact_id from profiles where contact_id > $1 and first_at < $3 order by contact_id limit $2";
    let ids = sqlx::query_scalar(select).bind(after.0).bind(limit).bind(end.0).fetch_all(connection).await?;
    let ids: Vec<i64> = ids;
    Ok(ids.into_iter().map(ContactId).collect())
}

/// How many that have not opted out hold one of these tags.
pub(in crate::store) async fn holders_of_any(connection: &mut Connection, tags: &[&str]) -> Result<i64, sqlx::Error> {
    let select = concat!(
        "select count(*) from profiles p where p.opted_out = 0 and p.contact_id in (select contact_id from held_tags ",
        "where tag in (select value->>0 from ",
        rows!("$1"),
        "))"
    );
    let rows: Vec<_> = tags.iter().map(|tag| [tag]).collect();
    sqlx::query_scalar(select).bind(json(&rows)).fetch_one(connection).await
}

/// Verdicts of a period on tags of these contacts.
pub(in crate::store) async fn verdicts_on(
    connection: &mut Connection,
    contacts: &[ContactId],
    period: &Period,
) -> Result<(i64, i64), sqlx::Error> {
    let select = concat!(
        "select cast(coalesce(sum(correct), 0) as bigint), count(*) from tag_verdicts where judged_at >= $2 ",
        "and judged_at < $3 and contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let rows: Vec<_> = contacts.iter().map(|contact| [contact.0]).collect();
    let row =
        sqlx::query(select).bind(json(&rows)).bind(period.from.0).bind(period.until.0).fetch_one(connection).await?;
    let (right, all): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok((right, all - right))
}

/// Orders placed in a stretch of time that stand at a rank, and how many of their customers hold a tag.
pub(in crate::store) async fn orders_tagged(
    connection: &mut Connection,
    rank: i64,
    tag: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<OrdersTagged, sqlx::Error> {
    let select = "select count(*), count(h.tag) from orders o left join held_tags h on h.contact_id = o.contact_id \
                  and h.tag = $2 where o.rank = $1 and o.placed_at >= $3 and o.placed_at < $4";
    let row = sqlx::query(select).bind(rank).bind(tag).bind(from.0).bind(until.0).fetch_one(connection).await?;
    Ok(OrdersTagged { orders: row.try_get(0)?, tagged: row.try_get(1)? })
}

/// Customers with an order placed in a stretch of time who hold a tag, and how many of them have an order at a rank.
pub(in crate::store) async fn tagged_with_order(
    connection: &mut Connection,
    rank: i64,
    tag: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<(i64, i64), sqlx::Error> {
    let select = "select count(*), count(s.contact_id) from held_tags h left join \
                  (select distinct contact_id from orders where rank = $1) s on s.contact_id = h.contact_id \
                  where h.tag = $2 and h.contact_id in \
                  (select contact_id from orders where placed_at >= $3 and placed_at < $4)";
    let row = sqlx::query(select).bind(rank).bind(tag).bind(from.0).bind(until.0).fetch_one(connection).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Since when the longest wait is.
pub(in crate::store) async fn waits_since(
    connection: &mut Connection,
    now: Timestamp,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let select = "select (select min(due_at) from unread), (select min(wake_at) from contacts where wake_at < $1)";
    let row = sqlx::query(select).bind(now.0).fetch_one(connection).await?;
    let (unread, wake): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(unread.into_iter().chain(wake).min().map(Timestamp))
}
