//! Who wrote: numbers, business-scoped user ids, and what is known of a contact beside its history.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Country, SharedPosition, Timestamp, Whereabouts};

/// Our own number of a contact; stable for life, also when its phone number changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactId(pub i64);

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A phone number as E.164 digits without the plus, national variants folded into one (see [`Phone::from_str`]).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// The digits that tell two people apart.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// With the plus, as people write it.
    pub fn e164(&self) -> String {
        format!("+{}", self.0)
    }

    /// The last three digits behind dots, for logs and for roles that may not see the number.
    pub fn masked(&self) -> String {
        let tail = self.0.get(self.0.len().saturating_sub(3)..).unwrap_or_default();
        format!("…{tail}")
    }
}

impl FromStr for Phone {
    type Err = String;

    /// Takes `+852 5123-4567` or `85251234567`. One person's variants become one number:
    ///
    /// - Brazil: `55 DD 9XXXXXXXX` loses the ninth digit, since older accounts are known without it,
    /// - Argentina: `54 9 …` loses the 9 that mobile numbers carry abroad,
    /// - Mexico: `52 1 …` loses the 1 that was dialled until 2019.
    ///
    /// The address to reply to stays the one that came in ([`Address`]).
    fn from_str(text: &str) -> Result<Self, String> {
        let mut digits = String::with_capacity(text.len());
        for (index, c) in text.trim().chars().enumerate() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if index == 0 => {}
                ' ' | '-' | '(' | ')' | '.' => {}
                _ => return Err(format!("a phone number holds digits only, not `{c}`")),
            }
        }
        if !(5..=15).contains(&digits.len()) {
            return Err("a phone number has 5 to 15 digits with its country code".into());
        }
        if digits.len() == 13 && digits.starts_with("55") && digits.as_bytes()[4] == b'9' {
            digits.remove(4);
        } else if digits.len() == 13 && (digits.starts_with("549") || digits.starts_with("521")) {
            digits.remove(2);
        }
        Ok(Self(digits))
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for Phone {
    /// Numbers never stand in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

/// A business-scoped user id: country, a dot, up to 128 alphanumerics (whatsapp-cloud-api, section 3.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub String);

impl UserId {
    /// The country in front of the dot.
    pub fn country(&self) -> Option<Country> {
        self.0.split('.').next()?.parse().ok()
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(…)")
    }
}

/// How an event names its contact: `+85251234567` or `bsuid:US.9001`. Either may be learnt later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactRef {
    /// By number.
    Phone(Phone),
    /// By business-scoped user id.
    User(UserId),
}

impl fmt::Display for ContactRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(phone) => write!(f, "+{}", phone.digits()),
            Self::User(user) => write!(f, "bsuid:{}", user.0),
        }
    }
}

impl FromStr for ContactRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("bsuid:") {
            Some("") => Err("`bsuid:` needs the user id behind it".into()),
            Some(user) => Ok(Self::User(UserId(user.into()))),
            None if text.starts_with('+') => text.parse().map(Self::Phone),
            None => Err(format!("`{text}` names no contact: write +85251234567 or bsuid:US.9001")),
        }
    }
}

impl Serialize for ContactRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContactRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where to send: exactly what the last message came from, since Meta asks for it back unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Digits as received in `from` or `wa_id`, without plus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// Business-scoped user id, used where the phone is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}

/// A BCP 47 tag as the dictionaries spell it: `en`, `zh-Hant`, `pt`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(pub String);

impl Language {
    /// English, the last resort.
    pub fn english() -> Self {
        Self("en".into())
    }

    /// The tag as text.
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// Which of these languages it is: itself, or itself without a country, as `pt-BR` is `pt`. Chinese is told by its script, and where
    /// that is not said by the place where it is written.
    pub fn among<'a>(&self, languages: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
        let parts: Vec<String> = self.0.split(['-', '_']).map(str::to_ascii_lowercase).collect();
        let says = |words: &[&str]| parts.iter().skip(1).any(|part| words.contains(&part.as_str()));
        let primary = parts.first().map(String::as_str).unwrap_or_default();
        let general = match primary {
            "zh" if says(&["hant"]) || says(&["tw", "hk", "mo"]) && !says(&["hans"]) => "zh-Hant",
            "zh" => "zh-Hans",
            primary => primary,
        };
        let called = |tag: &str| languages.clone().find(|language| language.eq_ignore_ascii_case(tag));
        called(&self.0).or_else(|| called(general))
    }
}

/// What is known of a contact beside its history with the rules. Part of the fold's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Our number.
    pub id: ContactId,
    /// Where to send.
    pub address: Address,
    /// When they last changed number or user id: a message from before tells of the former one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed_at: Option<Timestamp>,
    /// Our own number (Meta's phone number id) that they wrote to last; answers leave from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The name on their WhatsApp profile: user-controlled text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// From the number's prefix or the user id's, until better is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// The customer's own zone; the shop's is used where it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Tz>,
    /// Where in that country they are, and by what that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Whereabouts>,
    /// The position that they shared last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<SharedPosition>,
    /// Language of their messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Another one that their last message may have been in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_language: Option<Language>,
    /// First event of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    /// The last message they sent, by its own time: opens the 24-hour service window (section 5.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_inbound: Option<Timestamp>,
    /// Wants nothing more at all: a stop word or a stop button.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
    /// Wants no marketing: Meta's preference, or error 131050.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub marketing_out: bool,
    /// When they last came to want no messages or no marketing, whatever they said since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opted_out_at: Option<Timestamp>,
    /// When they last said so, also where it was known already: what they agreed to before that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_out: Option<Timestamp>,
    /// When they last said that they want messages: a stop before that is over, also where it is told later.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub last_in: Option<Timestamp>,
    /// When they last agreed to marketing.
    #[serde(rename = "agreed", skip_serializing_if = "Option::is_none")]
    pub last_agreed: Option<Timestamp>,
    /// Agreed to marketing; writing to us is no agreement (section 7.1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub opted_in: bool,
}

impl Contact {
    /// Takes in the language that a message was read in. One that is known gives way where another one shows plainly, or twice in a
    /// row: a word or two are said in many.
    pub fn hear_language(&mut self, language: &Language, is_plain: bool) {
        let is_other = self.language.as_ref().is_some_and(|known| known != language);
        if is_other && !is_plain && self.other_language.as_ref() != Some(language) {
            self.other_language = Some(language.clone());
        } else {
            (self.language, self.other_language) = (Some(language.clone()), None);
        }
    }

    /// Whether they want no messages, or no marketing: lists and shares are made for those that may be written to.
    pub fn is_opted_out(&self) -> bool {
        self.opted_out || self.marketing_out
    }

    /// Whether they said after that moment that they want no messages, or no marketing.
    pub fn wanted_out_after(&self, at: Timestamp) -> bool {
        self.last_out.max(self.opted_out_at).is_some_and(|out| out > at)
    }

    /// Whether they said after that moment that they want messages: a stop that is told late is over.
    pub fn wanted_in_after(&self, at: Timestamp) -> bool {
        self.last_in.is_some_and(|wanted| wanted > at)
    }

    /// Whether they agreed to marketing after that moment.
    pub fn agreed_after(&self, at: Timestamp) -> bool {
        self.last_agreed.is_some_and(|agreed| agreed > at)
    }

    /// Length of the customer service window (whatsapp-cloud-api, section 5.1).
    pub const SERVICE_WINDOW: super::Duration = super::Duration::hours(24);

    /// When the service window closes, if one was ever open.
    pub fn window_ends(&self) -> Option<Timestamp> {
        self.last_inbound.map(|at| at + Self::SERVICE_WINDOW)
    }

    /// Whether anything may be written to them now, and not templates alone.
    pub fn window_is_open(&self, now: Timestamp) -> bool {
        self.window_ends().is_some_and(|ends| now < ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_variants_of_one_number_are_one_contact() {
        for (one, other) in [
            ("+5511987654321", "+551187654321"),
            ("+5491122334455", "+541122334455"),
            ("+5215512345678", "+525512345678"),
            ("+852 5123-4567", "85251234567"),
        ] {
            assert_eq!(one.parse::<Phone>(), other.parse::<Phone>());
        }
        assert!("+abc".parse::<Phone>().is_err());
    }

    #[test]
    fn a_number_is_masked_where_it_is_printed_for_debugging() {
        assert_eq!(format!("{:?}", "+85251234567".parse::<Phone>()), "Ok(Phone(…567))");
    }

    #[test]
    fn a_language_is_known_by_the_tags_that_people_write() {
        let known = ["en", "id", "pt", "zh-Hans", "zh-Hant"];
        for (tag, wanted) in [
            ("en", Some("en")),
            ("en-US", Some("en")),
            ("pt_BR", Some("pt")),
            ("zh", Some("zh-Hans")),
            ("zh-CN", Some("zh-Hans")),
            ("zh-TW", Some("zh-Hant")),
            ("zh-HK", Some("zh-Hant")),
            ("zh-Hans-HK", Some("zh-Hans")),
            ("ZH-hant", Some("zh-Hant")),
            ("ja", None),
        ] {
            assert_eq!(Language(tag.into()).among(known.into_iter()), wanted, "{tag}");
        }
        assert_eq!(Language("pt-br".into()).among(["pt", "pt-BR"].into_iter()), Some("pt-BR"), "a country's own");
    }
}
