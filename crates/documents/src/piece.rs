//! Pieces: strips that a page break may not cut, the frames behind them, and the tree that says what they mean.
//!
//! **Invariant:** a page is a stack of pieces; what is drawn lies inside its piece, so nothing is clipped.
//! `flow.rs` makes pieces, `pages.rs` stacks them, `paint.rs` draws them.
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use std::rc::Rc;

use spine::Language;

use crate::drawing::Segment;
use crate::layout::Stand;
use crate::measure::Rgb;
use crate::text::Run;

/// A place in the tree of meaning.
pub(crate) type NodeId = usize;

/// What a part of the document is (ISO 32000-2 §14.8.4).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Meaning {
    Root,
    Heading { level: u16, title: String },
    Paragraph,
    Table,
    Head,
    Body,
    Row,
    HeaderOfColumn,
    HeaderOfRow,
    Cell,
    Figure { alt: String },
}

/// One node of the tree of meaning, in reading order.
pub(crate) struct Node {
    pub(crate) meaning: Meaning,
    pub(crate) language: Option<Language>,
    pub(crate) children: Vec<NodeId>,
}

/// Something drawn at a place within its piece.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) what: What,
    /// The node it belongs to; without one it is decoration, which readers skip.
    pub(crate) node: Option<NodeId>,
}

/// What is drawn.
#[derive(Clone)]
pub(crate) enum What {
    Run(Run),
    /// An outline scaled by a factor.
    Shape {
        outline: Rc<Vec<Segment>>,
        scale: f32,
        fill: Option<Rgb>,
        stroke: Option<(Rgb, f32)>,
    },
}

/// A background or border that spans several pieces.
pub(crate) struct Frame {
    pub(crate) x: f32,
    pub(crate) width: f32,
    pub(crate) fill: Option<Rgb>,
    pub(crate) border: Option<(Rgb, f32)>,
    pub(crate) radius: f32,
}

/// A strip of the page, as wide as the text.
#[derive(Clone, Default)]
pub(crate) struct Piece {
    pub(crate) height: f32,
    pub(crate) items: Vec<Item>,
    /// Frames this piece stands in, each with its top and bottom within the piece.
    pub(crate) frames: Vec<(usize, f32, f32)>,
    /// Stays on one page with the next piece.
    pub(crate) glued: bool,
    /// Only room: left out at the top of a page.
    pub(crate) gap: bool,
    /// Takes what room the last page has left.
    pub(crate) spring: bool,
    /// Printed again above this piece when it begins a page (a table's head).
    pub(crate) head: Option<Rc<Vec<Piece>>>,
}

impl Piece {
    /// Room that may vanish at the top of a page.
    pub(crate) fn gap(height: f32) -> Self {
        Self { height, gap: true, ..Self::default() }
    }

    /// Room that stays.
    pub(crate) fn room(height: f32) -> Self {
        Self { height, ..Self::default() }
    }
}

/// How high pieces are together.
pub(crate) fn height(pieces: &[Piece]) -> f32 {
    pieces.iter().map(|piece| piece.height).sum()
}

/// Makes one piece of several.
pub(crate) fn joined(pieces: Vec<Piece>) -> Piece {
    let mut whole = Piece::default();
    for piece in pieces {
        let top = whole.height;
        whole.items.extend(piece.items.into_iter().map(|item| Item { y: item.y + top, ..item }));
        whole.frames.extend(piece.frames.into_iter().map(|(frame, from, to)| (frame, from + top, to + top)));
        whole.height += piece.height;
        whole.glued = piece.glued;
    }
    whole
}

/// Lays one piece over another; the result is as high as the higher.
fn overlaid(mut below: Piece, above: Piece) -> Piece {
    below.height = below.height.max(above.height);
    below.items.extend(above.items);
    below.frames.extend(above.frames);
    below.glued |= above.glued;
    below
}

/// Two heights this near are one.
const SAME: f32 = 0.01;

/// Stacks of pieces beside each other as one stack, cut where all of them may be cut. If that leaves a
/// piece higher than `limit`, the stacks are aligned piece by piece instead, so that it always fits.
pub(crate) fn beside(mut stacks: Vec<(Vec<Piece>, Stand)>, limit: f32) -> Vec<Piece> {
    let tallest = stacks.iter().map(|(pieces, _)| height(pieces)).fold(0.0, f32::max);
    for (pieces, stand) in &mut stacks {
        let spare = tallest - height(pieces);
        let above = match stand {
            Stand::Top => 0.0,
            Stand::Middle => spare / 2.0,
            Stand::Bottom => spare,
        };
        if above > SAME {
            pieces.insert(0, Piece { glued: true, ..Piece::room(above) });
        }
    }
    let stacks: Vec<Vec<Piece>> = stacks.into_iter().map(|(pieces, _)| pieces).collect();
    let cuts = common_cuts(&stacks);
    let heights = cuts.iter().zip(std::iter::once(&0.0).chain(&cuts)).map(|(to, from)| to - from);
    if heights.fold(0.0, f32::max) > limit { aligned(stacks) } else { cut(stacks, &cuts) }
}

/// Heights at which no stack has a piece across.
fn common_cuts(stacks: &[Vec<Piece>]) -> Vec<f32> {
    let edges: Vec<Vec<f32>> = stacks
        .iter()
        .map(|pieces| {
            let mut y = 0.0;
            let below = |piece: &Piece| {
                y += piece.height;
                y
            };
            pieces.iter().map(below).collect()
        })
        .collect();
    let mut cuts: Vec<f32> = edges
        .iter()
        .flatten()
        .copied()
        .filter(|y| {
            edges.iter().all(|own| {
                own.last().is_none_or(|end| *y > end - SAME) || own.iter().any(|edge| (edge - y).abs() < SAME)
            })
        })
        .collect();
    cuts.sort_by(f32::total_cmp);
    cuts.dedup_by(|later, earlier| *later - *earlier < SAME);
    cuts
}

fn cut(stacks: Vec<Vec<Piece>>, cuts: &[f32]) -> Vec<Piece> {
    let mut stacks: Vec<(f32, std::iter::Peekable<std::vec::IntoIter<Piece>>)> =
        stacks.into_iter().map(|pieces| (0.0, pieces.into_iter().peekable())).collect();
    let mut from = 0.0;
    let mut rows = Vec::with_capacity(cuts.len());
    for &to in cuts {
        let mut row = Piece::room(to - from);
        for (y, pieces) in &mut stacks {
            let mut own = Vec::new();
            while let Some(piece) = pieces.next_if(|piece| *y + piece.height <= to + SAME) {
                *y += piece.height;
                own.push(piece);
            }
            row = overlaid(row, joined(own));
        }
        row.height = to - from;
        rows.push(row);
        from = to;
    }
    rows
}

fn aligned(stacks: Vec<Vec<Piece>>) -> Vec<Piece> {
    let mut stacks: Vec<_> = stacks.into_iter().map(Vec::into_iter).collect();
    let mut rows = Vec::new();
    loop {
        let pieces: Vec<Piece> = stacks.iter_mut().filter_map(Iterator::next).collect();
        let Some(row) = pieces.into_iter().reduce(overlaid) else { return rows };
        rows.push(row);
    }
}
