import { z } from 'zod';
import { localeSchema, timeZoneSchema } from './locality.js';
import { deviceIdSchema } from './presence.js';
import { actionIdSchema } from './publish.js';
import { timestampSchema } from './timestamp.js';

/** As `PushSubscription.toJSON()` gives it (W3C Push API §6): an uncompressed P-256 point and 16 bytes, in base64url. */
export const pushSubscriptionSchema = z
  .object({
    endpoint: z.string().min(1).max(2_048),
    expirationTime: z.number().nullable().optional(),
    keys: z.object({
      p256dh: z.string().regex(/^B[A-Za-z0-9_-]{86}=?$/, 'not an uncompressed P-256 point in base64url'),
      auth: z.string().regex(/^[A-Za-z0-9_-]{22}(?:==)?$/, 'not 16 bytes in base64url'),
    }),
  })
  .meta({ id: 'PushSubscription', description: 'What `PushSubscription.toJSON()` of the browser gives.' });
export type PushSubscription = z.infer<typeof pushSubscriptionSchema>;

/** The body of `PUT /v1/me/devices/{id}`. */
export const newDeviceSchema = z
  .strictObject({
    subscription: pushSubscriptionSchema,
    name: z.string().min(1).max(128).optional().meta({ description: 'For people: “Firefox on the laptop”.' }),
    locale: localeSchema.optional(),
    timeZone: timeZoneSchema.optional(),
  })
  .meta({ id: 'NewDevice' });
export type NewDevice = z.infer<typeof newDeviceSchema>;

/** Why a device will not ring, in the order in which they are looked for. */
export const DEVICE_CAUSES = {
  'token.revoked': 'the tokens of this person were voided after the device was last verified: open the page again',
  'key.refused': 'the push service refuses the key of this server: subscribe again',
  'endpoint.forbidden': 'its push service is not one that this server may talk to',
  'service.failing': 'its push service has not taken the last notifications',
  'quiet.do_not_disturb': 'this person does not want to be disturbed',
  'quiet.hours': 'it is in the quiet hours of this person',
} as const;
export type DeviceCause = keyof typeof DEVICE_CAUSES;

const deviceCauseSchema = z.enum(Object.keys(DEVICE_CAUSES) as [DeviceCause, ...DeviceCause[]]);

export const deviceSchema = z
  .object({
    id: deviceIdSchema,
    name: z.string().optional(),
    locale: z.string().optional(),
    timeZone: z.string().optional(),
    service: z.string().meta({ description: 'The host of its push service.' }),
    createdAt: timestampSchema,
    verifiedAt: timestampSchema.meta({ description: 'When its subscription was last brought.' }),
    lastSuccessAt: timestampSchema.optional(),
    failures: z.number().int().nonnegative().meta({ description: 'Since the last success.' }),
    lastFailure: z.object({ at: timestampSchema, reason: z.string() }).optional(),
    rings: z.boolean().meta({ description: 'Whether a notification would be pushed to it now.' }),
    cause: deviceCauseSchema.optional().meta({ description: 'Why not.' }),
    because: z.string().optional().meta({ description: 'The cause in words.' }),
    until: timestampSchema.optional().meta({ description: 'Until when, where that is known.' }),
  })
  .meta({ id: 'Device' });
export type DeviceView = z.infer<typeof deviceSchema>;

export const deviceListSchema = z.object({ devices: z.array(deviceSchema) }).meta({ id: 'DeviceList' });

/** `GET /v1/push/key`. */
export const pushKeySchema = z
  .object({ publicKey: z.string().meta({ description: 'For `applicationServerKey`: base64url (RFC 8292).' }) })
  .meta({ id: 'PushKey' });

/** 128 random bits in base64url are 22 characters. */
const ticketSchema = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'not a ticket');

/** The body of `POST /v1/push/subscriptions`: where the device is by now to which a push came. The push's ticket is the credential. */
export const renewedSubscriptionSchema = z
  .strictObject({ ticket: ticketSchema, subscription: pushSubscriptionSchema })
  .meta({ id: 'RenewedSubscription' });
export type RenewedSubscription = z.infer<typeof renewedSubscriptionSchema>;

/** What a device did with a push. */
export const PUSH_EVENTS = ['shown', 'opened', 'acted'] as const;

/** The body of `POST /v1/push/reports`. The ticket came with the push, encrypted for the device: it is the credential. */
export const pushReportSchema = z
  .strictObject({
    ticket: ticketSchema,
    event: z.enum(PUSH_EVENTS).meta({
      description: '`shown`: it is acknowledged; `opened`: it is read, too; `acted`: one of its actions was chosen.',
    }),
    action: actionIdSchema.optional().meta({ description: 'With `acted`: the id of the action.' }),
  })
  .refine(({ event, action }) => (event === 'acted') === (action !== undefined), {
    message: 'with `acted`, and there alone',
    path: ['action'],
  })
  .meta({ id: 'PushReport' });
export type PushReport = z.infer<typeof pushReportSchema>;
