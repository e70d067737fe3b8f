//! From a phone number or user id to a country, and from there to a time zone.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber};
use serde::Deserialize;

use super::Places;
use crate::domain::{Address, ContactRef, Country, Phone, Problem, SourceFile};

#[derive(Deserialize)]
struct CountriesFile {
    zones: BTreeMap<Country, Tz>,
}

/// `places/area_codes.toml`: numbers that tell a zone within their country.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AreaCodes {
    zones: HashMap<Tz, Vec<String>>,
}

/// The zone of each area, by the digits that its numbers begin with.
#[derive(Debug, Default)]
pub(super) struct Areas(HashMap<String, Tz>);

impl From<AreaCodes> for Areas {
    fn from(written: AreaCodes) -> Self {
        let areas = written.zones.into_iter();
        Self(areas.flat_map(|(zone, codes)| codes.into_iter().map(move |code| (code, zone))).collect())
    }
}

impl Areas {
    /// Where most of those live whose number begins like this one.
    fn zone(&self, digits: &str) -> Option<Tz> {
        (1..=digits.len()).rev().find_map(|end| self.0.get(digits.get(..end)?)).copied()
    }
}

impl Places {
    /// Where somebody of that country lives, as far as their number tells.
    pub fn zone_of(&self, address: &Address, country: Country) -> Option<Tz> {
        // Without what a country no longer writes in it, such as Mexico's 1.
        let phone: Option<Phone> = address.wa_id.as_deref().and_then(|digits| digits.parse().ok());
        let phone = phone.filter(|phone| country_of(&ContactRef::Phone(phone.clone())) == Some(country));
        phone.and_then(|phone| self.areas.zone(phone.digits())).or_else(|| self.zone(country))
    }
}

/// The country of a number without its plus.
pub(super) fn country_by_number(digits: &str) -> Option<Country> {
    country_of(&ContactRef::Phone(digits.parse().ok()?))
}

/// Reads the table of countries, `countries.toml`.
pub(super) fn zones(files: &[SourceFile], zones: &mut BTreeMap<Country, Tz>) -> Vec<Problem> {
    let advice = "Write a country's two letters and an IANA zone: HK = \"Asia/Hong_Kong\".";
    let file = SourceFile::required(files, "countries.toml", "the time zone of each country");
    match file.and_then(|file| file.toml::<CountriesFile>(advice)) {
        Ok(countries) => {
            *zones = countries.zones;
            Vec::new()
        }
        Err(problem) => vec![problem],
    }
}

/// The country that a name of a contact tells: the number's plan, or the user id's first letters.
pub fn country_of(name: &ContactRef) -> Option<Country> {
    match name {
        ContactRef::User(user) => user.country(),
        ContactRef::Phone(phone) => {
            let number: PhoneNumber = phone.e164().parse().ok()?;
            // Numbers of a shared code (+1, +7) that are in no plan, such as fictional ones, belong to its main country.
            let region = number
                .get_region_code()
                .or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(number.country_code))?;
            region.as_region_str().parse().ok()
        }
    }
}

/// Whether there is a country with these letters: one that people telephone from.
pub fn is_country(country: Country) -> bool {
    PHONE_NUMBER_UTIL.get_supported_regions().any(|region| *region.as_region_str() == *country.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_of_a_number_tells_its_zone() {
        let codes = "[zones]\n\"America/Chicago\" = [\"1312\", \"1\"]\n\"America/Denver\" = [\"13125\"]";
        let areas: Areas = toml::from_str::<AreaCodes>(codes).unwrap_or_else(|error| panic!("{error}")).into();
        for (digits, zone) in [
            ("13125550123", Some(Tz::America__Denver)),
            ("13121550123", Some(Tz::America__Chicago)),
            ("12125550123", Some(Tz::America__Chicago)),
            ("85251234567", None),
        ] {
            assert_eq!(areas.zone(digits), zone, "{digits}");
        }
    }

    #[test]
    fn a_number_tells_its_country() {
        for (name, country) in [
            ("+85251234567", "HK"),
            ("+79161234567", "RU"),
            ("+77011234567", "KZ"),
            ("+393331234567", "IT"),
            ("+5511987654321", "BR"),
            ("+12125550142", "US"),
            ("bsuid:BR.9001", "BR"),
        ] {
            let name: ContactRef = name.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(country_of(&name).map(|country| country.code().to_owned()).as_deref(), Some(country), "{name}");
        }
    }
}
