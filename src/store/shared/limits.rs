//! What is known of sending for many customers at once: whom templates reached, figures of the whole shop, what waits and what left.

use sqlx::Row;

use super::{Connection, run};
use crate::domain::{ContactId, Content, Duration, Outgoing, Timestamp};
use crate::store::{AccountEvent, UnaskedCounts, WaitingRow, Way};

/// A little more than Meta's 24 hours: Meta counts from its own clock, a little after ours.
pub(super) const PORTFOLIO_WINDOW: Duration = Duration::minutes(24 * 60 + 1);

/// Whether a template reached a customer within the portfolio's 24 hours: another one to them takes up no more room.
pub(in crate::store) async fn is_reached(
    connection: &mut Connection,
    contact: ContactId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let select = "select 1 from reached where contact_id = $1 and at > $2";
    let query = sqlx::query_scalar(select).bind(contact.0).bind((now - PORTFOLIO_WINDOW).0);
    let found: Option<i32> = query.fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// These messages failed: their customers count for the portfolio only by what reached them before.
pub(in crate::store) async fn release(connection: &mut Connection, failed: &[(i64, i64)]) -> Result<(), sqlx::Error> {
    let forget = concat!(
        "delete from reached where contact_id in (select o.contact_id from outbox o join (select ",
        "cast(value->>0 as bigint) as contact, cast(value->>1 as bigint) as number from ",
        rows!("$1"),
        ") as r on o.contact_id = r.contact and o.number = r.number where o.template is not null)"
    );
    run(connection, forget, failed).await?;
    let count = concat!(
        "insert into reached (contact_id, channel, at) select contact_id, max(channel), max(sending_since) from outbox ",
        "where contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") and template is not null and sending_since is not null and rank between 1 and 5 group by contact_id ",
        "on conflict (contact_id) do nothing"
    );
    run(connection, count, failed).await
}

/// The portfolio's limit as Meta told it: `None` was never told, `Some(None)` is unlimited.
pub(in crate::store) async fn portfolio(connection: &mut Connection) -> Result<Option<Option<u32>>, sqlx::Error> {
    Ok(figure(connection, "portfolio").await?.map(|most| u32::try_from(most).ok()))
}

/// One figure.
pub(in crate::store) async fn figure(connection: &mut Connection, name: &str) -> Result<Option<i64>, sqlx::Error> {
    let select = "select value from outreach_figures where name = $1";
    sqlx::query_scalar(select).bind(name).fetch_optional(connection).await
}

/// Keeps one figure; true if it was another one before.
pub(in crate::store) async fn set_figure(
    connection: &mut Connection,
    name: &str,
    value: i64,
) -> Result<bool, sqlx::Error> {
    let upsert = "insert into outreach_figures (name, value) values ($1, $2) on conflict (name) \
                  do update set value = excluded.value where outreach_figures.value <> excluded.value";
    Ok(sqlx::query(upsert).bind(name).bind(value).execute(connection).await?.rows_affected() > 0)
}

/// Account events behind that place of the journal.
pub(in crate::store) async fn account_events(
    connection: &mut Connection,
    after: i64,
) -> Result<Vec<AccountEvent>, sqlx::Error> {
    let select = "select seq, received, body from journal where kind = 'account' and seq > $1 order by seq limit 100";
    let read = |row: &_| {
        Ok(AccountEvent {
            seq: Row::try_get(row, 0)?,
            received: Timestamp(Row::try_get(row, 1)?),
            body: Row::try_get(row, 2)?,
        })
    };
    sqlx::query(select).bind(after).fetch_all(connection).await?.iter().map(read).collect()
}

/// By which number and which template a message went.
pub(in crate::store) async fn way_of(
    connection: &mut Connection,
    contact: ContactId,
    number: i64,
) -> Result<Option<Way>, sqlx::Error> {
    let select = "select channel, message from outbox where contact_id = $1 and number = $2";
    let found: Option<(String, String)> =
        sqlx::query_as(select).bind(contact.0).bind(number).fetch_optional(connection).await?;
    let read = |(channel, message): (String, String)| {
        let message: Outgoing = serde_json::from_str(&message).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let template = match message.content {
            Content::Template(template) => Some((template.name, template.language)),
            _ => None,
        };
        Ok((channel, template))
    };
    found.map(read).transpose()
}

/// How many follow-ups left since a moment, and how many of them failed; a person's template, which is a reply, is none. By number: the index is by number and moment, and without it
/// SQLite walks through all that ever left.
pub(in crate::store) const COUNT_SENT: &str = "select count(*), count(*) filter (where state = 'failed') from outbox \
    where priority = 1 and kind <> 'reply' and sending_since > $1 and channel in (select channel from numbers)";

/// How much waits, and what became of the rest in 24 hours.
pub(in crate::store) async fn unasked_counts(
    connection: &mut Connection,
    now: Timestamp,
) -> Result<UnaskedCounts, sqlx::Error> {
    let day = now - Duration::days(1);
    let waiting = "select count(*), count(*) filter (where due_at > $1) from outbox where state = 'queued' and priority = 1 and kind <> 'reply'";
    let (waiting, put_off) = sqlx::query_as(waiting).bind(now.0).fetch_one(&mut *connection).await?;
    let (sent, failed) = sqlx::query_as(COUNT_SENT).bind(day.0).fetch_one(&mut *connection).await?;
    let planned = "select cast(coalesce(sum(planned), 0) as bigint) from profiles where planned > 0";
    let planned = sqlx::query_scalar(planned).fetch_one(connection).await?;
    Ok(UnaskedCounts { planned, waiting, put_off, sent, failed })
}

/// Contacts with plans, whose first plan is looked at soonest, with their states.
pub(in crate::store) async fn with_plans(
    connection: &mut Connection,
    limit: i64,
) -> Result<Vec<(ContactId, Option<Vec<u8>>)>, sqlx::Error> {
    let select = "select p.contact_id, c.state from profiles p join contacts c on c.id = p.contact_id \
                  where p.planned > 0 order by p.plan_at limit $1";
    let rows: Vec<(i64, Option<Vec<u8>>)> = sqlx::query_as(select).bind(limit).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(contact, state)| (ContactId(contact), state)).collect())
}

/// Follow-ups that wait, the next ones first.
pub(in crate::store) async fn waiting(connection: &mut Connection, limit: i64) -> Result<Vec<WaitingRow>, sqlx::Error> {
    let select = "select contact_id, number, kind, channel, template, due_at, expires_at, error, campaign from outbox \
                  where state = 'queued' and priority = 1 order by due_at limit $1";
    let read = |row: &_| {
        Ok(WaitingRow {
            contact: ContactId(Row::try_get(row, 0)?),
            number: Row::try_get(row, 1)?,
            kind: Row::try_get(row, 2)?,
            channel: Row::try_get(row, 3)?,
            template: Row::try_get(row, 4)?,
            due: Timestamp(Row::try_get(row, 5)?),
            expires: Timestamp(Row::try_get(row, 6)?),
            why: Row::try_get(row, 7)?,
            campaign: Row::try_get(row, 8)?,
        })
    };
    sqlx::query(select).bind(limit).fetch_all(connection).await?.iter().map(read).collect()
}
