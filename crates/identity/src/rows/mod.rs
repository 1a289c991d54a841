//! Every SQL text of the engine, and rows as types. Its own tables only, all prefixed `identity_`.
//!
//! **Invariant:** tokens, codes and secrets stand in the tables as hashes or sealed, never as they are.
//!
//! | file | its tables |
//! |---|---|
//! | `accounts.rs` | accounts, tries, challenges, passkeys |
//! | `factors.rs` | ways of signing in that are locked |
//! | `recoveries.rs` | recoveries |
//! | `second.rs` | printed codes, authenticator apps |
//! | `browsers.rs` | browsers that signed in before |
//! | `sessions.rs` | sessions |
//! | `grants.rs` | codes, tokens, pushed requests, proofs that are good once |
//! | `consents.rs` | consents |
//! | `approvals.rs` | sign-ins approved elsewhere |
//! | `participants.rs` | which clients took part in which session |
//! | `verification.rs` | watches, changes, proofs of life, accounts closed by a death |
//! | `enrolment.rs`, `introductions.rs`, `cards.rs` | applications for the national ID, chiefs’ introductions and codes, cards |
//! | `packets.rs` | uploads of packets, keys with which operators sign |
//! | `abis.rs` | templates on their way to the ABIS, what it was asked |
//! | `vids.rs` | numbers given out in a person's stead |
//! | `devices.rs` | devices and systems of organisations |
//! | `mandates.rs` | mandates, organisations, for whom a session acts |
//! | `clients.rs` | registered clients, signing keys |

pub(crate) mod abis;
pub(crate) mod accounts;
pub(crate) mod approvals;
pub(crate) mod browsers;
pub(crate) mod cards;
pub(crate) mod clients;
pub(crate) mod consents;
pub(crate) mod devices;
pub(crate) mod enrolment;
pub(crate) mod factors;
pub(crate) mod grants;
pub(crate) mod introductions;
pub(crate) mod mandates;
pub(crate) mod packets;
pub(crate) mod participants;
pub(crate) mod recoveries;
pub(crate) mod second;
pub(crate) mod sessions;
pub(crate) mod verification;
pub(crate) mod vids;
