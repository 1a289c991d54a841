//! Uploads that go on where they broke off, in the words of the IETF's resumable uploads (Upload-Offset, Upload-Complete).
//!
//! **Invariant:** what came stays; bytes are added at the end only, at the offset both sides know; the same key of the same
//! device is the same upload.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, FaultKind, Id, IdKind, Resource, Timestamp};

use super::format::LARGEST;
use crate::rows::packets as rows;

/// At most so many uploads of a device that have begun and not ended.
const OPEN: i64 = 20;

/// The kind of an upload's identifier.
#[derive(Debug)]
pub struct UploadKind;
impl IdKind for UploadKind {
    const PREFIX: &'static str = "pck";
}
/// An upload's identifier.
pub type UploadId = Id<UploadKind>;

/// Where an upload stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadState {
    /// Not whole yet.
    Receiving,
    /// Taken: there is an application.
    Taken,
    /// A person is to look at it.
    Review,
    /// A person has looked and put it aside, with a reason.
    Dismissed,
}

impl UploadState {
    /// As tables and answers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Taken => "taken",
            Self::Review => "review",
            Self::Dismissed => "dismissed",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Receiving, Self::Taken, Self::Review, Self::Dismissed].into_iter().find(|state| state.name() == name)
    }
}

/// An upload.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// Its identifier.
    pub id: UploadId,
    /// The device that sends it.
    pub device: String,
    /// Bytes altogether.
    pub length: i64,
    /// Bytes that have come.
    pub received: i64,
    /// Where it stands.
    pub state: UploadState,
    /// Why a person is to look, as the code of a fault.
    pub problem: Option<String>,
    /// The packet's name, once it was read.
    pub name: Option<String>,
    /// The device's count.
    pub number: Option<i64>,
    /// Who made it, as it says.
    pub operator: Option<String>,
    /// The application it became.
    pub application: Option<String>,
    /// Why it was put aside.
    pub words: Option<String>,
    /// When it began to come.
    pub made_at: Timestamp,
}

fn resource(upload: &str, own: bool) -> Resource {
    Resource::new("Packet", upload).is("own", own)
}

/// Begins an upload, or finds the one that began under this key.
///
/// # Errors
/// `identity.packet.length`, `identity.packet.many`, the authority's refusal.
pub(super) fn begin_upload(cx: &mut Cx<'_>, key: &str, length: i64) -> Result<Upload, Fault> {
    let device = cx.actor().id.clone();
    cx.may("identity.packet.send", &resource("new", true))?;
    if let Some(known) = rows::by_key(cx.tx(), &device, key)? {
        return Ok(known);
    }
    let largest = i64::try_from(LARGEST).unwrap_or(i64::MAX);
    if !(1..=largest).contains(&length) {
        return Err(Fault::new(FaultKind::TooLarge, "identity.packet.length"));
    }
    if rows::open_of(cx.tx(), &device)? >= OPEN {
        return Err(Fault::conflict("identity.packet.many"));
    }
    let (id, now) = (cx.id(), cx.now());
    rows::insert(cx.tx(), id, (&device, key), length, now)?;
    cx.record(Act::new("identity.packet.begun").on(id).because("national-id", "national-id").with("bytes", length));
    rows::one(cx.tx(), id)?.ok_or_else(|| Fault::not_found("identity.packet.missing"))
}

/// An upload of the actor's own.
///
/// # Errors
/// `identity.packet.missing`, the authority's refusal.
pub(super) fn own_upload(cx: &mut Cx<'_>, id: UploadId) -> Result<Upload, Fault> {
    let device = cx.actor().id.clone();
    let found = rows::one(cx.tx(), id)?.filter(|upload| upload.device == device);
    cx.may("identity.packet.send", &resource(&id.to_string(), true))?;
    found.ok_or_else(|| Fault::not_found("identity.packet.missing"))
}

/// Adds bytes at an offset; answers the upload as it is then.
///
/// # Errors
/// `identity.packet.offset` if other bytes come next, `identity.packet.length` for more than was announced,
/// `identity.packet.over` for one that is whole; as [`own_upload`].
pub(super) fn append(cx: &mut Cx<'_>, id: UploadId, offset: i64, bytes: &[u8]) -> Result<Upload, Fault> {
    let upload = own_upload(cx, id)?;
    if upload.state != UploadState::Receiving {
        return Err(Fault::conflict("identity.packet.over"));
    }
    let count = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    if upload.received.saturating_add(count) > upload.length {
        return Err(Fault::new(FaultKind::TooLarge, "identity.packet.length"));
    }
    if bytes.is_empty() && offset == upload.received {
        return Ok(upload);
    }
    if offset != upload.received || !rows::append(cx.tx(), id, offset, bytes)? {
        return Err(Fault::conflict("identity.packet.offset"));
    }
    cx.record(Act::new("identity.packet.part").on(id).because("national-id", "national-id").with("bytes", count));
    own_upload(cx, id)
}
