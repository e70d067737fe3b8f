//! The signature of Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, in Base64. Its crate is a dependency of the tests
//! alone, which verify by it: these lines need nothing that is not here already, and the crate would bring a second HMAC and Base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// In front of every secret.
const PREFIX: &str = "whsec_";

/// A secret as it is shown, made of random bytes: the scheme wants 24 to 64.
pub fn new_secret(random: [u8; 32]) -> SecretString {
    format!("{PREFIX}{}", BASE64.encode(random)).into()
}

/// The header `webhook-signature`: one signature for each secret, with a space between. `at` is in seconds since the beginning of 1970.
pub fn sign<'s>(secrets: impl IntoIterator<Item = &'s SecretString>, id: &str, at: i64, body: &str) -> String {
    let one = |secret: &SecretString| {
        let text = secret.expose_secret();
        let key = BASE64.decode(text.strip_prefix(PREFIX).unwrap_or(text)).unwrap_or_default();
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key length");
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    };
    secrets.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_library_takes_each_signature() {
        let (id, at, body) = ("msg_1_j7", 1_790_000_000, r#"{"type":"message.received"}"#);
        let [new, old] = [[7; 32], [8; 32]].map(new_secret);
        let header = sign([&new, &old], id, at, body);
        assert_eq!(header.split(' ').count(), 2);
        for secret in [&new, &old] {
            let library = standardwebhooks::Webhook::new(secret.expose_secret()).unwrap_or_else(|_| panic!("a secret"));
            let theirs = library.sign(id, at, body.as_bytes()).unwrap_or_default();
            assert!(header.split(' ').any(|one| one == theirs), "{header}: {theirs}");
        }
    }
}
