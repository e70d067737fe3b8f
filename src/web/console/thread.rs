//! A conversation as its page shows it: what was said in both directions, what was done, in order of time.

use chrono_tz::Tz;
use minijinja::{Value, context};

use super::media;
use super::people::People;
use super::said::linked;
use super::view::{clock, moment, shorten};
use crate::dialogue::cart_in_words;
use crate::domain::{
    AgentAction, AgentEvent, Content, Duration, Event, EventBody, InboundMessage, ListRow, MessageKind, MessageNumber,
    OptAction, OptScope, Shop, Timestamp,
};
use crate::engine::records;
use crate::engine::tags::Faces;
use crate::store::{NOT_KNOWN_WHETHER_SENT, SentRow};

/// Letters of a message that is quoted.
const QUOTED: usize = 80;

/// How a thread is told: where the shop is and what it sells, what people and tags are called.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) people: &'a People,
    pub(crate) faces: &'a Faces,
    /// The event that was found.
    pub(crate) found: Option<i64>,
    pub(crate) now: Timestamp,
}

/// What happened, what was sent and when nobody came, in order of time, with a line for each new day.
pub(crate) fn whole(events: &[Event], sent: &[SentRow], given_up: &[Timestamp], told: Told<'_>) -> Vec<Value> {
    let zone = told.shop.zone;
    // What was taken from exported chats came long after it happened.
    let when = |event: &Event| if event.body.is_past() { event.at } else { event.received };
    let mut items: Vec<(Timestamp, Value)> =
        events.iter().filter_map(|event| Some((when(event), shown(event, events, sent, told)?))).collect();
    items.extend(sent.iter().map(|row| (row.message.at, ours(row, told))));
    // Of what lies before the part that is read, nothing is told.
    let first = items.iter().map(|(at, _)| *at).min();
    let by_itself = |name: &str, at: Timestamp, text: &str| {
        let id = format!("{name}-{}", at.0);
        (at, context! { kind => "line", id, text, at => moment(at, zone) })
    };
    let given_up = given_up.iter().filter(|at| first <= Some(**at));
    items.extend(given_up.map(|at| by_itself("given-up", *at, "nobody took it; the bot answers again")));
    items.extend(returns(events, told.now).map(|at| by_itself("back", at, "it was snoozed, and is back")));
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

/// When what was put aside came back because its time was over.
fn returns(events: &[Event], now: Timestamp) -> impl Iterator<Item = Timestamp> {
    events.iter().enumerate().filter_map(move |(at, event)| {
        let EventBody::Agent(AgentEvent { action: AgentAction::Snooze, until: Some(until), .. }) = &event.body else {
            return None;
        };
        let ends = |later: &Event| match &later.body {
            EventBody::Message(_) => true,
            EventBody::Agent(other) => matches!(
                other.action,
                AgentAction::Take
                    | AgentAction::Snooze
                    | AgentAction::PutBack
                    | AgentAction::Release
                    | AgentAction::Won
                    | AgentAction::Lost
                    | AgentAction::Leave
            ),
            _ => false,
        };
        let is_over = *until <= now && *until > event.received;
        let stayed = !events[at + 1..].iter().any(|later| later.received <= *until && ends(later));
        (is_over && stayed).then_some(*until)
    })
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

/// The name of an event in the page.
fn named(event: &Event) -> String {
    format!("event-{}", event.seq)
}

fn shown(event: &Event, events: &[Event], sent: &[SentRow], told: Told<'_>) -> Option<Value> {
    let (id, at) = (named(event), written(event, told.shop.zone));
    Some(match &event.body {
        EventBody::Message(message) => theirs(event, message, events, sent, told),
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
        EventBody::Agent(agent) => return done(event, agent, events, told),
        _ => return None,
    })
}

/// A message of the customer's.
fn theirs(event: &Event, message: &InboundMessage, events: &[Event], sent: &[SentRow], told: Told<'_>) -> Value {
    let ad = message.referral.as_ref().and_then(|referral| referral.headline.clone());
    let media = message.media.clone();
    let cart = cart_in_words(&message.items, told.shop, ".").into_iter();
    let others = [Some(message.words().to_owned()).filter(|words| !words.is_empty()), message.details.clone()];
    let text = cart.chain(others.into_iter().flatten());
    let text = text.collect::<Vec<_>>().join("\n");
    let page = message.product.as_deref().map(|product| told.shop.name_of(product));
    let quoted = quoted(message, events, sent);
    let file = media::shown(message, event, told.now);
    let (id, at) = (named(event), written(event, told.shop.zone));
    context! { kind => "theirs", id, words => linked(&text), media, file, ad, page, quoted, at }
}

/// What a person of the shop did.
fn done(event: &Event, agent: &AgentEvent, events: &[Event], told: Told<'_>) -> Option<Value> {
    let (id, at) = (named(event), written(event, told.shop.zone));
    let who = told.people.name(&agent.agent);
    let tag = || agent.tag.as_deref().map(|tag| told.faces.label(tag)).unwrap_or_default();
    let text = match agent.action {
        AgentAction::Note => {
            let words = linked(agent.text.as_deref().unwrap_or_default());
            return Some(context! { kind => "note", id, words, sender => who, at });
        }
        // The message itself stands in the outbox, and comes right behind.
        AgentAction::Reply if told.found == Some(event.seq) => return Some(context! { kind => "place", id }),
        AgentAction::Reply => return None,
        AgentAction::Take if was_late(event, agent, events) => {
            format!("{who} wanted to take over, a moment late")
        }
        AgentAction::Take => format!("{who} took over"),
        AgentAction::Snooze => match agent.until {
            Some(until) => {
                let until = until.utc().with_timezone(&told.shop.zone).format("%-d %b, %H:%M");
                format!("{who} snoozed it until {until}, or until they write")
            }
            None => format!("{who} took it up again"),
        },
        AgentAction::PutBack => format!("{who} put it back"),
        AgentAction::Release => format!("{who} handed back to the bot"),
        AgentAction::Call => format!("{who} called"),
        AgentAction::TagAdd => format!("{who} set {}", tag()),
        AgentAction::TagRemove => format!("{who} removed {}", tag()),
        AgentAction::Colour => format!("{who} set the colour"),
        AgentAction::Won => format!("{who} closed it: won"),
        AgentAction::Lost => format!("{who} closed it: lost"),
        AgentAction::Leave => format!("{who} has left: it waits for somebody else"),
    };
    Some(context! { kind => "line", id, text, at })
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
pub(crate) fn unanswered(events: &[Event], sent: &[SentRow]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

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
