//! Errors of the API as problem details (RFC 9457): what happened, to what, what to do next.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;

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
        tracing::warn!(%error, "the database did not answer a call of the API");
        Self::unavailable()
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}
