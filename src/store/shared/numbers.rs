//! Our numbers: what Meta tells of them, how fast they send, whom they reached, and what became of what they sent unasked.

use sqlx::Row;

use super::Connection;
use super::holds::note;
use super::limits::PORTFOLIO_WINDOW;
use crate::domain::{Duration, Timestamp};
use crate::outreach::{KeptBack, Outcomes};
use crate::store::{NumberRow, NumberTold, OutcomeRow, PaceRow};

/// Keeps what Meta says of a number, and writes down what changed.
pub(in crate::store) async fn set_number(
    connection: &mut Connection,
    channel: &str,
    told: &NumberTold,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let before = "select quality, throughput, status from numbers where channel = $1";
    let before: Option<(String, String, String)> =
        sqlx::query_as(before).bind(channel).fetch_optional(&mut *connection).await?;
    let upsert = "insert into numbers (channel, display, quality, throughput, status, since, checked_at) \
                  values ($1, $2, coalesce(nullif($3, ''), 'UNKNOWN'), $4, $5, $6, $6) on conflict (channel) do update set \
                  display = coalesce(nullif($2, ''), numbers.display), quality = coalesce(nullif($3, ''), numbers.quality), \
                  throughput = coalesce(nullif($4, ''), numbers.throughput), \
                  status = coalesce(nullif($5, ''), numbers.status), checked_at = excluded.checked_at";
    let query = sqlx::query(upsert).bind(channel).bind(&told.display).bind(&told.quality).bind(&told.throughput);
    query.bind(&told.status).bind(now.0).execute(&mut *connection).await?;
    let (quality, throughput, status) = before.unwrap_or_default();
    let facts = [
        ("quality", quality, &told.quality),
        ("throughput", throughput, &told.throughput),
        ("status", status, &told.status),
    ];
    for (name, was, is) in facts.iter().filter(|(_, was, is)| !is.is_empty() && was != *is) {
        let was = if was.is_empty() { "UNKNOWN" } else { was };
        note(connection, &format!("number:{channel}"), &format!("{name} {is}, was {was}"), now).await?;
    }
    Ok(())
}

/// A number sends slower until then.
pub(in crate::store) async fn slow_number(
    connection: &mut Connection,
    channel: &str,
    until: Timestamp,
    why: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let upsert = "insert into numbers (channel, since, slowed_until) values ($1, $3, $2) on conflict (channel) do update \
                  set slowed_until = excluded.slowed_until where numbers.slowed_until is null or numbers.slowed_until < $2";
    let slowed = sqlx::query(upsert).bind(channel).bind(until.0).bind(now.0).execute(&mut *connection).await?;
    if slowed.rows_affected() > 0 {
        note(connection, &format!("number:{channel}"), &format!("sends slower: {why}"), now).await?;
    }
    Ok(())
}

/// What decides of the pace of our numbers.
pub(in crate::store) async fn paces(connection: &mut Connection) -> Result<Vec<PaceRow>, sqlx::Error> {
    let read = |row: &_| {
        Ok(PaceRow {
            channel: Row::try_get(row, 0)?,
            throughput: Row::try_get(row, 1)?,
            slowed_until: Row::try_get::<Option<i64>, _>(row, 2)?.map(Timestamp),
        })
    };
    let select = "select channel, throughput, slowed_until from numbers";
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Our numbers, with the customers that their templates reached in 24 hours.
pub(in crate::store) async fn numbers(
    connection: &mut Connection,
    now: Timestamp,
) -> Result<Vec<NumberRow>, sqlx::Error> {
    let select = "select channel, display, quality, throughput, status, slowed_until, since, resumed_at, checked_at, \
                  (select count(*) from reached r where r.channel = numbers.channel and r.at > $1), \
                  (select count(*) from outbox o where o.priority = 1 and o.channel = numbers.channel and o.sending_since > $2 \
                  and o.sending_since >= coalesce(numbers.resumed_at, 0)) \
                  from numbers order by channel";
    let read = |row: &_| {
        let moment = |index: usize| Ok::<_, sqlx::Error>(Row::try_get::<Option<i64>, _>(row, index)?.map(Timestamp));
        Ok(NumberRow {
            channel: Row::try_get(row, 0)?,
            told: NumberTold {
                display: Row::try_get(row, 1)?,
                quality: Row::try_get(row, 2)?,
                throughput: Row::try_get(row, 3)?,
                status: Row::try_get(row, 4)?,
            },
            slowed_until: moment(5)?,
            since: Timestamp(Row::try_get(row, 6)?),
            resumed_at: moment(7)?,
            checked_at: moment(8)?,
            reached: Row::try_get(row, 9)?,
            sent_in_hour: Row::try_get(row, 10)?,
        })
    };
    let query = sqlx::query(select).bind((now - PORTFOLIO_WINDOW).0).bind((now - Duration::hours(1)).0);
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// Of the latest unasked messages of a number, the newest first, whether Meta kept each from its customer. What left before the
/// number went on after a rest counts no more, nor what Meta may still tell of.
pub(in crate::store) async fn kept_back(
    connection: &mut Connection,
    channel: &str,
    since: Timestamp,
    figures: &KeptBack,
    now: Timestamp,
) -> Result<Vec<bool>, sqlx::Error> {
    let select = "select o.state, coalesce(o.error, '') from outbox o left join numbers n on n.channel = o.channel \
                  where o.priority = 1 and o.channel = $1 and o.sending_since > $2 \
                  and o.sending_since > coalesce(n.resumed_at, 0) and (o.state = 'failed' or o.rank between 4 and 5 \
                  or o.rank between 2 and 3 and o.sending_since < $3) \
                  order by o.sending_since desc, o.contact_id desc, o.number desc limit $4";
    let query = sqlx::query_as(select).bind(channel).bind(since.0).bind((now - figures.told_within).0);
    let rows: Vec<(String, String)> = query.bind(figures.in_a_row as i64).fetch_all(connection).await?;
    let is_kept = |error: &str| error.parse().is_ok_and(|code| figures.errors.contains(&code));
    Ok(rows.into_iter().map(|(state, error)| state == "failed" && is_kept(&error)).collect())
}

/// By number, as the index is: without it SQLite walks through all that ever left.
pub(in crate::store) const SELECT_OUTCOMES: &str = "select o.channel, coalesce(o.template, ''), count(*), count(*) filter (where o.state = 'failed'), \
    count(*) filter (where p.opted_out = 1), count(*) filter (where o.sending_since < $2 and o.rank between 3 and 5), \
    count(*) filter (where o.sending_since < $2 and o.rank between 4 and 5), \
    count(*) filter (where o.sending_since < $2 and o.rank = 5) from outbox o \
    left join profiles p on p.contact_id = o.contact_id left join numbers n on n.channel = o.channel \
    left join outreach_figures f on f.name = 'resumed:template:' || o.template \
    where o.priority = 1 and o.sending_since > $1 and o.channel in (select channel from numbers) \
    and o.sending_since > coalesce(n.resumed_at, 0) \
    and o.sending_since > coalesce(f.value, 0) group by 1, 2 order by 1, 2";

/// What became of what was sent unasked since that moment, by number and template. `seasoned` is the moment before which it
/// could have been read by now. What left before its number or template went on after a rest counts no more.
pub(in crate::store) async fn outcomes(
    connection: &mut Connection,
    since: Timestamp,
    seasoned: Timestamp,
) -> Result<Vec<OutcomeRow>, sqlx::Error> {
    let read = |row: &_| {
        let count = |index: usize| Row::try_get::<i64, _>(row, index).map(|count| count.max(0) as u64);
        Ok(OutcomeRow {
            channel: Row::try_get(row, 0)?,
            template: Row::try_get(row, 1)?,
            outcomes: Outcomes {
                sent: count(2)?,
                failed: count(3)?,
                opted_out: count(4)?,
                left: count(5)?,
                arrived: count(6)?,
                read: count(7)?,
            },
        })
    };
    sqlx::query(SELECT_OUTCOMES).bind(since.0).bind(seasoned.0).fetch_all(connection).await?.iter().map(read).collect()
}
