//! The ledger's own time: holds that lapse, and events that have their place in the sequence as transfers have.
//!
//! **Invariant:** a hold that is over is given up by a transfer of the ledger's own, once; what a window held is told by
//! two places in the sequence and by nothing else.

use std::time::Duration;

use journal::{Acts, Key};
use spine::{Act, Caller, Cx, Fault, Resource};

use super::book::{BATCH, put};
use super::books::Books;
use super::transfer::{Does, Entry};
use crate::rows::ledger as rows;

/// The pause between two strokes of the ledger's clock.
const STROKE: Duration = Duration::from_secs(10);

/// Keeps the ledger's time until the program ends. Several instances may: what has lapsed is given up once.
pub async fn keep_time(acts: Acts) {
    let caller = Caller::system("ledger");
    loop {
        match acts.post(&caller, &Key::none(), tick).await {
            Ok(BATCH) => {}
            Ok(_) => tokio::time::sleep(STROKE).await,
            Err(fault) => {
                tracing::warn!(%fault, "the ledger's clock stands still");
                tokio::time::sleep(STROKE).await;
            }
        }
    }
}

/// The mark of a seal.
const SEALED: &str = "sealed";

/// Gives up the holds whose time is over, at most [`BATCH`] at once, and seals the books if anything was booked since the
/// last time: the hash of all batches so far goes into the evidence log. Answers how many holds it gave up.
///
/// # Errors
/// A refusal; the store's faults.
pub fn tick(cx: &mut Cx<'_>) -> Result<usize, Fault> {
    cx.may("payments.ledger.tick", &Resource::new("Ledger", "ledger"))?;
    let now = cx.now();
    let (lapsed, sealed) = Books::with(cx.tx(), now, |books, tx| {
        let mut lapsed = rows::lapsed(tx, now, i64::try_from(BATCH).unwrap_or(i64::MAX))?;
        lapsed.retain(|held| books.fresh_settling(held.seq).is_none());
        books.read_numbered(tx, lapsed.iter().flat_map(|held| [held.debit, held.credit]))?;
        for held in &lapsed {
            let entry = Entry {
                id: crypto::short_hash(&[b"letsema/ledger/expired/v1\0", &held.id]),
                does: Does::Expires,
                of: Some(held.seq),
                reference: String::new(),
                expires_at: None,
                ..held.clone()
            };
            put(books, entry, held.amount)?;
        }
        let head = *books.committed_head();
        let is_new = rows::last_mark(tx, SEALED)? < books.last_seq();
        if is_new {
            books.mark_down(SEALED, head.batch.to_string());
        }
        Ok((lapsed.len(), is_new.then_some(head)))
    })?;
    if let Some(head) = sealed {
        let act = Act::new("payments.ledger.sealed").on("ledger").with("batch", head.batch);
        cx.record(act.with("hash", crypto::hex(&head.hash)).with("lapsed", lapsed));
    }
    Ok(lapsed)
}

/// Gives an event its place in the sequence, such as the closing of a settlement window, and answers the place. Whatever
/// was booked before has a smaller one. The operation has permission and records its own act.
///
/// # Errors
/// The store's faults; the posting lane's.
pub fn mark(cx: &mut Cx<'_>, kind: &str, subject: &str) -> Result<i64, Fault> {
    let now = cx.now();
    Books::with(cx.tx(), now, |books, _| Ok(books.mark_down(kind, subject.to_owned())))
}

/// The last place in the sequence.
///
/// # Errors
/// The store's faults; the posting lane's.
pub fn place(cx: &mut Cx<'_>) -> Result<i64, Fault> {
    let now = cx.now();
    Books::with(cx.tx(), now, |books, _| Ok(books.last_seq()))
}
