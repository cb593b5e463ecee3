//! Questions from asking to fetching, over an engine in a directory of its own.

use super::*;
use crate::{Config, Engine};
use event::{BatchBuilder, RowPolicy, TableKind};
use query::pipeline::{Aggregate, Ask, Pipeline, Source, Stage, Stats};
use std::sync::atomic::{AtomicI64, Ordering};

const NOW: i64 = 1_760_000_000_000_000_000;

struct Clock(AtomicI64);

impl store::Clock for Clock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn count(env: EnvId, id: &str) -> Question {
    let stats = Stats {
        aggregates: vec![("n".into(), Aggregate::Count)],
        by: Vec::new(),
    };
    Question {
        id: id.to_owned(),
        text: "how many".to_owned(),
        about: vec!["web".to_owned()],
        ask: Ask {
            env,
            sources: vec![Source {
                dataset: "web".into(),
                label: "web".into(),
            }],
            range: (NOW - 1_000_000_000, NOW + 1),
            pipeline: Pipeline {
                stages: vec![Stage::Stats(stats)],
                columns: vec!["n".into()],
                limit: 10,
                ..Pipeline::default()
            },
            step_ns: 0,
        },
        render: Arc::new(|outcome| format!("{} rows", outcome.matched)),
    }
}

fn open(dir: &std::path::Path, clock: &Arc<Clock>) -> Engine {
    let config = Config {
        dev: true,
        ..Config::new(dir)
    };
    let clock: Arc<dyn store::Clock> = Arc::<Clock>::clone(clock);
    Engine::open(config, clock).unwrap()
}

async fn ended(engine: &Engine, env: EnvId, id: &str) -> Asked {
    for _ in 0..500 {
        let asked = engine.asked(env, id).await.unwrap().unwrap();
        if !asked.state.is_under_way() && engine.0.asked.find(env, id).is_none() {
            return asked;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{id} does not end");
}

/// *Scenario*: asked, fetched, fetched after a restart, and after a week.
/// *Guarantees*: the answer stays, under its environment only, and goes in time.
#[tokio::test]
async fn answers_outlive_a_restart_and_go_after_a_week() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Clock(NOW.into()));
    let engine = open(dir.path(), &clock);
    let grant = engine
        .admit(
            &crate::Delivery {
                protocol: crate::Protocol::Events,
                sender: std::net::Ipv4Addr::LOCALHOST.into(),
                user_agent: None,
                signal: None,
                wire_bytes: 0,
            },
            Some(crate::dev::INGEST_KEY),
            crate::Permission::SendEvents,
        )
        .unwrap();
    let env = grant.env();
    let mut b = BatchBuilder::new(TableKind::Logs, RowPolicy::unlimited(NOW));
    for i in 0..3 {
        assert!(b.begin_row(NOW - i));
        b.set_dataset("web");
        b.end_row();
    }
    let _ = grant.ingest(b.finish(), None).await.unwrap();
    engine.ask_later(count(env, "q1")).await.unwrap();
    let first = ended(&engine, env, "q1").await;
    assert_eq!(first.state, State::Done);
    assert_eq!(first.answer.as_deref(), Some("3 rows"));
    assert_eq!(engine.asked(EnvId(99), "q1").await.unwrap(), None);
    assert_eq!(engine.stop_asked(env, "q1").await.unwrap(), Stopping::Ended);
    assert_eq!(
        engine.stop_asked(env, "q9").await.unwrap(),
        Stopping::Unknown
    );
    // One that was running when the server went down.
    let lost = Asked {
        id: "q0".into(),
        state: State::Running,
        ..first.clone()
    };
    kept::begin(&engine.0.catalog, env, &lost).unwrap();
    drop(grant);
    engine.close().await.unwrap();
    drop(engine);
    let engine = open(dir.path(), &clock);
    assert_eq!(engine.asked(env, "q1").await.unwrap(), Some(first));
    let lost = engine.asked(env, "q0").await.unwrap().unwrap();
    assert_eq!((lost.state, lost.answer), (State::Failed, None));
    let listed = engine.list_asked(env, 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|a| a.answer.is_none()));
    clock.0.fetch_add(KEPT_NS + 1, Ordering::Relaxed);
    assert_eq!(engine.asked(env, "q1").await.unwrap(), None);
    engine.ask_later(count(env, "q2")).await.unwrap();
    ended(&engine, env, "q2").await;
    assert_eq!(engine.list_asked(env, 10).await.unwrap().len(), 1);
    engine.close().await.unwrap();
}

/// *Scenario*: questions are stopped while they wait, and more are asked than may run.
/// *Guarantees*: a stopped one is told as stopped; one too many is refused and leaves nothing.
#[tokio::test]
async fn questions_are_stopped_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Clock(NOW.into()));
    let engine = open(dir.path(), &clock);
    let env = engine.catalog().environments()[0].id;
    let slow = |id: &str| Question {
        // Longer than anyone waits here.
        render: Arc::new(|_| {
            std::thread::sleep(Duration::from_millis(300));
            String::new()
        }),
        ..count(env, id)
    };
    engine.ask_later(slow("a")).await.unwrap();
    assert_eq!(
        engine.stop_asked(env, "a").await.unwrap(),
        Stopping::Stopped
    );
    assert_eq!(ended(&engine, env, "a").await.state, State::Stopped);
    for i in 0..RUNNING_LIMIT {
        let running = Arc::new(Running {
            asked: Mutex::new(engine.asked(env, "a").await.unwrap().unwrap()),
            task: Mutex::new(None),
        });
        engine
            .0
            .asked
            .0
            .lock()
            .insert((env, format!("x{i}")), running);
    }
    let refused = engine.ask_later(slow("b")).await;
    assert_eq!(
        refused,
        Err(Error::TooMany {
            limit: RUNNING_LIMIT
        })
    );
    assert_eq!(engine.asked(env, "b").await.unwrap(), None);
    engine.0.asked.0.lock().clear();
    engine.close().await.unwrap();
}
