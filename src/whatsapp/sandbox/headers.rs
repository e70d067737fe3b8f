//! Headers that every answer has, and the token in an address (sections 4 and 9, point 7).

use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use serde_json::json;

use super::failures::refuse;
use super::media::LARGEST_UPLOAD;
use super::nodes::Asked;
use super::{Sandbox, wire};

/// The version that a call is answered by which names none (section 3).
const LATEST: &str = "v26.0";
/// A body that the web server takes where a call does not say otherwise: its own limit.
const LARGEST_CALL: usize = 2 << 20;
const TOO_LARGE: &str = "The body of the call is too large";

pub(super) async fn around(State(sandbox): State<Sandbox>, mut request: Request, next: Next) -> Response {
    token_of_address(&mut request);
    let named = request.uri().path().split('/').nth(1).filter(|part| wire::is_version(part));
    let version = named.unwrap_or(LATEST).parse::<HeaderValue>();
    let mut response = pass(request, next).await;
    let headers = response.headers_mut();
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    }
    // How much of the allowance of calls is used.
    let used = sandbox.inner.faults().usage;
    let usage = json!({ &sandbox.inner.settings.phone_number_id: [{ "type": "whatsapp", "call_count": used, "total_cputime": 1,
        "total_time": 1, "estimated_time_to_regain_access": 0 }] });
    let told = [
        ("facebook-api-version", version),
        ("x-fb-trace-id", wire::trace_id().parse()),
        ("x-business-use-case-usage", usage.to_string().parse()),
    ];
    headers.extend(told.into_iter().filter_map(|(name, value)| Some((HeaderName::from_static(name), value.ok()?))));
    response
}

/// What the web server refuses by itself is told in the form of the Graph API, too.
async fn pass(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (is_call, is_file) = (!path.starts_with("/control/"), path.ends_with("/media"));
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if is_call && !is_file && length.is_some_and(|length: usize| length > LARGEST_CALL && length < LARGEST_UPLOAD) {
        // Who is answered before all is sent may not hear it.
        let mut rest = request.into_body().into_data_stream();
        while let Some(Ok(_)) = rest.next().await {}
        return refuse(100, TOO_LARGE);
    }
    let response = next.run(request).await;
    match response.status() {
        _ if !is_call || !is_plain(&response) => response,
        StatusCode::PAYLOAD_TOO_LARGE => refuse(100, TOO_LARGE),
        _ => refuse(100, "The call cannot be read"),
    }
}

/// Refused in words in place of JSON.
fn is_plain(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    response.status().is_client_error() && kind.is_some_and(|kind| kind.starts_with("text/plain"))
}

/// A token behind `?access_token=` counts like one in the header, which goes before it.
fn token_of_address(request: &mut Request) {
    if request.headers().contains_key(header::AUTHORIZATION) {
        return;
    }
    let asked = Query::<Asked>::try_from_uri(request.uri()).map(|Query(asked)| asked).unwrap_or_default();
    if let Some(value) = asked.get("access_token").and_then(|token| format!("Bearer {token}").parse().ok()) {
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
}
