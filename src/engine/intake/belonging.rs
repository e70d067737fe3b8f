//! Whether what a webhook tells is of this installation: an app's webhooks go to every installation behind it, and tell of every number
//! and account that it serves. What is somebody else's is counted and shown, without who wrote and what, and changes nothing.

use std::collections::HashMap;
use std::sync::PoisonError;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::config::Auth;
use crate::domain::{EventBody, MessageNumber, StatusEvent, StatusKind};
use crate::engine::Engine;
use crate::store::{Departed, StoreError};
use crate::whatsapp::webhook::Arrival;

/// Fields that tell of all that a business has: they may come under its own id (section 1.6).
const OF_THE_BUSINESS: [&str; 2] = ["business_capability_update", "account_alerts"];

impl Engine {
    /// Sorts out what is not of this installation, and names our messages as the journal does. How far a message of others got concerns
    /// nobody here, and comes in thousands: of their statuses the failures alone are kept.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn sort_out(&self, arrivals: &mut Vec<Arrival>) -> Result<(), StoreError> {
        let asked: Vec<MessageNumber> = arrivals.iter().filter_map(looked_up).collect();
        // Each webhook carries the room that this takes, and hardly one looks anything up: then it is made.
        let departed = if asked.is_empty() { HashMap::new() } else { Box::pin(self.store().departed(&asked)).await? };
        let foreign = self.foreign_numbers(arrivals).await?;
        let names_numbers = self.names_numbers();
        arrivals.retain_mut(|arrival| {
            let is_foreign = arrival.channel.as_ref().is_some_and(|channel| foreign.contains(channel));
            let what = match &mut arrival.body {
                EventBody::Account { field, value } => {
                    let is_of_another = self.is_of_another_account(field, value, &arrival.account);
                    let is_of_number = field == "errors" && is_foreign;
                    is_of_another
                        .then_some("of an account that is not ours")
                        .or(is_of_number.then_some("of a number that is not ours"))
                }
                EventBody::Status(status) if status.message.starts_with(MessageNumber::MARK) => {
                    let channel = arrival.channel.as_deref().filter(|_| names_numbers);
                    match whose(status, channel, self.store().tag(), &departed) {
                        Some(ours) => {
                            status.message = ours.to_string();
                            None
                        }
                        None => Some("the status of a message that is not ours"),
                    }
                }
                _ => is_foreign.then_some("by a number that is not ours"),
            };
            what.is_none_or(|what| set_aside(arrival, what))
        });
        Ok(())
    }

    /// Whether Meta knows our numbers by the ids in the settings: with 360dialog these name a number to us alone.
    fn names_numbers(&self) -> bool {
        !self.channels().is_empty() && self.settings().whatsapp.auth != Auth::D360
    }

    /// Of the numbers that these were written to, those that nobody here ever sent for.
    async fn foreign_numbers(&self, arrivals: &[Arrival]) -> Result<Vec<String>, StoreError> {
        if !self.names_numbers() {
            return Ok(Vec::new());
        }
        let mut others: Vec<String> = arrivals.iter().filter_map(|arrival| arrival.channel.clone()).collect();
        others.retain(|channel| !self.channels().contains(channel));
        if !others.is_empty() {
            let known = Box::pin(self.store().paces()).await?;
            others.retain(|channel| !known.iter().any(|row| row.channel == *channel));
            self.tell_of(&others);
        }
        Ok(others)
    }

    /// Tells once of each number that is not ours: whoever mistyped their own sees here why nobody is answered.
    fn tell_of(&self, others: &[String]) {
        let mut told = self.inner.others.lock().unwrap_or_else(PoisonError::into_inner);
        for number in others.iter().filter(|number| told.insert((*number).clone())) {
            tracing::warn!(
                number,
                "what customers write to this number is counted and not answered: whatsapp.phone_number_id does not name it"
            );
        }
    }

    /// Whether something is told of another account than the one of the settings.
    fn is_of_another_account(&self, field: &str, value: &serde_json::Value, entry: &str) -> bool {
        let Some(ours) = &self.settings().whatsapp.business_account_id else { return false };
        // Told under the id of its owner, it names the account itself.
        let of = value["waba_info"]["waba_id"].as_str().unwrap_or(entry);
        !of.is_empty() && of != ours && !OF_THE_BUSINESS.contains(&field)
    }
}

/// The message of ours that a status may be of, where that is looked up: one of a failure may hold back much, and one without a word may
/// be anybody's. Others are many, and what they change looks at Meta's id itself.
fn looked_up(arrival: &Arrival) -> Option<MessageNumber> {
    let EventBody::Status(status) = &arrival.body else { return None };
    let (tag, message) = MessageNumber::from_callback(&status.message)?;
    (tag.is_none() || status.status == StatusKind::Failed).then_some(message)
}

/// Which message of ours a status is of, if it is of one. A message that was sent before there was a word for the database is known by
/// Meta's id of it; and what left once under one id is not told of under another.
fn whose(
    status: &StatusEvent,
    channel: Option<&str>,
    ours: &str,
    departed: &HashMap<MessageNumber, Departed>,
) -> Option<MessageNumber> {
    let (tag, message) = MessageNumber::from_callback(&status.message)?;
    let row = departed.get(&message);
    let stored = row.and_then(|row| row.wamid.as_deref());
    match tag {
        Some(tag) if tag != ours => return None,
        None if stored.is_none() || stored != status.wamid.as_deref() => return None,
        _ => {}
    }
    let differs = row.is_some_and(|row| {
        let other_id = stored.is_some() && stored != status.wamid.as_deref();
        let other_number = channel.is_some_and(|channel| channel != row.channel) && !row.channel.is_empty();
        !row.tried_again && (other_id || other_number)
    });
    (!differs).then_some(message)
}

/// Makes of what is told something that concerns nobody here, with nothing of the person in it: nobody's wish to be erased would reach
/// it. Whether it is kept.
fn set_aside(arrival: &mut Arrival, what: &str) -> bool {
    let kind = arrival.body.kind();
    metrics::counter!("hotline_events_of_others_total", "kind" => kind).increment(1);
    let value = match &arrival.body {
        EventBody::Status(status) if status.status != StatusKind::Failed => return false,
        EventBody::Status(status) => json!({ "number": arrival.channel, "error": status.error }),
        EventBody::Account { .. } => serde_json::to_value(&arrival.body).unwrap_or_default(),
        _ => json!({ "number": arrival.channel }),
    };
    arrival.contacts.clear();
    arrival.key = format!("other:{}", hex::encode(Sha256::digest(&arrival.key)));
    arrival.body = EventBody::Unknown { what: format!("{kind}: {what}"), value };
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::domain::ContactId;

    #[test]
    fn a_status_is_of_a_message_of_ours_by_the_word_and_by_metas_id() {
        let message = MessageNumber { contact: ContactId(7), number: 1 };
        let of = |callback: &str, wamid: &str, stored: Option<&str>, tried_again: bool, channel: &str| {
            let (message_, wamid) = (callback.to_owned(), Some(wamid.to_owned()));
            let status = StatusEvent { message: message_, status: StatusKind::Failed, error: Some(131_048), wamid };
            let row = Departed { channel: "880".into(), wamid: stored.map(str::to_owned), tried_again };
            whose(&status, Some(channel), "beef", &HashMap::from([(message, row)])).is_some()
        };
        assert_eq!(message.callback("beef"), "hl:beef:7:1");
        assert!(of("hl:beef:7:1", "w1", None, false, "880"), "it overtook the answer of the call");
        assert!(of("hl:beef:7:1", "w1", Some("w1"), false, "880"));
        assert!(!of("hl:beef:7:1", "w2", Some("w1"), false, "880"), "an older database's");
        assert!(of("hl:beef:7:1", "w2", Some("w1"), true, "880"), "it left twice");
        assert!(!of("hl:beef:7:1", "w1", Some("w1"), false, "881"), "another number's");
        assert!(!of("hl:cafe:7:1", "w1", None, false, "880"), "another installation's");
        assert!(of("hl:7:1", "w1", Some("w1"), false, "880"), "sent before there was a word");
        assert!(!of("hl:7:1", "w2", Some("w1"), false, "880") && !of("hl:7:1", "w1", None, false, "880"));
        assert!(!of("hl:7:2", "w1", Some("w1"), false, "880") && !of("hl:x", "w1", Some("w1"), false, "880"));
    }
}
