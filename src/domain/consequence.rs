//! What follows from an event: what rules decide, and what the rooms below the engine carry out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Colour, Duration, Evidence, Heat, MessageKind, Money, Outgoing, Stage, TagChange, Timestamp};

/// One thing that a rule decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// A tag was set, renewed, removed, or it expired.
    Tag(TagChange),
    /// The colour changed.
    Colour {
        /// `None` before the first one.
        from: Option<Colour>,
        /// The new one.
        to: Colour,
        /// Why.
        evidence: Evidence,
    },
    /// The heat tier changed.
    Heat {
        /// `None` is no tier.
        from: Option<Heat>,
        /// `None` is no tier.
        to: Option<Heat>,
        /// Why.
        evidence: Evidence,
    },
    /// The purchase stage changed.
    Stage {
        /// The old one.
        from: Stage,
        /// The new one.
        to: Stage,
        /// Why.
        evidence: Evidence,
    },
    /// A person must see to this contact.
    Handoff(HandoffRequest),
    /// Something is to be sent unasked, if the gate lets it.
    FollowUp(FollowUpRequest),
    /// What a rule planned is not wanted any more.
    CancelFollowUps {
        /// The rule that planned it.
        rule: Arc<str>,
        /// Only what is about this order.
        order: Option<String>,
    },
    /// Shop-wide: somebody should look.
    Alert {
        /// `red-share`, `grey-share`, `tag-count`, `tag-use`, `tag-accuracy`, `number-quality`, `sla-breach`.
        name: String,
        /// In words.
        evidence: Evidence,
    },
}

impl Consequence {
    /// Whether somebody hears of it: of what happened long ago nobody must.
    pub fn reaches_people(&self) -> bool {
        matches!(self, Self::Handoff(_) | Self::FollowUp(_) | Self::Alert { .. })
    }
}

/// A rule asks for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffRequest {
    /// Stable name of the reason, such as `heat-extreme`, `human`, `complaint`, `red`.
    pub reason: String,
    /// The promise: somebody answers within this. The shortest one of those that hold is on the clock.
    pub promise: Duration,
    /// Why.
    pub evidence: Evidence,
}

impl HandoffRequest {
    /// The customer is red.
    pub const RED: &str = "red";
    /// Red from green.
    pub const SUDDEN_NEED: &str = "sudden-need";
    /// The bot does not know further.
    pub const BOT_LOST: &str = "bot-lost";
    /// They asked for a person.
    pub const HUMAN: &str = "human";
    /// They chose a product to buy.
    pub const READY_TO_BUY: &str = "ready-to-buy";
    /// They want an order of theirs cancelled or changed.
    pub const ORDER_CHANGE: &str = "order-change";
    /// Reasons that there are without any rule.
    pub const WITHOUT_RULES: [&str; 6] =
        [Self::RED, Self::SUDDEN_NEED, Self::BOT_LOST, Self::HUMAN, Self::READY_TO_BUY, Self::ORDER_CHANGE];
}

/// A rule asks for a proactive message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUpRequest {
    /// The rule; one rule plans one message at a time for a contact and product, or order.
    pub rule: Arc<str>,
    /// Catalogue entry behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue: Vec<String>,
    /// What it is for.
    pub kind: MessageKind,
    /// Name of the reply file and of Meta's template.
    pub template: String,
    /// Product key or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The product's category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The campaign that it belongs to: it goes to many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The orders that it is about, where its rule keeps orders apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
    /// What is missing to the next tier, where it tells of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Money>,
    /// Not before this.
    pub not_before: Timestamp,
    /// The moment that was chosen for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Worthless after this: dropped, never late (SEND-14).
    pub not_after: Timestamp,
}

impl FollowUpRequest {
    /// When it is looked at next: the moment that was chosen, else the earliest.
    pub fn due(&self) -> Timestamp {
        self.at.unwrap_or(self.not_before)
    }

    /// Writes on a message what it came from.
    pub fn mark(&self, message: &mut Outgoing) {
        message.rule = Some(self.rule.to_string());
        message.template = Some(self.template.clone());
        message.product.clone_from(&self.product);
        message.category.clone_from(&self.category);
        message.campaign.clone_from(&self.campaign);
        message.orders.clone_from(&self.orders);
        message.expires = self.not_after;
    }

    /// What a message came from, as far as it is written on it.
    pub fn behind(message: &Outgoing) -> Self {
        Self {
            rule: message.rule.as_deref().unwrap_or_default().into(),
            catalogue: Vec::new(),
            kind: message.kind,
            template: message.template.clone().unwrap_or_default(),
            product: message.product.clone(),
            category: message.category.clone(),
            campaign: message.campaign.clone(),
            orders: message.orders.clone(),
            rest: None,
            not_before: message.at,
            at: None,
            not_after: message.expires,
        }
    }
}
