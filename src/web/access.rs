//! Who is asking: sessions, tokens, passwords. Of tokens only their hash is stored.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::{Duration, Timestamp};
use crate::store::{Role, Session, Store, StoreError, User};
use crate::web::App;

/// A link signs in within this.
const LINK_LIVES: Duration = Duration::hours(24);
/// A session ends after this, however much it is used.
const SESSION_LIVES: Duration = Duration::days(7);
/// When a session was used last is written down this often: a page that is open asks every few seconds.
const NOTED_EVERY: Duration = Duration::minutes(5);
/// Name of the session's cookie.
pub(super) const COOKIE: &str = "hotline_session";

/// A random token of 256 bits, as text.
pub(super) fn token() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// What is stored of a token.
pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// Characters of a sign-in name.
const LONGEST_LOGIN: usize = 40;

/// A sign-in name as it is kept, in lower case; `None` where it has other signs than letters, digits and `.-_@`.
pub fn login(typed: &str) -> Option<String> {
    let login = typed.trim().to_lowercase();
    let length = 1..=LONGEST_LOGIN;
    (length.contains(&login.chars().count()) && login.chars().all(|c| c.is_alphanumeric() || ".-_@".contains(c)))
        .then_some(login)
}

/// Makes a link that signs somebody in once; `None` if nobody is called so.
///
/// # Errors
/// The database does not answer.
pub async fn new_link(
    store: &Store,
    login: &str,
    public_url: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let Some(user) = store.user(login).await? else { return Ok(None) };
    let token = token();
    store.add_link(&hash(&token), user.id, now, now + LINK_LIVES).await?;
    Ok(Some(format!("{public_url}/sign-in/{token}")))
}

/// Begins a session and returns its cookie.
pub(super) async fn begin(app: &App, user: i64) -> Result<String, StoreError> {
    let (session, now) = (token(), app.engine.now());
    app.engine.store().add_session(&hash(&session), user, &token(), now, now + SESSION_LIVES).await?;
    let secure = if app.secure { "; Secure" } else { "" };
    Ok(format!("{COOKIE}={session}; HttpOnly; SameSite=Lax; Path=/; Max-Age={}{secure}", SESSION_LIVES.0 / 1000))
}

/// Hashes a password. Slow on purpose: call it off the async threads.
pub(super) fn hash_password(password: &str) -> Option<String> {
    Argon2::default().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

/// Whether a password fits. Slow on purpose.
pub(super) fn password_fits(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A cookie of a request, by its name.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Somebody who is signed in. A request without a session goes to the sign-in page, and a page that was wanted comes back.
pub(super) struct SignedIn(pub(super) Session);

impl SignedIn {
    pub(super) fn user(&self) -> &User {
        &self.0.user
    }

    pub(super) fn is_admin(&self) -> bool {
        self.0.user.role == Role::Admin
    }

    /// Whether a form was made by a page of this session.
    fn made(&self, csrf: &str) -> bool {
        self.0.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let away = || {
            let back = wanted(parts).map(|back| format!("?back={}", encode(&back)));
            Redirect::to(&format!("/sign-in{}", back.unwrap_or_default())).into_response()
        };
        let Some(token) = cookie(&parts.headers, COOKIE).map(hash) else { return Err(away()) };
        let (store, now) = (app.engine.store(), app.engine.now());
        match store.session(&token, now).await {
            Ok(Some(session)) => {
                if session.used_at + NOTED_EVERY <= now {
                    // What cannot be written now is with the next page.
                    let _next_time = store.use_session(&token, now).await;
                }
                Ok(Self(session))
            }
            Ok(None) => Err(away()),
            Err(error) => Err(app.pages.unavailable(&error)),
        }
    }
}

/// Who sent a form, and what it says: it was made by a page of their session.
pub(super) struct OwnForm<T>(pub(super) SignedIn, pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for OwnForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let signed_in = SignedIn::from_request_parts(&mut parts, app).await?;
        let request = Request::from_parts(parts.clone(), body);
        let body = Bytes::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        let request = || Request::from_parts(parts.clone(), Body::from(body.clone()));
        let fields = Form::<Vec<(String, String)>>::from_request(request(), app).await;
        let Form(fields) = fields.map_err(IntoResponse::into_response)?;
        let csrf = fields.iter().find(|(name, _)| name == "csrf");
        if !csrf.is_some_and(|(_, csrf)| signed_in.made(csrf)) {
            return Err(app.pages.forbidden());
        }
        let form = Form::from_request(request(), app).await;
        form.map(|Form(form)| Self(signed_in, form)).map_err(IntoResponse::into_response)
    }
}

/// The same of what only admins may do.
pub(super) struct AdminForm<T>(pub(super) SignedIn, pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for AdminForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let OwnForm(signed_in, form) = OwnForm::from_request(request, app).await?;
        if signed_in.is_admin() { Ok(Self(signed_in, form)) } else { Err(app.pages.forbidden()) }
    }
}

/// The page that somebody wanted who has to sign in first: what they went to, or, where they sent a form, what it stood on. What a
/// script fetches is no page, nor is the way out.
fn wanted(parts: &Parts) -> Option<String> {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let goes_there = match header(HeaderName::from_static("sec-fetch-mode")) {
        Some(mode) => mode == "navigate",
        None => header(header::ACCEPT).is_some_and(|kinds| kinds.contains("text/html")),
    };
    let path = parts.uri.path();
    if !goes_there || path.starts_with("/fragment/") || path == "/live" || path == "/sign-out" {
        return None;
    }
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return parts.uri.path_and_query().map(|path| path.as_str().to_owned());
    }
    let stood_on = || {
        let page: Uri = header(header::REFERER)?.parse().ok()?;
        let is_ours = page.authority().map(Authority::as_str) == header(header::HOST);
        page.path_and_query().map(|path| path.as_str().to_owned()).filter(|path| is_ours && is_own_path(path))
    };
    Some(stood_on().unwrap_or_else(|| "/inbox".to_owned()))
}

/// Whether an address is a page of our own, as browsers read it: they take `\` for `/` and leave out tabs and ends of lines, so
/// that with one of these between two strokes it would be somebody else's.
pub(super) fn is_own_path(address: &str) -> bool {
    address.starts_with('/') && !address.starts_with("//") && !address.contains(|c: char| c == '\\' || c.is_control())
}

/// Percent-encodes what may not stand in a query.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' => out.push(byte as char),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_name_is_kept_in_small_letters_and_measured_in_characters() {
        assert_eq!(login(" Eva ").as_deref(), Some("eva"));
        assert_eq!(login(&"Ж".repeat(40)), Some("ж".repeat(40)));
        assert_eq!(login(&"ж".repeat(41)), None);
    }

    #[test]
    fn only_pages_of_our_own_are_gone_back_to() {
        for own in ["/", "/inbox/hot/7?find=a%20b", "/p/nova-s7-pro"] {
            assert!(is_own_path(own), "{own}");
        }
        for other in [
            "",
            "inbox",
            "//evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\\evil.example",
            "https://evil.example",
        ] {
            assert!(!is_own_path(other), "{other:?}");
        }
    }
}
