//! What the engine works with, and what it does when somebody dies.
//!
//! **Invariant:** cheap to clone; the keys that sign batches and seal vouchers are in here and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::Router;
use civil::{Consequence, Population, Vital};
use crypto::{SealKey, SigningKey};
use edge::Outbound;
use identity::Identity;
use jiff::tz::TimeZone;
use journal::{Acts, Key, Subscriptions, Workers};
use messages::Messages;
use payments::Rails;
use payments::ledger::{AccountId, TransferId};
use registers::Registers;
use spine::{Caller, Currency, Cx, Fault, Language, Localised, Money, Personal, Secret};

use crate::payouts::Payouts;
use crate::programme::{Programme, Programmes, Way};
use crate::{carried, jobs, pages, runs};

/// What the engine is given.
#[derive(Clone)]
pub struct GrantsSettings {
    /// Runs operations.
    pub acts: Acts,
    /// The country's programmes.
    pub programmes: Programmes,
    /// Who lives, and in which language she is told.
    pub identity: Identity,
    /// Who there is.
    pub population: Population,
    /// What rules are asked about.
    pub registers: Registers,
    /// Tells people.
    pub messages: Messages,
    /// Signs batches (Ed25519).
    pub signing_key: Arc<SigningKey>,
    /// Seals the secret numbers of vouchers.
    pub seal_key: Arc<SealKey>,
    /// Finds a voucher by its number without keeping that.
    pub voucher_secret: Secret<[u8; 32]>,
    /// The wallets and banks people may be paid into.
    pub rails: Rails,
    /// Post offices, and systems that bring lists.
    pub payouts: Payouts,
    /// What programmes pay in.
    pub currency: Currency,
    /// The language of messages to people who never chose one.
    pub language: Language,
    /// Carries money into wallets and bank accounts.
    pub carrier: Arc<dyn Carrier>,
    /// Calls systems back; by workers only.
    pub outbound: Outbound,
    /// Where the country's days begin.
    pub zone: TimeZone,
    /// What institutions are called.
    pub institutions: Arc<BTreeMap<String, Localised>>,
}

/// Payments by the government. Cheap to clone.
#[derive(Clone)]
pub struct Grants {
    pub(crate) inner: Arc<GrantsSettings>,
}

impl fmt::Debug for Grants {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Grants")
    }
}

/// One payment to be carried.
#[derive(Clone, Debug)]
pub struct Order {
    /// The try it is: its identifier with the ledger and the carrier, under which it is paid once.
    pub id: TransferId,
    /// How.
    pub way: Way,
    /// The wallet or bank.
    pub institution: String,
    /// The number or account there.
    pub address: Personal<String>,
    /// Whose account it is.
    pub holder: Personal<String>,
    /// How much.
    pub amount: Money,
    /// What the payee sees.
    pub reference: String,
}

/// What became of handing an order over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// Its money is held and it is on its way; what becomes of it is told later ([`crate::runs::told`]).
    Now,
    /// It cannot be made, and nothing is held for it: the last part of a reason's key.
    Refused(String),
}

/// Carries money into wallets and bank accounts.
pub trait Carrier: Send + Sync + 'static {
    /// Hands orders over within the operation that pays them: holds the money of each from `from`, and answers in their order.
    ///
    /// # Errors
    /// The ledger's and the store's faults: then none is handed over.
    fn hand_over(&self, cx: &mut Cx<'_>, from: AccountId, orders: &[Order]) -> Result<Vec<Handed>, Fault>;
}

/// What a carrier says of an order, sooner or later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// She has it; what the carrier calls the payment.
    Paid(String),
    /// She will not get it, or it came back: the last part of a reason's key (`unknown_number`, `account_closed`).
    Failed(String),
}

impl Grants {
    /// The engine.
    #[must_use]
    pub fn new(settings: GrantsSettings) -> Self {
        Self { inner: Arc::new(settings) }
    }

    /// The country's programmes.
    #[must_use]
    pub fn programmes(&self) -> &Programmes {
        &self.inner.programmes
    }

    /// The wallets and banks people may be paid into.
    #[must_use]
    pub fn rails(&self) -> &Rails {
        &self.inner.rails
    }

    /// Post offices, and systems that bring lists.
    #[must_use]
    pub fn payouts(&self) -> &Payouts {
        &self.inner.payouts
    }

    /// Every page and interface.
    pub fn routes(&self) -> Router {
        pages::routes(self.clone())
    }

    /// Which events become its jobs.
    #[must_use]
    pub fn subscriptions(subscriptions: Subscriptions) -> Subscriptions {
        carried::subscriptions(subscriptions)
    }

    /// Goes on with the programmes whose pay day is near; asked now and then.
    ///
    /// # Errors
    /// As [`runs::plan`].
    pub async fn plan(&self) -> Result<usize, Fault> {
        let grants = self.clone();
        let work = move |cx: &mut Cx<'_>| runs::plan(cx, &grants);
        self.acts().write(&Caller::system(jobs::PART), &Key::none(), work).await
    }

    /// What it does in the background.
    #[must_use]
    pub fn handlers(&self, workers: Workers) -> Workers {
        jobs::handlers(self.clone(), workers)
    }

    /// What follows from a death: nothing more is paid, and what nobody fetched goes back.
    #[must_use]
    pub fn consequence(&self) -> Consequence {
        let grants = self.clone();
        Arc::new(move |cx: &mut Cx<'_>, vital: &Vital| match vital {
            Vital::Died { person, .. } => runs::stop::of_the_dead(cx, &grants, person),
            _ => Ok(()),
        })
    }

    pub(crate) fn acts(&self) -> &Acts {
        &self.inner.acts
    }

    pub(crate) fn programme(&self, id: &str) -> Result<&Programme, Fault> {
        self.inner.programmes.get(id).ok_or_else(|| Fault::not_found("grants.programme.unknown"))
    }

    pub(crate) fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.inner.currency)
    }
}
