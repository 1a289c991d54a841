//! The second step: printed codes, authenticator apps, the way one chooses, and attacks on each.

use crypto::{from_base32, totp_code};
use identity::{Factor, lock_factor};
use journal::Key;
use spine::Secret;

use crate::browser::{Answer, Browser, signed_in};
use crate::world::{LINEO, LINEO_NUMBER, LINEO_PIN, OFFICER_NAME, OFFICER_PASSWORD, World, on_each};

/// The codes of a card on a page.
pub(crate) fn card(page: &Answer) -> Vec<String> {
    let codes = page.body.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    codes.filter(|code| code.len() == 14).collect()
}

/// Makes a set of codes in a browser that has just signed in.
pub(crate) async fn make(browser: &mut Browser) -> Vec<String> {
    let page = browser.open("/account/recovery-codes").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = browser.send("/account/recovery-codes/make", &[]).await;
    let codes = card(&page);
    assert_eq!(codes.len(), 10, "{}", page.body);
    codes
}

/// To the page where another way is chosen, and onto it.
async fn by(browser: &mut Browser, way: &str) -> Answer {
    browser.open("/oauth2/sign-in/way").await;
    browser.submit("/oauth2/sign-in/way", &[("way", way)]).await
}

/// A new browser after number and PIN.
async fn after_pin(world: &World) -> Browser {
    let mut browser = Browser::new(world);
    browser.open("/sign-in?next=/me").await;
    browser.name("person", LINEO_NUMBER).await;
    browser.secret(LINEO_PIN).await;
    browser
}

#[test]
fn a_printed_code_signs_in_once_and_she_sees_how_many_are_left() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let codes = make(&mut home).await;
        let told = world.told().await;
        assert!(told.contains("New printed codes were made"), "{told}");
        let mut away = after_pin(&world).await;
        let page = by(&mut away, "printed").await;
        assert!(page.body.contains("one of your printed codes?"), "{}", page.body);
        // As people type it.
        assert_eq!(
            away.code(&codes[3].to_lowercase().replace('-', " ")).await.body,
            format!("Person {LINEO} Substantial ")
        );
        world.drain().await;
        assert!(world.all_told().iter().any(|text| text.contains("You have 9 codes left")));
        let page = home.open("/account/recovery-codes").await;
        assert!(page.body.contains(">9<"), "{}", page.body);
        let mut again = after_pin(&world).await;
        by(&mut again, "printed").await;
        assert!(again.code(&codes[3]).await.body.contains("The code is not right"), "each is good once");
        assert!(again.code(&codes[4]).await.body.starts_with("Person"));
        // Neither an act nor a row holds a code.
        let acts = world.acts_done().await;
        let rows = world.rows("SELECT name, hash FROM identity_recovery_code").await;
        for code in &codes {
            let bare = code.replace('-', "");
            assert!(!acts.iter().any(|(_, record)| record.contains(code.as_str()) || record.contains(&bare)));
            assert!(rows.iter().all(|(_, hash)| hash.starts_with("$argon2id$") && !hash.contains(&bare)));
        }
    });
}

#[test]
fn a_new_set_ends_the_old_one_and_is_shown_once() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let old = make(&mut home).await;
        home.open("/account/recovery-codes").await;
        let before = home.clone();
        let page = home.send("/account/recovery-codes/make", &[]).await;
        let new = card(&page);
        assert_eq!(new.len(), 10);
        assert_eq!(page.header("cache-control"), "no-store");
        // The same form again: the first answer's codes stand, and are not shown again.
        let mut twice = before;
        let page = twice.send("/account/recovery-codes/make", &[]).await;
        assert!(card(&page).is_empty() && page.body.contains("shown once"), "{}", page.body);
        let mut away = after_pin(&world).await;
        by(&mut away, "printed").await;
        let page = away.code(&old[0]).await;
        assert!(page.body.contains("The code is not right"), "{}", page.body);
        assert!(away.code(&new[0]).await.body.starts_with("Person"));
    });
}

#[test]
fn guessing_printed_codes_is_counted_and_ends_the_challenge() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let codes = make(&mut home).await;
        let mut thief = after_pin(&world).await;
        by(&mut thief, "printed").await;
        let mut wrong: Vec<String> = codes.iter().map(|code| format!("{}BBBBBBBBBB", &code[..2])).collect();
        wrong.truncate(2);
        wrong.extend(["not a code".to_owned(), "'; DROP TABLE identity_account; --".to_owned()]);
        for guess in &wrong {
            assert!(thief.code(guess).await.body.contains("The code is not right"), "{guess}");
        }
        assert!(thief.code("BCDFGHJKMNPQ").await.body.contains("Wait 1 minute"));
        // The right one must wait too, here and in a sign-in begun anew.
        let mut anew = after_pin(&world).await;
        by(&mut anew, "printed").await;
        assert!(anew.code(&codes[0]).await.body.contains("Wait 1 minute"));
        world.clock.step(61);
        assert!(anew.code(&codes[0]).await.body.starts_with("Person"));
        // A code before the PIN opens nothing.
        let mut none = Browser::new(&world);
        none.open("/sign-in?next=/me").await;
        none.name("person", LINEO_NUMBER).await;
        none.code(&codes[1]).await;
        assert!(none.me().await.starts_with("Anonymous"));
    });
}

#[test]
fn a_set_is_made_by_its_owner_right_after_signing_in_and_from_our_page_only() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        let page = browser.open("/account/recovery-codes").await;
        assert!(page.body.contains("Who is signing in?"));
        let mut home = signed_in(&world).await;
        home.open("/account/recovery-codes").await;
        // Another site's form.
        let forged = [
            ("accept", "text/html"),
            ("origin", "https://evil.example"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = home.ask("POST", "/account/recovery-codes/make", &forged, "_form=x".to_owned()).await;
        assert!(answer.status.is_client_error(), "{}", answer.status);
        // An old sign-in: her PIN first, and back to where she was.
        for _ in 0..3 {
            world.clock.step(290);
            home.me().await;
        }
        let page = home.open("/account/recovery-codes").await;
        assert!(page.body.contains("What is your PIN?"), "{}", page.body);
        home.secret(LINEO_PIN).await;
        let code = world.code().await;
        let page = home.code(&code).await;
        assert!(page.body.contains("Your printed codes"), "{}", page.body);
        assert_eq!(world.count("identity.recovery_code.made").await, 0);
    });
}

#[test]
fn officers_have_printed_codes_too() {
    on_each(async |world| {
        let mut officer = Browser::new(&world);
        officer.open("/sign-in?next=/me").await;
        officer.officer(&world).await;
        let codes = make(&mut officer).await;
        let mut away = Browser::new(&world);
        away.open("/sign-in?next=/me").await;
        away.name("officer", OFFICER_NAME).await;
        away.secret(OFFICER_PASSWORD).await;
        let page = away.open("/oauth2/sign-in/way").await;
        assert!(!page.body.contains("value=\"message\""), "an officer gets no code by message");
        by(&mut away, "printed").await;
        assert!(away.code(&codes[9]).await.body.starts_with("Officer"));
    });
}

/// Adds an app; gives its secret.
async fn add_app(world: &World, browser: &mut Browser) -> Secret<Vec<u8>> {
    let page = browser.open("/account/authenticators/add").await;
    assert!(page.body.contains("<svg role=\"img\""), "{}", page.body);
    let shown = page.body.split("<code>").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    let secret = Secret::new(from_base32(&shown).unwrap());
    let offer = page.hidden("offer");
    let wrong =
        browser.send("/account/authenticators/add", &[("offer", &offer), ("name", "Nokia"), ("code", "000000")]).await;
    assert!(wrong.body.contains("The code is not right"));
    assert!(!wrong.hidden("offer").is_empty());
    let code = totp_code(&secret, world.acts.now());
    let fields = [("offer", offer.as_str()), ("name", "<b>Nokia</b>"), ("code", code.as_str())];
    let page = browser.submit("/account/authenticators/add", &fields).await;
    assert!(page.body.contains("&lt;b&gt;Nokia&lt;/b&gt;"), "{}", page.body);
    secret
}

#[test]
fn an_app_is_added_with_its_code_chosen_used_and_removed() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let secret = add_app(&world, &mut home).await;
        assert!(world.told().await.contains("An authenticator app was added"));
        home.open("/account/second-step").await;
        let page = home.submit("/account/second-step", &[("way", "authenticator")]).await;
        assert!(page.body.contains("authenticator app"), "{}", page.body);
        let sent = world.codes_sent();
        let mut away = after_pin(&world).await;
        assert_eq!(world.codes_sent(), sent, "no message is sent to who did not choose it");
        // The code that added it is spent.
        assert!(away.code(&totp_code(&secret, world.acts.now())).await.body.contains("The code is not right"));
        world.clock.step(30);
        let code = totp_code(&secret, world.acts.now());
        assert!(away.code(&code).await.body.starts_with("Person"));
        let mut replay = after_pin(&world).await;
        assert!(replay.code(&code).await.body.contains("The code is not right"), "a code is good once");
        // The other way still works.
        let page = by(&mut replay, "message").await;
        assert!(page.body.contains("the code we sent you"), "{}", page.body);
        assert!(replay.code(&world.code().await).await.body.starts_with("Person"));
        let id = home.open("/account/authenticators").await.hidden("app");
        home.submit("/account/authenticators/remove", &[("app", &id)]).await;
        world.clock.step(30);
        let mut gone = after_pin(&world).await;
        let page = gone.open("/oauth2/sign-in/way").await;
        assert!(!page.body.contains("value=\"authenticator\""), "what is removed is offered no more");
        // A cookie cannot be told another way than the page offers.
        gone.submit("/oauth2/sign-in/way", &[("way", "authenticator")]).await;
        assert!(!gone.code(&totp_code(&secret, world.acts.now())).await.body.starts_with("Person"));
    });
}

#[test]
fn an_offer_is_good_for_its_owner_and_for_a_while() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let page = home.open("/account/authenticators/add").await;
        let offer = page.hidden("offer");
        for forged in ["", "x", &offer[1..]] {
            let answer = home.send("/account/authenticators/add", &[("offer", forged), ("code", "000000")]).await;
            assert_eq!(answer.location(), "/account/authenticators/add", "{forged}");
        }
        // Not for an officer, who has her own.
        let mut officer = Browser::new(&world);
        officer.open("/sign-in?next=/me").await;
        officer.officer(&world).await;
        assert_eq!(officer.open("/account/authenticators").await.status, 403);
        assert_eq!(world.count("identity.authenticator.added").await, 0);
    });
}

#[test]
fn a_locked_way_is_neither_offered_nor_taken() {
    on_each(async |world| {
        let mut home = signed_in(&world).await;
        let codes = make(&mut home).await;
        let secret = add_app(&world, &mut home).await;
        let mut away = after_pin(&world).await;
        by(&mut away, "printed").await;
        let mut other = after_pin(&world).await;
        by(&mut other, "authenticator").await;
        for factor in [Factor::RecoveryCode, Factor::Authenticator] {
            let lock = move |cx: &mut spine::Cx<'_>| lock_factor(cx, LINEO, factor, None);
            world.acts.write(&crate::factors::herself(), &Key::none(), lock).await.unwrap();
        }
        assert!(away.code(&codes[0]).await.body.contains("no longer good"));
        world.clock.step(30);
        assert!(other.code(&totp_code(&secret, world.acts.now())).await.body.contains("no longer good"));
        let page = after_pin(&world).await.open("/oauth2/sign-in/way").await;
        assert!(
            !page.body.contains("value=\"printed\"") && !page.body.contains("value=\"authenticator\""),
            "{}",
            page.body
        );
        assert!(page.body.contains("value=\"message\""));
    });
}
