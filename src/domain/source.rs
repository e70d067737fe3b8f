//! A file that an admin edits, before anybody has understood it.

/// Path and text of one dictionary, rule or template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the folder that it was found in, with forward slashes: `products/electronics.toml`.
    pub path: String,
    /// Its whole text.
    pub text: String,
}
