import { Dialog } from '@base-ui/react/dialog';
import { useNavigate } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { Fragment, useRef, useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { useKeys } from '@/lib/keys.ts';
import { useEnvironment } from './environment.ts';
import { paths } from './paths.ts';
import styles from './Shortcuts.module.css';

const sections: readonly { name: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    name: 'Everywhere',
    keys: [
      ['?', 'this list'],
      ['Ctrl K', 'go anywhere by name, or paste an id'],
      ['g h', 'go to Home'],
      ['g e', 'go to Explore'],
      ['g m', 'go to Map'],
      ['g l', 'go to Logs'],
      ['g i', 'go to Errors'],
      ['g a', 'go to Arrivals'],
      ['g s', 'go to Send data'],
      ['Esc', 'close, cancel'],
    ],
  },
  {
    name: 'Explore',
    keys: [
      ['Shift ⏎', 'run the query'],
      ['r', 'run again'],
      ['Esc Esc', 'cancel the running query'],
      ['t', 'time range'],
      ['e', 'edit as text'],
      ['y', 'copy a link to what is shown'],
      ['1 … 4', 'tabs below the graph'],
      ['arrows', 'on a heatmap: move the cell cursor'],
      ['Shift arrows', 'on a heatmap: grow the box'],
      ['⏎', 'BubbleUp of the box'],
      ['z', 'zoom into the box; without one: back out'],
    ],
  },
  {
    name: 'Trace',
    keys: [
      ['j k', 'next, previous row'],
      ['← →', 'fold, open'],
      ['*', 'fold or open the subtree'],
      ['f', 'only this subtree'],
      ['[ ]', 'previous, next error'],
      ['n p', 'next, previous match'],
      ['p', 'critical path, where nothing is filtered'],
      ['/', 'filter'],
      ['c', 'copy the span id'],
      ['d', 'panel below or beside'],
      ['1 … 3', 'waterfall, table, JSON'],
      ['Esc', 'whole trace again, then close the panel'],
    ],
  },
  {
    name: 'Errors',
    keys: [
      ['j k', 'next, previous item'],
      ['x', 'select it, or not'],
      ['⏎', 'open it'],
      ['[ ]', 'in an item: older, newer occurrence'],
      ['/', 'search'],
      ['Esc', 'select none; in an item: back to the list'],
    ],
  },
  {
    name: 'Arrivals',
    keys: [['Space', 'pause, go on']],
  },
];

/** The list of keys behind `?`, and the keys that go places. */
export function Shortcuts() {
  const [open, setOpen] = useState(false);
  const { slug } = useEnvironment();
  const navigate = useNavigate();
  const goAt = useRef(0);
  const go =
    (place: keyof Pick<typeof paths, 'home' | 'explore' | 'map' | 'logs' | 'errors' | 'arrivals' | 'send'>) =>
    (event: KeyboardEvent) => {
      if (event.timeStamp - goAt.current > 1200) return false;
      goAt.current = 0;
      void navigate(paths[place](slug));
      return true;
    };
  useKeys({
    '?': () => setOpen(true),
    g: (event) => {
      goAt.current = event.timeStamp;
    },
    h: go('home'),
    e: go('explore'),
    m: go('map'),
    l: go('logs'),
    i: go('errors'),
    a: go('arrivals'),
    s: go('send'),
  });
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <div className="head">
            <Dialog.Title className="strong">Keyboard</Dialog.Title>
            <Dialog.Close className="btn sm ghost icon right" aria-label="Close">
              <Icon of={X} small />
            </Dialog.Close>
          </div>
          <div className={styles.list}>
            {sections.map((section) => (
              <section key={section.name}>
                <h3 className="label">{section.name}</h3>
                <dl className={styles.keys}>
                  {section.keys.map(([key, what]) => (
                    <Fragment key={key}>
                      <dt>
                        <kbd>{key}</kbd>
                      </dt>
                      <dd>{what}</dd>
                    </Fragment>
                  ))}
                </dl>
              </section>
            ))}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
