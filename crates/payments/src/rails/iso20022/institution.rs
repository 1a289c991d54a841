//! pacs.009, FinancialInstitutionCreditTransfer: one institution pays another for itself, as in the settlement of a day.
//!
//! **Invariant:** as for pacs.008; debtor and creditor are the institutions themselves.

use serde::{Deserialize, Serialize};
use spine::{Date, Fault, Money, Timestamp};

use super::fields::{Bank, bank, day, leaf, moment, optional, payable, required, write_amount, write_bank};
use super::group::{Group, check};
use super::xml::{Node, at};

/// Payments between institutions, for themselves, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstitutionTransfers {
    /// `MsgId`, up to 35 characters.
    pub id: String,
    /// `CreDtTm`.
    pub made_at: Timestamp,
    /// `IntrBkSttlmDt`: the day they settle.
    pub settles_on: Date,
    /// The clearing's own name (`SttlmMtd` is `CLRG`), up to 35 characters.
    pub clearing: Option<String>,
    /// `CdtTrfTxInf`, at least one.
    pub transfers: Vec<InstitutionTransfer>,
}

/// One payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstitutionTransfer {
    /// `EndToEndId`.
    pub end_to_end: String,
    /// `TxId`.
    pub transaction: String,
    /// How much.
    pub amount: Money,
    /// Who pays.
    pub debtor: Bank,
    /// Who is paid.
    pub creditor: Bank,
}

impl InstitutionTransfers {
    pub(super) fn to_node(&self) -> Result<Node, Fault> {
        let (id, clearing) = (self.id.as_str(), self.clearing.as_deref());
        let group = Group { id, made_at: self.made_at, settles_on: self.settles_on, method: "CLRG", clearing };
        let header = group.to_node(&amounts(&self.transfers))?;
        let each = self.transfers.iter().map(InstitutionTransfer::to_node).collect::<Result<Vec<_>, _>>()?;
        Ok(Node::new("FICdtTrf").with(header).with_all(each))
    }

    pub(super) fn from_node(node: &Node) -> Result<Self, Fault> {
        let header = node.one("GrpHdr")?;
        let transfers = node.all("CdtTrfTxInf").map(InstitutionTransfer::from_node).collect::<Result<Vec<_>, _>>()?;
        check(header, &amounts(&transfers))?;
        Ok(Self {
            id: required(header, "MsgId", 35)?,
            made_at: moment(header.one("CreDtTm")?)?,
            settles_on: day(header.one("IntrBkSttlmDt")?)?,
            clearing: optional(header.one("SttlmInf")?, &["ClrSys", "Prtry"], 35)?,
            transfers,
        })
    }
}

fn amounts(transfers: &[InstitutionTransfer]) -> Vec<Money> {
    transfers.iter().map(|one| one.amount).collect()
}

impl InstitutionTransfer {
    fn to_node(&self) -> Result<Node, Fault> {
        let ids = Node::new("PmtId").with(leaf("EndToEndId", &self.end_to_end, 35)?).with(leaf(
            "TxId",
            &self.transaction,
            35,
        )?);
        Ok(Node::new("CdtTrfTxInf")
            .with(ids)
            .with(write_amount("IntrBkSttlmAmt", self.amount)?)
            .with(write_bank("Dbtr", &self.debtor)?)
            .with(write_bank("Cdtr", &self.creditor)?))
    }

    fn from_node(node: &Node) -> Result<Self, Fault> {
        let ids = node.one("PmtId")?;
        let missing = |what: &str| at("payments.iso20022.missing", what);
        Ok(Self {
            end_to_end: required(ids, "EndToEndId", 35)?,
            transaction: required(ids, "TxId", 35)?,
            amount: payable(node.one("IntrBkSttlmAmt")?)?,
            debtor: bank(node, "Dbtr")?.ok_or_else(|| missing("Dbtr/FinInstnId"))?,
            creditor: bank(node, "Cdtr")?.ok_or_else(|| missing("Cdtr/FinInstnId"))?,
        })
    }
}
