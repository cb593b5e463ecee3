import { useEffect, useState } from 'react';

/** What is read and for how long already, once that is worth a word, and the way out of it. */
export function Elapsed({ what, cancel }: { what: string; cancel: () => void }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((old) => old + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  if (seconds === 0) return null;
  return (
    <span className="row muted">
      <span className="cut">
        {what} {seconds} s
      </span>
      <button type="button" className="btn sm ghost" onClick={cancel}>
        Cancel
      </button>
    </span>
  );
}
