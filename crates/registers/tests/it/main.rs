//! Registers through their face, on both databases: the pack's own registers, and one made up for what these do
//! not have.
//!
//! **Invariant:** each file tries one promise; `world.rs` holds the bench.

#[cfg(test)]
mod bitemporal;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod declarations;
#[cfg(test)]
mod files;
#[cfg(test)]
mod http;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod searching;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod world;
