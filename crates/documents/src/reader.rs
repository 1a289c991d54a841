//! Just enough of a PDF reader for the files we write: the cross-reference table, objects, and streams that
//! are plain or deflated (ISO 32000-1 §7).
//!
//! **Invariant:** it never panics, never recurses deeper than [`MAX_DEPTH`], and never inflates past its
//! limit; anything it does not know is [`NotOurs`]. `attachments.rs` is its only user.

use std::collections::BTreeMap;
use std::io::Read;

/// The bytes are not a PDF that this program wrote, or they are damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a PDF written by this program, or damaged: {0}")]
pub struct NotOurs(pub &'static str);

impl From<NotOurs> for spine::Fault {
    fn from(error: NotOurs) -> Self {
        Self::invalid("documents.file.unknown").caused_by(error)
    }
}

type Read_<T> = Result<T, NotOurs>;

/// Arrays and dictionaries inside each other.
const MAX_DEPTH: usize = 24;
/// Objects in a file.
const MAX_OBJECTS: usize = 200_000;
/// Versions appended to a file, such as by signing it.
const MAX_REVISIONS: usize = 32;

/// A value in a PDF.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Object {
    /// Null, true, false and real numbers: known, and of no use here.
    Other,
    Int(i64),
    Name(String),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dict(Dict),
    Reference(u32),
}

pub(crate) type Dict = BTreeMap<String, Object>;

/// An indirect object: its value and, for a stream, where its bytes begin.
struct Indirect {
    value: Object,
    stream: Option<usize>,
}

/// An open file.
pub(crate) struct File<'a> {
    bytes: &'a [u8],
    /// Object number to where it stands; the newest version wins.
    places: BTreeMap<u32, usize>,
    pub(crate) root: u32,
}

impl<'a> File<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Read_<Self> {
        if !bytes.starts_with(b"%PDF-") {
            return Err(NotOurs("no PDF header"));
        }
        let tail = bytes.len().saturating_sub(1024);
        let end = bytes.get(tail..).unwrap_or_default();
        let marker = b"startxref";
        let at = end.windows(marker.len()).rposition(|window| window == marker).ok_or(NotOurs("no startxref"))?;
        let mut lexer = Lexer { bytes, at: tail + at + marker.len() };
        let mut next = Some(lexer.size()?);
        let mut file = Self { bytes, places: BTreeMap::new(), root: 0 };
        let mut freed = BTreeMap::new();
        for _ in 0..MAX_REVISIONS {
            let Some(place) = next else { break };
            next = file.section(place, &mut freed)?;
        }
        if next.is_some() || file.root == 0 {
            return Err(NotOurs("too many revisions, or no root"));
        }
        Ok(file)
    }

    /// One cross-reference table with its trailer; where the one before stands.
    fn section(&mut self, place: usize, freed: &mut BTreeMap<u32, ()>) -> Read_<Option<usize>> {
        let mut lexer = Lexer { bytes: self.bytes, at: place };
        lexer.word(b"xref")?;
        loop {
            lexer.space();
            if lexer.peek() == Some(b't') {
                break;
            }
            let (first, count) = (lexer.size()?, lexer.size()?);
            if count > MAX_OBJECTS || self.places.len() > MAX_OBJECTS {
                return Err(NotOurs("too many objects"));
            }
            for number in first..first.saturating_add(count) {
                let (offset, _) = (lexer.size()?, lexer.size()?);
                lexer.space();
                let number = u32::try_from(number).map_err(|_| NotOurs("object number"))?;
                match lexer.bump() {
                    Some(b'n') if !freed.contains_key(&number) => {
                        self.places.entry(number).or_insert(offset);
                    }
                    Some(b'f') if !self.places.contains_key(&number) => {
                        freed.insert(number, ());
                    }
                    Some(b'n' | b'f') => {}
                    _ => return Err(NotOurs("cross-reference entry")),
                }
            }
        }
        lexer.word(b"trailer")?;
        let Object::Dict(trailer) = lexer.object(0)? else { return Err(NotOurs("trailer")) };
        if trailer.contains_key("Encrypt") {
            return Err(NotOurs("encrypted"));
        }
        if self.root == 0
            && let Some(Object::Reference(root)) = trailer.get("Root")
        {
            self.root = *root;
        }
        match trailer.get("Prev") {
            None => Ok(None),
            Some(Object::Int(prev)) => usize::try_from(*prev).map(Some).map_err(|_| NotOurs("Prev")),
            Some(_) => Err(NotOurs("Prev")),
        }
    }

    fn indirect(&self, number: u32) -> Read_<Indirect> {
        let at = *self.places.get(&number).ok_or(NotOurs("no such object"))?;
        let mut lexer = Lexer { bytes: self.bytes, at };
        if lexer.size()? != number as usize {
            return Err(NotOurs("another object's number"));
        }
        lexer.size()?;
        lexer.word(b"obj")?;
        let value = lexer.object(0)?;
        lexer.space();
        if !lexer.rest().starts_with(b"stream") {
            return Ok(Indirect { value, stream: None });
        }
        lexer.at += b"stream".len();
        if lexer.peek() == Some(b'\r') {
            lexer.at += 1;
        }
        if lexer.bump() != Some(b'\n') {
            return Err(NotOurs("stream without a new line"));
        }
        Ok(Indirect { value, stream: Some(lexer.at) })
    }

    /// Follows a reference (once: ours never chain).
    pub(crate) fn get(&self, object: &Object) -> Read_<Object> {
        match object {
            Object::Reference(number) => Ok(self.indirect(*number)?.value),
            object => Ok(object.clone()),
        }
    }

    pub(crate) fn dict(&self, object: &Object) -> Read_<Dict> {
        match self.get(object)? {
            Object::Dict(dict) => Ok(dict),
            _ => Err(NotOurs("a dictionary was expected")),
        }
    }

    /// A stream's dictionary and its bytes, at most `limit` of them.
    pub(crate) fn stream(&self, object: &Object, limit: usize) -> Read_<(Dict, Vec<u8>)> {
        let Object::Reference(number) = object else { return Err(NotOurs("a stream was expected")) };
        let Indirect { value: Object::Dict(dict), stream: Some(start) } = self.indirect(*number)? else {
            return Err(NotOurs("a stream was expected"));
        };
        let length = dict.get("Length").ok_or(NotOurs("stream without a length"))?;
        let Object::Int(length) = self.get(length)? else { return Err(NotOurs("stream length")) };
        let raw = usize::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length))
            .and_then(|end| self.bytes.get(start..end))
            .ok_or(NotOurs("stream beyond the end"))?;
        let bytes = match dict.get("Filter") {
            None if raw.len() <= limit => raw.to_vec(),
            Some(Object::Name(name)) if name == "FlateDecode" && !dict.contains_key("DecodeParms") => {
                inflate(raw, limit)?
            }
            None => return Err(NotOurs("stream too large")),
            Some(_) => return Err(NotOurs("stream filter")),
        };
        Ok((dict, bytes))
    }
}

fn inflate(raw: &[u8], limit: usize) -> Read_<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    flate2::read::ZlibDecoder::new(raw)
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|_| NotOurs("stream does not inflate"))?;
    if bytes.len() > limit { Err(NotOurs("stream too large")) } else { Ok(bytes) }
}

/// A PDF text string: UTF-16 with a byte order mark, UTF-8 with one, or PDFDocEncoding, of which we take ASCII.
pub(crate) fn text(bytes: &[u8]) -> Read_<String> {
    if let Some(wide) = bytes.strip_prefix(&[0xfe, 0xff]) {
        let (pairs, rest) = wide.as_chunks::<2>();
        let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        return text.ok().filter(|_| rest.is_empty()).ok_or(NotOurs("text"));
    }
    let plain = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    std::str::from_utf8(plain).map(str::to_owned).map_err(|_| NotOurs("text"))
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// White space and comments.
    fn space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' | 0 | 12 => self.at += 1,
                b'%' => {
                    while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Read_<()> {
        self.space();
        if !self.rest().starts_with(word) {
            return Err(NotOurs("a keyword is missing"));
        }
        self.at += word.len();
        Ok(())
    }

    fn size(&mut self) -> Read_<usize> {
        self.space();
        let start = self.at;
        let mut size: usize = 0;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            size = size
                .checked_mul(10)
                .and_then(|size| size.checked_add(usize::from(digit - b'0')))
                .ok_or(NotOurs("number too large"))?;
            self.at += 1;
        }
        if self.at == start { Err(NotOurs("a number is missing")) } else { Ok(size) }
    }

    fn object(&mut self, depth: usize) -> Read_<Object> {
        if depth > MAX_DEPTH {
            return Err(NotOurs("too deep"));
        }
        self.space();
        match self.peek().ok_or(NotOurs("ends too soon"))? {
            b'/' => self.name().map(Object::Name),
            b'(' => self.literal().map(Object::Text),
            b'[' => self.array(depth),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => self.dict(depth).map(Object::Dict),
            b'<' => self.hexadecimal().map(Object::Text),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(),
            b'a'..=b'z' => {
                while self.peek().is_some_and(|byte| byte.is_ascii_lowercase()) {
                    self.at += 1;
                }
                Ok(Object::Other)
            }
            _ => Err(NotOurs("an object was expected")),
        }
    }

    fn array(&mut self, depth: usize) -> Read_<Object> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Object::Array(items));
            }
            items.push(self.object(depth + 1)?);
        }
    }

    fn dict(&mut self, depth: usize) -> Read_<Dict> {
        self.at += 2;
        let mut dict = Dict::new();
        loop {
            self.space();
            if self.rest().starts_with(b">>") {
                self.at += 2;
                return Ok(dict);
            }
            let key = self.name()?;
            let value = self.object(depth + 1)?;
            if dict.insert(key, value).is_some() {
                return Err(NotOurs("a key twice"));
            }
        }
    }

    fn name(&mut self) -> Read_<String> {
        if self.bump() != Some(b'/') {
            return Err(NotOurs("a name was expected"));
        }
        let mut name = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => {
                    self.at += 1;
                    let (high, low) = (self.digit()?, self.digit()?);
                    name.push(high * 16 + low);
                }
                b'!'..=b'~' if !b"()<>[]{}/%".contains(&byte) => {
                    self.at += 1;
                    name.push(byte);
                }
                _ => break,
            }
        }
        String::from_utf8(name).map_err(|_| NotOurs("name"))
    }

    fn digit(&mut self) -> Read_<u8> {
        match self.bump() {
            Some(byte @ b'0'..=b'9') => Ok(byte - b'0'),
            Some(byte @ b'a'..=b'f') => Ok(byte - b'a' + 10),
            Some(byte @ b'A'..=b'F') => Ok(byte - b'A' + 10),
            _ => Err(NotOurs("hexadecimal digit")),
        }
    }

    fn hexadecimal(&mut self) -> Read_<Vec<u8>> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            self.space();
            if self.peek() == Some(b'>') {
                self.at += 1;
                return Ok(text);
            }
            let high = self.digit()?;
            self.space();
            let low = if self.peek() == Some(b'>') { 0 } else { self.digit()? };
            text.push(high * 16 + low);
        }
    }

    fn literal(&mut self) -> Read_<Vec<u8>> {
        self.at += 1;
        let (mut text, mut open) = (Vec::new(), 1_usize);
        loop {
            match self.bump().ok_or(NotOurs("text without an end"))? {
                b'(' => {
                    open += 1;
                    text.push(b'(');
                }
                b')' if open == 1 => return Ok(text),
                b')' => {
                    open -= 1;
                    text.push(b')');
                }
                b'\\' => self.escape(&mut text)?,
                byte => text.push(byte),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Read_<()> {
        match self.bump().ok_or(NotOurs("text without an end"))? {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\n' => {}
            first @ b'0'..=b'7' => {
                let mut code = u16::from(first - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    self.at += 1;
                    code = code * 8 + u16::from(digit - b'0');
                }
                text.push(u8::try_from(code).map_err(|_| NotOurs("escape"))?);
            }
            byte => text.push(byte),
        }
        Ok(())
    }

    /// An integer, a real number, or a reference (`12 0 R`).
    fn number(&mut self) -> Read_<Object> {
        let start = self.at;
        while self.peek().is_some_and(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9')) {
            self.at += 1;
        }
        let digits = self.bytes.get(start..self.at).unwrap_or_default();
        let number: Option<i64> = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        let Some(number) = number else { return Ok(Object::Other) };
        let after = self.at;
        if let Ok(reference) = u32::try_from(number)
            && self.size().is_ok()
        {
            self.space();
            let ends = self.bytes.get(self.at + 1).is_none_or(|byte| !byte.is_ascii_alphanumeric());
            if self.peek() == Some(b'R') && ends {
                self.at += 1;
                return Ok(Object::Reference(reference));
            }
        }
        self.at = after;
        Ok(Object::Int(number))
    }
}
