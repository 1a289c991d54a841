//! The switch: the hub between banks and wallets. It finds whose customer somebody is, hands quotes and transfers on, holds
//! the money of each transfer in the ledger until the payee's institution agreed, and settles what they owe one another.
//!
//! **Invariant:** what a participant owes never exceeds the smaller of its net-debit cap and its deposit, because the ledger refuses
//! the booking that would; a transfer ends once; each committed transfer is in one settlement window; what a settlement moves adds
//! up to nothing.
//!
//! | file | its job |
//! |---|---|
//! | `fspiop/` | the protocol FSPIOP 1.0, 1.1 and 2.0: headers, errors, signatures, conditions, its door |
//! | `directory.rs` | whose customer is reached under an alias |
//! | `transfers/` | prepared, fulfilled, aborted, expired, in bulk |
//! | `participants/`, `caps.rs` | banks and wallets, their accounts, caps, deposits |
//! | `settlement/` | windows, multilateral netting, settlements |
//! | `desk/` | the pages of whoever runs the switch |
//! | `member/` | we as a member of a hub, this one or another |
//! | `letter.rs`, `courier.rs` | what is told to whom, until it was |
//! | `registry.rs` | participants in memory, for every message |
//! | `simulator.rs` | institutions to try it with |
//! | `admin/`, `openapi.rs` | the interface of central-ledger and central-settlement |
//! | `rows/` | every SQL text |

mod admin;
mod amount;
mod caps;
mod courier;
mod desk;
mod directory;
mod fspiop;
mod letter;
pub mod member;
mod model;
mod openapi;
mod participants;
mod registry;
mod rows;
mod settlement;
pub mod simulator;
mod transfers;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use crypto::{PublicKey, SigningKey};
use edge::Outbound;
use jiff::tz::TimeZone;
use journal::{Acts, Key};
use spine::{Caller, Fault, Migration, Secret};

pub use amount::{WireAmount, read_digits};
pub use model::{AccountType, HUB};
pub use openapi::openapi;
pub use participants::{Access, Cap, Direction, Funds, Joining, enrol, fund, set_access, set_cap, set_endpoint};
pub use settlement::{any_transfer, close_window, settle};

/// The tables of this engine.
pub const MIGRATIONS: &[Migration] = &[
    Migration { engine: "switch", number: 1, name: "switch", sql: include_str!("../migrations/0001_switch.sql") },
    Migration { engine: "switch", number: 2, name: "totals", sql: include_str!("../migrations/0002_totals.sql") },
    Migration { engine: "switch", number: 3, name: "member", sql: include_str!("../migrations/0003_member.sql") },
];

/// How often transfers that nobody answered are looked for.
const EXPIRY: Duration = Duration::from_millis(500);
/// How often participants are read anew, for the changes of other instances.
const REGISTRY: Duration = Duration::from_secs(2);

/// What the switch needs.
pub struct SwitchSettings {
    /// How everything is changed and read.
    pub acts: Acts,
    /// Calls participants.
    pub outbound: Outbound,
    /// Signs what the hub says; RS256, as participants expect.
    pub key: Arc<SigningKey>,
    /// Hashes aliases.
    pub secret: Secret<[u8; 32]>,
    /// What the hub is called.
    pub hub: String,
    /// Whose days the files of a settlement name.
    pub zone: TimeZone,
}

/// The switch. Cheap to clone.
#[derive(Clone)]
pub struct Switch {
    inner: Arc<Inner>,
}

struct Inner {
    acts: Acts,
    courier: courier::Courier,
    registry: registry::Registry,
    secret: Secret<[u8; 32]>,
    hub: String,
    key: PublicKey,
    zone: TimeZone,
}

impl Switch {
    /// Brings together what the switch needs.
    #[must_use]
    pub fn new(settings: SwitchSettings) -> Self {
        let SwitchSettings { acts, outbound, key, secret, hub, zone } = settings;
        let (registry, public) = (registry::Registry::default(), key.public());
        let courier = courier::Courier::new(acts.clone(), outbound, registry.clone(), hub.clone(), key);
        Self { inner: Arc::new(Inner { acts, courier, registry, secret, hub, key: public, zone }) }
    }

    /// The interface for participants and for the administration. Banks call it often; it wants limits of its own.
    pub fn interface(&self) -> Router {
        fspiop::api::routes().merge(admin::routes()).with_state(self.clone())
    }

    /// The pages of whoever runs the switch.
    pub fn pages(&self) -> Router {
        desk::routes().with_state(self.clone())
    }

    /// Opens the hub's own books in each currency and the first settlement window, where they are not open yet.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn open(&self, currencies: Vec<spine::Currency>) -> Result<(), Fault> {
        let hub = self.inner.hub.clone();
        let write = move |cx: &mut spine::Cx<'_>| participants::open_hub(cx, &hub, &currencies);
        self.inner.acts.write(&Caller::system("switch"), &Key::none(), write).await?;
        self.refresh().await
    }

    /// The key that a participant signs with, or the hub itself.
    pub(crate) fn key_of(&self, name: &str) -> Option<PublicKey> {
        if name == self.inner.hub {
            return Some(self.inner.key.clone());
        }
        self.inner.registry.find(name).and_then(|known| known.key.clone())
    }

    /// Reads the participants anew, after something about them changed.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn refresh(&self) -> Result<(), Fault> {
        self.inner.registry.read(&self.inner.acts).await
    }

    /// Gives up transfers that nobody answered in time; says how many it told of.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn expire(&self) -> Result<usize, Fault> {
        let (acts, caller) = (&self.inner.acts, Caller::system("switch"));
        let any = acts.read(&caller, |cx| {
            let now = cx.now();
            Ok(!rows::transfers::overdue(cx.tx(), now, 1)?.is_empty())
        });
        if !any.await? {
            return Ok(0);
        }
        let hub = self.inner.hub.clone();
        let post = acts.post(&caller, &Key::none(), move |cx| transfers::expire::expire(cx, &hub)).await?;
        let told = post.kept.len();
        self.inner.courier.post(post);
        Ok(told)
    }

    /// Sends letters that are due; says how many.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn deliver(&self) -> Result<usize, Fault> {
        self.inner.courier.look().await
    }

    /// Delivers, expires and refreshes until the program ends.
    pub async fn run(self) {
        let courier = self.inner.courier.clone().run();
        let expiring = async {
            loop {
                tokio::time::sleep(EXPIRY).await;
                if let Err(fault) = self.expire().await {
                    tracing::warn!(%fault, "overdue transfers were not given up");
                }
            }
        };
        let refreshing = async {
            loop {
                tokio::time::sleep(REGISTRY).await;
                if let Err(fault) = self.refresh().await {
                    tracing::warn!(%fault, "participants were not read");
                }
            }
        };
        tokio::join!(courier, expiring, refreshing);
    }
}

/// Sixteen bytes as FSPIOP writes an identifier (RFC 9562 §4).
#[must_use]
pub fn uuid_of(bytes: [u8; 16]) -> String {
    let hex = crypto::hex(&bytes);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
