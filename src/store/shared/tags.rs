//! The set of tags: what people made of it, how it is used, what they say of it, and who changed what.

use std::collections::BTreeSet;

use sqlx::{Connection as _, Row};

use super::{BEGIN, Connection, SqlRow, json};
use crate::domain::{ContactId, Timestamp};
use crate::store::{HeldRow, LogRow, RuleChange, SeenRule, TagRow, TagUse, UseRow, Verdict, VerdictRow};

/// Tags that people made or named.
pub(in crate::store) async fn all(connection: &mut Connection) -> Result<Vec<TagRow>, sqlx::Error> {
    let select = "select tag, labels, colour, about, made_by, made_at, archived_at from tags order by tag";
    let read = |row: &_| {
        let labels: String = Row::try_get(row, 1)?;
        let archived: Option<i64> = Row::try_get(row, 6)?;
        Ok(TagRow {
            tag: Row::try_get(row, 0)?,
            labels: serde_json::from_str(&labels).map_err(|error| sqlx::Error::Decode(error.into()))?,
            colour: Row::try_get(row, 2)?,
            about: Row::try_get(row, 3)?,
            made_by: Row::try_get(row, 4)?,
            made_at: Timestamp(Row::try_get(row, 5)?),
            archived_at: archived.map(Timestamp),
        })
    };
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Keeps a tag; whether there was none of that name.
pub(in crate::store) async fn save(
    connection: &mut Connection,
    tag: &TagRow,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let upsert = "insert into tags (tag, labels, colour, about, made_by, made_at, changed_at, archived_at) \
                  values ($1, $2, $3, $4, $5, $6, $6, $7) on conflict (tag) do update set labels = excluded.labels, \
                  colour = excluded.colour, about = excluded.about, changed_at = excluded.changed_at, \
                  archived_at = excluded.archived_at returning made_at";
    let query = sqlx::query_scalar(upsert).bind(&tag.tag).bind(json(&tag.labels)).bind(&tag.colour).bind(&tag.about);
    let query = query.bind(&tag.made_by).bind(now.0).bind(tag.archived_at.map(|at| at.0));
    let made_at: i64 = query.fetch_one(connection).await?;
    Ok(made_at == now.0)
}

/// Forgets what people made of a tag; whether there was anything.
pub(in crate::store) async fn forget(connection: &mut Connection, tag: &str) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query("delete from tags where tag = $1").bind(tag).execute(connection).await?;
    Ok(deleted.rows_affected() > 0)
}

/// How many hold each tag: a walk along its index.
pub(in crate::store) async fn held(connection: &mut Connection) -> Result<Vec<HeldRow>, sqlx::Error> {
    let select = "select tag, count(*), min(since), max(since) from held_tags group by tag order by tag";
    let read = |row: &_| {
        let (first_set, last_set) = (Timestamp(Row::try_get(row, 2)?), Timestamp(Row::try_get(row, 3)?));
        Ok(HeldRow { tag: Row::try_get(row, 0)?, holders: Row::try_get(row, 1)?, first_set, last_set })
    };
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Notes that tags were used.
pub(in crate::store) async fn note_use(
    connection: &mut Connection,
    tags: &BTreeSet<&str>,
    kind: TagUse,
    day: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = tags.iter().map(|tag| (tag, day, kind.name(), now.0)).collect();
    let insert = concat!(
        "insert into tag_uses (tag, day, kind, uses, last_at) select value->>0, value->>1, value->>2, 1, ",
        "cast(value->>3 as bigint) from ",
        rows!("$1"),
        " where true on conflict (tag, day, kind) do update set uses = tag_uses.uses + 1, last_at = excluded.last_at"
    );
    sqlx::query(insert).bind(json(&rows)).execute(connection).await?;
    Ok(())
}

/// How tags were used since a day, and when last.
pub(in crate::store) async fn uses(connection: &mut Connection, since: &str) -> Result<Vec<UseRow>, sqlx::Error> {
    let select = "select tag, cast(sum(case when day >= $1 then uses else 0 end) as bigint), max(last_at) from tag_uses \
                  group by tag order by tag";
    let read = |row: &_| {
        let last_at = Timestamp(Row::try_get(row, 2)?);
        Ok(UseRow { tag: Row::try_get(row, 0)?, uses: Row::try_get(row, 1)?, last_at })
    };
    sqlx::query(select).bind(since).fetch_all(connection).await?.iter().map(read).collect()
}

/// Keeps a verdict, in place of what the same person said of the same before.
pub(in crate::store) async fn judge(connection: &mut Connection, verdict: &Verdict) -> Result<(), sqlx::Error> {
    let upsert = "insert into tag_verdicts (contact_id, tag, since, judge, rule, version, correct, judged_at) \
                  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (contact_id, tag, since, judge) do update set \
                  correct = excluded.correct, judged_at = excluded.judged_at";
    let Verdict { contact, tag, since, judge, rule, version, correct, at } = verdict;
    let query = sqlx::query(upsert).bind(contact.0).bind(tag).bind(since.0).bind(judge).bind(rule).bind(version);
    query.bind(i64::from(*correct)).bind(at.0).execute(connection).await?;
    Ok(())
}

/// Verdicts since a moment, by tag, rule and version.
pub(in crate::store) async fn verdicts(
    connection: &mut Connection,
    since: Timestamp,
) -> Result<Vec<VerdictRow>, sqlx::Error> {
    let select = "select tag, rule, version, cast(sum(correct) as bigint), count(*) from tag_verdicts \
                  where judged_at >= $1 group by tag, rule, version order by tag, rule, version";
    let read = |row: &_| {
        let (right, all): (i64, i64) = (Row::try_get(row, 3)?, Row::try_get(row, 4)?);
        let (tag, rule, version) = (Row::try_get(row, 0)?, Row::try_get(row, 1)?, Row::try_get(row, 2)?);
        Ok(VerdictRow { tag, rule, version, right, wrong: all - right })
    };
    sqlx::query(select).bind(since.0).fetch_all(connection).await?.iter().map(read).collect()
}

/// What one person says of the tags of a contact.
pub(in crate::store) async fn verdicts_of(
    connection: &mut Connection,
    contact: ContactId,
    judge: &str,
) -> Result<Vec<(String, Timestamp, bool)>, sqlx::Error> {
    let select = "select tag, since, correct from tag_verdicts where contact_id = $1 and judge = $2";
    let read = |row: &_| {
        let correct: i64 = Row::try_get(row, 2)?;
        Ok((Row::try_get(row, 0)?, Timestamp(Row::try_get(row, 1)?), correct != 0))
    };
    sqlx::query(select).bind(contact.0).bind(judge).fetch_all(connection).await?.iter().map(read).collect()
}

/// Writes a line of the log.
pub(in crate::store) async fn log(
    connection: &mut Connection,
    at: Timestamp,
    who: &str,
    action: &str,
    subject: &str,
    detail: &serde_json::Value,
) -> Result<i64, sqlx::Error> {
    let insert =
        "insert into governance_log (at, who, action, subject, detail) values ($1, $2, $3, $4, $5) returning id";
    let query = sqlx::query_scalar(insert).bind(at.0).bind(who).bind(action).bind(subject).bind(json(detail));
    query.fetch_one(connection).await
}

/// The log since a moment.
pub(in crate::store) async fn change_log(
    connection: &mut Connection,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<LogRow>, sqlx::Error> {
    let select = "select id, at, who, action, subject, detail, undone_at from governance_log where at >= $1 \
                  order by id desc limit $2";
    sqlx::query(select).bind(since.0).bind(limit).fetch_all(connection).await?.iter().map(line).collect()
}

/// One line of the log.
pub(in crate::store) async fn log_line(connection: &mut Connection, id: i64) -> Result<Option<LogRow>, sqlx::Error> {
    let select = "select id, at, who, action, subject, detail, undone_at from governance_log where id = $1";
    sqlx::query(select).bind(id).fetch_optional(connection).await?.as_ref().map(line).transpose()
}

/// Changes of rules since a moment, the newest first.
pub(in crate::store) async fn rule_changes(
    connection: &mut Connection,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<LogRow>, sqlx::Error> {
    let select = "select id, at, who, action, subject, detail, undone_at from governance_log where at >= $1 \
                  and action in ('rule-added', 'rule-changed', 'rule-removed') order by id desc limit $2";
    sqlx::query(select).bind(since.0).bind(limit).fetch_all(connection).await?.iter().map(line).collect()
}

/// A line of the log was taken back.
pub(in crate::store) async fn mark_undone(
    connection: &mut Connection,
    id: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let update = "update governance_log set undone_at = $2 where id = $1";
    sqlx::query(update).bind(id).bind(now.0).execute(connection).await?;
    Ok(())
}

fn line(row: &SqlRow) -> Result<LogRow, sqlx::Error> {
    let detail: String = row.try_get(5)?;
    let undone: Option<i64> = row.try_get(6)?;
    Ok(LogRow {
        id: row.try_get(0)?,
        at: Timestamp(row.try_get(1)?),
        who: row.try_get(2)?,
        action: row.try_get(3)?,
        subject: row.try_get(4)?,
        detail: serde_json::from_str(&detail).map_err(|error| sqlx::Error::Decode(error.into()))?,
        undone_at: undone.map(Timestamp),
    })
}

/// Since when uses and changes are written down.
pub(in crate::store) async fn log_begun(connection: &mut Connection) -> Result<Option<Timestamp>, sqlx::Error> {
    let at: Option<i64> = sqlx::query_scalar("select min(at) from governance_log").fetch_one(connection).await?;
    Ok(at.map(Timestamp))
}

/// Each rule as it was seen last.
pub(in crate::store) async fn rules_seen(connection: &mut Connection) -> Result<Vec<SeenRule>, sqlx::Error> {
    let read = |row: &_| {
        Ok(SeenRule { rule: Row::try_get(row, 0)?, version: Row::try_get(row, 1)?, words: Row::try_get(row, 2)? })
    };
    let select = "select rule, version, words from rules_seen order by rule";
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Keeps rules as they are now; a line of the log for each change, if nobody wrote it before.
pub(in crate::store) async fn keep_rules(
    connection: &mut Connection,
    changes: &[RuleChange],
    new_ones: bool,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    for RuleChange { before, after } in changes {
        let (action, query) = match (before, after) {
            (None, None) => continue,
            (None, Some(rule)) => (
                "rule-added",
                sqlx::query(
                    "insert into rules_seen (rule, version, words) values ($1, $2, $3) on conflict (rule) do nothing",
                )
                .bind(&rule.rule)
                .bind(&rule.version)
                .bind(&rule.words),
            ),
            (Some(_), Some(rule)) => (
                "rule-changed",
                sqlx::query("update rules_seen set version = $2, words = $3 where rule = $1 and version <> $2")
                    .bind(&rule.rule)
                    .bind(&rule.version)
                    .bind(&rule.words),
            ),
            (Some(rule), None) => {
                ("rule-removed", sqlx::query("delete from rules_seen where rule = $1").bind(&rule.rule))
            }
        };
        let is_first = query.execute(&mut *transaction).await?.rows_affected() > 0;
        if !is_first || (before.is_none() && !new_ones) {
            continue;
        }
        let told = |rule: &Option<SeenRule>| {
            rule.as_ref().map(|rule| serde_json::json!({ "version": rule.version, "words": rule.words }))
        };
        let subject = after.as_ref().or(before.as_ref()).map_or("", |rule| rule.rule.as_str());
        let detail = serde_json::json!({ "before": told(before), "after": told(after) });
        log(&mut transaction, now, "keywords", action, subject, &detail).await?;
    }
    transaction.commit().await
}
