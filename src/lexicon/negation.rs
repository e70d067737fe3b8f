//! Words that turn round what stands near them, from `negation.toml`, and how far they reach.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dictionary::files::{LANGUAGES, read};
use crate::search::folding::{Folded, fold_word, is_spaceless, is_word};
use crate::search::trie::Trie;
use hotline_domain::{Intent, Problem, SourceFile};

/// A negator reaches this many words of more than two letters, or characters in scripts without spaces.
const REACH_WORDS: usize = 3;
const REACH_CHARS: usize = 5;
/// In a question it reaches what stands right behind it: "no tienen fundas?" asks for cases.
const REACH_IN_QUESTION: usize = 1;
/// At the end of its clause it takes back so many words.
const REFUSED_WORDS: usize = 2;
/// Words up to this length are not counted.
const LITTLE: usize = 2;
/// No negator reaches further, in characters.
const LONGEST_REACH: usize = 80;
/// Further ahead nobody looks for the end of a clause.
const LONGEST_CLAUSE: usize = 120;

/// What words begin with, so that most places of a text are passed over with a glance. It may be wrong about what begins a
/// word, never about what does not.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Beginnings {
    first: u64,
    second: u64,
}

impl Beginnings {
    fn bit(c: char) -> u64 {
        1 << (u32::from(c) & 63)
    }

    fn add(&mut self, word: &str) {
        let mut letters = word.chars();
        self.first |= letters.next().map_or(0, Self::bit);
        // Behind a word of one letter anything may stand.
        self.second |= letters.next().map_or(u64::MAX, Self::bit);
    }

    fn may_begin(self, chars: &[char], at: usize) -> bool {
        let has = |set: u64, at: usize| chars.get(at).is_some_and(|c| set & Self::bit(*c) != 0);
        has(self.first, at) && (self.second == u64::MAX || has(self.second, at + 1))
    }
}

/// What a word does, one bit each: the hint of its place among the words.
mod role {
    /// It negates what follows.
    pub(crate) const BEFORE: u8 = 1;
    /// It negates what stands before it.
    pub(crate) const AFTER: u8 = 1 << 1;
    /// It negates what stands right before it, where it ends its clause.
    pub(crate) const LAST: u8 = 1 << 2;
    /// It ends a negator's reach.
    pub(crate) const UNTIL: u8 = 1 << 3;
    /// A phrase with a negator in it that negates nothing.
    pub(crate) const NEVER: u8 = 1 << 4;
}

/// The negators of one language, and what bounds their reach.
#[derive(Serialize, Deserialize)]
struct Negators {
    words: Trie,
    /// Of all but those that end a reach.
    beginnings: Beginnings,
}

/// Where the longest word of each role ends that stands at a place.
#[derive(Default)]
struct Standing {
    before: Option<usize>,
    after: Option<usize>,
    last: Option<usize>,
    never: Option<usize>,
}

/// Whether a word that ends here is not a part of a longer one.
fn ends_word(chars: &[char], end: usize) -> bool {
    let goes_on = |c: &char| is_word(*c) || *c == '\'';
    is_spaceless(chars[end - 1]) || !is_word(chars[end - 1]) || !chars.get(end).is_some_and(goes_on)
}

impl Negators {
    /// Of words, as they are written, with their roles.
    fn new<'w>(words: impl Iterator<Item = (&'w String, u8)>) -> Result<Self, String> {
        let (mut roles, mut beginnings) = (BTreeMap::new(), Beginnings::default());
        for (word, role) in words.map(|(word, role)| (fold_word(word), role)).filter(|(word, _)| !word.is_empty()) {
            if role != role::UNTIL {
                beginnings.add(&word);
            }
            *roles.entry(word).or_insert(0) |= role;
        }
        let known: Vec<_> = roles.iter().map(|(word, roles)| (word.as_str(), 0, *roles)).collect();
        Ok(Self { words: Trie::new(&known)?, beginnings })
    }

    fn at(&self, chars: &[char], at: usize) -> Standing {
        let mut found = Standing::default();
        for met in self.words.walk(chars, at).filter(|met| ends_word(chars, met.end)) {
            // Longer ones come later.
            let take =
                |end: &mut Option<usize>, role: u8| *end = if met.hint & role == 0 { *end } else { Some(met.end) };
            take(&mut found.before, role::BEFORE);
            take(&mut found.after, role::AFTER);
            take(&mut found.last, role::LAST);
            take(&mut found.never, role::NEVER);
        }
        found
    }

    /// Whether a word stands here that ends the reach of a negator before it.
    fn ends_reach(&self, chars: &[char], at: usize) -> bool {
        self.words.walk(chars, at).any(|met| met.hint & role::UNTIL != 0 && ends_word(chars, met.end))
    }
}

/// Negators, and what they reach.
#[derive(Serialize, Deserialize)]
pub(crate) struct Negation {
    /// Of each language, in the order of [`LANGUAGES`].
    by_language: Vec<Negators>,
    /// Intents that a negator takes back where it reaches the first word of what says them.
    pub(crate) intents: Vec<Intent>,
    /// Those that it takes back where it reaches any word of what cues say together.
    pub(crate) by_any_word: Vec<Intent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NegationFile {
    before: BTreeMap<String, Vec<String>>,
    after: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    last: BTreeMap<String, Vec<String>>,
    until: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    never: BTreeMap<String, Vec<String>>,
    intents: Vec<String>,
    #[serde(default)]
    by_any_word: Vec<String>,
}

impl Negation {
    pub(crate) fn parse(file: &SourceFile) -> Result<Self, Problem> {
        let written: NegationFile = read(file)?;
        let (intents, by_any_word) = (keyed(file, &written.intents)?, keyed(file, &written.by_any_word)?);
        let negators = |language: &&str| {
            let lists = [
                (&written.before, role::BEFORE),
                (&written.after, role::AFTER),
                (&written.last, role::LAST),
                (&written.until, role::UNTIL),
                (&written.never, role::NEVER),
            ];
            let words = lists.into_iter().flat_map(|(lists, role)| of(lists, language).map(move |word| (word, role)));
            Negators::new(words)
        };
        let by_language = LANGUAGES.iter().map(negators).collect::<Result<_, _>>();
        let by_language =
            by_language.map_err(|message| Problem::at(&file.path, &file.text, 0, message, "Write fewer words."))?;
        Ok(Self { by_language, intents, by_any_word })
    }

    /// Which characters negators reach: a few words behind one that stands before, or in front of one that stands after, up
    /// to the border of the clause. A negator in a name ("sem fio", wireless) reaches nothing; names stand in order. Where
    /// the language is not known, the negators are the English ones.
    pub(crate) fn reach(
        &self,
        folded: &Folded,
        language: Option<usize>,
        mut names: impl Iterator<Item = (usize, usize)>,
    ) -> Reach {
        let chars = &folded.chars;
        let negators = &self.by_language[language.unwrap_or(0)];
        let mut reach = Reach::default();
        let (mut over, mut name) = (0, names.next());
        for at in folded.runs.iter().map(|run| run.start) {
            let begins = at >= over
                && negators.beginnings.may_begin(chars, at)
                && (is_spaceless(chars[at]) || is_word(chars[at]));
            if !begins {
                continue;
            }
            while name.is_some_and(|(_, end)| end <= at) {
                name = names.next();
            }
            let in_name = name.is_some_and(|(start, end)| (start..end).contains(&at));
            let found = negators.at(chars, at);
            // "não chegou amassada" holds "não chegou", which negates nothing: of both the longer one counts.
            let never = found.never.filter(|never| found.before.is_none_or(|before| before <= *never));
            if never.is_none() && !in_name {
                negators.from(chars, at, &found, &mut reach);
            }
            over = never.unwrap_or(at);
        }
        reach
    }
}

/// The words of a language. One list serves both scripts of Chinese.
fn of<'w>(lists: &'w BTreeMap<String, Vec<String>>, language: &str) -> impl Iterator<Item = &'w String> + use<'w> {
    let words = lists.get(language).or_else(|| lists.get(language.split('-').next().unwrap_or_default()));
    words.into_iter().flatten()
}

/// The intents of a list of keys.
fn keyed(file: &SourceFile, keys: &[String]) -> Result<Vec<Intent>, Problem> {
    let intent = |key: &String| {
        Intent::from_key(key).ok_or_else(|| {
            let place = file.text.find(&format!("\"{key}\"")).unwrap_or_default();
            let advice = "Write one that a file in intents/ is named after.";
            Problem::at(&file.path, &file.text, place, format!("`{key}` is no intent"), advice)
        })
    };
    keys.iter().map(intent).collect()
}

impl Negators {
    /// What the negators that stand at a place reach.
    fn from(&self, chars: &[char], at: usize, found: &Standing, reach: &mut Reach) {
        if let Some(end) = found.before {
            // What it says itself is reached too: who does "not need" a person needs none.
            let first = (at..end).find(|place| chars[*place] == ' ').unwrap_or(end);
            let from = if is_spaceless(chars[at]) { at + 1 } else { first };
            reach.add(from, self.end_of_reach(chars, end));
            reach.ends.push(end);
            if let Some((start, end)) = answered(chars, at, end) {
                reach.add(start, end);
            }
        }
        if let Some(start) = found.last.and_then(|end| refused(chars, at, end)) {
            reach.add(start, at);
        }
        // 投影不要 要电视: in Chinese such a word stands at the end of its clause.
        if found.after.is_some_and(|end| !is_spaceless(chars[at]) || ends_clause(chars, end)) {
            let mut words = 0;
            let start = (at.saturating_sub(LONGEST_REACH)..at).rev().take_while(|place| {
                words += usize::from(chars[*place] == ' ');
                !is_border_at(chars, *place) && words <= REACH_WORDS
            });
            reach.add(start.last().unwrap_or(at), at);
        }
    }

    fn end_of_reach(&self, chars: &[char], end: usize) -> usize {
        let spaceless = is_spaceless(chars[end - 1]);
        let ahead = chars[end..].iter().take(LONGEST_CLAUSE);
        let asks = !spaceless && ahead.copied().find(|c| is_border(*c)) == Some('?');
        let most = if asks { REACH_IN_QUESTION } else { REACH_WORDS };
        let mut words = 0;
        let mut place = end;
        while place < chars.len() {
            let begins = chars[place] == ' ' && place + 1 < chars.len();
            if begins {
                let long = chars[place + 1..].iter().take(LITTLE + 1).take_while(|c| is_word(**c)).count() > LITTLE;
                words += usize::from(long);
            }
            let over = is_border_at(chars, place)
                || place >= end + LONGEST_REACH
                || spaceless && place >= end + REACH_CHARS
                || !spaceless && words > most
                || begins && self.ends_reach(chars, place + 1);
            if over {
                break;
            }
            place += 1;
        }
        place
    }
}

/// "Shall I buy it? No": a negator that is a clause by itself answers the question before it.
fn answered(chars: &[char], at: usize, end: usize) -> Option<(usize, usize)> {
    let alone = chars[end..].iter().find(|c| **c != ' ').is_none_or(|c| is_border(*c));
    let asked = chars[..at].iter().rposition(|c| *c != ' ').filter(|place| matches!(chars[*place], '?' | '？'))?;
    let clause = chars[..asked].iter().rev().take(LONGEST_CLAUSE).take_while(|c| !is_border(**c)).count();
    alone.then_some((asked - clause, asked))
}

/// "De cuero no, por favor": a negator that ends its clause is said of the word or two before it; where they begin.
fn refused(chars: &[char], at: usize, end: usize) -> Option<usize> {
    let behind = chars[end..].iter().find(|c| **c != ' ');
    let ends = behind.is_none_or(|c| is_border(*c) && *c != '?');
    let mut words = 0;
    let before = (at.saturating_sub(LONGEST_REACH)..at).rev().take_while(|place| {
        words += usize::from(chars[*place] == ' ');
        !is_border_at(chars, *place) && words <= REFUSED_WORDS
    });
    before.last().filter(|_| ends && !is_spaceless(chars[at]))
}

/// For each character whether a negator reaches it; empty if there is none.
#[derive(Default)]
pub(crate) struct Reach {
    reached: Vec<bool>,
    /// Where words end that negate what follows.
    ends: Vec<usize>,
}

impl Reach {
    pub(crate) fn has(&self, at: usize) -> bool {
        self.reached.get(at).copied().unwrap_or(false)
    }

    /// Whether a word that negates what follows ends within some words: "non scrivetemi" says by itself what is refused.
    pub(crate) fn ends_within(&self, start: usize, end: usize) -> bool {
        let first = self.ends.partition_point(|at| *at <= start);
        self.ends.get(first).is_some_and(|at| *at <= end)
    }

    /// Where the last negator before a place ends, in its clause.
    pub(crate) fn last_before(&self, chars: &[char], at: usize) -> Option<usize> {
        let end = *self.ends[..self.ends.partition_point(|end| *end <= at)].last()?;
        let near = at - end <= LONGEST_REACH && !(end..at).any(|place| is_border_at(chars, place));
        near.then_some(end)
    }

    /// Where the first negator behind a place ends, if it is said in the same clause, which asks nothing.
    pub(crate) fn first_behind(&self, chars: &[char], at: usize) -> Option<usize> {
        let end = *self.ends.get(self.ends.partition_point(|end| *end <= at))?;
        let border = || (at..chars.len().min(at + LONGEST_CLAUSE)).find(|place| is_border_at(chars, *place));
        border().is_none_or(|border| border >= end && chars[border] != '?').then_some(end)
    }

    /// Whether a place is reached by a negator that stands at most so many characters before it.
    pub(crate) fn since(&self, at: usize, most: usize) -> bool {
        self.has(at) && (at.saturating_sub(most + 1)..at).any(|before| !self.has(before))
    }

    fn add(&mut self, start: usize, end: usize) {
        if self.reached.len() < end {
            self.reached.resize(end, false);
        }
        if start < end {
            self.reached[start..end].fill(true);
        }
    }
}

/// Whether nothing of the clause follows.
fn ends_clause(chars: &[char], end: usize) -> bool {
    end >= chars.len() || is_border(chars[end]) || chars[end] == ' '
}

/// Where a clause ends; in scripts without spaces a space ends one, since nobody types a full stop in a chat.
pub(crate) fn is_border_at(chars: &[char], at: usize) -> bool {
    let spaceless = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| is_spaceless(*c));
    is_border(chars[at]) && !in_number(chars, at)
        || chars[at] == ' ' && spaceless(at.checked_sub(1)) && spaceless(Some(at + 1))
}

/// Where a clause ends.
fn is_border(c: char) -> bool {
    is_end(c) || matches!(c, ',' | ';' | '，' | '、' | '；')
}

/// Where a sentence ends: 145.000 is one number.
pub(crate) fn is_end_at(chars: &[char], at: usize) -> bool {
    is_end(chars[at]) && !in_number(chars, at)
}

/// A mark between two digits.
fn in_number(chars: &[char], at: usize) -> bool {
    let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    matches!(chars[at], '.' | ',') && digit(at.checked_sub(1)) && digit(Some(at + 1))
}

/// Where a sentence ends.
pub(crate) fn is_end(c: char) -> bool {
    // Most characters are letters, which two looks tell.
    match c {
        '\0'..='?' => matches!(c, '.' | '!' | '?' | '\n'),
        '。'.. => matches!(c, '。' | '！' | '？'),
        _ => false,
    }
}
