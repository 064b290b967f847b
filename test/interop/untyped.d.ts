// An oracle that comes without types of its own.
declare module 'express';
