//! The edge through its face: a framed router, real requests, no network.
//!
//! **Invariant:** each file tries one wall or one promise; `asking.rs` holds the way to ask.

#[cfg(test)]
mod asking;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod gallery;
#[cfg(test)]
mod gallery_pages;
#[cfg(test)]
mod languages;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod world;
