//! `/l/{code}`: tracked links. `/p/{page}`: a plain page for each product of the shop's file that names one, so that a link leads
//! somewhere where the shop has no site.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use minijinja::context;
use reqwest::Url;

use crate::engine::Engine;
use crate::web::access::is_own_path;
use crate::web::pace::Pace;
use crate::web::pages::Pages;
use crate::web::security::WITH_PICTURES;
use crate::web::visitor::Visitor;

/// Openings of one link that are told in a minute. Nobody opens one more often to read what is there.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("10 is not 0");

/// Both addresses.
pub(super) fn router(engine: Engine, pages: Pages) -> Router {
    let (gone, no_nul) =
        (pages.clone(), axum::middleware::from_fn_with_state(pages.clone(), crate::web::refusals::nul));
    let pace = Pace::per_minute(A_MINUTE);
    let shared = Arc::new((gone, pace));
    let open = async move |state, method, visitor, path| open(&shared.0, &shared.1, state, method, visitor, path).await;
    let page = async move |state, path| page(&pages, state, path).await;
    Router::new()
        .route("/l/{code}", get(open))
        .route("/p/{page}", get(page))
        .layer(no_nul)
        .layer(axum::middleware::from_fn(crate::web::security::headers))
        .with_state(engine)
}

/// One indexed read, and on. Only what is stored is a target: an address in the request leads nowhere.
async fn open(
    pages: &Pages,
    pace: &Pace<String>,
    State(engine): State<Engine>,
    method: Method,
    visitor: Visitor,
    Path(code): Path<String>,
) -> Response {
    let nowhere = || (StatusCode::NOT_FOUND, pages.show("gone.html", context! {})).into_response();
    let opened = match engine.store().link(&code).await {
        Ok(Some(opened)) => opened,
        Ok(None) => return nowhere(),
        Err(error) => return pages.unavailable(&error),
    };
    let is_visit = method == Method::GET && !visitor.program;
    let with_visit = |url| if is_visit { engine.with_visit(url, opened.contact) } else { url };
    let Some(target) = destination(&opened.link.target, with_visit) else { return nowhere() };
    // Whoever opens it without end is led on all the same; the journal does not grow with it.
    if is_visit && pace.lets(&code) {
        engine.opened(opened, visitor.address).await;
    }
    (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
}

/// A path of our own, or an address of the web, with what belongs to it.
fn destination(target: &str, with: impl Fn(Url) -> Url) -> Option<HeaderValue> {
    let target = if is_own_path(target) { target.to_owned() } else { with(web_address(target)?).into() };
    HeaderValue::from_str(&target).ok()
}

/// An address that a browser may be sent to.
pub(crate) fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}

async fn page(pages: &Pages, State(engine): State<Engine>, Path(page): Path<String>) -> Response {
    let knowledge = engine.shelf().knowledge();
    let shop = &knowledge.shop;
    let own = format!("/p/{page}");
    let Some(product) = shop.products.iter().find(|product| product.url.as_deref() == Some(&own)) else {
        return (StatusCode::NOT_FOUND, pages.show("gone.html", context! {})).into_response();
    };
    let price = format!("{} {}", product.price.normalize(), shop.currency);
    let shown = context! {
        name => &product.name, summary => shop.text(&product.summary, shop.language.tag()), image => &product.image, stock => product.stock, price,
        shop => &shop.name,
    };
    ([(header::CONTENT_SECURITY_POLICY, WITH_PICTURES)], pages.show("product.html", shown)).into_response()
}
