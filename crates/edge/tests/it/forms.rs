//! Forms: bound to their visitor, in time, from our own pages, once.

use edge::{Limits, Site};

use crate::asking::{Visitor, visitor};
use crate::world;

#[tokio::test]
async fn a_form_works_for_somebody_who_has_not_signed_in() {
    let (mut visitor, _) = visitor();
    assert!(visitor.page("/").await.headers.get("set-cookie").is_none(), "reading sets no cookie");
    let page = visitor.page("/name").await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("visit=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let done = visitor.send("/name", &format!("_form={}&name=Lineo", page.token())).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/"));
}

#[tokio::test]
async fn a_token_is_worth_nothing_to_another() {
    let site = world::site(world::clock());
    let lineo = Visitor::new(&site).signed_in("lineo").page("/name").await;
    let body = format!("_form={}&name=x", lineo.token());
    assert_eq!(Visitor::new(&site).signed_in("lineo").send("/name", &body).await.status, 303);
    let other = Visitor::new(&site).signed_in("thabo").send("/name", &body).await;
    assert_eq!(other.status, 403);
    assert!(other.body.contains("could not be sure"));
    assert_eq!(Visitor::new(&site).send("/name", &body).await.status, 403);
    for forged in ["name=x", "_form=&name=x", "_form=a.b.c&name=x", "_form=AAAA.9999999999.AAAA&name=x"] {
        assert_eq!(Visitor::new(&site).signed_in("lineo").send("/name", forged).await.status, 403, "{forged}");
    }
}

#[tokio::test]
async fn an_anonymous_token_needs_its_cookie() {
    let (mut visitor, _) = visitor();
    let body = format!("_form={}&name=x", visitor.page("/name").await.token());
    visitor.cookies.clear();
    assert_eq!(visitor.send("/name", &body).await.status, 403);
}

#[tokio::test]
async fn another_site_cannot_send_our_form() {
    let (visitor, _) = visitor();
    let mut visitor = visitor.signed_in("lineo");
    let body = format!("_form={}&name=x", visitor.page("/name").await.token());
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for hostile in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let answer = visitor.ask("POST", "/name", &[kind, hostile], body.clone()).await;
        assert_eq!(answer.status, 403, "{hostile:?}");
        assert_eq!(answer.json()["code"], "edge.form.origin");
    }
}

#[tokio::test]
async fn the_same_submit_has_the_same_key() {
    let (visitor, _) = visitor();
    let mut visitor = visitor.signed_in("lineo");
    let token = visitor.page("/name").await.token().to_owned();
    let first = visitor.send("/name", &format!("_form={token}&name=key")).await;
    let again = visitor.send("/name", &format!("_form={token}&name=key")).await;
    let changed = visitor.send("/name", &format!("_form={token}&name=key&more=1")).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.body, again.body);
    assert_ne!(first.body, changed.body);
    let other = visitor.page("/name").await.token().to_owned();
    assert_ne!(visitor.send("/name", &format!("_form={other}&name=key")).await.body, first.body);
}

#[tokio::test]
async fn a_form_open_too_long_keeps_the_answers() {
    let (mut visitor, clock) = visitor();
    let token = visitor.page("/name").await.token().to_owned();
    clock.forward(4 * 3600 + 1);
    let late = visitor.send("/name", &format!("_form={token}&name=Lineo+%3Cb%3E")).await;
    assert_eq!(late.status, 410);
    assert!(late.body.contains("name=\"name\" value=\"Lineo &lt;b&gt;\""), "{}", late.body);
    let again = visitor.send("/name", &format!("_form={}&name=Lineo", late.token())).await;
    assert_eq!(again.status, 303);
    let secret = visitor.send("/name", &format!("_form={token}&pin=1234")).await;
    assert_eq!(secret.status, 410);
    assert!(!secret.body.contains("1234"));
}

#[tokio::test]
async fn what_is_wrong_is_shown_where_it_is() {
    let (mut visitor, _) = visitor();
    let token = visitor.page("/name").await.token().to_owned();
    let page = visitor.send("/name", &format!("_form={token}&name=++")).await;
    assert_eq!(page.status, 422);
    for part in [
        "<title>Error: What is your name? – Letsema</title>",
        "role=\"alert\" tabindex=\"-1\" autofocus",
        "<a href=\"#name\">Choose</a>",
        "aria-describedby=\"name-error\" aria-invalid=\"true\"",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
}

#[tokio::test]
async fn garbage_and_too_much_are_refused() {
    let (visitor, _) = visitor();
    let mut visitor = visitor.signed_in("lineo");
    let token = visitor.page("/name").await.token().to_owned();
    assert_eq!(visitor.send("/name", &format!("_form={token}&name=%ff")).await.status, 400);
    assert_eq!(visitor.send("/name", &format!("_form={token}&name={}", "x".repeat(70_000))).await.status, 413);
    assert_eq!(visitor.send("/name", &"a&".repeat(1000)).await.status, 400);
    let json = [("accept", "text/html"), ("content-type", "application/json")];
    assert_eq!(visitor.ask("POST", "/name", &json, "{}").await.status, 415);
    let broken = [("accept", "text/html"), ("content-type", "multipart/form-data; boundary=x")];
    assert_eq!(visitor.ask("POST", "/upload", &broken, "nonsense").await.status, 400);
}

#[tokio::test]
async fn files_arrive() {
    let (visitor, _) = visitor();
    let mut visitor = visitor.signed_in("lineo");
    let token = visitor.page("/name").await.token().to_owned();
    let part = |head: &str, body: &str| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
    let body = [
        part("name=\"_form\"", &token),
        part("name=\"photo\"; filename=\"me.jpg\"", "12345"),
        part("name=\"empty\"; filename=\"\"", ""),
        "--x--\r\n".to_owned(),
    ]
    .concat();
    let headers = [("content-type", "multipart/form-data; boundary=x")];
    assert_eq!(visitor.ask("POST", "/upload", &headers, body.clone()).await.body, "photo me.jpg 5");
    let forged = body.replace(&token, "a.b.c");
    assert_eq!(visitor.ask("POST", "/upload", &headers, forged).await.status, 403);
}

#[tokio::test]
async fn cookies_over_tls_are_guarded() {
    let site = Site::new(world::settings(world::clock(), "https://letsema.example"));
    let page = Visitor::with(&site, Limits::default()).page("/name").await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-visit=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(page.header("strict-transport-security").contains("max-age"));
}
