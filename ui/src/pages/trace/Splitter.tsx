import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import styles from './trace.module.css';

const STEP_PX = 16;

interface Props {
  /** `vertical`: a line between left and right. */
  orientation: 'vertical' | 'horizontal';
  /** Size of the panel behind the line, px. */
  size: number;
  min: number;
  max: number;
  resize: (size: number) => void;
}

/** The line between waterfall and panel: drag it, or move it by arrow keys. */
export function Splitter({ orientation, size, min, max, resize }: Props) {
  const drag = useRef<{ at: number; size: number } | undefined>(undefined);
  const clamp = (next: number) => Math.round(Math.min(max, Math.max(min, next)));
  const place = (event: PointerEvent) => (orientation === 'vertical' ? event.clientX : event.clientY);
  const onKeyDown = (event: KeyboardEvent) => {
    const by: Record<string, number> = {
      ArrowLeft: STEP_PX,
      ArrowUp: STEP_PX,
      ArrowRight: -STEP_PX,
      ArrowDown: -STEP_PX,
    };
    const step = by[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    resize(clamp(size + step));
  };
  return (
    <div
      className={orientation === 'vertical' ? styles.splitV : styles.splitH}
      role="separator"
      aria-label="Size of the panel"
      aria-orientation={orientation}
      aria-valuenow={size}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { at: place(event), size };
      }}
      onPointerMove={(event) => {
        if (drag.current) resize(clamp(drag.current.size + drag.current.at - place(event)));
      }}
      onPointerUp={() => {
        drag.current = undefined;
      }}
      onPointerCancel={() => {
        drag.current = undefined;
      }}
    />
  );
}
