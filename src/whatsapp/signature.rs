//! Webhook signatures (section 1.2) and the verify token (section 1.1), compared in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Whether `header` is `sha256=` and the HMAC-SHA256 of the raw body under one of the app secrets. Several secrets are
/// valid at once while one is being replaced.
pub fn verify(secrets: &[SecretString], body: &[u8], header: Option<&str>) -> bool {
    let Some(expected) = header.and_then(shown) else { return false };
    // No early exit: the time does not tell which secret fitted.
    secrets.iter().fold(false, |fits, secret| fits | mac(secret, &[body]).verify_slice(&expected).is_ok())
}

/// The digest in a header, where it is `sha256=` and 64 hex digits: another one need not wait for a body.
pub fn shown(header: &str) -> Option<[u8; 32]> {
    let mut digest = [0_u8; 32];
    hex::decode_to_slice(header.strip_prefix("sha256=")?, &mut digest).ok()?;
    Some(digest)
}

/// Whether `header` is the HMAC-SHA256 of the raw body in Base64 under one of the secrets: how shops' platforms sign.
pub fn verify_base64(secrets: &[SecretString], body: &[u8], header: Option<&str>) -> bool {
    let Some(expected) = header.and_then(|header| BASE64.decode(header.trim()).ok()) else { return false };
    secrets.iter().fold(false, |fits, secret| fits | mac(secret, &[body]).verify_slice(&expected).is_ok())
}

/// The header's value for a body: what Meta, or its sandbox, sends along.
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(mac(secret, &[body]).finalize().into_bytes()))
}

/// Whether the token that was shown is the one expected.
pub fn same_token(expected: &SecretString, shown: &str) -> bool {
    expected.expose_secret().as_bytes().ct_eq(shown.as_bytes()).into()
}

/// Whether the token that was shown is one of those expected. No early exit: the time does not tell which of them fitted.
pub fn is_one_of(expected: &[SecretString], shown: &str) -> bool {
    expected.iter().fold(false, |fits, expected| fits | same_token(expected, shown))
}

/// The HMAC-SHA256 of bytes that follow each other.
pub fn mac(secret: &SecretString, parts: &[&[u8]]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any key length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Vec<SecretString> {
        vec!["another".into(), "0123456789abcdef0123456789abcdef".into()]
    }

    const ESCAPED: &str = concat!(
        r#"{"object":"whatsapp_business_account","entry":[{"id":"990000000000001","changes":[{"value":"#,
        r#"{"messaging_product":"whatsapp","messages":[{"from":"12125550142","id":"wamid.TEST","#,
        r#""timestamp":"1790000000","type":"text","text":{"body":"caf\u00e9 \ud83d\ude00 https:\/\/example.com"}}]},"#,
        r#""field":"messages"}]}]}"#
    );

    #[test]
    fn the_raw_bytes_are_what_is_signed() {
        let empty = br#"{"object":"whatsapp_business_account","entry":[]}"#;
        let fits = |body: &[u8], signature| verify(&secrets(), body, Some(&format!("sha256={signature}")));
        assert!(fits(empty, "eefab58106e73358686845848feb95c56372e7391b3dc050b6a31c8c5f347ece"));
        assert!(fits(empty, "EEFAB58106E73358686845848FEB95C56372E7391B3DC050B6A31C8C5F347ECE"));
        let escaped = "1c6941ff2aaa5e3eb1ec7430331f62f67f277e2e8bb9fb9bde1eb16eb0d9f98e";
        assert!(fits(ESCAPED.as_bytes(), escaped));
        // The same JSON decoded and written anew is another body.
        let rewritten = ESCAPED.replace(r"\u00e9", "é").replace(r"\ud83d\ude00", "😀").replace(r"\/", "/");
        assert!(!fits(rewritten.as_bytes(), escaped));
        assert!(fits(rewritten.as_bytes(), "2edea4a8770abacb12dc7150e0e5f7ef5d53750f8454dc799d4ecd8b5628f60c"));
    }

    #[test]
    fn platforms_of_shops_sign_in_base64() {
        let signed = BASE64.encode(mac(&"hush".into(), &[b"{}"]).finalize().into_bytes());
        assert!(verify_base64(&["other".into(), "hush".into()], b"{}", Some(&signed)));
        assert!(!verify_base64(&["other".into()], b"{}", Some(&signed)));
        assert!(!verify_base64(&["hush".into()], b"{ }", Some(&signed)));
        for header in [None, Some(""), Some("?"), Some("AAAA")] {
            assert!(!verify_base64(&["hush".into()], b"{}", header), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_signature_fits_nothing() {
        for header in [None, Some(""), Some("sha256="), Some("sha256=zz"), Some("sha1=00"), Some("eefab5")] {
            assert!(!verify(&secrets(), b"{}", header), "{header:?}");
        }
        assert!(!verify(&[], b"{}", Some(&sign(&"x".into(), b"{}"))));
    }
}
