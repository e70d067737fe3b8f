//! How much of what Meta allows in calls is used, as the headers of its answers tell (section 5.3).

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::domain::Duration;

/// From so many per cent on fewer calls are made, before Meta refuses them (codes 4, 80007).
pub const HIGH: u64 = 80;

/// What the headers of an answer say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The fullest of the allowances, in per cent.
    pub percent: u64,
    /// In how long calls are taken again, where they are refused by now.
    pub regain: Duration,
}

impl Usage {
    /// The worse of both.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        Self { percent: self.percent.max(other.percent), regain: self.regain.max(other.regain) }
    }
}

/// What the headers of an answer say; `None` where they say nothing, as behind other providers.
pub fn read(headers: &HeaderMap) -> Option<Usage> {
    let json = |name: &str| serde_json::from_slice::<Value>(headers.get(name)?.as_bytes()).ok();
    let of_app = json("x-app-usage").map(|app| usage(&app));
    let of_business = json("x-business-use-case-usage").and_then(|businesses| {
        let lists = businesses.as_object()?.values().filter_map(Value::as_array).flatten();
        lists.map(usage).reduce(Usage::or_worse)
    });
    of_app.into_iter().chain(of_business).reduce(Usage::or_worse)
}

fn usage(told: &Value) -> Usage {
    let shares = ["call_count", "total_cputime", "total_time"];
    // Meta writes whole numbers; what is above them is used as well.
    let percent = shares.iter().filter_map(|name| told[*name].as_f64()).fold(0.0, f64::max).ceil();
    let minutes = told["estimated_time_to_regain_access"].as_i64().unwrap_or_default();
    Usage { percent: percent as u64, regain: Duration::minutes(minutes.clamp(0, 24 * 60)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn told(of: &[(&'static str, &'static str)]) -> Option<Usage> {
        let headers = of
            .iter()
            .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        read(&headers.collect())
    }

    #[test]
    fn the_fullest_allowance_counts_and_the_longest_wait() {
        let app = ("x-app-usage", r#"{"call_count":28,"total_time":25,"total_cputime":30}"#);
        let business = (
            "x-business-use-case-usage",
            r#"{"102":[{"type":"whatsapp","call_count":81,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":0},{"type":"whatsapp_business_management","call_count":100,"total_cputime":9,"total_time":9,"estimated_time_to_regain_access":19}]}"#,
        );
        assert_eq!(told(&[app]), Some(Usage { percent: 30, regain: Duration(0) }));
        assert_eq!(told(&[app, business]), Some(Usage { percent: 100, regain: Duration::minutes(19) }));
    }

    #[test]
    fn headers_that_are_missing_or_broken_say_nothing() {
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[("x-app-usage", "busy")]), None);
        assert_eq!(told(&[("x-business-use-case-usage", "[]")]), None);
        assert_eq!(told(&[("x-app-usage", "{}")]), Some(Usage::default()));
    }
}
