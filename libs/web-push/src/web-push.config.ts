import { z } from 'zod';
import { isHostPattern } from '#clarion/egress';
import { isKeyPair, isPrivateKey, isPublicKey } from './vapid-keys.js';

/**
 * Where browsers let their subscriptions end: Chrome, Edge on Android, Opera, Brave, Samsung Internet; Chromium without Google's keys, as
 * distributions build it; Firefox; Edge on Windows; Safari.
 */
export const PUSH_HOSTS = [
  'fcm.googleapis.com',
  'jmt17.google.com',
  '*.push.services.mozilla.com',
  '*.notify.windows.com',
  '*.push.apple.com',
] as const;

const hostsSchema = z
  .string()
  .default(PUSH_HOSTS.join(','))
  .transform((text) => [...new Set(text.split(',').flatMap((part) => part.trim().toLowerCase() || []))])
  .pipe(
    z.array(
      z
        .string()
        .refine(isHostPattern, { error: ({ input }) => `${input} is no host, *.suffix or *, with or without a port` }),
    ),
  );

const subjectSchema = z.string().refine(isContact, 'must be a mailto: or an https: URL that others can use');

const siteSchema = z
  .string()
  .refine(isWebSite, 'must be an http(s) URL without user name, query and fragment')
  .transform((text) => new URL(text).href);

/** What an operator can set of Web Push. */
export const webPushConfigSchema = z
  .object({
    environment: z.string().default('development').meta({
      env: 'NODE_ENV',
      description: '`test`: push services on this machine are talked to, without TLS.',
    }),
    vapidPublicKey: z.string().refine(isPublicKey, 'is no uncompressed P-256 point in base64url').optional().meta({
      env: 'CLARION_VAPID_PUBLIC_KEY',
      description:
        'The public key by which push services know this server (RFC 8292), in base64url; with `CLARION_VAPID_PRIVATE_KEY`. Absent: a pair is made at the first start, and kept with the log. With another key devices have to subscribe anew.',
    }),
    vapidPrivateKey: z
      .string()
      .refine(isPrivateKey, 'is no P-256 private key of 32 bytes in base64url')
      .optional()
      .meta({
        env: 'CLARION_VAPID_PRIVATE_KEY',
        description: 'The private key of `CLARION_VAPID_PUBLIC_KEY`, in base64url.',
        secret: true,
      }),
    vapidSubject: subjectSchema.optional().meta({
      env: 'CLARION_VAPID_SUBJECT',
      description:
        'Where those who run push services reach those who run this server: `mailto:` or `https:`. Absent: `CLARION_PUSH_PUBLIC_URL` if that is https; else a placeholder, with which some services may refuse.',
    }),
    pushHosts: hostsSchema.meta({
      env: 'CLARION_PUSH_HOSTS',
      description:
        'Comma list of the push services that may be talked to: `push.example`, `*.push.example`, `push.example:8443`; `*`: every public one.',
    }),
    pushTimeoutMs: z.coerce.number().int().min(100).max(60_000).default(10_000).meta({
      env: 'CLARION_PUSH_TIMEOUT_MS',
      description: 'How long one attempt to push may take in all. Milliseconds.',
    }),
    pushPublicUrl: siteSchema.optional().meta({
      env: 'CLARION_PUSH_PUBLIC_URL',
      description:
        'The site that people see, such as `https://app.example`: paths in notifications lead there. Absent: to the site of the service worker.',
    }),
  })
  // Also when something else is wrong: a start names everything at once.
  .superRefine(assertPair, { when: () => true });

export type WebPushConfig = z.output<typeof webPushConfigSchema>;

/** One of the two without the other is a slip; and so are two that do not belong together. */
function assertPair(
  { vapidPublicKey, vapidPrivateKey }: { vapidPublicKey?: string | undefined; vapidPrivateKey?: string | undefined },
  context: z.RefinementCtx,
): void {
  const wrong = (path: keyof WebPushConfig, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (vapidPublicKey !== undefined && vapidPrivateKey === undefined)
    wrong('vapidPrivateKey', 'is required with CLARION_VAPID_PUBLIC_KEY');
  else if (vapidPrivateKey !== undefined && vapidPublicKey === undefined)
    wrong('vapidPublicKey', 'is required with CLARION_VAPID_PRIVATE_KEY');
  else if (vapidPublicKey !== undefined && vapidPrivateKey !== undefined) {
    const areKeys = isPublicKey(vapidPublicKey) && isPrivateKey(vapidPrivateKey);
    if (areKeys && !isKeyPair({ publicKey: vapidPublicKey, privateKey: vapidPrivateKey }))
      wrong('vapidPublicKey', 'does not belong to CLARION_VAPID_PRIVATE_KEY');
  }
}

/** Whether push services take it for the one whom they may write to. */
export function isContact(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  // Apple refuses all that is signed with it.
  if (hostname === 'localhost' || pathname.endsWith('@localhost')) return false;
  return protocol === 'https:' || (protocol === 'mailto:' && /^[^\s@]+@[^\s@]+$/.test(pathname));
}

function isWebSite(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}
