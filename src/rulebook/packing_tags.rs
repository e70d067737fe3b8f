//! How the tags of a contact are written: dozens of them, by a few rules and for a few lengths of time. Each rule's name and each
//! length stands once, and of each tag only what differs from the one before in the order of their names.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::kept::HeldTag;
use crate::domain::{Duration, TagKey, Timestamp};

/// Tags that hold, by name.
type Tags = BTreeMap<TagKey, HeldTag>;

/// How many bytes of its name a tag shares with the one before, the others, since when (after the first of all), the number of
/// its length (-1: for ever), and that of who gave it.
type Row<'a> = (usize, Cow<'a, str>, Duration, i64, usize);

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    /// When the first of them came to hold.
    f: Timestamp,
    /// Who gave them.
    b: Vec<Cow<'a, str>>,
    /// How long they live, from when they were given last.
    l: Vec<Duration>,
    t: Vec<Row<'a>>,
    /// What they are about, where they are about something.
    #[serde(default, skip_serializing_if = "About::is_empty")]
    a: About<'a>,
    /// When those were given last that were given again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    g: Moments,
    /// When those would end by themselves that orders lengthened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    o: Moments,
}

/// Moments, after the first of all tags, each with the rows that it is one of: what is written at once gives several tags again.
type Moments = Vec<(Duration, Vec<usize>)>;

fn moments(tags: &Tags, first: Timestamp, of: impl Fn(&HeldTag) -> Option<Timestamp>) -> Moments {
    let mut moments: BTreeMap<Duration, Vec<usize>> = BTreeMap::new();
    for (row, at) in tags.values().enumerate().filter_map(|(row, held)| Some((row, of(held)?))) {
        moments.entry(at - first).or_default().push(row);
    }
    moments.into_iter().collect()
}

fn by_row(moments: Moments, first: Timestamp) -> HashMap<usize, Timestamp> {
    let of_rows = |(after, rows): (Duration, Vec<usize>)| rows.into_iter().map(move |row| (row, first + after));
    moments.into_iter().flat_map(of_rows).collect()
}

/// What tags are about, by their row. Older states have their names.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum About<'a> {
    Rows(Vec<(usize, Cow<'a, [String]>)>),
    Names(BTreeMap<TagKey, Vec<String>>),
}

impl Default for About<'_> {
    fn default() -> Self {
        Self::Rows(Vec::new())
    }
}

impl About<'_> {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Rows(rows) if rows.is_empty())
    }

    fn take(&mut self, row: usize, tag: &TagKey) -> Vec<String> {
        match self {
            Self::Rows(rows) => {
                let place = rows.binary_search_by_key(&row, |(row, _)| *row);
                place.map(|place| std::mem::take(&mut rows[place].1).into_owned()).unwrap_or_default()
            }
            Self::Names(names) => names.remove(tag).unwrap_or_default(),
        }
    }
}

/// How many bytes two names begin with alike, in whole characters.
fn shared(one: &str, other: &str) -> usize {
    let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    alike.map(|(c, _)| c.len_utf8()).sum()
}

pub(super) fn serialize<S: Serializer>(tags: &Tags, serializer: S) -> Result<S::Ok, S::Error> {
    // What is given again lives on from then: so the few lengths are those that rules name.
    let life = |held: &HeldTag| held.expires.map(|expires| expires - held.given());
    let mut by: Vec<Cow<'_, str>> = tags.values().map(|held| held.by.as_str().into()).collect();
    let mut lives: Vec<Duration> = tags.values().filter_map(life).collect();
    by.sort_unstable();
    by.dedup();
    lives.sort_unstable();
    lives.dedup();
    let first = tags.values().map(|held| held.since).min().unwrap_or_default();
    let mut t: Vec<Row<'_>> = Vec::with_capacity(tags.len());
    let mut before = "";
    for (tag, held) in tags {
        let length = life(held).and_then(|life| lives.binary_search(&life).ok()).map_or(-1, |place| place as i64);
        let shared = shared(before, tag.as_str());
        let rest = tag.as_str()[shared..].into();
        let by = by.binary_search(&held.by.as_str().into()).unwrap_or_default();
        t.push((shared, rest, held.since - first, length, by));
        before = tag.as_str();
    }
    let about = tags.values().enumerate().filter(|(_, held)| !held.about.is_empty());
    let a = About::Rows(about.map(|(row, held)| (row, held.about.as_slice().into())).collect());
    let g = moments(tags, first, |held| (held.given != Duration::ZERO).then(|| held.given()));
    let o = moments(tags, first, |held| held.own_end);
    Packed { f: first, b: by, l: lives, t, a, g, o }.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tags, D::Error> {
    let mut packed = Packed::deserialize(deserializer)?;
    let mut tags = Tags::new();
    let mut before = String::new();
    let (given, own_ends) = (by_row(packed.g, packed.f), by_row(packed.o, packed.f));
    for (row, (shared, rest, since, length, by)) in packed.t.into_iter().enumerate() {
        before.truncate(before.floor_char_boundary(shared));
        before.push_str(&rest);
        let tag: TagKey = before.parse().map_err(|_| D::Error::custom(format!("`{before}` is no tag")))?;
        let since = packed.f + since;
        let given_last = given.get(&row).copied().unwrap_or(since);
        let missing = || D::Error::custom(format!("`{tag}` was given by nobody, or for no length of time"));
        let expires = match usize::try_from(length) {
            Ok(place) => Some(given_last + *packed.l.get(place).ok_or_else(missing)?),
            Err(_) => None,
        };
        let by = packed.b.get(by).ok_or_else(missing)?.to_string();
        let about = packed.a.take(row, &tag);
        let mut held = HeldTag::new(since, expires, by, about);
        held.give(given_last);
        held.own_end = own_ends.get(&row).copied();
        tags.insert(tag, held);
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::rulebook::Facts;

    #[test]
    fn tags_come_back_as_they_were_written() {
        let held = |since: i64, expires: Option<i64>, by: &str, about: &[&str]| {
            let about = about.iter().map(|about| (*about).to_owned()).collect();
            HeldTag::new(Timestamp(since), expires.map(Timestamp), by, about)
        };
        let tags = [
            ("need/waterproof", held(1_000, Some(9_000), "need", &[])),
            ("need/wireless", held(2_000, Some(10_000), "need", &[])),
            ("budget/500", held(3_000, None, "budget", &["phone", "tent"])),
            ("color/red", held(4_000, Some(4_000), "agent:ana", &[])),
        ];
        let tags = tags.into_iter().map(|(tag, held)| (tag.parse().unwrap(), held)).collect();
        let facts = Facts { tags, ..Facts::default() };
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(json.matches("\"need\"").count(), 1, "each rule stands once: {json}");
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
        assert!(json.contains(r#""a":[[0,["phone","tent"]]]"#), "{json}");
        let older = json.replace(r#""a":[[0,["phone","tent"]]]"#, r#""a":{"budget/500":["phone","tent"]}"#);
        assert_eq!(serde_json::from_str::<Facts>(&older).unwrap(), facts);
        let again = |(tag, mut held): (TagKey, HeldTag)| {
            held.give(Timestamp(8_000));
            held.own_end = Some(Timestamp(8_500)).filter(|_| held.expires.is_some());
            (tag, held)
        };
        let facts = Facts { tags: facts.tags.into_iter().map(again).collect(), ..facts };
        let json = serde_json::to_string(&facts).unwrap();
        assert!(json.contains(r#""g":[[7000,[0,1,2,3]]],"o":[[7500,[1,2,3]]]"#), "{json}");
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
        assert!(serde_json::from_str::<Facts>(r#"{"tags":{"f":0,"b":[],"l":[],"t":[[0,"a/b",1,-1,0]]}}"#).is_err());
    }
}
