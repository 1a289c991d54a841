//! ISO 20022: the messages between us, banks and the clearing, written and read strictly.
//!
//! **Invariant:** what is written is valid against the published schema; what is read is of a message and version of the
//! table, within [`XmlLimits`], adds up to its own control sums, and comes back the same when written and read again.
//!
//! | message | version written | versions read | file |
//! |---|---|---|---|
//! | pain.001 credit transfers handed to a bank | .09 | .03, .09, .11 | `initiation.rs` |
//! | pain.002 their status | .12 | .10, .12 | `status.rs` |
//! | pacs.008 credit transfers between banks | .08 | .08, .10 | `transfer.rs` |
//! | pacs.009 credit transfers between institutions, for themselves | .08 | .08 | `institution.rs` |
//! | pacs.002 their status | .10 | .10, .12 | `status.rs` |
//! | pacs.004 returns between banks | .09 | .09, .11 | `giving_back.rs` |
//! | camt.053 statement, camt.054 notification | .08 | .02, .08 | `statement.rs` |
//!
//! `xml.rs` is the tree below them; `fields.rs` and `group.rs` are what they share.
//!
//! **Absent on purpose:** addresses, structured names, charges, agents in between, signatures inside the XML: nothing here
//! needs them, and what a bank sends of them is passed over.

pub(crate) mod fields;
mod giving_back;
mod group;
mod initiation;
mod institution;
mod statement;
mod status;
mod transfer;
pub(crate) mod xml;

pub use fields::{Bank, BankAccount, Remittance, minor_units};
pub use giving_back::{PaymentReturn, ReturnedTransaction};
pub use initiation::{CreditTransfer, PaymentBatch, PaymentInitiation};
pub use institution::{InstitutionTransfer, InstitutionTransfers};
use spine::Fault;
pub use statement::{Balance, BalanceKind, Direction, Entry, Statement, StatementKind};
pub(crate) use status::final_status;
pub use status::{PaymentStatusReport, StatusKind, TransactionStatus};
pub use transfer::{InterbankTransfer, InterbankTransfers};
pub use xml::XmlLimits;
use xml::{Node, at};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// pain.001: a customer tells its bank to pay.
    PaymentInitiation(PaymentInitiation),
    /// pain.002 or pacs.002: what became of payments.
    PaymentStatusReport(PaymentStatusReport),
    /// pacs.008: a bank pays another.
    InterbankTransfers(InterbankTransfers),
    /// pacs.009: an institution pays another for itself.
    InstitutionTransfers(InstitutionTransfers),
    /// pacs.004: a bank sends money back.
    PaymentReturn(PaymentReturn),
    /// camt.053 or camt.054: what moved on an account.
    Statement(Statement),
}

const PREFIX: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// Reads a message of any kind of the table.
///
/// # Errors
/// `payments.iso20022.{large,encoding,malformed,doctype,entity,deep,many,namespace,unknown,missing,repeated,text,amount,date,
/// code,control}`, each naming the element.
pub fn read(bytes: &[u8], limits: XmlLimits) -> Result<Message, Fault> {
    let (namespace, root) = xml::read(bytes, limits)?;
    let unknown = || at("payments.iso20022.unknown", namespace.rsplit(':').next().unwrap_or_default());
    let name = namespace.strip_prefix(PREFIX).ok_or_else(unknown)?;
    if root.name != "Document" {
        return Err(at("payments.iso20022.missing", "Document"));
    }
    let (message, version) = name.rsplit_once('.').ok_or_else(unknown)?;
    let of = |versions: &[&str]| if versions.contains(&version) { Ok(()) } else { Err(unknown()) };
    match message {
        "pain.001.001" => {
            of(&["03", "09", "11"])?;
            PaymentInitiation::from_node(root.one("CstmrCdtTrfInitn")?).map(Message::PaymentInitiation)
        }
        "pain.002.001" => {
            of(&["10", "12"])?;
            let report = PaymentStatusReport::from_node(StatusKind::Customer, root.one("CstmrPmtStsRpt")?)?;
            Ok(Message::PaymentStatusReport(report))
        }
        "pacs.002.001" => {
            of(&["10", "12"])?;
            let report = PaymentStatusReport::from_node(StatusKind::Interbank, root.one("FIToFIPmtStsRpt")?)?;
            Ok(Message::PaymentStatusReport(report))
        }
        "pacs.008.001" => {
            of(&["08", "10"])?;
            InterbankTransfers::from_node(root.one("FIToFICstmrCdtTrf")?).map(Message::InterbankTransfers)
        }
        "pacs.009.001" => {
            of(&["08"])?;
            InstitutionTransfers::from_node(root.one("FICdtTrf")?).map(Message::InstitutionTransfers)
        }
        "pacs.004.001" => {
            of(&["09", "11"])?;
            PaymentReturn::from_node(root.one("PmtRtr")?).map(Message::PaymentReturn)
        }
        "camt.053.001" => {
            of(&["02", "08"])?;
            let statement = root.one("BkToCstmrStmt")?;
            Statement::from_node(StatementKind::Statement, statement).map(Message::Statement)
        }
        "camt.054.001" => {
            of(&["02", "08"])?;
            let notification = root.one("BkToCstmrDbtCdtNtfctn")?;
            Statement::from_node(StatementKind::Notification, notification).map(Message::Statement)
        }
        _ => Err(unknown()),
    }
}

impl Message {
    /// The message as XML, in the version of the table.
    ///
    /// # Errors
    /// `payments.iso20022.{text,amount,control}` if something in it cannot be said in the standard.
    pub fn write(&self) -> Result<Vec<u8>, Fault> {
        let (name, node): (&str, Node) = match self {
            Self::PaymentInitiation(it) => ("pain.001.001.09", it.to_node()?),
            Self::PaymentStatusReport(it) => (it.kind.name(), it.to_node()?),
            Self::InterbankTransfers(it) => ("pacs.008.001.08", it.to_node()?),
            Self::InstitutionTransfers(it) => ("pacs.009.001.08", it.to_node()?),
            Self::PaymentReturn(it) => ("pacs.004.001.09", it.to_node()?),
            Self::Statement(it) => (it.kind.name(), it.to_node()?),
        };
        xml::write(&format!("{PREFIX}{name}"), &node)
    }
}
