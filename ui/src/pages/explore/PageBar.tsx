import { useQuery } from '@tanstack/react-query';
import { Pencil, TriangleAlert } from 'lucide-react';
import { savedQueriesQuery } from '@/api/savedQueries.ts';
import type { Answer } from '@/api/types.ts';
import { InTopBar } from '@/app/TopBar.tsx';
import { useShare } from '@/app/useShare.ts';
import { Icon } from '@/design/Icon.tsx';
import { useKeys } from '@/lib/keys.ts';
import { CopyLink } from './CopyLink.tsx';
import { DatasetPicker } from './DatasetPicker.tsx';
import styles from './Page.module.css';
import { SavedList } from './SavedList.tsx';
import { SaveQuery } from './SaveQuery.tsx';
import { savedAs } from './saved.ts';
import type { Explore } from './useExplore.ts';

interface Props {
  explore: Explore;
  /** The answer to what the address asks, when there is one. */
  shown: Answer | undefined;
  asText: boolean;
  setAsText: (on: boolean) => void;
}

/** Which dataset is asked, and what can be done with the question: written as text, kept, found again, shared. */
export function PageBar({ explore, shown, asText, setAsText }: Props) {
  const { env, dataset, asked, draft, dirty } = explore;
  const share = useShare(env);
  const saved = useQuery(savedQueriesQuery(env)).data ?? [];
  const current = savedAs(saved, dataset, asked);
  const copy = () => share.mutate(explore.fixedAt(shown));
  useKeys({ y: copy });
  return (
    <>
      {current ? (
        <InTopBar slot="crumb">
          <span className="sep">/</span> <bdi className={`cut ${styles.crumb}`}>{current.name}</bdi>
        </InTopBar>
      ) : null}
      <div className={`bar ${styles.bar}`}>
        <DatasetPicker env={env} dataset={dataset} change={explore.setDataset} />
        <span className="grow" />
        <span className="row">
          <button
            type="button"
            className={`btn sm ghost${asText ? ' on' : ''}`}
            aria-pressed={asText}
            onClick={() => setAsText(!asText)}
          >
            <Icon of={Pencil} small />
            As text
          </button>
          <SavedList env={env} current={current?.id} />
          <SaveQuery
            env={env}
            dataset={dataset}
            question={draft}
            saved={saved}
            as={dirty ? undefined : current}
            done={() => explore.run()}
          />
          <CopyLink share={share} copy={copy} />
        </span>
      </div>
      {share.error ? (
        <p className={`bar thin ${styles.problem}`} role="alert">
          <Icon of={TriangleAlert} small />
          <span>The link was not copied: {share.error.message}</span>
        </p>
      ) : null}
    </>
  );
}
