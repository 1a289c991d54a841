//! Renders the three documents of the pack with invented people, to look at:
//! `cargo run -p documents --example specimen -- FOLDER`.
//!
//! **Invariant:** nobody in here exists. The content is in `tests/it/specimens.rs`, which the tests use too.

#[path = "../tests/it/specimens.rs"]
mod specimens;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/specimens".to_owned()));
    std::fs::create_dir_all(&folder)?;
    let fonts = specimens::fonts()?;
    for (name, languages) in [("en", ["en-LS", "st-LS"]), ("st", ["st-LS", "en-LS"])] {
        for (layout, content) in specimens::all(languages) {
            let pdf = documents::render(&specimens::layout(layout)?, &fonts, &content)?;
            std::fs::write(folder.join(format!("{layout}.{name}.pdf")), pdf)?;
        }
    }
    Ok(())
}
