//! The report `customers`: bands, points and groups, how many customers each has and what they bring (SPEND-5, SPEND-26, MET-20).

use super::ReportInput;
use crate::statistics::{Aim, Figure, Standing, cut_place};
use crate::store::{StoreError, UNIT};

/// Counts it.
pub(super) async fn count(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let parameters = &input.knowledge.statistics.customers;
    let bought = input.bought_since(input.span.until - parameters.window);
    let buyers = input.store.count_buyers(&bought).await?;
    if buyers < parameters.least {
        let note = format!("{buyers} customers bought within {}; {} are needed", parameters.window, parameters.least);
        let unknown = |entry| Figure::unknown(entry, "customers by what they spent", note.as_str());
        return Ok(["SPEND-5", "SPEND-26", "MET-20"].map(unknown).into());
    }
    let mut figures = Vec::new();
    let all = input.store.revenue_above(&bought, i64::MIN).await?;
    let unit = input.knowledge.shop.currency.code();
    for (top, aim) in [(parameters.high, None), (20, Some(Aim::AtLeast(50.0)))] {
        let place: Vec<i64> = cut_place(100 - top, buyers).into_iter().collect();
        let cut = input.store.figures_at(&bought, Standing::Sum, &place).await?;
        let above = input.store.revenue_above(&bought, cut.first().copied().unwrap_or(i64::MIN)).await?;
        let share =
            Figure::share("MET-20", "share of revenue", above.1 / UNIT, all.1 / UNIT).of(format!("top {top} %"));
        figures.push(match aim {
            Some(aim) => share.aim(aim),
            None => share,
        });
        if let (Some(cut), true) = (cut.first(), top == parameters.high) {
            let from = *cut as f64 / UNIT as f64;
            figures.push(Figure::new("SPEND-5", "the top begins above", from, unit, buyers).of(format!("top {top} %")));
        }
    }
    for group in ["band", "rfm-group"] {
        let entry = if group == "band" { "MET-20" } else { "SPEND-26" };
        for held in input.store.revenue_by_tag(&bought, &format!("{group}/")).await? {
            figures.push(Figure::share(entry, "share of customers", held.customers, buyers).of(held.tag.as_str()));
            figures.push(Figure::share(entry, "share of revenue", held.sum / UNIT, all.1 / UNIT).of(held.tag));
        }
    }
    Ok(figures)
}
