//! The switch beside the site: its doors, as those of wallets and banks, are called by programs, thousands of times a minute
//! from one address, so they have limits of their own.
//!
//! **Invariant:** without the operator's token there is no switch: no door, no worker.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use edge::{Bucket, Limits, Site, frame};
use journal::Acts;
use spine::{Caller, Currency, Cx, Secret};
use switch::{Access, HUB, Switch, SwitchSettings, set_access};
use tower::ServiceExt;

use crate::keys::Keys;
use crate::program::Setup;

/// Messages one bank may send in a minute.
const PER_MINUTE: u32 = 600_000;

/// Opens the switch, if the installation has one.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn open(
    setup: &Setup,
    keys: &Keys,
    acts: &Acts,
    currency: Currency,
) -> Result<Option<Switch>, String> {
    let Some(token) = setup.switch.clone() else { return Ok(None) };
    let [_, key] = &keys.rsa;
    let switch = Switch::new(SwitchSettings {
        acts: acts.clone(),
        outbound: setup.outbound.clone(),
        key: Arc::clone(key),
        secret: keys.secret("switch"),
        hub: HUB.to_owned(),
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

/// The pages of whoever runs the switch, within the site.
pub(crate) fn pages(switch: Option<&Switch>) -> Router {
    switch.map_or_else(Router::new, Switch::pages)
}

/// The doors of the switch and those of wallets, banks and partners in a frame of their own, and the site behind them.
pub(crate) fn beside(site_routes: Router, switch: Option<&Switch>, calls: Router, site: &Site) -> Router {
    let doors = calls.merge(switch.map_or_else(Router::new, Switch::interface));
    let per_address = Bucket { name: "programs.requests", burst: PER_MINUTE, seconds: 60 };
    let limits = Limits { per_address, concurrency: 4_096, ..Limits::default() };
    site_routes.layer(from_fn_with_state(frame(doors, site, limits), divert))
}

/// What only programs call, each with a signature or a token.
const DOORS: [&str; 5] =
    ["/api/fspiop/", "/api/switch/", "/api/payments/callbacks/", "/api/payments/banks/", "/api/payments/partners/"];

async fn divert(State(doors): State<Router>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if DOORS.iter().any(|door| path.starts_with(door)) {
        doors.oneshot(request).await.into_response()
    } else {
        next.run(request).await
    }
}
