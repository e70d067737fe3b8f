//! Looking for contacts in the inbox: by name, number and last message, whatever their capital letters and accents.

use serde::Deserialize;

use super::Connection;
use super::batch::Batch;
use super::console::inbox_row;
use crate::store::{InboxRow, folded};

/// Contacts that are filled in at once.
const FILLED: i64 = 500;

/// What a summary tells that people look for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    name: Option<String>,
    wa_id: Option<String>,
    preview: String,
}

/// What is looked through.
fn text(summary: &str) -> String {
    let Told { name, wa_id, preview } = serde_json::from_str(summary).unwrap_or_default();
    let told = [name.unwrap_or_default(), wa_id.unwrap_or_default(), preview].join("\n");
    // PostgreSQL takes no such sign.
    folded(&told.replace('\0', " "))
}

/// Writes what is looked for of these contacts: each with its summary, and when it wrote last.
pub(super) fn keep<'s>(batch: &mut Batch, summaries: impl Iterator<Item = (i64, &'s str, Option<i64>)>) {
    let keep = concat!(
        "insert into searched (contact_id, text, at) select cast(value->>0 as bigint), value->>1, cast(value->>2 as bigint) from ",
        rows!("$1"),
        " where true on conflict (contact_id) do update set text = excluded.text, ",
        "at = case when excluded.at > searched.at then excluded.at else searched.at end ",
        "where searched.text is null or searched.text <> excluded.text or excluded.at > searched.at"
    );
    let row = |(contact, summary, at): (i64, &str, Option<i64>)| (contact, text(summary), at.unwrap_or_default());
    let rows: Vec<(i64, String, i64)> = summaries.map(row).collect();
    batch.rows(keep, &rows);
}

/// Fills in what is not there yet; false when all is.
pub(in crate::store) async fn fill(connection: &mut Connection) -> Result<bool, sqlx::Error> {
    let select = "select searched.contact_id, contacts.summary from searched join contacts on contacts.id = searched.contact_id \
                  where searched.text is null limit $1";
    let rows: Vec<(i64, String)> = sqlx::query_as(select).bind(FILLED).fetch_all(&mut *connection).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let mut batch = Batch::default();
    keep(&mut batch, rows.iter().map(|(contact, summary)| (*contact, summary.as_str(), None)));
    batch.carry_out(connection).await?;
    Ok(true)
}

/// Contacts with these words in their name, number or last message, the newest first. A number is found as people write it.
pub(in crate::store) async fn find(
    connection: &mut Connection,
    words: &str,
    limit: i64,
) -> Result<Vec<InboxRow>, sqlx::Error> {
    let select = r"select id, summary, last_inbound_at, unread, colour, heat, handoff, promise_due, agent from contacts join
        (select contact_id, at from searched where text like $1 escape '\' or text like $2 escape '\'
        order by at desc, contact_id limit $3) as found on found.contact_id = contacts.id
        where merged_into is null order by found.at desc, id";
    // A `+` before a number is not kept.
    let small = folded(words.trim_start_matches('+'));
    let number = digits(words).unwrap_or_else(|| small.clone());
    let within = |words: &str| format!("%{}%", words.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"));
    let rows = sqlx::query(select).bind(within(&small)).bind(within(&number)).bind(limit);
    rows.fetch_all(connection).await?.iter().map(inbox_row).collect()
}

/// The digits of what is written like a phone number.
fn digits(words: &str) -> Option<String> {
    let is_number = words.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    (is_number && !digits.is_empty()).then_some(digits)
}
