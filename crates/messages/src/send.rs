//! Telling a person something: said now, in her language, and left for the workers to carry.
//!
//! **Invariant:** the notice commits with the deed it tells of or not at all. It asks no permission of
//! its own: whoever may do the deed may tell of it.

use serde_json::json;
use spine::{Act, Cx, Fault, Job};

use crate::Messages;
use crate::deliver::{DELIVER, FORGET};
use crate::model::{Channel, MessageId, Notice, NoticeId};
use crate::rows::{self, NewMessage};
use crate::sms::Sms;

/// How long a secret text is kept.
pub(crate) const SECRET_SECONDS: i64 = 15 * 60;

impl Messages {
    /// Tells a person: one message for each way to reach her, and a line among her notices unless it is secret.
    /// An address that cannot be one is noted as undeliverable; it does not stop the deed.
    ///
    /// # Errors
    /// The store's faults.
    pub fn send(&self, cx: &mut Cx<'_>, notice: &Notice<'_>) -> Result<NoticeId, Fault> {
        let (id, now): (NoticeId, _) = (cx.id(), cx.now());
        let expires_at = notice.secret.then(|| now.plus_seconds(SECRET_SECONDS));
        let subject = self.words().say(&notice.language, &notice.subject);
        let body = self.words().say(&notice.language, &notice.body);
        rows::insert_notice(cx.tx(), id, notice, &subject, &body, now, expires_at)?;
        let ways = [(Channel::Sms, &notice.phone), (Channel::Email, &notice.email)];
        let mut told = Vec::new();
        for (channel, address) in ways {
            let Some(address) = address else { continue };
            let message: MessageId = cx.id();
            let address = clean(channel, address.reveal());
            let parts = if channel == Channel::Sms { Sms::of(&body).count() } else { 1 };
            let row = NewMessage { id: message, notice: id, channel, address: address.as_deref(), parts };
            rows::insert_message(cx.tx(), &row)?;
            if address.is_some() {
                cx.enqueue(Job::new(DELIVER, json!({ "message": message })));
                told.push(channel.code());
            }
        }
        if let Some(end) = expires_at {
            cx.enqueue(Job::new(FORGET, json!({ "notice": id })).not_before(end));
        }
        let mut act = Act::new("messages.notice.sent").on(id).because(notice.purpose.to_owned(), "information");
        act.subject.clone_from(&notice.person);
        cx.record(act.with("channels", told));
        Ok(id)
    }
}

/// The address in one form, or nothing if it cannot be one. No control characters: a mail's address must not
/// be able to end its header.
fn clean(channel: Channel, address: &str) -> Option<String> {
    let address = address.trim();
    match channel {
        Channel::Sms => {
            let number: String = address.chars().filter(|letter| !" -().".contains(*letter)).collect();
            let digits = number.strip_prefix('+').unwrap_or(&number);
            let fine = (3..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
            fine.then_some(number)
        }
        Channel::Email => {
            let (name, host) = address.rsplit_once('@')?;
            let plain = |part: &str| {
                !part.is_empty()
                    && part.chars().all(|it| !it.is_control() && !it.is_whitespace() && !",;<>\"".contains(it))
            };
            (address.len() <= 254 && plain(name) && plain(host)).then(|| address.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_form() {
        let sms = |text| clean(Channel::Sms, text);
        assert_eq!(sms(" +266 5800-1234 "), Some("+26658001234".to_owned()));
        for wrong in ["", "+", "12", "58x01234", "+2665800123412345", "+266 5800;1234"] {
            assert_eq!(sms(wrong), None, "{wrong}");
        }
        let mail = |text| clean(Channel::Email, text);
        assert_eq!(mail("lineo@example.ls "), Some("lineo@example.ls".to_owned()));
        for wrong in ["", "lineo", "@x", "x@", "a@b\r\nBcc: c@d", "a b@c", "a@b,c@d", "<a@b>"] {
            assert_eq!(mail(wrong), None, "{wrong}");
        }
    }
}
