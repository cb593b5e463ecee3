import { useSuspenseQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { sessionQuery } from '@/api/queries.ts';
import { Icon } from '@/design/Icon.tsx';

/** Says why the server is not well and what to do; nothing while it is. */
export function HealthBar() {
  const { data } = useSuspenseQuery(sessionQuery());
  const { state, reasons = [] } = data.health;
  if (state === 'ok') return null;
  return (
    <div className="bar" role="status">
      <Icon of={TriangleAlert} className="t-warn" />
      <span className="strong t-warn">{state}</span>
      <span className="cut">
        {reasons.map((reason) => (
          <span key={reason.code}>
            {reason.text} <span className="muted">{reason.fix}</span>{' '}
          </span>
        ))}
      </span>
    </div>
  );
}
