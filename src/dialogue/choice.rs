//! Which products fit what is known of a wish.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::Memory;
use super::pointing::Pointings;
use crate::domain::{Budget, Money, Product, Shop};

/// Rows of a list message: ten are allowed (section 5.6), the last one calls a person.
const MOST_SHOWN: usize = 8;
/// "around 500" takes in what costs a tenth more.
const ABOUT: Decimal = Decimal::from_parts(11, 0, 0, false, 1);

/// What the shop has, and which kinds of product may be shown for others.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    pub(super) shop: &'a Shop,
    pub(super) pointings: &'a Pointings,
}

impl<'a> Shelf<'a> {
    fn in_stock(self) -> impl Iterator<Item = &'a Product> {
        self.shop.products.iter().filter(|product| product.stock > 0)
    }

    /// What is in stock of a kind.
    fn of_key(self, key: &str) -> impl Iterator<Item = &'a Product> {
        self.in_stock().filter(move |product| product.key == key)
    }

    /// What is in stock of the kinds that may be shown for one.
    fn close_to(self, key: &str) -> impl Iterator<Item = &'a Product> {
        let close = self.pointings.close_to(key);
        self.in_stock().filter(move |product| close.contains(&product.key))
    }
}

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
        // An exact sum is what can be spent at most, not what must be spent at least.
        let min = min.flatten().filter(|_| budget.min != budget.max);
        let max = max.flatten().map(|max| if budget.about { max * ABOUT } else { max });
        Self { min, max, unknown: false, converted: currency != shop.currency }
    }

    pub(super) fn holds(&self, price: Decimal) -> bool {
        self.min.is_none_or(|min| price >= min) && self.max.is_none_or(|max| price <= max)
    }

    /// Who can spend more may spend less, where there is nothing else.
    fn without_least(self) -> Self {
        Self { min: self.min.filter(|_| self.max.is_none()), ..self }
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
pub(super) fn fit<'a>(memory: &Memory, shelf: Shelf<'a>) -> Fit<'a> {
    let own = fit_to(memory, memory.budget.as_ref(), shelf);
    let Some(bare) = memory.budget.as_ref().filter(|budget| own.over_budget && budget.currency_inferred) else {
        return own;
    };
    let dearest = of_kind(memory, shelf).iter().map(|product| product.price).max().unwrap_or_default();
    if bare.max.or(bare.min).is_none_or(|sum| sum > dearest * Decimal::TWO) {
        return own;
    }
    let in_shop_currency = Budget { currency: Some(shelf.shop.currency), ..bare.clone() };
    let other = fit_to(memory, Some(&in_shop_currency), shelf);
    if other.over_budget { own } else { Fit { in_shop_currency: true, ..other } }
}

fn fit_to<'a>(memory: &Memory, budget: Option<&Budget>, shelf: Shelf<'a>) -> Fit<'a> {
    let mut found = of_kind(memory, shelf);
    let other_brand = !memory.brands.is_empty() && !found.iter().any(|product| has_brand(memory, product));
    // What is had of the brand is what they want of it.
    found.retain(|product| memory.brands.is_empty() || other_brand || has_brand(memory, product));
    let mut purse = Purse::of(budget, shelf.shop);
    let lacks = |product: &Product| lacks(memory, product);
    found.sort_by(|a, b| {
        let rank = |product: &Product| (lacks(product), purse.distance(product.price));
        rank(a).cmp(&rank(b)).then(a.price.cmp(&b.price)).then(a.sku.cmp(&b.sku))
    });
    if !found.iter().any(|product| purse.holds(product.price)) {
        purse = purse.without_least();
    }
    if !found.iter().any(|product| purse.holds(product.price))
        && let Some(key) = memory.product()
    {
        found.extend(shelf.close_to(key).filter(|product| purse.holds(product.price) && !memory.refuses(product)));
    }
    let exact: Vec<_> =
        found.iter().copied().filter(|product| purse.holds(product.price) && lacks(product) == 0).collect();
    if !exact.is_empty() {
        return Fit { products: cut(exact), other_brand, ..Fit::default() };
    }
    let affordable: Vec<_> = found.iter().copied().filter(|product| purse.holds(product.price)).collect();
    let close = close_with_all(memory, &purse, shelf);
    if !affordable.is_empty() && !close.is_empty() {
        return Fit { products: close, ..Fit::default() };
    }
    let over_budget = affordable.is_empty() && !found.is_empty();
    let mut nearest = if over_budget { found } else { affordable };
    if over_budget {
        nearest.sort_by_key(|product| (purse.distance(product.price), lacks(product)));
    }
    nearest.truncate(3);
    let lacking = nearest.first().is_some_and(|product| lacks(product) > 0);
    Fit { products: nearest, over_budget, lacking, other_brand, ..Fit::default() }
}

/// What may be shown for the kind that is wanted, costs no more and has all that is needed: a laptop for games is a gaming laptop.
fn close_with_all<'a>(memory: &Memory, purse: &Purse, shelf: Shelf<'a>) -> Vec<&'a Product> {
    let Some(key) = memory.product().filter(|_| memory.brands.is_empty()) else { return Vec::new() };
    let suits = |product: &&Product| {
        purse.holds(product.price) && lacks(memory, product) == 0 && !memory.refuses(product) && product.key != key
    };
    let mut found: Vec<_> = shelf.close_to(key).filter(suits).collect();
    found.sort_by(|a, b| a.price.cmp(&b.price).then(a.sku.cmp(&b.sku)));
    cut(found)
}

fn cut(mut products: Vec<&Product>) -> Vec<&Product> {
    products.truncate(MOST_SHOWN);
    products
}

/// What is in stock of the kind that is wanted, else of those that may be shown for it; of the brand where only that is known, else
/// what has all that is needed. Without what they refuse.
pub(super) fn of_kind<'a>(memory: &Memory, shelf: Shelf<'a>) -> Vec<&'a Product> {
    let mut found: Vec<_> = match (memory.product(), memory.brands.is_empty(), memory.needs.is_empty()) {
        (Some(key), ..) => {
            let found: Vec<_> = shelf.of_key(key).collect();
            if found.is_empty() { shelf.close_to(key).collect() } else { found }
        }
        (None, false, _) => shelf.in_stock().filter(|product| has_brand(memory, product)).collect(),
        (None, true, false) => shelf.in_stock().filter(|product| lacks(memory, product) == 0).collect(),
        (None, true, true) => Vec::new(),
    };
    found.retain(|product| !memory.refuses(product));
    found
}

fn has_brand(memory: &Memory, product: &Product) -> bool {
    product.brand.as_ref().is_some_and(|brand| memory.brands.contains(brand))
}

/// Whether a product is of the category that they look in.
fn is_within(memory: &Memory, product: &Product) -> bool {
    memory.within.as_deref().is_none_or(|category| product.key.split('/').next() == Some(category))
}

/// How much of what is needed a product does not have.
pub(super) fn lacks(memory: &Memory, product: &Product) -> usize {
    memory.needs.iter().filter(|need| !product.attributes.contains(need)).count()
}

/// What is in stock of the kind that is wanted, within the budget, of the brand, with all that is needed: the cheapest first.
pub(super) fn suiting<'a>(memory: &Memory, shelf: Shelf<'a>) -> Vec<&'a Product> {
    let purse = Purse::of(memory.budget.as_ref(), shelf.shop);
    let mut found = of_kind(memory, shelf);
    found.retain(|product| purse.holds(product.price) && lacks(memory, product) == 0);
    found.retain(|product| memory.brands.is_empty() || has_brand(memory, product));
    found.sort_by(|a, b| a.price.cmp(&b.price).then(a.sku.cmp(&b.sku)));
    found
}

/// Whether a brand was named, or something that is in stock has all that is needed: there is something to choose from.
pub(super) fn has_any(memory: &Memory, shelf: Shelf<'_>) -> bool {
    !memory.brands.is_empty() || !of_kind(memory, shelf).is_empty()
}

/// What can be had for the budget where nothing else is known: of each kind what is nearest to it. Nothing where no budget is, or
/// none that can be held against the shop's prices.
pub(super) fn affordable<'a>(memory: &Memory, shop: &'a Shop) -> Fit<'a> {
    affordable_of(memory, shop, |_| true)
}

/// The same of some of the products.
fn affordable_of<'a>(memory: &Memory, shop: &'a Shop, counts: impl Fn(&Product) -> bool) -> Fit<'a> {
    let mut purse = Purse::of(memory.budget.as_ref(), shop);
    if memory.budget.is_none() || purse.unknown {
        return Fit::default();
    }
    if !shop.products.iter().any(|product| product.stock > 0 && purse.holds(product.price)) {
        purse = purse.without_least();
    }
    let mut found: Vec<&Product> =
        shop.products.iter().filter(|product| product.stock > 0 && purse.holds(product.price)).collect();
    found.retain(|product| !memory.refuses(product) && counts(product) && is_within(memory, product));
    let rank = |product: &Product| (lacks(memory, product), Reverse(product.price));
    found.sort_by(|a, b| rank(a).cmp(&rank(b)).then(a.sku.cmp(&b.sku)));
    let mut kinds = BTreeSet::new();
    found.retain(|product| kinds.insert(&product.key));
    Fit { products: cut(found), ..Fit::default() }
}

/// What there is of some kinds, or of the categories that stand for all of theirs, for what they can spend: the dearest first.
pub(super) fn of_kinds<'a>(memory: &Memory, shelf: Shelf<'a>, kinds: &[&str]) -> Vec<&'a Product> {
    let purse = Purse::of(memory.budget.as_ref(), shelf.shop);
    let is_of = |product: &Product| {
        kinds.iter().any(|kind| product.key == *kind || product.key.split('/').next() == Some(*kind))
    };
    let mut found: Vec<_> = shelf.in_stock().filter(|product| is_of(product) && purse.holds(product.price)).collect();
    found.retain(|product| !memory.refuses(product));
    found.sort_by_key(|product| (Reverse(product.price), &product.sku));
    cut(found)
}

/// Of each category what costs least and is in stock, in the order in which the shop names them; where these are few, of each kind.
pub(super) fn ideas(shop: &Shop) -> Vec<&Product> {
    let in_stock = || shop.products.iter().filter(|product| product.stock > 0);
    let mut found = cheapest_of_each(in_stock(), |product| product.key.split('/').next().unwrap_or_default());
    let kinds = cheapest_of_each(in_stock(), |product| &product.key);
    let left = kinds.into_iter().filter(|product| found.iter().all(|other| other.key != product.key));
    let left: Vec<_> = left.collect();
    found.extend(left);
    cut(found)
}

/// The cheapest of each group, in the order in which groups are first named.
fn cheapest_of_each<'a>(
    products: impl Iterator<Item = &'a Product>,
    group: impl Fn(&'a Product) -> &'a str,
) -> Vec<&'a Product> {
    let mut found: Vec<&Product> = Vec::new();
    for product in products {
        match found.iter_mut().find(|other| group(other) == group(product)) {
            Some(other) if other.price <= product.price => {}
            Some(other) => *other = product,
            None => found.push(product),
        }
    }
    found
}

/// What costs less than that and is in stock: the nearest in price first. Of one kind, else of those that may be shown for it; where
/// that is open, of any that has what is needed.
pub(super) fn cheaper<'a>(key: Option<&str>, than: Decimal, memory: &Memory, shelf: Shelf<'a>) -> Vec<&'a Product> {
    let costs_less = |product: &&Product| product.price < than;
    let mut found: Vec<_> = match key {
        Some(key) => shelf.of_key(key).filter(costs_less).collect(),
        None => shelf.in_stock().filter(costs_less).filter(|product| lacks(memory, product) == 0).collect(),
    };
    if let Some(key) = key.filter(|_| found.is_empty()) {
        found = shelf.close_to(key).filter(costs_less).collect();
    }
    found.retain(|product| !memory.refuses(product));
    // What has all that is needed comes alone, where there is any.
    if found.iter().any(|product| lacks(memory, product) == 0) {
        found.retain(|product| lacks(memory, product) == 0);
    }
    found.sort_by(|a, b| b.price.cmp(&a.price).then(a.sku.cmp(&b.sku)));
    found.truncate(3);
    found
}

/// What costs more than that of a kind and is in stock: the nearest in price first.
pub(super) fn dearer<'a>(key: &str, than: Decimal, memory: &Memory, shelf: Shelf<'a>) -> Vec<&'a Product> {
    let mut found: Vec<_> = shelf.of_key(key).filter(|product| product.price > than).collect();
    found.retain(|product| !memory.refuses(product));
    found.sort_by(|a, b| a.price.cmp(&b.price).then(a.sku.cmp(&b.sku)));
    found.truncate(3);
    found
}

/// The least and the most that something in stock of each kind costs.
pub(super) fn prices(products: &[Product]) -> BTreeMap<String, (Decimal, Decimal)> {
    let mut prices: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
    for product in products.iter().filter(|product| product.stock > 0) {
        let (least, most) = prices.entry(product.key.clone()).or_insert((product.price, product.price));
        (*least, *most) = (product.price.min(*least), product.price.max(*most));
    }
    prices
}

/// What suits them and was not seen yet: the cheapest first; where nothing but a budget is known, what else that buys.
pub(super) fn others<'a>(memory: &Memory, shelf: Shelf<'a>) -> Fit<'a> {
    if !has_any(memory, shelf) {
        return affordable_of(memory, shelf.shop, |product| !memory.has_seen(&product.sku));
    }
    let mut products = suiting(memory, shelf);
    products.retain(|product| !memory.has_seen(&product.sku));
    Fit { products: cut(products), ..Fit::default() }
}

/// A budget in the customer's own money, of which thousands may have been left unsaid, as one in the shop's money, as it is written: where it
/// is that by what else they see, or buys nothing otherwise.
pub(super) fn as_written(memory: &Memory, words: &str, by_buttons: bool, shelf: Shelf<'_>) -> Option<Budget> {
    let budget = memory.budget.as_ref().filter(|budget| budget.currency_inferred)?;
    let written = budget.max.or(budget.min)? / Decimal::ONE_THOUSAND;
    let mut numbers = words.split(|letter: char| !letter.is_ascii_digit());
    let is_written = numbers.any(|number| number.parse::<Decimal>().is_ok_and(|number| number == written));
    if !is_written || !by_buttons && !fit_to(memory, Some(budget), shelf).over_budget {
        return None;
    }
    let currency = Some(shelf.shop.currency);
    let of_shop = Budget { min: None, max: Some(written), currency, currency_inferred: false, ..budget.clone() };
    (!fit_to(memory, Some(&of_shop), shelf).over_budget).then_some(of_shop)
}

/// Whether anything of a kind, or of those that may be shown for it, is in stock.
pub(super) fn is_sold(key: &str, shelf: Shelf<'_>) -> bool {
    shelf.of_key(key).next().is_some() || shelf.close_to(key).next().is_some()
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
pub(super) fn steps(memory: &Memory, shelf: Shelf<'_>) -> Vec<Decimal> {
    let mut prices: Vec<Decimal> = of_kind(memory, shelf).iter().map(|product| product.price).collect();
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
pub(super) fn telling_needs(memory: &Memory, shelf: Shelf<'_>) -> Vec<String> {
    let products = of_kind(memory, shelf);
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for attribute in products.iter().flat_map(|product| &product.attributes) {
        *counts.entry(attribute).or_default() += 1;
    }
    let half = products.len().div_ceil(2);
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count < products.len()).collect();
    counts.sort_by_key(|(attribute, count)| (count.abs_diff(half), *attribute));
    counts.into_iter().take(2).map(|(attribute, _)| attribute.to_owned()).collect()
}
