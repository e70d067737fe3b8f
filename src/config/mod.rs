//! Settings: the documented defaults, then a file, then the environment; checked once at the start.

mod checks;
mod layers;
mod values;

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::{Country, Currency, Duration, Language, duration};
use crate::webhooks::Places;

pub use layers::{ConfigError, DEFAULTS};

/// All settings. `src/config/defaults.toml` says what each one means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is documented in defaults.toml, which people read")]
pub struct Settings {
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    #[serde(default)]
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<IpNet>,
    pub database: Database,
    pub whatsapp: WhatsApp,
    #[serde(default)]
    pub api: Api,
    pub feeds: Feeds,
    pub privacy: Privacy,
    pub geoip: Geoip,
    pub visits: Visits,
    pub webhooks: Webhooks,
    pub keywords: Folder,
    pub templates: Folder,
    pub shop: ShopSettings,
    pub replies: Replies,
    pub handoff: HandOff,
    pub log: Log,
    pub limits: Limits,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Database {
    pub url: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct WhatsApp {
    #[serde(deserialize_with = "values::secrets")]
    pub app_secret: Vec<SecretString>,
    #[serde(deserialize_with = "values::secrets")]
    pub webhook_token: Vec<SecretString>,
    #[serde(default, deserialize_with = "values::secret")]
    pub verify_token: Option<SecretString>,
    #[serde(default, deserialize_with = "values::secret")]
    pub access_token: Option<SecretString>,
    #[serde(deserialize_with = "values::ids")]
    pub phone_number_id: Vec<String>,
    #[serde(default, deserialize_with = "values::id")]
    pub business_account_id: Option<String>,
    #[serde(deserialize_with = "duration")]
    pub templates_every: Duration,
    pub graph_url: String,
    pub graph_version: String,
    pub auth: Auth,
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    pub messages_per_second: u32,
    pub mark_read: bool,
}

impl WhatsApp {
    /// What webhooks are known by, with the setting's name: Meta signs them, 360dialog shows a token of ours (section 8).
    pub fn webhook_secrets(&self) -> (&'static str, &[SecretString]) {
        match self.auth {
            Auth::Bearer => ("whatsapp.app_secret", &self.app_secret),
            Auth::D360 => ("whatsapp.webhook_token", &self.webhook_token),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Api {
    #[serde(default, deserialize_with = "values::secret")]
    pub token: Option<SecretString>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Feeds {
    #[serde(deserialize_with = "values::secrets")]
    pub shopify_secret: Vec<SecretString>,
    #[serde(deserialize_with = "values::secrets")]
    pub woocommerce_secret: Vec<SecretString>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Privacy {
    pub ipv4_bits: u8,
    pub ipv6_bits: u8,
}

impl Privacy {
    /// What is kept of an address.
    pub fn kept(&self, address: IpAddr) -> Option<IpAddr> {
        let address = address.to_canonical();
        let bits = if address.is_ipv4() { self.ipv4_bits } else { self.ipv6_bits };
        let network = IpNet::new(address, bits).ok().filter(|_| bits > 0)?;
        Some(network.network())
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Geoip {
    #[serde(default)]
    pub database: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Visits {
    pub origins: Vec<String>,
    #[serde(default, deserialize_with = "values::secret")]
    pub secret: Option<SecretString>,
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
}

impl Visits {
    /// Whether pages of an origin may tell of visits.
    pub fn has(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known == origin)
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Webhooks {
    pub allow_http: bool,
    pub allow_private: bool,
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Receivers on this machine are called, by http too: in the sandbox.
    #[serde(skip)]
    pub loopback: bool,
}

impl Webhooks {
    /// Where webhooks may go.
    pub fn places(&self) -> Places {
        Places { http: self.allow_http, private: self.allow_private, loopback: self.loopback }
    }
}

/// How the Graph API wants to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Meta: `Authorization: Bearer …`.
    Bearer,
    /// 360dialog: `D360-API-KEY: …`, paths without version and number.
    D360,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Folder {
    #[serde(default)]
    pub dir: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct ShopSettings {
    #[serde(deserialize_with = "parsed")]
    pub currency: Currency,
    pub timezone: Tz,
    pub language: Language,
    #[serde(default)]
    pub country: Option<Country>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Replies {
    #[serde(deserialize_with = "duration")]
    pub max_age: Duration,
    #[serde(deserialize_with = "duration")]
    pub settle_after: Duration,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct HandOff {
    #[serde(deserialize_with = "duration")]
    pub hand_back_after: Duration,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// People.
    Text,
    /// Programs.
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "documented in defaults.toml")]
pub struct Limits {
    pub webhook_bytes: usize,
    pub api_bytes: usize,
}

impl Settings {
    /// Reads all layers. `file` must exist when it is named; `hotline.toml` in the working folder may be missing.
    ///
    /// # Errors
    /// The first setting that is wrong, with the layer it came from and what is expected.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        layers::read(file, layers::environment()?)?.into_settings()
    }

    /// The defaults alone: what a replay uses, so that its outcome depends on nothing but its files.
    pub fn defaults() -> Self {
        let layers = layers::defaults().and_then(layers::Layers::into_settings);
        layers.unwrap_or_else(|error| unreachable!("the embedded defaults are tested: {error}"))
    }

    /// Without credentials for Meta the product shows itself in the sandbox.
    pub fn sandbox_mode(&self) -> bool {
        self.whatsapp.webhook_secrets().1.is_empty() && self.whatsapp.access_token.is_none()
    }

    /// The account whose templates Meta lists. 360dialog tells no list of them on the paths that it has of Meta's (section 8).
    pub fn template_account(&self) -> Option<&str> {
        self.whatsapp.business_account_id.as_deref().filter(|_| self.whatsapp.auth == Auth::Bearer)
    }

    /// Address for links, without a slash at the end.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }
}

/// An address, or a name and a port: of several addresses of a name the one that every network knows, version 4.
fn listen<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    // Without a host the system would choose one by itself.
    let named = if text.starts_with(':') { None } else { text.to_socket_addrs().ok() };
    named.and_then(|addresses| addresses.min_by_key(SocketAddr::is_ipv6)).ok_or_else(|| {
        let example = "write 127.0.0.1:8080, or 0.0.0.0:8080 to be reached from other machines";
        serde::de::Error::custom(format!("`{text}` is no address to listen on: {example}"))
    })
}

fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err = String>,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
