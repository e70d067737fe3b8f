//! The desk, page by page: what is written is not lost whatever goes wrong, what is wrong stands in the page and in no address, and
//! whoever is further down is found.

use std::net::SocketAddr;

use hotline::whatsapp::sandbox::{Faults, Sandbox};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use crate::app::{Running, binary_on, client, customer, http, post, text_webhook};
use crate::db::{Database, eventually};
use crate::law::rows;

/// Somebody who is signed in.
pub struct Person {
    http: Client,
    base: String,
    cookie: String,
    csrf: String,
}

/// What was answered: status and page.
pub type Answer = (StatusCode, String);

impl Person {
    pub async fn sign_in(database: &Database, address: SocketAddr, login: &str, role: &str) -> Self {
        let name = format!("{}{} of the shop", login[..1].to_uppercase(), &login[1..]);
        let made = binary_on(database).args(["user", "add", login, "--role", role, "--name", &name]).output().unwrap();
        let made = String::from_utf8(made.stdout).unwrap();
        let token = made.split_whitespace().find_map(|word| word.split("/sign-in/").nth(1)).unwrap();
        let base = format!("http://{address}");
        let http = client().redirect(Policy::none()).build().unwrap();
        let answer = http.post(format!("{base}/sign-in/{token}")).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut person = Self { http, base, cookie, csrf: String::new() };
        let (_, page) = person.get("/inbox/all").await;
        person.csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        person
    }

    /// An address as it answers, to be read bit by bit.
    pub async fn open(&self, path: &str) -> reqwest::Response {
        self.http.get(format!("{}{path}", self.base)).header("cookie", &self.cookie).send().await.unwrap()
    }

    /// A part of what an address answers.
    pub async fn ask(&self, path: &str, range: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.base)).header("cookie", &self.cookie);
        request.header("range", range).send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        let answer = self.open(path).await;
        (answer.status(), answer.text().await.unwrap())
    }

    /// A form, and how it is answered.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let csrf = ("csrf", self.csrf.as_str());
        let fields: Vec<_> = fields.iter().copied().chain([csrf]).collect();
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = self.http.post(format!("{}{path}", self.base)).header("cookie", &self.cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"));
        request.send().await.unwrap()
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(path, fields).await;
        (answer.status(), answer.text().await.unwrap())
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Two customers write; their ids, once what they wrote is folded.
pub async fn two_write(sandbox: &Sandbox, address: SocketAddr, database: &Database, words: [&str; 2]) -> Vec<String> {
    for (n, words) in (1..).zip(words) {
        sandbox.wrote(&customer(n));
        let said = text_webhook(&[(n, format!("wamid.desk{n}"), words)]);
        assert_eq!(post(&http(), address, &said).await, Some(200));
    }
    let folded = "select cast(id as text) from contacts where state is not null order by id";
    let both = async || Some(rows(database, folded).await).filter(|rows| rows.len() == 2);
    eventually("both are read", both).await.into_iter().map(|mut row| row.remove(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_is_lost_and_errors_stand_in_the_page_alone() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
        let ids = two_write(&sandbox, address, &database, ["do you have Ohrstöpsel, or earbuds?", "Привет"]).await;
        let one = ids[0].clone();
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        let conversation = format!("/inbox/all/{one}");
        let does = |action: &str| format!("/contact/{one}/{action}");

        assert_eq!(ana.post(&does("take"), &[]).await.0, StatusCode::SEE_OTHER);
        eventually("she is in charge", async || ana.get(&conversation).await.1.contains("id=\"reply\"").then_some(()))
            .await;
        // People and tags are called by their names.
        let given = [("tag", "value/vip"), ("what", "add")];
        assert_eq!(ana.post(&does("tag"), &given).await.0, StatusCode::SEE_OTHER);
        eventually("who did what is told", async || {
            let page = ben.get(&conversation).await.1;
            (page.contains("Ana of the shop set Value-VIP") && page.contains("Ana of the shop took over")).then_some(())
        })
        .await;
        let page = ben.get(&conversation).await.1;
        assert!(page.contains("<p class=\"mode\">Ana of the shop is in charge.</p>"), "{page}");
        assert!(page.contains("<span class=\"mark\">Ana of the shop</span>") && !page.contains("ana took over"));
        assert!(page.contains("h left to reply</span>"), "{page}");
        // A draft is hers, on every device, until it was sent.
        assert_eq!(
            ana.post(&does("draft"), &[("at", "reply"), ("text", "One <moment>")]).await.0,
            StatusCode::NO_CONTENT
        );
        assert!(ana.get(&conversation).await.1.contains("One &lt;moment&gt;</textarea>"));
        let list = |page: &str| page.split("class=\"rows\"").nth(1).unwrap().split("</ul>").next().unwrap().to_owned();
        assert_eq!(list(&ana.get("/inbox/all").await.1).matches(">Draft<").count(), 1, "a row tells of it");
        assert!(!list(&ben.get("/inbox/all").await.1).contains(">Draft<"), "it is hers");
        assert!(!ben.get(&conversation).await.1.contains("One &lt;moment"));
        // What is refused comes back with its reason, and stays.
        let long = "long ".repeat(1000);
        let (status, page) = ana.post(&does("reply"), &[("text", &long), ("key", "k1")]).await;
        assert_eq!(
            (status, page.contains("too long"), page.contains(long.trim())),
            (StatusCode::UNPROCESSABLE_ENTITY, true, true)
        );
        let (status, page) = ben.post(&does("reply"), &[("text", "Me first"), ("key", "k2")]).await;
        assert_eq!((status, page.contains("Somebody else is in charge.")), (StatusCode::UNPROCESSABLE_ENTITY, true));
        assert!(ben.get(&conversation).await.1.contains("You were writing: <q dir=\"auto\">Me first</q>"));
        let label = "x".repeat(50);
        let (status, page) = ana.post(&does("tag"), &[("tag", &label), ("what", "add")]).await;
        assert_eq!(
            (status, page.matches(&label).count() > 1),
            (StatusCode::UNPROCESSABLE_ENTITY, true),
            "typed, and told"
        );
        assert_eq!(ana.post(&does("reply"), &[("text", "Yes, we do"), ("key", "k3")]).await.0, StatusCode::SEE_OTHER);
        assert!(!ana.get(&conversation).await.1.contains("long long"), "what was sent is no draft");
        // A note may be longer than a message.
        assert_eq!(ana.post(&does("note"), &[("text", &long), ("key", "k4")]).await.0, StatusCode::SEE_OTHER);
        // No address makes the page say anything.
        assert!(!ana.get(&format!("{conversation}?error=Call+us+at+once")).await.1.contains("Call us"));

        for typed in ["ohrst%C3%B6psel", "ohrstopsel", "Ohrsto%CC%88psel"] {
            assert_eq!(ana.get(&format!("/inbox/all?find={typed}")).await.1.matches("id=\"row-").count(), 1, "{typed}");
        }
        let found = ana.get("/inbox/all?find=ohrst%C3%B6psel").await.1;
        assert_eq!(found.matches("id=\"row-").count(), 1);
        assert_eq!(
            ana.get("/inbox/all?find=%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82").await.1.matches("id=\"row-").count(),
            1
        );
        // A number as it is kept, as people write it, and a part of it.
        for number in ["+85260000001", "+852 6000 0001", "(852) 6000-0001", "6000.0001"] {
            let page = ana.get(&format!("/inbox/all?find={}", encoded(number))).await.1;
            assert_eq!(page.matches("id=\"row-").count(), 1, "{number}");
        }
        assert!(ana.get("/inbox/all?find=---").await.1.contains("Nobody with “---”"));
        assert!(ana.get("/inbox/all?find=50%25").await.1.contains("Nobody with “50%”"));

        // What is done to nobody is not done.
        for (action, fields) in [
            ("take", vec![]),
            ("note", vec![("text", "who is it?")]),
            ("draft", vec![("at", "note"), ("text", "who")]),
            ("tag", vec![("tag", "vip"), ("what", "add")]),
            ("verdict", vec![("tag", "vip"), ("what", "right")]),
        ] {
            let (status, _) = ana.post(&format!("/contact/4711/{action}"), &fields).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{action}");
        }
        let nobodys = "select body from journal where kind = 'agent' and contact_id is null";
        assert!(rows(&database, nobodys).await.is_empty(), "{}", database.kind);

        // They told somebody that they want no messages.
        assert_eq!(ana.post(&does("opt-out"), &[("text", "")]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ana.post(&does("opt-out"), &[("text", "on the phone")]).await.0, StatusCode::SEE_OTHER);
        eventually("it is known", async || ana.get(&conversation).await.1.contains("wants no messages").then_some(()))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_again_once_and_by_nobody_but_who_is_in_charge() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
        sandbox.verify().await.unwrap();
        let ids = two_write(&sandbox, address, &database, ["hello", "hello"]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        let conversation = format!("/inbox/all/{}", ids[0]);
        let does = |action: &str| format!("/contact/{}/{action}", ids[0]);
        eventually("both are answered", async || (sandbox.counters().accepted == 2).then_some(())).await;
        assert_eq!(ana.post(&does("take"), &[]).await.0, StatusCode::SEE_OTHER);
        eventually("she is in charge", async || ana.get(&conversation).await.1.contains("id=\"reply\"").then_some(()))
            .await;

        sandbox.set_faults(Faults { next_code: Some(131_009), next_codes: 1, ..Faults::default() });
        let written = [("text", "Here it is"), ("key", "k1")];
        assert_eq!(ana.post(&does("reply"), &written).await.0, StatusCode::SEE_OTHER);
        let page = eventually("it failed", async || {
            Some(ana.get(&conversation).await.1).filter(|page| page.contains("Try again"))
        })
        .await;
        let message = page.split("name=\"message\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert!(!ben.get(&conversation).await.1.contains("Try again"), "he is not in charge");
        let again = [("message", message.as_str())];
        let (status, page) = ben.post(&does("again"), &again).await;
        assert_eq!((status, page.contains("Somebody else is in charge.")), (StatusCode::UNPROCESSABLE_ENTITY, true));
        for (path, message) in [
            (format!("/contact/{}/again", ids[1]), message.as_str()),
            (does("again"), "hl:4711:1"),
            (does("again"), "1"),
        ] {
            assert_eq!(ana.post(&path, &[("message", message)]).await.0, StatusCode::NOT_FOUND, "{path} {message}");
        }
        let (one, other) = (does("again"), does("again"));
        let twice = tokio::join!(ana.post(&one, &again), ana.post(&other, &again));
        assert_eq!((twice.0.0, twice.1.0), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
        eventually("it was read", async || {
            let page = ana.get(&conversation).await.1;
            let said = page.split("Here it is</span>").nth(1)?.split("</li>").next()?.to_owned();
            (said.contains("read") && !page.contains("Try again")).then_some(())
        })
        .await;
        assert_eq!(ana.post(&does("again"), &again).await.0, StatusCode::SEE_OTHER, "it is done already");
        assert_eq!(ana.post(&does("reply"), &[("text", "Bye"), ("key", "k2")]).await.0, StatusCode::SEE_OTHER);
        eventually("what came after it left", async || (sandbox.counters().accepted == 4).then_some(())).await;
        let phone = sandbox.phone(&customer(1).number.replace('+', ""));
        let said: Vec<_> = phone.iter().filter_map(|shown| shown["text"]["body"].as_str()).collect();
        assert_eq!(said.iter().filter(|text| **text == "Here it is").count(), 1, "{}: {said:?}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_there_is_not_made_again_and_an_agent_is_told_whose_page_it_is() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let ben = Person::sign_in(&database, address, "ben", "agent").await;
    let (status, page) = ana.post("/admin", &[("login", "Ben"), ("name", "Ben 2"), ("role", "admin")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("ben is there already") && page.contains("value=\"Ben 2\"") && !page.contains("sign-in&#x2f;")
    );
    assert!(ana.post("/admin/link", &[("login", "ben")]).await.1.contains("sign-in&#x2f;"));
    for path in ["/admin", "/admin/tags", "/campaigns"] {
        let (status, page) = ben.get(path).await;
        assert_eq!((status, page.contains("for admins")), (StatusCode::FORBIDDEN, true), "{path}");
    }
    assert_eq!(ben.post("/admin/link", &[("login", "ana")]).await.0, StatusCode::FORBIDDEN);
    for (path, status) in [
        ("/inbox/nowhere", StatusCode::NOT_FOUND),
        ("/campaigns/none", StatusCode::NOT_FOUND),
        ("/lists/each?segment=%29", StatusCode::UNPROCESSABLE_ENTITY),
        ("/lists.csv?segment=%29", StatusCode::UNPROCESSABLE_ENTITY),
        ("/inbox/all/4711", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(ana.get(path).await.0, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_is_out_at_once_and_a_new_password_ends_the_other_sessions() {
    for database in Database::each().await {
        let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        let made = ana.post("/admin/link", &[("login", "ben")]).await.1;
        let token = made.split("sign-in&#x2f;").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let signs_in = async |fields: &str| {
            let request = ben.http.post(format!("{}/sign-in", ben.base)).body(fields.to_owned());
            let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
            let cookie = answer.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
            (answer.status(), cookie.map(|cookie| cookie.split(';').next().unwrap().to_owned()).unwrap_or_default())
        };

        assert_eq!(ben.post("/password", &[("password", "long enough")]).await.0, StatusCode::SEE_OTHER);
        assert!(ben.get("/password?done=true").await.1.contains("The password is set."));
        let (status, cookie) = signs_in("login=Ben&password=long+enough").await;
        assert_eq!(status, StatusCode::SEE_OTHER, "whatever the letters");
        let elsewhere = Person { http: ben.http.clone(), base: ben.base.clone(), cookie, csrf: String::new() };
        assert_eq!(elsewhere.get("/inbox/all").await.0, StatusCode::OK);
        assert_eq!(ben.post("/password", &[("password", "another one")]).await.0, StatusCode::SEE_OTHER);
        assert_eq!(elsewhere.get("/inbox/all").await.0, StatusCode::SEE_OTHER, "the other session is over");
        assert_eq!(ben.get("/inbox/all").await.0, StatusCode::OK, "this one is not");

        assert_eq!(ben.post("/admin/remove", &[("login", "ana")]).await.0, StatusCode::FORBIDDEN);
        let (status, page) = ana.post("/admin/remove", &[("login", "ana")]).await;
        assert_eq!((status, page.contains("Nobody removes themselves")), (StatusCode::UNPROCESSABLE_ENTITY, true));
        assert_eq!(ana.post("/admin/remove", &[("login", "ben")]).await.0, StatusCode::SEE_OTHER);
        assert_eq!(ben.get("/inbox/all").await.0, StatusCode::SEE_OTHER, "{}", database.kind);
        assert_eq!(signs_in("login=ben&password=another+one").await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ben.post(&format!("/sign-in/{token}"), &[]).await.0, StatusCode::GONE);
        assert!(!ana.get("/admin").await.1.contains("value=\"ben\""));
        let remove = |login: &str| {
            let mut command = binary_on(&database);
            command.args(["user", "remove", login]).output().unwrap()
        };
        let last = remove("ana");
        assert!(!last.status.success() && String::from_utf8(last.stderr).unwrap().contains("the last admin"));
        assert_eq!(ana.get("/inbox/all").await.0, StatusCode::OK);
        // Who comes back is made again, and has no password.
        let _again = Person::sign_in(&database, address, "ben", "admin").await;
        assert!(remove("ana").status.success());
        assert_eq!(ana.get("/inbox/all").await.0, StatusCode::SEE_OTHER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_person_is_removed_waits_for_somebody_else() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
        let ids = two_write(&sandbox, address, &database, ["hello", "hello"]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        let eva = Person::sign_in(&database, address, "eva", "agent").await;
        for (person, id) in [(&ben, &ids[0]), (&eva, &ids[1])] {
            assert_eq!(person.post(&format!("/contact/{id}/take"), &[]).await.0, StatusCode::SEE_OTHER);
            let conversation = format!("/inbox/mine/{id}");
            let taken = async || person.get(&conversation).await.1.contains("id=\"reply\"").then_some(());
            eventually("they are in charge", taken).await;
        }
        assert_eq!(ana.get("/admin").await.1.matches("1 customer of theirs waits for somebody else").count(), 2);
        assert_eq!(ana.post("/admin/remove", &[("login", "ben")]).await.0, StatusCode::SEE_OTHER);
        let removed = binary_on(&database).args(["user", "remove", "eva"]).output().unwrap();
        assert!(String::from_utf8(removed.stdout).unwrap().contains("1 of their conversations wait"));
        for id in &ids {
            let waits = async || ana.get("/inbox/hot").await.1.contains(&format!("id=\"row-{id}\"")).then_some(());
            eventually("they wait for somebody else", waits).await;
            let page = ana.get(&format!("/inbox/hot/{id}")).await.1;
            assert!(page.contains("has left: it waits for somebody else"), "{}", database.kind);
            assert!(page.contains("their agent has left"), "{page}");
        }
        let cases = "select state, reason from handoffs order by handoffs.id";
        let mut cases = rows(&database, cases).await;
        cases.sort();
        let case = |state: &str, reason: &str| vec![state.to_owned(), reason.to_owned()];
        let (closed, open) = (case("closed", "taken"), case("open", "agent-left"));
        assert_eq!(cases, [closed.clone(), closed, open.clone(), open], "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_with_a_link_comes_to_the_page_that_they_wanted() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let link = async || {
        let made = ana.post("/admin/link", &[("login", "ana")]).await.1;
        made.split("sign-in&#x2f;").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let text = |answer: &reqwest::Response, name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    for (asked, comes_to) in [("/campaigns?name=%D0%B0", "/campaigns?name=%D0%B0"), ("//evil.example", "/inbox")] {
        let page = ana.http.get(format!("{}/sign-in?back={}", ana.base, encoded(asked))).send().await.unwrap();
        let wanted = text(&page, "set-cookie").split(';').next().unwrap().to_owned();
        let signs_in = ana.http.post(format!("{}/sign-in/{}", ana.base, link().await)).header("cookie", wanted);
        assert_eq!(text(&signs_in.send().await.unwrap(), "location"), comes_to);
    }
    let alone = ana.http.post(format!("{}/sign-in/{}", ana.base, link().await)).send().await.unwrap();
    assert_eq!(text(&alone, "location"), "/inbox");
}
