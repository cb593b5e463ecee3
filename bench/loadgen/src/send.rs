//! The commands: send, write, verify, query.

use crate::http::{Client, find, parse_url};
use crate::model::{Body, Config, Shard, Signal, System};
use crate::{Args, config, proc};
use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Where the bodies come from: made in waves, or read from a replay file.
enum Source<'a> {
    Made {
        shards: Vec<Shard<'a>>,
        wave: u64,
        gzip: Option<u32>,
    },
    File {
        file: BufReader<File>,
        wave: u64,
    },
}

pub fn gzip(data: &[u8], level: u32) -> Vec<u8> {
    let mut e = GzEncoder::new(Vec::with_capacity(data.len() / 6), Compression::new(level));
    e.write_all(data).unwrap();
    e.finish().unwrap()
}

impl Source<'_> {
    /// The bodies of the next wave; empty at the end.
    fn next(&mut self) -> Result<Vec<Body>, String> {
        match self {
            Source::Made {
                shards,
                wave,
                gzip: gz,
            } => {
                let each = *wave / shards.len() as u64 + 1;
                let per: Vec<VecDeque<Body>> = std::thread::scope(|sc| {
                    let h: Vec<_> = shards
                        .iter_mut()
                        .filter(|s| !s.done())
                        .map(|s| {
                            let gz = *gz;
                            sc.spawn(move || {
                                let mut v = s.make(each);
                                if let Some(l) = gz {
                                    for b in &mut v {
                                        b.data = gzip(&b.data, l);
                                    }
                                }
                                v.into()
                            })
                        })
                        .collect();
                    h.into_iter().map(|h| h.join().unwrap()).collect()
                });
                let mut out = Vec::new();
                let mut per = per;
                loop {
                    let mut any = false;
                    for q in &mut per {
                        if let Some(b) = q.pop_front() {
                            out.push(b);
                            any = true;
                        }
                    }
                    if !any {
                        return Ok(out);
                    }
                }
            }
            Source::File { file, wave } => {
                let mut out = Vec::new();
                let mut n = 0;
                while n < *wave {
                    match read_frame(file)? {
                        Some(b) => {
                            n += b.items as u64;
                            out.push(b);
                        }
                        None => break,
                    }
                }
                Ok(out)
            }
        }
    }
}

// A replay file is a run of frames, all little-endian:
// u32 length of the body, u32 items, u32 length before compression, u64 sequence number, body.
fn write_frame(w: &mut impl Write, b: &Body) -> std::io::Result<()> {
    w.write_all(&(b.data.len() as u32).to_le_bytes())?;
    w.write_all(&b.items.to_le_bytes())?;
    w.write_all(&b.raw_len.to_le_bytes())?;
    w.write_all(&b.seq.to_le_bytes())?;
    w.write_all(&b.data)
}

pub fn read_frame(r: &mut impl Read) -> Result<Option<Body>, String> {
    let mut h = [0u8; 20];
    match r.read_exact(&mut h) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(e.to_string()),
    }
    let n = |a: usize| u32::from_le_bytes(h[a..a + 4].try_into().unwrap());
    let mut data = vec![0; n(0) as usize];
    r.read_exact(&mut data)
        .map_err(|e| format!("replay file cut short: {e}"))?;
    Ok(Some(Body {
        data,
        items: n(4),
        raw_len: n(8),
        seq: u64::from_le_bytes(h[12..].try_into().unwrap()),
    }))
}

pub fn write(a: &Args) -> Result<i32, String> {
    let c = config(a)?;
    let sys = System::new(&c);
    let mut src = made(a, &c, &sys)?;
    let out = a.get("out").ok_or("--out is needed")?;
    let each = a.has("separate-files");
    let ext = match c.signal {
        Signal::Events => "json",
        Signal::JsonLines => "jsonl",
        _ => "pb",
    };
    let mut w = if each {
        std::fs::create_dir_all(out).map_err(|e| e.to_string())?;
        None
    } else {
        Some(BufWriter::with_capacity(
            1 << 20,
            File::create(out).map_err(|e| e.to_string())?,
        ))
    };
    let (mut bodies, mut items, mut bytes, mut raw) = (0u64, 0u64, 0u64, 0u64);
    loop {
        let v = src.next()?;
        if v.is_empty() {
            break;
        }
        for b in &v {
            match &mut w {
                Some(w) => write_frame(w, b).map_err(|e| e.to_string())?,
                None => {
                    let gz = if a.has("gzip") { ".gz" } else { "" };
                    std::fs::write(format!("{out}/{:07}.{ext}{gz}", b.seq), &b.data)
                        .map_err(|e| e.to_string())?
                }
            }
            bodies += 1;
            items += b.items as u64;
            bytes += b.data.len() as u64;
            raw += b.raw_len as u64;
        }
    }
    if let Some(mut w) = w {
        w.flush().map_err(|e| e.to_string())?;
    }
    println!(
        "bodies={bodies} items={items} bytes={bytes} raw_bytes={raw} raw_bytes_per_item={:.1}",
        raw as f64 / items as f64
    );
    Ok(0)
}

fn made<'a>(a: &Args, c: &'a Config, sys: &'a System) -> Result<Source<'a>, String> {
    Ok(Source::Made {
        shards: (0..c.shards).map(|i| Shard::new(c, sys, i)).collect(),
        wave: a.num("wave-spans", 1_000_000)?,
        gzip: if a.has("gzip") {
            Some(a.num("gzip-level", 6)?)
        } else {
            None
        },
    })
}

#[derive(Default)]
struct Tally {
    ok_items: u64,
    ok_requests: u64,
    ok_wire: u64,
    ok_raw: u64,
    refused_requests: u64,
    rejected_items: u64,
    io_errors: u64,
    retried: u64,
    lat_us: Vec<u32>,
    first_error: Option<String>,
    acked: Vec<(u64, u32)>,
}

impl Tally {
    fn merge(&mut self, o: Tally) {
        self.ok_items += o.ok_items;
        self.ok_requests += o.ok_requests;
        self.ok_wire += o.ok_wire;
        self.ok_raw += o.ok_raw;
        self.refused_requests += o.refused_requests;
        self.rejected_items += o.rejected_items;
        self.io_errors += o.io_errors;
        self.retried += o.retried;
        self.lat_us.extend(o.lat_us);
        self.acked.extend(o.acked);
        if self.first_error.is_none() {
            self.first_error = o.first_error;
        }
    }
}

fn rejected(signal: Signal, body: &[u8], items: u32) -> u64 {
    let n = match signal {
        Signal::Traces => ExportTraceServiceResponse::decode(body)
            .ok()
            .and_then(|r| r.partial_success)
            .map_or(0, |p| p.rejected_spans),
        Signal::Logs => ExportLogsServiceResponse::decode(body)
            .ok()
            .and_then(|r| r.partial_success)
            .map_or(0, |p| p.rejected_log_records),
        Signal::JsonLines => 0,
        Signal::Events => {
            let t = String::from_utf8_lossy(body);
            if t.contains("\"status\":") {
                i64::from(items) - t.matches("\"status\":202").count() as i64
            } else {
                0
            }
        }
    };
    n.max(0) as u64
}

fn pct(v: &[u32], p: f64) -> f64 {
    if v.is_empty() {
        return 0.0;
    }
    v[((v.len() - 1) as f64 * p).round() as usize] as f64 / 1000.0
}

pub fn send(a: &Args) -> Result<i32, String> {
    let c = config(a)?;
    let sys = System::new(&c);
    let url = parse_url(a.get("url").ok_or("--url is needed")?)?;
    let workers: usize = a.num("concurrency", 4)?;
    let retries: u32 = a.num("retries", 0)?;
    let rate: f64 = a.num("rate", 0.0)?;
    let max_s: f64 = a.num("max-seconds", 0.0)?;
    let stop_on_error = a.has("stop-on-error");
    let pid: Option<u32> = match a.get("server-pid") {
        Some(_) => Some(a.num("server-pid", 0)?),
        None => None,
    };
    let timeout = Duration::from_secs(a.num("timeout-s", 60)?);
    let mut headers = match c.signal {
        Signal::Events | Signal::JsonLines => "Content-Type: application/json\r\n".to_string(),
        _ => "Content-Type: application/x-protobuf\r\n".to_string(),
    };
    if a.has("gzip") {
        headers.push_str("Content-Encoding: gzip\r\n");
    }
    for h in a.all("header") {
        headers.push_str(h);
        headers.push_str("\r\n");
    }
    let mut src = match a.get("replay") {
        Some(p) => Source::File {
            file: BufReader::with_capacity(
                1 << 20,
                File::open(p).map_err(|e| format!("{p}: {e}"))?,
            ),
            wave: a.num("wave-spans", 1_000_000)?,
        },
        None => made(a, &c, &sys)?,
    };
    let before_count = match a.get("count-url") {
        Some(u) => Some(count(u, a)?.unwrap_or(0)),
        None => None,
    };
    let ack_log = a.get("ack-log").map(|s| s.to_string());
    let cpu0 = pid.and_then(proc::usage);
    let own0 = proc::usage(std::process::id()).unwrap_or_default();
    let mut total = Tally::default();
    let (mut send_s, mut own_cpu) = (0f64, 0f64);
    let stop = AtomicBool::new(false);
    let mut cpu_send = 0.0;
    let t_begin = Instant::now();
    let mut last_ack = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let bodies = src.next()?;
        if bodies.is_empty() {
            break;
        }
        let own1 = proc::usage(std::process::id()).unwrap_or_default();
        let cpu1 = pid.and_then(proc::usage);
        let next = AtomicUsize::new(0);
        let sent_items = AtomicU64::new(0);
        let merged = Mutex::new(Tally::default());
        let t0 = Instant::now();
        std::thread::scope(|sc| {
            for _ in 0..workers {
                sc.spawn(|| {
                    let mut t = Tally::default();
                    let mut cl = Client::new(&url.host, timeout);
                    'bodies: while !stop.load(Ordering::Relaxed) {
                        let Some(b) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        let before = sent_items.fetch_add(b.items as u64, Ordering::Relaxed);
                        let mut t1 = Instant::now();
                        if rate > 0.0 {
                            // open loop: the latency counts from the time the request was due
                            let due = t0 + Duration::from_secs_f64(before as f64 / rate);
                            if let Some(w) = due.checked_duration_since(t1) {
                                std::thread::sleep(w);
                            }
                            t1 = due;
                        }
                        if max_s > 0.0 && t_begin.elapsed().as_secs_f64() > max_s {
                            stop.store(true, Ordering::Relaxed);
                            break;
                        }
                        let mut tries = 0;
                        loop {
                            match cl.request("POST", &url.path, &headers, &b.data) {
                                Ok(r) if (200..300).contains(&r.status) => {
                                    let no = rejected(c.signal, &r.body, b.items);
                                    t.rejected_items += no;
                                    t.ok_items += b.items as u64 - no.min(b.items as u64);
                                    t.ok_requests += 1;
                                    t.ok_wire += b.data.len() as u64;
                                    t.ok_raw += b.raw_len as u64;
                                    t.acked.push((b.seq, b.items));
                                    t.lat_us.push(t1.elapsed().as_micros().min(u32::MAX as u128) as u32);
                                    continue 'bodies;
                                }
                                Ok(r) => {
                                    let m = format!("HTTP {}: {}", r.status, String::from_utf8_lossy(&r.body[..r.body.len().min(300)]));
                                    t.first_error.get_or_insert(m);
                                    if tries < retries && matches!(r.status, 429 | 502 | 503 | 504) {
                                        tries += 1;
                                        t.retried += 1;
                                        std::thread::sleep(Duration::from_millis(50u64 << tries.min(6)));
                                        continue;
                                    }
                                    t.refused_requests += 1;
                                }
                                Err(e) => {
                                    t.first_error.get_or_insert(e.to_string());
                                    if tries < retries {
                                        tries += 1;
                                        t.retried += 1;
                                        std::thread::sleep(Duration::from_millis(50u64 << tries.min(6)));
                                        continue;
                                    }
                                    t.io_errors += 1;
                                }
                            }
                            if stop_on_error {
                                stop.store(true, Ordering::Relaxed);
                            }
                            continue 'bodies;
                        }
                    }
                    merged.lock().unwrap().merge(t);
                });
            }
        });
        last_ack = Instant::now();
        send_s += t0.elapsed().as_secs_f64();
        own_cpu += proc::usage(std::process::id()).unwrap_or_default().cpu() - own1.cpu();
        if let (Some(p), Some(x)) = (pid, cpu1) {
            cpu_send += proc::usage(p).map_or(0.0, |u| u.cpu() - x.cpu());
        }
        let m = merged.into_inner().unwrap();
        total.merge(m);
    }
    total.lat_us.sort_unstable();
    let refused = total.refused_requests + total.io_errors;
    let unit = match c.signal {
        Signal::Traces => "spans",
        Signal::Logs => "logs",
        Signal::Events | Signal::JsonLines => "events",
    };
    println!(
        "acked_{unit}={} acked_requests={} refused_requests={} io_errors={} rejected_{unit}={} retried={}",
        total.ok_items,
        total.ok_requests,
        total.refused_requests,
        total.io_errors,
        total.rejected_items,
        total.retried
    );
    if let Some(e) = &total.first_error {
        println!("first_error={e:?}");
    }
    println!(
        "send_wall_s={send_s:.3} {unit}_per_s={:.0} wire_MB_per_s={:.1} raw_MB_per_s={:.1} raw_bytes_per_item={:.1} wire_bytes_per_item={:.1}",
        total.ok_items as f64 / send_s,
        total.ok_wire as f64 / 1e6 / send_s,
        total.ok_raw as f64 / 1e6 / send_s,
        total.ok_raw as f64 / total.ok_items.max(1) as f64,
        total.ok_wire as f64 / total.ok_items.max(1) as f64,
    );
    println!(
        "latency_ms p50={:.2} p90={:.2} p99={:.2} max={:.2}   client_cpu_s: sending={own_cpu:.2} all={:.2}",
        pct(&total.lat_us, 0.5),
        pct(&total.lat_us, 0.9),
        pct(&total.lat_us, 0.99),
        pct(&total.lat_us, 1.0),
        proc::usage(std::process::id()).unwrap_or_default().cpu() - own0.cpu(),
    );
    let mut code = i32::from(refused > 0 || total.rejected_items > 0);
    if let (Some(u), Some(b)) = (a.get("count-url"), before_count) {
        let want = b + total.ok_items;
        code = code.max(wait_count(u, want, last_ack, a)?);
    }
    if let (Some(p), Some(x)) = (pid, cpu0) {
        // background work (merges, flushes) belongs to the ingest: wait until it settles
        let settle: f64 = a.num("settle-s", 0.0)?;
        let mut y = proc::usage(p).unwrap_or_default();
        let until = Instant::now() + Duration::from_secs_f64(settle);
        while Instant::now() < until {
            std::thread::sleep(Duration::from_secs(2));
            let z = proc::usage(p).unwrap_or_default();
            let idle = z.cpu() - y.cpu() < 0.06;
            y = z;
            if idle
                && Instant::now() + Duration::from_secs_f64(settle) > until + Duration::from_secs(8)
            {
                break;
            }
        }
        let m = total.ok_items.max(1) as f64 / 1e6;
        println!(
            "server_cpu_s={:.2} (user {:.2}, sys {:.2}) server_cpu_s_while_sending={cpu_send:.2} cpu_s_per_million={:.3} rss_MB={:.0} rss_peak_MB={:.0} disk_written_MB={:.0}",
            y.cpu() - x.cpu(),
            y.user_s - x.user_s,
            y.sys_s - x.sys_s,
            (y.cpu() - x.cpu()) / m,
            y.rss_kb as f64 / 1024.0,
            y.peak_kb as f64 / 1024.0,
            (y.write_bytes - x.write_bytes) as f64 / 1e6,
        );
    }
    if let Some(p) = ack_log {
        let mut w = BufWriter::new(File::create(p).map_err(|e| e.to_string())?);
        total.acked.sort_unstable();
        for (seq, n) in &total.acked {
            writeln!(w, "{seq} {n}").map_err(|e| e.to_string())?;
        }
    }
    Ok(code)
}

/// GETs the URL and takes the number after `"KEY":` (quoted or not) in the answer.
fn count(u: &str, a: &Args) -> Result<Option<u64>, String> {
    let url = parse_url(u)?;
    let key = format!("\"{}\":", a.get("count-key").unwrap_or("c"));
    let mut hs = String::new();
    for h in a.all("count-header") {
        hs.push_str(h);
        hs.push_str("\r\n");
    }
    let mut cl = Client::new(&url.host, Duration::from_secs(60));
    let (method, body) = match a.get("count-body") {
        Some(b) => ("POST", b.as_bytes()),
        None => ("GET", &b""[..]),
    };
    let r = cl
        .request(method, &url.path, &hs, body)
        .map_err(|e| e.to_string())?;
    if r.status != 200 {
        return Err(format!(
            "count query: HTTP {}: {}",
            r.status,
            String::from_utf8_lossy(&r.body)
        ));
    }
    Ok(find(&r.body, key.as_bytes()).map(|p| {
        r.body[p + key.len()..]
            .iter()
            .skip_while(|c| **c == b'"' || **c == b' ')
            .take_while(|c| c.is_ascii_digit())
            .fold(0u64, |n, c| n * 10 + u64::from(*c - b'0'))
    }))
}

fn wait_count(u: &str, want: u64, since: Instant, a: &Args) -> Result<i32, String> {
    let until = Instant::now() + Duration::from_secs_f64(a.num("verify-timeout-s", 30.0)?);
    let poll = Duration::from_millis(a.num("poll-ms", 50)?);
    let mut seen;
    loop {
        let t = Instant::now();
        seen = count(u, a)?.unwrap_or(0);
        if seen >= want {
            println!(
                "verify: expected={want} found={seen} visible_after_last_ack_s={:.3} (count query took {:.3} s)",
                since.elapsed().as_secs_f64(),
                t.elapsed().as_secs_f64()
            );
            return Ok(i32::from(seen > want));
        }
        if Instant::now() > until {
            break;
        }
        std::thread::sleep(poll);
    }
    println!(
        "verify: expected={want} found={seen} MISSING={}",
        want - seen
    );
    Ok(1)
}

pub fn verify(a: &Args) -> Result<i32, String> {
    let u = a.get("count-url").ok_or("--count-url is needed")?;
    wait_count(u, a.num("expect", 0u64)?, Instant::now(), a)
}

/// Runs each query of a file `name<TAB>path[<TAB>body]` several times.
pub fn query(a: &Args) -> Result<i32, String> {
    let base = parse_url(a.get("base").ok_or("--base is needed")?)?;
    let prefix = base.path.trim_end_matches('/').to_string();
    let text = std::fs::read_to_string(a.get("file").ok_or("--file is needed")?)
        .map_err(|e| e.to_string())?;
    let runs: usize = a.num("runs", 5)?;
    let max_s: f64 = a.num("max-seconds-per-query", 60.0)?;
    let pid: Option<u32> = a.get("server-pid").and_then(|v| v.parse().ok());
    let mut headers = String::new();
    for h in a.all("header") {
        headers.push_str(h);
        headers.push_str("\r\n");
    }
    let mut cl = Client::new(&base.host, Duration::from_secs(a.num("timeout-s", 60)?));
    let mut code = 0;
    println!(
        "{:<28} {:>5} {:>10} {:>10} {:>10} {:>10} {:>10}  answer",
        "query", "runs", "first_ms", "median_ms", "min_ms", "max_ms", "cpu_ms"
    );
    for line in text
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
    {
        let f: Vec<&str> = line.split('\t').collect();
        if f.len() < 2 {
            return Err(format!("not name<TAB>path: {line}"));
        }
        let path = format!("{prefix}{}", encode(f[1]));
        let (mut ms, mut last) = (Vec::new(), String::new());
        let cpu0 = pid.and_then(proc::usage);
        let t_all = Instant::now();
        for _ in 0..runs {
            let t = Instant::now();
            let r = match f.get(2) {
                Some(b) => cl.request("POST", &path, &headers, b.as_bytes()),
                None => cl.request("GET", &path, &headers, b""),
            };
            match r {
                Ok(r) => {
                    ms.push(t.elapsed().as_secs_f64() * 1000.0);
                    last = format!(
                        "{}B {}",
                        r.body.len(),
                        String::from_utf8_lossy(&r.body[..r.body.len().min(110)])
                            .replace('\n', " ")
                    );
                    if r.status != 200 {
                        code = 1;
                        last = format!("HTTP {} {last}", r.status);
                        break;
                    }
                }
                Err(e) => {
                    code = 1;
                    last = e.to_string();
                    break;
                }
            }
            if t_all.elapsed().as_secs_f64() > max_s {
                break;
            }
        }
        let cpu = match (pid.and_then(proc::usage), cpu0) {
            (Some(y), Some(x)) => (y.cpu() - x.cpu()) * 1000.0 / ms.len().max(1) as f64,
            _ => 0.0,
        };
        let first = ms.first().copied().unwrap_or(0.0);
        ms.sort_by(f64::total_cmp);
        let at = |p: f64| {
            ms.get(((ms.len().max(1) - 1) as f64 * p) as usize)
                .copied()
                .unwrap_or(0.0)
        };
        println!(
            "{:<28} {:>5} {first:>10.1} {:>10.1} {:>10.1} {:>10.1} {cpu:>10.0}  {last}",
            f[0],
            ms.len(),
            at(0.5),
            at(0.0),
            at(1.0)
        );
    }
    Ok(code)
}

/// Percent-encodes what may not stand in a request target (queries are written readably).
fn encode(p: &str) -> String {
    let mut o = String::new();
    for c in p.bytes() {
        match c {
            b' '
            | b'"'
            | b'<'
            | b'>'
            | b'|'
            | b'{'
            | b'}'
            | b'\\'
            | b'^'
            | b'`'
            | b'#'
            | b'+'
            | 0x80.. => o.push_str(&format!("%{c:02X}")),
            c => o.push(c as char),
        }
    }
    o
}
