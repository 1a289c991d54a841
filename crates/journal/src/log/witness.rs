//! A witness sees every head of a log before it cosigns the next, so the log cannot show two histories (C2SP tlog-witness).
//!
//! **Invariant:** a witness cosigns only a head that provably grew out of the one it cosigned last; it keeps what it saw
//! on disk before it signs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use edge::Outbound;
use serde::{Deserialize, Serialize};
use spine::{Caller, Clock, Cx, Fault};
use tlog_tiles::{Hash, check_tree, prove_tree};

use super::note::{LogKey, NoteFault, cosigned_at, open_head};
use super::rows;
use super::tree::Tiles;
use crate::acts::Acts;

/// Longest request a witness reads.
const MAX_REQUEST: usize = 64 * 1024;
const MAX_PROOF: usize = 63;

/// A witness as the log knows it.
#[derive(Clone, Debug)]
pub struct Witness {
    url: String,
    key: String,
}

impl Witness {
    /// Where it listens and its verifier key (`NAME+HASH+BASE64`).
    #[must_use]
    pub const fn new(url: String, key: String) -> Self {
        Self { url, key }
    }

    pub(super) fn name(&self) -> &str {
        self.key.split('+').next().unwrap_or_default()
    }
}

/// Shows the newest head to a witness and keeps its cosignature.
pub(super) async fn show(acts: &Acts, outbound: &Outbound, witness: &Witness) -> Result<(), Fault> {
    let mut known = None;
    for _ in 0..2 {
        let name = witness.name().to_owned();
        let from = known;
        let asked = acts.read(&Caller::system("log"), move |cx| request(cx, &name, from)).await?;
        let Some((size, note, body)) = asked else { return Ok(()) };
        let request = Request::post(format!("{}/add-checkpoint", witness.url))
            .body(Bytes::from(body))
            .map_err(|error| Fault::internal("journal.witness.request", error))?;
        let answer = outbound
            .send(request)
            .await
            .map_err(|error| Fault::unavailable("journal.witness.away").caused_by(error))?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        match answer.status() {
            StatusCode::OK => return keep(acts, witness, size, &note, text).await,
            StatusCode::CONFLICT => known = text.trim().parse::<u64>().ok(),
            status => {
                return Err(Fault::unavailable("journal.witness.refused").with("status", i64::from(status.as_u16())));
            }
        }
        if known.is_none() {
            break;
        }
    }
    Err(Fault::unavailable("journal.witness.refused"))
}

/// The head's size and note, and the request that shows it: the old size, the proof, the head.
fn request(cx: &mut Cx<'_>, witness: &str, from: Option<u64>) -> Result<Option<(i64, String, String)>, Fault> {
    let Some((size, note)) = rows::head(cx.tx())? else { return Ok(None) };
    let seen = rows::cosigned(cx.tx())?.into_iter().find(|(name, ..)| name == witness);
    let old = from.unwrap_or_else(|| seen.map_or(0, |(_, size, _)| u64::try_from(size).unwrap_or(0)));
    let new = u64::try_from(size).unwrap_or(0);
    let mut proof = Vec::new();
    if old > 0 && old < new {
        let tiles = Tiles::of(cx.tx());
        proof = match prove_tree(new, old, &tiles) {
            Ok(proof) => proof,
            Err(error) => return Err(tiles.fault(error)),
        };
    }
    let lines: String = proof.iter().map(|hash| crypto::base64(&hash.0) + "\n").collect();
    let body = format!("old {old}\n{lines}\n{note}");
    Ok(Some((size, note, body)))
}

async fn keep(acts: &Acts, witness: &Witness, size: i64, note: &str, lines: String) -> Result<(), Fault> {
    let whole = format!("{note}{lines}");
    if !matches!(cosigned_at(&whole, &witness.key), Ok(Some(_))) {
        return Err(Fault::unavailable("journal.witness.unsigned"));
    }
    let name = witness.name().to_owned();
    let line = lines.lines().next().map(|line| format!("{line}\n")).unwrap_or_default();
    let work = Box::new(move |tx: &mut dyn spine::Tx| {
        rows::put_cosigned(tx, &name, size, &line)?;
        Ok(Box::new(()) as spine::Answer)
    });
    acts.database().write(work).await.map(drop)
}

/// A witness: its key, the log it watches, and what it saw last.
pub struct Cosigner {
    key: LogKey,
    log: String,
    seen: Mutex<Seen>,
    file: PathBuf,
    clock: Arc<dyn Clock>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Seen {
    size: u64,
    root: String,
}

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error)]
pub enum WitnessFault {
    /// Not a request.
    #[error("not a request to a witness")]
    Malformed,
    /// Not a head of the log it watches.
    #[error(transparent)]
    Head(#[from] NoteFault),
    /// The request begins at another size than the witness saw last.
    #[error("the last head seen has size {0}")]
    Conflict(u64),
    /// The head did not grow out of the one seen last: the log shows two histories.
    #[error("the new head does not grow out of the last one seen")]
    Inconsistent,
    /// What was seen cannot be read or kept.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
}

impl Cosigner {
    /// A witness that keeps what it saw in `file`.
    ///
    /// # Errors
    /// [`WitnessFault::File`] if the file is there and cannot be read.
    pub fn new(key: LogKey, log: String, file: &Path, clock: Arc<dyn Clock>) -> Result<Self, WitnessFault> {
        let refuse = |error| WitnessFault::File(file.display().to_string(), error);
        let seen = match fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| refuse(error.into()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Seen::default(),
            Err(error) => return Err(refuse(error)),
        };
        Ok(Self { key, log, seen: Mutex::new(seen), file: file.to_owned(), clock })
    }

    /// Its verifier key, for the log and for everybody.
    #[must_use]
    pub fn verifier(&self) -> String {
        self.key.cosigner()
    }

    /// Looks at a new head and cosigns it.
    ///
    /// # Errors
    /// [`WitnessFault`] saying why not.
    pub fn add_checkpoint(&self, request: &str) -> Result<String, WitnessFault> {
        let (before, note) = request.split_once("\n\n").ok_or(WitnessFault::Malformed)?;
        let mut lines = before.lines();
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(|size| size.parse::<u64>().ok());
        let old = old.ok_or(WitnessFault::Malformed)?;
        let mut proof = Vec::new();
        for line in lines {
            let hash = crypto::from_base64(line).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            proof.push(Hash(hash.ok_or(WitnessFault::Malformed)?));
        }
        let head = open_head(note, &self.log)?;
        if old > head.size() || proof.len() > MAX_PROOF {
            return Err(WitnessFault::Malformed);
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if old != seen.size {
            return Err(WitnessFault::Conflict(seen.size));
        }
        let root = crypto::base64(&head.hash().0);
        if seen.size > 0 {
            let known = crypto::from_base64(&seen.root).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let known = Hash(known.ok_or(WitnessFault::Malformed)?);
            let grew = if old == head.size() {
                proof.is_empty() && seen.root == root
            } else {
                check_tree(&proof, head.size(), *head.hash(), old, known).is_ok()
            };
            if !grew {
                return Err(WitnessFault::Inconsistent);
            }
        }
        let next = Seen { size: head.size(), root };
        self.keep(&next)?;
        *seen = next;
        let text = note.split_once("\n\n").map(|(text, _)| format!("{text}\n")).ok_or(WitnessFault::Malformed)?;
        Ok(self.key.cosign(text.as_bytes(), self.clock.now())?)
    }

    /// Whole on disk before anything is signed.
    fn keep(&self, seen: &Seen) -> Result<(), WitnessFault> {
        let refuse = |error| WitnessFault::File(self.file.display().to_string(), error);
        let draft = self.file.with_extension("new");
        let bytes = serde_json::to_vec(seen).map_err(|error| refuse(error.into()))?;
        let mut file = fs::File::create(&draft).map_err(refuse)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(refuse)?;
        fs::rename(&draft, &self.file).map_err(refuse)
    }
}

/// A witness over HTTP: `POST /add-checkpoint`.
pub fn witness_routes(cosigner: Arc<Cosigner>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(edge::body_limit(MAX_REQUEST))
        .with_state(cosigner)
}

async fn add_checkpoint(State(cosigner): State<Arc<Cosigner>>, body: Bytes) -> Response {
    let Ok(request) = std::str::from_utf8(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    match cosigner.add_checkpoint(request) {
        Ok(line) => line.into_response(),
        Err(WitnessFault::Conflict(size)) => {
            (StatusCode::CONFLICT, [("content-type", "text/x.tlog.size")], format!("{size}\n")).into_response()
        }
        Err(WitnessFault::Malformed) => StatusCode::BAD_REQUEST.into_response(),
        Err(WitnessFault::Head(_)) => StatusCode::FORBIDDEN.into_response(),
        Err(WitnessFault::Inconsistent) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Err(fault @ WitnessFault::File(..)) => {
            tracing::error!(%fault, "the witness cannot keep what it saw");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
