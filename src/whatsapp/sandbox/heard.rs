//! The ids of what customers wrote: only these can be marked as read (section 4.2).

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// Ids that are kept: some minutes of the fastest number. Meta keeps 30 days; our own figure.
const KEPT: usize = 200_000;

/// The last ids, the oldest forgotten first.
#[derive(Debug, Default)]
pub(super) struct Heard {
    known: HashSet<Arc<str>>,
    in_order: VecDeque<Arc<str>>,
}

impl Heard {
    pub(super) fn add(&mut self, id: &str) {
        let id: Arc<str> = id.into();
        self.known.insert(id.clone());
        self.in_order.push_back(id);
        if self.in_order.len() > KEPT
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.known.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let mut heard = Heard::default();
        (0..=KEPT).for_each(|n| heard.add(&n.to_string()));
        assert!(!heard.has("0") && heard.has("1") && heard.has(&KEPT.to_string()));
        assert_eq!((heard.known.len(), heard.in_order.len()), (KEPT, KEPT));
    }
}
