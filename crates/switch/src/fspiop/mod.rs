//! FSPIOP, the protocol between institutions (Open API for FSP Interoperability 1.0, 1.1, 2.0), as a hub speaks it.
//!
//! **Invariant:** the order of the walls: size, headers, who sends, its signature, shape, and only then an operation. What is
//! answered with 202 is durable where it moves money; what moves none may be asked again.
//!
//! | file | its job |
//! |---|---|
//! | `api.rs` | the door: every message comes in here |
//! | `incoming.rs` | a message, read and recognised |
//! | `parties.rs` | the directory and look-ups |
//! | `exchange.rs` | quotes and what else is only handed on |
//! | `transfers.rs` | transfers, alone and in bulk |
//! | `headers.rs`, `error.rs`, `signature.rs`, `ilp.rs` | the forms |
//!
//! **Absent on purpose:** the ISO 20022 variant of 2.0, currency conversion (`fxQuotes`, `fxTransfers`), third-party initiation.

pub(crate) mod api;
pub(crate) mod error;
mod exchange;
pub(crate) mod headers;
pub(crate) mod ilp;
pub(crate) mod incoming;
mod parties;
pub(crate) mod signature;
pub(crate) mod transfers;
