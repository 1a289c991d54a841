//! What the pages, the callbacks and the workers of this engine share.
//!
//! **Invariant:** cheap to clone; the secrets of the wallets are in [`Wallets`] and nowhere else.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use edge::Outbound;
use journal::Acts;
use spine::Clock;

use crate::wallets::Wallets;
use crate::{api, officer_pages, pages};

/// The gateway to the wallets.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    acts: Acts,
    wallets: Wallets,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Brings together what it needs. The clock is the real one, to sign with: wallets look at it.
    #[must_use]
    pub fn new(acts: Acts, wallets: Wallets, outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::new(Inner { acts, wallets, outbound, clock }) }
    }

    /// Runs operations.
    #[must_use]
    pub fn acts(&self) -> &Acts {
        &self.inner.acts
    }

    /// The country's wallets.
    #[must_use]
    pub fn wallets(&self) -> &Wallets {
        &self.inner.wallets
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        &self.inner.outbound
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Gateway")
    }
}

/// Every address of this engine: `/pay/…`, `/payments`, `/api/payments/callbacks/{wallet}`.
pub fn routes(gateway: Gateway) -> Router {
    pages::routes().merge(officer_pages::routes()).merge(api::routes()).with_state(gateway)
}
