//! Where customers are, and what that means: cities and their divisions, climate, shipping zones, airports. Tables are files
//! under `keywords/places/`, which a shop can add to.
//!
//! `gazetteer.rs` finds a city by its name or by a position. `learning.rs` knows which events tell where a customer is, and which
//! of them to believe; `naming.rs` finds the names in answers and addresses, `sentences.rs` in sentences, `persons.rs` whose place
//! they are. `countries.rs` knows
//! countries by name, `country.rs` the country of a number.

mod countries;
mod country;
mod gazetteer;
mod learning;
mod naming;
mod persons;
mod sentences;
mod tables;
mod wording;

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;

use crate::domain::{Contact, Country, Delivery, Problem, Region, Severity, SourceFile};

use countries::Countries;
use country::Areas;
pub use country::{country_of, is_country};
use gazetteer::Gazetteer;
use tables::{Airports, Climate, Zone};
use wording::Wording;

/// All tables of places, checked. Immutable.
#[derive(Debug, Default)]
pub struct Places {
    /// The time zone in which most people of a country live.
    zones: BTreeMap<Country, Tz>,
    /// Where those of one number live, in a country of several zones.
    areas: Areas,
    gazetteer: Gazetteer,
    countries: Countries,
    airports: Airports,
    wording: Wording,
    persons: persons::Written,
    climate: Climate,
    shipping: HashMap<Country, Vec<Zone>>,
}

impl Places {
    /// Reads `countries.toml` and the files under `places/`. `None` if any of them has an error.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let mut places = Self::default();
        let mut problems = country::zones(files, &mut places.zones);
        problems.extend(places.gazetteer.read(files));
        problems.extend(tables::read(files, &mut places));
        let broken = problems.iter().any(|problem| problem.severity == Severity::Error);
        ((!broken).then_some(places), problems)
    }

    /// Where most people of that country live.
    pub fn zone(&self, country: Country) -> Option<Tz> {
        self.zones.get(&country).copied()
    }

    /// How many people live in a country, or in one of its cities.
    pub fn people(&self, country: Country, city: Option<&str>) -> Option<u64> {
        match city {
            Some(city) => self.gazetteer.city(country, city).map(|city| city.people),
            None => self.gazetteer.people(country),
        }
    }

    /// The city that is meant by a name, in any of the languages that the tables have: its country and its own name. Where several
    /// are called so, the one in `country`, else the largest.
    pub fn city_called(&self, name: &str, country: Option<Country>) -> Option<(Country, &str)> {
        let city = self.gazetteer.called(name, country)?;
        Some((city.country, &city.name))
    }

    /// What the tables say of where a contact is.
    pub fn region(&self, contact: &Contact) -> Option<Region> {
        let country = contact.country?;
        let place = contact.place.clone().unwrap_or_default();
        let city = place.city.as_ref().and_then(|city| self.gazetteer.city(country, city));
        let division = place.division.as_deref();
        let zone = self.shipping_zone(contact);
        let normals = place.city.as_ref().and_then(|city| self.climate.normals(country, city));
        let rounded_up = |figure: f64| figure.ceil() as i64;
        Some(Region {
            country,
            tier: city.and_then(|city| city.tier.clone()),
            climate: self.climate.zone(country, division).map(str::to_owned),
            zone: zone.map(|zone| zone.name.clone()),
            shipping_share: zone.map(|zone| i64::from(zone.share)).filter(|share| *share > 0),
            customs_days: zone.map(|zone| i64::from(zone.customs_days)).filter(|days| *days > 0),
            winter: normals.and_then(|normals| normals.winter).map(rounded_up),
            summer_humidity: normals.and_then(|normals| normals.summer_humidity).map(rounded_up),
            division: place.division,
            city: place.city,
            district: place.district,
        })
    }

    /// What is to be said of sending to where a contact is, before they order.
    pub fn delivery(&self, contact: &Contact) -> Option<Delivery> {
        let zone = self.shipping_zone(contact)?;
        let days = zone.days.map(|[least, most]| (least, most));
        let delivery = Delivery { surcharge: zone.surcharge, days, customs_days: zone.customs_days };
        (delivery != Delivery::default()).then_some(delivery)
    }

    fn shipping_zone(&self, contact: &Contact) -> Option<&Zone> {
        let division = contact.place.as_ref()?.division.as_deref()?;
        self.shipping.get(&contact.country?)?.iter().find(|zone| zone.covers(division))
    }

    /// Whether the tables know such a division.
    fn has_division(&self, country: Country, division: &str) -> bool {
        self.gazetteer.divisions(country).is_some_and(|divisions| divisions.contains_key(division))
    }
}
