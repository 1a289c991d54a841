//! What follows from what somebody types: `0` goes back, all else is an answer.
//!
//! **Invariant:** whatever is typed leads somewhere; an account is held to its form before her PIN is asked; what she sees and
//! changes goes through [`identity::Identity::deed_of`] and the operations of the page.

use identity::Owner;
use serde::{Deserialize, Serialize};
use spine::{Arg, Cx, Date, Fault, FaultKind, Language, Personal, Text};

use super::place::{Place, account_words, banks, payers, short};
use super::{GrantsMenu, Next};
use crate::mapper::account::fit;
use crate::mapper::{Chosen, OwnPayments, Resolved, choose, own, stop_change};
use crate::model::{Account, Payment, PaymentState};
use crate::programme::Way;

/// What a deed came to; a right PIN for something that cannot be is no wrong try.
#[derive(Serialize, Deserialize)]
enum Done<T> {
    Is(T),
    CannotBe(String),
}

/// A deed with what she is told of where it cannot be.
fn told<T>(done: Result<T, Fault>) -> Result<Done<T>, Fault> {
    match done {
        Ok(done) => Ok(Done::Is(done)),
        Err(fault) if fault.code() == "grants.account.no_change" => Ok(Done::CannotBe("no_change".to_owned())),
        Err(fault) if fault.code().starts_with("grants.payee.") || fault.code() == "civil.person.unknown" => {
            Ok(Done::CannotBe("not_here".to_owned()))
        }
        Err(fault) => Err(fault),
    }
}

impl GrantsMenu {
    /// What follows. What she may not do, as surely as she is known now, ends with where to turn.
    pub(super) async fn step(&self, who: (&Owner, &str), place: Place, typed: &str) -> Result<Next, Fault> {
        match self.followed(who, place, typed).await {
            Err(fault) if fault.kind() == FaultKind::Forbidden => Ok(Next::End(Text::new("identity.ussd.not_now"))),
            next => next,
        }
    }

    async fn followed(&self, who: (&Owner, &str), place: Place, typed: &str) -> Result<Next, Fault> {
        if typed == "0" {
            return Ok(Next::At(place.back()));
        }
        match place {
            Place::See => self.see(who, typed).await,
            Place::Confirm { account } => self.change(who, account, typed).await,
            Place::Stop => self.stop(who, typed).await,
            place => Ok(self.chosen(who.1, place, typed)),
        }
    }

    /// What was chosen where nothing is done yet.
    fn chosen(&self, phone: &str, place: Place, typed: &str) -> Next {
        let grants = &self.0;
        match (&place, typed) {
            (Place::Home, "1") => Next::At(Place::See),
            (Place::Home, "2") => Next::At(Place::Way),
            (Place::Home, "3") => Next::At(Place::Stop),
            (Place::Way, "1") => self.to_phone(Personal::new(phone.to_owned()), Place::Way),
            (Place::Way, "2") => Next::At(Place::Number),
            (Place::Way, "3") => Next::At(Place::Bank),
            (Place::Way, "4") => confirm(Way::PostOffice, "", ""),
            (Place::Way, "5") => confirm(Way::Voucher, "", ""),
            (Place::Number, number) => match grants.inner.rails.wallets.number(number) {
                Some(number) => self.to_phone(number, Place::Number),
                None => Next::Again(Place::Number, Text::new("grants.ussd.number_wrong")),
            },
            (Place::By { number }, typed) => match pick(typed, &payers(grants, &Personal::new(number.clone()))) {
                Some(payer) => confirm(Way::Wallet, payer.id(), number),
                None => Next::At(place),
            },
            (Place::Bank, typed) => match pick(typed, &banks(grants)) {
                Some(bank) => Next::At(Place::AccountNumber { bank: bank.id.clone() }),
                None => Next::At(place),
            },
            (Place::AccountNumber { bank }, number) => {
                match fit(grants, &Account { way: Way::Bank, institution: bank.clone(), address: number.to_owned() }) {
                    Ok(account) => Next::At(Place::Confirm { account }),
                    Err(_) => Next::Again(place, Text::new("grants.ussd.account_wrong")),
                }
            }
            _ => Next::At(place),
        }
    }

    /// To a phone's number: by its one payer, or by which of several.
    fn to_phone(&self, number: Personal<String>, from: Place) -> Next {
        match payers(&self.0, &number).as_slice() {
            [] => Next::Again(from, Text::new("grants.ussd.no_wallet")),
            [one] => confirm(Way::Wallet, one.id(), number.reveal()),
            _ => Next::At(Place::By { number: number.into_inner() }),
        }
    }

    async fn see(&self, (owner, phone): (&Owner, &str), pin: &str) -> Result<Next, Fault> {
        let engine = self.0.clone();
        let look = move |cx: &mut Cx<'_>| told(own(cx, &engine));
        let seen = self.0.inner.identity.deed_of(owner, phone, pin, look).await?;
        Ok(match seen {
            Ok(Done::Is(seen)) => Next::Again(Place::Home, self.seen(owner.language(), &seen)),
            Ok(Done::CannotBe(why)) => cannot(&why),
            Err(why) => Next::End(why),
        })
    }

    /// What she gets, when, and where it goes.
    fn seen(&self, language: &Language, (resolved, payments): &(Resolved, OwnPayments)) -> Text {
        let grants = &self.0;
        let at = |account: &Account| account_words(grants, account, language, false);
        let now = resolved.account.as_ref().map_or_else(|| Text::new("grants.ussd.to_none").into(), at);
        let key = if resolved.waiting.is_some() { "grants.ussd.seen_waiting" } else { "grants.ussd.seen" };
        let text = Text::new(key).with("payment", self.payment(language, payments)).with("account", now);
        match &resolved.waiting {
            Some(change) => text.with("other", at(&change.account)).with("from", change.effective_at),
            None => text,
        }
    }

    /// The payment that comes next, or the last one.
    fn payment(&self, language: &Language, payments: &OwnPayments) -> Arg {
        let next = payments.iter().filter(|(one, _)| one.state == PaymentState::Ready).min_by_key(|(_, day)| *day);
        let newest = payments.iter().max_by_key(|(one, _)| one.changed_at);
        let Some((payment, pay_on)) = next.or(newest) else { return Text::new("grants.ussd.no_payment").into() };
        let name = self.0.programmes().get(&payment.programme).map(|one| one.about().name.in_language(language));
        Text::new("grants.ussd.payment")
            .with("programme", short(name.unwrap_or(&payment.programme)))
            .with("amount", self.0.money(payment.amount_minor))
            .with("state", Text::named(format!("grants.state.{}", payment.state.code())))
            .with("day", self.day(payment, *pay_on))
            .into()
    }

    fn day(&self, payment: &Payment, pay_on: Date) -> Date {
        match payment.state {
            PaymentState::Ready => pay_on,
            _ => payment.changed_at.date_in(&self.0.inner.zone),
        }
    }

    async fn change(&self, (owner, phone): (&Owner, &str), account: Account, pin: &str) -> Result<Next, Fault> {
        let (engine, wish) = (self.0.clone(), account.clone());
        let work = move |cx: &mut Cx<'_>| told(own_payee(cx, &engine, |cx, payee| choose(cx, &engine, payee, &wish)));
        let done = self.0.inner.identity.deed_of(owner, phone, pin, work).await?;
        let words = account_words(&self.0, &account, owner.language(), false);
        Ok(match done {
            Ok(Done::Is(Chosen::Now)) => Next::End(Text::new("grants.ussd.now").with("account", words)),
            Ok(Done::Is(Chosen::Before)) => Next::End(Text::new("grants.ussd.before").with("account", words)),
            Ok(Done::Is(Chosen::Waits(from))) => {
                Next::End(Text::new("grants.ussd.waits").with("account", words).with("from", from))
            }
            Ok(Done::CannotBe(why)) => cannot(&why),
            Err(why) => Next::End(why),
        })
    }

    async fn stop(&self, (owner, phone): (&Owner, &str), pin: &str) -> Result<Next, Fault> {
        let engine = self.0.clone();
        let work = move |cx: &mut Cx<'_>| told(own_payee(cx, &engine, |cx, payee| stop_change(cx, &engine, payee)));
        Ok(match self.0.inner.identity.deed_of(owner, phone, pin, work).await? {
            Ok(Done::Is(())) => Next::End(Text::new("grants.ussd.stopped")),
            Ok(Done::CannotBe(why)) => cannot(&why),
            Err(why) => Next::End(why),
        })
    }
}

/// Does something about the asker as payments name her.
fn own_payee<T>(
    cx: &mut Cx<'_>,
    grants: &crate::Grants,
    deed: impl FnOnce(&mut Cx<'_>, &str) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let payee = own(cx, grants)?.0.payee;
    deed(cx, &payee)
}

fn cannot(why: &str) -> Next {
    Next::End(Text::named(format!("grants.ussd.{why}")))
}

fn confirm(way: Way, institution: &str, address: &str) -> Next {
    let account = Account { way, institution: institution.to_owned(), address: address.to_owned() };
    Next::At(Place::Confirm { account })
}

/// The one that was chosen by its number.
fn pick<'a, T>(typed: &str, all: &'a [T]) -> Option<&'a T> {
    all.get(typed.parse::<usize>().ok()?.checked_sub(1)?)
}
