//! Reads a layout and proves its names and measures, each fault with the line of its block.
//!
//! **Invariant:** a [`Layout`] that exists has only styles, colours and drawings that are declared, measures
//! that fit on its page, and headings in order. What it needs of the content, [`Layout::fields`] says.

use std::collections::{BTreeMap, BTreeSet};

use spine::Language;

use crate::layout::{Block, Drawing, House, Layout, Page, Style};
use crate::measure::Mm;
use crate::template::{Said, is_name};

/// What is wrong with a layout, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map_or_else(String::new, |line| format!("line {line}: ")))]
pub struct LayoutError {
    /// The line of the file, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A field that a layout asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placeholder {
    /// Its name.
    pub name: String,
    /// Whether the document cannot be made without it.
    pub required: bool,
    /// For a field of rows: the names its cells use, from the row or else from the document.
    pub cells: Option<Vec<String>>,
}

/// Deepest nesting of boxes and columns.
const MAX_DEPTH: usize = 5;
/// Most blocks in one layout.
const MAX_BLOCKS: usize = 400;

type Check = Result<(), String>;

impl House {
    /// Reads a house style (`layouts/house.toml`). Its names are proved with each layout that uses it.
    ///
    /// # Errors
    /// [`LayoutError`] if it is not TOML or has a key that is not known.
    pub fn parse(text: &str) -> Result<Self, LayoutError> {
        toml::from_str(text).map_err(|error| not_toml(text, &error))
    }
}

impl Layout {
    /// Reads a layout on top of the house style; what both say, the layout says.
    ///
    /// # Errors
    /// [`LayoutError`] with the line of the fault.
    pub fn parse(text: &str, house: &House) -> Result<Self, LayoutError> {
        let mut layout: Self =
            toml::from_str(text).map_err(|error| in_block(text).unwrap_or_else(|| not_toml(text, &error)))?;
        let house = house.clone();
        layout.page = layout.page.or(house.page);
        layout.specimen = layout.specimen.or(house.specimen);
        layout.footer = layout.footer.or(house.footer);
        layout.decorations = layout.decorations.or(Some(house.decorations));
        layout.colours = house.colours.into_iter().chain(layout.colours).collect();
        layout.styles = house.styles.into_iter().chain(layout.styles).collect();
        layout.drawings = house.drawings.into_iter().chain(layout.drawings).collect();
        layout.check_whole().map_err(|message| LayoutError { line: None, message })?;
        let checker = Checker { layout: &layout, blocks: 0, heading: 0 };
        checker.all(text)?;
        Ok(layout)
    }

    /// What it needs of the content, in order of name.
    #[must_use]
    pub fn fields(&self) -> Vec<Placeholder> {
        let mut found: BTreeMap<String, Placeholder> = BTreeMap::new();
        let mut note = |name: &str, required: bool, cells: Option<Vec<String>>| {
            let entry = found.entry(name.to_owned()).or_insert_with(|| Placeholder {
                name: name.to_owned(),
                required: false,
                cells: None,
            });
            entry.required |= required;
            entry.cells = entry.cells.take().or(cells);
        };
        for said in self.sentences() {
            said.fields().filter(|(name, _)| !matches!(*name, "page" | "pages")).for_each(|(name, required)| {
                note(name, required, None);
            });
        }
        self.each_block(&mut |block| match block {
            Block::Table(table) => {
                let cells = table.columns.iter().flat_map(|column| column.cell.fields());
                let names: BTreeSet<String> = cells.map(|(name, _)| name.to_owned()).collect();
                note(&table.rows, true, Some(names.into_iter().collect()));
            }
            Block::Text(passage) => passage.when.iter().for_each(|name| note(name, false, None)),
            _ => {}
        });
        found.into_values().collect()
    }

    /// The fonts its styles name.
    #[must_use]
    pub fn fonts(&self) -> BTreeSet<&str> {
        self.styles.values().map(|style| style.font.as_str()).collect()
    }

    /// Whether every copy is marked as a specimen.
    #[must_use]
    pub const fn illustrative(&self) -> bool {
        self.illustrative
    }

    /// How many of its sentences are written in some languages and not in this one.
    #[must_use]
    pub fn untranslated(&self, language: &Language) -> usize {
        let lacks = |said: &&Said| {
            let languages = said.languages();
            !languages.is_empty() && !languages.iter().any(|own| *own == language.tag() || *own == language.primary())
        };
        self.sentences().into_iter().filter(lacks).count()
    }

    pub(crate) fn sheet(&self) -> Page {
        self.page.unwrap_or_default()
    }

    pub(crate) fn each_block<'a>(&'a self, visit: &mut dyn FnMut(&'a Block)) {
        self.blocks.iter().for_each(|block| walk(block.get_ref(), visit));
    }

    /// Every sentence but the cells of tables, whose fields are the row's.
    fn sentences(&self) -> Vec<&Said> {
        let mut all: Vec<&Said> = vec![&self.title];
        all.extend(&self.issuer);
        all.extend(self.specimen.iter().map(|specimen| &specimen.text));
        all.extend(self.footer.iter().flat_map(|footer| footer.left.iter().chain(&footer.right)));
        self.each_block(&mut |block| match block {
            Block::Title(title) => all.push(&title.text),
            Block::Text(passage) => all.push(&passage.text),
            Block::Rows(rows) => all.extend(rows.rows.iter().flat_map(|entry| [&entry.label, &entry.value])),
            Block::Table(table) => all.extend(table.columns.iter().map(|column| &column.header)),
            Block::Qr(qr) => all.extend([&qr.value, &qr.alt]),
            Block::Signature(signature) => {
                all.push(&signature.label);
                all.extend(&signature.name);
            }
            Block::Motif(motif) => all.extend(&motif.alt),
            Block::Box(_) | Block::Columns(_) | Block::Rule(_) | Block::Space(_) | Block::Spring(_) => {}
        });
        all
    }

    /// Everything but the blocks.
    fn check_whole(&self) -> Check {
        let page = self.sheet();
        let room = |whole: Mm, a: Mm, b: Mm| [a, b, Mm::of(30.0)].into_iter().map(Mm::pt).sum::<f32>() <= whole.pt();
        let margins = [page.top, page.right, page.bottom, page.left, page.first_top.unwrap_or(page.top)];
        if margins.iter().any(|margin| margin.pt() < 0.0)
            || !room(page.width, page.left, page.right)
            || !room(page.height, page.top, page.bottom)
            || !room(page.height, page.first_top.unwrap_or(page.top), page.bottom)
        {
            return Err("the page's margins leave less than 30 mm for text".to_owned());
        }
        for (name, style) in &self.styles {
            check_style(style).map_err(|fault| format!("style `{name}`: {fault}"))?;
            self.colour(&style.colour).map_err(|fault| format!("style `{name}`: {fault}"))?;
        }
        for (name, drawing) in &self.drawings {
            self.check_drawing(drawing).map_err(|fault| format!("drawing `{name}`: {fault}"))?;
        }
        for decoration in self.decorations.iter().flatten() {
            self.drawing(&decoration.drawing)?;
            within("a decoration's width", decoration.width.pt(), 0.1, 6000.0)?;
            if usize::from(decoration.across) * usize::from(decoration.down) > 2000 {
                return Err("a decoration has at most 2000 copies".to_owned());
            }
        }
        match &self.specimen {
            Some(specimen) => self.style(&specimen.style)?,
            None if self.illustrative => {
                return Err("an illustrative layout needs [specimen] with a text and a style".to_owned());
            }
            None => {}
        }
        if let Some(footer) = &self.footer {
            self.style(&footer.style)?;
            footer.rule.as_ref().map_or(Ok(()), |name| self.colour(name))?;
        }
        Ok(())
    }

    fn check_drawing(&self, drawing: &Drawing) -> Check {
        within("its width", drawing.width, 0.1, 100_000.0)?;
        within("its height", drawing.height, 0.1, 100_000.0)?;
        for shape in &drawing.paths {
            within("a line", shape.line, 0.0, 10_000.0)?;
            shape.fill.iter().chain(&shape.stroke).try_for_each(|name| self.colour(name))?;
        }
        Ok(())
    }

    fn style(&self, name: &str) -> Check {
        declared("style", name, &self.styles)
    }

    fn colour(&self, name: &str) -> Check {
        declared("colour", name, &self.colours)
    }

    fn drawing(&self, name: &str) -> Check {
        declared("drawing", name, &self.drawings)
    }
}

fn walk<'a>(block: &'a Block, visit: &mut dyn FnMut(&'a Block)) {
    visit(block);
    match block {
        Block::Box(panel) => panel.blocks.iter().for_each(|block| walk(block, visit)),
        Block::Columns(columns) => {
            columns.columns.iter().flat_map(|stack| &stack.blocks).for_each(|block| walk(block, visit));
        }
        _ => {}
    }
}

/// Walks the blocks with what must hold across them.
struct Checker<'a> {
    layout: &'a Layout,
    blocks: usize,
    /// Level of the last heading.
    heading: u16,
}

impl Checker<'_> {
    fn all(mut self, text: &str) -> Result<(), LayoutError> {
        for block in &self.layout.blocks {
            self.block(block.get_ref(), 0)
                .map_err(|message| LayoutError { line: Some(line_of(text, block.span().start)), message })?;
        }
        if self.heading == 0 {
            let message = "a document needs a title block, so that readers know where they are".to_owned();
            return Err(LayoutError { line: None, message });
        }
        Ok(())
    }

    fn block(&mut self, block: &Block, depth: usize) -> Check {
        let layout = self.layout;
        self.blocks += 1;
        if depth > MAX_DEPTH || self.blocks > MAX_BLOCKS {
            return Err(format!("at most {MAX_BLOCKS} blocks, and at most {MAX_DEPTH} inside each other"));
        }
        let styles = |names: &[&String]| names.iter().try_for_each(|name| layout.style(name));
        let colours = |names: &Option<String>| names.iter().try_for_each(|name| layout.colour(name));
        let optional = |name: &Option<String>| name.iter().try_for_each(|name| layout.style(name));
        match block {
            Block::Title(title) => {
                if title.level == 0 || title.level > 6 || title.level > self.heading + 1 {
                    return Err("headings begin with level 1 and never skip a level".to_owned());
                }
                self.heading = title.level;
                styles(&[&title.style])?;
                optional(&title.second)
            }
            Block::Text(passage) => {
                styles(&[&passage.style])?;
                passage.when.iter().try_for_each(|name| field_name(name))?;
                optional(&passage.second)
            }
            Block::Rows(rows) => {
                within("columns", f32::from(rows.columns), 1.0, 3.0)?;
                within("label_width", rows.label_width, 10.0, 80.0)?;
                optional(&rows.second)?;
                optional(&rows.value_second)?;
                colours(&rows.rule)?;
                styles(&[&rows.label, &rows.value])
            }
            Block::Table(table) => {
                field_name(&table.rows)?;
                within("the number of columns", table.columns.len() as f32, 1.0, 12.0)?;
                table.columns.iter().try_for_each(|column| within("a column's width", column.width, 0.05, 100.0))?;
                optional(&table.second)?;
                optional(&table.cell_second)?;
                colours(&table.rule)?;
                styles(&[&table.header, &table.cell])
            }
            Block::Qr(qr) => {
                within("the QR code's size in points", qr.size.pt(), 40.0, 400.0)?;
                layout.colour(&qr.colour)
            }
            Block::Signature(signature) => {
                within("room in points", signature.room.pt(), 0.0, 400.0)?;
                layout.colour(&signature.line)?;
                optional(&signature.name_style)?;
                optional(&signature.second)?;
                styles(&[&signature.style])
            }
            Block::Motif(motif) => self.motif(&motif.drawing, motif.width),
            Block::Rule(rule) => layout.colour(&rule.colour),
            Block::Space(space) => within("a space in points", space.height.pt(), 0.0, 800.0),
            Block::Spring(_) => Ok(()),
            Block::Box(panel) => {
                colours(&panel.fill)?;
                colours(&panel.border)?;
                within("padding in points", panel.pad.pt(), 0.0, 80.0)?;
                panel.blocks.iter().try_for_each(|block| self.block(block, depth + 1))
            }
            Block::Columns(columns) => {
                within("the number of columns", columns.columns.len() as f32, 1.0, 6.0)?;
                within("the gap in points", columns.gap.pt(), 0.0, 80.0)?;
                for stack in &columns.columns {
                    within("a column's width", stack.width, 0.05, 100.0)?;
                    stack.blocks.iter().try_for_each(|block| self.block(block, depth + 1))?;
                }
                Ok(())
            }
        }
    }

    fn motif(&self, name: &str, width: Mm) -> Check {
        self.layout.drawing(name)?;
        within("a motif's width in points", width.pt(), 1.0, 2000.0)
    }
}

fn check_style(style: &Style) -> Check {
    within("size", style.size, 3.0, 150.0)?;
    within("leading", style.leading, 0.8, 4.0)?;
    within("tracking", style.tracking, -100.0, 1000.0)
}

fn field_name(name: &str) -> Check {
    if is_name(name) { Ok(()) } else { Err(format!("`{name}` is not a field's name: use lower_case")) }
}

fn within(what: &str, value: f32, least: f32, most: f32) -> Check {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(format!("{what} is {value}; it must be from {least} to {most}"))
    }
}

fn declared<T>(sort: &str, name: &str, all: &BTreeMap<String, T>) -> Check {
    if all.contains_key(name) {
        return Ok(());
    }
    let known: Vec<&str> = all.keys().map(String::as_str).collect();
    Err(format!("the {sort} `{name}` is not declared; declared are: {}", known.join(", ")))
}

fn not_toml(text: &str, error: &toml::de::Error) -> LayoutError {
    LayoutError { line: error.span().map(|span| line_of(text, span.start)), message: error.message().to_owned() }
}

/// The first block that cannot be read: the parser itself only knows where the list of blocks begins.
fn in_block(text: &str) -> Option<LayoutError> {
    #[derive(serde::Deserialize)]
    struct Blocks {
        blocks: Vec<toml::Spanned<toml::Value>>,
    }
    let Blocks { blocks } = toml::from_str(text).ok()?;
    blocks.into_iter().find_map(|block| {
        let line = Some(line_of(text, block.span().start));
        let error = block.into_inner().try_into::<Block>().err()?;
        Some(LayoutError { line, message: error.message().to_owned() })
    })
}

fn line_of(text: &str, place: usize) -> usize {
    text.bytes().take(place).filter(|byte| *byte == b'\n').count() + 1
}
