//! From rows to what pages show: times in words, ticks, evidence.

use chrono_tz::Tz;
use minijinja::{Value, context};

use super::media;
use super::people::{self, People};
use super::said::linked;
use crate::dialogue::{cart_in_words, grouped};
use crate::domain::{
    AgentAction, AgentEvent, Budget, Content, Duration, Event, EventBody, Evidence, InboundMessage, ListRow,
    MessageKind, MessageNumber, OptAction, OptScope, Shop, Timestamp,
};
use crate::engine::fold::Knowledge;
use crate::engine::outlook::{self, Stopped};
use crate::engine::records;
use crate::engine::state::State;
use crate::engine::summary::Row;
use crate::engine::tags::Faces;
use crate::outreach::{Planned, Verdict};
use crate::store::{InboxRow, LedgerLine, LedgerMove, NOT_KNOWN_WHETHER_SENT, SentRow};

/// Tags that a row of the inbox shows; the rest is a number.
const TAGS_SHOWN: usize = 3;

/// Letters of a message that is quoted.
const QUOTED: usize = 80;

/// From here on it is told louder that the service window closes.
const LAST_HOUR: Duration = Duration::hours(1);

/// From here on a row tells that the service window closes, where a person is to answer.
const LAST_HOURS: Duration = Duration::hours(3);

/// What is known of rows beside their contacts: where the signed-in person left a draft, and where a reply reached nobody.
pub(super) struct Marks {
    pub(super) drafted: Vec<i64>,
    pub(super) unsent: Vec<i64>,
}

/// A row of the inbox.
pub(super) fn row(row: &InboxRow, faces: &Faces, people: &People, marks: &Marks, now: Timestamp) -> Value {
    let summary: Row = serde_json::from_str(&row.summary).unwrap_or_default();
    let more = summary.tags.len().saturating_sub(TAGS_SHOWN);
    let tags: Vec<Value> = summary.tags.iter().take(TAGS_SHOWN).map(|tag| face(faces, tag)).collect();
    let window = summary.window_ends.filter(|ends| row.handoff != "none" && *ends > now && *ends < now + LAST_HOURS);
    context! {
        id => row.contact.0, name => name(&summary, row.contact.0), preview => &summary.preview, unread => row.unread,
        window => window.map(|ends| left(ends, now)), unsent => marks.unsent.contains(&row.contact.0),
        colour => summary.colour.clone(), heat => summary.heat.clone(), tags, more,
        handoff => &row.handoff, agent => row.agent.as_deref().map(|login| people.name(login)), opted_out => summary.opted_out,
        ago => row.last_inbound_at.map(|at| ago(at, now)),
        country => summary.country.clone(), draft => marks.drafted.contains(&row.contact.0), ..waiting(row, &summary, now)
    }
}

/// Why somebody waits for a person, all of it, and until when; or for how long already, where the promise was missed.
fn waiting(row: &InboxRow, summary: &Row, now: Timestamp) -> Value {
    let due = match summary.missed_since {
        Some(since) => Some(format!("promise missed, waits {}", length(((now - since).0 / 1000).max(60)))),
        None => row.promise_due.map(|due| countdown(due, now)),
    };
    let reasons: Vec<String> = summary.reason.iter().chain(&summary.also).cloned().collect();
    let overdue = summary.missed_since.is_some() || row.promise_due.is_some_and(|due| due < now);
    context! { reasons, due, overdue }
}

/// A budget as it was understood: with its currency, where one is known.
fn budget(budget: &Budget) -> String {
    let currency = budget.currency.map(|currency| format!(" {}", currency.code())).unwrap_or_default();
    let sum = match (budget.min, budget.max) {
        (Some(min), Some(max)) if min == max => grouped(min),
        (Some(min), Some(max)) => format!("{} to {}", grouped(min), grouped(max)),
        (Some(min), None) => format!("from {}", grouped(min)),
        (None, Some(max)) => format!("up to {}", grouped(max)),
        (None, None) => return "none".into(),
    };
    let about = if budget.about { "about " } else { "" };
    format!("{about}{sum}{currency}")
}

/// What a tag is called and drawn in.
pub(super) fn face(faces: &Faces, tag: &str) -> Value {
    context! { tag, label => faces.label(tag), colour => faces.colour(tag) }
}

/// Labels of tags that may be given: the core set and what people made.
pub(super) fn known_tags(faces: &Faces) -> Vec<String> {
    faces.offered().map(|tag| faces.label(tag)).collect()
}

/// Name, else number, else our own number of them.
pub(super) fn name(summary: &Row, id: i64) -> String {
    let number = summary.wa_id.as_ref().map(|digits| format!("+{digits}"));
    people::called(summary.name.clone(), number, id)
}

/// What the panel says of a contact.
pub(super) fn contact(row: &InboxRow, state: &State, people: &People, now: Timestamp, shop_zone: Tz) -> Value {
    let summary: Row = serde_json::from_str(&row.summary).unwrap_or_default();
    let zone = state.contact.zone.unwrap_or(shop_zone);
    let window = state.contact.window_ends().filter(|ends| *ends > now);
    context! {
        id => row.contact.0, name => name(&summary, row.contact.0),
        number => summary.wa_id.as_ref().map(|digits| format!("+{digits}")),
        country => summary.country.clone(), language => summary.language.clone(), local_time => clock(now, zone),
        zone => zone.name(), colour => summary.colour.clone(), heat => summary.heat.clone(), stage => &summary.stage,
        budget => state.memory.budget().map(budget).or_else(|| summary.budget.as_ref().map(|tag| tag.replace("budget/", ""))),
        product => summary.product.clone(), opted_out => summary.opted_out,
        marketing_out => state.contact.marketing_out,
        handoff => &row.handoff, agent => row.agent.as_deref().map(|login| people.name(login)),
        window_open => window.is_some(), window => window.map(|ends| left(ends, now)),
        window_closes => window.is_some_and(|ends| ends < now + LAST_HOUR),
        ..waiting(row, &summary, now)
    }
}

/// How a thread is told: where the shop is and what it sells, what people and tags are called.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) shop: &'a Shop,
    pub(super) people: &'a People,
    pub(super) faces: &'a Faces,
    pub(super) now: Timestamp,
}

/// What happened and what was sent, in order of time, with a line for each new day.
pub(super) fn thread(events: &[Event], sent: &[SentRow], told: Told<'_>) -> Vec<Value> {
    let zone = told.shop.zone;
    // What was taken from exported chats came long after it happened.
    let when = |event: &Event| if event.body.is_past() { event.at } else { event.received };
    let mut items: Vec<(Timestamp, Value)> =
        events.iter().filter_map(|event| Some((when(event), shown(event, events, sent, told)?))).collect();
    items.extend(sent.iter().map(|row| (row.message.at, ours(row, told))));
    // Stable: what happened at one moment stays in its order, theirs before ours.
    items.sort_by_key(|(at, _)| *at);
    let mut days = Vec::with_capacity(items.len());
    let mut day = String::new();
    for (at, item) in items {
        let today = at.utc().with_timezone(&zone).format("%A, %-d %B %Y").to_string();
        if today != day {
            let id = format!("day-{}", at.date_in(zone));
            days.push(context! { kind => "day", id, text => &today, zone => zone.name() });
            day = today;
        }
        days.push(item);
    }
    days
}

/// A moment as a thread shows it: the time of day, and all of it for who looks closer.
pub(super) fn moment(at: Timestamp, zone: Tz) -> Value {
    let whole = format!("{} {}", at.utc().with_timezone(&zone).format("%-d %b %Y, %H:%M"), zone.name());
    context! { clock => clock(at, zone), whole, instant => at.rfc3339() }
}

/// What is told of so much later than it happened is told with both times.
const LATE: Duration = Duration::minutes(5);

/// When something happened, and when it came where that was later: of another day with the day.
fn written(event: &Event, zone: Tz) -> Value {
    let is_late = event.received - event.at > LATE && !event.body.is_past();
    let day = if event.at.date_in(zone) == event.received.date_in(zone) { "" } else { "%-d %b, " };
    let at =
        event.at.utc().with_timezone(&zone).format(&format!("{}%H:%M", if is_late { day } else { "" })).to_string();
    context! { clock => at, arrived => is_late.then(|| clock(event.received, zone)), ..moment(event.at, zone) }
}

/// What they quote, in a few words, where it stands in the part of the thread that is read.
fn quoted(message: &InboundMessage, events: &[Event], sent: &[SentRow]) -> Option<String> {
    // A tap is under the message that it belongs to, and says what it means.
    let id = message.reply_to.as_deref().filter(|_| message.choice.is_none())?;
    let ours = sent.iter().find(|row| row.wamid.as_deref() == Some(id)).map(|row| row.message.content.text());
    let theirs = || {
        events.iter().find_map(|event| match &event.body {
            EventBody::Message(other) if other.wamid.as_deref() == Some(id) => Some(other.words().to_owned()),
            EventBody::Sent(other) if other.message == id => other.text.clone(),
            _ => None,
        })
    };
    let words = ours.or_else(theirs)?.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(shorten(&words, QUOTED))
}

fn shown(event: &Event, events: &[Event], sent: &[SentRow], told: Told<'_>) -> Option<Value> {
    let at = written(event, told.shop.zone);
    let id = format!("event-{}", event.seq);
    Some(match &event.body {
        EventBody::Message(message) => {
            let ad = message.referral.as_ref().and_then(|referral| referral.headline.clone());
            let media = message.media.clone();
            let cart = cart_in_words(&message.items, told.shop).into_iter();
            let others = [Some(message.words().to_owned()).filter(|words| !words.is_empty()), message.details.clone()];
            let text = cart.chain(others.into_iter().flatten());
            let text = text.collect::<Vec<_>>().join("\n");
            let page = message.product.as_deref().map(|product| told.shop.name_of(product));
            let quoted = quoted(message, events, sent);
            let file = media::shown(message, event, told.now);
            context! { kind => "theirs", id, words => linked(&text), media, file, ad, page, quoted, at }
        }
        EventBody::Location(location) => {
            let place = format!("{:.5}, {:.5}", location.latitude, location.longitude);
            let parts = [location.name.as_deref(), location.address.as_deref(), Some(&place)];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
            let (north, east) = (location.latitude, location.longitude);
            let map = format!("https://www.openstreetmap.org/?mlat={north}&mlon={east}#map=16/{north}/{east}");
            context! { kind => "theirs", id, words => linked(&text), media => "location", map, at }
        }
        EventBody::Reaction { emoji, .. } if !emoji.is_empty() => {
            context! { kind => "line", id, text => format!("reacted {emoji}"), at }
        }
        EventBody::Sent(sent) => {
            let words = linked(sent.text.as_deref().unwrap_or_default());
            context! { kind => "ours", id, words, sender => told.people.name(sent.by.trim_start_matches("agent:")), at }
        }
        EventBody::Order(order) => {
            context! { kind => "line", id, text => format!("order {} {}", order.order, format!("{:?}", order.state).to_lowercase()), at }
        }
        EventBody::Click(click) => context! { kind => "line", id, text => format!("opened a {} link", click.link), at },
        EventBody::Opt(opt) => {
            let wants = match (opt.action, opt.scope) {
                (OptAction::In, _) => "wants messages again",
                (OptAction::Out, OptScope::All) => "wants no messages",
                (OptAction::Out, OptScope::Marketing) => "wants no marketing",
            };
            if let (Some(by), Some(note)) = (&opt.by, &opt.note) {
                let words = linked(&format!("{wants}: {note}"));
                return Some(context! { kind => "note", id, words, sender => told.people.name(by), at });
            }
            context! { kind => "line", id, text => wants, at }
        }
        EventBody::Agent(agent) => {
            let who = told.people.name(&agent.agent);
            let tag = || agent.tag.as_deref().map(|tag| told.faces.label(tag)).unwrap_or_default();
            let text = match agent.action {
                AgentAction::Note => {
                    let words = linked(agent.text.as_deref().unwrap_or_default());
                    return Some(context! { kind => "note", id, words, sender => who, at });
                }
                // The message itself stands in the outbox.
                AgentAction::Reply => return None,
                AgentAction::Take if was_late(event, agent, events) => {
                    format!("{who} wanted to take over, a moment late")
                }
                AgentAction::Take => format!("{who} took over"),
                AgentAction::Release => format!("{who} handed back to the bot"),
                AgentAction::Call => format!("{who} called"),
                AgentAction::TagAdd => format!("{who} set {}", tag()),
                AgentAction::TagRemove => format!("{who} removed {}", tag()),
                AgentAction::Colour => format!("{who} set the colour"),
                AgentAction::Won => format!("{who} closed it: won"),
                AgentAction::Lost => format!("{who} closed it: lost"),
                AgentAction::Leave => format!("{who} has left: it waits for somebody else"),
            };
            context! { kind => "line", id, text, at }
        }
        _ => return None,
    })
}

/// So soon what was done is folded, and stands in every page.
const AT_ONCE: Duration = Duration::seconds(10);

/// Whether a colleague pressed a moment before, so that it stayed theirs.
fn was_late(event: &Event, take: &AgentEvent, events: &[Event]) -> bool {
    let Some(seen) = &take.seen else { return false };
    let before = events.iter().filter(|other| other.seq < event.seq && other.received > event.received - AT_ONCE);
    let mut takes = before.filter_map(|other| match &other.body {
        EventBody::Agent(other) if other.action == AgentAction::Take => Some(other),
        _ => None,
    });
    takes.next_back().is_some_and(|other| other.agent != take.agent && other.agent != *seen)
}

/// Whether the customer's last message came after the last word of a person.
pub(super) fn unanswered(events: &[Event], sent: &[SentRow]) -> bool {
    let theirs =
        events.iter().filter(|event| matches!(event.body, EventBody::Message(_))).map(|event| event.received).max();
    let ours = sent.iter().filter(|row| row.sender != "bot").map(|row| row.message.at).max();
    theirs > ours
}

/// What a message that failed is called where it can be sent again: a reply of which it is known that it reached nobody.
fn again(row: &SentRow) -> Option<String> {
    let failed = row.state == "failed" || row.state == "expired" && row.sender != "bot";
    let is_reply = row.message.kind == MessageKind::Reply;
    let may = failed && is_reply && row.error.as_deref() != Some(NOT_KNOWN_WHETHER_SENT);
    may.then(|| MessageNumber { contact: row.contact, number: row.message.number }.to_string())
}

/// What a message offers to choose from, each in its parts: a name, a price and Arabic words have directions of their own.
fn options(content: &Content) -> Vec<Vec<String>> {
    match content {
        Content::Buttons { buttons, .. } => buttons.iter().map(|button| vec![button.title.clone()]).collect(),
        Content::List { rows, .. } => {
            let parts = |row: &ListRow| {
                let told = row.description.split(" · ").filter(|part| !part.is_empty());
                std::iter::once(row.title.as_str()).chain(told).map(str::to_owned).collect()
            };
            rows.iter().map(parts).collect()
        }
        _ => Vec::new(),
    }
}

/// The template that a message goes by, and in which language.
fn template(content: &Content) -> Option<String> {
    match content {
        Content::Template(template) => Some(format!("{}, {}", template.name, template.language)),
        _ => None,
    }
}

fn ours(row: &SentRow, told: Told<'_>) -> Value {
    let (ticks, label) = match row.state.as_str() {
        "queued" => ("…", "waits"),
        "sending" => ("…", "on its way"),
        "accepted" | "sent" => ("✓", "sent"),
        "delivered" => ("✓✓", "delivered"),
        "read" => ("✓✓", "read"),
        "cancelled" => ("×", "not sent"),
        "expired" => ("×", "not sent, too late"),
        _ => ("!", "failed"),
    };
    context! {
        kind => "ours", id => format!("message-{}-{}", row.contact.0, row.number),
        bot => row.sender == "bot", sender => told.people.name(&row.sender), words => linked(&row.message.content.text()),
        options => options(&row.message.content), at => moment(row.message.at, told.shop.zone), ticks, label, state => &row.state,
        error => records::reason(row), again => again(row),
        follow_up => row.message.rule.clone(), template => template(&row.message.content),
    }
}

/// What is planned for a contact: for when, and what the gate would say of it now.
pub(super) fn planned(state: &State, knowledge: &Knowledge, stopped: &Stopped, now: Timestamp) -> Vec<Value> {
    let mut plans = knowledge.planned(state, now);
    plans.retain(|(plan, _)| stopped.wants(plan));
    plans.sort_by_key(|(plan, _)| plan.due());
    let shown = |(plan, verdict): &(&Planned, Verdict)| {
        let says = outlook::says(plan, verdict, stopped);
        let (due, kind) = (plan.due(), plan.kind.name().replace('_', " "));
        let within = (due > now).then(|| left(due, now));
        context! { kind, template => &plan.template, rule => &*plan.rule, product => plan.product.clone(), within, says }
    };
    plans.iter().map(shown).collect()
}

/// Tags that hold, with why: the rule, the figure, the words in the message.
pub(super) fn tags(
    state: &State,
    ledger: &[LedgerLine],
    events: &[Event],
    faces: &Faces,
    verdicts: &[(String, Timestamp, bool)],
    now: Timestamp,
) -> Vec<Value> {
    let held = state.facts.tags();
    held.map(|(tag, held)| {
        let line = ledger.iter().find(|line| line.tag == tag.as_str() && line.change == LedgerMove::Set);
        let said = verdicts.iter().find(|(other, since, _)| other == tag.as_str() && *since == held.since);
        let said = said.map(|(.., correct)| if *correct { "right" } else { "wrong" });
        let evidence = line.map(|line| line.evidence.clone()).unwrap_or_default();
        let message = evidence.events.iter().rev().find_map(|seq| {
            let event = events.iter().find(|event| event.seq == *seq)?;
            let EventBody::Message(message) = &event.body else { return None };
            Some(highlighted(message.words(), &evidence))
        });
        context! {
            tag => tag.as_str(), label => faces.label(tag.as_str()), colour => faces.colour(tag.as_str()), said, since => ago(held.since, now),
            until => held.expires.filter(|expires| *expires > now).map(|expires| left(expires, now)),
            rule => &held.by, version => &evidence.version, catalogue => evidence.catalogue.join(", "), figure => &evidence.figure,
            message,
        }
    })
    .collect()
}

/// The words of a message in pieces, those that count marked.
fn highlighted(text: &str, evidence: &Evidence) -> Vec<Value> {
    let mut pieces = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let mut spans = evidence.spans.clone();
    spans.sort();
    for span in spans {
        let (start, end) = (span.start as usize, (span.end as usize).min(chars.len()));
        if start < at || start >= end {
            continue;
        }
        pieces.push(context! { text => chars[at..start].iter().collect::<String>(), marked => false });
        pieces.push(context! { text => chars[start..end].iter().collect::<String>(), marked => true });
        at = end;
    }
    pieces.push(context! { text => chars[at..].iter().collect::<String>(), marked => false });
    pieces
}

/// Time of day where somebody is.
pub(super) fn clock(at: Timestamp, zone: Tz) -> String {
    at.utc().with_timezone(&zone).format("%H:%M").to_string()
}

/// How long ago, in the largest unit.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    match (now - at).0 / 1000 {
        seconds if seconds < 60 => "now".into(),
        seconds => length(seconds),
    }
}

/// What is left until a moment, in hours up to two days: of one day and 23 hours “1 d” would hide the half.
fn left(at: Timestamp, now: Timestamp) -> String {
    match (at - now).0 / 1000 {
        seconds if (86_400..2 * 86_400).contains(&seconds) => format!("{} h", seconds / 3_600),
        seconds => length(seconds.max(60)),
    }
}

/// A promise on the clock.
fn countdown(due: Timestamp, now: Timestamp) -> String {
    match (due - now).0 / 1000 {
        seconds if seconds < 0 => format!("{} late", length((-seconds).max(60))),
        _ => format!("answer within {}", left(due, now)),
    }
}

fn length(seconds: i64) -> String {
    match seconds {
        seconds if seconds < 3_600 => format!("{} min", seconds / 60),
        seconds if seconds < 86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// The beginning of a text.
pub(super) fn shorten(text: &str, most: usize) -> String {
    let mut kept: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_as_something_to_do_and_hides_no_hours() {
        let now = Timestamp(1_790_000_000_000);
        let minutes = |minutes| countdown(now + Duration::minutes(minutes), now);
        assert_eq!(minutes(5), "answer within 5 min");
        assert_eq!(minutes(29 * 60 + 50), "answer within 29 h");
        assert_eq!(minutes(47 * 60 + 59), "answer within 47 h");
        assert_eq!(minutes(48 * 60), "answer within 2 d");
        assert_eq!(minutes(-3), "3 min late");
    }

    #[test]
    fn a_moment_of_a_thread_tells_its_day_and_zone_to_who_looks_closer() {
        let told = moment(Timestamp(1_790_000_000_000), chrono_tz::Asia::Hong_Kong);
        let part = |name| told.get_attr(name).unwrap_or_default().to_string();
        assert_eq!(part("clock"), "22:13");
        assert_eq!(part("whole"), "21 Sep 2026, 22:13 Asia/Hong_Kong");
        assert!(part("instant").starts_with("2026-09-21T14:13:20"), "{told}");
    }

    #[test]
    fn what_reaches_us_late_is_told_with_both_times() {
        let at = Timestamp(1_790_000_000_000);
        let told = |minutes| {
            let received = at + Duration::minutes(minutes);
            let told = written(
                &Event { seq: 1, at, received, body: EventBody::Unsent { number: 1 } },
                chrono_tz::Asia::Hong_Kong,
            );
            let part = |name| told.get_attr(name).unwrap_or_default().as_str().unwrap_or_default().to_owned();
            (part("clock"), part("arrived"))
        };
        let are = |clock: &str, arrived: &str| (clock.to_owned(), arrived.to_owned());
        assert_eq!(told(5), are("22:13", ""));
        assert_eq!(told(30), are("22:13", "22:43"));
        assert_eq!(told(180), are("21 Sep, 22:13", "01:13"), "of another day with the day");
    }

    #[test]
    fn the_parts_of_an_option_have_directions_of_their_own() {
        let row = |title: &str, description: &str| {
            let (title, description) = (title.to_owned(), description.to_owned());
            ListRow { id: "1".into(), title, description }
        };
        let rows = vec![row("Nova S5", "199 USD · 6.6 بوصة، 128 جيجابايت"), row("التحدث مع موظف", "")];
        let list = Content::List { body: "…".into(), button: "…".into(), rows };
        let told = [vec!["Nova S5", "199 USD", "6.6 بوصة، 128 جيجابايت"], vec!["التحدث مع موظف"]];
        assert_eq!(options(&list), told);
    }
}
