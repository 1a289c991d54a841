//! Searching: spellings meet, former names find, pages are stable.

use std::collections::BTreeSet;

use registers::{Change, Found, Kind, Query, Record};
use serde_json::{Value, json};
use spine::Fault;

use crate::world::{Bench, object, on_each, per, person};

async fn search(bench: &Bench, query: Query) -> Result<Found, Fault> {
    let registers = bench.registers.clone();
    bench.write(move |cx| registers::search(cx, &registers, &query)).await
}

async fn titles(bench: &Bench, words: &str) -> Vec<String> {
    let found = search(bench, Query::new("civil-person").words(words)).await.unwrap();
    let register = bench.registers.get("civil-person").unwrap();
    found.records.iter().map(|record| register.title(record.fields())).collect()
}

#[test]
fn spellings_of_lesotho_and_south_africa_meet() {
    on_each(async |bench| {
        let people = [
            ("Tšepo", "Letsie"),
            ("Tshepo", "Mofokeng"),
            ("Lineo", "Khotso"),
            ("Dineo", "Kgotso"),
            ("’Mathabo", "Tšita"),
        ];
        bench
            .enrol_many(
                "civil-person",
                people.iter().enumerate().map(|(number, (given, family))| person(number, given, family)).collect(),
            )
            .await;
        for (words, expected) in [
            ("Tshepo", vec!["Tšepo Letsie", "Tshepo Mofokeng"]),
            ("Tšepo", vec!["Tšepo Letsie", "Tshepo Mofokeng"]),
            ("tsepo letsie", vec!["Tšepo Letsie"]),
            ("LETSIE, tshepo", vec!["Tšepo Letsie"]),
            ("Dineo", vec!["Lineo Khotso", "Dineo Kgotso"]),
            ("Lineo Kgotso", vec!["Lineo Khotso", "Dineo Kgotso"]),
            ("Mmathabo", vec!["’Mathabo Tšita"]),
            ("lin kho", vec!["Lineo Khotso", "Dineo Kgotso"]),
            ("000000000003", vec!["Dineo Kgotso"]),
            ("Lineo Letsie", vec![]),
            ("%", vec!["Tšepo Letsie", "Tshepo Mofokeng", "Lineo Khotso", "Dineo Kgotso", "’Mathabo Tšita"]),
        ] {
            assert_eq!(titles(&bench, words).await, expected, "{words}");
        }
    });
}

#[test]
fn a_former_name_finds_and_a_former_telephone_does_not() {
    on_each(async |bench| {
        let mut fields = person(1, "Lineo", "Mokoena");
        fields.extend(object(json!({"phone": "+26658000001"})));
        bench.enrol("civil-person", Value::Object(fields)).await.unwrap();
        let changed = object(json!({"family": "Letsie", "phone": "+26658000002"}));
        let command = Change::new(Kind::Change, "civil-person", "000000000001", 1, changed);
        let registers = bench.registers.clone();
        bench.write(move |cx| registers::change(cx, &registers, &command)).await.unwrap();
        assert_eq!(titles(&bench, "Mokoena").await, ["Lineo Letsie"]);
        assert_eq!(titles(&bench, "Letsie").await, ["Lineo Letsie"]);
        for (phone, count) in [("+26658000001", 0), ("+26658000002", 1)] {
            let found = search(&bench, Query::new("civil-person").with("phone", phone)).await.unwrap();
            assert_eq!(found.records.len(), count);
        }
        let found = search(&bench, Query::new("civil-person").words("lineo").with("person", per(1))).await.unwrap();
        assert_eq!(found.records.len(), 1);
        assert_eq!(found.records[0].text("sex"), "", "only the columns of the list");
        let fault = search(&bench, Query::new("civil-person").with("village", "Roma")).await.unwrap_err();
        assert_eq!(fault.code(), "registers.search.field");
        // A correction takes what was wrong out of what finds.
        let corrected = object(json!({"given": "Limpho"}));
        let command = Change::new(Kind::Correct, "civil-person", "000000000001", 2, corrected);
        let registers = bench.registers.clone();
        bench.write(move |cx| registers::change(cx, &registers, &command)).await.unwrap();
        assert_eq!(titles(&bench, "Lineo").await, Vec::<String>::new());
        assert_eq!(titles(&bench, "Dimpho Mokoena").await, ["Limpho Letsie"]);
    });
}

/// Every page of a search, with something enrolled between them.
async fn all(bench: &Bench, query: Query, limit: usize, meanwhile: impl AsyncFn(usize)) -> Vec<Record> {
    let (mut records, mut after, mut page) = (Vec::new(), None, 0);
    loop {
        let found = search(bench, query.clone().page(after, limit)).await.unwrap();
        assert!(found.records.len() <= limit);
        records.extend(found.records);
        after = found.next;
        if after.is_none() {
            return records;
        }
        meanwhile(page).await;
        page += 1;
    }
}

#[test]
fn paging_is_stable_while_others_enrol() {
    on_each(async |bench| {
        let given = ["Mosa", "Mohau", "Thabo", "Lineo"];
        let people: Vec<_> =
            (0..140).map(|n| person(n, given[n % 4], ["Mokoena", "Molapo", "Letsie"][n % 3])).collect();
        bench.enrol_many("civil-person", people).await;
        let expect = |fits: &dyn Fn(usize) -> bool| {
            (0..140).filter(|n| fits(*n)).map(|n| format!("{n:012}")).collect::<BTreeSet<_>>()
        };
        let queries = [
            (Query::new("civil-person"), expect(&|_| true)),
            (Query::new("civil-person").words("mo"), expect(&|n| n % 4 < 2 || n % 3 < 2)),
            (Query::new("civil-person").words("mo mok"), expect(&|n| n % 3 == 0)),
            (Query::new("civil-person").words("letsie lineo"), expect(&|n| n % 3 == 2 && n % 4 == 3)),
        ];
        for (number, (query, expected)) in queries.into_iter().enumerate() {
            for limit in [1, 7, 50, 200] {
                let records = all(&bench, query.clone(), limit, async |page| {
                    // One that belongs on a page that was given already, and is in nobody's way.
                    let key = 100_000 + number * 10_000 + limit * 20 + page;
                    if page < 3 {
                        bench.enrol_many("civil-person", vec![person(key, "Aa", "Aa")]).await;
                    }
                })
                .await;
                let keys: Vec<_> = records
                    .iter()
                    .map(|record| record.key().to_owned())
                    .filter(|key| key < &"000000099999".to_owned())
                    .collect();
                let unique: BTreeSet<_> = keys.iter().cloned().collect();
                assert_eq!(keys.len(), unique.len(), "nobody twice");
                assert_eq!(unique, expected, "{number} by {limit}");
            }
        }
    });
}

#[test]
fn filters_page_too_and_a_lost_cursor_is_told() {
    on_each(async |bench| {
        let places = (0..90).map(|n| {
            object(json!({"code": format!("P{n:03}"), "name": "Roma", "kind": if n % 3 == 0 { "town" } else { "village" }}))
        });
        bench.enrol_many("place", places.collect()).await;
        for query in [Query::new("place").with("kind", "Town"), Query::new("place").with("kind", "town").words("roma")]
        {
            assert_eq!(all(&bench, query, 7, async |_| {}).await.len(), 30);
        }
        for cursor in ["x", "rec_00000000000000000000000000-0", "rec_00000000000000000000000000"] {
            let query = Query::new("place").words("roma").page(Some(cursor.to_owned()), 5);
            assert_eq!(search(&bench, query).await.unwrap_err().code(), "registers.cursor.lost");
        }
        let long = Query::new("place").words("x".repeat(201));
        assert_eq!(search(&bench, long).await.unwrap_err().code(), "registers.search.long");
    });
}

#[test]
fn a_sealed_record_is_kept_and_found_by_nobody() {
    on_each(async |bench| {
        let stored = bench.enrol("civil-person", person(1, "Lineo", "Letsie").into()).await.unwrap();
        let key = format!("{:012}", 1);
        let seal = async |sealed: bool| {
            let (registers, key) = (bench.registers.clone(), key.clone());
            bench.write(move |cx| registers::seal(cx, &registers, "civil-person", &key, sealed, "court-order")).await
        };
        let found = async || {
            let (registers, key) = (bench.registers.clone(), key.clone());
            bench
                .read(move |cx| {
                    let by_key = registers::find(cx, &registers, "civil-person", &key)?.is_some();
                    let many = registers::find_many(cx, &registers, "civil-person", &[key.as_str()])?.len();
                    let by_person = registers::find_by(cx, &registers, "civil-person", "person", &per(1))?.is_some();
                    Ok((by_key, many, by_person))
                })
                .await
                .unwrap()
        };
        let searched = async |words: &str| {
            let (registers, query) = (bench.registers.clone(), Query::new("civil-person").words(words));
            bench.write(move |cx| registers::search(cx, &registers, &query)).await.unwrap().records.len()
        };
        assert_eq!(found().await, (true, 1, true));
        assert_eq!(seal(true).await.unwrap(), registers::Stored { id: stored.id, revision: 2 });
        assert_eq!(found().await, (false, 0, false));
        assert_eq!((searched("Dineo").await, searched(&key).await), (0, 0));
        assert_eq!(seal(true).await.unwrap_err().code(), "registers.change.same");
        let kept = {
            let (registers, key) = (bench.registers.clone(), key.clone());
            bench.read(move |cx| registers::find_record(cx, &registers, "civil-person", &key)).await.unwrap().unwrap()
        };
        assert!(kept.is_sealed() && kept.text("given") == "Lineo");
        seal(false).await.unwrap();
        assert_eq!((found().await, searched("Dineo").await), ((true, 1, true), 1));
    });
}
