//! Follow-ups as Meta's templates: the same words, with gaps for what differs from customer to customer. Outside the service window
//! only these may be sent, and Meta approves each of them in each language.

use super::choice;
use super::forms::{Fact, Form, Forms};
use super::templates::{Said, Templates};
use super::words::{money, money_in};
use crate::domain::{
    Contact, FollowUpRequest, Link, LinkKind, MessageKind, Problem, Product, Shop, Supply, TemplateRef,
};

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

    fn name(self) -> &'static str {
        match self {
            Self::Name => "the name",
            Self::Rest => "what is missing",
        }
    }

    /// Stands in the words for what is filled in: nobody writes these characters.
    fn mark(self) -> &'static str {
        match self {
            Self::Name => "\u{e000}",
            Self::Rest => "\u{e001}",
        }
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
    /// Meta's template of a follow-up, for a customer: what stands in its gaps, and the link behind its button.
    pub(super) fn template(
        &self,
        planned: &FollowUpRequest,
        contact: &Contact,
        shop: &Shop,
        forms: &Forms,
    ) -> (TemplateRef, Option<Link>) {
        let language = self.language(contact, shop);
        let form = forms.of(&planned.template);
        let sold = planned.product.as_deref().and_then(|product| choice::called(product, shop));
        let is_linked = form.and_then(|form| form.url.as_ref()).is_some_and(|url| url.names(Fact::Link));
        let link = link(form, sold, shop).filter(|_| is_linked);
        let known = |what: Fact| match what {
            Fact::Name => Some(
                forms.first_name(contact).map_or_else(|| self.word(language, "nameless").into_owned(), str::to_owned),
            ),
            Fact::Shop => Some(shop.name.clone()),
            Fact::Product => planned.product.as_deref().map(|product| self.product_word(language, product)),
            Fact::Price => sold.map(|product| money_in(self.mark(language), product.price, shop.currency)),
            Fact::Rest => planned.rest.map(|rest| money_in(self.mark(language), rest.amount, rest.currency)),
            Fact::Order => planned.orders.last().cloned(),
            Fact::Picture => sold.and_then(|product| product.image.clone()),
            Fact::Link => link.as_ref().map(|_| Link::mark(0).to_string()),
        };
        let gaps = self.gaps(&planned.template, planned.kind, shop);
        let mut filled = filled(&planned.template, forms.code(language), (forms, form), &gaps, &known);
        self.guess(&mut filled, form);
        (filled, link)
    }

    /// The template with something in every gap that can be filled in at all; `link` is the address of some tracked link.
    pub(super) fn sample(
        &self,
        template: &str,
        kind: MessageKind,
        shop: &Shop,
        forms: &Forms,
        link: &str,
    ) -> TemplateRef {
        let known = |what: Fact| {
            Some(match what {
                Fact::Link => link.to_owned(),
                Fact::Picture => "https://shop.example/picture.jpg".to_owned(),
                Fact::Rest | Fact::Price => money(200.into(), shop.currency),
                Fact::Order => "A-1".to_owned(),
                Fact::Name | Fact::Shop | Fact::Product => "Ada".to_owned(),
            })
        };
        let gaps = self.gaps(template, kind, shop);
        let mut filled = filled(template, forms.code(shop.language.tag()), (forms, forms.of(template)), &gaps, &known);
        self.guess(&mut filled, forms.of(template));
        filled
    }

    /// Words of a template whose gaps are others in one language than in English: Meta's templates of one name have the same.
    pub(super) fn uneven(&self, shop: &Shop) -> Vec<Problem> {
        let (mut problems, kind) = (Vec::new(), MessageKind::Promotion);
        let names: std::collections::BTreeSet<_> = self.own_names().collect();
        for name in names {
            let wanted = self.gaps(name, kind, shop);
            for language in self.follow_ups.iter().filter(|(_, own)| own.contains(name)).map(|(language, _)| language) {
                let words = self.marked(language, name, kind, shop).unwrap_or_default();
                let own: Vec<_> = Gap::ALL.into_iter().filter(|gap| words.contains(gap.mark())).collect();
                if own != wanted {
                    let of = |gaps: &[Gap]| gaps.iter().map(|gap| gap.name()).collect::<Vec<_>>().join(" and ");
                    let or_none = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
                    let file = format!("replies/{language}/follow_ups.j2");
                    let (own, wanted) = (or_none(of(&own)), or_none(of(&wanted)));
                    let message = format!("`{name}` leaves room for {own}, and in English for {wanted}");
                    let advice = "Meta's template has the same gaps in all languages: use the same names in each.";
                    problems.push(Problem::at(&file, "", 0, message, advice).warning());
                }
            }
        }
        problems
    }

    /// Every follow-up that has words of its own.
    pub(super) fn own_names(&self) -> impl Iterator<Item = &String> {
        self.follow_ups.values().flatten()
    }

    /// The template in every language that there are words for.
    pub(super) fn wordings(&self, template: &str, kind: MessageKind, shop: &Shop, forms: &Forms) -> Vec<Wording> {
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
            Some(Wording { language: forms.code(language).to_owned(), body, examples })
        };
        self.languages().filter_map(wording).collect()
    }

    /// Of a template that the shop has no words for only Meta knows how many gaps it has: a single one is for the name, as in most.
    fn guess(&self, filled: &mut TemplateRef, form: Option<&Form>) {
        let is_known = self.has_own(&filled.name) || form.is_some_and(|form| form.body.is_some());
        if let Some(first) = filled.body.first().filter(|_| !is_known) {
            filled.supply.values.entry("1".into()).or_insert_with(|| first.clone());
        }
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

/// Where a follow-up leads: to the page of what it is about, or to the one that its template's form names.
pub(super) fn link(form: Option<&Form>, sold: Option<&Product>, shop: &Shop) -> Option<Link> {
    let of_product = sold.and_then(|product| Link::to_product(product, shop.currency));
    let of_form = || {
        let target = form?.page.clone()?;
        let (product, category) = (None, None);
        Some(Link { kind: LinkKind::Article, product, category, price: None, currency: None, quote: None, target })
    };
    of_product.or_else(of_form)
}

fn filled(
    name: &str,
    language: &str,
    (forms, form): (&Forms, Option<&Form>),
    gaps: &[Gap],
    known: &dyn Fn(Fact) -> Option<String>,
) -> TemplateRef {
    let own = |gap: &Gap| known(if *gap == Gap::Name { Fact::Name } else { Fact::Rest }).unwrap_or_default();
    let body = match form.and_then(|form| form.body.as_ref()) {
        Some(body) => body.iter().map(|text| text.fill(known).unwrap_or_default()).collect(),
        None => gaps.iter().map(own).collect(),
    };
    let of_form = |text: fn(&Form) -> Option<&super::forms::Text>| form.and_then(text)?.fill(known);
    let supply = Supply {
        values: forms.values(form, known),
        header: of_form(|form| form.header.as_ref()),
        picture: known(Fact::Picture),
        link: of_form(|form| form.url.as_ref()),
        payloads: form.map(|form| form.payloads.clone()).unwrap_or_default(),
    };
    TemplateRef { name: name.to_owned(), language: language.to_owned(), body, supply, ..TemplateRef::default() }
}
