//! Check your answers, and any list of a thing's facts: key, value, where the value comes from, a way to change it.
//!
//! **Invariant:** each "Change" link says to a screen reader what it changes.

use maud::{Markup, Render, html};

use crate::visit::Visit;

/// A list of facts.
#[derive(Clone, Debug)]
#[must_use]
pub struct Summary {
    rows: Vec<Row>,
    change: String,
}

#[derive(Clone, Debug)]
struct Row {
    key: String,
    value: Markup,
    source: Option<String>,
    change: Option<String>,
}

impl Summary {
    /// An empty list.
    pub fn new(visit: &Visit) -> Self {
        Self { rows: Vec::new(), change: visit.t("edge.change") }
    }

    /// A fact.
    pub fn row(self, key: impl Into<String>, value: impl AsRef<str>) -> Self {
        self.markup(key, html! { (value.as_ref()) })
    }

    /// A fact shown in markup of its own: a tag, a list.
    pub fn markup(mut self, key: impl Into<String>, value: Markup) -> Self {
        self.rows.push(Row { key: key.into(), value, source: None, change: None });
        self
    }

    /// Where the last fact comes from: "from the civil register, 3 June 2026".
    pub fn from(mut self, source: impl Into<String>) -> Self {
        if let Some(row) = self.rows.last_mut() {
            row.source = Some(source.into());
        }
        self
    }

    /// Where to change the last fact.
    pub fn change(mut self, href: impl Into<String>) -> Self {
        if let Some(row) = self.rows.last_mut() {
            row.change = Some(href.into());
        }
        self
    }
}

impl Render for Summary {
    fn render(&self) -> Markup {
        html! {
            dl.sl {
                @for row in &self.rows {
                    div {
                        dt { (row.key) }
                        dd { (row.value) @if let Some(source) = &row.source { span.src { (source) } } }
                        @if let Some(href) = &row.change {
                            dd { a href=(href) { (self.change) span.vh { " " (row.key) } } }
                        }
                    }
                }
            }
        }
    }
}
