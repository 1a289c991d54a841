//! Modules of the plan `fapi-ciba-id1-test-plan` (private_key_jwt, poll; the notification by itself for ping).

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use crypto::jose;
use serde_json::{Value as Json, json};
use spine::{Caller, Secret};

use crate::browser::{Answer, Browser, signed_in};
use crate::exchanging::{FORM, call};
use crate::regulated::{
    CLIENT_RSA, DPOP, KEY, LENDER, PINGED, assertion_claims, name, proof, proof_with, proven, with_assertion,
};
use crate::world::{BASE, LINEO_NUMBER, LINEO_PHONE, LINEO_PIN, World, on_each};

const GRANT: &str = "urn:openid:params:grant-type:ciba";

/// The claims of a signed request for Lineo.
fn request_claims(world: &World) -> Json {
    let now = world.acts.now().as_seconds();
    json!({
        "iss": LENDER, "aud": BASE, "nbf": now, "iat": now, "exp": now + 300, "jti": name(),
        "scope": "openid profile", "login_hint": LINEO_NUMBER,
    })
}

async fn ask_with(world: &World, key: &crypto::SigningKey, change: impl Fn(&mut Json)) -> Answer {
    let mut claims = request_claims(world);
    change(&mut claims);
    let object = jose::sign(key, "JWT", &claims).unwrap();
    call(world, "POST", "/oauth2/backchannel", &[FORM], proven(world, LENDER, &[("request", &object)])).await
}

/// Asks, and gives the name of what was asked.
/// The bank asks Lineo; gives the name of the request.
pub(crate) async fn ask_lineo(world: &World) -> String {
    ask(world, |_| ()).await
}

async fn ask(world: &World, change: impl Fn(&mut Json)) -> String {
    let answer = ask_with(world, &KEY, change).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert!(answer["interval"].as_i64().unwrap() > 0 && answer["expires_in"].as_i64().unwrap() > 0);
    answer["auth_req_id"].as_str().unwrap().to_owned()
}

async fn fetch(world: &World, id: &str) -> Answer {
    let proof = proof(world, "POST", "/oauth2/token", None).await;
    let body = proven(world, LENDER, &[("grant_type", GRANT), ("auth_req_id", id)]);
    call(world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await
}

fn error(answer: &Answer) -> String {
    answer.json()["error"].as_str().unwrap_or_default().to_owned()
}

/// Lineo answers on her own page.
async fn answers(browser: &mut Browser, yes: bool) -> Answer {
    let list = browser.get("/account/approvals").await;
    let link = list.body.split("href=\"").find(|part| part.starts_with("/account/approvals/one")).unwrap();
    let link = crate::browser::unescape(link.split('"').next().unwrap());
    let page = browser.get(&link).await;
    let id = page.hidden("id");
    browser.send("/account/approvals/answer", &[("id", &id), ("answer", if yes { "yes" } else { "no" })]).await
}

#[test]
fn fapi_ciba_id1() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let id = ask(&world, |_| ()).await;
        assert_eq!(error(&fetch(&world, &id).await), "authorization_pending");
        assert_eq!(answers(&mut browser, true).await.status, 200);
        world.clock.step(6);
        let answer = fetch(&world, &id).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = answer.json();
        assert_eq!(answer["token_type"], "DPoP");
        assert!(jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims["sub"].is_string());
        assert_eq!(error(&fetch(&world, &id).await), "invalid_grant", "fetched once");
    });
}

#[test]
fn fapi_ciba_id1_discovery_end_point_verification() {
    on_each(async |world| {
        let metadata = call(&world, "GET", "/.well-known/openid-configuration", &[], String::new()).await.json();
        assert!(metadata["backchannel_authentication_endpoint"].as_str().unwrap().starts_with(BASE));
        assert_eq!(metadata["backchannel_token_delivery_modes_supported"], json!(["poll", "ping"]));
        let grants = metadata["grant_types_supported"].as_array().unwrap();
        assert!(grants.iter().any(|grant| grant == GRANT));
        let algs = metadata["backchannel_authentication_request_signing_alg_values_supported"].as_array().unwrap();
        assert!(algs.iter().any(|alg| alg == "PS256") && algs.iter().all(|alg| alg != "RS256" && alg != "none"));
    });
}

#[test]
fn fapi_ciba_id1_user_rejects_authentication() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let id = ask(&world, |_| ()).await;
        answers(&mut browser, false).await;
        assert_eq!(error(&fetch(&world, &id).await), "access_denied");
    });
}

#[test]
fn fapi_ciba_id1_auth_req_id_expired() {
    on_each(async |world| {
        let id = ask(&world, |claims| claims["requested_expiry"] = json!(10)).await;
        world.clock.step(11);
        assert_eq!(error(&fetch(&world, &id).await), "expired_token");
    });
}

#[test]
fn fapi_ciba_id1_ensure_requested_expiry_as_string_succeeds() {
    on_each(async |world| {
        let answer = ask_with(&world, &KEY, |claims| claims["requested_expiry"] = json!("30")).await;
        assert_eq!(answer.json()["expires_in"], 30);
    });
}

#[test]
fn fapi_ciba_id1_multiple_call_to_token_endpoint() {
    on_each(async |world| {
        let id = ask(&world, |_| ()).await;
        assert_eq!(error(&fetch(&world, &id).await), "authorization_pending");
        assert_eq!(error(&fetch(&world, &id).await), "slow_down");
    });
}

#[test]
fn fapi_ciba_id1_ensure_authorization_request_with_binding_message_succeeds() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        ask(&world, |claims| claims["binding_message"] = json!("Loan 1234")).await;
        let list = browser.get("/account/approvals").await;
        let link = list.body.split("href=\"").find(|part| part.starts_with("/account/approvals/one")).unwrap();
        let page = browser.get(&crate::browser::unescape(link.split('"').next().unwrap())).await;
        assert!(page.body.contains("Loan 1234") && page.body.contains("The Lender"));
    });
}

#[test]
fn fapi_ciba_id1_ensure_authorization_request_with_potentially_bad_binding_message() {
    on_each(async |world| {
        let long = ask_with(&world, &KEY, |claims| claims["binding_message"] = json!("x".repeat(400))).await;
        assert_eq!(error(&long), "invalid_binding_message");
        let mut browser = signed_in(&world).await;
        ask(&world, |claims| claims["binding_message"] = json!("<script>alert(1)</script>")).await;
        let list = browser.get("/account/approvals").await;
        let link = list.body.split("href=\"").find(|part| part.starts_with("/account/approvals/one")).unwrap();
        let page = browser.get(&crate::browser::unescape(link.split('"').next().unwrap())).await;
        assert!(!page.body.contains("<script>alert"));
    });
}

#[test]
fn fapi_ciba_id1_ensure_other_scope_order_succeeds() {
    on_each(async |world| drop(ask(&world, |claims| claims["scope"] = json!("profile openid")).await));
}

#[test]
fn fapi_ciba_id1_ensure_authorization_request_with_multiple_hints_fails() {
    on_each(async |world| {
        let answer = ask_with(&world, &KEY, |claims| claims["id_token_hint"] = json!("a.b.c")).await;
        assert_eq!((answer.status.as_u16(), error(&answer)), (400, "invalid_request".to_owned()));
        let none = ask_with(&world, &KEY, |claims| drop(claims.as_object_mut().unwrap().remove("login_hint"))).await;
        assert_eq!(error(&none), "invalid_request");
    });
}

#[test]
fn fapi_ciba_id1_ensure_unsigned_backchannel_authorization_request_fails() {
    on_each(async |world| {
        let body = proven(&world, LENDER, &[("scope", "openid"), ("login_hint", LINEO_NUMBER)]);
        assert_eq!(error(&call(&world, "POST", "/oauth2/backchannel", &[FORM], body).await), "invalid_request");
    });
}

/// Every claim of a request object must be there and good.
async fn is_refused(world: &World, change: impl Fn(&mut Json)) {
    let answer = ask_with(world, &KEY, change).await;
    assert_eq!((answer.status.as_u16(), error(&answer)), (400, "invalid_request".to_owned()));
}

fn without(name: &'static str) -> impl Fn(&mut Json) {
    move |claims| drop(claims.as_object_mut().unwrap().remove(name))
}

#[test]
fn fapi_ciba_id1_ensure_request_object_missing_aud_fails() {
    on_each(async |world| is_refused(&world, without("aud")).await);
}

#[test]
fn fapi_ciba_id1_ensure_request_object_missing_exp_fails() {
    on_each(async |world| is_refused(&world, without("exp")).await);
}

#[test]
fn fapi_ciba_id1_ensure_request_object_missing_iat_fails() {
    on_each(async |world| is_refused(&world, without("iat")).await);
}

#[test]
fn fapi_ciba_id1_ensure_request_object_missing_iss_fails() {
    on_each(async |world| is_refused(&world, without("iss")).await);
}

#[test]
fn fapi_ciba_id1_ensure_request_object_missing_jti_fails() {
    on_each(async |world| is_refused(&world, without("jti")).await);
}

#[test]
fn fapi_ciba_id1_ensure_request_object_missing_nbf_fails() {
    on_each(async |world| is_refused(&world, without("nbf")).await);
}

#[test]
fn fapi_ciba_id1_ensure_request_object_bad_aud_fails() {
    on_each(async |world| is_refused(&world, |claims| claims["aud"] = json!("https://another.example")).await);
}

#[test]
fn fapi_ciba_id1_ensure_request_object_bad_iss_fails() {
    on_each(async |world| is_refused(&world, |claims| claims["iss"] = json!("another")).await);
}

#[test]
fn fapi_ciba_id1_ensure_request_object_expired_exp_fails() {
    on_each(async |world| {
        let past = world.acts.now().as_seconds() - 300;
        is_refused(&world, |claims| claims["exp"] = json!(past)).await;
    });
}

#[test]
fn fapi_ciba_id1_ensure_request_object_exp_is_70_minutes_in_future_fails() {
    on_each(async |world| {
        let late = world.acts.now().as_seconds() + 70 * 60;
        is_refused(&world, |claims| claims["exp"] = json!(late)).await;
    });
}

#[test]
fn fapi_ciba_id1_ensure_request_object_nbf_is_10_minutes_in_future_fails() {
    on_each(async |world| {
        let late = world.acts.now().as_seconds() + 600;
        is_refused(&world, |claims| claims["nbf"] = json!(late)).await;
    });
}

#[test]
fn fapi_ciba_id1_ensure_request_object_nbf_is_70_minutes_in_past_fails() {
    on_each(async |world| {
        let old = world.acts.now().as_seconds() - 70 * 60;
        is_refused(&world, |claims| claims["nbf"] = json!(old)).await;
    });
}

#[test]
fn fapi_ciba_id1_ensure_request_object_signature_algorithm_is_rs256_fails() {
    on_each(async |world| assert_eq!(error(&ask_with(&world, &CLIENT_RSA, |_| ()).await), "invalid_request"));
}

#[test]
fn fapi_ciba_id1_ensure_request_object_signature_algorithm_is_none_fails() {
    on_each(async |world| {
        let part = |json: &Json| crypto::base64url(json.to_string().as_bytes());
        let object = format!("{}.{}.", part(&json!({"alg": "none"})), part(&request_claims(&world)));
        let body = proven(&world, LENDER, &[("request", &object)]);
        assert_eq!(error(&call(&world, "POST", "/oauth2/backchannel", &[FORM], body).await), "invalid_request");
    });
}

#[test]
fn fapi_ciba_id1_ensure_request_object_signature_algorithm_is_bad_fails() {
    on_each(async |world| {
        let object = jose::sign(&KEY, "JWT", &request_claims(&world)).unwrap();
        let (rest, _) = object.rsplit_once('.').unwrap();
        let body = proven(&world, LENDER, &[("request", &format!("{rest}.AAAA"))]);
        assert_eq!(error(&call(&world, "POST", "/oauth2/backchannel", &[FORM], body).await), "invalid_request");
    });
}

#[test]
fn fapi_ciba_id1_ensure_request_object_signed_by_other_client_fails() {
    on_each(async |world| assert_eq!(error(&ask_with(&world, &DPOP, |_| ()).await), "invalid_request"));
}

#[test]
fn fapi_ciba_id1_ensure_different_client_id_and_issuer_in_backchannel_authorization_request() {
    on_each(async |world| is_refused(&world, |claims| claims["client_id"] = json!("keyed")).await);
}

#[test]
fn fapi_ciba_id1_ensure_wrong_client_id_in_backchannel_authorization_request() {
    on_each(async |world| {
        let object = jose::sign(&KEY, "JWT", &request_claims(&world)).unwrap();
        let body = proven(&world, LENDER, &[("request", &object), ("client_id", "keyed")]);
        assert_eq!(error(&call(&world, "POST", "/oauth2/backchannel", &[FORM], body).await), "invalid_client");
    });
}

#[test]
fn fapi_ciba_id1_ensure_wrong_client_id_in_token_endpoint_request() {
    on_each(async |world| {
        let id = ask(&world, |_| ()).await;
        let proof = proof_with(&world, &DPOP, "POST", "/oauth2/token", |_| ());
        let body = proven(&world, "keyed", &[("grant_type", GRANT), ("auth_req_id", &id)]);
        assert_eq!(
            error(&call(&world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await),
            "invalid_grant"
        );
    });
}

#[test]
fn fapi_ciba_id1_ensure_wrong_auth_req_id_in_token_endpoint_request() {
    on_each(async |world| assert_eq!(error(&fetch(&world, "another").await), "invalid_grant"));
}

#[test]
fn fapi_ciba_id1_ensure_without_client_assertion_in_backchannel_authorization_request() {
    on_each(async |world| {
        let object = jose::sign(&KEY, "JWT", &request_claims(&world)).unwrap();
        let body = format!("request={object}&client_id={LENDER}");
        assert_eq!(error(&call(&world, "POST", "/oauth2/backchannel", &[FORM], body).await), "invalid_client");
    });
}

#[test]
fn fapi_ciba_id1_ensure_without_client_assertion_in_token_endpoint_request() {
    on_each(async |world| {
        let id = ask(&world, |_| ()).await;
        let body = format!("grant_type={GRANT}&auth_req_id={id}&client_id={LENDER}");
        assert_eq!(error(&call(&world, "POST", "/oauth2/token", &[FORM], body).await), "invalid_client");
    });
}

#[test]
fn fapi_ciba_id1_ensure_client_assertion_signature_algorithm_in_backchannel_authorization_request_is_rs256_fails() {
    on_each(async |world| {
        let object = jose::sign(&KEY, "JWT", &request_claims(&world)).unwrap();
        let assertion = jose::sign(&CLIENT_RSA, "JWT", &assertion_claims(&world, LENDER)).unwrap();
        let body = with_assertion(&assertion, &[("request", &object)]);
        assert_eq!(error(&call(&world, "POST", "/oauth2/backchannel", &[FORM], body).await), "invalid_client");
    });
}

#[test]
fn fapi_ciba_id1_ensure_client_assertion_signature_algorithm_in_token_endpoint_request_is_rs256_fails() {
    on_each(async |world| {
        let id = ask(&world, |_| ()).await;
        let assertion = jose::sign(&CLIENT_RSA, "JWT", &assertion_claims(&world, LENDER)).unwrap();
        let body = with_assertion(&assertion, &[("grant_type", GRANT), ("auth_req_id", &id)]);
        assert_eq!(error(&call(&world, "POST", "/oauth2/token", &[FORM], body).await), "invalid_client");
    });
}

#[test]
fn fapi_ciba_id1_ensure_client_assertion_with_iss_aud_to_token_endpoint_succeeds() {
    on_each(async |world| {
        let id = ask(&world, |_| ()).await;
        assert_eq!(error(&fetch(&world, &id).await), "authorization_pending", "the assertion is for the issuer");
    });
}

#[test]
fn fapi_ciba_id1_refresh_token() {
    on_each(async |world| {
        let mut browser = signed_in(&world).await;
        let id = ask(&world, |claims| claims["scope"] = json!("openid offline_access")).await;
        answers(&mut browser, true).await;
        let first = fetch(&world, &id).await.json();
        let refresh = first["refresh_token"].as_str().unwrap();
        let proof = proof(&world, "POST", "/oauth2/token", None).await;
        let body = proven(&world, LENDER, &[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
        let again = call(&world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await;
        assert_eq!(again.status, 200, "{}", again.body);
    });
}

type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// A program's notification endpoint, which answers so and remembers what it was told.
async fn listening(port: u16, status: u16, body: &'static str) -> Heard {
    let heard = Heard::default();
    let hear = move |State(heard): State<Heard>, headers: HeaderMap, told: String| async move {
        let bearer = headers["authorization"].to_str().unwrap().to_owned();
        heard.lock().unwrap().push((bearer, told));
        (StatusCode::from_u16(status).unwrap(), [("location", "https://another.example/")], body)
    };
    let router = Router::new().route("/told", post(hear)).with_state(Arc::clone(&heard));
    let socket = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move { axum::serve(socket, router).await });
    heard
}

/// The program is told once, whatever it answers, and fetches its tokens.
fn is_told_once(id: &'static str, status: u16, body: &'static str) {
    let (_, port) = PINGED.into_iter().find(|(own, _)| *own == id).unwrap();
    on_each(async |world| {
        let heard = listening(port, status, body).await;
        let mut browser = signed_in(&world).await;
        let mut claims = request_claims(&world);
        claims["iss"] = json!(id);
        claims["client_notification_token"] = json!("8d67dc78-7faa-4d41-aabd-67707b374255");
        let object = jose::sign(&KEY, "JWT", &claims).unwrap();
        let answer =
            call(&world, "POST", "/oauth2/backchannel", &[FORM], proven(&world, id, &[("request", &object)])).await;
        let asked = answer.json()["auth_req_id"].as_str().unwrap().to_owned();
        answers(&mut browser, true).await;
        world.drain().await;
        world.drain().await;
        let told = heard.lock().unwrap().clone();
        assert_eq!(told.len(), 1, "no second try, no redirect followed");
        assert_eq!(told[0].0, "Bearer 8d67dc78-7faa-4d41-aabd-67707b374255");
        assert_eq!(serde_json::from_str::<Json>(&told[0].1).unwrap(), json!({"auth_req_id": asked}));
        let proof = proof(&world, "POST", "/oauth2/token", None).await;
        let body = proven(&world, id, &[("grant_type", GRANT), ("auth_req_id", &asked)]);
        assert_eq!(call(&world, "POST", "/oauth2/token", &[FORM, ("dpop", &proof)], body).await.status, 200);
    });
}

#[test]
fn fapi_ciba_id1_ping_backchannel_notification_endpoint_response_401() {
    is_told_once("ping-401", 401, "");
}

#[test]
fn fapi_ciba_id1_ping_backchannel_notification_endpoint_response_403() {
    is_told_once("ping-403", 403, "");
}

#[test]
fn fapi_ciba_id1_ping_backchannel_notification_endpoint_response_has_body() {
    is_told_once("ping-body", 200, "{\"welcome\": true}");
}

#[test]
fn fapi_ciba_id1_ping_backchannel_notification_endpoint_return_redirect_request() {
    is_told_once("ping-redirect", 301, "");
}

#[test]
fn nobody_learns_from_asking_who_exists() {
    on_each(async |world| {
        let known = ask_with(&world, &KEY, |_| ()).await;
        let unknown = ask_with(&world, &KEY, |claims| claims["login_hint"] = json!("9999999999")).await;
        assert_eq!(unknown.status, known.status);
        let id = unknown.json()["auth_req_id"].as_str().unwrap().to_owned();
        assert_eq!(error(&fetch(&world, &id).await), "authorization_pending");
    });
}

#[test]
fn a_person_approves_by_pin_from_her_own_phone() {
    on_each(async |world| {
        let id = ask(&world, |claims| claims["binding_message"] = json!("Loan 7")).await;
        let caller = Caller::system("ussd");
        let identity = &world.identity;
        assert!(identity.waiting_for(&caller, LINEO_NUMBER, "+26650000000").await.unwrap().is_empty());
        let waiting = identity.waiting_for(&caller, LINEO_NUMBER, LINEO_PHONE).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].message.as_deref()), (1, Some("Loan 7")));
        let (one, right) = (waiting[0].id.clone(), Secret::new(LINEO_PIN.to_owned()));
        let wrong = Secret::new("000000".to_owned());
        let answer =
            async |phone, pin| identity.answer_by_pin(&caller, (LINEO_NUMBER, phone), pin, &one, true).await.unwrap();
        assert_eq!(answer(LINEO_PHONE, &wrong).await, identity::ByPin::Wrong);
        assert_eq!(answer("+26650000000", &right).await, identity::ByPin::Wrong, "another's phone");
        assert_eq!(answer(LINEO_PHONE, &right).await, identity::ByPin::Kept);
        assert_eq!(answer(LINEO_PHONE, &right).await, identity::ByPin::Gone);
        let tokens = fetch(&world, &id).await.json();
        let said = jose::peek(tokens["id_token"].as_str().unwrap()).unwrap().claims;
        assert_eq!(said["amr"], json!(["pin", "mca", "mfa"]));
    });
}
