//! More assurance where more is needed: to the factor that gives it and back, at the provider and at the portal; and what
//! decides how surely somebody is known.

use std::sync::Arc;

use crypto::jose;
use journal::{Key, Policies};
use spine::{Act, Actor, Assurance, Authority, Caller, Cx, Fault, Personal, Resource};

use crate::browser::{Browser, signed_in};
use crate::exchanging::redeem;
use crate::passkeys::options;
use crate::recovering::{NEW_PIN, recovered};
use crate::requests::request;
use crate::world::{BASE, LINEO, World, on_each};
use testkit::Authenticator;

const HIGH: &str = "urn:letsema:assurance:high";
const USE: &str = "/oauth2/sign-in/passkey";

/// Lineo makes a passkey in this browser.
async fn make_passkey(browser: &mut Browser, authenticator: &mut Authenticator) {
    browser.open("/account/passkeys").await;
    let page = browser.submit("/account/passkeys/start", &[]).await;
    let answer = authenticator.make(&options(&page));
    let ceremony = page.hidden("ceremony");
    browser
        .submit("/account/passkeys/make", &[("ceremony", &ceremony), ("name", "key"), ("credential", &answer)])
        .await;
}

/// From the page that asks for more: with the passkey.
async fn with_passkey(browser: &mut Browser, authenticator: &mut Authenticator) -> crate::browser::Answer {
    let page = browser.submit("/oauth2/sign-in/passkey/start", &[]).await;
    let answer = authenticator.sign(&options(&page));
    browser.submit(USE, &[("credential", &answer)]).await
}

#[test]
fn a_client_that_wishes_for_more_leads_to_the_passkey_and_back() {
    on_each(async |world| {
        let mut authenticator = Authenticator::new(1, BASE);
        let mut browser = signed_in(&world).await;
        make_passkey(&mut browser, &mut authenticator).await;
        world.clock.step(1);
        assert!(world.told().await.contains("passkey was added"));
        let page = browser.open(&request(&[("acr_values", HIGH)])).await;
        assert!(page.body.contains("Sign in more surely") && page.body.contains("Use a passkey"), "{}", page.body);
        assert!(page.body.contains("Sign in to The Bank"), "it says for whom");
        let page = with_passkey(&mut browser, &mut authenticator).await;
        assert!(page.body.contains("asks to know who you are"), "back at the bank's request: {}", page.body);
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        let tokens = redeem(&world, &[("code", &code)]).await.json();
        let said = jose::peek(tokens["id_token"].as_str().unwrap()).unwrap().claims;
        assert_eq!(said["acr"], HIGH);
    });
}

#[test]
fn who_has_no_stronger_factor_is_told_so_and_goes_on_or_back() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        world.clock.step(1);
        let page = browser.open(&request(&[("acr_values", HIGH)])).await;
        assert!(page.body.contains("You have none yet") && page.body.contains("/account/passkeys"), "{}", page.body);
        // Wished for: she goes on as she is.
        let page = browser.submit("/oauth2/sign-in/more/without", &[]).await;
        assert!(page.body.contains("asks to know who you are"), "{}", page.body);
        // Needed: the client is told.
        let needed = format!(r#"{{"id_token": {{"acr": {{"essential": true, "values": ["{HIGH}"]}}}}}}"#);
        browser.open(&request(&[("claims", &needed)])).await;
        let answer = browser.submit("/oauth2/sign-in/more/without", &[]).await;
        assert_eq!(answer.param("error").as_deref(), Some("unmet_authentication_requirements"), "{}", answer.body);
        // From another site nothing is pressed.
        browser.open(&request(&[("acr_values", HIGH)])).await;
        let forged = [("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")];
        for path in ["/oauth2/sign-in/more/without", "/oauth2/sign-in/more/again"] {
            assert!(browser.ask("POST", path, &forged, String::new()).await.status.is_client_error());
        }
    });
}

#[test]
fn the_portal_asks_for_more_and_comes_back() {
    on_each(async |world| {
        let mut authenticator = Authenticator::new(1, BASE);
        let mut browser = signed_in(&world).await;
        make_passkey(&mut browser, &mut authenticator).await;
        world.clock.step(1);
        let page = browser.open("/sign-in?more=high&next=/me").await;
        assert!(page.body.contains("Sign in more surely"), "{}", page.body);
        let page = with_passkey(&mut browser, &mut authenticator).await;
        assert_eq!(page.body, format!("Person {LINEO} High "));
        // Who is known surely enough is not asked; what is no assurance is nothing.
        assert_eq!(browser.open("/sign-in?more=high&next=/me").await.body, format!("Person {LINEO} High "));
        assert_eq!(browser.open("/sign-in?more=infinite&next=/me").await.body, format!("Person {LINEO} High "));
    });
}

#[test]
fn a_policy_that_needs_more_says_so_and_nothing_else_changes() {
    let text = "@id(\"test\") permit (principal is Person, action == Action::\"test.deed.do\", resource) when { principal.assurance >= 3 };";
    let policies = Policies::parse([("test.cedar", text)]).unwrap();
    let who = |assurance| Actor::person(LINEO, Personal::default(), assurance);
    let resource = Resource::new("Deed", "one");
    let code =
        |actor: &Actor, action: &str| policies.decide(actor, action, &resource).err().map(|fault: Fault| fault.code());
    assert_eq!(code(&who(Assurance::High), "test.deed.do"), None);
    assert_eq!(code(&who(Assurance::Substantial), "test.deed.do"), Some("journal.act.needs_high"));
    assert_eq!(code(&who(Assurance::Low), "test.other.do"), Some("journal.act.forbidden"));
    assert_eq!(code(&Actor::anonymous(), "test.deed.do"), Some("journal.act.signin"));
}

#[test]
fn a_refusal_for_want_of_assurance_has_a_way_on() {
    let text = "@id(\"test\") permit (principal, action, resource) unless { action == Action::\"identity.recovery.list\" && principal.assurance < 3 };";
    crate::world::under(Arc::new(Policies::parse([("test.cedar", text)]).unwrap()), async |world| {
        let mut browser = signed_in(&world).await;
        world.clock.step(1);
        let page = browser.get("/recovery").await;
        assert_eq!(page.status, 403);
        assert!(page.body.contains("href=\"/sign-in?next=/recovery&amp;more=high\""), "{}", page.body);
        let page = browser.open("/sign-in?next=%2Frecovery&more=high").await;
        assert!(page.body.contains("Sign in more surely"), "{}", page.body);
    });
}

async fn assurance(world: &World, browser: &mut Browser) -> String {
    let _ = world;
    browser.me().await.split(' ').nth(2).unwrap_or_default().to_owned()
}

#[test]
fn after_a_recovery_she_is_known_less_surely_for_some_days() {
    on_each(async |world| {
        let mut browser = recovered(&world).await;
        assert_eq!(assurance(&world, &mut browser).await, "Low");
        world.clock.step(1);
        // A page that needs more says that it cannot be had today.
        let page = browser.open(&request(&[("acr_values", "urn:letsema:assurance:substantial")])).await;
        assert!(page.body.contains("more surely than is possible today"), "{}", page.body);
        world.clock.step(7 * 86_400);
        let mut later = Browser::new(&world);
        later.open("/sign-in?next=/me").await;
        later.name("person", crate::world::LINEO_NUMBER).await;
        later.secret(NEW_PIN).await;
        let code = world.code().await;
        later.code(&code).await;
        assert_eq!(assurance(&world, &mut later).await, "Substantial");
    });
}

#[test]
fn how_she_was_enrolled_is_the_most_she_can_be() {
    on_each(async |world| {
        // The chief's word alone, as the small country of these tests decides.
        let caller = Caller::system("test");
        let enrolled = |cx: &mut Cx<'_>| {
            cx.may("test.enrolment.write", &Resource::new("Test", "one"))?;
            let sql = "INSERT INTO identity_enrolment (id, reference, state, evidence, paper, fields, person, exceptions, biometrics, officer, institution, taken_at, decided_at, revision) \
                 VALUES ('enr_1', 'E-1', 'approved', 'chief', '', '{}', $1, '[]', 'none', 'off', 'inst', 0, 1, 1)";
            cx.tx().execute(sql, &[LINEO.into()])?;
            cx.record(Act::new("test.enrolment.written"));
            Ok(())
        };
        world.acts.write(&caller, &Key::none(), enrolled).await.unwrap();
        let mut authenticator = Authenticator::new(1, BASE);
        let mut browser = signed_in(&world).await;
        make_passkey(&mut browser, &mut authenticator).await;
        world.clock.step(1);
        let page = browser.open("/sign-in?more=high&next=/me").await;
        assert!(page.body.contains("more surely than is possible today"), "{}", page.body);
        // Her passkey is worth no more than her enrolment.
        let mut other = Browser::new(&world);
        other.open("/sign-in?next=/me").await;
        other.submit("/oauth2/sign-in", &[("kind", "person")]).await;
        let page = other.submit("/oauth2/sign-in/passkey/start", &[]).await;
        let answer = authenticator.sign(&options(&page));
        assert_eq!(other.submit(USE, &[("credential", &answer)]).await.body, format!("Person {LINEO} Substantial "));
    });
}
