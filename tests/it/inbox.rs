//! The inbox over hours and days: a server with a clock that the test sets.

use std::net::SocketAddr;

use hotline::web;
use hotline::whatsapp::sandbox::Faults;
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::{Running, customer, free_address, http, post, text_webhook};
use crate::db::{Database, eventually};
use crate::desk::Person;
use crate::law::rows;
use crate::statistics::Shop;

/// A shop and the server in front of it.
async fn open(database: &Database, now: &str) -> (Shop, SocketAddr) {
    let shop = Shop::open(database.store().await, now);
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let router = web::router(shop.engine.clone(), metrics, false).unwrap();
    let address = free_address();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    (shop, address)
}

/// What a customer writes.
fn says(number: usize, at: &str, text: &str) -> Value {
    json!({ "at": at, "contact": format!("+8526000000{number}"), "event": "message", "text": text, "wamid": format!("{number} {at}") })
}

/// The list of a page.
fn list(page: &str) -> String {
    page.split("class=\"rows\"").nth(1).unwrap().split("</ul>").next().unwrap().to_owned()
}

/// A page that shows what is wanted, once it does.
async fn shows(person: &Person, path: &str, wanted: &str) -> String {
    eventually(&format!("{path}: {wanted}"), async || {
        Some(person.get(path).await.1).filter(|page| page.contains(wanted))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_came_it_is_told_and_whoever_takes_it_has_it() {
    for database in Database::each().await {
        let (shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
        shop.tell(vec![says(1, "2026-03-02T09:00:00Z", "I want to talk to a person")]).await;
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let page = shows(&ana, "/inbox/hot/1", "asks for a person").await;
        assert!(page.contains("answer within") && !page.contains("nobody took it"), "{page}");
        shop.set("2026-03-04T12:00:00Z");
        shop.folded().await;
        let told = "nobody took it; the bot answers again";
        let page = shows(&ana, "/inbox/hot/1", told).await;
        assert!(list(&page).contains(told), "the row tells of it: {}", list(&page));
        let line = page.split("id=\"given-up-").nth(1).unwrap().split("</li>").next().unwrap();
        assert!(line.contains(told) && line.contains("2026-03-0"), "with its time: {line}");
        assert!(page.contains("Take over"), "somebody still may");
        // It waits for people, and the customer has an answer meanwhile.
        shop.tell(vec![says(1, "2026-03-04T12:01:00Z", "What are your opening hours?")]).await;
        let page = shows(&ana, "/inbox/hot/1", "opening hours?").await;
        assert!(page.contains("class=\"ours bot"), "{page}");
        assert_eq!(ana.post("/contact/1/take", &[]).await.0, StatusCode::SEE_OTHER);
        let page = shows(&ana, "/inbox/mine/1", "Hand back to the bot").await;
        assert!(!list(&page).contains(told) && page.contains("given-up-"), "it is hers, and the thread remembers");
        assert!(!list(&ana.get("/inbox/hot").await.1).contains("row-1"), "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_needs_a_person_and_has_none_is_unassigned() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let writes = async |customer_number: u64, id: &str, words: &str| {
            sandbox.wrote(&customer(customer_number));
            let said = text_webhook(&[(customer_number, id.into(), words)]);
            assert_eq!(post(&http(), address, &said).await, Some(200));
        };
        let counts = |count: &str| format!("Unassigned <span class=\"count\">{count}</span>");
        shows(&ana, "/inbox/unassigned", "Nobody needs a person and has none.").await;
        sandbox.set_faults(Faults { next_code: Some(131_009), next_codes: 1, ..Faults::default() });
        writes(1, "wamid.one", "hello").await;
        let page = shows(&ana, "/inbox/unassigned", "<span class=\"mark unsent\">not sent</span>").await;
        assert!(page.contains(&counts("1")), "{page}");
        writes(2, "wamid.two", "I want to talk to a person").await;
        // A page reads its counts a moment after its list: the row tells that both are there for the next one.
        shows(&ana, "/inbox/unassigned", "id=\"row-2\"").await;
        let page = ana.get("/inbox/unassigned").await.1;
        assert!(page.contains(&counts("2")), "{page}");
        assert_eq!((list(&page).matches("id=\"row-").count(), page.contains(">1 waits</a>")), (2, true), "{page}");
        assert_eq!(ana.post("/contact/2/take", &[]).await.0, StatusCode::SEE_OTHER);
        shows(&ana, "/inbox/unassigned", &counts("1")).await;
        let page = ana.get("/inbox/unassigned").await.1;
        assert!(list(&page).contains("id=\"row-1\"") && !list(&page).contains("id=\"row-2\""), "{}", database.kind);
        writes(1, "wamid.again", "What are your opening hours?").await;
        shows(&ana, "/inbox/unassigned", &counts("0")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_counts_all_who_wait_also_beyond_a_thousand() {
    let database = Database::sqlite();
    let (shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
    let asks = (0..1_001).map(|n| {
        let (contact, wamid) = (format!("+8526100{n:04}"), format!("wamid.{n}"));
        json!({ "at": "2026-03-02T09:00:00Z", "contact": contact, "event": "message", "text": "I want to talk to a person", "wamid": wamid })
    });
    shop.tell(asks.collect()).await;
    let ana = Person::sign_in(&database, address, "ana", "agent").await;
    let page = ana.get("/inbox/hot").await.1;
    assert!(page.contains(">1,001 wait</a>") && page.contains("<span class=\"count\">1,001</span>"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn canned_replies_are_written_by_admins_and_filled_for_the_customer() {
    for database in Database::each().await {
        let (shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
        let mut hello = says(1, "2026-03-02T09:00:00Z", "hello");
        hello["name"] = "Wing Chan".into();
        shop.tell(vec![hello]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        let hours = [("name", "hours"), ("language", ""), ("text", "Hi {{name}}, {{agent}} here: 9 to 18.")];
        assert_eq!(ben.post("/admin/canned", &hours).await.0, StatusCode::FORBIDDEN);
        assert_eq!(ben.get("/admin/canned").await.0, StatusCode::FORBIDDEN);
        assert_eq!(ana.post("/admin/canned", &hours).await.0, StatusCode::SEE_OTHER);
        let (status, page) = ana.post("/admin/canned", &hours).await;
        assert_eq!((status, page.contains("There is a reply “hours”")), (StatusCode::UNPROCESSABLE_ENTITY, true));
        let long = "x".repeat(4_097);
        for (fields, told) in [
            ([("name", "price"), ("text", "It is {{price}}.")], "Nobody knows what to put into {{price}}"),
            ([("name", "price"), ("text", "Hi {{oops")], "“{{oops” would be sent as it stands"),
            ([("name", "price"), ("text", "Hi {name}!")], "“{name}!” would be sent as it stands"),
            ([("name", "price"), ("text", " ")], "It has no words."),
            ([("name", " "), ("text", "x")], "A name has 1 to 40 characters"),
            ([("name", "price"), ("text", &long)], "It is too long"),
        ] {
            let (status, page) = ana.post("/admin/canned", &fields).await;
            assert_eq!((status, page.contains(told)), (StatusCode::UNPROCESSABLE_ENTITY, true), "{told}");
        }
        let in_german = [("name", "hours"), ("language", "de"), ("text", "9 bis 18 Uhr.")];
        assert_eq!(ana.post("/admin/canned", &in_german).await.0, StatusCode::SEE_OTHER);
        let page = ana.get("/admin/canned").await.1;
        let number = |page: &str, n: usize| {
            page.split("name=\"id\" value=\"").filter_map(|part| part.split('"').next()?.parse::<i64>().ok()).nth(n)
        };
        let german = number(&page, 2).unwrap().to_string();
        let changed = [("id", german.as_str()), ("name", "Zeiten"), ("language", "de"), ("text", "Von 9 bis 18 Uhr.")];
        assert_eq!(ana.post("/admin/canned", &changed).await.0, StatusCode::SEE_OTHER);

        assert_eq!(ben.post("/contact/1/take", &[]).await.0, StatusCode::SEE_OTHER);
        let conversation = "/inbox/all/1";
        assert!(ben.get(conversation).await.1.contains("?canned=yes"), "there is a button");
        let page = ben.get(&format!("{conversation}?canned=yes")).await.1;
        let shelf = page.split("class=\"canned\"").nth(1).unwrap().split("</section>").next().unwrap();
        assert!(shelf.contains(">Hi Wing, Ben of the shop here: 9 to 18.</span>"), "{shelf}");
        assert!(shelf.find("<strong>hours") < shelf.find("<strong>Zeiten"), "what they do not speak comes last");
        // Without a script it becomes the draft.
        let picked = [("at", "reply"), ("view", "all"), ("text", "Hi Wing")];
        assert_eq!(ben.post("/contact/1/draft", &picked).await.0, StatusCode::SEE_OTHER);
        assert!(ben.get(conversation).await.1.contains("Hi Wing</textarea>"));
        // Gaps that are typed are filled too, and none that is known leaves open.
        let typed = [("text", "{{ name }}, {{shop}} keeps {{words}}"), ("key", "k1")];
        assert_eq!(ben.post("/contact/1/reply", &typed).await.0, StatusCode::SEE_OTHER);
        shows(&ben, conversation, "Wing, Harbour Goods keeps {{words}}").await;
        let (status, page) = ben.post("/contact/1/reply", &[("text", "Dear {{name}, hello"), ("key", "k2")]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("or a brace is missing") && page.contains("Dear {{name}, hello</textarea>"), "{page}");

        assert_eq!(ben.post("/admin/canned/forget", &[("id", &german)]).await.0, StatusCode::FORBIDDEN);
        assert_eq!(ana.post("/admin/canned/forget", &[("id", &german)]).await.0, StatusCode::SEE_OTHER);
        assert!(!ana.get("/admin/canned").await.1.contains("Zeiten"));
        let (status, page) = ana.post("/admin/canned", &changed).await;
        assert_eq!((status, page.contains("deleted meanwhile")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_for_a_name_that_nobody_knows_is_not_sent_and_there_are_only_so_many_replies() {
    let database = Database::sqlite();
    let (shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
    shop.tell(vec![says(1, "2026-03-02T09:00:00Z", "hello")]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    assert_eq!(ana.post("/contact/1/take", &[]).await.0, StatusCode::SEE_OTHER);
    shows(&ana, "/inbox/all/1", "id=\"reply\"").await;
    let typed = [("text", "Dear {{name}}"), ("key", "k1")];
    let (status, page) = ana.post("/contact/1/reply", &typed).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("their name is not known") && page.contains("Dear {{name}}</textarea>"), "{page}");
    for n in 0..=300 {
        let (status, page) = ana.post("/admin/canned", &[("name", &format!("reply {n}")), ("text", "x")]).await;
        let wanted = if n < 300 { StatusCode::SEE_OTHER } else { StatusCode::UNPROCESSABLE_ENTITY };
        assert_eq!((status, n == 300), (wanted, page.contains("no more can be kept")), "{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_snoozed_comes_back_by_itself_or_when_they_write() {
    for database in Database::each().await {
        let (shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
        shop.tell(vec![says(1, "2026-03-02T09:00:00Z", "I want to talk to a person")]).await;
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        let tomorrow = [("until", "tomorrow"), ("zone", "Europe/Berlin"), ("view", "mine")];
        // An open one stays in Hot, and its promise goes on.
        assert_eq!(ben.post("/contact/1/snooze", &tomorrow).await.0, StatusCode::SEE_OTHER);
        let page = shows(&ana, "/inbox/unassigned/1", "snoozed, back in 23 h").await;
        assert!(!list(&page).contains("id=\"row-1\"") && page.contains("its promise goes on"), "{page}");
        shop.set("2026-03-02T10:00:00Z");
        shop.folded().await;
        assert!(list(&shows(&ana, "/inbox/hot", "promise missed").await).contains("snoozed, back in 22 h"));

        assert_eq!(ana.post("/contact/1/take", &[]).await.0, StatusCode::SEE_OTHER);
        let page = shows(&ana, "/inbox/mine/1", "id=\"reply\"").await;
        assert!(list(&page).contains("id=\"row-1\"") && !page.contains("snoozed, back in"), "she is there: {page}");
        let (status, page) = ben.post("/contact/1/snooze", &tomorrow).await;
        assert_eq!((status, page.contains("Somebody else is in charge.")), (StatusCode::UNPROCESSABLE_ENTITY, true));
        let (status, page) = ana.post("/contact/1/snooze", &[("until", "never")]).await;
        assert_eq!((status, page.contains("choose one of the times")), (StatusCode::UNPROCESSABLE_ENTITY, true));
        assert_eq!(ana.post("/contact/1/snooze", &tomorrow).await.0, StatusCode::SEE_OTHER);
        let page = shows(&ana, "/inbox/snoozed/1", "Snoozed <span class=\"count\">1</span>").await;
        assert!(page.contains("Ana of the shop snoozed it until 3 Mar, 08:00"), "{page}");
        assert!(list(&page).contains("id=\"row-1\"") && page.contains("Mine <span class=\"count\">0</span>"));
        // It is not handed back meanwhile.
        shop.set("2026-03-03T07:59:00Z");
        shop.folded().await;
        assert!(!list(&ana.get("/inbox/mine").await.1).contains("id=\"row-1\""));
        assert!(ana.get("/inbox/snoozed/1").await.1.contains("Hand back to the bot"));
        shop.set("2026-03-03T08:00:00Z");
        shop.folded().await;
        let page = shows(&ana, "/inbox/mine/1", "it was snoozed, and is back").await;
        assert!(list(&page).contains("id=\"row-1\"") && page.contains("Snoozed <span class=\"count\">0</span>"));

        // The customer's word ends it, and so does hers.
        assert_eq!(ana.post("/contact/1/snooze", &tomorrow).await.0, StatusCode::SEE_OTHER);
        shop.set("2026-03-03T08:01:00Z");
        shop.tell(vec![says(1, "2026-03-03T08:01:00Z", "are you there?")]).await;
        let page = shows(&ana, "/inbox/mine/1", "are you there?").await;
        assert!(list(&page).contains("id=\"row-1\""), "{}", database.kind);
        assert_eq!(ana.post("/contact/1/snooze", &tomorrow).await.0, StatusCode::SEE_OTHER);
        shows(&ana, "/inbox/snoozed/1", "Take it up again now").await;
        assert_eq!(ana.post("/contact/1/snooze", &[("until", "now")]).await.0, StatusCode::SEE_OTHER);
        let page = shows(&ana, "/inbox/mine/1", "Ana of the shop took it up again").await;
        assert_eq!((list(&page).contains("id=\"row-1\""), page.matches("and is back").count()), (true, 1));

        shop.tell(vec![says(2, "2026-03-03T08:01:00Z", "hello")]).await;
        let (status, page) = ana.post("/contact/2/snooze", &tomorrow).await;
        assert_eq!((status, page.contains("take over first")), (StatusCode::UNPROCESSABLE_ENTITY, true), "the bot's");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn single_keys_are_switched_off_by_each_for_themselves() {
    for database in Database::each().await {
        let (_shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        assert!(ana.get("/inbox/hot").await.1.contains("data-keys=\"on\""));
        let off = ana.send("/keys", &[("on", "false"), ("back", "/inbox/hot")]).await;
        assert_eq!((off.status(), off.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/inbox/hot"));
        assert!(ana.get("/inbox/hot").await.1.contains("data-keys=\"off\""), "{}", database.kind);
        assert!(ana.get("/password").await.1.contains("Single keys are <strong>off</strong>"));
        assert!(ben.get("/inbox/hot").await.1.contains("data-keys=\"on\""), "his are his own");
        let on = ana.send("/keys", &[("on", "true"), ("back", "//evil.example")]).await;
        assert_eq!(on.headers()["location"].to_str().unwrap(), "/inbox");
        assert!(ana.get("/inbox/hot").await.1.contains("data-keys=\"on\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_just_done_is_undone_unless_something_happened_since() {
    for database in Database::each().await {
        let (shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
        shop.tell(vec![says(1, "2026-03-02T09:00:00Z", "I want to talk to a person")]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        let later = async |now: &str| {
            shop.set(now);
            shop.folded().await;
        };
        let offered = async || {
            let page = ana.get("/inbox/all/1").await.1;
            page.split("name=\"of\" value=\"").nth(1).map(|of| of.split('"').next().unwrap().to_owned())
        };
        let does = async |action: &str, fields: &[(&str, &str)]| {
            assert_eq!(ana.post(&format!("/contact/1/{action}"), fields).await.0, StatusCode::SEE_OTHER);
            eventually(action, offered).await
        };
        let undo = async |person: &Person, of: &str| person.post("/contact/1/undo", &[("of", of)]).await;
        let is_late = |(status, page): (StatusCode, String)| {
            assert_eq!((status, page.contains("It cannot be undone any more")), (StatusCode::CONFLICT, true));
        };

        // What the bot had to say then is too old to be said: it is not lost by taking over.
        later("2026-03-02T09:20:00Z").await;
        let of = does("take", &[]).await;
        is_late(undo(&ben, &of).await);
        assert_eq!(undo(&ana, &of).await.0, StatusCode::SEE_OTHER);
        let page = shows(&ana, "/inbox/hot/1", "Ana of the shop put it back").await;
        assert!(list(&page).contains("promise missed"), "its promise goes on: {page}");
        assert_eq!(rows(&database, "select state from handoffs").await, [["open"]], "{}", database.kind);
        assert_eq!(undo(&ana, &of).await.0, StatusCode::SEE_OTHER, "pressed twice, once");

        later("2026-03-02T09:21:00Z").await;
        let of = does("take", &[]).await;
        shop.tell(vec![says(1, "2026-03-02T09:21:00Z", "hello?")]).await;
        is_late(undo(&ana, &of).await);
        assert_eq!(offered().await, None);
        later("2026-03-02T09:22:00Z").await;
        let of = does("release", &[]).await;
        assert_eq!(undo(&ana, &of).await.0, StatusCode::SEE_OTHER);
        shows(&ana, "/inbox/mine/1", "id=\"reply\"").await;

        later("2026-03-02T09:23:00Z").await;
        let tag = [("tag", "value/vip"), ("what", "add")];
        let of = does("tag", &tag).await;
        assert_eq!(undo(&ana, &of).await.0, StatusCode::SEE_OTHER);
        assert!(rows(&database, "select tag from held_tags where tag = 'value/vip'").await.is_empty());
        later("2026-03-02T09:24:00Z").await;
        let of = does("tag", &tag).await;
        assert_eq!(ben.post("/contact/1/note", &[("text", "I know her")]).await.0, StatusCode::SEE_OTHER);
        is_late(undo(&ana, &of).await);
        later("2026-03-02T09:25:00Z").await;
        let of = does("tag", &[("tag", "value/vip"), ("what", "remove")]).await;
        later("2026-03-02T09:25:06Z").await;
        assert_eq!(offered().await, None, "for a moment");
        later("2026-03-02T09:25:16Z").await;
        is_late(undo(&ana, &of).await);
    }
}
