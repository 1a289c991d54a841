//! Enrolment in a village without a network: packets made on a device, signed by it and by its operator, encrypted to the
//! centre, sent when there is a network, in parts that go on where they broke off.
//!
//! **Invariant:** a packet is taken once, however often it is sent; one that is stale, damaged, or that the rules refuse
//! waits for a person, with both sides before her; nothing that came is lost in silence. The format stands in
//! `docs/reference/packet.md`.
//!
//! | file | its job |
//! |---|---|
//! | `format.rs` | [`Packet`]: made and parsed |
//! | `upload.rs` | uploads that go on where they broke off |
//! | `receive.rs` | a whole packet verified and taken, once |
//! | `api.rs` | `/api/identity/packets` |
//! | `review.rs`, `review_pages.rs` | what a person is to look at |
//! | `operator_keys.rs` | the keys with which operators sign, and their page |

mod api;
pub(crate) mod format;
mod operator_keys;
mod receive;
mod review;
mod review_pages;
mod upload;

use axum::Router;

pub use format::{Packet, PacketFault, PacketForm, Taken};
pub use operator_keys::{add_operator_key, end_operator_key, operator_keys};
pub use review::{dismiss_packet, packets_to_review};
pub use upload::{Upload, UploadId, UploadState};

use crate::enrolment::Enrolment;

pub(crate) fn routes() -> Router<Enrolment> {
    api::routes().merge(review_pages::routes()).merge(operator_keys::routes())
}
