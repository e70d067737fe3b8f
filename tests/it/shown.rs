//! What the console tells whoever answers: how things stand now, what did not arrive, what a customer sent beside words.

use hotline::whatsapp::sandbox::{Faults, FileKind, Said};
use reqwest::StatusCode;
use serde_json::json;

use crate::app::{App, NUMBER, Running, SECRET, binary_on, customer, free_address, http, post, sandbox, text_webhook};
use crate::db::{Database, eventually};
use crate::desk::{Person, two_write};
use crate::law::rows;
use crate::recompute::copy_keywords;

fn row<'a>(page: &'a str, id: &str) -> &'a str {
    page.split(&format!("id=\"row-{id}\"")).nth(1).unwrap().split("</a>").next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_at_one_moment_the_first_has_it_and_the_page_that_answers_knows() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
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
        let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
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
    let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
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
    let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
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

/// What a customer sent that browsers do not play is saved, a sound is given in parts, and of what is gone the reason is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_sound_is_given_in_parts_and_what_cannot_be_fetched_says_why() {
    let database = Database::sqlite();
    let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
    sandbox.verify().await.unwrap();
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let said =
        Said::File { kind: FileKind::Audio, data: String::new(), mime: None, caption: String::new(), filename: None };
    sandbox.say(&customer(1), &said);
    let sound = async || {
        let page = ana.get("/inbox/all/1").await.1;
        Some(page.split("<audio controls preload=\"none\" src=\"").nth(1)?.split('"').next()?.replace("&#x2f;", "/"))
    };
    let sound = eventually("the sound stands in the thread", sound).await;
    let whole = ana.open(&sound).await;
    assert_eq!((whole.status(), &whole.headers()["accept-ranges"]), (StatusCode::OK, &"bytes".parse().unwrap()));
    let whole = whole.bytes().await.unwrap();
    let part = ana.ask(&sound, "bytes=1-2").await;
    let place = format!("bytes 1-2/{}", whole.len());
    assert_eq!(
        (part.status(), part.headers()["content-range"].to_str().unwrap()),
        (StatusCode::PARTIAL_CONTENT, &*place)
    );
    assert_eq!(part.bytes().await.unwrap(), whole[1..=2]);
    assert_eq!(ana.ask(&sound, "bytes=99999999-").await.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let saved = ana.open(&format!("{sound}?save=")).await;
    let name = saved.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; ") && name.ends_with("%2Eogg"), "{name}");

    let gone = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "990000000000001", "changes": [{
        "field": "messages", "value": { "messaging_product": "whatsapp", "metadata": { "phone_number_id": NUMBER },
        "messages": [{ "from": "85260000001", "id": "wamid.gone", "type": "audio",
            "timestamp": (chrono::Utc::now().timestamp()).to_string(),
            "audio": { "id": "4711", "mime_type": "audio/amr", "voice": true } }] } }] }] });
    let gone = gone.to_string().into_bytes();
    let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &gone), gone);
    assert_eq!(post(&http(), address, &signed).await, Some(200));
    let link = async || {
        let page = ana.get("/inbox/all/1").await.1;
        let links: Vec<_> = page.match_indices("?save=\"").map(|(end, _)| &page[..end]).collect();
        let link = links.get(1)?.rsplit('"').next()?.replace("&#x2f;", "/");
        Some((page.matches("<audio").count(), link))
    };
    let (players, link) = eventually("it stands there as well", link).await;
    assert_eq!(players, 1, "nothing plays AMR");
    let (status, said) = ana.get(&format!("{link}?save=")).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(
        said.contains("WhatsApp does not have it any more") && said.contains("Ask them to send it again"),
        "{said}"
    );
}

/// Segments and commands know tags by what the console calls them, and the console knows lists by their names.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_a_tag_are_known_by_name_wherever_they_are_asked_for() {
    let database = Database::sqlite();
    let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
    let ids = two_write(&sandbox, address, &database, ["do you have earbuds?", "hello"]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let give = [("tag", "Product-Hammock"), ("what", "add"), ("key", "k")];
    assert_eq!(ana.post(&format!("/contact/{}/tag", ids[1]), &give).await.0, StatusCode::SEE_OTHER);
    let named = ana.get("/lists?segment=win-back").await.1;
    assert!(!named.contains("is no segment") && named.contains("contacts</h2>"), "{named}");
    assert!(!named.contains("value=\"win-back\""), "it stands there as a segment, to be made narrower: {named}");
    for page in ["/lists?segment=tag%3AProduct-Hammock", "/lists/each?segment=tag%3AProduct-Hammock"] {
        let page = ana.get(page).await.1;
        let of = |id: &str| page.contains(&format!("/inbox/all/{id}\""));
        assert!(of(&ids[1]) && !of(&ids[0]), "{page}");
    }
    assert!(ana.get("/lists.csv?segment=tag%3Aproduct-hammock").await.1.contains("product/hammock"));
    assert!(ana.get("/lists?segment=tag%3ANobody-Knows").await.1.contains("There is no tag “Nobody-Knows”"));

    let hotline = |arguments: &[&str]| {
        let mut command = binary_on(&database);
        command.args(arguments);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    assert!(hotline(&["why", &ids[1], "Product-Hammock"]).contains("product/hammock is held since"));
    assert!(hotline(&["why", &ids[1], "Heat-High"]).contains("heat/high is not held"));
    let csv = hotline(&["export", "contacts", "--segment", "tag:Product-Hammock"]);
    assert_eq!(csv.matches("product/hammock").count(), 1, "{csv}");
    let kept = hotline(&["report", "metrics", "--period", "2026-Q3"]);
    assert!(kept.contains("none is kept") && kept.contains("customers"), "{kept}");

    // Made anew it would lose what is said of it.
    let (status, page) = ana.post("/admin/tags", &[("label", "product-hammock"), ("about", "")]).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("is there already"), "{page}");
    let (status, page) = ana.post("/admin/tags", &[("label", "<b>Bo-b</b>")]).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("other signs than letters"), "{page}");
}

/// A change that was refused is told of on every page, whoever looks, until it is put right.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_refused_is_told_of_to_everybody() {
    let database = Database::sqlite();
    let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
    copy_keywords(folder.path());
    let (_sandbox, graph) = sandbox(address, 80).await;
    let keywords = [("HOTLINE_KEYWORDS__DIR", folder.path().to_str().unwrap())];
    let _app = App::start(address, graph, &database, &keywords).await;
    let ben = Person::sign_in(&database, address, "ben", "agent").await;
    let told = async || ben.get("/fragment/alerts").await.1;
    assert!(!told().await.contains("the old ones stay in force"));
    let path = folder.path().join("shop.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, good.replace("name = \"Harbour Goods\"", "name = Harbour Goods")).unwrap();
    let says = async || Some(told().await).filter(|page| page.contains("the old ones stay in force"));
    let says = eventually("it is told", says).await;
    assert!(says.contains("shop.toml:") && says.contains("Look at this line"), "{says}");
    assert!(!says.contains("Compare with another product"), "{says}");
    assert!(ben.get("/outreach").await.1.contains("the old ones stay in force"));
    std::fs::write(&path, good).unwrap();
    eventually("it is put right", async || (!told().await.contains("the old ones stay in force")).then_some(())).await;
}
