//! The tree in tiles of 256 hashes: reading any hash of it, and adding leaves at its right edge.
//!
//! **Invariant:** a tile is only ever appended to. Level 0 holds the leaves' hashes, level n the roots of full tiles
//! of level n-1, level -1 the entries themselves (C2SP tlog-tiles).

use std::cell::RefCell;
use std::collections::BTreeMap;

use spine::{Fault, Tx, TxError};
use tlog_tiles::{Error, Hash, HashReader, Tile, record_hash};

use super::rows;

/// Height of a tile: 2^8 hashes.
pub(super) const HEIGHT: u8 = 8;
pub(super) const WIDTH: usize = 256;
const HASH: usize = 32;

/// The tiles within one transaction, those read kept at hand.
pub(super) struct Tiles<'a> {
    inner: RefCell<Inner<'a>>,
}

struct Inner<'a> {
    tx: &'a mut dyn Tx,
    known: BTreeMap<(i64, u64), Vec<u8>>,
    fault: Option<TxError>,
}

impl<'a> Tiles<'a> {
    pub(super) fn of(tx: &'a mut dyn Tx) -> Self {
        Self { inner: RefCell::new(Inner { tx, known: BTreeMap::new(), fault: None }) }
    }

    /// Adds entries after the first `size`; answers the new size. Tiles are written by [`Tiles::keep`].
    pub(super) fn append(&mut self, size: u64, entries: &[[u8; HASH]]) -> Result<u64, Fault> {
        let inner = self.inner.get_mut();
        let mut touched = Vec::new();
        for (place, entry) in (size..).zip(entries) {
            let number = place / WIDTH as u64;
            inner.push(-1, number, entry, &mut touched)?;
            inner.push(0, number, &record_hash(entry).0, &mut touched)?;
            // A full tile gives its root to the level above.
            let (mut level, mut number) = (0_i64, number);
            while inner.known.get(&(level, number)).is_some_and(|tile| tile.len() == WIDTH * HASH) {
                let root = inner
                    .known
                    .get(&(level, number))
                    .map(|tile| Tile::subtree_hash(tile))
                    .unwrap_or(tlog_tiles::EMPTY_HASH);
                level += 1;
                number /= WIDTH as u64;
                inner.push(level, number, &root.0, &mut touched)?;
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for (level, number) in touched {
            if let Some(tile) = inner.known.get(&(level, number)) {
                rows::put_tile(inner.tx, level, signed(number), tile)?;
            }
        }
        Ok(size + entries.len() as u64)
    }

    /// What went wrong in the database while the tree was read; the tree's own error says nothing of it.
    pub(super) fn fault(self, error: Error) -> Fault {
        match self.inner.into_inner().fault {
            Some(fault) => fault.into(),
            None => Fault::internal("journal.log.broken", error),
        }
    }
}

impl Inner<'_> {
    fn tile(&mut self, level: i64, number: u64) -> Result<&mut Vec<u8>, TxError> {
        if !self.known.contains_key(&(level, number)) {
            let tile = rows::tile(self.tx, level, signed(number))?.unwrap_or_default();
            self.known.insert((level, number), tile);
        }
        Ok(self.known.entry((level, number)).or_default())
    }

    fn push(
        &mut self,
        level: i64,
        number: u64,
        hash: &[u8; HASH],
        touched: &mut Vec<(i64, u64)>,
    ) -> Result<(), TxError> {
        self.tile(level, number)?.extend_from_slice(hash);
        touched.push((level, number));
        Ok(())
    }
}

impl HashReader for Tiles<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let mut inner = self.inner.borrow_mut();
        let mut hashes = Vec::with_capacity(indexes.len());
        for index in indexes {
            let tile = Tile::from_index(HEIGHT, *index);
            let data = match inner.tile(i64::from(tile.level()), tile.level_index()) {
                Ok(data) => data.clone(),
                Err(fault) => {
                    inner.fault = Some(fault);
                    return Err(Error::InconsistentTile);
                }
            };
            hashes.push(tile.hash_at_index(&data, *index)?);
        }
        Ok(hashes)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
