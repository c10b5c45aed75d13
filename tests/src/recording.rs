//! Histories in the form that the SDK replays.

use crate::Temporal;
use anyhow::Result;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, UntypedWorkflow,
    WorkflowFetchHistoryOptions,
};
use url::Url;

impl Temporal {
    /// One execution's history as the SDK writes and reads it. Its payloads stay sealed.
    pub async fn history_for_replay(&self, workflow: &str) -> Result<Vec<u8>> {
        let address = Url::parse(&format!("http://{}", self.address()))?;
        let connection = Connection::connect(ConnectionOptions::new(address).build()).await?;
        let client = Client::new(connection, ClientOptions::new("default").build())?;
        let history = client
            .get_workflow_handle::<UntypedWorkflow>(workflow)
            .fetch_history(WorkflowFetchHistoryOptions::default());
        Ok(history.to_json().await?)
    }
}
