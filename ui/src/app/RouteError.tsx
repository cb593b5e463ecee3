import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { Failure } from '@/design/Failure.tsx';

/** A page that failed to load or to draw; the rest of the shell stays. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Failure
      error={error}
      title="This page failed"
      retry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}
