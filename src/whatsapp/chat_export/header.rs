//! The beginning of a line: date, time, who.

use chrono::{NaiveDateTime, NaiveTime};

use super::words::{Half, Words, is_mark};
use super::{DateOrder, day};

/// What a line begins with.
#[derive(Debug, PartialEq)]
pub(super) struct Header<'a> {
    /// The three numbers of the date, as they stand there, with how many digits the first has.
    date: [u32; 3],
    first_digits: usize,
    time: NaiveTime,
    /// `None` for a notice.
    pub(super) who: Option<&'a str>,
    pub(super) text: &'a str,
}

/// Reads the beginning of a line; `None` where the line goes on with what stands above it.
pub(super) fn read<'a>(line: &'a str, words: &Words) -> Option<Header<'a>> {
    let mut rest = Rest(line);
    let in_brackets = rest.take('[');
    let at = rest.0;
    let ((date, first_digits), time) = match date(&mut rest).and_then(|date| Some((date, time(&mut rest, words)?))) {
        Some(moment) => moment,
        None => {
            rest.0 = at;
            let time = time(&mut rest, words)?;
            (date(&mut rest)?, time)
        }
    };
    match in_brackets {
        true => rest.one_of(&[']'])?,
        false => {
            rest.spaces();
            // Android: a hyphen; some old phones a colon.
            rest.one_of(&['-', '–', ':'])?
        }
    };
    rest.spaces();
    let (who, text) = match rest.0.split_once(": ").or_else(|| rest.0.strip_suffix(':').map(|who| (who, ""))) {
        // What WhatsApp says itself has no sender; a name is no sentence.
        Some((who, text)) if who.chars().count() <= 80 => (Some(name(who)), text),
        _ => (None, rest.0),
    };
    Some(Header { date, first_digits, time, who, text })
}

/// `31/12/2023`, `2023年12月31日`: the three numbers, and how many digits the first has.
fn date(rest: &mut Rest<'_>) -> Option<([u32; 3], usize)> {
    let (first, first_digits) = rest.number(4)?;
    rest.one_of(&['/', '.', '-', '．', '。', '年'])?;
    rest.spaces();
    let (second, _) = rest.number(2)?;
    rest.one_of(&['/', '.', '-', '．', '。', '月'])?;
    rest.spaces();
    let (third, _) = rest.number(4)?;
    rest.take('日');
    rest.take('.');
    Some(([first, second, third], first_digits))
}

/// A name without the sign for people who are in no address book.
fn name(who: &str) -> &str {
    who.trim_matches(|c: char| is_mark(c) || c.is_whitespace() || c == '~')
}

/// `21:15`, `21.15.03`, `9:15 PM`, `下午9:15`, `21 h 15`, with what joins it to the date in front of it or behind it.
fn time(rest: &mut Rest<'_>, words: &Words) -> Option<NaiveTime> {
    rest.join(words);
    let before = half(rest, words);
    rest.spaces();
    let (hour, _) = rest.number(2)?;
    let spaced = rest.0;
    rest.spaces();
    if rest.one_of(&[':', '.', 'h', '时', '時', '：']).is_none() {
        rest.0 = spaced;
        return None;
    }
    rest.spaces();
    let (minute, _) = rest.number(2)?;
    rest.take('分');
    let seconds = match rest.one_of(&[':', '.']) {
        Some(()) => rest.number(2)?.0,
        None => 0,
    };
    let here = rest.0;
    rest.spaces();
    let half = match before.or_else(|| half(rest, words)) {
        Some(half) => Some(half),
        None => {
            rest.0 = here;
            None
        }
    };
    let hour = match half {
        Some(Half::Morning) if hour == 12 => 0,
        Some(Half::Evening) if hour < 12 => hour + 12,
        _ => hour,
    };
    rest.join(words);
    NaiveTime::from_hms_opt(hour, minute, seconds)
}

fn half(rest: &mut Rest<'_>, words: &Words) -> Option<Half> {
    let (half, length) = words.half(rest.0)?;
    rest.0 = &rest.0[length..];
    Some(half)
}

impl Header<'_> {
    /// The moment, if the date is read in that order and there is such a day.
    pub(super) fn moment(&self, order: DateOrder) -> Option<NaiveDateTime> {
        let [first, second, third] = self.date;
        let date = match order {
            DateOrder::DayFirst => day(third as i32, second, first),
            DateOrder::MonthFirst => day(third as i32, first, second),
            DateOrder::YearFirst => day(first as i32, second, third),
        };
        Some(date?.and_time(self.time))
    }

    pub(super) fn year_is_first(&self) -> bool {
        self.first_digits == 4
    }

    pub(super) fn date_text(&self) -> String {
        self.date.map(|number| number.to_string()).join("/")
    }
}

/// What is left of a line. Marks are skipped wherever something is looked for.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn marks(&mut self) {
        self.0 = self.0.trim_start_matches(is_mark);
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_start_matches(|c: char| is_mark(c) || c.is_whitespace());
    }

    /// Commas and words between date and time.
    fn join(&mut self, words: &Words) {
        self.spaces();
        while let Some(length) = words.join(self.0) {
            self.0 = &self.0[length..];
            self.spaces();
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.one_of(&[wanted]).is_some()
    }

    fn one_of(&mut self, wanted: &[char]) -> Option<()> {
        self.marks();
        self.0 = self.0.strip_prefix(wanted)?;
        Some(())
    }

    /// A number of at most so many digits, and how many it has.
    fn number(&mut self, most: usize) -> Option<(u32, usize)> {
        self.marks();
        let digits: Vec<u32> = self.0.chars().map_while(digit).collect();
        if digits.is_empty() || digits.len() > most {
            return None;
        }
        let length: usize = self.0.chars().take(digits.len()).map(char::len_utf8).sum();
        self.0 = &self.0[length..];
        Some((digits.iter().fold(0, |number, digit| number * 10 + digit), digits.len()))
    }
}

/// A digit of any script that WhatsApp speaks: ASCII, Arabic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu, Kannada,
/// Malayalam, Thai, Lao, Burmese, Khmer and full-width ones. In Unicode the ten of a script stand behind each other.
fn digit(c: char) -> Option<u32> {
    const ZEROS: [char; 16] = ['0', '٠', '۰', '०', '০', '੦', '૦', '௦', '౦', '೦', '൦', '๐', '໐', '၀', '០', '０'];
    ZEROS.iter().filter_map(|zero| (c as u32).checked_sub(*zero as u32)).find(|value| *value < 10)
}
