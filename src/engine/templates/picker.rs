//! What a person may send to a customer whose service window is closed: the templates that Meta approved, and why the others cannot
//! go. Nothing is offered that would be refused; what is chosen is filled in by `filling.rs`.

use chrono_tz::Tz;
use serde::Serialize;

use super::filling::{Fillable, Typed};
use crate::domain::{ContactId, FollowUpRequest, MessageKind, MessageNumber, TemplateRef, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::State;
use crate::engine::sending::outlook::Standing;
use crate::engine::sending::reply::NoReply;
use crate::outreach::{Book, Condition, Listed, Verdict};
use crate::store::StoreError;

/// What may be sent to one customer now.
#[derive(Clone, Debug, Serialize)]
pub struct Picker {
    /// Why nothing at all can be sent, in words.
    pub refused: Option<String>,
    /// It is night where the customer lives: whoever writes decides whether it can wait.
    pub night: Option<Night>,
    /// Those that can be sent, those in the customer's language first.
    pub templates: Vec<Fillable>,
    /// Those that cannot.
    pub held: Vec<Unfit>,
}

/// The time of day where somebody sleeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Night {
    pub now: String,
    pub until: String,
}

/// A template that cannot be sent to this customer now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfit {
    /// Its name.
    pub name: String,
    /// As Meta writes it; absent where it is in none that they or the shop read.
    pub language: Option<String>,
    /// In words.
    pub why: String,
}

/// What somebody chose.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The template's name.
    pub name: String,
    /// As Meta writes it; without one the first in which it is offered.
    pub language: Option<String>,
    /// What goes into its gaps. What is not typed is filled in as far as it is known.
    pub typed: Typed,
}

/// Why a person's template is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NoTemplate {
    /// Whoever writes is not in charge, or there is nobody to write to.
    #[error(transparent)]
    NoReply(#[from] NoReply),
    /// The customer has written: words of one's own reach them, and cost less.
    #[error("the customer has written, and the service window is open")]
    Open,
    /// It cannot go to them now.
    #[error("{0}")]
    Refused(String),
    /// What is filled in is not what it asks for.
    #[error("{0}")]
    Unfit(String),
}

impl From<StoreError> for NoTemplate {
    fn from(error: StoreError) -> Self {
        Self::NoReply(error.into())
    }
}

impl Picker {
    /// A template that is offered; without a language in the first that it is offered in.
    ///
    /// # Errors
    /// Why it is not, in words.
    pub fn find(&self, name: &str, language: Option<&str>) -> Result<&Fillable, String> {
        if let Some(why) = &self.refused {
            return Err(why.clone());
        }
        let is_it =
            |other: &str, of: Option<&str>| other == name && language.is_none_or(|language| of == Some(language));
        if let Some(found) = self.templates.iter().find(|template| is_it(&template.name, Some(&template.language))) {
            return Ok(found);
        }
        let held = self.held.iter().find(|held| is_it(&held.name, held.language.as_deref()));
        Err(match held {
            Some(held) => format!("{name} cannot be sent now: {}", held.why),
            None => format!("there is no template {name} to send to them"),
        })
    }
}

/// What is looked at for one customer.
struct Look<'a> {
    knowledge: &'a Knowledge,
    state: &'a State,
    standing: &'a Standing,
    /// Our number.
    channel: &'a str,
    /// Templates reached them today already.
    is_reached: bool,
    public_url: &'a str,
    /// Meta is asked for its list.
    reads_list: bool,
    zone: Tz,
    now: Timestamp,
}

impl Look<'_> {
    fn pick(&self, book: &Book) -> Picker {
        let (dialogue, shop, contact) = (&self.knowledge.dialogue, &self.knowledge.shop, &self.state.contact);
        let language = dialogue.their_language(contact);
        let (mut theirs, mut others, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for (name, found) in book.to_choose(language, dialogue.shop_language(shop)) {
            if found.is_empty() {
                let all: Vec<_> = book.languages(name).iter().map(|listed| listed.language.as_str()).collect();
                let why = format!("it is there in {}, which is neither their language nor the shop's", all.join(", "));
                held.push(Unfit { name: name.clone(), language: None, why });
            }
            for (listed, in_theirs) in found {
                match self.unfit(listed) {
                    Some(why) => held.push(Unfit { name: name.clone(), language: Some(listed.language.clone()), why }),
                    None if in_theirs => theirs.push(self.fillable(listed, true)),
                    None => others.push(self.fillable(listed, false)),
                }
            }
        }
        theirs.append(&mut others);
        let until = self.knowledge.outreach.night_until(contact.country, self.zone, self.now);
        let night = until.map(|until| Night { now: self.time(self.now), until: self.time(until) });
        Picker { refused: self.verdict("", false), night, templates: theirs, held }
    }

    /// Why a template cannot go to them now.
    fn unfit(&self, listed: &Listed) -> Option<String> {
        not_sendable(listed, self.reads_list).or_else(|| self.verdict(&listed.name, listed.is_marketing()))
    }

    /// Why the gate does not let it go, in words.
    fn verdict(&self, template: &str, marketing: bool) -> Option<String> {
        let mut shared = self.standing.of_answer(self.channel, template, self.is_reached);
        shared.marketing = marketing;
        let (why, until) = match self.knowledge.would_answer(self.state, &self.request(template), &shared, self.now) {
            Verdict::Now | Verdict::OnlyTemplate { .. } => return None,
            Verdict::Never { why } => (why, None),
            Verdict::NotBefore { at, why } => (why, Some(at)),
        };
        // When a hold of many ends, nobody knows.
        let ends = [Condition::QuietHours, Condition::WorstSlot, Condition::UserCapped, Condition::Unreachable];
        let until = until.filter(|_| ends.contains(&why.condition));
        // Words of service may go at any hour.
        let hours = matches!(why.condition, Condition::QuietHours | Condition::WorstSlot);
        let what = if hours { "it is marketing, and it is not the time for it: " } else { "" };
        let until = until.map(|until| format!(", until {} there", self.time(until))).unwrap_or_default();
        Some(format!("{what}{}{until}", why.says()))
    }

    fn request(&self, template: &str) -> FollowUpRequest {
        let (memory, now) = (&self.state.memory, self.now);
        FollowUpRequest {
            rule: "".into(),
            catalogue: Vec::new(),
            kind: MessageKind::Reply,
            template: template.to_owned(),
            product: memory.product().map(str::to_owned),
            category: None,
            campaign: None,
            orders: memory.order().map(str::to_owned).into_iter().collect(),
            rest: None,
            not_before: now,
            at: None,
            not_after: now + self.knowledge.reply_max_age,
        }
    }

    fn fillable(&self, listed: &Listed, in_theirs: bool) -> Fillable {
        let request = FollowUpRequest { kind: MessageKind::Service, ..self.request(&listed.name) };
        let mut made = Fillable::new(listed, &request, &self.state.contact, self.knowledge, self.public_url);
        made.in_their_language = in_theirs;
        made
    }

    /// A moment where they live; with its day if that is another one.
    fn time(&self, at: Timestamp) -> String {
        let [at, now] = [at, self.now].map(|at| at.utc().with_timezone(&self.zone));
        let form = if at.date_naive() == now.date_naive() { "%H:%M" } else { "%H:%M on %-d %B" };
        at.format(form).to_string()
    }
}

/// Why a template can be sent to nobody by hand.
fn not_sendable(listed: &Listed, reads_list: bool) -> Option<String> {
    let reason = if listed.reason.is_empty() { String::new() } else { format!(": {}", listed.reason) };
    match listed.status.as_str() {
        "APPROVED" => {}
        "" => return Some("it is not known whether Meta approved it".into()),
        "PENDING" | "IN_APPEAL" => return Some("Meta has not approved it yet".into()),
        other => return Some(format!("Meta says that it is {}{reason}", other.to_lowercase().replace('_', " "))),
    }
    if let Some(cannot) = &listed.asks.cannot {
        return Some(format!("it has {cannot}, which cannot be filled in here"));
    }
    match () {
        () if listed.category == "AUTHENTICATION" => Some("it is for one-time codes".into()),
        () if listed.body.is_empty() && reads_list => {
            Some("Meta has just approved it, and its words are asked for within a minute".into())
        }
        () if listed.body.is_empty() => Some("Meta has not told its words yet".into()),
        () => None,
    }
}

impl Engine {
    /// What a person may send to a contact as a template, and why the rest cannot go.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn picker(&self, contact: ContactId, state: &State) -> Result<Picker, StoreError> {
        let (knowledge, now, store) = (self.shelf().knowledge(), self.now(), self.store());
        let (book, standing) = (store.templates().await?, self.standing().await?);
        let first = || self.channels().first().map(String::as_str).unwrap_or_default();
        let look = Look {
            knowledge: &knowledge,
            state,
            standing: &standing,
            channel: state.contact.channel.as_deref().unwrap_or_else(first),
            is_reached: store.is_reached(contact, now).await?,
            public_url: &self.settings().public_url(),
            reads_list: self.settings().template_account().is_some(),
            zone: state.contact.zone.unwrap_or(knowledge.shop.zone),
            now,
        };
        Ok(look.pick(&book))
    }

    /// Fills in a template that a person sends; taken only where it will be sent: whoever writes is in charge, the service window is
    /// closed, the customer wants it, and Meta takes it.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn template_reply(
        &self,
        contact: ContactId,
        login: &str,
        wanted: &Wanted,
    ) -> Result<TemplateRef, NoTemplate> {
        let state = self.in_charge(contact, login).await?;
        if state.contact.window_is_open(self.now()) {
            return Err(NoTemplate::Open);
        }
        let picker = self.picker(contact, &state).await?;
        let found = picker.find(&wanted.name, wanted.language.as_deref()).map_err(NoTemplate::Refused)?;
        let mut filled = found.fill(&wanted.typed).map_err(NoTemplate::Unfit)?;
        if let Some(link) = found.tracked() {
            filled.supply.link = Some(self.make_link(contact, link.clone()).await?);
        }
        Ok(filled)
    }

    /// Whether a message that failed may be tried again: a template as one that is sent anew, words as a reply.
    ///
    /// # Errors
    /// Why it may not.
    pub async fn may_try_again(&self, contact: ContactId, login: &str, of: MessageNumber) -> Result<(), NoTemplate> {
        let way = self.store().way_of(of.contact, of.number).await?;
        let Some((name, language)) = way.and_then(|(_, template)| template) else {
            return Ok(self.may_reply(contact, login).await.map(drop)?);
        };
        let state = self.in_charge(contact, login).await?;
        let picker = self.picker(contact, &state).await?;
        picker.find(&name, Some(&language)).map(drop).map_err(NoTemplate::Refused)
    }
}
