/** The mark: a waterfall of three spans, the first one's error in the environment's colour. */
export function Logo() {
  return (
    <svg
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      aria-hidden="true"
    >
      <path d="M2 5.5h11M5 10h12M8 14.5h7" strokeLinecap="round" />
      <circle cx="16.5" cy="5.5" r="1.5" fill="var(--env, #8456C8)" stroke="none" />
    </svg>
  );
}
