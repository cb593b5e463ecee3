/** What a pasted text may be the id of. */
export type Pasted =
  | { kind: 'trace'; id: string; span?: string | undefined }
  | { kind: 'span'; id: string }
  | { kind: 'occurrence'; uuid: string }
  | { kind: 'item'; counter: number }
  | { kind: 'logs'; group: string; stream?: string | undefined };

const HEX = '[0-9a-f]';
/** W3C Trace Context: version, trace, parent, flags. */
const TRACEPARENT = new RegExp(`^${HEX}{2}-(${HEX}{32})-(${HEX}{16})-${HEX}{2}$`);
/** X-Ray's id alone, or in the header's form with what else it says. */
const XRAY = new RegExp(`(?:^|root=)1-(${HEX}{8})-(${HEX}{24})(?:;|$)`);
const XRAY_PARENT = new RegExp(`(?:^|;)\\s*parent=(${HEX}{16})(?:;|$)`);
const TRACE = new RegExp(`^${HEX}{32}$`);
const SPAN = new RegExp(`^${HEX}{16}$`);
const UUID = new RegExp(`^${HEX}{8}(?:-${HEX}{4}){3}-${HEX}{12}$`);
const ITEM = /^#(\d{1,9})$|^(\d{1,7})$/;
const LOGS = /^arn:[a-z-]+:logs:[a-z0-9-]*:\d*:log-group:([^:*]+)(?::log-stream:([^*]+))?(?::?\*)?$/;

/** Reads an id in each form in which tools show it: likeliest first, empty when it is none. */
export function pasted(text: string): Pasted[] {
  const given = text.trim().replace(/^["'`<]+|["'`>,;]+$/gu, '');
  const logs = LOGS.exec(given);
  if (logs?.[1]) return [{ kind: 'logs', group: logs[1], stream: logs[2] }];
  const id = given.toLowerCase();
  const w3c = TRACEPARENT.exec(id);
  if (w3c?.[1]) return [{ kind: 'trace', id: w3c[1], span: w3c[2] }];
  const xray = XRAY.exec(id);
  // The same 32 digits: X-Ray only writes the first eight, the time, apart.
  if (xray) return [{ kind: 'trace', id: `${xray[1]}${xray[2]}`, span: XRAY_PARENT.exec(id)?.[1] }];
  // A version 4 UUID without dashes looks like a trace id, and the other way round.
  if (TRACE.test(id))
    return [
      { kind: 'trace', id },
      { kind: 'occurrence', uuid: id },
    ];
  if (UUID.test(id)) return [{ kind: 'occurrence', uuid: id }];
  if (SPAN.test(id)) return [{ kind: 'span', id }];
  const item = ITEM.exec(id);
  if (item) return [{ kind: 'item', counter: Number(item[1] ?? item[2]) }];
  return [];
}
