//! Blocks into pieces: what each block of a layout looks like, and what it means to a reader that cannot see.
//!
//! **Invariant:** nodes are made in reading order, and every letter belongs to one. Rows and tables are in
//! `tables.rs`; `pages.rs` takes the pieces from here.
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use std::rc::Rc;

use spine::Language;

use crate::content::{Content, DocumentError};
use crate::drawing::Segment;
use crate::fonts::Faces;
use crate::layout::{Block, Both, Columns, Layout, Motif, Panel, Passage, Qr, Rule, Signature, Stand, Style, Title};
use crate::measure::{Align, Rgb};
use crate::piece::{Frame, Item, Meaning, Node, NodeId, Piece, What, beside, height, joined};
use crate::template::{Said, Scope};
use crate::text::{Span, paragraph};

/// Where a block stands between left and right, in points from the paper's edge.
#[derive(Clone, Copy)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) width: f32,
}

/// A document on its way from blocks to pieces.
pub(crate) struct Flow<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) faces: &'a Faces<'a>,
    pub(crate) content: &'a Content,
    pub(crate) nodes: Vec<Node>,
    pub(crate) frames: Vec<Frame>,
    /// Height of a page's text; no piece may be higher.
    pub(crate) limit: f32,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(layout: &'a Layout, faces: &'a Faces<'a>, content: &'a Content, limit: f32) -> Self {
        let root = Node { meaning: Meaning::Root, language: None, children: Vec::new() };
        Self { layout, faces, content, nodes: vec![root], frames: Vec::new(), limit }
    }

    pub(crate) fn scope(&self) -> Scope<'a> {
        Scope { row: None, document: &self.content.fields }
    }

    pub(crate) fn node(&mut self, parent: NodeId, meaning: Meaning, language: Option<&Language>) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { meaning, language: language.cloned(), children: Vec::new() });
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.children.push(id);
        }
        id
    }

    pub(crate) fn colour(&self, name: &str) -> Rgb {
        // check.rs has proved the name.
        self.layout.colours.get(name).copied().unwrap_or(Rgb(0, 0, 0))
    }

    pub(crate) fn style(&self, name: &str) -> Result<&'a Style, DocumentError> {
        self.layout.styles.get(name).ok_or_else(|| DocumentError::Font(name.to_owned()))
    }

    /// Blocks one under another.
    pub(crate) fn blocks<'b>(
        &mut self,
        blocks: impl IntoIterator<Item = &'b Block>,
        area: Area,
        parent: NodeId,
    ) -> Result<Vec<Piece>, DocumentError> {
        let mut pieces = Vec::new();
        for block in blocks {
            pieces.extend(self.block(block, area, parent)?);
        }
        Ok(pieces)
    }

    fn block(&mut self, block: &Block, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let (mut pieces, after) = match block {
            Block::Title(title) => (self.title(title, area, parent)?, title.after),
            Block::Text(passage) => (self.passage(passage, area, parent)?, passage.after),
            Block::Rows(rows) => (self.rows(rows, area, parent)?, rows.after),
            Block::Table(table) => (self.table(table, area, parent)?, table.after),
            Block::Box(panel) => (self.panel(panel, area, parent)?, panel.after),
            Block::Columns(columns) => (self.columns(columns, area, parent)?, columns.after),
            Block::Qr(qr) => (vec![self.qr(qr, area, parent)?], qr.after),
            Block::Signature(signature) => (self.signature(signature, area, parent)?, signature.after),
            Block::Motif(motif) => (self.motif(motif, area, parent)?, motif.after),
            Block::Rule(rule) => (vec![self.rule(rule, area)], rule.after),
            Block::Space(space) => return Ok(vec![Piece::gap(space.height.pt())]),
            Block::Spring(_) => return Ok(vec![Piece { spring: true, gap: true, ..Piece::default() }]),
        };
        if let Some(last) = pieces.last() {
            let glued = last.glued;
            pieces.push(Piece { glued, ..Piece::gap(after.pt()) });
        }
        Ok(pieces)
    }

    /// One paragraph in one node, as a piece a line.
    pub(crate) fn paragraph(
        &self,
        spans: &[Span<'_>],
        area: Area,
        align: Align,
        node: Option<NodeId>,
    ) -> Result<Vec<Piece>, DocumentError> {
        let lines = paragraph(self.faces, spans, area.width)?;
        let piece = |line: crate::text::Line| {
            let start = area.x + align.start(area.width, line.width);
            let item = |run: crate::text::Run| Item { x: start + run.x, y: line.baseline, what: What::Run(run), node };
            Piece { height: line.height, items: line.runs.into_iter().map(item).collect(), ..Piece::default() }
        };
        Ok(lines.into_iter().map(piece).collect())
    }

    /// What a sentence says in each language, one paragraph each, all in one node.
    pub(crate) fn stacked(
        &self,
        said: &[(String, &Language)],
        styles: (&'a Style, &'a Style),
        area: Area,
        align: Option<Align>,
        node: Option<NodeId>,
    ) -> Result<Vec<Piece>, DocumentError> {
        let mut pieces = Vec::new();
        for (place, (text, language)) in said.iter().enumerate().filter(|(_, (text, _))| !text.trim().is_empty()) {
            let style = if place == 0 { styles.0 } else { styles.1 };
            let span = Span { text, style, colour: self.colour(&style.colour), language };
            pieces.extend(self.paragraph(&[span], area, align.unwrap_or(style.align), node)?);
        }
        Ok(pieces)
    }

    /// What a sentence says in each language, one after the other in one paragraph.
    pub(crate) fn on_a_line(
        &self,
        said: &[(String, &Language)],
        styles: (&'a Style, &'a Style),
        area: Area,
        align: Option<Align>,
        node: Option<NodeId>,
    ) -> Result<Vec<Piece>, DocumentError> {
        let mut spans = Vec::with_capacity(said.len() * 2);
        for (place, (text, language)) in said.iter().enumerate() {
            let style = if place == 0 { styles.0 } else { styles.1 };
            let colour = self.colour(&style.colour);
            if place > 0 {
                spans.push(Span { text: "   ", style, colour, language });
            }
            spans.push(Span { text, style, colour, language });
        }
        self.paragraph(&spans, area, align.unwrap_or(styles.0.align), node)
    }

    /// A style and the one of the second language.
    pub(crate) fn pair(&self, style: &str, second: Option<&String>) -> Result<(&'a Style, &'a Style), DocumentError> {
        let first = self.style(style)?;
        Ok((first, second.map_or(Ok(first), |second| self.style(second))?))
    }

    fn title(&mut self, title: &Title, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let said = title.text.say_all(self.scope(), &self.content.languages)?;
        let name = said.first().map_or_else(String::new, |(text, _)| text.clone());
        let language = said.first().map(|(_, language)| *language);
        let node = self.node(parent, Meaning::Heading { level: title.level, title: name }, language);
        let styles = self.pair(&title.style, title.second.as_ref())?;
        let mut pieces = self.stacked(&said, styles, area, None, Some(node))?;
        for piece in &mut pieces {
            piece.glued = true;
        }
        Ok(pieces)
    }

    fn passage(&mut self, passage: &Passage, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let languages = &self.content.languages;
        if let (Some(when), Some(first)) = (&passage.when, languages.first())
            && !self.scope().has(when, first)
        {
            return Ok(Vec::new());
        }
        let mut said = passage.text.say_all(self.scope(), languages)?;
        said.retain(|(text, _)| !text.trim().is_empty());
        let styles = self.pair(&passage.style, passage.second.as_ref())?;
        let one = |flow: &mut Self, place: usize, area: Area| -> Result<Vec<Piece>, DocumentError> {
            let Some((text, language)) = said.get(place) else { return Ok(Vec::new()) };
            let node = flow.node(parent, Meaning::Paragraph, Some(language));
            let style = if place == 0 { styles.0 } else { styles.1 };
            flow.stacked(&[(text.clone(), language)], (style, style), area, None, Some(node))
        };
        match passage.both {
            Both::First => one(self, 0, area),
            Both::Side if said.len() > 1 => {
                let gap = 14.0;
                let width = (area.width - gap) / 2.0;
                let left = one(self, 0, Area { width, ..area })?;
                let right = one(self, 1, Area { x: area.x + width + gap, width })?;
                Ok(beside(vec![(left, Stand::Top), (right, Stand::Top)], self.limit / 3.0))
            }
            Both::Side | Both::Stacked => {
                let mut pieces = one(self, 0, area)?;
                let second = one(self, 1, area)?;
                if !second.is_empty() {
                    pieces.push(Piece::gap(styles.1.size * 0.35));
                }
                pieces.extend(second);
                Ok(pieces)
            }
        }
    }

    fn panel(&mut self, panel: &Panel, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let frame = self.frames.len();
        self.frames.push(Frame {
            x: area.x,
            width: area.width,
            fill: panel.fill.as_ref().map(|name| self.colour(name)),
            border: panel.border.as_ref().map(|name| (self.colour(name), panel.line.pt())),
            radius: panel.radius.pt(),
        });
        let pad = panel.pad.pt();
        let inner = Area { x: area.x + pad, width: area.width - 2.0 * pad };
        let mut inside = self.blocks(&panel.blocks, inner, parent)?;
        while inside.last().is_some_and(|piece| piece.gap) {
            inside.pop();
        }
        if let Some(last) = inside.last_mut() {
            last.height += pad;
        }
        let mut pieces = vec![Piece { glued: true, ..Piece::room(pad) }];
        pieces.append(&mut inside);
        for piece in &mut pieces {
            piece.frames.insert(0, (frame, 0.0, piece.height));
        }
        Ok(pieces)
    }

    fn columns(&mut self, columns: &Columns, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let gap = columns.gap.pt();
        let shares: f32 = columns.columns.iter().map(|stack| stack.width).sum();
        let room = area.width - gap * (columns.columns.len().saturating_sub(1)) as f32;
        let mut x = area.x;
        let mut stacks = Vec::with_capacity(columns.columns.len());
        for stack in &columns.columns {
            let width = room * stack.width / shares;
            let mut pieces = self.blocks(&stack.blocks, Area { x, width }, parent)?;
            while pieces.last().is_some_and(|piece| piece.gap) {
                pieces.pop();
            }
            stacks.push((pieces, stack.stand));
            x += width + gap;
        }
        let pieces = beside(stacks, self.limit);
        // A short group, such as a QR code with what it is for, is not torn apart.
        Ok(if height(&pieces) < self.limit / 2.0 { vec![joined(pieces)] } else { pieces })
    }

    fn say_alt(&self, said: &Said) -> Result<(String, Option<&'a Language>), DocumentError> {
        let language = self.content.languages.first().ok_or(DocumentError::NoLanguage)?;
        Ok((said.say(self.scope(), language)?, Some(language)))
    }

    fn qr(&mut self, qr: &Qr, area: Area, parent: NodeId) -> Result<Piece, DocumentError> {
        let (value, _) = self.say_alt(&qr.value)?;
        let code = crate::qr::modules(&value, qr.level)?;
        let (alt, language) = self.say_alt(&qr.alt)?;
        let node = self.node(parent, Meaning::Figure { alt }, language);
        let mut outline = Vec::new();
        for corners in code.loops {
            for (place, (x, y)) in corners.into_iter().enumerate() {
                let (x, y) = (x as f32, y as f32);
                outline.push(if place == 0 { Segment::Move(x, y) } else { Segment::Line(x, y) });
            }
            outline.push(Segment::Close);
        }
        let size = qr.size.pt();
        let shape = What::Shape {
            outline: Rc::new(outline),
            scale: size / code.side as f32,
            fill: Some(self.colour(&qr.colour)),
            stroke: None,
        };
        let x = area.x + qr.align.start(area.width, size);
        Ok(Piece { items: vec![Item { x, y: 0.0, what: shape, node: Some(node) }], ..Piece::room(size) })
    }

    fn signature(&mut self, signature: &Signature, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let mut pieces = vec![Piece::room(signature.room.pt())];
        if let Some(name) = &signature.name {
            let (text, language) = self.say_alt(name)?;
            let style = self.style(signature.name_style.as_ref().unwrap_or(&signature.style))?;
            let node = self.node(parent, Meaning::Paragraph, language);
            let said: Vec<(String, &Language)> = language.map(|language| (text, language)).into_iter().collect();
            pieces.extend(self.stacked(&said, (style, style), area, None, Some(node))?);
        }
        let mut line = line(area, self.colour(&signature.line), 0.6);
        line.y = 2.0;
        pieces.push(Piece { items: vec![line], ..Piece::room(5.0) });
        let said = signature.label.say_all(self.scope(), &self.content.languages)?;
        let styles = self.pair(&signature.style, signature.second.as_ref())?;
        let node = self.node(parent, Meaning::Paragraph, None);
        pieces.extend(self.stacked(&said, styles, area, None, Some(node))?);
        Ok(if height(&pieces) < self.limit / 2.0 { vec![joined(pieces)] } else { pieces })
    }

    fn motif(&mut self, motif: &Motif, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let node = match &motif.alt {
            Some(alt) => {
                let (alt, language) = self.say_alt(alt)?;
                Some(self.node(parent, Meaning::Figure { alt }, language))
            }
            None => None,
        };
        let width = motif.width.pt();
        let x = area.x + motif.align.start(area.width, width);
        let Some((items, height)) = self.drawing(&motif.drawing, x, width, node) else { return Ok(Vec::new()) };
        Ok(vec![Piece { items, ..Piece::room(height) }])
    }

    /// A drawing `width` points wide, with its height.
    pub(crate) fn drawing(&self, name: &str, x: f32, width: f32, node: Option<NodeId>) -> Option<(Vec<Item>, f32)> {
        let drawing = self.layout.drawings.get(name)?;
        let scale = width / drawing.width;
        let item = |shape: &crate::layout::Shape| Item {
            x,
            y: 0.0,
            what: What::Shape {
                outline: Rc::new(shape.d.0.clone()),
                scale,
                fill: shape.fill.as_ref().map(|name| self.colour(name)),
                stroke: shape.stroke.as_ref().map(|name| (self.colour(name), shape.line * scale)),
            },
            node,
        };
        Some((drawing.paths.iter().map(item).collect(), drawing.height * scale))
    }

    fn rule(&self, rule: &Rule, area: Area) -> Piece {
        let width = rule.width.map_or(area.width, |width| width.pt().min(area.width));
        let x = area.x + rule.align.start(area.width, width);
        let thick = rule.line.pt();
        let mut item = line(Area { x, width }, self.colour(&rule.colour), thick);
        item.y = thick / 2.0;
        Piece { items: vec![item], ..Piece::room(thick) }
    }
}

/// A line across an area, decoration.
pub(crate) fn line(area: Area, colour: Rgb, thick: f32) -> Item {
    let outline = Rc::new(vec![Segment::Move(0.0, 0.0), Segment::Line(area.width, 0.0)]);
    let what = What::Shape { outline, scale: 1.0, fill: None, stroke: Some((colour, thick)) };
    Item { x: area.x, y: 0.0, what, node: None }
}
