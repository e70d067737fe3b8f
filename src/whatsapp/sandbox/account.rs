//! Whether the number is registered, and whether an app listens to the account: what is set once before messages flow (sections
//! 1.5, 1.7 and 4.5).

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::calls::{Fields, OfAccount, OfNumber, success};
use super::deliver::elsewhere;
use super::failures::{refuse, refuse_as};
use super::number::Number;
use super::{ACCOUNT, Sandbox};
use crate::domain::{Duration, Timestamp};

/// A number is registered and deregistered so many times within so long (133016 in section 6).
const MOVES: (usize, Duration) = (10, Duration::hours(72));

/// How the number and the account were set up: as of a shop that has done it all.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) is_registered: bool,
    /// The number's PIN, from when it is first told.
    pin: Option<String>,
    /// When it was registered or deregistered of late.
    moves: Vec<Timestamp>,
    is_subscribed: bool,
    /// Where webhooks of messages go in place of the app's own address.
    elsewhere: Option<String>,
    pub(super) number: Number,
}

impl Default for Account {
    fn default() -> Self {
        let number = Number::default();
        Self { is_registered: true, pin: None, moves: Vec::new(), is_subscribed: true, elsewhere: None, number }
    }
}

impl Account {
    /// Where a webhook goes: nowhere while no app listens.
    pub(super) fn address(&self, of_messages: bool, own: &str) -> Option<String> {
        let elsewhere = self.number.elsewhere.as_ref().or(self.elsewhere.as_ref()).filter(|_| of_messages).cloned();
        self.is_subscribed.then(|| elsewhere.unwrap_or_else(|| own.to_owned()))
    }

    /// The addresses that webhooks of messages could go to, in the order of section 1.7 from its end.
    pub(super) fn configuration(&self, own: &str) -> Value {
        let mut told = json!({ "application": own });
        for (name, address) in
            [("whatsapp_business_account", &self.elsewhere), ("phone_number", &self.number.elsewhere)]
        {
            if let Some(address) = address {
                told[name] = address.as_str().into();
            }
        }
        told
    }

    fn moves(&mut self, now: Timestamp) -> Result<(), i64> {
        let (most, within) = MOVES;
        self.moves.retain(|at| now - *at < within);
        if self.moves.len() >= most {
            return Err(133_016);
        }
        self.moves.push(now);
        Ok(())
    }

    fn register(&mut self, pin: &str, now: Timestamp) -> Result<(), i64> {
        if self.pin.as_deref().is_some_and(|known| known != pin) {
            return Err(133_005);
        }
        self.moves(now)?;
        self.pin = Some(pin.to_owned());
        self.is_registered = true;
        Ok(())
    }

    fn deregister(&mut self, now: Timestamp) -> Result<(), i64> {
        if !self.is_registered {
            return Err(133_010);
        }
        self.moves(now)?;
        self.is_registered = false;
        Ok(())
    }
}

fn done(result: Result<(), i64>) -> Response {
    result.map_or_else(refuse_as, |()| success())
}

/// `POST /{phone-number-id}/register`.
pub(super) async fn register(State(sandbox): State<Sandbox>, _: OfNumber, Fields(call): Fields) -> Response {
    if call.get("messaging_product").is_none_or(|product| product != "whatsapp") {
        return refuse(100, "The parameter messaging_product is required.");
    }
    match call.get("pin").and_then(Value::as_str) {
        None => refuse(131_008, "pin is required"),
        Some(pin) if pin.len() != 6 || !pin.bytes().all(|digit| digit.is_ascii_digit()) => {
            refuse(131_009, "pin must have six digits")
        }
        Some(pin) => done(sandbox.inner.account().register(pin, sandbox.inner.now())),
    }
}

/// `POST /{phone-number-id}/deregister`.
pub(super) async fn deregister(State(sandbox): State<Sandbox>, _: OfNumber) -> Response {
    done(sandbox.inner.account().deregister(sandbox.inner.now()))
}

/// `GET /{account}/subscribed_apps`: the one app, if it listens, and where its messages go.
pub(super) async fn subscribed(State(sandbox): State<Sandbox>, _: OfAccount) -> Response {
    let account = sandbox.inner.account();
    let mut app = json!({ "whatsapp_business_api_data": { "id": ACCOUNT, "name": "Sandbox" } });
    if let Some(elsewhere) = &account.elsewhere {
        app["override_callback_uri"] = elsewhere.as_str().into();
    }
    let apps: Vec<Value> = Some(app).filter(|_| account.is_subscribed).into_iter().collect();
    axum::Json(json!({ "data": apps })).into_response()
}

/// `POST /{account}/subscribed_apps`: the app listens. Another address for messages must answer the handshake; without a body there
/// is none any more.
pub(super) async fn subscribe(State(sandbox): State<Sandbox>, _: OfAccount, body: Bytes) -> Response {
    let call: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap_or_default() };
    let elsewhere = match elsewhere(&sandbox, &call).await {
        Ok(elsewhere) => elsewhere,
        Err(refusal) => return *refusal,
    };
    let mut account = sandbox.inner.account();
    account.is_subscribed = true;
    account.elsewhere = elsewhere;
    success()
}

/// `DELETE /{account}/subscribed_apps`: nobody listens.
pub(super) async fn unsubscribe(State(sandbox): State<Sandbox>, _: OfAccount) -> Response {
    sandbox.inner.account().is_subscribed = false;
    success()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_moves_ten_times_in_72_hours_and_keeps_its_pin() {
        let (mut account, now) = (Account::default(), Timestamp(0));
        for _ in 0..5 {
            assert_eq!(account.deregister(now), Ok(()));
            assert_eq!(account.register("123456", now), Ok(()));
        }
        assert_eq!(account.deregister(now), Err(133_016));
        assert_eq!(account.register("654321", now), Err(133_005));
        assert_eq!(account.deregister(now + Duration::hours(72)), Ok(()));
        assert_eq!(account.deregister(now + Duration::hours(72)), Err(133_010));
    }

    #[test]
    fn only_messages_go_elsewhere_and_nothing_where_nobody_listens() {
        let mut account = Account { elsewhere: Some("b".into()), ..Account::default() };
        let told = |account: &Account| [true, false].map(|of_messages| account.address(of_messages, "a"));
        assert_eq!(told(&account), [Some("b".into()), Some("a".into())]);
        account.is_subscribed = false;
        assert_eq!(told(&account), [None, None]);
    }
}
