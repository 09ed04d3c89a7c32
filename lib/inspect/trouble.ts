/**
 * Looking must not fail: what the store cannot say is told as trouble
 * elsewhere, and here something else stands for it.
 *
 * @module
 */

/** What `look` gives, or `otherwise` when the store cannot be read. */
export function read<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (!isStoreError(error)) throw error;
    return otherwise;
  }
}

/** By its name: only types of the store come in here. */
export function isStoreError(error: unknown): error is Error {
  return error instanceof Error && error.name === "StoreError";
}
