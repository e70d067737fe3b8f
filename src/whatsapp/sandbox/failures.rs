//! What Meta calls each error, and what a refusal or a status says of it where there is nothing more to tell.

use std::sync::LazyLock;

use serde::Deserialize;

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

static FAILURES: LazyLock<Vec<Failure>> = LazyLock::new(|| {
    let failures: Result<Failures, _> = toml::from_str(include_str!("failures.toml"));
    failures.map(|failures| failures.failure).unwrap_or_default()
});

/// Meta's title of an error and what is said of it; of one that is not in failures.toml its meaning stands for both.
pub(super) fn told(code: i64) -> (&'static str, &'static str) {
    let meaning = || errors::policy(code).map_or("Unknown error", |policy| policy.meaning.as_str());
    let known = FAILURES.iter().find(|failure| failure.code == code);
    known.map_or_else(|| (meaning(), meaning()), |known| (&known.title, &known.details))
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
