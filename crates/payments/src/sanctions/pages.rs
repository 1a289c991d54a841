//! `/screening/lists`: the lists, a file to bring, and what a file changes, for another officer to decide.
//!
//! **Invariant:** who decides sees every change first, each with its name; whoever brought the file is not asked.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show::{Choice, Summary, Table, Tone, banner, button, inset, pagination, tag};
use edge::{Answers, Form, Markup, Page, Path, Query, Refusal, Reply, Visit, body_limit, correctable, html, see_other};
use journal::Key;
use serde::Deserialize;
use spine::{Cx, Fault, FieldFault};

use super::entry::FILE_BYTES;
use super::take_file;
use super::{
    Change, ChangeKind, FileState, Format, ListFile, ListFileId, ListView, Verdict, changes, decide, file, lists,
};
use crate::Gateway;
use crate::screening::ListRule;

/// Changes on one page.
const PAGE: usize = 40;

pub(crate) fn routes() -> Router<Gateway> {
    // What a form with a file has around it.
    let around = 64 * 1024;
    Router::new()
        .route("/screening/lists", get(all))
        .route("/screening/lists/{list}", get(bring).post(brought).layer(body_limit(FILE_BYTES + around)))
        .route("/screening/lists/files/{id}", get(one).post(decided))
}

/// A banner that says which lists are missing or too old; nothing if none is.
pub(crate) fn alarm(gateway: &Gateway, visit: &Visit, stale: &[String]) -> Markup {
    let rules = gateway.rails().screening.lists().iter().filter(|rule| stale.contains(&rule.id));
    let names: Vec<&str> = rules.map(|rule| visit.local(&rule.name)).collect();
    html! {
        @if !names.is_empty() {
            (banner(Tone::Bad, &visit.t("sanctions.stale.title"), html! {
                p { (visit.t1("sanctions.stale.say", "lists", names.join(", "))) }
                p { a href="/screening/lists" { (visit.t("sanctions.title")) } }
            }))
        }
    }
}

fn state_tag(visit: &Visit, of: &ListFile) -> Markup {
    let (tone, key) = match of.state {
        FileState::Waiting => (Tone::Waiting, "sanctions.state.waiting"),
        FileState::InForce => (Tone::Good, "sanctions.state.in_force"),
        FileState::Former => (Tone::Off, "sanctions.state.former"),
        FileState::Refused => (Tone::Bad, "sanctions.state.refused"),
        FileState::Overtaken => (Tone::Off, "sanctions.state.overtaken"),
    };
    tag(tone, &visit.t(key))
}

async fn all(State(gateway): State<Gateway>, visit: Visit) -> Reply {
    visit.must_sign_in()?;
    let screening = gateway.rails().screening.clone();
    let seen = gateway.acts().read(visit.caller(), move |cx| lists(cx, &screening)).await?;
    let stale: Vec<String> = seen.iter().filter(|it| it.is_stale).map(|it| it.list.clone()).collect();
    Ok(visit
        .page(visit.t("sanctions.title"))
        .back("/screening")
        .body(html! {
            (alarm(&gateway, &visit, &stale))
            @for (rule, view) in gateway.rails().screening.lists().iter().zip(&seen) { (listed(&visit, rule, view)) }
        })
        .into_response())
}

fn listed(visit: &Visit, rule: &ListRule, view: &ListView) -> Markup {
    let link =
        |of: &ListFile| html! { a href=(format!("/screening/lists/files/{}", of.id)) { (visit.moment(of.dated_at)) } };
    let mut summary = Summary::new(visit);
    summary = match &view.in_force {
        Some(file) => summary
            .markup(visit.t("sanctions.state.in_force"), link(file))
            .row(visit.t("sanctions.fact.entries"), file.entries.to_string()),
        None => summary.row(visit.t("sanctions.state.in_force"), visit.t("sanctions.none")),
    };
    let age = if view.is_stale { (Tone::Bad, "sanctions.stale.old") } else { (Tone::Good, "sanctions.stale.fresh") };
    summary = summary.markup(visit.t("sanctions.fact.age"), tag(age.0, &visit.t1(age.1, "days", rule.days)));
    if let Some((at, problem)) = &view.looked_up {
        summary = summary.markup(visit.t("sanctions.fact.looked_up"), html! {
            (visit.moment(*at))
            @if let Some(code) = problem { " " (tag(Tone::Bad, &visit.t1("sanctions.look_failed", "code", code.as_str()))) }
        });
    }
    if let Some(file) = &view.waiting {
        summary = summary.markup(visit.t("sanctions.state.waiting"), link(file));
    }
    html! {
        h2 { (visit.local(&rule.name)) }
        (summary)
        p { a href=(format!("/screening/lists/{}", rule.id)) { (visit.t1("sanctions.bring.link", "list", visit.local(&rule.name))) } }
    }
}

fn bring_page(visit: &Visit, rule: &ListRule, answers: Answers, faults: &[FieldFault]) -> Page {
    let sheet = visit.sheet_with(answers, faults);
    let (hint, accept) = match rule.format {
        Format::UnXml => ("sanctions.bring.un_hint", ".xml,text/xml,application/xml"),
        Format::Csv => ("sanctions.bring.csv_hint", ".csv,text/csv"),
    };
    let fields = html! {
        (sheet.file("file", visit.t("sanctions.bring.file")).hint(visit.t(hint)).accept(accept))
        (button(&visit.t("sanctions.bring.take")))
    };
    let page = visit.page(visit.t("sanctions.bring.title")).caption(visit.local(&rule.name));
    page.back("/screening/lists")
        .sheet(&sheet)
        .body(visit.upload_form(&format!("/screening/lists/{}", rule.id), fields))
}

async fn bring(State(gateway): State<Gateway>, visit: Visit, Path(list): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let rule = gateway.rails().screening.list(&list)?;
    // Who may not see the lists is not shown how to bring one.
    let screening = gateway.rails().screening.clone();
    gateway.acts().read(visit.caller(), move |cx| lists(cx, &screening)).await?;
    Ok(bring_page(&visit, rule, Answers::default(), &[]).into_response())
}

async fn brought(State(gateway): State<Gateway>, visit: Visit, Path(list): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let rule = gateway.rails().screening.list(&list)?;
    let key = Key::new(&format!("payments.sanctions.take:{list}"), form.key.text(), form.key.request());
    let taken = match form.files.first() {
        Some(file) => take_file(&gateway, visit.caller(), &key, &list, file.bytes.clone()).await,
        None => Err(Fault::invalid("payments.sanctions.file")),
    };
    match taken {
        Ok(id) => Ok(see_other(&format!("/screening/lists/files/{id}"))),
        Err(fault) if is_of_the_file(fault.code()) => {
            let faults = [FieldFault { field: "file".to_owned(), text: fault.text().clone() }];
            Ok(bring_page(&visit, rule, form.answers, &faults).into_response())
        }
        Err(fault) => Err(fault.into()),
    }
}

/// What is wrong with a file is said at its field.
fn is_of_the_file(code: &str) -> bool {
    code.starts_with("payments.iso20022.") || code.starts_with("payments.sanctions.")
}

#[derive(Deserialize)]
struct After {
    after: Option<i64>,
}

async fn one(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(id): Path<ListFileId>,
    Query(asked): Query<After>,
) -> Reply {
    visit.must_sign_in()?;
    let after = asked.after.unwrap_or(0).max(0);
    Ok(shown(&gateway, &visit, id, after, Answers::default(), &[]).await?.into_response())
}

async fn shown(
    gateway: &Gateway,
    visit: &Visit,
    id: ListFileId,
    after: i64,
    answers: Answers,
    faults: &[FieldFault],
) -> Result<Page, Refusal> {
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let look = move |cx: &mut Cx<'_>| Ok((file(cx, id)?, changes(cx, id, after, limit)?));
    let (known, mut seen) = gateway.acts().read(visit.caller(), look).await?;
    let is_more = seen.len() > PAGE;
    seen.truncate(PAGE);
    let path = format!("/screening/lists/files/{id}");
    let next = is_more.then(|| format!("{path}?after={}", after + limit - 1));
    let sheet = visit.sheet_with(answers, faults);
    let is_own = known.brought_by == visit.actor().id;
    let rule = gateway.rails().screening.list(&known.list)?;
    Ok(visit
        .page(visit.t("sanctions.file.title"))
        .caption(visit.local(&rule.name))
        .back("/screening/lists")
        .wide()
        .sheet(&sheet)
        .body(html! {
            (facts(visit, &known))
            @if !seen.is_empty() { (table(visit, &seen)) } @else { p { (visit.t("sanctions.file.same")) } }
            (pagination(visit, (after > 0).then_some(path.as_str()), next.as_deref()))
            @if known.state == FileState::Waiting && is_own { (inset(html! { (visit.t("sanctions.another")) })) }
            @else if known.state == FileState::Waiting {
                (visit.form(&path, html! {
                    (sheet.radios("decision", visit.t("sanctions.fact.decision"), choices(visit)))
                    (sheet.area("note", visit.t("sanctions.fact.note")).hint(visit.t("sanctions.note_hint")).optional().max_length(300))
                    (button(&visit.t("screening.decide")))
                }))
            }
        }))
}

fn choices(visit: &Visit) -> Vec<Choice> {
    let said = |verdict: Verdict| match verdict {
        Verdict::InForce => "sanctions.decision.in_force",
        Verdict::Refuse => "sanctions.decision.refuse",
    };
    [Verdict::InForce, Verdict::Refuse].map(|it| Choice::new(it.code(), visit.t(said(it)))).to_vec()
}

fn facts(visit: &Visit, known: &ListFile) -> Summary {
    let mut summary = Summary::new(visit)
        .markup(visit.t("screening.fact.state"), state_tag(visit, known))
        .row(visit.t("sanctions.fact.dated"), visit.moment(known.dated_at))
        .row(visit.t("sanctions.fact.brought"), visit.moment(known.brought_at))
        .row(visit.t("sanctions.fact.entries"), known.entries.to_string())
        .row(visit.t("sanctions.change.added"), known.added.to_string())
        .row(visit.t("sanctions.change.removed"), known.removed.to_string())
        .row(visit.t("sanctions.change.changed"), known.changed.to_string())
        .markup(visit.t("sanctions.fact.sha256"), html! { code { (known.sha256) } });
    if let Some(note) = &known.note {
        summary = summary.row(visit.t("sanctions.fact.note"), note);
    }
    summary
}

fn table(visit: &Visit, seen: &[Change]) -> Table {
    let mut table = Table::new(visit.t("sanctions.file.changes"))
        .column(visit.t("sanctions.fact.reference"))
        .column(visit.t("screening.fact.name"))
        .column(visit.t("sanctions.fact.change"));
    for one in seen {
        let name = one.entry.names.first().map(|name| name.text.clone()).unwrap_or_default();
        let (tone, key) = match one.kind {
            ChangeKind::Added => (Tone::Waiting, "sanctions.change.added"),
            ChangeKind::Removed => (Tone::Bad, "sanctions.change.removed"),
            ChangeKind::Changed => (Tone::Off, "sanctions.change.changed"),
        };
        let differs: Vec<String> = one.differs().iter().map(|it| visit.t(&format!("sanctions.part.{it}"))).collect();
        table = table.row([
            html! { (one.entry.reference) },
            html! { (name) },
            html! { (tag(tone, &visit.t(key))) @if !differs.is_empty() { " " (differs.join(", ")) } },
        ]);
    }
    table
}

async fn decided(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<ListFileId>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let key = Key::new(&format!("payments.sanctions.decide:{id}"), form.key.text(), form.key.request());
    let answers = form.answers.clone();
    let choose = move |cx: &mut Cx<'_>| decide(cx, id, answers.one("decision"), answers.one("note"));
    match gateway.acts().write(visit.caller(), &key, choose).await {
        Ok(_) => Ok(see_other("/screening/lists")),
        Err(fault) => {
            let faults = correctable(fault)?;
            Ok(shown(&gateway, &visit, id, 0, form.answers, &faults).await?.into_response())
        }
    }
}
