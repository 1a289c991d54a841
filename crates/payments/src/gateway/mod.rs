//! The gateway: what somebody is asked to pay, each try to pay it, and what came of it. [`Gateway`] is what the pages,
//! the callbacks and the workers of this engine share.
//!
//! **Invariant:** cheap to clone; the secrets of the wallets are in [`Wallets`] and nowhere else.
//!
//! | file | its job |
//! |---|---|
//! | `request.rs` | [`request::request()`], [`request::withdraw`] |
//! | `choose.rs`, `attempt.rs` | [`choose::choose_wallet`]; what happens to an attempt |
//! | `channel.rs` | how somebody came to pay |
//! | `receive.rs` | [`receive::receive()`]: what a wallet tells; the one place where money comes in |
//! | `arrive.rs` | money by another rail than a wallet, and money that names no request |
//! | `refund.rs` | [`refund::refund()`]: money that belongs to nothing goes back |
//! | `give_back.rs`, `back.rs` | a paid fee goes back, by its wallet or by hand |
//! | `view.rs` | [`view::view()`], [`view::find`], [`view::receipt`], [`view::desk`] |
//! | `pages.rs`, `officer_pages.rs` | the payer's and the officer's pages |

pub(crate) mod arrive;
pub(crate) mod attempt;
pub(crate) mod back;
pub(crate) mod by_reference;
pub(crate) mod channel;
pub(crate) mod check_digit;
pub(crate) mod choose;
pub(crate) mod events;
pub(crate) mod fee_pages;
pub(crate) mod give_back;
pub(crate) mod limits;
pub(crate) mod model;
mod officer_pages;
pub(crate) mod pages;
pub(crate) mod receive;
pub(crate) mod refund;
pub(crate) mod request;
pub(crate) mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use axum::Router;
use edge::Outbound;
use journal::Acts;
use spine::{Clock, Fault, Localised, Secret};

use crate::billers::{self, BillerId};
use crate::disputes::{self, Recourse};
use crate::funds::Funds;
use crate::merchants::{self, Counter};
use crate::rails::api;
use crate::rails::banks::Banks;
use crate::rails::cards::{self, Acquirers};
use crate::rails::hubs::Hubs;
use crate::rails::payout::Rails;
use crate::rails::wallets::Wallets;
use crate::remittance::{self, Corridors};
use crate::sanctions;
use crate::screening::{self, Screening};

/// The names of the country's institutions, by their ids.
pub type Institutions = Arc<BTreeMap<String, Localised>>;

/// The gateway to the wallets.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    acts: Acts,
    rails: Rails,
    institutions: Institutions,
    corridors: Corridors,
    counter: Option<Arc<Counter>>,
    hooks: Secret<[u8; 32]>,
    recourse: Option<Recourse>,
    funds: Funds,
    voucher_payees: Arc<BTreeSet<String>>,
    lists: Option<sanctions::Sources>,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Brings together what it needs. The clock is the real one, to sign with: wallets look at it.
    #[must_use]
    pub fn new(acts: Acts, wallets: Wallets, outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        let (hubs, screening, acquirers) = (Hubs::default(), Screening::default(), Acquirers::default());
        let rails = Rails { wallets, banks: Banks::default(), acquirers, screening, hubs };
        let hooks = Secret::new([0; 32]);
        let (institutions, corridors, counter) = (Institutions::default(), Corridors::default(), None);
        Self {
            inner: Arc::new(Inner {
                acts,
                rails,
                institutions,
                corridors,
                counter,
                hooks,
                recourse: None,
                funds: Funds::default(),
                voucher_payees: Arc::default(),
                lists: None,
                outbound,
                clock,
            }),
        }
    }

    /// The same, with banks.
    #[must_use]
    pub fn with_banks(self, banks: Banks) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.rails.banks = banks;
        Self { inner: Arc::new(inner) }
    }

    /// The same, with hubs that we are a member of.
    #[must_use]
    pub fn with_hubs(self, hubs: Hubs) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.rails.hubs = hubs;
        Self { inner: Arc::new(inner) }
    }

    /// The same, with who takes cards.
    #[must_use]
    pub fn with_acquirers(self, acquirers: Acquirers) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.rails.acquirers = acquirers;
        Self { inner: Arc::new(inner) }
    }

    /// The same, with what people call the institutions that send bills.
    #[must_use]
    pub fn with_institutions(self, institutions: Institutions) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.institutions = institutions;
        Self { inner: Arc::new(inner) }
    }

    /// The same, with partners who collect money abroad.
    #[must_use]
    pub fn with_corridors(self, corridors: Corridors) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.corridors = corridors;
        Self { inner: Arc::new(inner) }
    }

    /// The same, with rules that stop payments until officers have looked.
    #[must_use]
    pub fn with_screening(self, screening: Screening) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.rails.screening = screening;
        Self { inner: Arc::new(inner) }
    }

    /// The same, with where published lists of names are fetched.
    #[must_use]
    pub fn with_lists(self, lists: sanctions::Sources) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.lists = Some(lists);
        Self { inner: Arc::new(inner) }
    }

    /// Where published lists of names are fetched.
    pub(crate) fn lists(&self) -> Option<&sanctions::Sources> {
        self.inner.lists.as_ref()
    }

    /// The same, with what stands in the codes of merchants.
    #[must_use]
    pub fn with_counter(self, counter: Counter) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.counter = Some(Arc::new(counter));
        Self { inner: Arc::new(inner) }
    }

    /// The same, with the secret from which those of calls to billers follow.
    #[must_use]
    pub fn with_hooks(self, hooks: Secret<[u8; 32]>) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.hooks = hooks;
        Self { inner: Arc::new(inner) }
    }

    /// The same, with the days of disputes.
    #[must_use]
    pub fn with_recourse(self, recourse: Recourse) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.recourse = Some(recourse);
        Self { inner: Arc::new(inner) }
    }

    /// The same, with funds that levies are paid to.
    #[must_use]
    pub fn with_funds(self, funds: Funds) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.funds = funds;
        Self { inner: Arc::new(inner) }
    }

    /// The country's funds.
    #[must_use]
    pub fn funds(&self) -> &Funds {
        &self.inner.funds
    }

    /// The same, knowing whom vouchers of the government may pay: institutions and accounts. The page for it is the engine's above.
    #[must_use]
    pub fn with_voucher_payees(self, payees: BTreeSet<String>) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.voucher_payees = Arc::new(payees);
        Self { inner: Arc::new(inner) }
    }

    /// Whether a voucher may pay somebody.
    pub(crate) fn takes_vouchers(&self, payee: &str) -> bool {
        self.inner.voucher_payees.contains(payee)
    }

    /// The days of disputes; a country without has none.
    pub(crate) fn recourse(&self) -> Result<&Recourse, Fault> {
        self.inner.recourse.as_ref().ok_or_else(|| Fault::not_found("payments.dispute.unknown"))
    }

    /// The secret that calls to a biller are signed with.
    pub(crate) fn hook_secret(&self, biller: BillerId) -> Secret<[u8; 32]> {
        Secret::new(crypto::hmac_sha256(self.inner.hooks.reveal(), &[b"biller:", biller.as_bytes()]))
    }

    /// What stands in the codes of merchants; a country without has none.
    pub(crate) fn counter(&self) -> Result<&Counter, Fault> {
        self.inner.counter.as_deref().ok_or_else(|| Fault::not_found("payments.merchant.unknown"))
    }

    /// The partners who collect money abroad.
    #[must_use]
    pub fn corridors(&self) -> &Corridors {
        &self.inner.corridors
    }

    /// What people call the institutions.
    pub(crate) fn institutions(&self) -> &BTreeMap<String, Localised> {
        &self.inner.institutions
    }

    /// What people call an institution; its id if it has no name here.
    pub(crate) fn institution<'a>(&'a self, visit: &'a edge::Visit, id: &'a str) -> &'a str {
        self.inner.institutions.get(id).map_or(id, |name| visit.local(name))
    }

    /// Runs operations.
    #[must_use]
    pub fn acts(&self) -> &Acts {
        &self.inner.acts
    }

    /// The country's wallets.
    #[must_use]
    pub fn wallets(&self) -> &Wallets {
        &self.inner.rails.wallets
    }

    /// The rails that money can go out on, for [`crate::disburse`].
    #[must_use]
    pub fn rails(&self) -> &Rails {
        &self.inner.rails
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

/// Every address of this engine: `/pay/…`, `/payments`, `/treasury`, `/screening`, `/api/payments/callbacks/{wallet}`.
pub fn routes(gateway: Gateway) -> Router {
    pages::routes()
        .merge(fee_pages::routes())
        .merge(crate::bills::pages::routes())
        .merge(billers::pages::routes())
        .merge(billers::api::routes())
        .merge(disputes::pages::routes())
        .merge(cards::pages::routes())
        .merge(merchants::pages::routes())
        .merge(crate::associations::pages::routes())
        .merge(crate::agents::routes())
        .merge(crate::funds::routes())
        .merge(remittance::pages::routes())
        .merge(officer_pages::routes())
        .merge(crate::treasury::routes())
        .merge(screening::routes())
        .merge(sanctions::routes())
        .merge(crate::rails::cash_pages::routes())
        .with_state(gateway)
}

/// What wallets, banks, acquirers and partners call, `/api/payments/{callbacks,banks,acquirers,partners}/…`: programs, thousands of times a minute
/// from one address, each call signed. They have limits of their own.
pub fn calls(gateway: Gateway) -> Router {
    let routes = api::routes().merge(cards::api::routes()).merge(remittance::api::routes());
    routes.merge(crate::agents::api::routes()).with_state(gateway)
}
