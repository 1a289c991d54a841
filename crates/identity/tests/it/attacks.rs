//! Attacks on the protocol, tried (RFC 9700, RFC 6819, FAPI 2.0 Attacker Model). Guessing of PINs and codes, and telling
//! people apart by answer or time, stand in `signing_in.rs` and `silence.rs`; forged forms in edge.

use crypto::jose;
use serde_json::json;

use crate::browser::{Browser, coded, signed_in};
use crate::exchanging::{FORM, basic, call, redeem, userinfo, with_code};
use crate::regulated::{self, DPOP, KEY, LENDER, assertion, nonce, proof_with, with_assertion};
use crate::requests::{VERIFIER, request};
use crate::world::{BANK_SECRET, BASE, on_each};

#[test]
fn mix_up_every_answer_says_who_gives_it() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        browser.open(&request(&[])).await;
        assert_eq!(browser.send("/oauth2/sign-in/consent", &[]).await.param("iss").as_deref(), Some(BASE));
        let error = browser.get(&request(&[("scope", "profile")])).await;
        assert_eq!(error.param("iss").as_deref(), Some(BASE));
    });
}

#[test]
fn code_injection_a_stolen_code_needs_the_verifier_of_its_own_request() {
    on_each(async |world| {
        let (_, stolen) = with_code(&world, &[]).await;
        // The thief began a request of his own and has a verifier that belongs to it.
        let own = "t".repeat(43);
        let answer = redeem(&world, &[("code", &stolen), ("code_verifier", &own)]).await;
        assert_eq!(answer.json()["error"], "invalid_grant");
    });
}

#[test]
fn pkce_downgrade_is_noticed_on_both_sides() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        for changes in [
            vec![("code_challenge", "")],
            vec![("code_challenge_method", "")],
            vec![("code_challenge_method", "plain")],
            vec![("code_challenge", ""), ("code_challenge_method", "")],
        ] {
            assert_eq!(
                browser.get(&request(&changes)).await.param("error").as_deref(),
                Some("invalid_request"),
                "{changes:?}"
            );
        }
        // One who may do without: the challenge was stripped on the way, the client still sends its verifier.
        let cb = "https://suite.example/cb";
        let target = format!(
            "/oauth2/authorize?response_type=code&client_id=suite&redirect_uri={}&scope=openid&nonce=n",
            coded(cb)
        );
        browser.open(&target).await;
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        let body =
            format!("grant_type=authorization_code&code={code}&redirect_uri={}&code_verifier={VERIFIER}", coded(cb));
        let answer =
            call(&world, "POST", "/oauth2/token", &[FORM, ("authorization", &basic("suite", BANK_SECRET))], body).await;
        assert_eq!(answer.json()["error"], "invalid_grant");
    });
}

#[test]
fn a_client_assertion_is_good_once() {
    on_each(async |world| {
        let fresh = nonce(&world).await;
        let once = assertion(&world, LENDER);
        let ask = async |assertion: &str| {
            let proof = proof_with(&world, &DPOP, "POST", "/oauth2/token", |claims| claims["nonce"] = json!(fresh));
            let body = with_assertion(assertion, &[("grant_type", "client_credentials")]);
            call(&world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await
        };
        assert_eq!(ask(&once).await.status, 200);
        let again = ask(&once).await;
        assert_eq!((again.status.as_u16(), again.json()["error"].as_str()), (401, Some("invalid_client")));
        let (one, two) = (assertion(&world, LENDER), assertion(&world, LENDER));
        let (first, second) = tokio::join!(ask(&one), ask(&one));
        assert_eq!(
            [first, second].iter().filter(|answer| answer.status == 200).count(),
            1,
            "of two at once one is refused"
        );
        assert_eq!(ask(&two).await.status, 200);
    });
}

#[test]
fn a_proof_is_good_once_and_for_its_own_token_only() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let mut tokens = Vec::new();
        for _ in 0..2 {
            let code = regulated::code(&world, &mut browser, &[]).await;
            let answer = regulated::redeem(&world, &code, &[]).await.json();
            tokens.push(answer["access_token"].as_str().unwrap().to_owned());
        }
        let proof = regulated::proof(&world, "GET", "/oauth2/userinfo", Some(&tokens[0])).await;
        let ask = async |token: &str| {
            let header = format!("DPoP {token}");
            let headers = [("authorization", header.as_str()), ("dpop", proof.as_str())];
            call(&world, "GET", "/oauth2/userinfo", &headers, String::new()).await.status.as_u16()
        };
        assert_eq!(ask(&tokens[1]).await, 401, "another token's");
        assert_eq!(ask(&tokens[0]).await, 200);
        assert_eq!(ask(&tokens[0]).await, 401, "replayed");
    });
}

#[test]
fn no_token_is_believed_for_the_algorithm_it_names() {
    on_each(async |world| {
        let part = |json: &serde_json::Value| crypto::base64url(json.to_string().as_bytes());
        let kid = jose::thumbprint(&world.key.public());
        let claims = json!({"iss": BASE, "aud": "bank", "sub": "x", "exp": 4_000_000_000_i64, "jti": "x"});
        // `none`, and HMAC with the public key as the secret.
        let bare = format!("{}.{}.", part(&json!({"alg": "none", "kid": kid, "typ": "at+jwt"})), part(&claims));
        let input = format!("{}.{}", part(&json!({"alg": "HS256", "kid": kid, "typ": "at+jwt"})), part(&claims));
        let mac = crypto::hmac_sha256(world.key.public().as_bytes(), &[input.as_bytes()]);
        let confused = format!("{input}.{}", crypto::base64url(&mac));
        let foreign = jose::sign(&KEY, "at+jwt", &claims).unwrap();
        for token in [bare, confused, foreign] {
            assert_eq!(userinfo(&world, &token).await.status, 401);
            let mut browser = Browser::new(&world);
            let answer = browser.get(&request(&[("id_token_hint", &token)])).await;
            assert_eq!(answer.param("error").as_deref(), Some("invalid_request"));
        }
    });
}

#[test]
fn a_session_planted_before_the_sign_in_is_not_the_one_after_it() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open("/sign-in?next=/me").await;
        browser.cookies.push(format!("id={}", crypto::base64url(&[7; 32])));
        browser.cookies.push(format!("session={}", crypto::base64url(&[8; 32])));
        browser.lineo(&world).await;
        let mut thief = Browser::new(&world);
        thief.cookies =
            vec![format!("session={}", crypto::base64url(&[8; 32])), format!("id={}", crypto::base64url(&[7; 32]))];
        assert!(thief.me().await.starts_with("Anonymous"));
    });
}

#[test]
fn an_answer_of_anothers_sign_in_is_not_taken_by_the_portal() {
    on_each(async |world| {
        // The thief has a code of his own for the portal and has it opened in her browser.
        let mut her = Browser::new(&world);
        let answer = her.get(&format!("/sign-in/callback?code=stolen&state=x&iss={}", coded(BASE))).await;
        assert_eq!(answer.status, 400);
        her.get("/sign-in").await;
        let answer = her.get(&format!("/sign-in/callback?code=stolen&state=x&iss={}", coded(BASE))).await;
        assert_eq!(answer.status, 400);
        assert!(her.me().await.starts_with("Anonymous"));
    });
}

#[test]
fn consent_is_not_given_by_a_click_that_was_meant_for_something_else() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        for target in
            [request(&[]), "/account/consents".to_owned(), "/account/approvals".to_owned(), "/device".to_owned()]
        {
            let page = browser.open(&target).await;
            assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{target}");
            assert_eq!(page.header("x-frame-options"), "DENY", "{target}");
        }
        // And not by another site's form.
        browser.open(&request(&[])).await;
        let headers = [FORM, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
        let forged = browser.ask("POST", "/oauth2/sign-in/consent", &headers, "claim=name".to_owned()).await;
        assert_eq!(forged.status, 403);
        assert_eq!(world.count("identity.consent.given").await, 0);
    });
}

#[test]
fn nobody_is_sent_on_to_where_no_client_lives() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        for next in ["https://evil.example", "//evil.example", "/\\evil.example"] {
            let answer = browser.get(&format!("/sign-in?next={}", coded(next))).await;
            assert!(!answer.location().contains("evil"), "{next}");
        }
        let evil = coded("https://evil.example/cb");
        let fields = [("redirect_uri", "https://evil.example/cb")];
        assert_eq!(regulated::push(&world, &fields).await.status, 400);
        for target in [
            format!("/oauth2/logout?client_id=bank&post_logout_redirect_uri={evil}"),
            format!("/authorize?client_id=bank&redirect_uri={evil}&response_type=code&scope=openid"),
        ] {
            let answer = browser.get(&target).await;
            assert_eq!((answer.status.as_u16(), answer.location()), (400, ""), "{target}");
        }
        let posted =
            browser.ask("POST", "/oauth2/authorize", &[FORM], format!("client_id=bank&redirect_uri={evil}")).await;
        assert!(posted.location().starts_with("/oauth2/authorize?"), "only to ourselves");
    });
}

#[test]
fn a_certificate_counts_only_from_a_proxy_we_trust() {
    // In `world.rs` the proxy is trusted; the header of anybody else is tried in edge (`client_certificate`).
    on_each(async |world| {
        let twice = [FORM, ("client-cert", ":AAAA:"), ("client-cert", ":AAAA:")];
        let body = "grant_type=client_credentials&client_id=certified".to_owned();
        assert_eq!(call(&world, "POST", "/oauth2/token", &twice, body).await.json()["error"], "invalid_client");
    });
}
