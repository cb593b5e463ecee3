export * from './aws.ts';
export * from './axe.ts';
export * from './browser.ts';
export * from './items.ts';
export * from './otlp.ts';
export * from './server.ts';
export * from './traces.ts';
