//! Why something was refused, in plain words, and what to do about it.

use crate::admit::Protocol;

/// Why a delivery, or items of it, were not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "`text` says what each means")]
pub enum Reason {
    MissingKey,
    UnknownKey,
    RevokedKey,
    DevKey,
    BadSignature,
    ScopeMissing,
    MayNotCreateDataset,
    DatasetNotAllowed,
    TooManyDatasets,
    BadDatasetName,
    MissingDataset,
    ContentType,
    ContentEncoding,
    Undecodable,
    EmptyBody,
    TooLarge,
    Bomb,
    TooDeep,
    TooOld,
    Unsupported,
    Overload,
    ReadOnly,
    StoreFailing,
    HostNotAllowed,
    ClockSkew,
    WrongService,
    InvalidRequest,
    TooNew,
    NotAProject,
    ClientToken,
    QuotaReached,
    PublicRate,
    TlsOnPlainPort,
    WrongPort,
    WrongPath,
    NotSampled,
    NoEnvironment,
    MissingHeader,
    BadSegment,
    PeerNotAllowed,
    QueueFull,
    KernelDrop,
    NotFound,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 43] = [
        Self::MissingKey,
        Self::UnknownKey,
        Self::RevokedKey,
        Self::DevKey,
        Self::BadSignature,
        Self::ScopeMissing,
        Self::MayNotCreateDataset,
        Self::DatasetNotAllowed,
        Self::TooManyDatasets,
        Self::BadDatasetName,
        Self::MissingDataset,
        Self::ContentType,
        Self::ContentEncoding,
        Self::Undecodable,
        Self::EmptyBody,
        Self::TooLarge,
        Self::Bomb,
        Self::TooDeep,
        Self::TooOld,
        Self::Unsupported,
        Self::Overload,
        Self::ReadOnly,
        Self::StoreFailing,
        Self::HostNotAllowed,
        Self::ClockSkew,
        Self::WrongService,
        Self::InvalidRequest,
        Self::TooNew,
        Self::NotAProject,
        Self::ClientToken,
        Self::QuotaReached,
        Self::PublicRate,
        Self::TlsOnPlainPort,
        Self::WrongPort,
        Self::WrongPath,
        Self::NotSampled,
        Self::NoEnvironment,
        Self::MissingHeader,
        Self::BadSegment,
        Self::PeerNotAllowed,
        Self::QueueFull,
        Self::KernelDrop,
        Self::NotFound,
    ];

    /// A stable word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingKey => "missing_key",
            Self::UnknownKey => "unknown_key",
            Self::RevokedKey => "revoked_key",
            Self::DevKey => "dev_key",
            Self::BadSignature => "bad_signature",
            Self::ScopeMissing => "scope_missing",
            Self::MayNotCreateDataset => "may_not_create_dataset",
            Self::DatasetNotAllowed => "dataset_not_allowed",
            Self::TooManyDatasets => "too_many_datasets",
            Self::BadDatasetName => "bad_dataset_name",
            Self::MissingDataset => "missing_dataset",
            Self::ContentType => "content_type",
            Self::ContentEncoding => "content_encoding",
            Self::Undecodable => "undecodable",
            Self::EmptyBody => "empty_body",
            Self::TooLarge => "too_large",
            Self::Bomb => "bomb",
            Self::TooDeep => "too_deep",
            Self::TooOld => "too_old",
            Self::Unsupported => "unsupported",
            Self::Overload => "overload",
            Self::ReadOnly => "read_only",
            Self::StoreFailing => "store_failing",
            Self::HostNotAllowed => "host_not_allowed",
            Self::ClockSkew => "clock_skew",
            Self::WrongService => "wrong_service",
            Self::InvalidRequest => "invalid_request",
            Self::TooNew => "too_new",
            Self::NotAProject => "not_a_project",
            Self::ClientToken => "client_token",
            Self::QuotaReached => "quota_reached",
            Self::PublicRate => "public_rate",
            Self::TlsOnPlainPort => "tls_on_plain_port",
            Self::WrongPort => "wrong_port",
            Self::WrongPath => "wrong_path",
            Self::NotSampled => "not_sampled",
            Self::NoEnvironment => "no_environment",
            Self::MissingHeader => "missing_header",
            Self::BadSegment => "bad_segment",
            Self::PeerNotAllowed => "peer_not_allowed",
            Self::QueueFull => "queue_full",
            Self::KernelDrop => "kernel_drop",
            Self::NotFound => "not_found",
        }
    }

    /// What happened.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::MissingKey => "the request carries no key",
            Self::UnknownKey => "no environment has this key",
            Self::RevokedKey => "this key was revoked",
            Self::DevKey => "this is a fixed key of --dev, and this server does not run with --dev",
            Self::BadSignature => "the signature does not match the secret of this key",
            Self::ScopeMissing => "the key is known but may not do this",
            Self::MayNotCreateDataset => {
                "the dataset does not exist and this key may not create datasets"
            }
            Self::DatasetNotAllowed => "this key may only be used for other datasets",
            Self::TooManyDatasets => "the environment has its 500 datasets; no more are made",
            Self::BadDatasetName => "this name cannot be a dataset's: empty, reserved or too long",
            Self::MissingDataset => "the request names no dataset",
            Self::ContentType => "the content type is not one this path takes",
            Self::ContentEncoding => "the body is compressed in a way this path does not take",
            Self::Undecodable => "the body could not be read",
            Self::EmptyBody => "the body, or an event in it, is empty",
            Self::TooLarge => "the body, or an event in it, is larger than this path takes",
            Self::Bomb => "the body inflates to more than this path takes",
            Self::TooDeep => "the body is nested too deeply",
            Self::TooOld => "the event is older than the retention keeps",
            Self::Unsupported => "this is not supported",
            Self::Overload => "too much was under way; the sender was told to retry",
            Self::ReadOnly => "the disk is full; the sender was told to retry",
            Self::StoreFailing => "a write to disk failed; the server has to restart",
            Self::HostNotAllowed => "the request names a host this server is not known by",
            Self::ClockSkew => "the request was signed by a clock more than 5 minutes off ours",
            Self::WrongService => "the request was signed for another service than it was sent to",
            Self::InvalidRequest => {
                "the request asks for what cannot be: a value is wrong or missing"
            }
            Self::TooNew => "the event is dated further ahead than is taken",
            Self::NotAProject => "this key is known, but it is not the access token of a project",
            Self::ClientToken => {
                "this token may only post what browsers and phones report, and this came from a server"
            }
            Self::QuotaReached => {
                "the rate limit of this token is reached; the sender was told when it ends"
            }
            Self::PublicRate => {
                "a token that stands in pages posts 100 requests and 5 MiB a second at most; the sender was told when it may again"
            }
            Self::TlsOnPlainPort => "the sender speaks TLS (https), and this port does not",
            Self::WrongPort => "this port takes nothing of the kind",
            Self::WrongPath => "nothing is taken at this path",
            Self::NotSampled => "a sampling rule keeps none of the sender's requests",
            Self::NoEnvironment => {
                "what comes without a key goes to an environment, and there is none of that name, or none at all"
            }
            Self::MissingHeader => {
                "the datagram does not begin with a header line of format json, version 1"
            }
            Self::BadSegment => "the segment document lacks what every segment has",
            Self::PeerNotAllowed => {
                "without a signature this may be asked from this machine and private networks only"
            }
            Self::QueueFull => "datagrams came faster than they could be stored, and were dropped",
            Self::KernelDrop => {
                "datagrams came faster than they could be read, and the system dropped them"
            }
            Self::NotFound => "what the request names does not exist",
        }
    }

    /// What to do about it, in words that hold for every protocol.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::MissingKey => {
                "create a key on the Send data page, or: foursight keys create; set it in the client"
            }
            Self::UnknownKey => {
                "check for a cut-off or old key; create one on the Send data page, or: foursight keys create"
            }
            Self::RevokedKey => {
                "create a new key (Send data, or: foursight keys create) and set it where this one is set"
            }
            Self::DevKey => "create a key: foursight keys create --environment <name>",
            Self::BadSignature => "set key id and secret of the same key, and check the clock",
            Self::ScopeMissing => {
                "use a key with that permission, or create one: foursight keys create"
            }
            Self::MayNotCreateDataset => {
                "create the dataset first, or use a key that may create datasets"
            }
            Self::DatasetNotAllowed => "use a key of the whole environment, or of this dataset",
            Self::TooManyDatasets => {
                "check for a dataset name that holds an id; delete datasets no longer needed"
            }
            Self::BadDatasetName => "name the dataset with 1 to 255 bytes, not __all__",
            Self::MissingDataset => "name the dataset, or use a key of an environment",
            Self::ContentType => "set the client to protobuf or JSON",
            Self::ContentEncoding => "set the client's compression to gzip, zstd or none",
            Self::Undecodable => {
                "check that the exporter's protocol fits the port and path: gRPC 4317, HTTP 4318"
            }
            Self::EmptyBody => "send at least one field",
            Self::TooLarge | Self::Bomb => "send smaller batches",
            Self::TooDeep => "send flatter values",
            Self::TooOld => "check the sender's clock, or raise retention.days",
            Self::Unsupported => "see the list of what is supported in the README",
            Self::Overload => "nothing, if it is rare; else send larger batches less often",
            Self::ReadOnly => "free disk space, or lower retention.days",
            Self::StoreFailing => "look at the disk and the log, then restart the server",
            Self::HostNotAllowed => "add the name to http.allow_hosts",
            Self::ClockSkew => "set the clock of the sender, or of this machine",
            Self::WrongService => "set the client's service, or the endpoint of the right client",
            Self::InvalidRequest => "see what was answered, and correct the call",
            Self::TooNew => "check the sender's clock",
            Self::NotAProject => {
                "use a project's token, or create one: foursight keys create --kind project --project <name>"
            }
            Self::ClientToken => {
                "use a token with post_server_item in the server's code; the one in the page is public"
            }
            Self::QuotaReached => "raise the rate limit of the token, or send less",
            Self::PublicRate => {
                "find the page that reports in a loop; if it is a stranger who posts, make a new token and delete this one"
            }
            Self::TlsOnPlainPort => "write http:// instead of https:// in the client's address",
            Self::WrongPort => {
                "correct the port: 8080 takes everything over HTTP, 4317 and 4318 OTLP, 2000 the X-Ray SDKs"
            }
            Self::WrongPath => {
                "compare the address with the Send data page: a path may stand twice, or lack its last slash"
            }
            Self::NotSampled => "give the rule a rate or a reservoir, or delete it",
            Self::NoEnvironment => {
                "make one: foursight environments create <name>; or name one with xray.environment"
            }
            Self::MissingHeader => {
                "send {\"format\": \"json\", \"version\": 1}, a newline, then the document; a plain HTTP client goes to TCP"
            }
            Self::BadSegment => "see the detail: it names the field",
            Self::PeerNotAllowed => "sign the request, or send from a private network",
            Self::QueueFull => "check the disk; sample less at the sender",
            Self::KernelDrop => {
                "raise net.core.rmem_max to 8388608 and restart, or sample less at the sender"
            }
            Self::NotFound => "create it first; many clients do so by themselves, and send again",
        }
    }

    /// The line to copy into the client's environment, where there is one.
    #[must_use]
    pub fn copy(self, protocol: Protocol) -> Option<&'static str> {
        let about_key = matches!(
            self,
            Self::MissingKey | Self::UnknownKey | Self::RevokedKey | Self::DevKey
        );
        match (self, protocol) {
            (_, Protocol::OtlpHttp | Protocol::OtlpGrpc) if about_key => {
                Some("OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=<key>")
            }
            (_, Protocol::Events | Protocol::Api) if about_key => Some("X-Honeycomb-Team: <key>"),
            (_, Protocol::Rollbar) if about_key => {
                Some("rollbar.init('<token>', …, endpoint='http://<this server>:8080/api/1/')")
            }
            (Self::ContentType | Self::Undecodable, Protocol::OtlpHttp) => {
                Some("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
            }
            (Self::ContentEncoding, Protocol::OtlpHttp | Protocol::OtlpGrpc) => {
                Some("OTEL_EXPORTER_OTLP_COMPRESSION=gzip")
            }
            (_, Protocol::Logs | Protocol::Xray) if about_key || self == Self::BadSignature => {
                Some("AWS_ACCESS_KEY_ID=<key id> AWS_SECRET_ACCESS_KEY=<secret>")
            }
            (Self::TlsOnPlainPort, Protocol::OtlpHttp) => {
                Some("OTEL_EXPORTER_OTLP_ENDPOINT=http://<this server>:4318")
            }
            (Self::TlsOnPlainPort, Protocol::OtlpGrpc) => {
                Some("OTEL_EXPORTER_OTLP_ENDPOINT=http://<this server>:4317")
            }
            (Self::TooLarge | Self::Bomb, Protocol::OtlpHttp | Protocol::OtlpGrpc) => {
                Some("OTEL_BSP_MAX_EXPORT_BATCH_SIZE=128")
            }
            _ => None,
        }
    }

    /// Whether the key is what is wrong: missing, unknown, revoked, of `--dev`, badly signed,
    /// signed at the wrong time or for another service.
    #[must_use]
    pub fn is_credential(self) -> bool {
        matches!(
            self,
            Self::MissingKey
                | Self::UnknownKey
                | Self::RevokedKey
                | Self::DevKey
                | Self::BadSignature
                | Self::ClockSkew
                | Self::WrongService
        )
    }

    /// Whether the key is good but may not do this.
    #[must_use]
    pub fn is_scope(self) -> bool {
        matches!(
            self,
            Self::ScopeMissing
                | Self::MayNotCreateDataset
                | Self::DatasetNotAllowed
                | Self::NotAProject
                | Self::ClientToken
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reason_has_its_own_code_and_words() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|r| r.code()).collect();
        let texts: HashSet<_> = Reason::ALL.iter().map(|r| r.text()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert_eq!(texts.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().all(|r| !r.fix().is_empty()));
    }
}
