//! Reading rule files: what stands in them (`written.rs`) is checked and understood.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest, Sha256};
use toml::Spanned;

use super::answers::Answers;
use super::calendar::Calendars;
use super::checks::{
    COLOURS, Checker, check_catalogue, check_currencies, check_does_something, check_fights, check_of_purchases,
    check_promises, check_tag, check_together, check_windows, conditions_of_time,
};
use super::days::Days;
use super::rule::{HeatTable, Life, Painting, Ranks, Rule};
use super::tags_known::KnownTags;
use super::written::{File, Paint, Tiers, Written, WrittenHeat, WrittenScheme};
use super::written_when::{Absent, AnyOrder, Count, Review, Sum, Words};
use super::{
    Rulebook, calendar, crossed, dates, fields, responses, rise, rounds, sequences, signal, signals, sweep, tiers,
    timers, values,
};
use crate::domain::{
    Colour, Currency, Duration, Every, Heat, OrderState, Problem, Rates, Severity, Shop, SourceFile, Stage,
};

pub(super) const HEATS: &str = "extreme, high, medium, low";
const STAGES: &str = "first-contact, considering, about-to-buy, first-purchase, loyal";

/// What counts as an answer to a message of ours where no file says it.
const ANSWERED_WITHIN: Duration = Duration::hours(24);

/// What the files under `rules/` say together.
#[derive(Default)]
struct Files {
    rules: Vec<Rule>,
    problems: Vec<Problem>,
    heat: Option<HeatTable>,
    lives_by_person: BTreeMap<String, Duration>,
    dark_green: Option<String>,
    tiers: Option<Tiers>,
    scheme: Vec<(Colour, Colour)>,
    promises: Vec<(Duration, String, String)>,
    answers: Answers,
    answered_within: Option<Duration>,
}

impl Files {
    fn read(&mut self, file: &SourceFile) {
        let mut checker = Checker { file, problems: Vec::new() };
        match toml::from_str::<File>(&file.text) {
            Ok(written) => self.understand(&mut checker, written),
            Err(error) => {
                let place = error.span().map_or(0, |span| span.start);
                checker.error(place, error.message().to_owned(), "Compare with a rule that works.");
            }
        }
        self.problems.extend(checker.problems);
    }

    fn understand(&mut self, checker: &mut Checker<'_>, written: File) {
        if let Some(cooling) = written.cooling {
            self.heat = understand_cooling(checker, &cooling);
        }
        self.dark_green = written.green.map(|green| green.dark_with).or(self.dark_green.take());
        self.scheme.extend(understand_scheme(checker, &written.scheme));
        self.tiers = written.tiers.or(self.tiers.take());
        let slugs = |words: &[String]| words.iter().map(|word| signal::slug(word)).collect::<Vec<_>>();
        self.answers.notes_begin.extend(slugs(&written.notes_begin));
        self.answers.begin.extend(slugs(&written.answers_begin));
        self.answers.none.extend(slugs(&written.none_words));
        if let Some(within) = &written.answered_within {
            self.answered_within = Some(checker.duration(within));
        }
        for (group, life) in written.lives_by_person {
            self.lives_by_person.insert(group, checker.duration(&life));
        }
        for (reason, tags) in written.promises {
            let promise = |(tag, within)| (checker.duration(&within), tag, reason.clone());
            self.promises.extend(tags.into_iter().map(promise));
        }
        self.rules.extend(written.rule.into_iter().map(|rule| understand(checker, rule)));
    }
}

/// Reads all files under `rules/`.
pub(super) fn compile(files: &[SourceFile], shop: Option<&Shop>) -> (Option<Rulebook>, Vec<Problem>) {
    let mut read = Files::default();
    files.iter().filter(|file| file.path.starts_with("rules/")).for_each(|file| read.read(file));
    let (mut calendars, found) = calendar::compile(files, shop.map_or(chrono_tz::UTC, |shop| shop.zone));
    let mut problems = std::mem::take(&mut read.problems);
    problems.extend(found);
    problems.extend(check(&read, &calendars, files, shop));
    calendars.watch(&read.rules);
    let (days, found) = Days::read(files);
    problems.extend(found);
    // Order of rules in the files never matters: they are always tried by name.
    read.rules.sort_by(|a, b| a.name.cmp(&b.name));
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return (None, problems);
    }
    // What is wrong with the file of rates is told where the shop's prices are read.
    let rates = Rates::compile(files).0.unwrap_or_default();
    (Some(Rulebook { days, ..rulebook(read, calendars, rates, shop) }), problems)
}

/// What is wrong with the files together.
fn check(read: &Files, calendars: &Calendars, files: &[SourceFile], shop: Option<&Shop>) -> Vec<Problem> {
    let Files { rules, promises, tiers, .. } = read;
    let known = KnownTags::of(rules, files);
    let mut problems = check_together(rules, &known);
    problems.extend(check_fights(rules));
    problems.extend(values::check(rules, files));
    problems.extend(check_currencies(rules, files, shop));
    problems.extend(check_catalogue(rules, files));
    problems.extend(check_promises(rules, &known, promises));
    problems.extend(tiers.iter().flat_map(|tiers| tiers::check(tiers, rules)));
    problems.extend(check_windows(rules, calendars));
    if read.heat.is_none() {
        let (message, advice) = ("the table [cooling] is missing", "It says how heat cools.");
        problems.push(Problem::at("rules/heat.toml", "", 0, message, advice));
    }
    problems
}

/// The rules as they are tried: those that each kind of signal and each kind of timer concerns, by their places.
fn rulebook(read: Files, calendars: Calendars, rates: Rates, shop: Option<&Shop>) -> Rulebook {
    let Files { mut rules, heat, lives_by_person, dark_green, scheme, mut promises, answered_within, answers, .. } =
        read;
    let shared_counts = crossed::shared(&mut rules);
    let mut by_signal: HashMap<&'static str, Vec<usize>> = HashMap::new();
    for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.review.is_none()) {
        for signal in &rule.signals {
            by_signal.entry(signal).or_default().push(index);
        }
    }
    let mut waiting: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        let Some(absent) = rule.written.absent.as_ref() else { continue };
        let Some(after) = absent.after.as_ref() else { continue };
        let signals: BTreeSet<&str> = absent.of.iter().chain(after.iter()).collect();
        signals.into_iter().for_each(|signal| waiting.entry(signal.to_owned()).or_default().push(index));
    }
    let waited_for = timers::waited_for(&mut rules);
    promises.sort();
    let those = |wanted: fn(&Rule) -> bool| (0..rules.len()).filter(|index| wanted(&rules[*index])).collect();
    Rulebook {
        by_name: rules.iter().enumerate().map(|(index, rule)| (rule.name.clone(), index)).collect(),
        by_signal,
        waiting,
        waited_for,
        absences: those(|rule| rule.written.absent.is_some()),
        lasting: those(|rule| rule.stage.is_some_and(|stage| timers::lasts_with_tag(rule, stage))),
        of_orders: those(|rule| rule.written.any_order.is_some()),
        repeating: those(|rule| rule.written.every.is_some()),
        sequences: those(|rule| !rule.steps.is_empty()),
        of_dates: those(|rule| rule.written.on_date.is_some()),
        days: Days::default(),
        looked_at: those(|rule| !rule.crossed.is_empty() || rule.written.responses.is_some()),
        reviews: rules.iter().enumerate().filter_map(|(index, rule)| Some((rule.review?, index))).collect(),
        zone: shop.map_or(chrono_tz::UTC, |shop| shop.zone),
        products: shop.map(signals::products_by_name).unwrap_or_default(),
        dark_green,
        scheme,
        calendars,
        heat: heat.unwrap_or_default(),
        lives_by_person,
        promises,
        rates,
        currency: shop.map_or(Currency::USD, |shop| shop.currency),
        windows: sweep::windows(&rules, &shared_counts),
        shared_counts,
        rise_horizon: rise::horizon(&rules),
        answered_within: answered_within.unwrap_or(ANSWERED_WITHIN),
        answers,
        rules,
    }
}

fn understand_cooling(checker: &mut Checker<'_>, written: &WrittenHeat) -> Option<HeatTable> {
    let place = checker.file.text.find("[cooling]").unwrap_or(0);
    let mut length = |text: &str| {
        let read = Duration::parse(text);
        if read.is_none() {
            checker.error(place, format!("[cooling]: `{text}` is no length of time"), "Write 24h or 7d.");
        }
        read
    };
    let mut high_by_trade = BTreeMap::new();
    for (trade, text) in &written.high_by_trade {
        high_by_trade.insert(trade.clone(), length(text)?);
    }
    Some(HeatTable {
        extreme: length(&written.extreme)?,
        high: length(&written.high)?,
        high_by_trade,
        medium: length(&written.medium)?,
        low_after: length(&written.low_after)?,
        reds: written.reds,
        reds_reset: length(&written.reds_reset)?,
        stage_lives: length(&written.stage_lives)?,
    })
}

/// A rule as it stands in its file, with the comments behind it. The span of a table is its header alone; what belongs to the rule goes
/// on to the next table that is none of its own.
fn text_of(file: &SourceFile, place: usize) -> &str {
    let behind = file.text.get(place..).unwrap_or_default();
    let other = |at: &usize| !behind[at + 1..].starts_with("[rule.") && !behind[at + 1..].starts_with("[[rule.");
    let end = behind.match_indices("\n[").map(|(at, _)| at).find(other).map_or(behind.len(), |end| end + 1);
    behind.get(..end).unwrap_or_default()
}

/// What a file says beside its rules, such as promises and times of cooling.
pub fn beside_rules(file: &SourceFile) -> String {
    let (mut beside, mut at) = (String::new(), 0);
    while let Some(rule) = file.text.get(at..).and_then(|rest| rest.find("[[rule]]")) {
        beside.push_str(&file.text[at..at + rule]);
        at += rule + text_of(file, at + rule).len();
    }
    beside + file.text.get(at..).unwrap_or_default()
}

/// What a rule is about: nothing where it is about time.
fn understand_signals(checker: &mut Checker<'_>, place: usize, written: &Written) -> Vec<&'static str> {
    let names: Vec<&str> = match (&written.on, &written.score, conditions_of_time(written)) {
        (Some(words), None, 0) => words.iter().collect(),
        (None, Some(score), 0) => score.weights.keys().map(String::as_str).collect(),
        (None, None, 1) => Vec::new(),
        _ => {
            let message = format!("rule `{}` says not what it is about", written.name);
            let advice = "Write exactly one of: on = \"signal\", score = {…}, absent = {…}, any_order = {…}, on_date = {…}, \
                          crossed = [{…}], responses = {…}, every = \"7d\", steps = [{…}].";
            checker.error(place, message, advice);
            Vec::new()
        }
    };
    let signals = names.iter().filter_map(|name| checker.signal(place, name)).collect();
    if names.is_empty() && written.about.as_ref().is_some_and(|about| about != "order") {
        checker.error(place, "without a signal a rule can only keep orders apart", "Write about = \"order\".");
    }
    signals
}

fn understand(checker: &mut Checker<'_>, rule: Spanned<Written>) -> Rule {
    let place = rule.span().start;
    let text = text_of(checker.file, place);
    let written = rule.into_inner();
    let signals = understand_signals(checker, place, &written);
    check_rule(checker, place, &written, &signals);
    let windows = understand_windows(checker, place, &written);
    let (order_ranks, order_for) =
        written.any_order.as_ref().map_or_else(Default::default, |any| understand_any_order(checker, place, any));
    let (follow_after, follow_latest, follow_before) = understand_follow_up(checker, place, &written);
    Rule {
        name: written.name.as_str().into(),
        place: Problem::at(&checker.file.path, &checker.file.text, place, "", ""),
        version: hex::encode(&Sha256::digest(text.as_bytes())[..4]),
        words: text.trim_end().to_owned(),
        signals,
        window: windows.count,
        apart: windows.apart,
        sum_window: windows.sum,
        mean_window: windows.mean,
        gap: written.gap.as_ref().map(|gap| between(checker, &gap.at_least, &gap.at_most)).unwrap_or_default(),
        review: written.review.map(|review| match review {
            Review::Month => Every::Month,
            Review::Quarter => Every::Quarter,
        }),
        around_date: written.on_date.as_ref().and_then(|date| dates::understand(checker, place, date)),
        rise: written.rise.as_ref().map(|rise| rise::understand(checker, place, rise)),
        waits_for: Default::default(),
        absent_for: written.absent.as_ref().map(|absent| understand_absent(checker, place, absent)).unwrap_or_default(),
        crossed: crossed::understand(checker, place, &written.crossed),
        responses_for: written
            .responses
            .as_ref()
            .map(|to| responses::understand(checker, place, to))
            .unwrap_or_default(),
        order_ranks,
        order_for,
        every: written.every.as_ref().map(|every| rounds::understand(checker, every)),
        steps: sequences::understand(checker, place, &written),
        since_first: written.since_first.as_ref().map(|since| between(checker, &since.at_least, &since.at_most)),
        bought_ago: understand_bought_ago(checker, &written),
        life: understand_life(checker, &written),
        painting: written.colour.as_ref().and_then(|paint| understand_paint(checker, place, paint)),
        heat: written.heat.as_ref().and_then(|name| checker.name(place, "heat", name, Heat::from_name, HEATS)),
        stage: written.stage.as_ref().and_then(|name| checker.name(place, "stage", name, Stage::from_name, STAGES)),
        promise: written.handoff.as_ref().map(|handoff| checker.duration(&handoff.promise)).unwrap_or_default(),
        follow_after,
        follow_before,
        follow_latest,
        written,
    }
}

/// What the parts of a rule ask of each other.
fn check_rule(checker: &mut Checker<'_>, place: usize, written: &Written, signals: &[&'static str]) {
    check_of_purchases(checker, place, written, signals);
    if (!written.crossed.is_empty() || written.responses.is_some()) && written.tag.is_none() {
        checker.error(place, "`crossed` and `responses` need a tag", "They say how things stand: write tag = \"…\".");
    }
    check_tag(checker, written);
    fields::check(checker, place, written, signals);
    check_does_something(checker, place, written);
    for colour in &written.holds.colour {
        checker.name(place, "colour", colour, Colour::from_name, COLOURS);
    }
}

/// The stretches of time that a rule looks back on.
struct Windows {
    /// What is counted, or scored.
    count: Duration,
    /// How far apart what counts must be.
    apart: Duration,
    sum: Duration,
    mean: Duration,
}

fn understand_windows(checker: &mut Checker<'_>, place: usize, written: &Written) -> Windows {
    let (count, apart) =
        written.count.as_ref().map_or_else(Default::default, |count| understand_count(checker, place, written, count));
    let (sum, of_times) = written.sum.as_ref().map_or_else(Default::default, |sum| understand_sum(checker, place, sum));
    Windows {
        count: written.score.as_ref().map_or(count, |score| checker.duration(&score.within)),
        apart,
        sum,
        mean: written.mean.as_ref().map_or(of_times, |mean| checker.duration(&mean.within)),
    }
}

/// The window, and how far apart what counts must be. No window at all stands for the period of a review.
fn understand_count(checker: &mut Checker<'_>, place: usize, written: &Written, count: &Count) -> (Duration, Duration) {
    if count.at_least == 0 && count.at_most.is_none() {
        let advice = "Write count = { at_least = 3, within = \"7d\" }; of purchases also at_most = 0 for none at all.";
        checker.error(place, "a count needs at_least = 1 or more, or at_most", advice);
    }
    if count.in_a_row && count.distinct.is_none() {
        checker.error(place, "`in_a_row` counts days", "Name the field that tells the day: distinct = \"date\".");
    }
    if count.at_most.is_some_and(|most| most < count.at_least) {
        checker.error(place, "`at_most` is less than `at_least`", "Nothing could ever be so.");
    }
    if let Some(since) = &count.since {
        checker.signal(place, since);
    }
    let window = match count.within.get_ref().as_str() {
        "period" if written.review.is_some() => Duration::ZERO,
        _ => checker.duration(&count.within),
    };
    (window, count.apart.as_ref().map_or(Duration::ZERO, |apart| checker.duration(apart)))
}

/// The windows of a sum, and of the mean that it is held against.
fn understand_sum(checker: &mut Checker<'_>, place: usize, sum: &Sum) -> (Duration, Duration) {
    let has_limit =
        !(sum.at_least.is_zero() && sum.more_than.is_zero()) || sum.at_most.is_some() || sum.less_than.is_some();
    if !has_limit && sum.times_mean.is_none() {
        let advice = "Write sum = { more_than = 500, currency = \"USD\", within = \"365d\" }.";
        checker.error(place, "a sum needs at_least, more_than, at_most, less_than or times_mean", advice);
    }
    let within = checker.duration(&sum.within);
    (within, sum.times_mean.as_ref().map_or(Duration::ZERO, |mean| checker.duration(&mean.of)))
}

fn between(checker: &mut Checker<'_>, at_least: &Spanned<String>, at_most: &Spanned<String>) -> (Duration, Duration) {
    (checker.duration(at_least), checker.duration(at_most))
}

fn understand_absent(checker: &mut Checker<'_>, place: usize, absent: &Absent) -> Duration {
    let longer_than = checker.duration(&absent.longer_than);
    let after = absent.after.iter().flat_map(Words::iter).chain(absent.after_last.as_deref());
    for name in absent.of.iter().chain(after) {
        checker.signal(place, name);
    }
    longer_than
}

fn understand_bought_ago(checker: &mut Checker<'_>, written: &Written) -> Option<(Duration, Duration)> {
    let ago = written.holds.bought_ago.as_ref()?;
    if written.holds.bought.is_empty() {
        let advice = "Write bought = [\"beauty/sunscreen\"] beside it.";
        checker.error(ago.at_least.span().start, "`bought_ago` says of nothing when it was bought", advice);
    }
    Some(between(checker, &ago.at_least, &ago.at_most))
}

/// When a follow-up goes: after so long, at the latest after so long, and so long before the next purchase is due.
fn understand_follow_up(
    checker: &mut Checker<'_>,
    place: usize,
    written: &Written,
) -> (Duration, Duration, Option<Duration>) {
    let Some(follow_up) = &written.follow_up else { return (Duration::ZERO, Duration::ZERO, None) };
    let after = follow_up.after.as_ref().map_or(Duration::ZERO, |after| checker.duration(after));
    let latest = checker.duration(&follow_up.latest);
    let before = follow_up.before_next.as_ref().map(|before| checker.duration(before));
    if before.is_some() && written.gap.is_none() {
        checker.error(place, "`before_next` needs a gap", "Write gap = {…}, or `after` with a length of time.");
    }
    if latest < after {
        checker.error(follow_up.latest.span().start, "`latest` is before `after`", "Nothing could ever be sent.");
    }
    (after, latest, before)
}

fn understand_any_order(checker: &mut Checker<'_>, place: usize, any: &AnyOrder) -> (Ranks, Duration) {
    let read = |name: &str| OrderState::from_name(name).map(OrderState::rank);
    let ranks = any
        .state
        .iter()
        .filter_map(|name| checker.name(place, "state of an order", name, read, values::ORDER_STATES))
        .collect();
    (ranks, any.longer_than.as_ref().map_or(Duration::ZERO, |length| checker.duration(length)))
}

fn understand_life(checker: &mut Checker<'_>, written: &Written) -> Life {
    match &written.lifetime {
        None => Life::Kept,
        Some(text) if text.get_ref() == "while" => {
            let ends = [
                written.count.is_some(),
                written.sum.is_some(),
                written.mean.is_some(),
                written.share_of_orders.is_some(),
                written.responses.is_some(),
                !written.crossed.is_empty(),
                written.on_date.is_some(),
                written.during.is_some(),
                written.on.iter().flat_map(Words::iter).any(|on| on == "calendar"),
            ];
            if !ends.contains(&true) {
                let message =
                    "`while` needs a count, a sum, a mean, a share, `crossed`, a date or a window of the calendar";
                checker.error(text.span().start, message, "Write a length of time instead.");
            }
            Life::While
        }
        Some(text) => Life::For(checker.duration(text)),
    }
}

/// Which colours are not used, and what takes their place.
fn understand_scheme(checker: &mut Checker<'_>, written: &WrittenScheme) -> Vec<(Colour, Colour)> {
    let mut scheme = Vec::new();
    for (unused, instead) in written {
        let place = unused.span().start;
        let mut colour = |name: &str| checker.name(place, "colour", name, Colour::from_name, COLOURS);
        let Some((from, to)) = colour(unused.get_ref()).zip(colour(instead)) else { continue };
        if written.keys().any(|other| Colour::from_name(other.get_ref()) == Some(to)) {
            checker.error(place, format!("{instead} is not used itself"), "Name a colour that the shop uses.");
        }
        scheme.push((from, to));
    }
    scheme
}

fn understand_paint(checker: &mut Checker<'_>, place: usize, paint: &Paint) -> Option<Painting> {
    let to = checker.name(place, "colour", &paint.to, Colour::from_name, COLOURS)?;
    let from_any = paint.from.iter().any(|from| from == "any");
    let mut from = Vec::new();
    for name in paint.from.iter().filter(|name| *name != "any") {
        from.push(checker.name(place, "colour", name, Colour::from_name, COLOURS)?);
        if name == "green" {
            from.push(Colour::DarkGreen);
        }
    }
    let then = paint.then.as_ref().and_then(|name| checker.name(place, "colour", name, Colour::from_name, COLOURS));
    let stands = paint.stands.as_ref().map(|stands| checker.duration(stands));
    if stands.is_some() != then.is_some() {
        checker.error(place, "`stands` and `then` go together", "Say how long the colour stands and what it falls to.");
    }
    Some(Painting {
        to,
        from: (!from.is_empty()).then_some(from),
        from_any,
        stands,
        from_first: paint.from_first,
        then,
    })
}
