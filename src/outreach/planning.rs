//! What is to come for a contact: planned for the best moment, asked for when it is due, put off or dropped.

use std::sync::Arc;

use super::gate::{closed, gate};
use super::hours::local;
use super::ledger::{Departure, Ledger, Sent};
use super::moment::{Wish, stable};
use super::{Condition, Planned, Reason, Shared, Verdict, View};
use crate::domain::{Duration, FollowUpRequest, Timestamp};

/// Over so long what goes to many is spread where something put it off.
const APART: Duration = Duration::minutes(15);

impl Ledger {
    /// What waits, in the order in which it was planned.
    pub fn planned(&self) -> impl Iterator<Item = &Planned> {
        self.planned.iter()
    }

    /// Plans a message for the best moment of its time. A rule plans one at a time for a product, or for the orders that it is
    /// about; the newest plan is the one that counts. Who wants no messages is not even planned for: the reason is the answer.
    pub fn plan(&mut self, request: &FollowUpRequest, view: &View<'_>, now: Timestamp) -> Option<Verdict> {
        let is_other = |planned: &Planned| planned.product != request.product || planned.orders != request.orders;
        self.planned.retain(|planned| planned.rule != request.rule || is_other(planned));
        let verdict = gate(self, view, request, &Shared::default(), now);
        let consent = [Condition::OptedOut, Condition::MarketingOut, Condition::NotOptedIn];
        if verdict.why().is_some_and(|why| consent.contains(&why.condition)) {
            return Some(verdict);
        }
        let mut planned = request.clone();
        planned.at = Some(self.aimed(&planned, view, now));
        self.planned.push(planned);
        None
    }

    /// Where no moment is left it is asked once more when it is due: much may change until then.
    fn aimed(&self, planned: &Planned, view: &View<'_>, now: Timestamp) -> Timestamp {
        let from = planned.not_before.max(now);
        self.moment(planned, view, from).unwrap_or_else(|| best(self, planned, view, from))
    }

    /// What is still to come in a window of the calendar waits for that window where they are now.
    pub fn wait_anew(&mut self, now: Timestamp, window: impl Fn(&str) -> Option<(Timestamp, Timestamp)>) {
        for planned in self.planned.iter_mut().filter(|planned| planned.not_before > now) {
            if let Some((from, until)) = window(&planned.rule) {
                (planned.not_before, planned.not_after, planned.at) = (from, until, Some(from));
            }
        }
    }

    /// Where they are is news: what is still to come goes in the best hours of that place.
    pub fn aim_anew(&mut self, view: &View<'_>, now: Timestamp) {
        let is_to_come = |planned: &Planned| planned.at.is_none_or(|at| at > now);
        let aimed =
            |planned: &Planned| if is_to_come(planned) { Some(self.aimed(planned, view, now)) } else { planned.at };
        let moments: Vec<_> = self.planned.iter().map(aimed).collect();
        for (planned, at) in self.planned.iter_mut().zip(moments) {
            planned.at = at;
        }
    }

    /// What a rule planned is not wanted any more; with an order, only what is about that one.
    pub fn cancel(&mut self, rule: &Arc<str>, order: Option<&String>) {
        let stays = |planned: &Planned| order.is_some_and(|order| !planned.orders.contains(order));
        self.planned.retain(|planned| planned.rule != *rule || stays(planned));
    }

    /// When a message goes that may not go before `from`: marketing in the best hours, everything else as soon as it may.
    /// `None` where its time would pass.
    pub fn moment(&self, planned: &Planned, view: &View<'_>, from: Timestamp) -> Option<Timestamp> {
        let open = match gate(self, view, planned, &Shared::default(), from) {
            Verdict::Now | Verdict::OnlyTemplate { .. } => from,
            Verdict::NotBefore { at, .. } => self.apart(planned, view, at),
            Verdict::Never { .. } => from,
        };
        (open <= planned.not_after).then(|| best(self, planned, view, open))
    }

    /// A campaign's messages that were put off for the same reason do not all go at the moment when it ends.
    fn apart(&self, planned: &Planned, view: &View<'_>, at: Timestamp) -> Timestamp {
        let share = stable(view.contact.id.0, &planned.rule) % APART.0.unsigned_abs();
        let later = at + Duration::millis(share as i64);
        let may = || gate(self, view, planned, &Shared::default(), later).lets_go();
        if planned.campaign.is_some() && later <= planned.not_after && may() { later } else { at }
    }

    /// When the next plan is to be looked at.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.planned.iter().map(Planned::due).min()
    }

    /// Takes the plan that is due, decided by the gate: sent now, put off, or dropped. A plan whose latest time would pass while
    /// it waits is dropped: kept or not at all, never late (SEND-14). Of several the one goes first that the shop puts first.
    pub fn due(&mut self, view: &View<'_>, now: Timestamp) -> Option<(Planned, Verdict)> {
        let due = self.planned.iter().enumerate().filter(|(_, planned)| planned.due() <= now);
        let first = due.min_by_key(|(_, planned)| (view.policy.figures.rank(&planned.template), planned.not_after));
        let mut planned = self.planned.remove(first?.0);
        let verdict = gate(self, view, &planned, &Shared::default(), now);
        if verdict.lets_go()
            && let Some(first) = self.before(&planned, view, now)
        {
            let detail = Some(format!("{} stands first", first.template));
            let (at, why) = (first.due(), Reason { condition: Condition::DayFull, detail });
            planned.at = Some(at);
            self.planned.push(planned.clone());
            return Some((planned, Verdict::NotBefore { at, why }));
        }
        let Verdict::NotBefore { why, .. } = verdict else { return Some((planned, verdict)) };
        let Some(at) = self.moment(&planned, view, now) else {
            let detail = Some(why.to_string());
            return Some((planned, Verdict::Never { why: Reason { condition: Condition::TooLate, detail } }));
        };
        planned.at = Some(at.max(now + Duration::millis(1)));
        self.planned.push(planned.clone());
        Some((planned, Verdict::NotBefore { at, why }))
    }

    /// What is planned for later on the same day, stands before a message (G-30), and could not go any more if that one went now. A
    /// message that cannot wait so long gives way to none.
    fn before(&self, planned: &Planned, view: &View<'_>, now: Timestamp) -> Option<&Planned> {
        let rank = |planned: &Planned| view.policy.figures.rank(&planned.template);
        let day = |at: Timestamp| local(at, view.zone).0;
        let is_first = |other: &&Planned| {
            let due = other.due();
            rank(other) < rank(planned) && due > now && due <= planned.not_after && day(due) == day(now)
        };
        let mut first: Vec<&Planned> = self.planned.iter().filter(is_first).collect();
        if first.is_empty() {
            return None;
        }
        let may = |ledger: &Self, other: &Planned| gate(ledger, view, other, &Shared::default(), other.due()).lets_go();
        let mut after = self.clone();
        after.note(Sent { at: now, kind: planned.kind, rule: planned.rule.clone(), number: 0 }, view.policy);
        first.retain(|other| may(self, other) && !may(&after, other));
        first.into_iter().min_by_key(|other| other.due())
    }

    /// Asks once more for a message that was decided, now that it is about to leave: it does not count against itself, and of the
    /// others counts what left, when it left.
    pub fn ask_again(
        &self,
        (planned, number): (&Planned, i64),
        departures: &[Departure],
        view: &View<'_>,
        shared: &Shared,
        now: Timestamp,
    ) -> Verdict {
        let mut others = self.clone();
        let is_known = |sent: &Sent| departures.iter().any(|departure| departure.number == sent.number);
        others.sent.retain(|sent| sent.number != number && !is_known(sent));
        for departure in departures.iter().filter(|departure| departure.number != number) {
            let Departure { number, left, kind, rule } = departure.clone();
            if let Some(at) = left.filter(|at| *at >= now - view.policy.figures.remembers()) {
                others.note(Sent { at, kind, rule, number }, view.policy);
            }
        }
        gate(&others, view, planned, shared, now)
    }
}

/// The best moment from then on for what is marketing; everything else goes at once.
fn best(ledger: &Ledger, planned: &Planned, view: &View<'_>, from: Timestamp) -> Timestamp {
    if !view.policy.figures.waits_for_best(planned) {
        return from;
    }
    let (quiet, worst) = closed(view);
    let (habits, closed, until) = (&ledger.habits, quiet.and(worst), planned.not_after);
    view.policy.slots.best(&Wish { view, habits, planned, closed, from, until }).unwrap_or(from)
}
