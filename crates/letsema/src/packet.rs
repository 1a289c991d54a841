//! `letsema packet`: the field client. A key, a packet from a form and files with no network at all, and sending that goes on
//! where it broke off.
//!
//! **Invariant:** private keys never leave their files; a packet is encrypted before it is written. Sending the same file
//! again is the same packet.

use std::fs;
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use axum::http::{HeaderMap, Request, StatusCode, header};
use clap::{Args, Subcommand};
use crypto::jose::{jwk, sign};
use crypto::{Algorithm, SigningKey, base64url, sha256};
use edge::{Outbound, OutboundLimits};
use identity::{Packet, PacketForm, PacketTaken};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value as Json, json};
use spine::Clock;

use crate::clock::SystemClock;
use crate::command;

/// Bytes of one part.
const PART: usize = 64 << 10;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum PacketAction {
    /// Make a key, if the file is not there, and show its public half.
    Key {
        /// Where the private key lies.
        file: PathBuf,
    },
    /// Make a packet. Needs no network.
    Make(Make),
    /// Send packets; goes on where it broke off.
    Send(Send),
}

#[derive(Args)]
pub(crate) struct Make {
    /// What was written down, as JSON: evidence, paper, fields, exceptions.
    #[arg(long)]
    form: PathBuf,
    /// What was taken of the body.
    #[arg(long)]
    templates: Option<PathBuf>,
    /// The device's identifier.
    #[arg(long)]
    device: String,
    /// The device's private key.
    #[arg(long)]
    device_key: PathBuf,
    /// The operator's identifier, as /enrolment/key shows it.
    #[arg(long)]
    operator: String,
    /// The operator's private key.
    #[arg(long)]
    operator_key: PathBuf,
    /// The centre's key set, from GET /api/identity/packets/key.
    #[arg(long)]
    centre_key: PathBuf,
    /// The centre's address.
    #[arg(long)]
    centre: String,
    /// How many packets the device has made, this one counted.
    #[arg(long)]
    number: i64,
    /// Where to write it.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
pub(crate) struct Send {
    /// The packets.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The centre's address.
    #[arg(long)]
    centre: String,
    /// The device's identifier.
    #[arg(long)]
    device: String,
    /// The device's private key.
    #[arg(long)]
    device_key: PathBuf,
    /// End after so many bytes, as a network does that goes away.
    #[arg(long)]
    cut_after: Option<usize>,
}

/// Does it.
///
/// # Errors
/// A sentence for the command line.
pub(crate) async fn run(action: PacketAction) -> Result<(), String> {
    match action {
        PacketAction::Key { file } => {
            command::say(&jwk(&key(&file)?.public()).to_string());
            Ok(())
        }
        PacketAction::Make(make) => made(&make),
        PacketAction::Send(sending) => {
            let line = Line::open(&sending).await?;
            for file in &sending.files {
                line.send(file, sending.cut_after).await?;
            }
            Ok(())
        }
    }
}

fn key(file: &Path) -> Result<SigningKey, String> {
    SigningKey::in_file(file, Algorithm::Es256).map_err(|error| error.to_string())
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn json_in<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, String> {
    serde_json::from_slice(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))
}

fn made(make: &Make) -> Result<(), String> {
    let form: PacketForm = json_in(&make.form)?;
    let centre_key: Json = json_in(&make.centre_key)?;
    let templates = make.templates.as_deref().map(read).transpose()?.unwrap_or_default();
    let (device, operator) = (key(&make.device_key)?, key(&make.operator_key)?);
    let taken = PacketTaken {
        name: &crypto::hex(&crypto::random::<16>()),
        centre: make.centre.trim_end_matches('/'),
        device: &make.device,
        number: make.number,
        operator: &make.operator,
        at: SystemClock.now(),
    };
    let packet = Packet::make(&taken, &form, &templates, (&device, &operator), &centre_key)?;
    fs::write(&make.out, &packet).map_err(|error| format!("{}: {error}", make.out.display()))?;
    command::say(&format!("{}: {} bytes, encrypted to the centre", make.out.display(), packet.len()));
    Ok(())
}

/// A way to the centre: its address and an access token of the device.
struct Line {
    outbound: Outbound,
    centre: String,
    token: String,
}

impl Line {
    async fn open(sending: &Send) -> Result<Self, String> {
        let outbound = Outbound::new(OutboundLimits::default());
        let centre = sending.centre.trim_end_matches('/').to_owned();
        let now = SystemClock.now().as_seconds();
        let claims = json!({
            "iss": sending.device, "sub": sending.device, "aud": centre, "iat": now, "exp": now + 60,
            "jti": crypto::hex(&crypto::random::<16>()),
        });
        let proof = sign(&key(&sending.device_key)?, "JWT", &claims).map_err(|error| error.to_string())?;
        let body = format!(
            "grant_type=client_credentials&scope=enrolment.packets&client_assertion_type=\
             urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={proof}"
        );
        let request = Request::post(format!("{centre}/oauth2/token"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(body))
            .map_err(|error| error.to_string())?;
        let answer = outbound.send(request).await.map_err(|error| format!("{centre}: {error}"))?;
        let said: Json = serde_json::from_slice(answer.body()).unwrap_or_default();
        let token = said.get("access_token").and_then(Json::as_str).map(str::to_owned);
        let token = token.ok_or_else(|| format!("{centre} does not know this device: {said}"))?;
        Ok(Self { outbound, centre, token })
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.centre))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(body).map_err(|error| error.to_string())?;
        let answer = self.outbound.send(request).await.map_err(|error| format!("{}: {error}", self.centre))?;
        let (parts, body) = answer.into_parts();
        Ok((parts.status, parts.headers, body))
    }

    /// Sends one packet from where it broke off; says what came of it.
    async fn send(&self, file: &Path, cut_after: Option<usize>) -> Result<(), String> {
        let whole = read(file)?;
        let name = base64url(&sha256(&[&whole]));
        let begin = [
            ("idempotency-key", name),
            ("upload-length", whole.len().to_string()),
            ("upload-complete", "?0".to_owned()),
        ];
        let (status, headers, body) = self.call("POST", "/api/identity/packets", &begin, Bytes::new()).await?;
        if status != StatusCode::CREATED {
            return Err(refused(file, status, &body));
        }
        let text = |headers: &HeaderMap, name: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let location = text(&headers, "location");
        let mut offset: usize = text(&headers, "upload-offset").parse().unwrap_or(0);
        if text(&headers, "upload-complete") == "?1" {
            let (_, _, body) = self.call("GET", &location, &[], Bytes::new()).await?;
            command::say(&format!("{}: sent before: {}", file.display(), outcome(&body)));
            return Ok(());
        }
        let bar = progress(whole.len(), offset);
        let mut sent = 0;
        loop {
            let part = whole.get(offset..whole.len().min(offset + PART)).unwrap_or_default();
            if cut_after.is_some_and(|most| sent + part.len() > most) {
                bar.abandon();
                return Err(format!("{}: cut at {offset} of {} bytes; send it again", file.display(), whole.len()));
            }
            let last = offset + part.len() == whole.len();
            let says = [
                ("content-type", "application/partial-upload".to_owned()),
                ("upload-offset", offset.to_string()),
                ("upload-complete", if last { "?1" } else { "?0" }.to_owned()),
            ];
            let (status, headers, body) = self.call("PATCH", &location, &says, Bytes::copy_from_slice(part)).await?;
            if !status.is_success() {
                return Err(refused(file, status, &body));
            }
            offset = text(&headers, "upload-offset").parse().unwrap_or(offset + part.len());
            sent += part.len();
            bar.set_position(offset as u64);
            if last {
                bar.finish_and_clear();
                command::say(&format!("{}: {}", file.display(), outcome(&body)));
                return Ok(());
            }
        }
    }
}

fn progress(length: usize, from: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64).with_position(from as u64);
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn outcome(body: &[u8]) -> String {
    let said: Json = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    match text("state").as_str() {
        "taken" => format!("taken, application {}", text("application")),
        "review" => format!("waits for a person: {}", text("problem")),
        other => other.to_owned(),
    }
}

fn refused(file: &Path, status: StatusCode, body: &[u8]) -> String {
    let said: Json = serde_json::from_slice(body).unwrap_or_default();
    let detail = said.get("detail").and_then(Json::as_str).unwrap_or_default();
    format!("{}: {status} {detail}", file.display())
}
