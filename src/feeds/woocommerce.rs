//! Webhooks of WooCommerce, by the fields that its REST API documents for orders and products.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Customer, KeyOf, Malformed, Seen, Told, pieces, read, time};
use crate::domain::{Currency, OrderEvent, OrderLine, OrderState, Timestamp};

#[derive(Deserialize)]
struct Order {
    number: String,
    status: String,
    currency: Option<Currency>,
    total: Option<Decimal>,
    date_created_gmt: Option<String>,
    date_modified_gmt: Option<String>,
    date_paid_gmt: Option<String>,
    date_completed_gmt: Option<String>,
    billing: Option<Address>,
    shipping: Option<Address>,
    #[serde(default)]
    line_items: Vec<Line>,
    #[serde(default)]
    coupon_lines: Vec<Coupon>,
}

#[derive(Deserialize)]
struct Address {
    phone: Option<String>,
    email: Option<String>,
    country: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    quantity: Option<Decimal>,
    /// For one piece. A number, where other sums are text.
    price: Option<Decimal>,
}

#[derive(Deserialize)]
struct Coupon {
    code: Option<String>,
}

#[derive(Deserialize)]
struct Product {
    name: String,
    date_created_gmt: Option<String>,
    date_modified_gmt: Option<String>,
    #[serde(default)]
    price: String,
    stock_status: Option<String>,
    stock_quantity: Option<i64>,
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Category {
    name: String,
}

/// What a webhook tells. `None` for a topic that tells nothing of its own.
///
/// # Errors
/// The body of a known topic has another shape.
pub fn parse(topic: &str, body: &[u8], received: Timestamp, key_of: KeyOf<'_>) -> Result<Option<Told>, Malformed> {
    let told = match topic {
        "order.created" | "order.updated" | "order.restored" => {
            let order: Order = read(topic, body)?;
            let state = order.state().map_err(|source| Malformed { topic: topic.to_owned(), source })?;
            state.map(|state| Told::Order(order.customer(), order.since(state, received), order.event(state, key_of)))
        }
        "product.created" | "product.updated" | "product.restored" => {
            let product: Product = read(topic, body)?;
            let at = time(product.date_modified_gmt.as_ref().or(product.date_created_gmt.as_ref()), received);
            Some(Told::Product(at, product.seen(key_of)))
        }
        _ => None,
    };
    Ok(told)
}

impl Order {
    /// How far the order is; a draft of a checkout is none yet.
    ///
    /// # Errors
    /// A state that a plug-in invented: somebody should see that there are such.
    fn state(&self) -> Result<Option<OrderState>, serde_json::Error> {
        Ok(Some(match self.status.as_str() {
            "pending" | "on-hold" | "failed" => OrderState::Placed,
            "processing" => OrderState::Paid,
            // WooCommerce knows no way between "paid" and "done": the shop completes an order when it is on its way.
            "completed" => OrderState::Shipped,
            "cancelled" | "trash" => OrderState::Cancelled,
            "refunded" => OrderState::Returned,
            "checkout-draft" | "auto-draft" | "draft" => return Ok(None),
            other => return Err(serde::de::Error::custom(format!("`{other}` is no state of an order that is known"))),
        }))
    }

    /// Since when it is where it is: as far as WooCommerce tells that, else since it was changed last.
    fn since(&self, state: OrderState, received: Timestamp) -> Timestamp {
        let reached = match state {
            OrderState::Paid => self.date_paid_gmt.as_ref(),
            OrderState::Shipped => self.date_completed_gmt.as_ref().or(self.date_paid_gmt.as_ref()),
            _ => None,
        };
        time(reached.or(self.date_modified_gmt.as_ref()).or(self.date_created_gmt.as_ref()), received)
    }

    fn customer(&self) -> Customer {
        let (billed, sent) = (self.billing.as_ref(), self.shipping.as_ref());
        let addresses = [billed, sent];
        let phones = addresses.map(|address| address.and_then(|address| address.phone.clone()));
        let emails = addresses.map(|address| address.and_then(|address| address.email.clone()));
        let country = addresses.into_iter().flatten().find_map(|address| address.country.as_deref());
        Customer::new(phones, country, emails)
    }

    fn event(self, state: OrderState, key_of: KeyOf<'_>) -> OrderEvent {
        OrderEvent {
            order: self.number,
            state,
            total: self.total,
            currency: self.currency,
            lines: self.line_items.into_iter().map(|line| line.of_order(key_of)).collect(),
            coupon: self.coupon_lines.into_iter().find_map(|coupon| coupon.code),
            tracking: None,
            eta: None,
        }
    }
}

impl Line {
    fn of_order(self, key_of: KeyOf<'_>) -> OrderLine {
        OrderLine {
            category: key_of(&self.name, None),
            product: self.name,
            brand: None,
            price: self.price.unwrap_or_default(),
            quantity: pieces(self.quantity),
        }
    }
}

impl Product {
    fn seen(self, key_of: KeyOf<'_>) -> Seen {
        let sold_out = self.stock_status.as_deref() == Some("outofstock");
        Seen {
            category: key_of(&self.name, self.categories.first().map(|category| category.name.as_str())),
            product: self.name,
            price: self.price.parse().ok(),
            stock: self.stock_quantity.or(sold_out.then_some(0)),
        }
    }
}
