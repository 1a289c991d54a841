//! Labels with their values, and tables of rows; both are tables to a reader that cannot see.
//!
//! **Invariant:** a row may be cut between its lines, never within one, and a table's head stands again on
//! every page (as decoration there, so that it is read once).
#![expect(clippy::float_arithmetic, reason = "places on a page are fractions of a point; nothing here counts money")]

use std::rc::Rc;

use spine::Language;

use crate::content::{DocumentError, Field, Record};
use crate::flow::{Area, Flow, line};
use crate::layout::{Entry, Labels, Rows, Stand, Style, Table};
use crate::piece::{Meaning, NodeId, Piece, beside};
use crate::template::Scope;

/// What an entry says: its label and its value in each language.
struct Told<'l> {
    label: Vec<(String, &'l Language)>,
    value: Vec<(String, &'l Language)>,
}

/// Styles of an entry.
#[derive(Clone, Copy)]
struct Look<'a> {
    label: (&'a Style, &'a Style),
    value: (&'a Style, &'a Style),
}

impl<'a> Flow<'a> {
    pub(crate) fn rows(&mut self, rows: &Rows, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let look = Look {
            label: self.pair(&rows.label, rows.second.as_ref())?,
            value: self.pair(&rows.value, rows.value_second.as_ref())?,
        };
        let table = self.node(parent, Meaning::Table, None);
        let gap = 16.0;
        let columns = rows.columns.max(1) as usize;
        let width = (area.width - gap * (columns - 1) as f32) / columns as f32;
        let told: Vec<Told<'a>> =
            rows.rows.iter().filter_map(|entry| self.tell(entry).transpose()).collect::<Result<_, _>>()?;
        let mut pieces = Vec::new();
        for group in told.chunks(columns) {
            let row = self.node(table, Meaning::Row, None);
            let mut stacks = Vec::with_capacity(columns);
            for (place, told) in group.iter().enumerate() {
                let cell = Area { x: area.x + (width + gap) * place as f32, width };
                stacks.push((self.entry(told, look, rows, cell, row)?, Stand::Top));
            }
            let pad = rows.pad.pt();
            pieces.push(Piece { glued: true, ..Piece::gap(pad) });
            let lines = beside(stacks, self.limit / 3.0);
            let last = lines.len().saturating_sub(1);
            pieces.extend(lines.into_iter().enumerate().map(|(place, mut line)| {
                // The first two and the last two lines of a row stay together.
                line.glued |= place == last || (last < 6 && place < last);
                line
            }));
            let rule = rows.rule.as_ref().map(|name| line(Area { ..area }, self.colour(name), 0.5));
            let items = rule.into_iter().map(|mut rule| {
                rule.y = pad;
                rule
            });
            pieces.push(Piece { items: items.collect(), ..Piece::room(pad) });
        }
        Ok(pieces)
    }

    /// Nothing, if all that the value would say is absent.
    fn tell(&self, entry: &Entry) -> Result<Option<Told<'a>>, DocumentError> {
        let content = self.content;
        let scope = Scope { row: None, document: &content.fields };
        let mut fields = entry.value.fields().peekable();
        let bare = fields.peek().is_some()
            && fields.all(|(name, required)| {
                !required && content.languages.first().is_none_or(|language| !scope.has(name, language))
            });
        if bare {
            return Ok(None);
        }
        Ok(Some(Told {
            label: entry.label.say_all(scope, &content.languages)?,
            value: entry.value.say_all(scope, &content.languages)?,
        }))
    }

    fn entry(
        &mut self,
        told: &Told<'_>,
        look: Look<'a>,
        rows: &Rows,
        area: Area,
        row: NodeId,
    ) -> Result<Vec<Piece>, DocumentError> {
        let head = self.node(row, Meaning::HeaderOfRow, None);
        let cell = self.node(row, Meaning::Cell, None);
        let shown: Vec<(String, &Language)> = told
            .value
            .iter()
            .map(|(text, language)| (if text.trim().is_empty() { "–".to_owned() } else { text.clone() }, *language))
            .collect();
        match rows.labels {
            Labels::Beside => {
                let width = area.width * rows.label_width / 100.0;
                let left = Area { width: width - 8.0, ..area };
                let right = Area { x: area.x + width, width: area.width - width };
                let label = self.stacked(&told.label, look.label, left, None, Some(head))?;
                let value = self.stacked(&shown, look.value, right, None, Some(cell))?;
                Ok(beside(vec![(label, Stand::Top), (value, Stand::Top)], self.limit / 3.0))
            }
            Labels::Above => {
                let mut pieces = self.on_a_line(&told.label, look.label, area, None, Some(head))?;
                pieces.extend(self.on_a_line(&shown, look.value, area, None, Some(cell))?);
                Ok(pieces)
            }
        }
    }

    pub(crate) fn table(&mut self, table: &Table, area: Area, parent: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let content = self.content;
        let records = match content.fields.get(&table.rows) {
            Some(Field::Rows(records)) => records,
            Some(_) => return Err(DocumentError::WrongSort(table.rows.clone())),
            None => return Err(DocumentError::Missing(table.rows.clone())),
        };
        let node = self.node(parent, Meaning::Table, None);
        let head = self.table_head(table, area, node)?;
        let again: Rc<Vec<Piece>> = Rc::new(head.iter().cloned().map(decoration).collect());
        let body = self.node(node, Meaning::Body, None);
        let mut pieces = head;
        for record in records {
            let row = self.table_row(table, area, body, record)?;
            pieces.extend(row.into_iter().map(|piece| Piece { head: Some(Rc::clone(&again)), ..piece }));
        }
        Ok(pieces)
    }

    fn table_head(&mut self, table: &Table, area: Area, node: NodeId) -> Result<Vec<Piece>, DocumentError> {
        let head = self.node(node, Meaning::Head, None);
        let row = self.node(head, Meaning::Row, None);
        let styles = self.pair(&table.header, table.second.as_ref())?;
        let mut stacks = Vec::new();
        for (column, cell) in table.columns.iter().zip(cells(table, area)) {
            let node = self.node(row, Meaning::HeaderOfColumn, None);
            let said = column.header.say_all(self.scope(), &self.content.languages)?;
            stacks.push((self.stacked(&said, styles, cell, column.align, Some(node))?, Stand::Bottom));
        }
        let mut pieces = self.ruled(stacks, table, area);
        for piece in &mut pieces {
            piece.glued = true;
        }
        Ok(pieces)
    }

    fn table_row(
        &mut self,
        table: &Table,
        area: Area,
        body: NodeId,
        record: &'a Record,
    ) -> Result<Vec<Piece>, DocumentError> {
        let row = self.node(body, Meaning::Row, None);
        let styles = self.pair(&table.cell, table.cell_second.as_ref())?;
        let scope = Scope { row: Some(record), document: &self.content.fields };
        let mut stacks = Vec::new();
        for (column, cell) in table.columns.iter().zip(cells(table, area)) {
            let node = self.node(row, Meaning::Cell, None);
            let said = column.cell.say_all(scope, &self.content.languages)?;
            stacks.push((self.stacked(&said, styles, cell, column.align, Some(node))?, Stand::Top));
        }
        Ok(self.ruled(stacks, table, area))
    }

    /// Cells beside each other, with room around them and a line below.
    fn ruled(&self, stacks: Vec<(Vec<Piece>, Stand)>, table: &Table, area: Area) -> Vec<Piece> {
        let pad = table.pad.pt();
        let mut pieces = vec![Piece { glued: true, ..Piece::room(pad) }];
        pieces.extend(beside(stacks, self.limit / 3.0));
        let last = pieces.len().saturating_sub(1);
        for (place, piece) in pieces.iter_mut().enumerate() {
            piece.glued |= place == last || last < 6;
        }
        let rule = table.rule.as_ref().map(|name| line(area, self.colour(name), 0.5));
        let items = rule.into_iter().map(|mut rule| {
            rule.y = pad;
            rule
        });
        pieces.push(Piece { items: items.collect(), ..Piece::room(pad) });
        pieces
    }
}

/// The columns' places.
fn cells(table: &Table, area: Area) -> impl Iterator<Item = Area> + use<> {
    let gap = 8.0;
    let shares: f32 = table.columns.iter().map(|column| column.width).sum();
    let room = area.width - gap * table.columns.len().saturating_sub(1) as f32;
    let widths: Vec<f32> = table.columns.iter().map(|column| room * column.width / shares).collect();
    let mut x = area.x;
    widths.into_iter().map(move |width| {
        let cell = Area { x, width };
        x += width + gap;
        cell
    })
}

fn decoration(mut piece: Piece) -> Piece {
    for item in &mut piece.items {
        item.node = None;
    }
    piece
}
