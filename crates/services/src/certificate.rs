//! What a document says: its fields worked out from the case, as one JSON value that is hashed, kept and drawn.
//!
//! **Invariant:** the PDF and the JSON say the same because both are made of this value; its canonical bytes
//! (RFC 8785) are what the evidence log vouches for.

use documents::{Attachment, Content, Field as Drawn, Record, Relation};
use serde_json::{Map, Value as Json, json};
use spine::{Date, Fault, Language, Localised, Timestamp};

use crate::Services;
use crate::model::Case;
use crate::pack::{Expression, FieldType, Filling, Formatted, Output};
use crate::service::{Service, unanswerable};
use rules::Facts;

/// The type of the content, for whoever reads it years later.
pub(crate) const TYPE: &str = "letsema.certificate.v1";

/// The words of a document.
pub(crate) fn content(
    services: &Services,
    service: &Service,
    case: &Case,
    output: &Output,
    code: &str,
    today: Date,
    valid_until: Option<Date>,
) -> Result<Json, Fault> {
    let mut facts = service.facts(&case.applicant_data, &case.evidence, &case.answers, today);
    facts.set("fee", case.fee_minor);
    facts.set(
        "case",
        json!({
            "reference": case.reference,
            "receipt": case.receipt,
            "decided_on": today.to_string(),
            "valid_until": valid_until.map(|day| day.to_string()),
        }),
    );
    let writer = Writer { services, service, case };
    let mut fields = Map::new();
    for (name, filling) in &output.fields {
        if let Some(value) = writer.fill(filling, &facts)? {
            fields.insert(name.clone(), value);
        }
    }
    let url = format!("{}/verify/{code}", services.inner.base_url);
    let place = url.split("://").nth(1).and_then(|rest| rest.rsplit_once('/')).map(|(place, _)| place.to_owned());
    fields.insert("reference".to_owned(), json!(case.reference));
    fields.insert("verify_url".to_owned(), json!(url));
    fields.insert("verify_place".to_owned(), json!(place));
    fields.insert("verify_code".to_owned(), json!(code));
    fields.insert("issued_on".to_owned(), writer.day(today));
    fields.insert("signed_by".to_owned(), json!(output.signed_by));
    Ok(json!({
        "type": TYPE,
        "name": output.name,
        "service": service.id(),
        "service_version": service.version(),
        "reference": case.reference,
        "issuer": services.inner.issuer,
        "authority": services.catalogue().institution(service.pack.service.authority.get_ref()),
        "issued_on": today.to_string(),
        "valid_until": valid_until.map(|day| day.to_string()),
        "layout": output.layout.get_ref(),
        "languages": writer.languages(),
        "illustrative": service.pack.service.illustrative || services.inner.illustrative,
        "verify": url,
        "fields": fields,
    }))
}

/// The hash of a document's words, hexadecimal.
pub(crate) fn digest(content: &Json) -> Result<String, Fault> {
    let bytes =
        spine::canonical::canonical(content).map_err(|error| Fault::internal("services.output.uncanonical", error))?;
    Ok(crypto::hex(&crypto::sha256(&[&bytes])))
}

struct Writer<'a> {
    services: &'a Services,
    service: &'a Service,
    case: &'a Case,
}

impl Writer<'_> {
    /// The applicant's language first.
    fn languages(&self) -> Vec<String> {
        let words = &self.services.inner.words;
        let mut tags: Vec<String> = words.locales().map(|locale| locale.language.tag().to_owned()).collect();
        tags.sort_by_key(|tag| tag != self.case.language.tag());
        tags.truncate(2);
        tags
    }

    fn in_all(&self, say: impl Fn(&Language) -> String) -> Json {
        let said: Map<String, Json> = self
            .services
            .inner
            .words
            .locales()
            .map(|locale| (locale.language.primary().to_owned(), json!(say(&locale.language))))
            .collect();
        Json::Object(said)
    }

    fn day(&self, day: Date) -> Json {
        self.in_all(|language| self.services.inner.words.date(language, day))
    }

    fn value(&self, expression: &Expression, facts: &Facts) -> Result<Json, Fault> {
        self.service.rules.value(expression.get_ref(), facts).map_err(unanswerable)
    }

    /// The value of a field; none if it is unknown.
    fn fill(&self, filling: &Filling, facts: &Facts) -> Result<Option<Json>, Fault> {
        let known = |value: Json| match value {
            Json::Null => None,
            Json::String(text) if text.is_empty() => None,
            Json::String(text) => Some(json!(text)),
            other => Some(json!(other.to_string())),
        };
        match filling {
            Filling::Text(expression) => Ok(known(self.value(expression, facts)?)),
            Filling::Formatted(formatted) => self.formatted(formatted, facts),
        }
    }

    fn formatted(&self, formatted: &Formatted, facts: &Facts) -> Result<Option<Json>, Fault> {
        let words = &self.services.inner.words;
        if let Some(date) = &formatted.date {
            let value = self.value(date, facts)?;
            return Ok(value.as_str().and_then(|day| day.parse::<Date>().ok()).map(|day| self.day(day)));
        }
        if let Some(money) = &formatted.money {
            let minor = self.value(money, facts)?.as_i64().unwrap_or(0);
            let amount = self.services.money(minor);
            return Ok(Some(self.in_all(|language| words.money(language, amount))));
        }
        if let Some(code) = &formatted.code {
            let code = self.value(code, facts)?;
            let known = formatted.words.as_ref().and_then(|name| self.service.pack.words.get(name));
            return Ok(code.as_str().map(|code| match known.and_then(|words| words.get(code)) {
                Some(said) => json!(said),
                None => self.district(code).map_or_else(|| json!(code), |said| json!(said)),
            }));
        }
        if let Some(label) = &formatted.label {
            return Ok(self.label(label.get_ref()));
        }
        let Some(rows) = &formatted.rows else { return Ok(None) };
        let Json::Array(rows) = self.value(rows, facts)? else { return Ok(Some(json!([]))) };
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let mut facts = facts.clone();
            facts.set("row", row);
            let mut cells = Map::new();
            for (name, cell) in &formatted.cells {
                cells.insert(name.clone(), self.fill(cell, &facts)?.unwrap_or_else(|| json!("")));
            }
            lines.push(Json::Object(cells));
        }
        Ok(Some(Json::Array(lines)))
    }

    fn district(&self, code: &str) -> Option<&Localised> {
        self.services.inner.country.districts.iter().find(|(own, _)| own == code).map(|(_, name)| name)
    }

    /// The words of what was chosen in a field.
    fn label(&self, field: &str) -> Option<Json> {
        let chosen = self.case.answers.get(field)?.as_str()?;
        let field = self.service.field(field)?;
        if field.kind == FieldType::District {
            return Some(self.district(chosen).map_or_else(|| json!(chosen), |name| json!(name)));
        }
        field.options.iter().find(|option| option.v == chosen).map(|option| json!(option.name))
    }
}

/// Draws a document from its words, with its evidence inside.
pub(crate) fn draw(
    services: &Services,
    content: &Json,
    evidence: &Json,
    reference: &str,
    issued_at: Timestamp,
) -> Result<Vec<u8>, Fault> {
    let name = content.get("layout").and_then(Json::as_str).unwrap_or_default();
    let layouts = &services.catalogue().around().layouts;
    let layout = layouts.get(name).ok_or_else(|| Fault::internal("services.layout.missing", name.to_owned()))?;
    let languages = content.get("languages").and_then(Json::as_array).into_iter().flatten();
    let languages = languages.filter_map(Json::as_str).map(Language::new).collect();
    let mut document = Content::new(languages, issued_at);
    document.specimen = content.get("illustrative").and_then(Json::as_bool).unwrap_or(true);
    for (name, value) in content.get("fields").and_then(Json::as_object).into_iter().flatten() {
        document = document.with(name, drawn(value));
    }
    let bytes =
        serde_json::to_vec_pretty(evidence).map_err(|error| Fault::internal("services.evidence.unwritable", error))?;
    let document = document.attach(Attachment {
        name: format!("{reference}.json"),
        mime: "application/json".to_owned(),
        description: "What this document says, and the proof that it is in the evidence log".to_owned(),
        relation: Relation::Data,
        bytes,
    });
    Ok(documents::render(layout, &services.inner.fonts, &document)?)
}

fn drawn(value: &Json) -> Drawn {
    match value {
        Json::Array(rows) => {
            let record = |row: &Json| -> Record {
                row.as_object().into_iter().flatten().map(|(name, cell)| (name.clone(), drawn(cell))).collect()
            };
            Drawn::Rows(rows.iter().map(record).collect())
        }
        Json::Object(_) => Drawn::Localised(serde_json::from_value(value.clone()).unwrap_or_default()),
        Json::String(text) => Drawn::Plain(text.clone()),
        other => Drawn::Plain(other.to_string()),
    }
}
