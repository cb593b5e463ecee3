import * as v from 'valibot';

/** What the address says about this page. */
export const traceSearch = v.looseObject({});
