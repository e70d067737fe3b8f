//! Visits of the shop's own pages: a tracked link that leads there carries a token of whose visit it is, and the script on the pages
//! shows it again. The token is sealed: who reads an address learns nothing from it, and nobody makes one up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::Mac;
use reqwest::Url;
use secrecy::SecretString;
use subtle::ConstantTimeEq;

use crate::domain::{ContactId, EventBody, Timestamp};
use crate::engine::Engine;
use crate::store::{NewEvent, StoreError};
use crate::whatsapp::signature;

/// The parameter of an address that carries the token; `t.js` knows it too.
const PARAMETER: &str = "ht";
/// Bytes that prove a token, and bytes of what it says: a contact, and the second in which it ends.
const PROOF: usize = 16;
const SAID: usize = 12;

impl Engine {
    /// The address behind a link, with a token where it leads to a page of the shop that may tell of visits.
    pub fn with_visit(&self, mut target: Url, contact: ContactId) -> Url {
        let settings = &self.settings().visits;
        if let Some(secret) = settings.secret.as_ref().filter(|_| settings.has(&target.origin().ascii_serialization()))
        {
            let token = seal(secret, contact, self.now() + settings.lifetime);
            target.query_pairs_mut().append_pair(PARAMETER, &token);
        }
        target
    }

    /// Whose visit a token is of, as long as it lasts.
    pub fn visitor(&self, token: &str) -> Option<ContactId> {
        open(self.settings().visits.secret.as_ref()?, token, self.now())
    }

    /// Records what a visitor did. `id` makes it count once.
    ///
    /// # Errors
    /// The database cannot take it now.
    pub async fn visited(&self, visitor: ContactId, id: &str, body: EventBody) -> Result<(), StoreError> {
        let kind = body.kind();
        let event = NewEvent::known(visitor, Some(format!("visit:{visitor}:{id}")), self.now(), body);
        self.store().append(vec![event]).await?;
        metrics::counter!("hotline_events_received_total", "kind" => kind).increment(1);
        Ok(())
    }
}

fn proved(secret: &SecretString, use_for: &str, bytes: &[u8]) -> [u8; 32] {
    signature::mac(secret, &[use_for.as_bytes(), bytes]).finalize().into_bytes().into()
}

/// Covers what is said, or uncovers it, by bytes that follow from the proof.
fn cover(secret: &SecretString, proof: &[u8], said: &mut [u8]) {
    let cover = proved(secret, "visit cover", proof);
    said.iter_mut().zip(cover).for_each(|(byte, cover)| *byte ^= cover);
}

fn seal(secret: &SecretString, contact: ContactId, until: Timestamp) -> String {
    let mut said = Vec::with_capacity(SAID);
    said.extend(contact.0.to_be_bytes());
    said.extend(u32::try_from(until.0 / 1000).unwrap_or(u32::MAX).to_be_bytes());
    let mut token = proved(secret, "visit proof", &said)[..PROOF].to_vec();
    cover(secret, &token, &mut said);
    token.extend(said);
    BASE64.encode(token)
}

fn open(secret: &SecretString, token: &str, now: Timestamp) -> Option<ContactId> {
    let token = BASE64.decode(token).ok().filter(|token| token.len() == PROOF + SAID)?;
    let (proof, covered) = token.split_at(PROOF);
    let mut said = covered.to_vec();
    cover(secret, proof, &mut said);
    let is_ours: bool = proved(secret, "visit proof", &said)[..PROOF].ct_eq(proof).into();
    let (contact, until) = said.split_at(8);
    let contact = i64::from_be_bytes(contact.try_into().ok()?);
    let until = u32::from_be_bytes(until.try_into().ok()?);
    (is_ours && now.0 / 1000 <= i64::from(until)).then_some(ContactId(contact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_contact_and_ends() {
        let secret: SecretString = "sixteen characters".into();
        let now = Timestamp(1_790_000_000_000);
        let token = seal(&secret, ContactId(4711), now);
        assert_eq!(token.len(), 38);
        assert_eq!(open(&secret, &token, now), Some(ContactId(4711)));
        assert_eq!(open(&secret, &token, Timestamp(now.0 + 1000)), None, "it is over");
        assert_eq!(open(&"another secret of the shop".into(), &token, now), None);
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'Q' } else { b'A' };
            assert_eq!(open(&secret, &String::from_utf8_lossy(&forged), now), None, "{at}");
        }
        assert_ne!(seal(&secret, ContactId(4712), now)[22..], token[22..], "the number does not show");
    }
}
