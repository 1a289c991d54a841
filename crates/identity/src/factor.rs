//! Ways of signing in, each of which can be locked by itself: a phone that was stolen takes the codes, not the account.
//!
//! **Invariant:** whoever weighs a factor asks [`is_open`] in the same transaction; a locked factor is answered like a
//! wrong one. What an officer locked at a desk is opened at a desk. A lock ends the sessions that may have come of it.
//! Where next: `sign_in.rs`, `rows/factors.rs`.

use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Fault, Resource, Timestamp};

use crate::account::Kind;
use crate::rows::{accounts, factors, grants};
use crate::session::{self, SessionId};

/// A way of signing in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// A person's PIN.
    Pin,
    /// An officer's password.
    Password,
    /// A code sent by SMS or e-mail.
    Code,
    /// A passkey (WebAuthn), any of the account's.
    Passkey,
    /// A code from an authenticator app (RFC 6238).
    Authenticator,
    /// A printed code, each good once.
    RecoveryCode,
    /// A phone's own line, in a USSD session.
    Ussd,
}

impl Factor {
    /// Every factor, in the order pages show them.
    pub const ALL: [Self; 7] =
        [Self::Pin, Self::Password, Self::Code, Self::Passkey, Self::Authenticator, Self::RecoveryCode, Self::Ussd];

    /// Its name in tables, acts and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Password => "password",
            Self::Code => "code",
            Self::Passkey => "passkey",
            Self::Authenticator => "authenticator",
            Self::RecoveryCode => "recovery-code",
            Self::Ussd => "ussd",
        }
    }

    /// The factor of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|factor| factor.as_str() == name)
    }

    /// What an account of this kind knows by heart.
    pub(crate) const fn secret_of(kind: Kind) -> Self {
        match kind {
            Kind::Person => Self::Pin,
            Kind::Officer => Self::Password,
        }
    }
}

/// A factor that is locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FactorLock {
    /// Which.
    pub factor: Factor,
    /// Whether an officer locked it, not she herself.
    pub at_desk: bool,
    /// Since when.
    pub locked_at: Timestamp,
}

/// Whether a factor of an account may be used. To be asked wherever one is weighed, in the transaction that weighs it.
pub(crate) fn is_open(cx: &mut Cx<'_>, account: &str, factor: Factor) -> Result<bool, Fault> {
    Ok(!factors::is_locked(cx.tx(), account, factor)?)
}

/// The factors of an account that are locked.
///
/// # Errors
/// The store's faults.
pub fn factor_locks(cx: &mut Cx<'_>, account: &str) -> Result<Vec<FactorLock>, Fault> {
    Ok(factors::locks(cx.tx(), account)?)
}

fn resource(cx: &Cx<'_>, account: &str, at_desk: bool) -> Resource {
    Resource::new("Account", account).is("own", cx.actor().id == account).is("at_desk", at_desk)
}

/// Locks a factor and ends every session of the account but `here`, the one she does it from. A factor that is locked
/// already stays locked; by an officer, it becomes one that is opened at a desk.
///
/// # Errors
/// `identity.account.missing`, the authority's refusal.
pub fn lock_factor(cx: &mut Cx<'_>, account: &str, factor: Factor, here: Option<SessionId>) -> Result<(), Fault> {
    let at_desk = cx.actor().id != account;
    let asked = resource(cx, account, at_desk);
    cx.may("identity.factor.lock", &asked)?;
    if accounts::account_by_id(cx.tx(), account)?.is_none() {
        return Err(Fault::not_found("identity.account.missing"));
    }
    let now = cx.now();
    let known = factors::locks(cx.tx(), account)?.into_iter().find(|lock| lock.factor == factor);
    let stays_at_desk = at_desk || known.is_some_and(|lock| lock.at_desk);
    factors::lock(cx.tx(), account, factor, stays_at_desk, now)?;
    session::end_all(cx, account, &here.map(|id| id.to_string()).unwrap_or_default())?;
    grants::end_of_account(cx.tx(), account, now)?;
    let act = Act::new("identity.factor.locked").about(account).on(account).because("sign-in", "identity-service");
    cx.record(act.with("factor", factor.as_str()).with("at_desk", at_desk));
    Ok(())
}

/// Opens a factor again. What was locked at a desk, an officer opens.
///
/// # Errors
/// `identity.factor.open` if it is not locked, the authority's refusal.
pub fn unlock_factor(cx: &mut Cx<'_>, account: &str, factor: Factor) -> Result<(), Fault> {
    let known = factors::locks(cx.tx(), account)?.into_iter().find(|lock| lock.factor == factor);
    let asked = resource(cx, account, known.is_some_and(|lock| lock.at_desk));
    cx.may("identity.factor.unlock", &asked)?;
    if !factors::unlock(cx.tx(), account, factor)? {
        return Err(Fault::conflict("identity.factor.open"));
    }
    let act = Act::new("identity.factor.unlocked").about(account).on(account).because("sign-in", "identity-service");
    cx.record(act.with("factor", factor.as_str()));
    Ok(())
}
