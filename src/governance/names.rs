//! Names of tags: `tags.toml`, what a label must look like, and what a tag is called and drawn in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::{Problem, SourceFile, TagKey, stable_hash};

/// What stands in the place of a language that a label has not.
const LAST_RESORT: &str = "en";
/// What every group may begin with beside its name.
const CUT: &str = "…";

/// Labels by language.
pub type Labels = BTreeMap<String, String>;

/// `tags.toml`, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct TagNames {
    most_characters: usize,
    generic: BTreeSet<String>,
    /// Letters of other alphabets that look like Latin ones, and which.
    look_alike: BTreeMap<char, char>,
    palette: Vec<String>,
    by_chance: Vec<String>,
    /// Word of a key to the colour that it stands for.
    meaning: BTreeMap<String, String>,
    groups: BTreeMap<String, Labels>,
    tags: BTreeMap<String, NamedTag>,
}

/// A tag that ships with a label.
#[derive(Clone, Debug, PartialEq)]
struct NamedTag {
    label: Labels,
    colour: Option<String>,
}

/// Why a label is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLabel {
    /// NAME-1.
    #[error("`{label}` has {length} characters; a label has at most {most}")]
    TooLong {
        /// The label.
        label: String,
        /// How long it is.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// NAME-2.
    #[error("`{0}` says not what it is about: write Category-Attribute, such as Product-Sofa")]
    NoForm(String),
    /// NAME-2: what stands in it is read aloud, typed and searched for.
    #[error("`{0}` has other signs than letters, digits, hyphen, slash and space: write it as in Product-Sofa")]
    Signs(String),
    /// NAME-3: what looks the same is mixed up.
    #[error("`{0}` has letters of two alphabets that look the same in one word: type it anew in one of them")]
    Alphabets(String),
    /// NAME-3.
    #[error("`{0}` is too broad: it would fit everybody. Say what is special, such as Customer-New")]
    Generic(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    labels: WrittenLabels,
    colours: WrittenColours,
    #[serde(default)]
    groups: BTreeMap<String, Labels>,
    #[serde(default)]
    tag: Vec<WrittenTag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLabels {
    most_characters: usize,
    core_at_least: usize,
    core_at_most: usize,
    tags_at_most: usize,
    generic: Vec<String>,
    #[serde(default)]
    look_alike: BTreeMap<char, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenColours {
    palette: Vec<String>,
    by_chance: Vec<Spanned<String>>,
    meaning: BTreeMap<Spanned<String>, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTag {
    key: Spanned<String>,
    label: BTreeMap<String, Spanned<String>>,
    colour: Option<Spanned<String>>,
}

impl TagNames {
    /// Reads `tags.toml` among the files. Without that file tags are called by their keys.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let advice = "A tag is written [[tag]], key = \"group/value\", label = { en = \"Category-Attribute\" }.";
        let file = SourceFile::required(files, "tags.toml", "the names of tags");
        match file.and_then(|file| Ok((file, file.toml::<File>(advice)?))) {
            Ok((file, written)) => Checker { file, problems: Vec::new() }.understand(written),
            Err(problem) => (None, vec![problem]),
        }
    }

    /// Whether a tag may be called so.
    ///
    /// # Errors
    /// Why not, and what to write.
    pub fn judge(&self, label: &str) -> Result<(), BadLabel> {
        let length = label.graphemes(true).count();
        if length > self.most_characters {
            return Err(BadLabel::TooLong { label: label.into(), length, most: self.most_characters });
        }
        let whole = plain(label);
        if self.generic.contains(&whole) {
            return Err(BadLabel::Generic(label.into()));
        }
        if !label.graphemes(true).all(is_plain_sign) {
            return Err(BadLabel::Signs(label.into()));
        }
        if label.split(|c: char| !c.is_alphanumeric()).any(|word| self.mixes_alphabets(word)) {
            return Err(BadLabel::Alphabets(label.into()));
        }
        let Some((category, attribute)) = label.split_once('-') else { return Err(BadLabel::NoForm(label.into())) };
        let (category, attribute) = (plain(category), plain(attribute));
        if category.is_empty() || attribute.is_empty() {
            return Err(BadLabel::NoForm(label.into()));
        }
        // `Product-Other` says as little as `Other`.
        if self.generic.contains(&attribute) {
            return Err(BadLabel::Generic(label.into()));
        }
        Ok(())
    }

    /// Whether two names are one to who reads them: they differ by no more than capitals, or look the same.
    pub fn is_same(&self, one: &str, other: &str) -> bool {
        let seen =
            |text: &str| plain(&text.chars().map(|c| *self.look_alike.get(&c).unwrap_or(&c)).collect::<String>());
        plain(one) == plain(other) || seen(one) == seen(other)
    }

    fn mixes_alphabets(&self, word: &str) -> bool {
        word.chars().any(|c| c.is_ascii_alphabetic()) && word.chars().any(|c| self.look_alike.contains_key(&c))
    }

    /// What a tag is called in a language: as the file says, else by its group and the words of its key.
    pub fn label(&self, tag: &str, language: &str) -> String {
        let shipped = self.tags.get(tag).and_then(|tag| in_language(&tag.label, language));
        shipped.map_or_else(|| self.made_up(tag, language), str::to_owned)
    }

    /// The keys that a label may stand for by what groups are called: `Heat-Low` is `heat/low`.
    pub fn keys_by_group(&self, label: &str, language: &str) -> impl Iterator<Item = String> {
        let label = plain(label);
        self.groups.iter().filter_map(move |(group, labels)| {
            let named = plain(in_language(labels, language)?);
            let value = label.strip_prefix(&named)?.strip_prefix('-')?;
            Some(format!("{group}/{}", key_part(value)))
        })
    }

    fn made_up(&self, tag: &str, language: &str) -> String {
        let (group, rest) = tag.split_once('/').unwrap_or(("", tag));
        let named = self.groups.get(group).and_then(|labels| in_language(labels, language));
        let group = named.map_or_else(|| capital(group), str::to_owned);
        // The end of a key says most: of `category/electronics/phone` the phone.
        let parts: Vec<&str> = rest.split('/').collect();
        let words = |from: usize| capital(&spoken(&parts[from..].join(" ")));
        let last_two = parts.len().saturating_sub(2);
        let named = |from: usize| format!("{group}-{}", words(from));
        let whole = named(0);
        let ways = [whole.clone(), named(last_two), words(last_two), named(parts.len() - 1), words(parts.len() - 1)];
        let fits = |label: &String| label.graphemes(true).count() <= self.most_characters;
        ways.into_iter().find(fits).unwrap_or_else(|| {
            let kept: String = whole.graphemes(true).take(self.most_characters.saturating_sub(1)).collect();
            kept + CUT
        })
    }

    /// The colour of a tag that nobody gave one: what its words mean, else one that is always the same.
    pub fn colour(&self, tag: &str) -> &str {
        if let Some(colour) = self.tags.get(tag).and_then(|tag| tag.colour.as_deref()) {
            return colour;
        }
        // The last word says most: `complaint-resolved` is resolved.
        let meaning = tag.rsplit(['/', '-']).find_map(|word| self.meaning.get(word));
        if let Some(colour) = meaning {
            return colour;
        }
        let place = (stable_hash(tag.bytes()) % self.by_chance.len().max(1) as u64) as usize;
        self.by_chance.get(place).map_or("grey", String::as_str)
    }

    /// Whether the console can draw that colour.
    pub fn has_colour(&self, colour: &str) -> bool {
        self.palette.iter().any(|known| known == colour)
    }

    /// Colours that a tag may have.
    pub fn palette(&self) -> &[String] {
        &self.palette
    }

    /// The core set: tags that ship with a label.
    pub fn core(&self) -> impl Iterator<Item = &str> {
        self.tags.keys().map(String::as_str)
    }
}

/// The key of a label: `Product-Dining Table` is `product/dining-table`.
///
/// # Errors
/// The label holds something that no key may have.
pub fn key_of(label: &str) -> Result<TagKey, crate::domain::TagError> {
    let (group, value) = label.split_once('-').unwrap_or(("", label));
    format!("{}/{}", key_part(group), key_part(value)).parse()
}

fn key_part(text: &str) -> String {
    let words = text.trim().to_lowercase();
    words.split(|c: char| c.is_whitespace() || c == '_' || c == '/').collect::<Vec<_>>().join("-")
}

/// A letter or a digit of any script with its marks, a hyphen, a slash or a space.
fn is_plain_sign(sign: &str) -> bool {
    let mut parts = sign.chars();
    let begins = parts.next().is_some_and(|first| first.is_alphanumeric() || "-/ ".contains(first));
    begins && parts.all(|mark| !mark.is_ascii() && !mark.is_control())
}

fn in_language<'a>(labels: &'a Labels, language: &str) -> Option<&'a str> {
    let base = language.split('-').next().unwrap_or_default();
    let label = labels.get(language).or_else(|| labels.get(base)).or_else(|| labels.get(LAST_RESORT));
    label.map(String::as_str)
}

/// What does not tell two names apart.
fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Latin letters, each with those that look like it, as the other way round.
fn understood_letters(written: BTreeMap<char, String>) -> BTreeMap<char, char> {
    let letters = written.into_iter();
    letters.flat_map(|(latin, alike)| alike.chars().map(|other| (other, latin)).collect::<Vec<_>>()).collect()
}

/// A key's words with spaces between them. Before a number the hyphen stays: gmt-5 and 500-1000 are something else without it.
fn spoken(key: &str) -> String {
    let mut words = String::new();
    for word in key.split('-') {
        let number = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
        let between = if words.is_empty() {
            ""
        } else if number {
            "-"
        } else {
            " "
        };
        words += between;
        words += word;
    }
    words
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

struct Checker<'a> {
    file: &'a SourceFile,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn error(&mut self, place: usize, message: impl Into<String>, advice: &str) {
        self.problems.push(Problem::at(&self.file.path, &self.file.text, place, message, advice));
    }

    fn understand(mut self, written: File) -> (Option<TagNames>, Vec<Problem>) {
        let palette = written.colours.palette;
        for colour in written.colours.by_chance.iter().chain(written.colours.meaning.keys()) {
            self.colour(colour, &palette);
        }
        if written.colours.by_chance.is_empty() || written.labels.most_characters < 5 {
            self.error(
                0,
                "no colours by chance, or labels of less than five characters",
                "Compare with the file that ships.",
            );
        }
        let mut meaning = BTreeMap::new();
        for (colour, words) in written.colours.meaning {
            meaning.extend(words.into_iter().map(|word| (word, colour.get_ref().clone())));
        }
        let mut names = TagNames {
            most_characters: written.labels.most_characters,
            generic: written.labels.generic.iter().map(|word| plain(word)).collect(),
            look_alike: understood_letters(written.labels.look_alike),
            palette,
            by_chance: written.colours.by_chance.into_iter().map(Spanned::into_inner).collect(),
            meaning,
            groups: written.groups,
            tags: BTreeMap::new(),
        };
        self.tags(&mut names, written.tag);
        let count = names.tags.len();
        let (least, most) = (written.labels.core_at_least, written.labels.core_at_most);
        if count < least || count > most {
            let problem = Problem::at(
                &self.file.path,
                "",
                0,
                format!("{count} tags have a label of their own; {least} to {most} cover most of the daily work"),
                format!("Above {} nobody finds one of them in time.", written.labels.tags_at_most),
            );
            self.problems.push(if count > written.labels.tags_at_most { problem } else { problem.warning() });
        }
        let wrong = self.problems.iter().any(|problem| problem.severity == crate::domain::Severity::Error);
        ((!wrong).then_some(names), self.problems)
    }

    fn colour(&mut self, colour: &Spanned<String>, palette: &[String]) {
        if !palette.contains(colour.get_ref()) {
            let advice = format!("Colours are {}.", palette.join(", "));
            self.error(colour.span().start, format!("there is no colour `{}`", colour.get_ref()), &advice);
        }
    }

    fn tags(&mut self, names: &mut TagNames, written: Vec<WrittenTag>) {
        let mut taken: BTreeMap<(String, String), String> = BTreeMap::new();
        for tag in written {
            let key = tag.key.get_ref().clone();
            if let Err(error) = key.parse::<TagKey>() {
                self.error(tag.key.span().start, error.to_string(), "Example: key = \"status/shipped\".");
            }
            if let Some(colour) = &tag.colour {
                self.colour(colour, &names.palette);
            }
            let mut labels = Labels::new();
            for (language, label) in tag.label {
                if let Err(bad) = names.judge(label.get_ref()) {
                    self.error(label.span().start, bad.to_string(), "Short and direct: Member-Gold, Source-IG Ad.");
                }
                if let Some(other) = taken.insert((language.clone(), plain(label.get_ref())), key.clone()) {
                    let message = format!("`{}` is what `{other}` is called in {language} already", label.get_ref());
                    self.error(label.span().start, message, "Two tags that are called the same are mixed up.");
                }
                labels.insert(language, label.into_inner());
            }
            let named = NamedTag { label: labels, colour: tag.colour.map(Spanned::into_inner) };
            if names.tags.insert(key.clone(), named).is_some() {
                self.error(tag.key.span().start, format!("`{key}` stands here twice"), "Leave one of them.");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    const SHIPPED: &str = include_str!("../../keywords/tags.toml");

    fn compile(text: &str) -> (Option<TagNames>, Vec<Problem>) {
        TagNames::compile(&[SourceFile { path: "tags.toml".into(), text: text.into() }])
    }

    /// F-29, and the forms of NAME-2.
    #[test]
    fn long_shapeless_and_generic_names_are_refused() {
        let names = compile(SHIPPED).0.unwrap();
        for good in ["Bought-Notebook", "Product-Dining Table", "Member-Gold", "状态-待付款", "Status-Delivered"] {
            assert_eq!(names.judge(good), Ok(()), "{good}");
        }
        let twenty = "Status-In repair now";
        assert_eq!(twenty.chars().count(), 20);
        assert_eq!(names.judge(twenty), Ok(()));
        assert!(matches!(names.judge("Status-In repair now!"), Err(BadLabel::TooLong { length: 21, .. })));
        for generic in ["Customer", "customers", "Клиент", "客户", "Product-Other", "Tag"] {
            assert!(matches!(names.judge(generic), Err(BadLabel::Generic(_))), "{generic}");
        }
        for signs in
            ["Product-<b>", "Product-Sofa!", "Home & Garden-Sofa", "Mood-👍", "Product-So\u{0}fa", "Product_Sofa-a"]
        {
            assert!(matches!(names.judge(signs), Err(BadLabel::Signs(_))), "{signs}");
        }
        for mixed in ["Рroduct-Sofa", "Product-Sоfa", "Статус-ДостaвкА", "Product-Sοfa"] {
            assert!(matches!(names.judge(mixed), Err(BadLabel::Alphabets(_))), "{mixed}");
        }
        for script in ["उत्पाद-सोफ़ा", "منتج-أريكة", "Größe-XL/XXL", "Товар-USB кабель", "Товар-3D принтер", "产品-iPad"]
        {
            assert_eq!(names.judge(script), Ok(()), "{script}");
        }
        for shapeless in ["Sofa", "-Sofa", "Product-", "", "Product- "] {
            assert!(matches!(names.judge(shapeless), Err(BadLabel::NoForm(_))), "{shapeless}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_one() {
        let names = compile(SHIPPED).0.unwrap();
        for (one, other, same) in [
            ("Product-Sofa", "product-SOFA", true),
            ("Club-TOP", "Club-ТОР", true),
            ("Статус-Ваза", "статус-ваза", true),
            ("Club-TOP", "Club-TIP", false),
            ("Model-S0", "Model-SO", false),
        ] {
            assert_eq!(names.is_same(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn every_tag_has_a_label_that_fits_in_every_language() {
        let names = compile(SHIPPED).0.unwrap();
        for (tag, language, label) in [
            ("status/shipped", "zh-Hant", "狀態-已出貨"),
            ("status/shipped", "pt-BR", "Status-Enviado"),
            ("status/shipped", "xx", "Status-Shipped"),
            ("need/waterproof", "de", "Bedarf-Waterproof"),
            ("interest/high/earbuds-noise-cancelling", "en", "Interest-High earbu…"),
            ("sofa/three-seats", "en", "Sofa-Three seats"),
        ] {
            assert_eq!(names.label(tag, language), label, "{tag}");
            assert!(names.label(tag, language).graphemes(true).count() <= 20);
        }
    }

    #[test]
    fn colours_have_a_meaning_or_are_always_the_same() {
        let names = compile(SHIPPED).0.unwrap();
        for (tag, colour) in [
            ("status/payment-pending", "red"),
            ("stage/pending-payment", "red"),
            ("status/completed", "green"),
            ("case/complaint-resolved", "green"),
            ("color/orange", "orange"),
        ] {
            assert_eq!(names.colour(tag), colour, "{tag}");
        }
        assert_eq!(names.colour("product/sofa"), names.colour("product/sofa"));
        let several: BTreeSet<_> =
            (0..40).map(|n| format!("product/{n}")).map(|tag| names.colour(&tag).to_owned()).collect();
        assert!(several.len() >= 4, "{several:?}");
    }

    #[test]
    fn a_mistake_in_the_file_is_told_where_it_stands() {
        let with = |tag: &str| compile(&format!("{SHIPPED}\n{tag}")).1;
        let line = SHIPPED.lines().count() + 4;
        let long = with("[[tag]]\nkey = \"a/b\"\nlabel = { en = \"Status-In repair now!\" }");
        assert_eq!((long[0].line, long.len()), (line, 1), "{long:?}");
        let same = with("[[tag]]\nkey = \"a/b\"\nlabel = { en = \"status-shipped\" }");
        assert!(same[0].message.contains("`status/shipped`"), "{same:?}");
        let deep = with("[[tag]]\nkey = \"a/b/c/d/e\"\nlabel = { en = \"A-B\" }");
        assert!(deep[0].message.contains("too deep"), "{deep:?}");
        let colour = with("[[tag]]\nkey = \"a/b\"\nlabel = { en = \"A-B\" }\ncolour = \"mauve\"");
        assert!(colour[0].message.contains("mauve"), "{colour:?}");
        let names = compile("[labels]\n").1;
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn the_key_of_a_label_is_made_of_its_words() {
        assert_eq!(key_of("Product-Dining Table").unwrap().as_str(), "product/dining-table");
        assert_eq!(key_of("状态-待付款").unwrap().as_str(), "状态/待付款");
        assert!(key_of("Sofa").is_err());
    }
}
