import { useQuery } from '@tanstack/react-query';
import { useParams, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { get, segment } from '@/api/client.ts';
import { Failure } from '@/design/Failure.tsx';

/** Whether a stored path leads inside: one slash, so never another host. */
function isInside(path: string): boolean {
  return /^\/(?![/\\])/.test(path);
}

/** `/l/<id>`: finds what the link stands for and goes there, leaving no step in the history. */
export function ShortLink() {
  const { id } = useParams({ strict: false });
  const router = useRouter();
  const link = useQuery({
    queryKey: ['link', id],
    queryFn: ({ signal }) => get<{ path: string }>(`/links/${segment(id ?? '')}`, {}, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const path = link.data?.path;
  useEffect(() => {
    // Not navigation by a click: the address itself is the request.
    if (path !== undefined && isInside(path)) router.history.replace(path);
  }, [path, router]);
  if (link.error) return <Failure error={link.error} retry={() => void link.refetch()} />;
  if (path !== undefined && !isInside(path))
    return <Failure error={new Error('This link leads elsewhere')} />;
  return null;
}
