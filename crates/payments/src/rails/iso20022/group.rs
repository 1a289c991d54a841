//! `GrpHdr` of payments between banks (pacs.008, pacs.009): how many they are, what they come to, how and when they settle.
//!
//! **Invariant:** number and sum are worked out when written, and held against the payments when read.

use spine::{Date, Fault, Money, Timestamp};

use super::fields::{amount, check_control, control_sum, leaf, maybe_leaf, write_amount};
use super::xml::{Node, at};

/// What the header says that the payments do not.
pub(super) struct Group<'a> {
    /// `MsgId`, up to 35 characters.
    pub(super) id: &'a str,
    /// `CreDtTm`.
    pub(super) made_at: Timestamp,
    /// `IntrBkSttlmDt`.
    pub(super) settles_on: Date,
    /// `SttlmMtd`.
    pub(super) method: &'a str,
    /// `ClrSys/Prtry`.
    pub(super) clearing: Option<&'a str>,
}

impl Group<'_> {
    /// The header of payments of these amounts.
    pub(super) fn to_node(&self, amounts: &[Money]) -> Result<Node, Fault> {
        let sum = control_sum(amounts.iter().copied())?;
        let sum = sum.ok_or_else(|| at("payments.iso20022.missing", "CdtTrfTxInf"))?;
        let clearing = maybe_leaf("Prtry", self.clearing, 35)?.map(|leaf| Node::new("ClrSys").with(leaf));
        Ok(Node::new("GrpHdr")
            .with(leaf("MsgId", self.id, 35)?)
            .text("CreDtTm", self.made_at.to_string())
            .text("NbOfTxs", amounts.len().to_string())
            .with(write_amount("TtlIntrBkSttlmAmt", sum)?)
            .text("IntrBkSttlmDt", self.settles_on.to_string())
            .with(Node::new("SttlmInf").with(leaf("SttlmMtd", self.method, 4)?).with_all(clearing)))
    }
}

/// Whether a header fits payments of these amounts: at least one, as many as it says, of the sum it says.
pub(super) fn check(header: &Node, amounts: &[Money]) -> Result<(), Fault> {
    let sum = control_sum(amounts.iter().copied())?;
    let sum = sum.ok_or_else(|| at("payments.iso20022.missing", "CdtTrfTxInf"))?;
    header.one("NbOfTxs")?;
    check_control(header, amounts.len(), Some(sum))?;
    match header.maybe("TtlIntrBkSttlmAmt")? {
        Some(total) if amount(total)? != sum => Err(at("payments.iso20022.control", "GrpHdr/TtlIntrBkSttlmAmt")),
        _ => Ok(()),
    }
}
