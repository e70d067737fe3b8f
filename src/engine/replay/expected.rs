//! What a line of a timeline expects, held against what is so.

use std::collections::BTreeMap;

use super::timeline::{Expectation, ExpectedPlan};
use super::{Player, because};
use crate::domain::{Duration, EventBody, Timestamp};
use crate::outreach::Planned;
use crate::rulebook::slug;

/// What the shop calls its products, as far as a timeline tells: by that, the key.
#[derive(Default)]
pub(crate) struct Called(BTreeMap<String, String>);

impl Called {
    /// Remembers what an event calls a product whose key it tells.
    pub(crate) fn note(&mut self, body: &EventBody) {
        let mut names: Vec<(Option<&String>, Option<&String>)> = Vec::new();
        match body {
            EventBody::Click(click) => names.push((click.product.as_ref(), click.category.as_ref())),
            EventBody::Page(page) => names.push((page.product.as_ref(), page.category.as_ref())),
            EventBody::Cart(cart) => names.push((cart.product.as_ref(), cart.category.as_ref())),
            EventBody::Sent(sent) => names.push((sent.product.as_ref(), sent.category.as_ref())),
            EventBody::Product(news) => names.push((Some(&news.product), Some(&news.category))),
            EventBody::Order(order) => {
                names.extend(order.lines.iter().map(|line| (Some(&line.product), Some(&line.category))));
            }
            _ => {}
        }
        let told = names.into_iter().filter_map(|(name, key)| name.zip(key.filter(|key| key.contains('/'))));
        self.0.extend(told.map(|(name, key)| (slug(name), key.clone())));
    }

    /// Whether a plan is about a product: by its name or number, its key, or the last part of that.
    fn is_about(&self, product: &str, plan: &Planned) -> bool {
        let Some(about) = plan.product.as_deref() else { return false };
        let last = about.rsplit('/').next().unwrap_or_default();
        let is_it = |name: &str| match name.split_once('/') {
            Some((category, product)) if !about.contains('/') => {
                slug(product) == slug(about)
                    && plan.category.as_deref().is_none_or(|other| slug(other) == slug(category))
            }
            _ => [about, last].iter().any(|about| slug(about) == slug(name)),
        };
        is_it(product) || self.0.get(&slug(product)).is_some_and(|key| is_it(key))
    }
}

/// Holds a contact against what a line expects of it. What was sent since the line before is told only once.
pub(super) fn compare(player: &mut Player, expected: &Expectation, called: &Called, differences: &mut Vec<String>) {
    let facts = &player.state.facts;
    let held = || facts.tags().map(|(tag, _)| tag.to_string()).collect::<Vec<_>>().join(", ");
    for tag in expected.tags.iter().flatten().filter(|tag| !facts.holds(tag)) {
        let last = player.ledger.get(tag.as_str()).map_or_else(
            || "it was never set".to_owned(),
            |change| format!("it ended {} {}", change.at, because(&change.evidence)),
        );
        differences.push(format!("expected tag {tag}: {last}; held: {}", held()));
    }
    for tag in expected.not_tags.iter().flatten().filter(|tag| facts.holds(tag)) {
        let why =
            player.ledger.get(tag.as_str()).map(|change| format!("set {} {}", change.at, because(&change.evidence)));
        differences.push(format!("expected no tag {tag}, but it holds: {}", why.unwrap_or_default()));
    }
    let colour = facts.colour().map_or("none", |colour| colour.name());
    let colour_matches = |wanted: &str| wanted == colour || (wanted == "green" && colour.ends_with("-green"));
    let mut differ = |what: &str, wanted: &Option<String>, is: &str, same: bool| {
        if let Some(wanted) = wanted.as_ref().filter(|_| !same) {
            differences.push(format!("expected {what} {wanted}, it is {is}"));
        }
    };
    differ("colour", &expected.colour, colour, expected.colour.as_deref().is_none_or(colour_matches));
    let heat = facts.heat().map_or("none", |heat| heat.name());
    differ("heat", &expected.heat, heat, expected.heat.as_deref() == Some(heat));
    let stage = facts.stage().name();
    differ("stage", &expected.stage, stage, expected.stage.as_deref() == Some(stage));
    let handoff = player.state.desk.standing().name();
    differ("handoff", &expected.handoff, handoff, expected.handoff.as_deref() == Some(handoff));
    let promise = player.state.desk.promise();
    let wanted = expected.reply_within.as_deref().and_then(Duration::parse);
    let promise_name = promise.map_or_else(|| "none".to_owned(), |promise| promise.to_string());
    differ("reply_within", &expected.reply_within, &promise_name, wanted == promise);
    compare_sends(player, expected, differences);
    compare_plans(player, expected, called, differences);
}

fn compare_sends(player: &mut Player, expected: &Expectation, differences: &mut Vec<String>) {
    let sent: Vec<&str> = player.sent.iter().map(|kind| kind.name()).collect();
    if let Some(wanted) = &expected.sent {
        let wanted: Vec<&str> = wanted.iter().map(|send| send.kind.as_str()).collect();
        if wanted != sent {
            differences.push(format!("expected sent [{}], it was [{}]", wanted.join(", "), sent.join(", ")));
        }
    }
    for kind in expected.not_sent.iter().flatten().filter(|kind| sent.contains(&kind.as_str())) {
        differences.push(format!("expected no {kind} sent, but one was"));
    }
    player.sent.clear();
}

fn compare_plans(player: &Player, expected: &Expectation, called: &Called, differences: &mut Vec<String>) {
    let Some(wanted) = &expected.planned else { return };
    let planned: Vec<&Planned> = player.state.ledger.planned().collect();
    let are = || planned.iter().map(|plan| told(plan)).collect::<Vec<_>>().join(", ");
    let fits = |wanted: &ExpectedPlan, plan: &Planned| matches_plan(wanted, plan, called);
    let in_vain: Vec<_> = wanted.iter().filter(|wanted| !planned.iter().any(|plan| fits(wanted, plan))).collect();
    if wanted.is_empty() && !planned.is_empty() {
        differences.push(format!("expected nothing planned; planned: [{}]", are()));
    } else if in_vain.is_empty() && !each_has_its_own(wanted, &planned, &fits) {
        let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
        differences.push(format!("expected planned [{}], each for itself; planned: [{}]", wanted.join(", "), are()));
    }
    differences.extend(in_vain.iter().map(|wanted| format!("expected planned [{wanted}]; planned: [{}]", are())));
}

/// Whether there is a plan for each that is expected, and no plan is taken for two.
fn each_has_its_own(
    wanted: &[ExpectedPlan],
    planned: &[&Planned],
    fits: &impl Fn(&ExpectedPlan, &Planned) -> bool,
) -> bool {
    let Some((first, others)) = wanted.split_first() else { return true };
    planned.iter().enumerate().filter(|(_, plan)| fits(first, plan)).any(|(index, _)| {
        let left: Vec<&Planned> = [&planned[..index], &planned[index + 1..]].concat();
        each_has_its_own(others, &left, fits)
    })
}

/// A plan in words.
fn told(plan: &Planned) -> String {
    let of = plan.product.as_ref().map(|product| match &plan.category {
        Some(category) => format!(" of {category}/{product}"),
        None => format!(" of {product}"),
    });
    let (kind, of) = (plan.kind.name(), of.unwrap_or_default());
    format!("{kind}{of} {} to {}, for {}", plan.not_before, plan.not_after, plan.due())
}

/// A plan is expected within a time: the moment that was chosen for it is not before it, and it may leave before that time is over.
fn matches_plan(wanted: &ExpectedPlan, plan: &Planned, called: &Called) -> bool {
    let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse_rfc3339);
    wanted.kind == plan.kind.name()
        && wanted.product.as_deref().is_none_or(|product| called.is_about(product, plan))
        && time(&wanted.not_before).is_none_or(|earliest| plan.due() >= earliest)
        && time(&wanted.not_after).is_none_or(|latest| plan.not_before <= latest)
}
