import { Link, useNavigate } from '@tanstack/react-router';
import { paths } from '@/app/paths.ts';
import { count, duration } from '@/lib/format.ts';
import { gridOf, heatmapOf } from '@/viz/answer.ts';
import { Heatmap } from '@/viz/Heatmap.tsx';
import { canLog, countIn } from '@/viz/heat.ts';
import styles from './home.module.css';
import { heatQuery, type Range, type Source } from './model.ts';
import { useAnswer } from './useAnswers.ts';

/** How long requests took, as a heatmap; a drag or a click goes on in Explore. */
export function Durations({ env, source, now, t }: { env: string; source: Source; now: Range; t: string }) {
  const answer = useAnswer(env, heatQuery(source, now), true).data;
  const navigate = useNavigate();
  const map = answer && heatmapOf(answer, 0);
  const grid = answer && gridOf(answer);
  const search = {
    v: 'HEATMAP(duration_ms)',
    w: `meta.source = ${source} and trace.parent_id does-not-exist`,
    t,
  };
  const open = () => void navigate({ ...paths.explore(env), search });
  return (
    <section className={styles.heat} aria-label="Duration of all requests">
      <div className="head">
        <h2>Duration of all requests</h2>
        <span className="muted cut">duration_ms, log scale</span>
        <Link {...paths.explore(env)} search={search} className={`link right ${styles.whole}`}>
          Open in Explore
        </Link>
      </div>
      {map && grid && map.cells.length > 0 ? (
        <Heatmap
          map={map}
          grid={grid}
          name="duration_ms"
          scale={canLog(map) ? 'log' : 'linear'}
          say={duration}
          box={undefined}
          onBox={open}
          onCell={open}
          onEnter={open}
          summary={`${count(countIn(map, grid, { startMs: 0, endMs: 0, min: 0, max: 0 }).all)} requests by duration and time.`}
        />
      ) : answer ? (
        <p className={styles.quiet}>No request in this time.</p>
      ) : null}
    </section>
  );
}
