//! Alerts over all contacts: which of them stand, judged from counts.

use rust_decimal::Decimal;
use serde::Serialize;

use super::Figures;
use crate::domain::Colour;

/// The alerts that are judged here. Others may be raised by whoever sees what they tell, and stand until they end them.
pub const OWN: [&str; 6] = ["red-share", "grey-share", "tag-count", "tag-use", "tag-accuracy", "sla-breach"];

/// Something that somebody should look at, as long as it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Stable name, as timelines and programs know it.
    pub name: String,
    /// The figure and its threshold, in words.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// How many contacts that have not opted out have which colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mix {
    /// All of them, also those without a colour.
    pub contacts: i64,
    /// By rank of the colour, grey first.
    pub by_colour: [i64; 6],
}

impl Mix {
    /// Counts contacts of that colour; -1 is none.
    pub fn add(&mut self, colour: i64, contacts: i64) {
        self.contacts += contacts;
        if let Some(count) = usize::try_from(colour).ok().and_then(|rank| self.by_colour.get_mut(rank)) {
            *count += contacts;
        }
    }

    /// How many have this colour.
    pub fn of(&self, colour: Colour) -> i64 {
        self.by_colour.get(colour as usize).copied().unwrap_or_default()
    }

    fn share(&self, colour: Colour) -> Decimal {
        Decimal::from(self.of(colour)).checked_div(Decimal::from(self.contacts)).unwrap_or_default()
    }
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Now.
    pub mix: Mix,
    /// At the end of each of the days before that is known.
    pub before: Vec<Mix>,
    /// Hand-offs that wait for a person beyond what was promised.
    pub late: i64,
    /// Tags that people made or gave.
    pub tags: usize,
    /// Of those that were kept for a month: how many, and how many were used.
    pub use_of_tags: (i64, i64),
    /// Verdicts of a month on tags: right, wrong.
    pub verdicts: (i64, i64),
}

/// The alerts that stand.
pub fn standing(figures: &Figures, seen: &Seen) -> Vec<Alert> {
    let alerts = [
        red_share(figures, seen),
        grey_share(figures, seen),
        tag_count(figures, seen),
        tag_use(figures, seen),
        tag_accuracy(figures, seen),
        sla_breach(seen),
    ];
    alerts.into_iter().flatten().collect()
}

fn alert(name: &str, what: String, advice: &str) -> Option<Alert> {
    Some(Alert { name: name.into(), what, advice: advice.into() })
}

/// COLOR-24, of all contacts that have not opted out (G-24).
fn red_share(figures: &Figures, seen: &Seen) -> Option<Alert> {
    let (limit, mix) = (figures.alerts.red_share.more_than, &seen.mix);
    let red = mix.of(Colour::Red);
    if mix.contacts < figures.alerts.least_contacts || Decimal::from(red) <= limit * Decimal::from(mix.contacts) {
        return None;
    }
    let what = format!("{red} of {} contacts are red (more than {})", mix.contacts, percent(limit));
    alert("red-share", what, "Demand is rising: move more people to sales.")
}

/// COLOR-25, per cent over the mean of the days before (G-16).
fn grey_share(figures: &Figures, seen: &Seen) -> Option<Alert> {
    let (limit, now) = (&figures.alerts.grey_share, seen.mix.share(Colour::Grey));
    let known: Vec<Decimal> =
        seen.before.iter().filter(|day| day.contacts > 0).map(|day| day.share(Colour::Grey)).collect();
    let mean = known.iter().sum::<Decimal>().checked_div(Decimal::from(known.len())).unwrap_or_default();
    // Shares are quotients that were rounded: what is equal to the ninth digit is equal.
    let threshold = (mean * (Decimal::ONE + limit.rise)).round_dp(9);
    let too_little = seen.mix.contacts < figures.alerts.least_contacts || known.len() < limit.least_days;
    if too_little || now < limit.least_share || now.round_dp(9) < threshold {
        return None;
    }
    let (days, rise) = (limit.days, percent(limit.rise));
    let what =
        format!("{} of contacts are grey, {} in the mean of {days} days (rise of {rise})", percent(now), percent(mean));
    alert("grey-share", what, "Fewer customers find something here: look at what they were sent, and at the offers.")
}

/// GOV-1, NAME-7.
fn tag_count(figures: &Figures, seen: &Seen) -> Option<Alert> {
    let most = figures.alerts.tag_count.more_than;
    if seen.tags <= most {
        return None;
    }
    let what = format!("people keep {} tags (more than {most})", seen.tags);
    alert(
        "tag-count",
        what,
        "Nobody finds one of them in time: merge those that say the same, archive what is not used.",
    )
}

/// GOV-2.
fn tag_use(figures: &Figures, seen: &Seen) -> Option<Alert> {
    let (limit, (kept, used)) = (&figures.alerts.tag_use, seen.use_of_tags);
    if kept < limit.least_tags || Decimal::from(used) >= limit.less_than * Decimal::from(kept) {
        return None;
    }
    let what = format!("{used} of {kept} tags were used within a month (less than {})", percent(limit.less_than));
    alert("tag-use", what, "See which are not needed: `hotline report tags`, or Tags in the console.")
}

/// GOV-4.
fn tag_accuracy(figures: &Figures, seen: &Seen) -> Option<Alert> {
    let (limit, (right, wrong)) = (&figures.alerts.tag_accuracy, seen.verdicts);
    let all = right + wrong;
    if all < limit.least_verdicts || Decimal::from(right) >= limit.less_than * Decimal::from(all) {
        return None;
    }
    let what =
        format!("{right} of {all} tags that people looked at are right (less than {})", percent(limit.less_than));
    alert("tag-accuracy", what, "See which rule errs most: `hotline report tags`.")
}

/// A promise to a customer was not kept, and still nobody came.
fn sla_breach(seen: &Seen) -> Option<Alert> {
    if seen.late == 0 {
        return None;
    }
    let what = format!("{} customers wait longer than they were promised", seen.late);
    alert("sla-breach", what, "Take over the hottest first: they stand at the top of Hot.")
}

fn percent(share: Decimal) -> String {
    format!("{} %", (share * Decimal::ONE_HUNDRED).round_dp(1).normalize())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::domain::SourceFile;

    fn figures() -> Figures {
        let text = include_str!("../../keywords/governance.toml").to_owned();
        Figures::compile(&[SourceFile { path: "governance.toml".into(), text }]).0.unwrap()
    }

    fn mix(contacts: i64, grey: i64, red: i64) -> Mix {
        let mut mix = Mix::default();
        mix.add(0, grey);
        mix.add(5, red);
        mix.add(-1, contacts - grey - red);
        mix
    }

    fn names(seen: &Seen) -> Vec<String> {
        standing(&figures(), seen).into_iter().map(|alert| alert.name).collect()
    }

    #[test]
    fn more_than_fifteen_in_a_hundred_are_red() {
        let red = |contacts, red| names(&Seen { mix: mix(contacts, 0, red), ..Seen::default() });
        assert_eq!(red(100, 16), ["red-share"]);
        assert!(red(100, 15).is_empty());
        assert_eq!(red(20, 4), ["red-share"]);
        assert!(red(20, 3).is_empty());
        assert!(red(9, 9).is_empty(), "too few to say anything");
    }

    #[test]
    fn grey_rises_by_a_fifth_over_the_mean_of_the_days_before() {
        let grey = |before: &[i64], now| {
            let before = before.iter().map(|grey| mix(30, *grey, 0)).collect();
            names(&Seen { mix: mix(300, now, 0), before, ..Seen::default() })
        };
        assert_eq!(grey(&[5; 7], 60), ["grey-share"], "5 in 30 and a fifth more is 60 in 300");
        assert!(grey(&[5; 7], 59).is_empty());
        assert_eq!(grey(&[0, 0, 0], 3), ["grey-share"], "none before, one in a hundred now");
        assert!(grey(&[0, 0, 0], 2).is_empty(), "a share that small is none");
        assert!(grey(&[5, 5], 300).is_empty(), "two days are no mean");
    }

    #[test]
    fn tags_are_used_and_right_or_somebody_looks() {
        let used = |kept, used| names(&Seen { use_of_tags: (kept, used), ..Seen::default() });
        assert_eq!(used(10, 5), ["tag-use"]);
        assert!(used(10, 6).is_empty());
        assert!(used(4, 0).is_empty(), "too few");
        let judged = |right, wrong| names(&Seen { verdicts: (right, wrong), ..Seen::default() });
        assert_eq!(judged(16, 4), ["tag-accuracy"]);
        assert!(judged(17, 3).is_empty());
        assert!(judged(9, 10).is_empty(), "too few");
    }

    #[test]
    fn more_tags_than_anybody_finds_their_way_in() {
        assert!(names(&Seen { tags: 50, ..Seen::default() }).is_empty());
        assert_eq!(names(&Seen { tags: 51, ..Seen::default() }), ["tag-count"]);
    }
}
