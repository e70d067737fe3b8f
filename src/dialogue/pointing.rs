//! What customers say of what they were just shown: "the second one", "something cheaper". The words stand in
//! `keywords/pointing.toml`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};
use serde::Deserialize;
use serde_json::Value;

pub(super) use super::cue::Cue;
use super::phrases::Phrases;
use super::words::is_question;
use crate::domain::{Problem, SourceFile};

const FILE: &str = "pointing.toml";
/// The little words of each language.
const LANGUAGES: &str = "languages.toml";
const ADVICE: &str = "Write [first], [second], [third], [middle], [last], [first_two], [variant], [cheaper], [cheapest], [dearer], [dearest], [cheaper_one], [dearer_one], [other_one], [bigger_one], [smaller_one], [both], [others], [best], [said.it], \
                      [said.owned], [said.asks], [said.looking], [said.settled], [said.wrapping], [said.without], [said.fraud], [said.trusted], [said.if], \
                      [said.unpaid], [said.unlimited], [said.takes], [said.or], [said.broken], [said.orders], [said.where], [said.renews], [said.changes], [said.paid], [said.arrives], [said.photo], [said.included], [said.accessory], [said.offers], [said.ours], [said.too_much], [said.goes_on], [said.back], [said.for_it], [said.measure], [said.more], [said.setup], [said.and], [said.for_whom], [said.which_one], [said.this_one], [said.compatible], [said.purpose], [said.other_money], [said.together], [said.link], [said.cheap], [said.ordered], [said.raises], [said.what_is_there], [said.what_if], [said.or_between], [said.days], [said.will_ask] or [said.anything] and lines such as en = [\"first one\"], \
                      [opposite.quiet] with en = [\"loud\"], [needs_of] with dry_skin = \"beauty\", or [part_of] \
                      or [close_to] and lines such as \"electronics/lens\" = [\"electronics/camera\"], [sizes] and lines such as \
                      \"fashion/shoes\" = [30, 50], [loosely.\"food/tea\"] with words = [\"cuppa\"] and not = [\"cuppa soup\"], [likes.tea] with kinds = [\"food/tea\"] and \
                      words = [\"tea\"], property_behind = [\"fr\"] or things = [\"chair\"].";

/// "I do not want a Nova": so many words may stand between, and so many letters where words have no spaces.
const NEAR: usize = 2;
const NEAR_LETTERS: usize = 24;
/// "Do you have photos?"
const SHORT: usize = 4;

/// One thing that they say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pointing {
    First,
    Second,
    Third,
    Last,
    Middle,
    /// The first and the second of a longer list.
    FirstTwo,
    /// In a colour or a size: of that nothing is known here.
    Variant,
    /// It is too dear, or should cost less.
    Cheaper,
    Cheapest,
    /// It may cost more.
    Dearer,
    Dearest,
    /// Of those that they see the one that costs less…
    CheaperOne,
    /// …or more.
    DearerOne,
    /// Of two the one that they do not see.
    OtherOne,
    /// Of those that they see the one that is larger…
    BiggerOne,
    /// …or smaller.
    SmallerOne,
    /// Two things together.
    Both,
    /// Something else of the kind that was shown.
    Others,
    /// The best, which is the dearest.
    Best,
}

/// The words, compiled.
pub(super) struct Pointings {
    words: CharwiseDoubleArrayAhoCorasick<Pointing>,
    parts: BTreeMap<String, Vec<String>>,
    close: BTreeMap<String, Vec<String>>,
    sizes: BTreeMap<String, (u32, u32)>,
    /// What people call kinds of product in a few words, and what is not that: by the kind's place among `loose_kinds`.
    loosely: Phrases<(usize, IsMeant)>,
    loose_kinds: Vec<String>,
    likes: Vec<Liked>,
    /// Languages in which a property stands behind the thing that has it.
    behind: Vec<String>,
    /// Words of grammar by language, in small letters.
    little: BTreeMap<String, BTreeSet<String>>,
    /// Words of sums and of what can be spent, by language.
    money: BTreeMap<String, BTreeSet<String>>,
    /// By language, in small letters.
    cues: BTreeMap<Cue, BTreeMap<String, Vec<String>>>,
    /// The same, to be looked for.
    said: Phrases<(Cue, String)>,
    /// By property and language, in small letters.
    opposites: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Categories, by the properties of skin and the like that only their products have.
    needs_of: BTreeMap<String, String>,
}

/// Whether a phrase names a kind of product, and not something else that is called alike.
type IsMeant = bool;

/// What people call a kind of product in a few words, though it may be much else.
#[derive(Deserialize)]
struct Loosely {
    words: Vec<String>,
    /// What is something else.
    not: Vec<String>,
}

/// What somebody may like, and what there is for it: kinds of product or whole categories.
#[derive(Deserialize)]
struct Liked {
    kinds: Vec<String>,
    words: Vec<String>,
}

/// Of the file of the languages what is heard here.
#[derive(Deserialize)]
struct Languages {
    words: BTreeMap<String, BTreeSet<String>>,
}

/// The file, as it is written.
#[derive(Deserialize)]
struct Written {
    /// Products that are parts of others: what of.
    part_of: BTreeMap<String, Vec<String>>,
    /// Products that are shown for others.
    close_to: BTreeMap<String, Vec<String>>,
    /// Products that come in sizes: the smallest number and the largest.
    sizes: BTreeMap<String, (u32, u32)>,
    loosely: BTreeMap<String, Loosely>,
    said: BTreeMap<Cue, BTreeMap<String, Vec<String>>>,
    /// What names the opposite of a property.
    #[serde(default)]
    opposite: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The category that a property belongs to.
    #[serde(default)]
    needs_of: BTreeMap<String, String>,
    /// What somebody may like.
    #[serde(default)]
    likes: BTreeMap<String, Liked>,
    #[serde(default)]
    property_behind: Vec<String>,
    /// Words of grammar by the list, which tell a language and name things all the same.
    #[serde(default)]
    things: BTreeSet<String>,
    #[serde(flatten)]
    words: BTreeMap<Pointing, BTreeMap<String, Vec<String>>>,
}

impl Pointings {
    /// Reads `pointing.toml` among the files.
    pub(super) fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        match Self::read_file(files) {
            Ok(pointings) => (Some(pointings), Vec::new()),
            Err(problem) => (None, vec![problem]),
        }
    }

    fn read_file(files: &[SourceFile]) -> Result<Self, Problem> {
        let file = SourceFile::required(files, FILE, "what customers say of what they were shown")?;
        let written: Written = file.toml(ADVICE)?;
        // Neighbouring languages share words.
        let mut words = BTreeMap::new();
        for (meaning, languages) in &written.words {
            words.extend(languages.values().flatten().map(|word| (word.to_lowercase(), *meaning)));
        }
        let words = CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(words);
        let words = words.map_err(|error| Problem::at(FILE, &file.text, 0, error.to_string(), ADVICE))?;
        let refused = |error| Problem::at(FILE, &file.text, 0, error, ADVICE);
        let said = Phrases::of(each_cue(&written.said)).map_err(refused)?;
        let (loose_kinds, loose): (Vec<String>, Vec<Loosely>) = written.loosely.into_iter().unzip();
        let loosely = Phrases::of(loose.into_iter().enumerate().flat_map(Loosely::each)).map_err(refused)?;
        let file = SourceFile::required(files, LANGUAGES, "what tells the language of a message")?;
        let Languages { words: mut little } = file.toml("Write [words] and lines such as en = [\"the\"].")?;
        let Written { part_of: parts, close_to: close, sizes, said: cues, opposite: opposites, needs_of, .. } = written;
        little.values_mut().for_each(|words| words.retain(|word| !written.things.contains(word)));
        let (likes, behind) = (written.likes.into_values().collect(), written.property_behind);
        let money = words_of_money(files)?;
        Ok(Self {
            words,
            parts,
            close,
            sizes,
            loosely,
            loose_kinds,
            likes,
            behind,
            little,
            money,
            cues,
            said,
            opposites,
            needs_of,
        })
    }

    /// Whether a word in small letters is one of grammar in that language, and names nothing.
    pub(super) fn is_little(&self, word: &str, language: &str) -> bool {
        self.little.get(language).is_some_and(|words| words.contains(word))
    }

    /// Words of grammar and of talk, in all languages.
    pub(super) fn everyday(&self) -> impl Iterator<Item = &str> {
        let of_talk = self.cues.values().flat_map(BTreeMap::values).flatten();
        self.little.values().flatten().chain(of_talk).map(String::as_str)
    }

    /// Whether a word in small letters is one of sums in that language.
    pub(super) fn is_of_money(&self, word: &str, language: &str) -> bool {
        self.money.get(language).is_some_and(|words| words.contains(word))
    }

    /// Whether a property stands behind the thing that has it: "mesa plegable".
    pub(super) fn is_behind(&self, language: &str) -> bool {
        self.behind.iter().any(|other| other == language)
    }

    /// The kinds of product, and the categories, for what words in small letters tell that somebody likes.
    pub(super) fn liked(&self, words: &str) -> Vec<&str> {
        let told = self.likes.iter().filter(|liked| liked.words.iter().any(|word| stands_in(words, word)));
        told.flat_map(|liked| &liked.kinds).map(String::as_str).collect()
    }

    /// Kinds of product that may be shown for another.
    pub(super) fn close_to(&self, kind: &str) -> &[String] {
        self.close.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether words in small letters say it in that language, or in English.
    pub(super) fn says(&self, cue: Cue, words: &str, language: Option<&str>) -> bool {
        self.places(cue, words, language).next().is_some()
    }

    /// Where words in small letters say it in that language, or in English: bytes, `[start, end)`.
    fn places<'p>(
        &'p self,
        cue: Cue,
        words: &'p str,
        language: Option<&'p str>,
    ) -> impl Iterator<Item = (usize, usize)> + 'p {
        let is_it =
            move |(other, tag): &(Cue, String)| *other == cue && (tag == "en" || Some(tag.as_str()) == language);
        let hits = self.said.in_words(words).filter(move |(_, _, said)| said.iter().any(is_it));
        hits.map(|(start, end, _)| (start, end))
    }

    /// Whether words in small letters speak of what was shown, and not only of something that goes with it.
    pub(super) fn speaks_of_it(&self, words: &str, language: Option<&str>) -> bool {
        self.says(Cue::It, &self.beside(Cue::ForIt, words, language), language)
    }

    /// Words in small letters without those that say it.
    pub(super) fn beside(&self, cue: Cue, words: &str, language: Option<&str>) -> String {
        let mut rest = words.to_owned();
        for (start, end) in self.places(cue, words, language) {
            rest.replace_range(start..end, &" ".repeat(end - start));
        }
        rest
    }

    /// The same as [`Self::says`], where phrases of one word are no more than a part of a short message.
    pub(super) fn says_shortly(&self, cue: Cue, words: &str, language: Option<&str>) -> bool {
        let is_short = words.split_whitespace().count() <= SHORT;
        self.places(cue, words, language).any(|(start, end)| is_short || words[start..end].contains(' '))
    }

    /// Whether words in small letters say it right before a phrase that stands in them, or else right behind it, at their end.
    pub(super) fn says_beside(
        &self,
        cue: Cue,
        words: &str,
        phrase: &str,
        before: bool,
        language: Option<&str>,
    ) -> bool {
        let is_near = |between: &str| {
            between.chars().all(|letter| letter.is_alphabetic() || letter.is_whitespace())
                && between.split_whitespace().count() <= NEAR
                && between.chars().count() <= NEAR_LETTERS
        };
        let of_phrase: Vec<(usize, usize)> = places(words, phrase).collect();
        self.places(cue, words, language).any(|(start, end)| {
            let beside = |(from, to): &(usize, usize)| match before {
                true => end <= *from && is_near(&words[end..*from]),
                false => *to <= start && is_near(&words[*to..start]) && is_near(words[end..].trim_end_matches(is_mark)),
            };
            of_phrase.iter().any(beside)
        })
    }

    /// Whether words in small letters begin with it.
    pub(super) fn begins(&self, cue: Cue, words: &str, language: Option<&str>) -> bool {
        let mut phrases = self.phrases(cue, language);
        phrases.any(|phrase| words.starts_with(phrase.as_str()) && is_whole(words, 0, phrase.len()))
    }

    pub(super) fn phrases<'p>(
        &'p self,
        cue: Cue,
        language: Option<&str>,
    ) -> impl Iterator<Item = &'p String> + use<'p> {
        in_language(self.cues.get(&cue), language)
    }

    /// Whether words in small letters name the opposite of a property: "is it loud?" of what is quiet.
    pub(super) fn names_opposite(&self, need: &str, words: &str, language: Option<&str>) -> bool {
        in_language(self.opposites.get(need), language).any(|phrase| stands_in(words, phrase))
    }

    /// The category that a property belongs to, where it belongs to one.
    pub(super) fn category_of(&self, need: &str) -> Option<&str> {
        self.needs_of.get(need).map(String::as_str)
    }

    /// The kind of product that words in small letters may mean where they name nothing else.
    pub(super) fn loosely(&self, words: &str) -> Option<&str> {
        self.loosely_called(words).map(|(kind, _)| kind)
    }

    /// The same, with what it is called.
    pub(super) fn loosely_called<'w>(&self, words: &'w str) -> Option<(&str, &'w str)> {
        let hits = self.loosely.in_words(words).flat_map(|(start, end, kinds)| {
            kinds.iter().map(move |(kind, is_meant)| (*kind, *is_meant, &words[start..end]))
        });
        let found: Vec<(usize, IsMeant, &str)> = hits.collect();
        let is_other = |kind: usize| found.iter().any(|(other, is_meant, _)| *other == kind && !is_meant);
        let meant = found.iter().filter(|(kind, is_meant, _)| *is_meant && !is_other(*kind));
        let (kind, _, called) = meant.min_by_key(|(kind, ..)| *kind)?;
        Some((self.loose_kinds.get(*kind)?.as_str(), *called))
    }

    /// Whether a kind of product is a part of another.
    pub(super) fn is_part(&self, part: &str, whole: &str) -> bool {
        self.parts.get(part).is_some_and(|wholes| wholes.iter().any(|other| other == whole))
    }

    /// Whether a number in words may be a size of that kind of product.
    pub(super) fn is_size(&self, kind: &str, words: &str) -> bool {
        let Some((least, most)) = self.sizes.get(kind) else { return false };
        let mut numbers = words.split(|letter: char| !goes_on(letter)).filter_map(|number| number.parse::<u32>().ok());
        numbers.any(|number| (least..=most).contains(&&number))
    }

    /// What is left of words in small letters beside the one of those, where they point at nothing else.
    pub(super) fn beside_one(&self, words: &str, those: [Pointing; 2]) -> Option<String> {
        let [one] = self.read(words)[..] else { return None };
        if !those.contains(&one) {
            return None;
        }
        let (start, end, _) = self.hits(words).into_iter().next()?;
        Some([&words[..start], &words[end..]].join(" "))
    }

    /// What is left of words in small letters beside those that point at something.
    pub(super) fn beside_all(&self, words: &str) -> String {
        let mut rest = words.to_owned();
        for (start, end, _) in self.hits(words) {
            rest.replace_range(start..end, &" ".repeat(end - start));
        }
        rest
    }

    /// What words in small letters say, each thing once. A bare number is a place in the list.
    pub(super) fn read(&self, words: &str) -> Vec<Pointing> {
        match words.trim().trim_end_matches(['.', ')', '!']) {
            "1" => return vec![Pointing::First],
            "2" => return vec![Pointing::Second],
            "3" => return vec![Pointing::Third],
            alone => {
                let alone = alone.trim_matches(|mark: char| is_mark(mark) || is_question(mark));
                let of_all = [(Cue::More, Pointing::Others), (Cue::Cheap, Pointing::Cheaper)];
                if let Some((_, pointing)) = of_all.into_iter().find(|(cue, _)| self.is_all(*cue, alone)) {
                    return vec![pointing];
                }
            }
        }
        let mut found = Vec::new();
        for (_, _, meaning) in self.hits(words) {
            if !found.contains(&meaning) {
                found.push(meaning);
            }
        }
        found
    }

    /// Whether words in small letters are a phrase of any language and no more.
    fn is_all(&self, cue: Cue, words: &str) -> bool {
        self.cues.get(&cue).is_some_and(|lists| lists.values().flatten().any(|phrase| phrase == words))
    }

    /// Where words in small letters point at something, in their order; of phrases that overlap the first one counts, and of those that
    /// begin together the longest that ends as a word does.
    fn hits(&self, words: &str) -> Vec<(usize, usize, Pointing)> {
        let all = self.words.find_overlapping_iter(words).map(|hit| (hit.start(), hit.end(), hit.value()));
        let mut hits: Vec<_> = all.filter(|(start, end, _)| is_whole(words, *start, *end)).collect();
        hits.sort_unstable_by_key(|(start, end, _)| (*start, Reverse(*end)));
        let mut free = 0;
        hits.retain(|(start, end, _)| {
            let counts = *start >= free;
            free = if counts { *end } else { free };
            counts
        });
        hits
    }
}

impl Loosely {
    /// Its phrases, with the place of the kind.
    fn each((place, loosely): (usize, Self)) -> impl Iterator<Item = (String, (usize, IsMeant))> {
        let all = [(loosely.words, true), (loosely.not, false)].into_iter();
        all.flat_map(move |(phrases, is_meant)| phrases.into_iter().map(move |phrase| (phrase, (place, is_meant))))
    }
}

/// Every phrase of the cues, with what it says in which language.
fn each_cue(cues: &BTreeMap<Cue, BTreeMap<String, Vec<String>>>) -> impl Iterator<Item = (String, (Cue, String))> {
    let lists = cues.iter().flat_map(|(cue, lists)| lists.iter().map(|(tag, phrases)| (*cue, tag, phrases)));
    lists.flat_map(|(cue, tag, phrases)| phrases.iter().map(move |phrase| (phrase.clone(), (cue, tag.clone()))))
}

/// Every word of the phrases that sums are written with, by language.
fn words_of_money(files: &[SourceFile]) -> Result<BTreeMap<String, BTreeSet<String>>, Problem> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let language = file.path.strip_prefix("money/").and_then(|name| name.strip_suffix(".toml"));
        let Some(language) = language else { continue };
        let written: Value = file.toml("Write lists of phrases, such as budget = [\"spend\"].")?;
        take_words(&written, found.entry(language.to_owned()).or_default());
    }
    Ok(found)
}

fn take_words(written: &Value, found: &mut BTreeSet<String>) {
    match written {
        Value::String(phrase) => found.extend(phrase.to_lowercase().split_whitespace().map(str::to_owned)),
        Value::Array(list) => list.iter().for_each(|item| take_words(item, found)),
        Value::Object(table) => table.values().for_each(|item| take_words(item, found)),
        _ => {}
    }
}

/// The phrases of a language, and the English ones.
fn in_language<'p>(
    lists: Option<&'p BTreeMap<String, Vec<String>>>,
    language: Option<&str>,
) -> impl Iterator<Item = &'p String> + use<'p> {
    let of = |language: &str| lists.and_then(|lists| lists.get(language));
    language.filter(|language| *language != "en").and_then(of).into_iter().chain(of("en")).flatten()
}

fn is_mark(letter: char) -> bool {
    !letter.is_alphanumeric()
}

/// Whether a phrase stands in words as a whole one.
pub(super) fn stands_in(words: &str, phrase: &str) -> bool {
    places(words, phrase).next().is_some()
}

/// Where a phrase stands in words as a whole one. Phrases are many and messages short: to get the standard library's search ready for
/// each phrase would take longer than to look for its first letter.
pub(super) fn places<'w>(words: &'w str, phrase: &'w str) -> impl Iterator<Item = (usize, usize)> + 'w {
    let begins = phrase.chars().next().into_iter().flat_map(move |first| words.match_indices(first));
    let stands = move |start: usize| words[start..].starts_with(phrase) && is_whole(words, start, start + phrase.len());
    begins.filter(move |(start, _)| stands(*start)).map(move |(start, _)| (start, start + phrase.len()))
}

/// Whether what stands between two places begins and ends as a word does.
pub(super) fn is_whole(words: &str, start: usize, end: usize) -> bool {
    let parts = |left: Option<char>, right: Option<char>| !left.is_some_and(goes_on) || !right.is_some_and(goes_on);
    let (before, hit, after) = (&words[..start], &words[start..end], &words[end..]);
    // In Arabic "and" is written in one with the next word.
    let of_word = before.strip_suffix('و').filter(|rest| !rest.ends_with(goes_on)).unwrap_or(before);
    parts(of_word.chars().next_back(), hit.chars().next()) && parts(hit.chars().next_back(), after.chars().next())
}

/// Whether a letter goes on into the next one as one word. Chinese is written without spaces.
fn goes_on(letter: char) -> bool {
    letter.is_alphanumeric() && !('\u{2e80}'..='\u{9fff}').contains(&letter)
}
