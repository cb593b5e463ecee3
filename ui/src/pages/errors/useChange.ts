import { useMutation, useQueryClient } from '@tanstack/react-query';
import { changeIssue } from '@/api/issues.ts';
import type { Issue, IssueChange } from '@/api/types.ts';

/** Changes items, one after the other; what failed is told, what was done stays done. */
export function useChange(env: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ issues, change }: { issues: readonly Issue[]; change: IssueChange }) => {
      for (const issue of issues) await changeIssue(env, issue.id, change);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['issues', env] }),
  });
}
