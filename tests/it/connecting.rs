//! A number of one's own: what tells that the shop is still the demo's, why the webhook cannot be reached, and what 360dialog has not.

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use crate::app::{App, NUMBER, binary, binary_on, free_address, sandbox, serving};
use crate::db::Database;
use crate::desk::Person;
use crate::recompute::copy_keywords;

/// A command of an installation with credentials, whose Graph API nobody answers for.
fn hotline(database: &Database, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    let credentials = [
        ("HOTLINE_DATABASE__URL", database.url.as_str()),
        ("HOTLINE_WHATSAPP__APP_SECRET", "s"),
        ("HOTLINE_WHATSAPP__VERIFY_TOKEN", "handshake-word"),
        ("HOTLINE_WHATSAPP__ACCESS_TOKEN", "token"),
        ("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", NUMBER),
        ("HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID", "1"),
        ("HOTLINE_WHATSAPP__GRAPH_URL", "https://127.0.0.1:9"),
        ("HOTLINE_PUBLIC_URL", "https://127.0.0.1:9"),
    ];
    let mut command = binary();
    command.args(arguments).envs(credentials).envs(more.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

#[test]
fn the_demos_shop_is_told_of_and_its_words_are_not_sent_to_meta() {
    let database = Database::empty_sqlite();
    let looked_at = said(&hotline(&database, &["doctor"], &[]));
    assert!(looked_at.contains("fix  shop: still the demo's"), "{looked_at}");
    let pushed = hotline(&database, &["templates", "push", "--yes"], &[]);
    assert_eq!(pushed.status.code(), Some(2));
    assert!(said(&pushed).contains("still the demo's") && said(&pushed).contains("shop.toml"), "{}", said(&pushed));

    // A copy alone is still the demo's; one that is somebody's is not.
    let folder = tempfile::tempdir().unwrap();
    copy_keywords(folder.path());
    let own = [("HOTLINE_KEYWORDS__DIR", folder.path().to_str().unwrap())];
    assert!(said(&hotline(&database, &["doctor"], &own)).contains("still the demo's"));
    let path = folder.path().join("shop.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("Harbour Goods", "Ada's Chairs")).unwrap();
    assert!(!said(&hotline(&database, &["doctor"], &own)).contains("still the demo's"));
    let pushed = said(&hotline(&database, &["templates", "push", "--yes"], &own));
    assert!(pushed.contains("the Graph API cannot be reached"), "{pushed}");
}

/// In the wrong folder, or with a slip in the address, a new database would look well.
#[test]
fn who_looks_for_a_database_that_is_not_there_is_told_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let command = |arguments: &[&str], path: &str| {
        let url = format!("sqlite:{}/{path}", folder.path().display());
        let output = binary().args(arguments).env("HOTLINE_DATABASE__URL", url).output().unwrap();
        (output.status.code(), said(&output))
    };
    let made = || std::fs::read_dir(folder.path()).unwrap().count();
    let (status, told) = command(&["doctor"], "shop.db");
    assert!(
        told.contains("ok   database: there is no database") && told.contains("`hotline serve` makes it"),
        "{told}"
    );
    assert_eq!((status, made()), (Some(0), 0), "{told}");
    let (status, told) = command(&["doctor"], "nosuch/shop.db");
    assert!(status == Some(1) && told.contains("fix  database: there is no folder"), "{told}");
    for arguments in [&["user", "list"][..], &["user", "link", "ana"], &["user", "remove", "ana"]] {
        let (status, told) = command(arguments, "shop.db");
        assert!(status == Some(2) && told.contains("there is no database"), "{told}");
    }
    assert_eq!(made(), 0);
    assert_eq!(command(&["user", "add", "ana", "--role", "admin"], "shop.db").0, Some(0), "before the first start");
    assert!(made() > 0);
}

#[test]
fn why_the_webhook_cannot_be_reached_is_told_to_the_cause_and_without_the_word_of_the_handshake() {
    let database = Database::empty_sqlite();
    let told = |url: &str| said(&hotline(&database, &["doctor"], &[("HOTLINE_PUBLIC_URL", url)]));
    let refused = told("https://127.0.0.1:9");
    assert!(refused.contains("cannot be reached") && refused.contains("Connection refused"), "{refused}");
    assert!(!refused.contains("handshake-word"), "{refused}");
    let nobody = told("https://nobody.invalid");
    assert!(nobody.contains("dns error") || nobody.contains("lookup"), "{nobody}");
    // A server that speaks no TLS.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = format!("https://{}", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let told = told(&plain);
    answering.join().unwrap();
    assert!(told.contains("fix  webhook: ") && told.contains("cannot be reached: "), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_360dialog_nobody_is_led_to_a_list_that_is_not_there() {
    let database = Database::sqlite();
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 80).await;
    let token = "the-token-of-the-webhook-of-360";
    let d360 = [("HOTLINE_WHATSAPP__AUTH", "d360"), ("HOTLINE_WHATSAPP__WEBHOOK_TOKEN", token)];
    let _app = App::start(address, graph, &database, &d360).await;
    let ana = Person::sign_in(&database, address, "ana", "admin").await;
    let page = ana.get("/templates").await.1;
    assert!(page.contains("in its own hub") && !page.contains("BUSINESS_ACCOUNT_ID"), "{page}");
    let looked_at = said(&hotline(&database, &["doctor"], &d360));
    assert!(looked_at.contains("ok   templates: not looked at: 360dialog tells no list"), "{looked_at}");
    assert!(
        looked_at.contains("webhook of 360dialog: https://127.0.0.1:9/webhook/whatsapp cannot be reached"),
        "{looked_at}"
    );
}

/// Meta would take no webhook, and nothing else tells of it.
#[tokio::test(flavor = "multi_thread")]
async fn who_serves_without_the_word_of_the_handshake_is_warned() {
    let database = Database::sqlite();
    let looked_at = said(&hotline(&database, &["doctor"], &[("HOTLINE_WHATSAPP__VERIFY_TOKEN", "")]));
    assert!(looked_at.contains("fix  webhook: HOTLINE_WHATSAPP__VERIFY_TOKEN is not set"), "{looked_at}");
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 80).await;
    let mut command = serving(address, graph, &database);
    command.env_remove("HOTLINE_WHATSAPP__VERIFY_TOKEN").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = command.spawn().unwrap();
    let lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let warned = lines.map_while(Result::ok).any(|line| line.contains("VERIFY_TOKEN is not set"));
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(warned);
}

/// It is looked at before the first start, too, and left as it is.
#[tokio::test]
async fn an_empty_database_of_postgres_is_as_it_should_be_before_the_first_start() {
    let Some(database) = Database::empty_postgres().await else { return };
    let looked_at = said(&binary_on(&database).arg("doctor").output().unwrap());
    assert!(looked_at.contains("ok   database: the database is empty; `hotline serve` makes"), "{looked_at}");
    let again = said(&binary_on(&database).arg("doctor").output().unwrap());
    assert_eq!(again, looked_at, "it has made nothing");
}
