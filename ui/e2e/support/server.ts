// Starts the real binary on free ports, and stops it by its process id.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is wrong with the demo's app, as its seed decides. */
export interface Truth {
  seed: number;
  slow_route: string;
  slow_handle: string;
}

/** A running server with `--dev`. */
export interface Target {
  url: string;
  /** Address of OTLP over HTTP. */
  otlp: string;
  key: string;
  /** Token of the project of `--dev`. */
  token: string;
  environment: string;
  /** Known when it is a demo. */
  truth: Truth | undefined;
  /** The file with all that it printed on stdout; undefined when it was started by another. */
  stdout: string | undefined;
  /** When the demo's traffic began, milliseconds since 1970. */
  startedMs: number;
}

const READY_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 15_000;

export interface Running {
  target: Target;
  stop: () => Promise<void>;
}

/** Runs `foursight demo` with a seed, on an empty data directory. */
export function startDemo(binary: string, seed: number): Promise<Running> {
  return start(binary, ['demo', '--seed', String(seed), '--no-open', '--app', ANY]);
}

/** Runs `foursight serve --dev`: nothing arrives but what a test sends. */
export function startQuiet(binary: string): Promise<Running> {
  return start(binary, ['serve', '--dev']);
}

/** A server outside `--dev`, on an empty data directory. */
export interface Owned {
  url: string;
  /** The owner token, as it lies in the data directory. */
  token: string;
  stop: () => Promise<void>;
}

/** Runs `foursight serve` as on a machine of a team's own: it has an owner, and nothing else yet. */
export async function startOwned(binary: string): Promise<Owned> {
  const { folder, url, stop } = await launchServer(binary, ['serve']);
  const token = readFileSync(join(folder, 'data', 'setup-token'), 'utf8').trim();
  return { url, token, stop };
}

/** All that a server of ours has printed on stdout. */
export function printedBy(target: Target): string | undefined {
  return target.stdout === undefined ? undefined : readFileSync(target.stdout, 'utf8');
}

const ANY = '127.0.0.1:0';

async function start(binary: string, command: readonly string[]): Promise<Running> {
  const { url, demo, stdout, stop, startedMs } = await launchServer(binary, command);
  try {
    return { target: { ...(await targetOf(url, demo, startedMs)), stdout }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Launched {
  folder: string;
  url: string;
  demo: Truth | undefined;
  stdout: string;
  startedMs: number;
  stop: () => Promise<void>;
}

/** Starts a command that listens, in a folder of its own, and waits until it says where. */
async function launchServer(binary: string, command: readonly string[]): Promise<Launched> {
  const folder = mkdtempSync(join(tmpdir(), 'foursight-e2e-'));
  const ready = join(folder, 'ready.json');
  const args = [...command, '--data-dir', join(folder, 'data'), '--ready-file', ready];
  for (const listener of ['--http', '--otlp-http', '--otlp-grpc', '--xray']) args.push(listener, ANY);
  const stdout = join(folder, 'stdout');
  const printed = openSync(stdout, 'w');
  const child = spawn(binary, args, { stdio: ['ignore', printed, 'pipe'] });
  closeSync(printed);
  let log = '';
  child.stderr?.on('data', (text) => {
    log = (log + String(text)).slice(-20_000);
  });
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const startedMs = Date.now();
  try {
    while (Date.now() < startedMs + READY_WITHIN_MS) {
      if (child.exitCode !== null) throw new Error(`${command[0]} ended with ${child.exitCode}:\n${log}`);
      const said = readJson(ready);
      if (said) return { folder, url: `http://${said.http}`, demo: said.demo, stdout, startedMs, stop };
      await sleep(50);
    }
    throw new Error(`${command[0]} was not ready within ${READY_WITHIN_MS} ms:\n${log}`);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a server with `--dev` at `url` says of itself. */
export async function targetOf(url: string, truth: Truth | undefined, startedMs: number): Promise<Target> {
  const answer = await fetch(`${url}/foursight/v1/session`, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`GET ${url}/foursight/v1/session answered ${answer.status}`);
  const session = (await answer.json()) as {
    environments: { slug: string }[];
    listen: { http: string; otlp_http: string | null } | null;
    dev_keys: { ingest: string; project_token: string } | null;
  };
  const environment = session.environments[0]?.slug;
  if (!session.dev_keys || !session.listen || !environment) {
    throw new Error('the browser tests need a server that runs with --dev');
  }
  const otlp = `http://${session.listen.otlp_http ?? session.listen.http}`;
  return {
    url,
    otlp,
    key: session.dev_keys.ingest,
    token: session.dev_keys.project_token,
    environment,
    truth,
    stdout: undefined,
    startedMs,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([gone, sleep(STOPS_WITHIN_MS)]);
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await Promise.race([gone, sleep(1_000)]);
  }
}

function readJson(path: string): { http: string; demo?: Truth } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { http: string; demo?: Truth };
  } catch {
    // Not there yet, or half written: it is looked at again.
    return undefined;
  }
}
