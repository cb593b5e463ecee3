import type { UseMutationResult } from '@tanstack/react-query';
import { Check, Link2, TriangleAlert } from 'lucide-react';
import { Icon } from '@/design/Icon.tsx';

/** Copies a short link to the picture. What it leads to is made by the page. */
export function CopyLink({
  share,
  copy,
}: {
  share: UseMutationResult<string, Error, string>;
  copy: () => void;
}) {
  const said = share.isSuccess ? 'Link copied' : 'Copy link';
  return (
    <>
      <button
        type="button"
        className="btn sm ghost"
        aria-label={said}
        aria-keyshortcuts="y"
        title="A short link to this question over the time that is shown"
        onClick={copy}
        disabled={share.isPending}
      >
        <Icon of={share.isSuccess ? Check : share.isError ? TriangleAlert : Link2} small />
        <span className="hide-s">{said}</span>
      </button>
      <span className="vh" role="status">
        {share.isSuccess ? said : ''}
      </span>
    </>
  );
}
