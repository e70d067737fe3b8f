//! Webhooks of the platform that the shop runs on: whose event it is, what it is about, and making it durable.

use axum::body::Bytes;
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat};
use sha2::{Digest, Sha256};

use crate::domain::{ContactId, ContactRef, Country, EventBody, Phone, Timestamp, check_sum};
use crate::engine::{Engine, NotTaken, Taken};
use crate::feeds::{Customer, Seen, Told, shopify, woocommerce};
use crate::lexicon::Hints;
use crate::store::{NewEvent, ProductUpdate, StoreError};

/// Where a webhook comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Shopify.
    Shopify,
    /// WooCommerce.
    WooCommerce,
}

impl Platform {
    /// The name in keys, metrics and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
            Self::WooCommerce => "woocommerce",
        }
    }

    /// Whether a topic is about a product that was not there before.
    fn is_new_product(self, topic: &str) -> bool {
        match self {
            Self::Shopify => topic == "products/create",
            Self::WooCommerce => topic == "product.created",
        }
    }
}

impl Engine {
    /// Makes what a signed body tells durable. `delivery` is the platform's own id of it: the same one with the same words counts
    /// once. What is about nobody that we could know is kept, counted and shown.
    ///
    /// # Errors
    /// The database cannot take it now.
    pub async fn receive_feed(
        &self,
        platform: Platform,
        topic: &str,
        delivery: &str,
        body: Bytes,
    ) -> Result<Taken, NotTaken> {
        let received = self.now();
        let told = {
            let knowledge = self.shelf().knowledge();
            let key_of = |name: &str, kind: Option<&str>| knowledge.product_key(name, kind);
            match platform {
                Platform::Shopify => shopify::parse(topic, &body, received, &key_of),
                Platform::WooCommerce => woocommerce::parse(topic, &body, received, &key_of),
            }
        };
        let key = key_of_delivery(platform, topic, delivery, &body);
        let taken = match told {
            Err(malformed) => return self.keep_feed(platform, received, &malformed.to_string(), &body).await,
            Ok(None) => Taken::default(),
            Ok(Some(Told::Product(at, seen))) => {
                if let Err(reason) = check_sum("price", seen.price) {
                    return self.keep_feed(platform, received, &format!("{topic}: {reason}"), &body).await;
                }
                self.take_product(platform, topic, key, at.min(received), seen).await?
            }
            Ok(Some(told)) => {
                let Some((customer, at, event)) = told.of_customer() else { return Ok(Taken::default()) };
                if let Err(reason) = event.check_sums() {
                    return self.keep_feed(platform, received, &format!("{topic}: {reason}"), &body).await;
                }
                match self.customer(&customer).await? {
                    (None, None) => {
                        let reason = format!("{topic} without a number or a known address of mail");
                        return self.keep_feed(platform, received, &reason, &body).await;
                    }
                    named => self.take_of_customer(named, customer.email, key, at.min(received), event).await?,
                }
            }
        };
        metrics::counter!("hotline_feeds_total", "from" => platform.name()).increment(taken.new as u64);
        Ok(taken)
    }

    async fn keep_feed(
        &self,
        platform: Platform,
        received: Timestamp,
        reason: &str,
        body: &[u8],
    ) -> Result<Taken, NotTaken> {
        self.store().keep_body(received, &format!("{}: {reason}", platform.name()), body).await?;
        metrics::counter!("hotline_bodies_kept_total").increment(1);
        Ok(Taken { kept: true, ..Taken::default() })
    }

    /// Who a customer of the platform is here: a number says it, else an address of mail that came with that number alone before, in
    /// an order that was paid for.
    async fn customer(&self, customer: &Customer) -> Result<(Option<ContactRef>, Option<ContactId>), StoreError> {
        let country = customer.country.or(self.settings().shop.country);
        if let Some(phone) = customer.phones.iter().find_map(|typed| phone_of(typed, country)) {
            return Ok((Some(ContactRef::Phone(phone)), None));
        }
        match &customer.email {
            Some(email) => Ok((None, self.store().contact_of_email(&digest(email)).await?)),
            None => Ok((None, None)),
        }
    }

    /// Who an address of mail belongs to, where an order told it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn contact_of_email(&self, email: &str) -> Result<Option<ContactId>, StoreError> {
        self.store().contact_of_email(&digest(&email.trim().to_lowercase())).await
    }

    async fn take_of_customer(
        &self,
        (name, contact): (Option<ContactRef>, Option<ContactId>),
        email: Option<String>,
        key: String,
        at: Timestamp,
        body: EventBody,
    ) -> Result<Taken, NotTaken> {
        let now = self.now();
        // Anybody can type somebody else's address into a form. Who pays for the order learns little by it, and where a second
        // person shows the same address it tells no more whose an order without a number is.
        let shown =
            email.filter(|_| name.is_some() && matches!(&body, EventBody::Order(order) if order.state.is_paid()));
        let contacts = name.into_iter().collect();
        let event = NewEvent { key: Some(key), contact, contacts, at, received: now, due: now, body };
        let appended = self.store().append(vec![event]).await?;
        let Some(event) = appended.first() else { return Ok(Taken::default()) };
        // Also where it came before: what is learnt may have failed then, after its event was kept.
        if let (Some(email), Some(contact)) = (shown, event.contact) {
            self.store().learn_email(&digest(&email), contact).await?;
        }
        let duplicates = usize::from(event.duplicate);
        Ok(Taken { new: 1 - duplicates, duplicates, kept: false })
    }

    async fn take_product(
        &self,
        platform: Platform,
        topic: &str,
        key: String,
        at: Timestamp,
        seen: Seen,
    ) -> Result<Taken, NotTaken> {
        let (feed, is_new) = (platform.name(), platform.is_new_product(topic));
        let update = ProductUpdate { feed, key, at, received: self.now(), is_new, seen };
        let appended = self.store().take_product(update).await?;
        let duplicates = appended.iter().filter(|event| event.duplicate).count();
        Ok(Taken { new: appended.len() - duplicates, duplicates, kept: false })
    }
}

impl crate::engine::fold::Knowledge {
    /// The product key of a thing that the platform sells: the shop's own product of that name, else what the dictionaries read in
    /// its name, else in the kind that the platform gives it, else that kind as it is.
    fn product_key(&self, name: &str, kind: Option<&str>) -> String {
        let known = self.shop.products.iter().find(|product| product.name.eq_ignore_ascii_case(name));
        let read = |text: &str| {
            let reading = self.lexicon().read(text, &Hints::default());
            let named = reading.products.iter().find(|mention| !mention.negated).map(|mention| mention.key.to_string());
            named.or_else(|| reading.brands.iter().find_map(|brand| brand.implies.as_ref().map(ToString::to_string)))
        };
        let slug = |kind: &str| {
            let words = kind.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
        };
        known
            .map(|product| product.key.clone())
            .or_else(|| read(name))
            .or_else(|| kind.and_then(read))
            .or_else(|| kind.map(slug).filter(|slug| !slug.is_empty()))
            .unwrap_or_else(|| "other".into())
    }
}

/// What makes a delivery count once. The platform's id alone does not: WooCommerce gives one id to all that a webhook delivers within
/// a second, Shopify one to all that it tells of one event. What is delivered again has the same words.
fn key_of_delivery(platform: Platform, topic: &str, delivery: &str, body: &[u8]) -> String {
    let words = Sha256::new().chain_update(topic).chain_update(b"\0").chain_update(body).finalize();
    format!("{}:{delivery}:{}", platform.name(), hex::encode(&words[..8]))
}

/// A number as somebody typed it into a form, with the country of their address.
fn phone_of(typed: &str, country: Option<Country>) -> Option<Phone> {
    let region = country.and_then(|country| country.code().parse().ok());
    let number = PhoneNumber::parse(typed, region).ok().filter(PhoneNumber::is_valid)?;
    number.format_as(PhoneNumberFormat::E164).parse().ok()
}

/// Addresses of mail are only compared, so no more than this is kept of one.
fn digest(email: &str) -> String {
    hex::encode(Sha256::digest(email.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn a_number_is_read_with_the_country_of_its_address() {
        let read = |typed: &str, country: &str| phone_of(typed, country.parse().ok()).map(|phone| phone.e164());
        assert_eq!(read("5123 4567", "HK").as_deref(), Some("+85251234567"));
        assert_eq!(read("+49 (0)151 23456789", "").as_deref(), Some("+4915123456789"));
        assert_eq!(read("(11) 98765-4321", "BR").as_deref(), Some("+551187654321"));
        assert_eq!(read("12", "HK"), None);
        assert_eq!(read("5123 4567", ""), None);
    }
}
