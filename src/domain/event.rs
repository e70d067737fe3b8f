//! Everything that happens: the one shape that the journal stores, the API takes and a timeline is written in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::trade::{CartEvent, CaseEvent, ClickEvent, OrderEvent, PageEvent, ProductEvent, QuoteEvent};
use super::{Colour, ContactRef, FollowUpRequest, InboundMessage, MessageKind, MessageNumber, TemplateRef, Timestamp};

/// One thing that happened, as the fold sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number in the journal; the line in a timeline.
    pub seq: i64,
    /// When it happened. Windows count by this.
    pub at: Timestamp,
    /// When it reached us: the fold's clock. Never before the event in front of it in the journal.
    pub received: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// Puts a contact's journal into the order in which it is folded: what was taken from exported chats first, by its own time,
/// whenever it was written; then what was live, as it was written.
pub fn in_order(events: &[Event]) -> Vec<&Event> {
    let mut ordered: Vec<&Event> = events.iter().collect();
    ordered.sort_by_key(|event| match event.body.is_past() {
        true => (false, event.at, event.seq),
        false => (true, Timestamp::default(), event.seq),
    });
    ordered
}

/// What happened. The JSON is that of timeline-format.md, with a few fields more where WhatsApp tells more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventBody {
    /// The customer wrote.
    Message(InboundMessage),
    /// The customer sent a position.
    Location(LocationEvent),
    /// Something about the customer became known.
    Profile(ProfileEvent),
    /// A message went out that this engine did not send: a person on the phone, a broadcast tool, a timeline's past.
    Sent(SentEvent),
    /// What became of a message that we sent.
    Status(StatusEvent),
    /// A tracked link was opened.
    Click(ClickEvent),
    /// A page of the shop was viewed; `at` is the end of the view.
    Page(PageEvent),
    /// The cart changed.
    Cart(CartEvent),
    /// An order was placed or moved on.
    Order(OrderEvent),
    /// A quote was asked for, sent or opened.
    Quote(QuoteEvent),
    /// A complaint, an urgent case or a repair.
    Case(CaseEvent),
    /// A person of the shop did something.
    Agent(AgentEvent),
    /// The customer wants messages, or wants none.
    Opt(OptEvent),
    /// A campaign began, ended, reached or moved somebody.
    Campaign(CampaignEvent),
    /// The weather somewhere; no contact.
    Weather(WeatherEvent),
    /// Something about a product; no contact.
    Product(ProductEvent),
    /// What statistics over all contacts say of this one. Made by Hotline's own jobs, and by nobody else.
    Figures(FiguresEvent),
    /// A message that nobody asked for and that was decided did not reach the customer: too late, cancelled or refused. It counts
    /// for no limit. Made by Hotline itself, and by nobody else.
    Unsent {
        /// Its number among the contact's messages.
        number: i64,
    },
    /// The customer put an emoji on a message of ours, or took it away (empty).
    Reaction {
        /// Provider's id of our message.
        message: String,
        /// Empty when removed.
        #[serde(default)]
        emoji: String,
    },
    /// The customer is known by another number or user id from now on (whatsapp-cloud-api, section 2.5).
    Identity {
        /// What they are called from now on.
        now: Vec<ContactRef>,
    },
    /// Something about our own account, number or templates; no contact. Kept, counted and shown.
    Account {
        /// Meta's webhook field, such as `phone_number_quality_update`.
        field: String,
        /// The value as it came.
        value: serde_json::Value,
    },
    /// Signed and delivered, but of no kind that we know. Kept, counted and shown.
    Unknown {
        /// What it called itself.
        what: String,
        /// As it came.
        value: serde_json::Value,
    },
}

impl EventBody {
    /// The name in timelines, the journal and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Location(_) => "location",
            Self::Profile(_) => "profile",
            Self::Sent(_) => "sent",
            Self::Status(_) => "status",
            Self::Click(_) => "click",
            Self::Page(_) => "page",
            Self::Cart(_) => "cart",
            Self::Order(_) => "order",
            Self::Quote(_) => "quote",
            Self::Case(_) => "case",
            Self::Agent(_) => "agent",
            Self::Opt(_) => "opt",
            Self::Campaign(_) => "campaign",
            Self::Weather(_) => "weather",
            Self::Product(_) => "product",
            Self::Figures(_) => "figures",
            Self::Unsent { .. } => "unsent",
            Self::Reaction { .. } => "reaction",
            Self::Identity { .. } => "identity",
            Self::Account { .. } => "account",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Whether it was taken from an exported chat, long after it happened.
    pub fn is_past(&self) -> bool {
        match self {
            Self::Message(message) => message.past,
            Self::Sent(sent) => sent.past,
            _ => false,
        }
    }
}

/// A position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocationEvent {
    /// Degrees north.
    #[serde(deserialize_with = "super::told::number")]
    pub latitude: f64,
    /// Degrees east.
    #[serde(deserialize_with = "super::told::number")]
    pub longitude: f64,
    /// Name of the place, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is, as the customer's map writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The message that carried it; also opens the service window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<InboundMessage>>,
}

/// An answer to a question or a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileEvent {
    /// name, birthday, occupation, household, company, city, due_date…
    pub field: String,
    /// What it is.
    #[serde(deserialize_with = "super::told::text")]
    pub value: String,
}

/// A message that somebody else sent to the customer in our name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentEvent {
    /// Its id.
    #[serde(deserialize_with = "super::told::text")]
    pub message: String,
    /// What it was for.
    pub kind: MessageKind,
    /// Product shown.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub product: Option<String>,
    /// Category shown.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::trade::folded_key_if_any")]
    pub category: Option<String>,
    /// Campaign that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub campaign: Option<String>,
    /// Whether it carries a tracked link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", deserialize_with = "super::told::or_default")]
    pub link: bool,
    /// bot, agent:NAME, campaign:ID.
    #[serde(default, deserialize_with = "super::told::or_default")]
    pub by: String,
    /// The words, for the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Taken from an exported chat.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub past: bool,
}

/// How far a message got. Order is rank: states only go forward (section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusKind {
    /// Left Meta.
    Sent,
    /// On the phone.
    Delivered,
    /// Seen; `played` of a voice message counts as this.
    #[serde(alias = "played")]
    Read,
    /// Did not arrive; final unless it was delivered before.
    Failed,
}

/// What became of a message of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusEvent {
    /// Our id of it where it travelled along (`biz_opaque_callback_data`), else the provider's.
    #[serde(deserialize_with = "super::told::text")]
    pub message: String,
    /// How far it got.
    pub status: StatusKind,
    /// Meta's error code of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<i64>,
    /// Provider's id, where `message` is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wamid: Option<String>,
}

impl StatusEvent {
    /// What the answer of our own call said of a message: it was refused, so it has no id of Meta's.
    pub fn refused(message: MessageNumber, code: i64) -> Self {
        Self { message: message.to_string(), status: StatusKind::Failed, error: Some(code), wamid: None }
    }

    /// Whether it was said by the answer of our own call: the outbox has it already.
    pub fn is_of_call(&self) -> bool {
        self.wamid.is_none() && self.message.parse::<MessageNumber>().is_ok()
    }
}

/// What a person of the shop did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentAction {
    /// Takes the contact over: the bot is silent from here on.
    Take,
    /// Hands back to the bot.
    Release,
    /// Answers the customer; `text` is really sent.
    Reply,
    /// Called them.
    Call,
    /// A private note.
    Note,
    /// Sets a tag.
    TagAdd,
    /// Takes a tag away.
    TagRemove,
    /// Gives a colour.
    Colour,
    /// The deal is closed.
    Won,
    /// The deal is lost.
    Lost,
    /// Puts it aside until a time or until the customer writes; with no time, takes it up again.
    Snooze,
    /// Takes back that they took it over, a moment later: whoever had it as `seen` has it again, or whatever was before.
    PutBack,
    /// Works here no more: whom they were in charge of waits for somebody else.
    Leave,
}

/// A person of the shop did something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentEvent {
    /// Who: the sign-in name, or `phone` for what was typed on the shop's phone.
    pub agent: String,
    /// What.
    pub action: AgentAction,
    /// Which tag, as it was said: one that no tag may be called does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Which colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// The words of a reply or a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether the words of a reply carry a tracked link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", deserialize_with = "super::told::or_default")]
    pub link: bool,
    /// A template in place of words, filled in: it leaves in this language and so, or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Box<TemplateRef>>,
    /// With `take`: who was in charge as they saw it, empty for nobody. Who has it meanwhile keeps it. With `put_back`: who it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// With `snooze`: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl AgentEvent {
    /// What somebody did, of which nothing more is to be said.
    pub fn new(agent: impl Into<String>, action: AgentAction) -> Self {
        let agent = agent.into();
        Self {
            agent,
            action,
            tag: None,
            colour: None,
            text: None,
            link: false,
            template: None,
            seen: None,
            until: None,
        }
    }
}

/// Wants messages, or wants none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum OptAction {
    In,
    Out,
}

/// What an opt-in or opt-out is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptScope {
    /// Promotions only.
    Marketing,
    /// Everything that we send unasked.
    All,
}

/// The customer wants messages, or wants none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptEvent {
    /// In or out.
    pub action: OptAction,
    /// Of what.
    pub scope: OptScope,
    /// Who of the shop says so; absent where the customer did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why a person of the shop says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl OptEvent {
    /// The customer's own word.
    pub fn new(action: OptAction, scope: OptScope) -> Self {
        Self { action, scope, by: None, note: None }
    }

    /// Whether it is the customer's own word, or a person stands for it with the reason.
    pub fn is_vouched_for(&self) -> bool {
        let told = |told: &Option<String>| told.as_ref().is_some_and(|told| !told.trim().is_empty());
        self.by.is_none() && self.note.is_none() || told(&self.by) && told(&self.note)
    }
}

/// Something about a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignEvent {
    /// Its name.
    #[serde(deserialize_with = "super::told::text")]
    pub campaign: String,
    /// start, end, recipient, response; cancel, where a recipient's plan is not wanted any more.
    pub action: String,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "super::told::or_default")]
    pub tags: Vec<String>,
    /// With `recipient`: what this campaign wants to send them, if the gate lets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Sending>,
}

/// What a campaign wants to send to a recipient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sending {
    /// What it is for.
    pub kind: MessageKind,
    /// Name of the reply file and of Meta's template.
    pub template: String,
    /// Product key or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Not before this.
    pub not_before: Timestamp,
    /// Worthless after this.
    pub not_after: Timestamp,
}

impl CampaignEvent {
    /// The campaign as what stands behind a message.
    pub fn rule(&self) -> Arc<str> {
        format!("campaign:{}", self.campaign).into()
    }

    /// The plan that follows from being a recipient.
    pub fn request(&self) -> Option<FollowUpRequest> {
        let offer = self.offer.as_ref().filter(|_| self.action == "recipient")?;
        Some(FollowUpRequest {
            rule: self.rule(),
            catalogue: Vec::new(),
            kind: offer.kind,
            template: offer.template.clone(),
            product: offer.product.clone(),
            category: None,
            campaign: Some(self.campaign.clone()),
            orders: Vec::new(),
            rest: None,
            not_before: offer.not_before,
            at: None,
            not_after: offer.not_after,
        })
    }
}

/// The weather of a day somewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeatherEvent {
    /// Where.
    pub place: String,
    /// Which day, ISO.
    pub date: String,
    /// Degrees Celsius at most.
    #[serde(deserialize_with = "super::told::number")]
    pub max_c: f64,
    /// Per cent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::number_if_any")]
    pub humidity: Option<f64>,
}

/// What statistics over all contacts say of one of them, for a period of the calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FiguresEvent {
    /// The job that counted.
    pub job: String,
    /// `2026-Q3`, `2026-07`: what was counted.
    pub period: String,
    /// Its figures by name, as words: rules filter by them and put them into tags.
    pub values: std::collections::BTreeMap<String, String>,
}
