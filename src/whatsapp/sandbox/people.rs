//! Who the number writes with: a person has a user id of the business, and a phone number unless WhatsApp withholds it (section 3.1).

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::wire;
use crate::domain::{ContactRef, Phone};
use crate::places::country_of;

/// The name of somebody who has told none.
const NAMELESS: &str = "~";

/// Somebody with a phone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Customer {
    /// Digits, with or without plus; empty where WhatsApp withholds the number.
    pub number: String,
    /// Profile name.
    pub name: String,
    /// The business-scoped user id; the sandbox gives one to who has none.
    pub user_id: Option<String>,
    /// The name that the customer chose instead of the number, with `@`.
    pub username: Option<String>,
}

impl Customer {
    /// Whether Meta could know somebody by this number or user id.
    pub(super) fn is_known(&self) -> bool {
        let number = self.number.is_empty() || self.number.parse::<Phone>().is_ok();
        let user = self.user_id.as_deref().is_none_or(is_user_id);
        number && user && !(self.number.is_empty() && self.user_id.is_none())
    }
}

/// A customer as the shop's number knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// What the sandbox knows them by: the first of their names that it met, digits or user id.
    pub(super) key: String,
    /// Digits; `None` where WhatsApp withholds the number.
    pub(super) phone: Option<String>,
    pub(super) user_id: String,
    name: String,
    username: Option<String>,
}

impl Person {
    /// The element of a webhook's `contacts` (section 2.1).
    pub(super) fn card(&self) -> Value {
        let mut card = json!({ "profile": { "name": self.name }, "user_id": self.user_id });
        if let Some(phone) = &self.phone {
            card["wa_id"] = phone.as_str().into();
        }
        if let Some(username) = &self.username {
            card["profile"]["username"] = username.as_str().into();
        }
        card
    }

    /// Of the country to whose numbers Meta delivers no marketing templates (section 3).
    pub(super) fn is_american(&self) -> bool {
        self.user_id.starts_with("US.")
    }

    fn is(&self, customer: &Customer, phone: Option<&str>) -> bool {
        self.phone.as_deref() == phone
            && self.name == customer.name
            && self.username == customer.username
            && customer.user_id.as_ref().is_none_or(|user_id| *user_id == self.user_id)
    }
}

/// Everybody, by each of their names.
#[derive(Debug, Default)]
pub(super) struct People {
    keys: HashMap<String, String>,
    all: HashMap<String, Arc<Person>>,
}

impl People {
    /// The customer does something: what they tell of themselves now counts.
    pub(super) fn meet(&mut self, customer: &Customer) -> Arc<Person> {
        let phone = Some(digits(&customer.number)).filter(|digits| !digits.is_empty());
        let names = [phone.clone(), customer.user_id.clone()];
        let known = names.iter().flatten().find_map(|name| self.keys.get(name));
        let known = known.and_then(|key| self.all.get(key));
        if let Some(known) = known.filter(|known| known.is(customer, phone.as_deref())) {
            return known.clone();
        }
        let user_id = customer.user_id.clone().or_else(|| known.map(|known| known.user_id.clone()));
        let user_id = user_id.unwrap_or_else(|| user_id_of(phone.as_deref().unwrap_or_default()));
        let key = known.map(|known| known.key.clone()).or(phone.clone()).unwrap_or_else(|| user_id.clone());
        let (name, username) = (customer.name.clone(), customer.username.clone());
        self.keep(Person { key, phone, user_id, name, username })
    }

    /// The customer goes by another number from now on: as whom they were known, and as whom they are. Whoever comes with the former
    /// number next is somebody else.
    pub(super) fn moved(&mut self, customer: &Customer, number: &str) -> (Arc<Person>, Arc<Person>) {
        let (before, phone) = (self.meet(customer), digits(number));
        for name in before.phone.iter().chain([&before.user_id]) {
            self.keys.remove(name);
        }
        self.all.remove(&before.key);
        let user_id = user_id_of(&phone);
        let now = self.keep(Person { key: phone.clone(), phone: Some(phone), user_id, ..Person::clone(&before) });
        (before, now)
    }

    /// Whoever has this phone number or user id. A number that is written to is withheld no longer.
    fn named(&mut self, name: &str) -> Arc<Person> {
        let phone = Some(name.to_owned()).filter(|name| !is_user_id(name));
        match self.keys.get(name).and_then(|key| self.all.get(key)) {
            Some(known) if known.phone.is_some() || phone.is_none() => known.clone(),
            Some(known) => self.keep(Person { phone, ..Person::clone(known) }),
            None => {
                let user_id = phone.as_deref().map_or_else(|| name.to_owned(), user_id_of);
                self.keep(Person { key: name.to_owned(), phone, user_id, name: NAMELESS.into(), username: None })
            }
        }
    }

    /// What the one with this name is known by.
    pub(super) fn key<'a>(&'a self, name: &'a str) -> &'a str {
        self.keys.get(name).map_or(name, String::as_str)
    }

    fn keep(&mut self, person: Person) -> Arc<Person> {
        for name in person.phone.iter().chain([&person.user_id]) {
            self.keys.insert(name.clone(), person.key.clone());
        }
        let person = Arc::new(person);
        self.all.insert(person.key.clone(), person.clone());
        person
    }
}

/// Whom a call is for.
pub(super) struct Recipient {
    pub(super) person: Arc<Person>,
    /// By phone number, which goes before a user id where a call names both.
    pub(super) by_phone: bool,
}

/// Whom a call names, or the code and words of the refusal (section 4.1).
pub(super) fn recipient(people: &mut People, call: &Value) -> Result<Recipient, (i64, &'static str)> {
    let (person, by_phone) = match (&call["to"], &call["recipient"]) {
        (Value::Null, Value::Null) => return Err((131_008, "Either to or recipient is required")),
        (Value::Null, user) => match user.as_str().filter(|user| is_user_id(user)) {
            Some(user) => (people.named(user), false),
            None => return Err((131_009, "recipient is not a business-scoped user id")),
        },
        (to, _) => match to.as_str().and_then(dialled) {
            Some(number) => (people.named(&number), true),
            None => return Err((131_009, "to is not a phone number")),
        },
    };
    Ok(Recipient { person, by_phone })
}

/// The digits that are dialled for a call's `to`: where it has no plus, Meta puts the country code of our own number before it, whatever
/// it begins with (section 4.1).
fn dialled(to: &str) -> Option<String> {
    let to = to.trim();
    let whole = if to.starts_with('+') { to.to_owned() } else { format!("+{}{to}", wire::OUR_COUNTRY) };
    whole.parse::<Phone>().is_ok().then(|| digits(&whole))
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Country, a dot, up to 128 letters and digits; `ENT.` between them where it is the id of a group of portfolios.
fn is_user_id(text: &str) -> bool {
    let Some((country, id)) = text.split_once('.') else { return false };
    let id = id.strip_prefix("ENT.").unwrap_or(id);
    let is_country = country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase());
    is_country && (1..=128).contains(&id.len()) && id.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

/// The user id of a number: always the same one, and no one can tell the number by it.
fn user_id_of(digits: &str) -> String {
    let country = digits.parse().ok().and_then(|phone| country_of(&ContactRef::Phone(phone)));
    let hash = Sha256::digest(digits.as_bytes());
    let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // `ZZ` is no country's.
    format!("{}.{number:020}", country.as_ref().map_or("ZZ", |country| country.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Customer {
        Customer { number: "+1 212-555-0142".into(), name: "Ada".into(), ..Customer::default() }
    }

    #[test]
    fn user_ids_are_taken_whole_or_not_at_all() {
        for (text, is_one) in [
            ("US.90000000000000000001", true),
            ("US.ENT.90000000000000000002", true),
            ("HK.a", true),
            ("US.", false),
            ("us.9", false),
            ("USA.9", false),
            ("US.ENT.", false),
            ("US.9 9", false),
            ("garbage", false),
            ("85251239001", false),
        ] {
            assert_eq!(is_user_id(text), is_one, "{text}");
        }
        assert!(is_user_id(&format!("US.{}", "9".repeat(128))) && !is_user_id(&format!("US.{}", "9".repeat(129))));
    }

    #[test]
    fn a_customer_is_the_same_by_number_and_by_user_id() {
        let mut people = People::default();
        let person = people.meet(&ada());
        assert!(person.user_id.starts_with("US.") && !person.user_id.contains("2125550142"), "{}", person.user_id);
        assert_eq!(people.named("12125550142"), person);
        assert_eq!(people.named(&person.user_id), person);
        assert_ne!(people.named("HK.12125550142").key, person.key, "digits behind a country are nobody's number");
        let hidden = Customer {
            number: String::new(),
            user_id: Some(person.user_id.clone()),
            username: Some("@ada".into()),
            ..ada()
        };
        let now = people.meet(&hidden);
        assert_eq!((now.key.as_str(), &now.phone), ("12125550142", &None));
        assert_eq!(people.named("12125550142").phone.as_deref(), Some("12125550142"), "we wrote to the number");
        assert_eq!(now.card(), json!({ "profile": { "name": "Ada", "username": "@ada" }, "user_id": person.user_id }));
    }

    #[test]
    fn whom_a_call_names() {
        let mut people = People::default();
        let user = people.meet(&ada()).user_id.clone();
        for (call, expected) in [
            (json!({ "to": "+1 (212) 555-0142" }), Ok(("12125550142", true))),
            (json!({ "to": "(212) 555-0142" }), Ok(("12125550142", true))),
            (json!({ "to": "85251234567" }), Ok(("185251234567", true))),
            (json!({ "to": "12125550142" }), Ok(("112125550142", true))),
            (json!({ "recipient": user }), Ok(("12125550142", false))),
            (json!({ "recipient": "US.9001" }), Ok(("US.9001", false))),
            (json!({ "to": "+85251234567", "recipient": user }), Ok(("85251234567", true))),
            (json!({}), Err(131_008)),
            (json!({ "to": "call me" }), Err(131_009)),
            (json!({ "to": "12" }), Err(131_009)),
            (json!({ "to": user }), Err(131_009)),
            (json!({ "recipient": "garbage" }), Err(131_009)),
            (json!({ "recipient": "85251234567" }), Err(131_009)),
        ] {
            let named = recipient(&mut people, &call);
            let named =
                named.as_ref().map(|named| (named.person.key.as_str(), named.by_phone)).map_err(|error| error.0);
            assert_eq!(named, expected, "{call}");
        }
    }
}
