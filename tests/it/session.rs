//! Where a session is over: what is gone back to after signing in, and what of the live stream.

use reqwest::header::{ACCEPT, REFERER};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};

use crate::app::{Running, binary_on, client};
use crate::db::{Database, eventually};
use crate::desk::Person;

#[tokio::test(flavor = "multi_thread")]
async fn only_a_page_that_was_wanted_is_gone_back_to() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    let http = client().redirect(Policy::none()).build().unwrap();
    let base = format!("http://{address}");
    let sent_away = async |method: Method, path: &str, headers: &[(&'static str, &str)]| {
        let mut request = http.request(method, format!("{base}{path}")).header("accept", "text/html,*/*;q=0.8");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let page = "/inbox/all/1?find=a";
    let (get, form) = (Method::GET, Method::POST);
    assert_eq!(sent_away(get.clone(), page, &[]).await, "/sign-in?back=/inbox/all/1%3Ffind%3Da");
    assert_eq!(
        sent_away(get.clone(), page, &[("sec-fetch-mode", "navigate")]).await,
        "/sign-in?back=/inbox/all/1%3Ffind%3Da"
    );
    for (path, mode) in
        [(page, "cors"), ("/fragment/list/all", "same-origin"), ("/live", "cors"), ("/fragment/alerts", "navigate")]
    {
        assert_eq!(sent_away(get.clone(), path, &[("sec-fetch-mode", mode)]).await, "/sign-in", "{path}");
    }
    // A form is gone back to by the page that it stood on, which browsers tell to ourselves alone.
    let stood_on = format!("{base}{page}");
    for (referer, back) in [
        (stood_on.as_str(), "/sign-in?back=/inbox/all/1%3Ffind%3Da"),
        ("https://evil.example/inbox/all/1", "/sign-in?back=/inbox"),
        ("nonsense", "/sign-in?back=/inbox"),
    ] {
        assert_eq!(sent_away(form.clone(), "/contact/1/note", &[(REFERER.as_str(), referer)]).await, back);
    }
    assert_eq!(sent_away(form.clone(), "/contact/1/note", &[]).await, "/sign-in?back=/inbox");
    assert_eq!(sent_away(form.clone(), "/sign-out", &[(REFERER.as_str(), &stood_on)]).await, "/sign-in");
    let sign_in = http.get(format!("{base}/sign-in")).header(ACCEPT, "*/*").send().await.unwrap();
    assert!(!sign_in.headers().contains_key("set-cookie"), "it forgets no page that was wanted");
    assert_eq!(sign_in.headers()["referrer-policy"], "same-origin");

    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    for path in ["/contact/1/note", "/sign-out", "/outreach/stop"] {
        let (status, page) = ana.get(path).await;
        assert_eq!((status, page.contains("console.css")), (StatusCode::METHOD_NOT_ALLOWED, true), "{path}");
    }
    assert_eq!(ana.get("/lists/each?segment=").await.0, StatusCode::SEE_OTHER, "nothing chosen is not everybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_hears_no_more_of_what_happens() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    let _ana = Person::sign_in(&database, address, "ana", "admin").await;
    let ben = Person::sign_in(&database, address, "ben", "agent").await;
    let mut live = ben.open("/live").await;
    assert_eq!(live.status(), StatusCode::OK);
    let removed = binary_on(&database).args(["user", "remove", "ben"]).status();
    assert!(removed.unwrap().success());
    let mut heard = String::new();
    eventually("the stream has ended", async || {
        let chunk = live.chunk().await.unwrap();
        heard.push_str(&String::from_utf8_lossy(chunk.as_deref().unwrap_or_default()));
        chunk.is_none().then_some(())
    })
    .await;
    // Without data no browser would tell the page of it.
    assert!(heard.ends_with("event: session-expired\ndata: over\n\n"), "{heard:?}");
}
