//! Session, environments, datasets, keys, links, health.

use crate::Api;
use crate::error::Refused;
use crate::error::extract::{Body, Place};
use crate::guard;
use crate::wire::admin::{
    Dataset, Datasets, DevKeys, Environment, Environments, Health, HealthReason, HealthState, Key,
    KeyKind, KeyMade, KeyUsage, Keys, Link, NewEnvironment, NewKey, NewLink, Session, WhoAmI,
};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use engine::catalog::{self, Color, DatasetInfo, EnvironmentInfo, KeyInfo};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

impl Api {
    /// The environment with that slug.
    pub(crate) fn environment(&self, slug: &str) -> Result<Arc<EnvironmentInfo>, Refused> {
        let found = self.engine().catalog().environment_by_slug(slug);
        found.ok_or_else(|| Refused::not_found(format!("there is no environment `{slug}`")))
    }
}

fn environment(info: &EnvironmentInfo) -> Environment {
    Environment {
        slug: info.slug.clone(),
        name: info.name.clone(),
        color: info.color.as_str().to_owned(),
        created_ns: Nanos(info.created_ns),
    }
}

fn dataset(info: &DatasetInfo) -> Dataset {
    Dataset {
        slug: info.slug.to_string(),
        name: info.name.to_string(),
        kind: info.kind.as_str().to_owned(),
        created_ns: Nanos(info.created_ns),
        last_written_ns: info.last_written_ns.map(Nanos),
        rows: info.rows,
    }
}

fn key(info: &KeyInfo) -> Key {
    Key {
        id: info.id.clone(),
        kind: match info.kind {
            catalog::KeyKind::Ingest => KeyKind::Ingest,
            catalog::KeyKind::Configuration => KeyKind::Configuration,
            catalog::KeyKind::Personal => KeyKind::Personal,
            catalog::KeyKind::Signing => KeyKind::Signing,
            catalog::KeyKind::Project => KeyKind::Project,
        },
        name: info.name.clone(),
        prefix: info.prefix.to_string(),
        signing_id: info.signing_id.clone(),
        permissions: info
            .permissions
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        datasets: info.datasets.clone(),
        created_ns: Nanos(info.created_ns),
        last_used_ns: info.last_used_ns.map(Nanos),
        revoked_ns: info.revoked_ns.map(Nanos),
        usage: None,
    }
}

/// What came with a key, as far as Arrivals kept it.
fn usage(api: &Api, env: &EnvironmentInfo, info: &KeyInfo) -> KeyUsage {
    let told = api.engine().arrivals().key_use(env.id, &info.prefix);
    KeyUsage {
        taken: told.counts.stored + told.counts.merged,
        days: told.days.to_vec(),
        days_since_ns: Nanos(told.days_since_ns),
    }
}

fn health_of(api: &Api) -> Health {
    let health = api.engine().health();
    Health {
        state: match health.state {
            engine::HealthState::Ok => HealthState::Ok,
            engine::HealthState::Degraded => HealthState::Degraded,
            engine::HealthState::ReadOnly => HealthState::ReadOnly,
            engine::HealthState::Failing => HealthState::Failing,
        },
        reasons: health
            .reasons
            .iter()
            .map(|r| HealthReason {
                code: r.code().to_owned(),
                text: r.text().to_owned(),
                fix: r.fix().to_owned(),
            })
            .collect(),
    }
}

/// What a client needs to know first. Needs no token, and then names nothing.
#[utoipa::path(get, path = "/foursight/v1/session", tag = "server", responses((status = 200, body = Session)))]
pub(crate) async fn session(State(api): State<Api>, headers: HeaderMap) -> axum::Json<Session> {
    let (config, authorized) = (api.config(), guard::authorized(&api, &headers));
    let environments = match authorized {
        true => api
            .engine()
            .catalog()
            .environments()
            .iter()
            .map(|e| environment(e))
            .collect(),
        false => Vec::new(),
    };
    let mut health = health_of(&api);
    if !authorized {
        health.reasons.clear(); // may name paths
    }
    axum::Json(Session {
        dev: api.engine().is_dev(),
        token_required: !api.engine().is_dev() && !config.is_owner,
        authorized,
        version: config.version.to_owned(),
        now_ns: Nanos(api.engine().now()),
        environments,
        listen: authorized.then(|| config.listen.clone()),
        health,
        dev_keys: api.engine().is_dev().then(|| DevKeys {
            ingest: engine::dev::INGEST_KEY.to_owned(),
            configuration: engine::dev::CONFIGURATION_KEY.to_owned(),
            signing_id: engine::dev::SIGNING_KEY_ID.to_owned(),
            signing_secret: engine::dev::SIGNING_SECRET.to_owned(),
            project_token: engine::dev::PROJECT_TOKEN.to_owned(),
        }),
    })
}

/// Health of the server. Reasons are told only with the token.
#[utoipa::path(get, path = "/foursight/v1/health", tag = "server", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(api): State<Api>, headers: HeaderMap) -> axum::Json<Health> {
    let mut health = health_of(&api);
    if !guard::authorized(&api, &headers) {
        health.reasons.clear();
    }
    axum::Json(health)
}

/// All environments, oldest first.
#[utoipa::path(get, path = "/foursight/v1/environments", tag = "environments", responses((status = 200, body = Environments)))]
pub(crate) async fn environments(State(api): State<Api>) -> axum::Json<Environments> {
    axum::Json(Environments {
        environments: api
            .engine()
            .catalog()
            .environments()
            .iter()
            .map(|e| environment(e))
            .collect(),
    })
}

/// Makes an environment.
#[utoipa::path(post, path = "/foursight/v1/environments", tag = "environments", request_body = NewEnvironment, responses(
    (status = 201, body = Environment),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn new_environment(
    State(api): State<Api>,
    Body(new): Body<NewEnvironment>,
) -> Result<(StatusCode, axum::Json<Environment>), Refused> {
    let color = match new.color.as_deref() {
        Some(name) => Some(Color::parse(name).ok_or_else(|| {
            let all = Color::ALL.map(Color::as_str).join(", ");
            Refused::invalid(format!("color is one of {all}, not `{name}`"))
        })?),
        None => None,
    };
    let engine = api.engine();
    let made = engine
        .catalog()
        .create_environment(&new.name, color, engine.now())?;
    Ok((StatusCode::CREATED, axum::Json(environment(&made))))
}

/// The datasets of an environment, by slug.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/datasets", tag = "schema",
    params(("env" = String, Path, description = "Slug of the environment.")), responses(
    (status = 200, body = Datasets),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn datasets(
    State(api): State<Api>,
    Place(env): Place<String>,
) -> Result<axum::Json<Datasets>, Refused> {
    let env = api.environment(&env)?;
    Ok(axum::Json(Datasets {
        datasets: api
            .engine()
            .catalog()
            .datasets(env.id)
            .iter()
            .map(dataset)
            .collect(),
    }))
}

/// The keys of an environment, newest first, without their secrets.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/keys", tag = "environments",
    params(("env" = String, Path, description = "Slug of the environment.")), responses(
    (status = 200, body = Keys),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn keys(
    State(api): State<Api>,
    Place(env): Place<String>,
) -> Result<axum::Json<Keys>, Refused> {
    let env = api.environment(&env)?;
    Ok(axum::Json(Keys {
        keys: api
            .engine()
            .catalog()
            .keys(Some(env.id))
            .iter()
            .map(|info| Key {
                usage: Some(usage(&api, &env, info)),
                ..key(info)
            })
            .collect(),
    }))
}

/// Makes a key. Its secret is told this once. It works at once.
#[utoipa::path(post, path = "/foursight/v1/environments/{env}/keys", tag = "environments", request_body = NewKey,
    params(("env" = String, Path, description = "Slug of the environment.")), responses(
    (status = 201, body = KeyMade),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn new_key(
    State(api): State<Api>,
    Place(env): Place<String>,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, axum::Json<KeyMade>), Refused> {
    let env = api.environment(&env)?;
    let kind = match new.kind {
        KeyKind::Ingest => catalog::KeyKind::Ingest,
        KeyKind::Configuration => catalog::KeyKind::Configuration,
        KeyKind::Signing => catalog::KeyKind::Signing,
        KeyKind::Project => catalog::KeyKind::Project,
        KeyKind::Personal => {
            return Err(Refused::invalid(
                "keys made here are `ingest`, `configuration`, `signing` or `project`",
            ));
        }
    };
    let engine = api.engine();
    let mut key_of = catalog::NewKey::new(env.id, kind, &new.name);
    key_of.secret = new.secret;
    key_of.signing_id = new.signing_id;
    key_of.datasets = new.datasets;
    match (kind, &new.project, &new.scopes) {
        (catalog::KeyKind::Project, Some(project), scopes) => {
            let project = engine
                .issues()
                .ensure_project(env.id, project, engine.now())?;
            key_of.datasets = Some(vec![project.dataset.to_string()]);
            if let Some(scopes) = scopes {
                key_of.permissions = Some(crate::issues::scopes(scopes)?);
            }
        }
        (catalog::KeyKind::Project, None, _) => {
            return Err(Refused::invalid(
                "a token belongs to a project: give its name as `project`",
            ));
        }
        (_, None, None) => {}
        _ => {
            return Err(Refused::invalid(
                "`project` and `scopes` go with the kind `project`",
            ));
        }
    }
    let made = engine.catalog().create_key(key_of, engine.now())?;
    let made = KeyMade {
        key: key(&made.info),
        secret: made.secret,
    };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Revokes a key, for good. It stops working at once.
#[utoipa::path(delete, path = "/foursight/v1/environments/{env}/keys/{id}", tag = "environments", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = String, Path, description = "The key's id.")), responses(
    (status = 200, body = Key),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke_key(
    State(api): State<Api>,
    Place((env, id)): Place<(String, String)>,
) -> Result<axum::Json<Key>, Refused> {
    let (engine, info) = (api.engine(), api.environment(&env)?);
    let own = engine.catalog().keys(Some(info.id));
    if !own.iter().any(|k| k.id == id) {
        return Err(Refused::not_found(format!(
            "environment `{env}` has no key `{id}`"
        )));
    }
    let revoked = engine.catalog().revoke_key(&id, engine.now())?;
    Ok(axum::Json(key(&revoked)))
}

/// Tells to whom the key in the header `x-honeycomb-team` belongs.
#[utoipa::path(get, path = "/foursight/v1/whoami", tag = "environments",
    params(("x-honeycomb-team" = String, Header, description = "The key.")), responses(
    (status = 200, body = WhoAmI),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn whoami(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<axum::Json<WhoAmI>, Refused> {
    let secret = headers
        .get("x-honeycomb-team")
        .and_then(|v| v.to_str().ok())
        .ok_or_else(|| Refused::invalid("the key belongs in the header x-honeycomb-team"))?;
    let found = api.engine().identify(secret.trim());
    let (env, info) = found.ok_or_else(|| Refused::not_found("no environment has this key"))?;
    Ok(axum::Json(WhoAmI {
        environment: environment(&env),
        key: key(&info),
    }))
}

/// Keeps a place in the UI under a short link. The same place has the same link.
#[utoipa::path(post, path = "/foursight/v1/links", tag = "links", request_body = NewLink, responses(
    (status = 201, body = Link),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn new_link(
    State(api): State<Api>,
    Body(new): Body<NewLink>,
) -> Result<(StatusCode, axum::Json<Link>), Refused> {
    let (engine, env) = (api.engine(), api.environment(&new.env)?);
    let id = engine
        .catalog()
        .create_link(env.id, &new.path, engine.now())?;
    let link = Link {
        id,
        env: env.slug.clone(),
        path: new.path,
    };
    Ok((StatusCode::CREATED, axum::Json(link)))
}

/// The place behind a short link.
#[utoipa::path(get, path = "/foursight/v1/links/{id}", tag = "links",
    params(("id" = String, Path, description = "As in `/l/<id>`.")), responses(
    (status = 200, body = Link),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn link(
    State(api): State<Api>,
    Place(id): Place<String>,
) -> Result<axum::Json<Link>, Refused> {
    let catalog = api.engine().catalog();
    let found = catalog
        .link(&id)?
        .and_then(|(env, path)| Some((catalog.environment(env)?, path)));
    let (env, path) =
        found.ok_or_else(|| Refused::not_found(format!("there is no link `{id}`")))?;
    Ok(axum::Json(Link {
        id,
        env: env.slug.clone(),
        path,
    }))
}
