//! SQL of associations, their seats, proposals and voices.

use spine::{Money, Personal, Row, Timestamp, Tx, TxError};

use super::ledger::currency;
use super::requests::odd;
use crate::associations::{Association, AssociationId, Deed, Proposal, ProposalId, ProposalState, Seat, Voice};

const INSERT: &str = "
    INSERT INTO payments_association (id, name, place, needed, account, founder, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Association) -> Result<(), TxError> {
    let args = [
        new.id.into(),
        (&new.name).into(),
        (&new.place).into(),
        new.needed.into(),
        new.account.into(),
        (&new.founder).into(),
        new.made_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, name, place, needed, account, founder, made_at FROM payments_association WHERE id = $1";
const SELECT_OF: &str = "
    SELECT a.id, a.name, a.place, a.needed, a.account, a.founder, a.made_at
    FROM payments_association a JOIN payments_association_seat s ON s.association = a.id
    WHERE s.person = $1 ORDER BY a.id LIMIT 50";

pub(crate) fn find(tx: &mut dyn Tx, id: AssociationId) -> Result<Option<Association>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(row).transpose()
}

pub(crate) fn of(tx: &mut dyn Tx, person: &str) -> Result<Vec<Association>, TxError> {
    tx.query(SELECT_OF, &[person.into()])?.iter().map(row).collect()
}

fn row(row: &Row) -> Result<Association, TxError> {
    Ok(Association {
        id: row.get(0)?,
        name: row.get(1)?,
        place: row.get(2)?,
        needed: row.get(3)?,
        account: row.get(4)?,
        founder: row.get(5)?,
        made_at: row.get(6)?,
    })
}

const SELECT_FOUNDED: &str = "SELECT id FROM payments_association WHERE founder = $1 LIMIT 50";

/// How many a person has founded.
pub(crate) fn founded_by(tx: &mut dyn Tx, founder: &str) -> Result<usize, TxError> {
    Ok(tx.query(SELECT_FOUNDED, &[founder.into()])?.len())
}

const SET_NEEDED: &str = "UPDATE payments_association SET needed = $2 WHERE id = $1";

pub(crate) fn set_needed(tx: &mut dyn Tx, id: AssociationId, needed: i64) -> Result<(), TxError> {
    tx.change(SET_NEEDED, &[id.into(), needed.into()])
}

const OPEN_SEAT: &str = "
    INSERT INTO payments_association_seat (association, seat, inviter) VALUES ($1, $2, $3)
    ON CONFLICT (association, seat) DO UPDATE
        SET person = NULL, name = NULL, inviter = excluded.inviter, code_hash = NULL, code_until = NULL";

/// An empty seat, whether it was there before or not.
pub(crate) fn open_seat(tx: &mut dyn Tx, id: AssociationId, seat: i64, inviter: &str) -> Result<(), TxError> {
    tx.change(OPEN_SEAT, &[id.into(), seat.into(), inviter.into()])
}

const CLOSE_SEAT: &str = "DELETE FROM payments_association_seat WHERE association = $1 AND seat = $2";

pub(crate) fn close_seat(tx: &mut dyn Tx, id: AssociationId, seat: i64) -> Result<(), TxError> {
    tx.change(CLOSE_SEAT, &[id.into(), seat.into()])
}

const PASS_ON: &str = "
    UPDATE payments_association_seat SET inviter = $3, code_hash = NULL, code_until = NULL
    WHERE association = $1 AND inviter = $2 AND person IS NULL";

/// The empty seats that one hands out are another's from then on; the codes she gave open nothing.
pub(crate) fn pass_on(tx: &mut dyn Tx, id: AssociationId, from: &str, to: &str) -> Result<(), TxError> {
    tx.change(PASS_ON, &[id.into(), from.into(), to.into()])
}

const SIT: &str = "
    UPDATE payments_association_seat SET person = $3, name = $4, code_hash = NULL, code_until = NULL
    WHERE association = $1 AND seat = $2";

pub(crate) fn sit(
    tx: &mut dyn Tx,
    id: AssociationId,
    seat: i64,
    person: &str,
    name: &Personal<String>,
) -> Result<(), TxError> {
    tx.change(SIT, &[id.into(), seat.into(), person.into(), name.reveal().into()])
}

const SET_CODE: &str = "
    UPDATE payments_association_seat SET code_hash = $3, code_until = $4 WHERE association = $1 AND seat = $2";

pub(crate) fn set_code(
    tx: &mut dyn Tx,
    id: AssociationId,
    seat: i64,
    hash: &[u8; 32],
    until: Timestamp,
) -> Result<(), TxError> {
    tx.change(SET_CODE, &[id.into(), seat.into(), hash.into(), until.into()])
}

const SELECT_OPENED: &str = "
    SELECT association, seat FROM payments_association_seat
    WHERE code_hash = $1 AND code_until > $2 AND person IS NULL";

/// The seat that a code opens.
pub(crate) fn opened_by(
    tx: &mut dyn Tx,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(AssociationId, i64)>, TxError> {
    tx.first(SELECT_OPENED, &[hash.into(), now.into()])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

const SELECT_SEATS: &str = "
    SELECT seat, person, name, inviter FROM payments_association_seat WHERE association = $1 ORDER BY seat";

pub(crate) fn seats(tx: &mut dyn Tx, id: AssociationId) -> Result<Vec<Seat>, TxError> {
    let seat = |row: &Row| {
        let name: Option<String> = row.get(2)?;
        let name = Personal::new(name.unwrap_or_default());
        Ok(Seat { seat: row.get(0)?, person: row.get(1)?, name, inviter: row.get(3)? })
    };
    tx.query(SELECT_SEATS, &[id.into()])?.iter().map(seat).collect()
}

const INSERT_PROPOSAL: &str = "
    INSERT INTO payments_proposal (id, association, number, kind, wallet, msisdn, amount_minor, figure, purpose, proposer,
        state, made_at, expires_at, removed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $12, $13)";

pub(crate) fn insert_proposal(tx: &mut dyn Tx, new: &Proposal) -> Result<(), TxError> {
    let (kind, pay, figure) = match &new.deed {
        Deed::Pay { wallet, number, amount } => ("pay", Some((wallet.as_str(), number, amount.minor())), None),
        Deed::Rule { needed } => ("rule", None, Some(*needed)),
        Deed::Seat { seat } | Deed::Remove { seat, .. } => ("seat", None, Some(*seat)),
    };
    let removed = match &new.deed {
        Deed::Remove { person, .. } => Some(person.as_str()),
        _ => None,
    };
    let args = [
        new.id.into(),
        new.association.into(),
        new.number.into(),
        kind.into(),
        pay.map(|(wallet, ..)| wallet).into(),
        pay.map(|(_, number, _)| number.reveal().as_str()).into(),
        pay.map(|(.., minor)| minor).into(),
        figure.into(),
        new.purpose.reveal().into(),
        (&new.proposer).into(),
        new.made_at.into(),
        new.expires_at.into(),
        removed.into(),
    ];
    tx.change(INSERT_PROPOSAL, &args)
}

const SELECT_LAST: &str =
    "SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM payments_proposal WHERE association = $1";

/// The number of the last proposal; 0 before the first.
pub(crate) fn last_number(tx: &mut dyn Tx, id: AssociationId) -> Result<i64, TxError> {
    tx.first(SELECT_LAST, &[id.into()])?.map_or(Ok(0), |row| row.get(0))
}

const SELECT_PROPOSAL: &str = "
    SELECT p.id, p.association, p.number, p.kind, p.wallet, p.msisdn, p.amount_minor, p.figure, p.purpose, p.proposer,
        p.state, p.made_at, p.expires_at, p.ended_at, c.currency, p.removed
    FROM payments_proposal p JOIN payments_association a ON a.id = p.association
        JOIN payments_account c ON c.id = a.account
    WHERE p.id = $1";
const SELECT_PROPOSALS: &str = "
    SELECT p.id, p.association, p.number, p.kind, p.wallet, p.msisdn, p.amount_minor, p.figure, p.purpose, p.proposer,
        p.state, p.made_at, p.expires_at, p.ended_at, c.currency, p.removed
    FROM payments_proposal p JOIN payments_association a ON a.id = p.association
        JOIN payments_account c ON c.id = a.account
    WHERE p.association = $1 ORDER BY p.number DESC LIMIT $2";
const SELECT_OPEN: &str = "
    SELECT p.id, p.association, p.number, p.kind, p.wallet, p.msisdn, p.amount_minor, p.figure, p.purpose, p.proposer,
        p.state, p.made_at, p.expires_at, p.ended_at, c.currency, p.removed
    FROM payments_proposal p JOIN payments_association a ON a.id = p.association
        JOIN payments_account c ON c.id = a.account
    WHERE p.association = $1 AND p.state = 'open' ORDER BY p.number";

pub(crate) fn proposal(tx: &mut dyn Tx, id: ProposalId) -> Result<Option<Proposal>, TxError> {
    tx.first(SELECT_PROPOSAL, &[id.into()])?.as_ref().map(proposal_row).transpose()
}

pub(crate) fn proposals(tx: &mut dyn Tx, id: AssociationId, limit: i64) -> Result<Vec<Proposal>, TxError> {
    tx.query(SELECT_PROPOSALS, &[id.into(), limit.into()])?.iter().map(proposal_row).collect()
}

/// Those that wait.
pub(crate) fn open(tx: &mut dyn Tx, id: AssociationId) -> Result<Vec<Proposal>, TxError> {
    tx.query(SELECT_OPEN, &[id.into()])?.iter().map(proposal_row).collect()
}

fn proposal_row(row: &Row) -> Result<Proposal, TxError> {
    let money = currency(row, 14)?;
    let deed = match row.get::<String>(3)?.as_str() {
        "pay" => Deed::Pay {
            wallet: row.get(4)?,
            number: Personal::new(row.get(5)?),
            amount: Money::new(row.get(6)?, money),
        },
        "rule" => Deed::Rule { needed: row.get(7)? },
        "seat" => match row.get::<Option<String>>(15)? {
            Some(person) => Deed::Remove { seat: row.get(7)?, person },
            None => Deed::Seat { seat: row.get(7)? },
        },
        _ => return Err(odd("a proposal's kind")),
    };
    Ok(Proposal {
        id: row.get(0)?,
        association: row.get(1)?,
        number: row.get(2)?,
        deed,
        purpose: Personal::new(row.get(8)?),
        proposer: row.get(9)?,
        state: ProposalState::of(&row.get::<String>(10)?).ok_or_else(|| odd("a proposal's state"))?,
        made_at: row.get(11)?,
        expires_at: row.get(12)?,
        ended_at: row.get(13)?,
    })
}

const END: &str = "UPDATE payments_proposal SET state = $2, ended_at = $3 WHERE id = $1";

pub(crate) fn end(tx: &mut dyn Tx, id: ProposalId, state: ProposalState, now: Timestamp) -> Result<(), TxError> {
    tx.change(END, &[id.into(), state.code().into(), now.into()])
}

const INSERT_VOICE: &str = "
    INSERT INTO payments_proposal_voice (proposal, person, agrees, said_at) VALUES ($1, $2, $3, $4)";

pub(crate) fn insert_voice(
    tx: &mut dyn Tx,
    id: ProposalId,
    person: &str,
    agrees: bool,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(INSERT_VOICE, &[id.into(), person.into(), agrees.into(), now.into()])
}

const SELECT_VOICES: &str = "
    SELECT person, agrees FROM payments_proposal_voice WHERE proposal = $1 ORDER BY said_at, person";

pub(crate) fn voices(tx: &mut dyn Tx, id: ProposalId) -> Result<Vec<Voice>, TxError> {
    let voice = |row: &Row| Ok(Voice { person: row.get(0)?, agrees: row.get(1)? });
    tx.query(SELECT_VOICES, &[id.into()])?.iter().map(voice).collect()
}
