//! What an OpenID provider takes for each thing it does, ours and others', asked in the same way over loopback:
//! `bench identity SERVER.json [PART]`, one server at a time (`bench/identity/run` starts them in turn and makes the table).
//!
//! **Invariant:** an answer that is not the expected one ends the run: nothing refused is counted. CPU time is the
//! server's own (proc(5)), so what drives it, and a busy machine, do not show in it.

mod sign_in;
mod visitor;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::header;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use sign_in::{Person, VERIFIER, Way};
use visitor::{Visitor, encode};

/// One server, as the run describes it.
#[derive(Deserialize)]
pub(crate) struct Server {
    /// `letsema`, `oidc-provider` or `glewlwyd`.
    pub(crate) kind: String,
    /// Scheme, host and port.
    pub(crate) base: String,
    /// Its process.
    pid: u32,
    pub(crate) client: String,
    /// The client that asks for itself, with the same secret.
    machine: String,
    secret: String,
    pub(crate) redirect: String,
    /// What the client asks for itself.
    machine_scope: String,
    /// What a login asks for.
    pub(crate) scope: String,
    pub(crate) authorize: String,
    token: String,
    userinfo: String,
    introspect: String,
    people: Vec<Described>,
    /// How many sign in at the same time.
    logins_at_once: usize,
    /// How long each part is measured.
    seconds: u64,
}

#[derive(Deserialize)]
struct Described {
    login: String,
    secret: String,
    phone: String,
}

/// One who asks over and over.
struct Worker {
    visitor: Visitor,
    person: Person,
    tokens: Json,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    ClientCredentials,
    Refresh,
    Userinfo,
    Introspection,
    Login(Way),
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::Refresh => "refresh, rotated",
            Self::Userinfo => "userinfo",
            Self::Introspection => "introspection",
            Self::Login(Way::Secret) => "complete login, secret",
            Self::Login(Way::Passkey) => "complete login, passkey",
        }
    }
}

/// Measures each part whose name has `only` in it, and prints a line of JSON for it.
pub(crate) fn run(file: &str, only: &str) {
    let server: Server = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(drive(Arc::new(server), only));
}

async fn drive(server: Arc<Server>, only: &str) {
    let mut workers = Vec::new();
    for (place, one) in (0_u8..).zip(&server.people) {
        let (login, secret, phone) = (one.login.clone(), one.secret.clone(), one.phone.clone());
        let mut visitor = Visitor::new(&server.base, u32::from(place) + 1);
        let mut person = Person { login, secret, phone, authenticator: None };
        if server.kind == "letsema" {
            sign_in::make_passkey(&server, &mut visitor, &mut person, place).await;
        }
        workers.push(Worker { visitor, person, tokens: Json::Null });
    }
    let mut parts = vec![Part::ClientCredentials, Part::Refresh, Part::Userinfo, Part::Introspection];
    parts.push(Part::Login(Way::Secret));
    if server.kind == "letsema" {
        parts.push(Part::Login(Way::Passkey));
    }
    for part in parts.into_iter().filter(|part| part.name().contains(only)) {
        workers = measure(&server, workers, part).await;
    }
}

async fn measure(server: &Arc<Server>, mut workers: Vec<Worker>, part: Part) -> Vec<Worker> {
    if matches!(part, Part::Refresh | Part::Userinfo | Part::Introspection) {
        for worker in &mut workers {
            worker.login(server, if server.kind == "letsema" { Way::Passkey } else { Way::Secret }).await;
        }
    }
    let idle = match part {
        Part::Login(_) => workers.split_off(server.logins_at_once.min(workers.len())),
        _ => Vec::new(),
    };
    let process = server.pid.to_string();
    let over = Arc::new(AtomicBool::new(false));
    let (cpu, begun) = (crate::cpu_time_of(&process), Instant::now());
    let running: Vec<_> = workers
        .into_iter()
        .map(|mut worker| {
            let (server, over) = (Arc::clone(server), Arc::clone(&over));
            tokio::spawn(async move {
                let mut took = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    worker.once(&server, part).await;
                    took.push(begun.elapsed());
                }
                (worker, took)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(server.seconds)).await;
    over.store(true, Ordering::Relaxed);
    let (mut back, mut took) = (idle, Vec::new());
    for one in running {
        let (worker, own) = one.await.unwrap();
        back.push(worker);
        took.extend(own);
    }
    let (wall, cpu) = (begun.elapsed(), crate::cpu_time_of(&process).saturating_sub(cpu));
    took.sort_unstable();
    let count = u64::try_from(took.len()).unwrap();
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap();
    let at = |hundredth: usize| took.get(took.len() * hundredth / 100).copied().map_or(0, micros);
    println!(
        "{}",
        json!({
            "server": server.kind, "part": part.name(), "count": count, "each_cpu_us": micros(cpu) / count.max(1),
            "a_second": count * 1_000_000 / micros(wall),
            "p50_us": at(50), "p99_us": at(99),
            "resident_mib": crate::resident(&process),
        })
    );
    back
}

impl Worker {
    async fn once(&mut self, server: &Server, part: Part) {
        match part {
            Part::ClientCredentials => {
                let fields = [("grant_type", "client_credentials"), ("scope", server.machine_scope.as_str())];
                let tokens = self.ask(server, &server.token, &fields).await;
                assert!(tokens["access_token"].is_string(), "no token: {tokens}");
            }
            Part::Refresh => {
                let own = self.tokens["refresh_token"]
                    .as_str()
                    .unwrap_or_else(|| panic!("nothing to refresh: {}", self.tokens));
                let fields = [("grant_type", "refresh_token"), ("refresh_token", own)]
                    .map(|(name, value)| (name, value.to_owned()));
                let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let tokens = self.ask(server, &server.token, &fields).await;
                assert!(tokens["refresh_token"].is_string(), "no token: {tokens}");
                self.tokens = tokens;
            }
            Part::Userinfo => {
                let bearer = format!("Bearer {}", self.tokens["access_token"].as_str().unwrap());
                let headers = [(header::AUTHORIZATION, bearer.as_str())];
                // The client asks, not the browser.
                let cookies = std::mem::take(&mut self.visitor.cookies);
                let answer = self.visitor.send("GET", &server.userinfo, &headers, String::new()).await;
                self.visitor.cookies = cookies;
                assert!(answer.status == 200 && answer.body.contains("\"sub\""), "no claims: {}", answer.body);
            }
            Part::Introspection => {
                let token = self.tokens["access_token"].as_str().unwrap().to_owned();
                let told = self.ask(server, &server.introspect, &[("token", token.as_str())]).await;
                assert_eq!(told["active"], true, "not active: {told}");
            }
            Part::Login(way) => self.login(server, way).await,
        }
    }

    /// A POST as the client, which proves itself in the header.
    async fn ask(&mut self, server: &Server, at: &str, fields: &[(&str, &str)]) -> Json {
        let itself = fields.first().is_some_and(|(_, value)| *value == "client_credentials");
        let client = if itself { &server.machine } else { &server.client };
        let basic = format!("Basic {}", crypto::base64(format!("{client}:{}", server.secret).as_bytes()));
        let headers =
            [(header::AUTHORIZATION, basic.as_str()), (header::CONTENT_TYPE, "application/x-www-form-urlencoded")];
        let cookies = std::mem::take(&mut self.visitor.cookies);
        let answer = self.visitor.send("POST", at, &headers, encode(fields)).await;
        self.visitor.cookies = cookies;
        assert_eq!(answer.status, 200, "{at} refused {:?}: {}", fields.first(), answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Authorization, consent, code, token, userinfo.
    async fn login(&mut self, server: &Server, way: Way) {
        self.visitor.move_on();
        let code = sign_in::code(server, &mut self.visitor, &mut self.person, way).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", server.redirect.as_str()),
            ("code_verifier", VERIFIER),
        ];
        self.tokens = self.ask(server, &server.token, &fields).await;
        assert!(self.tokens["id_token"].is_string(), "no ID token: {}", self.tokens);
        self.once_userinfo(server).await;
    }

    async fn once_userinfo(&mut self, server: &Server) {
        Box::pin(self.once(server, Part::Userinfo)).await;
    }
}
