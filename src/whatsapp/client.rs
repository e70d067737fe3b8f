//! The Graph API as we call it (section 4): send a message, mark one as read, read and make templates.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration as StdDuration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::usage::{self, Usage};
use crate::config::{Auth, WhatsApp};
use crate::domain::{Address, Button, Content, Duration, Header, ListRow, Press, TemplateRef};

/// Idle connections that are kept: enough for a thousand calls a second of a quarter second each.
const IDLE_CONNECTIONS: usize = 256;

/// Of the 200 calls an hour about accounts, numbers and templates that Meta takes from an app (section 5.3), so many may be made at
/// once, and so many are spread over an hour.
const QUESTIONS_AT_ONCE: NonZeroU32 = NonZeroU32::new(50).expect("50 is not 0");
const QUESTIONS_AN_HOUR: NonZeroU32 = NonZeroU32::new(150).expect("150 is not 0");
/// Meta's code for too many of them.
const TOO_MANY_QUESTIONS: i64 = 80_007;
/// Templates on one page of Meta's list.
const TEMPLATES_AT_ONCE: usize = 200;
/// Pages of it that are read: an account may have 6,000 templates (section 4.4), and a page may be shorter than was asked for.
const MOST_PAGES: usize = 100;

/// Meta's codes for a file that it does not have: no such object, and a file that cannot be fetched (section 6).
const FILE_GONE: [i64; 2] = [100, 131_052];
/// Meta's codes for a token that it does not take, or that may not do this (section 6).
const NOT_LET_IN: [i64; 4] = [0, 10, 190, 200];

/// Where Meta keeps files.
const FILES: &str = "https://lookaside.fbsbx.com";

/// Makes TLS work for every client of this process; may be called often.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Somebody else installed one already: as good.
        let _already = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Calls the Graph API for all our numbers.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    version: String,
    auth: Auth,
    /// Shared by all copies of the client.
    questions: Arc<DefaultDirectRateLimiter>,
    /// The worst that answers told since somebody asked.
    usage: Arc<Mutex<Option<Usage>>>,
}

/// Meta took the message. That it arrives is told by statuses later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Provider's id.
    pub wamid: String,
    /// Held back for a look at its quality; released or dropped later (section 5.4).
    pub held: bool,
}

/// The call did not end with an acceptance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct SendError {
    /// Meta's code, if it answered with one.
    pub code: Option<i64>,
    /// Meta's wish, from `Retry-After`.
    pub retry_after: Option<Duration>,
    /// It may have been accepted all the same: an answer was lost, or was no answer of the API.
    pub uncertain: bool,
    /// No connection came about: Meta does not know of the call.
    pub unreached: bool,
    /// What happened, without number or text.
    pub detail: String,
}

/// A file that could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum NoFile {
    /// WhatsApp keeps it no more, or never had it.
    #[error("WhatsApp does not have it any more")]
    Gone,
    /// More than may be fetched.
    #[error("it has more than {0} MB")]
    TooLarge(usize),
    /// The token is not taken: `hotline doctor` says more.
    #[error("WhatsApp does not let us in: an admin looks at `hotline doctor`")]
    Refused,
    /// WhatsApp does not answer as it should.
    #[error("WhatsApp does not give it just now")]
    NotNow,
}

impl From<SendError> for NoFile {
    fn from(error: SendError) -> Self {
        match error.code {
            Some(code) if FILE_GONE.contains(&code) => Self::Gone,
            Some(code) if NOT_LET_IN.contains(&code) => Self::Refused,
            _ => Self::NotNow,
        }
    }
}

impl Client {
    /// Prepares calls as the settings say.
    ///
    /// # Errors
    /// The token holds what no header can hold.
    pub fn new(settings: &WhatsApp, token: &SecretString) -> Result<Self, String> {
        install_tls();
        let (name, value) = match settings.auth {
            Auth::Bearer => (HeaderName::from_static("authorization"), format!("Bearer {}", token.expose_secret())),
            Auth::D360 => (HeaderName::from_static("d360-api-key"), token.expose_secret().to_owned()),
        };
        let mut value =
            HeaderValue::from_str(&value).map_err(|_| "whatsapp.access_token holds characters that no token has")?;
        value.set_sensitive(true);
        let http = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(name, value)]))
            .user_agent(concat!("hotline/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.timeout.to_std())
            .connect_timeout(StdDuration::from_secs(5))
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| format!("cannot prepare calls to the Graph API: {error}"))?;
        let base = settings.graph_url.trim_end_matches('/').to_owned();
        let questions = Quota::per_hour(QUESTIONS_AN_HOUR).allow_burst(QUESTIONS_AT_ONCE);
        let questions = Arc::new(RateLimiter::direct(questions));
        Ok(Self {
            http,
            base,
            version: settings.graph_version.clone(),
            auth: settings.auth,
            questions,
            usage: Arc::default(),
        })
    }

    fn messages_url(&self, channel: &str) -> String {
        match self.auth {
            Auth::Bearer => format!("{}/{}/{channel}/messages", self.base, self.version),
            Auth::D360 => format!("{}/messages", self.base),
        }
    }

    /// Sends a message from one of our numbers. `callback` comes back with every status of it.
    ///
    /// # Errors
    /// See [`SendError`]; what to do about it says [`super::errors`].
    pub async fn send(
        &self,
        channel: &str,
        to: &Address,
        content: &Content,
        quote: Option<&str>,
        callback: &str,
    ) -> Result<Accepted, SendError> {
        let mut body = body(to, content)?;
        if let Some(object) = body.as_object_mut() {
            object.insert("biz_opaque_callback_data".into(), callback.into());
            if let Some(quote) = quote {
                object.insert("context".into(), json!({ "message_id": quote }));
            }
        }
        let answer = self.post(channel, &body).await?;
        // A page of some proxy may be JSON as well: without an id nobody knows whether Meta took it.
        let wamid = answer.pointer("/messages/0/id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let no_id = || told("the Graph API answered without the id of a message".into());
        let wamid = wamid.ok_or_else(|| SendError { uncertain: true, ..no_id() })?.to_owned();
        let held =
            answer.pointer("/messages/0/message_status").and_then(Value::as_str) == Some("held_for_quality_assessment");
        Ok(Accepted { wamid, held })
    }

    /// Marks a message, and with it those before, as read; shows the typing sign if an answer is coming.
    ///
    /// # Errors
    /// See [`SendError`]. Nothing is lost when it fails.
    pub async fn mark_read(&self, channel: &str, wamid: &str, typing: bool) -> Result<(), SendError> {
        let mut body = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": wamid });
        if typing {
            body["typing_indicator"] = json!({ "type": "text" });
        }
        self.post(channel, &body).await.map(|_| ())
    }

    /// A file that a customer sent: its bytes, if they are at most so many. Its address is asked for first, which ends soon.
    ///
    /// # Errors
    /// Why it could not be fetched.
    pub async fn media(&self, id: &str, most: usize) -> Result<Vec<u8>, NoFile> {
        // An id stands in the address of the call.
        if !id.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'_' || sign == b'-') {
            return Err(NoFile::Gone);
        }
        let place = match self.auth {
            Auth::Bearer => format!("{}/{}/{id}", self.base, self.version),
            Auth::D360 => format!("{}/{id}", self.base),
        };
        let response = self.http.get(place).send().await.map_err(|_| NoFile::NotNow)?;
        let told = self.answer(response).await?;
        let address = self.own_address(told["url"].as_str().unwrap_or_default())?;
        let mut response = self.http.get(address).send().await.map_err(|_| NoFile::NotNow)?;
        match response.status() {
            status if status.is_success() => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(NoFile::Gone),
            _ => return Err(NoFile::NotNow),
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| NoFile::NotNow)? {
            if bytes.len() + chunk.len() > most {
                return Err(NoFile::TooLarge(most >> 20));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// The address of a file as it is called: the token goes to Meta's host for files and to our own one, and to nobody else.
    fn own_address(&self, told: &str) -> Result<String, NoFile> {
        let behind = told.strip_prefix(FILES).filter(|behind| behind.starts_with('/'));
        match (self.auth, behind) {
            (Auth::Bearer, Some(_)) => Ok(told.to_owned()),
            // Through their host (section 8).
            (Auth::D360, Some(behind)) => Ok(format!("{}{behind}", self.base)),
            _ if told.strip_prefix(&self.base).is_some_and(|behind| behind.starts_with('/')) => Ok(told.to_owned()),
            _ => {
                tracing::warn!("WhatsApp named an address of a file that is on no host of theirs; it was not called");
                Err(NoFile::NotNow)
            }
        }
    }

    /// What Meta says of a number.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn number(&self, channel: &str) -> Result<Value, SendError> {
        let fields = "display_phone_number,verified_name,quality_rating,status,throughput,is_on_biz_app,health_status,\
                      whatsapp_business_manager_messaging_limit";
        self.ask(&format!("{channel}?fields={fields}")).await
    }

    /// Asks about an account, a number or a template, as often as Meta allows: a question too many is not asked at all.
    async fn ask(&self, path: &str) -> Result<Value, SendError> {
        if self.questions.check().is_err() {
            let detail = "too many questions about the account within an hour; it is asked again later".into();
            return Err(SendError { code: Some(TOO_MANY_QUESTIONS), ..told(detail) });
        }
        let url = format!("{}/{}/{path}", self.base, self.version);
        let response = self.http.get(url).send().await.map_err(|error| transport(&error))?;
        self.answer(response).await
    }

    /// Every template of an account in every language, as Meta lists them.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn templates(&self, account: &str) -> Result<Vec<Value>, SendError> {
        let fields = "name,language,status,category,components,quality_score,rejected_reason,parameter_format";
        let first = format!("{account}/message_templates?limit={TEMPLATES_AT_ONCE}&fields={fields}");
        let (mut all, mut path) = (Vec::new(), first.clone());
        let mut followed = HashSet::new();
        // What is not read to its end is no list: templates that are missing in it would count as gone.
        let broken = |detail: &str| told(detail.into());
        while followed.len() < MOST_PAGES {
            let mut page = self.ask(&path).await?;
            let data = page.get_mut("data").and_then(Value::as_array_mut).map(std::mem::take);
            all.extend(data.ok_or_else(|| broken("the answer holds no list of templates"))?);
            if page["paging"]["next"].is_null() {
                return Ok(all);
            }
            // `next` has the host and the token in it: the cursor alone is followed.
            let after =
                page["paging"]["cursors"]["after"].as_str().filter(|after| followed.insert((*after).to_owned()));
            let after = after.ok_or_else(|| broken("the list of templates does not tell where its next page is"))?;
            path = format!("{first}&after={after}");
        }
        Err(broken("the list of templates has no end"))
    }

    /// Asks Meta to approve a new template; returns how it stands then.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn make_template(&self, account: &str, call: &Value) -> Result<String, SendError> {
        let url = format!("{}/{}/{account}/message_templates", self.base, self.version);
        let request = self.http.post(url).header(CONTENT_TYPE, "application/json");
        let response = request.body(call.to_string()).send().await.map_err(|error| transport(&error))?;
        let made = self.answer(response).await?;
        Ok(made["status"].as_str().unwrap_or("PENDING").to_owned())
    }

    /// How much of Meta's allowance of calls is used: the worst that answers told since this was asked last.
    pub fn take_usage(&self) -> Option<Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn answer(&self, response: reqwest::Response) -> Result<Value, SendError> {
        if let Some(told) = usage::read(response.headers()) {
            let mut worst = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
            *worst = Some(worst.unwrap_or_default().or_worse(told));
        }
        body_of(response).await
    }

    async fn post(&self, channel: &str, body: &Value) -> Result<Value, SendError> {
        let request = self.http.post(self.messages_url(channel)).header(CONTENT_TYPE, "application/json");
        let response = request.body(body.to_string()).send().await.map_err(|error| transport(&error))?;
        self.answer(response).await
    }
}

/// The call itself failed. Where no connection came about, Meta cannot have taken anything.
fn transport(error: &reqwest::Error) -> SendError {
    let detail = match () {
        () if error.is_connect() => "the Graph API cannot be reached",
        () if error.is_timeout() => "the Graph API did not answer in time",
        () => "the connection to the Graph API broke",
    };
    SendError { uncertain: !error.is_connect(), unreached: error.is_connect(), ..told(detail.into()) }
}

/// An error of which nothing else is known.
fn told(detail: String) -> SendError {
    SendError { code: None, retry_after: None, uncertain: false, unreached: false, detail }
}

async fn body_of(response: reqwest::Response) -> Result<Value, SendError> {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let retry_after = retry_after.map(Duration::seconds);
    let bytes = response.bytes().await.map_err(|error| transport(&error))?;
    let body: Option<Value> = serde_json::from_slice(&bytes).ok();
    let error = body.as_ref().and_then(|body| body.get("error"));
    if let Some(error) = error {
        let code = error.get("code").and_then(code);
        let said = error.get("error_user_msg").or(error.get("message"));
        let message = said.and_then(Value::as_str).unwrap_or("the Graph API refused it");
        return Err(SendError { code, retry_after, ..told(message.to_owned()) });
    }
    match body {
        Some(body) if status.is_success() => Ok(body),
        // A page of some proxy: what became of the message is not known. 429 is a plain refusal.
        _ => Err(SendError {
            retry_after,
            uncertain: status != StatusCode::TOO_MANY_REQUESTS,
            ..told(format!("the Graph API answered {status} without saying why"))
        }),
    }
}

/// Meta's code, which somebody between may have made a text of.
fn code(told: &Value) -> Option<i64> {
    told.as_i64().or_else(|| told.as_str()?.trim().parse().ok())
}

fn body(to: &Address, content: &Content) -> Result<Value, SendError> {
    let mut body = json!({ "messaging_product": "whatsapp", "recipient_type": "individual" });
    match (&to.wa_id, &to.user_id) {
        // Without the plus Meta would put our own country code in front (section 4.1).
        (Some(wa_id), _) => body["to"] = format!("+{}", wa_id.trim_start_matches('+')).into(),
        (None, Some(user)) => body["recipient"] = user.0.as_str().into(),
        (None, None) => return Err(refuse("the contact has neither number nor user id")),
    }
    let (kind, part) = part(content)?;
    body["type"] = kind.into();
    body[kind] = part;
    Ok(body)
}

fn part(content: &Content) -> Result<(&'static str, Value), SendError> {
    Ok(match content {
        Content::Text { body } => {
            check("the text", body, Content::LONGEST)?;
            ("text", json!({ "body": body, "preview_url": body.contains("https://") }))
        }
        Content::Buttons { body, buttons } => {
            check("the text above buttons", body, Content::LONGEST_BESIDE)?;
            count("buttons", buttons.len(), Button::MOST)?;
            let mut shown = Vec::with_capacity(buttons.len());
            for button in buttons {
                check("a button's title", &button.title, Button::LONGEST_TITLE)?;
                shown.push(json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } }));
            }
            ("interactive", json!({ "type": "button", "body": { "text": body }, "action": { "buttons": shown } }))
        }
        Content::List { body, button, rows } => {
            check("the text above a list", body, Content::LONGEST)?;
            check("a list's button", button, Button::LONGEST_TITLE)?;
            count("rows", rows.len(), ListRow::MOST)?;
            for row in rows {
                check("a row's title", &row.title, ListRow::LONGEST_TITLE)?;
                check("a row's description", &row.description, ListRow::LONGEST_DESCRIPTION)?;
            }
            let sections = json!([{ "title": button, "rows": rows }]);
            let action = json!({ "button": button, "sections": sections });
            ("interactive", json!({ "type": "list", "body": { "text": body }, "action": action }))
        }
        Content::Image { link, caption } => {
            check("a caption", caption.as_deref().unwrap_or_default(), Content::LONGEST_BESIDE)?;
            ("image", json!({ "link": link, "caption": caption }))
        }
        Content::Template(template) => {
            let components = components(template);
            let language = json!({ "code": template.language });
            ("template", json!({ "name": template.name, "language": language, "components": components }))
        }
    })
}

/// What is filled into a template: header, body, buttons.
fn components(template: &TemplateRef) -> Vec<Value> {
    let text = |text: &String| json!({ "type": "text", "text": text });
    let named = |(name, text): &(String, String)| json!({ "type": "text", "parameter_name": name, "text": text });
    let of = |kind: &str, parameters: Vec<Value>| json!({ "type": kind, "parameters": parameters });
    let parts = &template.parts;
    let header = parts.header.as_ref().map(|header| match header {
        Header::Text { name: Some(name), text } => named(&(name.clone(), text.clone())),
        Header::Text { name: None, text: words } => text(words),
        Header::Image(link) => json!({ "type": "image", "image": { "link": link } }),
        Header::Video(link) => json!({ "type": "video", "video": { "link": link } }),
        Header::Document(link) => {
            let filename = link.rsplit('/').next().unwrap_or_default().split(['?', '#']).next();
            json!({ "type": "document", "document": { "link": link, "filename": filename } })
        }
    });
    let body: Vec<Value> = match parts.named.is_empty() {
        true => parts.numbered.as_ref().unwrap_or(&template.body).iter().map(text).collect(),
        false => parts.named.iter().map(named).collect(),
    };
    let button = |(place, press): &(usize, Press)| {
        let (kind, parameter) = match press {
            Press::Open(end) => ("url", text(end)),
            Press::Tell(payload) => ("quick_reply", json!({ "type": "payload", "payload": payload })),
        };
        json!({ "type": "button", "sub_type": kind, "index": place.to_string(), "parameters": [parameter] })
    };
    let above = header.map(|header| of("header", vec![header]));
    let body = Some(body).filter(|body| !body.is_empty()).map(|body| of("body", body));
    above.into_iter().chain(body).chain(parts.buttons.iter().map(button)).collect()
}

/// Lengths are counted in UTF-16 units, the stricter reading (section 5.6).
fn check(what: &str, text: &str, most: usize) -> Result<(), SendError> {
    let length = text.encode_utf16().count();
    if length > most {
        return Err(refuse(&format!("{what} has {length} characters, WhatsApp takes {most}")));
    }
    Ok(())
}

fn count(what: &str, count: usize, most: usize) -> Result<(), SendError> {
    if count == 0 || count > most {
        return Err(refuse(&format!("{count} {what}, WhatsApp takes 1 to {most}")));
    }
    Ok(())
}

/// Refused before the call, as Meta would (100).
fn refuse(detail: &str) -> SendError {
    SendError { code: Some(100), ..told(detail.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_a_text() {
        assert_eq!([json!(131_056), json!("131056"), json!(" 131056 ")].map(|told| code(&told)), [Some(131_056); 3]);
        assert_eq!([json!(null), json!("none"), json!({})].map(|told| code(&told)), [None; 3]);
    }
}
