//! Conversations in which something was said that somebody looks for.

use minijinja::{Value, context};

use super::view::{ago, shorten};
use crate::domain::Timestamp;
use crate::store::{InboxRow, SaidRow, StoreError, folded, looked_for, words_of};
use crate::web::App;

/// So many are shown, the newest. What was said more often is looked for with more words.
pub(crate) const MOST: usize = 50;
/// Letters that are shown of a message.
const SHOWN: usize = 90;
/// Of them before the word.
const BEFORE: usize = 18;

/// Conversations in which these words were said, beside those that are found already.
pub(crate) async fn said(app: &App, find: &str, already: &[InboxRow]) -> Result<Vec<SaidRow>, StoreError> {
    let mut said = app.engine.store().find_said(&looked_for(find), MOST).await?;
    said.retain(|said| already.iter().all(|row| row.contact != said.row.contact));
    Ok(said)
}

/// A row of the list that tells what was said, and when.
pub(crate) fn row(said: &SaidRow, find: &str, row: Value, now: Timestamp) -> Value {
    let words = words_of(&said.event.body).unwrap_or_default();
    context! { preview => part(&words, &looked_for(find)), ago => ago(said.event.at, now), said => said.event.seq, ..row }
}

/// The part of a text in which the first of the words stands that stands there first.
fn part(text: &str, words: &[String]) -> String {
    let letters: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    // Each letter with what it is looked for by, which may be longer or nothing.
    let mut looked_through = String::new();
    let mut begins = Vec::with_capacity(letters.len());
    for letter in &letters {
        begins.push(looked_through.len());
        looked_through.push_str(&folded(letter.encode_utf8(&mut [0; 4])));
    }
    let first = words.iter().filter_map(|word| looked_through.find(word.as_str())).min().unwrap_or_default();
    let place = begins.partition_point(|begin| *begin <= first).saturating_sub(1);
    let from = if place > BEFORE + SHOWN / 4 { place - BEFORE } else { 0 };
    let shown: String = letters[from..].iter().collect();
    format!("{}{}", if from > 0 { "…" } else { "" }, shorten(&shown, SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_shown_that_has_the_words() {
        let long = "a word or two before all else, ".repeat(6);
        for (text, words, shown) in [
            ("My order is late", "order", "My order is late".to_owned()),
            (&format!("{long}für João\nis it") as &str, "joao", "…ore all else, für João is it".to_owned()),
            ("预算五千元想买手机", "手机", "预算五千元想买手机".to_owned()),
        ] {
            assert_eq!(part(text, &looked_for(words)), shown, "{text}");
        }
        assert_eq!(part("", &looked_for("order")), "");
    }
}
