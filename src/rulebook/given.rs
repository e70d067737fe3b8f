//! Which tags rules give, and which they read: the others are people's own.

use super::colours::BY_COLOUR;
use super::facts::is_like_text;
use super::rule::Rule;
use super::{Rulebook, persons};

/// Groups that mirror a state, whatever the rules are called that changed it.
const STATES: [&str; 3] = ["color", "heat", "stage"];

impl Rulebook {
    /// Whether rules give a tag of this name.
    pub fn gives(&self, tag: &str) -> bool {
        let group = tag.split('/').next().unwrap_or_default();
        STATES.contains(&group) || self.rules.iter().any(|rule| gives(rule, tag, group))
    }

    /// Why nobody gives a tag of the colours, the heat or the stages that there is not, and what to do instead.
    pub fn is_no_state(&self, tag: &str) -> Option<&'static str> {
        let (group, _) = tag.split_once('/')?;
        let is_given = || self.rules.iter().any(|rule| gives(rule, tag, group));
        let is_one = |tag: &str| tag.parse().is_ok_and(|tag| persons::shown(&tag).is_some());
        let is_known = !STATES.contains(&group) || is_one(tag) || BY_COLOUR.contains(&tag) || is_given();
        (!is_known).then_some("there is no such colour, heat or stage. Give a tag of another group instead")
    }

    /// Whether rules give a tag whose name begins so.
    pub fn gives_any(&self, start: &str) -> bool {
        let of_states = STATES.iter().any(|group| is_beginning(start, &format!("{group}/")));
        of_states || self.rules.iter().any(|rule| gives_any(rule, start))
    }

    /// Whether a tag shows where a contact stands, as one of colour, heat and stage.
    pub fn shows(tag: &str) -> bool {
        STATES.iter().any(|group| tag.split('/').next() == Some(group))
    }

    /// Whether a rule asks for a tag of this name.
    pub fn reads(&self, tag: &str) -> bool {
        let patterns = self.rules.iter().flat_map(|rule| {
            let holds = &rule.written.holds;
            holds.tags.iter().chain(&holds.any_tags).chain(&holds.not_tags)
        });
        patterns.into_iter().any(|pattern| is_like_text(tag, pattern))
    }
}

fn gives(rule: &Rule, tag: &str, group: &str) -> bool {
    match rule.written.tag.as_ref().map(|tag| tag.get_ref().as_str()) {
        None => false,
        // A tag that the words of a message earned: the rule names its group.
        Some("{tag}") => rule.written.filter.get("group").is_some_and(|groups| groups.iter().any(|name| name == group)),
        Some(pattern) => fits(tag, pattern),
    }
}

fn gives_any(rule: &Rule, start: &str) -> bool {
    let pattern = rule.written.tag.as_ref().map(|tag| tag.get_ref().as_str());
    match pattern.map(|pattern| (pattern, pattern.split_once('{'))) {
        None => false,
        Some(("{tag}", _)) => {
            let groups = rule.written.filter.get("group");
            groups.is_some_and(|groups| groups.iter().any(|group| is_beginning(start, &format!("{group}/"))))
        }
        Some((_, Some((before, _)))) => is_beginning(start, before),
        Some((name, None)) => name.starts_with(start),
    }
}

/// Whether what is typed of a name and what is known of it begin the same way.
fn is_beginning(start: &str, known: &str) -> bool {
    known.starts_with(start) || start.starts_with(known)
}

/// Whether a name can have come from a pattern with parameters in braces. A parameter is never empty.
fn fits(name: &str, pattern: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('{') else { return name == pattern };
    let (Some(name), Some((_, behind))) = (name.strip_prefix(before), rest.split_once('}')) else { return false };
    let ends = name.char_indices().skip(1).map(|(end, _)| end).chain([name.len()]);
    ends.filter(|end| *end > 0).any(|end| fits(&name[end..], behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_the_pattern_that_it_came_from() {
        for (name, pattern, wanted) in [
            ("value/vip", "value/vip", true),
            ("value/vip-2", "value/vip", false),
            ("interest/high/earbuds-noise-cancelling", "interest/high/{product}-{feature}", true),
            ("interest/high/earbuds", "interest/high/{product}-{feature}", false),
            ("category/electronics/phone/clicked-7d", "category/{category}/{product}/clicked-7d", true),
            ("category/electronics/phone", "category/{category}/{product}/clicked-7d", false),
            ("bought/", "bought/{product}", false),
            ("bought/手机", "bought/{product}", true),
        ] {
            assert_eq!(fits(name, pattern), wanted, "{name} {pattern}");
        }
    }
}
