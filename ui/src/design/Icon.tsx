import type { LucideIcon } from 'lucide-react';

/** An icon of the set in our box: 16 px with 1.5 px strokes, or 12 px (`small`). Decoration: hidden from readers. */
export function Icon({
  of: Of,
  small = false,
  className,
}: {
  of: LucideIcon;
  small?: boolean;
  className?: string;
}) {
  const size = small ? 12 : 16;
  return (
    <Of
      className={`i${small ? ' s' : ''}${className ? ` ${className}` : ''}`}
      size={size}
      strokeWidth={small ? 2 : 1.5}
      absoluteStrokeWidth
      aria-hidden="true"
      focusable="false"
    />
  );
}
