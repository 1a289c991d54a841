//! A signatory agrees to a proposal or refuses it; the last voice it needs does it.
//!
//! **Invariant:** what is agreed to is done in the commit of the last agreement, or that agreement is not given. A change of
//! the rule or of the signatories ends whatever else waits: all voices on a proposal are counted under one rule, and those of
//! whoever was taken off count nowhere. She has no voice in that herself, and no code of hers opens a seat afterwards.

use spine::{Act, Cx, Fault};

use super::found::{herself, own};
use super::model::{Association, Deed, Proposal, ProposalId, ProposalState, Seat, Tally, Voice, tally};
use super::propose::{act, release};
use crate::rails::payout::disburse::go;
use crate::rails::payout::{Destination, NewDisbursement, Rails};
use crate::rows::associations as rows;

/// Says what whoever acts has to say to a proposal. The same again changes nothing.
///
/// # Errors
/// `payments.proposal.{unknown,over,own_seat,said}`; as [`crate::disburse`] when the payment cannot go out any more; a refusal; the
/// store's faults.
pub fn say(cx: &mut Cx<'_>, rails: &Rails, id: ProposalId, agrees: bool) -> Result<(), Fault> {
    let proposal = rows::proposal(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.proposal.unknown"))?;
    let (association, seats) = own(cx, proposal.association, "payments.proposal.say")?;
    let person = herself(cx)?;
    let mut voices = rows::voices(cx.tx(), id)?;
    if let Some(before) = voices.iter().find(|voice| voice.person == person) {
        return if before.agrees == agrees { Ok(()) } else { Err(Fault::conflict("payments.proposal.said")) };
    }
    let now = cx.now();
    if proposal.state != ProposalState::Open || proposal.expires_at <= now {
        return Err(Fault::conflict("payments.proposal.over"));
    }
    if !proposal.hears(&person) {
        return Err(Fault::conflict("payments.proposal.own_seat"));
    }
    rows::insert_voice(cx.tx(), id, &person, agrees, now)?;
    let said: Act = act(if agrees { "payments.proposal.agreed" } else { "payments.proposal.refused" }, &proposal);
    cx.record(said.about(&person).because("payment", "contract"));
    voices.push(Voice { person, agrees });
    match tally(association.needed, &seats, &voices, |who| proposal.hears(who)) {
        Tally::Waits => Ok(()),
        Tally::Fails => {
            release(cx, &proposal)?;
            rows::end(cx.tx(), id, ProposalState::Refused, now)?;
            cx.record(act("payments.proposal.failed", &proposal));
            Ok(())
        }
        Tally::Passes => {
            release(cx, &proposal)?;
            rows::end(cx.tx(), id, ProposalState::Passed, now)?;
            cx.record(act("payments.proposal.passed", &proposal));
            done(cx, rails, (&association, &seats), &proposal)
        }
    }
}

fn done(
    cx: &mut Cx<'_>,
    rails: &Rails,
    (association, seats): (&Association, &[Seat]),
    proposal: &Proposal,
) -> Result<(), Fault> {
    match &proposal.deed {
        Deed::Pay { wallet, number, amount } => {
            let new = NewDisbursement {
                id: proposal.payment(),
                from: association.account,
                to: Destination::Wallet { wallet: wallet.clone(), number: number.clone() },
                amount: *amount,
                reference: format!("ASSOC-{}", proposal.number),
            };
            go(cx, rails, &new).map(drop)
        }
        Deed::Rule { needed } => {
            rows::set_needed(cx.tx(), association.id, *needed)?;
            overtake(cx, association)
        }
        Deed::Seat { seat } => {
            let before = seats.iter().find(|it| it.seat == *seat).and_then(|it| it.person.as_deref());
            if let Some(before) = before {
                rows::pass_on(cx.tx(), association.id, before, &proposal.proposer)?;
            }
            rows::open_seat(cx.tx(), association.id, *seat, &proposal.proposer)?;
            overtake(cx, association)
        }
        Deed::Remove { seat, person } => {
            // Who leaves by her own wish hands nothing out any more: whoever agreed last does.
            let heir = if proposal.hears(&proposal.proposer) { proposal.proposer.clone() } else { herself(cx)? };
            rows::pass_on(cx.tx(), association.id, person, &heir)?;
            rows::close_seat(cx.tx(), association.id, *seat)?;
            let act = Act::new("payments.association.removed").about(person).on(association.id);
            cx.record(act.because("payment", "contract").with("seat", *seat));
            overtake(cx, association)
        }
    }
}

fn overtake(cx: &mut Cx<'_>, association: &Association) -> Result<(), Fault> {
    let now = cx.now();
    for other in rows::open(cx.tx(), association.id)? {
        release(cx, &other)?;
        rows::end(cx.tx(), other.id, ProposalState::Overtaken, now)?;
        cx.record(act("payments.proposal.overtaken", &other));
    }
    Ok(())
}
