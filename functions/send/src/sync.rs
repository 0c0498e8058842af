//! Reads a connection's templates from its provider: when the connection is new, and when somebody asks.

use channels::cloud_api::templates::{FIELDS, page};
use domain::connection::Provider;
use domain::ids::{ConnectionId, OrganizationId};
use domain::template::{Template, TemplateState};
use runtime::{Problem, clock};

use crate::graph::Refused;
use crate::provider::Line;
use crate::{Send, later};

/// Meta allows 6,000 templates an account and gives up to 100 a page; more than this is a list that never ends.
const MOST_PAGES: u32 = 100;

/// At which delivery of its record a sync that keeps failing is given up: somebody can ask again.
const GIVEN_UP: u32 = 4;

/// What a template is called that the provider no longer lists.
const DELETED: &str = "DELETED";

impl Send {
    pub(crate) async fn sync(&self, org: &OrganizationId, id: &ConnectionId, received: u32) -> Result<(), Problem> {
        let Some(connection) = self.storage.connection(org, id).await? else { return Ok(()) };
        let (Provider::CloudApi { .. }, Some(account)) = (&connection.provider, connection.provider.template_account())
        else {
            return Ok(());
        };
        let token = match self.line(&connection).await? {
            Some(Line::Cloud { tokens, .. }) => tokens.into_iter().next(),
            Some(Line::Gateway { .. }) | None => None,
        };
        let Some(token) = token else {
            return Ok(self.storage.note_sync(org, id, Err(190), clock::now()).await?);
        };
        let listed = match self.listed(account, &token).await {
            Ok(listed) => listed,
            Err(Refused { code, may_pass }) => {
                self.storage.note_sync(org, id, Err(code), clock::now()).await?;
                tracing::warn!(org.id = %org, connection.id = %id, code, "templates cannot be read");
                return if may_pass && received < GIVEN_UP { Err(later(format!("code {code}"))) } else { Ok(()) };
            }
        };
        let known = self.storage.templates(org, account).await?;
        let is_same = |a: &Template, b: &Template| a.name == b.name && a.language == b.language;
        for template in listed.iter().filter(|template| !known.contains(template)) {
            self.storage.keep_template(org, account, template).await?;
        }
        let gone = known.into_iter().filter(|known| !listed.iter().any(|listed| is_same(listed, known)));
        for template in gone.filter(|template| template.state.as_str() != DELETED) {
            let state = TemplateState::from(DELETED.to_owned());
            self.storage.keep_template(org, account, &Template { state, ..template }).await?;
        }
        self.storage.note_sync(org, id, Ok(()), clock::now()).await?;
        tracing::info!(org.id = %org, connection.id = %id, templates = listed.len(), "templates read");
        Ok(())
    }

    async fn listed(&self, account: &str, token: &str) -> Result<Vec<Template>, Refused> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![("fields", FIELDS), ("limit", "100")];
            query.extend(after.as_deref().map(|after| ("after", after)));
            let bytes = self.graph.get(&format!("{account}/message_templates"), &query, token).await?;
            let page = page(&bytes).ok_or(Refused { code: 0, may_pass: false })?;
            all.extend(page.templates);
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        Ok(all)
    }
}
