//! What WhatsApp writes itself, from `keywords/chat_exports.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{Problem, SourceFile};

/// Morning or evening half of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Morning,
    Evening,
}

/// Language to what is written in it.
type ByLanguage = BTreeMap<String, Vec<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    day_halves: Halves,
    joins: Joins,
    media: BTreeMap<String, ByLanguage>,
    encrypted: ByLanguage,
    system: ByLanguage,
    edited: ByLanguage,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Halves {
    am: Vec<String>,
    pm: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Joins {
    words: Vec<String>,
}

/// Words of all languages: a chat does not say in which one the phone speaks.
#[derive(Clone, Debug, Default)]
pub struct Words {
    halves: Vec<(String, Half)>,
    joins: Vec<String>,
    media: Vec<(String, String)>,
    encrypted: Vec<String>,
    system: Vec<String>,
    edited: Vec<String>,
}

/// What a text turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Sorted {
    System,
    Said { text: String, media: Option<String> },
}

/// What files are called that a phone made, by what they begin with.
const NAMED: [(&str, &str); 5] =
    [("IMG-", "image"), ("VID-", "video"), ("AUD-", "audio"), ("PTT-", "audio"), ("STK-", "sticker")];
/// What files end in.
const ENDINGS: [(&str, &[&str]); 4] = [
    ("image", &["jpg", "jpeg", "png", "heic", "gif"]),
    ("video", &["mp4", "mov", "3gp"]),
    ("audio", &["opus", "m4a", "mp3", "ogg", "aac", "amr"]),
    ("sticker", &["webp"]),
];

impl Words {
    /// Reads the file.
    ///
    /// # Errors
    /// Where it is wrong.
    pub fn parse(file: &SourceFile) -> Result<Self, Problem> {
        let read: File = toml::from_str(&file.text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            Problem::at(
                &file.path,
                &file.text,
                place,
                error.message(),
                "Compare with the file that ships with Hotline.",
            )
        })?;
        let all = |lists: ByLanguage| lists.into_values().flatten().map(|text| text.to_lowercase()).collect::<Vec<_>>();
        let half = |words: Vec<String>, half| words.into_iter().map(move |word| (word.to_lowercase(), half));
        let mut halves: Vec<_> =
            half(read.day_halves.am, Half::Morning).chain(half(read.day_halves.pm, Half::Evening)).collect();
        // The longest first: `p. m.` before `p`.
        halves.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        let mut media = Vec::new();
        for (kind, lists) in read.media {
            media.extend(all(lists).into_iter().map(|text| (text, kind.clone())));
        }
        let joins = read.joins.words.into_iter().map(|word| word.to_lowercase()).collect();
        let (encrypted, system, edited) = (all(read.encrypted), all(read.system), all(read.edited));
        Ok(Self { halves, joins, media, encrypted, system, edited })
    }

    /// The half of the day that stands at the beginning, and its length in bytes.
    pub(super) fn half(&self, text: &str) -> Option<(Half, usize)> {
        self.halves.iter().find_map(|(word, half)| Some((*half, starts(text, word)?)))
    }

    /// How long the comma or word is that joins date and time, if one stands there.
    pub(super) fn join(&self, text: &str) -> Option<usize> {
        let ends = |text: &str| text.is_empty() || text.starts_with(|c: char| !c.is_alphanumeric());
        let word = || self.joins.iter().filter_map(|word| starts(text, word)).find(|length| ends(&text[*length..]));
        [",", "،"].iter().find_map(|comma| starts(text, comma)).or_else(word)
    }

    /// What a message is.
    pub(super) fn sort(&self, text: &str) -> Sorted {
        let by_program = text.starts_with(is_mark);
        let mut text = clean(text);
        let folded = text.to_lowercase();
        if let Some(ending) = self.edited.iter().find(|ending| folded.ends_with(*ending))
            && folded.len() == text.len()
        {
            text.truncate(text.len() - ending.len());
            text = text.trim_end().to_owned();
        }
        let (first, below) = text.split_once('\n').unwrap_or((&text, ""));
        let said =
            |text: &str, media: &str| Sorted::Said { text: text.trim().to_owned(), media: Some(media.to_owned()) };
        let line = first.trim().trim_end_matches('.').to_lowercase();
        if let Some((_, kind)) = self.media.iter().find(|(label, _)| line == *label || is_behind_a_name(&line, label)) {
            return said(below, kind);
        }
        if let Some(kind) = attached(first) {
            return said(below, kind);
        }
        if line.contains("https://maps.google.com/?q=") && line.len() < 100 {
            return said(below, "location");
        }
        let holds = |words: &[String]| words.iter().any(|words| line.contains(words.as_str()));
        let notice = holds(&self.encrypted) || by_program && holds(&self.system) || self.system.contains(&line);
        if notice && below.is_empty() {
            return Sorted::System;
        }
        Sorted::Said { text: text.trim().to_owned(), media: None }
    }
}

/// A document is called by its name first.
fn is_behind_a_name(line: &str, label: &str) -> bool {
    line.strip_suffix(label).is_some_and(|name| name.contains('.') && name.ends_with(char::is_whitespace))
}

/// Marks that say in which direction text runs, and the mark at the beginning of a file: nobody sees them.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{200b}')
}

/// The text as it is seen.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !is_mark(*c)).map(|c| if c == '\u{202f}' || c == '\u{a0}' { ' ' } else { c }).collect()
}

/// Length in bytes of what stands at the beginning, if it is that word: `word` is in lower case.
fn starts(text: &str, word: &str) -> Option<usize> {
    let mut rest = text.char_indices();
    for wanted in word.chars() {
        let (_, c) = rest.next()?;
        let space = wanted == ' ' && c.is_whitespace();
        if !space && !c.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(rest.next().map_or(text.len(), |(at, _)| at))
}

/// The kind of a file that is attached: `<attached: 0001-PHOTO.jpg>`, `IMG-20231231-WA0001.jpg (file attached)`, in any language.
fn attached(line: &str) -> Option<&'static str> {
    let line = line.trim();
    let name = match line.strip_suffix('>').and_then(|line| line.rsplit_once('<')) {
        Some((_, inner)) => inner.rsplit_once([':', '：'])?.1.trim(),
        None => line.strip_suffix(')')?.rsplit_once(" (").map(|(name, _)| name.trim())?,
    };
    let (_, ending) = name.rsplit_once('.')?;
    let is_ending = (2..=5).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphanumeric());
    if !is_ending || name.contains(' ') && !line.starts_with('<') && !line.contains('<') {
        return None;
    }
    let ending = ending.to_lowercase();
    let named = NAMED.iter().find(|(start, _)| name.starts_with(start)).map(|(_, kind)| *kind);
    let by_ending = ENDINGS.iter().find(|(_, endings)| endings.contains(&ending.as_str())).map(|(kind, _)| *kind);
    Some(named.or(by_ending).unwrap_or("document"))
}
