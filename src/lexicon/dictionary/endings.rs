//! Forms that words take in a sentence, from `endings.toml`: which letters of a listed word fall away, what may follow, and
//! what may stand in front. Forms are not listed anywhere: the matcher finds what all of them share, and the rest of the
//! word is looked at here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::files::{LANGUAGES, read};
use super::meanings::Meaning;
use crate::search::folding::fold_word;
use hotline_domain::{Problem, SourceFile};

/// No more forms than this are made of the words of a phrase before the last.
const MOST_VARIANTS: usize = 48;
/// At least so many letters of a word stay.
const LEAST_STEM: usize = 2;
/// What is written in front of words has at most so many.
const LONGEST_FRONT: usize = 32;
/// The first part of a compound has at least so many letters.
pub(crate) const LEAST_FRONT: usize = 3;

/// The class of a word as it is listed: nothing in front, nothing behind.
pub(crate) const LISTED: u16 = 0;

/// What may follow what is left of a word, and stand in front of it.
#[derive(Serialize, Deserialize)]
struct Class {
    language: usize,
    /// What an ending must begin with: the softened last letter.
    lead: Option<char>,
    /// Endings; those of a later slot follow those of an earlier one.
    slots: Vec<Vec<Box<[char]>>>,
    /// Nothing may follow either.
    bare: bool,
    /// The listed word is whole: it may stand behind a front with nothing behind it.
    whole: bool,
}

impl Class {
    /// What follows begins with one of these: see [`bit`].
    fn begin(&self) -> u64 {
        match self.lead {
            Some(lead) => bit(lead),
            None => self.slots.iter().flatten().filter_map(|ending| ending.first()).fold(0, |all, c| all | bit(*c)),
        }
    }

    /// It ends with one of these.
    fn end(&self) -> u64 {
        self.slots.iter().flatten().filter_map(|ending| ending.last()).fold(0, |all, c| all | bit(*c))
    }
}

/// One way to make forms of a word: so many of its last letters fall away, and this class tells what follows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Form {
    cut: usize,
    class: u16,
}

/// Which of the tables of a language is meant.
#[derive(Clone, Copy)]
enum Table {
    Words,
    Properties,
    Brands,
}

/// How listed words end, longest first, with the forms of each.
type Rules = Vec<(String, Vec<Form>)>;

#[derive(Default, Serialize, Deserialize)]
struct Grammar {
    shortest: usize,
    intents: bool,
    words: Rules,
    properties: Rules,
    brands: Rules,
    /// How a word inside a phrase ends, longest first, and how it may end instead.
    inside: Vec<(String, Vec<String>)>,
    inside_before: Option<String>,
    before: Vec<Box<[char]>>,
    compounds: Option<Compounds>,
    /// For forms that were made when compiling.
    made: u16,
}

#[derive(Serialize, Deserialize)]
struct Compounds {
    shortest: usize,
    joints: Vec<Box<[char]>>,
    whole: Vec<Box<[char]>>,
}

/// The forms of all languages.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Endings {
    grammars: Vec<Grammar>,
    classes: Vec<Class>,
    /// What may follow words of each class begins with one of these, and ends with one of those: see [`bit`].
    begin: Vec<u64>,
    end: Vec<u64>,
    longest_front: usize,
    /// What any of them writes in front of words, in order, and what that begins with: see [`bit`].
    before: Vec<Box<[char]>>,
    fronts: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Plain(Vec<String>),
    Slots(Vec<Vec<String>>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCompounds {
    shortest: usize,
    joints: Vec<String>,
    whole: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenGrammar {
    shortest: usize,
    intents: bool,
    before: Vec<String>,
    inside_before: Option<String>,
    softens: BTreeMap<String, String>,
    compounds: Option<WrittenCompounds>,
    words: BTreeMap<String, Written>,
    properties: BTreeMap<String, Written>,
    brands: BTreeMap<String, Written>,
    inside: BTreeMap<String, Vec<String>>,
}

impl Default for WrittenGrammar {
    fn default() -> Self {
        Self {
            shortest: 4,
            intents: true,
            before: Vec::new(),
            inside_before: None,
            softens: BTreeMap::new(),
            compounds: None,
            words: BTreeMap::new(),
            properties: BTreeMap::new(),
            brands: BTreeMap::new(),
            inside: BTreeMap::new(),
        }
    }
}

fn letters(text: &str) -> Box<[char]> {
    fold_word(text).chars().collect()
}

impl Endings {
    /// Without a file words are found as they are listed.
    pub(crate) fn none() -> Self {
        let listed = Class { language: 0, lead: None, slots: Vec::new(), bare: true, whole: true };
        let grammars = LANGUAGES.iter().map(|_| Grammar { shortest: usize::MAX, ..Grammar::default() }).collect();
        let (begin, end) = (vec![listed.begin()], vec![listed.end()]);
        Self { grammars, classes: vec![listed], begin, end, longest_front: 0, before: Vec::new(), fronts: 0 }
    }

    pub(crate) fn parse(file: &SourceFile) -> Result<Self, Problem> {
        let written: BTreeMap<String, WrittenGrammar> = read(file)?;
        let mut endings = Self::none();
        for (language, grammar) in written {
            let Some(index) = LANGUAGES.iter().position(|known| *known == language) else {
                let place = file.text.find(&format!("\n[{language}")).map_or(0, |place| place + 1);
                let advice = format!("Languages are: {}.", LANGUAGES.join(", "));
                return Err(Problem::at(&file.path, &file.text, place, format!("`{language}` is no language"), advice));
            };
            endings.add(index, &grammar);
        }
        Ok(endings)
    }

    fn add(&mut self, language: usize, written: &WrittenGrammar) {
        let fronted = !written.before.is_empty() || written.compounds.is_some();
        let softens: Vec<(String, char)> = written
            .softens
            .iter()
            .filter_map(|(from, to)| Some((fold_word(from), fold_word(to).chars().next()?)))
            .collect();
        let mut rules = |table: &BTreeMap<String, Written>| self.rules(language, table, &softens, fronted);
        let (words, properties) = (rules(&written.words), rules(&written.properties));
        let brands = rules(&written.brands);
        let fold_all = |words: &[String]| words.iter().map(|word| letters(word)).collect::<Vec<_>>();
        let mut inside: Vec<(String, Vec<String>)> = written
            .inside
            .iter()
            .map(|(ends, forms)| (fold_word(ends), forms.iter().map(|form| fold_word(form)).collect()))
            .collect();
        inside.sort_by_key(|(ends, _)| std::cmp::Reverse(ends.len()));
        let made = self.class(Class { language, lead: None, slots: Vec::new(), bare: true, whole: true });
        let compounds = written.compounds.as_ref();
        let mut before = fold_all(&written.before);
        before.sort();
        before.retain(|front| (1..=LONGEST_FRONT).contains(&front.len()));
        self.fronts |= before.iter().fold(0, |all, front| all | bit(front[0]));
        self.before.extend(before.iter().cloned());
        self.before.sort();
        self.longest_front = before.iter().map(|front| front.len()).chain([self.longest_front]).max().unwrap_or(0);
        if compounds.is_some() {
            self.longest_front = self.longest_front.max(24);
        }
        self.grammars[language] = Grammar {
            shortest: written.shortest,
            intents: written.intents,
            words,
            properties,
            brands,
            inside,
            inside_before: written.inside_before.as_deref().map(fold_word),
            before,
            compounds: compounds.map(|compounds| Compounds {
                shortest: compounds.shortest,
                joints: fold_all(&compounds.joints),
                whole: fold_all(&compounds.whole),
            }),
            made,
        };
    }

    fn class(&mut self, class: Class) -> u16 {
        self.begin.push(class.begin());
        self.end.push(class.end());
        self.classes.push(class);
        (self.classes.len() - 1) as u16
    }

    /// The rules of one table: each way to end becomes classes, one for each number of letters that fall away.
    fn rules(
        &mut self,
        language: usize,
        table: &BTreeMap<String, Written>,
        softens: &[(String, char)],
        fronted: bool,
    ) -> Rules {
        let mut rules: Rules = Vec::new();
        for (ends, written) in table {
            let ends = fold_word(ends);
            let mut forms = match written {
                Written::Plain(list) => self.plain(language, &ends, list, fronted),
                Written::Slots(lists) => self.slotted(language, lists),
            };
            if ends.is_empty() {
                rules.extend(softens.iter().map(|(from, to)| {
                    let soft = self.softened(language, *to, forms.first().copied());
                    (from.clone(), forms.iter().copied().chain(soft).collect())
                }));
            }
            match rules.iter_mut().find(|(known, _)| *known == ends) {
                Some((_, known)) => known.append(&mut forms),
                None => rules.push((ends, forms)),
            }
        }
        rules.sort_by_key(|(ends, _)| std::cmp::Reverse(ends.len()));
        rules
    }

    /// `ca` = ["che"] keeps the c: one letter falls away, and "he" follows.
    fn plain(&mut self, language: usize, ends: &str, list: &[String], fronted: bool) -> Vec<Form> {
        let mut by_cut: BTreeMap<usize, Vec<Box<[char]>>> = BTreeMap::new();
        let ends: Vec<char> = ends.chars().collect();
        for form in list {
            let form = letters(form);
            let shared = ends.iter().zip(&form).take_while(|(a, b)| a == b).count();
            by_cut.entry(ends.len() - shared).or_default().push(form[shared..].into());
        }
        if fronted {
            by_cut.entry(0).or_default();
        }
        let classes = by_cut.into_iter().map(|(cut, endings)| {
            let bare = endings.iter().any(|ending| ending.is_empty());
            let mut slot: Vec<_> = endings.into_iter().filter(|ending| !ending.is_empty()).collect();
            slot.sort();
            slot.dedup();
            let class = Class { language, lead: None, slots: vec![slot], bare, whole: cut == 0 };
            Form { cut, class: self.class(class) }
        });
        classes.collect()
    }

    fn slotted(&mut self, language: usize, lists: &[Vec<String>]) -> Vec<Form> {
        let slots = lists.iter().map(|list| {
            let mut slot: Vec<_> = list.iter().map(|ending| letters(ending)).collect();
            slot.sort();
            slot.dedup();
            slot
        });
        let slots = slots.collect();
        vec![Form { cut: 0, class: self.class(Class { language, lead: None, slots, bare: false, whole: true }) }]
    }

    fn softened(&mut self, language: usize, to: char, form: Option<Form>) -> Option<Form> {
        let slots = self.classes[usize::from(form?.class)].slots.clone();
        let class = Class { language, lead: Some(to), slots, bare: false, whole: false };
        Some(Form { cut: 1, class: self.class(class) })
    }

    fn table(meaning: &Meaning) -> Table {
        match meaning {
            Meaning::Attribute(_) => Table::Properties,
            Meaning::Brand { .. } => Table::Brands,
            _ => Table::Words,
        }
    }

    /// What is left of a word in its forms, and the class of what follows, for one language.
    pub(crate) fn forms<'w>(
        &self,
        word: &'w str,
        meaning: &Meaning,
        language: usize,
    ) -> impl Iterator<Item = (&'w str, u16)> {
        let grammar = &self.grammars[language];
        let talk = matches!(meaning, Meaning::Intent(_) | Meaning::NotIntent(_) | Meaning::GapEnd { .. });
        // Cues of several words are fixed phrases.
        let fixed = matches!(meaning, Meaning::Cue { .. } | Meaning::Touch(_)) && word.contains(' ');
        let takes_none = matches!(meaning, Meaning::GapStart(_)) || fixed || talk && !grammar.intents;
        let last = if takes_none { "" } else { word.rsplit([' ', '-', '\'']).next().unwrap_or(word) };
        let count = last.chars().count();
        let rule = |rules: &'_ Rules| rules.iter().position(|(ends, _)| last.ends_with(ends.as_str()));
        let forms = match Self::table(meaning) {
            _ if takes_none || count < grammar.shortest => &[],
            Table::Brands => rule(&grammar.brands).map_or(&[][..], |at| &grammar.brands[at].1),
            Table::Properties => match rule(&grammar.properties) {
                Some(at) => &grammar.properties[at].1,
                None => rule(&grammar.words).map_or(&[][..], |at| &grammar.words[at].1),
            },
            Table::Words => rule(&grammar.words).map_or(&[][..], |at| &grammar.words[at].1),
        };
        forms.iter().filter(move |form| form.cut == 0 || count >= form.cut + LEAST_STEM).map(move |form| {
            let last = form.cut.checked_sub(1).and_then(|cut| word.char_indices().rev().nth(cut));
            (&word[..last.map_or(word.len(), |(at, _)| at)], form.class)
        })
    }

    /// Whether a brand's name takes endings of this language: those of its script.
    pub(crate) fn suits(&self, name: &str, language: usize) -> bool {
        let block = |c: char| u32::from(c) >> 8;
        let Some(last) = name.chars().last() else { return false };
        let mut endings = self.grammars[language].brands.iter().flat_map(|(_, forms)| forms);
        endings.any(|form| {
            let slots = &self.classes[usize::from(form.class)].slots;
            slots.iter().flatten().next().and_then(|ending| ending.first()).is_some_and(|c| block(*c) == block(last))
        })
    }

    /// Phrases with other forms of the words before the last, and the class to find them by.
    pub(crate) fn variants(&self, phrase: &str, language: usize) -> (Vec<String>, u16) {
        let grammar = &self.grammars[language];
        let mut variants = vec![String::new()];
        let words: Vec<&str> = phrase.split(' ').collect();
        for (index, word) in words.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let inner = index + 1 < words.len() && word.chars().count() >= grammar.shortest.max(LEAST_STEM + 1);
            let inside = grammar.inside.iter().find(|(ends, _)| inner && word.ends_with(ends.as_str()));
            let Some((ends, others)) = inside else {
                variants.iter_mut().for_each(|start| start.extend([space, *word]));
                continue;
            };
            let mut forms = vec![(*word).to_owned()];
            let stem = &word[..word.len() - ends.len()];
            forms.extend(others.iter().map(|other| format!("{stem}{other}")));
            let room = MOST_VARIANTS / variants.len();
            forms.truncate(room.max(1));
            let longer =
                variants.iter().flat_map(|start| forms.iter().map(move |form| format!("{start}{space}{form}")));
            variants = longer.collect();
        }
        if let Some(before) = &grammar.inside_before
            && words.len() <= 3
        {
            let fronted = |word: &&str| {
                if word.starts_with(before.as_str()) { (*word).to_owned() } else { format!("{before}{word}") }
            };
            let behind: Vec<String> = words.iter().skip(1).map(fronted).collect();
            variants.push(format!("{} {}", words[0], behind.join(" ")));
        }
        variants.retain(|variant| variant != phrase);
        (variants, grammar.made)
    }

    /// Longer fronts of words are none.
    pub(crate) fn longest_front(&self) -> usize {
        self.longest_front
    }

    /// The beginnings of a run of letters that a language writes in front of words: one bit for the length of each.
    pub(crate) fn fronts(&self, run: &[char]) -> u64 {
        // Most runs are told by their first letter.
        if self.fronts & bit(run[0]) == 0 {
            return 0;
        }
        let first = self.before.partition_point(|front| front[0] < run[0]);
        let alike = self.before[first..].iter().take_while(|front| front[0] == run[0]);
        alike.filter(|front| run.starts_with(front)).fold(0, |all, front| all | 1 << front.len())
    }

    /// What may follow words of that class begins with one of these: see [`bit`].
    pub(crate) fn begin(&self, class: u16) -> u64 {
        self.begin[usize::from(class)]
    }

    /// Whether words of that class may have something in front.
    pub(crate) fn takes_front(&self, class: u16) -> bool {
        let grammar = &self.grammars[self.classes[usize::from(class)].language];
        class != LISTED && (!grammar.before.is_empty() || grammar.compounds.is_some())
    }

    /// Whether words of that class may be a part of a longer one.
    pub(crate) fn makes_compounds(&self, class: u16) -> bool {
        class != LISTED && self.grammars[self.classes[usize::from(class)].language].compounds.is_some()
    }

    /// Whether this text in that class may be the last part of a longer word, if it names a product.
    pub(crate) fn ends_compounds(&self, class: u16, text: &str) -> bool {
        let compounds = self.grammars[self.classes[usize::from(class)].language].compounds.as_ref();
        class != LISTED && compounds.is_some_and(|compounds| text.chars().nth(compounds.shortest.max(1) - 1).is_some())
    }

    /// Whether a word of that class may stand between this front and this rest of a token, and in which language.
    pub(crate) fn fits(&self, class: u16, product: bool, token: &Token<'_>) -> Option<usize> {
        if class == LISTED {
            return (token.front.is_empty() && token.rest.is_empty()).then_some(0);
        }
        // Most are told by their first letter, or by their last.
        if let [first, ..] = token.rest
            && let [.., last] = token.rest
            && (self.begin(class) & bit(*first) == 0 || self.end[usize::from(class)] & bit(*last) == 0)
        {
            return None;
        }
        let class = &self.classes[usize::from(class)];
        let front = token.front.is_empty() || self.is_front(class.language, product, token);
        let rest = match token.rest {
            [] => class.bare || class.whole && !token.front.is_empty(),
            [first, rest @ ..] if class.lead == Some(*first) => !rest.is_empty() && follow(&class.slots, rest),
            rest => class.lead.is_none() && follow(&class.slots, rest),
        };
        (front && rest).then_some(class.language)
    }

    fn is_front(&self, language: usize, product: bool, token: &Token<'_>) -> bool {
        let grammar = &self.grammars[language];
        if grammar.before.iter().any(|before| **before == *token.front) {
            return true;
        }
        product
            && token.front.len() >= LEAST_FRONT
            && grammar.compounds.as_ref().is_some_and(|compounds| {
                token.word.len() >= compounds.shortest && !compounds.whole.iter().any(|whole| token.starts_with(whole))
            })
    }

    /// Whether what stands between the two parts of a compound joins them.
    pub(crate) fn is_joint(&self, between: &[char]) -> bool {
        let mut compounds = self.grammars.iter().filter_map(|grammar| grammar.compounds.as_ref());
        compounds.any(|compounds| compounds.joints.iter().any(|joint| **joint == *between))
    }
}

/// One bit for a letter; letters that are alike in their last six bits share it.
pub(crate) fn bit(letter: char) -> u64 {
    1 << (u32::from(letter) & 63)
}

/// Whether endings of the slots, one of each at most and in their order, make up the rest.
fn follow(slots: &[Vec<Box<[char]>>], rest: &[char]) -> bool {
    rest.is_empty()
        || slots.iter().enumerate().any(|(at, slot)| {
            // They stand in order.
            let first = slot.partition_point(|ending| ending.first() < rest.first());
            let mut alike = slot[first..].iter().take_while(|ending| ending.first() == rest.first());
            alike.any(|ending| rest.starts_with(ending) && follow(&slots[at + 1..], &rest[ending.len()..]))
        })
}

/// A word that was found inside a longer one.
pub(crate) struct Token<'t> {
    pub(crate) front: &'t [char],
    pub(crate) word: &'t [char],
    pub(crate) rest: &'t [char],
}

impl Token<'_> {
    fn starts_with(&self, whole: &[char]) -> bool {
        let mut all = self.front.iter().chain(self.word).chain(self.rest);
        whole.iter().all(|c| all.next() == Some(c))
    }
}
