//! JSON as it comes from outside, mended where no database and no reader takes it.

use std::borrow::Cow;

/// What stands in the place of what cannot be stored: U+FFFD, the replacement character.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// The same text with what stands for nothing replaced: escapes of the character zero, which PostgreSQL takes in no text, and halves
/// of a surrogate pair, which are no character. One such place would lose all that stands beside it.
pub fn mended(json: &[u8]) -> Cow<'_, [u8]> {
    let mut mended: Option<Vec<u8>> = None;
    let (mut at, mut taken) = (0, 0);
    while let Some(found) = json[at..].iter().position(|byte| *byte == b'\\') {
        at += found;
        let (length, stands) = escape(&json[at..]);
        if !stands {
            let text = mended.get_or_insert_with(|| Vec::with_capacity(json.len()));
            text.extend_from_slice(&json[taken..at]);
            text.extend_from_slice(REPLACEMENT);
            taken = at + length;
        }
        at += length;
    }
    match mended {
        None => Cow::Borrowed(json),
        Some(mut text) => {
            text.extend_from_slice(&json[taken..]);
            Cow::Owned(text)
        }
    }
}

/// How long the escape at the beginning is, and whether it stands for a character that can be stored.
fn escape(text: &[u8]) -> (usize, bool) {
    let Some(unit) = unit(text) else { return (text.len().min(2), true) };
    match unit {
        0 => (6, false),
        0xD800..=0xDBFF if self::unit(&text[6..]).is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) => (12, true),
        0xD800..=0xDFFF => (6, false),
        _ => (6, true),
    }
}

/// The number of an escape such as `\u00e9` at the beginning.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_nothing_is_replaced_and_all_else_stays() {
        for (text, wanted) in [
            (r#""a\u0000b""#, r#""a\ufffdb""#),
            (r#""bad \ud83d""#, r#""bad \ufffd""#),
            (r#""\udc00\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\u0041""#, r#""\ufffd\u0041""#),
            // A backslash that is escaped begins no escape.
            (r#""\\u0000""#, r#""\\u0000""#),
            (r#""\\\u0000""#, r#""\\\ufffd""#),
            (r#""\n\u00e9é\/""#, r#""\n\u00e9é\/""#),
            (r#""\u00"#, r#""\u00"#),
            (r#""\"#, r#""\"#),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&mended(text.as_bytes())), wanted, "{text}");
        }
        assert!(matches!(mended(br#""plain""#), Cow::Borrowed(_)));
    }
}
