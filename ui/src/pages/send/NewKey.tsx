import { useMutation } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { post, segment } from '@/api/client.ts';
import type { KeyMade } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';

/** Makes a key that may only send, and hands its secret on: the only time it is told. */
export function NewKey({ env, made }: { env: string; made: (secret: string) => void }) {
  const create = useMutation({
    mutationFn: () =>
      post<KeyMade>(`/environments/${segment(env)}/keys`, { kind: 'ingest', name: 'made on Send data' }),
    onSuccess: ({ secret }) => made(secret),
    // The secret must not stay in a cache.
    gcTime: 0,
  });
  return (
    <>
      {create.isError ? (
        <span className="t-danger" role="alert">
          {create.error.message}
        </span>
      ) : null}
      <button
        type="button"
        className="btn primary"
        disabled={create.isPending}
        onClick={() => create.mutate()}
      >
        <Icon of={KeyRound} />
        Create a key
      </button>
    </>
  );
}
