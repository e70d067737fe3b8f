//! What segments ask for, written by the fold's transaction: tags, fields and orders of the contacts that were folded.

use sha2::{Digest as _, Sha256};
use sqlx::Row;

use super::batch::Batch;
use super::{Connection, json, run};
use crate::store::{Folded, OrderRow};

/// Bytes of a name in a key. PostgreSQL takes 2,704 for a whole key, in which two names may stand.
const LONGEST_NAME: usize = 1_200;
/// Bytes that are kept of a longer one, before what tells it from others.
const KEPT: usize = 1_000;

/// A name as it fits into a key.
fn within(name: String) -> String {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let (kept, told) = (&name[..name.floor_char_boundary(KEPT)], Sha256::digest(name.as_bytes()));
    format!("{kept}~{}", hex::encode(told))
}

/// Brings the index up to date with a batch of folds: tags and profiles. A contact stands in a batch once.
pub(super) fn write(batch: &mut Batch, folded: &[&Folded]) {
    tags(batch, folded);
    profiles(batch, folded);
}

/// Forgets the tags of contacts whose index is made anew.
pub(super) async fn forget(connection: &mut Connection, folded: &[&Folded]) -> Result<(), sqlx::Error> {
    let anew: Vec<_> = folded.iter().filter(|folded| folded.indexed.anew).map(|folded| [folded.contact.0]).collect();
    let forget =
        concat!("delete from held_tags where contact_id in (select cast(value->>0 as bigint) from ", rows!("$1"), ")");
    run(connection, forget, &anew).await
}

fn tags(batch: &mut Batch, folded: &[&Folded]) {
    let gone = folded.iter().flat_map(|folded| folded.indexed.gone.iter().map(|tag| (folded.contact.0, tag)));
    let delete = concat!(
        "delete from held_tags where (contact_id, tag) in (select cast(value->>0 as bigint), value->>1 from ",
        rows!("$1"),
        ")"
    );
    batch.rows(delete, &gone.collect::<Vec<_>>());
    let held = folded
        .iter()
        .flat_map(|folded| folded.indexed.tags.iter().map(|(tag, since)| (folded.contact.0, tag, since.0)));
    let insert = concat!(
        "insert into held_tags (contact_id, tag, since) select cast(value->>0 as bigint), value->>1, ",
        "cast(value->>2 as bigint) from ",
        rows!("$1"),
        " where true on conflict (contact_id, tag) do update set since = excluded.since"
    );
    batch.rows(insert, &held.collect::<Vec<_>>());
}

fn profiles(batch: &mut Batch, folded: &[&Folded]) {
    let rows: Vec<_> = folded
        .iter()
        .filter_map(|folded| {
            let profile = folded.indexed.profile.as_ref()?;
            Some((
                folded.contact.0,
                &profile.country,
                &profile.language,
                profile.colour,
                profile.heat,
                profile.stage,
                profile.first_at,
                profile.interaction_at,
                profile.inbound_at,
                i64::from(profile.opted_out),
                profile.opted_out_at,
                profile.planned,
                profile.plan_at,
            ))
        })
        .collect();
    let insert = concat!(
        "insert into profiles (contact_id, country, language, colour, heat, stage, first_at, interaction_at, inbound_at, ",
        "opted_out, opted_out_at, planned, plan_at) select cast(value->>0 as bigint), value->>1, value->>2, cast(value->>3 as bigint), ",
        "cast(value->>4 as bigint), cast(value->>5 as bigint), cast(value->>6 as bigint), cast(value->>7 as bigint), ",
        "cast(value->>8 as bigint), cast(value->>9 as bigint), ",
        "cast(value->>10 as bigint), cast(value->>11 as bigint), cast(value->>12 as bigint) from ",
        rows!("$1"),
        " where true on conflict (contact_id) do update set country = excluded.country, language = excluded.language, ",
        "colour = excluded.colour, heat = excluded.heat, stage = excluded.stage, first_at = excluded.first_at, ",
        "interaction_at = excluded.interaction_at, inbound_at = excluded.inbound_at, opted_out = excluded.opted_out, ",
        "opted_out_at = excluded.opted_out_at, planned = excluded.planned, plan_at = excluded.plan_at"
    );
    batch.rows(insert, &rows);
}

/// The same of their orders.
pub(super) async fn orders(connection: &mut Connection, folded: &[&Folded]) -> Result<(), sqlx::Error> {
    let row = |contact: i64, order: &OrderRow| {
        let (placed, paid, ordered) =
            (order.placed_at.0, order.paid_at.map(|at| at.0), order.ordered_at.map(|at| at.0));
        let (number, currency) = (within(order.number.clone()), order.currency.clone());
        (contact, number, order.rank, placed, paid, order.total, currency, json(&order.items), ordered)
    };
    let rows = folded.iter().flat_map(|folded| folded.indexed.orders.iter().map(|order| row(folded.contact.0, order)));
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let upsert = concat!(
        "insert into orders (contact_id, number, rank, placed_at, paid_at, total, currency, items, ordered_at) ",
        "select cast(value->>0 as bigint), value->>1, cast(value->>2 as bigint), cast(value->>3 as bigint), ",
        "cast(value->>4 as bigint), cast(value->>5 as bigint), value->>6, value->>7, cast(value->>8 as bigint) from ",
        rows!("$1"),
        " where true on conflict (contact_id, number) do update set ",
        "rank = case when excluded.rank > orders.rank then excluded.rank else orders.rank end, ",
        "placed_at = case when excluded.placed_at < orders.placed_at then excluded.placed_at else orders.placed_at end, ",
        "ordered_at = case when orders.ordered_at is null or excluded.ordered_at < orders.ordered_at then excluded.ordered_at ",
        "else orders.ordered_at end, ",
        "paid_at = case when orders.paid_at is null or excluded.paid_at < orders.paid_at then excluded.paid_at ",
        "else orders.paid_at end, total = coalesce(orders.total, excluded.total), ",
        "currency = coalesce(orders.currency, excluded.currency), ",
        "items = case when orders.items = '[]' then excluded.items else orders.items end ",
        "returning contact_id, number, rank, paid_at, items"
    );
    let mut changed = Vec::with_capacity(rows.len());
    let mut bought = Vec::new();
    for row in sqlx::query(upsert).bind(json(&rows)).fetch_all(&mut *connection).await? {
        let (contact, number): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let (rank, paid_at): (i64, Option<i64>) = (row.try_get(2)?, row.try_get(3)?);
        let items: String = row.try_get(4)?;
        let items: Vec<String> = serde_json::from_str(&items).map_err(|error| sqlx::Error::Decode(error.into()))?;
        // Cancelled and returned orders are taken out of every figure.
        if let Some(paid_at) = paid_at.filter(|_| rank < crate::domain::OrderState::Cancelled as i64) {
            bought.extend(items.into_iter().map(|item| (contact, number.clone(), within(item), paid_at)));
        }
        changed.push((contact, number));
    }
    let forget = concat!(
        "delete from bought where (contact_id, number) in (select cast(value->>0 as bigint), value->>1 from ",
        rows!("$1"),
        ")"
    );
    run(connection, forget, &changed).await?;
    let insert = concat!(
        "insert into bought (contact_id, number, item, bought_at) select cast(value->>0 as bigint), value->>1, value->>2, ",
        "cast(value->>3 as bigint) from ",
        rows!("$1"),
        " where true"
    );
    run(connection, insert, &bought).await
}
