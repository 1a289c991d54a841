//! The population: who the country's people are, as the civil register says.
//!
//! **Invariant:** what is known of a person lives in the register `civil-person` and nowhere else; this engine gives
//! people their identifiers and reads them back as persons. An identifier says nothing of its bearer.
//!
//! | file | its job |
//! |---|---|
//! | `national_id.rs` | the number a person knows by heart, with a check digit |
//! | `model.rs` | [`Person`], [`PersonId`] |
//! | `population.rs` | [`Population`]: found by number or identifier |
//! | `enrol.rs` | people into the register, many at a time |

mod enrol;
mod model;
pub mod national_id;
mod population;

pub use enrol::{NewPerson, enrol};
pub use model::{Person, PersonId, PersonKind};
pub use population::{Population, REGISTER};
