//! A sign-in that is asked for in one place and approved in another: begun, decided, fetched.
//!
//! **Invariant:** a person decides once, for herself; what was approved is fetched once, by the client that asked, no
//! more often than it was told. Nobody learns from it whether a person exists.
//! Where next: `device.rs` (RFC 8628), `ciba.rs` (OpenID Connect CIBA), `approval_pages.rs`.

use messages::Messages;
use serde::{Deserialize, Serialize};
use spine::{Act, Assurance, Cx, Fault, Job, Localised, Resource};

use crate::post;
use crate::provider::grant::{self, Basis, Decision, Granted, Issue, Tokens};
use crate::provider::once::{self, Once};
use crate::rows::approvals::{self, Approval};
use crate::session::{Found, SessionId};

/// Seconds added each time a client asks too soon (RFC 8628 §3.5).
const SLOWER_SECONDS: i64 = 5;
/// How much one client may ask of one person at once.
const MOST_PENDING: i64 = 3;
/// The job that tells a client of a decision.
pub(crate) const NOTIFY: &str = "identity.approval.notify";

/// Keeps what was asked for, and tells whom it is asked of. Of a person who is asked too much at once, no more is asked.
pub(crate) fn begin(
    cx: &mut Cx<'_>,
    approval: &Approval,
    telling: Option<(&Messages, &Localised)>,
    spent: &[Once],
) -> Result<(), Fault> {
    cx.may("identity.approval.ask", &Resource::new("Grant", &approval.client))?;
    once::spend(cx, spent)?;
    let now = cx.now();
    let mut approval = approval.clone();
    if let Some(account) = approval.account.clone()
        && approvals::pending(cx.tx(), &account, &approval.client, now)? >= MOST_PENDING
    {
        approval.account = None;
    }
    approvals::insert(cx.tx(), &approval)?;
    if let (Some(account), Some((messages, name))) = (&approval.account, telling) {
        post::send_question(cx, messages, account, name, approval.message.as_deref().unwrap_or_default())?;
    }
    let act = Act::new("identity.approval.asked").on(&approval.client).because("sign-in", "identity-service");
    let act = act.with("kind", approval.kind.as_str()).with("scope", approval.scope.as_str());
    cx.record(match &approval.account {
        Some(account) => act.about(account),
        None => act,
    });
    Ok(())
}

/// How whoever decides has proven herself.
#[derive(Clone, Debug)]
pub(crate) struct Sureness {
    pub(crate) account: String,
    /// What the client calls her.
    pub(crate) subject: String,
    pub(crate) assurance: Assurance,
    pub(crate) methods: Vec<String>,
    pub(crate) auth_time: spine::Timestamp,
    pub(crate) session: Option<SessionId>,
}

impl Sureness {
    /// That of a session.
    pub(crate) fn of(found: &Found, subject: String) -> Self {
        Self {
            account: found.account.clone(),
            subject,
            assurance: found.assurance,
            methods: found.methods.clone(),
            auth_time: found.auth_time,
            session: Some(found.parent.unwrap_or(found.id)),
        }
    }
}

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Decided {
    /// It is kept.
    Kept,
    /// It was decided before, or took too long, or was never asked of her.
    Gone,
    /// The client wants her to be known more surely than she is here.
    TooWeak,
}

/// Keeps a person's decision. `agreed` holds the claims she agreed to; with none she said no.
pub(crate) fn decide(
    cx: &mut Cx<'_>,
    hash: &str,
    sureness: &Sureness,
    agreed: Option<&[String]>,
) -> Result<Decided, Fault> {
    let now = cx.now();
    let open = |row: &Approval| row.state == "pending" && now < row.expires_at;
    let Some(row) = approvals::by_hash(cx.tx(), hash)?.filter(open) else { return Ok(Decided::Gone) };
    let own = row.account.as_ref().map_or(row.kind == "device", |account| *account == sureness.account);
    if !own {
        return Ok(Decided::Gone);
    }
    cx.may("identity.approval.answer", &Resource::new("Grant", &row.client).is("own", own))?;
    let wanted = super::id_token::assurance_of(&row.acr);
    if agreed.is_some() && wanted.is_some_and(|wanted| sureness.assurance < wanted) {
        return Ok(Decided::TooWeak);
    }
    let basis = match agreed {
        None => None,
        Some(agreed) => {
            let decision = Decision {
                account: &sureness.account,
                subject: &sureness.subject,
                client: &row.client,
                scope: &row.scope,
                asked: &row.asked,
                agreed,
            };
            let consent = grant::decide(cx, &decision, true)?;
            Some(Basis {
                auth_time: sureness.auth_time,
                assurance: sureness.assurance,
                methods: sureness.methods.clone(),
                acr: None,
                nonce: None,
                asked: grant::agreed_part(row.asked.clone(), Some(&consent)),
                sid: sureness.session,
                act: None,
            })
        }
    };
    let state = if basis.is_some() { "approved" } else { "denied" };
    if !approvals::decide(cx.tx(), hash, state, &sureness.account, basis.as_ref())? {
        return Ok(Decided::Gone);
    }
    let act = Act::new("identity.approval.answered").about(&sureness.account).on(&row.client);
    cx.record(act.because("sign-in", "consent").with("answer", state));
    if row.notify.is_some() {
        cx.enqueue(Job::new(NOTIFY, serde_json::json!({"approval": hash})));
    }
    Ok(Decided::Kept)
}

/// What a client brings to fetch what was approved.
#[derive(Clone)]
pub(crate) struct Redeem {
    pub(crate) client: String,
    pub(crate) hash: String,
    pub(crate) kind: &'static str,
    pub(crate) tokens: Tokens,
}

/// What it gets.
#[derive(Serialize, Deserialize)]
pub(crate) enum Turn {
    Granted(Box<Granted>),
    Pending,
    TooSoon,
    Denied,
    Over,
    No,
}

/// Fetches what was approved.
pub(crate) fn redeem(cx: &mut Cx<'_>, redeem: &Redeem) -> Result<Turn, Fault> {
    cx.may("identity.grant.exchange", &Resource::new("Grant", &redeem.client))?;
    let now = cx.now();
    let own = |row: &Approval| row.client == redeem.client && row.kind == redeem.kind;
    let Some(row) = approvals::by_hash(cx.tx(), &redeem.hash)?.filter(own) else { return Ok(Turn::No) };
    let basis = match (row.state.as_str(), row.basis.clone()) {
        ("approved", Some(basis)) if now < row.expires_at => basis,
        ("pending", _) if now < row.expires_at => return polled(cx, redeem, &row),
        ("denied", _) => return Ok(Turn::Denied),
        ("redeemed", _) => {
            grant::end_family(cx, &row.hash, row.account.as_deref().unwrap_or_default(), &row.client)?;
            return Ok(Turn::No);
        }
        _ => return Ok(Turn::Over),
    };
    let Some(account) = row.account.clone() else { return Ok(Turn::Over) };
    if !crate::rows::accounts::account_by_id(cx.tx(), &account)?.is_some_and(|account| account.active) {
        return Ok(Turn::Denied);
    }
    if !approvals::redeem(cx.tx(), &row.hash)? {
        return Ok(Turn::No);
    }
    // It was not in the client's browser that she signed in: what is granted here hangs on no session.
    let granting = Issue {
        family: &row.hash,
        session: None,
        account: &account,
        client: &row.client,
        scope: &row.scope,
        basis: &basis,
    };
    let refreshes = grant::issue(cx, &granting, &redeem.tokens)?;
    let act = Act::new("identity.grant.exchanged").about(&account).on(&row.client);
    cx.record(act.because("sign-in", "identity-service").with("scope", row.scope.as_str()));
    Ok(Turn::Granted(Box::new(Granted { account, scope: row.scope, basis, refreshes, now })))
}

/// Counts that the client asked while nothing was decided.
fn polled(cx: &mut Cx<'_>, redeem: &Redeem, row: &Approval) -> Result<Turn, Fault> {
    let now = cx.now();
    let soon = row.asked_at.is_some_and(|last| now.seconds_since(last) < row.every_seconds);
    let every = if soon { row.every_seconds + SLOWER_SECONDS } else { row.every_seconds };
    once::spend(cx, &redeem.tokens.once)?;
    approvals::poll(cx.tx(), &row.hash, now, every)?;
    cx.record(Act::new("identity.approval.polled").on(&row.client).because("sign-in", "identity-service"));
    Ok(if soon { Turn::TooSoon } else { Turn::Pending })
}
