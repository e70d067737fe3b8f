//! What customers mean beside their words, through the real binary: a message that they quote, a product's page.

use hotline::whatsapp::sandbox::{Customer, Said, Sandbox};
use serde_json::Value;

use crate::app::{App, customer, free_address, sandbox};
use crate::db::{Database, eventually};
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
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let app = App::start(address, graph, &database, &[]).await;
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
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}
