//! What is bought together (PREF-7): association rules over pairs, by support, confidence and lift (Agrawal, Imieliński and
//! Swami, *Mining association rules between sets of items in large databases*, 1993).

use super::parameters::Basket as Parameters;

/// Two things, and how many customers bought each and both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Pair {
    pub first: String,
    pub second: String,
    pub bought_first: i64,
    pub bought_second: i64,
    pub bought_both: i64,
}

/// Who buys the one buys the other more often than people do at large.
#[derive(Clone, Debug, PartialEq)]
pub struct Association {
    /// The one.
    pub from: String,
    /// The other.
    pub to: String,
    /// Customers who bought both.
    pub support: i64,
    /// How many per cent of those who bought the one bought the other.
    pub confidence: f64,
    /// How many times as often as customers at large.
    pub lift: f64,
}

impl Association {
    /// The tag under which it is proposed: the last parts of the product keys.
    pub fn tag(&self) -> String {
        let last = |key: &str| key.rsplit('/').next().unwrap_or(key).to_owned();
        format!("assoc/{}->{}", last(&self.from), last(&self.to))
    }
}

/// The rules that hold among pairs, each in both directions, the strongest first.
pub fn associations(pairs: &[Pair], buyers: i64, parameters: &Parameters) -> Vec<Association> {
    let mut found: Vec<Association> = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.bought_both >= parameters.least) {
        let ways = [
            (&pair.first, &pair.second, pair.bought_first, pair.bought_second),
            (&pair.second, &pair.first, pair.bought_second, pair.bought_first),
        ];
        for (from, to, bought_from, bought_to) in ways {
            if bought_from == 0 || bought_to == 0 || buyers == 0 {
                continue;
            }
            let confidence = pair.bought_both as f64 / bought_from as f64;
            let lift = confidence / (bought_to as f64 / buyers as f64);
            if confidence * 100.0 >= parameters.confidence && lift >= parameters.lift {
                let (from, to, support) = (from.clone(), to.clone(), pair.bought_both);
                found.push(Association { from, to, support, confidence: confidence * 100.0, lift });
            }
        }
    }
    found.sort_by(|a, b| b.lift.total_cmp(&a.lift).then_with(|| a.from.cmp(&b.from)).then_with(|| a.to.cmp(&b.to)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters =
        Parameters { window: crate::domain::Duration::days(90), least: 20, confidence: 25.0, lift: 1.2 };

    fn pair(bought_first: i64, bought_second: i64, bought_both: i64) -> [Pair; 1] {
        let (first, second) = ("fashion/boots".into(), "fashion/spray".into());
        [Pair { first, second, bought_first, bought_second, bought_both }]
    }

    #[test]
    fn a_rule_needs_support_confidence_and_lift() {
        let tags = |pair: &[Pair], buyers| -> Vec<String> {
            associations(pair, buyers, &PARAMETERS).iter().map(Association::tag).collect()
        };
        // Of 80 who bought boots 20 bought spray: 25 %; of 200 customers 33 bought spray: 1.5 times as often.
        assert_eq!(tags(&pair(80, 33, 20), 200), ["assoc/boots->spray", "assoc/spray->boots"]);
        assert!(tags(&pair(80, 33, 19), 200).is_empty(), "support");
        assert_eq!(tags(&pair(81, 33, 20), 200), ["assoc/spray->boots"], "confidence");
        // 25 % of those with boots, 21 % of everybody: 1.19 times.
        assert!(tags(&pair(80, 42, 20), 200).is_empty(), "lift");
    }
}
