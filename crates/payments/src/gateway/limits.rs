//! How much may be asked of one number in a day, by how surely whoever pays is known.
//!
//! **Invariant:** a limit is an account of the ledger whose bound refuses what would breach it, so that a refusal can be
//! replayed and proven; it is filled at the first use after midnight, holds what is on its way, and gets back what was
//! declined. Its unit is no currency (ISO 4217 XXX): no sum of money has it in.

use serde::Deserialize;
use spine::{Assurance, Currency, Cx, Date, Fault, FieldFault, Id, IdKind, Money, Text};

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
pub(crate) struct DailyLimit {
    /// Stable: `unsigned`.
    pub(crate) id: String,
    /// Whom it is for: who is known no more surely than so. Everybody if it is the highest.
    pub(crate) up_to: Assurance,
    /// How much of a day, in minor units of whatever currency is paid in.
    pub(crate) most_minor: i64,
}

/// An account of a limit, ready for today.
struct Ready {
    account: AccountId,
    left: i64,
}

/// Reserves an amount of today's limits for an attempt to pay from `number`.
///
/// # Errors
/// `payments.choice.wrong` with the field `number` when today's limit is reached; the store's faults.
pub(crate) fn reserve(
    cx: &mut Cx<'_>,
    limits: &[DailyLimit],
    day: Date,
    (attempt, number): (AttemptId, &str),
    amount: Money,
) -> Result<(), Fault> {
    let known = cx.actor().assurance;
    let unit = Currency::parse("XXX").map_err(|error| Fault::internal("payments.limit.unit", error))?;
    let (mut legs, mut least, mut held) = (Vec::new(), i64::MAX, 0);
    for limit in limits.iter().filter(|limit| known <= limit.up_to) {
        let pool = pool(cx, unit)?;
        let ready = ready(cx, limit, (number, day), (pool, unit), &mut legs)?;
        least = least.min(ready.left);
        let amount = Money::new(amount.minor(), unit);
        let step = Step::Hold { debit: ready.account, credit: pool, amount, expires_at: None };
        legs.push(Transfer { id: leg(attempt, held, b"hold"), step, reference: attempt.to_string() });
        held += 1;
    }
    if held == 0 {
        return Ok(());
    }
    ledger::book(cx, &legs).map_err(|fault| match fault.code() {
        "payments.account.bound" => {
            let left = Money::new(least.max(0), amount.currency());
            let text = Text::new("payments.choose.day_limit").with("left", left);
            let field = FieldFault { field: "number".to_owned(), text };
            Fault::invalid("payments.choice.wrong").fields_from([field])
        }
        _ => fault,
    })?;
    Ok(rows::set_held(cx.tx(), attempt, held)?)
}

/// An attempt has ended: what was reserved for it is used up if money was taken, and free again if none was.
///
/// # Errors
/// The store's faults.
pub(crate) fn ended(cx: &mut Cx<'_>, attempt: AttemptId, took: bool) -> Result<(), Fault> {
    let held = rows::held(cx.tx(), attempt)?;
    if held == 0 {
        return Ok(());
    }
    let settle = |place| {
        let of = leg(attempt, place, b"hold");
        let step = if took { Step::Post { of, amount: None } } else { Step::Void { of } };
        Transfer { id: leg(attempt, place, b"settle"), step, reference: attempt.to_string() }
    };
    let legs: Vec<Transfer> = (0..held).map(settle).collect();
    ledger::book(cx, &legs)?;
    Ok(rows::set_held(cx.tx(), attempt, 0)?)
}

/// The account of a limit. If it was not used today, `legs` gets what fills it.
fn ready(
    cx: &mut Cx<'_>,
    limit: &DailyLimit,
    (number, day): (&str, Date),
    (pool, unit): (AccountId, Currency),
    legs: &mut Vec<Transfer>,
) -> Result<Ready, Fault> {
    let (id, account, filled) = match rows::limit(cx.tx(), &limit.id, number)? {
        Some((id, account, filled)) => (id, account, filled == day),
        None => {
            let id: Id<LimitKind> = cx.id();
            // Not the number: the ledger is exported, and read by others.
            let reference = format!("limit:{}:{id}", limit.id);
            let (kind, name) = (AccountKind::Liability, "payments.account.limit");
            let bound = Bound::DebitsWithinCredits;
            let new = NewAccount { reference: &reference, kind, currency: unit, name, bound };
            let account = ledger::account(cx, &new)?;
            rows::insert(cx.tx(), id, (&limit.id, number), account, day)?;
            (id, account, false)
        }
    };
    let left = ledger::find(cx, account)?
        .map_or(0, |account| account.credits_posted - account.debits_posted - account.debits_pending);
    if filled {
        return Ok(Ready { account, left });
    }
    let missing = Money::new((limit.most_minor - left).abs(), unit);
    if missing.minor() != 0 {
        // The pack may have become stricter over night.
        let (debit, credit) = if left < limit.most_minor { (pool, account) } else { (account, pool) };
        let step = Step::Move { debit, credit, amount: missing };
        legs.push(Transfer { id: day_leg(id, day), step, reference: format!("limits:{day}") });
    }
    rows::filled(cx.tx(), id, day)?;
    Ok(Ready { account, left: limit.most_minor })
}

/// What fills the limits, and what is used up of them goes back to.
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

fn day_leg(limit: Id<LimitKind>, day: Date) -> TransferId {
    TransferId::from_bytes(crypto::short_hash(&[
        b"letsema/limit/day/v1\0",
        limit.as_bytes(),
        day.to_string().as_bytes(),
    ]))
}
