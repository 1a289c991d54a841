//! A client asks, the person approves on her own page or phone (OpenID Connect Client-Initiated Backchannel
//! Authentication 1.0; FAPI-CIBA): asking, telling the client, and approving by PIN.
//!
//! **Invariant:** a client that names nobody we know is answered like one that does; a regulated client signs what it asks.
//! Where next: `approval.rs`, `approval_pages.rs`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use edge::Visit;
use journal::{JobFault, Key, RunningJob, Workers};
use serde_json::{Value as Json, json};
use spine::{Assurance, Caller, Cx, Fault, Secret};

use crate::account::{Account, Kind, normal_login};
use crate::assurance;
use crate::by_pin::Pinned;
use crate::enrolment::vid;
use crate::keys::{Keys, Token};
use crate::provider::answer::{Refused, form, private, refused};
use crate::provider::approval::{self, Decided, NOTIFY, Sureness};
use crate::provider::asked::Asked;
use crate::provider::catalogue::Facts;
use crate::provider::client::Client;
use crate::provider::metadata::{Delivery, GrantType};
use crate::provider::once::Once;
use crate::provider::request::{self, Parameters};
use crate::provider::{consent_pages, id_token, signed_request};
use crate::rows::approvals::{self, Approval};
use crate::rows::{accounts, consents};
use crate::settings::Identity;

pub(crate) const ASK: &str = "/oauth2/backchannel";
/// How long a request waits if the client does not say.
const ASK_SECONDS: i64 = 300;
/// The longest it waits.
const LONGEST_SECONDS: i64 = 900;
/// How often the client may ask.
const EVERY_SECONDS: i64 = 5;
/// The longest message shown, in characters: it fits the small screen of a phone.
const LONGEST_MESSAGE: usize = 60;
/// The longest token of a notification (§7.1: at most 1024).
const LONGEST_NOTIFICATION: usize = 1024;

pub(crate) fn routes() -> Router<Identity> {
    Router::new().route(ASK, post(ask))
}

pub(crate) fn handlers(identity: &Identity, workers: Workers) -> Workers {
    let identity = identity.clone();
    workers.handle(NOTIFY, move |job| {
        let identity = identity.clone();
        async move { identity.notify(job).await }
    })
}

async fn ask(
    State(identity): State<Identity>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let form = form(&headers, &body)?;
    let proven = identity.proven(&visit, &headers, &form)?;
    let client = std::sync::Arc::clone(&proven.client);
    if !client.may(GrantType::Ciba) {
        return Err(refused("unauthorized_client", "the client was not declared for this grant"));
    }
    let mut spent = proven.once;
    let parameters = identity.signed_or_plain(&client, form, &mut spent)?;
    let scope = request::scope(parameters.get("scope").unwrap_or_default(), &client)?;
    let asked = Asked::read(&client, &scope, parameters.get("claims"));
    let asked = asked.ok_or(refused("invalid_request", "claims cannot be read (OpenID Connect Core §5.5)"))?;
    let reference = Token::fresh(&visit);
    let notify = identity.notification(&client, &parameters, &reference)?;
    let message = message(&parameters)?;
    let waits = waits(&parameters)?;
    let hint = identity.hint(&client, &parameters)?;
    let now = identity.inner.acts.now();
    let acr = parameters.get("acr_values").unwrap_or_default().split(' ');
    let acr = acr.filter(|name| id_token::assurance_of(name).is_some()).min().unwrap_or_default().to_owned();
    let row = Approval {
        hash: reference.hash.clone(),
        kind: "ciba".to_owned(),
        client: client.id.clone(),
        user_code: None,
        account: None,
        scope,
        asked,
        acr,
        message,
        notify,
        state: "pending".to_owned(),
        basis: None,
        every_seconds: EVERY_SECONDS,
        asked_at: None,
        made_at: now,
        expires_at: now.plus_seconds(waits),
    };
    let (engine, caller, asker) = (identity.clone(), identity.client_caller(&client, &visit), client);
    let work = move |cx: &mut Cx<'_>| {
        let mut row = row.clone();
        row.account = hint.account(cx, &engine.inner.keys, &asker)?;
        approval::begin(cx, &row, Some((&engine.inner.messages, &asker.name)), &spent)
    };
    identity.inner.acts.write(&caller, &Key::none(), work).await?;
    let answer = json!({"auth_req_id": reference.value.reveal(), "expires_in": waits, "interval": EVERY_SECONDS});
    Ok(private(StatusCode::OK, &answer))
}

/// Whom a client means.
enum Hint {
    /// A login: an ID number.
    Login(String),
    /// Her name towards this client.
    Subject(String),
}

impl Hint {
    /// The account it means; none if it means nobody.
    fn account(&self, cx: &mut Cx<'_>, keys: &Keys, client: &Client) -> Result<Option<String>, Fault> {
        match self {
            Self::Login(login) => {
                if let Some(person) = vid::take(cx, keys, login)? {
                    let account = accounts::account_by_id(cx.tx(), &person)?;
                    return Ok(account.filter(|account| account.active).map(|account| account.id));
                }
                let account = accounts::account_by_login(cx.tx(), Kind::Person, login)?;
                Ok(account.filter(|account| account.active).map(|account| account.id))
            }
            // Pairwise names cannot be turned back; they are kept with what she decided on this client before.
            Self::Subject(subject) => Ok(consents::account_of(cx.tx(), &client.id, subject)?),
        }
    }
}

impl Identity {
    /// The parameters of a request: signed, as a regulated client must, or plain.
    fn signed_or_plain(&self, client: &Client, form: Parameters, spent: &mut Vec<Once>) -> Result<Parameters, Refused> {
        let now = self.inner.acts.now();
        let Some(object) = form.get("request") else {
            if client.is_fapi() || client.declared.require_signed_request_object {
                return Err(refused("invalid_request", "this client must sign its requests (CIBA §7.1.1)"));
            }
            return Ok(form.without_proof());
        };
        let bad = refused("invalid_request", "the signed request is not good (CIBA §7.1.1)");
        let Ok(claims) = signed_request::verified(object, client, &self.inner.issuer, now) else { return Err(bad) };
        let number = |name: &str| claims.get(name).and_then(Json::as_i64);
        let (Some(exp), Some(_), Some(_)) = (number("exp"), number("nbf"), number("iat")) else { return Err(bad) };
        let Some(name) = claims.get("jti").and_then(Json::as_str).filter(|name| !name.is_empty()) else {
            return Err(bad);
        };
        spent.push(Once::assertion(&client.id, name, now.plus_seconds(exp - now.as_seconds() + 1)));
        signed_request::open(object, client, &self.inner.issuer, now).map_err(|_| bad)
    }

    /// The one hint a request must have (§7.1).
    fn hint(&self, client: &Client, parameters: &Parameters) -> Result<Hint, Refused> {
        let hints = ["login_hint", "login_hint_token", "id_token_hint"].map(|name| parameters.get(name));
        if hints.iter().flatten().count() != 1 {
            return Err(refused("invalid_request", "there must be one hint of whom is meant"));
        }
        let [login, token, id_token] = hints;
        if let Some(login) = login {
            let login = login.strip_prefix("individual_id:").unwrap_or(login);
            return normal_login(login).map(Hint::Login).ok_or(refused("invalid_request", "login_hint is not one"));
        }
        if let Some(id_token) = id_token {
            let bad = refused("invalid_request", "id_token_hint is not one of ours");
            return self.hinted(client, id_token).map(Hint::Subject).ok_or(bad);
        }
        // A token of the client's own about a person: her number, or her name towards the client (RFC 9493).
        let bad = refused("invalid_request", "login_hint_token is not good");
        let claims =
            signed_request::verified(token.unwrap_or_default(), client, &self.inner.issuer, self.inner.acts.now());
        let Ok(claims) = claims else { return Err(bad) };
        let about = claims.get("sub_id").cloned().unwrap_or_default();
        let text = |name: &str| about.get(name).and_then(Json::as_str);
        match text("format") {
            Some("opaque") => text("id").and_then(normal_login).map(Hint::Login).ok_or(bad),
            Some("iss_sub") => text("sub").map(|subject| Hint::Subject(subject.to_owned())).ok_or(bad),
            _ => Err(bad),
        }
    }

    /// What is needed to tell the client, sealed: its token and the name of what was approved (§10.2).
    fn notification(
        &self,
        client: &Client,
        parameters: &Parameters,
        reference: &Token,
    ) -> Result<Option<Vec<u8>>, Refused> {
        if client.declared.backchannel_token_delivery_mode == Delivery::Poll {
            return Ok(None);
        }
        let token = parameters.get("client_notification_token").filter(|token| token.len() <= LONGEST_NOTIFICATION);
        let fine = |token: &&str| token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
        let token = token.filter(fine).ok_or(refused("invalid_request", "client_notification_token is missing"))?;
        let both = format!("{}\n{token}", reference.value.reveal());
        Ok(Some(self.inner.keys.seal("approval notification", both.as_bytes())?))
    }

    /// Tells a client that a decision was made. It is told once: it may always ask.
    async fn notify(&self, job: RunningJob) -> Result<(), JobFault> {
        self.refresh(false).await?;
        let hash = job.body.get("approval").and_then(Json::as_str).unwrap_or_default().to_owned();
        let look = move |cx: &mut Cx<'_>| Ok(approvals::by_hash(cx.tx(), &hash)?);
        let row = self.inner.acts.read(&Caller::system("identity"), look).await?;
        let Some((row, sealed)) = row.and_then(|row| row.notify.clone().map(|sealed| (row, sealed))) else {
            return Ok(());
        };
        let Some(client) = self.client(&row.client) else { return Ok(()) };
        let Some(address) = client.declared.backchannel_client_notification_endpoint.clone() else { return Ok(()) };
        let opened = self.inner.keys.open("approval notification", &sealed)?;
        let both = String::from_utf8_lossy(opened.reveal()).into_owned();
        let (reference, token) = both.split_once('\n').unwrap_or_default();
        let request = Request::post(&address)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(json!({"auth_req_id": reference}).to_string().into());
        let request = request.map_err(|_| JobFault::Dead("identity.approval.address"))?;
        match self.inner.outbound.send(request).await {
            // Whatever it answers, it was told; redirects are not followed (§10.2).
            Ok(answer) if !answer.status().is_server_error() => Ok(()),
            Ok(_) | Err(_) => Err(JobFault::Again("identity.approval.unanswered")),
        }
    }
}

/// What the client wants shown.
fn message(parameters: &Parameters) -> Result<Option<String>, Refused> {
    let Some(message) = parameters.get("binding_message") else { return Ok(None) };
    let fits = message.chars().count() <= LONGEST_MESSAGE && !message.chars().any(char::is_control);
    if !fits {
        return Err(refused("invalid_binding_message", "binding_message is too long or holds odd characters"));
    }
    Ok(Some(message.to_owned()))
}

fn waits(parameters: &Parameters) -> Result<i64, Refused> {
    let Some(wanted) = parameters.get("requested_expiry") else { return Ok(ASK_SECONDS) };
    let seconds = wanted.parse::<i64>().ok().filter(|seconds| *seconds > 0);
    let seconds = seconds.ok_or(refused("invalid_request", "requested_expiry is not a number of seconds"))?;
    Ok(seconds.min(LONGEST_SECONDS))
}

/// What came of approving by PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByPin {
    /// The decision is kept.
    Kept,
    /// There is nothing to decide.
    Gone,
    /// The number and the PIN do not belong together, or the phone is not hers.
    Wrong,
    /// Not for so many seconds.
    Wait(i64),
    /// The client wants her to be known more surely.
    TooWeak,
}

/// Something a client asks of a person, for a small screen.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// By which it is decided.
    pub id: String,
    /// The client's name.
    pub client: spine::Localised,
    /// What it says.
    pub message: Option<String>,
}

impl Identity {
    /// What clients ask of whoever has this number and calls from this phone; nothing is told of anybody else.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn waiting_for(&self, caller: &Caller, login: &str, phone: &str) -> Result<Vec<Waiting>, Fault> {
        let Some(login) = normal_login(login) else { return Ok(Vec::new()) };
        self.refresh(false).await?;
        let (keys, phone) = (self.inner.keys.clone(), phone.to_owned());
        let look = move |cx: &mut Cx<'_>| {
            let now = cx.now();
            let login = vid::login_of(cx, &keys, Kind::Person, &login)?;
            let account = accounts::account_by_login(cx.tx(), Kind::Person, &login)?;
            let hers = |account: &crate::account::Account| {
                account.active && account.phone.as_ref().is_some_and(|own| *own.reveal() == phone)
            };
            match account.filter(hers) {
                Some(account) => Ok(approvals::of_account(cx.tx(), &account.id, now)?),
                None => Ok(Vec::new()),
            }
        };
        let rows = self.inner.acts.read(caller, look).await?;
        let waiting = |row: Approval| {
            Some(Waiting { client: self.client(&row.client)?.name.clone(), id: row.hash, message: row.message })
        };
        Ok(rows.into_iter().filter_map(waiting).collect())
    }

    /// Decides by PIN from a phone that is hers, as a USSD session does: the phone is what she has, the PIN what she
    /// knows. All that is asked for is agreed to, or nothing.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn answer_by_pin(
        &self,
        caller: &Caller,
        (login, phone): (&str, &str),
        pin: &Secret<String>,
        id: &str,
        yes: bool,
    ) -> Result<ByPin, Fault> {
        let Some(login) = normal_login(login) else { return Ok(ByPin::Wrong) };
        let (engine, typed, hash) = (self.clone(), login.clone(), id.to_owned());
        let work = move |cx: &mut Cx<'_>, account: &Account| {
            let decided = decide_by_pin(cx, &engine, account, &hash, yes)?;
            if decided == Decided::Kept && !vid::spend(cx, &engine.inner.keys, Kind::Person, &typed)? {
                return Err(Fault::not_found("identity.vid.missing"));
            }
            Ok(decided)
        };
        Ok(match self.by_pin(caller, (&login, phone), pin, work).await? {
            Pinned::Done(Decided::Kept) => ByPin::Kept,
            Pinned::Done(Decided::Gone) => ByPin::Gone,
            Pinned::Done(Decided::TooWeak) => ByPin::TooWeak,
            Pinned::Wrong => ByPin::Wrong,
            Pinned::Wait(seconds) => ByPin::Wait(seconds),
        })
    }
}

/// What she decided by PIN from her phone.
fn decide_by_pin(
    cx: &mut Cx<'_>,
    identity: &Identity,
    account: &Account,
    hash: &str,
    yes: bool,
) -> Result<Decided, Fault> {
    let row = approvals::by_hash(cx.tx(), hash)?.filter(|row| row.account.as_deref() == Some(account.id.as_str()));
    let known = row.and_then(|row| identity.client(&row.client).map(|client| (row, client)));
    let Some((row, client)) = known else { return Ok(Decided::Gone) };
    let rules = &identity.inner.rules.assurance;
    let sureness = Sureness {
        account: account.id.clone(),
        subject: identity.subject(&client, &account.id),
        assurance: assurance::reached(cx, rules, account, Assurance::Substantial)?,
        methods: ["pin", "mca", "mfa"].map(str::to_owned).to_vec(),
        auth_time: cx.now(),
        session: None,
    };
    let facts = Facts::of(cx, identity.inner.population.as_ref(), &account.id)?;
    let all: Vec<String> = consent_pages::items(&row.asked, &facts).into_iter().map(|item| item.name).collect();
    approval::decide(cx, hash, &sureness, yes.then_some(all.as_slice()))
}
