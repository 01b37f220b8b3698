import { microsoftGraphVerifier } from "../verifiers/microsoft-graph-verifier.ts";
import type { Provider } from "./provider.ts";

export const microsoftGraph: Provider = {
  id: "microsoft-graph",
  name: "Microsoft Graph",
  docsUrl: "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
  secretHint: "The clientState (at most 128 characters) that you pass when you create the subscription.",
  setup: [
    "Create the source with a random text as its secret.",
    "POST https://graph.microsoft.com/v1.0/subscriptions with notificationUrl {url}, the resource, changeType, expirationDateTime, and the same text as clientState. Graph asks for its validationToken, which is answered.",
    "Graph signs nothing: it sends the clientState with every notification, which the stored event therefore holds. Resource data (encryptedContent) is kept as it comes.",
  ],
  handshake: "A POST with a validationToken in its query is answered with it as text.",
  scheme: undefined,
  verifier: microsoftGraphVerifier,
  sample: {
    body: {
      value: [
        {
          id: "$id",
          subscriptionId: "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
          subscriptionExpirationDateTime: "2036-11-20T18:23:45.9356913Z",
          clientState: "",
          changeType: "created",
          resource: "Users/ddfcd489-628b-7d04-b48b-20075df800e5/Messages/AAMkADMxZmE",
          tenantId: "84bd8158-6d4d-4958-8b9f-9d6445542f95",
          resourceData: { "@odata.type": "#Microsoft.Graph.Message", id: "AAMkADMxZmE" },
        },
      ],
    },
    eventType: "created",
  },
};
