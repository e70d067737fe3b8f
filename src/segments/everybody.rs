//! Whether a segment is everybody, whatever words it says that in: what goes out goes to groups (SEND-13).

use rust_decimal::Decimal;

use super::{Condition, Field, Figure, Moment, Segment};
use crate::domain::Duration;

/// Ways in which the conditions of a segment may hold together that are tried at most.
const MOST_JUDGED: usize = 4_096;
/// Within a time as long as this is ever: no shop has known anybody for longer.
const EVER: Duration = Duration::days(3650);
/// Beginnings of tags of which everybody holds one from their first event on: they show the stage and the colour.
const OF_EVERYBODY: [&str; 2] = ["stage/", "color/"];

impl Segment {
    /// Whether it names nobody in particular: what goes out goes to groups, never to everybody (SEND-13). `purchase or not purchase`
    /// is everybody, too, and so are `orders >= 0` and `stage >= first-contact`. Who wants no messages gets none in any case and
    /// makes no group.
    pub fn is_everybody(&self) -> bool {
        match self {
            Self::All(parts) => return parts.iter().all(Self::is_everybody),
            Self::Any(parts) if parts.iter().any(Self::is_everybody) => return true,
            _ => {}
        }
        let mut asked: Vec<&Condition> = Vec::new();
        self.conditions(&mut |condition| {
            if !asked.contains(&condition) {
                asked.push(condition);
            }
        });
        let mut worlds: Vec<Vec<&Condition>> = vec![Vec::new()];
        while let Some(first) = asked.first().copied() {
            let (same, others): (Vec<_>, Vec<_>) = asked.into_iter().partition(|other| first.asks_as(other));
            let answers = answers(&same);
            if worlds.len() * answers.len() > MOST_JUDGED {
                return false;
            }
            let with = |world: &Vec<_>, answer: &Answer<'_>| {
                let fit = same.iter().copied().filter(|condition| condition.fits(answer));
                world.iter().copied().chain(fit).collect()
            };
            worlds = worlds.iter().flat_map(|world| answers.iter().map(move |answer| with(world, answer))).collect();
            asked = others;
        }
        worlds.iter().all(|world| self.holds(&|condition| world.contains(&condition)))
    }

    /// Whether it holds where its conditions do as told.
    fn holds(&self, told: &impl Fn(&Condition) -> bool) -> bool {
        match self {
            Self::Everyone => true,
            Self::All(parts) => parts.iter().all(|part| part.holds(told)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(told)),
            Self::Not(part) => !part.holds(told),
            Self::Is(condition) => told(condition),
        }
    }
}

impl Condition {
    /// Whether two conditions ask for one and the same thing, so that neither holds without a look at the other.
    fn asks_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Field { field: one, .. }, Self::Field { field: other, .. }) => one == other,
            (
                Self::Orders { figure: one, currency, within, .. },
                Self::Orders { figure: other, currency: other_currency, within: other_within, .. },
            ) => (one, currency, within) == (other, other_currency, other_within),
            _ => self == other,
        }
    }

    /// Whether it holds of who gives that answer to what it asks.
    fn fits(&self, answer: &Answer<'_>) -> bool {
        match (self, answer) {
            (Self::Field { values, .. }, Answer::Value(answer)) => values.iter().any(|value| value == answer),
            (Self::Orders { compare, amount, .. }, Answer::Amount(answer)) => compare.holds(*answer, *amount),
            (_, Answer::Yes) => true,
            _ => false,
        }
    }

    /// What may be answered where it asks for nothing that others ask for.
    fn may_be(&self) -> &'static [Answer<'static>] {
        let is_of_everybody = match self {
            Self::Tag { pattern, within } => {
                let start = pattern.strip_suffix('*').filter(|_| within.is_none_or(|within| within >= EVER));
                start.is_some_and(|start| OF_EVERYBODY.iter().any(|group| group.starts_with(start)))
            }
            Self::Seen { moment: Moment::First, within } => *within >= EVER,
            _ => false,
        };
        match self {
            Self::OptedOut => &[Answer::No],
            _ if is_of_everybody => &[Answer::Yes],
            _ => &[Answer::Yes, Answer::No],
        }
    }
}

/// What somebody may be, where a segment asks.
#[derive(Clone, Copy)]
enum Answer<'a> {
    Yes,
    No,
    Value(&'a str),
    Amount(Decimal),
}

/// All answers that make a difference to conditions that ask for the same thing.
fn answers<'a>(same: &[&'a Condition]) -> Vec<Answer<'a>> {
    match same {
        [Condition::Field { field, .. }, ..] => match field.scale() {
            // Everybody has a colour from their first event on.
            Some(scale) => {
                let is_known = |value: &&str| *field != Field::Colour || *value != "none";
                scale.into_iter().filter(is_known).map(Answer::Value).collect()
            }
            None => {
                let named = same
                    .iter()
                    .copied()
                    .flat_map(|one| if let Condition::Field { values, .. } = one { &values[..] } else { &[] });
                named.map(|value| Answer::Value(value)).chain([Answer::No]).collect()
            }
        },
        [Condition::Orders { figure, .. }, ..] => {
            let step = if *figure == Figure::Count { Decimal::ONE } else { Decimal::new(1, 2) };
            let around = |one: &&Condition| match one {
                Condition::Orders { amount, .. } => {
                    let amount = if *figure == Figure::Count { amount.floor() } else { *amount };
                    [amount - step, amount, amount + step]
                }
                _ => [Decimal::ZERO; 3],
            };
            let mut amounts: Vec<Decimal> = same.iter().flat_map(around).chain([Decimal::ZERO]).collect();
            amounts.retain(|amount| *amount >= Decimal::ZERO);
            amounts.sort();
            amounts.dedup();
            // Of who bought nothing there is neither a mean nor a last order.
            let none = matches!(figure, Figure::Average | Figure::Last).then_some(Answer::No);
            amounts.into_iter().map(Answer::Amount).chain(none).collect()
        }
        [one, ..] => one.may_be().to_vec(),
        [] => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_everybody(text: &str) -> bool {
        text.parse::<Segment>().unwrap_or_else(|error| panic!("{text}: {error}")).is_everybody()
    }

    #[test]
    fn nothing_goes_to_everybody() {
        let asked = is_everybody;
        assert!(asked("everyone") && asked("everyone or tag:vip/annual-5k") && asked("everyone and everyone"));
        assert!(!asked("tag:vip/annual-5k") && !asked("everyone and country:hk") && !asked("not colour:grey"));
    }

    #[test]
    fn everybody_said_in_other_words_is_everybody() {
        for text in [
            "tag:*",
            "purchase or not purchase",
            "country:hk and (tag:a/b or not tag:a/b) or not country:hk",
            "not (purchase and not purchase)",
            "tag:* and (opted-out or not opted-out)",
        ] {
            assert!(is_everybody(text), "{text}");
        }
        for text in
            ["tag:value/*", "purchase or not purchase within 30d", "not purchase", "tag:* within 30d", "not tag:*"]
        {
            assert!(!is_everybody(text), "{text}");
        }
        let many: Vec<String> = (0..20).map(|n| format!("country:a{}", char::from(b'a' + n))).collect();
        assert!(!is_everybody(&many.join(" or ")) && is_everybody(&format!("everyone or {}", many.join(" or "))));
    }

    #[test]
    fn a_limit_that_everybody_is_within_makes_no_group() {
        for text in [
            "orders >= 0",
            "spent >= 0 HKD within 30d",
            "orders < 1 or orders >= 1",
            "orders = 0 or spent > 100 or orders >= 1",
            "heat >= none",
            "heat <= medium or heat >= high",
            "colour >= none",
            "colour >= grey",
            "colour:grey or colour:green or colour >= yellow",
            "stage >= first-contact",
            "not stage < considering or stage:first-contact",
            "first-seen within 36500d",
            "tag:s*",
            "tag:color/* within 36500d",
            "not opted-out",
        ] {
            assert!(is_everybody(text), "{text}");
        }
        for text in [
            "orders > 0",
            "orders < 1 or orders >= 2",
            "orders >= 0 and orders < 5",
            "spent < 100 or spent > 100",
            "spent < 100 HKD or spent >= 100 USD",
            "orders >= 1 within 30d or orders < 1",
            "average >= 0",
            "last-order >= 0 or last-order < 5",
            "heat >= low",
            "heat:none",
            "colour >= yellow",
            "stage >= considering",
            "first-seen within 365d",
            "message within 36500d",
            "tag:stage/4*",
            "opted-out",
        ] {
            assert!(!is_everybody(text), "{text}");
        }
    }
}
