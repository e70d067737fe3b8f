//! A template of Meta's in one language: how it stands, what it says, and what it asks for.

use serde::{Deserialize, Serialize};

use crate::domain::TemplateRef;

pub(super) const MARKETING: &str = "MARKETING";
pub(super) const APPROVED: &str = "APPROVED";

/// One template in one language as Meta tells it. What Meta has not told is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listed {
    /// What rules and campaigns call it.
    #[serde(skip)]
    pub name: String,
    /// As Meta's API writes languages: `en_US`, `zh_HK`.
    pub language: String,
    /// `APPROVED` may be sent; nothing else may.
    pub status: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: String,
    /// How customers take it: `GREEN`, `YELLOW`, `RED`.
    pub quality: String,
    /// Gaps in its body.
    pub variables: Option<usize>,
    /// What else it asks for.
    pub asks: Asks,
    /// Its words.
    pub body: String,
    /// Why it is refused or paused.
    pub reason: String,
    /// The category that Meta has announced for it.
    pub becomes: String,
}

impl Listed {
    /// Meta told so, or told of something else only.
    pub(super) fn is_approved(&self) -> bool {
        matches!(self.status.as_str(), APPROVED | "")
    }

    /// Meta takes it for marketing.
    pub fn is_marketing(&self) -> bool {
        self.category == MARKETING
    }

    /// What changed since `old`, in words; `None` where nothing did that people should know.
    pub fn differs(&self, old: &Self) -> Option<String> {
        let of = |what: &str, new: &str, old: &str| {
            let was = if old.is_empty() { "not known" } else { old };
            (new != old && !new.is_empty()).then(|| format!("{what}{new}, was {was}"))
        };
        let changes = [
            of("", &self.status, &old.status),
            of("category ", &self.category, &old.category),
            of("quality ", &self.quality, &old.quality),
            (self.becomes != old.becomes && !self.becomes.is_empty()).then(|| format!("soon {}", self.becomes)),
        ];
        let said: Vec<_> = changes.into_iter().flatten().collect();
        (!said.is_empty()).then(|| format!("{}: {}", self.language, said.join("; ")))
    }

    /// What its body says, filled in; `None` where Meta has not told its words.
    pub fn said(&self, template: &TemplateRef) -> Option<String> {
        let numbered = template.parts.numbered.as_ref().unwrap_or(&template.body);
        let numbered = (1..).zip(numbered).map(|(gap, text): (u32, _)| (gap.to_string(), text));
        let named = template.parts.named.iter().map(|(gap, text)| (gap.clone(), text));
        let fill = |said: String, (gap, text): (String, &String)| said.replace(&format!("{{{{{gap}}}}}"), text);
        (!self.body.is_empty()).then(|| numbered.chain(named).fold(self.body.clone(), fill))
    }

    pub(super) fn state(&self) -> String {
        let parts = [&self.status, &self.reason].map(String::as_str);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// What a template asks for beside the numbered gaps of its body.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Asks {
    /// The names of its body's gaps, where they have names, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Its header's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Above>,
    /// Buttons whose address ends in a gap: place, and what stands before the gap.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<(usize, String)>,
    /// Reply buttons: place, and what is written on them. They ask for nothing, and may be given something to tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<(usize, String)>,
    /// What nobody fills in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot: Option<String>,
}

impl Asks {
    /// What it asks for beside numbered gaps: " (name, code), a picture, a link".
    pub(super) fn in_words(&self) -> String {
        let header = self.header.as_ref().map(|header| match header {
            Above::Gap(_) => ", a gap above",
            Above::Image => ", a picture",
            Above::Video => ", a film",
            Above::Document => ", a document",
        });
        let names = if self.names.is_empty() { String::new() } else { format!(" ({})", self.names.join(", ")) };
        let links = if self.urls.is_empty() { "" } else { ", a link" };
        let cannot = self.cannot.as_ref().map(|cannot| format!(", {cannot}"));
        [names.as_str(), header.unwrap_or_default(), links, cannot.as_deref().unwrap_or_default()].concat()
    }
}

/// What a header asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Above {
    /// Words for its gap of that name or number.
    Gap(String),
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A document.
    Document,
}
