//! Small blocks: tags, panels, banners, cards, details, buttons.
//!
//! **Invariant:** colour never says something alone; the words do (WCAG 2.2 §1.4.1).

use maud::{Markup, html};

use crate::visit::Visit;

/// What a tag or banner means, and so its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Something to know.
    Plain,
    /// Done, paid, valid.
    Good,
    /// Waits for somebody.
    Waiting,
    /// Refused, failed, overdue.
    Bad,
    /// Past, withdrawn, not yet.
    Off,
}

impl Tone {
    const fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("ok"),
            Self::Waiting => Some("wait"),
            Self::Bad => Some("no"),
            Self::Off => Some("off"),
        }
    }
}

fn classes(own: &str, tone: Tone) -> String {
    tone.class().map_or_else(|| own.to_owned(), |tone| format!("{own} {tone}"))
}

/// A state in one or two words.
#[must_use]
pub fn tag(tone: Tone, words: &str) -> Markup {
    html! { strong class=(classes("tag", tone)) { (words) } }
}

/// It is done: the heading of a confirmation page, with the reference to keep. Use with `Page::own_heading`.
#[must_use]
pub fn panel(title: &str, reference: Option<(&str, &str)>) -> Markup {
    html! {
        div.pan {
            h1 { (title) }
            @if let Some((label, number)) = reference { p { (label) b { (number) } } }
        }
    }
}

/// Something to know before going on; with [`Tone::Good`] it tells of a success.
#[must_use]
pub fn banner(tone: Tone, title: &str, body: Markup) -> Markup {
    let role = if tone == Tone::Good { "alert" } else { "region" };
    html! { div class=(classes("nb", tone)) role=(role) aria-label=(title) { h2 { (title) } (body) } }
}

/// A card: a service in a list, a notice.
#[must_use]
pub fn card(title: Markup, body: Markup) -> Markup {
    html! { div.card { h2 { (title) } (body) } }
}

/// Cards beside one another where there is room.
#[must_use]
pub fn cards(cards: impl IntoIterator<Item = Markup>) -> Markup {
    html! { div.cs { @for card in cards { (card) } } }
}

/// Two columns where there is room: the thing itself, and beside it what to do about it.
#[must_use]
pub fn columns(main: Markup, side: Markup) -> Markup {
    html! { div.co { div { (main) } div { (side) } } }
}

/// Words to search for, sent as `?q=` to `action`; what was searched for stays in the field.
#[must_use]
pub fn search(visit: &Visit, action: &str, label: &str, words: &str) -> Markup {
    html! {
        form.sr method="get" action=(action) role="search" {
            div {
                label for="q" { (label) }
                input type="search" id="q" name="q" value=(words) maxlength="200" autocomplete="off";
            }
            button.b { (visit.t("edge.search")) }
        }
    }
}

/// Words set apart: a citation, a condition.
#[must_use]
pub fn inset(body: Markup) -> Markup {
    html! { div.in { (body) } }
}

/// More to read for who wants it.
#[must_use]
pub fn details(summary: &str, body: Markup) -> Markup {
    html! { details { summary { (summary) } (body) } }
}

/// The button of a form.
#[must_use]
pub fn button(label: &str) -> Markup {
    html! { button.b { (label) } }
}

/// The button of a form that cannot be undone.
#[must_use]
pub fn warning_button(label: &str) -> Markup {
    html! { button.b.bw { (label) } }
}

/// A link that looks like a button: start, pay, download.
#[must_use]
pub fn button_link(href: &str, label: &str) -> Markup {
    html! { a.b href=(href) { (label) } }
}

/// Lists of one kind beside one another, each a link; the one that is shown is marked.
pub fn lists(links: impl IntoIterator<Item = (String, String, bool)>) -> Markup {
    html! {
        p {
            @for (place, (href, label, shown)) in links.into_iter().enumerate() {
                @if place > 0 { " · " }
                a href=(href) aria-current=[shown.then_some("page")] { (label) }
            }
        }
    }
}
