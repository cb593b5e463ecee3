import { Link } from '@tanstack/react-router';
import { Empty } from '@/design/Empty.tsx';

export function NotFound() {
  return (
    <Empty title="There is no such page">
      <p>The address may be mistyped, or the page of another version.</p>
      <Link to="/" className="btn">
        Go to the start
      </Link>
    </Empty>
  );
}
