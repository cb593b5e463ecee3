/** Names for the shapes of the API that pages use. */

export interface EnvironmentInfo {
  slug: string;
  name: string;
  color: string;
}

export interface Session {
  dev: boolean;
  token_required: boolean;
  authorized: boolean;
  version: string;
  environments: EnvironmentInfo[];
  listen: { http?: string; otlp_grpc?: string; otlp_http?: string };
  health: { state: string; reasons?: { code: string; text: string; fix: string }[] };
}
