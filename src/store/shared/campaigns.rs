//! Campaigns and what became of their messages.

use std::collections::HashMap;

use sqlx::Row;

use super::{Connection, json};
use crate::domain::{ContactId, Duration, MessageNumber, Timestamp};
use crate::store::{CampaignRow, CampaignState, MOST_RESPONSES, Place, VariantRow};

/// A reply, click, order or opt-out within this time counts for the campaign.
const ATTRIBUTED: Duration = Duration::days(3);
/// Why what waits of a cancelled campaign is not sent.
pub(super) const CANCELLED: &str = "the campaign was cancelled";

/// Makes a campaign; false if one is called so already.
pub(in crate::store) async fn add(connection: &mut Connection, row: &CampaignRow) -> Result<bool, sqlx::Error> {
    let insert = "insert into campaigns (name, segment, offer, state, per_hour, per_day, made_by, made_at) \
                  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (name) do nothing";
    let query = sqlx::query(insert).bind(&row.name).bind(&row.segment).bind(&row.offer).bind(row.state.name());
    let query = query.bind(row.per_hour).bind(row.per_day).bind(&row.made_by).bind(row.made_at.0);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// All campaigns, the newest first.
pub(in crate::store) async fn all(connection: &mut Connection) -> Result<Vec<CampaignRow>, sqlx::Error> {
    let select = "select name, segment, offer, state, per_hour, per_day, made_by, made_at, started_at, recipients, \
                  place_rank, place_contact from campaigns order by made_at desc, name";
    let read = |row: &_| {
        let state: String = Row::try_get(row, 3)?;
        Ok(CampaignRow {
            name: Row::try_get(row, 0)?,
            segment: Row::try_get(row, 1)?,
            offer: Row::try_get(row, 2)?,
            // A state that this version does not know sends nothing.
            state: CampaignState::from_name(&state).unwrap_or(CampaignState::Paused),
            per_hour: Row::try_get(row, 4)?,
            per_day: Row::try_get(row, 5)?,
            made_by: Row::try_get(row, 6)?,
            made_at: Timestamp(Row::try_get(row, 7)?),
            started_at: Row::try_get::<Option<i64>, _>(row, 8)?.map(Timestamp),
            recipients: Row::try_get(row, 9)?,
            place: Place { rank: Row::try_get(row, 10)?, contact: Row::try_get(row, 11)? },
        })
    };
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Moves a campaign on, if it stands in one of these states.
pub(in crate::store) async fn set_state(
    connection: &mut Connection,
    name: &str,
    from: &[CampaignState],
    to: CampaignState,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let update = concat!(
        "update campaigns set state = $2, started_at = case when $2 = 'starting' then coalesce(started_at, $3) ",
        "else started_at end where name = $1 and state in (select value->>0 from ",
        rows!("$4"),
        ")"
    );
    let from: Vec<_> = from.iter().map(|state| [state.name()]).collect();
    let query = sqlx::query(update).bind(name).bind(to.name()).bind(now.0).bind(json(&from));
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// A campaign's messages that wait.
pub(in crate::store) async fn waiting(
    connection: &mut Connection,
    name: &str,
) -> Result<Vec<MessageNumber>, sqlx::Error> {
    let select = "select contact_id, number from outbox where campaign = $1 and state = 'queued'";
    let rows: Vec<(i64, i64)> = sqlx::query_as(select).bind(name).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(contact, number)| MessageNumber { contact: ContactId(contact), number }).collect())
}

/// These are of a cancelled campaign, and are dropped if they still wait.
pub(in crate::store) async fn drop_waiting(
    connection: &mut Connection,
    messages: &[MessageNumber],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let update = concat!(
        "update outbox set state = 'cancelled', rank = 9, error = $2, updated_at = $3 where state = 'queued' ",
        "and (contact_id, number) in (select cast(value->>0 as bigint), cast(value->>1 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let rows: Vec<_> = messages.iter().map(|message| (message.contact.0, message.number)).collect();
    sqlx::query(update).bind(json(&rows)).bind(CANCELLED).bind(now.0).execute(connection).await.map(|_| ())
}

/// Recipients were told up to that place of the segment.
pub(in crate::store) async fn told(connection: &mut Connection, name: &str, place: Place) -> Result<(), sqlx::Error> {
    let update = "update campaigns set place_rank = $2, place_contact = $3 where name = $1";
    sqlx::query(update).bind(name).bind(place.rank).bind(place.contact).execute(connection).await.map(|_| ())
}

/// What a campaign lets out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// So many more messages.
    Room(i64),
    /// Nothing for now: it is paused, or has sent what it may.
    Closed,
    /// Nothing more at all.
    Cancelled,
}

/// What campaigns let out now; those that are not named have no limit.
pub(super) async fn open(connection: &mut Connection, now: Timestamp) -> Result<HashMap<String, Open>, sqlx::Error> {
    let select = "select name, state, per_hour, per_day, \
                  (select count(*) from outbox o where o.campaign = k.name and o.sending_since > $1), \
                  (select count(*) from outbox o where o.campaign = k.name and o.sending_since > $2) from campaigns k \
                  where state in ('paused', 'cancelled') or per_hour is not null or per_day is not null";
    let (hour, day) = (now - Duration::hours(1), now - Duration::days(1));
    let mut open = HashMap::new();
    for row in sqlx::query(select).bind(hour.0).bind(day.0).fetch_all(connection).await? {
        let left = |most: Option<i64>, sent: i64| most.map_or(i64::MAX, |most| most - sent);
        let room = left(row.try_get(2)?, row.try_get(4)?).min(left(row.try_get(3)?, row.try_get(5)?));
        let state = match row.try_get::<&str, _>(1)? {
            "cancelled" => Open::Cancelled,
            "paused" => Open::Closed,
            _ if room <= 0 => Open::Closed,
            _ => Open::Room(room),
        };
        open.insert(row.try_get(0)?, state);
    }
    Ok(open)
}

/// Campaigns that let nothing out now: paused, or their budget is spent.
pub(in crate::store) async fn closed(connection: &mut Connection, now: Timestamp) -> Result<Vec<String>, sqlx::Error> {
    let open = open(connection, now).await?;
    Ok(open.into_iter().filter(|(_, open)| *open == Open::Closed).map(|(name, _)| name).collect())
}

/// Messages that failed for one of these reasons wait again.
pub(in crate::store) async fn retry(
    connection: &mut Connection,
    name: &str,
    reasons: &[String],
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let update = concat!(
        "update outbox set state = 'queued', rank = 0, attempts = 0, wamid = null, error = null, due_at = $2, ",
        "updated_at = $2 where campaign = $1 and state = 'failed' and expires_at > $2 and error in (select value->>0 from ",
        rows!("$3"),
        ")"
    );
    let reasons: Vec<_> = reasons.iter().map(|reason| [reason]).collect();
    let query = sqlx::query(update).bind(name).bind(now.0).bind(json(&reasons));
    Ok(query.execute(connection).await?.rows_affected())
}

/// Soon after a message left.
macro_rules! soon {
    ($moment:literal) => {
        // Meta tells times in whole seconds: an answer within the same one looks earlier (`replied` asks when it came in).
        concat!($moment, " > o.sending_since - 1000 and ", $moment, " <= o.sending_since + $2")
    };
}
/// The customer wrote, and not that they want no more: that the fold tells, so what is not folded does not count yet.
macro_rules! replied {
    () => {
        concat!(
            "exists (select 1 from journal j where j.contact_id = o.contact_id and j.kind = 'message' and ",
            soon!("j.at"),
            " and j.received > o.sending_since and not exists (select 1 from unread u where u.seq = j.seq) and not exists (select 1 from profiles p ",
            "where p.contact_id = o.contact_id and p.opted_out_at <= j.at and ",
            soon!("p.opted_out_at"),
            "))"
        )
    };
}
/// The customer opened the link that stands in this message.
macro_rules! clicked {
    () => {
        concat!(
            "exists (select 1 from links l where l.contact_id = o.contact_id and l.message = o.number and ",
            soon!("l.opened_at"),
            ")"
        )
    };
}
/// The customer made an order that was not cancelled or returned.
macro_rules! ordered {
    () => {
        concat!(
            "exists (select 1 from orders b where b.contact_id = o.contact_id and b.rank < 5 and ",
            soon!("b.ordered_at"),
            ")"
        )
    };
}
macro_rules! opted_out {
    () => {
        concat!("exists (select 1 from profiles p where p.contact_id = o.contact_id and ", soon!("p.opted_out_at"), ")")
    };
}

/// Up to where everything in the journal is folded.
pub(in crate::store) async fn folded_to(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    let select = "select coalesce((select min(seq) from unread) - 1, (select max(seq) from journal), 0)";
    sqlx::query_scalar(select).fetch_one(connection).await
}

/// Recipients who answered, and whose journal does not say so yet: all, or those of whom there is something behind a place of the
/// journal.
pub(in crate::store) async fn responses(
    connection: &mut Connection,
    name: &str,
    since: Option<i64>,
) -> Result<Vec<ContactId>, sqlx::Error> {
    macro_rules! select {
        ($of:literal) => {
            concat!(
                "select distinct o.contact_id from ",
                $of,
                "o.campaign = $1 and o.sending_since is not null and o.rank < 9 and (",
                replied!(),
                " or ",
                clicked!(),
                " or ",
                ordered!(),
                ") and not exists (select 1 from journal r where r.key = 'campaign:' || o.campaign || ':response:' || ",
                "cast(o.contact_id as text)) order by 1 limit $3"
            )
        };
    }
    let select = match since {
        None => select!("outbox o where "),
        // SQLite takes the tables of a cross join in this order: those with something new are few, the recipients may be many.
        Some(_) => select!(
            "(select distinct contact_id from journal where seq > $4 and kind in ('message', 'click', 'order')) as n \
             cross join outbox o where o.contact_id = n.contact_id and "
        ),
    };
    let mut query = sqlx::query_scalar(select).bind(name).bind(ATTRIBUTED.0).bind(MOST_RESPONSES as i64);
    if let Some(since) = since {
        query = query.bind(since);
    }
    Ok(query.fetch_all(connection).await?.into_iter().map(ContactId).collect())
}

/// What became of a campaign's messages, by variant.
pub(in crate::store) async fn outcome(connection: &mut Connection, name: &str) -> Result<Vec<VariantRow>, sqlx::Error> {
    macro_rules! customers {
        ($who:expr) => {
            concat!(", count(distinct case when ", $who, " then o.contact_id end)")
        };
    }
    let select = concat!(
        "select coalesce(variant, ''), count(*) filter (where state = 'queued'), ",
        // As for recipients: what failed has not left, nor what nobody knows of.
        "count(*) filter (where rank between 1 and 5), count(*) filter (where rank between 4 and 5), ",
        "count(*) filter (where rank = 5), count(*) filter (where state = 'failed')",
        customers!(replied!()),
        customers!(clicked!()),
        customers!(ordered!()),
        customers!(opted_out!()),
        " from outbox o where campaign = $1 group by 1 order by 1"
    );
    let read = |row: &_| {
        Ok(VariantRow {
            template: Row::try_get(row, 0)?,
            waiting: Row::try_get(row, 1)?,
            sent: Row::try_get(row, 2)?,
            delivered: Row::try_get(row, 3)?,
            read: Row::try_get(row, 4)?,
            failed: Row::try_get(row, 5)?,
            replied: Row::try_get(row, 6)?,
            clicked: Row::try_get(row, 7)?,
            ordered: Row::try_get(row, 8)?,
            opted_out: Row::try_get(row, 9)?,
        })
    };
    sqlx::query(select).bind(name).bind(ATTRIBUTED.0).fetch_all(connection).await?.iter().map(read).collect()
}

/// Why messages of a campaign were not sent or did not arrive.
pub(in crate::store) async fn failures(
    connection: &mut Connection,
    name: &str,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let select = "select coalesce(error, state), count(*) from outbox where campaign = $1 \
                  and state in ('failed', 'cancelled', 'expired') group by 1 order by 2 desc, 1 limit 20";
    sqlx::query_as(select).bind(name).fetch_all(connection).await
}

/// The states of these contacts.
pub(in crate::store) async fn states(
    connection: &mut Connection,
    contacts: &[ContactId],
) -> Result<Vec<(ContactId, Option<Vec<u8>>)>, sqlx::Error> {
    let select = concat!(
        "select id, state from contacts where id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by id"
    );
    let keys: Vec<_> = contacts.iter().map(|contact| [contact.0]).collect();
    let read = |row: &_| Ok((ContactId(Row::try_get(row, 0)?), Row::try_get(row, 1)?));
    sqlx::query(select).bind(json(&keys)).fetch_all(connection).await?.iter().map(read).collect()
}
