import { useQuery } from '@tanstack/react-query';
import { refusedQuery } from '@/api/arrivals.ts';

const MOST = 99;

/** How many items were refused in the last five minutes, as short as a badge; nothing while all is taken. */
export function useRefused(): string | undefined {
  const { data: refused = 0 } = useQuery(refusedQuery());
  if (refused === 0) return undefined;
  return refused > MOST ? `${MOST}+` : String(refused);
}

export function RefusedBadge({ refused }: { refused: string | undefined }) {
  if (!refused) return null;
  return (
    <span className="badge" title={`${refused} refused in the last 5 min`}>
      {refused}
    </span>
  );
}
