//! Segments as programs and people ask for them: by name or in words, counted, listed, exported.

use std::sync::Arc;

use futures_util::Stream;
use rust_decimal::Decimal;

use crate::domain::{Currency, Duration, Rates, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::processing::summary::Row;
use crate::engine::tags::Faces;
use crate::segments::lists::{is_condition, is_name};
use crate::segments::{Field, Segment, TextError};
use crate::store::{Asked, Member, Place, Store, StoreError, UNIT};

/// Most contacts that are read at once: an export of any size stays small in memory.
pub const PAGE: i64 = 1_000;

/// A segment with what comes first, ready to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Who.
    pub segment: Segment,
    /// Who of them stands before the others.
    pub first: Option<Segment>,
    /// Windows end then: the same for every page of a list.
    pub now: Timestamp,
}

impl Wanted {
    /// Everything that the store has to know.
    pub fn asked<'a>(&'a self, rates: &'a Rates, currency: Currency) -> Asked<'a> {
        Asked { segment: &self.segment, first: self.first.as_ref(), now: self.now, rates, currency }
    }
}

/// A named segment, saved by somebody or shipped; `None` if nothing is called so.
///
/// # Errors
/// The database does not answer.
pub async fn named(
    store: &Store,
    knowledge: &Knowledge,
    name: &str,
    now: Timestamp,
) -> Result<Option<Wanted>, StoreError> {
    if let Some(saved) = store.saved_segments().await?.into_iter().find(|saved| saved.name == name) {
        let corrupt = |error: TextError| StoreError::Corrupt {
            table: "segments",
            row: name.to_owned(),
            reason: error.to_string(),
        };
        let first = (!saved.first.is_empty()).then(|| saved.first.parse().map_err(corrupt)).transpose()?;
        return Ok(Some(Wanted { segment: saved.segment.parse().map_err(corrupt)?, first, now }));
    }
    let shipped = knowledge.lists.iter().find(|list| list.name == name);
    Ok(shipped.map(|list| Wanted { segment: list.segment.clone(), first: list.first.clone(), now }))
}

/// What somebody asks for: the name of a list, or a segment, in which a tag may stand as the console calls it.
///
/// # Errors
/// The database does not answer; within, why it is neither.
pub async fn asked(
    store: &Store,
    knowledge: &Arc<Knowledge>,
    text: &str,
    now: Timestamp,
) -> Result<Result<Wanted, TextError>, StoreError> {
    let text = text.trim();
    // A list that was called like a condition once does not stand in its way.
    if is_name(text)
        && !is_condition(text)
        && let Some(wanted) = named(store, knowledge, text, now).await?
    {
        return Ok(Ok(wanted));
    }
    let (faces, known) = (Faces::read(store, knowledge.clone()).await?, store.tag_names().await?);
    let called = |typed: &str| Some(faces.called(typed, &known)).filter(|tag| tag != typed);
    let segment =
        Segment::read(text, &called).and_then(|segment| segment.with_known(text, &|money| knowledge.shop.knows(money)));
    Ok(segment.map(|segment| Wanted { segment, first: None, now }))
}

/// The next page of a list.
///
/// # Errors
/// The database does not answer.
pub async fn page(
    store: &Store,
    knowledge: &Knowledge,
    wanted: &Wanted,
    after: Place,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    let shop = &knowledge.shop;
    store.list_segment(&wanted.asked(&shop.rates, shop.currency), after, limit).await
}

/// What a list says of a contact.
#[derive(Clone, Debug, Default, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Card {
    pub id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub country: String,
    pub language: String,
    pub colour: String,
    pub heat: String,
    pub stage: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_interaction: Option<String>,
    pub opted_out: bool,
    pub orders: i64,
    /// Sums by currency: `499 USD`.
    pub spent: Vec<String>,
    /// What an order is worth on average, by currency.
    pub average: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_purchase: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_since_purchase: Option<i64>,
    pub tags: Vec<String>,
}

/// What lists and exports show of a member.
pub fn card(member: &Member, now: Timestamp) -> Card {
    let summary: Row = serde_json::from_str(&member.summary).unwrap_or_default();
    let profile = &member.profile;
    let time = |at: i64| (at > 0).then(|| Timestamp(at).rfc3339());
    let money = |sum: i64, parts: i64, currency: &str| {
        let amount = Decimal::from(sum) / Decimal::from(UNIT) / Decimal::from(parts.max(1));
        format!("{} {currency}", amount.round_dp(2).normalize()).trim_end().to_owned()
    };
    Card {
        id: member.contact.0,
        phone: summary.wa_id.map(|digits| format!("+{digits}")),
        name: summary.name,
        country: profile.country.clone(),
        language: profile.language.clone(),
        colour: Field::Colour.value(profile.colour),
        heat: Field::Heat.value(profile.heat),
        stage: Field::Stage.value(profile.stage),
        first_seen: time(profile.first_at),
        last_interaction: time(profile.interaction_at),
        opted_out: profile.opted_out,
        orders: member.spent.iter().map(|(_, orders, _)| orders).sum(),
        spent: member.spent.iter().map(|(currency, _, sum)| money(*sum, 1, currency)).collect(),
        average: member.spent.iter().map(|(currency, orders, sum)| money(*sum, *orders, currency)).collect(),
        first_purchase: member.purchases.and_then(|(first, _)| time(first)),
        days_since_purchase: member.purchases.map(|(_, last)| (now - Timestamp(last)).0 / Duration::days(1).0),
        tags: member.tags.clone(),
    }
}

/// The names of an export's columns.
const COLUMNS: [&str; 17] = [
    "id",
    "phone",
    "name",
    "country",
    "language",
    "colour",
    "heat",
    "stage",
    "first_seen",
    "last_interaction",
    "opted_out",
    "orders",
    "spent",
    "average",
    "first_purchase",
    "days_since_purchase",
    "tags",
];

/// The line with the names of the columns.
pub fn csv_head() -> Vec<u8> {
    csv_lines(std::iter::once(COLUMNS.map(str::to_owned)))
}

/// Contacts as lines of CSV.
pub fn csv_body(members: &[Member], now: Timestamp) -> Vec<u8> {
    csv_lines(members.iter().map(|member| {
        let card = card(member, now);
        [
            card.id.to_string(),
            card.phone.unwrap_or_default(),
            card.name.unwrap_or_default(),
            card.country,
            card.language,
            card.colour,
            card.heat,
            card.stage,
            card.first_seen.unwrap_or_default(),
            card.last_interaction.unwrap_or_default(),
            if card.opted_out { "yes".into() } else { "no".into() },
            card.orders.to_string(),
            card.spent.join("; "),
            card.average.join("; "),
            card.first_purchase.unwrap_or_default(),
            card.days_since_purchase.map(|days| days.to_string()).unwrap_or_default(),
            card.tags.join("; "),
        ]
        .map(harmless)
    }))
}

/// A whole list as CSV, page by page as it is read.
pub fn csv_stream(engine: Engine, wanted: Wanted) -> impl Stream<Item = Result<Vec<u8>, StoreError>> {
    futures_util::stream::try_unfold((engine, wanted, None), |(engine, wanted, after)| async move {
        let Some(place) = after else { return Ok(Some((csv_head(), (engine, wanted, Some(Place::default()))))) };
        let knowledge = engine.shelf().knowledge();
        let members = page(engine.store(), &knowledge, &wanted, place, PAGE).await?;
        let Some(last) = members.last() else { return Ok(None) };
        let place = last.place;
        Ok(Some((csv_body(&members, wanted.now), (engine, wanted, Some(place)))))
    })
}

fn csv_lines(rows: impl Iterator<Item = [String; COLUMNS.len()]>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // Memory takes every row, and every row has the same length.
        let _infallible = writer.write_record(&row);
    }
    writer.into_inner().unwrap_or_default()
}

/// A customer chooses their own name: what a spreadsheet would take for a formula gets an apostrophe in front. A number with
/// its plus is no formula.
fn harmless(field: String) -> String {
    let phone =
        field.strip_prefix('+').is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()));
    if !phone && field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{field}") } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_only_text() {
        for (field, written) in [
            ("=1+2", "'=1+2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-3", "'-3"),
            ("+852+cmd", "'+852+cmd"),
            ("+85251234567", "+85251234567"),
            ("Ada", "Ada"),
        ] {
            assert_eq!(harmless(field.into()), written);
        }
    }

    #[test]
    fn a_name_with_commas_and_quotes_stays_one_field() {
        let summary = serde_json::json!({ "name": "=\"x\", y", "wa_id": "85251234567" }).to_string();
        let member = Member {
            contact: crate::domain::ContactId(7),
            place: Place::default(),
            last_at: Timestamp::default(),
            summary,
            profile: crate::store::Profile { colour: 5, heat: -1, ..crate::store::Profile::default() },
            tags: vec!["color/red".into(), "value/vip".into()],
            spent: vec![("USD".into(), 2, 4_995_000)],
            purchases: Some((1_772_416_800_000, 1_772_589_600_000)),
        };
        let line = String::from_utf8(csv_body(&[member], Timestamp(1_772_589_600_000 + Duration::days(3).0)))
            .unwrap_or_default();
        let wanted = "7,+85251234567,\"'=\"\"x\"\", y\",,,red,none,first-contact,,,no,2,499.5 USD,249.75 USD,\
             2026-03-02T02:00:00Z,3,color/red; value/vip\n";
        assert_eq!(line, wanted);
    }
}
