//! Hotline: a WhatsApp agent for shops. See README.md for the rooms and the way of a message.

pub mod cli;
pub mod config;
pub mod dialogue;
pub mod engine;
pub mod feeds;
pub mod governance;
pub mod handoff;
pub mod outreach;
pub mod places;
pub mod segments;
pub mod simulate;
pub mod statistics;
pub mod store;
pub mod web;
pub mod webhooks;
pub mod whatsapp;

pub use hotline_domain as domain;
pub use hotline_lexicon as lexicon;
pub use hotline_rulebook as rulebook;
