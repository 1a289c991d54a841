//! What a bank or wallet may send to the switch's doors: addresses, headers, bodies, signatures, amounts, conditions. The doors
//! are the real ones; behind them is no database: whatever would be written is refused, once it has been read.
#![no_main]

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use crypto::{Algorithm, SigningKey};
use edge::{Outbound, OutboundLimits};
use journal::{Acts, Subscriptions};
use libfuzzer_sys::fuzz_target;
use spine::tx::Pending;
use spine::{
    Actor, Authority, Clock, Companion, Database, Entropy, Fault, Lane, Resource, Row, Secret, Timestamp, Tx, TxError,
    Value, Work,
};
use switch::{Switch, SwitchSettings};
use tower::ServiceExt;

/// Two members: one signs nothing, of the other a signature is asked.
struct Members {
    key: String,
}

impl Members {
    fn rows(&self, sql: &str) -> Vec<Row> {
        if !sql.contains("FROM switch_participant") {
            return Vec::new();
        }
        let member = |name: &str, key: Value<'static>, signs: i64| {
            let hash = crypto::sha256(&[format!("token-{name}").as_bytes()]).to_vec();
            let name = Value::Text(name.to_owned().into());
            let token = Value::Blob(hash.into());
            Row::new(vec![
                name,
                Value::Int(1),
                Value::Int(0),
                Value::Int(1),
                token,
                key,
                Value::Int(signs),
                Value::Int(1),
            ])
        };
        vec![member("plain", Value::Null, 0), member("signs", Value::Text(self.key.clone().into()), 1)]
    }
}

impl Tx for Members {
    fn execute(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<u64, TxError> {
        Err(TxError::Unavailable("nothing is kept".to_owned()))
    }
    fn query(&mut self, sql: &'static str, _: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        Ok(self.rows(sql))
    }
    fn insert(&mut self, _: &'static str, _: &[&[Value<'_>]]) -> Result<(), TxError> {
        Err(TxError::Unavailable("nothing is kept".to_owned()))
    }
    fn append(&mut self, _: &'static str, _: Vec<Value<'static>>) {}
    fn query_each(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<Vec<Row>, TxError> {
        Ok(Vec::new())
    }
    fn posts(&self) -> bool {
        true
    }
    fn take(&mut self) -> Result<Option<Box<dyn Companion>>, TxError> {
        Ok(None)
    }
    fn keep(&mut self, _: Box<dyn Companion>, _: bool) {}
}

impl Database for Members {
    fn write_in(&self, _: Lane, mut work: Work) -> Pending {
        let answer = work(&mut Self { key: self.key.clone() });
        Box::pin(async { answer })
    }
    fn read(&self, work: Work) -> Pending {
        self.write_in(Lane::Shared, work)
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_680_000_000_000)
    }
}

impl Entropy for Fixed {
    fn seed(&self) -> [u8; 32] {
        [7; 32]
    }
}

impl Authority for Fixed {
    fn decide(&self, _: &Actor, _: &str, _: &Resource) -> Result<(), Fault> {
        Ok(())
    }
}

struct Doors {
    router: Router,
    runtime: tokio::runtime::Runtime,
}

fn doors() -> &'static Doors {
    static DOORS: OnceLock<Doors> = OnceLock::new();
    DOORS.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let key = SigningKey::generate(Algorithm::Es256).expect("a key");
        let jwk = crypto::jose::jwk(&key.public()).to_string();
        let acts = Acts::new(
            Arc::new(Members { key: jwk }),
            Arc::new(Fixed),
            Arc::new(Fixed),
            Arc::new(Fixed),
            Subscriptions::default(),
        );
        let (outbound, zone) = (Outbound::new(OutboundLimits::default()), jiff::tz::TimeZone::UTC);
        let (secret, hub) = (Secret::new([7; 32]), "Hub".to_owned());
        let switch = Switch::new(SwitchSettings { acts, outbound, key: Arc::new(key), secret, hub, zone });
        runtime.block_on(switch.refresh()).expect("two members");
        Doors { router: switch.interface(), runtime }
    })
}

/// The first line is a verb, a member and an address with a bar between them, then headers, an empty line, and the body.
fn message(bytes: &[u8]) -> Option<Request<Body>> {
    let split = bytes.windows(2).position(|two| two == b"\n\n")?;
    let (head, body) = bytes.split_at(split);
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let mut first = lines.next()?.splitn(3, '|');
    let (verb, member, path) = (first.next()?, first.next()?, first.next()?);
    let mut request = Request::builder().method(verb).uri(format!("/api/fspiop/{path}"));
    request = request.header(header::AUTHORIZATION, format!("Bearer token-{member}"));
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name.trim(), value.trim());
    }
    request.body(Body::from(body.get(2..)?.to_vec())).ok()
}

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = message(bytes) else { return };
    let doors = doors();
    let answer = doors.runtime.block_on(doors.router.clone().oneshot(request)).expect("a door always answers");
    // Nothing can be kept here, so what is found in order cannot be done: but that is said, and nothing falls.
    assert!(answer.status().as_u16() >= 200);
});
