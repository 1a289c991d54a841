//! The bank rail: payments that go out through our bank in files (pain.001), and what it tells of them and of money that
//! arrives (pain.002, camt.054, camt.053, pacs.004).
//!
//! **Invariant:** a message of the bank is taken once by its own identifier, whichever way and however often it comes; whatever
//! it says moved is in the ledger.
//!
//! | file | its job |
//! |---|---|
//! | `file.rs` | payments become files, and the files' states |
//! | `api.rs`, `receive.rs` | what the bank tells us |
//! | `line.rs` | the lines of its statements |
//! | `talk.rs`, `workers.rs` | calls to the bank, from jobs |

pub(crate) mod api;
pub(crate) mod file;
pub(crate) mod line;
pub(crate) mod receive;
mod talk;
pub(crate) mod workers;
