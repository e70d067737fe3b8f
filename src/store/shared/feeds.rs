//! What the shop's platform told: addresses of mail, and products as they were seen last.

use sqlx::Row;

use super::Connection;
use crate::domain::ContactId;
use crate::feeds::Known;

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

/// How a product was when a feed told of it last.
pub(in crate::store) async fn product(
    connection: &mut Connection,
    feed: &str,
    product: &str,
) -> Result<Option<Known>, sqlx::Error> {
    let select = "select price, stock from feed_products where feed = $1 and product = $2";
    let Some(row) = sqlx::query(select).bind(feed).bind(product).fetch_optional(connection).await? else {
        return Ok(None);
    };
    let price: Option<String> = row.try_get(0)?;
    Ok(Some(Known { price: price.and_then(|price| price.parse().ok()), stock: row.try_get(1)? }))
}

/// Notes how a product is now.
pub(in crate::store) async fn keep_product(
    connection: &mut Connection,
    feed: &str,
    product: &str,
    known: &Known,
) -> Result<(), sqlx::Error> {
    let insert = "insert into feed_products (feed, product, price, stock) values ($1, $2, $3, $4) \
                  on conflict (feed, product) do update set price = excluded.price, stock = excluded.stock";
    let price = known.price.map(|price| price.to_string());
    sqlx::query(insert).bind(feed).bind(product).bind(price).bind(known.stock).execute(connection).await?;
    Ok(())
}
