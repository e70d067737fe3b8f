//! Follow-ups as Meta's templates: the same words, with gaps for what differs from customer to customer. Outside the service window
//! only these may be sent, and Meta approves each of them in each language.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::templates::{Said, Templates};
use super::words::money;
use crate::domain::{Contact, FollowUpRequest, MessageKind, Problem, Shop, SourceFile, TemplateRef};

const FILE: &str = "templates.toml";

/// What stands in a gap, in the order of the gaps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// The customer's first name.
    Name,
    /// What is missing to the next tier.
    Rest,
}

impl Gap {
    const ALL: [Self; 2] = [Self::Name, Self::Rest];

    /// Stands in the words for what is filled in: nobody writes these characters.
    fn mark(self) -> &'static str {
        match self {
            Self::Name => "\u{e000}",
            Self::Rest => "\u{e001}",
        }
    }
}

/// How Meta writes languages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Codes {
    languages: BTreeMap<String, String>,
}

impl Codes {
    /// Reads `templates.toml` among the files.
    pub(super) fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let file = SourceFile::required(files, FILE, "how Meta writes languages");
        match file.and_then(|file| file.toml("Write [languages] and lines such as pt = \"pt_BR\".")) {
            Ok(codes) => (Some(codes), Vec::new()),
            Err(problem) => (None, vec![problem]),
        }
    }

    /// Meta's code of a language of ours.
    pub(super) fn of<'a>(&'a self, language: &'a str) -> &'a str {
        self.languages.get(language).map_or(language, String::as_str)
    }
}

/// The words of a template in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// As Meta writes it.
    pub language: String,
    /// With gaps `{{1}}`, `{{2}}`.
    pub body: String,
    /// What could stand in each gap.
    pub examples: Vec<String>,
}

impl Templates {
    /// Meta's template of a follow-up, for a customer: what stands in its gaps.
    pub(super) fn template(
        &self,
        planned: &FollowUpRequest,
        contact: &Contact,
        shop: &Shop,
        codes: &Codes,
    ) -> TemplateRef {
        let language = self.language(contact, shop);
        let gaps = self.gaps(&planned.template, planned.kind, shop);
        let fill = |gap: &Gap| match gap {
            Gap::Name => contact.first_name().map_or_else(|| self.word(language, "nameless"), str::to_owned),
            Gap::Rest => planned.rest.map(|rest| money(rest.amount, rest.currency)).unwrap_or_default(),
        };
        let body = gaps.iter().map(fill).collect();
        TemplateRef { name: planned.template.clone(), language: codes.of(language).to_owned(), body, instead_of: None }
    }

    /// Every follow-up that has words of its own.
    pub(super) fn own_names(&self) -> impl Iterator<Item = &String> {
        self.follow_ups.values().flatten()
    }

    /// How many gaps the template of that name has.
    pub(super) fn gap_count(&self, template: &str, kind: MessageKind, shop: &Shop) -> usize {
        self.gaps(template, kind, shop).len()
    }

    /// The template in every language that there are words for.
    pub(super) fn wordings(&self, template: &str, kind: MessageKind, shop: &Shop, codes: &Codes) -> Vec<Wording> {
        let gaps = self.gaps(template, kind, shop);
        let example = |gap: &Gap| match gap {
            Gap::Name => "Ada".to_owned(),
            Gap::Rest => money(200.into(), shop.currency),
        };
        let wording = |language: &String| {
            let words = self.marked(language, template, kind, shop)?;
            let numbered = gaps.iter().zip(1..);
            let body = numbered.fold(words, |words, (gap, n)| words.replace(gap.mark(), &format!("{{{{{n}}}}}")));
            let examples = gaps.iter().map(example).collect();
            Some(Wording { language: codes.of(language).to_owned(), body, examples })
        };
        self.languages().filter_map(wording).collect()
    }

    /// The gaps of a template: those that its English words have, or where it has none, those of any language.
    fn gaps(&self, template: &str, kind: MessageKind, shop: &Shop) -> Vec<Gap> {
        let english = self.marked("en", template, kind, shop);
        let any = || self.languages().find_map(|language| self.marked(language, template, kind, shop));
        let words = english.or_else(any).unwrap_or_default();
        Gap::ALL.into_iter().filter(|gap| words.contains(gap.mark())).collect()
    }

    /// The words with a mark in each gap. What has words of its own in another language only has none in this one.
    fn marked(&self, language: &str, template: &str, kind: MessageKind, shop: &Shop) -> Option<String> {
        let (name, rest) = (Gap::Name.mark(), Gap::Rest.mark());
        let said = Said { template, kind, name, product: "", rest, shop };
        self.own_or_common(language, &said)
    }
}
