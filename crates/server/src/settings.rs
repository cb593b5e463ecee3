//! Settings: flag, else variable, else configuration file, else default (`docs/config.md`).

use crate::cli::{LogFormat, ServeFlags};
use crate::forward::Target;
use anyhow::{Context as _, bail};
use engine::{InitialKey, KeyKind};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};

/// Keys to be there from the start: `environment:kind:secret`, separated by commas. A variable and
/// no flag, because a command line can be read by every user of a machine.
const INITIAL_KEYS: &str = "FOURSIGHT_INITIAL_KEYS";

/// Variables that are no settings of the server, but ours.
const OTHER_VARIABLES: [&str; 4] = [
    "FOURSIGHT_URL",
    "FOURSIGHT_TOKEN",
    "FOURSIGHT_DEMO_APP",
    "FOURSIGHT_DEMO_SEED",
];

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data_dir: Option<PathBuf>,
    dev: Option<bool>,
    ready_file: Option<PathBuf>,
    http: FileHttp,
    otlp: FileOtlp,
    xray: FileXray,
    metrics: FileMetrics,
    retention: FileRetention,
    ingest: FileIngest,
    query: FileQuery,
    log: FileLog,
    keys: FileKeys,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileHttp {
    listen: Option<String>,
    allow_hosts: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileOtlp {
    grpc: Option<String>,
    http: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileXray {
    listen: Option<String>,
    environment: Option<String>,
    forward: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileMetrics {
    allow_cidrs: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileRetention {
    days: Option<u32>,
    max_bytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileIngest {
    inflight_bytes: Option<usize>,
    buffer_bytes: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileQuery {
    threads: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileLog {
    format: Option<LogFormat>,
    level: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileKeys {
    initial: Vec<String>,
}

/// One listener's wish.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// What listens there.
    pub(crate) what: &'static str,
    /// Flag, variable and key that move it.
    pub(crate) moved_by: &'static str,
    /// As given or by default.
    pub(crate) address: String,
}

/// All settings, resolved.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    pub(crate) http: Wish,
    pub(crate) otlp_grpc: Wish,
    pub(crate) otlp_http: Wish,
    pub(crate) xray: Wish,
    pub(crate) xray_environment: Option<String>,
    pub(crate) xray_forward: Option<Target>,
    pub(crate) dev: bool,
    pub(crate) ready_file: Option<PathBuf>,
    pub(crate) allow_hosts: Vec<String>,
    pub(crate) metrics_allow: Vec<Cidr>,
    pub(crate) retention_days: u32,
    pub(crate) retention_max_bytes: Option<u64>,
    pub(crate) inflight_bytes: Option<usize>,
    pub(crate) buffer_bytes: Option<usize>,
    pub(crate) query_threads: Option<usize>,
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) log_level: String,
    pub(crate) initial_keys: Vec<InitialKey>,
    /// Variables that look like ours and are none.
    pub(crate) unknown_variables: Vec<String>,
}

impl Settings {
    /// Resolves flags, variables (clap has read them), file and defaults.
    ///
    /// # Errors
    /// One line: what is wrong, where, and the way out.
    pub(crate) fn resolve(flags: &ServeFlags) -> anyhow::Result<Self> {
        let flags = flags.clone();
        let file = match &flags.config {
            Some(path) => read(path)?,
            None => File::default(),
        };
        let wish = |what, moved_by, flag: Option<String>, key: Option<String>, usual: &str| Wish {
            what,
            moved_by,
            address: flag.or(key).unwrap_or_else(|| usual.to_owned()),
        };
        let data_dir = match flags.data_dir.or(file.data_dir) {
            Some(dir) => dir,
            None => default_data_dir()?,
        };
        let cidrs = or_else(flags.metrics_allow_cidrs, file.metrics.allow_cidrs);
        let settings = Self {
            data_dir,
            http: wish(
                "HTTP (UI, API, every protocol)",
                "--http (FOURSIGHT_HTTP, http.listen)",
                flags.http,
                file.http.listen,
                "127.0.0.1:8080",
            ),
            otlp_grpc: wish(
                "OTLP over gRPC",
                "--otlp-grpc (FOURSIGHT_OTLP_GRPC, otlp.grpc)",
                flags.otlp_grpc,
                file.otlp.grpc,
                "127.0.0.1:4317",
            ),
            otlp_http: wish(
                "OTLP over HTTP",
                "--otlp-http (FOURSIGHT_OTLP_HTTP, otlp.http)",
                flags.otlp_http,
                file.otlp.http,
                "127.0.0.1:4318",
            ),
            xray: wish(
                "X-Ray's daemon (UDP and TCP)",
                "--xray (FOURSIGHT_XRAY, xray.listen)",
                flags.xray,
                file.xray.listen,
                "127.0.0.1:2000",
            ),
            xray_environment: flags.xray_environment.or(file.xray.environment),
            xray_forward: flags
                .xray_forward
                .or(file.xray.forward)
                .map(|url| Target::parse(&url, |name| std::env::var(name).ok()))
                .transpose()?,
            dev: flags.dev || file.dev.unwrap_or(false),
            ready_file: flags.ready_file.or(file.ready_file),
            allow_hosts: or_else(flags.http_allow_hosts, file.http.allow_hosts),
            metrics_allow: cidrs
                .iter()
                .map(|c| Cidr::parse(c))
                .collect::<Result<_, _>>()?,
            retention_days: flags.retention_days.or(file.retention.days).unwrap_or(60),
            retention_max_bytes: flags.retention_max_bytes.or(file.retention.max_bytes),
            inflight_bytes: flags.ingest_inflight_bytes.or(file.ingest.inflight_bytes),
            buffer_bytes: flags.ingest_buffer_bytes.or(file.ingest.buffer_bytes),
            query_threads: flags.query_threads.or(file.query.threads),
            log_format: flags.log_format.or(file.log.format),
            log_level: flags
                .log_level
                .or(file.log.level)
                .unwrap_or_else(|| "info".to_owned()),
            initial_keys: initial_keys(&file.keys.initial)?,
            unknown_variables: unknown_variables(),
        };
        if settings.dev {
            for wish in [
                &settings.http,
                &settings.otlp_grpc,
                &settings.otlp_http,
                &settings.xray,
            ] {
                if let Some(open) = wish.resolve()?.iter().find(|a| !a.ip().is_loopback()) {
                    bail!(
                        "--dev asks nobody for a login, so it listens on loopback only, not on {open} for {}; leave out --dev, or change {}",
                        wish.what,
                        wish.moved_by
                    );
                }
            }
        }
        Ok(settings)
    }
}

impl Wish {
    /// The addresses behind the text; a host name may have several.
    pub(crate) fn resolve(&self) -> anyhow::Result<Vec<SocketAddr>> {
        let found: Vec<SocketAddr> = match self.address.to_socket_addrs() {
            Ok(found) => found.collect(),
            Err(e) => bail!(
                "`{}` is no address for {} ({e}); give {} as host:port, e.g. 127.0.0.1:8080",
                self.address,
                self.what,
                self.moved_by
            ),
        };
        Ok(found)
    }
}

/// A list given by flag or variable replaces the file's.
fn or_else(flag: Vec<String>, file: Vec<String>) -> Vec<String> {
    let list = if flag.is_empty() { file } else { flag };
    list.into_iter()
        .map(|s| s.trim().to_owned())
        .filter(|s| !s.is_empty())
        .collect()
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("configuration file {} (--config)", path.display()))?;
    toml::from_str(&text).map_err(|e| {
        let line = 1 + e
            .span()
            .map_or(0, |s| text[..s.start.min(text.len())].matches('\n').count());
        // The message may be of several lines.
        let message = e.message().split_whitespace().collect::<Vec<_>>().join(" ");
        anyhow::anyhow!(
            "{}:{line}: {message}; docs/config.md lists every key",
            path.display()
        )
    })
}

/// The user's data folder; for root the system's.
pub(crate) fn default_data_dir() -> anyhow::Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok("/var/lib/foursight".into());
    }
    let set = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    match (set("XDG_DATA_HOME"), set("HOME")) {
        (Some(data), _) if data.is_absolute() => Ok(data.join("foursight")),
        (_, Some(home)) => Ok(home.join(".local/share/foursight")),
        _ => bail!("neither XDG_DATA_HOME nor HOME is set; say where data may lie with --data-dir"),
    }
}

fn initial_keys(file: &[String]) -> anyhow::Result<Vec<InitialKey>> {
    let (list, place) = match std::env::var(INITIAL_KEYS) {
        Ok(text) => (text.split(',').map(str::to_owned).collect(), INITIAL_KEYS),
        Err(_) => (file.to_vec(), "keys.initial"),
    };
    list.iter()
        .map(|entry| entry.trim())
        .filter(|entry| !entry.is_empty())
        .map(|entry| initial_key(entry, place))
        .collect()
}

/// Reads `environment:kind:secret`, or `environment:signing:id:secret`. Never repeats the secret.
fn initial_key(entry: &str, place: &str) -> anyhow::Result<InitialKey> {
    let mut pieces = entry.splitn(3, ':');
    let (environment, kind, secret) = (pieces.next(), pieces.next(), pieces.next());
    let (Some(environment), Some(kind), Some(secret)) = (environment, kind, secret) else {
        bail!("{place}: an entry is environment:kind:secret, e.g. bootcamp:ingest:…");
    };
    let (kind, project) = match kind.split_once('/') {
        Some((kind, project)) => (kind, Some(project.to_owned())),
        None => (kind, None),
    };
    let (kind, signing_id, secret) = match (KeyKind::parse(kind), &project) {
        (Some(kind @ (KeyKind::Ingest | KeyKind::Configuration)), None) => (kind, None, secret),
        (Some(kind @ KeyKind::Project), _) => (kind, None, secret),
        (Some(kind @ KeyKind::Signing), None) => match secret.split_once(':') {
            Some((id, secret)) if !id.is_empty() => (kind, Some(id.to_owned()), secret),
            _ => bail!(
                "{place}: a signing key of environment `{environment}` is environment:signing:id:secret; is the variable its id is made from set?"
            ),
        },
        _ => bail!(
            "{place}: the kind of a key is ingest, configuration, signing, project or project/<name>, not `{kind}`"
        ),
    };
    if secret.is_empty() {
        bail!(
            "{place}: the {} key of environment `{environment}` is empty; is the variable it is made from set?",
            kind.as_str()
        );
    }
    Ok(InitialKey {
        environment: environment.to_owned(),
        kind,
        secret: secret.to_owned(),
        signing_id,
        project,
    })
}

/// A misspelt variable would be ignored in silence.
fn unknown_variables() -> Vec<String> {
    use clap::{Args as _, Command};
    let known = ServeFlags::augment_args(Command::new(""));
    let is_known = |name: &str| {
        name == INITIAL_KEYS
            || OTHER_VARIABLES.contains(&name)
            || known
                .get_arguments()
                .any(|a| a.get_env().is_some_and(|e| e == name))
    };
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("FOURSIGHT_") && !is_known(name))
        .collect()
}

/// A network: address and length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    network: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Reads `10.0.0.0/8`, `fd00::/8`, or one address.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (network, bits) = text
            .split_once('/')
            .map_or((text, None), |(n, b)| (n, Some(b)));
        let wrong = || format!("metrics.allow_cidrs: `{text}` is no network, e.g. 10.0.0.0/8");
        let network: IpAddr = network.parse().with_context(wrong)?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.map_or(Ok(most), str::parse).with_context(wrong)?;
        if bits > most {
            bail!(wrong());
        }
        Ok(Self { network, bits })
    }

    /// Whether the address lies in it.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        fn same(a: u128, b: u128, width: u32, bits: u8) -> bool {
            let rest = width - u32::from(bits);
            a.checked_shr(rest).unwrap_or(0) == b.checked_shr(rest).unwrap_or(0)
        }
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                same(a.to_bits().into(), b.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128, self.bits),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
