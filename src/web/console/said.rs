//! Words of customers and of ours as a page shows them: their addresses are links.

use minijinja::{Value, context};

/// What begins an address that a page may lead to.
const BEGINS: [&str; 2] = ["https://", "http://"];
/// What is no part of an address.
const ENDS: [char; 6] = ['<', '>', '"', '“', '”', '，'];
/// What closes a sentence behind an address.
const CLOSES: [char; 14] = ['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'', '’', '»', '。', '、'];

const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// A text in pieces: words, and addresses that are followed.
pub(crate) fn linked(text: &str) -> Vec<Value> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = BEGINS.iter().filter_map(|begins| rest.find(begins)).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find(|sign: char| sign.is_whitespace() || ENDS.contains(&sign)).unwrap_or(from.len());
        let address = without_close(&from[..end]);
        if !before.is_empty() {
            pieces.push(context! { text => before });
        }
        // `https://` alone leads nowhere.
        let leads = !BEGINS.contains(&address);
        pieces.push(context! { text => address, href => leads.then_some(address) });
        rest = &from[address.len()..];
    }
    if !rest.is_empty() {
        pieces.push(context! { text => rest });
    }
    pieces
}

/// An address without what closes the sentence behind it. A bracket that opens in the address closes there, too.
fn without_close(told: &str) -> &str {
    let mut address = told;
    while let Some(last) = address.chars().next_back().filter(|last| CLOSES.contains(last)) {
        let opens = BRACKETS.iter().find(|(_, closes)| *closes == last).map(|(opens, _)| *opens);
        let count = |sign: char| address.matches(sign).count();
        if opens.is_some_and(|opens| count(opens) >= count(last)) {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, bool)> {
        let part = |piece: &Value, name: &str| piece.get_attr(name).unwrap_or_default();
        let told = |piece: &Value| (part(piece, "text").to_string(), part(piece, "href").is_true());
        linked(text).iter().map(told).collect()
    }

    #[test]
    fn addresses_are_links_without_the_sign_behind_them() {
        let is =
            |parts: &[(&str, bool)]| parts.iter().map(|(text, link)| ((*text).to_owned(), *link)).collect::<Vec<_>>();
        assert_eq!(told("one < two"), is(&[("one < two", false)]));
        assert_eq!(
            told("see (https://a.example/b?c=d)."),
            is(&[("see (", false), ("https://a.example/b?c=d", true), (").", false)])
        );
        assert_eq!(
            told("http://a.example\nhttps://b.example"),
            is(&[("http://a.example", true), ("\n", false), ("https://b.example", true)])
        );
        let sofa = "https://a.example/Sofa_(seat)";
        assert_eq!(
            told(&format!("({sofa}).")),
            is(&[("(", false), (sofa, true), (").", false)]),
            "a bracket of its own"
        );
        assert_eq!(told("javascript:alert(1) data:x"), is(&[("javascript:alert(1) data:x", false)]));
        assert_eq!(told("https://"), is(&[("https://", false)]));
        assert!(told("").is_empty());
    }
}
