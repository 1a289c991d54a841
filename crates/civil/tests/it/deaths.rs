//! Deaths: what ends with them in the same commit, and taking one back.

use civil::{Tie, national_id};
use serde_json::json;
use spine::Cx;

use crate::world::{clerk, death, declaration, fields_of, on_each, registrar};

#[test]
fn a_death_ends_what_it_must_and_can_be_taken_back() {
    on_each(async |bench| {
        let (husband, his) = bench.person(1, "Thabo Letsie", "1950-03-01", "male").await;
        let (wife, hers) = bench.person(2, "Palesa Letsie", "1955-03-01", "female").await;
        let wedding = json!({"spouse_one": "T", "spouse_two": "P", "married": "2026-11-01", "district": "leribe"});
        let parties = [("spouse_one", his.as_str()), ("spouse_two", hers.as_str())];
        bench.enter(declaration("marriage", "civil", "marriage-certificate", wedding, &parties)).await;
        bench.heard();
        let entered = bench.enter(death("2026-11-20", &his)).await;
        assert_eq!(bench.heard(), [format!("died {husband} 2026-11-20")]);
        assert_eq!(bench.record(&husband).await.text("died"), "2026-11-20");
        let spouses = async |day: &str| {
            let (person, day) = (wife.clone(), day.parse().unwrap());
            let ties = bench
                .read(move |cx| {
                    let now = cx.now();
                    civil::family(cx, &person, day, now)
                })
                .await;
            ties.others.iter().filter(|link| link.tie == Tie::Spouse).count()
        };
        assert_eq!((spouses("2026-11-20").await, spouses("2026-11-21").await), (1, 0));
        // He cannot die, marry or be a witness of anything again.
        let again = bench.declare(&clerk(), death("2026-11-21", &his)).await.unwrap_err();
        assert!(fields_of(&again).contains(&"deceased"), "{again}");

        let (civil, number) = (bench.civil.clone(), entered.entry.clone());
        let order = move |cx: &mut Cx<'_>| civil::reinstate(cx, &civil, &number, "CIV/12/2026");
        bench.clock.step(60);
        bench.write(&registrar(), order).await.unwrap();
        assert_eq!(bench.heard(), [format!("reinstated {husband}")]);
        let record = bench.record(&husband).await;
        assert_eq!(record.text("died"), "");
        assert_eq!(spouses("2026-11-21").await, 1);
        let (civil, number) = (bench.civil.clone(), entered.entry.clone());
        let twice = bench.write(&registrar(), move |cx| civil::reinstate(cx, &civil, &number, "CIV/12/2026")).await;
        assert_eq!(twice.unwrap_err().code(), "civil.event.elsewhere");
        let (civil, number) = (bench.civil.clone(), entered.entry);
        let bare = bench.write(&registrar(), move |cx| civil::reinstate(cx, &civil, &number, " ")).await;
        assert_eq!(bare.unwrap_err().code(), "civil.order.missing");
        // What was known meanwhile is known for ever.
        let history = bench
            .read(move |cx| {
                let rows = cx.tx().query("SELECT known_from, valid_to FROM civil_link ORDER BY id", &[])?;
                Ok(rows.len())
            })
            .await;
        assert_eq!(history, 6, "two links made, ended, and made again");
    });
}

#[test]
fn somebody_without_a_number_dies_too() {
    on_each(async |bench| {
        let entered = bench.enter(death("2026-11-20", "")).await;
        assert_eq!(entered.person, None);
        assert!(bench.heard().is_empty());
    });
}

#[test]
fn a_consequence_that_fails_registers_nothing() {
    on_each(async |bench| {
        let (person, number) = bench.person(1, "Thabo Letsie", "1950-03-01", "male").await;
        let failing: civil::Consequence = std::sync::Arc::new(|_, _| Err(spine::Fault::unavailable("test.not.now")));
        let civil = civil::Civil::new(
            bench.acts.clone(),
            crate::world::registers(),
            civil::Kinds::parse(&crate::world::read("civil.toml"), &crate::world::registers()).unwrap(),
            vec![failing],
        );
        let id = bench.declare(&clerk(), death("2026-11-20", &national_id::shown(&number))).await.unwrap();
        bench.validate(&registrar(), id).await.unwrap();
        let refused = bench.write(&registrar(), move |cx| civil::register(cx, &civil, id)).await;
        assert_eq!(refused.unwrap_err().code(), "test.not.now");
        assert_eq!(bench.record(&person).await.text("died"), "");
        bench.register(&registrar(), id).await.unwrap();
        assert_eq!(bench.record(&person).await.text("died"), "2026-11-20");
    });
}
