//! Documents that anybody can read and check: a layout declared in the pack and the fields of a case become
//! a tagged PDF/A with its evidence inside.
//!
//! **Invariant:** no word, colour or place on a page is in Rust; they are the pack's. The same input gives
//! the same bytes. Nothing here reads a file, a clock or a network.
//!
//! | file | what it does |
//! |---|---|
//! | `layout.rs`, `check.rs` | the layout's language, and the proof that one is sound |
//! | `template.rs`, `content.rs` | sentences with placeholders, and what fills them |
//! | `measure.rs`, `drawing.rs` | millimetres, colours, motifs |
//! | `fonts.rs`, `text.rs` | letters into lines |
//! | `piece.rs`, `flow.rs`, `tables.rs`, `pages.rs` | blocks into pieces, pieces onto pages |
//! | `paint.rs`, `render.rs` | pages into a PDF with its tree of meaning |
//! | `qr.rs` | QR codes for pages and PDFs |
//! | `attachments.rs`, `reader.rs` | the files inside a PDF that we wrote, read back |
//!
//! **Absent on purpose:** scripts that run from right to left, images, and reading PDFs of others.

mod attachments;
mod check;
mod content;
mod drawing;
mod flow;
mod fonts;
mod layout;
mod measure;
mod pages;
mod paint;
mod piece;
pub mod qr;
mod reader;
mod render;
mod tables;
mod template;
mod text;

pub use attachments::attachments;
pub use check::{LayoutError, Placeholder};
pub use content::{Attachment, Content, DocumentError, Field, Record, Relation};
pub use fonts::{BadFont, Fonts};
pub use layout::{House, Layout};
pub use reader::NotOurs;
pub use render::render;
