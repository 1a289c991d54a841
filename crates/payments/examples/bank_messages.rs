//! Writes one message of every kind that we write into a directory, for validators that are not ours (`tests/iso20022`).

use std::path::Path;

use payments::iso20022::{
    Balance, BalanceKind, Bank, BankAccount, CreditTransfer, Direction, Entry, InterbankTransfer, InterbankTransfers,
    Message, PaymentBatch, PaymentInitiation, PaymentReturn, PaymentStatusReport, Remittance, ReturnedTransaction,
    Statement, StatementKind, StatusKind, TransactionStatus,
};
use spine::{Currency, Date, Money, Timestamp};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let directory = std::env::args().nth(1).ok_or("say where to write them")?;
    for (name, message) in messages()? {
        let bytes = message.write().map_err(|fault| fault.to_string())?;
        std::fs::write(Path::new(&directory).join(format!("{name}.xml")), bytes)?;
    }
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
        ("pacs.004.001.09", Message::PaymentReturn(back)),
        ("camt.053.001.08", Message::Statement(statement(StatementKind::Statement))),
        ("camt.054.001.08", Message::Statement(statement(StatementKind::Notification))),
    ])
}
