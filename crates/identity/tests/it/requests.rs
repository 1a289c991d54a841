//! Requests to sign in, as clients make them: what is in order, what is answered to the client, what to nobody.

use crate::browser::{Browser, coded, signed_in};
use crate::world::{BASE, LINEO, on_each};

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A request of the bank's, with parameters changed, added or (empty) left out.
pub(crate) fn request(changes: &[(&str, &str)]) -> String {
    let mut params: Vec<(&str, &str)> = vec![
        ("response_type", "code"),
        ("client_id", "bank"),
        ("redirect_uri", "https://bank.example/cb"),
        ("scope", "openid profile phone"),
        ("state", "st/at e&1"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        params.retain(|(own, _)| own != name);
        if !value.is_empty() {
            params.push((name, value));
        }
    }
    let pairs: Vec<String> = params.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
    format!("/oauth2/authorize?{}", pairs.join("&"))
}

#[test]
fn nothing_is_redirected_until_client_and_address_belong_together() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        for changes in [
            [("client_id", "nobody")],
            [("client_id", "")],
            [("redirect_uri", "")],
            [("redirect_uri", "https://evil.example/cb")],
            [("redirect_uri", "https://bank.example/cb/")],
            [("redirect_uri", "https://bank.example/cb?x=1")],
            [("redirect_uri", "https://bank.example/CB")],
            [("redirect_uri", "https://bank.example.evil.example/cb")],
            [("redirect_uri", "https://shop.example/cb?shop=1")],
        ] {
            let answer = browser.get(&request(&changes)).await;
            assert_eq!((answer.status.as_u16(), answer.location()), (400, ""), "{changes:?}");
            assert!(!answer.body.contains("evil.example"), "what was sent is not shown");
        }
        let doubled = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", request(&[]));
        assert_eq!(browser.get(&doubled).await.status, 400);
        assert_eq!(browser.get("/oauth2/authorize?%00=%zz").await.status, 400);
        assert_eq!(browser.get("/oauth2/authorize").await.status, 400);
    });
}

#[test]
fn every_other_fault_is_answered_to_the_client() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        for (changes, error) in [
            (vec![("code_challenge", "")], "invalid_request"),
            (vec![("code_challenge", "too short")], "invalid_request"),
            (vec![("code_challenge_method", "plain")], "invalid_request"),
            (vec![("code_challenge_method", "")], "invalid_request"),
            (vec![("response_type", "token")], "unsupported_response_type"),
            (vec![("response_type", "code id_token")], "unsupported_response_type"),
            (vec![("response_type", "")], "invalid_request"),
            (vec![("response_mode", "fragment")], "invalid_request"),
            (vec![("scope", "profile")], "invalid_scope"),
            (vec![("scope", "")], "invalid_scope"),
            (vec![("prompt", "none login")], "invalid_request"),
            (vec![("prompt", "dance")], "invalid_request"),
            (vec![("prompt", "none")], "login_required"),
            (vec![("max_age", "-1")], "invalid_request"),
            (vec![("max_age", "soon")], "invalid_request"),
            (vec![("request", "eyJ")], "invalid_request_object"),
            (vec![("request_uri", "urn:x")], "request_uri_not_supported"),
            (vec![("registration", "{}")], "registration_not_supported"),
            (vec![("id_token_hint", "eyJ.x.y")], "invalid_request"),
        ] {
            let answer = browser.get(&request(&changes)).await;
            assert!(answer.location().starts_with("https://bank.example/cb?"), "{changes:?}");
            assert_eq!(answer.param("error").as_deref(), Some(error), "{changes:?}");
            assert_eq!(answer.param("state").as_deref(), Some("st/at e&1"));
            assert_eq!(answer.param("iss").as_deref(), Some(BASE));
            assert!(answer.param("code").is_none());
        }
        let answer = browser.get(&request(&[("nonce", &"n".repeat(513))])).await;
        assert_eq!(answer.param("error").as_deref(), Some("invalid_request"));
        let answer = browser.get(&format!("{}&nonce=again", request(&[]))).await;
        assert_eq!(answer.param("error").as_deref(), Some("invalid_request"));
        // An address that has a query keeps it.
        let shop = [("client_id", "shop"), ("redirect_uri", "https://shop.example/cb?shop=1"), ("prompt", "none")];
        assert!(browser.get(&request(&shop)).await.location().starts_with("https://shop.example/cb?shop=1&error="));
    });
}

#[test]
fn consent_is_asked_once_and_says_what_is_passed_on() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        let page = browser.open(&request(&[])).await;
        assert!(page.body.contains("Sign in to The Bank"));
        assert!(page.header("content-security-policy").contains("form-action 'self' https://bank.example;"));
        let page = browser.lineo(&world).await;
        assert!(page.body.contains("The Bank asks to know who you are"), "{}", page.body);
        assert!(page.body.contains("Lineo Mokhethi") && page.body.contains("+26658001234"));
        assert!(page.header("content-security-policy").contains("https://bank.example"));
        let answer = browser.send("/oauth2/sign-in/consent", &[]).await;
        assert!(answer.location().starts_with("https://bank.example/cb?code="));
        assert_eq!(answer.param("iss").as_deref(), Some(BASE));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(world.count("identity.consent.given").await, 1);
        // From now on nothing is asked, not even silently, until more is wanted.
        let answer = browser.get(&request(&[("prompt", "none")])).await;
        assert!(answer.param("code").is_some());
        let answer = browser.get(&request(&[("scope", "openid")])).await;
        assert!(answer.param("code").is_some(), "less is no more");
        let page = browser.open(&request(&[("prompt", "consent")])).await;
        assert!(page.body.contains("asks to know"));
        let other = [("client_id", "bank-cards"), ("scope", "openid profile")];
        assert!(browser.open(&request(&other)).await.body.contains("asks to know"), "another client asks anew");
        let silent = browser.get(&request(&[other[0], ("prompt", "none")])).await;
        assert_eq!(silent.param("error").as_deref(), Some("consent_required"));
    });
}

#[test]
fn whoever_does_not_agree_goes_back_with_an_error() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open(&request(&[])).await;
        let answer = browser.send("/oauth2/sign-in/cancel", &[]).await;
        assert_eq!(answer.param("error").as_deref(), Some("access_denied"));
        browser.open(&request(&[])).await;
        browser.lineo(&world).await;
        let answer = browser.send("/oauth2/sign-in/cancel", &[]).await;
        assert_eq!(answer.param("error").as_deref(), Some("access_denied"));
        assert_eq!(answer.param("state").as_deref(), Some("st/at e&1"));
        assert_eq!(world.count("identity.grant.given").await, 0);
    });
}

#[test]
fn a_fresh_sign_in_is_asked_for_when_the_client_wants_one() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        world.clock.step(100);
        for wish in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "99"), ("max_age", "0")] {
            let page = browser.open(&request(&[wish])).await;
            assert!(page.body.contains("Who is signing in?"), "{wish:?}");
        }
        let page = browser.open(&request(&[("max_age", "100")])).await;
        assert!(page.body.contains("asks to know"), "the sign-in is young enough");
        let silent = browser.get(&request(&[("prompt", "none"), ("max_age", "10")])).await;
        assert_eq!(silent.param("error").as_deref(), Some("login_required"));
        browser.open(&request(&[("prompt", "login")])).await;
        assert!(browser.lineo(&world).await.body.contains("asks to know"), "signing in again satisfies it");
    });
}

#[test]
fn the_language_wished_for_is_spoken() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        let page = browser.open(&request(&[("ui_locales", "fr st en")])).await;
        assert!(page.body.contains("Ke mang ea kenang?") && page.body.contains("Kena ho Banka"));
    });
}

#[test]
fn state_and_nonce_too_long_for_a_cookie_are_refused_not_lost() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        let (state, nonce) = ("s".repeat(1024), "n".repeat(512));
        let page = browser.open(&request(&[("state", &state), ("nonce", &nonce)])).await;
        assert!(page.body.contains("Who is signing in?"), "both at their longest still fit");
        let answer = browser.get(&request(&[("state", &"s".repeat(1025))])).await;
        assert_eq!(answer.param("error").as_deref(), Some("invalid_request"));
        let acts = world.acts_done().await;
        assert_eq!(acts.len(), 2, "who only looks leaves no acts: {acts:?} {LINEO}");
    });
}
