//! Reports: figures over all contacts, asked for by name. The database adds up; what is read comes in pages.

mod customers;
mod tags;

use futures_util::future::BoxFuture;

use super::fold::Knowledge;
use crate::domain::Timestamp;
use crate::statistics::{Figure, Report, Span};
use crate::store::{Bought, Store, StoreError};

/// What a report is made from.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The database.
    pub store: &'a Store,
    /// Dictionaries, rules, the shop, parameters.
    pub knowledge: &'a Knowledge,
    /// What is looked at.
    pub span: Span,
    /// The time now.
    pub now: Timestamp,
}

impl<'a> Desk<'a> {
    /// Purchases since then, until the span ends.
    pub fn bought_since(&self, from: Timestamp) -> Bought<'a> {
        let shop = &self.knowledge.shop;
        Bought { from, until: self.span.until, rates: &shop.rates, currency: shop.currency }
    }
}

/// A report that can be asked for.
pub struct Kind {
    /// Its name, as it stands in addresses.
    pub name: &'static str,
    /// What it tells, in a sentence.
    pub about: &'static str,
    /// Counts its figures.
    pub count: for<'a> fn(Desk<'a>) -> BoxFuture<'a, Result<Vec<Figure>, StoreError>>,
}

/// Every report there is.
pub const REPORTS: &[Kind] = &[
    Kind {
        name: "customers",
        about: "Bands, points and groups of customers, and what each brings",
        count: |desk| Box::pin(customers::count(desk)),
    },
    Kind {
        name: "tags",
        about: "The set of tags: how many, how used, how right, and what could be merged, archived or deleted",
        count: |desk| Box::pin(tags::count(desk)),
    },
];

/// The report of that name.
pub fn named(name: &str) -> Option<&'static Kind> {
    REPORTS.iter().find(|kind| kind.name == name)
}

/// Makes a report.
///
/// # Errors
/// The database does not answer.
pub async fn make(kind: &Kind, desk: Desk<'_>) -> Result<Report, StoreError> {
    let figures = (kind.count)(desk).await?;
    let (from, until) = (desk.span.from.rfc3339(), desk.span.until.rfc3339());
    Ok(Report { name: kind.name.into(), about: kind.about.into(), from, until, figures })
}
