//! The token endpoint (RFC 6749 §3.2): what a client brings, for what it gets.
//!
//! **Invariant:** a client proves itself each time; a token that must be bound is bound or not given; errors are those of
//! RFC 6749 §5.2, RFC 9449 §8, RFC 8628 §3.5 and CIBA §11. Where next: `grant.rs`, `approval.rs`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use crypto::{base64url, sha256};
use edge::Visit;
use journal::Key;
use serde_json::{Map, Value as Json, json};
use spine::{Cx, Fault};

use crate::keys::{Token, token_hash};
use crate::provider::answer::{INVALID_GRANT, Refused, add_nonce, form, private, refused};
use crate::provider::approval::{self, Turn};
use crate::provider::client::Client;
use crate::provider::client_auth::Proven;
use crate::provider::dpop::{self, Bound, Doubt, Expected, Proof};
use crate::provider::grant::{self, Exchange, Granted, Renewal, Renewed, TOKEN_SECONDS, Tokens};
use crate::provider::metadata::{GrantType, TokenFormat};
use crate::provider::request::Parameters;
use crate::provider::{catalogue, id_token};
use crate::settings::Identity;

pub(crate) const TOKEN: &str = "/oauth2/token";

pub(crate) fn routes() -> Router<Identity> {
    routes_at(TOKEN)
}

/// The same at another path.
pub(crate) fn routes_at(path: &str) -> Router<Identity> {
    Router::new().route(path, post(token))
}

/// One request at the endpoint.
struct Asking<'a> {
    visit: &'a Visit,
    form: &'a Parameters,
    proven: &'a Proven,
    bound: Option<Bound>,
    jkt: Option<String>,
    access: Token,
    refresh: Token,
    tokens: Tokens,
}

async fn token(
    State(identity): State<Identity>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let form = form(&headers, &body)?;
    let mut proven = identity.proven_or_device(&visit, &headers, &form).await?;
    let wanted = form.need("grant_type")?;
    let grant = GrantType::ALL.into_iter().find(|grant| grant.name() == wanted);
    let grant = grant.ok_or(refused("unsupported_grant_type", "this grant is not supported"))?;
    if !proven.client.may(grant) {
        return Err(refused("unauthorized_client", "the client was not declared for this grant"));
    }
    let proof = identity.proof(&visit, &headers, "POST", proven.client.is_fapi(), None)?;
    let jkt = proof.as_ref().map(|proof| proof.jkt.clone());
    let bound = identity.bound(&proven, proof.as_ref())?;
    let mut once = std::mem::take(&mut proven.once);
    once.extend(proof.map(|proof| proof.once));
    let (access, refresh) = (Token::fresh(&visit), Token::fresh(&visit));
    let tokens = Tokens {
        access: access.hash.clone(),
        refresh: proven.client.may(GrantType::RefreshToken).then(|| refresh.hash.clone()),
        bound: bound.as_ref().map(Bound::written),
        // A public client proves itself with nothing but that key.
        binds_refresh: is_public(&proven.client),
        once,
    };
    let asking = Asking { visit: &visit, form: &form, proven: &proven, bound, jkt, access, refresh, tokens };
    let mut response = match grant {
        GrantType::AuthorizationCode => identity.by_code(asking).await,
        GrantType::RefreshToken => identity.by_refresh(asking).await,
        GrantType::ClientCredentials => identity.by_itself(asking).await,
        GrantType::DeviceCode | GrantType::Ciba => identity.by_approval(asking, grant).await,
    }?;
    let now = identity.inner.acts.now();
    if headers.contains_key("dpop") {
        add_nonce(response.headers_mut(), &dpop::nonce(&identity.inner.keys, now));
    }
    Ok(response)
}

fn is_public(client: &Client) -> bool {
    client.declared.token_endpoint_auth_method == crate::provider::metadata::AuthMethod::None
}

impl Identity {
    /// The DPoP proof a request came with, if it came with one.
    pub(crate) fn proof(
        &self,
        visit: &Visit,
        headers: &HeaderMap,
        method: &str,
        needs_nonce: bool,
        token: Option<&str>,
    ) -> Result<Option<Proof>, Refused> {
        let (now, address) = (self.inner.acts.now(), format!("{}{}", self.inner.issuer, visit.path()));
        let expected = Expected { method, address: &address, now, token, needs_nonce };
        dpop::in_headers(headers, &self.inner.keys, &expected).map_err(|doubt| match doubt {
            Doubt::Invalid => refused("invalid_dpop_proof", "the DPoP proof does not hold (RFC 9449 §4.3)"),
            Doubt::Nonce => Refused {
                nonce: Some(dpop::nonce(&self.inner.keys, now)),
                ..refused("use_dpop_nonce", "use the nonce of this answer in the DPoP proof")
            },
        })
    }

    /// What the tokens asked for are bound to.
    fn bound(&self, proven: &Proven, proof: Option<&Proof>) -> Result<Option<Bound>, Refused> {
        let client = &proven.client;
        if let Some(proof) = proof {
            return Ok(Some(Bound::Key(proof.jkt.clone())));
        }
        if client.declared.dpop_bound_access_tokens {
            return Err(refused("invalid_dpop_proof", "this client's tokens are bound to a key (RFC 9449 §5)"));
        }
        match &proven.certificate {
            Some(certificate) if client.binds_certificate() || client.is_fapi() => {
                Ok(Some(Bound::Certificate(certificate.thumbprint().to_owned())))
            }
            _ if client.binds() => {
                Err(refused("invalid_request", "this client's tokens are bound to a key or certificate"))
            }
            _ => Ok(None),
        }
    }

    async fn by_code(&self, asking: Asking<'_>) -> Result<Response, Refused> {
        let form = asking.form;
        let challenge = form.get("code_verifier").map(challenge_of).transpose()?;
        let exchange = Exchange {
            client: asking.proven.client.id.clone(),
            code_hash: token_hash(form.need("code")?),
            redirect_uri: form.get("redirect_uri").map(str::to_owned),
            challenge,
            jkt: asking.jkt.clone(),
            tokens: asking.tokens.clone(),
        };
        let caller = self.client_caller(&asking.proven.client, asking.visit);
        let work = move |cx: &mut Cx<'_>| grant::exchange(cx, &exchange);
        let granted = self.inner.acts.write(&caller, &Key::none(), work).await?.ok_or(INVALID_GRANT)?;
        self.granted(&asking, granted).await
    }

    async fn by_refresh(&self, asking: Asking<'_>) -> Result<Response, Refused> {
        let client = &asking.proven.client;
        let renewal = Renewal {
            client: client.id.clone(),
            refresh_hash: token_hash(asking.form.need("refresh_token")?),
            scope: asking.form.get("scope").map(str::to_owned),
            proves: asking.bound.as_ref().map(Bound::written),
            rotates: client.rotates(),
            tokens: asking.tokens.clone(),
        };
        let caller = self.client_caller(client, asking.visit);
        let engine = self.clone();
        let work = move |cx: &mut Cx<'_>| grant::renew(cx, &engine, &renewal);
        match self.inner.acts.write(&caller, &Key::none(), work).await? {
            Renewed::Granted(granted) => self.granted(&asking, *granted).await,
            Renewed::No => Err(INVALID_GRANT),
            Renewed::TooMuch => Err(refused("invalid_scope", "more is asked for than was granted")),
        }
    }

    async fn by_itself(&self, asking: Asking<'_>) -> Result<Response, Refused> {
        let client = &asking.proven.client;
        let own = |scope: &&str| client.scopes.iter().any(|own| own == scope) && !catalogue::SCOPES.contains(scope);
        let asked: Vec<&str> = asking.form.get("scope").unwrap_or_default().split_ascii_whitespace().collect();
        if asked.iter().any(|scope| !own(scope)) {
            return Err(refused("invalid_scope", "the client was not declared for this scope"));
        }
        let all: Vec<&str> = client.scopes.iter().map(String::as_str).filter(own).collect();
        let scope = if asked.is_empty() { all.join(" ") } else { asked.join(" ") };
        let (id, tokens, caller) = (client.id.clone(), asking.tokens.clone(), self.client_caller(client, asking.visit));
        let told = scope.clone();
        let work = move |cx: &mut Cx<'_>| grant::for_client(cx, &id, &scope, &tokens);
        self.inner.acts.write(&caller, &Key::none(), work).await?;
        let access = self.access_value(&asking, (&client.id, None), &told)?;
        let mut answer = answer_of(&asking, &access, &told);
        if told.is_empty() {
            answer.remove("scope");
        }
        Ok(private(StatusCode::OK, &Json::Object(answer)))
    }

    async fn by_approval(&self, asking: Asking<'_>, grant: GrantType) -> Result<Response, Refused> {
        let name = if grant == GrantType::Ciba { "auth_req_id" } else { "device_code" };
        let redeem = approval::Redeem {
            client: asking.proven.client.id.clone(),
            hash: token_hash(asking.form.need(name)?),
            kind: if grant == GrantType::Ciba { "ciba" } else { "device" },
            tokens: asking.tokens.clone(),
        };
        let caller = self.client_caller(&asking.proven.client, asking.visit);
        let work = move |cx: &mut Cx<'_>| approval::redeem(cx, &redeem);
        match self.inner.acts.write(&caller, &Key::none(), work).await? {
            Turn::Granted(granted) => self.granted(&asking, *granted).await,
            Turn::Pending => Err(refused("authorization_pending", "the person has not decided yet")),
            Turn::TooSoon => Err(refused("slow_down", "ask less often")),
            Turn::Denied => Err(refused("access_denied", "the person did not agree")),
            Turn::Over => Err(refused("expired_token", "it took too long; begin again")),
            Turn::No => Err(INVALID_GRANT),
        }
    }

    /// The answer with tokens about a person.
    async fn granted(&self, asking: &Asking<'_>, granted: Granted) -> Result<Response, Refused> {
        let client = &asking.proven.client;
        let (subject, actor) =
            (self.subject(client, &granted.account), self.actor_name(client, granted.basis.act.as_ref()));
        let access = self.access_value(asking, (&subject, actor.as_deref()), &granted.scope)?;
        let mut answer = answer_of(asking, &access, &granted.scope);
        if granted.refreshes {
            answer.insert("refresh_token".to_owned(), json!(asking.refresh.value.reveal()));
        }
        if granted.scope.split(' ').any(|scope| scope == "openid") {
            let token = self.id_token(client, &granted, &access).await?;
            answer.insert("id_token".to_owned(), json!(token));
        }
        Ok(private(StatusCode::OK, &Json::Object(answer)))
    }

    /// The access token as the client gets it: random bytes, or a signed token whose name finds the same row.
    fn access_value(&self, asking: &Asking<'_>, about: (&str, Option<&str>), scope: &str) -> Result<String, Fault> {
        let client = &asking.proven.client;
        if client.declared.access_token_format == TokenFormat::Opaque {
            return Ok(asking.access.value.reveal().clone());
        }
        let now = self.inner.acts.now();
        let name = asking.access.hash.as_str();
        let claims = id_token::access(&self.inner.issuer, client, about, scope, name, now, asking.bound.as_ref());
        self.sign(client.id_token_alg, "at+jwt", &claims)
    }
}

fn answer_of(asking: &Asking<'_>, access: &str, scope: &str) -> Map<String, Json> {
    Map::from_iter([
        ("access_token".to_owned(), json!(access)),
        ("token_type".to_owned(), json!(Bound::token_type(asking.bound.as_ref()))),
        ("expires_in".to_owned(), json!(TOKEN_SECONDS)),
        ("scope".to_owned(), json!(scope)),
    ])
}

/// The challenge of a verifier (RFC 7636 §4.6).
fn challenge_of(verifier: &str) -> Result<String, Refused> {
    let fine = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !fine {
        return Err(refused("invalid_request", "code_verifier is not one (RFC 7636 §4.1)"));
    }
    Ok(base64url(&sha256(&[verifier.as_bytes()])))
}
