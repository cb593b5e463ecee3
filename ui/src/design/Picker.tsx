import { Menu } from '@base-ui/react/menu';
import { Check, ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { Icon } from './Icon.tsx';

export interface Choice {
  value: string;
  label: ReactNode;
}

interface Props {
  /** What is picked, for readers of screens; also shown while `value` is none of the choices. */
  name: string;
  value: string | undefined;
  choices: readonly Choice[];
  /** The entry that picks nothing, when one may. */
  none?: string;
  pick: (value: string | undefined) => void;
  small?: boolean;
}

/** A button that shows what is picked and opens the list of what can be. */
export function Picker({ name, value, choices, none, pick, small = false }: Props) {
  const chosen = choices.find((one) => one.value === value);
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={`btn pick${small ? ' sm' : ''}${chosen && none !== undefined ? ' on' : ''}`}>
        {chosen ? <span className="vh">{name}: </span> : name}
        {chosen ? <span className="cut">{chosen.label}</span> : null}
        <Icon of={ChevronDown} small />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="positioner" align="start" sideOffset={4}>
          <Menu.Popup className="menu">
            <Menu.RadioGroup
              value={value ?? ''}
              onValueChange={(next: string) => pick(next === '' ? undefined : next)}
            >
              {none === undefined ? null : <Item value="" label={none} />}
              {choices.map((one) => (
                <Item key={one.value} {...one} />
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Item({ value, label }: Choice) {
  return (
    <Menu.RadioItem className="item" value={value} closeOnClick>
      <span className="i s">
        <Menu.RadioItemIndicator>
          <Icon of={Check} small />
        </Menu.RadioItemIndicator>
      </span>
      {label}
    </Menu.RadioItem>
  );
}
