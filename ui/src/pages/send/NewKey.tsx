import { useMutation } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { post, segment } from '@/api/client.ts';
import type { KeyKind, KeyMade } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import type { Credential } from './sources.ts';

const WORDS: Record<string, string> = { signing: 'Create an AWS key', project: 'Create a token' };

/** Makes the key that the client carries, and hands its secret on: the only time it is told. */
export function NewKey({ env, kind, made }: { env: string; kind: KeyKind; made: (key: Credential) => void }) {
  const create = useMutation({
    mutationFn: () =>
      post<KeyMade>(`/environments/${segment(env)}/keys`, {
        kind,
        name: 'made on Send data',
        // A token belongs to a project; the first one is called as its environment.
        ...(kind === 'project' ? { project: env } : {}),
      }),
    onSuccess: ({ key, secret }) => made({ id: key.signing_id ?? undefined, secret }),
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
        {WORDS[kind] ?? 'Create a key'}
      </button>
    </>
  );
}
