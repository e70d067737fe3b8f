//! Meta's templates: its API in the sandbox, and a server that reads its list, heeds its webhooks and chooses the language.

use std::net::SocketAddr;
use std::sync::Arc;

use hotline::domain::{Content, Duration, TemplateRef};
use hotline::store::{Leave, NewOutgoing, Unasked};
use hotline::whatsapp::sandbox::{ACCOUNT, Sandbox, TemplateChange};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::{App, NUMBER, binary, customer, free_address, http, sandbox, template as draft, wide_awake};
use crate::crm::TOKEN;
use crate::db::{Database, eventually};
use crate::limits::open_gate;
use crate::store::{NOW, fold_all, message, reply};

const CANTONESE: &str = "你好，有冇手機呀？";

/// Meta's API as a program sees it.
struct Meta {
    http: reqwest::Client,
    base: String,
}

impl Meta {
    async fn call(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.bearer_auth("token").send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn list(&self, query: &str) -> Value {
        self.call(self.http.get(format!("{}/{ACCOUNT}/message_templates?{query}", self.base))).await.1
    }

    async fn make(&self, call: &Value) -> (u16, Value) {
        self.call(self.http.post(format!("{}/{ACCOUNT}/message_templates", self.base)).json(call)).await
    }

    /// Sends a template; the code of the refusal, or 0.
    async fn send(&self, name: &str, language: &str, body: &[&str]) -> i64 {
        let parameters: Vec<_> = body.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        let template = json!({ "name": name, "language": { "code": language },
            "components": [{ "type": "body", "parameters": parameters }] });
        let body =
            json!({ "messaging_product": "whatsapp", "to": "+85251234567", "type": "template", "template": template });
        let (_, told) = self.call(self.http.post(format!("{}/{NUMBER}/messages", self.base)).json(&body)).await;
        told["error"]["code"].as_i64().unwrap_or_default()
    }
}

async fn meta() -> (Sandbox, Meta) {
    let (sandbox, graph) = sandbox(free_address(), 1000).await;
    (sandbox, Meta { http: http(), base: format!("http://{graph}/v26.0") })
}

/// A server that has read the sandbox's list, with a customer who wrote two days ago: only a template may reach them.
struct Shop {
    meta: Meta,
    sandbox: Sandbox,
    address: SocketAddr,
    _app: App,
    _keywords: TempDir,
}

impl Shop {
    /// The customer is one of Hong Kong who `wrote` this; `templates` are there at Meta, by the server's address; `forms` say how the
    /// shop fills them in.
    async fn start(
        database: &Database,
        wrote: &str,
        templates: impl Fn(SocketAddr) -> Vec<Value>,
        forms: &str,
    ) -> Self {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 1000).await;
        for template in templates(address) {
            sandbox.add_template_call(&template);
        }
        let keywords = wide_awake();
        let file = keywords.path().join("templates.toml");
        std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + forms).unwrap();
        let settings = [
            TOKEN,
            ("HOTLINE_KEYWORDS__DIR", keywords.path().to_str().unwrap()),
            ("HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID", ACCOUNT),
        ];
        let app = App::start(address, graph, database, &settings).await;
        sandbox.verify().await.unwrap();
        let meta = Meta { http: http(), base: format!("http://{graph}/v26.0") };
        let shop = Self { meta, sandbox, address, _app: app, _keywords: keywords };
        eventually("the list was read", async || shop.get("templates").await["read_at"].is_string().then_some(()))
            .await;
        let at = (chrono::Utc::now() - chrono::TimeDelta::days(2)).to_rfc3339();
        let event = json!({ "at": at, "contact": customer(1).number, "event": "message", "text": wrote });
        assert_eq!(shop.post("events", &event).await.0, 202);
        shop
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.bearer_auth(TOKEN.1).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(self.meta.http.get(format!("http://{}/api/v1/{path}", self.address))).await.1
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask(self.meta.http.post(format!("http://{}/api/v1/{path}", self.address)).json(body)).await
    }

    /// What a campaign with this template to the customer would do, once the customer is in its segment.
    async fn dry_run(&self, template: &str) -> Value {
        eventually("the customer is in the segment", async || {
            let (_, run) = self.post("campaigns/dry-run", &campaign(template)).await;
            (run["members"] == 1).then_some(run)
        })
        .await
    }

    async fn run(&self, template: &str) {
        self.dry_run(template).await;
        let campaign = campaign(template);
        assert_eq!(self.post("campaigns", &campaign).await.0, 201);
        let start = format!("campaigns/{}/start", campaign["name"].as_str().unwrap());
        assert_eq!(self.post(&start, &json!({})).await.0, 200);
    }

    /// The first template on the customer's phone.
    fn shown(&self) -> Option<Value> {
        self.sandbox.phone(&customer(1).number[1..]).into_iter().find(|shown| shown["template"].is_object())
    }
}

/// To all customers of Hong Kong, with one template and of its name.
fn campaign(template: &str) -> Value {
    let name = template.replace('_', "-");
    json!({ "name": name, "segment": "country:hk", "kind": "service", "templates": [template], "lasts": "3d" })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_takes_reviews_lists_and_deletes_templates_as_meta_does() {
    let (sandbox, meta) = meta().await;
    let offer = draft("offer", "en_US", "Hi {{1}}, an offer for you.").call();
    let (status, made) = meta.make(&offer).await;
    assert_eq!((status, &made["status"]), (200, &json!("PENDING")), "{made}");
    let subcode = |told: &Value| told["error"]["error_subcode"].as_i64().unwrap_or_default();
    assert_eq!(subcode(&meta.make(&offer).await.1), 2_388_024, "there is content in this language");
    let (status, refused) = meta.make(&draft("news", "en_US", "{{1}} begins with a gap").call()).await;
    assert_eq!((status, &refused["error"]["code"], subcode(&refused)), (400, &json!(100), 2_388_299), "{refused}");
    // What is not reviewed cannot be sent; and words that are there already are refused in the review.
    assert_eq!(meta.send("offer", "en_US", &["Ada"]).await, 132_001);
    meta.make(&draft("offer", "it", "Ciao {{1}}, un\'offerta per te.").call()).await;
    eventually("the review is over", async || {
        let approved = meta.list("status=APPROVED&fields=name,language").await;
        (approved["data"].as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    meta.make(&draft("twin", "en_US", "Hi {{1}}, an offer for you.").call()).await;
    eventually("the twin is refused", async || {
        let told = meta.list("name=twin").await;
        (told["data"][0]["status"] == "REJECTED").then_some(())
    })
    .await;
    let page = meta.list("limit=2&fields=name,status").await;
    assert_eq!((page["data"].as_array().unwrap().len(), page["data"][0].get("components")), (2, None), "{page}");
    let next = meta.http.get(page["paging"]["next"].as_str().unwrap());
    assert_eq!(
        meta.call(next).await.1["data"].as_array().unwrap().len(),
        1,
        "the address of the next page leads there"
    );
    let rest = meta.list(&format!("limit=2&after={}", page["paging"]["cursors"]["after"].as_str().unwrap())).await;
    assert_eq!((rest["data"].as_array().unwrap().len(), rest["paging"].get("next")), (1, None), "{rest}");
    // A call is judged by the templates that there are.
    assert_eq!(meta.send("offer", "en_US", &["Ada"]).await, 0);
    assert_eq!(meta.send("offer", "en_US", &[]).await, 132_000, "a gap stays empty");
    assert_eq!(meta.send("offer", "en_US", &["two\nlines"]).await, 132_012);
    assert_eq!(meta.send("offer", "de", &["Ada"]).await, 132_001);
    let change = |status: &str| TemplateChange {
        name: "offer".into(),
        language: "en_US".into(),
        status: Some(status.into()),
        ..TemplateChange::default()
    };
    for (status, code) in [("PAUSED", 132_015), ("DISABLED", 132_016), ("APPROVED", 0)] {
        assert_eq!(sandbox.change_template(&change(status)), 1);
        assert_eq!(meta.send("offer", "en_US", &["Ada"]).await, code, "{status}");
    }
    let url = format!("{}/{ACCOUNT}/message_templates?name=offer", meta.base);
    assert_eq!(meta.call(meta.http.delete(url)).await.1, json!({ "success": true }));
    assert_eq!(meta.send("offer", "it", &["Ada"]).await, 132_001);
    assert_eq!(subcode(&meta.make(&offer).await.1), 2_388_023, "the name rests for 30 days");
}

/// The command beside a sandbox: exit status and what it prints.
async fn templates(graph: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = binary();
    command.arg("templates").args(arguments).envs([
        ("HOTLINE_WHATSAPP__APP_SECRET", "s"),
        ("HOTLINE_WHATSAPP__ACCESS_TOKEN", "token"),
        ("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", NUMBER),
        ("HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID", ACCOUNT),
        ("HOTLINE_WHATSAPP__GRAPH_URL", graph),
    ]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_judges_what_meta_lists_and_has_the_shops_words_approved() {
    let (_sandbox, meta) = meta().await;
    let graph = meta.base.trim_end_matches("/v26.0");
    let (status, told) = templates(graph, &[]).await;
    assert!(status == 1 && told.contains("Meta has no template `weekly_offer`"), "{told}");
    let (status, shown) = templates(graph, &["push", "--language", "en_US,ru,zh_HK"]).await;
    assert!(status == 0 && shown.contains("Nothing was asked of Meta"), "{shown}");
    assert_eq!(meta.list("").await["data"], json!([]), "a dry run");
    let (status, made) = templates(graph, &["push", "--language", "en_US,ru,zh_HK", "--yes", "--json"]).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let made = made.as_array().unwrap();
    // Every language's own words are such as Meta takes: none begins or ends with a gap, none is there twice.
    assert!(status == 0 && made.iter().all(|draft| draft["said"] == "PENDING"), "{made:?}");
    eventually("all are approved", async || {
        let approved = meta.list("status=APPROVED&limit=1000&fields=name").await;
        (approved["data"].as_array().unwrap().len() == made.len()).then_some(())
    })
    .await;
    let (status, told) = templates(graph, &[]).await;
    assert!(status == 0 && told.contains("Meta has it not in ar, de"), "{told}");
    let ladder = made.iter().find(|draft| draft["name"] == "ladder_vip" && draft["language"] == "ru").unwrap();
    assert!(ladder["body"].as_str().unwrap().contains("Ещё {{2}} в этом году"), "{ladder}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_at_meta_that_are_not_those_of_today_are_marked() {
    let (sandbox, meta) = meta().await;
    sandbox.add_template(&draft("weekly_offer", "en_US", "Hi {{1}}, the words of last year."));
    let graph = meta.base.trim_end_matches("/v26.0");
    let marked = "its words at Meta are not those of your replies today";
    let (_, told) = templates(graph, &[]).await;
    assert_eq!(told.matches(marked).count(), 1, "{told}");
    let (_, shown) = templates(graph, &["push", "weekly_offer", "--language", "en_US"]).await;
    assert!(shown.contains("weekly_offer en_US has other words at Meta"), "{shown}");
    let (_, shown) = templates(graph, &["push", "weekly_offer", "--language", "en_US", "--json"]).await;
    assert!(shown.contains("Meta has other words for it"), "{shown}");
}

/// What the shop has no words for says inside the service window what Meta's template says, and costs nothing there.
#[tokio::test(flavor = "multi_thread")]
async fn inside_the_window_a_campaign_says_what_its_template_says() {
    for database in Database::each().await {
        let templates = |_| vec![draft("summer_sale", "en_US", "Hi {{1}}, summer sale until Sunday.").call()];
        let shop = Shop::start(&database, "hello", templates, "").await;
        shop.sandbox.write(&customer(1), "hello again");
        eventually("the window is open", async || {
            (shop.dry_run("summer_sale").await["as_template"] == 0).then_some(())
        })
        .await;
        shop.run("summer_sale").await;
        eventually("it says what the template says", async || {
            let shown = shop.sandbox.phone(&customer(1).number[1..]);
            let says = |shown: &Value| {
                shown["text"]["body"].as_str().is_some_and(|body| body.ends_with(", summer sale until Sunday."))
            };
            shown.iter().any(says).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_leaves_in_the_nearest_language_that_is_approved_or_is_held_until_one_is() {
    for database in Database::each().await {
        let templates = |_| {
            vec![
                draft("news_of_case", "en_US", "Hi {{1}}, your case is solved.").call(),
                draft("news_of_case", "zh_TW", "您好，{{1}}，問題解決了。").call(),
                draft("benefit_notice", "en_US", "Hi {{1}}, {{2}} for you.").call(),
            ]
        };
        let shop = Shop::start(&database, CANTONESE, templates, "").await;
        let held = async |name: &str| -> Option<String> {
            let told = shop.get("outreach").await;
            let key = format!("template:{name}");
            let held = told["held"].as_array().unwrap().iter().find(|held| held["what"] == key.as_str()).cloned();
            held.map(|held| held["why"].as_str().unwrap().to_owned())
        };
        // Held before Meta refuses it: what a rule sends and Meta has not, and what has other gaps than are filled in.
        let why = eventually("the list is judged", async || held("review_request").await).await;
        assert_eq!(why, "Meta has no template `review_request`");
        let why = held("benefit_notice").await.unwrap();
        assert_eq!(why, "`benefit_notice` in en_US: its body has 2 gaps and 1 would be filled in");
        for (template, why) in [("review_request", "Meta has no template `review_request`"), ("benefit_notice", &why)] {
            let run = shop.dry_run(template).await;
            assert_eq!(run["held"], json!([why]), "{}: {run}", database.kind);
            let (never, cost) = (json!({ "template-held": 1 }), run["cost"].as_f64());
            assert_eq!(
                (&run["would_get"], &run["never"], cost),
                (&json!(0), &never, Some(0.0)),
                "{}: {run}",
                database.kind
            );
            assert_eq!(
                run["sample"]["do_not"][0]["says"], "the template cannot be used (Meta's template status)",
                "{run}"
            );
        }
        // What Meta does not have at all cannot be started.
        assert_eq!(shop.post("campaigns", &campaign("review_request")).await.0, 201);
        let start = format!("campaigns/{}/start", campaign("review_request")["name"].as_str().unwrap());
        let (status, refused) = shop.post(&start, &json!({})).await;
        assert!(
            status == 422 && refused["detail"].as_str().unwrap().contains("no template `review_request`"),
            "{refused}"
        );
        shop.run("benefit_notice").await;
        eventually("it waits, and the reason stands with it", async || {
            let told = shop.get("outreach").await;
            told["next"][0]["why"].as_str()?.contains("its body has 2 gaps").then_some(())
        })
        .await;
        assert_eq!(shop.shown(), None);
        // Somebody has it approved with the right gap in one language alone: it leaves at once, in that.
        shop.meta.make(&draft("benefit_notice", "en_GB", "Hi {{1}}, something for you.").call()).await;
        let shown = eventually("it leaves", async || shop.shown()).await;
        assert_eq!(shown["template"]["language"]["code"], "en_GB", "{}: {shown}", database.kind);
        // One that is there in Chinese of another region leaves in that; the day's cap of one is not what is tried here.
        let told = shop.get("templates").await;
        let of = |name: &str| {
            told["templates"].as_array().unwrap().iter().find(|standing| standing["name"] == name).unwrap().clone()
        };
        assert!(told["read_at"].is_string() && of("benefit_notice")["held"].is_null(), "{told}");
        assert_eq!(of("news_of_case")["languages"].as_array().unwrap().len(), 2);
        // Meta pauses one language: only that one cannot be sent, and the history says so.
        let mut change = TemplateChange {
            name: "news_of_case".into(),
            language: "zh_TW".into(),
            status: Some("PAUSED".into()),
            ..TemplateChange::default()
        };
        shop.sandbox.change_template(&change);
        change.status = None;
        change.category = Some("MARKETING".into());
        shop.sandbox.change_template(&change);
        eventually("the webhooks are heeded", async || {
            let told = shop.get("outreach").await;
            let said = |said: &str| told["history"].as_array().unwrap().iter().any(|line| line["said"] == said);
            (said("zh_TW: PAUSED, was APPROVED") && said("zh_TW: category MARKETING, was UTILITY")).then_some(())
        })
        .await;
        assert_eq!(held("news_of_case").await, None);
    }
}

#[tokio::test]
async fn the_language_that_was_chosen_stands_with_the_message() {
    for database in Database::each().await {
        let store = database.store().await;
        store.set_portfolio(None, NOW).await.unwrap();
        store.append(vec![message("m", &["+85251234567"], "hi")]).await.unwrap();
        let template = |language: &str, instead_of: Option<&str>| {
            let (name, instead_of) = ("offer".to_owned(), instead_of.map(str::to_owned));
            let body = vec!["Ada".into()];
            Content::Template(Box::new(TemplateRef {
                name,
                language: language.into(),
                body,
                instead_of,
                ..TemplateRef::default()
            }))
        };
        fold_all(&store, |_| {
            let mut outgoing: NewOutgoing = reply(1);
            outgoing.follow_up = true;
            outgoing.message.expires = NOW + Duration::days(3);
            outgoing.message.content = template("zh_HK", None);
            vec![outgoing]
        })
        .await;
        let chosen = template("zh_TW", Some("zh_HK"));
        let gate = {
            let chosen = chosen.clone();
            Arc::new(move |_: Option<&[u8]>, _: &_, _: &_| Leave::Instead(chosen.clone()))
        };
        let unasked = Unasked { gate, ..open_gate() };
        let taken = store.take_due(vec![("1".into(), 9)], NOW, unasked).await.unwrap().rows;
        assert_eq!(taken[0].message.content, chosen, "{}", database.kind);
        let kept = store.stuck(NOW).await.unwrap();
        assert_eq!(kept[0].message.content.text(), "[offer, in zh_TW instead of zh_HK] Ada", "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_with_picture_named_gaps_and_buttons_is_filled_in_and_its_link_is_tracked() {
    for database in Database::each().await {
        let made = |name: &str, address: SocketAddr| {
            let gaps = json!([{ "param_name": "name", "example": "Ada" }, { "param_name": "code", "example": "X" }]);
            json!({ "name": name, "language": "en_US", "category": "UTILITY", "parameter_format": "NAMED", "components": [
                { "type": "HEADER", "format": "IMAGE" },
                { "type": "BODY", "text": "Hi {{name}}, {{code}} is for you.", "example": { "body_text_named_params": gaps } },
                { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "Enough" },
                    { "type": "URL", "text": "See it", "url": format!("http://{address}/l/{{{{1}}}}") }] },
            ] })
        };
        let form = "[template.spring_offer]\ngaps = { code = \"SPRING20\" }\nheader = \"https://shop.example/spring.jpg\"\n\
                    url = \"{link}\"\npage = \"https://shop.example/spring\"\npayloads = { Enough = \"STOP\" }\n";
        let templates = |address| vec![made("spring_offer", address), made("bare_offer", address)];
        let shop = Shop::start(&database, "hello", templates, form).await;
        let missing = "`bare_offer` in en_US: nothing is known for its gap {{code}}: name it in templates.toml";
        assert_eq!(shop.dry_run("bare_offer").await["held"], json!([missing]));
        assert_eq!(shop.dry_run("spring_offer").await["held"], json!([]));
        shop.run("spring_offer").await;
        let shown = eventually("it arrives", async || shop.shown()).await;
        let words: Vec<&str> = shown["template"]["words"].as_str().unwrap().lines().collect();
        let [picture, words, link] = words.as_slice() else { panic!("{}: {shown}", database.kind) };
        assert_eq!((*picture, *words), ("https://shop.example/spring.jpg", "Hi there, SPRING20 is for you."));
        let components = shown["template"]["components"].as_array().unwrap();
        let payload = json!({ "type": "button", "sub_type": "quick_reply", "index": "0",
            "parameters": [{ "type": "payload", "payload": "STOP" }] });
        assert!(components.contains(&payload), "{shown}");
        // It leads to the page, and who opens it has answered the campaign.
        let opened = crate::links::browser().get(*link).send().await.unwrap();
        assert_eq!(opened.headers()["location"], "https://shop.example/spring");
        eventually("the click counts for the campaign", async || {
            (shop.get("campaigns/spring-offer").await["variants"][0]["clicked"] == 1).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_does_not_find_in_one_language_leaves_in_the_next_one() {
    for database in Database::each().await {
        let templates = |_| {
            vec![
                draft("tips", "en_US", "Hi {{1}}, some tips for you.").call(),
                draft("tips", "zh_HK", "您好，{{1}}，給你一些貼士。").call(),
            ]
        };
        let shop = Shop::start(&database, CANTONESE, templates, "").await;
        let Shop { ref meta, ref sandbox, .. } = shop;
        // Deleted at Meta, which tells nobody.
        let listed = meta.list("name=tips&limit=9").await;
        let chinese = listed["data"].as_array().unwrap().iter().find(|one| one["language"] == "zh_HK").unwrap();
        let query = format!("name=tips&hsm_id={}", chinese["id"].as_str().unwrap());
        let deleted = meta.http.delete(format!("{}/{ACCOUNT}/message_templates?{query}", meta.base));
        assert_eq!(meta.call(deleted).await.0, 200);
        shop.run("tips").await;
        let shown = eventually("it leaves in English", async || shop.shown()).await;
        assert_eq!(shown["template"]["language"]["code"], "en_US", "{}: {shown}", database.kind);
        let history = shop.get("outreach").await.to_string();
        assert!(sandbox.counters().refused > 0, "it was tried in Chinese");
        assert!(history.contains("zh_HK: GONE, was APPROVED"), "{history}");
    }
}

/// Of service to us and marketing to Meta: who wants no marketing does not get it, and it costs what marketing costs.
#[tokio::test(flavor = "multi_thread")]
async fn what_meta_has_made_marketing_leaves_and_is_paid_for_as_such() {
    for database in Database::each().await {
        let templates = |_| {
            let mut sold = draft("review_request", "en_US", "Hi {{1}}, how is it?");
            sold.category = "MARKETING";
            vec![sold.call(), draft("tips", "en_US", "Hi {{1}}, some tips for you.").call()]
        };
        let shop = Shop::start(&database, "hello", templates, "").await;
        let (service, marketing) = (shop.dry_run("tips").await, shop.dry_run("review_request").await);
        let cost = |run: &Value| run["cost"].as_f64().unwrap();
        assert!(cost(&marketing) > cost(&service) && cost(&service) > 0.0, "{marketing} {service}");
        let stop = json!({ "contact": customer(1).number, "event": "opt", "action": "out", "scope": "marketing" });
        assert_eq!(shop.post("events", &stop).await.0, 202);
        eventually("it is not for them", async || {
            (shop.dry_run("review_request").await["never"] == json!({ "marketing-out": 1 })).then_some(())
        })
        .await;
        assert_eq!(shop.dry_run("tips").await["never"], json!({}));
        shop.run("review_request").await;
        let told = eventually("it is not sent, with the reason", async || {
            let told = shop.get("campaigns/review-request").await;
            (told["not_sent"].as_array().is_some_and(|told| !told.is_empty())).then_some(told)
        })
        .await;
        let why = told["not_sent"][0]["reason"].as_str().unwrap();
        assert!(why.contains("wants no marketing") && shop.shown().is_none(), "{}: {told}", database.kind);
    }
}
