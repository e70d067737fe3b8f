//! Writing one by one (SEG-3): to nobody who wants no messages or is a colleague's, marketing by the rules for marketing, one
//! template at a time; and what was typed stays, whatever becomes of it.

use hotline::domain::MessageKind;
use hotline::engine::fold::state::State;
use hotline::outreach::Listed;
use hotline::store::Store;
use reqwest::StatusCode;
use serde_json::json;

use crate::app::{App, Running, free_address, http, post, sandbox, text_webhook};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::desk::{Person, two_write};
use crate::law::rows;

fn key(page: &str) -> String {
    page.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_said_stop_or_is_a_colleagues_is_not_written_to_and_what_was_typed_stays() {
    let database = Database::sqlite();
    let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
    let ids = two_write(&sandbox, address, &database, ["hello", "hello"]).await;
    let (one, two) = (ids[0].as_str(), ids[1].as_str());
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let ben = Person::sign_in(&database, address, "ben", "agent").await;
    let page = "/lists/each?segment=country%3Ahk";
    let key = key(&ana.get(page).await.1);
    let typed = [("segment", "country:hk"), ("done", ""), ("key", key.as_str())];
    let typed = [&typed[..], &[("contact", one), ("text", "For one"), ("contact", two), ("text", "For two")]].concat();
    let to = |id| [&typed[..], &[("to", id)]].concat();
    let reads = async |words: &str| {
        eventually(words, async || Some(ana.get(page).await.1).filter(|page| page.contains(words))).await
    };

    let stop = text_webhook(&[(2, "wamid.stop".into(), "STOP")]);
    assert_eq!(post(&http(), address, &stop).await, Some(200));
    reads("Wants no messages.").await;
    // Her page is older than that.
    let (status, said) = ana.post("/lists/each", &to(two)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(said.contains("It cannot be sent: the customer wants no messages."), "{said}");
    assert!(said.contains("For one</textarea>") && said.contains("<q dir=\"auto\">For two</q>"), "{said}");
    // What is too long stays as it is, too.
    let long = "long ".repeat(1_000);
    let too_long = [&typed[..3], &[("contact", one), ("text", &long)]].concat();
    let (status, said) = ana.post("/lists/each", &too_long).await;
    assert_eq!((status, said.contains("too long")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    assert!(said.contains(long.trim()) && said.contains("<q dir=\"auto\">For two</q>"), "{said}");

    assert_eq!(ben.post(&format!("/contact/{one}/take"), &[]).await.0, StatusCode::SEE_OTHER);
    let said = reads("Ben of the shop is in charge.").await;
    assert!(!said.contains(&format!("name=\"contact\" value=\"{one}\"")), "no form for what is a colleague's");
    let (status, said) = ana.post("/lists/each", &to(one)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(said.contains("Somebody else is in charge.") && said.contains("<q dir=\"auto\">For one</q>"), "{said}");
    // Who looks later finds it all the same, in the conversation too.
    assert!(ana.get(&format!("/inbox/all/{one}")).await.1.contains("<q dir=\"auto\">For one</q>"));
    let replies = "select body from journal where kind = 'agent' and body like '%reply%'";
    assert!(rows(&database, replies).await.is_empty());

    // A page with several boxes that says not whose button was pressed goes to nobody.
    let (status, said) = ben.post("/lists/each", &typed).await;
    assert_eq!((status, said.contains("not said to whom")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    assert!(rows(&database, replies).await.is_empty());

    // His own he writes to, once; what he typed to nobody is no draft of anybody.
    let (status, _) = ben.post("/lists/each", &to(one)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let his = ben.get(page).await.1;
    assert!(!his.contains("For one") && his.contains("<q dir=\"auto\">For two</q>"), "{his}");
    assert_eq!(ben.post("/lists/each", &to(one)).await.0, StatusCode::SEE_OTHER);
    assert_eq!(rows(&database, replies).await.len(), 1);
    // Other words are another message, from the same page too.
    let more = [&typed[..3], &[("contact", one), ("text", "One more thing"), ("to", one)]].concat();
    assert_eq!(ben.post("/lists/each", &more).await.0, StatusCode::SEE_OTHER);
    assert_eq!(rows(&database, replies).await.len(), 2);
}

/// Nothing may leave in these hours of Hong Kong: what is planned stays so.
fn asleep() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    crate::recompute::copy_keywords(folder.path());
    let path = folder.path().join("outreach.toml");
    let hour = |hours: i64| (chrono::Utc::now() + chrono::TimeDelta::hours(8 + hours)).format("%H:00").to_string();
    let quiet = format!("quiet = \"{}-{}\"", hour(-1), hour(3));
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().map(|line| if line.starts_with("quiet = ") { &quiet } else { line }).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn marketing_by_hand_goes_by_the_rules_for_it_and_one_template_at_a_time_is_planned() {
    let database = Database::sqlite();
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 80).await;
    let keywords = asleep();
    let settings = [TOKEN, ("HOTLINE_KEYWORDS__DIR", keywords.path().to_str().unwrap())];
    let _app = App::start(address, graph, &database, &settings).await;
    let store = Store::open_beside(&database.url).await.unwrap();
    let now = hotline::domain::Timestamp::from(chrono::Utc::now());
    for (name, category) in [("spring_offer", "MARKETING"), ("opinion_asked", "UTILITY"), ("care_tips", "UTILITY")] {
        for language in ["en", "en_US", "en_GB"] {
            let (name, language, category) = (name.into(), language.into(), category.into());
            let listed = Listed { name, language, category, status: "APPROVED".into(), ..Listed::default() };
            store.set_template(&listed, now).await.unwrap();
        }
    }
    let at = (chrono::Utc::now() - chrono::TimeDelta::days(2)).to_rfc3339();
    let wrote = |phone: &str| json!({ "at": at, "contact": phone, "event": "message", "text": "Hello" });
    let events = json!([wrote("+85261000001")]);
    Api::new(address).tell(events).await;
    let folded = "select cast(id as text) from contacts where state is not null order by id";
    let read = async || Some(rows(&database, folded).await).filter(|rows| rows.len() == 1);
    let ids: Vec<String> = eventually("it is read", read).await.into_iter().map(|mut row| row.remove(0)).collect();
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let ben = Person::sign_in(&database, address, "ben", "agent").await;
    let page = "/lists/each?segment=country%3Ahk";
    let sends = async |person: &Person, key: &str, id: &str, template: &str| {
        let fields = [("segment", "country:hk"), ("done", ""), ("key", key), ("contact", id), ("template", template)];
        person.post("/lists/each", &fields).await
    };
    let planned = async |id: &str| {
        let id = hotline::domain::ContactId(id.parse().unwrap());
        let (_, state) = store.contact(id).await.unwrap().unwrap();
        let state = State::known(state.as_deref());
        state.ledger.planned().map(|plan| (plan.template.clone(), plan.kind)).collect::<Vec<_>>()
    };

    // In the first seven days nothing is sold (SEND-10), by hand no more than by a campaign.
    let (status, said) = sends(&ana, "k0", &ids[0], "spring_offer").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let why = hotline::outreach::Condition::Yellow.says();
    assert!(
        said.contains(&format!("It cannot be sent: {why}.")) && said.contains("<option selected>spring_offer"),
        "{said}"
    );
    assert!(planned(&ids[0]).await.is_empty());
    assert_eq!(sends(&ana, "k1", &ids[0], "opinion_asked").await.0, StatusCode::SEE_OTHER);
    let asked = [("opinion_asked".to_owned(), MessageKind::Service)];
    assert_eq!(planned(&ids[0]).await, asked, "at once");
    // A second one would silently take its place, or come on top of it.
    assert!(ben.get(page).await.1.contains("The template <code>opinion_asked</code> is planned for them."));
    for template in ["care_tips", "opinion_asked"] {
        let (status, said) = sends(&ben, "k3", &ids[0], template).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(said.contains("A template is planned for them already"), "{said}");
    }
    assert_eq!(sends(&ana, "k1", &ids[0], "opinion_asked").await.0, StatusCode::SEE_OTHER, "a reload");
    assert_eq!(planned(&ids[0]).await, asked);
}
