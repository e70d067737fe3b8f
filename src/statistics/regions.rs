//! Regions against each other: orders for each thousand people, the mean order, growth over a year (REG-32, 34). A region is
//! what a tag `region/…` says behind its group: a country, a part of it, a city. Regions of one kind are compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parameters::Regions as Parameters;
use super::{Figure, cut_place};

/// What is known of a region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// `hk`, `my/sabah`, `city/jakarta`.
    pub name: String,
    /// Contacts there.
    pub contacts: i64,
    /// Who bought within a year.
    pub buyers: i64,
    /// Purchases within a year.
    pub orders: i64,
    /// Their sum in the shop's currency, in ten-thousandths.
    pub sum: i64,
    /// Purchases in the year before.
    pub orders_before: i64,
}

/// A region, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// What is known of it.
    pub region: Region,
    /// The mean order, in ten-thousandths.
    pub mean: Option<i64>,
    /// Orders for each thousand people; `None` where it is not known how many live there.
    pub per_thousand: Option<f64>,
    /// Many orders for its people, and large ones (REG-32).
    pub high_value: bool,
    /// By how many per cent it grew in a year; `None` with too few orders the year before.
    pub growth: Option<f64>,
    /// It grew enough to weigh more (REG-34).
    pub growing: bool,
    /// There are contacts enough to know what is usual there (REG-38).
    pub usual: bool,
}

impl Judged {
    /// Whether its contacts are told anything.
    pub fn says_something(&self) -> bool {
        self.usual || self.high_value || self.growing
    }

    /// The tag's end for it: levels become hyphens, since a tag has three at most.
    pub fn slug(&self) -> String {
        self.region.name.replace('/', "-")
    }
}

/// Judges regions. What a region is for the shop is a matter of its kind: countries are set against countries.
pub fn judge(regions: Vec<Region>, people: &BTreeMap<String, i64>, parameters: &Parameters) -> Vec<Judged> {
    let is_country = |region: &Region| parameters.one_city.contains(&region.name);
    let regions: Vec<Region> = regions.into_iter().filter(|region| !is_country(region)).collect();
    let mut means: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
    let mean = |region: &Region| (region.orders >= parameters.least_orders).then(|| region.sum / region.orders.max(1));
    for region in &regions {
        means.entry(kind(&region.name)).or_default().extend(mean(region));
    }
    let lines: BTreeMap<&str, i64> = means
        .into_iter()
        .filter_map(|(kind, mut means)| {
            means.sort_unstable();
            let place = cut_place(100 - parameters.top, means.len() as i64)?;
            Some((kind, *means.get(usize::try_from(place).ok()?)?))
        })
        .collect();
    let judged = |region: Region| {
        let mean = mean(&region);
        let dear = mean.is_some_and(|mean| lines.get(kind(&region.name)).is_some_and(|line| mean > *line));
        let live = people.get(&region.name).copied().filter(|people| *people > 0);
        let per_thousand = live.map(|people| region.orders as f64 * 1_000.0 / people as f64);
        let enough = region.orders_before >= parameters.least_orders;
        let more = region.orders - region.orders_before;
        let growth = enough.then(|| more as f64 * 100.0 / region.orders_before as f64);
        Judged {
            high_value: dear && per_thousand.is_some_and(|orders| orders >= parameters.per_thousand),
            growing: growth.is_some_and(|growth| growth >= parameters.growth),
            usual: region.contacts >= parameters.least_contacts,
            mean,
            per_thousand,
            growth,
            region,
        }
    };
    regions.into_iter().map(judged).collect()
}

fn kind(name: &str) -> &'static str {
    match name.split_once('/') {
        Some(("city", _)) => "city",
        Some(_) => "part",
        None => "country",
    }
}

/// What the regions of one contact say of it, as figures for rules; `None` if nothing is known of any.
pub fn told(all: &[Judged], names: &[String]) -> Option<BTreeMap<String, String>> {
    let judged: Vec<&Judged> =
        all.iter().filter(|one| one.says_something() && names.contains(&one.region.name)).collect();
    if judged.is_empty() {
        return None;
    }
    let yes = |holds: bool| if holds { "yes" } else { "no" }.to_owned();
    let mut figures = BTreeMap::new();
    figures.insert("high_value".to_owned(), yes(judged.iter().any(|region| region.high_value)));
    if let Some(growing) = judged.iter().filter(|region| region.growing).max_by_key(|region| region.region.name.len()) {
        figures.insert("growing".to_owned(), growing.slug());
    }
    if let Some(usual) = judged.iter().find(|region| region.usual && kind(&region.region.name) == "country") {
        figures.insert("baseline".to_owned(), usual.slug());
    }
    Some(figures)
}

/// As figures of a report.
pub fn figures(judged: &[Judged], unit: &str) -> Vec<Figure> {
    let all: i64 = judged.iter().filter(|one| kind(&one.region.name) == "country").map(|one| one.region.orders).sum();
    let mut figures = Vec::new();
    for one in judged.iter().filter(|one| one.region.orders > 0) {
        let Region { name, orders, buyers, .. } = &one.region;
        figures.push(Figure::share("REG-33", "share of orders", *orders, all).of(name));
        if let Some(mean) = one.mean {
            figures.push(Figure::new("REG-33", "mean order", mean as f64 / 10_000.0, unit, *orders).of(name));
        }
        let named = "orders for 1,000 people";
        figures.push(match one.per_thousand {
            Some(orders_each) => {
                // Small figures matter here: one decimal would make most of them nothing.
                let value = Some((orders_each * 10_000.0).round() / 10_000.0);
                let note = if one.high_value { "high value: effort pays there first; mind returns too" } else { "" };
                Figure { value, ..Figure::new("REG-32", named, 0.0, "", *orders) }.of(name).note(note)
            }
            None => Figure::unknown("REG-32", named, "population.toml does not tell how many live there").of(name),
        });
        if let Some(growth) = one.growth {
            let note = if one.growing { "grows: give it more weight?" } else { "" };
            figures.push(Figure::new("REG-34", "growth of orders in a year", growth, "%", *buyers).of(name).note(note));
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters = Parameters {
        window: crate::domain::Duration::days(365),
        per_thousand: 5.0,
        top: 20,
        least_orders: 10,
        least_contacts: 20,
        one_city: Vec::new(),
        growth: 20.0,
    };

    fn region(name: &str, orders: i64, mean: i64, orders_before: i64) -> Region {
        Region {
            name: name.into(),
            contacts: orders,
            buyers: orders,
            orders,
            sum: orders * mean * 10_000,
            orders_before,
        }
    }

    #[test]
    fn a_region_is_of_high_value_by_its_people_and_its_orders() {
        let five = |first: Region| {
            let others = ["b", "c", "d", "e"].map(|name| region(name, 20, 50, 0));
            let people = BTreeMap::from([("a".to_owned(), 4_000)]);
            judge(std::iter::once(first).chain(others).collect(), &people, &PARAMETERS)
        };
        assert!(five(region("a", 20, 60, 0))[0].high_value);
        assert!(!five(region("a", 19, 60, 0))[0].high_value, "4.75 orders for a thousand people");
        assert!(!five(region("a", 20, 50, 0))[0].high_value, "no larger than elsewhere");
        // Among four regions none is the top fifth.
        let four =
            judge(["a", "b", "c", "d"].map(|name| region(name, 20, 60, 0)).into(), &BTreeMap::new(), &PARAMETERS);
        assert!(four.iter().all(|one| !one.high_value && one.per_thousand.is_none()));
    }

    #[test]
    fn growth_needs_orders_the_year_before() {
        let judged = |orders, before| judge(vec![region("vn/hcm", orders, 1, before)], &BTreeMap::new(), &PARAMETERS);
        assert!(judged(12, 10)[0].growing);
        assert!(!judged(119, 100)[0].growing);
        assert_eq!(judged(100, 9)[0].growth, None);
        let figures = told(&judged(12, 10), &["vn/hcm".to_owned()]).unwrap_or_default();
        assert_eq!(figures.get("growing").map(String::as_str), Some("vn-hcm"));
        assert_eq!(told(&judged(11, 10), &["vn/hcm".to_owned()]), None, "nothing is known");
    }
}
