//! Handing over to a person: opening, the promise on the clock, the ladder when it is missed, taking over, handing back.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{AgentAction, AgentEvent, Duration, Evidence, HandoffRequest, Shop, Standing, Timestamp};

/// How often a missed promise is raised: next agent, the team, the supervisor. Then it stays with the supervisor.
const LADDER: u8 = 3;
/// One step further, after a long silence of the shop, nobody is expected any more: the bot answers again. The case stays open.
const GIVEN_UP: u8 = LADDER + 1;
/// A promise is kept until its last moment, and missed one step of time later ("within" includes it: decisions, "Counting").
const STEP: Duration = Duration::millis(1);
/// The reason of a conversation that was taken without a person being asked for.
const TAKEN: &str = "taken";
/// The reason where whoever was in charge works here no more.
const AGENT_LEFT: &str = "agent-left";
/// What they are then promised to whom nothing was promised before.
const AFTER_LEAVING: Duration = Duration::minutes(30);

/// What a shop can set.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// After so long without a word from either side, or so long after the last promise where nobody came, the bot takes over again.
    pub hand_back_after: Duration,
}

/// Whether a person is in charge, and what was promised. Part of the fold's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Desk {
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<Case>,
    /// When a person last handed back.
    #[serde(skip_serializing_if = "Option::is_none")]
    handed_back: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Case {
    /// The reason whose promise is on the clock.
    reason: String,
    /// Others for which a person was asked for meanwhile, as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<String>,
    promise: Duration,
    opened: Timestamp,
    due: Timestamp,
    /// How often the promise was missed; [`GIVEN_UP`] where nobody came long after.
    #[serde(default)]
    missed: u8,
    /// Who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// Last word of a person or the customer.
    touched: Timestamp,
    /// Until when it was put aside. No promise waits for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snoozed: Option<Timestamp>,
}

/// What happened to a hand-off.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskMove {
    /// A person is asked for; the bot is silent from here on.
    Opened {
        /// Stable name of the reason.
        reason: String,
        /// The promise.
        promise: Duration,
        /// Until when somebody answers: the promise from now, or from the next opening.
        due: Timestamp,
        /// Why.
        evidence: Evidence,
        /// It was open, and nobody had come for so long that the bot answered.
        again: bool,
    },
    /// Another reason with a shorter promise is on the clock.
    Hurried {
        /// The reason.
        reason: String,
        /// Until when somebody answers.
        due: Timestamp,
    },
    /// Nobody answered in time.
    Missed {
        /// 1 the next agent, 2 the team, 3 the supervisor.
        step: u8,
        /// Until when now.
        due: Timestamp,
    },
    /// Nobody came for long: the bot answers what the customer writes, until somebody does. It stays open.
    GivenUp,
    /// A person is in charge.
    Accepted {
        /// Who.
        agent: String,
        /// There was no open hand-off: this opened one as well.
        opened: bool,
    },
    /// Who took it has put it back: a person is wanted as before.
    PutBack {
        /// Who.
        agent: String,
    },
    /// Who was in charge works here no more: another person is wanted.
    Left {
        /// Who it was.
        agent: String,
        /// Why a person was asked for at first.
        reason: String,
        /// Until when somebody else answers.
        due: Timestamp,
    },
    /// The bot answers again.
    HandedBack {
        /// Who handed back; `None` after silence.
        agent: Option<String>,
    },
}

impl DeskMove {
    /// Whether the bot must be silent from here on.
    pub fn silences_bot(&self) -> bool {
        matches!(self, Self::Opened { .. } | Self::Accepted { .. })
    }

    /// Whether the customer is to be told: that a person comes, or that it takes longer.
    pub fn tells_customer(&self) -> bool {
        matches!(self, Self::Opened { .. } | Self::Missed { step: 1, .. })
    }
}

impl fmt::Display for DeskMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { reason, promise, due, .. } => write!(f, "opened for {reason}, within {promise}, due {due}"),
            Self::Hurried { reason, due } => write!(f, "hurried for {reason}, due {due}"),
            Self::Missed { step, due } => write!(f, "promise missed (step {step}), now due {due}"),
            Self::GivenUp => write!(f, "taken by nobody, the bot answers again"),
            Self::Accepted { agent, .. } => write!(f, "taken by {agent}"),
            Self::PutBack { agent } => write!(f, "put back by {agent}, open again"),
            Self::Left { agent, reason, due } => write!(f, "left by {agent}, open again for {reason}, due {due}"),
            Self::HandedBack { agent: Some(agent) } => write!(f, "handed back by {agent}"),
            Self::HandedBack { agent: None } => write!(f, "handed back after silence"),
        }
    }
}

impl Case {
    fn is_given_up(&self) -> bool {
        self.agent.is_none() && self.missed >= GIVEN_UP
    }

    fn note(&mut self, reason: &str) {
        if self.reason != reason && !self.also.iter().any(|other| other == reason) {
            self.also.push(reason.to_owned());
        }
    }

    /// This is what a person is asked for now, and promised; what it was before stays noted.
    fn ask_for(&mut self, request: &HandoffRequest) {
        let before = std::mem::replace(&mut self.reason, request.reason.clone());
        self.note(&before);
        self.also.retain(|reason| *reason != self.reason);
        self.promise = request.promise;
    }
}

impl Desk {
    /// Who speaks with the contact.
    pub fn standing(&self) -> Standing {
        match &self.case {
            None => Standing::Bot,
            Some(case) if case.agent.is_some() => Standing::Person,
            Some(case) => Standing::Waiting { due: case.due, missed: case.missed > 0 },
        }
    }

    /// Who answers what the contact writes: as long as nobody came after all, the bot.
    pub fn speaker(&self) -> Standing {
        if self.is_given_up() { Standing::Bot } else { self.standing() }
    }

    /// Nobody came for so long that the bot answers again, until somebody does.
    pub fn is_given_up(&self) -> bool {
        self.case.as_ref().is_some_and(Case::is_given_up)
    }

    /// The promise on the clock while nobody has come.
    pub fn promise(&self) -> Option<Duration> {
        self.case.as_ref().filter(|case| case.agent.is_none()).map(|case| case.promise)
    }

    /// Until when somebody answers, while nobody has come.
    pub fn due(&self) -> Option<Timestamp> {
        self.case.as_ref().filter(|case| case.agent.is_none()).map(|case| case.due)
    }

    /// Why a person was asked for.
    pub fn reason(&self) -> Option<&str> {
        self.case.as_ref().map(|case| case.reason.as_str())
    }

    /// For what else a person was asked for meanwhile.
    pub fn other_reasons(&self) -> &[String] {
        self.case.as_ref().map_or(&[], |case| &case.also)
    }

    /// Since when somebody waits for a person whose promise was missed.
    pub fn missed_since(&self) -> Option<Timestamp> {
        self.case.as_ref().filter(|case| case.agent.is_none() && case.missed > 0).map(|case| case.opened)
    }

    /// Who is in charge.
    pub fn agent(&self) -> Option<&str> {
        self.case.as_ref().and_then(|case| case.agent.as_deref())
    }

    /// Asks for a person. Outside working hours the promise runs from the next opening. While one is asked for already,
    /// the shortest promise counts, or this one where nobody is expected any more; while a person is in charge, nothing changes.
    pub fn open(&mut self, request: &HandoffRequest, shop: &Shop, now: Timestamp) -> Option<DeskMove> {
        let due = shop.next_open(now) + request.promise;
        match &mut self.case {
            None => {
                self.case = Some(Case {
                    reason: request.reason.clone(),
                    also: Vec::new(),
                    promise: request.promise,
                    opened: now,
                    due,
                    missed: 0,
                    agent: None,
                    touched: now,
                    snoozed: None,
                });
                Some(DeskMove::Opened {
                    reason: request.reason.clone(),
                    promise: request.promise,
                    due,
                    evidence: request.evidence.clone(),
                    again: false,
                })
            }
            Some(case) if case.is_given_up() => {
                case.ask_for(request);
                (case.due, case.missed) = (due, 0);
                Some(DeskMove::Opened {
                    reason: request.reason.clone(),
                    promise: request.promise,
                    due,
                    evidence: request.evidence.clone(),
                    again: true,
                })
            }
            Some(case) if case.agent.is_none() && request.promise < case.promise => {
                case.ask_for(request);
                case.due = case.due.min(due);
                Some(DeskMove::Hurried { reason: request.reason.clone(), due: case.due })
            }
            Some(case) => {
                if case.agent.is_none() {
                    case.note(&request.reason);
                }
                None
            }
        }
    }

    /// Somebody waits for a person already: a shorter promise counts.
    pub fn hurry(&mut self, request: &HandoffRequest, shop: &Shop, now: Timestamp) -> Option<DeskMove> {
        self.promise().filter(|_| !self.is_given_up()).and_then(|_| self.open(request, shop, now))
    }

    /// What a person did. Taking, answering and calling put them in charge; releasing, winning and losing hand back; who leaves
    /// leaves it to the others. `at` is when they did so: what is told late, and lies before the last handing back, changes nothing.
    pub fn act(&mut self, event: &AgentEvent, at: Timestamp, shop: &Shop, now: Timestamp) -> Option<DeskMove> {
        match event.action {
            AgentAction::Take | AgentAction::Reply | AgentAction::Call if Some(at) < self.handed_back => None,
            AgentAction::Take if self.is_others(event) => None,
            AgentAction::Take | AgentAction::Reply | AgentAction::Call => self.take(&event.agent, now),
            AgentAction::Release | AgentAction::Won | AgentAction::Lost => {
                self.handed_back = self.handed_back.max(Some(at));
                self.case.take().map(|_| DeskMove::HandedBack { agent: Some(event.agent.clone()) })
            }
            AgentAction::PutBack => self.put_back(event),
            AgentAction::Leave => self.leave(&event.agent, shop, now),
            AgentAction::Snooze => {
                self.snooze(event, now);
                None
            }
            AgentAction::Note | AgentAction::TagAdd | AgentAction::TagRemove | AgentAction::Colour => None,
        }
    }

    /// Whether somebody is in charge by now whom who takes has not seen: of two who take at one moment the first has it.
    fn is_others(&self, event: &AgentEvent) -> bool {
        let is_seen = |agent: &str| event.seen.as_ref().is_none_or(|seen| seen == agent);
        self.agent().is_some_and(|agent| agent != event.agent && !is_seen(agent))
    }

    fn take(&mut self, agent: &str, now: Timestamp) -> Option<DeskMove> {
        let opened = self.case.is_none();
        let case = self.case.get_or_insert_with(|| Case {
            reason: TAKEN.into(),
            also: Vec::new(),
            promise: Duration::ZERO,
            opened: now,
            due: now,
            missed: 0,
            agent: None,
            touched: now,
            snoozed: None,
        });
        case.touched = now;
        if case.agent.as_deref() == Some(agent) {
            return None;
        }
        (case.agent, case.snoozed) = (Some(agent.to_owned()), None);
        Some(DeskMove::Accepted { agent: agent.to_owned(), opened })
    }

    /// As if it had never been taken: the promise on the clock is the same.
    fn put_back(&mut self, event: &AgentEvent) -> Option<DeskMove> {
        let agent = event.agent.clone();
        let case = self.case.as_mut().filter(|case| case.agent.as_ref() == Some(&agent))?;
        case.snoozed = None;
        if let Some(before) = event.seen.clone().filter(|before| !before.is_empty() && *before != agent) {
            case.agent = Some(before.clone());
            return Some(DeskMove::Accepted { agent: before, opened: false });
        }
        if case.reason == TAKEN {
            self.case = None;
            return Some(DeskMove::HandedBack { agent: Some(agent) });
        }
        case.agent = None;
        Some(DeskMove::PutBack { agent })
    }

    /// The promise begins anew: what was promised at first was kept by who left.
    fn leave(&mut self, agent: &str, shop: &Shop, now: Timestamp) -> Option<DeskMove> {
        let case = self.case.as_mut().filter(|case| case.agent.as_deref() == Some(agent))?;
        if case.reason == TAKEN {
            (case.reason, case.promise) = (AGENT_LEFT.into(), AFTER_LEAVING);
        }
        case.note(AGENT_LEFT);
        case.due = shop.next_open(now) + case.promise;
        (case.opened, case.touched, case.missed, case.agent, case.snoozed) = (now, now, 0, None, None);
        Some(DeskMove::Left { agent: agent.to_owned(), reason: case.reason.clone(), due: case.due })
    }

    /// What is a colleague's, or the bot's, nobody puts aside.
    fn snooze(&mut self, event: &AgentEvent, now: Timestamp) {
        let own = |case: &&mut Case| case.agent.as_ref().is_none_or(|agent| *agent == event.agent);
        if let Some(case) = self.case.as_mut().filter(own) {
            case.snoozed = event.until.filter(|until| *until > now);
        }
    }

    /// Until when it is put aside.
    pub fn snoozed(&self) -> Option<Timestamp> {
        self.case.as_ref().and_then(|case| case.snoozed)
    }

    /// The customer wrote: the silence after which the bot takes over begins anew, and what was put aside is there again.
    pub fn touch(&mut self, now: Timestamp) {
        if let Some(case) = &mut self.case {
            (case.touched, case.snoozed) = (now, None);
        }
    }

    /// The next moment at which the clock alone changes something.
    pub fn next_wake(&self, policy: &Policy) -> Option<Timestamp> {
        let case = self.case.as_ref()?;
        let clock = match &case.agent {
            // Whoever put theirs aside comes back to it: the silence begins then.
            Some(_) if case.snoozed.is_some() => None,
            Some(_) => Some(case.touched + policy.hand_back_after),
            None if case.missed < LADDER => Some(case.due + STEP),
            None => (!case.is_given_up()).then_some(case.due + policy.hand_back_after),
        };
        [clock, case.snoozed].into_iter().flatten().min()
    }

    /// That moment has come: the promise was missed, there was silence long enough, of both or of the shop, or what was put aside is
    /// there again.
    pub fn wake(&mut self, policy: &Policy, now: Timestamp) -> Option<DeskMove> {
        if self.next_wake(policy).is_none_or(|wake| wake > now) {
            return None;
        }
        let case = self.case.as_mut()?;
        if case.snoozed.is_some_and(|until| until <= now) {
            (case.touched, case.snoozed) = (now, None);
            return None;
        }
        if case.agent.is_some() {
            self.case = None;
            return Some(DeskMove::HandedBack { agent: None });
        }
        case.missed += 1;
        if case.is_given_up() {
            return Some(DeskMove::GivenUp);
        }
        case.due = now + case.promise.max(Duration::minutes(1));
        Some(DeskMove::Missed { step: case.missed, due: case.due })
    }
}
