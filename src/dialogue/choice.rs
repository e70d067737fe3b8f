//! Which products fit what is known of a wish.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::Memory;
use crate::domain::{Budget, Money, Product, Shop};

/// Rows of a list message: ten are allowed (section 5.6), the last one calls a person.
const MOST_SHOWN: usize = 8;
/// "around 500" takes in what costs a tenth more.
const ABOUT: Decimal = Decimal::from_parts(11, 0, 0, false, 1);

/// What fits a wish.
#[derive(Default)]
pub(super) struct Fit<'a> {
    /// Best first.
    pub(super) products: Vec<&'a Product>,
    /// Nothing fits the budget: these are the nearest in price.
    pub(super) over_budget: bool,
    /// Nothing has all that is needed: these have the most of it.
    pub(super) lacking: bool,
    /// The brand that was wanted is not sold here, or not in this kind.
    pub(super) other_brand: bool,
    /// A sum without a currency was taken for one of the shop's: in the customer's own nothing would fit.
    pub(super) in_shop_currency: bool,
}

/// The budget in the shop's currency.
#[derive(Clone, Copy, Default)]
pub(super) struct Purse {
    min: Option<Decimal>,
    max: Option<Decimal>,
    /// The budget is in a currency without a rate: it says nothing about the shop's prices.
    pub(super) unknown: bool,
    /// It was converted.
    pub(super) converted: bool,
}

impl Purse {
    pub(super) fn of(budget: Option<&Budget>, shop: &Shop) -> Self {
        let Some(budget) = budget else { return Self::default() };
        let currency = budget.currency.unwrap_or(shop.currency);
        let convert = |amount: Option<Decimal>| {
            amount.map(|amount| shop.rates.convert(Money { amount, currency }, shop.currency))
        };
        let (min, max) = (convert(budget.min), convert(budget.max));
        if min == Some(None) || max == Some(None) {
            return Self { unknown: true, ..Self::default() };
        }
        let max = max.flatten().map(|max| if budget.about { max * ABOUT } else { max });
        // An exact sum is what can be spent at most, not what must be spent at least.
        let min = min.flatten().filter(|_| budget.max.is_none());
        Self { min, max, unknown: false, converted: currency != shop.currency }
    }

    fn holds(&self, price: Decimal) -> bool {
        self.min.is_none_or(|min| price >= min) && self.max.is_none_or(|max| price <= max)
    }

    fn distance(&self, price: Decimal) -> Decimal {
        let above = self.max.map_or(Decimal::ZERO, |max| (price - max).max(Decimal::ZERO));
        let below = self.min.map_or(Decimal::ZERO, |min| (min - price).max(Decimal::ZERO));
        above + below
    }
}

/// Products of the kind that is wanted and in stock: those within the budget that have all that is needed; if there are
/// none, the nearest, and what they lack. A bare sum is one of the customer's own money first; where nothing would fit it is one of
/// the shop's, unless nobody would spend so much.
pub(super) fn fit<'a>(memory: &Memory, shop: &'a Shop) -> Fit<'a> {
    let own = fit_to(memory, memory.budget.as_ref(), shop);
    let Some(bare) = memory.budget.as_ref().filter(|budget| own.over_budget && budget.currency_inferred) else {
        return own;
    };
    let dearest = of_kind(memory, shop).iter().map(|product| product.price).max().unwrap_or_default();
    if bare.max.or(bare.min).is_none_or(|sum| sum > dearest * Decimal::TWO) {
        return own;
    }
    let in_shop_currency = Budget { currency: Some(shop.currency), ..bare.clone() };
    let other = fit_to(memory, Some(&in_shop_currency), shop);
    if other.over_budget { own } else { Fit { in_shop_currency: true, ..other } }
}

fn fit_to<'a>(memory: &Memory, budget: Option<&Budget>, shop: &'a Shop) -> Fit<'a> {
    let mut found = of_kind(memory, shop);
    let has_brand = |product: &Product| product.brand.as_ref().is_some_and(|brand| memory.brands.contains(brand));
    let other_brand = !memory.brands.is_empty() && !found.iter().any(|product| has_brand(product));
    let purse = Purse::of(budget, shop);
    let lacks = |product: &Product| memory.needs.iter().filter(|need| !product.attributes.contains(need)).count();
    found.sort_by(|a, b| {
        let rank = |product: &Product| (lacks(product), !has_brand(product), purse.distance(product.price));
        rank(a).cmp(&rank(b)).then(a.price.cmp(&b.price)).then(a.sku.cmp(&b.sku))
    });
    let exact: Vec<_> =
        found.iter().copied().filter(|product| purse.holds(product.price) && lacks(product) == 0).collect();
    if !exact.is_empty() {
        return Fit { products: cut(exact), other_brand, ..Fit::default() };
    }
    let affordable: Vec<_> = found.iter().copied().filter(|product| purse.holds(product.price)).collect();
    let over_budget = affordable.is_empty() && !found.is_empty();
    let mut nearest = if over_budget { found } else { affordable };
    if over_budget {
        nearest.sort_by_key(|product| (purse.distance(product.price), lacks(product)));
    }
    nearest.truncate(3);
    let lacking = nearest.first().is_some_and(|product| lacks(product) > 0);
    Fit { products: nearest, over_budget, lacking, other_brand, ..Fit::default() }
}

fn cut(mut products: Vec<&Product>) -> Vec<&Product> {
    products.truncate(MOST_SHOWN);
    products
}

/// What is in stock of the kind that is wanted; of the brand where only that is known, else what has all that is needed.
fn of_kind<'a>(memory: &Memory, shop: &'a Shop) -> Vec<&'a Product> {
    let has_brand = |product: &&Product| product.brand.as_ref().is_some_and(|brand| memory.brands.contains(brand));
    let has_needs = |product: &&Product| memory.needs.iter().all(|need| product.attributes.contains(need));
    let in_stock = shop.products.iter().filter(|product| product.stock > 0);
    match (memory.product(), memory.brands.is_empty(), memory.needs.is_empty()) {
        (Some(key), ..) => of_key(key, shop).collect(),
        (None, false, _) => in_stock.filter(has_brand).collect(),
        (None, true, false) => in_stock.filter(has_needs).collect(),
        (None, true, true) => Vec::new(),
    }
}

/// Whether a brand was named, or something that is in stock has all that is needed: there is something to choose from.
pub(super) fn has_any(memory: &Memory, shop: &Shop) -> bool {
    !memory.brands.is_empty() || !of_kind(memory, shop).is_empty()
}

/// What can be had for the budget where nothing else is known: of each kind what is nearest to it. Nothing where no budget is, or
/// none that can be held against the shop's prices.
pub(super) fn affordable<'a>(memory: &Memory, shop: &'a Shop) -> Fit<'a> {
    let purse = Purse::of(memory.budget.as_ref(), shop);
    if memory.budget.is_none() || purse.unknown {
        return Fit::default();
    }
    let mut found: Vec<&Product> =
        shop.products.iter().filter(|product| product.stock > 0 && purse.holds(product.price)).collect();
    found.sort_by(|a, b| b.price.cmp(&a.price).then(a.sku.cmp(&b.sku)));
    let mut kinds = BTreeSet::new();
    found.retain(|product| kinds.insert(&product.key));
    Fit { products: cut(found), ..Fit::default() }
}

/// Of each category what costs least and is in stock, in the order in which the shop names them.
pub(super) fn ideas(shop: &Shop) -> Vec<&Product> {
    let category = |product: &Product| product.key.split('/').next().unwrap_or_default().to_owned();
    let mut found: Vec<&Product> = Vec::new();
    for product in shop.products.iter().filter(|product| product.stock > 0) {
        match found.iter_mut().find(|other| category(other) == category(product)) {
            Some(other) if other.price <= product.price => {}
            Some(other) => *other = product,
            None => found.push(product),
        }
    }
    cut(found)
}

/// What costs less than that and is in stock: the nearest in price first. Of one kind, or where that is open, of any that has what is
/// needed.
pub(super) fn cheaper<'a>(key: Option<&str>, than: Decimal, memory: &Memory, shop: &'a Shop) -> Vec<&'a Product> {
    let suits = |product: &&Product| match key {
        Some(key) => product.key == key,
        None => memory.needs.iter().all(|need| product.attributes.contains(need)),
    };
    let in_stock = shop.products.iter().filter(|product| product.stock > 0 && product.price < than);
    let mut found: Vec<_> = in_stock.filter(suits).collect();
    found.sort_by(|a, b| b.price.cmp(&a.price).then(a.sku.cmp(&b.sku)));
    found.truncate(3);
    found
}

/// What costs least of a kind and is in stock.
pub(super) fn cheapest<'a>(key: &str, shop: &'a Shop) -> Option<&'a Product> {
    of_key(key, shop).min_by_key(|product| product.price)
}

fn of_key<'a>(key: &str, shop: &'a Shop) -> impl Iterator<Item = &'a Product> {
    shop.products.iter().filter(move |product| product.stock > 0 && product.key == key)
}

/// A product by its number.
pub(super) fn by_sku<'a>(shop: &'a Shop, sku: &str) -> Option<&'a Product> {
    shop.products.iter().find(|product| product.sku == sku)
}

/// The product that a rule names: by its number or name, else the first in stock of a kind that is named by its key or by the
/// last part of it. Tags have hyphens where keys have underscores and names have spaces.
pub(super) fn called<'a>(name: &str, shop: &'a Shop) -> Option<&'a Product> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '_'], "-");
    let name = plain(name);
    let is_it = |product: &&Product| plain(&product.sku) == name || plain(&product.name) == name;
    let of_kind = |product: &&Product| {
        let key = plain(&product.key);
        product.stock > 0 && (key == name || key.split_once('/').is_some_and(|(_, last)| last == name))
    };
    shop.products.iter().find(is_it).or_else(|| shop.products.iter().find(of_kind))
}

/// Two prices that part what is sold of a kind in three: handy answers to "what would you like to spend?".
pub(super) fn steps(memory: &Memory, shop: &Shop) -> Vec<Decimal> {
    let mut prices: Vec<Decimal> = of_kind(memory, shop).iter().map(|product| product.price).collect();
    prices.sort();
    prices.dedup();
    if prices.len() < 3 {
        return Vec::new();
    }
    let round_up = |price: Decimal| {
        let step = if price < Decimal::from(100) { Decimal::TEN } else { Decimal::from(50) };
        (price / step).ceil() * step
    };
    let mut steps = vec![round_up(prices[prices.len() / 3]), round_up(prices[prices.len() * 2 / 3])];
    steps.dedup();
    steps
}

/// The two properties that part what is sold of a kind best: had by some and not by all.
pub(super) fn telling_needs(memory: &Memory, shop: &Shop) -> Vec<String> {
    let products = of_kind(memory, shop);
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for attribute in products.iter().flat_map(|product| &product.attributes) {
        *counts.entry(attribute).or_default() += 1;
    }
    let half = products.len().div_ceil(2);
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count < products.len()).collect();
    counts.sort_by_key(|(attribute, count)| (count.abs_diff(half), *attribute));
    counts.into_iter().take(2).map(|(attribute, _)| attribute.to_owned()).collect()
}
