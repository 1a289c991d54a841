//! Cash taken without a network: a device of a counter has an allowance, signs what it takes, and sends it when it can.
//!
//! **Invariant:** an allowance is float set aside, so that what a device takes within it is always booked. What it sends counts once
//! by its number, in whichever order and however often; the same number with other words is refused. What is over the allowance is
//! taken from the counter's own float, and refused beyond that: a refusal is kept, and changes nothing.

use crypto::jose::{KeySet, peek};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use spine::{Act, Cx, Fault, Job, Money, Resource};

use super::float::shift_float;
use super::model::{CounterDevice, CounterDeviceId, Taking, TakingState, account};
use super::shift::own;
use crate::charges::{self, Charges};
use crate::gateway::arrive::paid_by;
use crate::gateway::check_digit::read_bill_number;
use crate::gateway::receive::News;
use crate::{bills, ledger, rows::agents as rows, rows::bills as bill_rows};

/// The `typ` of what a device signs (RFC 7515 §4.1.9).
pub const PACKET: &str = "letsema-cash+jwt";

/// The job that takes an allowance back.
pub(crate) const LAPSE: &str = "payments.allowance.lapse";

/// How long an allowance is good for.
const ALLOWANCE_SECONDS: i64 = 7 * 86_400;
/// So many devices of a counter.
const DEVICES: usize = 5;

/// Sets float aside for a device with this public key (RFC 7517), for a week.
///
/// # Errors
/// `payments.allowance.{key,name,many}`, `payments.agent.{amount,short}`; a refusal; the store's faults.
pub fn lend(cx: &mut Cx<'_>, name: &str, jwk: &str, amount: Money) -> Result<CounterDeviceId, Fault> {
    let (place, _) = own(cx)?;
    let name = name.trim();
    if !(2..=40).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Fault::invalid("payments.allowance.name"));
    }
    let jwk: Json = serde_json::from_str(jwk).map_err(|_| Fault::invalid("payments.allowance.key"))?;
    let key = crypto::jose::from_jwk(&jwk).map_err(|_| Fault::invalid("payments.allowance.key"))?;
    let open = rows::devices(cx.tx(), &place)?.iter().filter(|device| device.ended_at.is_none()).count();
    if open >= DEVICES {
        return Err(Fault::conflict("payments.allowance.many"));
    }
    let id: CounterDeviceId = cx.id();
    let device = CounterDevice {
        id,
        allowance: format!("{place}/{id}"),
        place,
        name: name.to_owned(),
        // Only what is public of it.
        jwk: crypto::jose::jwk(&key.key),
        until: cx.now().plus_seconds(ALLOWANCE_SECONDS),
        ended_at: None,
    };
    rows::insert_device(cx.tx(), &device)?;
    shift_float(cx, &device.place, &device.allowance, amount, false)?;
    cx.enqueue(Job::new(LAPSE, json!({ "device": id })).not_before(device.until));
    cx.record(act("payments.allowance.lent", &device).with("amount_minor", amount.minor()));
    Ok(id)
}

fn act(kind: &'static str, device: &CounterDevice) -> Act {
    Act::new(kind).on(device.id).because("payment", "contract").with("place", device.place.as_str())
}

fn known(cx: &mut Cx<'_>, id: CounterDeviceId) -> Result<CounterDevice, Fault> {
    rows::device(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.allowance.unknown"))
}

/// Takes what is left of a device's allowance back. What it sends afterwards is weighed against the counter's own float.
///
/// # Errors
/// `payments.allowance.unknown`; a refusal; the store's faults.
pub fn take_back(cx: &mut Cx<'_>, id: CounterDeviceId) -> Result<(), Fault> {
    let (place, _) = own(cx)?;
    let device = known(cx, id)?;
    if device.place != place {
        return Err(Fault::not_found("payments.allowance.unknown"));
    }
    end(cx, &device)
}

/// The same when its time is over.
pub(crate) fn lapse(cx: &mut Cx<'_>, id: CounterDeviceId) -> Result<(), Fault> {
    cx.may("payments.allowance.lapse", &Resource::new("Counter", id))?;
    let device = known(cx, id)?;
    if device.until <= cx.now() { end(cx, &device) } else { Ok(()) }
}

fn end(cx: &mut Cx<'_>, device: &CounterDevice) -> Result<(), Fault> {
    if device.ended_at.is_some() {
        return Ok(());
    }
    if let Some(left) = ledger::called(cx, &account(&device.allowance))?.filter(|left| left.available() > 0) {
        let amount = Money::new(left.available(), left.currency);
        shift_float(cx, &device.allowance, &device.place, amount, false)?;
    }
    let now = cx.now();
    rows::end_device(cx.tx(), device.id, now)?;
    cx.record(act("payments.allowance.ended", device));
    Ok(())
}

/// What a device says that it took.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    iss: CounterDeviceId,
    /// From 1, each once.
    seq: i64,
    /// The bill's number.
    number: String,
    /// How much of the bill was taken.
    amount_minor: i64,
    /// What the counter charged on top, if the payer bears it.
    #[serde(default)]
    charge_minor: i64,
    /// When, by the device's own clock.
    #[expect(dead_code, reason = "for whoever reads the packet")]
    taken_at: String,
}

/// Takes one packet of a device: a compact JWS. Answers what became of it, the same each time.
///
/// # Errors
/// `payments.allowance.{packet,unknown,reused}`; a refusal; the store's faults.
pub fn take_offline(cx: &mut Cx<'_>, charges: &Charges, packet: &str) -> Result<Taking, Fault> {
    let malformed = || Fault::invalid("payments.allowance.packet");
    let unproven = peek(packet).map_err(|_| malformed())?;
    let said: Said = serde_json::from_value(Json::Object(unproven.claims)).map_err(|_| malformed())?;
    let device = known(cx, said.iss)?;
    let keys = KeySet::from_jwks(&json!({ "keys": [device.jwk] }));
    let signed = keys.open(packet, Some(PACKET)).is_ok();
    cx.may("payments.allowance.send", &Resource::new("Counter", &device.place).is("signed", signed))?;
    let amounts = 1..=ledger::LARGEST_MINOR / 2;
    let fits =
        said.seq >= 1 && amounts.contains(&said.amount_minor) && (0..=said.amount_minor).contains(&said.charge_minor);
    let number = read_bill_number(&said.number).filter(|_| fits).ok_or_else(malformed)?;
    let words = format!("{}:{number}:{}:{}", said.seq, said.amount_minor, said.charge_minor);
    let digest = crypto::hex(&crypto::sha256(&[b"letsema/offline/v1\0", words.as_bytes()]));
    if let Some((before, taking)) = rows::taking(cx.tx(), device.id, said.seq)? {
        return if before == digest { Ok(taking) } else { Err(Fault::conflict("payments.allowance.reused")) };
    }
    let (state, reason, request) = applied(cx, charges, &device, &said, &number)?;
    let (seq, amount_minor) = (said.seq, said.amount_minor);
    let taking = Taking { device: device.id, seq, number, amount_minor, state, reason };
    let now = cx.now();
    rows::insert_taking(cx.tx(), &taking, &digest, request, now)?;
    let told = act("payments.allowance.sent", &device).with("seq", seq).with("amount_minor", amount_minor);
    cx.record(told.with("state", state.code()));
    Ok(taking)
}

type Outcome = (TakingState, Option<String>, Option<crate::RequestId>);

/// Pays the bill from the allowance, or from the counter's own float.
fn applied(
    cx: &mut Cx<'_>,
    charges: &Charges,
    device: &CounterDevice,
    said: &Said,
    number: &str,
) -> Result<Outcome, Fault> {
    let refused = |reason: &str| Ok((TakingState::Refused, Some(reason.to_owned()), None));
    let Some(bill) = bill_rows::bill_numbered(cx.tx(), number)? else { return refused("unknown") };
    let currency = bill.amount.currency();
    let (amount, total) = (Money::new(said.amount_minor, currency), said.amount_minor + said.charge_minor);
    let Some(rail) = able(cx, device, total)? else { return refused("float") };
    let is_open = bill.state == bills::BillState::Open;
    // Of a bill that is over nothing is owed: what was taken for it is booked, and waits for an officer.
    if is_open && !bill.in_parts && amount != bill.left() {
        return refused("amount");
    }
    let charge = charges.reckon(&rail, &bill.biller, amount);
    if charges::asked(amount, charge.as_ref())?.minor() != total {
        return refused("charge");
    }
    let until = cx.now().plus_seconds(60);
    let request = bills::ask(cx, &bill, amount, until)?;
    charges::fix(cx, charges, &request, &rail)?;
    let id = request.id;
    let reference = format!("{}:{}", device.id, said.seq);
    let news = paid_by(cx, &rail, &reference, Money::new(total, currency), request)?;
    let state = if news == News::Paid { TakingState::Paid } else { TakingState::Suspended };
    Ok((state, None, Some(id)))
}

/// The account that has so much: the allowance, else the counter's own.
fn able(cx: &mut Cx<'_>, device: &CounterDevice, minor: i64) -> Result<Option<String>, Fault> {
    for place in [&device.allowance, &device.place] {
        let rail = account(place);
        if ledger::called(cx, &rail)?.is_some_and(|account| account.available() >= minor) {
            return Ok(Some(rail));
        }
    }
    Ok(None)
}
