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
    /// A file as it lies on the disk, and what is wrong where that is no text: many editors save in the encoding of their country. What
    /// of it can be read is there all the same.
    pub fn from_bytes(path: String, bytes: Vec<u8>) -> (Self, Option<Problem>) {
        let error = match String::from_utf8(bytes) {
            Ok(text) => return (Self { path, text }, None),
            Err(error) => error,
        };
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let advice = "Save the file as UTF-8: editors ask for the “encoding” where they ask for the name.";
        let place = error.utf8_error().valid_up_to();
        let wrong = Problem::at(&path, &text, place, "this is no text in UTF-8", advice);
        (Self { path, text }, Some(wrong))
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_encoding_is_told_with_the_place_of_its_first_letter() {
        let bytes = b"[kettle]\nde = [\"wasserkocher f\xfcr\"]\n".to_vec();
        let (file, wrong) = SourceFile::from_bytes("products/kitchen.toml".into(), bytes);
        assert!(file.text.starts_with("[kettle]\nde = [\"wasserkocher f\u{fffd}r"), "{}", file.text);
        let wrong = wrong.map(|wrong| wrong.to_string()).unwrap_or_default();
        assert!(wrong.starts_with("products/kitchen.toml:2:22: error: this is no text in UTF-8"), "{wrong}");
        assert_eq!(SourceFile::from_bytes("a.toml".into(), "für".into()).1, None);
    }
}
