//! Payments to bank accounts gathered into files, and what the bank says of a file.
//!
//! **Invariant:** a file is written from its rows alone, so that it is the same file however often it is handed in; the bank
//! takes it once by its `MsgId`. Each payment is in one file.

use std::collections::BTreeMap;

use serde_json::json;
use spine::{Act, Cx, Date, Fault, Id, IdKind, Job, Money, Resource, Timestamp};

use crate::rails::iso20022::{
    CreditTransfer, Message, PaymentBatch, PaymentInitiation, PaymentStatusReport, Remittance, TransactionStatus,
    final_status,
};
use crate::rails::payout::outcome::{self, Heard};
use crate::rails::payout::{Destination, Disbursement, Rails};
use crate::rows::disbursements as rows;

/// The job that hands a file to the bank, and the one that asks what became of it.
pub(crate) const HAND_IN: &str = "payments.bank.hand_in";
pub(crate) const ASK: &str = "payments.bank.ask";

/// At most so many payments in one file: what a bank says of each must fit into one answer.
const PAYMENTS: usize = 1_000;

/// The kind of a file's identifier.
#[derive(Debug)]
pub(crate) struct BankFileKind;

impl IdKind for BankFileKind {
    const PREFIX: &'static str = "bfl";
}

/// A file's identifier, which is also its `MsgId`.
pub(crate) type BankFileId = Id<BankFileKind>;

/// Where a file stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FileState {
    /// The bank has not heard of it.
    Made,
    /// The bank knows, or may know.
    Sent,
    /// The bank has said what became of every payment.
    Done,
}

impl FileState {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Sent => "sent",
            Self::Done => "done",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Made, Self::Sent, Self::Done].into_iter().find(|state| state.code() == code)
    }
}

/// A file of payments.
#[derive(Clone, Debug)]
pub(crate) struct BankFile {
    pub(crate) id: BankFileId,
    pub(crate) bank: String,
    pub(crate) state: FileState,
    pub(crate) payments: i64,
    pub(crate) amount: Money,
    pub(crate) day: Date,
    pub(crate) made_at: Timestamp,
}

/// Puts those that go to bank accounts into files, and leaves the files to a worker.
pub(crate) fn gather(cx: &mut Cx<'_>, rails: &Rails, fresh: &mut [Disbursement]) -> Result<(), Fault> {
    let mut to_banks: Vec<&mut Disbursement> =
        fresh.iter_mut().filter(|it| matches!(it.to, Destination::Bank { .. })).collect();
    let Some(own) = rails.banks.own() else { return Ok(()) };
    for part in to_banks.chunks_mut(PAYMENTS) {
        let (id, now): (BankFileId, _) = (cx.id(), cx.now());
        let mut total = Money::new(0, own.currency);
        for one in part.iter_mut() {
            one.file = Some(id);
            total = total.plus(one.amount).map_err(|_| Fault::invalid("payments.disbursement.amount"))?;
        }
        let file = BankFile {
            id,
            bank: own.bank.id.clone(),
            state: FileState::Made,
            payments: i64::try_from(part.len()).unwrap_or(i64::MAX),
            amount: total,
            day: rails.banks.day(now),
            made_at: now,
        };
        rows::insert_file(cx.tx(), &file)?;
        cx.enqueue(Job::new(HAND_IN, json!({ "file": id })));
        cx.record(act("payments.bank_file.made", &file));
    }
    Ok(())
}

fn act(kind: &'static str, file: &BankFile) -> Act {
    let act = Act::new(kind).on(file.id).because("payment", "contract");
    act.with("payments", file.payments).with("amount_minor", file.amount.minor())
}

/// The file as a pain.001, the same however often it is written.
pub(crate) fn written(cx: &mut Cx<'_>, rails: &Rails, file: &BankFile) -> Result<Vec<u8>, Fault> {
    let own = rails.banks.own().ok_or_else(|| Fault::unavailable("payments.bank.not_connected"))?;
    let mut transfers = Vec::new();
    for one in rows::in_file(cx.tx(), file.id)? {
        let Destination::Bank { bank, account, holder } = &one.to else { continue };
        let number = crate::rails::iso20022::BankAccount::Number(account.reveal().clone());
        transfers.push(CreditTransfer {
            instruction: None,
            end_to_end: one.id.to_string(),
            amount: one.amount,
            bank: rails.banks.find(bank).map(crate::rails::banks::Bank::called),
            creditor: holder.reveal().clone(),
            account: number,
            remittance: Remittance { line: Some(one.reference.clone()), reference: None },
        });
    }
    let batch = PaymentBatch {
        id: file.id.to_string(),
        day: file.day,
        debtor: own.holder.clone(),
        account: own.number(),
        bank: own.bank.called(),
        transfers,
    };
    let initiator = own.holder.clone();
    let message = PaymentInitiation { id: file.id.to_string(), made_at: file.made_at, initiator, batches: vec![batch] };
    Message::PaymentInitiation(message).write()
}

pub(crate) fn moved(cx: &mut Cx<'_>, id: BankFileId) -> Result<BankFile, Fault> {
    cx.may("payments.disbursement.move", &Resource::new("Disbursement", id))?;
    rows::file(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.bank_file.unknown"))
}

/// The bank knows of the file, or may know.
pub(crate) fn sent(cx: &mut Cx<'_>, id: BankFileId, ask_at: Timestamp) -> Result<(), Fault> {
    let file = moved(cx, id)?;
    if file.state == FileState::Made {
        rows::set_file(cx.tx(), id, FileState::Sent)?;
        rows::set_sent_in(cx.tx(), id)?;
        cx.enqueue(Job::new(ASK, json!({ "file": id })).not_before(ask_at));
        cx.record(act("payments.bank_file.sent", &file));
    }
    Ok(())
}

/// The bank has never heard of the file: it is handed in once more.
pub(crate) fn unheard(cx: &mut Cx<'_>, id: BankFileId) -> Result<(), Fault> {
    let file = moved(cx, id)?;
    if file.state == FileState::Sent {
        rows::set_file(cx.tx(), id, FileState::Made)?;
        cx.enqueue(Job::new(HAND_IN, json!({ "file": id })));
        cx.record(act("payments.bank_file.unheard", &file));
    }
    Ok(())
}

/// The bank will not have the file: none of its payments is made.
pub(crate) fn refused(cx: &mut Cx<'_>, id: BankFileId, reason: &str) -> Result<(), Fault> {
    let file = moved(cx, id)?;
    for one in rows::in_file(cx.tx(), id)? {
        outcome::heard(cx, &one, &Heard::Failed { reason })?;
    }
    rows::set_file(cx.tx(), id, FileState::Done)?;
    cx.record(act("payments.bank_file.refused", &file).with("reason", reason));
    Ok(())
}

/// Takes a pain.002, for whoever has permission. Answers whether the file is done: every payment has ended.
///
/// # Errors
/// `payments.bank_file.unknown`; a refusal; the store's faults.
pub(crate) fn reported(cx: &mut Cx<'_>, bank: &str, report: &PaymentStatusReport) -> Result<bool, Fault> {
    let unknown = || Fault::not_found("payments.bank_file.unknown");
    let id: BankFileId = report.of_message.parse().map_err(|_| unknown())?;
    let file = rows::file(cx.tx(), id)?.filter(|file| file.bank == bank).ok_or_else(unknown)?;
    if file.state == FileState::Done {
        return Ok(true);
    }
    let told: BTreeMap<&str, &TransactionStatus> =
        report.transactions.iter().filter_map(|status| Some((status.end_to_end.as_deref()?, status))).collect();
    // What is said of the whole file, or of its one batch, holds for whatever nothing is said of itself.
    let batch = report.transactions.iter().find(|status| status.end_to_end.is_none());
    let all = batch.map(|it| (it.status.as_str(), it.reason.as_deref()));
    let all = all.or_else(|| report.group.as_deref().map(|group| (group, report.group_reason.as_deref())));
    let mut open = false;
    for one in rows::in_file(cx.tx(), id)? {
        let own = told.get(one.id.to_string().as_str()).map(|it| (it.status.as_str(), it.reason.as_deref()));
        let (status, reason) = own.or(all).unwrap_or(("PDNG", None));
        match final_status(status) {
            Some(true) => {
                let reference = report.id.as_str();
                outcome::heard(cx, &one, &Heard::Paid { reference, amount: one.amount })?;
            }
            Some(false) => {
                outcome::heard(cx, &one, &Heard::Failed { reason: reason.unwrap_or("NARR") })?;
            }
            None => open = true,
        }
    }
    if !open {
        rows::set_file(cx.tx(), id, FileState::Done)?;
        cx.record(act("payments.bank_file.done", &file));
    }
    Ok(!open)
}
