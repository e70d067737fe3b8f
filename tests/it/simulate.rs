//! `hotline simulate`: the same seed, the same world; a gate that never makes Meta say no.

use crate::app::binary;
use serde_json::Value;

fn simulate(arguments: &[&str]) -> String {
    let output = binary().arg("simulate").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_gate_causes_no_error_and_fewer_blocks_than_sending_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("chart.svg");
    let arguments = ["--days", "9", "--contacts", "400", "--portfolio", "100", "--seed", "3", "--json"];
    let said = simulate(&[&arguments[..], &["--chart", chart.to_str().unwrap()]].concat());
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["api_errors_caused"], serde_json::json!({}), "{said}");
    // Numbers of the United States get no marketing templates from Meta.
    assert!(report["refused"]["country-without-marketing"].as_u64().unwrap() > 0, "{said}");
    assert!(report["allowed_rate_used"].as_f64().unwrap() >= 0.97, "{said}");
    assert!(report["backlog_minutes"].as_u64().unwrap() > 60, "{said}");
    // A hundred customers a day: the rest of the four hundred has to wait for the next one.
    assert!(report["minutes_to_drain"].as_u64().unwrap() > 24 * 60, "{said}");
    assert!(report["blocks"].as_u64() <= report["naive"]["blocks"].as_u64(), "{said}");
    assert!(report["naive"]["api_errors_caused"]["130429"].as_u64().unwrap() > 0, "{said}");
    assert!(report["sent"]["promotion"].as_u64().unwrap() > 100, "{said}");
    let chart = std::fs::read_to_string(chart).unwrap();
    assert!(chart.starts_with("<svg") && chart.trim_end().ends_with("</svg>") && !chart.contains("NaN"));
    // The same plan, the same world, to the last figure.
    assert_eq!(said, simulate(&arguments));
}
