//! Timelines that tell what each rule does: tests/scenarios/, one folder for each section of the catalogue.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use hotline::config::Settings;
use hotline::engine::fold::Knowledge;
use hotline::engine::knowledge::{Folders, compile};
use hotline::engine::replay::World;
use hotline::engine::replay::timeline;

use crate::app::binary;
use crate::law::knowledge;
use crate::why;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
    into.sort();
}

/// What came of playing scenarios.
#[derive(Default)]
struct Played {
    /// Expectations that held.
    passed: usize,
    /// Those that did not, with their place.
    failures: Vec<String>,
    /// Files whose second replay left another trace than the first.
    unlike: Vec<String>,
    /// Tags held at an end that the rule which gave them explains.
    explained: usize,
    /// Those that it does not explain.
    unexplained: Vec<String>,
}

/// All scenarios, played once for all tests here, by as many threads as there are processors.
static PLAYED: LazyLock<Played> = LazyLock::new(|| {
    let mut paths = Vec::new();
    files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios")), &mut paths);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Played> = std::thread::scope(|scope| {
        let shares = paths.chunks(paths.len().div_ceil(threads));
        let threads: Vec<_> = shares.map(|share| scope.spawn(move || played(share))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut all = Played::default();
    for part in parts {
        all.passed += part.passed;
        all.failures.extend(part.failures);
        all.unlike.extend(part.unlike);
        all.explained += part.explained;
        all.unexplained.extend(part.unexplained);
    }
    all
});

fn played(paths: &[PathBuf]) -> Played {
    let mut played = Played::default();
    for path in paths {
        let name = path.display();
        let lines =
            timeline::parse(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut one, mut other) = (World::new(knowledge(), true), World::new(knowledge(), true));
        let outcome = one.play(&lines);
        other.play(&lines);
        if one.take_trace() != other.take_trace() {
            played.unlike.push(name.to_string());
        }
        played.passed += outcome.passed;
        for failure in outcome.failures {
            played.failures.push(format!("{name}:{}: {}", failure.line, failure.differences.join("; ")));
        }
        let (explained, unexplained) = why::explain_all(&one, &lines);
        played.explained += explained;
        played.unexplained.extend(unexplained.iter().map(|tag| format!("{name}: {tag}")));
    }
    played
}

#[test]
fn every_scenario_holds() {
    assert!(PLAYED.failures.is_empty(), "{}", PLAYED.failures.join("\n"));
    assert!(PLAYED.passed >= 3_000, "only {} expectations were found", PLAYED.passed);
}

#[test]
fn a_replay_is_repeatable_to_the_byte() {
    assert!(PLAYED.unlike.is_empty(), "{}", PLAYED.unlike.join("\n"));
}

/// Every tag that is held at the end of a scenario is explained by the rule that gave it, with nothing missing that is counted.
#[test]
fn every_tag_of_every_scenario_is_explained_by_the_rule_that_gave_it() {
    assert!(PLAYED.unexplained.is_empty(), "{}", PLAYED.unexplained.join("\n"));
    assert!(PLAYED.explained > 500, "only {} tags were held at the end of a scenario", PLAYED.explained);
}

/// Every entry of the catalogue has a row, and what a row names is there.
#[test]
fn the_catalogue_is_covered_as_far_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut coverage = binary();
    let told = coverage.args(["coverage", "--json"]).current_dir(root).output().unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(rows.len(), 336);
    let mut carried_out = 0;
    for row in &rows {
        let rules = row["rules"].as_array().unwrap().len();
        let place = row["place"].as_str();
        carried_out += usize::from(rules > 0 || place.is_some());
        if let Some(place) = place {
            let file = place.split(':').next().unwrap();
            assert!(root.join(file).is_file(), "{}: {file} is not there", row["id"]);
        }
        for scenario in row["scenarios"].as_array().unwrap() {
            assert!(root.join(scenario.as_str().unwrap()).is_file(), "{}: {scenario}", row["id"]);
        }
    }
    assert_eq!(carried_out, rows.len(), "entries are not carried out");
}

/// The shipped files with other words in one of them.
fn with(path: &str, from: &str, to: &str) -> Knowledge {
    let mut sources = Folders::default().read().unwrap();
    let file = sources.keywords.iter_mut().find(|file| file.path == path).unwrap();
    assert!(file.text.contains(from), "{path} holds {from}");
    file.text = file.text.replace(from, to);
    let (knowledge, problems) = compile(&sources, &Settings::defaults());
    knowledge.unwrap_or_else(|| panic!("{problems:?}"))
}

/// COLOR-27: red, yellow and green only.
#[test]
fn a_shop_may_do_with_three_colours() {
    let timeline = r#"
{"at": "2026-03-02T10:00:00+08:00", "contact": "+85251234567", "event": "message", "text": "Hello"}
{"at": "2026-03-02T11:00:00+08:00", "contact": "+85251234567", "event": "quote", "quote": "Q-1", "action": "asked"}
{"at": "2026-03-02T11:00:01+08:00", "contact": "+85251234567", "expect": {"colour": "yellow", "not_tags": ["color/orange"]}}
{"at": "2026-03-03T10:00:00+08:00", "contact": "+85251234567", "event": "message", "text": "compare the two phones please"}
{"at": "2026-03-03T10:00:01+08:00", "contact": "+85251234567", "expect": {"colour": "red"}}
{"at": "2026-03-07T10:00:00+08:00", "contact": "+85251234567", "expect": {"colour": "yellow"}}
{"at": "2026-03-07T11:00:00+08:00", "contact": "+85251234567", "event": "agent", "agent": "ana", "action": "lost"}
{"at": "2026-03-07T11:00:01+08:00", "contact": "+85251234567", "expect": {"colour": "green", "not_tags": ["color/grey"]}}
{"at": "2026-03-07T12:00:00+08:00", "contact": "+85251234567", "event": "agent", "agent": "ana", "action": "colour", "colour": "orange"}
{"at": "2026-03-07T12:00:01+08:00", "contact": "+85251234567", "expect": {"colour": "yellow"}}
"#;
    let three = "[scheme]\norange = \"yellow\"\ngrey = \"green\"\n";
    let knowledge = with("rules/color.toml", "# [scheme]\n# orange = \"yellow\"\n# grey = \"green\"\n", three);
    let outcome = World::new(&knowledge, false).play(&timeline::parse(timeline).unwrap());
    assert_eq!((outcome.passed, outcome.failures.len()), (5, 0), "{:?}", outcome.failures.first());
}

/// COLOR-27: a colour that stands for another one lasts as long as when it is given itself.
#[test]
fn what_stands_for_another_colour_ends_as_it_does_itself() {
    let timeline = r#"
{"at": "2026-03-02T10:00:00+08:00", "contact": "+85251234567", "event": "message", "text": "hi"}
{"at": "2026-03-02T10:01:00+08:00", "contact": "+85251234567", "event": "sent", "message": "m", "kind": "reply", "by": "agent:A"}
{"at": "2026-03-02T11:00:00+08:00", "contact": "+85251234567", "event": "status", "message": "m", "status": "read"}
{"at": "2026-03-11T10:00:00+08:00", "contact": "+85251234567", "expect": {"colour": "yellow"}}
{"at": "2026-03-12T10:00:00+08:00", "contact": "+85251234567", "expect": {"colour": "green"}}
{"at": "2026-03-13T10:00:00+08:00", "contact": "+85251234567", "event": "message", "text": "compare the two phones please"}
{"at": "2026-03-13T10:00:01+08:00", "contact": "+85251234567", "expect": {"colour": "red"}}
{"at": "2026-03-16T10:01:00+08:00", "contact": "+85251234567", "expect": {"colour": "yellow"}}
{"at": "2026-03-23T10:01:00+08:00", "contact": "+85251234567", "expect": {"colour": "green"}}
{"at": "2026-03-24T10:00:00+08:00", "contact": "+85251234567", "event": "agent", "agent": "ana", "action": "colour", "colour": "orange"}
{"at": "2026-04-20T10:00:00+08:00", "contact": "+85251234567", "expect": {"colour": "yellow"}}
"#;
    let three = "[scheme]\norange = \"yellow\"\ngrey = \"green\"\n";
    let knowledge = with("rules/color.toml", "# [scheme]\n# orange = \"yellow\"\n# grey = \"green\"\n", three);
    let outcome = World::new(&knowledge, false).play(&timeline::parse(timeline).unwrap());
    assert_eq!((outcome.passed, outcome.failures.len()), (6, 0), "{:?}", outcome.failures);
}

/// Each of these expects what is not so while a reminder of a cart is planned, 30 to 60 minutes after it.
#[test]
fn what_is_expected_in_vain_fails() {
    let cart = r#"{"at": "2026-03-02T10:01:00+08:00", "contact": "+85251234567", "event": "cart", "action": "add", "product": "Widget"}"#;
    let knowledge = knowledge();
    let play = |expected: &str| -> Vec<String> {
        let line = format!(r#"{{"at": "2026-03-02T10:01:01+08:00", "contact": "+85251234567", "expect": {expected}}}"#);
        let lines = timeline::parse(&format!("{cart}\n{line}")).unwrap();
        World::new(knowledge, false).play(&lines).failures.into_iter().flat_map(|failed| failed.differences).collect()
    };
    let reminder = r#"{"planned": [{"kind": "reminder", "product": "Widget", "not_before": "2026-03-02T10:31:00+08:00", "not_after": "2026-03-02T11:01:00+08:00"}]}"#;
    assert_eq!(play(reminder), Vec::<String>::new());
    let planned = "reminder of widget 2026-03-02T02:31:00Z to 2026-03-02T03:01:00Z";
    for (expected, said) in [
        (r#"{"planned": []}"#, ["expected nothing planned; planned: [", planned]),
        (
            r#"{"planned": [{"kind": "reminder"}, {"kind": "reminder"}]}"#,
            ["expected planned [reminder, reminder], each for itself", planned],
        ),
        (
            r#"{"planned": [{"kind": "reminder", "not_after": "2026-03-02T10:30:59+08:00"}]}"#,
            ["expected planned [reminder not after 2026-03-02T10:30:59+08:00]", planned],
        ),
        (r#"{"planned": [{"kind": "reminder", "product": "Gadget"}]}"#, ["of Gadget", planned]),
        (r#"{"not_alerts": ["red share"]}"#, ["there is no alert red share", "red-share"]),
    ] {
        let differences: Vec<String> = play(expected);
        assert_eq!(differences.len(), 1, "{expected}: {differences:?}");
        assert!(said.iter().all(|said| differences[0].contains(said)), "{differences:?}");
    }
}

/// A sequence ends with a colour that the shop names, also when the colour changes back before the next step.
#[test]
fn a_colour_ends_a_sequence_where_the_shop_says_so() {
    let timeline = |before_orange: &str, after_orange: &str| {
        format!(
            r#"
{{"at": "2026-03-01T10:00:00+08:00", "contact": "+85251234567", "event": "message", "text": "hello"}}
{{"at": "2026-03-20T10:00:00+08:00", "contact": "+85251234567", "event": "agent", "agent": "ana", "action": "tag_add", "tag": "sequence/win-back"}}
{{"at": "2026-03-23T11:00:00+08:00", "contact": "+85251234567", "expect": {{"planned": {before_orange}}}}}
{{"at": "2026-03-24T10:00:00+08:00", "contact": "+85251234567", "event": "agent", "agent": "ana", "action": "colour", "colour": "orange"}}
{{"at": "2026-03-25T10:00:00+08:00", "contact": "+85251234567", "event": "agent", "agent": "ana", "action": "colour", "colour": "light-green"}}
{{"at": "2026-03-25T10:00:01+08:00", "contact": "+85251234567", "expect": {{"tags": ["sequence/win-back"], "planned": {after_orange}}}}}
"#
        )
    };
    let play = |knowledge: &Knowledge, timeline: &str| {
        World::new(knowledge, false).play(&timeline::parse(timeline).unwrap()).failures.len()
    };
    let offer = r#"[{"kind": "promotion", "not_before": "2026-03-27T10:00:00+08:00"}]"#;
    let stops = "stops = [\"message\", \"handoff\", \"purchase\"]";
    let orange = with("rules/sequences.toml", stops, "stops = [\"message\", \"handoff\", \"purchase\", \"orange\"]");
    assert_eq!((play(knowledge(), &timeline(offer, offer)), play(&orange, &timeline(offer, offer))), (0, 1));
}
