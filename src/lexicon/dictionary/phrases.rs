//! How a phrase of an intent is written: `…` for a gap, `#` for a number, ` .` where its clause ends.

use serde::{Deserialize, Serialize};

/// Between the two parts of a phrase with a gap.
const GAP: char = '…';
/// A number stands here.
const NUMBER: char = '#';
/// At the end of a phrase: its clause ends there…
const CLAUSE_END: &str = " .";
/// …and at the beginning too: the phrase is the whole clause.
const CLAUSE_START: &str = ". ";

/// A phrase, taken apart. Its words are as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written<'t> {
    /// Words alone.
    Words(&'t str),
    /// Words that count where their clause ends with them.
    ClauseEnd {
        words: &'t str,
        /// The clause begins with them too.
        alone: bool,
    },
    /// Words with a number beside them.
    Beside { words: &'t str, around: Around },
    /// Two parts with something between them.
    Parts { first: &'t str, second: &'t str, around: Around },
}

/// What must stand around the words of a phrase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Around {
    /// A number in front.
    pub(crate) before: bool,
    /// A number between its parts, and nothing else of weight.
    pub(crate) inside: bool,
    /// A number behind.
    pub(crate) behind: bool,
    /// The end of the clause.
    pub(crate) ends: bool,
}

/// Takes a phrase apart.
///
/// # Errors
/// What to write instead, where a phrase says more than can be looked for.
pub(crate) fn parse(text: &str) -> Result<Written<'_>, &'static str> {
    let (text, ends) = text.strip_suffix(CLAUSE_END).map_or((text, false), |text| (text, true));
    if ends && !text.contains([GAP, NUMBER]) {
        let (words, alone) = text.strip_prefix(CLAUSE_START).map_or((text, false), |words| (words, true));
        return Ok(Written::ClauseEnd { words, alone });
    }
    let (text, before) = text.strip_prefix(NUMBER).map_or((text, false), |text| (text, true));
    let (text, behind) = text.strip_suffix(NUMBER).map_or((text, false), |text| (text, true));
    let Some((first, second)) = text.split_once([GAP, NUMBER]) else {
        let around = Around { before, inside: false, behind, ends };
        return Ok(match before || behind {
            true => Written::Beside { words: text, around },
            false => Written::Words(text),
        });
    };
    if second.contains([GAP, NUMBER]) || first.is_empty() || second.is_empty() {
        return Err("Between its words a phrase has one … or one #: write the part that says most.");
    }
    let inside = text[first.len()..].starts_with(NUMBER);
    Ok(Written::Parts { first, second, around: Around { before, inside, behind, ends } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_numbers_and_ends_of_clauses_are_taken_apart() {
        let around = |before, inside, behind, ends| Around { before, inside, behind, ends };
        assert_eq!(parse("how much"), Ok(Written::Words("how much")));
        assert_eq!(parse(". no ."), Ok(Written::ClauseEnd { words: "no", alone: true }));
        let beside = |words, around| Ok(Written::Beside { words, around });
        assert_eq!(parse("order #"), beside("order ", around(false, false, true, false)));
        let parts = |first, second, around| Ok(Written::Parts { first, second, around });
        assert_eq!(parse("can i … today"), parts("can i ", " today", around(false, false, false, false)));
        assert_eq!(parse("for # i take it"), parts("for ", " i take it", around(false, true, false, false)));
        assert_eq!(parse("chez … c'est #"), parts("chez ", " c'est ", around(false, false, true, false)));
        assert_eq!(parse("# за … норм ."), parts(" за ", " норм", around(true, false, false, true)));
        assert!(parse("for # … #").is_err() && parse("a … b # c").is_err() && parse("don't … .").is_err());
    }
}
