//! The switch beside the site, and we as a member of hubs: their doors, as those of wallets and banks, are called by programs, thousands of times a minute
//! from one address, so they have limits of their own.
//!
//! **Invariant:** without the operator's token there is no switch: no door, no worker.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use crypto::PublicKey;
use edge::{Bucket, Limits, Site, frame};
use jiff::tz::TimeZone;
use journal::{Acts, Workers};
use payments::Rails;
use spine::{Caller, Currency, Cx, Secret};
use switch::member::{HubKeys, HubLink, Member, MemberSettings};
use switch::{Access, HUB, Switch, SwitchSettings, set_access};
use tower::ServiceExt;

use crate::keys::Keys;
use crate::program::Setup;

/// Messages one bank may send in a minute.
const PER_MINUTE: u32 = 600_000;

/// A hub that we are a member of, as the configuration says it.
#[derive(Clone)]
pub(crate) struct HubPart {
    /// What the hub calls itself.
    pub(crate) name: String,
    pub(crate) base_url: String,
    pub(crate) token: Secret<String>,
    /// The keys of the hub and its members; none if it is our own switch.
    pub(crate) keys: Option<HubKeys>,
}

/// The switch, if there is one, and we as a member of hubs.
pub(crate) struct Beside {
    pub(crate) switch: Option<Switch>,
    member: Member,
}

/// Opens the switch, if the installation has one, and what speaks to hubs.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn open(
    setup: &Setup,
    keys: &Keys,
    acts: &Acts,
    (rails, currency): (&Rails, Currency),
) -> Result<Beside, String> {
    let switch = open_switch(setup, keys, acts, (currency, rails.banks.zone())).await?;
    let mut links = Vec::new();
    for (id, part) in &setup.hubs {
        let own = || switch.clone().map(HubKeys::Own);
        let known = part.keys.clone().or_else(own);
        let known = known.ok_or_else(|| format!("the hub {id}: whose signatures are to be believed is not said"))?;
        let HubPart { name, base_url, token, .. } = part.clone();
        links.push((id.clone(), HubLink { name, base_url, token, keys: known }));
    }
    let member = Member::new(MemberSettings {
        acts: acts.clone(),
        rails: rails.clone(),
        outbound: setup.outbound.clone(),
        key: Arc::new(keys.hubs().map_err(|error| format!("the keys: {error}"))?),
        secret: keys.secret("hubs"),
        links,
    });
    Ok(Beside { switch, member })
}

async fn open_switch(
    setup: &Setup,
    keys: &Keys,
    acts: &Acts,
    (currency, zone): (Currency, TimeZone),
) -> Result<Option<Switch>, String> {
    let Some(token) = setup.switch.clone() else { return Ok(None) };
    let [_, key] = &keys.rsa;
    let switch = Switch::new(SwitchSettings {
        acts: acts.clone(),
        outbound: setup.outbound.clone(),
        key: Arc::clone(key),
        secret: keys.secret("switch"),
        hub: HUB.to_owned(),
        zone,
    });
    let wrong = |fault| format!("the switch: {fault}");
    switch.open(vec![currency]).await.map_err(wrong)?;
    let admit = move |cx: &mut Cx<'_>| {
        let access = Access { token: Secret::new(token.reveal().clone()), jws_key: None, signs: false };
        set_access(cx, HUB, &access)
    };
    acts.write(&Caller::system("switch"), &journal::Key::none(), admit).await.map_err(wrong)?;
    switch.refresh().await.map_err(wrong)?;
    Ok(Some(switch))
}

impl Beside {
    /// The pages of whoever runs the switch, within the site.
    pub(crate) fn pages(&self) -> Router {
        self.switch.as_ref().map_or_else(Router::new, Switch::pages)
    }

    /// The doors of the switch, of hubs, and those of wallets, banks, acquirers and partners in a frame of their own, and the site behind them.
    pub(crate) fn beside(&self, site_routes: Router, calls: Router, site: &Site) -> Router {
        let doors = calls.merge(self.switch.as_ref().map_or_else(Router::new, Switch::interface));
        let doors = doors.merge(self.member.routes());
        let per_address = Bucket { name: "programs.requests", burst: PER_MINUTE, seconds: 60 };
        let limits = Limits { per_address, concurrency: 4_096, ..Limits::default() };
        site_routes.layer(from_fn_with_state(frame(doors, site, limits), divert))
    }

    /// Adds the jobs that speak to hubs.
    pub(crate) fn handlers(&self, workers: Workers) -> Workers {
        self.member.handlers(workers)
    }

    /// The key that we sign with as a member.
    pub(crate) fn public_key(&self) -> PublicKey {
        self.member.public_key()
    }

    /// Starts the switch, and tells hubs that our numbers are found here.
    pub(crate) fn work(&self) {
        if let Some(switch) = self.switch.clone() {
            tokio::spawn(switch.run());
        }
        tokio::spawn(self.member.clone().run());
    }
}

/// What only programs call, each with a signature or a token.
const DOORS: [&str; 8] = [
    "/api/fspiop/",
    "/api/switch/",
    "/api/hubs/",
    "/api/payments/callbacks/",
    "/api/payments/banks/",
    "/api/payments/acquirers/",
    "/api/payments/offline",
    "/api/payments/partners/",
];

async fn divert(State(doors): State<Router>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if DOORS.iter().any(|door| path.starts_with(door)) {
        doors.oneshot(request).await.into_response()
    } else {
        next.run(request).await
    }
}
