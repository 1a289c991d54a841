//! An authorisation request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): read, checked, and what comes next.
//!
//! **Invariant:** until client and redirect address are known to belong together, nothing is redirected anywhere;
//! afterwards every fault goes to the client. Code flow with PKCE S256; a client without it is declared so and sends a
//! `nonce`. No I/O here. Where next: `signed_request.rs` and `pushed.rs`, which bring the same parameters another way.

use std::collections::BTreeMap;

use edge::Answers;
use serde::{Deserialize, Serialize};
use spine::{Assurance, Fault, Timestamp};

use crate::provider::asked::Asked;
use crate::provider::catalogue::SCOPES;
use crate::provider::client::Client;
use crate::provider::id_token::assurance_of;
use crate::provider::metadata::GrantType;
use crate::session::Found;

/// The longest `state` carried, in bytes.
const LONGEST_STATE: usize = 1024;
/// The longest `nonce` carried, in bytes.
const LONGEST_NONCE: usize = 512;

/// How the answer travels (OAuth 2.0 Multiple Response Types §2.1, JARM §2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// As parameters.
    #[default]
    Query,
    /// As one signed parameter.
    Jwt,
}

/// A request that is in order.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AuthRequest {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    /// None for a client that was declared to do without.
    pub(crate) challenge: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) silent: bool,
    pub(crate) afresh: bool,
    pub(crate) ask_consent: bool,
    pub(crate) max_age: Option<i64>,
    /// The `sub` the client expects, from its `id_token_hint` or its `claims`.
    pub(crate) expected: Option<String>,
    /// Assurances wished for.
    pub(crate) acr: Vec<String>,
    /// Nothing less will do.
    pub(crate) acr_essential: bool,
    pub(crate) asked: Asked,
    /// The key the code must be redeemed with (RFC 9449 §10).
    pub(crate) dpop_jkt: Option<String>,
    /// The pushed request it came by, which is used up with the code.
    pub(crate) pushed: Option<String>,
}

/// A request that is not.
#[derive(Debug)]
pub(crate) enum Bad {
    /// Nobody to answer to but the visitor.
    Page(Fault),
    /// An error for the client.
    Answer { redirect_uri: String, state: Option<String>, mode: Mode, error: &'static str, description: &'static str },
}

/// What a request asks for beside itself.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Extras {
    pub(crate) hint: Option<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) ui_locales: Vec<String>,
}

pub(crate) type Refused = (&'static str, &'static str);

/// The parameters of a request, each once; an empty one counts as none (RFC 6749 §3.1), and so does one that is repeated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    all: BTreeMap<String, String>,
    repeats: bool,
}

impl Parameters {
    /// Reads a query or a form.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Refused> {
        let answers = Answers::parse(text).map_err(|_| ("invalid_request", "the request cannot be read"))?;
        let mut parameters = Self::default();
        for (name, values) in answers.iter() {
            match values {
                [one] if one.is_empty() => {}
                [one] => drop(parameters.all.insert(name.to_owned(), one.clone())),
                _ => parameters.repeats = true,
            }
        }
        Ok(parameters)
    }

    pub(crate) fn of(all: BTreeMap<String, String>) -> Self {
        Self { all, repeats: false }
    }

    /// Refuses a request that says something twice.
    pub(crate) fn each_once(&self) -> Result<(), Refused> {
        if self.repeats { Err(("invalid_request", "a parameter is repeated")) } else { Ok(()) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all.get(name).map(String::as_str)
    }

    /// Takes the parameters that prove the client away, which are no part of its request.
    pub(crate) fn without_proof(mut self) -> Self {
        for name in ["client_secret", "client_assertion", "client_assertion_type"] {
            self.all.remove(name);
        }
        self
    }
}

/// Where a request may be answered, once client and address are known to belong together.
pub(crate) struct Address<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: Option<&'a str>,
    pub(crate) mode: Mode,
}

impl<'a> Address<'a> {
    pub(crate) fn of(parameters: &'a Parameters, client: &Client) -> Result<Self, Fault> {
        let redirect_uri = parameters.get("redirect_uri").ok_or_else(|| Fault::invalid("identity.request.redirect"))?;
        if !client.redirect_uris.iter().any(|own| own == redirect_uri) {
            return Err(Fault::invalid("identity.request.redirect"));
        }
        let state = parameters.get("state").filter(|state| state.len() <= LONGEST_STATE);
        let mode = mode(parameters).unwrap_or_default();
        Ok(Self { redirect_uri, state, mode })
    }

    pub(crate) fn refuse(&self, (error, description): Refused) -> Bad {
        Bad::Answer {
            redirect_uri: self.redirect_uri.to_owned(),
            state: self.state.map(str::to_owned),
            mode: self.mode,
            error,
            description,
        }
    }
}

fn mode(parameters: &Parameters) -> Result<Mode, Refused> {
    match parameters.get("response_mode") {
        None | Some("query") => Ok(Mode::Query),
        Some("jwt" | "query.jwt") => Ok(Mode::Jwt),
        Some(_) => Err(("invalid_request", "only the response modes query, jwt and query.jwt are supported")),
    }
}

/// Checks the parameters of a request; that client and address belong together is known.
pub(crate) fn check(parameters: &Parameters, client: &Client) -> Result<(AuthRequest, Extras), Refused> {
    parameters.each_once()?;
    if !client.may(GrantType::AuthorizationCode) {
        return Err(("unauthorized_client", "the client was not declared for this"));
    }
    if parameters.get("registration").is_some() {
        return Err(("registration_not_supported", "this parameter is not supported"));
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "only code is supported")),
        None => return Err(("invalid_request", "response_type is missing")),
    }
    let mode = mode(parameters)?;
    let nonce = bounded(parameters, "nonce", LONGEST_NONCE)?;
    let challenge = challenge(parameters, client, nonce.is_some())?;
    let scope = scope(parameters.get("scope").unwrap_or_default(), client)?;
    let state = bounded(parameters, "state", LONGEST_STATE)?;
    let (silent, afresh, ask_consent) = prompt(parameters)?;
    let max_age = match parameters.get("max_age") {
        Some(text) => {
            let seconds = text.parse::<u32>().map_err(|_| ("invalid_request", "max_age is not a number of seconds"))?;
            Some(i64::from(seconds))
        }
        None => None,
    };
    let asked = Asked::read(client, &scope, parameters.get("claims"))
        .ok_or(("invalid_request", "claims cannot be read (OpenID Connect Core §5.5)"))?;
    let words = |name| parameters.get(name).map(str::to_owned);
    let list = |name, most| -> Vec<String> {
        parameters.get(name).map(|text| text.split(' ').take(most).map(str::to_owned).collect()).unwrap_or_default()
    };
    let acr = if asked.acr.is_empty() { list("acr_values", 10) } else { asked.acr.clone() };
    let dpop_jkt = words("dpop_jkt");
    if dpop_jkt.as_ref().is_some_and(|jkt| crypto::from_base64url(jkt).is_none_or(|bytes| bytes.len() != 32)) {
        return Err(("invalid_request", "dpop_jkt is not a thumbprint"));
    }
    let request = AuthRequest {
        client: client.id.clone(),
        redirect_uri: words("redirect_uri").unwrap_or_default(),
        scope,
        state,
        nonce,
        challenge,
        mode,
        silent,
        afresh,
        ask_consent,
        max_age,
        expected: asked.sub.clone(),
        acr,
        acr_essential: asked.acr_essential,
        asked,
        dpop_jkt,
        pushed: None,
    };
    let extras =
        Extras { hint: words("id_token_hint"), login_hint: words("login_hint"), ui_locales: list("ui_locales", 10) };
    Ok((request, extras))
}

fn bounded(parameters: &Parameters, name: &str, longest: usize) -> Result<Option<String>, Refused> {
    let value = parameters.get(name);
    if value.is_some_and(|value| value.len() > longest) {
        return Err(("invalid_request", "state or nonce is too long"));
    }
    Ok(value.map(str::to_owned))
}

/// PKCE, always (RFC 7636 §4.3; RFC 9700 §2.1.1), but for a client declared to do without, which sends a nonce.
fn challenge(parameters: &Parameters, client: &Client, has_nonce: bool) -> Result<Option<String>, Refused> {
    let Some(challenge) = parameters.get("code_challenge") else {
        let without = client.declared.pkce_optional && has_nonce && parameters.get("code_challenge_method").is_none();
        return if without { Ok(None) } else { Err(("invalid_request", "code_challenge is missing (PKCE)")) };
    };
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(("invalid_request", "code_challenge_method must be S256"));
    }
    let fine = crypto::from_base64url(challenge).is_some_and(|bytes| bytes.len() == 32);
    if fine { Ok(Some(challenge.to_owned())) } else { Err(("invalid_request", "code_challenge is not a SHA-256")) }
}

/// What is asked for, as far as we know it and the client may have it; `openid` must be there. A client that gets no
/// refresh tokens gets no `offline_access` either (OpenID Connect Core §11).
pub(crate) fn scope(asked: &str, client: &Client) -> Result<String, Refused> {
    let asked: Vec<&str> = asked.split(' ').collect();
    if !asked.contains(&"openid") {
        return Err(("invalid_scope", "scope must contain openid"));
    }
    let may = |scope: &str| match scope {
        "openid" => true,
        "offline_access" => client.may(GrantType::RefreshToken) && client.scopes.iter().any(|own| own == scope),
        _ => client.scopes.iter().any(|own| own == scope),
    };
    let granted: Vec<&str> = SCOPES.into_iter().filter(|scope| asked.contains(scope) && may(scope)).collect();
    Ok(granted.join(" "))
}

fn prompt(parameters: &Parameters) -> Result<(bool, bool, bool), Refused> {
    let prompts: Vec<&str> = parameters.get("prompt").map(|text| text.split(' ').collect()).unwrap_or_default();
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

impl AuthRequest {
    /// The first of the names asked for that a sign-in of this assurance deserves.
    pub(crate) fn met(&self, assurance: Assurance) -> Option<String> {
        self.acr.iter().find(|name| assurance_of(name).is_some_and(|wanted| wanted <= assurance)).cloned()
    }

    /// The lowest of the assurances wished for, as far as we know them.
    pub(crate) fn wished(&self) -> Option<Assurance> {
        self.acr.iter().filter_map(|name| assurance_of(name)).min()
    }
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
    /// She signed in, and not surely enough for what the client wishes: a stronger factor of hers is to be asked for.
    More,
    /// She signed in, and not surely enough for what the client cannot do without.
    TooWeak,
}

/// What is known of whoever asks.
pub(crate) struct Standing<'a> {
    pub(crate) session: Option<&'a Found>,
    /// Her `sub` towards the client.
    pub(crate) subject: &'a str,
    /// Whether all that is asked was decided on before.
    pub(crate) decided: bool,
    /// She said that she goes on as she is, though more was wished for.
    pub(crate) as_she_is: bool,
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
    // Step-up: a stronger sign-in is tried for once; a wish that fails is let go, a need is not.
    let weak = request.wished().is_some_and(|wished| session.assurance < wished)
        || (request.acr_essential && !request.acr.is_empty() && request.wished().is_none());
    if weak && !fresh && !standing.as_she_is {
        return Next::More;
    }
    if weak && request.acr_essential {
        return Next::TooWeak;
    }
    if client.first_party || (!request.ask_consent && standing.decided) { Next::Code } else { Next::Consent }
}
