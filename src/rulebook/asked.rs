//! What a rule is about, in words, for people who ask why.

use std::fmt::Write;

use super::condition::Fields;
use super::rule::Rule;
use super::signal::SIGNALS;
use super::written_when::Worth;

/// A field by name.
pub(super) fn value<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// What happens, in the words of the vocabulary, with the fields that it must have.
pub(super) fn what(rule: &Rule, fields: &Fields) -> String {
    let meaning = |name: &str| {
        let (_, meaning) = SIGNALS.iter().find(|(signal, _)| *signal == name).copied().unwrap_or((" ", " "));
        let end = meaning.find([':', ';', '(']).unwrap_or(meaning.len());
        meaning[..end].trim_end().to_owned()
    };
    let mut text = rule.signals.iter().map(|name| meaning(name)).collect::<Vec<_>>().join(", or ");
    let mut asked: Vec<String> = rule
        .written
        .filter
        .iter()
        .filter(|(field, _)| value(fields, field).is_none())
        .map(|(field, wanted)| format!("{field}: {}", wanted.iter().collect::<Vec<_>>().join(" or ")))
        .collect();
    asked.extend(fields.iter().map(|(field, value)| format!("{field}: {value}")));
    asked.extend(rule.written.unless.iter().map(|fields| {
        let not: Vec<_> = fields
            .iter()
            .map(|(field, not)| format!("{field}: {}", not.iter().collect::<Vec<_>>().join(" or ")))
            .collect();
        format!("not {}", not.join(" with "))
    }));
    asked.extend(rule.written.more_than.iter().map(|(name, least)| format!("{name} over {least}")));
    asked.extend(rule.written.at_most.iter().map(|(name, most)| format!("{name} {most} or less")));
    asked.extend(rule.written.worth.as_ref().map(worth));
    if !asked.is_empty() {
        let _infallible = write!(text, " ({})", asked.join(", "));
    }
    text
}

fn worth(worth: &Worth) -> String {
    let bounds = [
        ("at least", worth.at_least),
        ("more than", worth.more_than),
        ("at most", worth.at_most),
        ("less than", worth.less_than),
    ];
    let said: Vec<_> =
        bounds.iter().filter_map(|(words, bound)| Some(format!("{words} {}", (*bound)?.normalize()))).collect();
    format!("worth {} {}", said.join(" and "), worth.currency)
}
