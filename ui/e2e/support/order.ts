import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files by name, but the demo last: its traffic needs a minute, which passes during the others. */
export class DemoLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => `${Number(moduleId.includes('demo.e2e'))} ${moduleId}`;
    return [...files].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }
}
