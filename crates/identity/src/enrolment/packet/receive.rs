//! A whole packet: decrypted, both signatures weighed, and taken as the application its operator took, once.
//!
//! **Invariant:** it is taken in one transaction under the packet's own name, by its operator; whatever keeps it from being
//! taken (it cannot be read, a key does not count, it is too old, the rules refuse it) leaves it whole for a person.

use crypto::jose::KeySet;
use journal::Key;
use serde_json::json;
use spine::{Act, Actor, ActorKind, Assurance, Caller, Cx, Fault, Resource, Via};

use super::format::{CONTENT, Packet, PacketFault};
use super::upload::{Upload, UploadId, UploadState};
use crate::devices::DeviceId;
use crate::enrolment::Enrolment;
use crate::enrolment::abis;
use crate::enrolment::application::ApplicationId;
use crate::enrolment::take::{Beginning, begin_from, describe, except, submit};
use crate::rows::{accounts, devices, packets as rows};

/// How far the device's clock may be ahead, in seconds.
const AHEAD_SECONDS: i64 = 24 * 3600;
const DAY_SECONDS: i64 = 86_400;

/// A packet whose signatures hold, and the operator as a caller.
struct Verified {
    packet: Packet,
    operator: Caller,
}

impl Enrolment {
    /// What a whole upload holds; the code of a fault if it cannot be read.
    pub(super) async fn read_packet(
        &self,
        caller: &Caller,
        id: UploadId,
    ) -> Result<Result<Packet, &'static str>, Fault> {
        let whole = self.acts().read(caller, move |cx: &mut Cx<'_>| Ok(rows::whole(cx.tx(), id)?)).await?;
        let Some(key) = self.packet_key() else { return Ok(Err("identity.packet.none")) };
        let Ok(token) = std::str::from_utf8(&whole) else { return Ok(Err("identity.packet.unreadable")) };
        let Ok(plain) = key.decrypt(token.trim_end(), CONTENT) else { return Ok(Err("identity.packet.unreadable")) };
        Ok(Packet::parse(&plain).map_err(|fault| match fault {
            PacketFault::Malformed => "identity.packet.malformed",
            PacketFault::Altered => "identity.packet.altered",
        }))
    }

    /// Takes a whole upload, or leaves it to a person; answers how it stands then. Whoever reviewed one that is old may have
    /// it taken `though_late`.
    ///
    /// # Errors
    /// The store's faults; the packet waits then, and is taken when its last part is sent again.
    pub(super) async fn receive_packet(
        &self,
        caller: &Caller,
        upload: Upload,
        though_late: bool,
    ) -> Result<Upload, Fault> {
        let problem = match self.read_packet(caller, upload.id).await? {
            Err(code) => (code.to_owned(), None),
            Ok(packet) => match self.taken(caller, &upload, packet.clone(), though_late).await {
                Ok(application) => return self.settled(caller, done(upload, &packet, application)).await,
                // Trouble of our own is none of the packet's.
                Err(fault) if is_ours(&fault) => return Err(fault),
                Err(fault) => (fault.code().to_owned(), Some(packet)),
            },
        };
        let (code, packet) = problem;
        let mut left = Upload { state: UploadState::Review, problem: Some(code), ..upload };
        if let Some(packet) = packet {
            left.name = Some(packet.device.jti);
            left.number = Some(packet.device.number);
            left.operator = Some(packet.operator.iss);
        }
        self.settled(caller, left).await
    }

    async fn taken(
        &self,
        caller: &Caller,
        upload: &Upload,
        packet: Packet,
        though_late: bool,
    ) -> Result<ApplicationId, Fault> {
        let (engine, device, before) = (self.clone(), upload.device.clone(), packet.clone());
        let verified = self
            .acts()
            .read(caller, move |cx: &mut Cx<'_>| verify(cx, &engine, &device, before.clone(), though_late))
            .await?;
        let name = format!("{}:{}", verified.packet.device.iss, verified.packet.device.jti);
        let said = serde_json::to_vec(&json!([verified.packet.device.form, verified.packet.device.templates]));
        let key = Key::new("identity.packet", &name, &said.unwrap_or_default());
        let engine = self.clone();
        let packet = verified.packet;
        // Sealed for the application that is made below: its name is not known before.
        let work = move |cx: &mut Cx<'_>| take_in(cx, &engine, &packet);
        self.acts().write(&verified.operator, &key, work).await
    }

    async fn settled(&self, caller: &Caller, upload: Upload) -> Result<Upload, Fault> {
        self.acts().write(caller, &Key::none(), move |cx: &mut Cx<'_>| settle(cx, &upload)).await
    }
}

fn is_ours(fault: &Fault) -> bool {
    use spine::FaultKind::{Internal, TooMany, Unavailable};
    matches!(fault.kind(), Internal | Unavailable | TooMany)
}

fn done(upload: Upload, packet: &Packet, application: ApplicationId) -> Upload {
    Upload {
        state: UploadState::Taken,
        problem: None,
        name: Some(packet.device.jti.clone()),
        number: Some(packet.device.number),
        operator: Some(packet.operator.iss.clone()),
        application: Some(application.to_string()),
        ..upload
    }
}

/// Weighs both signatures with the keys that count, and the packet's age.
fn verify(
    cx: &mut Cx<'_>,
    enrolment: &Enrolment,
    sender: &str,
    packet: Packet,
    though_late: bool,
) -> Result<Verified, Fault> {
    let refuse = |code: &'static str| Err(Fault::invalid(code));
    let (today, now) = (enrolment.today(cx), cx.now());
    let id: Option<DeviceId> = packet.device.iss.parse().ok();
    let device = match id {
        Some(id) => devices::by_id(cx.tx(), id)?,
        None => None,
    };
    let Some(device) = device.filter(|device| device.counts_on(today) && packet.device.iss == sender) else {
        return refuse("identity.packet.device");
    };
    let old = device.old_key.as_ref().filter(|(_, until)| now < *until).map(|(key, _)| key.clone());
    let keys: Vec<_> = std::iter::once(device.key.clone()).chain(old).collect();
    let set = KeySet::from_jwks(&json!({ "keys": keys }));
    if set.open(&packet.device_token, Some(Packet::device_type())).is_err() {
        return refuse("identity.packet.device");
    }
    let keys: Vec<_> = rows::keys(cx.tx(), &packet.operator.iss)?.into_iter().map(|(_, jwk, _)| jwk).collect();
    let set = KeySet::from_jwks(&json!({ "keys": keys }));
    let standing = accounts::officer(cx.tx(), &packet.operator.iss)?.filter(|officer| officer.active);
    let Some(officer) = standing.filter(|_| set.open(&packet.operator_token, Some(Packet::operator_type())).is_ok())
    else {
        return refuse("identity.packet.operator");
    };
    if packet.device.aud != enrolment.address() {
        return refuse("identity.packet.centre");
    }
    let age = now.as_seconds().saturating_sub(packet.device.iat);
    if !though_late && age > enrolment.rules().taking.packet_days.saturating_mul(DAY_SECONDS) {
        return refuse("identity.packet.stale");
    }
    if age < -AHEAD_SECONDS {
        return refuse("identity.packet.clock");
    }
    let actor = Actor {
        roles: officer.roles,
        institution: officer.institution,
        assurance: Assurance::Substantial,
        ..Actor::bare(ActorKind::Officer, packet.operator.iss.clone())
    };
    Ok(Verified { packet, operator: Caller { actor, via: Via::Api, ..cx.caller().clone() } })
}

/// Takes the application as its operator took it.
fn take_in(cx: &mut Cx<'_>, enrolment: &Enrolment, packet: &Packet) -> Result<ApplicationId, Fault> {
    let form = &packet.form;
    let said = Beginning {
        evidence: form.evidence.clone(),
        paper: form.paper.clone(),
        chief: form.chief.clone(),
        letter_on: form.letter_on,
    };
    let id = begin_from(cx, enrolment, &said, Some(&packet.device.jti))?;
    describe(cx, enrolment, id, &form.fields)?;
    if !form.exceptions.is_empty() {
        except(cx, enrolment, id, &form.exceptions)?;
    }
    if !packet.templates.is_empty() && enrolment.abis().is_some() {
        let sealed = enrolment.seal_biometrics(id, &packet.templates)?;
        abis::take_biometrics(cx, enrolment, id, &sealed)?;
    }
    submit(cx, enrolment, id)?;
    Ok(id)
}

/// Writes how an upload came out; what came goes once it is taken.
fn settle(cx: &mut Cx<'_>, upload: &Upload) -> Result<Upload, Fault> {
    let own = cx.actor().id == upload.device;
    if own {
        cx.may("identity.packet.send", &Resource::new("Packet", upload.id).is("own", true))?;
    } else {
        super::review::may(cx, upload)?;
    }
    let now = cx.now();
    rows::settle(cx.tx(), upload, now)?;
    if upload.state == UploadState::Taken {
        rows::delete_parts(cx.tx(), upload.id)?;
    }
    let act = Act::new("identity.packet.received").on(upload.id).because("national-id", "national-id");
    let act = act.with("state", upload.state.name()).with("problem", upload.problem.as_deref().unwrap_or_default());
    cx.record(act);
    rows::one(cx.tx(), upload.id)?.ok_or_else(|| Fault::not_found("identity.packet.missing"))
}
