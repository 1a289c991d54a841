//! The pack's own policies: they let everybody do what she must and nobody more; and both languages say the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use identity::{NewPerson, enrol_person, set_lock, set_secret};
use journal::{Key, Policies};
use spine::{Actor, ActorKind, Assurance, Caller, Fault, Language, Personal, Secret, Via};
use testkit::Authenticator;

use crate::exchanging::{FORM, basic, call, redeem, userinfo, with_code};
use crate::passkeys::with_passkey;
use crate::world::{BANK_SECRET, BASE, LINEO, OFFICER, World, under};

fn policies() -> Arc<Policies> {
    let text = include_str!("../../../../packs/lesotho/policies/identity.cedar");
    let more = include_str!("../../../../packs/lesotho/policies/sign-in.cedar");
    Arc::new(Policies::parse([("identity.cedar", text), ("sign-in.cedar", more)]).unwrap())
}

#[test]
fn everything_people_and_clients_do_is_allowed() {
    under(policies(), async |world| {
        let (mut browser, code) = with_code(&world, &[]).await;
        let access = redeem(&world, &[("code", &code)]).await.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(userinfo(&world, &access).await.status, 200);
        let header = basic("bank", BANK_SECRET);
        let headers = [FORM, ("authorization", header.as_str())];
        let revoked = call(&world, "POST", "/oauth2/revoke", &headers, format!("token={access}")).await;
        assert_eq!(revoked.status, 200);
        assert_eq!(userinfo(&world, &access).await.status, 401);
        let mut officer = with_passkey(&world, &mut Authenticator::new(1, BASE)).await;
        let id = officer.get("/account/passkeys").await.hidden("passkey");
        assert_eq!(officer.send("/account/passkeys/remove", &[("passkey", &id)]).await.status, 303);
        let own = browser.get("/account/sessions").await.hidden("session");
        assert_eq!(browser.send("/account/sessions/end", &[("session", &own)]).await.location(), "/");
        officer.get("/sign-out").await;
        assert_eq!(officer.send("/sign-out", &[("everywhere", "yes")]).await.location(), "/");
        assert!(officer.me().await.starts_with("Anonymous"));
        world.identity.sweep().await.unwrap();
    });
}

async fn as_officer<T, F>(world: &World, roles: &[&str], work: F) -> Result<T, Fault>
where
    T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    F: FnMut(&mut spine::Cx<'_>) -> Result<T, Fault> + Send + 'static,
{
    let actor = Actor {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, OFFICER)
    };
    let caller = Caller { actor, via: Via::Web, language: Language::new("en-LS") };
    world.acts.write(&caller, &Key::none(), work).await
}

#[test]
fn accounts_are_for_officers_who_look_after_them() {
    under(policies(), async |world| {
        let hash = Secret::new("$argon2id$x".to_owned());
        let new = NewPerson {
            id: "per_thabo".to_owned(),
            login: Personal::new("5".to_owned()),
            name: Personal::new("Thabo".to_owned()),
            phone: None,
            email: None,
            language: Language::new("st-LS"),
            pin_hash: hash.clone(),
        };
        let again = new.clone();
        let refused = as_officer(&world, &["passport-officer"], move |cx| enrol_person(cx, &new)).await;
        assert_eq!(refused.unwrap_err().code(), "journal.act.forbidden");
        as_officer(&world, &["identity-officer"], move |cx| enrol_person(cx, &again)).await.unwrap();
        let reset = move |account: &'static str| {
            let hash = hash.clone();
            move |cx: &mut spine::Cx<'_>| set_secret(cx, account, &hash)
        };
        as_officer(&world, &["identity-officer"], reset(LINEO)).await.unwrap();
        let own = as_officer(&world, &["identity-officer"], reset(OFFICER)).await;
        assert_eq!(own.unwrap_err().code(), "journal.act.forbidden", "nobody resets their own");
        let lock = |cx: &mut spine::Cx<'_>| set_lock(cx, LINEO, true);
        assert!(as_officer(&world, &[], lock).await.is_err());
    });
}

#[test]
fn both_languages_say_the_same_things() {
    let words = testkit::words(&["identity", "sign-in"]);
    let keys = |tag: &str| words.keys(&Language::new(tag)).map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(keys("en-LS"), keys("st-LS"));
}
