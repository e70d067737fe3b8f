//! Several statements that give no rows, carried out in their order.

use super::{Connection, carry_out, json};

/// A statement, and its parameters `$1`, `$2`…
pub(in crate::store) type Statement = (&'static str, Vec<String>);

/// Statements with their parameters. What usually follows on each other goes to the database at once where it takes that.
#[derive(Default)]
pub(super) struct Batch(Vec<Statement>);

impl Batch {
    /// One statement for a batch of rows. Where there are none it does nothing.
    pub(super) fn rows<T: serde::Serialize>(&mut self, statement: &'static str, rows: &[T]) {
        self.0.push((statement, vec![json(&rows)]));
    }

    /// The same with a second parameter.
    pub(super) fn rows_and<T: serde::Serialize>(&mut self, statement: &'static str, rows: &[T], second: &str) {
        self.0.push((statement, vec![json(&rows), second.to_owned()]));
    }

    /// Carries all of them out.
    pub(super) async fn carry_out(self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        carry_out(connection, self.0).await
    }
}
