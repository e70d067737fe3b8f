//! What the console tells whoever answers: how things stand now, what did not arrive, what a customer sent beside words.

use hotline::whatsapp::sandbox::{Faults, Said};
use reqwest::StatusCode;

use crate::app::{App, customer, free_address, http, post, sandbox, text_webhook};
use crate::db::{Database, eventually};
use crate::desk::{Person, two_write};
use crate::law::rows;

fn row<'a>(page: &'a str, id: &str) -> &'a str {
    page.split(&format!("id=\"row-{id}\"")).nth(1).unwrap().split("</a>").next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_at_one_moment_the_first_has_it_and_the_page_that_answers_knows() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &[]).await;
        let ids = two_write(&sandbox, address, &database, ["hello", "hello"]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        for id in &ids {
            let (take, nobody) = (format!("/contact/{id}/take"), [("agent", "")]);
            let (anas, bens) = tokio::join!(ana.post(&take, &nobody), ben.post(&take, &nobody));
            let mut answers = [anas.0, bens.0];
            answers.sort();
            assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY], "{}", database.kind);
            let (first, (second, said)) = match anas.0 {
                StatusCode::SEE_OTHER => (&ana, (&ben, bens.1)),
                _ => (&ben, (&ana, anas.1)),
            };
            assert!(said.contains("Somebody else has taken over meanwhile"), "{said}");
            let conversation = format!("/inbox/all/{id}");
            assert!(first.get(&conversation).await.1.contains("id=\"reply\""), "{}: at once", database.kind);
            assert!(second.get(&conversation).await.1.contains("is in charge.</p>"));
            // What is written stands in the page that comes next, and so does that it was handed back.
            let words = [("text", "One moment: https://shop.example/a."), ("key", id.as_str())];
            assert_eq!(first.post(&format!("/contact/{id}/reply"), &words).await.0, StatusCode::SEE_OTHER);
            let page = first.get(&conversation).await.1;
            let link = "<a href=\"https:&#x2f;&#x2f;shop.example&#x2f;a\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">";
            assert!(page.contains("One moment: ") && page.contains(link), "{page}");
            assert_eq!(first.post(&format!("/contact/{id}/won"), &[]).await.0, StatusCode::SEE_OTHER);
            assert!(first.get(&conversation).await.1.contains("The bot is handling this."));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_reached_nobody_is_told_in_the_list_and_what_a_colleague_reads_stays_unread() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &[]).await;
        sandbox.verify().await.unwrap();
        let ids = two_write(&sandbox, address, &database, ["hello", "hello"]).await;
        let id = &ids[0];
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let ben = Person::sign_in(&database, address, "ben", "agent").await;
        eventually("both are answered", async || (sandbox.counters().accepted == 2).then_some(())).await;
        assert_eq!(ana.post(&format!("/contact/{id}/take"), &[]).await.0, StatusCode::SEE_OTHER);
        let _read = ana.get(&format!("/inbox/all/{id}")).await;
        let more = text_webhook(&[(1, "wamid.more".into(), "are you there?")]);
        assert_eq!(post(&http(), address, &more).await, Some(200));
        let unread = async |person: &Person| row(&person.get("/inbox/all").await.1, id).contains("class=\"unread\"");
        eventually("it is unread", async || unread(&ana).await.then_some(())).await;
        assert!(ben.get(&format!("/inbox/all/{id}")).await.1.contains("are you there?"));
        assert!(unread(&ana).await, "she has not read it");
        let _read = ana.get(&format!("/inbox/all/{id}")).await;
        assert!(!unread(&ben).await);

        assert!(ana.get("/outreach").await.1.contains("Nothing failed."));
        sandbox.set_faults(Faults { next_code: Some(131_009), next_codes: 1, ..Faults::default() });
        let reply = format!("/contact/{id}/reply");
        assert_eq!(ana.post(&reply, &[("text", "Yes"), ("key", "k1")]).await.0, StatusCode::SEE_OTHER);
        let is_told = async || row(&ana.get("/inbox/all").await.1, id).contains(">not sent</span>").then_some(());
        eventually("the list tells of it", is_told).await;
        let told = ben.get("/outreach").await.1;
        let link = format!("<a href=\"/inbox/all/{id}\"");
        assert!(told.contains("Replies: 1") && told.contains(&link) && told.contains("Ana of the shop"), "{told}");
        // Another one is on its way: that is what they get.
        assert_eq!(ana.post(&reply, &[("text", "I am here"), ("key", "k2")]).await.0, StatusCode::SEE_OTHER);
        assert!(!row(&ana.get("/inbox/all").await.1, id).contains(">not sent</span>"), "{}", database.kind);
        assert!(ana.get("/outreach").await.1.contains("Nothing failed."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_seen_by_who_is_signed_in_and_is_kept_nowhere() {
    let database = Database::sqlite();
    let address = free_address();
    let (sandbox, graph) = sandbox(address, 80).await;
    let _app = App::start(address, graph, &database, &[]).await;
    sandbox.verify().await.unwrap();
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    sandbox.say(&customer(1), &Said::Image { caption: "this one".into() });
    let seen = async || {
        let page = ana.get("/inbox/all/1").await.1;
        Some(page.split("<img src=\"").nth(1)?.split('"').next()?.replace("&#x2f;", "/"))
    };
    let picture = eventually("the picture stands in the thread", seen).await;
    let answer = ana.open(&picture).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type"), header("x-content-type-options")), ("image/jpeg".into(), "nosniff".into()));
    assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
    assert!(answer.bytes().await.unwrap().starts_with(&[0xff, 0xd8]), "a JPEG");
    let stranger = http().get(format!("http://{address}{picture}")).send().await.unwrap();
    assert!(stranger.url().path() == "/sign-in", "{}", stranger.url());
    let other = picture.rsplit_once('/').unwrap().0.to_owned() + "/4711";
    assert_eq!(ana.open(&other).await.status(), StatusCode::NOT_FOUND);

    sandbox.say(&customer(1), &Said::Location { latitude: 22.25, longitude: 114.5 });
    let place = async || {
        let page = ana.get("/inbox/all/1").await.1;
        (page.contains("22.25000, 114.50000") && page.contains("mlat=22.25&amp;mlon=114.5")).then_some(())
    };
    eventually("the place stands there, with a map", place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_typed_as_the_console_calls_it_is_the_one_that_rules_give() {
    let database = Database::sqlite();
    let address = free_address();
    let (sandbox, graph) = sandbox(address, 80).await;
    let _app = App::start(address, graph, &database, &[]).await;
    let ids = two_write(&sandbox, address, &database, ["do you have earbuds?", "hello"]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let gives = async |id: &str, tag: &str| {
        ana.post(&format!("/contact/{id}/tag"), &[("tag", tag), ("what", "add"), ("key", tag)]).await
    };
    let held = async |id: &str| {
        let select = format!("select tag from held_tags where contact_id = {id} order by tag");
        rows(&database, &select).await.into_iter().flatten().collect::<Vec<_>>()
    };
    for heat in ["Heat-Low", "heat-high", "heat/high"] {
        let (status, page) = gives(&ids[1], heat).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{heat}");
        assert!(page.contains("it shows how warm the contact is"), "{heat}: {page}");
    }
    assert_eq!(gives(&ids[1], "Colour-Red").await.0, StatusCode::SEE_OTHER);
    let colours: Vec<_> = held(&ids[1]).await.into_iter().filter(|tag| tag.starts_with("colo")).collect();
    assert_eq!(colours, ["color/red"]);
    // Held by another customer already.
    let category = held(&ids[0]).await.into_iter().find(|tag| tag.starts_with("category/")).unwrap();
    let page = ana.get(&format!("/inbox/all/{}", ids[0])).await.1;
    let label = page.split(&format!("title=\"{}\">", category.replace('/', "&#x2f;"))).nth(1).unwrap();
    assert_eq!(gives(&ids[1], label.split('<').next().unwrap()).await.0, StatusCode::SEE_OTHER);
    assert!(held(&ids[1]).await.contains(&category));
    assert_eq!(gives(&ids[1], "Product-Hammock").await.0, StatusCode::SEE_OTHER, "what is new is made");
    assert!(held(&ids[1]).await.contains(&"product/hammock".to_owned()));
}
