//! Meta's list of templates, page by page: what is not read to its end is no list.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use hotline::config::Settings;
use hotline::whatsapp::client::Client;
use serde_json::{Value, json};

/// Pages by the cursor behind which they stand.
type Pages = HashMap<&'static str, Value>;

async fn page(
    State(pages): State<Pages>,
    Path(_account): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
) -> Json<Value> {
    Json(pages[asked.get("after").map_or("", String::as_str)].clone())
}

/// The names that are read from these pages; `None` where it is no list.
async fn read(pages: Pages) -> Option<Vec<String>> {
    let router = Router::new().route("/v26.0/{account}/message_templates", get(page)).with_state(pages);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = Settings::defaults().whatsapp;
    settings.graph_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    let listed = Client::new(&settings, &"token".into()).unwrap().templates("1").await.ok()?;
    Some(listed.iter().map(|template| template["name"].as_str().unwrap().to_owned()).collect())
}

fn of(names: &[&str], after: &str, is_last: bool) -> Value {
    let data: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
    let mut page = json!({ "data": data, "paging": { "cursors": { "before": "x", "after": after } } });
    if !is_last {
        page["paging"]["next"] = json!(format!("https://graph.example/?after={after}"));
    }
    page
}

#[tokio::test]
async fn an_empty_page_ends_no_list_and_what_is_no_list_empties_none() {
    let whole = [("", of(&["a", "b"], "c1", false)), ("c1", of(&[], "c2", false)), ("c2", of(&["note"], "c3", true))];
    assert_eq!(read(whole.into()).await.unwrap(), ["a", "b", "note"]);
    assert_eq!(read([("", of(&[], "", true))].into()).await.unwrap(), [""; 0], "an account without templates");
    assert_eq!(read([("", json!({ "data": [{ "name": "a" }] }))].into()).await.unwrap(), ["a"]);
    let first = || ("", of(&["a"], "c1", false));
    for (what, pages) in [
        ("no list", vec![("", json!({}))]),
        ("no list later", vec![first(), ("c1", json!({ "paging": {} }))]),
        ("the same page again", vec![first(), ("c1", of(&["b"], "c1", false))]),
        ("a circle", vec![first(), ("c1", of(&["b"], "c2", false)), ("c2", of(&["c"], "c1", false))]),
        ("no cursor", vec![("", json!({ "data": [], "paging": { "next": "https://graph.example/" } }))]),
    ] {
        assert_eq!(read(pages.into_iter().collect()).await, None, "{what}");
    }
}
