import { Menu } from '@base-ui/react/menu';
import { useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { ChartScatter, Copy, Filter, FilterX, Group } from 'lucide-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { copyText } from '@/lib/clipboard.ts';
import { valueText } from '@/lib/format.ts';
import { type Address, writeAddress } from './address.ts';
import { withBreakdown, withCalculation, withoutValue, withValue } from './change.ts';
import type { Question } from './model.ts';
import { questionOf } from './opening.ts';
import { closeValueMenu, subscribeValueMenu, valueMenuTarget } from './valueMenuStore.ts';

/** The one menu behind every value: filter, exclude, group by, heatmap, copy. Mounted once. */
export function ValueMenu() {
  const target = useSyncExternalStore(subscribeValueMenu, valueMenuTarget);
  // The content stays while the menu fades out.
  const [shown, setShown] = useState(target);
  if (target && target !== shown) setShown(target);
  const navigate = useNavigate();
  const location = useLocation();
  const { env } = useParams({ strict: false });
  const path = location.pathname;
  useEffect(() => {
    // Its anchor goes with the page.
    if (path) closeValueMenu();
  }, [path]);
  if (!shown) return null;
  const { field, value, dataset, v } = shown;

  const ask = (change: (question: Question) => Question) => {
    if (env === undefined) return;
    const onExplore = path.endsWith('/explore');
    const address: Address = onExplore ? (location.search as Address) : { ds: dataset, v };
    const question = change(questionOf(address).question);
    void navigate({
      to: '/e/$env/explore',
      params: { env },
      search: (before) => ({ ...(onExplore ? before : {}), ds: address.ds, ...writeAddress(question) }),
    });
  };
  const numeric = typeof value === 'number';
  const text = value === undefined ? field : valueText(value);
  return (
    <Menu.Root open={target !== undefined} onOpenChange={(open) => !open && closeValueMenu()} modal={false}>
      <Menu.Portal>
        <Menu.Positioner className="positioner" anchor={shown.anchor} align="start" sideOffset={4}>
          <Menu.Popup className="menu" finalFocus={() => shown.anchor}>
            <div className="cap mono" title={text}>
              {value === undefined ? field : `${field} = ${text}`}
            </div>
            {value !== undefined ? (
              <>
                <Menu.Item className="item" onClick={() => ask((q) => withValue(q, field, value))}>
                  <Icon of={Filter} />
                  Filter to this value
                </Menu.Item>
                <Menu.Item className="item" onClick={() => ask((q) => withoutValue(q, field, value))}>
                  <Icon of={FilterX} />
                  Exclude this value
                </Menu.Item>
              </>
            ) : null}
            <Menu.Item className="item" onClick={() => ask((q) => withBreakdown(q, field))}>
              <Icon of={Group} />
              Group by {field}
            </Menu.Item>
            {numeric || value === undefined ? (
              <Menu.Item
                className="item"
                onClick={() => ask((q) => withCalculation(q, { op: 'HEATMAP', column: field }))}
              >
                <Icon of={ChartScatter} />
                Heatmap of {field}
              </Menu.Item>
            ) : null}
            <Menu.Separator className="sep" />
            {value !== undefined ? (
              <Menu.Item className="item" onClick={() => void copyText(value === null ? '' : String(value))}>
                <Icon of={Copy} />
                Copy value
              </Menu.Item>
            ) : null}
            <Menu.Item className="item" onClick={() => void copyText(field)}>
              <Icon of={Copy} />
              Copy name
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
