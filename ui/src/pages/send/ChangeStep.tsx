import { Download, KeyRound, TriangleAlert } from 'lucide-react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import { composeLines, envFile, eventCode, KEY_PLACE, type Line, otelLines, type What } from './model.ts';
import { NewKey } from './NewKey.tsx';
import { Step } from './Step.tsx';
import styles from './send.module.css';

interface Props {
  env: string;
  what: What;
  language: string;
  url: string;
  warning: string | undefined;
  secret: string | undefined;
  /** The key is the fixed one of --dev. */
  fixed: boolean;
  made: (secret: string) => void;
}

const SIGNS = { old: '–', new: '+', same: '=' } as const;

/** The lines to change, with this server's address and a key. */
export function ChangeStep({ env, what, language, url, warning, secret, fixed, made }: Props) {
  const key = secret ?? KEY_PLACE;
  const lines = otelLines(url, key, language);
  const news = lines.filter((line) => line.state === 'new').length;
  return (
    <Step
      number={2}
      title={
        what === 'otel'
          ? `Change ${news === 2 ? 'two' : 'three'} lines, nothing else`
          : 'Point the client here'
      }
      state="now"
    >
      <p>
        {what === 'otel'
          ? 'In the environment of your service. Your code, packages and service name stay as they are.'
          : 'A dataset is made when its first event comes.'}
      </p>
      {warning ? (
        <p className={`note warn ${styles.warning}`}>
          <Icon of={TriangleAlert} />
          <span>{warning}</span>
        </p>
      ) : null}
      {what === 'otel' ? (
        <>
          <div className={`box ${styles.lines}`}>
            {lines.map((line) => (
              <LineRow key={`${line.state} ${line.name}`} line={line} />
            ))}
          </div>
          <div className={`row ${styles.actions}`}>
            <CopyButton look={secret ? 'primary' : 'plain'} text={envFile(lines)} label="Copy all" />
            <button type="button" className="btn" onClick={() => save('foursight.env', envFile(lines))}>
              <Icon of={Download} />
              .env file
            </button>
            <CopyButton look="plain" text={composeLines(lines)} label="For compose.yaml" />
            <span className="grow" />
            <KeyWords env={env} secret={secret} fixed={fixed} made={made} />
          </div>
        </>
      ) : (
        <>
          <div className={`box ${styles.code}`}>
            <pre className="code">{eventCode(language, url, key)}</pre>
            <CopyButton text={eventCode(language, url, key)} label="Copy" />
          </div>
          <div className={`row ${styles.actions}`}>
            <KeyWords env={env} secret={secret} fixed={fixed} made={made} />
          </div>
        </>
      )}
    </Step>
  );
}

function LineRow({ line }: { line: Line }) {
  const text = `${line.name}=${line.value}`;
  const at = line.mark ? line.value.indexOf(line.mark) : -1;
  return (
    <div className={`${styles.line} ${line.state === 'new' ? '' : styles.old}`}>
      <span aria-hidden="true">{SIGNS[line.state]}</span>
      <span className="cut" title={text}>
        {line.name}=
        {at >= 0 && line.mark ? (
          <>
            {line.value.slice(0, at)}
            <b>{line.mark}</b>
          </>
        ) : (
          line.value
        )}
      </span>
      {line.state === 'new' ? (
        <CopyButton text={text} label="Copy" />
      ) : (
        <span className={styles.unchanged}>{line.state === 'same' ? 'unchanged' : 'replaced'}</span>
      )}
    </div>
  );
}

function KeyWords({ env, secret, fixed, made }: Pick<Props, 'env' | 'secret' | 'fixed' | 'made'>) {
  if (secret === undefined) return <NewKey env={env} made={made} />;
  return (
    <span className={`muted row ${styles.keyWords}`}>
      <Icon of={KeyRound} />
      {fixed ? 'the fixed key of --dev' : 'this key is shown once: copy it now'}
    </span>
  );
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
