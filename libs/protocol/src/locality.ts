import { z } from 'zod';

export const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, { message: 'not a time zone of the IANA database' })
  .meta({ examples: ['Europe/Berlin'] });

/** BCP 47. */
export const localeSchema = z
  .string()
  .max(64)
  .refine(isLocale, { message: 'not a language tag (BCP 47)' })
  .meta({ examples: ['de-AT'] });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
