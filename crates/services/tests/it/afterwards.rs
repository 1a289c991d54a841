//! What happens after a case: it is taken back and its fee goes back, or its document is revoked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use payments::{ReturnState, WalletLink, Wallets};
use services::{Ground, Verdict};
use spine::Secret;

use crate::bench::{Bench, officer, on_each, passport_answers};
use crate::country;

/// A wallet that takes money back, or answers with another status.
async fn wallet(bench: &mut Bench, status: Arc<Mutex<StatusCode>>) -> Arc<Mutex<Vec<serde_json::Value>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    let refunds = post(move |body: Bytes| async move {
        kept.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        (*status.lock().unwrap(), "{\"reference\":\"R-1\"}")
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/refunds", refunds)).await.unwrap() });
    let link = WalletLink { base_url, secret: Secret::new(vec![7; 32]) };
    bench.wallets = Wallets::parse(&country::text("wallets.toml"), |_| Some(link.clone())).unwrap();
    let outbound = edge::Outbound::new(edge::OutboundLimits::default());
    let gateway =
        payments::Gateway::new(bench.acts.clone(), bench.wallets.clone(), outbound, Arc::clone(&bench.clock) as _);
    bench.workers = payments::handlers(&gateway, bench.workers.clone());
    told
}

async fn sound(bench: &Bench) {
    let audit = bench.read(payments::audit).await;
    assert!(audit.is_sound(), "{:?}", audit.findings);
}

#[test]
fn a_case_taken_back_before_anybody_has_begun_costs_nothing() {
    on_each(async |mut bench: Bench| {
        let told = wallet(&mut bench, Arc::new(Mutex::new(StatusCode::OK))).await;
        let (case, task) = bench.examining().await;
        let request = bench.payment(case).await;
        bench.withdraw(&bench.lineo, case).await.unwrap();
        sound(&bench).await;
        bench.work().await;
        let told = told.lock().unwrap().clone();
        assert_eq!((told.len(), &told[0]["amount_minor"]), (1, &13_000.into()));
        let returned = bench.read(move |cx| payments::returned(cx, request)).await.unwrap();
        assert_eq!((returned.amount.minor(), returned.state), (13_000, ReturnState::Done));
        sound(&bench).await;
        assert_eq!(bench.withdraw(&bench.lineo, case).await.unwrap_err().code(), "services.case.over");
        let palesa = officer("off_palesa", &["passport-officer"]);
        let late = bench.write(&palesa, move |cx| services::claim(cx, task)).await;
        assert_eq!(late.unwrap_err().code(), "services.task.over");
    });
}

#[test]
fn what_the_pack_keeps_is_kept_and_no_more() {
    on_each(async |mut bench: Bench| {
        let told = wallet(&mut bench, Arc::new(Mutex::new(StatusCode::OK))).await;
        let (case, task) = bench.examining().await;
        let palesa = officer("off_palesa", &["passport-officer"]);
        bench.write(&palesa, move |cx| services::claim(cx, task)).await.unwrap();
        bench.withdraw(&bench.lineo, case).await.unwrap();
        bench.work().await;
        assert_eq!(told.lock().unwrap()[0]["amount_minor"], 10_400, "a fifth of M130.00 is kept");
        assert_eq!(bench.deeds(&bench.lineo).await.get("payments.return.done"), Some(&1));
        sound(&bench).await;
    });
}

#[test]
fn a_wallet_that_will_not_take_it_leaves_it_to_an_officer() {
    on_each(async |mut bench: Bench| {
        let status = Arc::new(Mutex::new(StatusCode::SERVICE_UNAVAILABLE));
        let told = wallet(&mut bench, Arc::clone(&status)).await;
        let (case, _) = bench.examining().await;
        let request = bench.payment(case).await;
        bench.withdraw(&bench.lineo, case).await.unwrap();
        bench.work().await;
        *status.lock().unwrap() = StatusCode::UNPROCESSABLE_ENTITY;
        bench.clock.step(5);
        bench.work().await;
        let stuck = bench.read(move |cx| payments::returned(cx, request)).await.unwrap();
        assert_eq!(stuck.state, ReturnState::Review);
        sound(&bench).await;
        let again = move |cx: &mut spine::Cx<'_>| payments::give_back_again(cx, stuck.id);
        let palesa = officer("off_palesa", &["passport-officer"]);
        assert_eq!(bench.write(&palesa, again).await.unwrap_err().code(), "journal.act.forbidden");
        let mosa = officer("off_mosa", &["payments-officer"]);
        *status.lock().unwrap() = StatusCode::OK;
        bench.write(&mosa, again).await.unwrap();
        bench.work().await;
        assert_eq!(bench.write(&mosa, again).await.unwrap_err().code(), "payments.return.not_in_review");
        let keys: Vec<_> = told.lock().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert!(keys[0] == keys[1] && keys[1] != keys[2], "one key for each hold: {keys:?}");
        sound(&bench).await;
    });
}

#[test]
fn more_than_was_paid_never_goes_back() {
    on_each(async |bench: Bench| {
        let (case, _) = bench.examining().await;
        let request = bench.payment(case).await;
        let paid = bench.read(move |cx| payments::find(cx, request)).await.unwrap().amount;
        let back = |minor: i64| {
            let amount = spine::Money::new(minor, paid.currency());
            bench.write(&bench.lineo, move |cx| payments::give_back(cx, request, amount))
        };
        for wrong in [0, -1, 13_001] {
            assert_eq!(back(wrong).await.unwrap_err().code(), "payments.return.amount");
        }
        let first = back(13_000).await.unwrap();
        assert_eq!(back(13_000).await.unwrap(), first, "asked twice is asked once");
        assert_eq!(back(1).await.unwrap_err().code(), "payments.return.made");
        let amount = spine::Money::new(1, paid.currency());
        let other = bench.write(&bench.thabo, move |cx| payments::give_back(cx, request, amount)).await;
        assert_eq!(other.unwrap_err().code(), "journal.act.forbidden");
        let unpaid = bench.draft(&bench.thabo, "birth-certificate-copy", Vec::new()).await;
        assert_eq!(bench.state(unpaid).await, "draft");
        sound(&bench).await;
    });
}

#[test]
fn a_revoked_document_holds_no_more_and_says_why() {
    on_each(async |bench: Bench| {
        let (case, task) = bench.examining().await;
        let palesa = officer("off_palesa", &["passport-officer"]);
        bench.write(&palesa, move |cx| services::claim(cx, task)).await.unwrap();
        let engine = bench.services.clone();
        bench.write(&palesa, move |cx| services::decide(cx, &engine, task, &Verdict::Approve)).await.unwrap();
        bench.seal().await;
        let reference = bench.column(case, "SELECT reference FROM services_case WHERE id = $1").await.unwrap();
        let find = |who| {
            let (engine, words) = (bench.services.clone(), reference.clone());
            bench.acts.read(who, move |cx| services::find_documents(cx, &engine, &words))
        };
        let khotso = officer("off_khotso", &["licence-officer"]);
        assert!(find(&khotso).await.unwrap().is_empty(), "another office's documents are not there");
        let issued = find(&palesa).await.unwrap().remove(0);
        let revoke = |who, reason: &str| {
            let (engine, reason) = (bench.services.clone(), reason.to_owned());
            bench.write(who, move |cx| services::revoke(cx, &engine, issued.id, Ground::Deceit, &reason))
        };
        assert_eq!(revoke(&khotso, "No.").await.unwrap_err().code(), "journal.act.forbidden");
        assert_eq!(revoke(&bench.lineo, "No.").await.unwrap_err().code(), "journal.act.forbidden");
        assert_eq!(revoke(&palesa, "  ").await.unwrap_err().code(), "services.task.reason");
        revoke(&palesa, "The photograph was of somebody else.").await.unwrap();
        assert_eq!(revoke(&palesa, "Again.").await.unwrap_err().code(), "services.output.revoked");
        let issued = find(&palesa).await.unwrap().remove(0);
        assert!(issued.revoked_at.is_some() && issued.ground == Some(Ground::Deceit));
        assert_eq!(bench.deeds(&bench.lineo).await.get("services.output.revoked"), Some(&1));
        // The evidence stands: that it was issued stays true, and only asking tells of the revocation.
        let (_, pdf) = bench.documents(case).await.remove(0);
        assert!(services::verify::verify(&pdf, &bench.log_key).is_ok());
    });
}

#[test]
fn a_draft_is_taken_back_without_a_word() {
    on_each(async |bench: Bench| {
        let case = bench.draft(&bench.lineo, "passport-renewal", passport_answers()).await;
        bench.withdraw(&bench.lineo, case).await.unwrap();
        assert_eq!(bench.deeds(&bench.lineo).await.get("messages.notice.sent"), None);
    });
}
