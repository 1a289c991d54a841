//! The log over HTTP, for anybody: `/log/checkpoint`, `/log/tile/…`, `/log/tile/entries/…` (C2SP tlog-tiles).
//!
//! **Invariant:** a full tile never changes, so it may be kept for ever; the head may not be kept at all.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::{Refusal, Reply};
use spine::{Caller, Fault};

use super::rows;
use super::sequence::head;
use super::tree::WIDTH;
use crate::acts::Acts;

/// The log's routes. `key` is its public key, served at `/log/key` for people to note down.
pub fn routes(acts: Acts, key: String) -> Router {
    Router::new()
        .route("/log/checkpoint", get(checkpoint))
        .route(
            "/log/key",
            get(move || async move { ([(CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{key}\n")) }),
        )
        .route("/log/tile/{level}/{*number}", get(tile))
        .with_state(acts)
}

fn missing() -> Refusal {
    Fault::not_found("journal.tile.missing").into()
}

async fn checkpoint(State(acts): State<Acts>) -> Reply {
    let head = acts.read(&Caller::system("log"), head).await?.ok_or_else(missing)?;
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    Ok((headers, head.note).into_response())
}

async fn tile(State(acts): State<Acts>, Path((level, path)): Path<(String, String)>) -> Reply {
    let (level, entries) = match level.as_str() {
        "entries" => (-1, true),
        level => (level.parse::<u8>().ok().filter(|level| *level < 8).map(i64::from).ok_or_else(missing)?, false),
    };
    let (number, width) = place(&path).ok_or_else(missing)?;
    let data = acts
        .read(&Caller::system("log"), move |cx| {
            let size = rows::head(cx.tx())?.map_or(0, |(size, _)| size);
            Ok((size, rows::tile(cx.tx(), level, number)?))
        })
        .await?;
    let (_, Some(mut hashes)) = data else { return Err(missing()) };
    if hashes.len() < width * 32 {
        return Err(missing());
    }
    hashes.truncate(width * 32);
    if entries {
        // Each entry with its length before it (C2SP tlog-tiles, entry bundles).
        hashes = hashes.chunks(32).flat_map(|entry| [0, 32].into_iter().chain(entry.iter().copied())).collect();
    }
    Ok(kept_for_ever(hashes))
}

fn kept_for_ever(bytes: Vec<u8>) -> Response {
    let headers = [(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, bytes).into_response()
}

/// `x001/234.p/5` is tile 1234 as far as its first five hashes.
fn place(path: &str) -> Option<(i64, usize)> {
    let (path, width) = match path.split_once(".p/") {
        None => (path, WIDTH),
        Some((path, width)) => {
            let parsed = width.parse::<usize>().ok().filter(|parsed| (1..WIDTH).contains(parsed))?;
            (path, (parsed.to_string() == width).then_some(parsed)?)
        }
    };
    let parts: Vec<&str> = path.split('/').collect();
    let (last, before) = parts.split_last()?;
    let mut number = 0_i64;
    for part in before.iter().map(|part| part.strip_prefix('x')).chain([Some(*last)]) {
        let part = part.filter(|part| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        number = number.checked_mul(1000)?.checked_add(part.parse().ok()?)?;
    }
    // A leading x000 would be a second name for the same tile.
    let padded = before.first().is_some_and(|first| *first == "x000");
    (!padded).then_some((number, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tiles() {
        assert_eq!(place("000"), Some((0, 256)));
        assert_eq!(place("x001/x234/067"), Some((1_234_067, 256)));
        assert_eq!(place("x001/234.p/5"), Some((1_234, 5)));
        for wrong in [
            "",
            "0",
            "1234",
            "x000/001",
            "001/234",
            "x001/x234",
            "000.p/0",
            "000.p/256",
            "000.p/05",
            "000.p/",
            "../000",
        ] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
