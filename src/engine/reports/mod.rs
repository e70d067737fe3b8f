//! Reports: figures over all contacts, asked for by name. The database adds up, or histories of contacts are shown to tallies a
//! page at a time: memory does not grow with the number of contacts.

mod customers;
mod lives;
mod sales;
mod tags;

use futures_util::future::BoxFuture;

use super::fold::Knowledge;
use crate::domain::{Every, Timestamp};
use crate::statistics::{Figure, Report, Span};
use crate::store::{Bought, Store, StoreError};

/// What a report is made from.
#[derive(Clone, Copy)]
pub struct ReportInput<'a> {
    /// The database.
    pub store: &'a Store,
    /// Dictionaries, rules, the shop, parameters.
    pub knowledge: &'a Knowledge,
    /// What is looked at.
    pub span: Span,
    /// The time now.
    pub now: Timestamp,
}

impl<'a> ReportInput<'a> {
    /// Purchases since then, until the span ends.
    pub fn bought_since(&self, from: Timestamp) -> Bought<'a> {
        let shop = &self.knowledge.shop;
        Bought { from, until: self.span.until, rates: &shop.rates, currency: shop.currency }
    }

    /// The shop's currency.
    fn currency(&self) -> &'a str {
        self.knowledge.shop.currency.code()
    }
}

/// A report that can be asked for.
pub struct Kind {
    /// Its name, as it stands in addresses.
    pub name: &'static str,
    /// What it tells, in a sentence.
    pub about: &'static str,
    /// How often it is made and kept.
    pub every: Every,
    /// Counts its figures.
    pub count: for<'a> fn(ReportInput<'a>) -> BoxFuture<'a, Result<Vec<Figure>, StoreError>>,
}

/// Every report there is.
pub const REPORTS: &[Kind] = &[
    Kind {
        name: "amounts",
        about: "Where the number of orders per amount breaks off, and the bands that follow from it",
        every: Every::Quarter,
        count: |input| Box::pin(sales::amounts(input)),
    },
    Kind {
        name: "basket",
        about: "What is bought together, and so could be offered together",
        every: Every::Quarter,
        count: |input| Box::pin(sales::basket(input)),
    },
    Kind {
        name: "channels",
        about: "What each source of customers costs and brings",
        every: Every::Quarter,
        count: |input| Box::pin(lives::channels(input)),
    },
    Kind {
        name: "colours",
        about: "How well colours foretell sales, how fast they are seen to, and how their mix moves",
        every: Every::Month,
        count: |input| Box::pin(lives::colours(input)),
    },
    Kind {
        name: "customers",
        about: "Bands, points and groups of customers, and what each brings",
        every: Every::Quarter,
        count: |input| Box::pin(customers::count(input)),
    },
    Kind {
        name: "regions",
        about: "Orders, their mean, their growth and their number for 1,000 people in each region",
        every: Every::Quarter,
        count: |input| Box::pin(sales::regions(input)),
    },
    Kind {
        name: "repeat",
        about: "Who buys again and when, who changes the band, what is cancelled and returned",
        every: Every::Quarter,
        count: |input| Box::pin(lives::repeat(input)),
    },
    Kind {
        name: "sending",
        about: "What comes of what is sent: replies, opt-outs, recommendations, reviews, campaigns",
        every: Every::Month,
        count: |input| Box::pin(lives::sending(input)),
    },
    Kind {
        name: "service",
        about: "How fast customers are answered, complaints solved, conversations ended and first purchases made",
        every: Every::Month,
        count: |input| Box::pin(lives::service(input)),
    },
    Kind {
        name: "tags",
        about: "The set of tags: how many, how used, how right, and what could be merged, archived or deleted",
        every: Every::Quarter,
        count: |input| Box::pin(tags::count(input)),
    },
];

/// All metrics of the catalogue in one report. It is made of the others, and so neither made nor kept by itself.
pub const METRICS: Kind = Kind {
    name: "metrics",
    about: "Every metric of the catalogue's section MET",
    every: Every::Month,
    count: |input| Box::pin(metrics(input)),
};

/// The report of that name.
pub fn named(name: &str) -> Option<&'static Kind> {
    REPORTS.iter().chain(std::iter::once(&METRICS)).find(|kind| kind.name == name)
}

async fn metrics(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let mut figures = lives::all(input).await?;
    figures.extend(customers::count(input).await?);
    figures.extend(sales::lists(input).await?);
    let number = |figure: &Figure| figure.entry.strip_prefix("MET-").and_then(|number| number.parse::<u32>().ok());
    figures.retain(|figure| number(figure).is_some());
    figures.sort_by_key(number);
    Ok(figures)
}

/// Makes a report.
///
/// # Errors
/// The database does not answer.
pub async fn make(kind: &Kind, input: ReportInput<'_>) -> Result<Report, StoreError> {
    let figures = (kind.count)(input).await?;
    let (from, until) = (input.span.from.rfc3339(), input.span.until.rfc3339());
    Ok(Report { name: kind.name.into(), about: kind.about.into(), from, until, figures })
}
