//! A small builder of OpenAPI 3.1 documents, so that each engine describes its own calls beside them.
//!
//! **Invariant:** every operation answers its faults with the one problem schema; path parameters are taken
//! from the path itself, so none is forgotten. The program joins the engines' parts at `/api/openapi.json`.

use serde_json::{Map, Value, json};

/// A document, or an engine's part of one.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct OpenApi {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl OpenApi {
    /// An empty part.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call: `.call("get", "/api/things/{id}", Operation::new(…))`.
    pub fn call(mut self, method: &str, path: &str, operation: Operation) -> Self {
        let entry = self.paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        if let Value::Object(methods) = entry {
            methods.insert(method.to_ascii_lowercase(), operation.build(path));
        }
        self
    }

    /// Adds a named schema (JSON Schema 2020-12), referred to with [`reference()`].
    pub fn schema(mut self, name: &str, schema: Value) -> Self {
        self.schemas.insert(name.to_owned(), schema);
        self
    }

    /// Takes in another part; of two equal names the later stays.
    pub fn join(mut self, other: Self) -> Self {
        for (path, methods) in other.paths {
            match (self.paths.get_mut(&path), methods) {
                (Some(Value::Object(own)), Value::Object(methods)) => own.extend(methods),
                (_, methods) => {
                    self.paths.insert(path, methods);
                }
            }
        }
        self.schemas.extend(other.schemas);
        self
    }

    /// The whole document.
    #[must_use]
    pub fn document(self, title: &str, version: &str, base_url: &str) -> Value {
        let mut schemas = self.schemas;
        schemas.insert("Problem".to_owned(), problem_schema());
        json!({
            "openapi": "3.1.0",
            "info": {"title": title, "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "servers": [{"url": base_url}],
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "responses": {"Problem": {
                    "description": "Refused; `code` says why.",
                    "content": {crate::problem::MEDIA_TYPE: {"schema": reference("Problem")}},
                }},
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
        })
    }
}

/// A reference to the named schema.
#[must_use]
pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail", "code", "instance"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "For people, in the language asked for."},
            "code": {"type": "string", "description": "Stable, for programs: engine.noun.problem."},
            "instance": {"type": "string", "description": "The trace of this request."},
            "errors": {"type": "array", "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "format": "json-pointer"},
                    "field": {"type": "string"},
                    "detail": {"type": "string"},
                },
            }},
        },
    })
}

/// One call.
#[derive(Clone, Debug)]
#[must_use]
pub struct Operation {
    id: String,
    summary: String,
    tag: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Map<String, Value>,
    open: bool,
}

impl Operation {
    /// A call whose id is `engine.noun.verb`; its tag is the engine. Callers show an access token, unless it is [`open`](Self::open).
    pub fn new(id: &str, summary: &str) -> Self {
        Self {
            id: id.to_owned(),
            summary: summary.to_owned(),
            tag: id.split('.').next().unwrap_or_default().to_owned(),
            parameters: Vec::new(),
            body: None,
            answers: Map::new(),
            open: false,
        }
    }

    /// Anybody may call it.
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// A parameter of the query.
    pub fn query(mut self, name: &str, schema: Value, description: &str) -> Self {
        self.parameters.push(json!({"name": name, "in": "query", "schema": schema, "description": description}));
        self
    }

    /// A header it needs.
    pub fn header(mut self, name: &str, schema: Value, description: &str) -> Self {
        let header =
            json!({"name": name, "in": "header", "required": true, "schema": schema, "description": description});
        self.parameters.push(header);
        self
    }

    /// `after` and `limit`, as [`crate::Paging`] reads them.
    pub fn paged(self) -> Self {
        self.query("after", json!({"type": "string", "maxLength": 500}), "The cursor the part before gave.").query(
            "limit",
            json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
            "How many.",
        )
    }

    /// The `Idempotency-Key` header, required.
    pub fn idempotent(mut self) -> Self {
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 255});
        self.parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": true, "schema": schema}));
        self
    }

    /// The `If-Match` header, required.
    pub fn versioned(mut self) -> Self {
        self.parameters
            .push(json!({"name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"}}));
        self
    }

    /// The JSON it takes.
    pub fn takes(self, schema: Value) -> Self {
        self.takes_as("application/json", schema)
    }

    /// What it takes in another media type.
    pub fn takes_as(mut self, media_type: &str, schema: Value) -> Self {
        self.body = Some(json!({"required": true, "content": {media_type: {"schema": schema}}}));
        self
    }

    /// The JSON it gives.
    pub fn gives(self, status: u16, description: &str, schema: Value) -> Self {
        self.gives_as(status, description, "application/json", schema)
    }

    /// What it gives in another media type.
    pub fn gives_as(mut self, status: u16, description: &str, media_type: &str, schema: Value) -> Self {
        let answer = json!({"description": description, "content": {media_type: {"schema": schema}}});
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// It answers without a body.
    pub fn gives_nothing(mut self, status: u16, description: &str) -> Self {
        self.answers.insert(status.to_string(), json!({"description": description}));
        self
    }

    fn build(self, path: &str) -> Value {
        let in_path = path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(|name| {
            json!({"name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": {"type": "string"}})
        });
        let parameters: Vec<Value> = in_path.chain(self.parameters).collect();
        let mut answers = self.answers;
        answers.insert("default".to_owned(), json!({"$ref": "#/components/responses/Problem"}));
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": [self.tag],
            "parameters": parameters,
            "responses": answers,
            "security": if self.open { json!([]) } else { json!([{"bearer": []}]) },
        });
        if let (Value::Object(members), Some(body)) = (&mut operation, self.body) {
            members.insert("requestBody".to_owned(), body);
        }
        operation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_parts_into_one_document() {
        let list = Operation::new("things.list", "List things").paged().gives(200, "A part", reference("Thing"));
        let change = Operation::new("things.change", "Change one").versioned().idempotent().takes(reference("Thing"));
        let one = OpenApi::new().call("GET", "/api/things", list).schema("Thing", json!({"type": "object"}));
        let two = OpenApi::new().call("put", "/api/things/{id}", change.gives_nothing(204, "Changed")).call(
            "get",
            "/api/things/{id}",
            Operation::new("things.read", "Read one").open(),
        );
        let document = one.join(two).document("Test", "1", "http://localhost");
        assert_eq!(document["paths"]["/api/things"]["get"]["parameters"][1]["name"], "limit");
        let put = &document["paths"]["/api/things/{id}"]["put"];
        assert_eq!(
            put["parameters"][0],
            json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}})
        );
        assert_eq!(put["responses"]["default"]["$ref"], "#/components/responses/Problem");
        assert_eq!(put["security"], json!([{"bearer": []}]));
        assert_eq!(document["paths"]["/api/things/{id}"]["get"]["security"], json!([]));
        assert_eq!(document["components"]["schemas"]["Problem"]["properties"]["code"]["type"], "string");
    }
}
