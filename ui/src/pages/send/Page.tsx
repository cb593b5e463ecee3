import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { devCredential } from '@/api/devKey.ts';
import { sessionQuery } from '@/api/queries.ts';
import type { KeyKind } from '@/api/types.ts';
import { useEnvironment } from '@/app/environment.ts';
import { Empty } from '@/design/Empty.tsx';
import { ChangeStep } from './ChangeStep.tsx';
import { Listening } from './Listening.tsx';
import {
  checklist,
  hostPort,
  isLoopback,
  type Listen,
  PLACES,
  type Place,
  unreachable,
  urlFor,
  type What,
} from './model.ts';
import { OthersStep, type Settings } from './OthersStep.tsx';
import type { SendSearch } from './search.ts';
import styles from './send.module.css';
import { type Credential, languagesOf, SOURCES, sourceOf } from './sources.ts';
import { TryStep } from './TryStep.tsx';
import { WhatStep } from './WhatStep.tsx';

/** How an app is pointed at this server, and a box that hears whether it worked. */
export function SendPage() {
  const { slug: env } = useEnvironment();
  const { data: session } = useSuspenseQuery(sessionQuery());
  const search: SendSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const [made, setMade] = useState<{ env: string; kind: KeyKind; key: Credential } | undefined>(undefined);
  const change = (patch: { [K in keyof SendSearch]?: string | undefined }) =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }), replace: true });

  const what: What = SOURCES.find((one) => one.what === search.what)?.what ?? 'otel';
  const source = sourceOf(what);
  const languages = languagesOf(what);
  const language = (languages.find((one) => one.value === search.lang) ?? languages[0])?.value ?? '';
  const place = PLACES.find((one) => one.value === search.in)?.value ?? 'local';
  const listen = session.listen;
  if (!listen?.http) {
    return (
      <Empty title="The server does not say where it listens">
        <p>Sign in again, or look at the first lines of its log.</p>
      </Empty>
    );
  }
  const { address, flag } = addressOf(what, listen);
  const urlOf = (one: What, where: Place) => {
    const url = urlFor(addressOf(one, listen).address, where, location.hostname);
    // Datagrams go to an address, not to a URL.
    return one === 'xray' ? url.replace('http://', '') : url;
  };
  const urlAt = (where: Place) => urlOf(what, where);
  const url = urlAt(place);
  const settings: Settings = {
    otel: { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: urlOf('otel', place) },
    xray: { name: 'AWS_XRAY_DAEMON_ADDRESS', value: urlOf('xray', place) },
    logs: { name: 'AWS_ENDPOINT_URL', value: urlOf('logs', place) },
    rollbar: { name: 'endpoint', value: `${urlOf('rollbar', place)}/api/1/` },
    events: { name: 'api_host', value: urlOf('events', place) },
  };
  // A command is run where this page is read, wherever the app runs.
  const here = urlAt(isLoopback(location.hostname) ? 'local' : 'remote');
  const warning = unreachable(address, place, flag, session.dev);
  const fixed = devCredential(session, env, source.key);
  const own = made?.env === env && made.kind === source.key ? made.key : undefined;
  const credential = own ?? fixed;
  return (
    <div className={styles.body}>
      <div className={styles.steps}>
        <WhatStep what={what} language={language} place={place} change={change} />
        <ChangeStep
          env={env}
          what={what}
          language={language}
          url={url}
          warning={warning}
          credential={credential}
          fixed={own === undefined && fixed !== undefined}
          made={(key) => source.key && setMade({ env, kind: source.key, key })}
        />
        <TryStep what={what} url={here} credential={credential} />
        <OthersStep env={env} what={what} settings={settings} />
      </div>
      <Listening
        key={`${env} ${what}`}
        env={env}
        what={what}
        secret={credential?.secret}
        ports={what === 'otel' ? portWords(listen) : `${source.name} on ${hostPort(address).port}`}
        checks={checklist(what, language, place, url)}
      />
    </div>
  );
}

/** Where a source is sent, and the flag that moves that listener. */
function addressOf(what: What, listen: Listen): { address: string; flag: string } {
  if (what === 'otel' && listen.otlp_http) return { address: listen.otlp_http, flag: '--otlp-http' };
  if (what === 'xray' && listen.xray) return { address: listen.xray, flag: '--xray' };
  return { address: listen.http, flag: '--http' };
}

function portWords({ otlp_http, otlp_grpc, http }: Listen): string {
  const ports = [otlp_http, otlp_grpc, http].flatMap((one) => (one ? [hostPort(one).port] : []));
  return `OTLP on ${ports.join(', ')}`;
}
