/** A manifest of `https://notes.example`, version 2. */
export const EXAMPLE_MANIFEST = {
  version: 2,
  service: { name: 'Notes', url: 'https://notes.example' },
  auth: { header: 'Authorization', scheme: 'DPoP' },
  api: {
    base: 'https://api.notes.example/v1',
    operations: [
      {
        name: 'listNotes',
        description: 'All notes of the caller',
        method: 'GET',
        path: '/notes',
        annotations: { readOnlyHint: true },
      },
      {
        name: 'deleteNote',
        description: 'Remove one note',
        method: 'DELETE',
        path: '/notes/{id}',
        inputSchema: {
          type: 'object',
          properties: { id: { type: 'string', maxLength: 40 } },
          required: ['id'],
        },
        annotations: { destructiveHint: true },
      },
    ],
  },
} as const;
