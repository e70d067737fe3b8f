//! What customers wrote while nothing of it reached us: the shop was down, or Meta could not deliver.

use super::fold::Folding;
use crate::domain::{Duration, Evidence, HandoffRequest, Standing, Timestamp};
use crate::rulebook::Occurrence;

/// So long Meta delivers what it could not deliver (section 1.3).
const DELIVERED_FOR: Duration = Duration::days(7);

impl Folding<'_> {
    /// What they wrote reached us when WhatsApp takes no more words of ours: a person sees to it. Who only wants no more messages waits
    /// for nobody, nor does whoever wrote so long ago that another program tells of it.
    pub(super) fn came_too_late(&mut self, asked: Option<HandoffRequest>, standing: Standing, now: Timestamp) {
        let contact = &self.state.contact;
        let wrote = contact.last_inbound.filter(|at| now - *at <= DELIVERED_FOR && contact.last_out != Some(*at));
        let (Some(_), Standing::Bot) = (wrote, standing) else { return };
        let figure = "wrote more than 24 hours before it reached us: WhatsApp takes templates only".to_owned();
        let late = || HandoffRequest {
            reason: HandoffRequest::CAME_LATE.into(),
            promise: Duration::minutes(30),
            evidence: Evidence { by: "dialogue".into(), figure, ..Evidence::default() },
        };
        let moved = self.state.desk.open(&asked.unwrap_or_else(late), &self.knowledge.shop, now);
        if self.desk_moved(moved, now) {
            self.rules(Occurrence::HandedOff, now);
        }
    }
}
