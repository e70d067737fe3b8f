//! What people are told: mistakes in files, settings and calls, in words that say what to do.

use std::path::PathBuf;

use hotline::config::Settings;
use hotline::domain::Severity;
use hotline::engine::knowledge::{Folders, compile};

use crate::app::{Running, binary, http};
use crate::crm::TOKEN;
use crate::db::Database;

/// What is wrong, by how much, with a copy of the shipped dictionaries in which some text is replaced, and whether it is taken.
fn told_of(file: &str, from: &str, to: &str, severity: Severity) -> (bool, String) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/keywords"));
    let mut sources = Folders { keywords: Some(folder), templates: None }.read().unwrap();
    let source = sources.keywords.iter_mut().find(|source| source.path == file).unwrap();
    assert!(source.text.contains(from), "{file} does not hold {from}");
    source.text = source.text.replacen(from, to, 1);
    let (knowledge, problems) = compile(&sources, &Settings::defaults());
    let of = problems.iter().filter(|problem| problem.severity == severity);
    (knowledge.is_some(), of.map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn problems(file: &str, from: &str, to: &str) -> String {
    let (taken, errors) = told_of(file, from, to, Severity::Error);
    assert!(!taken, "the mistake in {file} was taken");
    errors
}

#[test]
fn a_mistake_in_a_dictionary_or_rule_is_told_with_its_place_and_what_to_write() {
    let told = [
        problems("rules/int.toml", "lifetime = \"180d\"", "lifetime = \"180 days\""),
        problems("rules/int.toml", "on = \"click\"", "on = \"clik\""),
        problems("rules/heat.toml", "heat = \"extreme\"", "heat = \"boiling\""),
        problems("rules/season.toml", "bought = [\"*/sunscreen\"], bought_ago", "bought_ago"),
        problems("products/food.toml", "en = [", "english = ["),
        problems("intents/compare.toml", "[words]", "[words"),
        problems("shop.toml", "from = \"09:00\"", "from = \"9 o'clock\""),
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_file_in_another_encoding_is_a_mistake_with_a_place_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    crate::recompute::copy_keywords(folder.path());
    let path = folder.path().join("products/food.toml");
    let mut bytes = std::fs::read(&path).unwrap();
    let line = bytes.iter().filter(|byte| **byte == b'\n').count() + 2;
    bytes.extend(b"\n# f\xfcr alle\n");
    std::fs::write(path, bytes).unwrap();
    let checked = binary().args(["check", "--json", "--keywords", folder.path().to_str().unwrap()]).output().unwrap();
    let problems: Vec<serde_json::Value> = serde_json::from_slice(&checked.stdout).unwrap();
    let wrong = problems.iter().find(|problem| problem["file"] == "products/food.toml").unwrap();
    assert_eq!((checked.status.code(), &wrong["line"], &wrong["severity"]), (Some(1), &line.into(), &"error".into()));
    assert!(wrong["advice"].as_str().unwrap().contains("UTF-8"), "{wrong}");
}

#[test]
fn a_promise_that_would_never_count_is_told_and_taken() {
    for (from, to, says) in [
        ("[promises.red]", "[promises.rde]", "[promises.rde]: nobody is asked for a person for that reason"),
        (
            "\"heat/high-pending\"",
            "\"asleep/long\"",
            "[promises.red] is for who holds the tag asleep/long, which no rule",
        ),
    ] {
        let (taken, doubts) = told_of("rules/handoff.toml", from, to, Severity::Warning);
        assert!(taken && doubts.contains(says), "{doubts}");
    }
}

#[test]
fn a_mistake_in_the_settings_is_told_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let told = |text: &str| {
        let file = folder.path().join("hotline.toml");
        std::fs::write(&file, text).unwrap();
        let error = Settings::load(Some(&file)).err().unwrap().to_string();
        error.replace(&folder.path().display().to_string(), "")
    };
    let told = [
        told("listen = \"here\""),
        told("[whatsapp]\nmessages_per_second = 5000"),
        told("[whatsap]\napp_secret = \"x\""),
        told("[shop]\ntimezone = \"Hong Kong\""),
        told("[shop\n"),
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_call_of_the_api_gets_a_problem_and_a_wrong_event_does_not_hold_back_the_others() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[TOKEN]).await;
    let call = async |token: &str, body: &str| {
        let request = http().post(format!("http://{address}/api/v1/events")).bearer_auth(token).body(body.to_owned());
        let answer = request.send().await.unwrap();
        format!("{}\n{}", answer.status(), answer.text().await.unwrap())
    };
    let events = r#"[{"contact":"+85251234567","event":"click","link":"product","id":"c1"},
        {"contact":"+85251234567","event":"click","link":"product","id":"c1"},
        {"contact":"85251234567","event":"click","link":"product"},
        {"event":"click","link":"product"},
        {"contact":"+85251234567","event":"jump"},
        {"contact":"+85251234567","event":"order","order":"1","state":"payed"},
        {"contact":"+85251234567","event":"location","latitude":22.3,"longitude":114.2,"at":"yesterday"}]"#;
    let told = [call("wrong", "[]").await, call("t0ken", "[").await, call("t0ken", events).await];
    insta::with_settings!({ filters => vec![(r#""seq":\d+"#, "\"seq\":N")] }, {
        insta::assert_snapshot!(told.join("\n\n"));
    });
    // Words and days that no rule could read: one problem each, which says what to write.
    let events = r#"[{"contact":"+85251234567","event":"cart","action":"added"},
        {"contact":"+85251234567","event":"profile","field":"birthday","value":"06/05/1990"},
        {"contact":"+85251234567","event":"profile","field":"due_date","value":"soon"},
        {"event":"weather","place":"Atlantis","date":"2026-03-02","max_c":40},
        {"contact":"+85251234567","event":"profile","field":"birthday","value":"1990-05-06"},
        {"contact":"+85251234567","event":"profile","field":"favourite_film","value":"none","more":1}]"#;
    let told = call("t0ken", events).await;
    for said in [
        "write one of add, remove, checkout, abandon",
        "`birthday` is a day: write 2026-12-31",
        "`due_date` is a day",
        "no city is called so",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!((told.matches("invalid").count(), told.matches("accepted").count()), (4, 2), "{told}");
    // Also what no handler saw.
    let large = "x".repeat(1 << 21);
    let base = format!("http://{address}/api/v1");
    for (request, status) in [
        (http().post(format!("{base}/events")).body(large), 413),
        (http().get(format!("{base}/nothing")), 404),
        (http().delete(format!("{base}/events")), 405),
        (http().get(format!("{base}/contacts/abc/why?tag=x")), 400),
    ] {
        let answer = request.bearer_auth(TOKEN.1).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (status, &"application/problem+json".parse().unwrap())
        );
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert!(problem["status"] == status && !problem["detail"].as_str().unwrap().is_empty(), "{problem}");
    }
    let schema: serde_json::Value =
        http().get(format!("http://{address}/openapi.json")).send().await.unwrap().json().await.unwrap();
    assert!(schema["paths"]["/api/v1/events"]["post"].is_object());
    for route in routes() {
        assert!(schema["paths"][&route].is_object(), "{route} is not described in openapi.json");
    }
}

#[test]
fn a_command_ends_quietly_when_its_reader_has_seen_enough() {
    let piped = format!("{} coverage --json | head -c 10", env!("CARGO_BIN_EXE_hotline"));
    let output = std::process::Command::new("sh").args(["-c", &piped]).output().unwrap();
    assert_eq!((output.stdout.len(), String::from_utf8_lossy(&output.stderr).as_ref()), (10, ""));
}

/// What the API answers to, as its routers say.
fn routes() -> Vec<String> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/api")).unwrap();
    let sources = folder.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let routes = |source: String| {
        let quoted = source.split(".route(").skip(1).filter_map(|rest| rest.split('"').nth(1));
        let ours = quoted.filter(|route| route.starts_with("/api/v1/"));
        ours.map(|route| route.replace("{*", "{")).collect::<Vec<_>>()
    };
    let routes: Vec<_> = sources.flat_map(routes).collect();
    assert!(routes.len() > 20, "{routes:?}");
    routes
}
