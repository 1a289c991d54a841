//! Transfers: prepared, fulfilled or aborted, once.
//!
//! **Invariant:** a transfer that is reserved is a hold in the ledger, one that committed is that hold posted, one that aborted is
//! no hold any more; each ends once, and what its institutions are told is kept with it.
//!
//! | file | its job |
//! |---|---|
//! | `prepare.rs` | the payer's institution asks: hold the money, ask the payee's |
//! | `fulfil.rs` | the payee's institution answers with the fulfilment, or with an error |
//! | `expire.rs` | nobody answered in time |
//! | `bulk.rs` | many at once |
//! | `tell.rs` | what is told to whom |

pub(crate) mod bulk;
pub(crate) mod expire;
pub(crate) mod fulfil;
pub(crate) mod prepare;
pub(crate) mod tell;

use crate::letter::{Kept, Letter};
use serde::{Deserialize, Serialize};

/// What an operation wants to be sent: what is kept with a change, and answers that change nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Post {
    /// Kept until delivered.
    pub kept: Vec<Kept>,
    /// Sent once; whoever misses it asks again.
    pub passing: Vec<Letter>,
}

impl Post {
    pub(crate) fn passing(letter: Letter) -> Self {
        Self { kept: Vec::new(), passing: vec![letter] }
    }

    pub(crate) fn kept(kept: Vec<Kept>) -> Self {
        Self { kept, passing: Vec::new() }
    }
}
