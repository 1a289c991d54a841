//! Messages that a hub only hands on: quotes, requests to pay, authorisations. They move no money, so nothing is kept of them;
//! who misses an answer asks again.

use axum::http::StatusCode;

use super::error::{DESTINATION_FSP, MISSING, Refused, URI};
use super::headers::Verb;
use super::incoming::Incoming;
use super::transfers::amount;
use crate::Switch;
use crate::courier::OrElse;
use crate::letter::Letter;

/// Hands a message on to whom it is for.
///
/// # Errors
/// What is wrong with it; that the other side is not there is told by a callback.
pub(crate) fn pass(switch: &Switch, message: Incoming, resource: &str, rest: &[&str]) -> Result<StatusCode, Refused> {
    let (id, is_error) = match (message.verb, rest) {
        (Verb::Post, []) => (needed_id(&message, resource)?.to_owned(), false),
        (Verb::Get | Verb::Put, [id]) => ((*id).to_owned(), false),
        (Verb::Put, [id, "error"]) => ((*id).to_owned(), true),
        _ => return Err(Refused::from(URI).status(StatusCode::NOT_FOUND)),
    };
    if message.verb == Verb::Put {
        shape(&message, is_error)?;
        return switch.answer(&message);
    }
    let to = destination(&message, resource).map(str::to_owned);
    let to = to.ok_or_else(|| Refused::new(MISSING, "header fspiop-destination"))?;
    let currency = message.text_at("/amount/currency").map(str::to_owned);
    switch.ask(&message, &to, currency.as_deref(), format!("/{resource}/{id}/error"));
    Ok(StatusCode::ACCEPTED)
}

fn needed_id<'a>(message: &'a Incoming, resource: &str) -> Result<&'a str, Refused> {
    match resource {
        "quotes" => {
            message.needed("/transactionId")?;
            message.needed("/amount/amount")?;
            // What cannot be transferred afterwards is not quoted.
            amount(message.body.get("amount"))?;
            message.needed("/quoteId")
        }
        "bulkQuotes" => message.needed("/bulkQuoteId"),
        "transactionRequests" => message.needed("/transactionRequestId"),
        _ => Err(Refused::from(URI).status(StatusCode::NOT_FOUND)),
    }
}

/// A callback says something.
fn shape(message: &Incoming, is_error: bool) -> Result<(), Refused> {
    if is_error {
        message.needed("/errorInformation/errorDescription")?;
    } else if !message.body.is_object() {
        return Err(Refused::new(MISSING, "body"));
    }
    Ok(())
}

fn destination<'a>(message: &'a Incoming, resource: &str) -> Option<&'a str> {
    let named = match resource {
        "quotes" => message.text_at("/payee/partyIdInfo/fspId"),
        "transactionRequests" => message.text_at("/payer/fspId"),
        _ => None,
    };
    message.head.destination.as_deref().or(named)
}

impl Switch {
    /// Hands a request on; if nobody is there to take it, its sender hears 3201 or 1001 at `error_path`.
    pub(crate) fn ask(&self, message: &Incoming, to: &str, currency: Option<&str>, error_path: String) {
        let Incoming { verb, path, head, text, .. } = message;
        let known = self.inner.registry.find(to).filter(|known| known.active && !known.is_hub);
        let known = known.filter(|known| currency.is_none_or(|currency| known.currencies.contains(currency)));
        let (source, version) = (head.source.clone(), head.version.clone());
        if known.is_none() {
            let refused = Refused::new(DESTINATION_FSP, format!("Unsupported participant '{to}'"));
            return self.refuse_later(&source, error_path, &version, &refused);
        }
        let or_else = OrElse { to: source, path: error_path, version };
        self.inner.courier.pass(Letter::forwarded(head, to, *verb, path, text), Some(or_else));
    }

    /// Hands a callback on.
    ///
    /// # Errors
    /// 3102 without a destination, 3201 if there is no such participant.
    pub(crate) fn answer(&self, message: &Incoming) -> Result<StatusCode, Refused> {
        let Incoming { verb, path, head, text, .. } = message;
        let to = head.destination.clone().ok_or_else(|| Refused::new(MISSING, "header fspiop-destination"))?;
        let known = self.inner.registry.find(&to);
        let known = known.ok_or_else(|| Refused::new(DESTINATION_FSP, format!("Unsupported participant '{to}'")))?;
        if !known.is_hub {
            self.inner.courier.pass(Letter::forwarded(head, &to, *verb, path, text), None);
        }
        Ok(StatusCode::OK)
    }

    /// Tells a sender by a callback that its request failed.
    pub(crate) fn refuse_later(&self, to: &str, path: String, version: &str, refused: &Refused) {
        self.say(to, path, version, &refused.body());
    }

    /// The hub's own callback.
    pub(crate) fn say(&self, to: &str, path: String, version: &str, body: &serde_json::Value) {
        let resource = path.split('/').nth(1).unwrap_or_default().to_owned();
        let letter = Letter::own(&self.inner.hub, to, Verb::Put, path, (&resource, version), body);
        self.inner.courier.pass(letter, None);
    }
}
