//! The views of the inbox: those that everybody has, and lists that are a service channel of their own (STAGE-14).

use minijinja::{Value, context};

use crate::domain::Timestamp;
use crate::engine::fold::Knowledge;
use crate::engine::segments::Wanted;
use crate::engine::sending::outlook::FAILURES_OF;
use crate::segments::lists::List;
use crate::store::{InboxRow, StoreError, View};
use crate::web::App;

/// Name in addresses, and label.
const FIXED: [(&str, &str, View); 6] = [
    ("hot", "Hot", View::Hot),
    ("mine", "Mine", View::Mine),
    ("unassigned", "Unassigned", View::Unassigned),
    ("snoozed", "Snoozed", View::Snoozed),
    ("all", "All", View::All),
    ("bot", "Bot", View::Bot),
];

/// A view.
enum Which<'k> {
    Fixed(View),
    Channel(&'k List),
}

fn which<'k>(knowledge: &'k Knowledge, name: &str) -> Option<Which<'k>> {
    let fixed = FIXED.iter().find(|(fixed, ..)| *fixed == name).map(|(.., view)| Which::Fixed(*view));
    fixed.or_else(|| channels(knowledge).find(|list| list.name == name).map(Which::Channel))
}

fn channels(knowledge: &Knowledge) -> impl Iterator<Item = &List> {
    knowledge.lists.iter().filter(|list| list.inbox.is_some())
}

fn wanted(app: &App, list: &List) -> Wanted {
    Wanted { segment: list.segment.clone(), first: None, now: app.engine.now() }
}

/// The name of a view where there is one, else that of all contacts: addresses are made with it.
pub(crate) fn known<'n>(app: &App, name: &'n str) -> &'n str {
    which(&app.engine.shelf().knowledge(), name).map_or("all", |_| name)
}

/// The view with which somebody's inbox opens: the channel that they serve, else who waits for a person.
pub(crate) fn first(app: &App, login: &str) -> String {
    let knowledge = app.engine.shelf().knowledge();
    let serves =
        |list: &&List| list.inbox.as_ref().is_some_and(|inbox| inbox.agents.iter().any(|agent| agent == login));
    channels(&knowledge).find(serves).map_or_else(|| "hot".to_owned(), |list| list.name.clone())
}

/// Whom no reply reached since then needs a person.
fn since(app: &App) -> Timestamp {
    app.engine.now() - FAILURES_OF
}

/// The first rows of a view; `None` if there is none of that name.
pub(crate) async fn rows(app: &App, name: &str, login: &str, most: i64) -> Result<Option<Vec<InboxRow>>, StoreError> {
    let (knowledge, store) = (app.engine.shelf().knowledge(), app.engine.store());
    Ok(match which(&knowledge, name) {
        Some(Which::Fixed(view)) => Some(store.inbox(view, (login, since(app)), most).await?),
        Some(Which::Channel(list)) => {
            let shop = &knowledge.shop;
            Some(store.inbox_of(&wanted(app, list).asked(&shop.rates, shop.currency), most).await?)
        }
        None => None,
    })
}

/// Every view with how many contacts it has. The first is of those who wait for a person.
pub(crate) async fn tabs(app: &App, login: &str) -> Result<Vec<Value>, StoreError> {
    let (knowledge, store) = (app.engine.shelf().knowledge(), app.engine.store());
    let counts = store.counts(login, since(app)).await?;
    let fixed = FIXED.into_iter().zip(counts).map(|((name, label, _), count)| context! { name, label, count });
    let mut tabs: Vec<Value> = fixed.collect();
    for list in channels(&knowledge) {
        let shop = &knowledge.shop;
        let count = store.count_inbox_of(&wanted(app, list).asked(&shop.rates, shop.currency)).await?;
        let label = list.inbox.as_ref().map(|inbox| inbox.label.as_str());
        tabs.insert(1, context! { name => &list.name, label, count });
    }
    Ok(tabs)
}
