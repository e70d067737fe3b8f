//! Minds what holds messages back for many: heeds what Meta tells of account, numbers and templates, asks Meta now and then, and
//! opens the breaker when too much fails or too little is read. Replies go on in all of this.

use std::collections::HashMap;
use std::time::Duration as StdDuration;

use super::holds::{BREAKER, in_words, is_minded_here};
use crate::config::Auth;
use crate::domain::{Duration, EventBody, MessageNumber, Outgoing, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::State;
use crate::engine::supervise::rested;
use crate::governance::Alert;
use crate::outreach::{Departure, Outcomes, Shared, Verdict};
use crate::store::{AlertRow, HoldRow, Leave, NumberTold, OutcomeRow, StoreError};
use crate::whatsapp::errors::{self, Action};
use crate::whatsapp::quality::Quality;
use crate::whatsapp::signals::{self, QUALITY, REVIEW, STATUS, Signal, Subject};
use crate::whatsapp::usage;

/// How often it is looked whether Meta told something.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// How often outcomes are counted: a walk over what left within a day.
const JUDGE_EVERY: Duration = Duration::minutes(1);
/// How often Meta is asked for each number: 200 such calls an hour are allowed (section 5.3).
const ASK_EVERY: Duration = Duration::minutes(15);
/// The same after Meta could not be reached.
const ASK_AGAIN: Duration = Duration::minutes(1);
/// So long a number sends slower where most of Meta's allowance of calls is used, if Meta tells no longer time.
const USED_RESTS: Duration = Duration::minutes(1);
/// A message that has been on the phone for this long could have been read.
const SEASONED: Duration = Duration::hours(2);
/// The alert that stands while something is held.
const ALERT: &str = "number-quality";
/// What the alerts are called that Meta sends, before Meta's own name; one of which no end is told stands for so long.
const FROM_META: &str = "meta-";
const FROM_META_FOR: Duration = Duration::days(7);

/// Looks until told to stop.
pub(crate) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut judged = None;
    loop {
        if let Err(error) = look(&engine, &mut judged).await {
            tracing::warn!(%error, "limits cannot be looked after just now");
        }
        if !rested(&stop, LOOK_EVERY).await {
            return;
        }
    }
}

async fn look(engine: &Engine, judged: &mut Option<Timestamp>) -> Result<(), StoreError> {
    heed_usage(engine).await;
    engine.take_up_paces().await?;
    if !is_minded_here(engine) {
        return Ok(());
    }
    heed_meta(engine).await?;
    end_rests(engine).await?;
    let now = engine.now();
    if judged.is_none_or(|last| now - last >= JUDGE_EVERY) {
        judge(engine).await?;
        tell(engine).await?;
        end_told(engine).await?;
        *judged = Some(now);
    }
    alert(engine).await
}

/// Where most of Meta's allowance of calls is used, the numbers that this node sends for send slower before Meta refuses them.
async fn heed_usage(engine: &Engine) {
    let Some(usage) = engine.client().take_usage() else { return };
    metrics::gauge!("hotline_api_usage_percent").set(usage.percent as f64);
    if usage.percent < usage::HIGH {
        return;
    }
    let (rests, why) =
        (usage.regain.max(USED_RESTS), format!("{} % of Meta's allowance of calls is used", usage.percent));
    for lane in engine.lanes().led() {
        engine.slow_down(&lane.channel, rests, &why).await;
    }
}

/// Account events of the journal that were not heeded yet.
async fn heed_meta(engine: &Engine) -> Result<(), StoreError> {
    for event in engine.store().unheeded().await? {
        if let Ok(EventBody::Account { field, value }) = serde_json::from_str(&event.body) {
            for signal in signals::read(&field, &value, event.received) {
                match heed(engine, signal).await {
                    // It would be refused each time, and nothing behind it be heeded.
                    Err(error @ StoreError::Refused(_)) => {
                        tracing::error!(%error, seq = event.seq, field, "what Meta tells of the account cannot be stored");
                    }
                    heeded => heeded?,
                }
            }
        }
        engine.store().heeded(event.seq).await?;
    }
    Ok(())
}

async fn heed(engine: &Engine, signal: Signal) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    match signal {
        Signal::Portfolio(most) => store.set_portfolio(most, now).await,
        Signal::Hold { what, source, until, why } => engine.hold(&what, until, why, source).await,
        Signal::Lift { what, sources, why } => {
            let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
            engine.lift_of_meta(&what, &sources, &why).await
        }
        Signal::Template(news) => engine.heed_template(news).await,
        Signal::Reviewed { approved: true } => {
            let why = "Meta approved the account";
            engine.lift(&Subject::Account.key(), Some(REVIEW), why).await.map(|_| ())
        }
        Signal::Reviewed { approved: false } => {
            engine.hold(&Subject::Account, None, "Meta rejected the account in its review".into(), REVIEW).await
        }
        Signal::Told { kind, said } => told(engine, &kind, said).await,
        Signal::Error { code, channel } => {
            let is_meant =
                |ours: &&String| channel.as_ref().is_none_or(|told| told == *ours || !engine.channels().contains(told));
            for channel in engine.channels().iter().filter(is_meant) {
                engine.heed_error(code, channel, None).await;
            }
            Ok(())
        }
        Signal::Quality { number, quality } => {
            let told = NumberTold { quality: quality.name().into(), ..NumberTold::default() };
            take_told(engine, &meant(engine, &number).await?, &told, "").await
        }
        Signal::Faster { number } => {
            let told = NumberTold { throughput: "HIGH".into(), ..NumberTold::default() };
            take_told(engine, &meant(engine, &number).await?, &told, "").await
        }
    }
}

/// Raises or ends an alert that Meta sent.
async fn told(engine: &Engine, kind: &str, said: Option<String>) -> Result<(), StoreError> {
    let name = format!("{FROM_META}{}", kind.to_lowercase().replace('_', "-"));
    let standing = said.map(|said| Alert {
        name: name.clone(),
        what: format!("Meta tells of the account: {said}"),
        advice: "See to it in Meta's WhatsApp Manager.".into(),
    });
    for begun in engine.store().set_alerts(&[&name], standing.as_slice(), engine.now()).await? {
        tracing::warn!(alert = %begun.name, "{}", begun.what);
        metrics::counter!("hotline_alerts_total", "alert" => begun.name).increment(1);
    }
    Ok(())
}

/// Meta does not always tell when something is over.
async fn end_told(engine: &Engine) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    let is_old = |row: &AlertRow| row.until.is_none() && now - row.since > FROM_META_FOR;
    for row in store.alerts(now).await?.into_iter().filter(is_old) {
        if row.alert.name.starts_with(FROM_META) {
            store.set_alerts(&[&row.alert.name], &[], now).await?;
        }
    }
    Ok(())
}

/// Our numbers that a webhook means by these digits. One that Meta has not described yet may be the one that is meant.
async fn meant(engine: &Engine, digits: &str) -> Result<Vec<String>, StoreError> {
    let known = engine.store().numbers(engine.now()).await?;
    let is_meant = |channel: &&String| {
        let display = known.iter().find(|row| row.channel == **channel).map_or("", |row| &row.told.display);
        let display: String = display.chars().filter(char::is_ascii_digit).collect();
        display.is_empty() || digits.is_empty() || display == digits
    };
    Ok(engine.channels().iter().filter(is_meant).cloned().collect())
}

/// Takes up what Meta tells of numbers. A fall of the quality to RED holds a number until it is better, one to YELLOW lets it rest;
/// one that may not send is held until it may, with the `ailment` that Meta told. What did not change says nothing: a person may
/// have let the number go on meanwhile.
async fn take_told(engine: &Engine, channels: &[String], told: &NumberTold, ailment: &str) -> Result<(), StoreError> {
    let (store, now, quality) = (engine.store(), engine.now(), told.quality.as_str());
    let known = store.numbers(now).await?;
    for channel in channels {
        let known = known.iter().find(|row| row.channel == *channel).map(|row| &row.told);
        let (was, stood) = known.map_or(("", ""), |told| (told.quality.as_str(), told.status.as_str()));
        let (number, red) = (Subject::Number(channel.clone()), Quality::Red.name());
        if quality == red && was != red {
            engine.hold(&number, None, "Meta calls the number's quality RED".into(), QUALITY).await?;
        } else if quality != red && was == red && !quality.is_empty() {
            engine.lift_of_meta(&number, &[QUALITY], &format!("Meta calls the number's quality {quality}")).await?;
        } else if quality == Quality::Yellow.name() && was == Quality::Green.name() {
            let rests = engine.shelf().knowledge().limits.breaker.yellow_rests;
            engine.hold(&number, Some(now + rests), "the number's quality fell to YELLOW".into(), QUALITY).await?;
        }
        if !told.status.is_empty() && told.status != stood {
            take_status(engine, &number, &told.status, ailment).await?;
        }
        // Last: after a crash before it the change is seen once more.
        store.set_number(channel, told, now).await?;
    }
    engine.take_up_paces().await
}

/// How a number stands has changed.
async fn take_status(engine: &Engine, number: &Subject, status: &str, ailment: &str) -> Result<(), StoreError> {
    let said = format!("Meta says that the number is {status}");
    if !signals::is_stopped(status) {
        return engine.lift(&number.key(), Some(STATUS), &said).await.map(|_| ());
    }
    let why = if ailment.is_empty() { said } else { format!("{said}: {ailment}") };
    engine.hold(number, None, why, STATUS).await
}

/// Asks Meta about the numbers that this node sends for, now and again until told to stop. Beside all else: an answer may take its
/// time.
pub(crate) async fn ask(engine: Engine) {
    // 360dialog has no such question: its paths are those of messages and files (section 8).
    if engine.settings().whatsapp.auth == Auth::D360 {
        return;
    }
    let stop = engine.stopping();
    let mut next = HashMap::<String, Timestamp>::new();
    loop {
        for lane in engine.lanes().led() {
            let now = engine.now();
            if lane.pauses(now) || next.get(&lane.channel).is_some_and(|next| now < *next) {
                continue;
            }
            let pause = tokio::select! {
                () = stop.cancelled() => return,
                asked = ask_meta(&engine, &lane.channel) => asked.unwrap_or_else(|error| {
                    tracing::warn!(%error, "what Meta told of a number could not be written");
                    ASK_AGAIN
                }),
            };
            next.insert(lane.channel.clone(), now + pause);
        }
        if !rested(&stop, LOOK_EVERY).await {
            return;
        }
    }
}

/// Asks Meta how a number stands, for its quality and throughput, and for the portfolio's limit. Where it does not answer, what is known stands.
/// Returns how long to wait before it is asked again.
async fn ask_meta(engine: &Engine, channel: &str) -> Result<Duration, StoreError> {
    let number = match engine.client().number(channel).await {
        Ok(number) => number,
        // Refused: asking more often does not help.
        Err(error) if error.code.is_some() => return Ok(ASK_EVERY),
        Err(_) => return Ok(ASK_AGAIN),
    };
    let text = |name: &str| number[name].as_str().unwrap_or_default().to_owned();
    let told = NumberTold {
        display: text("display_phone_number"),
        quality: text("quality_rating"),
        throughput: signals::throughput(&number).to_owned(),
        status: signals::status(&number).to_owned(),
    };
    let ailment = signals::ailment(&number);
    take_told(engine, &[channel.to_owned()], &told, &ailment).await?;
    let limited = || format!("the number {} may send only in part (LIMITED). {ailment}", told.display);
    self::told(engine, &format!("LIMITED_{channel}"), signals::is_limited(&number).then(limited)).await?;
    if let Some(Signal::Portfolio(most)) = signals::portfolio(&number["whatsapp_business_manager_messaging_limit"]) {
        engine.store().set_portfolio(most, engine.now()).await?;
    }
    Ok(ASK_EVERY)
}

/// What rested long enough goes on.
async fn end_rests(engine: &Engine) -> Result<(), StoreError> {
    let now = engine.now();
    let over = |row: &HoldRow| row.until.is_some_and(|until| until <= now);
    for row in engine.store().holds().await?.into_iter().filter(over) {
        engine.lift(&row.what, Some(&row.source), "rested long enough").await?;
    }
    Ok(())
}

/// The breaker: numbers first, then the templates of numbers that are in order.
async fn judge(engine: &Engine) -> Result<(), StoreError> {
    let (store, now, knowledge) = (engine.store(), engine.now(), engine.shelf().knowledge());
    let (breaker, kept_back) = (knowledge.limits.breaker, &knowledge.limits.kept_back);
    // What happened before a rest led to it, and does not count again.
    let rows = store.outcomes(now - breaker.within, now - SEASONED).await?;
    let held = engine.held().await?;
    // What rests already rests no longer for it.
    let rests = |what: &Subject| held.iter().any(|row| row.what == what.key() && row.source == BREAKER);
    for channel in engine.channels() {
        let number = Subject::Number(channel.clone());
        if rests(&number) {
            continue;
        }
        let own: Vec<&OutcomeRow> = rows.iter().filter(|row| row.channel == *channel).collect();
        let all = own.iter().map(|row| row.outcomes).fold(Outcomes::default(), Outcomes::and);
        let why = match breaker.judge(all) {
            None => kept_back.judge(store.kept_back(channel, now - breaker.within, kept_back, now).await?),
            why => why,
        };
        if let Some(why) = why {
            engine.hold(&number, Some(now + breaker.rests), why, BREAKER).await?;
            continue;
        }
        for row in own.iter().filter(|row| !row.template.is_empty()) {
            let template = Subject::Template(row.template.clone());
            if let Some(why) = breaker.judge(row.outcomes).filter(|_| !rests(&template)) {
                engine.hold(&template, Some(now + breaker.rests), why, BREAKER).await?;
            }
        }
    }
    Ok(())
}

async fn tell(engine: &Engine) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    let counts = store.unasked_counts(now).await?;
    metrics::gauge!("hotline_follow_ups_planned").set(counts.planned as f64);
    metrics::gauge!("hotline_follow_ups_waiting").set(counts.waiting as f64);
    let knowledge = engine.shelf().knowledge();
    let limits = &knowledge.limits;
    let most = store.portfolio().await?.unwrap_or(Some(limits.portfolio_until_told));
    let unlimited = |most: Option<u32>| most.map_or(f64::INFINITY, f64::from);
    metrics::gauge!("hotline_portfolio_limit").set(unlimited(most));
    for number in store.numbers(now).await? {
        let warm_up = limits.warm_up(number.since, most, now);
        let labels = [("number", number.channel)];
        metrics::gauge!("hotline_portfolio_customers", &labels).set(number.reached as f64);
        metrics::gauge!("hotline_warm_up_limit", &labels).set(unlimited(warm_up));
        metrics::gauge!("hotline_quality", &labels).set(quality(&number.told.quality));
    }
    Ok(())
}

/// Meta's rating as a figure: the lower, the worse; 0 where it is unknown.
fn quality(rating: &str) -> f64 {
    match rating {
        "GREEN" => 3.0,
        "YELLOW" => 2.0,
        "RED" => 1.0,
        _ => 0.0,
    }
}

/// An alert on every page while something is held.
async fn alert(engine: &Engine) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    let held = engine.held().await?;
    metrics::gauge!("hotline_holds").set(held.len() as f64);
    let is_all = held.iter().any(|row| !row.what.starts_with("template:"));
    let what = if is_all { "Nothing unasked is sent" } else { "Some follow-ups are not sent" };
    let refused = held.iter().any(|row| row.why.contains(signals::NO_REPLIES));
    let pauses = |row: &HoldRow| signals::code_of(&row.source).and_then(errors::policy)?.pauses;
    let replies = match () {
        () if refused => "Meta refuses replies as well.",
        () if held.iter().any(|row| pauses(row).is_some()) => "Replies wait until it is mended.",
        () => "Replies go on.",
    };
    let standing = (!held.is_empty()).then(|| Alert {
        name: ALERT.into(),
        what: format!("{what}. {}", in_words(&held).join("; ")),
        advice: format!("{replies} The page Outreach says until when, and lets an admin go on."),
    });
    store.set_alerts(&[ALERT], standing.as_slice(), now).await.map(|_| ())
}

impl Engine {
    /// A call or a status told of an error that concerns more than its message; a template has a name and a language.
    pub(crate) async fn heed_error(&self, code: i64, channel: &str, template: Option<(&str, &str)>) {
        let Some(policy) = errors::policy(code) else { return };
        if let Some(rests) = policy.slows {
            self.slow_down(channel, rests, &errors::explain(code)).await;
        }
        let what = match (policy.action, template) {
            (Action::AccountPause, _) => Subject::Account,
            (Action::NumberPause, _) => Subject::Number(channel.to_owned()),
            (Action::TemplatePause, Some((template, _))) => Subject::Template(template.to_owned()),
            (Action::LanguageGone, Some((template, language))) => return self.language_gone(template, language).await,
            _ => return,
        };
        let now = self.now();
        let until = policy.rests.map(|rests| now + rests);
        // Every call may be refused for the same reason: the first one holds it, and then one a minute goes on with it.
        let source = signals::source_of(code);
        let standing = |row: &HoldRow| {
            let lasts = row.until.is_none_or(|held| until.is_some_and(|until| until <= held + JUDGE_EVERY));
            row.what == what.key() && row.source == source && lasts
        };
        let held = self.held().await;
        if held.is_ok_and(|held| held.iter().any(standing)) {
            return;
        }
        if let Err(error) = self.hold(&what, until, errors::explain(code), &source).await {
            tracing::warn!(%error, "a hold could not be written");
        }
    }

    /// The same for a status, which names only the message.
    pub(crate) async fn heed_status(&self, message: &str, code: i64) {
        let Ok(MessageNumber { contact, number }) = message.parse() else { return };
        if let Ok(Some((channel, template))) = self.store().way_of(contact, number).await {
            let template = template.as_ref().map(|(name, language)| (name.as_str(), language.as_str()));
            self.heed_error(code, &channel, template).await;
        }
    }
}

/// The gate as the store asks it: what is held for many, the store has seen to already.
/// `marketing` tells that Meta has made its template so.
pub(crate) fn may_leave(
    knowledge: &Knowledge,
    state: Option<&[u8]>,
    (message, departures): (&Outgoing, &[Departure]),
    marketing: bool,
    now: Timestamp,
) -> Leave {
    // A contact that is just being made anew: soon there is a state to ask.
    let Some(state) = state.and_then(|state| State::unpacked(state).ok()) else {
        return Leave::NotBefore(now + Duration::minutes(1), "the customer is being looked up".into());
    };
    let shared = Shared { marketing, ..Shared::default() };
    match knowledge.may_leave(&state, (message, departures), &shared, now) {
        Verdict::Now => Leave::Now,
        Verdict::OnlyTemplate { .. } if matches!(message.content, crate::domain::Content::Template(_)) => Leave::Now,
        Verdict::NotBefore { at, why } if at <= message.expires => Leave::NotBefore(at, why.to_string()),
        Verdict::OnlyTemplate { why, .. } | Verdict::NotBefore { why, .. } | Verdict::Never { why } => {
            Leave::Never(why.to_string())
        }
    }
}
