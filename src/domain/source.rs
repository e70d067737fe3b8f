//! A file that an admin edits, before anybody has understood it.

use serde::de::DeserializeOwned;

use super::Problem;

/// Path and text of one dictionary, rule or template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the folder that it was found in, with forward slashes: `products/electronics.toml`.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

impl SourceFile {
    /// The file of that path, which must be there; `holds` says what it is for.
    ///
    /// # Errors
    /// It is missing.
    pub fn required<'a>(files: &'a [Self], path: &str, holds: &str) -> Result<&'a Self, Problem> {
        files.iter().find(|file| file.path == path).ok_or_else(|| {
            let message = format!("{path} is missing: it holds {holds}");
            Problem::at(path, "", 0, message, "Copy it from the ones that ship with Hotline.")
        })
    }

    /// Reads it as TOML; `advice` says what to write instead of what is wrong.
    ///
    /// # Errors
    /// It is no TOML, or holds something else.
    pub fn toml<T: DeserializeOwned>(&self, advice: &str) -> Result<T, Problem> {
        toml::from_str(&self.text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            Problem::at(&self.path, &self.text, place, error.message(), advice)
        })
    }
}
