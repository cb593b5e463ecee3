import { useState } from 'react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { ID_PLACE, KEY_PLACE, spanCommand, type What } from './model.ts';
import { Step } from './Step.tsx';
import styles from './send.module.css';
import { type Credential, lineCommand, messageCommand, segmentCommand, sourceOf } from './sources.ts';

function randomTraceId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** A command that sends one thing, for a source whose client does not do it in the step before. */
function commandOf(
  what: What,
  url: string,
  credential: Credential | undefined,
  traceId: string,
): string | undefined {
  const secret = credential?.secret ?? KEY_PLACE;
  switch (what) {
    case 'otel':
      return spanCommand(url, secret, traceId);
    case 'xray':
      return segmentCommand(url, traceId.slice(8));
    case 'logs':
      return lineCommand(url, { id: credential?.id ?? ID_PLACE, secret });
    case 'rollbar':
      return messageCommand(url, secret);
    case 'events':
      return undefined;
  }
}

/** Send something and see it named at the right. */
export function TryStep({
  what,
  url,
  credential,
}: {
  what: What;
  url: string;
  credential: Credential | undefined;
}) {
  const [traceId] = useState(randomTraceId);
  const command = commandOf(what, url, credential, traceId);
  const { thing } = sourceOf(what);
  if (command === undefined) {
    return (
      <Step number={3} title="Send one">
        <p>Run it. The box at the side names whatever comes, from any environment.</p>
      </Step>
    );
  }
  return (
    <Step number={3} title={`Restart the app and use it, or send one ${thing} yourself`}>
      <p>The box at the side names whatever comes, from any environment.</p>
      <div className={`box ${styles.code}`}>
        <pre className="code">{command}</pre>
        <CopyButton text={command} label="Copy" />
      </div>
    </Step>
  );
}
