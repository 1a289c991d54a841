//! An ID taken out of use and into use again: what ends, what organisations are told, who may.

use identity::{deactivate, reactivate};
use serde_json::json;
use spine::FaultKind;

use super::{act, fields_of, in_the_country, operator, person, supervisor};
use crate::browser::signed_in;
use crate::verifying::{batch, check, known, token};
use crate::world::LINEO;

#[test]
fn out_of_use_everything_ends_and_organisations_are_told_no() {
    in_the_country(async |world| {
        known(&world).await;
        let payroll = token(&world, "payroll").await;
        let question =
            json!({"number": civil::national_id::of_serial(77), "purpose": "payroll", "compare": {"given": "Lineo"}});
        assert_eq!(check(&world, &payroll, question.clone()).await.json()["verdict"], "yes");
        let mut browser = signed_in(&world).await;
        for words in ["", &"x".repeat(301)] {
            let words = words.to_owned();
            let fault = act(&world, &supervisor(), move |cx, _| deactivate(cx, LINEO, &words)).await.unwrap_err();
            assert_eq!(fields_of(&fault), ["words"]);
        }
        act(&world, &supervisor(), |cx, _| deactivate(cx, LINEO, "Held by somebody else")).await.unwrap();
        assert!(browser.me().await.starts_with("Anonymous"));
        let told = check(&world, &payroll, question.clone()).await.json();
        assert_eq!((&told["verdict"], &told["reasons"]), (&json!("no"), &json!(["inactive"])));
        let line = json!({"number": civil::national_id::of_serial(77), "compare": {"given": "Lineo"}}).to_string();
        assert!(batch(&world, &payroll, &line).await.contains("inactive"));
        let twice = act(&world, &supervisor(), |cx, _| deactivate(cx, LINEO, "again")).await.unwrap_err();
        assert_eq!(twice.code(), "identity.standing.inactive");
        act(&world, &supervisor(), |cx, _| reactivate(cx, LINEO, "It was she")).await.unwrap();
        assert_eq!(check(&world, &payroll, question).await.json()["verdict"], "yes");
        assert!(signed_in(&world).await.me().await.starts_with("Person"));
        let twice = act(&world, &supervisor(), |cx, _| reactivate(cx, LINEO, "again")).await.unwrap_err();
        assert_eq!(twice.code(), "identity.standing.active");
    });
}

#[test]
fn only_a_supervisor_and_not_on_herself() {
    in_the_country(async |world| {
        for who in [operator(), person(LINEO)] {
            let fault = act(&world, &who, |cx, _| deactivate(cx, LINEO, "why")).await.unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Forbidden);
        }
        let own = supervisor();
        let whom = own.actor.id.clone();
        let fault = act(&world, &own, move |cx, _| deactivate(cx, &whom, "why")).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Forbidden);
    });
}
