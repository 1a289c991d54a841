//! What officers and people see of civil registration: the desk, a notice, a declaration, an event with all that belongs
//! to it, entries and what may be done to them, the statistics, one's own family.
//!
//! **Invariant:** one thing a page; no page needs JavaScript; handlers are thin. Forms are made from the register's own
//! fields, in the order the pack asks them.

mod declare;
mod desk;
mod entry;
mod event;
mod families;
mod family;
mod held;
mod person_form;
mod statistics;

use axum::Router;
use edge::show::{Tone, tag};
use edge::{Form, Markup, Visit};
use journal::Key;
use spine::{Fault, FieldFault};

use crate::engine::Civil;
use crate::event::State;

pub(crate) fn routes(civil: Civil) -> Router {
    desk::routes()
        .merge(declare::routes())
        .merge(event::routes())
        .merge(entry::routes())
        .merge(statistics::routes())
        .merge(family::routes())
        .merge(families::routes())
        .merge(held::routes())
        .with_state(civil)
}

/// An identifier in an address; what is none is not found.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| Fault::not_found("civil.event.missing"))
}

/// The key of a form: an operation, whoever asks, and the form's own.
fn key(visit: &Visit, operation: &str, form: &Form) -> Key {
    Key::new(&format!("{operation}:{}", visit.actor().id), form.key.text(), form.key.request())
}

/// Where an event stands, in words.
fn state_tag(visit: &Visit, state: State) -> Markup {
    let (tone, key) = match state {
        State::Notified => (Tone::Waiting, "civil.state.notified"),
        State::Declared => (Tone::Plain, "civil.state.declared"),
        State::Returned => (Tone::Waiting, "civil.state.returned"),
        State::Validated => (Tone::Plain, "civil.state.validated"),
        State::Registered => (Tone::Good, "civil.state.registered"),
        State::Refused => (Tone::Off, "civil.state.refused"),
    };
    tag(tone, &visit.t(key))
}

/// Faults of a date stand at its first input.
fn at_fields(faults: Vec<FieldFault>) -> Vec<FieldFault> {
    faults
        .into_iter()
        .map(|fault| FieldFault { field: fault.field.trim_start_matches('/').to_owned(), ..fault })
        .collect()
}
