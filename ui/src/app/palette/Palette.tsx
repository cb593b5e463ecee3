import { Dialog } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { useKeys } from '@/lib/keys.ts';
import { useEnvironment } from '../environment.ts';
import styles from './Palette.module.css';

const Body = lazy(async () => ({ default: (await import('./Body.tsx')).Body }));

/** Apple's keyboards have another key for it. */
const KEY = /Mac|iP(?:hone|ad)/u.test(navigator.userAgent) ? '⌘ K' : 'Ctrl K';

/** The box in the top bar and, behind it and Ctrl K, the dialog: every place and id by its name. */
export function Palette() {
  const [open, setOpen] = useState(false);
  const { slug } = useEnvironment();
  useKeys({ 'Ctrl+k': () => setOpen(true) });
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className={styles.find}>
        <Icon of={Search} />
        <span className="cut">Go to, or paste an id</span>
        <kbd>{KEY}</kbd>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog" aria-label="Go to">
          <Suspense fallback={null}>
            <Body env={slug} close={() => setOpen(false)} />
          </Suspense>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
