//! Every part of a page, to look at: `cargo run -p edge --example gallery`, then open what it prints.
//! `?lang=st` shows the same in Sesotho.
//!
//! **Invariant:** nothing here is real; the program never contains it. `tests/it/gallery.rs` weighs each of these pages.

#[path = "../tests/it/gallery_pages.rs"]
mod gallery_pages;
#[path = "../tests/it/world.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod world;

use std::io::Write;
use std::sync::Arc;

use edge::{Limits, Link, Site, frame};
use spine::{ActorKind, Localised};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8099").await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let mut settings = world::settings(world::clock(), &base_url);
    settings.banner = Some(Localised::from([
        ("en", "Demonstration. The people and cases shown here are not real."),
        ("st", "Pontšo. Batho le linyeoe tse bontšoang mona ha se tsa ’nete."),
    ]));
    settings.navigation = Arc::new(|actor| match actor.kind {
        ActorKind::Officer => vec![Link::new("/desk", "gallery.tasks"), Link::new("/registers", "gallery.registers")],
        _ => Vec::new(),
    });
    settings.footer = vec![
        Link::new("/", "gallery.help"),
        Link::new("/blocks", "gallery.privacy"),
        Link::new("/fields", "gallery.verify"),
    ];
    let site = Site::new(settings);
    writeln!(std::io::stdout(), "{base_url}")?;
    axum::serve(listener, frame(gallery_pages::routes(), &site, Limits::default())).await
}
