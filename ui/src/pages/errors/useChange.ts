import { useMutation, useQueryClient } from '@tanstack/react-query';
import { changeIssue } from '@/api/issues.ts';
import type { Issue, IssueChange } from '@/api/types.ts';

/**
 * Changes items, one after the other; what failed is told, what was done stays done. `done` is called as soon as they are
 * changed, before the lists are read again: what is selected while they are is not lost.
 */
export function useChange(env: string, done?: (issues: readonly Issue[]) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ issues, change }: { issues: readonly Issue[]; change: IssueChange }) => {
      for (const issue of issues) await changeIssue(env, issue.id, change);
    },
    onSuccess: (_, { issues }) => done?.(issues),
    onSettled: () => client.invalidateQueries({ queryKey: ['issues', env] }),
  });
}
