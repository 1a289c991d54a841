//! A form that came back: ours, this visitor's, from our own page, in time; with its answers and files.
//!
//! **Invariant:** a handler that takes a [`Form`] never runs for a forged one. The order of the walls:
//! size, `Origin` (in the frame), token, then whatever the operation asks.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use spine::{Fault, FaultKind};

use crate::answers::{Answers, malformed};
use crate::kept;
use crate::refusal::Refusal;
use crate::token::{self, Verdict};
use crate::visit::{Visit, session_binding};

/// At most so many files in one form.
pub const MAX_FILES: usize = 20;

/// A form that came back.
#[derive(Debug)]
pub struct Form {
    /// What makes this submit recognisable when it comes again.
    pub key: FormKey,
    /// What was written.
    pub answers: Answers,
    /// Files that were sent, those left empty not counted.
    pub files: Vec<Upload>,
}

/// The idempotency key of one submit: the form's own nonce and what was sent with it.
///
/// Sending the same form with the same answers again gives the first outcome. Going back, changing an
/// answer and sending again is a new submit.
#[derive(Clone, Debug)]
pub struct FormKey {
    text: String,
    request: Vec<u8>,
}

impl FormKey {
    /// The key, for `journal::Key::new(scope, key.text(), key.request())`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The request that the key stands for, as bytes to hash.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }
}

/// A file somebody sent. Its name and type are claims, not facts.
#[derive(Clone)]
pub struct Upload {
    /// The field it was sent in.
    pub field: String,
    /// What the sender calls it, cut to 200 characters.
    pub file_name: String,
    /// What the sender says it is.
    pub content_type: String,
    /// What it is.
    pub bytes: Bytes,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Upload({}, {} bytes)", self.field, self.bytes.len())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = <Visit as FromRequestParts<S>>::from_request_parts(&mut parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let content_type =
            parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let request = Request::from_parts(parts, body);
        let (answers, files) = match kind.as_str() {
            "application/x-www-form-urlencoded" => (urlencoded(request, state).await, Vec::new()),
            "multipart/form-data" => match multipart(request, state).await {
                Ok((answers, files)) => (Ok(answers), files),
                Err(refusal) => (Err(refusal), Vec::new()),
            },
            _ => (
                Err(Refusal::from(Fault::invalid("edge.body.type")).status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
                Vec::new(),
            ),
        };
        let answers = answers.map_err(IntoResponse::into_response)?;
        admit(&visit, answers, files).map_err(|answer| *answer)
    }
}

async fn urlencoded<S: Send + Sync>(request: Request, state: &S) -> Result<Answers, Refusal> {
    let body = Bytes::from_request(request, state).await.map_err(|rejection| Refusal::of_body(&rejection))?;
    Answers::parse(&body).map_err(|fault| Refusal::from(fault).status(StatusCode::BAD_REQUEST))
}

async fn multipart<S: Send + Sync>(request: Request, state: &S) -> Result<(Answers, Vec<Upload>), Refusal> {
    let bad = || Refusal::from(malformed()).status(StatusCode::BAD_REQUEST);
    let mut parts = Multipart::from_request(request, state).await.map_err(|_| bad())?;
    let (mut answers, mut files) = (Answers::default(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|error| Refusal::of_status(error.status()))? {
        let field = part.name().unwrap_or_default().to_owned();
        let file_name: Option<String> = part.file_name().map(|name| name.chars().take(200).collect());
        let content_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
        let bytes = part.bytes().await.map_err(|error| Refusal::of_status(error.status()))?;
        match file_name {
            Some(file_name) if !(file_name.is_empty() && bytes.is_empty()) => {
                if files.len() >= MAX_FILES {
                    return Err(bad());
                }
                files.push(Upload { field, file_name, content_type, bytes });
            }
            Some(_) => {}
            None => answers.add(field, String::from_utf8(bytes.to_vec()).map_err(|_| bad())?)?,
        }
    }
    Ok((answers, files))
}

fn admit(visit: &Visit, mut answers: Answers, files: Vec<Upload>) -> Result<Form, Box<Response>> {
    let token = answers.remove(token::FIELD).unwrap_or_default();
    let settings = visit.site().settings();
    let verdict = if visit.is_bound() {
        token::check(&settings.form_key, &visit.binding(), &token, visit.now())
    } else {
        Verdict::Unknown
    };
    if let (Verdict::Unknown, Some(lapsed)) = (&verdict, visit.lapsed()) {
        let was_hers = token::check(&settings.form_key, &session_binding(&lapsed.binding), &token, visit.now());
        if let (true, Some(kept)) =
            (was_hers != Verdict::Unknown && files.is_empty(), kept::keep(visit, lapsed, &answers))
        {
            return Err(Box::new(kept));
        }
    }
    match verdict {
        Verdict::Good(nonce) => {
            let mut request = answers.bytes();
            for file in &files {
                request.extend_from_slice(file.field.as_bytes());
                request.extend_from_slice(&crypto::sha256(&[&file.bytes]));
            }
            let part = crypto::sha256(&[&request]);
            let text = format!("{nonce}.{}", crypto::base64url(part.get(..9).unwrap_or_default()));
            Ok(Form { key: FormKey { text, request }, answers, files })
        }
        Verdict::Expired => Err(Box::new(expired(visit, &answers, &files))),
        Verdict::Unknown => Err(Box::new(Refusal::from(Fault::forbidden("edge.form.unknown")).into_response())),
    }
}

/// The form was ours and hers, and open too long: she may send the same answers again with one press.
/// Answers that look secret are not written into a page; then she starts the form again.
fn expired(visit: &Visit, answers: &Answers, files: &[Upload]) -> Response {
    if !visit.wants_page() || !files.is_empty() || answers.iter().any(|(name, _)| kept::is_secret(name)) {
        return Refusal::from(Fault::new(FaultKind::Expired, "edge.form.expired")).into_response();
    }
    let again = html! {
        @for (name, values) in answers.iter() {
            @for value in values { input type="hidden" name=(name) value=(value); }
        }
        button.b { (visit.t("edge.form.again")) }
    };
    let action = visit.query().map_or_else(|| visit.path().to_owned(), |query| format!("{}?{query}", visit.path()));
    visit
        .page(visit.t("edge.refusal.expired.title"))
        .status(StatusCode::GONE)
        .body(html! { p { (visit.t("edge.form.kept")) } (visit.form(&action, again)) })
        .into_response()
}
