//! `celadon dev`: everything on one machine, with the demo identity provider.
//!
//! Owned here: what runs besides the program itself (an embedded Temporal server, the demo
//! provider), a configuration composed in code, and that all of it ends together. The program is
//! the same that `celadon serve` runs ([`crate::app`]).

mod setup;

use crate::app::{self, AppError};
use crate::demo::{self, Demo, DemoError};
use crate::temporal::{Embedded, EmbeddedError, Settings};
use setup::Setup;
use std::io;
use std::path::{Path, PathBuf};

/// The port where none is given, if it is free.
const PORT: u16 = 8080;
/// The data folder where none is given.
const DATA: &str = ".celadon-dev";
/// The Temporal namespace.
const NAMESPACE: &str = "default";

/// The arguments of `celadon dev`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Where the data is kept: database, keys, Temporal's files. Default: .celadon-dev
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// The port to listen on. Default: 8080, or a free one
    #[arg(long)]
    pub port: Option<u16>,
}

/// Why `celadon dev` does not run.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The data folder cannot be used.
    #[error("cannot use {}", path.display())]
    Data {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The component for the demo provider is not where it was looked for.
    #[error(
        "oidc.wasm is missing: `cargo xtask build` makes it, or let CELADON_COMPONENTS name its folder"
    )]
    Component,
    /// The port cannot be had.
    #[error("port {port} cannot be used: choose another one with --port")]
    Port {
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// An address does not make a URL.
    #[error("an address of this machine is not a URL")]
    Url(#[from] url::ParseError),
    /// The embedded Temporal server.
    #[error(transparent)]
    Temporal(#[from] EmbeddedError),
    /// The demo identity provider.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The program.
    #[error(transparent)]
    App(#[from] AppError),
}

/// Proof that this is `celadon dev`. Nobody else can make one, so nobody else can start the demo
/// identity provider.
#[derive(Debug)]
pub struct DevOnly(());

impl DevOnly {
    /// For tests of the demo provider, which run in no product.
    #[cfg(test)]
    pub(crate) fn for_test() -> Self {
        Self(())
    }
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// Where one of the parts does not start, or the program fails; see [`DevError`].
pub async fn run(options: Options) -> Result<(), DevError> {
    let setup = Setup::new(&options)?;
    say("starting an embedded Temporal server");
    let settings = Settings {
        data: setup.data.clone(),
        namespace: NAMESPACE.to_owned(),
        codec_endpoint: Some(setup.codec_endpoint()),
    };
    let temporal = Embedded::start(settings).await?;
    say("starting the demo identity provider");
    let demo = demo::start(DevOnly(()), setup.remembered_demo_port()).await?;
    setup.remember_demo_port(demo.issuer())?;
    let config = setup.config(temporal.address(), temporal.ui_url(), &demo)?;
    register(&demo, &config.server.public_url);
    say("starting Celadon");
    let ready = block(
        config.server.public_url.as_str(),
        temporal.ui_url(),
        &setup.data,
    );
    // The program listens for the signals. It goes first, since it needs the others to end well.
    let outcome = app::run(config, move |_| println!("{ready}")).await;
    say("stopping");
    tokio::join!(demo.stop(), temporal.stop());
    Ok(outcome?)
}

fn register(demo: &Demo, public_url: &url::Url) {
    let public_url = public_url.as_str().trim_end_matches('/');
    demo.register(&format!("{public_url}/callback/{}", setup::PROVIDER));
}

/// One line of progress. To standard error: it is not the program's output.
fn say(what: &str) {
    eprintln!("celadon dev: {what}");
}

fn block(public_url: &str, temporal_ui: &str, data: &Path) -> String {
    format!(
        "\n  Celadon is ready\n\n    \
         Open      {public_url}\n    \
         Temporal  {temporal_ui}\n    \
         Data      {}\n\n  \
         Ctrl-C stops everything.\n",
        data.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_tells_what_to_open() {
        let block = block(
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:9",
            Path::new("/tmp/d"),
        );
        assert!(
            block.contains("Open      http://127.0.0.1:8080/\n"),
            "{block}"
        );
        assert!(block.contains("Temporal  http://127.0.0.1:9\n"), "{block}");
        assert!(block.contains("Data      /tmp/d\n"), "{block}");
    }
}
