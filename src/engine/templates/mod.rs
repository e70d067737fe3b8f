//! Meta's templates while the system runs: its list is read at the start and on a schedule and kept beside what webhooks tell; who
//! sends a follow-up is told here in which language it can leave.

pub mod filling;
pub mod picker;

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use serde::Serialize;
use serde_json::Value;

use crate::domain::{Contact, Content, Duration, FollowUpRequest, MessageKind, Outgoing, TemplateRef, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::intake::links;
use crate::engine::sending::holds::{TEMPLATES, is_minded_here};
use crate::engine::supervise::rested;
use crate::outreach::{Book, Choice, Listed, Needed, Offer, Sent, Standing};
use crate::store::{CampaignState, Leave, StoreError};
use crate::whatsapp::signals::Subject;
use crate::whatsapp::templates::{Draft, News, read};

/// How often it is looked whether something changed.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// Rules and campaigns change what is needed: it is judged anew so often.
const JUDGE_EVERY: Duration = Duration::seconds(10);
/// A list that could not be read is tried again after this, and one that lacks what a webhook told of is read again.
const TRY_AGAIN: Duration = Duration::minutes(1);
/// What is put off for its template is asked for again after this, or when the hold is lifted.
const ASK_AGAIN: Duration = Duration::minutes(5);
/// How a template stands that Meta does not find.
const GONE: &str = "GONE";
/// What is said of a template whose words are not those of today's replies.
const OTHER_WORDS: &str = "its words at Meta are not those of your replies today: edit it there if they should be";

/// Every template, and when Meta's list was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Absent where it never was: then only what webhooks told is known.
    pub read_at: Option<String>,
    /// By name.
    pub templates: Vec<Standing>,
}

impl Overview {
    /// The names of those that can be sent in some language: what is proposed to who chooses one.
    pub fn to_choose(self) -> Vec<String> {
        let sendable = |standing: &Standing| standing.held.is_none() && !standing.languages.is_empty();
        self.templates.into_iter().filter(sendable).map(|standing| standing.name).collect()
    }
}

/// What rules send. `public_url` is where our tracked links begin.
pub fn needed(knowledge: &Knowledge, public_url: &str) -> BTreeMap<String, Needed> {
    let mut needed = BTreeMap::new();
    for (rule, kind, template) in knowledge.rulebook.sends() {
        need(&mut needed, (knowledge, public_url), (template, kind), rule.to_owned());
    }
    needed
}

fn need(
    needed: &mut BTreeMap<String, Needed>,
    (knowledge, public_url): (&Knowledge, &str),
    (template, kind): (&str, MessageKind),
    by: String,
) {
    let entry = needed.entry(template.to_owned()).or_insert_with(|| {
        let link = links::address(public_url, "x");
        let template = knowledge.dialogue.sample(template, kind, &knowledge.shop, &link);
        Needed { sent: Sent { template, marketing: false }, by: Vec::new() }
    });
    entry.sent.marketing |= knowledge.outreach.is_marketing_to_meta(kind, template);
    if !entry.by.contains(&by) {
        entry.by.push(by);
    }
}

fn shop_language(knowledge: &Knowledge) -> &str {
    knowledge.dialogue.shop_language(&knowledge.shop)
}

/// Every template that there are words for, in each of their languages: what rules send, and what has words of its own. The
/// shop's language comes first: Meta's 200 calls an hour (section 5) do not suffice for all.
pub fn drafts(knowledge: &Knowledge) -> Vec<Draft> {
    let mut kinds: BTreeMap<&str, MessageKind> = BTreeMap::new();
    for (_, kind, template) in knowledge.rulebook.sends() {
        kinds.entry(template).or_insert(kind);
    }
    for name in knowledge.dialogue.own_words() {
        kinds.entry(name).or_insert(MessageKind::Promotion);
    }
    let needed = needed(knowledge, "");
    let is_marketing = |name: &str| needed.get(name).is_none_or(|needed| needed.sent.marketing);
    let of = |(name, kind): (&str, MessageKind)| {
        let category = if is_marketing(name) { "MARKETING" } else { "UTILITY" };
        let wordings = knowledge.dialogue.wordings(name, kind, &knowledge.shop).into_iter();
        let draft = |words: crate::dialogue::Wording| Draft {
            name: name.to_owned(),
            language: words.language,
            category,
            body: words.body,
            examples: words.examples,
        };
        wordings.map(draft).collect::<Vec<_>>()
    };
    let mut drafts: Vec<Draft> = kinds.into_iter().flat_map(of).collect();
    drafts.sort_by_key(|draft| draft.language != shop_language(knowledge));
    drafts
}

/// How everything stands that Meta lists or that is needed.
pub fn overview(knowledge: &Knowledge, book: &Book, needed: &BTreeMap<String, Needed>) -> Vec<Standing> {
    let mut written: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for draft in drafts(knowledge) {
        written.entry(draft.name).or_default().insert(draft.language, draft.body);
    }
    let languages = |name: &str| written.get(name).into_iter().flat_map(BTreeMap::keys).cloned().collect();
    let mut all = book.overview(needed, languages, shop_language(knowledge));
    for standing in &mut all {
        for one in &mut standing.languages {
            let words = written.get(&standing.name).and_then(|own| own.get(&one.template.language));
            if words.is_some_and(|words| differs(&one.template, words)) {
                let remarks = one.remark.take().into_iter().chain([OTHER_WORDS.to_owned()]);
                one.remark = Some(remarks.collect::<Vec<_>>().join("; "));
            }
        }
    }
    all
}

/// Whether Meta has other words for a template than these: those of the shop's replies may have changed since.
pub fn differs(listed: &Listed, words: &str) -> bool {
    !listed.body.is_empty() && listed.body != words
}

/// How a follow-up goes as a template, and in which language it is wanted.
fn as_sent<'a>(message: &Outgoing, template: &'a TemplateRef, knowledge: &Knowledge) -> (Sent, &'a String) {
    let name = message.template.as_deref().unwrap_or(&template.name);
    let marketing = knowledge.outreach.is_marketing_to_meta(message.kind, name);
    let sent = Sent { template: template.clone(), marketing };
    (sent, template.instead_of.as_ref().unwrap_or(&template.language))
}

/// Whether a follow-up goes by a template that Meta has made marketing, in the language in which it would leave.
pub(super) fn is_marketing(message: &Outgoing, book: Option<&Book>, knowledge: &Knowledge) -> bool {
    let (Content::Template(template), Some(book)) = (&message.content, book) else { return false };
    if message.is_by_person() {
        return book.is_marketing_in(&template.name, &template.language);
    }
    let (sent, wanted) = as_sent(message, template, knowledge);
    book.is_marketing(wanted, &sent, shop_language(knowledge))
}

/// A follow-up that may leave: in which language of its template, if it goes by one. `book` is there from the first look on.
pub(super) fn in_language(
    leave: Leave,
    message: &Outgoing,
    book: Option<&Book>,
    knowledge: &Knowledge,
    now: Timestamp,
) -> Leave {
    let Content::Template(template) = &message.content else { return leave };
    if leave != Leave::Now {
        return leave;
    }
    let Some(book) = book else {
        return Leave::NotBefore(now + Duration::seconds(1), "templates are looked up".into());
    };
    if message.is_by_person() {
        return as_seen(template, book);
    }
    let (sent, wanted) = as_sent(message, template, knowledge);
    let (language, parts) = match book.choose(wanted, &sent, shop_language(knowledge)) {
        Choice::In(language, parts) => (language, parts),
        Choice::Held(why) => return Leave::NotBefore(now + ASK_AGAIN, why),
    };
    let instead_of = (language != *wanted).then(|| wanted.clone());
    let mut chosen = TemplateRef { language, parts, instead_of, ..TemplateRef::clone(template) };
    if chosen.instead_of.is_some() {
        knowledge.dialogue.say_in_its_language(&mut chosen, message.product.as_deref(), wanted);
    }
    if chosen == **template {
        return Leave::Now;
    }
    Leave::Instead(Content::Template(Box::new(chosen)))
}

/// A template that a person sends leaves as they saw it, or not at all: they are told, and choose another.
fn as_seen(template: &TemplateRef, book: &Book) -> Leave {
    match book.exactly(template) {
        Ok(parts) if parts == template.parts => Leave::Now,
        Ok(parts) => Leave::Instead(Content::Template(Box::new(TemplateRef { parts, ..template.clone() }))),
        Err(why) => Leave::Never(why),
    }
}

/// A follow-up as free-form that the shop has no words for: where Meta's list tells what its template says, it says that, and not
/// what all follow-ups say. `contact` is read only then.
pub(super) fn in_its_words(
    leave: Leave,
    message: &Outgoing,
    contact: impl FnOnce() -> Option<Contact>,
    book: Option<&Book>,
    knowledge: &Knowledge,
    now: Timestamp,
) -> Leave {
    let (Content::Text { .. }, Leave::Now, Some(name), Some(book)) =
        (&message.content, &leave, &message.template, book)
    else {
        return leave;
    };
    if knowledge.dialogue.has_words(name) || book.languages(name).is_empty() {
        return leave;
    }
    let Some(contact) = contact() else { return leave };
    let planned = FollowUpRequest::behind(message);
    let (Content::Template(mut template), _) = knowledge.dialogue.follow_up(&planned, &contact, &knowledge.shop, true)
    else {
        return leave;
    };
    let (sent, wanted) = as_sent(message, &template, knowledge);
    let wanted = wanted.clone();
    (template.language, template.parts) = match book.choose(&wanted, &sent, shop_language(knowledge)) {
        Choice::In(language, parts) => (language, parts),
        Choice::Held(why) => return Leave::NotBefore(now + ASK_AGAIN, why),
    };
    if template.language != wanted {
        knowledge.dialogue.say_in_its_language(&mut template, message.product.as_deref(), &wanted);
    }
    let listed = book.languages(name).iter().find(|listed| listed.language == template.language);
    match listed.and_then(|listed| listed.said(&template)) {
        Some(body) => Leave::Instead(Content::Text { body }),
        None => leave,
    }
}

/// Reads and judges until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut minder = Minder::default();
    loop {
        if let Err(error) = minder.look(&engine).await {
            tracing::warn!(%error, "templates cannot be looked after just now");
        }
        if !rested(&stop, LOOK_EVERY).await {
            return;
        }
    }
}

#[derive(Default)]
struct Minder {
    /// What the copy in memory was made of.
    seen: Option<(i64, bool)>,
    judged: Option<Timestamp>,
    /// When Meta's list is to be read next.
    next: Option<Timestamp>,
    /// When it was asked for last.
    asked: Option<Timestamp>,
}

impl Minder {
    async fn look(&mut self, engine: &Engine) -> Result<(), StoreError> {
        let (store, now, is_minder) = (engine.store(), engine.now(), is_minded_here(engine));
        if is_minder && self.next.is_none_or(|next| next <= now) {
            self.next = Some(now + read_list(engine).await?);
            self.asked = Some(now);
        }
        let revision = store.templates_revision().await?;
        let is_new = self.seen != Some(revision);
        if is_new {
            let book = store.templates().await?;
            // A webhook tells that a template is approved, and not what it says.
            if book.lacks_words() && engine.settings().template_account().is_some() {
                let soon = self.asked.map(|asked| asked + TRY_AGAIN);
                self.next = self.next.min(soon);
            }
            engine.inner.book.store(Some(std::sync::Arc::new(book)));
            self.seen = Some(revision);
        }
        if is_minder && (is_new || self.judged.is_none_or(|judged| now - judged >= JUDGE_EVERY)) {
            judge(engine).await?;
            self.judged = Some(now);
        }
        Ok(())
    }
}

/// Reads Meta's list; returns how long it counts.
async fn read_list(engine: &Engine) -> Result<Duration, StoreError> {
    let every = engine.settings().whatsapp.templates_every;
    let Some(account) = engine.settings().template_account() else { return Ok(every) };
    match engine.client().templates(account).await {
        Ok(entries) => {
            keep(engine, &entries).await?;
            Ok(every)
        }
        Err(error) => {
            tracing::warn!(%error, "Meta's list of templates cannot be read; what is known of them stands");
            metrics::counter!("hotline_template_list_failures_total").increment(1);
            Ok(TRY_AGAIN)
        }
    }
}

/// Keeps Meta's list. It does not say why something is paused, nor what Meta has announced: that stands as a webhook told it.
async fn keep(engine: &Engine, entries: &[Value]) -> Result<(), StoreError> {
    let known = engine.store().templates().await?;
    let complete = |mut listed: Listed| {
        let old = known.languages(&listed.name).iter().find(|old| old.language == listed.language);
        if let Some(old) = old {
            if listed.reason.is_empty() && listed.status == old.status {
                listed.reason.clone_from(&old.reason);
            }
            if listed.category != old.becomes {
                listed.becomes.clone_from(&old.becomes);
            }
        }
        listed
    };
    let all: Vec<Listed> = entries.iter().filter_map(read).map(complete).collect();
    engine.store().set_templates(&all, engine.now()).await
}

/// Holds what cannot be sent in any language, and lets go what can again.
async fn judge(engine: &Engine) -> Result<(), StoreError> {
    let (store, now, book) = (engine.store(), engine.now(), engine.store().templates().await?);
    let (needed, knowledge) = (engine.needed_templates().await?, engine.shelf().knowledge());
    let shop = shop_language(&knowledge);
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    for (name, needed) in &needed {
        wrong.extend(book.held(&needed.sent, shop).map(|why| (name.clone(), why)));
    }
    // Without the list nobody knows what is needed of it: what Meta stops is held, whoever sends it.
    for name in book.names().filter(|name| !book.is_listed() && !needed.contains_key(*name)) {
        wrong.extend(book.stopped(name).map(|why| (name.clone(), why)));
    }
    metrics::gauge!("hotline_templates_held").set(wrong.len() as f64);
    for row in store.holds().await?.into_iter().filter(|row| row.source == TEMPLATES) {
        let name = row.what.strip_prefix("template:").unwrap_or(&row.what);
        match wrong.get(name) {
            Some(why) if *why == row.why => {
                wrong.remove(name);
            }
            other => {
                let said =
                    other.map_or_else(|| "it can be sent".into(), |why| format!("held for another reason: {why}"));
                engine.lift(&row.what, Some(TEMPLATES), &said).await?;
                store.ask_again(name, &row.why, now).await?;
            }
        }
    }
    for (name, why) in wrong {
        engine.hold(&Subject::Template(name), None, why, TEMPLATES).await?;
    }
    Ok(())
}

impl Engine {
    /// What rules send, and campaigns that have started and are not over.
    async fn needed_templates(&self) -> Result<BTreeMap<String, Needed>, StoreError> {
        let knowledge = self.shelf().knowledge();
        let url = self.settings().public_url();
        let mut needed = needed(&knowledge, &url);
        for campaign in self.store().all_campaigns().await? {
            // What cannot be read is not sent, and is told of where campaigns are looked after.
            let Ok(offer) = crate::engine::campaigns::offer(&campaign) else { continue };
            let ends = campaign.started_at.map(|start| start + offer.lasting().unwrap_or_default());
            if campaign.state == CampaignState::Cancelled || ends.is_none_or(|ends| ends < self.now()) {
                continue;
            }
            for name in offer.names() {
                let by = format!("campaign {}", campaign.name);
                match needed.get_mut(name) {
                    // What a campaign makes of it holds that campaign's own messages, not those of the rules.
                    Some(known) => known.by.push(by),
                    None => need(&mut needed, (&knowledge, &url), (name, offer.kind), by),
                }
            }
        }
        Ok(needed)
    }

    /// Which templates of a campaign cannot be sent in any language, and why, in words.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn held_of(&self, offer: &Offer) -> Result<BTreeMap<String, String>, StoreError> {
        let (book, knowledge) = (self.store().templates().await?, self.shelf().knowledge());
        let (mut needed, url) = (BTreeMap::new(), self.settings().public_url());
        for name in offer.names() {
            need(&mut needed, (&knowledge, &url), (name, offer.kind), String::new());
        }
        let shop = shop_language(&knowledge);
        let held = |(name, needed): (String, Needed)| Some((name, book.held(&needed.sent, shop)?));
        Ok(needed.into_iter().filter_map(held).collect())
    }

    /// Templates of a campaign that Meta does not have, as far as its list is known.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unknown_to_meta(&self, offer: &Offer) -> Result<Vec<String>, StoreError> {
        let book = self.store().templates().await?;
        let is_unknown = |name: &&String| book.is_listed() && book.languages(name).is_empty();
        Ok(offer.names().filter(is_unknown).cloned().collect())
    }

    /// Tells of contacts whether Meta has made marketing of a template that they would get.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn made_marketing(&self, offer: &Offer) -> Result<impl Fn(&Contact, &str) -> bool + use<>, StoreError> {
        let (book, knowledge) = (self.store().templates().await?, self.shelf().knowledge());
        let (mut needed, url) = (BTreeMap::new(), self.settings().public_url());
        for name in offer.names() {
            need(&mut needed, (&knowledge, &url), (name, offer.kind), String::new());
        }
        Ok(move |contact: &Contact, template: &str| {
            let language = knowledge.dialogue.template_language(contact, &knowledge.shop);
            let shop = shop_language(&knowledge);
            needed.get(template).is_some_and(|needed: &Needed| book.is_marketing(language, &needed.sent, shop))
        })
    }

    /// Every template, how it stands and what is wrong with it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn templates(&self) -> Result<Overview, StoreError> {
        let (book, needed) = (self.store().templates().await?, self.needed_templates().await?);
        let read_at = self.store().templates_listed_at().await?.map(Timestamp::rfc3339);
        Ok(Overview { read_at, templates: overview(&self.shelf().knowledge(), &book, &needed) })
    }

    /// Meta refused a template as one that it does not have in that language, whatever its list said: until the list is read again
    /// it leaves in another one.
    pub(super) async fn language_gone(&self, name: &str, language: &str) {
        let (name, language) = (name.to_owned(), language.to_owned());
        let (status, reason) = (Some(GONE.to_owned()), Some("Meta does not find it".to_owned()));
        let news = News { name, language, status, reason, ..News::default() };
        let told = async {
            self.heed_template(news).await?;
            // The message is asked for again in a moment: not in the same language.
            self.inner.book.store(Some(std::sync::Arc::new(self.store().templates().await?)));
            Ok::<_, StoreError>(())
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "it could not be written that a template is gone");
        }
    }

    /// A webhook told of a template.
    pub(super) async fn heed_template(&self, news: News) -> Result<(), StoreError> {
        let book = self.store().templates().await?;
        let known = book.languages(&news.name).iter().find(|known| known.language == news.language);
        let mut template = known.cloned().unwrap_or_default();
        news.apply(&mut template);
        self.store().set_template(&template, self.now()).await
    }
}
