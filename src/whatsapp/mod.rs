//! The wire: webhook bodies, signatures, the Graph client, the error policy. Section numbers are those of Meta's
//! documentation as gathered for this project: transport 1, payloads 2, sending 4, limits 5, error codes 6.

pub mod chat_export;
pub mod client;
pub mod errors;
pub mod graph;
pub mod quality;
pub mod sandbox;
pub mod signals;
pub mod signature;
pub mod template_limits;
pub mod templates;
pub mod usage;
pub mod webhook;
