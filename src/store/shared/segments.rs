//! A segment as SQL. Each condition that reads another table is a set of contacts, made once and looked up for each profile;
//! on both databases that is faster than asking each contact anew.

use std::collections::HashMap;

use rust_decimal::prelude::ToPrimitive;
use sqlx::{QueryBuilder, Row};

use super::console::inbox_row;
use super::{Connection, Database, json};
use crate::domain::{ContactId, Currency, Duration, Rates, Timestamp};
use crate::segments::{Compare, Condition, Field, Figure, Moment, Segment};
use crate::store::{Asked, InboxRow, Member, Newest, Place, Profile, SavedSegment, UNIT};

type Query = QueryBuilder<Database>;

/// Orders that count: paid for, and not taken back. The words of the partial indexes.
const PURCHASES: &str = "from orders o where o.paid_at is not null and o.rank < 5";
/// Sorts behind every character that a tag has.
pub(super) const LAST: char = '\u{10FFFF}';

/// How many contacts are in a segment.
pub(in crate::store) async fn count(connection: &mut Connection, asked: &Asked<'_>) -> Result<i64, sqlx::Error> {
    let mut query = Query::new("select count(*) from profiles p where ");
    segment(&mut query, asked.segment, View::of(asked));
    query.build_query_scalar().persistent(false).fetch_one(connection).await
}

/// The next contacts of a segment behind a place, those of `first` before the others.
pub(in crate::store) async fn list(
    connection: &mut Connection,
    asked: &Asked<'_>,
    after: Place,
    limit: i64,
) -> Result<Vec<Member>, sqlx::Error> {
    let mut members = Vec::new();
    let mut after = after;
    // Those that come first, then the others: each is a walk along the key that ends as soon as the page is full.
    for rank in after.rank..=1 {
        let missing = limit - members.len() as i64;
        if missing <= 0 || (rank == 0 && asked.first.is_none()) {
            continue;
        }
        let behind = if after.rank == rank { after.contact } else { 0 };
        members.extend(ranked(connection, asked, rank, behind, missing).await?);
        after.rank = after.rank.max(rank);
    }
    tags(connection, &mut members).await?;
    spent(connection, &mut members).await?;
    Ok(members)
}

async fn ranked(
    connection: &mut Connection,
    asked: &Asked<'_>,
    rank: i64,
    behind: i64,
    limit: i64,
) -> Result<Vec<Member>, sqlx::Error> {
    let mut query = Query::new(MEMBERS);
    query.push("p.contact_id > ").push_bind(behind).push(" and ");
    segment(&mut query, asked.segment, View::of(asked));
    if let Some(first) = asked.first {
        query.push(if rank == 0 { " and " } else { " and not " });
        segment(&mut query, first, View::of(asked));
    }
    query.push(" order by p.contact_id limit ").push_bind(limit);
    members(connection, query, rank).await
}

/// The next contacts of a segment, those first of whom something was heard last.
pub(in crate::store) async fn newest(
    connection: &mut Connection,
    asked: &Asked<'_>,
    newest: Newest,
    limit: i64,
) -> Result<Vec<Member>, sqlx::Error> {
    let mut query = Query::new(MEMBERS);
    if matches!(asked.segment, Segment::Everyone) {
        // As the index says that they are read from in this order. Where few fit, it is quicker to find those first.
        query.push("c.merged_into is null and ");
    }
    segment(&mut query, asked.segment, View::of(asked));
    if let Some(only) = newest.only {
        query.push(" and p.contact_id = ").push_bind(only.0);
    }
    if let Some(since) = newest.since {
        query.push(" and c.last_at >= ").push_bind(since.0);
    }
    if let Some((at, contact)) = newest.after {
        query.push(" and (c.last_at, c.id) < (").push_bind(at.0).push(", ").push_bind(contact.0).push(")");
    }
    query.push(" order by c.last_at desc, c.id desc limit ").push_bind(limit);
    let mut members = members(connection, query, 0).await?;
    tags(connection, &mut members).await?;
    spent(connection, &mut members).await?;
    Ok(members)
}

/// One contact as lists show it; `None` where nothing was folded yet.
pub(in crate::store) async fn member(
    connection: &mut Connection,
    contact: ContactId,
) -> Result<Option<Member>, sqlx::Error> {
    let mut query = Query::new(MEMBERS);
    query.push("p.contact_id = ").push_bind(contact.0);
    let mut members = members(connection, query, 0).await?;
    spent(connection, &mut members).await?;
    Ok(members.pop())
}

/// What lists show of a contact, up to its conditions.
const MEMBERS: &str = "select p.contact_id, c.summary, p.country, p.language, p.colour, p.heat, p.stage, p.first_at, \
                       p.interaction_at, p.inbound_at, p.opted_out, p.opted_out_at, c.last_at \
                       from profiles p join contacts c on c.id = p.contact_id where ";

async fn members(connection: &mut Connection, mut query: Query, rank: i64) -> Result<Vec<Member>, sqlx::Error> {
    let rows = query.build().persistent(false).fetch_all(connection).await?;
    let read = |row: &_| {
        let contact: i64 = Row::try_get(row, 0)?;
        Ok(Member {
            contact: ContactId(contact),
            place: Place { rank, contact },
            last_at: Timestamp(Row::try_get(row, 12)?),
            summary: Row::try_get(row, 1)?,
            profile: Profile {
                country: Row::try_get(row, 2)?,
                language: Row::try_get(row, 3)?,
                colour: Row::try_get(row, 4)?,
                heat: Row::try_get(row, 5)?,
                stage: Row::try_get(row, 6)?,
                first_at: Row::try_get(row, 7)?,
                interaction_at: Row::try_get(row, 8)?,
                inbound_at: Row::try_get(row, 9)?,
                opted_out: Row::try_get::<i64, _>(row, 10)? != 0,
                opted_out_at: Row::try_get(row, 11)?,
                ..Profile::default()
            },
            tags: Vec::new(),
            spent: Vec::new(),
            purchases: None,
        })
    };
    rows.iter().map(read).collect()
}

/// Contacts of a segment who wait for a person, the nearest promise first, and behind them those who have one.
pub(in crate::store) async fn inbox(
    connection: &mut Connection,
    asked: &Asked<'_>,
    limit: i64,
) -> Result<Vec<InboxRow>, sqlx::Error> {
    let mut query = Query::new(
        "select c.id, c.summary, c.last_inbound_at, c.unread, c.colour, c.heat, c.handoff, c.promise_due, c.agent ",
    );
    in_the_inbox(&mut query, asked);
    query.push(" order by case when c.handoff = 'open' then 0 else 1 end, c.promise_due, c.last_inbound_at desc, c.id");
    query.push(" limit ").push_bind(limit);
    query.build().persistent(false).fetch_all(connection).await?.iter().map(inbox_row).collect()
}

/// How many those are.
pub(in crate::store) async fn count_inbox(connection: &mut Connection, asked: &Asked<'_>) -> Result<i64, sqlx::Error> {
    let mut query = Query::new("select count(*) ");
    in_the_inbox(&mut query, asked);
    query.build_query_scalar().persistent(false).fetch_one(connection).await
}

fn in_the_inbox(query: &mut Query, asked: &Asked<'_>) {
    // Few have a hand-off, and many may hold a tag: each of the few is looked up, and the plus keeps SQLite from another index.
    query.push("from contacts c cross join profiles p ");
    query.push("where p.contact_id = c.id and +c.merged_into is null and c.handoff <> 'none' and ");
    segment(query, asked.segment, View { few: true, ..View::of(asked) });
}

fn keys(members: &[Member]) -> String {
    json(&members.iter().map(|member| [member.contact.0]).collect::<Vec<_>>())
}

async fn tags(connection: &mut Connection, members: &mut [Member]) -> Result<(), sqlx::Error> {
    let select = concat!(
        "select contact_id, tag from held_tags where contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by contact_id, tag"
    );
    let mut tags: HashMap<i64, Vec<String>> = HashMap::new();
    for row in sqlx::query(select).bind(keys(members)).fetch_all(connection).await? {
        tags.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    for member in members {
        member.tags = tags.remove(&member.contact.0).unwrap_or_default();
    }
    Ok(())
}

async fn spent(connection: &mut Connection, members: &mut [Member]) -> Result<(), sqlx::Error> {
    let select = concat!(
        "select contact_id, coalesce(currency, ''), count(*), ",
        sum_of!("total"),
        ", min(paid_at), max(paid_at) from orders ",
        "where paid_at is not null and rank < 5 and contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") group by contact_id, currency order by contact_id, currency"
    );
    let mut spent: HashMap<i64, Vec<(String, i64, i64)>> = HashMap::new();
    let mut purchases: HashMap<i64, (i64, i64)> = HashMap::new();
    for row in sqlx::query(select).bind(keys(members)).fetch_all(connection).await? {
        let sums = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let (contact, first, last) = (row.try_get(0)?, row.try_get(4)?, row.try_get(5)?);
        spent.entry(contact).or_default().push(sums);
        let known = purchases.entry(contact).or_insert((first, last));
        *known = (known.0.min(first), known.1.max(last));
    }
    for member in members {
        member.spent = spent.remove(&member.contact.0).unwrap_or_default();
        member.purchases = purchases.remove(&member.contact.0);
    }
    Ok(())
}

/// Every segment that was saved.
pub(in crate::store) async fn saved(connection: &mut Connection) -> Result<Vec<SavedSegment>, sqlx::Error> {
    let select = "select name, segment, first, about, made_by, changed_at from segments order by name";
    let read = |row: &_| {
        Ok(SavedSegment {
            name: Row::try_get(row, 0)?,
            segment: Row::try_get(row, 1)?,
            first: Row::try_get(row, 2)?,
            about: Row::try_get(row, 3)?,
            made_by: Row::try_get(row, 4)?,
            changed_at: Timestamp(Row::try_get(row, 5)?),
        })
    };
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Saves a segment; whether there was none of that name.
pub(in crate::store) async fn save(connection: &mut Connection, saved: &SavedSegment) -> Result<bool, sqlx::Error> {
    let upsert = "insert into segments (name, segment, first, about, made_by, made_at, changed_at) \
                  values ($1, $2, $3, $4, $5, $6, $6) on conflict (name) do update set segment = excluded.segment, \
                  first = excluded.first, about = excluded.about, made_by = excluded.made_by, \
                  changed_at = excluded.changed_at returning made_at";
    let SavedSegment { name, segment, first, about, made_by, changed_at } = saved;
    let query = sqlx::query_scalar(upsert).bind(name).bind(segment).bind(first).bind(about).bind(made_by);
    let made_at: i64 = query.bind(changed_at.0).fetch_one(connection).await?;
    Ok(made_at == changed_at.0)
}

/// Forgets a segment; whether there was one.
pub(in crate::store) async fn forget(connection: &mut Connection, name: &str) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query("delete from segments where name = $1").bind(name).execute(connection).await?;
    Ok(deleted.rows_affected() > 0)
}

/// What conditions depend on, and how they name the contact.
#[derive(Clone, Copy)]
struct View<'a> {
    asked: &'a Asked<'a>,
    /// With a plus in an `or`: there SQLite would walk through each set in turn and sort what it found, where one walk along
    /// the profiles does it.
    contact: &'static str,
    /// Few contacts are asked about: whether each holds a tag is looked up, in place of all who hold it.
    few: bool,
}

impl<'a> View<'a> {
    fn of(asked: &'a Asked<'a>) -> Self {
        Self { asked, contact: "p.contact_id", few: false }
    }
}

impl<'a> std::ops::Deref for View<'a> {
    type Target = Asked<'a>;
    fn deref(&self) -> &Asked<'a> {
        self.asked
    }
}

/// Writes what holds of a profile `p`. Never null, so that its negation is right.
fn segment(query: &mut Query, what: &Segment, asked: View<'_>) {
    let list = |query: &mut Query, parts: &[Segment], word: &str, asked: View<'_>| {
        for (index, part) in parts.iter().enumerate() {
            query.push(if index == 0 { "(" } else { word });
            segment(query, part, asked);
        }
        query.push(")");
    };
    match what {
        Segment::Everyone => {
            query.push("1 = 1");
        }
        Segment::All(parts) => list(query, parts, " and ", asked),
        Segment::Any(parts) => list(query, parts, " or ", View { contact: "+p.contact_id", ..asked }),
        Segment::Not(part) => {
            query.push("not (");
            segment(query, part, asked);
            query.push(")");
        }
        Segment::Is(one) => condition(query, one, asked),
    }
}

fn condition(query: &mut Query, condition: &Condition, asked: View<'_>) {
    match condition {
        Condition::Tag { pattern, within } => {
            match asked.few {
                true => query.push("exists (select 1 from held_tags where contact_id = p.contact_id and "),
                false => query.push(asked.contact).push(" in (select contact_id from held_tags where "),
            };
            match pattern.strip_suffix('*') {
                Some(start) => {
                    query.push("tag >= ").push_bind(start.to_owned());
                    query.push(" and tag < ").push_bind(format!("{start}{LAST}"));
                }
                None => {
                    query.push("tag = ").push_bind(pattern.clone());
                }
            }
            since(query, "since", *within, asked);
            query.push(")");
        }
        Condition::Field { field, values } => self::field(query, *field, values),
        Condition::Seen { moment, within } => seen(query, *moment, asked.now - *within, asked),
        Condition::OptedOut => {
            query.push("p.opted_out = 1");
        }
        Condition::Purchase { within } => {
            query.push(asked.contact).push(" in (select o.contact_id ").push(PURCHASES);
            since(query, "o.paid_at", *within, asked);
            query.push(")");
        }
        Condition::Bought { item, within } => {
            query.push(asked.contact).push(" in (select contact_id from bought where item = ").push_bind(item.clone());
            since(query, "bought_at", *within, asked);
            query.push(")");
        }
        Condition::Orders { figure, compare, amount, currency, within } => {
            let amount = Amount { figure: *figure, compare: *compare, amount: *amount, within: *within };
            orders(query, &amount, currency.unwrap_or(asked.currency), asked);
        }
    }
}

fn seen(query: &mut Query, moment: Moment, since: Timestamp, asked: View<'_>) {
    let column = match moment {
        Moment::First => "p.first_at",
        Moment::Interaction => "p.interaction_at",
        Moment::Message => "p.inbound_at",
        Moment::FirstPurchase => {
            query.push(asked.contact).push(" in (select o.contact_id ").push(PURCHASES);
            query.push(" group by o.contact_id having min(o.paid_at) >= ").push_bind(since.0).push(")");
            return;
        }
    };
    query.push("(").push(column).push(" > 0 and ").push(column).push(" >= ").push_bind(since.0).push(")");
}

fn since(query: &mut Query, column: &str, within: Option<Duration>, asked: View<'_>) {
    if let Some(within) = within {
        query.push(" and ").push(column).push(" >= ").push_bind((asked.now - within).0);
    }
}

fn field(query: &mut Query, field: Field, values: &[String]) {
    query.push("p.").push(field.name()).push(" in (");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            query.push(", ");
        }
        match field.rank(value) {
            Some(rank) => query.push_bind(rank),
            None => query.push_bind(value.clone()),
        };
    }
    query.push(")");
}

struct Amount {
    figure: Figure,
    compare: Compare,
    amount: rust_decimal::Decimal,
    within: Option<Duration>,
}

/// Contacts whose purchases have a figure. Who has none stands in no group: where no purchase at all fulfils the comparison,
/// it is asked the other way round.
fn orders(query: &mut Query, amount: &Amount, currency: Currency, asked: View<'_>) {
    let none_counts = matches!(amount.figure, Figure::Count | Figure::Sum);
    let turned = none_counts && amount.compare.holds(rust_decimal::Decimal::ZERO, amount.amount);
    query.push(asked.contact).push(if turned { " not in (" } else { " in (" });
    let test = if turned { " having not (" } else { " having (" };
    let group = |query: &mut Query| {
        query.push(" ").push(PURCHASES);
        since(query, "o.paid_at", amount.within, asked);
    };
    match amount.figure {
        Figure::Count => {
            query.push("select o.contact_id");
            group(query);
            query.push(" group by o.contact_id").push(test).push("count(*)");
        }
        Figure::Sum | Figure::Average => {
            query.push("select o.contact_id");
            group(query);
            query.push(" group by o.contact_id").push(test);
            query.push(if amount.figure == Figure::Sum { "coalesce(sum(" } else { "avg(" });
            converted(query, currency, asked.rates);
            query.push(if amount.figure == Figure::Sum { "), 0)" } else { ")" });
        }
        Figure::Last => {
            query.push("select contact_id from (select o.contact_id, ");
            converted(query, currency, asked.rates);
            query.push(" as worth, row_number() over (partition by o.contact_id order by o.paid_at desc, o.number desc) as place");
            group(query);
            query.push(") as latest where place = 1 and (worth");
        }
    }
    query.push(" ").push(amount.compare.sign()).push(" ");
    match amount.figure {
        Figure::Count => query.push_bind(amount.amount.to_f64().unwrap_or(f64::MAX)),
        _ => query.push_bind((amount.amount * rust_decimal::Decimal::from(UNIT)).to_f64().unwrap_or(f64::MAX)),
    };
    query.push("))");
}

/// An order's total in a currency, in ten-thousandths: exact in its own, and null where there is no rate. Up to 900 thousand
/// millions a double holds them exactly.
pub(super) fn converted(query: &mut Query, currency: Currency, rates: &Rates) {
    query.push("o.total * case o.currency");
    for (from, worth) in rates.worth_in(currency) {
        query.push(" when ").push_bind(from.code().to_owned());
        query.push(" then ").push_bind(worth.to_f64().unwrap_or_default());
    }
    query.push(" end");
}
