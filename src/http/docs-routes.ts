import type { Response, Router } from "express";
import { renderDocs } from "./docs-page.ts";
import { pageResponder } from "./html.ts";
import { describeApi, type OpenApiSource } from "./openapi.ts";
import type { KnownCall } from "./refuse-unknown.ts";
import { sendAnswer } from "./send-answer.ts";

export const docsCalls: readonly KnownCall[] = ["/openapi.json", "/docs"].map((path) => ({ method: "get", path }));

/** The document's source; the URL is known only once the hub listens. */
export interface DocsSource extends Omit<OpenApiSource, "publicUrl"> {
  readonly publicUrl: () => string;
}

/** Mounts `/openapi.json` and `/docs`. Both are made when first asked for, which a start need not wait for. */
export function mountDocs(router: Router, source: DocsSource): void {
  let document: ReturnType<typeof describeApi> | undefined;
  const describeOnce = (): ReturnType<typeof describeApi> =>
    (document ??= describeApi({ ...source, publicUrl: source.publicUrl() }));
  let sendPage: ((response: Response) => void) | undefined;

  router.get("/openapi.json", (_request, response) => {
    sendAnswer(response, { status: 200, body: describeOnce() });
  });

  router.get("/docs", (_request, response) => {
    sendPage ??= pageResponder(renderDocs(describeOnce()));
    sendPage(response);
  });
}
