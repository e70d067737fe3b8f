//! What was said in all conversations, to be looked through. The newest stand in the journal alone; what is older is packed in the
//! background, the words of a thousand messages to a row. So writing a message costs nothing, and whoever looks for words reads few
//! rows: each tells by a few marks which words it cannot hold. Letters are compared, not words, so that it is the same in all scripts.

use unicode_normalization::UnicodeNormalization;

use super::{Backend, InboxRow, Store, StoreError, postgres, sqlite};
use crate::domain::{AgentAction, ContactId, Event, EventBody};

/// Rows of the journal that are packed into one.
pub(super) const PACKED: i64 = 4_096;
/// Bytes of the marks of a row: one bit for each three letters that may stand in it.
const MARKS: usize = 8_192;
/// Shorter words stand everywhere: so many bytes are three Latin letters, two of other alphabets, or one Chinese sign.
const SHORTEST: usize = 3;

/// A conversation in which words were said.
#[derive(Clone, Debug)]
pub struct SaidRow {
    /// The conversation.
    pub row: InboxRow,
    /// The newest event that has the words.
    pub event: Event,
}

/// Rows of the journal that lie behind one another, to be packed.
#[derive(Debug)]
pub struct Unpacked {
    /// The last that is packed already.
    pub(super) after: i64,
    /// The last of these.
    pub(super) last: i64,
    /// Those in which something was said: their number and body.
    pub(super) said: Vec<(i64, String)>,
}

/// The same, packed.
#[derive(Debug)]
pub struct Packed {
    pub(super) after: i64,
    pub(super) last: i64,
    pub(super) count: i64,
    pub(super) marks: Vec<u8>,
    pub(super) text: String,
}

impl Unpacked {
    /// Packs them: a thousand bodies are read.
    pub fn pack(self) -> Packed {
        let mut text = String::new();
        for (seq, body) in &self.said {
            let words = serde_json::from_str(body).ok().and_then(|body| words_of(&body));
            if let Some(words) = words {
                text.push_str(&format!("{seq}\t{}\n", in_a_line(&words)));
            }
        }
        let count = self.said.len() as i64;
        Packed { after: self.after, last: self.last, count, marks: marks(&text), text }
    }
}

/// The words of an event that is looked through: what customers and people of the shop said. What the bot says is in its files.
pub fn words_of(body: &EventBody) -> Option<String> {
    let words = match body {
        EventBody::Message(message) => {
            let parts = [Some(message.words()).filter(|words| !words.is_empty()), message.details.as_deref()];
            parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
        }
        EventBody::Agent(agent) if matches!(agent.action, AgentAction::Reply | AgentAction::Note) => {
            agent.text.clone()?
        }
        EventBody::Sent(sent) => sent.text.clone()?,
        _ => return None,
    };
    (!words.trim().is_empty()).then_some(words)
}

/// In small letters and without accents, however a phone writes them: databases know those of few alphabets. Vowels that other scripts
/// write as marks stay.
pub fn folded(text: &str) -> String {
    let is_accent = |letter: &char| ('\u{300}'..='\u{36f}').contains(letter);
    let plain = text.nfkd().filter(|letter| !is_accent(letter)).flat_map(char::to_lowercase);
    // Some letters are no other ones with a mark, and are typed without it all the same. A small İ brings a dot of its own.
    let plain = plain.filter(|letter| !is_accent(letter)).map(|letter| match letter {
        'ø' => 'o',
        'ł' => 'l',
        'đ' => 'd',
        'ı' => 'i',
        letter => letter,
    });
    plain.nfc().collect()
}

/// The same in one line, without what a line's own number ends with.
pub(super) fn in_a_line(text: &str) -> String {
    folded(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words that are looked for, the longest first; none where all of them are too short.
pub fn looked_for(words: &str) -> Vec<String> {
    let mut words: Vec<String> = in_a_line(words).split(' ').map(str::to_owned).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    if words.first().is_none_or(|longest| longest.len() < SHORTEST) { Vec::new() } else { words }
}

/// The numbers of the lines that have all of these words, rising.
pub(super) fn lines_with(text: &str, words: &[String]) -> Vec<i64> {
    let Some(longest) = words.first() else { return Vec::new() };
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = text[from..].find(longest.as_str()) {
        let at = from + at;
        let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        from = end;
        // They may stand in the line's number.
        let Some((seq, said)) = text[begin..end].split_once('\t') else { continue };
        if words.iter().all(|word| said.contains(word.as_str())) {
            found.extend(seq.parse::<i64>());
        }
    }
    found
}

/// The text without the lines of these numbers; `None` if it has none of them.
pub(super) fn without_lines(text: &str, seqs: &[i64]) -> Option<String> {
    let is_one = |line: &str| {
        line.split_once('\t').and_then(|(seq, _)| seq.parse().ok()).is_some_and(|seq: i64| seqs.contains(&seq))
    };
    let kept: String = text.split_inclusive('\n').filter(|line| !is_one(line)).collect();
    (kept.len() < text.len()).then_some(kept)
}

/// Which three bytes stand in a text one behind the other.
pub(super) fn marks(text: &str) -> Vec<u8> {
    let mut marks = vec![0; MARKS];
    for three in text.as_bytes().windows(3) {
        let (byte, bit) = place(three);
        marks[byte] |= bit;
    }
    marks
}

/// Whether a text with these marks may have all of these words.
pub(super) fn may_have(marks: &[u8], words: &[String]) -> bool {
    let is_there = |three: &[u8]| {
        let (byte, bit) = place(three);
        marks.get(byte).is_some_and(|marks| marks & bit != 0)
    };
    words.iter().all(|word| word.as_bytes().windows(3).all(is_there))
}

fn place(three: &[u8]) -> (usize, u8) {
    let sum = three.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte)).wrapping_mul(0x9E37_79B1) >> 16;
    (sum as usize % MARKS, 1 << (sum / MARKS as u32))
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Conversations in which these words were said, at most so many: those where it was last come first. See [`looked_for`].
    pub async fn find_said(&self, words: &[String], limit: usize) -> Result<Vec<SaidRow>, StoreError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        Ok(query!(self, said::find(words, limit)))
    }

    /// How many events of a conversation's thread there are from that one on.
    pub async fn said_since(&self, contact: ContactId, seq: i64) -> Result<i64, StoreError> {
        Ok(query!(self, said::since(contact, seq)))
    }

    /// What is to be packed next, where there is enough of it.
    pub async fn unpacked(&self) -> Result<Option<Unpacked>, StoreError> {
        Ok(query!(self, said::unpacked()))
    }

    /// Keeps what was packed; false where another node was faster, or somebody of it was erased meanwhile.
    pub async fn keep_packed(&self, packed: &Packed) -> Result<bool, StoreError> {
        Ok(change!(self, said::keep(packed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_it_is_typed_without_accents() {
        for (name, typed) in [
            ("Sören Ångström", "soren angstrom"),
            ("So\u{308}ren", "SÖREN"),
            ("João", "joao"),
            ("Müller", "muller"),
            ("Zoë", "zoe"),
            ("Łukasz Øberg", "lukasz oberg"),
            ("İpek Işık", "ipek isik"),
            ("Андрей", "андреи"),
            ("ＡＢＣ", "abc"),
            ("한국", "한국"),
        ] {
            assert_eq!(folded(name), folded(typed), "{name}");
        }
        assert_ne!(folded("की"), folded("का"), "vowels of Hindi are no accents");
    }

    #[test]
    fn what_was_said_is_found_in_what_was_packed() {
        let said = |seq: i64, text: &str| {
            (seq, serde_json::json!({ "event": "message", "text": text, "wamid": "w" }).to_string())
        };
        let said = vec![
            said(7, "My order ZX-99812\nis late"),
            said(12, "你们有防水的手机吗？"),
            said(128, "Ein Gerät für João, bitte\tschnell"),
            said(129, "  "),
            (130, "{}".into()),
        ];
        let packed = Unpacked { after: 3, last: 130, said }.pack();
        assert_eq!((packed.after, packed.last, packed.count), (3, 130, 5));
        let found = |words: &str| {
            let words = looked_for(words);
            let found = lines_with(&packed.text, &words);
            assert!(found.is_empty() || may_have(&packed.marks, &words), "{words:?} can be told by the marks");
            found
        };
        for (words, lines) in [
            ("zx-99812", vec![7]),
            ("LATE order", vec![7]),
            ("order João", vec![]),
            ("手机", vec![12]),
            ("机", vec![12]),
            ("gerat joao", vec![128]),
            ("bitte schnell", vec![128]),
            // Three letters, of which the number of a line has three as well.
            ("128", vec![]),
            ("ay", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(found(words), lines, "{words}");
        }
        assert!(!may_have(&packed.marks, &looked_for("xylophone")), "most rows are not read");
        let without = without_lines(&packed.text, &[12, 500]).unwrap_or_default();
        assert!(without.contains("zx-99812") && !without.contains("手机"));
        assert_eq!(without_lines(&packed.text, &[13]), None);
    }
}
