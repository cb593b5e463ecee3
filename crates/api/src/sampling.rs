//! Groups with how many traces are in them, sampling rules with their use; making and changing both.

use crate::Api;
use crate::error::Refused;
use crate::error::extract::{Body, Place, Search};
use crate::map::{for_each_trace, range};
use crate::wire::sampling::{
    Group, GroupChange, Groups, GroupsAsk, NewGroup, RuleFields, SamplingClient, SamplingRule,
    SamplingRules, SamplingWindow, SeenName,
};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use engine::sampling as own;
use event::EnvId;
use event::shown::plainly;
use http::StatusCode;
use std::collections::{BTreeSet, HashMap};

/// Names told.
const NAMES: usize = 20;

/// The groups of an environment, how many traces of the range are in each, and why none may be.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/groups", tag = "sampling", params(
    ("env" = String, Path, description = "Slug of the environment."), GroupsAsk), responses(
    (status = 200, body = Groups),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn groups(
    State(api): State<Api>,
    Place(env): Place<String>,
    Search(ask): Search<GroupsAsk>,
) -> Result<axum::Json<Groups>, Refused> {
    let scope = api.scope(&env, None)?;
    let range = range(&api, ask.start_ns, ask.end_ns)?;
    let sampling = api.engine().sampling();
    let list = sampling.groups(scope.env);
    let compiled: Vec<Result<own::Compiled, String>> = list
        .iter()
        .map(|g| sampling.compile(scope.env, &g.expression))
        .collect();
    let mut counts = vec![0u64; list.len()];
    let mut names: HashMap<String, u64> = HashMap::new();
    let seen = for_each_trace(&api, &scope, range, None, |trace| {
        for (count, compiled) in counts.iter_mut().zip(&compiled) {
            if compiled.as_ref().is_ok_and(|c| (c.matches)(trace)) {
                *count += 1;
            }
        }
        let of_trace: BTreeSet<&str> = trace
            .segments()
            .filter_map(|i| Some(&*trace.calls[i].node.as_ref()?.name))
            .collect();
        for name in of_trace {
            *names.entry(name.to_owned()).or_default() += 1;
        }
    })
    .await?;
    let mut names: Vec<SeenName> = names
        .into_iter()
        .map(|(name, traces)| SeenName { name, traces })
        .collect();
    names.sort_by(|a, b| (b.traces, &a.name).cmp(&(a.traces, &b.name)));
    names.truncate(NAMES);
    let groups = list
        .iter()
        .zip(compiled)
        .zip(counts)
        .map(|((g, compiled), count)| {
            let hint = match &compiled {
                Err(why) => Some(why.clone()),
                Ok(_) if count > 0 => None,
                Ok(_) => Some(hint(&sampling.service_names(&g.expression), &names)),
            };
            Group {
                traces: compiled.is_ok().then_some(count),
                hint,
                ..group(g)
            }
        })
        .collect();
    Ok(axum::Json(Groups {
        groups,
        traces: seen.traces,
        partial: seen.partial,
        names,
    }))
}

/// Why a group matches nothing, as far as names tell.
fn hint(asked: &[String], seen: &[SeenName]) -> String {
    if seen.is_empty() {
        return "0 traces; none arrived in this range".to_owned();
    }
    let list: Vec<&str> = seen.iter().map(|s| s.name.as_str()).collect();
    let mut out = format!(
        "0 traces; the names seen here are {}",
        list.iter()
            .map(|name| plainly(name))
            .collect::<Vec<_>>()
            .join(", ")
    );
    for name in asked.iter().filter(|n| !list.contains(&n.as_str())) {
        if name.starts_with("http://") || name.starts_with("https://") {
            out.push_str(&format!(
                ". Services are named by host, without scheme: “{}” begins with one",
                plainly(name)
            ));
        }
        let closest = list.iter().min_by_key(|seen| distance(name, seen));
        if let Some(closest) = closest.filter(|c| distance(name, c) * 2 <= name.chars().count()) {
            out.push_str(&format!(
                ". Did “{}” mean “{}”?",
                plainly(name),
                plainly(closest)
            ));
        }
    }
    out
}

/// Least number of characters changed, added and taken away that make one text the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, d) in b.iter().enumerate() {
            let same = before + usize::from(c != *d);
            before = row[j + 1];
            row[j + 1] = same.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn group(g: &own::Group) -> Group {
    let is_default = g.name == own::DEFAULT_GROUP;
    Group {
        name: g.name.clone(),
        expression: g.expression.clone(),
        is_default,
        insights: g.insights,
        notifications: g.notifications,
        tags: g.tags.clone(),
        created_ns: (!is_default).then_some(Nanos(g.created_ns)),
        traces: None,
        hint: None,
    }
}

fn check(api: &Api, env: EnvId, expression: &str) -> Result<(), Refused> {
    let compiled = api.engine().sampling().compile(env, expression);
    compiled.map(drop).map_err(Refused::invalid)
}

/// Makes a group.
#[utoipa::path(post, path = "/foursight/v1/environments/{env}/groups", tag = "sampling", params(
    ("env" = String, Path, description = "Slug of the environment.")), request_body = NewGroup, responses(
    (status = 201, body = Group),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn new_group(
    State(api): State<Api>,
    Place(env): Place<String>,
    Body(new): Body<NewGroup>,
) -> Result<(StatusCode, axum::Json<Group>), Refused> {
    let env = api.environment(&env)?.id;
    check(&api, env, &new.expression)?;
    let new = own::NewGroup {
        name: new.name,
        expression: new.expression,
        ..own::NewGroup::default()
    };
    let made = api
        .engine()
        .sampling()
        .create_group(env, new, api.engine().now())?;
    Ok((StatusCode::CREATED, axum::Json(group(&made))))
}

/// Changes a group's expression.
#[utoipa::path(put, path = "/foursight/v1/environments/{env}/groups/{name}", tag = "sampling", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("name" = String, Path, description = "Name of the group.")), request_body = GroupChange, responses(
    (status = 200, body = Group),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change_group(
    State(api): State<Api>,
    Place((env, name)): Place<(String, String)>,
    Body(change): Body<GroupChange>,
) -> Result<axum::Json<Group>, Refused> {
    let env = api.environment(&env)?.id;
    check(&api, env, &change.expression)?;
    let update = own::GroupUpdate {
        expression: Some(change.expression),
        ..own::GroupUpdate::default()
    };
    let changed = api
        .engine()
        .sampling()
        .update_group(env, &name, update, api.engine().now())?;
    Ok(axum::Json(group(&changed)))
}

/// Deletes a group.
#[utoipa::path(delete, path = "/foursight/v1/environments/{env}/groups/{name}", tag = "sampling", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("name" = String, Path, description = "Name of the group.")), responses(
    (status = 204),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn delete_group(
    State(api): State<Api>,
    Place((env, name)): Place<(String, String)>,
) -> Result<StatusCode, Refused> {
    let env = api.environment(&env)?.id;
    api.engine().sampling().delete_group(env, &name)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sampling rules of an environment, and what clients report of them.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/sampling_rules", tag = "sampling", params(
    ("env" = String, Path, description = "Slug of the environment.")), responses(
    (status = 200, body = SamplingRules),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn rules(
    State(api): State<Api>,
    Place(env): Place<String>,
) -> Result<axum::Json<SamplingRules>, Refused> {
    let env = api.environment(&env)?.id;
    let sampling = api.engine().sampling();
    let mut statistics = sampling.statistics(env, api.engine().now());
    let rules = sampling
        .rules(env)
        .iter()
        .map(|r| {
            let use_ = statistics.remove(&r.rule.name).unwrap_or_default();
            rule(r, use_)
        })
        .collect();
    let changed = sampling.rules_changed_ns(env);
    Ok(axum::Json(SamplingRules {
        rules,
        changed_ns: (changed != 0).then_some(Nanos(changed)),
    }))
}

fn rule(record: &own::RuleRecord, statistics: own::RuleStatistics) -> SamplingRule {
    let r = &record.rule;
    let time = |ns: i64| (ns != 0).then_some(Nanos(ns));
    SamplingRule {
        is_default: r.name == own::DEFAULT_RULE,
        created_ns: time(record.created_ns),
        modified_ns: time(record.modified_ns),
        windows: statistics
            .windows
            .iter()
            .map(|w| SamplingWindow {
                start_ns: Nanos(w.start_s.saturating_mul(1_000_000_000)),
                requests: w.requests,
                sampled: w.sampled.max(w.borrowed),
                borrowed: w.borrowed,
            })
            .collect(),
        clients: statistics
            .clients
            .into_iter()
            .map(|c| SamplingClient {
                id: c.id,
                rate: c.rate,
                quota: c.quota,
                seen_ns: Nanos(c.seen_ns),
            })
            .collect(),
        rule: RuleFields {
            name: r.name.clone(),
            priority: r.priority,
            reservoir_size: r.reservoir_size,
            fixed_rate: r.fixed_rate,
            service_name: r.service_name.clone(),
            service_type: r.service_type.clone(),
            host: r.host.clone(),
            http_method: r.http_method.clone(),
            url_path: r.url_path.clone(),
            resource_arn: r.resource_arn.clone(),
            attributes: r.attributes.clone(),
        },
    }
}

/// Makes a sampling rule.
#[utoipa::path(post, path = "/foursight/v1/environments/{env}/sampling_rules", tag = "sampling", params(
    ("env" = String, Path, description = "Slug of the environment.")), request_body = RuleFields, responses(
    (status = 201, body = SamplingRule),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn new_rule(
    State(api): State<Api>,
    Place(env): Place<String>,
    Body(new): Body<RuleFields>,
) -> Result<(StatusCode, axum::Json<SamplingRule>), Refused> {
    let env = api.environment(&env)?.id;
    let new = own::Rule {
        name: new.name,
        resource_arn: new.resource_arn,
        priority: new.priority,
        fixed_rate: new.fixed_rate,
        reservoir_size: new.reservoir_size,
        service_name: new.service_name,
        service_type: new.service_type,
        host: new.host,
        http_method: new.http_method,
        url_path: new.url_path,
        version: 1,
        attributes: new.attributes,
    };
    let made =
        api.engine()
            .sampling()
            .create_rule(env, new, own::Tags::new(), api.engine().now())?;
    let made = rule(&made, own::RuleStatistics::default());
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Changes a sampling rule: every field but its name.
#[utoipa::path(put, path = "/foursight/v1/environments/{env}/sampling_rules/{name}", tag = "sampling", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("name" = String, Path, description = "Name of the rule.")), request_body = RuleFields, responses(
    (status = 200, body = SamplingRule),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change_rule(
    State(api): State<Api>,
    Place((env, name)): Place<(String, String)>,
    Body(change): Body<RuleFields>,
) -> Result<axum::Json<SamplingRule>, Refused> {
    let env = api.environment(&env)?.id;
    if change.name != name {
        return Err(Refused::invalid("the name of a sampling rule stays"));
    }
    let update = own::RuleUpdate {
        name,
        resource_arn: Some(change.resource_arn),
        priority: Some(change.priority),
        fixed_rate: Some(change.fixed_rate),
        reservoir_size: Some(change.reservoir_size),
        service_name: Some(change.service_name),
        service_type: Some(change.service_type),
        host: Some(change.host),
        http_method: Some(change.http_method),
        url_path: Some(change.url_path),
        attributes: Some(change.attributes),
    };
    let changed = api
        .engine()
        .sampling()
        .update_rule(env, update, api.engine().now())?;
    Ok(axum::Json(rule(&changed, own::RuleStatistics::default())))
}

/// Deletes a sampling rule.
#[utoipa::path(delete, path = "/foursight/v1/environments/{env}/sampling_rules/{name}", tag = "sampling", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("name" = String, Path, description = "Name of the rule.")), responses(
    (status = 204),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn delete_rule(
    State(api): State<Api>,
    Place((env, name)): Place<(String, String)>,
) -> Result<StatusCode, Refused> {
    let env = api.environment(&env)?.id;
    api.engine()
        .sampling()
        .delete_rule(env, &name, api.engine().now())?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(names: &[&str]) -> Vec<SeenName> {
        names
            .iter()
            .map(|n| SeenName {
                name: (*n).to_owned(),
                traces: 1,
            })
            .collect()
    }

    /// xray.md §3.1: says which names there are, suggests the closest, notes a scheme.
    #[test]
    fn a_group_without_traces_says_which_names_there_are() {
        let names = seen(&["backend-flask", "users"]);
        let typo = hint(&["backend-flsk".into()], &names);
        assert!(
            typo.contains("names seen here are backend-flask, users"),
            "{typo}"
        );
        assert!(typo.contains("mean “backend-flask”"), "{typo}");
        let scheme = hint(&["https://4567-abc.example.dev".into()], &names);
        assert!(scheme.contains("without scheme"), "{scheme}");
        assert!(!scheme.contains("mean"), "{scheme}");
        assert_eq!(hint(&[], &[]), "0 traces; none arrived in this range");
        // What turns the line around is written out: it is what keeps the group from matching.
        let turned = hint(&["backend".into()], &seen(&["back\u{202e}end"]));
        assert!(
            turned.ends_with("Did “backend” mean “back\\u{202e}end”?"),
            "{turned}"
        );
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (a, b, want) in [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0)] {
            assert_eq!(distance(a, b), want, "{a} {b}");
        }
    }
}
