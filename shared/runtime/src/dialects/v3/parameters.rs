//! What the description says of headers and query parameters, the same for every operation.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr};

/// Gives parameters their exact shapes. What is absent is left out of a request: no parameter is ever `null`.
#[derive(Debug)]
pub struct Parameters;

impl utoipa::Modify for Parameters {
    fn modify(&self, api: &mut OpenApi) {
        operations(api).for_each(each);
    }
}

/// Every operation that is described.
pub(super) fn operations(api: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    api.paths.paths.values_mut().flat_map(|path| {
        let methods = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        methods.into_iter().filter_map(Option::as_mut)
    })
}

fn each(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema {
            if parameter.parameter_in == ParameterIn::Query || parameter.parameter_in == ParameterIn::Header {
                object.schema_type = SchemaType::Type(Type::String);
            }
            shape(&parameter.name, object);
        }
        describe(parameter);
    }
}

fn shape(name: &str, object: &mut Object) {
    match name {
        "Idempotency-Key" => {
            (object.min_length, object.max_length) = (Some(1), Some(255));
            object.pattern = Some("^[!-~]+$".to_owned());
        }
        "If-Match" => object.pattern = Some(r#"^(\*|"[0-9]{1,19}")$"#.to_owned()),
        "limit" => object.pattern = Some("^([1-9][0-9]?|100)$".to_owned()),
        "phone" => object.pattern = Some(r"^\+?[0-9]{5,20}$".to_owned()),
        "created_after" | "created_before" => {
            object.format = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
        }
        _ => {}
    }
}

fn describe(parameter: &mut Parameter) {
    let words = match parameter.name.as_str() {
        "Idempotency-Key" => {
            "The caller's name for the request: the same key and body get the first answer again, for a day"
        }
        "If-Match" => "The ticket's `ETag`: a change of any other version is refused with 412",
        _ => return,
    };
    parameter.description.get_or_insert_with(|| words.to_owned());
}
