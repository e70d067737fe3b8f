//! Names of places in a sentence: in its cases, beside the words of everyday that look the same, and inside longer words.

use std::ops::Range;

use super::Places;
use super::gazetteer::{City, Found, folded};
use super::learning::{Told, of_city, of_division};
use super::naming::{POSTCODE, is_spaceless, runs};
use super::persons::{self, Persons};
use super::wording::{Habits, Shown};
use crate::domain::{Contact, Country, Intent, PlaceEvidence, Reading, Span};

/// Words of direction stand in so many words: "sou de".
const DIRECTION: usize = 3;
/// A city of so many people is known by its name alone in other countries too.
const KNOWN_ABROAD: u64 = 250_000;
/// Where somebody is, or where to send, is told within so many words, or characters where there are no spaces: what is behind them is not
/// looked through for names.
const LONGEST: usize = 500;
/// Names in Chinese have at least so many characters.
const CHARACTERS: usize = 2;

/// A place that a sentence names.
#[derive(Clone, Copy)]
pub(super) enum Named<'a> {
    City(&'a City),
    Division(&'a str),
}

/// How the sentences of a contact may name a place.
pub(super) struct Ways<'a> {
    habits: Vec<&'a Habits>,
    /// Only while their language is known.
    pub(super) cases: Option<&'a Habits>,
    pub(super) persons: Vec<&'a Persons>,
}

impl Ways<'_> {
    /// What has to show that words with these forms are a name.
    fn everyday(&self, forms: [Option<&str>; 2]) -> Option<Shown> {
        self.habits.iter().find_map(|habits| forms.iter().flatten().find_map(|form| habits.everyday(form)))
    }
}

/// A word, or a character where there are no spaces.
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) span: Span,
    /// It begins a sentence, where everything has a capital.
    pub(super) opens: bool,
}

/// A sentence in the words that names are made of.
pub(super) struct Sentence<'t> {
    pub(super) words: Vec<Word<'t>>,
    /// What stands between the words of a name.
    pub(super) between: &'static str,
    /// A name has so many words at least.
    least: usize,
    /// What the reading took for goods and what they are like.
    goods: Vec<Span>,
}

impl Places {
    /// A city of the contact's own country in the words of a message about where they are or where to send, else a division of it;
    /// another country or a city of it, where they say that they are there.
    pub(super) fn said(&self, text: &str, contact: &Contact, reading: &Reading) -> Option<Told> {
        let country = contact.country?;
        let language = contact.language.as_ref();
        let persons = persons::of_language(&self.persons, language);
        let ways = Ways { habits: self.wording.habits(language), cases: self.wording.cases(language), persons };
        let goods = || {
            let mentions = [&reading.products, &reading.attributes, &reading.brands];
            mentions.into_iter().flatten().map(|mention| mention.span).collect()
        };
        let mut sentences = vec![Sentence::of_words(text, goods())];
        if is_spaceless(text) {
            sentences.insert(0, Sentence::of_characters(text, goods()));
        }
        let is_there = reading.wants(Intent::Location);
        if let Some(abroad) = is_there.then(|| self.said_abroad(&sentences, &ways, country)).flatten() {
            return Some(abroad);
        }
        let named = sentences.iter().flat_map(|sentence| self.named_in(sentence, &ways, country));
        let named: Vec<Named<'_>> = named.collect();
        let city = named.iter().find(|named| matches!(named, Named::City(_)));
        let Some(place) = city.or_else(|| named.first()) else {
            let abroad = || sentences.iter().find_map(|sentence| self.city_abroad(sentence, &ways, country));
            let city = is_there.then(abroad).flatten()?;
            return Some(of_city(Found { city, district: None }, PlaceEvidence::Said));
        };
        Some(match *place {
            Named::City(city) => of_city(Found { city, district: None }, PlaceEvidence::Said),
            Named::Division(division) => Told { by: PlaceEvidence::Said, ..of_division(country, division) },
        })
    }

    /// The names in a sentence, the longest first, and those that are listed as they are written before those in a case. What stands in
    /// a longer one is none: León in Nuevo León.
    pub(super) fn named_in(&self, sentence: &Sentence<'_>, ways: &Ways<'_>, country: Country) -> Vec<Named<'_>> {
        let mut taken: Vec<Range<usize>> = Vec::new();
        let mut named = Vec::new();
        for cases in std::iter::once(None).chain(ways.cases.map(Some)) {
            for run in runs(sentence.words.len()).filter(|run| sentence.is_name(run)) {
                if taken.iter().any(|other| other.start < run.end && run.start < other.end) {
                    continue;
                }
                let said = sentence.joined(&run);
                let names = match cases {
                    None => vec![folded(&said)],
                    Some(cases) => self.bases_of(&sentence.words[run.clone()], cases),
                };
                let is_thing = names.iter().any(|name| self.wording.longer.contains(name));
                let place = names.iter().find_map(|name| {
                    let place = self.place_called(name, country)?;
                    let base = cases.is_some().then_some(name.as_str());
                    let everyday = ways.everyday([Some(&said.to_lowercase()), base]);
                    let is_meant = self.is_shown(sentence, &run, everyday, ways, country);
                    (is_meant && !self.is_of_street(sentence, &run, place)).then_some(place)
                });
                named.extend(place.filter(|_| !is_thing && !sentence.is_of_another(&run, &ways.persons)));
                if is_thing || place.is_some() {
                    taken.push(run);
                }
            }
        }
        named
    }

    /// A large city of another country that a sentence says somebody is in: "I live in London". Of names that several have the largest
    /// is meant.
    fn city_abroad(&self, sentence: &Sentence<'_>, ways: &Ways<'_>, own: Country) -> Option<&City> {
        let mut taken: Vec<Range<usize>> = Vec::new();
        let directions: Vec<&Habits> = ways.habits.iter().copied().chain([self.countries.directions()]).collect();
        for run in runs(sentence.words.len()).filter(|run| sentence.is_name(run)) {
            if taken.iter().any(|other| other.start < run.end && run.start < other.end) {
                continue;
            }
            let said = sentence.joined(&run);
            let mut names = vec![folded(&said)];
            names
                .extend(ways.cases.map(|cases| self.bases_of(&sentence.words[run.clone()], cases)).unwrap_or_default());
            let is_thing = names.iter().any(|name| self.wording.longer.contains(name));
            let is_everyday = ways.everyday([Some(&said.to_lowercase()), None]).is_some();
            let called = |name: &String| self.gazetteer.called(name, None).filter(|city| city.people >= KNOWN_ABROAD);
            let city = names.iter().find_map(called);
            let span = sentence.span(&run);
            let is_meant = |city: &&City| {
                city.country != own
                    && !is_thing
                    && !sentence.is_of_another(&run, &ways.persons)
                    && sentence.is_directed(&run, &directions)
                    && (!is_everyday || sentence.has_capital(&run))
                    && !sentence.goods.iter().any(|goods| goods.covers(span))
                    && !self.is_of_street(sentence, &run, Named::City(city))
            };
            if let Some(city) = city.filter(is_meant) {
                return Some(city);
            }
            if is_thing || city.is_some() {
                taken.push(run);
            }
        }
        None
    }

    pub(super) fn place_called(&self, name: &str, country: Country) -> Option<Named<'_>> {
        let city = self.gazetteer.called_in(name, country).map(Named::City);
        city.or_else(|| self.gazetteer.division_called(name, country).map(Named::Division))
    }

    /// Whether words with the name of a place mean that place: they are no word of everyday, or something shows that they are none.
    fn is_shown(
        &self,
        sentence: &Sentence<'_>,
        run: &Range<usize>,
        everyday: Option<Shown>,
        ways: &Ways<'_>,
        country: Country,
    ) -> bool {
        let span = sentence.span(run);
        let is_part = |goods: &Span| goods.covers(span) && *goods != span;
        let is_thing = sentence.goods.contains(&span);
        let is_directed = || sentence.is_directed(run, &ways.habits) || self.is_addressed(sentence, run, country);
        let is_meant = match everyday.or(is_thing.then_some(Shown::Either)) {
            None => true,
            Some(Shown::Direction) => is_directed(),
            Some(Shown::Capital) => sentence.has_capital(run),
            Some(Shown::Either) => is_directed() || sentence.has_capital(run),
        };
        is_meant && !sentence.goods.iter().any(is_part)
    }

    /// Whether a name stands as in an address: behind a postcode, or before one or a division's letters.
    fn is_addressed(&self, sentence: &Sentence<'_>, run: &Range<usize>, country: Country) -> bool {
        let least = self.gazetteer.postcode(country).unwrap_or(POSTCODE);
        let is_postcode = |word: &Word<'_>| word.text.len() >= least && word.text.chars().all(|c| c.is_ascii_digit());
        let is_code = |word: &Word<'_>| {
            word.text.chars().all(char::is_uppercase) && self.gazetteer.division_coded(word.text, country).is_some()
        };
        let before = run.start.checked_sub(1).and_then(|place| sentence.words.get(place));
        let after = sentence.words.get(run.end);
        before.is_some_and(is_postcode) || after.is_some_and(|word| is_postcode(word) || is_code(word))
    }

    /// Whether a name is a street's, or a city's in the name of its province: "via Roma", 北京路, 吉林省.
    fn is_of_street(&self, sentence: &Sentence<'_>, run: &Range<usize>, place: Named<'_>) -> bool {
        if sentence.between.is_empty() {
            let rest = sentence.joined(&(run.end..sentence.words.len()));
            return matches!(place, Named::City(_))
                && self.wording.apart.iter().any(|sign| rest.starts_with(sign.as_str()));
        }
        let after = sentence.words.get(run.end).map(|word| folded(word.text));
        let mut before = sentence.before(run);
        after.is_some_and(|word| self.wording.apart.contains(&word))
            || before.any(|words| self.wording.streets.contains(&words))
    }

    /// The names that words of a sentence may be forms of.
    pub(super) fn bases_of(&self, words: &[Word<'_>], cases: &Habits) -> Vec<String> {
        together(&words.iter().map(|word| self.bases(word.text, cases)).collect::<Vec<_>>())
    }

    /// The words of names that a word of a sentence may be a form of: “москва” of “Москве”.
    fn bases(&self, word: &str, cases: &Habits) -> Vec<String> {
        let said = folded(word);
        let mut bases = Vec::new();
        if cases.apostrophe {
            bases.extend(word.split_once(['\'', '’']).map(|(name, _)| folded(name)));
        }
        let is_long = |base: &String| base.chars().count() >= cases.shortest;
        for (ending, names) in &cases.endings {
            let Some(stem) = said.strip_suffix(ending.as_str()) else { continue };
            bases.extend(names.iter().map(|name| format!("{stem}{name}")).filter(is_long));
        }
        for (front, names) in &cases.fronts {
            let Some(rest) = said.strip_prefix(front.as_str()) else { continue };
            bases.extend(names.iter().map(|name| format!("{name}{rest}")).filter(is_long));
        }
        bases.push(said);
        bases.retain(|base| self.gazetteer.is_word(base) || self.countries.is_word(base));
        bases
    }
}

impl<'t> Sentence<'t> {
    fn of_words(text: &'t str, goods: Vec<Span>) -> Self {
        let is_inside = |c: char| c.is_alphanumeric() || "'’".contains(c) || is_mark(c);
        let mut words: Vec<Word<'t>> = Vec::new();
        let (mut opens, mut position) = (true, 0);
        for part in text.split_inclusive(|c: char| !is_inside(c)) {
            let word = part.trim_end_matches(|c: char| !is_inside(c));
            let length = word.chars().count() as u32;
            if !word.is_empty() {
                words.push(Word { text: word, span: Span { start: position, end: position + length }, opens });
                opens = false;
            }
            if words.len() == LONGEST {
                break;
            }
            opens |= part[word.len()..].contains(['.', '!', '?', '¿', '¡', '…', '\n', ':']);
            position += part.chars().count() as u32;
        }
        Self { words, between: " ", least: 1, goods }
    }

    fn of_characters(text: &'t str, goods: Vec<Span>) -> Self {
        let places = text.char_indices().zip(0_u32..).take(LONGEST);
        let words = places.map(|((at, c), place)| Word {
            text: &text[at..at + c.len_utf8()],
            span: Span { start: place, end: place + 1 },
            opens: false,
        });
        Self { words: words.collect(), between: "", least: CHARACTERS, goods }
    }

    /// Whether a name may have these words.
    pub(super) fn is_name(&self, run: &Range<usize>) -> bool {
        let mut words = self.words[run.clone()].iter();
        run.len() >= self.least && !(self.between.is_empty() && words.any(|word| word.text.is_ascii()))
    }

    pub(super) fn joined(&self, run: &Range<usize>) -> String {
        let words: Vec<&str> = self.words[run.clone()].iter().map(|word| word.text).collect();
        words.join(self.between)
    }

    /// Where a run of words stands, which is not empty.
    fn span(&self, run: &Range<usize>) -> Span {
        let words = &self.words[run.clone()];
        let (first, last) = (words.first(), words.last());
        Span { start: first.map_or(0, |word| word.span.start), end: last.map_or(0, |word| word.span.end) }
    }

    /// The words before a run, the last few of them, fewer and fewer.
    fn before(&self, run: &Range<usize>) -> impl Iterator<Item = String> {
        let starts = run.start.saturating_sub(DIRECTION)..run.start;
        starts.map(move |start| folded(&self.joined(&(start..run.start))))
    }

    /// Whether words before or after tell that somebody is there or that something goes there.
    pub(super) fn is_directed(&self, run: &Range<usize>, habits: &[&Habits]) -> bool {
        let is_ending = |habits: &&&Habits| {
            habits.apostrophe && self.words[run.end - 1].text.trim_end_matches(['\'', '’']).contains(['\'', '’'])
        };
        let mut before = self.before(run);
        let after = self.words.get(run.end).map(|word| folded(word.text));
        habits.iter().any(|habits| is_ending(&habits))
            || before.any(|words| habits.iter().any(|habits| habits.is_before(&words)))
            || after.is_some_and(|word| habits.iter().any(|habits| habits.is_after(&word)))
    }

    /// Whether a name has a capital inside the sentence, where few words have one.
    fn has_capital(&self, run: &Range<usize>) -> bool {
        let is_capital = |word: &Word<'_>| word.text.starts_with(char::is_uppercase);
        let others = self.words[..run.start].iter().chain(&self.words[run.end..]);
        let others: Vec<&Word<'_>> = others.filter(|word| !word.opens).collect();
        let capitals = others.iter().filter(|word| is_capital(word)).count();
        let name = &self.words[run.start];
        is_capital(name) && !name.opens && capitals * 2 < others.len()
    }
}

/// All ways to put one word of each list behind the other.
fn together(words: &[Vec<String>]) -> Vec<String> {
    words.iter().fold(vec![String::new()], |begun, next| {
        let go_on = |name: &String| {
            next.iter().map(|word| format!("{name} {word}").trim_start().to_owned()).collect::<Vec<_>>()
        };
        begun.iter().flat_map(go_on).collect()
    })
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}
