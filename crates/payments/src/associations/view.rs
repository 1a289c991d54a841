//! What signatories see of their association, and the bills that bring it money.
//!
//! **Invariant:** every signatory sees every movement and every voice; nobody else sees more than a name and a place.

use spine::{Cx, Fault, Localised, Money, Resource};

use super::found::own;
use super::model::{Association, AssociationId, Deed, Proposal, ProposalId, ProposalState, Seat, Voice};
use crate::bills::{self, Bill, BillId, NewBill, Share};
use crate::ledger::{self, Account, Line};
use crate::merchants::Counter;
use crate::rails::payout::Disbursement;
use crate::rows::{associations as rows, disbursements};

/// How long a bill that a signatory makes may be paid.
const ASKED_SECONDS: i64 = 30 * 86_400;
/// The same for one that a giver begins.
const GIVEN_SECONDS: i64 = 3_600;
const MOVEMENTS: u16 = 30;
const PROPOSALS: i64 = 30;

/// An association as its signatories see it.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The association.
    pub association: Association,
    /// Its seats, by number.
    pub seats: Vec<Seat>,
    /// Its account.
    pub account: Account,
    /// Its last proposals, the newest first, each with what was said and the payment it became.
    pub proposals: Vec<(Proposal, Vec<Voice>, Option<Disbursement>)>,
    /// The last movements on its account, the newest first.
    pub movements: Vec<Line>,
}

/// The associations in which whoever acts has a seat.
///
/// # Errors
/// A refusal; the store's faults.
pub fn mine(cx: &mut Cx<'_>) -> Result<Vec<Association>, Fault> {
    let person = cx.actor().whose("payments.association.view")?.to_owned();
    cx.may("payments.association.view", &Resource::new("Association", &person).is("own", true))?;
    Ok(rows::of(cx.tx(), &person)?)
}

/// An association, for its signatories.
///
/// # Errors
/// `payments.association.unknown`; a refusal; the store's faults.
pub fn see(cx: &mut Cx<'_>, id: AssociationId) -> Result<Sight, Fault> {
    let (association, seats) = own(cx, id, "payments.association.view")?;
    let account = ledger::find(cx, association.account)?;
    let account = account.ok_or_else(|| Fault::not_found("payments.account.unknown"))?;
    let mut proposals = Vec::new();
    for proposal in rows::proposals(cx.tx(), id, PROPOSALS)? {
        let voices = rows::voices(cx.tx(), proposal.id)?;
        let payment = disbursements::find(cx.tx(), proposal.payment())?;
        proposals.push((proposal, voices, payment));
    }
    let movements = ledger::statement(cx, association.account, None, MOVEMENTS)?;
    Ok(Sight { association, seats, account, proposals, movements })
}

/// A proposal that waits, for whoever tells signatories of it.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// Whose it is.
    pub association: Association,
    /// The proposal.
    pub proposal: Proposal,
    /// The signatories who have a voice and have not said anything to it: their ids as people.
    pub people: Vec<String>,
    /// Who is to be taken off by it, if it asks for that: she hears of it and has no voice.
    pub removed: Option<String>,
}

/// Whom a proposal waits for; none if it waits no more.
///
/// # Errors
/// `payments.proposal.unknown`; a refusal; the store's faults.
pub fn awaited(cx: &mut Cx<'_>, id: ProposalId) -> Result<Option<Awaited>, Fault> {
    cx.may("payments.proposal.tell", &Resource::new("Proposal", id))?;
    let unknown = || Fault::not_found("payments.proposal.unknown");
    let proposal = rows::proposal(cx.tx(), id)?.ok_or_else(unknown)?;
    let association = rows::find(cx.tx(), proposal.association)?.ok_or_else(unknown)?;
    if proposal.state != ProposalState::Open || proposal.expires_at <= cx.now() {
        return Ok(None);
    }
    let voices = rows::voices(cx.tx(), id)?;
    let seats = rows::seats(cx.tx(), association.id)?;
    let people = seats.into_iter().filter_map(|seat| seat.person);
    let people = people.filter(|person| proposal.hears(person));
    let people = people.filter(|person| voices.iter().all(|voice| voice.person != *person)).collect();
    let removed = match &proposal.deed {
        Deed::Remove { person, .. } if *person != proposal.proposer => Some(person.clone()),
        _ => None,
    };
    Ok(Some(Awaited { association, proposal, people, removed }))
}

/// Asks members for an amount: a bill that may be paid in parts by whoever holds its number, for 30 days.
///
/// # Errors
/// `payments.association.{unknown,amount}`; a refusal; the store's faults.
pub fn ask(cx: &mut Cx<'_>, counter: &Counter, id: AssociationId, amount: Money) -> Result<Bill, Fault> {
    let (association, _) = own(cx, id, "payments.association.ask")?;
    opened(cx, counter, &association, amount, ASKED_SECONDS)
}

/// A bill that a giver begins herself, by the association's link.
pub(super) fn given(cx: &mut Cx<'_>, counter: &Counter, id: AssociationId, amount: Money) -> Result<Bill, Fault> {
    let found = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.association.unknown"))?;
    cx.may("payments.bill.pay", &Resource::new("Bill", id))?;
    opened(cx, counter, &found, amount, GIVEN_SECONDS)
}

fn opened(
    cx: &mut Cx<'_>,
    counter: &Counter,
    association: &Association,
    amount: Money,
    seconds: i64,
) -> Result<Bill, Fault> {
    if !(counter.least_minor..=counter.most_minor).contains(&amount.minor()) {
        let money = |minor| Money::new(minor, amount.currency());
        let fault = Fault::invalid("payments.association.amount");
        return Err(fault.with("least", money(counter.least_minor)).with("most", money(counter.most_minor)));
    }
    let number: BillId = cx.id();
    let new = NewBill {
        biller: association.id.to_string(),
        reference: number.to_string(),
        payer: None,
        description: Localised::from([("und", association.name.as_str())]),
        amount,
        shares: vec![Share { account: format!("association:{}", association.id), amount_minor: amount.minor() }],
        in_parts: seconds == ASKED_SECONDS,
        due_on: None,
        expires_at: cx.now().plus_seconds(seconds),
    };
    bills::open(cx, &new, &[association.account])
}
