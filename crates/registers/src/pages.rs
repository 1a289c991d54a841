//! The officers' pages of every register: the registers, one register with its search, one record with its history
//! and who looked at it. Forms are in `forms.rs`.
//!
//! **Invariant:** thin, and made from the declaration alone. Opening a record is a look, recorded as one; an
//! address holds a record's identifier, never its key.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Summary, Table, Tone, banner, button_link, columns, details, pagination, search as search_form, tag};
use edge::{Markup, Paging, Path, Reply, Visit, html};
use journal::{ActView, Key};
use serde::{Deserialize, Serialize};
use spine::Fault;

use crate::api::Desk;
use crate::change::Kind;
use crate::enrol::{resource, whole};
use crate::find;
use crate::look_up::{Look, history};
use crate::record::{Cause, Record};
use crate::register::{Class, Register};
use crate::search::{Query, search};
use crate::value;

/// Records on a page.
const PAGE: usize = 25;
/// Acts shown under a record.
const ACTS: u16 = 20;

pub(crate) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/registers", get(all))
        .route("/registers/{register}", get(one))
        .route("/registers/{register}/records/{id}", get(record))
        .with_state(desk)
}

/// What the visitor may do with each register.
async fn all(State(desk): State<Desk>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let registers = desk.registers.clone();
    let open: Vec<String> = desk
        .acts
        .read(visit.caller(), move |cx| {
            let may = |register: &&Register| {
                cx.could("registers.register.search", &resource(register, register.class().name()))
            };
            Ok(registers.iter().filter(may).map(|register| register.id().to_owned()).collect())
        })
        .await?;
    let mut table = Table::new(visit.t("registers.all.caption"))
        .column(visit.t("registers.all.name"))
        .column(visit.t("registers.all.basis"))
        .column(visit.t("registers.all.class"));
    for register in desk.registers.iter().filter(|register| open.iter().any(|id| id == register.id())) {
        table = table.row([
            html! { a href={ "/registers/" (register.id()) } { (visit.local(register.name())) } },
            html! { (visit.local(register.legal_basis())) },
            class_tag(&visit, register.class()),
        ]);
    }
    let body = html! { @if open.is_empty() { p { (visit.t("registers.all.none")) } } @else { (table) } };
    Ok(visit.page(visit.t("registers.all.title")).wide().body(body).into_response())
}

fn class_tag(visit: &Visit, class: Class) -> Markup {
    let (tone, key) = match class {
        Class::Public => (Tone::Good, "registers.class.public"),
        Class::Internal => (Tone::Plain, "registers.class.internal"),
        Class::Personal => (Tone::Waiting, "registers.class.personal"),
        Class::Sensitive => (Tone::Bad, "registers.class.sensitive"),
    };
    tag(tone, &visit.t(key))
}

async fn one(
    State(desk): State<Desk>,
    visit: Visit,
    Path(id): Path<String>,
    paging: Paging,
    edge::Query(pairs): edge::Query<Vec<(String, String)>>,
) -> Reply {
    visit.must_sign_in()?;
    let register = desk.registers.need(&id)?;
    let mut query = Query::new(&id).page(paging.after.clone(), PAGE);
    let mut words = String::new();
    let mut asked = String::new();
    for (name, value) in pairs {
        if matches!(name.as_str(), "after" | "limit" | "lang") {
            continue;
        }
        asked.push_str(&format!("{}={}&", name, edge::origin::encode_query(&value)));
        if name == "q" {
            words.clone_from(&value);
            query = query.words(value);
        } else {
            query = query.with(name, value);
        }
    }
    let (registers, of) = (desk.registers.clone(), id.clone());
    let (found, may) = desk
        .acts
        .write(visit.caller(), &Key::none(), move |cx| {
            let found = search(cx, &registers, &query)?;
            let resource = whole(registers.need(&of)?);
            let may = ["registers.record.enrol", "registers.register.import"].map(|action| cx.could(action, &resource));
            Ok((found, may))
        })
        .await?;
    let base = format!("/registers/{id}");
    let first = paging.after.map(|_| format!("{base}?{asked}"));
    let next = found.next.map(|cursor| format!("{base}?{asked}after={cursor}"));
    let key = register.field(register.key()).map_or("", |field| visit.local(field.name()));
    let [may_enrol, may_import] = may;
    let body = html! {
        (search_form(&visit, &base, &visit.t1("registers.search.label", "key", key), &words))
        @if found.records.is_empty() { p { (visit.t("registers.search.none")) } }
        @else { (list(&visit, register, &found.records)) }
        (pagination(&visit, first.as_deref(), next.as_deref()))
        @if may_enrol { p { (button_link(&format!("{base}/enrol"), &visit.t("registers.enrol.title"))) } }
        @if may_import { p { a href={ (base) "/import" } { (visit.t("registers.import.title")) } } }
        (about(&visit, register))
    };
    let name = visit.local(register.name()).to_owned();
    Ok(visit.page(name).caption(visit.t("registers.all.title")).back("/registers").wide().body(body).into_response())
}

fn list(visit: &Visit, register: &Register, records: &[Record]) -> Markup {
    // What the title says already needs no column of its own.
    let titled: Vec<&str> = register.title_fields().collect();
    let columns = register.list().iter().filter(|id| !titled.contains(&id.as_str()));
    let columns: Vec<_> = columns.filter_map(|id| register.field(id)).collect();
    let mut table = Table::new(visit.t("registers.search.found")).column(visit.t("registers.record.record"));
    for field in &columns {
        table = table.column(visit.local(field.name()));
    }
    let today = visit.now().date_in(visit.site().words().zone());
    for record in records {
        let title = register.title(record.fields());
        let link = html! {
            a href={ "/registers/" (register.id()) "/records/" (record.id()) } { (title) }
            @if !record.holds_on(today) { " " (tag(Tone::Off, &visit.t("registers.record.not_now"))) }
        };
        let cells = columns.iter().map(|field| value::shown(visit, register, field, record.fields().get(field.id())));
        table = table.row(std::iter::once(link).chain(cells));
    }
    html! { (table) }
}

/// What the register is, for who wants to know.
fn about(visit: &Visit, register: &Register) -> Markup {
    let facts = Summary::new(visit)
        .row(visit.t("registers.all.basis"), visit.local(register.legal_basis()))
        .row(visit.t("registers.about.owner"), register.owner())
        .row(visit.t("registers.about.retention"), retention(visit, register))
        .markup(visit.t("registers.all.class"), class_tag(visit, register.class()));
    let body = html! {
        (facts)
        @if register.illustrative() { p.hint { (visit.t("registers.about.illustrative")) } }
    };
    details(&visit.t("registers.about.title"), body)
}

fn retention(visit: &Visit, register: &Register) -> String {
    match register.retention() {
        crate::register::Retention::Permanent => visit.t("registers.about.permanent"),
        crate::register::Retention::For(span) if span.get_years() > 0 => {
            visit.t1("registers.about.years", "count", i64::from(span.get_years()))
        }
        crate::register::Retention::For(span) => span.to_string(),
    }
}

#[derive(Deserialize)]
struct Asked {
    version: Option<i64>,
}

/// A record with everything that its page shows.
#[derive(Serialize, Deserialize)]
struct Opened {
    versions: Vec<Record>,
    acts: Vec<ActView>,
    may: [bool; 3],
}

async fn record(
    State(desk): State<Desk>,
    visit: Visit,
    Path((id, record)): Path<(String, String)>,
    edge::Query(asked): edge::Query<Asked>,
) -> Reply {
    visit.must_sign_in()?;
    let register = desk.registers.need(&id)?;
    let (registers, look) = (desk.registers.clone(), Look::new(&id, &record, "administration"));
    let opened = desk
        .acts
        .write(visit.caller(), &Key::none(), move |cx| {
            let versions = history(cx, &registers, &look)?;
            let acts = match versions.last() {
                Some(newest) => journal::acts_on(cx, &newest.id().to_string(), None, ACTS)?,
                None => Vec::new(),
            };
            let resource = whole(registers.need(&id)?);
            let actions = ["registers.record.change", "registers.record.correct", "registers.record.end"];
            Ok(Opened { versions, acts, may: actions.map(|action| cx.could(action, &resource)) })
        })
        .await?;
    let today = desk.registers.day(visit.now());
    let held = |version: &&Record| version.known_to().is_none();
    let chosen = match asked.version {
        Some(number) => opened.versions.iter().find(|version| version.number() == number).cloned(),
        None => find::shown(opened.versions.iter().filter(held).cloned().collect(), today),
    };
    let shown = chosen.ok_or_else(|| Fault::not_found("registers.record.unknown"))?;
    let base = format!("/registers/{}/records/{}", register.id(), shown.id());
    let body = html! {
        (state(&visit, &shown, asked.version.is_some(), today))
        (columns(
            html! { (facts(&visit, register, &shown)) (versions(&visit, &base, &opened.versions)) },
            html! { (deeds(&visit, &base, opened.may, &shown)) (lookers(&visit, &opened.acts)) },
        ))
    };
    let caption = visit.local(register.name()).to_owned();
    let page = visit.page(register.title(shown.fields())).caption(caption);
    Ok(page.back(format!("/registers/{}", register.id())).wide().body(body).into_response())
}

/// Says if what is shown is not how things stand today.
fn state(visit: &Visit, record: &Record, is_chosen: bool, today: spine::Date) -> Markup {
    html! {
        @if is_chosen {
            (banner(Tone::Plain, &visit.t1("registers.record.version", "number", record.number()), html! {
                p { (visit.t("registers.record.version_hint")) }
            }))
        } @else if let Some(end) = record.valid_to().filter(|end| *end <= today) {
            (banner(Tone::Off, &visit.t1("registers.record.ended", "day", end), html! {}))
        } @else if record.valid_from() > today {
            (banner(Tone::Waiting, &visit.t1("registers.record.begins", "day", record.valid_from()), html! {}))
        }
    }
}

fn facts(visit: &Visit, register: &Register, record: &Record) -> Markup {
    let mut summary = Summary::new(visit);
    for field in register.fields() {
        let value = record.fields().get(field.id());
        if value.is_some() || field.required() {
            summary = summary.markup(visit.local(field.name()), value::shown(visit, register, field, value));
        }
    }
    summary = summary.row(visit.t("registers.record.valid"), period(visit, record));
    html! { (summary) }
}

fn period(visit: &Visit, record: &Record) -> String {
    match record.valid_to() {
        // The last day on which it was true, as people say it.
        Some(to) => format!("{} – {}", visit.date(record.valid_from()), visit.date(to.yesterday().unwrap_or(to))),
        None => visit.t1("registers.record.since", "day", record.valid_from()),
    }
}

fn versions(visit: &Visit, base: &str, versions: &[Record]) -> Markup {
    let mut table = Table::new(visit.t("registers.history.title"))
        .column(visit.t("registers.history.what"))
        .column(visit.t("registers.record.valid"))
        .column(visit.t("registers.history.known"))
        .column(visit.t("registers.history.reason"));
    for version in versions.iter().rev() {
        let (tone, key) = match version.cause() {
            Cause::Enrolled => (Tone::Plain, "registers.cause.enrolled"),
            Cause::Changed => (Tone::Good, "registers.cause.changed"),
            Cause::Corrected => (Tone::Waiting, "registers.cause.corrected"),
            Cause::Ended => (Tone::Off, "registers.cause.ended"),
        };
        let until = version.known_to().map(|until| visit.moment(until));
        table = table.row([
            html! { a href={ (base) "?version=" (version.number()) } { (version.number()) } " " (tag(tone, &visit.t(key))) },
            html! { (period(visit, version)) },
            html! { (visit.moment(version.known_from())) @if let Some(until) = until { " – " (until) } },
            html! { (version.reason().unwrap_or("–")) },
        ]);
    }
    html! { (table) }
}

fn deeds(visit: &Visit, base: &str, may: [bool; 3], record: &Record) -> Markup {
    let deeds = [Kind::Change, Kind::Correct, Kind::End].into_iter().zip(may).filter(|(_, may)| *may);
    let link = |kind: Kind| match kind {
        Kind::Change => ("change?kind=change", "registers.change.title"),
        Kind::Correct => ("change?kind=correct", "registers.correct.title"),
        Kind::End => ("end", "registers.end.title"),
    };
    let links: Vec<_> = deeds.map(|(kind, _)| link(kind)).collect();
    html! {
        @if !links.is_empty() && record.known_to().is_none() {
            h2 { (visit.t("registers.record.deeds")) }
            ul { @for (place, key) in links { li { a href={ (base) "/" (place) } { (visit.t(key)) } } } }
        }
    }
}

fn lookers(visit: &Visit, acts: &[ActView]) -> Markup {
    let known = ["looked", "enrolled", "changed", "corrected", "ended"];
    html! {
        h2 { (visit.t("registers.acts.title")) }
        ul {
            @for act in acts {
                @let what = act.kind.rsplit('.').next().unwrap_or_default();
                li {
                    @if known.contains(&what) { (visit.t(&format!("registers.acts.{what}"))) } @else { (act.kind) }
                    br;
                    span.hint { (visit.moment(act.at)) " · " (act.actor.institution.as_deref().unwrap_or(&act.actor.kind)) " · " (act.purpose) }
                }
            }
        }
    }
}
