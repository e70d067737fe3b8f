//! Which products fit what is known of a wish.

use super::Memory;
use crate::domain::{Product, Shop};

/// Rows of a list message (section 5.6 allows ten; a screen shows eight).
const MOST_SHOWN: usize = 8;

/// What fits a wish.
pub(super) struct Fit<'a> {
    /// Best first.
    pub(super) products: Vec<&'a Product>,
    /// Nothing fits the budget: these are the nearest.
    pub(super) over_budget: bool,
}

/// Products of the kind that is wanted, in stock, within the budget; those with more of the needs first.
pub(super) fn fit<'a>(memory: &Memory, shop: &'a Shop) -> Fit<'a> {
    let Some(key) = memory.product() else { return Fit { products: Vec::new(), over_budget: false } };
    let category = key.split('/').next().unwrap_or_default();
    let of_key = |product: &&Product| product.key == key || !key.contains('/') && product.key.starts_with(category);
    let mut products: Vec<&Product> = shop.products.iter().filter(of_key).filter(|product| product.stock > 0).collect();
    let most = memory.most(shop.currency);
    let within: Vec<&Product> =
        products.iter().copied().filter(|product| most.is_none_or(|most| product.price <= most)).collect();
    let over_budget = within.is_empty() && !products.is_empty();
    if over_budget {
        products.sort_by(|a, b| a.price.cmp(&b.price).then(a.sku.cmp(&b.sku)));
        products.truncate(2);
        return Fit { products, over_budget };
    }
    products = within;
    products.sort_by(|a, b| {
        let wishes = |product: &Product| {
            let needs = memory.needs.iter().filter(|need| product.attributes.contains(need)).count();
            let brand = product.brand.as_ref().is_some_and(|brand| memory.brands.contains(brand));
            (brand, needs)
        };
        wishes(b).cmp(&wishes(a)).then(a.price.cmp(&b.price)).then(a.sku.cmp(&b.sku))
    });
    products.truncate(MOST_SHOWN);
    Fit { products, over_budget }
}

/// A product by its number.
pub(super) fn by_sku<'a>(shop: &'a Shop, sku: &str) -> Option<&'a Product> {
    shop.products.iter().find(|product| product.sku == sku)
}
