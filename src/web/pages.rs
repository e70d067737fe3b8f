//! Console pages: minijinja templates that travel inside the binary.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use crate::domain::Timestamp;
use crate::store::StoreError;

/// Every page and fragment.
const TEMPLATES: &[(&str, &str)] = &[
    ("words.html", include_str!("../../templates/console/words.html")),
    ("base.html", include_str!("../../templates/console/base.html")),
    ("sign_in.html", include_str!("../../templates/console/sign_in.html")),
    ("why.html", include_str!("../../templates/console/why.html")),
    ("sign_in_link.html", include_str!("../../templates/console/sign_in_link.html")),
    ("password.html", include_str!("../../templates/console/password.html")),
    ("inbox.html", include_str!("../../templates/console/inbox.html")),
    ("rail.html", include_str!("../../templates/console/rail.html")),
    ("alerts.html", include_str!("../../templates/console/alerts.html")),
    ("lists.html", include_str!("../../templates/console/lists.html")),
    ("by_hand.html", include_str!("../../templates/console/by_hand.html")),
    ("tags.html", include_str!("../../templates/console/tags.html")),
    ("list.html", include_str!("../../templates/console/list.html")),
    ("thread.html", include_str!("../../templates/console/thread.html")),
    ("panel.html", include_str!("../../templates/console/panel.html")),
    ("picks.html", include_str!("../../templates/console/picks.html")),
    ("canned.html", include_str!("../../templates/console/canned.html")),
    ("picker.html", include_str!("../../templates/console/picker.html")),
    ("outreach.html", include_str!("../../templates/console/outreach.html")),
    ("templates.html", include_str!("../../templates/console/templates.html")),
    ("campaigns.html", include_str!("../../templates/console/campaigns.html")),
    ("campaign.html", include_str!("../../templates/console/campaign.html")),
    ("admin.html", include_str!("../../templates/console/admin.html")),
    ("public.html", include_str!("../../templates/console/public.html")),
    ("product.html", include_str!("../../templates/console/product.html")),
    ("gone.html", include_str!("../../templates/console/gone.html")),
    ("error.html", include_str!("../../templates/console/error.html")),
];

/// The templates, compiled.
#[derive(Clone)]
pub(super) struct Pages(Arc<Environment<'static>>);

/// Every instant in a text as people read it: in a zone by its name, to the minute.
fn moment(text: &str, zone: &str) -> String {
    let zone = zone.parse().unwrap_or(chrono_tz::UTC);
    let told = |word: &str| {
        let (time, sign) = word.split_at(word.trim_end_matches([',', ';', '.', ':', ')']).len());
        let at = Timestamp::parse_rfc3339(time)?.utc().with_timezone(&zone);
        Some(format!("{}{sign}", at.format("%Y-%m-%d %H:%M")))
    };
    let words = text.split(' ').map(|word| told(word).unwrap_or_else(|| word.to_owned()));
    words.collect::<Vec<_>>().join(" ")
}

/// A count as people read it: 1,204.
fn counted(count: i64) -> String {
    let digits = count.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group)).collect();
    groups.join(",")
}

/// Says in the log why the database did not do what the console wanted of it.
pub(super) fn log_no_answer(error: &StoreError) {
    tracing::warn!(%error, "the database did not do what the console wanted of it");
}

impl Pages {
    pub(super) fn load() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_filter("moment", moment);
        environment.add_filter("counted", counted);
        for (name, text) in TEMPLATES {
            environment.add_template(name, text)?;
        }
        Ok(Self(Arc::new(environment)))
    }

    pub(super) fn show(&self, name: &str, values: Value) -> Response {
        let rendered = self.0.get_template(name).and_then(|template| template.render(&values));
        match rendered {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!(page = name, error = %error, "a page could not be rendered");
                (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made. The log says why.").into_response()
            }
        }
    }

    /// A page that says what is wrong and what to do, beside the link to the inbox; never with a status that says that all is well.
    pub(super) fn error(&self, status: StatusCode, what: &str, next: &str) -> Response {
        (status, self.show("error.html", context! { what, next })).into_response()
    }

    pub(super) fn no_contact(&self) -> Response {
        self.error(
            StatusCode::NOT_FOUND,
            "There is no such contact.",
            "If they were here a moment ago, they were erased.",
        )
    }

    /// The database did not do what a page wanted of it: the log says why.
    pub(super) fn unavailable(&self, error: &StoreError) -> Response {
        log_no_answer(error);
        self.no_answer()
    }

    /// The same where the log has said why already.
    pub(super) fn no_answer(&self) -> Response {
        let (what, next) = ("The database does not answer just now.", "Nothing was lost. Try again in a moment.");
        self.error(StatusCode::SERVICE_UNAVAILABLE, what, next)
    }

    /// For who is signed in, and may not see this.
    pub(super) fn not_yours(&self) -> Response {
        self.error(StatusCode::FORBIDDEN, "This page is for admins.", "Ask one of them for what you need.")
    }

    /// A form that was not made by a page of this session.
    pub(super) fn forbidden(&self) -> Response {
        let next = "If a form was open for long, go back, reload the page and send it again.";
        self.error(StatusCode::FORBIDDEN, "This is not allowed.", next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_in_groups_of_three() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(counted), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn instants_in_a_text_are_read_by_people_where_they_are() {
        let text = "the oldest counts until 2026-03-02T20:30:00.001Z; then 2 of 3";
        assert_eq!(moment(text, "Asia/Hong_Kong"), "the oldest counts until 2026-03-03 04:30; then 2 of 3");
        assert_eq!(moment("2026-03-02T20:30:00Z", "nowhere"), "2026-03-02 20:30");
    }
}
