//! What the address of a call says: its parts and its query. What is wrong with them is told as a problem, as what is wrong with a
//! body is.

use std::error::Error;

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{self, FromRequestParts};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::ApiProblem;

/// The parts of an address that name something.
pub(super) struct Path<T>(pub(super) T);

/// What stands behind the question mark.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(named)) => Ok(Self(named)),
            Err(rejection) => Err(ApiProblem::address(wrong_part(rejection))),
        }
    }
}

fn wrong_part(rejection: PathRejection) -> String {
    let kind = match rejection {
        PathRejection::FailedToDeserializePathParams(rejection) => rejection.into_kind(),
        other => return format!("{other}."),
    };
    match kind {
        // Names are taken as they are: what has to be read is a number.
        ErrorKind::ParseError { value, .. }
        | ErrorKind::ParseErrorAtKey { value, .. }
        | ErrorKind::ParseErrorAtIndex { value, .. } => {
            format!("`{value}` stands in the address where it has a number.")
        }
        other => format!("{other}."),
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        match extract::Query::from_request_parts(parts, state).await {
            Ok(extract::Query(asked)) => Ok(Self(asked)),
            Err(rejection) => {
                // What was expected stands in the source, by the name of the field.
                let wrong = rejection.source().map_or_else(|| rejection.to_string(), ToString::to_string);
                Err(ApiProblem::address(format!("The query of the address cannot be read: {wrong}.")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asking {
        #[serde(default)]
        limit: Option<i64>,
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_query_is_told_by_its_name() {
        let read = async |address: &str| {
            let (mut parts, ()) = Request::get(address).body(()).expect("it is an address").into_parts();
            let read = Query::<Asking>::from_request_parts(&mut parts, &()).await;
            read.map(|Query(asking)| asking.limit).map_err(|problem| (problem.status, problem.detail))
        };
        assert_eq!(read("/api/v1/contacts?limit=7").await, Ok(Some(7)));
        for (query, said) in [("limit=many", "limit: invalid digit"), ("telephone=1", "unknown field `telephone`")] {
            let (status, detail) = read(&format!("/api/v1/contacts?{query}")).await.expect_err(query);
            assert!(status == 400 && detail.contains(said) && detail.contains("/openapi.json"), "{detail}");
        }
    }
}
