//! The switch through its doors, on both databases, with institutions that listen on a port of their own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "in tests a failure should be loud")]

mod any_day;
mod bad;
mod bulk;
mod coming;
mod days_of_a_member;
mod going;
mod government;
mod settling;
mod telling;
mod transfers;
mod words;
mod world;
