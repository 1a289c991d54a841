//! A complete login at each provider, as a browser does it: from the authorization request to the code, with consent
//! asked each time.
//!
//! **Invariant:** no page is skipped that a person would see; a fresh browser each time, so nobody is signed in already.

use hyper::header;
use serde_json::{Value as Json, json};
use testkit::Authenticator;

use super::Server;
use super::visitor::{Answer, Form, Visitor, attribute, encode, seen};

/// Who signs in, and with what.
pub(crate) struct Person {
    pub(crate) login: String,
    pub(crate) secret: String,
    pub(crate) phone: String,
    pub(crate) authenticator: Option<Authenticator>,
}

/// How somebody signs in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// With PIN (or password) alone or, at ours, PIN and code.
    Secret,
    /// At ours, with a passkey.
    Passkey,
}

/// A PKCE verifier, and its challenge (RFC 7636 appendix B).
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Signs in and gives the code.
pub(crate) async fn code(server: &Server, visitor: &mut Visitor, person: &mut Person, way: Way) -> String {
    visitor.cookies.clear();
    let asked = encode(&[
        ("response_type", "code"),
        ("client_id", &server.client),
        ("redirect_uri", &server.redirect),
        ("scope", &server.scope),
        ("state", "a state of the client's"),
        ("nonce", "a nonce of the client's"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ]);
    let at = format!("{}?{asked}", server.authorize);
    let answer = match server.kind.as_str() {
        "letsema" => at_ours(server, visitor, person, way, &at).await,
        "oidc-provider" => at_oidc_provider(visitor, person, &at).await,
        _ => at_glewlwyd(server, visitor, person, &at).await,
    };
    let back = answer
        .location
        .unwrap_or_else(|| panic!("no way back to the client: {} {}", answer.status, seen(&answer.body)));
    let code = back.split(['?', '&', '#']).find_map(|part| part.strip_prefix("code="));
    code.unwrap_or_else(|| panic!("no code in {back}")).to_owned()
}

async fn at_ours(server: &Server, visitor: &mut Visitor, person: &mut Person, way: Way, at: &str) -> Answer {
    let kind = visitor.page(at).await;
    let login = visitor.submit(&Form::with(&kind.body, "kind"), &[("kind", "person")]).await;
    let consent = match way {
        Way::Passkey => {
            let ceremony = visitor.submit(&Form::with(&login.body, "passkey/start"), &[]).await;
            let authenticator = person.authenticator.as_mut().unwrap();
            let answer = authenticator.sign(&options(&ceremony.body));
            visitor.submit(&Form::with(&ceremony.body, "credential"), &[("credential", &answer)]).await
        }
        Way::Secret => with_pin(server, visitor, person, &login).await,
    };
    visitor.submit(&Form::with(&consent.body, "name=\"claim\""), &[]).await
}

/// Number, PIN and code, from the page that asks for the number.
async fn with_pin(server: &Server, visitor: &mut Visitor, person: &Person, login: &Answer) -> Answer {
    let known = newest_code(server, visitor, person).await;
    let secret = visitor.submit(&Form::with(&login.body, "name=\"login\""), &[("login", &person.login)]).await;
    let code = visitor.submit(&Form::with(&secret.body, "name=\"secret\""), &[("secret", &person.secret)]).await;
    let mut sent = newest_code(server, visitor, person).await;
    while sent == known {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        sent = newest_code(server, visitor, person).await;
    }
    visitor.submit(&Form::with(&code.body, "name=\"code\""), &[("code", &sent.1)]).await
}

/// The newest message with a code on her phone: its name, and the code.
async fn newest_code(server: &Server, visitor: &mut Visitor, person: &Person) -> (String, String) {
    let at = format!("{}/api/inbox?{}", server.base, encode(&[("to", &person.phone), ("limit", "1")]));
    let messages: Json = serde_json::from_str(&visitor.send("GET", &at, &[], String::new()).await.body).unwrap();
    let message = &messages["messages"][0];
    let text = message["body"].as_str().unwrap_or_default();
    let code = text.split(|letter: char| !letter.is_ascii_digit()).find(|run| run.len() == 6).unwrap_or_default();
    (message["id"].as_str().unwrap_or_default().to_owned(), code.to_owned())
}

fn options(page: &str) -> Json {
    let input = page
        .split("<input")
        .find(|input| input.contains("data-options"))
        .unwrap_or_else(|| panic!("no ceremony: {}", seen(page)));
    serde_json::from_str(&attribute(input, "data-options").unwrap()).unwrap()
}

/// Lets a person of ours make a passkey: signs her in with PIN and code at the portal, and adds it.
pub(crate) async fn make_passkey(server: &Server, visitor: &mut Visitor, person: &mut Person, id: u8) {
    let kind = visitor.page("/sign-in").await;
    let login = visitor.submit(&Form::with(&kind.body, "kind"), &[("kind", "person")]).await;
    with_pin(server, visitor, person, &login).await;
    let own = visitor.page("/account/passkeys").await;
    let ceremony = visitor.submit(&Form::with(&own.body, "passkeys/start"), &[]).await;
    let mut authenticator = Authenticator::new(id, &server.base);
    let answer = authenticator.make(&options(&ceremony.body));
    let made =
        visitor.submit(&Form::with(&ceremony.body, "credential"), &[("credential", &answer), ("name", "phone")]).await;
    assert!(made.body.contains("phone"), "a passkey could not be made: {}", seen(&made.body));
    person.authenticator = Some(authenticator);
}

/// Its development pages: a name and any password, then one button.
async fn at_oidc_provider(visitor: &mut Visitor, person: &Person, at: &str) -> Answer {
    let login = visitor.page(at).await;
    let fields = [("login", person.login.as_str()), ("password", person.secret.as_str())];
    let consent = visitor.submit(&Form::with(&login.body, "login"), &fields).await;
    visitor.submit(&Form::with(&consent.body, "consent"), &[]).await
}

/// Its pages are a program in the browser; these are the calls that program makes.
async fn at_glewlwyd(server: &Server, visitor: &mut Visitor, person: &Person, at: &str) -> Answer {
    let json_type = [(header::CONTENT_TYPE, "application/json")];
    let secret = json!({"username": person.login, "password": person.secret}).to_string();
    let signed_in = visitor.send("POST", "/api/auth/", &json_type, secret).await;
    assert_eq!(signed_in.status, 200, "glewlwyd let nobody in: {}", signed_in.body);
    let grant = json!({"scope": server.scope}).to_string();
    let granted = visitor.send("PUT", &format!("/api/auth/grant/{}", server.client), &json_type, grant).await;
    assert_eq!(granted.status, 200, "glewlwyd took no grant: {}", granted.body);
    visitor.send("GET", &format!("{at}&g_continue"), &[], String::new()).await
}
