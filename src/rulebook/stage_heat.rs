//! Stage and heat: what reaches them, how heat cools, and what else the clock alone changes.

use super::change::{Change, Why};
use super::kept::HeatState;
use super::recount::recount;
use super::signal::{self, Signal};
use super::{STEP, timers};
use crate::domain::{Consequence, Evidence, Heat, Stage, TagKey, TagMove, Timestamp};

impl Change<'_> {
    /// Notes that a stage was reached; a further one stays.
    pub(super) fn reach(&mut self, stage: Stage, evidence: Why<'_>) {
        let last = self.facts.stages.entry(stage).or_insert(self.at);
        *last = self.at.max(*last);
        if stage >= self.facts.stage
            && timers::stage_over(self.rulebook, self.facts, stage).is_none_or(|over| over > self.now)
        {
            self.move_stage(stage, evidence);
        }
    }

    pub(super) fn move_stage(&mut self, stage: Stage, evidence: Why<'_>) {
        let from = self.facts.stage;
        let tag = |stage: Stage| format!("stage/{}", stage.number());
        if from == stage && self.facts.holds(&tag(stage)) {
            return;
        }
        self.facts.stage = stage;
        self.mirror(Some(tag(from)), Some(tag(stage)), None, evidence);
        if from != stage {
            self.out.push(Consequence::Stage { from, to: stage, evidence: Evidence::clone(evidence) });
        }
    }

    /// A tier is reached: it is kept or raised, never lowered; each lives as long as the table says, from when it was last reached.
    pub(super) fn warm(&mut self, heat: Heat, evidence: Why<'_>) {
        if self.facts.heat().is_some_and(|held| held > heat) {
            return;
        }
        let until = self.heat_until(heat, self.at);
        if until.is_some_and(|until| until <= self.now) {
            // Told late: there is no tier any more, but no long silence either.
            let is_silence = self.now - self.at >= self.rulebook.heat.low_after;
            if self.facts.heat() == Some(Heat::Low) && !is_silence {
                self.set_heat(None, evidence);
            }
            return;
        }
        let reached = HeatState { heat, since: Some(self.at), until };
        let later = self.facts.heat.clone().filter(|held| held.heat == heat && held.since > reached.since);
        let later = later.map(|held| HeatState { until: held.until.max(until), ..held });
        self.set_heat(Some(later.unwrap_or(reached)), evidence);
    }

    /// The stage that a person says was reached; a further one stays.
    pub(super) fn reach_by_person(&mut self, stage: Stage, at: Timestamp, evidence: Why<'_>) {
        self.at = at;
        self.reach(stage, evidence);
        self.at = self.now;
    }

    /// High that was reached by the burst of messages under way lives by the trade that is asked for in it, though the messages
    /// behind its first are no interaction of their own: “hello” comes first, and then what is wanted.
    pub(super) fn live_by_trade(&mut self, message: &Signal) {
        let of_burst = |at: Timestamp| message.burst.is_some_and(|burst| (burst..=message.at).contains(&at));
        let Some(HeatState { heat: Heat::High, since: Some(since), .. }) = self.facts.heat else { return };
        if of_burst(since) {
            let until = self.heat_until(Heat::High, since);
            self.facts.heat.iter_mut().for_each(|held| held.until = until);
        }
    }

    fn heat_until(&self, heat: Heat, from: Timestamp) -> Option<Timestamp> {
        let table = &self.rulebook.heat;
        let trade = self.facts.trade.as_ref().and_then(|trade| table.high_by_trade.get(trade));
        match heat {
            Heat::Extreme => Some(from + table.extreme + STEP),
            Heat::High => Some(from + trade.copied().unwrap_or(table.high) + STEP),
            Heat::Medium => Some(from + table.medium + STEP),
            Heat::Low => None,
        }
    }

    pub(super) fn set_heat(&mut self, state: Option<HeatState>, evidence: Why<'_>) {
        let until = state.as_ref().and_then(|state| state.until);
        let (from, heat) = (self.facts.heat(), state.as_ref().map(|state| state.heat));
        self.facts.heat = state;
        if from == heat {
            return;
        }
        let tag = |heat: Heat| format!("heat/{}", heat.name());
        self.mirror(from.map(tag), heat.map(tag), until, evidence);
        self.out.push(Consequence::Heat { from, to: heat, evidence: Evidence::clone(evidence) });
    }

    /// What the clock alone changes at this moment.
    pub(super) fn clock(&mut self) {
        let evidence =
            |by: &str, figure: &str| Evidence { by: by.into(), figure: figure.into(), ..Evidence::default() };
        let over: Vec<TagKey> = self
            .facts
            .tags
            .iter()
            .filter(|(_, held)| held.expires.is_some_and(|expires| expires <= self.now))
            .map(|(tag, _)| tag.clone())
            .collect();
        let mut ended = Vec::new();
        for tag in over {
            if let Some(held) = self.facts.tags.remove(&tag) {
                self.told(tag.clone(), TagMove::Expired, None, &&evidence(&held.by, "its time is over"));
                ended.push((tag, held.by));
            }
        }
        for rule in ended.iter().filter_map(|(_, by)| self.rulebook.rule(by)) {
            if let Some(stage) = rule.stage.filter(|stage| timers::lasts_with_tag(rule, *stage)) {
                self.facts.stages.insert(stage, self.now);
            }
        }
        // Where a tier ends, the one below it may hold.
        let is_tier = |name: &str| {
            let rule = self.rulebook.rule(name);
            rule.is_some_and(|rule| signal::is_of_orders(rule) && rule.written.exclusive.is_some())
        };
        if ended.iter().any(|(_, by)| is_tier(by)) {
            recount(self, ended, None);
        }
        if timers::heat_due(self.rulebook, self.facts).is_some_and(|due| due <= self.now) {
            self.cool(&&evidence("cooling", "no new signal in time"));
        }
        let falls = self.facts.colour.clone().filter(|state| state.until.is_some_and(|until| until <= self.now));
        if let Some(state) = falls {
            self.fall(&state);
        }
        if timers::stage_due(self.rulebook, self.facts).is_some_and(|due| due <= self.now) {
            let furthest = timers::furthest_stage(self.rulebook, self.facts, self.now);
            self.move_stage(furthest, &&evidence("stage-lives", "no signal of the stage in 90d (G-23)"));
        }
    }

    /// Extreme falls to high, high to medium until a week after the last interaction, then none; low after a month.
    fn cool(&mut self, evidence: Why<'_>) {
        let last = self.facts.marks.get("interaction").copied().unwrap_or(self.now);
        let next = match self.facts.heat() {
            Some(Heat::Extreme) => Some((Heat::High, self.heat_until(Heat::High, self.now))),
            Some(Heat::High) => {
                let until = last + self.rulebook.heat.medium + STEP;
                (until > self.now).then_some((Heat::Medium, Some(until)))
            }
            Some(Heat::Medium | Heat::Low) => None,
            None => Some((Heat::Low, None)),
        };
        let next = next.map(|(heat, until)| HeatState { heat, since: Some(self.now), until });
        self.set_heat(next, evidence);
    }
}
