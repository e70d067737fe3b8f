//! What is watched over all contacts, and the set of tags, on both databases and over real HTTP.

use hotline::domain::{Colour, ContactId, Timestamp};
use hotline::engine::fold::state::State;
use hotline::governance::{Alert, Mix};
use hotline::store::{Role, RuleChange, SeenRule, Store, TagRow, TagUse, UseRow, Verdict};
use reqwest::header::{CONTENT_TYPE, COOKIE};
use serde_json::{Value, json};

use crate::app::{App, client, free_address, http, sandbox};
use crate::crm::TOKEN;
use crate::db::{Database, eventually};

pub const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn alert(name: &str, what: &str) -> Alert {
    Alert { name: name.into(), what: what.into(), advice: String::new() }
}

#[tokio::test]
async fn an_alert_begins_once_goes_on_and_ends() {
    for database in Database::each().await {
        let store = database.store().await;
        let own = ["red-share", "grey-share"];
        let red = alert("red-share", "16 of 100");
        let begun = store.set_alerts(&own, std::slice::from_ref(&red), NOW).await.unwrap();
        assert_eq!(begun, [red], "{}", database.kind);
        // Another who watches something else ends none of these.
        let quality = alert("number-quality", "it fell");
        assert_eq!(
            store.set_alerts(&["number-quality"], std::slice::from_ref(&quality), NOW).await.unwrap(),
            [quality]
        );
        let red = alert("red-share", "17 of 100");
        let later = Timestamp(NOW.0 + 1_000);
        assert!(store.set_alerts(&own, std::slice::from_ref(&red), later).await.unwrap().is_empty());
        let rows = store.alerts(NOW).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.alert.what.as_str(), row.since, row.until)).collect();
        assert_eq!(told, [("it fell", NOW, None), ("17 of 100", NOW, None)]);
        assert!(store.set_alerts(&own, &[], later).await.unwrap().is_empty());
        let rows = store.alerts(later).await.unwrap();
        assert_eq!(rows.iter().filter(|row| row.until == Some(later)).count(), 1);
        assert_eq!(store.alerts(Timestamp(later.0 + 1)).await.unwrap().len(), 1, "what ended long ago is not told");
    }
}

#[tokio::test]
async fn colours_of_a_day_are_kept_as_they_were_at_its_end() {
    for database in Database::each().await {
        let store = database.store().await;
        let mix = |red, grey| {
            let mut mix = Mix::default();
            mix.add(Colour::Red as i64, red);
            mix.add(Colour::Grey as i64, grey);
            mix.add(-1, 3);
            mix
        };
        for (day, red) in [("2026-03-01", 1), ("2026-03-02", 2), ("2026-03-02", 5), ("2026-03-03", 3)] {
            store.keep_colour_day(day, &mix(red, 4)).await.unwrap();
        }
        let days = store.colour_days("2026-03-02", "2026-03-03").await.unwrap();
        assert_eq!(days, [("2026-03-02".to_owned(), mix(5, 4))], "{}", database.kind);
        assert_eq!(days[0].1.contacts, 12);
    }
}

/// The binary with its API open.
pub async fn serve(database: &Database) -> (App, reqwest::Client, String) {
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 1000).await;
    let app = App::start(address, graph, database, &[TOKEN]).await;
    (app, http(), format!("http://{address}/api/v1"))
}

pub async fn get(http: &reqwest::Client, url: &str) -> Value {
    let answer = http.get(url).bearer_auth(TOKEN.1).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.json().await.unwrap()
}

/// F-27, live: 16 red of 100.
#[tokio::test(flavor = "multi_thread")]
async fn sixteen_red_of_a_hundred_stand_at_the_api_until_they_are_fewer() {
    for database in Database::each().await {
        let (_app, http, api) = serve(&database).await;
        let event = |n: usize, event: Value| {
            let mut event = event;
            event["contact"] = json!(format!("+852610000{n:02}"));
            event
        };
        let post = async |events: Vec<Value>| {
            let answer = http.post(format!("{api}/events")).bearer_auth(TOKEN.1).json(&events).send().await.unwrap();
            assert_eq!(answer.status(), 202);
        };
        let red = |n| event(n, json!({ "event": "agent", "agent": "ana", "action": "colour", "colour": "red" }));
        let yellow = |n| event(n, json!({ "event": "agent", "agent": "ana", "action": "colour", "colour": "yellow" }));
        post((0..100).map(|n| if n < 16 { red(n) } else { yellow(n) }).collect()).await;
        let names = async || {
            let told = get(&http, &format!("{api}/alerts")).await;
            told["alerts"].as_array().unwrap().iter().map(|alert| alert["what"].clone()).collect::<Vec<_>>()
        };
        let wanted = json!("16 of 100 contacts are red (more than 15 %)");
        eventually("the alert stands", async || (names().await == [wanted.clone()]).then_some(())).await;
        post(vec![yellow(0)]).await;
        eventually("the alert is over", async || names().await.is_empty().then_some(())).await;
        let told = get(&http, &format!("{api}/alerts")).await;
        assert_eq!(told["ended"][0]["name"], "red-share");
    }
}

fn row(tag: &str, label: &str) -> TagRow {
    TagRow {
        tag: tag.into(),
        labels: [("en".to_owned(), label.to_owned())].into(),
        made_by: "ana".into(),
        made_at: NOW,
        ..TagRow::default()
    }
}

#[tokio::test]
async fn tags_their_uses_and_what_people_say_of_them_are_kept() {
    for database in Database::each().await {
        let store = database.store().await;
        assert!(store.save_tag(&row("product/sofa", "Product-Sofa"), NOW).await.unwrap(), "{}", database.kind);
        let later = Timestamp(NOW.0 + 86_400_000);
        let changed = TagRow { colour: Some("blue".into()), ..row("product/sofa", "Product-Couch") };
        assert!(!store.save_tag(&changed, later).await.unwrap());
        assert_eq!(store.tags().await.unwrap(), [changed]);
        assert!(store.forget_tag("product/sofa").await.unwrap());
        assert!(!store.forget_tag("product/sofa").await.unwrap());

        for (tags, kind, day, at) in [
            (&["value/vip", "value/vip"][..], TagUse::Filter, "2026-03-01", NOW),
            (&["value/vip"], TagUse::Filter, "2026-03-01", NOW),
            (&["value/vip", "need/*"], TagUse::Export, "2026-03-02", later),
        ] {
            store.note_tag_use(tags, kind, day, at).await.unwrap();
        }
        let used = |tag: &str, uses, last_at| UseRow { tag: tag.into(), uses, last_at };
        assert_eq!(
            store.tag_uses("2026-03-01").await.unwrap(),
            [used("need/*", 1, later), used("value/vip", 3, later)]
        );
        assert_eq!(store.tag_uses("2026-03-03").await.unwrap()[1], used("value/vip", 0, later));

        let said = |judge: &str, correct| Verdict {
            contact: ContactId(1),
            tag: "value/vip".into(),
            since: NOW,
            judge: judge.into(),
            rule: "value-vip".into(),
            version: "v1".into(),
            correct,
            at: later,
        };
        for (judge, correct) in [("ana", false), ("ben", true), ("ana", true), ("cyd", false)] {
            store.judge_tag(&said(judge, correct)).await.unwrap();
        }
        let verdicts = store.verdicts(later).await.unwrap();
        assert_eq!((verdicts[0].right, verdicts[0].wrong, verdicts.len()), (2, 1, 1), "the last word of each counts");
        assert!(store.verdicts(Timestamp(later.0 + 1)).await.unwrap().is_empty());
        assert_eq!(store.verdicts_of(ContactId(1), "cyd").await.unwrap(), [("value/vip".to_owned(), NOW, false)]);
    }
}

#[tokio::test]
async fn a_change_of_a_rule_is_written_down_once_whoever_notices_it() {
    for database in Database::each().await {
        let store = database.store().await;
        let rule =
            |version: &str| SeenRule { rule: "vip".into(), version: version.into(), words: format!("at {version}") };
        let change =
            |before: Option<&str>, after: Option<&str>| RuleChange { before: before.map(rule), after: after.map(rule) };
        store.keep_rules(&[change(None, Some("15000"))], false, NOW).await.unwrap();
        assert!(store.change_log(NOW, 10).await.unwrap().is_empty(), "where the log begins nothing has changed");
        for _node in 0..2 {
            store.keep_rules(&[change(Some("15000"), Some("20000"))], true, NOW).await.unwrap();
        }
        store.keep_rules(&[change(Some("20000"), None)], true, NOW).await.unwrap();
        let log = store.change_log(NOW, 10).await.unwrap();
        let told: Vec<_> = log.iter().map(|row| (row.action.as_str(), row.subject.as_str())).collect();
        assert_eq!(told, [("rule-removed", "vip"), ("rule-changed", "vip")], "{}", database.kind);
        assert_eq!(log[1].detail["before"]["words"], "at 15000");
        assert_eq!(log[1].detail["after"]["version"], "20000");
        assert!(store.rules_seen().await.unwrap().is_empty());
    }
}

pub async fn told(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_made_given_judged_and_forgotten_by_the_rules_for_names() {
    let database = Database::sqlite();
    let (_app, http, api) = serve(&database).await;
    let make = async |label: &str| {
        told(
            http.post(format!("{api}/tags"))
                .bearer_auth(TOKEN.1)
                .json(&json!({ "label": label }))
                .send()
                .await
                .unwrap(),
        )
        .await
    };
    // F-29: both refused.
    for (label, said) in [
        ("Status-In repair now!", "at most 20"),
        ("Customer", "too broad"),
        ("Sofa", "Category-Attribute"),
        ("Payment-pending", "status/payment-pending"),
        // Cyrillic letters that look like Latin ones.
        ("Рroduct-Sofa", "two alphabets"),
    ] {
        let (status, problem) = make(label).await;
        assert_eq!(status, 422, "{label}");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
    }
    let (status, made) = make("Product-Dining Table").await;
    assert_eq!((status, &made["tag"]), (201, &json!("product/dining-table")));

    let event = json!([{ "contact": "+85261000001", "event": "agent", "agent": "ana", "action": "tag_add", "tag": "product/dining-table" },
                       { "contact": "+85261000001", "event": "agent", "agent": "ana", "action": "tag_add", "tag": "No Tag" }]);
    let given =
        told(http.post(format!("{api}/events")).bearer_auth(TOKEN.1).json(&event).send().await.unwrap()).await.1;
    assert_eq!(
        (&given["results"][0]["status"], &given["results"][1]["status"]),
        (&json!("accepted"), &json!("invalid"))
    );
    let shown = async || {
        let all = get(&http, &format!("{api}/tags")).await;
        all["tags"].as_array().unwrap().iter().find(|tag| tag["tag"] == "product/dining-table").cloned().unwrap()
    };
    let tag = eventually("somebody holds it", async || Some(shown().await).filter(|tag| tag["holders"] == 1)).await;
    assert_eq!(
        (&tag["label"], &tag["of_people"], &tag["accuracy"]),
        (&json!("Product-Dining Table"), &json!(true), &Value::Null)
    );

    let verdict = json!({ "contact": "+85261000001", "tag": "product/dining-table", "right": false, "by": "ben" });
    let judged = http.post(format!("{api}/tags/verdicts")).bearer_auth(TOKEN.1).json(&verdict).send().await.unwrap();
    assert_eq!(judged.status(), 204);
    let count = json!({ "segment": "tag:product/dining-table" });
    http.post(format!("{api}/segments/count")).bearer_auth(TOKEN.1).json(&count).send().await.unwrap();
    let tag = shown().await;
    assert_eq!((&tag["wrong"], &tag["accuracy"], &tag["uses"]), (&json!(1), &json!(0.0), &json!(1)));

    let one = format!("{api}/tags/product/dining-table");
    let change = json!({ "labels": { "en": "Product-Table" }, "colour": "brown" });
    assert_eq!(http.put(&one).bearer_auth(TOKEN.1).json(&change).send().await.unwrap().status(), 200);
    assert_eq!(shown().await["colour"], "brown");
    let (status, problem) = told(http.delete(&one).bearer_auth(TOKEN.1).send().await.unwrap()).await;
    assert_eq!(status, 422, "{problem}: somebody holds it");
    let changes = get(&http, &format!("{api}/changes")).await;
    let mut actions: Vec<_> = changes["changes"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    // The log begins beside the start, before or after what is done first.
    actions.retain(|action| action != "log-begun");
    assert_eq!(actions, ["tag-changed", "tag-made"]);
    // What looks the same in another alphabet is the same.
    assert_eq!(make("Club-TOP").await.0, 201);
    let (status, problem) = make("Club-ТОР").await;
    assert!(status == 422 && problem["detail"].as_str().unwrap().contains("club/top is called already"), "{problem}");
}

/// GOV-11: by role.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_makes_and_gives_tags_and_an_admin_changes_them() {
    let database = Database::sqlite();
    let (_app, http, api) = serve(&database).await;
    let base = api.trim_end_matches("/api/v1").to_owned();
    let event = json!({ "contact": "+85261000001", "event": "message", "text": "Hello" });
    http.post(format!("{api}/events")).bearer_auth(TOKEN.1).json(&event).send().await.unwrap();
    let store = Store::open_beside(&database.url).await.unwrap();
    let contact =
        eventually("the contact is there", async || store.contact_of(&"+85261000001".parse().unwrap()).await.unwrap())
            .await;
    let sign_in = async |login: &str, role| {
        let now = Timestamp::from(chrono::Utc::now());
        store.add_user(login, login, role, now).await.unwrap();
        let link = hotline::web::access::new_link(&store, login, &base, now).await.unwrap().unwrap();
        let once = client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let cookie = once.post(link).send().await.unwrap().headers()["set-cookie"].clone();
        let http = client().default_headers([(COOKIE, cookie)].into_iter().collect()).build().unwrap();
        let page = http.get(format!("{base}/inbox/all/{}", contact.0)).send().await.unwrap().text().await.unwrap();
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        (http, csrf)
    };
    let post = async |(http, csrf): &(reqwest::Client, String), path: &str, fields: &[(&str, &str)]| {
        let mut fields = fields.to_vec();
        fields.push(("csrf", csrf));
        let body = reqwest::Url::parse_with_params(&base, &fields).unwrap().query().unwrap().to_owned();
        let answer = http
            .post(format!("{base}{path}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (agent, admin) = (sign_in("ben", Role::Agent).await, sign_in("ana", Role::Admin).await);
    let give = format!("/contact/{}/tag", contact.0);
    let (_, page) = post(&agent, &give, &[("tag", "Customer"), ("what", "add")]).await;
    assert!(page.contains("is too broad"), "{page}");
    post(&agent, &give, &[("tag", "Product-Sofa"), ("what", "add")]).await;
    let panel = eventually("the panel shows it", async || {
        let page = agent.0.get(format!("{base}/inbox/all/{}", contact.0)).send().await.unwrap().text().await.unwrap();
        page.contains("\">Product-Sofa</span>").then_some(page)
    })
    .await;
    assert!(panel.contains("value=\"wrong\""));
    // SEG-14: who holds it, found by choosing.
    let lists = async |query: &str| {
        let page = agent.0.get(format!("{base}/lists{query}")).send().await.unwrap();
        page.text().await.unwrap()
    };
    let page = lists("?tag=Product-Sofa&colour=yellow").await;
    assert!(
        page.contains(">1 contact<")
            && page.contains("tag:product/sofa and colour:yellow".replace('/', "&#x2f;").as_str()),
        "{page}"
    );
    let page = lists("?segment=tag:product/sofa&without=Product-Sofa").await;
    assert!(page.contains("0 contacts"), "{page}");
    assert!(lists("?segment=tag").await.contains("is no segment"));
    assert!(lists("?name=win-back").await.contains("0 contacts"));
    assert!(lists(".csv?segment=tag:product/sofa").await.contains("+85261000001"));

    // SEG-3: one by one, in words of their own, once however often the form is sent; from then on the contact is theirs.
    let page = lists("/each?segment=tag:product/sofa").await;
    let key = page.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let number = contact.0.to_string();
    let fields = [("segment", "tag:product/sofa"), ("done", ""), ("contact", &number), ("key", key)];
    let with = |text: &'static str| [&fields[..], &[("text", text)]].concat();
    let (_, page) = post(&agent, "/lists/each", &with(" ")).await;
    assert!(page.contains("There is nothing to send."), "{page}");
    for _ in 0..2 {
        let (_, page) = post(&agent, "/lists/each", &with("What do you think of the new sofas?")).await;
        assert!(page.contains("Written to."), "{page}");
    }
    let by_ben = eventually("the words are on their way", async || {
        let sent = store.sent(contact, 10).await.unwrap();
        let by_ben: Vec<_> = sent.into_iter().filter(|row| row.sender == "ben").collect();
        (!by_ben.is_empty()).then_some(by_ben)
    })
    .await;
    assert_eq!(by_ben.len(), 1);
    let (_, page) = post(&admin, "/lists/each", &with("And I?")).await;
    assert!(page.contains("Somebody else is in charge."), "{page}");
    // To who is silent for long a template goes instead, planned by the gate like all that nobody asked for.
    let event = json!({ "contact": "+85261000002", "event": "message", "text": "Hello" });
    http.post(format!("{api}/events")).bearer_auth(TOKEN.1).json(&event).send().await.unwrap();
    eventually("another contact", async || lists("?country=hk").await.contains("2 contacts").then_some(())).await;
    let second = store.contact_of(&"+85261000002".parse().unwrap()).await.unwrap().unwrap();
    let number = second.0.to_string();
    let fields =
        [("segment", "country:hk"), ("done", ""), ("contact", &number), ("key", "once"), ("template", "Opinion?")];
    let (_, page) = post(&agent, "/lists/each", &fields).await;
    assert!(page.contains("A template’s name has"), "{page}");
    let mut fields = [&fields[..4], &[("template", "opinion_asked")]].concat();
    let (_, page) = post(&agent, "/lists/each", &fields).await;
    assert!(page.contains("Written to."), "{page}");
    eventually("it is planned, or sent by day", async || {
        let (_, state) = store.contact(second).await.unwrap()?;
        let sent = store.sent(second, 10).await.unwrap();
        let is_sent = sent.iter().any(|row| row.message.template.as_deref() == Some("opinion_asked"));
        (is_sent || State::known(Some(&state?)).ledger.planned().any(|plan| plan.template == "opinion_asked"))
            .then_some(())
    })
    .await;
    // What the gate would never let go is not planned.
    let first = contact.0.to_string();
    (fields[2], fields[3]) = (("contact", first.as_str()), ("key", "never"));
    let (_, page) = post(&agent, "/lists/each", &fields).await;
    assert!(page.contains("It cannot be sent: a person is in charge."), "{page}");
    // STAGE-14: a channel of its own shows only those of it.
    let view = async || {
        let page = agent.0.get(format!("{base}/inbox/loyal-service")).send().await.unwrap();
        page.text().await.unwrap()
    };
    assert!(view().await.contains("Nobody of this channel waits for a person."));
    post(&agent, &give, &[("tag", "value/vip"), ("what", "add")]).await;
    eventually("the channel shows them", async || view().await.contains("row-").then_some(())).await;

    let change = [("tag", "product/sofa"), ("label", "Product-Couch"), ("colour", "pink")];
    assert_eq!(post(&agent, "/admin/tags", &change).await.0, 403);
    let (status, page) = post(&admin, "/admin/tags", &change).await;
    assert_eq!(status, 200);
    assert!(page.contains("<span class=\"tag pink\">Product-Couch</span>"), "{page}");
    post(&agent, &format!("/contact/{}/verdict", contact.0), &[("tag", "product/sofa"), ("what", "right")]).await;
    assert_eq!(store.verdicts_of(contact, "ben").await.unwrap().len(), 1);
}

/// GOV-12: who works with the tags hears of it, and not only who may change them.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_that_a_rule_was_changed() {
    let database = Database::sqlite();
    let (_app, _, api) = serve(&database).await;
    let base = api.trim_end_matches("/api/v1");
    let store = Store::open_beside(&database.url).await.unwrap();
    let now = Timestamp::from(chrono::Utc::now());
    store.add_user("ben", "Ben", Role::Agent, now).await.unwrap();
    let link = hotline::web::access::new_link(&store, "ben", base, now).await.unwrap().unwrap();
    let once = client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let cookie = once.post(link).send().await.unwrap().headers()["set-cookie"].clone();
    let agent = client().default_headers([(COOKIE, cookie)].into_iter().collect()).build().unwrap();
    let page = async |path: &str| agent.get(format!("{base}{path}")).send().await.unwrap().text().await.unwrap();
    assert!(!page("/inbox/hot").await.contains("changed</summary>"));
    let rules = eventually("the rules are known", async || {
        store.rules_seen().await.unwrap().into_iter().find(|rule| rule.rule == "value-high")
    })
    .await;
    let words = rules.words.replace("15000", "20000");
    assert_ne!(words, rules.words);
    let after = SeenRule { version: "another".into(), words, ..rules.clone() };
    let eight_days_ago = Timestamp(now.0 - 8 * 86_400_000);
    let old = RuleChange { before: Some(rules.clone()), after: Some(after.clone()) };
    store.keep_rules(std::slice::from_ref(&old), true, eight_days_ago).await.unwrap();
    assert!(!page("/inbox/hot").await.contains("changed</summary>"), "a week is long enough");
    let back = RuleChange { before: Some(after), after: Some(rules) };
    store.keep_rules(&[back, old], true, now).await.unwrap();
    for path in ["/inbox/hot", "/lists", "/fragment/alerts"] {
        let page = page(path).await;
        assert!(page.contains("2 rules changed</summary>") && page.contains("value-high"), "{page}");
        assert!(page.contains("<del>") && page.contains("15000") && page.contains("20000"), "{page}");
    }
}
