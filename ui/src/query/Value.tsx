import type { ReactNode } from 'react';
import { valueText } from '@/lib/format.ts';
import type { CellValue } from './change.ts';
import { openValueMenu } from './valueMenuStore.ts';

interface Props {
  /** The field's visible name. */
  field: string;
  value: CellValue;
  /** What is shown; the value's text when left out. */
  children?: ReactNode;
  className?: string;
  /** The dataset the value comes from, when the page is not Explore. */
  dataset?: string | undefined;
  /** What Explore shows of that dataset; where the time goes when left out. */
  v?: string | undefined;
}

/** A value one can ask about: dotted foot at rest, tinted on hover, the one menu on click. */
export function Value({ field, value, children, className, dataset, v }: Props) {
  return (
    <button
      type="button"
      className={`v cut${className ? ` ${className}` : ''}`}
      aria-haspopup="menu"
      title={`${field} = ${valueText(value)}`}
      onClick={(event) => {
        event.stopPropagation();
        openValueMenu({ anchor: event.currentTarget, field, value, dataset, v });
      }}
    >
      {children ?? valueText(value)}
    </button>
  );
}
