//! A moment to take back what one has just done: by its reverse, and only while nothing has happened since.

use minijinja::{Value, context};

use crate::domain::{AgentAction, AgentEvent, ContactId, Duration, Event, EventBody};
use crate::engine::tags::{Actor, NotDone};
use crate::store::{InboxRow, LedgerMove, SentRow, StoreError};
use crate::web::App;
use crate::web::access::SignedIn;

/// So long the page offers it.
const OFFERED: Duration = Duration::seconds(5);
/// So long it is taken: the page comes a little later than the deed, and the press a little later than it was decided.
const TAKEN: Duration = Duration::seconds(15);
/// What is read to know whether something happened since.
const LAST: i64 = 5;

/// What somebody did last, where nothing happened since, and its reverse.
struct Last<'e> {
    event: &'e Event,
    done: &'e AgentEvent,
    reverse: AgentAction,
}

impl Last<'_> {
    /// What the page says of it.
    fn says(&self) -> &'static str {
        match self.done.action {
            AgentAction::Take => "Taken over.",
            AgentAction::Release => "Handed back.",
            AgentAction::TagAdd => "Tag given.",
            _ => "Tag taken away.",
        }
    }

    /// Looks for it at the end of a thread.
    async fn find<'e>(
        app: &App,
        login: &str,
        (row, events, sent): (&InboxRow, &'e [Event], &[SentRow]),
        within: Duration,
    ) -> Result<Option<Last<'e>>, StoreError> {
        let Some(event) = events.last().filter(|event| app.engine.now() - event.received <= within) else {
            return Ok(None);
        };
        let EventBody::Agent(done) = &event.body else { return Ok(None) };
        // What the bot still had to say does not come back with it.
        let is_lost = |row: &SentRow| row.state == "cancelled" && row.message.expires > event.received;
        if done.agent != login || sent.iter().any(|row| row.message.at >= event.received || is_lost(row)) {
            return Ok(None);
        }
        let reverse = match done.action {
            AgentAction::Take if row.in_charge() == Some(login) => Some(AgentAction::PutBack),
            AgentAction::Release if row.handoff == "none" => Some(AgentAction::Take),
            AgentAction::TagAdd | AgentAction::TagRemove => of_tag(app, row.contact, event, done).await?,
            _ => None,
        };
        Ok(reverse.map(|reverse| Last { event, done, reverse }))
    }
}

/// The reverse of what somebody did to a tag, where it brings back what was: a rule's tag would come back as a person's.
async fn of_tag(
    app: &App,
    contact: ContactId,
    event: &Event,
    done: &AgentEvent,
) -> Result<Option<AgentAction>, StoreError> {
    let Some(tag) = &done.tag else { return Ok(None) };
    let lines = app.engine.store().ledger_of(contact, tag, 2).await?;
    let Some(line) = lines.first().filter(|line| line.evidence.events.contains(&event.seq)) else { return Ok(None) };
    let before = lines.get(1).filter(|before| before.change == LedgerMove::Set);
    Ok(match (line.change, before) {
        (LedgerMove::Set, None) => Some(AgentAction::TagRemove),
        (LedgerMove::Removed, Some(before)) if before.evidence.by.starts_with("agent:") => Some(AgentAction::TagAdd),
        _ => None,
    })
}

/// What the page of a thread offers to take back.
pub(crate) async fn offered(
    app: &App,
    signed_in: &SignedIn,
    thread: (&InboxRow, &[Event], &[SentRow]),
) -> Result<Option<Value>, StoreError> {
    let last = Last::find(app, &signed_in.user().login, thread, OFFERED).await?;
    Ok(last.map(|last| context! { of => last.event.seq, says => last.says() }))
}

/// Takes it back, once; false where something happened since, or it was too long ago.
pub(crate) async fn take_back(app: &App, signed_in: &SignedIn, contact: ContactId, of: i64) -> Result<bool, NotDone> {
    let (engine, store, user) = (&app.engine, app.engine.store(), signed_in.user());
    let key = format!("undo:{of}");
    if store.is_known(&key).await? {
        return Ok(true);
    }
    let Some((row, _)) = store.contact(contact).await? else { return Ok(false) };
    let (events, sent) = (store.thread(contact, LAST).await?, store.sent(contact, LAST).await?);
    let last = Last::find(app, &user.login, (&row, &events, &sent), TAKEN).await?;
    let Some(last) = last.filter(|last| last.event.seq == of) else { return Ok(false) };
    if let (Some(tag), AgentAction::TagAdd | AgentAction::TagRemove) = (&last.done.tag, last.reverse) {
        let actor = Actor { who: &user.login, role: Some(user.role) };
        engine.assign_tag(actor, contact, tag, last.reverse, Some(key)).await?;
        return Ok(true);
    }
    let seen = if last.reverse == AgentAction::Take { Some(String::new()) } else { last.done.seen.clone() };
    let event = AgentEvent { seen, ..AgentEvent::new(&user.login, last.reverse) };
    let appended = engine.act(contact, event, Some(key)).await?;
    engine.folded(appended).await?;
    Ok(true)
}
