//! The templates of an account, as the provider told them last.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::ids::OrganizationId;
use domain::template::Template;

use crate::item::{read, text, write};
use crate::{Error, Storage, keys};

impl Storage {
    /// The templates of an account by name and language. Meta allows 6,000.
    pub async fn templates(&self, org: &OrganizationId, account: &str) -> Result<Vec<Template>, Error> {
        self.all_under(keys::organization(org).pk, &keys::templates_prefix(account), false).await
    }

    /// One template.
    pub async fn template(
        &self,
        org: &OrganizationId,
        account: &str,
        name: &str,
        language: &str,
    ) -> Result<Option<Template>, Error> {
        self.get(keys::template(org, account, name, language), false).await?.map(read).transpose()
    }

    /// Notes what has changed of a template. `false` when it is not known.
    pub async fn note_template(
        &self,
        org: &OrganizationId,
        account: &str,
        (name, language): (&str, &str),
        changes: &[(&str, Option<&str>)],
    ) -> Result<bool, Error> {
        let key = keys::template(org, account, name, language);
        let mut update = self.client.update_item().table_name(&self.table).set_key(Some(key.into()));
        let (mut set, mut remove) = (vec!["#name = :name".to_owned()], Vec::new());
        update = update.expression_attribute_names("#name", "name").expression_attribute_values(":name", text(name));
        for (attribute, value) in changes {
            update = update.expression_attribute_names(format!("#{attribute}"), *attribute);
            match value {
                Some(value) => {
                    set.push(format!("#{attribute} = :{attribute}"));
                    update = update.expression_attribute_values(format!(":{attribute}"), text(*value));
                }
                None => remove.push(format!("#{attribute}")),
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        let update = update.update_expression(expression).condition_expression("attribute_exists(pk)");
        self.unless_refused(update.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await)
    }

    /// Keeps a template as the provider tells it now.
    pub async fn keep_template(&self, org: &OrganizationId, account: &str, template: &Template) -> Result<(), Error> {
        let item = write(keys::template(org, account, &template.name, &template.language), template)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let answer = put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
        self.units.add_write(&answer.consumed_capacity);
        Ok(())
    }
}
