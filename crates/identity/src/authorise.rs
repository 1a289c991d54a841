//! An authorisation request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): read, checked, and what comes next.
//!
//! **Invariant:** until client and redirect address are known to belong together, nothing is redirected anywhere;
//! afterwards every fault goes to the client. Code flow with PKCE S256 only. No I/O here.

use edge::Answers;
use edge::origin::encode_query;
use serde::{Deserialize, Serialize};
use spine::{Fault, Timestamp};

use crate::client::{Client, SCOPES};
use crate::session::Found;

/// The longest `state` carried, in bytes.
const LONGEST_STATE: usize = 1024;
/// The longest `nonce` carried, in bytes.
const LONGEST_NONCE: usize = 512;

/// A request that is in order.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AuthRequest {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: String,
    pub(crate) silent: bool,
    pub(crate) afresh: bool,
    pub(crate) ask_consent: bool,
    pub(crate) max_age: Option<i64>,
    /// The `sub` the client expects, from its `id_token_hint`.
    pub(crate) expected: Option<String>,
}

/// A request that is not.
#[derive(Debug)]
pub(crate) enum Bad {
    /// Nobody to answer to but the visitor.
    Page(Fault),
    /// An error for the client, as the address to redirect to.
    Answer(String),
}

/// What a request asks for beside itself.
pub(crate) struct Extras {
    pub(crate) hint: Option<String>,
    pub(crate) ui_locales: Vec<String>,
}

/// An answer to a client: its redirect address with parameters, and always `iss` (RFC 9207).
pub(crate) fn answer_to(redirect_uri: &str, issuer: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> String {
    let mut out = redirect_uri.to_owned();
    let mut joint = if redirect_uri.contains('?') { '&' } else { '?' };
    let state = state.map(|state| ("state", state));
    for (name, value) in pairs.iter().copied().chain(state).chain([("iss", issuer)]) {
        out.push(joint);
        out.push_str(name);
        out.push('=');
        out.push_str(&encode_query(value).replace('/', "%2F"));
        joint = '&';
    }
    out
}

impl AuthRequest {
    /// An error for the client.
    pub(crate) fn error(&self, issuer: &str, error: &str, description: &str) -> String {
        let pairs = [("error", error), ("error_description", description)];
        answer_to(&self.redirect_uri, issuer, self.state.as_deref(), &pairs)
    }

    /// What is passed on beyond the identifier.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split(' ')
    }
}

/// Reads a request from a query.
pub(crate) fn read(query: &str, clients: &[Client], issuer: &str) -> Result<(AuthRequest, Extras), Bad> {
    let page = |code| Bad::Page(Fault::invalid(code));
    let params = Answers::parse(query.as_bytes()).map_err(|_| page("identity.request.malformed"))?;
    let [id] = params.all("client_id") else { return Err(page("identity.request.client")) };
    let client = clients.iter().find(|client| client.id == *id).ok_or_else(|| page("identity.request.client"))?;
    let [uri] = params.all("redirect_uri") else { return Err(page("identity.request.redirect")) };
    if !client.redirect_uris.contains(uri) {
        return Err(page("identity.request.redirect"));
    }
    let state = match params.all("state") {
        [one] if (1..=LONGEST_STATE).contains(&one.len()) => Some(one.as_str()),
        _ => None,
    };
    let checked = check(&params, client);
    checked.map_err(|(error, description)| {
        let pairs = [("error", error), ("error_description", description)];
        Bad::Answer(answer_to(uri, issuer, state, &pairs))
    })
}

type Refused = (&'static str, &'static str);

/// The parameters that are carried: each at most once, an empty one counts as none (RFC 6749 §3.1).
struct Single<'a>(&'a Answers);

impl<'a> Single<'a> {
    fn get(&self, name: &str) -> Result<Option<&'a str>, Refused> {
        match self.0.all(name) {
            [] => Ok(None),
            [one] => Ok(Some(one.as_str()).filter(|one| !one.is_empty())),
            _ => Err(("invalid_request", "a parameter is repeated")),
        }
    }
}

fn check(params: &Answers, client: &Client) -> Result<(AuthRequest, Extras), Refused> {
    let single = Single(params);
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if single.get(name)?.is_some() {
            return Err((error, "this parameter is not supported"));
        }
    }
    match single.get("response_type")? {
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "only code is supported")),
        None => return Err(("invalid_request", "response_type is missing")),
    }
    if single.get("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(("invalid_request", "only the response mode query is supported"));
    }
    let challenge = code_challenge(&single)?;
    let scope = scope(&single, client)?;
    let state = bounded(&single, "state", LONGEST_STATE)?;
    let nonce = bounded(&single, "nonce", LONGEST_NONCE)?;
    let (silent, afresh, ask_consent) = prompt(&single)?;
    let max_age = match single.get("max_age")? {
        Some(text) => {
            let seconds = text.parse::<u32>().map_err(|_| ("invalid_request", "max_age is not a number of seconds"))?;
            Some(i64::from(seconds))
        }
        None => None,
    };
    let words = |name| Ok::<_, Refused>(single.get(name)?.map(str::to_owned));
    let ui_locales = words("ui_locales")?.map(|tags| tags.split(' ').take(10).map(str::to_owned).collect());
    let extras = Extras { hint: words("id_token_hint")?, ui_locales: ui_locales.unwrap_or_default() };
    let request = AuthRequest {
        client: client.id.clone(),
        redirect_uri: words("redirect_uri")?.unwrap_or_default(),
        scope,
        state,
        nonce,
        challenge,
        silent,
        afresh,
        ask_consent,
        max_age,
        expected: None,
    };
    Ok((request, extras))
}

fn bounded(single: &Single<'_>, name: &str, longest: usize) -> Result<Option<String>, Refused> {
    let value = single.get(name)?;
    if value.is_some_and(|value| value.len() > longest) {
        return Err(("invalid_request", "state or nonce is too long"));
    }
    Ok(value.map(str::to_owned))
}

/// PKCE, always (RFC 7636 §4.3; RFC 9700 §2.1.1).
fn code_challenge(single: &Single<'_>) -> Result<String, Refused> {
    let challenge = single.get("code_challenge")?.ok_or(("invalid_request", "code_challenge is missing (PKCE)"))?;
    if single.get("code_challenge_method")? != Some("S256") {
        return Err(("invalid_request", "code_challenge_method must be S256"));
    }
    let fine = crypto::from_base64url(challenge).is_some_and(|bytes| bytes.len() == 32);
    if fine { Ok(challenge.to_owned()) } else { Err(("invalid_request", "code_challenge is not a SHA-256")) }
}

/// What is asked for, as far as we know it and the client may have it; `openid` must be there.
fn scope(single: &Single<'_>, client: &Client) -> Result<String, Refused> {
    let asked: Vec<&str> = single.get("scope")?.unwrap_or_default().split(' ').collect();
    if !asked.contains(&"openid") {
        return Err(("invalid_scope", "scope must contain openid"));
    }
    let may = |scope: &str| scope == "openid" || client.scopes.iter().any(|own| own == scope);
    let granted: Vec<&str> = SCOPES.into_iter().filter(|scope| asked.contains(scope) && may(scope)).collect();
    Ok(granted.join(" "))
}

fn prompt(single: &Single<'_>) -> Result<(bool, bool, bool), Refused> {
    let prompts: Vec<&str> = single.get("prompt")?.map(|text| text.split(' ').collect()).unwrap_or_default();
    let known = ["none", "login", "consent", "select_account"];
    if prompts.iter().any(|prompt| !known.contains(prompt)) {
        return Err(("invalid_request", "prompt is not known"));
    }
    let silent = prompts.contains(&"none");
    if silent && prompts.len() > 1 {
        return Err(("invalid_request", "prompt none stands alone"));
    }
    Ok((silent, prompts.contains(&"login") || prompts.contains(&"select_account"), prompts.contains(&"consent")))
}

/// What a request needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Somebody must sign in (again).
    SignIn,
    /// She must agree to what is passed on.
    Consent,
    /// A code can be given.
    Code,
    /// The one who signed in is not the one the client expects.
    Other,
}

/// What is known of whoever asks.
pub(crate) struct Standing<'a> {
    pub(crate) session: Option<&'a Found>,
    /// Her `sub` towards the client.
    pub(crate) subject: &'a str,
    /// Scopes she agreed to pass on before.
    pub(crate) agreed: Option<&'a str>,
    /// When this request came; a sign-in since then is fresh.
    pub(crate) started_at: Timestamp,
    pub(crate) now: Timestamp,
}

/// Decides what a request needs next.
pub(crate) fn next(request: &AuthRequest, client: &Client, standing: &Standing<'_>) -> Next {
    let Some(session) = standing.session else { return Next::SignIn };
    let fresh = session.auth_time >= standing.started_at;
    let old = request.max_age.is_some_and(|age| standing.now.seconds_since(session.auth_time) > age);
    if !fresh && (request.afresh || old || request.max_age == Some(0)) {
        return Next::SignIn;
    }
    if request.expected.as_deref().is_some_and(|expected| expected != standing.subject) {
        return if fresh { Next::Other } else { Next::SignIn };
    }
    let covers = |agreed: &str| request.scopes().all(|scope| agreed.split(' ').any(|own| own == scope));
    if client.first_party || (!request.ask_consent && standing.agreed.is_some_and(covers)) {
        Next::Code
    } else {
        Next::Consent
    }
}
