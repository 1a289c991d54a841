//! What a unit of work may rely on.

use spine::{Fault, FaultKind, TxError, Value};

use crate::{count, insert, on_each, read, write};

#[test]
fn values_come_back_as_they_went() {
    on_each(async |database| {
        let text = "Tšepiso ’Mathabo 😀 \u{0}".trim_end_matches('\u{0}').to_owned();
        let blob = vec![0_u8, 1, 255, 0];
        let (sent_text, sent_blob) = (text.clone(), blob.clone());
        write(database, move |tx| {
            Ok(tx.execute(crate::INSERT, &["a".into(), i64::MAX.into(), (&sent_text).into(), (&sent_blob).into()])?)
        })
        .await
        .unwrap();
        let row =
            read(database, |tx| Ok(tx.query("SELECT n, note, data, id FROM it_thing WHERE id = $1", &["a".into()])?))
                .await
                .unwrap();
        assert_eq!(row[0].get::<i64>(0).unwrap(), i64::MAX);
        assert_eq!(row[0].get::<Option<String>>(1).unwrap(), Some(text));
        assert_eq!(row[0].get::<Vec<u8>>(2).unwrap(), blob);
        assert!(matches!(row[0].get::<i64>(3), Err(TxError::Type(_))));
    });
}

#[test]
fn returning_upsert_exists_and_parameters_out_of_order() {
    on_each(async |database| {
        let touched = write(database, |tx| {
            insert(tx, "a", 1)?;
            let upsert = "INSERT INTO it_thing (n, id) VALUES ($2, $1) ON CONFLICT (id) DO UPDATE SET n = it_thing.n + excluded.n RETURNING n";
            Ok(tx.query(upsert, &["a".into(), 5.into()])?[0].get::<i64>(0)?)
        })
        .await
        .unwrap();
        assert_eq!(touched, 6);
        let there = read(database, |tx| {
            Ok(tx.query("SELECT EXISTS (SELECT 1 FROM it_thing WHERE n = $1)", &[6.into()])?[0].get::<bool>(0)?)
        })
        .await;
        assert!(there.unwrap());
        let sum =
            read(database, |tx| Ok(tx.query("SELECT CAST(SUM(n) AS BIGINT) FROM it_thing", &[])?[0].get::<i64>(0)?))
                .await;
        assert_eq!(sum.unwrap(), 6);
    });
}

#[test]
fn faults_are_told_apart_and_leave_nothing() {
    on_each(async |database| {
        write(database, |tx| insert(tx, "a", 1)).await.unwrap();
        let twice = write(database, |tx| {
            insert(tx, "b", 1)?;
            insert(tx, "a", 2)
        });
        let fault = twice.await.unwrap_err();
        assert_eq!((fault.kind(), fault.code()), (FaultKind::Conflict, "store.row.duplicate"));
        let fault = write(database, |tx| insert(tx, "c", -1)).await.unwrap_err();
        assert_eq!(fault.code(), "store.database.failed");
        let fault =
            write(
                database,
                |tx| Ok(tx.execute(crate::INSERT, &["d".into(), "text".into(), Value::Null, Value::Null])?),
            )
            .await
            .unwrap_err();
        assert_eq!(fault.code(), "store.database.failed");
        let fault = write(database, |tx| {
            insert(tx, "e", 1)?;
            Err::<(), _>(Fault::invalid("it.own.fault"))
        });
        assert_eq!(fault.await.unwrap_err().code(), "it.own.fault");
        assert_eq!(read(database, count).await.unwrap(), 1);
    });
}

#[test]
fn a_panic_is_one_units_fault() {
    on_each(async |database| {
        let panicking = write(database, |tx| {
            insert(tx, "p", 1)?;
            if count(tx)? > 0 {
                panic!("on purpose");
            }
            Ok(())
        });
        let others = async {
            for number in 0..20 {
                write(database, move |tx| insert(tx, &format!("o{number}"), 1)).await.unwrap();
            }
        };
        let (panicked, ()) = tokio_join(panicking, others).await;
        assert_eq!(panicked.unwrap_err().code(), "store.work.panicked");
        assert_eq!(read(database, count).await.unwrap(), 20);
    });
}

#[test]
fn reading_cannot_write() {
    on_each(async |database| {
        assert!(read(database, |tx| insert(tx, "a", 1)).await.is_err());
        assert_eq!(read(database, count).await.unwrap(), 0);
    });
}

#[test]
fn a_group_keeps_the_good_and_drops_the_bad() {
    on_each(async |database| {
        let units: Vec<_> = (0..200)
            .map(|number| {
                write(database, move |tx| {
                    insert(tx, &format!("{:03}", number / 2 * 2 + number % 4 / 3), 1)?;
                    if number % 7 == 0 { Err(Fault::invalid("it.seventh")) } else { Ok(number) }
                })
            })
            .collect();
        let mut kept = 0;
        for answer in join_all(units).await {
            match answer {
                Ok(_) => kept += 1,
                Err(fault) => assert!(["it.seventh", "store.row.duplicate"].contains(&fault.code()), "{fault}"),
            }
        }
        assert_eq!(read(database, count).await.unwrap(), kept);
        assert!(kept > 50);
    });
}

#[test]
fn contended_read_modify_write_loses_nothing() {
    on_each(async |database| {
        write(database, |tx| insert(tx, "hot", 0)).await.unwrap();
        // A second instance of the program on the same database, besides this one's own threads.
        let second = store::Store::open(&store::StoreConfig::for_url(&database.url).unwrap()).unwrap();
        let mut units = Vec::new();
        for number in 0..400 {
            let store = if number % 2 == 0 { database.store.clone() } else { second.clone() };
            units.push(async move {
                use spine::Database;
                store
                    .write(Box::new(|tx| {
                        let n: i64 = tx.query("SELECT n FROM it_thing WHERE id = $1", &["hot".into()])?[0].get(0)?;
                        tx.execute("UPDATE it_thing SET n = $2 WHERE id = $1", &["hot".into(), (n + 1).into()])?;
                        Ok(Box::new(()))
                    }))
                    .await
            });
        }
        let done = join_all(units).await.into_iter().filter(Result::is_ok).count();
        let n = read(database, |tx| {
            Ok(tx.query("SELECT n FROM it_thing WHERE id = $1", &["hot".into()])?[0].get::<i64>(0)?)
        })
        .await
        .unwrap();
        assert_eq!(n, i64::try_from(done).unwrap());
        assert_eq!(done, 400, "patience was long enough for all");
    });
}

#[test]
fn write_skew_is_prevented() {
    // Two units each see the other's row and then change their own: serialisable databases let only one order happen.
    on_each(async |database| {
        write(database, |tx| {
            insert(tx, "x", 1)?;
            insert(tx, "y", 1)
        })
        .await
        .unwrap();
        let leave = |own: &'static str| {
            write(database, move |tx| {
                let on_call: i64 = tx.query("SELECT CAST(SUM(n) AS BIGINT) FROM it_thing", &[])?[0].get(0)?;
                if on_call > 1 {
                    tx.execute("UPDATE it_thing SET n = 0 WHERE id = $1", &[own.into()])?;
                }
                Ok(())
            })
        };
        let (one, two) = tokio_join(leave("x"), leave("y")).await;
        one.unwrap();
        two.unwrap();
        let left =
            read(database, |tx| Ok(tx.query("SELECT CAST(SUM(n) AS BIGINT) FROM it_thing", &[])?[0].get::<i64>(0)?))
                .await;
        assert_eq!(left.unwrap(), 1);
    });
}

#[test]
fn pages_come_in_the_same_order_on_both() {
    on_each(async |database| {
        write(database, |tx| {
            for id in ["b", "B", "á", "a_2", "a1", "Ž", "_"] {
                insert(tx, id, 1)?;
            }
            Ok(())
        })
        .await
        .unwrap();
        let rows = read(database, |tx| {
            Ok(tx.query("SELECT id FROM it_thing WHERE (n, id) > ($1, $2) ORDER BY n, id", &[1.into(), "".into()])?)
        })
        .await
        .unwrap();
        let ids: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(ids, ["B", "_", "a1", "a_2", "b", "á", "Ž"]);
    });
}

pub(crate) async fn join_all<F: Future + Send + 'static>(futures: Vec<F>) -> Vec<F::Output>
where
    F::Output: Send + 'static,
{
    let mut handles = Vec::new();
    for future in futures {
        handles.push(tokio::spawn(future));
    }
    let mut outputs = Vec::new();
    for handle in handles {
        outputs.push(handle.await.unwrap());
    }
    outputs
}

async fn tokio_join<A: Future, B: Future>(one: A, two: B) -> (A::Output, B::Output) {
    tokio::join!(one, two)
}
