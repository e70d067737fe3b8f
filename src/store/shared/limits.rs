//! What holds messages back for many customers at once, and the follow-ups that may leave in spite of it.

use sqlx::Row;

use super::campaigns::{self, CANCELLED, Open};
use super::{Connection, LOCK_PORTFOLIO, departures, json, outbox};
use crate::domain::{ContactId, Content, Duration, Outgoing, Timestamp};
use crate::outreach::Limits;
use crate::store::{AccountEvent, Leave, OutboxRow, Unasked, UnaskedCounts, WaitingRow, Way};

/// A little more than Meta's 24 hours: Meta counts from its own clock, a little after ours.
pub(super) const PORTFOLIO_WINDOW: Duration = Duration::minutes(24 * 60 + 1);

/// Marks the follow-ups of a number that may leave now as `sending`: the one whose latest time comes first before the others,
/// then the warmest customer. Each is asked for once more, by the contact's state as it is now; what is put off or not wanted
/// any more is written down with the reason. `None` where some are due, and what many wait for lets none of them be asked for.
pub(in crate::store) async fn take_follow_ups(
    connection: &mut Connection,
    channel: &str,
    room: i64,
    now: Timestamp,
    unasked: &Unasked,
) -> Result<Option<Vec<OutboxRow>>, sqlx::Error> {
    let Unasked { limits, gate, .. } = unasked;
    let waits =
        "select 1 from outbox where state = 'queued' and priority = 1 and channel = $1 and due_at <= $2 limit 1";
    let waits: Option<i32> =
        sqlx::query_scalar(waits).bind(channel).bind(now.0).fetch_optional(&mut *connection).await?;
    if waits.is_none() {
        return Ok(Some(Vec::new()));
    }
    if is_held(connection, channel, now).await? {
        return Ok(None);
    }
    if let Some(lock) = LOCK_PORTFOLIO {
        sqlx::query(lock).execute(&mut *connection).await?;
    }
    let (room, mut customers) = rooms(connection, channel, room, now, limits).await?;
    if room <= 0 {
        return Ok(None);
    }
    let mut campaigns = campaigns::open(connection, now).await?;
    let closed: Vec<_> =
        campaigns.iter().filter(|(_, open)| **open == Open::Closed).map(|(name, _)| [name.clone()]).collect();
    let mut decided = Decided::default();
    let candidates = candidates(connection, (channel, room), customers > 0, &json(&closed), now).await?;
    if candidates.is_empty() {
        return Ok(None);
    }
    let mut departures = departures::of(connection, candidates.iter().map(|found| found.living), now).await?;
    for candidate in candidates {
        let Candidate { mut row, living, template, state, known } = candidate;
        let others = departures.entry(living).or_default();
        let key = (row.contact.0, row.message.number);
        // Who lives on is asked, under the number that it has for them.
        row.message.number = departures::number_for(living, row.contact, key.1);
        let number = row.message.number;
        let leave = gate(state.as_deref(), &row.message, others);
        row.message.number = key.1;
        let campaign = row.message.campaign.as_ref().and_then(|name| campaigns.get_mut(name));
        match leave {
            _ if campaign.as_deref() == Some(&Open::Cancelled) => {
                decided.dropped.push((key.0, key.1, CANCELLED.into()))
            }
            Leave::Now | Leave::Instead(_) if template && !known && customers <= 0 => {}
            Leave::Now | Leave::Instead(_) if matches!(campaign.as_deref(), Some(Open::Room(..=0))) => {}
            leave @ (Leave::Now | Leave::Instead(_)) => {
                if let Some(Open::Room(room)) = campaign {
                    *room -= 1;
                }
                if template {
                    customers -= i64::from(!known);
                    decided.reached.push([row.contact.0]);
                }
                if let Leave::Instead(content) = leave {
                    row.message.content = content;
                    decided.changed.push((key.0, key.1, json(&row.message)));
                }
                // The next one of the same batch counts it.
                others.iter_mut().filter(|other| other.number == number).for_each(|own| own.left = Some(now));
                decided.leaving.push(key);
                decided.rows.push(row);
            }
            Leave::NotBefore(at, why) => {
                decided.put_off.push((key.0, key.1, at.max(now + Duration::seconds(1)).0, why))
            }
            Leave::Never(why) => decided.dropped.push((key.0, key.1, why)),
        }
    }
    write(connection, channel, now, &decided).await?;
    Ok(Some(decided.rows))
}

/// What was decided about the candidates.
#[derive(Default)]
struct Decided {
    rows: Vec<OutboxRow>,
    leaving: Vec<(i64, i64)>,
    /// What leaves with other content than was decided.
    changed: Vec<(i64, i64, String)>,
    put_off: Vec<(i64, i64, i64, String)>,
    dropped: Vec<(i64, i64, String)>,
    reached: Vec<[i64; 1]>,
}

async fn is_held(connection: &mut Connection, channel: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    let select =
        "select 1 from holds where what in ('account', 'number:' || $1) and (until is null or until > $2) limit 1";
    let held: Option<i32> = sqlx::query_scalar(select).bind(channel).bind(now.0).fetch_optional(connection).await?;
    Ok(held.is_some())
}

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

/// How many messages may leave, and for how many customers that the portfolio does not count yet.
async fn rooms(
    connection: &mut Connection,
    channel: &str,
    room: i64,
    now: Timestamp,
    limits: &Limits,
) -> Result<(i64, i64), sqlx::Error> {
    let known = "insert into numbers (channel, since) values ($1, $2) on conflict (channel) do nothing";
    sqlx::query(known).bind(channel).bind(now.0).execute(&mut *connection).await?;
    let number = "select since, resumed_at from numbers where channel = $1";
    let (since, resumed): (i64, Option<i64>) = sqlx::query_as(number).bind(channel).fetch_one(&mut *connection).await?;
    let tier = portfolio(connection).await?.unwrap_or(Some(limits.portfolio_until_told));
    let count = "select count(*), count(*) filter (where channel = $1) from reached where at > $2";
    let after = now - PORTFOLIO_WINDOW;
    let (all, own): (i64, i64) = sqlx::query_as(count).bind(channel).bind(after.0).fetch_one(&mut *connection).await?;
    let of_portfolio = tier.map_or(i64::MAX, |most| i64::from(most) - all);
    let of_number = limits.warm_up(Timestamp(since), tier, now).map_or(i64::MAX, |most| i64::from(most) - own);
    let Some(most) = resumed.and_then(|resumed| limits.after_rest(Timestamp(resumed), now)) else {
        return Ok((room, of_portfolio.min(of_number)));
    };
    let sent = "select count(*) from outbox where priority = 1 and channel = $1 and sending_since > $2";
    // What left before the rest led to it, and does not count again.
    let since = (now - Duration::hours(1)).max(Timestamp(resumed.unwrap_or_default() - 1));
    let sent: i64 = sqlx::query_scalar(sent).bind(channel).bind(since.0).fetch_one(connection).await?;
    Ok((room.min(i64::from(most) - sent), of_portfolio.min(of_number)))
}

struct Candidate {
    row: OutboxRow,
    /// Whom it was decided for, or who they have become since: their state is asked.
    living: ContactId,
    template: bool,
    state: Option<Vec<u8>>,
    /// The portfolio counts this customer already.
    known: bool,
}

async fn candidates(
    connection: &mut Connection,
    (channel, room): (&str, i64),
    customers: bool,
    closed: &str,
    now: Timestamp,
) -> Result<Vec<Candidate>, sqlx::Error> {
    let select = concat!(
        "select o.contact_id, o.number, o.priority, o.channel, o.address, o.message, o.attempts + 1, o.template is not null, ",
        "c.state, exists (select 1 from reached r where r.contact_id = o.contact_id and r.at > $4), c.id from outbox o ",
        "join contacts d on d.id = o.contact_id join contacts c on c.id = coalesce(d.merged_into, d.id) where o.state = 'queued' and o.priority = 1 and o.channel = $1 ",
        "and o.due_at <= $2 and o.expires_at > $2 and (o.template is null or not exists (select 1 from holds h ",
        // Held since rules fill in too little of it: a person fills in all that it asks for.
        "where h.what = 'template:' || o.template and (h.until is null or h.until > $2) ",
        "and (h.source <> 'templates' or o.sender = 'bot'))) ",
        "and (o.template is null or $5 = 1 or exists (select 1 from reached r where r.contact_id = o.contact_id ",
        "and r.at > $4)) and (o.campaign is null or o.campaign not in (select value->>0 from ",
        rows!("$6"),
        ")) order by o.expires_at, o.worth desc, o.due_at limit $3",
        skip_locked!(),
    );
    let query = sqlx::query(select).bind(channel).bind(now.0).bind(room).bind((now - PORTFOLIO_WINDOW).0);
    let rows = query.bind(i64::from(customers)).bind(closed).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let (template, state, known) = (row.try_get(7)?, row.try_get(8)?, row.try_get(9)?);
            let living = ContactId(row.try_get(10)?);
            Ok(Candidate { row: outbox::read(row)?, living, template, state, known })
        })
        .collect()
}

async fn write(
    connection: &mut Connection,
    channel: &str,
    now: Timestamp,
    decided: &Decided,
) -> Result<(), sqlx::Error> {
    let leave = concat!(
        "update outbox set state = 'sending', rank = 1, attempts = attempts + 1, sending_since = $2, updated_at = $2, ",
        "error = null where (contact_id, number) in (select cast(value->>0 as bigint), cast(value->>1 as bigint) from ",
        rows!("$1"),
        ")"
    );
    if !decided.leaving.is_empty() {
        sqlx::query(leave).bind(json(&decided.leaving)).bind(now.0).execute(&mut *connection).await?;
    }
    let change = concat!(
        "update outbox set message = r.message from (select cast(value->>0 as bigint) as contact, ",
        "cast(value->>1 as bigint) as number, value->>2 as message from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.number = r.number"
    );
    super::folding::run(connection, change, &decided.changed).await?;
    let put_off = concat!(
        "update outbox set due_at = r.at, error = r.why from (select cast(value->>0 as bigint) as contact, ",
        "cast(value->>1 as bigint) as number, cast(value->>2 as bigint) as at, value->>3 as why from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.number = r.number"
    );
    super::folding::run(connection, put_off, &decided.put_off).await?;
    let drop = concat!(
        "update outbox set state = 'cancelled', rank = 9, error = r.why from (select cast(value->>0 as bigint) as contact, ",
        "cast(value->>1 as bigint) as number, value->>2 as why from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.number = r.number"
    );
    super::folding::run(connection, drop, &decided.dropped).await?;
    let reach = concat!(
        "insert into reached (contact_id, channel, at) select distinct cast(value->>0 as bigint), $2, $3 from ",
        rows!("$1"),
        " where true on conflict (contact_id) do update set channel = excluded.channel, at = excluded.at"
    );
    if !decided.reached.is_empty() {
        let query = sqlx::query(reach).bind(json(&decided.reached)).bind(channel).bind(now.0);
        query.execute(connection).await?;
    }
    Ok(())
}

/// These messages failed: their customers count for the portfolio only by what reached them before.
pub(in crate::store) async fn release(connection: &mut Connection, failed: &[(i64, i64)]) -> Result<(), sqlx::Error> {
    let forget = concat!(
        "delete from reached where contact_id in (select o.contact_id from outbox o join (select ",
        "cast(value->>0 as bigint) as contact, cast(value->>1 as bigint) as number from ",
        rows!("$1"),
        ") as r on o.contact_id = r.contact and o.number = r.number where o.template is not null)"
    );
    super::folding::run(connection, forget, failed).await?;
    let count = concat!(
        "insert into reached (contact_id, channel, at) select contact_id, max(channel), max(sending_since) from outbox ",
        "where contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") and template is not null and sending_since is not null and rank between 1 and 5 group by contact_id ",
        "on conflict (contact_id) do nothing"
    );
    super::folding::run(connection, count, failed).await
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
