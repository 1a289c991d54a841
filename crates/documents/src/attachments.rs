//! The files inside a PDF that this program wrote: so that a certificate can be checked offline from its
//! own evidence.
//!
//! **Invariant:** what is returned says nothing about whether it is true; the caller checks the signature in
//! it. Strict and bounded; `reader.rs` does the reading.

use crate::content::{Attachment, Relation};
use crate::reader::{Dict, File, NotOurs, Object, text};
use crate::render::{MAX_FILE, MAX_FILES};

/// The associated files of the document (ISO 32000-2 §14.13), in the order in which they were attached.
///
/// # Errors
/// [`NotOurs`] for anything but a PDF that [`render`](crate::render) wrote, also when a later
/// revision was appended to it with a plain cross-reference table.
pub fn attachments(pdf: &[u8]) -> Result<Vec<Attachment>, NotOurs> {
    let file = File::open(pdf)?;
    let root = file.dict(&Object::Reference(file.root))?;
    let Some(associated) = root.get("AF") else { return Ok(Vec::new()) };
    let Object::Array(associated) = file.get(associated)? else { return Err(NotOurs("AF")) };
    if associated.len() > MAX_FILES {
        return Err(NotOurs("too many files"));
    }
    associated.iter().map(|object| attachment(&file, object)).collect()
}

fn attachment(file: &File<'_>, object: &Object) -> Result<Attachment, NotOurs> {
    let spec = file.dict(object)?;
    let embedded = file.dict(spec.get("EF").ok_or(NotOurs("EF"))?)?;
    let (stream, bytes) = file.stream(embedded.get("F").ok_or(NotOurs("F"))?, MAX_FILE)?;
    let size = match stream.get("Params").map(|params| file.dict(params)).transpose()? {
        Some(params) => params.get("Size").cloned(),
        None => None,
    };
    if let Some(Object::Int(size)) = size
        && usize::try_from(size) != Ok(bytes.len())
    {
        return Err(NotOurs("file size"));
    }
    Ok(Attachment {
        name: said(file, &spec, "UF")?,
        description: said(file, &spec, "Desc")?,
        mime: match stream.get("Subtype") {
            Some(Object::Name(mime)) => mime.clone(),
            _ => return Err(NotOurs("media type")),
        },
        relation: match spec.get("AFRelationship") {
            Some(Object::Name(name)) => Relation::from_name(name),
            _ => Relation::Unspecified,
        },
        bytes,
    })
}

fn said(file: &File<'_>, dict: &Dict, key: &'static str) -> Result<String, NotOurs> {
    match dict.get(key).map(|object| file.get(object)).transpose()? {
        Some(Object::Text(bytes)) => text(&bytes),
        _ => Err(NotOurs(key)),
    }
}
