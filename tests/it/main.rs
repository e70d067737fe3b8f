//! The integration tests: one binary, one harness. Databases are real, HTTP is real, the clock is passed in.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod app;
mod backtest;
mod browser;
mod campaigns;
mod consent;
mod corpus;
mod db;
mod faults;
mod feeds;
mod governance;
mod identity;
mod import;
mod journal;
mod law;
mod lexicon;
mod limits;
mod links;
mod mmdb;
mod nodes;
mod places;
mod recompute;
mod samples;
mod scenarios;
mod segments;
mod simulate;
mod size;
mod spine;
mod statistics;
mod store;
mod templates;
mod told;
mod unasked;
mod visits;
mod why;
mod wide;
