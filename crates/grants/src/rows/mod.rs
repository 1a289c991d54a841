//! Every SQL text of the engine, by what it is about.
//!
//! **Invariant:** its own tables only; one text for both databases.

pub(crate) mod accounts;
pub(crate) mod asked;
pub(crate) mod lines;
pub(crate) mod lists;
pub(crate) mod runs;
pub(crate) mod vouchers;
