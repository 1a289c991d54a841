//! A file as it comes: read in pieces, each a transaction of its own under a key of its own.
//!
//! **Invariant:** no more than a piece is in memory. What broke off is sent again under the same name and goes on where it
//! was, because each piece is recognised by its place and its bytes.

use std::io::BufRead;

use journal::Key;
use serde::{Deserialize, Serialize};
use spine::{Caller, Cx, Fault};

use crate::engine::Grants;
use crate::lists::line::LINE_BYTES;
use crate::lists::take::{NewList, PIECE, Taken, begin, finish, take_lines};
use crate::model::{List, ListId};

/// At most so many lines in a file.
const FILE_LINES: i64 = 3_000_000;
/// Lines that are told one by one; the rest stand on the list's page.
const TOLD: usize = 200;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The list.
    pub list: List,
    /// The first lines that do not stand, each with its reason.
    pub refused: Vec<(i64, String)>,
}

/// Takes lines as they come and sends them on in pieces.
pub(crate) struct Pieces {
    grants: Grants,
    caller: Caller,
    list: ListId,
    head: Option<String>,
    number: i64,
    piece: Vec<(i64, String)>,
    pieces: i64,
    lines: i64,
    pub(crate) refused: Vec<(i64, String)>,
}

impl Pieces {
    /// Begins a list for whoever sends one.
    ///
    /// # Errors
    /// As [`begin`].
    pub(crate) async fn begin(grants: &Grants, caller: &Caller, new: NewList) -> Result<Self, Fault> {
        let engine = grants.clone();
        let list = grants.acts().write(caller, &Key::none(), move |cx| begin(cx, &engine, &new)).await?;
        Ok(Self {
            grants: grants.clone(),
            caller: caller.clone(),
            list: list.id,
            head: None,
            number: 0,
            piece: Vec::with_capacity(PIECE),
            pieces: 0,
            lines: 0,
            refused: Vec::new(),
        })
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// As [`take_lines`]; `grants.list.long`.
    pub(crate) async fn line(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.number += 1;
        if self.number > FILE_LINES {
            return Err(Fault::invalid("grants.list.long"));
        }
        let cut = text.get(..LINE_BYTES + 1).unwrap_or(text);
        let text = String::from_utf8_lossy(cut).trim_end_matches(['\r', '\n']).to_owned();
        if self.head.is_none() {
            self.head = Some(text);
            return Ok(());
        }
        if text.trim().is_empty() {
            return Ok(());
        }
        self.piece.push((self.number, text));
        if self.piece.len() == PIECE { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> Result<(), Fault> {
        let piece = std::mem::take(&mut self.piece);
        let head = self.head.clone().unwrap_or_default();
        let bytes =
            serde_json::to_vec(&(&head, &piece)).map_err(|error| Fault::internal("grants.list.unwritable", error))?;
        let key = Key::new(&format!("grants.list:{}", self.list), &self.pieces.to_string(), &bytes);
        self.pieces += 1;
        self.lines += i64::try_from(piece.len()).unwrap_or(i64::MAX);
        let (grants, list) = (self.grants.clone(), self.list);
        let take = move |cx: &mut Cx<'_>| take_lines(cx, &grants, list, &head, &piece);
        let Taken { refused, .. } = self.grants.acts().write(&self.caller, &key, take).await?;
        let room = TOLD.saturating_sub(self.refused.len());
        self.refused.extend(refused.into_iter().take(room));
        Ok(())
    }

    /// Ends the list; `control` is the sum it should have, in minor units.
    ///
    /// # Errors
    /// As [`finish`]; `grants.list.columns` if there was not even a first line.
    pub(crate) async fn end(mut self, control: Option<i64>) -> Result<Sent, Fault> {
        if self.head.is_none() {
            return Err(Fault::invalid("grants.list.columns"));
        }
        // An empty file says as much as one whose header is wrong.
        if !self.piece.is_empty() || self.pieces == 0 {
            self.send().await?;
        }
        let (grants, list, lines) = (self.grants.clone(), self.list, self.lines);
        let end = move |cx: &mut Cx<'_>| finish(cx, &grants, list, lines, control);
        let list = self.grants.acts().write(&self.caller, &Key::none(), end).await?;
        Ok(Sent { list, refused: self.refused })
    }
}

/// Takes a whole file that can be read without waiting.
///
/// # Errors
/// As [`begin`], [`take_lines`] and [`finish`]. What stands of it stays; sent again, it goes on.
pub async fn take_file<R: BufRead + Send>(
    grants: &Grants,
    caller: &Caller,
    new: NewList,
    mut source: R,
    control: Option<i64>,
) -> Result<Sent, Fault> {
    let mut pieces = Pieces::begin(grants, caller, new).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut source, 1 << 20).read_until(b'\n', &mut line);
        if read.map_err(|error| Fault::unavailable("grants.list.broken").caused_by(error))? == 0 {
            return pieces.end(control).await;
        }
        pieces.line(&line).await?;
    }
}
