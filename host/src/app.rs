//! The program as a whole.
#![allow(missing_docs, reason = "a stand-in")]

use crate::config::Config;

#[derive(Debug)]
pub struct Started {}

#[derive(Debug, thiserror::Error)]
pub enum AppError {}

pub async fn run(_: Config, started: impl FnOnce(Started)) -> Result<(), AppError> {
    started(Started {});
    Ok(())
}
