//! What counts as one (decisions, "Counting"): bursts of messages, conversations, clicks that are repeated, receipts,
//! cases and what lies in the cart. What arrives late takes its own place and does not disturb what is under way.

use std::cmp::Ordering;

use super::facts::Facts;
use super::kept::{CartFacts, Opened};
use super::signal::slug;
use crate::domain::{CartEvent, CaseEvent, ClickEvent, Duration, Event, EventBody, PageEvent, Timestamp};

/// Messages this close behind each other are one burst…
const BURST_GAP: Duration = Duration::seconds(60);
/// …of at most this length.
const BURST_LENGTH: Duration = Duration::minutes(5);
/// Bursts that are remembered: a message that comes late belongs to the one in which it was written.
const BURSTS: usize = 8;
/// Clicks on one link this close behind each other are one.
const CLICK_GAP: Duration = Duration::seconds(60);
/// A view of a page that goes on after a longer time is another one.
const VIEW_GAP: Duration = Duration::minutes(30);
/// A browser rounds the seconds of a view, and what it tells is longer or shorter on its way.
const VIEW_SLACK: Duration = Duration::seconds(5);
/// Links and views that are remembered.
const OPENED: usize = 20;
/// A conversation ends after this silence (G-5).
pub(super) const CONVERSATION_GAP: Duration = Duration::hours(6);
/// What was taken out of a cart, or paid for, is remembered so long: that it was put in may be told later still.
const CART_REMEMBERED: Duration = Duration::days(14);
/// Stands in the cart for all that was in it, when it was emptied.
const ALL: &str = "";
/// A thing in the cart that the shop does not name.
const UNNAMED: &str = "?";
/// Stands between the name of a thing in the cart and its category.
const OF: char = '@';
/// Links that were sent and that nothing came after yet; of more, the first will do.
const LINKS: usize = 6;
/// Cases, links, receipts and things told that are remembered; older ones no longer move.
const REMEMBERED: usize = 24;

/// The burst that a message belongs to, by where it began, and whether the message is its first.
pub(super) fn burst(facts: &mut Facts, at: Timestamp) -> (Timestamp, bool) {
    if let Some((start, length)) = burst_of(&facts.bursts, at).and_then(|place| facts.bursts.get_mut(place)) {
        *length = (*length).max(at - *start);
        return (*start, false);
    }
    let place = facts.bursts.partition_point(|(start, _)| *start < at);
    facts.bursts.insert(place, (at, Duration::default()));
    let excess = facts.bursts.len().saturating_sub(BURSTS);
    facts.bursts.drain(..excess);
    (at, true)
}

/// Which burst a message goes on with, or else comes right before.
fn burst_of(bursts: &[(Timestamp, Duration)], at: Timestamp) -> Option<usize> {
    let goes_on = |(start, length): &(Timestamp, Duration)| {
        at >= *start && at - (*start + *length) < BURST_GAP && at - *start <= BURST_LENGTH
    };
    let comes_before = |(start, _): &(Timestamp, Duration)| at < *start && *start - at < BURST_GAP;
    bursts.iter().rposition(goes_on).or_else(|| bursts.iter().position(comes_before))
}

impl Facts {
    /// Whether an event that has not been taken in yet adds nothing to what is counted: a message of a burst that has begun,
    /// another receipt of a message that was read.
    pub fn is_counted(&self, event: &Event) -> bool {
        match &event.body {
            EventBody::Message(_) => burst_of(&self.bursts, event.at).is_some(),
            EventBody::Status(status) => self.read.contains(&fingerprint(status.message.bytes())),
            _ => false,
        }
    }
}

/// Takes a message into its conversation; whether it begins one.
pub(super) fn begins_conversation(facts: &mut Facts, at: Timestamp) -> bool {
    match facts.conversation {
        Some((begun, last)) if at >= begun && at - last <= CONVERSATION_GAP => {
            facts.conversation = Some((begun, last.max(at)));
            false
        }
        Some((begun, last)) if at < begun => {
            let joins = begun - at <= CONVERSATION_GAP;
            if joins {
                facts.conversation = Some((at, last));
            }
            !joins
        }
        _ => {
            facts.conversation = Some((at, at));
            true
        }
    }
}

/// Whether a click counts: the same link within a minute of the last time that it did is the same click.
pub(super) fn is_new_click(facts: &mut Facts, click: &ClickEvent, at: Timestamp) -> bool {
    let link =
        fingerprint_of([Some(&click.link), click.product.as_ref(), click.category.as_ref(), click.quote.as_ref()]);
    if facts.opened.iter().any(|known| known.what == link && known.is_near(at, CLICK_GAP)) {
        return false;
    }
    note_opened(facts, Opened { what: link, at, seconds: 0 });
    true
}

fn note_opened(facts: &mut Facts, opened: Opened) {
    facts.opened.push(opened);
    let excess = facts.opened.len().saturating_sub(OPENED);
    facts.opened.drain(..excess);
}

impl Opened {
    fn is_near(&self, at: Timestamp, gap: Duration) -> bool {
        (at - self.at).max(self.at - at) <= gap
    }

    /// Whether what is told of a page is the same view, longer by then: it has more seconds, for which there was time since it was told
    /// last, or less of both where it is told late.
    fn goes_on(&self, at: Timestamp, seconds: i64) -> bool {
        let (passed, more) = (at - self.at, Duration::seconds(seconds - self.seconds));
        match more.cmp(&Duration::ZERO) {
            Ordering::Greater => passed + VIEW_SLACK >= more,
            Ordering::Less => more + VIEW_SLACK >= passed,
            Ordering::Equal => passed == Duration::ZERO,
        }
    }
}

/// Whether a view of a page is a look of its own: not one that goes on, which is told again with all its seconds, nor the page behind
/// a link to the product that was opened just before. A view is known by where in the visit it began, and by its seconds.
pub(super) fn is_new_view(facts: &mut Facts, page: &PageEvent, at: Timestamp) -> bool {
    if page.page != "product" {
        return true;
    }
    let link = fingerprint_of([Some(&page.page), page.product.as_ref(), page.category.as_ref(), None]);
    let begun = page.visit_seconds.map(|visit| (visit - page.seconds).to_string());
    let view = fingerprint_of([Some(&page.page), page.product.as_ref(), page.category.as_ref(), begun.as_ref()]);
    if begun.is_some() {
        let seconds = page.seconds;
        let is_it =
            |known: &&mut Opened| known.what == view && known.is_near(at, VIEW_GAP) && known.goes_on(at, seconds);
        if let Some(known) = facts.opened.iter_mut().find(is_it) {
            (known.at, known.seconds) = (at.max(known.at), seconds.max(known.seconds));
            return false;
        }
        note_opened(facts, Opened { what: view, at, seconds });
    }
    let began = at - Duration::seconds(page.seconds);
    !facts.opened.iter().any(|known| known.what == link && known.is_near(began, CLICK_GAP))
}

/// Whether a receipt counts: a message is read once.
pub(super) fn is_first_read(facts: &mut Facts, message: &str) -> bool {
    let message = fingerprint(message.bytes());
    if facts.read.contains(&message) {
        return false;
    }
    facts.read.push(message);
    forget(&mut facts.read);
    true
}

/// Notes a message with a link. The first of those that nothing came after is what counts.
pub(super) fn note_link(facts: &mut Facts, message: &str, at: Timestamp) {
    if facts.links.len() < LINKS {
        facts.links.push((fingerprint(message.bytes()), at));
    }
}

/// The customer wrote or opened a link: what was sent before that is waited for no more.
pub(super) fn links_heard(facts: &mut Facts, at: Timestamp) {
    facts.links.retain(|(_, sent)| *sent > at);
}

/// A message failed: when it was to be sent, if a link was in it, and when the first link was that is left.
pub(super) fn link_failed(facts: &mut Facts, message: &str) -> Option<(Timestamp, Option<Timestamp>)> {
    let message = fingerprint(message.bytes());
    let place = facts.links.iter().position(|(other, _)| *other == message)?;
    let (_, sent) = facts.links.remove(place);
    Some((sent, facts.links.iter().map(|(_, sent)| *sent).min()))
}

/// Takes in a case: how many of its kind are open then, and when the last of them moved, since what is told late stands beside
/// what came after it. States only go forward: that a case was opened is no news once it is known to be resolved, nor that it
/// was resolved before it was opened again; and that it stands where it stood is no news either.
pub(super) fn open_cases(facts: &mut Facts, event: &CaseEvent, at: Timestamp) -> Option<(usize, Timestamp)> {
    let is_open = event.action == "opened";
    let place = facts.cases.iter().position(|(kind, case, ..)| (kind, case) == (&event.kind, &event.case));
    if let Some(place) = place {
        let (.., was_open, since) = &facts.cases[place];
        if *was_open != is_open && (at < *since || (at == *since && is_open)) {
            return None;
        }
    }
    let known = place.map(|place| facts.cases.remove(place));
    let since = known.as_ref().map_or(at, |(.., since)| at.max(*since));
    facts.cases.push((event.kind.clone(), event.case.clone(), is_open, since));
    forget(&mut facts.cases);
    if known.is_some_and(|(.., was_open, _)| was_open == is_open) {
        return None;
    }
    let of_kind = || facts.cases.iter().filter(|(kind, ..)| *kind == event.kind);
    let moved = of_kind().map(|(.., since)| *since).max().unwrap_or(at);
    Some((of_kind().filter(|(.., is_open, _)| *is_open).count(), moved))
}

/// Whether what is told of the customer is the latest word on it: an older one that is told late corrects nothing.
pub(super) fn is_latest_word(facts: &mut Facts, field: &str, at: Timestamp) -> bool {
    match facts.told.iter_mut().find(|(known, _)| known == field) {
        Some((_, last)) if at < *last => return false,
        Some((_, last)) => *last = at,
        None => facts.told.push((field.to_owned(), at)),
    }
    forget(&mut facts.told);
    true
}

/// Takes in what happened to the cart; how many things lie in it then. Of a thing that is not named all is meant where it is taken
/// out. Of what is told late, only that counts which nothing came after.
pub(super) fn in_cart(facts: &mut Facts, event: &CartEvent, at: Timestamp) -> usize {
    let thing = thing_of(event);
    let is_named = event.product.is_some();
    match (event.action.as_str(), thing.as_deref()) {
        ("remove", Some(thing)) if event.amount.is_none_or(|amount| !amount.is_zero()) => take_out(facts, thing, at),
        ("remove", _) => take_out(facts, ALL, at),
        ("add", thing) => put_in(facts, thing.unwrap_or(UNNAMED), at),
        (_, Some(thing)) if is_named => put_in(facts, thing, at),
        // Who leaves a cart or goes to pay for it puts nothing in: it is one more thing only where none is known of.
        (_, thing) if left_in_cart(facts) == 0 => put_in(facts, thing.unwrap_or(UNNAMED), at),
        _ => {}
    }
    left_in_cart(facts)
}

/// How a thing in the cart is written: its name, and behind it the category where that is told.
fn thing_of(event: &CartEvent) -> Option<String> {
    let name = event.product.as_deref().map(slug).unwrap_or_default();
    let category = event.category.as_deref().filter(|category| !category.is_empty());
    match category {
        Some(category) => Some(format!("{name}{OF}{category}")),
        None => Some(name).filter(|name| !name.is_empty()),
    }
}

fn parts(thing: &str) -> (&str, &str) {
    thing.split_once(OF).unwrap_or((thing, ""))
}

/// Whether two things in the cart have one name, or neither has any and they are of one category.
fn is_same(one: &str, other: &str) -> bool {
    let ((name, category), (others, of)) = (parts(one), parts(other));
    name == others && (!name.is_empty() || category == of)
}

/// Whether what is taken out takes that along: all, the same thing, and of what has no name one of its category.
fn takes(out: &str, thing: &str) -> bool {
    let ((name, category), (others, of)) = (parts(out), parts(thing));
    let within =
        |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_kin = || !category.is_empty() && !of.is_empty() && (within(category, of) || within(of, category));
    out == ALL || is_same(out, thing) || ((name.is_empty() || others.is_empty()) && is_kin())
}

fn put_in(facts: &mut Facts, thing: &str, at: Timestamp) {
    let is_out = |(out, taken, lies): &CartFacts| !lies && *taken > at && (thing == UNNAMED || takes(out, thing));
    if !facts.cart.iter().any(is_out) || (thing == UNNAMED && left_in_cart(facts) > 0) {
        put(&mut facts.cart, thing, at, true);
    }
}

fn take_out(facts: &mut Facts, thing: &str, at: Timestamp) {
    // Where it lies there by its name, no other of its category is meant.
    let by_name = facts.cart.iter().any(|(other, _, lies)| *lies && is_same(thing, other));
    let goes = |other: &str| match by_name {
        true => is_same(thing, other),
        false => takes(thing, other),
    };
    facts.cart.retain(|(other, put, lies)| *put > at || !(goes(other) && (*lies || thing == ALL)));
    put(&mut facts.cart, thing, at, false);
    // What was not named was among what is out now, once nothing that has a name is left.
    let paid = last_paid(facts);
    if !facts.cart.iter().any(|(other, put, lies)| *lies && other != UNNAMED && Some(*put) > paid) {
        facts.cart.retain(|(other, put, _)| other != UNNAMED || *put > at);
    }
}

/// Notes that a thing was put into the cart or taken out.
fn put(cart: &mut Vec<CartFacts>, thing: &str, at: Timestamp, lies: bool) {
    let place = cart.iter().position(|(other, ..)| is_same(other, thing));
    if place.is_some_and(|place| cart[place].1 > at) {
        return;
    }
    place.map(|place| cart.remove(place));
    cart.push((thing.to_owned(), at, lies));
    forget(cart);
}

/// How many things lie in the cart: put in since all was taken out, and since the last purchase.
pub(super) fn left_in_cart(facts: &Facts) -> usize {
    let emptied = facts.cart.iter().find(|(thing, ..)| thing == ALL).map(|(_, at, _)| *at);
    let paid = last_paid(facts);
    let lies = |(_, at, lies): &&CartFacts| *lies && Some(*at) >= emptied && Some(*at) > paid;
    facts.cart.iter().filter(lies).count()
}

/// When something was bought last.
pub(super) fn last_paid(facts: &Facts) -> Option<Timestamp> {
    facts.orders.iter().filter(|order| order.is_purchase()).filter_map(|order| order.paid).max()
}

/// Forgets what was taken out of the cart, or paid for, so long ago that hardly anything is told late of it.
pub(super) fn forget_cart(facts: &mut Facts, now: Timestamp) {
    let paid = last_paid(facts).filter(|paid| now - *paid > CART_REMEMBERED);
    facts.cart.retain(|(_, at, lies)| Some(*at) > paid && (*lies || now - *at <= CART_REMEMBERED));
}

/// Keeps a list short: the oldest go.
pub(super) fn forget<T>(list: &mut Vec<T>) {
    let excess = list.len().saturating_sub(REMEMBERED);
    list.drain(..excess);
}

/// The fingerprint of several fields.
fn fingerprint_of<const N: usize>(fields: [Option<&String>; N]) -> u32 {
    fingerprint(fields.into_iter().flat_map(|field| field.map_or("-", String::as_str).bytes().chain([0])))
}

/// FNV-1a, 32 bits: the same on every machine, and short to store.
pub(super) fn fingerprint(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A message or a click: the first one is what "since the first contact" counts from.
pub(super) fn interacted(facts: &mut Facts, at: Timestamp) {
    facts.first_interaction = Some(facts.first_interaction.map_or(at, |first| first.min(at)));
}
