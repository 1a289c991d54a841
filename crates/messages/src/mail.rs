//! Mail by a relay: SMTP submission (RFC 6409) over TLS.
//!
//! **Invariant:** the message's id is the mail's `Message-ID`, so that one carried twice after a crash is shown once.
//! Plain text, one recipient, a connection for each mail, marked as made by a program (RFC 3834): nobody answers it by machine.

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use spine::Secret;

use crate::model::{CarryFault, Outgoing};

/// How a connection to a relay is kept private.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailSecurity {
    /// TLS from the first byte (RFC 8314 §3.3), port 465.
    Tls,
    /// `STARTTLS`, and nothing said before it (RFC 3207), port 587.
    StartTls,
    /// None: a relay on this very machine.
    Local,
}

/// How to reach a mail relay.
pub struct MailSettings {
    /// Its host, as its certificate names it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept private.
    pub security: MailSecurity,
    /// Who it comes from: `Letsema <no-reply@letsema.example>`.
    pub from: String,
    /// User and password, where the relay asks for them.
    pub login: Option<(String, Secret<String>)>,
    /// PEM of further authorities to trust.
    pub authorities: Vec<u8>,
}

/// A relay that carries mail.
#[derive(Clone)]
pub struct MailRelay {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl std::fmt::Debug for MailRelay {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "MailRelay({})", self.host)
    }
}

impl MailRelay {
    /// Brings a relay together; connects when there is something to carry.
    ///
    /// # Errors
    /// A sentence: the sender is not an address, or the authorities hold no certificate.
    pub fn new(settings: MailSettings) -> Result<Self, String> {
        let from: Mailbox = settings.from.parse().map_err(|error| format!("{:?}: {error}", settings.from))?;
        let mut tls = TlsParameters::builder(settings.host.clone());
        if !settings.authorities.is_empty() {
            let authorities = Certificate::from_pem(&settings.authorities).map_err(|error| error.to_string())?;
            tls = tls.add_root_certificate(authorities);
        }
        let tls = || tls.clone().build().map_err(|error| error.to_string());
        let tls = match settings.security {
            MailSecurity::Tls => Tls::Wrapper(tls()?),
            MailSecurity::StartTls => Tls::Required(tls()?),
            MailSecurity::Local => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(std::time::Duration::from_secs(20)));
        if let Some((user, password)) = settings.login {
            transport = transport.credentials(Credentials::new(user, password.reveal().clone()));
        }
        let host = from.email.domain().to_owned();
        Ok(Self { transport: transport.build(), from, host })
    }

    pub(crate) async fn carry(&self, message: &Outgoing) -> Result<String, CarryFault> {
        let id = format!("<{}@{}>", message.id, self.host);
        let to: Mailbox = message.address.reveal().parse().map_err(|_| CarryFault::Refused)?;
        let by_program =
            HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let mail = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(message.subject.reveal().as_str())
            .message_id(Some(id.clone()))
            .raw_header(by_program)
            .header(ContentType::TEXT_PLAIN)
            .body(message.body.reveal().clone())
            .map_err(|_| CarryFault::Refused)?;
        match self.transport.send(mail).await {
            Ok(_) => Ok(id),
            Err(error) => {
                // What the relay says may name the address: the code alone goes to the log.
                let code = error.status().map(|code| code.to_string()).unwrap_or_default();
                tracing::warn!(code, id = %message.id, "the mail relay did not take a message");
                // 53x: it is we who are refused (RFC 4954 §6), not the recipient.
                let refused = error.is_permanent() && !code.starts_with("53");
                Err(if refused { CarryFault::Refused } else { CarryFault::Later })
            }
        }
    }
}
