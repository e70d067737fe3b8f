//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::engine::Engine;
use crate::web::App;

/// Who asks, as far as it is told.
pub(super) struct Visitor {
    /// Their address.
    pub(super) address: Option<IpAddr>,
    /// A program, or a browser for a page that nobody wants yet.
    pub(super) program: bool,
}

impl FromRequestParts<Engine> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let address = peer.map(|peer| caller(&parts.headers, peer, &engine.settings().trusted_proxies));
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let program = engine.shelf().knowledge().crawlers.is_program(header);
        Ok(Self { address, program })
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Self::from_request_parts(parts, &app.engine).await
    }
}

/// The last address in the chain that is no proxy of ours. Each proxy adds who called it at the end; what stands before that the
/// caller may have made up.
fn caller(headers: &HeaderMap, peer: IpAddr, proxies: &[ipnet::IpNet]) -> IpAddr {
    let ours = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    let chain = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = chain.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut caller = peer;
    for told in chain.iter().rev() {
        if !ours(&caller) {
            break;
        }
        // With a port, or an IPv6 address in brackets, as some proxies write it.
        let told = told.parse::<IpAddr>().or_else(|_| told.parse::<SocketAddr>().map(|address| address.ip()));
        match told {
            Ok(address) => caller = address.to_canonical(),
            Err(_) => break,
        }
    }
    caller
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let proxies = ["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let from = |peer: &str, chain: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", chain.parse().unwrap());
            caller(&headers, peer.parse().unwrap(), &proxies).to_string()
        };
        assert_eq!(from("127.0.0.1", "203.0.113.7"), "203.0.113.7");
        assert_eq!(from("127.0.0.1", "198.51.100.1, 203.0.113.7, 10.1.1.1"), "203.0.113.7", "the first is made up");
        assert_eq!(from("198.51.100.9", "203.0.113.7"), "198.51.100.9", "a stranger says so");
        assert_eq!(from("127.0.0.1", "[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(from("127.0.0.1", "unknown"), "127.0.0.1");
    }
}
