//! What the shop's platform told: addresses of mail, and products as they were seen last.

use sqlx::Row;

use super::{Connection, appending};
use crate::domain::{ContactId, EventBody, ProductEvent, Timestamp};
use crate::feeds::{self, Known};
use crate::store::{Appended, NewEvent, ProductUpdate};

/// Whose address of mail it is; nobody's where several people showed it.
pub(in crate::store) async fn contact_of_email(
    connection: &mut Connection,
    digest: &str,
) -> Result<Option<ContactId>, sqlx::Error> {
    let select = "select distinct coalesce(c.merged_into, c.id) from emails e join contacts c on c.id = e.contact_id \
                  where e.digest = $1 limit 2";
    let found: Vec<i64> = sqlx::query_scalar(select).bind(digest).fetch_all(connection).await?;
    Ok(if let [one] = found[..] { Some(ContactId(one)) } else { None })
}

/// Notes who showed an address of mail.
pub(in crate::store) async fn learn_email(
    connection: &mut Connection,
    digest: &str,
    contact: ContactId,
) -> Result<(), sqlx::Error> {
    let insert = "insert into emails (digest, contact_id) values ($1, $2) on conflict do nothing";
    sqlx::query(insert).bind(digest).bind(contact.0).execute(connection).await?;
    Ok(())
}

/// Writes what is news of a product into the journal, and how it is now. What is older than what is known is no news. Of two
/// updates at once the second sees what the first has written: one appends at a time.
pub(in crate::store) async fn take_product(
    connection: &mut Connection,
    update: &ProductUpdate,
) -> Result<Vec<Appended>, sqlx::Error> {
    if let Some(lock) = super::LOCK_APPENDING {
        sqlx::query(lock).execute(&mut *connection).await?;
    }
    let (seen, known) = (&update.seen, product(connection, update.feed, &update.seen.product).await?);
    if known.as_ref().is_some_and(|(_, at)| *at > update.at) {
        return Ok(Vec::new());
    }
    let changes = feeds::changes(seen, known.as_ref().map(|(known, _)| known), update.is_new);
    let event = |product: ProductEvent| NewEvent {
        key: Some(format!("{}:{}", update.key, product.action)),
        contact: None,
        contacts: Vec::new(),
        at: update.at,
        received: update.received,
        due: update.received,
        body: EventBody::Product(product),
    };
    let events: Vec<NewEvent> = changes.into_iter().map(event).collect();
    let appended = appending::append(connection, &events.iter().collect::<Vec<_>>()).await?;
    let insert = "insert into feed_products (feed, product, price, stock, changed_at) values ($1, $2, $3, $4, $5) \
                  on conflict (feed, product) do update set price = excluded.price, stock = excluded.stock, \
                  changed_at = excluded.changed_at";
    let price = seen.price.map(|price| price.to_string());
    let insert = sqlx::query(insert).bind(update.feed).bind(&seen.product).bind(price).bind(seen.stock);
    insert.bind(update.at.0).execute(connection).await?;
    Ok(appended)
}

/// How a product was when a feed told of it last, and of when that is.
async fn product(
    connection: &mut Connection,
    feed: &str,
    product: &str,
) -> Result<Option<(Known, Timestamp)>, sqlx::Error> {
    let select = "select price, stock, changed_at from feed_products where feed = $1 and product = $2";
    let Some(row) = sqlx::query(select).bind(feed).bind(product).fetch_optional(connection).await? else {
        return Ok(None);
    };
    let price: Option<String> = row.try_get(0)?;
    let known = Known { price: price.and_then(|price| price.parse().ok()), stock: row.try_get(1)? };
    Ok(Some((known, Timestamp(row.try_get(2)?))))
}
