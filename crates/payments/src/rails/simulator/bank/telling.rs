//! How the simulated bank works through a file, and how it tells of it.
//!
//! **Invariant:** a message is sent until it is taken or refused for good, as real banks do.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, header};
use bytes::Bytes;

use super::super::Manner;
use super::book::{Payment, entry};
use super::server::Bank;
use crate::rails::iso20022::{Direction, Entry, Message, PaymentReturn, ReturnedTransaction};
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use spine::Money;

/// How often a message is tried.
const TRIES: u32 = 12;

/// Works through a file, one payment after the other, and tells of it.
pub(super) async fn work(bank: Arc<Bank>, file: String) {
    let payments = bank.book.open().files.get(&file).map(|(_, payments)| payments.clone()).unwrap_or_default();
    let has = |manner| payments.iter().any(|payment| payment.manner == manner);
    let silent = has(Manner::Lost);
    bank.pause(if has(Manner::Late) { 20 } else { 1 }).await;
    let mut notices = Vec::new();
    for payment in &payments {
        notices.extend(bank.execute(&file, payment));
    }
    if silent {
        return;
    }
    bank.report(&file, has(Manner::Forged)).await;
    if has(Manner::Twice) {
        bank.report(&file, false).await;
    }
    for notice in notices {
        let told = bank.book.open().notification(notice, &bank.settings.account, bank.now());
        tell(&bank, &Message::Statement(told), false).await;
    }
    for payment in payments.iter().filter(|payment| payment.manner == Manner::DeclineThenApprove) {
        bank.pause(1).await;
        bank.send_back(payment).await;
    }
}

impl Bank {
    async fn pause(&self, times: u64) {
        tokio::time::sleep(Duration::from_millis(self.settings.delay_ms.saturating_mul(times))).await;
    }

    /// Makes one payment or does not; what was debited for it.
    fn execute(&self, file: &str, payment: &Payment) -> Option<Entry> {
        let (day, now) = (self.day(), self.now());
        let mut book = self.book.open();
        let (status, reason) = match payment.manner {
            Manner::Silent => return None,
            Manner::Decline => ("RJCT", Some("AC04")),
            _ => ("ACSC", None),
        };
        let known = book.payment(file, &payment.end_to_end)?;
        (known.status, known.reason) = (status, reason);
        if status == "RJCT" {
            book.note(now, "rejected", &payment.end_to_end, "AC04");
            return None;
        }
        let more = if payment.manner == Manner::OtherAmount { 100 } else { 0 };
        let amount = Money::new(payment.amount.minor().saturating_add(more), payment.amount.currency());
        let reference = book.next("DR", day);
        let debit = Entry {
            end_to_end: Some(payment.end_to_end.clone()),
            party: Some(payment.creditor.clone()),
            ..entry(reference, amount, Direction::Debit, day)
        };
        book.note(now, "paid-out", &payment.end_to_end, amount.minor().to_string());
        Some(book.book(debit, false))
    }

    async fn report(&self, file: &str, forged: bool) {
        let report = self.book.open().report(file, self.day(), self.now());
        if let Some(report) = report {
            tell(self, &Message::PaymentStatusReport(report), forged).await;
        }
    }

    /// The payee's bank sends it back: the account has it again, and a pacs.004 says why.
    async fn send_back(&self, payment: &Payment) {
        let (day, now) = (self.day(), self.now());
        let message = {
            let mut book = self.book.open();
            let reference = book.next("RT", day);
            let credit = Entry {
                end_to_end: Some(payment.end_to_end.clone()),
                returned: Some("AC04".to_owned()),
                ..entry(reference.clone(), payment.amount, Direction::Credit, day)
            };
            book.book(credit, false);
            book.note(now, "returned", &payment.end_to_end, payment.amount.minor().to_string());
            PaymentReturn {
                id: book.next("RTM", day),
                made_at: now,
                settles_on: day,
                method: "CLRG".to_owned(),
                returns: vec![ReturnedTransaction {
                    id: reference,
                    instruction: None,
                    end_to_end: Some(payment.end_to_end.clone()),
                    transaction: None,
                    paid: Some(payment.amount),
                    amount: payment.amount,
                    reason: Some("AC04".to_owned()),
                }],
            }
        };
        tell(self, &Message::PaymentReturn(message), false).await;
    }
}

/// Sends a message until somebody listens; a forged one first, if it is to be.
pub(super) async fn tell(bank: &Bank, message: &Message, forged: bool) {
    let Ok(body) = message.write() else { return };
    let body = Bytes::from(body);
    if forged {
        send(bank, &body, "0".repeat(64)).await;
    }
    for attempt in 0..TRIES {
        let signature = sign(&bank.settings.secret, bank.now().as_seconds(), &body);
        match send(bank, &body, signature).await {
            Some(status) if (200..300).contains(&status) || (400..429).contains(&status) && status != 408 => return,
            _ => tokio::time::sleep(Duration::from_millis(bank.settings.delay_ms << attempt.min(6))).await,
        }
    }
}

async fn send(bank: &Bank, body: &Bytes, signature: String) -> Option<u16> {
    let request = Request::post(&bank.settings.callback_url)
        .header(header::CONTENT_TYPE, "application/xml")
        .header(TIMESTAMP, bank.now().as_seconds().to_string())
        .header(SIGNATURE, signature)
        .body(body.clone())
        .ok()?;
    let answer = bank.settings.outbound.send(request).await.ok().map(|answer| answer.status().as_u16());
    let answered = answer.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    bank.book.open().note(bank.now(), "told", "", answered);
    answer
}
