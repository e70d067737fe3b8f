//! A cart that a customer sends, in words that need no language.

use rust_decimal::Decimal;

use super::choice;
use super::words::{cut, money_in};
use crate::domain::{CartLine, Money, Shop};

/// Lines of a cart that are told one by one.
const MOST_LINES: usize = 20;
/// Letters of a number that the shop does not know.
const LONGEST_NUMBER: usize = 60;

/// `2 × Hush 700: 318 USD`, a line for each product, and what all of them come to where that is told; `mark` parts whole money from its
/// parts.
pub fn cart_in_words(items: &[CartLine], shop: &Shop, mark: &str) -> Vec<String> {
    let sums: Vec<Option<Money>> = items.iter().map(|line| line.sum(shop.currency)).collect();
    let told = items.iter().zip(&sums).take(MOST_LINES).map(|(line, sum)| {
        let name = choice::called(&line.product, shop).map_or(line.product.as_str(), |product| &product.name);
        let what = format!("{} × {}", line.quantity, cut(name, LONGEST_NUMBER));
        sum.map_or(what.clone(), |sum| format!("{what}: {}", money_in(mark, sum.amount, sum.currency)))
    });
    let mut lines: Vec<String> = told.collect();
    if items.len() > MOST_LINES {
        lines.push("…".into());
    }
    if let Some(total) = total(&sums).filter(|_| items.len() > 1) {
        lines.push(format!("= {}", money_in(mark, total.amount, total.currency)));
    }
    lines
}

/// The sum of all lines, where each tells one and all are in one currency.
fn total(sums: &[Option<Money>]) -> Option<Money> {
    let currency = sums.first().copied().flatten()?.currency;
    let add = |sum: Decimal, line: &Option<Money>| {
        line.filter(|line| line.currency == currency).and_then(|line| sum.checked_add(line.amount))
    };
    let amount = sums.iter().try_fold(Decimal::ZERO, add)?;
    Some(Money { amount, currency })
}
