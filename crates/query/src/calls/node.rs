//! What a call tells about itself: where it goes, how it ended, which node it is work of.
//!
//! Source: xray.md §8.2 (kinds of nodes), §10.2 (spans of OpenTelemetry as segments); the words for kinds
//! are those of X-Ray's service map, which is what this map is compared with.

use super::{Flags, Node, Reach};
use crate::answer::{Cell, Row};
use std::sync::Arc;

/// The kind of node that stands for whoever calls from outside.
pub const CLIENT: &str = "client";
/// The kind of node of a callee that is no service of ours and reported nothing.
pub const REMOTE: &str = "remote";

/// Attributes that name a callee, the first that is there counts (xray.md §10.2).
const CALLEE_NAMES: [&str; 8] = [
    "aws.remote.service",
    "peer.service",
    "aws.service",
    "db.namespace",
    "db.name",
    "rpc.service",
    "server.address",
    "net.peer.name",
];

pub(super) fn text<'a>(fields: &'a Row, name: &str) -> Option<&'a str> {
    match fields.get(name)? {
        Cell::Text(t) if !t.is_empty() => Some(t),
        _ => None,
    }
}

fn first<'a>(fields: &'a Row, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|n| text(fields, n))
}

fn is_true(fields: &Row, name: &str) -> bool {
    matches!(fields.get(name), Some(Cell::Bool(true)))
}

/// The HTTP status.
pub(super) fn http_status(fields: &Row) -> Option<i64> {
    match crate::notions::Notion::Status.of_row(fields)? {
        Cell::Int(i) => Some(i),
        Cell::Text(t) => t.parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "a status has three digits")]
        Cell::Float(x) => Some(x as i64),
        _ => None,
    }
}

/// How a call ended: a segment says so, a span's status and HTTP status tell (mapping.md §8).
pub(super) fn flags(fields: &Row, is_xray: bool, status: Option<&str>) -> Flags {
    if is_xray {
        return Flags {
            error: is_true(fields, "aws.xray.error"),
            throttle: is_true(fields, "aws.xray.throttle"),
            fault: is_true(fields, "aws.xray.fault"),
        };
    }
    match http_status(fields) {
        Some(s @ 400..=499) => Flags {
            error: true,
            throttle: s == 429,
            fault: false,
        },
        Some(500..=599) => Flags {
            fault: true,
            ..Flags::default()
        },
        Some(_) => Flags::default(),
        None => Flags {
            fault: status == Some("error"),
            ..Flags::default()
        },
    }
}

/// Where a call goes.
pub(super) fn reach(fields: &Row, is_xray: bool, kind: Option<&str>) -> Reach {
    if is_xray {
        return match text(fields, "aws.xray.namespace") {
            Some("aws") => Reach::Aws,
            Some("remote") => Reach::Remote,
            _ if text(fields, "db.system.name").is_some() => Reach::Remote,
            _ => Reach::Local,
        };
    }
    let is_aws =
        text(fields, "rpc.system") == Some("aws-api") || fields.contains_key("aws.service");
    match kind {
        Some("client" | "producer") if is_aws => Reach::Aws,
        Some("client" | "producer") => Reach::Remote,
        _ => Reach::Local,
    }
}

/// The node that a service's own segment is work of.
pub(super) fn own(fields: &Row, service: &str, is_xray: bool) -> Node {
    let kind = match is_xray {
        true => text(fields, "aws.xray.origin").map(Arc::from),
        false => origin_of_platform(fields).map(Arc::from),
    };
    let name = match is_xray {
        true => service,
        false => first(fields, &["aws.local.service"]).unwrap_or(service),
    };
    Node {
        name: name.into(),
        kind,
        account: account(fields),
    }
}

fn account(fields: &Row) -> Option<Arc<str>> {
    first(fields, &["aws.account_id", "cloud.account.id"]).map(Arc::from)
}

fn origin_of_platform(fields: &Row) -> Option<&'static str> {
    if text(fields, "cloud.provider").is_some_and(|p| p != "aws") {
        return None;
    }
    Some(match text(fields, "cloud.platform")? {
        "aws_app_runner" => "AWS::AppRunner::Service",
        "aws_eks" => "AWS::EKS::Container",
        "aws_elastic_beanstalk" => "AWS::ElasticBeanstalk::Environment",
        "aws_ecs" => match text(fields, "aws.ecs.launchtype") {
            Some("ec2") => "AWS::ECS::EC2",
            Some("fargate") => "AWS::ECS::Fargate",
            _ => "AWS::ECS::Container",
        },
        "aws_ec2" => "AWS::EC2::Instance",
        "aws_lambda" => "AWS::Lambda::Function",
        _ => return None,
    })
}

/// The node that a call without an answering segment reaches, as its caller knows it.
pub(super) fn callee(fields: &Row, name: &str, is_xray: bool, reach: Reach) -> Node {
    let node = |name: &str, kind: &str| Node {
        name: name.into(),
        kind: Some(kind.into()),
        account: account(fields),
    };
    let name = match is_xray {
        true => name,
        false => first(fields, &CALLEE_NAMES).unwrap_or(name),
    };
    if crate::notions::Notion::DbSystem.of_row(fields).is_some() && reach != Reach::Aws {
        return node(name, "Database::SQL");
    }
    if reach != Reach::Aws {
        return node(name, REMOTE);
    }
    let service = name
        .trim_start_matches("AWS.SDK.")
        .trim_start_matches("AWS::");
    if let Some(table) = first(fields, &["aws.table_name"]) {
        return node(table, "AWS::DynamoDB::Table");
    }
    if let Some(queue) = first(fields, &["aws.queue_url"]) {
        return node(queue, "AWS::SQS::Queue");
    }
    if let Some(bucket) = first(fields, &["aws.bucket_name", "aws.s3.bucket"])
        && service.eq_ignore_ascii_case("s3")
    {
        return node(bucket, "AWS::S3::Bucket");
    }
    node(service, &format!("AWS::{service}"))
}

/// Fields of which one holds the name of a node, for a sieve of rows: a node of that name comes from a
/// row with one of them, or from the name of a call.
pub const NAMING_FIELDS: [&str; 15] = [
    "service.name",
    "name",
    "aws.local.service",
    "aws.table_name",
    "aws.queue_url",
    "aws.bucket_name",
    "aws.s3.bucket",
    "aws.remote.service",
    "peer.service",
    "aws.service",
    "db.namespace",
    "db.name",
    "rpc.service",
    "server.address",
    "net.peer.name",
];
