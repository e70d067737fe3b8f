//! Sums that nothing real comes to.

use rust_decimal::Decimal;

use super::money::no_currency;
use super::{Currency, EventBody};

/// Numbers of this size or larger are no sums and no counts: with them arithmetic would have no end.
pub const MOST_OF_A_NUMBER: f64 = 1e15;

/// Sums of this size or larger are none of one order, price or quote. Those of all orders that a shop ever has can be added up.
pub const MOST_OF_A_SUM: i64 = 100_000_000_000;

/// Whether a sum that was told is one that something real has, whichever way it was written.
///
/// # Errors
/// The field's name and what is wrong with it.
pub fn check_sum(field: &str, sum: Option<Decimal>) -> Result<(), String> {
    let Some(sum) = sum else { return Ok(()) };
    check_size(field, sum)?;
    if sum < Decimal::ZERO { Err(format!("`{field}` is {sum}: no sum is less than nothing")) } else { Ok(()) }
}

fn check_size(field: &str, sum: Decimal) -> Result<(), String> {
    if sum.abs() >= Decimal::from(MOST_OF_A_SUM) {
        return Err(format!("`{field}` is {:e} or more: no sum is so large", MOST_OF_A_SUM as f64));
    }
    Ok(())
}

/// What is said of a number of that size.
pub fn too_large(field: &str) -> String {
    format!("`{field}` is {MOST_OF_A_NUMBER:e} or more: no sum and no count is so large")
}

fn check_length(field: &str, seconds: i64) -> Result<(), String> {
    if seconds < 0 { Err(format!("`{field}` is {seconds}: no time is less than none")) } else { Ok(()) }
}

fn check_currency(currency: Option<Currency>) -> Result<(), String> {
    match currency.filter(|currency| !currency.is_known()) {
        Some(unknown) => Err(format!("`currency`: {}", no_currency(unknown.code()))),
        None => Ok(()),
    }
}

/// Whether degrees are of a place on earth.
fn check_degrees(field: &str, degrees: f64, most: f64) -> Result<(), String> {
    match degrees.abs() <= most {
        true => Ok(()),
        false => Err(format!("`{field}` is {degrees}: degrees go from -{most} to {most}")),
    }
}

impl EventBody {
    /// Whether every sum, currency, length of time, day and place in it is one that something real has. Every door asks this of what comes in; a journal
    /// may hold others of the time before.
    ///
    /// # Errors
    /// The first field that is not, in words.
    pub fn check_sums(&self) -> Result<(), String> {
        match self {
            Self::Click(click) => {
                check_degrees("latitude", click.latitude.unwrap_or_default(), 90.0)?;
                check_degrees("longitude", click.longitude.unwrap_or_default(), 180.0)?;
                check_currency(click.currency)?;
                check_sum("price", click.price)
            }
            Self::Location(place) => {
                check_degrees("latitude", place.latitude, 90.0)?;
                check_degrees("longitude", place.longitude, 180.0)
            }
            Self::Page(page) => {
                check_length("seconds", page.seconds)?;
                page.visit_seconds.map_or(Ok(()), |seconds| check_length("visit_seconds", seconds))?;
                check_currency(page.currency)?;
                check_sum("price", page.price)
            }
            Self::Weather(weather) => match weather.date.parse::<chrono::NaiveDate>() {
                Ok(_) => Ok(()),
                Err(_) => Err(format!("`date` is `{}`, which is no day: write 2026-12-31", weather.date)),
            },
            Self::Cart(cart) => check_currency(cart.currency).and_then(|()| check_sum("amount", cart.amount)),
            Self::Quote(quote) => check_currency(quote.currency).and_then(|()| check_sum("amount", quote.amount)),
            Self::Product(product) => check_sum("price", product.price),
            Self::Order(order) => {
                check_currency(order.currency)?;
                check_sum("total", order.total)?;
                order.lines.iter().try_for_each(|line| {
                    check_sum("lines.quantity", line.quantity)?;
                    // Less than nothing is a discount that stands as a line.
                    check_size("lines.price", line.price)
                })
            }
            _ => Ok(()),
        }
    }
}
