//! What may be the same: found under both spellings, judged by a person, never made twice.

use civil::{State, Verdict};
use serde_json::json;

use crate::world::{birth, clerk, declaration, on_each, registrar};

#[test]
fn a_child_told_twice_is_found_under_another_spelling() {
    on_each(async |bench| {
        let (_, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        bench.enter(birth("Lineo", "2026-11-20", &number)).await;
        let id = bench.declare(&clerk(), birth("Dineo", "2026-11-21", &number)).await.unwrap();
        let examined = bench.look(id).await;
        assert_eq!(examined.likenesses.len(), 1, "{:?}", examined.likenesses);
        let one = examined.likenesses[0].clone();
        assert_eq!((one.rule.as_str(), one.score, one.verdict), ("same_mother", 100, Verdict::Open));
        assert_eq!(bench.validate(&registrar(), id).await.unwrap_err().code(), "civil.likeness.open");
        let (civil, own) = (bench.civil.clone(), one.clone());
        let same = move |cx: &mut spine::Cx<'_>| civil::judge(cx, &civil, id, (&own.register, &own.candidate), true);
        bench.write(&registrar(), same).await.unwrap();
        let event = bench.look(id).await.event;
        assert_eq!((event.state, event.words.as_deref()), (State::Refused, Some("duplicate")));
        let (civil, own) = (bench.civil.clone(), one);
        let again = move |cx: &mut spine::Cx<'_>| civil::judge(cx, &civil, id, (&own.register, &own.candidate), false);
        assert!(bench.write(&registrar(), again).await.is_err());
    });
}

#[test]
fn twins_are_judged_to_be_others_and_entered() {
    on_each(async |bench| {
        let (_, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let first = bench.enter(birth("Lineo", "2026-11-20", &number)).await;
        let id = bench.declare(&clerk(), birth("Palesa", "2026-11-20", &number)).await.unwrap();
        for one in bench.look(id).await.likenesses {
            let civil = bench.civil.clone();
            let other =
                move |cx: &mut spine::Cx<'_>| civil::judge(cx, &civil, id, (&one.register, &one.candidate), false);
            bench.write(&registrar(), other).await.unwrap();
        }
        bench.validate(&registrar(), id).await.unwrap();
        let second = bench.register(&registrar(), id).await.unwrap();
        assert_ne!(first.person, second.person);
    });
}

#[test]
fn who_has_a_number_already_is_not_made_twice() {
    on_each(async |bench| {
        let (adult, _) = bench.person(7, "Tshepo Mokoena", "1980-05-04", "male").await;
        let fields =
            json!({"given": "Tšepo", "family": "Mokoena", "born": "1980-04-05", "sex": "male", "district": "leribe"});
        let id = bench.declare(&clerk(), declaration("birth", "late", "affidavit", fields, &[])).await.unwrap();
        let found = bench.look(id).await.likenesses;
        assert_eq!(found.len(), 1, "day and month changed over: {found:?}");
        assert_eq!(found[0].register, civil::REGISTER);
        let (civil, one) = (bench.civil.clone(), found[0].clone());
        let same = move |cx: &mut spine::Cx<'_>| civil::judge(cx, &civil, id, (&one.register, &one.candidate), true);
        bench.write(&registrar(), same).await.unwrap();
        bench.validate(&registrar(), id).await.unwrap();
        let entered = bench.register(&registrar(), id).await.unwrap();
        assert_eq!(entered.person.as_deref(), Some(adult.as_str()));
    });
}

#[test]
fn two_notices_of_one_birth_meet() {
    on_each(async |bench| {
        let notice = |mother: &str| civil::Notice {
            kind: "birth".to_owned(),
            fields: crate::world::object(
                json!({"given": "Lineo", "family": "Letsie", "born": "2026-11-20", "mother": mother}),
            ),
        };
        for mother in ["’Malineo Letsie", "Mmalineo Letsie"] {
            let (civil, notice) = (bench.civil.clone(), notice(mother));
            bench.write(&registrar(), move |cx| civil::notify(cx, &civil, &notice)).await.unwrap();
        }
        let waiting = bench.write(&registrar(), |cx| civil::waiting(cx, State::Notified)).await.unwrap();
        assert_eq!(waiting.len(), 2);
        let mut likenesses = bench.look(waiting[0].id).await.likenesses;
        likenesses.extend(bench.look(waiting[1].id).await.likenesses);
        assert_eq!(likenesses.len(), 1, "the later one found the earlier");
        assert_eq!(likenesses[0].rule, "same_name_and_day");
    });
}
