//! The shop: its facts and what it sells. Read from a file that the shop keeps, never from code.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

use super::{Country, Currency, Language, Problem, Severity, SourceFile, Timestamp, check_sum};

/// Facts that customers ask for, and the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shop {
    /// As customers know it.
    pub name: String,
    /// Prices are in this.
    pub currency: Currency,
    /// Where the shop is: hours, quarters and the default for customers.
    pub zone: Tz,
    /// Spoken where the customer's language is unknown.
    pub language: Language,
    /// Where the shop is, if that matters.
    pub country: Option<Country>,
    /// Street address.
    pub address: Option<String>,
    /// When people are there.
    pub hours: Vec<Hours>,
    /// What delivery costs and how long it takes: one text per language.
    pub shipping: BTreeMap<String, String>,
    /// How to pay: one text per language.
    pub payment: BTreeMap<String, String>,
    /// Returns and guarantee: one text per language.
    pub returns: BTreeMap<String, String>,
    /// What the shop has for those who came a certain way.
    pub offers: Vec<Offer>,
    /// Whether customers may be asked, once, what they do (CHAR-8).
    pub ask_occupation: bool,
    /// What is sold.
    pub products: Vec<Product>,
    /// For budgets in another currency than the shop's.
    #[serde(skip)]
    pub rates: super::Rates,
}

/// The shop's file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    hours: Vec<Spanned<Hours>>,
    #[serde(default, deserialize_with = "one_or_several")]
    shipping: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "one_or_several")]
    payment: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "one_or_several")]
    returns: BTreeMap<String, String>,
    #[serde(default)]
    offer: Vec<Offer>,
    #[serde(default)]
    ask_occupation: bool,
    #[serde(default)]
    product: Vec<Product>,
}

impl Written {
    /// What is wrong with it beside its shape.
    fn problems(&self, file: &SourceFile) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for product in self.product.iter().filter(|product| !seen.insert(product.sku.clone())) {
            let place = file.text.rfind(&format!("\"{}\"", product.sku)).unwrap_or(0);
            let message = format!("two products have the number {}", product.sku);
            problems.push(Problem::at(&file.path, &file.text, place, message, "Give one of them another number."));
        }
        problems.extend(self.product.iter().flat_map(|product| unsellable(product, file)));
        let leads = |url: &str| {
            let own = url.starts_with('/') && !url.starts_with("//");
            (own || url.starts_with("https://") || url.starts_with("http://"))
                && !url.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\')
        };
        for url in self.product.iter().filter_map(|product| product.url.as_ref()).filter(|url| !leads(url)) {
            let place = file.text.find(&format!("\"{url}\"")).unwrap_or(0);
            let advice =
                "Write the whole address, https://shop.example/page, or /p/name for a plain page that Hotline shows.";
            problems.push(Problem::at(&file.path, &file.text, place, format!("`{url}` is no address"), advice));
        }
        for until in self.offer.iter().filter_map(|offer| offer.until.as_ref()) {
            if chrono::NaiveDate::parse_from_str(until, "%Y-%m-%d").is_err() {
                let place = file.text.find(&format!("\"{until}\"")).unwrap_or(0);
                let message = format!("`{until}` is no day");
                problems.push(Problem::at(&file.path, &file.text, place, message, "Write until = \"2027-06-30\"."));
            }
        }
        problems.extend(self.hours.iter().filter_map(|hours| wrong_hours(hours, file)));
        problems
    }
}

/// What nobody could buy: without a number or a name, or for a price that nothing has.
fn unsellable(product: &Product, file: &SourceFile) -> Vec<Problem> {
    let place = file.text.find(&format!("\"{}\"", product.sku)).unwrap_or(0);
    let said = |message: String, advice: &str| Problem::at(&file.path, &file.text, place, message, advice);
    let mut problems = Vec::new();
    for (field, text) in [("sku", &product.sku), ("name", &product.name)] {
        if text.trim().is_empty() {
            let message = format!("the `{field}` of product `{}` is empty", product.sku);
            problems.push(said(message, "Write what customers and your orders call it."));
        }
    }
    match check_sum("price", Some(product.price)) {
        Err(wrong) => {
            problems.push(said(
                format!("product `{}`: {wrong}", product.sku),
                "Write what one piece costs: price = 19.90.",
            ));
        }
        Ok(()) if product.price.is_zero() => {
            let message = format!("product `{}` costs nothing", product.sku);
            problems.push(said(message, "Customers are told so. Write what one piece costs: price = 19.90.").warning());
        }
        Ok(()) => {}
    }
    problems
}

fn wrong_hours(hours: &Spanned<Hours>, file: &SourceFile) -> Option<Problem> {
    let (start, hours) = (hours.span().start, hours.get_ref());
    let place = start + file.text.get(start..).and_then(|rest| rest.find(&hours.from)).unwrap_or(0);
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let known = hours.days.iter().all(|day| days.contains(&day.as_str()));
    let (wrong, advice) = match (time(&hours.from), time(&hours.to)) {
        (Some(from), Some(to)) if known && from != to => return None,
        (Some(_), Some(_)) if known => (
            "these opening hours end when they begin",
            "Write when they end. Those that end earlier than they begin end the day after; a shop without hours is always open.",
        ),
        _ => {
            ("these opening hours cannot be read", "Write days = [\"mon\", \"tue\"], from = \"09:00\", to = \"18:00\".")
        }
    };
    Some(Problem::at(&file.path, &file.text, place, wrong, advice))
}

impl Shop {
    /// Whether sums in this currency can be held against others.
    pub fn knows(&self, currency: Currency) -> bool {
        currency == self.currency || self.rates.knows(currency)
    }

    /// Reads the shop's file over what the settings say of it. `None` if it has an error.
    pub fn parse(
        file: &SourceFile,
        currency: Currency,
        zone: Tz,
        language: Language,
        country: Option<Country>,
    ) -> (Option<Self>, Vec<Problem>) {
        let written: Written = match toml::from_str(&file.text) {
            Ok(written) => written,
            Err(error) => {
                let place = error.span().map_or(0, |span| span.start);
                let advice = advice(file, error.message());
                return (None, vec![Problem::at(&file.path, &file.text, place, error.message().to_owned(), advice)]);
            }
        };
        let problems = written.problems(file);
        let shop = Self {
            name: written.name,
            currency,
            zone,
            language,
            country,
            address: written.address,
            hours: written.hours.into_iter().map(Spanned::into_inner).collect(),
            shipping: written.shipping,
            payment: written.payment,
            returns: written.returns,
            offers: written.offer,
            ask_occupation: written.ask_occupation,
            products: written.product,
            rates: super::Rates::default(),
        };
        let sound = problems.iter().all(|problem| problem.severity == Severity::Warning);
        (sound.then_some(shop), problems)
    }

    /// A text in a language, else in the shop's own, else in English, else the one that is for all.
    pub fn text<'a>(&self, texts: &'a BTreeMap<String, String>, language: &str) -> Option<&'a str> {
        [language, self.language.tag(), "en", ""]
            .into_iter()
            .find_map(|language| texts.get(language))
            .map(String::as_str)
    }

    /// The key of what is sold under a name or number; a key is itself.
    pub fn key_of(&self, product: &str) -> Option<String> {
        let is_it = |other: &&Product| other.name == product || other.sku == product;
        let sold = self.products.iter().find(is_it).map(|product| product.key.clone());
        sold.or_else(|| product.contains('/').then(|| product.to_owned()))
    }

    /// What a product is called that is named by its number; another number stands for itself.
    pub fn name_of<'a>(&'a self, product: &'a str) -> &'a str {
        self.products.iter().find(|other| other.sku == product).map_or(product, |known| &known.name)
    }

    /// The first offer for somebody with these tags that still runs.
    pub fn offer(&self, at: Timestamp, holds: impl Fn(&str) -> bool) -> Option<&Offer> {
        let runs = |offer: &&Offer| offer.until.as_ref().is_none_or(|until| at.date_in(self.zone) <= *until);
        self.offers
            .iter()
            .filter(runs)
            .find(|offer| offer.sources.iter().any(|source| holds(&format!("source/{source}"))))
    }

    /// Whether people are there at that moment. A shop that tells no hours is always open.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.next_open(at) == at
    }

    /// The next moment at which people are there: that moment itself, or the next opening within eight days.
    pub fn next_open(&self, at: Timestamp) -> Timestamp {
        let local = at.utc().with_timezone(&self.zone);
        if self.hours.is_empty() {
            return at;
        }
        let mut next: Option<Timestamp> = None;
        // What opened yesterday may still be open.
        let yesterday = local.date_naive() - chrono::Days::new(1);
        for day in yesterday.iter_days().take(9) {
            let is_that_day = |name: &String| name.parse() == Ok(day.weekday());
            for hours in self.hours.iter().filter(|hours| hours.days.iter().any(is_that_day)) {
                let (Some(opens), Some(closes)) = (time(&hours.from), time(&hours.to)) else { continue };
                let closing_day = if closes < opens { day + chrono::Days::new(1) } else { day };
                let moments = self.moment(day.and_time(opens)).zip(self.moment(closing_day.and_time(closes)));
                let Some((from, to)) = moments.filter(|(from, to)| from < to) else { continue };
                if from <= at && at < to {
                    return at;
                }
                if from > at {
                    next = Some(next.map_or(from, |next| next.min(from)));
                }
            }
            if next.is_some() {
                break;
            }
        }
        next.unwrap_or(at)
    }

    /// When it is that time in the shop. A clock that is put forward skips times: then the first one that exists.
    fn moment(&self, local: NaiveDateTime) -> Option<Timestamp> {
        let mut minutes = (0..=24 * 60).map(chrono::TimeDelta::minutes);
        let moment = minutes.find_map(|later| self.zone.from_local_datetime(&(local + later)).earliest())?;
        Some(Timestamp::from(moment.with_timezone(&chrono::Utc)))
    }
}

/// What to do about a file that cannot be read.
fn advice(file: &SourceFile, message: &str) -> &'static str {
    let is_toml = file.text.parse::<toml::Table>().is_ok();
    match () {
        () if !is_toml => {
            "Look at this line and the one before it: texts stand in quotation marks, lists in brackets with commas."
        }
        () if message.starts_with("unknown field") => {
            "Is it a slip of a name? What is said of the whole shop stands above the first line in brackets."
        }
        () if message.contains("expected a Decimal") => {
            "Write the number with a point and without quotes or signs: price = 1299.90."
        }
        () if message.contains("expected u32") => "Write how many pieces there are: stock = 12, or stock = 0 for none.",
        () => "Compare with another product: sku, name, key, price and stock are needed.",
    }
}

/// A time of day as the file writes it.
fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

/// Opening hours on some weekdays, local to the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// `mon`, `tue`, … `sun`.
    pub days: Vec<String>,
    /// Opens, `09:00`.
    pub from: String,
    /// Closes, `18:00`; where that is earlier than it opens, the day after.
    pub to: String,
}

/// What the shop has for those who came a certain way (SOURCE-7): a discount for a time, or points and help in the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Values of `source/…` tags.
    pub sources: Vec<String>,
    /// The last day on which it may be told of, in the shop's time; without it, as long as it stands in the file.
    #[serde(default)]
    pub until: Option<String>,
    /// One text per language.
    pub text: BTreeMap<String, String>,
}

/// A text for all languages stands under no name.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text, or a text for each language")]
    enum Texts {
        One(String),
        Several(BTreeMap<String, String>),
    }
    Ok(match Texts::deserialize(deserializer)? {
        Texts::One(text) if text.is_empty() => BTreeMap::new(),
        Texts::One(text) => BTreeMap::from([(String::new(), text)]),
        Texts::Several(texts) => texts,
    })
}

/// One thing that is sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The shop's own number; never changes.
    pub sku: String,
    /// As it is sold.
    pub name: String,
    /// The dictionary's key: `electronics/phone`.
    pub key: String,
    /// Brand, lower case.
    #[serde(default)]
    pub brand: Option<String>,
    /// In the shop's currency.
    pub price: Decimal,
    /// Pieces left.
    pub stock: u32,
    /// The dictionary's attributes that it has.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// One line that tells it from others: one text, or one per language.
    #[serde(default, deserialize_with = "one_or_several")]
    pub summary: BTreeMap<String, String>,
    /// Page of the shop: a whole address, or `/p/name` for a plain page of ours.
    #[serde(default)]
    pub url: Option<String>,
    /// Picture.
    #[serde(default)]
    pub image: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn parse(hours: &[(&str, &str, &str)]) -> (Option<Shop>, Vec<Problem>) {
        let written = |(days, from, to): &(&str, &str, &str)| {
            format!("[[hours]]\ndays = [{days}]\nfrom = \"{from}\"\nto = \"{to}\"\n")
        };
        let text = format!("name = \"Nova\"\n{}", hours.iter().map(written).collect::<String>());
        let file = SourceFile { path: "shop.toml".into(), text };
        Shop::parse(&file, "USD".parse().unwrap(), chrono_tz::Europe::Berlin, Language::english(), None)
    }

    /// When the shop is open next, in its own time.
    fn next(shop: &Shop, local: &str) -> String {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        let at = Timestamp::from(shop.zone.from_local_datetime(&local).earliest().unwrap().with_timezone(&chrono::Utc));
        let next = shop.next_open(at);
        assert_eq!(shop.is_open(at), next == at);
        next.utc().with_timezone(&shop.zone).format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn hours_may_go_past_midnight() {
        // 2026-03-06 is a Friday.
        let shop = parse(&[("\"fri\"", "18:00", "02:00"), ("\"sat\"", "18:00", "00:00")]).0.unwrap();
        assert_eq!(next(&shop, "2026-03-06 17:59"), "2026-03-06 18:00");
        assert_eq!(next(&shop, "2026-03-06 23:30"), "2026-03-06 23:30");
        assert_eq!(next(&shop, "2026-03-07 01:59"), "2026-03-07 01:59");
        assert_eq!(next(&shop, "2026-03-07 02:00"), "2026-03-07 18:00");
        assert_eq!(next(&shop, "2026-03-07 23:59"), "2026-03-07 23:59");
        assert_eq!(next(&shop, "2026-03-08 00:00"), "2026-03-13 18:00");
    }

    #[test]
    fn where_the_clock_skips_the_opening_it_opens_at_the_next_time_that_there_is() {
        // At two the clock is put forward to three.
        let shop = parse(&[("\"sun\"", "02:10", "05:00"), ("\"mon\"", "09:00", "10:00")]).0.unwrap();
        assert_eq!(next(&shop, "2026-03-29 01:59"), "2026-03-29 03:00");
        assert_eq!(next(&shop, "2026-03-29 03:00"), "2026-03-29 03:00");
        assert_eq!(next(&shop, "2026-03-29 05:00"), "2026-03-30 09:00");
    }

    #[test]
    fn hours_that_end_when_they_begin_are_refused_with_their_place() {
        let (shop, problems) = parse(&[("\"mon\"", "09:00", "18:00"), ("\"tue\"", "09:00", "09:00")]);
        assert!(shop.is_none() && problems.len() == 1, "{problems:?}");
        assert_eq!((problems[0].line, problems[0].message.as_str()), (8, "these opening hours end when they begin"));
        let (shop, problems) = parse(&[("\"mon\"", "09:00", "18:00"), ("\"tues\"", "09:00", "18:00")]);
        assert!(shop.is_none() && problems.len() == 1 && problems[0].line == 8, "{problems:?}");
    }

    #[test]
    fn a_number_that_is_written_as_people_write_it_is_told_how_to_write() {
        for (price, stock, advice) in [("\"189,90\"", "3", "price = 1299.90"), ("4", "-1", "stock = 12")] {
            let product = "[[product]]\nsku = \"K-3\"\nname = \"Pan\"\nkey = \"kitchen/pan\"\n";
            let text = format!("name = \"Nova\"\n{product}price = {price}\nstock = {stock}\n");
            let file = SourceFile { path: "shop.toml".into(), text };
            let currency = "USD".parse().unwrap();
            let (shop, problems) = Shop::parse(&file, currency, chrono_tz::Europe::Berlin, Language::english(), None);
            assert!(shop.is_none() && problems[0].to_string().contains(advice), "{problems:?}");
        }
    }

    #[test]
    fn what_nobody_could_buy_is_told() {
        for (name, price, said, is_sound) in [
            ("Pan", "-4", "3:7: error: product `K-3`: `price` is -4: no sum is less than nothing", false),
            ("", "4", "3:7: error: the `name` of product `K-3` is empty", false),
            ("Pan", "0", "3:7: warning: product `K-3` costs nothing", true),
        ] {
            let product = format!(
                "[[product]]\nsku = \"K-3\"\nname = \"{name}\"\nkey = \"kitchen/pan\"\nprice = {price}\nstock = 3\n"
            );
            let file = SourceFile { path: "shop.toml".into(), text: format!("name = \"Nova\"\n{product}") };
            let currency = "USD".parse().unwrap();
            let (shop, problems) = Shop::parse(&file, currency, chrono_tz::Europe::Berlin, Language::english(), None);
            assert!(shop.is_some() == is_sound && problems.len() == 1, "{problems:?}");
            assert!(problems[0].to_string().contains(said), "{}", problems[0]);
        }
    }
}
