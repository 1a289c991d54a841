//! How much may be asked of one number in so many hours, by how surely whoever pays is known.
//!
//! **Invariant:** a limit is an account of the ledger whose bound refuses what would breach it, so that a refusal can be
//! replayed and proven. Each payment holds its amount there until so many hours have passed, so that no window of that length
//! ever has more; what was declined comes back at once. Its unit is no currency (ISO 4217 XXX): no sum of money has it in.

use serde::Deserialize;
use spine::{Assurance, Currency, Cx, Fault, FieldFault, Id, IdKind, Money, Text};

use super::model::AttemptId;
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use crate::rows::limits as rows;

/// The kind of a limit's identifier.
#[derive(Debug)]
pub(crate) struct LimitKind;

impl IdKind for LimitKind {
    const PREFIX: &'static str = "lim";
}

/// A limit of the pack.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollingLimit {
    /// Stable: `unsigned`.
    pub(crate) id: String,
    /// Whom it is for: who is known no more surely than so. Everybody if it is the highest.
    pub(crate) up_to: Assurance,
    /// The length of the window.
    pub(crate) hours: u16,
    /// How much in any such window, in minor units of whatever currency is paid in.
    pub(crate) most_minor: i64,
}

impl RollingLimit {
    /// What is wrong with it, if anything is.
    pub(crate) const fn problem(&self) -> Option<&'static str> {
        if self.most_minor < 1 || self.hours < 1 || self.hours > 31 * 24 {
            Some("a limit is at least 1, of 1 to 744 hours")
        } else {
            None
        }
    }
}

/// Reserves an amount of the limits for an attempt to pay from `number`.
///
/// # Errors
/// `payments.choice.wrong` with the field `number` when a limit is reached; the store's faults.
pub(crate) fn reserve(
    cx: &mut Cx<'_>,
    limits: &[RollingLimit],
    (attempt, number): (AttemptId, &str),
    amount: Money,
) -> Result<(), Fault> {
    let (known, now) = (cx.actor().assurance, cx.now());
    let unit = Currency::parse("XXX").map_err(|error| Fault::internal("payments.limit.unit", error))?;
    let (mut legs, mut least, mut held) = (Vec::new(), i64::MAX, 0);
    for limit in limits.iter().filter(|limit| known <= limit.up_to) {
        let pool = pool(cx, unit)?;
        let (account, left) = filled(cx, limit, number, (pool, unit), &mut legs)?;
        least = least.min(left);
        let amount = Money::new(amount.minor(), unit);
        let expires_at = Some(now.plus_seconds(i64::from(limit.hours) * 3_600));
        let step = Step::Hold { debit: account, credit: pool, amount, expires_at };
        legs.push(Transfer { id: leg(attempt, held, b"hold"), step, reference: attempt.to_string() });
        held += 1;
    }
    if held == 0 {
        return Ok(());
    }
    ledger::book(cx, &legs).map_err(|fault| match fault.code() {
        "payments.account.bound" => {
            let left = Money::new(least.max(0), amount.currency());
            let text = Text::new("payments.choose.over_limit").with("left", left);
            let field = FieldFault { field: "number".to_owned(), text };
            Fault::invalid("payments.choice.wrong").fields_from([field])
        }
        _ => fault,
    })?;
    Ok(rows::set_held(cx.tx(), attempt, held)?)
}

/// No money was taken for an attempt: what was reserved for it is free again.
///
/// # Errors
/// The store's faults.
pub(crate) fn free(cx: &mut Cx<'_>, attempt: AttemptId) -> Result<(), Fault> {
    let void = |place| {
        let step = Step::Void { of: leg(attempt, place, b"hold") };
        vec![Transfer { id: leg(attempt, place, b"settle"), step, reference: attempt.to_string() }]
    };
    let legs: Vec<Vec<Transfer>> = (0..rows::held(cx.tx(), attempt)?).map(void).collect();
    if legs.is_empty() {
        return Ok(());
    }
    for done in ledger::book_each(cx, &legs)? {
        match done {
            // So late that it has lapsed.
            Err(fault) if fault.code() == "payments.transfer.settled" => {}
            done => drop(done?),
        }
    }
    Ok(rows::set_held(cx.tx(), attempt, 0)?)
}

/// The account of a limit and what is left of it. If the pack says another limit than it was filled to, `legs` gets what
/// fills or empties it.
fn filled(
    cx: &mut Cx<'_>,
    limit: &RollingLimit,
    number: &str,
    (pool, unit): (AccountId, Currency),
    legs: &mut Vec<Transfer>,
) -> Result<(AccountId, i64), Fault> {
    let id = match rows::limit(cx.tx(), &limit.id, number)? {
        Some((_, account)) => account,
        None => {
            let id: Id<LimitKind> = cx.id();
            // Not the number: the ledger is exported, and read by others.
            let reference = format!("limit:{}:{id}", limit.id);
            let (kind, name) = (AccountKind::Liability, "payments.account.limit");
            let bound = Bound::DebitsWithinCredits;
            let new = NewAccount { reference: &reference, kind, currency: unit, name, bound };
            let account = ledger::account(cx, &new)?;
            rows::insert(cx.tx(), id, (&limit.id, number), account)?;
            account
        }
    };
    let (full, held) = ledger::find(cx, id)?
        .map_or((0, 0), |account| (account.credits_posted - account.debits_posted, account.debits_pending));
    if full != limit.most_minor {
        let amount = Money::new((limit.most_minor - full).abs(), unit);
        let (debit, credit) = if full < limit.most_minor { (pool, id) } else { (id, pool) };
        legs.push(Transfer { id: cx.id(), step: Step::Move { debit, credit, amount }, reference: "limits".to_owned() });
    }
    Ok((id, limit.most_minor - held))
}

/// What fills the limits.
fn pool(cx: &mut Cx<'_>, unit: Currency) -> Result<AccountId, Fault> {
    let (kind, name) = (AccountKind::Asset, "payments.account.limits");
    ledger::account(cx, &NewAccount { reference: "limits", kind, currency: unit, name, bound: Bound::None })
}

fn leg(attempt: AttemptId, place: i64, way: &[u8]) -> TransferId {
    TransferId::from_bytes(crypto::short_hash(&[
        b"letsema/limit/leg/v1\0",
        way,
        attempt.as_bytes(),
        &place.to_be_bytes(),
    ]))
}
