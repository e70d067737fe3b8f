//! Every query, written once. `super` is the database that it is compiled for: its connection, and macros for the few
//! places where the two differ.

pub(in crate::store) mod appending;
pub(in crate::store) mod batch;
pub(in crate::store) mod campaigns;
pub(in crate::store) mod canned;
pub(in crate::store) mod claiming;
pub(in crate::store) mod console;
pub(in crate::store) mod departures;
pub(in crate::store) mod erasing;
pub(in crate::store) mod feeds;
pub(in crate::store) mod folding;
pub(in crate::store) mod governance;
pub(in crate::store) mod group;
pub(in crate::store) mod handoffs;
pub(in crate::store) mod histories;
pub(in crate::store) mod holds;
pub(in crate::store) mod identities;
pub(in crate::store) mod indexing;
pub(in crate::store) mod installation;
pub(in crate::store) mod jobs;
pub(in crate::store) mod kept;
pub(in crate::store) mod limits;
pub(in crate::store) mod links;
mod moving;
pub(in crate::store) mod numbers;
pub(in crate::store) mod outbox;
pub(in crate::store) mod pulse;
pub(in crate::store) mod recipients;
pub(in crate::store) mod recompute;
pub(in crate::store) mod said;
pub(in crate::store) mod searching;
pub(in crate::store) mod segments;
pub(in crate::store) mod serving;
pub(in crate::store) mod statistics;
pub(in crate::store) mod tags;
pub(in crate::store) mod taking;
pub(in crate::store) mod templates;
pub(in crate::store) mod tidying;
pub(in crate::store) mod users;
pub(in crate::store) mod versions;
pub(in crate::store) mod webhooks;
pub(in crate::store) mod wide;

use super::{
    BEGIN, Connection, Database, HAS_VERSIONS, LOCK_APPENDING, LOCK_PORTFOLIO, LOCK_SAID, ROUNDED_SUM, Source, WRITERS,
    carry_out, connect, fetch_each, turn,
};

/// A row that a query gives.
type SqlRow = <Database as sqlx::Database>::Row;

/// Rows as the one JSON parameter of a batch statement.
fn json<T: serde::Serialize>(rows: &T) -> String {
    // Only numbers, texts and lists of them come here: they always have a JSON form.
    serde_json::to_string(rows).unwrap_or_default()
}

/// One statement for a batch of rows; nothing where there are none.
async fn run<T: serde::Serialize>(
    connection: &mut Connection,
    statement: &'static str,
    rows: &[T],
) -> Result<(), sqlx::Error> {
    if !rows.is_empty() {
        sqlx::query(statement).bind(json(&rows)).execute(connection).await?;
    }
    Ok(())
}
