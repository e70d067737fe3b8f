//! The gate: one pure function that says of a message that nobody asked for whether it may go now, and why not.

use chrono::Days;

use super::hours::{Hours, local, start_of_day};
use super::ledger::Sent;
use super::policy::Figures;
use super::{Condition, Ledger, Planned, Reason, Shared, Verdict, View};
use crate::domain::{Address, Colour, ContactRef, Duration, Timestamp};
use crate::places::country_of;

/// The smallest step of time: what counts "within" a length still does at its last moment.
const STEP: Duration = Duration::millis(1);
/// Holds that may follow on each other until a moment is found.
const HOLDS: usize = 12;

/// Asks whether a planned message may go at that moment. What forbids it for good comes before what puts it off, and what ends
/// last is the reason that counts.
pub fn gate(ledger: &Ledger, view: &View<'_>, planned: &Planned, shared: &Shared, now: Timestamp) -> Verdict {
    let asked = Asked { ledger, view, planned, shared, figures: &view.policy.figures };
    if let Some(why) = asked.forbidden(now) {
        return Verdict::Never { why };
    }
    if now > planned.not_after {
        return Verdict::Never { why: Condition::TooLate.into() };
    }
    if let (at, Some(why)) = asked.opens(now) {
        return Verdict::NotBefore { at, why };
    }
    match asked.window_open(now) {
        true => Verdict::Now,
        false => Verdict::OnlyTemplate { template: planned.template.clone(), why: Condition::WindowClosed.into() },
    }
}

/// Asks of a template that a person sends as their answer. Who is in charge is not held back by what keeps the bot from talking over
/// them, nor by how often it may write. What the customer wants and what Meta allows holds for them too, and marketing waits for the
/// customer's day as well; `shared` says whether it is.
pub fn gate_of_answer(ledger: &Ledger, view: &View<'_>, planned: &Planned, shared: &Shared, now: Timestamp) -> Verdict {
    let asked = Asked { ledger, view, planned, shared, figures: &view.policy.figures };
    if let Some(why) = asked.answer_forbidden() {
        return Verdict::Never { why: why.into() };
    }
    match asked.answer_put_off(now) {
        Some((at, why)) => Verdict::NotBefore { at, why },
        None => Verdict::Now,
    }
}

/// The hours of a day in which nothing goes out to this contact.
pub(super) fn closed(view: &View<'_>) -> (Hours, Hours) {
    view.policy.closed(view.contact.country)
}

struct Asked<'a> {
    ledger: &'a Ledger,
    view: &'a View<'a>,
    planned: &'a Planned,
    shared: &'a Shared,
    figures: &'a Figures,
}

impl Asked<'_> {
    fn is_marketing(&self) -> bool {
        self.figures.is_marketing(self.planned.kind)
    }

    fn window_open(&self, at: Timestamp) -> bool {
        self.view.contact.window_ends().is_some_and(|ends| at + self.figures.window_margin < ends)
    }

    /// Whether it must go as a template, and Meta takes that for marketing.
    fn leaves_as_marketing(&self, at: Timestamp) -> bool {
        let Planned { kind, template, .. } = self.planned;
        !self.window_open(at) && (self.shared.marketing || self.figures.is_marketing_to_meta(*kind, template))
    }

    /// What no waiting helps against.
    fn forbidden(&self, now: Timestamp) -> Option<Reason> {
        let (contact, trouble) = (self.view.contact, &self.ledger.trouble);
        let marketing = self.is_marketing();
        let template_of_marketing = self.leaves_as_marketing(now);
        let colour = self.view.colour.map(|(colour, _)| colour);
        let condition = match () {
            () if contact.opted_out => Condition::OptedOut,
            () if (marketing || template_of_marketing) && contact.marketing_out => Condition::MarketingOut,
            () if marketing && self.figures.opt_in_needed && !contact.opted_in => Condition::NotOptedIn,
            () if !self.view.bot_may_speak => Condition::PersonInCharge,
            () if marketing && self.view.has_complaint => Condition::ComplaintOpen,
            () if colour == Some(Colour::Grey) => Condition::Grey,
            () if self.yellow_without_end() => Condition::Yellow,
            () if marketing && self.ledger.unread_since.is_some_and(|since| now - since > self.figures.unread) => {
                Condition::Unread
            }
            () if trouble.is_unreachable(contact) => Condition::Unreachable,
            () if template_of_marketing && trouble.experiment => Condition::Experiment,
            () if template_of_marketing && self.is_without_marketing() => Condition::CountryWithoutMarketing,
            () => return self.misfit(),
        };
        Some(condition.into())
    }

    fn answer_forbidden(&self) -> Option<Condition> {
        let (contact, trouble, marketing) = (self.view.contact, &self.ledger.trouble, self.shared.marketing);
        Some(match () {
            () if contact.opted_out => Condition::OptedOut,
            () if marketing && contact.marketing_out => Condition::MarketingOut,
            () if marketing && self.figures.opt_in_needed && !contact.opted_in => Condition::NotOptedIn,
            () if marketing && self.view.has_complaint => Condition::ComplaintOpen,
            () if trouble.is_unreachable(contact) => Condition::Unreachable,
            () if marketing && trouble.experiment => Condition::Experiment,
            () if marketing && self.is_without_marketing() => Condition::CountryWithoutMarketing,
            () => return None,
        })
    }

    /// Until when an answer waits: for what ends last.
    fn answer_put_off(&self, now: Timestamp) -> Option<(Timestamp, Reason)> {
        let hours = self.hours(now).filter(|_| self.shared.marketing);
        let own = hours.into_iter().chain(self.by_meta(now)).map(|(until, condition)| (until, condition.into()));
        own.chain(self.shared.holds(true)).filter(|(until, _)| *until > now).max_by_key(|(until, _)| *until)
    }

    /// Meta looks at the number, wherever its owner lives. Where it is withheld, the user id tells the country.
    fn is_without_marketing(&self) -> bool {
        let Address { wa_id, user_id } = &self.view.contact.address;
        let number = wa_id.as_ref().and_then(|digits| digits.parse().ok()).map(ContactRef::Phone);
        let of_number = number.as_ref().and_then(country_of);
        let country = of_number.or_else(|| user_id.as_ref()?.country()).or(self.view.contact.country);
        country.is_some_and(|country| self.figures.no_marketing_templates.contains(&country))
    }

    fn misfit(&self) -> Option<Reason> {
        if !self.figures.fits(self.planned, self.view.holds) {
            let detail = Some("no tag tells of an interest in it (INT-20)".into());
            return Some(Reason { condition: Condition::Misfit, detail });
        }
        let forbid = self.figures.forbid.iter();
        let found = forbid.filter(|row| row.is_about(self.planned)).find(|row| row.concerns(self.view.holds))?;
        Some(Reason { condition: found.condition, detail: Some(found.why.clone()) })
    }

    fn in_yellow(&self) -> Option<Option<Timestamp>> {
        let concerns = self.figures.not_in_yellow.contains(&self.planned.kind);
        self.view.colour.filter(|(colour, _)| concerns && *colour == Colour::Yellow).map(|(_, until)| until)
    }

    fn yellow_without_end(&self) -> bool {
        self.in_yellow() == Some(None)
    }

    /// The first moment from then on at which nothing puts it off, and why it is not that very moment.
    fn opens(&self, from: Timestamp) -> (Timestamp, Option<Reason>) {
        let (mut at, mut first) = (from, None);
        for _ in 0..HOLDS {
            let Some((until, why)) = self.put_off(at) else { break };
            first.get_or_insert(why);
            at = until.max(at + STEP);
        }
        (at, first)
    }

    /// Until when it is put off at that moment: by what ends last.
    fn put_off(&self, now: Timestamp) -> Option<(Timestamp, Reason)> {
        let own = self.hours(now).into_iter().chain(self.caps(now)).chain(self.by_meta(now));
        let own = own.map(|(until, condition)| (until, condition.into()));
        own.chain(self.shared.holds(!self.window_open(now)))
            .filter(|(until, _)| *until > now)
            .max_by_key(|(until, _)| *until)
    }

    fn hours(&self, now: Timestamp) -> Option<(Timestamp, Condition)> {
        let (quiet, worst) = closed(self.view);
        let condition = match () {
            () if quiet.contain(now, self.view.zone) => Condition::QuietHours,
            () if worst.contain(now, self.view.zone) => Condition::WorstSlot,
            () => return None,
        };
        // Where no hour of the day is left, the next day is no better: it is put off past any use.
        let open = Hours::ALL.without(quiet.and(worst)).next(now, self.view.zone);
        Some((open.unwrap_or(now + Duration::days(365)), condition))
    }

    fn caps(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Condition)> {
        let sent = &self.ledger.sent;
        let zone = self.view.zone;
        let today = local(now, zone).0;
        let on_day = sent.iter().filter(|sent| local(sent.at, zone).0 == today).count();
        let tomorrow = today.checked_add_days(Days::new(1)).and_then(|day| start_of_day(day, zone));
        let day = tomorrow.filter(|_| on_day >= self.figures.per_day).map(|at| (at, Condition::DayFull));
        let gap = sent.last().map(|last| (last.at + self.figures.gap, Condition::Gap));
        let answered = self.view.contact.last_inbound;
        let unanswered = |sent: &Sent| Some(sent.at) > answered;
        let unanswered = full(sent, self.figures.unanswered, self.figures.unanswered_for, now, unanswered)
            .map(|until| (until, Condition::Unanswered));
        let caps = self.figures.cap.iter().filter_map(move |cap| {
            let (kind, rule) = (self.planned.kind, &*self.planned.rule);
            if !cap.holds_back(kind, rule) || !cap.concerns(self.view.holds) {
                return None;
            }
            let until = full(sent, cap.most, cap.within, now, |sent| cap.counts(sent.kind, &sent.rule))?;
            Some((until, cap.condition))
        });
        day.into_iter().chain(gap).chain(unanswered).chain(caps)
    }

    /// What Meta's own answers put off.
    fn by_meta(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Condition)> {
        let trouble = &self.ledger.trouble;
        let capped = trouble.capped_until.filter(|_| self.leaves_as_marketing(now));
        let yellow = self.in_yellow().flatten();
        let all = [
            (capped, Condition::UserCapped),
            (trouble.unreachable_until, Condition::Unreachable),
            (yellow, Condition::Yellow),
        ];
        all.into_iter().filter_map(|(until, condition)| Some((until?, condition)))
    }
}

/// When there is room again, where as many as may be were sent within that time.
fn full(
    sent: &[Sent],
    most: usize,
    within: Duration,
    now: Timestamp,
    counts: impl Fn(&Sent) -> bool,
) -> Option<Timestamp> {
    let counted = sent.iter().rev().filter(|sent| now - sent.at <= within && counts(sent));
    match most.checked_sub(1) {
        Some(index) => counted.map(|sent| sent.at + within + STEP).nth(index),
        // None at all may go, as long as this holds.
        None => Some(now + within),
    }
}
