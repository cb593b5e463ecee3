import { useState } from 'react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { spanCommand, type What } from './model.ts';
import { Step } from './Step.tsx';
import styles from './send.module.css';

function randomTraceId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** Send something and see it named at the right. */
export function TryStep({ what, url, secret }: { what: What; url: string; secret: string }) {
  const [traceId] = useState(randomTraceId);
  if (what === 'events') {
    return (
      <Step number={3} title="Send one">
        <p>Run it. The box at the side names whatever comes, from any environment.</p>
      </Step>
    );
  }
  const command = spanCommand(url, secret, traceId);
  return (
    <Step number={3} title="Restart the app and use it, or send one span yourself">
      <p>The box at the side names whatever comes, from any environment.</p>
      <div className={`box ${styles.code}`}>
        <pre className="code">{command}</pre>
        <CopyButton text={command} label="Copy" />
      </div>
    </Step>
  );
}
