//! Ways of signing in, locked one by one: by whom, what it ends, and that a locked one is answered like a wrong one.

use std::sync::Arc;

use identity::{Factor, FactorLock, factor_locks, lock_factor, unlock_factor};
use journal::{Key, Policies};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Personal};
use testkit::Authenticator;

use crate::browser::{Browser, signed_in};
use crate::passkeys::{asked, with_passkey};
use crate::world::{BASE, LINEO, LINEO_PIN, OFFICER, World, on_each, under};

fn policies() -> Arc<Policies> {
    let text =
        |name| std::fs::read_to_string(format!("{}/../../packs/lesotho/policies/{name}", env!("CARGO_MANIFEST_DIR")));
    let (one, two) = (text("identity.cedar").unwrap(), text("enrolment.cedar").unwrap());
    Arc::new(Policies::parse([("identity.cedar", one.as_str()), ("enrolment.cedar", two.as_str())]).unwrap())
}

pub(crate) fn herself() -> Caller {
    Caller { actor: Actor::person(LINEO, Personal::default(), Assurance::Substantial), ..Caller::system("test") }
}

pub(crate) fn officer(role: &str) -> Caller {
    let actor = Actor {
        roles: vec![role.to_owned()],
        institution: Some("ministry-home-affairs".to_owned()),
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, "off_01jdf2k9q8e9t8xq8m2n4v6w90")
    };
    Caller { actor, ..Caller::system("test") }
}

async fn lock(world: &World, who: &Caller, account: &'static str, factor: Factor) -> Result<(), Fault> {
    world.acts.write(who, &Key::none(), move |cx: &mut Cx<'_>| lock_factor(cx, account, factor, None)).await
}

async fn unlock(world: &World, who: &Caller, account: &'static str, factor: Factor) -> Result<(), Fault> {
    world.acts.write(who, &Key::none(), move |cx: &mut Cx<'_>| unlock_factor(cx, account, factor)).await
}

async fn locks(world: &World) -> Vec<FactorLock> {
    world.acts.read(&herself(), |cx: &mut Cx<'_>| factor_locks(cx, LINEO)).await.unwrap()
}

#[test]
fn every_factor_has_a_name_of_its_own() {
    for factor in Factor::ALL {
        assert_eq!(Factor::named(factor.as_str()), Some(factor));
        assert_eq!(serde_json::to_value(factor).unwrap(), factor.as_str());
    }
    assert_eq!(Factor::named("finger"), None);
}

#[test]
fn a_locked_pin_is_answered_like_a_wrong_one_and_ends_sessions() {
    under(policies(), async |world| {
        let mut before = signed_in(&world).await;
        lock(&world, &herself(), LINEO, Factor::Pin).await.unwrap();
        assert!(before.me().await.starts_with("Anonymous"));
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", crate::world::LINEO_NUMBER).await;
        let locked = browser.secret(LINEO_PIN).await;
        assert!(locked.body.contains("is not right"), "{}", locked.body);
        // Twice is once.
        lock(&world, &herself(), LINEO, Factor::Pin).await.unwrap();
        assert_eq!(locks(&world).await.len(), 1);
        unlock(&world, &herself(), LINEO, Factor::Pin).await.unwrap();
        let again = unlock(&world, &herself(), LINEO, Factor::Pin).await.unwrap_err();
        assert_eq!(again.code(), "identity.factor.open");
        world.clock.step(120);
        assert!(signed_in(&world).await.me().await.starts_with("Person"));
        assert_eq!(world.count("identity.factor.locked").await, 2);
        assert_eq!(world.count("identity.factor.unlocked").await, 1);
    });
}

#[test]
fn a_stolen_phone_takes_the_codes_and_a_code_on_its_way_is_worth_nothing() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.name("person", crate::world::LINEO_NUMBER).await;
        browser.secret(LINEO_PIN).await;
        let code = world.code().await;
        lock(&world, &officer("enrolment-officer"), LINEO, Factor::Code).await.unwrap();
        let late = browser.code(&code).await;
        assert!(late.body.contains("no longer good"), "{}", late.body);
        let sent = world.messages_sent();
        let mut other = Browser::new(&world);
        other.open("/sign-in?next=/me").await;
        other.name("person", crate::world::LINEO_NUMBER).await;
        assert!(other.secret(LINEO_PIN).await.body.contains("is not right"));
        world.drain().await;
        assert_eq!(world.messages_sent(), sent, "no code goes to a phone that is locked");
    });
}

#[test]
fn a_locked_passkey_signs_nobody_in() {
    on_each(async |world| {
        let mut authenticator = Authenticator::new(1, BASE);
        with_passkey(&world, &mut authenticator).await;
        lock(&world, &officer("identity-officer"), OFFICER, Factor::Passkey).await.unwrap();
        let (mut browser, options) = asked(&world).await;
        let answer = authenticator.sign(&options);
        assert_eq!(browser.send("/oauth2/sign-in/passkey", &[("credential", &answer)]).await.status, 422);
    });
}

#[test]
fn who_locks_and_who_opens() {
    under(policies(), async |world| {
        let weak = Caller { actor: Actor { assurance: Assurance::Low, ..herself().actor }, ..herself() };
        let stranger = Caller {
            actor: Actor::person("per_01jdf2k9q8e9t8xq8m2n4v6w99", Personal::default(), Assurance::Substantial),
            ..herself()
        };
        let desk = officer("enrolment-officer");
        for refused in [&stranger, &officer("passport-officer")] {
            assert_eq!(
                lock(&world, refused, LINEO, Factor::Code).await.unwrap_err().kind(),
                spine::FaultKind::Forbidden
            );
        }
        // In need one factor is enough to lock; not to open.
        lock(&world, &weak, LINEO, Factor::Code).await.unwrap();
        assert!(unlock(&world, &weak, LINEO, Factor::Code).await.is_err());
        // What a desk locked as well, a desk opens; and not whoever may only lock.
        lock(&world, &desk, LINEO, Factor::Code).await.unwrap();
        lock(&world, &herself(), LINEO, Factor::Code).await.unwrap();
        assert!(locks(&world).await.iter().all(|lock| lock.at_desk));
        for refused in [&herself(), &desk] {
            assert!(unlock(&world, refused, LINEO, Factor::Code).await.is_err());
        }
        unlock(&world, &officer("enrolment-supervisor"), LINEO, Factor::Code).await.unwrap();
        assert!(locks(&world).await.is_empty());
        let nobody = lock(&world, &officer("identity-officer"), "per_nobody", Factor::Pin).await.unwrap_err();
        assert_eq!(nobody.code(), "identity.account.missing");
    });
}
