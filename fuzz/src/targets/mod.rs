//! The targets, by what they read.

pub mod aws;
pub mod batch;
pub mod bodies;
pub mod files;
pub mod otlp;
pub mod questions;
pub mod vendors;
