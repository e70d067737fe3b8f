//! What leaves next: replies, and the follow-ups that may leave in spite of what holds messages back for many customers at once.

use sqlx::Row;

use super::campaigns::{self, CANCELLED, Open};
use super::{Connection, LOCK_PORTFOLIO, departures, json, limits, outbox, run};
use crate::domain::{ContactId, Duration, Timestamp};
use crate::outreach::{Departure, Limits};
use crate::store::{Gate, Leave, OutboxRow, Taken, Unasked};

/// Marks the next messages of each number as `sending`, as many as it has room for, and returns them: replies first, the oldest
/// first, then follow-ups.
pub(in crate::store) async fn take_due(
    connection: &mut Connection,
    rooms: &[(String, i64)],
    now: Timestamp,
    unasked: &Unasked,
) -> Result<Taken, sqlx::Error> {
    let take = concat!(
        "update outbox set state = 'sending', rank = 1, attempts = attempts + 1, sending_since = $1, updated_at = $1 ",
        "where (contact_id, number) in (select contact_id, number from outbox where state = 'queued' and channel = $2 ",
        "and priority = 0 and due_at <= $1 and expires_at > $1 order by due_at, number limit $3",
        skip_locked!(),
        ") returning contact_id, number, priority, channel, address, message, attempts, due_at"
    );
    let mut replies = Vec::new();
    let (mut follow_ups, mut blocked) = (Vec::new(), Vec::new());
    for (channel, room) in rooms {
        let rows = sqlx::query(take).bind(now.0).bind(channel).bind(room).fetch_all(&mut *connection).await?;
        let left = room - rows.len() as i64;
        for row in rows {
            let due_at: i64 = row.try_get(7)?;
            replies.push((due_at, outbox::read(&row)?));
        }
        if left > 0 && !unasked.resting.contains(channel) {
            match take_follow_ups(connection, channel, left, now, unasked).await? {
                Some(rows) => follow_ups.extend(rows),
                None => blocked.push(channel.clone()),
            }
        }
    }
    replies.sort_by_key(|(due_at, row)| (*due_at, row.contact, row.message.number));
    Ok(Taken { rows: replies.into_iter().map(|(_, row)| row).chain(follow_ups).collect(), blocked })
}

/// Marks the follow-ups of a number that may leave now as `sending`: the one whose latest time comes first before the others,
/// then the warmest customer. Each is asked for once more, by the contact's state as it is now; what is put off or not wanted
/// any more is written down with the reason. `None` where some are due, and what many wait for lets none of them be asked for.
async fn take_follow_ups(
    connection: &mut Connection,
    channel: &str,
    room: i64,
    now: Timestamp,
    unasked: &Unasked,
) -> Result<Option<Vec<OutboxRow>>, sqlx::Error> {
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
    let (room, customers) = rooms(connection, channel, room, now, &unasked.limits).await?;
    if room <= 0 {
        return Ok(None);
    }
    let mut campaigns = campaigns::open(connection, now).await?;
    let closed: Vec<_> =
        campaigns.iter().filter(|(_, open)| **open == Open::Closed).map(|(name, _)| [name.clone()]).collect();
    let candidates = candidates(connection, (channel, room), customers > 0, &json(&closed), now).await?;
    if candidates.is_empty() {
        return Ok(None);
    }
    let mut decided = Decided { customers, ..Decided::default() };
    let mut departures = departures::of(connection, candidates.iter().map(|found| found.living), now).await?;
    for mut candidate in candidates {
        let others = departures.entry(candidate.living).or_default();
        let number = departures::number_for(candidate.living, candidate.row.contact, candidate.row.message.number);
        let leave = candidate.ask(&unasked.gate, number, others);
        let campaign = candidate.row.message.campaign.as_ref().and_then(|name| campaigns.get_mut(name));
        if decided.note(candidate, leave, campaign, now) {
            // The next one of the same batch counts it.
            others.iter_mut().filter(|other| other.number == number).for_each(|own| own.left = Some(now));
        }
    }
    write(connection, channel, now, &decided).await?;
    Ok(Some(decided.rows))
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

impl Candidate {
    /// Asks whether it may leave. Who lives on is asked, under the number that it has for them.
    fn ask(&mut self, gate: &Gate, number: i64, others: &[Departure]) -> Leave {
        let own = std::mem::replace(&mut self.row.message.number, number);
        let leave = gate(self.state.as_deref(), &self.row.message, others);
        self.row.message.number = own;
        leave
    }
}

/// What was decided about the candidates.
#[derive(Default)]
struct Decided {
    /// For how many customers there is still room that the portfolio does not count yet.
    customers: i64,
    rows: Vec<OutboxRow>,
    leaving: Vec<(i64, i64)>,
    /// What leaves with other content than was decided.
    changed: Vec<(i64, i64, String)>,
    put_off: Vec<(i64, i64, i64, String)>,
    dropped: Vec<(i64, i64, String)>,
    reached: Vec<[i64; 1]>,
}

impl Decided {
    /// Notes what becomes of a candidate; whether it leaves.
    fn note(&mut self, candidate: Candidate, leave: Leave, campaign: Option<&mut Open>, now: Timestamp) -> bool {
        let Candidate { mut row, template, known, .. } = candidate;
        let key = (row.contact.0, row.message.number);
        match leave {
            _ if campaign.as_deref() == Some(&Open::Cancelled) => {
                self.dropped.push((key.0, key.1, CANCELLED.into()));
            }
            Leave::Now | Leave::Instead(_) if template && !known && self.customers <= 0 => {}
            Leave::Now | Leave::Instead(_) if matches!(campaign.as_deref(), Some(Open::Room(..=0))) => {}
            leave @ (Leave::Now | Leave::Instead(_)) => {
                if let Some(Open::Room(room)) = campaign {
                    *room -= 1;
                }
                if template {
                    self.customers -= i64::from(!known);
                    self.reached.push([row.contact.0]);
                }
                if let Leave::Instead(content) = leave {
                    row.message.content = content;
                    self.changed.push((key.0, key.1, json(&row.message)));
                }
                self.leaving.push(key);
                self.rows.push(row);
                return true;
            }
            Leave::NotBefore(at, why) => {
                self.put_off.push((key.0, key.1, at.max(now + Duration::seconds(1)).0, why));
            }
            Leave::Never(why) => self.dropped.push((key.0, key.1, why)),
        }
        false
    }
}

async fn is_held(connection: &mut Connection, channel: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    let select =
        "select 1 from holds where what in ('account', 'number:' || $1) and (until is null or until > $2) limit 1";
    let held: Option<i32> = sqlx::query_scalar(select).bind(channel).bind(now.0).fetch_optional(connection).await?;
    Ok(held.is_some())
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
    let tier = limits::portfolio(connection).await?.unwrap_or(Some(limits.portfolio_until_told));
    let count = "select count(*), count(*) filter (where channel = $1) from reached where at > $2";
    let after = now - limits::PORTFOLIO_WINDOW;
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
    let query = sqlx::query(select).bind(channel).bind(now.0).bind(room).bind((now - limits::PORTFOLIO_WINDOW).0);
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
    run(connection, change, &decided.changed).await?;
    let put_off = concat!(
        "update outbox set due_at = r.at, error = r.why from (select cast(value->>0 as bigint) as contact, ",
        "cast(value->>1 as bigint) as number, cast(value->>2 as bigint) as at, value->>3 as why from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.number = r.number"
    );
    run(connection, put_off, &decided.put_off).await?;
    let drop = concat!(
        "update outbox set state = 'cancelled', rank = 9, error = r.why from (select cast(value->>0 as bigint) as contact, ",
        "cast(value->>1 as bigint) as number, value->>2 as why from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.number = r.number"
    );
    run(connection, drop, &decided.dropped).await?;
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
