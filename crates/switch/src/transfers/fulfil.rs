//! The payee's institution answers: with the fulfilment, so that the hold is posted, or with an error, so that it is given up.
//!
//! **Invariant:** a transfer belongs to the window that is open in the transaction that commits it. An answer that comes twice
//! changes nothing; another answer to what has ended is refused (3106).

use payments::ledger::{self, Step};
use serde_json::{Value, json};
use spine::{Act, Cx, Fault, Resource};

use super::{Post, tell};
use crate::fspiop::error::{CLIENT, EXPIRED, MODIFIED, Refused, TRANSFER, VALIDATION};
use crate::fspiop::ilp;
use crate::letter::{Letter, keep};
use crate::model::{Transfer, TransferKind, TransferState};
use crate::rows::{settlement, transfers as rows};

/// An answer, checked for form.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) version: String,
    pub(crate) hash: [u8; 32],
    pub(crate) says: Says,
    /// What the payer's institution gets.
    pub(crate) forward: Letter,
}

/// What an answer says.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// Agreed, with the fulfilment; `reserved` asks to be told the end.
    Fulfilled { fulfilment: String, reserved: bool },
    /// Declined: the body.
    Aborted(String),
}

/// Ends a transfer as the payee's institution says.
///
/// # Errors
/// A refusal; the ledger's faults.
pub(crate) fn answer(cx: &mut Cx<'_>, given: &Answer, hub: &str) -> Result<Post, Fault> {
    let refuse =
        |refused: Refused| Ok(Post::passing(tell::failed(hub, &given.from, &given.version, &given.id, &refused)));
    let known = rows::find(cx.tx(), &given.id)?.filter(|known| known.kind == TransferKind::Transfer);
    let own = known.as_ref().is_some_and(|known| known.payee == cx.actor().id);
    let Some(known) = known else { return refuse(unknown()) };
    if !own {
        // Whoever it is, the transfer stands as it stood.
        return refuse(Refused::new(VALIDATION, "not the payee FSP of this transfer"));
    }
    cx.may("switch.transfer.fulfil", &Resource::new("Transfer", &given.id).is("own", own))?;
    if known.state != TransferState::Reserved {
        return Ok(Post::passing(after_the_end(given, &known, hub)));
    }
    if known.expires_at.is_some_and(|end| end <= cx.now()) {
        return super::expire::expire_one(cx, known, hub, &Refused::from(EXPIRED)).map(Post::kept);
    }
    match &given.says {
        Says::Fulfilled { fulfilment, reserved } => {
            let fits = known.condition.as_deref().is_some_and(|condition| ilp::fulfils(fulfilment, condition));
            if fits { commit(cx, given, known, hub, (fulfilment, *reserved)) } else { misfit(cx, given, known, hub) }
        }
        Says::Aborted(error) => {
            let letters = vec![given.forward.clone().addressed(&known.payer)];
            let ended = Ending { error: Some(error.clone()), hash: given.hash, letters };
            abort(cx, known, ended).map(Post::kept)
        }
    }
}

fn unknown() -> Refused {
    Refused::new(TRANSFER, "Provided Transfer ID was not found on the server.")
}

fn after_the_end(given: &Answer, known: &Transfer, hub: &str) -> Letter {
    let same = known.answer_hash.as_deref().is_some_and(|hash| crypto::constant_time_eq(hash, &given.hash));
    if same {
        tell::again(hub, &given.from, &given.version, known)
    } else {
        tell::failed(hub, &given.from, &given.version, &given.id, &Refused::from(MODIFIED))
    }
}

fn hold(known: &Transfer) -> Result<ledger::TransferId, Fault> {
    known.hold.ok_or_else(|| Fault::internal("switch.transfer.hold", "a reserved transfer without a hold"))
}

fn commit(
    cx: &mut Cx<'_>,
    given: &Answer,
    known: Transfer,
    hub: &str,
    (fulfilment, reserved): (&str, bool),
) -> Result<Post, Fault> {
    let window = settlement::open_window(cx.tx())?.ok_or_else(|| Fault::unavailable("switch.window.none"))?;
    let (id, now) = (cx.id(), cx.now());
    let step = Step::Post { of: hold(&known)?, amount: None };
    ledger::book(cx, &[ledger::Transfer { id, step, reference: known.id.clone() }])?;
    let ended = Transfer {
        state: TransferState::Committed,
        fulfilment: Some(fulfilment.to_owned()),
        answer_hash: Some(given.hash.to_vec()),
        window: Some(window),
        completed_at: Some(now),
        ..known
    };
    end(cx, &ended)?;
    cx.record(Act::new("switch.transfer.committed").on(&ended.id).because("fspiop", "switch").with("window", window));
    let mut letters = vec![given.forward.clone().addressed(&ended.payer)];
    if reserved {
        letters.push(tell::ended(hub, &given.version, &ended));
    }
    Ok(Post::kept(keep(cx, letters)))
}

/// A fulfilment that does not fit ends the transfer: whoever sent it will not do better.
fn misfit(cx: &mut Cx<'_>, given: &Answer, known: Transfer, hub: &str) -> Result<Post, Fault> {
    let refused = Refused::new(VALIDATION, "invalid fulfilment");
    let to_payer = tell::failed(hub, &known.payer, &given.version, &given.id, &refused);
    let now = cx.now();
    let aborted = Transfer { state: TransferState::Aborted, completed_at: Some(now), ..known.clone() };
    let to_payee = tell::ended(hub, &given.version, &aborted);
    let error = Some(refused.body().to_string());
    let ended = Ending { error, hash: given.hash, letters: vec![to_payer, to_payee] };
    abort(cx, known, ended).map(Post::kept)
}

/// How a transfer ends without money.
pub(super) struct Ending {
    pub(super) error: Option<String>,
    pub(super) hash: [u8; 32],
    pub(super) letters: Vec<Letter>,
}

/// Gives the hold up.
pub(super) fn abort(cx: &mut Cx<'_>, known: Transfer, ending: Ending) -> Result<Vec<crate::letter::Kept>, Fault> {
    let (id, now) = (cx.id(), cx.now());
    ledger::book(cx, &[ledger::Transfer { id, step: Step::Void { of: hold(&known)? }, reference: known.id.clone() }])?;
    let ended = Transfer {
        state: TransferState::Aborted,
        answer_hash: Some(ending.hash.to_vec()),
        error: ending.error,
        completed_at: Some(now),
        ..known
    };
    end(cx, &ended)?;
    cx.record(Act::new("switch.transfer.aborted").on(&ended.id).because("fspiop", "switch"));
    Ok(keep(cx, ending.letters))
}

fn end(cx: &mut Cx<'_>, ended: &Transfer) -> Result<(), Fault> {
    match rows::end(cx.tx(), ended)? {
        1 => Ok(()),
        _ => Err(Fault::unavailable("store.database.unavailable")),
    }
}

/// What becomes of the payee's body on its way: it says RESERVED, the payer hears COMMITTED.
#[must_use]
pub(crate) fn committed(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(members) = body.as_object_mut() {
        members.insert("transferState".to_owned(), json!("COMMITTED"));
    }
    body
}

/// Answers `GET /transfers/{id}`.
///
/// # Errors
/// The store's faults.
pub(crate) fn look(cx: &mut Cx<'_>, from: &str, version: &str, id: &str, hub: &str) -> Result<Letter, Fault> {
    let Some(known) = rows::find(cx.tx(), id)? else {
        return Ok(tell::failed(hub, from, version, id, &unknown()));
    };
    let own = known.payer == from || known.payee == from;
    if !own || cx.actor().id != from {
        return Ok(tell::failed(hub, from, version, id, &Refused::from(CLIENT)));
    }
    Ok(tell::stands(hub, from, version, &known))
}
