//! Counts over all contacts, and alerts.

use sqlx::Row;

use super::{Connection, json};
use crate::domain::Timestamp;
use crate::governance::{Alert, Mix};
use crate::store::AlertRow;

/// How many contacts that have not opted out have which colour: a walk along `profiles_colour`.
pub(in crate::store) async fn colour_mix(connection: &mut Connection) -> Result<Mix, sqlx::Error> {
    let select = "select colour, count(*) from profiles where opted_out = 0 group by colour";
    let mut mix = Mix::default();
    for row in sqlx::query(select).fetch_all(connection).await? {
        mix.add(row.try_get(0)?, row.try_get(1)?);
    }
    Ok(mix)
}

/// Keeps the colours of a day: a row for each colour, and one, -1, for those without.
pub(in crate::store) async fn keep_colour_day(
    connection: &mut Connection,
    day: &str,
    mix: &Mix,
) -> Result<(), sqlx::Error> {
    let coloured: i64 = mix.by_colour.iter().sum();
    let mut rows = vec![(day, -1, mix.contacts - coloured)];
    rows.extend(mix.by_colour.iter().enumerate().map(|(colour, contacts)| (day, colour as i64, *contacts)));
    let insert = concat!(
        "insert into colour_days (day, colour, contacts) select value->>0, cast(value->>1 as bigint), ",
        "cast(value->>2 as bigint) from ",
        rows!("$1"),
        " where true on conflict (day, colour) do update set contacts = excluded.contacts ",
        "where colour_days.contacts <> excluded.contacts"
    );
    sqlx::query(insert).bind(json(&rows)).execute(connection).await?;
    Ok(())
}

/// The colours of each known day, in order.
pub(in crate::store) async fn colour_days(
    connection: &mut Connection,
    first: &str,
    end: &str,
) -> Result<Vec<(String, Mix)>, sqlx::Error> {
    let select = "select day, colour, contacts from colour_days where day >= $1 and day < $2 order by day";
    let mut days: Vec<(String, Mix)> = Vec::new();
    for row in sqlx::query(select).bind(first).bind(end).fetch_all(connection).await? {
        let day: String = row.try_get(0)?;
        if days.last().is_none_or(|(last, _)| *last != day) {
            days.push((day, Mix::default()));
        }
        if let Some((_, mix)) = days.last_mut() {
            mix.add(row.try_get(1)?, row.try_get(2)?);
        }
    }
    Ok(days)
}

/// Hand-offs that wait for a person, their promise missed. That they are not closed is what SQLite knows the index by.
pub(in crate::store) const LATE_HANDOFFS: &str = "select count(*) from handoffs where state = 'open' and \
    state <> 'closed' and (promise_due < $1 or reason like 'missed-%')";

/// Hand-offs that wait for a person, their promise missed.
pub(in crate::store) async fn late_handoffs(connection: &mut Connection, now: Timestamp) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(LATE_HANDOFFS).bind(now.0).fetch_one(connection).await
}

/// Every tag that anybody holds: a step along the index for each name, however many hold it.
pub(in crate::store) async fn tag_names(connection: &mut Connection) -> Result<Vec<String>, sqlx::Error> {
    let select = "with recursive names (tag) as (select min(tag) from held_tags union all \
                  select (select min(h.tag) from held_tags h where h.tag > names.tag) from names where names.tag is not null) \
                  select tag from names where tag is not null";
    sqlx::query_scalar(select).fetch_all(connection).await
}

/// Of the alerts with these names exactly those stand; those that began.
pub(in crate::store) async fn set_alerts(
    connection: &mut Connection,
    names: &[&str],
    standing: &[Alert],
    now: Timestamp,
) -> Result<Vec<Alert>, sqlx::Error> {
    let gone: Vec<_> = names.iter().filter(|name| !standing.iter().any(|alert| alert.name == **name)).collect();
    let end = concat!(
        "update alerts set ended_at = $2 where ended_at is null and name in (select value->>0 from ",
        rows!("$1"),
        ")"
    );
    let rows: Vec<_> = gone.iter().map(|name| [name]).collect();
    sqlx::query(end).bind(json(&rows)).bind(now.0).execute(&mut *connection).await?;
    let mut begun = Vec::new();
    for alert in standing {
        let raise = "insert into alerts (name, what, advice, began_at) values ($1, $2, $3, $4) \
                     on conflict (name) where ended_at is null do update set what = excluded.what, \
                     advice = excluded.advice returning began_at";
        let query = sqlx::query_scalar(raise).bind(&alert.name).bind(&alert.what).bind(&alert.advice).bind(now.0);
        let began_at: i64 = query.fetch_one(&mut *connection).await?;
        if began_at == now.0 {
            begun.push(alert.clone());
        }
    }
    Ok(begun)
}

/// Alerts that stand, and those that ended since that moment.
pub(in crate::store) async fn alerts(
    connection: &mut Connection,
    ended_since: Timestamp,
) -> Result<Vec<AlertRow>, sqlx::Error> {
    let select = "select name, what, advice, began_at, ended_at from alerts where ended_at is null or ended_at >= $1 \
                  order by began_at desc, name";
    let read = |row: &_| {
        let alert = Alert { name: Row::try_get(row, 0)?, what: Row::try_get(row, 1)?, advice: Row::try_get(row, 2)? };
        let ended: Option<i64> = Row::try_get(row, 4)?;
        Ok(AlertRow { alert, since: Timestamp(Row::try_get(row, 3)?), until: ended.map(Timestamp) })
    };
    sqlx::query(select).bind(ended_since.0).fetch_all(connection).await?.iter().map(read).collect()
}
