//! Properties in everyday words: "so the neighbours sleep" of a washing machine, "small kitchen". No word of them says the property
//! alone; two of them do, or one beside a thing that it is said of. `descriptions.toml` lists the words and what they say together.
//! Wishes beside what is sold are said in the same way: "bring it" and "saturday".

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::dictionary::meanings::{Kind, Meaning};
use crate::dictionary::word_files::DescriptionFile;
use crate::negation;
use crate::reading::{Reader, whole};
use crate::search::folding::is_spaceless;
use crate::search::matcher::Hit;
use hotline_domain::{Intent, Mention, Reading};

/// More kinds of words than this cannot be told apart.
pub(crate) const MOST_TOUCHES: usize = 64;
/// Words that say something together stand within so many characters…
const REACH: usize = 64;
/// …within so many where the rule joins them with `~`…
const CLOSE: usize = 26;
/// …and in scripts without spaces within a third of that.
const SPACELESS: usize = 3;
/// Who has it and is in trouble with it describes no wish.
pub(crate) const TROUBLES: [Intent; 4] =
    [Intent::Complaint, Intent::OrderStatus, Intent::ReturnRefund, Intent::Warranty];

/// What says a property together.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Rule {
    property: Arc<str>,
    /// It is said of one of these products; of anything where there are none.
    of: Vec<String>,
    /// …and not where one of these is named.
    not_of: Vec<String>,
    /// Kinds of words, one bit each.
    wanted: u64,
    /// They stand close to each other.
    close: bool,
    /// They are all that the message says.
    alone: bool,
    /// What they say is a wish of requests.toml.
    is_request: bool,
    /// Who is in trouble says it too.
    in_trouble: bool,
}

/// See [`DescriptionFile`].
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Descriptions {
    rules: Vec<Rule>,
    /// Kinds of words that say nothing where they are denied.
    affirmed: u64,
}

/// A rule that cannot be read: where it stands, what is wrong, what to write.
pub(crate) type Unreadable = (usize, String, String);

impl Descriptions {
    /// # Errors
    /// The first rule that names what is not there.
    pub(crate) fn new<'f>(written: &'f DescriptionFile<'_>) -> Result<Self, Unreadable> {
        let kinds: Vec<&String> = written.words.keys().collect();
        if kinds.len() > MOST_TOUCHES {
            let message = format!("{} kinds of words, and no more than {MOST_TOUCHES} can be told apart", kinds.len());
            return Err((0, message, "Put two that are alike together.".into()));
        }
        let bit = |term: &str| kinds.iter().position(|kind| *kind == term).map(|place| 1 << place);
        let list = |rules: &'f BTreeMap<String, Vec<Spanned<String>>>| {
            rules.iter().flat_map(|(name, list)| list.iter().map(move |rule| (name, rule)))
        };
        let read = |(name, rule): (&String, &Spanned<String>)| {
            Rule::read(name, rule.get_ref(), &written.things, bit)
                .map_err(|(message, advice)| (rule.span().start, message, advice.to_owned()))
        };
        let mut rules = list(&written.rules).map(read).collect::<Result<Vec<_>, _>>()?;
        for of_request in list(&written.requests) {
            let in_trouble = written.reports.contains(of_request.0);
            rules.push(Rule { is_request: true, in_trouble, ..read(of_request)? });
        }
        let affirmed = written.affirmed.iter().filter_map(|kind| bit(kind)).fold(0, |all, kind| all | kind);
        Ok(Self { rules, affirmed })
    }
}

impl Rule {
    /// # Errors
    /// What is wrong with a rule as it is written, and what to write.
    fn read(
        property: &str,
        written: &str,
        things: &BTreeMap<String, Vec<String>>,
        bit: impl Fn(&str) -> Option<u64>,
    ) -> Result<Self, (String, &'static str)> {
        let mut rule = Self { property: property.into(), ..Self::default() };
        let mut against = false;
        for term in written.split_whitespace() {
            match (term, bit(term), things.get(term)) {
                ("+", ..) => against = false,
                ("-", ..) => against = true,
                ("~", ..) => (against, rule.close) = (false, true),
                ("alone", ..) => rule.alone = true,
                (_, Some(kind), _) if !against => rule.wanted |= kind,
                (_, _, Some(products)) if against => rule.not_of.extend(products.iter().cloned()),
                (_, _, Some(products)) => rule.of.extend(products.iter().cloned()),
                _ => {
                    let advice = "Write kinds of [words], with a group of [things] that it is said of, and after - one that it is not said of.";
                    return Err((format!("`{term}` in `{written}` is no kind of words"), advice));
                }
            }
        }
        if rule.wanted == 0 {
            return Err((format!("`{written}` has no words"), "Write kinds of [words] with + between them."));
        }
        Ok(rule)
    }
}

/// A word of a description in a text.
struct Touch {
    kind: u64,
    start: usize,
    end: usize,
}

impl Reader<'_> {
    /// Adds the properties that words describe together, and the wishes.
    pub(crate) fn descriptions(&self, hits: &[Hit<'_>], products: &[&Hit<'_>], reading: &mut Reading) {
        if !hits.iter().any(|hit| hit.kind == Kind::Touch) {
            return;
        }
        let in_trouble = TROUBLES.iter().any(|intent| reading.wants(*intent));
        // The cat of a cat bed is a part of its name, and an everyday word of another phrase says what that says.
        let free = |hit: &&Hit<'_>| whole(hit, products).is_none();
        let Descriptions { rules, affirmed } = &self.lexicon.descriptions;
        let touch = |hit: &Hit<'_>| match hit.meaning {
            Meaning::Touch(number) => Some(Touch { kind: 1 << number, start: hit.start, end: hit.end }),
            _ => None,
        };
        let says = |touch: &Touch| touch.kind & affirmed == 0 || !self.is_negated(touch.start);
        let touches: Vec<Touch> = hits.iter().filter(free).filter_map(touch).filter(says).collect();
        let all = touches.iter().fold(0, |all, touch| all | touch.kind);
        for rule in rules.iter().filter(|rule| !in_trouble || rule.in_trouble) {
            let named = |keys: &[String]| {
                let one = |mention: &Mention| !mention.negated && keys.iter().any(|key| **key == *mention.key);
                reading.products.iter().any(one)
            };
            let told = |mention: &Mention| mention.key == rule.property;
            let mentions = if rule.is_request { &reading.requests } else { &reading.attributes };
            if all & rule.wanted != rule.wanted
                || !rule.of.is_empty() && !named(&rule.of)
                || named(&rule.not_of)
                || mentions.iter().any(told)
                || rule.alone && !self.are_all(&touches)
            {
                continue;
            }
            let Some((start, end)) = self.together_in(&touches, rule) else { continue };
            let span = self.span(start, end);
            // "No delivery on saturdays", and a box that "was not crushed".
            let negated = rule.is_request
                && touches.iter().any(|touch| {
                    touch.kind & rule.wanted != 0 && (start..end).contains(&touch.start) && self.is_negated(touch.start)
                });
            let mentions = if rule.is_request { &mut reading.requests } else { &mut reading.attributes };
            let place = mentions.partition_point(|mention| mention.span.start < span.start);
            let mention = Mention { key: rule.property.clone(), span, implies: None, level: None, negated };
            mentions.insert(place, mention);
        }
    }

    /// Whether nothing is said beside these words.
    fn are_all(&self, touches: &[Touch]) -> bool {
        let covered = |at: usize| touches.iter().any(|touch| (touch.start..touch.end).contains(&at));
        self.folded.chars.iter().enumerate().all(|(at, c)| !c.is_alphanumeric() || covered(at))
    }

    /// Where all words of a rule stand in one sentence, near enough to each other. No word serves two kinds.
    fn together_in(&self, touches: &[Touch], rule: &Rule) -> Option<(usize, usize)> {
        let chars = &self.folded.chars;
        touches.iter().enumerate().find_map(|(at, first)| {
            let reach = if rule.close { CLOSE } else { REACH };
            let reach = if is_spaceless(chars[first.start]) { reach / SPACELESS } else { reach };
            let mut left = rule.wanted & !first.kind;
            let mut end = first.end;
            if left == rule.wanted {
                return None;
            }
            for touch in &touches[at + 1..] {
                if left == 0 || touch.end.saturating_sub(first.start) > reach {
                    break;
                }
                let goes_on = || !(end..touch.start).any(|at| negation::is_end_at(chars, at));
                if left & touch.kind != 0 && touch.start >= end && goes_on() {
                    left &= !touch.kind;
                    end = touch.end;
                }
            }
            (left == 0).then_some((first.start, end))
        })
    }
}
