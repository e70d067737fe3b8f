//! Habits of reading and writing.

/// A habit showed itself once more, or is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habit {
    /// What it is called in the tag `slot/…`: `wed-evening`, `fri-lunch+beauty`, `weekday-20-22`.
    pub name: String,
    /// It showed itself once more; else it is over.
    pub holds: bool,
}
