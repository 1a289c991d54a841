//! The port to an external ABIS, which compares fingers, irises and faces: insert, identify, delete and ping, in the words
//! of MOSIP's ABIS interface, over HTTP.
//!
//! **Invariant:** nothing here matches anybody: what the ABIS names is judged by a person, and biometrics are never the only
//! factor. It is asked by a worker fed by the outbox, never inside a transaction, under a `requestId` that stays the same
//! however often it is asked; the first answer counts. It knows people by references that mean nothing elsewhere. Templates
//! are sealed here, and deleted when it has them.
//!
//! | file | its job |
//! |---|---|
//! | `words.rs` | requests and answers as JSON |
//! | `ask.rs` | templates taken, requests left, an answer settled |
//! | `worker.rs` | the jobs that ask, and again |
//! | `api.rs` | where the ABIS fetches templates and tells late answers |
//! | `double.rs` | an ABIS to test with, which misbehaves on demand |

mod api;
mod ask;
pub mod double;
mod words;
mod worker;

use axum::Router;
use journal::Workers;
use spine::Secret;

pub(crate) use ask::{BYTES, forget, forget_here, leave, take_biometrics, waits};

use crate::enrolment::Enrolment;

/// How the ABIS is reached.
#[derive(Clone, Debug)]
pub struct AbisLink {
    /// Where it listens: `https://abis.example/letsema`.
    pub base_url: String,
    /// The secret both sides sign with.
    pub secret: Secret<Vec<u8>>,
}

pub(crate) fn routes() -> Router<Enrolment> {
    api::routes()
}

pub(crate) fn handlers(enrolment: &Enrolment, workers: Workers) -> Workers {
    worker::handlers(enrolment, workers)
}
