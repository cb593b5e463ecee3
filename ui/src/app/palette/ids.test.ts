import { describe, expect, it } from 'vitest';
import { pasted } from './ids.ts';

const trace = '5759e988bd862e3fe1be46a994272793';

describe('a pasted id', () => {
  it.each([
    // OpenTelemetry's form, which a UUID without dashes has too.
    [
      trace,
      [
        { kind: 'trace', id: trace },
        { kind: 'occurrence', uuid: trace },
      ],
    ],
    // X-Ray's form of the same id, alone, with its span, and as its header.
    ['1-5759e988-bd862e3fe1be46a994272793', [{ kind: 'trace', id: trace, span: undefined }]],
    [
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
      [{ kind: 'trace', id: trace, span: '53995c3f42cd8ad8' }],
    ],
    // The example of W3C Trace Context.
    [
      '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      [{ kind: 'trace', id: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' }],
    ],
    ['00F067AA0BA902B7', [{ kind: 'span', id: '00f067aa0ba902b7' }]],
    ['#12', [{ kind: 'item', counter: 12 }]],
    ['12', [{ kind: 'item', counter: 12 }]],
    [
      ' "67FA4D61-B5B0-4B1B-8F2D-5F5B1C2D3E4F", ',
      [{ kind: 'occurrence', uuid: '67fa4d61-b5b0-4b1b-8f2d-5f5b1c2d3e4f' }],
    ],
    [
      'arn:aws:logs:us-east-1:000000000000:log-group:/cruddur/api:*',
      [{ kind: 'logs', group: '/cruddur/api', stream: undefined }],
    ],
    [
      'arn:aws:logs:us-east-1:000000000000:log-group:cruddur:log-stream:vm/app/1',
      [{ kind: 'logs', group: 'cruddur', stream: 'vm/app/1' }],
    ],
  ])('%s', (text, want) => {
    expect(pasted(text)).toEqual(want);
  });

  it.each([
    '',
    'home',
    'deadbeef',
    '5759e988bd862e3fe1be46a99427279',
    '1-5759e988-bd862e3fe1be46a99427279',
    '#0x1',
    '12345678',
    'g'.repeat(32),
  ])('“%s” is none', (text) => {
    expect(pasted(text)).toEqual([]);
  });
});
