import { Download, KeyRound, TriangleAlert } from 'lucide-react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import {
  composeLines,
  envFile,
  eventCode,
  ID_PLACE,
  KEY_PLACE,
  type Line,
  otelLines,
  type What,
} from './model.ts';
import { NewKey } from './NewKey.tsx';
import { Step } from './Step.tsx';
import styles from './send.module.css';
import { awsLines, type Credential, rollbarCode, sourceOf, xrayLines } from './sources.ts';

interface Props {
  env: string;
  what: What;
  language: string;
  /** URL as the app reaches it; `host:port` where datagrams are sent. */
  url: string;
  warning: string | undefined;
  credential: Credential | undefined;
  /** The key is the fixed one of --dev. */
  fixed: boolean;
  made: (key: Credential) => void;
}

const SIGNS = { old: '–', new: '+', same: '=' } as const;
const NUMBERS = ['nothing', 'one line', 'two lines', 'three lines', 'four lines'];

/** The lines to change, with this server's address and a key. */
export function ChangeStep(props: Props) {
  const { what, warning, credential } = props;
  const change = changeOf(props);
  const keyWords = <KeyWords {...props} />;
  return (
    <Step number={2} title={change.title} state="now">
      <p>{change.words}</p>
      {warning ? (
        <p className={`note warn ${styles.warning}`}>
          <Icon of={TriangleAlert} />
          <span>{warning}</span>
        </p>
      ) : null}
      {change.lines ? (
        <>
          <div className={`box ${styles.lines}`}>
            {change.lines.map((line) => (
              <LineRow key={`${line.state} ${line.name}`} line={line} />
            ))}
          </div>
          <div className={`row ${styles.actions}`}>
            <CopyButton
              look={credential || sourceOf(what).key === undefined ? 'primary' : 'plain'}
              text={envFile(change.lines)}
              label="Copy all"
            />
            <button
              type="button"
              className="btn"
              onClick={() => save('foursight.env', envFile(change.lines))}
            >
              <Icon of={Download} />
              .env file
            </button>
            <CopyButton look="plain" text={composeLines(change.lines)} label="For compose.yaml" />
            <span className="grow" />
            {keyWords}
          </div>
        </>
      ) : (
        <>
          <div className={`box ${styles.code}`}>
            <pre className="code">{change.code}</pre>
            <CopyButton text={change.code} label="Copy" />
          </div>
          <div className={`row ${styles.actions}`}>{keyWords}</div>
        </>
      )}
    </Step>
  );
}

type Change = { title: string; words: string } & (
  | { lines: Line[]; code?: undefined }
  | { lines?: undefined; code: string }
);

/** What is to be changed for a source: variables where its client reads them, else code. */
function changeOf({ what, language, url, credential }: Props): Change {
  const secret = credential?.secret ?? KEY_PLACE;
  const change = (lines: Line[], words: string): Change => {
    const news = lines.filter((line) => line.state === 'new').length;
    return { title: `Change ${NUMBERS[news] ?? `${news} lines`}, nothing else`, words, lines };
  };
  switch (what) {
    case 'otel':
      return change(
        otelLines(url, secret, language),
        'In the environment of your service. Your code, packages and service name stay as they are.',
      );
    case 'xray':
      return change(
        xrayLines(url),
        'This server is the daemon too: no key is asked, segments go to the environment set for them. Or keep the real daemon and set its Endpoint.',
      );
    case 'logs':
      return change(
        awsLines(url, { id: credential?.id ?? ID_PLACE, secret }),
        'In the environment of your service. Groups and streams are made by the client’s own calls.',
      );
    case 'rollbar':
      return {
        title: 'Change address and token in the code',
        words: 'No Rollbar client reads its address from a variable. A project is made with its first token.',
        code: rollbarCode(language, url, secret),
      };
    case 'events':
      return {
        title: 'Point the client here',
        words: 'A dataset is made when its first event comes.',
        code: eventCode(language, url, secret),
      };
  }
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

function KeyWords({ env, what, credential, fixed, made }: Props) {
  const kind = sourceOf(what).key;
  if (kind === undefined) return null;
  if (credential === undefined) return <NewKey env={env} kind={kind} made={made} />;
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
