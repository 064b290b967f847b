// Oracles that come without types of their own.
declare module 'express';
declare module 'oidc-provider';
