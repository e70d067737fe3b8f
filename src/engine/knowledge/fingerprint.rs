//! What tags are made with: dictionaries, rules, what the shop's goods are called, and the program's own code for it. They are made anew
//! when its fingerprint is another one.

use sha2::{Digest, Sha256};

use crate::domain::{Shop, SourceFile};

/// Files that tags do not come from: a change of one of them makes no tag anew. Of the shop's only the names of its goods count, by which
/// customers call what they want: prices and stock change every day.
const NOT_OF_TAGS: &[&str] = &[
    "shop.toml",
    "outreach.toml",
    "limits.toml",
    "prices.toml",
    "rates.toml",
    "catalogue.toml",
    "segments.toml",
    "crawlers.toml",
    "governance.toml",
    "statistics.toml",
    "audiences.toml",
    "tags.toml",
    "chat_exports.toml",
    "templates.toml",
];

/// Lines of comment do not count.
pub(crate) fn of(files: &[SourceFile], shop: Option<&Shop>) -> String {
    let mut digest = Sha256::new();
    digest.update(env!("CODE_OF_TAGS"));
    for file in files.iter().filter(|file| !NOT_OF_TAGS.contains(&file.path.as_str())) {
        digest.update(&file.path);
        let lines = file.text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.for_each(|line| add(&mut digest, line));
    }
    for product in shop.iter().flat_map(|shop| &shop.products) {
        [&product.sku, &product.name, &product.key].into_iter().for_each(|name| add(&mut digest, name));
    }
    hex::encode(&digest.finalize()[..12])
}

fn add(digest: &mut Sha256, line: &str) {
    digest.update(line);
    digest.update([b'\n']);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::config::Settings;
    use crate::engine::knowledge::{Folders, compile};

    #[test]
    fn another_name_of_a_product_counts_and_another_price_does_not() {
        let mut sources = Folders::default().read().unwrap();
        let shop = compile(&sources, &Settings::defaults()).0.unwrap().shop;
        let before = of(&sources.keywords, Some(&shop));
        let mut dearer = shop.clone();
        dearer.products[0].price += rust_decimal::Decimal::ONE;
        assert_eq!(of(&sources.keywords, Some(&dearer)), before);
        let mut renamed = shop.clone();
        renamed.products[0].name.push_str(" II");
        assert_ne!(of(&sources.keywords, Some(&renamed)), before);
        sources.keywords.iter_mut().find(|file| file.path == "pointing.toml").unwrap().text.push_str("x = 1\n");
        assert_ne!(of(&sources.keywords, Some(&shop)), before);
    }

    /// Rooms that files of the fold name, and from which no tag comes: when and whether something leaves is told by the journal, and the
    /// others are looked at by jobs and pages.
    const OF_OTHERS: [&str; 6] = ["outreach", "store", "segments", "governance", "statistics", "engine/knowledge"];

    fn files(place: &Path, into: &mut Vec<PathBuf>) {
        match std::fs::read_dir(place) {
            Ok(entries) => entries.flatten().for_each(|entry| files(&entry.path(), into)),
            Err(_) => into.push(place.to_owned()),
        }
    }

    /// Rooms of the house that a file names, and folders of the engine.
    fn named(text: &str) -> Vec<String> {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let word =
            |rest: &str| -> String { rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect() };
        let room = |rest: &str| match rest.strip_prefix("engine::") {
            Some(inside) => format!("engine/{}", word(inside)),
            None => word(rest),
        };
        code.split("crate::").skip(1).map(room).filter(|name| !name.is_empty()).collect()
    }

    #[test]
    fn all_code_that_makes_tags_is_in_the_fingerprint() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let places: Vec<&str> = env!("PLACES_OF_TAGS").split(' ').collect();
        for place in &places {
            // The packages of their own name none of the others' rooms.
            if ["src/domain", "src/lexicon"].contains(place) {
                continue;
            }
            let mut paths = Vec::new();
            files(&root.join(place), &mut paths);
            assert!(!paths.is_empty(), "{place} is not there");
            let is_test = |path: &Path| {
                path.components().any(|part| ["tests", "tests.rs"].map(AsRef::as_ref).contains(&part.as_os_str()))
            };
            for path in paths.iter().filter(|path| !is_test(path)) {
                let text = std::fs::read_to_string(path).unwrap();
                for room in named(&text) {
                    assert!(
                        places.contains(&format!("src/{room}").as_str()) || OF_OTHERS.contains(&room.as_str()),
                        "{} takes from `{room}`, which is not among MAKES_TAGS in build.rs",
                        path.display()
                    );
                }
            }
        }
    }
}
