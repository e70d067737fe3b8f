//! The set of tags: the figures of a weekly look and of the quarter's tidying, each with its threshold.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::ReportInput;
use crate::domain::{Duration, Every};
use crate::engine::segments::Wanted;
use crate::engine::tags;
use crate::engine::tags::sample;
use crate::engine::tags::tidy;
use crate::governance::{Proposal, TagFigures, Tidy, accuracy_left};
use crate::statistics::{Aim, Figure};
use crate::store::{LogRow, StoreError};

/// Everything that is told of the set of tags.
pub(super) async fn count(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let tags = tags::figures(input.store, input.knowledge, input.now).await?;
    let proposals = tidy::proposals(input.store, input.knowledge, &tags, input.now).await?;
    let mut figures = set(input, &tags).await?;
    figures.extend(proposed(&proposals));
    figures.extend(accuracy(input, &tags).await?);
    figures.extend(truth(input).await?);
    figures.extend(customers(input).await?);
    figures.extend(care(input).await?);
    Ok(figures)
}

/// NAME-5, 12, GOV-1, 2, 15.
async fn set(input: ReportInput<'_>, tags: &[TagFigures]) -> Result<Vec<Figure>, StoreError> {
    let (limits, now) = (&input.knowledge.governance, input.now);
    let kept: Vec<&TagFigures> = tags.iter().filter(|tag| tag.is_kept_by_people()).collect();
    let count = kept.len() as f64;
    let used = kept.iter().filter(|tag| tag.is_used(limits.tags.month, now)).count() as i64;
    let report = &limits.report;
    let new: std::collections::BTreeSet<&str> = kept
        .iter()
        .filter(|tag| tag.made_at.is_some_and(|made| input.span.has(made)))
        .filter_map(|tag| tag.tag.split('/').next())
        .filter(|group| {
            kept.iter().all(|tag| {
                !tag.tag.starts_with(&format!("{group}/")) || tag.made_at.is_some_and(|made| input.span.has(made))
            })
        })
        .collect();
    let core: Vec<&str> = input.knowledge.tag_names.core().collect();
    let (covered, all) = (input.store.holders_of_any(&core).await?, input.store.colour_mix().await?.contacts);
    Ok(vec![
        Figure::new("GOV-1", "tags that people keep", count, "", kept.len() as i64)
            .aim(Aim::AtMost(limits.alerts.tag_count.more_than as f64))
            .note(format!("ideal are {} to {}", report.ideal_tags[0], report.ideal_tags[1])),
        Figure::new("GOV-15", "tags after tidying", count, "", kept.len() as i64)
            .aim(Aim::AtMost(f64::from(report.tags_under - 1))),
        Figure::share("GOV-2", "tags used within a month", used, kept.len() as i64)
            .aim(Aim::AtLeast(percent(limits.alerts.tag_use.less_than)))
            .note(format!("ideal is over {} %", percent(report.ideal_use))),
        Figure::share("NAME-5", "contacts that hold a tag of the core set", covered, all)
            .aim(Aim::AtLeast(percent(report.core_covers))),
        Figure::new("NAME-12", "new categories of tags", new.len() as f64, "", new.len() as i64)
            .aim(Aim::AtMost(report.new_categories_at_most))
            .note(new.into_iter().collect::<Vec<_>>().join(", ")),
    ])
}

/// GOV-5 to 10, 14: how many of each kind; `GET /api/v1/tags/proposals` tells them all.
fn proposed(proposals: &[Proposal]) -> Vec<Figure> {
    let kinds = [
        ("GOV-5", Tidy::Merge, "tags of campaigns that are over, to become one"),
        ("GOV-8", Tidy::Merge, "tags whose contacts hold another one as well"),
        ("GOV-10", Tidy::Archive, "tags to archive"),
        ("GOV-14", Tidy::Delete, "tags to delete"),
        ("GOV-9", Tidy::Question, "tags that nobody used"),
        ("GOV-7", Tidy::Question, "tags that were rarely used"),
    ];
    let figure = |(entry, what, name): (&str, Tidy, &str)| {
        let of_it: Vec<&Proposal> =
            proposals.iter().filter(|found| found.what == what && found.catalogue.contains(&entry)).collect();
        let tags: Vec<&str> = of_it.iter().flat_map(|found| &found.tags).map(String::as_str).collect();
        let contacts = of_it.iter().map(|found| found.contacts).sum();
        Figure::new(entry, name, tags.len() as f64, "", contacts).note(tags.join(", "))
    };
    kinds.into_iter().map(figure).collect()
}

/// GOV-4, 17, 21: verdicts of a month, of each rule with any, and of the sample.
async fn accuracy(input: ReportInput<'_>, tags: &[TagFigures]) -> Result<Vec<Figure>, StoreError> {
    let limits = &input.knowledge.governance;
    let (entry, report) = (&limits.alerts.tag_accuracy, &limits.report);
    let (right, wrong): (i64, i64) =
        tags.iter().fold((0, 0), |(right, wrong), tag| (right + tag.right, wrong + tag.wrong));
    let all = match right + wrong {
        few if few < entry.least_verdicts => Figure::unknown(
            "GOV-4",
            "tags that are right",
            format!("{few} verdicts in a month; {} say something", entry.least_verdicts),
        ),
        all => Figure::share("GOV-4", "tags that are right", right, all)
            .aim(Aim::AtLeast(percent(entry.less_than)))
            .note(format!("ideal is over {} %", percent(report.ideal_accuracy))),
    };
    let mut figures = vec![all];
    let mut by_rule = input.store.verdicts(input.now - limits.tags.month).await?;
    by_rule.sort_by(|one, other| (&one.rule, &one.version).cmp(&(&other.rule, &other.version)));
    for rows in by_rule.chunk_by(|one, other| one.rule == other.rule && one.version == other.version) {
        let (right, all) = (rows.iter().map(|row| row.right).sum(), rows.iter().map(|row| row.right + row.wrong).sum());
        let of = format!("{} {}", rows[0].rule, rows[0].version);
        figures.push(Figure::share("GOV-4", "tags of a rule that are right", right, all).of(of.trim_end()));
    }
    for (entry, every) in [("GOV-17", Every::Week), ("GOV-21", Every::Quarter)] {
        // Who meets on Monday looks back on the week before: nobody has looked at the new sample yet.
        let over = every.last_ended(input.now, input.knowledge.shop.zone);
        for period in [over, sample::under_way(every, input.knowledge, input.now)] {
            let drawn = sample::draw(input.store, input.knowledge, &period).await?;
            let (right, wrong) = input.store.verdicts_on(&drawn, &period).await?;
            let name = format!("tags of the sample of {} that are wrong", period.label);
            let note = format!("{} contacts are drawn", drawn.len());
            let end = percent(report.sample_errors_under);
            figures.push(Figure::share(entry, &name, wrong, right + wrong).aim(Aim::Under(end)).note(note));
        }
    }
    Ok(figures)
}

/// GOV-3, 16: how old what is shown may be. GOV-18: what is much used, against the orders themselves.
async fn truth(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let report = &input.knowledge.governance.report;
    let waits = input.store.waits_since(input.now).await?.map_or(Duration::ZERO, |since| input.now - since);
    let hours = waits.0.max(0) as f64 / 3_600_000.0;
    let mut figures = vec![
        Figure::new("GOV-3", "longest that a change waits for its tags", hours, "h", 1)
            .aim(Aim::AtMost(report.delay_risk.0 as f64 / 3_600_000.0)),
        Figure::new("GOV-16", "longest that a change waits for its tags", hours, "h", 1)
            .aim(Aim::AtMost(report.delay_ideal.0 as f64 / 3_600_000.0)),
    ];
    for check in &report.quick_check {
        let until = input.span.until.min(input.now - check.after);
        let (state, tag, span) = (check.state as i64, check.tag.as_str(), input.span);
        let found = input.store.orders_tagged(state, tag, span.from, until).await?;
        // A tag that is held for nothing is as wrong as one that is missing.
        let (held, rightly) = input.store.tagged_with_order(state, tag, span.from, span.until).await?;
        let name = format!("orders {:?} whose customer holds {tag}", check.state).to_lowercase();
        let held_by = format!("customers with {tag} who have an order {:?}", check.state).to_lowercase();
        let right = Aim::AtLeast(percent(report.quick_check_right));
        figures.push(Figure::share("GOV-18", &name, found.tagged, found.orders).aim(right));
        figures.push(Figure::share("GOV-18", &held_by, rightly, held).aim(right));
    }
    Ok(figures)
}

/// GOV-20: segments, each as it stands in `governance.toml`.
async fn customers(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let shop = &input.knowledge.shop;
    let mut figures = Vec::new();
    for audit in &input.knowledge.governance.report.audit {
        let wanted = Wanted { segment: audit.segment.clone(), first: None, now: input.now };
        let count = input.store.count_segment(&wanted.asked(&shop.rates, shop.currency)).await?;
        figures.push(Figure::new("GOV-20", &audit.name, count as f64, "", count).note(audit.segment.to_string()));
    }
    Ok(figures)
}

/// GOV-22, 24, 26: when somebody tidied last, and what is left of the accuracy where nobody does.
async fn care(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let (report, now) = (&input.knowledge.governance.report, input.now);
    let log = input.store.change_log(now - Duration::days(400), 10_000).await?;
    let tidied = log.iter().filter(|row| row.action.starts_with("tag") || row.action.starts_with("tidying"));
    // Who makes a new tag in a chat has not looked after the others, and what the clock does is nobody's look.
    let looked = |row: &&LogRow| row.action != "tag-made" && row.who != LogRow::BY_ITSELF;
    let last = tidied.clone().filter(looked).map(|row| row.at).max();
    let begun = input.store.log_begun().await?.unwrap_or(now);
    let since = now - last.unwrap_or(begun);
    let days = since.in_days();
    let changes = tidied.filter(|row| input.span.has(row.at)).count();
    let rules = log.iter().filter(|row| row.action.starts_with("rule-") && input.span.has(row.at)).count();
    let left = accuracy_left(days, report.fades_monthly.to_f64().unwrap_or_default());
    Ok(vec![
        Figure::new("GOV-22", "changes of the set of tags", changes as f64, "", changes as i64),
        Figure::new("GOV-12", "changes of rules", rules as f64, "", rules as i64),
        Figure::new("GOV-24", "days since somebody looked after the tags", days, "days", 1)
            .aim(Aim::AtMost(report.review_every.in_days())),
        Figure::new("GOV-26", "accuracy that is left of what it was then", left * 100.0, "%", 1)
            .note("what is left where nobody looks after them"),
    ])
}

fn percent(share: Decimal) -> f64 {
    (share * Decimal::ONE_HUNDRED).to_f64().unwrap_or_default()
}
