import assert from "node:assert/strict";
import type { FieldError } from "../../src/lib/errors.ts";

/** For assert.rejects and assert.throws: a 422 whose field errors are at these paths, in this order. */
export function invalidAt(...paths: readonly string[]) {
  return (error: { readonly status: number; readonly errors?: readonly FieldError[] | undefined }): true => {
    assert.equal(error.status, 422);
    assert.deepEqual(
      error.errors?.map(({ path }) => path),
      paths,
    );
    return true;
  };
}
