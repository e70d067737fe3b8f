//! The composer where the service window is closed: it is the picker of templates. What is chosen stands in the address, so that a
//! reload, another device and a live update show the same.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::refusal::Refusal;
use crate::config::Auth;
use crate::domain::{AgentAction, AgentEvent, ContactId};
use crate::engine::fold::state::State as Folded;
use crate::engine::templates::filling::{Fillable, Typed};
use crate::engine::templates::picker::{NoTemplate, Unfit, Wanted};
use crate::store::StoreError;
use crate::web::access::SignedIn;
use crate::web::{App, typed};

/// What a field is called that fills a gap of the body: this and the gap.
const GAP: &str = "gap.";

/// What may be sent to a contact, with the form of what was chosen.
/// `chosen` is the name, a colon and the language of the one that was chosen; `typed` is what was typed into it and not taken.
pub(crate) async fn shown(
    app: &App,
    contact: ContactId,
    state: &Folded,
    (chosen, typed): (&str, Option<&Typed>),
) -> Result<Value, StoreError> {
    let picker = app.engine.picker(contact, state).await?;
    let (name, language) = chosen.split_once(':').unwrap_or((chosen, ""));
    let found = match name {
        "" => None,
        name => Some(picker.find(name, Some(language))),
    };
    let (form, gone) = match found {
        Some(Ok(found)) => (Some(form(found, typed, state.contact.name.as_deref())), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let option = |template: &Fillable| {
        context! {
            id => id(template), name => &template.name, language => &template.language, costs => &template.costs,
            marketing => template.category == "MARKETING", chosen => id(template) == chosen,
        }
    };
    let [theirs, others] = [true, false].map(|theirs| {
        let own = picker.templates.iter().filter(|template| template.in_their_language == theirs);
        own.map(option).collect::<Vec<_>>()
    });
    // Many cannot go for the same reason.
    let mut held: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for Unfit { name, language, why } in &picker.held {
        held.entry(why).or_default().push(context! { name, language });
    }
    let held: Vec<Value> = held.into_iter().map(|(why, templates)| context! { why, templates }).collect();
    let (refused, night, count) = (&picker.refused, Value::from(Serde(&picker.night)), picker.held.len());
    let d360 = app.engine.settings().whatsapp.auth == Auth::D360;
    Ok(context! { refused, night, theirs, others, count, held, form, gone, d360 })
}

fn id(template: &Fillable) -> String {
    format!("{}:{}", template.name, template.language)
}

/// The fields of a template, and how it reads: each gap in the words is filled from its field as somebody types. Where the customer's
/// name stands in one, it is called so.
fn form(template: &Fillable, typed: Option<&Typed>, name: Option<&str>) -> Value {
    let value = |known: &str, typed: Option<&String>| typed.cloned().unwrap_or_else(|| known.to_owned());
    let mut fields = Vec::new();
    if let Some(ask) = &template.header {
        let typed = typed.and_then(|typed| typed.header.as_ref());
        fields.push(context! { name => "header", what => &ask.what, value => value(&ask.value, typed) });
    }
    let gaps: Vec<(String, String)> = template
        .gaps
        .iter()
        .map(|gap| (gap.name.clone(), value(&gap.value, typed.and_then(|typed| typed.values.get(&gap.name)))))
        .collect();
    let is_name = |known: &str| !known.is_empty() && name.is_some_and(|name| name.contains(known));
    let known = template.gaps.iter().map(|gap| is_name(&gap.value));
    fields.extend(gaps.iter().zip(known).map(|((gap, value), their_name)| {
        context! { name => format!("{GAP}{gap}"), gap, value, their_name }
    }));
    if let Some(ask) = &template.url {
        let typed = typed.and_then(|typed| typed.url.as_ref());
        fields.push(context! { name => "url", before => &ask.what, value => value(&ask.value, typed) });
    }
    context! {
        id => id(template), name => &template.name, language => &template.language, fields,
        words => pieces(&template.body, &gaps), costs => &template.costs, marketing => template.category == "MARKETING",
        remark => &template.remark, tracked => template.tracked().is_some(),
    }
}

/// The words of a body in pieces, its gaps with what stands in them.
fn pieces(body: &str, gaps: &[(String, String)]) -> Vec<Value> {
    let mut parts = body.split("{{");
    let mut pieces = vec![context! { text => parts.next() }];
    for part in parts {
        let Some((gap, rest)) = part.split_once("}}") else {
            pieces.push(context! { text => format!("{{{{{part}") });
            continue;
        };
        let gap = gap.trim();
        let value = gaps.iter().find(|(name, _)| name == gap).map(|(_, value)| value);
        pieces.push(context! { gap => format!("{GAP}{gap}"), empty => format!("{{{{{gap}}}}}"), text => value });
        pieces.push(context! { text => rest });
    }
    pieces
}

/// What the page says of why a template is not taken.
pub(crate) fn refusal(why: NoTemplate) -> Value {
    match why {
        NoTemplate::NoReply(why) => context! { error => Refusal::from(why).name() },
        NoTemplate::Open => context! { error => Refusal::WindowOpen.name() },
        NoTemplate::Refused(why) => context! { said => format!("It was not sent: {why}.") },
        NoTemplate::Unfit(why) => context! { said => format!("It was not sent. {why}") },
    }
}

/// What a form of the picker holds.
#[derive(Default)]
pub(crate) struct Filled {
    key: String,
    pub(crate) view: String,
    pub(crate) template: String,
    pub(crate) typed: Typed,
}

impl Filled {
    pub(crate) fn read(fields: Vec<(String, String)>) -> Self {
        let mut filled = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "key" => filled.key = value,
                "view" => filled.view = value,
                "template" => filled.template = value,
                "header" => filled.typed.header = Some(value),
                "url" => filled.typed.url = Some(value),
                _ => {
                    if let Some(gap) = name.strip_prefix(GAP) {
                        filled.typed.values.insert(gap.to_owned(), value);
                    }
                }
            }
        }
        filled
    }

    fn wanted(&self) -> Wanted {
        let (name, language) = self.template.split_once(':').unwrap_or((&self.template, ""));
        Wanted { name: name.to_owned(), language: Some(language.to_owned()), typed: self.typed.clone() }
    }
}

/// Sends a template; pressed twice, once.
pub(crate) async fn send(app: &App, signed_in: &SignedIn, contact: ContactId, form: &Filled) -> Result<(), NoTemplate> {
    let (engine, login) = (&app.engine, &signed_in.user().login);
    let words = format!("{} {:?}", form.template, form.typed);
    let key = typed::key(signed_in, &form.key, &words);
    if let Some(key) = &key
        && engine.store().is_known(key).await?
    {
        return Ok(());
    }
    let template = engine.template_reply(contact, login, &form.wanted()).await?;
    let event = AgentEvent { template: Some(Box::new(template)), ..AgentEvent::new(login, AgentAction::Reply) };
    let appended = engine.act(contact, event, key).await?;
    // It stands in the thread that is shown next.
    Ok(engine.folded(appended).await?)
}
