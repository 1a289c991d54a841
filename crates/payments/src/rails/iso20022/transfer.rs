//! pacs.008, FIToFICustomerCreditTransfer: one bank pays another for their customers.
//!
//! **Invariant:** as for pain.001: numbers and sums are worked out, and held against what a message says of itself.

use serde::{Deserialize, Serialize};
use spine::{Date, Fault, Money, Timestamp};

use super::fields::{
    Bank, BankAccount, Remittance, account, bank, day, leaf, maybe_leaf, moment, optional, party, payable, required,
    write_account, write_amount, write_bank, write_party,
};
use super::group::{Group, check};
use super::xml::{Node, at};

/// Payments between banks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterbankTransfers {
    /// `MsgId`, up to 35 characters.
    pub id: String,
    /// `CreDtTm`.
    pub made_at: Timestamp,
    /// `IntrBkSttlmDt`: the day the banks settle.
    pub settles_on: Date,
    /// `SttlmMtd`: `CLRG` through a clearing, `INDA`, `INGA`, `COVE`.
    pub method: String,
    /// The clearing's own name, where there is one (up to 35 characters).
    pub clearing: Option<String>,
    /// `CdtTrfTxInf`, at least one.
    pub transfers: Vec<InterbankTransfer>,
}

/// One payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterbankTransfer {
    /// `InstrId`.
    pub instruction: Option<String>,
    /// `EndToEndId`.
    pub end_to_end: String,
    /// `TxId`: between the banks.
    pub transaction: Option<String>,
    /// How much the banks settle.
    pub amount: Money,
    /// Who pays.
    pub debtor: String,
    /// From where.
    pub debtor_account: Option<BankAccount>,
    /// With which bank.
    pub debtor_bank: Bank,
    /// Who is paid.
    pub creditor: String,
    /// To where.
    pub creditor_account: Option<BankAccount>,
    /// With which bank.
    pub creditor_bank: Bank,
    /// What for.
    pub remittance: Remittance,
}

impl InterbankTransfers {
    pub(super) fn to_node(&self) -> Result<Node, Fault> {
        let (id, method, clearing) = (self.id.as_str(), self.method.as_str(), self.clearing.as_deref());
        let group = Group { id, made_at: self.made_at, settles_on: self.settles_on, method, clearing };
        let header = group.to_node(&amounts(&self.transfers))?;
        let each = self.transfers.iter().map(InterbankTransfer::to_node).collect::<Result<Vec<_>, _>>()?;
        Ok(Node::new("FIToFICstmrCdtTrf").with(header).with_all(each))
    }

    pub(super) fn from_node(node: &Node) -> Result<Self, Fault> {
        let header = node.one("GrpHdr")?;
        let transfers = node.all("CdtTrfTxInf").map(InterbankTransfer::from_node).collect::<Result<Vec<_>, _>>()?;
        check(header, &amounts(&transfers))?;
        // The day stands in the header or with each payment.
        let first = node.all("CdtTrfTxInf").next().map(|one| one.maybe("IntrBkSttlmDt")).transpose()?.flatten();
        let settles = header.maybe("IntrBkSttlmDt")?.or(first);
        let settles = settles.ok_or_else(|| at("payments.iso20022.missing", "GrpHdr/IntrBkSttlmDt"))?;
        let settlement = header.one("SttlmInf")?;
        let clearing = match optional(settlement, &["ClrSys", "Prtry"], 35)? {
            Some(name) => Some(name),
            None => optional(settlement, &["ClrSys", "Cd"], 5)?,
        };
        Ok(Self {
            id: required(header, "MsgId", 35)?,
            made_at: moment(header.one("CreDtTm")?)?,
            settles_on: day(settles)?,
            method: required(settlement, "SttlmMtd", 4)?,
            clearing,
            transfers,
        })
    }
}

fn amounts(transfers: &[InterbankTransfer]) -> Vec<Money> {
    transfers.iter().map(|one| one.amount).collect()
}

impl InterbankTransfer {
    fn to_node(&self) -> Result<Node, Fault> {
        let ids = Node::new("PmtId")
            .with_all(maybe_leaf("InstrId", self.instruction.as_deref(), 35)?)
            .with(leaf("EndToEndId", &self.end_to_end, 35)?)
            .with_all(maybe_leaf("TxId", self.transaction.as_deref(), 35)?);
        let account = |name: &str, account: &Option<BankAccount>| {
            account.as_ref().map(|account| write_account(name, account)).transpose()
        };
        Ok(Node::new("CdtTrfTxInf")
            .with(ids)
            .with(write_amount("IntrBkSttlmAmt", self.amount)?)
            .text("ChrgBr", "SLEV")
            .with(write_party("Dbtr", &self.debtor)?)
            .with_all(account("DbtrAcct", &self.debtor_account)?)
            .with(write_bank("DbtrAgt", &self.debtor_bank)?)
            .with(write_bank("CdtrAgt", &self.creditor_bank)?)
            .with(write_party("Cdtr", &self.creditor)?)
            .with_all(account("CdtrAcct", &self.creditor_account)?)
            .with_all(self.remittance.write()?))
    }

    fn from_node(node: &Node) -> Result<Self, Fault> {
        let ids = node.one("PmtId")?;
        let missing = |what: &str| at("payments.iso20022.missing", what);
        Ok(Self {
            instruction: optional(ids, &["InstrId"], 35)?,
            end_to_end: required(ids, "EndToEndId", 35)?,
            transaction: optional(ids, &["TxId"], 35)?,
            amount: payable(node.one("IntrBkSttlmAmt")?)?,
            debtor: party(node, "Dbtr")?.ok_or_else(|| missing("Dbtr/Nm"))?,
            debtor_account: account(node, "DbtrAcct")?,
            debtor_bank: bank(node, "DbtrAgt")?.ok_or_else(|| missing("DbtrAgt/FinInstnId"))?,
            creditor: party(node, "Cdtr")?.ok_or_else(|| missing("Cdtr/Nm"))?,
            creditor_account: account(node, "CdtrAcct")?,
            creditor_bank: bank(node, "CdtrAgt")?.ok_or_else(|| missing("CdtrAgt/FinInstnId"))?,
            remittance: Remittance::read(node)?,
        })
    }
}
