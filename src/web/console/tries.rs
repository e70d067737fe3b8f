//! How often a sign-in with a password may be tried: guessing is slow, and who guesses holds up nobody but themselves.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::web::pace::Pace;

/// Tries a minute from one address: an office behind one has enough.
const OF_ADDRESS: NonZeroU32 = NonZeroU32::new(20).expect("20 is not 0");
/// Tries a minute with one sign-in name. More than one address has, so that nobody alone locks out somebody else.
const OF_LOGIN: NonZeroU32 = NonZeroU32::new(60).expect("60 is not 0");
/// Tries a minute in all: each costs the work of hashing.
const OF_ALL: NonZeroU32 = NonZeroU32::new(600).expect("600 is not 0");

/// What was tried of late.
pub(crate) struct Tries {
    addresses: Pace<Option<IpAddr>>,
    logins: Pace<String>,
    all: DefaultDirectRateLimiter,
}

impl Tries {
    pub(crate) fn new() -> Self {
        Self {
            addresses: Pace::per_minute(OF_ADDRESS),
            logins: Pace::per_minute(OF_LOGIN),
            all: RateLimiter::direct(Quota::per_minute(OF_ALL)),
        }
    }

    /// Whether one more is let through. What one address has too many of counts against nobody else.
    pub(crate) fn lets(&self, address: Option<IpAddr>, login: &str) -> bool {
        self.addresses.lets(&address.map(home)) && self.logins.lets(&login.to_owned()) && self.all.check().is_ok()
    }
}

/// One line to the internet has all IPv6 addresses that begin alike.
fn home(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn who_guesses_holds_up_nobody_else() {
        let tries = Tries::new();
        let lets = |address: &str, login: &str| tries.lets(Some(address.parse().unwrap()), login);
        let got = (0..100).filter(|_| lets("198.51.100.9", "ana")).count();
        assert_eq!(got, 20, "slow");
        assert!(!lets("198.51.100.9", "ben"), "whatever the name");
        assert!(lets("203.0.113.7", "ana") && lets("203.0.113.7", "ben"), "from elsewhere as ever");
        let got = (0..100).filter(|n| lets(&format!("2001:db8::{n}"), "ben")).count();
        assert_eq!(got, 20, "one line to the internet");
        let got = (0..100).filter(|n| lets(&format!("192.0.2.{n}"), "ana")).count();
        assert_eq!(got, 39, "also from many addresses nobody guesses fast");
    }
}
