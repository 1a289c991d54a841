//! Batches of credit instructions: validated before, and handed over to be paid.
//!
//! **Invariant:** a batch becomes a list and a run that an officer of the ministry has still to approve: another system brings,
//! it does not release. What cannot be paid is told by its instruction and does not stop the others.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use edge::{Json, Visit};
use journal::Key;
use serde_json::{Value, json};
use spine::{Act, Caller, Cx, Fault};

use super::words::Instruction;
use super::{asked, words};
use crate::engine::Grants;
use crate::lists::line::{Asked, within};
use crate::lists::take::{NewList, begin, finish, keep};
use crate::mapper::payee_of;
use crate::mapper::resolve::person_of;
use crate::model::Source;
use crate::money::resource;
use crate::rows::{accounts, asked as rows};
use crate::runs::{NewRun, prepare};

/// Instructions in one batch of this door; more come as a list (`POST /api/grants/programmes/{id}/lists`).
const MOST: usize = 5_000;

pub(super) fn routes() -> Router<Grants> {
    Router::new()
        .route("/api/govstack/prepayment-validation", post(validate))
        .route("/api/govstack/prepayment-validation-response", post(validated))
        .route("/api/govstack/bulk-payment", post(bulk))
}

/// Every instruction of a batch, if all can be read.
fn instructions(grants: &Grants, said: &Value, narrated: bool) -> Option<Vec<Instruction>> {
    let listed = said.get("CreditInstructions").and_then(Value::as_array)?;
    let read = |one: &Value| words::instruction(one, grants.inner.currency, narrated);
    if (1..=MOST).contains(&listed.len()) { listed.iter().map(read).collect() } else { None }
}

/// The programme whose money the asking system's batches are paid with: the first it is licensed for.
fn programme_of(grants: &Grants, caller: &Caller) -> Option<String> {
    grants.inner.payouts.source(&caller.actor.id)?.programmes.first().cloned()
}

async fn validate(State(grants): State<Grants>, visit: Visit, request: Request) -> Result<Response, Response> {
    let (caller, said, _) = asked(&grants, &visit, request).await?;
    // What cannot be read is answered with 01 and the status of success, as the standard's own tests have it.
    let refuse = |wrong| words::answer(StatusCode::OK, &said, Some(wrong));
    let Some((batch, head)) = words::head(&said, true).and_then(|head| Some((head.batch.clone()?, head))) else {
        return Ok(refuse("RequestID, SourceBBID and BatchID have 12 characters each."));
    };
    let Some(instructions) = instructions(&grants, &said, true) else {
        return Ok(refuse("A credit instruction is not complete, or its currency is not paid in."));
    };
    let Some(programme) = programme_of(&grants, &caller) else { return Ok(refuse("grants.programme.unknown")) };
    let engine = grants.clone();
    let work = move |cx: &mut Cx<'_>| weigh(cx, &engine, (&programme, &batch), &head.request, &instructions);
    match grants.acts().write(&caller, &Key::none(), work).await {
        Ok(()) => Ok(words::answer(StatusCode::OK, &said, None)),
        Err(fault) => Ok(words::fault(&said, &fault)),
    }
}

/// Asks whether each could be paid, and keeps the answer for whoever asks for it.
fn weigh(
    cx: &mut Cx<'_>,
    grants: &Grants,
    (programme, batch): (&str, &str),
    request: &str,
    instructions: &[Instruction],
) -> Result<(), Fault> {
    cx.may("grants.run.rehearse", &resource(cx, grants.programme(programme)?))?;
    let mut failed = Vec::new();
    for one in instructions {
        if let Err(reason) = payable(cx, grants, programme, one)? {
            failed.push(json!({ "InstructionID": one.id, "FailureReason": reason }));
        }
    }
    let answer = json!({
        "RequestID": request, "Source_BatchID": batch, "NumberFailedCases": failed.len(), "FailedAccounts": failed,
    });
    let (client, now) = (cx.actor().id.clone(), cx.now());
    rows::set(cx.tx(), (&client, "govstack", batch), &answer, now)?;
    cx.record(Act::new("grants.batch.validated").on(programme).with("instructions", instructions.len()));
    Ok(())
}

fn payable(
    cx: &mut Cx<'_>,
    grants: &Grants,
    programme: &str,
    one: &Instruction,
) -> Result<Result<(), &'static str>, Fault> {
    let known = grants.programme(programme)?;
    let Some(payee) = payee_of(&one.payee) else { return Ok(Err("unknown")) };
    let person = person_of(cx, grants, &payee)?;
    if !payee.starts_with("fid:") && person.is_none() {
        return Ok(Err("unknown"));
    }
    if person.is_some_and(|person| person.died.is_some()) {
        return Ok(Err("dead"));
    }
    if within(one.amount_minor, known.most_minor()).is_err() {
        return Ok(Err("amount_most"));
    }
    Ok(accounts::of(cx.tx(), &payee)?.map(|_| ()).ok_or("no_account"))
}

async fn validated(State(grants): State<Grants>, visit: Visit, request: Request) -> Result<Response, Response> {
    let (caller, said, _) = asked(&grants, &visit, request).await?;
    let batch = said.get("Source_BatchID").and_then(Value::as_str).unwrap_or_default().to_owned();
    let client = caller.actor.id.clone();
    let look = move |cx: &mut Cx<'_>| Ok(rows::find(cx.tx(), (&client, "govstack", &batch))?);
    match grants.acts().read(&caller, look).await {
        Ok(Some(answer)) => Ok(Json(answer).into_response()),
        Ok(None) => Ok(words::answer(StatusCode::NOT_FOUND, &said, Some("No validation of this batch is known."))),
        Err(fault) => Ok(words::fault(&said, &fault)),
    }
}

async fn bulk(State(grants): State<Grants>, visit: Visit, request: Request) -> Result<Response, Response> {
    let (caller, said, _) = asked(&grants, &visit, request).await?;
    let refuse = |wrong| words::answer(StatusCode::BAD_REQUEST, &said, Some(wrong));
    let Some((batch, head)) = words::head(&said, true).and_then(|head| Some((head.batch.clone()?, head))) else {
        return Ok(refuse("RequestID, SourceBBID and BatchID have 12 characters each."));
    };
    let Some(instructions) = instructions(&grants, &said, false) else {
        return Ok(refuse("Credit instructions are missing, not complete, or in a currency that is not paid in."));
    };
    let Some(programme) = programme_of(&grants, &caller) else { return Ok(refuse("grants.programme.unknown")) };
    let key =
        Key::new(&format!("grants.govstack.bulk:{}", caller.actor.id), &head.request, said.to_string().as_bytes());
    let engine = grants.clone();
    let work = move |cx: &mut Cx<'_>| hand_over(cx, &engine, (&programme, &batch), &instructions);
    match grants.acts().write(&caller, &key, work).await {
        Ok(()) => Ok(words::answer(StatusCode::OK, &said, None)),
        Err(fault) => Ok(words::fault(&said, &fault)),
    }
}

/// The batch as a list, and a run of it that waits for an officer.
fn hand_over(
    cx: &mut Cx<'_>,
    grants: &Grants,
    (programme, batch): (&str, &str),
    instructions: &[Instruction],
) -> Result<(), Fault> {
    let (programme, name) = (programme.to_owned(), format!("batch {batch}"));
    let most = grants.programme(&programme)?.most_minor();
    let list = begin(cx, grants, &NewList { programme, name, source: Source::Interface })?;
    if list.is_ready {
        return Err(Fault::conflict("grants.list.closed"));
    }
    let read = |one: &Instruction| {
        let payee = payee_of(&one.payee).ok_or("number")?;
        within(one.amount_minor, most)?;
        Ok(Asked { payee, amount_minor: one.amount_minor, reference: one.id.clone() })
    };
    let id = list.id;
    keep(cx, list, (1..).zip(instructions).map(|(line, one)| (line, read(one))).collect())?;
    finish(cx, grants, id, i64::try_from(instructions.len()).unwrap_or(i64::MAX), None)?;
    let pay_on = grants.inner.population.today(cx);
    prepare(cx, grants, &NewRun { list: id, pay_on }).map(drop)
}
