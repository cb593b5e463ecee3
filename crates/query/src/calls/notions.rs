//! One question, every spelling (mapping.md §9), for the notions that calls need.

use crate::answer::{Cell, Row};

/// A thing that every source tells, each in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "mapping.md §9 is the table")]
pub enum Notion {
    Method,
    Status,
    Url,
    ClientAddress,
    UserAgent,
    User,
    DbSystem,
}

impl Notion {
    /// Every field it may read, the first that is there counts.
    #[must_use]
    pub fn reads(self) -> &'static [&'static str] {
        match self {
            Self::Method => &["http.request.method", "http.method", "request.method"],
            Self::Status => &[
                "http.response.status_code",
                "http.status_code",
                "response.status_code",
            ],
            Self::Url => &["url.full", "http.url"],
            Self::ClientAddress => &[
                "client.address",
                "http.client_ip",
                "network.peer.address",
                "net.sock.peer.addr",
                "net.peer.ip",
            ],
            Self::UserAgent => &["user_agent.original", "http.user_agent"],
            Self::User => &["user.id", "enduser.id", "user_id"],
            Self::DbSystem => &["db.system.name", "db.system"],
        }
    }

    /// Its value in a row read whole.
    #[must_use]
    pub fn of_row(self, row: &Row) -> Option<Cell> {
        self.reads().iter().find_map(|n| row.get(*n)).cloned()
    }
}
