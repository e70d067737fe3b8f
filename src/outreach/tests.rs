//! Every condition of the gate, alone and in pairs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

use std::path::Path;

use super::*;
use crate::domain::{
    Colour, Contact, Content, Duration, Event, EventBody, MessageKind, Outgoing, SentEvent, SourceFile, StatusEvent,
    StatusKind, Timestamp,
};

/// Wednesday, 10:00 in Taipei: nothing stands in the way.
const NOW: &str = "2026-03-04T10:00:00+08:00";

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// The shipped figures, but with quiet hours that leave the worst hours of Taiwan to themselves.
fn policy(opt_in_needed: bool) -> Policy {
    let file = |path: &str| {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("keywords").join(path)).unwrap();
        let text = text.replace("quiet = \"22:00-08:00\"", "quiet = \"22:00-02:00\"");
        let text = text.replace("opt_in_needed = false", &format!("opt_in_needed = {opt_in_needed}"));
        SourceFile { path: path.into(), text }
    };
    let (policy, problems) = Policy::compile(&[file("outreach.toml"), file("slots.toml")]);
    policy.unwrap_or_else(|| panic!("{problems:?}"))
}

/// A customer and a promotion that may go, until something is arranged.
struct Desk {
    contact: Contact,
    colour: Option<(Colour, Option<Timestamp>)>,
    tags: Vec<&'static str>,
    bot_may_speak: bool,
    has_complaint: bool,
    ledger: Ledger,
    planned: Planned,
    shared: Shared,
    policy: Policy,
    now: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let contact = Contact {
            country: Some("TW".parse().unwrap()),
            last_inbound: Some(at(NOW) - Duration::hours(2)),
            ..Contact::default()
        };
        let planned = Planned {
            rule: "offer".into(),
            catalogue: Vec::new(),
            kind: MessageKind::Promotion,
            template: "offer".into(),
            product: None,
            category: None,
            campaign: None,
            rest: None,
            orders: Vec::new(),
            not_before: at(NOW) - Duration::days(1),
            at: None,
            not_after: at(NOW) + Duration::days(60),
        };
        Self {
            contact,
            colour: None,
            tags: Vec::new(),
            bot_may_speak: true,
            has_complaint: false,
            ledger: Ledger::default(),
            planned,
            shared: Shared::default(),
            policy: policy(false),
            now: at(NOW),
        }
    }

    fn look<R>(&mut self, then: impl FnOnce(&mut Ledger, &View<'_>) -> R) -> R {
        let tags = &self.tags;
        let holds = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => tags.iter().any(|tag| tag.starts_with(start)),
            None => tags.contains(&pattern),
        };
        let view = View {
            contact: &self.contact,
            zone: chrono_tz::Asia::Taipei,
            colour: self.colour,
            bot_may_speak: self.bot_may_speak,
            has_complaint: self.has_complaint,
            holds: &holds,
            policy: &self.policy,
        };
        then(&mut self.ledger, &view)
    }

    fn ask(&mut self) -> Verdict {
        let (planned, shared, now) = (self.planned.clone(), self.shared.clone(), self.now);
        self.look(|ledger, view| gate(ledger, view, &planned, &shared, now))
    }

    fn happened(&mut self, before: &str, body: EventBody) {
        let when = at(NOW) - Duration::parse(before).unwrap();
        let event = Event { seq: 1, at: when, received: when, body };
        self.look(|ledger, view| ledger.observe(&event, (None, false), view));
    }

    fn sent(&mut self, before: &str, kind: MessageKind, by: &str) {
        let sent = SentEvent {
            message: before.into(),
            kind,
            product: None,
            category: None,
            campaign: None,
            link: false,
            by: by.into(),
            text: None,
            past: false,
        };
        self.happened(before, EventBody::Sent(sent));
    }

    fn status(&mut self, before: &str, status: StatusKind, error: Option<i64>) {
        self.happened(before, EventBody::Status(StatusEvent { message: "m".into(), status, error, wamid: None }));
    }

    fn held(&self) -> Option<Held> {
        Some(Held { until: at(NOW) + Duration::hours(1), why: "for a test".into() })
    }

    /// Makes a condition hold, and nothing else that would stand in the way.
    fn arrange(&mut self, condition: Condition) {
        use Condition as C;
        match condition {
            C::OptedOut => self.contact.opted_out = true,
            C::MarketingOut => self.contact.marketing_out = true,
            C::NotOptedIn => self.policy = policy(true),
            C::PersonInCharge => self.bot_may_speak = false,
            C::ComplaintOpen => self.has_complaint = true,
            C::Grey => self.colour = Some((Colour::Grey, None)),
            C::Yellow => self.colour = Some((Colour::Yellow, Some(at(NOW) + Duration::days(2)))),
            C::TutorialsOnly => self.tags.push("potential/low-spend-high-open"),
            C::Misfit => {
                self.tags.push("bought/headphones");
                self.planned.category = Some("fashion/dress".into());
            }
            C::Unread => {
                self.status("63d", StatusKind::Read, None);
                self.sent("61d", MessageKind::Reply, "bot");
            }
            C::Unreachable => self.status("1h", StatusKind::Failed, Some(131_026)),
            C::Experiment => {
                self.arrange(C::WindowClosed);
                self.status("5d", StatusKind::Failed, Some(130_472));
            }
            C::CountryWithoutMarketing => {
                self.arrange(C::WindowClosed);
                // A number of the United States counts, wherever its owner lives.
                self.contact.address.wa_id = Some("12125550142".into());
            }
            C::QuietHours => self.now = at("2026-03-04T23:00:00+08:00"),
            C::WorstSlot => self.now = at("2026-03-04T04:00:00+08:00"),
            C::DayFull => self.sent("5h", MessageKind::Reminder, "bot"),
            C::Gap => {
                // Yesterday evening, so that the day is not full.
                self.now = at("2026-03-04T02:30:00+08:00");
                self.sent("10h30m", MessageKind::Reminder, "bot");
            }
            C::Unanswered => {
                self.arrange(C::WindowClosed);
                self.sent("4d", MessageKind::Reminder, "bot");
                self.sent("3d", MessageKind::Reminder, "bot");
            }
            C::WeekFull => ["6d", "4d", "2d"].iter().for_each(|ago| self.sent(ago, MessageKind::Reminder, "bot")),
            C::MonthFull => {
                let days = ["29d", "26d", "23d", "20d", "17d", "14d", "11d", "8d"];
                days.iter().for_each(|ago| self.sent(ago, MessageKind::Reminder, "bot"));
            }
            C::TopFull => {
                self.tags.push("offer/scarcity");
                ["20d", "15d", "10d"].iter().for_each(|ago| self.sent(ago, MessageKind::Product, "bot"));
            }
            C::RuleFull => {
                self.planned.rule = "colour-orange-case-study".into();
                self.sent("8d", MessageKind::CaseStudy, "colour-orange-case-study");
            }
            C::GreenCadence => {
                self.tags.push("color/light-green");
                self.sent("29d", MessageKind::Tutorial, "bot");
            }
            C::WeeklyOffer => {
                self.tags.push("stage/2");
                self.sent("6d", MessageKind::Promotion, "bot");
            }
            C::WakeUp => {
                self.tags.push("heat/low");
                self.sent("47h", MessageKind::Reminder, "bot");
            }
            C::UserCapped => {
                self.arrange(C::WindowClosed);
                self.status("1h", StatusKind::Failed, Some(131_049));
            }
            C::AccountHeld => self.shared.account = self.held(),
            C::NumberHeld => self.shared.number = self.held(),
            C::TemplateHeld => {
                self.arrange(C::WindowClosed);
                self.shared.template = self.held();
            }
            C::PortfolioFull => {
                self.arrange(C::WindowClosed);
                self.shared.portfolio = self.held();
            }
            C::WarmUp => {
                self.arrange(C::WindowClosed);
                self.shared.warm_up = self.held();
            }
            C::BudgetSpent => self.shared.budget = self.held(),
            C::WindowClosed => self.contact.last_inbound = Some(at(NOW) - Duration::days(8)),
            C::TooLate => self.planned.not_after = at(NOW) - Duration::hours(12),
        }
    }
}

#[test]
fn a_person_s_template_is_held_by_what_the_customer_wants_and_meta_allows_alone() {
    use Condition as C;
    let always =
        [C::OptedOut, C::Unreachable, C::AccountHeld, C::NumberHeld, C::TemplateHeld, C::PortfolioFull, C::WarmUp];
    let marketing_alone = [
        C::MarketingOut,
        C::NotOptedIn,
        C::ComplaintOpen,
        C::Experiment,
        C::CountryWithoutMarketing,
        C::QuietHours,
        C::WorstSlot,
        C::UserCapped,
    ];
    // A person's template is of no campaign.
    for condition in C::ALL.into_iter().filter(|condition| *condition != C::BudgetSpent) {
        for marketing in [false, true] {
            let mut desk = Desk::new();
            desk.arrange(condition);
            desk.arrange(C::WindowClosed);
            desk.planned.kind = MessageKind::Reply;
            desk.shared.marketing = marketing;
            let (planned, shared, now) = (desk.planned.clone(), desk.shared.clone(), desk.now);
            let verdict = desk.look(|ledger, view| gate_of_answer(ledger, view, &planned, &shared, now));
            let holds = always.contains(&condition) || marketing && marketing_alone.contains(&condition);
            let why = verdict.why().map(|why| why.condition);
            assert_eq!(why, holds.then_some(condition), "marketing {marketing}: {verdict}");
        }
    }
}

/// How strict a verdict is.
fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Now => 0,
        Verdict::OnlyTemplate { .. } => 1,
        Verdict::NotBefore { .. } => 2,
        Verdict::Never { .. } => 3,
    }
}

fn opens(verdict: &Verdict) -> Option<Timestamp> {
    match verdict {
        Verdict::NotBefore { at, .. } => Some(*at),
        _ => None,
    }
}

#[test]
fn nothing_stands_in_the_way_of_a_welcome_message() {
    assert_eq!(Desk::new().ask(), Verdict::Now);
}

#[test]
fn each_condition_alone_is_the_reason_that_is_told() {
    for condition in Condition::ALL {
        let mut desk = Desk::new();
        desk.arrange(condition);
        let verdict = desk.ask();
        let why = verdict.why().unwrap_or_else(|| panic!("{condition:?} is no reason: {verdict}"));
        assert_eq!(why.condition, condition, "{verdict}");
        let expected = match condition {
            Condition::WindowClosed => 1,
            Condition::OptedOut
            | Condition::MarketingOut
            | Condition::NotOptedIn
            | Condition::PersonInCharge
            | Condition::ComplaintOpen
            | Condition::Grey
            | Condition::TutorialsOnly
            | Condition::Misfit
            | Condition::Unread
            | Condition::Experiment
            | Condition::CountryWithoutMarketing
            | Condition::TooLate => 3,
            _ => 2,
        };
        assert_eq!(rank(&verdict), expected, "{condition:?}: {verdict}");
        assert!(verdict.to_string().contains(condition.source()), "{verdict}");
        // What is put off may go at the moment that it is put off to, and not a moment before.
        if let Some(open) = opens(&verdict) {
            let now = desk.now;
            desk.now = open;
            assert!(rank(&desk.ask()) < 2, "{condition:?} at {open}: {}", desk.ask());
            desk.now = Timestamp(open.0 - 1);
            assert!(open > now && rank(&desk.ask()) >= 2, "{condition:?} just before {open}: {}", desk.ask());
        }
    }
}

/// Pairs that cannot hold together: both are about the same colour, or the same moment.
fn exclude_each_other(one: Condition, other: Condition) -> bool {
    use Condition as C;
    let groups: [&[Condition]; 3] =
        [&[C::Grey, C::Yellow], &[C::QuietHours, C::WorstSlot, C::Gap], &[C::WorstSlot, C::CountryWithoutMarketing]];
    groups.iter().any(|group| group.contains(&one) && group.contains(&other))
}

#[test]
fn of_two_conditions_the_stricter_one_wins() {
    let alone = |condition| {
        let mut desk = Desk::new();
        desk.arrange(condition);
        desk.ask()
    };
    let mut pairs = 0;
    for one in Condition::ALL {
        for other in Condition::ALL.into_iter().filter(|other| *other != one && !exclude_each_other(one, *other)) {
            let mut desk = Desk::new();
            desk.arrange(one);
            desk.arrange(other);
            let verdict = desk.ask();
            let (first, second) = (alone(one), alone(other));
            let strictest = rank(&first).max(rank(&second));
            assert!(rank(&verdict) >= strictest, "{one:?} and {other:?}: {verdict}");
            // Together they may put it off for longer than either, never for less.
            if rank(&verdict) == 2 && rank(&first) == 2 && rank(&second) == 2 && desk.now == at(NOW) {
                let latest = opens(&first).max(opens(&second));
                assert!(opens(&verdict) >= latest, "{one:?} and {other:?}: {verdict}, alone {latest:?}");
            }
            pairs += 1;
        }
    }
    assert!(pairs > 1_000, "{pairs}");
}

#[test]
fn a_promise_is_kept_in_the_best_hours_or_dropped_and_never_late() {
    // At half past three in Taiwan, on a workday: the next good slot is the heart of the lunch break (F-22).
    let mut desk = Desk::new();
    desk.now = at("2026-03-04T03:30:00+08:00");
    let mut request =
        Planned { not_before: desk.now, not_after: desk.now + Duration::hours(24), ..desk.planned.clone() };
    let planned_at = |desk: &mut Desk, request: &Planned| {
        let now = desk.now;
        desk.look(|ledger, view| ledger.plan(request, view, now));
        desk.ledger.planned().next().unwrap().due()
    };
    let slot = planned_at(&mut desk, &request);
    assert!((at("2026-03-04T13:30:00+08:00")..at("2026-03-04T14:00:00+08:00")).contains(&slot), "{slot}");
    // What waits until then and is too late by then goes as soon as it may instead.
    request.not_after = at("2026-03-04T09:30:00+08:00");
    assert_eq!(planned_at(&mut desk, &request), at("2026-03-04T06:00:00+08:00"));
    // A message of another kind does not wait for the best hours.
    let service = Planned { kind: MessageKind::Service, not_after: desk.now + Duration::hours(24), ..request.clone() };
    assert_eq!(planned_at(&mut desk, &service), at("2026-03-04T06:00:00+08:00"));
    // In quiet hours until past its latest time: dropped.
    desk.now = at("2026-03-04T23:00:00+08:00");
    request.not_after = at("2026-03-05T01:00:00+08:00");
    planned_at(&mut desk, &request);
    let now = desk.now;
    let (_, verdict) = desk.look(|ledger, view| ledger.due(view, now)).unwrap();
    assert_eq!(verdict.why().unwrap().condition, Condition::TooLate, "{verdict}");
    assert_eq!((rank(&verdict), desk.ledger.planned().count()), (3, 0));
}

#[test]
fn a_habit_comes_before_the_country_and_messages_to_many_are_spread() {
    let mut desk = Desk::new();
    desk.tags.push("slot/thu-evening");
    let request = Planned { not_before: desk.now, not_after: desk.now + Duration::days(7), ..desk.planned.clone() };
    let mut moments = std::collections::BTreeSet::new();
    for contact in 0..200 {
        desk.contact.id = crate::domain::ContactId(contact);
        let now = desk.now;
        desk.look(|ledger, view| ledger.plan(&request, view, now));
        let moment = desk.ledger.planned().next().unwrap().due();
        assert!((at("2026-03-05T20:00:00+08:00")..at("2026-03-05T22:00:00+08:00")).contains(&moment), "{moment}");
        moments.insert(moment.0 / 60_000);
    }
    assert!(moments.len() > 60, "200 customers in {} different minutes", moments.len());
}

#[test]
fn a_campaign_about_a_product_goes_to_those_whose_tags_fit_it() {
    let ask = |tags: &[&'static str], category: Option<&str>, campaign: Option<&str>| {
        let mut desk = Desk::new();
        desk.tags = tags.to_vec();
        (desk.planned.category, desk.planned.campaign) = (category.map(Into::into), campaign.map(Into::into));
        desk.ask()
    };
    let spring = Some("spring");
    assert!(ask(&["value/vip"], Some("appliances/coffee_machine"), spring).to_string().contains("INT-20"));
    for fits in ["category/appliances/blender", "interest/potential/coffee-machine", "bought/coffee-machine"] {
        assert_eq!(ask(&[fits], Some("appliances/coffee_machine"), spring), Verdict::Now, "{fits}");
    }
    assert_eq!(ask(&[], None, spring), Verdict::Now, "it is about no product");
    assert_eq!(ask(&[], Some("appliances/coffee_machine"), None), Verdict::Now, "a rule has a reason of its own");
}

#[test]
fn caps_count_what_left_when_it_left() {
    let ask = |desk: &mut Desk, departures: &[Departure]| {
        let (planned, shared, now) = (desk.planned.clone(), desk.shared.clone(), desk.now);
        desk.look(|ledger, view| ledger.ask_again((&planned, 8), departures, view, &shared, now))
    };
    let departure = |number, left: Option<&str>| Departure {
        number,
        left: left.map(|before| at(NOW) - Duration::parse(before).unwrap()),
        kind: MessageKind::Service,
        rule: "campaign:one".into(),
    };
    // Decided two days ago, and held until an hour ago.
    let mut desk = Desk::new();
    let left = ask(&mut desk, &[departure(7, Some("1h")), departure(8, None)]);
    assert_eq!(left.why().map(|why| why.condition), Some(Condition::DayFull), "{left}");
    assert_eq!(ask(&mut desk, &[departure(7, None), departure(8, None)]), Verdict::Now, "it waits, or was dropped");
    // What somebody else sent in our name stands in no outbox, and counts.
    desk.sent("5h", MessageKind::Reminder, "bot");
    let others = ask(&mut desk, &[departure(8, None)]);
    assert_eq!(others.why().map(|why| why.condition), Some(Condition::DayFull), "{others}");
}

#[test]
fn a_notice_of_the_shops_other_systems_counts_for_no_limit() {
    let mut desk = Desk::new();
    desk.sent("5h", MessageKind::Service, "bot");
    assert_eq!(desk.ask(), Verdict::Now);
    desk.sent("4h30m", MessageKind::Service, "campaign:one");
    assert_eq!(desk.ask().why().map(|why| why.condition), Some(Condition::DayFull));
}

#[test]
fn what_did_not_reach_the_customer_fills_no_day() {
    let mut desk = Desk::new();
    let message = Outgoing {
        number: 7,
        rule: Some("campaign:one".into()),
        ..Outgoing::of_bot(
            MessageKind::Service,
            Content::Text { body: "news".into() },
            at(NOW) - Duration::hours(5),
            at(NOW) + Duration::days(1),
        )
    };
    desk.look(|ledger, view| ledger.sent(&message, view.policy));
    assert_eq!(desk.ask().why().map(|why| why.condition), Some(Condition::DayFull));
    desk.happened("1h", EventBody::Unsent { number: 7 });
    assert_eq!(desk.ask(), Verdict::Now);
}

/// What Meta has made marketing is refused to those who want none, and put off for those whom Meta spares it; inside the service
/// window it is no template at all.
#[test]
fn a_template_that_meta_has_made_marketing_leaves_as_such_whatever_it_is_to_us() {
    let ask = |condition, marketing: bool, window: bool| {
        let mut desk = Desk::new();
        desk.arrange(condition);
        desk.planned.kind = MessageKind::Service;
        desk.contact.last_inbound = Some(at(NOW) - if window { Duration::hours(2) } else { Duration::days(8) });
        desk.shared.marketing = marketing;
        desk.ask().why().map(|why| why.condition)
    };
    let conditions =
        [Condition::MarketingOut, Condition::Experiment, Condition::CountryWithoutMarketing, Condition::UserCapped];
    for condition in conditions {
        assert_eq!(ask(condition, true, false), Some(condition));
        assert_eq!(ask(condition, false, false), Some(Condition::WindowClosed), "{condition:?}");
        assert_eq!(ask(condition, true, true), None, "{condition:?}");
    }
}
