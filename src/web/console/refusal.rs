//! Why the console does not do what a form asks for. The page has the words for it: `refused` in `words.html`.

use crate::engine::NoReply;
use crate::outreach::Condition;
use crate::store::StoreError;
use crate::web::pages::log_no_answer;
use crate::web::typed::Unsendable;

/// Why a form is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing was typed.
    Empty,
    /// More was typed than WhatsApp, or a note, takes.
    TooLong,
    /// The bot is in charge: take over first.
    BotInCharge,
    /// Somebody else is in charge.
    OtherInCharge,
    /// Somebody else has taken over since the page was shown.
    TakenMeanwhile,
    /// What is to be undone was too long ago, or something has happened since.
    HappenedMeanwhile,
    /// It cannot be snoozed until then.
    NoSuchTime,
    /// Nobody has taken the conversation.
    NotTaken,
    /// It is not said how the customer told what they want to get.
    NoNote,
    /// A gap stands for something that is not known of the customer.
    OpenGap,
    /// The customer's last message is more than 24 hours old: only a template may go.
    WindowClosed,
    /// The customer has written meanwhile: a template would be out of place.
    WindowOpen,
    /// This is no name of a template.
    NoTemplateName,
    /// Meta has approved no template of this name.
    NotApproved,
    /// A template is planned for them already.
    AlreadyPlanned,
    /// The gate would never let it go.
    Gate(Condition),
    /// There is no such contact any more.
    NoContact,
    /// The database does not answer; the log has said why.
    Unavailable,
}

impl Refusal {
    /// All that the page has words for; those of the gate bring their own.
    #[cfg(test)]
    const ALL: [Self; 17] = [
        Self::Empty,
        Self::TooLong,
        Self::BotInCharge,
        Self::OtherInCharge,
        Self::TakenMeanwhile,
        Self::HappenedMeanwhile,
        Self::NoSuchTime,
        Self::NotTaken,
        Self::NoNote,
        Self::OpenGap,
        Self::WindowClosed,
        Self::WindowOpen,
        Self::NoTemplateName,
        Self::NotApproved,
        Self::AlreadyPlanned,
        Self::NoContact,
        Self::Unavailable,
    ];

    /// Its name in the page.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "long",
            Self::BotInCharge => "bot",
            Self::OtherInCharge => "other",
            Self::TakenMeanwhile => "changed",
            Self::HappenedMeanwhile => "meanwhile",
            Self::NoSuchTime => "until",
            Self::NotTaken => "untaken",
            Self::NoNote => "note",
            Self::OpenGap => "gap",
            Self::WindowClosed => "closed",
            Self::WindowOpen => "open",
            Self::NoTemplateName => "template",
            Self::NotApproved => "held",
            Self::AlreadyPlanned => "planned",
            Self::Gate(condition) => condition.name(),
            Self::NoContact => "gone",
            Self::Unavailable => "unavailable",
        }
    }
}

impl From<Unsendable> for Refusal {
    fn from(unsendable: Unsendable) -> Self {
        match unsendable {
            Unsendable::Empty => Self::Empty,
            Unsendable::TooLong => Self::TooLong,
        }
    }
}

impl From<NoReply> for Refusal {
    fn from(why: NoReply) -> Self {
        match why {
            NoReply::NotTaken => Self::BotInCharge,
            NoReply::Others(_) => Self::OtherInCharge,
            NoReply::Closed => Self::WindowClosed,
            NoReply::Unknown => Self::NoContact,
            NoReply::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        log_no_answer(&error);
        Self::Unavailable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_words_for_each_and_for_no_other() {
        let page = include_str!("../../../templates/console/words.html");
        let words =
            page.split_once("{% macro refused(error) %}").and_then(|(_, rest)| rest.split_once("{% endmacro %}"));
        let (words, _) = words.expect("the macro is there");
        let (before_each, _) = words.rsplit_once("': '").expect("it has words");
        let named: Vec<&str> = before_each.split("': '").filter_map(|part| Some(part.rsplit_once('\'')?.1)).collect();
        for refusal in Refusal::ALL {
            assert!(named.contains(&refusal.name()), "{refusal:?} has no words");
        }
        assert_eq!(named.len(), Refusal::ALL.len(), "{named:?}");
    }
}
