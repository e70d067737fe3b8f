//! WhatsApp's exported chats (`_chat.txt`, `WhatsApp Chat with ….txt`): from text to who said what when. The dates are those of the
//! phone's locale, which the file does not name: day and month are told apart by looking at the whole file.
//!
//! ```text
//! [31/12/2023, 21:15:03] Bo: hello            iPhone
//! 12/31/23, 9:15 PM - Bo: hello               Android
//! ```

mod header;
mod words;

use std::fmt;

use chrono::{LocalResult, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use crate::domain::Timestamp;
use header::Header;
pub use words::Words;

/// In which order a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/12/2023
    DayFirst,
    /// 12/31/2023
    MonthFirst,
    /// 2023-12-31
    YearFirst,
}

impl DateOrder {
    /// `dmy`, `mdy`, `ymd`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "dmy" => Self::DayFirst,
            "mdy" => Self::MonthFirst,
            "ymd" => Self::YearFirst,
            _ => return None,
        })
    }
}

/// One message of an exported chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The line that it begins on, from 1.
    pub line: usize,
    /// When, by the clock of the phone in its zone.
    pub at: Timestamp,
    /// The name that the phone knows the sender by.
    pub who: String,
    /// The words; empty where there are none.
    pub text: String,
    /// image, video, audio, sticker, document, contacts, or `media` where the export does not say.
    pub media: Option<String>,
}

/// Lines that were not taken, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// WhatsApp's own notices, missed calls, messages that were taken back.
    pub system: usize,
    /// Lines in front of the first message.
    pub before_first: usize,
    /// Dates that there are not.
    pub no_date: usize,
}

/// What stands in a file.
#[derive(Clone, Debug, Default)]
pub struct Chat {
    /// Messages in the order of the file.
    pub said: Vec<Said>,
    /// What was left out.
    pub left_out: LeftOut,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// No line begins like one of a chat.
    #[error(
        "no line looks like one of an exported chat, such as `[31/12/2023, 21:15:03] Bo: hello` or `12/31/23, 9:15 PM - Bo: hello`"
    )]
    NoChat,
    /// Both orders fit all dates.
    #[error(
        "it is not to be told whether {0} is day and month or month and day: say it with --dates dmy or --dates mdy"
    )]
    Ambiguous(String),
}

impl fmt::Display for DateOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DayFirst => "day/month/year",
            Self::MonthFirst => "month/day/year",
            Self::YearFirst => "year/month/day",
        })
    }
}

/// Reads a file. Without `order` it is found by looking at all dates.
///
/// # Errors
/// It is no exported chat, or its dates can be read in two ways.
pub fn read(text: &str, words: &Words, order: Option<DateOrder>, zone: Tz) -> Result<(Chat, DateOrder), ChatError> {
    let headers: Vec<Option<Header<'_>>> = text.lines().map(|line| header::read(line, words)).collect();
    let order = match order {
        Some(order) => order,
        None => settle(headers.iter().flatten())?,
    };
    let mut chat = Chat::default();
    // The message under way: the lines without a date behind it belong to it.
    let mut open: Option<Said> = None;
    // The last message has a date that there is not: so have the lines behind it.
    let mut undated = false;
    for (index, (line, header)) in text.lines().zip(headers).enumerate() {
        let Some(header) = header else {
            match &mut open {
                Some(said) => {
                    said.text.push('\n');
                    said.text.push_str(line);
                }
                None if line.trim().is_empty() => {}
                None if undated => chat.left_out.no_date += 1,
                None if chat.said.is_empty() && chat.left_out.system == 0 => chat.left_out.before_first += 1,
                None => chat.left_out.system += 1,
            }
            continue;
        };
        chat.close(open.take(), words);
        let at = header.moment(order).and_then(|local| instant(local, zone));
        undated = at.is_none();
        let Some(at) = at else {
            chat.left_out.no_date += 1;
            continue;
        };
        match header.who {
            Some(who) => {
                let (who, text) = (who.to_owned(), header.text.to_owned());
                open = Some(Said { line: index + 1, at, who, text, media: None });
            }
            None => chat.left_out.system += 1,
        }
    }
    chat.close(open, words);
    Ok((chat, order))
}

impl Chat {
    /// Takes in a message with all its lines: words, something that is not in the export, or a notice.
    fn close(&mut self, said: Option<Said>, words: &Words) {
        let Some(mut said) = said else { return };
        match words.sort(&said.text) {
            words::Sorted::System => self.left_out.system += 1,
            words::Sorted::Said { text, media } => {
                (said.text, said.media) = (text, media);
                // An empty line with nothing in it: a picture of an old phone, a reaction.
                match said.text.is_empty() && said.media.is_none() {
                    true => self.left_out.system += 1,
                    false => self.said.push(said),
                }
            }
        }
    }

    /// Everybody who said something, with how often, the most first.
    pub fn people(&self) -> Vec<(&str, usize)> {
        let mut people: Vec<(&str, usize)> = Vec::new();
        for said in &self.said {
            match people.iter_mut().find(|(who, _)| *who == said.who) {
                Some((_, count)) => *count += 1,
                None => people.push((&said.who, 1)),
            }
        }
        people.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        people
    }
}

/// The order in which all dates exist; where two are left, the one in which time does not go back.
fn settle<'h>(headers: impl Iterator<Item = &'h Header<'h>> + Clone) -> Result<DateOrder, ChatError> {
    let first = headers.clone().next().ok_or(ChatError::NoChat)?;
    let orders = [DateOrder::DayFirst, DateOrder::MonthFirst, DateOrder::YearFirst];
    // A date that there is not in any order says nothing.
    let dates: Vec<&Header<'_>> =
        headers.filter(|header| orders.iter().any(|order| header.moment(*order).is_some())).collect();
    let fit = |order: &DateOrder| dates.iter().all(|header| header.moment(*order).is_some());
    let fitting: Vec<DateOrder> = orders.into_iter().filter(fit).collect();
    // 12.06.24 is a day of June or of December, and hardly ever one of 2012: such years have four digits.
    let fitting: Vec<DateOrder> = match first.year_is_first() {
        true => vec![DateOrder::YearFirst],
        false => fitting.into_iter().filter(|order| *order != DateOrder::YearFirst).collect(),
    };
    let goes_back = |order: &DateOrder| {
        let moments = dates.iter().filter_map(|header| header.moment(*order));
        moments.clone().zip(moments.skip(1)).filter(|(before, after)| after.date() < before.date()).count()
    };
    match fitting.as_slice() {
        [] => Err(ChatError::NoChat),
        [one] => Ok(*one),
        [one, other, ..] => match goes_back(one).cmp(&goes_back(other)) {
            std::cmp::Ordering::Less => Ok(*one),
            std::cmp::Ordering::Greater => Ok(*other),
            std::cmp::Ordering::Equal if same_days(&dates) => Ok(*one),
            std::cmp::Ordering::Equal => Err(ChatError::Ambiguous(first.date_text())),
        },
    }
}

/// Whether all days are the same in both orders, such as 3/3.
fn same_days(dates: &[&Header<'_>]) -> bool {
    dates.iter().all(|header| header.moment(DateOrder::DayFirst) == header.moment(DateOrder::MonthFirst))
}

/// A moment of a zone's clock. An hour that there is twice is the first of them; one that is left out is as long after midnight
/// as it would have been.
fn instant(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    let at = match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at,
        LocalResult::None => zone.from_local_datetime(&(local + chrono::Duration::hours(1))).earliest()?,
    };
    Some(Timestamp(at.timestamp_millis()))
}

/// A day, if there is one like that.
fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    // In Thailand years count from 543 before.
    let year = match year {
        0..100 => year + 2000,
        2400.. => year - 543,
        _ => year,
    };
    // WhatsApp is from 2009.
    NaiveDate::from_ymd_opt(year, month, day).filter(|_| (2009..2100).contains(&year))
}
