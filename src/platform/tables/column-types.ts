import type { ColumnType } from "kysely";

export type Json<Value = unknown> = ColumnType<Value, string, string>;

export type NullableJson<Value = unknown> = ColumnType<Value | null, string | null | undefined, string | null>;

export type DefaultedJson<Value = unknown> = ColumnType<Value, string | undefined, string>;

export type Defaulted<Value> = ColumnType<Value, Value | undefined, Value>;

export type Optional<Value> = ColumnType<Value | null, Value | null | undefined, Value | null>;
