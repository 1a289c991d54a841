//! A browser, more or less: cookies, forms with their token, redirects that stay on the site.
//!
//! **Invariant:** it sends only what a browser would.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::{BASE, LINEO_NUMBER, LINEO_PIN, OFFICER_NAME, OFFICER_PASSWORD, World};

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let start = self.body.find(&mark).unwrap_or_else(|| panic!("no {name} in {}", self.body)) + mark.len();
        unescape(self.body[start..].split('"').next().unwrap())
    }

    /// The values of the boxes of this name that are ticked.
    pub(crate) fn checked(&self, name: &str) -> Vec<String> {
        let inputs = self.body.split("<input").skip(1).map(|input| input.split('>').next().unwrap());
        let ours = inputs.filter(|input| input.contains(&format!("name=\"{name}\"")) && input.contains("checked"));
        ours.map(|input| unescape(input.split("value=\"").nth(1).unwrap().split('"').next().unwrap())).collect()
    }

    /// A parameter of the address redirected to.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let query = self.location().split_once('?')?.1;
        let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
        Some(edge::Answers::parse(format!("v={value}").as_bytes()).unwrap().all("v")[0].clone())
    }
}

pub(crate) fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Percent-encodes everything but letters and digits.
pub(crate) fn coded(text: &str) -> String {
    let code = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(code).collect()
}

#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) app: Router,
    pub(crate) cookies: Vec<String>,
    page: Option<Answer>,
}

impl Browser {
    pub(crate) fn new(world: &World) -> Self {
        Self { app: world.app.clone(), cookies: Vec::new(), page: None }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let start = format!("{name}=");
        self.cookies.iter().find_map(|pair| pair.strip_prefix(&start)).map(str::to_owned)
    }

    pub(crate) async fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let target = target.strip_prefix(BASE).unwrap_or(target);
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(target);
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let line = cookie.to_str().unwrap();
            assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
            let pair = line.split(';').next().unwrap().to_owned();
            let name = pair.split('=').next().unwrap().to_owned() + "=";
            self.cookies.retain(|own| !own.starts_with(&name));
            if !line.contains("Max-Age=0") {
                self.cookies.push(pair);
            }
        }
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!body.contains(">identity.") && !body.contains(">fault."), "a key without words: {body}");
        Answer { status, headers, body }
    }

    /// A page, without following redirects.
    pub(crate) async fn get(&mut self, target: &str) -> Answer {
        let headers = [("accept", "text/html"), ("user-agent", "Mozilla/5.0 (Android 14) Firefox/140.0")];
        let answer = self.ask("GET", target, &headers, String::new()).await;
        self.page = Some(answer.clone());
        answer
    }

    /// A page at the end of the redirects that stay on the site.
    pub(crate) async fn open(&mut self, target: &str) -> Answer {
        let mut answer = self.get(target).await;
        for _ in 0..10 {
            let to = answer.location().to_owned();
            if !answer.status.is_redirection() || !(to.starts_with('/') || to.starts_with(BASE)) {
                break;
            }
            answer = self.get(&to).await;
        }
        answer
    }

    /// Sends the form of the page last seen, with the boxes that stand ticked unless the fields say others.
    pub(crate) async fn send(&mut self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.page.as_ref().map(|page| page.hidden("_form")).unwrap_or_default();
        let mut body = format!("_form={token}");
        let ticked = self.page.as_ref().map(|page| page.checked("claim")).unwrap_or_default();
        let own = fields.iter().any(|(name, _)| *name == "claim");
        let ticked = ticked.iter().filter(|_| !own).map(|value| ("claim", value.as_str()));
        for (name, value) in fields.iter().copied().chain(ticked) {
            body.push_str(&format!("&{name}={}", coded(value)));
        }
        let headers = [
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", BASE),
            ("user-agent", "Mozilla/5.0 (Android 14) Firefox/140.0"),
        ];
        let answer = self.ask("POST", target, &headers, body).await;
        if answer.status != 303 {
            self.page = Some(answer.clone());
        }
        answer
    }

    /// Sends a form and opens what it leads to, while that is on the site.
    pub(crate) async fn submit(&mut self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(target, fields).await;
        let to = answer.location().to_owned();
        if to.starts_with('/') || to.starts_with(BASE) { self.open(&to).await } else { answer }
    }

    /// From the first page of a sign-in to the question for the secret.
    pub(crate) async fn name(&mut self, kind: &str, login: &str) -> Answer {
        self.submit("/oauth2/sign-in", &[("kind", kind)]).await;
        self.submit("/oauth2/sign-in/login", &[("login", login)]).await
    }

    pub(crate) async fn secret(&mut self, secret: &str) -> Answer {
        self.submit("/oauth2/sign-in/secret", &[("secret", secret)]).await
    }

    pub(crate) async fn code(&mut self, code: &str) -> Answer {
        self.submit("/oauth2/sign-in/code", &[("code", code)]).await
    }

    /// Lineo signs in, from the first page on.
    pub(crate) async fn lineo(&mut self, world: &World) -> Answer {
        self.name("person", LINEO_NUMBER).await;
        self.secret(LINEO_PIN).await;
        let code = world.code().await;
        self.code(&code).await
    }

    /// The officer signs in, from the first page on.
    pub(crate) async fn officer(&mut self, world: &World) -> Answer {
        self.name("officer", OFFICER_NAME).await;
        self.secret(OFFICER_PASSWORD).await;
        self.code(&world.totp()).await
    }

    pub(crate) async fn me(&mut self) -> String {
        self.get("/me").await.body
    }
}

/// Lineo in a browser of hers, signed in to the portal.
pub(crate) async fn signed_in(world: &World) -> Browser {
    let mut browser = Browser::new(world);
    browser.open("/sign-in?next=/me").await;
    browser.lineo(world).await;
    browser
}
