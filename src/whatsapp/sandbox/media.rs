//! Files (section 4.3): uploaded by the business or sent by a customer, looked up by id, fetched by an address that soon ends.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::calls::{Node, OfNumber, success, unauthorised, unknown_object};
use super::failures::refuse;
use super::{Sandbox, SandboxSettings};
use crate::domain::{Duration, Timestamp, embedded};

/// The picture that customers send.
const SAMPLE: &[u8] = include_bytes!("sample.jpg");
/// How long a file stays that the business uploaded, and one that a customer sent (sections 4.3 and 2.2).
const UPLOADED_STAYS: Duration = Duration::days(30);
const SENT_STAYS: Duration = Duration::days(7);
/// How long an address can be fetched.
const ADDRESS_STAYS: Duration = Duration::minutes(5);
/// The largest upload that is read at all, with the form around the file.
pub(super) const LARGEST_UPLOAD: usize = 101 << 20;
/// The error for a file that Meta does not take.
const NOT_TAKEN: i64 = 131_053;

#[derive(Deserialize)]
struct Kinds {
    kind: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    name: String,
    types: Vec<String>,
    most_bytes: usize,
    most_bytes_still: Option<usize>,
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| embedded::<Kinds>("media.toml", include_str!("media.toml")).kind);

fn kind_of(mime: &str) -> Option<&'static Kind> {
    let mime = mime.split(';').next().unwrap_or_default().trim();
    KINDS.iter().find(|kind| kind.types.iter().any(|name| name.eq_ignore_ascii_case(mime)))
}

/// The files that are there.
#[derive(Debug, Default)]
pub(super) struct Media {
    files: HashMap<String, File>,
    made: u64,
}

#[derive(Clone, Debug)]
struct File {
    mime: String,
    bytes: Bytes,
    until: Timestamp,
}

impl Media {
    fn keep(&mut self, mime: &str, bytes: Bytes, until: Timestamp, now: Timestamp) -> String {
        self.files.retain(|_, file| file.until > now);
        self.made += 1;
        let id = (800_000_000_000_000 + self.made).to_string();
        self.files.insert(id.clone(), File { mime: mime.to_owned(), bytes, until });
        id
    }

    fn find(&self, id: &str, now: Timestamp) -> Option<File> {
        self.files.get(id).filter(|file| file.until > now).cloned()
    }

    /// Whether the files that a call names by id are there, and of the kind that they are sent as.
    pub(super) fn judge(&self, call: &Value, now: Timestamp) -> Result<(), (i64, String)> {
        for (kind, id) in named(call) {
            let Some(file) = self.find(&id, now) else {
                return Err((131_009, format!("{kind}.id: there is no file {id}")));
            };
            if kind_of(&file.mime).is_none_or(|of| of.name != kind) {
                return Err((NOT_TAKEN, format!("{id} is of type {} and cannot be sent as {kind}", file.mime)));
            }
        }
        Ok(())
    }
}

/// The files that a call names by id: in its own part, above its buttons, or in a template's parameters.
fn named(call: &Value) -> Vec<(&'static str, String)> {
    let kind = call["type"].as_str().unwrap_or_default();
    let parts = call["template"]["components"].as_array().into_iter().flatten();
    let parameters = parts.filter_map(|part| part["parameters"].as_array()).flatten().filter(|_| kind == "template");
    let header = Some(&call["interactive"]["header"]).filter(|_| kind == "interactive");
    let own = Some(call).filter(|_| !["template", "interactive"].contains(&kind));
    let id = |holder: &Value| {
        let kind = KINDS.iter().find(|kind| holder["type"] == kind.name.as_str())?.name.as_str();
        // One of digits may stand there as a number.
        match &holder[kind]["id"] {
            Value::String(id) => Some((kind, id.clone())),
            Value::Number(id) => Some((kind, id.to_string())),
            _ => None,
        }
    };
    own.into_iter().chain(header).chain(parameters).filter_map(id).collect()
}

/// A picture of a customer's, as a webhook tells of it.
pub(super) fn picture(sandbox: &Sandbox, caption: &str) -> Value {
    sent(sandbox, "image/jpeg", Bytes::from_static(SAMPLE), caption)
}

/// A file of a customer's, as a webhook tells of it.
pub(super) fn sent(sandbox: &Sandbox, mime: &str, bytes: Bytes, caption: &str) -> Value {
    let (now, sha256) = (sandbox.inner.now(), STANDARD.encode(Sha256::digest(&bytes)));
    let id = sandbox.inner.media().keep(mime, bytes, now + SENT_STAYS, now);
    let url = address(&sandbox.inner.settings, &id, "webhook", now);
    let mut picture = json!({ "id": id, "mime_type": mime, "sha256": sha256, "url": url });
    if !caption.is_empty() {
        picture["caption"] = caption.into();
    }
    picture
}

/// Where the bytes are, for a while.
fn address(settings: &SandboxSettings, id: &str, source: &str, now: Timestamp) -> String {
    let end = (now + ADDRESS_STAYS).0 / 1000;
    let hash = seal(settings, id, end);
    format!(
        "{}/whatsapp_business/attachments/?mid={id}&source={source}&ext={end}&hash={hash}",
        settings.graph_url.trim_end_matches('/')
    )
}

/// What nobody can write who was not given the address.
fn seal(settings: &SandboxSettings, id: &str, end: i64) -> String {
    let secret = settings.app_secret.expose_secret();
    hex::encode(&Sha256::digest(format!("{secret}:{id}:{end}"))[..12])
}

/// `POST /{phone-number-id}/media`.
pub(super) async fn upload(
    State(sandbox): State<Sandbox>,
    _: OfNumber,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let Ok(form) = form else { return refuse(100, "The body is not a form of several parts") };
    match read(form).await {
        Ok((mime, bytes)) => {
            let now = sandbox.inner.now();
            let id = sandbox.inner.media().keep(&mime, bytes, now + UPLOADED_STAYS, now);
            axum::Json(json!({ "id": id })).into_response()
        }
        Err((code, detail)) => refuse(code, &detail),
    }
}

/// The file of an upload and its type.
async fn read(mut form: Multipart) -> Result<(String, Bytes), (i64, String)> {
    let broken = |_| (NOT_TAKEN, "The file is too large, or was not sent to its end".to_owned());
    let (mut product, mut told, mut file) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().unwrap_or_default() {
            "messaging_product" => product = Some(field.text().await.map_err(broken)?),
            "type" => told = Some(field.text().await.map_err(broken)?),
            "file" => {
                let mime = field.content_type().unwrap_or_default().to_owned();
                file = Some((mime, field.bytes().await.map_err(broken)?));
            }
            _ => {}
        }
    }
    if product.as_deref() != Some("whatsapp") {
        return Err((100, "The parameter messaging_product is required.".into()));
    }
    let (mime, bytes) = file.ok_or((100, "The parameter file is required.".to_owned()))?;
    let mime = told.filter(|told| !told.is_empty()).unwrap_or(mime);
    let kind = kind_of(&mime).ok_or_else(|| (NOT_TAKEN, format!("Files of type {mime} are not supported")))?;
    let most = kind.most_bytes_still.filter(|_| !moves(&bytes)).unwrap_or(kind.most_bytes);
    if bytes.is_empty() || bytes.len() > most {
        return Err((NOT_TAKEN, format!("{} bytes: a file of kind {} has 1 to {most}", bytes.len(), kind.name)));
    }
    Ok((mime, bytes))
}

/// Whether a WebP picture is animated: its extended header says so in a flag.
fn moves(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 0b10 != 0)
}

/// `GET /{media-id}`: what a file is, and where its bytes are.
pub(super) fn show(sandbox: &Sandbox, id: &str, number: Option<&str>) -> Response {
    let (settings, now) = (&sandbox.inner.settings, sandbox.inner.now());
    let found = sandbox.inner.media().find(id, now);
    let Some(file) = found.filter(|_| number.is_none_or(|number| number == settings.phone_number_id)) else {
        return unknown_object(&Method::GET, id);
    };
    axum::Json(json!({
        "messaging_product": "whatsapp", "id": id, "url": address(settings, id, "getMedia", now),
        // In look-ups it is hexadecimal, in webhooks base64.
        "mime_type": file.mime, "sha256": hex::encode(Sha256::digest(&file.bytes)), "file_size": file.bytes.len(),
    }))
    .into_response()
}

/// `DELETE /{media-id}`.
pub(super) async fn delete(State(sandbox): State<Sandbox>, Node { id }: Node) -> Response {
    match sandbox.inner.media().files.remove(&id) {
        Some(_) => success(),
        None => unknown_object(&Method::DELETE, &id),
    }
}

/// What an address names.
#[derive(Deserialize)]
pub(super) struct Attachment {
    mid: String,
    ext: i64,
    hash: String,
}

/// The bytes, for who shows the token while the address lasts.
pub(super) async fn fetch(
    State(sandbox): State<Sandbox>,
    Query(asked): Query<Attachment>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = unauthorised(&sandbox, &headers) {
        return refusal;
    }
    let (settings, now) = (&sandbox.inner.settings, sandbox.inner.now());
    let lasts = asked.hash == seal(settings, &asked.mid, asked.ext) && now.0 / 1000 < asked.ext;
    match sandbox.inner.media().find(&asked.mid, now).filter(|_| lasts) {
        Some(file) => ([(header::CONTENT_TYPE, file.mime)], file.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_a_call_names_are_there_and_of_its_kind() {
        let (now, mut media) = (Timestamp(0), Media::default());
        let mut keep = |mime: &str| media.keep(mime, Bytes::from_static(b"x"), now + UPLOADED_STAYS, now);
        let (picture, voice) = (keep("image/png"), keep("audio/ogg; codecs=opus"));
        let template = |id: &str| {
            let parameters = json!([{ "type": "image", "image": { "id": id } }]);
            json!({ "type": "template", "template": { "components": [{ "type": "header", "parameters": parameters }] } })
        };
        let above = |id: &str| json!({ "type": "interactive", "interactive": { "header": { "type": "image", "image": { "id": id } } } });
        for (call, code) in [
            (json!({ "type": "image", "image": { "id": picture } }), None),
            (json!({ "type": "audio", "audio": { "id": voice } }), None),
            (json!({ "type": "video", "video": { "id": picture } }), Some(NOT_TAKEN)),
            (json!({ "type": "image", "image": { "id": "1" } }), Some(131_009)),
            (json!({ "type": "image", "image": { "link": "https://x.example/a.png" } }), None),
            (json!({ "type": "text", "image": { "id": "1" } }), None),
            (template(&picture), None),
            (template("1"), Some(131_009)),
            (above(&picture), None),
            (above("1"), Some(131_009)),
        ] {
            assert_eq!(media.judge(&call, now).err().map(|error| error.0), code, "{call}");
        }
        assert!(media.judge(&json!({ "type": "image", "image": { "id": picture } }), now + UPLOADED_STAYS).is_err());
    }

    #[test]
    fn a_sticker_that_moves_may_be_larger() {
        assert_eq!(kind_of("image/webp").and_then(|kind| kind.most_bytes_still), Some(100 << 10));
        let mut sticker = *b"RIFF....WEBPVP8X....\x02...";
        assert!(moves(&sticker));
        sticker[20] = 0;
        assert!(!moves(&sticker));
        assert!(!moves(b"RIFF"));
    }
}
