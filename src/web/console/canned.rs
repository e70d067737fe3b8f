//! Canned replies: an admin writes them, and whoever answers a customer puts them into what they write, with their gaps filled.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::{Value, context};
use serde::Deserialize;

use super::head;
use super::people::People;
use super::refusal::Refusal;
use super::view;
use crate::domain::Contact;
use crate::store::{CannedReply, StoreError};
use crate::web::App;
use crate::web::access::{AdminForm, SignedIn};
use crate::web::typed::{self, Unsendable};

/// So many fit on a page, and are still found.
const MOST: i64 = 300;
/// Characters of a name.
const LONGEST_NAME: usize = 40;
/// Characters of a text that are shown where something is wrong.
const SHOWN: usize = 24;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/admin/canned", get(page).post(save)).route("/admin/canned/forget", post(forget))
}

/// What a gap may stand for.
struct Known<'a> {
    name: Option<&'a str>,
    agent: &'a str,
    shop: &'a str,
}

impl Known<'_> {
    /// The gaps that there are.
    const GAPS: [&'static str; 3] = ["name", "agent", "shop"];

    fn of(&self, gap: &str) -> Option<&str> {
        match gap {
            "name" => self.name,
            "agent" => Some(self.agent),
            "shop" => Some(self.shop),
            _ => None,
        }
    }

    /// A text with its gaps filled as far as they are known.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, from)) = rest.split_once("{{") {
            filled.push_str(before);
            match from.split_once("}}").and_then(|(gap, after)| Some((self.of(gap.trim())?, after))) {
                Some((value, after)) => {
                    filled.push_str(value);
                    rest = after;
                }
                None => {
                    filled.push_str("{{");
                    rest = from;
                }
            }
        }
        filled + rest
    }
}

/// The names in double braces of a text.
fn gaps(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|from| Some(from.split_once("}}")?.0.trim()))
}

/// The first braces of a text that were meant for a gap and make none, as far as they are worth showing: a side of them is missing, or
/// there is one where two belong around a name that is known.
fn broken(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let from = &rest[rest.find(['{', '}'])?..];
        let inner = |before: &str, after: &str| from.strip_prefix(before)?.split_once(after);
        let gap = inner("{{", "}}").filter(|(name, _)| !name.contains(['{', '}', '\n']));
        let single = || inner("{", "}").is_some_and(|(name, _)| Known::GAPS.contains(&name.trim()));
        rest = match gap {
            Some((_, after)) => after,
            None if from.starts_with("{{") || from.starts_with("}}") || single() => return Some(beginning(from)),
            None => &from[1..],
        };
    }
}

/// So much of a text that its place is found by it.
fn beginning(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.char_indices().nth(SHOWN).map_or(line, |(end, _)| &line[..end]).trim_end()
}

/// Whether a known name behind two braces lacks a brace that closes it: with these it would go to the customer.
fn is_cut(text: &str) -> bool {
    let lacks = |name: &str| {
        let closes = |rest: &str| rest.trim_start().starts_with("}}") || rest.starts_with(char::is_alphanumeric);
        Known::GAPS.iter().any(|gap| name.strip_prefix(gap).is_some_and(|rest| !closes(rest)))
    };
    text.split("{{").skip(1).any(|name| lacks(name.trim_start()))
}

/// Fills the gaps of what somebody writes to a customer.
///
/// # Errors
/// The customer's name is not known, a brace is missing at one, or what comes of it cannot be sent.
pub(crate) fn complete(app: &App, signed_in: &SignedIn, contact: &Contact, text: &str) -> Result<String, Refusal> {
    let knowledge = app.engine.shelf().knowledge();
    let name = knowledge.dialogue.first_name(contact);
    let filled = Known { name, agent: &signed_in.user().name, shop: &knowledge.shop.name }.fill(text);
    if is_cut(text) || gaps(&filled).any(|gap| Known::GAPS.contains(&gap)) {
        return Err(Refusal::OpenGap);
    }
    Ok(typed::words(&filled)?)
}

/// What may be put into an answer to a contact: in their language or any first. Only an admin can do something about there being none.
pub(crate) async fn offered(app: &App, signed_in: &SignedIn, contact: &Contact) -> Result<Vec<Value>, StoreError> {
    let mut replies = app.engine.store().canned_replies(MOST).await?;
    let knowledge = app.engine.shelf().knowledge();
    let name = knowledge.dialogue.first_name(contact);
    let known = Known { name, agent: &signed_in.user().name, shop: &knowledge.shop.name };
    let theirs = contact.language.as_ref().map_or("", |language| language.tag());
    replies.sort_by_key(|reply| !reply.language.is_empty() && reply.language != theirs);
    let shown = |reply: &CannedReply| context! { name => &reply.name, language => &reply.language, text => known.fill(&reply.text) };
    Ok(replies.iter().map(shown).collect())
}

async fn page(State(app): State<App>, signed_in: SignedIn) -> Response {
    shown(&app, &signed_in, context! {}).await
}

/// The page, with what came of a form of it.
async fn shown(app: &App, signed_in: &SignedIn, more: Value) -> Response {
    if !signed_in.is_admin() {
        return app.pages.not_yours();
    }
    let store = app.engine.store();
    let read = async {
        let (replies, people) = (store.canned_replies(MOST).await?, People::read(store).await?);
        Ok::<_, StoreError>((replies, people, head::head(app, signed_in).await?))
    };
    let (replies, people, head) = match read.await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
    let now = app.engine.now();
    let row = |reply: &CannedReply| {
        let who = people.name(&reply.changed_by);
        context! { id => reply.id, name => &reply.name, language => &reply.language, text => &reply.text, who, ago => view::ago(reply.changed_at, now) }
    };
    let replies: Vec<Value> = replies.iter().map(row).collect();
    let knowledge = app.engine.shelf().knowledge();
    let languages: Vec<String> = knowledge.dialogue.languages().cloned().collect();
    let of_page = context! { replies, languages, gaps => Known::GAPS, most => MOST, longest_name => LONGEST_NAME };
    app.pages.show("canned.html", context! { ..more, ..of_page, ..head })
}

#[derive(Deserialize)]
struct Written {
    /// Empty of a new one.
    #[serde(default)]
    id: String,
    name: String,
    #[serde(default)]
    language: String,
    text: String,
}

impl Written {
    /// What is wrong with it, in words.
    fn mistake(&self, languages: &[&String]) -> Option<String> {
        let name = self.name.trim().chars().count();
        if !(1..=LONGEST_NAME).contains(&name) || self.name.chars().any(char::is_control) {
            return Some(format!("A name has 1 to {LONGEST_NAME} characters: by it the reply is found."));
        }
        if !self.language.is_empty() && !languages.contains(&&self.language) {
            return Some(format!("{} is no language that the bot answers in.", self.language));
        }
        match typed::words(&self.text) {
            Err(Unsendable::Empty) => return Some("It has no words.".into()),
            Err(Unsendable::TooLong) => return Some("It is too long: WhatsApp takes 4,096 characters.".into()),
            Ok(_) => {}
        }
        if let Some(place) = broken(&self.text) {
            let given = in_braces();
            return Some(format!("“{place}” would be sent as it stands: a gap has two braces on each side, {given}."));
        }
        let unknown = gaps(&self.text).find(|gap| !Known::GAPS.contains(gap))?;
        Some(format!("Nobody knows what to put into {{{{{unknown}}}}}: there are {}.", in_braces()))
    }
}

fn in_braces() -> String {
    Known::GAPS.map(|gap| format!("{{{{{gap}}}}}")).join(", ")
}

async fn save(State(app): State<App>, AdminForm(signed_in, form): AdminForm<Written>) -> Response {
    let knowledge = app.engine.shelf().knowledge();
    let languages: Vec<&String> = knowledge.dialogue.languages().collect();
    let kept = match form.mistake(&languages) {
        Some(mistake) => Ok(Err(mistake)),
        None => keep(&app, &signed_in, &form).await,
    };
    match kept {
        Ok(Ok(())) => Redirect::to("/admin/canned").into_response(),
        Ok(Err(error)) => {
            let typed = context! { id => &form.id, name => &form.name, language => &form.language, text => &form.text };
            let page = shown(&app, &signed_in, context! { error, typed }).await;
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
        Err(error) => app.pages.unavailable(&error),
    }
}

async fn keep(app: &App, signed_in: &SignedIn, form: &Written) -> Result<Result<(), String>, StoreError> {
    let reply = CannedReply {
        id: form.id.parse().unwrap_or_default(),
        name: form.name.trim().to_owned(),
        language: form.language.clone(),
        text: form.text.trim().to_owned(),
        changed_by: signed_in.user().login.clone(),
        changed_at: app.engine.now(),
    };
    if app.engine.store().keep_canned_reply(&reply, MOST).await? {
        return Ok(Ok(()));
    }
    let others = app.engine.store().canned_replies(MOST).await?;
    let is_taken =
        |other: &CannedReply| other.name == reply.name && other.language == reply.language && other.id != reply.id;
    Ok(Err(if others.iter().any(is_taken) {
        format!("There is a reply “{}” in this language already.", reply.name)
    } else if reply.id == 0 {
        format!("There are {MOST} replies, and no more can be kept: delete some that nobody uses.")
    } else {
        "It was deleted meanwhile: add it anew.".to_owned()
    }))
}

#[derive(Deserialize)]
struct Named {
    id: i64,
}

async fn forget(State(app): State<App>, AdminForm(_, form): AdminForm<Named>) -> Response {
    match app.engine.store().forget_canned_reply(form.id).await {
        Ok(()) => Redirect::to("/admin/canned").into_response(),
        Err(error) => app.pages.unavailable(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_as_far_as_they_are_known_and_nothing_is_filled_twice() {
        let known = |name| Known { name, agent: "Ana", shop: "Harbour" };
        let told = "Hi {{name}}, {{ agent }} of {{shop}} here. {{price}} {{";
        assert_eq!(known(Some("{{shop}}")).fill(told), "Hi {{shop}}, Ana of Harbour here. {{price}} {{");
        assert_eq!(known(None).fill("{{name}}{{agent}}"), "{{name}}Ana");
        assert_eq!(gaps(told).collect::<Vec<_>>(), ["name", "agent", "shop", "price"]);
    }

    #[test]
    fn braces_that_make_no_gap_are_found_at_their_place() {
        for (text, place) in [
            ("Hi {{name}}, {{ agent }} of {shop", None),
            ("Sizes {S, M} and {{price}}", None),
            ("Hi {{oops, we are open from nine to six", Some("{{oops, we are open from")),
            ("Hi {{name}, hello", Some("{{name}, hello")),
            ("Hi {{name\n{{shop}}", Some("{{name")),
            ("Hi name}} there", Some("}} there")),
            ("Hi {name}!", Some("{name}!")),
            ("{{{name}}}", Some("{{{name}}}")),
        ] {
            assert_eq!(broken(text), place, "{text}");
        }
        for (text, cut) in [("{{name}", true), ("a {{ shop, b", true), ("{{name}} {{names", false), ("{{oops", false)] {
            assert_eq!(is_cut(text), cut, "{text}");
        }
    }
}
