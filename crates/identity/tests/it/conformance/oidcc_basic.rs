//! Modules of the plans `oidcc-basic-certification-test-plan` and `oidcc-config-certification-test-plan`.

use crypto::jose::{self, KeySet};
use serde_json::{Map, Value as Json};

use crate::browser::{Answer, Browser, coded, signed_in};
use crate::exchanging::{FORM, basic, call, userinfo};
use crate::world::{BANK_SECRET, BASE, LINEO_NAME, LINEO_NUMBER, LINEO_PHONE, World, on_each};

const CB: &str = "https://suite.example/cb";

fn pairs(changes: &[(&str, &str)]) -> String {
    let mut all: Vec<(&str, &str)> = vec![
        ("response_type", "code"),
        ("client_id", "suite"),
        ("redirect_uri", CB),
        ("scope", "openid"),
        ("state", "s"),
        ("nonce", "n"),
    ];
    for (name, value) in changes {
        all.retain(|(own, _)| own != name);
        if !value.is_empty() {
            all.push((name, value));
        }
    }
    all.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect::<Vec<_>>().join("&")
}

fn request(changes: &[(&str, &str)]) -> String {
    format!("/oauth2/authorize?{}", pairs(changes))
}

/// Opens a request and agrees where she is asked.
async fn answered(browser: &mut Browser, changes: &[(&str, &str)]) -> Answer {
    let answer = browser.open(&request(changes)).await;
    if answer.location().is_empty() { browser.send("/oauth2/sign-in/consent", &[]).await } else { answer }
}

async fn redeem(world: &World, code: &str, more: &[(&str, &str)]) -> Answer {
    let mut body = format!("grant_type=authorization_code&code={code}&redirect_uri={}", coded(CB));
    for (name, value) in more {
        body.push_str(&format!("&{name}={}", coded(value)));
    }
    call(world, "POST", "/oauth2/token", &[FORM, ("authorization", &basic("suite", BANK_SECRET))], body).await
}

/// The tokens of a whole sign-in, and the claims of the ID token, verified.
async fn tokens(world: &World, browser: &mut Browser, changes: &[(&str, &str)]) -> (Json, Map<String, Json>) {
    let code = answered(browser, changes).await.param("code").unwrap();
    let answer = redeem(world, &code, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    let keys = KeySet::from_jwks(&call(world, "GET", "/oauth2/jwks", &[], String::new()).await.json());
    let claims = keys.open(answer["id_token"].as_str().unwrap(), Some("JWT")).unwrap();
    (answer, claims)
}

async fn told(world: &World, answer: &Json) -> Json {
    userinfo(world, answer["access_token"].as_str().unwrap()).await.json()
}

#[test]
fn oidcc_server() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, claims) = tokens(&world, &mut browser, &[]).await;
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(
            (claims["iss"].as_str(), claims["aud"].as_str(), claims["nonce"].as_str()),
            (Some(BASE), Some("suite"), Some("n"))
        );
        assert_eq!(told(&world, &answer).await["sub"], claims["sub"]);
    });
}

#[test]
fn oidcc_response_type_missing() {
    on_each(async |world| {
        let answer = Browser::new(&world).get(&request(&[("response_type", "")])).await;
        assert_eq!(
            (answer.param("error").as_deref(), answer.param("state").as_deref()),
            (Some("invalid_request"), Some("s"))
        );
    });
}

#[test]
fn oidcc_idtoken_signature() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, _) = tokens(&world, &mut browser, &[]).await;
        let token = jose::peek(answer["id_token"].as_str().unwrap()).unwrap();
        assert_eq!(token.algorithm, Some(crypto::Algorithm::Es256));
    });
}

#[test]
fn oidcc_userinfo_get() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, claims) = tokens(&world, &mut browser, &[]).await;
        assert_eq!(told(&world, &answer).await["sub"], claims["sub"]);
    });
}

#[test]
fn oidcc_userinfo_post_header() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, claims) = tokens(&world, &mut browser, &[]).await;
        let header = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let told = call(&world, "POST", "/oauth2/userinfo", &[("authorization", &header)], String::new()).await;
        assert_eq!(told.json()["sub"], claims["sub"]);
    });
}

#[test]
fn oidcc_userinfo_post_body() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, claims) = tokens(&world, &mut browser, &[]).await;
        let body = format!("access_token={}", answer["access_token"].as_str().unwrap());
        assert_eq!(call(&world, "POST", "/oauth2/userinfo", &[FORM], body).await.json()["sub"], claims["sub"]);
    });
}

#[test]
fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    on_each(async |world| {
        // With a code challenge, which stands in for it.
        let mut browser = signed_in(&world).await;
        let with = [("nonce", ""), ("code_challenge", crate::requests::CHALLENGE), ("code_challenge_method", "S256")];
        let code = answered(&mut browser, &with).await.param("code").unwrap();
        let answer = redeem(&world, &code, &[("code_verifier", crate::requests::VERIFIER)]).await.json();
        assert!(!jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims.contains_key("nonce"));
    });
}

#[test]
fn oidcc_scope_profile() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, _) = tokens(&world, &mut browser, &[("scope", "openid profile")]).await;
        assert_eq!(told(&world, &answer).await["name"], LINEO_NAME);
    });
}

#[test]
fn oidcc_scope_phone() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, _) = tokens(&world, &mut browser, &[("scope", "openid phone")]).await;
        let told = told(&world, &answer).await;
        assert_eq!(
            (told["phone_number"].as_str(), told["phone_number_verified"].as_bool()),
            (Some(LINEO_PHONE), Some(true))
        );
    });
}

#[test]
fn oidcc_scope_email() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, _) = tokens(&world, &mut browser, &[("scope", "openid email")]).await;
        assert!(told(&world, &answer).await.get("email").is_none(), "she has none");
    });
}

#[test]
fn oidcc_scope_address() {
    on_each(async |world| {
        world.register_lineo().await;
        let mut browser = signed_in(&world).await;
        let (answer, _) = tokens(&world, &mut browser, &[("scope", "openid address")]).await;
        assert_eq!(told(&world, &answer).await["address"]["region"], "leribe");
    });
}

#[test]
fn oidcc_scope_all() {
    on_each(async |world| {
        world.register_lineo().await;
        let mut browser = signed_in(&world).await;
        let (answer, _) = tokens(&world, &mut browser, &[("scope", "openid profile email phone address")]).await;
        let told = told(&world, &answer).await;
        for claim in ["name", "given_name", "family_name", "birthdate", "gender", "phone_number", "address"] {
            assert!(!told[claim].is_null(), "{claim}");
        }
    });
}

#[test]
fn oidcc_display_page() {
    on_each(async |world| drop(tokens(&world, &mut signed_in(&world).await, &[("display", "page")]).await));
}

#[test]
fn oidcc_display_popup() {
    on_each(async |world| drop(tokens(&world, &mut signed_in(&world).await, &[("display", "popup")]).await));
}

#[test]
fn oidcc_prompt_login() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (_, before) = tokens(&world, &mut browser, &[]).await;
        world.clock.step(2);
        let asked = browser.open(&request(&[("prompt", "login")])).await;
        assert!(asked.body.contains("name=\"kind\""), "she signs in again");
        let code = browser.lineo(&world).await.param("code").unwrap();
        let answer = redeem(&world, &code, &[]).await.json();
        let after = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
        assert!(after["auth_time"].as_i64() > before["auth_time"].as_i64() && after["sub"] == before["sub"]);
    });
}

#[test]
fn oidcc_prompt_none_not_logged_in() {
    on_each(async |world| {
        let answer = Browser::new(&world).get(&request(&[("prompt", "none")])).await;
        assert_eq!(answer.param("error").as_deref(), Some("login_required"));
    });
}

#[test]
fn oidcc_prompt_none_logged_in() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (_, before) = tokens(&world, &mut browser, &[]).await;
        let code = browser.get(&request(&[("prompt", "none")])).await.param("code").unwrap();
        let answer = redeem(&world, &code, &[]).await.json();
        let after = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
        assert_eq!((&after["sub"], &after["auth_time"]), (&before["sub"], &before["auth_time"]));
    });
}

#[test]
fn oidcc_max_age_1() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        tokens(&world, &mut browser, &[]).await;
        world.clock.step(2);
        assert!(browser.open(&request(&[("max_age", "1")])).await.body.contains("name=\"kind\""));
        let code = browser.lineo(&world).await.param("code").unwrap();
        let answer = redeem(&world, &code, &[]).await.json();
        let claims = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
        assert!(world.acts.now().as_seconds() - claims["auth_time"].as_i64().unwrap() <= 1);
    });
}

#[test]
fn oidcc_max_age_10000() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (_, before) = tokens(&world, &mut browser, &[]).await;
        let (_, after) = tokens(&world, &mut browser, &[("max_age", "10000")]).await;
        assert_eq!(after["auth_time"], before["auth_time"]);
    });
}

#[test]
fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    on_each(async |world| drop(tokens(&world, &mut signed_in(&world).await, &[("extra", "foobar")]).await));
}

#[test]
fn oidcc_id_token_hint() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (answer, before) = tokens(&world, &mut browser, &[]).await;
        let hint = answer["id_token"].as_str().unwrap();
        let (_, after) = tokens(&world, &mut browser, &[("prompt", "none"), ("id_token_hint", hint)]).await;
        assert_eq!(after["sub"], before["sub"]);
    });
}

#[test]
fn oidcc_login_hint() {
    on_each(async |world| {
        let mut browser = Browser::new(&world);
        browser.open(&request(&[("login_hint", LINEO_NUMBER)])).await;
        browser.lineo(&world).await;
        assert!(browser.send("/oauth2/sign-in/consent", &[]).await.param("code").is_some());
    });
}

#[test]
fn oidcc_ui_locales() {
    on_each(async |world| {
        let page = Browser::new(&world).open(&request(&[("ui_locales", "se st")])).await;
        assert!(page.body.contains("lang=\"st-LS\""));
    });
}

#[test]
fn oidcc_claims_locales() {
    on_each(async |world| drop(tokens(&world, &mut signed_in(&world).await, &[("claims_locales", "se st")]).await));
}

#[test]
fn oidcc_ensure_request_with_acr_values_succeeds() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (_, claims) = tokens(&world, &mut browser, &[("acr_values", "1 2 urn:letsema:assurance:low")]).await;
        assert_eq!(claims["acr"], "urn:letsema:assurance:low", "as it was asked for");
    });
}

#[test]
fn oidcc_codereuse() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = answered(&mut browser, &[]).await.param("code").unwrap();
        assert_eq!(redeem(&world, &code, &[]).await.status, 200);
        assert_eq!(redeem(&world, &code, &[]).await.json()["error"], "invalid_grant");
    });
}

#[test]
fn oidcc_codereuse_30seconds() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = answered(&mut browser, &[]).await.param("code").unwrap();
        let access = redeem(&world, &code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
        world.clock.step(30);
        assert_eq!(redeem(&world, &code, &[]).await.json()["error"], "invalid_grant");
        assert_eq!(userinfo(&world, &access).await.status, 401);
    });
}

#[test]
fn oidcc_ensure_registered_redirect_uri() {
    on_each(async |world| {
        let answer = Browser::new(&world).get(&request(&[("redirect_uri", "https://suite.example/cb/x")])).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
    });
}

#[test]
fn oidcc_ensure_post_request_succeeds() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (_, before) = tokens(&world, &mut browser, &[]).await;
        let sent = browser.ask("POST", "/oauth2/authorize", &[FORM], pairs(&[])).await;
        let code = browser.open(sent.location()).await.param("code").unwrap();
        let answer = redeem(&world, &code, &[]).await.json();
        assert_eq!(jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims["sub"], before["sub"]);
    });
}

#[test]
fn oidcc_server_client_secret_post() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = answered(&mut browser, &[]).await.param("code").unwrap();
        let body = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={}&client_id=suite&client_secret={}",
            coded(CB),
            coded(BANK_SECRET)
        );
        assert_eq!(call(&world, "POST", "/oauth2/token", &[FORM], body).await.status, 200);
    });
}

#[test]
fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    on_each(async |world| {
        let part = |text: &str| crypto::base64url(text.as_bytes());
        let object = format!("{}.{}.", part(r#"{"alg":"none"}"#), part(r#"{"client_id":"suite","scope":"openid"}"#));
        let answer = Browser::new(&world).get(&request(&[("request", &object)])).await;
        assert_eq!(answer.param("error").as_deref(), Some("invalid_request_object"));
    });
}

#[test]
fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    on_each(async |world| {
        let answer = Browser::new(&world).get(&request(&[("request_uri", "https://suite.example/request.jwt")])).await;
        assert_eq!(answer.param("error").as_deref(), Some("request_uri_not_supported"));
    });
}

#[test]
fn oidcc_claims_essential() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let claims = r#"{"userinfo": {"name": {"essential": true}}}"#;
        let (answer, _) = tokens(&world, &mut browser, &[("claims", claims)]).await;
        assert_eq!(told(&world, &answer).await["name"], LINEO_NAME);
    });
}

#[test]
fn oidcc_ensure_request_object_with_redirect_uri() {
    on_each(async |world| {
        // The object is refused whole, whatever address stands in it: this client has no key.
        let object = "eyJhbGciOiJFUzI1NiJ9.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZSJ9.AAAA";
        let answer = Browser::new(&world).get(&request(&[("request", object)])).await;
        assert!(answer.location().starts_with(CB) && answer.param("code").is_none());
    });
}

#[test]
fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let with = [("code_challenge", crate::requests::CHALLENGE), ("code_challenge_method", "S256")];
        let code = answered(&mut browser, &with).await.param("code").unwrap();
        assert_eq!(redeem(&world, &code, &[("code_verifier", crate::requests::VERIFIER)]).await.status, 200);
        let other = answered(&mut browser, &[]).await.param("code").unwrap();
        let downgraded = redeem(&world, &other, &[("code_verifier", crate::requests::VERIFIER)]).await;
        assert_eq!(downgraded.json()["error"], "invalid_grant", "a verifier without a challenge");
    });
}

#[test]
fn oidcc_alternate_happy_flow() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (one, _) = tokens(&world, &mut browser, &[]).await;
        let (two, _) = tokens(&world, &mut browser, &[]).await;
        assert_ne!(one["access_token"], two["access_token"]);
        assert_eq!(told(&world, &one).await["sub"], told(&world, &two).await["sub"]);
    });
}

#[test]
fn oidcc_refresh_token() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let (first, before) =
            tokens(&world, &mut browser, &[("scope", "openid offline_access"), ("prompt", "consent")]).await;
        let renew = async |token: &str| {
            let body = format!("grant_type=refresh_token&refresh_token={token}");
            call(&world, "POST", "/oauth2/token", &[FORM, ("authorization", &basic("suite", BANK_SECRET))], body).await
        };
        let old = first["refresh_token"].as_str().unwrap();
        let answer = renew(old).await.json();
        let after = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
        assert_eq!(
            (&after["sub"], &after["iss"], &after["aud"], &after["auth_time"]),
            (&before["sub"], &before["iss"], &before["aud"], &before["auth_time"])
        );
        let new = answer["refresh_token"].as_str().unwrap();
        assert_ne!(new, old);
        assert_eq!(renew(old).await.json()["error"], "invalid_grant", "used up");
        assert_eq!(renew(new).await.json()["error"], "invalid_grant", "and its family with it (RFC 9700 §4.14.2)");
        assert_eq!(userinfo(&world, answer["access_token"].as_str().unwrap()).await.status, 401);
        assert_eq!(world.count("identity.grant.replayed").await, 1);
    });
}

#[test]
fn oidcc_discovery_endpoint_verification() {
    on_each(async |world| {
        let metadata = call(&world, "GET", "/.well-known/openid-configuration", &[], String::new()).await.json();
        for name in ["issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
            assert!(metadata[name].as_str().unwrap().starts_with(BASE), "{name}");
        }
        for name in [
            "scopes_supported",
            "response_types_supported",
            "subject_types_supported",
            "id_token_signing_alg_values_supported",
            "claims_supported",
        ] {
            assert!(!metadata[name].as_array().unwrap().is_empty(), "{name}");
        }
        let signing = metadata["id_token_signing_alg_values_supported"].as_array().unwrap();
        assert!(signing.iter().any(|alg| alg == "RS256") && signing.iter().all(|alg| alg != "none"));
    });
}
