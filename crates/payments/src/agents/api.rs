//! What devices of counters send when they have a network again: `POST /api/payments/offline`.
//!
//! **Invariant:** each packet is a transaction of its own, so that one that is refused keeps no other away; the answer to a packet
//! that comes again is the answer to the first.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::routing::post;
use edge::{Json, Reply, Visit, body_limit};
use journal::Key;
use serde::{Deserialize, Serialize};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Via};

use super::{Taking, take_offline};
use crate::Gateway;
use crate::rails::api::unreadable;

/// So many packets at once, and so large a body.
const PACKETS: usize = 200;
const BODY_BYTES: usize = 256 * 1024;

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/api/payments/offline", post(take).layer(body_limit(BODY_BYTES)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    packets: Vec<String>,
}

/// What became of one packet: how it was taken, or the code of what is wrong with it.
#[derive(Serialize)]
#[serde(untagged)]
enum Became {
    Taken(Taking),
    Wrong { fault: &'static str },
}

#[derive(Serialize)]
struct Answer {
    packets: Vec<Became>,
}

async fn take(
    State(gateway): State<Gateway>,
    visit: Visit,
    body: Result<Bytes, BytesRejection>,
) -> Reply<Json<Answer>> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let shape = || Fault::invalid("payments.allowance.packet");
    let sent: Sent = serde_json::from_slice(&body).map_err(|_| shape())?;
    if !(1..=PACKETS).contains(&sent.packets.len()) {
        return Err(shape().into());
    }
    // Whose device it is, its signature says; the operation weighs it.
    let actor = Actor { assurance: Assurance::Low, ..Actor::bare(ActorKind::Client, "counter-device") };
    let caller = Caller { actor, via: Via::Api, language: visit.language().clone() };
    let mut answers = Vec::with_capacity(sent.packets.len());
    for packet in sent.packets {
        let charges = gateway.wallets().charges().clone();
        let work = move |cx: &mut Cx<'_>| take_offline(cx, &charges, &packet);
        answers.push(match gateway.acts().post(&caller, &Key::none(), work).await {
            Ok(taking) => Became::Taken(taking),
            // Trouble of our own is none of the packet's: the device sends all of it again.
            Err(fault) if is_ours(&fault) => return Err(fault.into()),
            Err(fault) => Became::Wrong { fault: fault.code() },
        });
    }
    Ok(Json(Answer { packets: answers }))
}

fn is_ours(fault: &Fault) -> bool {
    use spine::FaultKind::{Internal, TooMany, Unavailable};
    matches!(fault.kind(), Internal | Unavailable | TooMany)
}
