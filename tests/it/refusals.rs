//! Addresses and forms that nobody's page made: refused in a page of the console's own, and never as if the database were away.

use reqwest::StatusCode;

use crate::app::Running;
use crate::db::Database;
use crate::desk::Person;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_in_a_page() {
    for database in Database::each().await {
        let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
        let ana = Person::sign_in(&database, address, "ana", "admin").await;
        let styled = |(status, page): (StatusCode, String), wanted: StatusCode, of: &str| {
            assert_eq!((status, page.contains("console.css")), (wanted, true), "{}: {of}: {page}", database.kind);
            page
        };
        for (path, status) in [
            ("/l/%00", StatusCode::NOT_FOUND),
            ("/p/a%00b", StatusCode::NOT_FOUND),
            ("/inbox/all?find=a%00b", StatusCode::NOT_FOUND),
            ("/campaigns/%00", StatusCode::NOT_FOUND),
            ("/sign-in/%00", StatusCode::NOT_FOUND),
            ("/inbox/all/abc", StatusCode::NOT_FOUND),
            ("/outreach?more=1", StatusCode::BAD_REQUEST),
        ] {
            styled(ana.get(path).await, status, path);
        }
        // `%2500` is no such sign.
        assert_eq!(ana.get("/inbox/all?find=%2500").await.0, StatusCode::OK);
        styled(ana.post("/admin/link", &[("login", "a\0b")]).await, StatusCode::BAD_REQUEST, "a form");
        styled(ana.post("/sign-in", &[("login", "a\0"), ("password", "b")]).await, StatusCode::BAD_REQUEST, "sign-in");
        let page = styled(ana.post("/admin/link", &[]).await, StatusCode::UNPROCESSABLE_ENTITY, "a field is missing");
        assert!(page.contains("missing field `login`. Go back"), "{page}");

        assert!(ana.get("/lists?name=nosuch").await.1.contains("There is no list “nosuch”"));
        let name = "n".repeat(61);
        let offer =
            [("name", name.as_str()), ("segment", "country:hk"), ("templates", "a"), ("lasts", "3d"), ("what", "make")];
        let (status, page) = ana.post("/campaigns", &offer).await;
        assert_eq!((status, page.contains("60 at most")), (StatusCode::UNPROCESSABLE_ENTITY, true));
        assert!(page.contains("maxlength=\"60\" placeholder=\"spring-sale\""), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_saved_among_those_that_were_shown() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let page = ana.get("/admin/tags?all=true").await.1;
    assert!(page.contains("name=\"all\" value=\"true\""), "{page}");
    let places = [
        ("true", "", "/admin/tags?all=true"),
        ("false", "", "/admin/tags"),
        ("true", "sofa & co", "/admin/tags?all=true&find=sofa+%26+co"),
    ];
    for (all, find, to) in places {
        let fields = [("label", "Product-Sofa"), ("tag", "product/sofa"), ("all", all), ("find", find)];
        let answer = ana.send("/admin/tags", &fields).await;
        assert_eq!(answer.headers()["location"].to_str().unwrap(), to);
    }
    let (status, page) = ana.post("/admin/tags", &[("label", ""), ("all", "true")]).await;
    assert_eq!((status, page.contains("Only those of people")), (StatusCode::UNPROCESSABLE_ENTITY, true));
}

/// Rules give thousands, by product and by budget: the page stays one that a phone can load, and each is found.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_tags_a_page_shows_some_and_finds_all() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    for n in 0..130 {
        let made = ana.post("/admin/tags", &[("label", format!("Shelf-Number{n:03}").as_str())]).await;
        assert_eq!(made.0, StatusCode::SEE_OTHER, "{}", made.1);
    }
    let rows = |page: &str| page.matches("data-of=\"Contacts\"").count();
    let page = ana.get("/admin/tags").await.1;
    assert_eq!(rows(&page), 100, "{page}");
    assert!(page.contains(" more: find them by") && !page.contains("Number129"), "{page}");
    assert!(page.contains("data-of=\"Last used\">never"), "{page}");
    let page = ana.get("/admin/tags?find=NUMBER129").await.1;
    assert!(rows(&page) == 1 && page.contains(">Shelf-Number129</span>"), "{page}");
    let page = ana.get("/admin/tags?find=nosuch").await.1;
    assert!(
        page.contains("role=\"status\">No tag here has these words.") && page.contains("all=true&amp;find=nosuch"),
        "{page}"
    );
}
