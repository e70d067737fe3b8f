//! A template as a person fills it in: what it asks for, what is known for that, and what becomes of what was typed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Contact, Content, FollowUpRequest, Link, Supply, TemplateRef};
use crate::engine::fold::Knowledge;
use crate::engine::intake::links;
use crate::outreach::{Above, Listed, fit};
use crate::whatsapp::template_limits::{LIMITS, length};

/// A template that can be sent, with what is known for it.
#[derive(Clone, Debug, Serialize)]
pub struct Fillable {
    /// Its name.
    pub name: String,
    /// As Meta writes it.
    pub language: String,
    /// It is the customer's; else it is the shop's.
    pub in_their_language: bool,
    /// `MARKETING` or `UTILITY`: what Meta charges it as.
    pub category: String,
    /// About what Meta charges for it, with the currency.
    pub costs: String,
    /// What should be known of it and does not stand in its way.
    pub remark: Option<String>,
    /// Its words, with gaps in double braces.
    pub body: String,
    /// The gaps of its body, in order.
    pub gaps: Vec<Gap>,
    /// What its header asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Ask>,
    /// The end of the address behind its button, where that is no tracked link of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Ask>,
    #[serde(skip)]
    listed: Listed,
    #[serde(skip)]
    link: Option<Link>,
    #[serde(skip)]
    address: String,
    #[serde(skip)]
    payloads: BTreeMap<String, String>,
}

/// A gap of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// `1`, or its name.
    pub name: String,
    /// What is known for it; empty where nothing is.
    pub value: String,
}

/// Something else that it asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// `words`, `picture`, `film` or `document`; of an address what stands before its end.
    pub what: String,
    /// What is known for it; empty where nothing is.
    pub value: String,
}

/// What somebody typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// By the gap of the body.
    pub values: BTreeMap<String, String>,
    /// For the header.
    pub header: Option<String>,
    /// For the end of the address behind the button.
    pub url: Option<String>,
}

impl Fillable {
    /// A template as Meta lists it, with what is known of a contact and of what was talked about.
    pub(crate) fn new(
        listed: &Listed,
        request: &FollowUpRequest,
        contact: &Contact,
        knowledge: &Knowledge,
        public_url: &str,
    ) -> Self {
        let (dialogue, shop) = (&knowledge.dialogue, &knowledge.shop);
        let (content, links) = dialogue.follow_up(request, contact, shop, true);
        let mut known = match content {
            Content::Template(template) => *template,
            _ => TemplateRef::default(),
        };
        let wanted = std::mem::replace(&mut known.language, listed.language.clone());
        if wanted != known.language {
            dialogue.say_in_its_language(&mut known, request.product.as_deref(), &wanted);
        }
        let address = links::address(public_url, "x");
        let asks = &listed.asks;
        let link = links.into_iter().next().filter(|_| asks.urls.iter().all(|(_, before)| address.starts_with(before)));
        let url = asks.urls.first().filter(|_| link.is_none()).map(|(_, before)| {
            let value = known.supply.link.as_ref().filter(|link| !link.contains(Link::mark(0))).cloned();
            Ask { what: before.clone(), value: value.unwrap_or_default() }
        });
        Self {
            name: listed.name.clone(),
            language: listed.language.clone(),
            in_their_language: true,
            category: listed.category.clone(),
            costs: format!(
                "{} {}",
                knowledge.prices.of_template(contact.country, listed.is_marketing()).normalize(),
                knowledge.prices.currency.code()
            ),
            remark: remark(listed),
            body: listed.body.clone(),
            gaps: gaps(listed, &known),
            header: asks.header.as_ref().map(|above| header(above, &known.supply)),
            url,
            listed: listed.clone(),
            link: link.filter(|_| !asks.urls.is_empty()),
            address,
            payloads: known.supply.payloads,
        }
    }

    /// The tracked link behind its button, whose address is made when it is sent.
    pub fn tracked(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// Fills it in. What was not typed is what is known.
    ///
    /// # Errors
    /// What is missing or cannot be sent, in words.
    pub fn fill(&self, typed: &Typed) -> Result<TemplateRef, String> {
        let mut values = BTreeMap::new();
        for Gap { name, value } in &self.gaps {
            let text = one_line(typed.values.get(name).unwrap_or(value));
            if text.is_empty() {
                return Err(format!("Nothing stands in {{{{{name}}}}}."));
            }
            values.insert(name.clone(), text);
        }
        if let Some(name) = typed.values.keys().find(|name| !values.contains_key(*name)) {
            return Err(format!("It has no gap {{{{{name}}}}}."));
        }
        let is_numbered = self.listed.asks.names.is_empty();
        let in_order = self.gaps.iter().filter(|_| is_numbered).filter_map(|gap| values.get(&gap.name).cloned());
        let mut filled = TemplateRef {
            name: self.name.clone(),
            language: self.language.clone(),
            body: in_order.collect(),
            ..TemplateRef::default()
        };
        filled.supply = Supply {
            header: self.header.as_ref().map(|ask| above(ask, typed.header.as_ref())).transpose()?,
            link: match &self.url {
                Some(ask) => Some(end_of_address(ask, typed.url.as_ref())?),
                None => self.link.as_ref().map(|_| self.address.clone()),
            },
            payloads: self.payloads.clone(),
            picture: None,
            values: if is_numbered { BTreeMap::new() } else { values },
        };
        let parts = fit(&self.listed, &filled)?;
        filled.said = self.listed.said(&TemplateRef { parts, ..filled.clone() });
        match filled.said.as_deref().map(length) {
            Some(length) if length > LIMITS.body => {
                Err(format!("That is too long: it comes to {length} characters, and WhatsApp takes {}.", LIMITS.body))
            }
            _ => Ok(filled),
        }
    }
}

/// WhatsApp takes no line breaks, tabs or many spaces in a gap (section 4.1).
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn gaps(listed: &Listed, known: &TemplateRef) -> Vec<Gap> {
    let names = &listed.asks.names;
    if !names.is_empty() {
        let value = |name: &String| known.supply.values.get(name).cloned().unwrap_or_default();
        return names.iter().map(|name| Gap { name: name.clone(), value: one_line(&value(name)) }).collect();
    }
    let variables = listed.variables.unwrap_or_default();
    // The words that the shop has for it have as many gaps; else only the first is told of, which is mostly for the name.
    let is_same = known.body.len() == variables;
    let value = |place: usize| known.body.get(place).filter(|_| is_same || place == 0);
    (0..variables)
        .map(|place| Gap {
            name: (place + 1).to_string(),
            value: value(place).map(|text| one_line(text)).unwrap_or_default(),
        })
        .collect()
}

fn header(above: &Above, known: &Supply) -> Ask {
    let (what, value) = match above {
        Above::Gap(gap) => ("words", known.header.as_ref().or(known.values.get(gap))),
        Above::Image => ("picture", known.header.as_ref().or(known.picture.as_ref())),
        Above::Video => ("film", known.header.as_ref()),
        Above::Document => ("document", known.header.as_ref()),
    };
    Ask { what: what.to_owned(), value: value.cloned().unwrap_or_default() }
}

/// What stands above the body: words of a line, or an address.
fn above(ask: &Ask, typed: Option<&String>) -> Result<String, String> {
    let text = one_line(typed.unwrap_or(&ask.value));
    match ask.what.as_str() {
        _ if text.is_empty() => Err("Nothing stands in its header.".into()),
        "words" if length(&text) > LIMITS.header => {
            Err(format!("Its header is too long: WhatsApp takes {} characters.", LIMITS.header))
        }
        "words" => Ok(text),
        what if !text.starts_with("https://") || text.contains(' ') => {
            Err(format!("The address of the {what} above it begins with https://."))
        }
        _ => Ok(text),
    }
}

fn end_of_address(ask: &Ask, typed: Option<&String>) -> Result<String, String> {
    let text = typed.unwrap_or(&ask.value).trim();
    let is_end = !text.is_empty() && !text.contains(char::is_whitespace) && length(text) <= LIMITS.url;
    if is_end {
        Ok(text.to_owned())
    } else {
        Err(format!("Write how the address behind its button ends: {}…", ask.what))
    }
}

/// What should be known of a template before it is sent.
fn remark(listed: &Listed) -> Option<String> {
    let quality = match listed.quality.as_str() {
        "YELLOW" | "RED" => Some(format!("Customers have blocked it: Meta calls its quality {}.", listed.quality)),
        "GREEN" => None,
        _ => Some("Meta has not rated it yet.".to_owned()),
    };
    let becomes = (!listed.becomes.is_empty()).then(|| format!("Meta will make it {}.", listed.becomes));
    let said: Vec<_> = becomes.into_iter().chain(quality).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::outreach::Asks;

    /// A template with these gaps, in which `1` or the first name is known.
    fn fillable(body: &str, gaps: &[&str], asks: Asks) -> Fillable {
        let listed = Listed {
            status: "APPROVED".into(),
            variables: Some(gaps.len()),
            body: body.into(),
            asks,
            ..Listed::default()
        };
        let known = |place: usize| if place == 0 { "Ada".to_owned() } else { String::new() };
        let gap = |(place, name): (usize, &&str)| Gap { name: (*name).to_owned(), value: known(place) };
        Fillable {
            name: "offer".into(),
            language: "it".into(),
            in_their_language: true,
            category: "UTILITY".into(),
            costs: String::new(),
            remark: None,
            body: body.into(),
            gaps: gaps.iter().enumerate().map(gap).collect(),
            header: listed.asks.header.as_ref().map(|above| header(above, &Supply::default())),
            url: listed.asks.urls.first().map(|(_, before)| Ask { what: before.clone(), value: String::new() }),
            listed,
            link: None,
            address: String::new(),
            payloads: BTreeMap::new(),
        }
    }

    fn typed(values: &[(&str, &str)]) -> Typed {
        let values = values.iter().map(|(gap, text)| ((*gap).to_owned(), (*text).to_owned()));
        Typed { values: values.collect(), ..Typed::default() }
    }

    #[test]
    fn what_is_typed_stands_in_one_line_and_the_rest_is_what_is_known() {
        let offer = fillable("Ciao {{1}}, {{2}} per te.", &["1", "2"], Asks::default());
        let filled = offer.fill(&typed(&[("2", " due\n\tcose ")])).unwrap();
        assert_eq!(
            (filled.body, filled.said.unwrap()),
            (vec!["Ada".into(), "due cose".into()], "Ciao Ada, due cose per te.".into())
        );
        assert_eq!(offer.fill(&Typed::default()).unwrap_err(), "Nothing stands in {{2}}.");
        assert_eq!(offer.fill(&typed(&[("1", ""), ("2", "x")])).unwrap_err(), "Nothing stands in {{1}}.");
        assert_eq!(offer.fill(&typed(&[("2", "x"), ("3", "x")])).unwrap_err(), "It has no gap {{3}}.");
        let long = offer.fill(&typed(&[("2", &"x".repeat(1_024))])).unwrap_err();
        assert!(long.starts_with("That is too long: it comes to"), "{long}");
    }

    #[test]
    fn gaps_with_names_a_header_and_a_button_are_filled_in() {
        let asks = Asks {
            names: vec!["name".into(), "code".into()],
            header: Some(Above::Image),
            urls: vec![(0, "https://shop.example/".into())],
            ..Asks::default()
        };
        let offer = fillable("Ciao {{name}}, {{code}}.", &["name", "code"], asks);
        let with = |header: &str, url: &str| {
            let typed = typed(&[("code", "P10")]);
            offer.fill(&Typed { header: Some(header.into()), url: Some(url.into()), ..typed })
        };
        let filled = with("https://shop.example/p.jpg", "spring").unwrap();
        assert_eq!((filled.said.as_deref(), filled.supply.link.as_deref()), (Some("Ciao Ada, P10."), Some("spring")));
        assert!(filled.body.is_empty() && filled.supply.values["code"] == "P10");
        assert_eq!(with("p.jpg", "x").unwrap_err(), "The address of the picture above it begins with https://.");
        let end = with("https://shop.example/p.jpg", "two words").unwrap_err();
        assert_eq!(end, "Write how the address behind its button ends: https://shop.example/…");
    }
}
