//! Segments: each condition finds whom it means, on both databases; the index follows the folds; 100,000 contacts are counted
//! while somebody waits.

use std::time::{Duration, Instant};

use hotline::domain::{Currency, EventBody, InboundMessage, Rates, SourceFile, Timestamp};
use hotline::engine::knowledge::Folders;
use hotline::engine::segments::{Wanted, card};
use hotline::segments::{Segment, lists};
use hotline::store::{Folded, Indexed, NewEvent, OrderRow, Place, Profile, Store};
use serde_json::{Value, json};
use sqlx::{Connection, Executor};

use crate::app::{App, Running, binary_on, free_address, http, sandbox};
use crate::crm::TOKEN;
use crate::db::{Database, eventually};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const DAY: i64 = 86_400_000;

fn days_ago(days: i64) -> Timestamp {
    Timestamp(NOW.0 - days * DAY)
}

fn rates() -> Rates {
    let text = "base = \"USD\"\nsource = \"test\"\ndate = \"2026-01-01\"\n[rates]\nCNY = 7.0\nHKD = 7.8\n";
    Rates::compile(&[SourceFile { path: "rates.toml".into(), text: text.into() }]).0.unwrap()
}

fn order(number: &str, rank: i64, paid: Option<i64>, total: i64, currency: &str, items: &[&str]) -> OrderRow {
    OrderRow {
        number: number.into(),
        rank,
        placed_at: days_ago(200),
        ordered_at: Some(days_ago(200)),
        paid_at: paid.map(days_ago),
        total: Some(total * 10_000),
        currency: Some(currency.into()),
        items: items.iter().map(|item| (*item).to_owned()).collect(),
    }
}

/// Folds one contact after another with what each brings to the index; their numbers are 1, 2, 3…
pub async fn fold(store: &Store, who: usize, indexed: Indexed) {
    let event = NewEvent {
        key: None,
        contact: None,
        contacts: vec![format!("+8526000000{who}").parse().unwrap()],
        at: NOW,
        received: NOW,
        due: NOW,
        body: EventBody::Message(InboundMessage::default()),
    };
    store.append(vec![event]).await.unwrap();
    let mut claim = store.claim(NOW, 10).await.unwrap();
    let contact = claim.contacts.pop().unwrap();
    let mut folded = Folded { contact: contact.id, state: Some("{}".into()), indexed, ..Folded::default() };
    folded.seqs = contact.events.iter().map(|event| event.seq).collect();
    folded.summary.json = "{}".into();
    folded.summary.handoff = "none";
    store.commit(claim, vec![folded]).await.unwrap();
}

async fn members(store: &Store, text: &str, first: Option<&str>) -> Vec<i64> {
    let segment: Segment = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let wanted = Wanted { segment, first: first.map(|first| first.parse().unwrap()), now: NOW };
    let rates = rates();
    let asked = wanted.asked(&rates, Currency::USD);
    let count = store.count_segment(&asked).await.unwrap();
    // Two at a time: a list must not lose or repeat anybody between its pages.
    let (mut found, mut after) = (Vec::new(), Place::default());
    loop {
        let page = store.list_segment(&asked, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.place;
        found.extend(page.iter().map(|member| member.contact.0));
    }
    assert_eq!(count as usize, found.len(), "{text}");
    found
}

#[tokio::test]
async fn each_condition_finds_whom_it_means() {
    let profile = |country: &str, colour, heat, stage, interaction: i64| {
        let interaction_at = if interaction < 0 { 0 } else { days_ago(interaction).0 };
        let (country, language) = (country.to_owned(), "zh-hant".to_owned());
        let first_at = days_ago(100).0;
        Some(Profile { country, language, colour, heat, stage, first_at, interaction_at, ..Profile::default() })
    };
    let tags = |tags: &[(&str, i64)]| tags.iter().map(|(tag, days)| ((*tag).to_owned(), days_ago(*days))).collect();
    for database in Database::each().await {
        let store = database.store().await;
        let contacts = [
            Indexed {
                tags: tags(&[("source/ig-ad", 200), ("value/vip", 10), ("case/packaging", 2)]),
                profile: profile("hk", 5, 3, 4, 1),
                orders: vec![
                    order("1", 4, Some(120), 300, "USD", &["fashion", "fashion/shoes", "shoes", "p-1"]),
                    order("2", 2, Some(20), 1_401, "CNY", &["product a"]),
                ],
                ..Indexed::default()
            },
            Indexed {
                tags: tags(&[("source/ig-ad", 200), ("value/vip", 60)]),
                profile: profile("cn", 1, 1, 1, 40),
                orders: vec![order("3", 1, Some(91), 2_000, "CNY", &["shoes"])],
                ..Indexed::default()
            },
            Indexed {
                tags: tags(&[("source/fb-ad", 3), ("source0", 3)]),
                profile: profile("hk", 2, -1, 0, -1),
                // Not paid, and taken back: no purchases.
                orders: vec![
                    order("4", 0, None, 900, "USD", &["shoes"]),
                    order("5", 5, Some(5), 900, "USD", &["shoes"]),
                ],
                ..Indexed::default()
            },
            Indexed { profile: profile("br", 0, 2, 0, 6), ..Indexed::default() },
        ];
        for (index, indexed) in contacts.into_iter().enumerate() {
            fold(&store, index, indexed).await;
        }
        let everybody = [1, 2, 3, 4];
        for (text, wanted) in [
            ("", &everybody[..]),
            ("tag:source/ig-ad and bought:shoes and not purchase within 90d", &[2]),
            (
                "tag:value/vip and bought:\"Product A\" within 30d and spent > 1400 CNY within 30d and tag:case/packaging",
                &[1],
            ),
            ("spent > 1401 CNY within 30d", &[]),
            ("spent >= 1401 CNY within 30d", &[1]),
            // 300 USD and 1,401 CNY at 7 are 500.14 USD.
            ("spent > 500.14", &[1]),
            ("spent > 500.15", &[]),
            ("spent = 2000 CNY", &[2]),
            ("spent < 400", &[2, 3, 4]),
            ("average >= 250 and average < 251", &[1]),
            ("average < 1000000", &[1, 2]),
            ("last-order = 1401 CNY", &[1]),
            ("last-order = 300 USD", &[]),
            ("orders >= 2", &[1]),
            ("orders = 0", &[3, 4]),
            ("orders < 2", &[2, 3, 4]),
            ("orders = 1 within 30d", &[1]),
            ("not purchase", &[3, 4]),
            ("purchase within 91d", &[1, 2]),
            ("first-purchase within 120d", &[1, 2]),
            ("first-purchase within 119d", &[2]),
            ("not first-purchase within 91d", &[1, 3, 4]),
            ("purchase within 90d", &[1]),
            ("bought:fashion", &[1]),
            ("bought:shoes", &[1, 2]),
            ("tag:source/*", &[1, 2, 3]),
            ("tag:value/vip within 30d", &[1]),
            ("not tag:value/vip within 30d", &[2, 3, 4]),
            ("source:ig-ad,fb-ad", &[1, 2, 3]),
            ("country:hk,br", &[1, 3, 4]),
            ("language:zh-Hant", &everybody),
            ("colour:green", &[2, 3]),
            ("heat>=high", &[1, 4]),
            ("heat:none", &[3]),
            ("stage:loyal or stage:considering", &[1, 2]),
            ("interaction within 6d", &[1, 4]),
            ("not interaction within 30d", &[2, 3]),
            ("first-seen within 100d and not (country:hk or heat:medium)", &[4]),
            ("opted-out", &[]),
        ] {
            assert_eq!(members(&store, text, None).await, wanted, "{}: {text}", database.kind);
        }
        let first = members(&store, "country:hk,cn,br", Some("heat>=high")).await;
        assert_eq!(first, [1, 4, 2, 3], "{}: those that come first", database.kind);

        // The order comes back, a tag goes, another is set anew.
        let orders = vec![order("2", 6, None, 1_401, "CNY", &[])];
        let (again, gone) = (tags(&[("value/vip", 0)]), vec!["source/ig-ad".into()]);
        fold(&store, 0, Indexed { tags: again, gone, orders, ..Indexed::default() }).await;
        assert_eq!(members(&store, "bought:\"product a\"", None).await, [0; 0], "{}", database.kind);
        assert_eq!(members(&store, "purchase within 90d", None).await, [0; 0], "{}", database.kind);
        assert_eq!(members(&store, "tag:source/ig-ad", None).await, [2], "{}", database.kind);
        assert_eq!(members(&store, "tag:value/vip within 1d and country:hk", None).await, [1], "{}", database.kind);
        // A state that is made anew says all that is held.
        fold(&store, 0, Indexed { anew: true, tags: tags(&[("life/new", 0)]), ..Indexed::default() }).await;
        let wanted = Wanted { segment: "country:hk".parse().unwrap(), first: None, now: NOW };
        let rates = rates();
        let page = store.list_segment(&wanted.asked(&rates, Currency::USD), Place::default(), 1).await.unwrap();
        let card = card(&page[0], NOW);
        assert_eq!((card.tags, card.orders, card.spent), (vec!["life/new".to_owned()], 1, vec!["300 USD".to_owned()]));
        // The five base figures (CHAR-1): first purchase, days since the last, how many, how much, and how much on average.
        assert_eq!((card.average, card.days_since_purchase), (vec!["300 USD".to_owned()], Some(120)));
        assert!(card.first_purchase.is_some_and(|day| day.starts_with("2026-")));
        assert_eq!((card.colour.as_str(), card.heat.as_str(), card.stage.as_str()), ("red", "extreme", "loyal"));
    }
}

#[tokio::test]
async fn regulars_are_checked_who_buy_half_as_often_as_before() {
    let (lists, problems) = lists::compile(&Folders::default().read().unwrap().keywords, &|_| true, &|_| None);
    let lists = lists.unwrap_or_else(|| panic!("{problems:?}"));
    let check = lists.iter().find(|list| list.name == "regulars-check").unwrap().segment.to_string();
    let weekly = |from: i64| (from..180).step_by(7).collect::<Vec<i64>>();
    let contacts = [
        // Weekly, and nothing for 42 days; weekly until now.
        (weekly(42), "value/regular"),
        (weekly(3), "value/regular"),
        // Nine in the 60 days before and one in the last; one of three before.
        ((60..).step_by(6).skip(1).take(9).chain([10]).collect(), "value/regular"),
        (vec![10, 70, 100, 160], "value/regular"),
        // Nothing in the last 60 days; the same of somebody who is no regular.
        (vec![61, 100, 170], "value/regular"),
        (vec![61, 100, 170], "value/new"),
    ];
    for database in Database::each().await {
        let store = database.store().await;
        for (index, (days, tag)) in contacts.iter().enumerate() {
            let number = |days: &i64| order(&format!("{index}-{days}"), 1, Some(*days), 10, "USD", &[]);
            let orders = days.iter().map(number).collect();
            let tags = vec![((*tag).to_owned(), days_ago(100))];
            let profile = Some(Profile { first_at: days_ago(200).0, ..Profile::default() });
            fold(&store, index, Indexed { tags, orders, profile, ..Indexed::default() }).await;
        }
        assert_eq!(members(&store, &check, None).await, [1, 3, 5], "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_count_list_save_and_export_segments_of_what_was_folded() {
    for database in Database::each().await {
        let Running { app: _app, address, .. } = Running::start(&database, &[TOKEN]).await;
        let call = async |method: &str, path: &str, body: Value| {
            let url = format!("http://{address}/api/v1/{path}");
            let request = http().request(method.parse().unwrap(), url).bearer_auth(TOKEN.1).body(body.to_string());
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.text().await.unwrap())
        };
        let ada = "+85260000001";
        let events = json!([
            { "contact": ada, "event": "message", "text": "Budget $500 phone, waterproof please",
              "referral": { "source": "ad", "platform": "instagram" } },
            { "contact": ada, "event": "profile", "field": "name", "value": "=cmd|' /C calc'!A0" },
            { "contact": ada, "event": "order", "order": "A1", "state": "placed", "total": 80, "currency": "USD",
              "lines": [{ "product": "P-7", "category": "fashion/shoes", "price": 80 }] },
            { "contact": ada, "event": "order", "order": "A1", "state": "paid" },
            { "contact": "+85260000002", "event": "message", "text": "hello",
              "at": (chrono::Utc::now() - chrono::TimeDelta::days(40)).to_rfc3339() },
            { "contact": "+85260000002", "event": "click", "link": "product", "product": "P-7" },
        ]);
        assert_eq!(call("POST", "events", events).await.0, 202);
        let count = async |segment: Value| {
            let (status, body) = call("POST", "segments/count", json!({ "segment": segment })).await;
            assert_eq!(status, 200, "{body}");
            serde_json::from_str::<Value>(&body).unwrap()["count"].as_i64().unwrap()
        };
        let both = eventually("both are folded", async || Some(count(json!("everyone")).await).filter(|n| *n == 2));
        both.await;
        let shoes =
            json!({ "all": [{ "source": "ig-ad" }, { "bought": "shoes", "within": "1d" }, { "tag": "need/*" }] });
        assert_eq!(count(shoes.clone()).await, 1, "{}", database.kind);
        assert_eq!(count(json!("orders >= 1 and spent = 80 USD and country:hk")).await, 1);
        // A click is an interaction, and no message.
        assert_eq!(count(json!("interaction within 7d")).await, 2, "{}", database.kind);
        assert_eq!(count(json!("message within 7d")).await, 1, "{}", database.kind);

        let saved = json!({ "segment": shoes, "about": "Shoes by Instagram" });
        assert_eq!(call("PUT", "segments/ig-shoes", saved.clone()).await.0, 201);
        let (status, refused) = call("PUT", "segments/everyone", saved.clone()).await;
        assert!(status == 422 && refused.contains("is a condition"), "{refused}");
        assert_eq!(call("PUT", "segments/ig-shoes", saved).await.0, 200);
        let (_, body) = call("POST", "segments/list", json!({ "name": "ig-shoes", "limit": 1 })).await;
        let page: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(page["contacts"][0]["phone"], ada, "{body}");
        assert!(page["next"].is_null());
        let (_, body) = call("POST", "segments/list", json!({ "segment": "everyone", "limit": 1 })).await;
        let cursor = serde_json::from_str::<Value>(&body).unwrap()["next"].clone();
        let next = json!({ "segment": "everyone", "limit": 1, "cursor": cursor });
        let (_, body) = call("POST", "segments/list", next).await;
        assert!(body.contains("+85260000002") && body.contains("\"next\":null"), "{body}");

        let (status, csv) = call("POST", "segments/export", json!({ "segment": "everyone" })).await;
        assert_eq!((status, csv.lines().count()), (200, 3), "{csv}");
        assert!(csv.contains(",'=cmd|") && csv.contains(",80 USD,"), "{csv}");
        // The command works beside the server that owns the file.
        let command = binary_on(&database).args(["export", "contacts", "--segment", "bought:shoes"]).output().unwrap();
        let told = String::from_utf8(command.stdout).unwrap();
        assert_eq!(told.lines().count(), 2, "{told}{}", String::from_utf8_lossy(&command.stderr));

        let (_, body) = call("GET", "segments", Value::Null).await;
        assert!(body.contains("\"ig-shoes\"") && body.contains("\"complaints-and-urgent\""), "{body}");
        assert_eq!(call("DELETE", "segments/ig-shoes", Value::Null).await.0, 204);
        assert_eq!(call("GET", "segments/ig-shoes", Value::Null).await.0, 404);
        let (status, body) = call("POST", "segments/count", json!({ "segment": "heat>=boiling" })).await;
        assert!(status == 422 && body.contains("column 7: expected one of none, low"), "{body}");
    }
}

/// What the migration does for contacts that were there before the index: everybody is folded anew once, without an event.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_is_indexed_from_its_journal() {
    let database = Database::sqlite();
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 80).await;
    let token = [TOKEN];
    let count = async || {
        let body = json!({ "segment": "bought:shoes and tag:bought/shoes and country:hk" }).to_string();
        let request = http().post(format!("http://{address}/api/v1/segments/count")).bearer_auth(TOKEN.1).body(body);
        request.send().await.ok()?.json::<Value>().await.ok()?["count"].as_i64()
    };
    let app = App::start(address, graph, &database, &token).await;
    let event = json!({ "contact": "+85260000001", "event": "order", "order": "A1", "state": "paid", "total": 80, "currency": "USD",
                        "lines": [{ "product": "P-7", "category": "fashion/shoes", "price": 80 }] });
    let request = http().post(format!("http://{address}/api/v1/events")).bearer_auth(TOKEN.1).body(event.to_string());
    assert_eq!(request.send().await.unwrap().status(), 202);
    eventually("the order is folded", async || count().await.filter(|n| *n == 1)).await;
    assert!(app.terminate().await.success());
    let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
    let older = "delete from held_tags; delete from profiles; delete from orders; delete from bought; \
                 update contacts set state = null, wake_at = 0 where merged_into is null";
    connection.execute(older).await.unwrap();
    connection.close().await.unwrap();
    let _app = App::start(address, graph, &database, &token).await;
    eventually("it is indexed again", async || count().await.filter(|n| *n == 1)).await;
}

/// Two names turn out to be one person: nobody is counted twice.
#[tokio::test(flavor = "multi_thread")]
async fn contacts_that_become_one_are_counted_once() {
    for database in Database::each().await {
        let store = database.store().await;
        let order = |number: &str| vec![order(number, 1, Some(1), 50, "USD", &["shoes"])];
        let tags = |tag: &str| vec![(tag.to_owned(), NOW)];
        let profile = || Some(Profile::default());
        fold(
            &store,
            1,
            Indexed { tags: tags("life/new"), profile: profile(), orders: order("1"), ..Indexed::default() },
        )
        .await;
        fold(
            &store,
            2,
            Indexed { tags: tags("life/new"), profile: profile(), orders: order("2"), ..Indexed::default() },
        )
        .await;
        assert_eq!(members(&store, "tag:life/new and bought:shoes", None).await, [1, 2], "{}", database.kind);
        let event = NewEvent {
            key: None,
            contact: None,
            contacts: vec!["+85260000001".parse().unwrap(), "+85260000002".parse().unwrap()],
            at: NOW,
            received: NOW,
            due: NOW,
            body: EventBody::Message(InboundMessage::default()),
        };
        store.append(vec![event]).await.unwrap();
        for text in ["tag:life/new", "bought:shoes", "everyone", "orders = 1"] {
            assert_eq!(members(&store, text, None).await, [1], "{}: {text}", database.kind);
        }
    }
}

/// The bar is 100 ms for a list of 100,000 contacts. The figure is printed with `--nocapture`; the limit leaves room for a test build on a
/// machine that does other things.
#[tokio::test]
async fn a_hundred_thousand_contacts_are_counted_and_listed_while_somebody_waits() {
    let database = Database::sqlite();
    drop(database.store().await);
    let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
    let fill = format!(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
         insert into contacts (id, created_at, state) select i, 0, zeroblob(3000) from n;
         insert into profiles select id, case id % 3 when 0 then 'hk' when 1 then 'cn' else 'br' end, 'en', id % 6, id % 4, id % 5,
            {now} - id * 60000, {now} - id * 60000, {now} - id * 60000, 0, 0, 0, 0 from contacts;
         insert into held_tags select id, 'lang/en', {now} from contacts;
         insert into held_tags select id, 'stage/' || (id % 5), {now} from contacts;
         insert into held_tags select id, 'source/' || case id % 4 when 0 then 'ig-ad' when 1 then 'fb-ad' else 'site' end, {now} from contacts;
         insert into held_tags select id, 'need/' || (id % 40), {now} - id * 60000 from contacts;
         insert into held_tags select id, 'value/vip', {now} from contacts where id % 20 = 0;
         insert into orders select id, 'a' || id, 4, 0, {now} - (id % 300) * {DAY}, 1000000, 'USD', '[]', 0 from contacts where id % 2 = 0;
         insert into orders select id, 'b' || id, 4, 0, {now} - (id % 90) * {DAY}, 2500000, 'HKD', '[]', 0 from contacts where id % 5 = 0;
         insert into bought select contact_id, number, case contact_id % 6 when 0 then 'shoes' else 'phone' end, paid_at from orders;",
        now = NOW.0
    );
    connection.execute(sqlx::AssertSqlSafe(fill)).await.unwrap();
    connection.close().await.unwrap();
    let store = database.store().await;
    let rates = rates();
    let mut slowest = Duration::ZERO;
    for text in [
        "everyone",
        "tag:source/ig-ad",
        "tag:source/ig-ad and bought:shoes and not purchase within 90d",
        "tag:need/* within 30d and not tag:value/vip",
        "country:hk,cn and heat>=high and interaction within 30d",
        "tag:value/vip and bought:shoes within 365d and spent > 120 USD within 365d",
        "orders >= 2 or average > 150 USD",
        "not (tag:source/* and tag:lang/*) or orders = 0",
    ] {
        let wanted = Wanted { segment: text.parse().unwrap(), first: None, now: NOW };
        let asked = wanted.asked(&rates, Currency::USD);
        let (mut counting, mut listing, mut count) = (Duration::MAX, Duration::MAX, 0);
        for _ in 0..3 {
            let begun = Instant::now();
            count = store.count_segment(&asked).await.unwrap();
            counting = counting.min(begun.elapsed());
            let begun = Instant::now();
            let page = store.list_segment(&asked, Place::default(), 100).await.unwrap();
            listing = listing.min(begun.elapsed());
            assert_eq!(page.len() as i64, count.min(100));
        }
        println!("{count:6} contacts, counted in {counting:.1?}, 100 listed in {listing:.1?}: {text}");
        assert!(count > 0, "{text}");
        slowest = slowest.max(counting).max(listing);
    }
    assert!(slowest < Duration::from_millis(400), "the slowest took {slowest:?}");
}

#[tokio::test]
async fn what_the_help_of_the_export_shows_works_where_nobody_has_written_yet() {
    let database = Database::sqlite();
    drop(database.store().await);
    let hotline = std::path::Path::new(env!("CARGO_BIN_EXE_hotline"));
    let help = std::process::Command::new(hotline).args(["export", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let examples: Vec<_> = help.lines().map(str::trim).filter(|line| line.starts_with("hotline export")).collect();
    assert!(examples.len() > 3, "{help}");
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}:{}", hotline.parent().unwrap().display(), std::env::var("PATH").unwrap());
    for example in examples {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", example]).current_dir(folder.path()).env("PATH", &path);
        let done = shell.env("HOTLINE_DATABASE__URL", &database.url).output().unwrap();
        assert!(done.status.success(), "{example}: {}", String::from_utf8_lossy(&done.stderr));
    }
}
