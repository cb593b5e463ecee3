//! Groups: create, get, list, update, delete.

use super::input::{Tag, add_tags, find_group, group_arn, invalid, of_catalog};
use super::page::{TokenOnly, page};
use crate::wire::{Call, Fail, Reply};
use engine::sampling::{Group, GroupUpdate, NewGroup};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Insights {
    insights_enabled: Option<bool>,
    notifications_enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    group_name: String,
    #[serde(default)]
    filter_expression: Option<String>,
    #[serde(default)]
    insights_configuration: Insights,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Which {
    group_name: Option<String>,
    #[serde(rename = "GroupARN")]
    group_arn: Option<String>,
    filter_expression: Option<String>,
    insights_configuration: Insights,
}

fn group(call: &Call, g: &Group) -> Value {
    json!({
        "GroupName": g.name,
        "GroupARN": group_arn(call, g),
        "FilterExpression": g.expression,
        "InsightsConfiguration": {
            "InsightsEnabled": g.insights,
            "NotificationsEnabled": g.notifications,
        },
    })
}

fn reply(call: &Call, g: &Group) -> Reply {
    Reply::Json(json!({"Group": group(call, g)}))
}

/// An expression that cannot be read names no group.
fn check(call: &Call, expression: &str) -> Result<(), Fail> {
    let compiled = call.engine.sampling().compile(call.grant.env(), expression);
    compiled.map(drop).map_err(invalid)
}

pub(super) fn create(call: &Call) -> Result<Reply, Fail> {
    let input: Create = call.input()?;
    let expression = input.filter_expression.unwrap_or_default();
    check(call, &expression)?;
    let new = NewGroup {
        tags: add_tags(BTreeMap::new(), input.tags, &input.group_name)?,
        name: input.group_name,
        expression,
        insights: input.insights_configuration.insights_enabled == Some(true),
        notifications: input.insights_configuration.notifications_enabled == Some(true),
    };
    let made = call
        .engine
        .sampling()
        .create_group(call.grant.env(), new, call.engine.now());
    Ok(reply(call, &made.map_err(of_catalog)?))
}

fn find(call: &Call, input: &Which) -> Result<Group, Fail> {
    find_group(
        call,
        input.group_name.as_deref(),
        input.group_arn.as_deref(),
    )
}

pub(super) fn get(call: &Call) -> Result<Reply, Fail> {
    let found = find(call, &call.input()?)?;
    Ok(reply(call, &found))
}

pub(super) fn list(call: &Call) -> Result<Reply, Fail> {
    let input: TokenOnly = call.input()?;
    let groups = call.engine.sampling().groups(call.grant.env());
    let list = groups.iter().map(|g| group(call, g)).collect();
    page("Groups", list, input.next_token.as_deref()).map(Reply::Json)
}

pub(super) fn update(call: &Call) -> Result<Reply, Fail> {
    let input: Which = call.input()?;
    let found = find(call, &input)?;
    if let Some(expression) = &input.filter_expression {
        check(call, expression)?;
    }
    let update = GroupUpdate {
        expression: input.filter_expression,
        insights: input.insights_configuration.insights_enabled,
        notifications: input.insights_configuration.notifications_enabled,
        tags: None,
    };
    let env = call.grant.env();
    let now = call.engine.now();
    let changed = call
        .engine
        .sampling()
        .update_group(env, &found.name, update, now);
    Ok(reply(call, &changed.map_err(of_catalog)?))
}

pub(super) fn delete(call: &Call) -> Result<Reply, Fail> {
    let found = find(call, &call.input()?)?;
    call.engine
        .sampling()
        .delete_group(call.grant.env(), &found.name)
        .map_err(of_catalog)?;
    Ok(Reply::Empty)
}
