//! §1: Honeycomb, by OpenTelemetry.

use super::stage::{FAILURES, Stage, cli, text};
use super::{Check, Sdk, heatmap};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

const O: &[Sdk] = &[Sdk::OpenTelemetry];
pub(super) const NAME: &str = "backend-flask";

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "1.1",
        does: "OTEL_SERVICE_NAME is backend-flask, unchanged",
        shows: "the dataset and service.name backend-flask",
        needs: O,
        look: service_name,
    },
    Check {
        id: "1.2",
        does: "OTEL_EXPORTER_OTLP_ENDPOINT is Foursight's address",
        shows: "deliveries of the real exporter, taken",
        needs: O,
        look: endpoint,
    },
    Check {
        id: "1.3",
        does: "OTEL_EXPORTER_OTLP_HEADERS carries a Foursight key",
        shows: "the key's prefix and environment",
        needs: O,
        look: header,
    },
    Check {
        id: "1.4",
        does: "creates an environment in a colour and copies its key",
        shows: "the colour; the key shown once, listed by prefix, revocable",
        needs: &[],
        look: environment,
    },
    Check {
        id: "1.5",
        does: "refreshes /api/activities/home",
        shows: "a trace of two spans: Flask's and the child the app made",
        needs: O,
        look: two_spans,
    },
    Check {
        id: "1.6",
        does: "opens the child span",
        shows: "app.now, app.result_length, library.name, service.name, duration_ms, ids",
        needs: O,
        look: child,
    },
    Check {
        id: "1.7",
        does: "adds attributes in other services",
        shows: "each a column at once",
        needs: O,
        look: columns,
    },
    Check {
        id: "1.8",
        does: "queries COUNT grouped by trace.trace_id",
        shows: "a table and a graph; a click opens the trace",
        needs: O,
        look: count_by_trace,
    },
    Check {
        id: "1.9",
        does: "queries WHERE app.result_length exists, MAX(app.result_length)",
        shows: "right answers, by type",
        needs: O,
        look: exists_and_max,
    },
    Check {
        id: "1.10",
        does: "queries HEATMAP(duration_ms) and P90, drags a box",
        shows: "the heatmap; zoom to that time frame; BubbleUp",
        needs: O,
        look: heatmap::look,
    },
    Check {
        id: "1.11",
        does: "saves the query and shares its link",
        shows: "it is listed; the link opens the same picture",
        needs: O,
        look: link,
    },
    Check {
        id: "1.12",
        does: "asks which environment a key belongs to",
        shows: "GET /1/auth and foursight keys whoami answer",
        needs: &[],
        look: whoami,
    },
    Check {
        id: "1.13",
        does: "uses the key of the wrong environment by mistake",
        shows: "Arrivals: which key, which environment, how many, from where",
        needs: O,
        look: wrong_environment,
    },
];

fn requests(stage: &Stage, path: &str) -> usize {
    stage.asked.iter().filter(|a| a.path == path).count()
}

fn service_name(stage: &Stage) -> anyhow::Result<String> {
    let filters = json!([{"column": "service.name", "op": "=", "value": NAME}]);
    let rows = stage.rows(NAME, &filters)?;
    // Each request has its server span.
    let servers = rows.iter().filter(|r| r["span.kind"] == "server").count();
    ensure!(
        servers == stage.asked.len(),
        "{servers} server spans for {} requests",
        stage.asked.len()
    );
    Ok(format!("{servers} server spans, one for each request"))
}

fn exporter(row: &Value) -> bool {
    row["protocol"] == "otlp/http"
        && row["outcome"] == "taken"
        && text(&row["user_agent"]).starts_with("OTel-OTLP-Exporter-Python/")
}

fn endpoint(stage: &Stage) -> anyhow::Result<String> {
    let env = stage.keys.environment.clone();
    let rows = stage.arrivals(|r| exporter(r) && r["env"] == env)?;
    let row = rows
        .first()
        .context("no delivery of the exporter was taken")?;
    ensure!(row["sender"] == "127.0.0.1", "from {}", row["sender"]);
    Ok(format!("{} from {}", row["user_agent"], row["sender"]))
}

fn header(stage: &Stage) -> anyhow::Result<String> {
    let env = stage.keys.environment.clone();
    let rows = stage.arrivals(|r| exporter(r) && r["env"] == env)?;
    let row = rows
        .first()
        .context("no delivery of the exporter was taken")?;
    let prefix = text(&row["key_prefix"]);
    let bare = prefix.trim_end_matches('…');
    ensure!(
        !bare.is_empty()
            && stage.keys.ingest.starts_with(bare)
            && bare.len() < stage.keys.ingest.len(),
        "key {prefix}"
    );
    Ok(format!("key {prefix}, environment {env}"))
}

fn environment(stage: &Stage) -> anyhow::Result<String> {
    let dir = &stage.server.data_dir;
    let made = cli(
        dir,
        &["environments", "create", "colourful", "--color", "purple"],
    )?;
    ensure!(
        made["slug"] == "colourful" && made["color"] == "purple",
        "{made}"
    );
    let key = cli(dir, &["keys", "create", "-e", "colourful"])?;
    let secret = text(&key["secret"]);
    let listed = cli(dir, &["keys", "list", "-e", "colourful"])?;
    let listed_text = listed.to_string();
    ensure!(!listed_text.contains(&secret), "the list tells the secret");
    let prefix = text(&listed["keys"][0]["prefix"]);
    ensure!(secret.starts_with(prefix.trim_end_matches('…')), "{prefix}");
    let auth = |key: &str| {
        let url = stage.server.url("/1/auth");
        support::request("GET", &url, &[("x-honeycomb-team", key)], None).status
    };
    ensure!(auth(&secret) == 200, "the key does not work");
    cli(dir, &["keys", "revoke", &text(&listed["keys"][0]["id"])])?;
    ensure!(auth(&secret) == 401, "the revoked key works");
    Ok(format!("purple; {prefix} listed, revoked, refused"))
}

/// The rows of the trace of the first request for home.
fn home_trace(stage: &Stage) -> anyhow::Result<Vec<Value>> {
    let name = json!([{"column": "name", "op": "=", "value": "home-activities-mock-data"}]);
    let child = stage.row(NAME, &name)?;
    let trace = json!([{"column": "trace.trace_id", "op": "=", "value": child["trace.trace_id"]}]);
    stage.rows(NAME, &trace)
}

fn two_spans(stage: &Stage) -> anyhow::Result<String> {
    ensure!(
        requests(stage, "/api/activities/home") == 1,
        "home was asked for once"
    );
    let rows = home_trace(stage)?;
    ensure!(rows.len() == 2, "{} spans", rows.len());
    let root = rows
        .iter()
        .find(|r| r["trace.parent_id"].is_null())
        .context("no root")?;
    let child = rows
        .iter()
        .find(|r| !r["trace.parent_id"].is_null())
        .context("no child")?;
    ensure!(root["span.kind"] == "server", "{}", root["span.kind"]);
    ensure!(
        child["trace.parent_id"] == root["trace.span_id"],
        "another parent"
    );
    Ok(format!(
        "{} → {}",
        text(&root["name"]),
        text(&child["name"])
    ))
}

fn child(stage: &Stage) -> anyhow::Result<String> {
    let rows = home_trace(stage)?;
    let child = rows
        .iter()
        .find(|r| !r["trace.parent_id"].is_null())
        .context("no child")?;
    let now = text(&child["app.now"]);
    ensure!(
        now.len() >= 25 && now.as_bytes()[10] == b'T',
        "app.now is no ISO 8601: {now}"
    );
    ensure!(
        child["app.result_length"] == json!(3),
        "{}",
        child["app.result_length"]
    );
    ensure!(
        child["library.name"] == "home.activities",
        "{}",
        child["library.name"]
    );
    ensure!(child["service.name"] == NAME, "{}", child["service.name"]);
    ensure!(
        child["duration_ms"].as_f64().is_some_and(|d| d > 0.0),
        "{}",
        child["duration_ms"]
    );
    for (id, length) in [
        ("trace.trace_id", 32),
        ("trace.span_id", 16),
        ("trace.parent_id", 16),
    ] {
        ensure!(text(&child[id]).len() == length, "{id}: {}", child[id]);
    }
    Ok(format!(
        "app.now {now}, app.result_length 3, library.name home.activities"
    ))
}

fn columns(stage: &Stage) -> anyhow::Result<String> {
    let mut told = Vec::new();
    let path = format!(
        "/environments/{}/fields?dataset={NAME}",
        stage.keys.environment
    );
    let fields = stage.api("GET", &path, None)?;
    // Who sets it, to what, and how often the app was asked for it.
    for (scope, column, kind, value, asked) in [
        (
            "notifications.activities",
            "notifications.result_length",
            "integer",
            json!(1),
            requests(stage, "/api/activities/notifications"),
        ),
        (
            "user.activities",
            "app.user_handle",
            "string",
            json!("bayko"),
            requests(stage, "/api/activities/@bayko"),
        ),
        (
            "search.activities",
            "search.term",
            "string",
            json!("cloud"),
            requests(stage, "/api/activities/search?term=cloud"),
        ),
    ] {
        let rows = stage.rows(
            NAME,
            &json!([{"column": column, "op": "=", "value": value}]),
        )?;
        ensure!(
            rows.len() == asked && asked > 0,
            "{} rows have {column} = {value}, asked {asked} times",
            rows.len()
        );
        for row in &rows {
            ensure!(row["library.name"] == scope, "{column}: {row}");
        }
        let listed = fields["fields"].as_array().into_iter().flatten();
        let listed = listed.filter(|f| f["name"] == column).collect::<Vec<_>>();
        ensure!(
            listed.len() == 1 && listed[0]["types"] == json!([kind]),
            "{column} is listed as {listed:?}"
        );
        told.push(format!("{column} = {value}, {kind}"));
    }
    Ok(told.join(", "))
}

fn count_by_trace(stage: &Stage) -> anyhow::Result<String> {
    let query =
        json!({"calculations": [{"op": "COUNT"}], "breakdowns": ["trace.trace_id"], "limit": 1000});
    let answer = stage.query(NAME, &query)?;
    let results = answer["results"].as_array().context("no table")?;
    // pyrollbar posts by `requests` from threads of its own: each report is a trace too.
    let reports = match stage.has(Sdk::Rollbar) {
        true => FAILURES + 1,
        false => 0,
    };
    let wanted = stage.asked.len() + reports;
    ensure!(
        results.len() == wanted,
        "{} traces, not {wanted}",
        results.len()
    );
    ensure!(
        !answer["series"].as_array().context("no graph")?.is_empty(),
        "an empty graph"
    );
    let id = text(&results[0]["trace.trace_id"]);
    let path = format!("/environments/{}/traces/{id}", stage.keys.environment);
    stage.api("GET", &path, None)?;
    Ok(format!("{} traces; {id} opens", results.len()))
}

fn exists_and_max(stage: &Stage) -> anyhow::Result<String> {
    let query = json!({"calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "app.result_length"}],
        "filters": [{"column": "app.result_length", "op": "exists"}]});
    let total = &stage.query(NAME, &query)?["total"];
    // The services that set it: home with 3, and @bayko with 1.
    let wanted =
        requests(stage, "/api/activities/home") + requests(stage, "/api/activities/@bayko");
    ensure!(total["COUNT"] == json!(wanted), "{total}");
    ensure!(
        total["MAX(app.result_length)"].as_f64() == Some(3.0),
        "{total}"
    );
    Ok(format!("{wanted} rows, MAX 3"))
}

fn link(stage: &Stage) -> anyhow::Result<String> {
    let env = &stage.keys.environment;
    let place = format!("/environments/{env}/saved_queries");
    let query =
        json!({"calculations": [{"op": "COUNT"}], "breakdowns": ["name"], "time_range": 7200});
    let fields = json!({"name": "routes <b>", "description": "after the deploy", "dataset": NAME, "query": query});
    let saved = stage.api("POST", &place, Some(&fields))?;
    let listed = stage.api("GET", &place, None)?;
    ensure!(listed["queries"] == json!([saved]), "{listed}");
    for (member, wanted) in [("name", "routes <b>"), ("description", "after the deploy")] {
        ensure!(saved[member] == wanted, "{saved}");
    }
    // It is a query of Honeycomb's API like any other.
    let path = format!("/1/queries/{NAME}/{}", text(&saved["query_id"]));
    let headers = [("x-honeycomb-team", stage.keys.configuration.as_str())];
    let theirs = support::request("GET", &stage.server.url(&path), &headers, None);
    ensure!(theirs.status == 200, "{path}: {}", theirs.text());
    ensure!(
        theirs.json()["breakdowns"] == query["breakdowns"],
        "{}",
        theirs.text()
    );

    // Opened from the list; what is shown is shared with its time, not with how long ago it was.
    let mine = stage.query(NAME, &saved["asked"]["query"])?;
    let (start, end) = (text(&mine["start_ns"]), text(&mine["end_ns"]));
    let path = format!("/e/{env}/explore?ds={NAME}&v=COUNT&g=name&t={start}..{end}");
    let made = stage.api("POST", "/links", Some(&json!({"env": env, "path": path})))?;
    let opened = stage.api("GET", &format!("/links/{}", text(&made["id"])), None)?;
    ensure!(
        opened["path"] == path.as_str() && opened["env"] == env.as_str(),
        "{opened}"
    );
    let seconds = |ns: &str| ns.parse::<f64>().map(|ns| ns / 1e9);
    let mut query = query;
    query["time_range"] = Value::Null;
    query["start_time"] = json!(seconds(&start)?);
    query["end_time"] = json!(seconds(&end)?);
    let theirs = stage.query(NAME, &query)?;
    for part in [
        "results",
        "series",
        "total",
        "total_series",
        "first_bucket_ns",
    ] {
        ensure!(mine[part] == theirs[part], "two answers: {part}");
    }
    ensure!(
        mine["total"]["COUNT"].as_u64() > Some(0),
        "an empty picture"
    );
    Ok(format!(
        "saved as “{}”; /l/{} → {path}",
        text(&saved["name"]),
        text(&made["id"])
    ))
}

fn whoami(stage: &Stage) -> anyhow::Result<String> {
    let env = &stage.keys.environment;
    let headers = [("x-honeycomb-team", stage.keys.configuration.as_str())];
    let reply = support::request("GET", &stage.server.url("/1/auth"), &headers, None);
    ensure!(reply.status == 200, "/1/auth: {}", reply.text());
    let said = reply.json();
    ensure!(said["environment"]["slug"] == env.as_str(), "{said}");
    let (ok, told) = stage.foursight(&["keys", "whoami", &stage.keys.ingest], &[]);
    ensure!(
        ok && told.contains(&format!("of environment {env}")),
        "{told}"
    );
    Ok(told.trim().to_owned())
}

fn wrong_environment(stage: &Stage) -> anyhow::Result<String> {
    let other = stage.other.as_ref().context("no other key was used")?;
    let rows = stage.arrivals(|r| exporter(r) && r["env"] == other.environment.as_str())?;
    let row = rows
        .first()
        .context("nothing arrived in the other environment")?;
    let prefix = text(&row["key_prefix"]);
    let shown = prefix.trim_end_matches('…');
    ensure!(
        shown.len() > 4 && other.key.starts_with(shown),
        "{prefix:?} does not tell the key"
    );
    ensure!(row["counters"]["stored"] == 1, "{}", row["counters"]);
    ensure!(
        row["sender"] == "127.0.0.1" && row["datasets"][0] == NAME,
        "{row}"
    );
    Ok(format!(
        "1 event by key {prefix} went to environment {} from {}",
        other.environment,
        text(&row["sender"])
    ))
}
