//! What the store answers when it cannot do what was asked, and whether it is worth another try.

/// Why the store could not do it. The words tell of the cause too: without it nobody can mend anything.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Locked, full, gone: try again later. Nothing was changed.
    #[error("the database is not available: {0}")]
    Unavailable(std::sync::Arc<sqlx::Error>),
    /// The database refused this statement: a mistake of ours, or data that cannot be stored.
    #[error("the database refused it: {0}")]
    Refused(sqlx::Error),
    /// Somebody of a batch of folds became one with another contact meanwhile. Nothing was changed: fold again.
    #[error("a contact became one with another while it was folded")]
    Overtaken,
    /// A row that cannot be read back.
    #[error("row {row} of {table} cannot be understood: {reason}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which row.
        row: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The tables could not be brought up to date.
    #[error("the tables could not be brought up to date: {0}")]
    Migration(sqlx::migrate::MigrateError),
    /// The tables were made by an older version, and whoever looks at them does not change them.
    #[error(
        "the tables are those of an older hotline: start `hotline serve` of this version, which brings them up to date, \
         or use the command of that version"
    )]
    OlderTables,
    /// The tables were made by a newer version.
    #[error("the tables are those of a newer hotline: use the command of that version")]
    NewerTables,
    /// The address of the database is wrong.
    #[error("{0}")]
    Address(String),
    /// Nothing has made the tables yet, and whoever looks makes none.
    #[error("the database is empty; `hotline serve` makes its tables")]
    Empty,
    /// There is no such file, and whoever looks makes none.
    #[error("there is no database {0}")]
    Missing(String),
    /// Another process owns the file.
    #[error("{0} is in use by another hotline; stop that one, or use PostgreSQL for several")]
    InUse(String),
    /// A fault of ours in the middle of writing. Nothing was changed.
    #[error("writing failed in the middle, and nothing was changed")]
    Failed,
    /// The writer has stopped: the system is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// The same for another caller of the same group.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Unavailable(error) => Self::Unavailable(error.clone()),
            _ => Self::Closed,
        }
    }
}

/// What a statement says that finds a contact of a fold to be another one: see [`StoreError::Overtaken`].
#[derive(Debug, thiserror::Error)]
#[error("a contact became one with another")]
pub(super) struct Overtaken;

/// PostgreSQL's codes have five characters (SQLSTATE), SQLite's are smaller numbers.
const SQLSTATE: usize = 5;

/// Whether an error by its code is one of what we asked for, and not of the moment.
fn is_of_statement(code: &str) -> bool {
    match code.parse::<i32>() {
        // SQLite: busy, locked, read-only, I/O, full, cannot open (primary codes, low byte).
        Ok(number) if code.len() < SQLSTATE => !matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14),
        // PostgreSQL: connection 08, state of the transaction 25, serialisation 40, resources 53, locks 55, operator 57, system 58.
        _ => !["08", "25", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)),
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let ours = match &error {
            sqlx::Error::Encode(said) if said.is::<Overtaken>() => return Self::Overtaken,
            sqlx::Error::Database(database) => database.code().as_deref().is_none_or(is_of_statement),
            sqlx::Error::RowNotFound
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::TypeNotFound { .. } => true,
            _ => false,
        };
        if ours { Self::Refused(error) } else { Self::Unavailable(std::sync::Arc::new(error)) }
    }
}

#[cfg(test)]
mod tests {
    use super::is_of_statement;

    #[test]
    fn what_is_of_the_moment_is_told_by_the_codes_of_both_databases() {
        // Busy, full, cannot open; no connection, idle for too long, read-only, deadlock, out of memory, lock, cancelled.
        for code in ["5", "13", "14", "261", "08006", "08P01", "25P03", "25006", "40P01", "53200", "55P03", "57014"] {
            assert!(!is_of_statement(code), "{code}");
        }
        // Unique, too big, mismatch; unique, text that cannot be, no such column.
        for code in ["2067", "18", "20", "23505", "22P05", "42703"] {
            assert!(is_of_statement(code), "{code}");
        }
    }
}
