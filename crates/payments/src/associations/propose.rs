//! Proposing: a payment, another rule, another signatory, one taken off.
//!
//! **Invariant:** the money of a proposed payment is held until the proposal ends, and given up or paid when it does.

use serde_json::json;
use spine::{Act, Cx, Event, Fault, FaultKind, FieldFault, Job, Money, Personal, Resource, Text};

use super::found::{herself, own, plain};
use super::model::{Association, AssociationId, Deed, LEAST, Proposal, ProposalId, ProposalState, Seat, free_seat};
use crate::ledger::{self, AccountKind, Bound, NewAccount, Step, Transfer};
use crate::rails::payout::Rails;
use crate::rows::associations as rows;

/// What the other signatories are told by.
const MADE: &str = "payments.proposal.made";

/// The job that ends a proposal whose time is over.
pub(crate) const LAPSE: &str = "payments.proposal.lapse";

/// How long a proposal may be agreed to.
const OPEN_SECONDS: i64 = 14 * 86_400;
/// At most so many wait at once.
const WAITING: usize = 10;

/// Proposes a deed. Whoever acts agrees to it by that, but to her own leaving, in which she has no voice.
///
/// # Errors
/// `payments.proposal.wrong` with the fields `purpose`, `amount`, `wallet`, `number`, `needed` or `seat`;
/// `payments.proposal.many`; `payments.association.{unknown,forming}`; `payments.account.bound` when there is not so much
/// that is not promised; a refusal; the store's faults.
pub fn propose(
    cx: &mut Cx<'_>,
    rails: &Rails,
    id: AssociationId,
    deed: &Deed,
    purpose: &str,
) -> Result<ProposalId, Fault> {
    let (association, seats) = own(cx, id, "payments.proposal.make")?;
    let proposer = herself(cx)?;
    if joined(&seats) < association.needed {
        return Err(Fault::conflict("payments.association.forming"));
    }
    if rows::open(cx.tx(), id)?.len() >= WAITING {
        return Err(Fault::new(FaultKind::TooMany, "payments.proposal.many"));
    }
    let purpose = purpose.trim();
    if !plain(purpose, 80) {
        return Err(wrong("purpose", "payments.proposal.purpose_wrong"));
    }
    let proposal = Proposal {
        id: cx.id(),
        association: id,
        number: rows::last_number(cx.tx(), id)? + 1,
        deed: checked(rails, &association, &seats, &proposer, deed)?,
        purpose: Personal::new(purpose.to_owned()),
        proposer,
        state: ProposalState::Open,
        made_at: cx.now(),
        expires_at: cx.now().plus_seconds(OPEN_SECONDS),
        ended_at: None,
    };
    rows::insert_proposal(cx.tx(), &proposal)?;
    if proposal.hears(&proposal.proposer) {
        rows::insert_voice(cx.tx(), proposal.id, &proposal.proposer, true, proposal.made_at)?;
    }
    if let Deed::Pay { amount, .. } = proposal.deed {
        hold(cx, &association, &proposal, amount)?;
    }
    cx.enqueue(Job::new(LAPSE, json!({ "proposal": proposal.id })).not_before(proposal.expires_at));
    cx.emit(Event { topic: MADE, body: json!({ "proposal": proposal.id }) });
    cx.record(act(MADE, &proposal).about(&proposal.proposer).because("payment", "contract"));
    Ok(proposal.id)
}

fn wrong(field: &str, key: &'static str) -> Fault {
    let fault = FieldFault { field: field.to_owned(), text: Text::new(key) };
    Fault::invalid("payments.proposal.wrong").fields_from([fault])
}

/// How many have sat down.
fn joined(seats: &[Seat]) -> i64 {
    i64::try_from(seats.iter().filter(|seat| seat.person.is_some()).count()).unwrap_or(0)
}

fn checked(
    rails: &Rails,
    association: &Association,
    seats: &[Seat],
    proposer: &str,
    deed: &Deed,
) -> Result<Deed, Fault> {
    match deed {
        Deed::Pay { wallet, number, amount } => {
            let known = rails.wallets.find(wallet).filter(|wallet| wallet.is_connected());
            let known = known.ok_or_else(|| wrong("wallet", "payments.choose.wallet_missing"))?;
            let number = rails.wallets.number(number.reveal()).filter(|number| known.serves(number));
            let number = number.ok_or_else(|| wrong("number", "payments.choose.number_wrong"))?;
            if amount.minor() < 1 || !known.takes(*amount) {
                return Err(wrong("amount", "payments.proposal.amount_wrong"));
            }
            Ok(Deed::Pay { wallet: known.id.clone(), number, amount: *amount })
        }
        Deed::Rule { needed } => {
            // A rule that those who are there cannot keep would lock the money up.
            if *needed == association.needed || !(LEAST..=joined(seats)).contains(needed) {
                return Err(wrong("needed", "payments.proposal.needed_wrong"));
            }
            Ok(deed.clone())
        }
        Deed::Seat { seat } => {
            // Whoever proposes hands out the code, so she must stay.
            let own = seats.iter().any(|it| it.seat == *seat && it.person.as_deref() == Some(proposer));
            let is_there = seats.iter().any(|it| it.seat == *seat);
            if own || !(is_there || free_seat(seats) == Some(*seat)) {
                return Err(wrong("seat", "payments.proposal.seat_wrong"));
            }
            Ok(deed.clone())
        }
        Deed::Remove { seat, person } => {
            if !seats.iter().any(|it| it.seat == *seat && it.person.as_ref() == Some(person)) {
                return Err(wrong("seat", "payments.proposal.remove_wrong"));
            }
            // Those who stay must be as many as the rule asks, or nobody could pay any more.
            if joined(seats) <= association.needed {
                return Err(wrong("seat", "payments.proposal.remove_below"));
            }
            Ok(deed.clone())
        }
    }
}

fn hold(cx: &mut Cx<'_>, association: &Association, proposal: &Proposal, amount: Money) -> Result<(), Fault> {
    let currency = amount.currency();
    let promised = NewAccount {
        reference: &format!("associations:promised:{currency}"),
        kind: AccountKind::Liability,
        currency,
        name: "payments.account.promised",
        bound: Bound::None,
    };
    let credit = ledger::account(cx, &promised)?;
    let step = Step::Hold { debit: association.account, credit, amount, expires_at: None };
    ledger::book(cx, &[Transfer { id: proposal.hold(), step, reference: proposal.id.to_string() }])?;
    Ok(())
}

/// Gives up what is held for a proposal.
pub(super) fn release(cx: &mut Cx<'_>, proposal: &Proposal) -> Result<(), Fault> {
    if matches!(proposal.deed, Deed::Pay { .. }) {
        let step = Step::Void { of: proposal.hold() };
        ledger::book(cx, &[Transfer { id: proposal.release(), step, reference: proposal.id.to_string() }])?;
    }
    Ok(())
}

/// An act on a proposal, without what it is for.
pub(super) fn act(kind: &'static str, proposal: &Proposal) -> Act {
    let act = Act::new(kind).on(proposal.id).with("association", proposal.association.to_string());
    match &proposal.deed {
        Deed::Pay { amount, .. } => act.with("deed", "pay").with("amount_minor", amount.minor()),
        Deed::Rule { needed } => act.with("deed", "rule").with("needed", *needed),
        Deed::Seat { seat } => act.with("deed", "seat").with("seat", *seat),
        Deed::Remove { seat, .. } => act.with("deed", "remove").with("seat", *seat),
    }
}

/// Ends a proposal whose time is over, and frees its money.
///
/// # Errors
/// A refusal; the store's faults.
pub(crate) fn lapse(cx: &mut Cx<'_>, id: ProposalId) -> Result<(), Fault> {
    let proposal = rows::proposal(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.proposal.unknown"))?;
    cx.may("payments.proposal.lapse", &Resource::new("Proposal", id))?;
    if proposal.state == ProposalState::Open && proposal.expires_at <= cx.now() {
        release(cx, &proposal)?;
        let now = cx.now();
        rows::end(cx.tx(), id, ProposalState::Lapsed, now)?;
        cx.record(act("payments.proposal.lapsed", &proposal));
    }
    Ok(())
}
