//! Tags of groups and sampling rules.

use super::input::{Resource, Tag, add_tags, of_catalog, resource, tags_json};
use super::page::page;
use crate::wire::{Call, Fail, Reply};
use engine::sampling::{GroupUpdate, Tags};
use http::StatusCode;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Which {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
    #[serde(default)]
    next_token: Option<String>,
}

fn unknown(arn: &str) -> Fail {
    Fail::new(
        "ResourceNotFoundException",
        format!("{arn} is no group and no sampling rule of this environment"),
    )
    .status(StatusCode::NOT_FOUND)
    .with("ResourceName", arn)
}

fn read(call: &Call, arn: &str) -> Result<Tags, Fail> {
    let (sampling, env) = (call.engine.sampling(), call.grant.env());
    let found = match resource(arn) {
        Some(Resource::Rule(name)) => sampling.rule(env, name).map(|r| r.tags),
        Some(Resource::Group(name, id)) => sampling
            .group(env, name)
            .filter(|g| g.id == id)
            .map(|g| g.tags),
        None => None,
    };
    found.ok_or_else(|| unknown(arn))
}

fn write(call: &Call, arn: &str, tags: Tags) -> Result<Reply, Fail> {
    let (sampling, env, now) = (call.engine.sampling(), call.grant.env(), call.engine.now());
    let written = match resource(arn) {
        Some(Resource::Rule(name)) => sampling.tag_rule(env, name, tags, now),
        Some(Resource::Group(name, _)) => {
            let update = GroupUpdate {
                tags: Some(tags),
                ..GroupUpdate::default()
            };
            sampling.update_group(env, name, update, now).map(drop)
        }
        None => return Err(unknown(arn)),
    };
    written.map_err(of_catalog)?;
    Ok(Reply::Empty)
}

pub(super) fn tag(call: &Call) -> Result<Reply, Fail> {
    let input: Which = call.input()?;
    let arn = input.resource_arn;
    let tags = add_tags(read(call, &arn)?, input.tags, &arn)?;
    write(call, &arn, tags)
}

pub(super) fn untag(call: &Call) -> Result<Reply, Fail> {
    let input: Which = call.input()?;
    let mut tags = read(call, &input.resource_arn)?;
    tags.retain(|key, _| !input.tag_keys.contains(key));
    write(call, &input.resource_arn, tags)
}

pub(super) fn list(call: &Call) -> Result<Reply, Fail> {
    let input: Which = call.input()?;
    let tags = read(call, &input.resource_arn)?;
    page("Tags", tags_json(&tags), input.next_token.as_deref()).map(Reply::Json)
}
