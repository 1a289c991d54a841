//! Lists that are fetched where they are published, once a day.
//!
//! **Invariant:** the address is called outside any transaction. What came is taken like a file that an officer brought. Where the
//! operator has said that nobody decides, it goes in force by itself, but never as the first of its list and never if it takes away
//! more than a tenth of what is in force: then officers decide. What went wrong stands on the officers' page.

use std::time::Duration;

use axum::http::{Request, StatusCode};
use bytes::Bytes;
use edge::Outbound;
use journal::Key;
use spine::{Act, Caller, Cx, Fault, Resource, Timestamp};

use super::decide::in_force;
use super::{FileState, ListFile, ListFileId, take_file};
use crate::Gateway;
use crate::rows::sanctions as rows;

/// After so long a list is looked up again; and after so long if it could not be.
const DAY_SECONDS: i64 = 23 * 3_600;
const AGAIN_SECONDS: i64 = 3_600;
/// How often it is asked whether one is due.
const STROKE: Duration = Duration::from_secs(600);

/// Where a list is published.
#[derive(Clone, Debug)]
pub struct Source {
    /// The list's id in the pack.
    pub list: String,
    /// Its address.
    pub url: String,
    /// Nobody decides.
    pub is_trusted: bool,
}

/// Where lists are published, and how they are fetched. Cheap enough to clone.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Each list's.
    pub all: Vec<Source>,
    /// Takes answers of 16 MB.
    pub outbound: Outbound,
}

/// Fetches lists as they are due, until the program ends.
pub async fn keep_up(gateway: Gateway) {
    while gateway.lists().is_some_and(|lists| !lists.all.is_empty()) {
        if let Err(fault) = fetch_due(&gateway).await {
            tracing::warn!(%fault, "the lists of names were not looked up");
        }
        tokio::time::sleep(STROKE).await;
    }
}

/// Fetches each list that is due. Answers how many files are new.
///
/// # Errors
/// The store's faults. What is wrong with an address or a file is kept with the list.
pub async fn fetch_due(gateway: &Gateway) -> Result<usize, Fault> {
    let (caller, mut new) = (Caller::system("sanctions"), 0);
    let Some(sources) = gateway.lists() else { return Ok(new) };
    for source in &sources.all {
        let list = source.list.clone();
        let looked = gateway.acts().read(&caller, move |cx| Ok(rows::look(cx.tx(), &list)?)).await?;
        let due_at = looked.map_or(Timestamp::BEGINNING, |(at, problem)| {
            at.plus_seconds(if problem.is_some() { AGAIN_SECONDS } else { DAY_SECONDS })
        });
        if due_at > gateway.acts().now() {
            continue;
        }
        let problem = match fetch(gateway, &caller, source, &sources.outbound).await {
            Ok(_) => {
                new += 1;
                None
            }
            Err(fault) if fault.code() == "payments.sanctions.known" => None,
            Err(fault) => {
                tracing::warn!(list = source.list, %fault, "a list of names was not taken");
                Some(fault.code())
            }
        };
        let list = source.list.clone();
        let keep = move |cx: &mut Cx<'_>| looked_up(cx, &list, problem);
        gateway.acts().write(&caller, &Key::none(), keep).await?;
    }
    Ok(new)
}

async fn fetch(gateway: &Gateway, caller: &Caller, source: &Source, outbound: &Outbound) -> Result<ListFileId, Fault> {
    let request = Request::get(&source.url).body(Bytes::new());
    let request = request.map_err(|error| Fault::internal("payments.sanctions.address", error))?;
    let away = || Fault::unavailable("payments.sanctions.away");
    let answer = outbound.send(request).await.map_err(|error| away().caused_by(error))?;
    if answer.status() != StatusCode::OK {
        return Err(away().caused_by(answer.status().to_string()));
    }
    let id = take_file(gateway, caller, &Key::none(), &source.list, answer.into_body()).await?;
    if source.is_trusted {
        gateway.acts().write(caller, &Key::none(), move |cx| trust(cx, id)).await?;
    }
    Ok(id)
}

fn looked_up(cx: &mut Cx<'_>, list: &str, problem: Option<&'static str>) -> Result<(), Fault> {
    cx.may("payments.sanctions.look", &Resource::new("SanctionsList", list))?;
    let now = cx.now();
    rows::set_look(cx.tx(), list, now, problem)?;
    let act = Act::new("payments.sanctions.looked_up").on(list).because("screening", "public-task");
    cx.record(act.with("problem", problem.unwrap_or_default()));
    Ok(())
}

/// A file goes in force by itself, unless it is the first of its list or takes away more than a tenth.
fn trust(cx: &mut Cx<'_>, id: ListFileId) -> Result<FileState, Fault> {
    cx.may("payments.sanctions.trust", &Resource::new("SanctionsList", id))?;
    let file = rows::find(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.sanctions.unknown"))?;
    let before = rows::in_force(cx.tx(), &file.list)?;
    let is_small = before.is_some_and(|before| file.removed.saturating_mul(10) <= before.entries);
    if file.state != FileState::Waiting || !is_small {
        return Ok(file.state);
    }
    in_force(cx, ListFile { decided_by: Some(cx.actor().id.clone()), decided_at: Some(cx.now()), ..file })
}
