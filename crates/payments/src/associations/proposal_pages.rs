//! Proposals on pages: one is made, all signatories read it, each agrees or refuses; and the rule and the seats.
//!
//! **Invariant:** a signatory sees where money is to go, how much, what for and who agrees before she says anything.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use edge::show::{Choice, Summary, Table, Tone, button, inset, tag, warning_button};
use edge::{Answers, Form, Markup, Path, Reply, Visit, correctable, html, see_other};
use journal::Key;
use spine::{Fault, FieldFault, Personal, Text};

use super::pages::rule;
use super::{
    AssociationId, Deed, Proposal, ProposalId, ProposalState, Seat, Sight, Voice, free_seat, propose, say, see,
};
use crate::Gateway;
use crate::bills::pages::typed_amount;
use crate::rails::payout::{Disbursement, DisbursementState};

pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/association/{id}/propose", get(pay_out).post(pay_proposed))
        .route("/association/{id}/signatories", get(signatories).post(change_proposed))
        .route("/association/{id}/proposal/{number}", get(one))
        .route("/association/{id}/proposal/{number}/agree", post(agreed))
        .route("/association/{id}/proposal/{number}/refuse", post(refused))
}

type Known = (Proposal, Vec<Voice>, Option<Disbursement>);

/// What a proposal wants, in a line.
fn wants(gateway: &Gateway, visit: &Visit, proposal: &Proposal) -> String {
    match &proposal.deed {
        Deed::Pay { wallet, number, amount } => {
            let name = gateway.wallets().find(wallet).map_or(wallet.as_str(), |wallet| visit.local(&wallet.name));
            let text = Text::new("payments.proposal.wants_pay").with("amount", *amount).with("wallet", name);
            visit.say(&text.with("number", number.reveal().as_str()))
        }
        Deed::Rule { needed } => visit.t1("payments.proposal.wants_rule", "needed", *needed),
        Deed::Seat { seat } => visit.t1("payments.proposal.wants_seat", "seat", *seat),
        Deed::Remove { seat, .. } => visit.t1("payments.proposal.wants_remove", "seat", *seat),
    }
}

fn state(visit: &Visit, proposal: &Proposal, payment: Option<&Disbursement>) -> Markup {
    let (tone, key) = match (proposal.state, payment.map(|payment| payment.state)) {
        (ProposalState::Open, _) => (Tone::Waiting, "payments.proposal.open"),
        (ProposalState::Passed, None | Some(DisbursementState::Paid)) => (Tone::Good, "payments.proposal.passed"),
        (ProposalState::Passed, Some(DisbursementState::Failed | DisbursementState::Returned)) => {
            (Tone::Bad, "payments.proposal.came_back")
        }
        (ProposalState::Passed, Some(_)) => (Tone::Waiting, "payments.proposal.going"),
        (ProposalState::Refused, _) => (Tone::Off, "payments.proposal.refused"),
        (ProposalState::Lapsed, _) => (Tone::Off, "payments.proposal.lapsed"),
        (ProposalState::Overtaken, _) => (Tone::Off, "payments.proposal.overtaken"),
    };
    tag(tone, &visit.t(key))
}

/// Proposals, each with a link.
pub(super) fn table(gateway: &Gateway, visit: &Visit, title: &str, known: &[&Known]) -> Markup {
    let mut table = Table::new(title).column(visit.t("payments.proposal.what")).column(visit.t("payments.fact.state"));
    for (proposal, _, payment) in known {
        let address = format!("/association/{}/proposal/{}", proposal.association, proposal.number);
        table = table.row([
            html! { a href=(address) { (wants(gateway, visit, proposal)) } },
            state(visit, proposal, payment.as_ref()),
        ]);
    }
    html! { (table) }
}

async fn sight(gateway: &Gateway, visit: &Visit, id: AssociationId) -> Reply<Sight> {
    visit.must_sign_in()?;
    Ok(gateway.acts().read(visit.caller(), move |cx| see(cx, id)).await?)
}

fn numbered(sight: &Sight, number: i64) -> Result<&Known, Fault> {
    let found = sight.proposals.iter().find(|(proposal, ..)| proposal.number == number);
    found.ok_or_else(|| Fault::not_found("payments.proposal.unknown"))
}

fn name_of(visit: &Visit, seats: &[Seat], person: &str) -> String {
    let seat = seats.iter().find(|seat| seat.person.as_deref() == Some(person));
    seat.map_or_else(|| visit.t("payments.association.former"), |seat| seat.name.reveal().clone())
}

async fn one(State(gateway): State<Gateway>, visit: Visit, Path((id, number)): Path<(AssociationId, i64)>) -> Reply {
    let sight = sight(&gateway, &visit, id).await?;
    let (proposal, voices, payment) = numbered(&sight, number)?;
    let mut facts = Summary::new(&visit)
        .row(visit.t("payments.proposal.what"), wants(&gateway, &visit, proposal))
        .row(visit.t("payments.proposal.purpose"), proposal.purpose.reveal())
        .row(visit.t("payments.proposal.proposer"), name_of(&visit, &sight.seats, &proposal.proposer))
        .markup(visit.t("payments.fact.state"), state(&visit, proposal, payment.as_ref()))
        .row(visit.t("payments.association.rule_title"), rule(&visit, &sight.association, sight.seats.len()));
    if let Deed::Remove { person, .. } = &proposal.deed {
        facts = facts.row(visit.t("payments.association.signatory"), name_of(&visit, &sight.seats, person));
    }
    if proposal.state == ProposalState::Open {
        facts = facts.row(visit.t("payments.proposal.until"), visit.moment(proposal.expires_at));
    }
    let mut said = Table::new(visit.t("payments.proposal.voices"))
        .column(visit.t("payments.association.signatory"))
        .column(visit.t("payments.proposal.says"));
    for voice in voices {
        let (tone, key) = if voice.agrees {
            (Tone::Good, "payments.proposal.agrees")
        } else {
            (Tone::Bad, "payments.proposal.refuses")
        };
        said = said.row([html! { (name_of(&visit, &sight.seats, &voice.person)) }, tag(tone, &visit.t(key))]);
    }
    let is_hers = !proposal.hears(&visit.actor().id);
    let has_said = voices.iter().any(|voice| visit.actor().is_for(&voice.person));
    let address = format!("/association/{id}/proposal/{number}");
    let title = visit.t1("payments.proposal.title", "number", number);
    let page = visit.page(title).caption(&sight.association.name).back(format!("/association/{id}")).body(html! {
        (facts)
        @if !voices.is_empty() { (said) }
        @if proposal.state == ProposalState::Open && is_hers {
            (inset(html! { p { (visit.t("payments.proposal.own_seat")) } }))
        } @else if proposal.state == ProposalState::Open && !has_said {
            (visit.form(&format!("{address}/agree"), html! { (button(&visit.t("payments.proposal.agree"))) }))
            (visit.form(&format!("{address}/refuse"), html! { (warning_button(&visit.t("payments.proposal.refuse"))) }))
        }
    });
    Ok(page.into_response())
}

async fn agreed(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, number)): Path<(AssociationId, i64)>,
    sent: Form,
) -> Reply {
    spoken(&gateway, &visit, (id, number), &sent, true).await
}

async fn refused(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path((id, number)): Path<(AssociationId, i64)>,
    sent: Form,
) -> Reply {
    spoken(&gateway, &visit, (id, number), &sent, false).await
}

async fn spoken(
    gateway: &Gateway,
    visit: &Visit,
    (id, number): (AssociationId, i64),
    sent: &Form,
    agrees: bool,
) -> Reply {
    let proposal: ProposalId = numbered(&sight(gateway, visit, id).await?, number)?.0.id;
    let key = Key::new(&format!("payments.proposal.say:{proposal}:{agrees}"), sent.key.text(), sent.key.request());
    let rails = gateway.rails().clone();
    gateway.acts().post(visit.caller(), &key, move |cx| say(cx, &rails, proposal, agrees)).await?;
    Ok(see_other(&format!("/association/{id}/proposal/{number}")))
}

async fn pay_out(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AssociationId>) -> Reply {
    pay_page(&gateway, &visit, id, Answers::default(), &[]).await
}

async fn pay_page(
    gateway: &Gateway,
    visit: &Visit,
    id: AssociationId,
    answers: Answers,
    faults: &[FieldFault],
) -> Reply {
    let sight = sight(gateway, visit, id).await?;
    let sheet = visit.sheet_with(answers, faults);
    let wallets = gateway.wallets().iter();
    let wallets = wallets.map(|wallet| Choice::new(wallet.id.as_str(), visit.local(&wallet.name))).collect();
    let number = sheet.phone("number", visit.t("payments.proposal.number")).prefix(gateway.wallets().prefix());
    let free = spine::Money::new(sight.account.available(), sight.account.currency);
    let purpose = sheet.text("purpose", visit.t("payments.proposal.purpose")).max_length(80);
    let amount = sheet.text("amount", visit.t("payments.association.amount")).max_length(20);
    let fields = html! {
        (amount.hint(visit.t1("payments.proposal.free", "free", free)))
        (purpose.hint(visit.t("payments.proposal.purpose_hint")))
        (sheet.radios("wallet", visit.t("payments.proposal.wallet"), wallets)) (number)
        (button(&visit.t("payments.proposal.make")))
    };
    let page = visit.page(visit.t("payments.proposal.pay_title")).caption(&sight.association.name);
    let page = page.back(format!("/association/{id}")).sheet(&sheet).body(html! {
        p { (visit.t1("payments.proposal.pay_says", "rule", rule(visit, &sight.association, sight.seats.len()))) }
        (visit.form(&format!("/association/{id}/propose"), fields))
    });
    Ok(page.into_response())
}

async fn pay_proposed(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(id): Path<AssociationId>,
    sent: Form,
) -> Reply {
    visit.must_sign_in()?;
    let of = |name: &str| sent.answers.one(name).to_owned();
    let faults = match typed_amount(sent.answers.one("amount"), gateway.counter()?.currency) {
        None => vec![FieldFault { field: "amount".to_owned(), text: Text::new("payments.association.amount_typed") }],
        Some(amount) => {
            let deed = Deed::Pay { wallet: of("wallet"), number: Personal::new(of("number")), amount };
            match made(&gateway, &visit, id, deed, &sent).await {
                Ok(reply) => return Ok(reply),
                Err(fault) if fault.code() == "payments.account.bound" => {
                    let text = Text::new("payments.proposal.amount_much");
                    vec![FieldFault { field: "amount".to_owned(), text }]
                }
                Err(fault) => correctable(fault)?,
            }
        }
    };
    pay_page(&gateway, &visit, id, sent.answers, &faults).await
}

async fn made(
    gateway: &Gateway,
    visit: &Visit,
    id: AssociationId,
    deed: Deed,
    sent: &Form,
) -> Result<axum::response::Response, Fault> {
    let key = Key::new(&format!("payments.proposal.make:{id}"), sent.key.text(), sent.key.request());
    let (rails, purpose) = (gateway.rails().clone(), sent.answers.one("purpose").to_owned());
    gateway.acts().post(visit.caller(), &key, move |cx| propose(cx, &rails, id, &deed, &purpose)).await?;
    Ok(see_other(&format!("/association/{id}")))
}

async fn signatories(State(gateway): State<Gateway>, visit: Visit, Path(id): Path<AssociationId>) -> Reply {
    seats_page(&gateway, &visit, id, Answers::default(), &[]).await
}

async fn seats_page(
    gateway: &Gateway,
    visit: &Visit,
    id: AssociationId,
    answers: Answers,
    faults: &[FieldFault],
) -> Reply {
    let sight = sight(gateway, visit, id).await?;
    let seats = &sight.seats;
    let mut table = Table::new(visit.t("payments.association.signatories_title"))
        .column(visit.t("payments.association.seat"))
        .column(visit.t("payments.association.signatory"));
    for seat in seats {
        let label = visit.t("payments.association.make_code");
        let may_invite = visit.actor().is_for(&seat.inviter);
        let empty = html! {
            (tag(Tone::Waiting, &visit.t("payments.association.empty")))
            @if may_invite { (visit.button_form(&format!("/association/{id}/code/{}", seat.seat), &label)) }
        };
        let who = if seat.person.is_some() {
            html! { (seat.name.reveal()) }
        } else {
            empty
        };
        table = table.row([html! { (seat.seat) }, who]);
    }
    let sheet = visit.sheet_with(answers, faults);
    let joined = i64::try_from(seats.iter().filter(|seat| seat.person.is_some()).count()).unwrap_or(0);
    let fields = html! {
        (sheet.radios("change", visit.t("payments.proposal.change"), changes(visit, &sight, joined)))
        (sheet.text("purpose", visit.t("payments.proposal.reason")).max_length(80))
        (button(&visit.t("payments.proposal.make")))
    };
    let page = visit.page(visit.t("payments.association.signatories_title")).caption(&sight.association.name);
    let page = page.back(format!("/association/{id}")).sheet(&sheet).body(html! {
        p { (rule(visit, &sight.association, seats.len())) }
        (table)
        @if joined >= sight.association.needed {
            h2 { (visit.t("payments.proposal.change_title")) }
            p { (visit.t("payments.proposal.change_says")) }
            (visit.form(&format!("/association/{id}/signatories"), fields))
        }
    });
    Ok(page.into_response())
}

/// What may be proposed here: another rule, another signatory or a new one, one taken off if enough stay.
fn changes(visit: &Visit, sight: &Sight, joined: i64) -> Vec<Choice> {
    let (seats, needed) = (&sight.seats, sight.association.needed);
    let says = |key: &'static str, seat: i64| visit.t1(key, "seat", seat);
    let is_own = |seat: &Seat| seat.person.as_deref().is_some_and(|who| visit.actor().is_for(who));
    let rules = (2..=joined).filter(|other| *other != needed);
    let rule = |other| Choice::new(format!("rule-{other}"), visit.t1("payments.proposal.wants_rule", "needed", other));
    let mut changes: Vec<Choice> = rules.map(rule).collect();
    let others = seats.iter().filter(|seat| !is_own(seat)).map(|seat| seat.seat).chain(free_seat(seats));
    changes.extend(others.map(|seat| Choice::new(format!("seat-{seat}"), says("payments.proposal.wants_seat", seat))));
    if joined > needed {
        for seat in seats.iter().filter(|seat| seat.person.is_some()) {
            let key = if is_own(seat) { "payments.proposal.wants_leave" } else { "payments.proposal.wants_remove" };
            let choice = Choice::new(format!("remove-{}", seat.seat), says(key, seat.seat));
            changes.push(choice.hint(seat.name.reveal().clone()));
        }
    }
    changes
}

/// `rule-3`, `seat-2`, `remove-2`: whoever sits there as the asker sees it.
fn typed_change(typed: &str, seats: &[Seat]) -> Option<Deed> {
    match typed.split_once('-')? {
        ("rule", needed) => Some(Deed::Rule { needed: needed.parse().ok()? }),
        ("seat", seat) => Some(Deed::Seat { seat: seat.parse().ok()? }),
        ("remove", seat) => {
            let seat: i64 = seat.parse().ok()?;
            let person = seats.iter().find(|it| it.seat == seat)?.person.clone()?;
            Some(Deed::Remove { seat, person })
        }
        _ => None,
    }
}

async fn change_proposed(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(id): Path<AssociationId>,
    sent: Form,
) -> Reply {
    let seats = sight(&gateway, &visit, id).await?.seats;
    let faults = match typed_change(sent.answers.one("change"), &seats) {
        None => vec![FieldFault { field: "change".to_owned(), text: Text::new("payments.proposal.change_wrong") }],
        Some(deed) => match made(&gateway, &visit, id, deed, &sent).await {
            Ok(reply) => return Ok(reply),
            Err(fault) => {
                let mut faults = correctable(fault)?;
                for fault in faults.iter_mut().filter(|fault| fault.field != "purpose") {
                    "change".clone_into(&mut fault.field);
                }
                faults
            }
        },
    };
    seats_page(&gateway, &visit, id, sent.answers, &faults).await
}
