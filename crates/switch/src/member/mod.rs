//! We as a member of a hub: the government's gateway is a payment service provider among banks and wallets. Anybody can pay a number
//! of ours from her own bank or wallet, and anybody whom the hub finds can be paid. The hub may be our own switch or another's.
//!
//! **Invariant:** only the hub's own signed word ends a transfer, both ways: money that came is ours when the hub says that it has
//! committed the transfer, and a payment has arrived or failed when the hub says so. Whatever else is heard makes us ask. What the
//! hub says twice, late or in another order happens once.
//!
//! A number of ours is found as `BUSINESS/{business}/{number}`: to reach a bill of a business, the definition says (API Definition
//! §7.5.6), the bill's number is the sub-identifier of the business. So one entry in the hub's directory stands for all of them.
//!
//! | file | its job |
//! |---|---|
//! | `door.rs` | `/api/hubs/{hub}/…`: what a hub tells and asks; `/api/hubs/keys` |
//! | `wire.rs` | who says it; how we say something |
//! | `packet.rs` | a quote's packet and its condition |
//! | `coming.rs` | look-ups, quotes and transfers to us |
//! | `going.rs` | payments of ours, step by step |
//! | `ending.rs` | the hub's word on a transfer |
//! | `workers.rs` | the jobs that tell and ask |
//! | `model.rs` | what is kept |
//!
//! **Absent on purpose:** bulk transfers, requests to pay by a payee, currency conversion: as a member we need none of them.

mod coming;
mod door;
mod ending;
mod going;
pub(crate) mod model;
mod packet;
mod wire;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use crypto::{PublicKey, SigningKey};
use edge::Outbound;
use journal::{Acts, Workers};
use payments::Rails;
use payments::hubs::Hub;
use serde_json::json;
use spine::{Cx, Fault, Resource, Secret};
pub use wire::{HubKeys, HubLink};
use wire::{Said, Saying};

use crate::fspiop::headers::Verb;

/// What a member needs.
pub struct MemberSettings {
    /// How everything is changed and read.
    pub acts: Acts,
    /// The rails of the gateway, with the hubs that the pack declares.
    pub rails: Rails,
    /// Calls hubs.
    pub outbound: Outbound,
    /// Signs what we say; RS256, as the field expects.
    pub key: Arc<SigningKey>,
    /// From which the fulfilments of quotes follow.
    pub secret: Secret<[u8; 32]>,
    /// Each hub by its id in the pack.
    pub links: Vec<(String, HubLink)>,
}

/// We among the members of hubs. Cheap to clone.
#[derive(Clone)]
pub struct Member {
    inner: Arc<MemberSettings>,
}

impl Member {
    /// Brings together what it needs.
    #[must_use]
    pub fn new(settings: MemberSettings) -> Self {
        Self { inner: Arc::new(settings) }
    }

    /// What hubs call: `/api/hubs/{hub}/…`. It wants limits of its own, as the door of a switch.
    pub fn routes(&self) -> Router {
        door::routes().with_state(self.clone())
    }

    /// Adds the jobs that tell and ask hubs.
    #[must_use]
    pub fn handlers(&self, workers: Workers) -> Workers {
        workers::handlers(self, workers)
    }

    /// The key that we sign with.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.inner.key.public()
    }

    /// Tells each hub that our numbers are found here; again until it has heard it.
    pub async fn run(self) {
        let mut pause = 1;
        for (id, _) in &self.inner.links {
            while !self.register(id).await {
                tokio::time::sleep(Duration::from_secs(pause)).await;
                pause = (pause * 2).min(300);
            }
        }
    }

    /// Enters our business into a hub's directory; whether the hub took it.
    pub async fn register(&self, id: &str) -> bool {
        let Some((hub, link)) = self.linked(id) else { return true };
        let path = format!("/participants/BUSINESS/{}", hub.business);
        let body = json!({ "fspId": hub.member, "currency": hub.most.currency().code() });
        let saying = Saying { verb: Verb::Post, path: &path, to: None, version: &hub.version, body: Some(&body) };
        self.say(hub, link, &saying).await == Said::Taken
    }

    /// A hub of the pack that the installation is connected to.
    fn linked(&self, id: &str) -> Option<(&Hub, &HubLink)> {
        let (_, link) = self.inner.links.iter().find(|(own, _)| own == id)?;
        Some((self.inner.rails.hubs.find(id)?, link))
    }

    /// The secret of our quotes to a hub's members.
    fn secret(&self, hub: &str) -> [u8; 32] {
        crypto::hmac_sha256(self.inner.secret.reveal(), &[b"hub:", hub.as_bytes()])
    }
}

/// The hub itself, or the program for it, may tell of its transfers.
fn may_hear(cx: &mut Cx<'_>, hub: &str) -> Result<(), Fault> {
    let own = cx.actor().id == format!("hub:{hub}");
    cx.may("switch.member.hear", &Resource::new("Hub", hub).is("own", own))
}
