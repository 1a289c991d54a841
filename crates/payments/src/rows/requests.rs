//! SQL of requests, attempts and payments.

use spine::{Localised, Money, Personal, Row, Timestamp, Tx, TxError};

use super::ledger::currency;
use crate::gateway::model::{
    Attempt, AttemptId, AttemptState, NewRequest, Payment, PaymentId, PaymentState, Request, RequestId, RequestState,
};
use crate::ledger::{AccountId, TransferId};

pub(crate) fn odd(what: &str) -> TxError {
    TxError::Type(what.to_owned())
}

const INSERT_REQUEST: &str = "
    INSERT INTO payments_request
        (id, payer, account, amount_minor, currency, reference, description, return_path, state, tries, made_at, expires_at,
        number)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', 0, $9, $10, $11)";

pub(crate) fn insert_request(
    tx: &mut dyn Tx,
    (id, number): (RequestId, Option<&str>),
    new: &NewRequest,
    account: AccountId,
    now: Timestamp,
) -> Result<(), TxError> {
    let description = serde_json::to_value(&new.description).map_err(|_| odd("a description"))?;
    let currency = new.amount.currency();
    let args = [
        id.into(),
        (&new.payer).into(),
        account.into(),
        new.amount.minor().into(),
        currency.code().into(),
        (&new.reference).into(),
        (&description).into(),
        (&new.return_path).into(),
        now.into(),
        new.expires_at.into(),
        number.into(),
    ];
    tx.change(INSERT_REQUEST, &args)
}

const SELECT_REQUEST: &str = "
    SELECT id, payer, account, amount_minor, currency, reference, description, return_path, state, attempt, tries,
        receipt, paid_at, made_at, expires_at, bill, number
    FROM payments_request WHERE id = $1";

pub(crate) fn request(tx: &mut dyn Tx, id: RequestId) -> Result<Option<Request>, TxError> {
    tx.first(SELECT_REQUEST, &[id.into()])?.as_ref().map(request_row).transpose()
}

const SELECT_ASKED: &str = "
    SELECT id, payer, account, amount_minor, currency, reference, description, return_path, state, attempt, tries,
        receipt, paid_at, made_at, expires_at, bill, number
    FROM payments_request WHERE id = (SELECT request FROM payments_attempt WHERE id = $1)";

/// An attempt with its request, and what a rail has brought under this reference: one journey.
pub(crate) fn asked(
    tx: &mut dyn Tx,
    id: AttemptId,
    (rail, reference): (&str, &str),
) -> Result<Option<(Attempt, Request)>, TxError> {
    tx.ask_ahead(SELECT_ASKED, &[id.into()])?;
    tx.ask_ahead(SELECT_PAYMENT_CALLED, &[rail.into(), reference.into()])?;
    let Some(attempt) = attempt(tx, id)? else { return Ok(None) };
    let request = tx.first(SELECT_ASKED, &[id.into()])?.as_ref().map(request_row).transpose()?;
    Ok(request.map(|request| (attempt, request)))
}

const SELECT_NUMBERED: &str = "
    SELECT id, payer, account, amount_minor, currency, reference, description, return_path, state, attempt, tries,
        receipt, paid_at, made_at, expires_at, bill, number
    FROM payments_request WHERE number = $1";

/// The request of this number.
pub(crate) fn numbered(tx: &mut dyn Tx, number: &str) -> Result<Option<Request>, TxError> {
    tx.first(SELECT_NUMBERED, &[number.into()])?.as_ref().map(request_row).transpose()
}

const SELECT_RECENT: &str = "
    SELECT id, payer, account, amount_minor, currency, reference, description, return_path, state, attempt, tries,
        receipt, paid_at, made_at, expires_at, bill, number
    FROM payments_request WHERE id < $1 ORDER BY id DESC LIMIT $2";
const SELECT_RECENT_IN: &str = "
    SELECT id, payer, account, amount_minor, currency, reference, description, return_path, state, attempt, tries,
        receipt, paid_at, made_at, expires_at, bill, number
    FROM payments_request WHERE id < $1 AND state = $3 ORDER BY id DESC LIMIT $2";
const SELECT_RECENT_OF: &str = "
    SELECT id, payer, account, amount_minor, currency, reference, description, return_path, state, attempt, tries,
        receipt, paid_at, made_at, expires_at, bill, number
    FROM payments_request WHERE id < $1 AND reference = $3 ORDER BY id DESC LIMIT $2";

pub(crate) fn recent(
    tx: &mut dyn Tx,
    before: &str,
    limit: i64,
    state: Option<RequestState>,
    reference: Option<&str>,
) -> Result<Vec<Request>, TxError> {
    let rows = match (reference, state) {
        (Some(reference), _) => tx.query(SELECT_RECENT_OF, &[before.into(), limit.into(), reference.into()])?,
        (None, Some(state)) => tx.query(SELECT_RECENT_IN, &[before.into(), limit.into(), state.code().into()])?,
        (None, None) => tx.query(SELECT_RECENT, &[before.into(), limit.into()])?,
    };
    rows.iter().map(request_row).collect()
}

pub(crate) fn request_row(row: &Row) -> Result<Request, TxError> {
    let description: serde_json::Value = row.get(6)?;
    let description: Localised = serde_json::from_value(description).map_err(|_| odd("a description"))?;
    Ok(Request {
        id: row.get(0)?,
        payer: row.get(1)?,
        account: row.get(2)?,
        amount: Money::new(row.get(3)?, currency(row, 4)?),
        reference: row.get(5)?,
        description,
        return_path: row.get(7)?,
        state: RequestState::of(&row.get::<String>(8)?).ok_or_else(|| odd("a request's state"))?,
        attempt: row.get(9)?,
        tries: row.get(10)?,
        receipt: row.get(11)?,
        paid_at: row.get(12)?,
        made_at: row.get(13)?,
        expires_at: row.get(14)?,
        bill: row.get(15)?,
        number: row.get(16)?,
    })
}

const SET_REQUEST_STATE: &str = "UPDATE payments_request SET state = $2 WHERE id = $1";

pub(crate) fn set_request_state(tx: &mut dyn Tx, id: RequestId, state: RequestState) -> Result<(), TxError> {
    tx.change(SET_REQUEST_STATE, &[id.into(), state.code().into()])
}

const SEND_REQUEST: &str = "UPDATE payments_request SET state = 'sent', attempt = $2, tries = tries + 1 WHERE id = $1";

pub(crate) fn send_request(tx: &mut dyn Tx, id: RequestId, attempt: AttemptId) -> Result<(), TxError> {
    tx.change(SEND_REQUEST, &[id.into(), attempt.into()])
}

const PAY_REQUEST: &str =
    "UPDATE payments_request SET state = 'paid', attempt = $2, receipt = $3, paid_at = $4 WHERE id = $1";

pub(crate) fn pay_request(
    tx: &mut dyn Tx,
    id: RequestId,
    attempt: AttemptId,
    receipt: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(PAY_REQUEST, &[id.into(), attempt.into(), receipt.into(), now.into()])
}

const SELECT_RECEIPT: &str = "SELECT 1 FROM payments_request WHERE receipt = $1";

/// [`receipt_is_taken`] will be asked.
pub(crate) fn ask_receipt(tx: &mut dyn Tx, receipt: &str) -> Result<(), TxError> {
    tx.ask_ahead(SELECT_RECEIPT, &[receipt.into()])
}

pub(crate) fn receipt_is_taken(tx: &mut dyn Tx, receipt: &str) -> Result<bool, TxError> {
    Ok(tx.first(SELECT_RECEIPT, &[receipt.into()])?.is_some())
}

const INSERT_ATTEMPT: &str = "
    INSERT INTO payments_attempt (id, request, wallet, msisdn, state, made_at, expires_at, channel)
    VALUES ($1, $2, $3, $4, 'made', $5, $6, $7)";

pub(crate) fn insert_attempt(tx: &mut dyn Tx, attempt: &Attempt, channel: &str) -> Result<(), TxError> {
    let args = [
        attempt.id.into(),
        attempt.request.into(),
        (&attempt.wallet).into(),
        attempt.msisdn.reveal().into(),
        attempt.made_at.into(),
        attempt.expires_at.into(),
        channel.into(),
    ];
    tx.change(INSERT_ATTEMPT, &args)
}

const SELECT_ATTEMPT: &str = "
    SELECT id, request, wallet, msisdn, wallet_reference, state, reason, made_at, expires_at
    FROM payments_attempt WHERE id = $1";

pub(crate) fn attempt(tx: &mut dyn Tx, id: AttemptId) -> Result<Option<Attempt>, TxError> {
    let Some(row) = tx.first(SELECT_ATTEMPT, &[id.into()])? else { return Ok(None) };
    Ok(Some(Attempt {
        id: row.get(0)?,
        request: row.get(1)?,
        wallet: row.get(2)?,
        msisdn: Personal::new(row.get(3)?),
        wallet_reference: row.get(4)?,
        state: AttemptState::of(&row.get::<String>(5)?).ok_or_else(|| odd("an attempt's state"))?,
        reason: row.get(6)?,
        made_at: row.get(7)?,
        expires_at: row.get(8)?,
    }))
}

const SET_ATTEMPT_STATE: &str = "
    UPDATE payments_attempt
    SET state = $2, reason = COALESCE($3, reason), wallet_reference = COALESCE($4, wallet_reference) WHERE id = $1";

pub(crate) fn set_attempt_state(
    tx: &mut dyn Tx,
    id: AttemptId,
    state: AttemptState,
    reason: Option<&str>,
    wallet_reference: Option<&str>,
) -> Result<(), TxError> {
    let args = [id.into(), state.code().into(), reason.into(), wallet_reference.into()];
    tx.change(SET_ATTEMPT_STATE, &args)
}

const INSERT_PAYMENT: &str = "
    INSERT INTO payments_payment (id, wallet, wallet_reference, attempt, request, amount_minor, currency, state, reason,
        hold, received_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

pub(crate) fn insert_payment(tx: &mut dyn Tx, payment: &Payment) -> Result<(), TxError> {
    let currency = payment.amount.currency();
    let args = [
        payment.id.into(),
        (&payment.wallet).into(),
        (&payment.wallet_reference).into(),
        payment.attempt.into(),
        payment.request.into(),
        payment.amount.minor().into(),
        currency.code().into(),
        payment.state.code().into(),
        payment.reason.as_deref().into(),
        payment.hold.into(),
        payment.received_at.into(),
    ];
    tx.change(INSERT_PAYMENT, &args)
}

const SELECT_PAYMENT: &str = "
    SELECT id, wallet, wallet_reference, attempt, request, amount_minor, currency, state, reason, hold, received_at
    FROM payments_payment WHERE id = $1";
const SELECT_PAYMENT_CALLED: &str = "
    SELECT id, wallet, wallet_reference, attempt, request, amount_minor, currency, state, reason, hold, received_at
    FROM payments_payment WHERE wallet = $1 AND wallet_reference = $2";
const SELECT_UNAPPLIED: &str = "
    SELECT id, wallet, wallet_reference, attempt, request, amount_minor, currency, state, reason, hold, received_at
    FROM payments_payment WHERE state <> 'applied' ORDER BY id DESC LIMIT $1";
const SELECT_OF_REQUEST: &str = "
    SELECT id, wallet, wallet_reference, attempt, request, amount_minor, currency, state, reason, hold, received_at
    FROM payments_payment WHERE request = $1 ORDER BY id";

pub(crate) fn payment(tx: &mut dyn Tx, id: PaymentId) -> Result<Option<Payment>, TxError> {
    tx.first(SELECT_PAYMENT, &[id.into()])?.as_ref().map(payment_row).transpose()
}

pub(crate) fn payment_called(tx: &mut dyn Tx, wallet: &str, reference: &str) -> Result<Option<Payment>, TxError> {
    tx.first(SELECT_PAYMENT_CALLED, &[wallet.into(), reference.into()])?.as_ref().map(payment_row).transpose()
}

pub(crate) fn unapplied(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Payment>, TxError> {
    tx.query(SELECT_UNAPPLIED, &[limit.into()])?.iter().map(payment_row).collect()
}

pub(crate) fn payments_of(tx: &mut dyn Tx, request: RequestId) -> Result<Vec<Payment>, TxError> {
    tx.query(SELECT_OF_REQUEST, &[request.into()])?.iter().map(payment_row).collect()
}

fn payment_row(row: &Row) -> Result<Payment, TxError> {
    Ok(Payment {
        id: row.get(0)?,
        wallet: row.get(1)?,
        wallet_reference: row.get(2)?,
        attempt: row.get(3)?,
        request: row.get(4)?,
        amount: Money::new(row.get(5)?, currency(row, 6)?),
        state: PaymentState::of(&row.get::<String>(7)?).ok_or_else(|| odd("a payment's state"))?,
        reason: row.get(8)?,
        hold: row.get(9)?,
        received_at: row.get(10)?,
    })
}

const SET_PAYMENT_STATE: &str = "
    UPDATE payments_payment SET state = $2, reason = COALESCE($3, reason), hold = $4 WHERE id = $1";

pub(crate) fn set_payment_state(
    tx: &mut dyn Tx,
    id: PaymentId,
    state: PaymentState,
    reason: Option<&str>,
    hold: Option<TransferId>,
) -> Result<(), TxError> {
    tx.change(SET_PAYMENT_STATE, &[id.into(), state.code().into(), reason.into(), hold.into()])
}

const SET_REFUNDED: &str = "
    UPDATE payments_payment SET state = 'refunded', refund_reference = $2, settled_at = $3 WHERE id = $1";

pub(crate) fn set_refunded(tx: &mut dyn Tx, id: PaymentId, reference: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(SET_REFUNDED, &[id.into(), reference.into(), now.into()])
}

const SELECT_REFUNDED_AS: &str = "SELECT id FROM payments_payment WHERE refund_reference = $1 ORDER BY id LIMIT 1";
const SELECT_REFUND_REFERENCE: &str = "SELECT refund_reference FROM payments_payment WHERE id = $1";

/// The payment that a rail gave back under this reference.
pub(crate) fn refunded_as(tx: &mut dyn Tx, reference: &str) -> Result<Option<PaymentId>, TxError> {
    tx.first(SELECT_REFUNDED_AS, &[reference.into()])?.map(|row| row.get(0)).transpose()
}

/// Under which reference a rail gave a payment back.
pub(crate) fn refund_reference(tx: &mut dyn Tx, id: PaymentId) -> Result<Option<String>, TxError> {
    Ok(tx.first(SELECT_REFUND_REFERENCE, &[id.into()])?.map(|row| row.get(0)).transpose()?.flatten())
}

/// What each wallet brought, by what became of it.
pub(crate) struct Brought {
    pub(crate) wallet: String,
    pub(crate) currency: String,
    pub(crate) state: PaymentState,
    pub(crate) minor: i64,
}

const SUM_PAYMENTS: &str = "
    SELECT wallet, currency, state, CAST(SUM(amount_minor) AS BIGINT) FROM payments_payment
    GROUP BY wallet, currency, state";

pub(crate) fn brought(tx: &mut dyn Tx) -> Result<Vec<Brought>, TxError> {
    let read = |row: &Row| {
        let state = PaymentState::of(&row.get::<String>(2)?).ok_or_else(|| odd("a payment's state"))?;
        Ok(Brought { wallet: row.get(0)?, currency: row.get(1)?, state, minor: row.get(3)? })
    };
    tx.query(SUM_PAYMENTS, &[])?.iter().map(read).collect()
}

const SELECT_ODD: &str = "
    SELECT r.id FROM payments_request r
    WHERE (r.state = 'paid') <> (1 = (
        SELECT COUNT(*) FROM payments_payment p
        WHERE p.request = r.id AND p.state = 'applied' AND p.currency = r.currency
          AND p.amount_minor = r.amount_minor + COALESCE((
            SELECT c.fee_minor FROM payments_charge c
            WHERE c.request = r.id AND c.rail = p.wallet AND c.bears = 'payer'), 0)))
       OR (r.state = 'paid') <> (r.receipt IS NOT NULL)
    LIMIT 20";

/// Requests whose state and payments disagree; there are none.
pub(crate) fn odd_requests(tx: &mut dyn Tx) -> Result<Vec<RequestId>, TxError> {
    tx.query(SELECT_ODD, &[])?.iter().map(|row| row.get(0)).collect()
}
