//! Bills and fees on any phone: dial, type the number of a bill (or dial it behind the code) or the reference of a fee, and
//! approve in one's own wallet. Behind one key of the first screen hangs the menu of grants, which is another engine's.
//!
//! **Invariant:** who dials sees no more of a bill than its page shows to anybody, of a fee what is to pay, and can only ask the wallet of the number
//! she dials from. A turn that comes again after a crash asks the wallet once.

use std::sync::Arc;

use journal::{Acts, Key};
use messages::ussd::{Menu, Screen, Turn, Turning};
use payments::bills::{self, BillState};
use payments::charges::Bears;
use payments::{Fee, Gateway, RequestState, Wallet};
use serde::{Deserialize, Serialize};
use spine::{Actor, Caller, Cx, Fault, FaultKind, Language, Localised, Money, Personal, Text, Timestamp, Via, Words};

/// Letters of what a bill is for, on a small screen.
const FOR: usize = 40;

/// The menu under the code for bills. Cheap to clone.
#[derive(Clone)]
pub struct BillMenu {
    acts: Acts,
    gateway: Gateway,
    words: Arc<Words>,
    grants: Option<Arc<dyn Menu>>,
}

/// Leads to the menu of grants.
const GRANTS: &str = "8";
/// Leads from there to the first screen.
const FIRST: &str = "00";

/// Where somebody stands.
#[derive(Clone, Serialize, Deserialize)]
struct State {
    language: String,
    place: Place,
}

#[derive(Clone, Serialize, Deserialize)]
enum Place {
    Number,
    Bill {
        number: String,
    },
    Part {
        number: String,
    },
    Wallet {
        number: String,
        amount: Money,
    },
    Confirm {
        number: String,
        amount: Money,
        wallet: String,
        at: Timestamp,
    },
    /// In the menu of grants, at a place that it says itself.
    Grants {
        place: Option<String>,
    },
}

impl Place {
    /// Where `0` leads.
    fn back(self) -> Self {
        match self {
            Self::Number | Self::Bill { .. } | Self::Grants { .. } => Self::Number,
            Self::Part { number } | Self::Wallet { number, .. } | Self::Confirm { number, .. } => Self::Bill { number },
        }
    }
}

/// What follows from a turn.
enum Next {
    At(Place),
    /// She stands there still, and is told why.
    Again(Place, Text),
    End(Text),
}

/// A bill or a fee as it may be paid now.
enum Payable {
    Open(Open),
    Waiting,
    Paid,
    Over,
}

struct Open {
    /// What it is for; a fee does not say.
    what: Option<Localised>,
    left: Money,
    in_parts: bool,
    /// Whom it is for, as the rules of charges call it.
    payee: String,
}

impl BillMenu {
    /// A menu that pays from these wallets.
    #[must_use]
    pub const fn new(acts: Acts, gateway: Gateway, words: Arc<Words>) -> Self {
        Self { acts, gateway, words, grants: None }
    }

    /// The same with the menu of grants behind one of its keys.
    #[must_use]
    pub fn with_grants(self, menu: Arc<dyn Menu>) -> Self {
        Self { grants: Some(menu), ..self }
    }

    async fn turned(&self, turn: &Turn) -> Result<Screen, Fault> {
        let stood = turn.place.as_deref().and_then(|place| serde_json::from_str::<State>(place).ok());
        let spoken = stood.as_ref().and_then(|state| self.words.language(&state.language));
        let mut language = spoken.unwrap_or_else(|| self.words.default_language());
        let place = stood.map_or(Place::Number, |state| state.place);
        let typed = turn.input.as_ref().map(|input| input.reveal().trim().to_owned());
        match (&self.grants, &place, typed.as_deref()) {
            (Some(menu), Place::Number, Some(GRANTS)) => {
                let begun = Turn { phone: turn.phone.clone(), place: None, input: None };
                return in_grants(menu.as_ref(), &begun, &language).await;
            }
            (Some(menu), Place::Grants { place }, typed) if typed != Some(FIRST) => {
                let within = Turn { place: place.clone(), ..turn.clone() };
                return in_grants(menu.as_ref(), &within, &language).await;
            }
            _ => {}
        }
        let next = match typed.as_deref() {
            None => Next::At(place),
            Some("0") => Next::At(place.back()),
            Some("9") if matches!(place, Place::Number) => {
                language = self.other_language(&language);
                Next::At(Place::Number)
            }
            Some(typed) => {
                let caller = Caller { actor: Actor::anonymous(), via: Via::Ussd, language: language.clone() };
                self.step(&caller, &turn.phone, place, typed).await?
            }
        };
        let (place, text) = match next {
            Next::End(text) => return Ok(Screen::end(language, text)),
            Next::Again(place, text) => (place, text),
            Next::At(place) => match self.shown(&language, &turn.phone, &place).await? {
                Ok(text) => (place, text),
                Err(text) => return Ok(Screen::end(language, text)),
            },
        };
        let state = kept(&language, place)?;
        Ok(Screen::ask(language, text, state))
    }

    /// The next of the country's languages.
    fn other_language(&self, language: &Language) -> Language {
        let all: Vec<Language> = self.words.locales().map(|locale| locale.language.clone()).collect();
        let next = all.iter().position(|one| one == language).map_or(0, |place| place + 1);
        all.get(next).or(all.first()).unwrap_or(language).clone()
    }

    async fn step(&self, caller: &Caller, phone: &Personal<String>, place: Place, typed: &str) -> Result<Next, Fault> {
        Ok(match place {
            Place::Number => match self.payable(caller, typed).await? {
                Some(_) => Next::At(Place::Bill { number: typed.to_owned() }),
                None => Next::Again(Place::Number, Text::new("portal.dialled.unknown")),
            },
            Place::Bill { number } => match (typed, self.payable(caller, &number).await?) {
                ("1", Some(Payable::Open(bill))) => self.with_wallet_of(phone, number, bill.left, caller),
                ("2", Some(Payable::Open(bill))) if bill.in_parts => Next::At(Place::Part { number }),
                _ => Next::At(Place::Bill { number }),
            },
            Place::Part { number } => {
                let Some(Payable::Open(bill)) = self.payable(caller, &number).await? else {
                    return Ok(Next::At(Place::Bill { number }));
                };
                let left = bill.left;
                let part = bills::typed_amount(typed, left.currency());
                match part.filter(|part| (1..=left.minor()).contains(&part.minor())) {
                    Some(part) => self.with_wallet_of(phone, number, part, caller),
                    None => {
                        Next::Again(Place::Part { number }, Text::new("fault.payments.bill.part").with("left", left))
                    }
                }
            }
            Place::Wallet { number, amount } => {
                let offered = self.wallets(phone, amount);
                let chosen = typed.parse::<usize>().ok().and_then(|place| offered.get(place.checked_sub(1)?).copied());
                Next::At(match chosen {
                    Some(wallet) => self.confirm(number, amount, wallet),
                    None => Place::Wallet { number, amount },
                })
            }
            Place::Confirm { number, amount, wallet, at } if typed == "1" => {
                self.pay(caller, phone, (&number, amount), (&wallet, at)).await?
            }
            place @ Place::Confirm { .. } => Next::At(place),
            Place::Grants { .. } => Next::At(Place::Number),
        })
    }

    fn with_wallet_of(&self, phone: &Personal<String>, number: String, amount: Money, caller: &Caller) -> Next {
        match self.wallets(phone, amount).as_slice() {
            [] => Next::End(
                Text::new("portal.dialled.no_wallet").with("amount", self.words.money(&caller.language, amount)),
            ),
            [one] => Next::At(self.confirm(number, amount, one)),
            _ => Next::At(Place::Wallet { number, amount }),
        }
    }

    /// The wallets that this number may have, and that take so much.
    fn wallets(&self, phone: &Personal<String>, amount: Money) -> Vec<&Wallet> {
        self.gateway.wallets().offered(amount).filter(|wallet| wallet.serves(phone)).collect()
    }

    fn confirm(&self, number: String, amount: Money, wallet: &Wallet) -> Place {
        Place::Confirm { number, amount, wallet: wallet.id.clone(), at: self.acts.now() }
    }

    /// The bill under a number; none if there is none.
    async fn payable(&self, caller: &Caller, typed: &str) -> Result<Option<Payable>, Fault> {
        let typed = typed.to_owned();
        let look = move |cx: &mut Cx<'_>| {
            let bill = match bills::find(cx, &typed) {
                Ok(bill) => bill,
                // It is no bill's number: perhaps it is what a fee is known by.
                Err(fault) if fault.kind() == FaultKind::Invalid => return Ok(payments::fee(cx, &typed)?.map(of_fee)),
                Err(fault) if fault.kind() == FaultKind::NotFound => return Ok(None),
                Err(fault) => return Err(fault),
            };
            let waits = bills::payments_of(cx, &bill)?.iter().any(|request| request.state == RequestState::Sent);
            Ok(Some(match bill.state {
                BillState::Paid => Payable::Paid,
                BillState::Open if bill.expires_at > cx.now() && waits => Payable::Waiting,
                BillState::Open if bill.expires_at > cx.now() => {
                    let (left, in_parts) = (bill.left(), bill.in_parts);
                    Payable::Open(Open { left, in_parts, what: Some(bill.description), payee: bill.biller })
                }
                _ => Payable::Over,
            }))
        };
        self.acts.read(caller, look).await
    }

    /// What the wallet charges on top, and what that comes to in all; none if the payer bears nothing.
    async fn charged(
        &self,
        language: &Language,
        number: &str,
        amount: Money,
        wallet: &str,
    ) -> Result<Option<(Money, Money)>, Fault> {
        let caller = Caller { actor: Actor::anonymous(), via: Via::Ussd, language: language.clone() };
        let Some(Payable::Open(bill)) = self.payable(&caller, number).await? else { return Ok(None) };
        let charge = self.gateway.wallets().charges().reckon(wallet, &bill.payee, amount);
        let Some(charge) = charge.filter(|charge| charge.bears == Bears::Payer) else { return Ok(None) };
        Ok(Some((charge.fee, charge.total(amount)?)))
    }

    async fn pay(
        &self,
        caller: &Caller,
        phone: &Personal<String>,
        (number, amount): (&str, Money),
        (wallet, at): (&str, Timestamp),
    ) -> Result<Next, Fault> {
        let Some(name) = self.gateway.wallets().find(wallet).map(|wallet| wallet.name.clone()) else {
            return Ok(Next::At(Place::Number));
        };
        let what = format!("{number}:{}:{}:{}", amount.minor(), wallet, at.as_micros());
        // Not her number: a key is kept.
        let key = Key::new("portal.dialled.pay", &what, what.as_bytes());
        let charge = self.charged(&caller.language, number, amount, wallet).await?;
        let asked = charge.map_or(amount, |(_, total)| total);
        let (wallets, number, wallet) = (self.gateway.wallets().clone(), number.to_owned(), wallet.to_owned());
        let from = phone.clone();
        let paid = self.acts.post(caller, &key, move |cx| {
            match bills::pay(cx, &wallets, &number, Some(amount), &wallet, from.reveal()) {
                Err(fault) if fault.code() == "payments.bill.number" => {
                    payments::pay_fee(cx, &wallets, &number, &wallet, from.reveal()).map(drop)
                }
                done => done.map(drop),
            }
        });
        match paid.await {
            Ok(()) => Ok(Next::End(Text::new("portal.dialled.asked").with("amount", asked).with("wallet", name))),
            Err(fault) if matches!(fault.kind(), FaultKind::Invalid | FaultKind::Expired | FaultKind::Conflict) => {
                Ok(Next::End(Text::new("portal.dialled.changed")))
            }
            Err(fault) => Err(fault),
        }
    }

    /// What her phone shows at a place, or with what the session ends.
    async fn shown(
        &self,
        language: &Language,
        phone: &Personal<String>,
        place: &Place,
    ) -> Result<Result<Text, Text>, Fault> {
        Ok(Ok(match place {
            Place::Number | Place::Grants { .. } => {
                let other = self.other_language(language);
                let name =
                    self.words.locales().find(|locale| locale.language == other).map(|locale| locale.name.clone());
                let key = if self.grants.is_some() { "portal.dialled.number_grants" } else { "portal.dialled.number" };
                Text::new(key).with("other", name.unwrap_or_default())
            }
            Place::Bill { number } => {
                let caller = Caller { actor: Actor::anonymous(), via: Via::Ussd, language: language.clone() };
                let bill = match self.payable(&caller, number).await? {
                    Some(Payable::Open(bill)) => bill,
                    Some(Payable::Waiting) => return Ok(Err(Text::new("portal.dialled.waiting"))),
                    Some(Payable::Paid) => return Ok(Err(Text::new("portal.dialled.paid"))),
                    Some(Payable::Over) | None => return Ok(Err(Text::new("fault.payments.bill.over"))),
                };
                let key = if bill.in_parts { "portal.dialled.bill_parts" } else { "portal.dialled.bill" };
                let what = bill.what.as_ref().map_or(number.as_str(), |what| what.in_language(language));
                Text::new(key).with("for", what.chars().take(FOR).collect::<String>()).with("left", bill.left)
            }
            Place::Part { .. } => Text::new("portal.dialled.part"),
            Place::Wallet { amount, .. } => {
                let offered = self.wallets(phone, *amount);
                let lines = offered
                    .iter()
                    .enumerate()
                    .map(|(place, wallet)| format!("{} {}", place + 1, wallet.name.in_language(language)));
                Text::new("portal.dialled.wallet").with("list", lines.collect::<Vec<_>>().join("\n"))
            }
            Place::Confirm { number, amount, wallet, .. } => {
                let charge = self.charged(language, number, *amount, wallet).await?;
                let name = self.gateway.wallets().find(wallet).map(|wallet| wallet.name.clone());
                let text = match charge {
                    Some((charge, total)) => {
                        Text::new("portal.dialled.confirm_charge").with("charge", charge).with("total", total)
                    }
                    None => Text::new("portal.dialled.confirm"),
                };
                text.with("amount", *amount).with("wallet", name.unwrap_or_default())
            }
        }))
    }
}

/// A turn in the menu of grants; where she stands there is kept within our own place.
async fn in_grants(menu: &dyn Menu, turn: &Turn, language: &Language) -> Result<Screen, Fault> {
    menu.turn(turn).await?.within(|place| kept(language, Place::Grants { place: Some(place) }))
}

/// A place as it is kept.
fn kept(language: &Language, place: Place) -> Result<String, Fault> {
    let state = State { language: language.tag().to_owned(), place };
    serde_json::to_string(&state).map_err(|error| Fault::internal("portal.dialled.place", error))
}

fn of_fee(fee: Fee) -> Payable {
    match fee.state {
        RequestState::Open | RequestState::Failed => {
            Payable::Open(Open { what: None, left: fee.amount, in_parts: false, payee: fee.payee })
        }
        RequestState::Sent => Payable::Waiting,
        RequestState::Paid => Payable::Paid,
        RequestState::Expired | RequestState::Withdrawn => Payable::Over,
    }
}

impl Menu for BillMenu {
    fn turn<'a>(&'a self, turn: &'a Turn) -> Turning<'a> {
        Box::pin(self.turned(turn))
    }

    fn hears_what_is_dialled(&self) -> bool {
        true
    }
}
