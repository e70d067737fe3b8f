//! Campaigns in the console: all of them, a new one with its dry run, and one with what became of it. For admins.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::head;
use super::lists::no_segment;
use crate::domain::MessageKind;
use crate::engine::Engine;
use crate::engine::campaigns::KINDS;
use crate::engine::campaigns::dry_run::{BEST_HOURS, BEST_HOURS_SAYS, DryRun};
use crate::engine::segments::{self, Wanted};
use crate::outreach::{Condition, Group, Offer};
use crate::segments::Segment;
use crate::store::StoreError;
use crate::web::App;
use crate::web::access::{AdminForm, SignedIn};
use crate::web::api::campaigns::{Asked, move_on, told};
use crate::web::api::problem::ApiProblem;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/campaigns", get(page).post(asked))
        .route("/campaigns/{name}", get(one))
        .route("/campaigns/{name}/{move}", post(moved))
}

/// The form of a new campaign, as it was filled in.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Draft {
    name: String,
    segment: String,
    kind: String,
    /// Templates with spaces or commas between them: each is a variant.
    templates: String,
    /// One line for each group: `tag = template`.
    groups: String,
    product: String,
    lasts: String,
    per_hour: String,
    per_day: String,
    /// `make` makes it; anything else only tries.
    what: String,
}

impl Draft {
    async fn read(&self, engine: &Engine) -> Result<Asked, ApiProblem> {
        let kind = KINDS.into_iter().find(|kind| kind.name() == self.kind);
        let templates = self.templates.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_owned);
        let (store, knowledge) = (engine.store(), engine.shelf().knowledge());
        let segment = segments::asked(store, &knowledge, &self.segment, engine.now()).await?;
        let segment = segment.map_err(|error| ApiProblem::invalid(no_segment(self.segment.trim(), &error)))?.segment;
        Ok(Asked {
            name: self.name.trim().to_owned(),
            segment: Some(segment.to_string().into()),
            list: None,
            per_hour: number("hour", &self.per_hour)?,
            per_day: number("day", &self.per_day)?,
            offer: Offer {
                kind: kind.unwrap_or(MessageKind::Promotion),
                templates: templates.collect(),
                groups: self.groups(engine).await?,
                product: Some(self.product.trim().to_owned()).filter(|product| !product.is_empty()),
                lasts: self.lasts.trim().to_owned(),
            },
        })
    }

    /// Its groups; a tag may stand as the console calls it.
    async fn groups(&self, engine: &Engine) -> Result<Vec<Group>, ApiProblem> {
        let faces = engine.faces().await?;
        let mut groups = Vec::new();
        for line in self.groups.lines().filter(|line| !line.trim().is_empty()) {
            let (tag, template) = line.split_once('=').ok_or_else(|| {
                ApiProblem::invalid(format!("“{line}” is no group: write a tag, = and a template on each line."))
            })?;
            let tag = engine.tag_called(&faces, tag).await?;
            groups.push(Group { tag, template: template.trim().to_owned() });
        }
        Ok(groups)
    }
}

/// How many an hour or a day; nothing is no limit.
fn number(of: &str, text: &str) -> Result<Option<u32>, ApiProblem> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(most) if most > 0 => Ok(Some(most)),
            _ => Err(ApiProblem::invalid(format!("“{text}” messages in a {of}: write a whole number, or nothing."))),
        },
    }
}

/// The page, with a list that was chosen on /lists.
async fn page(State(app): State<App>, signed_in: SignedIn, Query(draft): Query<Draft>) -> Response {
    let draft = Draft { lasts: "3d".into(), ..draft };
    shown(&app, &signed_in, &draft, Ok(None)).await
}

async fn asked(State(app): State<App>, AdminForm(signed_in, draft): AdminForm<Draft>) -> Response {
    let done = async {
        let asked = draft.read(&app.engine).await?;
        if draft.what == "make" {
            return asked.make(&app.engine, &signed_in.user().login).await.map(|_| None);
        }
        let wanted = asked.wanted(&app.engine).await?;
        let budget = (asked.per_hour, asked.per_day);
        Ok(Some(app.engine.dry_run(&asked.name, &wanted, &asked.offer, budget).await?))
    };
    match done.await {
        Ok(None) => Redirect::to(&format!("/campaigns/{}", draft.name.trim())).into_response(),
        Err(problem) => {
            let page = shown(&app, &signed_in, &draft, Err(problem)).await;
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
        done => shown(&app, &signed_in, &draft, done).await,
    }
}

async fn shown(app: &App, signed_in: &SignedIn, draft: &Draft, done: Result<Option<DryRun>, ApiProblem>) -> Response {
    if !signed_in.is_admin() {
        return app.pages.not_yours();
    }
    let (run, error) = match done {
        Ok(run) => (run, None),
        Err(problem) => (None, Some(problem.detail)),
    };
    let engine = &app.engine;
    let read = async {
        let (rows, templates) = (engine.store().all_campaigns().await?, engine.templates().await?);
        Ok::<_, StoreError>((rows, templates, head::head(app, signed_in).await?))
    };
    let (rows, templates, head) = match read.await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let started = row.started_at.map(|at| at.rfc3339());
            context! { name => &row.name, state => row.state.name(), segment => &row.segment, recipients => row.recipients, started }
        })
        .collect();
    let zone = engine.shelf().knowledge().shop.zone.name();
    let kinds = KINDS.map(MessageKind::name);
    let mut words: BTreeMap<_, _> = Condition::ALL.map(|reason| (reason.name(), reason.says())).into();
    words.insert(BEST_HOURS, BEST_HOURS_SAYS);
    let (draft, run) = (Value::from(Serde(draft.clone())), run.map(|run| Value::from(Serde(run))));
    let templates = templates.to_choose();
    app.pages.show("campaigns.html", context! { rows, templates, draft, run, words, error, kinds, zone, ..head })
}

async fn one(State(app): State<App>, signed_in: SignedIn, Path(name): Path<String>) -> Response {
    page_of(&app, &signed_in, &name, None).await
}

/// The page of a campaign, with what was wrong.
async fn page_of(app: &App, signed_in: &SignedIn, name: &str, error: Option<String>) -> Response {
    if !signed_in.is_admin() {
        return app.pages.not_yours();
    }
    let (campaign, head) = match (told(&app.engine, name).await, head::head(app, signed_in).await) {
        (Ok(campaign), Ok(head)) => (campaign, head),
        (Err(problem), _) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return app.pages.error(status, problem.title, &problem.detail);
        }
        (_, Err(error)) => return app.pages.unavailable(&error),
    };
    let (members, texts) = match about(app, &campaign).await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
    let zone = app.engine.shelf().knowledge().shop.zone.name();
    let campaign = Value::from(Serde(campaign));
    app.pages.show("campaign.html", context! { campaign, members, texts, error, zone, ..head })
}

/// Whom a campaign that has not begun would be for, how many, and what its templates say in the shop's language, or else in another.
async fn about(app: &App, campaign: &serde_json::Value) -> Result<(Option<i64>, Vec<Value>), StoreError> {
    let (knowledge, store) = (app.engine.shelf().knowledge(), app.engine.store());
    let segment = campaign["segment"].as_str().and_then(|text| text.parse::<Segment>().ok());
    let members = match segment.filter(|_| campaign["state"] == "draft") {
        Some(segment) => {
            let wanted = Wanted { segment, first: None, now: app.engine.now() };
            Some(store.count_segment(&wanted.asked(&knowledge.shop.rates, knowledge.shop.currency)).await?)
        }
        None => None,
    };
    let known = app.engine.templates().await?.templates;
    let names = campaign["offer"]["templates"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
    let text = |name: &str| {
        let languages = &known.iter().find(|standing| standing.name == name)?.languages;
        let own = languages.iter().find(|one| one.template.language.starts_with(knowledge.shop.language.tag()));
        let one = &own.or(languages.first())?.template;
        Some(context! { name, language => &one.language, body => &one.body })
    };
    Ok((members, names.filter_map(text).collect()))
}

async fn moved(
    State(app): State<App>,
    Path((name, how)): Path<(String, String)>,
    AdminForm(signed_in, _): AdminForm<IgnoredAny>,
) -> Response {
    match move_on(&app.engine, &name, &how).await {
        Ok(_) => Redirect::to(&format!("/campaigns/{}", crate::web::access::encode(&name))).into_response(),
        Err(problem) => {
            let page = page_of(&app, &signed_in, &name, Some(problem.detail)).await;
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
    }
}
