//! The set of tags as people work with it: what a tag is called, who may make or change one, what is known of its use.

pub mod sample;
pub mod tidy;
pub mod why;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::domain::{AgentAction, AgentEvent, ContactId, TagKey, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::State;
use crate::governance::{Action, Labels, TagFigures, key_of};
use crate::rulebook::Rulebook;
use crate::store::{LedgerLine, LedgerMove, Role, Store, StoreError, TagRow, TagUse, Verdict};

/// Changes that are looked through at once for what set a tag.
const LATELY: i64 = 200;

/// Who wants something.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// Name in the log.
    pub who: &'a str,
    /// `None` is a program that shows the token of the API, or a command: it may do everything.
    pub role: Option<Role>,
}

/// Why it was not done, in words for who asked.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// This role may not.
    #[error("{0}")]
    Forbidden(String),
    /// What was sent is wrong.
    #[error("{0}")]
    Wrong(String),
    /// There is no such thing.
    #[error("{0}")]
    Unknown(String),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A tag as it is to be. Without a key it is made of the label in the shop's language.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields of the API")]
pub struct Wish {
    pub labels: Labels,
    pub colour: Option<String>,
    pub about: String,
}

/// What tags are called and drawn in: what people said, over what ships.
pub struct Faces {
    knowledge: Arc<Knowledge>,
    rows: BTreeMap<String, TagRow>,
}

impl Faces {
    /// Of what ships alone: nobody has named anything.
    pub fn shipped(knowledge: Arc<Knowledge>) -> Self {
        Self { knowledge, rows: BTreeMap::new() }
    }

    /// What tags are called in an installation.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn read(store: &Store, knowledge: Arc<Knowledge>) -> Result<Self, StoreError> {
        let rows = store.tags().await?.into_iter().map(|row| (row.tag.clone(), row)).collect();
        Ok(Self { knowledge, rows })
    }

    /// The key of what somebody typed: a key, or what the console calls a tag, whoever gave it. `known` are the tags that contacts
    /// have held.
    pub fn called(&self, typed: &str, known: &[String]) -> String {
        let typed = typed.trim();
        if let Some(tag) = self.find(typed) {
            return tag.to_owned();
        }
        if typed.is_empty() || typed.contains('/') {
            return typed.to_owned();
        }
        if let Some(tag) = known.iter().find(|tag| self.knowledge.tag_names.is_same(&self.label(tag), typed)) {
            return tag.clone();
        }
        // Colours, heats and stages are there even where nobody holds them yet.
        let names = &self.knowledge.tag_names;
        let by_group = names.keys_by_group(typed, self.knowledge.shop.language.tag());
        let mut keys = by_group.chain(key_of(typed).ok().map(|key| key.to_string()));
        keys.find(|tag| Rulebook::shows(tag)).unwrap_or_else(|| typed.to_owned())
    }

    /// What a tag is called in the shop's language.
    pub fn label(&self, tag: &str) -> String {
        let language = self.knowledge.shop.language.tag();
        let given = self.rows.get(tag).and_then(|row| row.labels.get(language).or_else(|| row.labels.values().next()));
        given.cloned().unwrap_or_else(|| self.knowledge.tag_names.label(tag, language))
    }

    /// What it is drawn in.
    pub fn colour<'a>(&'a self, tag: &'a str) -> &'a str {
        let given = self.rows.get(tag).and_then(|row| row.colour.as_deref());
        given.unwrap_or_else(|| self.knowledge.tag_names.colour(tag))
    }

    /// What people made, by key.
    pub fn rows(&self) -> &BTreeMap<String, TagRow> {
        &self.rows
    }

    /// Tags that a person may want to give: those that people made and keep, and the core set.
    pub fn offered(&self) -> impl Iterator<Item = &str> {
        let kept = self.rows.values().filter(|row| row.archived_at.is_none()).map(|row| row.tag.as_str());
        kept.chain(self.knowledge.tag_names.core().filter(|core| !self.rows.contains_key(*core)))
    }

    /// Who else is called like this in that language.
    fn taken(&self, tag: &str, language: &str, label: &str) -> Option<String> {
        let same = |other: &str| self.knowledge.tag_names.is_same(other, label);
        let given =
            self.rows.values().find(|row| row.tag != tag && row.labels.get(language).is_some_and(|other| same(other)));
        let shipped = || {
            self.knowledge
                .tag_names
                .core()
                .find(|core| *core != tag && same(&self.knowledge.tag_names.label(core, language)))
        };
        given.map(|row| row.tag.clone()).or_else(|| shipped().map(str::to_owned))
    }
}

impl Engine {
    /// What tags are called.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn faces(&self) -> Result<Faces, StoreError> {
        Faces::read(self.store(), self.shelf().knowledge()).await
    }

    /// Makes a tag, or changes what it is called, its colour, and what is said of it. True if it was new.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn save_tag(&self, actor: Actor<'_>, key: Option<&str>, wish: Wish) -> Result<(TagRow, bool), NotDone> {
        let (knowledge, faces, now) = (self.shelf().knowledge(), self.faces().await?, self.now());
        let key = match key {
            Some(key) => key.parse::<TagKey>(),
            None => {
                let label = wish.labels.get(knowledge.shop.language.tag()).map_or("", String::as_str);
                knowledge.tag_names.judge(label).map_err(|bad| NotDone::Wrong(format!("{bad}.")))?;
                key_of(label)
            }
        };
        let key = key.map_err(|error| NotDone::Wrong(format!("{error}.")))?;
        let key = key.as_str();
        let before = faces.rows.get(key);
        let known = before.is_some() || knowledge.rulebook.gives(key);
        allowed(&knowledge, actor, if known { Action::Change } else { Action::Create })?;
        self.judge_wish(&faces, key, &wish)?;
        let row = TagRow {
            tag: key.into(),
            labels: wish.labels,
            colour: wish.colour,
            about: wish.about,
            made_by: before.map_or_else(|| actor.who.to_owned(), |row| row.made_by.clone()),
            made_at: before.map_or(now, |row| row.made_at),
            archived_at: before.and_then(|row| row.archived_at),
        };
        let new = self.store().save_tag(&row, now).await?;
        let told = |row: &TagRow| serde_json::json!({ "labels": row.labels, "colour": row.colour, "about": row.about });
        let detail = serde_json::json!({ "before": before.map(told), "after": told(&row) });
        let action = if new { "tag-made" } else { "tag-changed" };
        self.store().log_change(now, actor.who, action, key, &detail).await?;
        Ok((row, new))
    }

    fn judge_wish(&self, faces: &Faces, key: &str, wish: &Wish) -> Result<(), NotDone> {
        let names = &faces.knowledge.tag_names;
        let wrong = |text: String| Err(NotDone::Wrong(text));
        for (language, label) in &wish.labels {
            if let Err(bad) = names.judge(label) {
                return wrong(format!("{bad}."));
            }
            if let Some(other) = faces.taken(key, language, label) {
                return wrong(format!("`{label}` is what {other} is called already: two of one name are mixed up."));
            }
        }
        if wish.labels.is_empty()
            && let Err(bad) = names.judge(&names.label(key, "en"))
        {
            return wrong(format!("{bad}."));
        }
        if let Some(colour) = wish.colour.as_ref().filter(|colour| !names.has_colour(colour)) {
            return wrong(format!("There is no colour `{colour}`. Colours are {}.", names.palette().join(", ")));
        }
        if wish.about.chars().count() > 500 {
            return wrong("`about` has at most 500 characters.".into());
        }
        Ok(())
    }

    /// Forgets a tag that nobody holds.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn forget_tag(&self, actor: Actor<'_>, tag: &str) -> Result<(), NotDone> {
        allowed(&self.shelf().knowledge(), actor, Action::Delete)?;
        let held = self.store().held_tags().await?;
        if let Some(row) = held.iter().find(|row| row.tag == tag && !self.shelf().knowledge().rulebook.gives(tag)) {
            let text = format!("{} contacts hold {tag}. Take it from them first.", row.holders);
            return Err(NotDone::Wrong(text));
        }
        if !self.store().forget_tag(tag).await? {
            return Err(NotDone::Unknown(format!("Nobody made a tag {tag}.")));
        }
        self.store().log_change(self.now(), actor.who, "tag-forgotten", tag, &serde_json::json!({})).await?;
        Ok(())
    }

    /// Sets a tag on a contact, or takes it away, as a person does (NAME-13).
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn assign_tag(
        &self,
        actor: Actor<'_>,
        contact: ContactId,
        tag: &str,
        action: AgentAction,
        key: Option<String>,
    ) -> Result<(), NotDone> {
        let knowledge = self.shelf().knowledge();
        allowed(&knowledge, actor, Action::Assign)?;
        let faces = self.faces().await?;
        let tag = self.tag_called(&faces, tag).await?;
        let held = self.store().contact(contact).await?;
        let facts = held.map(|(_, state)| State::known(state.as_deref()).facts).unwrap_or_default();
        let (refused, why) = match action {
            AgentAction::TagRemove => ("taken away", Rulebook::stays(&facts, &tag)),
            _ => ("given", Rulebook::follows(&tag).or_else(|| knowledge.rulebook.is_no_state(&tag))),
        };
        if let Some(why) = why {
            return Err(NotDone::Wrong(format!("{tag} cannot be {refused}: {why}.")));
        }
        if action == AgentAction::TagAdd && !self.knows_tag(&faces, &tag).await? {
            // A new name is made as one is made everywhere: by the rules for names, if this person may.
            let (its_key, labels) = match tag.contains('/') {
                true => (Some(tag.as_str()), Labels::new()),
                false => (None, Labels::from([(knowledge.shop.language.tag().to_owned(), tag.clone())])),
            };
            let (row, _) = self.save_tag(actor, its_key, Wish { labels, ..Wish::default() }).await?;
            return self.act_on_tag(actor, contact, row.tag, action, key).await;
        }
        self.act_on_tag(actor, contact, tag, action, key).await
    }

    /// The key of what somebody typed: a key, or what the console calls a tag, whoever gave it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tag_called(&self, faces: &Faces, typed: &str) -> Result<String, StoreError> {
        let is_key = typed.trim().is_empty() || typed.contains('/');
        let known = if is_key { Vec::new() } else { self.store().tag_names().await? };
        Ok(faces.called(typed, &known))
    }

    /// Whether somebody made a tag, a rule gives it, or a contact has held it; with `*` at its end, one that begins so.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn knows_tag(&self, faces: &Faces, tag: &str) -> Result<bool, StoreError> {
        let (rulebook, start) = (&faces.knowledge.rulebook, tag.strip_suffix('*'));
        let is_it = |name: &String| start.map_or(name == tag, |start| name.starts_with(start));
        let given = start.map_or_else(|| rulebook.gives(tag), |start| rulebook.gives_any(start));
        Ok(given || faces.rows.keys().any(is_it) || self.store().tag_names().await?.iter().any(is_it))
    }

    async fn act_on_tag(
        &self,
        actor: Actor<'_>,
        contact: ContactId,
        tag: String,
        action: AgentAction,
        key: Option<String>,
    ) -> Result<(), NotDone> {
        let event = AgentEvent { tag: Some(tag), ..AgentEvent::new(actor.who, action) };
        let done = self.act(contact, event, key).await?;
        Ok(self.folded(done).await?)
    }

    /// What set each of the tags that a contact holds, however long ago.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn why_held(&self, contact: ContactId, state: &State) -> Result<Vec<LedgerLine>, StoreError> {
        let mut lines = self.store().ledger(contact, LATELY).await?;
        lines.retain(|line| line.change == LedgerMove::Set);
        for (tag, _) in state.facts.tags() {
            if lines.iter().all(|line| line.tag != tag.as_str()) {
                lines.extend(self.when_set(contact, tag.as_str()).await?);
            }
        }
        Ok(lines)
    }

    async fn when_set(&self, contact: ContactId, tag: &str) -> Result<Option<LedgerLine>, StoreError> {
        let lines = self.store().ledger_of(contact, tag, LATELY).await?;
        Ok(lines.into_iter().find(|line| line.change == LedgerMove::Set))
    }

    /// Right or wrong: what somebody says of a tag that a contact holds.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn judge_tag(&self, who: &str, contact: ContactId, tag: &str, correct: bool) -> Result<(), NotDone> {
        let nobody = || NotDone::Unknown("There is no such contact.".into());
        let (row, state) = self.store().contact(contact).await?.ok_or_else(nobody)?;
        let state = State::known(state.as_deref());
        let held = state.facts.tags().find(|(key, _)| key.as_str() == tag).map(|(_, held)| held.clone());
        let held = held.ok_or_else(|| NotDone::Unknown(format!("This contact does not hold {tag}.")))?;
        let set = self.when_set(row.contact, tag).await?;
        let verdict = Verdict {
            contact: row.contact,
            tag: tag.into(),
            since: held.since,
            judge: who.into(),
            rule: held.by,
            version: set.map(|line| line.evidence.version).unwrap_or_default(),
            correct,
            at: self.now(),
        };
        self.store().judge_tag(&verdict).await?;
        metrics::counter!("hotline_tag_verdicts_total", "right" => correct.to_string()).increment(1);
        Ok(())
    }

    /// Notes that the tags of a segment were used. What cannot be noted now is not: a list is not held back for it.
    pub async fn note_use(&self, tags: &[&str], kind: TagUse) {
        let (now, zone) = (self.now(), self.shelf().knowledge().shop.zone);
        if let Err(error) = self.store().note_tag_use(tags, kind, &now.date_in(zone), now).await {
            tracing::warn!(%error, "a use of tags could not be noted");
        }
    }

    /// What is known of every tag that is held or was made.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tag_figures(&self) -> Result<Vec<TagFigures>, StoreError> {
        figures(self.store(), &self.shelf().knowledge(), self.now()).await
    }
}

impl Faces {
    /// The tag of that label.
    fn find(&self, label: &str) -> Option<&str> {
        let language = self.knowledge.shop.language.tag();
        let names = &self.knowledge.tag_names;
        let is_it = |row: &&TagRow| row.labels.get(language).is_some_and(|other| names.is_same(other, label));
        let given = self.rows.values().find(is_it);
        let shipped = || names.core().find(|core| names.is_same(&names.label(core, language), label));
        given.map(|row| row.tag.as_str()).or_else(shipped)
    }
}

/// The same, for commands that run beside the server.
///
/// # Errors
/// The database does not answer.
pub async fn figures(
    store: &crate::store::Store,
    knowledge: &Knowledge,
    now: Timestamp,
) -> Result<Vec<TagFigures>, StoreError> {
    let watched = &knowledge.governance.tags;
    let since = Timestamp(now.0 - watched.unused_after.0).date_in(knowledge.shop.zone);
    let month = Timestamp(now.0 - watched.month.0);
    let (held, made) = (store.held_tags().await?, store.tags().await?);
    let (uses, verdicts) = (store.tag_uses(&since).await?, store.verdicts(month).await?);
    let mut tags: BTreeMap<String, TagFigures> = BTreeMap::new();
    for row in held {
        let tag = tags.entry(row.tag).or_default();
        (tag.holders, tag.first_set, tag.last_set) = (row.holders, Some(row.first_set), Some(row.last_set));
    }
    for row in made {
        let tag = tags.entry(row.tag).or_default();
        (tag.made_at, tag.archived) = (Some(row.made_at), row.archived_at.is_some());
    }
    for (name, tag) in &mut tags {
        tag.tag.clone_from(name);
        tag.of_people = !knowledge.rulebook.gives(name);
        tag.read_by_rules = knowledge.rulebook.reads(name);
        let of_this = uses.iter().filter(|row| crate::governance::is_like(name, &row.tag));
        for row in of_this {
            tag.uses += row.uses;
            tag.last_use = tag.last_use.max(Some(row.last_at));
        }
        for row in verdicts.iter().filter(|row| row.tag == *name) {
            tag.right += row.right;
            tag.wrong += row.wrong;
        }
    }
    Ok(tags.into_values().collect())
}

pub(super) fn allowed(knowledge: &Knowledge, actor: Actor<'_>, action: Action) -> Result<(), NotDone> {
    let Some(role) = actor.role else { return Ok(()) };
    let roles = knowledge.governance.permissions.of(action);
    if roles.iter().any(|name| name == role.name()) {
        return Ok(());
    }
    let text = format!("To {} tags needs the role {}.", action.name(), roles.join(" or "));
    Err(NotDone::Forbidden(text))
}
