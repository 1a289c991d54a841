//! SQL of payments that go out, and of the files in which they go to a bank.

use spine::{Currency, Date, Money, Personal, Row, Timestamp, Tx, TxError, Value};

use super::ledger::currency;
use crate::rails::banking::file::{BankFile, BankFileId, FileState};
use crate::rails::payout::{Destination, Disbursement, DisbursementId, DisbursementState};

const INSERT: &str = "
    INSERT INTO payments_disbursement
        (id, rail, via, bank, number, holder, account, amount_minor, currency, reference, state, file, made_at, kind)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'made', $11, $12, $13)";

pub(crate) fn insert_all(tx: &mut dyn Tx, fresh: &[Disbursement]) -> Result<(), TxError> {
    let rows: Vec<Vec<Value<'_>>> = fresh.iter().map(args).collect();
    let rows: Vec<&[Value<'_>]> = rows.iter().map(Vec::as_slice).collect();
    tx.insert(INSERT, &rows)
}

fn args(one: &Disbursement) -> Vec<Value<'_>> {
    let (rail, bank, number, holder, kind) = match &one.to {
        Destination::Wallet { number, .. } => ("wallet", None, number.reveal(), None, None),
        Destination::Bank { bank, account, holder } => {
            ("bank", Some(bank.as_str()), account.reveal(), Some(holder.reveal().as_str()), None)
        }
        Destination::Hub { kind, number, .. } => ("hub", None, number.reveal(), None, Some(kind.as_str())),
    };
    let via = one.rail.split_once(':').map_or(one.rail.as_str(), |(_, via)| via);
    vec![
        one.id.into(),
        rail.into(),
        via.into(),
        bank.into(),
        number.into(),
        holder.into(),
        one.from.into(),
        one.amount.minor().into(),
        one.amount.currency().code().to_owned().into(),
        (&one.reference).into(),
        one.file.into(),
        one.made_at.into(),
        kind.into(),
    ]
}

const SELECT: &str = "
    SELECT id, rail, via, bank, number, holder, account, amount_minor, currency, reference, state, reason, rail_reference,
           made_at, ended_at, file, kind
    FROM payments_disbursement WHERE id = $1";
const SELECT_IN_FILE: &str = "
    SELECT id, rail, via, bank, number, holder, account, amount_minor, currency, reference, state, reason, rail_reference,
           made_at, ended_at, file, kind
    FROM payments_disbursement WHERE file = $1 ORDER BY id";

fn read(row: &Row) -> Result<Disbursement, TxError> {
    let (rail, via): (String, String) = (row.get(1)?, row.get(2)?);
    let number = Personal::new(row.get::<String>(4)?);
    let to = match (row.get::<Option<String>>(3)?, row.get::<Option<String>>(16)?) {
        (_, Some(kind)) => Destination::Hub { hub: via.clone(), kind, number },
        (Some(bank), None) => Destination::Bank {
            bank,
            account: number,
            holder: Personal::new(row.get::<Option<String>>(5)?.unwrap_or_default()),
        },
        (None, None) => Destination::Wallet { wallet: via.clone(), number },
    };
    let state = DisbursementState::of(&row.get::<String>(10)?);
    Ok(Disbursement {
        id: row.get(0)?,
        rail: format!("{rail}:{via}"),
        to,
        from: row.get(6)?,
        amount: Money::new(row.get(7)?, currency(row, 8)?),
        reference: row.get(9)?,
        state: state.ok_or_else(|| TxError::Type("the state of a disbursement".to_owned()))?,
        reason: row.get(11)?,
        rail_reference: row.get(12)?,
        made_at: row.get(13)?,
        ended_at: row.get(14)?,
        file: row.get(15)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: DisbursementId) -> Result<Option<Disbursement>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(read).transpose()
}

pub(crate) fn in_file(tx: &mut dyn Tx, file: BankFileId) -> Result<Vec<Disbursement>, TxError> {
    tx.query(SELECT_IN_FILE, &[file.into()])?.iter().map(read).collect()
}

const SELECT_STUCK: &str = "
    SELECT id, rail, via, bank, number, holder, account, amount_minor, currency, reference, state, reason, rail_reference,
           made_at, ended_at, file, kind
    FROM payments_disbursement
    WHERE state IN ('made', 'sent', 'review') AND (state = 'review' OR made_at < $1)
        AND (reason IS NULL OR reason <> 'screening') ORDER BY id LIMIT $2";

/// Those that an officer must look at: contested, or asked for before a moment and not answered yet; the oldest first.
pub(crate) fn stuck(tx: &mut dyn Tx, before: Timestamp, limit: i64) -> Result<Vec<Disbursement>, TxError> {
    tx.query(SELECT_STUCK, &[before.into(), limit.into()])?.iter().map(read).collect()
}

const SELECT_TO_BANKS: &str = "
    SELECT id, rail, via, bank, number, holder, account, amount_minor, currency, reference, state, reason, rail_reference,
           made_at, ended_at, file, kind
    FROM payments_disbursement
    WHERE state IN ('made', 'sent') AND holder IS NOT NULL AND reason IS NULL AND id > $1 ORDER BY id LIMIT $2";

/// Those on their way to bank accounts that nothing stops, after an identifier.
pub(crate) fn to_banks(tx: &mut dyn Tx, after: &str, limit: i64) -> Result<Vec<Disbursement>, TxError> {
    tx.query(SELECT_TO_BANKS, &[after.into(), limit.into()])?.iter().map(read).collect()
}

const SET: &str = "
    UPDATE payments_disbursement
    SET state = $2, reason = $3, rail_reference = COALESCE($4, rail_reference), ended_at = $5 WHERE id = $1";

pub(crate) fn set(
    tx: &mut dyn Tx,
    id: DisbursementId,
    state: DisbursementState,
    reason: Option<&str>,
    rail_reference: Option<&str>,
    ended_at: Option<Timestamp>,
) -> Result<(), TxError> {
    let args = [id.into(), state.code().into(), reason.into(), rail_reference.into(), ended_at.into()];
    tx.change(SET, &args)
}

const SET_FILE_SENT: &str = "UPDATE payments_disbursement SET state = 'sent' WHERE file = $1 AND state = 'made'";

pub(crate) fn set_sent_in(tx: &mut dyn Tx, file: BankFileId) -> Result<u64, TxError> {
    tx.execute(SET_FILE_SENT, &[file.into()])
}

const SET_RELEASED: &str = "UPDATE payments_disbursement SET reason = NULL, file = $2 WHERE id = $1";

/// It waits no longer, and goes in this file.
pub(crate) fn set_released(tx: &mut dyn Tx, id: DisbursementId, file: Option<BankFileId>) -> Result<(), TxError> {
    tx.change(SET_RELEASED, &[id.into(), file.into()])
}

const SUM_OUT: &str = "
    SELECT rail, via, currency, CAST(SUM(amount_minor) AS BIGINT) FROM payments_disbursement
    WHERE state = 'paid' OR (state = 'review' AND reason IN ('paid_after_all', 'returned_in_part'))
    GROUP BY rail, via, currency";
const SUM_CONTESTED: &str = "
    SELECT currency, CAST(SUM(amount_minor) AS BIGINT) FROM payments_disbursement
    WHERE state = 'review' AND reason = 'paid_after_all' GROUP BY currency";

/// What went out on each rail and did not come back: `wallet:mpesa`, the currency, minor units.
pub(crate) fn paid_out(tx: &mut dyn Tx) -> Result<Vec<(String, String, i64)>, TxError> {
    let read = |row: &Row| {
        let (rail, via): (String, String) = (row.get(0)?, row.get(1)?);
        Ok((format!("{rail}:{via}"), row.get(2)?, row.get(3)?))
    };
    tx.query(SUM_OUT, &[])?.iter().map(read).collect()
}

/// What rails paid after they had said that they would not, by currency.
pub(crate) fn contested(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>, TxError> {
    tx.query(SUM_CONTESTED, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const INSERT_FILE: &str = "
    INSERT INTO payments_bank_file (id, bank, state, payments, amount_minor, currency, day, made_at)
    VALUES ($1, $2, 'made', $3, $4, $5, $6, $7)";

pub(crate) fn insert_file(tx: &mut dyn Tx, file: &BankFile) -> Result<(), TxError> {
    let args = [
        file.id.into(),
        (&file.bank).into(),
        file.payments.into(),
        file.amount.minor().into(),
        file.amount.currency().code().to_owned().into(),
        file.day.to_string().into(),
        file.made_at.into(),
    ];
    tx.change(INSERT_FILE, &args)
}

const SELECT_FILE: &str = "
    SELECT id, bank, state, payments, amount_minor, currency, day, made_at FROM payments_bank_file WHERE id = $1";

pub(crate) fn file(tx: &mut dyn Tx, id: BankFileId) -> Result<Option<BankFile>, TxError> {
    let Some(row) = tx.first(SELECT_FILE, &[id.into()])? else { return Ok(None) };
    let odd = |what: &str| TxError::Type(format!("the {what} of a bank file"));
    let day: Date = row.get::<String>(6)?.parse().map_err(|_| odd("day"))?;
    let of: Currency = currency(&row, 5)?;
    Ok(Some(BankFile {
        id: row.get(0)?,
        bank: row.get(1)?,
        state: FileState::of(&row.get::<String>(2)?).ok_or_else(|| odd("state"))?,
        payments: row.get(3)?,
        amount: Money::new(row.get(4)?, of),
        day,
        made_at: row.get(7)?,
    }))
}

const SET_FILE: &str = "UPDATE payments_bank_file SET state = $2 WHERE id = $1";

pub(crate) fn set_file(tx: &mut dyn Tx, id: BankFileId, state: FileState) -> Result<(), TxError> {
    tx.change(SET_FILE, &[id.into(), state.code().into()])
}
