//! Why a contact holds a tag, and why not: every rule that could set it, with what it asks for and how far the contact is from
//! that. Looks only, at the facts and the rules; `conditions.rs` looks at each condition.

use rust_decimal::Decimal;
use serde::Serialize;

use super::condition::{Condition, Fields, Mirrored, maybe_rfc3339, rfc3339};
use super::facts::Facts;
use super::rule::{Life, Rule};
use super::{Rulebook, conditions, effects, persons, timers};
use crate::domain::{Colour, Contact, Heat, Stage, Timestamp};

/// Why a contact holds a tag, or why not.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Which tag; colours, heat and stages are tags too.
    pub tag: String,
    /// The moment that this is about.
    #[serde(serialize_with = "rfc3339")]
    pub now: Timestamp,
    /// Since when it holds; `None` if it does not.
    pub held: Option<Held>,
    /// Every rule that could set it.
    pub rules: Vec<Candidate>,
    /// What else sets or ends it: cooling, a colour whose time is over.
    pub notes: Vec<String>,
}

/// How a tag is held.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Since when.
    #[serde(serialize_with = "rfc3339")]
    pub since: Timestamp,
    /// When it ends by itself.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub until: Option<Timestamp>,
    /// The rule, or `agent:NAME`.
    pub by: String,
    /// What it is about.
    pub about: Vec<String>,
}

/// A rule that could set the tag.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// Its name.
    pub rule: String,
    /// A short hash of its text.
    pub version: String,
    /// Catalogue entries that it carries out.
    pub catalogue: Vec<String>,
    /// What it is about, in the words of its file.
    pub why: String,
    /// How long what it sets lives.
    pub lives: String,
    /// What it asks for.
    pub conditions: Vec<Condition>,
}

impl Candidate {
    /// Conditions that do not hold.
    pub fn missing(&self) -> usize {
        self.conditions.iter().filter(|condition| condition.holds == Some(false)).count()
    }
}

/// See [`Rulebook::explain`].
pub(super) fn explain(rulebook: &Rulebook, facts: &Facts, contact: &Contact, tag: &str, now: Timestamp) -> Explanation {
    let tag = settled(rulebook, facts, tag);
    let held = facts.tags.get(tag.as_str()).map(|held| Held {
        since: held.since,
        until: held.expires.or_else(|| mirrored_until(rulebook, facts, &tag)),
        by: held.by.clone(),
        about: held.about.clone(),
    });
    let see = conditions::View { rulebook, facts, contact, now };
    let candidates = rulebook.rules.iter().filter_map(|rule| candidate(&see, rule, &tag, held.is_some()));
    let by = held.as_ref().map(|held| held.by.clone());
    let mut rules: Vec<Candidate> = candidates.collect();
    // Where a rule writes the tag out, a pattern of products that it could be read into means another thing.
    let is_written = rulebook.rules.iter().any(|rule| is_pattern(rule, |pattern| pattern == tag));
    let means_another = |candidate: &Candidate| {
        let mut own = rulebook.rules.iter().filter(|rule| *rule.name == *candidate.rule);
        own.any(|rule| is_pattern(rule, |pattern| pattern.contains("{product}")))
    };
    if is_written && mirrored(&tag).is_none() {
        rules.retain(|candidate| by.as_ref() == Some(&candidate.rule) || !means_another(candidate));
    }
    // The rule that set it first, then those that lack least.
    rules.sort_by_key(|candidate| (by.as_ref() != Some(&candidate.rule), candidate.missing()));
    let mut notes = notes(rulebook, facts, &tag);
    if let Some(taken) = effects::taken_away(facts, &tag).filter(|_| held.is_none()) {
        notes.push(format!("A person took it away, {taken}: only what happens after that gives it again."));
    }
    if by.as_deref() == Some(effects::BY_ORDERS) {
        notes.push("An order was cancelled or returned: it is the stage of the purchases that are left.".into());
    }
    if rules.is_empty() && notes.is_empty() {
        notes.extend(alike(rulebook, &tag));
    }
    Explanation { notes, tag, now, held, rules }
}

fn is_pattern(rule: &Rule, is_it: impl Fn(&str) -> bool) -> bool {
    rule.written.tag.as_ref().is_some_and(|tag| is_it(tag.get_ref()))
}

/// The tag that a person means: colours and stages go by several names.
fn settled(rulebook: &Rulebook, facts: &Facts, tag: &str) -> String {
    let tag = tag.trim().replacen("colour/", "color/", 1);
    let is_set_by_rule =
        rulebook.rules.iter().any(|rule| rule.written.tag.as_ref().is_some_and(|own| *own.get_ref() == tag));
    match tag.split_once('/') {
        Some(("color", "green")) if facts.holds("color/dark-green") => "color/dark-green".into(),
        Some(("color", "green")) => "color/light-green".into(),
        Some(("stage", name)) if !is_set_by_rule => {
            Stage::from_name(name).map_or_else(|| tag.clone(), |stage| format!("stage/{}", stage.number()))
        }
        _ => tag,
    }
}

/// Colours, heat and stages end by tables of their own.
fn mirrored_until(rulebook: &Rulebook, facts: &Facts, tag: &str) -> Option<Timestamp> {
    match mirrored(tag)? {
        Mirrored::Colour(_) => facts.colour.as_ref()?.until,
        Mirrored::Heat(_) => facts.heat.as_ref()?.until,
        Mirrored::Stage(_) => timers::stage_due(rulebook, facts),
    }
}

fn mirrored(tag: &str) -> Option<Mirrored> {
    match tag.split_once('/')? {
        ("color", name) => Colour::from_name(name).map(Mirrored::Colour),
        ("heat", name) => Heat::from_name(name).map(Mirrored::Heat),
        ("stage", name) => {
            const ALL: [Stage; 5] =
                [Stage::FirstContact, Stage::Considering, Stage::AboutToBuy, Stage::FirstPurchase, Stage::Loyal];
            ALL.into_iter().find(|stage| stage.number().to_string() == name).map(Mirrored::Stage)
        }
        _ => None,
    }
}

/// The rule with its conditions, if it could set the tag.
fn candidate(see: &conditions::View<'_>, rule: &Rule, tag: &str, is_held: bool) -> Option<Candidate> {
    let mirrored = mirrored(tag).filter(|state| match state {
        // Which green it is, a tag of the contact decides.
        Mirrored::Colour(colour) => rule
            .painting
            .as_ref()
            .is_some_and(|painting| painting.to == *colour || painting.to.is_green() && colour.is_green()),
        Mirrored::Heat(heat) => rule.heat == Some(*heat),
        Mirrored::Stage(stage) => rule.stage == Some(*stage),
    });
    let mut ways = match (&rule.written.tag, mirrored) {
        (_, Some(_)) => vec![Fields::new()],
        (Some(pattern), None) => bindings(pattern.get_ref(), tag),
        (None, None) => Vec::new(),
    };
    ways.iter_mut().for_each(implied);
    ways.retain(|fields| conditions::could_be(rule, fields));
    // A name such as earbuds-noise-cancelling can be read in several ways: the one that most was counted for.
    let listed = ways.iter().map(|fields| (fields, conditions::list(see, rule, fields, mirrored)));
    let most = |(_, listed): &(_, Vec<Condition>)| listed.iter().filter_map(|one| one.have).sum::<Decimal>();
    let (fields, mut conditions) = listed.rev().max_by_key(most)?;
    let by_person = persons::overruling(see.facts, rule, tag).filter(|_| !is_held);
    conditions.extend(by_person.map(|other| {
        Condition::is(
            false,
            format!("no other tag of its group that a person gave: {other} is, and stands until taken away"),
        )
    }));
    // Where all that it asks for is so, it has not been tried since.
    if !is_held && conditions.iter().all(|condition| condition.holds == Some(true)) {
        conditions.extend(conditions::tried_with(see, rule, fields));
    }
    let written = &rule.written;
    Some(Candidate {
        rule: written.name.clone(),
        version: rule.version.clone(),
        catalogue: written.catalogue.clone(),
        why: written.why.clone(),
        lives: lives(rule, mirrored),
        conditions,
    })
}

fn lives(rule: &Rule, mirrored: Option<Mirrored>) -> String {
    match (mirrored, &rule.painting, rule.life) {
        (Some(Mirrored::Colour(_)), Some(painting), _) => match (painting.stands, painting.then) {
            (Some(stands), Some(then)) => format!("{stands}, then {}", then.name()),
            _ => "until another colour is given".into(),
        },
        (Some(_), ..) => "by the tables of [cooling]".into(),
        (None, _, Life::Kept) => "until a rule or a person removes it".into(),
        (None, _, Life::For(length)) => length.to_string(),
        (None, _, Life::While) => "while the count holds".into(),
    }
}

/// All ways in which a pattern with `{fields}` can be read into a tag.
fn bindings(pattern: &str, tag: &str) -> Vec<Fields> {
    let Some((before, after)) = pattern.split_once('{') else {
        return if pattern == tag { vec![Fields::new()] } else { Vec::new() };
    };
    let (Some(rest), Some((field, behind))) = (tag.strip_prefix(before), after.split_once('}')) else {
        return Vec::new();
    };
    // Only a whole tag has levels of its own.
    let most = if field == "tag" { rest.len() } else { rest.find('/').unwrap_or(rest.len()) };
    let ends = rest.char_indices().map(|(start, c)| start + c.len_utf8()).filter(|end| *end <= most);
    let mut all = Vec::new();
    for end in ends {
        let (value, left) = rest.split_at(end);
        for mut fields in bindings(behind, left) {
            fields.insert(0, (field.to_owned(), value.to_owned()));
            all.push(fields);
        }
    }
    all
}

/// What the name of a whole tag says besides, as the signal `earned` tells it.
fn implied(fields: &mut Fields) {
    let Some((_, tag)) = fields.iter().find(|(field, _)| field == "tag").cloned() else { return };
    let mut parts = tag.splitn(3, '/');
    fields.extend(
        ["group", "category", "product"]
            .into_iter()
            .filter_map(|field| Some((field.to_owned(), parts.next()?.to_owned()))),
    );
}

/// For a tag that no rule sets: the one that was meant where it has a slip, else those of its group that rules do set, since a name is
/// easily mistaken.
fn alike(rulebook: &Rulebook, tag: &str) -> Option<String> {
    if let Some(meant) = rulebook.known_tags(&[]).meant_by(tag) {
        return Some(format!("No rule sets a tag like this; a person may. Did you mean {meant}?"));
    }
    let group = tag.split('/').next()?;
    let set = rulebook.rules.iter().filter_map(|rule| rule.written.tag.as_ref()).map(|tag| tag.get_ref().as_str());
    let mut alike: Vec<&str> = set.filter(|pattern| pattern.split('/').next() == Some(group)).collect();
    alike.sort_unstable();
    alike.dedup();
    (!alike.is_empty())
        .then(|| format!("No rule sets a tag like this; a person may. Of its group rules set {}.", alike.join(", ")))
}

/// What the clock and the tables do with states that tags mirror.
fn notes(rulebook: &Rulebook, facts: &Facts, tag: &str) -> Vec<String> {
    let table = &rulebook.heat;
    let mut notes = Vec::new();
    match mirrored(tag) {
        Some(Mirrored::Heat(heat)) => {
            notes.push(match heat {
                Heat::Extreme => format!("It cools to high after {}.", table.extreme),
                Heat::High => format!("Extreme cools to high after {}.", table.extreme),
                Heat::Medium => format!("High cools to medium until {} after the last interaction.", table.medium),
                Heat::Low => match timers::heat_due(rulebook, facts).filter(|_| facts.heat.is_none()) {
                    Some(due) => format!("It comes after {} of silence: at {due}.", table.low_after),
                    None => format!("It comes after {} without an interaction.", table.low_after),
                },
            });
        }
        Some(Mirrored::Colour(colour)) => {
            let falls = |rule: &&Rule| rule.painting.as_ref().is_some_and(|painting| painting.then == Some(colour));
            for rule in rulebook.rules.iter().filter(falls) {
                let painting = rule.painting.as_ref();
                let (from, stands) = painting.map_or(("", None), |painting| (painting.to.name(), painting.stands));
                let stands = stands.map(|stands| format!(" after {stands}")).unwrap_or_default();
                notes.push(format!("{from} that rule {} gave falls to it{stands}.", rule.name));
            }
            if colour == Colour::Red {
                let (reds, most) = (facts.reds.len(), table.reds);
                notes.push(format!("{reds} of at most {most} stretches of red without an order were used."));
            }
        }
        Some(Mirrored::Stage(Stage::FirstContact)) => {
            notes.push("It is the stage of everybody who reached no other.".into())
        }
        Some(Mirrored::Stage(stage)) => {
            let lasting = rulebook.rules.iter().find(|rule| timers::lasts_with_tag(rule, stage));
            let tag = lasting.and_then(|rule| rule.written.tag.as_ref());
            let end = tag.map_or("its last signal", |tag| tag.get_ref().as_str());
            notes.push(format!("It ends {} after {end}.", table.stage_lives));
        }
        None if tag == "color/sudden-need" => notes.push("It comes with a change from green to red, for 72h.".into()),
        None if tag == "color/red-exhausted" => {
            notes.push(format!("It comes when red is refused after {} stretches of it without an order.", table.reds));
        }
        None => {}
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_read_into_a_tag_in_every_way_that_there_is() {
        let ways = bindings("interest/high/{product}-{feature}", "interest/high/earbuds-noise-cancelling");
        let read: Vec<_> = ways.iter().map(|fields| format!("{}+{}", fields[0].1, fields[1].1)).collect();
        assert_eq!(read, ["earbuds+noise-cancelling", "earbuds-noise+cancelling"]);
        assert_eq!(bindings("category/{category}", "category/food/tea"), Vec::<Fields>::new());
        let mut whole = bindings("{tag}", "category/food/tea");
        implied(&mut whole[0]);
        assert!(whole[0].contains(&("product".into(), "tea".into())), "{whole:?}");
    }
}
