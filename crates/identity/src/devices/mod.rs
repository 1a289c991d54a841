//! Actors that are nobody: devices and systems of an organisation, each with a key, a purpose, a place and an end.
//!
//! **Invariant:** a device is looked up at every token and every use of one, so one that is lost is refused at once, on every
//! instance. It proves itself with its key or certificate and never with a secret; it signs nobody in. What it does stands in
//! the same journal, by a kind of actor of its own.
//!
//! | file | its job |
//! |---|---|
//! | `device.rs` | [`Device`], its states, what the pack lets one be for |
//! | `register.rs` | taken in, changed, its key changed, by an officer of the organisation or its own program |
//! | `client.rs` | as a client at the token endpoint, and as an actor at interfaces |
//! | `pages.rs`, `api.rs` | the organisation's list |

mod api;
pub(crate) mod client;
pub(crate) mod device;
mod pages;
mod register;

use axum::Router;
pub use device::{Device, DeviceId, DeviceKind, DeviceRules, DeviceState};
pub use register::{
    NewDevice, register as register_device, rotate as rotate_device_key, set_state as set_device_state,
};

use crate::settings::Identity;

/// The pages and the interface.
pub(crate) fn routes() -> Router<Identity> {
    pages::routes().merge(api::routes())
}
