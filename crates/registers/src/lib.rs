//! Registers that a country declares: who is born, who holds which passport, which school teaches where. A TOML
//! file in the pack says what a register holds; everything else (checks, history, search, import and export, the
//! API and the officers' pages) follows from it.
//!
//! **Invariant:** every version of every record is kept. A record tells what was true on a day as far as was known
//! at a moment; a correction is told from a change; who changes a record has seen its latest revision.
//!
//! | file | its job |
//! |---|---|
//! | `declare.rs`, `register.rs`, `schema.rs` | [`Registers`]: declarations, their faults, JSON Schema 2020-12 |
//! | `record.rs`, `timeline.rs` | [`Record`]; how a change or correction makes new versions |
//! | `index.rs` | what a record is found by |
//! | `enrol.rs`, `change.rs` | [`enrol`], [`enrol_many`], [`change`] |
//! | `find.rs` | [`find`], [`find_many`], [`find_by`], [`find_all_by`], [`find_record`], [`page`]: unrecorded reads for other engines |
//! | `seal.rs` | [`seal`]: kept, and found by nobody |
//! | `look_up.rs`, `search.rs` | [`look_up`], [`history`], [`search`]: recorded reads for people and programs |
//! | `import.rs`, `lines.rs`, `export.rs` | whole files in and out: CSV and JSON Lines |
//! | `api.rs`, `openapi.rs` | the JSON API of every register |
//! | `pages.rs`, `forms.rs`, `value.rs` | the officers' pages of every register |
//! | `rows.rs` | every SQL text |

mod api;
mod change;
mod declare;
mod enrol;
mod export;
mod find;
mod forms;
mod import;
mod index;
mod lines;
mod look_up;
mod openapi;
mod pages;
mod record;
mod register;
mod rows;
mod schema;
mod seal;
mod search;
mod timeline;
mod value;

use axum::Router;
pub use change::{Change, Kind, change};
pub use declare::DeclarationFault;
pub use enrol::{Enrol, enrol, enrol_many};
pub use export::{Export, Exporting, export};
pub use find::{find, find_all_by, find_by, find_many, find_record, page};
pub use import::{Format, Import, LineFault, Progress, Report, import};
use journal::Acts;
pub use lines::rehearse;
pub use look_up::{Look, history, look_up};
pub use openapi::openapi;
pub use record::{Cause, Record, RecordId, RecordKind, Stored};
pub use register::{
    Choice, Class, Field, FieldKind, Fields, Link, Register, Registers, Retention, Search, View, plain,
};
pub use seal::seal;
pub use search::{Found, Query, search};
use spine::{FieldFault, Migration};
pub use value::{answers as form_answers, asked as form_field, fields as form_fields, said as said_value};

/// The registers' tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "registers", number: 1, name: "records", sql: include_str!("../migrations/0001_records.sql") },
    Migration { engine: "registers", number: 2, name: "sealed", sql: include_str!("../migrations/0002_sealed.sql") },
];

/// What keeps these fields from being a record of the register; for engines that gather a record in steps.
#[must_use]
pub fn faults_of(register: &Register, fields: &Fields) -> Vec<FieldFault> {
    register.schema.faults(fields)
}

/// The API and the pages of every register.
pub fn routes(acts: Acts, registers: Registers) -> Router {
    let desk = api::Desk { acts, registers };
    api::routes(desk.clone()).merge(pages::routes(desk.clone())).merge(forms::routes(desk))
}
