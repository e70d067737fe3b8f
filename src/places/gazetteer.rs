//! Cities, the divisions of countries and the districts of large cities: found by name, in any language, or by position.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono_tz::Tz;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::{Country, Problem, SourceFile};

/// A position is in the city that is nearest, and no further away than this (REG-4).
const CITY_KM: f64 = 50.0;
/// No city that is more degrees further north or south is as near as that.
const CITY_DEGREES: f64 = CITY_KM / 111.0;

/// A city.
#[derive(Debug)]
pub(super) struct City {
    pub(super) country: Country,
    /// Its own name in tags.
    pub(super) name: String,
    pub(super) division: Option<String>,
    pub(super) people: u64,
    pub(super) tier: Option<String>,
    pub(super) zone: Option<Tz>,
    /// Districts by name, with what they are called.
    districts: BTreeMap<String, Vec<String>>,
}

/// A place that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) city: &'a City,
    pub(super) district: Option<&'a str>,
}

/// The middle of a city or of a district.
#[derive(Debug)]
struct Point {
    at: [f64; 2],
    city: usize,
    district: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Gazetteer {
    cities: Vec<City>,
    points: Vec<Point>,
    /// By country and own name.
    own_names: HashMap<(Country, String), usize>,
    /// What cities are called, folded; the largest first.
    called: HashMap<String, Vec<usize>>,
    /// What divisions are called, folded, to their own names.
    divisions_called: HashMap<(Country, String), String>,
    /// The letters for divisions that forms hold, folded: FL.
    coded: HashMap<(Country, String), String>,
    /// Every word of a name, folded.
    words: HashSet<String>,
    /// Countries that are one city.
    only: HashMap<Country, String>,
    divisions: HashMap<Country, BTreeMap<String, Vec<String>>>,
    people: HashMap<Country, u64>,
    /// How many figures a postcode has, where they are fewer than in most countries.
    postcodes: HashMap<Country, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCountry {
    #[serde(default)]
    people: Option<u64>,
    /// How many figures a postcode has, where they are fewer than four.
    #[serde(default)]
    postcode: Option<usize>,
    /// The country is one city: who has a number of it is there.
    #[serde(default)]
    city: Option<String>,
    #[serde(default)]
    divisions: BTreeMap<String, Vec<String>>,
    /// What forms hold instead of a division's name: its letters. In a sentence they are words of their own: “in”, “or”.
    #[serde(default)]
    codes: BTreeMap<String, String>,
    #[serde(default)]
    cities: BTreeMap<String, WrittenCity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCity {
    #[serde(default)]
    division: Option<String>,
    at: [f64; 2],
    people: u64,
    #[serde(default)]
    tier: Option<String>,
    #[serde(default)]
    zone: Option<Tz>,
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDistrict {
    at: [f64; 2],
    names: Vec<String>,
}

type WrittenDistricts = BTreeMap<Country, BTreeMap<String, BTreeMap<String, WrittenDistrict>>>;

impl Gazetteer {
    /// Reads `places/cities/*.toml` and `places/districts.toml`.
    pub(super) fn read(&mut self, files: &[SourceFile]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let (mut cities, mut told) = (Vec::new(), Vec::new());
        for file in files.iter().filter(|file| file.path.starts_with("places/cities/")) {
            match toml::from_str::<BTreeMap<Country, WrittenCountry>>(&file.text) {
                Ok(countries) => {
                    for (country, written) in countries {
                        self.take_in(country, &written);
                        told.push((file, country, written.codes.into_iter().collect::<Vec<_>>()));
                        self.divisions.entry(country).or_default().extend(written.divisions);
                        cities.extend(written.cities.into_iter().map(|(name, city)| (file, country, name, city)));
                    }
                }
                Err(error) => {
                    let place = error.span().map_or(0, |span| span.start);
                    let advice = "A city is one line: kuching = { at = [1.55, 110.33], people = 402738, names = [\"Kuching\"] }.";
                    problems.push(Problem::at(&file.path, &file.text, place, error.message(), advice));
                }
            }
        }
        // The largest first: so it stands first under every name that it shares with others.
        cities.sort_by(|a, b| (b.3.people, &a.2).cmp(&(a.3.people, &b.2)));
        for (file, country, name, city) in cities {
            if let Err((message, advice)) = self.add(country, name.clone(), city) {
                problems.push(at_key(file, &name, message, advice));
            }
        }
        problems.extend(told.iter().flat_map(|(file, country, codes)| self.check(file, *country, codes)));
        problems.extend(self.read_districts(files));
        problems
    }

    /// Takes in what is said of a country beside its cities.
    fn take_in(&mut self, country: Country, written: &WrittenCountry) {
        self.people.extend(written.people.map(|people| (country, people)));
        self.postcodes.extend(written.postcode.map(|figures| (country, figures)));
        self.only.extend(written.city.clone().map(|city| (country, city)));
        for (division, names) in &written.divisions {
            for name in names.iter().chain([division]) {
                let name = folded(name);
                self.words.extend(name.split(' ').map(str::to_owned));
                self.divisions_called.insert((country, name), division.clone());
            }
        }
        for (code, division) in &written.codes {
            self.coded.insert((country, folded(code)), division.clone());
        }
    }

    /// Codes and cities that countries are which nothing is listed for, in any of the files.
    fn check(&self, file: &SourceFile, country: Country, codes: &[(String, String)]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let known = |division: &str| self.divisions.get(&country).is_some_and(|all| all.contains_key(division));
        for (code, division) in codes.iter().filter(|(_, division)| !known(division)) {
            let message = format!("{code} stands for {division}, which is no division of {country}");
            problems.push(at_key(file, code, message, "Add it under [XX.divisions], or correct the name."));
        }
        if let Some(city) = self.only.get(&country).filter(|_| self.only_city(country).is_none()) {
            let message = format!("{country} is the city {city}, which is not listed");
            problems.push(at_key(file, "city", message, "Add it under [XX.cities], or correct the name."));
        }
        problems
    }

    fn add(&mut self, country: Country, name: String, written: WrittenCity) -> Result<(), (String, &'static str)> {
        let known =
            |division: &String| self.divisions.get(&country).is_some_and(|divisions| divisions.contains_key(division));
        if let Some(division) = written.division.as_ref().filter(|division| !known(division)) {
            let message = format!("{name} lies in {division}, which is no division of {country}");
            return Err((message, "Add it under [XX.divisions], or correct the name."));
        }
        if !is_on_earth(written.at) {
            return Err((format!("{name} is not on Earth"), "Write at = [degrees north, degrees east]."));
        }
        let index = self.cities.len();
        if self.own_names.insert((country, name.clone()), index).is_some() {
            return Err((format!("{country} has two cities called {name}"), "Give one of them another name."));
        }
        for called in written.names.iter().chain([&name]) {
            let called = folded(called);
            self.words.extend(called.split(' ').map(str::to_owned));
            let same = self.called.entry(called).or_default();
            if !same.contains(&index) {
                same.push(index);
            }
        }
        self.points.push(Point { at: written.at, city: index, district: None });
        let WrittenCity { division, people, tier, zone, .. } = written;
        self.cities.push(City { country, name, division, people, tier, zone, districts: BTreeMap::new() });
        Ok(())
    }

    fn read_districts(&mut self, files: &[SourceFile]) -> Vec<Problem> {
        let Some(file) = files.iter().find(|file| file.path == "places/districts.toml") else { return Vec::new() };
        let written = match toml::from_str::<WrittenDistricts>(&file.text) {
            Ok(written) => written,
            Err(error) => {
                let place = error.span().map_or(0, |span| span.start);
                let advice =
                    "Below [TW.taipei], one line for each: wenshan = { at = [24.99, 121.57], names = [\"Wenshan\"] }.";
                return vec![Problem::at(&file.path, &file.text, place, error.message(), advice)];
            }
        };
        let mut problems = Vec::new();
        let cities =
            written.into_iter().flat_map(|(country, cities)| cities.into_iter().map(move |city| (country, city)));
        for (country, (name, districts)) in cities {
            let Some(city) = self.own_names.get(&(country, name.clone())).copied() else {
                let message = format!("{country} has no city called {name}");
                problems.push(at_key(file, &name, message, "Its own name in places/cities is meant, left of the `=`."));
                continue;
            };
            for (district, written) in districts {
                if !is_on_earth(written.at) {
                    let message = format!("{district} is not on Earth");
                    problems.push(at_key(file, &district, message, "Write at = [degrees north, degrees east]."));
                }
                self.points.push(Point { at: written.at, city, district: Some(district.clone()) });
                let called = written.names.iter().chain([&district]).map(|name| folded(name)).collect();
                self.cities[city].districts.insert(district, called);
            }
        }
        problems
    }

    pub(super) fn city(&self, country: Country, name: &str) -> Option<&City> {
        let index = self.own_names.get(&(country, name.to_owned()))?;
        self.cities.get(*index)
    }

    /// The city of a division in which most people live.
    pub(super) fn largest_in(&self, country: Country, division: &str) -> Option<&City> {
        let in_it = |city: &&City| city.country == country && city.division.as_deref() == Some(division);
        self.cities.iter().filter(in_it).max_by_key(|city| city.people)
    }

    pub(super) fn people(&self, country: Country) -> Option<u64> {
        self.people.get(&country).copied()
    }

    /// How many figures a postcode of a country has, where it says so.
    pub(super) fn postcode(&self, country: Country) -> Option<usize> {
        self.postcodes.get(&country).copied()
    }

    pub(super) fn divisions(&self, country: Country) -> Option<&BTreeMap<String, Vec<String>>> {
        self.divisions.get(&country)
    }

    /// The city that is called so: in that country, else the largest.
    pub(super) fn called(&self, name: &str, country: Option<Country>) -> Option<&City> {
        let mut same = self.called.get(&folded(name))?.iter().filter_map(|index| self.cities.get(*index));
        let first = same.next()?;
        Some(std::iter::once(first).chain(same).find(|city| Some(city.country) == country).unwrap_or(first))
    }

    /// The city that is called so in that country.
    pub(super) fn called_in(&self, name: &str, country: Country) -> Option<&City> {
        self.called(name, Some(country)).filter(|city| city.country == country)
    }

    /// The city that a country is, where it is but one.
    pub(super) fn only_city(&self, country: Country) -> Option<&City> {
        self.city(country, self.only.get(&country)?)
    }

    /// Whether a folded word is one of some name.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// The division of a country for which these letters stand in a form.
    pub(super) fn division_coded(&self, code: &str, country: Country) -> Option<&str> {
        self.coded.get(&(country, folded(code))).map(String::as_str)
    }

    /// The division of a country that is called so.
    pub(super) fn division_called(&self, name: &str, country: Country) -> Option<&str> {
        self.divisions_called.get(&(country, folded(name))).map(String::as_str)
    }

    /// The city that a position lies in, and the district where one is nearer than the city's middle.
    pub(super) fn at(&self, at: [f64; 2]) -> Option<Found<'_>> {
        let near = self.points.iter().filter(|point| (point.at[0] - at[0]).abs() <= CITY_DEGREES);
        let near = near.map(|point| (kilometres(point.at, at), point)).filter(|(distance, _)| *distance <= CITY_KM);
        let (_, point) = near.min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(Found { city: self.cities.get(point.city)?, district: point.district.as_deref() })
    }
}

impl City {
    /// The district of this city that is called so, folded.
    pub(super) fn district_called(&self, name: &str) -> Option<&str> {
        let is_it = |names: &&Vec<String>| names.iter().any(|called| called == name);
        self.districts.iter().find(|(_, names)| is_it(names)).map(|(district, _)| district.as_str())
    }
}

/// A problem at the line that begins with this name.
pub(super) fn at_key(file: &SourceFile, key: &str, message: impl Into<String>, advice: &str) -> Problem {
    let line = [format!("\n{key} ="), format!("\n\"{key}\" ="), format!(".{key}]"), format!("\"{key}\"")];
    let place = line.iter().find_map(|line| file.text.find(line)).map_or(0, |place| place + 1);
    Problem::at(&file.path, &file.text, place, message, advice)
}

pub(super) fn is_on_earth([north, east]: [f64; 2]) -> bool {
    (-90.0..=90.0).contains(&north) && (-180.0..=180.0).contains(&east)
}

/// The way between two points over a globe of mean radius (haversine formula).
pub(super) fn kilometres(a: [f64; 2], b: [f64; 2]) -> f64 {
    let [a_north, a_east, b_north, b_east] = [a[0], a[1], b[0], b[1]].map(f64::to_radians);
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(b_north - a_north) + a_north.cos() * b_north.cos() * half(b_east - a_east);
    2.0 * 6_371.0 * h.sqrt().min(1.0).asin()
}

/// Marks that are letters of their own: the vowels of India, Thailand, Laos, Myanmar and Cambodia. सूरत is no other way to write सरत.
const VOWEL_SIGNS: [std::ops::RangeInclusive<char>; 3] =
    ['\u{0900}'..='\u{0eff}', '\u{1000}'..='\u{109f}', '\u{1780}'..='\u{17ff}'];
/// The dot below letters of Hindi: people leave it out.
const NUKTA: char = '\u{093c}';

fn is_accent(c: char) -> bool {
    is_combining_mark(c) && (c == NUKTA || !VOWEL_SIGNS.iter().any(|signs| signs.contains(&c)))
}

/// One form for what people write in many ways: lower case, no accents, one space between words.
pub(super) fn folded(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for c in name.nfkd().flat_map(char::to_lowercase).filter(|c| !is_accent(*c)) {
        match c {
            'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'đ' => folded.push('d'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            '\'' | '’' | '`' | 'ʼ' | '.' => {}
            c if c.is_alphanumeric() || is_combining_mark(c) => folded.push(c),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}
