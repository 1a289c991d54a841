//! Every SQL text of this engine: `ledger.rs` for accounts and transfers, `requests.rs` for what is asked, tried and
//! received.

pub(crate) mod ledger;
pub(crate) mod requests;
