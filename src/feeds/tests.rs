#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use serde_json::{Value, json};

use super::*;
use crate::domain::OrderState;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn key_of(name: &str, kind: Option<&str>) -> String {
    format!("test/{}{}", name.to_lowercase(), kind.map(|kind| format!("+{kind}")).unwrap_or_default())
}

fn shopify(topic: &str, body: &Value) -> Option<Told> {
    shopify::parse(topic, body.to_string().as_bytes(), at("2026-03-02T12:00:00Z"), &key_of).unwrap()
}

fn woocommerce(topic: &str, body: &Value) -> Option<Told> {
    woocommerce::parse(topic, body.to_string().as_bytes(), at("2026-03-02T12:00:00Z"), &key_of).unwrap()
}

fn order_of_shopify() -> Value {
    json!({
        "id": 820982911946154508_i64, "name": "#1001", "email": "Ada@Example.com", "phone": null,
        "created_at": "2026-03-02T10:00:00+08:00", "updated_at": "2026-03-02T10:05:00+08:00", "cancelled_at": null,
        "financial_status": "paid", "fulfillment_status": null, "total_price": "219.50", "currency": "HKD",
        "discount_codes": [{"code": "SPRING", "amount": "10.00", "type": "fixed_amount"}],
        "fulfillments": [],
        "customer": {"id": 1, "email": "ada@example.com", "phone": "+85251234567"},
        "shipping_address": {"phone": "5123 4567", "country_code": "HK", "city": "Hong Kong"},
        "billing_address": null,
        "line_items": [{"title": "Kettle", "vendor": "Brewster", "price": "109.75", "quantity": 2, "sku": "K-1"}]
    })
}

#[test]
fn an_order_of_shopify_says_who_what_and_how_far() {
    let Some(Told::Order(customer, when, order)) = shopify("orders/paid", &order_of_shopify()) else { panic!() };
    assert_eq!(customer.phones, ["+85251234567", "5123 4567"]);
    assert_eq!((customer.country.unwrap().code(), customer.email.as_deref()), ("HK", Some("ada@example.com")));
    assert_eq!(when, at("2026-03-02T02:05:00Z"));
    assert_eq!((order.order.as_str(), order.state), ("1001", OrderState::Paid));
    assert_eq!(order.total.unwrap().to_string(), "219.50");
    assert_eq!((order.coupon.as_deref(), order.lines[0].quantity), (Some("SPRING"), Some(2.into())));
    assert_eq!((order.lines[0].category.as_str(), order.lines[0].brand.as_deref()), ("test/kettle", Some("brewster")));
}

#[test]
fn the_state_of_an_order_of_shopify_is_read_from_all_that_says_something_of_it() {
    for (changed, state) in [
        (json!({ "financial_status": "pending" }), OrderState::Placed),
        (json!({ "financial_status": "partially_paid" }), OrderState::Placed),
        (json!({ "financial_status": "authorized" }), OrderState::Paid),
        (json!({ "financial_status": "authorized", "fulfillment_status": "fulfilled" }), OrderState::Shipped),
        (json!({ "financial_status": "voided" }), OrderState::Cancelled),
        (json!({ "financial_status": "partially_refunded" }), OrderState::Paid),
        (json!({ "fulfillment_status": "partial" }), OrderState::Paid),
        (json!({ "fulfillment_status": "fulfilled" }), OrderState::Shipped),
        (
            json!({ "fulfillment_status": "fulfilled", "fulfillments": [{"shipment_status": "delivered"}] }),
            OrderState::Delivered,
        ),
        (json!({ "cancelled_at": "2026-03-02T11:00:00Z" }), OrderState::Cancelled),
        (json!({ "cancelled_at": "2026-03-02T11:00:00Z", "financial_status": "refunded" }), OrderState::Returned),
    ] {
        let mut body = order_of_shopify();
        changed.as_object().unwrap().iter().for_each(|(field, value)| body[field] = value.clone());
        let Some(Told::Order(_, _, order)) = shopify("orders/updated", &body) else { panic!() };
        assert_eq!(order.state, state, "{changed}");
    }
}

#[test]
fn an_order_of_long_ago_that_shopify_tells_of_today_was_bought_then() {
    for (changed, when) in [
        (json!({}), "2026-03-02T10:05:00+08:00"),
        (json!({ "updated_at": "2026-03-30T10:00:00Z" }), "2026-03-30T10:00:00Z"),
        (json!({ "updated_at": "2026-11-30T10:00:00Z" }), "2026-03-02T10:00:00+08:00"),
        (
            json!({ "updated_at": "2026-11-30T10:00:00Z", "processed_at": "2025-01-05T10:00:00Z" }),
            "2025-01-05T10:00:00Z",
        ),
        // Still not paid for: nothing was bought.
        (json!({ "updated_at": "2026-11-30T10:00:00Z", "financial_status": "pending" }), "2026-11-30T10:00:00Z"),
        (
            json!({
                "updated_at": "2026-11-30T10:00:00Z", "fulfillment_status": "fulfilled",
                "fulfillments": [{"created_at": "2026-03-03T10:00:00Z", "updated_at": "2026-03-05T10:00:00Z"}]
            }),
            "2026-03-03T10:00:00Z",
        ),
        (
            json!({ "updated_at": "2026-11-30T10:00:00Z", "cancelled_at": "2026-03-04T10:00:00Z" }),
            "2026-03-04T10:00:00Z",
        ),
    ] {
        let mut body = order_of_shopify();
        changed.as_object().unwrap().iter().for_each(|(field, value)| body[field] = value.clone());
        let Some(Told::Order(_, told, _)) = shopify("orders/updated", &body) else { panic!() };
        assert_eq!(told, at(when), "{changed}");
    }
}

#[test]
fn what_is_told_of_an_order_without_the_order_is_nothing() {
    for topic in ["orders/edited", "orders/risk_assessment_changed", "orders/delete"] {
        assert_eq!(shopify(topic, &json!({ "order_edit": { "id": 1, "order_id": 2 } })), None, "{topic}");
    }
    assert!(shopify("orders/partially_fulfilled", &order_of_shopify()).is_some());
}

#[test]
fn an_order_of_shopify_that_only_tries_the_shop_out_tells_nothing() {
    let mut body = order_of_shopify();
    body["test"] = false.into();
    assert!(shopify("orders/paid", &body).is_some());
    body["test"] = true.into();
    assert_eq!(shopify("orders/paid", &body), None);
}

#[test]
fn a_checkout_is_one_until_it_is_an_order() {
    let mut body = json!({
        "id": 1, "token": "t", "email": "ada@example.com", "phone": "+85251234567", "completed_at": null,
        "created_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T10:01:00Z", "total_price": "99.00",
        "currency": "HKD", "line_items": [{"title": "Kettle", "price": "99.00", "quantity": 1}]
    });
    let Some(Told::Checkout(customer, _, cart)) = shopify("checkouts/update", &body) else { panic!() };
    assert_eq!((customer.phones.len(), cart.action.as_str()), (1, "checkout"));
    assert_eq!((cart.product.as_deref(), cart.category.as_deref()), (Some("Kettle"), Some("test/kettle")));
    body["completed_at"] = "2026-03-02T10:02:00Z".into();
    assert_eq!(shopify("checkouts/update", &body), None);
    assert_eq!(shopify("shop/update", &json!({})), None);
}

#[test]
fn an_order_of_woocommerce_says_who_what_and_how_far() {
    let mut body = json!({
        "id": 727, "number": "727", "status": "processing", "currency": "BRL", "total": "310.00",
        "date_created_gmt": "2026-03-02T10:00:00", "date_modified_gmt": "2026-03-02T10:02:00",
        "billing": {"phone": "(11) 98765-4321", "email": "ana@example.com", "country": "BR"},
        "shipping": {"phone": "", "country": "BR"},
        "line_items": [{"id": 1, "name": "Rede", "quantity": 1, "price": 310, "total": "310.00"}],
        "coupon_lines": [{"code": "oferta"}]
    });
    let Some(Told::Order(customer, when, order)) = woocommerce("order.updated", &body) else { panic!() };
    assert_eq!((customer.phones, customer.country.unwrap().code()), (vec!["(11) 98765-4321".to_owned()], "BR"));
    assert_eq!((when, order.state), (at("2026-03-02T10:02:00Z"), OrderState::Paid));
    assert_eq!((order.lines[0].price.to_string().as_str(), order.coupon.as_deref()), ("310", Some("oferta")));
    for (quantity, pieces) in [(json!(1), Some(1)), (json!(1.5), Some(2)), (json!("2"), Some(2)), (Value::Null, None)] {
        body["line_items"][0]["quantity"] = quantity;
        let Some(Told::Order(_, _, order)) = woocommerce("order.updated", &body) else { panic!() };
        assert_eq!(order.lines[0].quantity, pieces.map(Decimal::from));
    }
    body["date_paid_gmt"] = "2025-01-05T10:00:00".into();
    body["date_completed_gmt"] = "2025-01-08T10:00:00".into();
    for (status, when) in [
        ("processing", "2025-01-05T10:00:00Z"),
        ("completed", "2025-01-08T10:00:00Z"),
        ("cancelled", "2026-03-02T10:02:00Z"),
    ] {
        body["status"] = status.into();
        let Some(Told::Order(_, told, _)) = woocommerce("order.updated", &body) else { panic!() };
        assert_eq!(told, at(when), "{status}");
    }
    for (status, state) in [
        ("pending", Some(OrderState::Placed)),
        ("completed", Some(OrderState::Shipped)),
        ("refunded", Some(OrderState::Returned)),
        ("checkout-draft", None),
    ] {
        body["status"] = status.into();
        let told = woocommerce("order.updated", &body);
        assert_eq!(
            told.map(|told| matches!(told, Told::Order(_, _, order) if Some(order.state) == state)),
            state.map(|_| true)
        );
    }
    // What a plug-in invented is no draft: the body is kept, and somebody sees it.
    body["status"] = "weird".into();
    let text = body.to_string();
    let told = woocommerce::parse("order.updated", text.as_bytes(), at("2026-03-02T10:03:00Z"), &|_, _| String::new());
    assert!(told.unwrap_err().to_string().contains("`weird` is no state"));
}

#[test]
fn a_product_is_told_of_when_something_changed_that_customers_wait_for() {
    let body = json!({
        "id": 1, "title": "Kettle", "product_type": "Kitchen", "created_at": "2026-03-02T10:00:00Z", "updated_at": null,
        "variants": [
            {"price": "99.00", "inventory_management": "shopify", "inventory_quantity": 2},
            {"price": "89.00", "inventory_management": "shopify", "inventory_quantity": 0}
        ]
    });
    let Some(Told::Product(_, seen)) = shopify("products/update", &body) else { panic!() };
    assert_eq!((seen.category.as_str(), seen.stock), ("test/kettle+Kitchen", Some(2)));
    assert_eq!(seen.price.unwrap().to_string(), "89.00");
    let known = |price: &str, stock| Known { price: price.parse().ok(), stock };
    let actions = |before: Option<Known>, is_new| {
        changes(&seen, before.as_ref(), is_new).into_iter().map(|told| told.action).collect::<Vec<_>>()
    };
    assert_eq!(actions(None, true), ["new"]);
    assert!(actions(None, false).is_empty());
    assert!(actions(Some(known("89.00", Some(2))), true).is_empty());
    assert_eq!(actions(Some(known("99.00", Some(0))), false), ["back_in_stock", "price"]);
    assert_eq!(actions(Some(known("89.00", Some(5))), false), ["low_stock"]);
    let sold_out = json!({ "name": "Rede", "price": "310", "stock_status": "outofstock", "stock_quantity": null });
    let Some(Told::Product(_, seen)) = woocommerce("product.updated", &sold_out) else { panic!() };
    assert_eq!(seen.stock, Some(0));
}

#[test]
fn a_body_of_another_shape_is_told() {
    let error = shopify::parse("orders/paid", b"{\"id\": 1}", at("2026-03-02T12:00:00Z"), &key_of).unwrap_err();
    assert!(error.to_string().contains("orders/paid") && error.to_string().contains("name"), "{error}");
}
