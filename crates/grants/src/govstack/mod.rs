//! GovStack's payments building block, as its tests of 23Q4 call it: beneficiaries, pre-payment validation, bulk payment, vouchers.
//!
//! **Invariant:** the same operations under another standard's words: nothing is done here that the engine would not do itself.
//! A request is recognised by its `RequestID`; the caller is a client with an access token of its own (scope `grants`).
//!
//! | file | its job |
//! |---|---|
//! | `words.rs` | bodies, lengths, codes and statuses |
//! | `beneficiary.rs` | `/register-beneficiary`, `/update-beneficiary-details` |
//! | `bulk.rs` | `/prepayment-validation`, its response, `/bulk-payment` |
//! | `voucher.rs` | `/vouchers/…` |

mod beneficiary;
mod bulk;
mod voucher;
mod words;

use axum::Router;
use axum::body::{self, Body};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use edge::Visit;
use serde_json::Value as Json;
use spine::Caller;

use crate::api::SCOPE;
use crate::engine::Grants;

/// Bytes of one request.
const BYTES: usize = 4 << 20;

pub(crate) fn routes() -> Router<Grants> {
    beneficiary::routes().merge(bulk::routes()).merge(voucher::routes())
}

/// Who asks, and what: an empty object where the body is none.
async fn asked(grants: &Grants, visit: &Visit, request: Request) -> Result<(Caller, Json, Parts), Response> {
    let (parts, body): (Parts, Body) = request.into_parts();
    let caller = grants.inner.identity.calling_program(visit, (&parts.method, &parts.headers), SCOPE).await?;
    let bytes = body::to_bytes(body, BYTES).await.unwrap_or_default();
    let said = serde_json::from_slice(&bytes).unwrap_or_else(|_| Json::Object(serde_json::Map::new()));
    Ok((caller, said, parts))
}
