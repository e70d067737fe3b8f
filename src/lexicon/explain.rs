//! Why a message is read as it is: every word that was found, what won, and why the others lost.

use serde::Serialize;

use crate::budget::Verdict;
use crate::dictionary;
use crate::dictionary::files::LANGUAGES;
use crate::dictionary::listing::Listing;
use crate::dictionary::meanings::{Langs, Meaning};
use crate::intents::spans_gap;
use crate::money;
use crate::reading;
use crate::search::matcher::{Found, Hit};
use crate::search::scan::{Foreign, Scan};
use crate::weighing::Weighed;
use crate::weighing::budgets::WEIGHED;
use crate::weighing::learning::{self, Example};
use crate::weighing::weights::{self, Weights};
use crate::{Hints, Lexicon};
use hotline_domain::{Intent, Mention, Problem, Reading, SourceFile, Span};

/// A word of the dictionaries that stands in a message, and what became of it.
#[derive(Debug, Serialize)]
pub struct Candidate {
    /// As it stands in the message.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// The word of the dictionary that it is.
    pub listed: String,
    /// `product`, `attribute`, `brand`, `intent`, `no intent`, `sum`, `number`, `weighed`, or one that needs others beside it.
    pub kind: &'static str,
    /// What it stands for; of a sum, its bounds.
    pub key: String,
    /// In whose lists it stands; empty for brands, which are called alike everywhere.
    pub languages: Vec<&'static str>,
    /// `listed`, `form` or `slip`; `learned` where all words together tell.
    pub found: &'static str,
    /// Whether it is in the reading.
    pub won: bool,
    /// Why, or why not.
    pub why: String,
}

/// All dictionaries with their words as they are listed, which reading does not need.
pub struct Explainer {
    lexicon: Lexicon,
    listing: Listing,
}

impl Explainer {
    /// See [`Lexicon::compile`].
    pub fn compile(files: &[SourceFile], weights: Weights) -> (Option<Self>, Vec<Problem>) {
        let (compiled, problems) = dictionary::compile(files, weights);
        (compiled.map(|(lexicon, listing)| Self { lexicon, listing }), problems)
    }

    /// What reads with the same dictionaries.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Learns from messages what their words say of intents and numbers. The lexicon heeds it from then on.
    pub fn learn<'a>(&mut self, examples: impl Iterator<Item = Example<'a>>) {
        self.lexicon.weights = Weights::default();
        let weights = learning::learn(&self.lexicon, &self.listing, examples);
        self.lexicon.sure_phrases = weights.sure(weights::phrases(&self.listing));
        self.lexicon.weights = weights;
    }

    /// Reads one message and tells of every word that was found what became of it, in the order of the text.
    pub fn explain(&self, text: &str, hints: &Hints<'_>) -> (Reading, Vec<Candidate>) {
        explain(self, text, hints)
    }
}

fn explain(explainer: &Explainer, text: &str, hints: &Hints<'_>) -> (Reading, Vec<Candidate>) {
    let Explainer { lexicon, listing } = explainer;
    let mut scan = Scan::new(lexicon, text, hints);
    let all = scan.hits.clone();
    let foreign: Vec<Option<Foreign>> = all.iter().map(|hit| scan.foreign(lexicon, hit)).collect();
    scan.settle(lexicon);
    let (reading, sums) = reading::decide(lexicon, &scan, hints);
    let (said, _) = reading::said(reading::begin(lexicon, &scan, hints), hints);
    let weighed = Weighed::new(lexicon, &scan, &said);
    let judge = Judge { listing, scan: &scan, reading: &reading, weighed, text };
    let candidates = all.iter().zip(foreign).filter_map(|(hit, foreign)| match hit.meaning {
        Meaning::GapStart(_) => None,
        Meaning::GapEnd { first, .. } => {
            judge.beginning(*first, hit, &all).map(|start| judge.with_gap(start, hit, foreign))
        }
        _ => Some(judge.candidate(hit, foreign)),
    });
    let mut candidates: Vec<Candidate> = candidates.collect();
    candidates.extend(sums.iter().map(|(sum, verdict)| judge.sum(sum, *verdict)));
    let weighed =
        reading.intents.iter().zip(&reading.intent_spans).filter_map(|(intent, span)| judge.weighed(*intent, *span));
    let weighed: Vec<Candidate> =
        weighed.filter(|found| !candidates.iter().any(|other| other.says_too(found))).collect();
    candidates.extend(weighed);
    candidates.sort_by_key(|candidate| candidate.span.start);
    (reading, candidates)
}

struct Judge<'a> {
    listing: &'a Listing,
    /// What counts in the language of the message.
    scan: &'a Scan<'a>,
    reading: &'a Reading,
    weighed: Option<Weighed<'a>>,
    text: &'a str,
}

impl Candidate {
    /// Whether it says what another one does.
    fn says_too(&self, other: &Self) -> bool {
        self.won
            && (self.key == other.key || self.kind == "cue" && other.span != self.span && other.span.covers(self.span))
    }
}

impl Judge<'_> {
    /// The first part of a phrase with a gap, if it stands where the second still belongs to it. A part alone says nothing.
    fn beginning<'h, 'a>(&self, first: u32, end: &Hit<'a>, hits: &'h [Hit<'a>]) -> Option<&'h Hit<'a>> {
        let starts = hits.iter().filter(|hit| matches!(hit.meaning, Meaning::GapStart(other) if *other == first));
        let last = starts.filter(|hit| hit.start < end.start).max_by_key(|hit| (hit.start, hit.end))?;
        spans_gap(&self.scan.folded.chars, last.end, end.start).then_some(last)
    }

    /// A phrase with a gap, from its first part to its second.
    fn with_gap(&self, start: &Hit<'_>, end: &Hit<'_>, foreign: Option<Foreign>) -> Candidate {
        let whole = Hit { start: start.start, ..end.clone() };
        let listed = format!("{} … {}", self.listing.word(start.word), self.listing.word(end.word));
        Candidate { listed, ..self.candidate(&whole, foreign) }
    }

    fn candidate(&self, hit: &Hit<'_>, foreign: Option<Foreign>) -> Candidate {
        let (kind, key) = hit.meaning.kind_and_key();
        let span = self.span(hit);
        let (won, why) = match foreign {
            Some(foreign) => (false, self.foreign(foreign, hit.langs)),
            None => self.verdict(hit, span),
        };
        let found = match hit.found {
            Found::Listed => "listed",
            Found::Form => "form",
            Found::Slip => "slip",
        };
        let languages = if hit.langs == Langs::ALL { Vec::new() } else { names(hit.langs).collect() };
        let listed = self.listing.word(hit.word).to_owned();
        Candidate { text: self.slice(span), span, listed, kind, key, languages, found, won, why }
    }

    /// A number: whether it is what the customer can spend, and why not.
    fn sum(&self, sum: &money::Found, verdict: Verdict) -> Candidate {
        let amount = &sum.amount;
        let text = self.slice(amount.span);
        let budget = self.reading.budget.as_ref();
        let is_budget = budget.is_some_and(|budget| (budget.min, budget.max) == (amount.min, amount.max));
        let (kind, why) = match verdict {
            Verdict::NoSum => ("number", "nothing tells that it is a sum of money"),
            Verdict::Not(why) => ("sum", why.in_words()),
            Verdict::Budget(WEIGHED) if is_budget => {
                ("sum", "what the customer can spend: the words of the whole message say so")
            }
            Verdict::Budget(_) if is_budget => ("sum", "what the customer can spend"),
            Verdict::Budget(_) => ("sum", "another sum is what the customer can spend more surely"),
        };
        let bounds = [amount.min, amount.max].map(|bound| bound.map_or_else(String::new, |bound| bound.to_string()));
        let won = matches!(verdict, Verdict::Budget(_)) && is_budget;
        let (languages, found, listed) = (Vec::new(), "listed", text.clone());
        Candidate {
            text,
            span: amount.span,
            listed,
            kind,
            key: bounds.join(".."),
            languages,
            found,
            won,
            why: why.into(),
        }
    }

    /// An intent that no phrase says, with the word that weighs most for it.
    fn weighed(&self, intent: Intent, span: Span) -> Option<Candidate> {
        let why = self.weighed.as_ref().filter(|weighed| weighed.suffices(intent))?;
        let why = format!("the words of the whole message say so, this one most ({:+.2})", why.sum(intent));
        let (text, languages) = (self.slice(span), names(Langs::one(self.scan.lang?)).collect());
        let (listed, key) = (String::new(), intent.key().to_owned());
        Some(Candidate { text, span, listed, kind: "weighed", key, languages, found: "learned", won: true, why })
    }

    fn span(&self, hit: &Hit<'_>) -> Span {
        self.scan.folded.span(hit.start, hit.end)
    }

    fn slice(&self, span: Span) -> String {
        self.text.chars().skip(span.start as usize).take((span.end - span.start) as usize).collect()
    }

    fn foreign(&self, foreign: Foreign, langs: Langs) -> String {
        let here = self.scan.lang.or(self.scan.country).map_or("no known language", |lang| LANGUAGES[lang]);
        let there = names(langs).collect::<Vec<_>>().join(", ");
        match foreign {
            Foreign::OtherLanguage => format!("counts only in messages of {there}, and this one is of {here}"),
            Foreign::Everyday => format!("an everyday word of {here}, and no form of a listed word"),
            Foreign::SlipOfOther => format!("slips of words of {there} are not believed in messages of {here}"),
        }
    }

    fn verdict(&self, hit: &Hit<'_>, span: Span) -> (bool, String) {
        if let Some(phrase) = self.scan.no_thing(hit).filter(|_| hit.meaning.name().is_some()) {
            return (false, format!("“{}” names nothing that is sold", self.slice(self.span(phrase))));
        }
        match hit.meaning {
            Meaning::Product(key) => self.mention(hit, span, key, &self.reading.products),
            Meaning::Attribute(key) => self.mention(hit, span, key, &self.reading.attributes),
            Meaning::Request(key) => self.mention(hit, span, key, &self.reading.requests),
            Meaning::Brand { key, needs_company, .. } => {
                let (won, why) = self.mention(hit, span, key, &self.reading.brands);
                if !won && *needs_company && why.is_empty() {
                    return (false, "a common word: a brand only beside a product of its kind or another brand".into());
                }
                (won, why)
            }
            Meaning::Intent(intent)
            | Meaning::GapEnd { intent, against: false, .. }
            | Meaning::BesideNumber { intent, against: false, .. }
            | Meaning::ClauseEnd { intent, against: false, .. }
            | Meaning::Or(intent) => {
                let place = self.reading.intents.iter().position(|other| other == intent);
                let evidence = place.and_then(|place| self.reading.intent_spans.get(place));
                match evidence {
                    Some(evidence) if evidence.covers(span) => (true, "the customer wants this".into()),
                    Some(evidence) => (false, format!("“{}” says it already", self.slice(*evidence))),
                    None if self.weighed.as_ref().is_some_and(|weighed| weighed.doubts(*intent)) => {
                        (false, "the words of the whole message weigh against it".into())
                    }
                    None => (false, self.no_intent(hit, span)),
                }
            }
            Meaning::NotIntent(intent)
            | Meaning::GapEnd { intent, .. }
            | Meaning::BesideNumber { intent, .. }
            | Meaning::ClauseEnd { intent, .. } => (true, format!("looks like {} here, but is not", intent.key())),
            Meaning::NoThing => (true, "names nothing that is sold".into()),
            Meaning::GapStart(_) => (false, "only the beginning of a phrase".into()),
            Meaning::Touch(_) => {
                let mut said = self.reading.attributes.iter().chain(&self.reading.requests);
                match said.find(|mention| mention.span.covers(span)) {
                    Some(mention) => (true, format!("a part of what says {}", mention.key)),
                    None => (false, "says a property only together with other words".into()),
                }
            }
            Meaning::Cue { .. } => match self.reading.intent_spans.iter().position(|evidence| evidence.covers(span)) {
                Some(place) => (true, format!("a part of what says {}", self.reading.intents[place].key())),
                None => (false, "says something only together with other words".into()),
            },
        }
    }

    /// A mention is in the reading, or a longer one covers it. Without a reason if neither is so.
    fn mention(&self, hit: &Hit<'_>, span: Span, key: &str, mentions: &[Mention]) -> (bool, String) {
        if let Some(mention) = mentions.iter().find(|mention| &*mention.key == key && mention.span.start == span.start)
        {
            let negated = if mention.negated { "named, but negated" } else { "named" };
            return (true, negated.into());
        }
        let longer = mentions.iter().find(|mention| mention.span.start < span.end && span.start < mention.span.end);
        if let Some(longer) = longer {
            let how = if longer.span == span { "is surer or stands first" } else { "is longer" };
            return (false, format!("“{}” ({}) {how}", self.slice(longer.span), longer.key));
        }
        let other = matches!(hit.meaning, Meaning::Brand { needs_company: true, .. });
        (false, if other { String::new() } else { "another word took its place".into() })
    }

    fn no_intent(&self, hit: &Hit<'_>, span: Span) -> String {
        let against = self.scan.hits.iter().find(|other| {
            matches!((other.meaning, hit.meaning), (Meaning::NotIntent(a), Meaning::Intent(b)) if a == b)
                && other.start < hit.end
                && hit.start < other.end
        });
        if let Some(against) = against {
            return format!("“{}” says that it is not", self.slice(self.span(against)));
        }
        let reading = self.reading;
        let mut mentions = reading.products.iter().chain(&reading.attributes).chain(&reading.brands);
        if let Some(name) = mentions.find(|mention| mention.span.start <= span.start && span.end <= mention.span.end) {
            return format!("a part of “{}” ({})", self.slice(name.span), name.key);
        }
        match hit.meaning {
            Meaning::BesideNumber { .. } => "no number stands beside it".into(),
            Meaning::ClauseEnd { .. } => "its clause goes on".into(),
            Meaning::Or(_) => "no choice between two things in a question".into(),
            _ => "negated, or something else that it may be about is nearer".into(),
        }
    }
}

fn names(langs: Langs) -> impl Iterator<Item = &'static str> {
    langs.list().filter_map(|index| LANGUAGES.get(index).copied())
}
