//! What Meta calls each error, what a refusal or a status says of it where there is nothing more to tell, and the answer to a call that
//! is refused.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::wire;
use crate::domain::embedded;
use crate::whatsapp::errors;

#[derive(Deserialize)]
struct Failures {
    failure: Vec<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    code: i64,
    title: String,
    details: String,
}

static FAILURES: LazyLock<Vec<Failure>> =
    LazyLock::new(|| embedded::<Failures>("failures.toml", include_str!("failures.toml")).failure);

/// Meta's title of an error and what is said of it; of one that is not in failures.toml its meaning stands for both.
pub(super) fn told(code: i64) -> (&'static str, &'static str) {
    let meaning = || errors::policy(code).map_or("Unknown error", |policy| policy.meaning.as_str());
    let known = FAILURES.iter().find(|failure| failure.code == code);
    known.map_or_else(|| (meaning(), meaning()), |known| (&known.title, &known.details))
}

/// The answer to a call that is refused.
pub(super) fn refuse(code: i64, details: &str) -> Response {
    refuse_with(code, None, details)
}

/// A refusal of which there is nothing more to tell than its code.
pub(super) fn refuse_as(code: i64) -> Response {
    refuse(code, told(code).1)
}

/// The body of an error (section 4.1): Meta's title stands in the message, what is wrong in the details.
pub(super) fn refuse_with(code: i64, subcode: Option<i64>, details: &str) -> Response {
    let mut error = json!({ "error": {
        "message": format!("(#{code}) {}", told(code).0), "type": "OAuthException", "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": details }, "fbtrace_id": wire::trace_id(),
    }});
    if let Some(subcode) = subcode {
        error["error"]["error_subcode"] = subcode.into();
        error["error"]["error_user_msg"] = details.into();
    }
    let status = StatusCode::from_u16(errors::http_status(code)).unwrap_or(StatusCode::BAD_REQUEST);
    (status, axum::Json(error)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_metas_and_each_code_has_one() {
        assert!(FAILURES.len() > 30, "the table is readable");
        for (code, title) in [
            (100, "Invalid parameter"),
            (131_009, "Parameter value is not valid"),
            (132_001, "Template name does not exist in the translation"),
            (131_037, "The display name is not approved"),
            (424_242, "Unknown error"),
        ] {
            assert_eq!(told(code).0, title, "{code}");
        }
        let mut codes: Vec<_> = FAILURES.iter().map(|failure| failure.code).collect();
        codes.dedup();
        assert!(codes.len() == FAILURES.len() && codes.is_sorted(), "in order, each once: {codes:?}");
    }
}
