//! How many durable transfers a second, beside the same rows by the driver alone in batches of the same size.
//!
//! **Invariant:** ours is the whole way: policy, double entry against bounds, the chain's hash, the act in the journal. Raw
//! writes the same columns and the same balances, and weighs nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::{Acts, Key, Policies, Subscriptions};
use payments::{AccountId, AccountKind, Bound, NewAccount, Step, Transfer, ledger};
use spine::{Caller, Currency, Cx, Migration, Money};
use testkit::{SeededEntropy, TestDatabase};

use crate::{RealClock, Took, measure};

const ACCOUNTS: usize = 10_000;
const TRANSFERS: usize = 400_000;
/// Operations under way at the same time, for batches and for single transfers.
const BATCHES_AT_ONCE: usize = 4;
const SINGLES_AT_ONCE: usize = 1_024;
const TURNS: usize = 3;

const POLICY: &str = r#"@id("system") permit (principal is System, action, resource);"#;

pub(crate) fn run() {
    let steps: Vec<Migration> = [journal::MIGRATIONS, payments::MIGRATIONS].concat();
    println!("{TRANSFERS} transfers between {ACCOUNTS} accounts, durable; the middle of {TURNS} runs");
    println!("{:<12} {:<44} {:>10} {:>12} {:>8}", "database", "what", "a second", "CPU µs each", "bytes");
    for name in ["SQLite", "PostgreSQL"] {
        for batch in [100, 1_000, 8_000] {
            say(name, &format!("raw, batches of {batch}"), &steps, |database| {
                match database.url.strip_prefix("sqlite:") {
                    Some(path) => raw_sqlite(path, batch),
                    None => raw_postgres(&database.url, batch),
                }
            });
            say(name, &format!("ledger, batches of {batch}"), &steps, |database| ours(database, batch, Payee::Any));
        }
        say(name, "ledger, batches of 1000, one payee for all", &steps, |database| ours(database, 1_000, Payee::One));
        say(name, "ledger, one each, 1024 at once, each an act", &steps, |database| ours(database, 1, Payee::Any));
    }
}

#[derive(Clone, Copy)]
enum Payee {
    Any,
    One,
}

/// Runs on fresh databases, in turns, and prints the middle.
fn say(name: &str, what: &str, steps: &[Migration], run: impl Fn(&TestDatabase) -> (Took, usize)) {
    let mut turns = Vec::new();
    for _ in 0..TURNS {
        let database =
            if name == "SQLite" { Some(testkit::sqlite(steps)) } else { testkit::databases(steps).into_iter().nth(1) };
        let Some(database) = database else { return };
        let (took, count) = run(&database);
        let rate = count as f64 / took.wall.as_secs_f64();
        turns.push((rate, took.cpu.as_secs_f64() * 1e6 / count as f64, bytes(&database) / count));
    }
    turns.sort_by(|one, two| one.0.total_cmp(&two.0));
    let (rate, cpu, bytes) = turns[TURNS / 2];
    println!("{name:<12} {what:<44} {rate:>10.0} {cpu:>12.2} {bytes:>8}");
}

/// What the transfers, their batches and balances take on the disk.
fn bytes(database: &TestDatabase) -> usize {
    if let Some(path) = database.url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let pages = |table: &str| -> usize {
            let sql = "SELECT COALESCE(SUM(pgsize), 0) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = ?1)";
            connection
                .query_row(sql, [table], |row| row.get::<_, i64>(0))
                .map_or(0, |size| usize::try_from(size).unwrap())
        };
        return ["payments_transfer", "payments_batch", "payments_balance"].into_iter().map(pages).sum();
    }
    let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
    let sql = "SELECT CAST(SUM(pg_total_relation_size(CAST(name AS regclass))) AS BIGINT) \
               FROM unnest(ARRAY['payments_transfer', 'payments_batch', 'payments_balance']) AS given (name)";
    usize::try_from(client.query_one(sql, &[]).unwrap().get::<_, i64>(0)).unwrap()
}

fn ours(database: &TestDatabase, batch: usize, payee: Payee) -> (Took, usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::new(RealClock),
        Arc::new(SeededEntropy::default()),
        Arc::new(Policies::parse([("bench.cedar", POLICY)]).unwrap()),
        Subscriptions::default(),
    );
    let accounts: Arc<Vec<AccountId>> = Arc::new(runtime.block_on(open(&acts)));
    let (count, at_once) = if batch == 1 { (TRANSFERS / 4, SINGLES_AT_ONCE) } else { (TRANSFERS, BATCHES_AT_ONCE) };
    let took = measure(|| runtime.block_on(book(&acts, &accounts, count, batch, at_once, payee)));
    (took, count)
}

fn caller() -> Caller {
    Caller::system("bench")
}

async fn open(acts: &Acts) -> Vec<AccountId> {
    let mut all = Vec::new();
    for first in (0..ACCOUNTS).step_by(1_000) {
        let open = move |cx: &mut Cx<'_>| {
            let currency = Currency::parse("LSL").unwrap();
            (first..first + 1_000)
                .map(|place| {
                    let (reference, kind, bound) = (format!("bench:{place}"), AccountKind::Liability, Bound::None);
                    payments::open_account(
                        cx,
                        &NewAccount { reference: &reference, kind, currency, name: "bench", bound },
                    )
                })
                .collect::<Result<Vec<AccountId>, _>>()
        };
        all.extend(acts.post(&caller(), &Key::none(), open).await.unwrap());
    }
    all
}

/// Which account pays whom: far apart, so that no two neighbours share a page.
fn pair(place: usize, payee: Payee) -> (usize, usize) {
    let debit = 1 + place.wrapping_mul(7_919) % (ACCOUNTS - 1);
    let credit = match payee {
        Payee::One => 0,
        Payee::Any => 1 + (debit + 1 + place % 1_000) % (ACCOUNTS - 1),
    };
    (debit, if credit == debit { 0 } else { credit })
}

async fn book(acts: &Acts, accounts: &Arc<Vec<AccountId>>, count: usize, batch: usize, at_once: usize, payee: Payee) {
    let mut running = Vec::new();
    for worker in 0..at_once {
        let (acts, accounts) = (acts.clone(), Arc::clone(accounts));
        running.push(tokio::spawn(async move {
            for first in (worker * batch..count).step_by(at_once * batch) {
                let accounts = Arc::clone(&accounts);
                let deed = move |cx: &mut Cx<'_>| {
                    let amount = Money::new(100, Currency::parse("LSL").unwrap());
                    let transfers: Vec<Transfer> = (first..(first + batch).min(count))
                        .map(|place| {
                            let (debit, credit) = pair(place, payee);
                            let step = Step::Move { debit: accounts[debit], credit: accounts[credit], amount };
                            Transfer { id: cx.id(), step, reference: format!("b{place:07}") }
                        })
                        .collect();
                    ledger::transfers(cx, &transfers).map(|_| ())
                };
                acts.post(&caller(), &Key::none(), deed).await.unwrap();
            }
        }));
    }
    for one in running {
        one.await.unwrap();
    }
}

const INSERT: &str = "INSERT INTO payments_transfer (seq, id, step, debit, credit, amount_minor, of_seq, debit_before, \
                      credit_before, reference, expires_at) VALUES (?, ?, 1, ?, ?, 100, NULL, ?, ?, ?, NULL)";
const BALANCE: &str = "INSERT INTO payments_balance (account, debits_posted, credits_posted, debits_pending, \
                       credits_pending, last_seq, transfers) VALUES (?, ?, ?, 0, 0, ?, 1) ON CONFLICT (account) DO UPDATE \
                       SET debits_posted = excluded.debits_posted, credits_posted = excluded.credits_posted, \
                       last_seq = excluded.last_seq";

/// An identifier as the ledger's are: ascending with time.
fn id(place: usize) -> [u8; 16] {
    let mut id = [0x7a; 16];
    id[..8].copy_from_slice(&(place as u64).to_be_bytes());
    id
}

fn raw_sqlite(path: &str, batch: usize) -> (Took, usize) {
    let mut connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;")
        .unwrap();
    let took = measure(|| {
        for first in (0..TRANSFERS).step_by(batch) {
            let tx = connection.transaction().unwrap();
            let mut touched: BTreeMap<i64, i64> = BTreeMap::new();
            {
                let mut insert = tx.prepare_cached(INSERT).unwrap();
                for place in first..(first + batch).min(TRANSFERS) {
                    let ((debit, credit), seq) = (pair(place, Payee::Any), place as i64 + 1);
                    insert
                        .execute((seq, &id(place)[..], debit as i64, credit as i64, seq, seq, format!("b{place:07}")))
                        .unwrap();
                    touched.insert(debit as i64, seq);
                    touched.insert(credit as i64, seq);
                }
                let mut balance = tx.prepare_cached(BALANCE).unwrap();
                for (account, seq) in touched {
                    balance.execute((account, seq, seq, seq)).unwrap();
                }
            }
            tx.commit().unwrap();
        }
    });
    (took, TRANSFERS)
}

const INSERTS: &str = "INSERT INTO payments_transfer (seq, id, step, debit, credit, amount_minor, debit_before, \
                       credit_before, reference) SELECT seq, id, 1, debit, credit, 100, seq, seq, reference \
                       FROM unnest($1::int8[], $2::bytea[], $3::int8[], $4::int8[], $5::text[]) \
                       AS given (seq, id, debit, credit, reference)";
const BALANCES: &str = "INSERT INTO payments_balance (account, debits_posted, credits_posted, debits_pending, \
                        credits_pending, last_seq, transfers) SELECT account, seq, seq, 0, 0, seq, 1 \
                        FROM unnest($1::int8[], $2::int8[]) AS given (account, seq) ON CONFLICT (account) DO UPDATE \
                        SET debits_posted = excluded.debits_posted, credits_posted = excluded.credits_posted, \
                        last_seq = excluded.last_seq";

fn raw_postgres(url: &str, batch: usize) -> (Took, usize) {
    let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
    let [inserts, balances] = [INSERTS, BALANCES].map(|sql| client.prepare(sql).unwrap());
    let took = measure(|| {
        for first in (0..TRANSFERS).step_by(batch) {
            let mut tx = client.transaction().unwrap();
            let places: Vec<usize> = (first..(first + batch).min(TRANSFERS)).collect();
            let seqs: Vec<i64> = places.iter().map(|place| *place as i64 + 1).collect();
            let ids: Vec<Vec<u8>> = places.iter().map(|place| id(*place).to_vec()).collect();
            let pairs: Vec<(usize, usize)> = places.iter().map(|place| pair(*place, Payee::Any)).collect();
            let debits: Vec<i64> = pairs.iter().map(|two| two.0 as i64).collect();
            let credits: Vec<i64> = pairs.iter().map(|two| two.1 as i64).collect();
            let references: Vec<String> = places.iter().map(|place| format!("b{place:07}")).collect();
            tx.execute(&inserts, &[&seqs, &ids, &debits, &credits, &references]).unwrap();
            let mut touched: BTreeMap<i64, i64> = BTreeMap::new();
            for ((debit, credit), seq) in debits.iter().zip(&credits).zip(&seqs) {
                touched.insert(*debit, *seq);
                touched.insert(*credit, *seq);
            }
            let (accounts, seqs): (Vec<i64>, Vec<i64>) = touched.into_iter().unzip();
            tx.execute(&balances, &[&accounts, &seqs]).unwrap();
            tx.commit().unwrap();
        }
    });
    (took, TRANSFERS)
}
