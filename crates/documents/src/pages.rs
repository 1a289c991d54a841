//! Pieces onto pages.
//!
//! **Invariant:** every piece is on exactly one page (a table's head on as many as it needs), in order, and
//! none reaches into the bottom margin.
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use crate::content::DocumentError;
use crate::piece::{Piece, height};

/// Most pages in one document.
pub(crate) const MAX_PAGES: usize = 500;

/// A piece and where its top is, in points from the top of the paper.
pub(crate) type Placed = (f32, Piece);

/// The room for text: where it begins on the first page and on the others, and where it ends.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    pub(crate) first: f32,
    pub(crate) top: f32,
    pub(crate) bottom: f32,
}

struct Pager {
    body: Body,
    pages: Vec<Vec<Placed>>,
    open: Vec<Placed>,
    y: f32,
}

/// Stacks pieces down the pages.
pub(crate) fn paginate(pieces: Vec<Piece>, body: Body) -> Result<Vec<Vec<Placed>>, DocumentError> {
    let mut pager = Pager { body, pages: Vec::new(), open: Vec::new(), y: body.first };
    let mut unit: Vec<Piece> = Vec::new();
    for piece in pieces {
        let glued = piece.glued;
        unit.push(piece);
        if !glued {
            pager.unit(std::mem::take(&mut unit))?;
        }
    }
    pager.unit(unit)?;
    pager.stretch();
    pager.turn()?;
    Ok(pager.pages)
}

impl Pager {
    /// Pieces that should stay together: on the next page if this one has no room for them, and piece by
    /// piece if no page has.
    fn unit(&mut self, unit: Vec<Piece>) -> Result<(), DocumentError> {
        let whole = height(&unit);
        if self.y + whole > self.body.bottom && whole <= self.body.bottom - self.body.top && !self.open.is_empty() {
            let only_room = unit.iter().all(|piece| piece.gap);
            if only_room {
                return Ok(());
            }
            self.turn()?;
        }
        unit.into_iter().try_for_each(|piece| self.piece(piece))
    }

    fn piece(&mut self, piece: Piece) -> Result<(), DocumentError> {
        let full = self.y + piece.height > self.body.bottom + 0.01;
        if full && !self.open.is_empty() {
            if piece.gap {
                return Ok(());
            }
            self.turn()?;
        }
        let fresh = self.open.is_empty();
        if fresh && piece.gap && !piece.spring && !self.pages.is_empty() {
            return Ok(());
        }
        if fresh && !self.pages.is_empty() {
            for head in piece.head.iter().flat_map(|head| head.iter()) {
                self.place(head.clone());
            }
        }
        self.place(piece);
        Ok(())
    }

    fn place(&mut self, piece: Piece) {
        let height = piece.height;
        self.open.push((self.y, piece));
        self.y += height;
    }

    /// Shares the room left on the last page among its springs.
    fn stretch(&mut self) {
        let springs = self.open.iter().filter(|(_, piece)| piece.spring).count();
        if springs == 0 {
            return;
        }
        while self.open.last().is_some_and(|(_, piece)| piece.gap && !piece.spring) {
            self.y -= self.open.pop().map_or(0.0, |(_, piece)| piece.height);
        }
        let share = (self.body.bottom - self.y).max(0.0) / springs as f32;
        let mut down = 0.0;
        for (y, piece) in &mut self.open {
            *y += down;
            if piece.spring {
                down += share;
            }
        }
    }

    fn turn(&mut self) -> Result<(), DocumentError> {
        if self.pages.len() >= MAX_PAGES {
            return Err(DocumentError::TooLarge { what: "pages", limit: MAX_PAGES });
        }
        self.pages.push(std::mem::take(&mut self.open));
        self.y = self.body.top;
        Ok(())
    }
}
