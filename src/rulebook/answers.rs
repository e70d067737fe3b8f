//! What customers answer of themselves: an occupation in a sentence, and that there is none of what was asked.

use super::signal::{Signal, slug};
use crate::domain::{Event, ProfileEvent};

/// What they are by is told in words around it: “I am a student”.
const CLASSES: [&str; 2] = ["occupation", "household"];
/// So many beginnings stand before one another at most: “I am”, “a”, “full-time”.
const BEGINNINGS: usize = 4;

/// How notes and answers are written, by the files of rules: all as slugs.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// How notes begin that tell what the customer is.
    pub(super) notes_begin: Vec<String>,
    /// What stands before an occupation in an answer.
    pub(super) begin: Vec<String>,
    /// What people answer who have none.
    pub(super) none: Vec<String>,
}

impl Answers {
    /// The value of an answer, and whether it says that there is none.
    pub(super) fn told(&self, signal: Signal, value: &str) -> Signal {
        let value = slug(value);
        let is_none = value.is_empty() || self.none.contains(&value);
        let signal = signal.with("value", value);
        if is_none { signal.with("none", "yes") } else { signal }
    }

    /// The signals of an answer: as it is, and without what stands before an occupation.
    pub(super) fn of_profile(&self, event: &Event, profile: &ProfileEvent) -> Vec<Signal> {
        let signal = || Signal::new("profile", event, None).with("field", profile.field.as_str());
        let whole = self.told(signal(), &profile.value);
        let is_class = CLASSES.contains(&profile.field.as_str());
        let parts = if is_class { self.without_beginnings(&slug(&profile.value)) } else { Vec::new() };
        let bare = parts.into_iter().map(|value| signal().with("value", value).with("bare", "yes"));
        std::iter::once(whole).chain(bare).collect()
    }

    /// What is left of a value where its beginnings are taken off, one or several.
    fn without_beginnings(&self, value: &str) -> Vec<String> {
        let mut left: Vec<String> = Vec::new();
        let mut last = vec![value.to_owned()];
        for _ in 0..BEGINNINGS {
            let shorter = |value: &String| {
                let cut = |begin: &String| Some(value.strip_prefix(begin.as_str())?.trim_start_matches('-').to_owned());
                self.begin.iter().filter_map(cut).collect::<Vec<_>>()
            };
            let mut next: Vec<String> = last.iter().flat_map(shorter).filter(|value| !value.is_empty()).collect();
            next.sort();
            next.dedup();
            next.retain(|value| !left.contains(value));
            left.extend(next.iter().cloned());
            last = next;
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_an_occupation_is_taken_off() {
        let begin = ["i-am", "i", "am", "a", "full-time"].map(str::to_owned).to_vec();
        let answers = Answers { begin, ..Answers::default() };
        for value in ["a-student", "full-time-student", "i-am-a-student", "i-am-a-full-time-student"] {
            assert!(answers.without_beginnings(value).contains(&"student".to_owned()), "{value}");
        }
        for value in ["student", "not-a-student", "former-student"] {
            assert!(!answers.without_beginnings(value).contains(&"student".to_owned()), "{value}");
        }
    }
}
