import { z } from "zod";

const oneOrMany = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1).max(8)]);

/** RFC 9110 field-name; any case, since header names are compared without it. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, "must be a header name");
/** RFC 6901. The empty pointer (the whole document) is never a text, so it is not accepted. */
const jsonPointer = z
  .string()
  .max(200)
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, "must be a JSON pointer such as /data/id");
const fieldName = z.string().regex(/^[A-Za-z0-9_.-]{1,32}$/, "must be a field name such as v1");
const separator = z.string().min(1).max(4);
const queryName = z.string().min(1).max(100);
const scalar = z.union([z.string().max(200), z.number(), z.boolean()]);

const signedToken = z.union(
  [
    z.enum(["body", "method", "url"]),
    z.strictObject({ header: headerName }),
    z.strictObject({ field: fieldName }),
    z.strictObject({ literal: z.string().min(1).max(200) }),
  ],
  'must be "body", "method", "url", {"header": "x-timestamp"}, {"field": "t"} or {"literal": "."}',
);

const timestamp = z.strictObject({
  from: z.union(
    [
      z.strictObject({ header: headerName }),
      z.strictObject({ field: fieldName }),
      z.strictObject({ pointer: jsonPointer }),
    ],
    'must be {"header": "x-timestamp"}, {"field": "t"} or {"pointer": "/timestamp"}',
  ),
  unit: z.enum(["seconds", "milliseconds", "rfc3339"]).optional(),
  toleranceSeconds: z.int().min(1).max(86_400).optional(),
});

const secretRule = z.strictObject({
  encoding: z.enum(["utf8", "base64", "hex"]).optional(),
  stripPrefix: z.string().min(1).max(32).optional(),
  minBytes: z.int().min(1).max(1024).optional(),
});

/** One way of signing: what is signed, with what, and where the signature stands. */
const methodFields = {
  algorithm: z.enum([
    "hmac-sha1",
    "hmac-sha256",
    "hmac-sha512",
    "ed25519",
    "ecdsa-p256",
    "rsa-sha256",
    "sha256-prefix",
    "static",
  ]),
  header: oneOrMany(headerName).optional(),
  pointer: jsonPointer.optional(),
  itemSeparator: separator.optional(),
  keyValueSeparator: separator.optional(),
  field: fieldName.optional(),
  prefix: z.string().min(1).max(32).optional(),
  encoding: z.enum(["hex", "base64"]).optional(),
  signed: z.array(signedToken).min(1).max(16).optional(),
  timestamp: timestamp.optional(),
  secret: secretRule.optional(),
};

const except = z.array(z.string().min(1).max(100)).min(1).max(8).optional();
const valuePart = z.union([
  z.strictObject({ header: oneOrMany(headerName), except }),
  z.strictObject({ pointer: oneOrMany(jsonPointer), except }),
  z.strictObject({ keyOtherThan: z.array(z.string().max(100)).min(1).max(16) }),
]);
const completeValue = z.union([
  valuePart,
  z.strictObject({ joined: z.array(valuePart).min(2).max(4), separator: separator.optional() }),
]);
const value = z.union(
  [completeValue, z.strictObject({ firstOf: z.array(completeValue).min(2).max(4) })],
  'must be {"header": "x-event"}, {"pointer": "/type"}, {"joined": […]} or {"firstOf": […]}',
);

/** Where the items of a batch stand: a pointer of which `*` is every item of a list, and that ends with one. */
const itemsPattern = z
  .string()
  .max(200)
  .regex(/^(?:\/(?:[^~/]|~[01])*)*\/\*$/, "must be a pointer that ends in /*, such as /events/*");

const batch = z.strictObject({
  items: oneOrMany(itemsPattern),
  deliveryId: value.optional(),
  eventType: value.optional(),
});

const answerPart = z.union([
  z.strictObject({ pointer: jsonPointer }),
  z.strictObject({ query: queryName }),
  z.strictObject({ hmac: jsonPointer }),
]);

const condition = z.strictObject({
  pointer: jsonPointer.optional(),
  header: headerName.optional(),
  query: queryName.optional(),
  equals: scalar.optional(),
  exists: z.boolean().optional(),
  equalsSecret: z.string().min(1).max(32).optional(),
});

const respond = z.strictObject({
  status: z.int().min(200).max(299).optional(),
  text: z.union([z.string().max(200), answerPart]).optional(),
  json: z.record(z.string().max(100), z.union([scalar, answerPart])).optional(),
});

const handshake = z.strictObject({
  request: z.enum(["signed", "unsigned", "get"]).optional(),
  match: oneOrMany(condition),
  secretFrom: jsonPointer.optional(),
  respond,
});

const answer = z.strictObject({ match: oneOrMany(condition).optional(), respond });

/** The form of a scheme, before the rules that span several of its fields. */
export const schemeShape = z.strictObject({
  ...methodFields,
  alternatives: z.array(z.strictObject(methodFields)).min(1).max(3).optional(),
  body: oneOrMany(z.enum(["json", "form"])).optional(),
  deliveryId: value.optional(),
  repeatWindowSeconds: z.int().min(1).max(86_400).optional(),
  eventType: value.optional(),
  batch: batch.optional(),
  keepHeaders: z.array(headerName).max(32).optional(),
  handshake: oneOrMany(handshake).optional(),
  answer: oneOrMany(answer).optional(),
});

export type SchemeShape = z.infer<typeof schemeShape>;
export type MethodShape = z.infer<z.ZodObject<typeof methodFields, z.core.$strict>>;
export type ValueShape = z.infer<typeof value>;
export type CompleteValueShape = z.infer<typeof completeValue>;
export type ValuePartShape = z.infer<typeof valuePart>;
export type BatchShape = z.infer<typeof batch>;
export type ConditionShape = z.infer<typeof condition>;
export type HandshakeShape = z.infer<typeof handshake>;
export type AnswerShape = z.infer<typeof answer>;
export type AnswerPartShape = z.infer<typeof answerPart>;

/** A field that holds one item or a list of them, as a list. */
export function listOf<Item>(items: Item | readonly Item[] | undefined): readonly Item[] {
  if (items === undefined) return [];
  return Array.isArray(items) ? (items as readonly Item[]) : [items as Item];
}
