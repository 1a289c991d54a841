//! The identity engine through its face, on both databases: a framed router, browsers, a program that lets people in.
//!
//! **Invariant:** everything goes through `edge::frame` and `recognise`, as in the program; `world.rs` holds the
//! country, `browser.rs` the way to ask.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "in tests a failure should be loud")]

mod accounts;
mod acting;
mod attacks;
mod browser;
mod browsers;
mod conformance;
mod devices;
mod enrolment;
mod exchanging;
mod factors;
mod managing;
mod passkeys;
mod policies;
mod portal;
mod recovering;
mod regulated;
mod requests;
mod second;
mod sessions;
mod signing_in;
mod silence;
mod stepping;
mod things;
mod ussd;
mod verifying;
mod world;
