//! Sampling rules: create, list, update, delete.

use super::input::{self, Tag, add_tags, invalid, of_catalog, rule_arn, seconds};
use super::page::{TokenOnly, page};
use crate::wire::{Call, Fail, Reply};
use engine::sampling::{Rule, RuleRecord, RuleUpdate};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A rule, or the change of one: whole, or in part.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RuleInput {
    rule_name: Option<String>,
    #[serde(rename = "RuleARN")]
    rule_arn: Option<String>,
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    priority: Option<i64>,
    fixed_rate: Option<f64>,
    reservoir_size: Option<i64>,
    service_name: Option<String>,
    service_type: Option<String>,
    host: Option<String>,
    #[serde(rename = "HTTPMethod")]
    http_method: Option<String>,
    #[serde(rename = "URLPath")]
    url_path: Option<String>,
    version: Option<i64>,
    attributes: Option<BTreeMap<String, String>>,
    sampling_rate_boost: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    sampling_rule: RuleInput,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Update {
    sampling_rule_update: RuleInput,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Delete {
    rule_name: Option<String>,
    #[serde(rename = "RuleARN")]
    rule_arn: Option<String>,
}

/// A number that must not be negative nor larger than fits.
fn small(field: &str, value: i64) -> Result<u32, Fail> {
    u32::try_from(value).map_err(|_| {
        invalid(format!(
            "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must have value greater than or equal to 0"
        ))
    })
}

impl RuleInput {
    fn no_boost(&self) -> Result<(), Fail> {
        match self.sampling_rate_boost {
            None | Some(Value::Null) => Ok(()),
            Some(_) => {
                Err(invalid("SamplingRateBoost is not supported")
                    .reason(engine::Reason::Unsupported))
            }
        }
    }

    pub(super) fn rule(self) -> Result<Rule, Fail> {
        self.no_boost()?;
        fn need<T>(value: Option<T>, field: &str) -> Result<T, Fail> {
            value.ok_or_else(|| {
                invalid(format!(
                    "1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"
                ))
            })
        }
        Ok(Rule {
            name: input::rule_name(self.rule_name.as_deref(), self.rule_arn.as_deref())?,
            resource_arn: need(self.resource_arn, "resourceARN")?,
            priority: small("priority", need(self.priority, "priority")?)?,
            fixed_rate: need(self.fixed_rate, "fixedRate")?,
            reservoir_size: small("reservoirSize", need(self.reservoir_size, "reservoirSize")?)?,
            service_name: need(self.service_name, "serviceName")?,
            service_type: need(self.service_type, "serviceType")?,
            host: need(self.host, "host")?,
            http_method: need(self.http_method, "HTTPMethod")?,
            url_path: need(self.url_path, "URLPath")?,
            version: small("version", need(self.version, "version")?)?,
            attributes: self.attributes.unwrap_or_default(),
        })
    }

    pub(super) fn update(self) -> Result<RuleUpdate, Fail> {
        self.no_boost()?;
        let whole = |field, value: Option<i64>| value.map(|v| small(field, v)).transpose();
        Ok(RuleUpdate {
            name: input::rule_name(self.rule_name.as_deref(), self.rule_arn.as_deref())?,
            resource_arn: self.resource_arn,
            priority: whole("priority", self.priority)?,
            fixed_rate: self.fixed_rate,
            reservoir_size: whole("reservoirSize", self.reservoir_size)?,
            service_name: self.service_name,
            service_type: self.service_type,
            host: self.host,
            http_method: self.http_method,
            url_path: self.url_path,
            attributes: self.attributes,
        })
    }
}

/// All fields always: clients pass over a rule that lacks one (xray.md §6.1).
fn record(call: &Call, record: &RuleRecord) -> Value {
    let r = &record.rule;
    json!({
        "SamplingRule": {
            "RuleName": r.name,
            "RuleARN": rule_arn(call, &r.name),
            "ResourceARN": r.resource_arn,
            "Priority": r.priority,
            "FixedRate": r.fixed_rate,
            "ReservoirSize": r.reservoir_size,
            "ServiceName": r.service_name,
            "ServiceType": r.service_type,
            "Host": r.host,
            "HTTPMethod": r.http_method,
            "URLPath": r.url_path,
            "Version": r.version,
            "Attributes": r.attributes,
        },
        "CreatedAt": seconds(record.created_ns),
        "ModifiedAt": seconds(record.modified_ns),
    })
}

fn reply(call: &Call, kept: &RuleRecord) -> Reply {
    Reply::Json(json!({"SamplingRuleRecord": record(call, kept)}))
}

pub(super) fn list(call: &Call) -> Result<Reply, Fail> {
    let input: TokenOnly = call.input()?;
    let rules = call.engine.sampling().rules(call.grant.env());
    let list = rules.iter().map(|r| record(call, r)).collect();
    page("SamplingRuleRecords", list, input.next_token.as_deref()).map(Reply::Json)
}

pub(super) fn create(call: &Call) -> Result<Reply, Fail> {
    let input: Create = call.input()?;
    let rule = input.sampling_rule.rule()?;
    let tags = add_tags(BTreeMap::new(), input.tags, &rule_arn(call, &rule.name))?;
    let made = call
        .engine
        .sampling()
        .create_rule(call.grant.env(), rule, tags, call.engine.now());
    Ok(reply(call, &made.map_err(of_catalog)?))
}

pub(super) fn update(call: &Call) -> Result<Reply, Fail> {
    let input: Update = call.input()?;
    let update = input.sampling_rule_update.update()?;
    let made = call
        .engine
        .sampling()
        .update_rule(call.grant.env(), update, call.engine.now());
    Ok(reply(call, &made.map_err(of_catalog)?))
}

pub(super) fn delete(call: &Call) -> Result<Reply, Fail> {
    let input: Delete = call.input()?;
    let name = input::rule_name(input.rule_name.as_deref(), input.rule_arn.as_deref())?;
    let gone = call
        .engine
        .sampling()
        .delete_rule(call.grant.env(), &name, call.engine.now());
    Ok(reply(call, &gone.map_err(of_catalog)?))
}
