//! How cases are written: dozens of a few kinds. Each kind stands once, and times count from the first of all.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::kept::CaseFacts;
use crate::domain::{Duration, Timestamp};

#[derive(Serialize, Deserialize)]
struct Packed {
    /// The first moment of all.
    f: Timestamp,
    /// Kinds.
    k: Vec<String>,
    /// The case's number and that of its kind, whether it is open, and when that was said.
    c: Vec<(String, usize, u8, Duration)>,
}

/// As cases are written now, or as they were before: a plain list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Packed(Packed),
    Plain(Vec<CaseFacts>),
}

pub(super) fn serialize<S: Serializer>(cases: &[CaseFacts], serializer: S) -> Result<S::Ok, S::Error> {
    let f = cases.iter().map(|(.., at)| *at).min().unwrap_or_default();
    let mut k: Vec<String> = cases.iter().map(|(kind, ..)| kind.clone()).collect();
    k.sort_unstable();
    k.dedup();
    let row = |(kind, case, is_open, at): &CaseFacts| {
        (case.clone(), k.partition_point(|other| other < kind), u8::from(*is_open), *at - f)
    };
    let c = cases.iter().map(row).collect();
    Packed { f, k, c }.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CaseFacts>, D::Error> {
    Ok(match Written::deserialize(deserializer)? {
        Written::Plain(cases) => cases,
        Written::Packed(Packed { f, k, c }) => {
            let case = |(case, kind, is_open, since): (String, usize, u8, Duration)| {
                Some((k.get(kind)?.clone(), case, is_open == 1, f + since))
            };
            c.into_iter().filter_map(case).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::rulebook::Facts;

    #[test]
    fn cases_come_back_as_they_were_written() {
        let case = |kind: &str, case: &str, is_open, at| (kind.to_owned(), case.to_owned(), is_open, Timestamp(at));
        let cases = vec![
            case("complaint", "C-1", true, 1_772_000_000_000),
            case("return", "C-2", false, 1_771_999_000_000),
            case("complaint", "C-3", false, 1_772_000_500_000),
        ];
        let facts = Facts { cases: cases.clone(), ..Facts::default() };
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(json.matches("complaint").count(), 1, "each kind stands once: {json}");
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
        // As they were written before.
        let plain = format!(r#"{{"cases":{}}}"#, serde_json::to_string(&cases).unwrap());
        assert_eq!(serde_json::from_str::<Facts>(&plain).unwrap().cases, cases);
    }
}
