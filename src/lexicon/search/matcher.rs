//! Every word of the dictionary that stands in a folded text, in any of its forms.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::folding::{Folded, end_of_run};
use super::heads::Heads;
use super::trie::{Known, Met, Trie};
use super::{Front, Search};
use crate::dictionary::endings::{self, Endings, Token};
use crate::dictionary::files::Lookup;
use crate::dictionary::listing::Listing;
use crate::dictionary::meanings::{Kind, Langs, Meaning, Sense};
use crate::dictionary::texts::Texts;

/// Behind a hit a word goes on for at most so many letters.
const LONGEST_REST: usize = 24;
/// "iphone15pro": the longest that is written to a brand's name.
const LONGEST_NUMBER: usize = 8;

/// A sense as it is kept: what it means stands elsewhere, since most share theirs with others. A word and a meaning tell which it is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    meaning: u32,
    langs: Langs,
    counts_in: Langs,
    word: u32,
}

/// How a word was found. Of two ways to find as long a word, the surer one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// As it is listed.
    Listed,
    /// In a form that its language makes of it.
    Form,
    /// With a slip.
    Slip,
}

/// A word that was found: what it means, and where it stands in folded characters.
#[derive(Clone, Debug)]
pub(crate) struct Hit<'a> {
    pub(crate) kind: Kind,
    pub(crate) meaning: &'a Meaning,
    pub(crate) langs: Langs,
    pub(crate) counts_in: Langs,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) found: Found,
    /// Which of the listed words it is.
    pub(crate) word: u32,
}

impl<'a> Hit<'a> {
    fn new(matcher: &'a Matcher, (kind, sense): (Kind, Kept), langs: Langs, place: Range<usize>, found: Found) -> Self {
        let Kept { meaning, counts_in, word, .. } = sense;
        let meaning = &matcher.meanings[meaning as usize];
        Self { kind, meaning, langs, counts_in, start: place.start, end: place.end, found, word }
    }

    /// Whether another word is a part of this longer one.
    pub(crate) fn is_around(&self, other: &Hit<'_>) -> bool {
        self.start <= other.start && other.end <= self.end && other.end - other.start < self.end - self.start
    }
}

/// Words in the order that deciding needs: by start, longer ones first, surer ones first.
pub(crate) fn sort(hits: &mut [Hit<'_>]) {
    // First parts of phrases behind all that is found so.
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.found, hit.kind == Kind::GapStart));
}

/// One thing that a pattern may be: a sense of a word, in a class of forms, or [`SECONDS`]. All that is needed stands here: what lies
/// elsewhere has to be fetched.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Choice {
    sense: Kept,
    class: u16,
    kind: Kind,
    ends: Ends,
}

/// In the place of a class: a choice that stands for several second parts of phrases, as they are listed and in no other form. "?" is
/// one of hundreds of phrases, and mostly of none that begins in the text: which these are is told without looking at each of them.
const SECONDS: u16 = u16::MAX;

impl Choice {
    /// Takes in the choices of a pattern, in order.
    fn gather(mut made: &[Self], all: &mut Vec<Self>) {
        while let [first, others @ ..] = made {
            // Its first choice is its only one.
            let is_second = |(next, meaning): &(&Self, u32)| {
                let listed = next.kind == Kind::GapEnd && next.class == endings::LISTED;
                listed && next.ends != Ends::Nothing && next.sense.meaning == *meaning
            };
            let count = made.iter().zip(first.sense.meaning..).take_while(is_second).count();
            match made[..count].last() {
                Some(last) => {
                    let sense = Kept { word: count as u32, ..first.sense };
                    all.push(Self { sense, class: SECONDS, ends: last.ends, ..*first });
                    made = &made[count..];
                }
                None => {
                    all.push(*first);
                    made = others;
                }
            }
        }
    }

    /// The second parts that it stands for, if it stands for several, by the places of their meanings.
    fn seconds(&self) -> Option<Range<u32>> {
        (self.class == SECONDS).then(|| self.sense.meaning..self.sense.meaning + self.sense.word)
    }
}

/// All second parts of phrases.
#[derive(Serialize, Deserialize)]
struct Seconds {
    senses: Vec<Kept>,
    /// The number of the first part of each.
    firsts: Vec<u32>,
    /// The place of the meaning of the first of them: those of the others follow.
    meaning: u32,
}

impl Seconds {
    /// The number of the first part of the one whose meaning stands at a place.
    fn first(&self, meaning: u32) -> u32 {
        self.firsts[(meaning - self.meaning) as usize]
    }
}

/// What is over with a choice.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Ends {
    Nothing,
    /// The choices of its sense.
    Sense,
    /// Those of its pattern.
    Pattern,
}

/// What may stand around a pattern in its word, by any of its choices. Most patterns that are met fit by none, and to look at the
/// choices takes longer than all that leads to them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Outlook {
    /// What follows may begin with: letters that are alike in their last six bits share one.
    rest: u64,
    /// Something may stand in front.
    front: bool,
    /// It may turn out to be the first part of a compound, whatever follows.
    begins: bool,
}

impl Outlook {
    const ANY: Self = Self { rest: u64::MAX, front: true, begins: true };

    fn of(choices: &[Choice], endings: &Endings) -> Self {
        let mut all = Self { rest: 0, front: false, begins: false };
        for choice in choices {
            all.rest |= endings.begin(choice.class);
            all.front |= endings.takes_front(choice.class);
            all.begins |= choice.kind == Kind::Attribute && endings.makes_compounds(choice.class);
            if choice.kind == Kind::Brand {
                ('0'..='9').for_each(|digit| all.rest |= endings::bit(digit));
            }
        }
        all
    }

    /// Whether any choice may fit: `free` where nothing stands in front, and what follows begins with that letter.
    #[inline]
    fn allows(self, free: bool, next: Option<char>) -> bool {
        let rest = next.is_none_or(|next| self.rest & endings::bit(next) != 0);
        rest && (free || self.front) || free && self.begins
    }
}

/// The outlooks that most patterns have. Those of the others are [`Outlook::ANY`], the first one: a hint has eight bits.
fn common(outlooks: &[Outlook]) -> Vec<Outlook> {
    let mut counts: Lookup<Outlook, usize> = Lookup::default();
    outlooks.iter().for_each(|outlook| *counts.entry(*outlook).or_default() += 1);
    let mut counts: Vec<(Outlook, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|(_, count)| std::cmp::Reverse(*count));
    std::iter::once(Outlook::ANY).chain(counts.into_iter().map(|(outlook, _)| outlook)).take(1 << u8::BITS).collect()
}

/// Where a word may begin, and the run of letters that it stands in.
struct Place {
    run: Range<usize>,
    start: usize,
}

/// All words of the dictionaries, or what all forms of a word have in common.
#[derive(Serialize, Deserialize)]
pub(crate) struct Matcher {
    /// With the place of the first choice of each, and its outlook.
    patterns: Trie,
    outlooks: Vec<Outlook>,
    /// How those begin that may be the last part of a compound.
    lasts: Heads,
    choices: Vec<Choice>,
    seconds: Seconds,
    meanings: Vec<Meaning>,
    /// How many words are listed.
    size: usize,
    endings: Endings,
}

impl Matcher {
    /// # Errors
    /// The words are more than can be counted.
    pub(crate) fn new(listing: &Listing, endings: Endings) -> Result<Self, String> {
        let found = Texts::of(listing, &endings);
        let (senses, seconds, meanings) = kept(listing.senses());
        let (mut choices, mut of_text) = (Vec::with_capacity(found.list.len()), Vec::<Choice>::new());
        let (mut patterns, mut all, mut lasts) = (Vec::<Known<'_>>::new(), Vec::new(), Heads::default());
        for made in found.list.chunk_by(|a, b| a.text.is_alike(&b.text, &found.all)) {
            let (text, first) = (made[0].text.text(&found.all), choices.len());
            of_text.clear();
            of_text.extend(made.iter().map(|made| Choice {
                sense: senses[made.sense as usize],
                class: made.class,
                kind: made.kind,
                ends: Ends::Nothing,
            }));
            for of_sense in of_text.chunk_by_mut(|a, b| a.sense == b.sense) {
                of_sense.last_mut().into_iter().for_each(|choice| choice.ends = Ends::Sense);
            }
            of_text.last_mut().into_iter().for_each(|choice| choice.ends = Ends::Pattern);
            Choice::gather(&of_text, &mut choices);
            patterns.push((text, first as u32, 0));
            all.push(Outlook::of(&of_text, &endings));
            if of_text.iter().any(|choice| choice.kind == Kind::Product && endings.ends_compounds(choice.class, text)) {
                lasts.add(text);
            }
        }
        let outlooks = common(&all);
        let hints: Lookup<Outlook, u8> = outlooks.iter().copied().zip(0..=u8::MAX).collect();
        for (pattern, outlook) in patterns.iter_mut().zip(all) {
            pattern.2 = hints.get(&outlook).copied().unwrap_or(0);
        }
        let patterns = Trie::new(&patterns)?;
        choices.shrink_to_fit();
        Ok(Self { patterns, outlooks, lasts, choices, seconds, meanings, size: listing.size(), endings })
    }

    pub(crate) fn knows_product(&self, key: &str) -> bool {
        self.meanings.iter().any(|meaning| matches!(meaning, Meaning::Product(product) if **product == *key))
    }

    pub(crate) fn knows_attribute(&self, key: &str) -> bool {
        self.meanings.iter().any(|meaning| matches!(meaning, Meaning::Attribute(attribute) if **attribute == *key))
    }

    /// How many words are listed.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Every word of the dictionary that stands in the text as a word of its own or in one of its forms, in order. Of phrases with a
    /// gap a part may be missing where the other one does not stand.
    pub(crate) fn find<'a>(&'a self, folded: &Folded) -> Vec<Hit<'a>> {
        self.search(folded, Search::of_whole_phrases())
    }

    /// The same with every part of a phrase, whatever else stands in the text.
    pub(crate) fn find_all<'a>(&'a self, folded: &Folded) -> Vec<Hit<'a>> {
        self.search(folded, Search::of_all())
    }

    fn search<'a>(&'a self, folded: &Folded, mut search: Search<'a>) -> Vec<Hit<'a>> {
        let chars = &folded.chars;
        let places = self.places(folded);
        let mut found: Vec<(usize, Met, usize)> = Vec::with_capacity(places.len() * 2);
        self.patterns.walk_from(chars, places.iter().map(|place| place.start), |number, met| {
            found.extend(self.end_of_word(chars, &places[number], met).map(|end| (number, met, end)));
        });
        found.sort_by_key(|(number, ..)| *number);
        // All are asked for before any is looked at.
        std::hint::black_box(found.iter().fold(0, |all, (_, met, _)| all ^ self.choices[met.word as usize].class));
        for (number, met, end) in found {
            let Place { ref run, start } = places[number];
            let token =
                Token { front: &chars[run.start..start], word: &chars[start..met.end], rest: &chars[met.end..end] };
            self.take(met.word, &token, start, &mut search);
        }
        search.finish()
    }

    /// Where words may begin, in order.
    fn places(&self, folded: &Folded) -> Vec<Place> {
        let chars = &folded.chars;
        let mut places = Vec::with_capacity(folded.runs.len() * 2);
        for run in &folded.runs {
            places.push(Place { run: run.clone(), start: run.start });
            let fronts = if run.len() > 1 { self.endings.fronts(&chars[run.clone()]) } else { 0 };
            let least = if fronts == 0 { endings::LEAST_FRONT } else { 1 };
            // Behind longer fronts no word may stand.
            for start in run.start + least..run.end.min(run.start + self.endings.longest_front() + 1) {
                if fronts >> (start - run.start) & 1 != 0 || self.ends_compound(chars, start - run.start, start) {
                    places.push(Place { run: run.clone(), start });
                }
            }
        }
        places
    }

    /// Where the letters end that go on behind a word which was met, if it may be what stands there.
    fn end_of_word(&self, chars: &[char], place: &Place, met: Met) -> Option<usize> {
        let end = if met.end <= place.run.end { place.run.end } else { end_of_run(chars, met.end - 1) };
        let rest = &chars[met.end..end];
        let outlook = &self.outlooks[usize::from(met.hint)];
        let fits = rest.len() <= LONGEST_REST && outlook.allows(place.start == place.run.start, rest.first().copied());
        fits.then_some(end)
    }

    /// Whether the last part of a compound may begin here, behind a front of so many letters.
    fn ends_compound(&self, chars: &[char], front: usize, start: usize) -> bool {
        front >= endings::LEAST_FRONT && self.lasts.may_begin(chars, start)
    }

    /// Takes what fits of the choices of a pattern, the first of which stands at this place. Choices of one sense stand side by side.
    fn take<'a>(&'a self, first: u32, token: &Token<'_>, start: usize, search: &mut Search<'a>) {
        let (begins, end) = (start - token.front.len(), start + token.word.len());
        let whole = token.front.is_empty() && token.rest.is_empty();
        let mut choices = &self.choices[first as usize..];
        loop {
            let last = choices.iter().position(|choice| choice.ends != Ends::Nothing);
            let (of_sense, others) = choices.split_at(last.map_or(choices.len(), |last| last + 1));
            let [Choice { sense, class, kind, .. }, ..] = *of_sense else { break };
            let in_vain = || !search.has_begun(self.seconds.first(sense.meaning));
            let alone = |kind| of_sense.len() == 1 && kind != Kind::Brand;
            if let Some(seconds) = of_sense[0].seconds() {
                if whole {
                    self.take_seconds(seconds, start..end, search);
                }
            } else if class == endings::LISTED && (whole && kind == Kind::GapEnd && in_vain() || !whole && alone(kind))
            {
                // Without its first part it says nothing, and as it is listed it stands alone.
            } else if let Some((forms, found)) = self.fitting(of_sense, token) {
                if !token.front.is_empty() {
                    // "lederjacke" is a jacket, and of leather.
                    let joined = |front: &&Front| {
                        front.start == begins
                            && front.end <= start
                            && self.endings.is_joint(&token.front[front.end - begins..])
                    };
                    let joined = search.fronts.iter().filter(joined);
                    let hit = |Front { sense, end, .. }: &Front| {
                        Hit::new(self, (Kind::Attribute, *sense), sense.langs, begins..*end, found)
                    };
                    search.hits.extend(joined.map(hit));
                }
                let langs = if found == Found::Listed || sense.langs == Langs::ALL { sense.langs } else { forms };
                let hit = Hit::new(self, (kind, sense), langs, begins..end + token.rest.len(), found);
                match kind {
                    Kind::GapStart => search.add_first(sense.meaning, hit),
                    Kind::GapEnd => search.add_second(self.seconds.first(sense.meaning), hit),
                    _ => search.add(hit),
                }
            } else if token.front.is_empty()
                && kind == Kind::Attribute
                && of_sense.iter().any(|choice| self.endings.makes_compounds(choice.class))
            {
                search.fronts.push(Front { sense, start, end });
            }
            if of_sense.last().is_some_and(|choice| choice.ends == Ends::Pattern) {
                break;
            }
            choices = others;
        }
    }

    /// Takes those of some second parts of phrases whose first part may stand in the text.
    fn take_seconds<'a>(&'a self, seconds: Range<u32>, place: Range<usize>, search: &mut Search<'a>) {
        let from = (seconds.start - self.seconds.meaning) as usize;
        let glance = search.glance();
        for (at, first) in self.seconds.firsts[from..from + seconds.len()].iter().enumerate() {
            if glance >> (first % u64::BITS) & 1 != 0 && search.has_begun(*first) {
                let sense = self.seconds.senses[from + at];
                let hit = Hit::new(self, (Kind::GapEnd, sense), sense.langs, place.clone(), Found::Listed);
                search.add_second(*first, hit);
            }
        }
    }

    /// How a sense is found by its choices, and as a form of which languages, if it is.
    fn fitting(&self, choices: &[Choice], token: &Token<'_>) -> Option<(Langs, Found)> {
        let kind = choices[0].kind;
        let mut forms = Langs(0);
        for choice in choices {
            match self.endings.fits(choice.class, kind == Kind::Product, token) {
                Some(_) if choice.class == endings::LISTED => return Some((Langs(0), Found::Listed)),
                Some(language) => forms = forms.with(Langs::one(language)),
                None => {}
            }
        }
        match forms {
            Langs(0) => (kind == Kind::Brand && is_numbered(token)).then_some((Langs(0), Found::Listed)),
            forms => Some((forms, Found::Form)),
        }
    }
}

/// Each sense with the place of its meaning, and every meaning once: in front the first parts of phrases, each at the place of its
/// number, then the second parts in the order of their senses.
fn kept(senses: &[Sense]) -> (Vec<Kept>, Seconds, Vec<Meaning>) {
    let number = |sense: &Sense| match *sense.meaning {
        Meaning::GapStart(number) => Some(number),
        _ => None,
    };
    let first_part = |sense: &Sense| match *sense.meaning {
        Meaning::GapEnd { first, .. } => Some(first),
        _ => None,
    };
    let begins = senses.iter().filter_map(number).max().map_or(0, |last| last + 1);
    let mut meanings: Vec<Meaning> = (0..begins).map(Meaning::GapStart).collect();
    let of_seconds = senses.iter().filter(|sense| first_part(sense).is_some());
    meanings.extend(of_seconds.map(|sense| Meaning::clone(&sense.meaning)));
    let mut seconds = Seconds { senses: Vec::new(), firsts: Vec::new(), meaning: begins };
    let mut places: Lookup<*const Meaning, u32> = Lookup::default();
    let keep = |sense: &Sense| {
        let Sense { langs, counts_in, word, .. } = *sense;
        let kept = |meaning| Kept { meaning, langs, counts_in, word };
        if let Some(number) = number(sense) {
            return kept(number);
        }
        if let Some(first) = first_part(sense) {
            let sense = kept(begins + seconds.senses.len() as u32);
            seconds.senses.push(sense);
            seconds.firsts.push(first);
            return sense;
        }
        kept(*places.entry(Arc::as_ptr(&sense.meaning)).or_insert_with(|| {
            meanings.push(Meaning::clone(&sense.meaning));
            meanings.len() as u32 - 1
        }))
    };
    let senses = senses.iter().map(keep).collect();
    meanings.shrink_to_fit();
    (senses, seconds, meanings)
}

/// "iphone15", "galaxy24ultra": a model's number is written to its name.
fn is_numbered(token: &Token<'_>) -> bool {
    token.front.is_empty()
        && token.word.len() > 2
        && (1..=LONGEST_NUMBER).contains(&token.rest.len())
        && token.rest[0].is_ascii_digit()
}
