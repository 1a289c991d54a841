//! Services through their face, with the real pack, on both databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "in tests a failure should be loud"
)]

mod acting;
mod afterwards;
mod bench;
mod country;
mod packs;
mod policies;
mod rate;
mod trouble;
mod way;
mod words;
