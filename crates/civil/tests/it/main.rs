//! Civil registration through its face, on both databases, under the pack's own declarations and policies.
//!
//! **Invariant:** each file tries one part of it; `world.rs` holds the bench.

#[cfg(test)]
mod births;
mod brought;
#[cfg(test)]
mod deaths;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod families;
#[cfg(test)]
mod judging;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod world;
