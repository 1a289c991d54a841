//! pain.001, CustomerCreditTransferInitiation: payments handed to our bank.
//!
//! **Invariant:** numbers and control sums are worked out from the transfers, never kept beside them.

use serde::{Deserialize, Serialize};
use spine::{Date, Fault, Money, Timestamp};

use super::fields::{
    Bank, BankAccount, Remittance, account, bank, check_control, control_sum, day, day_or_moment, leaf, maybe_leaf,
    moment, optional, party, payable, required, write_account, write_amount, write_bank, write_party,
};
use super::xml::{Node, at};

/// Payments handed to a bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentInitiation {
    /// `MsgId`, up to 35 characters: the bank takes it once.
    pub id: String,
    /// `CreDtTm`.
    pub made_at: Timestamp,
    /// Who hands them in, up to 140 characters.
    pub initiator: String,
    /// `PmtInf`, at least one.
    pub batches: Vec<PaymentBatch>,
}

/// Payments from one account on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentBatch {
    /// `PmtInfId`, up to 35 characters.
    pub id: String,
    /// The day they are to be made.
    pub day: Date,
    /// Whose money it is.
    pub debtor: String,
    /// The account it comes from.
    pub account: BankAccount,
    /// The bank that holds it.
    pub bank: Bank,
    /// `CdtTrfTxInf`, at least one.
    pub transfers: Vec<CreditTransfer>,
}

/// One payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditTransfer {
    /// `InstrId`: between us and the bank.
    pub instruction: Option<String>,
    /// `EndToEndId`, up to 35 characters: goes with the money to its end.
    pub end_to_end: String,
    /// How much.
    pub amount: Money,
    /// The bank it goes to.
    pub bank: Option<Bank>,
    /// Who gets it.
    pub creditor: String,
    /// The account it goes to.
    pub account: BankAccount,
    /// What it is for.
    pub remittance: Remittance,
}

impl PaymentInitiation {
    pub(super) fn to_node(&self) -> Result<Node, Fault> {
        let transfers = || self.batches.iter().flat_map(|batch| &batch.transfers);
        let sum = control_sum(transfers().map(|it| it.amount))?;
        let sum = sum.ok_or_else(|| at("payments.iso20022.missing", "CdtTrfTxInf"))?;
        let header = Node::new("GrpHdr")
            .with(leaf("MsgId", &self.id, 35)?)
            .text("CreDtTm", self.made_at.to_string())
            .text("NbOfTxs", transfers().count().to_string())
            .text("CtrlSum", sum.digits())
            .with(write_party("InitgPty", &self.initiator)?);
        let batches = self.batches.iter().map(PaymentBatch::to_node).collect::<Result<Vec<_>, _>>()?;
        Ok(Node::new("CstmrCdtTrfInitn").with(header).with_all(batches))
    }

    pub(super) fn from_node(node: &Node) -> Result<Self, Fault> {
        let header = node.one("GrpHdr")?;
        let batches = node.all("PmtInf").map(PaymentBatch::from_node).collect::<Result<Vec<_>, _>>()?;
        let amounts: Vec<Money> = batches.iter().flat_map(|batch| &batch.transfers).map(|it| it.amount).collect();
        if amounts.is_empty() {
            return Err(at("payments.iso20022.missing", "CdtTrfTxInf"));
        }
        header.one("NbOfTxs")?;
        check_control(header, amounts.len(), control_sum(amounts.into_iter())?)?;
        Ok(Self {
            id: required(header, "MsgId", 35)?,
            made_at: moment(header.one("CreDtTm")?)?,
            initiator: party(header, "InitgPty")?.unwrap_or_default(),
            batches,
        })
    }
}

impl PaymentBatch {
    fn to_node(&self) -> Result<Node, Fault> {
        let sum = control_sum(self.transfers.iter().map(|it| it.amount))?;
        let sum = sum.ok_or_else(|| at("payments.iso20022.missing", "CdtTrfTxInf"))?;
        let transfers = self.transfers.iter().map(CreditTransfer::to_node).collect::<Result<Vec<_>, _>>()?;
        Ok(Node::new("PmtInf")
            .with(leaf("PmtInfId", &self.id, 35)?)
            .text("PmtMtd", "TRF")
            .text("NbOfTxs", self.transfers.len().to_string())
            .text("CtrlSum", sum.digits())
            .with(Node::new("ReqdExctnDt").text("Dt", self.day.to_string()))
            .with(write_party("Dbtr", &self.debtor)?)
            .with(write_account("DbtrAcct", &self.account)?)
            .with(write_bank("DbtrAgt", &self.bank)?)
            .text("ChrgBr", "SLEV")
            .with_all(transfers))
    }

    fn from_node(node: &Node) -> Result<Self, Fault> {
        if required(node, "PmtMtd", 3)? != "TRF" {
            return Err(at("payments.iso20022.code", "PmtMtd"));
        }
        let transfers = node.all("CdtTrfTxInf").map(CreditTransfer::from_node).collect::<Result<Vec<_>, _>>()?;
        check_control(node, transfers.len(), control_sum(transfers.iter().map(|it| it.amount))?)?;
        let asked = node.one("ReqdExctnDt")?;
        Ok(Self {
            id: required(node, "PmtInfId", 35)?,
            // Up to version .07 the day stood there itself.
            day: if asked.children.is_empty() { day(asked)? } else { day_or_moment(asked)? },
            debtor: party(node, "Dbtr")?.ok_or_else(|| at("payments.iso20022.missing", "Dbtr/Nm"))?,
            account: account(node, "DbtrAcct")?.ok_or_else(|| at("payments.iso20022.missing", "DbtrAcct/Id"))?,
            bank: bank(node, "DbtrAgt")?.ok_or_else(|| at("payments.iso20022.missing", "DbtrAgt/FinInstnId"))?,
            transfers,
        })
    }
}

impl CreditTransfer {
    fn to_node(&self) -> Result<Node, Fault> {
        let ids = Node::new("PmtId").with_all(maybe_leaf("InstrId", self.instruction.as_deref(), 35)?).with(leaf(
            "EndToEndId",
            &self.end_to_end,
            35,
        )?);
        let bank = self.bank.as_ref().map(|bank| write_bank("CdtrAgt", bank)).transpose()?;
        Ok(Node::new("CdtTrfTxInf")
            .with(ids)
            .with(Node::new("Amt").with(write_amount("InstdAmt", self.amount)?))
            .with_all(bank)
            .with(write_party("Cdtr", &self.creditor)?)
            .with(write_account("CdtrAcct", &self.account)?)
            .with_all(self.remittance.write()?))
    }

    fn from_node(node: &Node) -> Result<Self, Fault> {
        let ids = node.one("PmtId")?;
        Ok(Self {
            instruction: optional(ids, &["InstrId"], 35)?,
            end_to_end: required(ids, "EndToEndId", 35)?,
            amount: payable(node.one("Amt")?.one("InstdAmt")?)?,
            bank: bank(node, "CdtrAgt")?,
            creditor: party(node, "Cdtr")?.ok_or_else(|| at("payments.iso20022.missing", "Cdtr/Nm"))?,
            account: account(node, "CdtrAcct")?.ok_or_else(|| at("payments.iso20022.missing", "CdtrAcct/Id"))?,
            remittance: Remittance::read(node)?,
        })
    }
}
