//! `/1/auth`, `/1/datasets`, `/1/columns`.

use crate::call::{self, Call};
use crate::error::{Fail, Fault};
use crate::render;
use axum::response::Response;
use engine::query::Scope;
use engine::{
    ColumnInfo, ColumnUpdate, DatasetInfo, DatasetKind, DatasetUpdate, Grant, KeyKind, Permission,
};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Types a column can be told to have.
const COLUMN_TYPES: [&str; 5] = ["string", "float", "integer", "boolean", "histogram"];

/// Which environment a key belongs to, and what it may do.
pub(crate) fn auth(call: &Call) -> Result<Response, Fail> {
    let grant = call.admit(Permission::Identify)?;
    let key = grant.key();
    let has = |p| key.permissions.has(p);
    let (prefix, kind) = match key.kind {
        KeyKind::Ingest | KeyKind::Project => ("hcxik", "ingest"),
        KeyKind::Configuration | KeyKind::Personal | KeyKind::Signing => ("hcxlk", "configuration"),
    };
    // A classic key has no environment: clients tell one by its shape, and expect this of it.
    let (name, slug) = match call.secret().is_some_and(is_classic) {
        true => ("", ""),
        false => (
            grant.environment().name.as_str(),
            grant.environment().slug.as_str(),
        ),
    };
    let create = has(Permission::CreateDatasets);
    let body = json!({
        "id": format!("{prefix}_{}", key.id),
        "type": kind,
        "api_key_access": {
            "events": has(Permission::SendEvents),
            "queries": has(Permission::RunQueries),
            "columns": has(Permission::ManageColumns),
            // The description says camel case, the vendor's Go client reads the other.
            "createDatasets": create,
            "create_datasets": create,
            "markers": false,
            "triggers": false,
            "boards": false,
            "slos": false,
            "recipients": false,
            "privateBoards": false,
        },
        "environment": {"name": name, "slug": slug},
        "team": {"name": "Foursight", "slug": "foursight"},
    });
    Ok(call::json(StatusCode::OK, &body))
}

/// Whether clients take a key of this shape for a classic one (honeycomb.md §0).
fn is_classic(secret: &str) -> bool {
    let hex = |s: &str| s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let lower = |s: &str| {
        s.bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
    };
    match secret.as_bytes() {
        b if b.len() == 32 => hex(secret),
        [b'h', b'c', b'a'..=b'z', b'i', b'c', b'_', ..] if secret.len() == 64 => {
            secret.get(6..).is_some_and(lower)
        }
        _ => false,
    }
}

fn admit_reading(call: &Call) -> Result<Grant, Fail> {
    let grant = call.admit(Permission::Identify)?;
    if grant.key().permissions.has(Permission::ManageColumns) {
        return Ok(grant);
    }
    // Noted as a refusal when neither is there.
    call.admit(Permission::RunQueries)
}

/// Number of columns that data brought, by dataset.
fn column_counts(call: &Call, grant: &Grant) -> BTreeMap<Arc<str>, usize> {
    let mut counts = BTreeMap::new();
    for stat in call.engine().fields_seen(grant.env()) {
        *counts.entry(stat.dataset).or_default() += 1;
    }
    counts
}

fn dataset_json(d: &DatasetInfo, columns: &BTreeMap<Arc<str>, usize>) -> Value {
    json!({
        "name": d.name,
        "slug": &*d.slug,
        "description": d.description,
        "expand_json_depth": d.expand_json_depth,
        "settings": {"delete_protected": d.delete_protected},
        "regular_columns_count": columns.get(&d.slug).copied().unwrap_or(0),
        "last_written_at": d.last_written_ns.and_then(render::time),
        "created_at": render::time(d.created_ns),
    })
}

fn answer_dataset(call: &Call, grant: &Grant, status: StatusCode, d: &DatasetInfo) -> Response {
    call::json(status, &dataset_json(d, &column_counts(call, grant)))
}

pub(crate) fn list_datasets(call: &Call) -> Result<Response, Fail> {
    let grant = admit_reading(call)?;
    let all = call.engine().catalog().datasets(grant.env());
    let counts = column_counts(call, &grant);
    let list: Vec<_> = all
        .iter()
        .filter(|d| grant.key().may_use(&d.slug))
        .map(|d| dataset_json(d, &counts))
        .collect();
    Ok(call::json(StatusCode::OK, &list.into()))
}

pub(crate) fn get_dataset(call: &Call, slug: &str) -> Result<Response, Fail> {
    let grant = admit_reading(call)?;
    let info = call.dataset(&grant, slug)?;
    Ok(answer_dataset(call, &grant, StatusCode::OK, &info))
}

/// 201, or 200 with the one that is there.
pub(crate) async fn create_dataset(call: &mut Call) -> Result<Response, Fail> {
    let grant = call.admit(Permission::CreateDatasets)?;
    let body = call.json().await?;
    let members = object(&body)?;
    let mut faults = Vec::new();
    let name = text(members, "name", 255, &mut faults).unwrap_or_default();
    if name.trim().is_empty() && faults.is_empty() {
        faults.push(fault("name", "missing", "cannot be blank"));
    }
    let update = update_of(members, &mut faults);
    if !faults.is_empty() {
        return Err(Fail::fields(faults));
    }
    let catalog = call.engine().catalog();
    let now = call.engine().now();
    let (info, made) = catalog.create_dataset(grant.env(), &name, DatasetKind::Events, now)?;
    if !made {
        return Ok(answer_dataset(call, &grant, StatusCode::OK, &info));
    }
    let info = catalog.update_dataset(grant.env(), &info.slug, update)?;
    Ok(answer_dataset(call, &grant, StatusCode::CREATED, &info))
}

/// What is left out goes back to its default, save for the protection.
pub(crate) async fn update_dataset(call: &mut Call, slug: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::ManageColumns)?;
    let info = call.dataset(&grant, slug)?;
    let body = call.json().await?;
    let mut faults = Vec::new();
    let mut update = update_of(object(&body)?, &mut faults);
    if !faults.is_empty() {
        return Err(Fail::fields(faults));
    }
    update.description.get_or_insert_default();
    update.expand_json_depth.get_or_insert_default();
    let catalog = call.engine().catalog();
    let info = catalog.update_dataset(grant.env(), &info.slug, update)?;
    Ok(answer_dataset(call, &grant, StatusCode::OK, &info))
}

pub(crate) async fn delete_dataset(call: &mut Call, slug: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::ManageColumns)?;
    let info = call.dataset(&grant, slug)?;
    let engine = call.engine().clone();
    let env = grant.env();
    // The store syncs its tombstone: disk work.
    tokio::task::spawn_blocking(move || engine.delete_dataset(env, &info.slug))
        .await
        .map_err(|e| {
            tracing::error!(error = %e, "deleting a dataset");
            Fail::problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the dataset was not deleted",
            )
        })??;
    Ok(call::json(StatusCode::ACCEPTED, &json!({})))
}

/// One column as the vendor shows it.
struct Column {
    key: String,
    ty: String,
    description: String,
    hidden: bool,
    last_written_ns: i64,
    created_ns: i64,
    updated_ns: i64,
}

impl Column {
    fn id(&self, dataset: &str) -> String {
        ColumnInfo::id_of(dataset, &self.key)
    }

    fn json(&self, dataset: &str) -> Value {
        json!({
            "id": self.id(dataset),
            "key_name": self.key,
            "type": self.ty,
            "description": self.description,
            "hidden": self.hidden,
            "last_written": render::time(self.last_written_ns),
            "created_at": render::time(self.created_ns),
            "updated_at": render::time(self.updated_ns),
        })
    }
}

/// Columns that data brought, as people describe them, and those made by hand; by name.
fn columns(
    call: &Call,
    grant: &Grant,
    dataset: &DatasetInfo,
) -> Result<BTreeMap<String, Column>, Fail> {
    let engine = call.engine();
    let mut out = BTreeMap::new();
    let scope = Scope {
        env: grant.env(),
        dataset: Some(dataset.slug.to_string()),
    };
    for field in engine.querier().fields(&scope) {
        let last = match field.last_seen_ns {
            0 => dataset.last_written_ns.unwrap_or(dataset.created_ns),
            seen => seen,
        };
        let column = Column {
            ty: field.types.first().copied().unwrap_or("string").to_owned(),
            description: String::new(),
            hidden: false,
            last_written_ns: last,
            created_ns: dataset.created_ns,
            updated_ns: dataset.created_ns,
            key: field.name,
        };
        out.insert(column.key.clone(), column);
    }
    for stat in engine.fields_seen(grant.env()) {
        if stat.dataset == dataset.slug
            && let Some(column) = out.get_mut(&*stat.key)
        {
            column.created_ns = stat.first_seen;
            column.updated_ns = stat.first_seen;
        }
    }
    for said in engine.catalog().columns(grant.env(), &dataset.slug)? {
        let seen = out.get(&said.key).map(|c| c.last_written_ns);
        if said.deleted && seen.is_none_or(|at| at <= said.updated_ns) {
            out.remove(&said.key);
            continue;
        }
        if said.deleted {
            continue;
        }
        let created_ns = out
            .get(&said.key)
            .map_or(said.created_ns, |c| c.created_ns.min(said.created_ns));
        let column = Column {
            ty: said.ty,
            description: said.description,
            hidden: said.hidden,
            last_written_ns: seen.unwrap_or(said.updated_ns),
            created_ns,
            updated_ns: said.updated_ns,
            key: said.key,
        };
        out.insert(column.key.clone(), column);
    }
    Ok(out)
}

/// Every name a question over the dataset may use.
pub(crate) fn column_names(
    call: &Call,
    grant: &Grant,
    dataset: &DatasetInfo,
) -> Result<impl Iterator<Item = String>, Fail> {
    Ok(columns(call, grant, dataset)?.into_keys())
}

/// `?key_name=x` answers one object.
pub(crate) fn list_columns(call: &Call, slug: &str) -> Result<Response, Fail> {
    let grant = admit_reading(call)?;
    let dataset = call.dataset(&grant, slug)?;
    let all = columns(call, &grant, &dataset)?;
    let body = match query_value(call, "key_name") {
        Some(name) => all
            .get(&name)
            .ok_or_else(|| Fail::not_found("Column"))?
            .json(&dataset.slug),
        None => all.values().map(|c| c.json(&dataset.slug)).collect(),
    };
    Ok(call::json(StatusCode::OK, &body))
}

fn query_value(call: &Call, name: &str) -> Option<String> {
    let pairs = call.parts.uri.query()?.split('&');
    let mut values = pairs.filter_map(|p| p.split_once('='));
    let (_, value) = values.find(|(key, _)| *key == name)?;
    let value = value.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&value);
    Some(decoded.decode_utf8_lossy().into_owned())
}

fn find(call: &Call, grant: &Grant, dataset: &DatasetInfo, id: &str) -> Result<Column, Fail> {
    if id.len() != 11 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Fail::problem(
            StatusCode::BAD_REQUEST,
            "invalid column id: 11 letters and digits",
        ));
    }
    columns(call, grant, dataset)?
        .into_values()
        .find(|c| c.id(&dataset.slug) == id)
        .ok_or_else(|| Fail::not_found("Column"))
}

pub(crate) fn get_column(call: &Call, slug: &str, id: &str) -> Result<Response, Fail> {
    let grant = admit_reading(call)?;
    let dataset = call.dataset(&grant, slug)?;
    let column = find(call, &grant, &dataset, id)?;
    Ok(call::json(StatusCode::OK, &column.json(&dataset.slug)))
}

pub(crate) async fn create_column(call: &mut Call, slug: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::ManageColumns)?;
    let dataset = call.dataset(&grant, slug)?;
    let body = call.json().await?;
    let members = object(&body)?;
    let mut faults = Vec::new();
    let key = text(members, "key_name", 255, &mut faults).unwrap_or_default();
    if key.is_empty() && faults.is_empty() {
        faults.push(fault("key_name", "missing", "cannot be blank"));
    }
    let update = describe(members, None, &mut faults);
    if !faults.is_empty() {
        return Err(Fail::fields(faults));
    }
    if columns(call, &grant, &dataset)?.contains_key(&key) {
        return Err(Fail::problem(
            StatusCode::CONFLICT,
            format!("the column {key} exists"),
        ));
    }
    save_column(call, &grant, &dataset, &key, &update, StatusCode::CREATED)
}

pub(crate) async fn update_column(call: &mut Call, slug: &str, id: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::ManageColumns)?;
    let dataset = call.dataset(&grant, slug)?;
    let column = find(call, &grant, &dataset, id)?;
    let body = call.json().await?;
    let members = object(&body)?;
    let mut faults = Vec::new();
    if members
        .get("key_name")
        .is_some_and(|k| k.as_str() != Some(&column.key))
    {
        faults.push(fault("key_name", "invalid", "cannot be changed"));
    }
    let update = describe(members, Some(&column), &mut faults);
    if !faults.is_empty() {
        return Err(Fail::fields(faults));
    }
    save_column(call, &grant, &dataset, &column.key, &update, StatusCode::OK)
}

pub(crate) fn delete_column(call: &Call, slug: &str, id: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::ManageColumns)?;
    let dataset = call.dataset(&grant, slug)?;
    let column = find(call, &grant, &dataset, id)?;
    let gone = ColumnUpdate {
        ty: column.ty,
        description: column.description,
        hidden: column.hidden,
        deleted: true,
    };
    let engine = call.engine();
    let now = engine.now();
    engine
        .catalog()
        .describe_column(grant.env(), &dataset.slug, &column.key, &gone, now)?;
    Ok(call::empty(StatusCode::NO_CONTENT))
}

fn save_column(
    call: &Call,
    grant: &Grant,
    dataset: &DatasetInfo,
    key: &str,
    update: &ColumnUpdate,
    status: StatusCode,
) -> Result<Response, Fail> {
    let engine = call.engine();
    let now = engine.now();
    engine
        .catalog()
        .describe_column(grant.env(), &dataset.slug, key, update, now)?;
    let all = columns(call, grant, dataset)?;
    let column = all.get(key).ok_or_else(|| Fail::not_found("Column"))?;
    Ok(call::json(status, &column.json(&dataset.slug)))
}

type Members = serde_json::Map<String, Value>;

pub(crate) fn object(body: &Value) -> Result<&Members, Fail> {
    body.as_object()
        .ok_or_else(|| Fail::unparseable("an object is expected"))
}

pub(crate) fn fault(
    field: impl Into<String>,
    code: &'static str,
    description: impl Into<String>,
) -> Fault {
    Fault {
        field: field.into(),
        code,
        description: description.into(),
    }
}

/// A text member; absent and null are none.
fn text(members: &Members, name: &str, limit: usize, faults: &mut Vec<Fault>) -> Option<String> {
    match members.get(name)? {
        Value::Null => None,
        Value::String(s) if s.len() <= limit => Some(s.clone()),
        Value::String(_) => {
            faults.push(fault(name, "invalid", format!("at most {limit} bytes")));
            None
        }
        _ => {
            faults.push(fault(name, "incorrect_type", "must be a string"));
            None
        }
    }
}

fn boolean(members: &Members, name: &str, faults: &mut Vec<Fault>) -> Option<bool> {
    match members.get(name)? {
        Value::Null => None,
        Value::Bool(b) => Some(*b),
        _ => {
            faults.push(fault(name, "incorrect_type", "must be true or false"));
            None
        }
    }
}

fn update_of(members: &Members, faults: &mut Vec<Fault>) -> DatasetUpdate {
    let expand_json_depth = match members.get("expand_json_depth") {
        None | Some(Value::Null) => None,
        Some(depth) => match depth.as_u64().and_then(|d| u8::try_from(d).ok()) {
            Some(depth @ 0..=10) => Some(depth),
            _ => {
                faults.push(fault("expand_json_depth", "invalid", "must be 0 to 10"));
                None
            }
        },
    };
    let delete_protected = match members.get("settings") {
        Some(Value::Object(settings)) => boolean(settings, "delete_protected", faults),
        _ => None,
    };
    DatasetUpdate {
        description: text(members, "description", 1_024, faults),
        expand_json_depth,
        delete_protected,
    }
}

/// A description; what is left out stays as it is, or gets its default.
fn describe(members: &Members, old: Option<&Column>, faults: &mut Vec<Fault>) -> ColumnUpdate {
    let ty = text(members, "type", 255, faults);
    if let Some(ty) = ty.as_deref()
        && !COLUMN_TYPES.contains(&ty)
    {
        let types = COLUMN_TYPES.join(", ");
        faults.push(fault("type", "invalid", format!("must be one of {types}")));
    }
    let description = text(members, "description", 255, faults);
    let hidden = boolean(members, "hidden", faults);
    ColumnUpdate {
        ty: ty
            .or_else(|| old.map(|c| c.ty.clone()))
            .unwrap_or_else(|| "string".to_owned()),
        description: description
            .or_else(|| old.map(|c| c.description.clone()))
            .unwrap_or_default(),
        hidden: hidden.or(old.map(|c| c.hidden)).unwrap_or_default(),
        deleted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_classic;

    #[test]
    fn classic_keys_are_told_by_their_shape() {
        assert!(is_classic("0123456789abcdef0123456789abcdef"));
        assert!(is_classic(&format!("hcaic_{}", "z9".repeat(29))));
        assert!(!is_classic("0123456789ABCDEF0123456789abcdef"));
        assert!(!is_classic("fsdevconfigkey00000000"));
        assert!(!is_classic(&format!("hcaik_{}", "z9".repeat(29))));
    }
}
