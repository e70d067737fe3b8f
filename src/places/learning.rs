//! Which events tell where a customer is, and which of them to believe: newer evidence that is as good or better wins, and
//! after 90 days any does.

use chrono_tz::Tz;

use super::Places;
use super::country::country_by_number;
use super::gazetteer::{Found, is_on_earth, kilometres};
use crate::domain::{
    Address, Contact, Country, Event, EventBody, Intent, PlaceEvidence, Position, Reading, Region, SharedPosition,
    Sighting, Timestamp, Whereabouts,
};

/// A place that evidence tells.
pub(super) struct Told {
    pub(super) country: Country,
    pub(super) division: Option<String>,
    pub(super) city: Option<String>,
    pub(super) district: Option<String>,
    pub(super) by: PlaceEvidence,
}

impl Told {
    /// Whether it is the place that is known already, told less closely.
    fn is_around(&self, country: Option<Country>, held: &Whereabouts) -> bool {
        let within = |told: &Option<String>, held: &Option<String>| told.is_none() || told == held;
        Some(self.country) == country
            && within(&self.division, &held.division)
            && within(&self.city, &held.city)
            && within(&self.district, &held.district)
    }

    /// Whether words name less than is known: a form's state behind its city. A position says all that there is to say.
    fn is_vaguer(&self, held: &Whereabouts) -> bool {
        let is_left_out = |told: &Option<String>, held: &Option<String>| told.is_none() && held.is_some();
        let leaves_out = is_left_out(&self.city, &held.city) || is_left_out(&self.district, &held.district);
        leaves_out && matches!(self.by, PlaceEvidence::Said | PlaceEvidence::Profile)
    }
}

impl Places {
    /// What an event tells of where the contact is. Changes the contact accordingly.
    pub fn learn(&self, contact: &mut Contact, event: &Event, reading: Option<&Reading>) -> Option<Sighting> {
        let position = match &event.body {
            EventBody::Location(location) => self.position(contact, [location.latitude, location.longitude], event.at),
            _ => None,
        };
        let before = (contact.country, contact.zone);
        let taken_back = self.taken_back(contact, event);
        let is_no_more = taken_back.is_some();
        let told = taken_back.or_else(|| self.told(contact, event, reading));
        let accepted = told.and_then(|told| self.accept(contact, told, event.at));
        let (region, is_other) = accepted.map_or((None, false), |(region, is_other)| (Some(region), is_other));
        let moved_away = before != (contact.country, contact.zone);
        (region.is_some() || position.is_some()).then_some(Sighting {
            at: event.at,
            seq: event.seq,
            region,
            position,
            moved_away,
            left_city: is_other || is_no_more,
        })
    }

    /// Looks the contact's place up anew: tables change (REG-36). An old position is forgotten.
    pub fn refresh(&self, contact: &mut Contact, now: Timestamp) -> Option<Sighting> {
        let place = contact.place.as_mut()?;
        place.looked_up = now;
        if let Some(city) = contact.country.and_then(|country| self.gazetteer.only_city(country)) {
            place.city.get_or_insert_with(|| city.name.clone());
        }
        contact.position = contact.position.filter(|position| now - position.at < Whereabouts::REFRESH);
        let region = self.region(contact);
        Some(Sighting { at: now, seq: 0, region, position: None, moved_away: false, left_city: false })
    }

    fn told(&self, contact: &Contact, event: &Event, reading: Option<&Reading>) -> Option<Told> {
        let told = match &event.body {
            EventBody::Location(location) => {
                let at = [location.latitude, location.longitude];
                self.gazetteer.at(at).map(|found| of_city(found, PlaceEvidence::Location))
            }
            EventBody::Profile(profile) => match profile.field.as_str() {
                "city" | "address" => self.named(&profile.value, contact.country),
                "country" => self.country_told(&profile.value),
                "division" | "state" | "region" | "province" => {
                    let country = contact.country?;
                    self.division_named(&profile.value, country).map(|division| of_division(country, division))
                }
                _ => None,
            },
            EventBody::Click(click) => {
                // Where the click comes from another country than the number it is more likely a gateway's.
                let country = click.country.filter(|country| contact.country.is_none_or(|own| own == *country));
                let at = click.latitude.zip(click.longitude).map(|(north, east)| [north, east]);
                let found = at.filter(|at| is_on_earth(*at)).and_then(|at| self.gazetteer.at(at));
                found
                    .filter(|found| country == Some(found.city.country))
                    .map(|found| of_city(found, PlaceEvidence::Click))
            }
            EventBody::Message(message) => {
                let tells = |reading: &&Reading| reading.wants(Intent::Location) || reading.wants(Intent::Shipping);
                reading.filter(tells).and_then(|reading| self.said(message.words(), contact, reading))
            }
            _ => None,
        };
        told.or_else(|| {
            // The number is the first that is known of anybody.
            let country = contact.country.filter(|_| contact.place.is_none())?;
            Some(self.of_country(country, PlaceEvidence::Number))
        })
    }

    /// A country alone, and its city where it is but one: what a number tells.
    pub(super) fn of_country(&self, country: Country, by: PlaceEvidence) -> Told {
        match self.gazetteer.only_city(country) {
            Some(city) => of_city(Found { city, district: None }, by),
            None => Told { country, division: None, city: None, district: None, by },
        }
    }

    /// An answer is taken back: where they are is what their number tells, as if nothing had been said (N-25).
    fn taken_back(&self, contact: &mut Contact, event: &Event) -> Option<Told> {
        let EventBody::Profile(profile) = &event.body else { return None };
        let is_place = matches!(profile.field.as_str(), "city" | "address" | "country");
        let answered = |held: &&Whereabouts| held.by == PlaceEvidence::Profile && held.at <= event.at;
        contact.place.as_ref().filter(answered).filter(|_| is_place && profile.value.trim().is_empty())?;
        let Address { wa_id, user_id } = &contact.address;
        let country = wa_id.as_deref().and_then(country_by_number).or_else(|| user_id.as_ref()?.country());
        let country = country.or(contact.country)?;
        contact.zone = self.zone_of(&contact.address, country).or(contact.zone);
        contact.place = None;
        Some(self.of_country(country, PlaceEvidence::Number))
    }

    /// Takes a place that is believed; what the tables say of it, if it is another one than before, and whether the city is.
    fn accept(&self, contact: &mut Contact, told: Told, at: Timestamp) -> Option<(Region, bool)> {
        let is_there_already =
            |held: &Whereabouts| (held.by > told.by || told.is_vaguer(held)) && told.is_around(contact.country, held);
        if contact.place.as_ref().is_some_and(|held| !held.yields_to(told.by, at) || is_there_already(held)) {
            return None;
        }
        let zone = self.zone_there(contact, &told);
        let Told { country, division, city, district, by } = told;
        let before = contact.place.take();
        let was = before.as_ref().map(|held| (contact.country, &held.division, &held.city, &held.district));
        let is_new = was != Some((Some(country), &division, &city, &district));
        let left_city = was.is_some_and(|(of, _, before, _)| (of, before) != (Some(country), &city));
        if contact.country != Some(country) || division.is_some() || city.is_some() {
            contact.zone = zone.or(contact.zone);
        }
        contact.country = Some(country);
        let looked_up = before.filter(|_| !is_new).map_or(at, |held| held.looked_up);
        contact.place = Some(Whereabouts { division, city, district, by, at, looked_up });
        if is_new { Some((self.region(contact)?, left_city)) } else { None }
    }

    /// The zone of a place: of the city, of the largest one of the division, else of the country as far as the number tells.
    fn zone_there(&self, contact: &Contact, told: &Told) -> Option<Tz> {
        let Told { country, division, city, .. } = told;
        let city = match city {
            Some(city) => self.gazetteer.city(*country, city),
            None => division.as_ref().and_then(|division| self.gazetteer.largest_in(*country, division)),
        };
        match city {
            Some(city) => city.zone.or_else(|| self.zone(*country)),
            None => self.zone_of(&contact.address, *country),
        }
    }

    /// How far and how fast since the position before, and what is near.
    fn position(&self, contact: &mut Contact, at: [f64; 2], when: Timestamp) -> Option<Position> {
        if !is_on_earth(at) {
            return None;
        }
        let before = contact.position.filter(|before| before.at < when);
        if contact.position.is_none_or(|held| held.at <= when) {
            contact.position = Some(SharedPosition { latitude: at[0], longitude: at[1], at: when });
        }
        let moved = before.map(|before| {
            let hours = (when - before.at).0 as f64 / 3_600_000.0;
            let distance = kilometres([before.latitude, before.longitude], at);
            // Rounded up: more than a whole number of km/h is then still more than it.
            ((distance / hours).ceil() as i64, (when - before.at).0 / 60_000)
        });
        Some(Position { poi: self.airports.near(at).map(str::to_owned), moved })
    }
}

pub(super) fn of_city(found: Found<'_>, by: PlaceEvidence) -> Told {
    let Found { city, district } = found;
    Told {
        country: city.country,
        division: city.division.clone(),
        city: Some(city.name.clone()),
        district: district.map(str::to_owned),
        by,
    }
}

pub(super) fn of_division(country: Country, division: &str) -> Told {
    let division = Some(division.to_owned());
    Told { country, division, city: None, district: None, by: PlaceEvidence::Profile }
}
