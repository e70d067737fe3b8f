//! What segments ask for of a contact, out of its state and of what a fold changed.

use std::collections::BTreeMap;

use crate::domain::{Consequence, Currency, Event, TagKey, TagMove};
use crate::engine::fold::state::{Effect, State};
use crate::store::{Indexed, Profile, orders};

/// What was there before a fold.
pub(crate) struct Before<'a> {
    /// Fields; `None` if the state was made anew: then all of it is written.
    pub(crate) profile: Option<Profile>,
    /// The events that the state was made anew from. What followed from them is not among the effects.
    pub(crate) history: &'a [Event],
}

/// The index after a fold, in a shop with that currency.
pub(crate) fn index(
    state: &State,
    effects: &[Effect],
    events: &[Event],
    before: Before<'_>,
    currency: Currency,
) -> Indexed {
    let anew = before.profile.is_none();
    let mut changed: BTreeMap<&TagKey, bool> = BTreeMap::new();
    for effect in effects {
        if let Effect::Decided(_, Consequence::Tag(change)) = effect {
            changed.insert(&change.tag, change.change == TagMove::Set);
        }
    }
    let held = state.facts.tags().filter(|(tag, _)| anew || changed.contains_key(*tag));
    let gone = changed.keys().filter(|tag| !anew && !state.facts.holds(tag.as_str()));
    Indexed {
        anew,
        tags: held.map(|(tag, held)| (tag.to_string(), held.since)).collect(),
        gone: gone.map(ToString::to_string).collect(),
        profile: Some(profile(state)).filter(|now| before.profile.as_ref() != Some(now)),
        orders: orders(before.history.iter().chain(events), currency),
    }
}

/// The fields of a contact.
pub(crate) fn profile(state: &State) -> Profile {
    let State { contact, facts, ledger, .. } = state;
    Profile {
        country: contact.country.map(|country| country.code().to_lowercase()).unwrap_or_default(),
        language: contact.language.as_ref().map(|language| language.tag().to_lowercase()).unwrap_or_default(),
        colour: facts.colour().map_or(-1, |colour| colour as i64),
        heat: facts.heat().map_or(-1, |heat| heat as i64),
        stage: facts.stage() as i64,
        first_at: contact.first_seen.unwrap_or_default().0,
        interaction_at: facts.last_interaction().unwrap_or_default().0,
        inbound_at: contact.last_inbound.unwrap_or_default().0,
        opted_out: contact.is_opted_out(),
        opted_out_at: contact.opted_out_at.unwrap_or_default().0,
        planned: ledger.planned().count() as i64,
        plan_at: ledger.next_wake().unwrap_or_default().0,
    }
}
