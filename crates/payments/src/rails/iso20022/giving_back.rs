//! pacs.004, PaymentReturn: a bank sends money back that had settled.
//!
//! **Invariant:** a return names the payment it undoes by at least one of that payment's own identifiers, and never returns
//! more than was paid where the message says how much that was.

use serde::{Deserialize, Serialize};
use spine::{Date, Fault, Money, Timestamp};

use super::fields::{
    amount, check_control, control_sum, day, leaf, maybe_leaf, moment, optional, payable, reason, required,
    write_amount, write_reason,
};
use super::xml::{Node, at};

/// Money on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReturn {
    /// `MsgId`.
    pub id: String,
    /// `CreDtTm`.
    pub made_at: Timestamp,
    /// `IntrBkSttlmDt`.
    pub settles_on: Date,
    /// `SttlmMtd`.
    pub method: String,
    /// Each payment that comes back, at least one.
    pub returns: Vec<ReturnedTransaction>,
}

/// One payment that comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedTransaction {
    /// `RtrId`, up to 35 characters: what whoever returns it calls the return.
    pub id: String,
    /// `OrgnlInstrId`.
    pub instruction: Option<String>,
    /// `OrgnlEndToEndId`.
    pub end_to_end: Option<String>,
    /// `OrgnlTxId`.
    pub transaction: Option<String>,
    /// What had been paid.
    pub paid: Option<Money>,
    /// What comes back.
    pub amount: Money,
    /// Why, as a code of `ExternalReturnReason1Code`: `AC04`, the account is closed.
    pub reason: Option<String>,
}

impl PaymentReturn {
    pub(super) fn to_node(&self) -> Result<Node, Fault> {
        let sum = control_sum(self.returns.iter().map(|it| it.amount))?;
        let sum = sum.ok_or_else(|| at("payments.iso20022.missing", "TxInf"))?;
        let header = Node::new("GrpHdr")
            .with(leaf("MsgId", &self.id, 35)?)
            .text("CreDtTm", self.made_at.to_string())
            .text("NbOfTxs", self.returns.len().to_string())
            .with(write_amount("TtlRtrdIntrBkSttlmAmt", sum)?)
            .text("IntrBkSttlmDt", self.settles_on.to_string())
            .with(Node::new("SttlmInf").with(leaf("SttlmMtd", &self.method, 4)?));
        let each = self.returns.iter().map(ReturnedTransaction::to_node).collect::<Result<Vec<_>, _>>()?;
        Ok(Node::new("PmtRtr").with(header).with_all(each))
    }

    pub(super) fn from_node(node: &Node) -> Result<Self, Fault> {
        let header = node.one("GrpHdr")?;
        let returns = node.all("TxInf").map(ReturnedTransaction::from_node).collect::<Result<Vec<_>, _>>()?;
        if returns.is_empty() {
            return Err(at("payments.iso20022.missing", "TxInf"));
        }
        let sum = control_sum(returns.iter().map(|it| it.amount))?;
        check_control(header, returns.len(), sum)?;
        if let Some(total) = header.maybe("TtlRtrdIntrBkSttlmAmt")?
            && Some(amount(total)?) != sum
        {
            return Err(at("payments.iso20022.control", "GrpHdr/TtlRtrdIntrBkSttlmAmt"));
        }
        let first = node.all("TxInf").next().map(|one| one.maybe("IntrBkSttlmDt")).transpose()?.flatten();
        let settles = header.maybe("IntrBkSttlmDt")?.or(first);
        let settles = settles.ok_or_else(|| at("payments.iso20022.missing", "GrpHdr/IntrBkSttlmDt"))?;
        Ok(Self {
            id: required(header, "MsgId", 35)?,
            made_at: moment(header.one("CreDtTm")?)?,
            settles_on: day(settles)?,
            method: required(header.one("SttlmInf")?, "SttlmMtd", 4)?,
            returns,
        })
    }
}

impl ReturnedTransaction {
    fn to_node(&self) -> Result<Node, Fault> {
        let paid = self.paid.map(|paid| write_amount("OrgnlIntrBkSttlmAmt", paid)).transpose()?;
        Ok(Node::new("TxInf")
            .with(leaf("RtrId", &self.id, 35)?)
            .with_all(maybe_leaf("OrgnlInstrId", self.instruction.as_deref(), 35)?)
            .with_all(maybe_leaf("OrgnlEndToEndId", self.end_to_end.as_deref(), 35)?)
            .with_all(maybe_leaf("OrgnlTxId", self.transaction.as_deref(), 35)?)
            .with_all(paid)
            .with(write_amount("RtrdIntrBkSttlmAmt", self.amount)?)
            .with_all(write_reason("RtrRsnInf", self.reason.as_deref())?))
    }

    fn from_node(node: &Node) -> Result<Self, Fault> {
        let back = Self {
            id: required(node, "RtrId", 35)?,
            instruction: optional(node, &["OrgnlInstrId"], 35)?,
            end_to_end: optional(node, &["OrgnlEndToEndId"], 35)?,
            transaction: optional(node, &["OrgnlTxId"], 35)?,
            paid: node.maybe("OrgnlIntrBkSttlmAmt")?.map(amount).transpose()?,
            amount: payable(node.one("RtrdIntrBkSttlmAmt")?)?,
            reason: reason(node, "RtrRsnInf")?,
        };
        if back.instruction.is_none() && back.end_to_end.is_none() && back.transaction.is_none() {
            return Err(at("payments.iso20022.missing", "TxInf/OrgnlEndToEndId"));
        }
        let more = |paid: Money| paid.currency() == back.amount.currency() && paid.minor() < back.amount.minor();
        if back.paid.is_some_and(more) {
            return Err(at("payments.iso20022.control", "TxInf/RtrdIntrBkSttlmAmt"));
        }
        Ok(back)
    }
}
