//! Packets: taken once however they come; cut and gone on; stale, damaged or refused ones wait for a person.

use axum::http::StatusCode;
use crypto::jose::{self, KeySet};
use crypto::{Algorithm, SigningKey, base64url, sha256};
use identity::{
    DeviceId, NewDevice, Packet, PacketForm, PacketTaken, UploadState, add_operator_key, dismiss_packet,
    end_operator_key, packets_to_review, register_device, set_device_state,
};
use serde_json::{Value as Json, json};
use spine::{Caller, FaultKind};

use super::{act, centre_key, fields_of, in_the_country, officer, operator, seen, supervisor, told};
use crate::browser::{Answer, Browser};
use crate::exchanging::{FORM, call};
use crate::regulated::{self, with_assertion};
use crate::world::{BASE, World};

/// A device in a village and its operator, with their keys.
struct Field {
    device: SigningKey,
    id: DeviceId,
    operator: SigningKey,
    token: String,
}

fn identity_officer() -> Caller {
    officer("off_01jdf2k9q8e9t8xq8m2n4v6wa7", "identity-officer")
}

impl Field {
    async fn new(world: &World) -> Self {
        let [device, own] = [Algorithm::Es256, Algorithm::Es256].map(|own| SigningKey::generate(own).unwrap());
        let jwk = |key: &SigningKey| KeySet::of([&key.public()]).to_jwks()["keys"][0].to_string();
        let new = NewDevice {
            kind: "device".to_owned(),
            name: "Tablet 7".to_owned(),
            purpose: "Enrolment in villages".to_owned(),
            place: "Thaba-Tseka".to_owned(),
            proves: "key".to_owned(),
            key: jwk(&device),
            scopes: vec!["enrolment.packets".to_owned()],
            valid_to: "2027-11-24".parse().unwrap(),
        };
        let identity = world.identity.clone();
        let id =
            act(world, &identity_officer(), move |cx, _| register_device(cx, &identity, None, &new)).await.unwrap();
        world.as_officer(&operator()).await;
        let public = jwk(&own);
        act(world, &operator(), move |cx, _| add_operator_key(cx, &public)).await.unwrap();
        let claims = regulated::assertion_claims(world, &id.to_string());
        let fields = [("grant_type", "client_credentials"), ("scope", "enrolment.packets")];
        let body = with_assertion(&jose::sign(&device, "JWT", &claims).unwrap(), &fields);
        let answer = call(world, "POST", "/oauth2/token", &[FORM], body).await;
        let token = answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
        Self { device, id, operator: own, token }
    }

    fn packet(&self, world: &World, name: &str, form: &PacketForm, seconds_ago: i64) -> String {
        let (device, operator) = (self.id.to_string(), operator().actor.id);
        let taken = PacketTaken {
            name,
            centre: BASE,
            device: &device,
            number: 1,
            operator: &operator,
            at: world.acts.now().plus_seconds(-seconds_ago),
        };
        let centre = json!({"keys": [centre_key().jwk()]});
        Packet::make(&taken, form, b"finger: village-1", (&self.device, &self.operator), &centre).unwrap()
    }

    async fn call(&self, world: &World, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("authorization", bearer.as_str())]).collect();
        Browser::new(world).ask(method, path, &headers, body).await
    }

    async fn begin(&self, world: &World, packet: &str) -> Answer {
        let (key, length) = (base64url(&sha256(&[packet.as_bytes()])), packet.len().to_string());
        let headers = [("idempotency-key", key.as_str()), ("upload-length", &length), ("upload-complete", "?0")];
        self.call(world, "POST", "/api/identity/packets", &headers, String::new()).await
    }

    async fn add(&self, world: &World, location: &str, offset: usize, part: &str, last: bool) -> Answer {
        let (offset, complete) = (offset.to_string(), if last { "?1" } else { "?0" });
        let headers = [
            ("content-type", "application/partial-upload"),
            ("upload-offset", offset.as_str()),
            ("upload-complete", complete),
        ];
        self.call(world, "PATCH", location, &headers, part.to_owned()).await
    }

    /// Sends a packet in one part; answers what came of it.
    async fn send(&self, world: &World, packet: &str) -> Json {
        let location = self.begin(world, packet).await.location().to_owned();
        let answer = self.add(world, &location, 0, packet, true).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }
}

fn form(given: &str) -> PacketForm {
    PacketForm {
        evidence: "passport".to_owned(),
        paper: "RC0098765".to_owned(),
        chief: String::new(),
        letter_on: None,
        fields: told(given, "Ramokoatsi", "1961-05-02"),
        exceptions: Vec::new(),
    }
}

const NAME: &str = "packet-0000000000000001";

#[test]
fn cut_in_the_middle_it_goes_on_and_doubled_it_is_taken_once() {
    in_the_country(async |world| {
        let field = Field::new(&world).await;
        let packet = field.packet(&world, NAME, &form("Mosa"), 86_400);
        assert!(!packet.contains("Mosa"));
        let begun = field.begin(&world, &packet).await;
        assert_eq!((begun.status, begun.header("upload-offset")), (StatusCode::CREATED, "0"));
        let location = begun.location().to_owned();
        assert_eq!(field.add(&world, &location, 0, &packet[..700], false).await.header("upload-offset"), "700");
        // Somewhere else than where it broke off is refused, and changes nothing.
        for wrong in [0, 699, 701] {
            assert_eq!(
                field.add(&world, &location, wrong, &packet[700..900], false).await.status,
                StatusCode::CONFLICT
            );
        }
        let head = field.call(&world, "HEAD", &location, &[], String::new()).await;
        assert_eq!((head.header("upload-offset"), head.header("upload-complete")), ("700", "?0"));
        // Begun again under the same key it is the same upload.
        assert_eq!(field.begin(&world, &packet).await.location(), location);
        let short = field.add(&world, &location, 700, &packet[700..900], true).await;
        assert_eq!(short.json()["code"], "identity.packet.short");
        let done = field.add(&world, &location, 900, &packet[900..], true).await;
        assert_eq!(done.json()["state"], "taken", "{}", done.body);
        let again = field.add(&world, &location, 900, &packet[900..], true).await;
        assert_eq!(again.json(), done.json());
        // The same packet encrypted anew is another file and the same packet.
        let double = field.packet(&world, NAME, &form("Mosa"), 86_400);
        assert_ne!(double, packet);
        assert_eq!(field.send(&world, &double).await["application"], done.json()["application"]);
        assert_eq!(world.count("identity.enrolment.taken").await, 1);
        let id = done.json()["application"].as_str().unwrap().parse().unwrap();
        let application = seen(&world, id).await.application;
        assert_eq!((application.name().as_str(), application.packet.as_deref()), ("Mosa Ramokoatsi", Some(NAME)));
        assert_eq!(application.officer, operator().actor.id, "its operator took it");
        assert_eq!(world.rows("SELECT packet, packet FROM identity_packet_part").await.len(), 0, "nothing of it stays");
    });
}

#[test]
fn what_cannot_be_taken_waits_for_a_person_whole() {
    in_the_country(async |world| {
        let field = Field::new(&world).await;
        let mut young = form("Thato");
        young.fields.insert("born".to_owned(), json!("2020-01-01"));
        let mut unknown = form("Lerato");
        (unknown.evidence, unknown.paper) = ("birth-entry".to_owned(), "B 0000 0000 1".to_owned());
        let mut damaged = field.packet(&world, "packet-0000000000000009", &form("Neo"), 0);
        damaged.replace_range(900..901, if &damaged[900..901] == "A" { "B" } else { "A" });
        let old = field.packet(&world, "packet-0000000000000002", &form("Palesa"), 31 * 86_400);
        for (packet, problem) in [
            (old.clone(), "identity.packet.stale"),
            (field.packet(&world, "packet-0000000000000003", &form("Tumelo"), -2 * 86_400), "identity.packet.clock"),
            (field.packet(&world, "packet-0000000000000004", &young, 0), "identity.enrolment.young"),
            (field.packet(&world, "packet-0000000000000005", &unknown, 0), "identity.enrolment.wrong"),
            (damaged, "identity.packet.unreadable"),
            ("not a packet at all".to_owned(), "identity.packet.unreadable"),
        ] {
            let said = field.send(&world, &packet).await;
            assert_eq!((said["state"].as_str(), said["problem"].as_str()), (Some("review"), Some(problem)));
        }
        assert_eq!(world.count("identity.enrolment.begun").await, 0);
        let mut desk = world.as_officer(&supervisor()).await;
        let list = desk.get("/enrolment/packets").await;
        assert!(list.body.contains("made so long ago") && list.body.contains("damaged on its way"));
        let waiting = act(&world, &supervisor(), |cx, _| packets_to_review(cx)).await.unwrap();
        assert_eq!(waiting.len(), 6);
        let stale = waiting.iter().find(|one| one.problem.as_deref() == Some("identity.packet.stale")).unwrap();
        let page = desk.get(&format!("/enrolment/packets/{}", stale.id)).await;
        assert!(page.body.contains("Palesa"), "what it says is shown");
        // Late, and taken all the same when somebody has looked.
        let taken = desk.send(&format!("/enrolment/packets/{}/again", stale.id), &[]).await;
        assert!(taken.location().starts_with("/enrolment/enr_"), "{}", taken.location());
        let broken = waiting.iter().find(|one| one.name.is_none()).unwrap();
        let page = desk.get(&format!("/enrolment/packets/{}", broken.id)).await;
        assert!(page.body.contains("cannot be read"));
        let dismiss = format!("/enrolment/packets/{}/dismiss", broken.id);
        assert_eq!(desk.send(&dismiss, &[("words", "")]).await.status, 422);
        desk.get(&format!("/enrolment/packets/{}", broken.id)).await;
        assert_eq!(desk.send(&dismiss, &[("words", "The operator sends it again")]).await.status, 303);
        let id = broken.id;
        let over = act(&world, &supervisor(), move |cx, _| dismiss_packet(cx, id, "why")).await.unwrap_err();
        assert_eq!(over.kind(), FaultKind::NotFound);
        assert!(waiting.iter().all(|one| one.state == UploadState::Review));
    });
}

#[test]
fn keys_that_do_not_count_take_nothing() {
    in_the_country(async |world| {
        let mut field = Field::new(&world).await;
        // Signed by a key nobody registered, as the device and as the operator.
        let own = std::mem::replace(&mut field.operator, SigningKey::generate(Algorithm::Es256).unwrap());
        let said = field.send(&world, &field.packet(&world, NAME, &form("Mosa"), 0)).await;
        assert_eq!(said["problem"], "identity.packet.operator");
        let forged = std::mem::replace(&mut field.operator, own);
        drop(forged);
        let device = std::mem::replace(&mut field.device, SigningKey::generate(Algorithm::Es256).unwrap());
        let said = field.send(&world, &field.packet(&world, "packet-0000000000000012", &form("Mosa"), 0)).await;
        assert_eq!(said["problem"], "identity.packet.device");
        field.device = device;
        // An operator whose key ended, and a device that was lost: what was on its way waits for a person.
        let late = field.packet(&world, "packet-0000000000000013", &form("Mosa"), 60);
        let kid = field.operator.kid().to_owned();
        act(&world, &operator(), move |cx, _| end_operator_key(cx, &kid)).await.unwrap();
        assert_eq!(field.send(&world, &late).await["problem"], "identity.packet.operator");
        let id = field.id;
        let lost = serde_json::from_value(json!("lost")).unwrap();
        act(&world, &identity_officer(), move |cx, _| set_device_state(cx, None, id, lost)).await.unwrap();
        assert_eq!(field.begin(&world, &late).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.count("identity.enrolment.begun").await, 0);
    });
}

#[test]
fn bad_calls_are_told_and_strangers_send_nothing() {
    in_the_country(async |world| {
        let field = Field::new(&world).await;
        let packet = field.packet(&world, NAME, &form("Mosa"), 0);
        let long = "9999999999".to_owned();
        for (headers, status) in [
            (vec![("upload-length", "10"), ("upload-complete", "?0")], StatusCode::BAD_REQUEST),
            (vec![("idempotency-key", "0123456789abcdef"), ("upload-complete", "?0")], StatusCode::BAD_REQUEST),
            (
                vec![("idempotency-key", "0123456789abcdef"), ("upload-length", "-1"), ("upload-complete", "?0")],
                StatusCode::BAD_REQUEST,
            ),
            (vec![("idempotency-key", "0123456789abcdef"), ("upload-length", "10")], StatusCode::BAD_REQUEST),
            (
                vec![("idempotency-key", "0123456789abcdef"), ("upload-length", &long), ("upload-complete", "?0")],
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
        ] {
            let answer = field.call(&world, "POST", "/api/identity/packets", &headers, String::new()).await;
            assert_eq!(answer.status, status, "{headers:?}");
        }
        let location = field.begin(&world, &packet).await.location().to_owned();
        let more = field.add(&world, &location, 0, &format!("{packet}more"), true).await;
        assert_eq!(more.status, StatusCode::PAYLOAD_TOO_LARGE);
        let typed = [("content-type", "text/plain"), ("upload-offset", "0")];
        let answer = field.call(&world, "PATCH", &location, &typed, packet.clone()).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let missing = field.call(&world, "GET", "/api/identity/packets/pck_x", &[], String::new()).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        let stranger = Browser::new(&world).ask("POST", "/api/identity/packets", &[], String::new()).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
        let key = Browser::new(&world).ask("GET", "/api/identity/packets/key", &[], String::new()).await;
        assert_eq!(key.json()["keys"][0]["use"], "enc");
    });
}

#[test]
fn operators_bring_public_keys_only() {
    in_the_country(async |world| {
        let private = r#"{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}"#;
        for wrong in ["", "{", "[]", private, r#"{"kty":"oct","k":"AAAA"}"#, &"x".repeat(3_000)] {
            let wrong = wrong.to_owned();
            let fault = act(&world, &operator(), move |cx, _| add_operator_key(cx, &wrong)).await.unwrap_err();
            assert_eq!(fields_of(&fault), ["jwk"]);
        }
        let refused = act(&world, &supervisor(), |cx, _| add_operator_key(cx, "{}")).await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Forbidden);
        let mut desk = world.as_officer(&operator()).await;
        let page = desk.get("/enrolment/key").await;
        assert!(page.body.contains(&operator().actor.id));
        assert_eq!(desk.send("/enrolment/key", &[("jwk", private)]).await.status, 422);
    });
}
