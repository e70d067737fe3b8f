//! What was said, packed and looked through; see `store/said.rs`.

use std::collections::{HashMap, HashSet};

use futures_util::TryStreamExt as _;
use sqlx::{Connection as _, Row as _};

use super::claiming::event;
use super::console::inbox_row;
use super::{BEGIN, Connection, LOCK_SAID, json};
use crate::domain::{ContactId, Event, EventBody};
use crate::store::SaidRow;
use crate::store::said::{PACKED, Packed, Unpacked, in_a_line, lines_with, marks, may_have, without_lines, words_of};

/// Events of the newest that are read one by one: more than there are while packing keeps up.
const NEWEST: i64 = 5_000;
/// Packed rows that are read at once.
const PAGE: usize = 8;
/// So often words were said before it is given up: they stand everywhere, and with few customers.
const MOST_SAID: usize = 20_000;

/// Kinds of events in which something is said.
macro_rules! said_kinds {
    () => {
        "kind in ('message', 'agent', 'sent')"
    };
}

/// What is to be packed next, where there is enough of it.
pub(in crate::store) async fn unpacked(connection: &mut Connection) -> Result<Option<Unpacked>, sqlx::Error> {
    let after = last(connection).await?;
    let newest: i64 =
        sqlx::query_scalar("select coalesce(max(seq), 0) from journal").fetch_one(&mut *connection).await?;
    if newest - after < PACKED {
        return Ok(None);
    }
    // Where numbers are missing the row spans more of them.
    let select = concat!(
        "select seq, case when ",
        said_kinds!(),
        " then body end from journal where seq > $1 order by seq limit $2"
    );
    // One by one: of most nothing is kept.
    let mut rows = sqlx::query_as(select).bind(after).bind(PACKED).fetch(connection);
    let (mut count, mut last, mut said) = (0, after, Vec::new());
    while let Some((seq, body)) = rows.try_next().await? {
        let body: Option<String> = body;
        (count, last) = (count + 1, seq);
        said.extend(body.map(|body| (seq, body)));
    }
    Ok((count >= PACKED).then_some(Unpacked { after, last, said }))
}

/// The last event that is packed.
async fn last(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select coalesce(max(last_seq), 0) from said").fetch_one(connection).await
}

/// One at a time packs or erases, over all nodes.
async fn lock(connection: &mut Connection) -> Result<(), sqlx::Error> {
    if let Some(lock) = LOCK_SAID {
        sqlx::query(lock).execute(connection).await?;
    }
    Ok(())
}

/// Keeps what was packed; false where another node was faster, or somebody of it was erased meanwhile.
pub(in crate::store) async fn keep(connection: &mut Connection, packed: &Packed) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    lock(&mut transaction).await?;
    let count = concat!("select count(*) from journal where seq > $1 and seq <= $2 and ", said_kinds!());
    let count: i64 =
        sqlx::query_scalar(count).bind(packed.after).bind(packed.last).fetch_one(&mut *transaction).await?;
    if count != packed.count || last(&mut transaction).await? != packed.after {
        return Ok(false);
    }
    let insert = "insert into said (last_seq, marks, text) values ($1, $2, $3)";
    let insert = sqlx::query(insert).bind(packed.last).bind(&packed.marks).bind(packed.text.as_bytes());
    insert.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Forgets what was said in these events, which rise. To be called where they are erased from the journal before.
pub(in crate::store) async fn forget(connection: &mut Connection, seqs: &[i64]) -> Result<(), sqlx::Error> {
    lock(connection).await?;
    let mut rest = seqs;
    while let Some(first) = rest.first() {
        let select = "select last_seq, text from said where last_seq >= $1 order by last_seq limit 1";
        let row: Option<(i64, Vec<u8>)> = sqlx::query_as(select).bind(first).fetch_optional(&mut *connection).await?;
        let Some((last, text)) = row else { return Ok(()) };
        let (here, behind) = rest.split_at(rest.partition_point(|seq| *seq <= last));
        rest = behind;
        if let Some(text) = without_lines(&String::from_utf8_lossy(&text), here) {
            let update = "update said set marks = $2, text = $3 where last_seq = $1";
            let update = sqlx::query(update).bind(last).bind(marks(&text)).bind(text.into_bytes());
            update.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Conversations with the newest event of each that has the words, in the order in which they are found.
#[derive(Default)]
struct Found {
    order: Vec<(i64, i64)>,
    contacts: HashSet<i64>,
    said: usize,
}

impl Found {
    fn add(&mut self, contact: i64, seq: i64) {
        self.said += 1;
        if self.contacts.insert(contact) {
            self.order.push((contact, seq));
        }
    }

    fn is_enough(&self, limit: usize) -> bool {
        self.order.len() >= limit || self.said >= MOST_SAID
    }
}

/// Conversations in which these words were said, at most so many: those where it was last come first.
pub(in crate::store) async fn find(
    connection: &mut Connection,
    words: &[String],
    limit: usize,
) -> Result<Vec<SaidRow>, sqlx::Error> {
    let mut found = Found::default();
    let packed = last(connection).await?;
    in_the_newest(connection, words, packed, &mut found).await?;
    if !found.is_enough(limit) {
        in_the_packed(connection, words, limit, &mut found).await?;
    }
    found.order.truncate(limit);
    rows(connection, found.order).await
}

async fn in_the_newest(
    connection: &mut Connection,
    words: &[String],
    packed: i64,
    found: &mut Found,
) -> Result<(), sqlx::Error> {
    let select = concat!(
        "select contact_id, seq, body from journal where seq > $1 and contact_id is not null and ",
        said_kinds!(),
        " order by seq desc limit $2"
    );
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(select).bind(packed).bind(NEWEST).fetch_all(connection).await?;
    for (contact, seq, body) in rows {
        let said = serde_json::from_str::<EventBody>(&body).ok().and_then(|body| words_of(&body));
        let Some(said) = said.map(|said| in_a_line(&said)) else { continue };
        if words.iter().all(|word| said.contains(word.as_str())) {
            found.add(contact, seq);
        }
    }
    Ok(())
}

async fn in_the_packed(
    connection: &mut Connection,
    words: &[String],
    limit: usize,
    found: &mut Found,
) -> Result<(), sqlx::Error> {
    let mut marked = Vec::new();
    {
        let mut rows = sqlx::query("select last_seq, marks from said order by last_seq desc").fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            if may_have(row.try_get(1)?, words) {
                marked.push([row.try_get::<i64, _>(0)?]);
            }
        }
    }
    for page in marked.chunks(PAGE) {
        let select = concat!(
            "select text from said where last_seq in (select cast(value->>0 as bigint) from ",
            rows!("$1"),
            ") order by last_seq desc"
        );
        let texts: Vec<Vec<u8>> = sqlx::query_scalar(select).bind(json(&page)).fetch_all(&mut *connection).await?;
        let seqs = texts.iter().flat_map(|text| {
            let seqs = std::str::from_utf8(text).map(|text| lines_with(text, words)).unwrap_or_default();
            seqs.into_iter().rev().map(|seq| [seq])
        });
        let seqs: Vec<[i64; 1]> = seqs.collect();
        // Who became one with another has another number since.
        let select = concat!(
            "select contact_id, seq from journal where contact_id is not null and seq in (select cast(value->>0 as bigint) from ",
            rows!("$1"),
            ") order by seq desc"
        );
        let whose: Vec<(i64, i64)> = sqlx::query_as(select).bind(json(&seqs)).fetch_all(&mut *connection).await?;
        whose.into_iter().for_each(|(contact, seq)| found.add(contact, seq));
        if found.is_enough(limit) {
            break;
        }
    }
    Ok(())
}

/// The conversations and events that were found, in that order.
async fn rows(connection: &mut Connection, found: Vec<(i64, i64)>) -> Result<Vec<SaidRow>, sqlx::Error> {
    let select = concat!(
        "select id, summary, last_inbound_at, unread, colour, heat, handoff, promise_due, agent from contacts ",
        "where merged_into is null and id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let rows = sqlx::query(select).bind(json(&found)).fetch_all(&mut *connection).await?;
    let rows: Result<HashMap<_, _>, _> =
        rows.iter().map(|row| inbox_row(row).map(|row| (row.contact.0, row))).collect();
    let mut rows = rows?;
    let select = concat!(
        "select seq, at, received, body from journal where seq in (select cast(value->>1 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let said = sqlx::query(select).bind(json(&found)).fetch_all(connection).await?;
    let said: Result<Vec<Event>, _> = said.iter().map(|row| event(row.try_get(0)?, row, 1)).collect();
    let mut said: HashMap<i64, Event> = said?.into_iter().map(|event| (event.seq, event)).collect();
    let whole = |(contact, seq)| Some(SaidRow { row: rows.remove(&contact)?, event: said.remove(&seq)? });
    Ok(found.into_iter().filter_map(whole).collect())
}

/// How many events of a conversation's thread there are from that one on.
pub(in crate::store) async fn since(
    connection: &mut Connection,
    contact: ContactId,
    seq: i64,
) -> Result<i64, sqlx::Error> {
    let select = "select count(*) from journal where contact_id = $1 and seq >= $2 and \
                  kind in ('message', 'location', 'sent', 'agent', 'reaction', 'order', 'click', 'opt')";
    sqlx::query_scalar(select).bind(contact.0).bind(seq).fetch_one(connection).await
}
