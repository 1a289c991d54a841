//! Grants through their face, on both databases, with the country's own pack and a carrier that does as it is told.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "in tests a failure should be loud")]

mod accounts;
mod by_hub;
mod doors;
mod lists;
mod pages;
mod paying;
mod repairs;
mod runs;
mod stories;
mod ussd;
mod vouchers;
mod world;
