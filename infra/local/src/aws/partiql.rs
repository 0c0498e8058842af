//! The one value that a statement of `PartiQL` gives an attribute: in `INSERT INTO "T" VALUE {'pk': ?}` and in
//! `UPDATE "T" SET "a" = ? WHERE "pk" = 'b'`.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>.

/// Where a value stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// In the statement.
    Text(String),
    /// In this place, from 0, of its parameters.
    Parameter(usize),
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// `'text'`, which names an attribute before a colon.
    Text(String),
    /// A keyword, or a name with or without `"`.
    Word(String),
    Parameter(usize),
    Other(char),
}

/// The value of the attribute. `None` where the statement has it not, more than once, or in a way that is not read here.
pub(super) fn value_of(statement: &str, attribute: &str) -> Option<Value> {
    let tokens = tokens(statement)?;
    // An equality beside an alternative need not hold.
    let is_alternative = |token: &Token| matches!(token, Token::Word(word) if ["OR", "NOT", "IN"].iter().any(|other| word.eq_ignore_ascii_case(other)));
    if tokens.iter().any(is_alternative) {
        return None;
    }
    let mut values = tokens.windows(3).filter_map(|clause| match clause {
        [Token::Text(name), Token::Other(':'), value] | [Token::Word(name), Token::Other('='), value]
            if name == attribute =>
        {
            Some(match value {
                Token::Text(text) => Some(Value::Text(text.clone())),
                Token::Parameter(place) => Some(Value::Parameter(*place)),
                _ => None,
            })
        }
        _ => None,
    });
    let value = values.next()?;
    if values.next().is_some() { None } else { value }
}

/// `None` where a quote does not end.
fn tokens(statement: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut parameters = 0;
    let mut rest = statement.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => {
                let mut text = String::new();
                loop {
                    match rest.next()? {
                        // Twice is once, and goes on.
                        end if end == c && rest.next_if_eq(&c).is_none() => break,
                        other => text.push(other),
                    }
                }
                tokens.push(if c == '"' { Token::Word(text) } else { Token::Text(text) });
            }
            '?' => {
                tokens.push(Token::Parameter(parameters));
                parameters += 1;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(more) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
            c if c.is_whitespace() => {}
            other => tokens.push(Token::Other(other)),
        }
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_says_the_value_of_an_attribute_once_or_not_at_all() {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        for (statement, expected) in [
            (r#"INSERT INTO "T" VALUE {'a': ?, 'pk': ?, 'sk': ?}"#, Some(Value::Parameter(1))),
            (r#"INSERT INTO "T" VALUE {'pk' : 'ORG#it''s', 'sk': ?}"#, text("ORG#it's")),
            (r#"UPDATE "T" SET "a" = ? SET "b" = '?' WHERE "pk" = ? AND "sk" = ?"#, Some(Value::Parameter(1))),
            (r#"UPDATE "T" SET a=? WHERE pk=? AND sk=?"#, Some(Value::Parameter(1))),
            (r#"UPDATE "T" SET a = 'pk = 1' WHERE pk = 'b'"#, text("b")),
            // The names are texts of their own.
            (r#"INSERT INTO "T" VALUE {'a': 'pk', 'b': ?}"#, None),
            (r#"INSERT INTO "T" VALUE {'pk': 1}"#, None),
            (r#"INSERT INTO "T" VALUE {'pk': ?, 'pk': ?}"#, None),
            (r#"UPDATE "T" SET a = ? WHERE pk = ? OR sk = ?"#, None),
            (r#"UPDATE "T" SET a = ? WHERE NOT pk = ?"#, None),
            (r#"UPDATE "T" SET a = ? WHERE pk >= ?"#, None),
            (r#"UPDATE "T" SET a = ? WHERE pk IN [?]"#, None),
            (r#"UPDATE "T" SET a = ? WHERE "pk = ?"#, None),
        ] {
            assert_eq!(value_of(statement, "pk"), expected, "{statement}");
        }
    }
}
