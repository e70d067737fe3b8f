//! The figures of `delivery.toml`, and where a webhook may go.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;
use reqwest::Url;
use serde::Deserialize;

use crate::domain::{Duration, duration, durations, embedded};

/// How webhooks are delivered: `delivery.toml` explains each figure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    #[serde(deserialize_with = "durations")]
    waits: Vec<Duration>,
    #[serde(deserialize_with = "duration")]
    longest_wait: Duration,
    /// How long an endpoint may refuse something while it takes what is of others.
    #[serde(deserialize_with = "duration")]
    pub give_up_after: Duration,
    /// How long an old secret signs too.
    #[serde(deserialize_with = "duration")]
    pub old_secret_lives: Duration,
    /// Attempts that are kept of each endpoint.
    pub attempts_kept: i64,
    /// Endpoints at most.
    pub most_endpoints: usize,
    private: Vec<IpNet>,
}

static POLICY: LazyLock<Policy> = LazyLock::new(|| embedded("delivery.toml", include_str!("delivery.toml")));

/// The figures that ship.
pub fn policy() -> &'static Policy {
    &POLICY
}

impl Policy {
    /// How long to wait after the `attempt`th failure, from 1; `None` after the last.
    pub fn wait(&self, attempt: i64) -> Option<Duration> {
        let place = usize::try_from(attempt - 1).ok()?;
        self.waits.get(place).copied()
    }

    /// The wait that a receiver asked for, as far as it is heeded.
    pub fn asked(&self, wait: Duration) -> Duration {
        wait.min(self.longest_wait)
    }

    /// Whether an address is not of the public internet. One of IPv4 that is written as one of IPv6 is what it is.
    fn is_private(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        // Without the list nothing is known to be public.
        self.private.is_empty() || self.private.iter().any(|network| network.contains(&address))
    }
}

/// Where webhooks may go beside the public internet by https.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    /// By http too.
    pub http: bool,
    /// Into the private network.
    pub private: bool,
    /// To this very machine, by http too: the sandbox.
    pub loopback: bool,
}

impl Places {
    /// Whether a webhook may go to that address.
    pub fn has(self, address: IpAddr) -> bool {
        self.private || self.loopback && address.to_canonical().is_loopback() || !policy().is_private(address)
    }
}

/// Longest address of a receiver.
const LONGEST: usize = 2_000;

/// The address of a receiver, if a webhook may go there. What a name stands for is looked at when it is called.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn address(text: &str, places: Places) -> Result<Url, String> {
    let parsed = Url::parse(text.trim()).ok().filter(|url| url.has_host() && text.len() <= LONGEST);
    let url =
        parsed.ok_or_else(|| format!("`{text}` is no address; write one such as https://crm.example.com/hotline"))?;
    let host = url.host_str().unwrap_or_default();
    let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let is_here = ip.map_or(host == "localhost", |ip| ip.to_canonical().is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if places.http || places.loopback && is_here => {}
        "http" => {
            return Err(
                "the address begins with http://, and what customers write would go in the open: use https://, or \
                              set webhooks.allow_http"
                    .into(),
            );
        }
        other => return Err(format!("the address begins with {other}: use https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the address carries a name or a password: leave them out, the signature tells that it is Hotline".into()
        );
    }
    match ip.filter(|ip| !places.has(*ip)) {
        Some(ip) => Err(private(&ip.to_string())),
        None => Ok(url),
    }
}

/// What is said of a host that no webhook goes to.
pub(crate) fn private(host: &str) -> String {
    format!(
        "{host} is not of the public internet, and no webhook goes there: use another, or set webhooks.allow_private"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_can_be_read_and_waits_grow() {
        let waits: Vec<_> = (1..).map_while(|attempt| policy().wait(attempt)).collect();
        assert!(waits.len() > 5 && waits.is_sorted() && waits[0] > Duration::ZERO, "{waits:?}");
        assert_eq!(policy().asked(Duration::days(9)), Duration::hours(24));
        assert_eq!((policy().give_up_after, policy().old_secret_lives), (Duration::minutes(30), Duration::hours(24)));
    }

    #[test]
    fn nothing_goes_into_the_private_network_or_in_the_open() {
        let open = Places::default();
        for fits in ["https://crm.example.com/h?x=1", "https://93.184.216.34/", "https://[2606:4700::1111]/"] {
            assert!(address(fits, open).is_ok(), "{fits}");
        }
        for (wrong, said) in [
            ("crm.example.com", "is no address"),
            ("ftp://crm.example.com", "use https"),
            ("http://crm.example.com", "webhooks.allow_http"),
            ("https://ana:secret@crm.example.com", "a password"),
            ("https://127.0.0.1/", "webhooks.allow_private"),
            ("https://2130706433/", "webhooks.allow_private"),
            ("https://0x7f.1/", "webhooks.allow_private"),
            ("https://10.1.2.3/", "webhooks.allow_private"),
            ("https://169.254.169.254/latest/meta-data", "webhooks.allow_private"),
            ("https://[::1]/", "webhooks.allow_private"),
            ("https://[::ffff:192.168.0.1]/", "webhooks.allow_private"),
            ("https://[fd00::1]/", "webhooks.allow_private"),
            ("https://[64:ff9b::a00:1]/", "webhooks.allow_private"),
        ] {
            let told = address(wrong, open).err().unwrap_or_default();
            assert!(told.contains(said) && !told.contains("secret"), "{wrong}: {told}");
        }
        let sandbox = Places { loopback: true, ..open };
        assert!(
            address("http://localhost:9000/", sandbox).is_ok() && address("http://127.0.0.1:9000", sandbox).is_ok()
        );
        assert!(address("http://10.0.0.1/", sandbox).is_err() && address("http://crm.example.com", sandbox).is_err());
        assert!(address("http://10.0.0.1/", Places { http: true, private: true, loopback: false }).is_ok());
    }
}
