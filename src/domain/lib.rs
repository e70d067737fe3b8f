//! The vocabulary of the house: what every other room speaks of.
//!
//! Plain types and the small decisions that belong to them. Nothing here does input or output or asks the clock.

mod consequence;
mod contact;
mod embedded;
mod escapes;
mod event;
mod habit;
mod hash;
mod inbound;
mod lead;
mod link;
mod message;
mod money;
mod period;
mod place;
mod problem;
mod rates;
mod reading;
mod shop;
mod source;
mod standing;
mod sums;
mod tag;
mod template;
mod time;
mod told;
mod trade;
mod visitor;
mod words;

pub use consequence::{Consequence, FollowUpRequest, HandoffRequest};
pub use contact::{Address, Contact, ContactId, ContactRef, Language, Phone, UserId};
pub use embedded::{duration, duration_if_any, durations, embedded};
pub use escapes::mended;
pub use event::{
    AgentAction, AgentEvent, CampaignEvent, Event, EventBody, FiguresEvent, LocationEvent, OptAction, OptEvent,
    OptScope, ProfileEvent, Sending, SentEvent, StatusEvent, StatusKind, WeatherEvent, in_order,
};
pub use habit::Habit;
pub use hash::stable_hash;
pub use inbound::{CartLine, InboundMessage, MediaFile, Referral, ReferralSource};
pub use lead::{Colour, Heat, Stage};
pub use link::{LINK_ROOM, Link, LinkKind};
pub use message::{Button, Content, ListRow, MessageKind, MessageNumber, Outgoing, Sender};
pub use money::{Currency, Money, plain_number};
pub use period::{Every, Period, clock_time, midnight};
pub use place::{Country, Delivery, PlaceEvidence, Position, Region, SharedPosition, Sighting, Whereabouts};
pub use problem::{Problem, Severity};
pub use rates::Rates;
pub use reading::{Amount, Budget, Intent, Mention, Reading, Span};
pub use shop::{Hours, Offer, Product, Shop};
pub use source::SourceFile;
pub use standing::Standing;
pub use sums::{MOST_OF_A_NUMBER, MOST_OF_A_SUM, check_sum, too_large};
pub use tag::{Evidence, TagChange, TagError, TagKey, TagMove};
pub use template::{Header, Parts, Press, Supply, TemplateRef};
pub use time::{Duration, Timestamp};
pub use trade::{
    CartEvent, CaseEvent, ClickEvent, OrderEvent, OrderLine, OrderState, PageEvent, ProductEvent, QuoteEvent,
};
pub use visitor::Crawlers;
pub use words::{WORDS, Words};
