//! Where an address is, by a local file in MaxMind's format: GeoLite2 City, DB-IP City Lite and the like.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

use crate::domain::{ClickEvent, Country};

/// The file, in memory.
pub struct Geoip(Reader<Vec<u8>>);

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "the file of places of addresses {path} cannot be used; name one in MaxMind's format (.mmdb) in geoip.database, or none"
)]
pub struct GeoipError {
    path: PathBuf,
    source: MaxMindDbError,
}

/// What such files say of a network. They say more.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    country: Option<CountryRow>,
    #[serde(default)]
    city: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    location: Option<Location>,
}

#[derive(Deserialize)]
struct CountryRow {
    #[serde(default)]
    iso_code: Option<String>,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default)]
    latitude: Option<f64>,
    #[serde(default)]
    longitude: Option<f64>,
}

impl Geoip {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or is of another format.
    pub fn open(path: &Path) -> Result<Self, GeoipError> {
        Reader::open_readfile(path).map(Self).map_err(|source| GeoipError { path: path.to_owned(), source })
    }

    /// What it calls itself, such as `GeoLite2-City`, and how many networks it tells apart at most.
    pub fn about(&self) -> (&str, u32) {
        (&self.0.metadata().database_type, self.0.metadata().node_count)
    }

    /// Writes into a click where it came from. Of a network whose city is not known these files give the middle of the country,
    /// which is nowhere: then only the country counts.
    pub(crate) fn locate(&self, address: IpAddr, click: &mut ClickEvent) {
        let row = self.0.lookup(address).and_then(|found| found.decode::<Row>());
        let Ok(Some(row)) = row else { return };
        click.country = row.country.and_then(|country| country.iso_code?.parse::<Country>().ok());
        if let Some(location) = row.location.filter(|_| row.city.is_some()) {
            (click.latitude, click.longitude) = location.latitude.zip(location.longitude).unzip();
        }
    }
}
