import { Menu } from '@base-ui/react/menu';
import { Check, Monitor, Moon, Sun } from 'lucide-react';
import { Icon } from '@/design/Icon.tsx';
import { chooseTheme, type ThemeChoice, useThemeChoice } from '@/lib/theme.ts';

const choices = [
  { id: 'light', name: 'Light', icon: Sun },
  { id: 'dark', name: 'Dark', icon: Moon },
  { id: 'auto', name: 'As the system', icon: Monitor },
] as const;

export function ThemeMenu() {
  const choice = useThemeChoice();
  const current = choices.find((one) => one.id === choice) ?? choices[2];
  return (
    <Menu.Root>
      <Menu.Trigger className="btn ghost icon" aria-label={`Theme: ${current.name}`} title="Theme">
        <Icon of={current.icon} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="positioner" align="end" sideOffset={4}>
          <Menu.Popup className="menu">
            <Menu.RadioGroup value={choice} onValueChange={(value) => chooseTheme(value as ThemeChoice)}>
              {choices.map((one) => (
                <Menu.RadioItem key={one.id} value={one.id} className="item" closeOnClick>
                  <Icon of={one.icon} />
                  {one.name}
                  <Menu.RadioItemIndicator className="right">
                    <Icon of={Check} small />
                  </Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
