//! What stands before every call: its token, the object that it is about, its body; and what is answered to one that did what it says.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::failures::refuse;
use super::{ACCOUNT, Sandbox, wire};

/// The object that a call with the right token is about.
#[derive(Deserialize)]
pub(super) struct Node {
    pub(super) id: String,
}

impl FromRequestParts<Sandbox> for Node {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, Response> {
        if let Some(refusal) = unauthorised(sandbox, &parts.headers) {
            return Err(refusal);
        }
        let node = Path::<Self>::from_request_parts(parts, sandbox).await;
        node.map(|Path(node)| node).map_err(IntoResponse::into_response)
    }
}

/// A call about the number.
pub(super) struct OfNumber;

impl FromRequestParts<Sandbox> for OfNumber {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, Response> {
        let Node { id } = Node::from_request_parts(parts, sandbox).await?;
        let is_ours = id == sandbox.inner.settings.phone_number_id;
        is_ours.then_some(Self).ok_or_else(|| unknown_object(&parts.method, &id))
    }
}

/// A call about the account, within the limit of such calls.
pub(super) struct OfAccount;

impl FromRequestParts<Sandbox> for OfAccount {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, Response> {
        let Node { id } = Node::from_request_parts(parts, sandbox).await?;
        if id != ACCOUNT {
            return Err(unknown_object(&parts.method, &id));
        }
        too_many(sandbox).map_or(Ok(Self), Err)
    }
}

/// The refusal of one more call about the account and its templates.
pub(super) fn too_many(sandbox: &Sandbox) -> Option<Response> {
    let (now, mut templates) = (sandbox.inner.now(), sandbox.inner.templates());
    (!templates.takes_call(now)).then(|| refuse(80_007, "There have been too many calls to this account"))
}

/// What the body of a call says.
pub(super) struct Fields(pub(super) Map<String, Value>);

impl FromRequest<Sandbox> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, sandbox: &Sandbox) -> Result<Self, Response> {
        let body = Bytes::from_request(request, sandbox).await.map_err(IntoResponse::into_response)?;
        serde_json::from_slice(&body).map(Self).map_err(|_| refuse(100, "The body is not a JSON object"))
    }
}

/// The refusal of a call without the token.
pub(super) fn unauthorised(sandbox: &Sandbox, headers: &HeaderMap) -> Option<Response> {
    let expected = format!("Bearer {}", sandbox.inner.settings.access_token.expose_secret());
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if shown == Some(expected.as_str()) {
        return None;
    }
    let error = json!({ "error": {
        "message": "Invalid OAuth access token - Cannot parse access token", "type": "OAuthException", "code": 190,
        "fbtrace_id": wire::trace_id(),
    }});
    Some((StatusCode::UNAUTHORIZED, axum::Json(error)).into_response())
}

/// Meta's answer where there is no such object, or it has no such call (section 9, point 8).
pub(super) fn unknown_object(method: &Method, id: &str) -> Response {
    let method = method.as_str().to_ascii_lowercase();
    let message = format!(
        "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, \
         or does not support this operation. Please read the Graph API documentation at \
         https://developers.facebook.com/docs/graph-api"
    );
    let error = json!({ "error": {
        "message": message, "type": "GraphMethodException", "code": 100, "error_subcode": 33,
        "fbtrace_id": wire::trace_id(),
    }});
    (StatusCode::BAD_REQUEST, axum::Json(error)).into_response()
}

/// The answer to a call that did what it says.
pub(super) fn success() -> Response {
    axum::Json(json!({ "success": true })).into_response()
}
