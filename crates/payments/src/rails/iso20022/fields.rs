//! What the messages share: texts and their lengths, amounts, days, parties, accounts, banks, reasons.
//!
//! **Invariant:** an amount is digits and a point, with no more places than its currency has (ISO 4217); no sign, no comma, no
//! exponent, no rounding. A text is as long as the standard lets it be, or refused.

use serde::{Deserialize, Serialize};
use spine::{Currency, Date, Fault, Money, Timestamp};

use super::xml::{Node, at};

/// The largest amount: what a ledger takes (see [`crate::ledger`]).
const LARGEST_MINOR: i64 = crate::ledger::LARGEST_MINOR;

/// An account with a bank, by IBAN or by the bank's own number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BankAccount {
    /// ISO 13616.
    Iban(String),
    /// As the bank numbers it, up to 34 characters (`GenericAccountIdentification1`).
    Number(String),
}

impl BankAccount {
    /// The number as the bank knows it.
    #[must_use]
    pub fn number(&self) -> &str {
        match self {
            Self::Iban(number) | Self::Number(number) => number,
        }
    }
}

/// A bank, by its BIC or as a member of the clearing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bank {
    /// ISO 9362.
    Bic(String),
    /// What the clearing calls it, up to 28 characters.
    Member(String),
}

/// A text of 1 to `most` characters.
pub(super) fn text(node: &Node, most: usize) -> Result<String, Fault> {
    let length = node.text.chars().count();
    if !node.children.is_empty() || !(1..=most).contains(&length) || node.text.trim().is_empty() {
        return Err(at("payments.iso20022.text", &node.name));
    }
    Ok(node.text.clone())
}

/// A text to be written, of 1 to `most` characters and no control characters.
pub(super) fn leaf(name: &str, value: &str, most: usize) -> Result<Node, Fault> {
    let fine = (1..=most).contains(&value.chars().count()) && !value.chars().any(char::is_control);
    if fine && !value.trim().is_empty() { Ok(Node::leaf(name, value)) } else { Err(at("payments.iso20022.text", name)) }
}

/// A leaf if there is something to say.
pub(super) fn maybe_leaf(name: &str, value: Option<&str>, most: usize) -> Result<Option<Node>, Fault> {
    value.map(|value| leaf(name, value, most)).transpose()
}

/// The text of the one element called so.
pub(super) fn required(parent: &Node, name: &str, most: usize) -> Result<String, Fault> {
    text(parent.one(name)?, most)
}

/// The text at the end of a path, if there is one.
pub(super) fn optional(parent: &Node, path: &[&str], most: usize) -> Result<Option<String>, Fault> {
    parent.find(path)?.map(|node| text(node, most)).transpose()
}

/// Digits of an amount as minor units of `currency`; `None` unless they are strictly so.
#[must_use]
pub fn minor_units(digits: &str, currency: Currency) -> Option<i64> {
    let places = usize::try_from(currency.minor_digits()).ok()?;
    let (whole, part) = digits.split_once('.').map_or((digits, ""), |(whole, part)| (whole, part));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let pointless = digits.ends_with('.');
    let padded = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty()
        || whole.len() > 16
        || part.len() > places
        || pointless
        || padded
        || !plain(whole)
        || !plain(part)
    {
        return None;
    }
    let minor: i64 = format!("{whole}{part:0<places$}").parse().ok()?;
    (minor <= LARGEST_MINOR).then_some(minor)
}

/// An amount with its currency; nothing is an amount too.
pub(super) fn amount(node: &Node) -> Result<Money, Fault> {
    let wrong = || at("payments.iso20022.amount", &node.name);
    let currency = node.attribute.as_deref().and_then(|code| Currency::parse(code).ok()).ok_or_else(wrong)?;
    minor_units(&node.text, currency).map(|minor| Money::new(minor, currency)).ok_or_else(wrong)
}

/// An amount of more than nothing.
pub(super) fn payable(node: &Node) -> Result<Money, Fault> {
    amount(node).and_then(|it| if it.minor() > 0 { Ok(it) } else { Err(at("payments.iso20022.amount", &node.name)) })
}

/// An amount to be written.
pub(super) fn write_amount(name: &str, amount: Money) -> Result<Node, Fault> {
    if !(0..=LARGEST_MINOR).contains(&amount.minor()) {
        return Err(at("payments.iso20022.amount", name));
    }
    Ok(Node { attribute: Some(amount.currency().code().to_owned()), ..Node::leaf(name, amount.digits()) })
}

/// A day.
pub(super) fn day(node: &Node) -> Result<Date, Fault> {
    // An ISODate may carry an offset; banks that write one mean their own day.
    let wrong = || at("payments.iso20022.date", &node.name);
    let plain = node.text.get(..10).filter(|_| node.text.is_ascii()).ok_or_else(wrong)?;
    let rest = node.text.get(10..).unwrap_or_default();
    let offset = rest.is_empty() || rest == "Z" || (rest.len() == 6 && rest.starts_with(['+', '-']));
    if offset { plain.parse().map_err(|_| wrong()) } else { Err(wrong()) }
}

/// A moment; one without an offset is read as UTC.
pub(super) fn moment(node: &Node) -> Result<Timestamp, Fault> {
    let told = Timestamp::parse(&node.text).or_else(|_| Timestamp::parse(&format!("{}Z", node.text)));
    told.map_err(|_| at("payments.iso20022.date", &node.name))
}

/// A day or a moment, as `DateAndDateTime2Choice` has it.
pub(super) fn day_or_moment(node: &Node) -> Result<Date, Fault> {
    match (node.maybe("Dt")?, node.maybe("DtTm")?) {
        (Some(day_node), None) => day(day_node),
        (None, Some(at_node)) => {
            let plain = at_node.text.get(..10).filter(|_| at_node.text.is_ascii());
            plain.and_then(|text| text.parse().ok()).ok_or_else(|| at("payments.iso20022.date", &at_node.name))
        }
        _ => Err(at("payments.iso20022.date", &node.name)),
    }
}

/// A count.
pub(super) fn count(node: &Node) -> Result<usize, Fault> {
    let fine = (1..=15).contains(&node.text.len()) && node.text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if fine { node.text.parse().ok() } else { None };
    number.ok_or_else(|| at("payments.iso20022.control", &node.name))
}

/// The name of whoever stands under `name`, if one is given.
pub(super) fn party(parent: &Node, name: &str) -> Result<Option<String>, Fault> {
    let Some(node) = parent.maybe(name)? else { return Ok(None) };
    // In statements the party stands under a choice.
    let node = node.maybe("Pty")?.unwrap_or(node);
    optional(node, &["Nm"], 140)
}

/// A party with no more than a name.
pub(super) fn write_party(name: &str, called: &str) -> Result<Node, Fault> {
    Ok(Node::new(name).with(leaf("Nm", called, 140)?))
}

/// The account under `name`, if it is given.
pub(super) fn account(parent: &Node, name: &str) -> Result<Option<BankAccount>, Fault> {
    let Some(node) = parent.find(&[name, "Id"])? else { return Ok(None) };
    if let Some(iban) = node.maybe("IBAN")? {
        let fine = iban.text.len() <= 34 && iban.text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return if fine {
            Ok(Some(BankAccount::Iban(text(iban, 34)?)))
        } else {
            Err(at("payments.iso20022.text", "IBAN"))
        };
    }
    Ok(optional(node, &["Othr", "Id"], 34)?.map(BankAccount::Number))
}

/// An account to be written.
pub(super) fn write_account(name: &str, account: &BankAccount) -> Result<Node, Fault> {
    let id = match account {
        BankAccount::Iban(number) => leaf("IBAN", number, 34)?,
        BankAccount::Number(number) => Node::new("Othr").with(leaf("Id", number, 34)?),
    };
    Ok(Node::new(name).with(Node::new("Id").with(id)))
}

/// The bank under `name`, if it is given.
pub(super) fn bank(parent: &Node, name: &str) -> Result<Option<Bank>, Fault> {
    let Some(node) = parent.find(&[name, "FinInstnId"])? else { return Ok(None) };
    if let Some(bic) = optional(node, &["BICFI"], 11)? {
        return Ok(Some(Bank::Bic(bic)));
    }
    if let Some(member) = optional(node, &["ClrSysMmbId", "MmbId"], 28)? {
        return Ok(Some(Bank::Member(member)));
    }
    Ok(optional(node, &["Othr", "Id"], 35)?.map(Bank::Member))
}

/// A bank to be written.
pub(super) fn write_bank(name: &str, bank: &Bank) -> Result<Node, Fault> {
    let id = match bank {
        Bank::Bic(bic) => leaf("BICFI", bic, 11)?,
        Bank::Member(member) => Node::new("ClrSysMmbId").with(leaf("MmbId", member, 28)?),
    };
    Ok(Node::new(name).with(Node::new("FinInstnId").with(id)))
}

/// What a payment says of its purpose: one line of free text, or a creditor's reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remittance {
    /// Free text, up to 140 characters.
    pub line: Option<String>,
    /// The creditor's reference, up to 35 characters (ISO 11649 where it has a check digit).
    pub reference: Option<String>,
}

impl Remittance {
    pub(super) fn read(parent: &Node) -> Result<Self, Fault> {
        let Some(node) = parent.maybe("RmtInf")? else { return Ok(Self::default()) };
        let line = node.all("Ustrd").next().map(|node| text(node, 140)).transpose()?;
        let reference = match node.all("Strd").next() {
            Some(node) => optional(node, &["CdtrRefInf", "Ref"], 35)?,
            None => None,
        };
        Ok(Self { line, reference })
    }

    pub(super) fn write(&self) -> Result<Option<Node>, Fault> {
        if self.line.is_none() && self.reference.is_none() {
            return Ok(None);
        }
        let reference = maybe_leaf("Ref", self.reference.as_deref(), 35)?
            .map(|leaf| Node::new("Strd").with(Node::new("CdtrRefInf").with(leaf)));
        let line = maybe_leaf("Ustrd", self.line.as_deref(), 140)?;
        Ok(Some(Node::new("RmtInf").with_all(line).with_all(reference)))
    }
}

/// A reason by its code (`ExternalStatusReason1Code`, `ExternalReturnReason1Code`), such as `AC01`, under `name`/`Rsn`.
pub(super) fn reason(parent: &Node, name: &str) -> Result<Option<String>, Fault> {
    let Some(node) = parent.all(name).next() else { return Ok(None) };
    match optional(node, &["Rsn", "Cd"], 4)? {
        Some(code) => Ok(Some(code)),
        None => optional(node, &["Rsn", "Prtry"], 35),
    }
}

pub(super) fn write_reason(name: &str, code: Option<&str>) -> Result<Option<Node>, Fault> {
    let reason = |code: &str| Ok(Node::new(name).with(Node::new("Rsn").with(leaf("Cd", code, 4)?)));
    code.map(reason).transpose()
}

/// The decimal sum of amounts, as control sums are written; all amounts must be of one currency.
pub(super) fn control_sum(amounts: impl Iterator<Item = Money>) -> Result<Option<Money>, Fault> {
    let wrong = |_| Fault::invalid("payments.iso20022.control").with("element", "CtrlSum");
    let mut total: Option<Money> = None;
    for amount in amounts {
        total = Some(match total {
            Some(sum) => sum.plus(amount).map_err(wrong)?,
            None => amount,
        });
    }
    Ok(total)
}

/// Holds what is said about how many and how much against what is there.
pub(super) fn check_control(parent: &Node, many: usize, sum: Option<Money>) -> Result<(), Fault> {
    let wrong = |name: &str| at("payments.iso20022.control", &format!("{}/{name}", parent.name));
    if let Some(node) = parent.maybe("NbOfTxs")?
        && count(node)? != many
    {
        return Err(wrong("NbOfTxs"));
    }
    if let (Some(node), Some(sum)) = (parent.maybe("CtrlSum")?, sum) {
        // A control sum may have more places than the currency, all of them noughts.
        let told = node.text.trim_end_matches('0').trim_end_matches('.');
        let plain = if node.text.contains('.') { told } else { &node.text };
        if minor_units(plain, sum.currency()) != Some(sum.minor()) {
            return Err(wrong("CtrlSum"));
        }
    }
    Ok(())
}
