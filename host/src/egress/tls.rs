//! TLS as every client uses it: the system's roots, loaded once, and aws-lc-rs.

use super::error::EgressError;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::Verifier;
use std::sync::{Arc, OnceLock};

/// Reading the system's roots costs milliseconds and their copy a hundred kilobytes: hundreds of
/// providers share one.
static VERIFIER: OnceLock<Arc<Verifier>> = OnceLock::new();

/// Sessions that one provider's client remembers.
const SESSIONS: usize = 32;

/// A configuration of its own for each client: sessions are not shared between providers.
///
/// The crypto provider is named here, so nothing depends on a process-wide default being installed.
pub(super) fn client_config() -> Result<ClientConfig, EgressError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = if let Some(loaded) = VERIFIER.get() {
        Arc::clone(loaded)
    } else {
        let loaded = Verifier::new(Arc::clone(&provider)).map_err(EgressError::Tls)?;
        Arc::clone(VERIFIER.get_or_init(|| Arc::new(loaded)))
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(EgressError::Tls)?
        // The builder's word for "not webpki's own": the platform's verifier is a full one.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    Ok(config)
}
