//! What an applicant is told on the way: by SMS and e-mail, in the language she applied in.
//!
//! **Invariant:** a notice names the case by its reference and says nothing of what is in it.

use messages::Notice;
use serde_json::Value as Json;
use spine::{Cx, Fault, Money, Personal, Text};

use crate::Services;
use crate::model::Case;

fn tell(cx: &mut Cx<'_>, services: &Services, case: &Case, subject: &'static str, body: Text) -> Result<(), Fault> {
    let field =
        |name: &str| case.applicant_data.get(name).and_then(Json::as_str).map(|text| Personal::new(text.to_owned()));
    let name = services.catalogue().version(&case.service, &case.version)?.pack.service.name.clone();
    let notice = Notice {
        person: Some(case.applicant.clone()),
        phone: field("phone"),
        email: field("email"),
        language: case.language.clone(),
        subject: Text::new(subject).with("reference", case.reference.as_str()),
        body: body.with("reference", case.reference.as_str()).with("service", name),
        purpose: "services.case",
        secret: false,
    };
    services.inner.messages.send(cx, &notice).map(drop)
}

/// The fee is to be paid.
pub(crate) fn paying(cx: &mut Cx<'_>, services: &Services, case: &Case) -> Result<(), Fault> {
    let body = Text::new("services.notice.paying").with("amount", services.money(case.fee_minor));
    tell(cx, services, case, "services.notice.paying_subject", body)
}

/// It is with an officer.
pub(crate) fn received(cx: &mut Cx<'_>, services: &Services, case: &Case) -> Result<(), Fault> {
    let mut body = Text::new("services.notice.received");
    if let Some(day) = case.due_on {
        body = body.with("date", day);
    }
    tell(cx, services, case, "services.notice.received_subject", body)
}

/// An officer asks something.
pub(crate) fn asked(cx: &mut Cx<'_>, services: &Services, case: &Case) -> Result<(), Fault> {
    tell(cx, services, case, "services.notice.asked_subject", Text::new("services.notice.asked"))
}

/// It was refused.
pub(crate) fn refused(cx: &mut Cx<'_>, services: &Services, case: &Case) -> Result<(), Fault> {
    tell(cx, services, case, "services.notice.refused_subject", Text::new("services.notice.refused"))
}

/// It was taken back, and so much of the fee goes back.
pub(crate) fn withdrawn(cx: &mut Cx<'_>, services: &Services, case: &Case, back: Option<Money>) -> Result<(), Fault> {
    let body = match back {
        Some(back) if back.minor() > 0 => Text::new("services.notice.withdrawn_back").with("amount", back),
        _ => Text::new("services.notice.withdrawn"),
    };
    tell(cx, services, case, "services.notice.withdrawn_subject", body)
}

/// A document of it was revoked.
pub(crate) fn revoked(cx: &mut Cx<'_>, services: &Services, case: &Case) -> Result<(), Fault> {
    tell(cx, services, case, "services.notice.revoked_subject", Text::new("services.notice.revoked"))
}

/// The document can be fetched.
pub(crate) fn ready(cx: &mut Cx<'_>, services: &Services, case: &Case) -> Result<(), Fault> {
    tell(cx, services, case, "services.notice.ready_subject", Text::new("services.notice.ready"))
}
