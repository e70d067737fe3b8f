//! The account's templates (section 4.4): its list, new ones with their review, and how a call that names one is judged.

use std::collections::VecDeque;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::calls::{Fields, Node, OfAccount, success, too_many, unknown_object};
use super::failures::{refuse, refuse_with};
use super::nodes::{Asked, only};
use super::{Sandbox, deliver, filled, wire};
use crate::domain::{Duration, Timestamp};
use crate::whatsapp::template_limits::{Refused, refusal};
use crate::whatsapp::templates::{Draft, api_language, is_of};

/// Calls about templates that an account may make in an hour (section 5.3).
const CALLS_AN_HOUR: usize = 200;
/// Templates on a page where the call does not say (Meta's default), and at most.
const PAGE: (usize, usize) = (25, 1_000);
/// An approved template is edited so many times within so long (section 4.4).
const EDITS: [(Duration, usize); 2] = [(Duration::hours(24), 1), (Duration::days(30), 10)];
/// The name of a template that was deleted cannot be used again for so long (section 4.4).
const NAME_RESTS: Duration = Duration::days(30);

/// Where a template can stand, its categories, and how customers take it (sections 2.9 and 4.4).
const STATUSES: [&str; 13] = [
    "APPROVED",
    "PENDING",
    "REJECTED",
    "PAUSED",
    "DISABLED",
    "IN_APPEAL",
    "PENDING_DELETION",
    "DELETED",
    "LIMIT_EXCEEDED",
    "ARCHIVED",
    "FLAGGED",
    "LOCKED",
    "REINSTATED",
];
const CATEGORIES: [&str; 3] = ["MARKETING", "UTILITY", "AUTHENTICATION"];
const QUALITIES: [&str; 4] = ["GREEN", "YELLOW", "RED", "UNKNOWN"];
/// Why a review refuses words that another template has.
const DOUBLE: &str = "INVALID_FORMAT";

/// What the account has.
#[derive(Debug, Default)]
pub(super) struct Templates {
    all: Vec<Template>,
    made: u64,
    calls: VecDeque<Timestamp>,
    deleted: Vec<(String, Timestamp)>,
}

#[derive(Clone, Debug)]
struct Template {
    id: String,
    name: String,
    language: String,
    category: String,
    status: String,
    quality: String,
    reason: String,
    /// How often Meta has paused it.
    pauses: u32,
    /// `POSITIONAL` or `NAMED`.
    format: String,
    components: Value,
    edits: Vec<Timestamp>,
}

impl Template {
    fn body(&self) -> &str {
        self.part("BODY").and_then(|body| body["text"].as_str()).unwrap_or_default()
    }

    fn part(&self, kind: &str) -> Option<&Value> {
        self.components.as_array().into_iter().flatten().find(|part| is_of(part, kind))
    }

    /// Takes what an edit brings; what it does not name stays.
    fn edit(&mut self, call: &Value, now: Timestamp) -> Result<(), Refused> {
        let is_within =
            |within: Duration, most: usize| self.edits.iter().filter(|at| now - **at < within).count() < most;
        match self.status.as_str() {
            "APPROVED" if !EDITS.into_iter().all(|(within, most)| is_within(within, most)) => {
                return Err((None, "an approved template is edited once in 24 hours and 10 times in 30 days".into()));
            }
            "APPROVED" if call["category"].as_str().is_some_and(|category| category != self.category) => {
                return Err((None, "the category of an approved template stays".into()));
            }
            "APPROVED" | "REJECTED" | "PAUSED" => {}
            status => return Err((None, format!("a template that is {status} cannot be edited"))),
        }
        let mut whole = json!({ "name": self.name, "language": self.language, "category": self.category,
            "parameter_format": self.format, "components": self.components });
        for name in ["category", "components"] {
            if !call[name].is_null() {
                whole[name] = call[name].clone();
            }
        }
        if let Some(refused) = refusal(&whole) {
            return Err(refused);
        }
        self.edits.push(now);
        self.status = "PENDING".into();
        self.components = whole["components"].take();
        self.category = whole["category"].as_str().unwrap_or_default().to_owned();
        Ok(())
    }

    fn shown(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "language": self.language, "status": self.status, "category": self.category,
            "components": self.components, "parameter_format": self.format, "rejected_reason": self.reason,
            "quality_score": { "score": self.quality },
        })
    }
}

/// A change of a template that a test or `POST /control/templates` makes, and Meta tells by webhook.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateChange {
    /// Which.
    pub name: String,
    /// In which language; empty is all of them.
    pub language: String,
    /// `PAUSED`, `APPROVED`, `DISABLED`…
    pub status: Option<String>,
    /// `MARKETING`, `UTILITY`.
    pub category: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`.
    pub quality: Option<String>,
}

impl Templates {
    fn add(&mut self, call: &Value, status: &str) -> String {
        let text = |field: &str| call[field].as_str().unwrap_or_default().to_owned();
        self.made += 1;
        let id = (700_000_000_000_000 + self.made).to_string();
        self.all.push(Template {
            id: id.clone(),
            name: text("name"),
            language: api_language(&text("language")),
            category: text("category"),
            status: status.into(),
            quality: "UNKNOWN".into(),
            reason: "NONE".into(),
            pauses: 0,
            format: call["parameter_format"].as_str().unwrap_or("POSITIONAL").to_ascii_uppercase(),
            components: call["components"].clone(),
            edits: Vec::new(),
        });
        id
    }

    /// Whether one more call is within the limit.
    pub(super) fn takes_call(&mut self, now: Timestamp) -> bool {
        while self.calls.front().is_some_and(|at| now - *at >= Duration::hours(1)) {
            self.calls.pop_front();
        }
        self.calls.push_back(now);
        self.calls.len() <= CALLS_AN_HOUR
    }

    /// The template of that id, as the list shows it.
    pub(super) fn shown(&self, id: &str) -> Option<Value> {
        self.all.iter().find(|template| template.id == id).map(Template::shown)
    }

    /// Whether a message is a template of marketing; of one that is not there, that it is none is told elsewhere.
    pub(super) fn is_marketing(&self, body: &Value) -> bool {
        let named = self.all.iter().find(|template| body["template"]["name"] == template.name.as_str());
        body["type"] == "template" && named.is_none_or(|template| template.category == "MARKETING")
    }

    /// What becomes of a call that names a template: what the customer sees of it, or the code of the refusal.
    pub(super) fn judge(&self, named: &Value) -> Result<Taken, i64> {
        let (name, language) = (named["name"].as_str().unwrap_or_default(), named["language"]["code"].as_str());
        let language = api_language(language.unwrap_or_default());
        let found = self.all.iter().find(|template| template.name == name && template.language == language);
        let template = found.ok_or(132_001)?;
        match template.status.as_str() {
            "APPROVED" => {}
            "PAUSED" => return Err(132_015),
            "DISABLED" => return Err(132_016),
            _ => return Err(132_001),
        }
        let words = filled::fill(&template.format, &template.components, &named["components"])?;
        let buttons = filled::buttons(&template.components, &named["components"]);
        Ok(Taken { category: template.category.clone(), words, buttons })
    }
}

/// A template as it was taken.
pub(super) struct Taken {
    pub(super) category: String,
    /// Its words for the customer.
    pub(super) words: String,
    /// What can be tapped under them.
    pub(super) buttons: Vec<Value>,
}

impl Sandbox {
    /// The account has this template, approved long ago.
    pub fn add_template(&self, draft: &Draft) {
        self.add_template_call(&draft.call());
    }

    /// The same of a template that was made by this call.
    pub fn add_template_call(&self, call: &Value) {
        self.inner.templates().add(call, "APPROVED");
    }

    /// Something changes about a template, as Meta changes it; webhooks tell of it. Returns how many templates it was.
    pub fn change_template(&self, change: &TemplateChange) -> usize {
        let is_meant = |template: &&mut Template| {
            template.name == change.name && (change.language.is_empty() || template.language == change.language)
        };
        let (now, mut webhooks) = (self.inner.now(), Vec::new());
        for template in self.inner.templates().all.iter_mut().filter(is_meant) {
            if let Some(status) = &change.status {
                let before = std::mem::replace(&mut template.status, status.clone());
                template.pauses += u32::from(status == "PAUSED" && before != "PAUSED");
                webhooks.push(of_status(template, &before, now));
            }
            if let Some(category) = &change.category {
                let was = std::mem::replace(&mut template.category, category.clone());
                let more = json!({ "previous_category": was, "new_category": category });
                webhooks.push(("template_category_update", told(template, more)));
            }
            if let Some(quality) = &change.quality {
                let was = std::mem::replace(&mut template.quality, quality.clone());
                let more = json!({ "previous_quality_score": was, "new_quality_score": quality });
                webhooks.push(("message_template_quality_update", told(template, more)));
            }
        }
        let count = webhooks.len();
        webhooks.into_iter().for_each(|(field, value)| deliver::send(self, wire::account_envelope(field, value, now)));
        count
    }

    /// The end of a review: words that another template of the account has in the same language are refused.
    fn review(&self, id: &str) {
        let mut templates = self.inner.templates();
        let Some(place) = templates.all.iter().position(|template| template.id == id && template.status == "PENDING")
        else {
            return;
        };
        let (body, language) = (templates.all[place].body().to_owned(), templates.all[place].language.clone());
        let is_twin = |other: &Template| other.id != id && other.language == language && other.body() == body;
        let is_double = templates.all.iter().any(is_twin);
        let template = &mut templates.all[place];
        (template.status, template.reason) = match is_double {
            true => ("REJECTED".into(), DOUBLE.into()),
            false => ("APPROVED".into(), "NONE".into()),
        };
        let now = self.inner.now();
        let (field, value) = of_status(template, "PENDING", now);
        drop(templates);
        deliver::send(self, wire::account_envelope(field, value, now));
    }
}

/// A webhook's value about a template: languages with a hyphen, as Meta writes them there.
fn told(template: &Template, more: Value) -> Value {
    let id = template.id.parse::<i64>().unwrap_or_default();
    let language = template.language.replace('_', "-");
    let mut value = json!({
        "message_template_id": id, "message_template_name": template.name, "message_template_language": language,
    });
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}

/// A change of status, with what Meta tells beside it (section 2.9).
fn of_status(template: &Template, before: &str, now: Timestamp) -> (&'static str, Value) {
    let mut told = told(
        template,
        json!({
            "event": template.status, "reason": template.reason, "message_template_category": template.category,
        }),
    );
    match template.status.as_str() {
        "PAUSED" => {
            let (title, hours) = if template.pauses > 1 { ("SECOND_PAUSE", 6) } else { ("FIRST_PAUSE", 3) };
            let description = format!("Customers dislike it: paused for {hours} hours.");
            told["other_info"] = json!({ "title": title, "description": description });
        }
        "APPROVED" | "REINSTATED" if before == "PAUSED" => {
            told["other_info"] = json!({ "title": "UNPAUSE", "description": "The template may be sent again." });
        }
        "DISABLED" => told["disable_info"] = json!({ "disable_date": now.0 / 1000 }),
        "REJECTED" if template.reason == DOUBLE => {
            told["rejection_info"] = json!({
                "reason": "Another template has the same words in this language.",
                "recommendation": "Use that one, or write other words.",
            });
        }
        _ => {}
    }
    ("message_template_status_update", told)
}

/// Which part of a list a call asks for: where it begins, and how long it is at most.
///
/// # Errors
/// The code of the refusal and why.
fn page(asked: &Asked, count: usize) -> Result<(usize, usize), (i64, &'static str)> {
    let start = match asked.get("after").map(|cursor| cursor.parse::<usize>()) {
        None => 0,
        Some(Ok(start)) if start <= count => start,
        Some(_) => return Err((131_059, "after is no cursor of this list")),
    };
    match asked.get("limit").map(|limit| limit.parse::<usize>()) {
        None => Ok((start, PAGE.0)),
        Some(Ok(limit)) => Ok((start, limit.clamp(1, PAGE.1))),
        Some(Err(_)) => Err((100, "Param limit must be a valid integer")),
    }
}

pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    _: OfAccount,
    address: Uri,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let fits = |told: &str, name: &str| asked.get(name).is_none_or(|wanted| wanted == told);
    let templates = sandbox.inner.templates();
    let found = templates.all.iter().filter(|one| fits(&one.name, "name") && fits(&one.status, "status"));
    let shown: Vec<Value> = found.map(|template| only(template.shown(), asked.get("fields"))).collect();
    let (start, size) = match page(&asked, shown.len()) {
        Ok(page) => page,
        Err((code, details)) => return refuse(code, details),
    };
    let page: Vec<&Value> = shown.iter().skip(start).take(size).collect();
    let end = start + page.len();
    let mut paging = json!({ "cursors": { "before": start.to_string(), "after": end.to_string() } });
    if end < shown.len() {
        // A whole address, as Meta gives it: a caller may follow it as it is.
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let mut next = format!("http://{host}{}?limit={size}&after={end}", address.path());
        for name in ["name", "status", "fields", "access_token"] {
            next.extend(asked.get(name).map(|value| format!("&{name}={value}")));
        }
        paging["next"] = next.into();
    }
    axum::Json(json!({ "data": page, "paging": paging })).into_response()
}

pub(super) async fn make(State(sandbox): State<Sandbox>, _: OfAccount, Fields(call): Fields) -> Response {
    let call = call.into();
    if let Some((subcode, words)) = refusal(&call) {
        return refuse_with(100, subcode, &words);
    }
    let text = |field: &str| call[field].as_str().unwrap_or_default();
    let (now, mut templates) = (sandbox.inner.now(), sandbox.inner.templates());
    if templates.deleted.iter().any(|(name, at)| name == text("name") && now - *at < NAME_RESTS) {
        return refuse_with(100, Some(2_388_023), "a template of this name was deleted less than 30 days ago");
    }
    let language = api_language(text("language"));
    if templates.all.iter().any(|template| template.name == text("name") && template.language == language) {
        return refuse_with(100, Some(2_388_024), "there is content in this language already");
    }
    let id = templates.add(&call, "PENDING");
    drop(templates);
    review_later(&sandbox, &id);
    axum::Json(json!({ "id": id, "status": "PENDING", "category": text("category") })).into_response()
}

pub(super) async fn delete(State(sandbox): State<Sandbox>, _: OfAccount, Query(asked): Query<Asked>) -> Response {
    let Some(name) = asked.get("name") else { return refuse(100, "The parameter name is required.") };
    let (now, mut templates) = (sandbox.inner.now(), sandbox.inner.templates());
    let before = templates.all.len();
    let is_meant = |one: &Template| one.name == *name && asked.get("hsm_id").is_none_or(|id| *id == one.id);
    templates.all.retain(|template| !is_meant(template));
    if templates.all.len() == before {
        return refuse_with(100, Some(2_593_002), "there is no such template");
    }
    if templates.all.iter().all(|template| template.name != *name) {
        templates.deleted.push((name.clone(), now));
    }
    success()
}

fn review_later(sandbox: &Sandbox, id: &str) {
    let (reviewed, reviewer) = (id.to_owned(), sandbox.clone());
    tokio::spawn(async move {
        tokio::time::sleep(reviewer.inner.settings.review_after).await;
        reviewer.review(&reviewed);
    });
}

/// `POST /{template}`: other components, or another category, and a review of them.
pub(super) fn edit(sandbox: &Sandbox, id: &str, call: Map<String, Value>) -> Response {
    if let Some(refusal) = too_many(sandbox) {
        return refusal;
    }
    let (now, mut templates) = (sandbox.inner.now(), sandbox.inner.templates());
    let Some(template) = templates.all.iter_mut().find(|template| template.id == id) else {
        return unknown_object(&Method::POST, id);
    };
    if let Err((subcode, words)) = template.edit(&call.into(), now) {
        return refuse_with(100, subcode, &words);
    }
    drop(templates);
    review_later(sandbox, id);
    success()
}

/// `POST /{template}/unpause`.
pub(super) async fn unpause(State(sandbox): State<Sandbox>, Node { id }: Node) -> Response {
    if let Some(refusal) = too_many(&sandbox) {
        return refusal;
    }
    let Some(template) = sandbox.inner.templates().all.iter().find(|template| template.id == id).cloned() else {
        return unknown_object(&Method::POST, &id);
    };
    if template.status != "PAUSED" {
        let why = format!("It is not paused: it is {}", template.status);
        return axum::Json(json!({ "success": false, "reason": why })).into_response();
    }
    let Template { name, language, .. } = template;
    sandbox.change_template(&TemplateChange {
        name,
        language,
        status: Some("APPROVED".into()),
        ..TemplateChange::default()
    });
    success()
}

pub(super) async fn change(State(sandbox): State<Sandbox>, axum::Json(change): axum::Json<TemplateChange>) -> Response {
    let known = [(&change.status, &STATUSES[..]), (&change.category, &CATEGORIES), (&change.quality, &QUALITIES)];
    for (told, known) in known {
        if let Some(told) = told.as_deref().filter(|told| !known.contains(told)) {
            let words = format!("{told} is none of {}", known.join(", "));
            return (StatusCode::UNPROCESSABLE_ENTITY, words).into_response();
        }
    }
    match sandbox.change_template(&change) {
        0 => StatusCode::NOT_FOUND.into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}
