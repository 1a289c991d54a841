//! Telling clients that a session ended (OpenID Connect Back-Channel Logout 1.0).
//!
//! **Invariant:** the notice is left by the transaction that ends the session; it is sent until the client takes it, or
//! an operator gives it up. It says which session and whose, in the client's own names, and nothing else.

use axum::http::{Request, header};
use edge::origin::encode_query;
use journal::{JobFault, RunningJob, Workers};
use serde_json::{Value as Json, json};
use spine::{Cx, Job};

use crate::provider::client::Client;
use crate::rows::participants::Participant;
use crate::settings::Identity;

/// The job that tells one client.
const TELL: &str = "identity.logout.tell";
/// How long a notice is good (§2.4 wants it short).
const NOTICE_SECONDS: i64 = 120;

/// Leaves a notice for each client that took part.
pub(crate) fn leave(cx: &mut Cx<'_>, told: &[Participant]) {
    for one in told {
        let body = json!({"client": one.client, "session": one.session, "account": one.account});
        cx.enqueue(Job::new(TELL, body));
    }
}

pub(crate) fn handlers(identity: &Identity, workers: Workers) -> Workers {
    let identity = identity.clone();
    workers.handle(TELL, move |job| {
        let identity = identity.clone();
        async move { identity.tell(job).await }
    })
}

impl Identity {
    async fn tell(&self, job: RunningJob) -> Result<(), JobFault> {
        self.refresh(false).await?;
        let text = |name: &str| job.body.get(name).and_then(Json::as_str).unwrap_or_default();
        // A client that is gone, or wants to hear no more, is told no more.
        let Some(client) = self.client(text("client")) else { return Ok(()) };
        let Some(address) = client.declared.backchannel_logout_uri.clone() else { return Ok(()) };
        let token = self.logout_token(&client, text("account"), text("session"), &job.id.to_string())?;
        let request = Request::post(&address)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("logout_token={}", encode_query(&token)).into());
        let request = request.map_err(|_| JobFault::Dead("identity.logout.address"))?;
        match self.inner.outbound.send(request).await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            // 400 says that the client could not end the session (§2.8); another try is no use.
            Ok(answer) if answer.status().as_u16() == 400 => Err(JobFault::Dead("identity.logout.refused")),
            Ok(_) | Err(_) => Err(JobFault::Again("identity.logout.unanswered")),
        }
    }

    /// The logout token (§2.4).
    fn logout_token(&self, client: &Client, account: &str, session: &str, name: &str) -> Result<String, spine::Fault> {
        let now = self.inner.acts.now();
        let claims = json!({
            "iss": self.inner.issuer,
            "sub": self.subject(client, account),
            "aud": client.id,
            "iat": now.as_seconds(),
            "exp": now.plus_seconds(NOTICE_SECONDS).as_seconds(),
            "jti": name,
            "sid": self.inner.keys.session_name(&client.id, session),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        self.sign(client.id_token_alg, "logout+jwt", &claims)
    }
}
