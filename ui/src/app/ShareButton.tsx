import { useMutation } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { Check, Link2, TriangleAlert } from 'lucide-react';
import { useEffect } from 'react';
import { post } from '@/api/client.ts';
import { Icon } from '@/design/Icon.tsx';
import { copyText } from '@/lib/clipboard.ts';
import { useEnvironment } from './environment.ts';

/** Makes a short link to this very picture, which never expires, and copies it. */
export function ShareButton() {
  const { slug } = useEnvironment();
  const { href } = useLocation();
  const share = useMutation({
    mutationFn: async (path: string) => {
      const { id } = await post<{ id: string }>('/links', { env: slug, path });
      const url = `${location.origin}/l/${id}`;
      if (!(await copyText(url))) throw new Error(`the browser does not let us copy ${url}`);
      return url;
    },
  });
  const { isIdle, reset } = share;
  useEffect(() => {
    if (isIdle) return;
    const timer = setTimeout(reset, 3000);
    return () => clearTimeout(timer);
  }, [isIdle, reset]);
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
