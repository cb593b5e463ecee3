import { CircleAlert, RotateCw } from 'lucide-react';
import { ApiError } from '@/api/client.ts';
import { Icon } from './Icon.tsx';

/** A panel whose request failed: what failed in the server's words, its id in the server's log, and a way on. */
export function Failure({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className="empty" role="alert">
      <h2 className="row">
        <Icon of={CircleAlert} className="t-danger" />
        {title ?? (error instanceof ApiError && error.offline ? 'No connection' : 'This did not work')}
      </h2>
      <p>{message}</p>
      {error instanceof ApiError && error.requestId ? (
        <p>
          request <code>{error.requestId}</code>
        </p>
      ) : null}
      {retry ? (
        <button type="button" className="btn" onClick={retry}>
          <Icon of={RotateCw} />
          Retry
        </button>
      ) : null}
    </div>
  );
}
