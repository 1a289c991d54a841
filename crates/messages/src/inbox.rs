//! The development inbox: what would have gone over the air, for people who try the program and for
//! outside programs that test it. Mounted in a demonstration only.
//!
//! **Invariant:** shows what was delivered, as it was delivered, and nothing that is forgotten.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use edge::origin::encode_query;
use edge::show::{Table, pagination, search};
use edge::{Json, Markup, Page, Query, Reply, Visit, html};
use journal::Acts;
use serde::{Deserialize, Serialize};
use spine::Caller;

use crate::model::Channel;
use crate::rows::{self, Arrived};

const MOST: u16 = 50;

#[derive(Deserialize)]
struct Asked {
    /// A phone number or an e-mail address.
    #[serde(alias = "q")]
    to: Option<String>,
    before: Option<String>,
    limit: Option<u16>,
}

#[derive(Serialize)]
struct Listed {
    messages: Vec<Arrived>,
}

/// `/inbox` and `/api/inbox` (`?to=ADDRESS&before=ID&limit=N`), newest first. For demonstrations only: anybody
/// may read everything there.
pub fn inbox_routes(acts: Acts) -> Router {
    Router::new().route("/inbox", get(page)).route("/api/inbox", get(list)).with_state(acts)
}

async fn arrived(acts: &Acts, asked: &Asked) -> Reply<Vec<Arrived>> {
    let to = asked.to.as_deref().map(one_form).filter(|to| !to.is_empty());
    let before = asked.before.clone().unwrap_or_else(|| "~".to_owned());
    let limit = i64::from(asked.limit.unwrap_or(MOST).clamp(1, 200));
    let caller = Caller::system("messages.inbox");
    Ok(acts.read(&caller, move |cx| Ok(rows::arrived(cx.tx(), to.as_deref(), &before, limit)?)).await?)
}

/// A number without what people put between its digits. In a query, `+` arrives as a space.
fn one_form(to: &str) -> String {
    if to.contains('@') {
        return to.trim().to_owned();
    }
    let plus = to.starts_with([' ', '+']);
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    if plus && !digits.is_empty() { format!("+{digits}") } else { digits }
}

async fn list(State(acts): State<Acts>, Query(asked): Query<Asked>) -> Reply<Json<Listed>> {
    Ok(Json(Listed { messages: arrived(&acts, &asked).await? }))
}

async fn page(State(acts): State<Acts>, visit: Visit, Query(asked): Query<Asked>) -> Reply<Page> {
    let messages = arrived(&acts, &asked).await?;
    let to = asked.to.as_deref().unwrap_or_default();
    let mut table = Table::new(visit.t("messages.inbox.newest"))
        .column(visit.t("messages.inbox.at"))
        .column(visit.t("messages.inbox.to"))
        .column(visit.t("messages.inbox.text"))
        .numbers(visit.t("messages.inbox.parts"));
    for message in &messages {
        table = table.row([
            html! { (visit.moment(message.at)) },
            html! { (visit.t(channel_key(message.channel))) br; (message.to) },
            text(&visit, message),
            html! { (message.parts) },
        ]);
    }
    let oldest = messages.last().filter(|_| messages.len() >= usize::from(MOST));
    let next = oldest.map(|oldest| format!("/inbox?to={}&before={}", encode_query(to), oldest.id));
    Ok(visit.page(visit.t("messages.inbox.title")).wide().body(html! {
        p { (visit.t("messages.inbox.about")) }
        (search(&visit, "/inbox", &visit.t("messages.inbox.search"), to))
        @if messages.is_empty() { p { (visit.t("messages.inbox.empty")) } } @else { (table) }
        (pagination(&visit, None, next.as_deref()))
    }))
}

const fn channel_key(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "messages.channel.sms",
        Channel::Email => "messages.channel.email",
    }
}

fn text(visit: &Visit, message: &Arrived) -> Markup {
    html! {
        @match &message.body {
            Some(body) => {
                @if message.channel == Channel::Email { b { (message.subject.as_deref().unwrap_or_default()) } br; }
                span lang=(message.language) { (body) }
            }
            None => { i { (visit.t("messages.inbox.forgotten")) } }
        }
    }
}
