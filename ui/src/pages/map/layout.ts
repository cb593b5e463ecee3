/** Where nodes and edges lie: callers at the left, callees at the right. Runs in a worker. */
import { layout as dagre, Graph } from '@dagrejs/dagre';
import { type Point, TEXT_HEIGHT } from './way.ts';

/** What is laid out: rings by radius with the text below them, edges with room for their label. */
export interface LayoutAsk {
  nodes: readonly { id: number; radius: number; textWidth: number }[];
  edges: readonly { from: number; to: number; label: boolean }[];
}

export interface Layout {
  width: number;
  height: number;
  /** Centres of rings, in the order asked. */
  nodes: Point[];
  /** Ways of edges from centre to centre, in the order asked; empty for one from a node to itself. */
  edges: Point[][];
}

const LABEL = { width: 64, height: 20 };
const MARGIN = 24;

export function layOut(ask: LayoutAsk): Layout {
  const graph = new Graph();
  // The default ranker takes three times as long on 200 nodes.
  graph.setGraph({
    rankdir: 'LR',
    ranker: 'tight-tree',
    nodesep: 16,
    ranksep: 40,
    marginx: MARGIN,
    marginy: MARGIN,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, radius, textWidth } of ask.nodes) {
    graph.setNode(String(id), {
      width: Math.max(2 * radius, textWidth),
      // As much above as below: the ring's centre is the box's.
      height: 2 * (radius + TEXT_HEIGHT),
    });
  }
  for (const { from, to, label } of ask.edges) {
    if (from !== to) graph.setEdge(String(from), String(to), label ? { ...LABEL, labelpos: 'c' } : {});
  }
  dagre(graph);
  const point = ({ x, y }: { x?: number; y?: number }): Point => ({ x: x ?? 0, y: y ?? 0 });
  const size = graph.graph() as { width?: number; height?: number };
  const finite = (n: number | undefined) => (n !== undefined && Number.isFinite(n) ? n : 0);
  return {
    width: finite(size.width),
    height: finite(size.height),
    nodes: ask.nodes.map(({ id }) => point(graph.node(String(id)))),
    edges: ask.edges.map(({ from, to }) => {
      if (from === to) return [];
      const ends = [point(graph.node(String(from))), point(graph.node(String(to)))] as const;
      const way = (graph.edge(String(from), String(to)) as { points?: Point[] }).points ?? [];
      // The first and the last lie on the boxes; ours begin and end at the rings.
      return [ends[0], ...way.slice(1, -1).map(point), ends[1]];
    }),
  };
}
