import { useQuery } from '@tanstack/react-query';
import { refusedQuery } from '@/api/arrivals.ts';
import { count, plural } from '@/lib/format.ts';

/** How much was refused in the last five minutes; nothing while all is taken. */
export function RefusedBadge() {
  const { data: refused = 0 } = useQuery(refusedQuery());
  if (refused === 0) return null;
  return (
    <span className="badge" title={`${plural(refused, 'item')} refused in the last 5 min`}>
      {refused > 99 ? '99+' : count(refused)}
    </span>
  );
}
