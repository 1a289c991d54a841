//! For validators and banks that are not ours (`tests/iso20022`): `DIRECTORY` writes one message of every kind that we write;
//! `pay DEBTOR_IBAN CURRENCY DAY ID CREDITOR_IBAN…` writes a file of payments; `read FILE` says what a message of theirs says.

use std::path::Path;

use payments::iso20022::{
    Balance, BalanceKind, Bank, BankAccount, CreditTransfer, Direction, Entry, InstitutionTransfer,
    InstitutionTransfers, InterbankTransfer, InterbankTransfers, Message, PaymentBatch, PaymentInitiation,
    PaymentReturn, PaymentStatusReport, Remittance, ReturnedTransaction, Statement, StatementKind, StatusKind,
    TransactionStatus,
};
use spine::{Currency, Date, Money, Timestamp};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [what, debtor, currency, day, id, creditors @ ..] if what == "pay" => {
            return pay(debtor, currency, day, id, creditors);
        }
        [what, file] if what == "read" => return say(&std::fs::read(file)?),
        _ => {}
    }
    let directory = args.first().ok_or("say where to write them")?;
    for (name, message) in messages()? {
        let bytes = message.write().map_err(|fault| fault.to_string())?;
        std::fs::write(Path::new(directory).join(format!("{name}.xml")), bytes)?;
    }
    Ok(())
}

/// A file with a payment of 10.00, 20.00 … to each.
fn pay(debtor: &str, currency: &str, day: &str, id: &str, creditors: &[String]) -> Result<(), Failed> {
    let currency = Currency::parse(currency)?;
    let transfer = |(place, iban): (i64, &String)| CreditTransfer {
        instruction: None,
        end_to_end: format!("{id}-{place}"),
        amount: Money::new(place * 1_000, currency),
        bank: None,
        creditor: format!("Payee {place}"),
        account: BankAccount::Iban(iban.clone()),
        remittance: Remittance { line: Some("Refund".to_owned()), reference: None },
    };
    let batch = PaymentBatch {
        id: format!("{id}-B"),
        day: day.parse()?,
        debtor: "Treasury".to_owned(),
        account: BankAccount::Iban(debtor.to_owned()),
        bank: Bank::Bic("MOCKNL2A".to_owned()),
        transfers: (1..).zip(creditors).map(transfer).collect(),
    };
    let made_at = Timestamp::parse(&format!("{day}T08:00:00Z")).map_err(|_| "a day")?;
    let initiator = "Treasury".to_owned();
    let file = PaymentInitiation { id: id.to_owned(), made_at, initiator, batches: vec![batch] };
    let bytes = Message::PaymentInitiation(file).write().map_err(|fault| fault.to_string())?;
    std::io::Write::write_all(&mut std::io::stdout(), &bytes)?;
    Ok(())
}

/// One line a payment, entry or return, and one for each balance.
fn say(bytes: &[u8]) -> Result<(), Failed> {
    let message = payments::iso20022::read(bytes, payments::iso20022::XmlLimits::MESSAGE);
    let mut lines = Vec::new();
    match message.map_err(|fault| format!("{fault} {:?}", fault.text()))? {
        Message::PaymentStatusReport(report) => {
            lines.push(format!("report of {} group {}", report.of_message, report.group.unwrap_or_default()));
            for one in report.transactions {
                let (id, reason) = (one.end_to_end.unwrap_or_default(), one.reason.unwrap_or_default());
                lines.push(format!("status {id} {} {reason}", one.status));
            }
        }
        Message::Statement(told) => {
            lines.push(format!("statement of {}", told.account.number()));
            for balance in told.balances {
                lines.push(format!("balance {:?} {}", balance.kind, balance.amount));
            }
            for one in told.entries {
                let id = one.end_to_end.unwrap_or_default();
                lines.push(format!(
                    "entry {:?} {} {id} {}",
                    one.direction,
                    one.amount,
                    one.returned.unwrap_or_default()
                ));
            }
        }
        Message::PaymentReturn(back) => {
            for one in back.returns {
                let (id, reason) = (one.end_to_end.unwrap_or_default(), one.reason.unwrap_or_default());
                lines.push(format!("returned {id} {} {reason}", one.amount));
            }
        }
        other => lines.push(format!("{other:?}")),
    }
    std::io::Write::write_all(&mut std::io::stdout(), (lines.join("\n") + "\n").as_bytes())?;
    Ok(())
}

fn messages() -> Result<Vec<(&'static str, Message)>, Failed> {
    let day: Date = "2026-11-26".parse()?;
    let made_at = Timestamp::parse("2026-11-26T08:00:00Z").map_err(|_| "a moment")?;
    let currency = Currency::parse("LSL")?;
    let money = |minor| Money::new(minor, currency);
    let iban = BankAccount::Iban("NL91ABNA0417164300".to_owned());
    let number = BankAccount::Number("9080001234567".to_owned());
    let remittance =
        Remittance { line: Some("Refund <1> & more".to_owned()), reference: Some("RF18539007547034".to_owned()) };
    let transfer = |end_to_end: &str, account: &BankAccount, bank: Bank| CreditTransfer {
        instruction: Some("I-1".to_owned()),
        end_to_end: end_to_end.to_owned(),
        amount: money(13_050),
        bank: Some(bank),
        creditor: "’Mamello Tšepo".to_owned(),
        account: account.clone(),
        remittance: remittance.clone(),
    };
    let initiation = PaymentInitiation {
        id: "LET-2026-1126-1".to_owned(),
        made_at,
        initiator: "Treasury".to_owned(),
        batches: vec![PaymentBatch {
            id: "B-1".to_owned(),
            day,
            debtor: "Treasury".to_owned(),
            account: iban.clone(),
            bank: Bank::Bic("ABNANL2A".to_owned()),
            transfers: vec![
                transfer("E-1", &iban, Bank::Bic("DEUTDEFF".to_owned())),
                transfer("E-2", &number, Bank::Member("060000".to_owned())),
            ],
        }],
    };
    let report = |kind| PaymentStatusReport {
        kind,
        id: "ST-1".to_owned(),
        made_at,
        of_message: "LET-2026-1126-1".to_owned(),
        of_kind: "pain.001.001.09".to_owned(),
        group: Some("PART".to_owned()),
        group_reason: None,
        transactions: ["ACSC", "RJCT"]
            .map(|status| TransactionStatus {
                batch: Some("B-1".to_owned()),
                instruction: None,
                end_to_end: Some(format!("E-{status}")),
                transaction: Some("T-1".to_owned()),
                status: status.to_owned(),
                reason: (status == "RJCT").then(|| "AC04".to_owned()),
            })
            .to_vec(),
    };
    let interbank = InterbankTransfers {
        id: "FI-1".to_owned(),
        made_at,
        settles_on: day,
        method: "CLRG".to_owned(),
        clearing: Some("LESWITCH".to_owned()),
        transfers: vec![InterbankTransfer {
            instruction: Some("I-1".to_owned()),
            end_to_end: "E-1".to_owned(),
            transaction: Some("T-1".to_owned()),
            amount: money(13_050),
            debtor: "Treasury".to_owned(),
            debtor_account: Some(number.clone()),
            debtor_bank: Bank::Bic("ABNANL2A".to_owned()),
            creditor: "Thabo & Sons".to_owned(),
            creditor_account: Some(iban.clone()),
            creditor_bank: Bank::Member("060000".to_owned()),
            remittance: remittance.clone(),
        }],
    };
    let net = |place: i64, debtor: &str, creditor: &str| InstitutionTransfer {
        end_to_end: format!("SWITCH-1-{place}"),
        transaction: format!("SETTLEMENT-1-{place}"),
        amount: money(13_050),
        debtor: Bank::Member(debtor.to_owned()),
        creditor: Bank::Member(creditor.to_owned()),
    };
    let settlement = InstitutionTransfers {
        id: "SWITCH-1-LSL".to_owned(),
        made_at,
        settles_on: day,
        clearing: Some("Hub".to_owned()),
        transfers: vec![net(1, "bank", "Hub"), net(2, "Hub", "wallet")],
    };
    let back = PaymentReturn {
        id: "RT-1".to_owned(),
        made_at,
        settles_on: day,
        method: "CLRG".to_owned(),
        returns: vec![ReturnedTransaction {
            id: "R-1".to_owned(),
            instruction: Some("I-1".to_owned()),
            end_to_end: Some("E-1".to_owned()),
            transaction: Some("T-1".to_owned()),
            paid: Some(money(13_050)),
            amount: money(13_050),
            reason: Some("AC04".to_owned()),
        }],
    };
    let entry = |reference: &str, direction, returned: bool| Entry {
        reference: reference.to_owned(),
        amount: money(13_050),
        direction,
        booked: !returned,
        day,
        end_to_end: Some("E-1".to_owned()),
        party: Some("Thabo & Sons".to_owned()),
        remittance: remittance.clone(),
        returned: returned.then(|| "AC04".to_owned()),
    };
    let statement = |kind: StatementKind| Statement {
        kind,
        message: "STM-1".to_owned(),
        made_at,
        id: "331".to_owned(),
        number: Some(331),
        account: number.clone(),
        currency,
        balances: if kind == StatementKind::Notification {
            Vec::new()
        } else {
            vec![
                Balance { kind: BalanceKind::Opening, amount: money(-700), day },
                Balance { kind: BalanceKind::Closing, amount: money(-700), day },
            ]
        },
        entries: vec![
            entry("X-1", Direction::Credit, false),
            entry("X-2", Direction::Debit, false),
            entry("X-3", Direction::Credit, true),
            entry("X-4", Direction::Debit, true),
        ],
    };
    Ok(vec![
        ("pain.001.001.09", Message::PaymentInitiation(initiation)),
        ("pain.002.001.12", Message::PaymentStatusReport(report(StatusKind::Customer))),
        ("pacs.002.001.10", Message::PaymentStatusReport(report(StatusKind::Interbank))),
        ("pacs.008.001.08", Message::InterbankTransfers(interbank)),
        ("pacs.009.001.08", Message::InstitutionTransfers(settlement)),
        ("pacs.004.001.09", Message::PaymentReturn(back)),
        ("camt.053.001.08", Message::Statement(statement(StatementKind::Statement))),
        ("camt.054.001.08", Message::Statement(statement(StatementKind::Notification))),
    ])
}
