//! The carriers of a real installation: a gateway for short messages, a relay for mail.
//!
//! **Invariant:** a channel without a carrier takes nothing, and its messages end as undeliverable; it never falls back
//! to another channel or to the development inbox.

use crate::gateway::SmsGateway;
use crate::mail::MailRelay;
use crate::model::{Carrier, CarryFault, Carrying, Channel, Outgoing};

/// Who carries what.
#[derive(Clone)]
pub struct Carriers {
    /// Short messages.
    pub sms: Option<SmsGateway>,
    /// Mail.
    pub mail: Option<MailRelay>,
}

impl Carrier for Carriers {
    fn carry<'a>(&'a self, message: &'a Outgoing) -> Carrying<'a> {
        Box::pin(async move {
            match (message.channel, &self.sms, &self.mail) {
                (Channel::Sms, Some(gateway), _) => gateway.carry(message).await,
                (Channel::Email, _, Some(relay)) => relay.carry(message).await,
                (channel, _, _) => {
                    tracing::warn!(?channel, id = %message.id, "nobody carries this channel");
                    Err(CarryFault::Refused)
                }
            }
        })
    }
}
