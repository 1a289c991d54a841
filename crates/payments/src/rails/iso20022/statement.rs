//! camt.053 (BankToCustomerStatement) and camt.054 (BankToCustomerDebitCreditNotification): what moved on an account.
//!
//! **Invariant:** every entry and balance is in the account's currency; where a statement tells both its opening and its
//! closing balance, the booked entries lead from the one to the other, or the statement is refused.

use serde::{Deserialize, Serialize};
use spine::{Currency, Date, Fault, Money, Timestamp};

use super::fields::{
    BankAccount, Remittance, account, amount, day_or_moment, leaf, maybe_leaf, moment, optional, party, payable,
    reason, required, write_account, write_amount, write_reason,
};
use super::xml::{Node, at};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementKind {
    /// camt.053: a day's entries between two balances.
    Statement,
    /// camt.054: entries as they happen.
    Notification,
}

impl StatementKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Statement => "camt.053.001.08",
            Self::Notification => "camt.054.001.08",
        }
    }
}

/// What moved on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Which of the two.
    pub kind: StatementKind,
    /// `MsgId`.
    pub message: String,
    /// `CreDtTm`.
    pub made_at: Timestamp,
    /// The statement's own `Id`: the bank gives each once.
    pub id: String,
    /// `ElctrncSeqNb`, counted by the bank.
    pub number: Option<u64>,
    /// The account.
    pub account: BankAccount,
    /// Its currency.
    pub currency: Currency,
    /// Balances, in a camt.053.
    pub balances: Vec<Balance>,
    /// Entries.
    pub entries: Vec<Entry>,
}

/// A balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Of which moment.
    pub kind: BalanceKind,
    /// How much, below nothing if the account is overdrawn.
    pub amount: Money,
    /// Of which day.
    pub day: Date,
}

/// Which balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceKind {
    /// `OPBD`: booked, when the day began.
    Opening,
    /// `CLBD`: booked, when the day ended.
    Closing,
}

/// Which way money moved on the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// `CRDT`: in.
    Credit,
    /// `DBIT`: out.
    Debit,
}

impl Direction {
    const fn code(self) -> &'static str {
        match self {
            Self::Credit => "CRDT",
            Self::Debit => "DBIT",
        }
    }

    fn read(parent: &Node) -> Result<Self, Fault> {
        match parent.one("CdtDbtInd")?.text.as_str() {
            "CRDT" => Ok(Self::Credit),
            "DBIT" => Ok(Self::Debit),
            _ => Err(at("payments.iso20022.code", "CdtDbtInd")),
        }
    }

    /// The amount with its sign on the account.
    #[must_use]
    pub const fn signed(self, minor: i64) -> i64 {
        match self {
            Self::Credit => minor,
            Self::Debit => minor.saturating_neg(),
        }
    }
}

/// One movement. An entry that gathers several payments becomes one for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `AcctSvcrRef`, up to 35 characters: what the bank calls it, once for ever.
    pub reference: String,
    /// How much, more than nothing.
    pub amount: Money,
    /// Which way.
    pub direction: Direction,
    /// Whether it is on the account already (`BOOK`), or only announced.
    pub booked: bool,
    /// `BookgDt`.
    pub day: Date,
    /// `EndToEndId` of the payment behind it.
    pub end_to_end: Option<String>,
    /// Who is at the other end, if told.
    pub party: Option<String>,
    /// What the payer said of its purpose.
    pub remittance: Remittance,
    /// Why it came back, if it is a return: `AC04`.
    pub returned: Option<String>,
}

impl Statement {
    /// The balance of a kind, if it is told.
    #[must_use]
    pub fn balance(&self, kind: BalanceKind) -> Option<Balance> {
        self.balances.iter().find(|balance| balance.kind == kind).copied()
    }

    /// What the booked entries add up to, with their signs.
    #[must_use]
    pub fn movement(&self) -> i128 {
        let booked = self.entries.iter().filter(|entry| entry.booked);
        booked.map(|entry| i128::from(entry.direction.signed(entry.amount.minor()))).sum()
    }

    pub(super) fn to_node(&self) -> Result<Node, Fault> {
        let header = Node::new("GrpHdr").with(leaf("MsgId", &self.message, 35)?);
        let header = header.text("CreDtTm", self.made_at.to_string());
        let account = write_account("Acct", &self.account)?.text("Ccy", self.currency.code());
        let (outer, inner) = match self.kind {
            StatementKind::Statement => ("BkToCstmrStmt", "Stmt"),
            StatementKind::Notification => ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
        };
        let balances = self.balances.iter().map(|it| it.to_node()).collect::<Result<Vec<_>, _>>()?;
        let entries = self.entries.iter().map(Entry::to_node).collect::<Result<Vec<_>, _>>()?;
        let told = Node::new(inner)
            .with(leaf("Id", &self.id, 35)?)
            .with_all(self.number.map(|number| Node::leaf("ElctrncSeqNb", number.to_string())))
            .text("CreDtTm", self.made_at.to_string())
            .with(account)
            .with_all(balances)
            .with_all(entries);
        Ok(Node::new(outer).with(header).with(told))
    }

    pub(super) fn from_node(kind: StatementKind, node: &Node) -> Result<Self, Fault> {
        let header = node.one("GrpHdr")?;
        let told = node.one(if kind == StatementKind::Statement { "Stmt" } else { "Ntfctn" })?;
        let balances =
            told.all("Bal").filter_map(|it| Balance::from_node(it).transpose()).collect::<Result<Vec<_>, _>>()?;
        let mut entries = Vec::new();
        for entry in told.all("Ntry") {
            Entry::from_node(entry, &mut entries)?;
        }
        let known = optional(told, &["Acct", "Ccy"], 3)?.and_then(|code| Currency::parse(&code).ok());
        let seen = balances.iter().map(|it| it.amount).chain(entries.iter().map(|it| it.amount)).next();
        let currency = known.or_else(|| seen.map(Money::currency));
        let currency = currency.ok_or_else(|| at("payments.iso20022.missing", "Acct/Ccy"))?;
        let number = optional(told, &["ElctrncSeqNb"], 18)?.map(|text| text.parse().ok());
        let statement = Self {
            kind,
            message: required(header, "MsgId", 35)?,
            made_at: moment(header.one("CreDtTm")?)?,
            id: required(told, "Id", 35)?,
            number: number.flatten(),
            account: account(told, "Acct")?.ok_or_else(|| at("payments.iso20022.missing", "Acct/Id"))?,
            currency,
            balances,
            entries,
        };
        statement.checked()
    }

    fn checked(self) -> Result<Self, Fault> {
        let mut amounts = self.balances.iter().map(|it| it.amount).chain(self.entries.iter().map(|it| it.amount));
        if !amounts.all(|amount| amount.currency() == self.currency) {
            return Err(at("payments.iso20022.amount", "Ccy"));
        }
        let (opening, closing) = (self.balance(BalanceKind::Opening), self.balance(BalanceKind::Closing));
        if let (Some(opening), Some(closing)) = (opening, closing)
            && i128::from(opening.amount.minor()) + self.movement() != i128::from(closing.amount.minor())
        {
            return Err(at("payments.iso20022.control", "Bal"));
        }
        Ok(self)
    }
}

impl Balance {
    fn to_node(self) -> Result<Node, Fault> {
        let code = if self.kind == BalanceKind::Opening { "OPBD" } else { "CLBD" };
        let direction = if self.amount.minor() < 0 { Direction::Debit } else { Direction::Credit };
        let size = Money::new(self.amount.minor().saturating_abs(), self.amount.currency());
        Ok(Node::new("Bal")
            .with(Node::new("Tp").with(Node::new("CdOrPrtry").text("Cd", code)))
            .with(write_amount("Amt", size)?)
            .text("CdtDbtInd", direction.code())
            .with(Node::new("Dt").text("Dt", self.day.to_string())))
    }

    /// Balances of other kinds are passed over.
    fn from_node(node: &Node) -> Result<Option<Self>, Fault> {
        let kind = match optional(node, &["Tp", "CdOrPrtry", "Cd"], 4)?.as_deref() {
            Some("OPBD") => BalanceKind::Opening,
            Some("CLBD") => BalanceKind::Closing,
            _ => return Ok(None),
        };
        let size = amount(node.one("Amt")?)?;
        let amount = Money::new(Direction::read(node)?.signed(size.minor()), size.currency());
        Ok(Some(Self { kind, amount, day: day_or_moment(node.one("Dt")?)? }))
    }
}

impl Entry {
    fn to_node(&self) -> Result<Node, Fault> {
        let family = match (self.direction, self.returned.is_some()) {
            (Direction::Credit, false) => ("RCDT", "DMCT"),
            (Direction::Credit, true) => ("ICDT", "RRTN"),
            (Direction::Debit, false) => ("ICDT", "DMCT"),
            (Direction::Debit, true) => ("RCDT", "RRTN"),
        };
        let code = Node::new("Domn")
            .text("Cd", "PMNT")
            .with(Node::new("Fmly").text("Cd", family.0).text("SubFmlyCd", family.1));
        let references = Node::new("Refs").with(leaf("AcctSvcrRef", &self.reference, 35)?).with_all(maybe_leaf(
            "EndToEndId",
            self.end_to_end.as_deref(),
            35,
        )?);
        let other = if self.direction == Direction::Credit { "Dbtr" } else { "Cdtr" };
        let party = maybe_leaf("Nm", self.party.as_deref(), 140)?
            .map(|name| Node::new("RltdPties").with(Node::new(other).with(Node::new("Pty").with(name))));
        let details = Node::new("TxDtls")
            .with(references)
            .with(write_amount("Amt", self.amount)?)
            .text("CdtDbtInd", self.direction.code())
            .with_all(party)
            .with_all(self.remittance.write()?)
            .with_all(write_reason("RtrInf", self.returned.as_deref())?);
        let booked = if self.booked { "BOOK" } else { "PDNG" };
        Ok(Node::new("Ntry")
            .with(write_amount("Amt", self.amount)?)
            .text("CdtDbtInd", self.direction.code())
            .with(Node::new("Sts").text("Cd", booked))
            .with(Node::new("BookgDt").text("Dt", self.day.to_string()))
            .with(leaf("AcctSvcrRef", &self.reference, 35)?)
            .with(Node::new("BkTxCd").with(code))
            .with(Node::new("NtryDtls").with(details)))
    }

    fn from_node(node: &Node, into: &mut Vec<Self>) -> Result<(), Fault> {
        let amount = payable(node.one("Amt")?)?;
        let status = node.one("Sts")?;
        // Up to version .03 the status stood there itself.
        let status = status.maybe("Cd")?.unwrap_or(status);
        let day = node.maybe("BookgDt")?.or(node.maybe("ValDt")?);
        let whole = Self {
            reference: match optional(node, &["AcctSvcrRef"], 35)? {
                Some(reference) => reference,
                None => required(node, "NtryRef", 35)?,
            },
            amount,
            direction: Direction::read(node)?,
            booked: status.text == "BOOK",
            day: day_or_moment(day.ok_or_else(|| at("payments.iso20022.missing", "Ntry/BookgDt"))?)?,
            end_to_end: None,
            party: None,
            remittance: Remittance::default(),
            returned: None,
        };
        let details: Vec<&Node> = node.all("NtryDtls").flat_map(|under| under.all("TxDtls")).collect();
        match details.as_slice() {
            [] => into.push(whole),
            [only] => into.push(whole.told_by(only, amount, None)?),
            many => {
                let mut sum = 0_i64;
                for (place, one) in many.iter().enumerate() {
                    let part = payable(one.one("Amt")?)?;
                    if part.currency() != amount.currency() {
                        return Err(at("payments.iso20022.amount", "TxDtls/Amt"));
                    }
                    sum = sum.checked_add(part.minor()).ok_or_else(|| at("payments.iso20022.amount", "Amt"))?;
                    into.push(whole.told_by(one, part, Some(place))?);
                }
                if sum != amount.minor() {
                    return Err(at("payments.iso20022.control", "Ntry/Amt"));
                }
            }
        }
        Ok(())
    }

    /// The entry, with what is told of the payment behind it.
    fn told_by(&self, details: &Node, amount: Money, place: Option<usize>) -> Result<Self, Fault> {
        let own = optional(details, &["Refs", "AcctSvcrRef"], 35)?;
        let reference = match (own, place) {
            (Some(own), _) => own,
            (None, Some(place)) => format!("{}/{}", self.reference, place + 1),
            (None, None) => self.reference.clone(),
        };
        let end_to_end = optional(details, &["Refs", "EndToEndId"], 35)?;
        let parties = details.maybe("RltdPties")?;
        let other = if self.direction == Direction::Credit { "Dbtr" } else { "Cdtr" };
        Ok(Self {
            reference,
            amount,
            end_to_end: end_to_end.filter(|told| told != "NOTPROVIDED"),
            party: parties.map(|parties| party(parties, other)).transpose()?.flatten(),
            remittance: Remittance::read(details)?,
            returned: reason(details, "RtrInf")?,
            ..self.clone()
        })
    }
}
