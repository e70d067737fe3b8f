//! What Meta enforces on messages, as a model with the clock passed in (sections 5.1 to 5.5). The sandbox serves it over HTTP,
//! `hotline simulate` plays months of it in memory. Where Meta publishes no figure, the one here is our own and says so.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use super::quality::{Quality, Record};
use crate::domain::{Contact, Duration, Timestamp};

/// The moving time in which the portfolio's customers are counted (section 5.2).
pub const PORTFOLIO_WINDOW: Duration = Duration::hours(24);
/// Messages a second of a number that Meta has not upgraded, of one that it has, and of one that is used in the WhatsApp Business app
/// as well (section 5.3).
const PACES: [u32; 3] = [80, 1_000, 20];
/// How long a template rests the first and the second time; the third time it is disabled (section 5.4).
const PAUSES: [Duration; 2] = [Duration::hours(3), Duration::hours(6)];

/// The limits of a number and its portfolio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Messages a second that the number may send (section 5.3).
    pub messages_per_second: u32,
    /// Different customers that templates may reach outside their windows in 24 h; `None` is unlimited.
    pub portfolio: Option<u32>,
    /// Marketing templates that one customer gets in a week (131049). Meta's own figure moves; `None` is no cap.
    pub marketing_cap: Option<u32>,
}

impl Rules {
    /// A number with this throughput and no other limit.
    pub fn unlimited(messages_per_second: u32) -> Self {
        Self { messages_per_second, portfolio: None, marketing_cap: None }
    }

    /// The number's throughput as Meta names it, and whether it is used in the app as well. A pace that no number of Meta's has is
    /// told of as one that nothing is known of.
    pub fn throughput(&self) -> (&'static str, bool) {
        let [standard, high, with_app] = PACES;
        match self.messages_per_second {
            pace if pace == high => ("HIGH", false),
            pace if pace == standard || pace == with_app => ("STANDARD", pace == with_app),
            _ => ("NOT_APPLICABLE", false),
        }
    }

    /// The portfolio's limit as Meta names it.
    pub fn tier(&self) -> String {
        match self.portfolio {
            None => "TIER_UNLIMITED".into(),
            Some(most) if most >= 1_000 && most % 1_000 == 0 => format!("TIER_{}K", most / 1_000),
            Some(most) => format!("TIER_{most}"),
        }
    }
}

/// Refills at a steady rate up to its size.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    size: f64,
    per_ms: f64,
    left: f64,
    at: Timestamp,
}

impl Bucket {
    fn new(size: f64, per_second: f64, now: Timestamp) -> Self {
        Self { size, per_ms: per_second / 1_000.0, left: size, at: now }
    }

    /// The pair of a number and a customer: 45 at once, and one in 6 s.
    fn pair(now: Timestamp) -> Self {
        Self::new(45.0, 1.0 / 6.0, now)
    }

    fn take(&mut self, now: Timestamp) -> bool {
        let passed = (now - self.at).0.max(0) as f64;
        self.left = (self.left + passed * self.per_ms).min(self.size);
        self.at = now.max(self.at);
        // A hair less than one is one: the rest was lost in the division.
        if self.left < 1.0 - 1e-6 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

/// Different customers that were reached within a moving time.
#[derive(Clone, Debug)]
pub struct Reached<U> {
    within: Duration,
    last: HashMap<U, Timestamp>,
    in_order: VecDeque<(Timestamp, U)>,
}

impl<U: Hash + Eq + Clone> Reached<U> {
    /// Nobody yet.
    pub fn new(within: Duration) -> Self {
        Self { within, last: HashMap::new(), in_order: VecDeque::new() }
    }

    /// How many there are at that moment.
    pub fn count(&mut self, now: Timestamp) -> usize {
        while let Some((at, user)) = self.in_order.front().filter(|(at, _)| now - *at >= self.within) {
            if self.last.get(user) == Some(at) {
                self.last.remove(user);
            }
            self.in_order.pop_front();
        }
        self.last.len()
    }

    /// Whether that customer is among them, so that one more message costs nothing.
    pub fn contains(&self, user: &U, now: Timestamp) -> bool {
        self.last.get(user).is_some_and(|at| now - *at < self.within)
    }

    /// That customer was reached.
    pub fn add(&mut self, user: U, now: Timestamp) {
        self.last.insert(user.clone(), now);
        self.in_order.push_back((now, user));
    }

    /// That customer was not reached after all.
    pub fn remove(&mut self, user: &U) {
        self.last.remove(user);
    }

    /// When the first of them leaves, if nobody reaches them again.
    pub fn next_leaves(&self) -> Option<Timestamp> {
        self.in_order.front().map(|(at, _)| *at + self.within)
    }
}

#[derive(Debug, Default)]
struct Template {
    record: Record,
    pauses: usize,
    paused_until: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct User {
    last_inbound: Option<Timestamp>,
    pair: Option<Bucket>,
    marketing_stopped: Option<Timestamp>,
    no_marketing: bool,
    blocked: bool,
    unreachable: bool,
    /// When marketing templates reached them, within a week.
    marketing: Vec<Timestamp>,
    /// The template that reached them last.
    shown: Option<String>,
}

/// What becomes of a message that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It reaches the phone.
    Arrives,
    /// It stays at `sent`: the customer has blocked us, of which Meta says nothing (section 5.5).
    Unheard,
    /// A status tells of this error.
    Fails(i64),
}

/// A template as a call names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// Its name.
    pub name: &'a str,
    /// Meta has it in the category of marketing.
    pub marketing: bool,
}

/// Something that Meta tells by webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A template rests until then, or for good.
    TemplatePaused {
        /// Its name.
        name: String,
        /// `None` is for good.
        until: Option<Timestamp>,
    },
    /// The number's quality changed.
    Quality(Quality),
}

/// One number, its portfolio, its templates, and the customers that it knows by `U`.
#[derive(Debug)]
pub struct Graph<U> {
    rules: Rules,
    number: Option<Bucket>,
    reached: Reached<U>,
    record: Record,
    quality: Quality,
    templates: HashMap<String, Template>,
    users: HashMap<U, User>,
    news: Vec<News>,
}

impl<U: Hash + Eq + Clone> Graph<U> {
    /// A number that nobody has written to yet.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            number: None,
            reached: Reached::new(PORTFOLIO_WINDOW),
            record: Record::default(),
            quality: Quality::Green,
            templates: HashMap::new(),
            users: HashMap::new(),
            news: Vec::new(),
        }
    }

    /// The customer wrote: opens the window.
    pub fn wrote(&mut self, user: &U, at: Timestamp) {
        let user = self.user(user);
        user.last_inbound = user.last_inbound.max(Some(at));
        user.blocked = false;
    }

    /// The customer stops or resumes marketing, in WhatsApp itself.
    pub fn set_marketing_stopped(&mut self, user: &U, stopped: bool, now: Timestamp) {
        self.user(user).marketing_stopped = stopped.then_some(now);
    }

    /// Since when the customer wants no marketing.
    pub fn marketing_stopped(&self, user: &U) -> Option<Timestamp> {
        self.users.get(user)?.marketing_stopped
    }

    /// The customer's number is one to which Meta delivers no marketing templates at all (131049, section 3).
    pub fn set_no_marketing(&mut self, user: &U) {
        self.user(user).no_marketing = true;
    }

    /// Whether the customer wrote within the service window.
    pub fn is_open(&self, user: &U, now: Timestamp) -> bool {
        let last = self.users.get(user).and_then(|user| user.last_inbound);
        last.is_some_and(|last| now - last <= Contact::SERVICE_WINDOW)
    }

    /// The customer blocks us, or reports us as well, because of a message, and of a template if it was one.
    pub fn block(&mut self, user: &U, template: Option<&str>, now: Timestamp) {
        self.user(user).blocked = true;
        self.note(template, now, 0, 1);
    }

    /// The template that reached the customer last.
    pub fn shown(&self, user: &U) -> Option<String> {
        self.users.get(user)?.shown.clone()
    }

    /// The customer blocks us no more.
    pub fn unblock(&mut self, user: &U) {
        self.user(user).blocked = false;
    }

    /// Whether the customer is on WhatsApp (131026).
    pub fn set_reachable(&mut self, user: &U, reachable: bool) {
        self.user(user).unreachable = !reachable;
    }

    /// A call as Meta judges it: refused at once with a code, or accepted, with what becomes of it.
    ///
    /// # Errors
    /// The code of the refusal.
    pub fn call(&mut self, user: &U, template: Option<Named<'_>>, now: Timestamp) -> Result<Fate, i64> {
        if let Some(code) = template.and_then(|template| self.template_refused(template.name, now)) {
            return Err(code);
        }
        let rate = f64::from(self.rules.messages_per_second);
        if !self.number.get_or_insert_with(|| Bucket::new(rate, rate, now)).take(now) {
            return Err(130_429);
        }
        let rules = self.rules;
        let reached = self.reached.count(now);
        let known = self.reached.contains(user, now);
        let entry = self.users.entry(user.clone()).or_default();
        if !entry.pair.get_or_insert_with(|| Bucket::pair(now)).take(now) {
            return Err(131_056);
        }
        let open = entry.last_inbound.is_some_and(|last| now - last <= Contact::SERVICE_WINDOW);
        let Some(template) = template else {
            return Ok(match () {
                () if !open => Fate::Fails(131_047),
                () if entry.unreachable => Fate::Fails(131_026),
                () if entry.blocked => Fate::Unheard,
                () => Fate::Arrives,
            });
        };
        if entry.unreachable {
            return Ok(Fate::Fails(131_026));
        }
        if template.marketing
            && let Some(code) = entry.marketing_refused(rules, open, now)
        {
            return Ok(Fate::Fails(code));
        }
        if !open && !known && rules.portfolio.is_some_and(|most| reached >= most as usize) {
            return Ok(Fate::Fails(131_048));
        }
        if entry.blocked {
            return Ok(Fate::Unheard);
        }
        if template.marketing && !open {
            entry.marketing.push(now);
        }
        entry.shown = Some(template.name.to_owned());
        if !open {
            self.reached.add(user.clone(), now);
        }
        self.note(Some(template.name), now, 1, 0);
        Ok(Fate::Arrives)
    }

    /// How many more customers templates may reach now; `None` is unlimited.
    pub fn room(&mut self, now: Timestamp) -> Option<u32> {
        let reached = u32::try_from(self.reached.count(now)).unwrap_or(u32::MAX);
        self.rules.portfolio.map(|most| most.saturating_sub(reached))
    }

    /// The number's quality as Meta shows it.
    pub fn quality(&self) -> Quality {
        self.quality
    }

    /// What Meta has to tell since this was asked last.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    fn user(&mut self, user: &U) -> &mut User {
        self.users.entry(user.clone()).or_default()
    }

    fn template_refused(&self, name: &str, now: Timestamp) -> Option<i64> {
        if self.quality == Quality::Red {
            return Some(131_048);
        }
        let template = self.templates.get(name)?;
        match template.paused_until {
            _ if template.pauses > PAUSES.len() => Some(132_016),
            Some(until) if now < until => Some(132_015),
            _ => None,
        }
    }

    fn note(&mut self, template: Option<&str>, now: Timestamp, messages: u32, complaints: u32) {
        self.record.note(now, messages, complaints);
        let quality = self.record.quality();
        if std::mem::replace(&mut self.quality, quality) != quality {
            self.news.push(News::Quality(quality));
        }
        let Some(name) = template else { return };
        let template = self.templates.entry(name.to_owned()).or_default();
        template.record.note(now, messages, complaints);
        let resting = template.paused_until.is_some_and(|until| now < until);
        if template.record.quality() == Quality::Red && !resting && template.pauses <= PAUSES.len() {
            template.paused_until = PAUSES.get(template.pauses).map(|rest| now + *rest);
            template.pauses += 1;
            // It begins anew with a clean record.
            template.record = Record::default();
            self.news.push(News::TemplatePaused { name: name.to_owned(), until: template.paused_until });
        }
    }
}

impl User {
    fn marketing_refused(&mut self, rules: Rules, open: bool, now: Timestamp) -> Option<i64> {
        self.marketing.retain(|at| now - *at < Duration::days(7));
        match () {
            () if self.marketing_stopped.is_some() => Some(131_050),
            // Where Meta delivers none at all, an open window changes nothing (section 5.4).
            () if self.no_marketing => Some(131_049),
            () if open => None,
            () if rules.marketing_cap.is_some_and(|most| self.marketing.len() >= most as usize) => Some(131_049),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: Option<Named<'static>> = Some(Named { name: "offer", marketing: true });

    #[test]
    fn a_pair_gets_45_at_once_and_then_one_in_six_seconds() {
        let start = Timestamp(0);
        let mut graph = Graph::new(Rules::unlimited(1_000));
        graph.wrote(&1, start);
        assert_eq!((0..60).filter(|_| graph.call(&1, None, start).is_ok()).count(), 45);
        assert_eq!(graph.call(&1, None, start + Duration::millis(5_900)), Err(131_056));
        assert_eq!(graph.call(&1, None, start + Duration::seconds(6)), Ok(Fate::Arrives));
    }

    #[test]
    fn a_number_sends_its_messages_a_second_and_no_more() {
        let mut graph = Graph::new(Rules::unlimited(80));
        (0..200).for_each(|user| graph.wrote(&user, Timestamp(0)));
        let sent = |graph: &mut Graph<i32>, at| (0..100).filter(|user| graph.call(user, None, at).is_ok()).count();
        assert_eq!(sent(&mut graph, Timestamp(0)), 80);
        assert_eq!(sent(&mut graph, Timestamp(500)), 40);
        assert_eq!(graph.call(&100, None, Timestamp(500)), Err(130_429));
    }

    #[test]
    fn outside_the_window_only_templates_and_only_to_so_many_customers_a_day() {
        let rules = Rules { portfolio: Some(2), ..Rules::unlimited(80) };
        let mut graph = Graph::new(rules);
        assert_eq!(graph.call(&1, None, Timestamp(0)), Ok(Fate::Fails(131_047)));
        assert_eq!(graph.call(&1, OFFER, Timestamp(0)), Ok(Fate::Arrives));
        assert_eq!(graph.call(&2, OFFER, Timestamp(1_000)), Ok(Fate::Arrives));
        assert_eq!(graph.call(&3, OFFER, Timestamp(2_000)), Ok(Fate::Fails(131_048)));
        // The same customer again counts once; and a day later there is room.
        assert_eq!(graph.call(&2, OFFER, Timestamp(3_000)), Ok(Fate::Arrives));
        assert_eq!(graph.call(&3, OFFER, Timestamp(0) + PORTFOLIO_WINDOW), Ok(Fate::Arrives));
        assert_eq!(graph.call(&4, OFFER, Timestamp(1_500) + PORTFOLIO_WINDOW), Ok(Fate::Fails(131_048)));
    }

    #[test]
    fn marketing_ends_where_the_customer_or_meta_ends_it() {
        let mut graph = Graph::new(Rules { marketing_cap: Some(1), ..Rules::unlimited(80) });
        assert_eq!(graph.call(&1, OFFER, Timestamp(0)), Ok(Fate::Arrives));
        assert_eq!(graph.call(&1, OFFER, Timestamp(1_000)), Ok(Fate::Fails(131_049)));
        graph.set_marketing_stopped(&2, true, Timestamp(0));
        assert_eq!(graph.call(&2, OFFER, Timestamp(0)), Ok(Fate::Fails(131_050)));
        graph.block(&3, None, Timestamp(0));
        assert_eq!(graph.call(&3, OFFER, Timestamp(0)), Ok(Fate::Unheard));
        graph.set_no_marketing(&4);
        graph.wrote(&4, Timestamp(0));
        assert_eq!(graph.call(&4, OFFER, Timestamp(0)), Ok(Fate::Fails(131_049)), "also within the window");
        assert_eq!(graph.call(&4, None, Timestamp(0)), Ok(Fate::Arrives));
    }

    #[test]
    fn who_is_not_on_whatsapp_gets_nothing_until_they_are() {
        let mut graph = Graph::new(Rules::unlimited(80));
        graph.wrote(&1, Timestamp(0));
        graph.set_reachable(&1, false);
        assert_eq!(graph.call(&1, None, Timestamp(0)), Ok(Fate::Fails(131_026)));
        assert_eq!(graph.call(&1, OFFER, Timestamp(0)), Ok(Fate::Fails(131_026)));
        graph.set_reachable(&1, true);
        graph.block(&1, None, Timestamp(0));
        assert_eq!(graph.call(&1, None, Timestamp(0)), Ok(Fate::Unheard));
        graph.unblock(&1);
        assert_eq!(graph.call(&1, None, Timestamp(0)), Ok(Fate::Arrives));
    }

    #[test]
    fn a_template_that_customers_block_rests_and_is_disabled_the_third_time() {
        let mut graph = Graph::new(Rules::unlimited(1_000));
        let mut paused = Vec::new();
        for hour in 0..12 {
            let now = Timestamp(0) + Duration::hours(hour);
            for user in 0..300 {
                let took = graph.call(&(hour * 1_000 + user), OFFER, now + Duration::millis(user * 2));
                if took.is_ok() && user % 20 == 0 {
                    graph.block(&(hour * 1_000 + user), Some("offer"), now + Duration::millis(user * 2));
                }
            }
            // The number itself is good: it sends much else.
            for user in 0..2_000 {
                let at = now + Duration::minutes(10) + Duration::millis(user * 2);
                graph.note(None, at, 4, 0);
            }
            paused.extend(graph.take_news().into_iter().filter(|news| matches!(news, News::TemplatePaused { .. })));
        }
        assert_eq!(paused.len(), 3, "{paused:?}");
        assert!(matches!(paused.last(), Some(News::TemplatePaused { until: None, .. })));
        assert_eq!(graph.call(&1, OFFER, Timestamp(0) + Duration::days(2)), Err(132_016));
    }
}
