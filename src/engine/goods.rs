//! Whether the bot can speak of all that the shop sells: customers name kinds and properties in words of the dictionaries.

use std::collections::BTreeSet;

use crate::domain::{Problem, Rates, Shop, SourceFile};
use crate::lexicon::Lexicon;

/// Warns of kinds and properties in the shop's file that no dictionary has: nobody could ask for them.
pub(super) fn unknown(file: &SourceFile, shop: &Shop, lexicon: &Lexicon) -> Vec<Problem> {
    let kinds: BTreeSet<&str> = shop.products.iter().map(|product| product.key.as_str()).collect();
    let properties: BTreeSet<&str> =
        shop.products.iter().flat_map(|product| &product.attributes).map(String::as_str).collect();
    let warn = |key: &str, message: String, advice: &str| {
        let place = file.text.find(&format!("\"{key}\"")).unwrap_or(0);
        Problem::at(&file.path, &file.text, place, message, advice).warning()
    };
    let kinds = kinds.into_iter().filter(|key| !lexicon.knows_product(key)).map(|key| {
        let message = format!("no dictionary has the kind `{key}`: nobody who asks for it is understood");
        warn(key, message, "Put its words into products/CATEGORY.toml, or take a key that is there.")
    });
    let properties = properties.into_iter().filter(|key| !lexicon.knows_attribute(key)).map(|key| {
        let message = format!("no dictionary has the property `{key}`: nobody who asks for it is understood");
        warn(key, message, "Put its words into attributes.toml, or take one that is there.")
    });
    kinds.chain(properties).collect()
}

/// Warns where the shop's own currency has no rate: what customers spend then gets no tag of a band or a level.
pub(super) fn unconverted(shop: &Shop, rates: &Rates) -> Option<Problem> {
    let currency = shop.currency;
    let message = || format!("the shop's currency {currency} has no rate: what customers spend earns no tag of a band");
    let advice = "Add a line below [rates] in rates.toml: what one unit of the base currency is worth in it.";
    (!rates.knows(currency)).then(|| Problem::at("rates.toml", "", 0, message(), advice).warning())
}
