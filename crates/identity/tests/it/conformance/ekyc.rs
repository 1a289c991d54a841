//! Modules of the plan `ekyc-test-plan-oidccore`: claims with evidence.

use crypto::jose;
use serde_json::{Value as Json, json};

use super::fapi2_security_profile::userinfo;
use crate::browser::signed_in;
use crate::regulated::{code, redeem};
use crate::world::{World, on_each};

/// Asks for this, agrees, and gives the claims of the ID token and of userinfo.
async fn told(world: &World, claims: &Json) -> (Json, Json) {
    let mut browser = signed_in(world).await;
    let code = code(world, &mut browser, &[("scope", "openid"), ("claims", &claims.to_string())]).await;
    let answer = redeem(world, &code, &[]).await.json();
    let id_token = jose::peek(answer["id_token"].as_str().unwrap()).unwrap().claims;
    let userinfo = userinfo(world, "DPoP", answer["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status, 200, "{}", userinfo.body);
    (Json::Object(id_token), userinfo.json())
}

fn wanted(verification: &Json, claims: &Json) -> Json {
    json!({"verified_claims": {"verification": verification, "claims": claims}})
}

fn framework() -> Json {
    json!({"trust_framework": null})
}

/// Userinfo tells the given name as verified, and no more of the verification than the framework.
fn is_happy(userinfo: &Json) {
    let verified = &userinfo["verified_claims"];
    assert_eq!(verified["claims"], json!({"given_name": "Lineo"}));
    assert_eq!(verified["verification"], json!({"trust_framework": "xx_national_id"}));
}

#[test]
fn ekyc_server_happypath() {
    on_each(async |world| {
        world.register_lineo().await;
        let (_, userinfo) =
            told(&world, &json!({"userinfo": wanted(&framework(), &json!({"given_name": null}))})).await;
        is_happy(&userinfo);
    });
}

#[test]
fn ekyc_server_happypath_emptyobject() {
    on_each(async |world| {
        world.register_lineo().await;
        let empty = json!({"trust_framework": {}});
        let (_, userinfo) = told(&world, &json!({"userinfo": wanted(&empty, &json!({"given_name": {}}))})).await;
        is_happy(&userinfo);
    });
}

#[test]
fn ekyc_server_happypath_essentialfalse() {
    on_each(async |world| {
        world.register_lineo().await;
        let claims = json!({"given_name": {"essential": false}});
        let (_, userinfo) = told(&world, &json!({"userinfo": wanted(&framework(), &claims)})).await;
        is_happy(&userinfo);
    });
}

#[test]
fn ekyc_server_unknown_claim_omitted() {
    on_each(async |world| {
        world.register_lineo().await;
        let claims = json!({"given_name": null, "shoe_size": null});
        let (_, userinfo) = told(&world, &json!({"userinfo": wanted(&framework(), &claims)})).await;
        is_happy(&userinfo);
    });
}

#[test]
fn ekyc_server_unknown_claim_specialchars_omitted() {
    on_each(async |world| {
        world.register_lineo().await;
        let claims = json!({"given_name": null, "x'\"<>&;%$ {}[]": null});
        let (_, userinfo) = told(&world, &json!({"userinfo": wanted(&framework(), &claims)})).await;
        is_happy(&userinfo);
    });
}

#[test]
fn ekyc_server_unknown_essential_claim_omitted() {
    on_each(async |world| {
        world.register_lineo().await;
        let claims = json!({"given_name": null, "shoe_size": {"essential": true}});
        let (_, userinfo) = told(&world, &json!({"userinfo": wanted(&framework(), &claims)})).await;
        is_happy(&userinfo);
    });
}

#[test]
fn ekyc_server_one_claim_with_random_value_omitted() {
    on_each(async |world| {
        world.register_lineo().await;
        let claims = json!({"given_name": {"value": "3f1d6a2e-0000-4000-8000-000000000000"}});
        let (_, userinfo) = told(&world, &json!({"userinfo": wanted(&framework(), &claims)})).await;
        assert!(userinfo.get("verified_claims").is_none());
    });
}

#[test]
fn ekyc_server_request_only_in_idtoken() {
    on_each(async |world| {
        world.register_lineo().await;
        let (id_token, userinfo) =
            told(&world, &json!({"id_token": wanted(&framework(), &json!({"given_name": null}))})).await;
        is_happy(&id_token);
        assert!(userinfo.get("verified_claims").is_none());
    });
}

#[test]
fn ekyc_server_request_only_in_userinfo() {
    on_each(async |world| {
        world.register_lineo().await;
        let (id_token, userinfo) =
            told(&world, &json!({"userinfo": wanted(&framework(), &json!({"given_name": null}))})).await;
        is_happy(&userinfo);
        assert!(id_token.get("verified_claims").is_none());
    });
}

#[test]
fn ekyc_server_test_userinfo_notfoundinop() {
    on_each(async |world| {
        world.register_lineo().await;
        let other = json!({"trust_framework": {"value": "de_aml"}});
        let (_, userinfo) = told(&world, &json!({"userinfo": wanted(&other, &json!({"given_name": null}))})).await;
        assert!(userinfo.get("verified_claims").is_none(), "another country's framework is not ours to claim");
    });
}

#[test]
fn ekyc_server_testbasedonuserinfo_defaults() {
    on_each(async |world| {
        world.register_lineo().await;
        let verification = json!({
            "trust_framework": {"value": "xx_national_id"}, "assurance_level": null, "time": null,
            "evidence": [{"type": {"value": "electronic_record"}, "record": {"type": null, "source": null}}],
        });
        let claims = json!({"given_name": null, "family_name": null, "birthdate": null});
        let (_, userinfo) = told(&world, &json!({"userinfo": wanted(&verification, &claims)})).await;
        let verified = &userinfo["verified_claims"];
        assert_eq!(
            verified["claims"],
            json!({"given_name": "Lineo", "family_name": "Mokhethi", "birthdate": "1992-03-14"})
        );
        assert_eq!(verified["verification"]["assurance_level"], "high");
        assert_eq!(verified["verification"]["evidence"][0]["record"]["source"]["country_code"], "XXX");
    });
}

#[test]
fn somebody_the_register_does_not_know_is_not_vouched_for() {
    on_each(async |world| {
        let (_, userinfo) =
            told(&world, &json!({"userinfo": wanted(&framework(), &json!({"given_name": null}))})).await;
        assert!(userinfo.get("verified_claims").is_none());
    });
}
