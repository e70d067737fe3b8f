//! Tracked links.

use sqlx::Row;

use super::batch::Batch;
use super::{Connection, json};
use crate::domain::{ContactId, Link, Timestamp, check_sum};
use crate::store::{NewLink, StoredLink};

/// Writes links.
pub(in crate::store) async fn add(connection: &mut Connection, links: &[&NewLink]) -> Result<(), sqlx::Error> {
    let mut batch = Batch::default();
    write(&mut batch, links);
    batch.carry_out(connection).await
}

/// The same together with other changes.
pub(super) fn write(batch: &mut Batch, links: &[&NewLink]) {
    let rows: Vec<_> =
        links.iter().map(|link| (&link.code, link.contact.0, link.at.0, json(&link.link), link.message)).collect();
    let insert = concat!(
        "insert into links (code, contact_id, created_at, link, message) select value->>0, cast(value->>1 as bigint), ",
        "cast(value->>2 as bigint), value->>3, cast(value->>4 as bigint) from ",
        rows!("$1"),
        " where true"
    );
    batch.rows(insert, &rows);
}

/// A link by its code, with the contact that it was made for, who may have become another one since.
pub(in crate::store) async fn by_code(
    connection: &mut Connection,
    code: &str,
) -> Result<Option<StoredLink>, sqlx::Error> {
    let select = "select coalesce(c.merged_into, c.id), l.link from links l join contacts c on c.id = l.contact_id \
                  where l.code = $1";
    let Some(row) = sqlx::query(select).bind(code).fetch_optional(connection).await? else { return Ok(None) };
    let link = read(row.try_get(1)?).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Some(StoredLink { code: code.to_owned(), contact: ContactId(row.try_get(0)?), link }))
}

/// A link as it was stored. It leads on whatever price was told with it: one that is none is left out.
fn read(text: &str) -> Result<Link, serde_json::Error> {
    let link = serde_json::from_str(text).or_else(|_| {
        let mut link: serde_json::Value = serde_json::from_str(text)?;
        link["price"] = serde_json::Value::Null;
        serde_json::from_value(link)
    });
    link.map(|link: Link| Link { price: link.price.filter(|price| check_sum("price", Some(*price)).is_ok()), ..link })
}

/// A link was opened: the first time counts.
pub(in crate::store) async fn opened(
    connection: &mut Connection,
    code: &str,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let update = "update links set opened_at = $2 where code = $1 and opened_at is null";
    sqlx::query(update).bind(code).bind(at.0).execute(connection).await.map(|_| ())
}
