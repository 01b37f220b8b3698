import { z } from "zod";
import { listProviders, providerSchema } from "../sources/list-providers.ts";
import { type Operation, operation } from "./operation.ts";

/** The catalogue of providers. */
export const providerOperations: readonly Operation[] = [
  operation({
    method: "get",
    path: "/api/v1/providers",
    summary: "List the providers that a source can name",
    tag: "Sources",
    responses: { 200: { description: "All of them.", schema: z.strictObject({ data: z.array(providerSchema) }) } },
    handle: (ctx) => Promise.resolve({ status: 200, body: { data: listProviders(ctx) } }),
  }),
];
