//! The shell of every page: header, languages, navigation, the page's own content, footer.
//!
//! **Invariant:** one `h1`, one `main`, a title that begins with "Error:" when the form has faults, and
//! the same order everywhere, so that people and screen readers learn it once.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use spine::ActorKind;

use crate::headers::{self, OwnScript, OwnStyle};
use crate::mark::{ICON, MOKOROTLO};
use crate::show::sheet::Sheet;
use crate::style;
use crate::visit::{ActingState, Visit};

/// The bar that says for whom a visitor acts.
const ACTING: OwnStyle = OwnStyle::new(include_str!("acting.css"));

/// A page on its way to a person.
#[must_use]
pub struct Page {
    visit: Visit,
    title: String,
    caption: Option<String>,
    back: Option<String>,
    has_heading: bool,
    wide: bool,
    errors: Markup,
    has_errors: bool,
    body: Markup,
    status: StatusCode,
    form_action: Vec<String>,
    styles: Vec<OwnStyle>,
    script: Option<OwnScript>,
}

impl Page {
    /// A page whose title is also its heading.
    pub fn new(visit: &Visit, title: impl Into<String>) -> Self {
        Self {
            visit: visit.clone(),
            title: title.into(),
            caption: None,
            back: None,
            has_heading: true,
            wide: false,
            errors: Markup::default(),
            has_errors: false,
            body: Markup::default(),
            status: StatusCode::OK,
            form_action: Vec::new(),
            styles: if visit.acting().is_some() { vec![ACTING] } else { Vec::new() },
            script: None,
        }
    }

    /// A line above the heading: the service or the section this page is part of.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// A link back to the page before, as a path.
    pub fn back(mut self, href: impl Into<String>) -> Self {
        self.back = Some(href.into());
        self
    }

    /// The body holds the `h1` itself: a question whose label is the heading, a panel.
    pub const fn own_heading(mut self) -> Self {
        self.has_heading = false;
        self
    }

    /// The whole width, for officers' tables.
    pub const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Shows what is wrong with the sheet's answers on top, and says so in the title.
    pub fn sheet(mut self, sheet: &Sheet) -> Self {
        self.has_errors = sheet.has_faults();
        self.errors = sheet.summary();
        self
    }

    /// Adds content; what is added later stands below.
    pub fn body(mut self, body: Markup) -> Self {
        self.body.0.push_str(&body.0);
        self
    }

    /// The status; 422 is set by itself when the sheet has faults.
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Another origin that a form of this page may lead to, by redirect: a client that asked to sign in.
    /// Anything but an origin is ignored.
    pub fn form_action(mut self, origin: impl Into<String>) -> Self {
        let origin = origin.into();
        if origin.contains(':') && origin.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-+[]".contains(&byte))
        {
            self.form_action.push(origin);
        }
        self
    }

    /// Adds style that few pages need.
    pub fn style(mut self, style: OwnStyle) -> Self {
        self.styles.push(style);
        self
    }

    /// Runs one script of our own, allowed by its hash. The page must work without it.
    pub const fn script(mut self, script: OwnScript) -> Self {
        self.script = Some(script);
        self
    }

    /// The whole document.
    #[must_use]
    pub fn render(&self) -> Markup {
        let visit = &self.visit;
        html! {
            (DOCTYPE)
            html lang=(visit.language().tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    title {
                        @if self.has_errors { (visit.t("edge.error_prefix")) " " }
                        (self.title) " – " (visit.local(&visit.site().settings().name))
                    }
                    link rel="icon" href=(ICON);
                    style { (PreEscaped(style::sheet())) }
                    @for own in &self.styles { style { (PreEscaped(own.text())) } }
                }
                body {
                    a.skip href="#main" { (visit.t("edge.skip")) }
                    (self.top())
                    (self.navigation())
                    main.w.wide[self.wide] #main {
                        @if let Some(back) = &self.back { a.back href=(back) { (visit.t("edge.back")) } }
                        (self.errors)
                        @if self.has_heading {
                            h1 { @if let Some(caption) = &self.caption { span.cap { (caption) } } (self.title) }
                        } @else if let Some(caption) = &self.caption { p.cap { (caption) } }
                        (self.body)
                    }
                    (self.foot())
                    @if let Some(script) = self.script { script { (PreEscaped(script.source())) } }
                }
            }
        }
    }

    fn top(&self) -> Markup {
        let (visit, settings) = (&self.visit, self.visit.site().settings());
        let actor = visit.actor();
        html! {
            header {
                @if let Some(banner) = &settings.banner { div.demo { p.w { (visit.local(banner)) } } }
                div.w.top {
                    a href="/" {
                        (PreEscaped(MOKOROTLO))
                        b { (visit.local(&settings.name)) }
                        small { (visit.local(&settings.country)) }
                    }
                    nav aria-label=(visit.t("edge.menu")) {
                        @for (name, tag, href) in visit.other_languages() { a href=(href) lang=(tag) hreflang=(tag) { (name) } }
                        @if matches!(actor.kind, ActorKind::Person | ActorKind::Officer) {
                            a href=(settings.account_path) { (actor.name.reveal()) }
                            a href=(settings.sign_out_path) { (visit.t("edge.sign_out")) }
                        } @else if visit.path() != settings.sign_in_path {
                            a href=(settings.sign_in_path) { (visit.t("edge.sign_in")) }
                        }
                    }
                }
                div.band {}
            }
            (self.acting())
        }
    }

    /// For whom the visitor acts, with the way back.
    fn acting(&self) -> Markup {
        let (visit, path) = (&self.visit, &self.visit.site().settings().acting_path);
        let Some(acting) = visit.acting() else { return Markup::default() };
        let key = match acting.state {
            ActingState::Holds => "edge.acting.holds",
            ActingState::Aside => "edge.acting.aside",
            ActingState::Over => "edge.acting.over",
        };
        html! {
            aside.act aria-label=(visit.t("edge.acting.label")) {
                div.w {
                    p { (visit.t1(key, "name", acting.name.reveal().as_str())) }
                    @if acting.state == ActingState::Over { a href=(path) { (visit.t("edge.acting.choose")) } }
                    @else { (visit.form(&format!("{path}/stop"), html! { button.b.b2 { (visit.t("edge.acting.stop")) } })) }
                }
            }
        }
    }

    fn navigation(&self) -> Markup {
        let visit = &self.visit;
        let links = (visit.site().settings().navigation)(visit.actor());
        html! {
            @if !links.is_empty() {
                nav.nav aria-label=(visit.t("edge.navigation")) {
                    div.w {
                        @for link in &links {
                            a href=(link.href) aria-current=[is_within(visit.path(), &link.href).then_some("true")] { (visit.say(&link.label)) }
                        }
                    }
                }
            }
        }
    }

    fn foot(&self) -> Markup {
        let (visit, settings) = (&self.visit, self.visit.site().settings());
        let locale = visit.site().words().locales().find(|locale| locale.language == *visit.language());
        html! {
            footer {
                div.w {
                    @if !settings.footer.is_empty() {
                        ul { @for link in &settings.footer { li { a href=(link.href) { (visit.say(&link.label)) } } } }
                    }
                    @if locale.is_some_and(|locale| locale.draft) { p { (visit.t("edge.draft")) } }
                    (visit.local(&settings.name)) " · " (visit.local(&settings.country))
                }
            }
        }
    }
}

/// Whether a path lies at or below a link, by whole segments.
fn is_within(path: &str, href: &str) -> bool {
    path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.render().into_response();
        *response.status_mut() = if self.has_errors && self.status == StatusCode::OK {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            self.status
        };
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&headers::page_policy(&self.form_action, &self.styles, self.script)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if let Ok(language) = HeaderValue::from_str(self.visit.language().tag()) {
            headers.insert(header::CONTENT_LANGUAGE, language);
        }
        response
    }
}
