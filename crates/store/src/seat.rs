//! The seat of the posting lane's companion, beside its connection.
//!
//! **Invariant:** what the companion holds is what the database holds: it hears of every undoing and every commit, and is
//! dropped whenever that is not sure.

use spine::{Companion, Fault, TxError};

use crate::group::Connection;
use crate::unit::{Appended, Unit};

pub(crate) struct Seat {
    /// Whether this is the posting lane.
    posts: bool,
    /// Whether a unit of work has the companion just now.
    is_out: bool,
    companion: Option<Box<dyn Companion>>,
}

impl Seat {
    pub(crate) const fn new(posts: bool) -> Self {
        Self { posts, is_out: false, companion: None }
    }

    pub(crate) const fn posts(&self) -> bool {
        self.posts
    }

    pub(crate) fn take(&mut self) -> Result<Option<Box<dyn Companion>>, TxError> {
        if !self.posts {
            return Err(TxError::Lane);
        }
        self.is_out = true;
        Ok(self.companion.take())
    }

    pub(crate) fn keep(&mut self, companion: Box<dyn Companion>) {
        self.is_out = false;
        self.companion = Some(companion);
    }

    /// Whether a unit took the companion and never gave it back.
    pub(crate) const fn is_lost(&self) -> bool {
        self.is_out
    }

    pub(crate) fn mark(&self) -> usize {
        self.companion.as_ref().map_or(0, |companion| companion.mark())
    }

    pub(crate) fn undo(&mut self, mark: usize) {
        if let Some(companion) = &mut self.companion {
            companion.undo(mark);
        }
    }

    /// Nobody knows what became of the transaction: begin anew.
    pub(crate) fn empty(&mut self) {
        (self.is_out, self.companion) = (false, None);
    }

    pub(crate) fn write_out(&mut self, connection: &mut dyn Connection) -> Result<(), Fault> {
        let Some(mut companion) = self.companion.take() else { return Ok(()) };
        let mut appended = Appended::new();
        let written = companion.write_out(&mut Unit::new(connection, &mut appended, self));
        self.companion = Some(companion);
        written.and_then(|()| Ok(crate::unit::write_out(connection, &mut appended)?))
    }

    pub(crate) fn committed(&mut self) {
        if let Some(companion) = &mut self.companion {
            companion.committed();
        }
    }
}
