import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { devKey } from '@/api/devKey.ts';
import { sessionQuery } from '@/api/queries.ts';
import { useEnvironment } from '@/app/environment.ts';
import { Empty } from '@/design/Empty.tsx';
import { ChangeStep } from './ChangeStep.tsx';
import { Listening } from './Listening.tsx';
import {
  CLIENTS,
  checklist,
  hostPort,
  isLoopback,
  KEY_PLACE,
  LANGUAGES,
  type Listen,
  PLACES,
  unreachable,
  urlFor,
  type What,
} from './model.ts';
import type { SendSearch } from './search.ts';
import styles from './send.module.css';
import { TryStep } from './TryStep.tsx';
import { WhatStep } from './WhatStep.tsx';

/** How an app is pointed at this server, and a box that hears whether it worked. */
export function SendPage() {
  const { slug: env } = useEnvironment();
  const { data: session } = useSuspenseQuery(sessionQuery());
  const search: SendSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const [made, setMade] = useState<{ env: string; secret: string } | undefined>(undefined);
  const change = (patch: { [K in keyof SendSearch]?: string | undefined }) =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }), replace: true });

  const what: What = search.what === 'events' ? 'events' : 'otel';
  const languages = what === 'events' ? CLIENTS : LANGUAGES;
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
  const address = what === 'otel' ? (listen.otlp_http ?? listen.http) : listen.http;
  const url = urlFor(address, place, location.hostname);
  // A command is run where this page is read, wherever the app runs.
  const here = urlFor(address, isLoopback(location.hostname) ? 'local' : 'remote', location.hostname);
  const warning = unreachable(
    address,
    place,
    address === listen.http ? '--http' : '--otlp-http',
    session.dev,
  );
  const fixed = devKey(session, env);
  const key = made?.env === env ? made.secret : fixed;
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
          secret={key}
          fixed={key !== undefined && key === fixed}
          made={(secret) => setMade({ env, secret })}
        />
        <TryStep what={what} url={here} secret={key ?? KEY_PLACE} />
      </div>
      <Listening
        key={`${env} ${what}`}
        env={env}
        what={what}
        secret={key}
        ports={what === 'otel' ? portWords(listen) : `Events API on ${listen.http}`}
        checks={checklist(what, language, place, url)}
      />
    </div>
  );
}

function portWords({ otlp_http, otlp_grpc, http }: Listen): string {
  const ports = [otlp_http, otlp_grpc, http].flatMap((one) => (one ? [hostPort(one).port] : []));
  return `OTLP on ${ports.join(', ')}`;
}
