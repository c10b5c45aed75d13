//! Whether a namespace has the search attributes that logins are listed by.
//!
//! It is asked once for each connection. A namespace that lacks them, or a server that does not tell,
//! is no reason not to sign anybody in: a start that named them would be refused, so it does not.

use celadon_workflows::search::{OUTCOME, PROVIDER};
use std::time::Duration;
use temporalio_client::Client;
use temporalio_client::tonic::Request;
use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;
use temporalio_common::protos::temporal::api::operatorservice::v1::ListSearchAttributesRequest;

/// How long the server may take to answer.
const ANSWER: Duration = Duration::from_secs(3);

/// Asks. Where the answer is no, the log says how to change that.
pub async fn has_attributes(client: &Client, address: &str, namespace: &str) -> bool {
    let found = known(client, namespace).await;
    if !found {
        tracing::info!(
            "logins cannot be searched by provider and outcome; to change that, run `temporal \
             operator search-attribute create --address {address} --namespace {namespace} --name {} --type Keyword \
             --name {} --type Keyword`, and restart celadon",
            PROVIDER.name(),
            OUTCOME.name(),
        );
    }
    found
}

async fn known(client: &Client, namespace: &str) -> bool {
    let mut service = client.connection().operator_service();
    let request = ListSearchAttributesRequest {
        namespace: namespace.to_owned(),
    };
    let asked = service.list_search_attributes(Request::new(request));
    match tokio::time::timeout(ANSWER, asked).await {
        Ok(Ok(answer)) => {
            let attributes = answer.into_inner().custom_attributes;
            let keyword = i32::from(IndexedValueType::Keyword);
            [PROVIDER, OUTCOME]
                .iter()
                .all(|wanted| attributes.get(wanted.name()) == Some(&keyword))
        }
        Ok(Err(status)) => {
            tracing::debug!(code = ?status.code(), "temporal does not list its search attributes");
            false
        }
        Err(_) => false,
    }
}

/// As arguments of the embedded server.
pub(super) fn as_arguments() -> [String; 2] {
    [PROVIDER, OUTCOME].map(|attribute| format!("{}=Keyword", attribute.name()))
}
