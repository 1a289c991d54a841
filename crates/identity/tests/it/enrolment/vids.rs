//! Numbers in a person's stead: made, used to sign in and to be verified by, revoked, expired, used up; and that what is
//! not good is told from nothing.

use axum::http::StatusCode;
use identity::{Rules, Vid, make_vid, own_vids, revoke_vid};
use journal::Key;
use serde_json::{Value as Json, json};
use spine::{Cx, Fault};

use crate::browser::{Answer, Browser, signed_in};
use crate::factors::{herself, officer};
use crate::verifying::{check, known, token};
use crate::world::{LINEO, LINEO_NUMBER, LINEO_PIN, World, on_each};

async fn make(world: &World, kind: &'static str) -> Result<String, Fault> {
    let (engine, before) = (world.enrolment.clone(), own(world).await);
    world.acts.write(&herself(), &Key::none(), move |cx: &mut Cx<'_>| make_vid(cx, &engine, kind)).await?;
    Ok(own(world).await.into_iter().find(|one| !before.contains(one)).unwrap().1)
}

/// What names each of Lineo's numbers, and the number.
async fn own(world: &World) -> Vec<(String, String)> {
    let engine = world.enrolment.clone();
    let look = move |cx: &mut Cx<'_>| own_vids(cx, &engine);
    let own = world.acts.read(&herself(), look).await.unwrap();
    own.into_iter().map(|vid| (vid.name, vid.shown.reveal().clone())).collect()
}

async fn named(world: &World, vid: &str) -> String {
    own(world).await.into_iter().find(|(_, shown)| shown == vid).unwrap().0
}

async fn revoke(world: &World, name: String) -> Result<(), Fault> {
    world.acts.write(&herself(), &Key::none(), move |cx: &mut Cx<'_>| revoke_vid(cx, &name)).await
}

/// What of a page tells who somebody is: all of it but the form's token.
fn bare(answer: &Answer) -> (u16, String) {
    let token = answer.hidden("_form");
    (answer.status.as_u16(), answer.body.replace(&token, ""))
}

async fn at_secret(world: &World, login: &str) -> Browser {
    let mut browser = Browser::new(world);
    browser.open("/sign-in?next=/me").await;
    browser.name("person", login).await;
    browser
}

#[test]
fn a_number_in_her_stead_signs_her_in_and_ends_when_she_takes_it_back() {
    on_each(async |world| {
        let vid = make(&world, "perpetual").await.unwrap();
        assert_eq!(vid.len(), 19);
        for _ in 0..2 {
            let mut browser = at_secret(&world, &vid).await;
            browser.secret(LINEO_PIN).await;
            let code = world.code().await;
            assert_eq!(browser.code(&code).await.body, format!("Person {LINEO} Substantial "));
        }
        let name = own(&world).await[0].0.clone();
        revoke(&world, name.clone()).await.unwrap();
        assert_eq!(revoke(&world, name).await.unwrap_err().code(), "identity.vid.missing");
        assert!(own(&world).await.is_empty());
        let refused = at_secret(&world, &vid).await.secret(LINEO_PIN).await;
        assert!(refused.body.contains("is not right"));
        let acts = world.acts_done().await;
        let digits = vid.replace(' ', "");
        assert!(!acts.iter().any(|(_, record)| record.contains(&digits)), "a number is in no act");
    });
}

#[test]
fn unknown_revoked_expired_and_used_up_are_answered_alike() {
    on_each(async |world| {
        let (revoked, expired, used) = (
            make(&world, "perpetual").await.unwrap(),
            make(&world, "temporary").await.unwrap(),
            make(&world, "one-use").await.unwrap(),
        );
        let name = named(&world, &revoked).await;
        revoke(&world, name).await.unwrap();
        let mut browser = at_secret(&world, &used).await;
        browser.secret(LINEO_PIN).await;
        let code = world.code().await;
        assert!(browser.code(&code).await.body.starts_with("Person"));
        world.clock.step(31 * 86_400);
        let mut answers = Vec::new();
        for bad in [Vid::of_serial(42).shown(), revoked, expired, used] {
            let mut browser = at_secret(&world, &bad).await;
            let mut own = Vec::new();
            for _ in 0..6 {
                own.push(bare(&browser.secret(LINEO_PIN).await));
            }
            answers.push(own);
        }
        for other in &answers[1..] {
            assert_eq!(other, &answers[0]);
        }
        assert!(answers[0][5].1.contains("too many tries"));
    });
}

#[test]
fn many_numbers_are_no_way_around_the_lock() {
    on_each(async |world| {
        let vid = make(&world, "perpetual").await.unwrap();
        let mut by_number = at_secret(&world, LINEO_NUMBER).await;
        for _ in 0..3 {
            by_number.secret("000000").await;
        }
        let mut by_vid = at_secret(&world, &vid).await;
        by_vid.secret("000000").await;
        assert!(by_vid.secret("000000").await.body.contains("too many tries"));
        assert!(by_number.secret(LINEO_PIN).await.body.contains("too many tries"));
    });
}

#[test]
fn a_one_use_number_opens_one_session_of_two_that_race() {
    on_each(async |world| {
        let vid = make(&world, "one-use").await.unwrap();
        let (mut one, mut two) = (at_secret(&world, &vid).await, at_secret(&world, &vid).await);
        one.secret(LINEO_PIN).await;
        let first = world.code().await;
        two.secret(LINEO_PIN).await;
        let second = world.code().await;
        assert!(one.code(&first).await.body.starts_with("Person"));
        assert!(two.code(&second).await.body.contains("no longer good"));
        assert!(two.me().await.starts_with("Anonymous"));
    });
}

#[test]
fn an_organisation_asks_by_it_and_never_learns_the_number() {
    on_each(async |world| {
        known(&world).await;
        let vid = make(&world, "one-use").await.unwrap();
        let payroll = token(&world, "payroll").await;
        let question = |number: &str| json!({"number": number, "purpose": "payroll", "compare": {"given": "Lineo", "family": "Mokhethi"}, "tell": ["alive"]});
        let answer = check(&world, &payroll, question(&vid)).await;
        assert_eq!(answer.json()["verdict"], "yes", "{}", answer.body);
        let digits = civil::national_id::of_serial(77);
        assert!(!answer.body.contains(&digits) && !answer.body.contains(LINEO));
        // Used up, it is as unknown as any.
        let again = check(&world, &payroll, question(&vid)).await.json();
        let never = check(&world, &payroll, question(&Vid::of_serial(9).shown())).await.json();
        assert_eq!(again, never);
        assert_eq!(again["reasons"], json!(["unknown"]));
        let no_number = check(&world, &payroll, question("1000 0000 0000 0000")).await.json();
        assert_eq!(no_number["reasons"], json!(["number"]));
    });
}

#[test]
fn a_payroll_may_hold_numbers_in_stead_among_its_lines() {
    on_each(async |world| {
        known(&world).await;
        let vid = make(&world, "one-use").await.unwrap();
        let payroll = token(&world, "payroll").await;
        let line = |reference: &str, number: &str| {
            json!({"number": number, "reference": reference, "compare": {"given": "Lineo"}}).to_string()
        };
        let file = [line("a", &vid), line("b", &vid), line("c", &civil::national_id::of_serial(77))].join("\n");
        let answer = crate::verifying::batch(&world, &payroll, &file).await;
        let verdicts: Vec<Json> = answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(verdicts[0]["verdict"], "yes");
        assert_eq!(verdicts[1]["reasons"], json!(["unknown"]), "one use is one line");
        assert_eq!(verdicts[2]["verdict"], "yes");
    });
}

#[test]
fn she_makes_and_takes_back_on_her_page() {
    on_each(async |world| {
        known(&world).await;
        let mut browser = signed_in(&world).await;
        let page = browser.get("/my/number").await;
        assert!(page.body.contains(&civil::national_id::shown(&civil::national_id::of_serial(77))));
        assert!(page.body.len() < 14_000);
        let missing = browser.send("/my/number/make", &[]).await;
        assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(missing.body.contains("Choose what the number is for"));
        for _ in 0..3 {
            browser.get("/my/number").await;
            assert_eq!(browser.send("/my/number/make", &[("kind", "perpetual")]).await.status, 303);
        }
        browser.get("/my/number").await;
        let many = browser.send("/my/number/make", &[("kind", "perpetual")]).await;
        assert!(many.body.contains("Take one back first"), "{}", many.body);
        let page = browser.get("/my/number").await;
        let name = page.hidden("vid");
        browser.send("/my/number/revoke", &[("vid", &name)]).await;
        assert_eq!(own(&world).await.len(), 2);
        // The same form sent twice makes one number.
        let engine = world.enrolment.clone();
        let key = Key::new("twice", "one", b"temporary");
        for _ in 0..2 {
            let engine = engine.clone();
            world
                .acts
                .write(&herself(), &key, move |cx: &mut Cx<'_>| make_vid(cx, &engine, "temporary"))
                .await
                .unwrap();
        }
        assert_eq!(own(&world).await.len(), 3);
    });
}

#[test]
fn her_ways_of_signing_in_stand_on_a_page() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let page = browser.get("/account/factors").await;
        assert!(page.body.contains("Printed recovery code") && page.body.len() < 16_000);
        assert_eq!(browser.send("/account/factors/lock", &[("factor", "code")]).await.status, 303);
        let page = browser.get("/account/factors").await;
        assert!(page.body.contains("Locked by you"), "this session goes on: {}", page.body);
        assert_eq!(browser.send("/account/factors/lock", &[("factor", "finger")]).await.status, 422);
        browser.get("/account/factors").await;
        assert_eq!(browser.send("/account/factors/unlock", &[("factor", "code")]).await.status, 303);
        assert!(!browser.get("/account/factors").await.body.contains("Locked by you"));
    });
}

#[test]
fn officers_have_no_such_numbers_and_kinds_are_the_packs() {
    on_each(async |world| {
        let engine = world.enrolment.clone();
        let work = move |cx: &mut Cx<'_>| make_vid(cx, &engine, "perpetual");
        let refused = world.acts.write(&officer("identity-officer"), &Key::none(), work).await.unwrap_err();
        assert_eq!(refused.code(), "identity.vid.people");
        assert_eq!(make(&world, "eternal").await.unwrap_err().code(), "identity.vid.kind");
        let mut other = herself();
        other.actor.id = "per_01jdf2k9q8e9t8xq8m2n4v6w99".to_owned();
        make(&world, "perpetual").await.unwrap();
        let name = own(&world).await[0].0.clone();
        let work = move |cx: &mut Cx<'_>| revoke_vid(cx, &name);
        assert_eq!(world.acts.write(&other, &Key::none(), work).await.unwrap_err().code(), "identity.vid.missing");
    });
}

#[test]
fn rules_that_do_not_hold_together_are_refused() {
    let whole = std::fs::read_to_string(super::pack("enrolment.toml")).unwrap();
    let wrong = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        Rules::parse(&whole.replacen(from, to, 1)).unwrap_err().to_string()
    };
    assert!(wrong("days = 30", "days = 0").contains("days"));
    assert!(wrong("uses = 1", "uses = 0").contains("uses"));
    assert!(wrong("at_once = 3", "at_once = 0").contains("at_once"));
    assert!(wrong("id = \"temporary\"", "id = \"perpetual\"").contains("twice"));
    assert!(wrong("id = \"right-hand\"", "id = \"left-hand\"").contains("twice"));
    assert!(wrong("uses = 1", "colour = 1").contains("colour"));
    assert!(wrong("prefix = \"E\"", "prefix = \"e1\"").contains("prefix"));
    assert!(wrong("\"given\", ", "").contains("given"));
    assert!(wrong("minimum_age = 16", "minimum_age = 160").contains("minimum_age"));
    assert!(wrong("years = 10", "years = 0").contains("years"));
    assert!(wrong("proof = \"paper\"", "proof = \"stars\"").contains("stars"));
    let rules = Rules::parse(&whole.replacen("\"given\", ", "\"given\", \"shoe_size\", ", 1)).unwrap();
    assert!(rules.fits(|name| name != "shoe_size").unwrap_err().to_string().contains("shoe_size"));
}
