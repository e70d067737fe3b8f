//! Signals of where a customer is.

use chrono::TimeZone;
use chrono_tz::OffsetComponents;

use super::signal::Signal;
use crate::domain::{Contact, Position, Region, Sighting, Timestamp};

/// Where no zone is known: further from Greenwich than any.
const NO_ZONE: i64 = 10_000;

/// `place` where the place is another one or was looked up anew, `position` where one was shared. Better evidence that comes late
/// takes the place of weaker evidence that came after it: no place is older than the one before, which was at `last`.
pub(super) fn signals(sighting: &Sighting, contact: &Contact, last: Option<Timestamp>) -> Vec<Signal> {
    let signal = |name| Signal::of_moment(name, sighting.at, sighting.seq);
    let place = sighting.region.as_ref().map(|region| {
        let at = last.map_or(sighting.at, |last| last.max(sighting.at));
        let mut place = of_region(Signal::of_moment("place", at, sighting.seq), region);
        place.numbers.push(("gmt", minutes_from_gmt(contact, at)));
        if sighting.left_city { place.with("left", "city") } else { place }
    });
    let position = sighting.position.as_ref().map(|position| of_position(signal("position"), position));
    place.into_iter().chain(position).collect()
}

fn of_region(place: Signal, region: &Region) -> Signal {
    let mut place = place.with("country", region.country.code().to_lowercase());
    let fields = [
        ("division", &region.division),
        ("city", &region.city),
        ("district", &region.district),
        ("tier", &region.tier),
        ("climate", &region.climate),
        ("zone", &region.zone),
    ];
    for (field, value) in fields {
        if let Some(value) = value {
            place = place.with(field, value.as_str());
        }
    }
    let figures = [
        ("winter", region.winter),
        ("summer_humidity", region.summer_humidity),
        ("shipping_share", region.shipping_share),
        ("customs_days", region.customs_days),
    ];
    place.numbers.extend(figures.iter().filter_map(|(name, figure)| Some((*name, (*figure)?))));
    place
}

fn of_position(position: Signal, shared: &Position) -> Signal {
    let mut position = position.with("poi", shared.poi.as_deref().unwrap_or_default());
    if let Some((speed, minutes)) = shared.moved {
        position.numbers = vec![("speed", speed), ("minutes", minutes)];
    }
    position
}

/// How far the contact's clock is from Greenwich, in minutes, when no summer time is on.
fn minutes_from_gmt(contact: &Contact, at: Timestamp) -> i64 {
    let Some(zone) = contact.zone else { return NO_ZONE };
    let offset = zone.offset_from_utc_datetime(&at.utc().naive_utc());
    offset.base_utc_offset().num_minutes()
}
