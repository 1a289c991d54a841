//! Tables that stay tables on a wide screen and become cards on a phone; and the way to the next part of a list.
//!
//! **Invariant:** it is a `table` in both shapes; on a phone each cell shows its column's name, from `data-l`.

use maud::{Markup, Render, html};

use crate::visit::Visit;

/// A table.
#[derive(Clone, Debug)]
#[must_use]
pub struct Table {
    caption: String,
    columns: Vec<(String, bool)>,
    rows: Vec<Vec<Markup>>,
}

impl Table {
    /// A table called `caption`, without columns yet.
    pub fn new(caption: impl Into<String>) -> Self {
        Self { caption: caption.into(), columns: Vec::new(), rows: Vec::new() }
    }

    /// Adds a column of words.
    pub fn column(mut self, name: impl Into<String>) -> Self {
        self.columns.push((name.into(), false));
        self
    }

    /// Adds a column of numbers, set to the right.
    pub fn numbers(mut self, name: impl Into<String>) -> Self {
        self.columns.push((name.into(), true));
        self
    }

    /// Adds a row of cells, in the order of the columns.
    pub fn row(mut self, cells: impl IntoIterator<Item = Markup>) -> Self {
        self.rows.push(cells.into_iter().collect());
        self
    }
}

impl Render for Table {
    fn render(&self) -> Markup {
        html! {
            table.tb {
                caption { (self.caption) }
                thead {
                    tr {
                        @for (name, number) in &self.columns { th.num[*number] scope="col" { (name) } }
                    }
                }
                tbody {
                    @for row in &self.rows {
                        tr {
                            @for (cell, (name, number)) in row.iter().zip(&self.columns) {
                                td.num[*number] data-l=(name) { div { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Links to the first and the next part of a list; nothing when there is neither.
#[must_use]
pub fn pagination(visit: &Visit, first: Option<&str>, next: Option<&str>) -> Markup {
    html! {
        @if first.is_some() || next.is_some() {
            nav.pg aria-label=(visit.t("edge.pages")) {
                @if let Some(href) = first { a href=(href) { (visit.t("edge.first")) } } @else { span {} }
                @if let Some(href) = next { a href=(href) rel="next" { (visit.t("edge.next")) } }
            }
        }
    }
}
