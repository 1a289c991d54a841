//! Others pay us: who a number of ours belongs to, what it costs, and a transfer for it.
//!
//! **Invariant:** we agree to a transfer only if it takes up a quote of ours unchanged, once, in time, for what its number still
//! takes after all that has been promised to others; and nothing is paid by that. The hub's word pays it (`ending.rs`).

use journal::Key;
use payments::Rails;
use payments::hubs::{Hub, Sought, sought};
use serde_json::{Value, json};
use spine::{Act, Cx, Fault, Job, Language, Money, Timestamp};

use super::model::{Incoming as Transfer, IncomingState};
use super::packet::{self, Terms};
use super::wire::{HubLink, Saying};
use super::workers::{AGREE, LOOK, body};
use super::{Member, may_hear};
use crate::amount::WireAmount;
use crate::directory::Alias;
use crate::fspiop::error::{
    EXPIRED, ErrorInformation, MISSING, MODIFIED, PARTY, QUOTE_EXPIRED, QUOTE_REJECTED, REJECTED, Refused, SERVER,
    VALIDATION,
};
use crate::fspiop::headers::Verb;
use crate::fspiop::ilp;
use crate::fspiop::incoming::Incoming;
use crate::fspiop::transfers::{LONGEST_SECONDS, amount, expiration, identifier};
use crate::rows::member as rows;
use crate::transfers::tell::moment;

/// How long a quote may be taken up.
const QUOTE_SECONDS: i64 = 600;
/// How soon the hub is asked how a transfer ended, if it has not said so.
const LOOK_AFTER_SECONDS: i64 = 5;
/// The longest name of a party (`PartyName`, API Definition §7.3.27).
const NAME: usize = 128;

impl Member {
    /// Answers `GET /parties/{kind}/{identifier}/{sub-identifier}`.
    pub(super) async fn looked_up(self, hub: &Hub, link: &HubLink, asked: &Incoming, alias: &Alias) {
        let told = match self.number_in(hub, alias) {
            Some(number) => self.seek(hub, asked, number).await.map(|(found, _)| party(hub, alias, &found)),
            None => Err(Refused::from(PARTY)),
        };
        self.tell(hub, link, asked, alias.path("parties"), told).await;
    }

    /// Answers `POST /quotes`.
    ///
    /// # Errors
    /// What is wrong with the form of it; the rest is told by a callback.
    pub(super) fn quote(self, hub: &Hub, link: &HubLink, asked: Incoming) -> Result<(), Refused> {
        let form = QuoteForm::read(&asked)?;
        let (hub, link) = (hub.clone(), link.clone());
        tokio::spawn(async move {
            let path = format!("/quotes/{}", form.quote);
            let told = self.price(&hub, &asked, form).await;
            self.tell(&hub, &link, &asked, path, told).await;
        });
        Ok(())
    }

    async fn price(&self, hub: &Hub, asked: &Incoming, form: QuoteForm) -> Result<Value, Refused> {
        let number = form.payee.as_ref().and_then(|alias| self.number_in(hub, alias)).ok_or(Refused::from(PARTY))?;
        let (found, promised) = self.seek(hub, asked, number).await?;
        if !found.takes(form.amount, promised) || form.amount.minor() > hub.most.minor() {
            return Err(Refused::new(QUOTE_REJECTED, format!("still to pay: {}", found.left)));
        }
        let now = self.inner.acts.now();
        let until =
            form.expires_at.map_or(now.plus_seconds(QUOTE_SECONDS), |it| it.min(now.plus_seconds(QUOTE_SECONDS)));
        if until <= now {
            return Err(Refused::from(QUOTE_EXPIRED));
        }
        let terms = Terms {
            quote: form.quote,
            transaction: form.transaction,
            payer: asked.head.source.clone(),
            payee: hub.member.clone(),
            business: hub.business.clone(),
            number: found.number,
            amount: form.amount,
            expires_at: until,
        };
        let promise = packet::promise(&self.secret(&hub.id), &terms).ok_or(Refused::from(SERVER))?;
        let nothing = json!({ "amount": "0", "currency": form.amount.currency().code() });
        Ok(json!({
            "transferAmount": WireAmount::of(form.amount),
            "payeeReceiveAmount": WireAmount::of(form.amount),
            "payeeFspFee": nothing,
            "expiration": moment(until),
            "ilpPacket": promise.packet,
            "condition": promise.condition,
        }))
    }

    /// The number of ours that an alias names.
    fn number_in(&self, hub: &Hub, alias: &Alias) -> Option<String> {
        let ours = alias.kind == "BUSINESS" && alias.identifier == hub.business;
        alias.sub_id.clone().filter(|_| ours)
    }

    /// What a number stands for, and how much of it is promised.
    async fn seek(&self, hub: &Hub, asked: &Incoming, number: String) -> Result<(Sought, i64), Refused> {
        let (rails, id) = (self.inner.rails.clone(), hub.id.clone());
        let look = move |cx: &mut Cx<'_>| match sought(cx, &rails, &id, &number)? {
            Some(found) => {
                let promised = rows::promised(cx.tx(), &found.number)?;
                Ok(Some((found, promised)))
            }
            None => Ok(None),
        };
        self.inner.acts.read(&asked.caller, look).await?.ok_or(Refused::from(PARTY))
    }

    /// Takes `POST /transfers`. What is decided is told by jobs; a refusal at once.
    ///
    /// # Errors
    /// What is wrong with the form of it.
    pub(super) async fn transfer(self, hub: &Hub, link: &HubLink, asked: Incoming) -> Result<(), Refused> {
        let form = TransferForm::read(hub, &asked)?;
        if form.expires_at > self.inner.acts.now().plus_seconds(LONGEST_SECONDS) {
            return Err(Refused::new(VALIDATION, "expiration is more than a day away"));
        }
        let (rails, id, secret) = (self.inner.rails.clone(), hub.id.clone(), self.secret(&hub.id));
        let path = format!("/transfers/{}", form.id);
        let write = move |cx: &mut Cx<'_>| reserve(cx, &rails, &id, &secret, &form);
        let refused = self.inner.acts.write(&asked.caller, &Key::none(), write).await?;
        if let Some(information) = refused {
            let (hub, link) = (hub.clone(), link.clone());
            let body = json!({ "errorInformation": information });
            tokio::spawn(async move { self.put(&hub, &link, &asked, &format!("{path}/error"), &body).await });
        }
        Ok(())
    }

    async fn tell(&self, hub: &Hub, link: &HubLink, asked: &Incoming, path: String, told: Result<Value, Refused>) {
        match told {
            Ok(body) => self.put(hub, link, asked, &path, &body).await,
            Err(refused) => self.put(hub, link, asked, &format!("{path}/error"), &refused.body()).await,
        }
    }

    /// Who misses an answer that moves no money asks again.
    async fn put(&self, hub: &Hub, link: &HubLink, asked: &Incoming, path: &str, body: &Value) {
        let Incoming { head, .. } = asked;
        let (to, version) = (Some(head.source.as_str()), head.version.as_str());
        self.say(hub, link, &Saying { verb: Verb::Put, path, to, version, body: Some(body) }).await;
    }
}

/// A number of ours, as a payer sees it before she pays.
fn party(hub: &Hub, alias: &Alias, found: &Sought) -> Value {
    let english = Language::new("en");
    let mut info = alias.body();
    if let Some(members) = info.as_object_mut() {
        members.insert("fspId".to_owned(), json!(hub.member));
    }
    let name = found.description.as_ref().map_or(hub.business.as_str(), |name| name.in_language(&english));
    json!({ "party": { "partyIdInfo": info, "name": name.chars().take(NAME).collect::<String>() } })
}

/// A quote that is asked for, checked for form.
struct QuoteForm {
    quote: String,
    transaction: String,
    payee: Option<Alias>,
    amount: Money,
    expires_at: Option<Timestamp>,
}

impl QuoteForm {
    fn read(asked: &Incoming) -> Result<Self, Refused> {
        let quote = identifier(asked.needed("/quoteId")?)?;
        let transaction = identifier(asked.needed("/transactionId")?)?;
        let info = asked.body.pointer("/payee/partyIdInfo");
        let info = info.ok_or_else(|| Refused::new(MISSING, "payee.partyIdInfo"))?;
        let expires_at = asked.text_at("/expiration").map(expiration).transpose()?;
        let amount = amount(asked.body.get("amount"))?;
        Ok(Self { quote, transaction, payee: Alias::read(info), amount, expires_at })
    }
}

/// A transfer that is asked for, checked for form.
#[derive(Clone)]
struct TransferForm {
    id: String,
    payer: String,
    amount: Money,
    packet: String,
    condition: String,
    expires_at: Timestamp,
    hash: [u8; 32],
    version: String,
}

impl TransferForm {
    fn read(hub: &Hub, asked: &Incoming) -> Result<Self, Refused> {
        let id = identifier(asked.needed("/transferId")?)?;
        let (payer, condition) = (asked.needed("/payerFsp")?.to_owned(), asked.needed("/condition")?.to_owned());
        if payer != asked.head.source || asked.needed("/payeeFsp")? != hub.member {
            return Err(Refused::new(VALIDATION, "payerFsp is the sender, payeeFsp is we"));
        }
        if !ilp::is_condition(&condition) {
            return Err(Refused::new(VALIDATION, "condition"));
        }
        let amount = amount(asked.body.get("amount"))?;
        let expires_at = expiration(asked.needed("/expiration")?)?;
        let (packet, version) = (asked.needed("/ilpPacket")?.to_owned(), asked.head.version.clone());
        Ok(Self { id, payer, amount, packet, condition, expires_at, hash: asked.hash(), version })
    }
}

/// Agrees to a transfer and leaves a job that says so, or answers why not. The same again is agreed to again.
fn reserve(
    cx: &mut Cx<'_>,
    rails: &Rails,
    hub: &str,
    secret: &[u8; 32],
    asked: &TransferForm,
) -> Result<Option<ErrorInformation>, Fault> {
    may_hear(cx, hub)?;
    let refuse = |refused: Refused| Ok(Some(refused.information()));
    if let Some(known) = rows::incoming(cx.tx(), hub, &asked.id)? {
        if !crypto::constant_time_eq(&known.request_hash, &asked.hash) {
            return refuse(Refused::from(MODIFIED));
        }
        if known.state == IncomingState::Reserved {
            cx.enqueue(Job::new(AGREE, body(hub, &asked.id)));
            cx.record(Act::new("switch.member.asked_again").on(&asked.id).because("fspiop", "contract"));
        }
        return Ok(None);
    }
    let now = cx.now();
    let Some(terms) = packet::read(secret, &asked.packet, &asked.condition) else {
        return refuse(Refused::new(VALIDATION, "packet and condition are of no quote of ours"));
    };
    if terms.payer != asked.payer || terms.amount != asked.amount {
        return refuse(Refused::new(VALIDATION, "payer or amount is another than the quote's"));
    }
    if terms.expires_at <= now {
        return refuse(Refused::from(QUOTE_EXPIRED));
    }
    if asked.expires_at <= now {
        return refuse(Refused::from(EXPIRED));
    }
    if rows::is_used(cx.tx(), hub, &terms.quote)? {
        return refuse(Refused::new(REJECTED, "its quote has been taken up"));
    }
    let promised = rows::promised(cx.tx(), &terms.number)?;
    let found = sought(cx, rails, hub, &terms.number)?;
    if !found.is_some_and(|found| found.takes(asked.amount, promised)) {
        return refuse(Refused::new(REJECTED, "its number takes this no more"));
    }
    let new = Transfer {
        hub: hub.to_owned(),
        id: asked.id.clone(),
        payer: asked.payer.clone(),
        number: terms.number,
        quote: terms.quote,
        amount: asked.amount,
        state: IncomingState::Reserved,
        request_hash: asked.hash.to_vec(),
        packet: asked.packet.clone(),
        version: asked.version.clone(),
        expires_at: asked.expires_at,
        made_at: now,
    };
    rows::insert_incoming(cx.tx(), &new)?;
    cx.enqueue(Job::new(AGREE, body(hub, &asked.id)));
    let look_at = now.plus_seconds(LOOK_AFTER_SECONDS);
    cx.enqueue(Job::new(LOOK, body(hub, &asked.id)).not_before(look_at));
    let act = Act::new("switch.member.reserved").on(&asked.id).because("fspiop", "contract");
    cx.record(act.with("amount_minor", asked.amount.minor()));
    Ok(None)
}
