//! What was taken of an applicant's body, handed in as a file from the device that took it.
//!
//! **Invariant:** the file is sealed before it is stored, and never shown again.

use axum::Router;
use axum::extract::{Path, State as Of};
use axum::response::IntoResponse;
use axum::routing::get;
use edge::show;
use edge::{Form, Page, Refusal, Reply, Sheet, Visit, body_limit, correctable, html, see_other};
use spine::{Cx, FieldFault, Resource, Text};

use crate::enrolment::Enrolment;
use crate::enrolment::abis;
use crate::enrolment::desk_pages::{DESK, id, key};

/// Bytes of a form with a file in it.
const FORM_BYTES: usize = abis::BYTES + (64 << 10);

pub(super) fn routes() -> Router<Enrolment> {
    let both = get(ask).post(take).layer(body_limit(FORM_BYTES));
    Router::new().route("/enrolment/{id}/biometrics", both)
}

async fn ask(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>) -> Result<Page, Refusal> {
    visit.must_sign_in()?;
    let may = |cx: &mut Cx<'_>| cx.may("identity.enrolment.begin", &Resource::new("EnrolmentDesk", "biometrics"));
    enrolment.acts().read(visit.caller(), may).await?;
    id(&name)?;
    Ok(page(&visit, &name, &visit.sheet()))
}

fn page(visit: &Visit, name: &str, sheet: &Sheet) -> Page {
    let form = html! {
        (sheet.file("templates", visit.t("identity.abis.file")).hint(visit.t("identity.abis.file_hint")))
        (show::button(&visit.t("edge.continue")))
    };
    visit.page(visit.t("identity.abis.title")).back(format!("{DESK}/{name}")).sheet(sheet).body(html! {
        p { (visit.t("identity.abis.about")) }
        (visit.upload_form(&format!("{DESK}/{name}/biometrics"), form))
    })
}

async fn take(Of(enrolment): Of<Enrolment>, visit: Visit, Path(name): Path<String>, form: Form) -> Reply {
    visit.must_sign_in()?;
    let own = id(&name)?;
    let file = form.files.iter().find(|file| file.field == "templates" && !file.bytes.is_empty());
    let wrong = |key: &'static str| {
        let fault = FieldFault { field: "templates".to_owned(), text: Text::new(key) };
        Ok(page(&visit, &name, &visit.sheet().faults(&[fault])).into_response())
    };
    let Some(file) = file else { return wrong("identity.abis.file_missing") };
    if file.bytes.len() > abis::BYTES {
        return wrong("identity.abis.file_large");
    }
    let sealed = enrolment.seal_biometrics(own, &file.bytes)?;
    let (engine, key) = (enrolment.clone(), key(&visit, "identity.enrolment.biometrics", &form));
    let work = move |cx: &mut Cx<'_>| abis::take_biometrics(cx, &engine, own, &sealed);
    match enrolment.acts().write(visit.caller(), &key, work).await {
        Ok(()) => Ok(see_other(&format!("{DESK}/{name}"))),
        Err(fault) => {
            let faults: Result<Vec<FieldFault>, Refusal> = correctable(fault);
            Ok(page(&visit, &name, &visit.sheet().faults(&faults?)).into_response())
        }
    }
}
