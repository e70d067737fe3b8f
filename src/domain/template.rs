//! A template of Meta's as a message carries it: its name, its language, and what stands in its gaps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A template approved by Meta, and what stands in its gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRef {
    /// Its name at Meta.
    pub name: String,
    /// Its language as Meta's API writes it: `en_US`.
    pub language: String,
    /// Texts for the body's numbered gaps, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<String>,
    /// What else is there to fill in, decided with the message.
    #[serde(default, skip_serializing_if = "Supply::is_empty")]
    pub supply: Supply,
    /// What is filled in beside numbered gaps, chosen for the language in which it leaves.
    #[serde(default, skip_serializing_if = "Parts::is_empty")]
    pub parts: Parts,
    /// The language that was wanted, where Meta has not approved the template in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// Its words, filled in, as whoever sends it saw them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What there is for gaps with names, header and buttons. Which of it a template asks for is known only when it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Supply {
    /// By the name of a gap.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// The header's words, or the address of its picture, film or document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A picture of what it is about, for a header that nothing was named for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Where a button leads; a tracked link gets its address when the message is written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What a tap on a reply button tells us, by what is written on it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub payloads: BTreeMap<String, String>,
}

impl Supply {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is filled in beside the body's numbered gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parts {
    /// The body's gaps where they have names: name and text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<(String, String)>,
    /// Texts for its numbered gaps, where it has others than were decided with the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbered: Option<Vec<String>>,
    /// The header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// Buttons, each with its place from 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<(usize, Press)>,
}

impl Parts {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What stands above the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    /// Words for its gap.
    Text {
        /// The gap's name, where it has one.
        name: Option<String>,
        /// What stands in it.
        text: String,
    },
    /// The address of a picture.
    Image(String),
    /// The address of a film.
    Video(String),
    /// The address of a document.
    Document(String),
}

/// What is filled in for a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Press {
    /// The end of the address that it opens.
    Open(String),
    /// What a tap tells us.
    Tell(String),
}

impl TemplateRef {
    /// What a person reads of it in the thread.
    pub(super) fn text(&self) -> String {
        if let Some(said) = &self.said {
            return said.clone();
        }
        let Self { name, language, body, instead_of, parts, .. } = self;
        let instead = instead_of.as_ref().map(|wanted| format!(", in {language} instead of {wanted}"));
        let head = format!("[{name}{}]", instead.unwrap_or_default());
        let named: Vec<_> = parts.named.iter().map(|(_, text)| text.as_str()).collect();
        let words = if named.is_empty() { body.join(" · ") } else { named.join(" · ") };
        if words.is_empty() { head } else { format!("{head} {words}") }
    }
}
