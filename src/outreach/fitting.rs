//! What is filled in for a template of Meta's in one language, beside numbered gaps.

use super::listed::{Above, Listed};
use crate::domain::{Header, Parts, Press, TemplateRef};

/// Fills a template in, in the language of `listed`.
///
/// # Errors
/// What it asks for and is not there, in words.
pub fn fit(listed: &Listed, template: &TemplateRef) -> Result<Parts, String> {
    let asks = &listed.asks;
    if let Some(cannot) = &asks.cannot {
        return Err(format!("it has {cannot}, and nobody fills that in"));
    }
    let named = named(listed, template)?;
    let numbered = if named.is_empty() { numbered(listed, template)? } else { None };
    let header = asks.header.as_ref().map(|asked| header(asked, template)).transpose()?;
    let mut buttons = Vec::new();
    for (place, before) in &asks.urls {
        buttons.push((*place, Press::Open(end_of(before, template)?)));
    }
    if template.supply.link.is_some() && asks.urls.is_empty() {
        return Err("it has no button whose address ends in a gap, and `url` in templates.toml is for one".into());
    }
    let told = asks.replies.iter().filter_map(|(place, label)| {
        let payload = template.supply.payloads.get(label)?;
        Some((*place, Press::Tell(payload.clone())))
    });
    buttons.extend(told);
    Ok(Parts { named, numbered, header, buttons })
}

fn named(listed: &Listed, template: &TemplateRef) -> Result<Vec<(String, String)>, String> {
    listed.asks.names.iter().map(|name| Ok((name.clone(), value(name, template)?))).collect()
}

/// What is known for a gap by its name or number.
fn value(name: &str, template: &TemplateRef) -> Result<String, String> {
    let text = template.supply.values.get(name).filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| format!("nothing is known for its gap {{{{{name}}}}}: {NAME_IT}"))?;
    Ok(in_one_line(text))
}

/// Texts for numbered gaps, where those that were decided with the message are a guess, since the shop has no words for that template:
/// what it asks for is known only now.
fn numbered(listed: &Listed, template: &TemplateRef) -> Result<Option<Vec<String>>, String> {
    let body = &template.body;
    match listed.variables {
        Some(variables) if variables != body.len() && template.supply.values.contains_key("1") => {
            (1..=variables).map(|gap| value(&gap.to_string(), template)).collect::<Result<_, _>>().map(Some)
        }
        Some(variables) if variables != body.len() => {
            Err(format!("its body has {} and {} would be filled in", gaps(variables), body.len()))
        }
        _ => match body.iter().position(|text| text.trim().is_empty()) {
            Some(place) => Err(format!("nothing is known for its gap {{{{{}}}}}", place + 1)),
            None => Ok(None),
        },
    }
}

const NAME_IT: &str = "name it in templates.toml";

fn header(asked: &Above, template: &TemplateRef) -> Result<Header, String> {
    let supply = &template.supply;
    let is_address = |text: &&String| text.starts_with("https://") || text.starts_with("http://");
    let address = |what: &str| {
        let found = supply.header.as_ref().or(supply.picture.as_ref().filter(|_| what == "picture"));
        found.filter(is_address).cloned().ok_or_else(|| format!("no {what} is named for its header: {NAME_IT}"))
    };
    Ok(match asked {
        Above::Image => Header::Image(address("picture")?),
        Above::Video => Header::Video(address("film")?),
        Above::Document => Header::Document(address("document")?),
        Above::Gap(gap) => {
            let name = gap.parse::<u8>().is_err().then(|| gap.clone());
            let text = supply.header.as_ref().or_else(|| supply.values.get(gap)).filter(|text| !text.trim().is_empty());
            let text =
                text.ok_or_else(|| format!("nothing is known for the gap {{{{{gap}}}}} of its header: {NAME_IT}"))?;
            Header::Text { name, text: in_one_line(text) }
        }
    })
}

/// What stands behind `before` in the link's address. What is no address is such an end itself.
fn end_of(before: &str, template: &TemplateRef) -> Result<String, String> {
    let Some(link) = &template.supply.link else {
        return Err(format!("its button leads to {before}… and no end of the address is named: {NAME_IT}"));
    };
    match link.strip_prefix(before) {
        Some(end) => Ok(end.to_owned()),
        None if link.contains("://") => {
            let start = link.rfind('/').map_or(link.as_str(), |slash| &link[..=slash]);
            Err(format!("its button leads to {before}… and the link to {start}…"))
        }
        None => Ok(link.clone()),
    }
}

/// Meta takes no line breaks, tabs or many spaces in a gap (section 4.1).
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn gaps(count: usize) -> String {
    format!("{count} gap{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::domain::Supply;
    use crate::outreach::Asks;

    fn offer(supply: Supply) -> TemplateRef {
        TemplateRef { name: "offer".into(), language: "it".into(), body: vec!["Ada".into()], supply, ..<_>::default() }
    }

    fn fits(asks: Asks, supply: Supply) -> Result<Parts, String> {
        fit(&Listed { asks, variables: Some(1), ..Listed::default() }, &offer(supply))
    }

    fn why(asks: Asks, supply: Supply) -> String {
        fits(asks, supply).unwrap_err()
    }

    #[test]
    fn gaps_with_names_get_what_is_known_by_that_name_in_one_line() {
        let asks = Asks { names: vec!["what".into(), "name".into()], ..Asks::default() };
        let values = [("name", "Ada"), ("what", "Nova\n S5"), ("more", "x")];
        let values = values.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let full = Supply { values: values.into(), ..Supply::default() };
        let named = [("what", "Nova S5"), ("name", "Ada")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(fits(asks.clone(), full).unwrap().named, named);
        assert_eq!(why(asks, Supply::default()), "nothing is known for its gap {{what}}: name it in templates.toml");
    }

    #[test]
    fn numbered_gaps_of_a_template_without_words_get_as_many_as_it_has() {
        let values = [("1".to_owned(), "Ada".to_owned())].into();
        let bare = offer(Supply { values, ..Supply::default() });
        let fits = |variables| fit(&Listed { variables: Some(variables), ..Listed::default() }, &bare);
        assert_eq!(fits(0).unwrap().numbered, Some(Vec::new()));
        assert_eq!(fits(1).unwrap().numbered, None, "as it was decided");
        assert_eq!(fits(2).unwrap_err(), "nothing is known for its gap {{2}}: name it in templates.toml");
    }

    #[test]
    fn a_header_gets_words_or_the_address_that_was_named_or_the_product_s_picture() {
        let asks = |header| Asks { header: Some(header), ..Asks::default() };
        let picture = Supply { picture: Some("https://shop.example/s5.jpg".into()), ..Supply::default() };
        let header = |asks: Asks, supply: &Supply| fits(asks, supply.clone()).map(|parts| parts.header.unwrap());
        let shown = header(asks(Above::Image), &picture).unwrap();
        assert_eq!(shown, Header::Image("https://shop.example/s5.jpg".into()));
        let why_not = header(asks(Above::Document), &picture).unwrap_err();
        assert_eq!(why_not, "no document is named for its header: name it in templates.toml");
        let named = Supply { header: Some("https://shop.example/list.pdf".into()), ..picture };
        let list = header(asks(Above::Document), &named).unwrap();
        assert_eq!(list, Header::Document("https://shop.example/list.pdf".into()));
        let words = Supply { header: Some("Ada".into()), ..Supply::default() };
        assert_eq!(
            header(asks(Above::Gap("1".into())), &words).unwrap(),
            Header::Text { name: None, text: "Ada".into() }
        );
        assert!(header(asks(Above::Image), &words).is_err(), "words are no picture");
    }

    #[test]
    fn a_button_gets_the_end_of_its_address_and_one_that_leads_elsewhere_is_told() {
        let asks = Asks { urls: vec![(1, "https://hot.example/l/".into())], ..Asks::default() };
        let to = |link: &str| Supply { link: Some(link.into()), ..Supply::default() };
        let open = |end: &str| vec![(1, Press::Open(end.to_owned()))];
        assert_eq!(fits(asks.clone(), to("https://hot.example/l/Ab3")).unwrap().buttons, open("Ab3"));
        assert_eq!(fits(asks.clone(), to("spring")).unwrap().buttons, open("spring"));
        let elsewhere = why(asks.clone(), to("https://other.example/l/Ab3"));
        assert_eq!(elsewhere, "its button leads to https://hot.example/l/… and the link to https://other.example/l/…");
        assert!(why(asks, Supply::default()).contains("no end of the address"));
        assert!(why(Asks::default(), to("spring")).contains("no button"), "a link that nobody would see");
    }

    #[test]
    fn a_reply_button_tells_what_was_named_for_what_is_written_on_it() {
        let asks = Asks { replies: vec![(0, "Yes".into()), (1, "No more".into())], ..Asks::default() };
        let payloads = [("No more".to_owned(), "STOP".to_owned())].into();
        let buttons = fits(asks, Supply { payloads, ..Supply::default() }).unwrap().buttons;
        assert_eq!(buttons, [(1, Press::Tell("STOP".into()))]);
    }
}
