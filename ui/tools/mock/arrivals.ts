import type { Arrival, ArrivalEvent, Arrivals } from '../../src/api/types.ts';

const NONE = { received: 0, stored: 0, refused: 0, dropped: 0, merged: 0 };
let next = 0;
let counters = { received: 9412, stored: 9301, refused: 14, dropped: 0, merged: 97 };

function row(agoMs: number, more: Partial<Arrival>): Arrival {
  const at = String((BigInt(Date.now()) - BigInt(agoMs)) * 1_000_000n);
  next += 1;
  return {
    id: String(next),
    first_ns: at,
    last_ns: at,
    deliveries: 1,
    protocol: 'otlp/http',
    signals: ['traces'],
    sender: '172.18.0.4',
    user_agent: 'OTel-OTLP-Exporter-Python/1.29.0',
    key_prefix: 'fs_in_3k7…',
    env: 'bootcamp',
    datasets: ['backend-flask'],
    wire_bytes: 2_104,
    counters: { ...NONE, received: 2, stored: 2 },
    reason: null,
    outcome: 'taken',
    received_last_5m: 0,
    ...more,
  };
}

const started = Date.now();
const first = (ms: number) => String(BigInt(started - ms) * 1_000_000n);

export const rows: Arrival[] = [
  row(120, {}),
  row(640, {
    sender: '172.18.0.3',
    key_prefix: 'abcd…',
    env: null,
    datasets: [],
    deliveries: 14,
    first_ns: first(300_000),
    counters: { ...NONE, received: 14, refused: 14 },
    reason: {
      code: 'unknown_key',
      text: 'no environment has this key',
      fix: 'check for a cut-off or old key; create one in Settings → Keys, or enter this one there as your own',
      copy: 'OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=<key>',
    },
  }),
  row(900, {
    sender: '172.18.0.6',
    env: 'dev',
    key_prefix: 'fs_in_9d1…',
    deliveries: 3,
    first_ns: first(290_000),
    counters: { ...NONE, received: 9, stored: 9 },
  }),
  row(1400, {
    protocol: 'events',
    signals: ['events'],
    sender: '172.18.0.7',
    user_agent: 'libhoney-py/2.3.0',
    datasets: ['notifications'],
    counters: { ...NONE, received: 3, stored: 3 },
  }),
  row(1600, { counters: { ...NONE, received: 2, merged: 2 }, deliveries: 97, first_ns: first(900_000) }),
  row(2100, {
    protocol: 'otlp/grpc',
    sender: '172.18.0.5',
    user_agent: 'OTel-OTLP-Exporter-JavaScript/0.57.0',
    datasets: ['frontend-react-js', 'edge'],
    counters: { ...NONE, received: 8, stored: 8 },
  }),
  row(2600, {
    protocol: 'events',
    signals: ['events'],
    sender: '172.18.0.9',
    user_agent: '<script>alert(1)</script>',
    datasets: ['notifications'],
    counters: { ...NONE, received: 3, stored: 2, refused: 1 },
    reason: {
      code: 'too_old',
      text: 'the event is older than the retention keeps',
      fix: "check the sender's clock, or raise retention.days",
    },
  }),
  row(3000, { signals: ['logs'], datasets: ['cruddur'], counters: { ...NONE, received: 6, stored: 6 } }),
];

export function arrivals(outcome: string | null): Arrivals {
  const bad = (one: Arrival) => one.counters.refused + one.counters.dropped > 0;
  return {
    rows: rows.filter((one) => outcome === 'all' || outcome === null || (outcome === 'refused') === bad(one)),
    counters,
    by_protocol: [{ protocol: 'otlp/http', counters }],
    refused_last_5m: 15,
  };
}

/** A delivery a second, then for ever. */
export function live(send: (event: ArrivalEvent) => void): () => void {
  let ticks = 0;
  const timer = setInterval(() => {
    counters = { ...counters, received: counters.received + 2, stored: counters.stored + 2 };
    const again = rows[1];
    ticks += 1;
    if (again && ticks % 4 === 0)
      send({ kind: 'arrival', arrival: { ...again, last_ns: row(0, {}).last_ns } });
    else if (ticks > 5) send({ kind: 'arrival', arrival: row(0, {}) });
  }, 1000);
  return () => clearInterval(timer);
}
