//! `/api/v1/campaigns`: what a campaign would do, making, starting, pausing and cancelling one, and what became of it.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::address::Path;
use super::problem::ApiProblem;
use super::read;
use super::segments::understood;
use crate::engine::Engine;
use crate::engine::campaigns::offer;
use crate::engine::segments::{Wanted, named};
use crate::outreach::Offer;
use crate::rulebook::did_you_mean;
use crate::segments::lists::is_name;
use crate::store::{CampaignRow, CampaignState, Place, TagUse};

/// The campaigns API.
pub(super) fn router() -> Router<Engine> {
    Router::new()
        .route("/api/v1/campaigns", get(all).post(make))
        .route("/api/v1/campaigns/dry-run", post(dry_run))
        .route("/api/v1/campaigns/{name}", get(one))
        .route("/api/v1/campaigns/{name}/{move}", post(moved))
}

/// A campaign as it is asked for: to a segment, in words or by name.
#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    pub(in crate::web) name: String,
    #[serde(default)]
    pub(in crate::web) segment: Option<Value>,
    #[serde(default)]
    pub(in crate::web) list: Option<String>,
    #[serde(default)]
    pub(in crate::web) per_hour: Option<u32>,
    #[serde(default)]
    pub(in crate::web) per_day: Option<u32>,
    #[serde(flatten)]
    pub(in crate::web) offer: Offer,
}

impl Asked {
    /// Whom it goes to. Wrong names, an offer that cannot be sent and a segment of everybody are refused.
    pub(in crate::web) async fn wanted(&self, engine: &Engine) -> Result<Wanted, ApiProblem> {
        if !is_name(&self.name) {
            return Err(ApiProblem::invalid("A campaign's name has small letters, digits and hyphens, 60 at most."));
        }
        if [self.per_hour, self.per_day].contains(&Some(0)) {
            return Err(ApiProblem::invalid("A budget of 0 sends nothing: give at least 1, or leave it out."));
        }
        self.offer.check().map_err(|wrong| ApiProblem::invalid(format!("This cannot be sent: {wrong}.")))?;
        check_product(engine, &self.offer)?;
        check_groups(engine, &self.offer).await?;
        let now = engine.now();
        let wanted = match (&self.segment, &self.list) {
            (Some(segment), None) => Wanted { segment: understood(engine, segment)?, first: None, now },
            (None, Some(list)) => named(engine.store(), &engine.shelf().knowledge(), list, now)
                .await?
                .ok_or_else(|| ApiProblem::not_found(format!("No segment is called `{list}`.")))?,
            _ => return Err(ApiProblem::invalid("Send either `segment` or `list`, the name of a saved one.")),
        };
        if wanted.segment.is_everybody() {
            let said = "A campaign goes to a group, never to everybody: say which, for example tag:value/regular.";
            return Err(ApiProblem::invalid(said));
        }
        check_slips(engine, &wanted).await?;
        Ok(wanted)
    }

    /// Makes it, to be started later.
    pub(in crate::web) async fn make(&self, engine: &Engine, by: &str) -> Result<CampaignRow, ApiProblem> {
        let wanted = self.wanted(engine).await?;
        engine.note_use(&wanted.segment.tags(), TagUse::Send).await;
        let row = CampaignRow {
            name: self.name.clone(),
            segment: wanted.segment.to_string(),
            offer: json!(self.offer).to_string(),
            state: CampaignState::Draft,
            per_hour: self.per_hour.map(i64::from),
            per_day: self.per_day.map(i64::from),
            made_by: by.to_owned(),
            made_at: engine.now(),
            started_at: None,
            recipients: 0,
            place: Place::default(),
        };
        match engine.store().add_campaign(&row).await? {
            true => Ok(row),
            false => {
                let said = format!("A campaign is called `{}` already: choose another name.", self.name);
                Err(ApiProblem::invalid(said))
            }
        }
    }
}

/// What it is about must be sold: of anything else no tag tells of an interest, and so nobody would get it.
fn check_product(engine: &Engine, offer: &Offer) -> Result<(), ApiProblem> {
    let knowledge = engine.shelf().knowledge();
    match offer.product.as_ref().filter(|product| !knowledge.knows_product(product)) {
        Some(product) => Err(ApiProblem::invalid(format!(
            "No such product: “{product}”. Give the name, number or key of one in shop.toml, or a key of the dictionaries such as \
             electronics/phone; without a product it goes to everybody in the segment."
        ))),
        None => Ok(()),
    }
}

/// A group of a tag that there is not would leave all its people what the others get, without a word.
async fn check_groups(engine: &Engine, offer: &Offer) -> Result<(), ApiProblem> {
    let faces = engine.faces().await?;
    for group in &offer.groups {
        if !engine.knows_tag(&faces, &group.tag).await? {
            return Err(ApiProblem::invalid(format!(
                "There is no tag “{}”: nobody made it, no rule gives it and nobody holds it. Write the key of one that there is, such as \
                 value/vip, or the beginning of one and `*`.",
                group.tag
            )));
        }
    }
    Ok(())
}

/// Who does not hold a tag that is written with a slip is everybody (SEND-13). One that nobody holds yet may be meant.
async fn check_slips(engine: &Engine, wanted: &Wanted) -> Result<(), ApiProblem> {
    let knowledge = engine.shelf().knowledge();
    let known = knowledge.rulebook.known_tags(&[]);
    let faces = engine.faces().await?;
    for tag in wanted.segment.tags() {
        let Some(meant) = known.meant_by(tag) else { continue };
        // Colours, heats and stages are those that there are; other tags people may have made, or given a label.
        let is_state = knowledge.rulebook.gives(tag);
        let is_labelled = knowledge.tag_names.core().any(|labelled| labelled == tag);
        if is_state || !is_labelled && !engine.knows_tag(&faces, tag).await? {
            return Err(ApiProblem::invalid(format!("There is no tag “{tag}”. {}", did_you_mean(&meant))));
        }
    }
    Ok(())
}

/// What was made may have lost its product or its templates since.
async fn check_start(engine: &Engine, campaign: &CampaignRow) -> Result<(), ApiProblem> {
    let offer = offer(campaign)?;
    check_product(engine, &offer)?;
    match engine.unknown_to_meta(&offer).await?.as_slice() {
        [] => Ok(()),
        names => Err(ApiProblem::invalid(format!(
            "Meta has no template {}: have it approved first (`hotline templates push` shows how), or make a campaign with another. \
             The page Templates lists those that can be sent.",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// A field that a campaign does not have is a slip of the pen that would change what it does.
fn asked(body: &Bytes) -> Result<Asked, ApiProblem> {
    const FIELDS: [&str; 10] =
        ["name", "segment", "list", "per_hour", "per_day", "kind", "templates", "groups", "product", "lasts"];
    let fields: BTreeMap<String, IgnoredAny> = read(body)?;
    match fields.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        Some(field) => {
            Err(ApiProblem::invalid(format!("A campaign has no field `{field}`: it has {}.", FIELDS.join(", "))))
        }
        None => read(body),
    }
}

async fn dry_run(State(engine): State<Engine>, body: Bytes) -> Result<Json<Value>, ApiProblem> {
    let asked = asked(&body)?;
    let wanted = asked.wanted(&engine).await?;
    let budget = (asked.per_hour, asked.per_day);
    Ok(Json(json!(engine.dry_run(&asked.name, &wanted, &asked.offer, budget).await?)))
}

async fn make(State(engine): State<Engine>, body: Bytes) -> Result<(StatusCode, Json<Value>), ApiProblem> {
    let asked = asked(&body)?;
    Ok((StatusCode::CREATED, Json(shown(&asked.make(&engine, "api").await?)?)))
}

async fn all(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let rows = engine.store().all_campaigns().await?;
    Ok(Json(json!({ "campaigns": rows.iter().map(shown).collect::<Result<Vec<_>, _>>()? })))
}

async fn found(engine: &Engine, name: &str) -> Result<CampaignRow, ApiProblem> {
    let rows = engine.store().all_campaigns().await?;
    let unknown = || ApiProblem::not_found(format!("No campaign is called `{name}`."));
    rows.into_iter().find(|row| row.name == name).ok_or_else(unknown)
}

/// A campaign and what became of it.
pub(in crate::web) async fn told(engine: &Engine, name: &str) -> Result<Value, ApiProblem> {
    let mut shown = shown(&found(engine, name).await?)?;
    shown["outcome"] = json!(engine.account_of(name).await?);
    shown["variants"] = json!(engine.store().campaign_outcome(name).await?);
    let failures = engine.store().campaign_failures(name).await?;
    shown["not_sent"] =
        failures.into_iter().map(|(reason, count)| json!({ "reason": reason, "count": count })).collect();
    Ok(shown)
}

async fn one(State(engine): State<Engine>, Path(name): Path<String>) -> Result<Json<Value>, ApiProblem> {
    Ok(Json(told(&engine, &name).await?))
}

async fn moved(
    State(engine): State<Engine>,
    Path((name, how)): Path<(String, String)>,
) -> Result<Json<Value>, ApiProblem> {
    let again = move_on(&engine, &name, &how).await?;
    let mut shown = shown(&found(&engine, &name).await?)?;
    shown["sent_again"] = json!(again);
    Ok(Json(shown))
}

/// Starts, pauses, resumes or cancels a campaign, or sends again what failed of it: how many.
pub(in crate::web) async fn move_on(engine: &Engine, name: &str, how: &str) -> Result<Option<u64>, ApiProblem> {
    use CampaignState::{Cancelled, Draft, Paused, Running, Starting};
    let before = found(engine, name).await?;
    let (from, to): (&[CampaignState], _) = match how {
        "start" => (&[Draft], Starting),
        "pause" => (&[Starting, Running], Paused),
        // Recipients that were not told before it was paused are told now.
        "resume" => (&[Paused], Starting),
        "cancel" => (&[Draft, Starting, Running, Paused], Cancelled),
        "retry" => return Ok(Some(engine.retry_campaign(name).await?)),
        _ => {
            let said = "A campaign can be started, paused, resumed and cancelled, and what failed can be sent again.";
            return Err(ApiProblem::not_found(said));
        }
    };
    if how == "start" && before.state == Draft {
        check_start(engine, &before).await?;
    }
    if !engine.store().move_campaign(name, from, to, engine.now()).await? {
        let state = before.state.name();
        return Err(ApiProblem::invalid(format!("The campaign is {state}: this cannot be done with it now.")));
    }
    Ok(None)
}

fn shown(row: &CampaignRow) -> Result<Value, ApiProblem> {
    Ok(json!({
        "name": row.name, "state": row.state.name(), "segment": row.segment, "offer": offer(row)?,
        "per_hour": row.per_hour, "per_day": row.per_day, "made_by": row.made_by, "made": row.made_at.rfc3339(),
        "started": row.started_at.map(|at| at.rfc3339()), "recipients": row.recipients,
    }))
}
