//! One document: content and layout in, PDF bytes out.
//!
//! **Invariant:** the same layout, fonts and content give the same bytes. Limits are checked before any work.
//! Look next at `flow.rs`, `pages.rs` and `paint.rs`, in the order they run.
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::metadata::{DateTime, Metadata};
use spine::{Language, Timestamp};

use crate::content::{Attachment, Content, DocumentError, Field, Record, Relation};
use crate::flow::{Area, Flow, line};
use crate::fonts::Fonts;
use crate::layout::{Footer, Layout, Page, Pages, Specimen};
use crate::measure::Align;
use crate::pages::{Body, paginate};
use crate::paint::{Painter, Surroundings, short};
use crate::piece::{Item, Meaning, NodeId, height};
use crate::template::{Said, Scope};

/// Bytes of all fields together.
pub(crate) const MAX_TEXT: usize = 1 << 20;
/// Bytes of one attached file.
pub(crate) const MAX_FILE: usize = 16 << 20;
/// Attached files of one document.
pub(crate) const MAX_FILES: usize = 16;

/// Makes the document: tagged PDF 1.7 that is PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1).
///
/// # Errors
/// [`DocumentError`], never a panic, whatever the fields say.
pub fn render(layout: &Layout, fonts: &Fonts, content: &Content) -> Result<Vec<u8>, DocumentError> {
    check_limits(content)?;
    let faces = fonts.open();
    let page = layout.sheet();
    let body = Body {
        first: page.first_top.unwrap_or(page.top).pt(),
        top: page.top.pt(),
        bottom: page.height.pt() - page.bottom.pt(),
    };
    let mut flow = Flow::new(layout, &faces, content, body.bottom - body.top.max(body.first));
    let marked = flow.specimen_node()?;
    let area = Area { x: page.left.pt(), width: page.width.pt() - page.left.pt() - page.right.pt() };
    let pieces = flow.blocks(layout.blocks.iter().map(toml::Spanned::get_ref), area, 0)?;
    let pages = paginate(pieces, body)?;

    let count = pages.len();
    let mut painter = Painter::new(&flow, (page.width.pt(), page.height.pt()))?;
    for (place, pieces) in pages.into_iter().enumerate() {
        let around = Surroundings {
            background: flow.decorations(page, place == 0),
            specimen: flow.specimen(page, marked.filter(|_| place == 0))?,
            footer: flow.footer(page, area, (place + 1, count))?,
        };
        painter.page(pieces, around)?;
    }
    painter.document.set_metadata(flow.metadata()?);
    for attachment in &content.attachments {
        painter.document.embed_file(embedded(attachment, content.created)?);
    }
    painter.finish()
}

fn check_limits(content: &Content) -> Result<(), DocumentError> {
    fn size(field: &Field) -> usize {
        match field {
            Field::Plain(text) => text.len(),
            Field::Localised(text) => text.iter().map(|(_, text)| text.len()).sum(),
            Field::Rows(rows) => rows.iter().flat_map(Record::values).map(|field| size(field) + 8).sum(),
        }
    }
    if content.languages.is_empty() {
        return Err(DocumentError::NoLanguage);
    }
    if content.fields.values().map(size).sum::<usize>() > MAX_TEXT {
        return Err(DocumentError::TooLarge { what: "bytes of text in the fields", limit: MAX_TEXT });
    }
    if content.attachments.len() > MAX_FILES {
        return Err(DocumentError::TooLarge { what: "attached files", limit: MAX_FILES });
    }
    if content.attachments.iter().any(|attachment| attachment.bytes.len() > MAX_FILE) {
        return Err(DocumentError::TooLarge { what: "bytes of an attached file", limit: MAX_FILE });
    }
    Ok(())
}

impl<'a> Flow<'a> {
    /// The word for "specimen", if this document must bear it.
    fn specimen_word(&self) -> Result<Option<&'a Specimen>, DocumentError> {
        let layout = self.layout;
        if !layout.illustrative && !self.content.specimen {
            return Ok(None);
        }
        layout.specimen.as_ref().map(Some).ok_or_else(|| DocumentError::Missing("specimen".to_owned()))
    }

    /// Where the word stands in the reading order: first. On later pages it is decoration.
    fn specimen_node(&mut self) -> Result<Option<NodeId>, DocumentError> {
        let language = self.content.languages.first();
        Ok(self.specimen_word()?.map(|_| self.node(0, Meaning::Paragraph, language)))
    }

    fn specimen(&self, page: Page, node: Option<NodeId>) -> Result<Vec<Item>, DocumentError> {
        let Some(specimen) = self.specimen_word()? else { return Ok(Vec::new()) };
        let style = self.style(&specimen.style)?;
        let said = specimen.text.say_all(self.scope(), &self.content.languages)?;
        let area = Area { x: page.width.pt() * -0.25, width: page.width.pt() * 1.5 };
        let pieces = self.on_a_line(&said, (style, style), area, Some(Align::Centre), node)?;
        let top = (page.height.pt() - height(&pieces)) / 2.0;
        Ok(stack(pieces, top))
    }

    /// Motifs behind the text of one page.
    fn decorations(&self, page: Page, first: bool) -> Vec<Item> {
        let mut items = Vec::new();
        for decoration in self.layout.decorations.iter().flatten() {
            let here = match decoration.pages {
                Pages::All => true,
                Pages::First => first,
                Pages::Later => !first,
            };
            let Some(drawing) = self.layout.drawings.get(&decoration.drawing).filter(|_| here) else { continue };
            let from = |place: f32, whole: f32| if place < 0.0 { whole + place } else { place };
            let (x, y) = (from(decoration.x.pt(), page.width.pt()), from(decoration.y.pt(), page.height.pt()));
            let width = decoration.width.pt();
            let tall = width * drawing.height / drawing.width;
            for row in 0..decoration.down {
                for column in 0..decoration.across {
                    let left = x + width * f32::from(column);
                    let copies = self.drawing(&decoration.drawing, left, width, None).unwrap_or_default().0;
                    let top = y + tall * f32::from(row);
                    items.extend(copies.into_iter().map(|item| Item { y: item.y + top, ..item }));
                }
            }
        }
        items
    }

    /// The foot of page `number` of `count`.
    fn footer(&self, page: Page, area: Area, (number, count): (usize, usize)) -> Result<Vec<Item>, DocumentError> {
        let Some(footer) = &self.layout.footer else { return Ok(Vec::new()) };
        let numbers: Record = [("page", number), ("pages", count)]
            .map(|(name, number)| (name.to_owned(), number.to_string().into()))
            .into();
        let scope = Scope { row: Some(&numbers), document: &self.content.fields };
        let top = page.height.pt() - page.bottom.pt() + 11.0;
        let right = area.width * 0.24;
        let left = area.width - right - 12.0;
        let mut items = self.foot(footer, footer.left.as_ref(), Area { width: left, ..area }, None, scope, top)?;
        let corner = Area { x: area.x + area.width - right, width: right };
        items.extend(self.foot(footer, footer.right.as_ref(), corner, Some(Align::Right), scope, top)?);
        if let Some(rule) = &footer.rule {
            let mut rule = line(area, self.colour(rule), 0.5);
            rule.y = top - 5.0;
            items.push(rule);
        }
        Ok(items)
    }

    fn foot(
        &self,
        footer: &Footer,
        said: Option<&Said>,
        area: Area,
        align: Option<Align>,
        scope: Scope<'_>,
        top: f32,
    ) -> Result<Vec<Item>, DocumentError> {
        let Some(said) = said else { return Ok(Vec::new()) };
        let style = self.style(&footer.style)?;
        let said: Vec<(String, &Language)> = said.say_all(scope, &self.content.languages)?;
        Ok(stack(self.stacked(&said, (style, style), area, align, None)?, top))
    }

    fn metadata(&self) -> Result<Metadata, DocumentError> {
        let language = self.content.languages.first().ok_or(DocumentError::NoLanguage)?;
        let mut metadata = Metadata::new()
            .title(short(&self.layout.title.say(self.scope(), language)?))
            .language(language.tag().to_owned())
            .creator("Letsema".to_owned())
            .creation_date(moment(self.content.created));
        if let Some(issuer) = &self.layout.issuer {
            metadata = metadata.authors(vec![short(&issuer.say(self.scope(), language)?)]);
        }
        Ok(metadata)
    }
}

/// Pieces one under another from `top`, as items.
fn stack(pieces: Vec<crate::piece::Piece>, top: f32) -> Vec<Item> {
    let mut y = top;
    let mut items = Vec::new();
    for piece in pieces {
        items.extend(piece.items.into_iter().map(|item| Item { y: item.y + y, ..item }));
        y += piece.height;
    }
    items
}

/// UTC, to the second.
fn moment(at: Timestamp) -> DateTime {
    let text = at.to_string();
    let mut parts = text.split(|letter: char| !letter.is_ascii_digit());
    let year = parts.next().and_then(|year| year.parse().ok()).unwrap_or(1970);
    let mut next = || parts.next().and_then(|part| part.parse::<u8>().ok()).unwrap_or(0);
    let (month, day, hour, minute, second) = (next(), next(), next(), next(), next());
    DateTime::new(year).month(month).day(day).hour(hour).minute(minute).second(second).utc_offset_hour(0)
}

fn embedded(attachment: &Attachment, created: Timestamp) -> Result<EmbeddedFile, DocumentError> {
    let named = !attachment.name.is_empty()
        && attachment.name.len() <= 200
        && !attachment.name.contains(['/', '\\', ':'])
        && !attachment.name.contains(char::is_control)
        && !attachment.description.trim().is_empty();
    let mime = MimeType::new(&attachment.mime).filter(|_| named).ok_or(DocumentError::Attachment)?;
    Ok(EmbeddedFile {
        path: attachment.name.clone(),
        mime_type: Some(mime),
        description: Some(short(&attachment.description)),
        association_kind: match attachment.relation {
            Relation::Source => AssociationKind::Source,
            Relation::Data => AssociationKind::Data,
            Relation::Alternative => AssociationKind::Alternative,
            Relation::Supplement => AssociationKind::Supplement,
            Relation::Unspecified => AssociationKind::Unspecified,
        },
        data: attachment.bytes.clone().into(),
        modification_date: Some(moment(created)),
        compress: Some(true),
        location: None,
    })
}
