//! The figures of the gate, from `keywords/outreach.toml`.

use chrono::NaiveTime;
use serde::Deserialize;

use crate::domain::{Country, Duration, MessageKind, Problem, SourceFile};

/// What may be sent unasked, and when. The file explains each figure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in keywords/outreach.toml")]
pub struct Policy {
    #[serde(deserialize_with = "time")]
    pub quiet_from: NaiveTime,
    #[serde(deserialize_with = "time")]
    pub quiet_to: NaiveTime,
    pub per_day: usize,
    pub per_week: usize,
    pub unanswered: u32,
    #[serde(deserialize_with = "duration")]
    pub gap: Duration,
    #[serde(deserialize_with = "duration")]
    pub window_margin: Duration,
    pub not_in_yellow: Vec<MessageKind>,
    pub marketing: Vec<MessageKind>,
    #[serde(default)]
    pub no_marketing_templates: Vec<Country>,
}

impl Policy {
    /// Reads `outreach.toml` among the files.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let Some(file) = files.iter().find(|file| file.path == "outreach.toml") else {
            let message = "outreach.toml is missing: it holds what may be sent unasked";
            return (
                None,
                vec![Problem::at("outreach.toml", "", 0, message, "Copy it from the ones that ship with Hotline.")],
            );
        };
        match toml::from_str(&file.text) {
            Ok(policy) => (Some(policy), Vec::new()),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                (None, vec![Problem::at(&file.path, &file.text, offset, error.message(), "")])
            }
        }
    }
}

fn time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    NaiveTime::parse_from_str(&text, "%H:%M")
        .map_err(|_| serde::de::Error::custom(format!("`{text}` is no time of day such as 22:00")))
}

fn duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    Duration::parse(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no length of time such as 4h or 5m")))
}
