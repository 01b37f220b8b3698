/**
 * The project that HOOKYARD_ADMIN_KEY owns. Its id is fixed, so that processes that start at once agree on it without
 * asking each other; it reads as a UUIDv7 of the year 1970.
 */
export const defaultProjectId = "00000000-0000-7000-8000-000000000001";

/** What stands for HOOKYARD_ADMIN_KEY, which has no row, where a key's id would: in audit rows and in its tokens. */
export const bootstrapActorId = "bootstrap";
