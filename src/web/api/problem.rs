//! Errors of the API as problem details (RFC 9457): what happened, to what, what to do next.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;

const CONTENT_TYPE: &str = "application/problem+json";

/// One error, as JSON of type `application/problem+json`.
#[derive(Debug, Serialize)]
pub struct ApiProblem {
    /// Stable name of the kind of error.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Short summary of the kind.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened here, and what to do next.
    pub detail: String,
}

impl ApiProblem {
    /// The body or a field of it is wrong.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self { kind: "about:blank#invalid", title: "The request is not valid", status: 422, detail: detail.into() }
    }

    /// The address asks for what cannot be read.
    pub fn address(detail: impl Into<String>) -> Self {
        let detail = format!("{} /openapi.json tells what each address takes.", detail.into());
        Self { kind: "about:blank#invalid", title: "The request is not valid", status: 400, detail }
    }

    /// A place in a list that no list of ours gave.
    pub fn cursor() -> Self {
        Self::invalid("`cursor` is not one that this API gave. Send it as it came in `next`.")
    }

    /// It is right in itself, but cannot be done as things stand.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self { kind: "about:blank#conflict", title: "This cannot be done now", status: 409, detail: detail.into() }
    }

    /// The database cannot take it now.
    pub fn unavailable() -> Self {
        let detail = "The database does not answer, and nothing was stored. Send it again in a few seconds.".into();
        Self { kind: "about:blank#unavailable", title: "Not available just now", status: 503, detail }
    }

    /// Nothing of that name.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self { kind: "about:blank#not-found", title: "There is no such thing", status: 404, detail: detail.into() }
    }

    /// The caller may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self { kind: "about:blank#forbidden", title: "This is not allowed", status: 403, detail: detail.into() }
    }

    /// No token, or a wrong one.
    pub fn unauthorized() -> Self {
        let detail = "Send `Authorization: Bearer …` with the token of the setting api.token.".into();
        Self { kind: "about:blank#unauthorized", title: "Not signed in", status: 401, detail }
    }
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the database did not take a call of the API");
        match error {
            StoreError::Refused(_) => Self::invalid("The database takes no such text or number as stands in it."),
            _ => Self::unavailable(),
        }
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response()
    }
}

/// Bytes of an error's text that are kept as its detail.
const LONGEST_DETAIL: usize = 4_096;

/// Gives errors that no handler of the API made the shape of those that they make: a body that is too large, an address that is none.
pub async fn in_one_shape(request: Request, next: Next) -> Response {
    let of_api = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let status = response.status();
    let told = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == CONTENT_TYPE);
    if !of_api || told || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let is_text =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let text = match is_text {
        true => axum::body::to_bytes(response.into_body(), LONGEST_DETAIL).await.unwrap_or_default(),
        false => axum::body::Bytes::new(),
    };
    let title = status.canonical_reason().unwrap_or("The request failed");
    let detail = match String::from_utf8_lossy(&text) {
        text if text.trim().is_empty() => "See /openapi.json for what is there and how it is called.".to_owned(),
        text => text.trim().to_owned(),
    };
    ApiProblem { kind: "about:blank", title, status: status.as_u16(), detail }.into_response()
}
