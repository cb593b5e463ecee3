import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { copyText } from '@/lib/clipboard.ts';
import { Icon } from './Icon.tsx';

const LOOKS = {
  ghost: 'btn sm ghost',
  small: 'btn sm',
  plain: 'btn',
  primary: 'btn primary',
  smallPrimary: 'btn sm primary',
};

/** Copies `text`; says so for a moment. Without a `label` only the icon shows, named `name`. */
export function CopyButton({
  text,
  label,
  name = 'Copy',
  look = 'ghost',
}: {
  text: string;
  label?: string;
  name?: string;
  look?: keyof typeof LOOKS;
}) {
  const [state, setState] = useState<'rest' | 'done' | 'failed'>('rest');
  useEffect(() => {
    if (state === 'rest') return;
    const timer = setTimeout(() => setState('rest'), 1500);
    return () => clearTimeout(timer);
  }, [state]);
  const said = state === 'done' ? 'Copied' : state === 'failed' ? 'Copy failed' : label;
  return (
    <button
      type="button"
      className={`${LOOKS[look]}${label ? '' : ' icon'}`}
      aria-label={label ? undefined : name}
      title={label ? undefined : name}
      onClick={() => void copyText(text).then((done) => setState(done ? 'done' : 'failed'))}
    >
      <Icon of={state === 'done' ? Check : Copy} small />
      {label ? <span aria-live="polite">{said}</span> : null}
    </button>
  );
}
