//! Tags in the console: what a person does with the tags of a contact, and the admin's page of all of them.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::{Value, context};
use serde::Deserialize;

use super::conversation;
use super::head;
use super::people::{self, People};
use super::view;
use super::views;
use crate::domain::{AgentAction, ContactId, Every, Timestamp};
use crate::engine::tags::sample;
use crate::engine::tags::tidy::{self, Order};
use crate::engine::tags::{Actor, NotDone, Wish};
use crate::governance::{Labels, TagFigures, Tidy, key_of};
use crate::store::StoreError;
use crate::web::access::{AdminForm, OwnForm, SignedIn};
use crate::web::{App, living};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/contact/{contact}/tag", post(assign))
        .route("/contact/{contact}/verdict", post(judge))
        .route("/admin/tags", get(page).post(save))
        .route("/admin/tags/forget", post(forget))
        .route("/admin/tags/tidy", post(tidied))
        .route("/admin/tags/untidy", post(untidied))
}

fn actor(signed_in: &SignedIn) -> Actor<'_> {
    let user = signed_in.user();
    Actor { who: &user.login, role: Some(user.role) }
}

/// A form about one tag of a contact.
#[derive(Deserialize)]
struct OnTag {
    tag: String,
    /// add or remove; right or wrong.
    what: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    view: String,
}

impl OnTag {
    /// Back to the thread, or the thread with what was wrong and what was typed.
    async fn back(
        &self,
        contact: ContactId,
        outcome: Result<(), NotDone>,
        app: &App,
        signed_in: &SignedIn,
    ) -> Response {
        let view = views::known(app, &self.view);
        match outcome {
            Ok(()) => Redirect::to(&format!("/inbox/{view}/{}", contact.0)).into_response(),
            Err(NotDone::Store(error)) => app.pages.unavailable(&error),
            Err(error) => {
                let refused = context! { tag_error => error.to_string(), typed_tag => &self.tag };
                let page =
                    conversation::conversation(app, signed_in, view, contact, &Default::default(), refused).await;
                (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
            }
        }
    }
}

async fn assign(
    State(app): State<App>,
    Path(contact): Path<i64>,
    OwnForm(signed_in, form): OwnForm<OnTag>,
) -> Response {
    let contact = match living(&app, contact).await {
        Ok(contact) => contact,
        Err(refused) => return refused,
    };
    let action = if form.what == "remove" { AgentAction::TagRemove } else { AgentAction::TagAdd };
    // The form's own key: a double click does it once.
    let key = (!form.key.is_empty()).then(|| format!("form:{}:{}", signed_in.user().id, form.key));
    let done = app.engine.assign_tag(actor(&signed_in), contact, form.tag.trim(), action, key).await;
    form.back(contact, done, &app, &signed_in).await
}

async fn judge(State(app): State<App>, Path(contact): Path<i64>, OwnForm(signed_in, form): OwnForm<OnTag>) -> Response {
    let contact = match living(&app, contact).await {
        Ok(contact) => contact,
        Err(refused) => return refused,
    };
    let who = &signed_in.user().login;
    let done = app.engine.judge_tag(who, contact, &form.tag, form.what == "right").await;
    form.back(contact, done, &app, &signed_in).await
}

/// So many fit on a page: a shop whose rules give tags by product or budget has thousands.
const MOST: usize = 100;

/// Which tags the page shows: those of people and the core set, with `all` also those that rules give; of these the ones with some words.
#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    all: bool,
    #[serde(default)]
    find: String,
}

impl Asked {
    /// Its address.
    fn address(&self) -> String {
        let mut asked = Vec::new();
        asked.extend(self.all.then_some(("all", "true")));
        asked.extend((!self.find.is_empty()).then_some(("find", self.find.as_str())));
        let url = reqwest::Url::parse_with_params("http://localhost/admin/tags", &asked).ok();
        let query = url.as_ref().and_then(reqwest::Url::query).filter(|query| !query.is_empty());
        query.map_or_else(|| "/admin/tags".into(), |query| format!("/admin/tags?{query}"))
    }

    /// Whether these words about a tag are looked for.
    fn has(&self, words: [&str; 3]) -> bool {
        let wanted = self.find.trim().to_lowercase();
        words.iter().any(|words| words.to_lowercase().contains(&wanted))
    }
}

async fn page(State(app): State<App>, signed_in: SignedIn, Query(asked): Query<Asked>) -> Response {
    shown(&app, &signed_in, &asked, context! {}).await
}

/// The page of tags, with what came of a form of it.
async fn shown(app: &App, signed_in: &SignedIn, asked: &Asked, more: Value) -> Response {
    if !signed_in.is_admin() {
        return app.pages.not_yours();
    }
    match read(app, signed_in, asked).await {
        Ok(read) => app.pages.show("tags.html", context! { ..more, ..read }),
        Err(error) => app.pages.unavailable(&error),
    }
}

async fn read(app: &App, signed_in: &SignedIn, asked: &Asked) -> Result<Value, StoreError> {
    let (faces, figures, now) = (app.engine.faces().await?, app.engine.tag_figures().await?, app.engine.now());
    let knowledge = app.engine.shelf().knowledge();
    let core: Vec<&str> = knowledge.tag_names.core().collect();
    let about = |tag: &str| faces.rows().get(tag).map_or("", |row| row.about.as_str());
    let is_meant = |figures: &&TagFigures| {
        let tag = figures.tag.as_str();
        (asked.all || figures.of_people || core.contains(&tag)) && asked.has([tag, &faces.label(tag), about(tag)])
    };
    let rows: Vec<&TagFigures> = figures.iter().filter(is_meant).collect();
    let row = |figures: &&TagFigures| {
        let tag = figures.tag.as_str();
        let ago = |at: Option<Timestamp>| at.map(|at| view::ago(at, now));
        context! {
            tag, label => faces.label(tag), colour => faces.colour(tag), about => about(tag), holders => figures.holders,
            given => ago(figures.last_set), uses => figures.uses, read => figures.read_by_rules, last => ago(figures.last_use),
            accuracy => figures.accuracy().map(|share| format!("{:.0} %", share * 100.0)),
            verdicts => figures.right + figures.wrong, of_people => figures.of_people, archived => figures.archived,
        }
    };
    let (tags, unshown): (Vec<Value>, _) = (rows.iter().take(MOST).map(row).collect(), rows.len().saturating_sub(MOST));
    let colleagues = People::read(app.engine.store()).await?;
    let changes = app.engine.store().change_log(now - crate::domain::Duration::days(90), 50).await?;
    let changes: Vec<Value> = changes
        .iter()
        .map(|row| context! { line => row.id, undone => row.undone_at.is_some(), tidied => row.action.starts_with("tags-"), ago => view::ago(row.at, now), who => colleagues.name(&row.who), action => row.action.replace('-', " "), subject => &row.subject })
        .collect();
    let proposals = tidy::proposals(app.engine.store(), &knowledge, &figures, now).await?;
    let proposals: Vec<Value> = proposals
        .iter()
        .map(|found| {
            let labels: Vec<String> = found.tags.iter().map(|tag| faces.label(tag)).collect();
            let what = serde_json::to_value(found.what).unwrap_or_default();
            context! {
                what => what.as_str().unwrap_or_default(), labels, tags => found.tags.join(" "), into => &found.into,
                contacts => found.contacts, why => &found.why, entries => found.catalogue.join(", "),
                question => found.what == Tidy::Question,
            }
        })
        .collect();
    let period = sample::under_way(Every::Week, &knowledge, now);
    let drawn: Vec<i64> =
        sample::draw(app.engine.store(), &knowledge, &period).await?.iter().map(|contact| contact.0).collect();
    let names = people::customers(app.engine.store(), drawn.iter().copied()).await?;
    let head = head::head(app, signed_in).await?;
    Ok(
        context! { tags, unshown, all => asked.all, find => &asked.find, changes, proposals, sample => drawn, names, week => period.label, colours => knowledge.tag_names.palette().to_vec(), ..head },
    )
}

/// The form that makes a tag or changes one.
#[derive(Deserialize)]
struct Saving {
    /// Empty for a new one.
    #[serde(default)]
    tag: String,
    label: String,
    #[serde(default)]
    colour: String,
    #[serde(default)]
    about: String,
    /// Of the page with all tags.
    #[serde(default)]
    all: bool,
    /// …and with these words.
    #[serde(default)]
    find: String,
}

async fn save(State(app): State<App>, AdminForm(signed_in, form): AdminForm<Saving>) -> Response {
    let language = app.engine.shelf().knowledge().shop.language.tag().to_owned();
    let tag = form.tag.trim();
    let faces = match app.engine.faces().await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
    // Labels in other languages stay as they are.
    let mut labels = faces.rows().get(tag).map(|row| row.labels.clone()).unwrap_or_default();
    labels.insert(language, form.label.trim().to_owned());
    let typed = context! { tag => tag, label => &form.label, about => &form.about, colour => &form.colour };
    let wish = Wish {
        labels: Labels::from_iter(labels),
        colour: (!form.colour.is_empty()).then_some(form.colour),
        about: form.about.trim().to_owned(),
    };
    let key = (!tag.is_empty()).then_some(tag);
    let asked = Asked { all: form.all, find: form.find };
    let same = key_of(form.label.trim()).ok().filter(|same| key.is_none() && faces.rows().contains_key(same.as_str()));
    if let Some(same) = same {
        let error = format!("{} is there already, as {same}: change it in its row.", faces.label(same.as_str()));
        return outcome(&app, &signed_in, Err(NotDone::Wrong(error)), &asked, typed).await;
    }
    outcome(&app, &signed_in, app.engine.save_tag(actor(&signed_in), key, wish).await.map(drop), &asked, typed).await
}

#[derive(Deserialize)]
struct Forgetting {
    tag: String,
    /// Of the page with all tags.
    #[serde(default)]
    all: bool,
    /// …and with these words.
    #[serde(default)]
    find: String,
}

async fn forget(State(app): State<App>, AdminForm(signed_in, form): AdminForm<Forgetting>) -> Response {
    let asked = Asked { all: form.all, find: form.find };
    outcome(&app, &signed_in, app.engine.forget_tag(actor(&signed_in), &form.tag).await, &asked, Value::UNDEFINED).await
}

/// The button beside a proposal.
#[derive(Deserialize)]
struct Tidying {
    what: String,
    /// With a space between two.
    tags: String,
    #[serde(default)]
    into: String,
}

async fn tidied(State(app): State<App>, AdminForm(signed_in, form): AdminForm<Tidying>) -> Response {
    let Ok(what) = serde_json::from_value(form.what.into()) else { return app.pages.forbidden() };
    let order = Order {
        what,
        tags: form.tags.split_whitespace().map(str::to_owned).collect(),
        into: (!form.into.is_empty()).then_some(form.into),
    };
    outcome(
        &app,
        &signed_in,
        app.engine.tidy(actor(&signed_in), order).await.map(drop),
        &Asked::default(),
        Value::UNDEFINED,
    )
    .await
}

#[derive(Deserialize)]
struct Untidying {
    line: i64,
}

async fn untidied(State(app): State<App>, AdminForm(signed_in, form): AdminForm<Untidying>) -> Response {
    outcome(
        &app,
        &signed_in,
        app.engine.untidy(actor(&signed_in), form.line).await.map(drop),
        &Asked::default(),
        Value::UNDEFINED,
    )
    .await
}

/// Back to the tags that the form stood among, or these with what was wrong.
async fn outcome(app: &App, signed_in: &SignedIn, done: Result<(), NotDone>, asked: &Asked, typed: Value) -> Response {
    match done {
        Ok(()) => Redirect::to(&asked.address()).into_response(),
        Err(NotDone::Store(error)) => app.pages.unavailable(&error),
        Err(error) => {
            let page = shown(app, signed_in, asked, context! { error => error.to_string(), typed }).await;
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
    }
}
