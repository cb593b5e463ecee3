import { useSuspenseQuery } from '@tanstack/react-query';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { sessionQuery } from '@/api/queries.ts';
import { Icon } from '@/design/Icon.tsx';
import { Frame } from './Frame.tsx';
import styles from './settings.module.css';

/** Whether the server is well; when not, each cause with what to do. What it listens on. */
export function HealthPage() {
  const { data: session } = useSuspenseQuery(sessionQuery());
  const { state, reasons } = session.health;
  const listen = session.listen;
  return (
    <Frame>
      <div className="head">
        <h2>Health</h2>
        <span className="muted">version {session.version}</span>
      </div>
      {state === 'ok' ? (
        <p className={`row t-ok ${styles.empty}`}>
          <Icon of={CircleCheck} />
          All is well: what is acknowledged is on disk, and nothing was set aside.
        </p>
      ) : (
        reasons.map((reason) => (
          <div
            key={reason.code}
            className={`note ${state === 'failing' ? 'danger' : 'warn'} ${styles.again}`}
          >
            <Icon of={TriangleAlert} />
            <div>
              <b className="strong">{reason.text}</b> <span className="muted">{reason.fix}</span>
            </div>
          </div>
        ))
      )}
      {listen ? (
        <>
          <div className="head">
            <h2>Listens on</h2>
          </div>
          <dl className={`kv ${styles.kv}`}>
            <dt>UI, API, every protocol over HTTP</dt>
            <dd className="mono">{listen.http}</dd>
            {listen.otlp_http ? (
              <>
                <dt>OTLP over HTTP</dt>
                <dd className="mono">{listen.otlp_http}</dd>
              </>
            ) : null}
            {listen.otlp_grpc ? (
              <>
                <dt>OTLP over gRPC</dt>
                <dd className="mono">{listen.otlp_grpc}</dd>
              </>
            ) : null}
          </dl>
        </>
      ) : null}
    </Frame>
  );
}
