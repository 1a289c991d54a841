//! SQL of funds: assessments, projects and payments.

use spine::{Money, Personal, Row, Timestamp, Tx, TxError};

use super::ledger::currency;
use super::requests::odd;
use crate::bills::BillId;
use crate::funds::{Assessment, FundPayment, FundPaymentId, FundPaymentState, Licence, Project, ProjectId};

const PUT_ASSESSMENT: &str = "
    INSERT INTO payments_fund_levy
        (id, fund, levy, contributor, year, base_minor, parts, amount_minor, currency, bill, tries, made_by, made_at,
        licensed_from, licensed_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (fund, levy, contributor, year) DO UPDATE SET base_minor = $6, parts = $7, amount_minor = $8, bill = $10,
        tries = $11, made_by = $12, made_at = $13, licensed_from = $14, licensed_until = $15";
const INSERT_BILL: &str = "INSERT INTO payments_fund_bill (number, levy) VALUES ($1, $2)";

pub(crate) fn put_assessment(
    tx: &mut dyn Tx,
    fund: &str,
    new: &Assessment,
    (bill, by): (BillId, &str),
) -> Result<(), TxError> {
    let currency = new.amount.currency();
    let args = [
        new.id.into(),
        fund.into(),
        (&new.levy).into(),
        (&new.contributor).into(),
        new.year.into(),
        new.base.minor().into(),
        new.parts.into(),
        new.amount.minor().into(),
        currency.code().into(),
        bill.into(),
        new.tries.into(),
        by.into(),
        new.made_at.into(),
        new.licence.from.into(),
        new.licence.until.into(),
    ];
    tx.change(PUT_ASSESSMENT, &args)?;
    tx.change(INSERT_BILL, &[(&new.number).into(), new.id.into()])
}

const SELECT_ASSESSMENT: &str = "
    SELECT l.id, l.levy, l.contributor, l.year, l.base_minor, l.parts, l.amount_minor, l.currency, b.number, b.paid_minor,
        l.tries, l.made_at, l.licensed_from, l.licensed_until
    FROM payments_fund_levy l JOIN payments_bill b ON b.id = l.bill
    WHERE l.fund = $1 AND l.levy = $2 AND l.contributor = $3 AND l.year = $4";
const SELECT_ASSESSMENTS: &str = "
    SELECT l.id, l.levy, l.contributor, l.year, l.base_minor, l.parts, l.amount_minor, l.currency, b.number, b.paid_minor,
        l.tries, l.made_at, l.licensed_from, l.licensed_until
    FROM payments_fund_levy l JOIN payments_bill b ON b.id = l.bill
    WHERE l.fund = $1 ORDER BY l.year DESC, l.contributor, l.levy LIMIT 60";

pub(crate) fn assessment(
    tx: &mut dyn Tx,
    fund: &str,
    (levy, contributor, year): (&str, &str, i64),
) -> Result<Option<Assessment>, TxError> {
    let args = [fund.into(), levy.into(), contributor.into(), year.into()];
    tx.first(SELECT_ASSESSMENT, &args)?.as_ref().map(assessment_row).transpose()
}

pub(crate) fn assessments(tx: &mut dyn Tx, fund: &str) -> Result<Vec<Assessment>, TxError> {
    tx.query(SELECT_ASSESSMENTS, &[fund.into()])?.iter().map(assessment_row).collect()
}

fn assessment_row(row: &Row) -> Result<Assessment, TxError> {
    let of = currency(row, 7)?;
    Ok(Assessment {
        id: row.get(0)?,
        levy: row.get(1)?,
        contributor: row.get(2)?,
        year: row.get(3)?,
        base: Money::new(row.get(4)?, of),
        parts: row.get(5)?,
        amount: Money::new(row.get(6)?, of),
        number: row.get(8)?,
        paid: Money::new(row.get(9)?, of),
        tries: row.get(10)?,
        made_at: row.get(11)?,
        licence: Licence { from: row.get(12)?, until: row.get(13)? },
    })
}

const SELECT_BILLS: &str = "
    SELECT b.number, l.contributor FROM payments_fund_bill b JOIN payments_fund_levy l ON l.id = b.levy WHERE l.fund = $1";

/// The numbers of all bills for a fund's levies, each with whose it is.
pub(crate) fn contributors_by_bill(tx: &mut dyn Tx, fund: &str) -> Result<Vec<(String, String)>, TxError> {
    tx.query(SELECT_BILLS, &[fund.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const INSERT_PROJECT: &str = "
    INSERT INTO payments_fund_project (id, fund, name, place, budget_minor, currency, made_by, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const SELECT_PROJECT: &str = "
    SELECT id, fund, name, place, budget_minor, currency, made_at FROM payments_fund_project WHERE id = $1";
const SELECT_PROJECTS: &str = "
    SELECT id, fund, name, place, budget_minor, currency, made_at FROM payments_fund_project
    WHERE fund = $1 ORDER BY id DESC";

pub(crate) fn insert_project(tx: &mut dyn Tx, new: &Project, by: &str) -> Result<(), TxError> {
    let currency = new.budget.currency();
    let args = [
        new.id.into(),
        (&new.fund).into(),
        (&new.name).into(),
        (&new.place).into(),
        new.budget.minor().into(),
        currency.code().into(),
        by.into(),
        new.made_at.into(),
    ];
    tx.change(INSERT_PROJECT, &args)
}

pub(crate) fn project(tx: &mut dyn Tx, id: ProjectId) -> Result<Option<Project>, TxError> {
    tx.first(SELECT_PROJECT, &[id.into()])?.as_ref().map(project_row).transpose()
}

pub(crate) fn projects(tx: &mut dyn Tx, fund: &str) -> Result<Vec<Project>, TxError> {
    tx.query(SELECT_PROJECTS, &[fund.into()])?.iter().map(project_row).collect()
}

fn project_row(row: &Row) -> Result<Project, TxError> {
    Ok(Project {
        id: row.get(0)?,
        fund: row.get(1)?,
        name: row.get(2)?,
        place: row.get(3)?,
        budget: Money::new(row.get(4)?, currency(row, 5)?),
        made_at: row.get(6)?,
    })
}

const INSERT_PAYMENT: &str = "
    INSERT INTO payments_fund_payment
        (id, project, purpose, bank, number, holder, amount_minor, currency, state, asked_by, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const SELECT_PAYMENT: &str = "
    SELECT id, project, purpose, bank, number, holder, amount_minor, currency, state, asked_by, decided_by, made_at
    FROM payments_fund_payment WHERE id = $1";
const SELECT_PAYMENTS: &str = "
    SELECT id, project, purpose, bank, number, holder, amount_minor, currency, state, asked_by, decided_by, made_at
    FROM payments_fund_payment WHERE project = $1 ORDER BY id DESC";
const DECIDE: &str =
    "UPDATE payments_fund_payment SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND state = 'asked'";

pub(crate) fn insert_payment(tx: &mut dyn Tx, new: &FundPayment) -> Result<(), TxError> {
    let currency = new.amount.currency();
    let args = [
        new.id.into(),
        new.project.into(),
        (&new.purpose).into(),
        (&new.bank).into(),
        new.number.reveal().into(),
        new.holder.reveal().into(),
        new.amount.minor().into(),
        currency.code().into(),
        new.state.code().into(),
        (&new.asked_by).into(),
        new.made_at.into(),
    ];
    tx.change(INSERT_PAYMENT, &args)
}

pub(crate) fn payment(tx: &mut dyn Tx, id: FundPaymentId) -> Result<Option<FundPayment>, TxError> {
    tx.first(SELECT_PAYMENT, &[id.into()])?.as_ref().map(payment_row).transpose()
}

/// A project's payments, the newest first.
pub(crate) fn payments(tx: &mut dyn Tx, project: ProjectId) -> Result<Vec<FundPayment>, TxError> {
    tx.query(SELECT_PAYMENTS, &[project.into()])?.iter().map(payment_row).collect()
}

pub(crate) fn decide(
    tx: &mut dyn Tx,
    id: FundPaymentId,
    state: FundPaymentState,
    (by, now): (&str, Timestamp),
) -> Result<(), TxError> {
    tx.change(DECIDE, &[id.into(), state.code().into(), by.into(), now.into()])
}

fn payment_row(row: &Row) -> Result<FundPayment, TxError> {
    let state = FundPaymentState::of(&row.get::<String>(8)?);
    Ok(FundPayment {
        id: row.get(0)?,
        project: row.get(1)?,
        purpose: row.get(2)?,
        bank: row.get(3)?,
        number: Personal::new(row.get(4)?),
        holder: Personal::new(row.get(5)?),
        amount: Money::new(row.get(6)?, currency(row, 7)?),
        state: state.ok_or_else(|| odd("the state of a fund's payment"))?,
        asked_by: row.get(9)?,
        decided_by: row.get(10)?,
        made_at: row.get(11)?,
    })
}

const SELECT_PAYMENTS_OF: &str = "
    SELECT p.id, p.project FROM payments_fund_payment p JOIN payments_fund_project j ON j.id = p.project WHERE j.fund = $1";

/// All payments of a fund, each with its project.
pub(crate) fn payments_of(tx: &mut dyn Tx, fund: &str) -> Result<Vec<(FundPaymentId, ProjectId)>, TxError> {
    tx.query(SELECT_PAYMENTS_OF, &[fund.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
