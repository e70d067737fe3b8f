//! The text form of a segment: read with the exact place of a mistake, and written so that it reads back the same.

use std::fmt;

use rust_decimal::Decimal;

use super::{Compare, Condition, DEEPEST, Field, Figure, MOST_CONDITIONS, Moment, Segment, pattern};
use crate::domain::{Currency, Duration};

/// Why a text is no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}, found {found}")]
pub struct TextError {
    /// Where, in characters, from 1.
    pub column: usize,
    /// What may stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

/// What may begin a condition, for errors.
const CONDITIONS: &str = "a condition such as tag:source/ig-ad, country:hk, heat>=high, bought:shoes, purchase within 90d, \
                          orders >= 3, spent > 2000 CNY within 30d, interaction within 7d, first-seen within 30d, \
                          first-purchase within 30d, opted-out, everyone";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Colon,
    Comma,
    Sign(Compare),
    Word(String),
    /// In quotation marks: never a keyword.
    Quoted(String),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("`(`"),
            Self::Close => f.write_str("`)`"),
            Self::Colon => f.write_str("`:`"),
            Self::Comma => f.write_str("`,`"),
            Self::Sign(compare) => write!(f, "`{}`", compare.sign()),
            Self::Word(word) | Self::Quoted(word) => write!(f, "`{word}`"),
        }
    }
}

impl std::str::FromStr for Segment {
    type Err = TextError;

    /// Reads the text form. An empty text is everybody.
    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::read(text, &|_| None)
    }
}

impl Segment {
    /// Reads the text form, in which a tag may stand as people call it: `called` tells its key.
    ///
    /// # Errors
    /// Where it is wrong, and what may stand there.
    pub fn read(text: &str, called: &dyn Fn(&str) -> Option<String>) -> Result<Self, TextError> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Ok(Self::Everyone);
        }
        let end = text.chars().count() + 1;
        let mut reader = Reader { tokens, next: 0, end, conditions: 0, called };
        let segment = reader.any(0)?;
        match reader.peek() {
            None => Ok(segment),
            Some(_) => Err(reader.expected("`and`, `or`, or the end")),
        }
    }
}

/// Where a word stands in a text, in characters, from 1.
pub(super) fn column_of(text: &str, currency: Currency) -> usize {
    let is_it =
        |token: &Token| matches!(token, Token::Word(word) | Token::Quoted(word) if word.parse() == Ok(currency));
    let found = tokens(text).unwrap_or_default().into_iter().find(|(_, token)| is_it(token));
    found.map_or(1, |(column, _)| column)
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, TextError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let start = at;
        at += 1;
        let equals = chars.get(at) == Some(&'=');
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ':' => Token::Colon,
            ',' => Token::Comma,
            '=' => Token::Sign(Compare::Equal),
            '<' | '>' => {
                at += usize::from(equals);
                Token::Sign(match (c, equals) {
                    ('<', true) => Compare::AtMost,
                    ('<', false) => Compare::Less,
                    (_, true) => Compare::AtLeast,
                    (_, false) => Compare::More,
                })
            }
            '"' => {
                let length = chars.iter().skip(at).position(|c| *c == '"').ok_or_else(|| TextError {
                    column: start + 1,
                    expected: "a second quotation mark".into(),
                    found: "only this one".into(),
                })?;
                let quoted = chars.iter().skip(at).take(length).collect();
                at += length + 1;
                Token::Quoted(quoted)
            }
            _ => {
                let ends = |c: &char| c.is_whitespace() || "():,<>=\"".contains(*c);
                let length = chars.iter().skip(start).position(ends).unwrap_or(chars.len() - start);
                at = start + length;
                Token::Word(chars.iter().skip(start).take(length).collect())
            }
        };
        tokens.push((start + 1, token));
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    conditions: usize,
    called: &'a dyn Fn(&str) -> Option<String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    /// An error at the token that comes next.
    fn expected(&self, what: impl Into<String>) -> TextError {
        let (column, found) = match self.tokens.get(self.next) {
            Some((column, token)) => (*column, token.to_string()),
            None => (self.end, "the end".into()),
        };
        TextError { column, expected: what.into(), found }
    }

    fn is_word(&self, wanted: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted))
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let is = self.is_word(wanted);
        self.next += usize::from(is);
        is
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let is = self.peek() == Some(wanted);
        self.next += usize::from(is);
        is
    }

    fn any(&mut self, depth: usize) -> Result<Segment, TextError> {
        let mut parts = vec![self.all(depth)?];
        while self.take_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Segment::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Segment, TextError> {
        let mut parts = vec![self.one(depth)?];
        while self.take_word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Segment::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Segment, TextError> {
        if depth > DEEPEST {
            return Err(self.expected("fewer brackets within brackets"));
        }
        if self.take_word("not") {
            return Ok(Segment::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.take(&Token::Open) {
            let inner = self.any(depth + 1)?;
            return if self.take(&Token::Close) { Ok(inner) } else { Err(self.expected("`)`, `and` or `or`")) };
        }
        if self.take_word("everyone") {
            return Ok(Segment::Everyone);
        }
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            return Err(self.expected(format!("at most {MOST_CONDITIONS} conditions")));
        }
        self.condition()
    }

    fn condition(&mut self) -> Result<Segment, TextError> {
        let Some(Token::Word(name)) = self.peek() else { return Err(self.expected(CONDITIONS)) };
        let name = name.to_lowercase();
        if let Some(field) = Field::ALL.into_iter().find(|field| field.name() == name) {
            self.next += 1;
            return Ok(Segment::Is(self.field(field)?));
        }
        if let Some(moment) = Moment::ALL.into_iter().find(|moment| moment.name() == name) {
            self.next += 1;
            let within = self.within()?.ok_or_else(|| self.expected("`within` and a time, such as within 7d"))?;
            return Ok(Segment::Is(Condition::Seen { moment, within }));
        }
        if let Some(figure) = Figure::ALL.into_iter().find(|figure| figure.name() == name) {
            self.next += 1;
            return Ok(Segment::Is(self.orders(figure)?));
        }
        let condition = match name.as_str() {
            "tag" => return self.tags("", "a tag such as value/vip or need/*"),
            "source" => return self.tags("source/", "a source such as ig-ad"),
            "bought" => {
                self.next += 1;
                self.colon()?;
                let items = self.list("a product or a category", |word| Ok(vec![word.to_lowercase()]))?;
                let within = self.within()?;
                return Ok(any(items.into_iter().map(|item| Condition::Bought { item, within })));
            }
            "purchase" => {
                self.next += 1;
                Condition::Purchase { within: self.within()? }
            }
            "opted-out" => {
                self.next += 1;
                Condition::OptedOut
            }
            _ => return Err(self.expected(CONDITIONS)),
        };
        Ok(Segment::Is(condition))
    }

    fn tags(&mut self, group: &str, expected: &str) -> Result<Segment, TextError> {
        self.next += 1;
        self.colon()?;
        let called = self.called;
        let of_key = |word: &str| pattern(&format!("{group}{word}"));
        let read = |word: &str| of_key(word).or_else(|expected| called(word).ok_or(expected));
        let patterns = self.list(expected, |word| Ok(vec![read(word)?]))?;
        let within = self.within()?;
        Ok(any(patterns.into_iter().map(|pattern| Condition::Tag { pattern, within })))
    }

    fn field(&mut self, field: Field) -> Result<Condition, TextError> {
        if let Some(Token::Sign(compare)) = self.peek() {
            let compare = *compare;
            self.next += 1;
            let values = self.value(field.name(), |word| field.compared(compare, word))?;
            return Ok(Condition::Field { field, values });
        }
        self.colon()?;
        let values = self.list(field.name(), |word| field.values(word))?;
        Ok(Condition::Field { field, values })
    }

    fn orders(&mut self, figure: Figure) -> Result<Condition, TextError> {
        let Some(Token::Sign(compare)) = self.peek() else {
            return Err(self.expected("`>=`, `>`, `=`, `<` or `<=` and a number"));
        };
        let compare = *compare;
        self.next += 1;
        let number = |word: &str| {
            let number: Decimal = word.parse().map_err(|_| "a number such as 3 or 499.90".to_owned())?;
            if number.is_sign_negative() || number > Decimal::from(1_000_000_000_000_i64) {
                return Err("a number from 0 to 1000000000000".into());
            }
            Ok(number)
        };
        let amount = self.value("a number", number)?;
        let mut currency = None;
        if let (true, Some(Token::Word(word))) = (figure.is_money(), self.peek())
            && !["and", "or", "within"].contains(&word.to_lowercase().as_str())
        {
            let parsed = |word: &str| word.parse::<Currency>().map_err(|_| "a currency such as HKD".to_owned());
            currency = Some(self.value("a currency such as HKD", parsed)?);
        }
        Ok(Condition::Orders { figure, compare, amount, currency, within: self.within()? })
    }

    fn colon(&mut self) -> Result<(), TextError> {
        if self.take(&Token::Colon) { Ok(()) } else { Err(self.expected("`:`")) }
    }

    /// One word that is understood; else an error where it stands.
    fn value<T>(&mut self, what: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, TextError> {
        let (Some(Token::Word(word)) | Some(Token::Quoted(word))) = self.peek() else {
            return Err(self.expected(what));
        };
        let value = read(word).map_err(|expected| self.expected(expected))?;
        self.next += 1;
        Ok(value)
    }

    fn list(
        &mut self,
        what: &str,
        read: impl Fn(&str) -> Result<Vec<String>, String>,
    ) -> Result<Vec<String>, TextError> {
        let mut values = self.value(what, &read)?;
        while self.take(&Token::Comma) {
            values.extend(self.value(what, &read)?);
        }
        Ok(values)
    }

    fn within(&mut self) -> Result<Option<Duration>, TextError> {
        if !self.take_word("within") {
            return Ok(None);
        }
        let length =
            |word: &str| Duration::parse(word).ok_or_else(|| "a length of time such as 90d, 24h or 2w".to_owned());
        self.value("a length of time such as 90d", length).map(Some)
    }
}

fn any(conditions: impl Iterator<Item = Condition>) -> Segment {
    let mut parts: Vec<Segment> = conditions.map(Segment::Is).collect();
    if parts.len() == 1 { parts.remove(0) } else { Segment::Any(parts) }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Segment], word: &str| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    // `and` binds more than `or`, but whoever reads it need not know.
                    Self::All(_) | Self::Any(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::All(parts) => list(f, parts, "and"),
            Self::Any(parts) => list(f, parts, "or"),
            Self::Not(part) if matches!(**part, Self::All(_) | Self::Any(_)) => write!(f, "not ({part})"),
            Self::Not(part) => write!(f, "not {part}"),
            Self::Is(condition) => write!(f, "{condition}"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut window = None;
        match self {
            Self::Tag { pattern, within } => {
                write!(f, "tag:{pattern}")?;
                window = *within;
            }
            Self::Field { field, values } => write!(f, "{}:{}", field.name(), values.join(","))?,
            Self::Seen { moment, within } => {
                f.write_str(moment.name())?;
                window = Some(*within);
            }
            Self::OptedOut => f.write_str("opted-out")?,
            Self::Purchase { within } => {
                f.write_str("purchase")?;
                window = *within;
            }
            Self::Bought { item, within } => {
                let plain = item.chars().all(|c| c.is_alphanumeric() || "-_/.+".contains(c));
                if plain {
                    write!(f, "bought:{item}")?
                } else {
                    write!(f, "bought:\"{item}\"")?
                }
                window = *within;
            }
            Self::Orders { figure, compare, amount, currency, within } => {
                write!(f, "{} {} {}", figure.name(), compare.sign(), amount.normalize())?;
                if let Some(currency) = currency {
                    write!(f, " {currency}")?;
                }
                window = *within;
            }
        }
        window.map_or(Ok(()), |within| write!(f, " within {within}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn a_text_reads_back_as_it_is_written() {
        for (text, written) in [
            ("", "everyone"),
            ("tag:source/ig-ad and bought:shoes and not purchase within 90d", ""),
            (
                "source:ig-ad AND (colour:green or heat>=high)",
                "tag:source/ig-ad and (colour:light-green,dark-green or heat:high,extreme)",
            ),
            ("tag:value/vip,value/high within 30d", "tag:value/vip within 30d or tag:value/high within 30d"),
            ("spent > 2000.50 cny within 720h and orders>=3", "spent > 2000.5 CNY within 30d and orders >= 3"),
            ("bought:\"iPhone 15 (blue)\" or tag:need/*", "bought:\"iphone 15 (blue)\" or tag:need/*"),
            ("not first-purchase within 30d and first-seen within 7d", ""),
            ("not (country:HK,cn and not opted-out)", "not (country:hk,cn and not opted-out)"),
        ] {
            let segment: Segment = text.parse().unwrap();
            let wanted = if written.is_empty() { text } else { written };
            assert_eq!(segment.to_string(), wanted);
            assert_eq!(wanted.parse::<Segment>().unwrap(), segment);
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_what_may_stand_there() {
        for (text, told) in [
            ("tag:value/vip und bought:shoes", "column 15: expected `and`, `or`, or the end, found `und`"),
            (
                "tag:Value/VIP",
                "column 5: expected a tag in lower case with hyphens, such as source/ig-ad; `*` may stand at its end, found `Value/VIP`",
            ),
            ("heat>=boiling", "column 7: expected one of none, low, medium, high, extreme, found `boiling`"),
            ("purchase within soon", "column 17: expected a length of time such as 90d, 24h or 2w, found `soon`"),
            ("(tag:value/vip or heat:high", "column 28: expected `)`, `and` or `or`, found the end"),
            ("spent > viel HKD", "column 9: expected a number such as 3 or 499.90, found `viel`"),
            ("bought:\"shoes", "column 8: expected a second quotation mark, found only this one"),
            ("heat<none", "column 6: expected a value that others are beyond, found `none`"),
            ("country>=hk", "column 10: expected `:`, since a country is not larger or smaller, found `hk`"),
            ("interaction and heat:high", "column 13: expected `within` and a time, such as within 7d, found `and`"),
        ] {
            assert_eq!(text.parse::<Segment>().unwrap_err().to_string(), told, "{text}");
        }
        let deep = "(".repeat(200);
        assert!(deep.parse::<Segment>().is_err());
    }
}
