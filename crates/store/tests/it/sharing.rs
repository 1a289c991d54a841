//! Units of work share transactions, and what goes wrong in one is never another's.
//!
//! **Invariant:** whoever was answered has all of its rows, whoever was refused has none, whatever the others did.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use spine::{Database, Fault, Tx, Value};
use store::{Store, StoreConfig};
use testkit::TestDatabase;

use crate::behaviour::join_all;
use crate::{INSERT, insert, on_each, read, write, write_in};

const SEEDS: u64 = 6;
const UNITS: u64 = 120;

/// What a unit does, drawn from a seed.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Turn {
    Good,
    OnlyAppends,
    Refuses,
    FaultsAfterAppending,
    FaultsAfterWriting,
    WritesATakenKey,
    ChangesToATakenKey,
    IgnoresATakenKey,
    AppendsATakenKey,
    AppendsWhatBreaksARule,
    Panics,
}

const TURNS: [Turn; 14] = [
    Turn::Good,
    Turn::Good,
    Turn::Good,
    Turn::OnlyAppends,
    Turn::OnlyAppends,
    Turn::Refuses,
    Turn::FaultsAfterAppending,
    Turn::FaultsAfterWriting,
    Turn::WritesATakenKey,
    Turn::ChangesToATakenKey,
    Turn::IgnoresATakenKey,
    Turn::AppendsATakenKey,
    Turn::AppendsWhatBreaksARule,
    Turn::Panics,
];

/// A good mixture of the bits of a number (splitmix64).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn append(tx: &mut dyn Tx, id: String, n: i64) {
    tx.append(INSERT, vec![id.into(), n.into(), Value::Null, vec![1, 2].into()]);
}

fn change(tx: &mut dyn Tx, id: &str) -> Result<(), Fault> {
    Ok(tx.change(INSERT, &[id.into(), 1.into(), Value::Null, Value::Null])?)
}

/// Changes a row that was asked for ahead: whoever asks sees what stands, not what stood.
fn written(tx: &mut dyn Tx, id: &str) -> Result<(), Fault> {
    const HOW_MANY: &str = "SELECT COUNT(*) FROM it_thing WHERE id = $1";
    let key = [id.into()];
    let count = |tx: &mut dyn Tx| tx.query(HOW_MANY, &key)?[0].get::<i64>(0);
    tx.ask_ahead(HOW_MANY, &key)?;
    let before = count(tx)?;
    tx.ask_ahead(HOW_MANY, &key)?;
    change(tx, id)?;
    assert_eq!((before, count(tx)?), (0, 1));
    Ok(())
}

/// Its rows are called `seed.unit.…`.
fn unit(tx: &mut dyn Tx, name: &str, turn: Turn) -> Result<(), Fault> {
    if turn == Turn::Refuses {
        return Err(Fault::invalid("it.refused"));
    }
    append(tx, format!("{name}.a"), 1);
    if turn == Turn::FaultsAfterAppending {
        return Err(Fault::invalid("it.appended"));
    }
    if turn != Turn::OnlyAppends {
        written(tx, &format!("{name}.w"))?;
    }
    append(tx, format!("{name}.b"), 2);
    match turn {
        Turn::FaultsAfterWriting => return Err(Fault::invalid("it.written")),
        Turn::WritesATakenKey => drop(insert(tx, "taken", 1)?),
        Turn::ChangesToATakenKey => change(tx, "taken")?,
        Turn::IgnoresATakenKey => {
            let ignored = change(tx, "taken").and_then(|()| change(tx, &format!("{name}.c")));
            drop(ignored);
        }
        Turn::AppendsATakenKey => append(tx, "taken".to_owned(), 1),
        Turn::AppendsWhatBreaksARule => append(tx, format!("{name}.c"), -1),
        Turn::Panics => panic!("on purpose"),
        _ => {}
    }
    Ok(())
}

async fn names(database: &TestDatabase) -> BTreeSet<String> {
    let all = |tx: &mut dyn Tx| {
        let rows = tx.query("SELECT id FROM it_thing", &[])?;
        Ok(rows.iter().map(|row| row.get::<String>(0)).collect::<Result<BTreeSet<_>, _>>()?)
    };
    read(database, all).await.unwrap()
}

#[test]
fn whoever_was_answered_has_all_rows_and_whoever_was_refused_has_none() {
    on_each(async |database| {
        write(database, |tx| insert(tx, "taken", 1)).await.unwrap();
        for seed in 0..SEEDS {
            let drawn = |number: u64| TURNS[usize::try_from(mixed(seed * UNITS + number) % 14).unwrap()];
            // One seed has only good ones, so that the short way is walked too.
            let turns: Vec<Turn> = (0..UNITS).map(|n| if seed == 0 { Turn::Good } else { drawn(n) }).collect();
            let units = turns.iter().enumerate().map(|(number, turn)| {
                let (name, turn) = (format!("{seed}.{number}"), *turn);
                write(database, move |tx| unit(tx, &name, turn))
            });
            let answers = join_all(units.collect()).await;
            let kept = names(database).await;
            for (number, (turn, answer)) in turns.iter().zip(&answers).enumerate() {
                let has = |part: &str| kept.contains(&format!("{seed}.{number}.{part}"));
                let wanted = match turn {
                    Turn::Good => [true, true, true, false],
                    Turn::OnlyAppends => [true, true, false, false],
                    _ => [false; 4],
                };
                assert_eq!([has("a"), has("b"), has("w"), has("c")], wanted, "{turn:?}: {answer:?}");
                let code = answer.as_ref().map_or_else(Fault::code, |()| "");
                let expected = match turn {
                    Turn::Good | Turn::OnlyAppends => "",
                    Turn::Refuses => "it.refused",
                    Turn::FaultsAfterAppending => "it.appended",
                    Turn::FaultsAfterWriting => "it.written",
                    Turn::WritesATakenKey | Turn::ChangesToATakenKey | Turn::AppendsATakenKey => "store.row.duplicate",
                    Turn::IgnoresATakenKey => "store.statement.ignored",
                    Turn::AppendsWhatBreaksARule => "store.database.failed",
                    Turn::Panics => "store.work.panicked",
                };
                assert_eq!(code, expected, "{turn:?}");
            }
        }
    });
}

#[test]
fn two_that_append_one_key_are_one_and_a_fault() {
    on_each(async |database| {
        let twins = (0..40).map(|number| {
            let id = format!("twin{}", number / 2);
            write(database, move |tx| {
                append(tx, id.clone(), 1);
                Ok(())
            })
        });
        let answers = join_all(twins.collect()).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 20);
        assert_eq!(names(database).await.len(), 20);
    });
}

#[test]
fn appended_values_come_back_as_they_went() {
    on_each(async |database| {
        let many = (0..60).map(|number: i64| {
            write(database, move |tx| {
                let note = if number % 2 == 0 { Value::Null } else { "Tšepiso, \"{NULL}\" \\".into() };
                let data = if number % 3 == 0 { Value::Null } else { vec![0, 255, 0].into() };
                tx.append(INSERT, vec![format!("{number:02}").into(), number.into(), note, data]);
                Ok(())
            })
        });
        assert!(join_all(many.collect()).await.into_iter().all(|answer| answer.is_ok()));
        let rows = read(database, |tx| Ok(tx.query("SELECT n, note, data FROM it_thing ORDER BY id", &[])?)).await;
        for (number, row) in (0..).zip(rows.unwrap()) {
            assert_eq!(row.get::<i64>(0).unwrap(), number);
            let note = (number % 2 != 0).then(|| "Tšepiso, \"{NULL}\" \\".to_owned());
            assert_eq!(row.get::<Option<String>>(1).unwrap(), note);
            assert_eq!(row.get::<Option<Vec<u8>>>(2).unwrap(), (number % 3 != 0).then(|| vec![0, 255, 0]));
        }
    });
}

#[test]
fn connections_that_are_cut_and_transactions_that_lose_leave_all_or_nothing() {
    let Some(url) = testkit::postgres_url() else { return };
    for database in testkit::databases(crate::TABLES).into_iter().filter(|one| one.url.starts_with("postgres")) {
        testkit::block_on(async {
            write(&database, |tx| insert(tx, "hot", 0)).await.unwrap();
            let second = Store::open(&StoreConfig::for_url(&database.url).unwrap()).unwrap();
            let backends: Arc<Mutex<BTreeSet<i64>>> = Arc::default();
            let units = (0..400).map(|number| {
                let (name, backends) = (format!("0.{number}"), Arc::clone(&backends));
                let store = if number % 2 == 0 { &database.store } else { &second };
                write_in(store, move |tx| {
                    let backend = tx.query("SELECT CAST(pg_backend_pid() AS BIGINT)", &[])?[0].get(0)?;
                    backends.lock().unwrap().insert(backend);
                    // Everybody reads and writes one row: all but one of those at once lose.
                    if number % 8 == 0 {
                        let n: i64 = tx.query("SELECT n FROM it_thing WHERE id = 'hot'", &[])?[0].get(0)?;
                        tx.execute("UPDATE it_thing SET n = $1 WHERE id = 'hot'", &[(n + 1).into()])?;
                    }
                    unit(tx, &name, Turn::Good)
                })
            });
            let admin = Store::open(&StoreConfig::for_url(&url).unwrap()).unwrap();
            let cutter = tokio::spawn({
                let backends = Arc::clone(&backends);
                async move {
                    for _ in 0..12 {
                        tokio::time::sleep(std::time::Duration::from_millis(15)).await;
                        let Some(one) = backends.lock().unwrap().pop_first() else { continue };
                        let cut = "SELECT CAST(pg_terminate_backend(CAST($1 AS INTEGER)) AS INTEGER)";
                        drop(admin.write(Box::new(move |tx| Ok(Box::new(tx.query(cut, &[one.into()])?.len())))).await);
                    }
                }
            });
            let answers = join_all(units.collect()).await;
            cutter.await.unwrap();
            let (kept, mut counted) = (names(&database).await, 0);
            for (number, answer) in answers.iter().enumerate() {
                let has = ["a", "b", "w"].map(|part| kept.contains(&format!("0.{number}.{part}")));
                let whole = match answer {
                    Ok(()) => Some(true),
                    // Nobody knows, but it is all or nothing.
                    Err(fault) if fault.code() == "store.commit.unknown" => None,
                    Err(_) => Some(false),
                };
                assert!(has == [true; 3] || has == [false; 3], "{has:?}");
                assert!(whole.is_none_or(|whole| has[0] == whole), "{answer:?}");
                if number % 8 == 0 && has[0] {
                    counted += 1;
                }
            }
            let hot = |tx: &mut dyn Tx| Ok(tx.query("SELECT n FROM it_thing WHERE id = 'hot'", &[])?[0].get::<i64>(0)?);
            assert_eq!(read(&database, hot).await.unwrap(), counted);
            assert!(answers.iter().filter(|answer| answer.is_ok()).count() > 200);
        });
    }
}
