//! What a payer types into the app of her own bank or wallet, on the pages of what she pays.

use edge::show::{Summary, details};
use edge::{Markup, Visit, html};

use crate::Gateway;

/// How a number of ours is paid from any institution of a hub; nothing where no hub is connected.
pub(crate) fn by_hub(gateway: &Gateway, visit: &Visit, number: &str, in_parts: bool) -> Markup {
    let mut hubs = gateway.rails().hubs.connected().peekable();
    if hubs.peek().is_none() {
        return Markup::default();
    }
    let body = html! {
        p { (visit.t("payments.hub.pay_say")) }
        @for hub in hubs {
            p.hint { (visit.local(&hub.name)) }
            (Summary::new(visit)
                .row(visit.t("payments.hub.business"), &hub.business)
                .row(visit.t("payments.hub.number"), number))
        }
        @if !in_parts { p.hint { (visit.t("payments.hub.amount_whole")) } }
    };
    details(&visit.t("payments.hub.pay"), body)
}
