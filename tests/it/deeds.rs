//! What is done in a conversation: by who is in charge alone, as things stand and not as an old page shows them.

use reqwest::StatusCode;
use serde_json::json;

use crate::app::{Running, http, post, text_webhook};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::desk::{Person, two_write};
use crate::law::rows;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_a_colleagues_is_neither_handed_back_nor_taken_behind_their_back() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[TOKEN]).await;
        let ids = two_write(&sandbox, address, &database, ["hello", "hello"]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        let conversation = format!("/inbox/all/{}", ids[0]);
        let does = |action: &str| format!("/contact/{}/{action}", ids[0]);
        let in_charge = async |person: &Person| {
            let own = async || person.get(&conversation).await.1.contains("data-mode=\"reply\"").then_some(());
            eventually("they are in charge", own).await;
        };
        let refused = async |person: &Person, path: &str, fields: &[(&str, &str)], says: &str| {
            let (status, page) = person.post(path, fields).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            assert!(page.contains(says), "{path}: {page}");
            page
        };

        assert_eq!(ana.post(&does("take"), &[]).await.0, StatusCode::SEE_OTHER);
        in_charge(&ana).await;
        for action in ["release", "won", "lost"] {
            refused(&ben, &does(action), &[], "Somebody else is in charge.").await;
        }
        // His page showed it as the bot's; the fresh one asks for whom he takes it from.
        let page = refused(&ben, &does("take"), &[], "Somebody else has taken over meanwhile").await;
        assert!(
            page.contains("data-sure=\"Ana of the shop is in charge") && page.contains("name=\"agent\" value=\"ana\"")
        );
        in_charge(&ana).await;
        let api = Api::new(address);
        let hand_back =
            async |id: &str| api.post(&format!("/contacts/{id}/hand-back"), json!({ "agent": "ben" })).await;
        let (status, told) = hand_back(&ids[0]).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(told.to_string().contains("ana's now, not ben's"), "{told}");
        assert_eq!(ben.post(&does("take"), &[("agent", "ana")]).await.0, StatusCode::SEE_OTHER);
        in_charge(&ben).await;
        refused(&ana, &does("release"), &[], "Somebody else is in charge.").await;
        assert_eq!(ben.post(&does("release"), &[]).await.0, StatusCode::SEE_OTHER);
        eventually("the bot speaks", async || {
            ana.get(&conversation).await.1.contains("data-mode=\"bot\"").then_some(())
        })
        .await;
        assert_eq!(ben.post(&does("release"), &[]).await.0, StatusCode::SEE_OTHER, "pressed twice, once");
        refused(&ana, &does("won"), &[], "Nobody has taken this conversation").await;
        let given_back =
            "select body from journal where kind = 'agent' and (body like '%release%' or body like '%won%')";
        assert_eq!(rows(&database, given_back).await.len(), 1, "{}", database.kind);

        // Nobody has taken it, so that nobody has won it.
        let asks = text_webhook(&[(2, "wamid.person".into(), "I want to talk to a person")]);
        assert_eq!(post(&http(), address, &asks).await, Some(200));
        let waits = format!("/inbox/hot/{}", ids[1]);
        let is_open = async || ana.get(&waits).await.1.contains("data-mode=\"waiting\"").then_some(());
        eventually("a person is wanted", is_open).await;
        refused(&ana, &format!("/contact/{}/won", ids[1]), &[], "Nobody has taken this conversation").await;
        assert_eq!(hand_back(&ids[1]).await.0, StatusCode::CONFLICT);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_kept_or_said_to_be_too_long_and_discarding_leads_back() {
    let database = Database::sqlite();
    let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
    let ids = two_write(&sandbox, address, &database, ["hello", "hello"]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let (conversation, draft) = (format!("/inbox/all/{}", ids[0]), format!("/contact/{}/draft", ids[0]));
    let kept = [("at", "reply"), ("text", "One moment")];
    assert_eq!(ana.post(&draft, &kept).await.0, StatusCode::NO_CONTENT);
    let endless = "endless ".repeat(20_000);
    let (status, page) = ana.post(&draft, &[("at", "reply"), ("text", &endless)]).await;
    assert_eq!((status, page.contains("too long")), (StatusCode::PAYLOAD_TOO_LARGE, true));
    let (status, page) = ana.post(&format!("/contact/{}/note", ids[0]), &[("text", &endless), ("key", "k")]).await;
    assert_eq!(
        (status, page.contains(endless.trim())),
        (StatusCode::UNPROCESSABLE_ENTITY, true),
        "it stays in the page"
    );
    assert!(ana.get(&conversation).await.1.contains("<q dir=\"auto\">One moment</q>"));
    assert_eq!(ana.post(&draft, &[("at", "reply"), ("view", "all")]).await.0, StatusCode::SEE_OTHER);
    assert!(!ana.get(&conversation).await.1.contains("One moment"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_was_forgotten_is_made_and_given_again() {
    let database = Database::sqlite();
    let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
    let ids = two_write(&sandbox, address, &database, ["hello", "hello"]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let does = async |id: &str, what: &str, key: &str| {
        let fields = [("tag", "product/sofa"), ("what", what), ("key", key)];
        assert_eq!(ana.post(&format!("/contact/{id}/tag"), &fields).await.0, StatusCode::SEE_OTHER);
        let shown = async || {
            let page = ana.get(&format!("/inbox/all/{id}")).await.1;
            (page.contains("title=\"product&#x2f;sofa\"") == (what == "add")).then_some(())
        };
        eventually(&format!("{what} is done to {id}"), shown).await;
    };
    does(&ids[0], "add", "k1").await;
    does(&ids[0], "remove", "k2").await;
    assert_eq!(ana.post("/admin/tags/forget", &[("tag", "product/sofa")]).await.0, StatusCode::SEE_OTHER);
    does(&ids[1], "add", "k3").await;
}
