//! Talking to our bank: hand in a file, ask what became of it. Workers only.
//!
//! **Invariant:** as for wallets: every message is signed, and the answer says for sure or says that it is not sure.

use axum::http::StatusCode;

use super::file::BankFileId;
use crate::rails::iso20022::{self, Message, PaymentStatusReport, XmlLimits};
use crate::rails::talk::Line;

/// What the bank did with a file.
pub(crate) enum HandedIn {
    /// It has it.
    Taken,
    /// It will not have it.
    Refused,
    /// It may have it.
    Unsure,
    /// It has not, or cannot now.
    Later(&'static str),
}

/// What the bank answered when asked.
pub(crate) enum Asked {
    /// This became of the payments so far.
    Said(Box<PaymentStatusReport>),
    /// It has never heard of the file.
    Unheard,
    /// No answer that helps.
    Later,
}

/// Hands in a pain.001: `POST {base}/payments`, under the file's identifier.
pub(crate) async fn hand_in(line: &Line<'_>, id: BankFileId, file: Vec<u8>) -> HandedIn {
    match line.post_as("application/xml", "/payments", &id.to_string(), file).await {
        Ok((status, _)) if status.is_success() => HandedIn::Taken,
        Ok((status, _)) if matches!(status.as_u16(), 400 | 404 | 410 | 413 | 422) => HandedIn::Refused,
        Ok((StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _)) => HandedIn::Later("payments.bank.knows_us_not"),
        Ok(_) => HandedIn::Later("payments.bank.unavailable"),
        Err(error) if error.is_unsure() => HandedIn::Unsure,
        Err(_) => HandedIn::Later("payments.bank.unreachable"),
    }
}

/// Asks for the pain.002 of a file: `GET {base}/payments/{id}`.
pub(crate) async fn ask(line: &Line<'_>, id: BankFileId) -> Asked {
    match line.get(&format!("/payments/{id}")).await {
        Ok((StatusCode::NOT_FOUND, _)) => Asked::Unheard,
        Ok((status, body)) if status.is_success() => match iso20022::read(&body, XmlLimits::MESSAGE) {
            Ok(Message::PaymentStatusReport(report)) if report.of_message == id.to_string() => {
                Asked::Said(Box::new(report))
            }
            _ => Asked::Later,
        },
        _ => Asked::Later,
    }
}
