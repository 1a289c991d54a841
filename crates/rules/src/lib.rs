//! Expressions of a pack in CEL (Common Expression Language), compiled once, and the facts they are asked about.
//!
//! **Invariant:** an expression sees only its facts and the few functions here; it has no clock, no loop without end
//! and no way out. Money is whole minor units; days are ISO 8601 text, which sorts and compares as days do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cel::{Context, ExecutionError, Program, Value};
use jiff::Span;
use serde_json::{Map, Value as Json};
use spine::Date;

/// Longest expression, in bytes.
const MAX_EXPRESSION: usize = 2_000;

/// Functions a pack may call, beside CEL's own.
pub const FUNCTIONS: [&str; 6] = ["age", "days_between", "later", "split", "year", "upper"];

/// What expressions are asked about: variables by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Map<String, Json>);

/// An expression that could not be answered.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{expression}: {problem}")]
pub struct RuleError {
    expression: String,
    problem: String,
}

/// All expressions of one pack.
#[derive(Default)]
pub struct Rules {
    programs: BTreeMap<String, Program>,
}

impl Facts {
    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<Json>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Sets `a.b.c` within its parents.
    pub fn set_path(&mut self, path: &str, value: Json) {
        fn put(map: &mut Map<String, Json>, path: &str, value: Json) {
            match path.split_once('.') {
                None => {
                    map.insert(path.to_owned(), value);
                }
                Some((first, rest)) => {
                    let inner = map.entry(first).or_insert_with(|| Json::Object(Map::new()));
                    if !inner.is_object() {
                        *inner = Json::Object(Map::new());
                    }
                    if let Json::Object(inner) = inner {
                        put(inner, rest, value);
                    }
                }
            }
        }
        put(&mut self.0, path, value);
    }

    /// A variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Rules({})", self.programs.len())
    }
}

impl Rules {
    /// Compiles an expression, once.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn compile(&mut self, expression: &str) -> Result<(), String> {
        if self.programs.contains_key(expression) {
            return Ok(());
        }
        if expression.len() > MAX_EXPRESSION {
            return Err(format!("an expression has at most {MAX_EXPRESSION} bytes"));
        }
        let program = Program::compile(expression).map_err(|errors| {
            errors.errors.iter().map(|error| error.msg.trim().to_owned()).collect::<Vec<_>>().join("; ")
        })?;
        self.programs.insert(expression.to_owned(), program);
        Ok(())
    }

    /// The variables an expression asks for.
    #[must_use]
    pub fn variables(&self, expression: &str) -> BTreeSet<String> {
        self.programs.get(expression).map_or_else(BTreeSet::new, |program| {
            program.references().variables().into_iter().map(str::to_owned).collect()
        })
    }

    /// The functions an expression calls by name, without operators.
    #[must_use]
    pub fn functions(&self, expression: &str) -> BTreeSet<String> {
        self.programs.get(expression).map_or_else(BTreeSet::new, |program| {
            let is_name = |name: &&str| name.starts_with(|letter: char| letter.is_ascii_alphabetic());
            program.references().functions().into_iter().filter(is_name).map(str::to_owned).collect()
        })
    }

    /// The value of an expression.
    ///
    /// # Errors
    /// [`RuleError`] if a variable is missing or a value is of the wrong kind.
    pub fn value(&self, expression: &str, facts: &Facts) -> Result<Json, RuleError> {
        let refuse = |problem: String| RuleError { expression: expression.to_owned(), problem };
        let program = self.programs.get(expression).ok_or_else(|| refuse("not compiled".to_owned()))?;
        let context = context(facts).map_err(refuse)?;
        let value = program.execute(&context).map_err(|error| refuse(error.to_string()))?;
        value.json().map_err(|_| refuse("the value is not one of text, number, truth, list or null".to_owned()))
    }

    /// Whether an expression is true.
    ///
    /// # Errors
    /// [`RuleError`]; also when it is neither true nor false.
    pub fn holds(&self, expression: &str, facts: &Facts) -> Result<bool, RuleError> {
        self.value(expression, facts)?.as_bool().ok_or_else(|| RuleError {
            expression: expression.to_owned(),
            problem: "neither true nor false".to_owned(),
        })
    }
}

fn context(facts: &Facts) -> Result<Context<'static, 'static>, String> {
    let mut context = Context::default();
    for (name, value) in &facts.0 {
        context.add_variable_from_value(name.as_str(), value_of(value));
    }
    functions(&mut context).map_err(|error| error.to_string())?;
    Ok(context)
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => number.as_i64().map_or(Value::Null, Value::Int),
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(items) => Value::List(Arc::new(items.iter().map(value_of).collect())),
        Json::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), value_of(value))).collect::<HashMap<_, _>>().into()
        }
    }
}

fn functions(context: &mut Context<'_, '_>) -> Result<(), cel::DeclarationError> {
    type Text = Arc<String>;
    type Out = Result<Value, ExecutionError>;
    context.add_function("age", |born: Text, today: Text| -> Out {
        Ok(Value::Int(spine::time::age_in_years(day("age", &born)?, day("age", &today)?)))
    })?;
    context.add_function("days_between", |from: Text, to: Text| -> Out {
        let (from, to) = (day("days_between", &from)?, day("days_between", &to)?);
        let span = from.until(to).map_err(|error| ExecutionError::function_error("days_between", error))?;
        Ok(Value::Int(span.get_days().into()))
    })?;
    context.add_function("later", |from: Text, span: Text| -> Out {
        let refuse = |error: jiff::Error| ExecutionError::function_error("later", error);
        let span: Span = span.parse().map_err(refuse)?;
        let to = day("later", &from)?.checked_add(span).map_err(refuse)?;
        Ok(Value::String(Arc::new(to.to_string())))
    })?;
    context.add_function("year", |of: Text| -> Out { Ok(Value::Int(day("year", &of)?.year().into())) })?;
    context.add_function("upper", |text: Text| -> Out { Ok(Value::String(Arc::new(text.to_uppercase()))) })?;
    context.add_function("split", |text: Text, at: Text| -> Out {
        let parts = text.split(at.as_str()).map(str::trim).filter(|part| !part.is_empty());
        Ok(Value::List(Arc::new(parts.map(|part| Value::String(Arc::new(part.to_owned()))).collect())))
    })
}

fn day(function: &str, text: &str) -> Result<Date, ExecutionError> {
    text.parse().map_err(|_| ExecutionError::function_error(function, format!("{text:?} is not a day")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(expression: &str) -> Result<Json, String> {
        let mut facts = Facts::default();
        facts.set("today", "2026-11-24");
        facts.set("kind", "ordinary");
        facts.set_path("person.born", json!("1954-01-02"));
        facts.set_path("person.phone", Json::Null);
        facts.set("passport", Json::Null);
        let mut rules = Rules::default();
        rules.compile(expression)?;
        rules.value(expression, &facts).map_err(|error| error.to_string())
    }

    #[test]
    fn answers_what_packs_ask() {
        for (expression, wanted) in [
            ("age(person.born, today) >= 70", json!(true)),
            ("passport == null", json!(true)),
            ("passport != null && passport.expires < today", json!(false)),
            ("later(today, 'P6M')", json!("2027-05-24")),
            ("days_between('2026-11-01', today)", json!(23)),
            ("kind in ['ordinary', 'official'] ? 13000 : 0", json!(13000)),
            ("split('B, C1', ',')", json!(["B", "C1"])),
            ("year(person.born) + 1", json!(1955)),
        ] {
            assert_eq!(value(expression), Ok(wanted), "{expression}");
        }
    }

    #[test]
    fn refuses_with_words() {
        for wrong in
            ["age(kind, today)", "nobody == 1", "later(today, 'soon')", "1 +", "kind + 1", "9223372036854775807 + 1"]
        {
            assert!(value(wrong).is_err(), "{wrong}");
        }
        let deep = format!("{}1{}", "(".repeat(900), ")".repeat(900));
        assert!(value(&deep).is_err());
        assert!(value(&"1+".repeat(2_000)).is_err());
    }

    #[test]
    fn says_what_an_expression_asks_for() {
        let mut rules = Rules::default();
        let expression = "age(person.born, today) > 3 && kind == 'x'";
        rules.compile(expression).unwrap();
        assert_eq!(rules.variables(expression), ["kind", "person", "today"].map(str::to_owned).into());
        assert_eq!(rules.functions(expression), ["age".to_owned()].into());
    }
}
