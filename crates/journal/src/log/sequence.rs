//! Acts into leaves: a worker of its own adds what was committed to the tree and signs the new head.
//!
//! **Invariant:** leaves, marks and head commit together; of several program instances that try at once one is first,
//! and the others see its head and go on from there.

use std::sync::Arc;
use std::time::Duration;

use edge::Outbound;
use spine::{Cx, Fault, Tx};
use tlog_tiles::tree_hash;

use super::commitment;
use super::note::{LogKey, open_head};
use super::rows;
use super::tree::Tiles;
use super::witness::{self, Witness};
use crate::acts::Acts;

/// Acts that may share one head.
const BATCH: i64 = 2_000;
/// How often to look for acts when nobody tells of any.
const PAUSE_MS: u64 = 400;
/// Acts that come together share one head: it waits this long for others.
const GATHER_MS: u64 = 60;

/// The newest head of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Leaves.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// Adds leaves and has the heads witnessed.
#[derive(Clone)]
pub struct Sequencer {
    acts: Acts,
    key: Arc<LogKey>,
    witnesses: Arc<Vec<Witness>>,
    outbound: Option<Outbound>,
}

impl Sequencer {
    /// A sequencer that signs with this key.
    #[must_use]
    pub fn new(acts: Acts, key: Arc<LogKey>) -> Self {
        Self { acts, key, witnesses: Arc::default(), outbound: None }
    }

    /// The same, with witnesses to be shown every head.
    #[must_use]
    pub fn witnessed(mut self, witnesses: Vec<Witness>, outbound: Outbound) -> Self {
        self.witnesses = Arc::new(witnesses);
        self.outbound = Some(outbound);
        self
    }

    /// Runs until the task is dropped.
    pub async fn run(self) {
        loop {
            let told = self.acts.work().notified();
            match self.step().await {
                Ok(0) => {
                    let _ = tokio::time::timeout(Duration::from_millis(PAUSE_MS), told).await;
                    tokio::time::sleep(Duration::from_millis(GATHER_MS)).await;
                }
                Ok(_) => self.show().await,
                Err(fault) => {
                    tracing::warn!(%fault, "the log did not grow");
                    tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
                }
            }
        }
    }

    /// Adds the acts that wait, at most one batch; answers how many.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn step(&self) -> Result<u64, Fault> {
        // A look first, so that an idle program does not write.
        let look = Box::new(|tx: &mut dyn Tx| Ok(Box::new(!rows::waiting(tx, 1)?.is_empty()) as spine::Answer));
        let waits = self.acts.database().read(look).await?.downcast::<bool>().is_ok_and(|waits| *waits);
        if !waits {
            return Ok(0);
        }
        let (key, now) = (Arc::clone(&self.key), self.acts.now());
        let work = Box::new(move |tx: &mut dyn Tx| Ok(Box::new(sequence(tx, &key, now)?) as spine::Answer));
        let added = self.acts.database().write(work).await?;
        Ok(added.downcast::<u64>().map_or(0, |added| *added))
    }

    /// Shows the newest head to every witness.
    async fn show(&self) {
        let Some(outbound) = &self.outbound else { return };
        for witness in self.witnesses.iter() {
            if let Err(fault) = witness::show(&self.acts, outbound, witness).await {
                tracing::warn!(witness = witness.name(), %fault, "a witness did not cosign");
            }
        }
    }
}

fn sequence(tx: &mut dyn Tx, key: &LogKey, now: spine::Timestamp) -> Result<u64, Fault> {
    let known = rows::head(tx)?;
    let size = match &known {
        None => 0,
        Some((size, note)) => {
            // Never sign on top of a head that is not ours.
            open_head(note, &key.verifier()).map_err(|fault| Fault::internal("journal.log.head", fault))?;
            u64::try_from(*size).unwrap_or(0)
        }
    };
    let waiting = rows::waiting(tx, BATCH)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let entries: Vec<[u8; 32]> =
        waiting.iter().map(|act| commitment(act.salt.as_deref().unwrap_or_default(), &act.record)).collect();
    for (place, act) in (size..).zip(&waiting) {
        rows::mark(tx, act.id, i64::try_from(place).unwrap_or(i64::MAX))?;
    }
    let mut tiles = Tiles::of(tx);
    let grown = tiles.append(size, &entries)?;
    let root = match tree_hash(grown, &tiles) {
        Ok(root) => root,
        Err(error) => return Err(tiles.fault(error)),
    };
    let note = key.sign(grown, root).map_err(|fault| Fault::internal("journal.log.sign", fault))?;
    let (from, to) = (known.map(|(size, _)| size), i64::try_from(grown).unwrap_or(i64::MAX));
    if !rows::move_head(tx, from, to, &note, now)? {
        return Err(spine::TxError::Retry.into());
    }
    Ok(grown - size)
}

/// The newest head, with the cosignatures that are of it; none before the first act.
///
/// # Errors
/// The store's faults.
pub fn head(cx: &mut Cx<'_>) -> Result<Option<Head>, Fault> {
    let Some((size, mut note)) = rows::head(cx.tx())? else { return Ok(None) };
    for (_, seen, line) in rows::cosigned(cx.tx())? {
        if seen == size {
            note.push_str(&line);
        }
    }
    Ok(Some(Head { size: u64::try_from(size).unwrap_or(0), note }))
}
