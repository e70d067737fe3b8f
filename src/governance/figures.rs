//! `governance.toml`: every threshold that a shop may want to move.

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::domain::{Problem, SourceFile};

/// What stands in `governance.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the tables of governance.toml, which explains them")]
pub struct Figures {
    pub alerts: AlertFigures,
}

/// When an alert stands.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertFigures {
    pub least_contacts: i64,
    pub red_share: RedShare,
    pub grey_share: GreyShare,
    pub tag_count: TagCount,
}

/// COLOR-24.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedShare {
    pub more_than: Decimal,
}

/// COLOR-25.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GreyShare {
    pub rise: Decimal,
    pub days: u32,
    pub least_days: usize,
    pub least_share: Decimal,
}

/// GOV-1, NAME-7.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagCount {
    pub more_than: usize,
}

impl Figures {
    /// Reads `governance.toml` among the files.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let Some(file) = files.iter().find(|file| file.path == "governance.toml") else {
            let message = "governance.toml is missing: it holds when an alert stands and how tags are kept in order";
            let advice = "Copy it from the ones that ship with Hotline.";
            return (None, vec![Problem::at("governance.toml", "", 0, message, advice)]);
        };
        match toml::from_str::<Self>(&file.text) {
            Ok(figures) => (Some(figures), Vec::new()),
            Err(error) => {
                let place = error.span().map_or(0, |span| span.start);
                let advice = "Compare with the file that ships with Hotline: every figure of it is needed.";
                (None, vec![Problem::at(&file.path, &file.text, place, error.message(), advice)])
            }
        }
    }
}
