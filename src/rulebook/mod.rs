//! Rules as data: what an event means for a contact's tags, colour, heat and stage, and what it starts.
//!
//! An event becomes *signals* (`signal.rs` is their vocabulary; `signals.rs`, `messages.rs`; `counting.rs` knows what counts as one): an
//! interaction, a question about a product, a click… Rules (`written.rs` is their language, `compile.rs` checks it and makes `rule.rs` of
//! it) are tried with them (`evaluate.rs`): they count in windows (`figures.rs`) and look at what holds (`holding.rs`). What they set and
//! start are *consequences* (`change.rs`, `effects.rs`, `colours.rs`, `stage_heat.rs`); people have their own say (`persons.rs`).
//!
//! What must be remembered of the past stands in *facts* (`facts.rs`, of what is in `kept.rs`; `packing.rs` and `sweep.rs` keep them
//! small), bounded by each rule's own window, so that folding an event never reads the history. Purchases are counted (`purchases.rs`)
//! from the order book (`orders.rs`), and anew when one is undone (`recount.rs`, `undo.rs`); some only at the end of a quarter
//! (`review.rs`). What the clock alone can make hold is looked at after each event (`look.rs`): counts that are crossed
//! (`crossed.rs`), and how the customer takes what we send (`responses.rs`). `rise.rs` sets interactions against the customer's
//! own past. `timers.rs` knows what rules wait for and when heat and stage fall, `dates.rs` the days that customers told, which `days.rs`
//! reads. `rounds.rs` and `sequences.rs` send by and by while something holds. `tags_known.rs` finds slips in the names of tags.

mod almanac;
mod answers;
mod asked;
mod calendar;
mod change;
mod checks;
mod colours;
mod compile;
mod condition;
mod conditions;
mod counting;
mod crossed;
mod dates;
mod days;
mod effects;
mod evaluate;
mod explain;
mod facts;
mod fields;
mod figure;
mod figures;
mod given;
mod holding;
mod kept;
mod look;
mod messages;
mod orders;
mod packing;
mod packing_cases;
mod packing_orders;
mod packing_tags;
mod pairs;
mod persons;
mod photos;
mod planning;
mod purchases;
mod recount;
mod region;
mod responses;
mod review;
mod rise;
mod rounds;
mod rule;
mod sequences;
mod signal;
mod signals;
mod stage_heat;
mod sweep;
mod tags_known;
mod tiers;
mod timers;
mod undo;
mod values;
mod written;
mod written_when;

use crate::domain::{
    Colour, Consequence, Contact, Currency, Duration, Event, Every, Habit, HandoffRequest, MessageKind, Outgoing,
    Problem, Rates, Reading, Shop, Sighting, SourceFile, Timestamp,
};

pub use compile::beside_rules;
pub use condition::{Condition, maybe_rfc3339, rfc3339};
pub use explain::{Candidate, Explanation, Held};
pub use facts::Facts;
pub use kept::HeldTag;
use rule::Rule;
pub use signal::slug;
pub use tags_known::{KnownTags, did_you_mean};

/// The smallest step of time: what holds "within" a length still holds at its last moment, and ends one step later.
const STEP: Duration = Duration::millis(1);

/// All rules, checked and indexed by the signals that can trigger them. Immutable.
pub struct Rulebook {
    rules: Vec<Rule>,
    /// Where each rule stands, by its name.
    by_name: std::collections::HashMap<std::sync::Arc<str>, usize>,
    /// For each signal, the rules that it can trigger.
    by_signal: std::collections::HashMap<&'static str, Vec<usize>>,
    /// Rules that wait for something not to happen.
    absences: Vec<usize>,
    /// The signals that any of them waits for, or that start its clock anew.
    waited_for: Vec<String>,
    /// Those of them that wait for a signal to follow on others, for each signal that starts their clock or is waited for.
    waiting: std::collections::HashMap<String, Vec<usize>>,
    /// Rules that give a stage together with a tag that holds as long as its figure does.
    lasting: Vec<usize>,
    /// Rules about the states of orders.
    of_orders: Vec<usize>,
    /// Rules that come round as long as something holds.
    repeating: Vec<usize>,
    /// Rules that send one message after another.
    sequences: Vec<usize>,
    /// Rules about days that the customer told.
    of_dates: Vec<usize>,
    /// How such days are written.
    days: days::Days,
    /// Rules that are judged at the end of a period of the calendar.
    reviews: Vec<(Every, usize)>,
    /// The calendar is that of the shop.
    zone: chrono_tz::Tz,
    /// The shop's products: key by name.
    products: std::collections::HashMap<String, String>,
    /// The tag that makes a green contact dark green.
    dark_green: Option<String>,
    /// Colours that are not used, and what takes their place.
    scheme: Vec<(Colour, Colour)>,
    /// Rules that the clock alone can make hold or end (`look.rs`).
    looked_at: Vec<usize>,
    /// Counters that rules share which cross several.
    shared_counts: Vec<rule::CrossedCount>,
    /// How far back interactions are remembered, where a rule compares them.
    rise_horizon: Option<Duration>,
    /// An answer that comes within this is one to what we sent unasked.
    answered_within: Duration,
    answers: answers::Answers,
    heat: rule::HeatTable,
    calendars: calendar::Calendars,
    /// Sums in rules name a currency; those of events are converted.
    rates: Rates,
    /// The shop's currency: that of sums which name none.
    currency: Currency,
    /// How long each rule looks back, by its name.
    windows: std::collections::HashMap<String, Duration>,
    /// How long a person's tag of a group lives; others are kept.
    lives_by_person: std::collections::BTreeMap<String, Duration>,
    /// While a tag is held: how soon somebody answers who is asked for, for what reason. The shortest first.
    promises: Vec<(Duration, String, String)>,
}

/// What a step is about.
pub enum Occurrence<'a> {
    /// Something happened; a message comes with what was read in it.
    Event {
        /// What.
        event: &'a Event,
        /// What was read in it.
        reading: Option<&'a Reading>,
    },
    /// The moment that [`Rulebook::next_wake`] told of has come.
    Clock,
    /// A message was decided.
    Sent(&'a Outgoing),
    /// A hand-off was opened, or a person took over.
    HandedOff,
    /// It became known where the contact is.
    Seen(&'a Sighting),
    /// A habit of reading or writing showed itself, or is over.
    Habit {
        /// Which.
        habit: &'a Habit,
        /// What showed it.
        event: &'a Event,
    },
}

impl Rulebook {
    /// Reads the files under `rules/`. `None` if any of them has an error. The shop tells its calendar and what it sells.
    pub fn compile(files: &[SourceFile], shop: Option<&Shop>) -> (Option<Self>, Vec<Problem>) {
        compile::compile(files, shop)
    }

    /// The tags that these rules and the product set; `tags.toml` among the files gives labels to others.
    pub fn known_tags(&self, files: &[SourceFile]) -> KnownTags {
        KnownTags::of(&self.rules, files)
    }

    /// Takes in an occurrence: changes `facts` and says what follows.
    pub fn step(
        &self,
        facts: &mut Facts,
        contact: &Contact,
        what: Occurrence<'_>,
        now: Timestamp,
        out: &mut Vec<Consequence>,
    ) {
        evaluate::step(self, facts, contact, what, now, out);
    }

    /// Why a contact holds a tag at that moment, or what is missing. Colours, heat and stages are tags too: `color/red`,
    /// `heat/high`, `stage/considering`.
    pub fn explain(&self, facts: &Facts, contact: &Contact, tag: &str, now: Timestamp) -> Explanation {
        explain::explain(self, facts, contact, tag, now)
    }

    /// Every rule's name, with the catalogue's entries that it carries out.
    pub fn catalogued(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.rules.iter().map(|rule| (&*rule.name, rule.written.catalogue.as_slice()))
    }

    /// Whether a rule raises an alert of that name.
    pub fn raises(&self, alert: &str) -> bool {
        self.rules.iter().any(|rule| rule.written.alert.as_deref() == Some(alert))
    }

    /// Rules that send something, each with the tags that it goes by: those that it sets, and those that it asks for; `*` at the
    /// end stands for anything.
    pub fn sends_by(&self) -> std::collections::BTreeMap<String, Vec<String>> {
        let fixed = |tag: &str| tag.split_once('{').map_or_else(|| tag.to_owned(), |(start, _)| format!("{start}*"));
        let tags = |rule: &Rule| {
            let (written, holds) = (&rule.written, &rule.written.holds);
            let set = written.tag.iter().map(|tag| tag.get_ref());
            let tags: Vec<String> = set.chain(&holds.tags).chain(&holds.any_tags).map(|tag| fixed(tag)).collect();
            (rule.name.to_string(), tags)
        };
        let sends = |rule: &&Rule| rule.written.follow_up.is_some() || !rule.steps.is_empty();
        self.rules.iter().filter(sends).map(tags).filter(|(_, tags)| !tags.is_empty()).collect()
    }

    /// Every message that a rule sends unasked: the rule's name, what the message is for, and its template.
    pub fn sends(&self) -> impl Iterator<Item = (&str, MessageKind, &str)> {
        self.rules.iter().flat_map(|rule| {
            let sends = rule.written.follow_up.iter().chain(&rule.written.steps);
            sends.map(|sends| (&*rule.name, sends.kind, sends.template.as_str()))
        })
    }

    /// Every rule's name with its version and its own words.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.rules.iter().map(|rule| (&*rule.name, rule.version.as_str(), rule.words.as_str()))
    }

    /// What the tags held promise to a customer who waits for a person for that reason: the shortest promise, and the tag. Who
    /// is red by now waits for that as well.
    pub fn promise(&self, facts: &Facts, reason: &str) -> Option<(Duration, &str)> {
        let is_red = facts.colour() == Some(Colour::Red);
        let waits = |of: &str| of == reason || (is_red && of == HandoffRequest::RED);
        let counts = |(_, tag, of): &&(Duration, String, String)| waits(of) && facts.holds(tag);
        self.promises.iter().find(counts).map(|(promise, tag, _)| (*promise, tag.as_str()))
    }

    /// From when until when a rule's message may go that waits for a window of the calendar, where the customer is; `None` where it waits
    /// for none.
    pub fn window_of(&self, rule: &str, contact: &Contact, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let rule = self.rule(rule)?;
        let window = rule.written.follow_up.as_ref()?.at.as_ref()?;
        let begins = self.calendars.next_beginning(window, contact, now)?;
        Some((begins + rule.follow_after, begins + rule.follow_latest))
    }

    /// Why a person cannot take that tag from a contact, and what to do instead: it only shows the colour, the heat or the stage.
    pub fn stays(facts: &Facts, tag: &str) -> Option<&'static str> {
        tag.parse().ok().and_then(|tag| persons::stays(facts, &tag))
    }

    /// Why a person cannot give that tag, and what to do instead: it follows from what a contact does.
    pub fn follows(tag: &str) -> Option<&'static str> {
        tag.parse().ok().and_then(|tag| persons::follows(&tag))
    }

    /// The earliest moment at which anything changes with no new event.
    pub fn next_wake(&self, facts: &Facts) -> Option<Timestamp> {
        let tags = facts.tags.values().filter_map(|held| held.expires);
        let colour = facts.colour.iter().filter_map(|state| state.until);
        let orders = orders::next_due(self, facts);
        let first = tags
            .chain(colour)
            .chain(timers::heat_due(self, facts))
            .chain(timers::stage_due(self, facts))
            .chain(orders)
            .chain(review::next_due(facts))
            .chain(dates::next_due(self, facts))
            .chain(calendar::next_wake(facts))
            .chain(look::next_due(self, facts))
            .chain(rounds::next_due(self, facts))
            .chain(sequences::next_due(self, facts))
            .min();
        timers::absence_before(self, facts, first).or(first)
    }

    /// The rule of that name.
    fn rule(&self, name: &str) -> Option<&Rule> {
        self.by_name.get(name).map(|index| &self.rules[*index])
    }

    /// The key that the shop sells a product under, by its name or number. One of another category than is told is something else, and a
    /// key that is told stands.
    fn known_key(&self, product: &str, category: Option<&str>) -> Option<&str> {
        if category.is_some_and(|category| category.contains('/')) {
            return None;
        }
        let key = self.products.get(&signal::slug(product))?;
        let is_of = |category: &str| key.split('/').next() == Some(category);
        category.is_none_or(is_of).then_some(key)
    }
}
