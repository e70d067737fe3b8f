//! Tables that are part of the program, and how they and the files of a shop write a length of time.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::Duration;

/// Reads a table that is part of the program; `name` is that of its file.
///
/// # Panics
/// It cannot be read. That is a mistake of ours, and each of these tables has a test that meets it.
pub fn embedded<T: DeserializeOwned>(name: &str, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("{name}, which is part of the program, cannot be read: {error}"))
}

/// A length of time as people write it: `90s`, `15m`, `24h`, `7d`.
///
/// # Errors
/// It is written in another way.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    read(&String::deserialize(deserializer)?)
}

/// The same where one may be missing.
///
/// # Errors
/// See [`duration`].
pub fn duration_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(|text| read(&text)).transpose()
}

/// Several of them.
///
/// # Errors
/// See [`duration`].
pub fn durations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    Vec::<String>::deserialize(deserializer)?.iter().map(|text| read(text)).collect()
}

fn read<E: Error>(text: &str) -> Result<Duration, E> {
    Duration::parse(text).ok_or_else(|| E::custom(format!("`{text}` is no length of time: write 90s, 15m, 24h or 7d")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Table {
        #[serde(deserialize_with = "duration")]
        rest: Duration,
        #[serde(default, deserialize_with = "duration_if_any")]
        pause: Option<Duration>,
        #[serde(deserialize_with = "durations")]
        waits: Vec<Duration>,
    }

    #[test]
    fn durations_of_time_are_read_as_people_write_them() {
        let table: Table = embedded("a table", "rest = \"1h30m\"\nwaits = [\"5s\", \"2w\"]\n");
        let waits = vec![Duration::seconds(5), Duration::days(14)];
        assert_eq!(table, Table { rest: Duration::minutes(90), pause: None, waits });
    }

    #[test]
    #[should_panic(expected = "`soon` is no length of time: write 90s, 15m, 24h or 7d")]
    fn a_table_of_ours_that_cannot_be_read_is_no_empty_table() {
        let _table: Table = embedded("a table", "rest = \"soon\"\nwaits = []\n");
    }
}
