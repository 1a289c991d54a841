//! Which language one is answered in.

use crate::asking::visitor;

#[tokio::test]
async fn link_then_cookie_then_browser_then_default() {
    let (mut visitor, _) = visitor();
    let language = |page: &crate::asking::Answer| page.header("content-language").to_owned();
    assert_eq!(language(&visitor.page("/").await), "en-LS");
    let headers = [("accept", "text/html"), ("accept-language", "fr, en;q=0.3, st-ZA;q=0.9")];
    assert_eq!(language(&visitor.ask("GET", "/", &headers, "").await), "st-LS");
    let chosen = visitor.page("/?lang=st").await;
    assert_eq!(language(&chosen), "st-LS");
    assert!(chosen.header("set-cookie").starts_with("lang=st-LS;"));
    assert!(chosen.body.contains("<html lang=\"st-LS\">"));
    assert_eq!(language(&visitor.page("/").await), "st-LS");
    assert_eq!(language(&visitor.page("/?lang=xx").await), "st-LS");
}

#[tokio::test]
async fn the_switch_keeps_the_query() {
    let (mut visitor, _) = visitor();
    let page = visitor.page("/echo?a=1&lang=st&b=%3C").await;
    assert!(page.body.contains("href=\"/echo?a=1&amp;b=%3C&amp;lang=en\""), "{}", page.body);
}

#[tokio::test]
async fn both_languages_say_the_same_things() {
    let catalogue = |text| crate::world::flat(text).into_keys().collect::<Vec<_>>();
    let english = catalogue(include_str!("../../../../packs/lesotho/messages/en-LS/edge.toml"));
    let sesotho = catalogue(include_str!("../../../../packs/lesotho/messages/st-LS/edge.toml"));
    assert!(english.len() > 60);
    assert_eq!(english, sesotho);
}
