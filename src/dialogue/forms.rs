//! `templates.toml`: how Meta writes languages, and what is filled into templates that a shop made at Meta by its own form, with a
//! picture, gaps with names, or buttons.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::domain::{Contact, Problem, SourceFile};

const FILE: &str = "templates.toml";

/// Something that is known of a follow-up and its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// The customer's first name, or the word for one who told none.
    Name,
    /// The shop's name.
    Shop,
    /// What it is about.
    Product,
    /// What that costs.
    Price,
    /// What is missing to the next tier.
    Rest,
    /// The number of the order that it is about.
    Order,
    /// The address of a picture of it.
    Picture,
    /// A tracked link of ours.
    Link,
}

impl Fact {
    const ALL: [(&'static str, Self); 8] = [
        ("name", Self::Name),
        ("shop", Self::Shop),
        ("product", Self::Product),
        ("price", Self::Price),
        ("rest", Self::Rest),
        ("order", Self::Order),
        ("picture", Self::Picture),
        ("link", Self::Link),
    ];
}

/// Words with `{name}`, `{product}` and so on in them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Text(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Words(String),
    Fact(Fact),
}

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.split('{');
        let mut pieces = vec![Piece::Words(parts.next().unwrap_or_default().to_owned())];
        for part in parts {
            let (name, rest) = part.split_once('}').ok_or_else(|| format!("`{text}` has a brace that stays open"))?;
            let known = Fact::ALL.iter().find(|(known, _)| *known == name).ok_or_else(|| {
                let names = Fact::ALL.map(|(known, _)| format!("{{{known}}}")).join(", ");
                format!("`{{{name}}}` is nothing that is known; there are {names}")
            })?;
            pieces.extend([Piece::Fact(known.1), Piece::Words(rest.to_owned())]);
        }
        pieces.retain(|piece| *piece != Piece::Words(String::new()));
        Ok(Self(pieces))
    }
}

impl Text {
    pub(super) fn names(&self, known: Fact) -> bool {
        self.0.contains(&Piece::Fact(known))
    }

    /// The words, where all is known that they name.
    pub(super) fn fill(&self, known: &dyn Fn(Fact) -> Option<String>) -> Option<String> {
        let of = |piece: &Piece| match piece {
            Piece::Words(words) => Some(words.clone()),
            Piece::Fact(name) => known(*name),
        };
        self.0.iter().map(of).collect()
    }
}

/// How a template is filled in that a shop made by its own form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Form {
    /// Numbered gaps of the body, in order; without it they are those of our own words.
    pub(super) body: Option<Vec<Text>>,
    /// Gaps with names, beside those that all templates may have.
    pub(super) gaps: BTreeMap<String, Text>,
    /// Words for the header's gap, or the address of its picture, film or document.
    pub(super) header: Option<Text>,
    /// Where `{link}` leads if the product has no page of its own.
    pub(super) page: Option<String>,
    /// The end of the address behind a button.
    pub(super) url: Option<Text>,
    /// What a tap on a reply button tells, by what is written on it.
    pub(super) payloads: BTreeMap<String, String>,
}

/// What `templates.toml` says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forms {
    /// What stands before names and is none, in small letters, without full stops.
    #[serde(default)]
    titles: BTreeSet<String>,
    languages: BTreeMap<String, String>,
    #[serde(default)]
    gaps: BTreeMap<String, Text>,
    #[serde(default)]
    template: BTreeMap<String, Form>,
}

impl Forms {
    /// Reads `templates.toml` among the files.
    pub(super) fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let read = SourceFile::required(files, FILE, "how Meta writes languages").and_then(|file| {
            let forms: Self = file.toml("Write [languages] and lines such as pt = \"pt_BR\".")?;
            match forms.misplaced() {
                Some(message) => Err(Problem::at(FILE, &file.text, 0, message, "Links stand behind buttons only.")),
                None => Ok(forms),
            }
        });
        match read {
            Ok(forms) => (Some(forms), Vec::new()),
            Err(problem) => (None, vec![problem]),
        }
    }

    /// A link has its address only when the message is written down, and only behind a button.
    fn misplaced(&self) -> Option<String> {
        let has_link = |text: &Text| text.names(Fact::Link);
        if self.gaps.values().any(has_link) {
            return Some("{link} stands in [gaps]".into());
        }
        let wrong = self.template.iter().find(|(_, form)| {
            let body = form.body.iter().flatten();
            body.chain(form.gaps.values()).chain(&form.header).any(has_link)
        });
        wrong.map(|(name, _)| format!("{{link}} stands in the words or the header of `{name}`"))
    }

    /// What a contact is called by: the first word of their name that is one, without its title and what stands around it.
    pub(super) fn first_name<'c>(&self, contact: &'c Contact) -> Option<&'c str> {
        let words = contact.name.as_deref()?.split_whitespace();
        let mut letters = words.map(|word| word.trim_matches(|letter: char| !letter.is_alphabetic()));
        letters.find(|word| {
            word.chars().filter(|letter| letter.is_alphabetic()).count() >= 2
                && word.chars().all(|sign| sign.is_alphabetic() || !sign.is_ascii() || "-'.".contains(sign))
                && !self.titles.contains(&word.to_lowercase())
        })
    }

    /// Meta's code of a language of ours.
    pub(super) fn code<'a>(&'a self, language: &'a str) -> &'a str {
        self.languages.get(language).map_or(language, String::as_str)
    }

    /// The language of replies that a code of Meta's stands for.
    pub(super) fn language_of<'a>(&'a self, code: &'a str) -> &'a str {
        let named = self.languages.iter().find(|(_, other)| *other == code);
        named.map_or_else(|| code.split('_').next().unwrap_or(code), |(language, _)| language)
    }

    /// How a template is filled in, where it has a form of its own.
    pub(super) fn of(&self, template: &str) -> Option<&Form> {
        self.template.get(template)
    }

    /// What stands in gaps with names, as far as it is known.
    pub(super) fn values(
        &self,
        form: Option<&Form>,
        known: &dyn Fn(Fact) -> Option<String>,
    ) -> BTreeMap<String, String> {
        let own = form.into_iter().flat_map(|form| &form.gaps);
        // Those of the template's own come last, and so before the others.
        let all = self.gaps.iter().chain(own);
        all.filter_map(|(name, text)| Some((name.clone(), text.fill(known)?))).collect()
    }
}
