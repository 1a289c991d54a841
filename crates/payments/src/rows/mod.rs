//! Every SQL text of this engine: `ledger.rs` for accounts and transfers, `requests.rs` for what is asked, tried and
//! received, `returns.rs` for fees that go back.

pub(crate) mod agents;
pub(crate) mod arrivals;
pub(crate) mod associations;
pub(crate) mod billers;
pub(crate) mod bills;
pub(crate) mod charges;
pub(crate) mod disbursements;
pub(crate) mod disputes;
pub(crate) mod funds;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod merchants;
pub(crate) mod remittances;
pub(crate) mod requests;
pub(crate) mod returns;
pub(crate) mod sanctions;
pub(crate) mod screening;
pub(crate) mod treasury;
