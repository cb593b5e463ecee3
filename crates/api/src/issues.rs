//! Projects, issues and their occurrences.

mod payload;

use crate::Api;
use crate::arrivals::reason;
use crate::error::Refused;
use crate::error::extract::{Body, Place, Search};
use crate::wire::issues::{
    HourCount, Issue, IssueChange, IssueDetail, IssueEvent, IssueLevel, IssueStatus, Issues,
    IssuesFilter, NewProject, Occurrence, OccurrenceRef, Occurrences, OccurrencesFilter, Project,
    Projects, RefusedDelivery,
};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use engine::catalog::EnvironmentInfo;
use engine::issues::{Assigned, Change, IssueFilter, IssueSort, Level, Of, Seen, Status};
use engine::query::spec::{Calculation, Filter, FilterOp, Op};
use engine::query::{Cell, Limits, Query, Scope};
use engine::{ArrivalFilter, KeyKind, Permission, Permissions, Protocol, Show};
use event::{EventId, TableKind};
use http::StatusCode;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Hours of a sparkline.
const SPARKLINE: u32 = 24;
/// Nanoseconds of an hour.
const HOUR_NS: i64 = 3_600_000_000_000;

/// The vendor's names of what a token may do, as the command line and the vendor's own pages use them.
pub(crate) fn scopes(names: &[String]) -> Result<Permissions, Refused> {
    let mut list = Vec::new();
    for name in names {
        list.push(match name.as_str() {
            "post_server_item" => Permission::SendEvents,
            "post_client_item" => Permission::SendClientEvents,
            "read" => Permission::RunQueries,
            "write" => Permission::ManageSettings,
            other => {
                return Err(Refused::invalid(format!(
                    "scopes are post_server_item, post_client_item, read and write, not `{other}`"
                )));
            }
        });
    }
    if list.is_empty() {
        return Err(Refused::invalid("scopes is empty"));
    }
    Ok(Permissions::of(&list))
}

/// Runs what reads the catalog's file on a thread that may wait.
async fn blocking<T: Send + 'static>(
    api: &Api,
    work: impl FnOnce(&engine::Issues) -> Result<T, engine::catalog::Error> + Send + 'static,
) -> Result<T, Refused> {
    let issues = api.engine().issues().clone();
    match tokio::task::spawn_blocking(move || work(&issues)).await {
        Ok(done) => Ok(done?),
        Err(e) => Err(Refused::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            e.to_string(),
        )),
    }
}

/// The projects of an environment; for those that still wait, what was refused.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/projects", tag = "issues",
    params(("env" = String, Path, description = "Slug of the environment.")), responses(
    (status = 200, body = Projects),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn projects(
    State(api): State<Api>,
    Place(env): Place<String>,
) -> Result<axum::Json<Projects>, Refused> {
    let env = api.environment(&env)?;
    let engine = api.engine();
    let projects = engine.issues().projects(env.id);
    Ok(axum::Json(Projects {
        projects: projects.iter().map(|p| project(&api, p)).collect(),
        refused: refused(&api),
    }))
}

fn project(api: &Api, p: &engine::issues::Project) -> Project {
    let mut filter = IssueFilter::new(p.env);
    filter.project = Some(p.id);
    filter.limit = usize::MAX;
    let (issues, total) = api.engine().issues().list(&filter);
    let keys = api.engine().catalog().keys(Some(p.env));
    Project {
        id: p.id,
        name: p.name.clone(),
        dataset: p.dataset.to_string(),
        created_ns: Nanos(p.created_ns),
        issues: total as u64,
        occurrences: issues.iter().map(|i| i.ever).sum(),
        last_ns: issues.iter().map(|i| Nanos(i.last.1)).max(),
        token_prefixes: keys
            .iter()
            .filter(|k| k.kind == KeyKind::Project && k.revoked_ns.is_none())
            .filter(|k| k.datasets.is_some() && k.may_use(&p.dataset))
            .map(|k| k.prefix.to_string())
            .collect(),
    }
}

/// Refused deliveries of the last five minutes, whoever's token they carry: an unknown one belongs to no
/// environment.
fn refused(api: &Api) -> Vec<RefusedDelivery> {
    let filter = ArrivalFilter {
        show: Show::Refused,
        protocol: Some(Protocol::Rollbar),
        limit: 50,
        ..ArrivalFilter::default()
    };
    let rows = api.engine().arrivals().list(&filter);
    rows.iter()
        .filter(|r| r.received_last_5m > 0)
        .filter_map(|r| {
            let a = &r.latest;
            let why = a.outcome.reason?;
            let token = a
                .key_prefix
                .as_deref()
                .map_or_else(|| "without a token".to_owned(), |p| format!("token {p}"));
            let who = a.user_agent.as_deref().unwrap_or("an unnamed client");
            let n = r.received_last_5m;
            let items = if n == 1 { "item" } else { "items" };
            let text = format!(
                "{n} {items} refused in the last 5 minutes, {token}: {}, from {}, {who}. {}",
                why.text(),
                a.sender,
                why.fix()
            );
            Some(RefusedDelivery {
                items: n,
                last_ns: Nanos(a.at_ns),
                sender: a.sender.to_string(),
                user_agent: a.user_agent.as_deref().map(str::to_owned),
                key_prefix: a.key_prefix.as_deref().map(str::to_owned),
                env: a
                    .env
                    .and_then(|e| api.engine().catalog().environment(e))
                    .map(|e| e.slug.clone()),
                reason: reason(a, why),
                text,
            })
        })
        .collect()
}

/// Makes a project, unless there is one of the name.
#[utoipa::path(post, path = "/foursight/v1/environments/{env}/projects", tag = "issues", request_body = NewProject,
    params(("env" = String, Path, description = "Slug of the environment.")), responses(
    (status = 201, body = Project),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn new_project(
    State(api): State<Api>,
    Place(env): Place<String>,
    Body(new): Body<NewProject>,
) -> Result<(StatusCode, axum::Json<Project>), Refused> {
    let env = api.environment(&env)?;
    let now = api.engine().now();
    let made = blocking(&api, move |i| i.ensure_project(env.id, &new.name, now)).await?;
    Ok((StatusCode::CREATED, axum::Json(project(&api, &made))))
}

fn listed<T>(
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    what: &str,
) -> Result<Vec<T>, Refused> {
    let parts = text.unwrap_or_default().split(',').map(str::trim);
    let parts = parts.filter(|p| !p.is_empty());
    parts
        .map(|p| parse(p).ok_or_else(|| Refused::invalid(format!("`{p}` is no {what}"))))
        .collect()
}

fn filter_of(
    env: &EnvironmentInfo,
    asked: &IssuesFilter,
    now: i64,
) -> Result<IssueFilter, Refused> {
    let mut filter = IssueFilter::new(env.id);
    filter.project = asked.project;
    filter.statuses = listed(asked.status.as_deref(), Status::parse, "status")?;
    filter.levels = listed(asked.level.as_deref(), Level::parse, "level")?;
    let text = |t: &str| Some(t.to_owned());
    filter.environments = listed(asked.environment.as_deref(), text, "environment")?;
    filter.frameworks = listed(asked.framework.as_deref(), text, "framework")?;
    filter.version.clone_from(&asked.version);
    filter.assigned = asked.owner.as_deref().map(|o| match o {
        "nobody" => Assigned::Nobody,
        name => Assigned::Owner(name.to_owned()),
    });
    for word in asked.q.as_deref().unwrap_or_default().split_whitespace() {
        match word.strip_prefix('#').and_then(|n| n.parse().ok()) {
            Some(counter) => filter.counter = Some(counter),
            None => filter.words.push(word.to_owned()),
        }
    }
    filter.last_since_ns = asked.within_s.map(|s| {
        let ns = i64::try_from(s)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000_000);
        now.saturating_sub(ns)
    });
    filter.sort = match asked.sort.as_deref() {
        None | Some("last") => IssueSort::Last,
        Some("first") => IssueSort::First,
        Some("count") => IssueSort::Total,
        Some("level") => IssueSort::Level,
        Some(other) => return Err(Refused::invalid(format!("`{other}` is no order"))),
    };
    filter.limit = crate::ask::limit(asked.limit, 50, 500)?;
    let page = asked.page.unwrap_or(1);
    if page == 0 {
        return Err(Refused::invalid("pages are counted from 1 on"));
    }
    filter.offset = (page - 1).saturating_mul(filter.limit);
    Ok(filter)
}

/// Issues of an environment, one page.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/issues", tag = "issues",
    params(("env" = String, Path, description = "Slug of the environment."), IssuesFilter), responses(
    (status = 200, body = Issues),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(api): State<Api>,
    Place(env): Place<String>,
    Search(asked): Search<IssuesFilter>,
) -> Result<axum::Json<Issues>, Refused> {
    let env = api.environment(&env)?;
    let issues = api.engine().issues();
    let filter = filter_of(&env, &asked, api.engine().now())?;
    let (page, total) = issues.list(&filter);
    let mut all = IssueFilter::new(env.id);
    all.limit = usize::MAX;
    let (all, _) = issues.list(&all);
    let environments: BTreeSet<_> = all.iter().map(|i| i.environment.clone()).collect();
    let owners: BTreeSet<_> = all.iter().filter_map(|i| i.owner.clone()).collect();
    let users = users(&api, &env, &page).await?;
    Ok(axum::Json(Issues {
        issues: page
            .iter()
            .map(|i| {
                let key = (i.environment.clone(), i.fingerprint.clone());
                Issue {
                    users_24h: Some(users.get(&key).copied().unwrap_or(0)),
                    ..issue_of(&api, i)
                }
            })
            .collect(),
        total: total as u64,
        environments: environments.into_iter().collect(),
        owners: owners.into_iter().collect(),
    }))
}

/// Distinct users of the last 24 hours, by the sender's environment and fingerprint.
async fn users(
    api: &Api,
    env: &EnvironmentInfo,
    page: &[Arc<engine::issues::Issue>],
) -> Result<HashMap<(String, String), u64>, Refused> {
    use engine::issues::columns::{ENVIRONMENT, FINGERPRINT};
    let now = api.engine().now();
    let fresh: BTreeSet<&str> = page
        .iter()
        .filter(|i| now - i.last.1 < i64::from(SPARKLINE) * HOUR_NS)
        .map(|i| &*i.fingerprint)
        .collect();
    if fresh.is_empty() {
        return Ok(HashMap::new());
    }
    let query = Query {
        calculations: vec![Calculation {
            op: Op::CountDistinct,
            column: Some("user.id".into()),
            name: Some("users".into()),
            filters: Vec::new(),
            filter_combination: Default::default(),
        }],
        filters: vec![Filter {
            column: FINGERPRINT.into(),
            op: FilterOp::In,
            value: Some(fresh.into_iter().collect::<Vec<_>>().into()),
        }],
        breakdowns: vec![ENVIRONMENT.into(), FINGERPRINT.into()],
        limit: Some(10_000),
        time_range: Some(86_400),
        ..Query::default()
    };
    let scope = Scope {
        env: env.id,
        dataset: None,
    };
    let limits = Limits {
        series: false,
        ..Limits::default()
    };
    let answer = api
        .engine()
        .querier()
        .run(&scope, &query, limits, None)
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        // No row has the field yet: then nobody was seen.
        Err(engine::query::Error::Invalid(_)) => return Ok(HashMap::new()),
        Err(e) => return Err(e.into()),
    };
    let mut out = HashMap::new();
    for row in &answer.results {
        if let (Some(Cell::Text(e)), Some(Cell::Text(f)), Some(Cell::Int(n))) =
            (row.get(ENVIRONMENT), row.get(FINGERPRINT), row.get("users"))
        {
            out.insert((e.clone(), f.clone()), n.unsigned_abs());
        }
    }
    Ok(out)
}

fn level(level: Level) -> IssueLevel {
    match level {
        Level::Debug => IssueLevel::Debug,
        Level::Info => IssueLevel::Info,
        Level::Warning => IssueLevel::Warning,
        Level::Error => IssueLevel::Error,
        Level::Critical => IssueLevel::Critical,
    }
}

fn status(status: Status) -> IssueStatus {
    match status {
        Status::Active => IssueStatus::Active,
        Status::Resolved => IssueStatus::Resolved,
        Status::Muted => IssueStatus::Muted,
        Status::Archived => IssueStatus::Archived,
    }
}

fn issue_of(api: &Api, i: &engine::issues::Issue) -> Issue {
    let now = api.engine().now();
    let project = api.engine().issues().project(i.env, i.project);
    Issue {
        id: i.id,
        counter: i.counter,
        project: i.project,
        project_name: project.map(|p| p.name.clone()).unwrap_or_default(),
        dataset: i.dataset.to_string(),
        environment: i.environment.clone(),
        title: i.title.clone(),
        latest_title: (i.latest_title != i.title).then(|| i.latest_title.clone()),
        context: i.context.clone(),
        level: level(i.level),
        status: status(i.status),
        resolved_in_version: i.resolved_in.clone(),
        reactivated: i.status == Status::Active && i.resolved_ns.is_some(),
        framework: i.framework.clone(),
        language: i.language.clone(),
        total: i.total,
        ever: i.ever,
        sparkline: i.sparkline(now, SPARKLINE),
        users_24h: None,
        first_ns: Nanos(i.first.1),
        last_ns: Nanos(i.last.1),
        first_version: i.first_version.clone(),
        last_version: i.last_version.clone(),
        last_occurrence: i.last.0,
        owner: i.owner.clone(),
        snoozed_until_ns: i.snoozed_until_ns.filter(|_| i.is_snoozed(now)).map(Nanos),
        fingerprint: i.fingerprint.clone(),
    }
}

fn find(api: &Api, env: &str, id: i64) -> Result<Arc<engine::issues::Issue>, Refused> {
    let env = api.environment(env)?;
    let found = api.engine().issues().issue(env.id, id);
    found.ok_or_else(|| Refused::not_found(format!("there is no issue {id}")))
}

/// An issue, its counts by hour and its past.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/issues/{id}", tag = "issues", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = i64, Path, description = "Number of the issue.")), responses(
    (status = 200, body = IssueDetail),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn issue(
    State(api): State<Api>,
    Place((env, id)): Place<(String, i64)>,
) -> Result<axum::Json<IssueDetail>, Refused> {
    let i = find(&api, &env, id)?;
    detail(&api, &i).await
}

async fn detail(api: &Api, i: &engine::issues::Issue) -> Result<axum::Json<IssueDetail>, Refused> {
    let id = i.id;
    let history = blocking(api, move |issues| issues.history(id)).await?;
    let mut timeline: Vec<IssueEvent> = history
        .into_iter()
        .map(|h| IssueEvent {
            at_ns: Nanos(h.at_ns),
            actor: h.actor,
            what: h.what,
            detail: h.detail,
        })
        .collect();
    timeline.push(IssueEvent {
        at_ns: Nanos(i.first.1),
        actor: "system".into(),
        what: "first_seen".into(),
        detail: i.first_version.clone().unwrap_or_default(),
    });
    let deploys = api.engine().issues().deploys(i.project);
    let since = i.first.1 - i64::from(SPARKLINE) * HOUR_NS;
    let own = deploys
        .iter()
        .filter(|d| d.environment == i.environment && d.started_ns >= since);
    timeline.extend(own.take(100).map(|d| {
        IssueEvent {
            at_ns: Nanos(d.started_ns),
            actor: d
                .local_username
                .clone()
                .or_else(|| d.username.clone())
                .unwrap_or_default(),
            what: "deploy".into(),
            detail: d.revision.clone(),
        }
    }));
    timeline.sort_by_key(|e| std::cmp::Reverse(e.at_ns));
    let hours = i.hours.iter().map(|(hour, count)| HourCount {
        start_ns: Nanos(i64::from(*hour) * HOUR_NS),
        count: *count,
    });
    Ok(axum::Json(IssueDetail {
        issue: issue_of(api, i),
        hours: hours.collect(),
        timeline,
    }))
}

/// Changes an issue.
#[utoipa::path(patch, path = "/foursight/v1/environments/{env}/issues/{id}", tag = "issues", request_body = IssueChange, params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = i64, Path, description = "Number of the issue.")), responses(
    (status = 200, body = IssueDetail),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(api): State<Api>,
    Place((env, id)): Place<(String, i64)>,
    Body(asked): Body<IssueChange>,
) -> Result<axum::Json<IssueDetail>, Refused> {
    find(&api, &env, id)?;
    let now = api.engine().now();
    let change = change_of(asked, now)?;
    if change == Change::default() {
        return Err(Refused::invalid("there is nothing to change"));
    }
    let changed = blocking(&api, move |i| i.change(id, &change, "owner", now)).await?;
    detail(&api, &changed).await
}

fn change_of(asked: IssueChange, now: i64) -> Result<Change, Refused> {
    let text = |what: &str, text: Option<String>, limit: usize| match text {
        Some(t) if t.trim().is_empty() || t.chars().count() > limit => Err(Refused::invalid(
            format!("{what} has 1 to {limit} characters"),
        )),
        other => Ok(other),
    };
    let resolved_in = text("resolved_in_version", asked.resolved_in_version, 40)?;
    if resolved_in.is_some() && asked.status != Some(IssueStatus::Resolved) {
        return Err(Refused::invalid("resolved_in_version goes with `resolved`"));
    }
    Ok(Change {
        status: asked.status.map(|s| match s {
            IssueStatus::Active => Status::Active,
            IssueStatus::Resolved => Status::Resolved,
            IssueStatus::Muted => Status::Muted,
            IssueStatus::Archived => Status::Archived,
        }),
        resolved_in,
        level: asked.level.map(|l| match l {
            IssueLevel::Debug => Level::Debug,
            IssueLevel::Info => Level::Info,
            IssueLevel::Warning => Level::Warning,
            IssueLevel::Error => Level::Error,
            IssueLevel::Critical => Level::Critical,
        }),
        title: text("title", asked.title, 255)?,
        assigned_user: None,
        owner: asked.owner.map(|o| {
            let name: String = o.trim().chars().take(255).collect();
            (!name.is_empty()).then_some(name)
        }),
        snoozed_until_ns: asked.snooze_s.map(|s| {
            let ns = i64::try_from(s)
                .unwrap_or(i64::MAX)
                .saturating_mul(1_000_000_000);
            (s > 0).then(|| now.saturating_add(ns))
        }),
    })
}

/// Occurrences of an issue, the greatest number first.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/issues/{id}/occurrences", tag = "issues", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = i64, Path, description = "Number of the issue."), OccurrencesFilter), responses(
    (status = 200, body = Occurrences),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn occurrences(
    State(api): State<Api>,
    Place((env, id)): Place<(String, i64)>,
    Search(asked): Search<OccurrencesFilter>,
) -> Result<axum::Json<Occurrences>, Refused> {
    find(&api, &env, id)?;
    let limit = crate::ask::limit(asked.limit, 50, 1_000)?;
    let of = Of::Issue(id);
    let list = blocking(&api, move |i| i.occurrences(of, asked.before, 0, limit)).await?;
    let refs = list.iter().map(|s| OccurrenceRef {
        id: s.id,
        ts_ns: Nanos(s.ts_ns),
        event_id: EventId(s.identity).to_string(),
    });
    Ok(axum::Json(Occurrences {
        occurrences: refs.collect(),
    }))
}

/// One occurrence, whole; `latest` and `first` are taken for a number.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/issues/{id}/occurrences/{occurrence}", tag = "issues", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = i64, Path, description = "Number of the issue."),
    ("occurrence" = String, Path, description = "Number of the occurrence, `latest` or `first`.")), responses(
    (status = 200, body = Occurrence),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn occurrence(
    State(api): State<Api>,
    Place((env, id, occurrence)): Place<(String, i64, String)>,
) -> Result<axum::Json<Occurrence>, Refused> {
    let i = find(&api, &env, id)?;
    let number = match occurrence.as_str() {
        "latest" => i.last.0,
        "first" => i.first.0,
        text => text
            .parse()
            .map_err(|_| Refused::invalid(format!("`{text}` is no number of an occurrence")))?,
    };
    let missing = || Refused::not_found(format!("issue {id} has no occurrence {number}"));
    let (seen, previous, next) = blocking(&api, move |issues| {
        let seen = issues.seen_as(number)?;
        let previous = issues.occurrences(Of::Issue(id), Some(number), 0, 1)?;
        let next = issues.next_occurrence_of(id, number)?;
        Ok((seen, previous.first().map(|s| s.id), next))
    })
    .await?;
    let seen: Seen = seen.filter(|s| s.issue == id).ok_or_else(missing)?;
    let event_id = EventId(seen.identity);
    let documents = api
        .engine()
        .querier()
        .documents(
            i.env,
            TableKind::Errors,
            &i.dataset,
            vec![(seen.ts_ns, event_id)],
        )
        .await?;
    let raw = documents.into_iter().next().flatten();
    let mut out = payload::occurrence(raw.as_deref());
    out.id = seen.id;
    out.issue = id;
    out.ts_ns = Nanos(seen.ts_ns);
    out.event_id = event_id.to_string();
    out.previous = previous;
    out.next = next;
    out.raw = raw;
    let query = Query {
        filters: vec![Filter {
            column: engine::issues::columns::OCCURRENCE_ID.into(),
            op: FilterOp::Eq,
            value: Some(seen.id.into()),
        }],
        start_time: Some((seen.ts_ns.div_euclid(1_000_000_000) - 1) as f64),
        end_time: Some((seen.ts_ns.div_euclid(1_000_000_000) + 2) as f64),
        ..Query::default()
    };
    let scope = Scope {
        env: i.env,
        dataset: Some(i.dataset.to_string()),
    };
    let rows = api.engine().querier().rows(&scope, &query, 1).await?;
    if let Some(row) = rows.rows.first() {
        let text = |name: &str| match row.get(name) {
            Some(Cell::Text(s)) => Some(s.clone()),
            _ => None,
        };
        out.title = text("name").unwrap_or_default();
        out.trace_id = text("trace.trace_id");
        out.span_id = text("trace.parent_id");
    }
    Ok(axum::Json(out))
}
