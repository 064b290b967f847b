import type { ProviderConfig } from '../config/config.ts';
import type { Target } from '../target/target.ts';

/** An entry as it goes into config.yaml, without id. */
export type CatalogueEntry = Omit<ProviderConfig, 'id'>;

/** A site of the catalogue. */
interface Site {
  readonly name: string;
  /** Hosts that belong to it; `*.host` for one label more. */
  readonly hosts: readonly string[];
  readonly entry: (host: string, path: string) => Partial<CatalogueEntry> | undefined;
}

const COOKIES: Pick<CatalogueEntry, 'extract' | 'apply'> = {
  extract: [{ from: 'cookies', as: 'cookie', match: '*' }],
  apply: [{ in: 'header', name: 'Cookie', value: '${cookie}' }],
};

/**
 * Sites that are known well enough to tell a login from a visit. This is data about other people's
 * sites, unverified and bound to age: whoever uses an entry gets it in config.yaml, to be changed
 * there.
 */
const SITES: readonly Site[] = [
  {
    name: 'Reddit',
    hosts: ['reddit.com', 'www.reddit.com', 'old.reddit.com'],
    entry: () => ({
      domains: ['www.reddit.com', 'reddit.com', 'old.reddit.com'],
      entryUrl: 'https://www.reddit.com/',
      validateUrl: 'https://www.reddit.com/prefs/friends',
    }),
  },
  {
    name: 'X',
    hosts: ['x.com', 'www.x.com', 'twitter.com', 'www.twitter.com'],
    entry: () => ({
      domains: ['x.com', 'twitter.com'],
      entryUrl: 'https://x.com/',
      validateUrl: 'https://x.com/i/api/2/notifications/all.json?count=1',
      extract: [{ from: 'cookies', as: 'cookie', match: '*' }, { from: 'cookies', as: 'ct0', match: 'ct0' }],
      apply: [
        { in: 'header', name: 'Cookie', value: '${cookie}' },
        { in: 'header', name: 'x-csrf-token', value: '${ct0}' },
      ],
    }),
  },
  {
    name: 'LinkedIn',
    hosts: ['linkedin.com', 'www.linkedin.com'],
    entry: () => ({
      domains: ['www.linkedin.com', 'linkedin.com'],
      entryUrl: 'https://www.linkedin.com/feed/',
      validateUrl: 'https://www.linkedin.com/feed/',
      loginUrlPatterns: ['/login', '/uas/', '/checkpoint/', '/authwall', '/signup'],
    }),
  },
  {
    name: 'YouTube',
    hosts: ['youtube.com', 'www.youtube.com', 'm.youtube.com'],
    entry: () => ({
      domains: ['www.youtube.com', 'youtube.com'],
      entryUrl: 'https://www.youtube.com/account',
      validateUrl: 'https://www.youtube.com/account',
    }),
  },
  {
    name: 'V2EX',
    hosts: ['v2ex.com', 'www.v2ex.com'],
    entry: () => ({
      domains: ['www.v2ex.com', 'v2ex.com'],
      entryUrl: 'https://www.v2ex.com/settings',
      validateUrl: 'https://www.v2ex.com/settings',
      loginUrlPatterns: ['/signin', '/2fa'],
    }),
  },
  {
    name: 'Zhihu',
    hosts: ['zhihu.com', 'www.zhihu.com'],
    entry: () => ({
      domains: ['www.zhihu.com', 'zhihu.com'],
      entryUrl: 'https://www.zhihu.com/',
      validateUrl: 'https://www.zhihu.com/api/v4/me',
    }),
  },
  {
    name: 'GitHub',
    hosts: ['github.com', 'www.github.com'],
    entry: () => ({
      domains: ['github.com'],
      entryUrl: 'https://github.com/settings/profile',
      validateUrl: 'https://github.com/settings/profile',
      loginUrlPatterns: ['github.com/login', 'github.com/session'],
    }),
  },
  {
    name: 'GitHub API',
    hosts: ['api.github.com'],
    entry: () => ({
      domains: ['api.github.com'],
      entryUrl: 'https://github.com/settings/tokens',
      strategy: 'prompt',
      validateUrl: 'https://api.github.com/user',
      extract: [{ from: 'prompt', as: 'token', match: 'Enter your GitHub personal access token' }],
      apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${token}' }],
    }),
  },
  {
    // Jira and Confluence of one organisation share the host and the session.
    name: 'Jira and Confluence Cloud',
    hosts: ['*.atlassian.net'],
    entry: (host, path) => ({
      domains: [host],
      entryUrl: path.startsWith('/wiki') ? `https://${host}/wiki/home` : `https://${host}/`,
      validateUrl: path.startsWith('/wiki')
        ? `https://${host}/wiki/rest/api/user/current`
        : `https://${host}/rest/api/3/myself`,
      ...(path.startsWith('/wiki') ? { validateRule: "res.status === 200 && res.body.type !== 'anonymous'" } : {}),
    }),
  },
  {
    name: 'Slack',
    hosts: ['app.slack.com'],
    entry(_host, path) {
      // The token stands under the id of the workspace, which only the address of a workspace tells.
      const team = /^\/client\/([TE][A-Z0-9]{6,20})(?:\/|$)/.exec(path)?.[1];
      return team === undefined ? undefined : {
        domains: ['slack.com', 'app.slack.com'],
        entryUrl: `https://app.slack.com/client/${team}`,
        validateUrl: 'https://slack.com/api/auth.test',
        validateRule: 'res.body.ok === true',
        extract: [
          { from: 'cookies', as: 'session', match: '*' },
          { from: 'localStorage', as: 'xoxc-token', match: 'localConfig_v2', jsonPath: `teams.${team}.token` },
        ],
        apply: [
          { in: 'header', name: 'Cookie', value: '${session}' },
          { in: 'header', name: 'Authorization', value: 'Bearer ${xoxc-token}' },
        ],
      };
    },
  },
  {
    name: 'Microsoft Teams',
    hosts: ['teams.microsoft.com', 'teams.live.com', 'teams.cloud.microsoft'],
    entry: (host) => ({ domains: [host], entryUrl: `https://${host}/` }),
  },
];

/**
 * The entry of a known site, by the address a person gives.
 *
 * @param path origin-form request target
 * @returns `undefined` for any other site
 *
 * @example
 * ```ts
 * findInCatalogue(parseUrl('https://reddit.com/').target, '/')?.validateUrl; // "https://www.reddit.com/prefs/friends"
 * ```
 */
export function findInCatalogue(target: Target, path: string): CatalogueEntry | undefined {
  if (target.scheme !== 'https' || target.port !== 443) return undefined;
  for (const { name, hosts, entry } of SITES) {
    if (!hosts.some((host) => fits(host, target.host))) continue;
    const found = entry(target.host, path.split('?', 1)[0]!);
    if (found) return { name, domains: [target.host], strategy: 'browser', ...COOKIES, ...found };
  }
  return undefined;
}

/** Names of all sites, for help and documentation. */
export function catalogueNames(): string[] {
  return SITES.map(({ name }) => name);
}

function fits(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot + 1) === pattern.slice(2);
}
