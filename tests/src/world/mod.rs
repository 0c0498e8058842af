//! A host of its own for a test, and what acts on it and looks into it from outside.

mod api;
mod aws;
pub(crate) mod baileys;
pub(crate) mod binaries;
pub(crate) mod cloud_api;
mod discretion;
mod host;
mod media;
mod organization;
mod output;
pub(crate) mod people;
mod processes;
pub(crate) mod routes;
pub(crate) mod secrets;
mod simulator;
pub(crate) mod template;
mod uploads;
mod wait;
mod webhook;

pub(crate) use api::{Answer, Session};
pub(crate) use binaries::functions;
pub(crate) use host::{Host, program};
pub(crate) use organization::{agent, cloud_api_connection, connection, demo, load, org};
pub(crate) use processes::{go_on, is_alive, kill, pause};
pub(crate) use wait::{LONG, SOON, eventually};
