//! Modules of the plan `fapi2-security-profile-final-test-plan` (private_key_jwt, DPoP, plain response).

use axum::http::StatusCode;
use crypto::jose;
use crypto::{Algorithm, SigningKey};
use serde_json::json;

use crate::browser::{Answer, coded, signed_in};
use crate::exchanging::{FORM, call};
use crate::regulated::{
    CLIENT_RSA, DPOP, KEY, LENDER, LENDER_CB, assertion_claims, authorize, code, nonce, proof, proof_with, proven,
    push, raw_proof, redeem, request_fields, with_assertion,
};
use crate::requests::VERIFIER;
use crate::world::{BASE, World, on_each};

fn error(answer: &Answer) -> (u16, String) {
    let status = answer.status.as_u16();
    if answer.location().is_empty() {
        (status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
    } else {
        (status, answer.param("error").unwrap_or_default())
    }
}

/// Userinfo with a bound token.
pub(crate) async fn userinfo(world: &World, scheme: &str, token: &str) -> Answer {
    let proof = proof(world, "GET", "/oauth2/userinfo", Some(token)).await;
    let header = format!("{scheme} {token}");
    call(world, "GET", "/oauth2/userinfo", &[("authorization", &header), ("dpop", &proof)], String::new()).await
}

async fn pushed(world: &World, changes: &[(&str, &str)]) -> String {
    let answer = push(world, changes).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

#[test]
fn fapi2_security_profile_final_happy_flow() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        let answer = redeem(&world, &code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = answer.json();
        assert_eq!(answer["token_type"], "DPoP");
        assert!(answer["refresh_token"].is_string());
        let claims = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(BASE), Some(LENDER)));
        let told = userinfo(&world, "DPoP", answer["access_token"].as_str().unwrap()).await;
        assert_eq!((told.status.as_u16(), &told.json()["sub"]), (200, &claims["sub"]));
    });
}

#[test]
fn fapi2_security_profile_final_discovery_end_point_verification() {
    on_each(async |world| {
        let metadata = call(&world, "GET", "/.well-known/openid-configuration", &[], String::new()).await.json();
        let lists = |name: &str, value: &str| {
            metadata[name].as_array().unwrap_or_else(|| panic!("{name}")).iter().any(|own| own == value)
        };
        assert!(metadata["pushed_authorization_request_endpoint"].as_str().unwrap().starts_with(BASE));
        assert!(lists("token_endpoint_auth_methods_supported", "private_key_jwt"));
        assert!(lists("token_endpoint_auth_methods_supported", "tls_client_auth"));
        for alg in ["ES256", "PS256", "EdDSA"] {
            assert!(lists("dpop_signing_alg_values_supported", alg), "{alg}");
        }
        assert!(!lists("dpop_signing_alg_values_supported", "RS256"));
        assert!(
            lists("code_challenge_methods_supported", "S256") && !lists("code_challenge_methods_supported", "plain")
        );
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        assert_eq!(metadata["claims_parameter_supported"], true);
        assert!(metadata.get("registration_endpoint").is_none(), "dynamic registration is off");
    });
}

#[test]
fn fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let fields: Vec<String> =
            request_fields().iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
        let answer = browser.get(&format!("/oauth2/authorize?{}", fields.join("&"))).await;
        assert_eq!(error(&answer), (303, "invalid_request".to_owned()));
        assert!(answer.param("code").is_none());
    });
}

#[test]
fn fapi2_security_profile_final_user_rejects_authentication() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        browser.open(&authorize(&pushed(&world, &[]).await)).await;
        let answer = browser.send("/oauth2/sign-in/cancel", &[]).await;
        assert_eq!(answer.param("error").as_deref(), Some("access_denied"));
        assert_eq!((answer.param("state").as_deref(), answer.param("iss").as_deref()), (Some("xyz"), Some(BASE)));
    });
}

#[test]
fn fapi2_security_profile_final_par_attempt_reuse_request_uri() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let reference = pushed(&world, &[]).await;
        browser.open(&authorize(&reference)).await;
        assert!(browser.send("/oauth2/sign-in/consent", &[]).await.param("code").is_some());
        let again = browser.open(&authorize(&reference)).await;
        assert_eq!((again.status, again.location()), (StatusCode::BAD_REQUEST, ""));
    });
}

#[test]
fn fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let reference = pushed(&world, &[]).await;
        browser.open(&authorize(&reference)).await;
        browser.open(&authorize(&reference)).await;
        assert!(browser.send("/oauth2/sign-in/consent", &[]).await.param("code").is_some());
    });
}

#[test]
fn fapi2_security_profile_final_par_attempt_to_use_expired_request_uri() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let answer = push(&world, &[]).await.json();
        let reference = answer["request_uri"].as_str().unwrap();
        let lasts = answer["expires_in"].as_i64().unwrap();
        assert!((5..600).contains(&lasts));
        world.clock.step(lasts);
        let late = browser.open(&authorize(reference)).await;
        assert_eq!((late.status, late.location()), (StatusCode::BAD_REQUEST, ""));
    });
}

#[test]
fn fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let reference = pushed(&world, &[]).await;
        let target = format!("/oauth2/authorize?client_id=keyed&request_uri={}", coded(&reference));
        let answer = browser.open(&target).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""));
    });
}

#[test]
fn fapi2_security_profile_final_par_attempt_invalid_http_method() {
    on_each(async |world| {
        for method in ["GET", "PUT"] {
            assert_eq!(call(&world, method, "/oauth2/par", &[], String::new()).await.status, 405);
        }
    });
}

#[test]
fn fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param() {
    on_each(async |world| {
        let reference = pushed(&world, &[]).await;
        assert_eq!(error(&push(&world, &[("request_uri", &reference)]).await), (400, "invalid_request".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_par_without_duplicate_parameters() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        assert_eq!(redeem(&world, &code, &[]).await.status, 200, "client_id and request_uri alone are enough");
    });
}

/// Pushes with an assertion whose claims are changed, and with which key and algorithm.
async fn push_asserting(world: &World, key: &SigningKey, change: impl Fn(&mut serde_json::Value)) -> Answer {
    let mut claims = assertion_claims(world, LENDER);
    change(&mut claims);
    let assertion = jose::sign(key, "JWT", &claims).unwrap();
    let fields = request_fields();
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    call(world, "POST", "/oauth2/par", &[FORM], with_assertion(&assertion, &pairs)).await
}

fn invalid_client() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

#[test]
fn fapi2_security_profile_final_par_test_array_as_audience_fails() {
    on_each(async |world| {
        let answer = push_asserting(&world, &KEY, |claims| claims["aud"] = json!([BASE])).await;
        assert_eq!(error(&answer), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails() {
    on_each(async |world| {
        let answer = push_asserting(&world, &KEY, |claims| claims["aud"] = json!(format!("{BASE}/oauth2/par"))).await;
        assert_eq!(error(&answer), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails() {
    on_each(async |world| {
        let answer = push_asserting(&world, &KEY, |claims| claims["aud"] = json!(format!("{BASE}/oauth2/token"))).await;
        assert_eq!(error(&answer), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails() {
    on_each(async |world| {
        let answer = push_asserting(&world, &KEY, |claims| claims["aud"] = json!("https://another.example")).await;
        assert_eq!(error(&answer), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails() {
    on_each(async |world| {
        let answer = push_asserting(&world, &KEY, |claims| drop(claims.as_object_mut().unwrap().remove("sub"))).await;
        assert_eq!(error(&answer), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails() {
    on_each(async |world| {
        let past = world.acts.now().as_seconds() - 300;
        let answer = push_asserting(&world, &KEY, |claims| claims["exp"] = json!(past)).await;
        assert_eq!(error(&answer), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted() {
    on_each(async |world| {
        let soon = world.acts.now().as_seconds() + 8;
        let answer = push_asserting(&world, &KEY, |claims| {
            claims["nbf"] = json!(soon);
            claims["iat"] = json!(soon);
        });
        assert_eq!(answer.await.status, 201);
    });
}

#[test]
fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails() {
    on_each(async |world| {
        let late = world.acts.now().as_seconds() + 61;
        let answer = push_asserting(&world, &KEY, |claims| claims["nbf"] = json!(late)).await;
        assert_eq!(error(&answer), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails() {
    on_each(async |world| {
        assert_eq!(error(&push_asserting(&world, &CLIENT_RSA, |_| ()).await), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint() {
    on_each(async |world| {
        let proof = proof(&world, "POST", "/oauth2/token", None).await;
        let body = format!("grant_type=client_credentials&client_id={LENDER}");
        let answer = call(&world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await;
        assert_eq!(error(&answer), invalid_client());
    });
}

#[test]
fn fapi2_security_profile_final_ensure_client_id_in_token_endpoint() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        let answer = redeem(&world, &code, &[("client_id", "keyed")]).await;
        assert_eq!(error(&answer), invalid_client(), "the assertion is another's");
    });
}

#[test]
fn fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        let proof = proof_with(&world, &DPOP, "POST", "/oauth2/token", |_| ());
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", LENDER_CB),
            ("code_verifier", VERIFIER),
        ];
        let answer =
            call(&world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], proven(&world, "keyed", &fields)).await;
        assert_eq!(error(&answer), (400, "invalid_grant".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        let access = redeem(&world, &code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
        world.clock.step(1);
        assert_eq!(error(&redeem(&world, &code, &[]).await), (400, "invalid_grant".to_owned()));
        assert_eq!(userinfo(&world, "DPoP", &access).await.status, 401);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        world.clock.step(61);
        assert_eq!(error(&redeem(&world, &code, &[]).await), (400, "invalid_grant".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_par_ensure_pkce_required() {
    on_each(async |world| {
        let answer = push(&world, &[("code_challenge", ""), ("code_challenge_method", "")]).await;
        assert_eq!(error(&answer), (400, "invalid_request".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_par_plain_pkce_rejected() {
    on_each(async |world| {
        let answer = push(&world, &[("code_challenge", VERIFIER), ("code_challenge_method", "plain")]).await;
        assert_eq!(error(&answer), (400, "invalid_request".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        let other = "a".repeat(43);
        assert_eq!(
            error(&redeem(&world, &code, &[("code_verifier", &other)]).await),
            (400, "invalid_grant".to_owned())
        );
    });
}

#[test]
fn fapi2_security_profile_final_ensure_pkce_code_verifier_required() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        assert_eq!(error(&redeem(&world, &code, &[("code_verifier", "")]).await), (400, "invalid_grant".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request() {
    on_each(async |world| {
        assert_eq!(error(&push(&world, &[("redirect_uri", "")]).await), (400, "invalid_request".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_registered_redirect_uri() {
    on_each(async |world| {
        let answer = push(&world, &[("redirect_uri", "https://lender.example/cb/other")]).await;
        assert_eq!(error(&answer), (400, "invalid_request".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_response_type_code_idtoken_fails() {
    on_each(async |world| {
        let answer = push(&world, &[("response_type", "code id_token")]).await;
        assert_eq!(error(&answer), (400, "unsupported_response_type".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_response_type_token_fails() {
    on_each(async |world| {
        let answer = push(&world, &[("response_type", "token")]).await;
        assert_eq!(error(&answer), (400, "unsupported_response_type".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_authorization_request_without_state_success() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[("state", "")]).await;
        assert_eq!(redeem(&world, &code, &[]).await.status, 200);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_authorization_request_without_nonce_success() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[("nonce", "")]).await;
        let answer = redeem(&world, &code, &[]).await.json();
        let claims = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
        assert!(!claims.contains_key("nonce"));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let long = "n".repeat(64);
        let code = code(&world, &mut browser, &[("nonce", &long)]).await;
        let answer = redeem(&world, &code, &[]).await.json();
        assert_eq!(jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims["nonce"], long);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_authorization_request_with_long_nonce() {
    on_each(async |world| {
        let long = "n".repeat(384);
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[("nonce", &long)]).await;
        let answer = redeem(&world, &code, &[]).await.json();
        assert_eq!(jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims["nonce"], long);
        assert_eq!(error(&push(&world, &[("nonce", &"n".repeat(2000))]).await), (400, "invalid_request".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_authorization_request_with_long_state() {
    on_each(async |world| {
        let long = "s".repeat(1000);
        let mut browser = signed_in(&world).await;
        browser.open(&authorize(&pushed(&world, &[("state", &long)]).await)).await;
        let answer = browser.send("/oauth2/sign-in/consent", &[]).await;
        assert_eq!(answer.param("state").as_deref(), Some(long.as_str()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_other_scope_order_succeeds() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[("scope", "profile openid")]).await;
        assert_eq!(redeem(&world, &code, &[]).await.status, 200);
    });
}

#[test]
fn fapi2_security_profile_final_access_token_type_header_case_sensitivity() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        let access = redeem(&world, &code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
        for scheme in ["dpop", "DPOP", "DpOp"] {
            assert_eq!(userinfo(&world, scheme, &access).await.status, 200, "{scheme}");
        }
        assert_eq!(userinfo(&world, "Bearer", &access).await.status, 401);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_holder_of_key_required() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", LENDER_CB),
            ("code_verifier", VERIFIER),
        ];
        let bare = call(&world, "POST", "/oauth2/token", &[FORM], proven(&world, LENDER, &fields)).await;
        assert_eq!(error(&bare), (400, "invalid_request".to_owned()));
        let access = redeem(&world, &code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
        let header = format!("DPoP {access}");
        let bare = call(&world, "GET", "/oauth2/userinfo", &[("authorization", &header)], String::new()).await;
        assert_eq!(bare.status, 401);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_dpop_auth_code_binding_success() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let jkt = jose::thumbprint(&DPOP.public());
        let code = code(&world, &mut browser, &[("dpop_jkt", &jkt)]).await;
        assert_eq!(redeem(&world, &code, &[]).await.status, 200);
    });
}

/// Pushes with a proof of this key.
async fn push_with_proof(world: &World, key: &SigningKey, changes: &[(&str, &str)]) -> Answer {
    let nonce = nonce(world).await;
    let proof = proof_with(world, key, "POST", "/oauth2/par", |claims| claims["nonce"] = json!(nonce));
    let fields = request_fields();
    let own: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (*name, value.as_str())).chain(changes.iter().copied()).collect();
    call(world, "POST", "/oauth2/par", &[FORM, ("dpop", &proof)], proven(world, LENDER, &own)).await
}

#[test]
fn fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let answer = push_with_proof(&world, &DPOP, &[]).await;
        let reference = answer.json()["request_uri"].as_str().unwrap().to_owned();
        browser.open(&authorize(&reference)).await;
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        assert_eq!(redeem(&world, &code, &[]).await.status, 200);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails() {
    on_each(async |world| {
        let other = jose::thumbprint(&KEY.public());
        let answer = push_with_proof(&world, &DPOP, &[("dpop_jkt", &other)]).await;
        assert_eq!(error(&answer), (400, "invalid_dpop_proof".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let other = jose::thumbprint(&KEY.public());
        let code = code(&world, &mut browser, &[("dpop_jkt", &other)]).await;
        assert_eq!(error(&redeem(&world, &code, &[]).await), (400, "invalid_grant".to_owned()));
    });
}

#[test]
fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let other = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let answer = push_with_proof(&world, &other, &[]).await;
        let reference = answer.json()["request_uri"].as_str().unwrap().to_owned();
        browser.open(&authorize(&reference)).await;
        let code = browser.send("/oauth2/sign-in/consent", &[]).await.param("code").unwrap();
        assert_eq!(error(&redeem(&world, &code, &[]).await), (400, "invalid_grant".to_owned()));
    });
}

/// Asks for a token of the client's own with this proof.
async fn credentials(world: &World, proof: &str) -> Answer {
    let body = proven(world, LENDER, &[("grant_type", "client_credentials")]);
    call(world, "POST", "/oauth2/token", &[FORM, ("dpop", proof)], body).await
}

#[test]
fn fapi2_security_profile_final_dpop_negative_tests() {
    on_each(async |world| {
        let fresh = nonce(&world).await;
        let good = |claims: &mut serde_json::Value| claims["nonce"] = json!(fresh);
        let refused = async |proof: String, what: &str| {
            assert_eq!(error(&credentials(&world, &proof).await), (400, "invalid_dpop_proof".to_owned()), "{what}");
        };
        let make = |change: &dyn Fn(&mut serde_json::Value)| {
            proof_with(&world, &DPOP, "POST", "/oauth2/token", |claims| {
                good(claims);
                change(claims);
            })
        };
        for missing in ["jti", "htm", "htu", "iat"] {
            refused(make(&|claims| drop(claims.as_object_mut().unwrap().remove(missing))), missing).await;
        }
        refused(make(&|claims| claims["htm"] = json!("GET")), "another method").await;
        refused(make(&|claims| claims["htu"] = json!("https://another.example/oauth2/token")), "another host").await;
        refused(make(&|claims| claims["htu"] = json!(format!("{BASE}/oauth2/par"))), "another endpoint").await;
        refused(make(&|claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() - 300)), "old").await;
        refused(make(&|claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 300)), "early").await;
        let claims = json!({"jti": "1", "htm": "POST", "htu": format!("{BASE}/oauth2/token"), "iat": world.acts.now().as_seconds(), "nonce": fresh});
        refused(raw_proof(&DPOP, "jwt", &claims), "another type").await;
        refused(raw_proof(&CLIENT_RSA, "dpop+jwt", &claims), "RS256").await;
        refused("nonsense".to_owned(), "nonsense").await;
        let mut spoilt = raw_proof(&DPOP, "dpop+jwt", &claims);
        spoilt.truncate(spoilt.len() - 4);
        refused(spoilt + "AAAA", "another signature").await;
        let other = make(&|claims| claims["nonce"] = json!("another nonce"));
        assert_eq!(error(&credentials(&world, &other).await), (400, "use_dpop_nonce".to_owned()));
        let once = make(&|_| ());
        assert_eq!(credentials(&world, &once).await.status, 200);
        assert_eq!(error(&credentials(&world, &once).await).0, 400, "a proof is good once");
    });
}

#[test]
fn fapi2_security_profile_final_check_dpop_proof_nbf_exp() {
    on_each(async |world| {
        let (fresh, now) = (nonce(&world).await, world.acts.now().as_seconds());
        for (name, value, good) in
            [("exp", now - 60, false), ("nbf", now + 120, false), ("exp", now + 60, true), ("nbf", now, true)]
        {
            let proof = proof_with(&world, &DPOP, "POST", "/oauth2/token", |claims| {
                claims["nonce"] = json!(fresh);
                claims[name] = json!(value);
            });
            assert_eq!(credentials(&world, &proof).await.status == 200, good, "{name} {value}");
        }
    });
}

/// A proof made so many seconds from now.
async fn made_at(world: &World, seconds: i64) -> u16 {
    let fresh = nonce(world).await;
    let proof = proof_with(world, &DPOP, "POST", "/oauth2/token", |claims| {
        claims["nonce"] = json!(fresh);
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() + seconds);
    });
    credentials(world, &proof).await.status.as_u16()
}

#[test]
fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds() {
    on_each(async |world| assert_eq!(made_at(&world, -10).await, 200));
}

#[test]
fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds() {
    on_each(async |world| assert_eq!(made_at(&world, 10).await, 200));
}

#[test]
fn fapi2_security_profile_final_refresh_token() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[("scope", "openid profile offline_access")]).await;
        let first = redeem(&world, &code, &[]).await.json();
        let refresh = first["refresh_token"].as_str().unwrap();
        let renew = async |client: &str| {
            let proof = proof(&world, "POST", "/oauth2/token", None).await;
            let body = proven(&world, client, &[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
            call(&world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await
        };
        for _ in 0..2 {
            let answer = renew(LENDER).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            let answer = answer.json();
            assert!(answer.get("refresh_token").is_none(), "FAPI 2.0 §5.3.2.1: the same one is kept");
            assert_ne!(answer["access_token"], first["access_token"]);
            let sub = |answer: &serde_json::Value| {
                jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims["sub"].clone()
            };
            assert_eq!(sub(&answer), sub(&first));
        }
        assert_eq!(error(&renew("keyed").await), (400, "invalid_grant".to_owned()), "another client's");
    });
}

#[test]
fn fapi2_security_profile_final_test_claims_parameter_identity_claims() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let claims = r#"{"id_token": {"name": {"essential": true}}, "userinfo": {"phone_number": null}}"#;
        let code = code(&world, &mut browser, &[("claims", claims), ("scope", "openid")]).await;
        let answer = redeem(&world, &code, &[]).await.json();
        let said = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
        assert_eq!(said["name"], crate::world::LINEO_NAME);
        let told = userinfo(&world, "DPoP", answer["access_token"].as_str().unwrap()).await.json();
        assert_eq!(told["phone_number"], crate::world::LINEO_PHONE);
    });
}

#[test]
fn fapi2_security_profile_final_test_essential_acr_sca_claim() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let wanted = r#"{"id_token": {"acr": {"essential": true, "values": ["urn:letsema:assurance:substantial"]}}}"#;
        let code = code(&world, &mut browser, &[("claims", wanted)]).await;
        let answer = redeem(&world, &code, &[]).await.json();
        let said = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
        assert_eq!(said["acr"], "urn:letsema:assurance:substantial");
        let more = r#"{"id_token": {"acr": {"essential": true, "values": ["urn:letsema:assurance:high"]}}}"#;
        let reference = pushed(&world, &[("claims", more)]).await;
        world.clock.step(2);
        let asked = browser.open(&authorize(&reference)).await;
        assert!(asked.body.contains("Sign in more surely"), "{}", asked.body);
        let answer = browser.submit("/oauth2/sign-in/more/without", &[]).await;
        assert_eq!(answer.param("error").as_deref(), Some("unmet_authentication_requirements"), "{}", answer.body);
    });
}
