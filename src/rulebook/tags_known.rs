//! The tags that rules and the product itself set, and which of them a name with a slip was meant to be.

use super::checks::COLOURS;
use super::compile::HEATS;
use super::rule::Rule;
use crate::domain::SourceFile;

/// Groups whose tags come from the words of customers, and those of sequences.
const OPEN: [&str; 5] = ["budget/*", "category/*", "need/*", "budget-level/*", "sequence/*"];
/// Shorter names are too near each other: `lang/en` is no slip of `lang/es`.
const LEAST_LETTERS: usize = 4;

/// Tags that something sets; `*` stands where a field of an event does.
#[derive(Clone, Debug, Default)]
pub struct KnownTags(Vec<String>);

impl KnownTags {
    /// Those of the rules, those that the product sets by itself, and those that `tags.toml` gives a label.
    pub(super) fn of(rules: &[Rule], files: &[SourceFile]) -> Self {
        let tags = rules.iter().filter_map(|rule| rule.written.tag.as_ref());
        // A tag that is all a field says nothing.
        let of_rules = tags.map(|tag| starred(tag.get_ref())).filter(|tag| !tag.starts_with('*'));
        let of_group = |group: &'static str, names: &'static str| {
            names.split(", ").map(move |name| format!("{group}/{name}")).collect::<Vec<_>>()
        };
        let own = [of_group("color", COLOURS), of_group("heat", HEATS), of_group("stage", "1, 2, 3, 4, 5")].concat();
        let open = OPEN.iter().map(|tag| (*tag).to_owned());
        Self(of_rules.chain(own).chain(open).chain(labelled(files)).collect())
    }

    /// Whether anything sets such a tag; `*` may stand at its end, and fields in it.
    pub fn has(&self, asked: &str) -> bool {
        let asked = starred(asked);
        self.0.iter().any(|known| meet(known.as_bytes(), asked.as_bytes()))
    }

    /// The tag that was meant by one that nothing sets, where it is written with one slip. Tags with other numbers are other tags.
    pub fn meant_by(&self, asked: &str) -> Option<String> {
        if self.has(asked) {
            return None;
        }
        self.0.iter().find_map(|known| {
            let fixed = match known.split_once('*') {
                Some((before, _)) => before.rsplit_once('/')?.0,
                None => known.as_str(),
            };
            let (_, name) = fixed.rsplit_once('/')?;
            let parts = fixed.split('/').count();
            let end = asked.match_indices('/').nth(parts - 1).map_or(asked.len(), |(place, _)| place);
            let (head, rest) = asked.split_at(end);
            let is_meant = name.len() >= LEAST_LETTERS && is_slip(head.trim_end_matches('*'), fixed);
            is_meant.then(|| format!("{fixed}{rest}"))
        })
    }
}

/// What to do about the name of a tag with a slip in it.
pub fn did_you_mean(meant: &str) -> String {
    format!("Did you mean {meant}? If people set a tag of this name, give it a label in tags.toml.")
}

/// The tags that a file of labels names: who lists one means it.
fn labelled(files: &[SourceFile]) -> Vec<String> {
    let file = files.iter().find(|file| file.path == "tags.toml");
    let read = file.and_then(|file| toml::from_str::<toml::Table>(&file.text).ok());
    let tags = read.as_ref().and_then(|read| read.get("tag")?.as_array());
    let keys = tags.into_iter().flatten().filter_map(|tag| tag.get("key")?.as_str());
    keys.map(str::to_owned).collect()
}

/// A tag as rules write it, with `*` for each field.
fn starred(tag: &str) -> String {
    let mut parts = tag.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |starred, part| format!("{starred}*{}", part.split_once('}').map_or("", |(_, behind)| behind)))
}

/// Whether some text is like both patterns. Told from their ends, place by place: stars may be many.
fn meet(one: &[u8], other: &[u8]) -> bool {
    let mut behind = vec![false; other.len() + 1];
    for left in (0..=one.len()).rev() {
        let mut row = vec![false; other.len() + 1];
        for place in (0..=other.len()).rev() {
            let next = row.get(place + 1) == Some(&true);
            row[place] = match (one.get(left), other.get(place)) {
                (None, None) => true,
                (Some(b'*'), _) | (Some(_), Some(b'*')) => next || behind[place],
                (None, Some(b'*')) => next,
                (Some(a), Some(b)) => a == b && behind[place + 1],
                _ => false,
            };
        }
        behind = row;
    }
    behind[0]
}

/// Whether two names differ by one letter, or by two that changed places.
fn is_slip(one: &str, other: &str) -> bool {
    let (mut one, mut other): (&[u8], &[u8]) = (one.as_bytes(), other.as_bytes());
    while let ([a, rest @ ..], [b, others @ ..]) = (one, other)
        && a == b
    {
        (one, other) = (rest, others);
    }
    while let ([rest @ .., a], [others @ .., b]) = (one, other)
        && a == b
    {
        (one, other) = (rest, others);
    }
    let has_figure = one.iter().chain(other).any(u8::is_ascii_digit);
    !has_figure
        && match (one, other) {
            ([_], []) | ([], [_]) | ([_], [_]) => true,
            ([a, b], [c, d]) => a == d && b == c,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(tags: &[&str]) -> KnownTags {
        KnownTags(tags.iter().map(|tag| starred(tag)).collect())
    }

    #[test]
    fn a_tag_is_known_with_any_field_in_it() {
        let known = known(&["heat/medium", "interest/high/{product}-{feature}", "replenish/{category}-17d"]);
        for tag in
            ["heat/medium", "heat/*", "interest/high/earbuds-waterproof", "interest/*", "replenish/food-17d", "*"]
        {
            assert!(known.has(tag), "{tag}");
        }
        for tag in ["heat/mediu", "heat/medium/more", "interest/high", "replenish/food", "hea/*"] {
            assert!(!known.has(tag), "{tag}");
        }
    }

    #[test]
    fn a_slip_is_told_from_another_name() {
        let known = known(&[
            "heat/medium",
            "interest/high/{product}",
            "band/high",
            "benefit/20k",
            "lang/en",
            "quote/{product}",
        ]);
        for (asked, meant) in [
            ("heat/mediun", Some("heat/medium")),
            ("haet/medium", Some("heat/medium")),
            ("heat/mediu", Some("heat/medium")),
            ("interest/hihg/lamp", Some("interest/high/lamp")),
            ("interest/hig/*", Some("interest/high/*")),
            ("benefit/30k", None),
            ("lang/es", None),
            ("quota/lamp", None),
            ("band/height", None),
            ("heat/medium", None),
        ] {
            assert_eq!(known.meant_by(asked).as_deref(), meant, "{asked}");
        }
    }
}
