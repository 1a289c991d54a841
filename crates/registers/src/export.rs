//! Gives a register out as a file, as it is true today: CSV or JSON Lines, a page at a time.
//!
//! **Invariant:** an export is an act, recorded before the first byte leaves. What comes out is what an import
//! takes in. A register is never held in memory; records enrolled meanwhile may be in it or not.

use journal::{Acts, Key};
use serde_json::Value;
use spine::{Act, Caller, Cx, Fault};

use crate::enrol::resource;
use crate::find::whole_page;
use crate::import::Format;
use crate::look_up::visible;
use crate::register::{Fields, Registers, plain};

/// A file to give out.
#[derive(Clone, Debug)]
pub struct Export {
    /// The register.
    pub register: String,
    /// The form of the file.
    pub format: Format,
    /// Only the fields of a view.
    pub view: Option<String>,
    /// Why, as a code the pack explains.
    pub purpose: String,
}

/// A file that has been asked for and allowed, to be read page by page.
#[derive(Clone, Debug)]
pub struct Exporting {
    export: Export,
    fields: Vec<String>,
    after: Option<String>,
    is_begun: bool,
}

/// Asks for a file; the act is recorded here. Read it with [`Exporting::next`].
///
/// # Errors
/// `registers.register.unknown`, `registers.view.unknown`; the authority's refusal.
pub async fn export(acts: &Acts, registers: &Registers, caller: &Caller, export: Export) -> Result<Exporting, Fault> {
    let (registers, asked) = (registers.clone(), export.clone());
    let fields = acts.write(caller, &Key::none(), move |cx| allow(cx, &registers, &asked)).await?;
    Ok(Exporting { export, fields, after: Some(String::new()), is_begun: false })
}

/// Allows and records an export; answers the fields it holds.
fn allow(cx: &mut Cx<'_>, registers: &Registers, export: &Export) -> Result<Vec<String>, Fault> {
    let register = registers.need(&export.register)?;
    let fields = visible(register, export.view.as_deref())?;
    let mut resource = resource(register, register.class_of(fields.iter().copied()).name());
    if let Some(view) = &export.view {
        resource = resource.with("view", view.clone());
    }
    cx.may("registers.register.export", &resource)?;
    let mut act = Act::new("registers.register.exported")
        .on(register.id())
        .because(export.purpose.clone(), register.citation())
        .with("fields", fields.clone());
    if let Some(view) = &export.view {
        act = act.with("view", view.clone());
    }
    cx.record(act);
    Ok(fields.into_iter().map(str::to_owned).collect())
}

impl Exporting {
    /// The next piece of the file; none at its end.
    ///
    /// # Errors
    /// The store's faults.
    pub async fn next(
        &mut self,
        acts: &Acts,
        registers: &Registers,
        caller: &Caller,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let mut piece = Vec::new();
        if !std::mem::replace(&mut self.is_begun, true) && self.export.format == Format::Csv {
            write_row(&mut piece, self.fields.iter().map(String::as_str))?;
        }
        let Some(after) = self.after.take() else { return Ok((!piece.is_empty()).then_some(piece)) };
        let (registers, register) = (registers.clone(), self.export.register.clone());
        let page = acts.read(caller, move |cx| page(cx, &registers, &register, &after)).await?;
        let (records, next) = page;
        self.after = next;
        for fields in &records {
            self.write(&mut piece, fields)?;
        }
        Ok((!piece.is_empty() || self.after.is_some()).then_some(piece))
    }

    fn write(&self, out: &mut Vec<u8>, fields: &Fields) -> Result<(), Fault> {
        match self.export.format {
            Format::Csv => {
                let cells = self.fields.iter().map(|name| fields.get(name).map(plain).unwrap_or_default());
                write_row(out, cells)
            }
            Format::JsonLines => {
                let shown: Fields = fields
                    .iter()
                    .filter(|(name, _)| self.fields.contains(name))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                out.extend_from_slice(Value::Object(shown).to_string().as_bytes());
                out.push(b'\n');
                Ok(())
            }
        }
    }
}

/// The fields of some records, and the key after which the next page begins.
fn page(
    cx: &mut Cx<'_>,
    registers: &Registers,
    register: &str,
    after: &str,
) -> Result<(Vec<Fields>, Option<String>), Fault> {
    let (records, next) = whole_page(cx, registers, register, after)?;
    Ok((records.into_iter().map(|record| record.fields).collect(), next))
}

fn write_row(out: &mut Vec<u8>, cells: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<(), Fault> {
    let mut writer = csv::Writer::from_writer(out);
    let broken = |error: csv::Error| Fault::internal("registers.export.unwritable", error);
    writer.write_record(cells).map_err(broken)?;
    writer.flush().map_err(|error| Fault::internal("registers.export.unwritable", error))
}
