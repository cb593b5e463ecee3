/** The languages deliveries come in: the server's word and the vendor's name. */
export const PROTOCOLS: readonly { value: string; label: string }[] = [
  { value: 'otlp/http', label: 'OTLP/HTTP' },
  { value: 'otlp/grpc', label: 'OTLP/gRPC' },
  { value: 'events', label: 'Events API' },
  { value: 'api', label: 'Query API' },
  { value: 'xray', label: 'X-Ray API' },
  { value: 'xray/daemon', label: 'X-Ray daemon' },
  { value: 'logs', label: 'CloudWatch Logs' },
  { value: 'rollbar', label: 'Rollbar' },
];

/** `otlp/http` → `OTLP/HTTP`; an unknown protocol as it is called. */
export function protocolName(protocol: string): string {
  return PROTOCOLS.find((one) => one.value === protocol)?.label ?? protocol;
}
