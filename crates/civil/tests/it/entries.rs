//! Corrections, sealing, and the statistics.

use civil::{Correction, Counted};
use serde_json::json;
use spine::Fault;

use crate::world::{Bench, birth, clerk, death, object, on_each, registrar};

async fn correct(bench: &Bench, entry: &str, fields: serde_json::Value, order: Option<&str>) -> Result<(), Fault> {
    let wish = Correction {
        kind: "birth".to_owned(),
        entry: entry.to_owned(),
        fields: object(fields),
        order: order.map(str::to_owned),
        reason: "misheard".to_owned(),
    };
    let civil = bench.civil.clone();
    bench.write(&registrar(), move |cx| civil::correct(cx, &civil, &wish)).await
}

#[test]
fn a_correction_reaches_the_population_and_a_court_guards_what_it_must() {
    on_each(async |bench| {
        let (_, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let entered = bench.enter(birth("Lineo", "2026-11-20", &number)).await;
        let child = entered.person.unwrap();
        correct(&bench, &entered.entry, json!({"given": "Lineo Mpho"}), None).await.unwrap();
        assert_eq!(bench.record(&child).await.text("given"), "Lineo Mpho");
        let refused = correct(&bench, &entered.entry, json!({"born": "2026-11-19"}), None).await.unwrap_err();
        assert_eq!(refused.code(), "civil.order.missing");
        assert_eq!(bench.record(&child).await.text("born"), "2026-11-20");
        let unknown = correct(&bench, "B000000000", json!({"given": "X"}), None).await.unwrap_err();
        assert_eq!(unknown.code(), "civil.entry.unknown");
        let (civil, entry) = (bench.civil.clone(), entered.entry.clone());
        let seal = move |cx: &mut spine::Cx<'_>| civil::seal(cx, &civil, ("birth", &entry), true, "CIV/3");
        bench.write(&registrar(), seal).await.unwrap();
        let (civil, entry) = (bench.civil.clone(), entered.entry);
        let clerk_opens = move |cx: &mut spine::Cx<'_>| civil::seal(cx, &civil, ("birth", &entry), false, "CIV/3");
        assert!(bench.write(&clerk(), clerk_opens).await.is_err());
    });
}

#[test]
fn statistics_count_what_was_registered() {
    on_each(async |bench| {
        let (_, mother) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let (_, old) = bench.person(2, "Thabo Letsie", "1950-03-01", "male").await;
        bench.enter(birth("Lineo", "2026-11-20", &mother)).await;
        let entered = bench.enter(death("2026-11-19", &old)).await;
        let tables = async |kind: &'static str, all: bool| {
            let civil = bench.civil.clone();
            bench
                .write(&registrar(), move |cx| {
                    if all { civil::tables(cx, &civil, kind, 2026) } else { civil::published(cx, &civil, kind, 2026) }
                })
                .await
                .unwrap()
        };
        let said = |tables: &[Counted], by: &str| {
            let table = tables.iter().find(|table| table.by == by).unwrap();
            table
                .counts
                .iter()
                .map(|count| format!("{}/{}={}", count.group, count.sex, count.count))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let births = tables("birth", true).await;
        assert_eq!(said(&births, "district"), "leribe/female=1");
        assert_eq!(said(&births, "age"), "25/female=1", "the mother is 27");
        assert_eq!(said(&births, "delay"), "30/female=1");
        let deaths = tables("death", true).await;
        assert_eq!((said(&deaths, "age"), said(&deaths, "cause")), ("75/male=1".to_owned(), "A15.0/male=1".to_owned()));
        assert!(tables("death", false).await.iter().all(|table| table.counts.is_empty()), "one is too few to publish");
        let civil = bench.civil.clone();
        bench.write(&registrar(), move |cx| civil::reinstate(cx, &civil, &entered.entry, "CIV/9")).await.unwrap();
        assert_eq!(said(&tables("death", true).await, "age"), "", "who lives is no death");
    });
}
