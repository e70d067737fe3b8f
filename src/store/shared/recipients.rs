//! Whom campaigns tell, each once, and what became of each.

use sqlx::Row;

use super::campaigns::CANCELLED;
use super::{Connection, json, run};
use crate::domain::ContactId;
use crate::store::{Folded, RecipientsRow};

/// These are recipients. Who is one already counts once: another node may tell the same page, and a crash has it told again.
pub(in crate::store) async fn name(
    connection: &mut Connection,
    campaign: &str,
    contacts: &[ContactId],
) -> Result<(), sqlx::Error> {
    let insert = concat!(
        "insert into campaign_recipients (campaign, contact_id) select $1, cast(value->>0 as bigint) from ",
        rows!("$2"),
        " where true on conflict do nothing"
    );
    let rows: Vec<_> = contacts.iter().map(|contact| [contact.0]).collect();
    sqlx::query(insert).bind(campaign).bind(json(&rows)).execute(&mut *connection).await?;
    let count = "update campaigns set recipients = (select count(*) from campaign_recipients r where r.campaign = $1) \
                 where name = $1";
    sqlx::query(count).bind(campaign).execute(connection).await.map(|_| ())
}

/// Why the gate let nothing go to recipients: for good, not only for now.
pub(super) async fn refuse(connection: &mut Connection, folded: &[&Folded]) -> Result<(), sqlx::Error> {
    let row = |folded: &&Folded| {
        let contact = folded.contact.0;
        folded.refused.iter().map(move |no| (contact, no.campaign.clone(), no.reason, no.says.clone())).collect()
    };
    let rows: Vec<(i64, String, &str, String)> = folded.iter().flat_map(|folded| -> Vec<_> { row(folded) }).collect();
    let update = concat!(
        "update campaign_recipients set refused = r.reason, said = r.said from (select cast(value->>0 as bigint) as contact, ",
        "value->>1 as campaign, value->>2 as reason, value->>3 as said from ",
        rows!("$1"),
        ") as r where campaign_recipients.campaign = r.campaign and campaign_recipients.contact_id = r.contact ",
        "and campaign_recipients.refused is null"
    );
    run(connection, update, &rows).await
}

/// Recipients for whom nothing was decided. The two lists are each read once: asked recipient by recipient, the second would be walked
/// through for each of the first.
pub(in crate::store) const SELECT_UNDECIDED: &str = "select contact_id from campaign_recipients where campaign = $1 \
    and refused is null except select contact_id from outbox where campaign = $1";

/// Recipients for whom nothing was decided, and whom the gate did not refuse.
pub(in crate::store) async fn undecided(
    connection: &mut Connection,
    name: &str,
) -> Result<Vec<ContactId>, sqlx::Error> {
    let contacts = sqlx::query_scalar(SELECT_UNDECIDED).bind(name).fetch_all(connection).await?;
    Ok(contacts.into_iter().map(ContactId).collect())
}

/// The campaign was cancelled: these would still get something, and are to be told that it is not wanted any more.
pub(in crate::store) async fn cancel(
    connection: &mut Connection,
    name: &str,
    contacts: &[ContactId],
) -> Result<(), sqlx::Error> {
    let update = concat!(
        "update campaign_recipients set refused = 'cancelled', said = $2, to_drop = 1 where campaign = $1 and refused is null ",
        "and contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$3"),
        ")"
    );
    let rows: Vec<_> = contacts.iter().map(|contact| [contact.0]).collect();
    sqlx::query(update).bind(name).bind(CANCELLED).bind(json(&rows)).execute(connection).await.map(|_| ())
}

/// Recipients whose journal does not say yet that the campaign was cancelled.
pub(in crate::store) async fn to_drop(connection: &mut Connection) -> Result<Vec<(String, ContactId)>, sqlx::Error> {
    let select = "select campaign, contact_id from campaign_recipients where to_drop = 1 order by 1, 2 limit 500";
    let rows: Vec<(String, i64)> = sqlx::query_as(select).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(campaign, contact)| (campaign, ContactId(contact))).collect())
}

/// Their journals say so.
pub(in crate::store) async fn dropped(
    connection: &mut Connection,
    rows: &[(String, ContactId)],
) -> Result<(), sqlx::Error> {
    let update = concat!(
        "update campaign_recipients set to_drop = 0 where (campaign, contact_id) in (select value->>0, ",
        "cast(value->>1 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let rows: Vec<_> = rows.iter().map(|(campaign, contact)| (campaign, contact.0)).collect();
    run(connection, update, &rows).await
}

/// How far each recipient's message came. What was sent to who has become another contact since is that one's; what the gate said
/// counts where nothing was decided.
macro_rules! stand {
    () => {
        concat!(
            // A number of a type, not only a value: else SQLite makes no index for the join, and walks through all for each recipient.
            "campaign_recipients r left join (select cast(coalesce(c.merged_into, c.id) as bigint) as contact, ",
            "max(case when o.rank between 1 and 5 then 2 when o.state = 'queued' then 1 else 0 end) as far ",
            "from outbox o join contacts c on c.id = o.contact_id where o.campaign = $1 group by 1) as m ",
            "on m.contact = r.contact_id"
        )
    };
}

/// How many recipients stand where, and why.
pub(in crate::store) const SELECT_ACCOUNT: &str = concat!(
    "select case m.far when 2 then 'left' when 1 then 'waiting' when 0 then 'not_sent' ",
    "else case when r.refused is null then 'planned' else 'refused' end end, ",
    "case when m.far is null then coalesce(r.refused, '') else '' end, ",
    "case when m.far is null then coalesce(r.said, '') else '' end, count(*) from ",
    stand!(),
    " where r.campaign = $1 group by 1, 2, 3 order by 4 desc, 2"
);
/// The first recipients for whom something is planned.
pub(in crate::store) const SELECT_PLANNED: &str = concat!(
    "select r.contact_id from ",
    stand!(),
    " where r.campaign = $1 and m.far is null and r.refused is null order by 1 limit $2"
);

/// What became of a campaign's recipients: `left`, `waiting`, `not_sent`, `refused` with why, or `planned`; and of how many.
pub(in crate::store) async fn account(
    connection: &mut Connection,
    name: &str,
) -> Result<Vec<RecipientsRow>, sqlx::Error> {
    let read = |row: &_| {
        Ok(RecipientsRow {
            stand: Row::try_get(row, 0)?,
            reason: Row::try_get(row, 1)?,
            says: Row::try_get(row, 2)?,
            count: Row::try_get(row, 3)?,
        })
    };
    sqlx::query(SELECT_ACCOUNT).bind(name).fetch_all(connection).await?.iter().map(read).collect()
}

/// The first recipients for whom a campaign's message is planned.
pub(in crate::store) async fn planned(
    connection: &mut Connection,
    name: &str,
    most: i64,
) -> Result<Vec<ContactId>, sqlx::Error> {
    let contacts = sqlx::query_scalar(SELECT_PLANNED).bind(name).bind(most).fetch_all(connection).await?;
    Ok(contacts.into_iter().map(ContactId).collect())
}
