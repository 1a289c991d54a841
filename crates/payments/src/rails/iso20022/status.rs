//! pain.002 (CustomerPaymentStatusReport) and pacs.002 (FIToFIPaymentStatusReport): what became of payments.
//!
//! **Invariant:** a status is four letters of `ExternalPaymentTransactionStatus1Code`; which of them end a payment is said
//! here once, in [`TransactionStatus::is_final`].

use serde::{Deserialize, Serialize};
use spine::{Fault, Timestamp};

use super::fields::{leaf, maybe_leaf, moment, optional, reason, required, write_reason};
use super::xml::{Node, at};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusKind {
    /// pain.002: a bank tells its customer.
    Customer,
    /// pacs.002: a bank tells another.
    Interbank,
}

impl StatusKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Customer => "pain.002.001.12",
            Self::Interbank => "pacs.002.001.10",
        }
    }
}

/// What became of the payments of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStatusReport {
    /// Who is told.
    pub kind: StatusKind,
    /// `MsgId`.
    pub id: String,
    /// `CreDtTm`.
    pub made_at: Timestamp,
    /// The message it is about.
    pub of_message: String,
    /// That message's kind: `pain.001.001.09`.
    pub of_kind: String,
    /// What became of all of them, if they share one fate.
    pub group: Option<String>,
    /// Why, as a code such as `AC01`.
    pub group_reason: Option<String>,
    /// What became of each.
    pub transactions: Vec<TransactionStatus>,
}

/// What became of one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionStatus {
    /// Its batch (`OrgnlPmtInfId`), in pain.002.
    pub batch: Option<String>,
    /// `OrgnlInstrId`.
    pub instruction: Option<String>,
    /// `OrgnlEndToEndId`.
    pub end_to_end: Option<String>,
    /// `OrgnlTxId`, between banks.
    pub transaction: Option<String>,
    /// Four letters: `ACSC`, `RJCT`.
    pub status: String,
    /// Why, as a code such as `AC04`.
    pub reason: Option<String>,
}

impl TransactionStatus {
    /// Whether nothing will change any more: the money is with the payee's bank (`true`), or will not move (`false`).
    #[must_use]
    pub fn is_final(&self) -> Option<bool> {
        final_status(&self.status)
    }
}

/// As [`TransactionStatus::is_final`], for a group's status too.
pub(crate) fn final_status(status: &str) -> Option<bool> {
    match status {
        "ACSC" | "ACCC" => Some(true),
        "RJCT" | "CANC" => Some(false),
        _ => None,
    }
}

fn status(node: &Node) -> Result<String, Fault> {
    let fine = node.text.len() == 4 && node.text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if fine { Ok(node.text.clone()) } else { Err(at("payments.iso20022.code", &node.name)) }
}

fn maybe_status(parent: &Node, name: &str) -> Result<Option<String>, Fault> {
    parent.maybe(name)?.map(status).transpose()
}

impl PaymentStatusReport {
    pub(super) fn to_node(&self) -> Result<Node, Fault> {
        let header = Node::new("GrpHdr").with(leaf("MsgId", &self.id, 35)?).text("CreDtTm", self.made_at.to_string());
        let group = Node::new("OrgnlGrpInfAndSts")
            .with(leaf("OrgnlMsgId", &self.of_message, 35)?)
            .with(leaf("OrgnlMsgNmId", &self.of_kind, 35)?)
            .with_all(maybe_leaf("GrpSts", self.group.as_deref(), 4)?)
            .with_all(write_reason("StsRsnInf", self.group_reason.as_deref())?);
        match self.kind {
            StatusKind::Interbank => {
                let each = self.transactions.iter().map(|it| it.to_node(self.kind)).collect::<Result<Vec<_>, _>>()?;
                Ok(Node::new("FIToFIPmtStsRpt").with(header).with(group).with_all(each))
            }
            StatusKind::Customer => {
                let report = Node::new("CstmrPmtStsRpt").with(header).with(group);
                Ok(report.with_all(self.batches()?))
            }
        }
    }

    /// In pain.002 payments stand under their batch.
    fn batches(&self) -> Result<Vec<Node>, Fault> {
        let mut batches: Vec<(&str, Node)> = Vec::new();
        for transaction in &self.transactions {
            let batch = transaction.batch.as_deref();
            let batch = batch.ok_or_else(|| at("payments.iso20022.missing", "OrgnlPmtInfId"))?;
            let node = transaction.to_node(self.kind)?;
            match batches.last_mut().filter(|(last, _)| *last == batch) {
                Some((_, under)) => under.children.push(node),
                None => {
                    let under = Node::new("OrgnlPmtInfAndSts").with(leaf("OrgnlPmtInfId", batch, 35)?);
                    batches.push((batch, under.with(node)));
                }
            }
        }
        Ok(batches.into_iter().map(|(_, node)| node).collect())
    }

    pub(super) fn from_node(kind: StatusKind, node: &Node) -> Result<Self, Fault> {
        let (header, group) = (node.one("GrpHdr")?, node.one("OrgnlGrpInfAndSts")?);
        let mut transactions = Vec::new();
        match kind {
            StatusKind::Interbank => {
                for one in node.all("TxInfAndSts") {
                    transactions.extend(TransactionStatus::from_node(one, None, None)?);
                }
            }
            StatusKind::Customer => {
                for under in node.all("OrgnlPmtInfAndSts") {
                    let batch = required(under, "OrgnlPmtInfId", 35)?;
                    let shared = maybe_status(under, "PmtInfSts")?;
                    let why = reason(under, "StsRsnInf")?;
                    let before = transactions.len();
                    for one in under.all("TxInfAndSts") {
                        let inherited = shared.as_deref().map(|status| (status, why.as_deref()));
                        transactions.extend(TransactionStatus::from_node(one, Some(&batch), inherited)?);
                    }
                    if let Some(status) = shared.filter(|_| transactions.len() == before) {
                        transactions.push(TransactionStatus::of_batch(batch, status, why));
                    }
                }
            }
        }
        Ok(Self {
            kind,
            id: required(header, "MsgId", 35)?,
            made_at: moment(header.one("CreDtTm")?)?,
            of_message: required(group, "OrgnlMsgId", 35)?,
            of_kind: required(group, "OrgnlMsgNmId", 35)?,
            group: maybe_status(group, "GrpSts")?,
            group_reason: reason(group, "StsRsnInf")?,
            transactions,
        })
    }
}

impl TransactionStatus {
    /// A status that a whole batch shares: no payment is named.
    const fn of_batch(batch: String, status: String, reason: Option<String>) -> Self {
        Self { batch: Some(batch), instruction: None, end_to_end: None, transaction: None, status, reason }
    }

    fn to_node(&self, kind: StatusKind) -> Result<Node, Fault> {
        let transaction = match kind {
            StatusKind::Interbank => maybe_leaf("OrgnlTxId", self.transaction.as_deref(), 35)?,
            StatusKind::Customer => None,
        };
        Ok(Node::new("TxInfAndSts")
            .with_all(maybe_leaf("OrgnlInstrId", self.instruction.as_deref(), 35)?)
            .with_all(maybe_leaf("OrgnlEndToEndId", self.end_to_end.as_deref(), 35)?)
            .with_all(transaction)
            .with(leaf("TxSts", &self.status, 4)?)
            .with_all(write_reason("StsRsnInf", self.reason.as_deref())?))
    }

    /// A payment's own status, or else its batch's; none if neither says one.
    fn from_node(
        node: &Node,
        batch: Option<&str>,
        inherited: Option<(&str, Option<&str>)>,
    ) -> Result<Option<Self>, Fault> {
        let own = maybe_status(node, "TxSts")?;
        let why = reason(node, "StsRsnInf")?;
        let (status, reason) = match (own, inherited) {
            (Some(status), _) => (status, why),
            (None, Some((status, shared))) => (status.to_owned(), why.or_else(|| shared.map(str::to_owned))),
            (None, None) => return Ok(None),
        };
        Ok(Some(Self {
            batch: batch.map(str::to_owned),
            instruction: optional(node, &["OrgnlInstrId"], 35)?,
            end_to_end: optional(node, &["OrgnlEndToEndId"], 35)?,
            transaction: optional(node, &["OrgnlTxId"], 35)?,
            status,
            reason,
        }))
    }
}
