//! How far something is: the steps of a case, and the tasks of a long form.
//!
//! **Invariant:** the step at hand is marked for screen readers too (`aria-current`).

use maud::{Markup, Render, html};

use crate::show::blocks::{Tone, tag};

/// Where one step stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Behind us.
    Done,
    /// At hand.
    Now,
    /// Ahead.
    Later,
}

/// The steps of a case, from first to last.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Steps(Vec<(Progress, String, Markup)>);

impl Steps {
    /// No steps yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a step: its name, and when or by whom or what is awaited.
    pub fn step(mut self, progress: Progress, name: impl Into<String>, note: impl Into<String>) -> Self {
        let note = note.into();
        self.0.push((progress, name.into(), html! { @if !note.is_empty() { p.hint { (note) } } }));
        self
    }
}

impl Render for Steps {
    fn render(&self) -> Markup {
        html! {
            ol.st {
                @for (progress, name, note) in &self.0 {
                    li class=[class(*progress)] aria-current=[(*progress == Progress::Now).then_some("step")] { b { (name) } (note) }
                }
            }
        }
    }
}

const fn class(progress: Progress) -> Option<&'static str> {
    match progress {
        Progress::Done => Some("done"),
        Progress::Now => Some("now"),
        Progress::Later => None,
    }
}

/// The tasks of a long form, each with its state.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TaskList(Vec<Task>);

#[derive(Clone, Debug)]
struct Task {
    name: String,
    hint: Option<String>,
    href: Option<String>,
    tone: Tone,
    state: String,
}

impl TaskList {
    /// No tasks yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a task; without a link it cannot be started yet.
    pub fn task(mut self, name: impl Into<String>, href: Option<String>, tone: Tone, state: impl Into<String>) -> Self {
        self.0.push(Task { name: name.into(), hint: None, href, tone, state: state.into() });
        self
    }

    /// Help below the last task.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(task) = self.0.last_mut() {
            task.hint = Some(hint.into());
        }
        self
    }
}

impl Render for TaskList {
    fn render(&self) -> Markup {
        html! {
            ul.tl {
                @for task in &self.0 {
                    li {
                        div {
                            @if let Some(href) = &task.href { a href=(href) { (task.name) } } @else { (task.name) }
                            @if let Some(hint) = &task.hint { p.hint { (hint) } }
                        }
                        (tag(task.tone, &task.state))
                    }
                }
            }
        }
    }
}
