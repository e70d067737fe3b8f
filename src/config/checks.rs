//! What a setting must be beyond its type, and which settings need each other.

use secrecy::{ExposeSecret, SecretString};

use super::{Auth, Settings};
use crate::domain::Duration;
use crate::places::is_country;

/// With more, the address of a tracked link would not fit into the room that messages keep for it.
const MOST_URL: usize = crate::domain::LINK_ROOM - 40;
/// Bytes of a body below which hardly a message fits.
const LEAST_BODY: usize = 4096;
/// An answer that a little load keeps waiting must not be too old by then.
const LEAST_AGE: Duration = Duration::seconds(30);
/// Characters of a secret that nobody guesses.
const LEAST_SECRET: usize = 16;

impl Settings {
    /// # Errors
    /// The first setting that is wrong, by its name.
    pub(super) fn check(&self) -> Result<(), String> {
        self.check_addresses()?;
        self.check_figures()?;
        self.check_credentials()
    }

    fn check_addresses(&self) -> Result<(), String> {
        let public = self.public_url.as_ref().map(|url| ("public_url", url));
        for (name, url) in public.into_iter().chain([("whatsapp.graph_url", &self.whatsapp.graph_url)]) {
            let parsed = reqwest::Url::parse(url).ok();
            if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                return Err(format!("{name}: `{url}` is no address; write it with https:// in front"));
            }
        }
        if self.public_url().len() > MOST_URL {
            return Err(format!("public_url has more than {MOST_URL} characters: links in messages would be too long"));
        }
        let is_origin = |text: &String| {
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && !host.contains('/'))
        };
        if let Some(wrong) = self.visits.origins.iter().find(|origin| !is_origin(origin)) {
            return Err(format!("visits.origins: `{wrong}` is no origin; write https://shop.example, without a path"));
        }
        Ok(())
    }

    fn check_figures(&self) -> Result<(), String> {
        if !is_level(&self.log.level) {
            return Err(format!("log.level: `{}` is none of off, error, warn, info, debug, trace", self.log.level));
        }
        let primary = self.shop.language.tag().split('-').next().unwrap_or_default();
        if !(2..=3).contains(&primary.len()) || !primary.chars().all(|letter| letter.is_ascii_alphabetic()) {
            return Err("shop.language is a tag such as en, pt or zh-Hant".into());
        }
        if let Some(country) = self.shop.country.filter(|country| !is_country(*country)) {
            return Err(format!(
                "shop.country: `{country}` is no country; its two letters are those of ISO 3166-1, such as HK or GB"
            ));
        }
        if self.limits.webhook_bytes < LEAST_BODY || self.limits.api_bytes < LEAST_BODY {
            return Err(format!(
                "limits.webhook_bytes and limits.api_bytes are at least {LEAST_BODY}: less holds no message"
            ));
        }
        if self.privacy.ipv4_bits > 32 || self.privacy.ipv6_bits > 128 {
            return Err("privacy.ipv4_bits is from 0 to 32, privacy.ipv6_bits from 0 to 128".into());
        }
        let sealed = self.visits.secret.as_ref().is_some_and(|secret| secret.expose_secret().len() >= LEAST_SECRET);
        if !self.visits.origins.is_empty() && !sealed {
            return Err(format!("visits.secret is missing or shorter than {LEAST_SECRET} characters"));
        }
        if !(1..=1000).contains(&self.whatsapp.messages_per_second) {
            return Err("whatsapp.messages_per_second is from 1 to 1000".into());
        }
        if self.whatsapp.templates_every < crate::domain::Duration::minutes(1) {
            return Err("whatsapp.templates_every is a minute at least: Meta allows 200 calls an hour".into());
        }
        if !(Duration::seconds(1)..=Duration::seconds(60)).contains(&self.webhooks.timeout) {
            return Err("webhooks.timeout is from 1s to 60s".into());
        }
        if !(Duration::seconds(1)..=Duration::seconds(120)).contains(&self.whatsapp.timeout) {
            return Err("whatsapp.timeout is from 1s to 120s".into());
        }
        if self.replies.max_age < LEAST_AGE || self.replies.max_age <= self.whatsapp.timeout {
            return Err(
                "replies.max_age is 30s at least and longer than whatsapp.timeout: with less no answer leaves in time"
                    .into(),
            );
        }
        if self.handoff.hand_back_after < Duration::minutes(1) {
            return Err(
                "handoff.hand_back_after is a minute at least: with less the bot speaks while a person does".into()
            );
        }
        if self.replies.settle_after <= self.whatsapp.timeout {
            return Err(
                "replies.settle_after must be longer than whatsapp.timeout: a call that may still arrive must not \
                        be made again"
                    .into(),
            );
        }
        Ok(())
    }

    fn check_credentials(&self) -> Result<(), String> {
        let (name, secrets) = self.whatsapp.webhook_secrets();
        let partly = secrets.is_empty() != self.whatsapp.access_token.is_none();
        if partly {
            return Err(format!("{name} and whatsapp.access_token go together: set both, or neither for the sandbox"));
        }
        if self.whatsapp.auth == Auth::D360 {
            self.check_d360(secrets)?;
        }
        if !self.sandbox_mode() && self.whatsapp.phone_number_id.is_empty() {
            return Err(
                "whatsapp.phone_number_id is missing: copy it from the app dashboard, WhatsApp > API setup".into()
            );
        }
        let is_id = |id: &str| id.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(id) = self.whatsapp.phone_number_id.iter().find(|id| !is_id(id)) {
            return Err(format!(
                "whatsapp.phone_number_id: `{id}` is no id, which has digits alone. It is not the number itself, but stands beside it in \
                 the app dashboard, WhatsApp > API setup"
            ));
        }
        Ok(())
    }
}

impl Settings {
    /// A token stands for a signature there, and a key for one number.
    fn check_d360(&self, tokens: &[SecretString]) -> Result<(), String> {
        let is_header = |token: &str| token.bytes().all(|byte| byte.is_ascii_graphic());
        let is_good = |token: &str| token.len() >= LEAST_SECRET && is_header(token);
        if !tokens.iter().all(|token| is_good(token.expose_secret())) {
            return Err(format!(
                "whatsapp.webhook_token has {LEAST_SECRET} letters, digits and signs at least, without spaces: try `openssl rand -hex 24`"
            ));
        }
        if self.whatsapp.graph_url.contains("facebook.com") {
            return Err("whatsapp.graph_url is Meta's: with auth d360 it is https://waba-v2.360dialog.io".into());
        }
        if self.whatsapp.phone_number_id.len() > 1 {
            return Err("whatsapp.phone_number_id is one with 360dialog: each of its keys is for one number".into());
        }
        Ok(())
    }

    /// The sandbox lets everybody in who reaches it, so a shop whose secrets are missing must not become one.
    ///
    /// # Errors
    /// What tells that a real number is meant, in the sandbox.
    pub fn check_sandbox(&self) -> Result<(), String> {
        let whatsapp = &self.whatsapp;
        let secret = whatsapp.webhook_secrets().0;
        let told = [
            ("whatsapp.verify_token", whatsapp.verify_token.is_some()),
            ("whatsapp.phone_number_id", !whatsapp.phone_number_id.is_empty()),
            ("whatsapp.business_account_id", whatsapp.business_account_id.is_some()),
            ("whatsapp.auth = d360", whatsapp.auth == Auth::D360),
            ("an https address as public_url", self.public_url().starts_with("https://")),
        ];
        let told: Vec<_> = told.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect();
        if !self.sandbox_mode() || told.is_empty() {
            return Ok(());
        }
        Err(format!(
            "whatsapp.access_token and {secret} are missing, but there is {}: set both for a real number. To try \
             Hotline out in the sandbox, where everybody who reaches it reads everything, leave all of these away",
            told.join(", ")
        ))
    }
}

/// Whether a word alone is a level; directives for parts of the program are left to whoever reads them.
fn is_level(text: &str) -> bool {
    let text = text.trim();
    text.contains(['=', ',', '[']) || text.parse::<tracing_subscriber::filter::LevelFilter>().is_ok()
}
