//! Whose state is to be made anew, since dictionaries or rules changed; and the journals of many contacts.

use sqlx::{Connection as _, Row};

use super::batch::Batch;
use super::claiming::{Beginning, beginnings};
use super::{BEGIN, Connection, json, run};
use crate::domain::ContactId;
use crate::store::{ClaimedContact, Folded, History};

/// Notes what folds are made with from now on. If that was something else before, everybody's state is to be made anew: how
/// many there are.
pub(in crate::store) async fn made_with(
    connection: &mut Connection,
    fingerprint: &str,
) -> Result<Option<u64>, sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let note = "insert into made_with (id, fingerprint) values (1, $1) on conflict (id) do update \
                set fingerprint = excluded.fingerprint where made_with.fingerprint <> excluded.fingerprint";
    let changed = sqlx::query(note).bind(fingerprint).execute(&mut *transaction).await?.rows_affected() > 0;
    let marked = match changed {
        true => {
            let mark = "insert into stale (contact_id, fingerprint) select id, $1 from contacts \
                        where merged_into is null and state is not null \
                        on conflict (contact_id) do update set fingerprint = excluded.fingerprint";
            Some(sqlx::query(mark).bind(fingerprint).execute(&mut *transaction).await?.rows_affected())
        }
        false => None,
    };
    transaction.commit().await?;
    Ok(marked)
}

/// Contacts of a batch of which something became known that had happened before what was folded; and those that were folded with
/// something else than is in force, by a node that has not read the new files yet.
pub(super) fn mark(batch: &mut Batch, folded: &[&Folded]) {
    let rows = folded.iter().map(|folded| (folded.contact.0, &folded.folded_with, &folded.stale));
    let insert = concat!(
        "insert into stale (contact_id, fingerprint) select contact, fingerprint from (select cast(value->>0 as bigint) as contact, ",
        "case when in_force.fingerprint <> value->>1 then in_force.fingerprint else value->>2 end as fingerprint from ",
        rows!("$1"),
        " left join made_with as in_force on true) as told ",
        "where fingerprint is not null on conflict (contact_id) do update set fingerprint = excluded.fingerprint"
    );
    batch.rows(insert, &rows.collect::<Vec<_>>());
}

/// How many contacts are to be made anew.
pub(in crate::store) async fn left(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from stale").fetch_one(connection).await
}

/// The next contacts that are to be made anew with this, without their history. On PostgreSQL they are locked until the
/// transaction ends; `busy` are those that this process is folding.
pub(in crate::store) async fn claim(
    connection: &mut Connection,
    fingerprint: &str,
    limit: i64,
    busy: &[[i64; 1]],
) -> Result<Vec<ClaimedContact>, sqlx::Error> {
    // What is unread is folded first: on a state without it the past would be made anew in the wrong order.
    let select = concat!(
        "select c.id, c.state, c.summary, c.merges from stale s join contacts c on c.id = s.contact_id where s.fingerprint = $2 ",
        "and c.state is not null and c.merged_into is null ",
        // One look at all that is unread, and not one for each contact.
        "and s.contact_id not in (select contact_id from unread) ",
        "and s.contact_id not in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        // Those that another node has in hand are passed over, and others taken in their place.
        ") order by s.contact_id limit $3",
        skip_locked!("c")
    );
    let query = sqlx::query(select).bind(json(&busy)).bind(fingerprint).bind(limit);
    let rows = query.fetch_all(connection).await?;
    let mut contacts = Vec::with_capacity(rows.len());
    for row in rows {
        contacts.push(ClaimedContact {
            id: ContactId(row.try_get(0)?),
            state: row.try_get(1)?,
            summary: row.try_get(2)?,
            merges: row.try_get(3)?,
            ..ClaimedContact::default()
        });
    }
    Ok(contacts)
}

/// Gives claimed contacts their names and all events that were folded.
pub(in crate::store) async fn remember(
    connection: &mut Connection,
    contacts: &mut [ClaimedContact],
) -> Result<(), sqlx::Error> {
    let ids: Vec<[i64; 1]> = contacts.iter().map(|contact| [contact.id.0]).collect();
    let mut beginnings = beginnings(connection, &ids).await?;
    for contact in contacts {
        if let Some(beginning) = beginnings.remove(&contact.id.0) {
            (contact.names, contact.history, contact.messages) =
                (beginning.names, beginning.history, beginning.messages);
        }
    }
    Ok(())
}

/// Contacts of a batch that were made anew. One that was marked again since, with something newer, stays marked.
pub(in crate::store) async fn made(connection: &mut Connection, folded: &[Folded]) -> Result<(), sqlx::Error> {
    let anew = folded.iter().filter_map(|folded| Some((folded.contact.0, folded.recomputed.as_ref()?)));
    let delete = concat!(
        "delete from stale where (contact_id, fingerprint) in (select cast(value->>0 as bigint), value->>1 from ",
        rows!("$1"),
        ")"
    );
    run(connection, delete, &anew.collect::<Vec<_>>()).await
}

/// How many contacts there are.
pub(in crate::store) async fn contact_count(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from contacts where merged_into is null").fetch_one(connection).await
}

/// The next contacts behind one, by their numbers, with all that happened to them.
pub(in crate::store) async fn journals(
    connection: &mut Connection,
    after: ContactId,
    limit: i64,
) -> Result<Vec<History>, sqlx::Error> {
    let select = "select id from contacts where id > $1 and merged_into is null order by id limit $2";
    let ids: Vec<i64> = sqlx::query_scalar(select).bind(after.0).bind(limit).fetch_all(&mut *connection).await?;
    let rows: Vec<[i64; 1]> = ids.iter().map(|id| [*id]).collect();
    let mut beginnings = beginnings(connection, &rows).await?;
    let histories = ids.into_iter().map(|id| {
        let Beginning { names, history: mut events, unread, .. } = beginnings.remove(&id).unwrap_or_default();
        events.extend(unread);
        events.sort_by_key(|event| event.seq);
        History { contact: ContactId(id), names, events }
    });
    Ok(histories.collect())
}
