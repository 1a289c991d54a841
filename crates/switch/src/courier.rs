//! Delivers letters: at once from memory, and from their rows whatever was not delivered when the program ended or the other side
//! was away.
//!
//! **Invariant:** a kept letter is forgotten only after the other side took it, or after it was tried for hours. One participant
//! that is slow holds up nobody else: only so many calls to it run at once, the rest waits in the rows.
//! Where next: `letter.rs` for what they are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use crypto::SigningKey;
use edge::Outbound;
use journal::{Acts, Key};
use spine::{Act, Caller, Cx, Fault, Resource};
use tokio::sync::mpsc;

use crate::fspiop::error::{DESTINATION, Refused};
use crate::fspiop::headers::{self, SIGNATURE, URI, Verb};
use crate::fspiop::signature::{Signed, sign};
use crate::letter::{Letter, LetterId};
use crate::registry::Registry;
use crate::rows::letters as rows;
use crate::transfers::Post;

/// Calls to one participant at the same time.
const AT_ONCE: usize = 256;
/// Tried so often, the last time after some four hours.
const TRIES: i64 = 20;
const LONGEST_PAUSE_SECONDS: i64 = 900;
/// How many outcomes are written down together, and how long the first of them waits for others.
const TOGETHER: usize = 512;
const GATHER: Duration = Duration::from_millis(50);
/// How often rows are looked through for letters that are due, and how many are taken.
const LOOK: Duration = Duration::from_secs(2);
const TAKE: i64 = 500;

/// Whom to tell if a message could not be handed on, and how.
#[derive(Clone, Debug)]
pub(crate) struct OrElse {
    pub(crate) to: String,
    pub(crate) path: String,
    pub(crate) version: String,
}

struct Outcome {
    id: LetterId,
    tries: i64,
    delivered: bool,
}

/// Delivers letters. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Courier {
    inner: Arc<Inner>,
}

struct Inner {
    acts: Acts,
    outbound: Outbound,
    registry: Registry,
    hub: String,
    key: Arc<SigningKey>,
    running: Mutex<HashMap<String, usize>>,
    outcomes: mpsc::UnboundedSender<Outcome>,
    told: Mutex<Option<mpsc::UnboundedReceiver<Outcome>>>,
}

impl Courier {
    pub(crate) fn new(acts: Acts, outbound: Outbound, registry: Registry, hub: String, key: Arc<SigningKey>) -> Self {
        let (outcomes, told) = mpsc::unbounded_channel();
        let (running, told) = (Mutex::default(), Mutex::new(Some(told)));
        Self { inner: Arc::new(Inner { acts, outbound, registry, hub, key, running, outcomes, told }) }
    }

    /// Sends what an operation left, without waiting.
    pub(crate) fn post(&self, post: Post) {
        for kept in post.kept {
            self.spawn(kept.letter, Some((kept.id, 0)), None);
        }
        for letter in post.passing {
            self.spawn(letter, None, None);
        }
    }

    /// Hands a message on that is kept nowhere; if that fails, its sender hears it.
    pub(crate) fn pass(&self, letter: Letter, or_else: Option<OrElse>) {
        self.spawn(letter, None, or_else);
    }

    fn spawn(&self, letter: Letter, kept: Option<(LetterId, i64)>, or_else: Option<OrElse>) {
        if !self.enter(&letter.to) {
            // A kept one is found in its row; of another the sender hears that the other side is not to be reached.
            if let (None, Some(or_else)) = (kept, or_else) {
                self.tell_undelivered(or_else);
            }
            return;
        }
        let courier = self.clone();
        tokio::spawn(async move {
            let delivered = courier.deliver(&letter).await;
            courier.leave(&letter.to);
            match (kept, or_else) {
                (Some((id, tries)), _) => {
                    let _ = courier.inner.outcomes.send(Outcome { id, tries: tries + 1, delivered });
                }
                (None, Some(or_else)) if !delivered => courier.tell_undelivered(or_else),
                (None, _) => {}
            }
        });
    }

    fn enter(&self, to: &str) -> bool {
        let mut running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(to.to_owned()).or_default();
        let free = *count < AT_ONCE;
        *count += usize::from(free);
        free
    }

    fn leave(&self, to: &str) {
        let mut running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(to) {
            *count = count.saturating_sub(1);
        }
    }

    fn tell_undelivered(&self, or_else: OrElse) {
        let OrElse { to, path, version } = or_else;
        let resource = path.split('/').nth(1).unwrap_or_default().to_owned();
        let body = Refused::from(DESTINATION).body();
        self.spawn(Letter::own(&self.inner.hub, &to, Verb::Put, path, (&resource, &version), &body), None, None);
    }

    /// Whether the other side took it, or said that it never will.
    async fn deliver(&self, letter: &Letter) -> bool {
        let Some(request) = self.request(letter) else {
            tracing::warn!(to = letter.to, "a letter has nowhere to go");
            return false;
        };
        match self.inner.outbound.send(request).await {
            Ok(answer) => {
                let status = answer.status();
                let later = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
                if !status.is_success() {
                    let (to, resource) = (&letter.to, letter.resource());
                    tracing::warn!(to, resource, status = status.as_u16(), "a letter was not taken");
                }
                !status.is_server_error() && !later
            }
            Err(error) => {
                tracing::debug!(to = letter.to, %error, "a letter was not delivered");
                false
            }
        }
    }

    fn request(&self, letter: &Letter) -> Option<Request<Bytes>> {
        let known = self.inner.registry.find(&letter.to)?;
        let uri = format!("{}{}", known.base(letter.resource())?, letter.path);
        let method = Method::from_bytes(letter.verb.name().as_bytes()).ok()?;
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in &letter.headers {
            request = request.header(headers::named(name)?, value);
        }
        if letter.own {
            let date = http_date(self.inner.acts.now());
            let signed = Signed {
                verb: letter.verb,
                uri: &letter.path,
                source: &self.inner.hub,
                destination: Some(&letter.to),
                date: &date,
            };
            let signature = sign(&self.inner.key, &signed, letter.body.as_bytes())?;
            request = request.header(SIGNATURE, signature).header("date", &date);
        }
        if letter.header(URI).is_none() {
            request = request.header(URI, &letter.path).header(headers::METHOD, letter.verb.name());
        }
        request.body(Bytes::from(letter.body.clone())).ok()
    }

    /// Writes down what became of kept letters, and looks for those that are due, until the program ends.
    pub(crate) async fn run(self) {
        let told = self.inner.told.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(told) = told else { return };
        let writing = self.clone().write_down(told);
        let looking = async {
            loop {
                tokio::time::sleep(LOOK).await;
                if let Err(fault) = self.look().await {
                    tracing::warn!(%fault, "letters that are due were not read");
                }
            }
        };
        tokio::join!(writing, looking);
    }

    async fn write_down(self, mut told: mpsc::UnboundedReceiver<Outcome>) {
        let mut batch = Vec::with_capacity(TOGETHER);
        while told.recv_many(&mut batch, TOGETHER).await > 0 {
            if batch.len() < TOGETHER {
                tokio::time::sleep(GATHER).await;
                while batch.len() < TOGETHER {
                    let Ok(more) = told.try_recv() else { break };
                    batch.push(more);
                }
            }
            let outcomes = Arc::new(std::mem::take(&mut batch));
            let write = move |cx: &mut Cx<'_>| settle(cx, &outcomes);
            // What is not written down is sent once more; whoever gets it twice knows it by its identifier.
            if let Err(fault) = self.inner.acts.write(&Caller::system("switch"), &Key::none(), write).await {
                tracing::warn!(%fault, "deliveries were not written down");
            }
        }
    }

    /// Takes letters that are due and sends them.
    ///
    /// # Errors
    /// The store's faults.
    pub(crate) async fn look(&self) -> Result<usize, Fault> {
        let caller = Caller::system("switch");
        let any = self.inner.acts.read(&caller, |cx| {
            let now = cx.now();
            Ok(!rows::due(cx.tx(), now, 1)?.is_empty())
        });
        if !any.await? {
            return Ok(0);
        }
        let taken = self.inner.acts.write(&caller, &Key::none(), claim).await?;
        let count = taken.len();
        for (id, letter, tries) in taken {
            self.spawn(letter, Some((id, tries)), None);
        }
        Ok(count)
    }
}

/// Takes letters that are due; others leave them alone for a while.
fn claim(cx: &mut Cx<'_>) -> Result<Vec<(LetterId, Letter, i64)>, Fault> {
    cx.may("switch.letter.deliver", &Resource::new("Letter", "due"))?;
    let now = cx.now();
    let due = rows::due(cx.tx(), now, TAKE)?;
    for (id, _, tries) in &due {
        rows::again(cx.tx(), *id, *tries, now.plus_seconds(30))?;
    }
    if !due.is_empty() {
        cx.record(Act::new("switch.letters.taken").on("letters").with("count", due.len()));
    }
    Ok(due)
}

fn settle(cx: &mut Cx<'_>, outcomes: &[Outcome]) -> Result<(), Fault> {
    cx.may("switch.letter.deliver", &Resource::new("Letter", "sent"))?;
    let (now, mut delivered, mut given_up) = (cx.now(), 0, 0);
    for outcome in outcomes {
        if outcome.delivered || outcome.tries >= TRIES {
            rows::delete(cx.tx(), outcome.id)?;
            delivered += i64::from(outcome.delivered);
            given_up += i64::from(!outcome.delivered);
        } else {
            let pause = 1_i64 << outcome.tries.clamp(0, 10);
            let due_at = now.plus_seconds(pause.min(LONGEST_PAUSE_SECONDS));
            rows::again(cx.tx(), outcome.id, outcome.tries, due_at)?;
        }
    }
    cx.record(Act::new("switch.letters.sent").on("letters").with("delivered", delivered).with("given_up", given_up));
    Ok(())
}

/// As the `Date` header writes a moment (RFC 9110 §5.6.7).
fn http_date(now: spine::Timestamp) -> String {
    let system = std::time::UNIX_EPOCH + Duration::from_micros(u64::try_from(now.as_micros()).unwrap_or(0));
    httpdate::fmt_http_date(system)
}
