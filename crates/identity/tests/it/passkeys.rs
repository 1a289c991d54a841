//! Passkeys: made by whoever is signed in, used to sign in, refused when anything about them is off.

use serde_json::Value as Json;

use crate::browser::{Answer, Browser, unescape};
use testkit::{Authenticator, COPIED, PRESENT, VERIFIED};

use crate::world::{BASE, OFFICER, World, on_each};

pub(crate) fn options(page: &Answer) -> Json {
    let mark = "data-options=\"";
    let start = page.body.find(mark).unwrap_or_else(|| panic!("no options in {}", page.body)) + mark.len();
    serde_json::from_str(&unescape(page.body[start..].split('"').next().unwrap())).unwrap()
}

/// The officer, who signs in with her password and makes a passkey.
pub(crate) async fn with_passkey(world: &World, authenticator: &mut Authenticator) -> Browser {
    let mut browser = Browser::new(world);
    browser.open("/sign-in?next=/me").await;
    browser.officer(world).await;
    browser.get("/account/passkeys").await;
    let page = browser.submit("/account/passkeys/start", &[]).await;
    assert!(page.header("content-security-policy").contains("script-src 'sha256-"));
    let answer = authenticator.make(&options(&page));
    let ceremony = page.hidden("ceremony");
    let fields = [("ceremony", ceremony.as_str()), ("name", "office laptop"), ("credential", &answer)];
    let page = browser.submit("/account/passkeys/make", &fields).await;
    assert!(page.body.contains("office laptop"), "{}", page.body);
    browser
}

/// A browser at the page that asks for a passkey, and what it is asked.
pub(crate) async fn asked(world: &World) -> (Browser, Json) {
    let mut browser = Browser::new(world);
    browser.open("/sign-in?next=/me").await;
    browser.submit("/oauth2/sign-in", &[("kind", "officer")]).await;
    let page = browser.submit("/oauth2/sign-in/passkey/start", &[]).await;
    let options = options(&page);
    (browser, options)
}

const USE: &str = "/oauth2/sign-in/passkey";

#[test]
fn an_officer_makes_a_passkey_and_signs_in_with_it() {
    on_each(async |world| {
        let mut authenticator = Authenticator::new(1, BASE);
        let mut first = with_passkey(&world, &mut authenticator).await;
        let (mut browser, options) = asked(&world).await;
        let answer = authenticator.sign(&options);
        let page = browser.submit(USE, &[("credential", &answer)]).await;
        assert_eq!(page.body, format!("Officer {OFFICER} High passport-officer"));
        let mut again = browser.clone();
        again.cookies.retain(|pair| !pair.starts_with("session=") && !pair.starts_with("id="));
        // Taken away, it signs nobody in.
        let page = first.get("/account/passkeys").await;
        let id = page.hidden("passkey");
        first.submit("/account/passkeys/remove", &[("passkey", &id)]).await;
        let (mut browser, options) = asked(&world).await;
        let answer = authenticator.sign(&options);
        assert_eq!(browser.send(USE, &[("credential", &answer)]).await.status, 422);
        for kind in ["identity.passkey.added", "identity.passkey.removed"] {
            assert_eq!(world.count(kind).await, 1, "{kind}");
        }
    });
}

#[test]
fn a_key_that_can_be_copied_is_worth_less() {
    on_each(async |world| {
        let mut authenticator = Authenticator::new(1, BASE);
        authenticator.flags = PRESENT | VERIFIED | COPIED;
        with_passkey(&world, &mut authenticator).await;
        let (mut browser, options) = asked(&world).await;
        let answer = authenticator.sign(&options);
        assert!(browser.submit(USE, &[("credential", &answer)]).await.body.contains("Substantial"));
    });
}

#[test]
fn an_answer_is_good_once_for_its_own_question() {
    on_each(async |world| {
        let mut authenticator = Authenticator::new(1, BASE);
        with_passkey(&world, &mut authenticator).await;
        let (mut browser, options) = asked(&world).await;
        let answer = authenticator.sign(&options);
        let mut replay = browser.clone();
        assert!(browser.submit(USE, &[("credential", &answer)]).await.body.starts_with("Officer"));
        assert_eq!(replay.send(USE, &[("credential", &answer)]).await.status, 422, "replayed");
        let (mut other, _) = asked(&world).await;
        assert_eq!(other.send(USE, &[("credential", &answer)]).await.status, 422, "another question's answer");
        let (mut late, options) = asked(&world).await;
        world.clock.step(300);
        let answer = authenticator.sign(&options);
        assert_eq!(late.send(USE, &[("credential", &answer)]).await.status, 422, "too late");
    });
}

#[test]
fn whatever_is_off_is_refused() {
    on_each(async |world| {
        let mut authenticator = Authenticator::new(1, BASE);
        with_passkey(&world, &mut authenticator).await;
        let (browser, options) = asked(&world).await;
        let refused = async |answer: &str| browser.clone().send(USE, &[("credential", answer)]).await.status == 422;
        authenticator.flags = PRESENT;
        assert!(refused(&authenticator.sign(&options)).await, "the person was not verified");
        authenticator.flags = PRESENT | VERIFIED;
        "https://evil.example".clone_into(&mut authenticator.origin);
        assert!(refused(&authenticator.sign(&options)).await, "signed at another site");
        BASE.clone_into(&mut authenticator.origin);
        assert!(refused(&Authenticator::new(1, BASE).sign(&options)).await, "another key under the same name");
        assert!(refused(&Authenticator::new(2, BASE).sign(&options)).await, "an unknown key");
        for garbage in ["", "{}", "null", "[1]", "{\"id\":1}"] {
            assert!(refused(garbage).await, "{garbage}");
        }
        assert!(!refused(&authenticator.sign(&options)).await, "and the right one still works");
    });
}

#[test]
fn a_passkey_is_made_for_oneself_only() {
    on_each(async |world| {
        let mut authenticator = Authenticator::new(1, BASE);
        let mut officer = with_passkey(&world, &mut authenticator).await;
        officer.get("/account/passkeys").await;
        let page = officer.submit("/account/passkeys/start", &[]).await;
        let hers = page.hidden("ceremony");
        let answer = Authenticator::new(3, BASE).make(&options(&page));
        let mut lineo = crate::browser::signed_in(&world).await;
        lineo.get("/account/passkeys").await;
        let fields = [("ceremony", hers.as_str()), ("name", ""), ("credential", &answer)];
        assert_eq!(lineo.send("/account/passkeys/make", &fields).await.status, 422);
        assert_eq!(lineo.open(&format!("/account/passkeys/make?ceremony={hers}")).await.status, 200);
        let page = lineo.get("/account/passkeys").await;
        assert!(!page.body.contains("name=\"passkey\""), "nothing was made");
        let excluded = &options(&officer.get(&format!("/account/passkeys/make?ceremony={hers}")).await)["publicKey"];
        assert_eq!(excluded["excludeCredentials"].as_array().unwrap().len(), 1, "a device is not asked twice");
    });
}
