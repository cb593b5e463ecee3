//! The binary `foursight`: flags, configuration, listeners, wiring, embedded UI, signals, demo.
//!
//! **What it is.** Everything that touches the environment: arguments, variables, files, sockets,
//! signals. What it wires together lives in the libraries.
//!
//! **What it does not know.** Business rules.
//!
//! Reading order: [`cli`], [`settings`], [`serve`], [`listen`], [`connection`], [`routes`], [`astray`],
//! [`ui`],
//! [`metrics`]; then the commands: [`client`], [`commands`], [`verify`], [`doctor`],
//! [`demo`].

mod astray;
mod cli;
mod client;
mod commands;
mod connection;
mod demo;
mod doctor;
mod forward;
mod listen;
mod log_language;
mod logs;
mod metrics;
mod ports;
mod routes;
mod serve;
mod settings;
mod sigv4;
mod ui;
mod verify;

use std::process::ExitCode;

/// Gives memory back after a burst; the system allocator keeps twice the peak.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The allocator's settings: pages no longer used go back within a second, by a thread of its own.
#[expect(
    unsafe_code,
    reason = "the allocator reads its settings from a symbol of this name"
)]
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static ALLOCATOR_SETTINGS: &[u8; 60] =
    b"background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0\0";

fn main() -> ExitCode {
    let command = match cli::parse() {
        Ok(command) => command,
        Err(cli::Stop { text, code }) => {
            cli::say(code, &text);
            return ExitCode::from(code);
        }
    };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            // One line: causes follow each other.
            cli::say(1, &format!("foursight: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: cli::Command) -> anyhow::Result<ExitCode> {
    match command {
        cli::Command::Serve(flags) => serve::run(&flags),
        cli::Command::Demo(flags) => demo::run(&flags),
        cli::Command::Environments(args) => commands::environments(&args),
        cli::Command::Keys(args) => commands::keys(&args),
        cli::Command::Query(args) => commands::query(&args),
        cli::Command::Verify(args) => verify::run(&args),
        cli::Command::Doctor(args) => doctor::run(&args),
    }
}
