//! The payer's institution asks for a transfer: its money is held, and the payee's institution is asked.
//!
//! **Invariant:** an identifier stands for one request for ever: the same again changes nothing and is answered as the first; another
//! under it is refused (3106) and changes nothing either.

use payments::ledger::{self, Step};
use spine::{Act, Cx, Fault, Money, Resource, Timestamp};

use super::{Post, tell};
use crate::caps;
use crate::fspiop::error::{CAP, Code, LIQUIDITY, MODIFIED, Refused};
use crate::letter::{Letter, keep};
use crate::model::{Account, AccountType, Transfer, TransferKind, TransferState};
use crate::rows::{participants, transfers as rows};

/// A transfer asked for, checked for form.
#[derive(Clone, Debug)]
pub(crate) struct Prepare {
    pub(crate) id: String,
    pub(crate) payer: String,
    pub(crate) payee: String,
    pub(crate) amount: Money,
    pub(crate) condition: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) hash: [u8; 32],
    pub(crate) bulk: Option<String>,
    pub(crate) version: String,
    /// What the payee's institution gets; none for one of a bulk, which is asked for all at once.
    pub(crate) forward: Option<Letter>,
}

impl Prepare {
    fn row(&self, state: TransferState, now: Timestamp) -> Transfer {
        Transfer {
            id: self.id.clone(),
            kind: TransferKind::Transfer,
            payer: self.payer.clone(),
            payee: self.payee.clone(),
            amount: self.amount,
            state,
            request_hash: self.hash.to_vec(),
            condition: Some(self.condition.clone()),
            hold: None,
            fulfilment: None,
            answer_hash: None,
            error: None,
            window: None,
            bulk: self.bulk.clone(),
            expires_at: Some(self.expires_at),
            prepared_at: now,
            completed_at: None,
        }
    }
}

fn ask(cx: &mut Cx<'_>, payer: &str) -> Result<(), Fault> {
    let own = cx.actor().id == payer;
    cx.may("switch.transfer.prepare", &Resource::new("Transfer", "new").is("own", own))
}

/// Holds the money and asks the payee's institution.
///
/// # Errors
/// `switch.transfer.{payer,payee,inactive,account,expired,same}` and the ledger's faults; the caller then [`refuse`]s it.
pub(crate) fn prepare(cx: &mut Cx<'_>, asked: &Prepare, hub: &str) -> Result<Post, Fault> {
    ask(cx, &asked.payer)?;
    if let Some(known) = rows::find(cx.tx(), &asked.id)? {
        return Ok(repeated(&known, asked, hub));
    }
    let now = cx.now();
    if asked.payer == asked.payee {
        return Err(Fault::invalid("switch.transfer.same"));
    }
    if asked.expires_at <= now {
        return Err(Fault::expired("switch.transfer.expired"));
    }
    let (mut payer, payee) = positions(cx, asked)?;
    let mut batch = Vec::with_capacity(2);
    if payer.surplus_minor > 0 {
        batch.extend(caps::take_surplus(cx, &mut payer)?);
        participants::set_grant(cx.tx(), payer.number, payer.granted_minor, payer.surplus_minor)?;
    }
    let hold = cx.id();
    let (debit, credit) = (payer.ledger, payee.ledger);
    // When it is over the switch says, and tells; so the ledger's own clock leaves it alone.
    let step = Step::Hold { debit, credit, amount: asked.amount, expires_at: None };
    batch.push(ledger::Transfer { id: hold, step, reference: asked.id.clone() });
    ledger::book(cx, &batch)?;
    let reserved = Transfer { hold: Some(hold), ..asked.row(TransferState::Reserved, now) };
    cx.record(Act::new("switch.transfer.reserved").on(&reserved.id).because("fspiop", "switch"));
    rows::append(cx.tx(), reserved);
    let letters = asked.forward.iter().cloned().collect();
    Ok(Post::kept(keep(cx, letters)))
}

/// Keeps a transfer that cannot be as aborted, and tells the payer's institution why.
///
/// # Errors
/// A refusal; the store's faults.
pub(crate) fn refuse(cx: &mut Cx<'_>, asked: &Prepare, hub: &str, refused: &Refused) -> Result<Post, Fault> {
    ask(cx, &asked.payer)?;
    if let Some(known) = rows::find(cx.tx(), &asked.id)? {
        return Ok(repeated(&known, asked, hub));
    }
    let (id, now) = (asked.id.clone(), cx.now());
    let refused = match refused.code {
        LIQUIDITY => Refused::from(which_bound(cx, asked)?),
        _ => refused.clone(),
    };
    let error = Some(refused.body().to_string());
    let aborted = Transfer { error, completed_at: Some(now), ..asked.row(TransferState::Aborted, now) };
    cx.record(Act::new("switch.transfer.refused").on(&id).because("fspiop", "switch").with("code", refused.code.0));
    rows::append(cx.tx(), aborted);
    let letter = tell::failed(hub, &asked.payer, &asked.version, &id, &refused);
    Ok(Post::kept(keep(cx, if asked.bulk.is_some() { Vec::new() } else { vec![letter] })))
}

fn repeated(known: &Transfer, asked: &Prepare, hub: &str) -> Post {
    if asked.bulk.is_some() {
        return Post::default();
    }
    let same = crypto::constant_time_eq(&known.request_hash, &asked.hash);
    match known.state {
        _ if !same => {
            Post::passing(tell::failed(hub, &asked.payer, &asked.version, &asked.id, &Refused::from(MODIFIED)))
        }
        // It is being worked on, and its end will be told.
        TransferState::Reserved => Post::default(),
        TransferState::Committed | TransferState::Aborted => {
            Post::passing(tell::again(hub, &asked.payer, &asked.version, known))
        }
    }
}

fn positions(cx: &mut Cx<'_>, asked: &Prepare) -> Result<(Account, Account), Fault> {
    let (mut payer, mut payee) = (None, None);
    for (account, active) in participants::positions_of(cx.tx(), &asked.payer, &asked.payee, asked.amount.currency())? {
        if !active {
            return Err(Fault::conflict("switch.participant.inactive").with("name", account.participant));
        }
        if !account.active {
            return Err(Fault::conflict("switch.account.inactive").with("name", account.participant));
        }
        if account.participant == asked.payer { payer = Some(account) } else { payee = Some(account) }
    }
    let payer = payer.ok_or_else(|| Fault::not_found("switch.transfer.payer"))?;
    let payee = payee.ok_or_else(|| Fault::not_found("switch.transfer.payee"))?;
    Ok((payer, payee))
}

/// The ledger refused: because the deposit is too small, or the cap.
fn which_bound(cx: &mut Cx<'_>, asked: &Prepare) -> Result<Code, Fault> {
    let currency = asked.amount.currency();
    let position = participants::account(cx.tx(), &asked.payer, currency, AccountType::Position)?;
    let settlement = participants::account(cx.tx(), &asked.payer, currency, AccountType::Settlement)?;
    let (Some(position), Some(settlement)) = (position, settlement) else { return Ok(LIQUIDITY) };
    let owed = caps::position(&position, &caps::books(cx, &position)?);
    let deposit = caps::available(&caps::books(cx, &settlement)?);
    Ok(if owed.saturating_add(asked.amount.minor()) > deposit { LIQUIDITY } else { CAP })
}
