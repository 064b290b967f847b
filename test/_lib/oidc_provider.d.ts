// The package brings no types; these are the parts that oidc.ts uses.
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface StoredModel {
    [field: string]: unknown;
    save(): Promise<string>;
  }

  interface Grant extends StoredModel {
    addOIDCScope(scope: string): void;
  }

  interface Interaction {
    readonly prompt: { readonly name: string };
    readonly params: { readonly client_id: string; readonly scope?: string };
    readonly session?: { readonly accountId: string };
  }

  export default class Provider {
    constructor(issuer: string, configuration: unknown);
    callback(): RequestListener;
    on(event: string, listener: (...values: unknown[]) => void): this;
    interactionDetails(request: unknown, response: unknown): Promise<Interaction>;
    interactionFinished(request: unknown, response: unknown, result: unknown): Promise<void>;
    readonly Grant: new (fields: { accountId: string; clientId: string }) => Grant;
    readonly DeviceCode: {
      findByUserCode(userCode: string): Promise<StoredModel | undefined>;
    };
  }
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  export function createMemoryAdapter(): unknown;
}
