//! Whom the clock alone moves next in the world of a timeline, so that a line costs the same whether ten customers live in it
//! or ten thousand.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{ContactRef, Timestamp};

/// When each contact wakes next.
#[derive(Default)]
pub(crate) struct Wakes {
    by_time: BTreeSet<(Timestamp, ContactRef)>,
    of: BTreeMap<ContactRef, Timestamp>,
}

impl Wakes {
    /// Notes when a contact wakes next: to be told whenever anything happened to it.
    pub(crate) fn set(&mut self, contact: &ContactRef, wake: Option<Timestamp>) {
        if self.of.get(contact).copied() == wake {
            return;
        }
        let known = match wake {
            Some(wake) => self.of.insert(contact.clone(), wake),
            None => self.of.remove(contact),
        };
        if let Some(known) = known {
            self.by_time.remove(&(known, contact.clone()));
        }
        self.by_time.extend(wake.map(|wake| (wake, contact.clone())));
    }

    /// Who wakes until that moment, in the order of contacts.
    pub(crate) fn until(&self, until: Timestamp) -> BTreeSet<ContactRef> {
        self.by_time.iter().take_while(|(wake, _)| *wake <= until).map(|(_, contact)| contact.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    #[test]
    fn who_wakes_is_known_by_the_latest_word() {
        let contact = |user: &str| ContactRef::User(UserId(user.into()));
        let (ann, bob) = (contact("ann"), contact("bob"));
        let mut wakes = Wakes::default();
        wakes.set(&bob, Some(Timestamp(5)));
        wakes.set(&ann, Some(Timestamp(9)));
        assert_eq!(wakes.until(Timestamp(4)), BTreeSet::new());
        assert_eq!(wakes.until(Timestamp(9)), BTreeSet::from([ann.clone(), bob.clone()]));
        wakes.set(&bob, Some(Timestamp(10)));
        assert_eq!(wakes.until(Timestamp(9)), BTreeSet::from([ann.clone()]));
        wakes.set(&ann, None);
        assert_eq!(wakes.until(Timestamp(10)), BTreeSet::from([bob]));
    }
}
