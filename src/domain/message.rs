//! What we send: content that WhatsApp can carry, and what a message is for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ContactId, Link, TemplateRef, Timestamp};

/// What a message is for. The gate, the caps and the rules tell kinds apart (decisions.md, "Kinds of what is sent").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Answers what the customer wrote.
    Reply,
    /// Shows a product unasked.
    Product,
    /// Discounts, offers, news.
    Promotion,
    /// The question on day 3, the review request, status notices, benefits earned.
    Service,
    /// A case study.
    CaseStudy,
    /// A tutorial.
    Tutorial,
    /// Unpaid order, cart, usual list.
    Reminder,
}

impl MessageKind {
    /// The name in timelines and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Product => "product",
            Self::Promotion => "promotion",
            Self::Service => "service",
            Self::CaseStudy => "case_study",
            Self::Tutorial => "tutorial",
            Self::Reminder => "reminder",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Reply, Self::Product, Self::Promotion, Self::Service, Self::CaseStudy, Self::Tutorial, Self::Reminder]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// Our own id of a message: the contact and a count that only grows. Made by the fold, so a replay makes the same; it
/// travels to Meta in `biz_opaque_callback_data` ([`Self::callback`]) and comes back with each status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageNumber {
    /// To whom.
    pub contact: ContactId,
    /// The how manieth to them, from 1.
    pub number: i64,
}

impl MessageNumber {
    /// How every one of them begins, whatever installation of Hotline made it.
    pub const MARK: &str = "hl:";

    /// What travels to Meta: with the word of the database, since numbers of contacts recur in each.
    pub fn callback(self, tag: &str) -> String {
        format!("{}{tag}:{}:{}", Self::MARK, self.contact, self.number)
    }

    /// What came back from Meta, with the word of the database that it went out from; without one where that had none yet.
    pub fn from_callback(text: &str) -> Option<(Option<&str>, Self)> {
        if let Ok(message) = text.parse() {
            return Some((None, message));
        }
        let (tag, message) = text.strip_prefix(Self::MARK)?.split_once(':')?;
        let (contact, number) = message.split_once(':')?;
        Some((Some(tag), Self { contact: ContactId(contact.parse().ok()?), number: number.parse().ok()? }))
    }
}

impl fmt::Display for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}:{}", Self::MARK, self.contact, self.number)
    }
}

impl FromStr for MessageNumber {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (contact, number) = text.strip_prefix(Self::MARK).and_then(|rest| rest.split_once(':')).ok_or(())?;
        let contact = ContactId(contact.parse().map_err(|_| ())?);
        Ok(Self { contact, number: number.parse().map_err(|_| ())? })
    }
}

/// A reply button: at most three, with short titles (section 5.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Button {
    pub id: String,
    pub title: String,
}

impl Button {
    /// Buttons of a message.
    pub const MOST: usize = 3;
    /// Characters of a title, and of what opens a list.
    pub const LONGEST_TITLE: usize = 20;
}

/// A row of a list (section 5.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ListRow {
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl ListRow {
    /// Rows of a list.
    pub const MOST: usize = 10;
    /// Characters of a title.
    pub const LONGEST_TITLE: usize = 24;
    /// Characters of a description.
    pub const LONGEST_DESCRIPTION: usize = 72;
}

/// What a message holds. Lengths are those of section 5.6 and are kept by whoever makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Plain text.
    Text {
        /// At most [`Content::LONGEST`].
        body: String,
    },
    /// Text with reply buttons.
    Buttons {
        /// At most [`Content::LONGEST_BESIDE`].
        body: String,
        /// One to [`Button::MOST`].
        buttons: Vec<Button>,
    },
    /// Text with a list to choose from.
    List {
        /// At most [`Content::LONGEST`].
        body: String,
        /// What opens the list.
        button: String,
        /// One to [`ListRow::MOST`].
        rows: Vec<ListRow>,
    },
    /// A picture by its address.
    Image {
        /// Where Meta fetches it.
        link: String,
        /// At most [`Content::LONGEST_BESIDE`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    /// The only thing that may be sent outside the service window.
    Template(Box<TemplateRef>),
}

impl Content {
    /// Characters of a text, and of one above a list.
    pub const LONGEST: usize = 4_096;
    /// Characters of a text above buttons, and of one under a picture.
    pub const LONGEST_BESIDE: usize = 1_024;

    /// Where the address of a tracked link is put: into the words, or behind a template's button.
    pub fn body_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Text { body } | Self::Buttons { body, .. } | Self::List { body, .. } => Some(body),
            Self::Image { caption, .. } => caption.as_mut(),
            Self::Template(template) => template.supply.link.as_mut(),
        }
    }

    /// What a person reads of it in the thread.
    pub fn text(&self) -> String {
        match self {
            Self::Text { body } | Self::Buttons { body, .. } | Self::List { body, .. } => body.clone(),
            Self::Image { caption, .. } => caption.clone().unwrap_or_default(),
            Self::Template(template) => template.text(),
        }
    }
}

/// Who a message comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The bot.
    Bot,
    /// A person, by sign-in name.
    Agent(String),
}

/// A message to send, decided by a fold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The how manieth message to this contact, from 1.
    pub number: i64,
    /// What it is for.
    pub kind: MessageKind,
    /// Who it comes from.
    pub sender: Sender,
    /// What it holds.
    pub content: Content,
    /// When it was decided.
    pub at: Timestamp,
    /// Worthless after this: not sent blindly when the way was blocked for longer.
    pub expires: Timestamp,
    /// Provider's id of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The rule behind a follow-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Product that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The reply file and Meta's template that a follow-up is written by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The campaign that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The orders that a follow-up is about, where its rule keeps orders apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
    /// Links that get their address when it leaves; their marks stand in the words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Carries a tracked link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub link: bool,
}

impl Outgoing {
    /// Whether the gate is asked before it leaves: nobody asked for it, or a person sends a template, which Meta counts
    /// like any other.
    pub fn passes_gate(&self) -> bool {
        self.kind != MessageKind::Reply || matches!(self.content, Content::Template(_))
    }

    /// Whether a person wrote it, or chose it.
    pub fn is_by_person(&self) -> bool {
        matches!(self.sender, Sender::Agent(_))
    }

    /// A message of the bot that has no number yet and nothing behind it.
    pub fn of_bot(kind: MessageKind, content: Content, at: Timestamp, expires: Timestamp) -> Self {
        Self {
            number: 0,
            kind,
            sender: Sender::Bot,
            content,
            at,
            expires,
            answers: None,
            rule: None,
            product: None,
            category: None,
            template: None,
            campaign: None,
            orders: Vec::new(),
            links: Vec::new(),
            link: false,
        }
    }
}
