//! What the API says of itself: declared beside each route, and the OpenAPI document made from it.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::types::Problem;
use crate::serve::right::Access;
use crate::serve::routes::{Route, all};

/// A type's schema, its parts kept by the generator.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of a type.
pub fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// What is said of one route of the API.
pub struct Doc {
    /// One line.
    pub summary: &'static str,
    /// More, where one line is not enough.
    pub about: &'static str,
    /// What stands after the question mark.
    pub query: &'static [Parameter],
    /// What the body has to be.
    pub body: Option<SchemaOf>,
    /// Status of the answer where all went well.
    pub status: u16,
    /// The answer.
    pub answer: SchemaOf,
    /// Whether a name may be given to the request, so that it is carried out once.
    pub once: bool,
}

impl Doc {
    /// Something that is read.
    pub const fn get(summary: &'static str, answer: SchemaOf) -> Self {
        Doc {
            summary,
            about: "",
            query: &[],
            body: None,
            status: 200,
            answer,
            once: false,
        }
    }

    /// Something that is done: the answer names the entry that tells of it.
    pub const fn act(summary: &'static str, body: SchemaOf) -> Self {
        Doc {
            body: Some(body),
            status: 201,
            once: true,
            ..Doc::get(summary, of::<super::types::Kept>)
        }
    }

    /// Something that is ended, with nothing to be said: the answer names the entry that tells of it.
    pub const fn end(summary: &'static str) -> Self {
        Doc {
            once: true,
            ..Doc::get(summary, of::<super::types::Kept>)
        }
    }
}

/// One parameter.
#[derive(Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Its form.
    pub form: Form,
}

/// The form of a parameter.
#[derive(Clone, Copy)]
pub enum Form {
    /// Any text.
    Text,
    /// `2026-11-21`.
    Day,
    /// How many at most, 1 to 500.
    Limit,
    /// A cursor.
    Cursor,
    /// One of these words.
    Words(&'static [&'static str]),
}

impl Form {
    fn schema(self) -> Value {
        match self {
            Form::Text => json!({ "type": "string" }),
            Form::Day => json!({ "type": "string", "format": "date" }),
            Form::Limit => json!({
                "type": "integer", "minimum": 1, "maximum": super::paging::MOST,
                "default": super::paging::USUAL,
            }),
            Form::Cursor => json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]*$" }),
            Form::Words(words) => json!({ "type": "string", "enum": words }),
        }
    }
}

/// Names in paths, what each means, and the pattern it has.
const NAMES: &[(&str, &str, &str)] = &[
    ("ref", "The item, for example `4.2.4`", ""),
    ("name", "The name", ""),
    ("id", "The identifier, with its slash as `%2F`", ""),
    ("kind", "The kind", ""),
    (
        "table",
        "The table: `person`, `account`, `link` or `training_completion`",
        "",
    ),
    ("entry", "The number of an entry", "integer"),
    ("seq", "The number of an entry", "integer"),
    ("n", "The number of a row", "integer"),
];

fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        let known = NAMES.iter().find(|(known, _, _)| *known == name);
        let (_, meaning, kind) = known.copied().unwrap_or((name, "", ""));
        let schema = match kind {
            "integer" => json!({ "type": "integer", "minimum": 0 }),
            _ => json!({ "type": "string", "minLength": 1 }),
        };
        Some(json!({
            "name": name, "in": "path", "required": true, "description": meaning, "schema": schema,
        }))
    });
    names.collect()
}

fn operation(route: &Route, doc: &Doc, generator: &mut SchemaGenerator) -> Value {
    let mut parameters = in_path(route.path);
    parameters.extend(doc.query.iter().map(|p| {
        json!({
            "name": p.name, "in": "query", "description": p.meaning, "schema": p.form.schema(),
        })
    }));
    if doc.once {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    let mut answers = Map::new();
    let mut good = json!({
        "description": "As asked",
        "content": { "application/json": { "schema": (doc.answer)(generator) } },
    });
    if doc.once {
        good["headers"] = json!({ "idempotency-replayed": {
            "description": "`true` where the same request was carried out before, and nothing was done now",
            "schema": { "type": "string", "enum": ["true"] },
        } });
    }
    answers.insert(doc.status.to_string(), good);
    answers.insert(
        "default".into(),
        json!({ "$ref": "#/components/responses/Problem" }),
    );
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": doc.summary,
        "description": described(route, doc),
        "parameters": parameters,
        "responses": answers,
        "security": security(route),
    });
    if let Some(body) = doc.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": body(generator) } },
        });
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let words = route
        .path
        .trim_start_matches("/api/v1/")
        .split('/')
        .map(|part| part.trim_matches(['{', '}']).replace(['-', '.'], "_"));
    let words: Vec<String> = words.collect();
    format!("{}_{}", route.method.to_lowercase(), words.join("_"))
}

/// Who may ask, in words.
pub fn wanted(route: &Route) -> String {
    match route.access {
        Access::Public => "Anybody may ask this.".into(),
        Access::With(right) if right.for_tokens() => {
            format!("Needs the right `{}`.", right.as_str())
        }
        Access::Either(one, other) => format!(
            "Needs the right `{}` or `{}`: what is seen depends on which.",
            one.as_str(),
            other.as_str()
        ),
        Access::With(right) => format!(
            "Needs the right `{}`, which no token carries: only the session of a person.",
            right.as_str()
        ),
        Access::Proven(right) => format!(
            "Needs the right `{}` and a proof, only minutes old, of who asks: the session of a person, no \
             token.",
            right.as_str()
        ),
    }
}

fn described(route: &Route, doc: &Doc) -> String {
    let wanted = wanted(route);
    if doc.about.is_empty() {
        wanted
    } else {
        format!("{}\n\n{wanted}", doc.about)
    }
}

fn security(route: &Route) -> Value {
    match route.access {
        Access::Public => json!([]),
        Access::Either(..) => json!([{ "token": [] }, { "session": [], "csrf": [] }]),
        Access::With(right) if right.for_tokens() => {
            json!([{ "token": [] }, { "session": [], "csrf": [] }])
        }
        _ => json!([{ "session": [], "csrf": [] }]),
    }
}

/// Routes of the API with what is said of them.
pub fn described_routes() -> impl Iterator<Item = (&'static Route, &'static Doc)> {
    all().filter_map(|route| Some((route, route.api?)))
}

/// The OpenAPI 3.1 document.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.definitions_path = "/components/schemas".into();
        s.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for (route, doc) in described_routes() {
        let place = paths.entry(route.path).or_insert_with(|| json!({}));
        place[route.method.to_lowercase()] = operation(route, doc, &mut generator);
    }
    let problem = of::<Problem>(&mut generator);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Standing",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "parameters": { "IdempotencyKey": {
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "A name of your own for this request, 1 to 200 characters. Sent again with \
                    the same body, it is not carried out again: the answer names the same entry. Sent \
                    with another body it is refused with 422.",
                "schema": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$" },
            } },
            "responses": { "Problem": {
                "description": "What went wrong (RFC 9457)",
                "content": { "application/problem+json": { "schema": problem } },
            } },
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer",
                    "description": "A token made by a member, within the member's own rights",
                },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "__Host-standing",
                    "description": "The session of a person in a browser",
                },
                "csrf": {
                    "type": "apiKey", "in": "header", "name": "x-csrf",
                    "description": "With a session, for everything but GET: what the meta element named \
                        csrf of any page says",
                },
            },
        },
    })
}

const ABOUT: &str = "What the pages of Standing show and do. Days are `2026-11-21`, instants RFC 3339. \
    A verdict is `met`, `not met`, `unknown` or `not applicable`. Lists come in pages: `limit` says how \
    many at most, and `next` of one answer is `after` of the next question, until it is null. Every write \
    becomes an entry of the log in the name of whoever asks. Erasing, taking personal data out in bulk, \
    and changing members, roles and tokens ask for a person who proved a few minutes ago who they are: no \
    token does them.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_of_the_api_is_without_a_description_and_none_is_named_twice() {
        let mut ids = std::collections::BTreeSet::new();
        for route in all().filter(|r| r.path.starts_with("/api/")) {
            let doc = route
                .api
                .unwrap_or_else(|| panic!("{} {} is not described", route.method, route.path));
            assert!(!doc.summary.is_empty(), "{}", route.path);
            assert!(
                ids.insert(operation_id(route)),
                "{} twice",
                operation_id(route)
            );
            let takes = route.takes == crate::serve::routes::Takes::Json;
            assert_eq!(takes, doc.body.is_some(), "{} {}", route.method, route.path);
            for name in route.path.split('/').filter_map(|p| p.strip_prefix('{')) {
                let name = name.trim_end_matches('}');
                assert!(NAMES.iter().any(|(n, _, _)| *n == name), "{name}");
            }
        }
    }

    #[test]
    fn the_document_in_the_tree_is_the_one_generated() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        let made = format!("{:#}\n", document());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == made,
            "docs/openapi.json is not what the routes say: UPDATE=1 writes it"
        );
    }
}
