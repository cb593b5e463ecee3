import { CircleAlert, CircleX, Info, type LucideIcon, OctagonAlert, TriangleAlert } from 'lucide-react';
import type { IssueLevel } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import styles from './errors.module.css';
import { levelTone } from './model.ts';

const ICONS: Record<IssueLevel, LucideIcon> = {
  critical: OctagonAlert,
  error: CircleX,
  warning: TriangleAlert,
  info: Info,
  debug: CircleAlert,
};

/** How bad, as sign and word. */
export function LevelMark({ level }: { level: IssueLevel }) {
  const tone = levelTone(level);
  return (
    <span className={`${styles.level}${tone === 'none' ? ' muted' : ` t-${tone}`}`}>
      <Icon of={ICONS[level] ?? Info} />
      {level}
    </span>
  );
}
