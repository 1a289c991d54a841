//! Civil registration and the population: births, deaths, marriages, divorces, adoptions and names, from the first notice
//! to the entry and its correction; and the people, families and statistics that follow from them.
//!
//! **Invariant:** what is known of a person lives in the register `civil-person` and nowhere else; an entry and everything
//! that follows from it (the population, the family, what other engines end or begin) is one commit. An identifier says
//! nothing of its bearer.
//!
//! An event goes `notify` → `declare` → `judge` (is it told already?) → `validate` → `register`, and later `correct`,
//! `seal`, `reinstate`.
//!
//! | file | its job |
//! |---|---|
//! | `kinds.rs` | [`Kinds`]: what the pack says of each kind of event |
//! | `engine.rs` | [`Civil`], and [`Vital`]: what other engines are told in the same commit |
//! | `event.rs` | [`Event`] and its states |
//! | `notify.rs`, `declare.rs` | a notice; a declaration and whether it fits its circumstance |
//! | `likeness.rs`, `judge.rs` | what may be the same, and a person's verdict |
//! | `examine.rs` | an officer's look, approval, return, refusal |
//! | `register.rs`, `effects/` | the entry, and what it does to people |
//! | `correct.rs` | corrections, sealing, a death taken back |
//! | `family.rs` | [`family()`]: who is what of whom; [`guardians`], [`wards`] |
//! | `guardian.rs`, `household.rs`, `look_at_family.rs` | guardians by a court's order, households, an officer's look at them |
//! | `told.rs` | who hears that an event was entered |
//! | `statistics.rs` | vital statistics |
//! | `reference.rs`, `national_id.rs` | numbers that check themselves |
//! | `applicant.rs` | who asks for the national ID, as civil registration knows her |
//! | `brought.rs` | records of other systems taken in, once, and those that wait for a person |
//! | `model.rs`, `population.rs`, `enrol.rs` | [`Person`], [`Population`], people brought in |
//! | `api.rs`, `openapi.rs`, `pages/`, `rows/` | interfaces and what they say of themselves, pages, every SQL text |

mod api;
mod applicant;
mod brought;
mod correct;
mod declare;
mod effects;
mod engine;
mod enrol;
mod event;
mod examine;
mod family;
mod guardian;
mod household;
mod judge;
mod kinds;
mod likeness;
mod look_at_family;
mod model;
pub mod national_id;
mod notify;
mod openapi;
mod pages;
mod population;
pub mod reference;
mod register;
mod rows;
mod statistics;
mod told;

pub use applicant::{AlikePerson, BirthEntry};
pub use brought::{Held, Incoming, IncomingEntry, Taken, foreign_numbers, held, rehearse, resolve, settle, take};
pub use correct::{Correction, correct, reinstate, seal};
pub use declare::{Declaration, declare};
pub use engine::{Civil, Consequence, Vital};
pub use enrol::{NewPerson, enrol};
pub use event::{Done, Event, EventId, EventKind, Evidence, Informant, State};
pub use examine::{Examined, find, look, refuse, send_back, validate, waiting};
pub use family::{Families, Family, Link, LinkId, LinkKind, Tie, bring, family, guardians, wards};
pub use guardian::{appoint, dismiss};
pub use household::gather;
pub use judge::judge;
pub use kinds::{Circumstance, Effect, EvidenceKind, Kind, Kinds, KindsError, Party};
pub use likeness::{Likeness, Verdict};
pub use look_at_family::{FamilySeen, Relative, find_for_family, look_at_family};
pub use model::{Person, PersonId, PersonKind};
pub use notify::{Notice, notify, own_notices};
pub use openapi::openapi;
pub use population::{Population, REGISTER};
pub use register::{Entered, register};
use spine::Migration;
pub use statistics::{Count, Counted, published, tables};
pub use told::{News, news};

/// The tables of this engine.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "civil", number: 1, name: "events", sql: include_str!("../migrations/0001_events.sql") },
    Migration { engine: "civil", number: 2, name: "notices", sql: include_str!("../migrations/0002_notices.sql") },
    Migration { engine: "civil", number: 3, name: "brought", sql: include_str!("../migrations/0003_brought.sql") },
];
