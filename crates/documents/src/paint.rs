//! Pages into a PDF: PDF/A-3a and PDF/UA-1 at once, with the tree of meaning and the attached files.
//!
//! **Invariant:** everything drawn is either in the tree or marked as decoration; the same input gives the
//! same bytes, because the only time in the file is the content's. The writer checks both standards and
//! refuses what breaks them.
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use krilla::Document;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::validate::{Accessibility, Archival};
use krilla::configure::{ConfigurationBuilder, PdfVersion};
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point, Rect, Transform};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, LineCap, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, BBox, ContentTag, Identifier, Node as TagNode, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};

use crate::content::DocumentError;
use crate::drawing::Segment;
use crate::flow::Flow;
use crate::measure::Rgb;
use crate::pages::Placed;
use crate::piece::{Frame, Item, Meaning, NodeId, What};

/// Items behind and around the text of one page, in points from its corner.
#[derive(Default)]
pub(crate) struct Surroundings {
    pub(crate) background: Vec<Item>,
    /// The word across the page; its items stand around the middle of the page.
    pub(crate) specimen: Vec<Item>,
    pub(crate) footer: Vec<Item>,
}

/// What painting learns for the end of the file.
pub(crate) struct Painter<'a> {
    pub(crate) document: Document,
    flow: &'a Flow<'a>,
    size: (f32, f32),
    page: usize,
    leaves: BTreeMap<NodeId, Vec<Identifier>>,
    boxes: BTreeMap<NodeId, (usize, Rect)>,
    outline: Outline,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(flow: &'a Flow<'a>, size: (f32, f32)) -> Result<Self, DocumentError> {
        let configuration = ConfigurationBuilder::new()
            .with_archival_validator(Archival::A3_A)
            .with_accessibility_validator(Accessibility::UA1)
            .with_version(PdfVersion::Pdf17)
            .finish()
            .map_err(|error| DocumentError::Pdf(format!("{error:?}")))?;
        let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
        Ok(Self {
            document: Document::new_with(settings),
            flow,
            size,
            page: 0,
            leaves: BTreeMap::new(),
            boxes: BTreeMap::new(),
            outline: Outline::new(),
        })
    }

    pub(crate) fn page(&mut self, pieces: Vec<Placed>, around: Surroundings) -> Result<(), DocumentError> {
        let settings = PageSettings::from_wh(self.size.0, self.size.1)
            .ok_or_else(|| DocumentError::Pdf("the page has no size".to_owned()))?;
        let mut document = std::mem::take(&mut self.document);
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for item in &around.background {
            self.item(&mut surface, item, ArtifactType::Layout);
        }
        let middle = Transform::from_rotate_at(-35.0, self.size.0 / 2.0, self.size.1 / 2.0);
        surface.push_transform(&middle);
        for item in &around.specimen {
            self.item(&mut surface, item, ArtifactType::Watermark);
        }
        surface.pop();
        for (frame, top, bottom) in frames(&pieces) {
            if let Some(frame) = self.flow.frames.get(frame) {
                draw_frame(&mut surface, frame, top, bottom);
            }
        }
        for (y, piece) in pieces {
            for mut item in piece.items {
                item.y += y;
                self.item(&mut surface, &item, ArtifactType::Layout);
            }
        }
        for item in &around.footer {
            self.item(&mut surface, item, ArtifactType::Footer);
        }
        surface.finish();
        page.finish();
        self.document = document;
        self.page += 1;
        Ok(())
    }

    fn item(&mut self, surface: &mut Surface<'_>, item: &Item, otherwise: ArtifactType) {
        let tag = match (item.node, &item.what) {
            (None, _) => ContentTag::Artifact(Artifact::with_kind(otherwise)),
            (Some(_), What::Run(run)) => ContentTag::Span(SpanTag::empty().with_lang(Some(run.language.tag()))),
            (Some(_), What::Shape { .. }) => ContentTag::Other,
        };
        if let What::Shape { outline, .. } = &item.what
            && outline.is_empty()
        {
            return;
        }
        let identifier = surface.start_tagged(tag);
        match &item.what {
            What::Run(run) => {
                surface.set_stroke(None);
                surface.set_fill(Some(fill(run.colour)));
                let start = Point::from_xy(item.x, item.y);
                surface.draw_glyphs(start, &run.glyphs, run.font.clone(), &run.text, run.size, false);
            }
            What::Shape { outline, scale, fill: inside, stroke } => {
                if let Some(path) = path(outline.iter().map(|segment| segment.placed(*scale, item.x, item.y))) {
                    draw(surface, &path, *inside, *stroke);
                    self.note_box(item, outline, *scale);
                }
            }
        }
        surface.end_tagged();
        if let Some(node) = item.node {
            self.note_heading(node, item);
            self.leaves.entry(node).or_default().push(identifier);
        }
    }

    /// The first line of a heading is an entry of the outline.
    fn note_heading(&mut self, node: NodeId, item: &Item) {
        if let Some(Meaning::Heading { title, .. }) = self.flow.nodes.get(node).map(|node| &node.meaning)
            && !self.leaves.contains_key(&node)
        {
            let top = Point::from_xy(0.0, (item.y - 40.0).max(0.0));
            self.outline.push_child(OutlineNode::new(short(title), XyzDestination::new(self.page, top)));
        }
    }

    fn note_box(&mut self, item: &Item, outline: &[Segment], scale: f32) {
        let Some(node) = item.node else { return };
        let corners = outline.iter().filter_map(|segment| match segment.placed(scale, item.x, item.y) {
            Segment::Move(x, y) | Segment::Line(x, y) | Segment::Quad(_, _, x, y) | Segment::Cubic(.., x, y) => {
                Some((x, y))
            }
            Segment::Close => None,
        });
        let start = self.boxes.get(&node).map_or((f32::MAX, f32::MAX, f32::MIN, f32::MIN), |(_, rect)| {
            (rect.left(), rect.top(), rect.right(), rect.bottom())
        });
        let (left, top, right, bottom) =
            corners.fold(start, |(l, t, r, b), (x, y)| (l.min(x), t.min(y), r.max(x), b.max(y)));
        if let Some(rect) = Rect::from_ltrb(left, top, right, bottom) {
            self.boxes.insert(node, (self.page, rect));
        }
    }

    /// Closes the file: outline, tree of meaning, bytes.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, DocumentError> {
        let mut tree =
            TagTree::new().with_lang(self.flow.content.languages.first().map(|first| first.tag().to_owned()));
        let roots = self.flow.nodes.first().map(|root| root.children.clone()).unwrap_or_default();
        for child in roots {
            if let Some(group) = self.group(child) {
                tree.push(group);
            }
        }
        self.document.set_tag_tree(tree);
        self.document.set_outline(self.outline);
        self.document.finish().map_err(|error| DocumentError::Pdf(reason(&error)))
    }

    /// The tree below a node; nothing if nothing of it was drawn.
    fn group(&mut self, id: NodeId) -> Option<TagGroup> {
        let node = self.flow.nodes.get(id)?;
        let mut children: Vec<TagNode> =
            self.leaves.remove(&id).unwrap_or_default().into_iter().map(TagNode::Leaf).collect();
        for child in node.children.clone() {
            children.extend(self.group(child).map(TagNode::Group));
        }
        let cell = matches!(node.meaning, Meaning::Cell | Meaning::HeaderOfColumn | Meaning::HeaderOfRow);
        if children.is_empty() && !cell {
            return None;
        }
        let figure = self.boxes.get(&id).map(|(page, rect)| BBox { page_idx: *page, rect: *rect });
        let tag =
            kind(&node.meaning, figure).with_lang(node.language.as_ref().map(|language| language.tag().to_owned()));
        Some(TagGroup { tag, children })
    }
}

fn kind(meaning: &Meaning, figure: Option<BBox>) -> TagKind {
    match meaning {
        Meaning::Root => Tag::Div.into(),
        Meaning::Heading { level, title } => {
            Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), Some(short(title))).into()
        }
        Meaning::Paragraph => Tag::P.into(),
        Meaning::Table => Tag::Table.into(),
        Meaning::Head => Tag::THead.into(),
        Meaning::Body => Tag::TBody.into(),
        Meaning::Row => Tag::TR.into(),
        Meaning::HeaderOfColumn => Tag::TH(TableHeaderScope::Column).into(),
        Meaning::HeaderOfRow => Tag::TH(TableHeaderScope::Row).into(),
        Meaning::Cell => Tag::TD.into(),
        Meaning::Figure { alt } => Tag::Figure(Some(short(alt))).with_bbox(figure).into(),
    }
}

/// Titles are for lists and spoken aloud; PDF/A allows a string 32,767 bytes.
pub(crate) fn short(text: &str) -> String {
    let clean = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    clean.take(400).collect()
}

/// Why the writer refused, without any of the document's text.
fn reason(error: &krilla::error::KrillaError) -> String {
    match error {
        krilla::error::KrillaError::Validation(faults) => {
            let name =
                |fault: &dyn std::fmt::Debug| format!("{fault:?}").split('(').next().unwrap_or_default().to_owned();
            let names: Vec<String> = faults.iter().map(|(fault, _)| name(fault)).collect();
            format!("not valid PDF/A-3a and PDF/UA-1: {}", names.join(", "))
        }
        error => format!("{error:?}").split('(').next().unwrap_or_default().to_owned(),
    }
}

/// The frames on a page, outer before inner, each from its first piece's top to its last one's bottom.
fn frames(pieces: &[Placed]) -> impl Iterator<Item = (usize, f32, f32)> + use<> {
    let mut found: BTreeMap<usize, (f32, f32)> = BTreeMap::new();
    for (y, piece) in pieces {
        for (frame, top, bottom) in &piece.frames {
            let entry = found.entry(*frame).or_insert((y + top, y + bottom));
            entry.0 = entry.0.min(y + top);
            entry.1 = entry.1.max(y + bottom);
        }
    }
    found.into_iter().map(|(frame, (top, bottom))| (frame, top, bottom))
}

fn draw_frame(surface: &mut Surface<'_>, frame: &Frame, top: f32, bottom: f32) {
    let (left, right) = (frame.x, frame.x + frame.width);
    let radius = frame.radius.min(frame.width / 2.0).min((bottom - top) / 2.0);
    // How far a cubic's handles reach to look like a quarter of a circle.
    let reach = radius * 0.448;
    let outline = [
        Segment::Move(left + radius, top),
        Segment::Line(right - radius, top),
        Segment::Cubic(right - reach, top, right, top + reach, right, top + radius),
        Segment::Line(right, bottom - radius),
        Segment::Cubic(right, bottom - reach, right - reach, bottom, right - radius, bottom),
        Segment::Line(left + radius, bottom),
        Segment::Cubic(left + reach, bottom, left, bottom - reach, left, bottom - radius),
        Segment::Line(left, top + radius),
        Segment::Cubic(left, top + reach, left + reach, top, left + radius, top),
        Segment::Close,
    ];
    if let Some(path) = path(outline) {
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        draw(surface, &path, frame.fill, frame.border);
        surface.end_tagged();
    }
}

fn path(outline: impl IntoIterator<Item = Segment>) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for segment in outline {
        match segment {
            Segment::Move(x, y) => builder.move_to(x, y),
            Segment::Line(x, y) => builder.line_to(x, y),
            Segment::Quad(a, b, x, y) => builder.quad_to(a, b, x, y),
            Segment::Cubic(a, b, c, d, x, y) => builder.cubic_to(a, b, c, d, x, y),
            Segment::Close => builder.close(),
        }
    }
    builder.finish()
}

fn draw(surface: &mut Surface<'_>, path: &Path, inside: Option<Rgb>, stroke: Option<(Rgb, f32)>) {
    surface.set_fill(inside.map(fill));
    surface.set_stroke(stroke.map(|(colour, width)| Stroke {
        paint: paint(colour).into(),
        width,
        line_cap: LineCap::Round,
        ..Stroke::default()
    }));
    if inside.is_some() || stroke.is_some() {
        surface.draw_path(path);
    }
}

fn fill(colour: Rgb) -> Fill {
    Fill { paint: paint(colour).into(), ..Fill::default() }
}

fn paint(Rgb(red, green, blue): Rgb) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}
