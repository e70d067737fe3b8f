//! Reports that look at what contacts lived through: one walk over all of them, a page at a time.

use std::collections::BTreeMap;

use super::ReportInput;
use crate::domain::{Colour, Country, Duration, Money, Timestamp};
use crate::segments::Segment;
use crate::statistics::history::Closed;
use crate::statistics::{Aim, Channels, Colours, Figure, Sending, Service, Tally, Trade, Wrong};
use crate::store::{StoreError, UNIT, scaled};

/// Contacts of one page.
const PAGE: i64 = 200;
/// What happened so long before the span is still looked at: replies, reds and first purchases reach back.
const REACH: Duration = Duration::days(60);
/// Sales follow the mix of colours by about so many days (COLOR-26).
const AHEAD: i64 = 14;
/// In order of urgency.
const COLOURS: [Colour; 6] =
    [Colour::Red, Colour::Orange, Colour::Yellow, Colour::DarkGreen, Colour::LightGreen, Colour::Grey];
/// Days that a comparison needs.
const LEAST_DAYS: usize = 30;

/// Shows every contact's history to the tallies.
async fn walk(input: ReportInput<'_>, tallies: &mut [&mut (dyn Tally + Send)]) -> Result<(), StoreError> {
    let bought = input.bought_since(input.span.from - REACH);
    let mut after = 0;
    loop {
        // Of whom nothing is told that happened before the span was over, there is nothing to count.
        let page = input.store.histories(&bought, input.span.until, after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        for (_, mut history) in page {
            let country: Option<Country> = history.country.to_uppercase().parse().ok();
            history.zone = history.zone.or_else(|| input.knowledge.places.zone(country?));
            let (asleep, worst) = input.knowledge.outreach.closed(country);
            history.closed = Closed { asleep: asleep.quarters(), worst: worst.quarters() };
            for tally in &mut *tallies {
                tally.add(&history, input.span);
            }
        }
    }
}

async fn one(input: ReportInput<'_>, mut tally: impl Tally + Send) -> Result<Vec<Figure>, StoreError> {
    walk(input, &mut [&mut tally]).await?;
    Ok(tally.figures())
}

pub(super) async fn repeat(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    one(input, Trade::default()).await
}

pub(super) async fn sending(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let (mut sending, mut wrong) = (Sending::default(), of_wrong(input).await?);
    walk(input, &mut [&mut sending, &mut wrong]).await?;
    let mut figures = sending.figures();
    figures.extend(wrong.figures());
    Ok(figures)
}

pub(super) async fn service(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    one(input, Service::default()).await
}

pub(super) async fn channels(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    one(input, of_channels(input).await?).await
}

pub(super) async fn colours(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let mut figures = one(input, of_colours(input).await?).await?;
    figures.extend(mix(input).await?);
    Ok(figures)
}

/// All of them, in one walk.
pub(super) async fn all(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let (mut trade, mut sending, mut service) = (Trade::default(), Sending::default(), Service::default());
    let (mut channels, mut colours) = (of_channels(input).await?, of_colours(input).await?);
    let mut wrong = of_wrong(input).await?;
    walk(input, &mut [&mut trade, &mut sending, &mut service, &mut channels, &mut colours, &mut wrong]).await?;
    let mut figures = mix(input).await?;
    let tallies: [&dyn Tally; 6] = [&trade, &sending, &service, &channels, &colours, &wrong];
    figures.extend(tallies.iter().flat_map(|tally| tally.figures()));
    Ok(figures)
}

async fn of_colours(input: ReportInput<'_>) -> Result<Colours<'_>, StoreError> {
    let agents = input.store.users().await?.len() as i64;
    Ok(Colours::new(&input.knowledge.statistics.colours, input.now, agents))
}

/// The tags that rules and campaigns go by.
async fn of_wrong(input: ReportInput<'_>) -> Result<Wrong, StoreError> {
    let mut behind = input.knowledge.rulebook.sends_by();
    for campaign in input.store.all_campaigns().await? {
        // What a campaign was made with was understood then; one that is not any more goes by no tag that is known.
        if let Ok(segment) = campaign.segment.parse::<Segment>() {
            behind.insert(campaign.name, segment.tags().into_iter().map(str::to_owned).collect());
        }
    }
    Ok(Wrong::new(behind))
}

async fn of_channels(input: ReportInput<'_>) -> Result<Channels, StoreError> {
    let shop = &input.knowledge.shop;
    let day = |at: Timestamp| at.date_in(shop.zone);
    let mut spent: BTreeMap<String, i64> = BTreeMap::new();
    for (source, currency, amount) in input.store.ad_spend(&day(input.span.from), &day(input.span.until)).await? {
        let amount = rust_decimal::Decimal::from(amount) / rust_decimal::Decimal::from(UNIT);
        let sum = currency.parse().ok().map(|currency| Money { amount, currency });
        // What no rate is known of is not counted.
        let sum = sum.and_then(|sum| shop.rates.convert(sum, shop.currency)).and_then(scaled);
        let all = spent.entry(source).or_default();
        *all = all.saturating_add(sum.unwrap_or(0));
    }
    Ok(Channels::new(spent, shop.currency.code()))
}

/// The mix of colours today, how it moved, and whether sales moved behind it (MET-9, COLOR-26). It is a trend and no promise.
async fn mix(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let today = input.store.colour_mix().await?;
    let mut figures = Vec::new();
    for colour in COLOURS {
        let share =
            Figure::share("MET-9", "contacts of this colour", today.of(colour), today.contacts).of(colour.name());
        figures.push(if colour == Colour::Red { share.aim(Aim::AtMost(15.0)) } else { share });
    }
    let zone = input.knowledge.shop.zone;
    let (first, end) = (input.span.from.date_in(zone), input.span.until.date_in(zone));
    let days = input.store.colour_days(&first, &end).await?;
    let behind = input.span.until + Duration::days(AHEAD);
    let sales: BTreeMap<i64, i64> = input.store.purchases_by_day(input.span.from, behind).await?.into_iter().collect();
    let mut pairs = Vec::new();
    for (day, mix) in &days {
        let Ok(date) = day.parse::<chrono::NaiveDate>() else { continue };
        let number = (date - chrono::NaiveDate::default()).num_days();
        let red = mix.of(Colour::Red);
        figures.push(Figure::share("COLOR-26", "red contacts", red, mix.contacts).of(day));
        // Only days whose sales are known.
        if Timestamp((number + AHEAD + 1) * Duration::days(1).0) <= input.now {
            let share = red as f64 / mix.contacts.max(1) as f64;
            pairs.push((share, sales.get(&(number + AHEAD)).copied().unwrap_or(0) as f64));
        }
    }
    let name = "how red and the sales of 14 days later move together, -1 to 1";
    figures.push(match correlation(&pairs).filter(|_| pairs.len() >= LEAST_DAYS) {
        Some(together) => Figure::new("COLOR-26", name, together, "", pairs.len() as i64),
        None => Figure::unknown("COLOR-26", name, format!("{} days are known; {LEAST_DAYS} are needed", pairs.len())),
    });
    Ok(figures)
}

/// Pearson's coefficient; `None` where one side does not move.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let (x, y) = pairs.iter().fold((0.0, 0.0), |(x, y), pair| (x + pair.0 / count, y + pair.1 / count));
    let (mut both, mut left, mut right) = (0.0, 0.0, 0.0);
    for pair in pairs {
        both += (pair.0 - x) * (pair.1 - y);
        left += (pair.0 - x).powi(2);
        right += (pair.1 - y).powi(2);
    }
    (left > 0.0 && right > 0.0).then(|| both / (left * right).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_together_and_what_does_not_move() {
        let close = |pairs: &[(f64, f64)], wanted: f64| correlation(pairs).is_some_and(|is| (is - wanted).abs() < 1e-9);
        assert!(close(&[(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)], 1.0));
        assert!(close(&[(1.0, 6.0), (2.0, 4.0), (3.0, 2.0)], -1.0));
        assert_eq!(correlation(&[(1.0, 6.0), (1.0, 4.0)]), None);
        assert_eq!(correlation(&[]), None);
    }
}
