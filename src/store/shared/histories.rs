//! What contacts lived through, a page of them at a time, for statistics.

use serde::Deserialize;
use sqlx::{QueryBuilder, Row};

use super::segments::converted;
use super::{Connection, Database, json};
use crate::domain::{EventBody, MessageKind, OptAction, Timestamp};
use crate::statistics::history::{Case, Click, Handoff, History, Judged, Order, Reached, Sent, TagMoved, Undone};
use crate::store::{Bought, LedgerLine, LedgerMove};

/// The next contacts behind that one, each with what happened since `bought.from`; tags and orders from the beginning.
pub(in crate::store) async fn page(
    connection: &mut Connection,
    bought: &Bought<'_>,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, History)>, sqlx::Error> {
    let select =
        "select contact_id, country, first_at from profiles where contact_id > $1 order by contact_id limit $2";
    let mut histories = Vec::new();
    for row in sqlx::query(select).bind(after).bind(limit).fetch_all(&mut *connection).await? {
        let (country, first) = (row.try_get(1)?, Timestamp(row.try_get(2)?));
        histories.push((row.try_get(0)?, History { country, first, ..History::default() }));
    }
    let mut people = Page { ids: json(&histories.iter().map(|(id, _)| [*id]).collect::<Vec<[i64; 1]>>()), histories };
    if people.histories.is_empty() {
        return Ok(people.histories);
    }
    journal(connection, &mut people, bought.from).await?;
    outbox(connection, &mut people, bought.from).await?;
    ledger(connection, &mut people).await?;
    verdicts(connection, &mut people).await?;
    orders(connection, &mut people, bought).await?;
    handoffs(connection, &mut people).await?;
    for (_, history) in &mut people.histories {
        history.sent.sort_by_key(|sent| sent.at);
    }
    Ok(people.histories)
}

struct Page {
    /// As the parameter of every query.
    ids: String,
    /// By number, rising.
    histories: Vec<(i64, History)>,
}

impl Page {
    fn of(&mut self, id: i64) -> Option<&mut History> {
        let place = self.histories.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.histories.get_mut(place).map(|(_, history)| history)
    }
}

async fn journal(connection: &mut Connection, page: &mut Page, since: Timestamp) -> Result<(), sqlx::Error> {
    let select = concat!(
        "select contact_id, at, kind, case when kind in ('message', 'location') then '' else body end from journal ",
        "where contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") and at >= $2 and kind in ('message', 'location', 'click', 'sent', 'agent', 'case', 'opt', 'campaign') ",
        "order by contact_id, at, seq"
    );
    for row in sqlx::query(select).bind(&page.ids).bind(since.0).fetch_all(connection).await? {
        let (at, kind): (i64, &str) = (row.try_get(1)?, row.try_get(2)?);
        let Some(history) = page.of(row.try_get(0)?) else { continue };
        match kind {
            "message" | "location" => history.heard.push(Timestamp(at)),
            // What this version does not understand is no reason to stop.
            _ => {
                if let Ok(body) = serde_json::from_str(row.try_get(3)?) {
                    happened(history, Timestamp(at), body);
                }
            }
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
        "select contact_id, created_at, kind, sender, state, message from outbox where contact_id in ",
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
    query.push(", 0)) as bigint) from orders o where o.contact_id in (");
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
        let order = Order { placed: Timestamp(placed), paid: paid.map(Timestamp), undone, sum: row.try_get(4)? };
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
