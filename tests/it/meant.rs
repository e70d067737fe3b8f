//! What customers mean beside their words, through the real binary: a message that they quote, a product's page.

use hotline::domain::CartLine;
use hotline::whatsapp::sandbox::{Customer, Said, Sandbox};
use serde_json::Value;

use crate::app::{Running, customer};
use crate::db::{Database, eventually};
use crate::desk::Person;
use crate::law::{self, rows};

/// The how manieth answer that a phone got.
async fn answer(sandbox: &Sandbox, customer: &Customer, count: usize) -> Value {
    let number = customer.number.trim_start_matches('+');
    let answers = || sandbox.phone(number).into_iter().filter(|shown| shown["mine"] != true);
    eventually(&format!("there are {count} answers"), async || answers().nth(count - 1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_quotes_a_message_or_comes_from_a_page_is_answered_about_that_product() {
    for database in Database::each().await {
        let Running { app, sandbox, address } = Running::start(&database, &[]).await;
        sandbox.verify().await.unwrap();
        let ada = customer(1);
        sandbox.write(&ada, "show me the Hush 700");
        let hush = answer(&sandbox, &ada, 1).await;
        sandbox.write(&ada, "and the Brick 20000");
        let brick = answer(&sandbox, &ada, 2).await;
        assert!(hush.to_string().contains("Hush 700") && brick.to_string().contains("Brick 20000"), "{hush} {brick}");
        let told =
            "select cast(count(distinct body) as text) from journal where kind = 'status' and body like '%\"sent\"%'";
        eventually("statuses told their names", async || (rows(&database, told).await[0][0] == "2").then_some(()))
            .await;
        let text = "how much is this one?".to_owned();
        sandbox.say(&ada, &Said::Quote { text, message: hush["id"].as_str().unwrap().to_owned() });
        let priced = answer(&sandbox, &ada, 3).await.to_string();
        assert!(priced.contains("Hush 700") && !priced.contains("Brick"), "{}: {priced}", database.kind);
        let wing = customer(2);
        sandbox.say(&wing, &Said::FromProduct { text: "how much is it?".into(), product: "P-123".into() });
        let priced = answer(&sandbox, &wing, 1).await.to_string();
        assert!(priced.contains("Brick 20000") && priced.contains("35"), "{}: {priced}", database.kind);
        // Who takes over sees the same.
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let mut threads = String::new();
        for contact in rows(&database, "select cast(id as text) from contacts").await {
            threads += &ana.get(&format!("/inbox/all/{}", contact[0])).await.1;
        }
        assert!(threads.contains("answers “") && threads.contains("about Brick 20000"), "{}", database.kind);
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_a_wish_to_buy_that_a_person_sees_whole() {
    for database in Database::each().await {
        let Running { app, sandbox, address } = Running::start(&database, &[]).await;
        sandbox.verify().await.unwrap();
        let bia = customer(3);
        let line = |product: &str, quantity, price: i64| CartLine {
            product: product.into(),
            quantity,
            price: Some(price.into()),
            currency: "USD".parse().ok(),
        };
        let items = vec![line("P-122", 2, 159), line("P-123", 1, 35), line("of another shop", 1, 1)];
        sandbox.say(&bia, &Said::Cart { items, text: "Gift wrap please".into() });
        let told = answer(&sandbox, &bia, 1).await.to_string();
        for words in ["2 × Hush 700: 318", "1 × Brick 20000: 35", "1 × of another shop: 1", "= 354", "colleague"] {
            assert!(told.contains(words), "{}: `{words}` in {told}", database.kind);
        }
        let opened = rows(&database, "select reason, evidence from handoffs").await;
        assert_eq!(opened.len(), 1, "{}: {opened:?}", database.kind);
        assert_eq!(opened[0][0], "ready-to-buy", "{}", database.kind);
        assert!(opened[0][1].contains("2 × Hush 700"), "{}: {}", database.kind, opened[0][1]);
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let contact = &rows(&database, "select cast(id as text) from contacts").await[0][0];
        let (_, page) = ana.get(&format!("/inbox/all/{contact}")).await;
        assert!(page.contains("2 × Hush 700") && page.contains("Gift wrap please"), "{}", database.kind);
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}
