//! Who the simulated customers are: `keywords/simulation.toml`, and one customer drawn from it.

use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::IndexedRandom;
use serde::Deserialize;

use crate::domain::{Country, Duration, MessageKind, Problem, SourceFile, duration};

/// The population, as the file describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in keywords/simulation.toml")]
pub struct Population {
    habit: Vec<Habit>,
    pub visit: Visit,
    pub temper: Temper,
    market: Vec<Market>,
    says: BTreeMap<String, Words>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habit {
    share: f64,
    pub visits: f64,
    pub buys: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    pub looks: f64,
    pub asks_again: f64,
    pub cart: f64,
    pub pays: f64,
    pub complains: f64,
    pub click: f64,
    pub returns: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Temper {
    #[serde(deserialize_with = "duration")]
    half_life: Duration,
    asleep: f64,
    after_stop: f64,
    patience: [f64; 2],
    pub blocks: f64,
    pub stops: f64,
    points: BTreeMap<MessageKind, f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Market {
    share: f64,
    country: Country,
    language: String,
    number: String,
    digits: usize,
}

/// What customers of one language say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub asks: Vec<String>,
    pub more: Vec<String>,
    pub complaint: Vec<String>,
    pub stop: Vec<String>,
}

/// What stays the same about one customer.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    market: &'a Market,
    index: usize,
    /// How often they come, and what for.
    pub habit: Habit,
    /// Points of annoyance that are a lot for them.
    pub patience: f64,
    /// Their phone tells what they have read.
    pub tells_reads: bool,
    /// The hour of their day, from 0, at which they like best to look at the phone.
    pub best_hour: f64,
}

impl Population {
    /// Reads `simulation.toml` among the files.
    ///
    /// # Errors
    /// It is missing, or cannot be read.
    pub fn compile(files: &[SourceFile]) -> Result<Self, Problem> {
        let name = "simulation.toml";
        let file = SourceFile::required(files, name, "the customers that are simulated")?;
        let population: Self = file.toml("")?;
        let wrong = |what: &str, message: String| {
            let place = file.text.find(what).unwrap_or(0);
            Err(Problem::at(name, &file.text, place, message, "Compare with the file that ships with Hotline."))
        };
        if population.market.is_empty() || population.habit.is_empty() {
            return wrong("", "at least one [[market]] and one [[habit]] are needed".into());
        }
        for market in &population.market {
            let words = population.says.get(&market.language);
            let told = words.is_some_and(|says| {
                [&says.asks, &says.more, &says.complaint, &says.stop].iter().all(|words| !words.is_empty())
            });
            if !told {
                return wrong(&market.language, format!("[says.{}] must have words for everything", market.language));
            }
        }
        Ok(population)
    }

    /// Draws a customer.
    pub fn draw(&self, index: usize, random: &mut impl Rng) -> Profile<'_> {
        let market = self.market.choose_weighted(random, |market| market.share).unwrap_or(&self.market[0]);
        let habit = self.habit.choose_weighted(random, |habit| habit.share).unwrap_or(&self.habit[0]);
        let [least, most] = self.temper.patience;
        // Lunch or evening.
        let best_hour = if random.random_bool(0.35) { 12.5 } else { 20.0 } + random.random_range(-1.5..1.5);
        Profile {
            market,
            index,
            habit: *habit,
            patience: least + (most - least) * random.random::<f64>(),
            tells_reads: random.random_bool(0.85),
            best_hour,
        }
    }

    /// What customers like this one say.
    pub fn words(&self, profile: &Profile<'_>) -> Option<&Words> {
        self.says.get(&profile.market.language)
    }
}

impl Temper {
    /// Points that a message adds.
    pub fn points(&self, kind: MessageKind, asleep: bool, stopped: bool) -> f64 {
        let points = self.points.get(&kind).copied().unwrap_or(0.0);
        points * if asleep { self.asleep } else { 1.0 } * if stopped { self.after_stop } else { 1.0 }
    }

    /// What is left of points after that time.
    pub fn faded(&self, points: f64, after: Duration) -> f64 {
        points * 0.5_f64.powf(after.0 as f64 / self.half_life.0.max(1) as f64)
    }
}

impl Profile<'_> {
    /// Their country.
    pub fn country(&self) -> Country {
        self.market.country
    }

    /// Their number, digits alone: no two are alike.
    pub fn digits(&self) -> String {
        format!("{}{:0width$}", self.market.number, self.index, width = self.market.digits)
    }
}
