//! Spending a fund: a project with its budget, a payment that one officer asks for and another decides.
//!
//! **Invariant:** nobody approves what she asked for herself. The money of a payment is held from the moment it is asked for, so that
//! it is promised once; with what was paid and asked for before it is within the project's budget.

use spine::{Act, Cx, Fault, FieldFault, Money, Personal, Text};

use super::levy::wrong;
use super::model::{FundPayment, FundPaymentId, FundPaymentState, Project, ProjectId};
use super::pack::Funds;
use super::{account, kept};
use crate::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer};
use crate::rails::payout::disburse::{check, go};
use crate::rails::payout::{Destination, Disbursement, DisbursementState, NewDisbursement, Rails};
use crate::rows::{disbursements, funds as rows};

/// A project to be planned.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// What people call it, 2 to 80 characters.
    pub name: String,
    /// Where it is, 2 to 40.
    pub place: String,
    /// What may be spent on it.
    pub budget: Money,
}

/// A payment to be asked for.
#[derive(Clone, Debug)]
pub struct NewFundPayment {
    /// What it is for, 2 to 80 characters; everybody may read it.
    pub purpose: String,
    /// How much.
    pub amount: Money,
    /// The payee's bank.
    pub bank: String,
    /// Her account's number, as typed.
    pub number: String,
    /// Whose account it is.
    pub holder: String,
}

fn plain(text: &str, most: usize) -> bool {
    (2..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Plans a project. No money moves.
///
/// # Errors
/// `payments.fund.unknown`; `payments.fund.wrong` with the fields `name`, `place` or `budget`; a refusal; the store's faults.
pub fn plan(cx: &mut Cx<'_>, funds: &Funds, id: &str, new: &NewProject) -> Result<ProjectId, Fault> {
    let fund = kept(cx, funds, id, "payments.fund.plan")?;
    let (name, place) = (new.name.trim(), new.place.trim());
    if !plain(name, 80) {
        return Err(wrong("name", "payments.fund.name_wrong"));
    }
    if !plain(place, 40) {
        return Err(wrong("place", "payments.fund.place_wrong"));
    }
    let fits = (1..=ledger::LARGEST_MINOR).contains(&new.budget.minor());
    if !fits || new.budget.currency() != fund.currency {
        return Err(wrong("budget", "payments.fund.amount_wrong"));
    }
    let project = Project {
        id: cx.id(),
        fund: id.to_owned(),
        name: name.to_owned(),
        place: place.to_owned(),
        budget: new.budget,
        made_at: cx.now(),
    };
    let by = cx.actor().id.clone();
    rows::insert_project(cx.tx(), &project, &by)?;
    let act = Act::new("payments.fund.planned").on(project.id).with("fund", id);
    cx.record(act.with("budget_minor", project.budget.minor()));
    Ok(project.id)
}

/// Asks for a payment for a project; another officer decides.
///
/// # Errors
/// `payments.fund.{unknown,short,over}`; `payments.fund.wrong` with the fields `purpose`, `amount`, `bank`, `number` or `holder`; a
/// refusal; the store's faults.
pub fn ask(
    cx: &mut Cx<'_>,
    funds: &Funds,
    rails: &Rails,
    project: ProjectId,
    new: &NewFundPayment,
) -> Result<FundPaymentId, Fault> {
    let project = rows::project(cx.tx(), project)?.ok_or_else(|| Fault::not_found("payments.fund.unknown"))?;
    let fund = kept(cx, funds, &project.fund, "payments.fund.ask")?;
    let purpose = new.purpose.trim();
    if !plain(purpose, 80) {
        return Err(wrong("purpose", "payments.fund.purpose_wrong"));
    }
    let payment = FundPayment {
        id: cx.id(),
        project: project.id,
        purpose: purpose.to_owned(),
        bank: new.bank.clone(),
        number: Personal::new(new.number.clone()),
        holder: Personal::new(new.holder.trim().to_owned()),
        amount: new.amount,
        state: FundPaymentState::Asked,
        asked_by: cx.actor().id.clone(),
        decided_by: None,
        made_at: cx.now(),
    };
    let account = account(cx, fund)?;
    check(rails, &going(&payment, &project, account)).map_err(|fault| field(&fault))?;
    let before = spent(&payments(cx, project.id)?);
    if before + payment.amount.minor() > project.budget.minor() {
        return Err(Fault::conflict("payments.fund.over"));
    }
    hold(cx, &payment, account)?;
    rows::insert_payment(cx.tx(), &payment)?;
    cx.record(act("payments.fund.asked", &payment));
    Ok(payment.id)
}

/// What is wrong with a payment's words, at the field where it is typed.
fn field(fault: &Fault) -> Fault {
    let field = match fault.code() {
        "payments.disbursement.bank" => "bank",
        "payments.disbursement.account" => "number",
        "payments.disbursement.holder" => "holder",
        _ => "amount",
    };
    let text = Text::named(format!("fault.{}", fault.code()));
    Fault::invalid("payments.fund.wrong").fields_from([FieldFault { field: field.to_owned(), text }])
}

fn act(kind: &'static str, payment: &FundPayment) -> Act {
    let act = Act::new(kind).on(payment.id).because("payment", "contract");
    act.with("project", payment.project.to_string()).with("amount_minor", payment.amount.minor())
}

fn going(payment: &FundPayment, project: &Project, from: AccountId) -> NewDisbursement {
    NewDisbursement {
        id: payment.disbursement(),
        from,
        to: Destination::Bank {
            bank: payment.bank.clone(),
            account: payment.number.clone(),
            holder: payment.holder.clone(),
        },
        amount: payment.amount,
        reference: format!("FUND-{}", project.fund.chars().take(30).collect::<String>()),
    }
}

/// A project's payments, the newest first, each with what the bank made of it.
pub(super) fn payments(cx: &mut Cx<'_>, project: ProjectId) -> Result<Vec<(FundPayment, Option<Disbursement>)>, Fault> {
    let mut all = Vec::new();
    for payment in rows::payments(cx.tx(), project)? {
        let sent = disbursements::find(cx.tx(), payment.disbursement())?;
        all.push((payment, sent));
    }
    Ok(all)
}

/// What of these was paid, is on its way, or is asked for, in minor units. What the bank did not pay is not counted.
pub(super) fn spent(payments: &[(FundPayment, Option<Disbursement>)]) -> i64 {
    let counts = |(payment, sent): &&(FundPayment, Option<Disbursement>)| match (payment.state, sent) {
        (FundPaymentState::Refused, _) => false,
        (FundPaymentState::Asked, _) | (FundPaymentState::Approved, None) => true,
        (FundPaymentState::Approved, Some(sent)) => {
            !matches!(sent.state, DisbursementState::Failed | DisbursementState::Returned)
        }
    };
    payments.iter().filter(counts).map(|(payment, _)| payment.amount.minor()).sum()
}

fn hold(cx: &mut Cx<'_>, payment: &FundPayment, debit: AccountId) -> Result<(), Fault> {
    let (amount, currency) = (payment.amount, payment.amount.currency());
    let promised = NewAccount {
        reference: &format!("funds:promised:{currency}"),
        kind: AccountKind::Liability,
        currency,
        name: "payments.account.promised",
        bound: Bound::None,
    };
    let credit = ledger::account(cx, &promised)?;
    let step = Step::Hold { debit, credit, amount, expires_at: None };
    let transfer = Transfer { id: payment.hold(), step, reference: payment.id.to_string() };
    let booked = ledger::book(cx, &[transfer]);
    booked.map(drop).map_err(|fault| match fault.code() {
        "payments.account.bound" => Fault::conflict("payments.fund.short"),
        _ => fault,
    })
}

/// Approves a payment, or refuses it. Whoever asked may take her own back, and not approve it. The same again changes nothing.
///
/// # Errors
/// `payments.fund.{unknown,same,decided}`; as [`crate::disburse`] when it cannot be paid any more; a refusal; the store's faults.
pub fn decide(cx: &mut Cx<'_>, funds: &Funds, rails: &Rails, id: FundPaymentId, approves: bool) -> Result<(), Fault> {
    let unknown = || Fault::not_found("payments.fund.unknown");
    let payment = rows::payment(cx.tx(), id)?.ok_or_else(unknown)?;
    let project = rows::project(cx.tx(), payment.project)?.ok_or_else(unknown)?;
    let fund = kept(cx, funds, &project.fund, "payments.fund.decide")?;
    let by = cx.actor().id.clone();
    let state = if approves { FundPaymentState::Approved } else { FundPaymentState::Refused };
    if payment.state != FundPaymentState::Asked {
        let same = payment.state == state && payment.decided_by.as_deref() == Some(by.as_str());
        return if same { Ok(()) } else { Err(Fault::conflict("payments.fund.decided")) };
    }
    if approves && payment.asked_by == by {
        return Err(Fault::conflict("payments.fund.same"));
    }
    let step = Step::Void { of: payment.hold() };
    ledger::book(cx, &[Transfer { id: payment.release(), step, reference: id.to_string() }])?;
    let now = cx.now();
    rows::decide(cx.tx(), id, state, (&by, now))?;
    cx.record(act(if approves { "payments.fund.approved" } else { "payments.fund.refused" }, &payment));
    if approves {
        let account = account(cx, fund)?;
        go(cx, rails, &going(&payment, &project, account))?;
    }
    Ok(())
}
