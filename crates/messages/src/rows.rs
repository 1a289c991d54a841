//! Every SQL text of this engine, and the rows they read and write.

use serde::Serialize;
use spine::{Language, Row, Timestamp, Tx, TxError};

use crate::model::{Channel, MessageId, Notice, NoticeId, Outgoing, OwnNotice};
use crate::sms::Sms;

const INSERT_NOTICE: &str = "
    INSERT INTO messages_notice (id, person, language, subject, body, purpose, secret, made_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

pub(crate) fn insert_notice(
    tx: &mut dyn Tx,
    id: NoticeId,
    notice: &Notice<'_>,
    subject: &str,
    body: &str,
    now: Timestamp,
    expires_at: Option<Timestamp>,
) -> Result<(), TxError> {
    let args = [
        id.into(),
        notice.person.as_deref().into(),
        notice.language.tag().into(),
        subject.into(),
        body.into(),
        notice.purpose.into(),
        notice.secret.into(),
        now.into(),
        expires_at.into(),
    ];
    tx.change(INSERT_NOTICE, &args)
}

/// A message to be kept; without an address it is undeliverable from the start.
pub(crate) struct NewMessage<'a> {
    pub(crate) id: MessageId,
    pub(crate) notice: NoticeId,
    pub(crate) channel: Channel,
    pub(crate) address: Option<&'a str>,
    pub(crate) parts: usize,
}

const INSERT_MESSAGE: &str = "
    INSERT INTO messages_message (id, notice, channel, address, state, parts) VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) fn insert_message(tx: &mut dyn Tx, message: &NewMessage<'_>) -> Result<(), TxError> {
    let state = if message.address.is_some() { "waiting" } else { "undeliverable" };
    let args = [
        message.id.into(),
        message.notice.into(),
        message.channel.code().into(),
        message.address.unwrap_or_default().into(),
        state.into(),
        i64::try_from(message.parts).unwrap_or(i64::MAX).into(),
    ];
    tx.change(INSERT_MESSAGE, &args)
}

const SELECT_OUTGOING: &str = "
    SELECT m.channel, m.address, n.subject, n.body, n.expires_at
    FROM messages_message m JOIN messages_notice n ON n.id = m.notice
    WHERE m.id = $1 AND m.state = 'waiting'";

/// A message that still waits, and its end if it has one. One whose text is forgotten has an empty text and an end
/// that is past.
pub(crate) fn outgoing(tx: &mut dyn Tx, id: MessageId) -> Result<Option<(Outgoing, Option<Timestamp>)>, TxError> {
    let Some(row) = tx.first(SELECT_OUTGOING, &[id.into()])? else { return Ok(None) };
    let text = |place| row.get::<Option<String>>(place).map(Option::unwrap_or_default);
    let channel = Channel::of(&row.get::<String>(0)?);
    Ok(Some((Outgoing::new(id, channel, row.get(1)?, text(2)?, text(3)?), row.get(4)?)))
}

const END_MESSAGE: &str = "
    UPDATE messages_message SET state = $2, reference = $3, delivered_at = $4 WHERE id = $1 AND state = 'waiting'";

pub(crate) fn end_message(
    tx: &mut dyn Tx,
    id: MessageId,
    state: &'static str,
    reference: Option<&str>,
    now: Timestamp,
) -> Result<bool, TxError> {
    let at = (state == "delivered").then_some(now);
    Ok(tx.execute(END_MESSAGE, &[id.into(), state.into(), reference.into(), at.into()])? == 1)
}

const SELECT_CARRIED: &str = "SELECT id FROM messages_message WHERE id = $1 AND state = 'delivered'";

/// Whether a message was handed to a carrier.
pub(crate) fn was_carried(tx: &mut dyn Tx, id: MessageId) -> Result<bool, TxError> {
    Ok(tx.first(SELECT_CARRIED, &[id.into()])?.is_some())
}

const SET_RECEIPT: &str = "
    UPDATE messages_message SET receipt = $2, receipt_at = $3
    WHERE id = $1 AND state = 'delivered' AND (receipt IS NULL OR (receipt = 'failed' AND $2 = 'delivered'))";

pub(crate) fn set_receipt(
    tx: &mut dyn Tx,
    id: MessageId,
    state: &'static str,
    now: Timestamp,
) -> Result<bool, TxError> {
    Ok(tx.execute(SET_RECEIPT, &[id.into(), state.into(), now.into()])? == 1)
}

const FORGET_NOTICE: &str = "UPDATE messages_notice SET subject = NULL, body = NULL WHERE id = $1 AND secret = 1";
const FORGET_WAITING: &str = "
    UPDATE messages_message SET state = 'expired'
    WHERE state = 'waiting' AND notice IN (SELECT id FROM messages_notice WHERE id = $1 AND secret = 1)";

pub(crate) fn forget(tx: &mut dyn Tx, id: NoticeId) -> Result<(), TxError> {
    tx.change(FORGET_NOTICE, &[id.into()])?;
    tx.change(FORGET_WAITING, &[id.into()])
}

const SELECT_OWN: &str = "
    SELECT id, made_at, language, subject, body, purpose FROM messages_notice
    WHERE person = $1 AND secret = 0 AND id < $2 ORDER BY id DESC LIMIT $3";
const SELECT_CHANNELS: &str = "
    SELECT channel, receipt FROM messages_message
    WHERE notice = $1 AND state <> 'undeliverable' ORDER BY channel DESC";

pub(crate) fn own(tx: &mut dyn Tx, person: &str, before: &str, limit: i64) -> Result<Vec<OwnNotice>, TxError> {
    let mut notices = Vec::new();
    for row in tx.query(SELECT_OWN, &[person.into(), before.into(), limit.into()])? {
        let id: NoticeId = row.get(0)?;
        let channels = tx.query(SELECT_CHANNELS, &[id.into()])?;
        let mut failed = false;
        for row in &channels {
            failed |= row.get::<Option<String>>(1)?.as_deref() == Some("failed");
        }
        let channels = channels.iter().map(|row| Ok(Channel::of(&row.get::<String>(0)?)));
        notices.push(OwnNotice {
            id,
            at: row.get(1)?,
            language: Language::new(&row.get::<String>(2)?),
            subject: row.get::<Option<String>>(3)?.unwrap_or_default(),
            body: row.get::<Option<String>>(4)?.unwrap_or_default(),
            purpose: row.get(5)?,
            channels: channels.collect::<Result<_, TxError>>()?,
            failed,
        });
    }
    Ok(notices)
}

/// A message as it arrived in the development inbox.
#[derive(Serialize)]
pub(crate) struct Arrived {
    pub(crate) id: MessageId,
    pub(crate) at: Timestamp,
    pub(crate) channel: Channel,
    pub(crate) to: String,
    pub(crate) language: String,
    pub(crate) purpose: String,
    /// Absent once a secret is forgotten.
    pub(crate) subject: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) parts: i64,
}

const SELECT_ARRIVED: &str = "
    SELECT m.id, m.delivered_at, m.channel, m.address, n.language, n.purpose, n.subject, n.body, m.parts
    FROM messages_message m JOIN messages_notice n ON n.id = m.notice
    WHERE m.state = 'delivered' AND m.id < $1 ORDER BY m.id DESC LIMIT $2";
const SELECT_ARRIVED_AT: &str = "
    SELECT m.id, m.delivered_at, m.channel, m.address, n.language, n.purpose, n.subject, n.body, m.parts
    FROM messages_message m JOIN messages_notice n ON n.id = m.notice
    WHERE m.state = 'delivered' AND m.id < $1 AND m.address = $3 ORDER BY m.id DESC LIMIT $2";

pub(crate) fn arrived(tx: &mut dyn Tx, to: Option<&str>, before: &str, limit: i64) -> Result<Vec<Arrived>, TxError> {
    let rows = match to {
        Some(to) => tx.query(SELECT_ARRIVED_AT, &[before.into(), limit.into(), to.into()])?,
        None => tx.query(SELECT_ARRIVED, &[before.into(), limit.into()])?,
    };
    rows.iter().map(arrived_row).collect()
}

fn arrived_row(row: &Row) -> Result<Arrived, TxError> {
    let channel = Channel::of(&row.get::<String>(2)?);
    let as_shown = |text: String| if channel == Channel::Sms { Sms::of(&text).text() } else { text };
    Ok(Arrived {
        id: row.get(0)?,
        at: row.get(1)?,
        channel,
        to: row.get(3)?,
        language: row.get(4)?,
        purpose: row.get(5)?,
        subject: row.get(6)?,
        body: row.get::<Option<String>>(7)?.map(as_shown),
        parts: row.get(8)?,
    })
}
