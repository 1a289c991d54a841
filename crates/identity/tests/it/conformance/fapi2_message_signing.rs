//! Modules of the plan `fapi2-message-signing-final-test-plan`: signed requests (JAR), signed answers (JARM), signed
//! introspection (RFC 9701).

use crypto::jose::{self, KeySet};
use crypto::{Algorithm, SigningKey, base64url};
use serde_json::{Value as Json, json};

use crate::browser::{Answer, coded, signed_in};
use crate::exchanging::{FORM, call};
use crate::regulated::{CLIENT_RSA, KEY, LENDER, code, name, proven, redeem, request_fields};
use crate::world::{BASE, World, on_each};

const SIGNING: &str = "signing-lender";

/// The claims of a request object of the client that must sign.
fn object_claims(world: &World) -> Json {
    let now = world.acts.now().as_seconds();
    let mut claims = json!({"iss": SIGNING, "aud": BASE, "nbf": now, "iat": now, "exp": now + 300, "jti": name()});
    for (name, value) in request_fields() {
        claims[name] = json!(value);
    }
    claims["client_id"] = json!(SIGNING);
    claims
}

/// Pushes a request object, and beside it these parameters.
async fn push_object(world: &World, object: &str, beside: &[(&str, &str)]) -> Answer {
    let fields: Vec<(&str, &str)> = [("request", object)].into_iter().chain(beside.iter().copied()).collect();
    call(world, "POST", "/oauth2/par", &[FORM], proven(world, SIGNING, &fields)).await
}

async fn push_with(world: &World, key: &SigningKey, change: impl Fn(&mut Json)) -> Answer {
    let mut claims = object_claims(world);
    change(&mut claims);
    let object = jose::sign(key, "oauth-authz-req+jwt", &claims).unwrap();
    push_object(world, &object, &[]).await
}

fn without(claims: &mut Json, name: &str) {
    claims.as_object_mut().unwrap().remove(name);
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    let error = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(matches!(error.as_str(), "invalid_request_object" | "invalid_request"), "{error}");
}

/// Opens a pushed request and agrees; the answer at the redirect address.
async fn answered(world: &World, pushed: &Answer) -> Answer {
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let mut browser = signed_in(world).await;
    let reference = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    browser.open(&format!("/oauth2/authorize?client_id={SIGNING}&request_uri={}", coded(&reference))).await;
    browser.send("/oauth2/sign-in/consent", &[]).await
}

#[test]
fn fapi2_message_signing_happy_flow_with_jarm() {
    on_each(async |world| {
        let pushed = push_with(&world, &KEY, |claims| claims["response_mode"] = json!("jwt")).await;
        let answer = answered(&world, &pushed).await;
        assert!(answer.param("code").is_none() && answer.param("state").is_none(), "nothing stands beside the token");
        let keys = KeySet::from_jwks(&call(&world, "GET", "/oauth2/jwks", &[], String::new()).await.json());
        let said = keys.open(&answer.param("response").unwrap(), None).unwrap();
        assert_eq!(
            (said["iss"].as_str(), said["aud"].as_str(), said["state"].as_str()),
            (Some(BASE), Some(SIGNING), Some("xyz"))
        );
        assert!(said["exp"].as_i64().unwrap() > world.acts.now().as_seconds() && said["code"].is_string());
    });
}

#[test]
fn fapi2_security_profile_final_ensure_unsigned_request_at_par_endpoint_fails() {
    on_each(async |world| {
        let fields = request_fields();
        let own: Vec<(&str, &str)> = fields
            .iter()
            .filter(|(name, _)| *name != "client_id")
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        is_refused(&call(&world, "POST", "/oauth2/par", &[FORM], proven(&world, SIGNING, &own)).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_expired_request_object_fails() {
    on_each(async |world| {
        let past = world.acts.now().as_seconds() - 1;
        is_refused(&push_with(&world, &KEY, |claims| claims["exp"] = json!(past)).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_without_exp_fails() {
    on_each(async |world| is_refused(&push_with(&world, &KEY, |claims| without(claims, "exp")).await));
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_without_nbf_fails() {
    on_each(async |world| is_refused(&push_with(&world, &KEY, |claims| without(claims, "nbf")).await));
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_with_exp_over_60_fails() {
    on_each(async |world| {
        let late = world.acts.now().as_seconds() + 70 * 60;
        is_refused(&push_with(&world, &KEY, |claims| claims["exp"] = json!(late)).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_with_nbf_over_60_fails() {
    on_each(async |world| {
        let old = world.acts.now().as_seconds() - 70 * 60;
        is_refused(&push_with(&world, &KEY, |claims| claims["nbf"] = json!(old)).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted() {
    on_each(async |world| {
        let soon = world.acts.now().as_seconds() + 8;
        assert_eq!(push_with(&world, &KEY, |claims| claims["nbf"] = json!(soon)).await.status, 201);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_with_bad_aud_fails() {
    on_each(async |world| {
        is_refused(&push_with(&world, &KEY, |claims| claims["aud"] = json!("https://another.example")).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_with_multiple_aud_succeeds() {
    on_each(async |world| {
        let answer = push_with(&world, &KEY, |claims| claims["aud"] = json!([BASE, "https://another.example"])).await;
        assert_eq!(answer.status, 201);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails() {
    on_each(async |world| is_refused(&push_with(&world, &KEY, |claims| without(claims, "redirect_uri")).await));
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_with_invalid_signature_fails() {
    on_each(async |world| {
        let object = jose::sign(&KEY, "oauth-authz-req+jwt", &object_claims(&world)).unwrap();
        let (rest, signature) = object.rsplit_once('.').unwrap();
        let mut bytes = crypto::from_base64url(signature).unwrap();
        bytes[7] ^= 1;
        is_refused(&push_object(&world, &format!("{rest}.{}", base64url(&bytes)), &[]).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_matching_key_in_authorization_request() {
    on_each(async |world| {
        let other = SigningKey::generate(Algorithm::Es256).unwrap();
        is_refused(&push_with(&world, &other, |_| ()).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_request_object_signature_algorithm_is_not_none() {
    on_each(async |world| {
        let part = |json: &Json| base64url(json.to_string().as_bytes());
        let object = format!("{}.{}.", part(&json!({"alg": "none"})), part(&object_claims(&world)));
        is_refused(&push_object(&world, &object, &[]).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_signed_request_object_with_rs256_fails() {
    on_each(async |world| is_refused(&push_with(&world, &CLIENT_RSA, |_| ()).await));
}

#[test]
fn fapi2_security_profile_final_par_authorization_request_containing_request_uri() {
    on_each(async |world| {
        let reference = "urn:ietf:params:oauth:request_uri:x";
        is_refused(&push_with(&world, &KEY, |claims| claims["request_uri"] = json!(reference)).await);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object() {
    on_each(async |world| {
        let object = jose::sign(&KEY, "oauth-authz-req+jwt", &object_claims(&world)).unwrap();
        let pushed = push_object(&world, &object, &[("state", "another"), ("client_id", SIGNING)]).await;
        assert_eq!(answered(&world, &pushed).await.param("state").as_deref(), Some("xyz"));
    });
}

#[test]
fn fapi2_security_profile_final_state_only_outside_request_object_not_used() {
    on_each(async |world| {
        let mut claims = object_claims(&world);
        without(&mut claims, "state");
        let object = jose::sign(&KEY, "oauth-authz-req+jwt", &claims).unwrap();
        let pushed = push_object(&world, &object, &[("state", "outside"), ("client_id", SIGNING)]).await;
        assert_eq!(answered(&world, &pushed).await.param("state"), None);
    });
}

#[test]
fn fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object() {
    on_each(async |world| {
        let object = jose::sign(&KEY, "oauth-authz-req+jwt", &object_claims(&world)).unwrap();
        let pushed = push_object(&world, &object, &[("nonce", "another"), ("client_id", SIGNING)]).await;
        assert!(answered(&world, &pushed).await.param("code").is_some());
    });
}

#[test]
fn fapi2_message_signing_signed_introspection() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let code = code(&world, &mut browser, &[]).await;
        let access = redeem(&world, &code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
        let ask = async |accept: &str, token: &str| {
            let body = proven(&world, LENDER, &[("token", token)]);
            call(&world, "POST", "/oauth2/introspect", &[FORM, ("accept", accept)], body).await
        };
        let plain = ask("application/json", &access).await.json();
        assert_eq!((plain["active"].as_bool(), plain["token_type"].as_str()), (Some(true), Some("DPoP")));
        assert!(plain["cnf"]["jkt"].is_string());
        let signed = ask("application/token-introspection+jwt", &access).await;
        assert_eq!(signed.header("content-type"), "application/token-introspection+jwt");
        let keys = KeySet::from_jwks(&call(&world, "GET", "/oauth2/jwks", &[], String::new()).await.json());
        let claims = keys.open(&signed.body, Some("token-introspection+jwt")).unwrap();
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(BASE), Some(LENDER)));
        assert_eq!(claims["token_introspection"], plain);
        assert_eq!(ask("application/json", "nonsense").await.json(), json!({"active": false}));
    });
}
