//! When a campaign's messages would leave: each as soon as the gate lets it go, as many at a time as the limits and the campaign's own
//! budget allow, in the order in which they may go.

use std::collections::VecDeque;

use crate::domain::{Duration, Timestamp};
use crate::outreach::Condition;

/// A message that the gate lets go at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Would {
    /// From then on.
    pub opens: Timestamp,
    /// Why not earlier; `None` where it may go now.
    pub why: Option<&'static str>,
    /// Until then it may go in our own words; later only as a template.
    pub words_until: Option<Timestamp>,
    /// Its template can be sent.
    pub sendable: bool,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It leaves.
    Leaves { at: Timestamp, as_template: bool },
    /// Its turn does not come as long as it is worth sending, or its template cannot be sent.
    Never(Condition),
}

/// How fast messages leave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    /// Messages that the slowest number sends.
    pub per_second: u64,
    /// Customers that templates may reach on this and each following day.
    pub days: Vec<u64>,
    /// Which limit lets the fewest of them go today.
    pub narrowest: Option<Condition>,
    /// Messages that may leave within any hour, until then, where numbers grow back after a rest; the earliest first.
    pub growing: Vec<(Timestamp, u64)>,
    /// Messages of such numbers that left within the last hour.
    pub sent_in_hour: u64,
    /// The campaign's own budget.
    pub per_hour: Option<u32>,
    pub per_day: Option<u32>,
}

impl Flow {
    /// What becomes of each, and how many seconds it takes until the last has left. It is worth sending `until` then. Where it is a
    /// limit that puts off what the gate lets go now, `why` is told.
    pub(crate) fn send(&self, would: &mut [Would], now: Timestamp, until: Timestamp) -> (Vec<Fate>, u64) {
        let mut line: Vec<usize> = (0..would.len()).collect();
        line.sort_by_key(|index| would[*index].opens);
        let mut line = line.into_iter().enumerate().peekable();
        let mut sending = Sending::new(self, would, now);
        let mut at = now;
        while at < until {
            while let Some(turn) = line.next_if(|(_, index)| sending.would[*index].opens <= at) {
                sending.admit(turn, at);
            }
            sending.let_go(at, until);
            let opens = line.peek().map(|(_, index)| sending.would[*index].opens);
            let Some(next) = sending.next(at).into_iter().chain(opens).min() else { break };
            at = next;
        }
        let seconds = u64::try_from((sending.busy - now).0 / 1_000).unwrap_or(0);
        (sending.fates, seconds)
    }

    fn most_grown(&self, at: Timestamp) -> u64 {
        self.growing.iter().find(|(until, _)| at < *until).map_or(u64::MAX, |(_, most)| *most)
    }
}

/// What left within a length of time.
struct Within {
    length: Duration,
    left: VecDeque<(Timestamp, u64)>,
    count: u64,
}

impl Within {
    fn new(length: Duration, at: Timestamp, count: u64) -> Self {
        Self { length, left: VecDeque::from([(at, count)]), count }
    }

    fn room(&mut self, most: u64, at: Timestamp) -> u64 {
        while let Some((_, count)) = self.left.front().copied().filter(|(left, _)| *left + self.length <= at) {
            self.count -= count;
            self.left.pop_front();
        }
        most.saturating_sub(self.count)
    }

    fn leave(&mut self, count: u64, at: Timestamp) {
        if count > 0 {
            self.left.push_back((at, count));
            self.count += count;
        }
    }

    /// When there is more room.
    fn opens(&self) -> Option<Timestamp> {
        self.left.front().map(|(left, _)| *left + self.length)
    }
}

/// Messages on their way: a place in line, and which one it is.
type Turn = (usize, usize);

struct Sending<'a> {
    flow: &'a Flow,
    would: &'a mut [Would],
    fates: Vec<Fate>,
    /// Those that may go in our own words, and those that may go as templates.
    words: VecDeque<Turn>,
    templates: VecDeque<Turn>,
    hour: Within,
    day: Within,
    grown: Within,
    /// How many templates left on a day since now.
    of_day: (usize, u64),
    now: Timestamp,
    /// Until then the last one is on its way.
    busy: Timestamp,
}

impl<'a> Sending<'a> {
    fn new(flow: &'a Flow, would: &'a mut [Would], now: Timestamp) -> Self {
        Self {
            fates: vec![Fate::Never(Condition::TooLate); would.len()],
            flow,
            would,
            words: VecDeque::new(),
            templates: VecDeque::new(),
            hour: Within::new(Duration::hours(1), now, 0),
            day: Within::new(Duration::days(1), now, 0),
            grown: Within::new(Duration::hours(1), now, flow.sent_in_hour),
            of_day: (0, 0),
            now,
            busy: now,
        }
    }

    /// Lets go what may go at that moment.
    fn let_go(&mut self, at: Timestamp, until: Timestamp) {
        let most = |most: Option<u32>| most.map_or(u64::MAX, u64::from);
        let budget = self.hour.room(most(self.flow.per_hour), at).min(self.day.room(most(self.flow.per_day), at));
        let grown = self.grown.room(self.flow.most_grown(at), at);
        let time = u64::try_from((until - self.busy.max(at)).0).unwrap_or(0);
        let room = budget.min(grown).min(time.saturating_mul(self.flow.per_second.max(1)).div_ceil(1_000));
        let mut count = 0;
        while count < room {
            let Some((index, as_template)) = self.first(at) else { break };
            self.fates[index] = Fate::Leaves { at, as_template };
            count += 1;
        }
        for within in [&mut self.hour, &mut self.day, &mut self.grown] {
            within.leave(count, at);
        }
        if count > 0 {
            let takes = count.saturating_mul(1_000) / self.flow.per_second.max(1);
            self.busy = self.busy.max(at) + Duration::millis(i64::try_from(takes).unwrap_or(i64::MAX / 4));
        }
        if at == self.now {
            let full = if budget <= grown { Condition::BudgetSpent } else { Condition::NumberHeld };
            self.tell_why(Some(full).filter(|_| count == room));
        }
    }

    /// What may go now by the gate and does not is put off by a limit: by one of all messages, or by that of templates.
    fn tell_why(&mut self, full: Option<Condition>) {
        let of_templates = full.or(self.flow.narrowest).map(Condition::name);
        for (turns, why) in [(&self.words, full.map(Condition::name)), (&self.templates, of_templates)] {
            for (_, index) in turns {
                self.would[*index].why = why;
            }
        }
    }

    /// Stands in line: whose service window is closed by now gets a template, if it can be sent.
    fn admit(&mut self, turn: Turn, at: Timestamp) {
        let would = &self.would[turn.1];
        match would.words_until.is_some_and(|until| at < until) {
            true => self.words.push_back(turn),
            false if would.sendable => self.templates.push_back(turn),
            false => self.fates[turn.1] = Fate::Never(Condition::TemplateHeld),
        }
    }

    /// The next one in line that may go, and whether as a template.
    fn first(&mut self, at: Timestamp) -> Option<(usize, bool)> {
        let today = usize::try_from((at - self.now).0 / Duration::days(1).0).unwrap_or(0);
        if self.of_day.0 != today {
            self.of_day = (today, 0);
        }
        let is_closed = |(_, index): &Turn| self.would[*index].words_until.is_none_or(|until| until <= at);
        let closed: Vec<Turn> = std::iter::from_fn(|| self.words.pop_front_if(|turn| is_closed(turn))).collect();
        closed.into_iter().for_each(|turn| self.admit(turn, at));
        let has_room = self.flow.days.get(today).is_none_or(|most| self.of_day.1 < *most);
        let template = self.templates.front().copied().filter(|_| has_room);
        match (self.words.front().copied(), template) {
            (Some(words), template) if template.is_none_or(|template| words < template) => {
                self.words.pop_front();
                Some((words.1, false))
            }
            (_, Some(template)) => {
                self.templates.pop_front();
                self.of_day.1 += 1;
                Some((template.1, true))
            }
            _ => None,
        }
    }

    /// When to look again for those that wait.
    fn next(&self, at: Timestamp) -> Option<Timestamp> {
        if self.words.is_empty() && self.templates.is_empty() {
            return None;
        }
        let day = Duration::days(1).0;
        let tomorrow = Timestamp(at.0 + day - (at - self.now).0 % day);
        let grows = self.flow.growing.iter().map(|(until, _)| *until).find(|until| *until > at);
        let opens = [&self.hour, &self.day, &self.grown].map(Within::opens);
        opens.into_iter().flatten().chain([tomorrow]).chain(grows).filter(|next| *next > at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn flow() -> Flow {
        Flow { per_second: 80, days: vec![50, 100, 200, 1_000], narrowest: Some(Condition::WarmUp), ..Flow::default() }
    }

    /// So many in our own words and so many as templates, from so many hours on.
    fn would(words: usize, templates: usize, hours: i64) -> Vec<Would> {
        let opens = NOW + Duration::hours(hours);
        let why = (hours > 0).then_some("quiet-hours");
        let of = |words_until| Would { opens, why, words_until, sendable: true };
        [vec![of(Some(NOW + Duration::days(30))); words], vec![of(None); templates]].concat()
    }

    /// How many leave now, later and never; and the seconds.
    fn sent(flow: &Flow, mut would: Vec<Would>, lasts: Duration) -> ([usize; 3], u64) {
        let (fates, seconds) = flow.send(&mut would, NOW, NOW + lasts);
        let count = |is: &dyn Fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
        let now = count(&|fate| matches!(fate, Fate::Leaves { at, .. } if *at == NOW));
        let never = count(&|fate| matches!(fate, Fate::Never(_)));
        ([now, fates.len() - now - never, never], seconds)
    }

    #[test]
    fn what_is_over_waits_for_the_next_hour_or_day() {
        let month = Duration::days(30);
        assert_eq!(sent(&flow(), would(160, 0, 0), month), ([160, 0, 0], 2));
        assert_eq!(sent(&flow(), would(110, 50, 0), month), ([160, 0, 0], 2), "as many as today's customers");
        assert_eq!(sent(&flow(), would(0, 120, 0), month), ([50, 70, 0], 86_400), "a number that warms up");
        assert_eq!(sent(&flow(), would(10, 120, 0), Duration::days(1)), ([60, 0, 70], 0));
        assert_eq!(sent(&flow(), would(0, 400, 0), month), ([50, 350, 0], 3 * 86_400));
        let hourly = Flow { per_hour: Some(4), ..flow() };
        assert_eq!(sent(&hourly, would(10, 0, 0), month), ([4, 6, 0], 7_200));
        assert_eq!(sent(&hourly, would(10, 0, 0), Duration::hours(1)), ([4, 0, 6], 0));
        let daily = Flow { per_hour: Some(4), per_day: Some(10), ..flow() };
        assert_eq!(sent(&daily, would(60, 0, 0), Duration::days(3)).0, [4, 26, 30]);
    }

    #[test]
    fn the_budget_begins_when_the_gate_opens() {
        let hourly = Flow { per_hour: Some(200), ..flow() };
        let month = Duration::days(30);
        assert_eq!(
            sent(&hourly, would(700, 0, 10), month),
            ([0, 700, 0], 13 * 3_600 + 1),
            "200 from then on, each hour"
        );
        assert_eq!(sent(&hourly, would(300, 0, 0), month).0, [200, 100, 0]);
    }

    #[test]
    fn a_number_grows_back_after_a_rest() {
        let hour = |hours| NOW + Duration::hours(hours);
        let none = Flow { growing: vec![(hour(1), 50), (hour(2), 200)], sent_in_hour: 50, ..flow() };
        let mut waits = would(80, 0, 0);
        let (fates, _) = none.send(&mut waits, NOW, hour(72));
        assert!(fates.iter().all(|fate| *fate == Fate::Leaves { at: hour(1), as_template: false }), "{fates:?}");
        assert!(waits.iter().all(|would| would.why == Some("number-held")));
        let some = Flow { growing: vec![(hour(1), 50)], ..flow() };
        assert_eq!(sent(&some, would(80, 0, 0), Duration::days(3)), ([50, 30, 0], 3_600));
    }

    #[test]
    fn whose_window_closes_before_their_turn_gets_a_template_if_there_is_one() {
        let hourly = Flow { per_hour: Some(1), ..flow() };
        let of = |sendable| Would { opens: NOW, why: None, words_until: Some(NOW + Duration::hours(1)), sendable };
        let mut waits = [of(true), of(true), of(false)];
        let (fates, _) = hourly.send(&mut waits, NOW, NOW + Duration::days(1));
        let leaves = |hours, as_template| Fate::Leaves { at: NOW + Duration::hours(hours), as_template };
        assert_eq!(fates, [leaves(0, false), leaves(1, true), Fate::Never(Condition::TemplateHeld)]);
        assert_eq!(waits.map(|would| would.why), [None, Some("budget-spent"), Some("budget-spent")]);
    }
}
