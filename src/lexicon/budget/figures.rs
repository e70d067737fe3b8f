//! What the figures of a bare number say of it: how budgets, prices, memories and years look.

use rust_decimal::Decimal;

use super::{LEAST_AT, is_exact, value};
use crate::money::Found;
use crate::money::file::NumbersOf;
use hotline_domain::{Mention, Reading};

/// Budgets are: 150, 2500.
pub(crate) fn is_round(value: Decimal) -> bool {
    let step = if value < Decimal::ONE_THOUSAND { 50 } else { 100 };
    value >= Decimal::ONE_HUNDRED && (value % Decimal::from(step)).is_zero()
}

/// "The dress for 79.95", "and the 449 one": what people can spend is a round sum, what things cost is not.
pub(crate) fn is_price_tag(value: Decimal) -> bool {
    let odd = !(value % Decimal::from(5)).is_zero();
    odd && (value >= Decimal::from(LEAST_AT) || !value.fract().is_zero())
}

/// Of a memory, when nothing names a currency.
pub(crate) fn is_capacity(value: Decimal) -> bool {
    [32, 64, 128, 256, 512].contains(&value.normalize().try_into().unwrap_or(0))
}

pub(crate) fn is_year(value: Decimal) -> bool {
    (Decimal::from(1990)..=Decimal::from(2035)).contains(&value) && value.fract().is_zero()
}

/// "Are you open until 19?"
pub(crate) fn may_be_hour(sum: &Found) -> bool {
    let named = sum.amount.currency.is_some() && !sum.amount.currency_inferred;
    !named && sum.written.fract().is_zero() && sum.written <= Decimal::from(24)
}

/// Named in a currency, or as large as no quantity: who asks whether there is one for so much wishes for it.
pub(crate) fn is_told_as_money(sum: &Found) -> bool {
    let named = sum.amount.currency.is_some() && !sum.amount.currency_inferred;
    named || sum.certain && sum.written >= Decimal::ONE_THOUSAND
}

/// "The 50 tv is 2500, and the 43?": inches go without saying.
pub(crate) fn is_screen(sum: &Found, reading: &Reading, numbers: &NumbersOf) -> bool {
    let screen = |product: &Mention| NumbersOf::lists(&numbers.inches, &product.key);
    let inches = (numbers.least_inches..=numbers.most_inches).contains(&value(sum).normalize().try_into().unwrap_or(0));
    inches && !sum.certain && is_exact(sum) && reading.products.iter().any(screen)
}
