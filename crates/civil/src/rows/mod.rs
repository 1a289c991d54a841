//! Every SQL text of civil registration, and the rows they read and write.
//!
//! **Invariant:** the tables `civil_…` and no others.

pub(crate) mod brought;
pub(crate) mod events;
pub(crate) mod facts;
pub(crate) mod likenesses;
pub(crate) mod links;
