import styles from './Saved.module.css';

/** As the server has it. */
const NAME_CHARS = 320;
const DESCRIPTION_CHARS = 1023;

/** Name and description of a saved query. */
export function SavedFields({
  name,
  setName,
  description,
  setDescription,
  wrong,
}: {
  name: string;
  setName: (name: string) => void;
  description: string;
  setDescription: (description: string) => void;
  /** Id of what says why they were refused. */
  wrong: string | undefined;
}) {
  return (
    <>
      <label className={styles.field}>
        Name
        <input
          className="input"
          value={name}
          maxLength={NAME_CHARS}
          dir="auto"
          autoComplete="off"
          aria-invalid={wrong !== undefined}
          aria-describedby={wrong}
          onChange={(event) => setName(event.target.value)}
          // biome-ignore lint/a11y/noAutofocus: the form was just asked for
          autoFocus
        />
      </label>
      <label className={styles.field}>
        Description, if it needs one
        <textarea
          className="input"
          rows={2}
          value={description}
          maxLength={DESCRIPTION_CHARS}
          dir="auto"
          onChange={(event) => setDescription(event.target.value)}
        />
      </label>
    </>
  );
}
