import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { sessionQuery } from '@/api/queries.ts';
import { Failure } from '@/design/Failure.tsx';
import { ValueMenu } from '@/query/ValueMenu.tsx';
import { Login } from './Login.tsx';

/** Nothing shows before the server said who we are; a foreign browser sees the question for the token alone. */
export function Root() {
  const session = useQuery(sessionQuery());
  if (session.data) {
    if (session.data.token_required && !session.data.authorized) return <Login />;
    return (
      <>
        <Outlet />
        <ValueMenu />
      </>
    );
  }
  if (session.error) return <Failure error={session.error} retry={() => void session.refetch()} />;
  return null;
}
