//! The language of a message: by script, by the little words of each language, by the words of the dictionary that stand
//! in it, by the customer's earlier messages.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::folding::{Folded, Straight, fingerprint, fold_word, is_spaceless, is_word};
use super::known::{KnownWords, Letters, wide_letters};
use super::matcher::{Found, Hit};
use super::names::Names;
use crate::dictionary::files::{ENGLISH, LANGUAGES, Lookup, read};
use crate::dictionary::listing::Listing;
use crate::dictionary::meanings::{Kind, Langs};
use hotline_domain::{Country, Language, Problem, SourceFile};

/// A little word of one language alone says so much…
const LITTLE_WORD: u32 = 12;
/// …a word of the dictionary of one language so much, and each further word of a phrase…
const DICTIONARY_WORD: u32 = 8;
const FURTHER_WORD: u32 = 4;
/// …a short one only so much: "hm"…
const SHORT_WORD: u32 = 3;
/// …a letter that few languages write so much, and all of them together no more than…
const LETTER: u32 = 5;
const ALL_LETTERS: u32 = 10;
/// …and the language of the messages before so much: it decides between equals, and not against two words.
const PRIOR: u32 = 7;
/// The language of the customer's country decides between equals.
const PRIOR_OF_COUNTRY: u32 = 5;
/// English in so few words is in every language: "ok", "stop".
const A_WORD_OR_TWO: usize = 2;
/// The name of a thing is hardly longer, and tells its language less surely than any other word: "yoga mat".
const A_NAME: usize = 3;
/// So many words of another language than before show plainly that it is spoken now.
const PLAIN: usize = 2;
/// Fewer votes tell nothing.
const LEAST: u32 = 4;
/// Fewer letters than this say nothing by statistics, and what follows so many characters says no more.
const ENOUGH_LETTERS: usize = 24;
const MORE_THAN_ENOUGH: usize = 400;

/// Little words that tell languages apart, from `languages.toml`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Languages {
    /// By fingerprint: the languages of a word, and how much it says.
    words: HashMap<u64, (Langs, u32), Straight>,
    /// By fingerprint too.
    everyday: HashMap<u64, Langs, Straight>,
    /// By fingerprint: the languages that say a word too, in whichever lists it stands.
    shared: HashMap<u64, Langs, Straight>,
    known: KnownWords,
    letters: Vec<(char, Langs)>,
    strange: Letters,
    countries: BTreeMap<Country, usize>,
    traditional: Letters,
    simplified: Letters,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguagesFile {
    /// Characters that only the traditional script has, and only the simplified.
    traditional: String,
    simplified: String,
    /// Letters, as they are written, that none of the languages has: whoever writes them speaks another one.
    #[serde(default)]
    strange: String,
    /// Letters, as they are written, that few languages have.
    #[serde(default)]
    letters: BTreeMap<String, String>,
    /// Little words that tell a language.
    words: BTreeMap<String, Vec<String>>,
    /// Everyday words that look like a word of another language's dictionary.
    #[serde(default)]
    everyday: BTreeMap<String, Vec<String>>,
    /// Words of other languages' lists that are as often this language's, in names of things above all.
    #[serde(default)]
    shared: BTreeMap<String, Vec<String>>,
    /// The language that most people of a country write in.
    countries: BTreeMap<Country, String>,
}

fn index_of(language: &str) -> Option<usize> {
    LANGUAGES.iter().position(|known| *known == language)
}

impl Languages {
    pub(crate) fn parse(file: &SourceFile) -> Result<Self, Problem> {
        let written: LanguagesFile = read(file)?;
        let table = |lists: &BTreeMap<String, Vec<String>>| -> Result<Lookup<String, Langs>, Problem> {
            let mut words: Lookup<String, Langs> = Lookup::default();
            for (name, list) in lists {
                let index = index_of(name).ok_or_else(|| {
                    let place = file.text.find(&format!("\n{name} ")).map_or(0, |place| place + 1);
                    let advice = format!("Languages are: {}.", LANGUAGES.join(", "));
                    Problem::at(&file.path, &file.text, place, format!("`{name}` is no language"), advice)
                })?;
                for word in list {
                    let langs = words.entry(fold_word(word)).or_insert(Langs(0));
                    *langs = langs.with(Langs::one(index));
                }
            }
            Ok(words)
        };
        let words = table(&written.words)?;
        let mut everyday = table(&written.everyday)?;
        for (word, langs) in &words {
            let all = everyday.entry(word.clone()).or_insert(Langs(0));
            *all = all.with(*langs);
        }
        let shared = table(&written.shared)?;
        let shared = shared.into_iter().map(|(word, langs)| (fingerprint(word.chars()), langs)).collect();
        let everyday = everyday.into_iter().map(|(word, langs)| (fingerprint(word.chars()), langs)).collect();
        let words = words.into_iter().map(|(word, langs)| (fingerprint(word.chars()), (langs, LITTLE_WORD))).collect();
        let mut letters: BTreeMap<char, Langs> = BTreeMap::new();
        for (index, of_language) in written.letters.iter().filter_map(|(name, list)| Some((index_of(name)?, list))) {
            for letter in of_language.chars().filter(|letter| !letter.is_whitespace()) {
                let langs = letters.entry(letter).or_insert(Langs(0));
                *langs = langs.with(Langs::one(index));
            }
        }
        let letters = letters.into_iter().collect();
        let (traditional, simplified) = (Letters::of(&written.traditional), Letters::of(&written.simplified));
        let countries = written.countries.into_iter();
        let countries = countries.filter_map(|(country, language)| Some((country, index_of(&language)?))).collect();
        let strange = Letters::of(&written.strange);
        let known = KnownWords::default();
        Ok(Self { words, everyday, shared, known, letters, strange, countries, traditional, simplified })
    }

    /// Words about money tell a language too, but less surely.
    pub(crate) fn learn(&mut self, vocabulary: &Lookup<String, Langs>) {
        for (word, langs) in vocabulary {
            let known = self.words.entry(fingerprint(word.chars()));
            known.and_modify(|(known, _)| *known = known.with(*langs)).or_insert((*langs, DICTIONARY_WORD));
        }
    }

    /// The words that the dictionaries are made of.
    pub(crate) fn know(&mut self, listing: &Listing) {
        self.known = KnownWords::of(listing);
    }

    /// The fingerprints of all words that are everyday ones somewhere.
    pub(crate) fn everyday_prints(&self) -> impl Iterator<Item = u64> {
        self.everyday.keys().copied()
    }

    /// The languages of which this is an everyday word.
    pub(crate) fn everyday(&self, word: &str) -> Langs {
        self.everyday_letters(word.chars())
    }

    /// The same for the letters of a word.
    pub(crate) fn everyday_letters(&self, letters: impl Iterator<Item = char>) -> Langs {
        self.everyday.get(&fingerprint(letters)).copied().unwrap_or(Langs(0))
    }

    /// The language that most people of a country write in.
    pub(crate) fn of_country(&self, country: Option<Country>) -> Option<usize> {
        self.countries.get(&country?).copied()
    }

    /// The language of a message as a place in [`LANGUAGES`], or `None` where it shows none and none is known.
    pub(crate) fn detect(&self, folded: &Folded, clues: &Clues<'_>) -> Option<usize> {
        let hint = clues.earlier.and_then(|tag| index_of(tag).or_else(|| index_of(tag.split('-').next()?)));
        let scripts = Scripts::of(&folded.chars);
        let strange = || self.strange_letters(clues.text);
        // A Chinese character says as much as a word. Japanese has some of them between its own letters.
        if scripts.elsewhere > 1 && scripts.elsewhere * 3 >= scripts.chinese + scripts.latin {
            return hint;
        }
        if scripts.chinese > 0 && scripts.chinese * 3 >= scripts.latin + scripts.cyrillic {
            return Some(self.chinese(folded, hint.into_iter().chain(clues.country)));
        }
        // Arabs write a Persian letter now and then, and Russians none of Ukraine's.
        let others = [(scripts.cyrillic, "ru", 0), (scripts.arabic, "ar", 1), (scripts.devanagari, "hi", 0)];
        for (letters, language, borrowed) in others {
            if letters * 2 > scripts.latin && letters > 0 {
                return if strange() > borrowed { hint } else { index_of(language) };
            }
        }
        self.by_words(folded, clues, hint, strange()).or_else(|| by_statistics(folded, scripts.latin)).or(hint)
    }

    /// Whether a text shows more than by the way that it is in that language and not in the one of the messages before: by its
    /// script, or by two words at least that only the one of both has, and more of them than of the other's.
    pub(crate) fn is_plain(&self, folded: &Folded, clues: &Clues<'_>, language: usize) -> bool {
        let Some(earlier) = clues.earlier.and_then(index_of).filter(|earlier| *earlier != language) else {
            return true;
        };
        if LANGUAGES[language].starts_with("zh") || folded.chars.iter().any(|c| script_of(*c) == Some(language)) {
            return true;
        }
        let (mut new, mut old, mut start) = (0, 0, 0);
        for word in folded.chars.split(|c| !is_word(*c) && *c != '\'') {
            let end = start + word.len();
            let around = |hit: &&Hit<'_>| hit.start <= start && end <= hit.end && hit.found != Found::Slip;
            let of_dictionary = || clues.hits.iter().filter(around).fold(Langs(0), |all, hit| all.with(hit.langs));
            // English names of things are said in all languages: "in ear ou over ear".
            let names = language == ENGLISH && clues.hits.iter().filter(around).any(|hit| hit.kind.is_name());
            let langs = match self.words.get(&fingerprint(word.iter().copied())) {
                _ if names => Langs(0),
                Some((langs, _)) => *langs,
                None => of_dictionary(),
            };
            match (langs.has(language), langs.has(earlier)) {
                (true, false) => new += 1,
                (false, true) => old += 1,
                _ => {}
            }
            start = end + 1;
        }
        new >= PLAIN && new > old
    }

    /// The script by its characters; where they are the same in both, as the customer wrote before or as their country does.
    fn chinese(&self, folded: &Folded, mut hints: impl Iterator<Item = usize>) -> usize {
        let count = |set: &Letters| folded.chars.iter().filter(|c| set.has(**c)).count();
        let (traditional, simplified) = (count(&self.traditional), count(&self.simplified));
        match hints.find(|hint| LANGUAGES[*hint].starts_with("zh")) {
            Some(hint) if traditional == simplified => hint,
            _ => index_of(if traditional > simplified { "zh-Hant" } else { "zh-Hans" }).unwrap_or(0),
        }
    }

    /// How many letters of a text none of the languages has.
    fn strange_letters(&self, text: &str) -> usize {
        wide_letters(text).filter(|c| self.strange.has(*c)).count()
    }

    fn by_words(&self, folded: &Folded, clues: &Clues<'_>, hint: Option<usize>, strange: usize) -> Option<usize> {
        let mut said = Votes { of: [0; LANGUAGES.len()], words: 0, heard: Langs(0), talks: false };
        let names = Names::of(clues.hits);
        self.hear_words(&mut said, folded, &names);
        self.hear_hits(&mut said, folded, clues, &names);
        self.hear_letters(&mut said, clues.text);
        let Votes { of: mut votes, words, heard, talks } = said;
        let spoken = hint.filter(|hint| votes[*hint] > 0);
        if let Some(hint) = spoken {
            votes[hint] += PRIOR;
        } else if let Some(country) = clues.country.filter(|country| votes[*country] > 0 || heard.has(*country)) {
            votes[country] += PRIOR_OF_COUNTRY;
        }
        let best = *votes.iter().max()?;
        let mut winners = (0..votes.len()).filter(|index| votes[*index] == best);
        // One word is no evidence against all that was written before: "Pro" is said of phones in every language.
        let least = if hint.is_some() && spoken.is_none() { LITTLE_WORD + 1 } else { LEAST };
        // Each letter of another language takes a word's worth of what speaks for this one.
        let least = least + strange as u32 * DICTIONARY_WORD;
        let winner = winners.next().filter(|_| best >= least)?;
        if let Some(hint) = hint.filter(|_| winner == ENGLISH && words <= A_WORD_OR_TWO) {
            return Some(hint);
        }
        // The English name of a thing is what it is called in many countries: who writes no more is answered as most people there.
        let of_names = winner == ENGLISH && !talks && words <= A_NAME && hint.is_none();
        let said_there = |country: &usize| !has_script(*country) && (heard.has(*country) || !heard.has(ENGLISH));
        if let Some(country) = clues.country.filter(|country| of_names && said_there(country)) {
            return Some(country);
        }
        // Between equals the prior decides; without one, English is what most people mix in. Else either reads the words alike.
        let of_equals = || hint.filter(|hint| votes[*hint] == best).or((votes[ENGLISH] == best).then_some(ENGLISH));
        Some(winners.next().and_then(|_| of_equals()).unwrap_or(winner))
    }

    /// Everyday words, those that are joined by an apostrophe as one.
    fn hear_words(&self, said: &mut Votes, folded: &Folded, names: &Names<'_, '_>) {
        // "don't" is one word.
        let in_word = |run: &Range<usize>| is_word(folded.chars[run.start]) || folded.chars[run.start] == '\'';
        let joined = folded.runs.chunk_by(|one, next| one.end == next.start && in_word(one) && in_word(next));
        for run in joined.filter(|run| in_word(&run[0])) {
            said.words += 1;
            let (start, end) = (run[0].start, run[run.len() - 1].end);
            // "Vivo phone": the name is no Spanish.
            if names.is_of_brand(start, end) {
                continue;
            }
            let print = fingerprint(folded.chars[start..end].iter().copied());
            if let Some((langs, weight)) = self.words.get(&print) {
                let shared = self.shared.get(&print).copied();
                said.vote(names.within(start, end, *langs), shared, *weight);
                said.talks |= shared.is_none();
            }
        }
    }

    /// What the dictionaries know.
    fn hear_hits(&self, said: &mut Votes, folded: &Folded, clues: &Clues<'_>, names: &Names<'_, '_>) {
        // A single word that is listed because it looks like something is as often another language's.
        let looks = |hit: &Hit<'_>| hit.kind == Kind::NotIntent && !folded.chars[hit.start..hit.end].contains(&' ');
        let branded = |hit: &Hit<'_>| hit.kind == Kind::NoThing && names.is_branded(hit.start, hit.end);
        let home = clues.earlier.and_then(index_of).or(clues.country);
        // "Vivo phone" names a brand, and says nothing of where somebody lives.
        let named = |hit: &Hit<'_>| !hit.kind.is_name() && names.is_of_brand(hit.start, hit.end);
        let telling = |hit: &&Hit<'_>| {
            hit.langs != Langs::ALL && !hit.kind.is_half() && !looks(hit) && !branded(hit) && !named(hit)
        };
        let mut hits = clues.hits.iter().filter(telling).peekable();
        while let Some(hit) = hits.next() {
            // A word that stands under several concepts is one word, in all languages that have it.
            let (mut langs, mut is_name) = (hit.langs, hit.kind.is_name());
            while let Some(same) = hits.next_if(|next| (next.start, next.end) == (hit.start, hit.end)) {
                langs = langs.with(same.langs);
                is_name |= same.kind.is_name();
            }
            let chars = &folded.chars[hit.start..hit.end];
            let listed = langs;
            if is_name && chars[0].is_ascii() {
                langs = as_written_in_latin(langs);
            }
            said.heard = said.heard.with(Langs(listed.0 & langs.0));
            said.talks |= !is_name;
            let print = fingerprint(chars.iter().copied());
            langs = names.within(hit.start, hit.end, langs);
            langs = langs.with(self.also(chars, langs, home));
            // "Juta" may be a shoe in Hindi; in Jakarta it is a million.
            let little = self.words.get(&print);
            if little.is_some_and(|(little, _)| little.0 & langs.0 == 0) {
                continue;
            }
            let further = chars.iter().filter(|c| **c == ' ').count().min(3) as u32;
            let weight = match hit.found {
                Found::Slip => SHORT_WORD,
                _ if chars.len() <= 3 && chars[0].is_ascii() => SHORT_WORD,
                _ => DICTIONARY_WORD + further * FURTHER_WORD,
            };
            said.vote(langs, self.shared.get(&print).copied(), weight);
        }
    }

    /// The language that they wrote before or that most people of their country write, and English, of whose words a listing of other
    /// languages is made, each word of it: "winter jacket" stands among the words of Indonesia, and is as good English.
    fn also(&self, chars: &[char], langs: Langs, home: Option<usize>) -> Langs {
        let Some(home) = home.filter(|home| langs != Langs(0) && !langs.has(*home) && !langs.has(ENGLISH)) else {
            return Langs(0);
        };
        let words = chars.split(|c| *c == ' ').map(|word| {
            let little = self.words.get(&fingerprint(word.iter().copied())).map(|(little, _)| *little);
            little.unwrap_or_else(|| self.known.langs(word))
        });
        let all = words.fold(u16::MAX, |all, word| all & word.0);
        let counts = Langs::one(ENGLISH).with(if has_script(home) { Langs(0) } else { Langs::one(home) });
        Langs(all & counts.0)
    }

    /// Letters that few languages have.
    fn hear_letters(&self, said: &mut Votes, text: &str) {
        let mut of_letters = [0_u32; LANGUAGES.len()];
        for letter in wide_letters(text) {
            if let Ok(place) = self.letters.binary_search_by_key(&letter, |(letter, _)| *letter) {
                let langs = self.letters[place].1;
                let share = LETTER / langs.0.count_ones().max(1);
                langs.list().for_each(|index| of_letters[index] = (of_letters[index] + share).min(ALL_LETTERS));
            }
        }
        said.of.iter_mut().zip(of_letters).for_each(|(votes, letters)| *votes += letters);
    }
}

/// What speaks for each language.
struct Votes {
    of: [u32; LANGUAGES.len()],
    /// Words that were looked at.
    words: usize,
    /// Languages that something is listed in.
    heard: Langs,
    /// More was said than names of things.
    talks: bool,
}

impl Votes {
    fn vote(&mut self, langs: Langs, shared: Option<Langs>, weight: u32) {
        // What many languages share says little.
        let share = weight / langs.0.count_ones().max(1);
        let all = if langs == Langs(0) { langs } else { langs.with(shared.unwrap_or(Langs(0))) };
        all.list().filter(|index| *index < LANGUAGES.len()).for_each(|index| self.of[index] += share);
    }
}

/// What is known beside the text itself.
pub(crate) struct Clues<'a> {
    /// As it came in: folding takes letters away that few languages have.
    pub(crate) text: &'a str,
    pub(crate) hits: &'a [Hit<'a>],
    /// The language of the messages before, BCP 47.
    pub(crate) earlier: Option<&'a str>,
    /// The language of the customer's country.
    pub(crate) country: Option<usize>,
}

/// The name of a language.
pub(crate) fn named(index: usize) -> Language {
    Language(LANGUAGES[index].into())
}

#[derive(Default)]
struct Scripts {
    chinese: usize,
    cyrillic: usize,
    arabic: usize,
    devanagari: usize,
    latin: usize,
    /// Letters of languages that are none of ours: Japanese, Thai.
    elsewhere: usize,
}

impl Scripts {
    fn of(chars: &[char]) -> Self {
        let mut scripts = Self::default();
        // Texts without any other letters are counted at a glance.
        if chars.iter().fold(0, |all, c| all | u32::from(*c)) < 0x80 {
            scripts.latin = chars.iter().map(|c| u32::from(c.is_ascii_alphabetic())).sum::<u32>() as usize;
        } else {
            chars.iter().for_each(|c| scripts.add(*c));
        }
        scripts
    }

    fn add(&mut self, c: char) {
        match c {
            '\0'..='\u{7f}' => self.latin += usize::from(c.is_ascii_alphabetic()),
            '\u{400}'..='\u{52f}' => self.cyrillic += 1,
            '\u{4e00}'..='\u{9fff}' => self.chinese += 1,
            '\u{600}'..='\u{6ff}' => self.arabic += usize::from(is_word(c)),
            '\u{900}'..='\u{97f}' => self.devanagari += usize::from(is_word(c)),
            '\u{3041}'..='\u{30ff}' | '\u{e00}'..='\u{e7f}' => self.elsewhere += usize::from(c.is_alphabetic()),
            c if is_spaceless(c) => self.chinese += usize::from(c.is_alphabetic()),
            c => self.latin += usize::from(is_word(c)),
        }
    }
}

/// What is listed in Latin letters for a language that has others is English: "mask" among the words of Hong Kong. Hindi and Arabic
/// are written so, too.
fn as_written_in_latin(langs: Langs) -> Langs {
    let others = ["zh-Hans", "zh-Hant", "ru"].into_iter().filter_map(index_of);
    let others = others.fold(Langs(0), |all, index| all.with(Langs::one(index)));
    match langs.0 & others.0 {
        0 => langs,
        _ => Langs(langs.0 & !others.0).with(Langs::one(ENGLISH)),
    }
}

/// Whether most that is written in a language is in letters of its own.
fn has_script(language: usize) -> bool {
    matches!(LANGUAGES[language], "zh-Hans" | "zh-Hant" | "ru" | "hi" | "ar")
}

/// The language of a letter that only one of them is written in.
fn script_of(letter: char) -> Option<usize> {
    match letter {
        '\u{400}'..='\u{52f}' => index_of("ru"),
        '\u{600}'..='\u{6ff}' => index_of("ar"),
        '\u{900}'..='\u{97f}' => index_of("hi"),
        _ => None,
    }
}

/// For longer texts in which no word is known.
fn by_statistics(folded: &Folded, letters: usize) -> Option<usize> {
    if letters < ENOUGH_LETTERS {
        return None;
    }
    let info = whatlang::detect(&folded.slice(0, folded.chars.len().min(MORE_THAN_ENOUGH)))
        .filter(whatlang::Info::is_reliable)?;
    index_of(match info.lang() {
        whatlang::Lang::Eng => "en",
        whatlang::Lang::Ita => "it",
        whatlang::Lang::Por => "pt",
        whatlang::Lang::Spa => "es",
        whatlang::Lang::Deu => "de",
        whatlang::Lang::Fra => "fr",
        whatlang::Lang::Tur => "tr",
        whatlang::Lang::Ind => "id",
        _ => return None,
    })
}
