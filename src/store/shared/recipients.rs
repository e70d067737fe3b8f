//! Whom campaigns tell, each once.

use super::{Connection, json};
use crate::domain::ContactId;

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
