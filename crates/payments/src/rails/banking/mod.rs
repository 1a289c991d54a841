//! The bank rail: payments that go out through our bank in files (pain.001), and what it tells of them and of money that
//! arrives (pain.002, camt.054, camt.053, pacs.004).
//!
//! **Invariant:** a message of the bank is taken once by its own identifier, whichever way and however often it comes; whatever
//! it says moved is in the ledger.
//!
//! | file | its job |
//! |---|---|
//! | `file.rs` | payments become files, and the files' states |
//! | `talk.rs`, `workers.rs` | calls to the bank, from jobs |

pub(crate) mod file;
mod talk;
pub(crate) mod workers;
