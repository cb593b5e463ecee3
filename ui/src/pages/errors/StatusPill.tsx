import type { Issue } from '@/api/types.ts';
import { standing } from './model.ts';

export function StatusPill({ issue }: { issue: Issue }) {
  const { text, tone } = standing(issue);
  return <span className={`pill${tone === 'none' ? '' : ` ${tone}`}`}>{text}</span>;
}
