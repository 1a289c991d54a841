//! The acquirer's page in a browser: what is to be paid, and which test card pays it.
//!
//! **Invariant:** it says that it is a demonstration, and has no field that a card's number could be typed into.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, PreEscaped, html};
use spine::Money;

use super::TestCard;
use super::book::Asked;

/// Its words, in the language of whoever was sent there.
struct Words {
    title: &'static str,
    demonstration: &'static str,
    company: &'static str,
    amount: &'static str,
    what: &'static str,
    reference: &'static str,
    choose: &'static str,
    missing: &'static str,
    pay: &'static str,
    over: &'static str,
    back: &'static str,
}

const ENGLISH: Words = Words {
    title: "Pay by card",
    demonstration: "Demonstration. No card is asked for and no money moves.",
    company: "Test acquirer",
    amount: "Amount",
    what: "What for",
    reference: "Reference",
    choose: "Which test card do you pay with?",
    missing: "Choose a test card",
    pay: "Go on",
    over: "This payment is over",
    back: "Go back",
};

const OTHER: Words = Words {
    title: "Lefa ka karete",
    demonstration: "Pontšo. Ha ho karete e batloang, ’me ha ho chelete e tsamaeang.",
    company: "K’hamphani ea teko ea likarete",
    amount: "Chelete",
    what: "Tefo ea eng",
    reference: "Nomoro ea kopo",
    choose: "U lefa ka karete efe ea teko?",
    missing: "Khetha karete ea teko",
    pay: "Tsoela pele",
    over: "Tefo ena e felile",
    back: "Khutlela morao",
};

/// The page of a session; one that is over only leads back.
pub(super) fn page(asked: &Asked, is_over: bool, missing: bool) -> Response {
    let is_other = !asked.language.starts_with("en");
    let words = if is_other { OTHER } else { ENGLISH };
    let amount = Money::new(asked.amount_minor, asked.currency).to_string();
    let heading = if is_over { words.over } else { words.title };
    let page = html! {
        (DOCTYPE)
        html lang=(asked.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { @if missing { "! " } (heading) " – " (words.company) }
                style { (PreEscaped(edge::style_sheet())) }
            }
            body {
                header {
                    div.demo { p.w { (words.demonstration) } }
                    div.w.top { b { (words.company) } }
                }
                main.w {
                    h1 { (heading) }
                    dl.sl {
                        div { dt { (words.amount) } dd { b { (amount) } } }
                        div { dt { (words.what) } dd { (asked.description) } }
                        div { dt { (words.reference) } dd { (asked.reference) } }
                    }
                    @if is_over {
                        p { a.b href=(asked.return_url) { (words.back) } }
                    } @else {
                        form method="post" novalidate {
                            fieldset.g.e[missing] aria-describedby=[missing.then_some("er")] {
                                legend { (words.choose) }
                                @if missing { p.er id="er" { (words.missing) } }
                                @for card in TestCard::ALL {
                                    @let (english, other) = card.words();
                                    div.o {
                                        input type="radio" name="card" id=(card.code()) value=(card.code());
                                        label for=(card.code()) { (if is_other { other } else { english }) }
                                    }
                                }
                            }
                            button.b { (words.pay) }
                        }
                    }
                }
            }
        }
    };
    // No form-action: what the form leads to is the shop's page, on another origin.
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy), (header::REFERRER_POLICY, "no-referrer")], page).into_response()
}
