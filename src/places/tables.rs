//! The smaller tables: airports, climate, shipping zones.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Places;
use super::countries::Written;
use super::country::AreaCodes;
use super::gazetteer::{at_key, kilometres};
use super::wording::Wording;
use crate::domain::{Country, Problem, SourceFile};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Airports {
    within_km: f64,
    airports: BTreeMap<String, Airport>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Airport {
    /// For people: what stands on tickets.
    #[serde(rename = "code")]
    _code: String,
    at: [f64; 2],
}

impl Airports {
    /// The nearest airport, if one is near.
    pub(super) fn near(&self, at: [f64; 2]) -> Option<&str> {
        let distances = self.airports.iter().map(|(name, airport)| (kilometres(airport.at, at), name));
        let near = distances.filter(|(distance, _)| *distance <= self.within_km);
        near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.as_str())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Climate {
    /// `hot` or `cold` to countries and divisions: `ID`, `US/alaska`.
    zones: BTreeMap<String, Vec<String>>,
    /// By country and city: `RU/moscow`.
    normals: BTreeMap<String, Normals>,
}

/// What the weather of a city is in most years.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Normals {
    pub(super) winter: Option<f64>,
    pub(super) summer_humidity: Option<f64>,
}

impl Climate {
    /// What a division or its country needs all year.
    pub(super) fn zone(&self, country: Country, division: Option<&str>) -> Option<&str> {
        let of = |place: &str| {
            let mut zones = self.zones.iter();
            zones.find(|(_, places)| places.iter().any(|other| other == place)).map(|(zone, _)| zone.as_str())
        };
        division.and_then(|division| of(&format!("{country}/{division}"))).or_else(|| of(country.code()))
    }

    pub(super) fn normals(&self, country: Country, city: &str) -> Option<Normals> {
        self.normals.get(&format!("{country}/{city}")).copied()
    }
}

/// Where sending is special.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zone {
    pub(super) name: String,
    country: Country,
    #[serde(default)]
    divisions: Vec<String>,
    /// All divisions of the country but these.
    #[serde(default)]
    all_but: Vec<String>,
    #[serde(default)]
    pub(super) surcharge: u32,
    #[serde(default)]
    pub(super) days: Option<[u32; 2]>,
    #[serde(default)]
    pub(super) customs_days: u32,
    #[serde(default)]
    pub(super) share: u32,
}

impl Zone {
    pub(super) fn covers(&self, division: &str) -> bool {
        let is_it = |other: &String| other == division;
        match self.all_but.is_empty() {
            true => self.divisions.iter().any(is_it),
            false => !self.all_but.iter().any(is_it),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipping {
    zone: Vec<Zone>,
}

/// Reads `places/airports.toml`, `climate.toml`, `shipping.toml`, `wording.toml`, `countries.toml` and `area_codes.toml`; a file that is
/// not there is an empty table.
pub(super) fn read(files: &[SourceFile], places: &mut Places) -> Vec<Problem> {
    let mut problems = Vec::new();
    let advice = "within_km = 5, and below [airports] one line for each: shanghai-hongqiao-airport = { code = \"SHA\", at = [31.198, 121.336] }.";
    places.airports = table(files, "places/airports.toml", advice, &mut problems);
    let advice = "Below [zones]: hot = [\"ID\", \"US/florida\"]; below [normals]: \"RU/moscow\" = { winter = -10.2 }.";
    places.climate = table(files, "places/climate.toml", advice, &mut problems);
    let advice =
        "[[zone]] with name, country, divisions (or all_but) and some of surcharge, days, customs_days, share.";
    let shipping: Shipping = table(files, "places/shipping.toml", advice, &mut problems);
    let advice = "around, longer and like lists hold words; below [LANGUAGE], before and after list words, everyday = { either = [\"mesa\"] }, endings = { \"е\" = [\"а\", \"\"] }.";
    let wording: Wording = table(files, "places/wording.toml", advice, &mut problems);
    places.wording = wording.folded();
    let advice = "Below [LANGUAGE], own, others, with, and, and own_behind list words.";
    places.persons = table(files, "places/persons.toml", advice, &mut problems);
    let advice = "Below [names] one line for each country: DE = [\"Germany\", \"Deutschland\"]; below [directions], before and after list words.";
    let countries: Written = table(files, "places/countries.toml", advice, &mut problems);
    places.countries = countries.into();
    let advice = "Below [zones] an IANA zone and what its numbers begin with: \"America/Denver\" = [\"1303\"].";
    let areas: AreaCodes = table(files, "places/area_codes.toml", advice, &mut problems);
    places.areas = areas.into();
    for zone in shipping.zone {
        places.shipping.entry(zone.country).or_default().push(zone);
    }
    problems.extend(check(files, places));
    problems
}

fn table<T: DeserializeOwned + Default>(
    files: &[SourceFile],
    path: &str,
    advice: &str,
    problems: &mut Vec<Problem>,
) -> T {
    let Some(file) = files.iter().find(|file| file.path == path) else { return T::default() };
    toml::from_str(&file.text).unwrap_or_else(|error| {
        let place = error.span().map_or(0, |span| span.start);
        problems.push(Problem::at(&file.path, &file.text, place, error.message(), advice));
        T::default()
    })
}

/// Names in these tables that the gazetteer does not know would never be met.
fn check(files: &[SourceFile], places: &Places) -> Vec<Problem> {
    let mut problems = Vec::new();
    let file = |path: &str| files.iter().find(|file| file.path == path);
    let split = |place: &str| {
        let (country, rest) = place.split_once('/').unwrap_or((place, ""));
        Some((country.parse::<Country>().ok()?, rest.to_owned()))
    };
    if let Some(file) = file("places/climate.toml") {
        for place in places.climate.zones.values().flatten() {
            let known = split(place)
                .is_some_and(|(country, division)| division.is_empty() || places.has_division(country, &division));
            if !known {
                let message = format!("there is no country or division {place}");
                problems.push(at_key(file, place, message, "Write ID, or US/alaska: the names in places/cities."));
            }
        }
        for place in places.climate.normals.keys() {
            let known = split(place).is_some_and(|(country, city)| places.gazetteer.city(country, &city).is_some());
            if !known {
                let message = format!("there is no city {place}");
                problems.push(at_key(file, place, message, "Write \"RU/moscow\": the names in places/cities."));
            }
        }
    }
    if let Some(file) = file("places/shipping.toml") {
        for zone in places.shipping.values().flatten() {
            for division in zone.divisions.iter().chain(&zone.all_but) {
                if !places.has_division(zone.country, division) {
                    let message = format!("{} has no division {division}", zone.country);
                    problems.push(at_key(
                        file,
                        division,
                        message,
                        "Write a name below [XX.divisions] in places/cities.",
                    ));
                }
            }
            if zone.divisions.is_empty() == zone.all_but.is_empty() {
                let message = format!("zone {} says not where it is", zone.name);
                problems.push(at_key(file, &zone.name, message, "Write exactly one of divisions and all_but."));
            }
        }
    }
    problems
}
