//! Whether the bot can speak of all that the shop sells: customers name kinds and properties in words of the dictionaries.

use std::collections::BTreeSet;

use crate::dialogue::Dialogue;
use crate::domain::{Language, Problem, Rates, Shop, SourceFile};
use crate::engine::fold::Knowledge;
use crate::lexicon::Lexicon;

/// Warns of kinds and properties in the shop's file that no dictionary has: nobody could ask for them.
pub(crate) fn unknown(file: &SourceFile, shop: &Shop, lexicon: &Lexicon) -> Vec<Problem> {
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

/// Takes the shop's language for the one that its replies are written in: `zh-CN` for `zh-Hans`.
pub(crate) fn speaking(shop: Shop, dialogue: Option<&Dialogue>) -> Shop {
    let languages: Vec<&str> = dialogue.iter().flat_map(|dialogue| dialogue.languages()).map(String::as_str).collect();
    let spoken = shop.language.among(languages.into_iter());
    let language = spoken.map_or_else(|| shop.language.clone(), |spoken| Language(spoken.to_owned()));
    Shop { language, ..shop }
}

/// Warns where there are no replies in the shop's own language.
pub(crate) fn unspoken(shop: &Shop, dialogue: &Dialogue) -> Option<Problem> {
    let language = shop.language.tag();
    let spoken: Vec<&str> = dialogue.languages().map(String::as_str).collect();
    let message = format!("there are no replies in `{language}`, the shop's language: English stands in for it");
    let advice = format!(
        "Set shop.language to one that there are replies in ({}), or write templates/replies/{language}.",
        spoken.join(", ")
    );
    let warning = || Problem::at(&format!("replies/{language}"), "", 0, message, advice).warning();
    (!spoken.contains(&language)).then(warning)
}

impl Knowledge {
    /// What is to be said where nobody is answered in the shop's own language.
    pub fn unspoken(&self) -> Option<Problem> {
        unspoken(&self.shop, &self.dialogue)
    }
}

/// Warns where the shop's own currency has no rate: what customers spend then gets no tag of a band or a level.
pub(crate) fn unconverted(shop: &Shop, rates: &Rates) -> Option<Problem> {
    let currency = shop.currency;
    let message = || format!("the shop's currency {currency} has no rate: what customers spend earns no tag of a band");
    let advice = "Add a line below [rates] in rates.toml: what one unit of the base currency is worth in it.";
    (!rates.knows(currency)).then(|| Problem::at("rates.toml", "", 0, message(), advice).warning())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use crate::config::Settings;
    use crate::domain::Language;
    use crate::engine::knowledge::{Folders, compile_rest};

    #[test]
    fn a_shop_speaks_the_language_that_its_settings_mean() {
        let sources = Folders::default().read().unwrap();
        for (tag, speaks) in [("pt-BR", "pt"), ("zh-TW", "zh-Hant"), ("zh", "zh-Hans"), ("ja", "ja")] {
            let mut settings = Settings::defaults();
            settings.shop.language = Language(tag.into());
            let (knowledge, problems) = compile_rest(&sources, &settings);
            let knowledge = knowledge.unwrap();
            assert_eq!(knowledge.shop.language.tag(), speaks);
            let warned = problems.iter().any(|problem| problem.message.contains("no replies in `ja`"));
            assert_eq!((warned, knowledge.unspoken().is_some()), (tag == "ja", tag == "ja"), "{problems:?}");
        }
    }
}
