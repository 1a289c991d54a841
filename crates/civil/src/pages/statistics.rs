//! Vital statistics as tables and as CSV: every count for officers, those large enough for everybody.

use axum::Router;
use axum::extract::State as Of;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::show::{Choice, Table};
use edge::{Markup, Page, Query, Refusal, Visit, html};
use serde::Deserialize;
use spine::Cx;

use crate::engine::Civil;
use crate::kinds::Kind;
use crate::statistics::{Counted, published, tables};

pub(super) fn routes() -> Router<Civil> {
    Router::new()
        .route("/civil/statistics", get(for_officers))
        .route("/statistics/vital", get(for_everybody))
        .route("/statistics/vital.csv", get(as_csv))
}

#[derive(Clone, Deserialize)]
struct Asked {
    kind: Option<String>,
    year: Option<i64>,
}

impl Asked {
    fn read(&self, civil: &Civil, visit: &Visit) -> (String, i64) {
        let kind = self.kind.clone().or_else(|| civil.kinds().iter().next().map(|kind| kind.id.clone()));
        let this = i64::from(visit.now().date_in(visit.site().words().zone()).year());
        (kind.unwrap_or_default(), self.year.unwrap_or(this).clamp(1800, 9999))
    }
}

async fn for_officers(Of(civil): Of<Civil>, visit: Visit, Query(asked): Query<Asked>) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let ((kind, year), engine) = (asked.read(&civil, &visit), civil.clone());
    let of = kind.clone();
    let counted = civil.acts().read(visit.caller(), move |cx: &mut Cx<'_>| tables(cx, &engine, &of, year)).await?;
    shown(&civil, &visit, (&kind, year), &counted, "/civil/statistics")
}

async fn for_everybody(Of(civil): Of<Civil>, visit: Visit, Query(asked): Query<Asked>) -> Result<Page, Refusal> {
    let (kind, year) = asked.read(&civil, &visit);
    let counted = publishable(&civil, &visit, &kind, year).await?;
    shown(&civil, &visit, (&kind, year), &counted, "/statistics/vital")
}

async fn publishable(civil: &Civil, visit: &Visit, kind: &str, year: i64) -> Result<Vec<Counted>, Refusal> {
    let (engine, of) = (civil.clone(), kind.to_owned());
    Ok(civil.acts().read(visit.caller(), move |cx: &mut Cx<'_>| published(cx, &engine, &of, year)).await?)
}

async fn as_csv(Of(civil): Of<Civil>, visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let (kind, year) = asked.read(&civil, &visit);
    let counted = publishable(&civil, &visit, &kind, year).await?;
    let mut text = String::from("event,year,by,group,sex,count\r\n");
    for table in &counted {
        for count in &table.counts {
            // Every value is a code of the pack or a number; none can hold a comma or a quote.
            text.push_str(&format!("{kind},{year},{},{},{},{}\r\n", table.by, count.group, count.sex, count.count));
        }
    }
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
}

fn shown(
    civil: &Civil,
    visit: &Visit,
    (kind, year): (&str, i64),
    counted: &[Counted],
    at: &str,
) -> Result<Page, Refusal> {
    let kind = civil.kind(kind)?;
    let kinds = civil.kinds().iter().map(|kind| Choice::new(kind.id.clone(), visit.local(&kind.name))).collect();
    let answers = edge::Answers::default().with("kind", kind.id.clone()).with("year", year.to_string());
    let sheet = visit.sheet_with(answers, &[]);
    let title = visit.t("civil.statistics.title");
    let is_public = at.starts_with("/statistics");
    Ok(visit.page(title).wide().body(html! {
        form method="get" action=(at) {
            (sheet.select("kind", visit.t("civil.event.kind"), kinds))
            (sheet.number("year", visit.t("civil.statistics.year")).width(4))
            (edge::show::button(&visit.t("civil.statistics.show")))
        }
        @if is_public { p.hint { (visit.t1("civil.statistics.small", "count", civil.kinds().smallest_count)) } }
        @for table in counted { (table_of(civil, visit, kind, table)) }
        p { a href={ "/statistics/vital.csv?kind=" (kind.id) "&year=" (year) } { (visit.t("civil.statistics.csv")) } }
    }))
}

/// One table: a row for each group, a column for each sex, where there are any.
fn table_of(civil: &Civil, visit: &Visit, kind: &Kind, table: &Counted) -> Markup {
    let register = civil.registers().get(&kind.register);
    let caption = match table.by.as_str() {
        "district" => "civil.statistics.district",
        "month" => "civil.statistics.month",
        "age" => "civil.statistics.age",
        "second_age" => "civil.statistics.second_age",
        "cause" => "civil.statistics.cause",
        "delay" => "civil.statistics.delay",
        _ => "civil.statistics.circumstance",
    };
    let named = |field: &str, value: &str| {
        let field = register.and_then(|register| register.field(field));
        let option = field.and_then(|field| field.options().iter().find(|option| option.value == value));
        option.map_or_else(|| value.to_owned(), |option| visit.local(&option.name).to_owned())
    };
    let group = |code: &str| match table.by.as_str() {
        "district" => named(&kind.district, code),
        "circumstance" => {
            kind.circumstance(code).map_or_else(|| code.to_owned(), |one| visit.local(&one.name).to_owned())
        }
        "delay" => visit.t(match code {
            "30" => "civil.statistics.within_30",
            "90" => "civil.statistics.within_90",
            "365" => "civil.statistics.within_365",
            _ => "civil.statistics.later",
        }),
        "age" | "second_age" => ages(code),
        _ => code.to_owned(),
    };
    let mut rows = Table::new(visit.t(caption))
        .column(visit.t("civil.statistics.group"))
        .column(visit.t("civil.statistics.sex"))
        .numbers(visit.t("civil.statistics.count"));
    for count in &table.counts {
        let name = group(&count.group);
        let name = if name.is_empty() { visit.t("civil.statistics.unknown") } else { name };
        let sex = if count.sex.is_empty() { "–".to_owned() } else { named("sex", &count.sex) };
        rows = rows.row([html! { (name) }, html! { (sex) }, html! { (count.count) }]);
    }
    html! { @if !table.counts.is_empty() { (rows) } }
}

/// An age group by its first year, as the UN's tables write it.
fn ages(first: &str) -> String {
    match first {
        "" => String::new(),
        "0" => "< 1".to_owned(),
        "1" => "1–4".to_owned(),
        other => other.parse::<i64>().map_or_else(|_| other.to_owned(), |from| format!("{from}–{}", from + 4)),
    }
}
