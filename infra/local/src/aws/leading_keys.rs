//! The partition keys that a request to DynamoDB touches: what IAM knows as `dynamodb:LeadingKeys`.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html>. A request whose
//! keys stand in a form that is not read here (`KeyConditions`, a binary key) has `None`, which no condition accepts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::conditions::LeadingKeys;
use super::partiql;
use crate::template::Table;

/// A key or an item, its values unread.
pub(super) type Attributes = BTreeMap<String, Box<RawValue>>;

/// The name of the partition key of each table and of each index.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionKeys(BTreeMap<(String, Option<String>), String>);

impl PartitionKeys {
    pub(crate) fn of(tables: &[Table]) -> Self {
        let mut keys = BTreeMap::new();
        for table in tables {
            keys.extend(hash_key(&table.create_request).map(|key| ((table.name.clone(), None), key)));
            for index in table.create_request["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
                let name = index["IndexName"].as_str().map(str::to_owned);
                keys.extend(hash_key(index).map(|key| ((table.name.clone(), name), key)));
            }
        }
        Self(keys)
    }

    /// The key of an item, or of a key itself.
    pub(super) fn of_item(&self, table: &str, attributes: Option<&Attributes>) -> LeadingKeys {
        let key = text(attributes?.get(self.name(table, None)?)?)?;
        Some(vec![key])
    }

    /// The keys of one table's part of `BatchGetItem` or `BatchWriteItem`.
    pub(super) fn of_batch(&self, table: &str, part: &RawValue) -> LeadingKeys {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Get {
            keys: Vec<Attributes>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Write {
            key: Option<Attributes>,
            item: Option<Attributes>,
        }
        let one = |attributes: Option<&Attributes>| self.of_item(table, attributes)?.pop();
        if let Ok(Get { keys }) = serde_json::from_str(part.get()) {
            return keys.iter().map(|key| one(Some(key))).collect();
        }
        let writes: Vec<BTreeMap<String, Write>> = serde_json::from_str(part.get()).ok()?;
        let writes = writes.iter().flat_map(BTreeMap::values);
        writes.map(|write| one(write.key.as_ref().or(write.item.as_ref()))).collect()
    }

    /// The key that a query asks for. An index has a partition key of its own.
    pub(super) fn of_query(&self, table: &str, index: Option<&str>, query: &KeyQuery) -> LeadingKeys {
        let wanted = self.name(table, index)?;
        let tokens = tokens(query.key_condition_expression.as_deref()?);
        let name_of = |token: &str| {
            let named = query.expression_attribute_names.get(token);
            named.cloned().or_else(|| (!token.starts_with('#')).then(|| token.to_owned()))
        };
        // A key condition has no OR: an equality in it holds for every item of the answer.
        let value = tokens.windows(3).find_map(|clause| match clause {
            [name, equals, value] if equals == "=" && name_of(name).as_ref() == Some(wanted) => Some(value),
            _ => None,
        })?;
        Some(vec![text(query.expression_attribute_values.get(value)?)?])
    }

    /// The key of the item that a statement of `PartiQL` makes or changes.
    pub(super) fn of_statement(&self, table: &str, statement: &str, parameters: &[Box<RawValue>]) -> LeadingKeys {
        let key = match partiql::value_of(statement, self.name(table, None)?)? {
            partiql::Value::Text(text) => text,
            partiql::Value::Parameter(place) => text(parameters.get(place)?)?,
        };
        Some(vec![key])
    }

    fn name(&self, table: &str, index: Option<&str>) -> Option<&String> {
        let table = table.rsplit_once(":table/").map_or(table, |(_, name)| name);
        self.0.get(&(table.to_owned(), index.map(str::to_owned)))
    }
}

/// The part of a query that names its keys.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct KeyQuery {
    key_condition_expression: Option<String>,
    expression_attribute_names: BTreeMap<String, String>,
    expression_attribute_values: Attributes,
}

fn hash_key(of: &Value) -> Option<String> {
    let hash = of["KeySchema"].as_array()?.iter().find(|key| key["KeyType"] == "HASH")?;
    hash["AttributeName"].as_str().map(str::to_owned)
}

/// A key's value as IAM compares it.
fn text(value: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    enum Key {
        S(String),
        N(String),
    }
    let (Key::S(text) | Key::N(text)) = serde_json::from_str(value.get()).ok()?;
    Some(text)
}

/// Names, placeholders and operators of a key condition.
fn tokens(expression: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let is_operator = |c: char| matches!(c, '=' | '<' | '>');
    let mut goes_on = None;
    for c in expression.chars() {
        if c.is_whitespace() || matches!(c, '(' | ')' | ',') {
            goes_on = None;
            continue;
        }
        match tokens.last_mut() {
            Some(token) if goes_on == Some(is_operator(c)) => token.push(c),
            _ => tokens.push(c.to_string()),
        }
        goes_on = Some(is_operator(c));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys() -> PartitionKeys {
        let hash = |name: &str| json!([{ "AttributeName": "x", "KeyType": "RANGE" }, { "AttributeName": name, "KeyType": "HASH" }]);
        let create_request = json!({
            "KeySchema": hash("pk"), "GlobalSecondaryIndexes": [{ "IndexName": "due", "KeySchema": hash("d_pk") }],
        });
        PartitionKeys::of(&[Table { name: "T".into(), create_request, stream_view: None, ttl_attribute: None }])
    }

    fn owned(keys: Option<&[&str]>) -> LeadingKeys {
        keys.map(|keys| keys.iter().map(|&key| key.to_owned()).collect())
    }

    #[test]
    fn an_item_says_its_key_where_it_is_text_or_a_number() {
        for (attributes, expected) in [
            (json!({ "pk": { "S": "ORG#a" }, "sk": { "S": "META" } }), Some(&["ORG#a"][..])),
            (json!({ "pk": { "N": "7" } }), Some(&["7"][..])),
            (json!({ "pk": { "B": "AA==" } }), None),
            (json!({ "sk": { "S": "META" } }), None),
        ] {
            let attributes = serde_json::from_value(attributes).unwrap();
            let expected = owned(expected);
            assert_eq!(keys().of_item("T", Some(&attributes)), expected);
            assert_eq!(keys().of_item("arn:aws:dynamodb:us-east-1:000000000000:table/T", Some(&attributes)), expected);
            assert_eq!(keys().of_item("Other", Some(&attributes)), None);
        }
        assert_eq!(keys().of_item("T", None), None);
    }

    #[test]
    fn a_batch_says_every_key() {
        let key = |text: &str| json!({ "pk": { "S": text } });
        let write = json!([{ "PutRequest": { "Item": key("a") } }, { "DeleteRequest": { "Key": key("b") } }]);
        for (part, expected) in [
            (json!({ "Keys": [key("a"), key("b")], "ConsistentRead": true }), Some(&["a", "b"][..])),
            (write, Some(&["a", "b"][..])),
            (json!({ "Keys": [key("a"), { "sk": { "S": "b" } }] }), None),
            (json!("?"), None),
        ] {
            let part = serde_json::value::to_raw_value(&part).unwrap();
            assert_eq!(keys().of_batch("T", &part), owned(expected), "{part}");
        }
    }

    #[test]
    fn a_statement_says_its_key_in_itself_or_in_a_parameter() {
        let parameters = [json!({ "N": "1" }), json!({ "S": "ORG#a" })];
        let parameters = parameters.map(|value| serde_json::value::to_raw_value(&value).unwrap());
        for (statement, expected) in [
            ("INSERT INTO \"T\" VALUE {'n': ?, 'pk': ?}", Some(&["ORG#a"][..])),
            ("UPDATE \"T\" SET n = ? WHERE pk = ? AND sk = 'META'", Some(&["ORG#a"][..])),
            ("UPDATE \"T\" SET n = ? WHERE pk = 'ORG#b'", Some(&["ORG#b"][..])),
            ("UPDATE \"T\" SET n = ?, m = ? WHERE pk = ?", None),
            ("UPDATE \"T\" SET n = ? WHERE sk = ?", None),
        ] {
            assert_eq!(keys().of_statement("T", statement, &parameters), owned(expected), "{statement}");
            assert_eq!(keys().of_statement("Other", statement, &parameters), None);
        }
    }

    #[test]
    fn a_query_says_the_key_of_its_table_or_index() {
        for (index, expression, expected) in [
            (None, "pk = :k", Some(&["ORG#a"][..])),
            (None, "#p=:k AND begins_with(sk, :s)", Some(&["ORG#a"][..])),
            (None, "(sk BETWEEN :s AND :s) and (#p = :k)", Some(&["ORG#a"][..])),
            (None, "sk <= :k AND pk = :s", Some(&["MSG#"][..])),
            (Some("due"), "d_pk = :k", Some(&["ORG#a"][..])),
            (Some("due"), "pk = :k", None),
            (Some("none"), "pk = :k", None),
            (None, "pk <= :k", None),
            (None, "pk = :missing", None),
        ] {
            let query = json!({
                "KeyConditionExpression": expression, "ExpressionAttributeNames": { "#p": "pk" },
                "ExpressionAttributeValues": { ":k": { "S": "ORG#a" }, ":s": { "S": "MSG#" } },
            });
            let query = serde_json::from_value(query).unwrap();
            assert_eq!(keys().of_query("T", index, &query), owned(expected), "{index:?} {expression}");
        }
        assert_eq!(keys().of_query("T", None, &KeyQuery::default()), None);
    }
}
