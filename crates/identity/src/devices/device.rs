//! A device or system, and its states.
//!
//! **Invariant:** one that is lost or retired comes back under a new name only.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use spine::{Date, Id, IdKind, Localised, Timestamp};

/// The kind of a device's identifier.
#[derive(Debug)]
pub struct DeviceIdKind;

impl IdKind for DeviceIdKind {
    const PREFIX: &'static str = "dev";
}

/// A device's identifier, which is its `client_id` too.
pub type DeviceId = Id<DeviceIdKind>;

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// A thing that stands somewhere: a kiosk, a tablet, a scanner.
    Device,
    /// A program that runs somewhere: a clinic's system.
    System,
}

impl DeviceKind {
    /// Its name in tables, tokens and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::System => "system",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Device, Self::System].into_iter().find(|kind| kind.name() == name)
    }
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceState {
    /// In use.
    Active,
    /// Out of use for a while.
    Suspended,
    /// Nobody knows who has it.
    Lost,
    /// Out of use for good.
    Retired,
}

impl DeviceState {
    /// Every state.
    pub(crate) const ALL: [Self; 4] = [Self::Active, Self::Suspended, Self::Lost, Self::Retired];

    /// Its name in tables and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Lost => "lost",
            Self::Retired => "retired",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it may go on to another state.
    pub(crate) const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Active => !matches!(next, Self::Active),
            Self::Suspended => !matches!(next, Self::Suspended),
            Self::Lost => matches!(next, Self::Retired),
            Self::Retired => false,
        }
    }
}

/// How it proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proves {
    /// It signs (`private_key_jwt`).
    Key,
    /// Its TLS certificate has its key (RFC 8705 §2.2).
    Certificate,
}

impl Proves {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Certificate => "certificate",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Key, Self::Certificate].into_iter().find(|proves| proves.name() == name)
    }
}

/// A device or system of an organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Its identifier.
    pub id: DeviceId,
    /// The organisation (`org_…`) or public body that answers for it.
    pub owner: String,
    /// What it is.
    pub kind: DeviceKind,
    /// What its people call it.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Where it stands.
    pub place: String,
    /// How it proves itself.
    pub proves: Proves,
    /// Its public key, a JWK.
    pub key: Json,
    /// The key before it, and until when it counts.
    pub old_key: Option<(Json, Timestamp)>,
    /// What it may ask tokens for.
    pub scopes: Vec<String>,
    /// Its last day.
    pub valid_to: Date,
    /// Where it stands.
    pub state: DeviceState,
}

impl Device {
    /// Whether it counts on a day.
    #[must_use]
    pub fn counts_on(&self, day: Date) -> bool {
        self.state == DeviceState::Active && day <= self.valid_to
    }

    /// What its tokens say of it, beside the claims of RFC 9068.
    #[must_use]
    pub fn attributes(&self) -> Json {
        json!({ "kind": self.kind.name(), "owner": self.owner, "purpose": self.purpose, "place": self.place })
    }
}

/// `devices.toml`: what devices may be let do.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRules {
    /// That what it says is an example.
    #[serde(default)]
    pub illustrative: bool,
    /// The longest a device may be registered for.
    #[serde(default)]
    pub longest_days: i64,
    /// What its tokens may be for.
    #[serde(default, rename = "scope")]
    pub scopes: Vec<DeviceScope>,
}

/// Something a device's token may be for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceScope {
    /// As tokens and policies write it.
    pub id: String,
    /// What people call it.
    pub name: Localised,
}
