//! What is refused before a page looks at it, and told in a page whichever part of the server refused it.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::web::pages::Pages;

/// Bytes of the largest form.
const LARGEST_FORM: usize = 2 << 20;
/// Bytes that a refusal in plain text may have.
const LONGEST: usize = 4_096;
/// How an address and a form write the sign NUL: no name and no word has it, and PostgreSQL takes no text with it.
const NUL: &[u8] = b"%00";

fn has_nul(text: &[u8]) -> bool {
    text.contains(&0) || text.windows(NUL.len()).any(|part| part == NUL)
}

fn has_type(headers: &axum::http::HeaderMap, kind: &str) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(kind.as_bytes()))
}

/// Refuses addresses and forms with a sign that no database takes.
pub(super) async fn nul(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let again = "Go back, reload the page and try again.";
    if request.uri().path_and_query().is_some_and(|address| has_nul(address.as_str().as_bytes())) {
        return pages.error(StatusCode::NOT_FOUND, "There is nothing at this address.", "");
    }
    if !has_type(request.headers(), "application/x-www-form-urlencoded") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body: Bytes = match to_bytes(body, LARGEST_FORM).await {
        Ok(body) => body,
        Err(_) => return pages.error(StatusCode::PAYLOAD_TOO_LARGE, "This form is too large.", again),
    };
    if has_nul(&body) {
        return pages.error(StatusCode::BAD_REQUEST, "This form has a sign that no text has.", again);
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// Gives what was refused in plain text, such as a field that is missing or a number that is none, the style of the other pages.
pub(super) async fn in_one_style(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() || !has_type(response.headers(), "text/plain") {
        return response;
    }
    let text = to_bytes(response.into_body(), LONGEST).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    if status == StatusCode::NOT_FOUND || text.starts_with("Invalid URL") {
        return pages.error(StatusCode::NOT_FOUND, "There is nothing at this address.", "");
    }
    // Behind the colon stands what is wrong with which field.
    let wrong = text.strip_prefix("Failed to deserialize ").and_then(|text| text.split_once(": "));
    let wrong = wrong.map_or(&*text, |(_, wrong)| wrong).trim_end_matches('.');
    let next = format!("{wrong}. Go back, reload the page and try again.");
    pages.error(status, "Something in the address or the form is missing or wrong.", &next)
}
