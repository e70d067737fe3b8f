//! What becomes of a call that was accepted: its answer, and the statuses that follow it (section 2.7).

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::faults::happens;
use super::people::{Person, Recipient};
use super::pricing::Price;
use super::{Sandbox, deliver, failures, wire};
use crate::whatsapp::graph::Fate;

/// The page that an error in a status refers to.
const ERRORS_PAGE: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

/// What every status of a message tells.
struct Sent {
    id: String,
    to: Arc<Person>,
    by_phone: bool,
    callback: Value,
    /// An emoji on a message: nobody is told whether it was seen (section 2.7).
    is_reaction: bool,
    /// Nothing is charged for what does not arrive.
    price: Option<Price>,
}

/// The answer of an accepted call; its statuses are on their way. Who is written to by user id is told by it (section 3.1).
pub(super) fn accept(sandbox: &Sandbox, to: Recipient, call: &Value, fate: Fate) -> Response {
    let (inner, Recipient { person, by_phone }) = (&sandbox.inner, to);
    let id = wire::wamid(&person.key, true);
    if fate == Fate::Arrives {
        let mut shown = call.clone();
        shown["id"] = id.as_str().into();
        shown["at"] = inner.now().0.into();
        shown["status"] = "accepted".into();
        inner.show(&person.key, shown);
    }
    let contact = match by_phone {
        true => json!({ "input": call["to"], "wa_id": person.phone }),
        false => json!({ "input": call["recipient"], "user_id": call["recipient"] }),
    };
    let open = inner.graph().is_open(&person.key, inner.now());
    let price = (fate == Fate::Arrives).then(|| {
        let category = call["template"]["category"].as_str();
        inner.prices().of(&person.key, category, open, inner.settings.free_service_messages, inner.now())
    });
    let callback = call["biz_opaque_callback_data"].clone();
    let is_reaction = call["type"] == "reaction";
    let sent = Sent { id: id.clone(), to: person, by_phone, callback, is_reaction, price };
    tokio::spawn(follow(sandbox.clone(), sent, fate));
    axum::Json(json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": id, "message_status": "accepted" }],
    }))
    .into_response()
}

/// The statuses of an accepted message, in sequence.
async fn follow(sandbox: Sandbox, sent: Sent, fate: Fate) {
    let ([to_sent, to_delivered, to_read], faults) = (sandbox.inner.settings.status_delays, sandbox.inner.faults());
    if !faults.status_before_answer {
        tokio::time::sleep(to_sent).await;
    }
    if let Fate::Fails(code) = fate {
        return sent.failed(&sandbox, code);
    }
    sent.tell(&sandbox, "sent", true);
    if fate == Fate::Unheard || sent.is_reaction {
        return;
    }
    tokio::time::sleep(to_delivered).await;
    let only_read = happens(faults.read_without_delivered);
    if !only_read {
        sent.tell(&sandbox, "delivered", true);
    }
    tokio::time::sleep(to_read).await;
    sent.tell(&sandbox, "read", only_read);
}

impl Sent {
    /// The price stands on `sent` and on the first status that tells of its arrival.
    fn tell(&self, sandbox: &Sandbox, status: &str, with_price: bool) {
        let mut told = self.status(sandbox, status);
        told["recipient_user_id"] = self.to.user_id.as_str().into();
        if let Some(Price { pricing, conversation }) = self.price.as_ref().filter(|_| with_price) {
            told["pricing"] = pricing.clone();
            if let Some(conversation) = conversation {
                told["conversation"] = conversation.clone();
            }
        }
        let value = deliver::value(sandbox, Some(&self.to), "statuses", told);
        deliver::send(sandbox, wire::envelope("messages", value));
    }

    /// A failure names the recipient only as the call did, and comes without `contacts`.
    fn failed(&self, sandbox: &Sandbox, code: i64) {
        let mut told = self.status(sandbox, "failed");
        if !self.by_phone {
            told["recipient_user_id"] = self.to.user_id.as_str().into();
        }
        told["errors"] = json!([failure(code)]);
        let value = deliver::value(sandbox, None, "statuses", told);
        deliver::send(sandbox, wire::envelope("messages", value));
    }

    fn status(&self, sandbox: &Sandbox, status: &str) -> Value {
        sandbox.inner.set_status(&self.to.key, &self.id, status);
        let at = (sandbox.inner.now().0 / 1000).to_string();
        let mut told = json!({ "id": self.id, "status": status, "timestamp": at });
        if let Some(phone) = &self.to.phone {
            told["recipient_id"] = phone.as_str().into();
        }
        if !self.callback.is_null() {
            told["biz_opaque_callback_data"] = self.callback.clone();
        }
        told
    }
}

/// An element of a status's `errors`.
fn failure(code: i64) -> Value {
    let (title, details) = failures::told(code);
    json!({ "code": code, "title": title, "message": title, "error_data": { "details": details }, "href": ERRORS_PAGE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_by_metas_title() {
        for (code, title) in [
            (131_047, "Re-engagement message"),
            (131_026, "Message undeliverable"),
            (131_037, "The display name is not approved"),
        ] {
            let failure = failure(code);
            assert_eq!([&failure["title"], &failure["message"]], [title; 2], "{code}");
            assert_eq!(failure["href"], ERRORS_PAGE);
        }
    }
}
