//! How far the tiers of one ladder lie apart: a customer should see the next one within reach (SPEND-7).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::rule::Rule;
use super::written::Tiers;
use crate::domain::Problem;

/// Warns of neighbours that lie too near or too far apart. Tiers are the rules of one group of tags that sum over the same time
/// in the same currency.
pub(super) fn check(tiers: &Tiers, rules: &[Rule]) -> Vec<Problem> {
    let mut ladders: BTreeMap<(String, String), Vec<(Decimal, &Rule)>> = BTreeMap::new();
    for rule in rules {
        let Some((group, currency, limit)) = tier(rule).filter(|(group, ..)| !tiers.except.contains(group)) else {
            continue;
        };
        ladders.entry((group, currency)).or_default().push((limit, rule));
    }
    let mut problems = Vec::new();
    for steps in ladders.values_mut() {
        steps.sort_by_key(|(limit, _)| *limit);
        // Two ways to one tier are no two tiers.
        steps.dedup_by_key(|(limit, rule)| (*limit, rule.written.tag.as_ref().map(|tag| tag.get_ref().clone())));
        for pair in steps.windows(2) {
            let ((low, below), (high, above)) = (&pair[0], &pair[1]);
            let apart = (high - low) * Decimal::ONE_HUNDRED / low;
            if apart < tiers.at_least || apart > tiers.at_most {
                let message = format!(
                    "the tiers of `{}` ({low}) and `{}` ({high}) lie {} per cent apart",
                    below.name,
                    above.name,
                    apart.round().normalize()
                );
                let advice = format!(
                    "Neighbours {} to {} per cent apart are within reach; [tiers] in rules/spend.toml sets that.",
                    tiers.at_least, tiers.at_most
                );
                problems.push(above.problem(message, &advice).warning());
            }
        }
    }
    problems
}

/// Group of tags, currency and window, and from where on a tier is reached.
fn tier(rule: &Rule) -> Option<(String, String, Decimal)> {
    let (tag, sum) = (rule.written.tag.as_ref()?, rule.written.sum.as_ref().filter(|sum| !sum.single)?);
    let limit = sum.at_least.max(sum.more_than);
    let group = tag.get_ref().split('/').next()?.to_owned();
    let has_limit = limit > Decimal::ZERO && !tag.get_ref().contains('{');
    has_limit.then(|| (group, format!("{} in {}", sum.currency, rule.sum_window), limit))
}

#[cfg(test)]
mod tests {
    use crate::domain::SourceFile;
    use crate::rulebook::Rulebook;

    #[test]
    fn tiers_out_of_reach_are_named_and_those_within_are_not() {
        let tier = |name: &str, from: u32| {
            format!(
                "[[rule]]\nname = \"{name}\"\ncatalogue = []\nwhy = \"A tier.\"\non = \"purchase\"\n\
                 sum = {{ at_least = {from}, currency = \"USD\", within = \"365d\" }}\ntag = \"club/{name}\"\n"
            )
        };
        let limits = "[tiers]\nat_least = 20\nat_most = 30\nexcept = [\"benefit\"]\n";
        let ladder = [tier("a", 1000), tier("b", 1200), tier("c", 1560), tier("d", 2340), tier("e", 2700)].concat();
        let files = [
            SourceFile { path: "rules/heat.toml".into(), text: include_str!("../../keywords/rules/heat.toml").into() },
            SourceFile { path: "rules/club.toml".into(), text: format!("{limits}{ladder}") },
        ];
        let problems = Rulebook::compile(&files, None).1;
        let said: Vec<_> =
            problems.iter().map(|problem| problem.message.as_str()).filter(|text| text.contains("tiers")).collect();
        assert_eq!(
            said,
            [
                "the tiers of `c` (1560) and `d` (2340) lie 50 per cent apart",
                "the tiers of `d` (2340) and `e` (2700) lie 15 per cent apart"
            ]
        );
        let of_tiers = problems.iter().filter(|problem| problem.message.contains("tiers"));
        let mut places = of_tiers.map(|problem| (problem.file.ends_with("club.toml"), problem.line > 4));
        assert!(places.all(|place| place == (true, true)), "where the higher one stands");
        let shipped = Rulebook::compile(&[files[0].clone()], None).1;
        assert!(!shipped.iter().any(|problem| problem.message.contains("tiers")), "without [tiers] nothing is said");
    }
}
