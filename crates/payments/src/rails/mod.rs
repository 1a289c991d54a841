//! The rails: how money comes from outside and goes there.
//!
//! **Invariant:** whoever is outside is asked from jobs only, never within an operation; what he says is taken
//! once, whichever way it comes.
//!
//! | file | its job |
//! |---|---|
//! | `wallets.rs` | [`wallets::Wallets`] of the pack |
//! | `talk.rs`, `workers.rs` | calls to wallets, from jobs |
//! | `api.rs` | their callbacks |
//! | `iso20022/` | the messages of banks and of the clearing |
//! | `simulator/` | a wallet to try all this with, as a process of its own |

pub(crate) mod api;
pub mod iso20022;
pub mod simulator;
pub(crate) mod talk;
pub(crate) mod wallets;
pub(crate) mod workers;
