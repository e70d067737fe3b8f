//! Who speaks with a contact: the bot, a person, or nobody until a person comes.

use super::Timestamp;

/// Who is in charge of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The bot answers.
    Bot,
    /// A person was asked for and has not come yet: the bot says so once and is silent.
    Waiting {
        /// Until when somebody answers.
        due: Timestamp,
        /// That moment has passed once already.
        missed: bool,
    },
    /// A person is in charge: the bot is silent.
    Person,
}

impl Standing {
    /// The name in timelines: none, open, accepted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bot => "none",
            Self::Waiting { .. } => "open",
            Self::Person => "accepted",
        }
    }
}
