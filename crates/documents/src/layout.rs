//! A layout as the pack declares it (`layouts/*.toml`): page, styles, drawings, and the blocks in order.
//!
//! **Invariant:** unknown keys are errors, and `check.rs` has proved every name before a [`Layout`] exists,
//! so rendering can only fail on what the content brings. Styles and drawings that all documents share
//! stand in `layouts/house.toml`, a [`House`].

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::drawing::Outline;
use crate::measure::{Align, Mm, Rgb};
use crate::template::Said;

/// The house style: what every document shares. [`House::default`] has nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct House {
    pub(crate) page: Option<Page>,
    pub(crate) specimen: Option<Specimen>,
    pub(crate) colours: BTreeMap<String, Rgb>,
    pub(crate) styles: BTreeMap<String, Style>,
    pub(crate) drawings: BTreeMap<String, Drawing>,
    pub(crate) decorations: Vec<Decoration>,
    pub(crate) footer: Option<Footer>,
}

/// The layout of one kind of document, checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// The document's title, for its metadata.
    pub(crate) title: Said,
    /// Who issues it, for its metadata.
    #[serde(default)]
    pub(crate) issuer: Option<Said>,
    /// Print the house's word for "specimen" across every page.
    #[serde(default)]
    pub(crate) illustrative: bool,
    #[serde(default)]
    pub(crate) page: Option<Page>,
    #[serde(default)]
    pub(crate) specimen: Option<Specimen>,
    #[serde(default)]
    pub(crate) colours: BTreeMap<String, Rgb>,
    #[serde(default)]
    pub(crate) styles: BTreeMap<String, Style>,
    #[serde(default)]
    pub(crate) drawings: BTreeMap<String, Drawing>,
    #[serde(default)]
    pub(crate) decorations: Option<Vec<Decoration>>,
    #[serde(default)]
    pub(crate) footer: Option<Footer>,
    pub(crate) blocks: Vec<Spanned<Block>>,
}

/// The sheet: A4 with margins unless it says otherwise.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Page {
    pub(crate) width: Mm,
    pub(crate) height: Mm,
    pub(crate) top: Mm,
    pub(crate) right: Mm,
    pub(crate) bottom: Mm,
    pub(crate) left: Mm,
    /// Top margin of the first page, under its header band; `top` if absent.
    pub(crate) first_top: Option<Mm>,
}

impl Default for Page {
    fn default() -> Self {
        let margin = Mm::of(20.0);
        Self {
            width: Mm::of(210.0),
            height: Mm::of(297.0),
            top: margin,
            right: margin,
            bottom: margin,
            left: margin,
            first_top: None,
        }
    }
}

/// The word across a page that is not a real document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Specimen {
    pub(crate) text: Said,
    pub(crate) style: String,
}

/// How letters look.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Style {
    /// A font's file name without its ending.
    pub(crate) font: String,
    /// Points.
    pub(crate) size: f32,
    pub(crate) colour: String,
    /// Line height as a multiple of the size.
    #[serde(default = "leading")]
    pub(crate) leading: f32,
    #[serde(default)]
    pub(crate) align: Align,
    /// Extra space between letters, in thousandths of the size.
    #[serde(default)]
    pub(crate) tracking: f32,
    /// Printed in capitals; what is copied out is in capitals too.
    #[serde(default)]
    pub(crate) capitals: bool,
}

const fn leading() -> f32 {
    1.35
}

/// A motif in its own units.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drawing {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) paths: Vec<Shape>,
}

/// One outline of a motif.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    pub(crate) d: Outline,
    #[serde(default)]
    pub(crate) fill: Option<String>,
    #[serde(default)]
    pub(crate) stroke: Option<String>,
    /// Width of the stroke, in the drawing's units.
    #[serde(default = "one")]
    pub(crate) line: f32,
}

const fn one() -> f32 {
    1.0
}

/// A motif at a fixed place behind the text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decoration {
    pub(crate) drawing: String,
    /// From the left edge; negative, from the right.
    pub(crate) x: Mm,
    /// From the top edge; negative, from the bottom.
    pub(crate) y: Mm,
    /// Width of one copy; its height follows.
    pub(crate) width: Mm,
    /// Copies side by side, and rows of them.
    #[serde(default = "single")]
    pub(crate) across: u16,
    #[serde(default = "single")]
    pub(crate) down: u16,
    #[serde(default)]
    pub(crate) pages: Pages,
}

const fn single() -> u16 {
    1
}

/// On which pages a decoration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pages {
    #[default]
    All,
    First,
    Later,
}

/// What stands at the foot of every page; may use `{page}` and `{pages}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Footer {
    pub(crate) style: String,
    #[serde(default)]
    pub(crate) left: Option<Said>,
    #[serde(default)]
    pub(crate) right: Option<Said>,
    /// Colour of a line above it.
    #[serde(default)]
    pub(crate) rule: Option<String>,
}

/// How two languages stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Both {
    #[default]
    Stacked,
    Side,
    /// Only the first language.
    First,
}

/// One thing after another down the page.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Block {
    Title(Title),
    Text(Passage),
    Rows(Rows),
    Table(Table),
    Box(Panel),
    Columns(Columns),
    Qr(Qr),
    Signature(Signature),
    Motif(Motif),
    Rule(Rule),
    Space(Space),
    Spring(Spring),
}

/// A heading.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Title {
    pub(crate) text: Said,
    pub(crate) style: String,
    #[serde(default)]
    pub(crate) second: Option<String>,
    #[serde(default = "first_level")]
    pub(crate) level: u16,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

const fn first_level() -> u16 {
    1
}

const fn after() -> Mm {
    Mm::of(3.0)
}

/// Running text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passage {
    pub(crate) text: Said,
    pub(crate) style: String,
    /// Style of the second language; `style` if absent.
    #[serde(default)]
    pub(crate) second: Option<String>,
    #[serde(default)]
    pub(crate) both: Both,
    /// Only if this field says something.
    #[serde(default)]
    pub(crate) when: Option<String>,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

/// Labels and values.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Entry>,
    #[serde(default = "single")]
    pub(crate) columns: u16,
    #[serde(default)]
    pub(crate) labels: Labels,
    /// Percent of a column's width, for labels beside.
    #[serde(default = "label_width")]
    pub(crate) label_width: f32,
    pub(crate) label: String,
    /// Style of the label in the second language.
    #[serde(default)]
    pub(crate) second: Option<String>,
    pub(crate) value: String,
    /// Style of the value in the second language.
    #[serde(default)]
    pub(crate) value_second: Option<String>,
    /// Colour of the line under each row.
    #[serde(default)]
    pub(crate) rule: Option<String>,
    /// Space above and below each row.
    #[serde(default = "cell")]
    pub(crate) pad: Mm,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

const fn label_width() -> f32 {
    38.0
}

const fn cell() -> Mm {
    Mm::of(1.4)
}

/// Where labels stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Labels {
    #[default]
    Beside,
    Above,
}

/// One label and its value; left out if every placeholder in it may be absent and is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) label: Said,
    pub(crate) value: Said,
}

/// A table filled from a field of rows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// The field that holds the rows.
    pub(crate) rows: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) header: String,
    #[serde(default)]
    pub(crate) second: Option<String>,
    pub(crate) cell: String,
    /// Style of a cell's second language.
    #[serde(default)]
    pub(crate) cell_second: Option<String>,
    #[serde(default)]
    pub(crate) rule: Option<String>,
    #[serde(default = "cell")]
    pub(crate) pad: Mm,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

/// A column of a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Column {
    pub(crate) header: Said,
    /// May use the row's fields and the document's.
    pub(crate) cell: Said,
    /// Share of the width.
    #[serde(default = "one")]
    pub(crate) width: f32,
    #[serde(default)]
    pub(crate) align: Option<Align>,
}

/// Blocks in a frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Panel {
    #[serde(default)]
    pub(crate) fill: Option<String>,
    #[serde(default)]
    pub(crate) border: Option<String>,
    #[serde(default = "hair")]
    pub(crate) line: Mm,
    #[serde(default)]
    pub(crate) radius: Mm,
    #[serde(default = "pad")]
    pub(crate) pad: Mm,
    pub(crate) blocks: Vec<Block>,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

const fn hair() -> Mm {
    Mm::of(0.2)
}

const fn pad() -> Mm {
    Mm::of(4.0)
}

/// Blocks beside each other.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Columns {
    pub(crate) columns: Vec<Stack>,
    #[serde(default = "pad")]
    pub(crate) gap: Mm,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

/// One of several columns.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stack {
    /// Share of the width.
    #[serde(default = "one")]
    pub(crate) width: f32,
    #[serde(default)]
    pub(crate) stand: Stand,
    pub(crate) blocks: Vec<Block>,
}

/// Where a shorter column stands beside a taller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stand {
    #[default]
    Top,
    Middle,
    Bottom,
}

/// A QR code (ISO/IEC 18004).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Qr {
    pub(crate) value: Said,
    /// Width and height with its quiet zone.
    pub(crate) size: Mm,
    /// What it is for, for those who do not see it.
    pub(crate) alt: Said,
    pub(crate) colour: String,
    #[serde(default)]
    pub(crate) level: crate::qr::Level,
    #[serde(default)]
    pub(crate) align: Align,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

/// A line to sign on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature {
    pub(crate) label: Said,
    /// Who signed, printed above the line.
    #[serde(default)]
    pub(crate) name: Option<Said>,
    #[serde(default)]
    pub(crate) name_style: Option<String>,
    pub(crate) style: String,
    #[serde(default)]
    pub(crate) second: Option<String>,
    /// Room for the hand above the line.
    pub(crate) room: Mm,
    pub(crate) line: String,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

/// A drawing among the blocks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Motif {
    pub(crate) drawing: String,
    pub(crate) width: Mm,
    #[serde(default)]
    pub(crate) align: Align,
    /// What it shows; without it, it is decoration.
    #[serde(default)]
    pub(crate) alt: Option<Said>,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

/// A line across.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) colour: String,
    #[serde(default = "hair")]
    pub(crate) line: Mm,
    /// Its length; the whole width if absent.
    #[serde(default)]
    pub(crate) width: Option<Mm>,
    #[serde(default)]
    pub(crate) align: Align,
    #[serde(default = "after")]
    pub(crate) after: Mm,
}

/// Empty room.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Space {
    pub(crate) height: Mm,
}

/// Takes what room the last page has left, so that what follows stands at its foot.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spring {}
