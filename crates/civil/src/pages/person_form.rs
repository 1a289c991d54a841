//! The population's fields in forms and summaries, for the engine that enrols people.
//!
//! **Invariant:** names, hints, options and checks of the fields are the register's own.

use edge::{Answers, Markup, Sheet, Visit, html};
use registers::{Fields, Register, faults_of, form_answers, form_field, form_fields, said_value};
use spine::{Fault, FieldFault};

use crate::engine::Civil;
use crate::population::REGISTER as POPULATION;

impl Civil {
    fn people(&self) -> Result<&Register, Fault> {
        self.registers().need(POPULATION)
    }

    /// Inputs for these fields of the population's record, in this order.
    ///
    /// # Errors
    /// The register is not declared.
    pub fn person_inputs(&self, sheet: &Sheet, names: &[String]) -> Result<Markup, Fault> {
        let register = self.people()?;
        Ok(html! { @for field in names.iter().filter_map(|name| register.field(name)) { (form_field(sheet, field)) } })
    }

    /// What is known, as answers to go on from.
    ///
    /// # Errors
    /// The register is not declared.
    pub fn person_answers(&self, fields: &Fields) -> Result<Answers, Fault> {
        Ok(form_answers(self.people()?, fields))
    }

    /// What was typed, as fields; only those of these names are taken.
    ///
    /// # Errors
    /// `civil.event.wrong` with the faults of the fields.
    pub fn person_told(&self, answers: &Answers, names: &[String]) -> Result<Fields, Fault> {
        let wrong = |faults| Fault::invalid("civil.event.wrong").fields_from(faults);
        let mut fields = form_fields(self.people()?, answers).map_err(wrong)?;
        fields.retain(|name, _| names.contains(name));
        Ok(fields)
    }

    /// What keeps these fields from being a person's record, as far as these names go.
    ///
    /// # Errors
    /// `civil.event.wrong` with the faults of the fields.
    pub fn check_person(&self, fields: &Fields, names: &[String]) -> Result<(), Fault> {
        let own = |fault: &FieldFault| names.iter().any(|name| fault.field.trim_start_matches('/') == name);
        let faults = faults_of(self.people()?, fields).into_iter().filter(own);
        let faults: Vec<FieldFault> = super::at_fields(faults.collect());
        if faults.is_empty() { Ok(()) } else { Err(Fault::invalid("civil.event.wrong").fields_from(faults)) }
    }

    /// What these fields are called and say, in the visitor's language; those that say nothing are left out.
    ///
    /// # Errors
    /// The register is not declared.
    pub fn person_said(
        &self,
        visit: &Visit,
        fields: &Fields,
        names: &[String],
    ) -> Result<Vec<(String, String, String)>, Fault> {
        let register = self.people()?;
        let said = names.iter().filter_map(|name| {
            let field = register.field(name)?;
            let value = fields.get(name)?;
            Some((name.clone(), visit.local(field.name()).to_owned(), said_value(visit, field, value)))
        });
        Ok(said.filter(|(_, _, value)| !value.is_empty()).collect())
    }
}
