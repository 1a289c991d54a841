//! Payments through their face, on both databases, with the simulated wallet on a port of its own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "in tests a failure should be loud")]

mod agents;
mod associations;
mod bank;
mod behaviours;
mod bench;
mod billers;
mod bills;
mod books;
mod callbacks;
mod cards;
mod cash;
mod charges;
mod disbursements;
mod disputes;
mod funds;
mod iso20022;
mod ledger;
mod limits;
mod merchants;
mod open_api;
mod pages;
mod remittances;
mod sanctions;
mod screening;
mod storm;
mod treasury;
mod trouble;
mod words;
