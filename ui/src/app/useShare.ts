import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { post } from '@/api/client.ts';
import { copyText } from '@/lib/clipboard.ts';

/** Makes a short link to a place of the environment, which never expires, and copies it. Says so for a moment. */
export function useShare(env: string) {
  const share = useMutation({
    mutationFn: async (path: string) => {
      const { id } = await post<{ id: string }>('/links', { env, path });
      const url = `${location.origin}/l/${id}`;
      if (!(await copyText(url))) throw new Error(`the browser does not let us copy ${url}`);
      return url;
    },
  });
  const { isSuccess, reset } = share;
  useEffect(() => {
    // A failure stays until the next try: it may carry the link for the reader to copy.
    if (!isSuccess) return;
    const timer = setTimeout(reset, 3000);
    return () => clearTimeout(timer);
  }, [isSuccess, reset]);
  return share;
}
