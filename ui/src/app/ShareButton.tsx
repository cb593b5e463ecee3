import { useLocation } from '@tanstack/react-router';
import { Check, Link2, TriangleAlert } from 'lucide-react';
import { Icon } from '@/design/Icon.tsx';
import { useEnvironment } from './environment.ts';
import { useShare } from './useShare.ts';

/** Makes a short link to this very picture and copies it. */
export function ShareButton() {
  const { slug } = useEnvironment();
  const { href } = useLocation();
  const share = useShare(slug);
  const said = share.isSuccess ? 'Link copied' : share.error ? share.error.message : 'Copy short link';
  return (
    <button
      type="button"
      className="btn ghost icon hide-s"
      title={said}
      aria-label={said}
      onClick={() => share.mutate(href)}
      disabled={share.isPending}
    >
      <Icon of={share.isSuccess ? Check : share.isError ? TriangleAlert : Link2} />
      <span className="vh" role="status">
        {share.isIdle ? '' : said}
      </span>
    </button>
  );
}
