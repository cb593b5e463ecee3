//! Notions: one question, every spelling (mapping.md §9, the one table of it).
//!
//! Clients spell the same thing differently: OpenTelemetry's names before and after they became
//! stable, X-Ray's and Rollbar's documents in the names we write for them. A *notion* reads the
//! first of its spellings that is there, in a row ([`Notion::of_row`]) and as a field of any
//! question: [`Notion::field`] is a name that filters, breakdowns and calculations take like any
//! other. It begins with a NUL, which intake takes off the front of every attribute's name
//! ([`event::BatchBuilder::field`]), so no attribute can be called so.
//!
//! Values are read as they were sent: a method keeps its case, a status its type. Only what no
//! client sends is made here: a URL of its pieces, a path and a host of a URL, a process.

use crate::answer::{Cell, Row};
use event::ValueRef;
use std::borrow::Cow;

/// A thing that every source tells, each in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notion {
    /// Method of the HTTP request.
    Method,
    /// Status of the HTTP response.
    Status,
    /// The URL, whole: scheme, host, port when it is not the scheme's own, path, query.
    Url,
    /// The URL's path, without its query.
    Path,
    /// The pattern of paths the server's router matched.
    Route,
    /// The host that was asked, without port.
    ServerHost,
    /// Address of the client.
    ClientAddress,
    /// What the client calls itself.
    UserAgent,
    /// The user, by id.
    User,
    /// `host/pid` of the process.
    Process,
    /// The statement sent to a database.
    DbText,
    /// Which kind of database.
    DbSystem,
    /// How bad a log line or an occurrence is.
    Severity,
}

/// Fields, the first with a value counts.
type Names = &'static [&'static str];

/// One spelling of a notion.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spelling {
    /// The field of that name, as it is.
    Field(&'static str),
    /// Text made of fields.
    Made(Made, &'static [Names]),
}

/// How text is made of the values of some fields, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// A URL of scheme, host, port, target and query.
    Url,
    /// The path of a request target (`/a?b=c`).
    PathOfTarget,
    /// The path of a URL.
    PathOfUrl,
    /// The host of `host:port`.
    HostOfAuthority,
    /// The host of a URL.
    HostOfUrl,
    /// `host/pid`.
    Process,
}

use Spelling::{Field, Made as Of};

const URL: Names = &["url.full", "http.url"];

/// The table of mapping.md §9: notion, the word for it, and its spellings, the first that is there counts.
const TABLE: &[(Notion, &str, &[Spelling])] = &[
    (
        Notion::Method,
        "\0method",
        &[
            Field("http.request.method"),
            Field("http.method"),
            Field("request.method"),
        ],
    ),
    (
        Notion::Status,
        "\0status",
        &[
            Field("http.response.status_code"),
            Field("http.status_code"),
            Field("response.status_code"),
        ],
    ),
    (
        Notion::Url,
        "\0url",
        &[
            Field("url.full"),
            Field("http.url"),
            Of(
                Made::Url,
                &[
                    &["url.scheme", "http.scheme"],
                    &["http.host", "server.address", "net.host.name"],
                    &["server.port", "net.host.port"],
                    &["http.target", "url.path"],
                    &["url.query"],
                ],
            ),
        ],
    ),
    (
        Notion::Path,
        "\0path",
        &[
            Field("url.path"),
            Of(Made::PathOfTarget, &[&["http.target"]]),
            Of(Made::PathOfUrl, &[URL]),
        ],
    ),
    (
        Notion::Route,
        "\0route",
        &[Field("http.route"), Field("route")],
    ),
    (
        Notion::ServerHost,
        "\0server_host",
        &[
            Field("server.address"),
            Of(Made::HostOfAuthority, &[&["http.host"]]),
            Field("net.host.name"),
            Of(Made::HostOfUrl, &[URL]),
        ],
    ),
    (
        Notion::ClientAddress,
        "\0client_address",
        &[
            Field("client.address"),
            Field("http.client_ip"),
            Field("network.peer.address"),
            Field("net.sock.peer.addr"),
            Field("net.peer.ip"),
        ],
    ),
    (
        Notion::UserAgent,
        "\0user_agent",
        &[Field("user_agent.original"), Field("http.user_agent")],
    ),
    (
        Notion::User,
        "\0user",
        &[Field("user.id"), Field("enduser.id"), Field("user_id")],
    ),
    (
        Notion::Process,
        "\0process",
        &[Of(Made::Process, &[&["host.name"], &["process.pid"]])],
    ),
    (
        Notion::DbText,
        "\0db_text",
        &[Field("db.query.text"), Field("db.statement")],
    ),
    (
        Notion::DbSystem,
        "\0db_system",
        &[Field("db.system.name"), Field("db.system")],
    ),
    (
        Notion::Severity,
        "\0severity",
        &[Field("severity"), Field("severity_text"), Field("level")],
    ),
];

impl Notion {
    /// All notions, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(notion, ..)| *notion)
    }

    fn entry(self) -> &'static (Self, &'static str, &'static [Spelling]) {
        // Every notion has a line: a test counts them.
        TABLE
            .iter()
            .find(|(notion, ..)| *notion == self)
            .unwrap_or(&TABLE[0])
    }

    /// Its name as a field of a question: reads the first spelling that is there, row by row. No
    /// attribute has such a name.
    #[must_use]
    pub fn field(self) -> &'static str {
        self.entry().1
    }

    /// The word for it: `method`, `server_host` …
    #[must_use]
    pub fn word(self) -> &'static str {
        self.field().trim_start_matches('\0')
    }

    /// The notion a field's name stands for, if it is one of ours.
    #[must_use]
    pub fn of_field(name: &str) -> Option<Self> {
        if !name.starts_with('\0') {
            return None;
        }
        TABLE
            .iter()
            .find(|(_, field, _)| *field == name)
            .map(|(notion, ..)| *notion)
    }

    pub(crate) fn spellings(self) -> &'static [Spelling] {
        self.entry().2
    }

    /// Every field it may read.
    pub fn reads(self) -> impl Iterator<Item = &'static str> {
        self.spellings().iter().flat_map(|s| -> Vec<&'static str> {
            match s {
                Field(name) => vec![*name],
                Of(_, parts) => parts
                    .iter()
                    .flat_map(|names| names.iter().copied())
                    .collect(),
            }
        })
    }

    /// Its value in a row given by its fields: the first spelling that is there.
    pub fn read<'a>(self, get: impl Fn(&str) -> Option<ValueRef<'a>>) -> Option<Found<'a>> {
        self.spellings().iter().find_map(|s| match s {
            Field(name) => get(name).map(Found::Sent),
            Of(made, parts) => {
                let values: Vec<Option<ValueRef<'a>>> = parts
                    .iter()
                    .map(|names| names.iter().find_map(|n| get(n)))
                    .collect();
                made.of(&values).map(|t| Found::Made(t.into_owned()))
            }
        })
    }

    /// Its value in a row read whole.
    #[must_use]
    pub fn of_row(self, row: &Row) -> Option<Cell> {
        let get = |name: &str| match row.get(name)? {
            Cell::Bool(b) => Some(ValueRef::Bool(*b)),
            Cell::Int(i) => Some(ValueRef::Int(*i)),
            Cell::Float(x) => Some(ValueRef::Float(*x)),
            Cell::Text(t) => Some(ValueRef::Str(t)),
            Cell::Null | Cell::Buckets { .. } => None,
        };
        Some(match self.read(get)? {
            Found::Sent(ValueRef::Str(t)) => Cell::Text(t.to_owned()),
            Found::Sent(ValueRef::Int(i)) => Cell::Int(i),
            Found::Sent(ValueRef::Float(x)) => Cell::Float(x),
            Found::Sent(ValueRef::Bool(b)) => Cell::Bool(b),
            Found::Made(t) => Cell::Text(t),
        })
    }

    /// The same as text.
    #[must_use]
    pub fn text_of_row(self, row: &Row) -> Option<String> {
        match self.of_row(row)? {
            Cell::Text(t) => Some(t),
            Cell::Int(i) => Some(i.to_string()),
            Cell::Float(x) => Some(x.to_string()),
            Cell::Bool(b) => Some(b.to_string()),
            Cell::Null | Cell::Buckets { .. } => None,
        }
    }
}

/// A notion's value in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// A field's value, as it was sent.
    Sent(ValueRef<'a>),
    /// Text made of several.
    Made(String),
}

impl Made {
    /// The text made of the parts' values; `None` when what it needs is not there.
    pub(crate) fn of<'a>(self, parts: &[Option<ValueRef<'a>>]) -> Option<Cow<'a, str>> {
        let text = |i: usize| -> Option<&'a str> {
            match parts.get(i)? {
                Some(ValueRef::Str(t)) => Some(*t),
                _ => None,
            }
        };
        match self {
            Self::PathOfTarget => path_of_target(text(0)?).map(Cow::Borrowed),
            Self::PathOfUrl => path_of_url(text(0)?).map(Cow::Borrowed),
            Self::HostOfAuthority => host_of_authority(text(0)?).map(Cow::Borrowed),
            Self::HostOfUrl => host_of_url(text(0)?).map(Cow::Borrowed),
            Self::Process => {
                let (host, pid) = (parts.first()?.as_ref()?, parts.get(1)?.as_ref()?);
                Some(Cow::Owned(format!("{host}/{pid}")))
            }
            Self::Url => {
                let (scheme, host, target) = (text(0)?, text(1)?, text(3)?);
                let port = parts.get(2)?.as_ref().map(ToString::to_string);
                Some(Cow::Owned(url(scheme, host, port, target, text(4))))
            }
        }
    }
}

fn url(
    scheme: &str,
    host: &str,
    port: Option<String>,
    target: &str,
    query: Option<&str>,
) -> String {
    let own = match scheme {
        "http" => "80",
        "https" => "443",
        _ => "",
    };
    let has_port =
        host_of_authority(host).is_none_or(|bare| bare.len() < host.trim_matches(['[', ']']).len());
    let mut out = if host.contains(':') && !has_port && !host.starts_with('[') {
        format!("{scheme}://[{host}]")
    } else {
        format!("{scheme}://{host}")
    };
    if let Some(port) = port.filter(|p| !has_port && p != own) {
        out.push(':');
        out.push_str(&port);
    }
    if !target.starts_with('/') {
        out.push('/');
    }
    out.push_str(target);
    if let Some(query) = query.filter(|q| !q.is_empty() && !target.contains('?')) {
        out.push('?');
        out.push_str(query.trim_start_matches('?'));
    }
    out
}

/// What stands before the query.
pub(crate) fn path_of_target(target: &str) -> Option<&str> {
    // A proxy is asked for a whole URL.
    if !target.starts_with('/') {
        return path_of_url(target);
    }
    target.split(['?', '#']).next()
}

/// The path of a URL; `/` when it has none, `None` when this is no URL.
fn path_of_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    match rest.find(['/', '?', '#']) {
        Some(at) if rest[at..].starts_with('/') => rest[at..].split(['?', '#']).next(),
        _ => Some("/"),
    }
}

fn host_of_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    host_of_authority(host)
}

/// Without port, and without the brackets of an IPv6 address.
fn host_of_authority(authority: &str) -> Option<&str> {
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => match authority.rsplit_once(':') {
            // More than one colon without brackets: an address, not a port.
            Some((host, _)) if !host.contains(':') => host,
            _ => authority,
        },
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests;
