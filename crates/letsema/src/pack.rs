//! `letsema pack check` and `letsema pack test`: whether a pack is sound, and whether it decides as it says.
//!
//! **Invariant:** every fault has its file and line and says what to do.

use std::path::Path;

use services::run_trials;
use spine::Language;

use crate::command;
use crate::country::Country;

/// Checks a pack; with `trials`, also runs the tests it brings along.
///
/// # Errors
/// All faults, one on a line.
pub(crate) fn run(folder: &Path, trials: bool) -> Result<(), String> {
    let country = Country::read(folder).map_err(|faults| faults.to_string())?;
    let today = jiff::civil::Date::MAX;
    let services = country.catalogue.all(&Language::new("en"), today);
    let (mut passed, mut failed) = (0, Vec::new());
    if trials {
        for service in &services {
            for tried in run_trials(service) {
                if tried.faults.is_empty() {
                    passed += 1;
                }
                for fault in &tried.faults {
                    failed.push(format!("{}: line {}: {}: {fault}", service.id(), tried.line, tried.name));
                }
            }
        }
    }
    if !failed.is_empty() {
        return Err(failed.join("\n"));
    }
    let mut said = format!("sound: {} registers, {} services", country.registers.iter().count(), services.len());
    if trials {
        said.push_str(&format!(", {passed} tests passed"));
    }
    command::say(&said);
    Ok(())
}
