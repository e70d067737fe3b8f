//! Webhooks of Shopify, by the fields that its REST Admin API documents for the resources Order, Checkout and Product.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Customer, KeyOf, Malformed, Seen, Told, pieces, read, time};
use crate::domain::{CartEvent, Currency, Duration, OrderEvent, OrderLine, OrderState, Timestamp};

/// Who pays later than this after ordering is not waited for.
const PAYMENT: Duration = Duration::days(30);

#[derive(Deserialize)]
struct Order {
    name: String,
    created_at: Option<String>,
    /// When it was placed, also in another shop that it was taken over from.
    processed_at: Option<String>,
    updated_at: Option<String>,
    cancelled_at: Option<String>,
    financial_status: Option<String>,
    fulfillment_status: Option<String>,
    /// Somebody tries the shop out: such an order moves no money.
    test: Option<bool>,
    total_price: Option<Decimal>,
    currency: Option<Currency>,
    #[serde(default)]
    discount_codes: Vec<Discount>,
    #[serde(default)]
    fulfillments: Vec<Fulfilment>,
    #[serde(default)]
    line_items: Vec<Line>,
    #[serde(flatten)]
    buyer: Buyer,
}

#[derive(Deserialize)]
struct Checkout {
    created_at: Option<String>,
    updated_at: Option<String>,
    completed_at: Option<String>,
    total_price: Option<Decimal>,
    currency: Option<Currency>,
    #[serde(default)]
    line_items: Vec<Line>,
    #[serde(flatten)]
    buyer: Buyer,
}

/// Who buys: the order's own fields, the customer's, the addresses'.
#[derive(Deserialize)]
struct Buyer {
    email: Option<String>,
    phone: Option<String>,
    customer: Option<Person>,
    shipping_address: Option<Address>,
    billing_address: Option<Address>,
}

#[derive(Deserialize)]
struct Person {
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    phone: Option<String>,
    country_code: Option<String>,
}

#[derive(Deserialize)]
struct Discount {
    code: Option<String>,
}

#[derive(Deserialize)]
struct Fulfilment {
    tracking_number: Option<String>,
    shipment_status: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    title: String,
    vendor: Option<String>,
    price: Option<Decimal>,
    quantity: Option<Decimal>,
}

#[derive(Deserialize)]
struct Product {
    title: String,
    product_type: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    #[serde(default)]
    variants: Vec<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    price: Option<Decimal>,
    /// Who counts the pieces; nobody where it is empty.
    inventory_management: Option<String>,
    inventory_quantity: Option<i64>,
}

/// What a webhook tells. `None` for a topic that tells nothing of its own: the order of a refund or of an edit comes again as
/// `orders/updated`.
///
/// # Errors
/// The body of a known topic has another shape.
pub fn parse(topic: &str, body: &[u8], received: Timestamp, key_of: KeyOf<'_>) -> Result<Option<Told>, Malformed> {
    let told = match topic.split_once('/') {
        Some(("orders", "create" | "updated" | "paid" | "cancelled" | "fulfilled" | "partially_fulfilled")) => {
            let order: Order = read(topic, body)?;
            let at = order.since(received);
            (order.test != Some(true)).then(|| Told::Order(order.buyer.customer(), at, order.event(key_of)))
        }
        Some(("checkouts", "create" | "update")) => {
            let checkout: Checkout = read(topic, body)?;
            let at = time(checkout.updated_at.as_ref().or(checkout.created_at.as_ref()), received);
            // What became an order is told as one.
            let open = checkout.completed_at.is_none();
            open.then(|| Told::Checkout(checkout.buyer.customer(), at, checkout.event(key_of)))
        }
        Some(("products", "create" | "update")) => {
            let product: Product = read(topic, body)?;
            let at = time(product.updated_at.as_ref().or(product.created_at.as_ref()), received);
            Some(Told::Product(at, product.seen(key_of)))
        }
        _ => None,
    };
    Ok(told)
}

impl Order {
    /// How far the order is. A part that was refunded, sent or paid leaves it where the rest is. A card that is authorised is all that
    /// the customer has to do: the shop draws the sum when it likes.
    fn state(&self) -> OrderState {
        let paid = self.financial_status.as_deref().unwrap_or_default();
        let arrived = |sent: &Fulfilment| sent.shipment_status.as_deref() == Some("delivered");
        if paid == "refunded" {
            OrderState::Returned
        } else if self.cancelled_at.is_some() || paid == "voided" {
            OrderState::Cancelled
        } else if self.fulfillment_status.as_deref() == Some("fulfilled") {
            match !self.fulfillments.is_empty() && self.fulfillments.iter().all(arrived) {
                true => OrderState::Delivered,
                false => OrderState::Shipped,
            }
        } else if matches!(paid, "paid" | "authorized" | "partially_refunded") {
            OrderState::Paid
        } else {
            OrderState::Placed
        }
    }

    /// Since when it is where it is: as far as Shopify tells that, else since it was changed last. What changes an order long after
    /// it was placed is no payment.
    fn since(&self, received: Timestamp) -> Timestamp {
        let state = self.state();
        let (created, updated) = (self.created_at.as_ref(), self.updated_at.as_ref());
        let sent = self.fulfillments.iter();
        let reached = match state {
            OrderState::Cancelled => self.cancelled_at.as_ref(),
            OrderState::Shipped => sent.filter_map(|sent| sent.created_at.as_ref()).max(),
            OrderState::Delivered => sent.filter_map(|sent| sent.updated_at.as_ref()).max(),
            _ => None,
        };
        let changed = time(reached.or(updated).or(created), received);
        let placed = time(self.processed_at.as_ref().or(created), changed);
        if reached.is_none() && state.is_paid() && changed - placed > PAYMENT { placed } else { changed }
    }

    fn event(self, key_of: KeyOf<'_>) -> OrderEvent {
        OrderEvent {
            state: self.state(),
            order: self.name.trim_start_matches('#').to_owned(),
            total: self.total_price,
            currency: self.currency,
            lines: self.line_items.into_iter().map(|line| line.of_order(key_of)).collect(),
            coupon: self.discount_codes.into_iter().find_map(|discount| discount.code),
            tracking: self.fulfillments.into_iter().find_map(|sent| sent.tracking_number),
            eta: None,
        }
    }
}

impl Checkout {
    fn event(&self, key_of: KeyOf<'_>) -> CartEvent {
        let first = self.line_items.first();
        CartEvent {
            action: "checkout".into(),
            product: first.map(|line| line.title.clone()),
            category: first.map(|line| key_of(&line.title, None)),
            amount: self.total_price,
            currency: self.currency,
        }
    }
}

impl Buyer {
    fn customer(&self) -> Customer {
        let (person, sent, billed) = (&self.customer, &self.shipping_address, &self.billing_address);
        let phones = [
            self.phone.clone(),
            person.as_ref().and_then(|person| person.phone.clone()),
            sent.as_ref().and_then(|address| address.phone.clone()),
            billed.as_ref().and_then(|address| address.phone.clone()),
        ];
        let country = |address: &Option<Address>| address.as_ref().and_then(|address| address.country_code.clone());
        let emails = [self.email.clone(), person.as_ref().and_then(|person| person.email.clone())];
        Customer::new(phones, country(sent).or_else(|| country(billed)).as_deref(), emails)
    }
}

impl Line {
    fn of_order(self, key_of: KeyOf<'_>) -> OrderLine {
        OrderLine {
            category: key_of(&self.title, None),
            product: self.title,
            brand: self.vendor.map(|vendor| vendor.to_lowercase()),
            price: self.price.unwrap_or_default(),
            quantity: pieces(self.quantity),
        }
    }
}

impl Product {
    fn seen(self, key_of: KeyOf<'_>) -> Seen {
        let counted = |variant: &Variant| variant.inventory_management.as_ref().and(variant.inventory_quantity);
        let stock: Option<i64> = self.variants.iter().map(counted).sum();
        Seen {
            category: key_of(&self.title, self.product_type.as_deref()),
            product: self.title,
            price: self.variants.iter().filter_map(|variant| variant.price).min(),
            stock: stock.filter(|_| !self.variants.is_empty()),
        }
    }
}
