import { Play } from 'lucide-react';
import { useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { SyntaxProblem } from '@/query/lexer.ts';
import type { Question } from '@/query/model.ts';
import { parseQuestion, renderQuestion } from '@/query/text.ts';
import styles from './AsText.module.css';

/** The whole question as text; the same grammar as the address. */
export function AsText({
  question,
  change,
  run,
}: {
  question: Question;
  change: (question: Question) => void;
  run: (question: Question) => void;
}) {
  const [text, setText] = useState(() => renderQuestion(question));
  const [problem, setProblem] = useState<SyntaxProblem>();
  const read = (then: (question: Question) => void) => {
    try {
      const next = parseQuestion(text);
      setProblem(undefined);
      then(next);
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      setProblem(error);
    }
  };
  return (
    <section className={styles.place} aria-label="Query as text">
      <div className={styles.field}>
        <textarea
          className="input mono"
          rows={3}
          value={text}
          aria-label="Query"
          aria-invalid={problem !== undefined}
          aria-describedby="text-problem"
          spellCheck={false}
          // biome-ignore lint/a11y/noAutofocus: the reader asked for this field
          autoFocus
          onChange={(event) => {
            setText(event.target.value);
            setProblem(undefined);
          }}
          onBlur={() => read(change)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.shiftKey || event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              event.stopPropagation();
              read(run);
            }
          }}
        />
        <p id="text-problem" role={problem ? 'alert' : undefined} className={problem ? 't-danger' : 'muted'}>
          {problem ? (
            <>
              {problem.message} at <code>{spot(text, problem.at)}</code>
            </>
          ) : (
            'calculations where conditions group by fields order by … having … limit n from -2h'
          )}
        </p>
      </div>
      <button type="button" className="btn primary" onClick={() => read(run)}>
        <Icon of={Play} small />
        Run
      </button>
    </section>
  );
}

/** The text around the mistake, with a mark where it begins. */
function spot(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - 16), at);
  return `${at > 16 ? '…' : ''}${before}▸${text.slice(at, at + 16)}${at + 16 < text.length ? '…' : ''}`;
}
