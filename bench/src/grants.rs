//! A grant run: a file taken, every line checked against the population and the accounts, approved and signed, its money held
//! and posted, a thousand lines a transaction; and what lies in memory meanwhile.
//!
//! **Invariant:** each line is a person of the register with an account of her own; the carrier is in the process and answers a
//! thousand at once, as a bank's file does. Beside it stands what the ledger alone takes for the same transfers (`bench ledger`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use civil::{Population, national_id};
use crypto::{Algorithm, Hasher, SealKey, SigningKey};
use edge::{Outbound, OutboundLimits};
use grants::lists::{NewList, take_file};
use grants::runs::{self, NewRun};
use grants::{Carrier, Grants, GrantsSettings, Handed, Order, Payouts, Programmes, RunState, Source, Told};
use identity::{DeviceRules, Identity, IdentitySettings, Licences, MandateRules, Mandates, SignInRules};
use journal::{Acts, Key, Policies, Subscriptions, Workers};
use messages::Messages;
use payments::ledger::{self, AccountId, AccountKind, Bound, NewAccount, Step, Transfer, TransferId};
use payments::{Banks, Rails, WalletLink, Wallets};
use registers::{Fields, Registers};
use serde_json::json;
use spine::{Caller, Currency, Cx, Fault, Folding, Language, Migration, Secret, Value, Work};
use testkit::{SeededEntropy, TestDatabase};

use crate::{RealClock, Took, measure, resident};

/// The programme: it asks no proof of life, and the figure of the country's households stands beside it.
const PROGRAMME: &str = "child-grant";
const AMOUNT_MINOR: i64 = 60_000;
const PIECE: usize = 1_000;
const POLICY: &str = r#"@id("bench") permit (principal is System, action, resource);"#;

/// Holds what it is handed, and remembers the identifiers.
#[derive(Default)]
struct InMemory(Mutex<Vec<TransferId>>);

impl Carrier for InMemory {
    fn hand_over(&self, cx: &mut Cx<'_>, from: AccountId, orders: &[Order]) -> Result<Vec<Handed>, Fault> {
        let (kind, currency, name) = (AccountKind::Asset, lsl(), "bench");
        let bound = Bound::None;
        let credit = ledger::account(cx, &NewAccount { reference: "wallet:bench", kind, currency, name, bound })?;
        let hold = |order: &Order| Transfer {
            id: order.id,
            step: Step::Hold { debit: from, credit, amount: order.amount, expires_at: None },
            reference: "bench".to_owned(),
        };
        ledger::book(cx, &orders.iter().map(hold).collect::<Vec<_>>())?;
        self.0.lock().unwrap().extend(orders.iter().map(|order| order.id));
        Ok(vec![Handed::Now; orders.len()])
    }
}

fn lsl() -> Currency {
    Currency::parse("LSL").unwrap()
}

fn pack(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../packs/lesotho/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(crate) fn run(lines: usize) {
    let steps: Vec<Migration> = [
        journal::MIGRATIONS,
        registers::MIGRATIONS,
        civil::MIGRATIONS,
        messages::MIGRATIONS,
        payments::MIGRATIONS,
        identity::MIGRATIONS,
        grants::MIGRATIONS,
    ]
    .concat();
    for database in testkit::databases(&steps) {
        let name = if database.url.starts_with("sqlite:") { "SQLite" } else { "PostgreSQL" };
        println!("{name}: a run of {lines} lines");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(one(&database, lines));
    }
}

struct Bench {
    acts: Acts,
    grants: Grants,
    registers: Registers,
    carrier: Arc<InMemory>,
    workers: Workers,
}

fn caller() -> Caller {
    Caller::system("bench")
}

fn open(database: &TestDatabase) -> Bench {
    let policies = Policies::parse([("bench", POLICY)]).unwrap();
    let store = Arc::new(database.store.clone());
    let (clock, entropy) = (Arc::new(RealClock), Arc::new(SeededEntropy::default()));
    let acts = Acts::new(store, clock, entropy, Arc::new(policies), Subscriptions::default());
    let person = ("civil-person".to_owned(), pack("registers/civil-person.toml"));
    let registers = Registers::parse(&[person], Folding::default()).unwrap();
    let words = testkit::words(&["edge", "grants"]);
    let zone = words.zone().clone();
    let (messages, population) = (Messages::new(Arc::new(words)), Population::new(registers.clone()));
    let devices: DeviceRules = toml::from_str(&pack("devices.toml")).unwrap();
    let identity = Identity::new(IdentitySettings {
        acts: acts.clone(),
        hasher: Hasher::new(Secret::new([4; 32]), 2).unwrap(),
        seal_key: Arc::new(SealKey::new(&Secret::new([5; 32])).unwrap()),
        signing_key: Arc::new(SigningKey::generate(Algorithm::Es256).unwrap()),
        retired_keys: Vec::new(),
        secret: Secret::new([6; 32]),
        base_url: "http://localhost".to_owned(),
        site_name: "bench".to_owned(),
        clients: Vec::new(),
        messages: messages.clone(),
        other_signing_keys: Vec::new(),
        population: Some(population.clone()),
        trust: None,
        licences: Licences::default(),
        mandates: Mandates::new(MandateRules::default(), None).unwrap(),
        devices,
        outbound: Outbound::new(OutboundLimits::default()),
        rules: SignInRules::default(),
    })
    .unwrap();
    let link = |_: &str| Some(WalletLink { base_url: "http://localhost".to_owned(), secret: Secret::new(vec![7; 32]) });
    let files = [(format!("{PROGRAMME}.toml"), pack(&format!("programmes/{PROGRAMME}.toml")))];
    let carrier = Arc::new(InMemory::default());
    let grants = Grants::new(GrantsSettings {
        acts: acts.clone(),
        programmes: Programmes::parse(&files, &registers).unwrap(),
        identity,
        population,
        registers: registers.clone(),
        messages,
        signing_key: Arc::new(SigningKey::generate(Algorithm::EdDsa).unwrap()),
        seal_key: Arc::new(SealKey::new(&Secret::new([8; 32])).unwrap()),
        voucher_secret: Secret::new([9; 32]),
        rails: Rails {
            hubs: payments::hubs::Hubs::default(),
            acquirers: payments::cards::Acquirers::default(),
            wallets: Wallets::parse(&pack("wallets.toml"), link).unwrap(),
            banks: Banks::parse(&pack("banks.toml"), zone.clone(), link).unwrap(),
            screening: payments::screening::Screening::default(),
        },
        payouts: Payouts::default(),
        currency: lsl(),
        language: Language::new("en-LS"),
        carrier: Arc::clone(&carrier) as _,
        outbound: Outbound::new(OutboundLimits::default()),
        zone,
        institutions: Arc::new(BTreeMap::new()),
    });
    let workers = grants.handlers(Workers::default());
    Bench { acts, grants, registers, carrier, workers }
}

async fn one(database: &TestDatabase, lines: usize) {
    let bench = open(database);
    let took = measure(|| wait(people(&bench, lines)));
    told("people and accounts written", lines, &took);
    let mut text = "id_number,amount\n".to_owned();
    for serial in 0..lines {
        text.push_str(&national_id::of_serial(serial as u64));
        text.push_str(",600.00\n");
    }
    let new = NewList { programme: PROGRAMME.to_owned(), name: "bench".to_owned(), source: Source::File };
    let mut sent = None;
    let took = measure(|| {
        sent = Some(wait(take_file(&bench.grants, &caller(), new, std::io::Cursor::new(&text), None)).unwrap());
    });
    told("file taken", lines, &took);
    let list = sent.unwrap().list.id;
    let (grants, pay_on) = (bench.grants.clone(), bench.acts.now().date_in(&jiff::tz::TimeZone::UTC));
    let pay_on = pay_on.tomorrow().unwrap_or(pay_on);
    let prepare = move |cx: &mut Cx<'_>| runs::prepare(cx, &grants, &NewRun { list, pay_on });
    let run = bench.acts.write(&caller(), &Key::none(), prepare).await.unwrap().id;
    let took = measure(|| drain(&bench));
    told("every line checked", lines, &took);
    let grants = bench.grants.clone();
    let approve = move |cx: &mut Cx<'_>| {
        grants::fund(cx, &grants, PROGRAMME, AMOUNT_MINOR * lines as i64)?;
        runs::approve(cx, &grants, run)
    };
    let begun = Instant::now();
    bench.acts.write(&caller(), &Key::none(), approve).await.unwrap();
    println!("  approved and signed in {} ms", begun.elapsed().as_millis());
    // The day it is paid has come.
    let now: Work = Box::new(|tx| {
        Ok(Box::new(tx.execute("UPDATE journal_job SET run_at = 0 WHERE kind = 'grants.run.pay'", &[])?))
    });
    bench.acts.database().write(now).await.unwrap();
    let held = measure(|| drain(&bench));
    told("held", lines, &held);
    let orders = std::mem::take(&mut *bench.carrier.0.lock().unwrap());
    assert_eq!(orders.len(), lines);
    let posted = measure(|| wait(settle(&bench, &orders)));
    told("posted", lines, &posted);
    let both = Took { wall: held.wall + posted.wall, cpu: held.cpu + posted.cpu };
    told("checked to posted", lines, &both);
    let grants = bench.grants.clone();
    let reconcile =
        move |cx: &mut Cx<'_>| Ok((runs::reconcile(cx, &grants, run)?, runs::run(cx, &grants, run)?.run.state));
    let (sums, state) = bench.acts.read(&caller(), reconcile).await.unwrap();
    assert!(sums.agrees && state == RunState::Closed && sums.paid.0 == lines as i64, "{sums:?}");
    println!("  rows, tally and ledger agree; {} MiB resident", resident("self"));
}

fn wait<F: Future>(future: F) -> F::Output {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

fn drain(bench: &Bench) {
    wait(bench.workers.drain(&bench.acts)).unwrap();
}

fn told(what: &str, lines: usize, took: &Took) {
    let rate = lines as f64 / took.wall.as_secs_f64();
    let each = took.cpu.as_secs_f64() * 1e6 / lines as f64;
    println!("  {what}: {:.1} s, {rate:.0} a second, {each:.1} CPU µs each", took.wall.as_secs_f64());
}

/// Everybody in the register, with a wallet number of her own.
async fn people(bench: &Bench, lines: usize) {
    for first in (0..lines).step_by(5_000) {
        let serials = first..lines.min(first + 5_000);
        let record = |serial: usize| -> Fields {
            let number = national_id::of_serial(serial as u64);
            json!({ "national_id": number, "given": "Mpho", "family": "Mokoena", "born": "1950-03-01", "sex": "female", "district": "leribe" })
                .as_object()
                .unwrap()
                .clone()
        };
        let population = Population::new(bench.registers.clone());
        let records: Vec<Fields> = serials.clone().map(record).collect();
        let enrol = move |cx: &mut Cx<'_>| civil::enrol(cx, &population, records.clone()).map(drop);
        bench.acts.write(&caller(), &Key::none(), enrol).await.unwrap();
        let accounts: Work = Box::new(move |tx| {
            let own: Vec<(String, String)> = serials
                .clone()
                .map(|serial| (national_id::of_serial(serial as u64), format!("+2665{serial:07}")))
                .collect();
            let rows: Vec<[Value<'_>; 6]> = own
                .iter()
                .map(|(number, phone)| {
                    [number.into(), "wallet".into(), "mpesa".into(), phone.into(), 0.into(), "bench".into()]
                })
                .collect();
            let sql = "INSERT INTO grants_account (payee, way, institution, address, since, chosen_by) VALUES ($1, $2, $3, $4, $5, $6)";
            tx.insert(sql, &rows.iter().map(<[_; 6]>::as_slice).collect::<Vec<_>>())?;
            Ok(Box::new(()))
        });
        bench.acts.database().write(accounts).await.unwrap();
    }
}

/// The carrier's answers, a thousand at once, each booked as a carrier books it.
async fn settle(bench: &Bench, orders: &[TransferId]) {
    for piece in orders.chunks(PIECE) {
        let (grants, piece) = (bench.grants.clone(), piece.to_vec());
        let work = move |cx: &mut Cx<'_>| {
            let post = |of: &TransferId| {
                let mut own = *of.as_bytes();
                own[15] = 0x80;
                let step = Step::Post { of: *of, amount: None };
                Transfer { id: TransferId::from_bytes(own), step, reference: "bench".to_owned() }
            };
            ledger::book(cx, &piece.iter().map(post).collect::<Vec<_>>())?;
            let answers: Vec<(TransferId, Told)> =
                piece.iter().map(|id| (*id, Told::Paid("FILE".to_owned()))).collect();
            runs::told(cx, &grants, &answers)
        };
        bench.acts.write(&caller(), &Key::none(), work).await.unwrap();
    }
}
