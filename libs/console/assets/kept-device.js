const STORED_AS = 'clarion.device';

/** @typedef {{ id: string, person: string }} KeptDevice */

/**
 * What this browser is called as a device, and for whom it was turned on. It outlives tabs, as the subscription does.
 * @returns {KeptDevice | undefined}
 */
export function keptDevice() {
  try {
    const { id, person } = JSON.parse(storage()?.getItem(STORED_AS) ?? '{}');
    return typeof id === 'string' && typeof person === 'string' ? { id, person } : undefined;
  } catch {
    return undefined; // Somebody else's words.
  }
}

/** @param {KeptDevice} device */
export function keepDevice(device) {
  storage()?.setItem(STORED_AS, JSON.stringify(device));
}

export function forgetDevice() {
  storage()?.removeItem(STORED_AS);
}

/** Nothing where the person's settings forbid a page to store anything: then nothing can be turned on for long. */
function storage() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
