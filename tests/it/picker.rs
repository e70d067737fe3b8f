//! The composer where the service window is closed: who is in charge chooses a template, fills it in and sends it, once; what would be
//! refused is not offered, and why is told before.

use std::net::SocketAddr;

use fantoccini::Locator;
use hotline::whatsapp::sandbox::{ACCOUNT, Faults, Sandbox, TemplateChange};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::{App, SECRET, binary_on, customer, free_address, http, post, sandbox, template};
use crate::browser;
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::desk::Person;
use crate::law::{holds_in, rows};

const CANTONESE: &str = "你好，有冇手機呀？";

/// A shop with templates, and a customer who wrote two days ago and whom Ana is in charge of.
struct Desk {
    sandbox: Sandbox,
    api: Api,
    ana: Person,
    ben: Person,
    id: String,
    address: SocketAddr,
    _app: App,
}

impl Desk {
    async fn start(database: &Database) -> Self {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 1000).await;
        sandbox.add_template(&template("order_update", "en_US", "Hi {{1}}, your order {{2}} has news."));
        sandbox.add_template(&template("order_update", "zh_HK", "{{1}}您好，訂單{{2}}有新消息。"));
        sandbox.add_template(&template("review_request", "zh_HK", "{{1}}您好，覺得怎樣？"));
        sandbox.add_template(&template("visit_us", "en_US", "Our shop is open again."));
        let mut offer = template("spring_offer", "en_US", "Hi {{1}}, spring offers are here.");
        offer.category = "MARKETING";
        sandbox.add_template(&offer);
        sandbox.add_template(&template("nur_deutsch", "de", "Wir sind wieder da."));
        let settings = [TOKEN, ("HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID", ACCOUNT)];
        let app = App::start(address, graph, database, &settings).await;
        sandbox.verify().await.unwrap();
        let api = Api::new(address);
        let id = silent(&api, &customer(1).number, CANTONESE).await;
        let (ana, ben) = two_people(database, address).await;
        let desk = Self { sandbox, api, ana, ben, id, address, _app: app };
        assert_eq!(desk.ana.post(&desk.does("take"), &[]).await.0, StatusCode::SEE_OTHER);
        eventually("she is in charge, and templates are there", async || {
            desk.page("").await.contains("visit us").then_some(())
        })
        .await;
        desk
    }

    fn does(&self, action: &str) -> String {
        format!("/contact/{}/{action}", self.id)
    }

    async fn page(&self, query: &str) -> String {
        self.ana.get(&format!("/inbox/all/{}{query}", self.id)).await.1
    }

    /// Waits until the page says something.
    async fn says(&self, words: &str) -> String {
        eventually(words, async || Some(self.page("").await).filter(|page| page.contains(words))).await
    }

    async fn send(&self, template: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let fields = [&[("template", template), ("view", "all")], fields].concat();
        self.ana.post(&self.does("template"), &fields).await
    }

    /// What templates say on the customer's phone.
    fn shown(&self) -> Vec<String> {
        let phone = self.sandbox.phone(&customer(1).number[1..]);
        phone.iter().filter_map(|shown| shown["template"]["words"].as_str().map(str::to_owned)).collect()
    }

    async fn event(&self, event: Value) {
        let (status, told) = self.api.post("/events", event).await;
        assert_eq!((status, &told["results"][0]["status"]), (StatusCode::ACCEPTED, &json!("accepted")), "{told}");
    }
}

/// Somebody who wrote two days ago; their number with us.
async fn silent(api: &Api, number: &str, words: &str) -> String {
    let at = (chrono::Utc::now() - chrono::TimeDelta::days(2)).to_rfc3339();
    let wrote = json!({ "at": at, "contact": number, "event": "message", "text": words, "name": "Ada Wong" });
    assert_eq!(api.post("/events", wrote).await.0, StatusCode::ACCEPTED);
    let found = async || {
        let list = api.get(&format!("/contacts?phone={}", number.trim_start_matches('+'))).await;
        list["contacts"][0]["id"].as_i64().map(|id| id.to_string())
    };
    eventually("what they wrote is read", found).await
}

async fn two_people(database: &Database, address: SocketAddr) -> (Person, Person) {
    let ana = Person::sign_in(database, address, "ana", "admin").await;
    (ana, Person::sign_in(database, address, "ben", "agent").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_charge_sends_a_template_once_and_a_replay_comes_to_the_same() {
    for database in Database::each().await {
        let desk = Desk::start(&database).await;
        let page = desk.page("").await;
        let picker = page.split("class=\"picker\"").nth(1).unwrap();
        let place = |words: &str| picker.find(words).unwrap_or_else(|| panic!("{words}: {picker}"));
        assert!(
            place("In their language") < place("order_update:zh_HK")
                && place("zh_HK") < place("In the shop’s language")
        );
        assert!(place("In the shop’s language") < place("order_update:en_US") && !page.contains("id=\"reply\""));
        assert!(picker.contains("<li>it is there in de, which is neither their language"), "{picker}");
        assert!(
            !desk.ben.get(&format!("/inbox/all/{}", desk.id)).await.1.contains("class=\"picker\""),
            "he is not in charge"
        );

        let page = desk.page("?template=order_update:zh_HK").await;
        assert!(page.contains("name=\"gap.1\" value=\"Ada\"") && page.contains("name=\"gap.2\" value=\"\""), "{page}");
        assert!(page.contains("data-empty=\"{{1}}\">Ada</mark>您好，訂單<mark"), "{page}");
        let filled = [("gap.1", "Ada & Co"), ("gap.2", "A-7\n(paid)"), ("key", "k1")];
        // What is wrong is told, and what was typed stays.
        let (status, page) =
            desk.send("order_update:zh_HK", &[("gap.1", "Ada W"), ("gap.2", " "), ("key", "k1")]).await;
        let told = page.contains("Nothing stands in {{2}}.") && page.contains("value=\"Ada W\"");
        assert_eq!((status, told), (StatusCode::UNPROCESSABLE_ENTITY, true), "{page}");
        let (status, page) = desk.send("order_update:fr", &filled).await;
        assert_eq!(
            (status, page.contains("there is no template order_update")),
            (StatusCode::UNPROCESSABLE_ENTITY, true)
        );
        let fields = [[("template", "order_update:zh_HK")].as_slice(), &filled].concat();
        let (status, page) = desk.ben.post(&desk.does("template"), &fields).await;
        assert_eq!((status, page.contains("Somebody else is in charge.")), (StatusCode::UNPROCESSABLE_ENTITY, true));
        assert_eq!(
            desk.ana.post(&desk.does("template"), &[&fields[..], &[("csrf", "x")]].concat()).await.0,
            StatusCode::FORBIDDEN
        );
        assert!(desk.shown().is_empty());

        let twice = tokio::join!(desk.send("order_update:zh_HK", &filled), desk.send("order_update:zh_HK", &filled));
        assert_eq!((twice.0.0, twice.1.0), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
        let said = "Ada &amp; Co您好，訂單A-7 (paid)有新消息。";
        let ours = |page: &str| {
            let before = page.split(said).next().filter(|before| before.len() < page.len())?.to_owned();
            Some((before, page.split(said).nth(1)?.split("</li>").next()?.to_owned()))
        };
        let (before, _) = ours(&desk.page("").await).expect("it stands in the thread at once");
        let label = before.rsplit("<li").next().unwrap();
        assert!(label.contains("Ana of the shop") && label.contains(">template</span>"), "{label}");
        eventually("it was read", async || ours(&desk.page("").await).filter(|(_, after)| after.contains("read")))
            .await;
        assert_eq!(desk.send("order_update:zh_HK", &filled).await.0, StatusCode::SEE_OTHER, "it is done already");
        assert_eq!(desk.send("visit_us:en_US", &[("key", "k2")]).await.0, StatusCode::SEE_OTHER);
        eventually("another one comes after it", async || (desk.shown().len() == 2).then_some(())).await;
        assert_eq!(
            desk.shown(),
            ["Ada & Co您好，訂單A-7 (paid)有新消息。", "Our shop is open again."],
            "{}",
            database.kind
        );
        // It is an answer: follow-ups do not wait for it, and Meta's limit of customers counts it.
        let counts = "select cast(count(*) as text) from reached";
        assert_eq!(rows(&database, counts).await, [["1".to_owned()]]);
        assert!(desk.api.get(&format!("/contacts/{}", desk.id)).await["hand_off"]["agent"] == "ana");
        // A state that is behind its journal is no other law.
        eventually("both were read, and that is folded", async || {
            let told = "select cast(count(*) as text), (select cast(count(*) as text) from unread) from journal where kind = 'status'";
            (rows(&database, told).await == [["6", "0"]]).then_some(())
        })
        .await;
        holds_in(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_refused_is_not_offered_and_why_is_told_before() {
    for database in Database::each().await {
        let desk = Desk::start(&database).await;
        // Meta's own list.
        let change =
            TemplateChange { name: "visit_us".into(), status: Some("PAUSED".into()), ..TemplateChange::default() };
        assert_eq!(desk.sandbox.change_template(&change), 1);
        let page = desk.says("<li>Meta says that it is paused").await;
        assert!(!page.contains("value=\"visit_us:en_US\""));
        let (status, page) = desk.send("visit_us:en_US", &[("key", "k1")]).await;
        assert_eq!(
            (status, page.contains("visit_us cannot be sent now: Meta says that it is paused")),
            (StatusCode::UNPROCESSABLE_ENTITY, true)
        );
        // What the customer wants.
        let number = customer(1).number;
        desk.event(json!({ "contact": number, "event": "opt", "action": "out", "scope": "marketing" })).await;
        let page = desk.says("<li>the customer wants no marketing: <code>spring_offer</code> en_US").await;
        assert!(
            page.contains("value=\"order_update:en_US\"") && !page.contains("value=\"spring_offer:en_US\""),
            "{page}"
        );
        assert_eq!(desk.send("spring_offer:en_US", &[("key", "k2")]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        // Meta's limit of customers.
        let full = "insert into outreach_figures (name, value) values ('portfolio', 0) on conflict (name) do update set value = 0 returning name";
        rows(&database, full).await;
        desk.says(
            "Nothing can be sent to Ada Wong now: the limit of customers in 24 hours is reached: 0 of 0 customers",
        )
        .await;
        rows(&database, &full.replace("= 0", "= 250")).await;
        desk.says("value=\"order_update:en_US\"").await;
        // What a person of the shop stopped.
        assert_eq!(desk.ana.post("/outreach/stop", &[("what", "account")]).await.0, StatusCode::SEE_OTHER);
        let page = desk.says("Nothing can be sent to Ada Wong now: the account may not send: ana stopped it").await;
        assert!(!page.contains("Send template") && !page.contains("id=\"template\""));
        assert_eq!(desk.ana.post("/outreach/go-on", &[("what", "account")]).await.0, StatusCode::SEE_OTHER);
        desk.event(json!({ "contact": number, "event": "opt", "action": "out", "scope": "all" })).await;
        desk.says("Nothing can be sent to Ada Wong now: the customer wants no messages").await;
        let filled = [("gap.1", "Ada"), ("gap.2", "A-7"), ("key", "k3")];
        let (status, page) = desk.send("order_update:en_US", &filled).await;
        assert_eq!(
            (status, page.contains("It was not sent: the customer wants no messages.")),
            (StatusCode::UNPROCESSABLE_ENTITY, true)
        );
        assert!(desk.shown().is_empty(), "{}", database.kind);
        // Once they write there is something better.
        desk.sandbox.write(&customer(1), "START");
        eventually("she can write", async || desk.page("").await.contains("id=\"reply\"").then_some(())).await;
        let (status, page) = desk.send("order_update:en_US", &filled).await;
        assert_eq!((status, page.contains("answer in your own words")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_failed_is_tried_again_and_one_that_meta_stops_meanwhile_does_not_leave_otherwise() {
    for database in Database::each().await {
        let desk = Desk::start(&database).await;
        desk.sandbox.set_faults(Faults { next_code: Some(131_009), next_codes: 1, ..Faults::default() });
        assert_eq!(desk.send("review_request:zh_HK", &[("key", "k1")]).await.0, StatusCode::SEE_OTHER);
        let page = desk.says("Try again").await;
        let message = page.split("name=\"message\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let again = [("message", message.as_str())];
        let (status, _) = desk.ben.post(&desk.does("again"), &again).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "he is not in charge");
        // Meta stops it: also what is on its way already does not leave, since it is known.
        let change = |status: &str| TemplateChange {
            name: "review_request".into(),
            status: Some(status.into()),
            ..TemplateChange::default()
        };
        let is_held = async || {
            let held = desk.api.get("/outreach").await["held"].to_string();
            held.contains("template:review_request")
        };
        assert_eq!(desk.sandbox.change_template(&change("PAUSED")), 1);
        eventually("it is held", async || is_held().await.then_some(())).await;
        let (status, page) = desk.ana.post(&desk.does("again"), &again).await;
        let told = page.contains("review_request cannot be sent now: Meta says that it is paused");
        assert_eq!((status, told), (StatusCode::UNPROCESSABLE_ENTITY, true), "{page}");
        desk.event(json!({
            "contact": customer(1).number, "event": "agent", "action": "reply", "agent": "ana",
            "template": { "name": "review_request", "language": "zh_HK", "body": ["Ada"] },
        }))
        .await;
        desk.says("`review_request` in zh_HK: it is PAUSED").await;
        assert_eq!(desk.sandbox.change_template(&change("APPROVED")), 1);
        eventually("it is held no more", async || (!is_held().await).then_some(())).await;
        let (one, other) = (desk.does("again"), desk.does("again"));
        let twice = tokio::join!(desk.ana.post(&one, &again), desk.ana.post(&other, &again));
        assert_eq!((twice.0.0, twice.1.0), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
        eventually("it was read", async || {
            let page = desk.page("").await;
            page.split("Ada您好，覺得怎樣？").nth(1)?.split("</li>").next()?.contains("read").then_some(())
        })
        .await;
        assert_eq!(desk.shown(), ["Ada您好，覺得怎樣？"], "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sends_a_template_by_the_same_rules() {
    for database in Database::each().await {
        let desk = Desk::start(&database).await;
        let (templates, messages) =
            (format!("/contacts/{}/templates", desk.id), format!("/contacts/{}/messages", desk.id));
        let told = desk.api.get(&templates).await;
        let first = &told["templates"][0];
        assert_eq!((&first["name"], &first["language"]), (&json!("order_update"), &json!("zh_HK")), "{told}");
        let gaps = json!([{ "name": "1", "value": "Ada" }, { "name": "2", "value": "" }]);
        assert_eq!((&first["gaps"], &first["in_their_language"]), (&gaps, &json!(true)));
        let template = |values: Value| json!({ "name": "order_update", "values": values });
        let send = async |agent: &str, template: Value, id: &str| {
            desk.api.post(&messages, json!({ "agent": agent, "template": template, "id": id })).await
        };
        for (agent, values, status, said) in [
            ("ben", json!({ "2": "A-7" }), 409, "is ana's"),
            ("ana", json!({}), 422, "Nothing stands in {{2}}."),
            ("ana", json!({ "2": "A-7", "3": "x" }), 422, "It has no gap {{3}}."),
        ] {
            let (got, problem) = send(agent, template(values), "t0").await;
            let detail = problem["detail"].as_str().unwrap();
            assert_eq!((got.as_u16(), detail.contains(said)), (status, true), "{detail}");
        }
        let (status, problem) = desk.api.post(&messages, json!({ "agent": "ana", "text": "hello" })).await;
        assert!(status == 409 && problem["detail"].as_str().unwrap().contains("/templates shows which"), "{problem}");
        let (status, _) = desk.api.post(&messages, json!({ "agent": "ana" })).await;
        assert_eq!(status, 422, "neither words nor a template");
        for said in ["accepted", "duplicate"] {
            let (status, told) = send("ana", template(json!({ "2": "A-7" })), "t1").await;
            assert_eq!((status.as_u16(), &told["status"]), (202, &json!(said)), "{told}");
        }
        eventually("it arrives", async || (desk.shown() == ["Ada您好，訂單A-7有新消息。"]).then_some(())).await;
        let told = desk.api.get(&messages).await;
        let sent = &told["messages"][0];
        assert_eq!(
            (&sent["kind"], &sent["sender"], &sent["text"]),
            (&json!("template"), &json!("ana"), &json!("Ada您好，訂單A-7有新消息。"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_follow_what_is_typed_which_stays_when_the_page_is_renewed_and_keys_are_enough() {
    let port = free_address().port();
    let Some(_driver) = browser::driver(port) else { return };
    let database = Database::sqlite();
    let desk = Desk::start(&database).await;
    let made = binary_on(&database).args(["user", "link", "ana"]).output().unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let token = made.split_whitespace().find_map(|word| word.split("/sign-in/").nth(1)).unwrap();
    let (base, profile) = (format!("http://{}", desk.address), tempfile::tempdir().unwrap());
    let ana = browser::browser(port, profile.path(), 1280).await;
    ana.goto(&format!("{base}/sign-in/{token}")).await.unwrap();
    browser::click(&ana, "button.main").await;
    browser::text(&ana, ".rows").await;
    ana.goto(&format!("{base}/inbox/all/{}", desk.id)).await.unwrap();
    browser::text(&ana, "#template").await;
    browser::press(&ana, "r").await;
    assert_eq!(browser::run(&ana, "return document.activeElement.id").await, "template");
    let select = ana.find(Locator::Id("template")).await.unwrap();
    select.select_by_value("order_update:zh_HK").await.unwrap();
    let order = "input[name='gap.2']";
    browser::write(&ana, order, "A-7").await;
    assert_eq!(browser::text(&ana, ".preview blockquote").await, "Ada您好，訂單A-7有新消息。");
    // A live update, with the focus there and elsewhere.
    let renewed = format!("return refreshThread().then(() => document.querySelector(\"{order}\").value)");
    assert_eq!(browser::run(&ana, &renewed).await, "A-7");
    browser::run(&ana, "document.activeElement.blur()").await;
    assert_eq!(browser::run(&ana, &renewed).await, "A-7");
    // A stray Enter sends nothing.
    browser::write(&ana, order, "\u{e007}").await;
    assert_eq!(browser::run(&ana, "return document.activeElement.textContent").await, "Send template");
    assert!(desk.shown().is_empty());
    ana.set_window_size(360, 740).await.unwrap();
    let wide = browser::run(&ana, "return document.documentElement.scrollWidth > window.innerWidth").await;
    assert_eq!(wide, false, "scrolls sideways on a phone");
    browser::write(&ana, order, browser::SEND).await;
    eventually("it arrives, and nothing is chosen any more", async || {
        let done =
            "return !location.search && document.activeElement.id === 'template' && !document.querySelector('.fill')";
        (desk.shown() == ["Ada您好，訂單A-7有新消息。"] && browser::run(&ana, done).await == true).then_some(())
    })
    .await;
    let last = browser::text(&ana, ".messages .ours:last-child").await;
    assert!(last.contains("template") && last.contains("訂單A-7"), "{last}");
    // They write: what is typed on is no command, and there is a box for words.
    desk.sandbox.write(&customer(1), "hello");
    browser::text(&ana, "#reply").await;
    assert_eq!(browser::text(&ana, ".composer .refused").await, "They have written: answer in your own words.");
    ana.close().await.unwrap();
}

/// Of a list that is written to one by one: one's own customer is led to the picker, a colleague's to whom they belong to, and the bot's
/// get a template at the next good hour.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_list_ones_own_customer_is_led_to_the_picker() {
    let database = Database::sqlite();
    let desk = Desk::start(&database).await;
    let list = "/lists/each?segment=country%3Ahk";
    let link = format!("<a href=\"/inbox/all/{}\">", desk.id);
    let hers = desk.ana.get(list).await.1;
    assert!(hers.contains("They are yours") && hers.contains(&format!("{link}choose a template")), "{hers}");
    assert!(!hers.contains("<select name=\"template\">"), "{hers}");
    let his = desk.ben.get(list).await.1;
    assert!(
        his.contains("Ana of the shop is in charge.") && his.contains(&format!("{link}To the conversation")),
        "{his}"
    );
    assert_eq!(desk.ana.post(&desk.does("release"), &[]).await.0, StatusCode::SEE_OTHER);
    let bots = async || Some(desk.ana.get(list).await.1).filter(|page| page.contains("<select name=\"template\">"));
    eventually("the bot's", bots).await;
}

/// What a webhook tells to be approved has no words until Meta's list is read again, and the picker says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_was_approved_just_now_is_told_of() {
    let database = Database::sqlite();
    let desk = Desk::start(&database).await;
    let approved = json!({ "object": "whatsapp_business_account", "entry": [{ "id": ACCOUNT, "changes": [{
        "field": "message_template_status_update", "value": { "event": "APPROVED", "message_template_id": 1,
        "message_template_name": "just_now", "message_template_language": "en_US", "reason": "NONE" } }] }] });
    let approved = approved.to_string().into_bytes();
    let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &approved), approved);
    assert_eq!(post(&http(), desk.address, &signed).await, Some(200));
    let page = desk.says("just_now").await;
    assert!(page.contains("its words are asked for within a minute: <code>just_now</code>"), "{page}");
    // Where the customer's name stands, the field is called so.
    let chosen = desk.page("?template=order_update%3Aen_US").await;
    assert!(chosen.contains("<label>Their name") && chosen.contains("<label>Gap 2"), "{chosen}");
}
