//! Messages that went to the wrong customer because a tag was wrong (MET-18): what was sent unasked by a tag of which somebody
//! said afterwards, or before, that it was wrong.

use std::collections::BTreeMap;

use super::history::{Judged, Sent, Share};
use super::{Aim, Figure, History, Span, Tally};
use crate::domain::Timestamp;

/// So many per cent and more point to tags that nobody looks after.
const WRONG: f64 = 5.0;

/// The tally.
pub struct Wrong {
    /// The tags that a rule or a campaign goes by; `*` at the end stands for anything.
    behind: BTreeMap<String, Vec<String>>,
    /// Messages by a tag that was judged: those by one that was wrong.
    messages: Share,
    /// Customers who got anything by a tag: those who got it by one that was wrong.
    customers: Share,
}

impl Wrong {
    /// Nothing is counted yet. `behind` are the tags that each rule and campaign goes by.
    pub fn new(behind: BTreeMap<String, Vec<String>>) -> Self {
        Self { behind, messages: Share::default(), customers: Share::default() }
    }

    /// The tags that a message went by; none where it went by something else.
    fn tags_of(&self, sent: &Sent) -> &[String] {
        let name = sent.campaign.as_ref().or(sent.rule.as_ref());
        name.and_then(|name| self.behind.get(name)).map_or(&[], Vec::as_slice)
    }
}

/// What was said of a tag that was held when a message went.
fn judged(history: &History, patterns: &[String], at: Timestamp) -> Option<bool> {
    let fits = |tag: &str| {
        patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => tag.starts_with(start),
            None => tag == pattern,
        })
    };
    let ended = |said: &Judged| {
        let over = |moved: &super::history::TagMoved| {
            !moved.set && moved.tag == said.tag && moved.at > said.since && moved.at < at
        };
        history.tags.iter().any(over)
    };
    let held = history.judged.iter().filter(|said| fits(&said.tag) && said.since <= at && !ended(said));
    // The latest word on each tag counts, and one tag that was wrong is enough.
    let latest: BTreeMap<(&str, Timestamp), bool> = held.map(|said| ((&*said.tag, said.since), said.right)).collect();
    (!latest.is_empty()).then(|| latest.values().all(|right| *right))
}

impl Tally for Wrong {
    fn add(&mut self, history: &History, span: Span) {
        let mut customer = None;
        for sent in history.sent.iter().filter(|sent| span.has(sent.at) && sent.is_unasked() && !sent.failed) {
            let tags = self.tags_of(sent);
            if tags.is_empty() {
                continue;
            }
            let right = judged(history, tags, sent.at);
            if let Some(right) = right {
                self.messages.add(!right);
            }
            *customer.get_or_insert(false) |= right == Some(false);
        }
        if let Some(wrong) = customer {
            self.customers.add(wrong);
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let messages = "messages that went by a wrong tag";
        let messages = match self.messages.whole {
            0 => Figure::unknown("MET-18", messages, "nobody has said right or wrong of a tag that a message went by"),
            _ => self.messages.figure("MET-18", messages).note("of those by a tag that somebody judged"),
        };
        let customers = self.customers.figure("MET-18", "customers who got something by a wrong tag");
        vec![messages.aim(Aim::Under(WRONG)), customers.aim(Aim::Under(WRONG))]
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::made::*;
    use super::*;
    use crate::domain::MessageKind;

    #[test]
    fn a_message_is_wrong_where_its_tag_was() {
        let behind = BTreeMap::from([
            ("win-back".to_owned(), vec!["value/vip-reactivate".to_owned()]),
            ("spring".to_owned(), vec!["interest/*".to_owned()]),
        ]);
        let mut tally = Wrong::new(behind);
        let said = |tag: &str, since, right| Judged { tag: tag.into(), since: hours(since), right };
        let by_rule = |at, rule: &str| Sent { rule: Some(rule.into()), ..sent(at, MessageKind::Promotion, false) };
        let campaign = |at| Sent { campaign: Some("spring".into()), ..by_rule(at, "campaign:spring") };
        // Wrong when it went; the same tag once more later was right. What goes by no tag is not looked at.
        tally.add(
            &History {
                tags: vec![
                    tag(1, "value/vip-reactivate", true),
                    tag(10, "value/vip-reactivate", false),
                    tag(20, "value/vip-reactivate", true),
                ],
                judged: vec![said("value/vip-reactivate", 1, false), said("value/vip-reactivate", 20, true)],
                sent: vec![by_rule(5, "win-back"), by_rule(30, "win-back"), by_rule(31, "cart")],
                ..History::default()
            },
            span(0, 100),
        );
        // Somebody changed their mind: the latest word counts. The second message goes by a tag of which nothing was said.
        tally.add(
            &History {
                judged: vec![said("interest/electronics", 1, false), said("interest/electronics", 1, true)],
                sent: vec![campaign(5), by_rule(6, "win-back")],
                ..History::default()
            },
            span(0, 100),
        );
        assert_told(&tally, "MET-18 messages that went by a wrong tag", "", Some(33.3), 3);
        assert_told(&tally, "MET-18 customers who got something by a wrong tag", "", Some(50.0), 2);
    }

    #[test]
    fn without_a_word_of_anybody_nothing_is_known() {
        let mut tally = Wrong::new(BTreeMap::from([("cart".to_owned(), vec!["stage/cart-unpaid".to_owned()])]));
        let by_rule = Sent { rule: Some("cart".into()), ..sent(5, MessageKind::Reminder, false) };
        tally.add(&History { sent: vec![by_rule], ..History::default() }, span(0, 100));
        assert_told(&tally, "MET-18 messages that went by a wrong tag", "", None, 0);
        assert_told(&tally, "MET-18 customers who got something by a wrong tag", "", Some(0.0), 1);
    }
}
