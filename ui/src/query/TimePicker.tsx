import { Popover } from '@base-ui/react/popover';
import { ChevronDown, Clock } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import type { Range } from './model.ts';
import { parseRange, renderRange, sayRange } from './range.ts';
import styles from './TimePicker.module.css';

const PRESETS = ['-10m', '-30m', '-1h', '-2h', '-6h', '-24h', '-7d', '-28d', '-60d'];

/** The time range: presets, or as text. */
export function TimePicker({
  range,
  change,
  open,
  setOpen,
}: {
  range: Range;
  change: (range: Range) => void;
  open: boolean;
  setOpen: (open: boolean) => void;
}) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const toggle = (next: boolean) => {
    if (next) {
      setText(renderRange(range));
      setWrong(false);
    }
    setOpen(next);
  };
  const take = (next: string) => {
    const read = parseRange(next);
    setWrong(!read);
    if (!read) return;
    setOpen(false);
    change(read);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    take(text);
  };
  return (
    <Popover.Root open={open} onOpenChange={toggle}>
      <Popover.Trigger className="btn" aria-label={`Time range: ${sayRange(range)}`}>
        <Icon of={Clock} />
        <span className={`cut ${styles.now}`}>{sayRange(range)}</span>
        <Icon of={ChevronDown} small />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="positioner" align="end" sideOffset={4}>
          <Popover.Popup className={`popup ${styles.popup}`} aria-label="Time range">
            <form onSubmit={submit} className={styles.form}>
              <input
                className="input mono"
                value={text}
                aria-label="Time range as text"
                aria-invalid={wrong}
                aria-describedby="range-help"
                onChange={(event) => setText(event.target.value)}
                onFocus={(event) => event.target.select()}
                spellCheck={false}
              />
              <button type="submit" className="btn">
                Set
              </button>
            </form>
            <p className={wrong ? 't-danger' : 'muted'} id="range-help" role={wrong ? 'alert' : undefined}>
              {wrong ? 'Not a range. ' : ''}
              <code>-90m</code>, <code>yesterday 9:00..10:00</code>, or two times of day or epoch, UTC, with{' '}
              <code>..</code> between.
            </p>
            <div className={styles.presets}>
              {PRESETS.map((preset) => {
                const one = parseRange(preset);
                return one ? (
                  <button
                    key={preset}
                    type="button"
                    className={`btn sm${renderRange(range) === renderRange(one) ? ' on' : ''}`}
                    onClick={() => take(preset)}
                  >
                    {sayRange(one)}
                  </button>
                ) : null;
              })}
            </div>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
