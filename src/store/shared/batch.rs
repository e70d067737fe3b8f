//! Several statements, carried out in their order. What usually follows on each other goes to the database at once where it takes that.

use std::vec::IntoIter;

use super::{Connection, SqlRow, carry_out, fetch_each, json};

/// A statement with its parameters `$1`, `$2`…
pub(in crate::store) struct Statement {
    pub(in crate::store) text: &'static str,
    pub(in crate::store) parameters: Vec<Parameter>,
    /// It is for rows, and there are none: it may be left out.
    pub(in crate::store) is_idle: bool,
}

/// What a statement is given.
pub(in crate::store) enum Parameter {
    Text(String),
    Number(i64),
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Parameter {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// Statements that go to the database together.
#[derive(Default)]
pub(super) struct Batch(Vec<Statement>);

impl Batch {
    /// A statement for a batch of rows. Where there are none it does nothing.
    pub(super) fn rows<T: serde::Serialize>(&mut self, text: &'static str, rows: &[T]) {
        self.rows_and(text, rows, []);
    }

    /// The same with further parameters.
    pub(super) fn rows_and<T: serde::Serialize, const N: usize>(
        &mut self,
        text: &'static str,
        rows: &[T],
        others: [Parameter; N],
    ) {
        let parameters = [Parameter::Text(json(&rows))].into_iter().chain(others).collect();
        self.0.push(Statement { text, parameters, is_idle: rows.is_empty() });
    }

    /// A statement that is carried out whatever it is given.
    pub(super) fn always<const N: usize>(&mut self, text: &'static str, parameters: [Parameter; N]) {
        self.0.push(Statement { text, parameters: parameters.into(), is_idle: false });
    }

    /// Carries all of them out.
    pub(super) async fn carry_out(self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        carry_out(connection, self.0).await
    }

    /// Carries all of them out; the rows that each of them gave.
    pub(super) async fn fetch(self, connection: &mut Connection) -> Result<Found, sqlx::Error> {
        let idle: Vec<bool> = self.0.iter().map(|statement| statement.is_idle).collect();
        let others: Vec<_> = self.0.into_iter().filter(|statement| !statement.is_idle).collect();
        let found = if others.is_empty() { Vec::new() } else { fetch_each(connection, others).await? };
        Ok(Found { found: found.into_iter(), idle: idle.into_iter() })
    }
}

/// The rows of statements, in the order of these.
pub(super) struct Found {
    found: IntoIter<Vec<SqlRow>>,
    /// Which of the statements were left out.
    idle: IntoIter<bool>,
}

impl Found {
    /// Those of the next statement.
    pub(super) fn rows(&mut self) -> Vec<SqlRow> {
        match self.idle.next() {
            Some(false) => self.found.next().unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}
