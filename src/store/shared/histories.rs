//! What contacts lived through, a page of them at a time, for statistics.

use std::collections::HashSet;

use serde::Deserialize;
use sqlx::{QueryBuilder, Row};

use super::segments::converted;
use super::{Connection, Database, json};
use crate::domain::{EventBody, MessageKind, OptAction, Timestamp};
use crate::statistics::history::{Case, Click, Handoff, History, Judged, Order, Reached, Sent, TagMoved, Undone};
use crate::store::{Bought, LedgerLine, LedgerMove};

/// The next contacts behind that one, of those of whom something is told that happened before `until`, also if it was told later; each with
/// what happened since `bought.from`, tags and orders from the beginning, and of those who bought for the first time since then all that
/// led to it.
pub(in crate::store) async fn page(
    connection: &mut Connection,
    bought: &Bought<'_>,
    until: Timestamp,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, History)>, sqlx::Error> {
    let select = "select p.contact_id, p.country, p.first_at, c.summary from profiles p join contacts c on c.id = p.contact_id \
                  where p.contact_id > $1 and (p.first_at < $2 or exists (select 1 from journal j \
                  where j.contact_id = p.contact_id and j.at < $2)) order by p.contact_id limit $3";
    let mut histories = Vec::new();
    for row in sqlx::query(select).bind(after).bind(until.0).bind(limit).fetch_all(&mut *connection).await? {
        let (country, first) = (row.try_get(1)?, Timestamp(row.try_get(2)?));
        let lives: Lives = serde_json::from_str(row.try_get(3)?).unwrap_or_default();
        let zone = lives.zone.and_then(|zone| zone.parse().ok());
        histories.push((row.try_get(0)?, History { country, zone, first, ..History::default() }));
    }
    let ids = json(&histories.iter().map(|(id, _)| [*id]).collect::<Vec<[i64; 1]>>());
    let mut people = Page { ids, histories, own: HashSet::new() };
    if people.histories.is_empty() {
        return Ok(people.histories);
    }
    orders(connection, &mut people, bought).await?;
    journal(connection, &mut people, bought.from).await?;
    outbox(connection, &mut people, bought.from).await?;
    ledger(connection, &mut people).await?;
    verdicts(connection, &mut people).await?;
    handoffs(connection, &mut people).await?;
    for (id, history) in &mut people.histories {
        history.sent.sort_by_key(|sent| sent.at);
        reached(history, |campaign| people.own.contains(&(*id, campaign.to_owned())));
    }
    Ok(people.histories)
}

/// Whom a campaign of our own told is reached by its message alone: the gate may have refused it, or it waits still.
fn reached(history: &mut History, is_own: impl Fn(&str) -> bool) {
    let History { campaigns, sent, .. } = history;
    campaigns.retain_mut(|reached| {
        if !is_own(&reached.campaign) {
            return true;
        }
        let of_it = |sent: &&Sent| !sent.failed && sent.campaign.as_ref() == Some(&reached.campaign);
        let Some(first) = sent.iter().find(of_it) else { return false };
        reached.at = first.at;
        true
    });
}

/// What matters here of a contact's summary.
#[derive(Default, Deserialize)]
struct Lives {
    #[serde(default)]
    zone: Option<String>,
}

struct Page {
    /// As the parameter of every query.
    ids: String,
    /// By number, rising.
    histories: Vec<(i64, History)>,
    /// Campaigns of our own that told one of them.
    own: HashSet<(i64, String)>,
}

impl Page {
    fn of(&mut self, id: i64) -> Option<&mut History> {
        let place = self.histories.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.histories.get_mut(place).map(|(_, history)| history)
    }
}

async fn journal(connection: &mut Connection, page: &mut Page, since: Timestamp) -> Result<(), sqlx::Error> {
    let first = |history: &History| history.purchases().map(|(at, _)| at).min();
    let new = page.histories.iter().filter(|(_, history)| first(history).is_some_and(|at| at >= since));
    let new: Vec<[i64; 1]> = new.map(|(id, _)| [*id]).collect();
    let select = concat!(
        "select contact_id, at, kind, case when kind in ('message', 'location') then '' else body end from journal ",
        "where contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") and (at >= $2 or contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$3"),
        ")) and kind in ('message', 'location', 'click', 'sent', 'agent', 'case', 'opt', 'campaign') ",
        "order by contact_id, at, seq"
    );
    for row in sqlx::query(select).bind(&page.ids).bind(since.0).bind(json(&new)).fetch_all(connection).await? {
        let (id, at, kind): (i64, i64, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if ["message", "location"].contains(&kind) {
            page.of(id).into_iter().for_each(|history| history.heard.push(Timestamp(at)));
            continue;
        }
        // What this version does not understand is no reason to stop.
        let Ok(body) = serde_json::from_str::<EventBody>(row.try_get(3)?) else { continue };
        if let EventBody::Campaign(event) = &body
            && event.offer.is_some()
        {
            page.own.insert((id, event.campaign.clone()));
        }
        if let Some(history) = page.of(id) {
            happened(history, Timestamp(at), body);
        }
    }
    Ok(())
}

fn happened(history: &mut History, at: Timestamp, body: EventBody) {
    let by_person = Sent::new(at, MessageKind::Reply, true);
    match body {
        EventBody::Click(click) => history.clicks.push(Click { at, product: click.product.or(click.category) }),
        EventBody::Sent(sent) => history.sent.push(Sent {
            kind: sent.kind,
            by_person: sent.by.starts_with("agent:"),
            product: sent.product,
            campaign: sent.campaign,
            ..by_person
        }),
        EventBody::Agent(agent) if agent.action == crate::domain::AgentAction::Call => history.sent.push(by_person),
        EventBody::Opt(opt) if opt.action == OptAction::Out => history.opted_out.push(at),
        EventBody::Case(case) => {
            let known = history.cases.iter_mut().find(|known| (&known.kind, &known.case) == (&case.kind, &case.case));
            match (case.action.as_str(), known) {
                ("opened", None) => {
                    history.cases.push(Case { kind: case.kind, case: case.case, opened: at, resolved: None });
                }
                ("resolved", Some(known)) => known.resolved = known.resolved.or(Some(at)),
                _ => {}
            }
        }
        EventBody::Campaign(event) => {
            let known = history.campaigns.iter_mut().find(|known| known.campaign == event.campaign);
            match (event.action.as_str(), known) {
                ("recipient", None) => {
                    history.campaigns.push(Reached { campaign: event.campaign, at, answered: None });
                }
                ("response", Some(known)) => known.answered = known.answered.or(Some(at)),
                _ => {}
            }
        }
        _ => {}
    }
}

/// What matters here of a message that was sent.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    product: Option<String>,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    campaign: Option<String>,
}

async fn outbox(connection: &mut Connection, page: &mut Page, since: Timestamp) -> Result<(), sqlx::Error> {
    let select = concat!(
        // What waited for its number or its campaign's turn left later than it was decided.
        "select contact_id, coalesce(sending_since, created_at), kind, sender, state, message from outbox where contact_id in ",
        "(select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") and created_at >= $2 and state not in ('queued', 'cancelled', 'expired') order by contact_id, number"
    );
    for row in sqlx::query(select).bind(&page.ids).bind(since.0).fetch_all(connection).await? {
        let (at, kind): (i64, &str) = (row.try_get(1)?, row.try_get(2)?);
        let (sender, state): (&str, &str) = (row.try_get(3)?, row.try_get(4)?);
        let told: Told = serde_json::from_str(row.try_get(5)?).unwrap_or_default();
        let sent = Sent {
            at: Timestamp(at),
            kind: MessageKind::from_name(kind).unwrap_or(MessageKind::Reply),
            by_person: sender != "bot",
            product: told.product,
            rule: told.rule,
            campaign: told.campaign,
            failed: state == "failed",
        };
        if let Some(history) = page.of(row.try_get(0)?) {
            history.sent.push(sent);
        }
    }
    Ok(())
}

async fn ledger(connection: &mut Connection, page: &mut Page) -> Result<(), sqlx::Error> {
    let select = concat!(
        "select contact_id, changes from tag_ledger where contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by contact_id, id"
    );
    for row in sqlx::query(select).bind(&page.ids).fetch_all(connection).await? {
        let lines: Vec<LedgerLine> =
            serde_json::from_str(row.try_get(1)?).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let Some(history) = page.of(row.try_get(0)?) else { continue };
        for line in lines {
            let set = match line.change {
                LedgerMove::Set => true,
                LedgerMove::Removed | LedgerMove::Expired => false,
                LedgerMove::Raised => continue,
            };
            history.tags.push(TagMoved { at: line.at, tag: line.tag, set, rule: line.evidence.by });
        }
    }
    Ok(())
}

/// What people said of their tags, the latest word last.
async fn verdicts(connection: &mut Connection, page: &mut Page) -> Result<(), sqlx::Error> {
    let select = concat!(
        "select contact_id, tag, since, correct from tag_verdicts where contact_id in ",
        "(select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by contact_id, judged_at"
    );
    for row in sqlx::query(select).bind(&page.ids).fetch_all(connection).await? {
        let (since, correct): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        let judged = Judged { tag: row.try_get(1)?, since: Timestamp(since), right: correct != 0 };
        if let Some(history) = page.of(row.try_get(0)?) {
            history.judged.push(judged);
        }
    }
    Ok(())
}

async fn orders(connection: &mut Connection, page: &mut Page, bought: &Bought<'_>) -> Result<(), sqlx::Error> {
    let mut query: QueryBuilder<Database> =
        QueryBuilder::new("select o.contact_id, o.placed_at, o.paid_at, o.rank, cast(round(coalesce(");
    converted(&mut query, bought.currency, bought.rates);
    query.push(", 0)) as bigint), o.items from orders o where o.contact_id in (");
    for (index, (id, _)) in page.histories.iter().enumerate() {
        query.push(if index > 0 { ", " } else { "" }).push_bind(*id);
    }
    query.push(") order by o.contact_id, o.placed_at");
    for row in query.build().persistent(false).fetch_all(connection).await? {
        let (placed, paid, rank): (i64, Option<i64>, i64) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let undone = match rank {
            5 => Some(Undone::Cancelled),
            6 => Some(Undone::Returned),
            _ => None,
        };
        let items = serde_json::from_str(row.try_get(5)?).unwrap_or_default();
        let order = Order { placed: Timestamp(placed), paid: paid.map(Timestamp), undone, sum: row.try_get(4)?, items };
        if let Some(history) = page.of(row.try_get(0)?) {
            history.orders.push(order);
        }
    }
    Ok(())
}

async fn handoffs(connection: &mut Connection, page: &mut Page) -> Result<(), sqlx::Error> {
    let select = concat!(
        "select contact_id, opened_at, promise_due, accepted_at from handoffs where contact_id in ",
        "(select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by contact_id, id"
    );
    for row in sqlx::query(select).bind(&page.ids).fetch_all(connection).await? {
        let (opened, due, accepted): (i64, Option<i64>, Option<i64>) =
            (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let asked = Handoff { opened: Timestamp(opened), due: due.map(Timestamp), accepted: accepted.map(Timestamp) };
        if let Some(history) = page.of(row.try_get(0)?) {
            history.handoffs.push(asked);
        }
    }
    Ok(())
}
