//! A switch with two wallets and a bank, who write down what they are told and answer only when a test says so.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use crypto::{Algorithm, SigningKey, base64url};
use edge::{Outbound, OutboundLimits};
use http_body_util::BodyExt;
use jiff::tz::TimeZone;
use journal::{Acts, Key, Subscriptions};
use serde_json::{Value, json};
use spine::{Authority, Caller, Currency, Cx, Fault, Migration, Money, Secret};
use switch::{Access, Cap, Direction, Funds, Joining, Switch, SwitchSettings};
use testkit::{Everything, SeededEntropy, TestClock, TestDatabase};
use tower::ServiceExt;

pub(crate) const HUB: &str = "Hub";
pub(crate) const FSPS: [&str; 3] = ["bank", "mpesa", "ecocash"];
const SECRET: [u8; 32] = [7; 32];

/// What an institution was told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) to: String,
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Value,
}

#[derive(Clone, Default)]
struct Post {
    told: Arc<Mutex<Vec<Told>>>,
    /// Who does not answer the telephone.
    away: Arc<Mutex<Vec<String>>>,
    /// Who takes its time.
    slow: Arc<Mutex<Option<(String, Duration)>>>,
}

pub(crate) struct World {
    pub(crate) acts: Acts,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) switch: Switch,
    router: Router,
    post: Post,
    pub(crate) base: String,
    pub(crate) key: Arc<SigningKey>,
}

pub(crate) fn migrations() -> Vec<Migration> {
    [journal::MIGRATIONS, payments::MIGRATIONS, switch::MIGRATIONS].concat()
}

pub(crate) fn lsl(minor: i64) -> Money {
    Money::new(minor, Currency::parse("LSL").unwrap())
}

pub(crate) fn token(name: &str) -> String {
    format!("{name}-token-of-at-least-22-characters")
}

/// Runs a story on each database.
pub(crate) fn on_each<F: AsyncFn(&World)>(story: F) {
    for database in testkit::databases(&migrations()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::start(&database, Arc::new(Everything)).await;
            story(&world).await;
        });
    }
}

async fn take(State(post): State<Post>, request: Request<Body>) -> StatusCode {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let path = parts.uri.path().to_owned();
    let (to, rest) = path[1..].split_once('/').unwrap();
    if post.away.lock().unwrap().iter().any(|name| name == to) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let slow = post.slow.lock().unwrap().clone().filter(|(name, _)| name == to);
    if let Some((_, pause)) = slow {
        tokio::time::sleep(pause).await;
    }
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let (to, path) = (to.to_owned(), format!("/{rest}"));
    post.told.lock().unwrap().push(Told { to, verb: parts.method.to_string(), path, headers: parts.headers, body });
    StatusCode::OK
}

impl World {
    pub(crate) async fn start(database: &TestDatabase, authority: Arc<dyn Authority>) -> Self {
        let post = Post::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(take).with_state(post.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let clock = Arc::new(TestClock::at("2026-11-26T06:00:00Z"));
        let acts = Acts::new(
            Arc::new(database.store.clone()),
            Arc::clone(&clock) as _,
            Arc::new(SeededEntropy::default()),
            authority,
            Subscriptions::default(),
        );
        let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let switch = switch(&acts, &key);
        switch.open(vec![lsl(0).currency()]).await.unwrap();
        let router = switch.interface();
        let world = Self { acts, clock, switch, router, post, base, key };
        world.admit(HUB, None, false).await;
        for name in FSPS {
            world.join(name, 100_000, 100_000).await;
        }
        tokio::spawn(world.switch.clone().run());
        world
    }

    /// The switch's doors, for whoever listens for it.
    pub(crate) fn doors(&self) -> Router {
        self.router.clone()
    }

    /// Another switch on the same database, as after a restart.
    pub(crate) fn another(&self) -> Switch {
        switch(&self.acts, &self.key)
    }

    pub(crate) async fn write<T>(
        &self,
        operation: impl FnMut(&mut Cx<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        self.acts.write(&Caller::system("test"), &Key::none(), operation).await
    }

    pub(crate) async fn join(&self, name: &'static str, cap: i64, deposit: i64) {
        let address = format!("{}/{name}", self.base);
        let join = move |cx: &mut Cx<'_>| {
            switch::enrol(cx, &Joining { name: name.to_owned(), currency: lsl(0).currency() })?;
            switch::set_endpoint(cx, name, "FSPIOP_CALLBACK_URL", &address)?;
            switch::set_cap(cx, name, &Cap { amount: lsl(cap), alarm_percent: 10 })
        };
        self.write(join).await.unwrap();
        self.admit(name, None, false).await;
        self.deposit(name, deposit).await.unwrap();
    }

    pub(crate) async fn admit(&self, name: &'static str, jws_key: Option<Value>, signs: bool) {
        let admit = move |cx: &mut Cx<'_>| {
            let access = Access { token: Secret::new(token(name)), jws_key: jws_key.clone(), signs };
            switch::set_access(cx, name, &access)
        };
        self.write(admit).await.unwrap();
        self.switch.refresh().await.unwrap();
    }

    pub(crate) async fn deposit(&self, name: &'static str, minor: i64) -> Result<(), Fault> {
        self.fund(name, minor, Direction::In).await
    }

    pub(crate) async fn fund(&self, name: &'static str, minor: i64, direction: Direction) -> Result<(), Fault> {
        let funds = Funds { id: uuid(), participant: name.to_owned(), amount: lsl(minor), direction };
        self.write(move |cx| switch::fund(cx, &funds)).await
    }

    pub(crate) fn away(&self, names: &[&str]) {
        *self.post.away.lock().unwrap() = names.iter().map(|name| (*name).to_owned()).collect();
    }

    pub(crate) fn slow(&self, name: &str, pause: Duration) {
        *self.post.slow.lock().unwrap() = Some((name.to_owned(), pause));
    }

    /// Sends a message as `from`; answers status and body.
    pub(crate) async fn send(&self, from: &str, verb: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send_text(from, verb, path, &text, &[]).await
    }

    pub(crate) async fn send_text(
        &self,
        from: &str,
        verb: Method,
        path: &str,
        text: &str,
        extra: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let resource = path.split('/').nth(1).unwrap();
        let kind = format!("application/vnd.interoperability.{resource}+json;version=1.1");
        let mut request = Request::builder()
            .method(verb)
            .uri(format!("/api/fspiop{path}"))
            .header("fspiop-source", from)
            .header("date", "Thu, 26 Nov 2026 06:00:00 GMT")
            .header("content-type", &kind)
            .header("authorization", format!("Bearer {}", token(from)));
        for (name, value) in extra {
            request.headers_mut().unwrap().remove(*name);
            if !value.is_empty() {
                request = request.header(*name, *value);
            }
        }
        answer(self.router.clone().oneshot(request.body(Body::from(text.to_owned())).unwrap()).await.unwrap()).await
    }

    /// Asks the administration as the hub.
    pub(crate) async fn admin(&self, verb: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        self.admin_as(HUB, verb, path, body).await
    }

    pub(crate) async fn admin_as(&self, who: &str, verb: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(verb)
            .uri(format!("/api/switch{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", token(who)))
            .body(Body::from(if body.is_null() { String::new() } else { body.to_string() }))
            .unwrap();
        answer(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// A file of the administration.
    pub(crate) async fn file_as(&self, who: &str, path: &str) -> (StatusCode, String) {
        let request = Request::builder().uri(format!("/api/switch{path}"));
        let request = request.header("authorization", format!("Bearer {}", token(who))).body(Body::empty()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// The next thing `to` is told at a path that ends so; it is taken away.
    pub(crate) async fn told(&self, to: &str, verb: &str, ends: &str) -> Told {
        for _ in 0..600 {
            if let Some(found) = self.take(to, verb, ends) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{to} was not told {verb} …{ends}; only {:?}", self.post.told.lock().unwrap());
    }

    pub(crate) fn take(&self, to: &str, verb: &str, ends: &str) -> Option<Told> {
        self.take_where(to, |one| one.verb == verb && one.path.ends_with(ends))
    }

    pub(crate) fn take_where(&self, to: &str, fits: impl Fn(&Told) -> bool) -> Option<Told> {
        let mut told = self.post.told.lock().unwrap();
        let place = told.iter().position(|one| one.to == to && fits(one))?;
        Some(told.remove(place))
    }

    /// Asks for a transfer and sees that the payee's institution is asked.
    pub(crate) async fn ask(&self, from: &str, to: &str, minor: i64) -> String {
        let body = asking(from, to, minor);
        let id = body["transferId"].as_str().unwrap().to_owned();
        let (status, said) = self.send(from, Method::POST, "/transfers", &body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{said}");
        let asked = self.told(to, "POST", "/transfers").await;
        assert_eq!(asked.body["transferId"], id.as_str());
        id
    }

    /// A transfer from beginning to end.
    pub(crate) async fn pay(&self, from: &str, to: &str, minor: i64) -> String {
        let id = self.ask(from, to, minor).await;
        assert_eq!(self.fulfil(to, &id).await, StatusCode::OK);
        let told = self.told(from, "PUT", &id).await;
        assert_eq!(told.body["transferState"], "COMMITTED");
        id
    }

    pub(crate) async fn fulfil(&self, by: &str, id: &str) -> StatusCode {
        self.send(by, Method::PUT, &format!("/transfers/{id}"), &fulfilling(id, "COMMITTED")).await.0
    }

    /// What a participant owes the others.
    pub(crate) async fn position(&self, name: &str) -> i64 {
        let (_, all) = self.admin(Method::GET, &format!("/participants/{name}/positions"), &Value::Null).await;
        minor(&all[0]["value"])
    }

    pub(crate) async fn deposited(&self, name: &str) -> i64 {
        let (_, all) = self.admin(Method::GET, &format!("/participants/{name}/accounts"), &Value::Null).await;
        let own = all.as_array().unwrap().iter().find(|one| one["ledgerAccountType"] == "SETTLEMENT").unwrap();
        -minor(&own["value"])
    }

    /// Adds all of the ledger up again.
    pub(crate) async fn must_be_sound(&self) {
        let audit = |cx: &mut Cx<'_>| payments::audit(cx).map(|audit| format!("{:?}", audit.findings));
        assert_eq!(self.acts.post(&Caller::system("test"), &Key::none(), audit).await.unwrap(), "[]");
    }
}

fn switch(acts: &Acts, key: &Arc<SigningKey>) -> Switch {
    Switch::new(SwitchSettings {
        acts: acts.clone(),
        outbound: Outbound::new(OutboundLimits::default()),
        key: Arc::clone(key),
        secret: Secret::new(SECRET),
        hub: HUB.to_owned(),
        zone: TimeZone::UTC,
    })
}

/// Lisente of a JSON number of maloti.
pub(crate) fn minor(value: &Value) -> i64 {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let size: i64 = format!("{}{part:0<2}", whole.trim_start_matches('-')).parse().unwrap();
    if text.starts_with('-') { -size } else { size }
}

async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

pub(crate) fn uuid() -> String {
    let hex = crypto::hex(&crypto::random::<16>());
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

pub(crate) fn secret(id: &str) -> [u8; 32] {
    crypto::sha256(&[b"fulfilment of ", id.as_bytes()])
}

pub(crate) fn asking(from: &str, to: &str, minor: i64) -> Value {
    let id = uuid();
    json!({
        "transferId": id,
        "payerFsp": from,
        "payeeFsp": to,
        "amount": amount(minor),
        "ilpPacket": "AYIBgQAAAAAAAASwNGxldmVsb25lLmRmc3AxLm1lci45T2RTOF81MDdqUUZERmZlakgyOVc4bXFmNEpLMHlGTFGCAUBQU0svMS4w",
        "condition": base64url(&crypto::sha256(&[&secret(&id)])),
        "expiration": "2026-11-26T06:01:00.000Z",
    })
}

pub(crate) fn amount(minor: i64) -> Value {
    let digits = lsl(minor).digits();
    json!({ "amount": digits.trim_end_matches('0').trim_end_matches('.'), "currency": "LSL" })
}

pub(crate) fn fulfilling(id: &str, state: &str) -> Value {
    json!({
        "transferState": state,
        "fulfilment": base64url(&secret(id)),
        "completedTimestamp": "2026-11-26T06:00:01.000Z",
    })
}
