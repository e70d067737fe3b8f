//! All that folds decided, in the caller's transaction: state, tags, ledger, hand-offs, messages to send, what was read.

use std::collections::HashMap;

use super::batch::Batch;
use super::{Connection, handoffs, json, links, run};
use crate::domain::{Content, Duration, MessageNumber, Sender, StatusKind};
use crate::store::{Folded, NOT_KNOWN_WHETHER_SENT, NewOutgoing, OutboxStatus, Overtaken};

/// Writes everything that a batch of folds decided, one statement for each kind of row.
pub(in crate::store) async fn commit(connection: &mut Connection, folded: &[Folded]) -> Result<(), sqlx::Error> {
    postpone(connection, folded).await?;
    forget(connection, folded).await?;
    super::recompute::made(connection, folded).await?;
    let folded: Vec<&Folded> =
        folded.iter().filter(|folded| folded.postponed.is_none() && !folded.unreadable && !folded.kept).collect();
    states(connection, &folded).await?;
    judge_anew(connection, &folded).await?;
    super::indexing::forget(connection, &folded).await?;
    cancel(connection, &folded).await?;
    let told = Told::of(&folded);
    told.send_again(connection).await?;
    let made: Vec<_> = folded.iter().flat_map(|folded| &folded.links).collect();
    // What most batches have something of.
    let mut batch = Batch::default();
    look_for(&mut batch, &folded);
    read(&mut batch, &folded);
    super::recompute::mark(&mut batch, &folded);
    ledger(&mut batch, &folded);
    super::indexing::write(&mut batch, &folded);
    outgoing(&mut batch, &folded);
    links::write(&mut batch, &made);
    told.write(&mut batch);
    batch.carry_out(connection).await?;
    told.release(connection).await?;
    super::indexing::orders(connection, &folded).await?;
    super::recipients::refuse(connection, &folded).await?;
    let mut trail = handoffs::write(connection, &folded).await?;
    trail.extend(folded.iter().filter_map(|folded| folded.consent.map(|consent| consent.trail(folded.contact))));
    super::webhooks::leave(connection, &trail).await
}

async fn postpone(connection: &mut Connection, folded: &[Folded]) -> Result<(), sqlx::Error> {
    let failed: Vec<_> = folded.iter().filter_map(|folded| Some((folded.contact.0, folded.postponed?.0))).collect();
    let unread = concat!(
        "update unread set due_at = r.until from (select cast(value->>0 as bigint) as contact, ",
        "cast(value->>1 as bigint) as until from ",
        rows!("$1"),
        ") as r where unread.contact_id = r.contact"
    );
    run(connection, unread, &failed).await?;
    let wake = concat!(
        "update contacts set wake_at = r.until from (select cast(value->>0 as bigint) as contact, ",
        "cast(value->>1 as bigint) as until from ",
        rows!("$1"),
        ") as r where contacts.id = r.contact and contacts.merged_into is null"
    );
    run(connection, wake, &failed).await
}

async fn forget(connection: &mut Connection, folded: &[Folded]) -> Result<(), sqlx::Error> {
    let unreadable: Vec<_> =
        folded.iter().filter(|folded| folded.unreadable).map(|folded| [folded.contact.0]).collect();
    let update = concat!(
        "update contacts set state = null where id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ")"
    );
    run(connection, update, &unreadable).await
}

/// What is written of each contact, and all their states one behind the other: those are bytes, which JSON has none of.
fn state_rows<'f>(folded: &[&'f Folded]) -> (Vec<impl serde::Serialize + 'f>, Vec<u8>) {
    let mut states = Vec::new();
    let mut rows = Vec::with_capacity(folded.len());
    for folded in folded {
        let summary = &folded.summary;
        let state = folded.state.as_ref().map(|state| (states.len() + 1, state.len()));
        states.extend_from_slice(folded.state.as_deref().unwrap_or_default());
        rows.push((
            folded.contact.0,
            state.map(|(begin, _)| begin),
            state.map(|(_, length)| length),
            folded.wake_at,
            &summary.json,
            summary.last_at,
            summary.last_inbound_at,
            folded.inbound,
            summary.colour,
            summary.heat,
            summary.handoff,
            summary.promise_due,
            &summary.agent,
            folded.merges,
            summary.snoozed_until,
        ));
    }
    (rows, states)
}

/// # Errors
/// [`Overtaken`] where somebody became one with another contact since they were claimed: what the fold decided would stand under a
/// contact that is no more.
async fn states(connection: &mut Connection, folded: &[&Folded]) -> Result<(), sqlx::Error> {
    if folded.is_empty() {
        return Ok(());
    }
    let (rows, states) = state_rows(folded);
    let update = concat!(
        "update contacts set state = case when contacts.merges = r.merges then coalesce(r.state, contacts.state) end, ",
        "wake_at = r.wake_at, summary = r.summary, ",
        "last_at = coalesce(r.last_at, contacts.last_at), ",
        "last_inbound_at = coalesce(r.last_inbound_at, contacts.last_inbound_at), ",
        "unread = contacts.unread + r.inbound, colour = r.colour, heat = r.heat, handoff = r.handoff, ",
        "promise_due = r.promise_due, agent = r.agent, snoozed_until = r.snoozed_until from (select cast(value->>0 as bigint) as id, ",
        "substr($2, cast(value->>1 as int), cast(value->>2 as int)) as state, cast(value->>3 as bigint) as wake_at, ",
        "value->>4 as summary, ",
        "cast(value->>5 as bigint) as last_at, cast(value->>6 as bigint) as last_inbound_at, ",
        "cast(value->>7 as bigint) as inbound, cast(value->>8 as bigint) as colour, cast(value->>9 as bigint) as heat, ",
        "value->>10 as handoff, cast(value->>11 as bigint) as promise_due, value->>12 as agent, ",
        "cast(value->>13 as bigint) as merges, cast(value->>14 as bigint) as snoozed_until from ",
        rows!("$1"),
        ") as r where contacts.id = r.id and contacts.merged_into is null"
    );
    let update = sqlx::query(update).bind(json(&rows)).bind(states);
    let written = update.execute(&mut *connection).await?.rows_affected();
    if written < rows.len() as u64 {
        return Err(sqlx::Error::Encode(Box::new(Overtaken)));
    }
    Ok(())
}

/// What people look for.
fn look_for(batch: &mut Batch, folded: &[&Folded]) {
    let written = |folded: &&Folded| folded.summary.last_inbound_at.map(|at| at.0);
    let summaries = folded.iter().map(|folded| (folded.contact.0, folded.summary.json.as_str(), written(folded)));
    super::searching::keep(batch, summaries);
}

fn read(batch: &mut Batch, folded: &[&Folded]) {
    let seqs: Vec<[i64; 1]> = folded.iter().flat_map(|folded| folded.seqs.iter().map(|seq| [*seq])).collect();
    let delete = concat!("delete from unread where seq in (select cast(value->>0 as bigint) from ", rows!("$1"), ")");
    batch.rows(delete, &seqs);
}

/// Events that were judged later than they came in: a replay must judge them then.
async fn judge_anew(connection: &mut Connection, folded: &[&Folded]) -> Result<(), sqlx::Error> {
    let rejudged: Vec<_> = folded.iter().flat_map(|folded| folded.rejudged.iter()).collect();
    let update = concat!(
        "update journal set received = r.at from (select cast(value->>0 as bigint) as seq, ",
        "cast(value->>1 as bigint) as at from ",
        rows!("$1"),
        ") as r where journal.seq = r.seq"
    );
    run(connection, update, &rejudged).await
}

fn ledger(batch: &mut Batch, folded: &[&Folded]) {
    let changes = folded.iter().filter(|folded| !folded.ledger.is_empty());
    let rows: Vec<_> = changes.map(|folded| (folded.contact.0, json(&folded.ledger))).collect();
    let insert = concat!(
        "insert into tag_ledger (contact_id, changes) select cast(value->>0 as bigint), value->>1 from ",
        rows!("$1"),
        " where true order by r.key"
    );
    batch.rows(insert, &rows);
}

/// Takes back what the bot still had to say. What is under way to Meta is not put back to be sent once more.
async fn cancel(connection: &mut Connection, folded: &[&Folded]) -> Result<(), sqlx::Error> {
    let mut cancelled = Vec::new();
    for folded in folded {
        let Some(reason) = &folded.cancel_queued else { continue };
        cancelled.push((folded.contact.0, reason));
        if folded.merges > 0 {
            // Messages keep the number of the contact that they were decided for.
            let select = "select id from contacts where merged_into = $1";
            let others: Vec<i64> =
                sqlx::query_scalar(select).bind(folded.contact.0).fetch_all(&mut *connection).await?;
            cancelled.extend(others.into_iter().map(|other| (other, reason)));
        }
    }
    let taken_back = concat!(
        "update outbox set state = 'cancelled', rank = 9, error = r.reason from (select cast(value->>0 as bigint) as ",
        "contact, value->>1 as reason from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.state = 'queued' and outbox.sender = 'bot'"
    );
    run(connection, taken_back, &cancelled).await?;
    // Nor is what left already, should Meta say later that it failed.
    let under_way = concat!(
        "update outbox set expires_at = 0 from (select cast(value->>0 as bigint) as contact from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.state in ('sending', 'accepted', 'sent') and outbox.sender = 'bot'"
    );
    run(connection, under_way, &cancelled).await
}

fn outgoing(batch: &mut Batch, folded: &[&Folded]) {
    let mut rows = Vec::new();
    for folded in folded {
        for outgoing in &folded.outgoing {
            let message = &outgoing.message;
            let sender = match &message.sender {
                Sender::Bot => "bot",
                Sender::Agent(login) => login.as_str(),
            };
            // What leaves right after this commit is marked by it (promise 5).
            let (state, attempts) = if outgoing.sending_since.is_some() { ("sending", 1) } else { ("queued", 0) };
            rows.push((
                folded.contact.0,
                message.number,
                message.kind.name(),
                sender,
                i64::from(outgoing.follow_up),
                state,
                attempts,
                outgoing.sending_since.map(|at| at.0),
                &outgoing.channel,
                json(&outgoing.address),
                json(message),
                message.at.0,
                message.expires.0,
                template_of(outgoing),
                (folded.summary.colour, &message.campaign, message.campaign.as_ref().and(message.template.as_ref())),
            ));
        }
    }
    let insert = concat!(
        "insert into outbox (contact_id, number, kind, sender, priority, state, attempts, sending_since, channel, address, ",
        "message, created_at, expires_at, rank, due_at, updated_at, template, worth, campaign, variant) select cast(value->>0 as bigint), ",
        "cast(value->>1 as bigint), value->>2, value->>3, cast(value->>4 as bigint), value->>5, cast(value->>6 as bigint), ",
        "cast(value->>7 as bigint), value->>8, value->>9, value->>10, cast(value->>11 as bigint), ",
        "cast(value->>12 as bigint), cast(value->>6 as bigint), cast(value->>11 as bigint), cast(value->>11 as bigint), ",
        "value->>13, cast(value->14->>0 as bigint), value->14->>1, value->14->>2 from ",
        rows!("$1"),
        " where true"
    );
    batch.rows(insert, &rows);
}

/// The template that a follow-up goes by, where only that may be sent.
fn template_of(outgoing: &NewOutgoing) -> Option<&str> {
    match &outgoing.message.content {
        Content::Template(template) if outgoing.follow_up => Some(&template.name),
        _ => None,
    }
}

/// State and rank of a message by a status of it, see `outbox.rs`.
fn rank(status: StatusKind) -> (&'static str, i64) {
    match status {
        StatusKind::Sent => ("sent", 3),
        StatusKind::Delivered => ("delivered", 4),
        StatusKind::Read => ("read", 5),
        StatusKind::Failed => ("failed", 9),
    }
}

type StatusRow<'a> = (i64, i64, &'static str, i64, Option<&'a str>, Option<String>, i64, &'a [Duration]);

/// A reply that Meta took and then says has failed for a reason that passes waits once more. It keeps the id of the attempt that is
/// over: whatever else is told of that one changes nothing. What became of one that is under way is told by its own id.
const SEND_AGAIN: &str = concat!(
    "update outbox set state = 'queued', rank = 0, error = r.error, updated_at = r.at, due_at = case ",
    "when r.at + cast(r.waits->>cast(outbox.attempts - 1 as int) as bigint) < outbox.expires_at - 2000 ",
    "then r.at + cast(r.waits->>cast(outbox.attempts - 1 as int) as bigint) ",
    // Once more before it is of no use.
    "else outbox.expires_at - 2000 end from (select value->>0 as wamid, value->>1 as error, ",
    "cast(value->>2 as bigint) as at, value->3 as waits from ",
    rows!("$1"),
    ") as r where outbox.wamid = r.wamid and outbox.priority = 0 and outbox.rank in (2, 3) and outbox.attempts > 0 ",
    "and r.waits->>cast(outbox.attempts - 1 as int) is not null and outbox.expires_at - 2000 > r.at"
);

/// The same of a reply whose call is not over, or whose answer was lost: which attempt failed, only Meta's id tells, and an earlier one's
/// failure must not send it beside this one. So it stays `sending`, with the id of the attempt that is over and the time of the next one:
/// by them the answer of the call sends it again (see `outbox.rs`), and where none comes, the settler.
const NOTE_FAILED: &str = concat!(
    "update outbox set wamid = r.wamid, error = r.error, updated_at = r.at, due_at = outbox.sending_since + ",
    "cast(r.waits->>cast(outbox.attempts - 1 as int) as bigint) from (select cast(value->>0 as bigint) as contact, ",
    "cast(value->>1 as bigint) as number, value->>2 as wamid, value->>3 as error, cast(value->>4 as bigint) as at, ",
    "value->5 as waits from ",
    rows!("$1"),
    ") as r where outbox.contact_id = r.contact and outbox.number = r.number and outbox.priority = 0 and outbox.rank = 1 ",
    "and outbox.attempts > 0 and coalesce(outbox.wamid, '') <> r.wamid ",
    "and r.waits->>cast(outbox.attempts - 1 as int) is not null and outbox.expires_at - 2000 > r.at"
);

/// The furthest of each message that statuses told of: by the number under which we sent it, and of others by Meta's id.
struct Told<'a> {
    best: HashMap<(i64, i64), StatusRow<'a>>,
    foreign: HashMap<&'a str, StatusRow<'a>>,
}

impl<'a> Told<'a> {
    fn of(folded: &[&'a Folded]) -> Self {
        let (mut best, mut foreign) = (HashMap::new(), HashMap::new());
        for OutboxStatus { at, status, again } in folded.iter().flat_map(|folded| &folded.statuses) {
            let (state, rank) = rank(status.status);
            let error = status.error.map(|code| code.to_string());
            let number: Option<MessageNumber> = status.message.parse().ok();
            let wamid = status.wamid.as_deref();
            let row = |contact, number| (contact, number, state, rank, wamid, error.clone(), at.0, again.as_slice());
            match number {
                // By the contact that it was sent to, which may have become another one since.
                Some(MessageNumber { contact, number }) => {
                    keep_best(best.entry((contact.0, number)), row(contact.0, number));
                }
                None => keep_best(foreign.entry(status.message.as_str()), row(0, 0)),
            }
        }
        Self { best, foreign }
    }

    /// Replies that failed for a reason that passes wait once more, before they count as failed.
    async fn send_again(&self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        let foreign = self.foreign.iter().map(|(wamid, row)| (Some(*wamid), row));
        let told = self.best.values().map(|row| (row.4, row)).chain(foreign);
        let failed = told.filter(|(_, row)| row.3 == 9 && !row.7.is_empty());
        let again: Vec<_> = failed.filter_map(|(wamid, row)| Some((wamid?, &row.5, row.6, row.7))).collect();
        run(connection, SEND_AGAIN, &again).await?;
        let failed = self.best.values().filter(|row| row.3 == 9 && !row.7.is_empty());
        let noted: Vec<_> = failed.filter_map(|row| Some((row.0, row.1, row.4?, &row.5, row.6, row.7))).collect();
        run(connection, NOTE_FAILED, &noted).await
    }

    fn write(&self, batch: &mut Batch) {
        let best: Vec<_> = self.best.values().collect();
        // A status that comes after a message was given up as unknown says what became of it.
        batch.rows_and(SET_STATUS, &best, [NOT_KNOWN_WHETHER_SENT.into()]);
        let row = |(wamid, row): (&&'a str, &StatusRow<'a>)| (*wamid, row.2, row.3, row.5.clone(), row.6);
        batch.rows(SET_BY_WAMID, &self.foreign.iter().map(row).collect::<Vec<_>>());
    }

    /// Who was not reached counts no more.
    async fn release(&self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        let failed = self.best.values().filter(|row| row.3 == 9).map(|row| (row.0, row.1));
        super::limits::release(connection, &failed.collect::<Vec<_>>()).await
    }
}

const SET_STATUS: &str = concat!(
    "update outbox set state = r.state, rank = r.rank, wamid = coalesce(r.wamid, outbox.wamid), error = r.error, ",
    "updated_at = r.at from (select cast(value->>0 as bigint) as contact, cast(value->>1 as bigint) as number, ",
    "value->>2 as state, cast(value->>3 as bigint) as rank, value->>4 as wamid, value->>5 as error, ",
    "cast(value->>6 as bigint) as at from ",
    rows!("$1"),
    // `failed` is final unless the message was delivered before (Meta's reference, section 1.3).
    ") as r where outbox.contact_id = r.contact and outbox.number = r.number ",
    // What left once under one id is not told of under another: that was said of a message that an older copy of the database sent.
    "and (r.wamid is null or coalesce(outbox.wamid, '') in ('', r.wamid) or outbox.attempts > 1) ",
    // Nor of what is sent again, but that it arrived after all.
    "and (outbox.rank > 1 or r.rank in (4, 5) or coalesce(outbox.wamid, '') <> coalesce(r.wamid, '-')) ",
    "and (outbox.rank < r.rank ",
    "and (r.rank < 9 or outbox.rank < 4) or outbox.error = $2 and r.rank >= 3)"
);

const SET_BY_WAMID: &str = concat!(
    "update outbox set state = r.state, rank = r.rank, error = r.error, updated_at = r.at from (select ",
    "value->>0 as wamid, value->>1 as state, cast(value->>2 as bigint) as rank, value->>3 as error, ",
    "cast(value->>4 as bigint) as at from ",
    rows!("$1"),
    ") as r where outbox.wamid = r.wamid and outbox.rank < r.rank and (r.rank < 9 or outbox.rank < 4) ",
    "and (outbox.rank > 1 or r.rank in (4, 5))"
);

fn keep_best<'a, K>(entry: std::collections::hash_map::Entry<'_, K, StatusRow<'a>>, row: StatusRow<'a>) {
    entry
        .and_modify(|kept| {
            // A failure does not undo a delivery of the same batch.
            let further = if row.3 == 9 { kept.3 < 4 } else { kept.3 == 9 && row.3 >= 4 || row.3 > kept.3 };
            if further {
                *kept = row.clone();
            }
        })
        .or_insert(row);
}
