//! The invariants of the boundary, over a real store.

use super::*;
use event::{BatchBuilder, EventBatch, TableKind, ValueRef};
use std::net::Ipv4Addr;
use std::path::Path;

const SECRET: &str = "0123456789abcdef0123";

fn config(dir: &Path) -> Config {
    Config {
        query_threads: 1,
        ..Config::new(dir)
    }
}

fn open(config: Config) -> Engine {
    Engine::open(config, Arc::new(SystemClock)).unwrap()
}

fn initial(environment: &str, secret: &str) -> InitialKey {
    InitialKey {
        environment: environment.into(),
        kind: KeyKind::Ingest,
        secret: secret.into(),
        signing_id: None,
        project: None,
    }
}

fn delivery() -> Delivery {
    Delivery {
        protocol: Protocol::OtlpHttp,
        sender: Ipv4Addr::LOCALHOST.into(),
        user_agent: None,
        signal: Some("traces"),
        wire_bytes: 10,
    }
}

fn admit(engine: &Engine, secret: &str) -> Result<Grant, Refusal> {
    let delivery = delivery();
    engine
        .admit(&delivery, Some(secret), Permission::SendEvents)
        .inspect_err(|refusal| engine.note_refusal(&delivery, refusal))
}

fn reason(engine: &Engine, secret: &str) -> Reason {
    admit(engine, secret).unwrap_err().reason()
}

fn batch(grant: &Grant, dataset: &str, rows: i64) -> EventBatch {
    let mut b = BatchBuilder::new(TableKind::Spans, grant.policy());
    for i in 0..rows {
        assert!(b.begin_row(0));
        b.set_dataset(dataset);
        b.put_named("n", ValueRef::Int(i));
        b.end_row();
    }
    b.finish()
}

fn stored_rows(engine: &Engine) -> u64 {
    let tables = engine.store_stats().tables;
    tables.iter().map(|t| t.part_rows + t.buffered_rows).sum()
}

#[tokio::test]
async fn the_keys_of_dev_work_in_dev_and_are_refused_outside_it_always() {
    let dir = tempfile::tempdir().unwrap();
    let dev = open(Config {
        dev: true,
        ..config(dir.path())
    });
    assert_eq!(
        admit(&dev, dev::INGEST_KEY).unwrap().environment().slug,
        "dev"
    );
    let delivery = delivery();
    let ask = |secret| dev.admit(&delivery, Some(secret), Permission::RunQueries);
    assert!(ask(dev::CONFIGURATION_KEY).is_ok());
    assert_eq!(
        ask(dev::INGEST_KEY).unwrap_err().reason(),
        Reason::ScopeMissing
    );
    let signed = dev.admit_signed(
        dev::SIGNING_KEY_ID,
        |secret| secret == dev::SIGNING_SECRET,
        Permission::SendEvents,
    );
    assert!(signed.is_ok());
    assert_eq!(reason(&dev, "somebody-else"), Reason::UnknownKey);
    dev.close().await.unwrap();

    // The same directory, outside --dev: nothing of them was kept.
    let engine = open(config(dir.path()));
    for secret in [dev::INGEST_KEY, dev::CONFIGURATION_KEY, dev::PROJECT_TOKEN] {
        assert_eq!(reason(&engine, secret), Reason::DevKey);
    }
    let signed = engine.admit_signed(dev::SIGNING_KEY_ID, |_| true, Permission::SendEvents);
    assert_eq!(signed.unwrap_err().reason(), Reason::DevKey);
    assert!(engine.catalog().keys(None).is_empty());
    engine.close().await.unwrap();

    let with = Config {
        initial_keys: vec![initial("prod", dev::INGEST_KEY)],
        ..config(dir.path())
    };
    let refused = Engine::open(with, Arc::new(SystemClock)).map(|_| ());
    let text = refused.unwrap_err().to_string();
    assert!(
        text.contains("--dev") && !text.contains(dev::INGEST_KEY),
        "{text}"
    );
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let with = Config {
        initial_keys: vec![initial("bootcamp", SECRET)],
        ..config(dir.path())
    };
    let engine = open(with.clone());
    let grant = admit(&engine, SECRET).unwrap();
    assert_eq!(grant.environment().name, "bootcamp");
    engine
        .catalog()
        .revoke_key(&grant.key().id, engine.now())
        .unwrap();
    assert_eq!(reason(&engine, SECRET), Reason::RevokedKey);
    engine.close().await.unwrap();
    // The configuration still lists it: revoked stays revoked.
    let engine = open(with);
    assert_eq!(reason(&engine, SECRET), Reason::RevokedKey);
    engine.close().await.unwrap();
}

/// Scenario: good, repeated, unknown and undecodable deliveries, then a restart.
/// Guarantees: received = stored + refused + dropped + merged, per key and protocol, and what the
/// counters say is what the store holds (P4).
#[tokio::test]
async fn every_item_is_accounted_for() {
    let dir = tempfile::tempdir().unwrap();
    let with = Config {
        initial_keys: vec![initial("bootcamp", SECRET)],
        ..config(dir.path())
    };
    let engine = open(with.clone());
    let grant = admit(&engine, SECRET).unwrap();
    let slug = grant
        .dataset("Backend Flask", DatasetKind::Service)
        .unwrap();
    assert_eq!(&*slug, "backend-flask");
    for body in [&b"one"[..], b"two", b"one", b"one"] {
        let identity = grant.identity(body);
        let receipt = grant
            .ingest(batch(&grant, &slug, 3), Some(identity))
            .await
            .unwrap();
        grant.note(
            &delivery(),
            Outcome::taken(&receipt, 2, Some(Reason::TooOld)),
        );
    }
    let receipt = grant.ingest(batch(&grant, &slug, 5), None).await.unwrap();
    assert_eq!(
        receipt,
        Receipt {
            stored: 5,
            merged: 0
        }
    );
    grant.note(&delivery(), Outcome::taken(&receipt, 0, None));
    grant.note(&delivery(), Outcome::refused(1, Reason::Undecodable));
    assert!(admit(&engine, "an old key of somebody").is_err());

    let check = |engine: &Engine| {
        let counters = engine.arrivals().counters();
        assert!(counters.iter().all(|(_, c)| c.is_conserved()));
        let sum = |f: fn(&arrivals::Counts) -> u64| counters.iter().map(|(_, c)| f(c)).sum::<u64>();
        assert_eq!(sum(|c| c.stored), 11);
        assert_eq!(sum(|c| c.merged), 6);
        assert_eq!(sum(|c| c.refused), 8 + 1 + 1);
        assert_eq!(stored_rows(engine), 11);
        let dataset = &engine.catalog().datasets(counters[1].0.env.unwrap())[0];
        assert_eq!((dataset.name.as_str(), dataset.rows), ("Backend Flask", 11));
        assert!(dataset.last_written_ns.is_some());
    };
    check(&engine);
    let refused = engine.arrivals().list(&ArrivalFilter {
        show: Show::Refused,
        ..ArrivalFilter::default()
    });
    let unknown = refused
        .iter()
        .find(|r| r.latest.outcome.reason == Some(Reason::UnknownKey))
        .unwrap();
    let shown = unknown.latest.key_prefix.as_deref().unwrap();
    assert!(
        shown.starts_with("an ol") || shown.starts_with("an?ol"),
        "{shown}"
    );
    engine.close().await.unwrap();
    let engine = open(with);
    check(&engine);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_repeat_is_merged_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let with = Config {
        initial_keys: vec![initial("bootcamp", SECRET)],
        ..config(dir.path())
    };
    for (round, want) in [(0, 4), (1, 0)] {
        let engine = open(with.clone());
        let grant = admit(&engine, SECRET).unwrap();
        let slug = grant.dataset("d", DatasetKind::Events).unwrap();
        let identity = grant.identity(b"the same request");
        let receipt = grant
            .ingest(batch(&grant, &slug, 4), Some(identity))
            .await
            .unwrap();
        assert_eq!(
            (receipt.stored, receipt.merged),
            (want, 4 - want),
            "round {round}"
        );
        engine.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_key_of_few_datasets_and_one_that_may_make_none() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(config(dir.path()));
    let now = engine.now();
    let env = engine
        .catalog()
        .create_environment("e", None, now)
        .unwrap()
        .id;
    let catalog = engine.catalog();
    catalog
        .create_dataset(env, "mine", DatasetKind::Events, now)
        .unwrap();
    catalog
        .create_dataset(env, "other", DatasetKind::Events, now)
        .unwrap();
    let mut few = NewKey::new(env, KeyKind::Ingest, "few");
    few.datasets = Some(vec!["mine".into()]);
    let mut none = NewKey::new(env, KeyKind::Ingest, "none");
    none.permissions = Some(Permissions::of(&[Permission::SendEvents]));
    let few = catalog.create_key(few, now).unwrap().secret;
    let none = catalog.create_key(none, now).unwrap().secret;
    let ask = |secret: &str, name| {
        let grant = admit(&engine, secret).unwrap();
        grant
            .dataset(name, DatasetKind::Events)
            .map_err(|r| r.reason())
    };
    assert_eq!(ask(&few, "mine"), Ok("mine".into()));
    assert_eq!(ask(&few, "other"), Err(Reason::DatasetNotAllowed));
    assert_eq!(ask(&few, "new"), Err(Reason::DatasetNotAllowed));
    assert_eq!(ask(&none, "other"), Ok("other".into()));
    assert_eq!(ask(&none, "new"), Err(Reason::MayNotCreateDataset));
    engine.close().await.unwrap();
}

/// Scenario: the data arrives under the key of another environment.
/// Guarantees: Arrivals shows it with that key and environment, without any filter.
#[tokio::test]
async fn data_sent_with_the_key_of_another_environment_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(Config {
        initial_keys: vec![
            initial("dev-laptop", SECRET),
            initial("bootcamp", "the-right-key-1"),
        ],
        ..config(dir.path())
    });
    let grant = admit(&engine, SECRET).unwrap();
    let slug = grant.dataset("d", DatasetKind::Service).unwrap();
    let receipt = grant.ingest(batch(&grant, &slug, 2), None).await.unwrap();
    let outcome = Outcome::taken(&receipt, 0, None).into_datasets(vec![slug]);
    grant.note(&delivery(), outcome);
    let rows = engine.arrivals().list(&ArrivalFilter::default());
    let env = engine
        .catalog()
        .environment(rows[0].latest.env.unwrap())
        .unwrap();
    assert_eq!(
        (env.slug.as_str(), rows[0].counts.stored),
        ("dev-laptop", 2)
    );
    assert_eq!(rows[0].latest.key_prefix.as_deref(), Some("01234…"));
    engine.close().await.unwrap();
}

#[tokio::test]
async fn the_owner_token_is_made_once_and_kept_from_others() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let engine = open(config(dir.path()));
    let token = engine.new_owner_token().unwrap().to_owned();
    let path = dir.path().join("setup-token");
    assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), token);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(engine.is_owner(&token) && !engine.is_owner("x") && !engine.is_owner(""));
    engine.close().await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let engine = open(config(dir.path()));
    assert_eq!(engine.new_owner_token(), None);
    assert!(engine.is_owner(&token));
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_directory_in_use_is_refused_and_a_lost_catalog_keeps_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let with = Config {
        initial_keys: vec![initial("bootcamp", SECRET)],
        ..config(dir.path())
    };
    let engine = open(with.clone());
    let second = Engine::open(with, Arc::new(SystemClock)).map(|_| ());
    assert!(matches!(
        second,
        Err(OpenError::Store(store::Error::Locked(_)))
    ));
    let grant = admit(&engine, SECRET).unwrap();
    let slug = grant.dataset("d", DatasetKind::Service).unwrap();
    let receipt = grant.ingest(batch(&grant, &slug, 2), None).await.unwrap();
    assert_eq!(receipt.stored, 2);
    let env = grant.env();
    drop(grant);
    engine.close().await.unwrap();
    drop(engine);
    for file in ["catalog.sqlite", "catalog.sqlite.bak"] {
        std::fs::write(dir.path().join(file), "not a database").unwrap();
    }
    let engine = open(config(dir.path()));
    assert_eq!(
        engine.catalog().environment(env).unwrap().slug,
        "recovered-1"
    );
    let health = engine.health();
    assert_eq!(health.state, HealthState::Degraded);
    assert!(
        health
            .reasons
            .iter()
            .any(|r| r.code() == "catalog_fallback")
    );
    let made = engine.catalog().create_environment("new", None, 0).unwrap();
    assert_ne!(made.id, env);
    engine.close().await.unwrap();
}

/// Scenario: a dataset is deleted, then the manifest is lost.
/// Guarantees: its rows do not come back with the parts.
#[tokio::test]
async fn deleted_rows_stay_deleted_when_the_manifest_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let with = Config {
        initial_keys: vec![initial("bootcamp", SECRET)],
        ..config(dir.path())
    };
    let engine = open(with.clone());
    let grant = admit(&engine, SECRET).unwrap();
    for name in ["gone", "kept"] {
        let slug = grant.dataset(name, DatasetKind::Events).unwrap();
        let receipt = grant.ingest(batch(&grant, &slug, 3), None).await.unwrap();
        assert_eq!(receipt.stored, 3);
    }
    let env = grant.env();
    engine.settle().unwrap();
    let open_it = DatasetUpdate {
        delete_protected: Some(false),
        ..DatasetUpdate::default()
    };
    engine
        .catalog()
        .update_dataset(env, "gone", open_it)
        .unwrap();
    engine.delete_dataset(env, "gone").unwrap();
    drop(grant);
    engine.close().await.unwrap();
    drop(engine);
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("manifest.sqlite") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let engine = open(with);
    assert!(engine.recovery().manifest_rebuilt.is_some());
    let count = async |dataset: Option<&str>| {
        let scope = query::Scope {
            env,
            dataset: dataset.map(str::to_owned),
        };
        let limits = query::Limits::default();
        let answer = engine
            .querier()
            .run(&scope, &query::Query::default(), limits, None)
            .await;
        answer.unwrap().total["COUNT"].clone()
    };
    assert_eq!(count(Some("gone")).await, query::Cell::Int(0));
    assert_eq!(count(None).await, query::Cell::Int(3));
    engine.close().await.unwrap();
}
