//! How the counters of a contact are written: they are most of its state, and one event counts in many of them.
//!
//! Each moment stands once, in order of time, as steps from the one before; each value once; and where one counter holds
//! just what another does, only that one's name. In memory they are plain lists, see [`Counters`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::kept::Entry;
use crate::domain::{Duration, Timestamp};

/// By rule, then by what it is counted for.
pub(super) type Counters = BTreeMap<String, BTreeMap<String, Vec<Entry>>>;

/// A moment at which something counted: milliseconds since the one before, the event's number less the one before's, and
/// how long before the burst began that it belongs to (see [`moment`]).
type Step = (i64, i64, i64);

/// How an entry is written: a moment's number and one of these, as `number * 3 + form`; then what the form says.
const PLAIN: i64 = 0;
/// Its weight follows.
const WEIGHED: i64 = 1;
/// Its weight and the number of its value follow.
const VALUED: i64 = 2;

#[derive(Default, Serialize, Deserialize)]
struct Packed<'a> {
    m: Vec<Step>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    v: Vec<Cow<'a, str>>,
    c: BTreeMap<Cow<'a, str>, BTreeMap<Cow<'a, str>, Vec<i64>>>,
    /// Counters that hold just what another does.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    l: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

/// What tells one moment from another: when it was, its event, and how long after the beginning of its burst it was, as that is
/// written. −1 is in none; what came late may be older than that beginning, and stands one lower.
fn moment(entry: &Entry) -> (Timestamp, i64, i64) {
    let since = entry.burst.map_or(-1, |burst| {
        let since = (entry.at - burst).0;
        since - i64::from(since < 0)
    });
    (entry.at, entry.seq, since)
}

pub(super) fn serialize<S: Serializer>(counters: &Counters, serializer: S) -> Result<S::Ok, S::Error> {
    let all = || counters.values().flat_map(BTreeMap::values).flatten();
    let mut moments: Vec<_> = all().map(moment).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut values: Vec<&str> = all().map(|entry| entry.value.as_str()).filter(|value| !value.is_empty()).collect();
    values.sort_unstable();
    values.dedup();
    let write = |entries: &Vec<Entry>| {
        let mut list = Vec::with_capacity(entries.len() * 2);
        for entry in entries {
            let number = moments.binary_search(&moment(entry)).unwrap_or_default() as i64 * 3;
            match (entry.weight, values.binary_search(&entry.value.as_str())) {
                (weight, Ok(value)) => list.extend([number + VALUED, weight, value as i64]),
                (0, Err(_)) => list.push(number + PLAIN),
                (weight, Err(_)) => list.extend([number + WEIGHED, weight]),
            }
        }
        list
    };
    let mut packed = Packed::default();
    let mut written: Vec<(&String, &BTreeMap<String, Vec<Entry>>)> = Vec::new();
    for (name, groups) in counters {
        if let Some((other, _)) = written.iter().find(|(_, other)| *other == groups) {
            packed.l.insert(name.into(), (*other).into());
            continue;
        }
        written.push((name, groups));
        let groups = groups.iter().map(|(group, entries)| (group.into(), write(entries))).collect();
        packed.c.insert(name.into(), groups);
    }
    let mut before = (Timestamp(0), 0);
    for (at, seq, burst) in moments {
        packed.m.push(((at - before.0).0, seq - before.1, burst));
        before = (at, seq);
    }
    packed.v = values.into_iter().map(Cow::Borrowed).collect();
    packed.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Counters, D::Error> {
    let packed = Packed::deserialize(deserializer)?;
    let (mut at, mut seq) = (Timestamp(0), 0);
    let mut moments = Vec::with_capacity(packed.m.len());
    for (step, next, since) in packed.m {
        at = at + Duration::millis(step);
        seq += next;
        moments.push((at, seq, (since != -1).then(|| at - Duration::millis(since + i64::from(since < 0)))));
    }
    let mut counters = Counters::new();
    for (name, groups) in packed.c {
        let mut own = BTreeMap::new();
        for (group, list) in groups {
            let entries = read(&list, &moments, &packed.v);
            let entries = entries.ok_or_else(|| D::Error::custom(format!("`{name}` counts what is not there")))?;
            own.insert(group.into_owned(), entries);
        }
        counters.insert(name.into_owned(), own);
    }
    for (name, other) in packed.l {
        let same = counters.get(&*other).cloned();
        let same = same.ok_or_else(|| D::Error::custom(format!("`{name}` is like `{other}`, which is not there")))?;
        counters.insert(name.into_owned(), same);
    }
    Ok(counters)
}

/// The entries of one list; `None` where it names a moment or a value that is not there.
fn read(list: &[i64], moments: &[(Timestamp, i64, Option<Timestamp>)], values: &[Cow<'_, str>]) -> Option<Vec<Entry>> {
    let mut entries = Vec::with_capacity(list.len());
    let mut list = list.iter().copied();
    while let Some(number) = list.next() {
        let (at, seq, burst) = *moments.get(usize::try_from(number / 3).ok()?)?;
        let form = number % 3;
        let weight = if form == PLAIN { 0 } else { list.next()? };
        let value = match form {
            VALUED => values.get(usize::try_from(list.next()?).ok()?)?.to_string(),
            _ => String::new(),
        };
        entries.push(Entry { at, seq, burst, weight, value });
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::rulebook::Facts;

    #[test]
    fn counters_come_back_as_they_were_written() {
        let entry = |at: i64, seq, burst: Option<i64>, weight, value: &str| Entry {
            at: Timestamp(at),
            seq,
            burst: burst.map(Timestamp),
            weight,
            value: value.into(),
        };
        let list = vec![
            entry(1_000, 7, Some(1_000), 0, ""),
            entry(1_000, 7, Some(400), 150, ""),
            entry(1_000, 8, Some(1_001), 0, ""),
            entry(1_000, 9, Some(31_000), 0, ""),
            entry(90_000, 5, None, 0, "A-1"),
        ];
        let groups =
            BTreeMap::from([(String::new(), list.clone()), ("phone|waterproof".into(), vec![list[4].clone()])]);
        let facts = Facts {
            counters: BTreeMap::from([
                ("b".into(), groups.clone()),
                ("a".into(), groups),
                ("c".into(), BTreeMap::new()),
            ]),
            ..Facts::default()
        };
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(json.matches("phone|waterproof").count(), 1, "what is alike stands once: {json}");
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
        assert!(serde_json::from_str::<Facts>(r#"{"counters":{"m":[],"c":{"a":{"":[3]}}}}"#).is_err());
        assert!(serde_json::from_str::<Facts>(r#"{"counters":{"m":[],"c":{},"l":{"a":"b"}}}"#).is_err());
    }
}
