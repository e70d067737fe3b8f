//! What all dictionary files have in common: they are TOML, and their lists name languages.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use hotline_domain::{Problem, SourceFile};

/// Languages that dictionaries may have.
pub(crate) const LANGUAGES: [&str; 14] =
    ["en", "zh-Hans", "zh-Hant", "ru", "it", "pt", "es", "id", "ms", "hi", "ar", "de", "fr", "tr"];

/// The place of English in [`LANGUAGES`].
pub(crate) const ENGLISH: usize = 0;

/// Tables of what dictionaries hold: the shop's own words, which nobody makes collide on purpose.
pub(crate) type Lookup<K, V> = HashMap<K, V, FixedState>;
/// The same without values.
pub(crate) type LookupSet<K> = HashSet<K, FixedState>;

/// Reads a TOML file, or tells where it is wrong.
pub(crate) fn read<'f, T: serde::Deserialize<'f>>(file: &'f SourceFile) -> Result<T, Problem> {
    toml::from_str(&file.text).map_err(|error| {
        let place = error.span().map_or(0, |span| span.start);
        let advice = "Words stand in quotes between [ and ], with commas: en = [\"phone\", \"smartphone\"].";
        Problem::at(&file.path, &file.text, place, error.message().to_owned(), advice)
    })
}
