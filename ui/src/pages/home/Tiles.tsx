import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { paths } from '@/app/paths.ts';
import { duration, number, share, short } from '@/lib/format.ts';
import { useSize } from '@/lib/useSize.ts';
import { Spark } from '@/viz/Spark.tsx';
import styles from './home.module.css';
import {
  type Change,
  change,
  courseOf,
  figureOf,
  linesQuery,
  numberOf,
  type Range,
  type Source,
  tilesQuery,
} from './model.ts';
import { useAnswer } from './useAnswers.ts';

interface Props {
  env: string;
  source: Source;
  now: Range;
  before: Range;
  /** Minutes of `now` in which there can be data. */
  minutes: number;
  /** The same time for Explore. */
  t: string;
}

/** Requests, errors, p95 and log lines: each a figure, its change and its course, each a link into Explore. */
export function Tiles({ env, source, now, before, minutes, t }: Props) {
  const answer = useAnswer(env, tilesQuery(source, now)).data;
  const old = useAnswer(env, tilesQuery(source, before)).data;
  const lines = useAnswer(env, linesQuery(now)).data;
  const oldLines = useAnswer(env, linesQuery(before)).data;
  const of = (from: typeof answer, label: string) => numberOf(from?.total[label]);
  const requests = of(answer, 'COUNT');
  const errors = of(answer, 'errors');
  const p95 = of(answer, 'P95(duration_ms)');
  const logs = of(lines, 'COUNT');
  const rateOf = (from: typeof answer) => {
    const all = of(from, 'COUNT');
    return all ? (of(from, 'errors') ?? 0) / all : undefined;
  };
  const perMinute = (n: number | undefined) => (n === undefined ? undefined : short(Math.round(n / minutes)));
  const slow = p95 === undefined ? undefined : figureOf(duration(p95));
  const w = `meta.source = ${source} and trace.parent_id does-not-exist`;
  const errorChange = change(rateOf(answer), rateOf(old), true);
  const failing = errorChange?.tone === 'danger' || (rateOf(answer) ?? 0) >= 0.05;
  return (
    <section className={styles.tiles} aria-label="At a glance">
      <Tile
        name="Requests"
        figure={perMinute(requests)}
        unit="per min"
        delta={change(requests, of(old, 'COUNT'), false)}
        values={courseOf(answer, 0)}
        colour="h5"
        link={{ env, search: { v: 'COUNT', w, t } }}
      />
      <Tile
        name="Errors"
        figure={requests ? share(errors ?? 0, requests) : requests === undefined ? undefined : '0 %'}
        unit={`${perMinute(errors) ?? 0} per min`}
        delta={errorChange}
        values={courseOf(answer, 1)}
        colour={failing ? 'danger' : 'h5'}
        tone={failing ? 't-danger' : ''}
        link={{ env, search: { v: 'COUNT', w: `${w} and error = true`, g: 'name', t } }}
      />
      <Tile
        name="p95 duration"
        figure={slow?.figure}
        unit={slow?.unit ?? ''}
        delta={change(p95, of(old, 'P95(duration_ms)'), true)}
        values={courseOf(answer, 2)}
        colour="h5"
        link={{ env, search: { v: 'HEATMAP(duration_ms),P95(duration_ms)', w, t } }}
      />
      <Tile
        name="Log lines"
        figure={perMinute(logs)}
        unit="per min"
        delta={change(logs, of(oldLines, 'COUNT'), false)}
        values={courseOf(lines, 0)}
        colour="h5"
        link={{ env, search: { v: 'COUNT', w: 'meta.signal_type = log', t } }}
      />
    </section>
  );
}

interface TileProps {
  name: string;
  figure: string | undefined;
  unit: string;
  delta: Change | undefined;
  values: (number | null)[];
  colour: string;
  tone?: string;
  link: { env: string; search: Record<string, string> };
}

function Tile({ name, figure, unit, delta, values, colour, tone = '', link }: TileProps) {
  const place = useRef<HTMLDivElement>(null);
  const { width } = useSize(place);
  const known = values.filter((value) => value !== null);
  const course =
    known.length > 1 ? `between ${number(Math.min(...known))} and ${number(Math.max(...known))} a step` : '';
  return (
    <Link {...paths.explore(link.env)} search={link.search} className={styles.tile}>
      <div className={styles.label}>
        <span>{name}</span>
        <span className={delta && delta.tone !== 'none' ? `t-${delta.tone} strong` : ''}>
          {delta?.text}
          {delta ? <span className="vh"> against before</span> : null}
        </span>
      </div>
      <div className={`${styles.figure} ${tone}`}>
        {figure ?? <span className="muted">–</span>} <small>{unit}</small>
      </div>
      <div className={styles.line} ref={place}>
        {known.length > 1 && width > 0 ? (
          <Spark values={values} colour={colour} width={width} height={40} filled />
        ) : null}
        <span className="vh">{course}</span>
      </div>
    </Link>
  );
}
