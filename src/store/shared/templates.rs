//! Meta's templates as its list and its webhooks tell of them.

use std::collections::BTreeMap;

use sqlx::{Connection as _, Row};

use super::{BEGIN, Connection, holds, json};
use crate::domain::Timestamp;
use crate::outreach::Listed;

/// Every template in every language.
pub(in crate::store) async fn all(connection: &mut Connection) -> Result<Vec<Listed>, sqlx::Error> {
    let select = "select name, language, status, category, quality, variables, asks, body, reason, becomes \
                  from templates order by name, language";
    let read = |row: &_| {
        Ok(Listed {
            name: Row::try_get(row, 0)?,
            language: Row::try_get(row, 1)?,
            status: Row::try_get(row, 2)?,
            category: Row::try_get(row, 3)?,
            quality: Row::try_get(row, 4)?,
            variables: Row::try_get::<Option<i64>, _>(row, 5)?.map(|count| count.max(0) as usize),
            asks: serde_json::from_str(Row::try_get(row, 6)?).map_err(|error| sqlx::Error::Decode(error.into()))?,
            body: Row::try_get(row, 7)?,
            reason: Row::try_get(row, 8)?,
            becomes: Row::try_get(row, 9)?,
        })
    };
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Keeps these templates, and writes into the history what changed of them.
pub(in crate::store) async fn put(
    connection: &mut Connection,
    templates: &[Listed],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let before: BTreeMap<_, _> =
        all(&mut transaction).await?.into_iter().map(|old| ((old.name.clone(), old.language.clone()), old)).collect();
    let old = |template: &Listed| before.get(&(template.name.clone(), template.language.clone()));
    let changed: Vec<&Listed> = templates.iter().filter(|template| old(template) != Some(template)).collect();
    for template in &changed {
        if let Some(said) = old(template).and_then(|old| template.differs(old)) {
            holds::note(&mut transaction, &format!("template:{}", template.name), &said, now).await?;
        }
    }
    let rows: Vec<_> = changed.into_iter().map(row).collect();
    let upsert = concat!(
        "insert into templates (name, language, status, category, quality, variables, asks, body, reason, becomes, changed_at) ",
        "select value->>0, value->>1, value->>2, value->>3, value->>4, cast(value->>5 as bigint), value->>6, ",
        "value->>7, value->>8, value->>9, $2 from ",
        rows!("$1"),
        " where true on conflict (name, language) do update set status = excluded.status, category = excluded.category, ",
        "quality = excluded.quality, variables = excluded.variables, asks = excluded.asks, body = excluded.body, ",
        "reason = excluded.reason, becomes = excluded.becomes, changed_at = excluded.changed_at"
    );
    if !rows.is_empty() {
        sqlx::query(upsert).bind(json(&rows)).bind(now.0).execute(&mut *transaction).await?;
        revise(&mut transaction).await?;
    }
    transaction.commit().await
}

type TemplateRow<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, Option<usize>, String, &'a str, &'a str, &'a str);

fn row(template: &Listed) -> TemplateRow<'_> {
    let Listed { name, language, status, category, quality, variables, asks, body, reason, becomes } = template;
    (name, language, status, category, quality, *variables, json(asks), body, reason, becomes)
}

/// Forgets the templates that are not among these.
pub(in crate::store) async fn keep_only(
    connection: &mut Connection,
    templates: &[Listed],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let delete = concat!(
        "delete from templates where not exists (select 1 from ",
        rows!("$1"),
        " where value->>0 = templates.name and value->>1 = templates.language) returning name, language"
    );
    let kept: Vec<_> = templates.iter().map(|template| (&template.name, &template.language)).collect();
    let gone: Vec<(String, String)> = sqlx::query_as(delete).bind(json(&kept)).fetch_all(&mut *transaction).await?;
    for (name, language) in &gone {
        let said = format!("{language}: it is not in Meta's list any more");
        holds::note(&mut transaction, &format!("template:{name}"), &said, now).await?;
    }
    if !gone.is_empty() {
        revise(&mut transaction).await?;
    }
    transaction.commit().await
}

async fn revise(connection: &mut Connection) -> Result<(), sqlx::Error> {
    let upsert = "insert into outreach_figures (name, value) values ('templates revision', 1) \
                  on conflict (name) do update set value = outreach_figures.value + 1";
    sqlx::query(upsert).execute(connection).await.map(|_| ())
}

/// Follow-ups with that template which were put off for this reason are asked for again.
pub(in crate::store) async fn ask_again(
    connection: &mut Connection,
    template: &str,
    why: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let update = "update outbox set due_at = $3, error = null where state = 'queued' and priority = 1 \
                  and template = $1 and error = $2 and due_at > $3";
    sqlx::query(update).bind(template).bind(why).bind(now.0).execute(connection).await.map(|_| ())
}
