//! ISO 20022: what is written comes back the same; what is wrong is refused with its reason, and nothing is ever guessed.

use payments::iso20022::{
    Balance, BalanceKind, Bank, BankAccount, CreditTransfer, Direction, Entry, InstitutionTransfer,
    InstitutionTransfers, InterbankTransfer, InterbankTransfers, Message, PaymentBatch, PaymentInitiation,
    PaymentReturn, PaymentStatusReport, Remittance, ReturnedTransaction, Statement, StatementKind, StatusKind,
    TransactionStatus, XmlLimits, minor_units, read,
};
use proptest::prelude::*;
use spine::{Currency, Date, Money, Timestamp};

fn lsl() -> Currency {
    Currency::parse("LSL").unwrap()
}

fn money(minor: i64) -> Money {
    Money::new(minor, lsl())
}

fn day() -> Date {
    "2026-11-26".parse().unwrap()
}

fn moment() -> Timestamp {
    Timestamp::parse("2026-11-26T08:00:00Z").unwrap()
}

fn again(message: &Message) -> Message {
    let bytes = message.write().unwrap();
    read(&bytes, XmlLimits::MESSAGE).unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(&bytes)))
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z'&<>\"šŠ][A-Za-z0-9 '&<>\"šŠ.,-]{0,60}[A-Za-z0-9&<>š]"
}

fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9/-]{1,35}"
}

fn account() -> impl Strategy<Value = BankAccount> {
    prop_oneof![
        "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}".prop_map(BankAccount::Iban),
        "[0-9]{6,16}".prop_map(BankAccount::Number),
    ]
}

fn bank() -> impl Strategy<Value = Bank> {
    prop_oneof!["[A-Z]{6}[A-Z0-9]{2}".prop_map(Bank::Bic), "[a-z0-9]{3,20}".prop_map(Bank::Member)]
}

fn amount() -> impl Strategy<Value = Money> {
    (1_i64..1 << 40).prop_map(money)
}

fn remittance() -> impl Strategy<Value = Remittance> {
    (proptest::option::of(name()), proptest::option::of("[A-Z0-9]{1,35}"))
        .prop_map(|(line, reference)| Remittance { line, reference })
}

fn transfer() -> impl Strategy<Value = CreditTransfer> {
    (proptest::option::of(id()), id(), amount(), proptest::option::of(bank()), name(), account(), remittance())
        .prop_map(|(instruction, end_to_end, amount, bank, creditor, account, remittance)| CreditTransfer {
            instruction,
            end_to_end,
            amount,
            bank,
            creditor,
            account,
            remittance,
        })
}

fn initiation() -> impl Strategy<Value = PaymentInitiation> {
    let batch = (id(), name(), account(), bank(), proptest::collection::vec(transfer(), 1..4)).prop_map(
        |(id, debtor, account, bank, transfers)| PaymentBatch { id, day: day(), debtor, account, bank, transfers },
    );
    (id(), name(), proptest::collection::vec(batch, 1..3)).prop_map(|(id, initiator, batches)| PaymentInitiation {
        id,
        made_at: moment(),
        initiator,
        batches,
    })
}

fn interbank() -> impl Strategy<Value = InterbankTransfers> {
    let one = (id(), proptest::option::of(id()), amount(), name(), account(), bank(), bank(), remittance()).prop_map(
        |(end_to_end, transaction, amount, name, account, from, to, remittance)| InterbankTransfer {
            instruction: None,
            end_to_end,
            transaction,
            amount,
            debtor: name.clone(),
            debtor_account: Some(account),
            debtor_bank: from,
            creditor: name,
            creditor_account: None,
            creditor_bank: to,
            remittance,
        },
    );
    (id(), proptest::collection::vec(one, 1..4)).prop_map(|(id, transfers)| InterbankTransfers {
        id,
        made_at: moment(),
        settles_on: day(),
        method: "CLRG".to_owned(),
        clearing: Some("LESWITCH".to_owned()),
        transfers,
    })
}

fn between_institutions() -> impl Strategy<Value = InstitutionTransfers> {
    let one = (id(), id(), amount(), bank(), bank()).prop_map(|(end_to_end, transaction, amount, debtor, creditor)| {
        InstitutionTransfer { end_to_end, transaction, amount, debtor, creditor }
    });
    (id(), proptest::collection::vec(one, 1..5)).prop_map(|(id, transfers)| InstitutionTransfers {
        id,
        made_at: moment(),
        settles_on: day(),
        clearing: Some("Hub".to_owned()),
        transfers,
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    (id(), amount(), any::<bool>(), any::<bool>(), proptest::option::of("[A-Z0-9]{1,35}"), remittance()).prop_map(
        |(reference, amount, comes, back, end_to_end, remittance)| Entry {
            reference,
            amount,
            direction: if comes { Direction::Credit } else { Direction::Debit },
            booked: true,
            day: day(),
            end_to_end: end_to_end.filter(|it| it != "NOTPROVIDED"),
            party: Some("Mosa & Co".to_owned()),
            remittance,
            returned: back.then(|| "AC04".to_owned()),
        },
    )
}

fn statement(kind: StatementKind, entries: Vec<Entry>) -> Statement {
    let mut statement = Statement {
        kind,
        message: "M-1".to_owned(),
        made_at: moment(),
        id: "S-1".to_owned(),
        number: Some(331),
        account: BankAccount::Number("9080001234567".to_owned()),
        currency: lsl(),
        balances: Vec::new(),
        entries,
    };
    let closing = i64::try_from(statement.movement()).unwrap() - 700;
    if kind == StatementKind::Statement {
        let balance = |kind, minor| Balance { kind, amount: money(minor), day: day() };
        statement.balances = vec![balance(BalanceKind::Opening, -700), balance(BalanceKind::Closing, closing)];
    }
    statement
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn payments_come_back_the_same(it in initiation()) {
        let message = Message::PaymentInitiation(it);
        prop_assert_eq!(again(&message), message);
    }

    #[test]
    fn payments_between_banks_come_back_the_same(it in interbank()) {
        let message = Message::InterbankTransfers(it);
        prop_assert_eq!(again(&message), message);
    }

    #[test]
    fn payments_of_institutions_come_back_the_same_and_add_up(it in between_institutions()) {
        let message = Message::InstitutionTransfers(it);
        prop_assert_eq!(again(&message), message.clone());
        let text = String::from_utf8(message.write().unwrap()).unwrap();
        let wrong = text.replacen("<NbOfTxs>", "<NbOfTxs>9", 1);
        let fault = read(wrong.as_bytes(), XmlLimits::MESSAGE).unwrap_err();
        prop_assert_eq!(fault.code(), "payments.iso20022.control");
    }

    #[test]
    fn statements_come_back_the_same(entries in proptest::collection::vec(entry(), 0..6), told in any::<bool>()) {
        let kind = if told { StatementKind::Notification } else { StatementKind::Statement };
        let message = Message::Statement(statement(kind, entries));
        prop_assert_eq!(again(&message), message);
    }

    #[test]
    fn amounts_are_exact(minor in 0_i64..(1 << 53)) {
        prop_assert_eq!(minor_units(&money(minor).digits(), lsl()), Some(minor));
    }

    #[test]
    fn no_bytes_make_it_fall(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes, XmlLimits::MESSAGE).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// As the fuzz target `bank_message`: a message that was tampered with is refused, or means what it then says.
    #[test]
    fn a_message_with_bytes_changed_is_refused_or_read(at in any::<prop::sample::Index>(), with in "[<>/&;0-9A-Za-z =\"]{1,6}", cut in 0_usize..8) {
        let place = at.index(FOREIGN.len());
        let end = (place + cut).min(FOREIGN.len());
        if FOREIGN.is_char_boundary(place) && FOREIGN.is_char_boundary(end) {
            let changed = format!("{}{with}{}", &FOREIGN[..place], &FOREIGN[end..]);
            if let Ok(message) = read(changed.as_bytes(), XmlLimits::MESSAGE)
                && let Ok(written) = message.write()
            {
                prop_assert_eq!(read(&written, XmlLimits::MESSAGE).unwrap(), message);
            }
        }
    }
}

#[test]
fn statuses_and_returns_come_back_the_same() {
    for kind in [StatusKind::Customer, StatusKind::Interbank] {
        let one = |status: &str, reason: Option<&str>| TransactionStatus {
            batch: (kind == StatusKind::Customer).then(|| "B-1".to_owned()),
            instruction: Some("I-1".to_owned()),
            end_to_end: Some("E-1".to_owned()),
            transaction: (kind == StatusKind::Interbank).then(|| "T-1".to_owned()),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
        };
        let report = Message::PaymentStatusReport(PaymentStatusReport {
            kind,
            id: "R-1".to_owned(),
            made_at: moment(),
            of_message: "M-1".to_owned(),
            of_kind: "pain.001.001.09".to_owned(),
            group: Some("PART".to_owned()),
            group_reason: None,
            transactions: vec![one("ACSC", None), one("RJCT", Some("AC04")), one("PDNG", None)],
        });
        assert_eq!(again(&report), report);
    }
    let back = Message::PaymentReturn(PaymentReturn {
        id: "R-1".to_owned(),
        made_at: moment(),
        settles_on: day(),
        method: "CLRG".to_owned(),
        returns: vec![ReturnedTransaction {
            id: "RT-1".to_owned(),
            instruction: None,
            end_to_end: Some("E-1".to_owned()),
            transaction: Some("T-1".to_owned()),
            paid: Some(money(500)),
            amount: money(500),
            reason: Some("AC04".to_owned()),
        }],
    });
    assert_eq!(again(&back), back);
}

/// A notification as a bank writes it: with a prefix, an offset, elements nobody asked for, and two payments in one entry.
const FOREIGN: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!-- sent by a bank -->
<n:Document xmlns:n="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <n:BkToCstmrDbtCdtNtfctn>
  <n:GrpHdr><n:MsgId>N1</n:MsgId><n:CreDtTm>2026-11-26T10:00:00+02:00</n:CreDtTm></n:GrpHdr>
  <n:Ntfctn><n:Id>1</n:Id><n:Acct><n:Id><n:Othr><n:Id>908</n:Id></n:Othr></n:Id><n:Ccy>LSL</n:Ccy></n:Acct>
   <n:Ntry><n:Amt Ccy="LSL">130.5</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd><n:Sts><n:Cd>BOOK</n:Cd></n:Sts>
    <n:BookgDt><n:DtTm>2026-11-26T09:30:00</n:DtTm></n:BookgDt><n:AcctSvcrRef>X9</n:AcctSvcrRef>
    <n:BkTxCd><n:Prtry><n:Cd>TRF</n:Cd></n:Prtry></n:BkTxCd>
    <n:NtryDtls>
     <n:TxDtls><n:Refs><n:EndToEndId>NOTPROVIDED</n:EndToEndId></n:Refs><n:Amt Ccy="LSL">100</n:Amt>
      <n:RltdPties><n:Dbtr><n:Pty><n:Nm>Thabo &amp; Sons &#x161;</n:Nm></n:Pty></n:Dbtr></n:RltdPties>
      <n:RmtInf><n:Ustrd>LS12345</n:Ustrd></n:RmtInf></n:TxDtls>
     <n:TxDtls><n:Refs><n:EndToEndId>E2</n:EndToEndId></n:Refs><n:Amt Ccy="LSL">30.50</n:Amt></n:TxDtls>
    </n:NtryDtls><n:AddtlNtryInf>fees not included</n:AddtlNtryInf></n:Ntry>
  </n:Ntfctn></n:BkToCstmrDbtCdtNtfctn></n:Document>"#;

#[test]
fn a_banks_own_way_of_writing_is_understood() {
    let Message::Statement(told) = read(FOREIGN.as_bytes(), XmlLimits::MESSAGE).unwrap() else { panic!("a statement") };
    assert_eq!(told.made_at, Timestamp::parse("2026-11-26T08:00:00Z").unwrap());
    let seen: Vec<(&str, i64, Option<&str>)> =
        told.entries.iter().map(|it| (it.reference.as_str(), it.amount.minor(), it.end_to_end.as_deref())).collect();
    assert_eq!(seen, [("X9/1", 10_000, None), ("X9/2", 3_050, Some("E2"))]);
    assert_eq!(told.entries[0].party.as_deref(), Some("Thabo & Sons š"));
    assert_eq!(told.entries[0].remittance.line.as_deref(), Some("LS12345"));
}

fn refused(text: &str) -> &'static str {
    read(text.as_bytes(), XmlLimits::MESSAGE).map(|_| "taken").unwrap_or_else(|fault| fault.code())
}

#[test]
fn what_is_wrong_is_refused_with_its_reason() {
    let with = |from: &str, to: &str| {
        assert!(FOREIGN.contains(from), "{from}");
        FOREIGN.replacen(from, to, 1)
    };
    let amounts =
        ["1,305.00", "130.505", "1e3", "-130.50", "+130.50", "0130.50", "130.", ".50", " 130.50", "0x1", "", "NaN"];
    for wrong in amounts {
        assert_eq!(refused(&with(">130.5<", &format!(">{wrong}<"))), "payments.iso20022.amount", "{wrong}");
    }
    let cases = [
        (with(">130.5<", ">0.00<"), "amount"),
        (with(">130.5<", ">90071992547409.93<"), "amount"),
        (with("Ccy=\"LSL\">130.5", "Ccy=\"ZAR\">130.5"), "amount"),
        (with(" Ccy=\"LSL\">130.5", ">130.5"), "amount"),
        (with(">30.50<", ">30.51<"), "control"),
        (with("<n:CdtDbtInd>CRDT", "<n:CdtDbtInd>BOTH"), "code"),
        (with("<n:MsgId>N1</n:MsgId>", ""), "missing"),
        (with("<n:MsgId>N1</n:MsgId>", "<n:MsgId>N1</n:MsgId><n:MsgId>N2</n:MsgId>"), "repeated"),
        (with("<n:MsgId>N1", &format!("<n:MsgId>{}", "N".repeat(36))), "text"),
        (with("<n:MsgId>N1", "<n:MsgId> "), "text"),
        (with("2026-11-26T10:00", "2026-13-26T10:00"), "date"),
        (with("2026-11-26T09:30:00", "yesterday"), "date"),
        (with("camt.054.001.08", "camt.054.001.99"), "unknown"),
        (with("camt.054.001.08", "pacs.010.001.03"), "unknown"),
        (with("urn:iso:std:iso:20022:tech:xsd:", "urn:other:"), "unknown"),
        (with("<n:Ntfctn>", "<Ntfctn>").replacen("</n:Ntfctn>", "</Ntfctn>", 1), "namespace"),
        (with("<n:GrpHdr>", "<n:GrpHdr xmlns:n=\"urn:evil\">"), "namespace"),
        (with("</n:Document>", ""), "malformed"),
        (with("</n:Document>", "</n:Document><n:Document/>"), "malformed"),
        (with("</n:Ntry>", "</n:Entry>"), "malformed"),
        (with("utf-8", "utf-16"), "encoding"),
        (with("&amp;", "&bank;"), "entity"),
        (with("<!-- sent by a bank -->", "<!DOCTYPE x [<!ENTITY bank SYSTEM \"file:///etc/passwd\">]>"), "doctype"),
        (with("<!-- sent by a bank -->", "<?xml-stylesheet href='x'?>"), "doctype"),
        (with("&#x161;", "&#0;"), "malformed"),
        (with("<n:Ustrd>LS12345", &format!("<n:Ustrd>{}", "x".repeat(9000))), "text"),
        (String::new(), "malformed"),
    ];
    for (place, (text, what)) in cases.iter().enumerate() {
        assert_eq!(refused(text), format!("payments.iso20022.{what}"), "{place}: {what}");
    }
}

#[test]
fn bombs_do_not_go_off() {
    let bomb = "<!DOCTYPE b [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><b>&b;</b>";
    assert_eq!(refused(bomb), "payments.iso20022.doctype");
    let deep = format!("<Document xmlns=\"urn:x\">{}", "<a>".repeat(5_000));
    assert_eq!(refused(&deep), "payments.iso20022.deep");
    let many = format!("<Document xmlns=\"urn:x\">{}</Document>", "<a/>".repeat(400_001));
    assert_eq!(refused(&many), "payments.iso20022.many");
    let large = vec![b' '; (16 << 20) + 1];
    assert_eq!(read(&large, XmlLimits::MESSAGE).unwrap_err().code(), "payments.iso20022.large");
}

#[test]
fn a_statement_must_add_up() {
    let entry = |minor| Entry {
        reference: "X".to_owned(),
        amount: money(minor),
        direction: Direction::Credit,
        booked: true,
        day: day(),
        end_to_end: None,
        party: None,
        remittance: Remittance::default(),
        returned: None,
    };
    let good = statement(StatementKind::Statement, vec![entry(500)]);
    let mut short = good.clone();
    short.entries.clear();
    assert_eq!(again(&Message::Statement(good.clone())), Message::Statement(good));
    let bytes = Message::Statement(short).write().unwrap();
    assert_eq!(read(&bytes, XmlLimits::MESSAGE).unwrap_err().code(), "payments.iso20022.control");
}

#[test]
fn what_the_standard_cannot_say_is_not_written() {
    let fine = PaymentInitiation {
        id: "M-1".to_owned(),
        made_at: moment(),
        initiator: "Treasury".to_owned(),
        batches: Vec::new(),
    };
    let code = |it: &PaymentInitiation| Message::PaymentInitiation(it.clone()).write().unwrap_err().code();
    assert_eq!(code(&fine), "payments.iso20022.missing", "no payment");
    let transfer = CreditTransfer {
        instruction: None,
        end_to_end: "E".to_owned(),
        amount: money(1),
        bank: None,
        creditor: "C".to_owned(),
        account: BankAccount::Number("1".to_owned()),
        remittance: Remittance::default(),
    };
    let of = |transfers: Vec<CreditTransfer>| PaymentInitiation {
        batches: vec![PaymentBatch {
            id: "B".to_owned(),
            day: day(),
            debtor: "D".to_owned(),
            account: BankAccount::Number("2".to_owned()),
            bank: Bank::Member("lesbank".to_owned()),
            transfers,
        }],
        ..fine.clone()
    };
    assert!(Message::PaymentInitiation(of(vec![transfer.clone()])).write().is_ok());
    let zar = Money::new(1, Currency::parse("ZAR").unwrap());
    let wrong = [
        CreditTransfer { creditor: String::new(), ..transfer.clone() },
        CreditTransfer { creditor: "C".repeat(141), ..transfer.clone() },
        CreditTransfer { end_to_end: "a\nb".to_owned(), ..transfer.clone() },
        CreditTransfer { amount: money(-1), ..transfer.clone() },
        CreditTransfer { amount: zar, ..transfer.clone() },
    ];
    for (one, what) in wrong.into_iter().zip(["text", "text", "text", "amount", "control"]) {
        assert_eq!(code(&of(vec![transfer.clone(), one])), format!("payments.iso20022.{what}"));
    }
}
