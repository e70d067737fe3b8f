//! Lists in the console: who is in a segment, built by choosing, in a few clicks (SEG-14).

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::head;
use super::people;
use super::view;
use crate::domain::Timestamp;
use crate::engine::Engine;
use crate::engine::segments::{self, Wanted, card};
use crate::engine::tags::Faces;
use crate::segments::{Segment, TextError};
use crate::store::{Place, StoreError, TagUse};
use crate::web::App;
use crate::web::access::SignedIn;

/// Members that the page shows; all of them are in the file that it offers.
const SHOWN: i64 = 50;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/lists", get(page)).route("/lists.csv", get(export))
}

/// What was chosen: a list by name, or a segment and what is to hold besides. Each choice makes the segment narrower.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    name: String,
    segment: String,
    tag: String,
    without: String,
    colour: String,
    heat: String,
    country: String,
    bought: String,
    quiet_days: String,
}

impl Asked {
    /// The conditions that were chosen, in words.
    fn chosen(&self) -> Vec<String> {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let tag = |text: &str| filled(text).map(|text| format!("tag:{text}"));
        let field = |name: &str, text: &str| filled(text).map(|text| format!("{name}:{}", text.to_lowercase()));
        let chosen = [
            tag(&self.tag),
            tag(&self.without).map(|tag| format!("not {tag}")),
            field("colour", &self.colour),
            field("country", &self.country),
            filled(&self.heat).map(|heat| format!("heat>={heat}")),
            filled(&self.bought).map(|item| format!("bought:\"{}\"", item.replace('"', ""))),
            filled(&self.quiet_days).map(|days| format!("not purchase within {days}d")),
        ];
        chosen.into_iter().flatten().collect()
    }

    /// What was asked for, narrower by what was chosen; `None` where nothing was asked for yet.
    fn narrow(&self, wanted: Option<Wanted>, now: Timestamp) -> Result<Option<Wanted>, String> {
        let read = |text: &String| text.parse::<Segment>().map_err(|error| no_segment(text, &error));
        let chosen: Vec<Segment> = self.chosen().iter().map(read).collect::<Result<_, _>>()?;
        if chosen.is_empty() {
            return Ok(wanted);
        }
        let (segment, first) = wanted.map(|wanted| (wanted.segment, wanted.first)).unzip();
        let mut parts = match segment {
            Some(Segment::All(parts)) => parts,
            other => other.into_iter().collect(),
        };
        parts.extend(chosen);
        let segment = if parts.len() == 1 { parts.remove(0) } else { Segment::All(parts) };
        Ok(Some(Wanted { segment, first: first.flatten(), now }))
    }
}

/// What is said of a text that says who, and cannot be read.
pub(crate) fn no_segment(text: &str, error: &TextError) -> String {
    let tag = text.trim_start_matches("not ").strip_prefix("tag:");
    match tag.filter(|tag| !tag.contains(char::is_whitespace)) {
        Some(tag) => format!("There is no tag “{tag}”: choose one that is offered, or write its key."),
        None => format!("“{text}” is no segment, nor the name of a list: {error}."),
    }
}

/// Whom somebody asks for, or why that cannot be read.
async fn wanted(engine: &Engine, asked: &Asked, now: Timestamp) -> Result<Result<Option<Wanted>, String>, StoreError> {
    let (store, knowledge) = (engine.store(), engine.shelf().knowledge());
    if !asked.name.is_empty() {
        let name = &asked.name;
        let nobody = || format!("There is no list “{name}”: choose one below, or choose whom you look for.");
        return Ok(segments::named(store, &knowledge, name, now).await?.map(Some).ok_or_else(nobody));
    }
    let wanted = match asked.segment.trim() {
        "" => Ok(None),
        text => {
            segments::asked(store, &knowledge, text, now).await?.map(Some).map_err(|error| no_segment(text, &error))
        }
    };
    Ok(wanted.and_then(|wanted| asked.narrow(wanted, now)))
}

/// The same with the keys of tags in place of their labels: also of tags that rules made.
async fn named(engine: &Engine, faces: &Faces, asked: &Asked) -> Result<Asked, StoreError> {
    let mut asked = asked.clone();
    for typed in [&mut asked.tag, &mut asked.without] {
        *typed = engine.tag_called(faces, typed).await?;
    }
    Ok(asked)
}

async fn page(State(app): State<App>, signed_in: SignedIn, Query(asked): Query<Asked>) -> Response {
    match read(&app, &signed_in, &asked).await {
        Ok(read) => app.pages.show("lists.html", read),
        Err(error) => app.pages.unavailable(&error),
    }
}

async fn read(app: &App, signed_in: &SignedIn, asked: &Asked) -> Result<Value, StoreError> {
    let (engine, now) = (&app.engine, app.engine.now());
    let (knowledge, faces) = (engine.shelf().knowledge(), engine.faces().await?);
    let asked = &named(engine, &faces, asked).await?;
    let (wanted, error) = match wanted(engine, asked, now).await? {
        Ok(wanted) => (wanted, None),
        Err(error) => (None, Some(error)),
    };
    let mut found = context! {};
    if let Some(wanted) = &wanted {
        engine.note_use(&wanted.segment.tags(), TagUse::Filter).await;
        let shop = &knowledge.shop;
        let count = engine.store().count_segment(&wanted.asked(&shop.rates, shop.currency)).await?;
        let members = segments::page(engine.store(), &knowledge, wanted, Place::default(), SHOWN).await?;
        let members: Vec<Value> = members
            .iter()
            .map(|member| {
                let card = card(member, now);
                let name = people::called(card.name, card.phone, card.id);
                let tags: Vec<Value> = card.tags.iter().map(|tag| view::face(&faces, tag)).collect();
                context! { id => card.id, name, country => card.country, colour => card.colour, orders => card.orders, tags }
            })
            .collect();
        found = context! { count, members, segment => wanted.segment.to_string() };
    }
    let today = now.utc().with_timezone(&knowledge.shop.zone).date_naive();
    let shipped = knowledge.lists.iter().map(|list| {
        context! { name => &list.name, about => &list.about, today => list.on.is_some_and(|days| days.has(today)) }
    });
    let saved = engine.store().saved_segments().await?;
    let saved = saved.iter().map(|list| context! { name => &list.name, about => &list.about, today => false });
    let lists: Vec<Value> = saved.chain(shipped).collect();
    let (head, known_tags) = (head::head(app, signed_in).await?, view::known_tags(&faces));
    let (by_hand, today) = (crate::web::console::by_hand::MOST, today.to_string());
    // What was chosen stands in the segment once it could be read; else it is there to be put right.
    let typed = if error.is_some() {
        Value::from(Serde(asked))
    } else {
        context! {}
    };
    let name = &asked.name;
    let found = context! { lists, by_hand, today, name, error, known_tags, typed, ..found };
    Ok(context! { ..found, ..head })
}

/// The whole list as CSV, page by page as it is read.
async fn export(State(app): State<App>, _signed_in: SignedIn, Query(asked): Query<Asked>) -> Response {
    let engine = &app.engine;
    let wanted = match segments::asked(engine.store(), &engine.shelf().knowledge(), &asked.segment, engine.now()).await
    {
        Ok(Ok(wanted)) => wanted,
        Ok(Err(error)) => {
            let what = no_segment(&asked.segment, &error);
            return app.pages.error(StatusCode::UNPROCESSABLE_ENTITY, &what, "Go back to the list.");
        }
        Err(error) => return app.pages.unavailable(&error),
    };
    engine.note_use(&wanted.segment.tags(), TagUse::Export).await;
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\""),
    ];
    (kind, Body::from_stream(segments::csv_stream(app.engine.clone(), wanted))).into_response()
}
