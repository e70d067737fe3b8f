//! Merging the layers of settings, and telling where a mistake stands.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Settings;

/// The documented defaults: the first layer, and the page that people read.
pub const DEFAULTS: &str = include_str!("defaults.toml");

const PREFIX: &str = "HOTLINE_";
/// Names with our prefix that are not settings: switches of the test suite.
const NOT_SETTINGS: &str = "HOTLINE_TEST_";

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named, or a secret's file, cannot be read.
    #[error("cannot read {path}, which {named_by} names: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Where its name stands.
        named_by: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{path} is not valid TOML: {reason}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        reason: String,
    },
    /// A value that cannot be understood, or a name that is none.
    #[error("{0}")]
    Value(String),
}

/// The layers merged, before their types are checked.
#[derive(Debug)]
pub(super) struct Layers {
    table: Table,
    from: String,
    /// Settings that the environment gives, with the variable of each.
    variables: Vec<(String, String)>,
}

impl Layers {
    /// A mistake in the file is the file's, also where the environment gives that setting another value.
    fn check_types(&self) -> Result<(), ConfigError> {
        let typed = Settings::typed(self.table.clone());
        typed.map(drop).map_err(|reason| ConfigError::Value(format!("a setting is wrong ({}): {reason}", self.from)))
    }

    pub(super) fn into_settings(self) -> Result<Settings, ConfigError> {
        let Self { table, from, variables } = self;
        Settings::try_from_table(table).map_err(|reason| {
            let from = match variables.iter().find(|(setting, _)| is_told_of(setting, &reason)) {
                Some((_, variable)) => variable.clone(),
                None if variables.is_empty() => from,
                None => format!("{from} or the environment"),
            };
            ConfigError::Value(format!("a setting is wrong ({from}): {reason}"))
        })
    }
}

impl Settings {
    fn typed(table: Table) -> Result<Self, String> {
        table.try_into().map_err(|error: toml::de::Error| error.to_string().trim().to_owned())
    }

    fn try_from_table(table: Table) -> Result<Self, String> {
        let mut settings = Self::typed(table)?;
        settings.check()?;
        settings.webhooks.loopback = settings.sandbox_mode();
        Ok(settings)
    }
}

/// The embedded defaults alone.
pub(super) fn defaults() -> Result<Layers, ConfigError> {
    let table = DEFAULTS.parse::<Table>().map_err(|error| ConfigError::Value(error.to_string()))?;
    Ok(Layers { table, from: "built-in defaults".into(), variables: Vec::new() })
}

/// Whether an error tells of a setting. A name without a group also stands in the list of what is expected for an unknown one.
fn is_told_of(setting: &str, reason: &str) -> bool {
    let (group, name) = setting.rsplit_once('.').unwrap_or(("", setting));
    let mut words = reason.split(|c: char| !c.is_alphanumeric() && !"._".contains(c));
    reason.contains(&format!("in `{setting}`"))
        || reason.starts_with(&format!("unknown field `{name}`"))
        || !group.is_empty() && words.any(|word| word.trim_end_matches('.') == setting)
}

/// The variables of the environment that are settings. Others may hold anything.
pub(super) fn environment() -> Result<Vec<(String, String)>, ConfigError> {
    let ours = |(name, value): (OsString, OsString)| {
        let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
        let value = value.into_string();
        let value = value.map_err(|_| ConfigError::Value(format!("{name} holds what is no text in UTF-8")));
        Some(value.map(|value| (name, value)))
    };
    std::env::vars_os().filter_map(ours).collect()
}

/// All layers: defaults, file, environment.
pub(super) fn read(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Layers, ConfigError> {
    let mut layers = defaults()?;
    if let Some((path, table)) = read_file(file)? {
        merge(&mut layers.table, table);
        layers.from = path.display().to_string();
        layers.check_types()?;
    }
    let mut variables: Vec<_> = environment
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX) && !name.starts_with(NOT_SETTINGS))
        .filter(|(name, value)| !is_of_a_service(name, value))
        .collect();
    variables.sort();
    for (name, value) in variables {
        let setting = name[PREFIX.len()..].to_ascii_lowercase().replace("__", ".");
        set_variable(&mut layers.table, &name, value)?;
        layers.variables.push((setting.trim_end_matches("_file").to_owned(), name));
    }
    Ok(layers)
}

/// Whether Kubernetes put a variable there of a service called `hotline`, or `hotline-…`: HOTLINE_SERVICE_HOST, HOTLINE_SERVICE_PORT,
/// HOTLINE_SERVICE_PORT_WEB, HOTLINE_PORT=tcp://10.0.0.1:8080, HOTLINE_PORT_8080_TCP, HOTLINE_PORT_8080_TCP_ADDR (its documentation on
/// services, “Environment variables”).
fn is_of_a_service(name: &str, value: &str) -> bool {
    let words: Vec<&str> = name.split('_').skip(1).collect();
    let is_port =
        |port: &str, protocol: &str| port.parse::<u16>().is_ok() && ["TCP", "UDP", "SCTP"].contains(&protocol);
    // Between a setting's levels stand two underscores.
    !words.contains(&"")
        && match words.as_slice() {
            [.., "SERVICE", "HOST"] => true,
            [.., "PORT"] if value.contains("://") => true,
            [.., "PORT", port, protocol] | [.., "PORT", port, protocol, "PROTO" | "PORT" | "ADDR"]
                if is_port(port, protocol) =>
            {
                true
            }
            words => words.windows(2).any(|pair| pair == ["SERVICE", "PORT"]),
        }
}

fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, Table)>, ConfigError> {
    let path = named.map_or_else(|| PathBuf::from("hotline.toml"), Path::to_path_buf);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ConfigError::Unreadable { path, named_by: "--config".into(), source }),
    };
    match text.parse::<Table>() {
        Ok(table) => Ok(Some((path, table))),
        Err(error) => Err(ConfigError::Syntax { path, reason: syntax(&text, &error) }),
    }
}

/// What is wrong with the file, with its line; but a line that gives a value is not shown, which may be a secret.
fn syntax(text: &str, error: &toml::de::Error) -> String {
    let said = error.to_string();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return error.message().to_owned() };
    let number = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
    let shows_value = said.lines().any(|line| line.contains('|') && line.contains(['=', '"', '\'']));
    match shows_value {
        true => format!("line {number}: {}", error.message()),
        false => said.trim().to_owned(),
    }
}

fn merge(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// Puts one variable where its name says, in the type that stands there already.
fn set_variable(table: &mut Table, name: &str, value: String) -> Result<(), ConfigError> {
    let mut path: Vec<String> = name[PREFIX.len()..].to_ascii_lowercase().split("__").map(str::to_owned).collect();
    let mut value = value;
    let is_file = path.last().is_some_and(|last| last.ends_with("_file"));
    // What the environment leaves empty is not set, except a list, which is then empty.
    if is_file && value.is_empty() {
        return Ok(());
    }
    if let Some(secret) = path.last().and_then(|last| last.strip_suffix("_file")).map(str::to_owned) {
        let file = PathBuf::from(&value);
        let text = std::fs::read_to_string(&file).map_err(|source| ConfigError::Unreadable {
            path: file.clone(),
            named_by: name.into(),
            source,
        })?;
        value = text.trim_end_matches(['\r', '\n']).to_owned();
        if value.trim().is_empty() {
            let file = file.display();
            return Err(ConfigError::Value(format!(
                "{file}, which {name} names, is empty: perhaps the secret is not there yet; leave {name} out where there is none"
            )));
        }
        path.pop();
        path.push(secret);
    }
    let Some((key, groups)) = path.split_last() else { return Ok(()) };
    let mut place = table;
    for group in groups {
        match place.get_mut(group) {
            Some(Value::Table(inner)) => place = inner,
            _ => return Err(ConfigError::Value(format!("{name} is no setting: there is no group `{group}`"))),
        }
    }
    let wrong = |expected: &str| ConfigError::Value(format!("{name} must be {expected}"));
    let typed = match place.get(key) {
        Some(Value::Integer(_) | Value::Boolean(_)) if value.trim().is_empty() => return Ok(()),
        Some(Value::Integer(_)) => Value::Integer(value.trim().parse().map_err(|_| wrong("a whole number"))?),
        Some(Value::Boolean(_)) => Value::Boolean(value.trim().parse().map_err(|_| wrong("true or false"))?),
        Some(Value::Array(_)) => {
            let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
        }
        Some(Value::Table(_)) => return Err(ConfigError::Value(format!("{name} names a group, not a setting"))),
        _ if value.is_empty() => return Ok(()),
        _ => Value::String(value),
    };
    place.insert(key.clone(), typed);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use secrecy::ExposeSecret;

    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        read(Some(Path::new("/dev/null")), variables)?.into_settings()
    }

    #[test]
    fn the_defaults_are_complete_and_start_the_sandbox() {
        let settings = Settings::defaults();
        assert!(settings.sandbox_mode());
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.database.url, "sqlite:hotline.db");
    }

    #[test]
    fn digits_stay_text_where_text_is_meant_and_lists_are_split_at_commas() {
        let settings = with(&[
            ("HOTLINE_WHATSAPP__APP_SECRET", "0123, 4567"),
            ("HOTLINE_WHATSAPP__ACCESS_TOKEN", "99"),
            ("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", "880000000000001,880000000000002"),
            ("HOTLINE_SHOP__COUNTRY", "hk"),
        ])
        .unwrap();
        assert_eq!(settings.whatsapp.app_secret[0].expose_secret(), "0123");
        assert_eq!(settings.whatsapp.phone_number_id, ["880000000000001", "880000000000002"]);
        assert_eq!(settings.shop.country.unwrap().code(), "HK");
        assert!(!settings.sandbox_mode());
    }

    #[test]
    fn a_wrong_value_is_told_by_its_name() {
        let said = |variables: &[(&str, &str)]| with(variables).unwrap_err().to_string();
        assert_eq!(said(&[("HOTLINE_LIMITS__API_BYTES", "big")]), "HOTLINE_LIMITS__API_BYTES must be a whole number");
        assert!(said(&[("HOTLINE_NOPE__X", "1")]).contains("there is no group `nope`"));
        assert!(said(&[("HOTLINE_SHOP__CURENCY", "EUR")]).contains("(HOTLINE_SHOP__CURENCY): unknown field `curency`"));
        let blamed = said(&[("HOTLINE_LISTEN", "127.0.0.1:1"), ("HOTLINE_SHOP__CURENCY", "EUR")]);
        assert!(blamed.contains("(HOTLINE_SHOP__CURENCY)"), "{blamed}");
        assert!(said(&[("HOTLINE_SHOP__TIMEZONE", "Moon/Sea")]).contains("(HOTLINE_SHOP__TIMEZONE)"));
        assert!(said(&[("HOTLINE_WHATSAPP__APP_SECRET", "x")]).contains("go together"));
        let origin = ("HOTLINE_VISITS__ORIGINS", "https://shop.example");
        assert!(said(&[("HOTLINE_VISITS__ORIGINS", "shop.example")]).contains("no origin"));
        assert!(said(&[origin, ("HOTLINE_VISITS__SECRET", "short")]).contains("visits.secret"));
        assert!(with(&[origin, ("HOTLINE_VISITS__SECRET", "sixteen characters")]).is_ok());
        assert!(said(&[("HOTLINE_PUBLIC_URL", "shop.example")]).contains("public_url: `shop.example` is no address"));
        assert!(said(&[("HOTLINE_WHATSAPP__GRAPH_URL", "notaurl")]).contains("(HOTLINE_WHATSAPP__GRAPH_URL)"));
        assert!(said(&[("HOTLINE_LOG__LEVEL", "loud")]).contains("none of off, error"));
        assert!(with(&[("HOTLINE_LOG__LEVEL", "info,hotline::engine=debug")]).is_ok());
        assert!(said(&[("HOTLINE_SHOP__LANGUAGE", "klingon")]).contains("shop.language is a tag"));
        assert!(said(&[("HOTLINE_LIMITS__WEBHOOK_BYTES", "0")]).contains("at least 4096"));
        assert!(said(&[("HOTLINE_SHOP__COUNTRY", "UK")]).contains("shop.country: `UK` is no country"));
        assert!(said(&[("HOTLINE_REPLIES__MAX_AGE", "soon")]).contains("no length of time"));
        for age in ["0s", "29s"] {
            assert!(said(&[("HOTLINE_REPLIES__MAX_AGE", age)]).contains("replies.max_age is 30s at least"), "{age}");
        }
        let slow = [("HOTLINE_WHATSAPP__TIMEOUT", "120s"), ("HOTLINE_REPLIES__SETTLE_AFTER", "3m")];
        assert!(with(&slow).is_ok());
        assert!(said(&[slow[0], slow[1], ("HOTLINE_REPLIES__MAX_AGE", "2m")]).contains("longer than whatsapp.timeout"));
        for timeout in ["0s", "121s"] {
            assert!(said(&[("HOTLINE_WHATSAPP__TIMEOUT", timeout)]).contains("whatsapp.timeout is from"), "{timeout}");
        }
        assert!(said(&[("HOTLINE_HANDOFF__HAND_BACK_AFTER", "0s")]).contains("handoff.hand_back_after is a minute"));
        assert!(said(&[("HOTLINE_REPLIES__SETTLE_AFTER", "15s")]).contains("longer than whatsapp.timeout"));
    }

    #[test]
    fn what_is_left_empty_is_not_set_and_what_kubernetes_puts_there_is_no_setting() {
        let empty = ["KEYWORDS__DIR", "SHOP__COUNTRY", "LIMITS__API_BYTES", "WHATSAPP__APP_SECRET_FILE", "LISTEN"];
        let empty = empty.map(|name| format!("HOTLINE_{name}"));
        let settings = with(&empty.each_ref().map(|name| (name.as_str(), ""))).unwrap();
        assert!(settings.sandbox_mode() && settings.keywords.dir.is_none());
        assert_eq!(settings.limits.api_bytes, Settings::defaults().limits.api_bytes);
        let of_a_service = [
            ("HOTLINE_SERVICE_HOST", "10.0.0.1"),
            ("HOTLINE_SERVICE_PORT", "8080"),
            ("HOTLINE_SERVICE_PORT_WEB", "8080"),
            ("HOTLINE_PORT", "tcp://10.0.0.1:8080"),
            ("HOTLINE_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("HOTLINE_PORT_8080_TCP_PROTO", "tcp"),
            ("HOTLINE_PORT_8080_TCP_PORT", "8080"),
            ("HOTLINE_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("HOTLINE_POSTGRESQL_SERVICE_HOST", "10.0.0.2"),
            ("HOTLINE_POSTGRESQL_PORT_5432_TCP_ADDR", "10.0.0.2"),
        ];
        with(&of_a_service).unwrap();
        for wrong in [("HOTLINE_PORT", "9000"), ("HOTLINE_HOST", "10.0.0.1"), ("HOTLINE_SHOP__PORT", "tcp://x")] {
            assert!(with(&[wrong]).unwrap_err().to_string().contains("unknown field"), "{wrong:?}");
        }
    }

    #[test]
    fn the_address_to_listen_on_may_be_a_name_and_a_wrong_one_is_told_with_an_example() {
        let settings = with(&[("HOTLINE_LISTEN", "localhost:8081")]).unwrap();
        assert!(settings.listen.ip().is_loopback() && settings.listen.port() == 8081);
        for wrong in ["8080", ":8080", "localhost", "localhost:web"] {
            let said = with(&[("HOTLINE_LISTEN", wrong)]).unwrap_err().to_string();
            assert!(said.contains("HOTLINE_LISTEN") && said.contains("127.0.0.1:8080"), "{said}");
        }
    }

    #[test]
    fn a_shop_whose_secrets_are_missing_is_no_sandbox() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let named = ("HOTLINE_WHATSAPP__ACCESS_TOKEN_FILE", file.path().to_str().unwrap());
        let said = with(&[named]).unwrap_err().to_string();
        assert!(said.contains("HOTLINE_WHATSAPP__ACCESS_TOKEN_FILE names, is empty"), "{said}");
        assert_eq!(Settings::defaults().check_sandbox(), Ok(()));
        let local = with(&[("HOTLINE_PUBLIC_URL", "http://192.168.0.2:8080")]).unwrap();
        assert_eq!(local.check_sandbox(), Ok(()));
        for (name, value) in [
            ("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", "880000000000001"),
            ("HOTLINE_WHATSAPP__VERIFY_TOKEN", "word"),
            ("HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID", "990000000000001"),
            ("HOTLINE_PUBLIC_URL", "https://hotline.example.com"),
        ] {
            let said = with(&[(name, value)]).unwrap().check_sandbox().unwrap_err();
            let setting = name["HOTLINE_".len()..].to_lowercase().replace("__", ".");
            assert!(said.contains(&setting) && said.contains("whatsapp.access_token"), "{said}");
        }
    }

    #[test]
    fn the_number_itself_is_no_id_of_it() {
        let base = [("HOTLINE_WHATSAPP__APP_SECRET", "s"), ("HOTLINE_WHATSAPP__ACCESS_TOKEN", "token")];
        let id = |id: &str| with(&[&base[..], &[("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", id)]].concat());
        assert!(id("880000000000001, 880000000000002").is_ok());
        for wrong in ["+13125550100", "312-555-0100", "880000000000001,+1312"] {
            let said = id(wrong).unwrap_err().to_string();
            assert!(said.contains("is no id") && said.contains("not the number itself"), "{said}");
        }
    }

    #[test]
    fn with_360dialog_a_token_takes_the_place_of_the_signature() {
        let graph = ("HOTLINE_WHATSAPP__GRAPH_URL", "https://waba-v2.360dialog.io");
        let base = [("HOTLINE_WHATSAPP__AUTH", "d360"), ("HOTLINE_WHATSAPP__ACCESS_TOKEN", "key")];
        let number = ("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", "880000000000001");
        let token = ("HOTLINE_WHATSAPP__WEBHOOK_TOKEN", "0123456789abcdef");
        let with = |more: &[(&str, &str)]| with(&[&base[..], more].concat());
        assert!(!with(&[graph, number, token]).unwrap().sandbox_mode());
        let said = |more: &[(&str, &str)]| with(more).unwrap_err().to_string();
        let secret = ("HOTLINE_WHATSAPP__APP_SECRET", "0123456789abcdef");
        assert!(
            said(&[graph, number, secret]).contains("whatsapp.webhook_token and whatsapp.access_token go together")
        );
        assert!(said(&[graph, number, (token.0, "short")]).contains("webhook_token has 16"));
        assert!(said(&[number, token]).contains("whatsapp.graph_url"));
        assert!(said(&[graph, token, (number.0, "1,2")]).contains("phone_number_id is one"));
    }

    #[test]
    fn a_mistake_in_the_file_is_the_files_whatever_the_environment_says() {
        let said = |text: &str, variable: &str, value: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            let layers = read(Some(file.path()), [(variable.to_owned(), value.to_owned())]);
            let said = layers.and_then(Layers::into_settings).unwrap_err().to_string();
            said.replace(&file.path().display().to_string(), "FILE")
        };
        let token = said("[whatsapp]\nverify_token = 1234", "HOTLINE_WHATSAPP__VERIFY_TOKEN", "word");
        assert!(token.starts_with("a setting is wrong (FILE): ") && token.contains("whatsapp.verify_token"), "{token}");
        let listen = said("listen = 8080", "HOTLINE_LISTEN", "127.0.0.1:1");
        assert!(listen.starts_with("a setting is wrong (FILE): ") && listen.contains("listen"), "{listen}");
        let limit = said("[whatsapp]\ngraph_version = \"v26.0\"", "HOTLINE_WHATSAPP__MESSAGES_PER_SECOND", "5000");
        assert!(limit.starts_with("a setting is wrong (HOTLINE_WHATSAPP__MESSAGES_PER_SECOND): "), "{limit}");
    }

    /// What a file says, or why it cannot be used.
    fn of_file(text: &str) -> Result<Settings, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let layers = read(Some(file.path()), []);
        layers.and_then(Layers::into_settings).map_err(|error| error.to_string())
    }

    #[test]
    fn in_a_file_too_one_secret_or_id_is_a_text_and_several_have_commas() {
        let settings = of_file(
            "[whatsapp]\napp_secret = \"one\"\nverify_token = \"v\"\naccess_token = \"t\"\n\
             phone_number_id = \"881, 882\"\nbusiness_account_id = 990\n[feeds]\nshopify_secret = [\"a\", \"b\"]",
        )
        .unwrap();
        assert_eq!((settings.whatsapp.app_secret.len(), settings.feeds.shopify_secret.len()), (1, 2));
        assert_eq!(settings.whatsapp.app_secret[0].expose_secret(), "one");
        assert_eq!(settings.whatsapp.phone_number_id, ["881", "882"]);
        assert_eq!(settings.whatsapp.business_account_id.as_deref(), Some("990"));
    }

    #[test]
    fn no_mistake_in_a_file_shows_a_secret() {
        for wrong in [
            "[whatsapp]\napp_secret = 424242",
            "[whatsapp]\napp_secret = [\"hush\", 424242]",
            "[whatsapp]\naccess_token = 424242",
            "[feeds]\nshopify_secret = { hush = 424242 }",
            "[whatsapp]\naccess_token = hush424242",
            "[whatsapp]\naccess_token = \"hush424242\napp_secret = []",
        ] {
            let said = of_file(wrong).unwrap_err();
            assert!(!said.contains("hush") && !said.contains("424242"), "{said}");
            assert!(said.contains("whatsapp.") || said.contains("feeds.") || said.contains("line 2"), "{said}");
        }
    }

    #[test]
    fn a_secret_is_read_from_its_file_and_never_printed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hush-hush\n").unwrap();
        let settings = with(&[("HOTLINE_WHATSAPP__VERIFY_TOKEN_FILE", file.path().to_str().unwrap())]).unwrap();
        assert_eq!(settings.whatsapp.verify_token.as_ref().unwrap().expose_secret(), "hush-hush");
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
