//! What the provider tells of templates: kept with them, so that an agent is offered none that would be refused.

use channels::cloud_api::templates::news;
use channels::{Part, Source, Unit};
use runtime::{Problem, clock};

use crate::Ingest;

impl Ingest {
    /// Notes what a unit says of a template. One that is not known, or that is made of something else now, is read anew.
    pub(crate) async fn templates(&self, unit: &Unit) -> Result<(), Problem> {
        let (Part::CloudOther { field, value }, Source::CloudApi { app, waba_id: Some(account), .. }) =
            (&unit.part, &unit.source)
        else {
            return Ok(());
        };
        let Some(news) = news(field, value) else { return Ok(()) };
        let Some((org, id)) = self.storage.template_account(account).await? else { return Ok(()) };
        let connection = self.connections.get(&org, &id).await?;
        // The signature proves the app alone: it may not speak for an account that is connected through another.
        if connection.is_none_or(|connection| connection.provider.app() != Some(app)) {
            return Ok(());
        }
        let mut changes = Vec::new();
        if let Some((state, reason)) = &news.state {
            changes.extend([("state", Some(state.as_str())), ("reason", reason.as_deref())]);
        }
        changes.extend(news.quality.as_deref().map(|quality| ("quality", Some(quality))));
        changes.extend(news.category.as_deref().map(|category| ("category", Some(category))));
        let name = (news.name.as_str(), news.language.as_str());
        let is_known = !changes.is_empty() && self.storage.note_template(&org, account, name, &changes).await?;
        if !is_known {
            self.storage.ask_for_templates(&org, &id, clock::now()).await?;
        }
        tracing::info!(org.id = %org, connection.id = %id, field = &**field, is_known, "template news taken");
        Ok(())
    }
}
