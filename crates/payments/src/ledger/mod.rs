//! The ledger: accounts, and transfers between them in double entry, as one numbered sequence in chained batches.
//!
//! **Invariant:** in every currency the debits of all accounts equal their credits, posted and pending; a balance changes
//! only by a transfer, a transfer is never changed, and a pending one is settled once. Whatever shares a commit with a
//! transfer (a bill, a receipt, an act) is kept or lost together with it.
//!
//! **Absent on purpose:** negative amounts, amounts of two currencies, rounding, edits.
//!
//! | file | its job |
//! |---|---|
//! | `account.rs`, `transfer.rs` | what is booked on and what is booked |
//! | `open.rs` | [`account`], [`open_account`], [`close_account`], [`find`] |
//! | `book.rs` | [`book`], [`book_each`], [`book_new`] |
//! | `books.rs` | the balances in memory, and what is not written yet |
//! | `chain.rs` | the hashes of batches |
//! | `clock.rs` | [`tick`], [`keep_time`]: holds that lapse; [`mark`]: other events |
//! | `history.rs` | [`statement`], [`balances_at`], [`movements`] |
//! | `verify.rs` | [`verify`]: all of it once more |
//! | `copy.rs` | [`copy`]: all of it in a file that [`verify_copy`] proves |

mod account;
mod book;
mod books;
mod chain;
mod clock;
mod copy;
mod history;
mod open;
mod transfer;
mod verify;

pub(crate) use account::Balances;
pub use account::{Account, AccountId, AccountKind, Bound, NewAccount};
pub use book::{BATCH, LEGS, book, book_each, book_new};
pub(crate) use books::Known;
pub(crate) use chain::{Head, Mark};
pub use clock::{keep_time, mark, place, tick};
pub use copy::{CopyError, copy, verify_copy};
pub use history::{Did, Line, Movement, balances_at, movements, statement};
pub use open::{account, balances_of, called, close_account, find, open_account};
use spine::{Act, Cx, Fault, Resource};
pub use transfer::{Booked, LARGEST_MINOR, Step, Transfer, TransferId};
pub(crate) use transfer::{Does, Entry};
pub use verify::{Verified, verify};

/// Books one transfer.
///
/// # Errors
/// As [`transfers`].
pub fn transfer(cx: &mut Cx<'_>, transfer: &Transfer) -> Result<Booked, Fault> {
    let booked = transfers(cx, std::slice::from_ref(transfer))?;
    booked.first().copied().ok_or_else(|| Fault::internal("payments.transfer.lost", "a batch of one came back empty"))
}

/// As [`book`], for whoever has no operation of his own around it.
///
/// # Errors
/// As [`book`]; a refusal.
pub fn transfers(cx: &mut Cx<'_>, batch: &[Transfer]) -> Result<Vec<Booked>, Fault> {
    cx.may("payments.ledger.book", &Resource::new("Ledger", "ledger"))?;
    let booked = book(cx, batch)?;
    if booked.contains(&Booked::Now) {
        cx.record(Act::new("payments.ledger.booked").on("ledger").with("transfers", batch.len()));
    }
    Ok(booked)
}

/// Makes a hold real.
///
/// # Errors
/// As [`transfers`].
pub fn post(cx: &mut Cx<'_>, id: TransferId, of: TransferId, reference: &str) -> Result<Booked, Fault> {
    transfer(cx, &Transfer { id, step: Step::Post { of, amount: None }, reference: reference.to_owned() })
}

/// Gives a hold up.
///
/// # Errors
/// As [`transfers`].
pub fn void(cx: &mut Cx<'_>, id: TransferId, of: TransferId, reference: &str) -> Result<Booked, Fault> {
    transfer(cx, &Transfer { id, step: Step::Void { of }, reference: reference.to_owned() })
}
