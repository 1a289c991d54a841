//! Pages: escaped, small, and told to run nothing that is not theirs.

use edge::{OwnScript, OwnStyle, Visit};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::asking::visitor;
use crate::world;

#[tokio::test]
async fn the_policy_allows_exactly_our_style() {
    let (mut visitor, _) = visitor();
    let page = visitor.page("/").await;
    let style = page.body.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = crypto::sha256(&[style.as_bytes()]);
    let policy = page.header("content-security-policy");
    let hash = policy.split("sha256-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(hash, base64(&digest));
    for part in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{part}");
    }
    assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), value);
    }
    assert!(!page.body.contains("<script"));
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let (mut visitor, _) = visitor();
    let token = visitor.page("/name").await.token().to_owned();
    let page = visitor.page("/echo?%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!page.body.contains("<script"));
    let sent = visitor.send("/name", &format!("_form={token}&name=++&%22%3E%3Cimg+src%3Dx%3E=1")).await;
    assert!(!sent.body.contains("<img"));
    let hostile = visitor.signed_in("<i>lineo</i>").page("/mine").await;
    assert!(hostile.body.contains("&lt;i&gt;lineo&lt;/i&gt;"));
}

#[tokio::test]
async fn a_page_fits_a_phone() {
    let (mut visitor, _) = visitor();
    for target in ["/", "/name", "/fault/internal?lang=st", "/no/such"] {
        let headers = [("accept", "text/html"), ("accept-encoding", "gzip")];
        let page = visitor.ask("GET", target, &headers, "").await;
        assert_eq!(page.header("content-encoding"), "gzip");
        assert!(page.bytes <= 5 * 1024, "{target}: {} bytes", page.bytes);
        println!("{target}: {} bytes", page.bytes);
    }
}

#[tokio::test]
async fn the_style_is_small() {
    let (mut visitor, _) = visitor();
    let page = visitor.page("/").await;
    let style = page.body.split("<style>").nth(1).unwrap().split("</style>").next().unwrap().to_owned();
    let app = axum::Router::new()
        .route("/", axum::routing::get(|| async { style }))
        .layer(tower_http::compression::CompressionLayer::new());
    let request = axum::http::Request::get("/").header("accept-encoding", "gzip").body(axum::body::Body::empty());
    let bytes = app.oneshot(request.unwrap()).await.unwrap().into_body().collect().await.unwrap().to_bytes().len();
    println!("{bytes} bytes of style, gzipped");
    assert!(bytes < 3277, "{bytes} bytes");
}

#[tokio::test]
async fn a_page_may_run_one_script_of_its_own() {
    const SCRIPT: OwnScript = OwnScript::new("document.title='hi'");
    let page = axum::routing::get(|visit: Visit| async move {
        visit.page("Key").script(SCRIPT).form_action("https://client.example").form_action("https://x; script-src *")
    });
    let app = edge::frame(axum::Router::new().route("/", page), &world::site(world::clock()), edge::Limits::default());
    let request = axum::http::Request::get("/").header("accept", "text/html").body(axum::body::Body::empty());
    let response = app.oneshot(request.unwrap()).await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let hash = base64(&crypto::sha256(&[SCRIPT.source().as_bytes()]));
    assert!(policy.ends_with(&format!("; script-src 'sha256-{hash}'; connect-src 'self'")), "{policy}");
    assert!(policy.contains("form-action 'self' https://client.example;"), "{policy}");
    let body = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert!(body.contains("<script>document.title='hi'</script>"));
}

#[tokio::test]
async fn a_page_may_bring_style_of_its_own() {
    const STYLE: OwnStyle = OwnStyle::new(".card { width: 85.6mm }\n");
    let page = axum::routing::get(|visit: Visit| async move { visit.page("Card").style(STYLE) });
    let app = edge::frame(axum::Router::new().route("/", page), &world::site(world::clock()), edge::Limits::default());
    let request = axum::http::Request::get("/").header("accept", "text/html").body(axum::body::Body::empty());
    let response = app.oneshot(request.unwrap()).await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let body = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let own = ".card{width:85.6mm}";
    assert!(body.contains(&format!("<style>{own}</style>")));
    assert!(policy.contains(&format!(" 'sha256-{}';", base64(&crypto::sha256(&[own.as_bytes()])))), "{policy}");
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0, |word, byte| word << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            out.push(if place > chunk.len() { '=' } else { char::from(LETTERS[word >> (18 - 6 * place) & 63]) });
        }
    }
    out
}
