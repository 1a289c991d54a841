//! Accounts: enrolled once, reset, refused where they clash; rows that are of no use any more.

use identity::{NewPerson, enrol_person, set_secret};
use journal::Key;
use spine::{Caller, Fault, Language, Personal, Secret};

use crate::browser::{Browser, signed_in};
use crate::world::{LINEO, LINEO_NUMBER, World, on_each};

fn person(id: &str, login: &str) -> NewPerson {
    NewPerson {
        id: id.to_owned(),
        login: Personal::new(login.to_owned()),
        name: Personal::new("Thabo".to_owned()),
        phone: None,
        email: Some(Personal::new("thabo@example.ls".to_owned())),
        language: Language::new("st-LS"),
        pin_hash: Secret::new("$argon2id$x".to_owned()),
    }
}

async fn enrol(world: &World, new: NewPerson) -> Result<String, Fault> {
    world.acts.write(&Caller::system("test"), &Key::none(), move |cx| enrol_person(cx, &new)).await
}

#[test]
fn one_account_for_one_number_and_one_person() {
    on_each(async |world| {
        assert_eq!(enrol(&world, person("per_thabo", "55 55")).await.unwrap(), "per_thabo");
        for (id, login) in [("per_thabo", "1"), ("per_other", "5555"), ("per_other", LINEO_NUMBER)] {
            assert_eq!(enrol(&world, person(id, login)).await.unwrap_err().code(), "identity.account.exists");
        }
        assert_eq!(enrol(&world, person("per_x", " ")).await.unwrap_err().code(), "identity.login.invalid");
    });
}

#[test]
fn a_new_pin_ends_every_session() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let hash = world.identity.hash_secret(&Secret::new("112233".to_owned())).await.unwrap();
        let work = move |cx: &mut spine::Cx<'_>| set_secret(cx, LINEO, &hash);
        world.acts.write(&Caller::system("test"), &Key::none(), work).await.unwrap();
        assert!(browser.me().await.starts_with("Anonymous"));
        browser.open("/sign-in?next=/me").await;
        browser.name("person", LINEO_NUMBER).await;
        assert!(browser.secret(crate::world::LINEO_PIN).await.body.contains("PIN is not right"));
        assert!(browser.secret("112233").await.body.contains("What is the code"));
    });
}

#[test]
fn sweeping_forgets_what_is_over_and_nothing_else() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let mut other = Browser::new(&world);
        other.open("/sign-in").await;
        other.name("person", "777").await;
        other.secret("1").await;
        let kept = "SELECT 'x', token_hash FROM identity_session";
        let before = world.rows(kept).await;
        world.identity.sweep().await.unwrap();
        assert_eq!(world.rows(kept).await, before);
        assert!(browser.me().await.starts_with("Person"));
        world.clock.step(40 * 86_400);
        assert!(world.identity.sweep().await.unwrap() >= 4);
        for table in [
            "SELECT 'x', token_hash FROM identity_session",
            "SELECT 'x', key FROM identity_attempt",
            "SELECT 'x', hash FROM identity_code",
            "SELECT 'x', hash FROM identity_access",
        ] {
            assert!(world.rows(table).await.is_empty(), "{table}");
        }
    });
}
